//! The tables on small messages; the shape is that of the mapping that is shipped, and everybody in them
//! is made up.

use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch, StringArray};
use serde_json::{Value, json};
use sextant_plugin_sdk::Operator;
use sextant_plugin_sdk::testing::{TestHost, find, open, predicate, scan, scan_request};
use std::sync::Arc;

const MESSAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<u:UMFMessage xmlns:u="urn:example:umf" id="M-1">
 <u:Header>
  <u:Sender>Zrazkov</u:Sender>
  <u:HandlingCode>H1</u:HandlingCode>
  <u:Evaluation><u:Source>B</u:Source><u:Information>2</u:Information></u:Evaluation>
 </u:Header>
 <u:Persons>
  <u:Person id="P1">
   <u:PersonName><u:FamilyName>Vzorová</u:FamilyName><u:GivenName>Anna</u:GivenName><u:GivenName>Marie</u:GivenName></u:PersonName>
   <u:DateOfBirth>1980-02-29</u:DateOfBirth>
   <u:Nationality>CZ</u:Nationality><u:Nationality>SK</u:Nationality>
   <u:EyeColour>green</u:EyeColour><u:Mark>scar</u:Mark><u:Mark>tattoo &amp; ring</u:Mark><u:Armed/>
  </u:Person>
  <u:Person id="P2">
   <u:Name>Jan Příklad</u:Name><u:DateOfBirth>1975-05</u:DateOfBirth>
   <u:HandlingCode>H3</u:HandlingCode><u:HandlingCode>h2</u:HandlingCode><u:EvaluationCode>X4</u:EvaluationCode>
   <u:IdentityDocument id="D1"><u:Number>AB 123</u:Number><u:ExpiryDate>31.12.2030</u:ExpiryDate></u:IdentityDocument>
  </u:Person>
 </u:Persons>
 <u:Location id="L1"><u:City>Zrazkiv</u:City><u:Latitude>49.84</u:Latitude><u:Longitude>-24</u:Longitude></u:Location>
 <u:Connection id="C1">
  <u:From><u:Person id="P3"><u:FamilyName>Ukázka</u:FamilyName><u:HandlingCode>H0</u:HandlingCode></u:Person></u:From>
  <u:To><u:Location ref="L1"/></u:To>
  <u:Type>lives at</u:Type><u:StartDate>2020-01-01T10:00:00Z</u:StartDate>
 </u:Connection>
</u:UMFMessage>
"#;

fn host(text: impl AsRef<[u8]>) -> TestHost {
    TestHost::new().entry("files", "a.xml", text)
}

fn source_of(host: &TestHost, on_error: &str) -> Europol {
    open(&json!({ "input": "files", "on_error": on_error }), host).unwrap()
}

/// A column of texts, days or numbers, each as a text; an empty one for null.
fn shown(batches: &[RecordBatch], column: usize) -> Vec<String> {
    let mut shown = Vec::new();
    for batch in batches {
        let array = batch.column(column);
        for row in 0..batch.num_rows() {
            shown.push(match array.data_type() {
                _ if array.is_null(row) => String::new(),
                arrow_schema::DataType::Date32 => {
                    array.as_primitive::<Date32Type>().value(row).to_string()
                }
                arrow_schema::DataType::Float64 => {
                    array.as_primitive::<Float64Type>().value(row).to_string()
                }
                arrow_schema::DataType::Int64 => {
                    array.as_primitive::<Int64Type>().value(row).to_string()
                }
                _ => array.as_string::<i32>().value(row).to_owned(),
            });
        }
    }
    shown
}

fn column(text: impl AsRef<[u8]>, table: &str, column: &str) -> Vec<String> {
    let source = source_of(&host(text), "fail");
    shown(&scan(&source, table, &[column]).unwrap(), 0)
}

fn failure(text: impl AsRef<[u8]>, table: &str, columns: &[&str]) -> String {
    let source = source_of(&host(text), "fail");
    scan(&source, table, columns).unwrap_err().to_string()
}

/// A message with these elements in it.
fn message(inside: &str) -> String {
    format!("<Message id=\"M\">{inside}</Message>")
}

