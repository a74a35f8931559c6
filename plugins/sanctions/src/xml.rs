//! Records of XML as elements that fields are taken from: what is left in the end is what no field was
//! for, so nothing of a list is lost.

use crate::entity::{Ids, Joined, shortened};
use crate::rows::{Record, TableRows};
use crate::tables::ListTable;
use sextant_plugin_sdk::xml::{self, Step, XmlReader};
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::borrow::Cow;

/// Of how many things that are not read a warning is given.
const UNREAD_MAX: usize = 16;

/// An element with all that is in it. An attribute is a child whose name begins with `@`.
#[derive(Debug, Default)]
pub(crate) struct Element<'a> {
    /// The name without a namespace prefix.
    pub(crate) name: Cow<'a, str>,
    /// The text directly in it, all pieces together.
    text: Cow<'a, str>,
    /// What is in it, once that was asked for.
    children: Vec<Self>,
    is_open: bool,
    /// Where it is in the record; none for what was put back.
    place: Place<'a>,
}

/// A place in a file. Which byte that is takes some time to say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place<'a>(Option<xml::Element<'a>>);

impl Place<'_> {
    /// Where it is in the file.
    pub(crate) fn byte(self) -> u64 {
        self.0.map_or(0, |element| element.byte())
    }
}

/// A list in XML.
#[derive(Debug)]
pub(crate) struct ListFile {
    pub(crate) xml: XmlReader,
    pub(crate) ids: Ids,
    unread: usize,
}

impl ListFile {
    /// Begins to read.
    pub(crate) fn new(input: InputReader) -> Result<Self> {
        Ok(Self {
            xml: XmlReader::new(input)?,
            ids: Ids::default(),
            unread: 0,
        })
    }

    /// Reads the record that was just opened at a byte; `field` is the one with its id, which `tell`
    /// gives. The outer error says that the file is broken, a bad record that only this one is.
    pub(crate) fn record(
        &mut self,
        byte: u64,
        field: &str,
        tell: impl FnOnce(Element<'_>) -> Result<Cow<'_, str>>,
    ) -> Result<Record> {
        let number = self.ids.count().map_err(|error| error.at_byte(byte))?;
        let element = self.xml.element();
        let element = element.map_err(|error| error.at_record(number))?;
        let id = tell(Element::from(element));
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

impl<'a> From<xml::Element<'a>> for Element<'a> {
    fn from(element: xml::Element<'a>) -> Self {
        Self {
            name: Cow::Borrowed(element.name()),
            text: element.text(),
            children: Vec::new(),
            is_open: false,
            place: Place(Some(element)),
        }
    }
}

impl<'a> Element<'a> {
    /// One that has a text alone.
    pub(crate) fn of_text(name: &'a str, text: Cow<'a, str>) -> Self {
        Self {
            name: Cow::Borrowed(name),
            text,
            ..Self::default()
        }
    }

    /// The same, apart from the reader that it came from.
    pub(crate) fn into_owned(mut self) -> Element<'static> {
        let children = std::mem::take(self.children()).into_iter();
        Element {
            name: Cow::Owned(self.name.into_owned()),
            text: Cow::Owned(self.text.into_owned()),
            children: children.map(Element::into_owned).collect(),
            is_open: true,
            place: Place(None),
        }
    }

    /// What is in it. Most of a record is never asked for, so it is read here.
    fn children(&mut self) -> &mut Vec<Self> {
        let place = self.place;
        if let (false, Some(element)) = (self.is_open, place.0) {
            let attributes = element.attributes().map(|(name, value)| Self {
                name: Cow::Owned(format!("@{name}")),
                text: Cow::Borrowed(value),
                children: Vec::new(),
                is_open: true,
                place,
            });
            let count = element.attributes().count() + element.children().count();
            self.children.reserve_exact(count);
            self.children.extend(attributes);
            self.children.extend(element.children().map(Self::from));
        }
        self.is_open = true;
        &mut self.children
    }

    /// The children with that name.
    pub(crate) fn named(&mut self, name: &str) -> impl Iterator<Item = &mut Self> {
        let children = self.children().iter_mut();
        children.filter(move |child| child.name == name)
    }

    /// Takes the text of the first child with that name that has any: one line, no white space
    /// around it. The rest of the child stays.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<Cow<'a, str>> {
        self.take_raw(name).map(in_one_line)
    }

