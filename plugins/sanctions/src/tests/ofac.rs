//! The lists of OFAC, in both formats.

use super::*;

/// Nobody in here exists.
const SDN: &str = "101,\"QUILL, Aldo\",\"individual\",\"EXAMPLE] [SAMPLE\",\"Admiral, \"\"retired\"\"\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"DOB 02 Jan 1960; alt. DOB circa 1961; POB Port, Atlantis; nationality Atlantis; citizen Mu; Gender Male; a.k.a. 'AL'; Passport A1 (Atlantis) issued 01 Jan 2001 expires Feb 2011; Linked To: GULL CO., LTD.\"\r
102,\"GULL CO., LTD.\",-0- ,\"EXAMPLE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r
103,\"TERN\",\"vessel\",\"EXAMPLE\",-0- ,\"XX1\",\"Ferry\",\"640\",\"500\",\"Atlantis\",\"Gull\",\"Vessel Registration Identification IMO 5000001.\"\r
104,\"XX-E1\",\"aircraft\",\"EXAMPLE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"Aircraft Model Kite; flies low.\"\r
\x1A\r
";
const ALT: &str = "101,1,\"aka\",\"QUILL, A.\",-0- \r\n101,2,\"fka\",\"QUILLSON, Aldo\",\"to 1999\"\r\n102,3,\"nka\",\"GULL\",-0- \r\n\x1A\r\n";
const ADD: &str = "101,1,\"1 Quay, \"\"Old\"\" Port\",\"Port 0012\",\"Atlantis\",-0- \r\n102,2,-0- ,-0- ,-0- ,-0- \r\n103,3,-0- ,-0- ,\"Mu\",\"berth\"\r\n\x1A\r\n";

const XML: &str = r#"<?xml version="1.0" standalone="yes"?>
<sdnList xmlns="urn:sdn" xmlns:xsi="urn:xsi">
  <publshInformation><Publish_Date>01/15/2026</Publish_Date><Record_Count>2</Record_Count></publshInformation>
  <sdnEntry><uid>101</uid><firstName>Aldo</firstName><lastName>QUILL</lastName><title>Admiral</title><sdnType>Individual</sdnType>
    <remarks>(Linked To: GULL (OLD) CO., LTD.)</remarks>
    <programList><program>EXAMPLE</program><program>SAMPLE</program></programList>
    <idList><id><uid>7</uid><idType>Passport</idType><idNumber>A1</idNumber><idCountry>Atlantis</idCountry><issueDate>01 Jan 2001</issueDate><expirationDate>Feb 2011</expirationDate></id>
      <id><uid>8</uid><idType>Gender</idType><idNumber>Male</idNumber></id>
      <id><uid>9</uid><idType>Website</idType><idNumber>www.example.org</idNumber></id>
      <id><uid>10</uid><idType>Shell Number</idType><idNumber>5</idNumber></id></idList>
    <akaList><aka><uid>1</uid><type>a.k.a.</type><category>weak</category><lastName>AL</lastName></aka>
      <aka><uid>2</uid><type>f.k.a.</type><category>strong</category><lastName>QUILLSON</lastName><firstName>Aldo</firstName></aka></akaList>
    <addressList><address><uid>3</uid><address1>1 Quay</address1><address2>Flat 2</address2><city>Port</city><stateOrProvince>West</stateOrProvince><postalCode>0012</postalCode><country>Atlantis</country></address>
      <address>loose<uid>4</uid></address></addressList>
    <nationalityList><nationality><uid>5</uid><country>Atlantis</country><mainEntry>true</mainEntry></nationality></nationalityList>
    <citizenshipList><citizenship><country>Mu</country></citizenship></citizenshipList>
    <dateOfBirthList><dateOfBirthItem><dateOfBirth>02 Jan 1960</dateOfBirth></dateOfBirthItem><dateOfBirthItem><dateOfBirth>long ago</dateOfBirth></dateOfBirthItem></dateOfBirthList>
    <placeOfBirthList><placeOfBirthItem><placeOfBirth>Port, Atlantis</placeOfBirth></placeOfBirthItem></placeOfBirthList>
  </sdnEntry>
  <sdnEntry><uid>103</uid><lastName>TERN</lastName><sdnType>Vessel</sdnType><idList><id><idType>Vessel Registration Identification</idType><idNumber>IMO 5000001</idNumber></id></idList><vesselInfo><callSign>XX1</callSign></vesselInfo></sdnEntry>
