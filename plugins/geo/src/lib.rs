//! Map layers as tables: GeoJSON, ESRI shapefiles and KML of any size, one record held at a time.
//!
//! ```text
//! input --> geojson (head, feature, place) --> shape: WKB, box --> layer::Frame --> rows --> batches
//!       --> shapefile (parts, bytes, dbf)  -->
//!       --> kml                            -->
//! ```
//!
//! A layer's columns are found in the first records of its first files. The bounding box of a record decides
//! whether the rest of it is read. README.md describes the tables.

mod geojson;
mod kml;
mod layer;
mod shape;
mod shapefile;

use kml::Placemarks;
use layer::{CRS84, Format, Found, Frame, LAYER_SAMPLE_BYTES, LAYER_SAMPLE_FILES, Layer};
use serde::Deserialize;
use serde_json::Value;
use sextant_plugin_sdk::{
    Batches, Entry, Error, Host, OnError, Partition, Request, Result, RowReader, Source, Table,
    scan_rows,
};
use shapefile::Parts;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

sextant_plugin_sdk::export!(source: Geo);

/// A source of map layers.
#[derive(Debug)]
pub struct Geo {
    layers: BTreeMap<String, Known>,
    on_error: OnError,
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

impl LayerConfig {
    /// The coordinate reference system: the one that is configured, else that of a file.
    fn crs(&self, of_file: impl FnOnce() -> Result<Option<Value>>) -> Result<Option<Value>> {
        match &self.crs {
            Some(crs) => layer::crs(crs).map(Some),
            None => of_file(),
        }
    }
}

/// A layer that is configured and, once it was needed, what its files are.
#[derive(Debug)]
struct Known {
    config: LayerConfig,
    looked: OnceCell<Looked>,
}

/// A layer whose files were looked into.
#[derive(Debug)]
struct Looked {
    layer: Layer,
    files: Vec<Parts>,
}

impl Geo {
    /// A layer; its files are looked into once.
    fn looked(&self, name: &str) -> Result<(&LayerConfig, &Looked)> {
        let known = self.layers.get(name);
        let known = known.ok_or_else(|| Error::not_found(format!("no table {name:?}")))?;
        let looked = match known.looked.get() {
            Some(looked) => looked,
            None => {
                let looked = self.look(&known.config)?;
                known.looked.get_or_init(|| looked)
            }
        };
        Ok((&known.config, looked))
    }

    /// Looks into the files of a layer: which there are, and which columns they have.
    fn look(&self, config: &LayerConfig) -> Result<Looked> {
        let entries = self.host.entries(&config.input)?;
        let format = match config.format {
            Some(format) => format,
            None => format_of(&entries).map_err(|error| error.in_input(&config.input))?,
        };
        let files = match format {
            Format::Shapefile => shapefile::group(entries),
            Format::GeoJson | Format::Kml => entries.into_iter().map(Parts::from).collect(),
        };
        if files.is_empty() {
            let error = Error::not_found("expected a file of the format, found none");
            return Err(error.in_input(&config.input));
        }
        let mut found = Found::default();
        let mut crs: Option<Option<Value>> = None;
        for parts in files.iter().take(LAYER_SAMPLE_FILES) {
            if found.bytes >= LAYER_SAMPLE_BYTES {
                break;
            }
            let own = self.sample(config, format, parts, &mut found);
            own.and_then(|own| same_crs(crs.get_or_insert_with(|| own.clone()), &own))
                .map_err(|error| error.in_input(parts.file.to_string()))?;
        }
        let layer = Layer::new(format, found, crs.flatten());
        Ok(Looked { layer, files })
    }

