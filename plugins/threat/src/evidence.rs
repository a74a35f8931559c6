//! Evidence as it comes: rows are checked against the profile and gathered by subject and indicator,
//! in sets, so that neither order nor repetition matters.

use crate::profile::{Place, Profile, UNKNOWN, fold};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use chrono::NaiveDate;
use sextant_plugin_sdk::relation::{Columns, TextColumn, day};
use sextant_plugin_sdk::{Error, Result};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

const NEEDED: [&str; 6] = [
    "subject",
    "subject_kind",
    "indicator",
    "rating",
    "source",
    "information",
];

const OPTIONAL: [&str; 3] = ["handling", "at", "reference"];

/// Where the columns of the relation of evidence stand.
pub(crate) fn columns(relation: Option<&SchemaRef>) -> Result<Columns> {
    Columns::find(relation, &NEEDED, &OPTIONAL)
}

/// One report on one indicator of one subject.
///
/// The order is that in which reports are combined and listed: reports of one rating are together,
/// and within them those of one reference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Report {
    /// The number of the rating in the profile; none where it is unknown.
    pub(crate) rating: Option<usize>,
    pub(crate) reference: Option<String>,
    /// The evaluation of the source; always there where a rating is.
    pub(crate) source: Option<String>,
    /// The evaluation of the information; always there where a rating is.
    pub(crate) information: Option<String>,
    pub(crate) handling: Handling,
    pub(crate) at: Option<NaiveDate>,
}

/// The reports on one indicator of one subject.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reports {
    pub(crate) all: BTreeSet<Report>,
    /// How many rows were equal to another.
    pub(crate) duplicates: usize,
}

/// A subject: its name and its kind.
pub(crate) type Subject = (String, String);

/// All evidence of a call.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    profile: Rc<Profile>,
    columns: Columns,
    rows: u64,
    subjects: BTreeMap<Subject, Vec<Reports>>,
}

impl Evidence {
    pub(crate) fn new(profile: &Rc<Profile>, columns: &Columns) -> Self {
        Self {
            profile: Rc::clone(profile),
            columns: columns.clone(),
            rows: 0,
            subjects: BTreeMap::new(),
        }
    }

    /// Adds the rows of a batch.
    ///
    /// # Errors
    /// A row that lacks a subject, a kind or an indicator, or names one, a rating or a code that the
    /// profile does not know. The record is the row's number in the order in which rows came.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let cells = Cells::new(&self.columns, batch)?;
        for row in 0..batch.num_rows() {
            self.rows += 1;
            let record = self.rows;
            self.push_row(&cells, row)
                .map_err(|error| error.at_record(record))?;
        }
        Ok(())
    }

    /// The reports of each subject, one set an indicator of its kind, in the profile's order.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = (&Subject, &[Reports])> {
        let subjects = self.subjects.iter();
        subjects.map(|(subject, reports)| (subject, reports.as_slice()))
    }

    fn push_row(&mut self, cells: &Cells<'_>, row: usize) -> Result<()> {
        let profile = &self.profile;
        let subject = cells.subject.needed(row, "subject")?.into_owned();
        let kind = fold(&cells.subject_kind.needed(row, "subject_kind")?);
        let places = profile.places(&kind).ok_or_else(|| {
            unknown("a kind of subject", profile.kind_names(), &kind).in_field("subject_kind")
        })?;
        let indicator = fold(&cells.indicator.needed(row, "indicator")?);
        let id = |place: &Place| profile.at(*place).1.id.as_str();
        let position = places.iter().position(|place| id(place) == indicator);
        let position = position.ok_or_else(|| {
            let what = format!("an indicator of subjects of kind {kind:?}");
            unknown(&what, places.iter().map(id), &indicator).in_field("indicator")
        })?;
        let report = report(profile, cells, row)?;
        let count = places.len();
        let reports = self.subjects.entry((subject, kind));
        let reports = reports.or_insert_with(|| vec![Reports::default(); count]);
        let reports = &mut reports[position];
        if !reports.all.insert(report) {
            reports.duplicates += 1;
        }
        Ok(())
    }
}

/// The columns of a batch of evidence.
struct Cells<'a> {
    subject: TextColumn<'a>,
    subject_kind: TextColumn<'a>,
    indicator: TextColumn<'a>,
    rating: TextColumn<'a>,
    source: TextColumn<'a>,
    information: TextColumn<'a>,
    handling: TextColumn<'a>,
    at: Option<&'a ArrayRef>,
    reference: TextColumn<'a>,
}