</sdnList>
"#;

fn files(sdn: impl AsRef<[u8]>) -> TestHost {
    TestHost::new()
        .entry("ofac", "2026/SDN.CSV", sdn)
        .entry("ofac", "2026/alt.csv", ALT)
        .entry("ofac", "2026/add.csv", ADD)
}

fn xml(list: impl AsRef<[u8]>) -> TestHost {
    TestHost::new().entry("ofac", "sdn.xml", list)
}

fn open(host: &TestHost, format: &str, on_error: &str) -> Sanctions {
    let lists = json!([{ "name": "us", "input": "ofac", "format": format }]);
    testing::open(&json!({ "lists": lists, "on_error": on_error }), host).unwrap()
}

/// The rows of a table, each joined by `|`, without the list.
fn table(host: &TestHost, format: &str, table: &str) -> Vec<String> {
    let rows = read(&open(host, format, "fail"), table, &[]).unwrap();
    rows.iter().map(|row| row[1..].join("|")).collect()
}

fn csv_table(name: &str) -> Vec<String> {
    table(&files(SDN), "ofac-csv", name)
}

fn xml_table(name: &str) -> Vec<String> {
    table(&xml(XML), "ofac-xml", name)
}

#[test]
fn csv_entities_and_names() {
    let columns = ["entity_id", "kind", "name", "gender", "programme", "source"];
    let rows = read(&open(&files(SDN), "ofac-csv", "fail"), "entities", &columns).unwrap();
    let rows: Vec<_> = rows.iter().map(|row| row.join("|")).collect();
    let expected = [
        "101|person|QUILL, Aldo|male|EXAMPLE; SAMPLE|ofac/2026/SDN.CSV",
        "102|organization|GULL CO., LTD.|-|EXAMPLE|ofac/2026/SDN.CSV",
        "103|vessel|TERN|-|EXAMPLE|ofac/2026/SDN.CSV",
        "104|aircraft|XX-E1|-|EXAMPLE|ofac/2026/SDN.CSV",
    ];
    assert_eq!(rows, expected);
    let names = [
        "101|primary|QUILL, Aldo|-|-|-|-|QUILL|Aldo|-|-|-|-|-",
        "101|alias|AL|weak|a.k.a.|-|-|-|-|-|-|-|-|-",
        "102|primary|GULL CO., LTD.|-|-|-|-|-|-|-|-|-|-|-",
        "103|primary|TERN|-|-|-|-|-|-|-|-|-|-|-",
        "104|primary|XX-E1|-|-|-|-|-|-|-|-|-|-|-",
        "101|alias|QUILL, A.|-|aka|-|-|-|-|-|-|-|-|alt_num: 1",
        "101|former|QUILLSON, Aldo|-|fka|-|-|-|-|-|-|-|-|alt_remarks: to 1999; alt_num: 2",
        "102|alias|GULL|-|nka|-|-|-|-|-|-|-|-|alt_num: 3",
    ];
    assert_eq!(csv_table("names"), names);
}

