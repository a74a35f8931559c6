//! The geometries of GeoJSON.

use crate::shape::{DEPTH_MAX, Geometry, Position};
use serde::de::{self, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use sextant_plugin_sdk::json::JsonRecord;
use sextant_plugin_sdk::{Error, Result};
use std::borrow::Cow;
use std::fmt;

/// A geometry's members. Its `bbox` is made of the coordinates, and others are not read.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    coordinates: Option<&'a RawValue>,
    #[serde(borrow)]
    geometries: Option<Vec<&'a RawValue>>,
}

/// A position: two numbers or three.
struct Place(Position);

/// Reads a geometry; none for null.
pub(crate) fn geometry(
    record: &JsonRecord<'_>,
    json: &str,
    depth: usize,
) -> Result<Option<Geometry>> {
    if json == "null" {
        return Ok(None);
    }
    if depth == DEPTH_MAX {
        let message = format!("collections may be nested {DEPTH_MAX} deep, these are deeper");
        return Err(Error::invalid_data(message).in_field("geometry"));
    }
    let wrong = |error| record.wrong(&error).in_field("geometry");
    let members: Members<'_> = serde_json::from_str(json).map_err(wrong)?;
    if members.kind == "GeometryCollection" {
        let parts = members.geometries.ok_or_else(|| missing("geometries"))?;
        let parts = parts
            .iter()
            .map(|part| geometry(record, part.get(), depth + 1));
        let parts = parts.filter_map(Result::transpose).collect::<Result<_>>()?;
        return Ok(Some(Geometry::Collection(parts)));
    }
    let coordinates = members.coordinates.ok_or_else(|| missing("coordinates"))?;
    simple(&members.kind, coordinates.get())
        .map_err(wrong)?
        .map(Some)
        .ok_or_else(|| {
            let message = format!("expected the type of a geometry, found {:?}", members.kind);
            Error::invalid_data(message).in_field("geometry")
        })
}

fn missing(name: &str) -> Error {
    Error::invalid_data(format!("expected a member {name:?}, found none")).in_field("geometry")
}

/// None for a kind that there is not.
fn simple(kind: &str, json: &str) -> serde_json::Result<Option<Geometry>> {
    use serde_json::from_str;
    Ok(Some(match kind {
        "Point" if from_str::<[IgnoredAny; 0]>(json).is_ok() => Geometry::Point(None),
        "Point" => Geometry::Point(Some(from_str::<Place>(json)?.0)),
        "LineString" => Geometry::LineString(line(from_str(json)?)),
        "Polygon" => Geometry::Polygon(lines(from_str(json)?)),
        "MultiPoint" => Geometry::MultiPoint(line(from_str(json)?)),
        "MultiLineString" => Geometry::MultiLineString(lines(from_str(json)?)),
        "MultiPolygon" => {
            let polygons: Vec<Vec<Vec<Place>>> = from_str(json)?;
            Geometry::MultiPolygon(polygons.into_iter().map(lines).collect())
        }
        _ => return Ok(None),
    }))
}

fn line(places: Vec<Place>) -> Vec<Position> {
    places.into_iter().map(|Place(position)| position).collect()
}

fn lines(all: Vec<Vec<Place>>) -> Vec<Vec<Position>> {
    all.into_iter().map(line).collect()
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(PlaceVisitor)
    }
}

struct PlaceVisitor;

impl<'de> Visitor<'de> for PlaceVisitor {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a position of two or three numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Place, A::Error> {
        let mut position = [f64::NAN; 3];
        let mut count = 0;
        while let Some(number) = numbers.next_element::<f64>()? {
            if count == position.len() {
                return Err(de::Error::custom(
                    "expected two or three numbers, found more",
                ));
            }
            position[count] = number;
            count += 1;
        }
        match count {
            0 | 1 => Err(de::Error::invalid_length(count, &self)),
            _ => Ok(Place(position)),
        }
    }
}