impl<'a> Cells<'a> {
    fn new(columns: &Columns, batch: &'a RecordBatch) -> Result<Self> {
        let texts = |name| columns.texts(batch, name);
        Ok(Self {
            subject: texts("subject")?,
            subject_kind: texts("subject_kind")?,
            indicator: texts("indicator")?,
            rating: texts("rating")?,
            source: texts("source")?,
            information: texts("information")?,
            handling: texts("handling")?,
            at: columns.column(batch, "at"),
            reference: texts("reference")?,
        })
    }
}

fn report(profile: &Profile, cells: &Cells<'_>, row: usize) -> Result<Report> {
    let rating = rating(profile, &cells.rating, row)?;
    let code = |column: &TextColumn<'_>, field: &str, what: &str, known: &BTreeMap<String, f64>| {
        let found = column.get(row).map(|code| code.to_uppercase());
        match found {
            Some(code) if known.contains_key(&code) => Ok(Some(code)),
            Some(code) => {
                Err(unknown(what, known.keys().map(String::as_str), &code).in_field(field))
            }
            // Who rates nothing need not say how well it is known.
            None if rating.is_none() => Ok(None),
            None => {
                let known = known.keys().map(String::as_str);
                Err(expected(
                    what,
                    known,
                    "null; hint: coalesce it to the code that is meant",
                )
                .in_field(field))
            }
        }
    };
    let source = code(
        &cells.source,
        "source",
        "an evaluation of the source",
        profile.source(),
    )?;
    let information = code(
        &cells.information,
        "information",
        "an evaluation of the information",
        profile.information(),
    )?;
    Ok(Report {
        rating,
        reference: cells.reference.get(row).map(Cow::into_owned),
        source,
        information,
        handling: Handling::new(cells.handling.get(row).as_deref())?,
        at: day(cells.at, row).map_err(|error| error.in_field("at"))?,
    })
}

fn rating(profile: &Profile, column: &TextColumn<'_>, row: usize) -> Result<Option<usize>> {
    let name = column.get(row).map(|name| fold(&name));
    match name {
        None => Ok(None),
        Some(name) if name == UNKNOWN => Ok(None),
        Some(name) => match profile.rating(&name) {
            Some(rating) => Ok(Some(rating)),
            None => {
                let known = profile.rating_names().chain([UNKNOWN]);
                Err(unknown("a rating", known, &name).in_field("rating"))
            }
        },
    }
}

fn unknown<'a>(what: &str, known: impl Iterator<Item = &'a str>, found: &str) -> Error {
    expected(what, known, &format!("{found:?}"))
}

fn expected<'a>(what: &str, known: impl Iterator<Item = &'a str>, found: &str) -> Error {
    let known: Vec<_> = known.collect();
    Error::invalid_data(format!(
        "expected {what} ({}), found {found}",
        known.join(", ")
    ))
}

/// Handling codes (Europol: H0 prevention and combating of crime only, H1 not in judicial
/// proceedings without permission, H2 not to be disseminated without permission, H3 other
/// restrictions), as a set. H3 counts as the strictest: what it asks for stands elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Handling(u8);

impl Handling {
    const CODES: [&'static str; 4] = ["H0", "H1", "H2", "H3"];

    /// Stands after the codes: some evidence carries none, which is not the same as H0.
    const NOT_GIVEN: u8 = 1 << 4;

    /// The codes of a cell, whatever stands between them.
    fn new(cell: Option<&str>) -> Result<Self> {
        let Some(cell) = cell else {
            return Ok(Self(Self::NOT_GIVEN));
        };
        let mut codes = 0;
        let between = |c: char| !c.is_alphanumeric();
        for code in cell.split(between).filter(|code| !code.is_empty()) {
            let known = Self::CODES
                .iter()
                .position(|known| known.eq_ignore_ascii_case(code));
            let known = known.ok_or_else(|| {
                let codes = Self::CODES.iter().copied();
                unknown("handling codes", codes, code).in_field("handling")
            })?;
            codes |= 1 << known;
        }
        Ok(Self(if codes == 0 { Self::NOT_GIVEN } else { codes }))
    }

    /// The codes of both.
    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The strictest code; none where no evidence carries one.
    pub(crate) fn strictest(self) -> Option<&'static str> {
        self.codes().next()
    }

    /// Whether there is no evidence.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The codes, strictest first.
    fn codes(self) -> impl Iterator<Item = &'static str> {
        let codes = Self::CODES.into_iter().enumerate().rev();
        codes.filter_map(move |(bit, code)| (self.0 & (1 << bit) != 0).then_some(code))
    }
}

impl fmt::Display for Handling {
    /// All codes, strictest first, and whether some evidence carries none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = (self.0 & Self::NOT_GIVEN != 0).then_some("not given");
        let all: Vec<_> = self.codes().chain(missing).collect();
        f.write_str(&all.join(", "))
    }
}
