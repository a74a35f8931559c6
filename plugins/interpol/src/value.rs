//! What a value of JSON is as the value of a column.

use crate::json::Json;
use sextant_plugin_sdk::{Cell, Error, Result, date};
use std::borrow::Cow;

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum<'a> {
    Null,
    Text(Cow<'a, str>),
    Int(i64),
    Float(f64),
    Date(i32),
}

impl Datum<'_> {
    pub(crate) fn cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Text(text) => Cell::Text(text),
            Self::Int(value) => Cell::Int(*value),
            Self::Float(value) => Cell::Float(*value),
            Self::Date(days) => Cell::Date(*days),
        }
    }
}

impl<'a> From<Option<&'a str>> for Datum<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.into()))
    }
}

/// A text as it stands there; numbers and truth values as JSON writes them.
fn scalar<'j>(value: &'j Json<'_>) -> Option<Cow<'j, str>> {
    match value {
        Json::Text(text) => Some(Cow::Borrowed(text)),
        Json::Number(number) => Some(number.to_string().into()),
        Json::Bool(value) => Some(value.to_string().into()),
        _ => None,
    }
}

/// A text.
pub(crate) fn text<'j>(value: &'j Json<'_>) -> Result<Datum<'j>> {
    if value.is_blank() {
        return Ok(Datum::Null);
    }
    let text = scalar(value)
        .ok_or_else(|| Error::invalid_data(format!("expected a text, found {}", value.named())))?;
    Ok(Datum::Text(text))
}

/// Texts, joined by `; `; what is not a text, or has none among it, as JSON.
pub(crate) fn list<'j>(value: &'j Json<'_>) -> Result<Datum<'j>> {
    let as_json = || Datum::Text(value.to_value().to_string().into());
    let values = match value {
        Json::List(values) => values,
        // One value that is no array, in whatever edition.
        Json::Object(_) if !value.is_blank() => return Ok(as_json()),
        value => return text(value),
    };
    let mut joined: Option<Cow<'j, str>> = None;
    for value in values.iter().filter(|value| !value.is_blank()) {
        let Some(text) = scalar(value) else {
            return Ok(as_json());
        };
        match &mut joined {
            None => joined = Some(text),
            Some(joined) => joined.to_mut().extend(["; ", &text]),
        }
    }
    Ok(joined.map_or(Datum::Null, Datum::Text))
}

/// A number; 0 is unknown.
pub(crate) fn measure(value: &Json<'_>) -> Result<Datum<'static>> {
    let number = match value {
        value if value.is_blank() => return Ok(Datum::Null),
        Json::Number(number) => number.as_f64(),
        Json::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number.filter(|number| number.is_finite() && *number >= 0.0) {
        Some(0.0) => Ok(Datum::Null),
        Some(number) => Ok(Datum::Float(number)),
        None => {
            let message = format!("expected a number from 0 on, found {}", shown(value));
            Err(Error::invalid_data(message))
        }
    }
}

/// A day, or the part of it that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) year: i32,
    pub(crate) days: Option<i32>,
    /// Whether the year, or the day, is all that the text says.
    pub(crate) is_whole: bool,
}

/// A day; none where nothing is said.
pub(crate) fn day(value: &Json<'_>) -> Result<Option<Day>> {
    if value.is_blank() {
        return Ok(None);
    }
    let found = match value {
        Json::Number(year) => partial_day(&year.to_string()),
        Json::Text(text) => partial_day(text.trim()),
        _ => None,
    };
    let found = found.ok_or_else(|| {
        let found = shown(value);
        let message = format!("expected a day as YYYY/MM/DD or a year, found {found}");
        Error::invalid_data(message)
    });
    found.map(Some)
}

/// `YYYY`, `YYYY/MM` or `YYYY/MM/DD`; a month or day of `00` is unknown.
fn partial_day(text: &str) -> Option<Day> {
    let (year, rest) = text.split_at_checked(4)?;
    let year = year.bytes().try_fold(0, |year, byte| match byte {
        b'0'..=b'9' => Some(10 * year + i32::from(byte - b'0')),
        _ => None,
    })?;
    let known = |days, is_whole| {
        Some(Day {
            year,
            days,
            is_whole,
        })
    };
    if rest.is_empty() {
        return known(None, true);
    }
    if let Some(days) = date::day(text) {
        return known(Some(days), true);
    }
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let rest = rest.strip_prefix(['/', '-'])?;
    let (month, day) = rest.split_once(['/', '-']).unwrap_or((rest, "00"));
    let is_month = month.len() == 2 && is_digits(month) && month <= "12";
    let is_day = day.len() == 2 && is_digits(day) && day <= "31";
    match is_month && is_day && (month == "00" || day == "00") {
        true => known(None, month == "00" && day == "00"),
        false => None,
    }
}

/// A value as errors show it: the beginning, where it is long.
fn shown(value: &Json<'_>) -> String {
    let text = value.to_value().to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
