//! The source as the host sees it, on made-up lists, and on the real lists where those are there. Here
//! are the list of the United Nations and what all formats share.

// The lists of the United States.
mod ofac;

// FollowTheMoney.
mod ftm;

use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::DataType;
use chrono::NaiveDate;
use serde_json::json;
use sextant_plugin_sdk::host::{Capabilities, ReadChunk};
use sextant_plugin_sdk::testing::{self, TestHost};
use sextant_plugin_sdk::{Entry, ErrorKind, Operator, xml};
use std::collections::HashMap;
use std::sync::Arc;

/// Nobody in here exists.
const SAMPLE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<!DOCTYPE CONSOLIDATED_LIST [ <!ELEMENT DATAID (#PCDATA)> ]>
<!-- made up -->
<un:CONSOLIDATED_LIST xmlns:un="urn:un" xmlns:xsi="urn:xsi" xsi:noNamespaceSchemaLocation="x.xsd" dateGenerated="2031-02-27T00:00:09.554Z">
  <INDIVIDUALS>
    <INDIVIDUAL>
      <DATAID>11</DATAID>
      <VERSIONNUM>1</VERSIONNUM>
      <FIRST_NAME>ALDO</FIRST_NAME><SECOND_NAME>VAN &amp; TO</SECOND_NAME><FOURTH_NAME><![CDATA[<QUILL>]]></FOURTH_NAME>
      <UN_LIST_TYPE>Atlantis</UN_LIST_TYPE>
      <REFERENCE_NUMBER>ATi.001</REFERENCE_NUMBER>
      <LISTED_ON>2011-07-29-04:00</LISTED_ON>
      <GENDER>Male</GENDER>
      <NAME_ORIGINAL_SCRIPT>Алдо &#x41A;вілл</NAME_ORIGINAL_SCRIPT>
      <COMMENTS1>First line.
Second line.</COMMENTS1>
      <TITLE><VALUE>Count</VALUE></TITLE>
      <DESIGNATION><VALUE>Admiral of
          the fleet</VALUE><VALUE>Harbour master</VALUE></DESIGNATION>
      <NATIONALITY><VALUE>Atlantis</VALUE><VALUE/><NOTE>claimed</NOTE></NATIONALITY>
      <LAST_DAY_UPDATED><VALUE/><VALUE>2020-03-01</VALUE><VALUE>2019-02-28</VALUE></LAST_DAY_UPDATED>
      <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Aldo the Elder</ALIAS_NAME><DATE_OF_BIRTH>1955</DATE_OF_BIRTH><CITY_OF_BIRTH>Port</CITY_OF_BIRTH><NOTE>at sea</NOTE></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Al</ALIAS_NAME><SHIP>Gull</SHIP></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ADDRESS><STREET>1 Quay</STREET><CITY>Port</CITY><STATE_PROVINCE>West</STATE_PROVINCE><ZIP_CODE>0012</ZIP_CODE><COUNTRY>Atlantis</COUNTRY><NOTE>old</NOTE></INDIVIDUAL_ADDRESS>
      <INDIVIDUAL_ADDRESS><COUNTRY/></INDIVIDUAL_ADDRESS>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1967-05-01</DATE></INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><YEAR>1968</YEAR></INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>APPROXIMATELY</TYPE_OF_DATE><DATE>1969-01-02</DATE></INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1970</FROM_YEAR><TO_YEAR>1972</TO_YEAR><NOTE>says he</NOTE></INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><NOTE>Nov. 1973</NOTE></INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE/></INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_PLACE_OF_BIRTH><STREET>Mill</STREET><CITY>Port</CITY><STATE_PROVINCE>West</STATE_PROVINCE><COUNTRY>Atlantis</COUNTRY></INDIVIDUAL_PLACE_OF_BIRTH>
      <INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><TYPE_OF_DOCUMENT2>Sea pass</TYPE_OF_DOCUMENT2><NUMBER>A 1</NUMBER><ISSUING_COUNTRY>Atlantis</ISSUING_COUNTRY><DATE_OF_ISSUE>2011-12-07</DATE_OF_ISSUE><CITY_OF_ISSUE>Bonn</CITY_OF_ISSUE><COUNTRY_OF_ISSUE>Germany</COUNTRY_OF_ISSUE><NOTE>lost</NOTE></INDIVIDUAL_DOCUMENT>
      <INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>National Identification
          Number</TYPE_OF_DOCUMENT><DATE_OF_ISSUE>2012</DATE_OF_ISSUE></INDIVIDUAL_DOCUMENT>
      <INDIVIDUAL_DOCUMENT/>
      <SHOE_SIZE unit="EU">44</SHOE_SIZE>
      <SORT_KEY/>
    </INDIVIDUAL>
    <INDIVIDUAL><DATAID>12</DATAID><FIRST_NAME>BEA</FIRST_NAME></INDIVIDUAL>
  </INDIVIDUALS>
  <ENTITIES>
    <ENTITY>
      <DATAID>21</DATAID><FIRST_NAME>GULL SHIPPING</FIRST_NAME>
      <ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>GS</ALIAS_NAME></ENTITY_ALIAS>
      <ENTITY_ALIAS><QUALITY>f.k.a.</QUALITY><ALIAS_NAME>TERN SHIPPING</ALIAS_NAME></ENTITY_ALIAS>
      <ENTITY_ADDRESS><CITY>Port</CITY></ENTITY_ADDRESS>
    </ENTITY>
  </ENTITIES>
</un:CONSOLIDATED_LIST>
"#;

/// A list with one record, which has an id, a name and whatever is given.
fn small(fields: &str) -> String {
    format!(
        "<CONSOLIDATED_LIST><INDIVIDUALS>\
         <INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>CY</FIRST_NAME></INDIVIDUAL>\
         <INDIVIDUAL><DATAID>2</DATAID><FIRST_NAME>DOT</FIRST_NAME>{fields}</INDIVIDUAL>\
         </INDIVIDUALS><ENTITIES/></CONSOLIDATED_LIST>"
    )
}

fn host(bytes: impl AsRef<[u8]>) -> TestHost {
    TestHost::new().entry("un", "list.xml", bytes)
}

fn open(host: &TestHost, on_error: &str) -> Sanctions {
    let lists = json!([{ "name": "un", "input": "un", "format": "un-xml" }]);
    testing::open(&json!({ "lists": lists, "on_error": on_error }), host).unwrap()
}

/// The rows of a table, a cell as text and `-` for null.
fn rows(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let rows = batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
    rows.map(|(batch, row)| {
        batch
            .columns()
            .iter()
            .map(|column| cell(column, row))
            .collect()
    })
    .collect()
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
        other => panic!("no column has the type {other}"),
    }
}

fn read(source: &Sanctions, table: &str, columns: &[&str]) -> Result<Vec<Vec<String>>> {
    testing::scan(source, table, columns).map(|batches| rows(&batches))
}

/// The rows of a table of the sample, each joined by `|`, without the list.
fn sample(table: &str) -> Vec<String> {
    let rows = read(&open(&host(SAMPLE), "fail"), table, &[]).unwrap();
    rows.iter().map(|row| row[1..].join("|")).collect()
}

/// The error that reading a file gives.
fn failure(bytes: impl AsRef<[u8]>, on_error: &str) -> Error {
    read(&open(&host(bytes), on_error), "entities", &["name"]).unwrap_err()
}

#[test]
fn entities() {
    let expected = [
        "11|person|ALDO VAN & TO <QUILL>|Алдо Квілл|male|ATi.001|Atlantis|2011-07-29|2020-03-01|\
         First line.\nSecond line.|2031-02-27T00:00:09.554Z|un/list.xml",
        "12|person|BEA|-|-|-|-|-|-|-|2031-02-27T00:00:09.554Z|un/list.xml",
        "21|organization|GULL SHIPPING|-|-|-|-|-|-|-|2031-02-27T00:00:09.554Z|un/list.xml",
    ];
    assert_eq!(sample("entities"), expected);
}

#[test]
fn names() {
    let expected = [
        "11|primary|ALDO VAN & TO <QUILL>|-|-|-|-|ALDO|VAN & TO|-|<QUILL>|-|-|-",
        "11|original_script|Алдо Квілл|-|-|-|-|-|-|-|-|-|-|-",
        "11|alias|Aldo the Elder|strong|Good|-|-|-|-|-|-|-|-|at sea",
        "11|alias|Al|weak|Low|-|-|-|-|-|-|-|-|SHIP: Gull",
        "12|primary|BEA|-|-|-|-|BEA|-|-|-|-|-|-",
        "21|primary|GULL SHIPPING|-|-|-|-|-|-|-|-|-|-|-",
        "21|alias|GS|-|a.k.a.|-|-|-|-|-|-|-|-|-",
        "21|former|TERN SHIPPING|-|f.k.a.|-|-|-|-|-|-|-|-|-",
    ];
    assert_eq!(sample("names"), expected);
}

#[test]
fn births() {
    let expected = [
        "11|exact|1967-05-01|1967|1967|-|-|-|-|-|-",
        "11|exact|-|1968|1968|-|-|-|-|-|-",
        "11|approximate|-|1969|1969|-|-|-|-|-|DATE: 1969-01-02",
        "11|between|-|1970|1972|-|-|-|-|-|says he",
        "11|exact|-|-|-|-|-|-|-|-|Nov. 1973",
        "11|-|-|-|-|Mill|Port|West|Atlantis|-|-",
        "11|-|-|1955|1955|-|Port|-|-|Aldo the Elder|-",
    ];
    assert_eq!(sample("births"), expected);
}

#[test]
fn the_other_tables() {
    let identifiers = [
        "11|passport|Passport|Sea pass|A 1|Atlantis|2011-12-07|-|Bonn|Germany|lost",
        "11|national_id|National Identification Number|-|-|-|-|-|-|-|DATE_OF_ISSUE: 2012",
    ];
    assert_eq!(sample("identifiers"), identifiers);
    assert_eq!(
        sample("addresses"),
        ["11|1 Quay|Port|West|0012|Atlantis|old", "21|-|Port|-|-|-|-"]
    );
    assert_eq!(sample("nationalities"), ["11|Atlantis"]);
    let roles = [
        "11|title|Count",
        "11|designation|Admiral of the fleet",
        "11|designation|Harbour master",
    ];
    assert_eq!(sample("roles"), roles);
    let attributes = [
        "11|LAST_DAY_UPDATED|2019-02-28",
        "11|VERSIONNUM|1",
        "11|NATIONALITY/NOTE|claimed",
        "11|SHOE_SIZE|44",
        "11|SHOE_SIZE/@unit|EU",
    ];
    assert_eq!(sample("attributes"), attributes);
}

#[test]
fn a_listing_is_a_measure() {
    assert_eq!(
        sample("measures"),
        ["11|-|Atlantis|-|ATi.001|2011-07-29|-|-|-"]
    );
    assert!(sample("relations").is_empty());
}

#[test]
fn what_has_no_column_becomes_an_attribute() {
    let list = small(
        "loose<REFERENCE_NUMBER>A</REFERENCE_NUMBER><REFERENCE_NUMBER>B</REFERENCE_NUMBER>\
         <NATIONALITY>Mu</NATIONALITY>\
         <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><CITY_OF_BIRTH>Port</CITY_OF_BIRTH></INDIVIDUAL_ALIAS>",
    );
    let source = open(&host(list), "fail");
    assert_eq!(
        read(&source, "entities", &["reference"]).unwrap(),
        [["-"], ["A"]]
    );
    assert_eq!(
        read(&source, "births", &["city"]).unwrap(),
        [] as [[&str; 1]; 0]
    );
    let expected = [
        ["2", "REFERENCE_NUMBER", "B"],
        ["2", "NATIONALITY", "Mu"],
        ["2", "INDIVIDUAL_ALIAS/QUALITY", "Low"],
        ["2", "INDIVIDUAL_ALIAS/CITY_OF_BIRTH", "Port"],
        ["2", "INDIVIDUAL", "loose"],
    ];
    assert_eq!(
        read(&source, "attributes", &["entity_id", "field", "value"]).unwrap(),
        expected
    );
}

#[test]
fn chunks_of_any_size_give_the_same_rows() {
    for table in ListTable::ALL {
        let whole = read(&open(&host(SAMPLE), "fail"), table.name(), &[]).unwrap();
        for bytes in [1, 2, 3, 5, 7, 64] {
            let split = host(SAMPLE).chunk_bytes(bytes);
            assert_eq!(
                read(&open(&split, "fail"), table.name(), &[]).unwrap(),
                whole,
                "{table:?}, {bytes}"
            );
        }
    }
}

#[test]
fn a_truncated_list_is_an_error_wherever_it_ends() {
    let every_markup = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!DOCTYPE L [<!ELEMENT A ANY>]>"
        .to_owned()
        + &small("<A b='c'>d &amp; &#x41A; é<![CDATA[ e ]]></A><!-- f --><?g h?>");
    assert_eq!(
        read(&open(&host(&every_markup), "skip"), "entities", &[])
            .unwrap()
            .len(),
        2
    );
    for end in 0..every_markup.len() {
        let error = failure(&every_markup.as_bytes()[..end], "skip");
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{end}: {error}");
        assert_eq!(error.place().input.as_deref(), Some("un/list.xml"));
        assert!(
            error.place().byte.is_some_and(|byte| byte <= end as u64),
            "{end}: {error}"
        );
    }
    let in_record = SAMPLE.find("<SECOND_NAME>").unwrap();
    let error = failure(&SAMPLE[..in_record], "fail");
    let expected = "expected more, found the end of the file: it is not complete";
    assert_eq!(
        error.to_string(),
        format!("un/list.xml, record 1, byte {in_record}: {expected}")
    );
}

/// A record with a bad field, the field, and what the error says.
const BAD_FIELDS: [(&str, &str, &str); 8] = [
    (
        "<LISTED_ON>2001-13-25</LISTED_ON>",
        "LISTED_ON",
        "expected a date as YYYY-MM-DD, found \"2001-13-25\"",
    ),
    (
        "<LISTED_ON>2001</LISTED_ON>",
        "LISTED_ON",
        "expected a date as YYYY-MM-DD, found \"2001\"",
    ),
    (
        "<LAST_DAY_UPDATED><VALUE>2001-01-01</VALUE><VALUE>soon</VALUE></LAST_DAY_UPDATED>",
        "LAST_DAY_UPDATED/VALUE",
        "expected a date as YYYY-MM-DD, found \"soon\"",
    ),
    (
        "<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>GUESS</TYPE_OF_DATE></INDIVIDUAL_DATE_OF_BIRTH>",
        "INDIVIDUAL_DATE_OF_BIRTH/TYPE_OF_DATE",
        "expected EXACT, APPROXIMATELY or BETWEEN, found \"GUESS\"",
    ),
    (
        "<INDIVIDUAL_DATE_OF_BIRTH><YEAR>55</YEAR></INDIVIDUAL_DATE_OF_BIRTH>",
        "INDIVIDUAL_DATE_OF_BIRTH/YEAR",
        "expected a year as YYYY, found \"55\"",
    ),
    (
        "<INDIVIDUAL_DATE_OF_BIRTH><FROM_YEAR>1960</FROM_YEAR><TO_YEAR>1950</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH>",
        "INDIVIDUAL_DATE_OF_BIRTH/TO_YEAR",
        "expected a year from 1960 on, found 1950",
    ),
    (
        "<INDIVIDUAL_ALIAS><ALIAS_NAME>D</ALIAS_NAME><DATE_OF_BIRTH>?</DATE_OF_BIRTH></INDIVIDUAL_ALIAS>",
        "INDIVIDUAL_ALIAS/DATE_OF_BIRTH",
        "expected a date as YYYY-MM-DD, found \"?\"",
    ),
    (
        "<INDIVIDUAL_DOCUMENT><DATE_OF_ISSUE>1.2.03</DATE_OF_ISSUE></INDIVIDUAL_DOCUMENT>",
        "INDIVIDUAL_DOCUMENT/DATE_OF_ISSUE",
        "expected a date as YYYY-MM-DD, found \"1.2.03\"",
    ),
];

#[test]
fn a_bad_field_fails_or_is_skipped_in_every_table_alike() {
    for (fields, field, message) in BAD_FIELDS {
        let list = small(fields);
        let error = failure(&list, "fail");
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::InvalidData, message)
        );
        let place = error.place();
        assert_eq!(
            (place.record, place.field.as_deref()),
            (Some(2), Some(field))
        );
        assert_eq!(place.input.as_deref(), Some("un/list.xml"));
        // The byte is that of the element with the text that the error quotes.
        let from_byte = &list[place.byte.unwrap() as usize..];
        let quoted = message.rsplit(' ').next().unwrap().trim_matches('"');
        let leaf = field.rsplit('/').next().unwrap();
        assert!(
            from_byte.starts_with(&format!("<{leaf}>{quoted}<")),
            "{field}: {from_byte}"
        );

        for table in ["entities", "names", "attributes"] {
            let host = host(&list);
            let ids = read(&open(&host, "skip"), table, &["entity_id"]).unwrap();
            assert!(ids.iter().all(|row| row[0] == "1"), "{ids:?}");
            assert_eq!(host.skipped(), [(1, error.clone())], "{table}");
        }
    }
}

