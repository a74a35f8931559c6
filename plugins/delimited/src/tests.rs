//! The source as a whole, through the SDK's test host: what the README promises, and the same rows
//! as Arrow's own CSV reader gives.

use crate::{Config, Delimited};
use arrow::csv::ReaderBuilder;
use arrow::util::pretty::pretty_format_batches;
use arrow_array::{Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use serde_json::{Value, json};
use sextant_plugin_sdk::testing::{TestHost, find, open, scan, scan_request};
use sextant_plugin_sdk::{Error, ErrorKind, Request, Result, Source};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// A source with one table `t` over the input `i`.
fn source(mut table: Value, host: &TestHost) -> Result<Delimited> {
    table["input"] = json!("i");
    open(&json!({ "tables": { "t": table } }), host)
}

fn file(text: impl AsRef<[u8]>) -> TestHost {
    TestHost::new().entry("i", "f.csv", text)
}

fn request(source: &Delimited, partitions: usize) -> Request {
    let table = find(source, "t").unwrap();
    Request {
        table: table.name,
        columns: (0..table.columns.fields().len()).collect(),
        predicates: Vec::new(),
        limit: None,
        batch_rows: 100,
        partitions,
    }
}

/// The rows as text, one string a row, with `|` between values.
fn rows(batches: &[RecordBatch]) -> Vec<String> {
    if batches.is_empty() {
        return Vec::new();
    }
    let text = pretty_format_batches(batches).unwrap().to_string();
    let lines = text.lines().filter(|line| line.starts_with('|')).skip(1);
    lines
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>().join("|"))
        .collect()
}

fn read(table: Value, host: &TestHost) -> Result<Vec<String>> {
    Ok(rows(&scan(&source(table, host)?, "t", &[])?))
}

fn failure(table: Value, text: impl AsRef<[u8]>) -> Error {
    read(table, &file(text)).unwrap_err()
}

#[test]
fn a_header_names_the_columns() {
    let host = file("id,Name\n1,Ann\n2,\n");
    let source = source(json!({}), &host).unwrap();
    let columns = find(&source, "t").unwrap().columns;
    assert_eq!(columns.field(1), &Field::new("Name", DataType::Utf8, true));
    assert_eq!(rows(&scan(&source, "t", &[]).unwrap()), ["|1|Ann|", "|2||"]);
    assert_eq!(
        rows(&scan(&source, "t", &["Name", "id"]).unwrap()),
        ["|Ann|1|", "||2|"]
    );
}

#[test]
fn every_type_is_read() {
    let table = json!({ "nulls": ["", "NA"], "columns": [
        { "name": "t" }, { "name": "b", "type": "boolean" }, { "name": "i", "type": "int32" },
        { "name": "l", "type": "int64" }, { "name": "f", "type": "float64" },
        { "name": "m", "type": "decimal(5,2)" }, { "name": "d", "type": "date", "format": "%d.%m.%Y" },
        { "name": "s", "type": "timestamp" }, { "name": "z", "type": "timestamp", "zone": "+02:00" }
    ] });
    let text = "x,true,-1,5000000000,1.5,12.3,31.12.2023,2024-01-31T12:34:56.123456,2024-01-31 12:00:00Z\n\
                NA,NA,NA,NA,NA,NA,NA,NA,NA\n\
                \"\",,,,,,,,\n";
    assert_eq!(
        read(table, &file(text)).unwrap(),
        [
            "|x|true|-1|5000000000|1.5|12.30|2023-12-31|2024-01-31T12:34:56.123456|2024-01-31T14:00:00+02:00|",
            "||||||||||",
            "||||||||||",
        ]
    );
}

