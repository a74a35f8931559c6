//! Records of XML as elements that fields are taken from: what is left in the end is what no field was
//! for, so nothing of a list is lost.
//!
//! What is taken stays where it is, and is marked: nothing is made for an element, or for what is in it.

use crate::entity::{Ids, Joined, joined, shortened};
use crate::rows::{Record, TableRows};
use crate::tables::ListTable;
use sextant_plugin_sdk::xml::{self, RECORD_NODES_MAX, Step, XmlReader};
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Deref;

/// Of how many things that are not read a warning is given.
const UNREAD_MAX: usize = 16;

/// An element of a record, with all that is in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    element: xml::Element<'a>,
    taken: &'a Taken,
}

/// A text that was taken from an element.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    text: Cow<'a, str>,
    from: Element<'a>,
}

/// What was taken of the record at hand, by the places of its elements among its nodes.
#[derive(Debug)]
struct Taken {
    /// For as many nodes as a record may have.
    marks: Vec<Cell<Mark>>,
    /// Behind the last one that was set.
    end: Cell<usize>,
}

/// What was taken of an element.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// The text directly in it.
    text: bool,
    /// All of it, as far as the element is concerned that it is in.
    whole: bool,
}

/// A list in XML.
#[derive(Debug)]
pub(crate) struct ListFile {
    pub(crate) xml: XmlReader,
    taken: Taken,
    pub(crate) ids: Ids,
    unread: usize,
}

impl ListFile {
    /// Begins to read.
    pub(crate) fn new(input: InputReader) -> Result<Self> {
        Ok(Self {
            xml: XmlReader::new(input)?.record_nodes_max(RECORD_NODES_MAX),
            taken: Taken::default(),
            ids: Ids::default(),
            unread: 0,
        })
    }

    /// Reads the element that was just opened.
    pub(crate) fn element(&mut self) -> Result<Element<'_>> {
        Ok(self.taken.begin(self.xml.element()?))
    }

    /// Reads the record that was just opened at a byte; `field` is the one with its id, which `tell`
    /// gives. The outer error says that the file is broken, a bad record that only this one is.
    pub(crate) fn record(
        &mut self,
        byte: u64,
        field: &str,
        tell: impl FnOnce(Element<'_>) -> Result<Text<'_>>,
    ) -> Result<Record> {
        let number = self.ids.count().map_err(|error| error.at_byte(byte))?;
        let element = self.xml.element();
        let element = element.map_err(|error| error.at_record(number))?;
        let id = tell(self.taken.begin(element));
        Ok(match id.and_then(|id| self.ids.once(&id, field)) {
            Ok(()) => Record::Read,
            Err(error) => Record::Bad(error.at_record(number).at_byte(byte)),
        })
    }

    /// Says of the first things that are not read what they are, and where.
    pub(crate) fn unread(&mut self, place: &str, what: &str) -> Option<Record> {
        self.unread += 1;
        let warning = format!("{place} has {what}, which is not read");
        (self.unread <= UNREAD_MAX).then_some(Record::Unread(warning))
    }

    /// An error where the reader stands.
    pub(crate) fn wrong(&self, message: &str) -> Error {
        Error::invalid_data(message).at_byte(self.xml.byte())
    }
}

/// A step, as errors show it.
pub(crate) fn shown(step: &Step<'_>) -> String {
    match step {
        Step::Open(element) => format!("<{}>", element.name()),
        Step::Text(text) => format!("{:?}", shortened(text)),
        Step::Close | Step::End => "the end of the file".to_owned(),
    }
}

impl Default for Taken {
    fn default() -> Self {
        Self {
            marks: vec![Cell::default(); RECORD_NODES_MAX],
            end: Cell::default(),
        }
    }
}

impl Taken {
    /// An element that was just read, of which nothing is taken yet.
    fn begin<'a>(&'a mut self, element: xml::Element<'a>) -> Element<'a> {
        let end = self.end.take();
        self.marks[..end].fill_with(Cell::default);
        Element {
            element,
            taken: self,
        }
    }
}

