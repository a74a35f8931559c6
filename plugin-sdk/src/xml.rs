//! XML, one record at a time. A file may be of any size: it is walked step by step, and a record is read
//! whole, as a small tree, when its element begins.
//!
//! What is not well-formed is refused, and so is whatever would need more memory than one record may
//! have. No entity is expanded but XML's own five, no DTD is read, and names are without their
//! namespaces. Any encoding that has ASCII in its place is taken.
//!
//! ```
//! use sextant_plugin_sdk::testing::TestHost;
//! use sextant_plugin_sdk::xml::{Step, XmlReader};
//!
//! let text = r#"<stations><station id="1"><name>Kyiv &amp; region</name></station><note/></stations>"#;
//! let host = TestHost::new().entry("files", "a.xml", text).host();
//! let mut reader = XmlReader::new(host.read(&host.entries("files")?[0])?)?;
//! let mut found = Vec::new();
//! loop {
//!     match reader.step()? {
//!         Step::Open(open) if open.name() == "station" => {
//!             let station = reader.element()?;
//!             let name = station.child("name").map(|name| name.text().into_owned());
//!             found.push((station.attribute("id").map(str::to_owned), name));
//!         }
//!         Step::Open(open) if open.name() != "stations" => reader.skip()?,
//!         Step::Open(_) | Step::Text(_) | Step::Close => {}
//!         Step::End => break,
//!     }
//! }
//! assert_eq!(found, [(Some("1".to_owned()), Some("Kyiv & region".to_owned()))]);
//! # Ok::<(), sextant_plugin_sdk::Error>(())
//! ```

use crate::{Error, InputReader, Result};
use quick_xml::Reader;
use quick_xml::encoding::{Decoder, EncodingError};
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, BufRead, Read};

/// Bytes of a record, or of one piece of markup between records, unless
/// [`record_bytes_max`](XmlReader::record_bytes_max) says otherwise.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// Elements, attributes and texts of a record, unless
/// [`record_nodes_max`](XmlReader::record_nodes_max) says otherwise.
pub const RECORD_NODES_MAX: usize = 10_000;
/// How deep elements may be nested.
pub const DEPTH_MAX: usize = 32;
/// Attributes of an element.
const ATTRIBUTES_MAX: usize = 64;
/// Bytes of a name.
const NAME_BYTES_MAX: usize = 128;

/// A file of XML.
#[derive(Debug)]
pub struct XmlReader {
    reader: Reader<Metered>,
    buffer: Vec<u8>,
    depth: usize,
    /// Whether the element that the file is was begun.
    had_root: bool,
    /// What was read behind a text.
    next: Option<Token>,
    /// How many bytes of byte order mark come before what the parser sees.
    mark_bytes: u64,
    record_bytes_max: usize,
    record_nodes_max: usize,
    tree: Tree,
}

/// What comes next in a file, between records.
#[derive(Debug)]
pub enum Step<'a> {
    /// An element begins; it has its attributes and nothing else yet.
    Open(Element<'a>),
    /// The innermost open element ends.
    Close,
    /// Text that is more than white space, whole, without the white space around it.
    Text(&'a str),
    /// The file ends, and every element was closed.
    End,
}

/// An element of a record, with all that is in it.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    tree: &'a Tree,
    at: usize,
}

/// A record: its nodes as they stand in the file, and their texts one behind the other.
#[derive(Debug, Default)]
struct Tree {
    nodes: Vec<Node>,
    text: String,
    /// The element that the record is; text may stand before it.
    root: usize,
    /// Whether the last node is text that may go on.
    in_text: bool,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    /// The node behind the last one that is in this one.
    end: usize,
    /// Bytes of the prefix of its name, the colon included, which come before the name.
    prefix_len: usize,
    /// Where in the texts the name ends and the value begins, and where the value ends. The name
    /// begins where the value before ends.
    name_start: usize,
    value_start: usize,
    value_end: usize,
    byte: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Element,
    Attribute,
    Text,
}

