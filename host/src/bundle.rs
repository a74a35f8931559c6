//! Bundles: one file each, with everything that an administrator vets. A [`Bundle`] value is proof
//! of verification: [`Bundle::open`] is the only constructor, and it checks the form of the
//! archive, every entry against the checksums, the manifest, and that the component imports
//! nothing but the inert baseline and what the manifest declares.
//!
//! The identity of a bundle, its digest, is the SHA-256 of `checksums.txt`, so that a signature
//! added later does not change it.

mod build;
mod component;
mod manifest;
mod pack;

pub use build::{Built, build_crate, native_parts};
pub use component::{CONTRACT_VERSION, Exports};
pub use manifest::{Capability, Manifest, is_identifier, is_reserved};
pub use pack::{Content, pack};

use crate::error::{Context, Error, Result};
use crate::limits::Limits;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

pub(crate) const MANIFEST: &str = "manifest.toml";
pub(crate) const COMPONENT: &str = "plugin.wasm";
/// The folder of the examples.
const EXAMPLES: &str = "examples/";
pub(crate) const CHECKSUMS: &str = "checksums.txt";
const SINGLE_ENTRIES: [&str; 6] = [
    MANIFEST,
    COMPONENT,
    "README.md",
    "LICENSE",
    "sbom.cdx.json",
    CHECKSUMS,
];
const ENTRY_FOLDERS: [&str; 2] = ["examples", "signatures"];

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The first 12 hexadecimal digits, as people see it.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

/// A verified bundle.
#[derive(Clone, Debug)]
pub struct Bundle {
    digest: Digest,
    component_digest: Digest,
    manifest: Manifest,
    exports: Exports,
    entries: Arc<BTreeMap<String, Vec<u8>>>,
}

impl Bundle {
    /// Reads and verifies a bundle file.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self> {
        Self::read(path, limits).context(|| format!("bundle {}", path.display()))
    }

    fn read(path: &Path, limits: &Limits) -> Result<Self> {
        // A folder, a pipe or a device is not a bundle, whatever can be read from it.
        let metadata = std::fs::symlink_metadata(path)?;
        if metadata.is_symlink() {
            return Err(Error::bundle("a symbolic link, which is not followed")
                .with_hint("put the file itself there"));
        }
        if !metadata.is_file() {
            return Err(Error::bundle("not a regular file"));
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)?
            .take(limits.bundle_bytes_max + 1)
            .read_to_end(&mut bytes)?;
        Self::from_bytes(&bytes, limits)
    }

    /// Verifies a bundle that is in memory.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self> {
        if bytes.len() as u64 > limits.bundle_bytes_max {
            let limit = limits.bundle_bytes_max;
            return Err(Error::over_limit(
                "bytes of the bundle",
                bytes.len(),
                limit,
                "bundle_bytes_max",
            ));
        }
        let entries = read_entries(bytes, limits)?;
        let checksums = entry(&entries, CHECKSUMS)?;
        check_entries(&entries, checksums)?;
        let manifest = Manifest::parse(entry(&entries, MANIFEST)?)?;
        let component = entry(&entries, COMPONENT)?;
        let exports = component::check(component, &manifest)?;
        Ok(Self {
            digest: Digest::of(checksums),
            component_digest: Digest::of(component),
            manifest,
            exports,
            entries: Arc::new(entries),
        })
    }

    /// The identity of the bundle.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The digest of the component alone, under which compiled code is cached.
    pub fn component_digest(&self) -> Digest {
        self.component_digest
    }

    /// What the bundle says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What the component offers.
    pub fn exports(&self) -> Exports {
        self.exports
    }

    /// The component's bytes.
    pub fn component(&self) -> &[u8] {
        &self.entries[COMPONENT]
    }

    /// The files of its examples, by their names.
    pub fn examples(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let files = self.entries.iter();
        files.filter_map(|(name, bytes)| Some((name.strip_prefix(EXAMPLES)?, bytes.as_slice())))
    }

    /// Any entry's bytes.
    pub fn entry(&self, name: &str) -> Option<&[u8]> {
        self.entries.get(name).map(Vec::as_slice)
    }
}

fn entry<'a>(entries: &'a BTreeMap<String, Vec<u8>>, name: &str) -> Result<&'a [u8]> {
    let bytes = entries.get(name).map(Vec::as_slice);
    bytes.ok_or_else(|| {
        Error::bundle(format!("there is no {name} in it"))
            .with_hint("make bundles with `sextant plugin build`")
    })
}

