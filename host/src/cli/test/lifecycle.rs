//! What every plugin must bear while it works: too little room, being cancelled, being replaced.

use super::keys::Keys;
use super::tables;
use super::{Bench, Tally, bundle_file, same_rows};
use crate::bundle::{Content, pack};
use crate::error::{Error, Result};
use crate::wasm::Plugin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A plugin that was cancelled is gone by then, even on a machine that is busy.
const RELEASE: Duration = Duration::from_secs(5);

pub(super) fn test(bench: &Bench, tally: &mut Tally) -> Result<()> {
    let plugin = bench.plugin()?;
    for sql in workloads(bench, &plugin)? {
        tally.add(
            &format!("too little memory: {sql}"),
            too_little_memory(bench, &sql),
        );
        tally.add(
            &format!("too much output: {sql}"),
            too_much_output(bench, &sql),
        );
        tally.add(&format!("cancelled: {sql}"), cancelled(bench, &sql));
        tally.add(&format!("replaced: {sql}"), replaced(bench, &sql));
    }
    Ok(())
}

/// A query for each function, its first example, and for each table.
fn workloads(bench: &Bench, plugin: &Plugin) -> Result<Vec<String>> {
    let functions = plugin.functions().iter();
    let examples = functions.filter_map(|function| function.examples.first());
    let mut all: Vec<_> = examples.map(|(sql, _)| sql.clone()).collect();
    let keys = Keys::of(bench)?;
    for source in bench.host.snapshot().sources().values() {
        // One that cannot be described has failed its own test.
        let tables = tables::describe(bench, source).unwrap_or_default();
        let relations = tables
            .iter()
            .filter_map(|table| keys.relation(source.name(), table));
        all.extend(relations.map(|relation| format!("SELECT * FROM {relation}")));
    }
    Ok(all)
}

/// The most memory that an instance of a query held, and how many bytes all of them emitted.
fn used(bench: &Bench, sql: &str) -> Result<(usize, u64)> {
    let session = bench.confined()?;
    bench.host.block_on(async {
        let mut answer = session.query(sql).await?;
        while answer.next().await?.is_some() {}
        let usage = answer.scope().usage();
        let peaks = usage.values().map(|usage| usage.memory_bytes_peak as usize);
        let emitted = usage.values().map(|usage| usage.bytes_out).sum();
        Ok((peaks.max().unwrap_or_default(), emitted))
    })
}

/// With less memory than it takes, the query fails for that reason, and the next one is answered.
fn too_little_memory(bench: &Bench, sql: &str) -> Result<()> {
    match used(bench, sql)? {
        // The planner has folded the call.
        (0, _) => Ok(()),
        // Half, since rows may be dealt otherwise to several instances the next time.
        (peak, _) => fails_at(bench, sql, "guest_memory_bytes_max", peak / 2),
    }
}

fn too_much_output(bench: &Bench, sql: &str) -> Result<()> {
    match used(bench, sql)? {
        // No rows, or a call that the planner has folded.
        (_, 0) => Ok(()),
        _ => fails_at(bench, sql, "output_bytes_max", 0),
    }
}

fn fails_at(bench: &Bench, sql: &str, key: &str, limit: usize) -> Result<()> {
    let tight = Bench::within(bench.bytes.clone(), Some((key, limit)))?;
    let refused = tight
        .plugin()
        .and_then(|_| tight.answer(&tight.confined()?, sql));
    match refused {
        Err(error) if error.is_limit() && error.hint().is_some_and(|hint| hint.contains(key)) => {}
        Err(error) => {
            return Err(error.context(format!("with {key} = {limit}, not a limit's error")));
        }
        Ok(_) => {
            return Err(Error::internal(format!(
                "it was answered within {key} = {limit}"
            )));
        }
    }
    tight.answer(&tight.session()?, "SELECT 1").map(|_| ())
}

/// Given up after its first rows or before, it is gone in time, and asked again it answers.
fn cancelled(bench: &Bench, sql: &str) -> Result<()> {
    let session = bench.confined()?;
    for after_rows in [false, true] {
        let scope = bench.host.block_on(async {
            let mut answer = session.query(sql).await?;
            if after_rows {
                answer.next().await?;
            }
            Ok::<_, Error>(Arc::clone(answer.scope()))
        })?;
        let given_up = Instant::now();
        while scope.guest_bytes() > 0 {
            if given_up.elapsed() > RELEASE {
                return Err(Error::plugin(format!(
                    "{} bytes are still held after {RELEASE:?}",
                    scope.guest_bytes()
                )));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    bench.answer(&session, sql).map(|_| ())
}

/// Replaced while a query runs: that one ends as it began, and the next one is answered alike.
fn replaced(bench: &Bench, sql: &str) -> Result<()> {
    let session = bench.confined()?;
    let due = bench.lines(&session, sql)?;
    let before = bench.plugin()?.digest();
    let running = bench.host.block_on(async {
        let mut answer = session.query(sql).await?;
        let first = answer.next().await?;
        Ok::<_, Error>((answer, first))
    })?;
    std::fs::write(
        bundle_file(bench.host.workspace()),
        other_edition(bench, before)?,
    )?;
    bench.host.rescan()?;
    if bench.plugin()?.digest() == before {
        return Err(Error::internal("the other bundle was not loaded"));
    }
    let (mut answer, first) = running;
    let mut batches: Vec<_> = first.into_iter().collect();
    bench.host.block_on(async {
        while let Some(batch) = answer.next().await? {
            batches.push(batch);
        }
        Ok::<_, Error>(())
    })?;
    same_rows(
        "the query that was running",
        super::lines(&batches),
        due.clone(),
    )?;
    same_rows("the next query", bench.lines(&session, sql)?, due)
}

/// The same bundle with another text beside it, and so with another digest than the one that serves.
fn other_edition(bench: &Bench, serving: crate::bundle::Digest) -> Result<Vec<u8>> {
    if bench.bundle.digest() != serving {
        return Ok(bench.bytes.clone());
    }
    let manifest = bench.bundle.entry("manifest.toml").unwrap_or_default();
    let content = Content {
        manifest: format!("{}\n# another edition\n", String::from_utf8_lossy(manifest)),
        component: bench.bundle.component().to_vec(),
        ..Content::default()
    };
    pack(&content, bench.host.limits()).map(|(bytes, _)| bytes)
}
