//! Random predicates on every table of the plugins, pushed down and not: both plans have to give the same
//! rows.

use crate::{Bound, Figure};
use sextant_tests::postgres::{Postgres, samples};
use sextant_tests::predicates::Asked;
use sextant_tests::{root, sextant_command};
use std::process::Command;

/// Sources whose examples need no far side.
const SOURCES: [&str; 9] = [
    "delimited",
    "sanctions",
    "police_open_data",
    "registers",
    "interpol",
    "find",
    "europol",
    "geo",
    "feeds",
];

/// 2,000 predicates a table with `--full`, 200 without.
pub(crate) fn pushdown(full: bool) -> Vec<Figure> {
    let predicates = if full { 2_000 } else { 200 };
    let (mut passed, mut failed) = (0, 0);
    for source in SOURCES {
        let mut command = Command::new(sextant_command());
        command.args(["plugin", "test", "--predicates", &predicates.to_string()]);
        let output = command.arg(root().join("plugins").join(source)).output();
        let output = output.expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout);
        let counts = counts(&said).unwrap_or_else(|| panic!("{source}: {output:?}"));
        passed += counts.0;
        failed += counts.1;
    }
    let mut figures = vec![Figure {
        name: "pushdown_differences",
        value: f64::from(failed),
        unit: "tests",
        bound: Bound::AtMost(0.0),
        how: format!(
            "failed of {} tests of {} plugins that are sources, {predicates} random predicates a table among them, each asked with and without pushing it down",
            passed + failed,
            SOURCES.len()
        ),
    }];
    figures.extend(Postgres::shared().map(|server| in_database(&server, predicates)));
    figures
}

/// The same of a database, whose far side is no example.
fn in_database(server: &Postgres, predicates: usize) -> Figure {
    let asked = samples::ask(server, predicates);
    let differing = asked.iter().flat_map(|asked| &asked.differing).count();
    let [explained, pushed] = [
        |asked: &Asked| asked.explained,
        |asked: &Asked| asked.pushed,
    ]
    .map(|count| asked.iter().map(count).sum::<usize>());
    Figure {
        name: "pushdown_differences_postgres",
        value: differing as f64,
        unit: "queries",
        bound: Bound::AtMost(0.0),
        how: format!(
            "have other rows than a copy in memory, {predicates} random predicates on each of {} tables of a PostgreSQL server; of {explained} plans that were looked at, {pushed} push some of it down",
            asked.len()
        ),
    }
}

/// What the last line says: so many passed, so many failed.
fn counts(said: &str) -> Option<(u32, u32)> {
    let (passed, failed) = said
        .trim_end()
        .lines()
        .next_back()?
        .split_once(" passed, ")?;
    Some((
        passed.parse().ok()?,
        failed.strip_suffix(" failed")?.parse().ok()?,
    ))
}