#[test]
fn infers_types_where_asked() {
    let host = file("id,when,name,code\n1,2024-01-01,a,007\n2,,b,008\n3,2024-01-03,,009\n");
    let source = source(json!({ "infer": true }), &host).unwrap();
    let columns = find(&source, "t").unwrap().columns;
    let kinds: Vec<_> = columns
        .fields()
        .iter()
        .map(|field| field.data_type().to_string())
        .collect();
    assert_eq!(kinds, ["Int64", "Date32", "Utf8", "Utf8"]);
    assert_eq!(
        rows(&scan(&source, "t", &["when", "id"]).unwrap()),
        ["|2024-01-01|1|", "||2|", "|2024-01-03|3|"]
    );

    let error = failure(json!({ "infer": true, "infer_rows": 1 }), "id\n1\nx\n");
    assert_eq!(
        error.to_string(),
        "i/f.csv, record 2, byte 5, field \"id\": expected a whole number of 64 bits, found \"x\""
    );
}

#[test]
fn line_ends_marks_and_ends_of_files() {
    let expected = ["|1|a|", "|2|b|"];
    for text in [
        "x,y\n1,a\n2,b\n",
        "x,y\n1,a\n2,b",
        "x,y\r\n1,a\r\n2,b\r\n",
        "x,y\r\n1,a\r\n2,b\r",
        "\u{feff}x,y\n1,a\n2,b\n",
        "x,y\n\n1,a\n\r\n\n2,b\n\n",
        "x,y\n1,a\n2,b\n\x1a",
        "x,y\r\n1,a\r\n2,b\x1a",
        "\"x\",\"y\"\r\n\"1\",\"a\"\r\n2,\"b\"",
    ] {
        for chunk in [1, 2, 3, 7, 1000] {
            assert_eq!(
                read(json!({}), &file(text).chunk_bytes(chunk)).unwrap(),
                expected,
                "{text:?} by {chunk}"
            );
        }
    }
    for text in ["x,y", "x,y\n", "x,y\r\n", "x,y\n\n\x1a"] {
        assert_eq!(read(json!({}), &file(text)).unwrap(), [""; 0], "{text:?}");
    }
}

#[test]
fn an_empty_file_has_no_rows() {
    for text in ["", "\u{feff}", "\n", "\x1a"] {
        let columns = json!({ "columns": [{ "name": "x" }] });
        assert_eq!(read(columns, &file(text)).unwrap(), [""; 0], "{text:?}");
        let columns = json!({ "header": true, "columns": [{ "name": "x" }] });
        assert_eq!(read(columns, &file(text)).unwrap(), [""; 0], "{text:?}");
        let message = failure(json!({}), text).to_string();
        assert!(
            message.contains("expected a record in input \"i\""),
            "{message}"
        );
    }
    let host = TestHost::new()
        .entry("i", "a", "")
        .entry("i", "b", "x\n1\n");
    assert_eq!(read(json!({}), &host).unwrap(), ["|1|"]);
}

#[test]
fn encodings_are_decoded() {
    let text = "назва,код\nТОВ «Ґанок»,7\n";
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(text);
    let expected = ["|ТОВ «Ґанок»|7|"];
    for chunk in [1, 2, 5, 100] {
        let host = file(&bytes).chunk_bytes(chunk);
        assert_eq!(
            read(json!({ "encoding": "windows-1251" }), &host).unwrap(),
            expected
        );
        let utf16: Vec<u8> = "\u{feff}"
            .encode_utf16()
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(
            read(json!({}), &file(utf16).chunk_bytes(chunk)).unwrap(),
            expected
        );
        // A mark wins over the configuration.
        let host = file(format!("\u{feff}{text}")).chunk_bytes(chunk);
        assert_eq!(
            read(json!({ "encoding": "windows-1251" }), &host).unwrap(),
            expected
        );
    }
    // Positions are those of the file, not of the decoded text.
    let broken = encoding_rs::WINDOWS_1251
        .encode("назва,код\n\"Ґ\"\"\",x\nТОВ,\n")
        .0
        .into_owned();
    let table = json!({ "encoding": "windows-1251", "header": true, "columns": [
        { "name": "назва" }, { "name": "n", "from": "код", "type": "int32" }
    ] });
    let error = failure(table, &broken);
    assert_eq!(
        error.to_string(),
        "i/f.csv, record 1, byte 16, field \"n\": expected a whole number of 32 bits, found \"x\""
    );
}

