//! What a record says, as rows of the one table that is asked for.
//!
//! This is the seam between list formats and tables. A format is a function from a stream of bytes to
//! [`Records`], which tell [`TableRows`] whatever a record says of an entity, and never learn which
//! columns that becomes. What the table does not show goes nowhere, so it need not be made either: see
//! [`TableRows::wants`].
//!
//! A record need not say all there is of an entity. Where a list has its parts in several files, or
//! what joins two entities in records of their own, each record gives the rows that it adds, with the id
//! of the entity that they belong to; so nothing is kept until its other half is found.

use crate::entity::{
    Birth, Description, Identifier, Measure, Name, Place, Quality, Relation, RoleKind,
};
use crate::tables::{COLUMNS_MAX, ListTable};
use hashbrown::HashSet;
use sextant_plugin_sdk::{Cell, Error, Result, Rows, in_pieces};

/// Reads the records of one list file, in its order; none at the end. An error is the end too: the
/// file itself is broken and no part of it should pass for the whole.
pub(crate) type Records = Box<dyn FnMut(&mut TableRows) -> Result<Option<Record>>>;

/// What a list file has at one place.
#[derive(Debug)]
pub(crate) enum Record {
    /// One whose rows were told.
    Read,
    /// A record that cannot be used, nor what was told of it. The file is sound and what follows can be
    /// read.
    Bad(Error),
    /// Something that is not read and that the analyst should know of.
    Unread(String),
}

/// What a row says of where it comes from.
#[derive(Debug)]
pub(crate) struct Provenance {
    /// The list, as the configuration names it.
    pub(crate) list: String,
    /// The input and the entry in it.
    pub(crate) source: String,
}

/// The rows of one record, until they are given out one by one. Its space is used again for the next
/// record.
#[derive(Debug)]
pub(crate) struct TableRows {
    table: ListTable,
    from: Provenance,
    /// The rows one behind the other, with a value for each column.
    values: Vec<Value>,
    /// The texts of the values, one behind the other.
    texts: String,
    /// How many values were given out, and how much of the texts.
    given: usize,
    given_bytes: usize,
    /// What [`nationality_once`](Self::nationality_once) has added.
    nationalities: HashSet<String>,
}

#[derive(Clone, Copy, Debug)]
enum Value {
    Null,
    /// Where among the texts it ends; it begins where the text before ends.
    Text(usize),
    /// A word of the tables' own.
    Word(&'static str),
    Day(i32),
    Year(i32),
    /// The list.
    List,
    /// The file.
    Source,
}

impl TableRows {
    /// For the rows of a table.
    pub(crate) fn new(table: ListTable, from: Provenance) -> Self {
        Self {
            table,
            from,
            values: Vec::new(),
            texts: String::new(),
            given: 0,
            given_bytes: 0,
            nationalities: HashSet::new(),
        }
    }

    /// Whether a table is the one that is asked for.
    pub(crate) fn wants(&self, table: ListTable) -> bool {
        self.table == table
    }

    /// Whether one of the tables is the one that is asked for.
    pub(crate) fn wants_any(&self, tables: &[ListTable]) -> bool {
        tables.contains(&self.table)
    }

    /// Gives out the next row, if there is one.
    pub(crate) fn give(&mut self, rows: &mut Rows) -> Result<bool> {
        let end = self.given + self.table.columns().len();
        let Some(values) = self.values.get(self.given..end) else {
            return Ok(false);
        };
        let mut row = [Cell::Null; COLUMNS_MAX];
        for (cell, value) in row.iter_mut().zip(values) {
            *cell = match *value {
                Value::Null => Cell::Null,
                Value::Text(end) => {
                    let start = std::mem::replace(&mut self.given_bytes, end);
                    Cell::Text(&self.texts[start..end])
                }
                Value::Word(word) => Cell::Text(word),
                Value::Day(days) => Cell::Date(days),
                Value::Year(year) => Cell::Int(year.into()),
                Value::List => Cell::Text(&self.from.list),
                Value::Source => Cell::Text(&self.from.source),
            };
        }
        self.given = end;
        rows.push(&row[..values.len()])?;
        Ok(true)
    }

    /// Forgets the record.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.texts.clear();
        (self.given, self.given_bytes) = (0, 0);
        self.nationalities.clear();
    }

    /// Begins a row of an entity, if its table is the one that is asked for.
    fn begin(&mut self, table: ListTable, id: &str) -> bool {
        let is_wanted = self.wants(table);
        if is_wanted {
            self.values.push(Value::List);
            self.text(id);
        }
        is_wanted
    }

    fn text<'t>(&mut self, text: impl Into<Option<&'t str>>) {
        let value = match text.into() {
            Some(text) => {
                in_pieces(text, |piece| self.texts.push_str(piece));
                Value::Text(self.texts.len())
            }
            None => Value::Null,
        };
        self.values.push(value);
    }

    fn word(&mut self, word: impl Into<Option<&'static str>>) {
        let word = word.into();
        self.values.push(word.map_or(Value::Null, Value::Word));
    }

    fn day(&mut self, days: Option<i32>) {
        self.values.push(days.map_or(Value::Null, Value::Day));
    }

    fn year(&mut self, year: Option<i32>) {
        self.values.push(year.map_or(Value::Null, Value::Year));
    }
}

