//! Golden SQL: every `.slt` file in `tests/slt`, in a session of its own.

use arrow::datatypes::DataType;
use sextant::{Host, Session};
use sextant_tests::{TestWorkspace, lines, root, try_query};
use sqllogictest::{DBOutput, DefaultColumnType};
use std::path::Path;

struct Database<'a> {
    host: &'a Host,
    session: Session,
}

impl sqllogictest::DB for Database<'_> {
    type Error = sextant::Error;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<Self::ColumnType>, Self::Error> {
        let batches = try_query(self.host, &self.session, sql)?;
        let types: Vec<_> = match batches.first() {
            Some(batch) => batch
                .schema()
                .fields()
                .iter()
                .map(|field| column_type(field.data_type()))
                .collect(),
            None => return Ok(DBOutput::StatementComplete(0)),
        };
        let rows = lines(&batches)
            .into_iter()
            .map(|line| line.split('\t').map(show).collect());
        Ok(DBOutput::Rows {
            types,
            rows: rows.collect(),
        })
    }
}

/// An empty text would look like nothing at all.
fn show(cell: &str) -> String {
    if cell.is_empty() {
        "(empty)".to_owned()
    } else {
        cell.to_owned()
    }
}

fn column_type(data_type: &DataType) -> DefaultColumnType {
    match data_type {
        DataType::Null => DefaultColumnType::Any,
        other if other.is_integer() => DefaultColumnType::Integer,
        other if other.is_numeric() => DefaultColumnType::FloatingPoint,
        _ => DefaultColumnType::Text,
    }
}

/// Lists, registers and events of people who do not exist.
fn workspace() -> TestWorkspace {
    let fixtures = root().join("tests/fixtures");
    let config = std::fs::read_to_string(fixtures.join("sources.toml")).expect("it is there");
    let workspace = TestWorkspace::new()
        .plugin("names")
        .plugin("sanctions")
        .plugin("delimited")
        .plugin("article3")
        .plugin("graph")
        .plugin("hotspots")
        .plugin("screening")
        .plugin("threat")
        .plugin("find")
        .plugin("geo")
        .plugin("hostile");
    workspace.config(&config.replace("FIXTURES", &fixtures.display().to_string()))
}

fn run_file(host: &Host, path: &Path) -> Result<(), String> {
    let session = host.session().expect("a session");
    let mut runner = sqllogictest::Runner::new(|| async {
        Ok::<_, sextant::Error>(Database {
            host,
            session: session.clone(),
        })
    });
    runner.with_column_validator(sqllogictest::strict_column_validator);
    let script = std::fs::read_to_string(path).expect("it is there");
    let fixtures = root().join("tests/fixtures").display().to_string();
    let script = script.replace("$FIXTURES", &fixtures);
    runner
        .run_script_with_name(&script, path.display().to_string())
        .map_err(|error| error.display(false).to_string())
}

