//! GeoJSON (RFC 7946): a FeatureCollection, features that stand one after the other, and text
//! sequences (RFC 8142). A feature's geometry and properties are read only where they are asked for, and
//! the properties only where its bounding box may match.

mod head;
mod place;

pub(crate) use head::Head;

use crate::layer::{Found, Frame, Holds, Layer, SAMPLE_BYTES, SAMPLE_RECORDS};
use crate::shape::Geometry;
use serde::de::{self, DeserializeSeed, MapAccess, Visitor};
use serde_json::value::RawValue;
use sextant_plugin_sdk::json::{JsonRecord, JsonRecords};
use sextant_plugin_sdk::{Cell, Error, ErrorKind, Result, RowReader, Rows};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// Reads the features of a file.
#[derive(Debug)]
pub(crate) struct Reader {
    records: JsonRecords,
    frame: Frame,
    places: HashMap<String, usize>,
}

impl Reader {
    pub(crate) fn new(records: JsonRecords, layer: &Layer, frame: Frame) -> Self {
        Self {
            records,
            places: layer.places(),
            frame,
        }
    }
}

impl RowReader for Reader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        let Some(record) = self.records.next()? else {
            return Ok(false);
        };
        let made = push(&record, &self.places, &mut self.frame, rows);
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
        let Ok(feature) = Feature::read(&record) else {
            continue;
        };
        if let Some(properties) = feature.properties {
            let add = |name: Cow<'_, str>, value: &RawValue| {
                found.add(&name, holds(value.get()));
                Ok(())
            };
            members(properties.get().as_bytes(), add).ok();
        }
    }
    Ok(())
}

/// Makes the row of a feature.
fn push(
    record: &JsonRecord<'_>,
    places: &HashMap<String, usize>,
    frame: &mut Frame,
    rows: &mut Rows,
) -> Result<()> {
    let feature = Feature::read(record)?;
    let mut has_more = false;
    let geometry = match feature.geometry {
        Some(json) if Frame::wants_shape(rows) => {
            place::geometry(record, json.get(), 0, &mut has_more)?
        }
        _ => None,
    };
    let number = record.number();
    if has_more {
        frame.notes.add("more numbers", "", || {
            format!(
                "record {number}: a position has more than three numbers, of which the others are \
                 not read (said once a file)"
            )
        });
    }
    let bounds = geometry.as_ref().and_then(Geometry::bounds);
    if !frame.takes(rows, bounds, number) {
        return Ok(());
    }
    let (values, other) = values(&feature, record, places, frame, rows)?;
    let cells: Vec<_> = values.iter().map(Value::cell).collect();
    let shape = (geometry.as_ref(), bounds);
    frame.push(rows, shape, &cells, other.as_deref(), number)
}

/// The values of a feature's attributes, and what no column is for.
fn values<'a>(
    feature: &Feature<'a>,
    record: &JsonRecord<'a>,
    places: &HashMap<String, usize>,
    frame: &mut Frame,
    rows: &Rows,
) -> Result<(Vec<Value<'a>>, Option<String>)> {
    let wants_other = frame.wants_other(rows);
    let (found, mut other) = feature.attributes(record, places, frame.attributes.len())?;
    let mut values = vec![Value::Null; found.len()];
    for (at, json) in found.into_iter().enumerate() {
        let is_wanted = frame.wants(rows, at);
        let Some(json) = json.filter(|_| is_wanted || wants_other) else {
            continue;
        };
        let attribute = &frame.attributes[at];
        let value = Value::read(json.get(), attribute.holds)
            .map_err(|error| record.wrong(&error).in_field(&attribute.column))?;
        match value {
            Some(value) => values[at] = value,
            None => {
                other.push((Cow::Owned(attribute.name.clone()), json));
                let (column, holds) = (attribute.column.clone(), attribute.holds);
                frame
                    .notes
                    .add("misfit", &column, || misfit(record, &column, holds, json));
            }
        }
    }
    let other = match wants_other {
        true => object(&other, &feature.foreign)?,
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

/// A member of an object: its name, and its value as it stands in the file.
type Member<'a> = (Cow<'a, str>, &'a RawValue);

/// The members of a feature that mean something.
#[derive(Debug, Default)]
struct Feature<'a> {
    id: Option<&'a RawValue>,
    geometry: Option<&'a RawValue>,
    properties: Option<&'a RawValue>,
    foreign: Vec<Member<'a>>,
}

impl<'a> Feature<'a> {
    /// The properties for which there is a column, each at its attribute's place, and the others.
    fn attributes(
        &self,
        record: &JsonRecord<'a>,
        places: &HashMap<String, usize>,
        count: usize,
    ) -> Result<(Vec<Option<&'a RawValue>>, Vec<Member<'a>>)> {
        let mut found = vec![None; count];
        let mut other = Vec::new();
        found[0] = self.id;
        let put = |name: Cow<'a, str>, value: &'a RawValue| {
            match places.get(&*name) {
                Some(&at) if found[at].is_some() => return Err(twice(&name)),
                Some(&at) => found[at] = Some(value),
                None => other.push((name, value)),
            }
            Ok(())
        };
        if let Some(properties) = self.properties {
            members(properties.get().as_bytes(), put)
                .map_err(|error| record.wrong(&error).in_field("properties"))?;
        }
        Ok((found, other))
    }

    fn read(record: &JsonRecord<'a>) -> Result<Self> {
        let mut feature = Self::default();
        let mut kind = None;
        let put = |name: Cow<'a, str>, value: &'a RawValue| {
            let member = match &*name {
                "type" => &mut kind,
                "id" => &mut feature.id,
                "geometry" => &mut feature.geometry,
                "properties" => &mut feature.properties,
                // Boxes are made of the coordinates.
                "bbox" => return Ok(()),
                _ => {
                    feature.foreign.push((name, value));
                    return Ok(());
                }
            };
            match member.replace(value) {
                Some(_) => Err(twice(&name)),
                None => Ok(()),
            }
        };
        members(record.bytes(), put).map_err(|error| record.wrong(&error))?;
        match kind.map(RawValue::get) {
            Some("\"Feature\"") => {}
            found => {
                let found = found.unwrap_or("no type");
                let message = format!("expected a \"Feature\", found {found}");
                return Err(Error::invalid_data(message).in_field("type"));
            }
        }
        feature.properties = feature.properties.filter(|json| json.get() != "null");
        Ok(feature)
    }
}

fn twice(name: &str) -> String {
    format!("the member {name:?} is there twice")
}

/// A value as its column holds it.
#[derive(Clone, Debug)]
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

fn text(json: &str) -> serde_json::Result<Cow<'_, str>> {
    let inner = json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'));
    match inner {
        Some(text) if !text.contains('\\') => Ok(Cow::Borrowed(text)),
        _ => serde_json::from_str(json).map(Cow::Owned),
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

/// Shows the members of an object as they stand there.
fn members<'a>(
    json: &'a [u8],
    show: impl FnMut(Cow<'a, str>, &'a RawValue) -> Result<(), String>,
) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    Members(show).deserialize(&mut deserializer)?;
    deserializer.end()
}

struct Members<F>(F);

impl<'de, F> DeserializeSeed<'de> for Members<F>
where
    F: FnMut(Cow<'de, str>, &'de RawValue) -> Result<(), String>,
{
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F> Visitor<'de> for Members<F>
where
    F: FnMut(Cow<'de, str>, &'de RawValue) -> Result<(), String>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            let value: &RawValue = map.next_value()?;
            (self.0)(name, value).map_err(de::Error::custom)?;
        }
        Ok(())
    }
}

/// A name, borrowed where it stands in the file as it is.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
