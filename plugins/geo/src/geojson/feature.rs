//! A feature: its attributes, and what no column is for.
//!
//! Most features are read in one go. One that is not as most are is read again, each of its members as it
//! stands in the file: that is how it is known what is wrong with it, and where.

use super::place::InPlace;
use crate::layer::Places;
use crate::shape::Shape;
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use sextant_plugin_sdk::json::{self, JsonRecord, Members, Name};
use sextant_plugin_sdk::{Error, Result};
use std::borrow::Cow;
use std::fmt;

/// A member of an object: its name, and its value as it stands in the file.
pub(super) type Member<'a> = (Cow<'a, str>, &'a RawValue);

/// The members of a feature that mean something.
#[derive(Debug)]
pub(super) struct Feature<'a> {
    /// None once it was read.
    pub(super) geometry: Option<&'a RawValue>,
    /// None once they were read.
    properties: Option<&'a RawValue>,
    /// The values for which there is a column, each at its attribute's place; the id first.
    pub(super) found: Vec<Option<&'a RawValue>>,
    /// The other properties.
    pub(super) other: Vec<Member<'a>>,
    pub(super) foreign: Vec<Member<'a>>,
}

impl<'a> Feature<'a> {
    /// Without anything; there is at least one attribute.
    fn new(attributes: usize) -> Self {
        Self {
            geometry: None,
            properties: None,
            found: vec![None; attributes],
            other: Vec::new(),
            foreign: Vec::new(),
        }
    }

    /// Reads a feature with its properties, and its geometry into a shape, if that is wanted. None where it
    /// is not as most features are; nothing that was read is of use then.
    pub(super) fn at_once(
        record: &JsonRecord<'a>,
        places: &Places,
        attributes: usize,
        shape: Option<&mut Shape>,
        has_more: &mut bool,
    ) -> Option<Self> {
        let json = record.text()?;
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let at_once = AtOnce {
            places,
            attributes,
            shape,
            has_more,
        };
        let feature = at_once.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Some(feature)
    }

    /// Reads a feature but for its geometry and its properties.
    pub(super) fn read(record: &JsonRecord<'a>, attributes: usize) -> Result<Self> {
        let mut feature = Self::new(attributes);
        let mut kind = None;
        let put = |name: Cow<'a, str>, value: &'a RawValue| {
            let member = match &*name {
                "type" => &mut kind,
                "id" => &mut feature.found[0],
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
        record.members(put)?;
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

    /// Reads the properties, unless they were.
    pub(super) fn attributes(&mut self, record: &JsonRecord<'a>, places: &Places) -> Result<()> {
        let Some(properties) = self.properties.take() else {
            return Ok(());
        };
        let put = |name: Cow<'a, str>, value: &'a RawValue| self.put(places, name, value);
        json::members(properties.get(), put)
            .map_err(|error| record.wrong(&error).in_field("properties"))
    }

    /// Shows the properties, up to one that cannot be read.
    pub(super) fn each_property(&self, mut show: impl FnMut(&str, &RawValue)) {
        if let Some(properties) = self.properties {
            let show = |name: Cow<'a, str>, value: &'a RawValue| {
                show(&name, value);
                Ok(())
            };
            json::members(properties.get(), show).ok();
        }
    }

    /// Puts a property where it belongs.
    fn put(
        &mut self,
        places: &Places,
        name: Cow<'a, str>,
        value: &'a RawValue,
    ) -> Result<(), String> {
        match places.get(&*name) {
            Some(&at) if self.found[at].is_some() => return Err(twice(&name)),
            Some(&at) => self.found[at] = Some(value),
            None => self.other.push((name, value)),
        }
        Ok(())
    }
}

fn twice(name: &str) -> String {
    format!("the member {name:?} is there twice")
}

/// Reads a feature in one go.
struct AtOnce<'a> {
    places: &'a Places,
    attributes: usize,
    shape: Option<&'a mut Shape>,
    has_more: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for AtOnce<'_> {
    type Value = Feature<'de>;

    fn deserialize<D: de::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Feature<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for AtOnce<'_> {
    type Value = Feature<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a feature")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Feature<'de>, A::Error> {
        let mut feature = Feature::new(self.attributes);
        let (mut kind, mut geometry, mut properties) = (None, None, None);
        let mut is_twice = false;
        while let Some(Name(name)) = map.next_key()? {
            is_twice |= match &*name {
                "type" => kind.replace(map.next_value::<&RawValue>()?).is_some(),
                "id" => feature.found[0].replace(map.next_value()?).is_some(),
                "geometry" => {
                    let read = match self.shape.as_deref_mut() {
                        Some(shape) => map.next_value_seed(Nullable(InPlace {
                            shape,
                            has_more: &mut *self.has_more,
                        }))?,
                        None => map.next_value::<IgnoredAny>().map(|_| None)?,
                    };
                    geometry.replace(read).is_some()
                }
                "properties" => {
                    let put = |name: Cow<'de, str>, value: &'de RawValue| {
                        feature.put(self.places, name, value)
                    };
                    let read = map.next_value_seed(Nullable(Members(put)))?;
                    properties.replace(read).is_some()
                }
                // Boxes are made of the coordinates.
                "bbox" => map.next_value::<IgnoredAny>().map(|_| false)?,
                _ => {
                    feature.foreign.push((name, map.next_value()?));
                    false
                }
            };
        }
        match kind.map(RawValue::get) {
            Some("\"Feature\"") if !is_twice => Ok(feature),
            _ => Err(de::Error::custom("not as most features are")),
        }
    }
}

/// Reads null, or what it is around reads.
struct Nullable<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Nullable<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: de::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Option<S::Value>, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Nullable<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null or a value")
    }

    fn visit_none<E: de::Error>(self) -> Result<Option<S::Value>, E> {
        Ok(None)
    }

    fn visit_some<D: de::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Option<S::Value>, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}
