//! The source against a server of its own kind, which answers statements by a script. What the scripts say
//! is what PostgreSQL 15 sent; `tests/integration/postgres.rs` of the workspace asks a real one.

mod server;

use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use serde_json::{Value, json};
use server::{Login, Server, copied, failed, result};
use sextant_plugin_sdk::testing::{find, predicate, scan_request};
use sextant_plugin_sdk::{ErrorKind, Operator};
use std::sync::Arc;

/// A relation as the catalog has it.
fn relation(oid: &str, schema: &str, name: &str, kind: &str, rows: &str) -> Vec<Option<String>> {
    let row = [oid, schema, name, kind, rows, "A comment"];
    row.map(|field| (!field.is_empty()).then(|| field.to_owned()))
        .to_vec()
}

/// A column as the catalog has it.
fn column(relation: &str, name: &str, oid: &str, is_not_null: bool) -> Vec<Option<String>> {
    let not_null = if is_not_null { "t" } else { "f" };
    let row = [
        relation, name, not_null, oid, "type", "schema", "-1", "0", "t", "f",
    ];
    row.map(|field| Some(field.to_owned())).to_vec()
}

/// The table of persons: it can be split, has so many blocks, may be read, and is in this file.
const STORED: [&str; 5] = ["t", "4096", "t", "16400", "16404"];

/// Persons, and a view of them.
fn server() -> Server {
    server_of("1082")
}

/// The same, with another type of what they are born at.
fn server_of(born: &str) -> Server {
    let columns = [
        column("16400", "id", "20", true),
        column("16400", "name", "25", false),
        column("16400", "born", born, false),
        column("16401", "Name", "25", false),
        column("16402", "hidden", "25", false),
    ];
    let relations = [
        relation("16400", "public", "persons", "r", "3"),
        relation("16401", "register", "Names", "v", ""),
    ];
    Server::new()
        .answers("server_version_num", result(&[["150018", "UTF8"]]))
        .answers("obj_description", result(&relations))
        .answers("'16400'::pg_catalog.oid AND", result(&columns[..3]))
        .answers("'16401'::pg_catalog.oid AND", result(&columns[3..4]))
        .answers("WITH RECURSIVE domains", result(&columns))
        .answers("nspname = 'gone'", result::<&str, [&str; 1]>(&[]))
}

fn rows() -> [Vec<Option<Vec<u8>>>; 3] {
    let row = |id: i64, name: Option<&str>, born: i32| {
        vec![
            Some(id.to_be_bytes().to_vec()),
            name.map(|name| name.as_bytes().to_vec()),
            Some(born.to_be_bytes().to_vec()),
        ]
    };
    [
        row(1, Some("Ада Квітка"), 0),
        row(2, None, -10_957),
        row(3, Some(""), 366),
    ]
}

fn config(more: Value) -> Value {
    let mut config = json!({ "connection": "db", "secret": "reader", "database": "police" });
    for (key, value) in more.as_object().expect("an object") {
        config[key] = value.clone();
    }
    config
}

fn try_open(server: &Server, more: Value) -> Result<Postgres> {
    let config = serde_json::from_value(config(more))
        .map_err(|error| Error::invalid_config(error.to_string()))?;
    Postgres::open(config, server.host())
}

fn open(server: &Server) -> Postgres {
    try_open(server, json!({})).unwrap()
}

fn request(columns: &[usize]) -> Request {
    Request {
        table: "persons".to_owned(),
        columns: columns.to_vec(),
        predicates: Vec::new(),
        limit: None,
        batch_rows: 2,
        partitions: 1,
    }
}

fn ids(batches: &[RecordBatch]) -> Vec<i64> {
    let columns = batches.iter().map(|batch| batch.column(0));
    columns
        .flat_map(|column| column.as_primitive::<Int64Type>().values().to_vec())
        .collect()
}