/// Reads the archive, and refuses whatever a bundle does not need: links, folders, other names,
/// duplicates, and anything beyond the bounds.
fn read_entries(bytes: &[u8], limits: &Limits) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut entries = BTreeMap::new();
    let mut end = 0;
    let mut archive = tar::Archive::new(bytes);
    let broken = |error: std::io::Error| Error::bundle(format!("not a tar archive: {error}"));
    for member in archive.entries().map_err(broken)?.raw(true) {
        let mut member = member.map_err(broken)?;
        let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        if member.header().entry_type() != tar::EntryType::Regular || !is_entry_name(&name) {
            return Err(Error::bundle(format!("an entry {name:?} does not belong into a bundle"))
                .with_hint("a bundle has manifest.toml, plugin.wasm, README.md, LICENSE, sbom.cdx.json, checksums.txt, and files in examples/ and signatures/"));
        }
        let (size_max, key) = match name.as_str() {
            COMPONENT => (limits.component_bytes_max, "component_bytes_max"),
            _ => (limits.bundle_entry_bytes_max, "bundle_entry_bytes_max"),
        };
        if member.size() > size_max {
            return Err(Error::over_limit(
                &format!("bytes of {name}"),
                member.size(),
                size_max,
                key,
            ));
        }
        end = member.raw_file_position() + member.size();
        let mut content = Vec::with_capacity(member.size() as usize);
        member.read_to_end(&mut content).map_err(broken)?;
        if content.len() as u64 != member.size() {
            return Err(Error::bundle(format!("the archive ends within {name}")));
        }
        if entries.insert(name.clone(), content).is_some() {
            return Err(Error::bundle(format!("there are two entries {name}")));
        }
        if entries.len() > limits.bundle_entries_max {
            let limit = limits.bundle_entries_max;
            return Err(Error::over_limit(
                "entries of the bundle",
                entries.len(),
                limit,
                "bundle_entries_max",
            ));
        }
    }
    // Bytes that no checksum covers would make two files of one identity.
    let rest = bytes.get(end as usize..).unwrap_or_default();
    if rest.iter().any(|&byte| byte != 0) {
        return Err(Error::bundle("there is something after its last entry"));
    }
    Ok(entries)
}

fn is_entry_name(name: &str) -> bool {
    let is_file_name = |name: &str| {
        !name.is_empty()
            && name.len() <= 100
            && !name.starts_with('.')
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    SINGLE_ENTRIES.contains(&name)
        || name
            .split_once('/')
            .is_some_and(|(folder, file)| ENTRY_FOLDERS.contains(&folder) && is_file_name(file))
}

/// The lines of `checksums.txt`: digest, size and name of every entry but itself and signatures.
pub(crate) fn checksum_line(name: &str, bytes: &[u8]) -> String {
    format!("{} {} {name}\n", Digest::of(bytes), bytes.len())
}

fn check_entries(entries: &BTreeMap<String, Vec<u8>>, checksums: &[u8]) -> Result<()> {
    let checksums = std::str::from_utf8(checksums);
    let checksums = checksums.map_err(|_| Error::bundle("checksums.txt is not UTF-8"))?;
    let mut listed = BTreeMap::new();
    for line in checksums.split_inclusive('\n') {
        let name = line
            .trim_end_matches('\n')
            .splitn(3, ' ')
            .nth(2)
            .unwrap_or_default();
        if name.is_empty() || listed.insert(name, line).is_some() {
            return Err(Error::bundle(format!(
                "checksums.txt has a line {line:?}, which is not `sha256 size name`, once a name"
            )));
        }
    }
    for (name, content) in entries {
        if name == CHECKSUMS || name.starts_with("signatures/") {
            continue;
        }
        match listed.remove(name.as_str()) {
            None => {
                return Err(Error::bundle(format!(
                    "{name} is not listed in checksums.txt"
                )));
            }
            Some(line) => {
                let due = checksum_line(name, content);
                if line != due {
                    return Err(Error::bundle(format!(
                        "{name} is not what checksums.txt says: {:?} is listed, {:?} is there",
                        line.trim_end(),
                        due.trim_end()
                    )));
                }
            }
        }
    }
    match listed.keys().next() {
        Some(name) => Err(Error::bundle(format!(
            "checksums.txt lists {name}, which is not there"
        ))),
        None => Ok(()),
    }
}
