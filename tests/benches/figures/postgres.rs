//! Reading a table of a database, against the server's own client that throws the rows away.

use crate::{Bound, Figure, medians};
use sextant_tests::postgres::Postgres;
use sextant_tests::{TestWorkspace, rows};
use std::process::Stdio;

const PASSWORD: &str = "pencil and paper";

/// Six columns of six types, 57 bytes of values a row.
fn statements(rows: u64) -> String {
    format!(
        "CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}';
         CREATE TABLE people AS SELECT g::int8 AS id, (g * 7919 % 1000003)::int4 AS region, (g % 1009) / 7.0::float8 AS score,
            'person ' || md5((g % 5003)::text)::varchar(18) AS name, date '1940-01-01' + (g % 25000)::int AS born,
            timestamptz '2000-01-01 00:00+00' + g * interval '71 seconds' AS seen
            FROM generate_series(1, {rows}::int8) g;
         GRANT SELECT ON people TO reader;
         VACUUM (FREEZE, ANALYZE) people;"
    )
}

/// Ten million rows with `--full`, one million without, in the clear and in TLS.
pub(crate) fn postgres(full: bool) -> Vec<Figure> {
    let count = if full { 10_000_000 } else { 1_000_000 };
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("it is made");
    let ca = made.cert.pem();
    let Some(server) = Postgres::start(&ca, &made.signing_key.serialize_pem()) else {
        return Vec::new();
    };
    server.database("figures", &statements(count));
    let measure = |(name, in_tls): (&'static str, bool)| {
        let (grant, config, mode) = match in_tls {
            true => ("", "", "require"),
            false => (", tls = \"optional\"", "tls = \"off\"", "disable"),
        };
        let workspace = TestWorkspace::new()
            .plugin("postgres")
            .config(&format!(
                "[source.db]\nplugin = \"postgres\"\n\
                 tcp = {{ server = {{ address = {:?}, private = true, ca = \"ca.pem\"{grant} }} }}\n\
                 secrets = {{ reader = {{ user = \"reader\", password_file = \"word\" }} }}\n\
                 [source.db.config]\nconnection = \"server\"\nsecret = \"reader\"\ndatabase = \"figures\"\n{config}\n",
                server.address()
            ))
            .file("word", PASSWORD)
            .file("ca.pem", &ca);
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