#[test]
fn a_record_needs_an_id_of_its_own_and_a_name() {
    let list = |record: &str| {
        small("").replace(
            "</INDIVIDUALS>",
            &format!("<INDIVIDUAL>{record}</INDIVIDUAL></INDIVIDUALS>"),
        )
    };
    let long = format!(
        "<DATAID>{}</DATAID><FIRST_NAME>X</FIRST_NAME>",
        "9".repeat(65)
    );
    let cases = [
        (
            "<DATAID/><FIRST_NAME>X</FIRST_NAME>",
            "DATAID",
            "expected an id of at most 64 bytes, found nothing",
        ),
        (
            long.as_str(),
            "DATAID",
            "expected an id of at most 64 bytes, found 65 bytes",
        ),
        (
            "<DATAID>2</DATAID><FIRST_NAME>X</FIRST_NAME>",
            "DATAID",
            "expected an id of its own, found \"2\" for the second time",
        ),
        (
            "<DATAID>3</DATAID><FIRST_NAME> </FIRST_NAME>",
            "FIRST_NAME",
            "expected a name, found nothing",
        ),
    ];
    for (record, field, message) in cases {
        let error = failure(list(record), "fail");
        assert_eq!((error.message(), error.place().record), (message, Some(3)));
        assert_eq!(error.place().field.as_deref(), Some(field));
        let host = host(list(record));
        assert_eq!(
            read(&open(&host, "skip"), "entities", &["name"]).unwrap(),
            [["CY"], ["DOT"]]
        );
        assert_eq!(host.skipped().len(), 1);
    }
}