#[test]
fn tables_are_what_the_catalog_has() {
    let server = server();
    let source = open(&server);
    let tables = source.tables().unwrap();
    let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["persons", "register_names"]);
    assert_eq!(tables[0].comment, "table public.persons: A comment");
    assert_eq!(tables[1].comment, "view register.Names: A comment");
    assert_eq!((tables[0].rows, tables[1].rows), (Some(3), None));
    let fields = tables[0].columns.fields().iter();
    let fields: Vec<_> = fields
        .map(|field| {
            (
                field.name().as_str(),
                field.data_type(),
                field.is_nullable(),
            )
        })
        .collect();
    assert_eq!(
        fields,
        [
            ("id", &DataType::Int64, false),
            ("name", &DataType::Utf8, true),
            ("born", &DataType::Date32, true)
        ]
    );
    assert!(tables[0].pushdown.iter().all(|taken| taken.exact));
    let first = &server.statements()[0];
    assert!(
        first.starts_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL "),
        "{first}"
    );
    assert!(!first.contains("statement_timeout"), "{first}");
    assert_eq!(server.left(), 1, "it takes leave");
    let columns = tables[1].columns.fields();
    assert_eq!(columns[0].name(), "Name");
    assert_eq!(
        source.table("register_names").unwrap().unwrap().columns,
        tables[1].columns
    );
    assert!(source.table("hidden").unwrap().is_none());
}

#[test]
fn every_split_of_the_stream_reads_the_same() {
    for chunk_bytes in (1..40).chain([100, 1_000, 100_000]) {
        let server = server()
            .answers("COPY", copied(&rows()))
            .chunk_bytes(chunk_bytes);
        let batches = scan_request(&open(&server), &request(&[0, 1, 2])).unwrap();
        assert_eq!(batches.len(), 2);
        assert_eq!(ids(&batches), [1, 2, 3]);
        let names = batches[0].column(1).as_string::<i32>();
        assert_eq!(names.value(0), "Ада Квітка");
        assert!(names.is_null(1));
        assert_eq!(batches[1].column(1).as_string::<i32>().value(0), "");
        let born = batches[0].column(2).as_primitive::<Date32Type>();
        assert_eq!(born.values(), &[10_957, 0]);
    }
}

#[test]
fn what_is_wanted_stands_in_the_statement() {
    let server = server()
        .answers("tree(oid)", result(&[STORED]))
        .answers("COPY", copied(&rows().map(|row| row[..1].to_vec())));
    let source = try_open(&server, json!({ "statement_timeout_ms": 5_000 })).unwrap();
    let table = find(&source, "persons").unwrap();
    let mut wanted = request(&[0]);
    wanted.limit = Some(20_000);
    wanted.partitions = 2;
    assert_eq!(
        ids(&scan_request(&source, &wanted).unwrap()),
        [1, 2, 3, 1, 2, 3]
    );
    let statements = server.statements();
    let copies = statements.iter().filter(|sql| sql.starts_with("COPY"));
    assert_eq!(
        copies.collect::<Vec<_>>(),
        [
            "COPY (SELECT \"id\"::pg_catalog.int8 FROM \"public\".\"persons\" WHERE ctid OPERATOR(pg_catalog.<) '(2048,0)'::pg_catalog.tid LIMIT 20000) TO STDOUT (FORMAT binary)",
            "COPY (SELECT \"id\"::pg_catalog.int8 FROM \"public\".\"persons\" WHERE ctid OPERATOR(pg_catalog.>=) '(2048,0)'::pg_catalog.tid LIMIT 20000) TO STDOUT (FORMAT binary)"
        ]
    );
    assert!(statements[0].contains("; SET LOCAL statement_timeout = 5000; "));
    let names = Arc::new(StringArray::from(vec!["О'Нил"]));
    let name = predicate(&table, "name", Operator::Eq, names).unwrap();
    let ids = Arc::new(Int64Array::from(vec![5]));
    let id = predicate(&table, "id", Operator::Gt, ids).unwrap();
    wanted.predicates = vec![name, id];
    wanted.limit = None;
    let rest = "FROM \"public\".\"persons\" WHERE \"name\"::pg_catalog.text OPERATOR(pg_catalog.=) 'О''Нил'::pg_catalog.text AND \"id\"::pg_catalog.int8 OPERATOR(pg_catalog.>) '5'::pg_catalog.int8";
    // By an index, in one part; and over all of it, in two.
    for (node, parts) in [("Index Scan", 1), ("Seq Scan", 2)] {
        let plan = format!("[{{\"Plan\": {{\"Node Type\": \"{node}\"}}}}]");
        let server = server
            .clone()
            .answers_first("EXPLAIN", result(&[[plan.as_str()]]));
        let source = open(&server);
        assert_eq!(source.partitions(&wanted).unwrap().len(), parts, "{node}");
        let statements = server.statements();
        let asked = statements.last().expect("it was asked");
        assert_eq!(asked, &format!("EXPLAIN (FORMAT JSON) SELECT {rest}"));
    }
    // Few rows, or a configured bound, are one part.
    wanted.limit = Some(10);
    assert_eq!(source.partitions(&wanted).unwrap().len(), 1);
    wanted.limit = None;
    let source = try_open(&server, json!({ "partitions": 1 })).unwrap();
    assert_eq!(source.partitions(&wanted).unwrap().len(), 1);
}

