//! Layers: what a table is made of, the columns that its files have, and the row that a record is.

use crate::shape::{Bounds, Shape};
use arrow_schema::{DataType, Field, Schema};
use serde::Deserialize;
use serde_json::{Value, json};
use sextant_plugin_sdk::{Cell, Error, Result, Rows, Table};
use std::collections::{BTreeSet, HashMap};

/// Records of a file, and its bytes, that its columns are found in.
pub(crate) const SAMPLE_RECORDS: u64 = 1_000;
pub(crate) const SAMPLE_BYTES: u64 = 4 << 20;
/// Files of a layer, and bytes of all of them, that its columns are found in.
pub(crate) const LAYER_SAMPLE_FILES: usize = 32;
pub(crate) const LAYER_SAMPLE_BYTES: u64 = 16 << 20;
/// Bytes of a record.
pub(crate) const RECORD_BYTES_MAX: usize = 16 << 20;
/// Attributes that get a column, and bytes of their names; others go to `other`.
pub(crate) const ATTRIBUTES_MAX: usize = 512;
const NAME_BYTES_MAX: usize = 256;
/// Different things that an analyst is told of one file.
const NOTES_MAX: usize = 50;
/// Longitude and latitude, the default of GeoJSON and KML.
pub(crate) const CRS84: &str = "OGC:CRS84";
/// The places that longitudes and latitudes can be.
const WORLD: Bounds = Bounds {
    min: [-180.0, -90.0],
    max: [180.0, 90.0],
};

/// Where the attributes of a layer's files are among its attributes, by their names.
pub(crate) type Places = hashbrown::HashMap<String, usize>;

/// Where a table's columns are: the geometry, its bounding box, then the attributes.
const GEOMETRY: usize = 0;
const BOUNDS: [&str; 4] = ["min_x", "min_y", "max_x", "max_y"];
const ATTRIBUTES: usize = 5;
/// What a table ends with.
const LAST: [(&str, DataType); 3] = [
    ("other", DataType::Utf8),
    ("source", DataType::Utf8),
    ("record", DataType::Int64),
];

/// How the files of a layer are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    GeoJson,
    Shapefile,
    Kml,
}

impl Format {
    /// By what a file is called.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (_, extension) = plain(name).rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "geojson" | "json" | "geojsonl" | "geojsons" | "jsonl" | "ndjson" | "geojsonseq" => {
                Self::GeoJson
            }
            "shp" => Self::Shapefile,
            "kml" => Self::Kml,
            _ => return None,
        })
    }

    /// Columns that every layer of the format has before its attributes.
    pub(crate) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::GeoJson => &["feature_id"],
            Self::Shapefile => &[],
            Self::Kml => &["feature_id", "name", "description", "folder"],
        }
    }
}

/// The name of a file without that of a compression, which the host takes off.
pub(crate) fn plain(name: &str) -> &str {
    let suffixes = [".gz", ".zst", ".bz2", ".xz"];
    let plain = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix));
    plain.unwrap_or(name)
}

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Bool,
    Int,
    Float,
    Day,
    Text,
    /// Values of more than one kind: JSON as it stands in the file.
    Mixed,
}

impl Holds {
    /// What holds the values of both.
    pub(crate) fn with(self, other: Self) -> Self {
        match (self, other) {
            (one, another) if one == another => one,
            (Self::Int, Self::Float) | (Self::Float, Self::Int) => Self::Float,
            _ => Self::Mixed,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Day => DataType::Date32,
            Self::Text | Self::Mixed => DataType::Utf8,
        }
    }
}

/// The attributes that the files of a layer have, in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    names: Vec<(String, Option<Holds>)>,
    places: HashMap<String, usize>,
    /// How many bytes of records were looked into.
    pub(crate) bytes: u64,
}

impl Found {
    /// An attribute is there; what it holds, where it has a value.
    pub(crate) fn add(&mut self, name: &str, holds: Option<Holds>) {
        if let Some(&at) = self.places.get(name) {
            let known = &mut self.names[at].1;
            *known = match (*known, holds) {
                (Some(known), Some(holds)) => Some(known.with(holds)),
                (known, holds) => known.or(holds),
            };
        } else if self.names.len() < ATTRIBUTES_MAX && name.len() <= NAME_BYTES_MAX {
            self.places.insert(name.to_owned(), self.names.len());
            self.names.push((name.to_owned(), holds));
        }
    }
}

