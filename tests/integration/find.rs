//! Look-ups through the plugin `find`, against the local gateway: single keys, lists and joins, what is
//! asked for and what is not, and gateways that fail.

use sextant::Host;
use sextant_tests::far::{Asked, FarSide};
use sextant_tests::gateway::Gateway;
use sextant_tests::{TestWorkspace, failure, lines, root, rows, sextant_command, try_query};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Records of nobody, whatever the seed is.
const PLANTED: &str = r#"{"kind":"travel_document","key":"PL 000001","record":{"EID":"2031/1","status":"stolen","TYP":"passport","CNT":"UKR","owner_country":"MDA","stolen_place":"Бельці","stolen_on":"20300229","confirmation":"confirmed"}}
{"kind":"travel_document","key":"PL000001","record":{"EID":"2031/2","status":"lost","TYP":"visa","CNT":"POL","owner_country":"FRA"}}
{"kind":"person","key":"Вигадана Олена","record":{"EID":"2031/3","DOB":"19800000","notice":"red"}}
{"kind":"vehicle","key":"plvin0001","record":{"EID":"2031/4","model_year":2009,"tow_bar":true}}
"#;

fn workspace(gateway: &Gateway, keys: &str, config: &str) -> TestWorkspace {
    TestWorkspace::new()
        .plugin("find")
        .config(&gateway.source(keys, config))
}

/// A gateway that has what is planted and, of a thousand other keys, so many.
fn gateway(records: &str, further: &[&str]) -> Gateway {
    let planted = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(planted.path(), PLANTED).expect("it can be written");
    let path = planted.path().display().to_string();
    let arguments = ["--planted", &path, "--records", records];
    Gateway::start(&[arguments.as_slice(), further].concat())
}

#[test]
fn keys_are_asked_for_and_nothing_else() {
    let gateway = gateway("0", &[]);
    let workspace = workspace(&gateway, "", "");
    let host = workspace.host();
    assert_eq!(
        rows(
            &host,
            "SELECT number, number_on_file, entity_id, owner_country, source_database, status, confirmation
             FROM find.travel_documents WHERE number IN ('PL 000001', 'none') ORDER BY entity_id"
        ),
        [
            "PL 000001\tPL000001\t2031/1\tMDA\tSLTD\tstolen\tconfirmed",
            "PL 000001\tPL000001\t2031/2\tFRA\tSLTD\tlost\tunconfirmed",
        ]
    );
    assert_eq!(gateway.count("keys_distinct"), 2);
    assert_eq!(gateway.count("full_distinct"), 0);
    // A full record is asked for where a column or a predicate is about it, and spared where another
    // predicate leaves its candidate out.
    let sql = "SELECT entity_id, stolen_on, stolen_on_raw, stolen_place FROM find.travel_documents
               WHERE number = 'PL 000001' AND status = 'stolen'";
    assert_eq!(rows(&host, sql), ["2031/1\tNULL\t20300229\tБельці"]);
    assert_eq!(gateway.count("full_distinct"), 1);
    assert_eq!(
        rows(
            &host,
            "SELECT name, birth_date, birth_year FROM find.persons WHERE name = 'ВИГАДАНА, олена' AND notice = 'red'"
        ),
        ["ВИГАДАНА, олена\tNULL\t1980"]
    );
    assert_eq!(
        rows(
            &host,
            "SELECT model_year, full_record LIKE '%\"tow_bar\":true%' FROM find.vehicles WHERE vin = 'PLVIN-0001'"
        ),
        ["2009\ttrue"]
    );
    // What narrows a look-up goes along, and means the same here as there.
    for (filter, expected) in [
        ("issuing_country = 'POL'", "2031/2"),
        ("document_type = 'passport'", "2031/1"),
        ("document_type IN ('passport', 'card')", "2031/1"),
    ] {
        let sql = format!(
            "SELECT entity_id FROM find.travel_documents WHERE number = 'PL000001' AND {filter}"
        );
        assert_eq!(rows(&host, &sql), [expected], "{filter}");
    }
}

