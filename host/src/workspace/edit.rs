//! Changes to `sextant.toml`. What stands there otherwise stays byte for byte as it is, comments, order, line ends and
//! a byte order mark included, and the file is replaced at once.

use super::{Config, NEW_CONFIG, Workspace, parse};
use crate::error::{Context, Error, Result};
use crate::input::Inputs;
use crate::net::Network;
use std::collections::BTreeSet;
use std::io::Write;
use std::ops::Range;
use toml_edit::{Array, Decor, Document, DocumentMut, InlineTable, Item, Key, Table, Value};

/// What some editors begin a file with.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A source that is to be written into `sextant.toml`.
#[derive(Clone, Debug, Default)]
pub struct NewSource {
    /// The plugin that reads it.
    pub plugin: String,
    /// Inputs: names, and paths or globs; several of one name are a list.
    pub inputs: Vec<(String, String)>,
    /// URLs that may be asked.
    pub http: Vec<String>,
    /// The methods that these URLs may be asked with; GET where none is named.
    pub methods: Vec<String>,
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
    /// What goes along to the URLs: the key of a grant, such as `bearer`, and the name of the secret.
    pub credential: Option<(String, String)>,
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
        let text = self.read()?;
        if sources(&document(&text)?)?.is_some_and(|sources| sources.contains_key(name)) {
            return Err(Error::config(format!("there is a source {name:?} already"))
                .with_hint(format!("take it away with `sextant source remove {name}`")));
        }
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        // A comment at the end is about what was there, and would be the source's if it stood directly above it.
        let gap = match last_line(text.trim_start_matches(BYTE_ORDER_MARK)) {
            line if line.trim().is_empty() => String::new(),
            line if line.ends_with('\n') => line_end.to_owned(),
            _ => line_end.repeat(2),
        };
        let own = source.document(name)?.to_string().replace('\n', line_end);
        let text = format!("{text}{gap}{own}");
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
        let text = self.read()?;
        let body = text.trim_start_matches(BYTE_ORDER_MARK);
        let document = document(body)?;
        let sources = sources(&document)?;
        let Some((key, source)) = sources.and_then(|sources| sources.get_key_value(name)) else {
            let known = sources.iter().flat_map(|sources| sources.iter());
            let known: Vec<_> = known.map(|(name, _)| name).collect();
            return Err(Error::not_found(format!("there is no source {name:?}"))
                .with_hint(format!("there are: {}", known.join(", "))));
        };
        let mut left = body.to_owned();
        for part in parts(body, &document, key, source).into_iter().rev() {
            left = without(&left, part);
        }
        let mark = &text[..text.len() - body.len()];
        self.write(format!("{mark}{left}"))
    }

    /// The text of `sextant.toml`, which is sound.
    fn read(&self) -> Result<String> {
        let path = self.config_path();
        let shown = || path.display().to_string();
        let text = std::fs::read_to_string(&path).context(shown)?;
        parse(&text).context(shown)?;
        Ok(text)
    }

    /// Replaces `sextant.toml` by a text, if that is sound.
    fn write(&self, text: String) -> Result<()> {
        let path = self.config_path();
        let write = || -> Result<()> {
            parse(&text)?;
            // Where it is a link, what it leads to is replaced, and not the link.
            let path = std::fs::canonicalize(&path)?;
            let folder = path.parent().unwrap_or(self.root());
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            std::fs::set_permissions(file.path(), std::fs::metadata(&path)?.permissions())?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        write().context(|| path.display().to_string())
    }
}

/// Where a header or a key stands in a text.
struct Statement {
    at: usize,
    /// Where the blank lines and comments above it begin, which is where the statement before it ends.
    above: usize,
}

/// The parts of a text that are of a source: its statements, with what stands between them and the comments that are
/// about them. There are several where others stand between.
fn parts(text: &str, document: &Document<&str>, key: &Key, source: &Item) -> Vec<Range<usize>> {
    let mut own = Vec::new();
    add_statements(text, key, source, &mut own);
    let own: BTreeSet<usize> = own.iter().map(|statement| statement.at).collect();
    let mut all = Vec::new();
    add_table(text, document.as_table(), &mut all);
    all.sort_by_key(|statement| statement.at);
    let is_own = |statement: &Statement| own.contains(&statement.at);
    let end = document.trailing().span();
    let mut end = end.map_or(text.len(), |trailing| trailing.start);
    let mut parts = Vec::new();
    for run in all.chunk_by(|a, b| is_own(a) == is_own(b)).rev() {
        let first = &run[0];
        if is_own(first) {
            let kept = before_comment(&text[first.above..first.at]);
            parts.push(first.above + kept..end);
        }
        end = first.above;
    }
    parts.reverse();
    parts
}