#[test]
fn editions_may_differ_in_their_fields() {
    let newer = small("<REFERENCE_NUMBER>A</REFERENCE_NUMBER><HAT>red</HAT>");
    let host = host(small("")).entry("un", "newer.xml", newer);
    let source = open(&host, "fail");
    let columns = ["entity_id", "reference", "source"];
    assert_eq!(
        read(&source, "entities", &columns).unwrap(),
        [
            ["1", "-", "un/list.xml"],
            ["2", "-", "un/list.xml"],
            ["1", "-", "un/newer.xml"],
            ["2", "A", "un/newer.xml"],
        ]
    );
    assert_eq!(
        read(&source, "attributes", &["entity_id", "field", "value"]).unwrap(),
        [["2", "HAT", "red"]]
    );
}

#[test]
fn what_is_not_well_formed_is_never_skipped() {
    let declared = "<!DOCTYPE CONSOLIDATED_LIST [<!ENTITY secret SYSTEM \"file:///etc/passwd\">]>";
    let cases = [
        (small("<GENDER>Male</SEX>"), "expected `</GENDER>`"),
        (
            small("<GENDER>&secret;</GENDER>"),
            "found \"&secret;\": no other is expanded",
        ),
        (
            declared.to_owned() + &small("<GENDER>&secret;</GENDER>"),
            "found \"&secret;\": no other is expanded",
        ),
        (small("<GENDER>A & B</GENDER>"), "well-formed"),
        (small("<GENDER a=\"1\" a=\"2\"/>"), "well-formed"),
        (
            small("") + "<MORE/>",
            "expected the end of the file, found another element",
        ),
        (
            "<rss/>".to_owned(),
            "expected <CONSOLIDATED_LIST>, found <rss>",
        ),
        (
            String::new(),
            "expected <CONSOLIDATED_LIST>, found the end of the file",
        ),
        (
            "<CONSOLIDATED_LIST/>".to_owned(),
            "expected the sections INDIVIDUALS and ENTITIES, found none of them",
        ),
    ];
    for (list, message) in cases {
        for on_error in ["fail", "skip"] {
            let host = host(&list);
            let error = read(&open(&host, on_error), "entities", &[]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(error.message().contains(message), "{error}");
            assert!(error.place().byte.is_some(), "{error}");
            assert_eq!(host.skipped(), []);
        }
    }
}

#[test]
fn a_record_has_bounds() {
    let long = "x".repeat(xml::RECORD_BYTES_MAX);
    let deep = "<D>".repeat(xml::DEPTH_MAX) + &"</D>".repeat(xml::DEPTH_MAX);
    let cases = [
        (
            small(&format!("<GENDER>{long}</GENDER>")),
            "a record may have 1048576 bytes",
        ),
        (
            small(&format!("<{long}/>")),
            "a name may have 128 bytes, this one has more",
        ),
        (
            small(&format!("<GENDER a=\"{long}\"/>")),
            "a record may have 1048576 bytes",
        ),
        (
            format!("<!--{long}-->{}", small("")),
            "a record may have 1048576 bytes",
        ),
        (
            small(&"<A/>".repeat(xml::RECORD_NODES_MAX)),
            "a record may have 10000 elements",
        ),
        (small(&deep), "elements may be nested 32 deep"),
        (
            small("").replace("<ENTITIES/>", &deep),
            "elements may be nested 32 deep",
        ),
        (
            small(&format!("<{}/>", "N".repeat(129))),
            "a name may have 128 bytes, this one has more",
        ),
        (
            small(&format!(
                "<A {}/>",
                (0..65).map(|i| format!("a{i}='' ")).collect::<String>()
            )),
            "an element may have 64 attributes",
        ),
    ];
    for (list, message) in cases {
        let error = failure(&list, "skip");
        assert!(error.message().contains(message), "{error}");
        assert!(error.place().byte.is_some(), "{error}");
    }
    // What bounds a record does not bound the list: here are 40 records of 64 KiB.
    let fields = format!("<GENDER>{}</GENDER>", "x".repeat(64 * 1024));
    let record =
        |id| format!("<ENTITY><DATAID>{id}</DATAID><FIRST_NAME>E</FIRST_NAME>{fields}</ENTITY>");
    let entities: String = (100..140).map(record).collect();
    let list = small("").replace("<ENTITIES/>", &format!("<ENTITIES>{entities}</ENTITIES>"));
    assert_eq!(
        read(&open(&host(list), "fail"), "entities", &["name"])
            .unwrap()
            .len(),
        42
    );
}

#[test]
fn encodings() {
    let declared = |encoding: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"{encoding}\"?>{}",
            small("")
        )
    };
    let name = |bytes: &[u8]| {
        read(&open(&host(bytes), "fail"), "entities", &["name"]).map(|rows| rows[1][0].clone())
    };
    // "Тест" in windows-1251.
    let cyrillic = |list: String| {
        let at = list.find("DOT").unwrap();
        [
            &list.as_bytes()[..at],
            &[0xD2, 0xE5, 0xF1, 0xF2],
            &list.as_bytes()[at + 3..],
        ]
        .concat()
    };
    assert_eq!(name(&cyrillic(declared("windows-1251"))).unwrap(), "Тест");
    let marked = [&[0xEF, 0xBB, 0xBF], declared("utf-8").as_bytes()].concat();
    for chunk_bytes in [1, 1024] {
        let host = host(&marked).chunk_bytes(chunk_bytes);
        assert_eq!(
            read(&open(&host, "fail"), "entities", &["name"]).unwrap()[1],
            ["DOT"]
        );
    }

    let utf16: Vec<u8> = small("")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let conflict = [&[0xEF, 0xBB, 0xBF], declared("windows-1251").as_bytes()].concat();
    let cases = [
        (
            cyrillic(small("")),
            "expected UTF-8, found bytes that are none",
        ),
        (utf16, "found UTF-16"),
        (
            declared("utf-16").into_bytes(),
            "\"utf-16\", which is not supported",
        ),
        (
            declared("klingon").into_bytes(),
            "\"klingon\", which is not known",
        ),
        (
            conflict,
            "\"windows-1251\" after the byte order mark of UTF-8",
        ),
    ];
    for (list, message) in cases {
        let error = name(&list).unwrap_err();
        assert!(error.message().contains(message), "{error}");
        assert_eq!(error.place().input.as_deref(), Some("un/list.xml"));
    }
}

