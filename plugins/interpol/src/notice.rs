//! A notice: the members of a JSON object, as a list or a detail has them, and the values of columns.

use crate::tables::{Column, Holds, Kind, Relation, SEX, Step};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sextant_plugin_sdk::{Cell, Error, Result, Rows, date};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

/// Links that are columns.
const LINKS: [&str; 3] = ["self", "thumbnail", "images"];

/// A JSON object. A member that is there twice is an error.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Notice(BTreeMap<String, Value>);

/// What a page of a list and a detail have in common.
#[derive(Deserialize)]
#[serde(expecting = "a notice or a page of notices")]
pub(crate) struct Frame<'a> {
    /// How many notices there are to what was asked; a page's alone.
    pub(crate) total: Option<u64>,
    #[serde(borrow, rename = "_embedded")]
    embedded: Option<Embedded<'a>>,
}

#[derive(Deserialize)]
struct Embedded<'a> {
    #[serde(borrow)]
    notices: Option<Vec<&'a RawValue>>,
}

impl<'a> Frame<'a> {
    /// The notices, where it is a page.
    pub(crate) fn notices(self) -> Option<Vec<&'a RawValue>> {
        self.embedded?.notices
    }
}

/// Where a notice was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) source: &'a str,
    pub(crate) record: Option<i64>,
}

impl Notice {
    /// A notice of a page.
    pub(crate) fn of_page(raw: &RawValue) -> Result<Self> {
        serde_json::from_str(raw.get()).map_err(|error| {
            // Lines and columns would be those of the notice, which nobody sees.
            let message = error.to_string();
            let place = format!(" at line {} column {}", error.line(), error.column());
            Error::invalid_data(message.strip_suffix(&place).unwrap_or(&message))
        })
    }

    /// Its number, such as `2026/30493`.
    pub(crate) fn entity_id(&self) -> Result<&str> {
        match self.0.get("entity_id") {
            Some(Value::String(id)) if !id.trim().is_empty() => Ok(id.as_str()),
            found => {
                let message = format!("expected a notice's number, found {}", named(found));
                Err(Error::invalid_data(message).in_field("entity_id"))
            }
        }
    }

    /// The same notice, where it has a number.
    pub(crate) fn numbered(self) -> Result<Self> {
        self.entity_id()?;
        Ok(self)
    }

    /// Says the sex, where the notice does not.
    pub(crate) fn set_sex(&mut self, sex: char) {
        let known = self.0.entry(SEX.to_owned()).or_insert(Value::Null);
        if is_blank(known) {
            *known = Value::String(sex.into());
        }
    }

    fn has_sex(&self) -> bool {
        self.0.get(SEX).is_some_and(|sex| !is_blank(sex))
    }

    /// Whether only its detail has a column's value.
    pub(crate) fn lacks(&self, column: &Column) -> bool {
        let is_known = column.member == SEX && self.has_sex();
        column.step == Step::Detailed && !is_known
    }

    /// Whether one of these is among its nationalities.
    pub(crate) fn has_nationality(&self, codes: &[String]) -> bool {
        let own = match self.0.get("nationalities") {
            Some(Value::Array(own)) => own.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let mut own = own.iter().filter_map(Value::as_str);
        own.any(|own| codes.iter().any(|code| code == own))
    }

    /// The path of its detail below `notices/v1/`. The API's own link says it, of which nothing but a
    /// plain path is taken.
    pub(crate) fn detail_path(&self, kind: Kind) -> Result<String> {
        let link = self.link("self").and_then(|link| {
            let (_, path) = link.split_once("/notices/v1/")?;
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            let mut parts = path.split('/');
            let is_kind = parts.next() == Some(kind.name());
            let is_path = path
                .split('/')
                .all(|part| !part.is_empty() && part.chars().all(is_plain));
            (is_kind && is_path && parts.next().is_some()).then(|| path.to_owned())
        });
        if let Some(path) = link {
            return Ok(path);
        }
        let id = self.entity_id()?.replace('/', "-");
        if !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            let message = format!("expected a number as 2026/30493, found {id:?}");
            return Err(Error::invalid_data(message).in_field("entity_id"));
        }
        let kind = match kind {
            Kind::Un => "un/persons",
            _ => kind.name(),
        };
        Ok(format!("{kind}/{id}"))
    }

