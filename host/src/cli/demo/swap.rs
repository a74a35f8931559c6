//! The ending: one bundle is replaced while a query runs.

use super::super::plugin::build;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::sql::Session;
use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the watcher may take to load the new bundle.
const LOAD_MS_MAX: u64 = 30_000;

/// Replaces the rule while a query runs that shows which edition judged each of its rows.
pub(super) fn run(host: &Host, session: &Session, repository: &Path, sql: &str) -> Result<()> {
    println!("\n-- Replacing the rule while a query runs\n\n{sql};\n");
    host.block_on(async {
        let mut running = session.query(sql).await?;
        let mut old = BTreeMap::new();
        if let Some(batch) = running.next().await? {
            count(&batch, &mut old)?;
        }
        let generation = host.snapshot().generation();
        println!("The query runs; now bundles/rule.bundle is replaced by its second edition.");
        build(
            &repository.join("plugins/rule"),
            &["second-edition"],
            &host.workspace().bundles(),
        )?;
        wait_for(host, generation).await?;
        let mut new = BTreeMap::new();
        for batch in session.query(sql).await?.collect().await? {
            count(&batch, &mut new)?;
        }
        while let Some(batch) = running.next().await? {
            count(&batch, &mut old)?;
        }
        print(
            "The query that was running ended on the version it began with",
            &old,
        );
        print("The next query was answered by the new one", &new);
        match old.keys().len() == 1 && new.keys().len() == 1 && old.keys().ne(new.keys()) {
            true => Ok(()),
            false => Err(Error::internal("an answer mixes the editions of a plugin")),
        }
    })
}

async fn wait_for(host: &Host, generation: u64) -> Result<()> {
    let deadline = Instant::now() + Duration::from_millis(LOAD_MS_MAX);
    while host.snapshot().generation() == generation {
        if Instant::now() > deadline {
            return Err(Error::unavailable(format!(
                "the new bundle was not loaded within {LOAD_MS_MAX} ms"
            )));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Counts rows and hits by edition.
fn count(batch: &RecordBatch, counts: &mut BTreeMap<String, (usize, usize)>) -> Result<()> {
    let options = FormatOptions::default();
    let column = |i: usize| {
        ArrayFormatter::try_new(batch.column(i), &options)
            .map_err(|error| Error::internal(error.to_string()))
    };
    let (editions, hits) = (column(0)?, column(1)?);
    for row in 0..batch.num_rows() {
        let counted = counts.entry(editions.value(row).to_string()).or_default();
        counted.0 += 1;
        counted.1 += usize::from(hits.value(row).to_string() == "true");
    }
    Ok(())
}

fn print(what: &str, counts: &BTreeMap<String, (usize, usize)>) {
    for (edition, (rows, hits)) in counts {
        println!("{what}: {edition} edition, {hits} hits among {rows} pairs.");
    }
}
