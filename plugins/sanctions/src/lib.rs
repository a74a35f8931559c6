//! Sanctions lists as tables: who is listed, under which names, with which documents, addresses and
//! dates of birth.
//!
//! Every list is read into the same tables, so that one query screens against all of them. A list
//! has a format; a format turns a stream of bytes into what is said of entities, and from there on
//! nothing differs:
//!
//! ```text
//! input --> xml --> un, ofac_xml -+
//!           csv --> ofac_csv -----+--> rows::Records --> rows, reader --> batches
//!           json -> ftm ----------+
//!                   ^ another format joins here
//! ```
//!
//! To add a format: a variant of [`Format`], and a function from an input to
//! `rows::Records` beside `un::records`.
//!
//! A file is never held: one record at a time is. A file that is not well-formed, or that ends too
//! soon, is always an error; [`OnError`] is about single records only. README.md describes the
//! tables.

// What lists say, and the tables that have it.
mod date;
mod entity;
mod tables;
// What a record says, as rows of one of them.
mod rows;
// What formats are written in.
mod csv;
mod xml;
// The formats.
mod ftm;
mod un;
// What both formats of OFAC share, and then these.
mod ofac;
mod ofac_csv;
mod ofac_xml;
mod remarks;
// From any format to any table.
mod reader;

pub use sextant_plugin_sdk::OnError;

use ofac_csv::{File, Part};
use reader::Reader;
use rows::{Provenance, Records, TableRows};
use serde::Deserialize;
use sextant_plugin_sdk::{
    Batches, Cell, Entry, Error, Filter, Host, Partition, Request, Result, Source, Table, scan_rows,
};
use std::collections::HashSet;
use tables::ListTable;

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
    /// The input that has the list. Each of its entries is a whole list file, or one of the files that
    /// the format has a list in.
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
    /// The files `sdn.csv`, `alt.csv`, `add.csv` and `sdn_comments.csv` of the Office of Foreign Assets
    /// Control of the United States, or those of its consolidated list.
    #[serde(rename = "ofac-csv")]
    OfacCsv,
    /// The file `sdn.xml` of that office.
    #[serde(rename = "ofac-xml")]
    OfacXml,
    /// FollowTheMoney, an entity a line.
    #[serde(rename = "ftm")]
    Ftm,
}

impl Format {
    /// The records of a file, if it has rows of the table.
    fn records(self, host: &Host, entry: &Entry, table: ListTable) -> Result<Option<Records>> {
        let part = match self {
            Self::OfacCsv => File::of(&entry.name).map(|file| file.part),
            Self::UnXml | Self::OfacXml | Self::Ftm => None,
        };
        if part.is_some_and(|part| !part.gives(table)) {
            return Ok(None);
        }
        let input = host.read(entry)?;
        match (self, part) {
            (Self::UnXml, _) => un::records(input).map(Some),
            (Self::OfacXml, _) => ofac_xml::records(input).map(Some),
            (Self::Ftm, _) => Ok(Some(ftm::records(input))),
            (Self::OfacCsv, Some(part)) => Ok(Some(ofac_csv::records(part, input))),
            (Self::OfacCsv, None) => Err(Error::internal("a file that is no part of the list")),
        }
    }
}

impl Sanctions {
    /// The partitions of a list: the files that belong to it. Only `ofac-csv` tells them apart.
    fn files(&self, list: &List, table: ListTable) -> Result<Vec<Partition>> {
        let files = self.host.partition_by_entry([list.input.as_str()])?;
        if list.format != Format::OfacCsv {
            return Ok(files);
        }
        let mut known = Vec::new();
        let mut found: Vec<File> = Vec::new();
        for partition in files {
            let entry = self.host.entry_of(&partition)?;
            let Some(file) = File::of(&entry.name) else {
                let warning = format!("{entry}: this is no file of the list, and is not read");
                self.host.warning(&warning);
                continue;
            };
            check_file(file, &found).map_err(|error| error.in_input(entry.to_string()))?;
            known.push(partition);
            found.push(file);
        }
        self.check_parts(list, table, &found)?;
        Ok(known)
    }

