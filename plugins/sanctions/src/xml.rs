//! Records of XML as elements that fields are taken from: what is left in the end is what no field was
//! for, so nothing of a list is lost.

use crate::entity::Attribute;
use sextant_plugin_sdk::xml::{self, XmlReader};
use sextant_plugin_sdk::{InputReader, Result};

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

/// A list in XML.
#[derive(Debug)]
pub(crate) struct ListReader(XmlReader);

impl ListReader {
    /// Begins to read.
    pub(crate) fn new(input: InputReader) -> Result<Self> {
        XmlReader::new(input).map(Self)
    }

    /// Where in the file the reader stands.
    pub(crate) fn byte(&self) -> u64 {
        self.0.byte()
    }

    /// Goes on to the next beginning or end of an element.
    pub(crate) fn step(&mut self) -> Result<Step> {
        Ok(match self.0.step()? {
            xml::Step::Open(element) => Step::Open(Element::from(element)),
            xml::Step::Close => Step::Close,
            xml::Step::Text(text) => Step::Text(text.to_owned()),
            xml::Step::End => Step::End,
        })
    }

    /// Reads what is in the element that was just opened, to its end.
    pub(crate) fn element(&mut self) -> Result<Element> {
        self.0.element().map(Element::from)
    }

    /// Reads over what is in the element that was just opened, to its end, and keeps nothing.
    pub(crate) fn skip(&mut self) -> Result<()> {
        self.0.skip()
    }
}

impl From<xml::Element<'_>> for Element {
    fn from(element: xml::Element<'_>) -> Self {
        let attributes = element.attributes().map(|(name, value)| Self {
            name: format!("@{name}"),
            text: value.to_owned(),
            children: Vec::new(),
            byte: element.byte(),
        });
        Self {
            name: element.name().to_owned(),
            text: element.text().into_owned(),
            children: attributes
                .chain(element.children().map(Self::from))
                .collect(),
            byte: element.byte(),
        }
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
        let own = own.map(|text| (self.name.clone(), text));
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