impl<'a> Text<'a> {
    /// The name of the element that it was in.
    pub(crate) fn name(&self) -> &'a str {
        self.from.name()
    }

    /// Where that element begins in the file.
    pub(crate) fn byte(&self) -> u64 {
        self.from.byte()
    }

    /// Puts it back, so that it becomes an attribute.
    pub(crate) fn put_back(self) {
        self.from.mark_text(false);
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl<'a> Element<'a> {
    /// The name without a namespace prefix.
    pub(crate) fn name(self) -> &'a str {
        self.element.name()
    }

    /// Where it begins in the file.
    pub(crate) fn byte(self) -> u64 {
        self.element.byte()
    }

    /// Whether there was no text in it anywhere, taken or not.
    pub(crate) fn is_empty(self) -> bool {
        self.element.is_empty()
    }

    /// The elements in it.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> {
        let taken = self.taken;
        let children = self.element.children();
        children.map(move |element| Self { element, taken })
    }

    /// The elements in it with that name.
    pub(crate) fn named(self, name: &str) -> impl Iterator<Item = Self> {
        let children = self.children();
        children.filter(move |child| xml::is_same(child.name(), name))
    }

    /// Takes the text of the element itself, if there is any: one line, no white space around it.
    pub(crate) fn take(self) -> Option<Text<'a>> {
        self.left().map(|text| self.give(text))
    }

    /// Takes the text of the first child with that name that has any. The rest of the child stays.
    pub(crate) fn take_text(self, name: &str) -> Option<Text<'a>> {
        self.named(name).find_map(Self::take)
    }

    /// Like [`take_text`](Self::take_text) for each of the names, with one look at the children.
    pub(crate) fn take_texts<const N: usize>(self, names: [&str; N]) -> [Option<Text<'a>>; N] {
        let mut texts = names.map(|_| None);
        for child in self.children() {
            let child_name = child.name();
            let known = names.iter().position(|name| xml::is_same(name, child_name));
            if let Some(at) = known
                && texts[at].is_none()
            {
                texts[at] = child.take();
            }
        }
        texts
    }

    /// Like [`take_text`](Self::take_text), with the lines of the text as they are.
    pub(crate) fn take_raw(self, name: &str) -> Option<Text<'a>> {
        self.named(name)
            .find_map(|child| child.left_raw().map(|text| child.give(text)))
    }

    /// Takes the id of a record.
    pub(crate) fn take_id(self, field: &str, bytes_max: usize) -> Result<Text<'a>> {
        let (found, byte) = match self.take_text(field) {
            Some(id) if id.len() <= bytes_max => return Ok(id),
            Some(id) => (format!("{} bytes", id.len()), id.byte()),
            None => ("nothing".to_owned(), self.byte()),
        };
        let message = format!("expected an id of at most {bytes_max} bytes, found {found}");
        Err(Error::invalid_data(message).in_field(field).at_byte(byte))
    }

    /// Takes it as a whole from the element that it is in. What is in it can still be taken.
    pub(crate) fn take_whole(self) {
        self.set_mark(Mark {
            whole: true,
            ..self.mark()
        });
    }

    /// Takes every element with the name `part` from the children with the name `list`.
    pub(crate) fn take_parts(self, list: &str, part: &str) -> impl Iterator<Item = Self> {
        let parts = self.named(list).flat_map(move |child| child.named(part));
        parts.inspect(|part| part.take_whole())
    }

    /// Shows every text that is still in what it has, with the path to it, such as `A/B` or `A/@b`, behind
    /// a path that may be given.
    pub(crate) fn rest(self, path: &str, mut show: impl FnMut(&str, &str)) {
        self.show_inside(&mut path.to_owned(), &mut show);
    }

    fn show_inside(self, path: &mut String, show: &mut impl FnMut(&str, &str)) {
        for (name, value) in attributes(self.element) {
            let outside = enter(path, "@", name);
            show(path.as_str(), &value);
            path.truncate(outside);
        }
        for child in self.children().filter(|child| !child.mark().whole) {
            child.show(path, show);
        }
    }

    fn show(self, path: &mut String, show: &mut impl FnMut(&str, &str)) {
        let text = self.left();
        // Most elements had a text and nothing else, and it was taken.
        if text.is_none() && self.element.only_text().is_some() {
            return;
        }
        let outside = enter(path, "", self.name());
        if let Some(text) = text {
            show(path.as_str(), &text);
        }
        self.show_inside(path, show);
        path.truncate(outside);
    }

    /// What nothing took, as attributes of the record that this is: so nothing in a file is lost.
    pub(crate) fn leftover(self, id: &str, rows: &mut TableRows) {
        if rows.wants(ListTable::Attributes) {
            self.rest("", |field, value| rows.attribute(id, field, value));
            if let Some(text) = self.left() {
                rows.attribute(id, self.name(), &text);
            }
        }
    }

    /// The first thing that nothing took, for whoever is told that it is not read.
    pub(crate) fn first_remark(self) -> Option<String> {
        let mut first = self.left().map(Cow::into_owned);
        self.rest("", |field, text| {
            first.get_or_insert_with(|| format!("{field}: {text}"));
        });
        first
    }

    /// What nothing took, as pieces of the note of the part that this is.
    pub(crate) fn remarks(self, note: &mut Joined) {
        if let Some(text) = self.left() {
            note.add(&text);
        }
        self.rest("", |field, text| note.add_field(field, text));
    }

    /// The text directly in it, if there is any and nothing took it, in one line.
    fn left(self) -> Option<Cow<'a, str>> {
        self.left_raw().map(in_one_line)
    }

    /// The same with its lines as they are.
    fn left_raw(self) -> Option<Cow<'a, str>> {
        if self.mark().text {
            return None;
        }
        let only = self.element.only_text().map(Cow::Borrowed);
        let text = only.unwrap_or_else(|| self.element.text());
        Some(text).filter(|text| !text.is_empty())
    }

    /// Gives its text, which is taken by that.
    fn give(self, text: Cow<'a, str>) -> Text<'a> {
        self.mark_text(true);
        Text { text, from: self }
    }

    fn mark_text(self, is_taken: bool) {
        self.set_mark(Mark {
            text: is_taken,
            ..self.mark()
        });
    }

    fn mark(self) -> Mark {
        self.taken.marks[self.element.index()].get()
    }

    fn set_mark(self, mark: Mark) {
        let Taken { marks, end } = self.taken;
        let at = self.element.index();
        marks[at].set(mark);
        end.set(end.get().max(at + 1));
    }
}