#[test]
fn what_is_not_read_is_warned_of() {
    let more = small("").replace(
        "<ENTITIES/>",
        "<VESSELS><VESSEL>x</VESSEL></VESSELS>loose <ENTITIES when='now'/>",
    );
    let host = host(more.replace("<INDIVIDUALS>", "<INDIVIDUALS><PARROT/>"));
    read(&open(&host, "fail"), "entities", &[]).unwrap();
    let expected = [
        "un/list.xml: INDIVIDUALS has an element PARROT, which is not read",
        "un/list.xml: CONSOLIDATED_LIST has an element VESSELS, which is not read",
        "un/list.xml: CONSOLIDATED_LIST has text \"loose\", which is not read",
        "un/list.xml: ENTITIES has an attribute @when, which is not read",
    ];
    assert_eq!(host.warnings(), expected);

    let host = self::host(small("").replace("<ENTITIES/>", ""));
    assert_eq!(
        read(&open(&host, "fail"), "entities", &[]).unwrap().len(),
        2
    );
    assert_eq!(
        host.warnings(),
        ["un/list.xml: the list has no section ENTITIES"]
    );
}

fn request(source: &Sanctions, table: &str, column: &str, values: &[&str]) -> Request {
    let table = testing::find(source, table).unwrap();
    let operator = if values.len() == 1 {
        Operator::Eq
    } else {
        Operator::InList
    };
    let values: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
    let predicate = testing::predicate(&table, column, operator, values).unwrap();
    let columns = vec![table.columns.index_of("entity_id").unwrap()];
    Request {
        table: table.name,
        columns,
        predicates: vec![predicate],
        limit: None,
        batch_rows: 2,
        partitions: 1,
    }
}

