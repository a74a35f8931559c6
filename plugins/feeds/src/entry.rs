//! An entry of a feed in whatever format, and the row that it becomes.

use crate::tables::{ENTRY_COLUMNS, PUBLISHED_AT, UPDATED_AT};
use crate::time;
use sextant_plugin_sdk::{Cell, Error, Result, Rows};

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
    pub(crate) published: Option<String>,
    pub(crate) updated: Option<String>,
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
    /// Pushes its row. A time that is none, where it is wanted, makes it a bad record.
    pub(crate) fn push(&self, feed: &Feed, at: At<'_>, rows: &mut Rows) -> Result<()> {
        let times =
            instant(rows, PUBLISHED_AT, "published_at", &self.published).and_then(|first| {
                let second = instant(rows, UPDATED_AT, "updated_at", &self.updated)?;
                Ok((first, second))
            });
        let (published_at, updated_at) = match times {
            Ok(times) => times,
            Err(error) => return rows.bad(at.wrong(error)),
        };
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
            published_at,
            updated_at,
            self.language.as_deref().or(feed.language.as_deref()).into(),
            (&self.enclosure_url).into(),
            (&self.other).into(),
            Cell::Text(at.file),
            Cell::Int(at.number as i64),
        ];
        rows.push(&row).map_err(|error| at.wrong(error))
    }
}

fn instant(rows: &Rows, column: usize, name: &str, text: &Option<String>) -> Result<Cell<'static>> {
    match text {
        Some(text) if rows.wants(column) => match time::instant(text) {
            Some(microseconds) => Ok(Cell::Timestamp(microseconds)),
            None => {
                let message = format!("expected {}, found {text:?}", time::EXPECTED);
                Err(Error::invalid_data(message).in_field(name))
            }
        },
        _ => Ok(Cell::Null),
    }
}

fn joined(texts: &[String]) -> Option<String> {
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

/// Adds a text, unless it is there already.
pub(crate) fn add(texts: &mut Vec<String>, text: Option<String>) -> bool {
    if let Some(text) = text
        && !texts.contains(&text)
    {
        texts.push(text);
    }
    true
}