    /// The notice with all that its detail says. Where both say something of the same, the list's word
    /// stands, so that a query's rows do not depend on its columns; the detail's goes to `other`.
    pub(crate) fn with_detail(self, detail: Self) -> Self {
        let mut both = detail;
        for (name, value) in self.0 {
            let found = both.0.get(&name).map(|found| match name.as_str() {
                "_links" => further_links(found),
                _ => found.clone(),
            });
            if let Some(found) = found.filter(|found| !is_blank(found) && *found != value) {
                both.0.insert(format!("detail_{name}"), found);
            }
            both.0.insert(name, value);
        }
        both
    }

    /// Its arrest warrants, each as an object with the notice's number.
    fn warrants(&self) -> Result<Vec<Self>> {
        let wrong = |found: &str| {
            let message = format!("expected an array of objects, found {found}");
            Error::invalid_data(message).in_field("arrest_warrants")
        };
        let warrants = match self.0.get("arrest_warrants") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(warrants)) => warrants,
            found => return Err(wrong(named(found))),
        };
        let id = Value::String(self.entity_id()?.to_owned());
        let warrants = warrants.iter().map(|warrant| match warrant {
            Value::Object(members) => {
                let members = members.iter();
                let mut members: BTreeMap<_, _> = members
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                members.insert("entity_id".to_owned(), id.clone());
                Ok(Self(members))
            }
            other => Err(wrong(&format!("{} among them", named(Some(other))))),
        });
        warrants.collect()
    }

    /// Pushes its rows: all of them, or none and the error of one that cannot be made.
    pub(crate) fn push(
        &self,
        relation: Relation,
        columns: &[Column],
        origin: Origin<'_>,
        rows: &mut Rows,
    ) -> Result<()> {
        let row = |notice: &Self| {
            let wants = |column| rows.wants(column);
            notice.row(relation, columns, origin, wants)
        };
        let made = match relation {
            Relation::Notices(_) => vec![row(self)?],
            Relation::Warrants => {
                let warrants = self.warrants()?;
                warrants.iter().map(row).collect::<Result<_>>()?
            }
        };
        for row in made {
            rows.push(&row.iter().map(Datum::cell).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn row(
        &self,
        relation: Relation,
        columns: &[Column],
        origin: Origin<'_>,
        wants: impl Fn(usize) -> bool,
    ) -> Result<Vec<Datum>> {
        let values = columns
            .iter()
            .enumerate()
            .map(|(at, column)| match column.holds {
                _ if !wants(at) => Ok(Datum::Null),
                Holds::Other => self.other(relation, columns),
                Holds::Source => Ok(Datum::Text(origin.source.to_owned())),
                Holds::Record => Ok(origin.record.map_or(Datum::Null, Datum::Int)),
                _ => self.value(column),
            });
        values.collect()
    }

    /// The value of a column that is a member.
    pub(crate) fn value(&self, column: &Column) -> Result<Datum> {
        let value = self.0.get(column.member).unwrap_or(&Value::Null);
        let read = match column.holds {
            Holds::Text => text(value),
            Holds::Forename => text(value).map(|datum| match datum {
                Datum::Text(dash) if dash.trim() == "-" => Datum::Null,
                datum => datum,
            }),
            Holds::Listed => list(value),
            Holds::Day => day(value).map(|day| {
                let day = day.and_then(|day| day.days);
                day.map_or(Datum::Null, Datum::Date)
            }),
            Holds::Year => {
                day(value).map(|day| day.map_or(Datum::Null, |day| Datum::Int(i64::from(day.year))))
            }
            Holds::Measure => measure(value),
            Holds::Image => Ok(self.link("thumbnail").or(self.link("images")).into()),
            Holds::Detail => Ok(self.link("self").into()),
            Holds::Other | Holds::Source | Holds::Record => Ok(Datum::Null),
        };
        read.map_err(|error| error.in_field(column.name))
    }

    fn link(&self, name: &str) -> Option<&str> {
        self.0.get("_links")?.get(name)?.get("href")?.as_str()
    }

    /// What no column says, as a JSON object.
    fn other(&self, relation: Relation, columns: &[Column]) -> Result<Datum> {
        let mut other = BTreeMap::new();
        for (name, value) in &self.0 {
            let value = match columns.iter().find(|column| column.member == name) {
                // A link that is no column, or links that are none.
                _ if name == "_links" => further_links(value),
                // It has a table of its own.
                None if name == "arrest_warrants" && relation.kind() == Kind::Red => Value::Null,
                None => value.clone(),
                Some(column) if is_part_lost(column, value) => value.clone(),
                Some(_) => Value::Null,
            };
            if !is_blank(&value) {
                other.insert(name, value);
            }
        }
        match other.is_empty() {
            true => Ok(Datum::Null),
            false => Ok(Datum::Text(serde_json::to_string(&other)?)),
        }
    }
}

impl<'de> Deserialize<'de> for Notice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Notice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Notice, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            match members.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                Entry::Occupied(entry) => {
                    let message = format!("the member {:?} is there twice", entry.key());
                    return Err(de::Error::custom(message));
                }
            }
        }
        Ok(Notice(members))
    }
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum {
    Null,
    Text(String),
    Int(i64),
    Float(f64),
    Date(i32),
}

