//! Arrays from groups of records, one column after the other.
//!
//! A column is one loop over one type, so that nothing is decided by the cell but the value itself.
//! Only the columns that a query wants are made; what stands in the others is not looked at.

use crate::config::{Column, Type};
use crate::records::Group;
use crate::values::{boolean, date, timestamp};
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{
    ArrayRef, BooleanArray, PrimitiveArray, RecordBatch, RecordBatchOptions, StringArray,
};
use arrow_buffer::{
    BooleanBuffer, BooleanBufferBuilder, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer,
};
use arrow_schema::SchemaRef;
use sextant_plugin_sdk::numbers::{decimal, float64, int32, int64};
use sextant_plugin_sdk::{Error, Result};
use std::sync::Arc;

/// A batch with more text than this is handed over before it has all its rows; a text column could
/// not hold more than 2 GiB.
const TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Which texts mean null.
#[derive(Clone, Debug)]
pub(crate) struct Nulls {
    empty: bool,
    others: Vec<Vec<u8>>,
    trim: bool,
}

impl Nulls {
    /// The texts that mean null, compared after trimming where values are trimmed.
    pub(crate) fn new(texts: &[String], trim: bool) -> Self {
        let others = texts
            .iter()
            .filter(|text| !text.is_empty())
            .map(|text| text.clone().into_bytes());
        Self {
            empty: texts.iter().any(String::is_empty),
            others: others.collect(),
            trim,
        }
    }

    /// The value of a field; none where it is null.
    #[inline]
    pub(crate) fn value<'a>(&self, field: &'a [u8]) -> Option<&'a [u8]> {
        let field = if self.trim { field.trim_ascii() } else { field };
        let null = if field.is_empty() {
            self.empty
        } else {
            self.others.iter().any(|other| other == field)
        };
        (!null).then_some(field)
    }
}

/// A value that a column cannot take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Failure {
    /// The record, in its group.
    pub(crate) row: usize,
    /// The column, among those wanted.
    pub(crate) column: usize,
    /// Whether it is a null where none may be.
    pub(crate) null: bool,
}

/// The columns of a batch while it is made.
#[derive(Debug)]
pub(crate) struct Columns {
    schema: SchemaRef,
    parts: Vec<Part>,
    nulls: Nulls,
    rows: usize,
}

/// One column while it is made.
#[derive(Debug)]
struct Part {
    column: Column,
    field: usize,
    values: Values,
    /// The rows that are null, in rising order.
    nulls: Vec<u32>,
}

#[derive(Debug)]
enum Values {
    Text { offsets: Vec<i32>, bytes: Vec<u8> },
    Boolean(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Float64(Vec<f64>),
    Decimal(Vec<i128>),
    Date(Vec<i32>),
    Timestamp(Vec<i64>),
}

impl Columns {
    /// Makes the wanted columns. The schema is theirs.
    pub(crate) fn new(schema: SchemaRef, columns: Vec<Column>, nulls: Nulls) -> Self {
        let parts = columns.into_iter().map(|column| {
            let values = Values::new(&column.kind);
            Part {
                column,
                field: 0,
                values,
                nulls: Vec::new(),
            }
        });
        Self {
            schema,
            parts: parts.collect(),
            nulls,
            rows: 0,
        }
    }

    /// Says which field of a record each column comes from.
    pub(crate) fn read_from(&mut self, fields: &[usize]) {
        for (part, &field) in self.parts.iter_mut().zip(fields) {
            part.field = field;
        }
    }

    /// Appends the records of a group, or as many as it can: in every column up to the first value
    /// that it cannot take or, where all failures are wanted, to the end.
    ///
    /// After a failure, [`Self::undo`] before anything else.
    pub(crate) fn append(&mut self, group: Group<'_>, all: bool) -> Vec<Failure> {
        let mut failures = Vec::new();
        for (column, part) in self.parts.iter_mut().enumerate() {
            part.append(
                group,
                &self.nulls,
                &mut Failures {
                    column,
                    all,
                    found: &mut failures,
                },
            );
        }
        self.rows += group.rows();
        failures.sort_unstable();
        failures
    }

    /// Goes back to an earlier count of rows.
    pub(crate) fn undo(&mut self, rows: usize) {
        self.rows = rows;
        for part in &mut self.parts {
            part.truncate(rows);
        }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the batch should not get larger, whatever its rows.
    pub(crate) fn is_heavy(&self) -> bool {
        let bytes = |part: &Part| {
            if let Values::Text { bytes, .. } = &part.values {
                bytes.len()
            } else {
                0
            }
        };
        self.parts.iter().map(bytes).sum::<usize>() > TEXT_BYTES_MAX
    }

    /// What was expected of the value that failed, and the field it is in.
    pub(crate) fn explain(&self, failure: Failure) -> (usize, &str, String) {
        let Part { column, field, .. } = &self.parts[failure.column];
        let expected = column.kind.expectation();
        let expected = if failure.null {
            format!("{expected}, for the column is not nullable")
        } else {
            expected
        };
        (*field, &column.name, expected)
    }

    /// The rows as a batch.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch> {
        let rows = std::mem::take(&mut self.rows);
        let arrays = self
            .parts
            .iter_mut()
            .map(|part| part.finish(rows))
            .collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            arrays,
            &options,
        )?)
    }
}

