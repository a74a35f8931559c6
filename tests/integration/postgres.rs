//! The plugin `postgres` against a real server, which the tests start; what is due is what `psql` says of
//! the same tables, or stands in the statements that made them.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use sextant::Host;
use sextant_tests::postgres::{PASSWORD, Postgres, samples};
use sextant_tests::predicates::Tested;
use sextant_tests::{failure, lines, rows, try_query};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Where root starts the server, what root writes for it stands where no process of the server's user can put a link.
#[test]
fn the_folder_of_the_server_is_of_whoever_started_it() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let own = tempfile::tempdir().expect("there is room");
    let about = |path: &Path| path.metadata().expect("it is there");
    let [logins, data] =
        ["hba_file", "data_directory"].map(|name| server.sql("postgres", &format!("SHOW {name}")));
    let (logins, data) = (Path::new(&logins[0]), Path::new(&data[0]));
    let folder = logins.parent().expect("it is in a folder");
    assert_eq!(data.parent(), Some(folder));
    assert_eq!(about(folder).uid(), about(own.path()).uid());
    assert_eq!(about(folder).mode() & 0o027, 0);
    assert_eq!(about(logins).mode() & 0o777, 0o600);
    assert_eq!(about(logins).uid(), about(data).uid());
}

/// Every type that has a column of its own, and some that are text; a row of nulls.
const KINDS: &str = r#"
CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN small AS int4 CHECK (value < 1000);
CREATE DOMAIN smaller AS small;
CREATE DOMAIN price AS numeric(10,2);
CREATE TYPE pair AS (a int, b text);
CREATE TABLE kinds (
    id int8 PRIMARY KEY, b bool, i2 int2, i4 int4, o oid, f4 float4, f8 float8,
    n numeric, n102 numeric(10,2), n3810 numeric(38,10), n402 numeric(40,2), hundreds numeric(3,-2), tiny numeric(2,4),
    t text, vc varchar(20), bc char(5), nm name, ci citext, m mood, dom smaller, pr price, u uuid,
    j json, jb jsonb, ine inet, net inet, cid cidr, mac macaddr, p pair, r int4range, bi bit(3), tz timetz,
    by bytea, d date, ti time, ts timestamp, tstz timestamptz, iv interval,
    ia int4[], ta text[], na numeric(10,2)[], ua uuid[], tsa timestamptz[], ma mood[], ina inet[], empty int4[]
);
INSERT INTO kinds VALUES (1, true, -2, 3, 4294967295, 1.5, -2.5,
    123.4560, 12345.67, 1234567890123456789012345678.0123456789, 12345678901234567890123456789012345678.91, 12300, 0.0012,
    'Київ', 'вул', 'ab', 'nm', 'CiText', 'ok', 5, 9.99, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
    '{"b": 1,  "a": 2}', '{"b": 1,  "a": 2}', '192.168.1.5', '10.1.0.0/16', '10.1.0.0/16', '08:00:2b:01:02:03', row(1, 'x'), '[1,5)', B'101', '12:34:56+02',
    '\xdeadbeef', '2024-02-29', '12:34:56.789', '2024-02-29 12:34:56.789', '2024-02-29 12:34:56.789+02', '1 year 2 mons 3 days 04:05:06.7',
    '{1,NULL,3}', '{a,"b c",NULL}', '{1.5,NULL}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', '{2024-02-29 12:00+00}', '{sad,happy}', '{192.168.1.5,10.0.0.0/8}', '{}');
INSERT INTO kinds (id) VALUES (2);
"#;

