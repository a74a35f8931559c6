//! The rows that come out. A table of columns is written once: without rows it says which columns
//! there are.

use crate::combination::{Score, rounded};
use crate::evidence::{Evidence, Handling, Subject};
use crate::finding::{Finding, findings, score_of_dimension, score_of_subject};
use crate::profile::{Profile, TOTAL, UNKNOWN};
use arrow_array::types::Date32Type;
use arrow_array::{ArrayRef, Date32Array, RecordBatch};
use arrow_schema::{DataType, Field, SchemaRef};
use sextant_plugin_sdk::{AnswerColumns, Result};
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
        match self {
            Self::Assessment => assessment_columns(&[], profile).schema(),
            Self::Explanation => explanation_columns(&[]).schema(),
        }
    }

    /// All rows, by subject, kind and the profile's order.
    pub(crate) fn rows(self, profile: &Profile, evidence: &Evidence) -> Result<RecordBatch> {
        let subjects = evidence.subjects();
        let subjects: Vec<_> = subjects
            .map(|(subject, reports)| findings(profile, subject, reports))
            .collect();
        match self {
            Self::Assessment => {
                let rows: Vec<_> = subjects.iter().flat_map(|all| assessments(all)).collect();
                assessment_columns(&rows, profile).batch()
            }
            Self::Explanation => {
                let rows: Vec<_> = subjects.into_iter().flatten().collect();
                explanation_columns(&rows).batch()
            }
        }
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

fn assessment_columns<'a>(
    rows: &'a [Assessment<'a>],
    profile: &Profile,
) -> AnswerColumns<'a, Assessment<'a>> {
    let level = |row: &Assessment<'_>| {
        let (low, high) = (profile.level(row.score.low), profile.level(row.score.high));
        if low == high { low } else { UNKNOWN }
    };
    AnswerColumns::of(rows)
        .text("subject", |row| &row.subject.0)
        .text("subject_kind", |row| &row.subject.1)
        .text("dimension", |row| row.dimension)
        .text("title", |row| row.title)
        .number("score_low", |row| row.score.low)
        .number("score_high", |row| row.score.high)
        .optional_number("score_best", |row| row.score.best)
        .text("level", level)
        .text("level_low", |row| profile.level(row.score.low))
        .text("level_high", |row| profile.level(row.score.high))
        .number("confidence", |row| row.score.confidence)
        .count("indicators_known", |row| row.score.known)
        .count("indicators", |row| row.score.indicators)
        .count("evidence", Assessment::evidence)
        .optional_text("contradictions", Assessment::contradictions)
        .optional_text("handling", |row| row.handling().strictest())
        .optional_text("handling_codes", |row| handling_codes(row.handling()))
        .text("profile", |_| &profile.name)
}

fn explanation_columns<'a>(rows: &'a [Finding<'a>]) -> AnswerColumns<'a, Finding<'a>> {
    let low = |row: &Finding<'_>| rounded(row.share * row.combined.low());
    let high = |row: &Finding<'_>| rounded(row.share * row.combined.high());
    AnswerColumns::of(rows)
        .text("subject", |row| &row.subject.0)
        .text("subject_kind", |row| &row.subject.1)
        .text("dimension", |row| &row.dimension.id)
        .text("indicator", |row| &row.indicator.id)
        .text("title", |row| &row.indicator.title)
        .text("rating", Finding::rating)
        .optional_number("score_best", |row| row.combined.value.map(rounded))
        .number("confidence", |row| rounded(row.combined.confidence))
        .number("weight", |row| rounded(row.share))
        .number("contribution_low", low)
        .number("contribution_high", high)
        .count("evidence", Finding::evidence)
        .count("unknown_reports", Finding::unknown_reports)
        .count("duplicates", Finding::duplicates)
        .optional_text("best_evaluation", Finding::best_evaluation)
        .optional_text("contradiction", Finding::contradiction)
        .optional_text("handling", |row| row.handling().strictest())
        .optional_text("handling_codes", |row| handling_codes(row.handling()))
        .optional_text("evidence_references", Finding::references)
        .column(Field::new("latest", DataType::Date32, true), latest(rows))
        .text("reason", Finding::reason)
}

fn handling_codes(handling: Handling) -> Option<String> {
    (!handling.is_empty()).then(|| handling.to_string())
}

fn latest(rows: &[Finding<'_>]) -> ArrayRef {
    let days = rows.iter().map(Finding::latest);
    let days = days.map(|day| day.map(Date32Type::from_naive_date));
    Arc::new(days.collect::<Date32Array>())
}