#[test]
fn a_table_is_never_read_as_a_whole() {
    let gateway = gateway("1000", &[]);
    let workspace = workspace(&gateway, "", "");
    let host = workspace.host();
    for (table, key) in [
        ("persons", "name"),
        ("persons_by_id", "entity_id"),
        ("vehicles", "vin"),
        ("vehicles_by_engine", "engine_number"),
        ("vehicles_by_id", "entity_id"),
        ("travel_documents", "number"),
        ("travel_documents_by_id", "entity_id"),
        ("firearms", "serial"),
        ("firearms_by_id", "entity_id"),
    ] {
        let error = failure(&host, &format!("SELECT count(*) FROM find.{table}"));
        let expected = format!("table find.{table} can only be asked by its key {key:?}");
        assert!(error.to_string().contains(&expected), "{error}");
        let sql = format!("SELECT * FROM find.{table} WHERE {key} LIKE 'A%'");
        assert!(failure(&host, &sql).is_sql());
    }
    assert_eq!(gateway.count("requests"), 0);
}

const CROSSINGS: &str = "CREATE VIEW crossings AS SELECT value AS id,
    CASE WHEN value % 7 = 0 THEN NULL WHEN value % 1500 = 1 THEN 'PL 000001' ELSE concat('D', value * 37 % 2000, 'X') END AS document
    FROM generate_series(1, 6000)";

