//! FollowTheMoney.

use super::*;

/// Nobody in here exists.
const SAMPLE: &str = r#"{"id":"p1","caption":"Aldo Quill","schema":"Person","properties":{"name":["QUILL, Aldo","Aldo Quill"],"alias":["Al"],"weakAlias":["A"],"previousName":["Aldo Quillson"],"birthDate":["1960-01-02","1961","1962-03"],"birthPlace":["Port"],"birthCountry":["at"],"nationality":["at"],"citizenship":["at","mu"],"gender":["male"],"innCode":["12"],"passportNumber":["A1"],"title":["Count"],"position":["Admiral"],"address":["1 Quay, Port"],"addressEntity":["a1"],"programId":["XX"],"notes":["First.","Second."],"height":[1.80],"topics":["sanction","role.pep"]},"datasets":["one","two"],"referents":[],"target":true,"last_change":"2025-06-07T08:09:10"}
{"id":"c1","schema":"Company","properties":{"name":["GULL \u0026 CO"]}}
{"id":"x1","caption":"Payment","schema":"Payment","properties":{"amountEur":["5"],"payer":["p1"]}}
{"id":"x2","schema":"Payment","properties":{"amountEur":["6"],"payer":["p1"],"beneficiary":["c1"],"date":["2011-12-29"]}}
{"id":"v1","schema":"Vessel","properties":{"imoNumber":["5000001"]}}
{"id":"o1","caption":"Ownership","schema":"Ownership","properties":{"owner":["p1","p2"],"asset":["c1"],"percentage":["50"],"startDate":["2010"],"endDate":["2011-02-03"],"role":["owner"]},"datasets":["one"]}
{"id":"f1","schema":"Family","properties":{"person":["p1"],"relative":["p2"],"relationship":["sister"]}}
{"id":"s1","schema":"Sanction","properties":{"entity":["p1"],"program":["Example"],"programId":["XX"],"authority":["Ministry"],"authorityId":["E1"],"listingDate":["2022-02-03","2021-01-02"],"endDate":["2023-04-05"],"provisions":["asset freeze","travel ban"],"reason":["None."],"country":["xx"]}}
{"id":"i1","schema":"Passport","properties":{"holder":["p1"],"number":["A1"],"country":["at"],"startDate":["2001-01-01"],"endDate":["2011"]}}
{"id":"a1","schema":"Address","properties":{"full":["1 Quay, Port 0012"],"street":["1 Quay"],"city":["Port"],"postalCode":["0012"],"country":["at"],"remarks":["old"]}}
"#;

fn host(bytes: impl AsRef<[u8]>) -> TestHost {
    TestHost::new().entry("ftm", "entities.ftm.json", bytes)
}

fn open(host: &TestHost, on_error: &str) -> Sanctions {
    let lists = json!([{ "name": "ftm", "input": "ftm", "format": "ftm" }]);
    testing::open(&json!({ "lists": lists, "on_error": on_error }), host).unwrap()
}

/// The rows of a table, each joined by `|`, without the list.
fn table_of(host: &TestHost, table: &str) -> Vec<String> {
    let rows = read(&open(host, "fail"), table, &[]).unwrap();
    rows.iter().map(|row| row[1..].join("|")).collect()
}

fn table(name: &str) -> Vec<String> {
    table_of(&host(SAMPLE), name)
}

#[test]
fn entities_and_names() {
    let file = "ftm/entities.ftm.json";
    let expected = [
        format!("p1|person|Aldo Quill|-|male|-|XX|-|2025-06-07|First.\nSecond.|-|{file}"),
        format!("c1|organization|GULL & CO|-|-|-|-|-|-|-|-|{file}"),
        format!("v1|vessel|Vessel|-|-|-|-|-|-|-|-|{file}"),
    ];
    assert_eq!(table("entities"), expected);
    let parts = "|-|-|-|-|-|-|-|-|-";
    let expected = [
        "p1|alias|QUILL, Aldo|-|name",
        "p1|primary|Aldo Quill|-|name",
        "p1|alias|Al|-|alias",
        "p1|alias|A|weak|weakAlias",
        "p1|former|Aldo Quillson|-|previousName",
        "c1|primary|GULL & CO|-|name",
    ];
    assert_eq!(table("names"), expected.map(|row| row.to_owned() + parts));
}

