//! From records to columns: a source hands over cells, row by row, and gets batches.

use crate::{Error, Request, Result};
use arrow_array::builder::{
    ArrayBuilder, BinaryBuilder, BooleanBuilder, Date32Builder, Float64Builder, Int32Builder,
    Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

/// One value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// For a `Boolean` column.
    Bool(bool),
    /// For an `Int64` or, where it fits, an `Int32` column.
    Int(i64),
    /// For a `Float64` column.
    Float(f64),
    /// For a `Utf8` column.
    Text(&'a str),
    /// For a `Binary` column.
    Bytes(&'a [u8]),
    /// Days since 1970-01-01, for a `Date32` column.
    Date(i32),
    /// Microseconds since 1970-01-01, for a `Timestamp(Microsecond)` column.
    Timestamp(i64),
}

impl<'a> From<Option<&'a str>> for Cell<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Cell::Null, Cell::Text)
    }
}

impl<'a> From<&'a Option<String>> for Cell<'a> {
    fn from(text: &'a Option<String>) -> Self {
        text.as_deref().into()
    }
}

/// Collects rows of a table and keeps only the columns that a request wants.
#[derive(Debug)]
pub struct RowBuilder {
    schema: SchemaRef,
    wanted: Vec<usize>,
    columns: Vec<Column>,
    rows: usize,
    batch_rows: usize,
}

impl RowBuilder {
    /// For a request on a table with the given columns.
    ///
    /// The column types are those of [`Cell`]; a table with others makes its arrays itself.
    pub fn new(columns: &Schema, request: &Request) -> Result<Self> {
        let schema = request.project(columns);
        let builders = schema.fields().iter().map(|field| Column::new(field.data_type()));
        Ok(Self {
            columns: builders.collect::<Result<_>>()?,
            schema,
            wanted: request.columns.clone(),
            rows: 0,
            batch_rows: request.batch_rows.max(1),
        })
    }

    /// Adds a row: a cell for every column of the table, wanted or not.
    pub fn push(&mut self, row: &[Cell<'_>]) -> Result<()> {
        for (column, &position) in self.columns.iter_mut().zip(&self.wanted) {
            let cell = *row.get(position).unwrap_or(&Cell::Null);
            column.push(cell).map_err(|error| {
                let index = self.wanted.iter().position(|&p| p == position).unwrap_or_default();
                error.in_field(self.schema.field(index).name().clone())
            })?;
        }
        self.rows += 1;
        Ok(())
    }

    /// How many rows have been collected since the last batch.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether no rows have been collected since the last batch.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Whether there are enough rows for a batch.
    pub fn is_full(&self) -> bool {
        self.rows >= self.batch_rows
    }

    /// The rows collected since the last batch.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        let arrays = self.columns.iter_mut().map(Column::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        self.rows = 0;
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?)
    }
}

#[derive(Debug)]
enum Column {
    Bool(BooleanBuilder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
    Bytes(BinaryBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
}

impl Column {
    fn new(data_type: &DataType) -> Result<Self> {
        Ok(match data_type {
            DataType::Boolean => Self::Bool(BooleanBuilder::new()),
            DataType::Int32 => Self::Int32(Int32Builder::new()),
            DataType::Int64 => Self::Int64(Int64Builder::new()),
            DataType::Float64 => Self::Float(Float64Builder::new()),
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Binary => Self::Bytes(BinaryBuilder::new()),
            DataType::Date32 => Self::Date(Date32Builder::new()),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => Self::Timestamp(
                TimestampMicrosecondBuilder::new().with_timezone_opt(zone.clone()),
            ),
            other => return Err(Error::internal(format!("a row has no cells of type {other}"))),
        })
    }

    fn push(&mut self, cell: Cell<'_>) -> Result<()> {
        match (self, cell) {
            (Self::Bool(builder), Cell::Bool(value)) => builder.append_value(value),
            (Self::Int32(builder), Cell::Int(value)) => match i32::try_from(value) {
                Ok(value) => builder.append_value(value),
                Err(_) => {
                    return Err(Error::invalid_data(format!("{value} does not fit into 32 bits")));
                }
            },
            (Self::Int64(builder), Cell::Int(value)) => builder.append_value(value),
            (Self::Float(builder), Cell::Float(value)) => builder.append_value(value),
            (Self::Text(builder), Cell::Text(value)) => builder.append_value(value),
            (Self::Bytes(builder), Cell::Bytes(value)) => builder.append_value(value),
            (Self::Date(builder), Cell::Date(value)) => builder.append_value(value),
            (Self::Timestamp(builder), Cell::Timestamp(value)) => builder.append_value(value),
            (column, Cell::Null) => column.push_null(),
            (column, cell) => {
                return Err(Error::internal(format!("{cell:?} in a column of {column:?}")));
            }
        }
        Ok(())
    }

    fn push_null(&mut self) {
        match self {
            Self::Bool(builder) => builder.append_null(),
            Self::Int32(builder) => builder.append_null(),
            Self::Int64(builder) => builder.append_null(),
            Self::Float(builder) => builder.append_null(),
            Self::Text(builder) => builder.append_null(),
            Self::Bytes(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Bool(builder) => ArrayBuilder::finish(builder),
            Self::Int32(builder) => ArrayBuilder::finish(builder),
            Self::Int64(builder) => ArrayBuilder::finish(builder),
            Self::Float(builder) => ArrayBuilder::finish(builder),
            Self::Text(builder) => ArrayBuilder::finish(builder),
            Self::Bytes(builder) => ArrayBuilder::finish(builder),
            Self::Date(builder) => ArrayBuilder::finish(builder),
            Self::Timestamp(builder) => ArrayBuilder::finish(builder),
        }
    }
}