    /// A list without its entries is none; one without aliases or addresses may be meant so.
    fn check_parts(&self, list: &List, table: ListTable, found: &[File]) -> Result<()> {
        let family = found.first().map(|file| file.family).unwrap_or_default();
        let missing = |part: &Part| !found.iter().any(|file| file.part == *part);
        if missing(&Part::Entries) {
            let message = format!("expected a file {}, found none", Part::Entries.file(family));
            return Err(Error::not_found(message).in_input(list.input.clone()));
        }
        for part in [Part::Aliases, Part::Addresses] {
            if part.gives(table) && missing(&part) {
                let file = part.file(family);
                self.host
                    .warning(&format!("{}: there is no file {file}", list.input));
            }
        }
        Ok(())
    }
}

/// Refuses a file that another one of the list stands for, and one of OFAC's other list, whose entries
/// would be joined with those of this one.
fn check_file(file: File, others: &[File]) -> Result<()> {
    let message = match others.first() {
        Some(first) if first.family != file.family => format!(
            "expected files of one list, found {} beside {}",
            file.part.file(file.family),
            first.part.file(first.family)
        ),
        _ if others.contains(&file) => "expected each file of the list once, found another".into(),
        _ => return Ok(()),
    };
    Err(Error::invalid_data(message))
}

fn table_named(name: &str) -> Result<ListTable> {
    ListTable::named(name).ok_or_else(|| Error::not_found(format!("no table {name:?}")))
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

    /// One for each file of each list that is wanted.
    fn partitions(&self, request: &Request) -> Result<Vec<Partition>> {
        let table = table_named(&request.table)?;
        let filter = Filter::new(&table.schema(), &request.predicates)?;
        let takes = |list: &&List| {
            filter.takes_cell(ListTable::LIST_COLUMN, Cell::Text(list.name.as_str()))
        };
        let mut partitions = Vec::new();
        for list in self.config.lists.iter().filter(takes) {
            for file in self.files(list, table)? {
                // The token of a file is JSON itself.
                let file = String::from_utf8_lossy(&file);
                partitions.push(serde_json::to_vec(&(&list.name, file))?);
            }
        }
        if partitions.is_empty() {
            // A plan needs a part. This one is of a list that is not wanted, so it has no rows.
            let name = self.config.lists.first().map(|list| &list.name);
            partitions.push(serde_json::to_vec(&(name, ""))?);
        }
        Ok(partitions)
    }

    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
        let table = table_named(&request.table)?;
        let (name, file) = serde_json::from_slice::<(String, String)>(partition)
            .map_err(|error| Error::internal(format!("not a partition of this source: {error}")))?;
        let schema = table.schema();
        let filter = Filter::new(&schema, &request.predicates)?;
        if !filter.takes_cell(ListTable::LIST_COLUMN, Cell::Text(&name)) {
            return Ok(Box::new(std::iter::empty()));
        }
        let list = self.config.lists.iter().find(|list| list.name == name);
        let list = list
            .ok_or_else(|| Error::internal(format!("a partition of an unknown list {name:?}")))?;
        let entry = self.host.entry_of(&file.into_bytes())?;
        let source = entry.to_string();
        let records = list.format.records(&self.host, &entry, table);
        let Some(records) = records.map_err(|error| error.in_input(source.clone()))? else {
            return Ok(Box::new(std::iter::empty()));
        };
        let from = Provenance {
            list: name,
            source: source.clone(),
        };
        let reader = Reader {
            records,
            rows: TableRows::new(table, from),
        };
        let on_error = self.config.on_error;
        scan_rows(&self.host, source, &schema, request, on_error, reader)
    }
}

#[cfg(test)]
mod tests;
