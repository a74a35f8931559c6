//! What encloses records: messages, files, and whatever else stands around. It is walked step by step
//! and never held; what is kept of it are the marks and identifiers that hold for the records to come.
//!
//! A mark holds for the element that it stands in and what is in that. What stands in a header holds for
//! the element that the header is in: `Message/Header/HandlingCode` is the message's. A mark of a message
//! or header that comes behind the records it is for is refused, since they are out without it.

use crate::codes::{Inherited, Marks, is_handling_code, start};
use crate::mapping::Mark;
use crate::path::{Fit, Matcher, OWN_TEXT};
use crate::plan::Plan;
use sextant_plugin_sdk::xml::Element;
use sextant_plugin_sdk::{Error, Result};
use std::collections::BTreeMap;

/// How long a mark or an identifier may be.
const VALUE_CHARS_MAX: usize = 1_024;
/// How many texts of a mark may hold for an element.
const MARKS_MAX: usize = 64;
/// The column of the identifiers of messages.
const MESSAGE_ID: &str = "message_id";
/// How many paths are named of those that nothing is for.
const UNREAD_MAX: usize = 12;

/// The elements that are open, and are no records.
#[derive(Debug)]
pub(crate) struct Envelope {
    levels: Vec<Level>,
    matcher: Matcher,
    /// How many elements there were.
    pub(crate) elements: u64,
    /// Values that nothing is for, by their paths.
    pub(crate) unread: BTreeMap<String, u64>,
    /// How many more there were, at other paths.
    pub(crate) unread_more: u64,
    /// How many of them are handling codes, and where the first is.
    pub(crate) hidden: Hidden,
    /// Marks of other elements than messages and headers, behind records that are in them.
    pub(crate) late: u64,
}

/// Handling codes at places that are not known for them.
#[derive(Debug, Default)]
pub(crate) struct Hidden {
    pub(crate) count: u64,
    pub(crate) first: String,
}

impl Hidden {
    /// Looks at a value that is for no mark.
    pub(crate) fn look(&mut self, text: &str, path: impl FnOnce() -> String) {
        if is_handling_code(text) {
            if self.count == 0 {
                self.first = path();
            }
            self.count += 1;
        }
    }
}

#[derive(Debug, Default)]
struct Level {
    name: String,
    is_message: bool,
    is_header: bool,
    /// Whether it is one in which a mark stands, such as `Handling`: the mark is not that of itself.
    is_mark: bool,
    has_records: bool,
    /// The text directly in it.
    text: String,
    marks: Marks<'static>,
    /// The message's identifier, and the rank of its path.
    id: Option<(usize, String)>,
}

