//! The tables: a way of looking up each, with one key, and columns that say which step their values
//! come from. A value never comes from either step, so a query's rows do not depend on its columns.

use crate::record::{self, CONFIRMATION, DATABASE, Datum, ENTITY, OWNER, Record};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use sextant_plugin_sdk::{Error, Result, Table};
use std::borrow::Cow;
use std::rc::Rc;

/// Where the key is among the columns of every table.
pub(crate) const KEY: usize = 0;

/// A message of the specification, and the one that answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) asked: &'static str,
    pub(crate) answered: &'static str,
}

/// What a table is asked by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) column: &'static str,
    /// The field of the message.
    pub(crate) field: &'static str,
    pub(crate) chars_max: usize,
}

/// A table: one way to look up one kind of record.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) table: &'static str,
    comment: &'static str,
    pub(crate) key: Key,
    /// What is asked for a key.
    pub(crate) query: Query,
    /// What is asked for the full record of a candidate; none where a key's answer is one.
    pub(crate) full: Option<Query>,
    /// Columns that narrow the look-up where they have one value, and the fields of the message.
    pub(crate) narrowing: &'static [(&'static str, &'static str)],
    /// The columns of this kind of record.
    record: &'static [Column],
}

/// The step that a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// What was asked.
    Key,
    /// The answer to the key.
    Candidate,
    /// The answer to the candidate's entity.
    Full,
}

