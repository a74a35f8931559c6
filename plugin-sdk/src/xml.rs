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

mod piece;

use crate::{Error, InputReader, Result};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};
use memchr::memchr;
use piece::{Look, Piece, leaf, long_name, piece, prefix_len};
use quick_xml::Reader;
use quick_xml::errors::IllFormedError;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::attributes::{AttrError, Attributes};
use quick_xml::events::{BytesDecl, BytesRef, Event};
use std::borrow::Cow;
use std::fmt::Display;
use std::io::{BufRead, Read};
use std::ops::Range;

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
/// With so many characters of several bytes, and nothing else, text is in UTF-8: in another encoding that
/// would not come about by chance.
const WIDE_CHARACTERS: usize = 16;
/// Bytes within which a file has to say its encoding.
const DECLARATION_BYTES_MAX: u64 = 1_024;

/// A file of XML.
#[derive(Debug)]
pub struct XmlReader {
    tree: Tree,
    /// The elements that are open and not in the tree.
    outer: Names,
    /// Those in the tree that are open.
    open: Vec<usize>,
    /// Where the names are of the attributes of a tag.
    keys: Vec<Range<usize>>,
    /// Whether the innermost open element was written as one that is empty, so that its end is next.
    closes: bool,
    /// Whether the element that the file is was begun.
    had_root: bool,
    /// What was read behind a text.
    next: Option<Token>,
    record_bytes_max: usize,
    record_nodes_max: usize,
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

/// A record: the window on the file that it lies in, and its nodes.
#[derive(Debug)]
struct Tree {
    window: Window,
    nodes: Nodes,
}

/// What of a file is at hand.
struct Window {
    input: InputReader,
    /// What was read of the input before it is decoded, to find out how.
    head: Vec<u8>,
    encoding: &'static Encoding,
    /// Whether the file may be in UTF-8 though it declares an encoding in which any bytes are text.
    may_be_utf8: bool,
    decoder: Decoder,
    text: String,
    /// Where the next piece begins, in the text and in the file.
    at: usize,
    at_byte: u64,
    /// How far its end was looked for.
    look: Look,
    /// Where what is being read began, in the file.
    start_byte: u64,
    /// Places in the text with those in the file, from the first to the last, for encodings in which
    /// characters differ in length.
    anchors: Vec<(usize, u64)>,
    /// How many bytes of the file were decoded.
    decoded: u64,
    /// Where in the file there are bytes that are no text, behind the text that is at hand.
    malformed: Option<u64>,
    /// Whether the text goes to the end of the file.
    is_whole: bool,
}

/// Names, one behind the other.
#[derive(Debug, Default)]
struct Names {
    text: String,
    starts: Vec<usize>,
}

/// The nodes of a record as they stand in the file.
#[derive(Debug, Default)]
struct Nodes {
    list: Vec<Node>,
    /// The values that do not stand in the file as they are, one behind the other.
    made: String,
    /// The element that the record is; text may stand before it.
    root: usize,
    /// Whether the last node is text that may go on.
    in_text: bool,
    /// Whether the file has a carriage return somewhere up to what was read of it.
    has_returns: bool,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    /// The node behind the last one that is in this one.
    end: usize,
    /// Bytes of the prefix of its name, the colon included, which come before the name.
    prefix_len: usize,
    /// Where in the window the name is, with its prefix.
    name_start: usize,
    name_end: usize,
    /// Whether the value is among those that were made; else it is in the window.
    is_made: bool,
    value_start: usize,
    value_end: usize,
    /// Where in the file the tag begins that it is of; nothing for a text.
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

/// How far to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// To the next beginning or end of an element.
    Tag,
    /// To the end of the record.
    Record,
    /// Until so many elements are open, and nothing of them is kept.
    Depth(usize),
}

impl XmlReader {
    /// Begins to read.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](crate::ErrorKind::InvalidData) for a file in UTF-16 or in an encoding that is not
    /// known, and those of the input.
    pub fn new(input: InputReader) -> Result<Self> {
        Ok(Self {
            tree: Tree {
                window: Window::new(input)?,
                nodes: Nodes::default(),
            },
            outer: Names::default(),
            open: Vec::new(),
            keys: Vec::new(),
            closes: false,
            had_root: false,
            next: None,
            record_bytes_max: RECORD_BYTES_MAX,
            record_nodes_max: RECORD_NODES_MAX,
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
        self.tree.window.at_byte
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
                self.leave();
                let token = self.read(Goal::Tag)?;
                let first = self.tree.nodes.list.first();
                if first.is_some_and(|first| first.kind == Kind::Text) {
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

    /// Reads what is in the element that was just opened, to its end.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step).
    pub fn element(&mut self) -> Result<Element<'_>> {
        self.check_open()?;
        self.read(Goal::Record)?;
        Ok(self.tree.root())
    }

    /// Reads over what is in the element that was just opened, to its end, and keeps nothing.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step).
    pub fn skip(&mut self) -> Result<()> {
        self.check_open()?;
        let outside = self.depth().saturating_sub(1);
        self.leave();
        self.read(Goal::Depth(outside)).map(drop)
    }

    /// Refuses to read an element that was not just opened: none was, or a text before it was given.
    fn check_open(&self) -> Result<()> {
        match self.open.is_empty() || self.next.is_some() {
            true => Err(Error::internal("no element was just opened")),
            false => Ok(()),
        }
    }

    /// Lets go of what is in the tree.
    fn leave(&mut self) {
        let Tree { window, nodes } = &mut self.tree;
        self.outer.take(&mut self.open, nodes, &window.text);
        nodes.clear();
        window.forget();
    }

    /// How many elements are open.
    fn depth(&self) -> usize {
        self.outer.starts.len() + self.open.len()
    }

    /// Reads tokens until the goal is reached; gives the last one.
    fn read(&mut self, goal: Goal) -> Result<Token> {
        if self.closes && self.close_empty(goal) {
            return Ok(Token::Close);
        }
        loop {
            if let Some(token) = self.read_window(goal)? {
                return Ok(token);
            }
            if self.tree.nodes.list.is_empty() {
                self.tree.window.forget();
            }
            // All that is at hand belongs to what is being read.
            self.check_size(self.tree.window.decoded)?;
            let Tree { window, nodes } = &mut self.tree;
            let from = window.text.len();
            window.fill()?;
            nodes.has_returns |= memchr(b'\r', &window.text.as_bytes()[from..]).is_some();
        }
    }

    /// Reads tokens until the goal is reached; none where that lies beyond the window.
    fn read_window(&mut self, goal: Goal) -> Result<Option<Token>> {
        // The parser borrows the text, and what it finds is put beside it.
        let text = std::mem::take(&mut self.tree.window.text);
        let found = self.read_text(&text, goal);
        self.tree.window.text = text;
        found
    }

    fn read_text(&mut self, text: &str, goal: Goal) -> Result<Option<Token>> {
        loop {
            let window = &mut self.tree.window;
            let byte = window.at_byte;
            let piece = piece(text, window.at, window.is_whole, &mut window.look);
            let Some((piece, end)) = piece.map_err(|error| error.at_byte(byte))? else {
                return Ok(None);
            };
            if goal == Goal::Record && self.read_leaf(text, &piece, end, byte)? {
                continue;
            }
            let window = &mut self.tree.window;
            window.advance(text, end);
            let end_byte = window.at_byte;
            self.check_size(end_byte)?;
            let token = self.token(text, piece, byte);
            let token = token.map_err(|error| error.at_byte(byte))?;
            let nested = self.check_nesting(token);
            nested.map_err(|error| error.at_byte(end_byte))?;
            if let Goal::Depth(_) = goal {
                let nodes = &mut self.tree.nodes;
                self.outer.take(&mut self.open, nodes, text);
                nodes.clear();
            }
            if self.tree.nodes.list.is_empty() {
                self.tree.window.start_byte = end_byte;
            }
            self.check_count()?;
            if self.is_reached(goal, token) {
                return Ok(Some(token));
            }
            if self.closes && self.close_empty(goal) {
                return Ok(Some(Token::Close));
            }
        }
    }

    /// Reads an element whole, of which a piece is the beginning, if there is nothing but a text in it and
    /// its end is at hand: so are most elements of a record, and read this way they take half the time.
    fn read_leaf(&mut self, text: &str, piece: &Piece, end: usize, byte: u64) -> Result<bool> {
        let Some(name) = piece.plain_name() else {
            return Ok(false);
        };
        let Some((value, end)) = leaf(text, end, &text[name.clone()]) else {
            return Ok(false);
        };
        // What is nested too deep is for others to refuse.
        if self.depth() >= DEPTH_MAX {
            return Ok(false);
        }
        let Tree { window, nodes } = &mut self.tree;
        window.advance(text, end);
        let (at, end_byte) = (nodes.list.len(), window.at_byte);
        let named = nodes.push_named(Kind::Element, text, name, byte);
        named.map_err(|error| error.at_byte(byte))?;
        nodes.text(text, value);
        nodes.end(at);
        self.check_size(end_byte)?;
        self.check_count().map(|()| true)
    }

    /// Puts what a piece of the text holds into the tree.
    fn token(&mut self, text: &str, piece: Piece, byte: u64) -> Result<Token> {
        let nodes = &mut self.tree.nodes;
        Ok(match piece {
            Piece::Open {
                name,
                inner_end,
                is_empty,
            } => {
                self.open(text, name, inner_end, byte)?;
                self.closes = is_empty;
                Token::Open
            }
            Piece::Close(name) => {
                self.check_end(text, &text[name])?;
                self.close();
                Token::Close
            }
            Piece::Text(range) => nodes.text(text, range),
            Piece::Reference(name) => {
                let character = character(&text[name])?;
                nodes.add(text, character.encode_utf8(&mut [0; 4]))
            }
            Piece::Other => Token::Nothing,
            Piece::End => Token::End,
        })
    }

    /// An element begins with a name, behind which its attributes stand.
    fn open(&mut self, text: &str, name: Range<usize>, inner_end: usize, byte: u64) -> Result<()> {
        let nodes = &mut self.tree.nodes;
        if nodes.list.iter().all(|node| node.kind == Kind::Text) {
            nodes.root = nodes.list.len();
        }
        let at = nodes.list.len();
        nodes.push_named(Kind::Element, text, name.clone(), byte)?;
        self.open.push(at);
        if name.end == inner_end {
            return Ok(());
        }
        let tag = &text[name.start..inner_end];
        self.keys.clear();
        let mut attributes = Attributes::new(tag, name.len());
        // It would make a list for each tag to find a name that is there twice.
        attributes.with_checks(false);
        for (i, attribute) in attributes.enumerate() {
            if i == ATTRIBUTES_MAX {
                let message =
                    format!("an element may have {ATTRIBUTES_MAX} attributes, this one has more");
                return Err(Error::invalid_data(message));
            }
            let attribute = attribute.map_err(|error| not_well_formed(&error))?;
            let key = place(text, attribute.key.as_ref());
            let mut keys = self.keys.iter();
            if let Some(first) = keys.find(|known| text[(*known).clone()] == text[key.clone()]) {
                let places = [&key, first].map(|key| key.start - name.start);
                let twice = AttrError::Duplicated(places[0], places[1]);
                return Err(not_well_formed(&twice));
            }
            self.keys.push(key.clone());
            if is_of_the_schema(attribute.key.as_ref()) {
                continue;
            }
            nodes.push_named(Kind::Attribute, text, key, byte)?;
            let value = place(text, &attribute.value);
            match unescape(&text[value.clone()]) {
                Ok(Cow::Borrowed(_)) => nodes.set_value(value),
                Ok(Cow::Owned(value)) => nodes.make_value(&value),
                Err(error) => return Err(not_well_formed(&quick_xml::Error::from(error))),
            }
        }
        Ok(())
    }

    /// Refuses the end of another element than the innermost that is open.
    fn check_end(&self, text: &str, name: &str) -> Result<()> {
        let nodes = &self.tree.nodes;
        let expected = match self.open.last() {
            Some(&at) => Some(nodes.whole_name(at, text)),
            None => self.outer.last(),
        };
        if expected.is_some_and(|expected| is_same(expected, name)) {
            return Ok(());
        }
        let found = name.to_owned();
        let error = match expected.map(str::to_owned) {
            Some(expected) => IllFormedError::MismatchedEndTag { expected, found },
            None => IllFormedError::UnmatchedEndTag(found),
        };
        Err(not_well_formed(&quick_xml::Error::from(error)))
    }

    /// The innermost open element ends.
    fn close(&mut self) {
        let nodes = &mut self.tree.nodes;
        match self.open.pop() {
            Some(at) => nodes.end(at),
            None => {
                nodes.in_text = false;
                self.outer.pop();
            }
        }
    }

    /// The innermost open element ends, which is empty: whether the goal is reached.
    fn close_empty(&mut self, goal: Goal) -> bool {
        self.closes = false;
        self.close();
        self.is_reached(goal, Token::Close)
    }

    fn is_reached(&self, goal: Goal, token: Token) -> bool {
        match goal {
            Goal::Tag => !matches!(token, Token::Text | Token::Nothing),
            Goal::Record => self.open.is_empty(),
            Goal::Depth(depth) => self.depth() <= depth,
        }
    }

    fn check_nesting(&mut self, token: Token) -> Result<()> {
        let depth = self.depth();
        let message = match token {
            Token::Open if depth == 1 && self.had_root => {
                "expected the end of the file, found another element".to_owned()
            }
            Token::Open if depth > DEPTH_MAX => {
                format!("elements may be nested {DEPTH_MAX} deep, these are deeper")
            }
            Token::Text if depth == 0 && !self.tree.nodes.list.is_empty() => {
                "expected an element, found text".to_owned()
            }
            Token::End if depth > 0 => {
                "expected more, found the end of the file: it is not complete".to_owned()
            }
            _ => {
                self.had_root |= token == Token::Open;
                return Ok(());
            }
        };
        Err(Error::invalid_data(message))
    }

    /// Refuses what is being read if it is too long up to a place in the file.
    fn check_size(&self, end_byte: u64) -> Result<()> {
        let bytes = end_byte.saturating_sub(self.tree.window.start_byte);
        if bytes <= self.record_bytes_max as u64 {
            return Ok(());
        }
        Err(self.too_large(self.record_bytes_max, "bytes"))
    }

    /// Refuses a record in which there is too much.
    fn check_count(&self) -> Result<()> {
        if self.tree.nodes.list.len() <= self.record_nodes_max {
            return Ok(());
        }
        Err(self.too_large(self.record_nodes_max, "elements"))
    }

    fn too_large(&self, max: usize, what: &str) -> Error {
        let Tree { window, nodes } = &self.tree;
        let root = nodes.list.get(nodes.root);
        let root = root.filter(|root| root.kind == Kind::Element);
        let message = format!("a record may have {max} {what}, this one has more");
        Error::invalid_data(message).at_byte(root.map_or(window.start_byte, |root| root.byte))
    }
}

/// Where in a text a part of it is.
fn place(text: &str, part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}

impl Window {
    fn new(mut input: InputReader) -> Result<Self> {
        let mut head = Vec::new();
        (&mut input)
            .take(DECLARATION_BYTES_MAX)
            .read_to_end(&mut head)?;
        let mark: u64 = match head.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] => 3,
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'<', 0, ..] | [0, b'<', ..] => {
                let message =
                    "expected an encoding such as UTF-8, found UTF-16; convert the file to UTF-8";
                return Err(Error::invalid_data(message).at_byte(0));
            }
            _ => 0,
        };
        head.drain(..mark as usize);
        let declaration = Reader::from_reader(head.trim_ascii_start()).read_event();
        let encoding = match declaration {
            Ok(Event::Decl(declaration)) => {
                encoding(&declaration, mark > 0).map_err(|error| error.at_byte(mark))?
            }
            _ => UTF_8,
        };
        Ok(Self {
            input,
            head,
            encoding,
            may_be_utf8: encoding.is_single_byte(),
            decoder: encoding.new_decoder_without_bom_handling(),
            text: String::new(),
            at: 0,
            at_byte: mark,
            look: Look::default(),
            start_byte: mark,
            anchors: Vec::new(),
            decoded: mark,
            malformed: None,
            is_whole: false,
        })
    }

