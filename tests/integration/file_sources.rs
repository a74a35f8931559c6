//! Every plugin that reads files, on files of its format that are sound, cut off, in another encoding, or
//! something else altogether: no row is lost without a word, and other sources do not notice.

use sextant::Host;
use sextant_tests::{TestWorkspace, failure, generate, lines, rows, sextant_command, try_query};
use std::io::{self, Write};
use std::process::Command;

const RECORDS: usize = 60;

type Generate = fn(&mut dyn Write, u64, usize) -> io::Result<()>;

/// A format, as a plugin reads it.
struct Format {
    plugin: &'static str,
    /// The files, the one to be broken last.
    files: &'static [(&'static str, Generate)],
    /// The plugin's configuration; the input is `files`.
    config: &'static str,
    table: &'static str,
    /// Whether a record is a line, so that a file may end behind any of them.
    has_lines: bool,
    /// Whether its text may be in any encoding that a file declares.
    has_encodings: bool,
}

/// A test for each format, so that they run side by side.
macro_rules! formats {
    ($($name:ident = $format:expr;)*) => {
        $(
            #[test]
            fn $name() {
                $format.check();
            }
        )*
    };
}

formats! {
    weapons = json(
        "police_open_data",
        &[("a.json", generate::weapons)],
        "tables = { weapons = { input = \"files\" } }",
        "weapons",
    );
    wanted_persons = json(
        "police_open_data",
        &[("a.json", generate::wanted_persons)],
        "tables = { wanted_persons = { input = \"files\" } }",
        "wanted_persons",
    );
    register = xml(
        "registers",
        &[("a.xml", generate::register)],
        "input = \"files\"",
        "companies",
    );
    umf = xml(
        "europol",
        &[("a.xml", generate::umf)],
        "input = \"files\"",
        "persons",
    );
    un_list = xml(
        "sanctions",
        &[("a.xml", generate::un_list)],
        "lists = [{ name = \"l\", input = \"files\", format = \"un-xml\" }]",
        "entities",
    );
    ofac_xml = xml(
        "sanctions",
        &[("a.xml", generate::ofac_xml)],
        "lists = [{ name = \"l\", input = \"files\", format = \"ofac-xml\" }]",
        "entities",
    );
    ofac_csv = text(
        "sanctions",
        &[
            ("alt.csv", generate::ofac_alt),
            ("add.csv", generate::ofac_add),
            ("sdn.csv", generate::ofac_sdn),
        ],
        "lists = [{ name = \"l\", input = \"files\", format = \"ofac-csv\" }]",
        "entities",
    );
    ftm = text(
        "sanctions",
        &[("a.ftm.json", generate::ftm)],
        "lists = [{ name = \"l\", input = \"files\", format = \"ftm\" }]",
        "entities",
    );
    notices = text(
        "interpol",
        &[("a.ndjson", generate::notices)],
        "notices = { red = { input = \"files\" } }",
        "red_notices",
    );
    geojson = json(
        "geo",
        &[("a.geojson", generate::geojson)],
        "layers = { l = { input = \"files\" } }",
        "l",
    );
    kml = xml(
        "geo",
        &[("a.kml", generate::kml)],
        "layers = { l = { input = \"files\" } }",
        "l",
    );
    rss = xml(
        "feeds",
        &[("a.xml", generate::rss)],
        "entries = { feeds = [{ input = \"files\" }] }",
        "entries",
    );
    atom = xml(
        "feeds",
        &[("a.xml", generate::atom)],
        "entries = { feeds = [{ input = \"files\" }] }",
        "entries",
    );
    json_feed = json(
        "feeds",
        &[("a.json", generate::json_feed)],
        "entries = { feeds = [{ input = \"files\" }] }",
        "entries",
    );
    gdelt = text(
        "feeds",
        &[("a.csv", generate::gdelt)],
        "gdelt_events = { input = \"files\" }",
        "gdelt_events",
    );
}

const fn json(
    plugin: &'static str,
    files: &'static [(&'static str, Generate)],
    config: &'static str,
    table: &'static str,
) -> Format {
    Format {
        plugin,
        files,
        config,
        table,
        has_lines: false,
        has_encodings: false,
    }
}

