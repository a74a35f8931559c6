//! The tables on small registers in the true shape; everybody in them is made up.

use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type};
use arrow_array::{Array, RecordBatch};
use serde_json::json;
use sextant_plugin_sdk::testing::{TestHost, open, scan};

const REGISTER: &str = r#"<?xml version="1.0" encoding="windows-1251"?>
<DATA FORMAT_VERSION="1.0">
<SUBJECT><RECORD>1</RECORD><NAME>ТОВАРИСТВО "ЗРАЗОК"</NAME><SHORT_NAME>ТОВ "ЗРАЗОК"</SHORT_NAME><OPF>ТОВ</OPF><EDRPOU>12345678</EDRPOU>
<ADDRESS>Україна, 01001, місто Зразків</ADDRESS><STAN>зареєстровано</STAN><AUTHORIZED_CAPITAL>1 000,50</AUTHORIZED_CAPITAL>
<FOUNDERS><FOUNDER>ПРИКЛАДЕНКО ТЕСТ, Україна, місто Зразків, розмір внеску до статутного фонду - 600.50 грн.</FOUNDER>
<FOUNDER>ТОВ "ПРОБА", 87654321, Україна, розмір внеску до статутного фонду - 400.00 грн.</FOUNDER></FOUNDERS>
<BENEFICIARIES><BENEFICIARY>ПРИКЛАДЕНКО ТЕСТ; Україна; Україна, місто Зразків</BENEFICIARY></BENEFICIARIES>
<SIGNERS><SIGNER>ПРИКЛАДЕНКО ТЕСТ; 15.01.2010 - керівник</SIGNER></SIGNERS>
<MEMBERS><MEMBER>ЗБОРИ УЧАСНИКІВ</MEMBER></MEMBERS>
<BRANCHES><BRANCH><CODE>11111111</CODE><NAME>ФІЛІЯ &amp; СКЛАД</NAME><SIGNER>ЗРАЗКОВА ПРОБА</SIGNER><CREATE_DATE>16.01.2010</CREATE_DATE><FAX>1</FAX></BRANCH></BRANCHES>
<PREDECESSORS><PREDECESSOR><NAME>ВП "СТАРЕ"</NAME><CODE>22222222</CODE></PREDECESSOR></PREDECESSORS>
<ASSIGNEES><ASSIGNEE><NAME>ТОВ "НОВЕ"</NAME><CODE>33333333</CODE></ASSIGNEE></ASSIGNEES>
<ACTIVITY_KINDS><ACTIVITY_KIND><CODE>62.01</CODE><NAME>Програмування</NAME><PRIMARY>так</PRIMARY></ACTIVITY_KIND>
<ACTIVITY_KIND><CODE>63.11</CODE><NAME>Дані</NAME><PRIMARY>ні</PRIMARY></ACTIVITY_KIND></ACTIVITY_KINDS>
<REGISTRATION>15.01.2010; 16.01.2010; 1074</REGISTRATION><CONTACTS>тел. 000</CONTACTS>
<TERMINATION_STARTED_INFO><OP_DATE>17.01.2010</OP_DATE><REASON>рішення</REASON><SBJ_STATE>в стані припинення</SBJ_STATE><SIGNER_NAME>ЛІКВІДАТОР ТЕСТ</SIGNER_NAME><EXTRA>так</EXTRA></TERMINATION_STARTED_INFO>
<BANKRUPTCY_READJUSTMENT_INFO/>
<EXCHANGE_DATA><EXCHANGE_ANSWER><TAX_PAYER_TYPE>платник</TAX_PAYER_TYPE><START_DATE>18.01.2010</START_DATE><START_NUM>5</START_NUM><AUTHORITY_NAME>УПРАВЛІННЯ</AUTHORITY_NAME><AUTHORITY_CODE>44444444</AUTHORITY_CODE></EXCHANGE_ANSWER></EXCHANGE_DATA>
<NEW_FIELD a="1">щось<X>ще</X></NEW_FIELD><NEW_FIELD>інше</NEW_FIELD></SUBJECT>
<RECORD><NAME>ПП "СТАРИЙ ФОРМАТ"</NAME><SHORT_NAME/><EDRPOU>12345678</EDRPOU><KVED>62.01 Програмування</KVED><STAN>припинено</STAN><BOSS>КЕРІВНИК ТЕСТ</BOSS><FOUNDERS><FOUNDER>ЗРАЗКОВА ПРОБА</FOUNDER></FOUNDERS></RECORD>
</DATA>"#;

/// A text in windows-1251: by the table at unicode.org, Cyrillic letters stand in their order.
fn windows_1251(text: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        'А'..='я' => (u32::from(c) - 0x410 + 0xC0) as u8,
        'І' => 0xB2,
        'і' => 0xB3,
        'Ї' => 0xAF,
        'ї' => 0xBF,
        'Є' => 0xAA,
        'є' => 0xBA,
        _ => u8::try_from(c).expect("it is in the test's letters"),
    };
    text.chars().map(byte).collect()
}