#[test]
fn predicates_are_exact_and_declared_so() {
    let source = open(&host(SAMPLE), "fail");
    let ids = |request: &Request| rows(&testing::scan_request(&source, request).unwrap()).concat();
    assert_eq!(
        ids(&request(&source, "names", "entity_id", &["21"])),
        ["21", "21", "21"]
    );
    assert_eq!(
        ids(&request(
            &source,
            "entities",
            "entity_id",
            &["21", "12", "x"]
        )),
        ["12", "21"]
    );
    assert_eq!(
        ids(&request(&source, "entities", "kind", &["organization"])),
        ["21"]
    );
    assert_eq!(
        ids(&request(
            &source,
            "names",
            "kind",
            &["former", "original_script"]
        )),
        ["11", "21"]
    );
    assert_eq!(
        ids(&request(&source, "births", "kind", &["between"])),
        ["11"]
    );
    assert_eq!(ids(&request(&source, "roles", "list", &["un"])).len(), 3);
    for table in source.tables().unwrap() {
        assert!(
            table.pushdown.iter().all(|taken| taken.exact),
            "{}",
            table.name
        );
        assert!(table.pushdown.len() >= 2, "{}", table.name);
    }
    // LIKE is taken on texts alone.
    let mut untaken = request(&source, "names", "kind", &["alias"]);
    untaken.predicates[0].operator = Operator::Like;
    untaken.predicates[0].values = Arc::new(arrow_array::Int32Array::from(vec![1]));
    let error = testing::scan_request(&source, &untaken).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
}