const fn xml(
    plugin: &'static str,
    files: &'static [(&'static str, Generate)],
    config: &'static str,
    table: &'static str,
) -> Format {
    Format {
        has_encodings: true,
        ..json(plugin, files, config, table)
    }
}

const fn text(
    plugin: &'static str,
    files: &'static [(&'static str, Generate)],
    config: &'static str,
    table: &'static str,
) -> Format {
    Format {
        has_lines: true,
        ..json(plugin, files, config, table)
    }
}

/// A source of a format's files, the last of which is something else.
struct Variant {
    name: String,
    on_error: &'static str,
    bytes: Vec<u8>,
    /// What the error says.
    says: &'static str,
}

impl Format {
    fn check(&self) {
        let (_, generate) = self.files[self.files.len() - 1];
        let sound = made(generate);
        let broken = self.broken(&sound);
        let whole = Variant {
            name: "sound".to_owned(),
            on_error: "fail",
            bytes: sound,
            says: "",
        };
        let workspace = broken.iter().chain([&whole]).fold(
            TestWorkspace::new().plugin(self.plugin),
            |workspace, variant| self.with(workspace, variant),
        );
        let host = workspace.host();
        let found = rows(&host, &self.all("sound")).len();
        assert!(
            (1..=2 * RECORDS).contains(&found),
            "{found} rows of the sound file"
        );
        for variant in &broken {
            let error = failure(&host, &self.all(&variant.name)).to_string();
            let source = format!("source {:?}", variant.name);
            for part in [source.as_str(), "files/", variant.says] {
                assert!(error.contains(part), "{}: {part}: {error}", variant.name);
            }
        }
        self.check_partial(&host, &broken, found);
    }

    /// Of sources that fail the others' rows are left, where that is wanted.
    fn check_partial(&self, host: &Host, broken: &[Variant], found: usize) {
        let session = host.session().expect("a session");
        try_query(host, &session, "SET sextant.on_source_error = 'warn'").expect("a setting");
        let select =
            |name: &str| format!("SELECT '{name}' AS name, source FROM {name}.{}", self.table);
        // A source that cannot even say what columns it has is not part of a query.
        let mut named: Vec<_> = broken.iter().map(|variant| variant.name.as_str()).collect();
        named.retain(|&name| {
            let none = format!("{} LIMIT 0", select(name));
            try_query(host, &session, &none).is_ok()
        });
        let all = named.iter().copied().chain(["sound"]).map(select);
        let union = all.collect::<Vec<_>>().join(" UNION ALL ");
        // Nothing is filtered by the name: what it leaves out would not be read at all.
        let sql = format!("SELECT name, count(source) FROM ({union}) GROUP BY name");
        let (counts, warnings) = host.block_on(async {
            let mut answer = session.query(&sql).await.expect("it is planned");
            let mut batches = Vec::new();
            while let Some(batch) = answer.next().await.expect("it goes on") {
                batches.push(batch);
            }
            (lines(&batches), answer.scope().warnings().0)
        });
        assert!(counts.contains(&format!("sound\t{found}")), "{counts:?}");
        for name in named.iter().filter(|name| name.starts_with("cut")) {
            let expected = format!("{name}: rows are missing, since it failed: ");
            let is_told = warnings
                .iter()
                .any(|warning| warning.starts_with(&expected));
            assert!(is_told, "{name}: {warnings:?}");
        }
    }