fn source(bytes: impl AsRef<[u8]>, on_error: &str, chunk_bytes: usize) -> (TestHost, Registers) {
    let host = TestHost::new()
        .entry("edr", "uo.xml", bytes)
        .chunk_bytes(chunk_bytes);
    let source = open(&json!({ "on_error": on_error }), &host).unwrap();
    (host, source)
}

/// The cells of some columns as texts.
fn cells(source: &Registers, table: &str, columns: &[&str]) -> Result<Vec<Vec<String>>> {
    let cell = |batch: &RecordBatch, column: usize, row: usize| {
        let array = batch.column(column);
        if array.is_null(row) {
            return "-".to_owned();
        }
        match array.data_type() {
            arrow_schema::DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
            arrow_schema::DataType::Date32 => {
                array.as_primitive::<Date32Type>().value(row).to_string()
            }
            arrow_schema::DataType::Float64 => {
                array.as_primitive::<Float64Type>().value(row).to_string()
            }
            arrow_schema::DataType::Boolean => array.as_boolean().value(row).to_string(),
            _ => array
                .as_primitive::<arrow_array::types::Int64Type>()
                .value(row)
                .to_string(),
        }
    };
    let batches = scan(source, table, columns)?;
    let rows = batches.iter().flat_map(|batch| {
        (0..batch.num_rows()).map(move |row| {
            (0..columns.len())
                .map(|column| cell(batch, column, row))
                .collect()
        })
    });
    Ok(rows.collect())
}

fn all(table: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let bytes = windows_1251(REGISTER);
    let whole = cells(&source(&bytes, "fail", 1 << 20).1, table, columns).unwrap();
    for chunk_bytes in [1, 2, 3, 7, 100] {
        let split = cells(&source(&bytes, "fail", chunk_bytes).1, table, columns).unwrap();
        assert_eq!(split, whole, "{chunk_bytes}");
    }
    whole
}

#[test]
fn a_record_is_rows_of_several_tables() {
    // Python: (date(2010, 1, 15) - date(1970, 1, 1)).days is 14624.
    assert_eq!(
        all(
            "companies",
            &[
                "edrpou",
                "register_record",
                "name",
                "status",
                "authorized_capital",
                "authorized_capital_raw",
                "registered_on",
                "recorded_on",
                "registration_number",
                "termination_on",
                "termination_signer",
                "bankruptcy_on",
                "record"
            ]
        ),
        [
            vec![
                "12345678",
                "1",
                "ТОВАРИСТВО \"ЗРАЗОК\"",
                "зареєстровано",
                "1000.5",
                "1 000,50",
                "14624",
                "14625",
                "1074",
                "14626",
                "ЛІКВІДАТОР ТЕСТ",
                "-",
                "1"
            ],
            vec![
                "12345678",
                "-",
                "ПП \"СТАРИЙ ФОРМАТ\"",
                "припинено",
                "-",
                "-",
                "-",
                "-",
                "-",
                "-",
                "-",
                "-",
                "2"
            ],
        ]
    );
    assert_eq!(
        all("founders", &["name", "code", "address", "contribution"]),
        [
            ["ПРИКЛАДЕНКО ТЕСТ", "-", "Україна, місто Зразків", "600.5"],
            ["ТОВ \"ПРОБА\"", "87654321", "Україна", "400"],
            ["ЗРАЗКОВА ПРОБА", "-", "-", "-"],
        ]
    );
    assert_eq!(
        all("founders", &["raw"])[1],
        ["ТОВ \"ПРОБА\", 87654321, Україна, розмір внеску до статутного фонду - 400.00 грн."]
    );
    assert_eq!(
        all("beneficiaries", &["name", "country", "address"]),
        [["ПРИКЛАДЕНКО ТЕСТ", "Україна", "Україна, місто Зразків"]]
    );
    assert_eq!(
        all("signers", &["name", "since", "role", "raw"]),
        [
            [
                "ПРИКЛАДЕНКО ТЕСТ",
                "14624",
                "керівник",
                "ПРИКЛАДЕНКО ТЕСТ; 15.01.2010 - керівник"
            ],
            ["КЕРІВНИК ТЕСТ", "-", "керівник", "КЕРІВНИК ТЕСТ"],
        ]
    );
    assert_eq!(all("members", &["raw"]), [["ЗБОРИ УЧАСНИКІВ"]]);
    assert_eq!(
        all(
            "branches",
            &["code", "name", "signer", "created_on", "other"]
        ),
        [[
            "11111111",
            "ФІЛІЯ & СКЛАД",
            "ЗРАЗКОВА ПРОБА",
            "14625",
            "{\"FAX\":\"1\"}"
        ]]
    );
    assert_eq!(
        all("predecessors", &["name", "code"]),
        [["ВП \"СТАРЕ\"", "22222222"]]
    );
    assert_eq!(
        all("assignees", &["name", "code"]),
        [["ТОВ \"НОВЕ\"", "33333333"]]
    );
    assert_eq!(
        all(
            "activities",
            &["edrpou", "code", "name", "is_primary", "source"]
        ),
        [
            ["12345678", "62.01", "Програмування", "true", "edr/uo.xml"],
            ["12345678", "63.11", "Дані", "false", "edr/uo.xml"],
            ["12345678", "62.01", "Програмування", "true", "edr/uo.xml"],
        ]
    );
    assert_eq!(
        all(
            "tax_records",
            &[
                "taxpayer_type",
                "started_on",
                "start_number",
                "ended_on",
                "authority_code"
            ]
        ),
        [["платник", "14627", "5", "-", "44444444"]]
    );
}