#[test]
fn csv_details() {
    let addresses = [
        "101|1 Quay, \"Old\" Port|Port 0012|-|-|Atlantis|add_num: 1",
        "103|-|-|-|-|Mu|add_remarks: berth; add_num: 3",
    ];
    assert_eq!(csv_table("addresses"), addresses);
    let births = [
        "101|-|1960-01-02|1960|1960|-|-|-|-|-|-",
        "101|approximate|-|1961|1961|-|-|-|-|-|-",
        "101|-|-|-|-|-|-|-|-|-|Port, Atlantis",
    ];
    assert_eq!(csv_table("births"), births);
    let identifiers = [
        "101|passport|Passport|-|A1|Atlantis|2001-01-01|-|-|-|expires: Feb 2011",
        "103|imo|Vessel Registration Identification|-|5000001|-|-|-|-|-|-",
    ];
    assert_eq!(csv_table("identifiers"), identifiers);
    assert_eq!(csv_table("nationalities"), ["101|Atlantis", "101|Mu"]);
    assert_eq!(csv_table("roles"), ["101|designation|Admiral, \"retired\""]);
    assert_eq!(
        csv_table("relations"),
        ["101|-|linked_to|-|-|-|-|-|GULL CO., LTD."]
    );
    let measures = [
        "101|-|EXAMPLE|-|-|-|-|-|-",
        "101|-|SAMPLE|-|-|-|-|-|-",
        "102|-|EXAMPLE|-|-|-|-|-|-",
        "103|-|EXAMPLE|-|-|-|-|-|-",
        "104|-|EXAMPLE|-|-|-|-|-|-",
    ];
    assert_eq!(csv_table("measures"), measures);
    let attributes = [
        "101|citizen|Mu",
        "103|Call_Sign|XX1",
        "103|Vess_type|Ferry",
        "103|Tonnage|640",
        "103|GRT|500",
        "103|Vess_flag|Atlantis",
        "103|Vess_owner|Gull",
    ];
    // The last clause of a remark without a known word is in the comments alone.
    let mut expected = attributes.to_vec();
    expected.push("104|Aircraft Model|Kite");
    assert_eq!(csv_table("attributes"), expected);
    let source = open(&files(SDN), "ofac-csv", "fail");
    let comments = read(&source, "entities", &["comments"]).unwrap();
    assert_eq!(comments[3], ["Aircraft Model Kite; flies low."]);
}

#[test]
fn chunks_of_any_size_give_the_same_rows() {
    type Made = fn() -> TestHost;
    let formats: [(&str, Made); 2] = [("ofac-csv", || files(SDN)), ("ofac-xml", || xml(XML))];
    for (format, host) in formats {
        for name in ListTable::ALL.map(ListTable::name) {
            let whole = table(&host(), format, name);
            for bytes in [1, 2, 3, 7, 64] {
                let split = host().chunk_bytes(bytes);
                assert_eq!(
                    table(&split, format, name),
                    whole,
                    "{format} {name}, {bytes}"
                );
            }
        }
    }
}