    /// Goes to a place in the text.
    fn advance(&mut self, text: &str, to: usize) {
        self.at_byte = if self.encoding == UTF_8 {
            self.at_byte + (to - self.at) as u64
        } else if self.encoding.is_single_byte() {
            self.at_byte + text[self.at..to].chars().count() as u64
        } else {
            // What can be decoded cannot always be encoded again, so there is an anchor wherever markup begins.
            let mut anchors = self.anchors.iter().rev();
            let anchor = anchors.find(|(at, _)| *at <= to && *at > self.at);
            let (from, byte) = anchor.copied().unwrap_or((self.at, self.at_byte));
            let byte = byte + self.encoding.encode(&text[from..to]).0.len() as u64;
            byte.min(self.decoded)
        };
        self.at = to;
        self.look = Look::default();
    }

    /// Lets go of what was read, if that is worth moving what is left.
    fn forget(&mut self) {
        self.start_byte = self.at_byte;
        if self.at < self.text.len() - self.at {
            return;
        }
        let forgotten = std::mem::take(&mut self.at);
        self.text.drain(..forgotten);
        self.anchors.retain_mut(|(at, _)| {
            let is_left = *at >= forgotten;
            *at = at.saturating_sub(forgotten);
            is_left
        });
    }

    /// Reads more of the file: a chunk of the host's at most, since there are plugins that look at the same
    /// bytes again.
    fn fill(&mut self) -> Result<()> {
        let before = self.text.len();
        while self.text.len() == before && !self.is_whole {
            if let Some(byte) = self.malformed {
                let message = format!(
                    "expected {}, found bytes that are none",
                    self.encoding.name()
                );
                return Err(Error::invalid_data(message).at_byte(byte));
            }
            let head = std::mem::take(&mut self.head);
            let chunk = match head.is_empty() {
                true => self
                    .input
                    .fill_buf()
                    .map_err(|error| Error::from(error).at_byte(self.decoded))?,
                false => &head,
            };
            let chunk = match self.encoding == UTF_8 || self.encoding.is_single_byte() {
                true => chunk,
                false => {
                    self.anchors.push((before, self.decoded));
                    // No character but `<` itself has its byte.
                    let markup = chunk.iter().skip(1).position(|byte| *byte == b'<');
                    &chunk[..markup.map_or(chunk.len(), |at| at + 1)]
                }
            };
            if self.may_be_utf8 {
                match wide_characters(chunk) {
                    Some(count) if count >= WIDE_CHARACTERS => {
                        let message = format!(
                            "expected {} as the file declares, found UTF-8",
                            self.encoding.name()
                        );
                        return Err(Error::invalid_data(message).at_byte(self.decoded));
                    }
                    found => self.may_be_utf8 = found.is_some(),
                }
            }
            let decoder = &mut self.decoder;
            let room = decoder.max_utf8_buffer_length_without_replacement(chunk.len());
            self.text.reserve(room.unwrap_or(chunk.len()));
            let is_last = chunk.is_empty();
            let (result, read) =
                decoder.decode_to_string_without_replacement(chunk, &mut self.text, is_last);
            self.decoded += read as u64;
            match result {
                DecoderResult::InputEmpty => self.is_whole = is_last,
                DecoderResult::OutputFull => {
                    return Err(Error::internal("more text than bytes can have"));
                }
                // What is before them is read first.
                DecoderResult::Malformed(bytes, behind) => {
                    self.malformed = Some(self.decoded - u64::from(bytes) - u64::from(behind));
                }
            }
            match head.is_empty() {
                true => self.input.consume(read),
                false => self.head.extend_from_slice(&head[read..]),
            }
        }
        Ok(())
    }
}

/// How many characters of UTF-8 have several bytes in a part of a file; none where it is no UTF-8. A
/// character may be cut off by its start, up to three bytes of it, and one by its end.
fn wide_characters(chunk: &[u8]) -> Option<usize> {
    let first = chunk.iter().take(3);
    let cut = first.take_while(|byte| matches!(byte, 0x80..0xC0)).count();
    let chunk = &chunk[cut..];
    let text = match str::from_utf8(chunk) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&chunk[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    Some(match text.is_ascii() {
        true => 0,
        false => text.chars().filter(|c| !c.is_ascii()).count(),
    })
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window")
            .field("input", &self.input)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl Names {
    /// Takes over the elements that are open in the tree.
    fn take(&mut self, open: &mut Vec<usize>, nodes: &Nodes, text: &str) {
        for at in open.drain(..) {
            self.starts.push(self.text.len());
            self.text.push_str(nodes.whole_name(at, text));
        }
    }

    fn last(&self) -> Option<&str> {
        self.starts.last().map(|&start| &self.text[start..])
    }

    fn pop(&mut self) {
        let start = self.starts.pop();
        self.text.truncate(start.unwrap_or_default());
    }
}

impl Nodes {
    /// A name with its prefix.
    fn whole_name<'t>(&self, at: usize, text: &'t str) -> &'t str {
        &text[self.list[at].name_start..self.list[at].name_end]
    }

    fn clear(&mut self) {
        self.list.clear();
        self.made.clear();
        (self.root, self.in_text) = (0, false);
    }

    /// Adds an element or an attribute, yet without a value.
    fn push_named(&mut self, kind: Kind, text: &str, name: Range<usize>, byte: u64) -> Result<()> {
        if name.len() > NAME_BYTES_MAX {
            return Err(long_name());
        }
        let prefix_len = prefix_len(text, &name);
        self.push(kind, name, prefix_len, byte);
        Ok(())
    }

    /// An element ends.
    fn end(&mut self, at: usize) {
        self.in_text = false;
        self.list[at].end = self.list.len();
    }

    fn push(&mut self, kind: Kind, name: Range<usize>, prefix_len: usize, byte: u64) {
        self.list.push(Node {
            kind,
            end: self.list.len() + 1,
            prefix_len,
            name_start: name.start,
            name_end: name.end,
            is_made: false,
            value_start: name.end,
            value_end: name.end,
            byte,
        });
        self.in_text = kind == Kind::Text;
    }

    /// Adds text that stands in the file.
    fn text(&mut self, text: &str, range: Range<usize>) -> Token {
        let piece = &text[range.clone()];
        if self.has_returns && memchr(b'\r', piece.as_bytes()).is_some() {
            return self.add(text, &piece.replace("\r\n", "\n").replace('\r', "\n"));
        }
        if self.in_text {
            return self.add(text, piece);
        }
        if !is_layout(piece) {
            self.push(Kind::Text, range.start..range.start, 0, 0);
            self.set_value(range);
        }
        Token::Text
    }

    /// Adds text: to the text before, if nothing stands between them.
    fn add(&mut self, text: &str, piece: &str) -> Token {
        match self.list.last_mut() {
            Some(last) if self.in_text => {
                if !last.is_made {
                    let value = last.value_start..last.value_end;
                    last.value_start = self.made.len();
                    last.is_made = true;
                    self.made.push_str(&text[value]);
                }
                self.made.push_str(piece);
                last.value_end = self.made.len();
            }
            _ if is_layout(piece) => {}
            _ => {
                self.push(Kind::Text, 0..0, 0, 0);
                self.make_value(piece);
            }
        }
        Token::Text
    }

    /// The value of the last node is in the window.
    fn set_value(&mut self, range: Range<usize>) {
        if let Some(last) = self.list.last_mut() {
            (last.value_start, last.value_end) = (range.start, range.end);
        }
    }

    /// The value of the last node does not stand in the file as it is.
    fn make_value(&mut self, value: &str) {
        let start = self.made.len();
        self.made.push_str(value);
        self.set_value(start..self.made.len());
        if let Some(last) = self.list.last_mut() {
            last.is_made = true;
        }
    }
}

/// Whether a text is nothing but white space, which lays a file out.
fn is_layout(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

impl Tree {
    fn root(&self) -> Element<'_> {
        Element {
            tree: self,
            at: self.nodes.root,
        }
    }

    fn name(&self, at: usize) -> &str {
        let node = &self.nodes.list[at];
        &self.window.text[node.name_start + node.prefix_len..node.name_end]
    }

    fn value(&self, at: usize) -> &str {
        let node = &self.nodes.list[at];
        let text = match node.is_made {
            true => &self.nodes.made,
            false => &self.window.text,
        };
        &text[node.value_start..node.value_end]
    }
}

impl<'a> Element<'a> {
    /// The name, without the prefix of a namespace.
    pub fn name(&self) -> &'a str {
        self.tree.name(self.at)
    }

