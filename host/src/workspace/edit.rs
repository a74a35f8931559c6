//! Changes to `sextant.toml`. What stands there otherwise, comments and order included, stays as it is,
//! and the file is replaced at once.

use super::{Config, NEW_CONFIG, Workspace, parse};
use crate::error::{Context, Error, Result};
use crate::input::Inputs;
use crate::net::Network;
use std::io::Write;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

/// A source that is to be written into `sextant.toml`.
#[derive(Clone, Debug, Default)]
pub struct NewSource {
    /// The plugin that reads it.
    pub plugin: String,
    /// Inputs: names, and paths or globs; several of one name are a list.
    pub inputs: Vec<(String, String)>,
    /// URLs that may be asked.
    pub http: Vec<String>,
    /// URLs of web servers and object stores with inputs, where it takes a grant to reach them.
    pub stores: Vec<String>,
    /// Connections: names, and `host:port`.
    pub tcp: Vec<(String, String)>,
    /// Whether addresses may be private ones.
    pub private: bool,
    /// Whether connections have to be encrypted, as a grant says it; they have to where nothing is said.
    pub tls: Option<String>,
    /// A PEM file of the authorities that sign the certificates of all these places.
    pub ca: Option<String>,
    /// Credentials: names, and where they are: keys and values of a secret.
    pub secrets: Vec<(String, Vec<(String, String)>)>,
    /// Configuration: dotted keys, and values in TOML or, where that is none, texts.
    pub config: Vec<(String, String)>,
}

impl Workspace {
    /// Checks that a source can be written into `sextant.toml`.
    ///
    /// # Errors
    ///
    /// Config, where there is one of that name or it makes no sense; denied, where an input names an address that
    /// is not allowed.
    pub fn check_source(&self, name: &str, source: &NewSource) -> Result<()> {
        self.with_source(name, source).map(drop)
    }

    /// Writes a source into `sextant.toml`.
    ///
    /// # Errors
    ///
    /// Those of [`check_source`](Self::check_source); then nothing is written.
    pub fn add_source(&self, name: &str, source: &NewSource) -> Result<()> {
        self.write(self.with_source(name, source)?)
    }

    /// The text of `sextant.toml` with one source more. It has to be one that a host takes: what is refused once it
    /// is written, such as a URL with a password, would stand in the file.
    fn with_source(&self, name: &str, source: &NewSource) -> Result<String> {
        source.check()?;
        let (text, mut document) = self.read()?;
        if sources(&mut document)?.contains_key(name) {
            return Err(Error::config(format!("there is a source {name:?} already"))
                .with_hint(format!("take it away with `sextant source remove {name}`")));
        }
        // A comment at the end is about what was there, and would be the source's if it stood directly above it.
        let gap = if text.is_empty() || text.ends_with("\n\n") {
            ""
        } else if text.ends_with('\n') {
            "\n"
        } else {
            "\n\n"
        };
        let text = format!("{text}{gap}{}", source.document(name)?);
        let Config {
            limits,
            mut sources,
            ..
        } = parse(&text)?;
        let missing = || Err(Error::internal("the source is not in its own text"));
        let config = sources.remove(name).unwrap_or_else(missing)?;
        Network::new(name, self.root(), &config.network, &limits)?;
        Inputs::new(name, self.root(), config.inputs, &config.network, &limits).check()?;
        Ok(text)
    }

    /// Takes a source out of `sextant.toml`, with the comment that stands directly above it.
    ///
    /// # Errors
    ///
    /// Not found, where there is none of that name.
    pub fn remove_source(&self, name: &str) -> Result<()> {
        let (_, mut document) = self.read()?;
        let sources = sources(&mut document)?;
        let Some(mut removed) = sources.remove(name) else {
            let known: Vec<_> = sources.iter().map(|(name, _)| name.to_owned()).collect();
            return Err(Error::not_found(format!("there is no source {name:?}"))
                .with_hint(format!("there are: {}", known.join(", "))));
        };
        let first = removed
            .as_table_mut()
            .and_then(|table| first_after(table, isize::MIN));
        if let Some((at, table)) = first {
            let above = before_comment(&prefix(table)).to_owned();
            match first_after(document.as_table_mut(), at) {
                Some((_, next)) => {
                    let joined = above + &prefix(next);
                    next.decor_mut().set_prefix(joined);
                }
                None => {
                    let rest = document.trailing().as_str().unwrap_or_default().to_owned();
                    document.set_trailing(above + &rest);
                }
            }
        }
        self.write(document.to_string())
    }

    /// The text of `sextant.toml`, which is sound, and what it says.
    fn read(&self) -> Result<(String, DocumentMut)> {
        let path = self.config_path();
        let shown = || path.display().to_string();
        let text = std::fs::read_to_string(&path).context(shown)?;
        parse(&text).context(shown)?;
        let document = text.parse();
        let document = document
            .map_err(|error: toml_edit::TomlError| Error::config(error.message().to_owned()))?;
        Ok((text, document))
    }