#[test]
fn records_become_rows() {
    let persons = |name| column(MESSAGE, "persons", name);
    // A record in a record comes before it.
    assert_eq!(persons("id"), ["P1", "P2", "P3"]);
    assert_eq!(persons("message_id"), ["M-1"; 3]);
    assert_eq!(persons("family_name"), ["Vzorová", "", "Ukázka"]);
    assert_eq!(persons("given_name"), ["Anna Marie", "", ""]);
    assert_eq!(persons("full_name"), ["", "Jan Příklad", ""]);
    // Python: (date(1980, 2, 29) - date(1970, 1, 1)).days.
    assert_eq!(persons("birth_date"), ["3711", "", ""]);
    assert_eq!(persons("birth_date_text"), ["1980-02-29", "1975-05", ""]);
    assert_eq!(persons("nationality"), ["CZ; SK", "", ""]);
    assert_eq!(persons("document_number"), ["", "AB 123", ""]);
    assert_eq!(persons("source"), ["files/a.xml"; 3]);
    assert_eq!(persons("record"), ["1", "2", "6"]);
    assert_eq!(persons("within"), ["", "", "5"]);
    assert_eq!(column(MESSAGE, "locations", "latitude"), ["49.84"]);
    assert_eq!(column(MESSAGE, "locations", "longitude"), ["-24"]);
    assert_eq!(column(MESSAGE, "items", "kind"), ["document"]);
    assert_eq!(column(MESSAGE, "items", "number"), ["AB 123"]);
    assert_eq!(column(MESSAGE, "items", "within"), ["2"]);
    let connections = |name| column(MESSAGE, "connections", name);
    assert_eq!(connections("from_id"), ["P3"]);
    assert_eq!(connections("to_id"), ["L1"]);
    assert_eq!(connections("kind"), ["lives at"]);
    // `date -ud 2020-01-01 +%s` divided by 86,400.
    assert_eq!(connections("start_date"), ["18262"]);
    assert_eq!(connections("other"), [""]);
    assert!(column(MESSAGE, "organisations", "id").is_empty());
}

#[test]
fn what_no_column_is_for_is_in_other() {
    let other = column(MESSAGE, "persons", "other");
    let first: Value = serde_json::from_str(&other[0]).unwrap();
    let expected = json!({ "EyeColour": "green", "Mark": ["scar", "tattoo & ring"], "Armed": "" });
    assert_eq!(first, expected);
    assert_eq!(other[1..], ["", ""]);
    // Of two values for one column the second is left.
    let text =
        message("<Location id='L'><Name>a</Name><Name>b</Name><City code='7'>c</City></Location>");
    let other = column(text, "locations", "other");
    let found: Value = serde_json::from_str(&other[0]).unwrap();
    assert_eq!(found, json!({ "Name": "b", "City/@code": "7" }));
}

#[test]
fn marks_are_the_record_s_or_those_of_what_encloses_it() {
    let persons = |name| column(MESSAGE, "persons", name);
    assert_eq!(persons("handling"), ["H1", "H2; H3", "H0"]);
    assert_eq!(persons("evaluation"), ["B2", "X4", "B2"]);
    assert_eq!(persons("source_evaluation"), ["B", "X", "B"]);
    assert_eq!(persons("information_evaluation"), ["2", "4", "2"]);
    // From the person that it is in.
    assert_eq!(column(MESSAGE, "items", "handling"), ["H2; H3"]);
    // The message's, and that of the person in it.
    assert_eq!(column(MESSAGE, "connections", "handling"), ["H0; H1"]);
}

#[test]
fn marks_of_one_message_or_group_are_not_those_of_the_next() {
    let text = "<Export handling='H0'>
        <Message><Header><HandlingCode>H1</HandlingCode><MessageId>a</MessageId></Header></Message>
        <Message><Group><HandlingCode>H2</HandlingCode><Person id='1'/></Group><Person id='2'/></Message>
        <Message id='c'><Note><Handling><Code>H3</Code></Handling></Note><Person id='3'/></Message>
        <Person id='4'/></Export>";
    assert_eq!(column(text, "persons", "id"), ["1", "2", "3", "4"]);
    assert_eq!(
        column(text, "persons", "handling"),
        ["H2", "H0", "H0", "H0"]
    );
    assert_eq!(column(text, "persons", "message_id"), ["", "", "c", ""]);
}

