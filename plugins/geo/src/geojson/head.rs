//! What kind of GeoJSON a file is, by its start.

use crate::layer::{self, CRS84, RECORD_BYTES_MAX};
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use sextant_plugin_sdk::host::ReadChunk;
use sextant_plugin_sdk::json::JsonRecords;
use sextant_plugin_sdk::{Entry, Host, InputReader, Result};
use std::fmt;
use std::io::{BufRead, Read};

/// Bytes at the start of a file that its kind is looked for in.
const HEAD_BYTES_MAX: u64 = 1 << 20;
/// Before each text of a sequence (RFC 8142).
const SEPARATOR: u8 = 0x1E;

/// What the start of a file says.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// Whether the file is one object, with its features in an array.
    is_collection: bool,
    is_sequence: bool,
    /// The member `crs` of GeoJSON before RFC 7946, where it comes before the features.
    crs: Option<Value>,
}

impl Head {
    /// Looks at a file. What is no JSON is left for whoever reads the records to say.
    pub(crate) fn read(host: &Host, entry: &Entry) -> Result<Self> {
        let mut input = host.read(entry)?.take(HEAD_BYTES_MAX);
        let mut head = Self::default();
        loop {
            match input.fill_buf()?.first() {
                Some(&SEPARATOR) => head.is_sequence = true,
                Some(b' ' | b'\t' | b'\n' | b'\r' | 0xEF | 0xBB | 0xBF) => {}
                _ => break,
            }
            input.consume(1);
        }
        let mut deserializer = serde_json::Deserializer::from_reader(input);
        match Look(&mut head).deserialize(&mut deserializer) {
            Err(error) if error.is_io() => Err(error.into()),
            _ => Ok(head),
        }
    }

    /// The coordinate reference system: longitude and latitude, unless the file says otherwise.
    pub(crate) fn crs(&self) -> Result<Option<Value>> {
        let Some(crs) = &self.crs else {
            return Ok(Some(CRS84.into()));
        };
        let name = crs.pointer("/properties/name").and_then(Value::as_str);
        name.map(layer::crs).transpose()
    }

    /// The features of the file.
    pub(crate) fn records(&self, host: &Host, entry: &Entry) -> Result<JsonRecords> {
        let mut input = host.read(entry)?;
        if self.is_sequence {
            input = InputReader::new(entry.to_string(), Sequence(input));
        }
        let records = match self.is_collection {
            true => JsonRecords::member(input, &["features"]),
            false => JsonRecords::new(input),
        };
        Ok(records.record_bytes_max(RECORD_BYTES_MAX))
    }
}

/// Looks at the members of the first object, until it is known what it is.
struct Look<'a>(&'a mut Head);

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "type" => {
                    let kind: Value = map.next_value()?;
                    self.0.is_collection = kind == "FeatureCollection";
                    if !self.0.is_collection {
                        break;
                    }
                }
                "crs" => self.0.crs = Some(map.next_value()?),
                "features" => {
                    self.0.is_collection = true;
                    break;
                }
                "geometry" | "properties" | "coordinates" | "geometries" => break,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // What follows is not read, which the parser takes for an error; it is not looked at.
        Ok(())
    }
}

/// A text sequence as texts with white space between them. The separator cannot stand in a text.
struct Sequence(InputReader);

impl ReadChunk for Sequence {
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>> {
        let chunk = self.0.fill_buf()?;
        let mut chunk = chunk[..chunk.len().min(max as usize)].to_vec();
        self.0.consume(chunk.len());
        for byte in &mut chunk {
            if *byte == SEPARATOR {
                *byte = b' ';
            }
        }
        Ok(chunk)
    }
}