/// One piece of a file; what it holds was put into the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Text,
    Nothing,
    End,
}

impl XmlReader {
    /// Begins to read.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](crate::ErrorKind::InvalidData) for a file in UTF-16, and those of the input.
    pub fn new(mut input: InputReader) -> Result<Self> {
        let (start, mark_bytes) = byte_order_mark(&mut input)?;
        let metered = Metered {
            start: io::Cursor::new(start),
            input,
            max: RECORD_BYTES_MAX,
            left: RECORD_BYTES_MAX,
        };
        let mut reader = Reader::from_reader(metered);
        reader.config_mut().expand_empty_elements = true;
        Ok(Self {
            reader,
            buffer: Vec::new(),
            depth: 0,
            had_root: false,
            next: None,
            mark_bytes,
            record_bytes_max: RECORD_BYTES_MAX,
            record_nodes_max: RECORD_NODES_MAX,
            tree: Tree::default(),
        })
    }

    /// Sets how many bytes a record may have.
    pub fn record_bytes_max(mut self, bytes: usize) -> Self {
        self.record_bytes_max = bytes;
        self
    }

    /// Sets how many elements, attributes and texts a record may have.
    pub fn record_nodes_max(mut self, nodes: usize) -> Self {
        self.record_nodes_max = nodes;
        self
    }

    /// Where in the file the reader stands.
    pub fn byte(&self) -> u64 {
        self.reader.buffer_position() + self.mark_bytes
    }

