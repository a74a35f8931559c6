//! The geometries of GeoJSON.

use crate::shape::{DEPTH_MAX, Kind, Shape};
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use sextant_plugin_sdk::json::{JsonRecord, Name};
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

/// A list that coordinates are.
#[derive(Clone, Copy, Debug)]
enum List {
    /// Of positions, or of other lists.
    Parts,
    /// Of the positions of a ring.
    Ring,
    /// Of the coordinates of whole geometries.
    Of(Kind),
}

/// The geometries that have coordinates, and which lists those are, from the outside in. In the innermost
/// are positions.
const KINDS: [(&str, Kind, &[List]); 6] = [
    ("Point", Kind::Point, &[]),
    ("LineString", Kind::LineString, &[List::Parts]),
    ("Polygon", Kind::Polygon, &[List::Parts, List::Ring]),
    ("MultiPoint", Kind::MultiPoint, &[List::Of(Kind::Point)]),
    (
        "MultiLineString",
        Kind::MultiLineString,
        &[List::Of(Kind::LineString), List::Parts],
    ),
    (
        "MultiPolygon",
        Kind::MultiPolygon,
        &[List::Of(Kind::Polygon), List::Parts, List::Ring],
    ),
];

const POSITION: &str = "a position of two or three numbers";

fn kind(name: &str) -> Option<(Kind, &'static [List])> {
    let found = KINDS.iter().find(|(known, ..)| *known == name);
    found.map(|&(_, kind, lists)| (kind, lists))
}

/// Reads a geometry: false for null. `has_more` becomes true where a position has more than three numbers,
/// the rest of which is not read (RFC 7946, 3.1.1).
pub(super) fn geometry(
    record: &JsonRecord<'_>,
    json: &str,
    depth: usize,
    shape: &mut Shape,
    has_more: &mut bool,
) -> Result<bool> {
    if json == "null" {
        return Ok(false);
    }
    if depth == DEPTH_MAX {
        let message = format!("collections may be nested {DEPTH_MAX} deep, these are deeper");
        return Err(Error::invalid_data(message).in_field("geometry"));
    }
    let wrong = |error| record.wrong(&error).in_field("geometry");
    let members: Members<'_> = serde_json::from_str(json).map_err(wrong)?;
    if members.kind == "GeometryCollection" {
        let parts = members.geometries.ok_or_else(|| missing("geometries"))?;
        shape.begin(Kind::Collection);
        let put = |shape: &mut Shape| -> Result<usize> {
            let mut count = 0;
            for part in parts {
                let is_some = geometry(record, part.get(), depth + 1, shape, has_more)?;
                count += usize::from(is_some);
            }
            Ok(count)
        };
        shape.counted(put)?;
        return Ok(true);
    }
    let coordinates = members.coordinates.ok_or_else(|| missing("coordinates"))?;
    let is_known = simple(&members.kind, coordinates.get(), shape, has_more).map_err(wrong)?;
    match is_known {
        true => Ok(true),
        false => {
            let message = format!("expected the type of a geometry, found {:?}", members.kind);
            Err(Error::invalid_data(message).in_field("geometry"))
        }
    }
}

fn missing(name: &str) -> Error {
    Error::invalid_data(format!("expected a member {name:?}, found none")).in_field("geometry")
}

/// False for a kind that there is not.
fn simple(
    name: &str,
    json: &str,
    shape: &mut Shape,
    has_more: &mut bool,
) -> serde_json::Result<bool> {
    let Some((kind, lists)) = kind(name) else {
        return Ok(false);
    };
    shape.begin(kind);
    if kind == Kind::Point && serde_json::from_str::<[IgnoredAny; 0]>(json).is_ok() {
        shape.no_place();
        return Ok(true);
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let coordinates = Coordinates {
        of: None,
        lists,
        shape,
        has_more,
    };
    coordinates.deserialize(&mut deserializer)?;
    deserializer.end().map(|()| true)
}

/// Reads a geometry where it stands in a feature, as most are: its type, and its coordinates behind that.
/// What else there may be is an error here, and left to [`geometry`].
pub(super) struct InPlace<'a> {
    pub(super) shape: &'a mut Shape,
    pub(super) has_more: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for InPlace<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for InPlace<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a geometry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let unusual = || -> A::Error { de::Error::custom("not as most geometries are") };
        let mut lists = None;
        let mut is_read = false;
        while let Some(Name(name)) = map.next_key()? {
            match (&*name, lists) {
                ("type", None) => {
                    let Name(name) = map.next_value()?;
                    let Some((kind, own)) = kind(&name) else {
                        return Err(unusual());
                    };
                    self.shape.begin(kind);
                    lists = Some(own);
                }
                ("coordinates", Some(lists)) if !is_read => {
                    map.next_value_seed(Coordinates {
                        of: None,
                        lists,
                        shape: &mut *self.shape,
                        has_more: &mut *self.has_more,
                    })?;
                    is_read = true;
                }
                ("type" | "coordinates" | "geometries", _) => return Err(unusual()),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match is_read {
            true => Ok(()),
            false => Err(unusual()),
        }
    }
}

/// Reads coordinates into a shape.
struct Coordinates<'a> {
    /// The geometry that they are, where it is one of a list.
    of: Option<Kind>,
    lists: &'static [List],
    shape: &'a mut Shape,
    has_more: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Coordinates<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if let Some(kind) = self.of {
            self.shape.begin(kind);
        }
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Coordinates<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.lists {
            [] => POSITION,
            _ => "a sequence",
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Some((list, lists)) = self.lists.split_first() else {
            return position(elements, self.shape, self.has_more);
        };
        let of = match list {
            List::Of(kind) => Some(*kind),
            List::Parts | List::Ring => None,
        };
        let has_more = self.has_more;
        let put = |shape: &mut Shape| -> Result<usize, A::Error> {
            let mut count = 0;
            let mut next = || {
                elements.next_element_seed(Coordinates {
                    of,
                    lists,
                    shape: &mut *shape,
                    has_more: &mut *has_more,
                })
            };
            while next()?.is_some() {
                count += 1;
            }
            Ok(count)
        };
        match list {
            List::Ring => self.shape.ring(put),
            List::Parts | List::Of(_) => self.shape.counted(put),
        }
    }
}

/// Adds a place of two numbers or three.
fn position<'de, A: SeqAccess<'de>>(
    mut numbers: A,
    shape: &mut Shape,
    has_more: &mut bool,
) -> Result<(), A::Error> {
    let mut position = [f64::NAN; 3];
    let mut count = 0;
    while count < position.len()
        && let Some(number) = numbers.next_element()?
    {
        position[count] = number;
        count += 1;
    }
    if count < 2 {
        return Err(de::Error::invalid_length(count, &POSITION));
    }
    while count == position.len() && numbers.next_element::<IgnoredAny>()?.is_some() {
        *has_more = true;
    }
    shape.place(position);
    Ok(())
}
