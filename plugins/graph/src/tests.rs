//! Against the exact answers of LDBC Graphalytics, where its example graphs are there, against
//! networkx and igraph on small classic graphs, and against hand-made graphs.

// The graphs of LDBC Graphalytics.
mod ldbc;

// Answers of other programs, written down with their versions.
mod known;

// What is refused, and what every input gives.
mod input;

use crate::call::Function;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::{Parameter, Progress, Result, Signature, TableFunction};
use std::sync::Arc;

/// Calls a function as SQL does: its relation in batches, its arguments by their names, and defaults
/// for the others. A row is its cells with spaces between.
fn run(
    function: &Function,
    relation: &[RecordBatch],
    arguments: &[(&str, ArrayRef)],
) -> Result<Vec<String>> {
    let parameters = function.describe().parameters;
    for (name, _) in arguments {
        let is_known = parameters.iter().any(|parameter| parameter.name == *name);
        assert!(is_known, "there is no parameter {name}");
    }
    let value = |parameter: &Parameter| {
        let given = arguments.iter().find(|(name, _)| *name == parameter.name);
        let given = given.map(|(_, value)| Arc::clone(value));
        let value = given.or_else(|| parameter.default.clone());
        value.unwrap_or_else(|| panic!("{} must be given", parameter.name))
    };
    let constants: Vec<ArrayRef> = parameters.iter().map(value).collect();
    let fields = constants.iter().zip(&parameters).map(|(value, parameter)| {
        let data_type = value.data_type().clone();
        Arc::new(Field::new(&parameter.name, data_type, true))
    });
    let signature = Signature {
        fields: fields.collect(),
        constants: constants.iter().cloned().map(Some).collect(),
    };
    let mut call = function
        .bind(&[relation[0].schema()], &signature)?
        .call(None)?;
    for batch in relation {
        call.push(0, batch.clone())?;
    }
    call.finish(0)?;
    let mut rows = Vec::new();
    loop {
        match call.next()? {
            Progress::Rows(batch) => {
                rows.extend((0..batch.num_rows()).map(|row| shown(&batch, row)))
            }
            Progress::Finished => return Ok(rows),
            Progress::WantingInput => panic!("it wants more after the end"),
        }
    }
}

fn shown(batch: &RecordBatch, row: usize) -> String {
    let cell = |column: &ArrayRef| match column.data_type() {
        _ if column.is_null(row) => "null".to_owned(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Utf8View => column.as_string_view().value(row).to_owned(),
        DataType::LargeUtf8 => column.as_string::<i64>().value(row).to_owned(),
        _ => column.as_string::<i32>().value(row).to_owned(),
    };
    let cells: Vec<_> = batch.columns().iter().map(cell).collect();
    cells.join(" ")
}

/// The rows of a call of one batch.
fn rows(function: &Function, relation: RecordBatch, arguments: &[(&str, ArrayRef)]) -> Vec<String> {
    run(function, &[relation], arguments).expect("it runs")
}

/// Why a call of one batch is refused.
fn refused(function: &Function, relation: RecordBatch, arguments: &[(&str, ArrayRef)]) -> String {
    let error = run(function, &[relation], arguments).expect_err("it is refused");
    error.to_string()
}

fn relation(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let columns = columns
        .into_iter()
        .map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("equal lengths")
}

fn array(values: impl Array + 'static) -> ArrayRef {
    Arc::new(values)
}

fn numbers(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    array(Int64Array::from_iter_values(values))
}

fn floats(values: impl IntoIterator<Item = f64>) -> ArrayRef {
    array(Float64Array::from_iter_values(values))
}

fn texts(values: &[&str]) -> ArrayRef {
    array(StringArray::from(values.to_vec()))
}

fn truth(value: bool) -> ArrayRef {
    array(BooleanArray::from(vec![value]))
}

/// Edges between numbers without weights.
fn pairs(edges: &[(i64, i64)]) -> RecordBatch {
    relation(vec![
        ("a", numbers(edges.iter().map(|edge| edge.0))),
        ("b", numbers(edges.iter().map(|edge| edge.1))),
    ])
}

/// Edges between numbers with weights.
fn weighted(edges: &[(i64, i64, f64)]) -> RecordBatch {
    relation(vec![
        ("a", numbers(edges.iter().map(|edge| edge.0))),
        ("b", numbers(edges.iter().map(|edge| edge.1))),
        ("weight", floats(edges.iter().map(|edge| edge.2))),
    ])
}

#[track_caller]
fn assert_close(found: &[f64], due: &[f64], what: &str) {
    assert_eq!(found.len(), due.len(), "{what}");
    for (node, (found, due)) in found.iter().zip(due).enumerate() {
        // The answers are written down with 12 digits behind the point.
        let is_close = (found - due).abs() < 1e-11;
        assert!(is_close, "{what}: node {node}: {found} and {due}");
    }
}