    /// Like [`take_text`](Self::take_text), with the lines of the text as they are.
    pub(crate) fn take_raw(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let child = self.named(name).find(|child| !child.is_blank())?;
        Some(std::mem::take(&mut child.text))
    }

    /// Takes the text of the element itself.
    pub(crate) fn take_own(&mut self) -> Cow<'a, str> {
        in_one_line(std::mem::take(&mut self.text))
    }

    /// Takes the id of a record.
    pub(crate) fn take_id(&mut self, field: &str, bytes_max: usize) -> Result<Cow<'a, str>> {
        let place = self.place_of(field);
        let found = match self.take_text(field) {
            Some(id) if id.len() <= bytes_max => return Ok(id),
            Some(id) => format!("{} bytes", id.len()),
            None => "nothing".to_owned(),
        };
        let message = format!("expected an id of at most {bytes_max} bytes, found {found}");
        Err(Error::invalid_data(message)
            .in_field(field)
            .at_byte(place.byte()))
    }

    /// Puts back something that was taken, so that it becomes an attribute.
    pub(crate) fn put_back(&mut self, child: Self) {
        self.children().push(child);
    }

    /// Takes every child with that name.
    pub(crate) fn take_all(&mut self, name: &str) -> Vec<Self> {
        self.children()
            .extract_if(.., |child| child.name == name)
            .collect()
    }

    /// Takes every element with the name `part` from the children with the name `list`.
    pub(crate) fn take_parts(&mut self, list: &str, part: &str) -> Vec<Self> {
        let lists = self.named(list);
        lists.flat_map(|child| child.take_all(part)).collect()
    }

    /// Where the child begins from which [`take_text`](Self::take_text) would take; the element
    /// itself where there is none.
    pub(crate) fn place_of(&mut self, name: &str) -> Place<'a> {
        let own = self.place;
        let child = self.named(name).find(|child| !child.is_blank());
        child.map_or(own, |child| child.place)
    }

    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Whether there is no text in it anywhere.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_blank()
            && match self.place.0.filter(|_| !self.is_open) {
                None => self.children.iter().all(Self::is_empty),
                Some(element) => {
                    let mut values = element.attributes().map(|(_, value)| value.trim());
                    values.all(str::is_empty) && element.children().all(|child| child.is_empty())
                }
            }
    }

    /// Shows every text that is still in its children, with the path to it, such as `A/B` or `A/@b`.
    pub(crate) fn rest(&mut self, mut show: impl FnMut(&str, &str)) {
        let mut path = String::new();
        for child in self.children() {
            child.show(&mut path, &mut show);
        }
    }

    fn show(&mut self, path: &mut String, show: &mut impl FnMut(&str, &str)) {
        if self.is_empty() {
            return;
        }
        let outside = path.len();
        if outside > 0 {
            path.push('/');
        }
        path.push_str(&self.name);
        if !self.is_blank() {
            show(path.as_str(), &one_line(&self.text));
        }
        for child in self.children() {
            child.show(path, show);
        }
        path.truncate(outside);
    }

    /// What nothing took, as attributes of the record that this is: so nothing in a file is lost.
    pub(crate) fn leftover(&mut self, id: &str, rows: &mut TableRows) {
        if rows.wants(ListTable::Attributes) {
            self.rest(|field, value| rows.attribute(id, field, value));
            if !self.is_blank() {
                rows.attribute(id, &self.name, &one_line(&self.text));
            }
        }
    }

    /// The first thing that nothing took, for whoever is told that it is not read.
    pub(crate) fn first_remark(&mut self) -> Option<String> {
        let mut first = None;
        if !self.is_blank() {
            first = Some(one_line(&self.text).into_owned());
        }
        self.rest(|field, text| {
            first.get_or_insert_with(|| format!("{field}: {text}"));
        });
        first
    }

    /// What nothing took, as pieces of the note of the part that this is.
    pub(crate) fn remarks(&mut self, note: &mut Joined) {
        if !self.is_blank() {
            note.add(&one_line(&self.text));
        }
        self.rest(|field, text| note.add_field(field, text));
    }
}

/// A text that was taken, in one line.
fn in_one_line(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => one_line(text),
        Cow::Owned(text) => Cow::Owned(one_line(&text).into_owned()),
    }
}

/// The text in one line: lists break lines inside of values, and indent them.
fn one_line(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let mut last = 'x';
    let is_one_line = text.chars().all(|c| {
        let is_fine = !c.is_whitespace() || (c == ' ' && last != ' ');
        last = c;
        is_fine
    });
    if is_one_line {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
}