    /// What no file of the format is.
    fn broken(&self, sound: &[u8]) -> Vec<Variant> {
        let variant = |name: &str, on_error, bytes: &[u8], says| Variant {
            name: name.to_owned(),
            on_error,
            bytes: bytes.to_vec(),
            says,
        };
        let utf16 = String::from_utf8_lossy(sound).into_owned();
        let utf16 = utf16.encode_utf16().flat_map(u16::to_le_bytes);
        let utf16: Vec<_> = [0xFF, 0xFE].into_iter().chain(utf16).collect();
        let page = b"<!DOCTYPE html><html><body>404</body></html>";
        let mut all = vec![
            variant("utf16", "skip", &utf16, "UTF-16"),
            variant("png", "fail", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ""),
            variant("page", "fail", page, ""),
            variant("refusal", "fail", b"{\"error\": \"not found\"}\n", ""),
            variant("nothing", "skip", b"", ""),
        ];
        for (at, cut) in self.cuts(sound).into_iter().enumerate() {
            let cut = &sound[..cut];
            all.push(variant(&format!("cut_{at}"), "fail", cut, "byte "));
            // A file of lines may end behind any of them, and then only the last is bad.
            if !self.has_lines {
                all.push(variant(&format!("cut_skipping_{at}"), "skip", cut, "byte "));
            }
        }
        if let (false, Ok(text)) = (self.has_encodings, str::from_utf8(sound)) {
            let is_ascii = text.is_ascii();
            let first = text.find(|c: char| c.is_alphabetic() && (is_ascii || !c.is_ascii()));
            let mut garbled = sound.to_vec();
            garbled[first.expect("it has letters")] = 0xFF;
            all.push(variant("garbled", "fail", &garbled, ""));
        }
        all
    }

    /// Ends of a file that cannot be taken for its own.
    fn cuts(&self, bytes: &[u8]) -> Vec<usize> {
        let parts = (1..8).map(|part| bytes.len() * part / 8);
        parts
            .map(
                |end| match bytes[..end].iter().rposition(|&byte| byte == b'\n') {
                    Some(newline) if self.has_lines => newline + 12,
                    _ => end,
                },
            )
            .collect()
    }

    /// The workspace with one more source.
    fn with(&self, workspace: TestWorkspace, variant: &Variant) -> TestWorkspace {
        let Variant { name, on_error, .. } = variant;
        std::fs::create_dir(workspace.path(name)).expect("there is room");
        let config = format!(
            "[source.{name}]\nplugin = {:?}\ninputs = {{ files = \"{name}/*\" }}\n[source.{name}.config]\non_error = {on_error:?}\n{}\n",
            self.plugin, self.config
        );
        let (last, others) = self.files.split_last().expect("there is a file");
        let others = others
            .iter()
            .map(|(file, generate)| (*file, made(*generate)));
        let files = others.chain([(last.0, variant.bytes.clone())]);
        files.fold(workspace.config(&config), |workspace, (file, bytes)| {
            workspace.file(&format!("{name}/{file}"), bytes)
        })
    }

    /// All columns, so that nothing may be passed over.
    fn all(&self, source: &str) -> String {
        format!("SELECT * FROM {source}.{}", self.table)
    }
}

fn made(generate: Generate) -> Vec<u8> {
    let mut bytes = Vec::new();
    generate(&mut bytes, 7, RECORDS).expect("a Vec takes everything");
    bytes
}

/// What was read before a file breaks off is there for whoever wants it so.
#[test]
fn rows_before_a_cut_are_given_with_a_warning() {
    let records: Vec<_> = (1..=9).map(|id| format!("{{\"ID\": \"{id}\"}}")).collect();
    let text = format!("[{}, {{\"ID\": \"1", records.join(", "));
    let workspace = TestWorkspace::new()
        .plugin("police_open_data")
        .file("weapons.json", text)
        .config(
            "[source.police]\nplugin = \"police_open_data\"\ninputs = { w = \"weapons.json\" }\n\
             [source.police.config]\ntables = { weapons = { input = \"w\" } }\n",
        );
    let host = workspace.host();
    let error = failure(&host, "SELECT id FROM police.weapons").to_string();
    assert!(error.contains("it is not complete"), "{error}");
    let session = host.session().expect("a session");
    let run = |sql: &str| lines(&try_query(&host, &session, sql).expect("it goes on"));
    run("SET sextant.on_source_error = 'warn'");
    let counts = run("SELECT count(*), max(id) FROM police.weapons");
    assert_eq!(counts, ["9\t9"]);

    // Whoever runs the command reads so on standard error.
    drop((session, host));
    let output = Command::new(sextant_command())
        .args(["query", "--format", "csv"])
        .args(["-c", "SET sextant.on_source_error = 'warn'"])
        .args(["-c", "SELECT count(*) AS n FROM police.weapons"])
        .arg("--workspace")
        .arg(workspace.workspace().root())
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"n\n9\n");
    let told = String::from_utf8_lossy(&output.stderr);
    let expected = "warning: police: rows are missing, since it failed: ";
    assert!(told.contains(expected), "{told}");
}

