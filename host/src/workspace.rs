//! A workspace: the folder with `sextant.toml`, the watched `bundles/`, and the private `state/`
//! and `cache/`.

mod edit;

pub use edit::NewSource;

use crate::bundle::{is_identifier, is_reserved};
use crate::error::{Context, Error, Result};
use crate::input::Paths;
use crate::limits::{Limits, PluginLimits};
use crate::net::{HttpGrant, NetworkConfig, Requests, SecretConfig, StoreGrant, TcpGrant};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The name of the configuration file.
pub const CONFIG_FILE: &str = "sextant.toml";

const NEW_CONFIG: &str = "\
# The configuration of a Sextant workspace. Sources are read again whenever it changes, limits at
# the next start.
#
# A source is a configured use of a source plugin, and a schema in SQL:
#
# [source.events]
# plugin = \"delimited\"
# inputs = { files = \"data/*.csv\" }
# [source.events.config.tables.all]
# input = \"files\"
#
# [limits]
# guest_memory_bytes_max = 268435456
#
# What a bundle declares beyond these limits holds once it is granted:
#
# [plugin.graph.limits]
# guest_memory_bytes_max = 2147483648
";

/// A workspace on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    root: PathBuf,
}

/// What `sextant.toml` says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The bounds.
    pub limits: Limits,
    /// What plugins are granted, by their names.
    pub plugins: BTreeMap<String, PluginConfig>,
    /// Whether the use of plugins is accounted for.
    pub accounting: bool,
    /// The sources, each with its own error where it has one.
    pub sources: BTreeMap<String, Result<SourceConfig>>,
}

/// What a plugin is granted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginConfig {
    /// What its instances may take, as far as its bundle declares it.
    #[serde(default)]
    pub limits: PluginLimits,
}

/// A source, as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceConfig {
    /// The plugin that reads it.
    pub plugin: String,
    /// Its inputs: named files, which this grants.
    pub inputs: BTreeMap<String, Paths>,
    /// What it may reach over the network.
    pub network: NetworkConfig,
    /// What the plugin gets, as JSON.
    pub config: serde_json::Map<String, serde_json::Value>,
}

/// `[source.NAME]`.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a section with a plugin, such as plugin = \"delimited\""
)]
struct SourceTable {
    plugin: String,
    #[serde(default)]
    inputs: BTreeMap<String, Paths>,
    #[serde(default)]
    http: Vec<HttpGrant>,
    #[serde(default)]
    tcp: BTreeMap<String, TcpGrant>,
    #[serde(default)]
    stores: Vec<StoreGrant>,
    #[serde(default, deserialize_with = "secrets")]
    secrets: BTreeMap<String, SecretConfig>,
    #[serde(default)]
    requests: Requests,
    #[serde(default)]
    config: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    plugin: BTreeMap<String, PluginConfig>,
    #[serde(default)]
    queries: Queries,
    #[serde(default)]
    source: BTreeMap<String, toml::Value>,
}

/// `[queries]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Queries {
    accounting: bool,
}

impl Default for Queries {
    fn default() -> Self {
        Self { accounting: true }
    }
}

impl Workspace {
    /// The workspace in a folder that has a `sextant.toml`.
    pub fn open(root: &Path) -> Result<Self> {
        match root.join(CONFIG_FILE).is_file() {
            true => Ok(Self {
                root: std::path::absolute(root)?,
            }),
            false => Err(Error::not_found(format!(
                "{} is not a workspace: it has no {CONFIG_FILE}",
                root.display()
            ))
            .with_hint(format!("make one with `sextant init {}`", root.display()))),
        }
    }

    /// The workspace named, else the nearest one upwards from the current folder, else the default
    /// one under the user's data folder, which is made.
    pub fn find(named: Option<&Path>) -> Result<Self> {
        if let Some(root) = named {
            return Self::open(root);
        }
        let here = std::env::current_dir()?;
        if let Some(root) = here
            .ancestors()
            .find(|folder| folder.join(CONFIG_FILE).is_file())
        {
            return Self::open(root);
        }
        let root = default_root()?;
        if root.join(CONFIG_FILE).is_file() {
            Self::open(&root)
        } else {
            Self::init(&root)
        }
    }

