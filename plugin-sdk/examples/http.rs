//! A source with one table, the answers to requests that its configuration has. It uses `http`; the
//! body of an answer is a reader like those of `input`.

use sextant_plugin_sdk::arrow_schema::{DataType, Field, Schema};
use sextant_plugin_sdk::serde::Deserialize;
use sextant_plugin_sdk::{
    Batches, Cell, Host, HttpRequest, OnError, Partition, Request, Result, Rows, Source, Table,
    scan_rows,
};
use std::collections::BTreeMap;
use std::io::Read;

/// What stands under `[source.NAME.config]`.
#[derive(Debug, Deserialize)]
#[serde(crate = "sextant_plugin_sdk::serde", deny_unknown_fields)]
pub struct Config {
    requests: Vec<Asked>,
}

/// A request.
#[derive(Clone, Debug, Deserialize)]
#[serde(crate = "sextant_plugin_sdk::serde", deny_unknown_fields)]
pub struct Asked {
    #[serde(default = "get")]
    method: String,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
}

fn get() -> String {
    "GET".to_owned()
}

/// The answers.
#[derive(Debug)]
pub struct Answers {
    requests: Vec<Asked>,
    host: Host,
}

impl Source for Answers {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        Ok(Self {
            requests: config.requests,
            host,
        })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        let columns = vec![
            Field::new("status", DataType::Int32, false),
            Field::new("headers", DataType::Utf8, false),
            Field::new("body", DataType::Utf8, false),
        ];
        Ok(vec![
            Table::new("answers", Schema::new(columns))
                .comment("An answer: its status, its header fields a line each, and its body")
                .filtered(),
        ])
    }

    fn scan(&self, request: &Request, _: &Partition) -> Result<Batches> {
        let host = self.host.clone();
        let mut requests = self.requests.clone().into_iter();
        let read = move |rows: &mut Rows| {
            let Some(asked) = requests.next() else {
                return Ok(false);
            };
            let mut request = HttpRequest::new(asked.method, asked.url).body(asked.body);
            request.headers = asked.headers.into_iter().collect();
            let mut answer = host.http(&request)?;
            let headers: Vec<_> = answer
                .headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            let mut body = String::new();
            answer.body.read_to_string(&mut body)?;
            rows.push(&[
                Cell::Int(answer.status.into()),
                Cell::Text(&headers.join("\n")),
                Cell::Text(&body),
            ])?;
            Ok(true)
        };
        let columns = &self.tables()?[0].columns;
        scan_rows(
            &self.host,
            "http".to_owned(),
            columns,
            request,
            OnError::Fail,
            read,
        )
    }
}

sextant_plugin_sdk::export!(source: Answers);