    /// Goes on to the next beginning or end of an element.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](crate::ErrorKind::InvalidData) with the place, where the file is not well-formed,
    /// not complete, or beyond a limit; the reader is of no use then.
    pub fn step(&mut self) -> Result<Step<'_>> {
        let token = match self.next.take() {
            Some(token) => token,
            None => {
                self.begin();
                let token = self.behind_text()?;
                if !self.tree.nodes.is_empty() && self.tree.nodes[0].kind == Kind::Text {
                    self.next = Some(token);
                    return Ok(Step::Text(self.tree.value(0).trim()));
                }
                token
            }
        };
        Ok(match token {
            Token::Open => Step::Open(self.tree.root()),
            Token::Close => Step::Close,
            _ => Step::End,
        })
    }

    /// The next token that is no text. Text before it is in the tree then, in one piece.
    fn behind_text(&mut self) -> Result<Token> {
        loop {
            match self.token()? {
                Token::Text | Token::Nothing => {}
                token => return Ok(token),
            }
        }
    }

    /// Reads what is in the element that was just opened, to its end.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step).
    pub fn element(&mut self) -> Result<Element<'_>> {
        let root = self.tree.root;
        let byte = self.tree.nodes.get(root).map_or(0, |root| root.byte);
        self.refill();
        let mut open = vec![root];
        while let Some(&innermost) = open.last() {
            match self.token()? {
                Token::Open => {
                    // Attributes come right behind their element.
                    let nodes = self.tree.nodes.iter().rev();
                    let attributes = nodes
                        .take_while(|node| node.kind == Kind::Attribute)
                        .count();
                    open.push(self.tree.nodes.len() - attributes - 1);
                }
                Token::Close => {
                    self.tree.nodes[innermost].end = self.tree.nodes.len();
                    open.pop();
                }
                Token::Text | Token::Nothing => {}
                Token::End => return Err(self.truncated()),
            }
            if self.tree.nodes.len() > self.record_nodes_max {
                let message = format!(
                    "a record may have {} elements, this one has more",
                    self.record_nodes_max
                );
                return Err(Error::invalid_data(message).at_byte(byte));
            }
        }
        Ok(self.tree.root())
    }

    /// Reads over what is in the element that was just opened, to its end, and keeps nothing.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step).
    pub fn skip(&mut self) -> Result<()> {
        let outside = self.depth - 1;
        while self.depth > outside {
            self.begin();
            self.token()?;
        }
        Ok(())
    }

    fn begin(&mut self) {
        self.tree.nodes.clear();
        self.tree.text.clear();
        self.tree.in_text = false;
        self.tree.root = 0;
        self.refill();
    }

    fn refill(&mut self) {
        let input = self.reader.get_mut();
        (input.max, input.left) = (self.record_bytes_max, self.record_bytes_max);
    }

    fn token(&mut self) -> Result<Token> {
        let byte = self.byte();
        self.buffer.clear();
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(error) => {
                let byte = self.reader.error_position() + self.mark_bytes;
                return Err(xml_error(error, byte));
            }
        };
        let decoder = self.reader.decoder();
        let tree = &mut self.tree;
        let token = match event {
            Event::Start(start) => {
                if self.depth == 0 || tree.nodes.iter().all(|node| node.kind == Kind::Text) {
                    tree.root = tree.nodes.len();
                }
                tree.open(&start, decoder, byte).map(|()| Token::Open)
            }
            Event::Empty(_) => Err(Error::internal("an empty element was not expanded")),
            Event::End(_) => {
                tree.in_text = false;
                Ok(Token::Close)
            }
            Event::Text(text) => (text.xml10_content())
                .map(|text| tree.text(&text, byte))
                .map_err(malformed),
            Event::CData(text) => (text.xml10_content())
                .map(|text| tree.text(&text, byte))
                .map_err(malformed),
            Event::GeneralRef(reference) => character(&reference)
                .map(|character| tree.text(character.encode_utf8(&mut [0; 4]), byte)),
            Event::Decl(declaration) => {
                check_encoding(&declaration, self.mark_bytes > 0).map(|()| Token::Nothing)
            }
            Event::Comment(_) | Event::PI(_) | Event::DocType(_) => Ok(Token::Nothing),
            Event::Eof => Ok(Token::End),
        };
        self.nested(token.map_err(|error| error.at_byte(byte))?)
    }

    /// Keeps count of the open elements.
    fn nested(&mut self, token: Token) -> Result<Token> {
        match token {
            Token::Open if self.depth == 0 && self.had_root => {
                let message = "expected the end of the file, found another element";
                return Err(Error::invalid_data(message).at_byte(self.byte()));
            }
            Token::Text if self.depth == 0 && !self.tree.nodes.is_empty() => {
                let message = "expected an element, found text";
                return Err(Error::invalid_data(message).at_byte(self.byte()));
            }
            Token::Open if self.depth == DEPTH_MAX => {
                let message = format!("elements may be nested {DEPTH_MAX} deep, these are deeper");
                return Err(Error::invalid_data(message).at_byte(self.byte()));
            }
            Token::Open => {
                self.depth += 1;
                self.had_root = true;
            }
            // The parser has refused an end without a beginning, so this does not wrap.
            Token::Close => self.depth = self.depth.saturating_sub(1),
            Token::End if self.depth > 0 => return Err(self.truncated()),
            Token::End | Token::Text | Token::Nothing => {}
        }
        Ok(token)
    }

    fn truncated(&self) -> Error {
        let message = "expected more, found the end of the file: it is not complete";
        Error::invalid_data(message).at_byte(self.byte())
    }
}

impl Tree {
    fn open(&mut self, start: &BytesStart<'_>, decoder: Decoder, byte: u64) -> Result<()> {
        let name = name(start.name().into_inner(), decoder)?;
        self.push(Kind::Element, &name, "", byte);
        if start.attributes_raw().is_empty() {
            return Ok(());
        }
        for (i, attribute) in start.attributes().enumerate() {
            if i == ATTRIBUTES_MAX {
                let message =
                    format!("an element may have {ATTRIBUTES_MAX} attributes, this one has more");
                return Err(Error::invalid_data(message));
            }
            let attribute = attribute.map_err(|error| not_well_formed(&error))?;
            let key = attribute.key.as_ref();
            if is_of_the_schema(key) {
                continue;
            }
            let name = self::name(key, decoder)?;
            let value = attribute
                .decode_and_unescape_value(decoder)
                .map_err(|error| not_well_formed(&error))?;
            self.push(Kind::Attribute, &name, &value, byte);
        }
        Ok(())
    }