    /// Makes a workspace; what is there already stays.
    pub fn init(root: &Path) -> Result<Self> {
        let make = || -> Result<()> {
            std::fs::create_dir_all(root.join("bundles"))?;
            let config = root.join(CONFIG_FILE);
            if !config.exists() {
                std::fs::write(config, NEW_CONFIG)?;
            }
            Ok(())
        };
        make().context(|| format!("making a workspace in {}", root.display()))?;
        Self::open(root)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The configuration file.
    pub fn config_path(&self) -> PathBuf {
        self.root.join(CONFIG_FILE)
    }

    /// The watched folder of bundles.
    pub fn bundles(&self) -> PathBuf {
        self.root.join("bundles")
    }

    /// Where compiled code is kept.
    pub fn code_cache(&self) -> PathBuf {
        self.root.join("cache").join("code")
    }

    /// What is known of sources that may be down.
    pub fn source_memory(&self) -> PathBuf {
        self.root.join("state").join("sources")
    }

    /// Reads `sextant.toml`. A broken file is an error; a broken source is an error of that source.
    pub fn config(&self) -> Result<Config> {
        let path = self.config_path();
        let text = std::fs::read_to_string(&path).context(|| path.display().to_string())?;
        parse(&text).map_err(|error| error.context(path.display()))
    }
}

fn default_root() -> Result<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let data = data.filter(|folder| folder.is_absolute()).or_else(home);
    let data = data.ok_or_else(|| {
        Error::config("there is no home folder").with_hint("name a workspace with --workspace DIR")
    })?;
    Ok(data.join("sextant"))
}

fn parse(text: &str) -> Result<Config> {
    let broken = |error: toml::de::Error| {
        // The place ends in the message once more.
        let place = error.to_string();
        let place = place.trim_end().strip_suffix(error.message().trim_end());
        let error = Error::config(error.message().to_owned());
        match place {
            Some(place) => error.with_place(place.trim_end()),
            None => error,
        }
    };
    let file: File = toml::from_str(text).map_err(broken)?;
    let sources = file.source.into_iter().map(|(name, value)| {
        let source = parse_source(&name, value);
        (name, source)
    });
    Ok(Config {
        limits: file.limits,
        plugins: file.plugin,
        accounting: file.queries.accounting,
        sources: sources.collect(),
    })
}

fn parse_source(name: &str, value: toml::Value) -> Result<SourceConfig> {
    let place = || format!("[source.{name}]");
    if !is_identifier(name) {
        return Err(Error::config("a source's name is a lower-case letter and up to 62 lower-case letters, digits and underscores").context(place()));
    }
    if is_reserved(name) {
        return Err(Error::config("that name is the host's own")
            .with_hint("choose another name")
            .context(place()));
    }
    let table = value
        .try_into::<SourceTable>()
        .map_err(|error| at_key(&error, place()))?;
    Ok(SourceConfig {
        plugin: table.plugin,
        inputs: table.inputs,
        network: NetworkConfig {
            http: table.http,
            tcp: table.tcp,
            stores: table.stores,
            secrets: table.secrets,
            requests: table.requests,
        },
        config: table.config,
    })
}

/// Credentials, by name. What stands where one is to be named may be the credential itself, so it is not
/// told.
fn secrets<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, SecretConfig>, D::Error> {
    let toml::Value::Table(named) = toml::Value::deserialize(deserializer)? else {
        return Err(D::Error::custom(
            "expected credentials by name, such as { api = { token_env = \"API_TOKEN\" } }",
        ));
    };
    let secrets = named.into_iter().map(|(name, value)| {
        let Some(fields) = value.as_table() else {
            return Err(D::Error::custom(format!(
                "{name:?}: expected where the credential is, such as {{ token_env = \"API_TOKEN\" }}"
            )));
        };
        if let Some((key, _)) = fields.iter().find(|(_, value)| !value.is_str()) {
            return Err(D::Error::custom(format!(
                "{name:?}: {key}: expected a text, such as token_env = \"API_TOKEN\""
            )));
        }
        let secret = value.try_into::<SecretConfig>();
        let secret =
            secret.map_err(|error| D::Error::custom(format!("{name:?}: {}", error.message())))?;
        Ok((name, secret))
    });
    secrets.collect()
}

/// What is wrong with the value of a key, and of which below a place.
fn at_key(error: &toml::de::Error, place: String) -> Error {
    // The key stands in a line behind the message, and nowhere else.
    let shown = error.to_string();
    let key = shown.trim_end().rsplit_once("\nin `");
    let key = key.and_then(|(_, key)| key.strip_suffix('`'));
    Error::config(error.message().to_owned()).context(match key {
        Some(key) => format!("{place} {key}"),
        None => place,
    })
}
