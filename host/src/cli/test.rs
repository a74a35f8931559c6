//! `sextant plugin test`: runs the examples of a bundle's functions, and asks each function for what
//! every function must be able to do.

use super::output::visible;
use crate::bundle::build_crate;
use crate::error::{Context, Error, Result};
use crate::host::Host;
use crate::limits::Limits;
use crate::registry::BUNDLE_EXTENSION;
use crate::sql::Session;
use crate::wasm::{FunctionDescription, FunctionKind, Plugin};
use crate::workspace::Workspace;
use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::path::Path;
use std::sync::Arc;

/// How many tests passed, and which did not.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    fn add(&mut self, what: &str, result: Result<()>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(error) => {
                self.failed += 1;
                println!("failed  {}", visible(what));
                println!("        {}", visible(&error.to_string()));
            }
        }
    }
}

/// Tests a bundle file, or the plugin of a crate, which is built before.
pub(super) fn run(path: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let workspace = Workspace::init(folder.path())?;
    let bytes = match path.is_dir() {
        true => build_crate(path, &[], &Limits::default())?.bytes,
        false => std::fs::read(path).context(|| path.display().to_string())?,
    };
    let file = workspace
        .bundles()
        .join(format!("tested.{BUNDLE_EXTENSION}"));
    std::fs::write(file, bytes)?;
    let host = Host::open(workspace)?;
    let snapshot = host.snapshot();
    let Some(entry) = snapshot.plugins().values().next() else {
        return Err(Error::internal("the bundle is not there"));
    };
    if let Some(error) = &entry.error {
        return Err(error.clone());
    }
    let Some(plugin) = &entry.plugin else {
        return Err(Error::internal("the bundle was not loaded"));
    };
    let mut tally = Tally::default();
    let session = host.session()?;
    for function in plugin.functions() {
        test_function(&host, &session, plugin, function, &mut tally);
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if plugin.functions().is_empty() {
        super::note("hint: a source is tested in a workspace, by `sextant source check`");
    }
    match tally.failed {
        0 => Ok(()),
        count => Err(Error::plugin(format!("{count} tests failed"))),
    }
}

fn test_function(
    host: &Host,
    session: &Session,
    plugin: &Arc<Plugin>,
    function: &FunctionDescription,
    tally: &mut Tally,
) {
    let name = format!("{}.{}", plugin.name(), function.name);
    if function.examples.is_empty() {
        super::note(&format!("note: {name} has no examples"));
    }
    for (sql, expected) in &function.examples {
        let found = answer(host, session, sql).map(|rows| as_csv(&rows));
        let result = found.and_then(|found| match same(&found, expected) {
            true => Ok(()),
            false => Err(Error::plugin(format!(
                "expected {expected:?}, found {found:?}"
            ))),
        });
        tally.add(&format!("{name}: example {sql}"), result);
    }
    for (what, sql, rows) in conformance(&name, function) {
        let result = answer(host, session, &sql).and_then(|batches| {
            let found: usize = batches.iter().map(RecordBatch::num_rows).sum();
            match rows.is_none_or(|rows| rows == found) {
                true => Ok(()),
                false => Err(Error::plugin(format!("{found} rows came back: {sql}"))),
            }
        });
        tally.add(&format!("{name}: {what}"), result);
    }
}

/// What every function must bear: no rows, nulls, and each type that it says it takes. With how many
/// rows must come back, where that is known.
fn conformance(name: &str, function: &FunctionDescription) -> Vec<(String, String, Option<usize>)> {
    // A constant that means something cannot be guessed, nor the columns of a relation.
    let guessable = function.parameters.iter().all(|parameter| {
        !parameter.constant && parameter.types.iter().all(|t| sql_type(t).is_some())
    });
    if !guessable || function.kind == FunctionKind::Table || function.parameters.is_empty() {
        return Vec::new();
    }
    let widest = function.parameters.iter().map(|p| p.types.len()).max();
    let mut cases = Vec::new();
    for choice in 0..widest.unwrap_or_default().max(1) {
        let columns: Vec<_> = function
            .parameters
            .iter()
            .enumerate()
            .map(|(i, parameter)| {
                let data_type = parameter.types.get(choice).or(parameter.types.first());
                let arrow = data_type.cloned().unwrap_or(DataType::Utf8);
                format!("arrow_cast(NULL, '{arrow}') AS a{i}")
            })
            .collect();
        let names: Vec<_> = (0..columns.len()).map(|i| format!("a{i}")).collect();
        let (columns, names) = (columns.join(", "), names.join(", "));
        let is_aggregate = function.kind == FunctionKind::Aggregate;
        let rows = |rows| Some(if is_aggregate { 1 } else { rows });
        let from = format!("(SELECT {columns} FROM generate_series(1, 3))");
        cases.push((
            format!("nulls of type {}", choice + 1),
            format!("SELECT {name}({names}) FROM {from}"),
            rows(3),
        ));
        cases.push((
            format!("no rows of type {}", choice + 1),
            format!("SELECT {name}({names}) FROM {from} WHERE a0 IS NOT NULL"),
            rows(0),
        ));
    }
    cases
}

/// Whether values of a type can be made of a null.
fn sql_type(data_type: &DataType) -> Option<()> {
    (!data_type.is_nested()).then_some(())
}

fn answer(host: &Host, session: &Session, sql: &str) -> Result<Vec<RecordBatch>> {
    host.block_on(async { session.query(sql).await?.collect().await })
}

/// Rows as CSV without a header; a cell with a comma, a quote or a newline is quoted.
fn as_csv(batches: &[RecordBatch]) -> String {
    let options = FormatOptions::default();
    let mut lines = Vec::new();
    for batch in batches {
        let columns = batch.columns().iter();
        let columns: Vec<_> = columns
            .filter_map(|column| ArrayFormatter::try_new(column, &options).ok())
            .collect();
        for row in 0..batch.num_rows() {
            let cells = columns.iter().map(|column| {
                let cell = column.value(row).to_string();
                match cell.contains([',', '"', '\n']) {
                    true => format!("\"{}\"", cell.replace('"', "\"\"")),
                    false => cell,
                }
            });
            lines.push(cells.collect::<Vec<_>>().join(","));
        }
    }
    lines.join("\n")
}

fn same(found: &str, expected: &str) -> bool {
    found.trim_end() == expected.trim_end()
}