/// What a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Key,
    /// A field, as given.
    Text(&'static str),
    /// The day that a field says; null where it says less.
    Day(&'static str),
    /// The year that a field says.
    Year(&'static str),
    Number(&'static str),
    Confirmation,
    MessageId,
    AnsweredAt,
    /// The fields that have no column, as JSON.
    Rest,
    /// All fields, as JSON.
    Whole,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    name: &'static str,
    step: Step,
    content: Content,
    nullable: bool,
}

const fn candidate(name: &'static str, content: Content) -> Column {
    Column {
        name,
        step: Step::Candidate,
        content,
        nullable: true,
    }
}

const fn full(name: &'static str, content: Content) -> Column {
    Column {
        name,
        step: Step::Full,
        content,
        nullable: true,
    }
}

/// What a hit always says.
const fn always(name: &'static str, content: Content) -> Column {
    Column {
        name,
        step: Step::Candidate,
        content,
        nullable: false,
    }
}

/// Where a hit comes from, and what it is worth.
const PROVENANCE: &[Column] = &[
    always("entity_id", Content::Text(ENTITY)),
    always("owner_country", Content::Text(OWNER)),
    candidate("owner_ncb", Content::Text("owner_ncb")),
    always("source_database", Content::Text(DATABASE)),
    always("confirmation", Content::Confirmation),
    always("message_id", Content::MessageId),
    always("answered_at", Content::AnsweredAt),
];

/// What is left of both steps.
const LEFT: &[Column] = &[
    candidate("other", Content::Rest),
    full("full_message_id", Content::MessageId),
    full("full_answered_at", Content::AnsweredAt),
    full("full_record", Content::Whole),
];

const PERSON: &[Column] = &[
    candidate("name_on_file", Content::Text("NAM")),
    candidate("birth_date", Content::Day("DOB")),
    candidate("birth_year", Content::Year("DOB")),
    candidate("birth_date_raw", Content::Text("DOB")),
    candidate("sex", Content::Text("sex")),
    candidate("nationalities", Content::Text("nationalities")),
    full("aliases", Content::Text("aliases")),
    full("birth_place", Content::Text("birth_place")),
    full("birth_country", Content::Text("birth_country")),
    full("notice", Content::Text("notice")),
    full("offences", Content::Text("offences")),
    full("warning", Content::Text("warning")),
    full("documents", Content::Text("documents")),
    full("case_reference", Content::Text("case_reference")),
    full("recorded_on", Content::Day("recorded_on")),
    full("recorded_on_raw", Content::Text("recorded_on")),
];

const VEHICLE: &[Column] = &[
    candidate("vin_on_file", Content::Text("VIN")),
    candidate("engine_number_on_file", Content::Text("ENG")),
    candidate("plate", Content::Text("plate")),
    candidate("plate_country", Content::Text("plate_country")),
    candidate("make", Content::Text("make")),
    candidate("model", Content::Text("model")),
    full("category", Content::Text("category")),
    full("colour", Content::Text("colour")),
    full("model_year", Content::Number("model_year")),
    full("stolen_on", Content::Day("stolen_on")),
    full("stolen_on_raw", Content::Text("stolen_on")),
    full("stolen_place", Content::Text("stolen_place")),
    full("stolen_country", Content::Text("stolen_country")),
    full("case_reference", Content::Text("case_reference")),
    full("recorded_on", Content::Day("recorded_on")),
    full("recorded_on_raw", Content::Text("recorded_on")),
];

const TRAVEL_DOCUMENT: &[Column] = &[
    candidate("number_on_file", Content::Text("DID")),
    candidate("document_type", Content::Text("TYP")),
    candidate("issuing_country", Content::Text("CNT")),
    candidate("status", Content::Text("status")),
    full("issued_on", Content::Day("issued_on")),
    full("issued_on_raw", Content::Text("issued_on")),
    full("stolen_on", Content::Day("stolen_on")),
    full("stolen_on_raw", Content::Text("stolen_on")),
    full("stolen_place", Content::Text("stolen_place")),
    full("stolen_country", Content::Text("stolen_country")),
    full("case_reference", Content::Text("case_reference")),
    full("recorded_on", Content::Day("recorded_on")),
    full("recorded_on_raw", Content::Text("recorded_on")),
];

const FIREARM: &[Column] = &[
    candidate("serial_on_file", Content::Text("SER")),
    candidate("make", Content::Text("make")),
    candidate("model", Content::Text("model")),
    candidate("calibre", Content::Text("calibre")),
    candidate("status", Content::Text("status")),
    full("category", Content::Text("category")),
    full("made_in", Content::Text("made_in")),
    full("stolen_on", Content::Day("stolen_on")),
    full("stolen_on_raw", Content::Text("stolen_on")),
    full("stolen_place", Content::Text("stolen_place")),
    full("stolen_country", Content::Text("stolen_country")),
    full("case_reference", Content::Text("case_reference")),
    full("recorded_on", Content::Day("recorded_on")),
    full("recorded_on_raw", Content::Text("recorded_on")),
];

const fn query(asked: &'static str, answered: &'static str) -> Query {
    Query { asked, answered }
}

const fn key(column: &'static str, field: &'static str, chars_max: usize) -> Key {
    Key {
        column,
        field,
        chars_max,
    }
}

/// The specification gives an EID 30 characters and a NAM 100. Where it gives none, it is as many as a
/// name's.
const ENTITY_KEY: Key = key("entity_id", ENTITY, 30);

/// The tables.
pub(crate) static LOOKUPS: [Lookup; 9] = [
    Lookup {
        table: "persons",
        comment: "A candidate for a name: a person whom INTERPOL's nominal database has",
        key: key("name", "NAM", 100),
        query: query("IPQ", "IPR"),
        full: Some(query("FPQ", "FPR")),
        narrowing: &[("birth_date", "DOB")],
        record: PERSON,
    },
    Lookup {
        table: "persons_by_id",
        comment: "The full record of a person, by its entity id",
        key: ENTITY_KEY,
        query: query("FPQ", "FPR"),
        full: None,
        narrowing: &[],
        record: PERSON,
    },
    Lookup {
        table: "vehicles",
        comment: "A candidate for a vehicle identification number: a stolen motor vehicle",
        key: key("vin", "VIN", 100),
        query: query("IVQ", "IVR"),
        full: Some(query("FVQ", "FVR")),
        narrowing: &[],
        record: VEHICLE,
    },
    Lookup {
        table: "vehicles_by_engine",
        comment: "A candidate for an engine's number: a stolen motor vehicle",
        key: key("engine_number", "ENG", 100),
        query: query("IVQ", "IVR"),
        full: Some(query("FVQ", "FVR")),
        narrowing: &[],
        record: VEHICLE,
    },
    Lookup {
        table: "vehicles_by_id",
        comment: "The full record of a stolen motor vehicle, by its entity id",
        key: ENTITY_KEY,
        query: query("FVQ", "FVR"),
        full: None,
        narrowing: &[],
        record: VEHICLE,
    },
    Lookup {
        table: "travel_documents",
        comment: "A candidate for a document's number: a travel document that was stolen, lost or revoked",
        key: key("number", "DID", 100),
        query: query("ITQ", "ITR"),
        full: Some(query("FTQ", "FTR")),
        narrowing: &[("document_type", "TYP"), ("issuing_country", "CNT")],
        record: TRAVEL_DOCUMENT,
    },
    Lookup {
        table: "travel_documents_by_id",
        comment: "The full record of a travel document, by its entity id",
        key: ENTITY_KEY,
        query: query("FTQ", "FTR"),
        full: None,
        narrowing: &[],
        record: TRAVEL_DOCUMENT,
    },
    Lookup {
        table: "firearms",
        comment: "A candidate for a serial number: a firearm that was stolen, lost, trafficked or smuggled",
        key: key("serial", "SER", 100),
        query: query("IGQ", "IGR"),
        full: Some(query("FGQ", "FGR")),
        narrowing: &[],
        record: FIREARM,
    },
    Lookup {
        table: "firearms_by_id",
        comment: "The full record of a firearm, by its entity id",
        key: ENTITY_KEY,
        query: query("FGQ", "FGR"),
        full: None,
        narrowing: &[],
        record: FIREARM,
    },
];

impl Lookup {
    /// The table of a name.
    pub(crate) fn named(table: &str) -> Result<&'static Self> {
        let known = LOOKUPS.iter().find(|lookup| lookup.table == table);
        known.ok_or_else(|| Error::not_found(format!("no table {table:?}")))
    }

    pub(crate) fn table(&self) -> Table {
        Table::new(self.table, self.columns().schema())
            .comment(self.comment)
            .requires(self.key.column)
            .filtered()
    }

    /// The columns. Where a key's answer is a full record, all of them are of one step.
    pub(crate) fn columns(&self) -> Columns {
        let mut columns = vec![Column {
            name: self.key.column,
            step: Step::Key,
            content: Content::Key,
            nullable: false,
        }];
        let provenance = PROVENANCE.iter();
        columns.extend(provenance.filter(|column| column.name != self.key.column));
        columns.extend(self.record);
        match self.full {
            Some(_) => columns.extend(LEFT),
            None => {
                columns.push(full("full_record", Content::Whole));
                for column in columns.iter_mut().skip(KEY + 1) {
                    column.step = Step::Candidate;
                }
            }
        }
        Columns(columns)
    }
}

/// A record, and the answer that it stood in.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) record: Record,
    /// The gateway's name for that answer.
    pub(crate) message_id: Rc<str>,
    /// Microseconds since 1970-01-01.
    pub(crate) answered_at: i64,
}

/// What a row is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit<'a> {
    pub(crate) key: &'a str,
    pub(crate) candidate: &'a Found,
    /// Where it was asked for.
    pub(crate) full: Option<&'a Found>,
}

