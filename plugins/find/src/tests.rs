//! The source as the host sees it, against a gateway that answers from a small made-up register, and
//! against answers that no gateway should give. The message keys and fields are those of the public
//! specification of Nlets (INTERPOL transactions IPQ/IPR to FGQ/FGR).

use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, Date32Array, Int32Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};
use sextant_plugin_sdk::host::{Capabilities, ReadChunk};
use sextant_plugin_sdk::testing::{self, TestHost};
use sextant_plugin_sdk::{Entry, ErrorKind, HttpRequest, HttpResponse, InputReader, Operator};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

type Answering = Rc<dyn Fn(&Value) -> (u16, String)>;

/// A host whose requests one gateway answers; else it is a [`TestHost`].
#[derive(Clone)]
struct FakeGateway {
    test: TestHost,
    asked: Rc<RefCell<Vec<Value>>>,
    answering: Answering,
    chunk_bytes: usize,
}

impl FakeGateway {
    /// A gateway that makes a response of a request's body.
    fn new(answering: impl Fn(&Value) -> (u16, String) + 'static) -> Self {
        Self {
            test: TestHost::new(),
            asked: Rc::default(),
            answering: Rc::new(answering),
            chunk_bytes: usize::MAX,
        }
    }

    /// A gateway that has an answer to each message.
    fn answering(answer: impl Fn(&Value) -> Value + 'static) -> Self {
        Self::new(move |asked| (200, answers(asked, &answer).to_string()))
    }

    fn source(&self, config: Value) -> Find {
        let mut config = config;
        config["base"] = "https://gateway.example/find/".into();
        let config = serde_json::from_value(config).unwrap();
        Find::open(config, Host::new(self.clone())).unwrap()
    }

    /// The messages of every request so far.
    fn asked(&self) -> Vec<Vec<Value>> {
        let asked = self.asked.borrow();
        let messages = asked.iter().map(|body| body["messages"].as_array());
        messages.map(|messages| messages.unwrap().clone()).collect()
    }

    /// What was asked for of one field, in order.
    fn keys(&self, field: &str) -> Vec<String> {
        let messages = self.asked().into_iter().flatten();
        let values = messages.map(|message| message[field].as_str().map(str::to_owned));
        values.flatten().collect()
    }
}

struct Bytes {
    bytes: Vec<u8>,
    at: usize,
    chunk_bytes: usize,
}

impl ReadChunk for Bytes {
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>> {
        let count = (self.bytes.len() - self.at)
            .min(max as usize)
            .min(self.chunk_bytes);
        let chunk = self.bytes[self.at..self.at + count].to_vec();
        self.at += count;
        Ok(chunk)
    }
}

impl Capabilities for FakeGateway {
    fn entries(&self, input: &str) -> Result<Vec<Entry>> {
        Capabilities::entries(&self.test, input)
    }

    fn open(&self, entry: &Entry, start: u64, length: Option<u64>) -> Result<Box<dyn ReadChunk>> {
        Capabilities::open(&self.test, entry, start, length)
    }

    fn skipped(&self, count: u64, first: &Error) {
        Capabilities::skipped(&self.test, count, first);
    }

    fn warning(&self, message: &str) {
        Capabilities::warning(&self.test, message);
    }

    fn http(&self, request: &HttpRequest) -> Result<HttpResponse> {
        assert_eq!(request.method, "POST");
        assert_eq!(request.url, "https://gateway.example/find/query");
        let json = ("content-type".to_owned(), "application/json".to_owned());
        assert!(request.headers.contains(&json));
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        let (status, body) = (self.answering)(&asked);
        self.asked.borrow_mut().push(asked);
        let body = Bytes {
            bytes: body.into_bytes(),
            at: 0,
            chunk_bytes: self.chunk_bytes,
        };
        Ok(HttpResponse {
            status,
            headers: Vec::new(),
            body: InputReader::new(request.url.clone(), body),
        })
    }
}

/// The frame around an answer to each message: `{"records": [..]}` and whatever else it says.
fn answers(asked: &Value, answer: &dyn Fn(&Value) -> Value) -> Value {
    let answer = |message: &Value| {
        let kind = message["MKE"].as_str().unwrap();
        let mut frame = json!({
            "id": message["id"],
            "MKE": format!("{}R", kind.strip_suffix('Q').unwrap()),
            "message_id": format!("{kind}-{}", message["id"]),
            "answered_at": "2031-02-03T04:05:06Z",
        });
        for (name, value) in answer(message).as_object().unwrap() {
            frame[name] = value.clone();
        }
        frame
    };
    let messages = asked["messages"].as_array().unwrap().iter();
    json!({ "answers": messages.map(answer).collect::<Vec<_>>() })
}

