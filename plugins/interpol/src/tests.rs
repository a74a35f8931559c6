//! The tables on saved files in the true shape, and sweeps of a made-up API that behaves like the true
//! one: at most 160 notices a query, whatever the page. Everybody here is made up.

use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int32Array, RecordBatch, StringArray};
use serde_json::{Value, json};
use sextant_plugin_sdk::host::{Capabilities, ReadChunk};
use sextant_plugin_sdk::testing::{TestHost, find, open, predicate, scan, scan_request};
use sextant_plugin_sdk::{Entry, ErrorKind, HttpRequest, HttpResponse, InputReader, Operator};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

const PAGE: &str = r#"{"total":2,"query":{"page":1,"resultPerPage":160},"_embedded":{"notices":[
 {"entity_id":"2031/1","forename":"OLENA","name":"VYHADANA","date_of_birth":"1980/02/29","nationalities":["UA","PL"],
  "_links":{"self":{"href":"https://ws-public.interpol.int/notices/v1/red/2031-1"},"images":{"href":"https://x.example/i"},"thumbnail":{"href":"https://x.example/t"}}},
 {"entity_id":"2031/2","forename":"-","name":"NIHTO","date_of_birth":"1975","nationalities":null,"_links":{"self":{"href":"s"},"images":{"href":"https://x.example/j"},"film":{"href":"f"}}}
]},"_links":{"self":{"href":"a"}}}"#;

const DETAIL: &str = r#"{"entity_id":"2031/1","forename":"OLENA","name":"VYHADANA","date_of_birth":"1980/02/29","nationalities":["UA","PL"],
 "sex_id":"F","place_of_birth":"ZRAZKIV","country_of_birth_id":"UA","languages_spoken_ids":["UKR","POL"],"eyes_colors_id":["BRO"],"hairs_id":null,
 "height":1.65,"weight":0,"distinguishing_marks":"","arrest_warrants":[
  {"charge":"Вигадане обвинувачення","issuing_country_id":"UA","charge_translation":"Made-up charge"},
  {"charge":"Another","issuing_country_id":"PL","charge_translation":null,"file":"7"}],
 "_embedded":{"links":[]},"shoe_size":41,"_links":{"self":{"href":"d"}}}"#;

const YELLOW: &str = r#"{"entity_id":"2031/3","forename":null,"name":"ZNYKLYI","date_of_birth":"2011/06","nationalities":["UA"],"sex_id":"M",
 "date_of_event":"2030/12/31","place":"ZRAZKIV","country":"UA","birth_name":"INSHYI","father_forename":"A","mother_forename":"B","mother_name":"C"}"#;

const UN: &str = r#"{"entity_id":"2031/4","name":"MADE-UP TRADING","un_reference":"XXe.001","un_reference_date":"2020/01/02","un_resolution":1267,
 "purposes":["Assets freeze","Arms embargo"],"aliases":[{"name":"M.U.T."}],"adresses":["1 No Street"],"administrators":[],
 "legal_form":"LTD","_links":{"self":{"href":"https://ws-public.interpol.int/notices/v1/un/entities/2031-4"}}}"#;

fn saved(kind: &str, files: &[&str], on_error: &str) -> (TestHost, Interpol) {
    let names = files.iter().enumerate();
    let host = names.fold(TestHost::new(), |host, (i, text)| {
        host.entry("files", &format!("{i}.json"), text)
    });
    let config = json!({ "notices": { kind: { "input": "files" } }, "on_error": on_error });
    let source = open(&config, &host).unwrap();
    (host, source)
}

fn strings(batches: &[RecordBatch], column: usize) -> Vec<String> {
    let columns = batches
        .iter()
        .map(|batch| batch.column(column).as_string::<i32>());
    let cells = columns.flat_map(|column| column.iter());
    cells
        .map(|text| text.unwrap_or("NULL").to_owned())
        .collect()
}

fn texts(source: &Interpol, table: &str, column: &str) -> Vec<String> {
    strings(&scan(source, table, &[column]).unwrap(), 0)
}