#[test]
fn every_type_is_read_as_what_it_is() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    server.database("kinds", KINDS);
    let workspace = server.workspace("kinds", "");
    let host = workspace.host();
    let kinds = all_of(&host, "SELECT * FROM db.kinds ORDER BY id");
    let schema = kinds.schema();
    let timestamp =
        |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
    for (column, expected) in [
        ("id", DataType::Int64),
        ("b", DataType::Boolean),
        ("i2", DataType::Int16),
        ("i4", DataType::Int32),
        ("o", DataType::UInt32),
        ("f4", DataType::Float32),
        ("f8", DataType::Float64),
        ("n", DataType::Utf8),
        ("n102", DataType::Decimal128(10, 2)),
        ("n3810", DataType::Decimal128(38, 10)),
        ("n402", DataType::Utf8),
        ("hundreds", DataType::Decimal128(5, 0)),
        ("tiny", DataType::Decimal128(4, 4)),
        ("dom", DataType::Int32),
        ("pr", DataType::Decimal128(10, 2)),
        ("u", DataType::Utf8),
        ("by", DataType::Binary),
        ("d", DataType::Date32),
        ("ti", DataType::Time64(TimeUnit::Microsecond)),
        ("ts", timestamp(None)),
        ("tstz", timestamp(Some("UTC"))),
        ("iv", DataType::Interval(IntervalUnit::MonthDayNano)),
        ("ina", DataType::Utf8),
    ] {
        let field = schema.field_with_name(column).expect("it is there");
        assert_eq!(field.data_type(), &expected, "{column}");
        assert_eq!(field.is_nullable(), column != "id", "{column}");
    }
    for (columns, expected) in [
        ("b, i2, i4, o, f4, f8", "true\t-2\t3\t4294967295\t1.5\t-2.5"),
        (
            "n, n102, n3810, n402",
            "123.4560\t12345.67\t1234567890123456789012345678.0123456789\t12345678901234567890123456789012345678.91",
        ),
        ("hundreds, tiny, dom, pr", "12300\t0.0012\t5\t9.99"),
        ("t, vc, bc, nm, ci, m", "Київ\tвул\tab\tnm\tCiText\tok"),
        ("u", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("j, jb", "{\"b\": 1,  \"a\": 2}\t{\"a\": 2, \"b\": 1}"),
        (
            "ine, net, cid, mac",
            "192.168.1.5\t10.1.0.0/16\t10.1.0.0/16\t08:00:2b:01:02:03",
        ),
        ("p, r, bi, tz", "(1,x)\t[1,5)\t101\t12:34:56+02"),
        ("\"by\", d, ti", "deadbeef\t2024-02-29\t12:34:56.789"),
        (
            "ts, tstz",
            "2024-02-29T12:34:56.789\t2024-02-29T10:34:56.789Z",
        ),
        (
            "iv = INTERVAL '14 months 3 days 4 hours 5 minutes 6.7 seconds'",
            "true",
        ),
        (
            "array_to_string(ia, ',', '-'), array_to_string(ta, ',', '-'), array_to_string(ua, ','), array_to_string(ma, ',')",
            "1,-,3\ta,b c,-\ta0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\tsad,happy",
        ),
        ("na[1], na[2], tsa[1]", "1.50\tNULL\t2024-02-29T12:00:00Z"),
        (
            "ina, array_length(ia), cardinality(empty)",
            "{192.168.1.5,10.0.0.0/8}\t3\t0",
        ),
    ] {
        let sql = format!("SELECT {columns} FROM db.kinds WHERE id = 1");
        assert_eq!(rows(&host, &sql), [expected], "{columns}");
    }
    for column in kinds.columns().iter().skip(1) {
        assert!(column.is_null(1));
    }
}