/// An attribute with a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attribute {
    /// What the files call it; empty for a column of the format.
    pub(crate) name: String,
    /// The column.
    pub(crate) column: String,
    pub(crate) holds: Holds,
}

/// A layer as its files are.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) format: Format,
    /// Those of the format first.
    pub(crate) attributes: Vec<Attribute>,
    /// The coordinate reference system as GeoArrow's metadata have it, where it is known.
    pub(crate) crs: Option<Value>,
}

impl Layer {
    pub(crate) fn new(format: Format, found: Found, crs: Option<Value>) -> Self {
        let fixed = format.columns().iter().map(|column| Attribute {
            name: String::new(),
            column: (*column).to_owned(),
            holds: Holds::Text,
        });
        let mut attributes: Vec<_> = fixed.collect();
        let own = Self::own_names(format);
        let names = found.names.iter().map(|(name, _)| name.as_str());
        let names = names.chain(own.iter().copied());
        // What has its name from a file keeps it, if no other has to give way for that.
        let mut taken: BTreeSet<String> = names.map(str::to_owned).collect();
        for (name, holds) in found.names {
            let mut column = name.clone();
            if own.contains(name.as_str()) || name.is_empty() {
                while taken.contains(&column) || column.is_empty() {
                    column.push('_');
                }
                taken.insert(column.clone());
            }
            let holds = holds.unwrap_or(Holds::Text);
            attributes.push(Attribute {
                name,
                column,
                holds,
            });
        }
        Self {
            format,
            attributes,
            crs,
        }
    }

    fn own_names(format: Format) -> BTreeSet<&'static str> {
        let last = ["other", "source", "record", "geometry"];
        let names = last.into_iter().chain(BOUNDS);
        names.chain(format.columns().iter().copied()).collect()
    }

    pub(crate) fn schema(&self) -> Schema {
        let extension = match &self.crs {
            None => json!({}),
            Some(crs) => match crs_type(crs) {
                None => json!({ "crs": crs }),
                Some(crs_type) => json!({ "crs": crs, "crs_type": crs_type }),
            },
        };
        let metadata = [
            ("ARROW:extension:name", "geoarrow.wkb".to_owned()),
            ("ARROW:extension:metadata", extension.to_string()),
        ];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value));
        let geometry = Field::new("geometry", DataType::Binary, true);
        let mut fields = vec![geometry.with_metadata(HashMap::from(metadata))];
        fields.extend(BOUNDS.map(|name| Field::new(name, DataType::Float64, true)));
        let attributes = self.attributes.iter();
        fields.extend(
            attributes
                .map(|attribute| Field::new(&attribute.column, attribute.holds.data_type(), true)),
        );
        fields.extend(LAST.map(|(name, data_type)| Field::new(name, data_type, true)));
        Schema::new(fields)
    }

    pub(crate) fn table(&self, name: &str) -> Table {
        let what = match self.format {
            Format::GeoJson => "A feature of GeoJSON",
            Format::Shapefile => "A record of a shapefile",
            Format::Kml => "A placemark of KML",
        };
        Table::new(name, self.schema()).comment(what).filtered()
    }

    /// The attributes of the files, by their names.
    pub(crate) fn places(&self) -> Places {
        let fixed = self.format.columns().len();
        let attributes = self.attributes.iter().enumerate().skip(fixed);
        let places = attributes.map(|(at, attribute)| (attribute.name.clone(), at));
        places.collect()
    }
}

/// Makes rows of a layer's records.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) attributes: Vec<Attribute>,
    file: String,
    /// Whether places are longitudes and latitudes.
    is_geographic: bool,
    /// The shape of the record at hand.
    pub(crate) shape: Shape,
    pub(crate) notes: Notes,
}

impl Frame {
    pub(crate) fn new(layer: &Layer, file: String) -> Self {
        let crs = layer.crs.as_ref().and_then(Value::as_str);
        Self {
            attributes: layer.attributes.clone(),
            file,
            is_geographic: crs == Some(CRS84),
            shape: Shape::default(),
            notes: Notes::default(),
        }
    }

    pub(crate) fn wants_geometry(rows: &Rows) -> bool {
        rows.wants(GEOMETRY)
    }

    /// Whether the geometry or its bounding box is asked for.
    pub(crate) fn wants_shape(rows: &Rows) -> bool {
        (GEOMETRY..ATTRIBUTES).any(|column| rows.wants(column))
    }

    pub(crate) fn wants(&self, rows: &Rows, attribute: usize) -> bool {
        rows.wants(ATTRIBUTES + attribute)
    }

