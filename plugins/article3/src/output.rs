//! The rows that come out: a row a flag. The table of columns is written once; without rows it says
//! which columns there are.

use crate::flags::{Flag, NOTE};
use crate::history::{HistoryFlag, RefusedOften, history};
use crate::requests::Request;
use crate::rules::Rule;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema, SchemaRef};
use sextant_plugin_sdk::Result;
use std::sync::Arc;

/// The columns.
pub(crate) fn schema() -> SchemaRef {
    schema_of(&columns(&[]))
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
    let columns = columns(&rows);
    let schema = schema_of(&columns);
    let values = columns.into_iter().map(|column| column.values);
    Ok(RecordBatch::try_new(schema, values.collect())?)
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

fn columns(rows: &[Row<'_>]) -> Vec<Column> {
    vec![
        text("request_id", rows, |row| Some(row.request.id.as_str())),
        text("requester", rows, Row::requester).nullable(),
        text("subject", rows, Row::subject).nullable(),
        text("category", rows, |row| Some(row.rule.category)),
        text("rule", rows, |row| Some(row.rule.id)),
        text("bearing", rows, |row| Some(row.rule.bearing)),
        text("review", rows, |row| Some(row.rule.review)),
        text("reason_for_review", rows, |row| Some(row.reason)),
        text("field", rows, |row| Some(row.field)),
        text("language", rows, |row| Some(row.flag?.language.code())).nullable(),
        count("span_start", rows, |row| Some(row.flag?.start)).nullable(),
        count("span_length", rows, |row| Some(row.flag?.length)).nullable(),
        text("matched_text", rows, |row| Some(row.flag?.matched.as_str())).nullable(),
        count("occurrences", rows, |row| Some(row.occurrences)),
        text("source", rows, |row| Some(row.rule.source)),
        text("note", rows, |_| Some(NOTE)),
    ]
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

fn schema_of(columns: &[Column]) -> SchemaRef {
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
    cell: impl Fn(&'a T) -> Option<S>,
) -> Column {
    let values = rows.iter().map(cell).collect::<StringArray>();
    Column::new(name, Arc::new(values))
}

fn count<T>(name: &'static str, rows: &[T], cell: impl Fn(&T) -> Option<usize>) -> Column {
    let values = rows.iter().map(|row| cell(row).map(|count| count as i64));
    Column::new(name, Arc::new(values.collect::<Int64Array>()))
}