/// A query's rows, as one batch.
fn all_of(host: &Host, sql: &str) -> RecordBatch {
    let session = host.session().expect("a session");
    let batches = try_query(host, &session, sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    concat_batches(&batches[0].schema(), &batches).expect("they are of one schema")
}

/// Rows of which text is the same in both programs.
const MANY: &str = r#"
CREATE TABLE many AS SELECT g::int8 AS id, g % 97 AS n, md5(g::text) AS digest, 'рядок ' || g AS title,
    (g * 37 % 100000 / 100.0)::numeric(12,2) AS price, date '2000-01-01' + g % 9000 AS day,
    CASE g % 5 WHEN 0 THEN NULL ELSE g % 2 = 0 END AS is_even
    FROM generate_series(1, 400000) g;
CREATE INDEX ON many (id);
ANALYZE many;
"#;

#[test]
fn parts_of_a_table_are_all_of_it() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    server.database(
        "parts",
        &format!(
            "{MANY}
             CREATE TABLE by_year (id int8, day date NOT NULL, title text) PARTITION BY RANGE (day);
             CREATE TABLE by_year_old PARTITION OF by_year FOR VALUES FROM ('2000-01-01') TO ('2003-01-01');
             CREATE TABLE by_year_new PARTITION OF by_year FOR VALUES FROM ('2003-01-01') TO ('2030-01-01');
             INSERT INTO by_year SELECT id, day, title FROM many;
             CREATE TABLE parent (id int8, title text);
             CREATE TABLE child () INHERITS (parent);
             INSERT INTO parent SELECT id, title FROM many WHERE id % 2 = 0;
             INSERT INTO child SELECT id, title FROM many WHERE id % 2 = 1;
             CREATE MATERIALIZED VIEW kept AS SELECT id, title FROM many;
             ANALYZE;"
        ),
    );
    let workspace = server.workspace("parts", "");
    let host = workspace.host();
    let session = host.session().expect("a session");
    let ask = |sql: &str| {
        lines(&try_query(&host, &session, sql).unwrap_or_else(|error| panic!("{sql}: {error}")))
    };
    for table in ["many", "by_year", "parent", "kept"] {
        let due = server.sql(
            "parts",
            &format!("SELECT id, title FROM {table} ORDER BY id"),
        );
        assert_eq!(due.len(), 400_000);
        for partitions in [1, 2] {
            ask(&format!(
                "SET datafusion.execution.target_partitions = {partitions}"
            ));
            let sql = format!("SELECT id, title FROM db.{table} ORDER BY id");
            assert!(ask(&sql) == due, "{table} in {partitions} partitions");
            let count = format!("SELECT count(*) FROM db.{table}");
            assert_eq!(ask(&count), ["400000"]);
            let plan = ask(&format!("EXPLAIN {sql}")).join("\n");
            assert!(plan.contains(&format!("partitions={partitions}")), "{plan}");
        }
    }
    // What the server finds by an index is one part, and so is a part of a few rows.
    for sql in [
        "EXPLAIN SELECT title FROM db.many WHERE id = 77777",
        "EXPLAIN SELECT title FROM db.many LIMIT 5",
    ] {
        let plan = ask(sql).join("\n");
        assert!(
            plan.contains("SourceScan") && plan.contains("partitions=1"),
            "{plan}"
        );
    }
    assert_eq!(
        ask("SELECT title FROM db.many WHERE id = 77777"),
        ["рядок 77777"]
    );
    assert_eq!(ask("SELECT title FROM db.many LIMIT 5").len(), 5);
    let some = "SELECT id, n, digest, title, price, day";
    let due = server.sql(
        "parts",
        &format!("{some} FROM many WHERE n = 5 AND is_even ORDER BY id"),
    );
    let found = ask(&format!(
        "{some} FROM db.many WHERE n = 5 AND is_even ORDER BY id"
    ));
    assert!(!due.is_empty() && found == due);
    let one = server.workspace("parts", "partitions = 1");
    let plan = rows(&one.host(), "EXPLAIN SELECT id FROM db.many").join("\n");
    assert!(plan.contains("partitions=1"), "{plan}");
}

/// One of everything that has rows, and what must not be shown.
fn things(port: &str) -> String {
    format!(
        r#"CREATE TABLE plain (a int, b text);
INSERT INTO plain VALUES (1, 'one'), (2, NULL);
COMMENT ON TABLE plain IS 'As plain as can be';
CREATE VIEW seen AS SELECT a * 2 AS twice, b FROM plain;
CREATE MATERIALIZED VIEW kept AS SELECT count(*) AS n FROM plain;
CREATE TABLE split (a int) PARTITION BY LIST (a);
CREATE TABLE split_one PARTITION OF split FOR VALUES IN (1);
INSERT INTO split VALUES (1);
CREATE SCHEMA register;
GRANT USAGE ON SCHEMA register TO reader;
CREATE TABLE register.plain (c int);
CREATE TABLE register."Order Items" ("Id" int, "quo""ted" text);
INSERT INTO register."Order Items" VALUES (7, 'x');
CREATE TABLE "Особи" (n int);
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
CREATE TABLE hidden (a int);
REVOKE ALL ON hidden FROM reader;
CREATE TABLE half_hidden (open int, closed int);
REVOKE ALL ON half_hidden FROM reader;
GRANT SELECT (open) ON half_hidden TO reader;
INSERT INTO half_hidden VALUES (1, 2);
CREATE TABLE changed (a int, b int, c text);
ALTER TABLE changed DROP COLUMN b;
INSERT INTO changed VALUES (1, 'c');
CREATE EXTENSION postgres_fdw;
CREATE SERVER itself FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '{port}', dbname 'things');
CREATE USER MAPPING FOR reader SERVER itself OPTIONS (user 'reader', password '{PASSWORD}');
CREATE FOREIGN TABLE foreign_plain (a int NOT NULL, b text) SERVER itself OPTIONS (table_name 'plain');
ANALYZE plain;"#
    )
}