#[test]
fn malformed_text_is_an_error() {
    let error = failure(json!({}), b"x,y\n1,ok\n2,\xff\n");
    assert_eq!(
        error.to_string(),
        "i/f.csv, record 2, byte 11, field \"y\": expected UTF-8 text, found \"\u{fffd}\""
    );
    // Two values that are UTF-8 only together.
    let error = failure(json!({}), b"x,y\n1,\xc3\n2,\xa9\n");
    assert_eq!(error.place().record, Some(1), "{error}");
    for chunk in [1, 3, 100] {
        let host = file(b"x\nok\n\x81\xff\n").chunk_bytes(chunk);
        let error = read(json!({ "encoding": "shift_jis" }), &host).unwrap_err();
        assert_eq!(
            error.to_string(),
            "i/f.csv, byte 5: expected text in Shift_JIS, found bytes that are none"
        );
    }
}

#[test]
fn columns_are_found_by_name_in_every_entry() {
    let host = TestHost::new()
        .entry("i", "a", "id,Full Name,x\n1,Ann,-\n")
        .entry("i", "b", "Full Name,y,z,id\nBob,-,-,2\n");
    let table = json!({ "header": true, "columns": [
        { "name": "name", "from": "Full Name" }, { "name": "id", "type": "int32" }
    ] });
    assert_eq!(read(table, &host).unwrap(), ["|Ann|1|", "|Bob|2|"]);
    let missing = json!({ "header": true, "columns": [{ "name": "nome" }] });
    assert_eq!(
        read(missing, &host).unwrap_err().to_string(),
        "i/a, field \"nome\": expected a column \"nome\" in the header, found none"
    );
    let error = read(json!({}), &host).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("i/b: expected the header of the first entry, found a column \"y\""),
        "{error}"
    );
    let error = failure(json!({}), "a,b,a\n1,2,3\n");
    assert!(
        error
            .to_string()
            .contains("one column \"a\" in the header, found several"),
        "{error}"
    );
}

#[test]
fn broken_records_fail_or_are_skipped() {
    let text = "a,b\n1,x\n2\n3,y,z\n4,p\"q\n5,\"p\"q\nsix,x\n7,\n8,z\n";
    let columns = json!([{ "name": "a", "type": "int32" }, { "name": "b", "nullable": false }]);
    let error = failure(json!({ "header": true, "columns": columns }), text);
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(
        error.to_string(),
        "i/f.csv, record 2, byte 8: expected 2 fields, found 1 in \"2\""
    );
    for chunk in [1, 4, 1000] {
        let host = file(text).chunk_bytes(chunk);
        let table = json!({ "header": true, "columns": columns, "on_error": "skip" });
        assert_eq!(read(table, &host).unwrap(), ["|1|x|", "|8|z|"]);
        let [(count, first)] = &host.skipped()[..] else {
            panic!("one report")
        };
        assert_eq!((*count, first), (6, &error));
    }
}

