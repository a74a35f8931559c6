//! Random predicates on every table of the plugins, pushed down and not: both plans have to give the same
//! rows.

use crate::{Bound, Figure};
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
    vec![Figure {
        name: "pushdown_differences",
        value: f64::from(failed),
        unit: "tests",
        bound: Bound::AtMost(0.0),
        how: format!(
            "failed of {} tests of {} plugins that are sources, {predicates} random predicates a table among them, each asked with and without pushing it down",
            passed + failed,
            SOURCES.len()
        ),
    }]
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