/// A source that is gone is missing from an answer, and no reason for none, once it has said what columns it has,
/// be it to a process before.
#[test]
fn a_source_that_is_gone_is_a_warning() {
    let layer = r#"{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {"n": 1}}"#;
    let source = |name: &str| {
        format!(
            "[source.{name}]\nplugin = \"geo\"\ninputs = {{ f = \"{name}.geojson\" }}\n\
             [source.{name}.config]\nlayers = {{ p = {{ input = \"f\" }} }}\n"
        )
    };
    let workspace = TestWorkspace::new()
        .plugin("geo")
        .file("a.geojson", layer)
        .file("b.geojson", layer)
        .config(&(source("a") + &source("b")));
    let host = workspace.host();
    let both = "SELECT n FROM a.p UNION ALL SELECT n FROM b.p";
    assert_eq!(rows(&host, both), ["1", "1"]);
    std::fs::remove_file(workspace.path("b.geojson")).expect("it can be removed");
    let error = failure(&host, both).to_string();
    assert!(error.contains("source \"b\""), "{error}");
    let session = host.session().expect("a session");
    let run = |sql: &str| lines(&try_query(&host, &session, sql).expect("it goes on"));
    // What cannot be asked is not listed, and what can be is.
    let listed = "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_name = 'p' AND column_name = 'n' ORDER BY 1";
    assert_eq!(rows(&host, listed), ["a\tp\tn"]);
    run("SET sextant.on_source_error = 'warn'");
    assert_eq!(run(listed), ["a\tp\tn", "b\tp\tn"]);
    assert_eq!(run(both), ["1"]);
    assert_eq!(run("SELECT count(*) FROM b.p"), ["0"]);
    // Whatever stands above it.
    for sql in [
        "SELECT n FROM b.p ORDER BY n",
        "SELECT n FROM b.p LIMIT 3 OFFSET 2",
        "SELECT row_number() OVER (ORDER BY n) FROM b.p",
        "SELECT n FROM (SELECT n FROM b.p ORDER BY n LIMIT 1) JOIN a.p USING (n)",
    ] {
        assert_eq!(run(sql), [""; 0], "{sql}");
    }

    // Nor does it matter which process it said so to.
    drop((session, host));
    let try_run = |workspace: &TestWorkspace, sql: &str| {
        let host = workspace.host();
        let session = host.session().expect("a session");
        try_query(&host, &session, "SET sextant.on_source_error = 'warn'").expect("a setting");
        try_query(&host, &session, sql).map(|batches| lines(&batches))
    };
    let run = |workspace: &TestWorkspace| try_run(workspace, both);
    assert_eq!(run(&workspace).expect("its columns are kept"), ["1"]);
    let found = try_run(&workspace, listed).expect("they are kept");
    assert_eq!(found, ["a\tp\tn", "b\tp\tn"]);
    assert_eq!(rows(&workspace.host(), listed), ["a\tp\tn"]);
    let kept = workspace.path("state/sources/b");
    let text = std::fs::read_to_string(&kept).expect("it is kept");
    assert!(!text.contains("features"), "no data is kept: {text}");

    // What was damaged, or said by a source that was configured in another way, says nothing.
    let damaged = text.replace(r#""name":"p""#, r#""name":"q""#);
    assert_ne!(damaged, text);
    std::fs::write(&kept, damaged).expect("it can be written");
    let error = run(&workspace).expect_err("nothing is known").to_string();
    assert!(error.contains("source \"b\""), "{error}");
    std::fs::write(&kept, text).expect("it can be written");
    assert_eq!(run(&workspace).expect("its columns are kept"), ["1"]);
    let config = std::fs::read_to_string(workspace.path("sextant.toml")).expect("it is there");
    let other = config.replace(
        "layers = { p = { input = \"f\" } }",
        "layers = { p = { input = \"f\" }, q = { input = \"f\" } }",
    );
    std::fs::write(workspace.path("sextant.toml"), other).expect("it can be written");
    assert!(run(&workspace).is_err());

    // A source that is gone for good is forgotten.
    std::fs::write(workspace.path("sextant.toml"), source("a")).expect("it can be written");
    drop(workspace.host());
    assert!(!kept.exists());
}