    /// Finds the attributes of a file, and its coordinate reference system.
    fn sample(
        &self,
        config: &LayerConfig,
        format: Format,
        parts: &Parts,
        found: &mut Found,
    ) -> Result<Option<Value>> {
        let (host, file) = (&self.host, &parts.file);
        match format {
            Format::GeoJson => {
                let head = geojson::Head::read(host, file)?;
                geojson::sample(head.records(host, file)?, found)?;
                config.crs(|| head.crs())
            }
            Format::Shapefile => {
                shapefile::sample(host, parts, found)?;
                config.crs(|| parts.crs(host))
            }
            Format::Kml => {
                kml::sample(Placemarks::new(host, file)?, found)?;
                config.crs(|| Ok(Some(CRS84.into())))
            }
        }
    }

    fn table_of(&self, name: &str) -> Table {
        match self.looked(name) {
            Ok((_, looked)) => looked.layer.table(name),
            Err(error) => Table::broken(name, error),
        }
    }

    fn rows(
        &self,
        layer: &Layer,
        entry: &Entry,
        request: &Request,
        reader: impl RowReader + 'static,
    ) -> Result<Batches> {
        let (file, columns) = (entry.to_string(), layer.schema());
        scan_rows(&self.host, file, &columns, request, self.on_error, reader)
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
        let known = |config| Known {
            config,
            looked: OnceCell::new(),
        };
        let layers = config.layers.into_iter();
        Ok(Self {
            layers: layers.map(|(name, config)| (name, known(config))).collect(),
            on_error: config.on_error,
            host,
        })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        Ok(self.layers.keys().map(|name| self.table_of(name)).collect())
    }

    fn table(&self, name: &str) -> Result<Option<Table>> {
        let is_known = self.layers.contains_key(name);
        Ok(is_known.then(|| self.table_of(name)))
    }

    fn partitions(&self, request: &Request) -> Result<Vec<Partition>> {
        let (config, looked) = self.looked(&request.table)?;
        let names = looked.files.iter().map(|parts| parts.file.name.as_str());
        let names: BTreeSet<_> = names.collect();
        let mut partitions = Vec::new();
        for partition in self.host.partition_by_entry([config.input.as_str()])? {
            // What stands beside a .shp is read with it.
            if names.contains(self.host.entry_of(&partition)?.name.as_str()) {
                partitions.push(partition);
            }
        }
        Ok(partitions)
    }

    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
        let (config, looked) = self.looked(&request.table)?;
        let (host, layer) = (&self.host, &looked.layer);
        let entry = &host.entry_of(partition)?;
        let name = |error: Error| error.in_input(entry.to_string());
        let frame = Frame::new(layer, entry.to_string());
        match layer.format {
            Format::GeoJson => {
                let head = geojson::Head::read(host, entry).map_err(name)?;
                let crs = config.crs(|| head.crs());
                crs.and_then(|crs| same_crs(&layer.crs, &crs))
                    .map_err(name)?;
                let reader = geojson::Reader::new(head.records(host, entry)?, layer, frame);
                self.rows(layer, entry, request, reader)
            }
            Format::Shapefile => {
                let mut files = looked.files.iter();
                let parts = files.find(|parts| parts.file.name == entry.name);
                let gone = || name(Error::not_found("expected the file, found it gone"));
                let parts = parts.ok_or_else(gone)?;
                let crs = config.crs(|| parts.crs(host));
                crs.and_then(|crs| same_crs(&layer.crs, &crs))
                    .map_err(name)?;
                let reader = shapefile::Reader::new(host, entry, parts, layer, frame);
                self.rows(layer, entry, request, reader.map_err(name)?)
            }
            Format::Kml => {
                let placemarks = Placemarks::new(host, entry).map_err(name)?;
                let reader = kml::Reader::new(placemarks, layer, frame);
                self.rows(layer, entry, request, reader)
            }
        }
    }
}

/// A table has one coordinate reference system.
fn same_crs(expected: &Option<Value>, found: &Option<Value>) -> Result<()> {
    match expected == found {
        true => Ok(()),
        false => Err(Error::invalid_data(
            "expected the coordinate reference system of the layer's other files, found another; \
             divide the layer, or say which it is by \"crs\"",
        )),
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
