//! GeoJSON (RFC 7946): a FeatureCollection, features that stand one after the other, and text
//! sequences (RFC 8142). A feature's geometry is read only where it is asked for, and values are made of its
//! properties only where its bounding box may match.

mod feature;
mod head;
mod place;

pub(crate) use head::Head;

use crate::layer::{Found, Frame, Holds, Layer, Places, SAMPLE_BYTES, SAMPLE_RECORDS};
use feature::{Feature, Member};
use serde_json::value::RawValue;
use sextant_plugin_sdk::json::{JsonRecord, JsonRecords, text};
use sextant_plugin_sdk::{Cell, ErrorKind, Result, RowReader, Rows};
use std::borrow::Cow;

/// Reads the features of a file.
#[derive(Debug)]
pub(crate) struct Reader {
    records: JsonRecords,
    frame: Frame,
    places: Places,
    unusual: Unusual,
}

/// How many features in a row could not be read at once.
#[derive(Debug, Default)]
struct Unusual(u32);

/// After how many of them it is not tried any more: a file is written by one program, in one way.
const UNUSUAL_MAX: u32 = 100;

impl Reader {
    pub(crate) fn new(records: JsonRecords, layer: &Layer, frame: Frame) -> Self {
        Self {
            records,
            places: layer.places(),
            frame,
            unusual: Unusual::default(),
        }
    }
}

impl RowReader for Reader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        let Some(record) = self.records.next()? else {
            return Ok(false);
        };
        let (places, frame) = (&self.places, &mut self.frame);
        let made = push(&record, places, frame, &mut self.unusual, rows);
        self.frame.notes.tell(rows);
        match made {
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                let error = error.at_record(record.number()).at_byte(record.byte());
                rows.bad(error).map(|()| true)
            }
            made => made.map(|()| true),
        }
    }
}

/// Finds the attributes in the first features of a file. A feature that cannot be read is passed
/// over: the scan says what is wrong with it.
pub(crate) fn sample(mut records: JsonRecords, found: &mut Found) -> Result<()> {
    while let Some(record) = records.next()? {
        if record.number() > SAMPLE_RECORDS || record.byte() > SAMPLE_BYTES {
            break;
        }
        found.bytes += record.bytes().len() as u64;
        let Ok(feature) = Feature::read(&record, 1) else {
            continue;
        };
        feature.each_property(|name, value| found.add(name, holds(value.get())));
    }
    Ok(())
}

/// Makes the row of a feature.
fn push(
    record: &JsonRecord<'_>,
    places: &Places,
    frame: &mut Frame,
    unusual: &mut Unusual,
    rows: &mut Rows,
) -> Result<()> {
    let number = record.number();
    let wants_shape = Frame::wants_shape(rows);
    let (mut feature, has_more) = read(record, places, frame, unusual, wants_shape)?;
    if has_more {
        frame.notes.add("more numbers", "", || {
            format!(
                "record {number}: a position has more than three numbers, of which the others are \
                 not read (said once a file)"
            )
        });
    }
    let bounds = frame.shape.bounds();
    if !frame.takes(rows, bounds, number) {
        return Ok(());
    }
    feature.attributes(record, places)?;
    let (values, other) = values(feature, record, frame, rows)?;
    let cells = values.iter().map(Value::cell);
    frame.push(rows, bounds, cells, other.as_deref(), number)
}

/// Reads a feature, and its geometry into the frame's shape, if that is wanted; whether a position has more
/// than three numbers.
fn read<'a>(
    record: &JsonRecord<'a>,
    places: &Places,
    frame: &mut Frame,
    unusual: &mut Unusual,
    wants_shape: bool,
) -> Result<(Feature<'a>, bool)> {
    let (attributes, shape, mut has_more) = (frame.attributes.len(), &mut frame.shape, false);
    shape.clear();
    if unusual.0 < UNUSUAL_MAX {
        let wanted = wants_shape.then_some(&mut *shape);
        if let Some(feature) = Feature::at_once(record, places, attributes, wanted, &mut has_more) {
            unusual.0 = 0;
            return Ok((feature, has_more));
        }
        unusual.0 += 1;
        shape.clear();
        has_more = false;
    }
    let feature = Feature::read(record, attributes)?;
    if let Some(json) = feature.geometry.filter(|_| wants_shape) {
        place::geometry(record, json.get(), 0, shape, &mut has_more)?;
    }
    Ok((feature, has_more))
}

