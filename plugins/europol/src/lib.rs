//! Messages in the Universal Message Format (UMF) of police forces and Europol as tables: persons,
//! organisations, locations, items, and the connections of them.
//!
//! The schema of the format is not public, so which elements are which tables and columns is a mapping
//! that the plugin ships and a configuration may change; no code knows the name of an element.
//!
//! ```text
//! mapping --> plan --------+--------------+
//!                          v              v
//! input --> XmlReader --> envelope --> record --> rows --> batches
//!                          ^ handling codes and evaluations that hold for what it encloses
//! ```
//!
//! One record is held at a time. README.md describes the tables and the mapping.

mod date;
// What to read.
mod mapping;
mod path;
mod plan;
// Reading.
mod codes;
mod envelope;
mod reader;
mod record;

use mapping::{Kind, Mapping};
use plan::Plan;
use reader::Reader;
use serde::Deserialize;
use sextant_plugin_sdk::xml::{RECORD_BYTES_MAX, XmlReader};
use sextant_plugin_sdk::{
    Batches, Error, Host, OnError, Partition, Request, Result, Source, Table, scan_rows,
};
use std::rc::Rc;

sextant_plugin_sdk::export!(source: Europol);

/// The most bytes that a record may be allowed to have.
const RECORD_BYTES_LIMIT: usize = 64 << 20;

/// A source of messages.
#[derive(Debug)]
pub struct Europol {
    input: String,
    on_error: OnError,
    record_bytes_max: usize,
    plan: Rc<Plan>,
    host: Host,
}

/// Where the messages are, and how they are read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The input with the files. Each entry is a whole file.
    input: String,
    /// What becomes of a record with a bad field.
    #[serde(default)]
    on_error: OnError,
    /// How many bytes a record may have, with what is embedded in it.
    #[serde(default = "record_bytes_max")]
    record_bytes_max: usize,
    /// What is to be read otherwise than the plugin's own mapping says.
    #[serde(default)]
    mapping: Mapping,
}

fn record_bytes_max() -> usize {
    RECORD_BYTES_MAX
}

impl Europol {
    fn kind(name: &str) -> Result<Kind> {
        let mut kinds = Kind::ALL.into_iter();
        let kind = kinds.find(|kind| kind.name() == name);
        kind.ok_or_else(|| Error::not_found(format!("no table {name:?}")))
    }
}

impl Source for Europol {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        let record_bytes_max = config.record_bytes_max;
        if !(1..=RECORD_BYTES_LIMIT).contains(&record_bytes_max) {
            let message =
                format!("expected 1 to {RECORD_BYTES_LIMIT} bytes, found {record_bytes_max}");
            return Err(Error::invalid_config(message).in_field("record_bytes_max"));
        }
        let plan = Plan::new(&Mapping::shipped()?.changed(config.mapping))?;
        Ok(Self {
            input: config.input,
            on_error: config.on_error,
            record_bytes_max,
            plan: Rc::new(plan),
            host,
        })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        let tables = Kind::ALL.map(|kind| self.plan.table(kind).table(kind));
        Ok(tables.into())
    }

    fn partitions(&self, _: &Request) -> Result<Vec<Partition>> {
        self.host.partition_by_entry([self.input.as_str()])
    }

    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
        let kind = Self::kind(&request.table)?;
        let entry = self.host.entry_of(partition)?;
        let file = entry.to_string();
        let xml = XmlReader::new(self.host.read(&entry)?);
        let xml = xml.map_err(|error| error.in_input(file.clone()))?;
        let xml = xml.record_bytes_max(self.record_bytes_max);
        let reader = Reader::new(&self.plan, kind, file.clone(), xml);
        let columns = &self.plan.table(kind).schema;
        scan_rows(&self.host, file, columns, request, self.on_error, reader)
    }
}

#[cfg(test)]
mod tests;
