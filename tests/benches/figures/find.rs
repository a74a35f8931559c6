//! Look-ups by key through the plugin `find` and the local gateway, which counts what it is asked.

use crate::{Bound, Figure, timed};
use sextant_tests::gateway::Gateway;
use sextant_tests::{TestWorkspace, lines, try_query};

const ROWS: u64 = 1_000_000;
const KEYS: u64 = 200_000;

/// A million crossings with 200,000 documents between them, joined with the gateway's look-ups.
pub(crate) fn key_join(_: bool) -> Vec<Figure> {
    let gateway = Gateway::start(&["--records", "20"]);
    let workspace = TestWorkspace::new()
        .plugin("find")
        .config(&gateway.source("", ""));
    let host = workspace.host();
    let session = host.session().expect("a session");
    let run = |sql: &str| lines(&try_query(&host, &session, sql).expect("it runs"));
    run(&format!(
        "CREATE TABLE crossings AS SELECT value AS id, concat('DEMO', value % {KEYS}) AS document FROM generate_series(1, {ROWS})"
    ));
    let (found, seconds) = timed(|| {
        run(
            "SELECT count(*), count(DISTINCT t.number), count(DISTINCT t.entity_id)
             FROM crossings c JOIN find.travel_documents t ON t.number = c.document",
        )
    });
    let counts: Vec<u64> = found[0]
        .split('\t')
        .map(|count| count.parse().expect("it is a number"))
        .collect();
    let hits = gateway.count("hits");
    assert!(hits > KEYS / 100, "{found:?}");
    assert_eq!(counts[0], hits * (ROWS / KEYS), "each hit once a crossing");
    assert_eq!(counts[2], hits);
    let (distinct, repeated) = (
        gateway.count("keys_distinct"),
        gateway.count("keys_repeated"),
    );
    let how = format!(
        "{ROWS} rows of a table with {KEYS} documents joined with find.travel_documents, of which {} are on file; counted by the local gateway",
        counts[1]
    );
    let figure = |name, value, unit, bound, how| Figure {
        name,
        value,
        unit,
        bound,
        how,
    };
    vec![
        figure(
            "key_join_keys",
            (distinct + repeated) as f64,
            "keys asked",
            Bound::AtMost(KEYS as f64),
            how.clone(),
        ),
        figure(
            "key_join_repeated",
            repeated as f64,
            "keys asked again",
            Bound::AtMost(0.0),
            how.clone(),
        ),
        figure(
            "key_join_requests",
            gateway.count("requests") as f64,
            "requests",
            Bound::Unbounded,
            how.clone(),
        ),
        figure("key_join_time", seconds, "s", Bound::Unbounded, how),
    ]
}
