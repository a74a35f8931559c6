//! Open data of the Ukrainian ministry and national police as tables: arrays of JSON objects of any
//! size, whose members are called a little differently in every year's edition.
//!
//! ```text
//! input --> json::JsonRecords --> record --> rows --> batches
//!                                 ^ tables: which members are which columns
//! ```
//!
//! One record is held at a time, and its values are read where they stand. README.md describes the
//! tables.

mod record;
mod tables;

use record::Reader;
use serde::Deserialize;
use sextant_plugin_sdk::json::JsonRecords;
use sextant_plugin_sdk::{
    Batches, Error, Host, OnError, Partition, Request, Result, Source, Table, scan_rows,
};
use std::collections::BTreeMap;
use tables::Kind;

sextant_plugin_sdk::export!(source: PoliceOpenData);

/// A source of the police's open data.
#[derive(Debug)]
pub struct PoliceOpenData {
    config: Config,
    host: Host,
}

/// Which files there are, and what becomes of bad records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The tables that there are to be; at least one.
    tables: BTreeMap<Kind, TableConfig>,
    /// What becomes of a record with a bad field.
    #[serde(default)]
    on_error: OnError,
}

/// Where the records of a table are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableConfig {
    /// The input with the files. Each entry is a whole file.
    input: String,
}

impl PoliceOpenData {
    fn table(&self, name: &str) -> Result<(Kind, &TableConfig)> {
        let mut tables = self.config.tables.iter();
        let found = tables.find(|(kind, _)| kind.name() == name);
        let (kind, table) = found.ok_or_else(|| Error::not_found(format!("no table {name:?}")))?;
        Ok((*kind, table))
    }
}

impl Source for PoliceOpenData {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        match config.tables.is_empty() {
            true => Err(
                Error::invalid_config("expected at least one table, found none").in_field("tables"),
            ),
            false => Ok(Self { config, host }),
        }
    }

    fn tables(&self) -> Result<Vec<Table>> {
        Ok(self.config.tables.keys().map(|kind| kind.table()).collect())
    }

    fn partitions(&self, request: &Request) -> Result<Vec<Partition>> {
        let (_, table) = self.table(&request.table)?;
        self.host.partition_by_entry([table.input.as_str()])
    }

    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
        let (kind, _) = self.table(&request.table)?;
        let entry = self.host.entry_of(partition)?;
        let file = entry.to_string();
        let records = JsonRecords::new(self.host.read(&entry)?);
        let reader = Reader::new(kind, file.clone(), records);
        let columns = kind.schema();
        scan_rows(
            &self.host,
            file,
            &columns,
            request,
            self.config.on_error,
            reader,
        )
    }
}

#[cfg(test)]
mod tests;
