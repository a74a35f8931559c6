//! The rows that come out. A table of columns is written once: without rows it says which columns
//! there are.

use crate::combination::{Score, rounded};
use crate::evidence::{Evidence, Handling, Subject};
use crate::finding::{Finding, findings, score_of_dimension, score_of_subject};
use crate::profile::{Profile, TOTAL, UNKNOWN};
use arrow_array::types::Date32Type;
use arrow_array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema, SchemaRef};
use sextant_plugin_sdk::Result;
use std::sync::Arc;

/// Which rows are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// A row a subject and dimension.
    Assessment,
    /// A row a subject and indicator.
    Explanation,
}

impl Output {
    /// The columns.
    pub(crate) fn schema(self, profile: &Profile) -> SchemaRef {
        schema(&match self {
            Self::Assessment => assessment_columns(&[], profile),
            Self::Explanation => explanation_columns(&[]),
        })
    }

    /// All rows, by subject, kind and the profile's order.
    pub(crate) fn rows(self, profile: &Profile, evidence: &Evidence) -> Result<RecordBatch> {
        let subjects = evidence.subjects();
        let subjects: Vec<_> = subjects
            .map(|(subject, reports)| findings(profile, subject, reports))
            .collect();
        let columns = match self {
            Self::Assessment => {
                let rows: Vec<_> = subjects.iter().flat_map(|all| assessments(all)).collect();
                assessment_columns(&rows, profile)
            }
            Self::Explanation => {
                let rows: Vec<_> = subjects.into_iter().flatten().collect();
                explanation_columns(&rows)
            }
        };
        let schema = schema(&columns);
        let values = columns.into_iter().map(|column| column.values);
        Ok(RecordBatch::try_new(schema, values.collect())?)
    }
}

/// The score of a subject in one dimension, or in all.
#[derive(Debug)]
struct Assessment<'a> {
    subject: &'a Subject,
    dimension: &'a str,
    title: &'a str,
    score: Score,
    findings: &'a [Finding<'a>],
}