#[test]
fn marks_go_outward_from_headers_alone() {
    let text = "<Message><Header><Part><HandlingCode>H1</HandlingCode></Part></Header>
        <Handling><HandlingCode>H0</HandlingCode></Handling>
        <Note><HandlingCode>H3</HandlingCode><Evaluation>X4</Evaluation></Note>
        <Group><Header evaluation='B2'/><Person id='1'/><Note handling='H2'/></Group>
        <Person id='2'/><Group><HandlingCode>H3</HandlingCode></Group></Message>";
    let host = host(text);
    let source = source_of(&host, "fail");
    let rows = scan(&source, "persons", &["handling", "evaluation"]).unwrap();
    assert_eq!(shown(&rows, 0), ["H0; H1"; 2]);
    assert_eq!(shown(&rows, 1), ["B2", ""]);
    let expected = "files/a.xml: values outside records are in no row: Group/Note/handling (1), \
                    Group/handling (1), Note/evaluation (1), Note/handling (1)";
    assert_eq!(host.warnings(), [expected]);
}

#[test]
fn a_configuration_says_what_headers_are() {
    let text = "<Message><Note handling='H1'/><Header handling='H2'/><Person/></Message>";
    let handling = |messages: Value| {
        let config = json!({ "input": "files", "mapping": { "messages": messages } });
        let source: Europol = open(&config, &host(text)).unwrap();
        shown(&scan(&source, "persons", &["handling"]).unwrap(), 0)
    };
    let messages = json!({ "elements": ["Message"], "paths": [], "headers": ["Note"] });
    assert_eq!(handling(messages), ["H1"]);
    let messages = json!({ "elements": ["Message"], "paths": [] });
    assert_eq!(handling(messages), ["H2"]);
}

#[test]
fn marks_behind_records_of_a_group_hold_for_what_follows() {
    let text =
        "<Message id='M' handling='H0'><Group><Person id='1'/><HandlingCode>H3</HandlingCode>
        <Person id='2'/></Group><Person id='3'/></Message>";
    let host = host(text);
    let source = source_of(&host, "fail");
    let rows = scan(&source, "persons", &["handling"]).unwrap();
    assert_eq!(shown(&rows, 0), ["H0", "H3", "H0"]);
    assert!(host.warnings()[0].contains("1 codes and evaluations stand behind records"));
}

#[test]
fn marks_and_identifiers_are_never_cut() {
    let long = "H1 ".repeat(342);
    for (text, field) in [
        (format!("<HandlingCode>{long}H3</HandlingCode>"), "handling"),
        (format!("<Header handling='{long}H3'/>"), "handling"),
        (
            format!("<MessageId>{}</MessageId>", "M".repeat(1_025)),
            "message_id",
        ),
    ] {
        let text = format!("<Message>{text}<Person/></Message>");
        let error = failure(text, "persons", &["id"]);
        let expected = format!("field \"{field}\": expected at most 1024 characters, found more");
        assert!(error.ends_with(&expected), "{error}");
    }
    // What is neither may be of any length.
    let text = message(&format!("<Note>{long}</Note><Person id='1'/>"));
    assert_eq!(column(text, "persons", "id"), ["1"]);
}

#[test]
fn a_reference_outside_of_records_is_no_record() {
    let text = message("<Persons><Person ref='P1'/></Persons><Person id='P1'/>");
    let host = host(text);
    let source = source_of(&host, "fail");
    let rows = scan(&source, "persons", &["id"]).unwrap();
    assert_eq!(shown(&rows, 0), ["P1"]);
    let warnings = host.warnings();
    let expected = "values outside records are in no row: Persons/Person (1)";
    assert!(warnings.last().unwrap().ends_with(expected), "{warnings:?}");
}

#[test]
fn a_message_s_identifier_may_come_in_pieces_and_in_a_group() {
    let text = "<Message><Group><MessageId>A<!-- -->&#45;<![CDATA[7]]></MessageId><Person/></Group></Message>";
    assert_eq!(column(text, "persons", "message_id"), ["A-7"]);
}

#[test]
fn marks_behind_their_records_are_an_error_even_if_bad_records_are_left_out() {
    let text = message("<Person id='1'/><Header><HandlingCode>H2</HandlingCode></Header>");
    let source = source_of(&host(&text), "skip");
    let error = scan(&source, "persons", &["id"]).unwrap_err().to_string();
    let expected = "field \"handling\": expected it before the records in \"Message\", found \"H2\" behind one";
    assert!(error.ends_with(expected), "{error}");
    // What was said before may be said again.
    let again = "<HandlingCode>H2</HandlingCode><Person id='1'/><HandlingCode>H2</HandlingCode>";
    assert_eq!(column(message(again), "persons", "handling"), ["H2"]);
}