/// The values of a feature's attributes, and what no column is for.
fn values<'a>(
    mut feature: Feature<'a>,
    record: &JsonRecord<'a>,
    frame: &mut Frame,
    rows: &Rows,
) -> Result<(Vec<Value<'a>>, Option<String>)> {
    let wants_other = frame.wants_other(rows);
    let mut values = Vec::with_capacity(feature.found.len());
    for (at, json) in feature.found.iter().enumerate() {
        let is_wanted = frame.wants(rows, at) || wants_other;
        let Some(json) = json.filter(|_| is_wanted) else {
            values.push(Value::Null);
            continue;
        };
        let attribute = &frame.attributes[at];
        let value = Value::read(json.get(), attribute.holds)
            .map_err(|error| record.wrong(&error).in_field(&attribute.column))?;
        if value.is_none() {
            let (column, holds) = (&attribute.column, attribute.holds);
            feature
                .other
                .push((Cow::Owned(attribute.name.clone()), json));
            frame
                .notes
                .add("misfit", column, || misfit(record, column, holds, json));
        }
        values.push(value.unwrap_or(Value::Null));
    }
    let other = match wants_other {
        true => object(&feature.other, &feature.foreign)?,
        false => None,
    };
    Ok((values, other))
}

fn misfit(record: &JsonRecord<'_>, column: &str, holds: Holds, json: &RawValue) -> String {
    let start: String = json.get().chars().take(40).collect();
    let number = record.number();
    format!(
        "record {number}, field {column:?}: expected {holds:?} as in the first records, found {start}; \
         it is null there and stands in \"other\" (said once a file)"
    )
}

/// A value as its column holds it.
#[derive(Debug)]
enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
}

impl<'a> Value<'a> {
    /// None where it is of another kind than the column.
    fn read(json: &'a str, holds: Holds) -> serde_json::Result<Option<Self>> {
        if json == "null" {
            return Ok(Some(Self::Null));
        }
        let is_number = json.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        Ok(match holds {
            Holds::Bool => match json {
                "true" => Some(Self::Bool(true)),
                "false" => Some(Self::Bool(false)),
                _ => None,
            },
            Holds::Int => json.parse().ok().map(Self::Int),
            Holds::Float if is_number => float(json).map(Self::Float),
            Holds::Text if json.starts_with('"') => Some(Self::Text(text(json)?)),
            Holds::Text | Holds::Mixed => Some(Self::Text(Cow::Borrowed(json))),
            Holds::Float | Holds::Day => None,
        })
    }

    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Bool(value) => Cell::Bool(*value),
            Self::Int(value) => Cell::Int(*value),
            Self::Float(value) => Cell::Float(*value),
            Self::Text(value) => Cell::Text(value),
        }
    }
}

/// A number as a float; none for a whole number that would lose digits as one.
fn float(json: &str) -> Option<f64> {
    let number: f64 = json.parse().ok()?;
    let is_exact = || {
        let whole = json.parse::<i64>();
        whole.is_ok_and(|whole| i128::from(whole) == number as i128)
    };
    (number.is_finite() && (json.contains(['.', 'e', 'E']) || is_exact())).then_some(number)
}

/// What a value is; none for null. A whole number beyond 64 bits would lose digits as a float.
fn holds(json: &str) -> Option<Holds> {
    Some(match json.as_bytes().first()? {
        b'n' => return None,
        b'"' => Holds::Text,
        b't' | b'f' => Holds::Bool,
        _ if json.parse::<i64>().is_ok() => Holds::Int,
        b'-' | b'0'..=b'9' if float(json).is_some() => Holds::Float,
        _ => Holds::Mixed,
    })
}

/// What no column is for, as a JSON object; none where there is nothing. Members of the feature itself
/// are told from properties.
fn object(properties: &[Member<'_>], foreign: &[Member<'_>]) -> Result<Option<String>> {
    let properties = properties.iter().map(|member| ("", member));
    let members = properties.chain(foreign.iter().map(|member| ("feature.", member)));
    let mut text = String::new();
    for (prefix, (name, value)) in members {
        text.push(if text.is_empty() { '{' } else { ',' });
        text.push_str(&serde_json::to_string(&format!("{prefix}{name}"))?);
        text.push(':');
        text.push_str(value.get());
    }
    if text.is_empty() {
        return Ok(None);
    }
    text.push('}');
    Ok(Some(text))
}
