//! A source for delimited text: CSV, TSV and their relatives.
//!
//! Every configured table is the records of all entries of one input. Bytes become rows in stages,
//! each in a module of its own:
//!
//! 1. `ranges` splits the table into parts that are read independently.
//! 2. `feed` makes UTF-8 of an entry's bytes.
//! 3. `records`, on the bitmaps of the SDK's `marks`, finds where records and fields start and end.
//! 4. `columns`, with the parsers of `values`, makes one column after the other of them.
//!
//! What a table looks like is in `config` and, where the configuration leaves it open, found out by
//! `table` and `infer`. The configuration is described in the crate's `README.md`.
//!
//! Memory is bounded whatever the input: a record has at most 16 MiB, and a batch is handed over
//! before its text grows beyond what such a record may add to 64 MiB. Nothing is wrong silently: a
//! record that cannot be read fails the query or, with `on_error = "skip"`, is counted and reported.
//! Only columns that a query wants are looked at, so what is wrong with a value in another column
//! goes unnoticed until someone asks for it.

mod values;

mod config;

mod feed;

mod records;

mod columns;

mod infer;

mod table;

mod ranges;

mod scan;

pub use config::{ColumnConfig, Config, OnError, TableConfig};

use config::Options;
use scan::Scan;
use sextant_plugin_sdk::{Batches, Error, Host, Partition, Request, Result, Source, Table};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use table::Shape;

sextant_plugin_sdk::export!(source: Delimited);

/// The source.
#[derive(Debug)]
pub struct Delimited {
    host: Host,
    tables: BTreeMap<String, Known>,
    range_bytes_min: u64,
}

/// A table and, once it was needed, its columns.
#[derive(Debug)]
struct Known {
    options: Rc<Options>,
    shape: OnceCell<Rc<Shape>>,
}

impl Delimited {
    fn table(&self, name: &str) -> Result<(&Rc<Options>, Rc<Shape>)> {
        let known = self
            .tables
            .get(name)
            .ok_or_else(|| Error::not_found(format!("no table {name:?}")))?;
        if let Some(shape) = known.shape.get() {
            return Ok((&known.options, Rc::clone(shape)));
        }
        let shape = Rc::new(Shape::new(&self.host, &known.options)?);
        Ok((&known.options, Rc::clone(known.shape.get_or_init(|| shape))))
    }
}

impl Source for Delimited {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        let known = |(name, table): (String, TableConfig)| {
            let options = Rc::new(Options::new(&name, &table)?);
            Ok((
                name,
                Known {
                    options,
                    shape: OnceCell::new(),
                },
            ))
        };
        let tables = config
            .tables
            .into_iter()
            .map(known)
            .collect::<Result<_>>()?;
        Ok(Self {
            host,
            tables,
            range_bytes_min: ranges::RANGE_BYTES_MIN,
        })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        let describe = |name: &String| match self.table(name) {
            Ok((options, shape)) => {
                let comment = format!("records of the delimited text in input {:?}", options.input);
                Table::new(name, std::sync::Arc::clone(&shape.schema)).comment(comment)
            }
            Err(problem) => Table::broken(name, problem),
        };
        Ok(self.tables.keys().map(describe).collect())
    }

    fn partitions(&self, request: &Request) -> Result<Vec<Partition>> {
        let (options, _) = self.table(&request.table)?;
        // The first rows are read from the beginning: a part that starts inside of a value with a
        // newline would otherwise answer before the part that finds it out.
        let parts = match request.limit {
            Some(_) => 1,
            None => request.partitions,
        };
        ranges::split(&self.host, options, parts, self.range_bytes_min)
    }

    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
        let (options, shape) = self.table(&request.table)?;
        let ranges = ranges::ranges(partition)?;
        Ok(Box::new(Scan::new(
            &self.host, options, &shape, ranges, request,
        )?))
    }
}

#[cfg(test)]
mod tests;
