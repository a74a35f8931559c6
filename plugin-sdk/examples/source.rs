//! A source with one table, the lines of an input's files. It uses `input` and `report`.

use sextant_plugin_sdk::arrow_array::RecordBatch;
use sextant_plugin_sdk::arrow_schema::{DataType, Field, Schema};
use sextant_plugin_sdk::serde::Deserialize;
use sextant_plugin_sdk::{
    Batches, Cell, Host, Partition, Request, Result, RowBuilder, Source, Table, log,
};
use std::io::{self, BufRead};

/// What stands under `[source.NAME.config]`.
#[derive(Debug, Deserialize)]
#[serde(crate = "sextant_plugin_sdk::serde", deny_unknown_fields)]
pub struct Config {
    input: String,
}

/// The lines of an input's files.
#[derive(Debug)]
pub struct Lines {
    input: String,
    host: Host,
}

impl Source for Lines {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        Ok(Self {
            input: config.input,
            host,
        })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        let columns = Schema::new(vec![Field::new("text", DataType::Utf8, false)]);
        Ok(vec![
            Table::new("lines", columns).comment("A line of a text file"),
        ])
    }

    fn scan(&self, request: &Request, _: &Partition) -> Result<Batches> {
        let entries = self.host.entries(&self.input)?;
        log::debug!("{} files", entries.len());
        if entries.is_empty() {
            self.host.warning("the input has no files");
        }
        let readers = entries
            .iter()
            .map(|entry| self.host.read(entry))
            .collect::<Result<Vec<_>>>()?;
        let mut lines = readers.into_iter().flat_map(BufRead::lines);
        let mut rows = RowBuilder::new(&self.tables()?[0].columns, request)?;
        Ok(Box::new(std::iter::from_fn(move || {
            next_batch(&mut lines, &mut rows).transpose()
        })))
    }
}

fn next_batch(
    lines: &mut impl Iterator<Item = io::Result<String>>,
    rows: &mut RowBuilder,
) -> Result<Option<RecordBatch>> {
    while !rows.is_full()
        && let Some(line) = lines.next()
    {
        rows.push(&[Cell::Text(&line?)])?;
    }
    if rows.is_empty() {
        Ok(None)
    } else {
        rows.finish().map(Some)
    }
}

sextant_plugin_sdk::export!(source: Lines);