    /// Adds text: to the text before, if nothing stands between them.
    fn text(&mut self, text: &str, byte: u64) -> Token {
        match self.nodes.last_mut() {
            Some(last) if self.in_text => {
                self.text.push_str(text);
                last.value_end = self.text.len();
            }
            // White space that lays a file out.
            _ if text.trim().is_empty() => {}
            _ => {
                self.push(Kind::Text, "", text, byte);
                self.in_text = true;
            }
        }
        Token::Text
    }

    fn push(&mut self, kind: Kind, name: &str, value: &str, byte: u64) {
        let name_start = self.text.len();
        self.text.push_str(name);
        let value_start = self.text.len();
        self.text.push_str(value);
        self.nodes.push(Node {
            kind,
            end: self.nodes.len() + 1,
            prefix_len: name.find(':').map_or(0, |colon| colon + 1),
            name_start,
            value_start,
            value_end: self.text.len(),
            byte,
        });
        self.in_text = false;
    }

    fn name(&self, at: usize) -> &str {
        let node = &self.nodes[at];
        &self.text[node.name_start + node.prefix_len..node.value_start]
    }

    fn root(&self) -> Element<'_> {
        Element {
            tree: self,
            at: self.root,
        }
    }

    fn value(&self, at: usize) -> &str {
        let node = &self.nodes[at];
        &self.text[node.value_start..node.value_end]
    }
}

impl<'a> Element<'a> {
    /// The name, without the prefix of a namespace.
    pub fn name(&self) -> &'a str {
        self.tree.name(self.at)
    }

    /// The prefix of a namespace that the name has; nothing where it has none.
    pub fn prefix(&self) -> &'a str {
        let node = &self.tree.nodes[self.at];
        let len = node.prefix_len.saturating_sub(1);
        &self.tree.text[node.name_start..node.name_start + len]
    }

    /// Where it begins in the file.
    pub fn byte(&self) -> u64 {
        self.tree.nodes[self.at].byte
    }

    /// The text directly in it, without the white space around it. Where elements stand in it, what is
    /// between them is one behind the other.
    pub fn text(&self) -> Cow<'a, str> {
        let mut texts = self.nodes(Kind::Text).map(|at| self.tree.value(at));
        let Some(first) = texts.next() else {
            return Cow::Borrowed("");
        };
        let Some(second) = texts.next() else {
            return Cow::Borrowed(first.trim());
        };
        let mut whole = format!("{first}{second}");
        texts.for_each(|text| whole.push_str(text));
        Cow::Owned(whole.trim().to_owned())
    }

    /// An attribute's value.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut attributes = self.attributes();
        attributes.find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Its attributes, as names and values, without declarations of namespaces.
    pub fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let tree = self.tree;
        self.nodes(Kind::Attribute)
            .map(|at| (tree.name(at), tree.value(at)))
    }

    /// The elements in it.
    pub fn children(&self) -> impl Iterator<Item = Self> + use<'a> {
        let tree = self.tree;
        self.nodes(Kind::Element).map(|at| Self { tree, at })
    }

    /// The first element in it with that name.
    pub fn child(&self, name: &str) -> Option<Self> {
        self.children().find(|child| child.name() == name)
    }

    /// The elements in it with that name.
    pub fn children_named(&self, name: &str) -> impl Iterator<Item = Self> {
        self.children().filter(move |child| child.name() == name)
    }

    /// Whether there is neither text nor a value of an attribute in it anywhere.
    pub fn is_empty(&self) -> bool {
        let inside = self.at..self.tree.nodes[self.at].end;
        inside
            .into_iter()
            .all(|at| self.tree.value(at).trim().is_empty())
    }

    /// The nodes of a kind that are directly in it.
    fn nodes(&self, kind: Kind) -> impl Iterator<Item = usize> + use<'a> {
        let nodes = &self.tree.nodes;
        let (mut at, end) = (self.at + 1, nodes[self.at].end);
        // An element that has just been opened ends behind its attributes.
        let end = match self.at == self.tree.root {
            true => nodes.len(),
            false => end,
        };
        std::iter::from_fn(move || {
            while at < end {
                let found = at;
                at = nodes[at].end;
                if nodes[found].kind == kind {
                    return Some(found);
                }
            }
            None
        })
    }
}

