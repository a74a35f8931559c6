//! Where native readers put what they read: the columns of a table, in batches as Arrow has them.

use arrow::array::{
    ArrayBuilder, BinaryBuilder, BooleanBuilder, Date32Builder, Float64Builder, Int32Builder,
    Int64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chrono::{DateTime, NaiveDate};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

const BATCH_ROWS: usize = 8_192;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// How many rows there were, and how many values each column had.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) rows: u64,
    pub(crate) values: Vec<u64>,
}

/// The columns of a table.
#[derive(Debug)]
pub(crate) struct Sink {
    schema: SchemaRef,
    columns: Vec<Column>,
    /// Rows of this batch.
    rows: usize,
    file: String,
    source: Option<usize>,
    record: Option<usize>,
    counts: Counts,
}

#[derive(Debug)]
enum Column {
    Text(StringBuilder),
    Bytes(BinaryBuilder),
    Bool(BooleanBuilder),
    Short(Int32Builder),
    Int(Int64Builder),
    Float(Float64Builder),
    Day(Date32Builder),
    Time(TimestampMicrosecondBuilder),
}

/// A value of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
    Bool(bool),
    Int(i64),
    Float(f64),
}

impl Column {
    fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Binary => Self::Bytes(BinaryBuilder::new()),
            DataType::Boolean => Self::Bool(BooleanBuilder::new()),
            DataType::Int32 => Self::Short(Int32Builder::new()),
            DataType::Int64 => Self::Int(Int64Builder::new()),
            DataType::Float64 => Self::Float(Float64Builder::new()),
            DataType::Date32 => Self::Day(Date32Builder::new()),
            DataType::Timestamp(..) => {
                let builder = TimestampMicrosecondBuilder::new();
                Self::Time(builder.with_data_type(data_type.clone()))
            }
            other => panic!("no reader fills a column of {other}"),
        }
    }

    fn builder(&mut self) -> &mut dyn ArrayBuilder {
        match self {
            Self::Text(builder) => builder,
            Self::Bytes(builder) => builder,
            Self::Bool(builder) => builder,
            Self::Short(builder) => builder,
            Self::Int(builder) => builder,
            Self::Float(builder) => builder,
            Self::Day(builder) => builder,
            Self::Time(builder) => builder,
        }
    }

    fn null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::Bytes(builder) => builder.append_null(),
            Self::Bool(builder) => builder.append_null(),
            Self::Short(builder) => builder.append_null(),
            Self::Int(builder) => builder.append_null(),
            Self::Float(builder) => builder.append_null(),
            Self::Day(builder) => builder.append_null(),
            Self::Time(builder) => builder.append_null(),
        }
    }
}

impl Sink {
    pub(crate) fn new(schema: &SchemaRef) -> Self {
        // A reader that leaves out what a plugin always has is still to be a reader.
        let nullable = |field: &Arc<Field>| field.as_ref().clone().with_nullable(true);
        let fields: Vec<_> = schema.fields().iter().map(nullable).collect();
        let types = fields.iter().map(Field::data_type);
        Self {
            columns: types.map(Column::new).collect(),
            rows: 0,
            file: String::new(),
            source: schema.index_of("source").ok(),
            record: schema.index_of("record").ok(),
            counts: Counts {
                rows: 0,
                values: vec![0; fields.len()],
            },
            schema: Arc::new(Schema::new(fields)),
        }
    }

    /// The places of columns, which have to be there.
    pub(crate) fn places<const N: usize>(&self, names: [&str; N]) -> [usize; N] {
        names.map(|name| {
            let place = self.place(name);
            place.unwrap_or_else(|| panic!("no column {name:?} in {:?}", self.schema))
        })
    }