#[test]
fn a_list_that_is_cut_off_is_an_error() {
    type Made = fn(String) -> TestHost;
    let formats: [(&str, Made, &str, &str); 2] = [
        ("ofac-csv", files, SDN, "XX-E1"),
        ("ofac-xml", xml, XML, "<lastName>TERN"),
    ];
    for (format, host, text, in_record) in formats {
        let end = text.find(in_record).unwrap();
        for on_error in ["fail", "skip"] {
            let host = host(text[..end].to_owned());
            let source = open(&host, format, on_error);
            let error = read(&source, "entities", &["name"]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(error.message().ends_with("it is not complete"), "{error}");
            assert!(error.place().byte.is_some() && error.place().input.is_some());
            assert_eq!(host.skipped(), []);
        }
    }
    // Between two records a cut cannot be seen: the lists have no end of their own.
    let host = files(SDN.split("\r\n").next().unwrap());
    let source = open(&host, "ofac-csv", "fail");
    assert_eq!(read(&source, "entities", &["name"]).unwrap().len(), 1);
    assert!(host.warnings().is_empty());
    let error = read(&open(&files(""), "ofac-csv", "skip"), "entities", &[]).unwrap_err();
    assert_eq!(error.message(), "expected entries, found none");
}

#[test]
fn a_bad_record_fails_or_is_skipped() {
    let first = SDN.split_inclusive("\r\n").next().unwrap();
    let rest = ",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n";
    let cases: [(Vec<u8>, Option<&str>, &str); 6] = [
        (b"7,\"X\"\r\n".to_vec(), None, "expected 12 values, found 2"),
        (
            format!("x,\"X\"{rest}").into_bytes(),
            Some("ent_num"),
            "expected a number, found \"x\"",
        ),
        (
            format!("7,-0- {rest}").into_bytes(),
            Some("SDN_Name"),
            "expected a name, found nothing",
        ),
        (
            format!("101,\"X\"{rest}").into_bytes(),
            Some("ent_num"),
            "expected an id of its own, found \"101\" for the second time",
        ),
        (
            format!("7,\"X\" Y{rest}").into_bytes(),
            None,
            "expected a comma after a closing quote, found more text",
        ),
        (
            [b"7,\"\xC4\"".as_slice(), rest.as_bytes()].concat(),
            None,
            "expected UTF-8, found",
        ),
    ];
    for (record, field, message) in cases {
        let list = [
            first.as_bytes(),
            record.as_slice(),
            b"8,\"Y\"".as_slice(),
            rest.as_bytes(),
            b"\x1A".as_slice(),
        ]
        .concat();
        let error = read(&open(&files(&list), "ofac-csv", "fail"), "names", &[]).unwrap_err();
        assert!(error.message().starts_with(message), "{error}");
        let place = error.place();
        assert_eq!((place.record, place.field.as_deref()), (Some(2), field));
        assert_eq!(place.byte, Some(first.len() as u64));
        let host = files(&list);
        let source = open(&host, "ofac-csv", "skip");
        let ids = read(&source, "entities", &["entity_id"]).unwrap();
        assert_eq!(ids, [["101"], ["8"]]);
        assert_eq!(host.skipped(), [(1, error)]);
    }
}

#[test]
fn the_files_of_a_list_are_found_by_their_names() {
    let host = TestHost::new()
        .entry("ofac", "CONS_PRIM.CSV.gz", SDN)
        .entry("ofac", "cons_comments.csv", "101,\"and more.\"\r\n\x1A")
        .entry("ofac", "readme.txt", "hello");
    let source = open(&host, "ofac-csv", "fail");
    assert_eq!(read(&source, "names", &[]).unwrap().len(), 5);
    assert_eq!(
        host.warnings(),
        [
            "ofac/readme.txt: this is no file of the list, and is not read",
            "ofac: there is no file cons_alt.csv",
        ]
    );
    assert!(read(&source, "addresses", &[]).unwrap().is_empty());
    let attributes = read(&source, "attributes", &["entity_id", "field", "value"]).unwrap();
    assert_eq!(attributes.last().unwrap(), &["101", "Remarks", "and more."]);

    let twice = files(SDN).entry("ofac", "2025/sdn.csv", SDN);
    let error = read(&open(&twice, "ofac-csv", "skip"), "names", &[]).unwrap_err();
    assert_eq!(
        error.message(),
        "expected each file of the list once, found another"
    );
    assert_eq!(error.place().input.as_deref(), Some("ofac/2025/sdn.csv"));
    let both = files(SDN).entry("ofac", "cons_alt.csv", ALT);
    let error = read(&open(&both, "ofac-csv", "skip"), "names", &[]).unwrap_err();
    assert!(
        error.message().starts_with("expected files of one list"),
        "{error}"
    );
    let alone = TestHost::new().entry("ofac", "alt.csv", ALT);
    let error = read(&open(&alone, "ofac-csv", "skip"), "names", &[]).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::NotFound, "expected a file sdn.csv, found none")
    );
}

