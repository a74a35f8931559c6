//! Each attack ends one query with an error that says what happened, and the host goes on.

use sextant::Host;
use sextant_tests::{TestWorkspace, failure, rows, try_query};
use std::time::{Duration, Instant};

/// Limits low enough that the attacks on time and memory end soon, and long enough that what takes memory
/// is ended by that limit on a busy machine too.
const LIMITS: &str = "
[limits]
call_ms_max = 1000
describe_call_ms_max = 2000
guest_memory_bytes_max = 100000000
[source.h]
plugin = \"hostile\"
inputs = { files = \"files/*\" }
";

fn workspace() -> TestWorkspace {
    let workspace = TestWorkspace::new().plugin("hostile").config(LIMITS);
    std::fs::create_dir(workspace.path("files")).expect("it can be made");
    workspace.file("files/a.txt", "content")
}

fn assert_serving(host: &Host) {
    assert_eq!(rows(host, "SELECT a FROM h.good"), ["1", "2"]);
    assert_eq!(rows(host, "SELECT hostile.attack('nothing')"), ["survived"]);
}

/// Runs queries that must fail, each with a part of its error.
fn assert_failures<'a>(host: &Host, cases: impl IntoIterator<Item = (String, &'a str)>) {
    for (sql, expected) in cases {
        let started = Instant::now();
        let error = failure(host, &sql);
        assert!(error.to_string().contains(expected), "{sql}: {error:?}");
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{sql} took {:?}",
            started.elapsed()
        );
        assert!(
            error.to_string().len() < 10_000,
            "{sql}: an error of {} bytes",
            error.to_string().len()
        );
        assert!(!error.to_string().contains('\x1b'), "{sql}: {error:?}");
    }
    assert_serving(host);
}

#[test]
fn functions_that_take_everything() {
    let workspace = workspace();
    let host = workspace.host();
    let cases = [
        ("loop", "took longer than 1000 ms"),
        ("allocate", "bytes of memory of the instance"),
        ("recurse", "bytes of stack"),
        ("recurse_with_arrays", "out of bounds memory access"),
        ("copy", "took longer than 1000 ms"),
        ("panic", "on purpose"),
        ("exit", "called exit"),
        ("error", "bytes more]"),
        ("escape", "error: forged"),
        ("environment", "0 0"),
        ("file", "Err("),
        ("clock", "0ns"),
        ("unknown", "no attack"),
    ];
    assert_failures(
        &host,
        cases.map(|(attack, expected)| (format!("SELECT hostile.attack('{attack}')"), expected)),
    );
}

/// Time does not pass for a function, so there is nothing to wait for.
#[test]
fn sleeping_takes_no_time() {
    let workspace = workspace();
    let host = workspace.host();
    assert_eq!(rows(&host, "SELECT hostile.attack('sleep')"), ["survived"]);
}

#[test]
fn floods_of_output_are_cut() {
    let workspace = workspace();
    let host = workspace.host();
    for flood in ["log", "stderr"] {
        let session = host.session().expect("a session");
        // Slow enough to be cut by the clock, or cut by the count: either way the host goes on.
        let _ = try_query(
            &host,
            &session,
            &format!("SELECT hostile.attack('{flood}')"),
        );
    }
    assert_serving(&host);
}

#[test]
fn functions_that_lie_about_their_result() {
    let workspace = workspace();
    let host = workspace.host();
    let cases = [
        ("short", "values came back for"),
        ("long", "values came back for"),
        ("type", "where"),
        ("null", "null"),
    ];
    assert_failures(
        &host,
        cases.map(|(lie, expected)| {
            (
                format!("SELECT hostile.lie('{lie}', n) FROM h.numbers"),
                expected,
            )
        }),
    );
    assert_eq!(
        rows(&host, "SELECT hostile.lie('honest', a) FROM h.good"),
        ["1", "2"]
    );
    let error = failure(&host, "SELECT hostile.lie(CAST(a AS TEXT), a) FROM h.good");
    assert!(
        error.to_string().contains("must be a constant"),
        "{error:?}"
    );
}

