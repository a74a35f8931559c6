//! From records to columns: a source hands over cells, row by row, and gets batches.

use crate::strings::in_pieces;
use crate::{Error, Request, Result};
use arrow_array::builder::{
    ArrayBuilder, BinaryBuilder, BooleanBuilder, Date32Builder, Float64Builder, GenericByteBuilder,
    Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::types::ByteArrayType;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Schema, SchemaRef, TimeUnit};
use std::fmt::Write as _;
use std::sync::Arc;

/// Bytes of values after which a batch is full, however few rows it has: a host bounds both.
const BATCH_BYTES_MAX: usize = 16 << 20;

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
    columns: Vec<Column>,
    rows: usize,
    /// Bytes of texts and binary values, which are what can be long.
    bytes: usize,
    batch_rows: usize,
}

impl RowBuilder {
    /// For a request on a table with the given columns.
    ///
    /// The column types are those of [`Cell`]; a table with others makes its arrays itself.
    pub fn new(columns: &Schema, request: &Request) -> Result<Self> {
        let schema = request.project(columns);
        let wanted = request.columns.iter().zip(schema.fields());
        let columns = wanted.map(|(&cell, field)| Column::new(cell, field.data_type()));
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
            schema,
            rows: 0,
            bytes: 0,
            batch_rows: request.batch_rows.max(1),
        })
    }

    /// Adds a row: a cell for every column of the table, wanted or not; cells that are missing at
    /// the end are null.
    ///
    /// # Errors
    ///
    /// A number that does not fit is [`InvalidData`](crate::ErrorKind::InvalidData), a cell of
    /// another type [`Internal`](crate::ErrorKind::Internal); both name the column. Nothing of such
    /// a row is kept, so a source may report it and go on.
    pub fn push(&mut self, row: &[Cell<'_>]) -> Result<()> {
        let cell = |column: &Column| *row.get(column.cell).unwrap_or(&Cell::Null);
        let mut columns = self.columns.iter();
        if let Some(at) = columns.position(|column| !column.values.takes(cell(column))) {
            let field = self.schema.field(at);
            let error = refusal(cell(&self.columns[at]), field.data_type());
            return Err(error.in_field(field.name()));
        }
        for column in &mut self.columns {
            match cell(column) {
                Cell::Null => {}
                value => self.bytes += column.push(value, self.rows),
            }
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

    /// Whether there are enough rows for a batch, or enough in them.
    pub fn is_full(&self) -> bool {
        self.rows >= self.batch_rows || self.bytes >= BATCH_BYTES_MAX
    }

    /// The rows collected since the last batch.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        let columns = self.columns.iter_mut();
        let arrays = columns.map(|column| column.finish(self.rows)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        (self.rows, self.bytes) = (0, 0);
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            arrays,
            &options,
        )?)
    }
}

/// A column, and which cell of a row it holds.
#[derive(Debug)]
struct Column {
    cell: usize,
    values: Values,
    /// How many rows it has. Nulls are added when a value follows them, or none does: in wide tables most
    /// cells are null.
    rows: usize,
}

impl Column {
    fn new(cell: usize, data_type: &DataType) -> Result<Self> {
        Ok(Self {
            cell,
            values: Values::new(data_type)?,
            rows: 0,
        })
    }

    /// Adds the value of a row, one that the column takes and that is not null, and says how many bytes
    /// of text it has.
    fn push(&mut self, value: Cell<'_>, row: usize) -> usize {
        self.add_nulls(row);
        self.rows = row + 1;
        self.values.push(value)
    }

    /// Adds nulls up to a row.
    #[inline]
    fn add_nulls(&mut self, row: usize) {
        if self.rows < row {
            self.values.push_nulls(row - self.rows);
            self.rows = row;
        }
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        self.add_nulls(rows);
        self.rows = 0;
        self.values.finish()
    }
}