/// The columns of a table.
#[derive(Clone, Debug)]
pub(crate) struct Columns(Vec<Column>);

impl Columns {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn schema(&self) -> Schema {
        let fields = self.0.iter().map(|column| {
            let data_type = match column.content {
                Content::Day(_) => DataType::Date32,
                Content::Year(_) | Content::Number(_) => DataType::Int32,
                Content::AnsweredAt => {
                    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
                }
                _ => DataType::Utf8,
            };
            Field::new(column.name, data_type, column.nullable)
        });
        Schema::new(fields.collect::<Vec<_>>())
    }

    /// The step that a column's values come from.
    pub(crate) fn step(&self, column: usize) -> Step {
        self.0[column].step
    }

    /// The value of a column; null where its step was not taken.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](sextant_plugin_sdk::ErrorKind::InvalidData) for a field that is not what its
    /// column holds.
    pub(crate) fn value<'a>(&self, column: usize, hit: &Hit<'a>) -> Result<Datum<'a>> {
        let column = &self.0[column];
        let found = match column.step {
            Step::Key => return Ok(Datum::Text(hit.key.into())),
            Step::Candidate => hit.candidate,
            Step::Full => match hit.full {
                Some(full) => full,
                None => return Ok(Datum::Null),
            },
        };
        self.content(column.content, found).map_err(|error| {
            let message = format!(
                "entity {:?}: {}",
                hit.candidate.record.entity(),
                error.message()
            );
            Error::new(error.kind(), message).in_field(column.name)
        })
    }

    fn content<'a>(&self, content: Content, found: &'a Found) -> Result<Datum<'a>> {
        let record = &found.record;
        Ok(match content {
            Content::Key => Datum::Null,
            Content::Text(field) => record.text(field)?.into(),
            Content::Day(field) => {
                let text = record.text(field)?;
                let day = text.and_then(|text| record::day(text.trim()));
                day.map_or(Datum::Null, Datum::Date)
            }
            Content::Year(field) => {
                let text = record.text(field)?;
                let year = text.and_then(|text| record::year(text.trim()));
                year.map_or(Datum::Null, |year| Datum::Int(year.into()))
            }
            Content::Number(field) => record.number(field)?.map_or(Datum::Null, Datum::Int),
            Content::Confirmation => Datum::Text(record.confirmation()?.into()),
            Content::MessageId => Datum::Text(Cow::Borrowed(&found.message_id)),
            Content::AnsweredAt => Datum::Timestamp(found.answered_at),
            Content::Rest => {
                let rest = record.json(|field| !self.has_field(field))?;
                rest.map_or(Datum::Null, |rest| Datum::Text(rest.into()))
            }
            Content::Whole => {
                let whole = record.json(|_| true)?;
                whole.map_or(Datum::Null, |whole| Datum::Text(whole.into()))
            }
        })
    }

    /// Whether a candidate's field has a column.
    fn has_field(&self, field: &str) -> bool {
        self.0.iter().any(|column| {
            column.step == Step::Candidate
                && match column.content {
                    Content::Text(known)
                    | Content::Day(known)
                    | Content::Year(known)
                    | Content::Number(known) => known == field,
                    Content::Confirmation => field == CONFIRMATION,
                    _ => false,
                }
        })
    }
}
