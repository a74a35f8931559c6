//! Look-ups in INTERPOL's databases: persons, vehicles, travel documents and firearms, one by one by
//! their keys, through the gateway of a national central bureau.
//!
//! Nothing here can be read as a whole. A query gives keys; each becomes a message, a batch of messages
//! one request, and an answer's candidates become rows. Columns that only a full record has are asked
//! for in a second step, and only where the query wants them:
//!
//! ```text
//! request --> keys --> message --> gateway --> message --> record, tables --> rows
//!                         ^                                      |
//!                         +------- a candidate's full record ----+
//! ```
//!
//! A gateway is live (HTTP) or recorded (an input); from the messages on nothing differs. README.md
//! describes the tables, and the framing of messages in JSON.

mod record;
mod tables;
// What a query asks for.
mod keys;
// Asking for it, and what comes back.
mod message;
// Whom.
mod gateway;
// Putting the rows together.
mod scan;

use gateway::Gateway;
use keys::Part;
use scan::Scan;
use serde::Deserialize;
use sextant_plugin_sdk::{
    Batches, Error, Host, OnError, Partition, Request, Result, Source, Table, scan_rows,
};
use tables::{LOOKUPS, Lookup};

sextant_plugin_sdk::export!(source: Find);

/// The most messages of a request that a configuration may ask for.
const KEYS_PER_REQUEST_MAX: usize = 10_000;

/// A source of look-ups.
#[derive(Debug)]
pub struct Find {
    gateway: Gateway,
    keys_per_request: usize,
    on_error: OnError,
    host: Host,
}

/// Which gateway to ask, and how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The URL of a live gateway; messages go to `/query` below it.
    pub base: Option<String>,
    /// The input with a gateway's recorded answers, to be asked instead.
    pub saved: Option<String>,
    /// How many messages a request has at most.
    #[serde(default = "keys_per_request")]
    pub keys_per_request: usize,
    /// How long a request may take; the host's own limit is an upper bound.
    pub timeout_ms: Option<u32>,
    /// What becomes of a key that the gateway refuses, and of a record that cannot be used.
    #[serde(default)]
    pub on_error: OnError,
}

fn keys_per_request() -> usize {
    100
}

impl Source for Find {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        if !(1..=KEYS_PER_REQUEST_MAX).contains(&config.keys_per_request) {
            let message = format!(
                "expected a number from 1 to {KEYS_PER_REQUEST_MAX}, found {}",
                config.keys_per_request
            );
            return Err(Error::invalid_config(message).in_field("keys_per_request"));
        }
        let gateway = match (config.base, config.saved) {
            (Some(base), None) => Gateway::live(&host, &base, config.timeout_ms)?,
            (None, Some(input)) => Gateway::saved(&host, input),
            (Some(_), Some(_)) => {
                let message = "expected either base or saved, found both";
                return Err(Error::invalid_config(message));
            }
            (None, None) => {
                let message = "expected either base or saved, found neither";
                return Err(Error::invalid_config(message));
            }
        };
        Ok(Self {
            gateway,
            keys_per_request: config.keys_per_request,
            on_error: config.on_error,
            host,
        })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        Ok(LOOKUPS.iter().map(Lookup::table).collect())
    }

    /// Consecutive keys, in whole requests.
    fn partitions(&self, request: &Request) -> Result<Vec<Partition>> {
        let lookup = Lookup::named(&request.table)?;
        let asked = keys::asked(lookup, &lookup.columns().schema(), request)?;
        let parts = keys::parts(asked.len(), self.keys_per_request, request.partitions);
        let tokens = parts.iter().map(serde_json::to_vec);
        Ok(tokens.collect::<Result<_, _>>()?)
    }

    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
        let lookup = Lookup::named(&request.table)?;
        let schema = lookup.columns().schema();
        let part: Part = serde_json::from_slice(partition)
            .map_err(|error| Error::internal(format!("not a partition of this source: {error}")))?;
        let keys = part.of(keys::asked(lookup, &schema, request)?)?;
        let narrowing = keys::narrowing(lookup, &schema, request);
        let scan = Scan::new(
            self.gateway.clone(),
            lookup,
            request,
            keys,
            narrowing,
            self.keys_per_request,
        )?;
        scan_rows(
            &self.host,
            self.gateway.place().to_owned(),
            &schema,
            request,
            self.on_error,
            scan,
        )
    }
}

#[cfg(test)]
mod tests;
