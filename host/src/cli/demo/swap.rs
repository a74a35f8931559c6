//! Replaces a plugin while a query runs. The query keeps the edition it was planned with, to its
//! last row; the next one has the new edition.

use crate::cli::plugin::put_file;
use crate::error::{Context, Error, Result};
use crate::host::Host;
use crate::sql::Answer;
use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::util::display::array_value_to_string;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the watcher may take to load the new bundle.
const RELOAD_MAX: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

const SQL: &str = "\
SELECT rule.edition() AS edition, rule.is_hit(names.jaro_winkler(t.name, l.name)) AS hit
FROM (SELECT names.normalize(name) AS name FROM border.travellers) t
CROSS JOIN (SELECT names.normalize(name) AS name FROM list.names WHERE kind = 'primary') l";

/// What a query over every pair said.
#[derive(Default)]
struct Tally {
    editions: BTreeSet<String>,
    pairs: usize,
    hits: usize,
}

impl Tally {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let broken = || Error::internal("the demo's query has other columns");
        let hits = batch.column(1).as_any().downcast_ref::<BooleanArray>();
        self.hits += hits.ok_or_else(broken)?.true_count();
        self.pairs += batch.num_rows();
        for row in [0, batch.num_rows().saturating_sub(1)] {
            if row < batch.num_rows() {
                let edition = array_value_to_string(batch.column(0), row);
                self.editions.insert(edition.map_err(|_| broken())?);
            }
        }
        Ok(())
    }

    async fn add_rest(&mut self, answer: &mut Answer) -> Result<()> {
        while let Some(batch) = answer.next().await? {
            self.add(&batch)?;
        }
        Ok(())
    }

    fn print(&self, which: &str, generation: u64) {
        let editions: Vec<_> = self.editions.iter().map(String::as_str).collect();
        println!(
            "{which}: generation {generation}, edition {}, {} hits in {} pairs",
            editions.join(" and "),
            self.hits,
            self.pairs
        );
    }
}

/// Replaces `rule` by the bundle in a file while a query uses it.
pub(super) fn run(host: &Host, second_edition: &Path) -> Result<()> {
    let bytes = std::fs::read(second_edition).context(|| second_edition.display().to_string())?;
    println!("{SQL};\n");
    let session = host.session()?;
    let (mut old, mut new) = (Tally::default(), Tally::default());
    let mut running = host.block_on(session.query(SQL))?;
    if let Some(batch) = host.block_on(running.next())? {
        old.add(&batch)?;
    }
    println!(
        "the first query has answered {} pairs; now rule.bundle is replaced",
        old.pairs
    );

    let before = host.snapshot().generation();
    put_file(&host.workspace().bundles().join("rule.bundle"), &bytes)?;
    let waited = wait(host, before)?;
    println!(
        "the new bundle serves after {} ms; the same query again, to its end",
        waited.as_millis()
    );

    let mut second = host.block_on(session.query(SQL))?;
    host.block_on(new.add_rest(&mut second))?;
    host.block_on(old.add_rest(&mut running))?;
    new.print("the query begun after ", second.generation());
    old.print("the query begun before", running.generation());
    Ok(())
}

fn wait(host: &Host, before: u64) -> Result<Duration> {
    let start = Instant::now();
    while host.snapshot().generation() <= before {
        if start.elapsed() > RELOAD_MAX {
            return Err(Error::internal(format!(
                "the new bundle was not loaded within {} s",
                RELOAD_MAX.as_secs()
            )));
        }
        std::thread::sleep(POLL);
    }
    Ok(start.elapsed())
}