/// The rows of a subject: one a dimension, and one over all.
fn assessments<'a>(findings: &'a [Finding<'a>]) -> Vec<Assessment<'a>> {
    let mut rows = Vec::new();
    for part in findings.chunk_by(|a, b| a.dimension.id == b.dimension.id) {
        rows.push(Assessment {
            subject: part[0].subject,
            dimension: &part[0].dimension.id,
            title: &part[0].dimension.title,
            score: score_of_dimension(part),
            findings: part,
        });
    }
    if let Some(first) = findings.first() {
        rows.push(Assessment {
            subject: first.subject,
            dimension: TOTAL,
            title: "All dimensions by their weights",
            score: score_of_subject(findings),
            findings,
        });
    }
    rows
}

impl Assessment<'_> {
    fn evidence(&self) -> usize {
        self.findings.iter().map(Finding::evidence).sum()
    }

    fn handling(&self) -> Handling {
        let all = self.findings.iter().map(Finding::handling);
        all.fold(Handling::default(), Handling::with)
    }

    fn contradictions(&self) -> Option<String> {
        let all = self.findings.iter().filter_map(|finding| {
            let sides = finding.contradiction()?;
            Some(format!("{}: {sides}", finding.indicator.id))
        });
        let all: Vec<_> = all.collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

fn assessment_columns(rows: &[Assessment<'_>], profile: &Profile) -> Vec<Column> {
    let level = |row: &Assessment<'_>| {
        let (low, high) = (profile.level(row.score.low), profile.level(row.score.high));
        if low == high { low } else { UNKNOWN }
    };
    vec![
        text("subject", rows, |row| &row.subject.0),
        text("subject_kind", rows, |row| &row.subject.1),
        text("dimension", rows, |row| row.dimension),
        text("title", rows, |row| row.title),
        number("score_low", rows, |row| Some(row.score.low)),
        number("score_high", rows, |row| Some(row.score.high)),
        number("score_best", rows, |row| row.score.best).nullable(),
        text("level", rows, level),
        text("level_low", rows, |row| profile.level(row.score.low)),
        text("level_high", rows, |row| profile.level(row.score.high)),
        number("confidence", rows, |row| Some(row.score.confidence)),
        count("indicators_known", rows, |row| row.score.known),
        count("indicators", rows, |row| row.score.indicators),
        count("evidence", rows, Assessment::evidence),
        optional_text("contradictions", rows, Assessment::contradictions),
        optional_text("handling", rows, |row| row.handling().strictest()),
        optional_text("handling_codes", rows, |row| handling_codes(row.handling())),
        text("profile", rows, |_| &profile.name),
    ]
}

fn explanation_columns(rows: &[Finding<'_>]) -> Vec<Column> {
    let low = |row: &Finding<'_>| Some(rounded(row.share * row.combined.low()));
    let high = |row: &Finding<'_>| Some(rounded(row.share * row.combined.high()));
    vec![
        text("subject", rows, |row| &row.subject.0),
        text("subject_kind", rows, |row| &row.subject.1),
        text("dimension", rows, |row| &row.dimension.id),
        text("indicator", rows, |row| &row.indicator.id),
        text("title", rows, |row| &row.indicator.title),
        text("rating", rows, Finding::rating),
        number("score_best", rows, |row| row.combined.value.map(rounded)).nullable(),
        number("confidence", rows, |row| {
            Some(rounded(row.combined.confidence))
        }),
        number("weight", rows, |row| Some(rounded(row.share))),
        number("contribution_low", rows, low),
        number("contribution_high", rows, high),
        count("evidence", rows, Finding::evidence),
        count("unknown_reports", rows, Finding::unknown_reports),
        count("duplicates", rows, Finding::duplicates),
        optional_text("best_evaluation", rows, Finding::best_evaluation),
        optional_text("contradiction", rows, Finding::contradiction),
        optional_text("handling", rows, |row| row.handling().strictest()),
        optional_text("handling_codes", rows, |row| handling_codes(row.handling())),
        optional_text("evidence_references", rows, Finding::references),
        latest(rows),
        text("reason", rows, Finding::reason),
    ]
}

fn handling_codes(handling: Handling) -> Option<String> {
    (!handling.is_empty()).then(|| handling.to_string())
}

fn latest(rows: &[Finding<'_>]) -> Column {
    let days = rows.iter().map(Finding::latest);
    let days = days.map(|day| day.map(Date32Type::from_naive_date));
    Column::new("latest", Arc::new(days.collect::<Date32Array>())).nullable()
}

/// A column of the result.
struct Column {
    name: &'static str,
    values: ArrayRef,
    nullable: bool,
}

impl Column {
    fn new(name: &'static str, values: ArrayRef) -> Self {
        Self {
            name,
            values,
            nullable: false,
        }
    }

    fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }
}

fn schema(columns: &[Column]) -> SchemaRef {
    let field = |column: &Column| {
        Field::new(
            column.name,
            column.values.data_type().clone(),
            column.nullable,
        )
    };
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

fn text<'a, T, S: AsRef<str>>(
    name: &'static str,
    rows: &'a [T],
    cell: impl Fn(&'a T) -> S,
) -> Column {
    let values = StringArray::from_iter_values(rows.iter().map(cell));
    Column::new(name, Arc::new(values))
}

fn optional_text<'a, T, S: AsRef<str>>(
    name: &'static str,
    rows: &'a [T],
    cell: impl Fn(&'a T) -> Option<S>,
) -> Column {
    let values = rows.iter().map(cell).collect::<StringArray>();
    Column::new(name, Arc::new(values)).nullable()
}

fn number<T>(name: &'static str, rows: &[T], cell: impl Fn(&T) -> Option<f64>) -> Column {
    let values = rows.iter().map(cell).collect::<Float64Array>();
    Column::new(name, Arc::new(values))
}

fn count<T>(name: &'static str, rows: &[T], cell: impl Fn(&T) -> usize) -> Column {
    let values = rows.iter().map(|row| cell(row) as i64);
    Column::new(name, Arc::new(Int64Array::from_iter_values(values)))
}
