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

/// A position of two numbers or three, and whether there were more.
struct Place(Position, bool);

/// Reads a geometry; none for null. `has_more` becomes true where a position has more than three numbers,
/// the rest of which is not read (RFC 7946, 3.1.1).
pub(crate) fn geometry(
    record: &JsonRecord<'_>,
    json: &str,
    depth: usize,
    has_more: &mut bool,
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
            .map(|part| geometry(record, part.get(), depth + 1, has_more));
        let parts = parts.filter_map(Result::transpose).collect::<Result<_>>()?;
        return Ok(Some(Geometry::Collection(parts)));
    }
    let coordinates = members.coordinates.ok_or_else(|| missing("coordinates"))?;
    simple(&members.kind, coordinates.get(), has_more)
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
fn simple(kind: &str, json: &str, has_more: &mut bool) -> serde_json::Result<Option<Geometry>> {
    use serde_json::from_str;
    Ok(Some(match kind {
        "Point" if from_str::<[IgnoredAny; 0]>(json).is_ok() => Geometry::Point(None),
        "Point" => Geometry::Point(Some(position(from_str(json)?, has_more))),
        "LineString" => Geometry::LineString(line(from_str(json)?, has_more)),
        "Polygon" => Geometry::Polygon(lines(from_str(json)?, has_more)),
        "MultiPoint" => Geometry::MultiPoint(line(from_str(json)?, has_more)),
        "MultiLineString" => Geometry::MultiLineString(lines(from_str(json)?, has_more)),
        "MultiPolygon" => {
            let polygons: Vec<Vec<Vec<Place>>> = from_str(json)?;
            let polygons = polygons.into_iter().map(|rings| lines(rings, has_more));
            Geometry::MultiPolygon(polygons.collect())
        }
        _ => return Ok(None),
    }))
}

fn position(place: Place, has_more: &mut bool) -> Position {
    *has_more |= place.1;
    place.0
}

fn line(places: Vec<Place>, has_more: &mut bool) -> Vec<Position> {
    let places = places.into_iter();
    places.map(|place| position(place, has_more)).collect()
}

fn lines(all: Vec<Vec<Place>>, has_more: &mut bool) -> Vec<Vec<Position>> {
    all.into_iter()
        .map(|places| line(places, has_more))
        .collect()
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
        while count < position.len()
            && let Some(number) = numbers.next_element()?
        {
            position[count] = number;
            count += 1;
        }
        if count < 2 {
            return Err(de::Error::invalid_length(count, &self));
        }
        let mut has_more = false;
        while count == position.len() && numbers.next_element::<IgnoredAny>()?.is_some() {
            has_more = true;
        }
        Ok(Place(position, has_more))
    }
}