#[test]
fn a_page_and_a_detail_are_rows() {
    let (host, source) = saved("red", &[PAGE, DETAIL], "fail");
    let red = |column| texts(&source, "red_notices", column);
    // Details come first.
    assert_eq!(red("entity_id"), ["2031/1", "2031/2"]);
    assert_eq!(red("name"), ["VYHADANA", "NIHTO"]);
    assert_eq!(red("forename"), ["OLENA", "NULL"]);
    assert_eq!(red("nationalities"), ["UA; PL", "NULL"]);
    assert_eq!(red("languages"), ["UKR; POL", "NULL"]);
    assert_eq!(red("hair_colors"), ["NULL", "NULL"]);
    assert_eq!(red("distinguishing_marks"), ["NULL", "NULL"]);
    assert_eq!(red("image_url"), ["NULL", "https://x.example/j"]);
    assert_eq!(red("detail_url"), ["d", "s"]);
    assert_eq!(
        red("other"),
        [r#"{"shoe_size":41}"#, r#"{"_links":{"film":{"href":"f"}}}"#]
    );
    assert_eq!(red("source"), ["files/1.json", "files/0.json"]);
    let names = [
        "date_of_birth",
        "birth_year",
        "height_m",
        "weight_kg",
        "record",
    ];
    let batch = scan(&source, "red_notices", &names).unwrap().remove(0);
    // Python: (date(1980, 2, 29) - date(1970, 1, 1)).days.
    let days: Vec<_> = batch
        .column(0)
        .as_primitive::<Date32Type>()
        .iter()
        .collect();
    assert_eq!(days, [Some(3_711), None]);
    assert_eq!(
        batch.column(1).as_primitive::<Int32Type>().values(),
        &[1980, 1975]
    );
    let heights: Vec<_> = batch
        .column(2)
        .as_primitive::<Float64Type>()
        .iter()
        .collect();
    assert_eq!(heights, [Some(1.65), None]);
    assert_eq!(batch.column(3).null_count(), 2);
    assert_eq!(
        batch.column(4).as_primitive::<Int64Type>().values(),
        &[1, 1]
    );
    let warnings = host.warnings();
    assert!(
        warnings
            .iter()
            .all(|warning| warning.starts_with("files: 1 notices are there without their detail"))
    );
}

#[test]
fn each_warrant_is_a_row() {
    let (host, source) = saved("red", &[DETAIL, PAGE], "fail");
    let batches = scan(
        &source,
        "warrants",
        &[
            "entity_id",
            "charge",
            "charge_translation",
            "issuing_country",
            "other",
        ],
    )
    .unwrap();
    let columns: Vec<_> = (0..5).map(|column| strings(&batches, column)).collect();
    assert_eq!(columns[0], ["2031/1", "2031/1"]);
    assert_eq!(columns[1], ["Вигадане обвинувачення", "Another"]);
    assert_eq!(columns[2], ["Made-up charge", "NULL"]);
    assert_eq!(columns[3], ["UA", "PL"]);
    assert_eq!(columns[4], ["NULL", r#"{"file":"7"}"#]);
    assert_eq!(
        host.warnings(),
        ["files: 1 notices are there without their detail, which has the warrants"]
    );
}

#[test]
fn yellow_and_un_notices_have_their_columns() {
    let (_, source) = saved("yellow", &[YELLOW], "fail");
    let yellow = |column| texts(&source, "yellow_notices", column).remove(0);
    assert_eq!(
        [
            "birth_name",
            "place",
            "country",
            "father_forename",
            "mother_forename",
            "mother_name",
            "forename"
        ]
        .map(yellow),
        ["INSHYI", "ZRAZKIV", "UA", "A", "B", "C", "NULL"]
    );
    // The month is known, and no column has it.
    assert_eq!(yellow("other"), r#"{"date_of_birth":"2011/06"}"#);
    let batch = scan(&source, "yellow_notices", &["date_of_event", "birth_year"])
        .unwrap()
        .remove(0);
    assert_eq!(
        batch.column(0).as_primitive::<Date32Type>().value(0),
        22_279
    );
    assert_eq!(batch.column(1).as_primitive::<Int32Type>().value(0), 2011);
    let (_, source) = saved("un", &[UN], "fail");
    let un = |column| texts(&source, "un_notices", column).remove(0);
    assert_eq!(
        [
            "un_reference",
            "un_resolution",
            "purposes",
            "aliases",
            "addresses",
            "legal_form",
            "administrators",
            "other"
        ]
        .map(un),
        [
            "XXe.001",
            "1267",
            "Assets freeze; Arms embargo",
            r#"[{"name":"M.U.T."}]"#,
            "1 No Street",
            "LTD",
            "NULL",
            "NULL"
        ]
    );
}

#[test]
fn details_may_stand_one_alone_in_an_array_or_one_after_the_other() {
    let detail = |number: usize| format!(r#"{{"entity_id":"2031/{number}","sex_id":"M"}}"#);
    let (one, two, three) = (detail(1), detail(2), detail(3));
    for text in [
        format!("[{one},{two},{three}]"),
        format!("{one}\n{two}\n{three}\n"),
        format!("\u{feff}{one} {two}{three}"),
    ] {
        let (_, source) = saved("red", &[&text], "fail");
        assert_eq!(
            texts(&source, "red_notices", "entity_id"),
            ["2031/1", "2031/2", "2031/3"],
            "{text}"
        );
    }
}

#[test]
fn every_split_reads_the_same() {
    let (_, source) = saved("red", &[PAGE, DETAIL], "fail");
    let whole = scan(&source, "red_notices", &[]).unwrap();
    let chunks = (1..200).chain([1_000, 100_000]);
    for chunk_bytes in chunks {
        let (host, _) = saved("red", &[PAGE, DETAIL], "fail");
        let host = host.chunk_bytes(chunk_bytes);
        let config = json!({ "notices": { "red": { "input": "files" } } });
        let source: Interpol = open(&config, &host).unwrap();
        assert_eq!(
            scan(&source, "red_notices", &[]).unwrap(),
            whole,
            "{chunk_bytes}"
        );
    }
}

#[test]
fn a_notice_that_comes_again_is_one_row() {
    let other = PAGE.replace("NIHTO", "INSHYI");
    let (host, source) = saved("red", &[PAGE, PAGE, &other, DETAIL], "fail");
    assert_eq!(texts(&source, "red_notices", "name"), ["VYHADANA", "NIHTO"]);
    let expected = "files: 2 notices came again and were left out, 1 of them with other content, first \"2031/2\"";
    assert!(
        host.warnings().iter().any(|warning| warning == expected),
        "{:?}",
        host.warnings()
    );
}

/// Other white space, escapes and another order of members are no other content; what the table does not show is.
#[test]
fn what_comes_again_is_compared_by_what_it_says() {
    let one = r#"{"entity_id":"2031/1","name":"ЗРАЗОК","_links":{"self":{"href":"s"},"images":{"href":"i"}},
        "arrest_warrants":[{"charge":"a b","issuing_country_id":"UA"}]}"#;
    let same = r#" { "arrest_warrants": [ {"issuing_country_id": "UA", "charge": "a\u0020b"} ],
        "_links": {"images": {"href": "i"}, "self": {"href": "s"}},
        "name": "\u0417РАЗОК", "entity_id": "2031\/1" }"#;
    let other = one.replace("a b", "a  b");
    let page = |notice: &str| format!(r#"{{"total":1,"_embedded":{{"notices":[{notice}]}}}}"#);
    for (files, again, differing) in [
        (vec![one, one], 1, 0),
        (vec![one, same], 1, 0),
        (vec![same, one, &other, same], 3, 1),
        (vec![&other, one, same, &other], 3, 2),
    ] {
        let pages: Vec<_> = files.iter().map(|notice| page(notice)).collect();
        let pages: Vec<_> = pages.iter().map(String::as_str).collect();
        for files in [files, pages] {
            let (host, source) = saved("red", &files, "fail");
            assert_eq!(texts(&source, "red_notices", "entity_id"), ["2031/1"]);
            let expected = format!(
                "files: {again} notices came again and were left out, {differing} of them with other content, first \"2031/1\""
            );
            assert_eq!(host.warnings(), [expected], "{files:?}");
        }
    }
}

#[test]
fn members_may_stand_in_any_order() {
    let text = r#"{"entity_id":"2031/1","name":"A","sex_id":"M","shoe_size":41}
        {"name":"B","entity_id":"2031/2","sex_id":"F","shoe_size":42}
        {"shoe_size":43,"name":"C","forename":"D","entity_id":"2031/3"}
        {"entity_id":"2031/4"}"#;
    let (_, source) = saved("red", &[text], "fail");
    let red = |column| texts(&source, "red_notices", column);
    assert_eq!(red("name"), ["A", "B", "C", "NULL"]);
    assert_eq!(red("sex"), ["M", "F", "NULL", "NULL"]);
    assert_eq!(red("forename"), ["NULL", "NULL", "D", "NULL"]);
    let others = [41, 42, 43].map(|size| format!("{{\"shoe_size\":{size}}}"));
    assert_eq!(red("other")[..3], others);
    assert_eq!(red("other")[3], "NULL");
}

#[test]
fn a_member_that_is_there_twice_is_found_among_many() {
    let members = (0..200).map(|at| format!("\"member_{at}\":{at}"));
    let members = members.collect::<Vec<_>>().join(",");
    let (_, source) = saved(
        "red",
        &[&format!("{{\"entity_id\":\"2031/1\",{members}}}")],
        "fail",
    );
    assert_eq!(texts(&source, "red_notices", "entity_id"), ["2031/1"]);
    let twice = format!("{{\"entity_id\":\"2031/1\",{members},\"member_7\":null}}");
    let (_, source) = saved("red", &[&twice], "fail");
    let error = scan(&source, "red_notices", &["entity_id"]).unwrap_err();
    let expected = "files/0.json, record 1, byte 0: the member \"member_7\" is there twice";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn bad_notices_fail_or_are_left_out() {
    let text = r#"[{"entity_id":"2031/1","sex_id":"M"},{"entity_id":"2031/2","date_of_birth":"1975/02/31","sex_id":"M"},
        {"name":"NO NUMBER"},17,{"entity_id":"2031/3","entity_id":"2031/3"},{"entity_id":"2031/4","nationalities":"UA"},
        {"_embedded":{"notices":[{"entity_id":5},{"entity_id":"2031/6"}]}},{"entity_id":"2031/7","height":"tall"}]"#;
    let (_, failing) = saved("red", &[text], "fail");
    let error = scan(&failing, "red_notices", &["entity_id", "birth_year"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "files/0.json, record 2, byte 37, field \"birth_year\": expected a day as YYYY/MM/DD or a year, found \"1975/02/31\""
    );
    let (host, skipping) = saved("red", &[text], "skip");
    let batches = scan(
        &skipping,
        "red_notices",
        &["entity_id", "birth_year", "height_m"],
    )
    .unwrap();
    assert_eq!(strings(&batches, 0), ["2031/1", "2031/4", "2031/6"]);
    let (count, first) = host.skipped().remove(0);
    assert_eq!((count, first.to_string()), (6, error.to_string()));
    // What is not asked for is not read, and cannot be wrong.
    let (host, skipping) = saved("red", &[text], "skip");
    assert_eq!(texts(&skipping, "red_notices", "entity_id").len(), 5);
    assert_eq!(host.skipped()[0].0, 4);
}

#[test]
fn days_that_are_none() {
    let day = |text: &str| {
        let text = format!(r#"{{"entity_id":"2031/1","sex_id":"M","date_of_birth":{text}}}"#);
        let (_, source) = saved("red", &[&text], "fail");
        let batch = scan(
            &source,
            "red_notices",
            &["birth_year", "date_of_birth", "other"],
        )
        .ok()?
        .remove(0);
        let year = batch.column(0).as_primitive::<Int32Type>().iter().next()?;
        let other = strings(std::slice::from_ref(&batch), 2).remove(0);
        Some((year, batch.column(1).is_valid(0), other != "NULL"))
    };
    assert_eq!(day("null"), Some((None, false, false)));
    assert_eq!(day("\"\""), Some((None, false, false)));
    assert_eq!(day("1975"), Some((Some(1975), false, false)));
    assert_eq!(day("\"1975/00/00\""), Some((Some(1975), false, false)));
    assert_eq!(day("\"1975/06/00\""), Some((Some(1975), false, true)));
    assert_eq!(day("\"1975/00/07\""), Some((Some(1975), false, true)));
    assert_eq!(day("\"2000/10/10\""), Some((Some(2000), true, false)));
    assert_eq!(day("\"9999/12/31\""), Some((Some(9999), true, false)));
    assert_eq!(day("\"1975-06-07\""), Some((Some(1975), true, false)));
    for absurd in [
        "\"1975/13/01\"",
        "\"1975/02/30\"",
        "\"75\"",
        "\"soon\"",
        "19750101",
        "[1975]",
        "\"1975/6\"",
        "\"１975\"",
    ] {
        assert_eq!(day(absurd), None, "{absurd}");
    }
}

#[test]
fn a_file_that_is_not_whole_is_an_error_in_any_case() {
    let whole = format!("[{DETAIL},{DETAIL}]");
    for (text, expected) in [
        (&whole[..whole.len() - 1], "it is not complete"),
        (&whole[..40], "it is not complete"),
        (
            format!("{whole} x").as_str(),
            "expected the end of the file, found 'x'",
        ),
        (&PAGE[..300], "it is not complete"),
    ] {
        let (_, source) = saved("red", &[text], "skip");
        let error = scan(&source, "red_notices", &["name"])
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("files/0.json, ") && error.contains(expected),
            "{error}"
        );
    }
    let utf16: Vec<u8> = "[{}]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let host = TestHost::new().entry("files", "a.json", [b"\xff\xfe".as_slice(), &utf16].concat());
    let source: Interpol = open(
        &json!({ "notices": { "red": { "input": "files" } } }),
        &host,
    )
    .unwrap();
    assert!(
        scan(&source, "red_notices", &["name"])
            .unwrap_err()
            .to_string()
            .contains("UTF-16")
    );
    let garbled = [
        b"[{\"entity_id\":\"\xcf\"}]".as_slice(),
        b"[{\"entity_id\":\"2031/1\",\"arrest_warrants\":[\"\xcf\"]}]",
    ];
    for bytes in garbled {
        let host = TestHost::new().entry("files", "a.json", bytes);
        let config = json!({ "notices": { "red": { "input": "files" } } });
        let source: Interpol = open(&config, &host).unwrap();
        let error = scan(&source, "red_notices", &["name"]).unwrap_err();
        assert!(error.to_string().contains("unicode"), "{error}");
    }
}

#[test]
fn a_configuration_without_sense_is_refused() {
    let why = |config: Value| {
        open::<Interpol>(&config, &TestHost::new())
            .err()
            .unwrap()
            .to_string()
    };
    assert!(why(json!({})).contains("found neither"));
    let both = json!({ "notices": { "red": { "input": "a" } }, "api": { "notices": ["red"] } });
    assert!(why(both).contains("found both"));
    assert!(
        why(json!({ "notices": { "blue": { "input": "a" } } })).contains("unknown variant `blue`")
    );
    for (api, expected) in [
        (
            json!({ "notices": [] }),
            "field \"api.notices\": expected at least one kind",
        ),
        (
            json!({ "notices": ["red"], "url": "ftp://x" }),
            "found \"ftp://x\"",
        ),
        (
            json!({ "notices": ["red"], "nationalities": ["Ukraine"] }),
            "found \"Ukraine\"",
        ),
        (
            json!({ "notices": ["red"], "nationalities": [] }),
            "expected at least one nationality",
        ),
        (
            json!({ "notices": ["red"], "min_age": 50, "max_age": 40 }),
            "found 50 to 40",
        ),
        (
            json!({ "notices": ["red"], "on_overflow": "ignore" }),
            "unknown variant `ignore`",
        ),
    ] {
        let error = why(json!({ "api": api }));
        assert!(error.contains(expected), "{error}");
    }
    let source: Interpol = open(
        &json!({ "api": { "notices": ["un", "red"] } }),
        &TestHost::new(),
    )
    .unwrap();
    let names: Vec<_> = source
        .tables()
        .unwrap()
        .into_iter()
        .map(|table| table.name)
        .collect();
    assert_eq!(names, ["red_notices", "warrants", "un_notices"]);
}

/// Somebody of the made-up API.
#[derive(Clone, Debug)]
struct Person {
    number: usize,
    name: String,
    birth_year: Option<i32>,
    sex: Option<char>,
    nationalities: Vec<&'static str>,
}

impl Person {
    fn id(&self) -> String {
        format!("2031/{}", self.number)
    }

    fn listed(&self) -> Value {
        let id = self.id().replace('/', "-");
        json!({
            "entity_id": self.id(), "name": self.name, "forename": "X", "nationalities": self.nationalities,
            "date_of_birth": self.birth_year.map(|year| year.to_string()),
            "_links": { "self": { "href": format!("https://elsewhere.example/notices/v1/red/{id}") } },
        })
    }

    fn detail(&self) -> Value {
        let mut detail = self.listed();
        detail["sex_id"] = json!(self.sex.map(String::from));
        detail["place_of_birth"] = json!(format!("place {}", self.number));
        detail["arrest_warrants"] =
            json!([{ "charge": format!("charge {}", self.number), "issuing_country_id": "UA" }]);
        detail
    }

    fn is_asked_for(&self, query: &[(String, String)]) -> bool {
        query.iter().all(|(name, value)| {
            let age = self.birth_year.map(|year| narrowing::this_year() - year);
            let bound = || value.parse::<i32>().unwrap();
            match name.as_str() {
                "name" => self.name.starts_with(value),
                "nationality" => self.nationalities.contains(&value.as_str()),
                "sexId" => self.sex.is_some_and(|sex| value.chars().eq([sex])),
                "ageMin" => age.is_some_and(|age| age >= bound()),
                "ageMax" => age.is_some_and(|age| age <= bound()),
                "page" | "resultPerPage" | "arrestWarrantCountryId" => true,
                other => panic!("it was asked for {other}"),
            }
        })
    }
}

/// A host whose requests the made-up API answers; else it is a [`TestHost`].
#[derive(Clone, Default)]
struct FakeApi {
    test: TestHost,
    people: Rc<Vec<Person>>,
    asked: Rc<RefCell<Vec<String>>>,
    /// Paths that are answered with a status and a body, whatever they ask for.
    broken: Rc<Vec<(&'static str, u16, &'static str)>>,
}

const URL: &str = "https://api.example/notices/v1/";

impl FakeApi {
    fn new(people: Vec<Person>) -> Self {
        Self {
            people: Rc::new(people),
            ..Self::default()
        }
    }

    fn source(&self, mut api: Value) -> Interpol {
        api["url"] = "https://api.example/".into();
        api["notices"] = json!(["red"]);
        let on_error = api
            .as_object_mut()
            .unwrap()
            .remove("on_error")
            .unwrap_or(json!("fail"));
        let config = json!({ "api": api, "on_error": on_error });
        Interpol::open(
            serde_json::from_value(config).unwrap(),
            Host::new(self.clone()),
        )
        .unwrap()
    }

    fn answer(&self, path: &str) -> (u16, String) {
        let broken = self
            .broken
            .iter()
            .find(|(start, ..)| path.starts_with(start));
        if let Some((_, status, body)) = broken {
            return (*status, (*body).to_owned());
        }
        let Some(query) = path.strip_prefix("red?") else {
            let mut people = self.people.iter();
            let found = people.find(|person| path == format!("red/2031-{}", person.number));
            return found.map_or((502, String::new()), |person| {
                (200, person.detail().to_string())
            });
        };
        let query = query.split('&').filter_map(|part| part.split_once('='));
        let query: Vec<_> = query
            .map(|(name, value)| (name.to_owned(), value.replace("%20", " ")))
            .collect();
        let found = self
            .people
            .iter()
            .filter(|person| person.is_asked_for(&query));
        let found: Vec<_> = found.map(Person::listed).collect();
        let page = json!({ "total": found.len(), "_embedded": { "notices": &found[..found.len().min(160)] } });
        (200, page.to_string())
    }

    /// How many lists and how many details were asked for.
    fn counts(&self) -> (usize, usize) {
        let asked = self.asked.borrow();
        let lists = asked.iter().filter(|path| path.contains('?')).count();
        (lists, asked.len() - lists)
    }
}

struct Bytes(Vec<u8>);

impl ReadChunk for Bytes {
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>> {
        let rest = self.0.split_off(self.0.len().min(max as usize));
        Ok(std::mem::replace(&mut self.0, rest))
    }
}

impl Capabilities for FakeApi {
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
        assert_eq!(request.method, "GET");
        let path = request
            .url
            .strip_prefix(URL)
            .expect("it asks its API alone");
        self.asked.borrow_mut().push(path.to_owned());
        let (status, body) = self.answer(path);
        let place = request.url.split('?').next().unwrap_or_default();
        Ok(HttpResponse {
            status,
            headers: Vec::new(),
            body: InputReader::new(place, Bytes(body.into_bytes())),
        })
    }
}

/// So many people of all ages, both sexes and a few nationalities.
fn crowd(count: usize) -> Vec<Person> {
    let people = (0..count).map(|number| Person {
        number,
        name: format!("NAME {}", number % 50),
        birth_year: Some(narrowing::this_year() - 18 - (number % 60) as i32),
        sex: Some(if number % 5 == 0 { 'F' } else { 'M' }),
        nationalities: match number % 3 {
            0 => vec!["UA"],
            1 => vec!["PL", "UA"],
            _ => vec!["DE"],
        },
    });
    people.collect()
}

fn numbers(batches: &[RecordBatch]) -> Vec<usize> {
    let ids = strings(batches, 0);
    let mut numbers: Vec<_> = ids
        .iter()
        .map(|id| id["2031/".len()..].parse().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

/// A column, an operator and its values.
type Asked = (&'static str, Operator, ArrayRef);

fn where_is(source: &Interpol, columns: &[&str], predicates: &[Asked]) -> Result<Vec<RecordBatch>> {
    let table = find(source, "red_notices")?;
    let of = |(column, operator, values): &Asked| {
        predicate(&table, column, *operator, Arc::clone(values))
    };
    let request = Request {
        columns: columns
            .iter()
            .map(|column| table.columns.index_of(column).unwrap())
            .collect(),
        predicates: predicates.iter().map(of).collect::<Result<_>>()?,
        table: table.name.clone(),
        limit: None,
        batch_rows: 8_192,
        partitions: 4,
    };
    scan_request(source, &request)
}

fn is(text: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![text]))
}

#[test]
fn a_sweep_finds_everybody_once() {
    let api = FakeApi::new(crowd(2_000));
    let source = api.source(json!({}));
    let batches = scan(
        &source,
        "red_notices",
        &["entity_id", "source", "detail_url"],
    )
    .unwrap();
    assert_eq!(numbers(&batches), (0..2_000).collect::<Vec<_>>());
    assert!(batches.iter().all(|batch| batch.num_rows() <= 160));
    assert!(
        strings(&batches, 1)
            .iter()
            .all(|source| source == "https://api.example/notices/v1/red")
    );
    let (lists, details) = api.counts();
    assert!(lists < 80, "{lists}");
    assert_eq!(details, 0);
    assert!(api.test.warnings().is_empty(), "{:?}", api.test.warnings());
    // A slice says the sex.
    let source = api.source(json!({}));
    let batches = scan(&source, "red_notices", &["entity_id", "sex"]).unwrap();
    assert_eq!(
        strings(&batches, 1)
            .iter()
            .filter(|sex| *sex == "F")
            .count(),
        400
    );
    assert_eq!(api.counts().1, 0);
}

#[test]
fn predicates_narrow_what_is_asked_for_and_change_no_rows() {
    let people = crowd(2_000);
    let year = narrowing::this_year();
    let born = |operator, age: i32| -> Asked {
        let year: ArrayRef = Arc::new(Int32Array::from(vec![year - age]));
        ("birth_year", operator, year)
    };
    type Takes = fn(&Person, i32) -> bool;
    let cases: [(Vec<Asked>, Takes); 6] = [
        (
            vec![("nationalities", Operator::Eq, is("DE"))],
            |person, _| person.nationalities == ["DE"],
        ),
        (
            vec![("nationalities", Operator::Like, is("%UA%"))],
            |person, _| person.nationalities.contains(&"UA"),
        ),
        (vec![("name", Operator::Eq, is("NAME 1"))], |person, _| {
            person.name == "NAME 1"
        }),
        (vec![born(Operator::Eq, 30)], |person, year| {
            person.birth_year == Some(year - 30)
        }),
        (
            vec![born(Operator::GtEq, 25), ("sex", Operator::Eq, is("F"))],
            |person, year| person.sex == Some('F') && person.birth_year >= Some(year - 25),
        ),
        (vec![born(Operator::Lt, 70)], |person, year| {
            person.birth_year < Some(year - 70)
        }),
    ];
    let all = {
        let api = FakeApi::new(people.clone());
        scan(&api.source(json!({})), "red_notices", &["entity_id"]).unwrap();
        api.counts().0
    };
    for (predicates, test) in cases {
        let api = FakeApi::new(people.clone());
        let batches = where_is(&api.source(json!({})), &["entity_id"], &predicates).unwrap();
        let due: Vec<_> = people
            .iter()
            .filter(|person| test(person, year))
            .map(|person| person.number)
            .collect();
        assert!(!due.is_empty());
        assert_eq!(numbers(&batches), due, "{predicates:?}");
        let (lists, details) = api.counts();
        assert!(
            lists < all && details == 0,
            "{predicates:?}: {lists} of {all}, {details}"
        );
    }
}

#[test]
fn details_are_asked_for_only_where_they_are_wanted() {
    let api = FakeApi::new(crowd(100));
    let source = api.source(json!({}));
    let columns = ["entity_id", "place_of_birth", "sex"];
    let batches = where_is(
        &source,
        &columns,
        &[("nationalities", Operator::Eq, is("DE"))],
    )
    .unwrap();
    assert_eq!(api.counts(), (1, 33));
    assert_eq!(strings(&batches, 1)[0], "place 2");
    let place = where_is(
        &source,
        &["entity_id"],
        &[("place_of_birth", Operator::Eq, is("place 7"))],
    )
    .unwrap();
    assert_eq!(numbers(&place), [7]);
    assert_eq!(api.counts(), (2, 133));
    let warrants = scan(&source, "warrants", &["entity_id", "charge"]).unwrap();
    assert_eq!(strings(&warrants, 1)[99], "charge 99");
}

#[test]
fn a_limit_ends_the_asking() {
    let api = FakeApi::new(crowd(100));
    let source = api.source(json!({}));
    let table = find(&source, "red_notices").unwrap();
    let request = Request {
        columns: vec![0, table.columns.index_of("place_of_birth").unwrap()],
        predicates: Vec::new(),
        table: table.name,
        limit: Some(3),
        batch_rows: 100,
        partitions: 1,
    };
    assert_eq!(scan_request(&source, &request).unwrap()[0].num_rows(), 3);
    assert_eq!(api.counts(), (1, 3));
}

/// Organisations have neither sex nor age, and of some people the age is not known.
#[test]
fn what_parts_do_not_have_is_found_by_others() {
    let mut people = crowd(900);
    for (number, person) in people.iter_mut().enumerate() {
        if number % 9 == 4 {
            person.birth_year = None;
            person.nationalities = vec![["FR", "RO", "MD"][number / 9 % 3]];
        }
        if number % 18 == 4 {
            person.sex = None;
        }
    }
    let api = FakeApi::new(people);
    let batches = scan(&api.source(json!({})), "red_notices", &["entity_id"]).unwrap();
    assert_eq!(numbers(&batches), (0..900).collect::<Vec<_>>());
    assert!(api.test.warnings().is_empty(), "{:?}", api.test.warnings());
}

#[test]
fn what_no_part_has_is_an_error_or_told() {
    let mut people = crowd(400);
    // Nothing is known of these two: the first is on the first page, the second is not.
    for number in [10, 390] {
        people[number].sex = None;
        people[number].birth_year = None;
        people[number].nationalities = Vec::new();
    }
    let api = FakeApi::new(people);
    let error = scan(&api.source(json!({})), "red_notices", &["entity_id"]).unwrap_err();
    let expected = "expected 400 notices in the slice all, found 399";
    assert!(error.to_string().contains(expected), "{error}");
    let source = api.source(json!({ "on_overflow": "warn" }));
    let batches = scan(&source, "red_notices", &["entity_id"]).unwrap();
    let due: Vec<_> = (0..400).filter(|&number| number != 390).collect();
    assert_eq!(numbers(&batches), due);
    let warnings = api.test.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains(expected), "{warnings:?}");
}

#[test]
fn a_slice_that_cannot_be_split_fails_or_is_told() {
    let twins = (0..200).map(|number| Person {
        number,
        name: "TWIN".to_owned(),
        birth_year: Some(narrowing::this_year() - 30),
        sex: Some('M'),
        nationalities: vec!["UA"],
    });
    let api = FakeApi::new(twins.collect());
    let error = scan(&api.source(json!({})), "red_notices", &["entity_id"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let expected = "expected 200 notices in the slice nationality UA, sex M, age 30, found 160: the API gives 160";
    assert!(error.to_string().contains(expected), "{error}");
    let source = api.source(json!({ "on_overflow": "warn" }));
    let batches = scan(&source, "red_notices", &["entity_id"]).unwrap();
    assert_eq!(numbers(&batches), (0..160).collect::<Vec<_>>());
    let warnings = api.test.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains(expected), "{warnings:?}");
}

#[test]
fn a_nationality_that_is_no_list_is_a_list_of_one() {
    let mut api = FakeApi::new(Vec::new());
    let page = r#"{"total":2,"_embedded":{"notices":[{"entity_id":"2031/1","nationalities":"UA"},{"entity_id":"2031/2","nationalities":"PL"}]}}"#;
    api.broken = Rc::new(vec![("red?", 200, page)]);
    let source = api.source(json!({ "nationalities": ["UA"] }));
    assert_eq!(texts(&source, "red_notices", "entity_id"), ["2031/1"]);
}

/// What a list says of a notice may be more than lists say today, and a detail may be empty.
#[test]
fn where_a_notice_stood_says_whether_it_is_a_detail() {
    let page = r#"{"total":1,"_embedded":{"notices":[{"entity_id":"2031/1","name":"LISTED","threat":"high"}]}}"#;
    let detail = r#"{"entity_id":"2031/1","name":"DETAILED"}"#;
    let (host, source) = saved("red", &[page, detail], "fail");
    assert_eq!(texts(&source, "red_notices", "name"), ["DETAILED"]);
    assert_eq!(texts(&source, "red_notices", "sex"), ["NULL"]);
    assert!(host.warnings().is_empty(), "{:?}", host.warnings());
    let (host, source) = saved("red", &[page], "fail");
    assert_eq!(
        texts(&source, "red_notices", "other"),
        [r#"{"threat":"high"}"#]
    );
    assert_eq!(host.warnings().len(), 1);
}

#[test]
fn a_configuration_of_nationalities_and_ages_is_kept() {
    let people = crowd(1_000);
    let api = FakeApi::new(people.clone());
    let source = api.source(json!({ "nationalities": ["PL"], "min_age": 20, "max_age": 40 }));
    let age = |person: &Person| narrowing::this_year() - person.birth_year.unwrap();
    let due = people
        .iter()
        .filter(|person| person.nationalities.contains(&"PL") && (20..=40).contains(&age(person)));
    let due: Vec<_> = due.map(|person| person.number).collect();
    assert_eq!(
        numbers(&scan(&source, "red_notices", &["entity_id"]).unwrap()),
        due
    );
    let both = [("nationalities", Operator::Like, is("%UA%"))];
    assert_eq!(
        numbers(&where_is(&source, &["entity_id"], &both).unwrap()),
        due
    );
    let none = [("nationalities", Operator::Eq, is("DE"))];
    assert!(where_is(&source, &["entity_id"], &none).unwrap().is_empty());
}

#[test]
fn an_api_that_fails_is_told() {
    for (status, body, expected) in [
        (
            503,
            "",
            "https://api.example/notices/v1/red: expected a successful answer, found the HTTP status 503",
        ),
        (502, "", "found the HTTP status 502"),
        (
            200,
            "<html>",
            "https://api.example/notices/v1/red: this is no page of notices: expected value",
        ),
        (
            200,
            "{}",
            "expected a page of notices with their total, found none",
        ),
        (
            200,
            r#"{"total":7}"#,
            "expected a page of 7 of 7 notices, found 0",
        ),
        (
            200,
            r#"{"total":900,"_embedded":{"notices":[{"entity_id":"2031/1"}]}}"#,
            "https://api.example/notices/v1/red: expected a page of 160 of 900 notices, found 1",
        ),
        (
            200,
            r#"{"total":1,"_embedded":{"notices":[{"entity_id":null}]}}"#,
            "expected a notice's number, found null",
        ),
    ] {
        let mut api = FakeApi::new(crowd(10));
        api.broken = Rc::new(vec![("red?", status, body)]);
        let error = scan(&api.source(json!({})), "red_notices", &["entity_id"]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let mut api = FakeApi::new(crowd(1));
    let much: &'static str = " ".repeat((4 << 20) + 1).leak();
    api.broken = Rc::new(vec![("red?", 200, much)]);
    let error = scan(&api.source(json!({})), "red_notices", &["entity_id"]).unwrap_err();
    assert!(
        error.to_string().contains("at most 4194304 bytes"),
        "{error}"
    );
}

#[test]
fn a_detail_that_cannot_be_used_is_a_bad_record() {
    let columns = ["entity_id", "place_of_birth"];
    for (status, body, expected) in [
        (
            502,
            "",
            "https://api.example/notices/v1/red/2031-3: expected a successful answer, found the HTTP status 502",
        ),
        (200, "[]", "red/2031-3: this is no notice: invalid type"),
        (
            200,
            r#"{"entity_id":"2031/4"}"#,
            "expected the detail of \"2031/3\", found that of \"2031/4\"",
        ),
    ] {
        let mut api = FakeApi::new(crowd(6));
        api.broken = Rc::new(vec![("red/2031-3", status, body)]);
        let error = scan(&api.source(json!({})), "red_notices", &columns).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        let batches = scan(
            &api.source(json!({ "on_error": "skip" })),
            "red_notices",
            &columns,
        )
        .unwrap();
        assert_eq!(numbers(&batches), [0, 1, 2, 4, 5]);
        assert_eq!(api.test.skipped()[0].0, 1);
    }
    // What concerns every request ends the scan in any case.
    let mut api = FakeApi::new(crowd(6));
    api.broken = Rc::new(vec![("red/2031-3", 429, "")]);
    let error = scan(
        &api.source(json!({ "on_error": "skip" })),
        "red_notices",
        &columns,
    )
    .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unavailable { .. }),
        "{error}"
    );
}
