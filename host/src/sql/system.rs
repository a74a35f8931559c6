//! The host's own state as tables: `sextant.plugins`, `sextant.sources`, `sextant.functions`,
//! `sextant.queries`.

use super::queries::Queries;
use crate::registry::Snapshot;
use crate::wasm::{FunctionDescription, FunctionKind, Scope, Usage, Volatility};
use arrow::array::{
    ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::common::Result;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// The tables.
pub(super) const TABLES: [&str; 4] = ["plugins", "sources", "functions", "queries"];

/// A table by name.
pub(super) fn table(
    snapshot: &Snapshot,
    queries: &Queries,
    name: &str,
) -> Result<Option<Arc<dyn TableProvider>>> {
    let batch = match name {
        "plugins" => plugins(snapshot)?,
        "sources" => sources(snapshot)?,
        "functions" => functions(snapshot)?,
        "queries" => last_queries(queries)?,
        _ => return Ok(None),
    };
    Ok(Some(Arc::new(MemTable::try_new(
        batch.schema(),
        vec![vec![batch]],
    )?)))
}

/// Rows of texts, as columns.
fn texts<const N: usize>(names: [&str; N], rows: Vec<[Option<String>; N]>) -> Result<RecordBatch> {
    let columns = names.iter().enumerate().map(|(i, name)| {
        let values: StringArray = rows.iter().map(|row| row[i].as_deref()).collect();
        (*name, Arc::new(values) as ArrayRef, true)
    });
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

fn plugins(snapshot: &Snapshot) -> Result<RecordBatch> {
    let rows = snapshot.plugins().iter().map(|(name, entry)| {
        let plugin = entry.plugin.as_ref();
        let manifest = plugin.map(|plugin| plugin.manifest());
        let status = match (plugin, &entry.error) {
            (Some(_), None) => "active",
            (Some(_), Some(_)) => "degraded",
            (None, _) => "failed",
        };
        let capabilities = manifest.map(|manifest| {
            manifest
                .capabilities
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        });
        [
            Some(name.clone()),
            manifest.map(|manifest| manifest.version.to_string()),
            Some(status.to_owned()),
            plugin.map(|plugin| plugin.digest().to_string()),
            capabilities,
            plugin.map(|plugin| plugin.instance_limits().to_string()),
            manifest
                .map(|manifest| manifest.limits.to_string())
                .filter(|declared| !declared.is_empty()),
            manifest.map(|manifest| manifest.description.clone()),
            entry
                .file
                .file_name()
                .map(|name| name.to_string_lossy().into_owned()),
            entry.error.as_ref().map(ToString::to_string),
            Some(file_names(&entry.ignored)).filter(|names| !names.is_empty()),
        ]
    });
    texts(
        [
            "name",
            "version",
            "status",
            "bundle_digest",
            "capabilities",
            "limits",
            "declared_limits",
            "description",
            "file",
            "error",
            "ignored_files",
        ],
        rows.collect(),
    )
}

fn file_names(paths: &[PathBuf]) -> String {
    let names = paths.iter().filter_map(|path| path.file_name());
    let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
    names.join(", ")
}

fn sources(snapshot: &Snapshot) -> Result<RecordBatch> {
    let rows = snapshot.sources().values().map(|source| {
        let error = source
            .plugin()
            .err()
            .or_else(|| source.settings().err())
            .or_else(|| source.problem());
        let inputs = source
            .settings()
            .ok()
            .map(|settings| settings.inputs.names().collect::<Vec<_>>().join(", "));
        let tables = match source.known_tables() {
            Some(tables) => Some(tables.iter().map(|table| table.name.clone()).collect()),
            None => {
                let remembered = error.is_some().then(|| source.last_described_names());
                remembered.filter(|names| !names.is_empty())
            }
        };
        let tables = tables.map(|names: Vec<_>| names.join(", "));
        let network = source
            .settings()
            .ok()
            .map(|settings| settings.network.grants());
        let network = network
            .filter(|grants| !grants.is_empty())
            .map(|grants| grants.join("; "));
        [
            Some(source.name().to_owned()),
            source.plugin_name().map(str::to_owned),
            Some(
                match (&error, &tables) {
                    (Some(_), _) => "degraded",
                    (None, Some(_)) => "active",
                    (None, None) => "unchecked",
                }
                .to_owned(),
            ),
            inputs,
            network,
            tables,
            error.map(|error| error.to_string()),
        ]
    });
    texts(
        [
            "name",
            "plugin",
            "status",
            "inputs",
            "network",
            "known_tables",
            "error",
        ],
        rows.collect(),
    )
}

fn functions(snapshot: &Snapshot) -> Result<RecordBatch> {
    let plugins = snapshot
        .plugins()
        .values()
        .filter_map(|entry| entry.plugin.as_ref());
    let rows = plugins
        .flat_map(|plugin| {
            plugin
                .functions()
                .iter()
                .map(move |function| (plugin, function))
        })
        .map(|(plugin, function)| {
            let kind = match function.kind {
                FunctionKind::Scalar => "scalar",
                FunctionKind::Aggregate => "aggregate",
                FunctionKind::Table => "table",
            };
            let volatility = match function.volatility {
                Volatility::Immutable => "immutable",
                Volatility::Stable => "stable",
                Volatility::Volatile => "volatile",
            };
            let examples = function
                .examples
                .iter()
                .map(|(sql, result)| format!("{sql} -> {}", result.trim_end()));
            [
                Some(format!("{}.{}", plugin.name(), function.name)),
                Some(kind.to_owned()),
                Some(arguments(function)),
                Some(volatility.to_owned()),
                Some(function.doc.clone()),
                Some(examples.collect::<Vec<_>>().join("; ")),
                Some(plugin.name().to_owned()),
                Some(plugin.digest().to_string()),
            ]
        });
    texts(
        [
            "name",
            "kind",
            "arguments",
            "volatility",
            "doc",
            "examples",
            "plugin",
            "bundle_digest",
        ],
        rows.collect(),
    )
}

/// The last queries, what became of them, and what the plugins that they called used.
fn last_queries(queries: &Queries) -> Result<RecordBatch> {
    let records = queries.records();
    let ends: Vec<_> = records.iter().map(|record| record.progress()).collect();
    let usage: Vec<_> = records.iter().map(|record| record.scope.usage()).collect();
    let total = |count: fn(&Usage) -> u64| -> ArrayRef {
        let totals = usage
            .iter()
            .map(|usage| usage.values().map(count).sum::<u64>());
        Arc::new(UInt64Array::from_iter_values(totals))
    };
    let started = records.iter().map(|record| {
        let since = record.started.1.duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| since.as_micros() as i64)
    });
    let elapsed = records.iter().zip(&ends).map(|(record, progress)| {
        let elapsed = progress.ended.as_ref().map(|(elapsed, _)| *elapsed);
        elapsed
            .unwrap_or_else(|| record.started.0.elapsed())
            .as_secs_f64()
            * 1e3
    });
    let state = ends.iter().map(|progress| match &progress.ended {
        None => "running",
        Some((_, None)) => "done",
        Some((_, Some(error))) if error.is_cancelled() => "cancelled",
        Some((_, Some(_))) => "failed",
    });
    let error = ends.iter().map(|progress| {
        let ended = progress.ended.as_ref();
        ended.and_then(|(_, error)| error.as_ref().map(ToString::to_string))
    });
    let memory = records
        .iter()
        .map(|record| record.scope.guest_bytes_peak() as u64);
    let plugins = usage
        .iter()
        .map(|usage| Some(usage_text(usage)).filter(|text| !text.is_empty()));
    let warnings = records.iter().map(|record| warnings_text(&record.scope));
    let columns: [(&str, ArrayRef); 13] = [
        (
            "id",
            Arc::new(UInt64Array::from_iter_values(
                records.iter().map(|record| record.id),
            )),
        ),
        (
            "started",
            Arc::new(TimestampMicrosecondArray::from_iter_values(started).with_timezone("UTC")),
        ),
        ("state", Arc::new(StringArray::from_iter_values(state))),
        (
            "sql",
            Arc::new(StringArray::from_iter_values(
                records.iter().map(|record| &record.sql),
            )),
        ),
        (
            "elapsed_ms",
            Arc::new(Float64Array::from_iter_values(elapsed)),
        ),
        (
            "rows",
            Arc::new(UInt64Array::from_iter_values(
                ends.iter().map(|progress| progress.rows),
            )),
        ),
        ("error", Arc::new(error.collect::<StringArray>())),
        ("warnings", Arc::new(warnings.collect::<StringArray>())),
        ("guest_calls", total(|usage| usage.calls)),
        ("guest_ns", total(|usage| usage.guest_ns)),
        ("host_ns", total(|usage| usage.host_ns)),
        (
            "guest_memory_bytes_peak",
            Arc::new(UInt64Array::from_iter_values(memory)),
        ),
        ("usage", Arc::new(plugins.collect::<StringArray>())),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// What the analyst was told of the answer, a line each.
fn warnings_text(scope: &Scope) -> Option<String> {
    let (warnings, more) = scope.warnings();
    let skipped = scope.skipped().into_iter().map(|skipped| {
        let (source, count, first) = (skipped.source, skipped.count, skipped.first);
        format!("{source}: {count} records were left out; the first: {first}")
    });
    let mut lines: Vec<_> = skipped.chain(warnings).collect();
    if more > 0 {
        lines.push(format!("and {more} warnings more"));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What each function and table used, in a line.
fn usage_text(usage: &BTreeMap<String, Usage>) -> String {
    let each = usage.iter().map(|(name, usage)| {
        let counts: Vec<_> = usage
            .counts()
            .map(|(count, value)| format!("{count}={value}"))
            .collect();
        format!("{name}: {}", counts.join(" "))
    });
    each.collect::<Vec<_>>().join("; ")
}

fn arguments(function: &FunctionDescription) -> String {
    let parameters = function.parameters.iter().map(|parameter| {
        let types = parameter
            .types
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" | ");
        let types = if types.is_empty() {
            "any".to_owned()
        } else {
            types
        };
        let optional = if parameter.default.is_some() { "?" } else { "" };
        format!("{}{optional}: {types}", parameter.name)
    });
    let all = parameters.collect::<Vec<_>>().join(", ");
    if function.variadic {
        format!("{all}, ...")
    } else {
        all
    }
}