#[test]
fn what_joins_entities() {
    let expected = [
        "p1|a1|address|-|-|-|-|-|-",
        "p1|c1|payment|-|2011-12-29|2011-12-29|-|-|amountEur: 6; id: x2",
        "p1|c1|ownership|owner|-|2010|2011-02-03|2011-02-03|percentage: 50; id: o1",
        "p2|c1|ownership|owner|-|2010|2011-02-03|2011-02-03|percentage: 50; id: o1",
        // The relative is the sister.
        "p2|p1|family|sister|-|-|-|-|id: f1",
    ];
    assert_eq!(table("relations"), expected);
    let measure = "p1|asset freeze; travel ban|Example|Ministry|E1|2021-01-02|2023-04-05|None.|\
                   programId: XX; country: xx; listingDate: 2022-02-03; id: s1";
    assert_eq!(table("measures"), [measure]);
    let edges = [
        ("Associate", "person", "associate"),
        ("Membership", "member", "organization"),
        ("Employment", "employee", "employer"),
        ("Succession", "predecessor", "successor"),
        ("UnknownLink", "subject", "object"),
        ("Representation", "agent", "client"),
        ("Directorship", "director", "organization"),
        ("Family", "relative", "person"),
        ("Payment", "payer", "beneficiary"),
        ("Occupancy", "holder", "post"),
        ("Debt", "debtor", "creditor"),
        ("ContractAward", "supplier", "contract"),
        ("CourtCaseParty", "party", "case"),
        ("ProjectParticipant", "participant", "project"),
        ("Documentation", "entity", "document"),
        ("Call", "caller", "receiver"),
        ("Similar", "candidate", "match"),
    ];
    for (schema, source, target) in edges {
        let edge = json!({ "id": "e", "schema": schema, "properties": { source: ["a"], target: ["b", "c"] } });
        let source = open(&host(edge.to_string()), "fail");
        let rows = read(&source, "relations", &["entity_id", "other_id"]).unwrap();
        assert_eq!(rows, [["a", "b"], ["a", "c"]], "{schema}");
        assert!(read(&source, "entities", &[]).unwrap().is_empty());
    }
}

#[test]
fn details() {
    let identifiers = [
        "p1|passport|passportNumber|-|A1|-|-|-|-|-|-",
        "p1|tax_id|innCode|-|12|-|-|-|-|-|-",
        "v1|imo|imoNumber|-|5000001|-|-|-|-|-|-",
        "p1|passport|Passport|-|A1|at|2001-01-01|-|-|-|endDate: 2011; id: i1",
    ];
    assert_eq!(table("identifiers"), identifiers);
    let addresses = [
        "p1|-|-|-|-|-|1 Quay, Port",
        "a1|1 Quay|Port|-|0012|at|1 Quay, Port 0012; remarks: old",
    ];
    assert_eq!(table("addresses"), addresses);
    let births = [
        "p1|-|1960-01-02|1960|1960|-|-|-|-|-|-",
        "p1|-|-|1961|1961|-|-|-|-|-|-",
        "p1|-|-|1962|1962|-|-|-|-|-|1962-03",
        "p1|-|-|-|-|-|-|-|-|-|Port",
        "p1|-|-|-|-|-|-|-|at|-|-",
    ];
    assert_eq!(table("births"), births);
    assert_eq!(table("nationalities"), ["p1|at", "p1|mu"]);
    assert_eq!(table("roles"), ["p1|title|Count", "p1|designation|Admiral"]);
    let attributes = [
        "p1|citizenship|at",
        "p1|citizenship|mu",
        "p1|schema|Person",
        "p1|datasets|one",
        "p1|datasets|two",
        "p1|target|true",
        "p1|last_change|2025-06-07T08:09:10",
        "p1|height|1.80",
        "p1|topics|sanction",
        "p1|topics|role.pep",
        "c1|schema|Company",
        "x1|schema|Payment",
        "x1|caption|Payment",
        "x1|amountEur|5",
        "x1|payer|p1",
        "v1|schema|Vessel",
        "o1|caption|Ownership",
        "o1|datasets|one",
    ];
    assert_eq!(table("attributes"), attributes);
}

