//! The Ukrainian unified state register of legal entities (EDR) as tables: gigabytes of XML, mostly in
//! windows-1251, in which one record of a company is rows of several tables.
//!
//! ```text
//! input --> xml::XmlReader --> subject --> tables --> rows --> batches
//!                                          ^ fields: those of an element, and what is left over
//!                                            packed: strings that hold several fields
//! ```
//!
//! One record is held at a time. README.md describes the tables.

mod fields;
mod packed;
mod subject;
mod tables;

use serde::Deserialize;
use sextant_plugin_sdk::{
    Batches, Error, Host, OnError, Partition, Request, Result, Source, Table, scan_rows,
};
use subject::Reader;
use tables::Kind;

sextant_plugin_sdk::export!(source: Registers);

/// A source of the register.
#[derive(Debug)]
pub struct Registers {
    config: Config,
    host: Host,
}

/// Where the register is, and what becomes of bad records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The input with the files. Each entry is a whole file.
    #[serde(default = "edr")]
    input: String,
    /// What becomes of a record with a bad field.
    #[serde(default)]
    on_error: OnError,
}

fn edr() -> String {
    "edr".to_owned()
}

impl Source for Registers {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        Ok(Self { config, host })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        Ok(Kind::ALL.into_iter().map(Kind::table).collect())
    }

    fn partitions(&self, _: &Request) -> Result<Vec<Partition>> {
        self.host.partition_by_entry([self.config.input.as_str()])
    }

    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
        let kind = Kind::named(&request.table)
            .ok_or_else(|| Error::not_found(format!("there is no table {:?}", request.table)))?;
        let entry = self.host.entry_of(partition)?;
        let file = entry.to_string();
        let input = self.host.read(&entry)?;
        let reader =
            Reader::new(kind, file.clone(), input).map_err(|error| error.in_input(file.clone()))?;
        scan_rows(
            &self.host,
            file,
            &kind.schema(),
            request,
            self.config.on_error,
            reader,
        )
    }
}

#[cfg(test)]
mod tests;
