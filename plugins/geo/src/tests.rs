//! The layers on small files; every place and person in them is made up.

use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, Float64Array, RecordBatch};
use serde_json::json;
use sextant_plugin_sdk::Operator;
use sextant_plugin_sdk::testing::{TestHost, find, open, predicate, scan, scan_request};
use std::sync::Arc;

const COLLECTION: &str = "\u{feff}{\"type\":\"FeatureCollection\",\"name\":\"x\",\"features\":[
 {\"type\":\"Feature\",\"id\":7,\"geometry\":{\"type\":\"Point\",\"coordinates\":[24.5,49]},\"properties\":{\"name\":\"Пост \\\"А\\\"\",\"staff\":3,\"height\":1,\"open\":true,\"tags\":[1],\"source\":\"map\"}},
 {\"type\":\"Feature\",\"geometry\":{\"coordinates\":[[[0,0],[4,0],[4,4],[0,0]]],\"type\":\"Polygon\"},\"properties\":{\"name\":null,\"height\":1.5,\"tags\":\"b\"},\"title\":\"t\"},
 {\"type\":\"Feature\",\"geometry\":null,\"properties\":null}
]}";

const KML: &str = r##"<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>D</name>
<Folder><name>A</name><Folder><name>B &amp; C</name>
<Placemark id="p1"><name>One</name><description><![CDATA[<b>x</b>]]></description><Style/><address>Street 1</address>
<ExtendedData><Data name="plate"><displayName>Plate</displayName><value>ZZ0001</value></Data><SchemaData schemaUrl="#s"><SimpleData name="name">inner</SimpleData></SchemaData></ExtendedData>
<Point><coordinates> 24.5,49,120 </coordinates></Point></Placemark></Folder></Folder>
<GroundOverlay><name>no</name></GroundOverlay>
<Placemark><MultiGeometry><Point><coordinates>1,2</coordinates></Point><LineString><coordinates>1,2
3,4</coordinates></LineString></MultiGeometry></Placemark></Document></kml>"##;

fn source(name: &str, text: impl AsRef<[u8]>, on_error: &str) -> (TestHost, Geo) {
    let host = TestHost::new().entry("files", name, text);
    let source = opened(&host, on_error);
    (host, source)
}

fn opened(host: &TestHost, on_error: &str) -> Geo {
    let config = json!({ "layers": { "layer": { "input": "files" } }, "on_error": on_error });
    open(&config, host).unwrap()
}

fn only(batches: Vec<RecordBatch>) -> RecordBatch {
    assert_eq!(batches.len(), 1);
    batches.into_iter().next().unwrap()
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let column = batch.column_by_name(column).unwrap().as_string::<i32>();
    column.iter().map(|text| text.map(str::to_owned)).collect()
}

fn floats(batch: &RecordBatch, column: &str) -> Vec<Option<f64>> {
    let column = batch.column_by_name(column).unwrap();
    column.as_primitive::<Float64Type>().iter().collect()
}

fn geometries(batch: &RecordBatch) -> Vec<Option<String>> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let column = batch.column_by_name("geometry").unwrap().as_binary::<i32>();
    column.iter().map(|bytes| bytes.map(hex)).collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Why a table cannot be read.
fn failure(source: &Geo) -> String {
    scan(source, "layer", &[]).unwrap_err().to_string()
}

/// A .shp with records of one kind.
fn shp(kind: u32, records: &[Vec<u8>]) -> Vec<u8> {
    let body: Vec<u8> = records
        .iter()
        .zip(1_u32..)
        .flat_map(|(record, number)| {
            let words = record.len() as u32 / 2;
            [&number.to_be_bytes()[..], &words.to_be_bytes(), record].concat()
        })
        .collect();
    let words = (100 + body.len() as u32) / 2;
    let head = [&9994_u32.to_be_bytes()[..], &[0; 20], &words.to_be_bytes()].concat();
    let head = [
        &head[..],
        &1000_u32.to_le_bytes()[..],
        &kind.to_le_bytes(),
        &[0; 64],
    ]
    .concat();
    [head, body].concat()
}

fn numbers(numbers: &[f64]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

fn point(x: f64, y: f64) -> Vec<u8> {
    [1_u32.to_le_bytes().to_vec(), numbers(&[x, y])].concat()
}

/// A polygon or line whose parts begin at the given places.
fn parts(kind: u32, bounds: [f64; 4], starts: &[u32], places: &[f64]) -> Vec<u8> {
    let counts = [starts.len() as u32, places.len() as u32 / 2];
    let whole = counts
        .iter()
        .chain(starts)
        .flat_map(|number| number.to_le_bytes());
    let whole: Vec<u8> = whole.collect();
    [
        kind.to_le_bytes().to_vec(),
        numbers(&bounds),
        whole,
        numbers(places),
    ]
    .concat()
}

/// A .dbf with fields of name, kind, length and decimals.
fn dbf(language: u8, fields: &[(&str, u8, u8, u8)], records: &[&[u8]]) -> Vec<u8> {
    let header = 33 + 32 * fields.len() as u16;
    let bytes = 1 + fields.iter().map(|field| u16::from(field.2)).sum::<u16>();
    let mut table = vec![3, 124, 1, 1];
    table.extend((records.len() as u32).to_le_bytes());
    table.extend(header.to_le_bytes());
    table.extend(bytes.to_le_bytes());
    table.extend([0; 17]);
    table.extend([language, 0, 0]);
    for (name, kind, length, decimals) in fields {
        let mut field = [0; 32];
        field[..name.len()].copy_from_slice(name.as_bytes());
        field[11] = *kind;
        (field[16], field[17]) = (*length, *decimals);
        table.extend(field);
    }
    table.push(0x0D);
    for record in records {
        assert_eq!(record.len(), usize::from(bytes));
        table.extend(*record);
    }
    table
}

const FIELDS: [(&str, u8, u8, u8); 3] =
    [("NAME", b'C', 4, 0), ("N", b'N', 3, 0), ("DAY", b'D', 8, 0)];

#[test]
fn features_are_rows() {
    let (_, source) = source("a.geojson", COLLECTION, "fail");
    let batch = only(scan(&source, "layer", &[]).unwrap());
    let schema = batch.schema();
    let names: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(
        names,
        [
            "geometry",
            "min_x",
            "min_y",
            "max_x",
            "max_y",
            "feature_id",
            "name",
            "staff",
            "height",
            "open",
            "tags",
            "source_",
            "other",
            "source",
            "record"
        ]
    );
    let metadata = schema.field(0).metadata();
    assert_eq!(metadata["ARROW:extension:name"], "geoarrow.wkb");
    assert_eq!(
        metadata["ARROW:extension:metadata"],
        "{\"crs\":\"OGC:CRS84\",\"crs_type\":\"authority_code\"}"
    );
    // Python: struct.pack('<bI2d', 1, 1, 24.5, 49).hex().
    let wkb = geometries(&batch);
    assert_eq!(
        wkb[0].as_deref(),
        Some("010100000000000000008038400000000000804840")
    );
    assert!(
        wkb[1]
            .as_ref()
            .unwrap()
            .starts_with("0103000000010000000400000000")
    );
    assert_eq!(wkb[2], None);
    assert_eq!(floats(&batch, "max_x"), [Some(24.5), Some(4.0), None]);
    assert_eq!(floats(&batch, "height"), [Some(1.0), Some(1.5), None]);
    assert_eq!(texts(&batch, "feature_id"), [some("7"), None, None]);
    assert_eq!(texts(&batch, "name"), [some("Пост \"А\""), None, None]);
    assert_eq!(texts(&batch, "tags"), [some("[1]"), some("\"b\""), None]);
    assert_eq!(
        texts(&batch, "other"),
        [None, some("{\"feature.title\":\"t\"}"), None]
    );
    assert_eq!(texts(&batch, "source_"), [some("map"), None, None]);
    let record = batch.column_by_name("record").unwrap();
    assert_eq!(record.as_primitive::<Int64Type>().values(), &[1, 2, 3]);
    assert!(batch.column_by_name("open").unwrap().as_boolean().value(0));
}

#[test]
fn lines_and_sequences_are_the_same_features() {
    let feature = |x: u32| {
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"n\":{x}}},\"geometry\":{{\"type\":\"Point\",\"coordinates\":[{x},0]}}}}"
        )
    };
    let lines = format!("{}\n{}\n", feature(1), feature(2));
    let sequence = format!("\u{1e}{}\n\u{1e}{}\n", feature(1), feature(2));
    let array = format!("[{},{}]", feature(1), feature(2));
    for text in [lines, sequence, array] {
        let (_, source) = source("a.json", &text, "fail");
        let batch = only(scan(&source, "layer", &["n", "min_x", "record"]).unwrap());
        assert_eq!(floats(&batch, "min_x"), [Some(1.0), Some(2.0)], "{text}");
        let n = batch.column(0).as_primitive::<Int64Type>();
        assert_eq!(n.values(), &[1, 2]);
        assert_eq!(
            batch.column(2).as_primitive::<Int64Type>().values(),
            &[1, 2]
        );
    }
}

#[test]
fn every_split_reads_the_same() {
    let shapes = shp(1, &[point(1.0, 2.0), point(3.0, 4.0)]);
    let rows: [&[u8]; 2] = [b" \xc0  \xc0  720170512", b" b    -1        "];
    let table = dbf(0xC9, &FIELDS, &rows);
    let files: [&[(&str, &[u8])]; 3] = [
        &[("a.geojson", COLLECTION.as_bytes())],
        &[("a.kml", KML.as_bytes())],
        &[("a.shp", &shapes[..]), ("a.dbf", &table[..])],
    ];
    for files in files {
        let read = |chunk_bytes: usize| {
            let host = TestHost::new().chunk_bytes(chunk_bytes);
            let host = files
                .iter()
                .fold(host, |host, (name, bytes)| host.entry("files", name, bytes));
            only(scan(&opened(&host, "fail"), "layer", &[]).unwrap())
        };
        let whole = read(usize::MAX);
        assert!(whole.num_rows() >= 2);
        for chunk_bytes in 1..120 {
            assert_eq!(read(chunk_bytes), whole, "{chunk_bytes}");
        }
    }
}

#[test]
fn what_comes_later_and_does_not_fit_goes_to_other() {
    let feature = |properties: &str| {
        format!("{{\"type\":\"Feature\",\"geometry\":null,\"properties\":{properties}}}\n")
    };
    let mut text: String = (0..1_000)
        .map(|n| feature(&format!("{{\"n\":{n}}}")))
        .collect();
    text += &feature("{\"n\":\"many\",\"late\":{\"a\":1}}");
    text += &feature("{\"n\":2.5}");
    let (host, source) = source("a.geojsonl", text, "fail");
    let batch = only(scan(&source, "layer", &["n", "other"]).unwrap());
    let other = texts(&batch, "other");
    assert_eq!(other[999], None);
    assert_eq!(other[1_000], some("{\"late\":{\"a\":1},\"n\":\"many\"}"));
    assert_eq!(other[1_001], some("{\"n\":2.5}"));
    assert!(batch.column(0).is_valid(999) && batch.column(0).is_null(1_000));
    let warnings = host.warnings();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("record 1001, field \"n\": expected Int"),
        "{warnings:?}"
    );
}