/// Another file is another order of rows, in which ranges of blocks are of others.
#[test]
fn a_table_that_was_rewritten_is_not_read_in_parts() {
    let split = server().answers("tree(oid)", result(&[STORED]));
    let mut wanted = request(&[0]);
    wanted.partitions = 2;
    let parts = open(&split).partitions(&wanted).unwrap();
    assert_eq!(parts.len(), 2);
    let another = ["t", "4096", "t", "16400", "16999"];
    let rewritten = server().answers("tree(oid)", result(&[another]));
    let error = open(&rewritten).scan(&wanted, &parts[0]).err();
    let error = error.expect("it was rewritten");
    assert_eq!(
        error.to_string(),
        "public.persons was rewritten while it was read: ask again"
    );
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }));
}

/// What was split is what is read, whatever goes by its name meanwhile.
#[test]
fn a_part_is_of_a_relation_by_its_number() {
    let server = server().answers("COPY", copied(&rows().map(|row| row[..1].to_vec())));
    let parts = open(&server).partitions(&request(&[0])).unwrap();
    let renamed = [relation("16400", "public", "people", "r", "3")];
    let server = server.answers_first("obj_description", result(&renamed));
    let batches = open(&server).scan(&request(&[0]), &parts[0]).unwrap();
    let batches = batches.collect::<Result<Vec<_>>>().unwrap();
    assert_eq!(ids(&batches), [1, 2, 3]);
    let asked = server.statements();
    let is_alone = |sql: &String| sql.contains("WHERE c.oid = '16400'::pg_catalog.oid AND ");
    assert!(asked.iter().any(is_alone), "{asked:?}");
    let copied = asked.last().expect("it was copied");
    assert!(copied.contains("FROM \"public\".\"people\""), "{copied}");
}

#[test]
fn rows_without_columns_are_counted() {
    let server = server().answers("count(*)", result(&[["5"]]));
    let batches = scan_request(&open(&server), &request(&[])).unwrap();
    let rows: Vec<_> = batches.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows, [2, 2, 1]);
    let statements = server.statements();
    assert_eq!(
        statements.last().expect("it was asked"),
        "SELECT pg_catalog.count(*) FROM (SELECT FROM \"public\".\"persons\") AS counted"
    );
    assert_eq!(server.left(), server.connections());
}