impl Datum {
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

impl From<Option<&str>> for Datum {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.to_owned()))
    }
}

/// A value's type, as errors name it.
fn named(value: Option<&Value>) -> &'static str {
    match value {
        None => "none",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a truth value",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a text",
        Some(Value::Array(_)) => "an array",
        Some(Value::Object(_)) => "an object",
    }
}

/// A value as errors show it: the beginning, where it is long.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Whether nothing is in it.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(values) => values.iter().all(is_blank),
        Value::Object(members) => members.values().all(is_blank),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn further_links(links: &Value) -> Value {
    match links {
        Value::Object(links) => {
            let further = links
                .iter()
                .filter(|(name, _)| !LINKS.contains(&name.as_str()));
            Value::Object(
                further
                    .map(|(name, link)| (name.clone(), link.clone()))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

/// A text as it stands there; numbers and truth values as JSON writes them.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn text(value: &Value) -> Result<Datum> {
    if is_blank(value) {
        return Ok(Datum::Null);
    }
    let text = scalar(value).ok_or_else(|| {
        Error::invalid_data(format!("expected a text, found {}", named(Some(value))))
    })?;
    Ok(Datum::Text(text))
}

fn list(value: &Value) -> Result<Datum> {
    let Value::Array(values) = value else {
        // One value that is no array, in whatever edition.
        return match value {
            Value::Object(_) if !is_blank(value) => Ok(Datum::Text(value.to_string())),
            value => text(value),
        };
    };
    let values: Vec<_> = values.iter().filter(|value| !is_blank(value)).collect();
    if values.is_empty() {
        return Ok(Datum::Null);
    }
    let texts: Option<Vec<_>> = values.iter().map(|value| scalar(value)).collect();
    Ok(Datum::Text(match texts {
        Some(texts) => texts.join("; "),
        None => value.to_string(),
    }))
}

fn measure(value: &Value) -> Result<Datum> {
    let number = match value {
        value if is_blank(value) => return Ok(Datum::Null),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
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
struct Day {
    year: i32,
    days: Option<i32>,
    /// Whether the year, or the day, is all that the text says.
    is_whole: bool,
}

fn day(value: &Value) -> Result<Option<Day>> {
    if is_blank(value) {
        return Ok(None);
    }
    let found = match value {
        Value::Number(year) => partial_day(&year.to_string()),
        Value::String(text) => partial_day(text.trim()),
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
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(year) {
        return None;
    }
    let year = year.parse().ok()?;
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
    let rest = rest.strip_prefix(['/', '-'])?;
    let (month, day) = rest.split_once(['/', '-']).unwrap_or((rest, "00"));
    let is_month = month.len() == 2 && is_digits(month) && month <= "12";
    let is_day = day.len() == 2 && is_digits(day) && day <= "31";
    match is_month && is_day && (month == "00" || day == "00") {
        true => known(None, month == "00" && day == "00"),
        false => None,
    }
}

/// Whether a column does not say all of a value: of a day, a month without one, say. A year alone is
/// in the table where it is that of birth, and nowhere else.
fn is_part_lost(column: &Column, value: &Value) -> bool {
    if column.holds != Holds::Day {
        return false;
    }
    match day(value) {
        Ok(Some(day)) if day.days.is_some() => false,
        Ok(Some(day)) => !day.is_whole || column.member != "date_of_birth",
        Ok(None) | Err(_) => false,
    }
}