#[test]
fn a_list_that_is_not_wanted_is_not_read() {
    let source = open(&host("this is no list"), "fail");
    let other = request(&source, "names", "list", &["eu"]);
    assert!(testing::scan_request(&source, &other).unwrap().is_empty());
    let this = request(&source, "names", "list", &["un"]);
    assert_eq!(
        testing::scan_request(&source, &this).unwrap_err().kind(),
        ErrorKind::InvalidData
    );
    // Not even its files are asked for: here are none, which is an error.
    let source = open(&TestHost::new(), "fail");
    assert!(testing::scan_request(&source, &other).unwrap().is_empty());
    assert!(testing::scan_request(&source, &this).is_err());
}

#[test]
fn a_placeholder_is_no_value() {
    let list = small(
        "<SECOND_NAME>EKO</SECOND_NAME><FOURTH_NAME>na</FOURTH_NAME><HAT>red</HAT>\
         <NATIONALITY><VALUE>na</VALUE><VALUE>Mu</VALUE></NATIONALITY>",
    );
    let source = open(&host(list), "fail");
    let names = read(&source, "names", &["name", "part_4"]).unwrap();
    assert_eq!(names[1], ["DOT EKO", "-"]);
    assert_eq!(
        read(&source, "nationalities", &["country"]).unwrap(),
        [["Mu"]]
    );
    let attributes = read(&source, "attributes", &["field", "value"]).unwrap();
    assert_eq!(
        attributes,
        [
            ["FOURTH_NAME", "na"],
            ["HAT", "red"],
            ["NATIONALITY/VALUE", "na"]
        ]
    );
}

#[test]
fn a_value_is_one_line() {
    let list = small(
        "<SECOND_NAME>A  B</SECOND_NAME><THIRD_NAME>C\u{a0}\u{c9}</THIRD_NAME>\
         <FOURTH_NAME>D\tE</FOURTH_NAME><FIFTH_NAME> \u{c9} F </FIFTH_NAME>",
    );
    let source = open(&host(list), "fail");
    assert_eq!(
        read(&source, "names", &["name"]).unwrap()[1],
        ["DOT A B C \u{c9} D E \u{c9} F"]
    );
}

#[test]
fn what_is_left_of_a_part_is_in_its_note() {
    let list = small(
        "<INDIVIDUAL_ALIAS kind=\" k \">loose<QUALITY>Low</QUALITY><QUALITY>Good</QUALITY>\
         <ALIAS_NAME/><ALIAS_NAME>A</ALIAS_NAME><ALIAS_NAME>B</ALIAS_NAME>\
         <CITY_OF_BIRTH x=\"1\">Port</CITY_OF_BIRTH><DEEP><ER>y</ER></DEEP></INDIVIDUAL_ALIAS>\
         <INDIVIDUAL_DATE_OF_BIRTH><DATE>1967-05-01</DATE><YEAR>1968</YEAR></INDIVIDUAL_DATE_OF_BIRTH>",
    );
    let source = open(&host(list), "fail");
    let note = "loose; @kind: k; QUALITY: Good; ALIAS_NAME: B; CITY_OF_BIRTH/@x: 1; DEEP/ER: y";
    assert_eq!(
        read(&source, "names", &["name", "quality", "note"]).unwrap()[2],
        ["A", "weak", note]
    );
    assert_eq!(
        read(&source, "births", &["date", "city", "note"]).unwrap(),
        [["1967-05-01", "-", "YEAR: 1968"], ["-", "Port", "-"]]
    );
    assert!(read(&source, "attributes", &[]).unwrap().is_empty());
}

#[test]
fn what_is_taken_of_a_record_is_not_taken_of_the_next() {
    // It stands where the record before has its name.
    let list = small("").replace("<DATAID>2</DATAID>", "<DATAID>2</DATAID><HAT>red</HAT>");
    let source = open(&host(list), "fail");
    assert_eq!(
        read(&source, "attributes", &["entity_id", "field", "value"]).unwrap(),
        [["2", "HAT", "red"]]
    );
}

#[test]
fn batches_have_the_rows_and_columns_asked_for() {
    let source = open(&host(SAMPLE), "fail");
    let mut request = request(&source, "names", "list", &["un"]);
    let sizes = |request: &Request| -> Vec<usize> {
        testing::scan_request(&source, request)
            .unwrap()
            .iter()
            .map(RecordBatch::num_rows)
            .collect()
    };
    request.batch_rows = 3;
    assert_eq!(sizes(&request), [3, 3, 2]);
    request.columns.clear();
    assert_eq!(sizes(&request), [3, 3, 2]);
    request.limit = Some(4);
    assert_eq!(sizes(&request), [3, 1]);
    request.limit = Some(0);
    assert_eq!(sizes(&request), [] as [usize; 0]);
    let swapped = read(&source, "names", &["name", "list"]).unwrap();
    assert_eq!(swapped[2], ["Aldo the Elder", "un"]);
}