/// The texts that there are, such as the parts of a name, as one.
pub(crate) fn joined_texts<'t>(
    texts: &'t [Option<Text<'_>>],
    between: &str,
) -> Option<Cow<'t, str>> {
    joined(texts.iter().flatten().map(|text| &**text), between)
}

/// The attributes of an element that have a value, in one line.
pub(crate) fn attributes(element: xml::Element<'_>) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let attributes = element.attributes();
    let attributes = attributes.map(|(name, value)| (name, value.trim()));
    let attributes = attributes.filter(|(_, value)| !value.is_empty());
    attributes.map(|(name, value)| (name, one_line(value)))
}

/// Goes on with a path, by an element or, behind a mark, by an attribute; gives where it ended before.
fn enter(path: &mut String, mark: &str, name: &str) -> usize {
    let outside = path.len();
    if outside > 0 {
        path.push('/');
    }
    path.push_str(mark);
    path.push_str(name);
    outside
}

/// A text in one line.
fn in_one_line(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => one_line(text),
        Cow::Owned(text) => Cow::Owned(one_line(&text).into_owned()),
    }
}

/// The text, which has no white space around it, in one line: lists break lines inside of values, and
/// indent them.
fn one_line(text: &str) -> Cow<'_, str> {
    match is_plain_line(text) || is_line(text) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" ")),
    }
}

/// Whether a text is one line of ASCII, as most are: to look at bytes takes less time than at characters.
fn is_plain_line(text: &str) -> bool {
    let mut last = b'x';
    text.bytes().all(|byte| {
        let is_fine = byte.is_ascii_graphic() || (byte == b' ' && last != b' ');
        last = byte;
        is_fine
    })
}

fn is_line(text: &str) -> bool {
    let mut last = 'x';
    text.chars().all(|c| {
        let is_fine = !c.is_whitespace() || (c == ' ' && last != ' ');
        last = c;
        is_fine
    })
}
