//! Records as a gateway gives them: named fields in their order, of which nothing is lost, and the
//! values that columns make of them.

use chrono::NaiveDate;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use sextant_plugin_sdk::{Cell, Error, Result};
use std::borrow::Cow;
use std::fmt;

/// The entity's identification number, which the second step asks by.
pub(crate) const ENTITY: &str = "EID";
/// The country whose record it is. Only it can confirm a hit.
pub(crate) const OWNER: &str = "owner_country";
/// The database that the record is in.
pub(crate) const DATABASE: &str = "database";
/// How far the hit has been confirmed by its owner.
pub(crate) const CONFIRMATION: &str = "confirmation";

/// What a hit can be: a query alone never confirms one.
const CONFIRMATIONS: [&str; 4] = ["unconfirmed", "requested", "confirmed", "refused"];

/// More fields than any record has.
const FIELDS_MAX: usize = 1_000;

/// A record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record(Vec<(String, Value)>);

impl Record {
    /// That it says what it is, whose it is, and where it is on file.
    pub(crate) fn check(&self) -> Result<()> {
        for field in [ENTITY, OWNER, DATABASE] {
            if self.text(field)?.is_none() {
                let message = "expected a text, found nothing";
                return Err(Error::invalid_data(message).in_field(field));
            }
        }
        self.confirmation().map(|_| ())
    }

    /// The entity's identification number; empty in a record that was not checked.
    pub(crate) fn entity(&self) -> Cow<'_, str> {
        self.text(ENTITY).ok().flatten().unwrap_or_default()
    }

    /// How far the hit has been confirmed.
    pub(crate) fn confirmation(&self) -> Result<&'static str> {
        let Some(given) = self.text(CONFIRMATION)? else {
            return Ok(CONFIRMATIONS[0]);
        };
        let known = CONFIRMATIONS.into_iter().find(|known| *known == given);
        known.ok_or_else(|| {
            let message = format!("expected one of {CONFIRMATIONS:?}, found {given:?}");
            Error::invalid_data(message).in_field(CONFIRMATION)
        })
    }

    /// A field as text, as it was given; none where it is blank. Several values stand one after the
    /// other, with `; ` in between.
    pub(crate) fn text(&self, field: &str) -> Result<Option<Cow<'_, str>>> {
        let text = match self.get(field) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(items)) => {
                let items: Option<Vec<_>> = items.iter().map(scalar).collect();
                items.map(|items| items.join("; ").into())
            }
            Some(value) => scalar(value),
        };
        match text {
            Some(text) if text.trim().is_empty() => Ok(None),
            Some(text) => Ok(Some(text)),
            None => {
                let message = "expected a text, a number or a list of them, found something else";
                Err(Error::invalid_data(message).in_field(field))
            }
        }
    }

    /// A field as a whole number.
    pub(crate) fn number(&self, field: &str) -> Result<Option<i64>> {
        let Some(text) = self.text(field)? else {
            return Ok(None);
        };
        let number = text.trim().parse().map_err(|_| {
            let message = format!("expected a whole number, found {text:?}");
            Error::invalid_data(message).in_field(field)
        });
        number.map(Some)
    }

    /// The fields of some names as JSON, in their order; none where there are none.
    pub(crate) fn json(&self, wanted: impl Fn(&str) -> bool) -> Result<Option<String>> {
        let mut text = String::new();
        for (name, value) in self.0.iter().filter(|(name, _)| wanted(name)) {
            text.push(if text.is_empty() { '{' } else { ',' });
            text += &serde_json::to_string(name)?;
            text.push(':');
            text += &serde_json::to_string(value)?;
        }
        if text.is_empty() {
            return Ok(None);
        }
        text.push('}');
        Ok(Some(text))
    }

    fn get(&self, field: &str) -> Option<&Value> {
        let mut fields = self.0.iter();
        fields
            .find(|(name, _)| name == field)
            .map(|(_, value)| value)
    }
}

fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(value) => Some(value.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record, which is an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if fields.iter().any(|(known, _)| *known == name) {
                let message = format!("a record has the field {name:?} twice");
                return Err(de::Error::custom(message));
            }
            if fields.len() == FIELDS_MAX {
                let message = format!("a record has more than {FIELDS_MAX} fields");
                return Err(de::Error::custom(message));
            }
            fields.push((name, value));
        }
        Ok(Record(fields))
    }
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum<'a> {
    Null,
    Text(Cow<'a, str>),
    Int(i64),
    Date(i32),
    Timestamp(i64),
}

impl Datum<'_> {
    pub(crate) fn cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Text(text) => Cell::Text(text),
            Self::Int(number) => Cell::Int(*number),
            Self::Date(days) => Cell::Date(*days),
            Self::Timestamp(microseconds) => Cell::Timestamp(*microseconds),
        }
    }
}

impl<'a> From<Option<Cow<'a, str>>> for Datum<'a> {
    fn from(text: Option<Cow<'a, str>>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

/// The day that `ccyymmdd` says, also with hyphens, in days since 1970-01-01; none where it says less
/// than a day, or none that there is.
pub(crate) fn day(text: &str) -> Option<i32> {
    let digits = digits(text)?;
    if digits.len() != 8 {
        return None;
    }
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse().ok();
    let day = NaiveDate::from_ymd_opt(year(text)?, part(4..6)?, part(6..8)?)?;
    Some(day.to_epoch_days())
}

/// The year that a date says, which may say no more than that (`1980`, `198000`, `19800000`).
pub(crate) fn year(text: &str) -> Option<i32> {
    let digits = digits(text)?;
    let is_date = matches!(digits.len(), 4 | 6 | 8);
    let year = digits.get(..4)?.parse().ok()?;
    (is_date && year > 0).then_some(year)
}

/// The digits of a text of nothing but these, and hyphens where a date has them.
fn digits(text: &str) -> Option<String> {
    let hyphens = text
        .match_indices('-')
        .all(|(place, _)| matches!(place, 4 | 7));
    let digits = text.replace('-', "");
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    (hyphens && is_number).then_some(digits)
}
