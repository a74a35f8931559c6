//! Joins with tables that can only be asked by key. What a look-up gives is compared with the same
//! query over a table of the same rows that can be scanned.

use sextant::Host;
use sextant_tests::{TestWorkspace, example_bundle, failure, lines, rows, try_query};
use std::collections::BTreeMap;
use std::sync::Arc;

fn workspace(config: &str) -> TestWorkspace {
    let workspace = TestWorkspace::new().config(&format!(
        "[source.k]\nplugin = \"keyed\"\n[source.k.config]\n{config}\n"
    ));
    workspace.put("keyed", &example_bundle("keyed", &[]));
    workspace
}

/// Those who ask: numbers with gaps, repeats and nulls, labels and groups.
const ASKING: &str = "CREATE VIEW asking AS SELECT value AS id,
    CASE WHEN value % 7 = 0 THEN NULL ELSE (value * 37) % 1200 END AS number,
    CASE WHEN value % 11 = 0 THEN NULL ELSE concat('item ', value % 400) END AS label,
    CASE WHEN value % 2 = 0 THEN 'a' ELSE 'b' END AS grp
    FROM generate_series(1, 3000)";

fn ask(host: &Host, sql: &str) -> (Vec<String>, Vec<String>) {
    let session = host.session().expect("a session");
    try_query(host, &session, ASKING).expect("a view");
    let (mut found, warnings) = host.block_on(async {
        let mut answer = session
            .query(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        let mut batches = Vec::new();
        while let Some(batch) = answer
            .next()
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
        {
            batches.push(batch);
        }
        (lines(&batches), answer.scope().warnings().0)
    });
    found.sort();
    (found, warnings)
}

/// What was asked for, and how often.
fn asked(warnings: &[String]) -> BTreeMap<&str, usize> {
    let mut asked = BTreeMap::new();
    let requests = warnings
        .iter()
        .filter_map(|warning| warning.strip_prefix("k: asked "));
    for key in requests.flat_map(str::split_ascii_whitespace) {
        *asked.entry(key).or_default() += 1;
    }
    asked
}

/// Runs a query over `T`, which stands for the table, by look-up and over the table of all rows.
fn assert_same(host: &Host, table: &str, sql: &str) {
    let (found, warnings) = ask(host, &sql.replace(" T ", &format!(" k.{table} ")));
    let (expected, none) = ask(host, &sql.replace(" T ", " k.known "));
    assert!(none.is_empty());
    assert_eq!(found.len(), expected.len(), "{sql}");
    assert_eq!(found, expected, "{sql}");
    assert!(!expected.is_empty(), "{sql} finds something");
    let asked = asked(&warnings);
    assert!(!asked.is_empty(), "{sql} asks");
    if table != "pairs" {
        let again: Vec<_> = asked.iter().filter(|(_, times)| **times > 1).collect();
        assert!(again.is_empty(), "{sql} asks again: {again:?}");
    }
}

#[test]
fn every_kind_of_join_is_what_it_is_elsewhere() {
    let workspace = workspace("");
    let host = workspace.host();
    for sql in [
        "SELECT * FROM asking a JOIN T t ON t.number = a.number",
        "SELECT * FROM T t JOIN asking a ON t.number = a.number",
        "SELECT a.id, t.label FROM asking a LEFT JOIN T t ON t.number = a.number",
        "SELECT a.id, t.label FROM T t RIGHT JOIN asking a ON t.number = a.number",
        "SELECT * FROM asking a LEFT SEMI JOIN T t ON t.number = a.number",
        "SELECT * FROM asking a LEFT ANTI JOIN T t ON t.number = a.number",
        "SELECT * FROM T t RIGHT SEMI JOIN asking a ON t.number = a.number",
        "SELECT * FROM T t RIGHT ANTI JOIN asking a ON t.number = a.number",
        "SELECT a.id FROM asking a WHERE a.number IN (SELECT number FROM T t )",
        "SELECT a.id FROM asking a WHERE EXISTS (SELECT 1 FROM T t WHERE t.number = a.number AND t.copy > 1)",
        "SELECT a.id FROM asking a WHERE NOT EXISTS (SELECT 1 FROM T t WHERE t.number = a.number)",
        "SELECT a.id FROM asking a WHERE a.id < 100 OR EXISTS (SELECT 1 FROM T t WHERE t.number = a.number)",
        "SELECT * FROM T t WHERE number IN (SELECT number FROM asking)",
        "SELECT t.copy FROM T t WHERE EXISTS (SELECT 1 FROM asking a WHERE a.number = t.number)",
    ] {
        assert_same(&host, "items", sql);
    }
}

#[test]
fn what_stands_around_a_look_up_holds() {
    let workspace = workspace("");
    let host = workspace.host();
    for sql in [
        // More conditions, on either side and on both.
        "SELECT a.id, t.copy FROM asking a JOIN T t ON t.number = a.number AND t.copy = a.id % 3",
        "SELECT a.id, t.copy FROM asking a LEFT JOIN T t ON t.number = a.number AND t.copy > 0 AND t.grp = a.grp",
        "SELECT a.id, t.copy FROM asking a LEFT JOIN T t ON t.number = a.number AND a.id + t.copy > 1000",
        "SELECT a.id, t.copy FROM asking a JOIN T t ON t.number = a.number WHERE t.label IS NULL",
        "SELECT a.id, t.copy FROM asking a LEFT JOIN T t ON t.number = a.number WHERE t.copy IS NULL AND a.id > 50",
        // Keys that are expressions, and derived tables.
        "SELECT a.id, t.copy FROM asking a JOIN T t ON t.number = a.id * 2 + 1",
        "SELECT a.id, t.twice FROM asking a JOIN (SELECT number AS n, copy * 2 AS twice FROM T t WHERE copy < 3) t ON t.n = a.number",
        "WITH t AS (SELECT label, number FROM T t ) SELECT a.id, t.label FROM asking a JOIN t USING (number)",
        "SELECT a.id, t.number FROM asking a JOIN (SELECT DISTINCT number, grp FROM T t ) t ON t.number = a.number",
        "SELECT a.id, t.n FROM asking a LEFT JOIN (SELECT number, count(*) AS n, count(DISTINCT label) FROM T t GROUP BY number) t ON t.number = a.number",
        "SELECT a.id, t.most FROM asking a JOIN (SELECT grp, number AS n, max(copy) AS most FROM T t WHERE copy > 0 GROUP BY 1, 2 HAVING count(*) > 1) t ON t.n = a.number",
        "SELECT a.grp, count(*), sum(t.copy) FROM asking a JOIN T t ON t.number = a.number GROUP BY 1",
        "SELECT count(*) FROM asking a JOIN T t ON t.number = a.number",
        "SELECT a.id, t.copy, u.copy FROM asking a JOIN T t ON t.number = a.number JOIN k.known u ON u.number = t.number",
        "SELECT a.id, t.copy FROM (SELECT DISTINCT number, id FROM asking WHERE id % 2 = 1) a JOIN T t ON t.number = a.number ORDER BY 1 LIMIT 2000",
        "SELECT (SELECT count(*) FROM asking a JOIN T t ON t.number = a.number) AS n",
        "SELECT id FROM asking WHERE id = (SELECT max(a.id) FROM asking a WHERE a.number IN (SELECT number FROM T t ))",
        // Constants need no look-up.
        "SELECT t.copy FROM T t WHERE number IN (7, NULL, 11)",
        "SELECT a.id, t.copy FROM asking a JOIN T t ON t.number = a.number WHERE t.number IN (10, 11, 37, 74)",
    ] {
        assert_same(&host, "items", sql);
    }
    for sql in [
        "SELECT a.id, t.copy FROM asking a JOIN T t ON t.label = a.label",
        "SELECT a.id, t.copy FROM asking a LEFT JOIN T t ON a.label = t.label AND t.number > 100",
        "SELECT a.id FROM asking a WHERE a.label IN (SELECT label FROM T t WHERE copy = 1)",
    ] {
        assert_same(&host, "labels", sql);
    }
    for sql in [
        "SELECT a.id, t.copy FROM asking a JOIN T t ON t.number = a.number AND t.grp = a.grp",
        "SELECT a.id, t.copy FROM asking a LEFT JOIN T t ON t.grp = a.grp AND t.number = a.number",
        "SELECT a.id, t.copy FROM asking a JOIN T t ON t.number = a.number WHERE t.grp = 'b'",
    ] {
        assert_same(&host, "pairs", sql);
    }
}

#[test]
fn a_look_up_after_another() {
    let workspace = workspace("");
    let host = workspace.host();
    let sql = "SELECT a.id, t.copy, u.copy FROM asking a JOIN k.items t ON t.number = a.number JOIN k.labels u ON u.label = t.label";
    let (found, _) = ask(&host, sql);
    let (expected, _) = ask(
        &host,
        &sql.replace("k.items", "k.known")
            .replace("k.labels", "k.known"),
    );
    assert_eq!(found, expected);
    assert!(!found.is_empty());
}

#[test]
fn a_look_up_asks_for_as_many_keys_at_once_as_its_limit_says() {
    let sql = "SELECT a.id, t.copy FROM asking a JOIN k.items t ON t.number = a.number";
    for keys_max in [1, 7, 100] {
        let limits = format!("[limits]\nlookup_keys_max = {keys_max}\n");
        let workspace = workspace("").config(&limits);
        let (found, warnings) = ask(&workspace.host(), sql);
        let requests = warnings.iter().filter_map(|warning| {
            let keys = warning.strip_prefix("k: asked ")?;
            Some(keys.split_ascii_whitespace().count())
        });
        assert_eq!(requests.max(), Some(keys_max));
        assert!(asked(&warnings).values().all(|times| *times == 1));
        assert!(!found.is_empty());
    }
}

#[test]
fn a_look_up_is_shown_and_counted() {
    let workspace = workspace("");
    let host = workspace.host();
    let sql =
        "SELECT a.id, t.copy FROM asking a JOIN k.items t ON t.number = a.number WHERE t.copy < 2";
    let plan = ask(&host, &format!("EXPLAIN {sql}")).0.join("\n");
    assert!(
        plan.contains("KeyLookup: k.items, join=Inner, keys=[number = "),
        "{plan}"
    );
    let analyzed = ask(&host, &format!("EXPLAIN ANALYZE {sql}")).0.join("\n");
    for metric in ["keys_asked=", "keys_found=", "lookups=", "guest_time="] {
        assert!(analyzed.contains(metric), "{metric}: {analyzed}");
    }
    // The operator counts what the account of its table does, and nobody what there is none of.
    let count = |operator: &str, name: &str| {
        let line = analyzed.lines().find(|line| line.contains(operator));
        let (_, count) = line
            .and_then(|line| line.split_once(name))
            .expect("it is counted");
        count.split([',', ']']).next().map(str::to_owned)
    };
    assert_eq!(
        count("KeyLookup: ", " calls="),
        count("PluginUsage", "k.items calls="),
        "{analyzed}"
    );
    assert!(!analyzed.contains("bytes_in="), "{analyzed}");
    let (distinct, _) = ask(&host, "SELECT count(DISTINCT number) FROM asking");
    let (_, warnings) = ask(&host, sql);
    assert_eq!([asked(&warnings).len().to_string()], distinct[..]);
}

/// Each key that is asked for may be an act on record, so who wants few rows asks for few.
#[test]
fn a_limit_bounds_what_is_asked() {
    let workspace = workspace("");
    let host = workspace.host();
    let join = "FROM asking a JOIN k.items t ON t.number = a.number";
    for (sql, rows, most) in [
        (format!("SELECT a.id, t.copy {join} LIMIT 1"), 1, 64),
        (format!("SELECT a.id, upper(t.grp) {join} LIMIT 5 OFFSET 5"), 5, 128),
        (format!("SELECT count(*) FROM (SELECT a.id {join} LIMIT 7)"), 1, 128),
        ("SELECT a.id, t.copy FROM asking a LEFT JOIN k.items t ON t.number = a.number LIMIT 3".to_owned(), 3, 64),
        ("SELECT a.id FROM asking a WHERE NOT EXISTS (SELECT 1 FROM k.items t WHERE t.number = a.number) LIMIT 3".to_owned(), 3, 64),
        (format!("SELECT a.id {join} LIMIT 0"), 0, 0),
    ] {
        let (found, warnings) = ask(&host, &sql);
        assert_eq!(found.len(), rows, "{sql}");
        let asked = asked(&warnings).len();
        assert!(asked <= most, "{sql}: {asked} keys");
    }
    let (found, _) = ask(
        &host,
        &format!("SELECT count(*) FROM (SELECT a.id {join} LIMIT 900)"),
    );
    assert_eq!(found, ["900"]);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let workspace = workspace("");
    let host = workspace.host();
    let session = host.session().expect("a session");
    try_query(&host, &session, ASKING).expect("a view");
    for (sql, expected) in [
        (
            "SELECT * FROM k.items",
            "table k.items can only be asked by its key \"number\"",
        ),
        (
            "SELECT * FROM k.items WHERE copy = 1",
            "can only be asked by its key \"number\"",
        ),
        (
            "SELECT * FROM asking a JOIN k.items t ON t.number > a.number",
            "can only be asked by its key \"number\"",
        ),
        (
            "SELECT * FROM asking a JOIN k.items t ON t.number + 1 = a.number",
            "can only be asked by its key \"number\"",
        ),
        (
            "SELECT * FROM asking a JOIN k.pairs t ON t.number = a.number",
            "can only be asked by its key",
        ),
        (
            "SELECT * FROM k.items a JOIN k.items t ON t.number = a.number",
            "can only be asked by its key",
        ),
        (
            "SELECT * FROM k.items t LEFT JOIN asking a ON t.number = a.number",
            "a Left join wants all its rows",
        ),
        (
            "SELECT * FROM asking a FULL JOIN k.items t ON t.number = a.number",
            "a Full join wants all its rows",
        ),
        (
            "SELECT * FROM k.items t WHERE NOT EXISTS (SELECT 1 FROM asking a WHERE t.number = a.number)",
            "join wants all its rows",
        ),
        (
            "SELECT * FROM asking a WHERE a.number NOT IN (SELECT number FROM k.items)",
            "NOT IN wants to know",
        ),
        (
            "SELECT * FROM asking a JOIN (SELECT label, max(number) AS number FROM k.items GROUP BY label) t ON t.number = a.number",
            "can only be asked by its key \"number\"",
        ),
        (
            "SELECT * FROM asking a JOIN (SELECT number, count(*) FROM k.items GROUP BY ROLLUP (number)) t ON t.number = a.number",
            "can only be asked by its key \"number\"",
        ),
        (
            "SELECT * FROM asking a JOIN k.items t ON t.number IS NOT DISTINCT FROM a.number",
            "a key is never null",
        ),
    ] {
        let error = try_query(&host, &session, sql).expect_err(sql);
        assert!(
            error.is_sql() && error.to_string().contains(expected),
            "{sql}: {error}"
        );
        assert!(error.hint().is_some(), "{sql}");
    }
    let error = failure(&host, "SELECT * FROM k.items");
    assert!(error.hint().is_some_and(|hint| hint.contains("WHERE number IN ('...'), or a join ON number = ...")));
    assert_eq!(
        rows(&host, "SELECT count(*) FROM k.items WHERE number = 7"),
        ["3"]
    );
    assert_eq!(
        rows(
            &host,
            "SELECT count(*) FROM k.items WHERE number IN (7, 8, 11)"
        ),
        ["6"]
    );
}

#[test]
fn a_failing_look_up_never_looks_like_no_hit() {
    let workspace = workspace("fails_at = 74");
    let host = workspace.host();
    let session = host.session().expect("a session");
    try_query(&host, &session, ASKING).expect("a view");
    let inner = "SELECT count(*) FROM asking a JOIN k.items t ON t.number = a.number";
    let anti = "SELECT count(*) FROM asking a LEFT JOIN k.items t ON t.number = a.number";
    for sql in [inner, anti] {
        let error = try_query(&host, &session, sql).expect_err("74 is asked for");
        assert!(
            error.is_unavailable() && error.to_string().contains("no answer for 74"),
            "{error}"
        );
    }
    try_query(&host, &session, "SET sextant.on_source_error = 'warn'").expect("it is a setting");
    let warnings = host.block_on(async {
        let mut answer = session.query(inner).await.expect("it is planned");
        while answer.next().await.expect("it goes on").is_some() {}
        answer.scope().warnings().0
    });
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains("rows are missing")),
        "{warnings:?}"
    );
    // Whether the keys are looked up or are constants, and wherever the table stands.
    for sql in [
        anti,
        "SELECT a.id, t.copy FROM asking a LEFT JOIN k.items t ON t.number = a.number WHERE a.number = 74",
        "SELECT a.id, t.copy FROM asking a LEFT JOIN k.items t ON t.number = a.number WHERE a.number IN (74, 37)",
        "SELECT a.id, t.copy FROM asking a LEFT JOIN k.items t ON t.number = a.number AND t.number IN (74, 37)",
        "SELECT a.id FROM asking a WHERE a.number = 74 AND NOT EXISTS (SELECT 1 FROM k.items t WHERE t.number = a.number)",
        "SELECT a.id FROM asking a WHERE a.id < 9 OR EXISTS (SELECT 1 FROM k.items t WHERE t.number = a.number AND t.number = 74)",
        "SELECT number FROM asking WHERE number = 74 EXCEPT SELECT number FROM k.items WHERE number = 74",
        "SELECT a.id, t.n FROM asking a LEFT JOIN (SELECT number, count(*) AS n FROM k.items GROUP BY 1) t ON t.number = a.number WHERE a.number = 74",
        "SELECT a.id, x.copy FROM asking a LEFT JOIN (SELECT t.* FROM asking b JOIN k.items t ON t.number = b.number) x ON x.number = a.number",
        "SELECT (SELECT max(copy) FROM k.items WHERE number = 74) AS most",
    ] {
        let error = try_query(&host, &session, sql).expect_err(sql);
        let hint = error.hint().unwrap_or_default();
        assert!(
            error.to_string().contains("no answer for 74"),
            "{sql}: {error}"
        );
        assert!(hint.contains("is never taken for that"), "{sql}: {hint}");
    }
    for sql in [
        "SELECT count(*) FROM asking a JOIN k.items t ON t.number = a.number WHERE a.number IN (74, 37)",
        "SELECT count(*) FROM asking a WHERE a.number IN (SELECT number FROM k.items WHERE number IN (74, 37))",
    ] {
        assert!(try_query(&host, &session, sql).is_ok(), "{sql}");
    }

    // What came before the failure is there, and it is told how many keys it may have cost.
    let few = "SELECT t.number FROM (VALUES (37), (74), (110)) a (number) JOIN k.items t ON t.number = a.number";
    let (found, warnings) = host.block_on(async {
        let mut answer = session.query(few).await.expect("it is planned");
        let mut batches = Vec::new();
        while let Some(batch) = answer.next().await.expect("it goes on") {
            batches.push(batch);
        }
        (lines(&batches), answer.scope().warnings().0)
    });
    assert!(found.contains(&"37".to_owned()), "{found:?}");
    let is_told = |warning: &String| warning.contains("no answer for 74");
    assert!(warnings.iter().any(is_told), "{warnings:?}");
}

#[test]
fn the_memory_of_a_look_up_is_bounded() {
    let workspace = workspace("").config("[limits]\nquery_memory_bytes_max = 400000\n");
    let host = workspace.host();
    let sql =
        "SELECT sum(t.copy) FROM generate_series(1, 20000) a JOIN k.items t ON t.number = a.value";
    let error = failure(&host, sql);
    assert!(error.is_limit(), "{error}");
    assert_eq!(rows(&host, "SELECT 1"), ["1"]);
}

#[test]
fn a_look_up_can_be_cancelled() {
    let workspace = workspace("");
    let host = workspace.host();
    let session = host.session().expect("a session");
    let sql =
        "SELECT count(*) FROM generate_series(1, 100000000) a JOIN k.items t ON t.number = a.value";
    let cancelled = host.block_on(async {
        let answer = session.query(sql).await.expect("it is planned");
        let scope = Arc::clone(answer.scope());
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        scope.cancel();
        answer.collect().await
    });
    assert!(cancelled.expect_err("it was cancelled").is_cancelled());
}
