//! What an analyst may have meant by a name that leads nowhere.

use super::catalog::{PUBLIC, SYSTEM};
use crate::registry::Snapshot;
use datafusion::common::TableReference;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Expr, visit_expressions};
use std::ops::ControlFlow;
use std::path::Path;

/// Files that can be queried as they are.
const EXTENSIONS: [&str; 4] = ["parquet", "csv", "json", "arrow"];

/// The names that a statement uses.
#[derive(Debug, Default)]
pub(super) struct Names {
    tables: Vec<TableReference>,
    functions: Vec<(String, String)>,
}

impl Names {
    pub(super) fn of(statement: &Statement, tables: &[TableReference]) -> Self {
        let mut functions = Vec::new();
        if let Statement::Statement(sql) = statement {
            let _ = visit_expressions(sql.as_ref(), |expression| {
                if let Expr::Function(function) = expression
                    && let [plugin, name] = function.name.0.as_slice()
                {
                    functions.push((plugin.to_string(), name.to_string()));
                }
                ControlFlow::<()>::Continue(())
            });
        }
        Self {
            tables: tables.to_vec(),
            functions,
        }
    }

    /// What is wrong with the first name that leads nowhere.
    pub(super) fn hint(&self, snapshot: &Snapshot) -> Option<String> {
        let tables = self
            .tables
            .iter()
            .find_map(|table| table_hint(table, snapshot));
        let functions = || {
            let mut functions = self.functions.iter();
            functions.find_map(|(plugin, name)| function_hint(plugin, name, snapshot))
        };
        tables.or_else(functions)
    }
}

fn table_hint(table: &TableReference, snapshot: &Snapshot) -> Option<String> {
    let (schema, name) = (table.schema(), table.table());
    let Some(schema) = schema else {
        return file_hint(name);
    };
    if [PUBLIC, SYSTEM, "information_schema"].contains(&schema) {
        return None;
    }
    let Some(source) = snapshot.sources().get(schema) else {
        return Some(format!(
            "there is no source {schema:?}{}",
            known(snapshot.sources().keys())
        ));
    };
    let tables = source.known_tables()?;
    let is_known = tables.iter().any(|table| table.name == name);
    (!is_known).then(|| {
        format!(
            "source {schema:?} has no table {name:?}{}",
            known(tables.iter().map(|table| &table.name))
        )
    })
}

/// A bare name with a folder or an ending was meant as a file.
fn file_hint(name: &str) -> Option<String> {
    let path = Path::new(name);
    let extension = path.extension().and_then(|extension| extension.to_str());
    if !name.contains('/') && extension.is_none() {
        return None;
    }
    if name.contains("://") {
        return Some("only local files can be queried as they are".to_owned());
    }
    if !path.exists() {
        return Some(format!("there is no file {name}"));
    }
    match extension {
        Some(extension) if EXTENSIONS.contains(&extension) => None,
        _ => Some(format!(
            "files that can be queried as they are end in .{}; a source reads others",
            EXTENSIONS.join(", .")
        )),
    }
}

fn function_hint(plugin: &str, name: &str, snapshot: &Snapshot) -> Option<String> {
    let Some(entry) = snapshot.plugins().get(plugin) else {
        return Some(format!(
            "there is no plugin {plugin:?}{}",
            known(snapshot.plugins().keys())
        ));
    };
    match (&entry.plugin, &entry.error) {
        (None, Some(error)) => Some(format!("plugin {plugin:?} did not load: {error}")),
        (Some(serving), _) if serving.function(name).is_none() => Some(format!(
            "plugin {plugin:?} has no function {name:?}{}",
            known(serving.functions().iter().map(|function| &function.name))
        )),
        _ => None,
    }
}

fn known<'a>(names: impl Iterator<Item = &'a String>) -> String {
    const SHOWN: usize = 20;
    let names: Vec<_> = names.map(String::as_str).collect();
    match names.len() {
        0 => String::new(),
        count if count > SHOWN => format!("; there are: {}, ...", names[..SHOWN].join(", ")),
        _ => format!("; there are: {}", names.join(", ")),
    }
}