#[test]
fn each_broken_record_says_what_is_wrong() {
    let cases = [
        (
            "1,2,3\n",
            "byte 4: expected 2 fields, found more in \"1,2,3\"",
        ),
        (
            "1,5\" x\n",
            "byte 4: expected quotes around whole values, found one inside a value in \"1,5\\\" x\"; hint: \
                       quote = \"\" makes quotes ordinary characters",
        ),
        (
            "1,\"x\" y\n",
            "byte 4: expected a delimiter or the end of the line after a closing quote, found other text \
                         in \"1,\\\"x\\\" y\"",
        ),
        (
            "1,\"x",
            "byte 4: expected a closing quote, found the end of the input in \"1,\\\"x\"",
        ),
        (
            "1,\"x\ny\"\n",
            "byte 4: expected a closing quote on the same line, found none in \"1,\\\"x\"; hint: set \
                          newlines_in_values = true if values contain newlines, or quote = \"\" if quotes are \
                          ordinary characters",
        ),
    ];
    for (line, message) in cases {
        let error = failure(json!({}), format!("a,b\n{line}"));
        assert_eq!(error.to_string(), format!("i/f.csv, record 1, {message}"));
    }
    let error = failure(
        json!({ "columns": [{ "name": "n", "type": "int32" }] }),
        "9".repeat(1000),
    );
    assert_eq!(
        error.message(),
        format!(
            "expected a whole number of 32 bits, found {:?}…",
            "9".repeat(80)
        )
    );
    let error = failure(
        json!({ "columns": [{ "name": "n", "type": "date", "nullable": false }] }),
        "\"\"\n",
    );
    assert_eq!(
        error.message(),
        "expected a date as YYYY-MM-DD, for the column is not nullable, found \"\""
    );
}

#[test]
fn a_lost_record_fails_even_where_broken_ones_are_skipped() {
    for (newlines, text) in [
        (false, "a,b\n1,\"x\ny\"\n2,z\n"),
        (false, "a,b\n1,\"x"),
        (true, "a,b\n1,\"x\n2,y\n"),
    ] {
        let table = json!({ "on_error": "skip", "newlines_in_values": newlines });
        let error = failure(table, text);
        assert_eq!(error.place().byte, Some(4), "{error}");
        assert!(
            error.message().starts_with("expected a closing quote"),
            "{error}"
        );
    }
    let long = "a\n1\n".to_owned() + &"x".repeat(crate::records::RECORD_BYTES_MAX + 1) + "\n2\n";
    let error = failure(json!({ "on_error": "skip" }), &long);
    assert!(
        error
            .to_string()
            .starts_with("i/f.csv, record 2, byte 4: expected a record of at most 16777216 bytes")
    );
    // Not by way of `rows`: pretty-printing so long a value takes minutes.
    let longest = source(json!({}), &file(long.replacen("x", "", 1))).unwrap();
    let batches = scan(&longest, "t", &[]).unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 3);
}

#[test]
fn a_newline_in_a_value_needs_the_option() {
    let text = "a,b\n1,\"x\n\"\"y\"\"\r\nz\"\n2,w\n";
    for chunk in [1, 2, 5, 100] {
        let host = file(text).chunk_bytes(chunk);
        let source = source(json!({ "newlines_in_values": true }), &host).unwrap();
        let batches = scan(&source, "t", &["b"]).unwrap();
        let column = batches[0]
            .column(0)
            .as_any()
            .downcast_ref::<StringArray>()
            .unwrap();
        assert_eq!(
            column.iter().collect::<Vec<_>>(),
            [Some("x\n\"y\"\r\nz"), Some("w")]
        );
    }
}

#[test]
fn escapes_comments_and_blanks() {
    let table = json!({ "escape": "\\", "comment": "#", "trim": true, "nulls": ["", " -0- "] });
    let text = "# first\na,b\n#\n 1 ,  \"x \\\" \\\\ , \"\"y\"  \n-0-,\"-0- \"\n#last";
    for chunk in [1, 2, 5, 100] {
        assert_eq!(
            read(table.clone(), &file(text).chunk_bytes(chunk)).unwrap(),
            ["|1|x \" \\ , \"y|", "|||"]
        );
    }
}

#[test]
fn a_limit_ends_the_scan_early() {
    let text: String = (0..1000).map(|i| format!("{i}\n")).collect();
    let host = file(text + "broken,record\n");
    let source = source(json!({ "header": false }), &host).unwrap();
    for limit in [0, 1, 100, 250] {
        let mut request = request(&source, 1);
        request.limit = Some(limit);
        let batches = scan_request(&source, &request).unwrap();
        assert_eq!(rows(&batches).len() as u64, limit);
        assert!(
            batches
                .iter()
                .all(|batch| (1..=100).contains(&batch.num_rows()))
        );
    }
}