fn ask(host: &Host, sql: &str) -> Vec<String> {
    let session = host.session().expect("a session");
    try_query(host, &session, CROSSINGS).expect("a view");
    let batches = try_query(host, &session, sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mut found = lines(&batches);
    found.sort();
    found
}

#[test]
fn a_join_asks_for_each_key_once() {
    let gateway = gateway("100", &[]);
    let workspace = workspace(&gateway, "", "");
    let host = workspace.host();
    let crossings = ask(
        &host,
        "SELECT id, document FROM crossings WHERE document IS NOT NULL",
    );
    let documents: BTreeSet<_> = crossings
        .iter()
        .filter_map(|row| row.split('\t').nth(1))
        .collect();
    let join = "SELECT c.id, t.number, t.entity_id, t.stolen_place
                FROM crossings c JOIN find.travel_documents t ON t.number = c.document";
    let joined = ask(&host, join);
    assert_eq!(gateway.count("keys_distinct"), documents.len() as u64);
    assert_eq!(gateway.count("keys_repeated"), 0);
    assert_eq!(gateway.count("full_repeated"), 0);
    // The same by lists of constants, put together here.
    let listed: Vec<_> = documents
        .iter()
        .map(|number| format!("'{number}'"))
        .collect();
    let listed = ask(
        &host,
        &format!(
            "SELECT number, entity_id, stolen_place FROM find.travel_documents WHERE number IN ({})",
            listed.join(", ")
        ),
    );
    let mut by_number: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in &listed {
        let (number, rest) = row.split_once('\t').expect("there are columns");
        by_number.entry(number).or_default().push(rest);
    }
    let mut expected = Vec::new();
    for crossing in &crossings {
        let number = crossing.split('\t').nth(1).expect("it has a document");
        for rest in by_number.get(number).into_iter().flatten() {
            expected.push(format!("{crossing}\t{rest}"));
        }
    }
    expected.sort();
    assert!(joined.len() > 300, "{}", joined.len());
    assert_eq!(joined, expected);

    let count = |sql: &str| -> usize { ask(&host, sql)[0].parse().expect("it is a number") };
    let semi = count(
        "SELECT count(*) FROM crossings c LEFT SEMI JOIN find.travel_documents t ON t.number = c.document",
    );
    let anti = count(
        "SELECT count(*) FROM crossings c LEFT ANTI JOIN find.travel_documents t ON t.number = c.document",
    );
    let left = count(
        "SELECT count(*) FROM crossings c LEFT JOIN find.travel_documents t ON t.number = c.document",
    );
    assert_eq!((semi + anti, left), (6_000, joined.len() + anti));
    let found: BTreeSet<_> = joined
        .iter()
        .filter_map(|row| row.split('\t').next())
        .collect();
    assert_eq!(semi, found.len());
    let plan = ask(&host, &format!("EXPLAIN {join}")).join("\n");
    assert!(
        plan.contains("KeyLookup: find.travel_documents, join=Inner"),
        "{plan}"
    );
}

/// What a gateway answers, looked at on its way.
fn pass_on(gateway: &str, asked: &Asked) -> std::io::Result<Vec<u8>> {
    let address = gateway.trim_start_matches("http://").trim_end_matches('/');
    let (line, body) = (&asked.line, &asked.body);
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    write!(
        stream,
        "{line} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

#[test]
fn so_many_look_ups_are_under_way_at_the_same_time() {
    let gateway = gateway("500", &[]);
    let (under_way, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let (seen, behind) = (Arc::clone(&most), gateway.url().to_owned());
    let far = FarSide::new(move |asked, _| {
        let now = 1 + under_way.fetch_add(1, Ordering::SeqCst);
        seen.fetch_max(now, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(100));
        let answer = pass_on(&behind, asked).expect("the gateway answers");
        under_way.fetch_sub(1, Ordering::SeqCst);
        answer
    });
    let source = gateway
        .source("requests = { concurrency = 16 }", "")
        .replace(gateway.url(), &far.url("/"));
    let sql = "SELECT count(*) FROM (SELECT DISTINCT concat('K', value % 40) AS key FROM generate_series(1, 4000)) k
               JOIN find.vehicles v ON v.vin = k.key";
    for at_once in [1, 3] {
        most.store(0, Ordering::SeqCst);
        let limits = format!("[limits]\nlookup_keys_max = 5\nlookups_max = {at_once}\n");
        let workspace = TestWorkspace::new().plugin("find");
        let host = workspace.config(&source).config(&limits).host();
        let session = host.session().expect("a session");
        // Each partition has so many.
        let single = "SET datafusion.execution.target_partitions = 1";
        try_query(&host, &session, single).expect("it is a setting");
        let found = lines(&try_query(&host, &session, sql).expect("it is answered"));
        assert!(found[0].parse::<u32>().is_ok_and(|hits| hits > 5));
        assert_eq!(most.load(Ordering::SeqCst), at_once);
    }
}

#[test]
fn what_is_found_can_be_asked_for_by_its_id() {
    let gateway = gateway("500", &[]);
    let workspace = workspace(&gateway, "", "keys_per_request = 7");
    let host = workspace.host();
    let keys: Vec<_> = (0..40).map(|key| format!("'K{key}'")).collect();
    for (table, key) in [
        ("vehicles", "vin"),
        ("vehicles_by_engine", "engine_number"),
        ("firearms", "serial"),
        ("persons", "name"),
    ] {
        let by_id = format!("{}_by_id", table.trim_end_matches("_by_engine"));
        let keys = keys.join(", ");
        let candidates =
            format!("SELECT entity_id, full_record FROM find.{table} WHERE {key} IN ({keys})");
        let direct = format!(
            "SELECT f.entity_id, f.full_record FROM (SELECT entity_id FROM find.{table} WHERE {key} IN ({keys})) c
             JOIN find.{by_id} f USING (entity_id)"
        );
        let found = ask(&host, &candidates);
        assert!(found.len() > 5, "{table}");
        assert_eq!(ask(&host, &direct), found, "{table}");
    }
}

/// Each of these ends one query with what went wrong and where, and nothing else.
#[test]
fn gateways_that_fail() {
    let sql = "SELECT entity_id FROM find.travel_documents WHERE number = 'PL 000001'";
    let answers = root().join("plugins/find/examples/answers.ndjson");
    let saved = format!(
        "[source.saved]\nplugin = \"find\"\ninputs = {{ answers = {:?} }}\nconfig = {{ saved = \"answers\" }}\n",
        answers.display().to_string()
    );
    let others = "SELECT count(*) FROM saved.firearms_by_id WHERE entity_id IN ('2020/70000', '2021/70001', '2019/1')";
    for (fail, expected) in [
        (
            "502=1",
            "query: expected a successful answer, found the HTTP status 502",
        ),
        ("404=1", "found the HTTP status 404"),
        (
            "garbage=1",
            "query, byte 0: these are no answers of a gateway",
        ),
        (
            "missing=1",
            "expected an answer to each of 1 messages, found none to 1 of them, first that for \"PL 000001\"",
        ),
        (
            "foreign=1",
            "expected answers to the messages 1 to 1, found one to 2",
        ),
        (
            "refused=1",
            "field \"number\": no answer for \"PL 000001\": rejected",
        ),
    ] {
        let gateway = gateway("0", &["--fail", fail]);
        let workspace = workspace(&gateway, "", "").config(&saved);
        let host = workspace.host();
        let error = failure(&host, sql).to_string();
        assert!(
            error.starts_with("source \"find\": plugin \"find\": "),
            "{error}"
        );
        assert!(error.contains(expected), "{fail}: {error}");
        assert_eq!(rows(&host, others), ["2"], "{fail}");
    }
}

#[test]
fn a_passing_failure_is_tried_again_where_that_is_granted() {
    let gateway = gateway("0", &["--fail", "502=2"]);
    let again = "requests = { retry_post = true, retries = 50, backoff_ms = 1 }";
    let workspace = workspace(&gateway, again, "keys_per_request = 1");
    let host = workspace.host();
    let sql = "SELECT count(*) FROM find.travel_documents WHERE number IN ('PL 000001', 'PL000001', 'A', 'B')";
    assert_eq!(rows(&host, sql), ["4"]);
    assert!(gateway.count("failed_requests") > 0);
    assert_eq!(
        gateway.count("keys_repeated"),
        0,
        "what failed was not looked up"
    );
}

#[test]
fn slow_gateways_and_none() {
    let sql = "SELECT entity_id FROM find.travel_documents WHERE number = 'PL 000001'";
    let slow = gateway("0", &["--latency-ms", "3000"]);
    let workspace = workspace(&slow, "", "timeout_ms = 200");
    let error = failure(&workspace.host(), sql);
    assert!(error.is_unavailable(), "{error}");
    assert!(
        error
            .to_string()
            .contains("there was no whole answer in time"),
        "{error}"
    );
    let gone = {
        let gateway = gateway("0", &[]);
        self::workspace(&gateway, "requests = { retries = 0 }", "")
    };
    let error = failure(&gone.host(), sql);
    assert!(
        error.is_unavailable() && error.to_string().contains("cannot connect"),
        "{error}"
    );
    let gateway = gateway_without_grant();
    let error = failure(&gateway.host(), sql);
    assert!(
        error.is_denied() && error.to_string().contains("is not granted"),
        "{error}"
    );
}

fn gateway_without_grant() -> TestWorkspace {
    TestWorkspace::new().plugin("find").config(
        "[source.find]\nplugin = \"find\"\n[source.find.config]\nbase = \"http://127.0.0.1:9/\"\n",
    )
}

#[test]
fn refused_keys_can_be_left_out_and_are_told() {
    let gateway = gateway("1000", &["--fail", "refused=3"]);
    let workspace = workspace(&gateway, "", "on_error = \"skip\"");
    let host = workspace.host();
    let session = host.session().expect("a session");
    let keys: Vec<_> = (0..60).map(|key| format!("'K{key}'")).collect();
    let sql = format!(
        "SELECT DISTINCT serial FROM find.firearms WHERE serial IN ({})",
        keys.join(", ")
    );
    let (found, skipped) = host.block_on(async {
        let mut answer = session.query(&sql).await.expect("it is planned");
        let mut found = 0;
        while let Some(batch) = answer.next().await.expect("it goes on") {
            found += batch.num_rows() as u64;
        }
        (found, answer.scope().skipped())
    });
    assert!(found > 0 && found < 60, "{found}");
    let counts: u64 = skipped.iter().map(|skipped| skipped.count).sum();
    assert_eq!(found + counts, 60, "{skipped:?}");
    assert!(
        skipped[0].first.contains("no answer for \"K"),
        "{skipped:?}"
    );
}

/// Without a network: what a gateway said is asked instead.
#[test]
fn a_recording_serves_without_a_network() {
    let answers = root().join("plugins/find/examples/answers.ndjson");
    let workspace = TestWorkspace::new().plugin("find").config(&format!(
        "[source.find]\nplugin = \"find\"\ninputs = {{ answers = {:?} }}\nconfig = {{ saved = \"answers\" }}\n",
        answers.display().to_string()
    ));
    let host = workspace.host();
    let counted = rows(
        &host,
        "SELECT count(*), count(stolen_on_raw) FROM find.firearms_by_id
         WHERE entity_id IN ('2020/70000', '2021/70001', '2019/1')",
    );
    assert!(counted[0].starts_with("2\t"), "{counted:?}");
    let error = failure(
        &host,
        "SELECT * FROM find.firearms WHERE serial = 'never asked'",
    );
    assert!(
        error.is_not_found() && error.to_string().contains("not_recorded"),
        "{error}"
    );
}

#[test]
fn the_gateway_serves_this_machine_alone() {
    let start = |arguments: &[&str]| {
        let mut command = Command::new(sextant_command());
        command.arg("demo-gateway").args(arguments);
        let output = command.output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), text)
    };
    let (code, text) = start(&["--address", "0.0.0.0:0"]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("0.0.0.0:0 can be reached from elsewhere"),
        "{text}"
    );
    for wrong in [
        ["--fail", "fire=1"],
        ["--fail", "502=0"],
        ["--records", "1001"],
    ] {
        assert_eq!(start(&wrong).0, Some(2), "{wrong:?}");
    }
}