    /// The prefix of a namespace that the name has; nothing where it has none.
    pub fn prefix(&self) -> &'a str {
        let node = &self.tree.nodes.list[self.at];
        let len = node.prefix_len.saturating_sub(1);
        &self.tree.window.text[node.name_start..node.name_start + len]
    }

    /// Its number among the elements, attributes and texts of the record, which is less than the record may
    /// have of them.
    pub fn index(&self) -> usize {
        self.at
    }

    /// Where it begins in the file.
    pub fn byte(&self) -> u64 {
        self.tree.nodes.list[self.at].byte
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
        // They come right behind their element.
        (self.at + 1..tree.nodes.list.len())
            .take_while(|&at| tree.nodes.list[at].kind == Kind::Attribute)
            .map(|at| (tree.name(at), tree.value(at)))
    }

    /// The elements in it.
    pub fn children(&self) -> impl Iterator<Item = Self> + use<'a> {
        let tree = self.tree;
        self.nodes(Kind::Element).map(|at| Self { tree, at })
    }

    /// The first element in it with that name.
    pub fn child(&self, name: &str) -> Option<Self> {
        self.children().find(|child| is_same(child.name(), name))
    }

    /// The elements in it, and in these, and so on, in the order of the file.
    pub fn descendants(&self) -> impl Iterator<Item = Self> + use<'a> {
        let tree = self.tree;
        (self.at + 1..self.end())
            .filter(|&at| tree.nodes.list[at].kind == Kind::Element)
            .map(|at| Self { tree, at })
    }

    /// The text of an element in which there is nothing else, not even an attribute, without the white space
    /// around it.
    pub fn only_text(&self) -> Option<&'a str> {
        let only = self.at + 1;
        match self.end() - only {
            0 => Some(""),
            1 if self.tree.nodes.list[only].kind == Kind::Text => {
                Some(self.tree.value(only).trim())
            }
            _ => None,
        }
    }

    /// The elements in it with that name.
    pub fn children_named(&self, name: &str) -> impl Iterator<Item = Self> {
        let children = self.children();
        children.filter(move |child| is_same(child.name(), name))
    }

    /// Whether there is neither text nor a value of an attribute in it anywhere.
    pub fn is_empty(&self) -> bool {
        (self.at..self.end()).all(|at| self.tree.value(at).trim().is_empty())
    }

    /// The node behind the last one in it. An element that has just been opened ends behind its attributes.
    fn end(&self) -> usize {
        let nodes = &self.tree.nodes;
        match self.at == nodes.root {
            true => nodes.list.len(),
            false => nodes.list[self.at].end,
        }
    }

    /// The nodes of a kind that are directly in it.
    fn nodes(&self, kind: Kind) -> impl Iterator<Item = usize> + use<'a> {
        let nodes = &self.tree.nodes.list;
        let (mut at, end) = (self.at + 1, self.end());
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