#[test]
fn no_columns_mean_counts_alone() {
    let host = file("a,b\n1,x\n2,y\n3\n");
    let table = json!({ "on_error": "skip", "infer": true });
    let source = source(table, &host).unwrap();
    let mut request = request(&source, 1);
    request.columns.clear();
    let batches = scan_request(&source, &request).unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
    // The count of fields is checked all the same.
    assert_eq!(host.skipped()[0].0, 1);
}

#[test]
fn what_a_scan_skipped_is_reported_when_it_is_given_up() {
    let host = file("a,b\n1\n".to_owned() + &"1,2\n".repeat(1000));
    let source = source(json!({ "on_error": "skip" }), &host).unwrap();
    let request = request(&source, 1);
    let partition = source.partitions(&request).unwrap().remove(0);
    let mut batches = source.scan(&request, &partition).unwrap();
    assert!(batches.next().unwrap().is_ok());
    drop(batches);
    assert_eq!(host.skipped().len(), 1);
}

/// A table with values of every width, and quotes; two entries, one of them in another order.
fn large() -> TestHost {
    let mut texts = [
        String::from("# none\nid,text,n\n"),
        String::from("text,n,id\r\n"),
    ];
    for i in 0u64..3000 {
        let text = "\"\"ж,".repeat((i.wrapping_mul(2_654_435_761) >> 20) as usize % 9);
        texts[0] += &format!("{i},\"{text}\",{}.5\n", i * i);
        texts[1] += &format!("\"{text}\",{}.5,{}\r\n", i * i, i + 3000);
    }
    TestHost::new()
        .entry("i", "a", &texts[0])
        .entry("i", "b", &texts[1])
        .entry("i", "c", "id,text,n\n")
}

#[test]
fn partitions_have_the_same_rows_however_many() {
    let host = large();
    let table = json!({ "header": true, "comment": "#", "columns": [
        { "name": "id", "type": "int64" }, { "name": "text" }, { "name": "n", "type": "float64" }
    ] });
    let mut source = source(table, &host).unwrap();
    let whole = rows(&scan_request(&source, &request(&source, 1)).unwrap());
    assert_eq!(whole.len(), 6000);
    assert!(
        whole[5999].starts_with("|5999|") && whole[5999].ends_with("|8994001.5|"),
        "{}",
        whole[5999]
    );
    source.range_bytes_min = 1;
    for partitions in 1..=8 {
        let request = request(&source, partitions);
        let count = source.partitions(&request).unwrap().len();
        assert!(
            (partitions.saturating_sub(1)..=partitions + 1).contains(&count),
            "{count} for {partitions}"
        );
        assert!(
            rows(&scan_request(&source, &request).unwrap()) == whole,
            "{partitions} partitions"
        );
    }
    for chunk in [1, 2, 3, 17, 64, 65, 1000] {
        let host = host.clone().chunk_bytes(chunk);
        source.host = host.host();
        assert!(
            rows(&scan_request(&source, &request(&source, 3)).unwrap()) == whole,
            "chunks of {chunk}"
        );
    }
}

#[test]
fn small_ranges_and_other_encodings_are_cut_at_records() {
    let text: String = (0..50)
        .map(|i| format!("{i};ґ\"{}\n", "є".repeat(i)))
        .collect();
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(&text);
    for (encoding, bytes) in [
        ("utf-8", text.as_bytes()),
        ("windows-1251", &bytes),
        ("windows-1251", format!("\u{feff}{text}").as_bytes()),
    ] {
        let table = json!({ "delimiter": ";", "quote": "", "encoding": encoding, "columns": [
            { "name": "a", "type": "int32" }, { "name": "b" }
        ] });
        let mut source = source(table, &file(bytes)).unwrap();
        source.range_bytes_min = 1;
        for partitions in [1, 7, 60, 1000] {
            let found = rows(&scan_request(&source, &request(&source, partitions)).unwrap());
            assert_eq!(found.len(), 50);
            assert_eq!(found[49], format!("|49|ґ\"{}|", "є".repeat(49)));
        }
    }
}