    /// The place of a column.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.schema.index_of(name).ok()
    }

    /// Whether a column has numbers with a fraction.
    pub(crate) fn is_float(&self, at: usize) -> bool {
        matches!(self.columns[at], Column::Float(_))
    }

    /// The columns with their places.
    pub(crate) fn all(&self) -> impl Iterator<Item = (String, usize)> {
        let fields = self.schema.fields().iter().enumerate();
        fields.map(|(at, field)| (field.name().clone(), at))
    }

    /// How many columns there are.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Says which file the next rows are from.
    pub(crate) fn begin(&mut self, file: &Path) {
        self.file = file.display().to_string();
    }

    /// Adds a value to the row.
    pub(crate) fn put(&mut self, at: usize, value: Value<'_>) {
        match (&mut self.columns[at], value) {
            (Column::Text(builder), Value::Text(value)) => builder.append_value(value),
            (Column::Bytes(builder), Value::Bytes(value)) => builder.append_value(value),
            (Column::Bool(builder), Value::Bool(value)) => builder.append_value(value),
            (Column::Int(builder), Value::Int(value)) => builder.append_value(value),
            (Column::Float(builder), Value::Float(value)) => builder.append_value(value),
            (_, value) => panic!("{value:?} is not for {}", self.schema.field(at)),
        }
    }

    /// Adds what a text says, as the column holds it; nothing where it says nothing.
    pub(crate) fn parse(&mut self, at: usize, text: &str) {
        if text.is_empty() {
            return;
        }
        match &mut self.columns[at] {
            Column::Text(builder) => builder.append_value(text),
            Column::Bytes(builder) => builder.append_value(text),
            Column::Bool(builder) => builder.append_option(boolean(text)),
            Column::Short(builder) => builder.append_option(text.parse().ok()),
            Column::Int(builder) => builder.append_option(text.parse().ok()),
            Column::Float(builder) => builder.append_option(text.parse().ok()),
            Column::Day(builder) => builder.append_option(day(text)),
            Column::Time(builder) => builder.append_option(time(text)),
        }
    }

    /// Ends the row. What it has no value for is null, but for where it is from.
    pub(crate) fn end_row(&mut self) {
        self.counts.rows += 1;
        self.rows += 1;
        if let Some(Column::Text(builder)) = self.source.map(|at| &mut self.columns[at]) {
            builder.append_value(&self.file);
        }
        if let Some(Column::Int(builder)) = self.record.map(|at| &mut self.columns[at]) {
            builder.append_value(self.counts.rows as i64);
        }
        for column in &mut self.columns {
            if column.builder().len() < self.rows {
                column.null();
            }
        }
        if self.rows == BATCH_ROWS {
            self.batch();
        }
    }

    fn batch(&mut self) {
        let columns = self.columns.iter_mut();
        let arrays = columns.map(|column| column.builder().finish()).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays);
        let batch = batch.expect("a value in each column for each row");
        for (count, column) in self.counts.values.iter_mut().zip(batch.columns()) {
            *count += (column.len() - column.null_count()) as u64;
        }
        self.rows = 0;
        black_box(batch);
    }

    pub(crate) fn finish(mut self) -> Counts {
        self.batch();
        self.counts
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "T" | "t" | "Y" | "y" => Some(true),
        "false" | "F" | "f" | "N" | "n" => Some(false),
        _ => None,
    }
}

/// Days since 1970-01-01 of `YYYY-MM-DD`, `YYYY/MM/DD`, `DD.MM.YYYY` or `YYYYMMDD`.
pub(crate) fn day(text: &str) -> Option<i32> {
    let [year, month, day] = match text.as_bytes() {
        [_, _, _, _, b'-' | b'/', _, _, b'-' | b'/', _, _] => [0..4, 5..7, 8..10],
        [_, _, b'.', _, _, b'.', _, _, _, _] => [6..10, 3..5, 0..2],
        [_, _, _, _, _, _, _, _] => [0..4, 4..6, 6..8],
        _ => return None,
    };
    let year = text.get(year)?.parse().ok()?;
    let (month, day) = (text.get(month)?.parse().ok()?, text.get(day)?.parse().ok()?);
    Some(NaiveDate::from_ymd_opt(year, month, day)?.to_epoch_days())
}

/// Microseconds since 1970-01-01 of a day with or without a time of day behind it, of `YYYYMMDDHHMMSS`, or
/// of a time as mails have it.
fn time(text: &str) -> Option<i64> {
    let (date, time) = match text.as_bytes() {
        digits if digits.len() == 14 && digits.is_ascii() => text.split_at(8),
        [_, _, _, _, b'-', ..] | [_, _, b'.', _, _, b'.', ..] => text.split_at_checked(10)?,
        _ => {
            // The day of the week may be wrong.
            let date = text.split_once(',').map_or(text, |(_, date)| date);
            let time = DateTime::parse_from_rfc2822(date.trim()).ok()?;
            return Some(time.timestamp_micros());
        }
    };
    let time = time.trim_start_matches(['T', ' ']).trim_end_matches('Z');
    let mut digits = time.bytes().filter(u8::is_ascii_digit);
    let mut part = || match (digits.next(), digits.next()) {
        (Some(tens), Some(ones)) => i64::from(tens - b'0') * 10 + i64::from(ones - b'0'),
        _ => 0,
    };
    let seconds = part() * 3_600 + part() * 60 + part();
    Some(i64::from(day(date)?) * DAY + seconds * SECOND)
}