#[test]
fn xml_tables() {
    let columns = ["kind", "name", "gender", "programme", "source_version"];
    let rows = read(&open(&xml(XML), "ofac-xml", "fail"), "entities", &columns).unwrap();
    let expected = [
        [
            "person",
            "QUILL, Aldo",
            "male",
            "EXAMPLE; SAMPLE",
            "01/15/2026",
        ],
        ["vessel", "TERN", "-", "-", "01/15/2026"],
    ];
    assert_eq!(rows, expected);
    let names = [
        "101|primary|QUILL, Aldo|-|-|-|-|QUILL|Aldo|-|-|-|-|-",
        "101|alias|AL|weak|a.k.a.|-|-|-|-|-|-|-|-|uid: 1",
        "101|former|QUILLSON, Aldo|strong|f.k.a.|-|-|QUILLSON|Aldo|-|-|-|-|uid: 2",
        "103|primary|TERN|-|-|-|-|-|-|-|-|-|-|-",
    ];
    assert_eq!(xml_table("names"), names);
    let identifiers = [
        "101|passport|Passport|-|A1|Atlantis|2001-01-01|-|-|-|expires: Feb 2011; uid: 7",
        "101|other|Shell Number|-|5|-|-|-|-|-|uid: 10",
        "103|imo|Vessel Registration Identification|-|5000001|-|-|-|-|-|-",
    ];
    assert_eq!(xml_table("identifiers"), identifiers);
    assert_eq!(
        xml_table("addresses"),
        ["101|1 Quay, Flat 2|Port|West|0012|Atlantis|uid: 3"]
    );
    let births = [
        "101|-|1960-01-02|1960|1960|-|-|-|-|-|-",
        "101|-|-|-|-|-|-|-|-|-|long ago",
        "101|-|-|-|-|-|-|-|-|-|Port, Atlantis",
    ];
    assert_eq!(xml_table("births"), births);
    assert_eq!(xml_table("nationalities"), ["101|Atlantis", "101|Mu"]);
    assert_eq!(
        xml_table("relations"),
        ["101|-|linked_to|-|-|-|-|-|GULL (OLD) CO., LTD."]
    );
    assert_eq!(xml_table("measures").len(), 2);
    let attributes = [
        "101|id/uid|8",
        "101|Website|www.example.org",
        "101|id/uid|9",
        "101|address|loose",
        "101|address/uid|4",
        "101|nationality/uid|5",
        "101|nationality/mainEntry|true",
        "101|citizenship/country|Mu",
        "103|vesselInfo/callSign|XX1",
    ];
    assert_eq!(xml_table("attributes"), attributes);
}

#[test]
fn xml_that_is_not_as_it_says() {
    let entry = "<sdnEntry><uid>1</uid><lastName>X</lastName></sdnEntry>";
    let failures = [
        ("<rss/>".to_owned(), "expected <sdnList>, found <rss>"),
        ("<sdnList/>".to_owned(), "expected entries, found none"),
        (
            format!("<sdnList>{entry}</sdnList><more/>"),
            "expected the end of the file, found another element",
        ),
        (
            String::new(),
            "expected <sdnList>, found the end of the file",
        ),
    ];
    for (list, message) in failures {
        let error = read(&open(&xml(list), "ofac-xml", "skip"), "names", &[]).unwrap_err();
        assert_eq!(error.message(), message);
    }
    let bad = [
        (
            entry,
            "uid",
            "expected an id of its own, found \"1\" for the second time",
        ),
        (
            "<sdnEntry><lastName>X</lastName></sdnEntry>",
            "uid",
            "expected an id of at most 20 bytes, found nothing",
        ),
        (
            "<sdnEntry><uid>2</uid></sdnEntry>",
            "sdnEntry/lastName",
            "expected a name, found nothing",
        ),
    ];
    for (record, field, message) in bad {
        let list = format!("<sdnList>{entry}{record}</sdnList>");
        let error = read(&open(&xml(&list), "ofac-xml", "fail"), "names", &[]).unwrap_err();
        assert_eq!((error.message(), error.place().record), (message, Some(2)));
        assert_eq!(error.place().field.as_deref(), Some(field));
        let host = xml(&list);
        let names = read(&open(&host, "ofac-xml", "skip"), "names", &["name"]).unwrap();
        assert_eq!(names, [["X"]]);
        assert_eq!(host.skipped().len(), 1);
    }
    let about = "<publshInformation><Record_Count>3</Record_Count></publshInformation><new/>";
    let host = xml(format!("<sdnList>{about}{entry}</sdnList>"));
    read(&open(&host, "ofac-xml", "fail"), "names", &[]).unwrap();
    assert_eq!(
        host.warnings(),
        [
            "ofac/sdn.xml: sdnList has an element new, which is not read",
            "ofac/sdn.xml: the list says it has 3 entries, found 1",
        ]
    );
}

