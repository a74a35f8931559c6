//! Weights of edges: a column of numbers, and what a function asks of them. A weight that is not as
//! asked is an error that names its row, since a sum over it would be wrong without a word.

use crate::relation::column;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, new_empty_array};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Schema};
use sextant_plugin_sdk::{Error, Result, Strings};

/// What a function asks of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weights {
    /// Nothing: it does not look at them.
    Ignored,
    /// Neither infinite nor NaN.
    Finite,
    /// Finite and at least 0, as the lengths of edges are.
    NotNegative,
    /// Finite and above 0.
    Positive,
}

impl Weights {
    fn allow(self, weight: f64) -> bool {
        weight.is_finite()
            && match self {
                Self::Ignored | Self::Finite => true,
                Self::NotNegative => weight >= 0.0,
                Self::Positive => weight > 0.0,
            }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ignored | Self::Finite => "a finite number",
            Self::NotNegative => "a finite number of at least 0",
            Self::Positive => "a finite number above 0",
        }
    }
}

/// The column `weight` of a relation, and what is asked of it.
#[derive(Clone, Debug)]
pub(crate) struct WeightColumn {
    column: usize,
    asked: Weights,
}

impl WeightColumn {
    /// The column to read; none where there is no such column or nobody looks at it.
    pub(crate) fn new(relation: &Schema, asked: Weights) -> Result<Option<Self>> {
        let Some(column) = column(relation, "weight").filter(|_| asked != Weights::Ignored) else {
            return Ok(None);
        };
        let data_type = relation.field(column).data_type();
        match numbers(&new_empty_array(data_type)) {
            Some(_) => Ok(Some(Self { column, asked })),
            None => Err(Error::unsupported(format!(
                "expected a column \"weight\" of numbers, found {data_type}; hint: CAST(... AS DOUBLE)"
            ))),
        }
    }

    /// Adds the weights of the rows that are edges, whose ends are both there. The batch follows on
    /// so many rows.
    pub(crate) fn read(
        &self,
        batch: &RecordBatch,
        [from, to]: [&ArrayRef; 2],
        rows_before: u64,
        weights: &mut Vec<f64>,
    ) -> Result<()> {
        let values = numbers(batch.column(self.column))
            .ok_or_else(|| Error::internal("weights are no numbers"))?;
        let edges = NullBuffer::union(from.nulls(), to.nulls());
        weights.reserve(batch.num_rows());
        for row in 0..batch.num_rows() {
            if edges.as_ref().is_some_and(|edges| edges.is_null(row)) {
                continue;
            }
            let weight = values.is_valid(row).then(|| values.value(row));
            let Some(weight) = weight.filter(|&weight| self.asked.allow(weight)) else {
                let found = weight.map_or("null".to_owned(), |weight| weight.to_string());
                let message = format!(
                    "expected {}, found {found}, for the edge from {} to {}",
                    self.asked.name(),
                    shown(from, row),
                    shown(to, row)
                );
                let record = rows_before + row as u64 + 1;
                return Err(Error::invalid_data(message)
                    .at_record(record)
                    .in_field("weight"));
            };
            // Distances are compared by their bits, where -0 would be the greatest of all.
            weights.push(weight + 0.0);
        }
        Ok(())
    }
}

/// Numbers of any type as DOUBLE; none where the column has no numbers.
fn numbers(column: &ArrayRef) -> Option<Float64Array> {
    fn cast<T: ArrowPrimitiveType>(
        column: &ArrayRef,
        convert: impl Fn(T::Native) -> f64,
    ) -> Float64Array {
        column.as_primitive::<T>().unary(convert)
    }
    Some(match column.data_type() {
        DataType::Int8 => cast::<Int8Type>(column, f64::from),
        DataType::Int16 => cast::<Int16Type>(column, f64::from),
        DataType::Int32 => cast::<Int32Type>(column, f64::from),
        DataType::Int64 => cast::<Int64Type>(column, |number| number as f64),
        DataType::UInt8 => cast::<UInt8Type>(column, f64::from),
        DataType::UInt16 => cast::<UInt16Type>(column, f64::from),
        DataType::UInt32 => cast::<UInt32Type>(column, f64::from),
        DataType::UInt64 => cast::<UInt64Type>(column, |number| number as f64),
        DataType::Float32 => cast::<Float32Type>(column, f64::from),
        DataType::Float64 => cast::<Float64Type>(column, |number| number),
        DataType::Decimal128(_, scale) => {
            let unit = 10_f64.powi(i32::from(*scale));
            cast::<Decimal128Type>(column, |number| number as f64 / unit)
        }
        _ => return None,
    })
}

/// An end of an edge, for people.
fn shown(ends: &ArrayRef, row: usize) -> String {
    match Strings::new(ends).and_then(|texts| texts.get(row)) {
        Some(text) => format!("{text:?}"),
        None => ends
            .as_primitive_opt::<Int64Type>()
            .map_or_else(String::new, |numbers| numbers.value(row).to_string()),
    }
}