#[test]
fn a_limit_stops_before_what_is_broken() {
    let broken = &SAMPLE[..SAMPLE.find("<ENTITIES>").unwrap()];
    let source = open(&host(broken), "fail");
    let mut request = request(&source, "entities", "list", &["un"]);
    request.limit = Some(2);
    assert_eq!(
        rows(&testing::scan_request(&source, &request).unwrap()),
        [["11"], ["12"]]
    );
    request.limit = Some(3);
    assert!(
        testing::scan_request(&source, &request)
            .unwrap_err()
            .message()
            .contains("not complete")
    );
}

#[test]
fn a_partition_is_an_entry_of_a_list() {
    let host = TestHost::new()
        .entry("a", "1.xml", small(""))
        .entry("a", "2.xml", small(""))
        .entry("b", "1.xml", SAMPLE);
    let lists = json!([
        { "name": "first", "input": "a", "format": "un-xml" },
        { "name": "second", "input": "b", "format": "un-xml" },
    ]);
    let source: Sanctions = testing::open(&json!({ "lists": lists }), &host).unwrap();
    let all = request(&source, "entities", "entity_id", &["1", "11"]);
    assert_eq!(source.partitions(&all).unwrap().len(), 3);
    let expected = [
        ["first", "a/1.xml"],
        ["first", "a/2.xml"],
        ["second", "b/1.xml"],
    ];
    let rows = read(&source, "entities", &["list", "source", "entity_id"]).unwrap();
    let found = rows.iter().filter(|row| row[2] == "1" || row[2] == "11");
    assert_eq!(
        found.map(|row| row[..2].to_vec()).collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn a_configuration_with_a_mistake_is_refused() {
    let list = json!({ "name": "un", "input": "un", "format": "un-xml" });
    let cases = [
        (json!({ "lists": [] }), "expected at least one list"),
        (json!({ "lists": [list, list] }), "found \"un\" twice"),
        (
            json!({ "lists": [{ "name": "", "input": "un", "format": "un-xml" }] }),
            "expected a name",
        ),
        (
            json!({ "lists": [list], "onerror": "skip" }),
            "unknown field `onerror`",
        ),
        (
            json!({ "lists": [list], "on_error": "ignore" }),
            "unknown variant `ignore`",
        ),
        (
            json!({ "lists": [{ "name": "un", "input": "un", "format": "un" }] }),
            "unknown variant `un`",
        ),
        (
            json!({ "lists": [{ "name": "un", "format": "un-xml" }] }),
            "missing field `input`",
        ),
    ];
    for (config, message) in cases {
        let error = testing::open::<Sanctions>(&config, &TestHost::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert!(error.message().contains(message), "{error}");
    }
}

/// A host whose connection breaks after the first bytes of a list.
#[derive(Default)]
struct Interrupted {
    begun: bool,
}

impl Capabilities for Interrupted {
    fn entries(&self, input: &str) -> Result<Vec<Entry>> {
        let (input, name, version) = (input.to_owned(), "list.xml".to_owned(), "1".to_owned());
        Ok(vec![Entry {
            input,
            name,
            size: None,
            seekable: false,
            version,
        }])
    }

    fn open(&self, _: &Entry, _: u64, _: Option<u64>) -> Result<Box<dyn ReadChunk>> {
        Ok(Box::new(Self::default()))
    }

    fn skipped(&self, _: u64, _: &Error) {}

    fn warning(&self, _: &str) {}
}

impl ReadChunk for Interrupted {
    fn read_chunk(&mut self, _: u32) -> Result<Vec<u8>> {
        if std::mem::replace(&mut self.begun, true) {
            return Err(Error::new(
                ErrorKind::Unavailable {
                    retry_after_ms: Some(7),
                },
                "the connection broke",
            ));
        }
        Ok(b"<CONSOLIDATED_LIST><INDI".to_vec())
    }
}

#[test]
fn an_error_of_the_input_stays_what_it_was() {
    let list = List {
        name: "un".to_owned(),
        input: "un".to_owned(),
        format: Format::UnXml,
    };
    let config = Config {
        lists: vec![list],
        on_error: OnError::Skip,
    };
    let source = Sanctions::open(config, Host::new(Interrupted::default())).unwrap();
    let error = read(&source, "names", &[]).unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Unavailable {
            retry_after_ms: Some(7)
        }
    );
    assert_eq!(error.message(), "the connection broke");
}

/// A file of the test data, where that is.
#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests should see that one did nothing"
)]
fn real(file: &str) -> Option<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/");
    let path = format!("{folder}{file}");
    let list = std::fs::read_to_string(&path).ok();
    if list.is_none() {
        eprintln!("SKIPPED: a real list is not there: {path}");
    }
    list
}

fn real_list() -> Option<String> {
    real("sanctions/un_consolidated.xml")
}

/// What stands between `<name>` and `</name>`, each time, by a plain search of the text.
fn between<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let parts = text.split(start.as_str()).skip(1);
    parts
        .map(|part| part.split_once(end.as_str()).unwrap().0)
        .collect()
}

/// How many of those have one of the fields, not empty.
fn with_any(text: &str, name: &str, fields: &[&str]) -> usize {
    let has = |part: &&str| {
        fields
            .iter()
            .any(|field| part.contains(&format!("<{field}>")))
    };
    between(text, name).into_iter().filter(has).count()
}

