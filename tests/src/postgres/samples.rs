//! Tables for random predicates that a server is asked and a copy in memory.

use super::Postgres;
use crate::predicates::{Asked, Tested};

/// Values that compare in another way here and there: letters of three collations, spaces at the end,
/// signs that mean something in SQL, zeros, numbers that are none.
const STATEMENTS: &str = r#"
CREATE EXTENSION citext;
CREATE COLLATION ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (a int, b text);
CREATE TABLE samples AS SELECT
    g::int8 AS id,
    CASE WHEN g % 7 > 0 THEN (g * 31 % 50 - 25)::int2 END AS i2,
    CASE WHEN g % 11 > 0 THEN g * 17 % 40 END AS i4,
    CASE WHEN g % 5 > 0 THEN g % 3 = 0 END AS b,
    (ARRAY['0', '-0', 'NaN', 'Infinity', '-Infinity', '1.5', '-1.5', '1e300', '0.1', NULL])[1 + g % 10]::float8 AS f8,
    (ARRAY['0', '-0', 'NaN', 'Infinity', '1.5', '0.1', NULL])[1 + g % 7]::float4 AS f4,
    ((g * 37 % 400 - 200) / 100.0)::numeric(10,2) AS n102,
    CASE WHEN g % 6 > 0 THEN (g * 37 % 400 - 200) / 100.0 END AS n,
    w.word AS t, w.word::varchar(20) COLLATE "und-x-icu" AS icu, w.word COLLATE ignoring_case AS folded,
    w.word::char(8) AS bc, w.word::citext AS ci, (ARRAY['sad', 'ok', 'happy', NULL]::mood[])[1 + g % 4] AS m,
    CASE WHEN g % 4 > 0 THEN md5((g % 20)::text)::uuid END AS u,
    CASE WHEN g % 4 > 0 THEN decode(substr(md5((g % 20)::text), 1, g % 6 * 2), 'hex') END AS by,
    CASE WHEN g % 9 > 0 THEN date '1899-12-25' + g % 30 * 1000 END AS d,
    CASE WHEN g % 9 > 0 THEN time '00:00' + g % 24 * interval '59 minutes 59.123456 seconds' END AS ti,
    CASE WHEN g % 9 > 0 THEN timestamp '1969-12-31 23:00' + g % 30 * interval '61 minutes 0.5 seconds' END AS ts,
    CASE WHEN g % 9 > 0 THEN timestamptz '1969-12-31 23:00+00' + g % 30 * interval '71 days 1 microsecond' END AS tstz,
    g % 5 * interval '1 month 1 day 1 second' AS iv,
    CASE g % 3 WHEN 0 THEN ARRAY[g % 4, NULL] WHEN 1 THEN '{}'::int[] END AS ia,
    CASE WHEN g % 3 > 0 THEN jsonb_build_object('k', g % 4) END AS jb,
    CASE g % 3 WHEN 0 THEN row(NULL, NULL)::pair WHEN 1 THEN row(g % 4, 'x')::pair END AS p,
    (ARRAY['10.0.0.1', '10.0.0.0/8', '9.0.0.1', NULL]::inet[])[1 + g % 4] AS ip
FROM generate_series(1, 1200) g
LEFT JOIN LATERAL (SELECT (ARRAY['a', 'A', 'b', 'B', 'ä', 'Z', 'z', 'і', 'І', 'ї', 'Київ', 'київ', '', ' ', 'a ', 'a  b', 'O''Hara',
    'back\slash', '100%', 'under_score', 'x"y', E'tab\tend', 'é', 'é', '日本', NULL])[1 + g * 7 % 26] AS word) w ON true;
CREATE INDEX ON samples (u);
CREATE INDEX ON samples (t);
CREATE VIEW view_of_samples AS SELECT id + 1 AS next, t, d, f8 FROM samples;
CREATE TABLE by_day (id int8, d date NOT NULL, t text) PARTITION BY RANGE (d);
CREATE TABLE by_day_old PARTITION OF by_day FOR VALUES FROM (MINVALUE) TO ('1920-01-01');
CREATE TABLE by_day_new PARTITION OF by_day FOR VALUES FROM ('1920-01-01') TO (MAXVALUE);
INSERT INTO by_day SELECT id, d, t FROM samples WHERE d IS NOT NULL;
CREATE TABLE periods AS SELECT id, CASE id % 4 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' WHEN 2 THEN d END AS until,
    CASE id % 3 WHEN 0 THEN 'infinity' WHEN 1 THEN tstz END AS seen FROM samples;
"#;

/// The tables, and more configuration of their source.
const TABLES: [(&str, &str); 5] = [
    ("samples", ""),
    (
        "samples",
        "as_text = [\"public.samples.f8\", \"public.samples.ia\", \"public.samples.d\", \"public.samples.u\"]",
    ),
    ("view_of_samples", ""),
    ("by_day", ""),
    ("periods", "infinity = \"null\""),
];

/// Asks so many predicates of each of the tables, in a database that is made for it.
pub fn ask(server: &Postgres, predicates: usize) -> Vec<Asked> {
    server.database("samples", STATEMENTS);
    let tables = TABLES.into_iter().map(|(table, config)| {
        let workspace = server.workspace("samples", config);
        let tested = Tested::new(workspace.host(), &format!("db.{table}"));
        tested.ask(predicates, table)
    });
    tables.collect()
}