#[test]
fn everything_that_has_rows_is_a_table() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let address = server.address();
    let port = address.rsplit(':').next().expect("it has one");
    server.database("things", &things(port));
    let workspace = server.workspace("things", "names = { \"public.Особи\" = \"persons\" }");
    let host = workspace.host();
    let tables = rows(
        &host,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'db' ORDER BY table_name",
    );
    assert_eq!(
        tables,
        [
            "changed",
            "foreign_plain",
            "half_hidden",
            "kept",
            "nothing",
            "persons",
            "plain",
            "register_order_items",
            "register_plain",
            "seen",
            "split"
        ]
    );
    for (sql, expected) in [
        (
            "SELECT a, b FROM db.plain ORDER BY a",
            vec!["1\tone", "2\tNULL"],
        ),
        (
            "SELECT twice, b FROM db.seen ORDER BY twice",
            vec!["2\tone", "4\tNULL"],
        ),
        ("SELECT n FROM db.kept", vec!["2"]),
        ("SELECT a FROM db.split", vec!["1"]),
        (
            "SELECT \"Id\", \"quo\"\"ted\" FROM db.register_order_items",
            vec!["7\tx"],
        ),
        ("SELECT * FROM db.half_hidden", vec!["1"]),
        ("SELECT * FROM db.changed", vec!["1\tc"]),
        ("SELECT count(*) FROM db.nothing", vec!["1"]),
        (
            "SELECT a, b FROM db.foreign_plain WHERE a = 1",
            vec!["1\tone"],
        ),
        (
            "SELECT p.b FROM db.plain p JOIN db.split s ON p.a = s.a",
            vec!["one"],
        ),
    ] {
        assert_eq!(rows(&host, sql), expected, "{sql}");
    }
    // A part of the schemas, each table by its schema.
    let some = server.workspace("things", "schemas = [\"register\"]\nmain_schema = \"\"");
    let tables =
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'db' ORDER BY 1";
    assert_eq!(
        rows(&some.host(), tables),
        ["register_order_items", "register_plain"]
    );
    let error = failure(
        &server
            .workspace("things", "schemas = [\"regsiter\"]")
            .host(),
        "SELECT * FROM db.plain",
    )
    .to_string();
    assert!(error.contains("found \"regsiter\""), "{error}");
}

/// Who may make things in a schema that the session's path leads to makes operators that fit better than the
/// server's own (CVE-2018-1058).
#[test]
fn operators_that_others_made_are_not_taken() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let signs = ["=", "<>", "<", "<=", ">", ">=", "~~"];
    let made = signs.map(|sign| {
        format!(
            "CREATE OPERATOR public.{sign} (LEFTARG = varchar, RIGHTARG = text, FUNCTION = never);"
        )
    });
    server.database(
        "operators",
        &format!(
            "CREATE TABLE t (id int, v varchar(9)); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'); ANALYZE t;
             CREATE FUNCTION never(varchar, text) RETURNS bool LANGUAGE sql AS 'SELECT false';
             CREATE FUNCTION caught(float4, int4) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE 'caught'; END$$;
             CREATE OPERATOR public.> (LEFTARG = float4, RIGHTARG = int4, FUNCTION = caught);
             {}",
            made.join("\n")
        ),
    );
    let misled = server.sql("operators", "SELECT id FROM t WHERE v = 'b'::text");
    assert!(misled.is_empty(), "{misled:?}");
    let workspace = server.workspace("operators", "");
    let host = workspace.host();
    for (filter, expected) in [
        ("v = 'b'", vec!["2"]),
        ("v IN ('a', 'b')", vec!["1", "2"]),
        ("v <> 'b'", vec!["1", "3"]),
        ("v NOT IN ('a', 'b')", vec!["3"]),
        ("v < 'b'", vec!["1"]),
        ("v >= 'b'", vec!["2", "3"]),
        ("v LIKE 'b%'", vec!["2"]),
    ] {
        let sql = format!("SELECT id FROM db.t WHERE {filter} ORDER BY id");
        assert_eq!(rows(&host, &sql), expected, "{filter}");
    }
}

/// Nobody checks it in foreign tables, and what inherits from a table may do without it.
#[test]
fn a_column_is_not_null_where_all_of_its_rows_are() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    server.database(
        "nulls",
        "CREATE EXTENSION postgres_fdw;
         CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
         CREATE TABLE alone (a int NOT NULL);
         CREATE TABLE parent (a int NOT NULL);
         CREATE TABLE child () INHERITS (parent);
         ALTER TABLE child ALTER a DROP NOT NULL;
         INSERT INTO child VALUES (NULL);
         CREATE FOREIGN TABLE far (a int NOT NULL) SERVER elsewhere;
         CREATE TABLE split (a int NOT NULL) PARTITION BY LIST (a);
         CREATE TABLE split_one PARTITION OF split FOR VALUES IN (1);
         CREATE TABLE half (a int NOT NULL) PARTITION BY LIST (a);
         CREATE TABLE half_one PARTITION OF half FOR VALUES IN (1) PARTITION BY LIST (a);
         CREATE FOREIGN TABLE half_far PARTITION OF half_one FOR VALUES IN (1) SERVER elsewhere;",
    );
    let workspace = server.workspace("nulls", "");
    let host = workspace.host();
    let sql = "SELECT table_name, is_nullable FROM information_schema.columns
               WHERE table_schema = 'db' AND column_name = 'a' ORDER BY table_name";
    assert_eq!(
        rows(&host, sql),
        [
            "alone\tNO",
            "child\tYES",
            "far\tYES",
            "half\tYES",
            "parent\tYES",
            "split\tNO"
        ]
    );
    assert_eq!(
        rows(&host, "SELECT count(*) FROM db.parent WHERE a IS NULL"),
        ["1"]
    );
}