#[test]
fn a_header_after_a_long_comment_is_found_by_every_range() {
    let host = file(format!("{}a\n1\n2\n", "# comment\n".repeat(50)));
    let mut source = source(json!({ "comment": "#" }), &host).unwrap();
    source.range_bytes_min = 1;
    assert_eq!(
        rows(&scan_request(&source, &request(&source, 8)).unwrap()),
        ["|1|", "|2|"]
    );
}

#[test]
fn a_newline_in_a_value_is_found_in_every_range() {
    // The middle line of the value looks like a record, and so do its ends but for their quotes.
    let mut text: String = (0..500).map(|i| format!("{i},a\n")).collect();
    text += "1,\"x\n2,y\n3,z\"\n";
    text += &(0..500).map(|i| format!("{i},a\n")).collect::<String>();
    for on_error in ["fail", "skip"] {
        let mut source = source(
            json!({ "header": false, "on_error": on_error }),
            &file(&text),
        )
        .unwrap();
        source.range_bytes_min = 1;
        for partitions in [1, 2, 3, 8, 50, 1000] {
            let error = scan_request(&source, &request(&source, partitions)).unwrap_err();
            assert!(
                error.message().contains("newlines_in_values = true"),
                "{error}"
            );
        }
    }
}

#[test]
fn a_limit_gives_the_first_rows() {
    let text: String = (0..500).map(|i| format!("{i}\n")).collect();
    let mut source = source(json!({ "header": false }), &file(&text)).unwrap();
    source.range_bytes_min = 1;
    let mut request = request(&source, 8);
    assert!(source.partitions(&request).unwrap().len() > 1);
    request.limit = Some(3);
    assert_eq!(
        rows(&scan_request(&source, &request).unwrap()),
        ["|0|", "|1|", "|2|"]
    );
}

#[test]
fn entries_that_cannot_be_split_are_one_part_each() {
    let text = "a\n1\n".repeat(1000);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (table, bytes) in [
        (
            json!({ "header": false, "newlines_in_values": true }),
            text.as_bytes(),
        ),
        (json!({ "header": false, "encoding": "utf-16le" }), &utf16),
    ] {
        let mut source = source(table, &file(bytes)).unwrap();
        source.range_bytes_min = 1;
        assert_eq!(source.partitions(&request(&source, 8)).unwrap().len(), 1);
        assert_eq!(
            rows(&scan_request(&source, &request(&source, 8)).unwrap()).len(),
            2000
        );
    }
}

#[test]
fn errors_after_the_first_range_tell_the_byte_alone() {
    let text = "1\n".repeat(500) + "x\n";
    let mut source = source(
        json!({ "columns": [{ "name": "a", "type": "int32" }] }),
        &file(text),
    )
    .unwrap();
    source.range_bytes_min = 1;
    let error = scan_request(&source, &request(&source, 2)).unwrap_err();
    assert_eq!(
        (error.place().record, error.place().byte),
        (None, Some(1000))
    );
}