#[test]
fn chunks_of_any_size_give_the_same_rows() {
    for name in ListTable::ALL.map(ListTable::name) {
        let whole = table(name);
        for bytes in [1, 2, 3, 7, 64] {
            assert_eq!(
                table_of(&host(SAMPLE).chunk_bytes(bytes), name),
                whole,
                "{name}, {bytes}"
            );
        }
    }
}

#[test]
fn a_bad_record_fails_or_is_skipped() {
    let person =
        |properties: &str| format!(r#"{{"id":"b","schema":"Person","properties":{properties}}}"#);
    let tie = |owner: &str| {
        format!(
            r#"{{"id":"b","schema":"Ownership","properties":{{"owner":{owner},"asset":["c"]}}}}"#
        )
    };
    let cases = [
        (
            "[1]".to_owned(),
            None,
            "invalid type: sequence, expected an object",
        ),
        (
            r#"{"schema":"Person","properties":{}}"#.to_owned(),
            Some("id"),
            "expected a text, found nothing",
        ),
        (
            r#"{"id":"b","properties":{}}"#.to_owned(),
            Some("schema"),
            "expected a text, found nothing",
        ),
        (
            r#"{"id":"b","schema":"Person"}"#.to_owned(),
            Some("properties"),
            "expected an object, found nothing",
        ),
        (
            person(r#"{"name":["A",{"id":"p"}]}"#),
            Some("name"),
            "expected a text, found an object: take the edition",
        ),
        (
            person(r#"{"name":"\ud800"}"#),
            Some("name"),
            "unexpected end of hex escape",
        ),
        // The table of entities has no column for these.
        (
            person(r#"{"topics":["x","\ud800"]}"#),
            Some("topics"),
            "unexpected end of hex escape",
        ),
        (
            person(r#"{"topics":[{"id":"p"}]}"#),
            Some("topics"),
            "expected a text, found an object: take the edition",
        ),
        (
            r#"{"id":"b","schema":"Person","seen":"\ud800","properties":{}}"#.to_owned(),
            Some("seen"),
            "unexpected end of hex escape",
        ),
        (tie("[]"), Some("owner"), "expected an id, found nothing"),
        (
            r#"{"id":"b","properties":{"asset":["c"]},"schema":"Ownership"}"#.to_owned(),
            Some("owner"),
            "expected an id, found nothing",
        ),
        (
            tie(r#"[{"id":"p"}]"#),
            Some("owner"),
            "expected a text, found an object: take the edition",
        ),
    ];
    for (record, field, message) in cases {
        let list = format!("{}\n{record}\n{}\n", person("{}"), person("{}"));
        let error = read(&open(&host(&list), "fail"), "attributes", &[]).unwrap_err();
        assert!(error.message().starts_with(message), "{error}");
        assert!(!error.message().contains(" at line "), "{error}");
        assert!(error.place().byte.is_some(), "{error}");
        assert_eq!(
            (error.kind(), error.place().record),
            (ErrorKind::InvalidData, Some(2))
        );
        assert_eq!(error.place().field.as_deref(), field);
        let host = host(&list);
        assert_eq!(
            read(&open(&host, "skip"), "entities", &[]).unwrap().len(),
            2
        );
        assert_eq!(host.skipped(), [(1, error)]);
    }
}

#[test]
fn a_date_of_no_known_shape_is_kept() {
    let list = r#"{"id":"p","schema":"Person","properties":{"birthDate":["0000-00-00"]}}
{"id":"s","schema":"Sanction","properties":{"entity":["p"],"startDate":["soon","2020-01-02"],"endDate":["?"]}}"#;
    assert_eq!(
        table_of(&host(list), "births"),
        ["p|-|-|-|-|-|-|-|-|-|0000-00-00"]
    );
    assert_eq!(
        table_of(&host(list), "measures"),
        ["p|-|-|-|-|2020-01-02|-|-|startDate: soon; endDate: ?; id: s"]
    );
}

#[test]
fn nationalities_that_come_twice_are_one_row() {
    let list = r#"{"id":"p","schema":"Person","properties":{"nationality":["at","mu","at"],"citizenship":["mu"]}}"#;
    assert_eq!(table_of(&host(list), "nationalities"), ["p|at", "p|mu"]);
}

#[test]
fn a_list_that_is_cut_off_or_no_text_is_an_error() {
    let end = SAMPLE.find("\"caption\":\"Payment\"").unwrap();
    for on_error in ["fail", "skip"] {
        let host = host(&SAMPLE[..end]);
        let error = read(&open(&host, on_error), "names", &[]).unwrap_err();
        assert!(error.message().ends_with("it is not complete"), "{error}");
        assert_eq!(error.place().record, Some(3));
        let utf16: Vec<u8> = SAMPLE.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf16 = [&[0xFF, 0xFE][..], utf16.as_slice()].concat();
        let error = read(&open(&self::host(utf16), on_error), "names", &[]).unwrap_err();
        assert!(error.message().contains("UTF-16"), "{error}");
    }
}

#[test]
fn bytes_that_are_no_text_are_a_bad_record() {
    let list = b"{\"id\":\"a\",\"schema\":\"Person\",\"properties\":{\"name\":[\"\xcf\"]}}
{\"id\":\"b\",\"schema\":\"Person\",\"properties\":{\"name\":[\"B\"]}}\n";
    let error = read(&open(&host(list), "fail"), "names", &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let place = error.place();
    assert_eq!((place.record, place.byte), (Some(1), Some(0)));
    assert_eq!(place.input.as_deref(), Some("ftm/entities.ftm.json"));
    let host = host(list);
    assert_eq!(
        read(&open(&host, "skip"), "names", &["name"]).unwrap(),
        [["B"]]
    );
    assert_eq!(host.skipped(), [(1, error)]);
}

/// Ids are not kept, so an entity that stands there twice has two rows; days far out are days.
#[test]
fn an_entity_that_comes_twice_has_two_rows() {
    let list = r#"{"id":"p","schema":"Person","properties":{"name":["A"],"birthDate":["0001-01-01","9999-12-31"]}}
{"id":"p","caption":"C","schema":"Person","properties":{"alias":["B"],"mood":["x"]}}"#;
    let source = open(&host(list), "fail");
    assert_eq!(
        read(&source, "entities", &["entity_id", "name"]).unwrap(),
        [["p", "A"], ["p", "C"]]
    );
    assert_eq!(
        read(&source, "births", &["date", "year_from"]).unwrap(),
        [["0001-01-01", "1"], ["9999-12-31", "9999"]]
    );
    let attributes = table_of(&host(list), "attributes");
    assert!(
        attributes.contains(&"p|mood|x".to_owned()),
        "{attributes:?}"
    );
}

#[test]
fn what_is_no_text_stays_as_it_stands_there() {
    let list = r#"{"id":"p","schema":"Person","properties":{"name":"A","height":[1.50,12345678901234567890123,-0],"x":[["a", 1],true,null]},"more":{"a":[1]}}"#;
    let expected = [
        "p|schema|Person",
        r#"p|more|{"a":[1]}"#,
        "p|height|1.50",
        "p|height|12345678901234567890123",
        "p|height|-0",
        r#"p|x|["a", 1]"#,
        "p|x|true",
    ];
    assert_eq!(table_of(&host(list), "attributes"), expected);
    assert_eq!(
        read(&open(&host(list), "fail"), "entities", &["name"]).unwrap(),
        [["A"]]
    );
}

/// A record in which a number stands is not read in one pass, and one whose schema comes last has more of
/// its properties kept.
#[test]
fn however_a_record_is_read_its_rows_are_the_same() {
    let numbered = |line: &str| format!("{{\"n\":1.0,{}\n", &line[1..]);
    let schema_last = |line: &str| {
        let (start, rest) = line.split_once("\"schema\":\"").unwrap();
        let (schema, rest) = rest.split_once("\",").unwrap();
        let rest = rest.strip_suffix('}').unwrap();
        format!("{start}{rest},\"schema\":\"{schema}\"}}\n")
    };
    let numbered: String = SAMPLE.lines().map(numbered).collect();
    let schema_last: String = SAMPLE.lines().map(schema_last).collect();
    for name in ListTable::ALL.map(ListTable::name) {
        let mut rows = table_of(&host(&numbered), name);
        rows.retain(|row| !row.ends_with("|n|1.0"));
        assert_eq!(rows, table(name), "{name}");
        assert_eq!(table_of(&host(&schema_last), name), table(name), "{name}");
    }
}

#[test]
fn several_values_of_a_column_are_one_text() {
    let list = r#"{"id":"p","caption":"B","schema":"Person","properties":{"alias":["X"],"gender":["Männlich","x"],"programId":["A","B"],"notes":["1","2","3"]}}"#;
    let columns = ["name", "gender", "programme", "comments"];
    assert_eq!(
        read(&open(&host(list), "fail"), "entities", &columns).unwrap(),
        [["B", "männlich", "A; B", "1\n2\n3"]]
    );
}

#[test]
fn members_that_are_there_twice_are_there_twice() {
    let list = r#"{"id":"p","schema":"Person","properties":{"name":["A"],"topics":"x","name":["B"]},"z":1,"z":[2,null,""]}"#;
    assert_eq!(
        read(&open(&host(list), "fail"), "names", &["name"]).unwrap(),
        [["A"], ["B"]]
    );
    assert_eq!(
        table_of(&host(list), "attributes"),
        ["p|schema|Person", "p|z|1", "p|z|2", "p|topics|x"]
    );
}

#[test]
fn a_record_that_would_be_too_many_rows_is_bad() {
    let ids: Vec<_> = (0..1_000).map(|id| format!("entity-{id}")).collect();
    let edge = json!({ "id": "e", "schema": "UnknownLink", "properties": { "subject": ids, "object": ids } });
    let host = host(edge.to_string());
    assert!(
        read(&open(&host, "skip"), "relations", &[])
            .unwrap()
            .is_empty()
    );
    let (count, error) = host.skipped().remove(0);
    assert_eq!(count, 1);
    assert!(
        error
            .message()
            .starts_with("the rows of a record may have 67108864 bytes")
    );
}

#[test]
fn a_name_that_is_that_of_many_texts_has_a_bound() {
    let values = vec!["x"; 1_000];
    let properties: serde_json::Map<_, _> =
        [("n".repeat(70_000), json!(values))].into_iter().collect();
    let entity = json!({ "id": "e", "schema": "Person", "properties": properties });
    let error = read(&open(&host(entity.to_string()), "fail"), "names", &[]).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("the texts of a record may have 67108864 bytes")
    );
    assert_eq!(error.place().record, Some(1));
}

/// The numbers are those of Python's `json` on the same files.
#[test]
fn the_real_files_have_what_python_finds() {
    let Some(text) = real("ftm/zala.ftm.json") else {
        return;
    };
    let source = open(&host(text), "fail");
    assert_eq!(
        kinds(&source, "entities"),
        counts([("person", 6), ("organization", 11)])
    );
    // 155 names, one of each entity the primary one; 113 aliases, 8 weak ones, 4 abbreviations.
    assert_eq!(
        kinds(&source, "names"),
        counts([("primary", 17), ("alias", 263), ("former", 2)])
    );
    let relations = counts([
        ("address", 27),
        ("ownership", 14),
        ("family", 4),
        ("directorship", 3),
    ]);
    assert_eq!(kinds(&source, "relations"), relations);
    assert_eq!(kinds(&source, "addresses"), counts([("", 126)]));
    assert_eq!(kinds(&source, "births"), counts([("-", 21)]));
    assert_eq!(kinds(&source, "nationalities"), counts([("", 6)]));
    assert_eq!(kinds(&source, "identifiers")["passport"], 2);
    let listed = read(&source, "measures", &["listed_on"]).unwrap().concat();
    let known = listed.iter().filter(|day| *day != "-").count();
    assert_eq!((listed.len(), known), (41, 29));

    let Some(text) = real("ftm/parteispenden.ftm.json") else {
        return;
    };
    let source = open(&host(text), "fail");
    let entities = counts([("person", 22), ("organization", 74)]);
    assert_eq!(kinds(&source, "entities"), entities);
    assert_eq!(kinds(&source, "names"), counts([("primary", 96)]));
    assert_eq!(kinds(&source, "addresses"), counts([("", 89)]));
    // 290 payments, one of them to two.
    assert_eq!(
        kinds(&source, "relations"),
        counts([("address", 103), ("payment", 291)])
    );
}