/// What the server filters is what we would: random filters on a table and on a copy.
#[test]
fn pushed_predicates_give_the_same_rows() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    for asked in samples::ask(&server, 200) {
        asked.check();
    }
}

/// The same in a database of another encoding, whose texts are asked for only as far as that is safe.
#[test]
fn other_encodings_are_read_as_unicode() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    server.sql(
        "postgres",
        "CREATE DATABASE cyrillic ENCODING 'WIN1251' LOCALE 'C' TEMPLATE template0",
    );
    server.sql(
        "cyrillic",
        "GRANT USAGE ON SCHEMA public TO reader;
         CREATE TABLE words AS SELECT g AS id, (ARRAY['Київ', 'Ґанок', 'a', 'b', '', NULL])[1 + g % 6] AS t FROM generate_series(1, 60) g;
         GRANT SELECT ON words TO reader;",
    );
    let workspace = server.workspace("cyrillic", "");
    let host = workspace.host();
    assert_eq!(
        rows(&host, "SELECT DISTINCT t FROM db.words WHERE t LIKE '_и%'"),
        ["Київ"]
    );
    // The server has no letter for it, and says so if it is asked.
    assert_eq!(
        rows(
            &host,
            "SELECT count(*) FROM db.words WHERE t IN ('日本', 'a')"
        ),
        ["10"]
    );
    assert_eq!(
        rows(&host, "SELECT count(*) FROM db.words WHERE t <> '日本'"),
        ["50"]
    );
    Tested::new(host, "db.words").ask(200, "words").check();
    server.sql(
        "postgres",
        "CREATE DATABASE bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0",
    );
    server.sql(
        "bytes",
        "GRANT USAGE ON SCHEMA public TO reader;
         CREATE TABLE words (id int, t text); GRANT SELECT ON words TO reader;
         INSERT INTO words VALUES (1, 'a'), (2, 'Київ'), (3, convert_from('\\xca', 'SQL_ASCII'));",
    );
    let workspace = server.workspace("bytes", "");
    let host = workspace.host();
    let error = failure(&host, "SELECT t FROM db.words").to_string();
    assert!(
        error.contains(
            "server, record 3: invalid byte sequence for encoding \"UTF8\": 0xca (SQLSTATE 22021)"
        ),
        "{error}"
    );
    assert_eq!(rows(&host, "SELECT t FROM db.words WHERE id = 2"), ["Київ"]);
}

