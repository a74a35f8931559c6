//! XML, one record at a time: a list is walked step by step, and a record is read as a small tree.
//!
//! Every list in XML stands on this. It knows no list. It refuses what is not well-formed and
//! whatever would need more memory than one record may have; it expands no entity but XML's own
//! five, reads no DTD, and takes any encoding that has ASCII in its place.

use quick_xml::Reader;
use quick_xml::encoding::{Decoder, EncodingError};
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::io::{self, BufRead, Read};

/// How many bytes of a file one record, or one piece of markup between records, may take.
pub(crate) const RECORD_BYTES_MAX: usize = 1024 * 1024;
/// How many elements and attributes one record may have.
pub(crate) const RECORD_ELEMENTS_MAX: usize = 10_000;
/// How many attributes one element may have.
const ATTRIBUTES_MAX: usize = 64;
/// How long the name of an element or attribute may be.
const NAME_BYTES_MAX: usize = 128;
/// How deep elements may be nested. With the length of a name this bounds the paths of
/// [`Element::rest`].
pub(crate) const DEPTH_MAX: usize = 16;

/// An element with all that is in it. An attribute is a child whose name begins with `@`.
#[derive(Debug, Default)]
pub(crate) struct Element {
    /// The name without a namespace prefix.
    pub(crate) name: String,
    /// The text directly in it, all pieces together.
    pub(crate) text: String,
    pub(crate) children: Vec<Self>,
    /// Where it begins in the file.
    pub(crate) byte: u64,
}

/// What comes next in a file, between records.
#[derive(Debug)]
pub(crate) enum Step {
    /// An element begins; it has its attributes and nothing else yet.
    Open(Element),
    /// The innermost open element ends.
    Close,
    /// Text that is more than white space.
    Text(String),
    /// The file ends, and every element was closed.
    End,
}

/// A file of XML.
#[derive(Debug)]
pub(crate) struct XmlReader {
    reader: Reader<Metered>,
    buffer: Vec<u8>,
    depth: usize,
    /// How many bytes of byte order mark come before what the parser sees.
    mark_bytes: u64,
}

impl XmlReader {
    /// Begins to read.
    pub(crate) fn new(mut input: InputReader) -> Result<Self> {
        let (start, mark_bytes) = byte_order_mark(&mut input)?;
        let metered = Metered {
            start: io::Cursor::new(start),
            input,
            left: RECORD_BYTES_MAX,
        };
        let mut reader = Reader::from_reader(metered);
        reader.config_mut().expand_empty_elements = true;
        Ok(Self {
            reader,
            buffer: Vec::new(),
            depth: 0,
            mark_bytes,
        })
    }

    /// Where in the file the reader stands.
    pub(crate) fn byte(&self) -> u64 {
        self.reader.buffer_position() + self.mark_bytes
    }

    /// Goes on to the next beginning or end of an element.
    pub(crate) fn step(&mut self) -> Result<Step> {
        loop {
            self.reader.get_mut().left = RECORD_BYTES_MAX;
            match self.token()? {
                Token::Open(element) => return Ok(Step::Open(element)),
                Token::Close => return Ok(Step::Close),
                Token::Text(text) if !text.trim().is_empty() => {
                    return Ok(Step::Text(text.trim().to_owned()));
                }
                Token::End => return Ok(Step::End),
                Token::Text(_) | Token::Nothing => {}
            }
        }
    }

    /// Reads what is in the element that was just opened, to its end.
    pub(crate) fn element(&mut self, opened: Element) -> Result<Element> {
        self.reader.get_mut().left = RECORD_BYTES_MAX;
        let mut count = opened.children.len();
        let mut open = vec![];
        let mut current = opened;
        loop {
            match self.token()? {
                Token::Open(element) => {
                    count += 1 + element.children.len();
                    if count > RECORD_ELEMENTS_MAX {
                        let message = format!(
                            "a record may have {RECORD_ELEMENTS_MAX} elements, this one has more"
                        );
                        return Err(Error::invalid_data(message).at_byte(element.byte));
                    }
                    open.push(std::mem::replace(&mut current, element));
                }
                Token::Close => match open.pop() {
                    Some(outer) => {
                        let inner = std::mem::replace(&mut current, outer);
                        current.children.push(inner);
                    }
                    None => return Ok(current),
                },
                Token::Text(text) => current.text.push_str(&text),
                Token::Nothing => {}
                Token::End => return Err(self.truncated()),
            }
        }
    }

