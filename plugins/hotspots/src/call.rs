//! Table functions as SQL calls them: the rows of the one relation are gathered, and at their end
//! the answer is computed and given out in batches.

use crate::rows::{Layout, Rows};
use arrow_array::{ArrayRef, Float64Array, Int64Array};
use arrow_schema::{DataType, Field, Schema};
use sextant_plugin_sdk::{Answer, BoundTable, Gathering, Result};
use std::sync::Arc;

/// A bound function that computes its answer of all rows of a layout.
pub(crate) fn gathering(
    layout: Layout,
    fields: Vec<Field>,
    compute: impl Fn(Rows) -> Result<Answer> + 'static,
) -> Box<dyn BoundTable> {
    let rows = Rows::new(&layout);
    Box::new(Gathering::new(
        Arc::new(Schema::new(fields)),
        (layout, rows),
        |(layout, rows), batch| rows.push(layout, batch),
        move |(_, rows)| compute(rows),
    ))
}

/// One row, or none for a relation without rows.
pub(crate) fn one_row(columns: Option<Vec<ArrayRef>>) -> Answer {
    let columns = columns.unwrap_or_default();
    let rows = usize::from(!columns.is_empty());
    Answer::new(rows, move |_| columns.clone())
}

/// A field of numbers, which may be null.
pub(crate) fn float_field(name: &str) -> Field {
    Field::new(name, DataType::Float64, true)
}

/// A field of counts, which never is null.
pub(crate) fn count_field(name: &str) -> Field {
    Field::new(name, DataType::Int64, false)
}

/// A column of numbers, some of which may be null.
pub(crate) fn floats(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

/// A column of counts.
pub(crate) fn counts(values: impl Iterator<Item = usize>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(
        values.map(|value| value as i64),
    ))
}
