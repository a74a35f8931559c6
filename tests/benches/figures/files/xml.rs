//! XML, read event by event with quick-xml, in whatever encoding a file declares.

mod lists;
mod news;
mod places;
mod register;
mod umf;

use super::sink::Sink;
use super::{Case, SEED};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Decoder, Reader};
use sextant_tests::generate;
use std::path::Path;

const NATIVE: &str = "quick-xml, event by event";

/// One table, and for the register two.
pub(crate) const CASES: [Case; 6] = [
    register::COMPANIES,
    register::FOUNDERS,
    umf::PERSONS,
    lists::UN_NAMES,
    places::KML,
    news::RSS,
];

/// What is done with the elements of a format.
trait Format {
    /// Whether names are shown with their prefixes.
    const PREFIXES: bool = false;

    /// An element begins, the last one of the path.
    fn open(&mut self, path: &Names, tag: &Tag<'_>);

    /// It ends; its text is without white space around it.
    fn close(&mut self, path: &Names, text: &str, sink: &mut Sink);
}

/// The names of the elements that are open, from the outside in.
#[derive(Default)]
struct Names {
    all: String,
    starts: Vec<usize>,
}

impl Names {
    fn push(&mut self, name: &str) {
        self.starts.push(self.all.len());
        self.all.push_str(name);
    }

    fn pop(&mut self) {
        let start = self.starts.pop().expect("what ends was begun");
        self.all.truncate(start);
    }

    /// The name of the element that is open, and the names of those around it, from the inside out.
    fn up(&self, steps: usize) -> &str {
        let Some(at) = self.starts.len().checked_sub(steps + 1) else {
            return "";
        };
        let end = self.starts.get(at + 1).copied();
        &self.all[self.starts[at]..end.unwrap_or(self.all.len())]
    }

    /// The name of the element around the one that is open, and its own.
    fn last(&self) -> (&str, &str) {
        (self.up(1), self.up(0))
    }
}

/// The tag that an element begins with.
struct Tag<'a> {
    start: &'a BytesStart<'a>,
    decoder: Decoder,
}

impl Tag<'_> {
    fn attribute(&self, name: &str) -> Option<String> {
        let found = self.start.try_get_attribute(name);
        let found = found.expect("attributes are well-formed")?;
        let value = found.decode_and_unescape_value(self.decoder);
        Some(value.expect("it is text").into_owned())
    }
}

/// Reads a file from its beginning to its end.
fn read<F: Format>(path: &Path, format: &mut F, sink: &mut Sink) {
    sink.begin(path);
    let mut reader = Reader::from_file(path).expect("it is there");
    let (mut buffer, mut text, mut names) = (Vec::new(), String::new(), Names::default());
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer);
        let decoder = reader.decoder();
        match event.expect("it is well-formed") {
            Event::Start(start) => {
                text.clear();
                open(&start, decoder, &mut names, format);
            }
            Event::Empty(start) => {
                open(&start, decoder, &mut names, format);
                format.close(&names, "", sink);
                names.pop();
            }
            Event::End(_) => {
                format.close(&names, text.trim(), sink);
                text.clear();
                names.pop();
            }
            Event::Text(piece) => text.push_str(&piece.decode().expect("it is text")),
            Event::CData(piece) => text.push_str(&piece.decode().expect("it is text")),
            Event::GeneralRef(reference) => resolve(&reference, &mut text),
            Event::Eof => return,
            _ => {}
        }
    }
}

fn open<F: Format>(start: &BytesStart<'_>, decoder: Decoder, names: &mut Names, format: &mut F) {
    let (whole, local) = (start.name(), start.local_name());
    let name = if F::PREFIXES {
        whole.as_ref()
    } else {
        local.as_ref()
    };
    names.push(std::str::from_utf8(name).expect("names are in ASCII"));
    format.open(names, &Tag { start, decoder });
}

fn resolve(reference: &BytesRef<'_>, text: &mut String) {
    match reference.resolve_char_ref().expect("it is a character") {
        Some(character) => text.push(character),
        None => {
            let name = reference.decode().expect("it is text");
            text.push_str(resolve_predefined_entity(&name).expect("it is one of XML's five"));
        }
    }
}

/// The texts of a row, by their columns.
struct Row(Vec<String>);

impl Row {
    fn new(sink: &Sink) -> Self {
        Self(vec![String::new(); sink.width()])
    }

    /// Sets a text where there is none.
    fn set(&mut self, at: usize, text: &str) {
        if self.0[at].is_empty() {
            self.0[at].push_str(text);
        }
    }

    /// Adds a text behind those that there are.
    fn add(&mut self, at: usize, text: &str) {
        if !self.0[at].is_empty() && !text.is_empty() {
            self.0[at].push_str("; ");
        }
        self.0[at].push_str(text);
    }

    /// Puts the texts into the row, and forgets them.
    fn push(&mut self, sink: &mut Sink) {
        for (at, text) in self.0.iter_mut().enumerate() {
            sink.parse(at, text);
            text.clear();
        }
    }
}

/// What no column is for, as a JSON object.
#[derive(Default)]
struct Other(serde_json::Map<String, serde_json::Value>);

impl Other {
    fn add(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.0.insert(name.to_owned(), text.into());
        }
    }

    /// Puts the object into its column, and forgets what is in it.
    fn push(&mut self, at: usize, row: &mut Row) {
        if !self.0.is_empty() {
            let members = std::mem::take(&mut self.0);
            row.set(at, &serde_json::Value::Object(members).to_string());
        }
    }
}
