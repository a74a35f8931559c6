//! Map layers as tables: GeoJSON, ESRI shapefiles and KML of any size, one record held at a time.
//!
//! ```text
//! input --> geojson (head, place)         --> shape: WKB, box --> layer::Frame --> rows --> batches
//!       --> shapefile (parts, bytes, dbf) -->
//!       --> kml                           -->
//! ```
//!
//! A layer's columns are found in the first records of its files. The bounding box of a record decides
//! whether the rest of it is read. README.md describes the tables.

mod geojson;
mod kml;
mod layer;
mod shape;
mod shapefile;

use kml::Placemarks;
use layer::{Format, Found, Frame, Layer};
use serde::{Deserialize, Serialize};
use sextant_plugin_sdk::{
    Batches, Entry, Error, Host, OnError, Partition, Request, Result, RowReader, Source, Table,
    scan_rows,
};
use std::collections::BTreeMap;

sextant_plugin_sdk::export!(source: Geo);

/// A source of map layers.
#[derive(Debug)]
pub struct Geo {
    config: Config,
    host: Host,
}

/// Which layers there are, and what becomes of bad records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The tables that there are to be, by their names; at least one.
    layers: BTreeMap<String, LayerConfig>,
    /// What becomes of a record that cannot be used.
    #[serde(default)]
    on_error: OnError,
}

/// Where the records of a layer are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerConfig {
    /// The input with the files.
    input: String,
    /// How they are written; what their names say, by default.
    format: Option<Format>,
    /// The coordinate reference system, in place of what the files say.
    crs: Option<String>,
}

/// A partition: an entry as the SDK says it, and the layer that it is of.
#[derive(Deserialize, Serialize)]
struct Token {
    entry: Partition,
    layer: Layer,
}

impl Geo {
    fn layer(&self, name: &str) -> Result<&LayerConfig> {
        let layer = self.config.layers.get(name);
        layer.ok_or_else(|| Error::not_found(format!("no table {name:?}")))
    }

    /// Looks into the files of a layer: which there are, and which columns they have.
    fn look(&self, config: &LayerConfig) -> Result<(Layer, Vec<Entry>)> {
        let entries = self.host.entries(&config.input)?;
        let format = match config.format {
            Some(format) => format,
            None => format_of(&entries).map_err(|error| error.in_input(&config.input))?,
        };
        let files = match format {
            Format::Shapefile => shapefile::entries(entries),
            Format::GeoJson | Format::Kml => entries,
        };
        if files.is_empty() {
            let error = Error::not_found("expected a file of the format, found none");
            return Err(error.in_input(&config.input));
        }
        let mut found = Found::default();
        let mut crs = None;
        for file in &files {
            let name = |error: Error| error.in_input(file.to_string());
            let own = self.sample(format, file, &mut found).map_err(name)?;
            let first = crs.get_or_insert_with(|| own.clone());
            if *first != own && config.crs.is_none() {
                return Err(name(Error::invalid_data(
                    "expected the coordinate reference system of the layer's other files, found \
                     another; divide the layer, or say which it is by \"crs\"",
                )));
            }
        }
        let crs = match &config.crs {
            Some(crs) => Some(layer::crs(crs)?),
            None => crs.flatten(),
        };
        Ok((Layer::new(format, found, crs), files))
    }

    /// Finds the attributes of a file, and its coordinate reference system.
    fn sample(
        &self,
        format: Format,
        file: &Entry,
        found: &mut Found,
    ) -> Result<Option<serde_json::Value>> {
        match format {
            Format::GeoJson => {
                let head = geojson::Head::read(&self.host, file)?;
                geojson::sample(head.records(&self.host, file)?, found)?;
                head.crs()
            }
            Format::Shapefile => {
                shapefile::sample(&self.host, file, found)?;
                shapefile::crs(&self.host, file)
            }
            Format::Kml => {
                kml::sample(Placemarks::new(&self.host, file)?, found)?;
                Ok(Some("OGC:CRS84".into()))
            }
        }
    }

