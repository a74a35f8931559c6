//! Answers of table functions: rows as columns, given out in batches of bounded size.

use crate::Result;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Rows of a batch of an answer.
const BATCH_ROWS: usize = 8_192;

/// What a [`Gathering`](crate::Gathering) computed: how many rows, and the columns of any run of them.
///
/// A batch, such as [`AnswerColumns::batch`] makes, is an answer as it is. Where columns take many
/// times the memory of what they are made of, as texts and outlines do, make them run by run:
///
/// ```
/// use sextant_plugin_sdk::arrow_array::Int64Array;
/// use sextant_plugin_sdk::arrow_schema::{DataType, Field, Schema};
/// use sextant_plugin_sdk::{Answer, BoundTable, Gathering, Progress};
/// use std::sync::Arc;
///
/// let output = Schema::new(vec![Field::new("square", DataType::Int64, false)]);
/// // It looks at no rows, and gives 20,000 of its own.
/// let squares = Gathering::new(Arc::new(output), (), |_, _| Ok(()), |()| {
///     Ok(Answer::new(20_000, |rows| {
///         let squares = rows.map(|row| (row * row) as i64);
///         vec![Arc::new(Int64Array::from_iter_values(squares))]
///     }))
/// });
///
/// let mut call = squares.call(None)?;
/// call.finish(0)?;
/// let mut rows = Vec::new();
/// while let Progress::Rows(batch) = call.next()? {
///     rows.push(batch.num_rows());
/// }
/// assert_eq!(rows, [8_192, 8_192, 3_616]);
/// # Ok::<(), sextant_plugin_sdk::Error>(())
/// ```
pub struct Answer {
    rows: usize,
    /// How many rows were given out.
    given: usize,
    columns: Box<dyn Fn(Range<usize>) -> Vec<ArrayRef>>,
}

impl Answer {
    /// So many rows; `columns` makes the columns of a run of them, counted from 0, as soon as they are
    /// asked for.
    pub fn new(rows: usize, columns: impl Fn(Range<usize>) -> Vec<ArrayRef> + 'static) -> Self {
        Self {
            rows,
            given: 0,
            columns: Box::new(columns),
        }
    }

    /// The next rows, with these columns; none where all were given out.
    pub(crate) fn next_batch(&mut self, output: &SchemaRef) -> Result<Option<RecordBatch>> {
        let end = self.rows.min(self.given + BATCH_ROWS);
        if end == self.given {
            return Ok(None);
        }
        let columns = (self.columns)(self.given..end);
        self.given = end;
        Ok(Some(RecordBatch::try_new(Arc::clone(output), columns)?))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("rows", &self.rows)
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

impl From<RecordBatch> for Answer {
    fn from(batch: RecordBatch) -> Self {
        Self::new(batch.num_rows(), move |rows| {
            batch.slice(rows.start, rows.len()).columns().to_vec()
        })
    }
}

/// Rows as columns: each column is written once, with its name, its type and its cells. Of no rows,
/// they say which columns a function gives.
///
/// ```
/// use sextant_plugin_sdk::AnswerColumns;
/// use sextant_plugin_sdk::arrow_array::Array;
///
/// struct Station {
///     name: &'static str,
///     readings: usize,
///     height_m: Option<f64>,
/// }
///
/// fn columns(stations: &[Station]) -> AnswerColumns<'_, Station> {
///     AnswerColumns::of(stations)
///         .text("name", |station| station.name)
///         .count("readings", |station| station.readings)
///         .optional_number("height_m", |station| station.height_m)
/// }
///
/// let output = columns(&[]).schema();
/// assert!(output.field(2).is_nullable());
///
/// let stations = [
///     Station { name: "Kyiv", readings: 24, height_m: Some(167.0) },
///     Station { name: "Lviv", readings: 8, height_m: None },
/// ];
/// let batch = columns(&stations).batch()?;
/// assert_eq!(batch.schema(), output);
/// assert!(batch.column(2).is_null(1));
/// # Ok::<(), sextant_plugin_sdk::Error>(())
/// ```
#[derive(Debug)]
pub struct AnswerColumns<'a, T> {
    rows: &'a [T],
    fields: Vec<Field>,
    values: Vec<ArrayRef>,
}

impl<'a, T> AnswerColumns<'a, T> {
    /// No columns yet, of these rows.
    pub fn of(rows: &'a [T]) -> Self {
        Self {
            rows,
            fields: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Adds a column of texts.
    #[must_use]
    pub fn text<S: AsRef<str>>(self, name: &str, cell: impl Fn(&'a T) -> S) -> Self {
        let values = StringArray::from_iter_values(self.rows.iter().map(cell));
        self.column(Field::new(name, DataType::Utf8, false), Arc::new(values))
    }

    /// Adds a column of texts that may be null.
    #[must_use]
    pub fn optional_text<S: AsRef<str>>(
        self,
        name: &str,
        cell: impl Fn(&'a T) -> Option<S>,
    ) -> Self {
        let values = self.rows.iter().map(cell).collect::<StringArray>();
        self.column(Field::new(name, DataType::Utf8, true), Arc::new(values))
    }

    /// Adds a column of numbers.
    #[must_use]
    pub fn number(self, name: &str, cell: impl Fn(&'a T) -> f64) -> Self {
        let values = Float64Array::from_iter_values(self.rows.iter().map(cell));
        self.column(Field::new(name, DataType::Float64, false), Arc::new(values))
    }

    /// Adds a column of numbers that may be null.
    #[must_use]
    pub fn optional_number(self, name: &str, cell: impl Fn(&'a T) -> Option<f64>) -> Self {
        let values = self.rows.iter().map(cell).collect::<Float64Array>();
        self.column(Field::new(name, DataType::Float64, true), Arc::new(values))
    }

    /// Adds a column of counts, as BIGINT.
    #[must_use]
    pub fn count(self, name: &str, cell: impl Fn(&'a T) -> usize) -> Self {
        let counts = self.rows.iter().map(|row| cell(row) as i64);
        let values = Int64Array::from_iter_values(counts);
        self.column(Field::new(name, DataType::Int64, false), Arc::new(values))
    }

    /// Adds a column of counts that may be null, as BIGINT.
    #[must_use]
    pub fn optional_count(self, name: &str, cell: impl Fn(&'a T) -> Option<usize>) -> Self {
        let counts = self
            .rows
            .iter()
            .map(|row| cell(row).map(|count| count as i64));
        let values = counts.collect::<Int64Array>();
        self.column(Field::new(name, DataType::Int64, true), Arc::new(values))
    }

    /// Adds a column of any type, with a value for each row.
    #[must_use]
    pub fn column(mut self, field: Field, values: ArrayRef) -> Self {
        self.fields.push(field);
        self.values.push(values);
        self
    }

    /// Which columns there are.
    pub fn schema(self) -> SchemaRef {
        Arc::new(Schema::new(self.fields))
    }

    /// The columns with their values.
    ///
    /// # Errors
    ///
    /// No columns, or one that has more or fewer values than another, or not those of its field.
    pub fn batch(self) -> Result<RecordBatch> {
        let output = Arc::new(Schema::new(self.fields));
        Ok(RecordBatch::try_new(output, self.values)?)
    }
}