#[test]
fn values_that_are_no_marks_are_bad_records_whatever_is_asked_for() {
    let text = message(
        "<Person id='1'><Handling>H4</Handling></Person><Person id='2'><EvaluationCode>B7</EvaluationCode></Person>\
         <Person id='3'><Handling>H2</Handling></Person>",
    );
    let error = failure(&text, "persons", &["id"]);
    assert_eq!(
        error,
        "files/a.xml, record 1, byte 16, field \"handling\": expected H0, H1, H2 or H3, found \"H4\""
    );
    let host = host(&text);
    let source = source_of(&host, "skip");
    assert_eq!(shown(&scan(&source, "persons", &["id"]).unwrap(), 0), ["3"]);
    let (count, first) = host.skipped().remove(0);
    assert_eq!((count, first.to_string()), (2, error));
    // What a wrong one holds for is bad as well.
    let text = "<Message><HandlingCode>secret</HandlingCode><Person/></Message>";
    assert!(failure(text, "persons", &["id"]).contains("found \"secret\""));
}

#[test]
fn the_analyst_is_told_what_is_missing_and_left_out() {
    let text = message(
        "<Header><Sender>x</Sender></Header><Person><Restriction>H2</Restriction><BirthDate>1980</BirthDate></Person>\
         <Person handling='H0'/>",
    );
    let host = host(&text);
    let source = source_of(&host, "fail");
    scan(&source, "persons", &[]).unwrap();
    let warnings = host.warnings();
    let expected = [
        "files/a.xml: 1 of 2 records have no handling code, nor has what encloses them",
        "files/a.xml: 1 values look like handling codes, where no path of \"handling\" leads; the first is at \
         \"Restriction\": should the mapping have it?",
        "files/a.xml: 1 values are no whole days or numbers: they are null, and the columns *_text have them",
        "files/a.xml: values outside records are in no row: Header/Sender (1)",
    ];
    assert_eq!(warnings, expected);
    // One with records of other elements, as a new edition of the format may have them.
    let host = TestHost::new().entry("files", "a.xml", "<Message><Human/></Message>");
    let source = source_of(&host, "fail");
    assert!(scan(&source, "persons", &[]).unwrap().is_empty());
    assert!(host.warnings()[0].contains("none of its 2 elements begins a record"));
}

#[test]
fn every_split_reads_the_same() {
    let read = |chunk_bytes| {
        let host = host(MESSAGE).chunk_bytes(chunk_bytes);
        let source = source_of(&host, "fail");
        let tables = Kind::ALL.map(|kind| scan(&source, kind.name(), &[]).unwrap());
        (tables, host.warnings())
    };
    let whole = read(1 << 20);
    for chunk_bytes in (1..40).chain([100, 1_000]) {
        assert_eq!(read(chunk_bytes), whole, "{chunk_bytes}");
    }
}