    fn rows(
        &self,
        layer: &Layer,
        entry: &Entry,
        request: &Request,
        reader: impl RowReader + 'static,
    ) -> Result<Batches> {
        scan_rows(
            &self.host,
            entry.to_string(),
            &layer.schema(),
            &Frame::request(request),
            self.config.on_error,
            reader,
        )
    }
}

impl Source for Geo {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        if config.layers.is_empty() {
            let error = Error::invalid_config("expected at least one layer, found none");
            return Err(error.in_field("layers"));
        }
        for (name, layer) in &config.layers {
            if name.is_empty() || *name != name.to_lowercase() {
                let message = format!("expected a name in lower case, found {name:?}");
                return Err(Error::invalid_config(message).in_field("layers"));
            }
            if let Some(crs) = &layer.crs {
                layer::crs(crs).map_err(|error| {
                    Error::invalid_config(error.message()).in_field(format!("layers.{name}.crs"))
                })?;
            }
        }
        Ok(Self { config, host })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        let layers = self.config.layers.iter();
        let tables = layers.map(|(name, config)| match self.look(config) {
            Ok((layer, _)) => layer.table(name),
            Err(error) => Table::broken(name, error),
        });
        Ok(tables.collect())
    }

    fn partitions(&self, request: &Request) -> Result<Vec<Partition>> {
        let config = self.layer(&request.table)?;
        let (layer, files) = self.look(config)?;
        let mut partitions = Vec::new();
        for entry in self.host.partition_by_entry([config.input.as_str()])? {
            let known = self.host.entry_of(&entry)?;
            if files.iter().any(|file| file.name == known.name) {
                let layer = layer.clone();
                partitions.push(serde_json::to_vec(&Token { entry, layer })?);
            }
        }
        Ok(partitions)
    }

    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
        let token: Token = serde_json::from_slice(partition)
            .map_err(|error| Error::internal(format!("not a partition of a layer: {error}")))?;
        let entry = self.host.entry_of(&token.entry)?;
        let (layer, entry) = (&token.layer, &entry);
        let name = |error: Error| error.in_input(entry.to_string());
        let frame = Frame::new(layer, entry.to_string(), request)?;
        match layer.format {
            Format::GeoJson => {
                let head = geojson::Head::read(&self.host, entry).map_err(name)?;
                let records = head.records(&self.host, entry)?;
                let reader = geojson::Reader::new(records, layer, frame);
                self.rows(layer, entry, request, reader)
            }
            Format::Shapefile => {
                let reader = shapefile::Reader::new(&self.host, entry, layer, frame);
                self.rows(layer, entry, request, reader.map_err(name)?)
            }
            Format::Kml => {
                let placemarks = Placemarks::new(&self.host, entry).map_err(name)?;
                let reader = kml::Reader::new(placemarks, layer, frame);
                self.rows(layer, entry, request, reader)
            }
        }
    }
}

/// The one format that the names of an input's files say. What stands beside a .shp says none.
fn format_of(entries: &[Entry]) -> Result<Format> {
    let unknown = |what: String| Error::invalid_config(format!("{what}; say which by \"format\""));
    let mut formats = entries.iter().filter_map(|entry| Format::of(&entry.name));
    let Some(format) = formats.next() else {
        let message = "expected a file that ends in .geojson, .json, .shp or .kml, found none";
        return Err(unknown(message.to_owned()));
    };
    let odd = entries.iter().find(|entry| match Format::of(&entry.name) {
        Some(other) => other != format,
        None => format != Format::Shapefile,
    });
    match odd {
        None => Ok(format),
        Some(odd) => {
            let what = format!("expected files of one format, found {:?} too", odd.name);
            Err(unknown(what))
        }
    }
}

#[cfg(test)]
mod tests;