/// Collects what a column could not take.
struct Failures<'a> {
    column: usize,
    all: bool,
    found: &'a mut Vec<Failure>,
}

impl Failures<'_> {
    /// Adds a failure; whether to go on.
    #[cold]
    fn add(&mut self, row: usize, null: bool) -> bool {
        self.found.push(Failure {
            row,
            column: self.column,
            null,
        });
        self.all
    }
}

impl Part {
    fn append(&mut self, group: Group<'_>, rule: &Nulls, failures: &mut Failures<'_>) {
        let fields = group.values(self.field).map(|field| rule.value(field));
        let mut nulls = NullRows {
            rows: &mut self.nulls,
            allowed: self.column.nullable,
        };
        match (&mut self.values, &self.column.kind) {
            (Values::Text { offsets, bytes }, _) => {
                append_text(offsets, bytes, fields, &mut nulls, failures);
            }
            (Values::Boolean(values), _) => append(values, fields, &mut nulls, failures, boolean),
            (Values::Int32(values), _) => append(values, fields, &mut nulls, failures, int32),
            (Values::Int64(values), _) => append(values, fields, &mut nulls, failures, int64),
            (Values::Float64(values), _) => append(values, fields, &mut nulls, failures, float64),
            (Values::Decimal(values), Type::Decimal { precision, scale }) => {
                append(values, fields, &mut nulls, failures, |text| {
                    decimal(text, *precision, *scale)
                });
            }
            (Values::Date(values), Type::Date(Some(format))) => {
                append(values, fields, &mut nulls, failures, |text| {
                    date(text, Some(format))
                });
            }
            (Values::Date(values), _) => append(values, fields, &mut nulls, failures, |text| {
                date(text, None)
            }),
            (Values::Timestamp(values), Type::Timestamp(Some(format), zone)) => {
                append(values, fields, &mut nulls, failures, |text| {
                    timestamp(text, Some(format), zone.as_ref())
                });
            }
            (Values::Timestamp(values), Type::Timestamp(None, Some(zone))) => {
                append(values, fields, &mut nulls, failures, |text| {
                    timestamp(text, None, Some(zone))
                });
            }
            (Values::Timestamp(values), _) => {
                append(values, fields, &mut nulls, failures, |text| {
                    timestamp(text, None, None)
                });
            }
            (Values::Decimal(_), _) => {
                unreachable!("decimal values are made for decimal columns alone")
            }
        }
    }

    fn truncate(&mut self, rows: usize) {
        self.nulls
            .truncate(self.nulls.partition_point(|&row| (row as usize) < rows));
        match &mut self.values {
            Values::Text { offsets, bytes } => {
                offsets.truncate(rows + 1);
                bytes.truncate(offsets.last().map_or(0, |&offset| offset as usize));
            }
            Values::Boolean(values) => values.truncate(rows),
            Values::Int32(values) | Values::Date(values) => values.truncate(rows),
            Values::Int64(values) | Values::Timestamp(values) => values.truncate(rows),
            Values::Float64(values) => values.truncate(rows),
            Values::Decimal(values) => values.truncate(rows),
        }
    }

    fn finish(&mut self, rows: usize) -> Result<ArrayRef> {
        let nulls = validity(&mut self.nulls, rows);
        let kind = &self.column.kind;
        // The next batch is likely to be as large as this one.
        Ok(match &mut self.values {
            Values::Text { offsets, bytes } => {
                let offsets = std::mem::replace(offsets, first_offset(rows));
                let bytes = std::mem::replace(bytes, Vec::with_capacity(bytes.len()));
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                Arc::new(StringArray::try_new(
                    offsets,
                    Buffer::from_vec(bytes),
                    nulls,
                )?)
            }
            Values::Boolean(values) => {
                let values = std::mem::take(values);
                Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls))
            }
            Values::Int32(values) => primitive::<Int32Type>(values, nulls, kind)?,
            Values::Int64(values) => primitive::<Int64Type>(values, nulls, kind)?,
            Values::Float64(values) => primitive::<Float64Type>(values, nulls, kind)?,
            Values::Decimal(values) => primitive::<Decimal128Type>(values, nulls, kind)?,
            Values::Date(values) => primitive::<Date32Type>(values, nulls, kind)?,
            Values::Timestamp(values) => {
                primitive::<TimestampMicrosecondType>(values, nulls, kind)?
            }
        })
    }
}

impl Values {
    fn new(kind: &Type) -> Self {
        match kind {
            Type::Text => Self::Text {
                offsets: first_offset(0),
                bytes: Vec::new(),
            },
            Type::Boolean => Self::Boolean(Vec::new()),
            Type::Int32 => Self::Int32(Vec::new()),
            Type::Int64 => Self::Int64(Vec::new()),
            Type::Float64 => Self::Float64(Vec::new()),
            Type::Decimal { .. } => Self::Decimal(Vec::new()),
            Type::Date(_) => Self::Date(Vec::new()),
            Type::Timestamp(..) => Self::Timestamp(Vec::new()),
        }
    }
}