/// Whether two names are the same. To compare texts is a call that goes from byte to byte in a guest, and
/// names are compared more often than anything else.
pub fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    // From four bytes on a name is its first and its last ones, which may be the same in part.
    let eight = |name: &[u8]| {
        let ends = name.first_chunk().zip(name.last_chunk());
        ends.map(|(first, last)| (u64::from_le_bytes(*first), u64::from_le_bytes(*last)))
    };
    let four = |name: &[u8]| {
        let ends = name.first_chunk().zip(name.last_chunk());
        ends.map(|(first, last)| (u32::from_le_bytes(*first), u32::from_le_bytes(*last)))
    };
    match one.len() {
        4..=7 => four(one) == four(other),
        8..=16 => eight(one) == eight(other),
        _ => one == other,
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

/// The character that `&...;` stands for.
fn character(name: &str) -> Result<char> {
    let reference = BytesRef::new(name).resolve_char_ref();
    if let Some(character) = reference.map_err(|error| not_well_formed(&error))? {
        return Ok(character);
    }
    resolve_predefined_entity(name)
        .and_then(|text| text.chars().next())
        .ok_or_else(|| {
            Error::invalid_data(format!(
                "expected one of the five entities of XML, found {:?}: no other is expanded",
                format!("&{name};")
            ))
        })
}

/// The encoding that a file declares. One that is not known is refused.
fn encoding(declaration: &BytesDecl<'_>, marked_utf8: bool) -> Result<&'static Encoding> {
    let Some(label) = declaration.encoding() else {
        return Ok(UTF_8);
    };
    let label = label.map_err(|error| not_well_formed(&error))?;
    let label = String::from_utf8_lossy(&label);
    let found = match declaration.encoder() {
        None => format!("{label:?}, which is not known"),
        Some(encoding) if !encoding.is_ascii_compatible() => {
            format!("{label:?}, which is not supported; convert the file to UTF-8")
        }
        Some(encoding) if marked_utf8 && encoding != UTF_8 => {
            format!("{label:?} after the byte order mark of UTF-8")
        }
        Some(encoding) => return Ok(encoding),
    };
    Err(Error::invalid_data(format!(
        "expected an encoding such as UTF-8 or windows-1251, found {found}"
    )))
}

fn not_well_formed(error: &dyn Display) -> Error {
    Error::invalid_data(format!("expected well-formed XML: {error}"))
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
    fn lines_end_as_xml_says_wherever_they_stand() {
        let text = "<l><r>a</r><r>b\r\nc\rd<m>\r</m></r><r><m>e</m>\r\n&amp;\r</r></l>";
        assert_eq!(
            records(text).unwrap(),
            ["r[a|]", "r[b\nc\nd|m[|]]", "r[&|m[e|]]"]
        );
    }

    #[test]
    fn names_are_the_same_as_texts_are() {
        let names = [
            "",
            "a",
            "abc",
            "abcd",
            "abcdefg",
            "abcdefgh",
            "abcdefghijklmnop",
        ];
        let long = "x".repeat(40);
        let names = names.into_iter().chain([long.as_str(), "київ"]);
        let mut all: Vec<String> = names.map(str::to_owned).collect();
        for name in all.clone() {
            for at in 0..name.len() {
                let mut bytes = name.clone().into_bytes();
                bytes[at] = b'-';
                all.extend(String::from_utf8(bytes));
            }
        }
        for one in &all {
            for other in &all {
                assert_eq!(is_same(one, other), one == other, "{one} and {other}");
            }
        }
    }

    #[test]
    fn limits_hold_for_elements_of_text() {
        let leaf = |depth: usize, name_bytes: usize| {
            let (open, close) = ("<a>".repeat(depth - 3), "</a>".repeat(depth - 3));
            let name = "n".repeat(name_bytes);
            let found = records(format!("<l>{open}<r><{name}>x</{name}></r>{close}</l>"));
            found.map(|found| found.len())
        };
        assert_eq!(leaf(DEPTH_MAX, 4).unwrap(), 1);
        assert_eq!(leaf(4, NAME_BYTES_MAX).unwrap(), 1);
        let deep = leaf(DEPTH_MAX + 1, 4).unwrap_err().to_string();
        assert!(deep.contains("nested 32 deep, these are deeper"), "{deep}");
        let long = leaf(4, NAME_BYTES_MAX + 1).unwrap_err().to_string();
        assert!(
            long.starts_with("byte 9: a name may have 128 bytes"),
            "{long}"
        );
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
    fn places_are_those_of_the_file_in_any_encoding() {
        for (label, name) in [
            ("windows-1251", &[0xCA, 0xE8, 0xBF, 0xE2][..]),
            ("gbk", &[0xD6, 0xD0, 0xCE, 0xC4]),
            // An emoji in four bytes, which GBK decodes and does not encode.
            ("gbk", &[0x94, 0x39, 0xDA, 0x33]),
            ("shift_jis", &[0x93, 0xFA, 0x96, 0x7B]),
            ("utf-8", "Київ".as_bytes()),
        ] {
            let mut bytes = format!("<?xml version='1.0' encoding='{label}'?><l>").into_bytes();
            let mut places = Vec::new();
            for _ in 0..3 {
                places.push(bytes.len() as u64);
                bytes.extend([b"<r a='", name, b"'>", name, b"<b/></r>", name].concat());
            }
            bytes.extend(b"</l>");
            for chunk_bytes in 1..=bytes.len() {
                let mut reader = reader(&bytes, chunk_bytes).unwrap();
                let mut found = Vec::new();
                loop {
                    match reader.step().unwrap() {
                        Step::Open(open) if open.name() == "r" => {
                            let record = reader.element().unwrap();
                            let (name, text) = (record.attribute("a"), record.text());
                            assert_eq!(name, Some(text.as_ref()));
                            let inner = record.child("b").unwrap().byte();
                            let length = 8 + 2 * name.unwrap().len() as u64;
                            assert!(inner > record.byte() && inner <= record.byte() + length);
                            found.push(record.byte());
                        }
                        Step::End => break,
                        _ => {}
                    }
                }
                assert_eq!(found, places, "{label}, {chunk_bytes}");
                assert_eq!(reader.byte(), bytes.len() as u64);
            }
        }
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
        assert_eq!(
            failure([b"<r>", &bytes[3..]].concat()),
            "byte 3: expected UTF-8, found bytes that are none"
        );
        assert!(failure("<?xml version=\"1.0\" encoding=\"utf-16\"?><r/>").contains("UTF-8"));
        let declared = "<?xml version=\"1.0\" encoding=\"windows-1251\"?><r>";
        let converted = format!("{declared}{}</r>", "Київ".repeat(5));
        let mut whole = reader(&converted, 1 << 20).unwrap();
        assert_eq!(
            whole.step().unwrap_err().to_string(),
            "byte 0: expected windows-1251 as the file declares, found UTF-8"
        );
        assert!(failure(b"<\0r\0/\0>\0").contains("UTF-16"));
    }

    #[test]
    fn utf_8_that_declares_another_encoding_is_seen_wherever_a_chunk_begins() {
        let declared = "<?xml version=\"1.0\" encoding=\"windows-1251\"?><r>";
        for character in ["К", "€", "𝄞"] {
            let wide = character.repeat(WIDE_CHARACTERS + 1);
            for cut in 1..character.len() {
                // What is looked at first ends within a character.
                let plain = "x".repeat(DECLARATION_BYTES_MAX as usize - declared.len() - cut);
                let converted = format!("{declared}{plain}{wide}</r>");
                for chunk_bytes in [converted.len(), DECLARATION_BYTES_MAX as usize] {
                    let mut reader = reader(&converted, chunk_bytes).unwrap();
                    reader.step().unwrap();
                    assert_eq!(
                        reader.skip().unwrap_err().to_string(),
                        "byte 1024: expected windows-1251 as the file declares, found UTF-8",
                        "{character} cut at {cut}"
                    );
                }
            }
            let text = format!("a{character}b{character}");
            for start in 0..text.len() {
                for end in start..=text.len() {
                    let whole = text.char_indices().filter(|&(at, character)| {
                        !character.is_ascii() && at >= start && at + character.len_utf8() <= end
                    });
                    let found = wide_characters(&text.as_bytes()[start..end]);
                    assert_eq!(found, Some(whole.count()), "{text} from {start} to {end}");
                }
            }
        }
        assert_eq!(wide_characters(&[0x80; 4]), None);
        assert_eq!(wide_characters(&[0xCA, 0xE8, 0xBF, 0xE2]), None);
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
            (
                "<r a='' b='' a=''/>",
                "position 12: duplicated attribute, previous declaration at position 2",
            ),
            (
                &long.replace("<r>", "&amp;<!-- -->"),
                "byte 3: a record may have 600 bytes, this one has more",
            ),
            (
                &long.replace("<r>", "x<!--").replace("</r>", "-->"),
                "byte 3: a record may have 600 bytes, this one has more",
            ),
            (
                &long.replace("<r>", "< "),
                "byte 3: expected well-formed XML: expected the name of an element, found none",
            ),
            (
                &long.replace("<r>", "&"),
                "byte 3: expected well-formed XML: ill-formed document: entity or character reference not closed",
            ),
            (
                &long,
                "byte 3: a record may have 600 bytes, this one has more",
            ),
            (
                &format!("<l><!--{}", &long),
                "byte 3: a record may have 600 bytes, this one has more",
            ),
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
                "a name may have 128 bytes, this one has more",
            ),
        ] {
            let said = failure(text);
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
