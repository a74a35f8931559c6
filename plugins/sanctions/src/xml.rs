//! Records of XML as elements that fields are taken from: what is left in the end is what no field was
//! for, so nothing of a list is lost.

use crate::entity::{Attribute, Entity, Ids, Record, shortened};
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
    pub(crate) text: Cow<'a, str>,
    pub(crate) children: Vec<Self>,
    /// Where it begins in the file.
    pub(crate) byte: u64,
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

    /// Reads the record that was just opened at a byte; `id` is the field with its id. The outer error
    /// says that the file is broken, a bad record that only this one is.
    pub(crate) fn record(
        &mut self,
        byte: u64,
        id: &str,
        entity: impl FnOnce(Element<'_>) -> Result<Entity>,
    ) -> Result<Record> {
        let number = self.ids.count().map_err(|error| error.at_byte(byte))?;
        let element = self.xml.element();
        let element = element.map_err(|error| error.at_record(number))?;
        let entity = entity(Element::from(element));
        Ok(match entity.and_then(|entity| self.ids.once(entity, id)) {
            Ok(entity) => Record::Entity(Box::new(entity)),
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
        let attributes = element.attributes().map(|(name, value)| Self {
            name: Cow::Owned(format!("@{name}")),
            text: Cow::Borrowed(value),
            children: Vec::new(),
            byte: element.byte(),
        });
        Self {
            name: Cow::Borrowed(element.name()),
            text: element.text(),
            children: attributes
                .chain(element.children().map(Self::from))
                .collect(),
            byte: element.byte(),
        }
    }
}

impl<'a> Element<'a> {
    /// The same, apart from the reader that it came from.
    pub(crate) fn into_owned(self) -> Element<'static> {
        Element {
            name: Cow::Owned(self.name.into_owned()),
            text: Cow::Owned(self.text.into_owned()),
            children: self.children.into_iter().map(Self::into_owned).collect(),
            byte: self.byte,
        }
    }

    /// Takes the text of the first child with that name that has any: one line, no white space
    /// around it. The rest of the child stays.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<String> {
        let text = self.taken(name)?;
        Some(one_line(&text))
    }

    /// Like [`take_text`](Self::take_text), with the lines of the text as they are.
    pub(crate) fn take_raw(&mut self, name: &str) -> Option<String> {
        self.taken(name).map(|text| text.trim().to_owned())
    }

    fn taken(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let mut named = self.children.iter_mut().filter(|child| child.name == name);
        let child = named.find(|child| !child.text.trim().is_empty())?;
        Some(std::mem::take(&mut child.text))
    }

    /// Takes the id of a record.
    pub(crate) fn take_id(&mut self, field: &str, bytes_max: usize) -> Result<String> {
        let byte = self.byte_of(field);
        let found = match self.take_text(field) {
            Some(id) if id.len() <= bytes_max => return Ok(id),
            Some(id) => format!("{} bytes", id.len()),
            None => "nothing".to_owned(),
        };
        let message = format!("expected an id of at most {bytes_max} bytes, found {found}");
        Err(Error::invalid_data(message).in_field(field).at_byte(byte))
    }

    /// Puts back a text that was taken, so that it becomes an attribute.
    pub(crate) fn put_back(&mut self, name: &str, text: String) {
        self.children.push(Self {
            name: Cow::Owned(name.to_owned()),
            text: Cow::Owned(text),
            ..Self::default()
        });
    }

    /// Takes every child with that name.
    pub(crate) fn take_all(&mut self, name: &str) -> Vec<Self> {
        self.children
            .extract_if(.., |child| child.name == name)
            .collect()
    }

    /// Takes every element with the name `part` from the children with the name `list`.
    pub(crate) fn take_parts(&mut self, list: &str, part: &str) -> Vec<Self> {
        let lists = self.children.iter_mut().filter(|child| child.name == list);
        lists.flat_map(|child| child.take_all(part)).collect()
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

    /// What nothing took, as attributes of the record that this is: so nothing in a file is lost.
    pub(crate) fn leftover(&self) -> Vec<Attribute> {
        let own = Some(one_line(&self.text)).filter(|text| !text.is_empty());
        let own = own.map(|text| (self.name.to_string(), text));
        let all = self.rest().into_iter().chain(own);
        all.map(|(field, value)| Attribute { field, value })
            .collect()
    }

    /// What nothing took, as pieces of the note of the part that this is.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let own = Some(one_line(&self.text)).filter(|text| !text.is_empty());
        let rest = self.rest().into_iter();
        let rest = rest.map(|(field, text)| format!("{field}: {text}"));
        own.into_iter().chain(rest).collect()
    }

    fn collect(&self, path: &str, found: &mut Vec<(String, String)>) {
        let path = if path.is_empty() {
            self.name.to_string()
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
    let text = text.trim();
    let mut last = 'x';
    let is_one_line = text.chars().all(|c| {
        let is_fine = !c.is_whitespace() || (c == ' ' && last != ' ');
        last = c;
        is_fine
    });
    if is_one_line {
        return text.to_owned();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