fn first_offset(rows: usize) -> Vec<i32> {
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0);
    offsets
}

fn primitive<T: ArrowPrimitiveType>(
    values: &mut Vec<T::Native>,
    nulls: Option<NullBuffer>,
    kind: &Type,
) -> Result<ArrayRef> {
    let values = std::mem::replace(values, Vec::with_capacity(values.len()));
    let array = PrimitiveArray::<T>::try_new(ScalarBuffer::from(values), nulls)?;
    Ok(Arc::new(array.with_data_type(kind.data_type())))
}

fn validity(nulls: &mut Vec<u32>, rows: usize) -> Option<NullBuffer> {
    if nulls.is_empty() {
        return None;
    }
    let mut valid = BooleanBufferBuilder::new(rows);
    valid.append_n(rows, true);
    for row in nulls.drain(..) {
        valid.set_bit(row as usize, false);
    }
    Some(NullBuffer::new(valid.finish()))
}

/// The rows of a column that are null.
struct NullRows<'a> {
    rows: &'a mut Vec<u32>,
    allowed: bool,
}

/// Appends one value for each field: the default where it is null or has failed.
#[inline]
fn append<'a, T: Default>(
    values: &mut Vec<T>,
    fields: impl Iterator<Item = Option<&'a [u8]>>,
    nulls: &mut NullRows<'_>,
    failures: &mut Failures<'_>,
    parse: impl Fn(&'a [u8]) -> Option<T>,
) {
    let before = values.len();
    values.reserve(fields.size_hint().0);
    for field in fields {
        let row = values.len();
        let value = field.and_then(&parse);
        if value.is_none() {
            if field.is_none() && nulls.allowed {
                nulls.rows.push(row as u32);
            } else if !failures.add(row - before, field.is_none()) {
                return;
            }
        }
        values.push(value.unwrap_or_default());
    }
}

/// Appends texts. They are checked together, and one by one only where something is wrong.
fn append_text<'a>(
    offsets: &mut Vec<i32>,
    bytes: &mut Vec<u8>,
    fields: impl Iterator<Item = Option<&'a [u8]>>,
    nulls: &mut NullRows<'_>,
    failures: &mut Failures<'_>,
) {
    let (rows_before, bytes_before) = (offsets.len() - 1, bytes.len());
    offsets.reserve(fields.size_hint().0);
    for field in fields {
        let row = offsets.len() - 1;
        match field {
            Some(field) => push_text(bytes, field),
            None if nulls.allowed => nulls.rows.push(row as u32),
            None => {
                if !failures.add(row - rows_before, true) {
                    return;
                }
            }
        }
        // The text of a batch is far from 2 GiB, see `Columns::is_heavy`.
        offsets.push(bytes.len() as i32);
    }
    if !is_text(
        &bytes[bytes_before..],
        bytes_before,
        &offsets[rows_before..],
    ) {
        for (row, ends) in offsets[rows_before..].windows(2).enumerate() {
            let value = &bytes[ends[0] as usize..ends[1] as usize];
            if str::from_utf8(value).is_err() && !failures.add(row, false) {
                return;
            }
        }
    }
}

/// Appends a text. Most are short, and for those a call to copy memory, which leaves the sandbox's
/// own code, costs more than the copy; so they are copied as two halves that may overlap.
#[inline]
fn push_text(bytes: &mut Vec<u8>, text: &[u8]) {
    match text.len() {
        0..4 => bytes.extend(text),
        4..8 => push_halves::<4>(bytes, text),
        8..16 => push_halves::<8>(bytes, text),
        16..=32 => push_halves::<16>(bytes, text),
        _ => bytes.extend_from_slice(text),
    }
}

/// Appends a text of `N` to `2 * N` bytes.
#[inline]
fn push_halves<const N: usize>(bytes: &mut Vec<u8>, text: &[u8]) {
    if let (Some(first), Some(last)) = (text.first_chunk::<N>(), text.last_chunk::<N>()) {
        let end = bytes.len() + text.len();
        bytes.extend_from_slice(first);
        bytes.truncate(end - N);
        bytes.extend_from_slice(last);
    }
}

/// Whether every text is UTF-8: all of them together, and no character across an offset.
fn is_text(bytes: &[u8], before: usize, offsets: &[i32]) -> bool {
    bytes.is_ascii()
        || str::from_utf8(bytes).is_ok_and(|text| {
            offsets
                .iter()
                .all(|&offset| text.is_char_boundary(offset as usize - before))
        })
}

impl Failure {
    /// The error of the first failure, with its place.
    pub(crate) fn error(self, columns: &Columns, records: &crate::records::Records) -> Error {
        let (field, name, expected) = columns.explain(self);
        records
            .value_error(self.row, field, &expected)
            .in_field(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_are_copied_whole() {
        let text: Vec<u8> = (0..100).collect();
        for length in 0..text.len() {
            let mut bytes = b"before".to_vec();
            push_text(&mut bytes, &text[..length]);
            assert_eq!(bytes, [b"before", &text[..length]].concat());
        }
    }
}