#[test]
fn what_arrow_does_not_have_is_an_error_or_a_choice() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    server.database(
        "choices",
        "CREATE TABLE t (id int, d date, ts timestamptz, n numeric(10,2), a int[], iv interval, s text, ti time);
         INSERT INTO t VALUES (1, 'infinity', '-infinity', 'NaN', '{{1,2},{3,4}}', '300 years 1000000 hours', 'x', '24:00:00'),
            (2, '0044-03-15 BC', '0001-01-01 00:00+00', 1, '{}', '1 day', 'y', '23:59:59.999999'), (3, NULL, '294276-01-01 00:00+00', 3, NULL, NULL, 'z', NULL);",
    );
    let workspace = server.workspace("choices", "");
    let host = workspace.host();
    assert_eq!(
        rows(&host, "SELECT s FROM db.t ORDER BY id"),
        ["x", "y", "z"]
    );
    for (column, record, expected) in [
        (
            "d",
            1,
            "expected a date that Arrow has, found an infinite one",
        ),
        (
            "ts",
            1,
            "expected a timestamp that Arrow has, found an infinite one",
        ),
        ("n", 1, "found NaN or infinity, which no decimal is"),
        ("a", 1, "expected an array of one dimension, found 2"),
        ("ti", 1, "expected a time before 24:00:00"),
    ] {
        let error = failure(&host, &format!("SELECT {column} FROM db.t"));
        assert!(error.is_data(), "{error}");
        let place = format!("public.t, record {record}, field \"{column}\": ");
        let text = error.to_string();
        assert!(text.contains(&place) && text.contains(expected), "{text}");
    }
    // psql: SELECT '0044-03-15 BC'::date - '1970-01-01'::date
    assert_eq!(
        rows(
            &host,
            "SELECT arrow_cast(d, 'Int32'), ts FROM db.t WHERE id = 2"
        ),
        ["-735160\t0001-01-01T00:00:00Z"]
    );
    let error = failure(&host, "SELECT ts FROM db.t WHERE id = 3");
    assert!(error.is_data(), "{error}");
    let place = "public.t, record 1, field \"ts\": ";
    assert!(error.to_string().contains(place), "{error}");
    let nulls = server.workspace("choices", "infinity = \"null\"");
    let host = nulls.host();
    assert_eq!(
        rows(&host, "SELECT id FROM db.t WHERE d IS NULL ORDER BY id"),
        ["1", "3"]
    );
    assert_eq!(
        rows(&host, "SELECT id FROM db.t WHERE d < '2000-01-01'"),
        ["2"]
    );
    let session = host.session().expect("a session");
    let warnings = host.block_on(async {
        let mut answer = session
            .query("SELECT d FROM db.t")
            .await
            .expect("it is planned");
        while answer.next().await.expect("it goes on").is_some() {}
        answer.scope().warnings().0
    });
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains("public.t: infinite values are given as nulls (d)")),
        "{warnings:?}"
    );
    let texts = "as_text = [\"public.t.d\", \"public.t.ts\", \"public.t.n\", \"public.t.a\", \"public.t.ti\"]";
    assert_eq!(
        rows(
            &server.workspace("choices", texts).host(),
            "SELECT d, ts, n, a, ti FROM db.t WHERE d = 'infinity'"
        ),
        ["infinity\t-infinity\tNaN\t{{1,2},{3,4}}\t24:00:00"]
    );
}

#[test]
fn a_connection_is_encrypted_unless_both_sides_say_otherwise() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    server.database(
        "ways",
        "CREATE VIEW way AS SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid();",
    );
    let way = "SELECT ssl FROM db.way";
    assert_eq!(rows(&server.workspace("ways", "").host(), way), ["true"]);
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("it is made");
    let distrusted = server
        .workspace("ways", "")
        .file("ca.pem", other.cert.pem());
    let error = failure(&distrusted.host(), way).to_string();
    assert!(error.contains("TLS did not come about"), "{error}");
    let address = server.address();
    let optional = format!("{{ address = {address:?}, private = true, tls = \"optional\" }}");
    let plain = server.workspace_with(&optional, "reader", PASSWORD, "ways", "tls = \"off\"");
    assert_eq!(rows(&plain.host(), way), ["false"]);
    let refused = server.workspace("ways", "tls = \"off\"");
    let error = failure(&refused.host(), way).to_string();
    assert!(
        error.contains("TLS is required and was not begun"),
        "{error}"
    );
}

#[test]
fn logging_in_shows_no_password_to_anybody() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    server.database("logins", "CREATE TABLE t (a int);");
    let grant = format!(
        "{{ address = {:?}, private = true, ca = \"ca.pem\" }}",
        server.address()
    );
    for (role, password, database, expected) in [
        (
            "reader",
            "not the word",
            "logins",
            "password authentication failed for user \"reader\" (SQLSTATE 28P01)",
        ),
        (
            "nobody_known",
            PASSWORD,
            "logins",
            "password authentication failed",
        ),
        (
            "reader",
            PASSWORD,
            "nowhere",
            "database \"nowhere\" does not exist (SQLSTATE 3D000)",
        ),
        (
            "asked_for_md5",
            PASSWORD,
            "logins",
            "found that it asks for an MD5 hash of the password",
        ),
        (
            "asked_for_password",
            PASSWORD,
            "logins",
            "found that it asks for the password itself",
        ),
    ] {
        let workspace = server.workspace_with(&grant, role, password, database, "");
        let error = failure(&workspace.host(), "SELECT * FROM db.t");
        let text = format!("{error} {}", error.hint().unwrap_or_default());
        assert!(text.contains(expected), "{role}: {text}");
        assert!(!text.contains(password), "{role}: {text}");
        assert_eq!(error.is_denied(), database == "logins", "{role}: {text}");
    }
    let trusted = server.workspace_with(&grant, "asked_for_nothing", PASSWORD, "logins", "");
    server.sql("logins", "GRANT SELECT ON t TO asked_for_nothing");
    assert_eq!(rows(&trusted.host(), "SELECT count(*) FROM db.t"), ["0"]);
}