#[test]
fn infinite_days_are_told() {
    let mut infinite = rows();
    infinite[1][2] = Some(i32::MAX.to_be_bytes().to_vec());
    let server = server().answers("COPY", copied(&infinite));
    let error = scan_request(&open(&server), &request(&[0, 1, 2])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(
        error.to_string().starts_with(
            "public.persons, record 2, field \"born\": expected a date that Arrow has, found an infinite one"
        ),
        "{error}"
    );
    let source = try_open(&server, json!({ "infinity": "null" })).unwrap();
    let batches = scan_request(&source, &request(&[0, 1, 2])).unwrap();
    assert!(batches[0].column(2).is_null(1));
    assert_eq!(
        server.warnings(),
        ["public.persons: infinite values are given as nulls (born)"]
    );
}

/// A day of the server ends with 24:00:00, and one of Arrow before.
#[test]
fn the_end_of_a_day_is_told() {
    let mut late = rows();
    for (row, us) in late
        .iter_mut()
        .zip([0, literal::DAY_US - 1, literal::DAY_US])
    {
        row[2] = Some(us.to_be_bytes().to_vec());
    }
    let server = server_of("1083").answers("COPY", copied(&late));
    let error = scan_request(&open(&server), &request(&[0, 1, 2])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(
        error.to_string(),
        "public.persons, record 3, field \"born\": expected a time before 24:00:00, which Arrow does not have, found 86400000000 microseconds (as_text gives the column as text)"
    );
}

/// A stream that stops anywhere is never taken for a shorter one.
#[test]
fn a_connection_that_is_closed_anywhere_is_an_error() {
    let whole = copied(&rows());
    for length in 0..whole.len() {
        let server = server().answers("COPY", whole[..length].to_vec());
        let error = scan_request(&open(&server), &request(&[0, 1, 2])).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Unavailable {
                retry_after_ms: None
            },
            "{error}"
        );
        assert_eq!(
            error.message(),
            "the server closed the connection before its answer was complete"
        );
        assert_eq!(error.place().input.as_deref(), Some("db"));
    }
}

#[test]
fn an_error_among_the_rows_is_one() {
    let message = "terminating connection due to administrator command";
    let mut stream = copied(&rows()[..1]);
    // Instead of the end: a row of -1 fields, the end of the copy, and so on.
    let end = stream
        .windows(7)
        .position(|bytes| bytes == b"d\0\0\0\x06\xff\xff");
    stream.truncate(end.expect("it has an end"));
    stream.extend(failed("57P01", message));
    let server = server().answers("COPY", stream);
    let error = scan_request(&open(&server), &request(&[0, 1, 2])).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("db, record 2: {message} (SQLSTATE 57P01)")
    );
    let server = self::server().answers("COPY", failed("42703", "column \"name\" does not exist"));
    let error = scan_request(&open(&server), &request(&[1])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn only_a_proof_is_given() {
    for (login, expected) in [
        (
            Login::Wish(3, b""),
            "found that it asks for the password itself",
        ),
        (
            Login::Wish(5, b"salt"),
            "found that it asks for an MD5 hash",
        ),
        (
            Login::Wish(7, b""),
            "found that it asks for a proof by GSSAPI",
        ),
        (
            Login::Wish(10, b"SCRAM-SHA-512\0OTHER\0\0"),
            "found that it asks for a proof by SCRAM-SHA-512, OTHER",
        ),
        (Login::ForeignNonce, "expected nonce, salt and iterations"),
        (Login::WrongProof, "expected the far side to prove"),
        (Login::NoProof, "expected step 12 of logging in, found 0"),
    ] {
        let server = server().log_in(login);
        let error = open(&server).tables().unwrap_err();
        assert!(error.message().contains(expected), "{error}");
        assert!(server.statements().is_empty(), "{login:?}");
    }
    // In TLS it is known who asks for nothing.
    let server = server().log_in(Login::Wish(0, b""));
    assert!(open(&server).tables().is_ok());
    let source = try_open(&server, json!({ "tls": "off" })).unwrap();
    let error = source.tables().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(
        error.message().contains("the server asks for no proof"),
        "{error}"
    );
}

#[test]
fn tls_comes_first_unless_it_is_off() {
    let server = server();
    open(&server).tables().unwrap();
    assert_eq!(server.tls_started(), 1);
    let plain = self::server();
    let source = try_open(&plain, json!({ "tls": "off" })).unwrap();
    source.tables().unwrap();
    assert_eq!(plain.tls_started(), 0);
    for (answer, kind) in [
        (b'N', ErrorKind::InvalidConfig),
        (b'E', ErrorKind::InvalidData),
    ] {
        let server = self::server().offers(answer);
        let error = open(&server).tables().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!server.was_told_who(), "nothing is said without TLS");
    }
}

#[test]
fn what_is_no_server_of_postgresql_is_an_error() {
    let long = [b'D', 0xff, 0xff, 0xff, 0xff];
    let short = [b'D', 0, 0, 0, 3];
    let cases: [(&[u8], &str); 7] = [
        (&long, "a message of 4294967295 bytes, and the limit is"),
        (&short, "found one that is 3 bytes long"),
        (b"D\0\0\0\x06\0\x02", "found one that ends too soon"),
        (
            b"D\0\0\0\x0b\0\x01\0\0\0\x01\xff",
            "expected a name in UTF-8",
        ),
        (
            b"D\0\0\0\x0a\0\x01\xff\xff\xff\xff",
            "expected a row of 2 fields, found 1",
        ),
        (b"Z\0\0\0\x05I", "expected PostgreSQL 10 or later"),
        (b"H\0\0\0\x04", "found a message of type 'H'"),
    ];
    for (bytes, expected) in cases {
        let server = server().answers_first("server_version_num", bytes.to_vec());
        let error = open(&server).tables().unwrap_err();
        assert!(error.message().contains(expected), "{error}");
    }
}

#[test]
fn configurations_are_checked() {
    let server = server();
    for (more, expected) in [
        (
            json!({ "database": "" }),
            "field \"database\": expected the name",
        ),
        (
            json!({ "schemas": [] }),
            "field \"schemas\": expected at least one",
        ),
        (
            json!({ "partitions": 0 }),
            "field \"partitions\": expected at least 1",
        ),
        (
            json!({ "names": { "public.a": "A" } }),
            "field \"names\": expected a lower-case letter",
        ),
        (
            json!({ "names": { "public.a": "a", "public.b": "a" } }),
            "field \"names\": expected each name once",
        ),
        (
            json!({ "statement_timeout_ms": 4_000_000_000_u32 }),
            "field \"statement_timeout_ms\": expected at most",
        ),
        (
            json!({ "database": "a\0b" }),
            "field \"database\": expected the name",
        ),
        (json!({ "tls": "optional" }), "unknown variant `optional`"),
    ] {
        let error = try_open(&server, more).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn what_a_configuration_names_has_to_be_there() {
    let server = server();
    let source = try_open(&server, json!({ "schemas": ["public", "gone"] })).unwrap();
    let error = source.tables().unwrap_err();
    assert_eq!(
        error.to_string(),
        "field \"schemas\": expected a schema of the database, found \"gone\""
    );
    let names = json!({
        "names": { "register.Names": "people", "public.gone": "gone" },
        "as_text": ["public.persons.born", "public.persons.gone"]
    });
    let source = try_open(&server, names).unwrap();
    let tables = source.tables().unwrap();
    assert_eq!(tables[1].name, "people");
    assert_eq!(tables[0].columns.field(2).data_type(), &DataType::Utf8);
    assert_eq!(
        server.warnings(),
        [
            "names: there is no \"public.gone\"",
            "as_text: there is no \"public.persons.gone\""
        ]
    );
}

#[test]
fn a_column_that_cannot_be_named_breaks_its_table_alone() {
    let columns = [
        column("16400", "a\nb", "20", true),
        column("16401", "Name", "25", false),
    ];
    let server = server().answers_first("WITH RECURSIVE domains", result(&columns));
    let tables = open(&server).tables().unwrap();
    let problem = tables[0].problem.as_ref().expect("it is broken");
    assert!(problem.message().contains("found \"a\\nb\""), "{problem}");
    assert!(tables[1].problem.is_none());
}