/// The example has one list in both formats.
#[test]
fn both_formats_say_the_same() {
    let file = |name: &str| {
        let path = format!("{}/examples/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).unwrap()
    };
    let csv = TestHost::new()
        .entry("ofac", "sdn.csv", file("sdn.csv"))
        .entry("ofac", "alt.csv", file("alt.csv"))
        .entry("ofac", "add.csv", file("add.csv"));
    let xml = xml(file("sdn.xml"));
    let tables: [(&str, &[&str]); 6] = [
        (
            "entities",
            &["entity_id", "kind", "name", "gender", "programme"],
        ),
        (
            "births",
            &["entity_id", "kind", "date", "year_from", "year_to", "note"],
        ),
        ("nationalities", &[]),
        ("roles", &[]),
        ("measures", &[]),
        (
            "identifiers",
            &[
                "entity_id",
                "kind",
                "number",
                "country",
                "issued_on",
                "expires_on",
            ],
        ),
    ];
    for (table, columns) in tables {
        let from_csv = read(&open(&csv, "ofac-csv", "fail"), table, columns).unwrap();
        let from_xml = read(&open(&xml, "ofac-xml", "fail"), table, columns).unwrap();
        assert_eq!(from_csv, from_xml, "{table}");
        assert!(!from_csv.is_empty());
    }
    assert!(csv.warnings().is_empty() && xml.warnings().is_empty());
}

fn real_files() -> Option<TestHost> {
    let mut host = TestHost::new();
    for name in ["sdn.csv", "alt.csv", "add.csv"] {
        host = host.entry("ofac", name, real(&format!("sanctions/ofac/{name}"))?);
    }
    Some(host)
}

/// The numbers are those of Python's `csv` and regular expressions on the same files.
#[test]
fn the_real_list_has_what_python_finds() {
    let Some(host) = real_files() else { return };
    let source = open(&host, "ofac-csv", "fail");
    let entities = counts([
        ("person", 3_845),
        ("organization", 2_994),
        ("vessel", 323),
        ("aircraft", 217),
    ]);
    assert_eq!(kinds(&source, "entities"), entities);
    // 9,335 aka, 16 nka and 2,026 among the remarks; 331 fka and 11 among the remarks.
    let names = counts([("primary", 7_379), ("alias", 11_377), ("former", 342)]);
    assert_eq!(kinds(&source, "names"), names);
    // Of 11,696 records 2,222 have neither address nor city, country or remark.
    assert_eq!(kinds(&source, "addresses"), counts([("", 9_474)]));
    assert_eq!(kinds(&source, "measures"), counts([("-", 8_314)]));
    assert_eq!(kinds(&source, "roles"), counts([("designation", 934)]));
    assert_eq!(kinds(&source, "relations"), counts([("linked_to", 2_403)]));
    // Three more are `possibly Palestinian`.
    assert_eq!(kinds(&source, "nationalities"), counts([("", 2_012)]));
    // 3,358 days, 16 months, 726 years and 2,548 places; `DOB circa 1979-1982` is left alone.
    let births = counts([("-", 6_648), ("approximate", 80), ("between", 94)]);
    assert_eq!(kinds(&source, "births"), births);
    // 1,226 clauses that begin with a word for passports, seven of which go on as prose.
    let identifiers = counts([
        ("passport", 1_219),
        ("national_id", 1_424),
        ("tax_id", 1_202),
        ("registration", 718),
        ("imo", 370),
        ("other", 564),
    ]);
    assert_eq!(kinds(&source, "identifiers"), identifiers);
    let genders = read(&source, "entities", &["gender"]).unwrap().concat();
    let male = genders.iter().filter(|gender| *gender == "male").count();
    let female = genders.iter().filter(|gender| *gender == "female").count();
    assert_eq!((male, female), (621, 58));
}

#[test]
fn every_remark_of_the_real_list_is_kept() {
    let Some(host) = real_files() else { return };
    let source = open(&host, "ofac-csv", "fail");
    let comments = read(&source, "entities", &["comments"]).unwrap().concat();
    // 7,379 entries, 598 of which have none.
    let kept = comments.iter().filter(|comment| *comment != "-").count();
    assert_eq!(kept, 6_781);
}