#[test]
fn a_query_ends_with_its_server() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    server.database(
        "endings",
        "CREATE TABLE long AS SELECT g AS id, repeat(md5(g::text), 8) AS t FROM generate_series(1, 400000) g;
         CREATE VIEW slow AS SELECT 1 AS n FROM pg_sleep(20);
         CREATE FUNCTION write() RETURNS int LANGUAGE sql AS 'INSERT INTO long VALUES (0) RETURNING id';
         CREATE VIEW writing AS SELECT write() AS n;
         GRANT INSERT ON long TO reader;
         CREATE VIEW dividing AS SELECT 1 / (a - a) AS n FROM generate_series(1, 3) a;
         CREATE VIEW dividing_later AS SELECT 1 / (a - 500) AS n FROM generate_series(1, 1000) a;",
    );
    let workspace = server
        .workspace("endings", "")
        .plugin("delimited")
        .file("other.csv", "n\n1\n2\n")
        .config(
            "[source.other]\nplugin = \"delimited\"\ninputs = { f = \"other.csv\" }\n\
             [source.other.config.tables.t]\ninput = \"f\"\nheader = true\n\
             columns = [{ name = \"n\", type = \"int64\" }]\n",
        );
    let host = workspace.host();
    let session = host.session().expect("a session");
    let error = host.block_on(async {
        let mut answer = session.query("SELECT id, t FROM db.long").await.expect("it is planned");
        answer.next().await.expect("the first rows come");
        server.sql(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader' AND datname = 'endings'",
        );
        loop {
            match answer.next().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("half a table looks whole"),
                Err(error) => return error,
            }
        }
    });
    assert!(error.is_unavailable(), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("source \"db\"") && text.contains("record "),
        "{text}"
    );
    // Other queries go on.
    assert_eq!(rows(&host, "SELECT count(*) FROM db.long"), ["400000"]);
    let hasty = server.workspace("endings", "statement_timeout_ms = 200");
    let error = failure(&hasty.host(), "SELECT n FROM db.slow");
    assert!(error.is_unavailable(), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("canceling statement due to statement timeout (SQLSTATE 57014)"),
        "{text}"
    );
    let text = failure(&host, "SELECT n FROM db.writing").to_string();
    assert!(
        text.contains("read-only transaction (SQLSTATE 25006)"),
        "{text}"
    );
    let error = failure(&host, "SELECT n FROM db.dividing");
    assert!(error.is_data(), "{error}");
    assert!(
        error
            .to_string()
            .contains("division by zero (SQLSTATE 22012)"),
        "{error}"
    );
    // Who goes on without the rest has what came before it.
    let later = "SELECT count(n) FROM db.dividing_later";
    assert!(failure(&host, later).to_string().contains("record 500"));
    try_query(&host, &session, "SET sextant.on_source_error = 'warn'").expect("it is a setting");
    let counts = try_query(&host, &session, later).expect("it goes on");
    assert_eq!(lines(&counts), ["499"]);
    // Other sources do not notice.
    let both =
        "SELECT count(n) FROM (SELECT n FROM db.dividing_later UNION ALL SELECT n FROM other.t)";
    let counts = try_query(&host, &session, both).expect("it goes on");
    assert_eq!(lines(&counts), ["501"]);
}

/// What a query was planned on is what it reads: a column is never taken for another.
#[test]
fn a_table_that_changed_is_described_anew_or_refused() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    server.database(
        "changes",
        "CREATE TABLE t (a text, b text, c text); INSERT INTO t VALUES ('a', 'b', 'c'); CREATE TABLE gone (a int);",
    );
    let workspace = server.workspace("changes", "");
    let host = workspace.host();
    assert_eq!(rows(&host, "SELECT b FROM db.t WHERE a = 'a'"), ["b"]);
    server.sql("changes", "ALTER TABLE t DROP COLUMN a; DROP TABLE gone");
    let error = failure(&host, "SELECT b FROM db.t");
    assert!(error.is_unavailable(), "{error}");
    assert!(error.to_string().contains("changed"), "{error}");
    let error = failure(&host, "SELECT a FROM db.gone").to_string();
    assert!(error.contains("there is no table \"gone\""), "{error}");
    // A host that did not know it before reads it as it is now.
    assert_eq!(rows(&workspace.host(), "SELECT * FROM db.t"), ["b\tc"]);
}

