//! A source with one table, the items of a JSON array behind a URL. It uses `http`; the body of an
//! answer is a reader like those of `input`.

use sextant_plugin_sdk::arrow_schema::{DataType, Field, Schema};
use sextant_plugin_sdk::serde::Deserialize;
use sextant_plugin_sdk::{
    Batches, Cell, Host, HttpRequest, Partition, Request, Result, RowBuilder, Source, Table,
    serde_json,
};

/// What stands under `[source.NAME.config]`.
#[derive(Debug, Deserialize)]
#[serde(crate = "sextant_plugin_sdk::serde", deny_unknown_fields)]
pub struct Config {
    url: String,
}

/// The items of a JSON array.
#[derive(Debug)]
pub struct Items {
    url: String,
    host: Host,
}

#[derive(Deserialize)]
#[serde(crate = "sextant_plugin_sdk::serde")]
struct Item {
    id: i64,
    name: Option<String>,
}

impl Source for Items {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        Ok(Self {
            url: config.url,
            host,
        })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        let columns = vec![
            Field::new("id", DataType::Int64, false),
            Field::new("name", DataType::Utf8, true),
        ];
        Ok(vec![
            Table::new("items", Schema::new(columns)).comment("An item of the array"),
        ])
    }

    fn scan(&self, request: &Request, _: &Partition) -> Result<Batches> {
        let get = HttpRequest::get(&self.url)
            .header("accept", "application/json")
            .timeout_ms(10_000);
        let items: Vec<Item> =
            serde_json::from_reader(self.host.http(&get)?.error_for_status()?.body)?;
        let mut rows = RowBuilder::new(&self.tables()?[0].columns, request)?;
        let mut batches = Vec::new();
        for part in items.chunks(request.batch_rows) {
            part.iter()
                .try_for_each(|item| rows.push(&[Cell::Int(item.id), (&item.name).into()]))?;
            batches.push(rows.finish());
        }
        Ok(Box::new(batches.into_iter()))
    }
}

sextant_plugin_sdk::export!(source: Items);