#[derive(Debug)]
enum Values {
    Bool(BooleanBuilder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
    Bytes(BinaryBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
}

/// Does the same with the builder of any type.
macro_rules! with_builder {
    ($values:expr, $builder:ident => $result:expr) => {
        match $values {
            Values::Bool($builder) => $result,
            Values::Int32($builder) => $result,
            Values::Int64($builder) => $result,
            Values::Float($builder) => $result,
            Values::Text($builder) => $result,
            Values::Bytes($builder) => $result,
            Values::Date($builder) => $result,
            Values::Timestamp($builder) => $result,
        }
    };
}

impl Values {
    fn new(data_type: &DataType) -> Result<Self> {
        Ok(match data_type {
            DataType::Boolean => Self::Bool(BooleanBuilder::new()),
            DataType::Int32 => Self::Int32(Int32Builder::new()),
            DataType::Int64 => Self::Int64(Int64Builder::new()),
            DataType::Float64 => Self::Float(Float64Builder::new()),
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Binary => Self::Bytes(BinaryBuilder::new()),
            DataType::Date32 => Self::Date(Date32Builder::new()),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                Self::Timestamp(TimestampMicrosecondBuilder::new().with_timezone_opt(zone.clone()))
            }
            other => {
                return Err(Error::internal(format!(
                    "a row has no cells of type {other}"
                )));
            }
        })
    }

    /// Whether there is room for a cell: one of the column's own type, and a number that fits.
    #[inline]
    fn takes(&self, cell: Cell<'_>) -> bool {
        match (self, cell) {
            (Self::Int32(_), Cell::Int(value)) => i32::try_from(value).is_ok(),
            (_, Cell::Null)
            | (Self::Bool(_), Cell::Bool(_))
            | (Self::Int64(_), Cell::Int(_))
            | (Self::Float(_), Cell::Float(_))
            | (Self::Text(_), Cell::Text(_))
            | (Self::Bytes(_), Cell::Bytes(_))
            | (Self::Date(_), Cell::Date(_))
            | (Self::Timestamp(_), Cell::Timestamp(_)) => true,
            _ => false,
        }
    }

    /// Adds a value that it takes, and says how many bytes of text it has.
    #[inline]
    fn push(&mut self, value: Cell<'_>) -> usize {
        match (self, value) {
            (Self::Text(builder), Cell::Text(value)) => {
                push_text(builder, value);
                return value.len();
            }
            (Self::Bytes(builder), Cell::Bytes(value)) => {
                builder.append_value(value);
                return value.len();
            }
            (Self::Bool(builder), Cell::Bool(value)) => builder.append_value(value),
            (Self::Int32(builder), Cell::Int(value)) => builder.append_value(value as i32),
            (Self::Int64(builder), Cell::Int(value)) => builder.append_value(value),
            (Self::Float(builder), Cell::Float(value)) => builder.append_value(value),
            (Self::Date(builder), Cell::Date(value)) => builder.append_value(value),
            (Self::Timestamp(builder), Cell::Timestamp(value)) => builder.append_value(value),
            (values, _) => values.push_nulls(1),
        }
        0
    }

    fn push_nulls(&mut self, count: usize) {
        with_builder!(self, builder => builder.append_nulls(count));
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => finish_bytes(builder),
            Self::Bytes(builder) => finish_bytes(builder),
            values => with_builder!(values, builder => ArrayBuilder::finish(builder)),
        }
    }
}

/// What was built. The next batch is given as much room: a buffer that grows is copied each time that it does.
fn finish_bytes<T: ByteArrayType>(builder: &mut GenericByteBuilder<T>) -> ArrayRef {
    let next = GenericByteBuilder::with_capacity(builder.len(), builder.values_slice().len());
    Arc::new(std::mem::replace(builder, next).finish())
}

/// Adds a text.
fn push_text(builder: &mut StringBuilder, text: &str) {
    in_pieces(text, |piece| {
        builder.write_str(piece).expect("a builder takes any text");
    });
    // What was written before is the value.
    builder.append_value("");
}

