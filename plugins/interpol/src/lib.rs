//! INTERPOL's public notices as tables: red (wanted), yellow (missing) and UN notices, and the arrest
//! warrants of the red ones. They come from saved JSON, or from the public API.
//!
//! ```text
//! saved:  input --> json::JsonRecords --> notice ------------------------> rows
//! api:    request --> slices --> sweep --> api --> notice, its detail ---> rows
//!                                                  ^ tables: which members are which columns
//! ```
//!
//! The API gives at most 160 notices a query, whatever the page; a sweep splits what is asked for until
//! each slice has no more. README.md describes the tables.

mod tables;
// What a notice is made of.
mod json;
// What that is in a column.
mod value;
// Where the columns are in it.
mod layout;
// A notice, and its rows.
mod notice;
// Which notices a scan had already.
mod seen;
// From files.
mod saved;
// What is asked of the API.
mod slice;
// What a query's predicates leave to be asked for.
mod narrowing;
// Asking.
mod api;
// All of it, once each.
mod sweep;

use api::Api;
use saved::Saved;
use serde::Deserialize;
use sextant_plugin_sdk::{
    Batches, Error, Host, OnError, Partition, Request, Result, Source, Table, scan_rows,
};
use slice::AGE_MAX;
use std::collections::BTreeMap;
use sweep::{Limits, Sweep};
use tables::{Kind, Relation};

sextant_plugin_sdk::export!(source: Interpol);

/// How many rows of the API a batch has at most. A batch is one call of the plugin, whose waiting for
/// the far side is bounded, and a row may take a request.
const LIVE_BATCH_ROWS_MAX: usize = 160;

/// A source of notices.
#[derive(Debug)]
pub struct Interpol {
    config: Config,
    host: Host,
}

/// Where the notices are, and what becomes of bad ones.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Saved notices, by their kind.
    #[serde(default)]
    notices: BTreeMap<Kind, SavedConfig>,
    /// The public API, instead.
    api: Option<ApiConfig>,
    /// What becomes of a notice that cannot be used.
    #[serde(default)]
    on_error: OnError,
}

/// Where the saved notices of a kind are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedConfig {
    /// The input with the files: pages of lists, and details.
    input: String,
}

/// How to ask the API, and for what.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiConfig {
    /// Its URL, without `/notices/v1`.
    #[serde(default = "public_url")]
    url: String,
    /// The kinds that there are to be tables of.
    notices: Vec<Kind>,
    /// Only notices with one of these nationalities.
    nationalities: Option<Vec<String>>,
    /// Only persons of at least this age.
    #[serde(default)]
    min_age: u8,
    /// Only persons of at most this age.
    #[serde(default = "age_max")]
    max_age: u8,
    /// What becomes of notices that no part of the query has.
    #[serde(default)]
    on_overflow: OnOverflow,
}

/// What becomes of notices that the API counts and no part of the query has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnOverflow {
    /// The query fails.
    #[default]
    Fail,
    /// The notices that the API gives are taken, and a warning says how many are missing.
    Warn,
}

fn public_url() -> String {
    "https://ws-public.interpol.int".to_owned()
}

fn age_max() -> u8 {
    AGE_MAX
}

impl ApiConfig {
    fn check(&self) -> Result<()> {
        let wrong = |field: &str, message: String| {
            Err(Error::invalid_config(message).in_field(format!("api.{field}")))
        };
        let is_http = self.url.starts_with("http://") || self.url.starts_with("https://");
        if !is_http || self.url.contains(['?', '#']) {
            let message = "expected an http or https URL without a query";
            return wrong("url", format!("{message}, found {:?}", self.url));
        }
        if self.notices.is_empty() {
            return wrong(
                "notices",
                "expected at least one kind, found none".to_owned(),
            );
        }
        let codes = self.nationalities.as_deref();
        if codes.is_some_and(<[String]>::is_empty) {
            let message = "expected at least one nationality, found none";
            return wrong("nationalities", message.to_owned());
        }
        let mut codes = codes.unwrap_or_default().iter();
        if let Some(code) = codes.find(|code| !slice::is_code(code)) {
            let message = "expected a country's code of two capital letters or three digits";
            return wrong("nationalities", format!("{message}, found {code:?}"));
        }
        let (min, max) = (self.min_age, self.max_age);
        if max > AGE_MAX || min > max {
            let message = format!("expected ages from 0 to {AGE_MAX}, found {min} to {max}");
            return wrong("min_age, max_age", message);
        }
        Ok(())
    }
}

impl Interpol {
    /// The kinds of which there are notices.
    fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<_> = match &self.config.api {
            Some(api) => api.notices.clone(),
            None => self.config.notices.keys().copied().collect(),
        };
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    fn relation(&self, table: &str) -> Result<Relation> {
        let mut relations = self.kinds().into_iter().flat_map(Relation::of);
        let found = relations.find(|relation| relation.name() == table);
        found.ok_or_else(|| Error::not_found(format!("no table {table:?}")))
    }

    fn scan_saved(&self, relation: Relation, request: &Request) -> Result<Batches> {
        let kind = relation.kind();
        let saved = self.config.notices.get(&kind);
        let saved = saved.ok_or_else(|| Error::internal("its table was there"))?;
        let entries = self.host.entries(&saved.input)?;
        if entries.is_empty() {
            let error = Error::not_found("expected a file, found an empty input");
            return Err(error.in_input(saved.input.as_str()));
        }
        scan_rows(
            &self.host,
            saved.input.clone(),
            &relation.schema(),
            request,
            self.config.on_error,
            Saved::new(&self.host, relation, entries),
        )
    }

    fn scan_api(
        &self,
        config: &ApiConfig,
        relation: Relation,
        request: &Request,
    ) -> Result<Batches> {
        let schema = relation.schema();
        let limits = Limits {
            nationalities: config.nationalities.clone(),
            ages: (config.min_age, config.max_age),
            warns_of_overflow: config.on_overflow == OnOverflow::Warn,
        };
        let api = Api::new(&self.host, &config.url, relation.kind());
        let request = Request {
            batch_rows: request.batch_rows.min(LIVE_BATCH_ROWS_MAX),
            ..request.clone()
        };
        let place = api.place().to_owned();
        let sweep = Sweep::new(api, relation, &schema, &request.predicates, limits)?;
        scan_rows(
            &self.host,
            place,
            &schema,
            &request,
            self.config.on_error,
            sweep,
        )
    }
}

impl Source for Interpol {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        match (&config.api, config.notices.is_empty()) {
            (Some(api), true) => api.check()?,
            (None, false) => {}
            (Some(_), false) => {
                let message = "expected either notices or api, found both";
                return Err(Error::invalid_config(message));
            }
            (None, true) => {
                let message = "expected either notices or api, found neither";
                return Err(Error::invalid_config(message));
            }
        }
        Ok(Self { config, host })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        let relations = self.kinds().into_iter().flat_map(Relation::of);
        Ok(relations.map(|relation| relation.table()).collect())
    }

    /// One part: a notice may be in several files, or in several slices, and is one row.
    fn partitions(&self, request: &Request) -> Result<Vec<Partition>> {
        self.relation(&request.table)?;
        Ok(vec![Partition::default()])
    }

    fn scan(&self, request: &Request, _partition: &Partition) -> Result<Batches> {
        let relation = self.relation(&request.table)?;
        match &self.config.api {
            Some(api) => self.scan_api(api, relation, request),
            None => self.scan_saved(relation, request),
        }
    }
}

#[cfg(test)]
mod tests;