#[test]
fn a_file_that_is_not_whole_is_an_error_in_any_case() {
    let persons = MESSAGE.find("</u:Persons>").unwrap();
    for (text, expected) in [
        (&MESSAGE[..persons], "it is not complete"),
        (&MESSAGE[..persons - 20], "files/a.xml, "),
        ("", "expected XML, found no element"),
        ("{\"id\": 1}", "expected an element, found text"),
        ("<Message><Person></Message>", "expected well-formed XML"),
    ] {
        let source = source_of(&host(text), "skip");
        let error = scan(&source, "persons", &["id"]).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let utf16: Vec<u8> = MESSAGE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error = failure(
        [b"\xff\xfe".as_slice(), &utf16].concat(),
        "persons",
        &["id"],
    );
    assert!(
        error.starts_with("files/a.xml") && error.contains("UTF-16"),
        "{error}"
    );
}

#[test]
fn encodings_are_those_that_are_declared() {
    // "Жук" in windows-1251, by iconv.
    let text = b"<?xml version='1.0' encoding='windows-1251'?><Person><Surname>\xc6\xf3\xea</Surname></Person>";
    assert_eq!(column(text, "persons", "family_name"), ["Жук"]);
    let undeclared = b"<Person><Surname>\xc6\xf3\xea</Surname></Person>";
    assert!(failure(undeclared, "persons", &["id"]).starts_with("files/a.xml, byte "));
}

#[test]
fn numbers_that_are_none_are_kept_as_text() {
    let text = "<File><Location id='1'><Latitude>NaN</Latitude></Location>
        <Location id='2'><Latitude>49.5</Latitude></Location></File>";
    let host = host(text);
    let source = source_of(&host, "fail");
    let rows = scan(&source, "locations", &["latitude", "latitude_text"]).unwrap();
    assert_eq!(shown(&rows, 0), ["", "49.5"]);
    assert_eq!(shown(&rows, 1), ["NaN", "49.5"]);
    let warnings = host.warnings();
    assert!(
        warnings
            .last()
            .unwrap()
            .contains("1 values are no whole days or numbers")
    );
}

#[test]
fn days_far_out_are_days_and_what_is_none_is_kept_as_text() {
    let person = |day: &str| format!("<Person><BirthDate>{day}</BirthDate></Person>");
    let days = [
        "9999-12-31",
        "0001-01-01",
        "1980-02-30",
        "0000-00-00",
        "19800229",
        "unknown",
    ];
    let text = message(&days.map(person).concat());
    assert_eq!(
        column(&text, "persons", "birth_date"),
        ["2932896", "-719162", "", "", "3711", ""]
    );
    assert_eq!(column(&text, "persons", "birth_date_text"), days);
}

#[test]
fn letters_are_the_same_in_both_cases() {
    let text = message("<PERSON ID='1'/><person id='2'/><pERSON><iD>3</iD></pERSON>");
    assert_eq!(column(text, "persons", "id"), ["1", "2", "3"]);
}

/// Values of a column that has `join` are joined in the order of its paths, each once, and the rest of
/// a column without it is left.
#[test]
fn several_values_of_a_column_are_each_taken_once_or_left() {
    let text = message(
        "<Person><Citizenship>B</Citizenship><Nationality>A</Nationality><Nationality>A</Nationality>\
         <Gender>F</Gender><Sex>X</Sex><Alias>a</Alias><Alias>a</Alias></Person>",
    );
    let persons = |name| column(&text, "persons", name);
    assert_eq!(persons("nationality"), ["A; B"]);
    assert_eq!(persons("aliases"), ["a"]);
    assert_eq!(persons("gender"), ["F"]);
    assert_eq!(persons("other"), ["{\"Sex\":\"X\"}"]);
}

#[test]
fn records_that_come_twice_are_two_rows() {
    let text = message("<Person id='1'/><Person id='1'/>");
    assert_eq!(column(&text, "persons", "id"), ["1", "1"]);
    assert_eq!(column(&text, "persons", "record"), ["1", "2"]);
}

#[test]
fn files_may_differ_in_their_elements() {
    let old = message("<Person id='1'><Surname>A</Surname><Gender>F</Gender></Person>");
    let new = message("<Person id='1'><LastName>B</LastName><Shoe>44</Shoe></Person>");
    let host = TestHost::new()
        .entry("files", "a.xml", old)
        .entry("files", "b.xml", new);
    let source = source_of(&host, "fail");
    let columns = ["id", "family_name", "gender", "other", "source"];
    let rows = scan(&source, "persons", &columns).unwrap();
    assert_eq!(shown(&rows, 0), ["1", "1"]);
    assert_eq!(shown(&rows, 1), ["A", "B"]);
    assert_eq!(shown(&rows, 2), ["F", ""]);
    assert_eq!(shown(&rows, 3), ["", "{\"Shoe\":\"44\"}"]);
    assert_eq!(shown(&rows, 4), ["files/a.xml", "files/b.xml"]);
}

#[test]
fn wildcards_do_not_take_what_is_another_record_s() {
    let text = "<Organisation id='O'><Person id='P'><Name>Jan</Name><HandlingCode>H2</HandlingCode></Person></Organisation>";
    assert_eq!(column(text, "organisations", "name"), [""]);
    assert_eq!(column(text, "organisations", "handling"), ["H2"]);
    assert_eq!(column(text, "organisations", "other"), [""]);
}

#[test]
fn a_configuration_extends_and_replaces_the_mapping() {
    let text = "<Message><Header><Klasse>H2</Klasse></Header>
        <Human id='1'><FamilyName>Vzor</FamilyName><Height>180</Height></Human><Person id='2'/></Message>";
    let config = |persons: Value| {
        let shared = json!({ "handling": { "paths": ["**/Klasse"] } });
        json!({ "input": "files", "mapping": { "shared": shared, "tables": { "persons": persons } } })
    };
    let height = json!({ "paths": ["Height"], "type": "int" });
    let extended = config(json!({ "elements": ["Human"], "columns": { "height": height } }));
    let source: Europol = open(&extended, &host(text)).unwrap();
    let batches = scan(
        &source,
        "persons",
        &["id", "family_name", "height", "handling"],
    )
    .unwrap();
    assert_eq!(shown(&batches, 0), ["1", "2"]);
    assert_eq!(shown(&batches, 1), ["Vzor", ""]);
    assert_eq!(shown(&batches, 2), ["180", ""]);
    assert_eq!(shown(&batches, 3), ["H2", "H2"]);
    let id = json!({ "paths": ["@id"] });
    let replaced =
        config(json!({ "replace": true, "elements": ["Human"], "columns": { "id": id } }));
    let source: Europol = open(&replaced, &host(text)).unwrap();
    let names = find(&source, "persons").unwrap().columns;
    let names: Vec<_> = names
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(
        names,
        [
            "id",
            "message_id",
            "handling",
            "source_evaluation",
            "information_evaluation",
            "evaluation",
            "other",
            "within",
            "source",
            "record"
        ]
    );
    assert_eq!(shown(&scan(&source, "persons", &["id"]).unwrap(), 0), ["1"]);
}

#[test]
fn a_configuration_without_sense_is_refused() {
    let why = |tables: Value| {
        let config = json!({ "input": "files", "mapping": { "tables": tables } });
        open::<Europol>(&config, &TestHost::new())
            .err()
            .unwrap()
            .to_string()
    };
    for (tables, expected) in [
        (json!({ "boats": {} }), "unknown variant `boats`"),
        (
            json!({ "items": { "element": [] } }),
            "unknown field `element`",
        ),
        (
            json!({ "items": { "replace": true } }),
            "expected a column \"id\"",
        ),
        (
            json!({ "items": { "elements": ["X"] }, "persons": { "elements": ["x"] } }),
            "expected an element of one table",
        ),
        (
            json!({ "items": { "elements": ["UMF"] } }),
            "expected an element that is no message",
        ),
        (
            json!({ "items": { "columns": { "A": { "paths": [] } } } }),
            "expected a name of a-z",
        ),
        (
            json!({ "items": { "columns": { "a": { "paths": ["b//c"] } } } }),
            "a name is missing",
        ),
        (
            json!({ "items": { "columns": { "handling": { "paths": [] } } } }),
            "\"handling\" twice",
        ),
        (
            json!({ "items": { "columns": { "a": { "paths": [], "type": "int", "join": " " } } } }),
            "expected no \"join\"",
        ),
    ] {
        let error = why(tables);
        assert!(error.contains(expected), "{error}");
    }
    let config = json!({ "input": "files", "record_bytes_max": 0 });
    let error = open::<Europol>(&config, &TestHost::new())
        .err()
        .unwrap()
        .to_string();
    assert!(error.starts_with("field \"record_bytes_max\""), "{error}");
}

#[test]
fn predicates_and_limits_are_taken() {
    let persons: String = (0..50)
        .map(|i| format!("<Person id='{i}' handling='H{}'/>", i % 4))
        .collect();
    let source = source_of(&host(message(&persons)), "fail");
    let table = find(&source, "persons").unwrap();
    let value = Arc::new(StringArray::from(vec!["H3"]));
    let request = Request {
        table: "persons".to_owned(),
        columns: vec![0],
        predicates: vec![predicate(&table, "handling", Operator::Eq, value).unwrap()],
        limit: Some(3),
        batch_rows: 2,
        partitions: 1,
    };
    let batches = scan_request(&source, &request).unwrap();
    assert_eq!(shown(&batches, 0), ["3", "7", "11"]);
}

#[test]
fn what_would_need_too_much_memory_is_refused() {
    let text = format!("<Person><Photo>{}</Photo></Person>", "A".repeat(2 << 20));
    assert!(failure(&text, "persons", &["id"]).contains("a record may have 1048576 bytes"));
    let config = json!({ "input": "files", "record_bytes_max": 4 << 20 });
    let source: Europol = open(&config, &host(&text)).unwrap();
    assert_eq!(scan(&source, "persons", &["id"]).unwrap()[0].num_rows(), 1);
    // 1,300 paths of 3,510 bytes, in 7 KiB.
    let name = "n".repeat(120);
    let (open, close) = (
        format!("<{name}>").repeat(29),
        format!("</{name}>").repeat(29),
    );
    let text = format!(
        "<Person>{open}{}{close}<Phone/></Person>",
        "<a/>".repeat(1_300)
    );
    for table in ["persons", "items"] {
        let error = failure(&text, table, &["id"]);
        assert!(
            error.contains("the paths in a record may have 4194304 bytes"),
            "{error}"
        );
    }
}