impl Envelope {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            levels: Vec::new(),
            matcher: plan.envelope().clone(),
            elements: 0,
            unread: BTreeMap::new(),
            unread_more: 0,
            hidden: Hidden::default(),
            late: 0,
        }
    }

    /// An element that is no record begins.
    pub(crate) fn open(&mut self, element: Element<'_>, plan: &Plan) -> Result<()> {
        self.elements += 1;
        self.matcher.trim();
        let number = self.matcher.number(element.name());
        let mut fits = self.matcher.at(number).fits.iter();
        let is_mark = fits.any(|fit| fit.column != Plan::MESSAGE_ID);
        self.levels.push(Level {
            name: element.name().to_owned(),
            is_message: plan.is_message(element.name()),
            is_header: plan.is_header(element.name()),
            is_mark,
            ..Level::default()
        });
        for (name, value) in element.attributes() {
            if !value.trim().is_empty() {
                self.value(&format!("@{name}"), value.trim())?;
            }
        }
        Ok(())
    }

    /// Text in the innermost element; it may come in pieces.
    pub(crate) fn text(&mut self, text: &str) {
        if let Some(level) = self.levels.last_mut() {
            // One more than a value may have, so that it is seen where there is more.
            let left = (VALUE_CHARS_MAX + 1).saturating_sub(level.text.chars().count());
            level.text.push_str(start(text, left));
        }
    }

    /// A record begins in the innermost element.
    pub(crate) fn record(&mut self) {
        for level in &mut self.levels {
            level.has_records = true;
        }
    }

    /// The innermost element ends.
    pub(crate) fn close(&mut self) -> Result<()> {
        let text = self
            .levels
            .last_mut()
            .map(|level| std::mem::take(&mut level.text));
        let text = text.unwrap_or_default();
        if !text.is_empty() {
            self.value(OWN_TEXT, &text)?;
        }
        if let Some(level) = self.levels.pop()
            && !level.has_records
            && !level.is_message
        {
            self.pass_over_marks(&level);
        }
        Ok(())
    }

    /// A reference to a record, which is none.
    pub(crate) fn reference(&mut self, name: &str) {
        self.elements += 1;
        let path = self.path_to(name);
        self.count_unread(path);
    }

    /// What holds for a record in the innermost element.
    pub(crate) fn inherited(&self) -> Inherited<'_> {
        let mut inherited = Inherited::default();
        for level in &self.levels {
            inherited = inherited.inside(&level.marks);
            if let Some((_, id)) = &level.id {
                inherited.message_id = Some(id.as_str());
            }
        }
        inherited
    }

    /// A value of the innermost element: of an attribute, or its text. A mark is that of the innermost
    /// element from which a path leads to it.
    fn value(&mut self, tail: &str, text: &str) -> Result<()> {
        let mut path = tail.to_owned();
        let mut is_taken = [false; Plan::MESSAGE_ID + 1];
        for level in (0..self.levels.len()).rev() {
            let number = self.matcher.number(&path);
            for Fit { column, rank } in self.matcher.at(number).fits.clone() {
                is_taken[column] = match Mark::ALL.get(column) {
                    _ if is_taken[column] => true,
                    Some(_) if self.levels[level].is_mark => false,
                    Some(&mark) => {
                        self.take_mark(level, mark, text)?;
                        true
                    }
                    None => self.take_id(level, rank, text)?,
                };
            }
            if self.levels[level].is_message {
                break;
            }
            let name = &self.levels[level].name;
            path = match path.as_str() {
                OWN_TEXT => name.clone(),
                inner => format!("{name}/{inner}"),
            };
        }
        if !is_taken.contains(&true) {
            self.pass_over(path, text);
        }
        Ok(())
    }

    /// Takes a mark of a level: for the level that its header is in, or else for the level itself.
    fn take_mark(&mut self, level: usize, mark: Mark, text: &str) -> Result<()> {
        let header = self.header(level);
        let must_be_first = header.is_some() || self.levels[level].is_message;
        let level = &mut self.levels[header.map_or(level, |header| header.saturating_sub(1))];
        if level.marks.has(mark, text) {
            return Ok(());
        }
        check_length(text, mark.name())?;
        if level.has_records && must_be_first {
            return Err(late(&level.name, mark.name(), text));
        }
        self.late += u64::from(level.has_records);
        if level.marks.of(mark).count() == MARKS_MAX {
            let message = format!("expected at most {MARKS_MAX} of them, found more");
            return Err(Error::invalid_data(message).in_field(mark.name()));
        }
        level.marks.add(mark, text.to_owned().into());
        Ok(())
    }

    /// Takes an identifier for a level, if that is a message and has no better one. One that stands
    /// behind records, and neither directly in the message nor in a header, is that of something else.
    fn take_id(&mut self, level: usize, rank: usize, text: &str) -> Result<bool> {
        let innermost = self.levels.len() - 1;
        let must_be_first = innermost - level <= 1 || self.header(innermost).is_some();
        let message = &mut self.levels[level];
        let known = message.id.as_ref();
        if known.is_some_and(|(_, known)| known == text) {
            return Ok(message.is_message);
        }
        let is_better = known.is_none_or(|(known, _)| rank < *known);
        if !message.is_message || !is_better || (message.has_records && !must_be_first) {
            return Ok(false);
        }
        check_length(text, MESSAGE_ID)?;
        if message.has_records {
            return Err(late(&message.name, MESSAGE_ID, text));
        }
        if let Some((_, before)) = message.id.replace((rank, text.to_owned())) {
            self.pass_over(MESSAGE_ID.to_owned(), &before);
        }
        Ok(true)
    }

    /// The outermost header around what is in a level, within its message.
    fn header(&self, level: usize) -> Option<usize> {
        let inside = (0..=level).rev();
        let inside = inside.take_while(|&level| !self.levels[level].is_message);
        inside.filter(|&level| self.levels[level].is_header).last()
    }

    fn pass_over(&mut self, path: String, text: &str) {
        self.hidden.look(text, || path.clone());
        self.count_unread(path);
    }

    /// The marks of an element in which there is no record hold for nothing.
    fn pass_over_marks(&mut self, level: &Level) {
        for mark in Mark::ALL {
            for _ in level.marks.of(mark) {
                let path = self.path_to(&level.name);
                self.count_unread(format!("{path}/{}", mark.name()));
            }
        }
    }

    /// The path to an element in the innermost one, from its message.
    fn path_to(&self, name: &str) -> String {
        let outer = self.levels.iter().rev();
        let outer = outer.take_while(|level| !level.is_message);
        outer.fold(name.to_owned(), |path, level| {
            format!("{}/{path}", level.name)
        })
    }

    fn count_unread(&mut self, path: String) {
        if self.unread.len() < UNREAD_MAX || self.unread.contains_key(&path) {
            *self.unread.entry(path).or_default() += 1;
        } else {
            self.unread_more += 1;
        }
    }
}

/// Refuses what is too long to be a mark or an identifier.
fn check_length(text: &str, field: &str) -> Result<()> {
    if text.chars().nth(VALUE_CHARS_MAX).is_none() {
        return Ok(());
    }
    let message = format!("expected at most {VALUE_CHARS_MAX} characters, found more");
    Err(Error::invalid_data(message).in_field(field))
}

/// A mark or an identifier comes behind records that it should hold for.
fn late(name: &str, field: &str, text: &str) -> Error {
    let text = start(text, 60);
    let message = format!("expected it before the records in {name:?}, found {text:?} behind one");
    Error::invalid_data(message).in_field(field)
}
