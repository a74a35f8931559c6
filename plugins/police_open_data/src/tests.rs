//! The tables on small files in the true shape; everybody in them is made up.

use super::*;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type, TimestampMicrosecondType};
use serde_json::json;
use sextant_plugin_sdk::testing::{TestHost, open, predicate, scan, scan_request};
use sextant_plugin_sdk::{Operator, arrow_array};

const WANTED: &str = "\u{feff}[
 {\"ID\":\"1001\",\"OVD\":\"ВП № 1\",\"CATEGORY\":\"ОСОБА, ЯКА ПЕРЕХОВУЄТЬСЯ\",\"LAST_NAME_U\":\"ВИГАДАНИЙ\",\"FIRST_NAME_U\":\"ЗРАЗОК\",\"MIDDLE_NAME_U\":\"ПРИКЛАДОВИЧ\",\"BIRTH_DATE\":\"1980-02-29T00:00:00\",\"SEX\":\"ЧОЛОВІЧА\",\"LOST_DATE\":\"2015-03-02T10:20:30\",\"LOST_PLACE\":\"М. ЗРАЗКІВ\",\"ARTICLE_CRIM\":\"СТ.185 Ч.3\",\"RESTRAINT\":\"\",\"CONTACT\":null,\"PHOTOID\":12},
 {\"id\":1002,\"lastNameU\":\"\\u0412ИГАДАНА \\\"А\\\"\",\"birthDate\":\"01.12.1975\",\"Lost_Date\":\"02.03.2015 10:20\",\"height\":{\"cm\":[170, 175]},\"eyes\":\"сірі\"}
]";

fn source(table: &str, text: impl AsRef<[u8]>, on_error: &str) -> (TestHost, PoliceOpenData) {
    let host = TestHost::new().entry("files", "a.json", text);
    let config = json!({ "tables": { table: { "input": "files" } }, "on_error": on_error });
    let source = open(&config, &host).unwrap();
    (host, source)
}

fn texts(table: &str, text: impl AsRef<[u8]>, column: &str) -> Vec<Option<String>> {
    let (_, source) = source(table, text, "fail");
    let batches = scan(&source, table, &[column]).unwrap();
    let column = |batch: arrow_array::RecordBatch| {
        let column = batch.column(0).as_string::<i32>();
        column
            .iter()
            .map(|text| text.map(str::to_owned))
            .collect::<Vec<_>>()
    };
    batches.into_iter().flat_map(column).collect()
}

#[test]
fn members_are_found_whatever_they_are_called() {
    let names = texts("wanted_persons", WANTED, "last_name_uk");
    assert_eq!(
        names,
        [Some("ВИГАДАНИЙ".into()), Some("ВИГАДАНА \"А\"".into())]
    );
    assert_eq!(
        texts("wanted_persons", WANTED, "id"),
        [Some("1001".into()), Some("1002".into())]
    );
    assert_eq!(texts("wanted_persons", WANTED, "restraint"), [None, None]);
    assert_eq!(
        texts("wanted_persons", WANTED, "photo_id"),
        [Some("12".into()), None]
    );
    assert_eq!(
        texts("wanted_persons", WANTED, "other"),
        [
            None,
            Some("{\"height\":{\"cm\":[170, 175]},\"eyes\":\"сірі\"}".into())
        ]
    );
    let (_, source) = source("wanted_persons", WANTED, "fail");
    let batch = &scan(
        &source,
        "wanted_persons",
        &["birth_date", "lost_at", "source", "record"],
    )
    .unwrap()[0];
    // Python: (date(1980, 2, 29) - date(1970, 1, 1)).days, and so on.
    assert_eq!(
        batch.column(0).as_primitive::<Date32Type>().values(),
        &[3_711, 2_160]
    );
    let lost = batch.column(1).as_primitive::<TimestampMicrosecondType>();
    assert_eq!(
        lost.values(),
        &[1_425_291_630_000_000, 1_425_291_600_000_000]
    );
    assert_eq!(batch.column(2).as_string::<i32>().value(0), "files/a.json");
    assert_eq!(
        batch.column(3).as_primitive::<Int64Type>().values(),
        &[1, 2]
    );
}

#[test]
fn every_split_reads_the_same() {
    let whole = texts("wanted_persons", WANTED, "other");
    for chunk_bytes in 1..200 {
        let host = TestHost::new()
            .entry("files", "a.json", WANTED)
            .chunk_bytes(chunk_bytes);
        let config = json!({ "tables": { "wanted_persons": { "input": "files" } } });
        let source: PoliceOpenData = open(&config, &host).unwrap();
        let batch = &scan(&source, "wanted_persons", &["other"]).unwrap()[0];
        let found = batch.column(0).as_string::<i32>().iter();
        assert!(
            found.eq(whole.iter().map(Option::as_deref)),
            "{chunk_bytes}"
        );
    }
}

#[test]
fn make_and_model_are_split_where_they_are_one() {
    let text = r#"[{"ID":1,"BRANDMODEL":"ВАЗ - 2107"},{"brandModel":"МОТОЦИКЛ"},{"brand":"BMW","model":"X5 - M"},
                   {"brandmodel":"A - B - C"}]"#;
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        texts("vehicles", text, "brand"),
        [some("ВАЗ"), None, some("BMW"), some("A")]
    );
    assert_eq!(
        texts("vehicles", text, "model"),
        [some("2107"), None, some("X5 - M"), some("B - C")]
    );
    assert_eq!(
        texts("vehicles", text, "brand_model"),
        [
            some("ВАЗ - 2107"),
            some("МОТОЦИКЛ"),
            None,
            some("A - B - C")
        ]
    );
}