#[test]
fn golden_files() {
    let host = workspace().into_host();
    let mut files: Vec<_> = std::fs::read_dir(root().join("tests/slt"))
        .expect("it is there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let failures: Vec<_> = files
        .iter()
        .filter_map(|file| run_file(&host.host, file).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

trait IntoHost {
    fn into_host(self) -> Kept;
}

/// A host and the folder that it lives in.
struct Kept {
    host: Host,
    _workspace: TestWorkspace,
}

impl IntoHost for TestWorkspace {
    fn into_host(self) -> Kept {
        Kept {
            host: self.host(),
            _workspace: self,
        }
    }
}

/// Planners have overflowed their stacks on these (datafusion#22229, #22936); a text beyond the
/// bounds is refused before anything recursive sees it.
#[test]
fn long_expressions_are_answered_or_refused() {
    let workspace = TestWorkspace::new();
    let host = workspace.host();
    let session = host.session().expect("a session");
    let sum = |terms: usize| format!("SELECT {}", vec!["1"; terms].join(" + "));
    let or = |terms: usize| {
        let equals: Vec<_> = (0..terms).map(|i| format!("n = {i}")).collect();
        format!(
            "SELECT count(*) FROM (VALUES (1), (2), (-1)) AS t(n) WHERE {}",
            equals.join(" OR ")
        )
    };
    let list = |terms: usize| {
        let numbers: Vec<_> = (0..terms).map(|i| i.to_string()).collect();
        format!(
            "SELECT count(*) FROM (VALUES (1), (2), (-1)) AS t(n) WHERE n IN ({})",
            numbers.join(", ")
        )
    };
    let nested = |depth: usize| format!("SELECT {}1{}", "(".repeat(depth), ")".repeat(depth));
    let union = |terms: usize| vec!["SELECT 1 AS n"; terms].join(" UNION ALL ");
    for (sql, expected) in [
        (sum(2_000), "2000"),
        (or(500), "2"),
        (list(40_000), "2"),
        (nested(40), "1"),
        (format!("SELECT count(*) FROM ({})", union(500)), "500"),
        (
            format!("SELECT length('{}')", "x".repeat(1_000_000)),
            "1000000",
        ),
    ] {
        let batches = try_query(&host, &session, &sql)
            .unwrap_or_else(|error| panic!("{}...: {error:?}", &sql[..60]));
        assert_eq!(lines(&batches), [expected], "{}...", &sql[..60]);
    }
    for (sql, expected) in [
        (
            sum(60_000),
            "terms of the SQL text: 120000, and the limit is 100000",
        ),
        (
            or(20_000),
            "operators in a row: 19999, and the limit is 4000",
        ),
        (sum(4_100), "operators in a row: 4099"),
        (or(30_000), "terms of the SQL text"),
        (
            nested(10_000),
            "depth of nesting of the SQL text: 10000, and the limit is 200",
        ),
        (nested(199), "nested too deep"),
        (format!("SELECT '{}'", "x".repeat(1 << 20)), "bytes of SQL"),
    ] {
        let error = try_query(&host, &session, &sql).expect_err("it is refused");
        assert!(
            error.to_string().contains(expected),
            "{}...: {error:?}",
            &sql[..60]
        );
    }
}

/// What a session does not do is refused by its name, with what it does.
#[test]
fn statements_that_there_are_not_are_refused() {
    let workspace = workspace();
    let host = workspace.host();
    let session = host.session().expect("a session");
    let run = |sql: &str| try_query(&host, &session, sql);
    run("CREATE VIEW seen AS SELECT 1 AS n").expect("it is made");
    run("CREATE TABLE kept AS SELECT 1 AS n").expect("it is made");
    for (sql, expected, hint) in [
        (
            "DROP TABLE x",
            "this session has no table \"x\"",
            "there are: kept",
        ),
        (
            "DROP VIEW x",
            "this session has no view \"x\"",
            "there are: seen",
        ),
        (
            "DROP TABLE seen",
            "has no table \"seen\"",
            "it is a view: DROP VIEW seen",
        ),
        (
            "DROP VIEW kept",
            "has no view \"kept\"",
            "it is a table: DROP TABLE kept",
        ),
        (
            "DROP TABLE IF EXISTS border.travellers",
            "border.travellers cannot be dropped",
            "`sextant source remove`",
        ),
        (
            "DROP VIEW border.seen",
            "border.seen cannot be dropped",
            "only read",
        ),
        (
            "DELETE FROM border.travellers",
            "border.travellers cannot be changed",
            "CREATE TABLE name AS SELECT",
        ),
        (
            "EXPLAIN ANALYZE INSERT INTO border.travellers SELECT * FROM border.travellers",
            "border.travellers cannot be changed",
            "CREATE TABLE name AS SELECT",
        ),
        (
            "EXPLAIN DROP VIEW border.seen",
            "border.seen cannot be dropped",
            "only read",
        ),
        (
            "EXPLAIN ANALYZE CREATE TABLE more AS SELECT 1 AS n",
            "EXPLAIN ANALYZE of definitions and settings is not supported",
            "queries, COPY and INSERT",
        ),
        (
            "EXPLAIN ANALYZE SET sextant.on_source_error = 'warn'",
            "EXPLAIN ANALYZE of definitions and settings is not supported",
            "queries, COPY and INSERT",
        ),
        (
            "CREATE SCHEMA mine",
            "CREATE SCHEMA is not supported",
            "a schema is a source",
        ),
        (
            "CREATE DATABASE mine",
            "CREATE DATABASE is not supported",
            "a schema is a source",
        ),
        (
            "DROP SCHEMA border",
            "DROP SCHEMA is not supported",
            "a schema is a source",
        ),
        (
            "DROP FUNCTION abs",
            "DROP FUNCTION is not supported",
            "sextant.functions",
        ),
        (
            "START TRANSACTION",
            "transactions are not supported",
            "stands by itself",
        ),
        (
            "PREPARE p AS SELECT 1",
            "prepared statements are not supported",
            "into the query",
        ),
        (
            "SET datafusion.runtime.memory_limit = '1G'",
            "datafusion.runtime.memory_limit cannot be changed",
            "[limits] in sextant.toml, as query_memory_bytes_max",
        ),
        (
            "RESET datafusion.runtime.temp_directory",
            "datafusion.runtime.temp_directory cannot be changed",
            "[limits] in sextant.toml, as query_memory_bytes_max",
        ),
        (
            "ALTER TABLE kept ADD COLUMN m INT",
            "ALTER TABLE kept ADD COLUMN m INT",
            "there are SELECT, EXPLAIN",
        ),
    ] {
        let error = run(sql).expect_err("it is refused");
        let found = error.hint().unwrap_or_default();
        assert!(
            error.is_sql() && error.to_string().contains(expected) && found.contains(hint),
            "{sql}: {error} ({found})"
        );
    }
    run("DROP TABLE IF EXISTS x").expect("it is not there");
    run("DROP VIEW seen").expect("it is dropped");
    run("DROP TABLE kept").expect("it is dropped");
    let error = run("DROP TABLE kept").expect_err("it was dropped");
    assert_eq!(error.hint(), None);
}

/// A name is of a table or of a view: neither is made in the place of the other.
#[test]
fn a_table_and_a_view_do_not_replace_each_other() {
    let workspace = TestWorkspace::new();
    let host = workspace.host();
    let session = host.session().expect("a session");
    let run = |sql: &str| try_query(&host, &session, sql);
    let rows = |sql: &str| lines(&run(sql).unwrap_or_else(|error| panic!("{sql}: {error}")));
    run("CREATE VIEW seen AS SELECT 1 AS n").expect("it is made");
    run("CREATE TABLE kept AS SELECT 1 AS n").expect("it is made");
    for (sql, expected, hint) in [
        (
            "CREATE OR REPLACE TABLE seen AS SELECT 2 AS n",
            "there is a view \"seen\" already",
            "DROP VIEW seen",
        ),
        (
            "CREATE TABLE seen (n INT)",
            "there is a view \"seen\" already",
            "DROP VIEW seen",
        ),
        (
            "SELECT 2 AS n INTO seen",
            "there is a view \"seen\" already",
            "DROP VIEW seen",
        ),
        (
            "CREATE OR REPLACE EXTERNAL TABLE seen STORED AS CSV LOCATION '/nowhere/a.csv'",
            "there is a view \"seen\" already",
            "DROP VIEW seen",
        ),
        (
            "CREATE OR REPLACE VIEW kept AS SELECT 2 AS n",
            "there is a table \"kept\" already",
            "DROP TABLE kept",
        ),
    ] {
        let error = run(sql).expect_err("it is refused");
        assert!(error.is_sql(), "{sql}: {error:?}");
        assert_eq!(error.to_string(), expected, "{sql}");
        assert_eq!(error.hint(), Some(hint), "{sql}");
    }
    run("CREATE TABLE IF NOT EXISTS seen AS SELECT 2 AS n").expect("there is one");
    assert_eq!(rows("SELECT s.n + k.n FROM seen s, kept k"), ["2"]);
    run("CREATE OR REPLACE VIEW seen AS SELECT 3 AS n").expect("it is replaced");
    run("CREATE OR REPLACE TABLE kept AS SELECT 4 AS n").expect("it is replaced");
    assert_eq!(rows("SELECT s.n + k.n FROM seen s, kept k"), ["7"]);
    run("DROP VIEW seen").expect("it is dropped");
    run("CREATE TABLE seen AS SELECT 5 AS n").expect("it is made");
    assert_eq!(rows("SELECT n FROM seen"), ["5"]);
}

/// A view is not defined by itself, be it by way of another one; it stays as it was.
#[test]
fn a_view_does_not_refer_to_itself() {
    let workspace = TestWorkspace::new();
    let host = workspace.host();
    let session = host.session().expect("a session");
    let run = |sql: &str| try_query(&host, &session, sql);
    run("CREATE VIEW one AS SELECT 1 AS n").expect("it is made");
    run("CREATE VIEW two AS SELECT n + 1 AS n FROM one").expect("it is made");
    for sql in [
        "CREATE OR REPLACE VIEW one AS SELECT n FROM one WHERE n > 0",
        "CREATE OR REPLACE VIEW one AS SELECT n FROM public.one",
        "CREATE OR REPLACE VIEW one AS SELECT 1 AS n WHERE 1 IN (SELECT n FROM one)",
        "CREATE OR REPLACE VIEW one AS SELECT n FROM two",
    ] {
        let error = run(sql).expect_err("it is refused");
        assert!(error.is_sql(), "{sql}: {error:?}");
        assert_eq!(
            error.to_string(),
            "view \"one\" would be defined by itself",
            "{sql}"
        );
        let hint = error.hint().unwrap_or_default();
        assert!(hint.contains("FROM (SELECT ...) AS one"), "{sql}: {hint}");
    }
    let two = run("SELECT n FROM two").expect("both are as they were");
    assert_eq!(lines(&two), ["2"]);
    run("CREATE OR REPLACE VIEW one AS SELECT n FROM (SELECT 2 AS n) AS one")
        .expect("it is written so");
    run("CREATE OR REPLACE VIEW one AS WITH one AS (SELECT 2 AS n) SELECT n FROM one")
        .expect("that is another one");
    let two = run("SELECT n FROM two").expect("it sees the new one");
    assert_eq!(lines(&two), ["3"]);
}

/// Rows of a session's own table are added by INSERT; any other change makes the table anew. What is explained is
/// not done.
#[test]
fn rows_are_added_and_not_changed() {
    let workspace = TestWorkspace::new();
    let host = workspace.host();
    let session = host.session().expect("a session");
    let run = |sql: &str| try_query(&host, &session, sql);
    let kept = || lines(&run("SELECT n FROM kept ORDER BY n").expect("it is there"));
    run("CREATE TABLE kept AS SELECT 1 AS n").expect("it is made");
    run("INSERT INTO kept SELECT 2").expect("it is added");
    for (sql, what) in [
        ("DELETE FROM kept WHERE n = 1", "DELETE"),
        ("DELETE FROM kept WHERE n IN (SELECT 3)", "DELETE"),
        ("DELETE FROM kept WHERE 1 = 2", "DELETE"),
        ("UPDATE kept SET n = 3 WHERE n = 1", "UPDATE"),
        ("TRUNCATE TABLE kept", "TRUNCATE"),
        ("EXPLAIN DELETE FROM kept", "DELETE"),
        ("EXPLAIN ANALYZE UPDATE kept SET n = 3", "UPDATE"),
        ("INSERT OVERWRITE kept SELECT 3", "INSERT OVERWRITE"),
    ] {
        let error = run(sql).expect_err("it is refused");
        assert!(error.is_sql(), "{sql}: {error:?}");
        assert_eq!(error.to_string(), format!("{what} is not supported"));
        let hint = error.hint().unwrap_or_default();
        assert!(hint.contains("CREATE OR REPLACE TABLE kept AS"), "{hint}");
        assert_eq!(kept(), ["1", "2"], "{sql}");
    }
    run("EXPLAIN INSERT INTO kept SELECT 3").expect("it is shown");
    run("EXPLAIN CREATE OR REPLACE TABLE kept AS SELECT 3 AS n").expect("it is shown");
    assert_eq!(kept(), ["1", "2"]);
    run("EXPLAIN ANALYZE INSERT INTO kept SELECT 3").expect("it is run");
    assert_eq!(kept(), ["1", "2", "3"]);
    run("CREATE OR REPLACE TABLE kept AS SELECT n * 10 AS n FROM kept WHERE n <> 1")
        .expect("it is made anew");
    assert_eq!(kept(), ["20", "30"]);
}

/// A subquery among the columns is refused with what to write instead, and that is the same.
#[test]
fn subqueries_stand_where_they_can_be_run() {
    let workspace = workspace();
    let host = workspace.host();
    let low = "(SELECT id FROM border.travellers WHERE id < 3)";
    for (sql, expected) in [
        (
            format!("SELECT id, id IN {low} FROM border.travellers"),
            "IN (SELECT ...) is supported in WHERE and HAVING alone",
        ),
        (
            format!("SELECT CASE WHEN id NOT IN {low} THEN 1 END FROM border.travellers"),
            "IN (SELECT ...) is supported in WHERE and HAVING alone",
        ),
    ] {
        let error = sextant_tests::failure(&host, &sql);
        assert!(error.is_sql(), "{error:?}");
        assert_eq!(error.to_string(), expected);
        let hint = error.hint().unwrap_or_default();
        assert!(hint.contains("LEFT JOIN (SELECT DISTINCT"), "{hint}");
    }
    let joined = format!(
        "SELECT t.id, s.id IS NOT NULL AS is_low FROM border.travellers t LEFT JOIN (SELECT DISTINCT id FROM {low}) s ON s.id = t.id ORDER BY 1"
    );
    assert_eq!(
        sextant_tests::rows(&host, &joined),
        ["1\ttrue", "2\ttrue", "3\tfalse", "4\tfalse"]
    );
    for filter in [format!("id IN {low}"), format!("id IN {low} OR id = 4")] {
        let sql = format!("SELECT min(id) FROM border.travellers WHERE {filter}");
        assert_eq!(sextant_tests::rows(&host, &sql), ["1"], "{filter}");
    }
}

/// What is unknown is not taken for no. The answers are PostgreSQL's.
#[test]
fn a_null_of_in_matters_or_is_refused() {
    let workspace = TestWorkspace::new();
    let host = workspace.host();
    let from = "SELECT count(*) FROM (VALUES (1), (2), (3), (NULL)) t (k)";
    let (known, unknown) = (
        "(SELECT s.k FROM (VALUES (1)) s (k))",
        "(SELECT s.k FROM (VALUES (1), (NULL)) s (k))",
    );
    for (filter, expected) in [
        (format!("k IN {unknown}"), "1"),
        (format!("k NOT IN {unknown}"), "0"),
        (format!("k NOT IN {known}"), "2"),
        (format!("k NOT IN {known} AND k > 2"), "1"),
        (format!("k IN {unknown} OR k = 3"), "2"),
        (format!("NOT (k NOT IN {known} AND k < 3)"), "2"),
        (format!("coalesce(k, 0) NOT IN {unknown}"), "0"),
    ] {
        let sql = format!("{from} WHERE {filter}");
        assert_eq!(sextant_tests::rows(&host, &sql), [expected], "{filter}");
    }
    for filter in [
        format!("k NOT IN {unknown} OR k = 3"),
        format!("NOT (k IN {known} OR k = 3)"),
        format!("(k IN {unknown}) IS NULL"),
        format!("CASE WHEN k IN {known} THEN false ELSE true END"),
    ] {
        let error = sextant_tests::failure(&host, &format!("{from} WHERE {filter}"));
        assert!(error.is_sql(), "{filter}: {error:?}");
        let told =
            "IN (SELECT ...) of values that may be null is supported as a condition of its own";
        assert!(error.to_string().contains(told), "{filter}: {error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("NOT EXISTS")));
        let joined = format!("{from} JOIN (VALUES (1)) u (one) ON {filter}");
        assert!(sextant_tests::failure(&host, &joined).is_sql(), "{filter}");
    }
}

/// A call is a node of its own; what runs it is shown, and the columns that are asked for.
#[test]
fn explain_shows_calls_of_table_functions() {
    let workspace = TestWorkspace::new().plugin("graph");
    let host = workspace.host();
    let sql = "SELECT node FROM graph.components((SELECT 1 AS a, 2 AS b))";
    let plan = sextant_tests::rows(&host, &format!("EXPLAIN {sql}")).join("\n");
    assert!(plan.contains("TableCall: graph.components"), "{plan}");
    assert!(
        plan.contains("TableCallExec: graph.components, plugin=graph"),
        "{plan}"
    );
    assert!(plan.contains("edges=Single build"), "{plan}");
    let run = sextant_tests::rows(&host, &format!("EXPLAIN ANALYZE {sql}")).join("\n");
    assert!(run.contains("output_rows=2"), "{run}");
}

/// What plugins used is accounted for: by operator and partition where an operator calls them, by
/// function in a node above the plan, and by query in a table.
#[test]
fn what_plugins_used_is_shown() {
    let workspace = workspace().plugin("graph");
    let host = workspace.host();
    let session = host.session().expect("a session");
    let run = |sql: &str| lines(&try_query(&host, &session, sql).expect("it runs")).join("\n");
    let explained = run(
        "EXPLAIN ANALYZE SELECT names.normalize(name), names.most_common(name) FROM border.travellers GROUP BY 1",
    );
    for part in [
        "PluginUsage",
        "names.normalize calls=",
        "names.normalize rows_in=4",
        "names.most_common rows_in=8",
        "border.travellers rows_out=4",
        "guest_time=",
        "host_time=",
        "guest_memory_bytes_peak=",
    ] {
        assert!(explained.contains(part), "{part}: {explained}");
    }
    let called = run("EXPLAIN ANALYZE SELECT * FROM graph.components((SELECT 1 AS a, 2 AS b))");
    assert!(called.contains("graph.components rows_out=2"), "{called}");
    assert!(!run("EXPLAIN SELECT names.normalize('a')").contains("PluginUsage"));

    let sql = "SELECT names.normalize(name) FROM border.travellers";
    assert_eq!(run(sql).lines().count(), 4);
    let failed =
        try_query(&host, &session, "SELECT n FROM border.broken").expect_err("it is broken");
    let recorded = run(
        "SELECT state, rows, guest_calls > 0, guest_ns > 0, guest_memory_bytes_peak > 0, error, sql FROM sextant.queries ORDER BY id DESC LIMIT 3",
    );
    let recorded: Vec<_> = recorded.lines().collect();
    assert!(recorded[0].starts_with("running\t0\tfalse"), "{recorded:?}");
    assert_eq!(
        recorded[1],
        format!("failed\t0\ttrue\ttrue\ttrue\t{failed}\tSELECT n FROM border.broken")
    );
    assert_eq!(
        recorded[2],
        format!("done\t4\ttrue\ttrue\ttrue\tNULL\t{sql}")
    );
}

/// Guest memory is memory of queries: what they may take together bounds it too.
#[test]
fn guest_memory_is_charged_to_the_pool_of_all_queries() {
    let workspace = TestWorkspace::new()
        .plugin("hostile")
        .config("[limits]\nquery_memory_bytes_max = 30000000\n[source.h]\nplugin = \"hostile\"\n");
    let host = workspace.host();
    let session = host.session().expect("a session");
    let error =
        try_query(&host, &session, "SELECT hostile.attack('allocate')").expect_err("it is refused");
    assert!(error.is_limit(), "{error:?}");
    assert!(
        error.to_string().contains("bytes of memory of all queries"),
        "{error:?}"
    );
    // What the one gave back, the next one has.
    for _ in 0..20 {
        let sums = try_query(&host, &session, "SELECT count(*) FROM h.two_partitions");
        assert_eq!(lines(&sums.expect("it runs")), ["100"]);
    }
}

/// An aggregation that grows beyond what queries may take spills, and says the same.
#[test]
fn an_aggregation_in_guests_spills() {
    let workspace = |limits: &str| TestWorkspace::new().plugin("names").config(limits);
    let sql = "SELECT count(*), sum(d), max(d) FROM (
        SELECT value % 30000 AS g, names.median_absolute_deviation(value * value % 1009) AS d
        FROM generate_series(1, 300000) GROUP BY 1)";
    let large = workspace("");
    let host = large.host();
    let expected = sextant_tests::rows(&host, sql);
    let small = workspace("[limits]\nquery_memory_bytes_max = 12000000\n");
    let host = small.host();
    assert_eq!(sextant_tests::rows(&host, sql), expected);
    let explained = sextant_tests::rows(&host, &format!("EXPLAIN ANALYZE {sql}")).join("\n");
    let counts = explained.split("spill_count=").skip(1);
    let spills = counts.filter(|count| !count.starts_with('0')).count();
    assert!(spills > 0, "{explained}");
}