/// Why a column of a type does not take a cell.
#[cold]
fn refusal(cell: Cell<'_>, data_type: &DataType) -> Error {
    match (data_type, cell) {
        (DataType::Int32, Cell::Int(value)) => {
            Error::invalid_data(format!("{value} does not fit into 32 bits"))
        }
        _ => Error::internal(format!("expected a cell for {data_type}, found {cell:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
    use arrow_array::{Array, Date32Array, Float64Array};
    use arrow_schema::Field;

    fn columns() -> Schema {
        let zone = Some("UTC".into());
        let types = [
            ("bool", DataType::Boolean),
            ("int32", DataType::Int32),
            ("int64", DataType::Int64),
            ("float", DataType::Float64),
            ("text", DataType::Utf8),
            ("bytes", DataType::Binary),
            ("date", DataType::Date32),
            (
                "timestamp",
                DataType::Timestamp(TimeUnit::Microsecond, zone),
            ),
        ];
        Schema::new(
            types
                .into_iter()
                .map(|(name, data_type)| Field::new(name, data_type, true))
                .collect::<Vec<_>>(),
        )
    }

    fn request(columns: &[usize]) -> Request {
        Request {
            table: "t".to_owned(),
            columns: columns.to_vec(),
            predicates: Vec::new(),
            limit: None,
            batch_rows: 2,
            partitions: 1,
        }
    }

    const ROW: [Cell<'_>; 8] = [
        Cell::Bool(true),
        Cell::Int(-7),
        Cell::Int(1 << 40),
        Cell::Float(0.5),
        Cell::Text("a"),
        Cell::Bytes(&[0xff]),
        Cell::Date(19_000),
        Cell::Timestamp(1),
    ];

    #[test]
    fn every_cell_lands_in_its_column() {
        let mut rows = RowBuilder::new(&columns(), &request(&[0, 1, 2, 3, 4, 5, 6, 7])).unwrap();
        rows.push(&ROW).unwrap();
        rows.push(&[Cell::Null; 8]).unwrap();
        assert!(rows.is_full());
        let batch = rows.finish().unwrap();
        assert_eq!(batch.schema_ref().as_ref(), &columns());
        assert!(
            batch
                .columns()
                .iter()
                .all(|column| column.is_valid(0) && column.is_null(1))
        );
        assert!(batch.column(0).as_boolean().value(0));
        assert_eq!(batch.column(1).as_primitive::<Int32Type>().value(0), -7);
        assert_eq!(
            batch.column(2).as_primitive::<Int64Type>().value(0),
            1 << 40
        );
        assert_eq!(
            batch.column(3).as_ref(),
            &Float64Array::from(vec![Some(0.5), None])
        );
        assert_eq!(batch.column(4).as_string::<i32>().value(0), "a");
        assert_eq!(batch.column(5).as_binary::<i32>().value(0), [0xff]);
        assert_eq!(
            batch.column(6).as_ref(),
            &Date32Array::from(vec![Some(19_000), None])
        );
        assert_eq!(
            batch
                .column(7)
                .as_primitive::<TimestampMicrosecondType>()
                .value(0),
            1
        );
        assert!(rows.is_empty());
    }

    #[test]
    fn nulls_stand_where_they_were_pushed() {
        let mut rows = RowBuilder::new(&columns(), &request(&[0, 1, 2, 3, 4, 5, 6, 7])).unwrap();
        let mut pattern = 1_u64;
        for rows_of_batch in [1, 7, 100, 0, 33] {
            let mut expected = vec![Vec::new(); ROW.len()];
            for row in 0..rows_of_batch {
                pattern = pattern
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let mut cells = ROW;
                for (column, cell) in cells.iter_mut().enumerate() {
                    // Long runs of nulls, long runs of values, and all between them.
                    let is_null = match column {
                        0 => row < 50,
                        1 => row >= 50,
                        _ => (pattern >> (40 + column)) & 1 == 0,
                    };
                    if is_null {
                        *cell = Cell::Null;
                    }
                    expected[column].push(is_null);
                }
                rows.push(&cells).unwrap();
            }
            let batch = rows.finish().unwrap();
            assert_eq!(batch.num_rows(), rows_of_batch);
            for (array, expected) in batch.columns().iter().zip(&expected) {
                let found: Vec<_> = (0..array.len()).map(|row| array.is_null(row)).collect();
                assert_eq!(&found, expected);
                let valid = (0..array.len()).filter(|&row| array.is_valid(row));
                let text = array.as_string_opt::<i32>();
                assert!(text.is_none_or(|text| valid.clone().all(|row| text.value(row) == "a")));
                let int = array.as_primitive_opt::<Int64Type>();
                assert!(int.is_none_or(|int| valid.clone().all(|row| int.value(row) == 1 << 40)));
            }
        }
    }

    #[test]
    fn only_wanted_columns_are_kept_in_the_order_wanted() {
        let mut rows = RowBuilder::new(&columns(), &request(&[4, 2, 4])).unwrap();
        rows.push(&ROW).unwrap();
        let batch = rows.finish().unwrap();
        let names: Vec<_> = batch
            .schema_ref()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        assert_eq!(names, ["text", "int64", "text"]);
        assert_eq!(batch.column(2).as_string::<i32>().value(0), "a");
    }

    #[test]
    fn without_columns_rows_are_counted() {
        let mut rows = RowBuilder::new(&columns(), &request(&[])).unwrap();
        rows.push(&ROW).unwrap();
        rows.push(&[]).unwrap();
        let batch = rows.finish().unwrap();
        assert_eq!((batch.num_rows(), batch.num_columns()), (2, 0));
        assert_eq!(rows.len(), 0);
    }

    #[test]
    fn few_rows_that_are_long_are_a_batch() {
        let mut rows = RowBuilder::new(&columns(), &request(&[4])).unwrap();
        let long = "x".repeat(BATCH_BYTES_MAX);
        rows.push(&[
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::Text(&long),
        ])
        .unwrap();
        assert!(rows.is_full());
        assert_eq!(rows.finish().unwrap().num_rows(), 1);
        assert!(!rows.is_full());
    }

    #[test]
    fn a_refused_row_leaves_nothing_behind() {
        let mut rows = RowBuilder::new(&columns(), &request(&[4, 1])).unwrap();
        let mut bad = ROW;
        bad[1] = Cell::Int(1 << 40);
        let error = rows.push(&bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(
            error.to_string(),
            "field \"int32\": 1099511627776 does not fit into 32 bits"
        );
        bad[1] = Cell::Text("7");
        let error = rows.push(&bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert_eq!(
            error.to_string(),
            "field \"int32\": expected a cell for Int32, found Text(\"7\")"
        );
        rows.push(&ROW[..1]).unwrap();
        let batch = rows.finish().unwrap();
        assert_eq!(batch.num_rows(), 1);
        assert!(batch.column(0).is_null(0) && batch.column(1).is_null(0));
    }

    #[test]
    fn a_type_without_cells_is_refused_when_the_scan_starts() {
        let columns = Schema::new(vec![Field::new("a", DataType::UInt8, true)]);
        assert_eq!(
            RowBuilder::new(&columns, &request(&[0]))
                .unwrap_err()
                .kind(),
            ErrorKind::Internal
        );
        assert!(RowBuilder::new(&columns, &request(&[])).is_ok());
    }
}
