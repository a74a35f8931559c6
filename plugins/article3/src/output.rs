//! The rows that come out: a row a flag. The table of columns is written once; without rows it says
//! which columns there are.

use crate::flags::{Flag, NOTE};
use crate::history::{HistoryFlag, RefusedOften, history};
use crate::requests::Request;
use crate::rules::Rule;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use sextant_plugin_sdk::{AnswerColumns, Result};

/// The columns.
pub(crate) fn schema() -> SchemaRef {
    columns(&[]).schema()
}

/// The flags of all requests: by request, those of its charge, of its text and of other requests.
pub(crate) fn rows(requests: &[&Request], often: RefusedOften) -> Result<RecordBatch> {
    let history = history(requests, often);
    let mut rows = Vec::new();
    for (request, history) in requests.iter().zip(&history) {
        let of_charge = request.charge_flags.iter();
        rows.extend(of_charge.map(|flag| Row::of_text(request, "charge", flag)));
        let of_text = request.text_flags.iter();
        rows.extend(of_text.map(|flag| Row::of_text(request, "text", flag)));
        rows.extend(history.iter().map(|flag| Row::of_history(request, flag)));
    }
    columns(&rows).batch()
}

/// A flag of a request.
struct Row<'a> {
    request: &'a Request,
    rule: &'static Rule,
    reason: &'a str,
    field: &'static str,
    /// Where in a text; none for what shows across requests.
    flag: Option<&'a Flag>,
    occurrences: usize,
}

impl<'a> Row<'a> {
    fn of_text(request: &'a Request, field: &'static str, flag: &'a Flag) -> Self {
        let rule = flag.rule();
        Self {
            request,
            rule,
            reason: rule.reason,
            field,
            flag: Some(flag),
            occurrences: flag.occurrences,
        }
    }

    fn of_history(request: &'a Request, flag: &'a HistoryFlag) -> Self {
        Self {
            request,
            rule: flag.rule,
            reason: &flag.reason,
            field: "requests",
            flag: None,
            occurrences: flag.occurrences,
        }
    }

    fn requester(&self) -> Option<&'a str> {
        let requester = self.request.requester.as_ref();
        requester.map(|name| name.shown.as_str())
    }

    fn subject(&self) -> Option<&'a str> {
        let subject = self.request.subject.as_ref();
        subject.map(|name| name.shown.as_str())
    }
}

fn columns<'a>(rows: &'a [Row<'a>]) -> AnswerColumns<'a, Row<'a>> {
    AnswerColumns::of(rows)
        .text("request_id", |row| &row.request.id)
        .optional_text("requester", Row::requester)
        .optional_text("subject", Row::subject)
        .text("category", |row| row.rule.category)
        .text("rule", |row| row.rule.id)
        .text("bearing", |row| row.rule.bearing)
        .text("review", |row| row.rule.review)
        .text("reason_for_review", |row| row.reason)
        .text("field", |row| row.field)
        .optional_text("language", |row| Some(row.flag?.language.code()))
        .optional_count("span_start", |row| Some(row.flag?.start))
        .optional_count("span_length", |row| Some(row.flag?.length))
        .optional_text("matched_text", |row| Some(row.flag?.matched.as_str()))
        .count("occurrences", |row| row.occurrences)
        .text("source", |row| row.rule.source)
        .text("note", |_| NOTE)
}
