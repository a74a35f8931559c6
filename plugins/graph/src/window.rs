//! Windows of time: which rows of a relation lie in one. A window is half open, so that windows that
//! follow each other share no edge and lose none.

use crate::relation::column;
use arrow_array::cast::AsArray;
use arrow_array::types::Date32Type;
use arrow_array::{Array, ArrayRef, RecordBatch, StringViewArray, make_array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::{DataType, Schema, TimeUnit};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use sextant_plugin_sdk::{Error, Parameter, Result, Strings};
use std::ops::Range;
use std::sync::Arc;

const SECOND_NS: i128 = 1_000_000_000;
const DAY_NS: i128 = 86_400 * SECOND_NS;

/// The parameters that bound a window.
pub(crate) fn parameters() -> [Parameter; 2] {
    let utc: Option<Arc<str>> = Some("+00:00".into());
    let types = [
        DataType::Utf8View,
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Date32,
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(TimeUnit::Microsecond, utc.clone()),
        DataType::Timestamp(TimeUnit::Nanosecond, None),
        DataType::Timestamp(TimeUnit::Nanosecond, utc),
    ];
    let bound = |name: &str, doc: &str| {
        Parameter::new(name, &types, doc)
            .default(Arc::new(StringViewArray::from(vec![None::<&str>])))
            .constant()
    };
    [
        bound(
            "since",
            "Edges before this are ignored: a timestamp, a date (its midnight) or either as ISO 8601 text, in UTC \
             where it has no offset. The relation needs a column `at`; edges without a time are ignored too.",
        ),
        bound(
            "until",
            "Edges at or after this are ignored, as for `since`.",
        ),
    ]
}

/// A window over the column `at` of a relation.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    column: usize,
    /// In the unit of the column.
    range: Range<i128>,
}

impl Window {
    /// The window from `since` on and before `until`, as arrays of one row; none where neither is
    /// given.
    pub(crate) fn new(
        relation: &Schema,
        since: Option<&ArrayRef>,
        until: Option<&ArrayRef>,
    ) -> Result<Option<Self>> {
        let argument = match (since, until) {
            (None, None) => return Ok(None),
            (Some(_), _) => "since",
            (None, Some(_)) => "until",
        };
        let since = since.map(|value| instant_ns("since", value)).transpose()?;
        let until = until.map(|value| instant_ns("until", value)).transpose()?;
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            return Err(Error::invalid_config(
                "argument until: expected a time after since, found one that is not",
            ));
        }
        let place = column(relation, "at");
        let unit_ns = place.and_then(|place| unit_ns(relation.field(place).data_type()));
        let (Some(column), Some(unit_ns)) = (place, unit_ns) else {
            let found = place.map_or("none".to_owned(), |place| {
                relation.field(place).data_type().to_string()
            });
            return Err(Error::unsupported(format!(
                "argument {argument}: expected a column \"at\" that is a DATE or TIMESTAMP, found {found}"
            )));
        };
        // The first time in the column's unit that is not before an instant.
        let first = |instant_ns: i128| -((-instant_ns).div_euclid(unit_ns));
        let range = since.map_or(i128::MIN, first)..until.map_or(i128::MAX, first);
        Ok(Some(Self { column, range }))
    }

    /// The ends of the edges in a batch, without those outside; and how many edges have no time.
    pub(crate) fn ends(&self, batch: &RecordBatch) -> Result<([ArrayRef; 2], u64)> {
        let times = batch.column(self.column);
        let inside = match times.data_type() {
            DataType::Date32 => {
                let days = times.as_primitive::<Date32Type>().values();
                self.inside(days.len(), |row| i64::from(days[row]))
            }
            _ => {
                // Date64 and every timestamp are 64 bits.
                let data = times.to_data();
                let values = data.buffer::<i64>(0);
                self.inside(data.len(), |row| values[row])
            }
        };
        let inside = NullBuffer::union(times.nulls(), Some(&inside));
        // An edge outside is one without ends: it is no edge, and names no node.
        let only = |ends: &ArrayRef| -> Result<ArrayRef> {
            let nulls = NullBuffer::union(ends.nulls(), inside.as_ref());
            Ok(make_array(
                ends.to_data().into_builder().nulls(nulls).build()?,
            ))
        };
        let ends = [only(batch.column(0))?, only(batch.column(1))?];
        Ok((ends, times.null_count() as u64))
    }

    fn inside(&self, rows: usize, time: impl Fn(usize) -> i64) -> NullBuffer {
        NullBuffer::new(BooleanBuffer::collect_bool(rows, |row| {
            self.range.contains(&i128::from(time(row)))
        }))
    }
}

/// How many nanoseconds a unit of a type of times has; none for other types.
fn unit_ns(data_type: &DataType) -> Option<i128> {
    Some(match data_type {
        DataType::Date32 => DAY_NS,
        DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => SECOND_NS / 1_000,
        DataType::Timestamp(TimeUnit::Second, _) => SECOND_NS,
        DataType::Timestamp(TimeUnit::Microsecond, _) => SECOND_NS / 1_000_000,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => 1,
        _ => return None,
    })
}

/// An argument as nanoseconds since 1970 in UTC.
fn instant_ns(argument: &str, value: &ArrayRef) -> Result<i128> {
    if let Some(texts) = Strings::new(value) {
        let text = texts.get(0).unwrap_or_default();
        return parse_ns(text).ok_or_else(|| refused(argument, &format!("{text:?}")));
    }
    let unit_ns = unit_ns(value.data_type())
        .ok_or_else(|| refused(argument, &value.data_type().to_string()))?;
    let units = match value.as_primitive_opt::<Date32Type>() {
        Some(days) => i64::from(days.value(0)),
        None => value.to_data().buffer::<i64>(0)[0],
    };
    Ok(i128::from(units) * unit_ns)
}

fn refused(argument: &str, found: &str) -> Error {
    Error::invalid_config(format!(
        "argument {argument}: expected a time such as 2024-01-31 or 2024-01-31T12:00:00Z, found {found}"
    ))
}

/// A date, a date and a time, or both with an offset, after ISO 8601.
fn parse_ns(text: &str) -> Option<i128> {
    let text = text.trim();
    let local = |format: &str| NaiveDateTime::parse_from_str(text, format).ok();
    let date = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let moment = DateTime::parse_from_rfc3339(text)
        .map(|moment| moment.naive_utc())
        .ok()
        .or_else(|| local("%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|| local("%Y-%m-%d %H:%M:%S%.f"))
        .or_else(|| local("%Y-%m-%dT%H:%M"))
        .or_else(|| local("%Y-%m-%d %H:%M"))
        .or_else(|| date().map(|date| date.and_time(NaiveTime::MIN)))?
        .and_utc();
    let nanoseconds = i128::from(moment.timestamp_subsec_nanos());
    Some(i128::from(moment.timestamp()) * SECOND_NS + nanoseconds)
}
