//! Reading a table of a database, against the server's own client that throws the rows away.

use crate::{Bound, Figure, medians};
use sextant_tests::postgres::{PASSWORD, Postgres};
use sextant_tests::rows;
use std::process::Stdio;

/// Six columns of six types, 57 bytes of values a row.
fn statements(rows: u64) -> String {
    format!(
        "CREATE TABLE people AS SELECT g::int8 AS id, (g * 7919 % 1000003)::int4 AS region, (g % 1009) / 7.0::float8 AS score,
            'person ' || md5((g % 5003)::text)::varchar(18) AS name, date '1940-01-01' + (g % 25000)::int AS born,
            timestamptz '2000-01-01 00:00+00' + g * interval '71 seconds' AS seen
            FROM generate_series(1, {rows}::int8) g;
         VACUUM (FREEZE, ANALYZE) people;"
    )
}

/// Ten million rows with `--full`, one million without, in the clear and in TLS.
pub(crate) fn postgres(full: bool) -> Vec<Figure> {
    let count = if full { 10_000_000 } else { 1_000_000 };
    let Some(server) = Postgres::shared() else {
        return Vec::new();
    };
    server.database("figures", &statements(count));
    let measure = |(name, in_tls): (&'static str, bool)| {
        let workspace = match in_tls {
            true => server.workspace("figures", ""),
            false => {
                let address = server.address();
                let grant =
                    format!("{{ address = {address:?}, private = true, tls = \"optional\" }}");
                server.workspace_with(&grant, "reader", PASSWORD, "figures", "tls = \"off\"")
            }
        };
        let mode = if in_tls { "require" } else { "disable" };
        let host = workspace.host();
        // Counting looks at whether there is a value, and at nothing else of it.
        let sql = "SELECT count(id), count(region), count(score), count(name), count(born), count(seen) FROM db.people";
        let due = vec![count.to_string(); 6].join("\t");
        let ours = || assert_eq!(rows(&host, sql), [due.as_str()]);
        let theirs = || {
            let mut psql = server.psql("figures");
            psql.env("PGSSLMODE", mode).stdout(Stdio::null());
            psql.args(["--command", "COPY people TO STDOUT (FORMAT binary)"]);
            assert!(psql.status().expect("psql starts").success());
        };
        ours();
        theirs();
        let (ours, theirs) = medians(3, ours, theirs);
        let how = format!(
            "{count} rows of int8, int4, float8, text, date and timestamptz through the plugin postgres, counted by SQL, all cores, {:.2} s, against psql's COPY TO STDOUT (FORMAT binary) to /dev/null, both {} on 127.0.0.1; median of 3",
            ours,
            if in_tls { "in TLS" } else { "without TLS" }
        );
        Figure {
            name,
            value: ours / theirs,
            unit: "x time",
            bound: Bound::AtMost(2.0),
            how,
        }
    };
    [("postgres", false), ("postgres_tls", true)]
        .map(measure)
        .into()
}