    /// Replaces `sextant.toml` by a text, if that is sound.
    fn write(&self, text: String) -> Result<()> {
        let path = self.config_path();
        let write = || -> Result<()> {
            parse(&text)?;
            let mut file = tempfile::NamedTempFile::new_in(self.root())?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            std::fs::set_permissions(file.path(), std::fs::metadata(&path)?.permissions())?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        write().context(|| path.display().to_string())
    }
}

/// The first table behind a position of the file, among those in a table and itself.
fn first_after(table: &mut Table, after: isize) -> Option<(isize, &mut Table)> {
    let own = table
        .position()
        .filter(|&at| at > after && !table.is_implicit());
    if let Some(at) = own {
        return Some((at, table));
    }
    let tables = table.iter_mut().filter_map(|(_, item)| item.as_table_mut());
    let found = tables.filter_map(|table| first_after(table, after));
    found.min_by_key(|(at, _)| *at)
}

/// What stands above a table.
fn prefix(table: &Table) -> String {
    let prefix = table.decor().prefix().and_then(|prefix| prefix.as_str());
    prefix.unwrap_or_default().to_owned()
}

/// What stands above a table without the comment that is about it: the lines that no blank one parts from
/// it. What a new file begins with is about the file, whether a blank line was left below it or not.
fn before_comment(prefix: &str) -> &str {
    let mut end = if prefix.starts_with(NEW_CONFIG) {
        NEW_CONFIG.len()
    } else {
        0
    };
    let mut read = 0;
    for line in prefix.split_inclusive('\n') {
        read += line.len();
        if line.ends_with('\n') && line.trim().is_empty() {
            end = end.max(read);
        }
    }
    &prefix[..end]
}

impl NewSource {
    /// Refuses what is said of places where none is given.
    fn check(&self) -> Result<()> {
        let has_connections = !self.tcp.is_empty();
        let has_places = has_connections || !self.http.is_empty() || !self.stores.is_empty();
        for (key, is_said) in [("private", self.private), ("ca", self.ca.is_some())] {
            if is_said && !has_places {
                return Err(
                    Error::config(format!("{key} is said of places, and none is given"))
                        .with_hint(format!("for inputs on a web server: --store URL --{key}")),
                );
            }
        }
        if self.tls.is_some() && !has_connections {
            return Err(
                Error::config("tls is said of connections, and none is given")
                    .with_hint("--tcp NAME=HOST:PORT --tls MODE; a URL says https:// by itself"),
            );
        }
        Ok(())
    }

    /// A file with this source alone.
    fn document(&self, name: &str) -> Result<DocumentMut> {
        let mut document = DocumentMut::new();
        sources(&mut document)?.insert(name, Item::Table(self.to_toml()?));
        Ok(document)
    }

    fn to_toml(&self) -> Result<Table> {
        let mut table = Table::new();
        table["plugin"] = toml_edit::value(&self.plugin);
        if !self.inputs.is_empty() {
            table["inputs"] = toml_edit::value(self.inputs());
        }
        for (key, urls) in [("http", &self.http), ("stores", &self.stores)] {
            if !urls.is_empty() {
                let grants: Array = urls.iter().map(|url| self.grant("url", url)).collect();
                table[key] = toml_edit::value(grants);
            }
        }
        if !self.tcp.is_empty() {
            let places = self.tcp.iter();
            let places = places.map(|(name, address)| {
                let mut grant = self.grant("address", address);
                if let Some(tls) = &self.tls {
                    grant.insert("tls", tls.into());
                }
                (name, grant)
            });
            let places: InlineTable = places.collect();
            table["tcp"] = toml_edit::value(places);
        }
        if !self.secrets.is_empty() {
            let mut secrets = InlineTable::new();
            for (name, parts) in &self.secrets {
                let secret: InlineTable = parts.iter().map(|(key, value)| (key, value)).collect();
                secrets.insert(name, secret.into());
            }
            table["secrets"] = toml_edit::value(secrets);
        }
        for (key, value) in &self.config {
            set(&mut table, key, value)?;
        }
        Ok(table)
    }

    /// The inputs; several of one name as a list.
    fn inputs(&self) -> InlineTable {
        let mut inputs = InlineTable::new();
        for (name, path) in &self.inputs {
            match inputs.get_mut(name) {
                None => {
                    inputs.insert(name, path.into());
                }
                Some(Value::Array(paths)) => paths.push(path),
                Some(first) => {
                    let first = std::mem::replace(first, Value::Array(Array::new()));
                    if let Some(Value::Array(paths)) = inputs.get_mut(name) {
                        paths.push(first);
                        paths.push(path);
                    }
                }
            }
        }
        inputs
    }

    /// A place, with what is said of all places.
    fn grant(&self, key: &str, place: &str) -> InlineTable {
        let mut grant = InlineTable::new();
        grant.insert(key, place.into());
        if self.private {
            grant.insert("private", true.into());
        }
        if let Some(ca) = &self.ca {
            grant.insert("ca", ca.into());
        }
        grant
    }
}

/// Puts a value under a dotted key of `config`.
fn set(table: &mut Table, key: &str, value: &str) -> Result<()> {
    let keys = toml_edit::Key::parse(key)
        .map_err(|error| Error::config(format!("{key:?} is no key: {}", error.message())))?;
    let mut place = table.entry("config").or_insert_with(toml_edit::table);
    for key in keys {
        let within = place
            .as_table_mut()
            .ok_or_else(|| Error::config(format!("{:?} has a value already", key.get())))?;
        within.set_implicit(true);
        place = within.entry(key.get()).or_insert(Item::None);
        if place.is_none() {
            *place = toml_edit::table();
        }
    }
    if let Some(table) = place.as_table_mut()
        && !table.is_empty()
    {
        return Err(Error::config(format!(
            "{key:?} has keys of its own already"
        )));
    }
    let value = value.parse::<Value>().unwrap_or_else(|_| value.into());
    *place = toml_edit::value(value);
    Ok(())
}

/// The table of sources.
fn sources(document: &mut DocumentMut) -> Result<&mut Table> {
    let sources = document.entry("source").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    sources.as_table_mut().ok_or_else(|| {
        Error::config("the sources stand in one line")
            .with_hint("write them as [source.NAME] before changing them by command")
    })
}
