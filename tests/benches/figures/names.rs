//! Name matching: how well it agrees with labels, and how long a pair takes.

use crate::{Bound, Figure, timed};
use sextant_tests::{TestWorkspace, lines, real_data, rows, try_query};

/// The one threshold for all kinds of names.
const THRESHOLD: f64 = 0.7;

fn figure(name: &'static str, value: f64, unit: &'static str, bound: Bound, how: &str) -> Figure {
    let how = how.to_owned();
    Figure {
        name,
        value,
        unit,
        bound,
        how,
    }
}

/// F1 on the labelled pairs, and microseconds a pair on one core.
pub(crate) fn names(_: bool) -> Vec<Figure> {
    let Some(pairs) = real_data("names/name_pairs.csv") else {
        return Vec::new();
    };
    let workspace = TestWorkspace::new().plugin("names");
    let host = workspace.host();
    let session = host.session().expect("a session");
    let run = |sql: &str| lines(&try_query(&host, &session, sql).expect("it runs"));
    run("SET datafusion.execution.target_partitions = 1");
    run(&format!(
        "CREATE TABLE pairs AS SELECT name1 AS a, name2 AS b, lower(schema) AS kind, is_match FROM '{}' WHERE is_match IS NOT NULL",
        pairs.display()
    ));
    let judged =
        "SELECT names.name_similarity(a, b, kind) >= 0.7 AS found, is_match AS due FROM pairs";
    let counted = run(&format!(
        "SELECT 2.0 * count(*) FILTER (WHERE found AND due) / (count(*) FILTER (WHERE found) + count(*) FILTER (WHERE due)), count(*) FROM ({judged})"
    ));
    let (f1, count) = counted[0].split_once('\t').expect("two columns");
    run("CREATE TABLE many AS SELECT a, b, kind FROM pairs CROSS JOIN generate_series(1, 500)");
    let many: f64 = run("SELECT count(*) FROM many")[0]
        .parse()
        .expect("a number");
    let sql = "SELECT sum(names.name_similarity(a, b, kind)) FROM many";
    run(sql);
    let (_, seconds) = timed(|| run(sql));
    vec![
        figure(
            "names_f1",
            f1.parse().expect("a number"),
            "F1",
            Bound::AtLeast(0.88),
            &format!(
                "names.name_similarity at {THRESHOLD} for all kinds, on the {count} labelled pairs beside the repository, a part of which its rules were measured on while they were written"
            ),
        ),
        figure(
            "names_time",
            seconds * 1e6 / many,
            "us a pair",
            Bound::AtMost(5.0),
            "the same pairs 500 times, through SQL in the guest, on one core",
        ),
    ]
}

/// Used by the screening figures too: the labelled lists as a host sees them.
pub(crate) fn count(host: &sextant::Host, sql: &str) -> f64 {
    rows(host, sql)[0].parse().expect("a number")
}