#[test]
fn bad_records_fail_or_are_left_out() {
    let text = r#"[{"id":1},{"id":2,"insertdate":"31.02.2020"},{"id":3,"ID":4},17,{"id":5,"theft_date":""},{"id" 6}]"#;
    let (_, failing) = source("weapons", text, "fail");
    let error = scan(&failing, "weapons", &["id", "inserted_at"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "files/a.json, record 2, byte 10, field \"inserted_at\": expected a day or a time, found \"31.02.2020\""
    );
    let (host, skipping) = source("weapons", text, "skip");
    let batches = scan(&skipping, "weapons", &["id", "inserted_at"]).unwrap();
    let found = batches[0].column(0).as_string::<i32>();
    assert_eq!(found.iter().flatten().collect::<Vec<_>>(), ["1", "5"]);
    let (count, first) = host.skipped().remove(0);
    assert_eq!((count, first.to_string()), (4, error.to_string()));
    // What is not asked for is not read, and cannot be wrong.
    let batches = scan(&failing, "weapons", &["id"]);
    assert!(
        batches
            .unwrap_err()
            .to_string()
            .contains("the member \"ID\" is there twice")
    );
}

#[test]
fn a_file_that_is_not_whole_is_an_error_in_any_case() {
    for (text, expected) in [
        ("[{\"id\":1},{\"id\":2", "it is not complete"),
        ("[{\"id\":1},", "it is not complete"),
        ("[{\"id\":1}] x", "expected the end of the file, found 'x'"),
        ("{\"id\":1", "it is not complete"),
    ] {
        let (_, source) = source("phones", text, "skip");
        let error = scan(&source, "phones", &["id"]).unwrap_err().to_string();
        assert!(
            error.starts_with("files/a.json, ") && error.contains(expected),
            "{text}: {error}"
        );
    }
    let utf16: Vec<u8> = "[{}]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = [b"\xff\xfe".as_slice(), &utf16].concat();
    let (_, source) = source("phones", utf16, "skip");
    assert!(
        scan(&source, "phones", &["id"])
            .unwrap_err()
            .to_string()
            .contains("UTF-16")
    );
}

#[test]
fn bytes_that_are_no_text_are_bad_records() {
    let text = b"[{\"id\":\"\xcf\xf0\"},{\"id\":\"2\"}]";
    let (_, failing) = source("phones", text, "fail");
    let error = scan(&failing, "phones", &["id"]).unwrap_err().to_string();
    assert!(
        error.starts_with("files/a.json, record 1, byte 1: "),
        "{error}"
    );
    let (host, skipping) = source("phones", text, "skip");
    assert_eq!(scan(&skipping, "phones", &["id"]).unwrap()[0].num_rows(), 1);
    assert_eq!(host.skipped()[0].0, 1);
}

/// Members that a file lacks are null, those that no column is for are kept, and what comes twice is two rows.
#[test]
fn files_may_differ_in_their_members() {
    let host = TestHost::new()
        .entry(
            "files",
            "2023.json",
            r#"[{"ID":"1","IMEI":"35"},{"ID":"1","IMEI":"35"}]"#,
        )
        .entry(
            "files",
            "2024.json",
            r#"[{"id":"1","operator":"X","insertDate":"0001-01-01"},{"imei":"36","INSERT_DATE":"9999-12-31T00:00:00"}]"#,
        );
    let config = json!({ "tables": { "phones": { "input": "files" } } });
    let source: PoliceOpenData = open(&config, &host).unwrap();
    let columns = ["id", "imei", "other", "source", "inserted_at"];
    let batches = scan(&source, "phones", &columns).unwrap();
    let texts = |column: usize| -> Vec<Option<&str>> {
        let columns = batches.iter().map(|batch| batch.column(column));
        columns
            .flat_map(|column| column.as_string::<i32>().iter())
            .collect()
    };
    assert_eq!(texts(0), [Some("1"), Some("1"), Some("1"), None]);
    assert_eq!(texts(1), [Some("35"), Some("35"), None, Some("36")]);
    let other = Some(r#"{"operator":"X"}"#);
    assert_eq!(texts(2), [None, None, other, None]);
    let (old, new) = (Some("files/2023.json"), Some("files/2024.json"));
    assert_eq!(texts(3), [old, old, new, new]);
    assert_eq!(batches[0].column(4).null_count(), 2);
    // `date -ud 0001-01-01 +%s` and `date -ud 9999-12-31 +%s`.
    let days = batches[1]
        .column(4)
        .as_primitive::<TimestampMicrosecondType>();
    assert_eq!(
        days.values(),
        &[-62_135_596_800_000_000, 253_402_214_400_000_000]
    );
}

#[test]
fn predicates_and_limits_are_taken() {
    let records: Vec<_> = (0..50)
        .map(|i| json!({ "imei": format!("35{i:013}"), "insert_date": format!("2020-01-{:02}", i % 28 + 1) }))
        .collect();
    let text = serde_json::to_string(&records).unwrap();
    let (_, source) = source("phones", text, "fail");
    let table = sextant_plugin_sdk::testing::find(&source, "phones").unwrap();
    let at = |name| table.columns.index_of(name).unwrap();
    let pattern = std::sync::Arc::new(arrow_array::StringArray::from(vec!["%7"]));
    let like = predicate(&table, "imei", Operator::Like, pattern).unwrap();
    let request = Request {
        table: "phones".to_owned(),
        columns: vec![at("imei"), at("inserted_at")],
        predicates: vec![like],
        limit: Some(3),
        batch_rows: 2,
        partitions: 1,
    };
    let batches = scan_request(&source, &request).unwrap();
    let rows: Vec<_> = batches.iter().map(|batch| batch.num_rows()).collect();
    assert_eq!(rows, [2, 1]);
    assert_eq!(
        batches[1].column(0).as_string::<i32>().value(0),
        "350000000000027"
    );
    assert!(!batches[1].column(1).is_null(0));
}

#[test]
fn a_configuration_without_sense_is_refused() {
    let host = TestHost::new();
    let why = |config| {
        open::<PoliceOpenData>(&config, &host)
            .err()
            .unwrap()
            .to_string()
    };
    assert!(why(json!({ "tables": {} })).contains("expected at least one table"));
    assert!(
        why(json!({ "tables": { "boats": { "input": "x" } } })).contains("unknown variant `boats`")
    );
}