/// Declarations of namespaces, and hints for schema validators, say nothing of the record.
fn is_of_the_schema(name: &[u8]) -> bool {
    const HINTS: [&[u8]; 3] = [
        b"xsi:schemaLocation",
        b"xsi:noNamespaceSchemaLocation",
        b"xsi:nil",
    ];
    name == b"xmlns" || name.starts_with(b"xmlns:") || HINTS.contains(&name)
}

fn name<'a>(bytes: &'a [u8], decoder: Decoder) -> Result<Cow<'a, str>> {
    if bytes.len() > NAME_BYTES_MAX {
        let message = format!(
            "a name may have {NAME_BYTES_MAX} bytes, this one has {}",
            bytes.len()
        );
        return Err(Error::invalid_data(message));
    }
    decoder.decode(bytes).map_err(malformed)
}

/// The character that `&...;` stands for.
fn character(reference: &BytesRef<'_>) -> Result<char> {
    if let Some(character) = reference
        .resolve_char_ref()
        .map_err(|error| not_well_formed(&error))?
    {
        return Ok(character);
    }
    match reference.decode().map_err(malformed)?.as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        other => Err(Error::invalid_data(format!(
            "expected one of the five entities of XML, found {:?}: no other is expanded",
            format!("&{other};")
        ))),
    }
}

/// The parser takes an encoding that it does not know for UTF-8, so that is refused here.
fn check_encoding(declaration: &BytesDecl<'_>, marked_utf8: bool) -> Result<()> {
    let Some(label) = declaration.encoding() else {
        return Ok(());
    };
    let label = label.map_err(|error| not_well_formed(&error))?;
    let label = String::from_utf8_lossy(&label);
    let found = match declaration.encoder() {
        None => format!("{label:?}, which is not known"),
        Some(encoding) if !encoding.is_ascii_compatible() => {
            format!("{label:?}, which is not supported; convert the file to UTF-8")
        }
        Some(encoding) if marked_utf8 && encoding.name() != "UTF-8" => {
            format!("{label:?} after the byte order mark of UTF-8")
        }
        Some(_) => return Ok(()),
    };
    Err(Error::invalid_data(format!(
        "expected an encoding such as UTF-8 or windows-1251, found {found}"
    )))
}

/// Takes a byte order mark off the input: gives what was read beyond it, and how long it was. The
/// parser looks for one itself, but only in the first chunk, and a chunk may be one byte.
fn byte_order_mark(input: &mut InputReader) -> Result<(Vec<u8>, u64)> {
    let mut start = Vec::new();
    input.take(4).read_to_end(&mut start)?;
    match start.as_slice() {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Ok((rest.to_vec(), 3)),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'<', 0, ..] | [0, b'<', ..] => {
            let message =
                "expected an encoding such as UTF-8, found UTF-16; convert the file to UTF-8";
            Err(Error::invalid_data(message).at_byte(0))
        }
        _ => Ok((start, 0)),
    }
}

fn malformed(error: EncodingError) -> Error {
    Error::invalid_data(error.to_string())
}

fn not_well_formed(error: &dyn Display) -> Error {
    Error::invalid_data(format!("expected well-formed XML: {error}"))
}