#[test]
fn what_no_column_is_for_is_kept() {
    let other = all("companies", &["other"]);
    let expected = json!({
        "NEW_FIELD": ["щось", "інше"], "NEW_FIELD/@a": "1", "NEW_FIELD/X": "ще",
        "TERMINATION_STARTED_INFO/EXTRA": "так",
    });
    assert_eq!(other, [[expected.to_string()], ["-".to_owned()]]);
}

fn failure(text: &str, on_error: &str, table: &str, columns: &[&str]) -> String {
    let (_, source) = source(text, on_error, 50);
    cells(&source, table, columns).unwrap_err().to_string()
}

#[test]
fn broken_files_are_errors_whatever_becomes_of_bad_records() {
    let whole = "<DATA><SUBJECT><NAME>A</NAME></SUBJECT></DATA>";
    let twice = format!("{whole}{whole}");
    for on_error in ["fail", "skip"] {
        for (text, expected) in [
            (
                &whole[..21],
                "edr/uo.xml, record 1, byte 21: expected more, found the end of the file",
            ),
            (
                &whole[..whole.len() - 7],
                "byte 39: expected more, found the end of the file",
            ),
            (
                "",
                "edr/uo.xml, byte 0: expected <DATA>, found the end of the file",
            ),
            (
                "<html><DATA/></html>",
                "byte 0: expected <DATA>, found <html>",
            ),
            ("PK\u{3}\u{4}", "expected an element, found text"),
            (
                twice.as_str(),
                "expected the end of the file, found another element",
            ),
            (
                "<DATA><SUBJECT><NAME>&x;</NAME></SUBJECT></DATA>",
                "record 1, byte 21: expected one of the five entities",
            ),
        ] {
            let said = failure(text, on_error, "companies", &["name"]);
            assert!(said.contains(expected), "{said}");
        }
        let declared = "<?xml version=\"1.0\" encoding=\"koi8-x\"?>";
        let said = failure(&format!("{declared}{whole}"), on_error, "companies", &[]);
        assert!(said.contains("koi8-x"), "{said}");
    }
    // Declared as UTF-8, written in windows-1251.
    let wrong = windows_1251(&REGISTER.replace("windows-1251", "UTF-8"));
    let said = cells(&source(wrong, "skip", 50).1, "companies", &["name"]).unwrap_err();
    assert!(
        said.to_string().starts_with("edr/uo.xml, record 1, byte "),
        "{said}"
    );
}

#[test]
fn a_bad_day_is_a_bad_record_where_it_is_asked_for() {
    let subject = |date: &str| {
        format!(
            "<SUBJECT><EDRPOU>1</EDRPOU><BRANCHES><BRANCH><CODE>7</CODE><CREATE_DATE>{date}</CREATE_DATE></BRANCH></BRANCHES></SUBJECT>"
        )
    };
    let text = format!(
        "<DATA>{}{}{}</DATA>",
        subject("31.02.2010"),
        subject("01.01.0001"),
        subject("31.12.9999")
    );
    let said = failure(&text, "fail", "branches", &["created_on"]);
    assert_eq!(
        said,
        "edr/uo.xml, record 1, byte 6, field \"CREATE_DATE\": expected a day as DD.MM.YYYY, found \"31.02.2010\""
    );
    let (host, skipping) = source(&text, "skip", 50);
    assert_eq!(
        cells(&skipping, "branches", &["created_on"]).unwrap(),
        [["-719162"], ["2932896"]]
    );
    assert_eq!(host.skipped().len(), 1);
    assert_eq!(
        cells(&source(&text, "fail", 50).1, "branches", &["code"])
            .unwrap()
            .len(),
        3
    );
}