    /// Reads over what is in the element that was just opened, to its end, and keeps nothing.
    pub(crate) fn skip(&mut self) -> Result<()> {
        let outside = self.depth - 1;
        while self.depth > outside {
            self.reader.get_mut().left = RECORD_BYTES_MAX;
            self.token()?;
        }
        Ok(())
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
        let token = match event {
            Event::Start(start) => open(&start, decoder, byte).map(Token::Open),
            Event::Empty(_) => Err(Error::internal("an empty element was not expanded")),
            Event::End(_) => Ok(Token::Close),
            Event::Text(text) => text
                .xml10_content()
                .map(|text| Token::Text(text.into_owned()))
                .map_err(malformed),
            Event::CData(text) => text
                .xml10_content()
                .map(|text| Token::Text(text.into_owned()))
                .map_err(malformed),
            Event::GeneralRef(reference) => {
                character(&reference).map(|text| Token::Text(text.to_string()))
            }
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
        match &token {
            Token::Open(_) if self.depth == DEPTH_MAX => {
                let message = format!("elements may be nested {DEPTH_MAX} deep, these are deeper");
                return Err(Error::invalid_data(message).at_byte(self.byte()));
            }
            Token::Open(_) => self.depth += 1,
            // The parser has refused an end without a beginning, so this does not wrap.
            Token::Close => self.depth = self.depth.saturating_sub(1),
            Token::End if self.depth > 0 => return Err(self.truncated()),
            Token::End | Token::Text(_) | Token::Nothing => {}
        }
        Ok(token)
    }

    fn truncated(&self) -> Error {
        let message = "expected more, found the end of the file: it is not complete";
        Error::invalid_data(message).at_byte(self.byte())
    }
}

/// One piece of a file.
enum Token {
    Open(Element),
    Close,
    Text(String),
    Nothing,
    End,
}

fn open(start: &BytesStart<'_>, decoder: Decoder, byte: u64) -> Result<Element> {
    let name = name(start.local_name().into_inner(), decoder)?;
    let mut children = Vec::new();
    for (i, attribute) in start.attributes().enumerate() {
        if i == ATTRIBUTES_MAX {
            let message =
                format!("an element may have {ATTRIBUTES_MAX} attributes, this one has more");
            return Err(Error::invalid_data(message));
        }
        let attribute = attribute.map_err(|error| not_well_formed(&error))?;
        let key = attribute.key.as_ref();
        // Declarations of namespaces and hints for schema validators say nothing of the record.
        if key.starts_with(b"xmlns") || key.starts_with(b"xsi:") {
            continue;
        }
        let name = format!(
            "@{}",
            self::name(attribute.key.local_name().into_inner(), decoder)?
        );
        let text = attribute
            .decode_and_unescape_value(decoder)
            .map_err(|error| not_well_formed(&error))?;
        children.push(Element {
            name,
            text: text.into_owned(),
            children: Vec::new(),
            byte,
        });
    }
    Ok(Element {
        name,
        text: String::new(),
        children,
        byte,
    })
}

fn name(bytes: &[u8], decoder: Decoder) -> Result<String> {
    if bytes.len() > NAME_BYTES_MAX {
        let message = format!(
            "a name may have {NAME_BYTES_MAX} bytes, this one has {}",
            bytes.len()
        );
        return Err(Error::invalid_data(message));
    }
    Ok(decoder.decode(bytes).map_err(malformed)?.into_owned())
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

fn not_well_formed(error: &dyn std::fmt::Display) -> Error {
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
    left: usize,
}

impl BufRead for Metered {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            let message = format!("a record may have {RECORD_BYTES_MAX} bytes, this one has more");
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

impl Element {
    /// Takes the text of the first child with that name that has any: one line, no white space
    /// around it. The rest of the child stays.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<String> {
        self.take_raw(name).map(|text| one_line(&text))
    }

    /// Like [`take_text`](Self::take_text), with the lines of the text as they are.
    pub(crate) fn take_raw(&mut self, name: &str) -> Option<String> {
        let mut named = self.children.iter_mut().filter(|child| child.name == name);
        let child = named.find(|child| !child.text.trim().is_empty())?;
        Some(std::mem::take(&mut child.text).trim().to_owned())
    }

    /// Takes every child with that name.
    pub(crate) fn take_all(&mut self, name: &str) -> Vec<Self> {
        self.children
            .extract_if(.., |child| child.name == name)
            .collect()
    }

    /// Where the child begins from which [`take_text`](Self::take_text) would take; the element
    /// itself where there is none.
    pub(crate) fn byte_of(&self, name: &str) -> u64 {
        let mut named = self.children.iter().filter(|child| child.name == name);
        named
            .find(|child| !child.text.trim().is_empty())
            .map_or(self.byte, |child| child.byte)
    }

    /// Whether there is no text in it anywhere.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.children.iter().all(Self::is_empty)
    }

    /// Every text that is still in its children, with the path to it, such as `A/B` or `A/@b`.
    pub(crate) fn rest(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        self.children
            .iter()
            .for_each(|child| child.collect("", &mut found));
        found
    }

    fn collect(&self, path: &str, found: &mut Vec<(String, String)>) {
        let path = if path.is_empty() {
            self.name.clone()
        } else {
            format!("{path}/{}", self.name)
        };
        if !self.text.trim().is_empty() {
            found.push((path.clone(), one_line(&self.text)));
        }
        self.children
            .iter()
            .for_each(|child| child.collect(&path, found));
    }
}

/// The text in one line: lists break lines inside of values, and indent them.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
