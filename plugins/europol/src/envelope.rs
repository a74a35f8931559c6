//! What encloses records: messages, files, and whatever else stands around. It is walked step by step
//! and never held; what is kept of it are the marks and identifiers that hold for the records to come.
//!
//! A value counts for the element that it stands in, and for those further out, as long as there are no
//! records in between and the message does not end: `Message/Header/HandlingCode` is the message's. A
//! mark that comes behind the records it is for is refused, since they are out without it.

use crate::codes::{Inherited, Marks, is_handling_code, start};
use crate::mapping::Mark;
use crate::path::{Matcher, OWN_TEXT};
use crate::plan::Plan;
use sextant_plugin_sdk::xml::Element;
use sextant_plugin_sdk::{Error, Result};
use std::collections::BTreeMap;

/// How much is kept of a value. No code or identifier is as long.
const VALUE_CHARS_MAX: usize = 1_024;
/// How many texts of a mark may hold for an element.
const MARKS_MAX: usize = 64;
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
}

/// Handling codes at places that are not known for them.
#[derive(Debug, Default)]
pub(crate) struct Hidden {
    pub(crate) count: u64,
    pub(crate) first: String,
}

impl Hidden {
    /// Looks at a value that is for no mark.
    pub(crate) fn look(&mut self, path: &str, text: &str) {
        if is_handling_code(text) {
            if self.count == 0 {
                path.clone_into(&mut self.first);
            }
            self.count += 1;
        }
    }
}

#[derive(Debug, Default)]
struct Level {
    name: String,
    is_message: bool,
    has_records: bool,
    /// The text directly in it.
    text: String,
    marks: Marks,
    /// The message's identifier, and the rank of its path.
    id: Option<(usize, String)>,
    /// What was found in it for levels further out.
    pending: Vec<Found>,
}

/// A value for a level.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    level: usize,
    column: usize,
    rank: usize,
    text: String,
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
        }
    }

    /// An element that is no record begins.
    pub(crate) fn open(&mut self, element: Element<'_>, is_message: bool) -> Result<()> {
        self.elements += 1;
        self.matcher.trim();
        self.levels.push(Level {
            name: element.name().to_owned(),
            is_message,
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
            let left = VALUE_CHARS_MAX.saturating_sub(level.text.chars().count());
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
        let Some(mut level) = self.levels.pop() else {
            return Ok(());
        };
        let outside = self.levels.len().checked_sub(1);
        for found in std::mem::take(&mut level.pending) {
            if level.has_records {
                if !level.holds(&found) {
                    return Err(late(&level.name, found.column, &found.text));
                }
            } else if Some(found.level) == outside {
                self.take(found)?;
            } else if let Some(outer) = self.levels.last_mut() {
                outer.keep(found)?;
            }
        }
        Ok(())
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

    /// A value of the innermost element: of an attribute, or its text.
    fn value(&mut self, tail: &str, text: &str) -> Result<()> {
        let text = start(text, VALUE_CHARS_MAX);
        let innermost = self.levels.len() - 1;
        let mut path = tail.to_owned();
        let mut is_read = false;
        for level in (0..=innermost).rev() {
            let number = self.matcher.number(&path);
            for fit in self.matcher.at(number).fits.clone() {
                let is_id = fit.column == Plan::MESSAGE_ID;
                if is_id && !self.levels[level].takes_id(fit.rank, text) {
                    continue;
                }
                is_read = true;
                let found = Found {
                    level,
                    column: fit.column,
                    rank: fit.rank,
                    text: text.to_owned(),
                };
                // An identifier is the message's alone, so records in between do not matter.
                match level == innermost || is_id {
                    true => self.take(found)?,
                    false => self.levels[innermost].keep(found)?,
                }
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
        if !is_read {
            self.pass_over(path, text);
        }
        Ok(())
    }

    /// Takes a value for its level.
    fn take(&mut self, found: Found) -> Result<()> {
        let level = &mut self.levels[found.level];
        if level.holds(&found) {
            return Ok(());
        }
        if level.has_records {
            return Err(late(&level.name, found.column, &found.text));
        }
        match Mark::ALL.get(found.column) {
            Some(&mark) if level.marks.of(mark).len() < MARKS_MAX => {
                level.marks.add(mark, &found.text);
            }
            Some(mark) => {
                let message = format!("expected at most {MARKS_MAX} of them, found more");
                return Err(Error::invalid_data(message).in_field(mark.name()));
            }
            None => {
                if let Some((_, before)) = level.id.replace((found.rank, found.text)) {
                    self.pass_over("message_id".to_owned(), &before);
                }
            }
        }
        Ok(())
    }

    fn pass_over(&mut self, path: String, text: &str) {
        self.hidden.look(&path, text);
        if self.unread.len() < UNREAD_MAX || self.unread.contains_key(&path) {
            *self.unread.entry(path).or_default() += 1;
        } else {
            self.unread_more += 1;
        }
    }
}

impl Level {
    /// Whether it is a message, and an identifier from a path of a rank is its own.
    fn takes_id(&self, rank: usize, text: &str) -> bool {
        let is_better = |(known_rank, known): &(usize, String)| rank < *known_rank || known == text;
        self.is_message && self.id.as_ref().is_none_or(is_better)
    }

    /// Whether a value changes nothing.
    fn holds(&self, found: &Found) -> bool {
        match Mark::ALL.get(found.column) {
            Some(&mark) => self.marks.has(mark, &found.text),
            None => self
                .id
                .as_ref()
                .is_some_and(|(rank, _)| *rank <= found.rank),
        }
    }

    /// Keeps a value for a level further out.
    fn keep(&mut self, found: Found) -> Result<()> {
        if self.pending.contains(&found) {
            return Ok(());
        }
        if self.pending.len() == MARKS_MAX * Mark::ALL.len() {
            let message = format!(
                "expected fewer handling codes and evaluations in {:?}",
                self.name
            );
            return Err(Error::invalid_data(message));
        }
        self.pending.push(found);
        Ok(())
    }
}

/// A mark or an identifier comes behind records that it should hold for.
fn late(name: &str, column: usize, text: &str) -> Error {
    let field = Mark::ALL
        .get(column)
        .map_or("message_id", |mark| mark.name());
    let text = start(text, 60);
    let message = format!("expected it before the records in {name:?}, found {text:?} behind one");
    Error::invalid_data(message).in_field(field)
}