#[test]
fn configurations_that_cannot_be_meant_are_refused() {
    let refused = |table: Value| {
        let error = source(table, &file("a\n")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
        error.message().to_owned()
    };
    assert_eq!(
        refused(json!({ "delimiter": "||" })),
        "table \"t\": delimiter: expected one ASCII character that is no line end, found \"||\""
    );
    assert_eq!(
        refused(json!({ "columns": [{ "name": "a", "type": "int" }] })),
        "table \"t\": column \"a\": type: expected text, boolean, int32, int64, float64, decimal(p,s), date or \
         timestamp, found \"int\""
    );
    assert!(refused(json!({ "delimeter": ";" })).starts_with("unknown field `delimeter`"));
    for table in [
        json!({ "delimiter": "" }),
        json!({ "delimiter": "\n" }),
        json!({ "quote": "," }),
        json!({ "delimiter": "ж" }),
        json!({ "escape": "\\", "quote": "" }),
        json!({ "comment": "," }),
        json!({ "encoding": "klingon" }),
        json!({ "infer_rows": 0 }),
        json!({ "on_error": "ignore" }),
        json!({ "columns": [{ "name": "" }] }),
        json!({ "columns": [{ "name": "a" }, { "name": "a" }] }),
        json!({ "columns": [{ "name": "a", "from": "b" }] }),
        json!({ "columns": [{ "name": "a", "type": "decimal(39,2)" }] }),
        json!({ "columns": [{ "name": "a", "type": "decimal(3,4)" }] }),
        json!({ "columns": [{ "name": "a", "type": "int32", "format": "%Y" }] }),
        json!({ "columns": [{ "name": "a", "format": "%Y" }] }),
        json!({ "columns": [{ "name": "a", "type": "date", "zone": "UTC" }] }),
        json!({ "columns": [{ "name": "a", "type": "timestamp", "zone": "Europe/Kyiv" }] }),
    ] {
        refused(table);
    }
    let upper = open::<Delimited>(&json!({ "tables": { "T": { "input": "i" } } }), &file(""));
    assert!(upper.unwrap_err().message().contains("lower case"));
}

/// What Arrow's CSV reader makes of a text; empty texts and the given ones are null.
fn arrow_rows(text: &[u8], schema: &Schema, delimiter: u8, quote: u8) -> Vec<String> {
    let reader = ReaderBuilder::new(Arc::new(schema.clone()))
        .with_delimiter(delimiter)
        .with_quote(quote);
    let reader = reader.build(text).unwrap();
    rows(&reader.collect::<Result<Vec<_>, _>>().unwrap())
}

#[test]
fn random_tables_read_as_arrow_reads_them() {
    let mut seed = 7u64;
    let mut random = move |below: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for _ in 0..200 {
        let (columns, records) = (1 + random(6), 1 + random(40));
        let mut text = String::new();
        for _ in 0..records {
            for column in 0..columns {
                let width = random(40) as usize;
                let value: String = (0..width)
                    .map(|_| ['a', 'ß', ' ', '7', '.', ';', '€', '\''][random(8) as usize])
                    .collect();
                text += &match random(4) {
                    0 => format!("\"{}\"", value.replace(';', "\"\"").replace('.', ",")),
                    1 if columns > 1 => String::new(),
                    _ => format!("v{value}"),
                };
                text += if column + 1 < columns {
                    ","
                } else {
                    ["\n", "\r\n"][random(2) as usize]
                };
            }
        }
        let names: Vec<_> = (1..=columns).map(|i| format!("column_{i}")).collect();
        let schema = Schema::new(
            names
                .iter()
                .map(|name| Field::new(name, DataType::Utf8, true))
                .collect::<Vec<_>>(),
        );
        let expected = arrow_rows(text.as_bytes(), &schema, b',', b'"');
        for chunk in [1 + random(100) as usize, 1000] {
            let mut source =
                source(json!({ "header": false }), &file(&text).chunk_bytes(chunk)).unwrap();
            source.range_bytes_min = 1;
            let found =
                rows(&scan_request(&source, &request(&source, 1 + random(5) as usize)).unwrap());
            assert_eq!(found, expected, "{text}");
        }
    }
}

/// The configurations of a source in the README.
fn readme(source: &str) -> Value {
    let text = include_str!("../README.md");
    let examples = text
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut examples = examples.map(|example| toml::from_str::<Value>(example).unwrap());
    let config = examples.find_map(|example| {
        example["source"]
            .get(source)
            .map(|found| found["config"].clone())
    });
    config.unwrap_or_else(|| panic!("no example of {source} in the README"))
}

/// A file of the data that is not part of the project; says so where it is absent.
fn data(path: &str) -> Option<Vec<u8>> {
    let path =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(path);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: {} is absent", path.display());
    }
    bytes
}

