//! Requests as they come: each row's texts are looked at once and not kept; what is kept is flags,
//! and what history is made of.

use crate::flags::{Finder, Flag};
use crate::words::{Language, Words};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use chrono::NaiveDate;
use sextant_plugin_sdk::Result;
use sextant_plugin_sdk::relation::{Columns, TextColumn, day};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::rc::Rc;

const NEEDED: [&str; 6] = [
    "id",
    "requester",
    "subject",
    "charge",
    "text",
    "requested_at",
];

const OPTIONAL: [&str; 2] = ["status", "refused_at"];

/// What a status may be for a request to count as refused, in small letters.
const REFUSED: [&str; 5] = ["refused", "rejected", "denied", "відмовлено", "отказано"];

/// Where the columns of the relation of requests stand.
pub(crate) fn columns(relation: Option<&SchemaRef>) -> Result<Columns> {
    Columns::find(relation, &NEEDED, &OPTIONAL)
}

/// A text as it is shown, and the form in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) shown: String,
    pub(crate) key: String,
}

impl Name {
    fn new(shown: Cow<'_, str>) -> Self {
        let key = Words::new(&shown).key();
        Self {
            shown: shown.into_owned(),
            key,
        }
    }
}

/// A request. The order is that in which results come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) requester: Option<Name>,
    pub(crate) subject: Option<Name>,
    /// The charge in the form in which it is compared.
    pub(crate) charge: Option<String>,
    pub(crate) requested: Option<NaiveDate>,
    pub(crate) refused: bool,
    /// The day of the refusal, where it is known.
    pub(crate) refused_on: Option<NaiveDate>,
    /// The flags of the charge.
    pub(crate) charge_flags: Vec<Flag>,
    /// The flags of the text.
    pub(crate) text_flags: Vec<Flag>,
}

/// All requests of a call.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    columns: Columns,
    language: Option<Language>,
    finder: Rc<Finder>,
    rows: u64,
    /// A set: neither order nor repetition matters.
    all: BTreeSet<Request>,
}

impl Requests {
    pub(crate) fn new(columns: &Columns, language: Option<Language>) -> Self {
        Self {
            columns: columns.clone(),
            language,
            finder: Rc::new(Finder::new()),
            rows: 0,
            all: BTreeSet::new(),
        }
    }

    /// Adds the rows of a batch.
    ///
    /// # Errors
    /// A row without an id, or a day that is none. The record is the row's number in the order in
    /// which rows came.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let cells = Cells::new(&self.columns, batch)?;
        for row in 0..batch.num_rows() {
            self.rows += 1;
            let record = self.rows;
            let request = self.request(&cells, row);
            let request = request.map_err(|error| error.at_record(record))?;
            self.all.insert(request);
        }
        Ok(())
    }

    fn request(&self, cells: &Cells<'_>, row: usize) -> Result<Request> {
        let day_of = |column, field: &str| day(column, row).map_err(|error| error.in_field(field));
        let refused_on = day_of(cells.refused_at, "refused_at")?;
        let status = cells.status.get(row).map(|status| status.to_lowercase());
        let refused = status.is_some_and(|status| REFUSED.contains(&status.as_str()));
        let charge = cells.charge.get(row);
        Ok(Request {
            id: cells.id.needed(row, "id")?.into_owned(),
            requester: cells.requester.get(row).map(Name::new),
            subject: cells.subject.get(row).map(Name::new),
            charge: charge.map(|charge| Words::new(&charge).key()),
            requested: day_of(cells.requested_at, "requested_at")?,
            refused: refused || refused_on.is_some(),
            refused_on,
            charge_flags: self.flags(cells.charge.whole(row)),
            text_flags: self.flags(cells.text.whole(row)),
        })
    }

    /// The requests, in their order.
    pub(crate) fn all(&self) -> Vec<&Request> {
        self.all.iter().collect()
    }

    fn flags(&self, text: Option<Cow<'_, str>>) -> Vec<Flag> {
        let flags = text.map(|text| self.finder.flags(&text, self.language));
        flags.unwrap_or_default()
    }
}

/// The columns of a batch of requests.
struct Cells<'a> {
    id: TextColumn<'a>,
    requester: TextColumn<'a>,
    subject: TextColumn<'a>,
    charge: TextColumn<'a>,
    text: TextColumn<'a>,
    requested_at: Option<&'a ArrayRef>,
    status: TextColumn<'a>,
    refused_at: Option<&'a ArrayRef>,
}

impl<'a> Cells<'a> {
    fn new(columns: &Columns, batch: &'a RecordBatch) -> Result<Self> {
        let texts = |name| columns.texts(batch, name);
        Ok(Self {
            id: texts("id")?,
            requester: texts("requester")?,
            subject: texts("subject")?,
            charge: texts("charge")?,
            text: texts("text")?,
            requested_at: columns.column(batch, "requested_at"),
            status: texts("status")?,
            refused_at: columns.column(batch, "refused_at"),
        })
    }
}