/// The rows that there are; each function adds one, with a value for each column of its table.
impl TableRows {
    /// The one row that an entity has of its own.
    pub(crate) fn entity(&mut self, id: &str, description: &Description<'_>) {
        if self.begin(ListTable::Entities, id) {
            self.word(description.kind.as_str());
            self.text(description.name);
            self.text(description.name_original_script);
            self.text(description.gender);
            self.text(description.reference);
            self.text(description.programme);
            self.day(description.listed_on);
            self.day(description.updated_on);
            self.text(description.comments);
            self.text(description.source_version);
            self.values.push(Value::Source);
        }
    }

    pub(crate) fn name(&mut self, id: &str, name: &Name<'_>) {
        if self.begin(ListTable::Names, id) {
            self.word(name.kind.as_str());
            self.text(name.name);
            self.word(name.quality.map(Quality::as_str));
            self.text(name.quality_raw);
            self.text(name.script);
            self.text(name.language);
            for part in name.parts {
                self.text(part);
            }
            self.text(name.note);
        }
    }

    pub(crate) fn identifier(&mut self, id: &str, identifier: &Identifier<'_>) {
        if self.begin(ListTable::Identifiers, id) {
            self.word(identifier.kind.as_str());
            self.text(identifier.kind_raw);
            self.text(identifier.kind_detail);
            self.text(identifier.number);
            self.text(identifier.country);
            self.day(identifier.issued_on);
            self.day(identifier.expires_on);
            self.text(identifier.issue_city);
            self.text(identifier.issue_country);
            self.text(identifier.note);
        }
    }

    pub(crate) fn address(&mut self, id: &str, address: &Place<'_>) {
        if self.begin(ListTable::Addresses, id) {
            self.text(address.street);
            self.text(address.city);
            self.text(address.region);
            self.text(address.postal_code);
            self.text(address.country);
            self.text(address.note);
        }
    }

    pub(crate) fn birth(&mut self, id: &str, birth: &Birth<'_>) {
        if self.begin(ListTable::Births, id) {
            self.word(birth.kind.map(|kind| kind.as_str()));
            self.day(birth.date);
            self.year(birth.year_from);
            self.year(birth.year_to);
            self.text(birth.place.street);
            self.text(birth.place.city);
            self.text(birth.place.region);
            self.text(birth.place.country);
            self.text(birth.alias);
            self.text(birth.note);
        }
    }

    pub(crate) fn nationality(&mut self, id: &str, country: &str) {
        if self.begin(ListTable::Nationalities, id) {
            self.text(country);
        }
    }

    /// A nationality, unless the record has said it already.
    pub(crate) fn nationality_once(&mut self, id: &str, country: &str) {
        if self.wants(ListTable::Nationalities) && self.nationalities.insert(country.to_owned()) {
            self.nationality(id, country);
        }
    }

    pub(crate) fn role(&mut self, id: &str, kind: RoleKind, role: &str) {
        if self.begin(ListTable::Roles, id) {
            self.word(kind.as_str());
            self.text(role);
        }
    }

    pub(crate) fn relation(&mut self, id: &str, relation: &Relation<'_>) {
        if self.begin(ListTable::Relations, id) {
            self.text(relation.other_id);
            self.word(relation.kind);
            self.text(relation.role);
            self.day(relation.start.date);
            self.text(relation.start.text);
            self.day(relation.end.date);
            self.text(relation.end.text);
            self.text(relation.note);
        }
    }

    pub(crate) fn measure(&mut self, id: &str, measure: &Measure<'_>) {
        if self.begin(ListTable::Measures, id) {
            self.text(measure.kind);
            self.text(measure.programme);
            self.text(measure.authority);
            self.text(measure.reference);
            self.day(measure.listed_on);
            self.day(measure.ended_on);
            self.text(measure.reason);
            self.text(measure.note);
        }
    }

    /// A field of the list that has no column, in the list's own words, such as `VERSIONNUM` or
    /// `NATIONALITY/NOTE`.
    pub(crate) fn attribute(&mut self, id: &str, field: &str, value: &str) {
        if self.begin(ListTable::Attributes, id) {
            self.text(field);
            self.text(value);
        }
    }
}

#[cfg(test)]
impl TableRows {
    /// The rows, each joined by `|`, without the list.
    pub(crate) fn shown(&self) -> Vec<String> {
        let mut start = 0;
        let mut shown = |value: &Value| match *value {
            Value::Text(end) => self.texts[std::mem::replace(&mut start, end)..end].to_owned(),
            Value::Word(word) => word.to_owned(),
            Value::Day(number) | Value::Year(number) => number.to_string(),
            Value::Null | Value::List | Value::Source => "-".to_owned(),
        };
        let rows = self.values.chunks(self.table.columns().len());
        rows.map(|row| {
            row[1..]
                .iter()
                .map(&mut shown)
                .collect::<Vec<_>>()
                .join("|")
        })
        .collect()
    }
}
