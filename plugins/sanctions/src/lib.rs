//! Sanctions lists as tables: who is listed, under which names, with which documents, addresses and
//! dates of birth.
//!
//! Every list is read into the same tables, so that one query screens against all of them. A list
//! has a format; a format turns a stream of bytes into entities, and from there on nothing differs:
//!
//! ```text
//! input --> xml --> un --> entity::Records --> scan, tables --> batches
//!                   ^ another format joins here
//! ```
//!
//! To add a format: a variant of [`Format`], and a function from an input to
//! `entity::Records` beside `un::records`.
//!
//! A file is never held: one entity at a time is. A file that is not well-formed, or that ends too
//! soon, is always an error; [`OnError`] is about single records only. README.md describes the
//! tables.

mod date;
mod entity;
mod xml;
// One module a format.
mod un;
// What all formats share.
mod scan;
mod tables;

pub use scan::OnError;

use entity::Records;
use scan::Scan;
use serde::Deserialize;
use sextant_plugin_sdk::{
    Batches, Error, Host, InputReader, Partition, Request, Result, Source, Table,
};
use std::collections::HashSet;
use tables::{ListTable, Provenance};

sextant_plugin_sdk::export!(source: Sanctions);

/// A source of sanctions lists.
#[derive(Debug)]
pub struct Sanctions {
    config: Config,
    host: Host,
}

/// Which lists to read, and how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The lists; at least one.
    pub lists: Vec<List>,
    /// What becomes of a record with a bad field.
    #[serde(default)]
    pub on_error: OnError,
}

/// One list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// What the column `list` says; of no two lists the same.
    pub name: String,
    /// The input that has the list. Each of its entries is a whole list file.
    pub input: String,
    /// How the list is written.
    pub format: Format,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Format {
    /// The XML of the United Nations Security Council's consolidated list.
    #[serde(rename = "un-xml")]
    UnXml,
}

impl Format {
    fn records(self, input: InputReader) -> Result<Records> {
        match self {
            Self::UnXml => un::records(input),
        }
    }
}

impl Source for Sanctions {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        if config.lists.is_empty() {
            return Err(
                Error::invalid_config("expected at least one list, found none").in_field("lists"),
            );
        }
        let mut names = HashSet::new();
        for list in &config.lists {
            if list.name.is_empty() {
                return Err(
                    Error::invalid_config("expected a name, found nothing").in_field("lists.name")
                );
            }
            if !names.insert(&list.name) {
                let message = format!(
                    "expected a name of its own for each list, found {:?} twice",
                    list.name
                );
                return Err(Error::invalid_config(message).in_field("lists.name"));
            }
        }
        Ok(Self { config, host })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        Ok(ListTable::ALL.into_iter().map(ListTable::table).collect())
    }

    /// One for each entry of each list.
    fn partitions(&self, _: &Request) -> Result<Vec<Partition>> {
        let mut partitions = Vec::new();
        for list in &self.config.lists {
            let entries = self.host.entries(&list.input)?;
            if entries.is_empty() {
                let message = format!(
                    "expected a file for the list {:?}, found an empty input",
                    list.name
                );
                return Err(Error::not_found(message).in_input(list.input.clone()));
            }
            for entry in entries {
                let partition = serde_json::to_vec(&(&list.name, &entry.name));
                partitions.push(partition.map_err(|error| Error::internal(error.to_string()))?);
            }
        }
        Ok(partitions)
    }

    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
        let table = ListTable::named(&request.table);
        let table =
            table.ok_or_else(|| Error::not_found(format!("no table {:?}", request.table)))?;
        let (name, entry) = serde_json::from_slice::<(String, String)>(partition)
            .map_err(|error| Error::internal(format!("not a partition of this source: {error}")))?;
        if !scan::wants_list(request, &name)? {
            return Ok(Box::new(std::iter::empty()));
        }
        let list = self.config.lists.iter().find(|list| list.name == name);
        let list = list
            .ok_or_else(|| Error::internal(format!("a partition of an unknown list {name:?}")))?;
        let mut entries = self.host.entries(&list.input)?.into_iter();
        let entry = entries.find(|known| known.name == entry).ok_or_else(|| {
            Error::not_found(format!("the file {entry:?} is gone")).in_input(list.input.clone())
        })?;
        let source = entry.to_string();
        let records = list.format.records(self.host.read(&entry)?);
        let records = records.map_err(|error| error.in_input(source.clone()))?;
        let from = Provenance { list: name, source };
        let scan = Scan::new(
            self.host.clone(),
            from,
            table,
            records,
            self.config.on_error,
            request,
        )?;
        Ok(Box::new(scan))
    }
}

#[cfg(test)]
mod tests;