#[test]
fn batches_that_are_not_what_they_say() {
    let workspace = workspace();
    let host = workspace.host();
    let cases = [
        ("truncated", "a buffer of 8 bytes where 16 are due"),
        (
            "short_bitmap",
            "a validity bitmap of 1 bytes where 2 are due",
        ),
        ("false_null_count", "1 nulls are claimed, 0 are there"),
        ("too_few_buffers", "fewer buffers than its nodes say"),
        ("too_many_buffers", "1 buffers more than its schema"),
        ("wrong_buffer_count", "3 buffers where 2 are due"),
        ("no_buffers", "0 buffers where 2 are due"),
        ("wrong_length", "1 values where 2 are due"),
        ("huge_length", "rows of a batch"),
        ("huge_node", "4294967295 values where 2 are due"),
        ("huge_buffer_count", "4294967295 buffers where 2 are due"),
        ("offset_out_of_range", "column \"a\""),
        ("decreasing_offsets", "column \"a\""),
        ("negative_offset", "column \"a\""),
        ("huge_offset", "column \"a\""),
        ("invalid_utf8", "column \"a\""),
        ("split_utf8", "column \"a\""),
        ("missing_node", "fewer nodes than its schema"),
        ("extra_node", "1 nodes"),
        ("list_beyond_its_items", "column \"a\""),
        ("fixed_size_list_too_short", "5 values where 6 are due"),
        ("struct_of_another_length", "1 values where 2 are due"),
        ("endless_nulls", "values of an array"),
        ("key_out_of_range", "column \"a\""),
        ("negative_key", "column \"a\""),
        ("view_of_no_buffer", "column \"a\""),
        ("view_beyond_its_buffer", "column \"a\""),
        ("view_with_a_false_prefix", "column \"a\""),
        ("huge_view", "column \"a\""),
        ("too_many_digits", "column \"a\""),
        (
            "short_fixed_size_binary",
            "a buffer of 7 bytes where 8 are due",
        ),
    ];
    assert_failures(
        &host,
        cases.map(|(table, expected)| (format!("SELECT * FROM h.{table}"), expected)),
    );
}

/// Valid values that no calendar has: whatever is done with them gives an answer or an error of the
/// data, and nothing panics.
#[test]
fn values_at_the_ends_of_their_types() {
    let workspace = workspace();
    let host = workspace.host();
    for table in [
        "extreme_seconds",
        "extreme_nanoseconds",
        "extreme_zoned",
        "extreme_times",
        "extreme_durations",
        "extreme_dates",
        "nan_payloads",
        "widest_decimals",
    ] {
        let table = format!("h.{table}");
        assert_eq!(rows(&host, &format!("SELECT count(a) FROM {table}")), ["2"]);
        let session = host.session().expect("a session");
        for sql in [
            format!("SELECT a FROM {table} ORDER BY a"),
            format!("SELECT a, count(*) FROM {table} GROUP BY a"),
            format!("SELECT min(a), max(a), count(DISTINCT a) FROM {table}"),
            format!("SELECT CAST(a AS TEXT) FROM {table}"),
            format!("SELECT * FROM {table} WHERE a = a AND a IS NOT NULL"),
            format!("SELECT l.a FROM {table} l JOIN {table} r ON l.a = r.a"),
            format!("SELECT date_part('year', a), date_trunc('month', a) FROM {table}"),
            format!("SELECT a + INTERVAL '1 day' FROM {table}"),
            format!("SELECT sum(a), avg(a) FROM {table}"),
        ] {
            if let Err(error) = try_query(&host, &session, &sql) {
                let sound = error.is_data() || error.is_sql();
                assert!(
                    sound && !error.to_string().contains("panic"),
                    "{sql}: {error:?}"
                );
            }
        }
    }
    assert_serving(&host);
}

