//! What stands under `[source.NAME.config]`.

use crate::naming::is_identifier;
use serde::Deserialize;
use sextant_plugin_sdk::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Milliseconds that the server takes as a time-out, at most.
const TIMEOUT_MS_MAX: u32 = i32::MAX as u32;

/// Which database to read, and how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The `tcp` grant of the server.
    pub connection: String,
    /// The secret of the role to log in as.
    pub secret: String,
    /// The database.
    pub database: String,
    /// Whether the connection has to be encrypted.
    #[serde(default)]
    pub tls: Tls,
    /// The schemas to read; all but the system's where none are named.
    #[serde(default)]
    pub schemas: Option<Vec<String>>,
    /// The schema whose tables go by their own name; those of others are `schema_table`.
    #[serde(default = "public")]
    pub main_schema: String,
    /// Names in SQL, by `schema.table`.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// Columns to read as the text that the server shows, by `schema.table.column`.
    #[serde(default)]
    pub as_text: BTreeSet<String>,
    /// What becomes of infinite dates and timestamps.
    #[serde(default)]
    pub infinity: Infinity,
    /// Into how many parts a scan is split, at most; as the host wishes where it is not said.
    #[serde(default)]
    pub partitions: Option<usize>,
    /// Milliseconds after which the server ends a statement; its own setting where it is not said.
    #[serde(default)]
    pub statement_timeout_ms: Option<u32>,
}

/// Whether the connection has to be encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// The server has to offer TLS. The default.
    #[default]
    Require,
    /// It is not asked for TLS.
    Off,
}

/// What becomes of an infinite date or timestamp, which Arrow does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Infinity {
    /// The query fails. The default: a null has another meaning.
    #[default]
    Error,
    /// It is a null, and the analyst is told.
    Null,
}

fn public() -> String {
    "public".to_owned()
}

impl Config {
    /// Checks what the types cannot say.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |field: &str, message: String| {
            Err(Error::invalid_config(message).in_field(field.to_owned()))
        };
        if self.database.is_empty() || self.database.contains('\0') {
            let message = format!("expected the name of a database, found {:?}", self.database);
            return wrong("database", message);
        }
        if self.schemas.as_ref().is_some_and(Vec::is_empty) {
            let message = "expected at least one schema, found none".to_owned();
            return wrong("schemas", message);
        }
        if self.partitions == Some(0) {
            return wrong("partitions", "expected at least 1, found 0".to_owned());
        }
        if let Some(ms) = self.statement_timeout_ms.filter(|&ms| ms > TIMEOUT_MS_MAX) {
            let message = format!("expected at most {TIMEOUT_MS_MAX}, found {ms}");
            return wrong("statement_timeout_ms", message);
        }
        let mut given = BTreeSet::new();
        for name in self.names.values() {
            if !is_identifier(name) {
                let message = format!(
                    "expected a lower-case letter and up to 62 lower-case letters, digits and underscores, found {name:?}"
                );
                return wrong("names", message);
            }
            if !given.insert(name) {
                let message = format!("expected each name once, found {name:?} twice");
                return wrong("names", message);
            }
        }
        Ok(())
    }
}