/// How many rows a table has of each `kind`; of the kind "" where it has no such column.
fn kinds(source: &Sanctions, table: &str) -> HashMap<String, usize> {
    let schema = testing::find(source, table).unwrap().columns;
    let columns: &[_] = if schema.index_of("kind").is_ok() {
        &["kind"]
    } else {
        &[]
    };
    let mut kinds = HashMap::new();
    for row in read(source, table, columns).unwrap() {
        *kinds
            .entry(if columns.is_empty() {
                String::new()
            } else {
                row[0].clone()
            })
            .or_default() += 1;
    }
    kinds
}

fn counts<const N: usize>(counts: [(&str, usize); N]) -> HashMap<String, usize> {
    counts
        .into_iter()
        .map(|(kind, count)| (kind.to_owned(), count))
        .collect()
}

#[test]
fn the_real_list_has_the_entities_and_names_that_a_plain_search_finds() {
    let Some(text) = real_list() else { return };
    let source = open(&host(&text), "fail");
    // The two numbers are those in the description of the data, beside it.
    assert_eq!(
        kinds(&source, "entities"),
        counts([("person", 730), ("organization", 273)])
    );

    let former = text.matches("<QUALITY>f.k.a.</QUALITY>").count();
    let aliases = with_any(&text, "INDIVIDUAL_ALIAS", &["ALIAS_NAME"])
        + with_any(&text, "ENTITY_ALIAS", &["ALIAS_NAME"]);
    let names = counts([
        ("primary", 1_003),
        (
            "original_script",
            between(&text, "NAME_ORIGINAL_SCRIPT").len(),
        ),
        ("former", former),
        ("alias", aliases - former),
    ]);
    assert_eq!(kinds(&source, "names"), names);

    let qualities = read(&source, "names", &["quality"]).unwrap().concat();
    for (quality, raw) in [("strong", "Good"), ("weak", "Low")] {
        let expected = text.matches(&format!("<QUALITY>{raw}</QUALITY>")).count();
        assert_eq!(
            qualities.iter().filter(|found| *found == quality).count(),
            expected
        );
    }
}

#[test]
fn the_real_list_has_the_details_that_a_plain_search_finds() {
    let Some(text) = real_list() else { return };
    let source = open(&host(&text), "fail");
    let parts = [
        "STREET",
        "CITY",
        "STATE_PROVINCE",
        "ZIP_CODE",
        "COUNTRY",
        "NOTE",
    ];
    let addresses = ["INDIVIDUAL_ADDRESS", "ENTITY_ADDRESS"];
    let addresses = addresses
        .map(|name| with_any(&text, name, &parts))
        .iter()
        .sum();
    assert_eq!(kinds(&source, "addresses"), counts([("", addresses)]));

    let documents = between(&text, "TYPE_OF_DOCUMENT");
    let national = documents
        .iter()
        .filter(|kind| kind.starts_with("National"))
        .count();
    let identifiers = counts([
        ("national_id", national),
        ("passport", documents.len() - national),
    ]);
    assert_eq!(kinds(&source, "identifiers"), identifiers);

    let dates = |kind| {
        text.matches(&format!("<TYPE_OF_DATE>{kind}</TYPE_OF_DATE>"))
            .count()
    };
    let of_alias = ["DATE_OF_BIRTH", "CITY_OF_BIRTH", "COUNTRY_OF_BIRTH"];
    let births = counts([
        ("exact", dates("EXACT")),
        ("approximate", dates("APPROXIMATELY")),
        ("between", dates("BETWEEN")),
        (
            "-",
            with_any(&text, "INDIVIDUAL_PLACE_OF_BIRTH", &parts)
                + with_any(&text, "INDIVIDUAL_ALIAS", &of_alias),
        ),
    ]);
    assert_eq!(kinds(&source, "births"), births);

    let values = |name| -> usize {
        between(&text, name)
            .iter()
            .map(|part| between(part, "VALUE").len())
            .sum()
    };
    // One is `na`.
    assert_eq!(
        kinds(&source, "nationalities"),
        counts([("", values("NATIONALITY") - 1)])
    );
    let roles = counts([
        ("title", values("TITLE")),
        ("designation", values("DESIGNATION")),
    ]);
    assert_eq!(kinds(&source, "roles"), roles);
}

#[test]
fn nothing_in_the_real_list_is_lost() {
    let Some(text) = real_list() else { return };
    let source = open(&host(&text), "fail");
    let mut cells = HashMap::<String, String>::new();
    for table in ListTable::ALL {
        for row in read(&source, table.name(), &[]).unwrap() {
            let line = row[2..]
                .join("\n")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            *cells.entry(row[1].clone()).or_default() += &(line.to_lowercase() + "\n");
        }
    }
    let mut texts = 0;
    for record in between(&text, "INDIVIDUAL")
        .into_iter()
        .chain(between(&text, "ENTITY"))
    {
        let cells = &cells[between(record, "DATAID")[0]];
        // Each piece of text before the end of its element, such as `<GENDER>Male</`.
        for (element, value) in record
            .split("</")
            .filter_map(|part| part.rsplit_once('<')?.1.split_once('>'))
        {
            let value = value
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .replace("&amp;", "&")
                .to_lowercase();
            let value = match (element, value.as_str()) {
                ("DATAID", _) => continue,
                ("TYPE_OF_DATE", "approximately") => "approximate",
                // The time zone of a day is dropped.
                ("LISTED_ON", value) => &value[..10],
                (_, value) => value,
            };
            assert!(
                cells.contains(value),
                "{element} {value:?} is not in {cells}"
            );
            texts += usize::from(!value.is_empty());
        }
    }
    assert!(texts > 20_000, "only {texts} texts were compared");
}