/// Columns hold the first of two; lists are other tables, and their attributes nobody's.
#[test]
fn what_comes_twice_and_attributes_of_lists_are_kept() {
    let text = "<DATA><SUBJECT><EDRPOU>1</EDRPOU><NAME>A</NAME><NAME>B</NAME>\
        <FOUNDERS count=\"2\"><FOUNDER>F</FOUNDER></FOUNDERS>\
        <TERMINATION_STARTED_INFO><OP_DATE>17.01.2010</OP_DATE><REASON>one</REASON></TERMINATION_STARTED_INFO>\
        <TERMINATION_STARTED_INFO><OP_DATE>18.01.2010</OP_DATE><REASON>two</REASON></TERMINATION_STARTED_INFO>\
        </SUBJECT></DATA>";
    let (_, source) = source(text, "fail", 50);
    let columns = ["name", "termination_reason", "other"];
    let other = json!({
        "NAME": "B", "FOUNDERS/@count": "2",
        "TERMINATION_STARTED_INFO/OP_DATE": "18.01.2010", "TERMINATION_STARTED_INFO/REASON": "two",
    });
    assert_eq!(
        cells(&source, "companies", &columns).unwrap(),
        [["A".to_owned(), "one".to_owned(), other.to_string()]]
    );
}

/// They would be counted. What has an attribute says something.
#[test]
fn elements_without_anything_in_them_are_no_rows() {
    for (table, list, item) in [
        ("founders", "FOUNDERS", "FOUNDER"),
        ("beneficiaries", "BENEFICIARIES", "BENEFICIARY"),
        ("signers", "SIGNERS", "SIGNER"),
        ("members", "MEMBERS", "MEMBER"),
        ("branches", "BRANCHES", "BRANCH"),
        ("activities", "ACTIVITY_KINDS", "ACTIVITY_KIND"),
        ("predecessors", "PREDECESSORS", "PREDECESSOR"),
        ("assignees", "ASSIGNEES", "ASSIGNEE"),
        ("tax_records", "EXCHANGE_DATA", "EXCHANGE_ANSWER"),
    ] {
        let text = format!(
            "<DATA><SUBJECT><EDRPOU>1</EDRPOU><{list}><{item}>  </{item}><{item}/>\
             <{item}><CODE> </CODE></{item}><{item} a=\"1\"/></{list}></SUBJECT></DATA>"
        );
        let found = cells(&source(&text, "fail", 50).1, table, &["edrpou", "other"]);
        assert_eq!(found.unwrap(), [["1", "{\"@a\":\"1\"}"]], "{table}");
    }
}

/// Files differ in their layout, their fields and their encoding.
#[test]
fn files_may_differ_in_their_fields() {
    let older = "<?xml version=\"1.0\" encoding=\"windows-1251\"?><DATA><RECORD><NAME>ПРОБА</NAME>\
        <EDRPOU>1</EDRPOU><BOSS>ТЕСТ</BOSS></RECORD></DATA>";
    let newer =
        "<DATA><SUBJECT><EDRPOU>1</EDRPOU><PURPOSE>мета</PURPOSE><LEI>X7</LEI></SUBJECT></DATA>";
    let host = TestHost::new()
        .entry("edr", "2019.xml", windows_1251(older))
        .entry("edr", "2024.xml", newer);
    let source: Registers = open(&json!({}), &host).unwrap();
    let columns = ["edrpou", "name", "purpose", "other", "source", "record"];
    assert_eq!(
        cells(&source, "companies", &columns).unwrap(),
        [
            ["1", "ПРОБА", "-", "-", "edr/2019.xml", "1"],
            ["1", "-", "мета", "{\"LEI\":\"X7\"}", "edr/2024.xml", "1"],
        ]
    );
}

#[test]
fn what_stands_between_records_is_a_bad_record() {
    let text = "<DATA>x\n<NEWS><SUBJECT/></NEWS><SUBJECT><EDRPOU>1</EDRPOU></SUBJECT></DATA>";
    assert_eq!(
        failure(text, "fail", "companies", &["edrpou"]),
        "edr/uo.xml, byte 6: expected <SUBJECT> or <RECORD>, found \"x\""
    );
    assert_eq!(
        failure(&text.replace('x', ""), "fail", "companies", &["edrpou"]),
        "edr/uo.xml, byte 7: expected <SUBJECT> or <RECORD>, found <NEWS>"
    );
    let (host, source) = source(text, "skip", 50);
    assert_eq!(cells(&source, "companies", &["edrpou"]).unwrap(), [["1"]]);
    let skipped = host.skipped();
    assert_eq!(skipped.len(), 1);
    assert_eq!(skipped[0].0, 2);
    assert!(host.warnings().is_empty(), "{:?}", host.warnings());
}
