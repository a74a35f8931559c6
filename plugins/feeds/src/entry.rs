//! An entry of a feed in whatever format, and the row that it becomes.

use crate::tables::ENTRY_COLUMNS;
use crate::time;
use sextant_plugin_sdk::{Cell, Error, Result, Rows};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What stands between several authors or categories.
const SEPARATOR: &str = "; ";

/// What a feed says of itself, as far as it has been read.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    pub(crate) title: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) language: Option<String>,
    /// Who wrote the entries that name nobody.
    pub(crate) authors: Vec<Cow<'static, str>>,
}

/// An entry. Its texts are those of the record that was read, wherever they stand there as they are.
#[derive(Debug, Default)]
pub(crate) struct Entry<'a> {
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) url: Option<Cow<'a, str>>,
    pub(crate) title: Option<Cow<'a, str>>,
    pub(crate) summary: Option<Cow<'a, str>>,
    pub(crate) content: Option<Cow<'a, str>>,
    pub(crate) authors: Vec<Cow<'a, str>>,
    pub(crate) categories: Vec<Cow<'a, str>>,
    /// Microseconds since 1970-01-01 in UTC.
    pub(crate) published: Option<i64>,
    /// As `published`.
    pub(crate) updated: Option<i64>,
    pub(crate) language: Option<Cow<'a, str>>,
    pub(crate) enclosure_url: Option<Cow<'a, str>>,
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

impl Entry<'_> {
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
            self.id.as_deref().into(),
            self.url.as_deref().into(),
            self.title.as_deref().into(),
            self.summary.as_deref().into(),
            self.content.as_deref().into(),
            authors.as_deref().into(),
            categories.as_deref().into(),
            self.published.map_or(Cell::Null, Cell::Timestamp),
            self.updated.map_or(Cell::Null, Cell::Timestamp),
            self.language.as_deref().or(feed.language.as_deref()).into(),
            self.enclosure_url.as_deref().into(),
            (&self.other).into(),
            Cell::Text(at.file),
            Cell::Int(at.number as i64),
        ];
        rows.push(&row).map_err(|error| at.wrong(error))
    }
}

/// Several texts as one, in which each is once.
fn joined<'a>(texts: &'a [Cow<'_, str>]) -> Option<Cow<'a, str>> {
    let mut texts = texts.iter().map(|text| &**text);
    match texts.len() {
        0 | 1 => texts.next().map(Cow::Borrowed),
        _ => {
            let mut seen = BTreeSet::new();
            let texts: Vec<_> = texts.filter(|text| seen.insert(*text)).collect();
            Some(Cow::Owned(texts.join(SEPARATOR)))
        }
    }
}

/// Puts a value where there is none yet. False where there is another already, so that this one has to go
/// elsewhere; no value is nothing to put anywhere.
pub(crate) fn set<T: PartialEq>(place: &mut Option<T>, found: Option<T>) -> bool {
    let Some(found) = found else {
        return true;
    };
    match place {
        Some(known) => *known == found,
        None => {
            *place = Some(found);
            true
        }
    }
}

/// Puts an instant where there is none yet. False where there is another already, or the text is no
/// instant, so that it has to go elsewhere; no text is nothing to put anywhere.
pub(crate) fn set_time(place: &mut Option<i64>, text: Option<Cow<'_, str>>) -> bool {
    let Some(text) = text else {
        return true;
    };
    match time::instant(&text) {
        None => false,
        found => set(place, found),
    }
}

/// Adds a text, of which there may be several.
pub(crate) fn add<'a>(texts: &mut Vec<Cow<'a, str>>, text: Option<Cow<'a, str>>) -> bool {
    texts.extend(text);
    true
}

/// A text without white space around it; none where there is nothing else.
pub(crate) fn trimmed(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// A text that has no white space around it; none where it is empty.
pub(crate) fn present(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(text)
}