    pub(crate) fn wants_other(&self, rows: &Rows) -> bool {
        rows.wants(ATTRIBUTES + self.attributes.len())
    }

    /// Whether a record with that bounding box may be wanted, so that it is worth reading on.
    pub(crate) fn takes(&mut self, rows: &Rows, bounds: Option<Bounds>, record: u64) -> bool {
        if self.is_geographic && bounds.is_some_and(|bounds| !WORLD.contains(&bounds)) {
            self.notes.add("not geographic", "", || {
                format!(
                    "record {record}: expected longitudes within 180 and latitudes within 90, found \
                     others; if the file is in another coordinate reference system than {CRS84}, say \
                     which by \"crs\" (said once a file)"
                )
            });
        }
        let mut cells = bounds_cells(bounds).into_iter().enumerate();
        cells.all(|(at, cell)| rows.takes_cell(GEOMETRY + 1 + at, cell))
    }

    /// Adds the row of the record at hand. There is a cell for every attribute.
    pub(crate) fn push<'a>(
        &'a mut self,
        rows: &mut Rows,
        bounds: Option<Bounds>,
        attributes: impl IntoIterator<Item = Cell<'a>>,
        other: Option<&'a str>,
        record: u64,
    ) -> Result<()> {
        let mut cells = Vec::with_capacity(ATTRIBUTES + self.attributes.len() + LAST.len());
        if rows.wants(GEOMETRY) && !self.shape.is_none() {
            if self.shape.has_open_ring() {
                self.notes.add("open ring", "", || {
                    format!(
                        "record {record}: a ring of a polygon does not end where it begins; it is \
                         kept as it stands (said once a file)"
                    )
                });
            }
            cells.push(Cell::Bytes(self.shape.wkb()));
        } else {
            cells.push(Cell::Null);
        }
        cells.extend(bounds_cells(bounds));
        cells.extend(attributes);
        cells.push(other.into());
        cells.push(Cell::Text(&self.file));
        cells.push(Cell::Int(record as i64));
        rows.push(&cells)
    }
}

fn bounds_cells(bounds: Option<Bounds>) -> [Cell<'static>; 4] {
    match bounds {
        Some(Bounds { min, max }) => [min[0], min[1], max[0], max[1]].map(Cell::Float),
        None => [Cell::Null; 4],
    }
}

/// What the analyst is told of a file: each thing once.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    said: BTreeSet<(&'static str, String)>,
    pending: Vec<String>,
}

impl Notes {
    /// Notes something, of a field or the like, unless it was noted before.
    pub(crate) fn add(&mut self, what: &'static str, of: &str, message: impl FnOnce() -> String) {
        if self.said.len() < NOTES_MAX && self.said.insert((what, of.to_owned())) {
            self.pending.push(message());
        }
    }

    /// Tells what was noted.
    pub(crate) fn tell(&mut self, rows: &Rows) {
        for message in self.pending.drain(..) {
            rows.warn(&message);
        }
    }
}

/// The coordinate reference system that a text names: PROJJSON, an authority's code, or WKT.
pub(crate) fn crs(text: &str) -> Result<Value> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid_data(
            "expected a coordinate reference system, found nothing",
        ));
    }
    if text.starts_with('{') {
        return Ok(serde_json::from_str(text)?);
    }
    // urn:ogc:def:crs:EPSG::3857 and urn:ogc:def:crs:OGC:1.3:CRS84 are EPSG:3857 and OGC:CRS84.
    let parts: Vec<_> = text.split(':').collect();
    let code = match parts.as_slice() {
        ["urn", "ogc" | "x-ogc", "def", "crs", authority, _, code] => format!("{authority}:{code}"),
        _ => text.to_owned(),
    };
    Ok(code.into())
}

/// How GeoArrow calls the way in which a coordinate reference system is written. It has no name for the
/// WKT of a .prj, which is not that of 2019.
fn crs_type(crs: &Value) -> Option<&'static str> {
    match crs {
        Value::Object(members) => members.contains_key("type").then_some("projjson"),
        Value::String(text) => is_code(text).then_some("authority_code"),
        _ => None,
    }
}

/// `AUTHORITY:CODE`.
fn is_code(text: &str) -> bool {
    let is_word = |word: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !word.is_empty() && word.bytes().all(is_part)
    };
    let parts = text.split_once(':');
    parts.is_some_and(|(authority, code)| is_word(authority) && is_word(code))
}
