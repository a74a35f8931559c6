//! A source with one table, the lines that a far side sends after a log-in. It uses `tcp` and
//! `secret`. The protocol is a toy: in TLS, unless that is switched off, the far side sends a challenge line, takes a user name
//! line and 32 bytes of proof, and answers with 32 bytes of its own proof and then lines.

use sextant_plugin_sdk::arrow_schema::{DataType, Field, Schema};
use sextant_plugin_sdk::serde::Deserialize;
use sextant_plugin_sdk::{
    Batches, Cell, Host, Partition, Request, Result, RowBuilder, Source, Table, TcpConnection,
};
use std::io::{BufRead, Read, Write};

/// What stands under `[source.NAME.config]`: the names of two grants.
#[derive(Debug, Deserialize)]
#[serde(crate = "sextant_plugin_sdk::serde", deny_unknown_fields)]
pub struct Config {
    place: String,
    secret: String,
    #[serde(default)]
    without_tls: bool,
}

/// The lines of a far side.
#[derive(Debug)]
pub struct Feed {
    config: Config,
    host: Host,
}

impl Feed {
    fn log_in(&self) -> Result<TcpConnection> {
        let mut connection = self.host.tcp(&self.config.place)?;
        if !self.config.without_tls {
            connection.start_tls()?;
        }
        let mut challenge = String::new();
        connection.read_line(&mut challenge)?;
        let proof =
            self.host
                .scram_sha256(&self.config.secret, b"salt", 4096, challenge.trim_end())?;
        let mut message = self.host.secret_user(&self.config.secret)?.into_bytes();
        message.push(b'\n');
        message.extend(&proof.client_proof);
        connection.write_all(&message)?;
        let mut signature = [0; 32];
        connection.read_exact(&mut signature)?;
        proof.check_server(&signature)?;
        Ok(connection)
    }
}

impl Source for Feed {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        Ok(Self { config, host })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        let columns = Schema::new(vec![Field::new("text", DataType::Utf8, false)]);
        Ok(vec![
            Table::new("lines", columns).comment("A line that the far side sent"),
        ])
    }

    fn scan(&self, request: &Request, _: &Partition) -> Result<Batches> {
        let mut rows = RowBuilder::new(&self.tables()?[0].columns, request)?;
        let mut lines = self.log_in()?.lines();
        // A line a batch: whoever waits for news wants it now.
        Ok(Box::new(std::iter::from_fn(move || {
            let line = lines.next()?;
            Some(line.map_err(Into::into).and_then(|line| {
                rows.push(&[Cell::Text(&line)])?;
                rows.finish()
            }))
        })))
    }
}

sextant_plugin_sdk::export!(source: Feed);