#[test]
fn bad_features_fail_or_are_left_out() {
    let good = r#"{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2,3],[4,5,6]]},"properties":{"a":1}}"#;
    let of = |geometry: &str| {
        format!("{{\"type\":\"Feature\",\"geometry\":{geometry},\"properties\":{{}}}}")
    };
    let with = |properties: &str| {
        format!("{{\"type\":\"Feature\",\"geometry\":null,\"properties\":{properties}}}")
    };
    let plain = |json: &str| json.to_owned();
    for (bad, expected) in [
        (
            of(r#"{"type":"Point","coordinates":["1",2]}"#),
            "expected f64",
        ),
        (
            of(r#"{"type":"Point","coordinates":[null,2]}"#),
            "expected f64",
        ),
        (
            of(r#"{"type":"Point","coordinates":[1]}"#),
            "two or three numbers",
        ),
        (
            of(r#"{"type":"Circle","coordinates":[1,2]}"#),
            "found \"Circle\"",
        ),
        (
            of(r#"{"type":"Point"}"#),
            "expected a member \"coordinates\"",
        ),
        (of(&nested(20)), "nested 16 deep"),
        (
            plain(r#"{"type":"Point","coordinates":[1,2]}"#),
            "expected a \"Feature\", found \"Point\"",
        ),
        (with(r#"{"a":1,"a":2}"#), "the member \"a\" is there twice"),
        (with("[1]"), "expected an object"),
        (plain(r#"{"type":"Feature" 1}"#), "expected `,` or `}`"),
        (plain("17"), "expected an object"),
    ] {
        let text = format!("{{\"type\":\"FeatureCollection\",\"features\":[{good},{bad},{good}]}}");
        let (_, failing) = source("a.geojson", &text, "fail");
        let error = failure(&failing);
        assert!(
            error.starts_with("files/a.geojson, record 2, byte "),
            "{error}"
        );
        assert!(error.contains(expected), "{bad}: {error}");
        let (host, skipping) = source("a.geojson", &text, "skip");
        let batch = only(scan(&skipping, "layer", &[]).unwrap());
        assert_eq!(batch.num_rows(), 2, "{bad}");
        let (count, first) = host.skipped().remove(0);
        assert_eq!((count, first.to_string()), (1, error));
    }
}

/// Collections in collections.
fn nested(depth: usize) -> String {
    let open = "{\"type\":\"GeometryCollection\",\"geometries\":[";
    open.repeat(depth) + &"]}".repeat(depth)
}

#[test]
fn bytes_that_are_no_text_are_bad_records() {
    let text = b"{\"type\":\"Feature\",\"geometry\":null,\"properties\":{\"a\":\"\xcf\xf0\"}}
{\"type\":\"Feature\",\"geometry\":null,\"properties\":{\"a\":\"b\"}}";
    let (_, failing) = source("a.json", text, "fail");
    let error = failure(&failing);
    assert!(
        error.starts_with("files/a.json, record 1, byte 0"),
        "{error}"
    );
    let (host, skipping) = source("a.json", text, "skip");
    let batch = only(scan(&skipping, "layer", &["a"]).unwrap());
    assert_eq!(batch.num_rows(), 1);
    assert_eq!(host.skipped()[0].0, 1);
    let (_, utf16) = source("a.json", b"\xff\xfe{\0", "skip");
    assert!(failure(&utf16).contains("UTF-16"));
}

#[test]
fn a_file_that_is_not_whole_is_an_error_in_any_case() {
    let shapes = shp(1, &[point(1.0, 2.0), point(3.0, 4.0)]);
    for (name, bytes) in [
        ("a.geojson", COLLECTION.as_bytes()),
        ("a.kml", KML.as_bytes()),
        ("a.shp", &shapes[..]),
    ] {
        let whole = bytes.len();
        for end in [whole - 1, whole - 20, whole / 2, 30] {
            let (_, source) = source(name, &bytes[..end], "skip");
            let error = failure(&source);
            assert!(error.starts_with(&format!("files/{name}")), "{error}");
            assert!(
                error.contains("not complete") || error.contains("well-formed"),
                "{name} {end}: {error}"
            );
        }
    }
}

#[test]
fn an_open_ring_is_kept_and_noted_once() {
    let feature = r#"{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4]]]},"properties":{}}"#;
    let (host, source) = source("a.json", format!("{feature}\n{feature}"), "fail");
    let batch = only(scan(&source, "layer", &["geometry"]).unwrap());
    assert_eq!(batch.num_rows(), 2);
    let wkb = geometries(&batch).remove(0).unwrap();
    assert!(wkb.starts_with("01030000000100000003000000"), "{wkb}");
    let warnings = host.warnings();
    assert!(
        warnings.len() == 1 && warnings[0].contains("record 1: a ring"),
        "{warnings:?}"
    );
}

#[test]
fn a_box_is_pushed_down_and_spares_the_rest() {
    // The third feature would be a bad record, if its properties were read.
    let text = r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[1,1]},"properties":{"a":1}}
{"type":"Feature","geometry":{"type":"Point","coordinates":[5,5]},"properties":{"a":2}}
{"type":"Feature","geometry":{"type":"Point","coordinates":[9,9]},"properties":{"a":3,"a":4}}"#;
    let (_, source) = source("a.json", text, "fail");
    assert_eq!(rows_up_to(&source, 6.0, "a"), 2);
    assert_eq!(rows_up_to(&source, 0.0, "a"), 0);
}

/// How many rows there are with a `max_x` up to a bound.
fn rows_up_to(source: &Geo, bound: f64, column: &str) -> usize {
    let table = find(source, "layer").unwrap();
    let bound = Arc::new(Float64Array::from(vec![bound]));
    let request = Request {
        table: "layer".to_owned(),
        columns: vec![0, table.columns.index_of(column).unwrap()],
        predicates: vec![predicate(&table, "max_x", Operator::LtEq, bound).unwrap()],
        limit: None,
        batch_rows: 10,
        partitions: 1,
    };
    let batches = scan_request(source, &request).unwrap();
    batches.iter().map(RecordBatch::num_rows).sum()
}

#[test]
fn a_shapefile_is_its_parts_in_step() {
    let square = [0., 0., 0., 9., 9., 9., 9., 0., 0., 0.];
    let hole = [1., 1., 2., 1., 2., 2., 1., 2., 1., 1.];
    let triangle = [20., 0., 20., 9., 29., 9., 20., 0.];
    let both = [square, hole].concat();
    let records = [
        parts(5, [0., 0., 9., 9.], &[0, 5], &both),
        0_u32.to_le_bytes().to_vec(),
        parts(5, [20., 0., 29., 9.], &[0], &triangle),
        parts(5, [0., 0., 9., 9.], &[0], &square),
    ];
    let rows: [&[u8]; 4] = [
        b" \xc0 b   720170512",
        b"        00000000",
        b" c   ***99991231",
        b"*d     900010101",
    ];
    let table = dbf(0, &FIELDS, &rows);
    let host = TestHost::new()
        .entry("files", "a.shp", shp(5, &records))
        .entry("files", "a.shx", "")
        .entry("files", "a.DBF", table)
        .entry("files", "a.cpg", "ANSI 1251\n")
        .entry("files", "a.prj", "GEOGCS[\"made up\"]");
    let source = opened(&host, "fail");
    let batch = only(scan(&source, "layer", &[]).unwrap());
    assert_eq!(texts(&batch, "NAME"), [some("А b"), None, some("c")]);
    let n = batch
        .column_by_name("N")
        .unwrap()
        .as_primitive::<Int64Type>();
    assert_eq!(n.iter().collect::<Vec<_>>(), [Some(7), None, None]);
    let day = batch
        .column_by_name("DAY")
        .unwrap()
        .as_primitive::<Date32Type>();
    assert_eq!(
        day.iter().collect::<Vec<_>>(),
        [Some(17_298), None, Some(2_932_896)]
    );
    assert_eq!(floats(&batch, "min_x"), [Some(0.0), None, Some(20.0)]);
    let wkb = geometries(&batch);
    // A polygon of two rings, of five places the first.
    assert!(
        wkb[0]
            .as_ref()
            .unwrap()
            .starts_with("01030000000200000005000000")
    );
    assert_eq!(wkb[1], None);
    let metadata = batch.schema_ref().field(0).metadata()["ARROW:extension:metadata"].clone();
    assert_eq!(metadata, "{\"crs\":\"GEOGCS[\\\"made up\\\"]\"}");
    assert!(
        host.warnings()
            .iter()
            .any(|warning| warning.contains("record 4 is marked as deleted"))
    );
    assert_eq!(rows_up_to(&source, 10.0, "NAME"), 1);
}

#[test]
fn lengths_that_a_shapefile_says_are_not_believed() {
    let sound = parts(3, [0., 0., 1., 1.], &[0], &[0., 0., 1., 1.]);
    let with = |at: usize, value: u32| {
        let mut record = sound.clone();
        record[at..at + 4].copy_from_slice(&value.to_le_bytes());
        record
    };
    for (record, expected) in [
        (with(36, u32::MAX), "more bytes in the record"),
        (with(40, u32::MAX), "more bytes in the record"),
        (with(44, 1), "expected parts that begin at 0"),
        (with(36, 0), "expected parts that begin at 0"),
        (
            with(0, 5),
            "expected a shape of type 3 as the file says, found 5",
        ),
        (with(0, 31), "multipatches (31) are not supported"),
        (
            with(0, 77),
            "expected a type of shape such as 1, 3, 5 or 8, found 77",
        ),
        (with(8, 0x7ff8_0000), "expected a bounding box"),
        (sound[..40].to_vec(), "more bytes in the record"),
    ] {
        let text = shp(3, &[record, sound.clone()]);
        let (_, failing) = source("a.shp", &text, "fail");
        let error = failure(&failing);
        assert!(
            error.starts_with("files/a.shp, record 1, byte 100"),
            "{error}"
        );
        assert!(error.contains(expected), "{expected}: {error}");
        let (host, skipping) = source("a.shp", &text, "skip");
        assert_eq!(only(scan(&skipping, "layer", &[]).unwrap()).num_rows(), 1);
        assert_eq!(host.skipped()[0].0, 1);
    }
    let mut long = shp(3, std::slice::from_ref(&sound));
    long[104..108].copy_from_slice(&0x7fff_ffff_u32.to_be_bytes());
    let (_, source) = source("a.shp", &long, "skip");
    assert!(failure(&source).contains("expected a record of 4 to 16777216 bytes"));
    let (_, odd) = self::source("a.shp", shp(31, &[]), "skip");
    assert!(failure(&odd).contains("multipatches"));
}

#[test]
fn a_table_and_its_shapes_must_be_as_long() {
    let shapes = shp(1, &[point(1.0, 2.0), point(3.0, 4.0)]);
    let row: &[u8] = b" a     120170512";
    for (rows, expected) in [
        (vec![row], "found 1 and more shapes"),
        (
            vec![row; 3],
            "expected a shape for each record, found 1 without",
        ),
        (
            vec![row, b" a     120170231"],
            "field \"DAY\": expected a day as YYYYMMDD",
        ),
        (
            vec![row, b" \xd0     120170512"],
            "field \"NAME\": expected text in UTF-8",
        ),
        (
            vec![row, b"?a     120170512"],
            "expected the start of a record",
        ),
    ] {
        let host = TestHost::new().entry("files", "a.shp", &shapes).entry(
            "files",
            "a.dbf",
            dbf(0, &FIELDS, &rows),
        );
        let error = failure(&opened(&host, "fail"));
        assert!(error.contains(expected), "{error}");
    }
    let (host, alone) = source("a.shp", &shapes, "fail");
    assert_eq!(only(scan(&alone, "layer", &[]).unwrap()).num_rows(), 2);
    assert!(host.warnings()[0].contains("there is no .dbf beside it"));
}

#[test]
fn heights_and_measures_of_shapes() {
    // PointZ: x, y, z, m.
    let record = [
        11_u32.to_le_bytes().to_vec(),
        numbers(&[1.0, 2.0, 3.0, 4.0]),
    ]
    .concat();
    let (host, source) = source("a.shp", shp(11, &[record]), "fail");
    let batch = only(scan(&source, "layer", &["geometry"]).unwrap());
    // Python: struct.pack('<bI3d', 1, 1001, 1, 2, 3).hex().
    let expected = "01e9030000000000000000f03f00000000000000400000000000000840";
    assert_eq!(geometries(&batch), [some(expected)]);
    assert!(
        host.warnings()
            .iter()
            .any(|warning| warning.contains("measures (M)"))
    );
}

#[test]
fn placemarks_are_rows() {
    let (host, source) = source("a.kml", KML, "fail");
    let batch = only(scan(&source, "layer", &[]).unwrap());
    assert_eq!(texts(&batch, "feature_id"), [some("p1"), None]);
    assert_eq!(texts(&batch, "name"), [some("One"), None]);
    assert_eq!(texts(&batch, "name_"), [some("inner"), None]);
    assert_eq!(texts(&batch, "description"), [some("<b>x</b>"), None]);
    assert_eq!(texts(&batch, "folder"), [some("A/B & C"), None]);
    assert_eq!(texts(&batch, "plate"), [some("ZZ0001"), None]);
    let other = texts(&batch, "other");
    let first: Value = serde_json::from_str(other[0].as_ref().unwrap()).unwrap();
    let expected = json!({ "address": "Street 1", "plate/displayName": "Plate", "SchemaData@schemaUrl": "#s" });
    assert_eq!((first, &other[1]), (expected, &None));
    let wkb = geometries(&batch);
    assert!(wkb[0].as_ref().unwrap().starts_with("01e9030000"));
    // A collection of a point and a line.
    assert!(
        wkb[1]
            .as_ref()
            .unwrap()
            .starts_with("0107000000020000000101000000")
    );
    assert_eq!(floats(&batch, "max_y"), [Some(49.0), Some(4.0)]);
    let warnings = host.warnings();
    assert!(
        warnings.len() == 1 && warnings[0].contains("\"GroundOverlay\""),
        "{warnings:?}"
    );
}

#[test]
fn bad_placemarks_fail_or_are_left_out() {
    for (bad, expected) in [
        (
            "<Point><coordinates>1;2</coordinates></Point>",
            "expected longitude,latitude[,altitude], found \"1;2\"",
        ),
        (
            "<Point><coordinates>1,2,3,4</coordinates></Point>",
            "found \"1,2,3,4\"",
        ),
        (
            "<Point><coordinates>1,nan</coordinates></Point>",
            "found \"1,nan\"",
        ),
        (
            "<Point><coordinates>1,2 3,4</coordinates></Point>",
            "expected one place, found 2",
        ),
        ("<Model/>", "geometries \"Model\" are not supported"),
        ("<Point/><Point/>", "expected one geometry, found more"),
    ] {
        let text =
            format!("<kml><Placemark>{bad}</Placemark><Placemark><name>a</name></Placemark></kml>");
        let (_, failing) = source("a.kml", &text, "fail");
        let error = failure(&failing);
        assert!(
            error.starts_with("files/a.kml, record 1, byte 5, field \"geometry\": "),
            "{error}"
        );
        assert!(error.contains(expected), "{error}");
        let (host, skipping) = source("a.kml", &text, "skip");
        assert_eq!(only(scan(&skipping, "layer", &[]).unwrap()).num_rows(), 1);
        assert_eq!(host.skipped()[0].0, 1);
    }
    let (_, other) = source("a.kml", "<rss/>", "skip");
    assert!(failure(&other).contains("expected the element \"kml\", found \"rss\""));
    for (name, text, expected) in [
        (
            "a.kml",
            "",
            "byte 0: expected the element \"kml\", found the end of the file",
        ),
        (
            "a.geojson",
            "",
            "byte 0: expected JSON, found nothing: the file is empty",
        ),
        ("a.geojson", "<html/>", "byte 0: expected JSON, found '<'"),
    ] {
        let (_, nothing) = source(name, text, "skip");
        let error = failure(&nothing);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn encodings_of_placemarks_are_those_that_are_declared() {
    // "Жук" in windows-1251, by iconv.
    let bytes = b"<kml><Placemark><name>\xc6\xf3\xea</name></Placemark></kml>";
    let declaration = b"<?xml version='1.0' encoding='windows-1251'?>".as_slice();
    let declared = [declaration, bytes].concat();
    let (_, declared) = source("a.kml", declared, "fail");
    let batch = only(scan(&declared, "layer", &["name"]).unwrap());
    assert_eq!(texts(&batch, "name"), [some("Жук")]);
    let (_, undeclared) = source("a.kml", bytes, "skip");
    let error = failure(&undeclared);
    assert!(
        error.starts_with("files/a.kml, ")
            && error.ends_with("expected UTF-8, found bytes that are none"),
        "{error}"
    );
    let (_, utf16) = source("a.kml", b"\xff\xfe<\0k\0m\0l\0/\0>\0", "skip");
    let error = failure(&utf16);
    assert!(
        error.starts_with("files/a.kml") && error.contains("UTF-16"),
        "{error}"
    );
}

#[test]
fn features_that_come_twice_are_two_rows() {
    let feature = r#"{"type":"Feature","id":7,"geometry":null,"properties":{}}"#;
    let (_, source) = source("a.json", format!("{feature}\n{feature}"), "fail");
    let batch = only(scan(&source, "layer", &["feature_id"]).unwrap());
    assert_eq!(texts(&batch, "feature_id"), [some("7"), some("7")]);
}

#[test]
fn files_may_differ_in_their_fields() {
    let shapes = shp(1, &[point(1.0, 2.0)]);
    let other = [("NAME", b'C', 4, 0), ("KIND", b'C', 2, 0)];
    let (row, other_row): (&[u8], &[u8]) = (b" a     120170512", b" b   xy");
    let host = TestHost::new()
        .entry("files", "a.shp", &shapes)
        .entry("files", "a.dbf", dbf(0, &FIELDS, &[row]))
        .entry("files", "b.shp", &shapes)
        .entry("files", "b.dbf", dbf(0, &other, &[other_row]));
    let source = opened(&host, "fail");
    let batches = scan(&source, "layer", &["NAME", "N", "KIND"]).unwrap();
    let [first, second] = batches.as_slice() else {
        panic!("expected a batch of each file, found {}", batches.len());
    };
    assert_eq!(texts(first, "NAME"), [some("a")]);
    assert_eq!(texts(second, "NAME"), [some("b")]);
    assert_eq!(first.column(1).as_primitive::<Int64Type>().values(), &[1]);
    assert!(second.column(1).is_null(0));
    assert_eq!(texts(first, "KIND"), [None]);
    assert_eq!(texts(second, "KIND"), [some("xy")]);
}

#[test]
fn layers_of_files_that_do_not_belong_together_are_refused() {
    let features = |crs: &str| format!("{{\"type\":\"FeatureCollection\",{crs}\"features\":[]}}");
    let old = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}},"#;
    let host = TestHost::new()
        .entry("files", "a.geojson", features(""))
        .entry("files", "b.geojson", features(old));
    assert!(
        failure(&opened(&host, "fail")).starts_with("files/b.geojson: expected the coordinate")
    );
    for (crs, expected) in [
        (
            "EPSG:6381",
            json!({ "crs": "EPSG:6381", "crs_type": "authority_code" }),
        ),
        (
            "{\"type\":\"x\"}",
            json!({ "crs": { "type": "x" }, "crs_type": "projjson" }),
        ),
        ("GEOGCS[\"a:b\"]", json!({ "crs": "GEOGCS[\"a:b\"]" })),
    ] {
        let config = json!({ "layers": { "layer": { "input": "files", "crs": crs } } });
        let table = find(&open::<Geo>(&config, &host).unwrap(), "layer").unwrap();
        let metadata = &table.columns.field(0).metadata()["ARROW:extension:metadata"];
        assert_eq!(serde_json::from_str::<Value>(metadata).unwrap(), expected);
    }
    let mixed = host.entry("files", "c.kml", "<kml/>");
    let error = failure(&opened(&mixed, "fail"));
    assert!(
        error.contains("expected files of one format, found \"c.kml\" too"),
        "{error}"
    );
    let why = |config| open::<Geo>(&config, &mixed).err().unwrap().to_string();
    assert!(why(json!({ "layers": {} })).contains("expected at least one layer"));
    let config = json!({ "layers": { "a": { "input": "files", "format": "gpx" } } });
    assert!(why(config).contains("unknown variant `gpx`"));
}

/// A feature with a geometry and properties, and a line end.
fn feature(geometry: &str, properties: &str) -> String {
    format!("{{\"type\":\"Feature\",\"geometry\":{geometry},\"properties\":{properties}}}\n")
}

/// Whether one thing was noted.
fn noted(host: &TestHost, expected: &str) {
    let warnings = host.warnings();
    let found = warnings.iter().filter(|warning| warning.contains(expected));
    assert_eq!(found.count(), 1, "{expected}: {warnings:?}");
}

#[test]
fn only_the_first_files_of_a_layer_are_looked_into() {
    let host = (0..LAYER_SAMPLE_FILES).fold(TestHost::new(), |host, at| {
        host.entry(
            "files",
            &format!("a{at}.json"),
            feature("null", "{\"n\":1}"),
        )
    });
    let later = host.entry("files", "b.json", feature("null", "{\"n\":2,\"late\":3}"));
    let source = opened(&later, "fail");
    assert!(source.table("other").unwrap().is_none());
    let batches = scan(&source, "layer", &["n", "other"]).unwrap();
    assert_eq!(batches.len(), LAYER_SAMPLE_FILES + 1);
    assert_eq!(
        texts(&batches[LAYER_SAMPLE_FILES], "other"),
        [some("{\"late\":3}")]
    );
    let crs =
        r#"{"type":"FeatureCollection","crs":{"properties":{"name":"EPSG:1"}},"features":[]}"#;
    let other = later.entry("files", "c.json", crs);
    let error = failure(&opened(&other, "fail"));
    assert!(
        error.starts_with("files/c.json: expected the coordinate"),
        "{error}"
    );
}

#[test]
fn places_that_are_no_longitudes_are_noted() {
    let far = r#"{"type":"Point","coordinates":[3400000,6500000]}"#;
    let text = feature(far, "{}").repeat(2);
    let (host, plain) = source("a.json", &text, "fail");
    scan(&plain, "layer", &["min_x"]).unwrap();
    noted(&host, "record 1: expected longitudes within 180");
    let host = TestHost::new().entry("files", "a.json", text);
    let config = json!({ "layers": { "layer": { "input": "files", "crs": "EPSG:3857" } } });
    scan(&open::<Geo>(&config, &host).unwrap(), "layer", &["min_x"]).unwrap();
    assert!(host.warnings().is_empty());
}

#[test]
fn numbers_that_would_be_lost_are_noted() {
    let more = r#"{"type":"Point","coordinates":[1,2,3,4,"5"]}"#;
    let text =
        feature(more, "{\"n\":1.5}").repeat(2) + &feature("null", "{\"n\":9007199254740993}");
    let (host, source) = source("a.json", text, "fail");
    let batch = only(scan(&source, "layer", &[]).unwrap());
    let wkb = geometries(&batch);
    assert!(wkb[0].as_ref().unwrap().starts_with("01e9030000"));
    assert_eq!(floats(&batch, "n"), [Some(1.5), Some(1.5), None]);
    let other = texts(&batch, "other");
    assert_eq!(other, [None, None, some("{\"n\":9007199254740993}")]);
    noted(&host, "record 1: a position has more than three numbers");
    noted(&host, "record 3, field \"n\"");
}

#[test]
fn a_note_on_a_field_is_none_on_anything_else() {
    let open = r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4]]]}"#;
    let mut text = feature("null", "{\"open ring\":1}").repeat(1_000);
    text += &feature(open, "{\"open ring\":\"a\"}");
    let (host, source) = source("a.json", text, "fail");
    scan(&source, "layer", &[]).unwrap();
    noted(&host, "record 1001, field \"open ring\"");
    noted(&host, "record 1001: a ring");
}

#[test]
fn parts_of_a_shapefile_are_read_as_they_come() {
    // The name has no room for the second byte of the last letter.
    let rows: [&[u8]; 2] = [b" abc\xd0  120170512"; 2];
    let square = parts(
        5,
        [0., 0., 9., 8.],
        &[0],
        &[0., 0., 0., 9., 9., 9., 9., 0., 0., 0.],
    );
    let host = TestHost::new()
        .entry("files", "b.SHP", shp(5, &[square.clone(), square]))
        .entry("files", "B.dbf", dbf(0, &FIELDS, &rows))
        .entry("files", "c.dbf", "another")
        .entry("files", "B.prj", b"GEOGCS[\"\xcf\"]");
    let source = opened(&host, "fail");
    let batch = only(scan(&source, "layer", &[]).unwrap());
    assert_eq!(texts(&batch, "NAME"), [some("abc"), some("abc")]);
    assert_eq!(floats(&batch, "max_y"), [Some(8.0), Some(8.0)]);
    let metadata = &batch.schema_ref().field(0).metadata()["ARROW:extension:metadata"];
    assert!(metadata.contains("GEOGCS[\\\"\u{fffd}\\\"]"), "{metadata}");
    noted(
        &host,
        "record 1, field \"NAME\": the text is as long as the field",
    );
    noted(
        &host,
        "record 1: the bounding box that it says is not that of its places",
    );
}

#[test]
fn an_encoding_that_is_not_known_is_read_as_far_as_ascii() {
    let shapes = shp(1, &[point(1.0, 2.0), point(3.0, 4.0)]);
    let rows: [&[u8]; 2] = [b" a     120170512", b" \x80     120170512"];
    let host = TestHost::new()
        .entry("files", "a.shp", &shapes)
        .entry("files", "a.cpg", "OEM 437")
        .entry("files", "a.dbf", dbf(0xC9, &FIELDS, &rows));
    let source = opened(&host, "skip");
    let batch = only(scan(&source, "layer", &["NAME"]).unwrap());
    assert_eq!(texts(&batch, "NAME"), [some("a")]);
    noted(&host, "the encoding \"OEM 437\" of the .cpg is not known");
    let why = host.skipped()[0].1.to_string();
    assert!(
        why.contains("expected ASCII, as the encoding \"OEM 437\""),
        "{why}"
    );
}

#[test]
fn fields_beyond_the_columns_are_noted() {
    let names: Vec<_> = (0..514).map(|at| format!("F{at}")).collect();
    let fields: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), b'C', 1_u8, 0_u8))
        .collect();
    let row = vec![b' '; 515];
    let host = TestHost::new()
        .entry("files", "a.shp", shp(1, &[point(1.0, 2.0)]))
        .entry("files", "a.dbf", dbf(0, &fields, &[row.as_slice()]));
    let batch = only(scan(&opened(&host, "fail"), "layer", &[]).unwrap());
    assert_eq!(batch.num_columns(), 5 + 512 + 3);
    noted(&host, "the field \"F512\" and 1 more have no column");
}

#[test]
fn features_are_the_same_in_any_order_of_their_members() {
    let ring = "[[0,0],[0,4],[4,4],[0,0]]";
    for (kind, coordinates, start) in [
        ("Point", "[1,2]".to_owned(), "0101000000"),
        ("LineString", ring.to_owned(), "010200000004000000"),
        ("Polygon", format!("[{ring}]"), "01030000000100000004000000"),
        (
            "MultiPoint",
            ring.to_owned(),
            "0104000000040000000101000000",
        ),
        (
            "MultiLineString",
            format!("[{ring}]"),
            "010500000001000000010200000004000000",
        ),
        (
            "MultiPolygon",
            format!("[[{ring}]]"),
            "01060000000100000001030000000100000004000000",
        ),
    ] {
        let geometry = format!("{{\"type\":\"{kind}\",\"coordinates\":{coordinates}}}");
        let collection =
            format!("{{\"type\":\"GeometryCollection\",\"geometries\":[null,{geometry}]}}");
        let sorted = format!(
            "{{\"geometry\":{{\"coordinates\":{coordinates},\"type\":\"{kind}\"}},\"id\":1,\
             \"properties\":{{\"a\":2}},\"type\":\"Feature\"}}\n"
        );
        let text = feature(&geometry, "{\"a\":2}") + &feature(&collection, "null") + &sorted;
        let (_, source) = source("a.json", text, "fail");
        let batch = only(scan(&source, "layer", &[]).unwrap());
        let wkb = geometries(&batch);
        assert!(wkb[0].as_ref().unwrap().starts_with(start), "{wkb:?}");
        let whole = wkb[0]
            .as_ref()
            .map(|wkb| format!("010700000001000000{wkb}"));
        assert_eq!((&wkb[1], &wkb[2]), (&whole, &wkb[0]), "{kind}");
        assert_eq!(texts(&batch, "feature_id"), [None, None, some("1")]);
        let a = batch.column_by_name("a").unwrap();
        let a: Vec<_> = a.as_primitive::<Int64Type>().iter().collect();
        assert_eq!(a, [Some(2), None, Some(2)]);
    }
}

#[test]
fn an_empty_point_has_no_box() {
    let point = r#"{"type":"Point","coordinates":[]}"#;
    let (_, source) = source("a.json", feature(point, "{}"), "fail");
    let batch = only(scan(&source, "layer", &["geometry", "min_x"]).unwrap());
    // Python: struct.pack('<bI2d', 1, 1, nan, nan).hex().
    let expected = "0101000000000000000000f87f000000000000f87f";
    assert_eq!(geometries(&batch), [some(expected)]);
    assert_eq!(floats(&batch, "min_x"), [None]);
}

#[test]
fn members_that_are_there_twice_are_refused() {
    let point = r#"{"type":"Point","type":"Point","coordinates":[1,2]}"#;
    let twice = r#"{"type":"Feature","geometry":null,"geometry":null,"properties":{}}"#;
    for (text, expected) in [
        (twice.to_owned(), "the member \"geometry\" is there twice"),
        (
            feature(point, "{}"),
            "field \"geometry\": duplicate field `type`",
        ),
    ] {
        let (_, source) = source("a.json", text, "fail");
        let error = failure(&source);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn parts_of_a_shape_keep_their_heights() {
    let hole = [1., 1., 2., 1., 2., 2., 1., 2., 1., 1.];
    let square = [0., 0., 0., 9., 9., 9., 9., 0., 0., 0.];
    let heights: Vec<f64> = (0..10).map(f64::from).collect();
    // The range of the heights, and those.
    let behind = numbers(&[&[0., 9.][..], heights.as_slice()].concat());
    let bounds = [0., 0., 9., 9.];
    let record = |kind| {
        let places = [hole, square].concat();
        [parts(kind, bounds, &[0, 5], &places), behind.clone()].concat()
    };
    let part = |places: &[f64], heights: &[f64]| {
        let places = places.chunks(2).zip(heights);
        let places = places.flat_map(|(place, height)| [place[0], place[1], *height]);
        [
            5_u32.to_le_bytes().to_vec(),
            numbers(&places.collect::<Vec<_>>()),
        ]
        .concat()
    };
    let head = |code: u32| [vec![1], code.to_le_bytes().to_vec()].concat();
    let two = 2_u32.to_le_bytes().to_vec();
    let (hole, square) = (part(&hole, &heights[..5]), part(&square, &heights[5..]));
    // The outer ring comes first.
    let polygon = [head(1003), two.clone(), square.clone(), hole.clone()].concat();
    let lines = [head(1005), two, head(1002), hole, head(1002), square].concat();
    for (kind, expected) in [(15, polygon), (13, lines)] {
        let (host, source) = source("a.shp", shp(kind, &[record(kind)]), "fail");
        let batch = only(scan(&source, "layer", &["geometry"]).unwrap());
        let wkb = batch.column(0).as_binary::<i32>();
        assert_eq!(wkb.value(0), expected, "{kind}");
        let warnings = host.warnings();
        assert!(
            warnings.iter().all(|warning| warning.contains("no .dbf")),
            "{warnings:?}"
        );
    }
}

#[test]
fn points_of_a_shape_are_as_they_stand_there() {
    let whole: Vec<u8> = [8_u32.to_le_bytes().to_vec(), numbers(&[1., 2., 3., 4.])]
        .into_iter()
        .chain([2_u32.to_le_bytes().to_vec(), numbers(&[1., 2., 3., 4.])])
        .flatten()
        .collect();
    let none = [&whole[..36], &0_u32.to_le_bytes()[..]].concat();
    let (_, source) = source("a.shp", shp(8, &[whole, none]), "fail");
    let batch = only(scan(&source, "layer", &["geometry", "max_y"]).unwrap());
    // Python: struct.pack('<bIIbI2dbI2d', 1, 4, 2, 1, 1, 1, 2, 1, 1, 3, 4).hex().
    let two = "0104000000020000000101000000000000000000f03f00000000000000400101000000000000000000084\
               00000000000001040";
    assert_eq!(geometries(&batch), [some(two), some("010400000000000000")]);
    assert_eq!(floats(&batch, "max_y"), [Some(4.0), None]);
}

#[test]
fn geometries_of_one_kind_are_a_collection_of_that() {
    let point = "<Point><coordinates>1,2</coordinates></Point>";
    let line = "<LineString><coordinates>1,2 3,4</coordinates></LineString>";
    let ring = "<LinearRing><coordinates>0,0 4,0 4,4 0,0</coordinates></LinearRing>";
    let polygon = format!(
        "<Polygon><innerBoundaryIs>{ring}</innerBoundaryIs><outerBoundaryIs>{ring}</outerBoundaryIs>\
         </Polygon>"
    );
    for (members, start) in [
        (point.repeat(2), "0104000000020000000101000000"),
        (line.repeat(2), "010500000002000000010200000002000000"),
        (
            polygon.repeat(2),
            "01060000000200000001030000000200000004000000",
        ),
        (point.to_owned() + line, "0107000000020000000101000000"),
        (
            format!("<Point/>{point}"),
            "01070000000200000001010000000000",
        ),
        (
            format!("<MultiGeometry>{point}</MultiGeometry>"),
            "010700000001000000010400000001000000",
        ),
        (String::new(), "010700000000000000"),
    ] {
        let text =
            format!("<kml><Placemark><MultiGeometry>{members}</MultiGeometry></Placemark></kml>");
        let (_, source) = source("a.kml", text, "fail");
        let batch = only(scan(&source, "layer", &["geometry"]).unwrap());
        let wkb = geometries(&batch).remove(0).unwrap();
        assert!(wkb.starts_with(start), "{members}: {wkb}");
    }
}

#[test]
fn what_a_placemark_has_no_column_for_is_kept_by_its_name() {
    let text = r#"<kml><Placemark><ExtendedData><Data name="x"><value>1</value></Data><Data name="x"><value>2</value></Data>
<x>t</x><Data name="x"><value/></Data></ExtendedData><author><name>A &amp; "B"</name></author></Placemark></kml>"#;
    let (_, source) = source("a.kml", text, "fail");
    let batch = only(scan(&source, "layer", &[]).unwrap());
    assert_eq!(texts(&batch, "x"), [some("1")]);
    let other = r#"{"author/name":"A & \"B\"","x":["t","2"]}"#;
    assert_eq!(texts(&batch, "other"), [some(other)]);
}

#[test]
fn names_of_what_a_placemark_has_no_column_for_have_a_bound() {
    let (name, parts) = ("n".repeat(1 << 20), "<a>x</a>".repeat(5));
    let text = format!(
        "<kml><Placemark><ExtendedData><Data name=\"{name}\">{parts}</Data></ExtendedData></Placemark></kml>"
    );
    let (_, source) = source("a.kml", &text, "fail");
    let error = scan(&source, "layer", &["other"]).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("the names in a placemark may have 4194304 bytes")
    );
    assert_eq!(error.place().record, Some(1));
    assert_eq!(
        only(scan(&source, "layer", &["name"]).unwrap()).num_rows(),
        1
    );
}

#[test]
fn the_members_of_a_feature_come_in_any_order() {
    let usual = r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"a":1}}"#;
    let sorted = r#"{"geometry":{"coordinates":[1,2],"type":"Point"},"properties":{"a":1},"type":"Feature"}"#;
    let text = [usual, &[sorted; 250].join("\n"), usual].join("\n");
    let (_, source) = source("a.geojsonl", &text, "fail");
    let batch = only(scan(&source, "layer", &["geometry", "a", "min_x"]).unwrap());
    let found = geometries(&batch);
    assert_eq!(found.len(), 252);
    assert!(found.iter().all(|wkb| wkb.is_some() && *wkb == found[0]));
}

#[test]
fn the_examples_are_read() {
    let host = TestHost::new()
        .entry(
            "posts",
            "posts.geojson",
            include_bytes!("../examples/posts.geojson"),
        )
        .entry(
            "districts",
            "districts.cpg",
            include_bytes!("../examples/districts.cpg"),
        )
        .entry(
            "districts",
            "districts.dbf",
            include_bytes!("../examples/districts.dbf"),
        )
        .entry(
            "districts",
            "districts.prj",
            include_bytes!("../examples/districts.prj"),
        )
        .entry(
            "districts",
            "districts.shp",
            include_bytes!("../examples/districts.shp"),
        )
        .entry(
            "sightings",
            "sightings.kml",
            include_bytes!("../examples/sightings.kml"),
        );
    let layers = ["posts", "districts", "sightings"].map(|name| (name, json!({ "input": name })));
    let config = json!({ "layers": BTreeMap::from(layers) });
    let source: Geo = open(&config, &host).unwrap();
    let rows = |table: &str| only(scan(&source, table, &[]).unwrap()).num_rows();
    assert_eq!(
        [rows("posts"), rows("districts"), rows("sightings")],
        [40, 40, 40]
    );
    assert!(host.warnings().is_empty(), "{:?}", host.warnings());
    let names = texts(
        &only(scan(&source, "districts", &["NAME"]).unwrap()),
        "NAME",
    );
    assert_eq!(names[1], some("Ескізне район 2"));
}