/// What cannot be shown is an error of the output, in every format, and never a panic.
#[test]
fn values_at_the_ends_of_their_types_are_shown() {
    let workspace = workspace();
    for format in [
        "table", "csv", "json", "ndjson", "markdown", "arrow", "parquet",
    ] {
        for table in [
            "extreme_seconds",
            "extreme_zoned",
            "extreme_dates",
            "nan_payloads",
            "widest_decimals",
        ] {
            let mut command = std::process::Command::new(sextant_tests::sextant_command());
            command.args([
                "query",
                "--format",
                format,
                "-c",
                &format!("SELECT a FROM h.{table}"),
            ]);
            command.arg("--workspace").arg(workspace.workspace().root());
            let output = command.output().expect("it starts");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success()
                    || (output.status.code() == Some(1) && errors.starts_with("error: ")),
                "{table} as {format}: {errors}"
            );
            assert!(
                !errors.contains("panicked"),
                "{table} as {format}: {errors}"
            );
        }
    }
}

#[test]
fn scans_that_break_the_rules() {
    let workspace = workspace();
    let host = workspace.host();
    let cases = [
        ("SELECT * FROM h.empty_batches", "batches without rows"),
        (
            "SELECT * FROM h.many_batches",
            "batches emitted in one step",
        ),
        ("SELECT * FROM h.nothing_more", "emitted nothing"),
        ("SELECT * FROM h.after_the_end", "after the end"),
        ("SELECT * FROM h.changes_schema", "column \"n\""),
        ("SELECT * FROM h.endless", "took longer than 1000 ms"),
        ("SELECT * FROM h.memory", "bytes of memory of the instance"),
        ("SELECT * FROM h.panics", "on purpose"),
        (
            "SELECT * FROM h.fails",
            "source \"h\": plugin \"hostile\": files/a.csv, record 4, field \"n\": the first record is broken",
        ),
        ("SELECT * FROM h.fails_late", "a later record is broken"),
        (
            "SELECT * FROM h.denied",
            "input \"secrets\" is not granted (write it into sextant.toml: [source.h.inputs] secrets",
        ),
        (
            "SELECT * FROM h.many_partitions",
            "partitions of a scan: 200000, and the limit is 100000",
        ),
        ("SELECT * FROM h.huge_tokens", "bytes of a partition token"),
    ];
    assert_failures(
        &host,
        cases.map(|(sql, expected)| (sql.to_owned(), expected)),
    );
}

#[test]
fn promises_that_are_not_kept_give_no_wrong_answers() {
    let workspace = workspace();
    let host = workspace.host();
    // The plugin says that its predicates are exact, and applies none of them.
    assert_eq!(
        rows(&host, "SELECT n FROM h.ignores_predicates WHERE n = 3"),
        ["3", "3", "3"]
    );
    assert_eq!(
        rows(
            &host,
            "SELECT count(*) FROM h.ignores_predicates WHERE n > 3"
        ),
        ["6"]
    );
    assert_eq!(
        rows(&host, "SELECT n FROM h.ignores_limit LIMIT 2").len(),
        2
    );
    // It says that every table has one row.
    assert_eq!(rows(&host, "SELECT count(*) FROM h.numbers"), ["50"]);
    assert_eq!(
        rows(&host, "SELECT count(*) FROM h.two_partitions"),
        ["100"]
    );
}

#[test]
fn descriptions_that_lie() {
    let cases = [
        ("loop_in_open", "took longer than 2000 ms"),
        ("panic_in_open", "on purpose"),
        ("keep_handles", "streams open at the same time"),
        ("deep_types", "nested too deep"),
        ("missing_children", "fewer children than it says"),
        ("childless_list", "1 child is due"),
        ("zero_width", "a width of 0"),
        ("huge_width", "a width of 4294967295"),
        ("duplicate_columns", "two columns are named"),
        ("nameless_column", "a column is named \"\""),
        ("nul_in_column", "a column is named"),
        ("duplicate_tables", "two tables are named"),
        ("odd_table_name", "is not a lower-case letter"),
        ("too_many_tables", "tables of the source"),
        ("too_many_columns", "fields"),
        ("pushdown_on_no_column", "there is no column 7"),
        ("unknown_zone", "the time zone \"No/Where\""),
    ];
    let sources = cases.map(|(attack, _)| {
        format!("[source.{attack}]\nplugin = \"hostile\"\ninputs = {{ files = \"files/*\" }}\nconfig = {{ attack = \"{attack}\" }}\n")
    });
    let workspace = workspace().config(&sources.concat());
    let host = workspace.host();
    assert_failures(
        &host,
        cases.map(|(source, expected)| (format!("SELECT * FROM {source}.t"), expected)),
    );
}

