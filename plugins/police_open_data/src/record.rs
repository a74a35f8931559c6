//! Reading a record: its members become cells of a row, by what they are called in this year's file.

use crate::tables::{Column, Holds, Kind};
use serde_json::value::RawValue;
use sextant_plugin_sdk::json::{self, JsonRecord, JsonRecords};
use sextant_plugin_sdk::{Cell, Error, Result, RowReader, Rows, date};
use std::borrow::Cow;
use std::collections::HashMap;

/// For how many members of a record it is remembered which column they are for.
const PLACES_MAX: usize = 64;
/// How many columns a table may have that are members of a record.
const COLUMNS_MAX: usize = 24;

/// Reads the records of a file.
pub(crate) struct Reader {
    columns: &'static [Column],
    file: String,
    records: JsonRecords,
    members: Members,
    /// What no column is for, as a JSON object.
    other: String,
}

impl Reader {
    pub(crate) fn new(kind: Kind, file: String, records: JsonRecords) -> Self {
        let columns = kind.columns();
        assert!(columns.len() <= COLUMNS_MAX, "a record has room for them");
        Self {
            columns,
            file,
            records,
            members: Members::new(columns),
            other: String::new(),
        }
    }
}

impl RowReader for Reader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        let Some(record) = self.records.next()? else {
            return Ok(false);
        };
        let row = Row::read(&record, self.columns, &mut self.members, &mut self.other);
        let pushed = row.and_then(|row| {
            let mut cells = [Cell::Null; COLUMNS_MAX + 3];
            row.cells(self.columns, rows, &mut cells)?;
            let last = self.columns.len();
            if !self.other.is_empty() {
                cells[last] = Cell::Text(&self.other);
            }
            cells[last + 1] = Cell::Text(&self.file);
            cells[last + 2] = Cell::Int(record.number() as i64);
            rows.push(&cells[..last + 3])
        });
        match pushed {
            Ok(()) => Ok(true),
            Err(error) => {
                let error = error.at_record(record.number()).at_byte(record.byte());
                rows.bad(error).map(|()| true)
            }
        }
    }
}

/// A record's values, by the columns that they are for.
struct Row<'a> {
    raw: [Option<&'a RawValue>; COLUMNS_MAX],
    texts: [Cow<'a, str>; COLUMNS_MAX],
}

impl<'a> Row<'a> {
    fn read(
        record: &JsonRecord<'a>,
        columns: &[Column],
        members: &mut Members,
        other: &mut String,
    ) -> Result<Self> {
        other.clear();
        let mut raw = [None; COLUMNS_MAX];
        let mut place = 0;
        record.members(|name, value| {
            match members.column(place, &name) {
                Some(column) if raw[column].is_some() => {
                    return Err(format!("the member {name:?} is there twice"));
                }
                Some(column) => raw[column] = Some(value),
                None => {
                    other.push(if other.is_empty() { '{' } else { ',' });
                    other.push_str(
                        &serde_json::to_string(&name).map_err(|error| error.to_string())?,
                    );
                    other.push(':');
                    other.push_str(value.get());
                }
            }
            place += 1;
            Ok(())
        })?;
        if raw.iter().all(Option::is_none) {
            return Err(Error::invalid_data(
                "expected a record of this table, found an object without one member of it",
            ));
        }
        if !other.is_empty() {
            other.push('}');
        }
        let mut row = Self {
            raw,
            texts: [const { Cow::Borrowed("") }; COLUMNS_MAX],
        };
        for at in 0..columns.len() {
            row.texts[at] = row.raw[at].map_or(Ok(Cow::Borrowed("")), text)?;
        }
        // Older files have make and model in one: "ВАЗ - 2107".
        let at = |name| columns.iter().position(|(column, ..)| *column == name);
        if let (Some(both), Some(brand), Some(model)) =
            (at("brand_model"), at("brand"), at("model"))
            && row.texts[brand].is_empty()
            && row.texts[model].is_empty()
            && let Some((first, rest)) = row.texts[both].split_once(" - ")
        {
            let (first, rest) = (first.trim().to_owned(), rest.trim().to_owned());
            (row.texts[brand], row.texts[model]) = (first.into(), rest.into());
        }
        Ok(row)
    }

    fn cells<'b>(&'b self, columns: &[Column], rows: &Rows, cells: &mut [Cell<'b>]) -> Result<()> {
        for (at, (name, holds, _)) in columns.iter().enumerate() {
            let text = self.texts[at].as_ref();
            if !rows.wants(at) || text.trim().is_empty() {
                continue;
            }
            let wrong = |what: &str| {
                Error::invalid_data(format!("expected {what}, found {text:?}")).in_field(*name)
            };
            cells[at] = match holds {
                Holds::Text => Cell::Text(text),
                Holds::Day => date::day(text)
                    .map(Cell::Date)
                    .ok_or_else(|| wrong("a day"))?,
                Holds::Time => date::time(text)
                    .map(Cell::Timestamp)
                    .ok_or_else(|| wrong("a day or a time"))?,
            };
        }
        Ok(())
    }
}

/// A value as a text: that of a string, nothing for null, and else as it stands in the file.
fn text(raw: &RawValue) -> Result<Cow<'_, str>> {
    Ok(match raw.get() {
        "null" => Cow::Borrowed(""),
        json => json::text(json)?,
    })
}

/// Which column a member is for. Records of a file have their members in one order mostly, so the
/// name that stood at a place before is looked at first.
struct Members {
    columns: HashMap<&'static str, usize>,
    /// The names of the last record, in their order, and their columns.
    last: Vec<(String, Option<usize>)>,
}

impl Members {
    fn new(columns: &'static [Column]) -> Self {
        let names = columns.iter().enumerate();
        let names = names.flat_map(|(at, (.., names))| names.iter().map(move |name| (*name, at)));
        Self {
            columns: names.collect(),
            last: Vec::new(),
        }
    }

    fn column(&mut self, place: usize, name: &str) -> Option<usize> {
        if let Some((known, column)) = self.last.get(place)
            && known == name
        {
            return *column;
        }
        let plain: String = name
            .chars()
            .filter(|&c| c != '_' && !c.is_whitespace())
            .flat_map(char::to_lowercase)
            .collect();
        let column = self.columns.get(plain.as_str()).copied();
        match self.last.get_mut(place) {
            Some(last) => *last = (name.to_owned(), column),
            None if place < PLACES_MAX => self.last.push((name.to_owned(), column)),
            None => {}
        }
        column
    }
}
