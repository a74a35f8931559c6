//! What a bundle says of itself: `manifest.toml`.

use crate::error::{Error, Result};
use crate::limits::PluginLimits;
use serde::Deserialize;
use std::fmt;

/// A capability that a component may import beyond the inert baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Named inputs that the host opens.
    Input,
    /// HTTP through the host.
    Http,
    /// TCP connections to named places.
    Tcp,
    /// Proofs made from credentials.
    Secret,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Http => "http",
            Self::Tcp => "tcp",
            Self::Secret => "secret",
        })
    }
}

/// A verified manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The plugin's name: lower case, a word that SQL takes without quotes.
    pub name: String,
    /// The plugin's own version.
    pub version: semver::Version,
    /// One sentence.
    pub description: String,
    /// What the component may import.
    pub capabilities: Vec<Capability>,
    /// What an instance may need, where that differs from the defaults.
    pub limits: PluginLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    plugin: Plugin,
    #[serde(default)]
    capabilities: Capabilities,
    #[serde(default)]
    limits: PluginLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plugin {
    name: String,
    version: semver::Version,
    #[serde(default)]
    description: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Capabilities {
    #[serde(default)]
    imports: Vec<Capability>,
}

impl Manifest {
    /// Reads a manifest.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|_| Error::bundle("manifest.toml is not UTF-8"))?;
        let file: File = toml::from_str(text).map_err(|error| {
            Error::bundle(format!("manifest.toml: {}", error.message()))
                .with_place(error.to_string())
        })?;
        if !is_identifier(&file.plugin.name) {
            return Err(Error::bundle(format!(
                "manifest.toml: the name {:?} is not a lower-case letter and up to 62 lower-case letters, digits and underscores",
                file.plugin.name
            )));
        }
        if is_reserved(&file.plugin.name) {
            return Err(Error::bundle(format!(
                "manifest.toml: the name {:?} is the host's own",
                file.plugin.name
            )));
        }
        let mut capabilities = file.capabilities.imports;
        capabilities.sort_unstable();
        capabilities.dedup();
        Ok(Self {
            name: file.plugin.name,
            version: file.plugin.version,
            description: file.plugin.description,
            capabilities,
            limits: file.limits,
        })
    }
}

/// Whether a name is one of the host's own schemas, which no plugin and no source can have.
pub fn is_reserved(name: &str) -> bool {
    ["sextant", "public", "information_schema"].contains(&name)
}

/// Whether a name is a plain SQL identifier: a lower-case letter, then lower-case letters, digits
/// and underscores, 63 in all. Homographs of other scripts are out.
pub fn is_identifier(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