/// A record of somebody or something that does not exist.
fn record(entity: &str, fields: Value) -> Value {
    let mut record = json!({
        "EID": entity, "owner_country": "UKR", "owner_ncb": "Kyiv", "database": "SLTD",
    });
    for (name, value) in fields.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

/// Two documents under one number, one under another, and their full records.
fn register(message: &Value) -> Value {
    let first = json!({ "DID": "AB123456", "TYP": "passport", "CNT": "UKR", "status": "stolen" });
    let second = json!({ "DID": "AB123456", "TYP": "identity card", "CNT": "MDA", "status": null, "batch": [1, 2] });
    let third = json!({ "DID": "XY9", "TYP": "passport", "CNT": "UKR", "status": "lost", "confirmation": "requested" });
    let full = json!({ "DID": "AB123456", "status": "recovered", "stolen_on": "20290230", "stolen_place": "Львів", "issued_on": "20280229", "case_reference": 77 });
    let records = match (
        message["MKE"].as_str(),
        message["DID"].as_str(),
        message["EID"].as_str(),
    ) {
        (Some("ITQ"), Some("AB 123456" | "AB123456"), None) => {
            vec![record("2031/1", first), record("2031/2", second)]
        }
        (Some("ITQ"), Some("XY9"), None) => vec![record("2031/3", third)],
        (Some("ITQ"), Some(_), None) => vec![],
        (Some("FTQ"), None, Some("2031/1")) => vec![record("2031/1", full)],
        (Some("FTQ"), None, Some(entity)) => vec![record(entity, json!({}))],
        other => panic!("no message of this table: {other:?}"),
    };
    json!({ "records": records })
}

/// The rows of batches, a cell as text and `-` for null.
fn rows(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let rows = batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
    let cells = |(batch, row): (&RecordBatch, usize)| {
        let columns = batch.columns().iter();
        columns.map(|column| cell(column, row)).collect()
    };
    rows.map(cells).collect()
}

fn cell(column: &ArrayRef, row: usize) -> String {
    match column.data_type() {
        _ if column.is_null(row) => "-".to_owned(),
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Date32 => {
            let days = column.as_primitive::<Date32Type>().value(row);
            NaiveDate::from_epoch_days(days).unwrap().to_string()
        }
        DataType::Timestamp(..) => {
            let instant = column.as_primitive::<TimestampMicrosecondType>().value(row);
            DateTime::from_timestamp_micros(instant)
                .unwrap()
                .to_rfc3339()
        }
        other => panic!("no column has the type {other}"),
    }
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn days(text: &str) -> ArrayRef {
    let day: NaiveDate = text.parse().unwrap();
    Arc::new(Date32Array::from(vec![day.to_epoch_days()]))
}

/// A request for whole columns; all of them where none are named.
fn request(
    source: &Find,
    table: &str,
    columns: &[&str],
    predicates: &[(&str, Operator, ArrayRef)],
) -> Request {
    let table = testing::find(source, table).unwrap();
    let all = 0..table.columns.fields().len();
    let columns = match columns {
        [] => all.collect(),
        names => {
            let positions = names.iter().map(|name| table.columns.index_of(name));
            positions.collect::<Result<_, _>>().unwrap()
        }
    };
    let predicates = predicates.iter().map(|(column, operator, values)| {
        testing::predicate(&table, column, *operator, Arc::clone(values)).unwrap()
    });
    Request {
        predicates: predicates.collect(),
        table: table.name.clone(),
        columns,
        limit: None,
        batch_rows: 8_192,
        partitions: 2,
    }
}

fn ask(
    source: &Find,
    table: &str,
    columns: &[&str],
    predicates: &[(&str, Operator, ArrayRef)],
) -> Result<Vec<Vec<String>>> {
    let request = request(source, table, columns, predicates);
    testing::scan_request(source, &request).map(|batches| rows(&batches))
}

/// Asks for documents by their numbers.
fn documents(source: &Find, numbers: &[&str], columns: &[&str]) -> Result<Vec<Vec<String>>> {
    let keys = [("number", Operator::InList, texts(numbers))];
    ask(source, "travel_documents", columns, &keys)
}

fn failure(result: Result<Vec<Vec<String>>>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn candidates_are_rows_with_the_key_that_was_asked() {
    let gateway = FakeGateway::answering(register);
    let source = gateway.source(json!({}));
    let columns = [
        "number",
        "number_on_file",
        "entity_id",
        "owner_country",
        "owner_ncb",
        "source_database",
        "confirmation",
        "message_id",
        "answered_at",
        "document_type",
        "status",
        "other",
    ];
    let found = documents(&source, &["AB 123456", "none", "XY9"], &columns).unwrap();
    let at = "2031-02-03T04:05:06+00:00";
    assert_eq!(
        found,
        [
            [
                "AB 123456",
                "AB123456",
                "2031/1",
                "UKR",
                "Kyiv",
                "SLTD",
                "unconfirmed",
                "ITQ-1",
                at,
                "passport",
                "stolen",
                "-"
            ],
            [
                "AB 123456",
                "AB123456",
                "2031/2",
                "UKR",
                "Kyiv",
                "SLTD",
                "unconfirmed",
                "ITQ-1",
                at,
                "identity card",
                "-",
                r#"{"batch":[1,2]}"#
            ],
            [
                "XY9",
                "XY9",
                "2031/3",
                "UKR",
                "Kyiv",
                "SLTD",
                "requested",
                "ITQ-3",
                at,
                "passport",
                "lost",
                "-"
            ],
        ]
    );
    // One request, and no second step.
    let expected = json!([
        { "id": 1, "MKE": "ITQ", "DID": "AB 123456" },
        { "id": 2, "MKE": "ITQ", "DID": "none" },
        { "id": 3, "MKE": "ITQ", "DID": "XY9" },
    ]);
    assert_eq!(json!(gateway.asked()), json!([expected]));
}

#[test]
fn full_records_are_asked_for_where_their_columns_are() {
    let gateway = FakeGateway::answering(register);
    let source = gateway.source(json!({}));
    let columns = [
        "entity_id",
        "status",
        "stolen_on",
        "stolen_on_raw",
        "stolen_place",
        "issued_on",
        "case_reference",
        "full_message_id",
        "full_record",
    ];
    // Both spellings have the same two candidates, whose full records are asked for once.
    let found = documents(&source, &["AB 123456", "AB123456"], &columns).unwrap();
    let whole = r#"{"EID":"2031/1","owner_country":"UKR","owner_ncb":"Kyiv","database":"SLTD","DID":"AB123456","status":"recovered","stolen_on":"20290230","stolen_place":"Львів","issued_on":"20280229","case_reference":77}"#;
    let empty = r#"{"EID":"2031/2","owner_country":"UKR","owner_ncb":"Kyiv","database":"SLTD"}"#;
    // Whether `json!` keeps the order of fields depends on what else is built.
    let fields = |text: &str| serde_json::from_str::<BTreeMap<String, Value>>(text).unwrap();
    let expected = [
        [
            "2031/1",
            "stolen",
            "-",
            "20290230",
            "Львів",
            "2028-02-29",
            "77",
            "FTQ-1",
        ],
        ["2031/2", "-", "-", "-", "-", "-", "-", "FTQ-2"],
    ];
    assert_eq!(found.len(), 4);
    for (place, row) in found.iter().enumerate() {
        assert_eq!(
            row[..8],
            expected[place % 2],
            "the status is the candidate's"
        );
        assert_eq!(fields(&row[8]), fields([whole, empty][place % 2]));
    }
    assert_eq!(gateway.keys("EID"), ["2031/1", "2031/2"]);
    assert_eq!(gateway.asked().len(), 2);
}

/// Every field of a candidate has a column or is in `other`, and all columns give the same rows as some.
#[test]
fn nothing_of_a_record_is_lost() {
    let gateway = FakeGateway::answering(register);
    let source = gateway.source(json!({}));
    let all = documents(&source, &["AB 123456", "XY9"], &[]).unwrap();
    let table = testing::find(&source, "travel_documents").unwrap();
    for (position, field) in table.columns.fields().iter().enumerate() {
        let alone = documents(&source, &["AB 123456", "XY9"], &[field.name().as_str()]).unwrap();
        let column: Vec<_> = all.iter().map(|row| vec![row[position].clone()]).collect();
        assert_eq!(alone, column, "{}", field.name());
    }
    let none = request(
        &source,
        "travel_documents",
        &["number"],
        &[("number", Operator::Eq, texts(&["XY9"]))],
    );
    let none = Request {
        columns: Vec::new(),
        ..none
    };
    let batches = testing::scan_request(&source, &none).unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
}

#[test]
fn predicates_spare_full_records() {
    let gateway = FakeGateway::answering(register);
    let source = gateway.source(json!({}));
    let both = texts(&["AB 123456", "XY9"]);
    let asked = |predicate: (&str, Operator, ArrayRef)| {
        let before = gateway.keys("EID").len();
        let key = ("number", Operator::InList, Arc::clone(&both));
        let found = ask(
            &source,
            "travel_documents",
            &["entity_id", "stolen_on_raw"],
            &[key, predicate],
        );
        let entities: Vec<_> = found
            .unwrap()
            .into_iter()
            .map(|row| row[0].clone())
            .collect();
        (entities, gateway.keys("EID").split_off(before))
    };
    let one = |entity: &str| (vec![entity.to_owned()], vec![entity.to_owned()]);
    assert_eq!(
        asked(("status", Operator::Like, texts(&["st%"]))),
        one("2031/1")
    );
    assert_eq!(
        asked(("status", Operator::IsNull, texts(&[]))),
        one("2031/2")
    );
    assert_eq!(
        asked(("confirmation", Operator::NotEq, texts(&["unconfirmed"]))),
        one("2031/3")
    );
    // What only a full record has can only be seen in it.
    let (entities, full) = asked(("stolen_on_raw", Operator::Gt, texts(&["2029"])));
    assert_eq!(
        (entities.as_slice(), full.len()),
        (["2031/1".to_owned()].as_slice(), 3)
    );
    // The second step is taken for a predicate alone, too.
    let predicates = [
        ("number", Operator::InList, both),
        ("case_reference", Operator::Eq, texts(&["77"])),
    ];
    assert_eq!(
        ask(&source, "travel_documents", &["entity_id"], &predicates).unwrap(),
        [["2031/1"]]
    );
}

#[test]
fn single_values_go_along_with_the_key() {
    let gateway = FakeGateway::answering(|_| json!({ "records": [] }));
    let source = gateway.source(json!({}));
    let last = |table: &str, predicates: &[(&str, Operator, ArrayRef)]| {
        assert!(ask(&source, table, &[], predicates).unwrap().is_empty());
        gateway.asked().pop().unwrap().pop().unwrap()
    };
    let name = ("name", Operator::Eq, texts(&["Вигадана Олена"]));
    assert_eq!(
        last(
            "persons",
            &[
                name.clone(),
                ("birth_date", Operator::Eq, days("1980-01-02"))
            ]
        ),
        json!({ "id": 1, "MKE": "IPQ", "NAM": "Вигадана Олена", "DOB": "19800102" })
    );
    assert_eq!(
        last(
            "persons",
            &[
                name.clone(),
                ("birth_date", Operator::Lt, days("1980-01-02"))
            ]
        ),
        json!({ "id": 1, "MKE": "IPQ", "NAM": "Вигадана Олена" })
    );
    let number = ("number", Operator::Eq, texts(&["1"]));
    assert_eq!(
        last(
            "travel_documents",
            &[
                number.clone(),
                ("document_type", Operator::InList, texts(&["passport"])),
                ("issuing_country", Operator::Eq, texts(&["UKR"])),
            ]
        ),
        json!({ "id": 1, "MKE": "ITQ", "DID": "1", "TYP": "passport", "CNT": "UKR" })
    );
    assert_eq!(
        last(
            "travel_documents",
            &[
                number,
                (
                    "document_type",
                    Operator::InList,
                    texts(&["passport", "visa"])
                ),
                ("issuing_country", Operator::Eq, texts(&[" "])),
            ]
        ),
        json!({ "id": 1, "MKE": "ITQ", "DID": "1" })
    );
}

/// Table, key column, message and field.
const TABLES: [(&str, &str, &str, &str); 9] = [
    ("persons", "name", "IPQ", "NAM"),
    ("persons_by_id", "entity_id", "FPQ", "EID"),
    ("vehicles", "vin", "IVQ", "VIN"),
    ("vehicles_by_engine", "engine_number", "IVQ", "ENG"),
    ("vehicles_by_id", "entity_id", "FVQ", "EID"),
    ("travel_documents", "number", "ITQ", "DID"),
    ("travel_documents_by_id", "entity_id", "FTQ", "EID"),
    ("firearms", "serial", "IGQ", "SER"),
    ("firearms_by_id", "entity_id", "FGQ", "EID"),
];

#[test]
fn every_table_has_its_message() {
    let gateway = FakeGateway::answering(|_| json!({ "records": [] }));
    let source = gateway.source(json!({}));
    let known: Vec<_> = source.tables().unwrap();
    assert_eq!(known.len(), TABLES.len());
    for (table, key, kind, field) in TABLES {
        let described = testing::find(&source, table).unwrap();
        let required: Vec<_> = described
            .keys
            .iter()
            .map(|key| (key.column, key.required))
            .collect();
        assert_eq!(required, [(KEY_COLUMN, true)], "{table}");
        assert_eq!(described.columns.field(KEY_COLUMN).name(), key);
        assert_eq!(described.pushdown.len(), described.columns.fields().len());
        ask(&source, table, &[], &[(key, Operator::Eq, texts(&["k"]))]).unwrap();
        let asked = gateway.asked().pop().unwrap();
        assert_eq!(
            json!(asked),
            json!([{ "id": 1, "MKE": kind, field: "k" }]),
            "{table}"
        );
    }
}

const KEY_COLUMN: usize = 0;

#[test]
fn a_table_is_never_read_as_a_whole() {
    let gateway = FakeGateway::answering(|_| json!({ "records": [] }));
    let source = gateway.source(json!({}));
    let refused = |predicates: &[(&str, Operator, ArrayRef)]| {
        let request = request(&source, "firearms", &[], predicates);
        let whole = b"{\"from\":0,\"to\":0}".to_vec();
        let scan = source.scan(&request, &whole).map(|_| ()).unwrap_err();
        assert_eq!(source.partitions(&request).unwrap_err(), scan);
        assert_eq!(scan.kind(), ErrorKind::Unsupported);
        scan.to_string()
    };
    let expected =
        "the table firearms is asked by its column serial, with = or IN, and never read as a whole";
    assert_eq!(refused(&[]), expected);
    assert_eq!(
        refused(&[("serial", Operator::Like, texts(&["A%"]))]),
        expected
    );
    assert_eq!(
        refused(&[("serial", Operator::NotEq, texts(&["A"]))]),
        expected
    );
    assert_eq!(
        refused(&[("entity_id", Operator::Eq, texts(&["A"]))]),
        expected
    );
    assert!(gateway.asked().is_empty());
}

#[test]
fn keys_are_asked_once_in_batches() {
    let gateway = FakeGateway::answering(|_| json!({ "records": [] }));
    let source = gateway.source(json!({ "keys_per_request": 3 }));
    let many: Vec<_> = (0..50).map(|key| format!("K{}", key % 40)).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let whole = request(
        &source,
        "vehicles",
        &["vin"],
        &[("vin", Operator::InList, texts(&many))],
    );
    let partitions = source.partitions(&whole).unwrap();
    // Two parts, of 14 requests of at most 3 keys.
    assert_eq!(partitions.len(), 2);
    assert!(testing::scan_request(&source, &whole).unwrap().is_empty());
    let asked = gateway.keys("VIN");
    assert_eq!(asked.len(), 40);
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), 40);
    let sizes: Vec<_> = gateway.asked().iter().map(Vec::len).collect();
    assert_eq!(sizes.len(), 14);
    assert_eq!(sizes.iter().filter(|size| **size == 3).count(), 13);
    // A part of another request is no part of this one.
    let fewer = request(
        &source,
        "vehicles",
        &["vin"],
        &[("vin", Operator::Eq, texts(&["K1"]))],
    );
    let error = source.scan(&fewer, &partitions[1]).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
}

#[test]
fn further_predicates_leave_fewer_keys() {
    let gateway = FakeGateway::answering(|_| json!({ "records": [] }));
    let source = gateway.source(json!({}));
    let key = |operator, values: &[&str]| ("vin", operator, texts(values));
    let list = key(Operator::InList, &["A1", "B1", "B2", "C1"]);
    for (predicate, expected) in [
        (key(Operator::InList, &["B2", "X", "A1"]), vec!["A1", "B2"]),
        (key(Operator::Like, &["B%"]), vec!["B1", "B2"]),
        (key(Operator::NotInList, &["B1", "C1"]), vec!["A1", "B2"]),
        (key(Operator::Gt, &["B1"]), vec!["B2", "C1"]),
        (key(Operator::Eq, &["X"]), vec![]),
    ] {
        let before = gateway.keys("VIN").len();
        ask(&source, "vehicles", &["vin"], &[list.clone(), predicate]).unwrap();
        assert_eq!(gateway.keys("VIN")[before..], expected);
    }
    let nothing = request(&source, "vehicles", &[], &[list, key(Operator::Eq, &["X"])]);
    assert_eq!(source.partitions(&nothing).unwrap().len(), 1);
}

#[test]
fn a_limit_ends_the_asking() {
    let gateway = FakeGateway::answering(
        |message| json!({ "records": [record(&format!("E{}", message["VIN"].as_str().unwrap()), json!({}))] }),
    );
    let source = gateway.source(json!({ "keys_per_request": 2 }));
    let keys = [(
        "vin",
        Operator::InList,
        texts(&["1", "2", "3", "4", "5", "6"]),
    )];
    let mut request = request(&source, "vehicles", &["vin"], &keys);
    request.partitions = 1;
    request.limit = Some(1);
    let partitions = source.partitions(&request).unwrap();
    let first: Vec<_> = source.scan(&request, &partitions[0]).unwrap().collect();
    assert_eq!(first.len(), 1);
    assert_eq!(gateway.asked().len(), 1);
    request.limit = Some(0);
    assert!(testing::scan_request(&source, &request).unwrap().is_empty());
    assert_eq!(gateway.asked().len(), 1);
}

#[test]
fn entities_are_looked_up_directly() {
    let gateway = FakeGateway::answering(|message| {
        let entity = message["EID"].as_str().unwrap();
        let records = match entity {
            "2031/1" | "2031 / 1" => vec![record(
                "2031/1",
                json!({ "NAM": "НЕБУВАЛЬ, Юрій", "DOB": "19800000", "notice": "red", "aliases": ["А", "Б"] }),
            )],
            "wrong" => vec![record("2031/9", json!({}))],
            "twice" => vec![record("twice", json!({})), record("twice", json!({}))],
            _ => vec![],
        };
        json!({ "records": records })
    });
    let source = gateway.source(json!({}));
    let by_id = |entity: &str, columns: &[&str]| {
        ask(
            &source,
            "persons_by_id",
            columns,
            &[("entity_id", Operator::Eq, texts(&[entity]))],
        )
    };
    let columns = [
        "entity_id",
        "name_on_file",
        "birth_date",
        "birth_year",
        "birth_date_raw",
        "notice",
        "aliases",
    ];
    let expected = ["НЕБУВАЛЬ, Юрій", "-", "1980", "19800000", "red", "А; Б"];
    for entity in ["2031/1", "2031 / 1"] {
        let found = by_id(entity, &columns).unwrap();
        assert_eq!(
            (found[0][0].as_str(), &found[0][1..]),
            (entity, expected.map(str::to_owned).as_slice())
        );
    }
    assert!(by_id("2031/4", &columns).unwrap().is_empty());
    assert_eq!(gateway.asked().len(), 3, "there is no second step");
    let place = "https://gateway.example/find/query, field \"entity_id\": ";
    assert_eq!(
        failure(by_id("wrong", &columns)),
        format!("{place}expected the full record of \"wrong\", found that of \"2031/9\"")
    );
    assert_eq!(
        failure(by_id("twice", &columns)),
        format!("{place}expected one full record of \"twice\", found 2")
    );
    let table = testing::find(&source, "persons_by_id").unwrap();
    let names: Vec<_> = table
        .columns
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(names.iter().filter(|name| **name == "entity_id").count(), 1);
    assert!(
        names.contains(&"full_record")
            && !names.contains(&"other")
            && !names.contains(&"full_message_id")
    );
}

#[test]
fn a_refused_key_is_an_error_or_left_out() {
    let gateway = FakeGateway::answering(|message| match message["DID"].as_str() {
        Some("no") => json!({ "error": { "code": "rejected", "message": "DID is too short" } }),
        Some("locked") => json!({ "error": { "code": "unauthorized", "message": "not for you" } }),
        _ => register(message),
    });
    let source = gateway.source(json!({}));
    let place = "https://gateway.example/find/query, field \"number\": ";
    let error = documents(&source, &["XY9", "no", "locked"], &["number"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{place}no answer for \"no\": rejected: DID is too short")
    );
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let error = documents(&source, &["locked"], &["number"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);

    let source = gateway.source(json!({ "on_error": "skip" }));
    let found = documents(&source, &["no", "XY9", "locked"], &["number"]).unwrap();
    assert_eq!(found, [["XY9"]]);
    let skipped = gateway.test.skipped();
    assert_eq!(skipped.len(), 1);
    assert_eq!(skipped[0].0, 2);
    assert_eq!(
        skipped[0].1.to_string(),
        format!("{place}no answer for \"no\": rejected: DID is too short")
    );
}

#[test]
fn keys_that_no_message_can_have() {
    let gateway = FakeGateway::answering(register);
    let source = gateway.source(json!({}));
    let long = "я".repeat(101);
    let error = failure(documents(&source, &[long.as_str()], &["number"]));
    assert!(
        error.contains("expected a key of 1 to 100 characters, found 101"),
        "{error}"
    );
    let error = failure(documents(&source, &["A\nB"], &["number"]));
    assert!(
        error.contains(r#"expected a key without control characters, found "A\nB""#),
        "{error}"
    );
    assert!(gateway.asked().is_empty());
    // What is blank is on no file.
    let found = documents(&source, &["", "XY9", "  "], &["number"]).unwrap();
    assert_eq!(found, [["XY9"]]);
    assert_eq!(gateway.keys("DID"), ["XY9"]);
    assert_eq!(
        gateway.test.warnings(),
        ["https://gateway.example/find/query: 2 blank keys were not asked for"]
    );
    let source = gateway.source(json!({ "on_error": "skip" }));
    assert_eq!(
        documents(&source, &[long.as_str(), "XY9", "A\u{0}"], &["number"]).unwrap(),
        [["XY9"]]
    );
    assert_eq!(gateway.test.skipped()[0].0, 2);
}

#[test]
fn records_that_cannot_be_used() {
    let cases = [
        (
            json!({ "EID": null }),
            "field \"EID\": a record for \"k\": expected a text, found nothing",
        ),
        (
            json!({ "EID": "  " }),
            "field \"EID\": a record for \"k\": expected a text, found nothing",
        ),
        (
            json!({ "owner_country": null }),
            "field \"owner_country\": a record for \"k\": expected a text, found nothing",
        ),
        (
            json!({ "database": "" }),
            "field \"database\": a record for \"k\": expected a text, found nothing",
        ),
        (
            json!({ "confirmation": "yes" }),
            "field \"confirmation\": a record for \"k\": expected one of",
        ),
        (
            json!({ "make": { "name": "x" } }),
            "field \"make\": entity \"2031/1\": expected a text, a number or a list of them, found something else",
        ),
        (
            json!({ "make": ["x", null] }),
            "field \"make\": entity \"2031/1\": expected a text",
        ),
    ];
    for (fields, expected) in cases {
        let gateway = FakeGateway::answering(move |message| {
            let fields = if message["VIN"] == "k" {
                fields.clone()
            } else {
                json!({})
            };
            json!({ "records": [record("2031/1", fields)] })
        });
        let keys = [("vin", Operator::InList, texts(&["k", "l"]))];
        let error = failure(ask(
            &gateway.source(json!({})),
            "vehicles",
            &["vin", "make"],
            &keys,
        ));
        assert!(error.contains(expected), "{error}");
        let source = gateway.source(json!({ "on_error": "skip" }));
        assert_eq!(
            ask(&source, "vehicles", &["vin", "make"], &keys).unwrap(),
            [["l", "-"]]
        );
        assert_eq!(gateway.test.skipped()[0].0, 1);
    }
}

#[test]
fn full_records_that_are_missing_or_wrong() {
    let cases = [
        (
            json!({ "records": [] }),
            "was a candidate, and is not on file now",
        ),
        (
            json!({ "records": [record("2031/8", json!({}))] }),
            "expected the full record of \"2031/k\", found that of \"2031/8\"",
        ),
        (
            json!({ "records": [record("2031/k", json!({})), record("2031/k", json!({}))] }),
            "expected one full record of \"2031/k\", found 2",
        ),
        (
            json!({ "error": { "code": "unavailable", "message": "later" } }),
            "no answer for \"2031/k\": unavailable: later",
        ),
        (
            json!({ "records": [record("2031/k", json!({ "model_year": "new" }))] }),
            "field \"model_year\": entity \"2031/k\": expected a whole number, found \"new\"",
        ),
        (
            json!({ "records": [record("2031/k", json!({ "model_year": 1_u64 << 40 }))] }),
            "field \"model_year\": 1099511627776 does not fit into 32 bits",
        ),
    ];
    for (answer, expected) in cases {
        let gateway = FakeGateway::answering(move |message| {
            match (message["VIN"].as_str(), message["EID"].as_str()) {
                (Some(key), _) => json!({ "records": [record(&format!("2031/{key}"), json!({}))] }),
                (None, Some("2031/k")) => answer.clone(),
                (None, entity) => {
                    json!({ "records": [record(entity.unwrap(), json!({ "model_year": 1999 }))] })
                }
            }
        });
        let keys = [("vin", Operator::InList, texts(&["k", "l"]))];
        let error = failure(ask(
            &gateway.source(json!({})),
            "vehicles",
            &["vin", "model_year"],
            &keys,
        ));
        assert!(error.contains(expected), "{error}");
        let source = gateway.source(json!({ "on_error": "skip" }));
        let found = ask(&source, "vehicles", &["vin", "model_year"], &keys).unwrap();
        assert_eq!(found, [["l", "1999"]]);
        assert_eq!(gateway.test.skipped()[0].0, 1);
        // A candidate is one whatever becomes of its full record.
        assert_eq!(
            ask(&source, "vehicles", &["vin"], &keys).unwrap(),
            [["k"], ["l"]]
        );
    }
}

/// What is not an answer fails the query, whatever `on_error` says: which keys it was about is not known.
#[test]
fn responses_that_no_gateway_should_give() {
    let edited = |edit: fn(&mut Vec<Value>)| -> Answering {
        Rc::new(move |asked: &Value| {
            let mut frame = answers(asked, &|_| json!({ "records": [] }));
            edit(frame["answers"].as_array_mut().unwrap());
            (200, frame.to_string())
        })
    };
    let text = |status: u16, body: &'static str| -> Answering {
        Rc::new(move |_: &Value| (status, body.to_owned()))
    };
    let cases: Vec<(Answering, ErrorKind, &str)> = vec![
        (
            text(502, "bad gateway"),
            ErrorKind::Unavailable {
                retry_after_ms: None,
            },
            "found the HTTP status 502",
        ),
        (
            text(403, ""),
            ErrorKind::Unauthorized,
            "found the HTTP status 403",
        ),
        (
            text(404, ""),
            ErrorKind::NotFound,
            "found the HTTP status 404",
        ),
        (
            text(400, ""),
            ErrorKind::Unsupported,
            "found the HTTP status 400",
        ),
        (
            text(200, ""),
            ErrorKind::InvalidData,
            "byte 0: these are no answers of a gateway: EOF while parsing a value",
        ),
        (
            text(200, "<html>\n</html>"),
            ErrorKind::InvalidData,
            "byte 0: these are no answers of a gateway: expected value",
        ),
        (
            text(200, "{\n  \"answers\": 7}"),
            ErrorKind::InvalidData,
            "invalid type: integer `7`, expected a sequence",
        ),
        (
            text(200, "{}"),
            ErrorKind::InvalidData,
            "missing field `answers`",
        ),
        (
            text(200, "{\"answers\":[],\"partial\":true}"),
            ErrorKind::InvalidData,
            "unknown field `partial`",
        ),
        (
            text(200, "{\"answers\":[]} {}"),
            ErrorKind::InvalidData,
            "trailing characters",
        ),
        (
            text(200, "{\"answers\":[]}"),
            ErrorKind::InvalidData,
            "expected an answer to each of 2 messages, found none to 2 of them, first that for \"1\"",
        ),
        (
            edited(|all| drop(all.pop())),
            ErrorKind::InvalidData,
            "found none to 1 of them, first that for \"2\"",
        ),
        (
            edited(|all| all[1]["id"] = json!(3)),
            ErrorKind::InvalidData,
            "expected answers to the messages 1 to 2, found one to 3",
        ),
        (
            edited(|all| all[1]["id"] = json!(0)),
            ErrorKind::InvalidData,
            "expected answers to the messages 1 to 2, found one to 0",
        ),
        (
            edited(|all| all[1]["id"] = json!(null)),
            ErrorKind::InvalidData,
            "expected an answer with an id, found one without",
        ),
        (
            edited(|all| all[1]["id"] = json!(1)),
            ErrorKind::InvalidData,
            "record 1: expected one answer to a message, found two",
        ),
        (
            edited(|all| all[1]["MKE"] = json!("IPR")),
            ErrorKind::InvalidData,
            "record 2: expected an answer ITR to a message ITQ, found \"IPR\"",
        ),
        (
            edited(|all| all[1]["records"] = json!(null)),
            ErrorKind::InvalidData,
            "found neither",
        ),
        (
            edited(|all| all[1]["error"] = json!({ "code": "a", "message": "b" })),
            ErrorKind::InvalidData,
            "found both",
        ),
        (
            edited(|all| all[1]["total"] = json!(-1)),
            ErrorKind::InvalidData,
            "invalid value: integer `-1`",
        ),
        (
            edited(|all| all[1]["records"] = json!([7])),
            ErrorKind::InvalidData,
            "expected a record, which is an object",
        ),
        (
            edited(|all| all[1]["message_id"] = json!(" ")),
            ErrorKind::InvalidData,
            "field \"message_id\": expected a text, found nothing",
        ),
        (
            edited(|all| all[1]["answered_at"] = json!("3 Feb")),
            ErrorKind::InvalidData,
            "field \"answered_at\": expected an instant as in RFC 3339, found \"3 Feb\"",
        ),
        (
            edited(|all| all[1]["answered_at"] = json!(null)),
            ErrorKind::InvalidData,
            "field \"answered_at\"",
        ),
        (
            edited(|all| all[1]["more"] = json!(true)),
            ErrorKind::InvalidData,
            "unknown field `more`",
        ),
    ];
    for (answering, kind, expected) in cases {
        let gateway = FakeGateway {
            answering,
            ..FakeGateway::answering(register)
        };
        for on_error in ["fail", "skip"] {
            let source = gateway.source(json!({ "on_error": on_error }));
            let error = documents(&source, &["1", "2"], &["number"]).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            let error = error.to_string();
            assert!(
                error.contains(expected),
                "expected {expected:?}, found {error:?}"
            );
            assert!(
                error.starts_with("https://gateway.example/find/query"),
                "{error}"
            );
        }
        assert!(gateway.test.skipped().is_empty());
    }
}

#[test]
fn a_field_that_comes_twice_is_not_guessed_at() {
    let body = r#"{"answers":[{"id":1,"MKE":"ITR","message_id":"m","answered_at":"2031-01-01T00:00:00Z","records":[{"EID":"1","EID":"2"}]}]}"#;
    let gateway = FakeGateway::new(|_| (200, body.to_owned()));
    let error = failure(documents(&gateway.source(json!({})), &["1"], &["number"]));
    assert!(
        error.contains("a record has the field \"EID\" twice"),
        "{error}"
    );
    let fields: Vec<_> = (0..1_001).map(|field| format!("\"f{field}\":1")).collect();
    let body = body.replace(r#""EID":"1","EID":"2""#, &fields.join(","));
    let gateway = FakeGateway::new(move |_| (200, body.clone()));
    let error = failure(documents(&gateway.source(json!({})), &["1"], &["number"]));
    assert!(
        error.contains("a record has more than 1000 fields"),
        "{error}"
    );
}

#[test]
fn a_response_is_bounded() {
    let gateway = FakeGateway::new(|_| (200, " ".repeat((32 << 20) + 1)));
    let error = failure(documents(&gateway.source(json!({})), &["1"], &["number"]));
    assert!(
        error.contains("expected a response of at most 33554432 bytes, found more"),
        "{error}"
    );
}

/// A response that is cut off anywhere is none; how it is split into chunks does not matter.
#[test]
fn responses_that_are_cut_or_split() {
    let whole = FakeGateway::answering(register);
    let expected = documents(&whole.source(json!({})), &["AB 123456", "XY9"], &[]).unwrap();
    for chunk_bytes in [1, 2, 3, 7, 64] {
        let gateway = FakeGateway {
            chunk_bytes,
            ..whole.clone()
        };
        let found = documents(&gateway.source(json!({})), &["AB 123456", "XY9"], &[]).unwrap();
        assert_eq!(found, expected, "{chunk_bytes}");
    }
    let asked = json!({ "messages": [{ "id": 1, "MKE": "ITQ", "DID": "XY9" }] });
    let body = answers(&asked, &register).to_string();
    for end in 0..body.len() {
        let start = body[..end].to_owned();
        let gateway = FakeGateway::new(move |_| (200, start.clone()));
        let error = documents(
            &gateway.source(json!({ "on_error": "skip" })),
            &["XY9"],
            &["number"],
        )
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{end}: {error}");
    }
}

#[test]
fn dates_are_read_as_far_as_they_say() {
    let cases = [
        ("19800102", "1980-01-02", "1980"),
        ("1980-01-02", "1980-01-02", "1980"),
        (" 19800102 ", "1980-01-02", "1980"),
        ("00010101", "0001-01-01", "1"),
        ("99991231", "9999-12-31", "9999"),
        ("19000101", "1900-01-01", "1900"),
        ("19800000", "-", "1980"),
        ("198001", "-", "1980"),
        ("1980", "-", "1980"),
        ("19800230", "-", "1980"),
        ("00000000", "-", "-"),
        ("about 1980", "-", "-"),
        ("1980/01/02", "-", "-"),
        ("19-80-01-02", "-", "-"),
        ("1980010", "-", "-"),
        ("१९८०", "-", "-"),
    ];
    for (given, day, year) in cases {
        let gateway = FakeGateway::answering(
            move |_| json!({ "records": [record("2031/1", json!({ "DOB": given }))] }),
        );
        let columns = ["birth_date_raw", "birth_date", "birth_year"];
        let found = ask(
            &gateway.source(json!({})),
            "persons",
            &columns,
            &[("name", Operator::Eq, texts(&["a"]))],
        );
        assert_eq!(found.unwrap(), [[given, day, year]]);
    }
}

#[test]
fn typed_columns_take_predicates() {
    let gateway = FakeGateway::answering(|message| {
        let birth = message["NAM"].as_str().unwrap();
        json!({ "records": [record("2031/1", json!({ "DOB": birth }))] })
    });
    let source = gateway.source(json!({}));
    let names = (
        "name",
        Operator::InList,
        texts(&["19800102", "1975", "19900101"]),
    );
    let found = |predicate: (&str, Operator, ArrayRef)| {
        let found = ask(&source, "persons", &["name"], &[names.clone(), predicate]).unwrap();
        found.into_iter().flatten().collect::<Vec<_>>()
    };
    assert_eq!(
        found(("birth_date", Operator::Lt, days("1985-01-01"))),
        ["19800102"]
    );
    let year: ArrayRef = Arc::new(Int32Array::from(vec![1975]));
    assert_eq!(found(("birth_year", Operator::Eq, year)), ["1975"]);
    let none: ArrayRef = Arc::new(Date32Array::from(Vec::<i32>::new()));
    assert_eq!(found(("birth_date", Operator::IsNull, none)), ["1975"]);
}

#[test]
fn more_candidates_than_are_given_are_told() {
    let gateway = FakeGateway::answering(
        |_| json!({ "total": 30, "records": [record("2031/1", json!({}))] }),
    );
    let source = gateway.source(json!({}));
    let keys = [("name", Operator::InList, texts(&["a", "b"]))];
    assert_eq!(ask(&source, "persons", &["name"], &keys).unwrap().len(), 2);
    let mut warnings = gateway.test.warnings();
    warnings.sort_unstable();
    assert_eq!(
        warnings,
        [
            "https://gateway.example/find/query: for 2 keys the gateway has more candidates than it gave, first for \"a\": 1 of 30"
        ]
    );
    let gateway =
        FakeGateway::answering(|_| json!({ "total": 0, "records": [record("2031/1", json!({}))] }));
    let error = failure(ask(&gateway.source(json!({})), "persons", &["name"], &keys));
    assert!(
        error.contains("field \"total\": expected a total of at least 1, found 0"),
        "{error}"
    );
}

#[test]
fn a_request_may_have_a_time() {
    let host = TestHost::new().http("http://127.0.0.1:7/query", 200, "{\"answers\":[]}");
    let config = json!({ "base": "http://127.0.0.1:7", "timeout_ms": 250 });
    let source: Find = testing::open(&config, &host).unwrap();
    documents(&source, &["1"], &["number"]).unwrap_err();
    assert_eq!(host.requests()[0].timeout_ms, Some(250));
}

#[test]
fn configurations() {
    let why = |config: Value| {
        let opened = testing::open::<Find>(&config, &TestHost::new());
        opened.err().map(|error| (error.kind(), error.to_string()))
    };
    assert_eq!(why(json!({ "base": "https://gateway.example" })), None);
    assert_eq!(why(json!({ "saved": "answers" })), None);
    for (config, expected) in [
        (json!({}), "expected either base or saved, found neither"),
        (
            json!({ "base": "https://a", "saved": "b" }),
            "expected either base or saved, found both",
        ),
        (
            json!({ "base": "ftp://a" }),
            "field \"base\": expected an http or https URL without a query, found \"ftp://a\"",
        ),
        (
            json!({ "base": "https://a?b=c" }),
            "field \"base\": expected an http or https URL without a query, found \"https://a?b=c\"",
        ),
        (
            json!({ "base": "https://a", "keys_per_request": 0 }),
            "field \"keys_per_request\": expected a number from 1 to 10000, found 0",
        ),
        (
            json!({ "base": "https://a", "keys_per_request": 10_001 }),
            "field \"keys_per_request\": expected a number from 1 to 10000, found 10001",
        ),
        (
            json!({ "base": "https://a", "on_error": "ignore" }),
            "unknown variant `ignore`, expected `fail` or `skip`",
        ),
        (
            json!({ "base": "https://a", "key": 1 }),
            "unknown field `key`, expected one of `base`, `saved`, `keys_per_request`, `timeout_ms`, `on_error`",
        ),
    ] {
        assert_eq!(
            why(config),
            Some((ErrorKind::InvalidConfig, expected.to_owned()))
        );
    }
}

/// A recording of what a gateway says to messages.
fn recording(messages: &[Value]) -> String {
    let lines = messages.iter().map(|message| {
        let mut asked = message.clone();
        asked["id"] = json!(1);
        let frame = answers(&json!({ "messages": [asked] }), &register);
        let mut answer = frame["answers"][0].clone();
        answer.as_object_mut().unwrap().remove("id");
        format!("{}\n", json!({ "message": message, "answer": answer }))
    });
    lines.collect()
}

fn recorded(files: &[&str]) -> TestHost {
    let files = files.iter().enumerate();
    files.fold(TestHost::new(), |host, (place, file)| {
        host.entry("answers", &format!("{place}.ndjson"), file)
    })
}

#[test]
fn a_recording_answers_as_the_gateway_did() {
    let live = FakeGateway::answering(register);
    let columns = ["number", "entity_id", "status", "issued_on"];
    let expected = documents(&live.source(json!({})), &["XY9", "AB 123456"], &columns).unwrap();
    let first = recording(&[
        json!({ "MKE": "ITQ", "DID": "other" }),
        json!({ "MKE": "ITQ", "DID": "AB 123456" }),
        json!({ "MKE": "FTQ", "EID": "2031/1" }),
        json!({ "MKE": "FTQ", "EID": "2031/3" }),
    ]);
    let second = recording(&[
        json!({ "MKE": "FTQ", "EID": "2031/2" }),
        json!({ "MKE": "ITQ", "DID": "XY9" }),
        // Another message, of the same number.
        json!({ "MKE": "ITQ", "DID": "XY9", "CNT": "MDA" }),
    ]);
    for chunk_bytes in [1, 5, 10_000] {
        let host = recorded(&[&first, &second]).chunk_bytes(chunk_bytes);
        let config = json!({ "saved": "answers", "keys_per_request": 1 });
        let source: Find = testing::open(&config, &host).unwrap();
        assert_eq!(
            documents(&source, &["XY9", "AB 123456"], &columns).unwrap(),
            expected
        );
    }
    // An answer to the very message is taken before one to the key alone, which serves as well.
    let host = recorded(&[&first, &second]);
    let source: Find = testing::open(&json!({ "saved": "answers" }), &host).unwrap();
    for (country, expected) in [("MDA", 0), ("UKR", 1)] {
        let predicates = [
            ("number", Operator::Eq, texts(&["XY9"])),
            ("issuing_country", Operator::Eq, texts(&[country])),
        ];
        let found = ask(&source, "travel_documents", &["number"], &predicates);
        assert_eq!(found.unwrap().len(), expected, "{country}");
    }
    // The later answer is the newer one.
    let newer = recording(&[json!({ "MKE": "ITQ", "DID": "XY9" })]).replace("lost", "found");
    let host = recorded(&[&first, &second, &newer]);
    let source: Find = testing::open(&json!({ "saved": "answers" }), &host).unwrap();
    assert_eq!(
        documents(&source, &["XY9"], &["status"]).unwrap(),
        [["found"]]
    );
}

#[test]
fn a_recording_that_does_not_say_is_no_answer() {
    let text = recording(&[json!({ "MKE": "ITQ", "DID": "XY9" })]);
    let host = recorded(&[&text]);
    let source: Find = testing::open(&json!({ "saved": "answers" }), &host).unwrap();
    let error = documents(&source, &["XY9", "AB"], &["number"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        "answers, field \"number\": no answer for \"AB\": not_recorded: the recording has no answer to it"
    );
    let source: Find =
        testing::open(&json!({ "saved": "answers", "on_error": "skip" }), &host).unwrap();
    assert_eq!(
        documents(&source, &["XY9", "AB"], &["number"]).unwrap(),
        [["XY9"]]
    );
    assert_eq!(host.skipped()[0].0, 1);

    for (broken, expected) in [
        (text.replace("}\n", "\n"), "answers/0.ndjson"),
        (format!("{text}{{\"message\":"), "answers/0.ndjson"),
        (
            format!("{text}{{\"message\":{{}}}}\n"),
            "missing field `answer`",
        ),
        (
            text.replace("ITR", "IPR"),
            "answers/0.ndjson, record 1: expected an answer ITR",
        ),
    ] {
        let host = recorded(&[&broken]);
        let source: Find =
            testing::open(&json!({ "saved": "answers", "on_error": "skip" }), &host).unwrap();
        let error = failure(documents(&source, &["XY9"], &["number"]));
        assert!(
            error.contains(expected),
            "expected {expected:?}, found {error:?}"
        );
    }
    let source: Find = testing::open(&json!({ "saved": "gone" }), &recorded(&[&text])).unwrap();
    assert_eq!(
        documents(&source, &["XY9"], &["number"])
            .unwrap_err()
            .kind(),
        ErrorKind::NotFound
    );
}

#[test]
fn what_is_not_in_utf_8_is_no_answer() {
    let text = recording(&[json!({ "MKE": "ITQ", "DID": "XY9" })]);
    let utf16: Vec<_> = format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut garbled = text.as_bytes().to_vec();
    garbled[text.find("passport").unwrap()] = 0xFF;
    for (bytes, place, expected) in [
        (utf16, "answers/0.ndjson, ", "UTF-16"),
        (garbled, "answers/0.ndjson, record 1, byte 0: ", "unicode"),
    ] {
        let host = TestHost::new().entry("answers", "0.ndjson", bytes);
        let config = json!({ "saved": "answers", "on_error": "skip" });
        let source: Find = testing::open(&config, &host).unwrap();
        let error = failure(documents(&source, &["XY9"], &["number"]));
        assert!(
            error.starts_with(place) && error.contains(expected),
            "{error}"
        );
    }
    let url = "http://127.0.0.1:7/query";
    let body = b"{\"answers\":[{\"id\":1,\"MKE\":\"\xcf\"}]}";
    let host = TestHost::new().http(url, 200, body);
    let source: Find = testing::open(&json!({ "base": "http://127.0.0.1:7" }), &host).unwrap();
    let error = failure(documents(&source, &["XY9"], &["number"]));
    assert!(
        error.starts_with(url) && error.contains("these are no answers of a gateway"),
        "{error}"
    );
}

/// The examples, which `sextant plugin test` asks as well: every table has rows enough to try predicates
/// on, and what a predicate leaves is what it leaves of all rows.
#[test]
fn examples_bear_predicates() {
    type Keys = BTreeMap<String, BTreeMap<String, BTreeMap<String, Vec<String>>>>;
    let keys: Keys = toml::from_str(include_str!("../examples/keys.toml")).unwrap();
    let host = TestHost::new().entry(
        "answers",
        "answers.ndjson",
        include_str!("../examples/answers.ndjson"),
    );
    let source: Find = testing::open(&json!({ "saved": "answers" }), &host).unwrap();
    let asked = &keys["example"];
    assert_eq!(asked.len(), TABLES.len());
    for (table, key, ..) in TABLES {
        let keys: Vec<_> = asked[table][key].iter().map(String::as_str).collect();
        let given = (key, Operator::InList, texts(&keys));
        let all = ask(&source, table, &[], std::slice::from_ref(&given)).unwrap();
        assert!(all.len() >= 20, "{table}: {}", all.len());
        let described = testing::find(&source, table).unwrap();
        for (position, field) in described.columns.fields().iter().enumerate() {
            assert!(
                all.iter().any(|row| row[position] != "-"),
                "{table}.{} is always null",
                field.name()
            );
            if field.data_type() != &DataType::Utf8 {
                continue;
            }
            let value = &all.iter().rfind(|row| row[position] != "-").unwrap()[position];
            let predicate = (
                field.name().as_str(),
                Operator::Eq,
                texts(&[value.as_str()]),
            );
            let found = ask(&source, table, &[], &[given.clone(), predicate]);
            let due: Vec<_> = all
                .iter()
                .filter(|row| row[position] == *value)
                .cloned()
                .collect();
            // What goes along with the key was not recorded: the answer to the key alone serves.
            assert_eq!(found.unwrap(), due, "{table}.{}", field.name());
        }
    }
}

/// The configurations of README.md are sound.
#[test]
fn the_readme_says_how() {
    let readme = include_str!("../README.md");
    let blocks = readme.split("```toml\n").skip(1);
    let blocks: Vec<_> = blocks
        .map(|block| block.split("```").next().unwrap())
        .collect();
    assert!(blocks.len() >= 2);
    for block in blocks {
        let file: BTreeMap<String, BTreeMap<String, Value>> = toml::from_str(block).unwrap();
        for source in file["source"].values() {
            let config = serde_json::from_value::<Config>(source["config"].clone()).unwrap();
            Find::open(config, TestHost::new().host()).unwrap();
        }
    }
    for table in LOOKUPS.iter() {
        for field in table.columns().schema().fields() {
            assert!(
                readme.contains(&format!("`{}`", field.name())),
                "{}",
                field.name()
            );
        }
        assert!(
            readme.contains(&format!("`{}`", table.table)),
            "{}",
            table.table
        );
    }
}