/// What a database that cannot be asked had is listed for who goes on without it, and for nobody else.
#[test]
fn tables_are_listed_as_far_as_they_can_be_asked() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    server.database("listed", "CREATE TABLE t (a text); CREATE TABLE u (b int);");
    let workspace = server.workspace("listed", "");
    let columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'db' ORDER BY 1";
    let tables =
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'db' ORDER BY 1";
    let all = ["t\ta", "u\tb"];
    assert_eq!(rows(&workspace.host(), columns), all);
    std::fs::remove_file(workspace.path("word")).expect("it can be removed");
    let host = workspace.host();
    assert_eq!(rows(&host, columns), [""; 0]);
    let session = host.session().expect("a session");
    let run = |sql: &str| lines(&try_query(&host, &session, sql).expect("it goes on"));
    run("SET sextant.on_source_error = 'warn'");
    assert_eq!(run(columns), all);
    assert_eq!(run(tables), ["t", "u"]);
    assert_eq!(run("SELECT count(*) FROM db.t"), ["0"]);
    let state = run("SELECT status, known_tables FROM sextant.sources");
    assert_eq!(state, ["degraded\tt, u"]);
}

/// A join looks nothing up that it does not need, and the server's index finds it.
#[test]
fn tables_of_several_databases_are_joined() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    server.database("ministry", "CREATE TABLE people (id int PRIMARY KEY, name text); INSERT INTO people VALUES (1, 'Ада'), (2, 'Бо');");
    server.database("police", "CREATE TABLE cases (person int, title text); INSERT INTO cases VALUES (2, 'theft'), (3, 'fraud');");
    let address = server.address();
    let grant = format!("{{ address = {address:?}, private = true, ca = \"ca.pem\" }}");
    let workspace = server.workspace("ministry", "").config(&format!(
        "[source.police]\nplugin = \"postgres\"\ntcp = {{ server = {grant} }}\n\
         secrets = {{ reader = {{ user = \"reader\", password_file = \"word\" }} }}\n\
         [source.police.config]\nconnection = \"server\"\nsecret = \"reader\"\ndatabase = \"police\"\n"
    ));
    let joined = "SELECT p.name, c.title FROM db.people p JOIN police.cases c ON c.person = p.id";
    assert_eq!(rows(&workspace.host(), joined), ["Бо\ttheft"]);
}

/// Geometry, where PostGIS is installed. Well-known binary as OGC 06-103r4 has it.
#[test]
#[expect(
    clippy::print_stderr,
    reason = "a test that is skipped says so out loud"
)]
fn geometry_is_well_known_binary() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let available = "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'";
    if server.sql("postgres", available) == ["0"] {
        eprintln!("SKIPPED: PostGIS is not installed; .ci/run shows how it is");
        assert!(std::env::var_os("SEXTANT_REQUIRE_PEERS").is_none());
        return;
    }
    server.database(
        "places",
        "CREATE EXTENSION postgis;
         CREATE TABLE places (id int, at geometry(Point, 4326), anywhere geometry, around geography);
         INSERT INTO places VALUES (1, 'SRID=4326;POINT(30.5 50.25)', 'SRID=3857;POINT(1 2)', 'POINT(30.5 50.25)'), (2, NULL, NULL, NULL);",
    );
    let workspace = server.workspace("places", "");
    let host = workspace.host();
    let places = all_of(
        &host,
        "SELECT id, at, anywhere, around FROM db.places ORDER BY id",
    );
    let schema = places.schema();
    let crs = "{\"crs\":\"EPSG:4326\",\"crs_type\":\"authority_code\"}";
    let spherical =
        "{\"crs\":\"EPSG:4326\",\"crs_type\":\"authority_code\",\"edges\":\"spherical\"}";
    for (column, metadata) in [("at", crs), ("anywhere", "{}"), ("around", spherical)] {
        let field = schema.field_with_name(column).expect("it is there");
        assert_eq!(field.metadata()["ARROW:extension:name"], "geoarrow.wkb");
        assert_eq!(field.metadata()["ARROW:extension:metadata"], metadata);
    }
    // Little-endian, a point, and its coordinates.
    let point = |x: f64, y: f64| [x.to_le_bytes(), y.to_le_bytes()].concat();
    let plain = |x, y| [&[1_u8, 1, 0, 0, 0][..], &point(x, y)[..]].concat();
    let (here, there) = (plain(30.5, 50.25), plain(1.0, 2.0));
    for (position, expected) in [(1, &here), (2, &there), (3, &here)] {
        let column = places.column(position).as_binary::<i32>();
        assert_eq!(column.value(0), expected.as_slice());
        assert!(column.is_null(1));
    }
    assert_eq!(
        rows(&host, "SELECT id FROM db.places WHERE at IS NOT NULL"),
        ["1"]
    );
}