#[test]
fn the_examples_of_the_readme_are_configurations() {
    for source in ["acled", "gdelt", "ofac"] {
        let config: Config = serde_json::from_value(readme(source)).unwrap();
        assert!(!config.tables.is_empty());
    }
}

#[test]
fn reads_gdelt_as_arrow_does() {
    let Some(bytes) = data("events/gdelt_20180101000000.export.CSV") else {
        return;
    };
    let host = TestHost::new().entry("events", "0.CSV", &bytes);
    let mut source: Delimited = open(&readme("gdelt"), &host).unwrap();
    source.range_bytes_min = 1;
    let table = find(&source, "events").unwrap();
    let columns = (0..table.columns.fields().len()).collect();
    let request = Request {
        table: table.name,
        columns,
        predicates: Vec::new(),
        limit: None,
        batch_rows: 500,
        partitions: 4,
    };
    let batches = scan_request(&source, &request).unwrap();
    let found = rows(&batches);
    assert_eq!((found.len(), batches[0].num_columns()), (2414, 61));
    assert!(
        found[0].starts_with("|719024875|2017-12-02|201712|2017|2017.9096|"),
        "{}",
        found[0]
    );
    assert!(
        found[0].contains("|2018-01-01T00:00:00Z|http://www.TucsonNewsNow.com/"),
        "{}",
        found[0]
    );

    // Arrow has no formats for dates and reads no boolean of `1`; these columns are as text there.
    let plain = |field: &Arc<Field>| {
        let kind = match field.data_type() {
            DataType::Int32 | DataType::Int64 | DataType::Float64 => field.data_type().clone(),
            _ => DataType::Utf8,
        };
        Field::new(field.name(), kind, true)
    };
    let schema = Schema::new(table.columns.fields().iter().map(plain).collect::<Vec<_>>());
    let skip = |row: &String| {
        let values: Vec<_> = row
            .split('|')
            .enumerate()
            .filter(|(i, _)| ![2, 26, 60].contains(i))
            .collect();
        format!("{values:?}")
    };
    let expected = arrow_rows(&bytes, &schema, b'\t', b'\x01');
    assert_eq!(
        found.iter().map(skip).collect::<Vec<_>>(),
        expected.iter().map(skip).collect::<Vec<_>>()
    );
}

#[test]
fn reads_the_lists_of_ofac_as_arrow_does() {
    let config = readme("ofac");
    // The counts of `awk 'END { print NR }'`.
    for (name, records) in [("sdn", 7379), ("alt", 9682), ("add", 11_696)] {
        let Some(bytes) = data(&format!("sanctions/ofac/{name}.csv")) else {
            return;
        };
        let host = TestHost::new().entry(name, "f.csv", [&bytes[..], b"\x1a"].concat());
        let source: Delimited = open(
            &json!({ "tables": { name: config["tables"][name] } }),
            &host,
        )
        .unwrap();
        let found = scan(&source, name, &[]).unwrap();
        let schema = found[0].schema();
        assert_eq!(
            found.iter().map(RecordBatch::num_rows).sum::<usize>(),
            records
        );
        let texts = schema
            .fields()
            .iter()
            .map(|field| Field::new(field.name(), DataType::Utf8, true));
        let expected = arrow_rows(&bytes, &Schema::new(texts.collect::<Vec<_>>()), b',', b'"');
        let expected: Vec<_> = expected
            .iter()
            .map(|row| row.replace("|-0-", "|"))
            .collect();
        assert!(rows(&found) == expected, "{name}");
    }
}