#[test]
fn reports_reach_the_analyst_clean() {
    let workspace = workspace();
    let host = workspace.host();
    let session = host.session().expect("a session");
    let (skipped, warnings) = host.block_on(async {
        let answer = session
            .query("SELECT * FROM h.skips UNION ALL SELECT * FROM h.warns")
            .await
            .expect("it plans");
        let scope = std::sync::Arc::clone(answer.scope());
        answer.collect().await.expect("it runs");
        (scope.skipped(), scope.warnings().0)
    });
    assert_eq!(skipped.len(), 1);
    assert_eq!(
        (skipped[0].count, skipped[0].first.as_str()),
        (6, "files/a.csv, record 7, field \"n\": not a number")
    );
    assert_eq!(warnings.len(), 6);
    assert_eq!(warnings[0], "h:  [31mwarning 0");
}

#[test]
fn aggregates_that_lie_or_never_end() {
    let workspace = workspace();
    let host = workspace.host();
    let cases = [
        ("short", "values came back for"),
        ("long", "values came back for"),
        ("type", "where"),
        ("null", "null"),
        ("short_state", "values came back for"),
        ("state_type", "where"),
        ("null_state", "null"),
        ("loop", "took longer than 1000 ms"),
        ("loop_in_merge", "took longer than 1000 ms"),
        ("loop_in_finish", "took longer than 1000 ms"),
        ("loop_in_bind", "took longer than 2000 ms"),
        ("fail_in_bind", "on purpose"),
        ("allocate", "bytes of memory of the instance"),
        ("panic", "on purpose"),
        ("panic_in_merge", "on purpose"),
        ("error", "on purpose"),
    ];
    // Two partitions, so that states are made and merged.
    let sql = |name: &str| {
        format!("SELECT n % 3, hostile.spoil('{name}', n) FROM h.two_partitions GROUP BY 1")
    };
    assert_failures(&host, cases.map(|(name, expected)| (sql(name), expected)));
    for (name, expected) in cases {
        let error = failure(&host, &sql(name));
        assert!(
            error.to_string().contains("hostile.spoil"),
            "{name}: {error:?} {expected}"
        );
    }
    let mut sums = rows(&host, &sql("honest"));
    sums.sort();
    assert_eq!(sums, ["0\t60", "1\t100", "2\t40"]);
}

#[test]
fn table_functions_that_break_the_rules() {
    let workspace = workspace();
    let host = workspace.host();
    let cases = [
        ("fail_in_bind", "on purpose"),
        ("loop_in_bind", "took longer than 2000 ms"),
        ("fail_in_call", "on purpose"),
        (
            "too_many_distributions",
            "it spreads 3 relations where 1 are given",
        ),
        ("hash_of_no_column", "it spreads a relation by column 77"),
        ("duplicate_columns", "two columns are named"),
        ("nameless_column", "a column is named \"\""),
        ("loop", "took longer than 1000 ms"),
        ("loop_in_next", "took longer than 1000 ms"),
        ("allocate", "bytes of memory of the instance"),
        ("panic", "on purpose"),
        ("panic_in_finish", "on purpose"),
        ("error", "on purpose"),
        ("other_columns", "more than its schema"),
        ("empty_rows", "batches without rows"),
        (
            "never_enough",
            "wants more input, and every relation has come to its end",
        ),
    ];
    let sql =
        |name: &str| format!("SELECT * FROM hostile.churn((SELECT n FROM h.numbers), '{name}')");
    assert_failures(&host, cases.map(|(name, expected)| (sql(name), expected)));
    // One that has enough ends before its input does, and a limit ends one that never does.
    assert!(rows(&host, &sql("enough")).is_empty());
    let endless = "SELECT * FROM hostile.churn((SELECT n FROM h.numbers), 'endless_rows') LIMIT 5";
    assert_eq!(rows(&host, endless).len(), 5);
}
