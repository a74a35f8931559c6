//! Columns of a relation by their names, and their cells as texts and days, for table functions that
//! take relations of a certain form. A column that is missing or unknown is an error when a call is
//! bound: a misspelt one would be left out silently.

use crate::{Error, Result, Strings};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use chrono::NaiveDate;
use std::borrow::Cow;

/// Where the columns of a relation stand that a function knows.
#[derive(Clone, Debug)]
pub struct Columns {
    names: Vec<&'static str>,
    positions: Vec<Option<usize>>,
}

impl Columns {
    /// Finds columns by name, in any order; the optional ones may be missing.
    ///
    /// # Errors
    /// A column that is needed and not there, or one that is there and not known.
    pub fn find(
        relation: Option<&SchemaRef>,
        needed: &[&'static str],
        optional: &[&'static str],
    ) -> Result<Self> {
        let relation = relation.ok_or_else(|| Error::unsupported("expected a relation"))?;
        let found: Vec<_> = relation.fields().iter().map(|field| field.name()).collect();
        let names = [needed, optional].concat();
        if let Some(other) = found.iter().find(|name| !names.contains(&name.as_str())) {
            return Err(Error::unsupported(format!(
                "expected no columns but {}, found {other:?}; hint: SELECT those that are meant",
                names.join(", ")
            )));
        }
        let position = |name: &&'static str| found.iter().position(|known| known == name);
        let positions: Vec<_> = names.iter().map(position).collect();
        match needed.iter().find(|name| position(name).is_none()) {
            None => Ok(Self { names, positions }),
            Some(missing) => Err(Error::unsupported(format!(
                "expected a column {missing}; hint: name it with AS"
            ))),
        }
    }

    /// The cells of a column as texts.
    pub fn texts<'a>(&self, batch: &'a RecordBatch, name: &str) -> Result<TextColumn<'a>> {
        match self.column(batch, name) {
            Some(column) => TextColumn::new(column, name),
            None => Ok(TextColumn::Missing),
        }
    }

    /// A column as it is; none where it was not given.
    pub fn column<'a>(&self, batch: &'a RecordBatch, name: &str) -> Option<&'a ArrayRef> {
        let number = self.names.iter().position(|known| *known == name)?;
        self.positions[number].map(|position| batch.column(position))
    }
}

/// A column of texts, or of whole numbers as texts.
#[derive(Clone, Copy, Debug)]
pub enum TextColumn<'a> {
    /// No column, or one of nulls.
    Missing,
    /// Texts.
    Strings(Strings<'a>),
    /// Whole numbers.
    Numbers(&'a Int64Array),
}

impl<'a> TextColumn<'a> {
    fn new(column: &'a ArrayRef, name: &str) -> Result<Self> {
        if *column.data_type() == DataType::Null {
            return Ok(Self::Missing);
        }
        let column_of_texts = match Strings::new(column) {
            Some(strings) => Some(Self::Strings(strings)),
            None => column.as_primitive_opt::<Int64Type>().map(Self::Numbers),
        };
        column_of_texts.ok_or_else(|| {
            Error::unsupported(format!(
                "expected {name} as TEXT or BIGINT, found {}; hint: CAST({name} AS TEXT)",
                column.data_type()
            ))
        })
    }

    /// The text of a row as it is; none where it is null.
    pub fn whole(&self, row: usize) -> Option<Cow<'a, str>> {
        match self {
            Self::Missing => None,
            Self::Strings(strings) => strings.get(row).map(Cow::Borrowed),
            Self::Numbers(numbers) => {
                let number = numbers.is_valid(row).then(|| numbers.value(row));
                number.map(|number| Cow::Owned(number.to_string()))
            }
        }
    }

    /// The text of a row without white space around it; none where it is null or blank.
    pub fn get(&self, row: usize) -> Option<Cow<'a, str>> {
        let text = match self.whole(row)? {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            owned => owned,
        };
        (!text.is_empty()).then_some(text)
    }

    /// The text of a row without white space around it, of a field that needs one.
    ///
    /// # Errors
    /// A row that is null or blank.
    pub fn needed(&self, row: usize, field: &str) -> Result<Cow<'a, str>> {
        self.get(row)
            .ok_or_else(|| Error::invalid_data("expected a text, found null").in_field(field))
    }
}

/// The day, in UTC, of a row of dates, timestamps, or texts that begin with YYYY-MM-DD.
pub fn day(column: Option<&ArrayRef>, row: usize) -> Result<Option<NaiveDate>> {
    let Some(column) = column else {
        return Ok(None);
    };
    if *column.data_type() == DataType::Null || column.is_null(row) {
        return Ok(None);
    }
    let day = match column.data_type() {
        DataType::Date32 => column.as_primitive::<Date32Type>().value_as_date(row),
        DataType::Timestamp(unit, _) => day_of_timestamp(column, *unit, row),
        other => {
            let texts = Strings::new(column).ok_or_else(|| {
                Error::unsupported(format!(
                    "expected DATE, TIMESTAMP or TEXT, found {other}; hint: CAST(... AS DATE)"
                ))
            })?;
            let text = texts.get(row).unwrap_or_default().trim();
            if text.is_empty() {
                return Ok(None);
            }
            return day_of_text(text).map(Some);
        }
    };
    let day = day.ok_or_else(|| Error::invalid_data("expected a day of the calendar"))?;
    Ok(Some(day))
}

fn day_of_timestamp(column: &ArrayRef, unit: TimeUnit, row: usize) -> Option<NaiveDate> {
    match unit {
        TimeUnit::Second => column
            .as_primitive::<TimestampSecondType>()
            .value_as_date(row),
        TimeUnit::Millisecond => column
            .as_primitive::<TimestampMillisecondType>()
            .value_as_date(row),
        TimeUnit::Microsecond => column
            .as_primitive::<TimestampMicrosecondType>()
            .value_as_date(row),
        TimeUnit::Nanosecond => column
            .as_primitive::<TimestampNanosecondType>()
            .value_as_date(row),
    }
}

fn day_of_text(text: &str) -> Result<NaiveDate> {
    let day = text.get(..10).and_then(|day| day.parse().ok());
    day.ok_or_else(|| Error::invalid_data(format!("expected YYYY-MM-DD, found {text:?}")))
}
