//! Packing a bundle: the same content gives the same bytes, on every machine.

use super::{Bundle, CHECKSUMS, COMPONENT, MANIFEST, checksum_line};
use crate::error::{Error, Result};
use crate::limits::Limits;
use std::collections::BTreeMap;

/// What goes into a bundle.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// `manifest.toml`.
    pub manifest: String,
    /// `plugin.wasm`.
    pub component: Vec<u8>,
    /// Other entries by name: `README.md`, `LICENSE`, `sbom.cdx.json`, `examples/*`.
    pub others: BTreeMap<String, Vec<u8>>,
}

/// Packs a bundle and verifies it as its receiver will.
pub fn pack(content: &Content, limits: &Limits) -> Result<(Vec<u8>, Bundle)> {
    let mut entries = content.others.clone();
    entries.insert(MANIFEST.to_owned(), content.manifest.clone().into_bytes());
    entries.insert(COMPONENT.to_owned(), content.component.clone());
    let checksums: String = entries
        .iter()
        .map(|(name, bytes)| checksum_line(name, bytes))
        .collect();
    entries.insert(CHECKSUMS.to_owned(), checksums.into_bytes());

    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in &entries {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        let written = archive.append_data(&mut header, name, bytes.as_slice());
        written.map_err(|error| Error::bundle(format!("{name}: {error}")))?;
    }
    let bytes = archive.into_inner()?;
    let bundle = Bundle::from_bytes(&bytes, limits)?;
    Ok((bytes, bundle))
}