fn add_statements(text: &str, key: &Key, item: &Item, found: &mut Vec<Statement>) {
    match item {
        Item::None => {}
        Item::Value(_) => found.extend(Statement::new(text, key.span(), key.leaf_decor())),
        Item::Table(table) => add_table(text, table, found),
        Item::ArrayOfTables(tables) => tables
            .iter()
            .for_each(|table| add_table(text, table, found)),
    }
}

fn add_table(text: &str, table: &Table, found: &mut Vec<Statement>) {
    // What is implicit has no header of its own.
    if !table.is_implicit() {
        found.extend(Statement::new(text, table.span(), table.decor()));
    }
    for (name, item) in table {
        if let Some(key) = table.key(name) {
            add_statements(text, key, item, found);
        }
    }
}

impl Statement {
    fn new(text: &str, span: Option<Range<usize>>, decor: &Decor) -> Option<Self> {
        // Of a dotted key, the span is that of its last part.
        let at = text[..span?.start].rfind('\n').map_or(0, |end| end + 1);
        let above = decor.prefix().and_then(|prefix| prefix.span());
        let above = above.map_or(at, |above| above.start);
        Some(Self { at, above })
    }
}

/// A text without a part of it. Of the blank lines above and below, one goes too, so that there is no gap more
/// than before.
fn without(text: &str, part: Range<usize>) -> String {
    let (above, below) = (&text[..part.start], &text[part.end..]);
    let last = last_line(above);
    let first = below.split_inclusive('\n').next().unwrap_or_default();
    let is_gap = last.trim().is_empty() && first.trim().is_empty();
    let (above, below) = match is_gap {
        true if above.is_empty() => (above, &below[first.len()..]),
        true => (&above[..above.len() - last.len()], below),
        false => (above, below),
    };
    format!("{above}{below}")
}

/// The last line of a text, with its end.
fn last_line(text: &str) -> &str {
    text.split_inclusive('\n').next_back().unwrap_or_default()
}

/// How many bytes stand above a statement without the comment that is about it: the lines that no blank one parts
/// from it. What a new file begins with is about the file, whether a blank line was left below it or not.
fn before_comment(above: &str) -> usize {
    let head = NEW_CONFIG.lines().count();
    let is_new = above.lines().take(head).eq(NEW_CONFIG.lines());
    let (mut kept, mut read) = (0, 0);
    for (before, line) in above.split_inclusive('\n').enumerate() {
        read += line.len();
        if line.trim().is_empty() || (is_new && before + 1 == head) {
            kept = read;
        }
    }
    kept
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
        if !self.methods.is_empty() && self.http.is_empty() {
            return Err(Error::config(
                "methods are said of URLs that may be asked, and none is given",
            )
            .with_hint("--http URL --method METHOD"));
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
        let mut sources = Table::new();
        sources.set_implicit(true);
        sources.insert(name, Item::Table(self.to_toml()?));
        let mut document = DocumentMut::new();
        document.insert("source", Item::Table(sources));
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
                let grants = urls.iter().map(|url| {
                    let mut grant = self.grant("url", url);
                    if key == "http" && !self.methods.is_empty() {
                        grant.insert("methods", self.methods.iter().collect::<Array>().into());
                    }
                    if let Some((kind, secret)) = &self.credential {
                        grant.insert(kind, secret.into());
                    }
                    grant
                });
                table[key] = toml_edit::value(grants.collect::<Array>());
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
    let keys = Key::parse(key)
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

/// A text, and where in it everything stands.
fn document(text: &str) -> Result<Document<&str>> {
    Document::parse(text).map_err(|error| Error::config(error.message().to_owned()))
}

/// The table of sources, where there is one.
fn sources<'a>(document: &'a Document<&str>) -> Result<Option<&'a Table>> {
    let Some(sources) = document.as_table().get("source") else {
        return Ok(None);
    };
    let sources = sources.as_table().ok_or_else(|| {
        Error::config("the sources stand in one line")
            .with_hint("write them as [source.NAME] before changing them by command")
    })?;
    Ok(Some(sources))
}