/// An error of the input comes back as it was; any other says that this is no XML.
fn xml_error(error: quick_xml::Error, byte: u64) -> Error {
    let error = match &error {
        quick_xml::Error::Io(inner) => match inner
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Error>())
        {
            Some(inner) => inner.clone(),
            None => Error::invalid_data(inner.to_string()),
        },
        _ => not_well_formed(&error),
    };
    error.at_byte(byte)
}

/// An input that gives out no more than it may until it is told so. The parser collects a piece of
/// markup whole, however long it is; this is what bounds it.
#[derive(Debug)]
struct Metered {
    start: io::Cursor<Vec<u8>>,
    input: InputReader,
    max: usize,
    left: usize,
}

impl BufRead for Metered {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            let message = format!("a record may have {} bytes, this one has more", self.max);
            return Err(Error::invalid_data(message).into());
        }
        let in_start = (self.start.position() as usize) < self.start.get_ref().len();
        let available = if in_start {
            self.start.fill_buf()?
        } else {
            self.input.fill_buf()?
        };
        Ok(&available[..available.len().min(self.left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        if (self.start.position() as usize) < self.start.get_ref().len() {
            self.start.consume(amount);
        } else {
            self.input.consume(amount);
        }
    }
}

impl Read for Metered {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        out[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHost;

    fn reader(text: impl AsRef<[u8]>, chunk_bytes: usize) -> Result<XmlReader> {
        let host = TestHost::new()
            .entry("files", "a.xml", text.as_ref())
            .chunk_bytes(chunk_bytes)
            .host();
        XmlReader::new(host.read(&host.entries("files").unwrap()[0])?)
    }

    /// An element as a text that shows all of it.
    fn shown(element: &Element<'_>) -> String {
        let attributes = element.attributes();
        let attributes: String = attributes
            .map(|(name, value)| format!(" {name}={value}"))
            .collect();
        let children: Vec<_> = element.children().map(|child| shown(&child)).collect();
        let name = element.name();
        format!(
            "{name}{attributes}[{}|{}]",
            element.text(),
            children.join(",")
        )
    }

    /// The records `r` of a file, however it comes in.
    fn records(text: impl AsRef<[u8]>) -> Result<Vec<String>> {
        let read = |chunk_bytes| {
            let mut reader = reader(text.as_ref(), chunk_bytes)?
                .record_bytes_max(600)
                .record_nodes_max(20);
            let mut found = Vec::new();
            loop {
                match reader.step()? {
                    Step::Open(open) if open.name() == "r" => {
                        let byte = open.byte() as usize;
                        assert!(
                            text.as_ref()[byte..].starts_with(b"<"),
                            "it is where it says"
                        );
                        found.push(shown(&reader.element()?));
                    }
                    Step::Open(open) if open.name() == "skipped" => reader.skip()?,
                    Step::Text(text) => found.push(text.to_owned()),
                    Step::Open(_) | Step::Close => {}
                    Step::End => return Ok(found),
                }
            }
        };
        let whole = read(1 << 20);
        for chunk_bytes in 1..=text.as_ref().len().min(40) {
            assert_eq!(read(chunk_bytes), whole, "{chunk_bytes}");
        }
        whole
    }

    fn failure(text: impl AsRef<[u8]>) -> String {
        records(text).unwrap_err().to_string()
    }

    #[test]
    fn records_are_trees() {
        let text = "<?xml version=\"1.0\"?><!DOCTYPE l><l xmlns:x=\"urn:x\"> <!-- c -->\n\
            <x:r a=\"1 &lt; 2\" x:b='' xsi:type=\"d\" xsi:nil=\"false\"><n> A &amp; B&#x20;C </n><m/>t<m>1</m>u</x:r>\
            <skipped><r/><deep>x</deep></skipped> loose<!-- c --> &amp; text <r><![CDATA[<&]]></r></l>";
        assert_eq!(
            records(text).unwrap(),
            [
                "r a=1 < 2 b= type=d[tu|n[A & B C|],m[|],m[1|]]",
                "loose & text",
                "r[<&|]"
            ]
        );
        let marked = format!("\u{feff}{text}");
        assert_eq!(records(marked).unwrap().len(), 3);
        assert_eq!(records(" <l/>").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn children_are_found_by_name() {
        let mut reader = reader("<x:r k='v'><a/><b>1</b><a>2<c>x</c></a></x:r>", 1 << 20).unwrap();
        let Step::Open(open) = reader.step().unwrap() else {
            panic!("an element begins");
        };
        assert_eq!(
            (open.attribute("k"), open.children().count()),
            (Some("v"), 0)
        );
        let record = reader.element().unwrap();
        assert_eq!((record.prefix(), record.name()), ("x", "r"));
        assert_eq!(record.child("b").unwrap().prefix(), "");
        assert_eq!(record.child("b").unwrap().text(), "1");
        let texts: Vec<_> = record.children_named("a").map(|a| a.text()).collect();
        assert_eq!(texts, ["", "2"]);
        assert!(record.child("c").is_none() && record.attribute("b").is_none());
        assert_eq!(
            record
                .children()
                .map(|child| child.is_empty())
                .collect::<Vec<_>>(),
            [true, false, false]
        );
    }

    #[test]
    fn encodings_are_those_that_are_declared() {
        let text = "<?xml version=\"1.0\" encoding=\"windows-1251\"?><r>";
        let mut bytes = text.as_bytes().to_vec();
        bytes.extend([0xCA, 0xE8, 0xBF, 0xE2]);
        bytes.extend(b"</r>");
        assert_eq!(records(&bytes).unwrap(), ["r[Київ|]"]);
        let utf8 = String::from_utf8_lossy(&bytes).replace("windows-1251", "UTF-8");
        assert!(
            records(utf8.as_bytes()).is_ok(),
            "the marks of replacement are UTF-8"
        );
        bytes.drain(..text.len() - 3);
        assert!(failure([b"<r>", &bytes[3..]].concat()).contains("byte 3: "));
        assert!(failure("<?xml version=\"1.0\" encoding=\"utf-16\"?><r/>").contains("UTF-8"));
        assert!(failure(b"<\0r\0/\0>\0").contains("UTF-16"));
    }

    #[test]
    fn what_is_broken_or_too_much_is_told_with_its_place() {
        let long = format!("<l><r>{}</r></l>", "x".repeat(700));
        let many = format!("<l><r>{}</r></l>", "<a/>".repeat(30));
        let deep = "<a>".repeat(DEPTH_MAX + 1);
        let attributes: String = (0..65).map(|i| format!(" a{i}=''")).collect();
        for (text, expected) in [
            (
                "<l><r>",
                "byte 6: expected more, found the end of the file: it is not complete",
            ),
            ("<l><r></l>", "byte 6: expected well-formed XML: "),
            (
                "<l><r>&nbsp;</r></l>",
                "byte 6: expected one of the five entities of XML, found \"&nbsp;\"",
            ),
            (
                "<l/><l/>",
                "byte 8: expected the end of the file, found another element",
            ),
            ("<l/>x", "byte 5: expected an element, found text"),
            ("{\"a\": 1}", "byte 8: expected an element, found text"),
            ("<r a=1/>", "byte 0: expected well-formed XML: "),
            (&long, "a record may have 600 bytes, this one has more"),
            (
                &many,
                "byte 3: a record may have 20 elements, this one has more",
            ),
            (&deep, "elements may be nested 32 deep, these are deeper"),
            (
                &format!("<r{attributes}/>"),
                "byte 0: an element may have 64 attributes",
            ),
            (
                &format!("<{}/>", "n".repeat(200)),
                "a name may have 128 bytes, this one has 200",
            ),
        ] {
            let said = failure(text);
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
