//! An entry of a feed in whatever format, and the row that it becomes.

use crate::tables::ENTRY_COLUMNS;
use crate::time;
use sextant_plugin_sdk::{Cell, Error, Result, Rows};
use std::collections::HashSet;

/// What stands between several authors or categories.
const SEPARATOR: &str = "; ";

/// What a feed says of itself, as far as it has been read.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    pub(crate) title: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) language: Option<String>,
    /// Who wrote the entries that name nobody.
    pub(crate) authors: Vec<String>,
}

/// An entry.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) id: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) content: Option<String>,
    pub(crate) authors: Vec<String>,
    pub(crate) categories: Vec<String>,
    /// Microseconds since 1970-01-01 in UTC.
    pub(crate) published: Option<i64>,
    /// As `published`.
    pub(crate) updated: Option<i64>,
    pub(crate) language: Option<String>,
    pub(crate) enclosure_url: Option<String>,
    /// What no column is for, as a JSON object.
    pub(crate) other: Option<String>,
}

/// Where an entry is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    pub(crate) file: &'a str,
    pub(crate) number: u64,
    pub(crate) byte: u64,
}

impl At<'_> {
    /// An error of the entry.
    pub(crate) fn wrong(self, error: Error) -> Error {
        error.at_record(self.number).at_byte(self.byte)
    }
}

impl Entry {
    /// Pushes its row.
    pub(crate) fn push(&self, feed: &Feed, at: At<'_>, rows: &mut Rows) -> Result<()> {
        let authors = match self.authors.is_empty() {
            true => joined(&feed.authors),
            false => joined(&self.authors),
        };
        let categories = joined(&self.categories);
        let row: [Cell<'_>; ENTRY_COLUMNS] = [
            (&feed.title).into(),
            (&feed.url).into(),
            (&self.id).into(),
            (&self.url).into(),
            (&self.title).into(),
            (&self.summary).into(),
            (&self.content).into(),
            (&authors).into(),
            (&categories).into(),
            self.published.map_or(Cell::Null, Cell::Timestamp),
            self.updated.map_or(Cell::Null, Cell::Timestamp),
            self.language.as_deref().or(feed.language.as_deref()).into(),
            (&self.enclosure_url).into(),
            (&self.other).into(),
            Cell::Text(at.file),
            Cell::Int(at.number as i64),
        ];
        rows.push(&row).map_err(|error| at.wrong(error))
    }
}

/// Several texts as one, in which each is once.
fn joined(texts: &[String]) -> Option<String> {
    let mut seen = HashSet::new();
    let texts = texts.iter().map(String::as_str);
    let texts: Vec<_> = texts.filter(|text| seen.insert(*text)).collect();
    (!texts.is_empty()).then(|| texts.join(SEPARATOR))
}

/// Puts a text where there is none yet. False where there is another already, so that this one has to go
/// elsewhere; no text is nothing to put anywhere.
pub(crate) fn set(place: &mut Option<String>, text: Option<String>) -> bool {
    let Some(text) = text else {
        return true;
    };
    match place {
        Some(known) => *known == text,
        None => {
            *place = Some(text);
            true
        }
    }
}

/// Puts an instant where there is none yet. False where there is another already, or the text is no
/// instant, so that it has to go elsewhere; no text is nothing to put anywhere.
pub(crate) fn set_time(place: &mut Option<i64>, text: Option<String>) -> bool {
    let Some(text) = text else {
        return true;
    };
    match (time::instant(&text), *place) {
        (None, _) => false,
        (found, None) => {
            *place = found;
            true
        }
        (found, known) => found == known,
    }
}

/// Adds a text, of which there may be several.
pub(crate) fn add(texts: &mut Vec<String>, text: Option<String>) -> bool {
    texts.extend(text);
    true
}

/// A text without white space around it; none where there is nothing else.
pub(crate) fn trimmed(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
