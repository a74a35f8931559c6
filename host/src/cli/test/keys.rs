//! Tables that are asked by key, in a test: which keys, `examples/keys.toml` says, by source, table and
//! column. What they bring is then a relation like any other.

use super::Bench;
use super::tables::{quoted, text};
use crate::error::{Error, Result};
use crate::wasm::TableDescription;
use std::collections::BTreeMap;

/// The file, among the examples.
const KEYS_FILE: &str = "keys.toml";

/// Values by column, by table.
type Tables = BTreeMap<String, BTreeMap<String, Vec<toml::Value>>>;

/// The keys that a bundle brings along, by source.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Keys(BTreeMap<String, Tables>);

impl Keys {
    pub(super) fn of(bench: &Bench) -> Result<Self> {
        let Some((_, bytes)) = bench.bundle.examples().find(|(name, _)| *name == KEYS_FILE) else {
            return Ok(Self::default());
        };
        let broken = |message: String| Error::bundle(format!("examples/{KEYS_FILE}: {message}"));
        let file = std::str::from_utf8(bytes).map_err(|error| broken(error.to_string()))?;
        toml::from_str(file).map_err(|error| broken(error.message().to_owned()))
    }

    /// A table as it stands behind FROM; none where it is asked by keys that are not given.
    pub(super) fn relation(&self, source: &str, table: &TableDescription) -> Option<String> {
        let name = format!("{}.{}", quoted(source), quoted(&table.name));
        if table.required_keys.is_empty() {
            return Some(name);
        }
        let given = self.0.get(source)?.get(&table.name)?;
        let conditions = table.required_keys.iter().map(|&key| {
            let column = table.columns.field(key).name();
            let values: Vec<_> = given.get(column)?.iter().map(literal).collect();
            Some(format!("{} IN ({})", quoted(column), values.join(", ")))
        });
        let conditions = conditions.collect::<Option<Vec<_>>>()?.join(" AND ");
        Some(format!(
            "(SELECT * FROM {name} WHERE {conditions}) AS asked"
        ))
    }
}

fn literal(value: &toml::Value) -> String {
    match value {
        toml::Value::String(value) => text(value),
        other => other.to_string(),
    }
}
