//! What the command prints, and its exit codes.

use sextant_tests::far::{FarSide, answer};
use sextant_tests::{TestWorkspace, root, sextant_command};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

fn workspace() -> TestWorkspace {
    let config = format!(
        "[source.border]\nplugin = \"delimited\"\ninputs = {{ travellers = \"{}\" }}\n[source.border.config.tables.travellers]\ninput = \"travellers\"\nheader = true\ncolumns = [{{ name = \"id\", type = \"int64\" }}, {{ name = \"name\", type = \"text\" }}]\n",
        root().join("tests/fixtures/travellers.csv").display()
    );
    TestWorkspace::new()
        .plugin("delimited")
        .plugin("names")
        .config(&config)
}

fn sextant(workspace: &TestWorkspace, arguments: &[&str]) -> Output {
    let mut command = Command::new(sextant_command());
    command
        .args(arguments)
        .arg("--workspace")
        .arg(workspace.workspace().root());
    command.stdin(Stdio::null()).output().expect("it starts")
}

/// The text of `sextant.toml`.
fn config(workspace: &TestWorkspace) -> String {
    std::fs::read_to_string(workspace.workspace().config_path()).expect("it is there")
}

/// Exit code, standard output and standard error, without what differs from machine to machine.
fn show(output: &Output, folder: &Path) -> String {
    let clean = |bytes: &[u8]| {
        let text =
            String::from_utf8_lossy(bytes).replace(&folder.display().to_string(), "WORKSPACE");
        text.replace(&root().display().to_string(), "ROOT")
    };
    format!(
        "exit: {}\n--- out\n{}--- err\n{}",
        output.status.code().unwrap_or(-1),
        clean(&output.stdout),
        clean(&output.stderr)
    )
}

fn snapshot(name: &str, workspace: &TestWorkspace, arguments: &[&str]) {
    let output = sextant(workspace, arguments);
    assert_shown(name, &show(&output, workspace.workspace().root()));
}

fn assert_shown(name: &str, shown: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"\b[0-9a-f]{64}\b", "DIGEST");
    settings.add_filter(r"\b[0-9a-f]{12}\b", "DIGEST");
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

#[test]
fn formats() {
    let workspace = workspace();
    let sql = "SELECT id, name FROM border.travellers ORDER BY id";
    for format in ["table", "csv", "json", "ndjson", "markdown"] {
        snapshot(
            &format!("format_{format}"),
            &workspace,
            &["query", "-c", sql, "--format", format],
        );
    }
}

/// What cannot be written is an error in every format, and never the text of one among values.
#[test]
fn times_beyond_the_calendar_are_not_written() {
    let workspace = workspace();
    for value in [
        "arrow_cast(86400000000, 'Time64(Microsecond)')",
        "arrow_cast(9223372036854775807, 'Timestamp(Microsecond, None)')",
        "[arrow_cast(9223372036854775807, 'Timestamp(Microsecond, None)')]",
    ] {
        for format in ["table", "csv", "json", "ndjson", "markdown"] {
            let sql = format!("SELECT {value} AS t");
            let output = sextant(&workspace, &["query", "-c", &sql, "--format", format]);
            let said = String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(1), "{format}: {said}");
            assert!(!said.contains("ERROR"), "{format}: {said}");
            let error = String::from_utf8_lossy(&output.stderr);
            // CSV has no lists, whatever is in them.
            let expected = match (format, value.starts_with('[')) {
                ("csv", true) => "a cell of CSV holds one value",
                _ => "the answer cannot be written",
            };
            assert!(error.contains(expected), "{error}");
        }
    }
}

/// What JSON does not have is told once for each column, however deep it stands in it.
#[test]
fn numbers_that_json_does_not_have_are_told() {
    let workspace = workspace();
    let x = "CAST(v AS DOUBLE)";
    let from = "FROM (VALUES ('NaN'), ('-inf'), ('1')) AS t(v)";
    let query = |columns: &str, format| {
        let sql = format!("SELECT {columns} {from}");
        let output = sextant(&workspace, &["query", "-c", &sql, "--format", format]);
        assert!(output.status.success(), "{}", show(&output, Path::new("-")));
        output
    };
    let nested = format!(
        "{x} AS x, [{x}] AS many, named_struct('a', {x}) AS one, 1.5 AS fine, CAST({x} AS TEXT) AS text, \
         CASE WHEN v = '1' THEN {x} END AS finite"
    );
    for format in ["json", "ndjson"] {
        let output = query(&nested, format);
        let said = ["x", "many", "one"].map(|name| {
            format!(
                "warning: column {name:?} has NaN or infinite values, which JSON does not have and which are written as null (cast it to text, or choose --format csv, parquet or arrow)\n"
            )
        });
        assert_eq!(String::from_utf8_lossy(&output.stderr), said.concat());
        let written = String::from_utf8_lossy(&output.stdout);
        let row =
            r#"{"x":null,"many":[null],"one":{"a":null},"fine":1.5,"text":"NaN","finite":null}"#;
        assert!(written.contains(row), "{written}");
    }
    let output = query(&format!("{x} AS x"), "csv");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn files_are_read_back() {
    let workspace = workspace();
    let host = workspace.host();
    for format in ["parquet", "csv", "ndjson"] {
        let path = workspace.path(&format!(
            "out.{}",
            if format == "ndjson" { "json" } else { format }
        ));
        let path_text = path.display().to_string();
        let output = sextant(
            &workspace,
            &[
                "query",
                "-c",
                "SELECT id, name FROM border.travellers",
                "--format",
                format,
                "-o",
                &path_text,
            ],
        );
        assert!(output.status.success(), "{}", show(&output, Path::new("-")));
        let read = sextant_tests::rows(
            &host,
            &format!("SELECT count(*), sum(id), min(name) FROM '{path_text}'"),
        );
        assert_eq!(read, ["4\t10\tSolomija Nebuvalska"], "{format}");
    }
    let output = sextant(
        &workspace,
        &[
            "query",
            "-c",
            "SELECT id FROM border.travellers",
            "--format",
            "arrow",
        ],
    );
    let reader = arrow::ipc::reader::StreamReader::try_new(output.stdout.as_slice(), None)
        .expect("an IPC stream");
    let rows: usize = reader.map(|batch| batch.expect("a batch").num_rows()).sum();
    assert_eq!(rows, 4);
}

#[test]
fn statements_come_from_arguments_files_and_standard_input() {
    let workspace = workspace().file(
        "script.sql",
        "CREATE VIEW v AS SELECT 42 AS answer; SELECT answer FROM v;",
    );
    let script = workspace.path("script.sql").display().to_string();
    snapshot(
        "script",
        &workspace,
        &["query", "-f", &script, "--format", "csv"],
    );
    let mut command = Command::new(sextant_command());
    command
        .args(["query", "--format", "csv", "--workspace"])
        .arg(workspace.workspace().root());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    child
        .stdin
        .take()
        .expect("it is piped")
        .write_all(b"SELECT 1 AS one; SELECT 2 AS two")
        .expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "one\n1\ntwo\n2\n");
}

#[test]
fn errors_say_what_where_and_what_to_do() {
    let workspace = workspace();
    snapshot(
        "error_syntax",
        &workspace,
        &["query", "-c", "SELECT id\nFORM border.travellers x y"],
    );
    snapshot(
        "error_column",
        &workspace,
        &[
            "query",
            "-c",
            "SELECT id,\n       nam FROM border.travellers",
        ],
    );
    snapshot(
        "error_table",
        &workspace,
        &["query", "-c", "SELECT * FROM border.traveller"],
    );
    snapshot(
        "error_source",
        &workspace,
        &["query", "-c", "SELECT * FROM bordr.travellers"],
    );
    snapshot(
        "error_file",
        &workspace,
        &["query", "-c", "SELECT * FROM '/nowhere/a.parquet'"],
    );
    snapshot(
        "error_function",
        &workspace,
        &[
            "query",
            "-c",
            "SELECT names.jaro(name, name) FROM border.travellers",
        ],
    );
    snapshot(
        "error_type",
        &workspace,
        &[
            "query",
            "-c",
            "SELECT names.jaro_winkler(true, name) FROM border.travellers",
        ],
    );
    let broken = TestWorkspace::new().config("[source.a\n");
    snapshot("error_config", &broken, &["query", "-c", "SELECT 1"]);
}

#[test]
fn sources_are_listed_and_checked() {
    let workspace = workspace().config("[source.gone]\nplugin = \"delimited\"\ninputs = { files = \"nowhere/*.csv\" }\n[source.gone.config.tables.t]\ninput = \"files\"\n");
    snapshot("source_list", &workspace, &["source", "list"]);
    snapshot("source_check", &workspace, &["source", "check"]);
    snapshot(
        "source_check_one",
        &workspace,
        &["source", "check", "border"],
    );
    snapshot(
        "source_check_unknown",
        &workspace,
        &["source", "check", "nobody"],
    );
    snapshot("plugin_list", &workspace, &["plugin", "list"]);
}

#[test]
fn sources_are_added_and_removed() {
    let comment = "# kept: \"as it is\"\n";
    let workspace = workspace()
        .config(comment)
        .file("people.csv", "id;name\n1;Оксана\n2;Іван\n");
    let before = std::fs::read_to_string(workspace.workspace().config_path()).expect("it is there");
    let add = [
        "source",
        "add",
        "people",
        "--plugin",
        "delimited",
        "--input",
        "files=people.csv",
        "--config",
        "tables.all.input=files",
        "--config",
        "tables.all.delimiter=;",
        "--config",
        "tables.all.header=true",
        "--config",
        "tables.all.columns=[{ name = \"id\", type = \"int64\" }, { name = \"name\" }]",
    ];
    snapshot("source_add", &workspace, &add);
    let added = std::fs::read_to_string(workspace.workspace().config_path()).expect("it is there");
    let own = added.strip_prefix(&before);
    assert_shown("source_added", own.expect("what was there is as it was"));
    snapshot("source_add_twice", &workspace, &add);
    snapshot(
        "source_add_missing",
        &workspace,
        &[
            "source",
            "add",
            "more",
            "--plugin",
            "delimited",
            "--http",
            "https://example.org/",
        ],
    );
    snapshot(
        "source_add_broken",
        &workspace,
        &["source", "add", "Bad Name", "--plugin", "delimited"],
    );
    let secret = [
        "source",
        "add",
        "s",
        "--plugin",
        "delimited",
        "--secret",
        "db=password:x",
    ];
    assert_eq!(
        sextant(&workspace, &secret).status.code(),
        Some(2),
        "no password in a shell's history"
    );
    for name in ["people", "more"] {
        let removed = sextant(&workspace, &["source", "remove", name]);
        assert!(removed.status.success(), "{removed:?}");
    }
    let after = std::fs::read_to_string(workspace.workspace().config_path()).expect("it is there");
    assert_eq!(after, before);
    snapshot(
        "source_remove_unknown",
        &workspace,
        &["source", "remove", "people"],
    );
}

/// The comment right above a source goes with it; what a blank line parts from it stays.
#[test]
fn a_source_is_removed_with_its_comment() {
    let people = "# people, and\n# their papers\n[source.people]\nplugin = \"delimited\"\n# within\ninputs = { files = \"people.csv\" }\n\n# of a table\n[source.people.config.tables.all]\ninput = \"files\"\n";
    let other = |name: &str| format!("# about {name}\n[source.{name}]\nplugin = \"delimited\"\n\n");
    let workspace = TestWorkspace::new();
    let config =
        || std::fs::read_to_string(workspace.workspace().config_path()).expect("it is there");
    let write = |text: &str| {
        std::fs::write(workspace.workspace().config_path(), text).expect("it can be written")
    };
    let remove = |name| {
        let removed = sextant(&workspace, &["source", "remove", name]);
        assert!(removed.status.success(), "{removed:?}");
    };
    let (a, b) = (other("a"), other("b"));
    write(&format!("{a}# about more\n\n{people}\n{b}"));
    remove("people");
    assert_eq!(config(), format!("{a}# about more\n\n{b}"));
    remove("a");
    remove("b");
    assert_eq!(config().trim(), "# about more");
    write(&format!("{a}{people}# at the end\n"));
    remove("people");
    assert_eq!(config(), format!("{a}# at the end\n"));

    // The file may be one that is kept elsewhere.
    let path = workspace.workspace().config_path();
    let kept = workspace.path("kept.toml");
    std::fs::rename(&path, &kept).expect("it can be moved");
    std::os::unix::fs::symlink(&kept, &path).expect("it can be linked");
    write(&format!("{a}{b}"));
    remove("b");
    assert_eq!(std::fs::read_to_string(&kept).expect("it is there"), a);
    assert!(path.is_symlink());

    // Sources are often written right below what a new file begins with.
    let begun = TestWorkspace::new();
    let head = std::fs::read_to_string(begun.workspace().config_path()).expect("it is there");
    let begun = begun.config("# of the border\n[source.border]\nplugin = \"delimited\"\n");
    let removed = sextant(&begun, &["source", "remove", "border"]);
    assert!(removed.status.success(), "{removed:?}");
    let left = std::fs::read_to_string(begun.workspace().config_path()).expect("it is there");
    assert_eq!(left, head);
}

/// A comment at the end of the file is not the added source's, however the file ends.
#[test]
fn a_source_is_added_apart_from_what_is_there() {
    let workspace = workspace().file("people.csv", "id;name\n1;Оксана\n");
    let path = workspace.workspace().config_path();
    let config = || std::fs::read_to_string(&path).expect("it is there");
    let add = "source add people --plugin delimited --input files=people.csv \
        --config tables.all.input=files --config tables.all.delimiter=; --config tables.all.header=true";
    for end in ["", "\n", "\n\n", "\r\n"] {
        let before = format!("# at the end{end}");
        std::fs::write(&path, &before).expect("it can be written");
        let added = sextant(&workspace, &add.split_whitespace().collect::<Vec<_>>());
        assert!(added.status.success(), "{end:?}: {added:?}");
        let text = config();
        let (above, _) = text
            .split_once("[source.people]")
            .unwrap_or_else(|| panic!("{text}"));
        assert!(above.starts_with(&before), "{end:?}: {text}");
        let lines: Vec<_> = above.lines().map(str::trim).collect();
        assert_eq!(lines, ["# at the end", ""], "{end:?}: {text}");
        let removed = sextant(&workspace, &["source", "remove", "people"]);
        assert!(removed.status.success(), "{end:?}: {removed:?}");
        assert_eq!(config().trim_end(), "# at the end", "{end:?}");
    }
}

/// Whatever is not of the source stays byte for byte as it is, also what stands between its parts.
#[test]
fn the_rest_of_the_file_is_not_touched() {
    let workspace = workspace().file("people.csv", "id;name\n1;Оксана\n");
    let path = workspace.workspace().config_path();
    let config = || std::fs::read_to_string(&path).expect("it is there");
    let remove = |name| {
        let removed = sextant(&workspace, &["source", "remove", name]);
        assert!(removed.status.success(), "{removed:?}");
    };
    for (before, after) in [
        (
            "# all of it\n\n[source.people]\nplugin = \"delimited\"\n\n[limits]\n  describe_ttl_ms = 1_000 # a second\n# settle_ms = 1\n\n\
             # of a table\n[source.people.config.tables.all]\ninput = \"files\"\n\n# about b\n[source.b]\nplugin='delimited'\n",
            "# all of it\n\n[limits]\n  describe_ttl_ms = 1_000 # a second\n# settle_ms = 1\n\n# about b\n[source.b]\nplugin='delimited'\n",
        ),
        (
            "[source.people]\nplugin = \"delimited\"\n\n[[source.people.http]]\nurl = \"https://example.org/\"\n\n\n[limits]\n",
            "\n[limits]\n",
        ),
        (
            "[source]\n\n# about people\npeople = { plugin = \"delimited\" }\n\n# about b\nb.plugin = \"delimited\"",
            "[source]\n\n# about b\nb.plugin = \"delimited\"",
        ),
        (
            "source.b.plugin = \"delimited\"\nsource.people.plugin = \"delimited\"\nsource.people.inputs = {}\n[limits]\n",
            "source.b.plugin = \"delimited\"\n[limits]\n",
        ),
    ] {
        for (line_end, mark) in [("\n", ""), ("\r\n", ""), ("\r\n", "\u{feff}")] {
            let written = |text: &str| format!("{mark}{}", text.replace('\n', line_end));
            std::fs::write(&path, written(before)).expect("it can be written");
            remove("people");
            assert_eq!(config(), written(after));
        }
    }

    let before = "\u{feff}[limits]\r\ndescribe_ttl_ms = 1_000\r\n# at the end\r\n";
    std::fs::write(&path, before).expect("it can be written");
    let add = "source add people --plugin delimited --input files=people.csv \
        --config tables.all.input=files --config tables.all.delimiter=; --config tables.all.header=true";
    let added = sextant(&workspace, &add.split_whitespace().collect::<Vec<_>>());
    assert!(added.status.success(), "{added:?}");
    let text = config();
    assert!(text.starts_with(before), "{text:?}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    remove("people");
    assert_eq!(config(), before);
}

/// What could not be checked is not written.
#[test]
fn a_source_is_added_with_a_plugin_that_is_there() {
    let workspace = workspace();
    let config =
        || std::fs::read_to_string(workspace.workspace().config_path()).expect("it is there");
    let before = config();
    let add = |plugin| sextant(&workspace, &["source", "add", "more", "--plugin", plugin]);
    for (plugin, expected) in [
        ("nonesuch", "there is no plugin \"nonesuch\""),
        ("names", "plugin \"names\" has functions, and no tables"),
    ] {
        let output = add(plugin);
        let hint = "there are: delimited; for another one, put its bundle into bundles/ first";
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            format!("error: {expected}\nhint: {hint}\n")
        );
    }
    assert_eq!(config(), before);
    let empty = TestWorkspace::new();
    let output = sextant(&empty, &["source", "add", "more", "--plugin", "delimited"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains("hint: put a bundle with tables into bundles/ first"),
        "{error}"
    );
}

/// A table that fails keeps no other from being shown.
#[test]
fn a_source_is_shown_beside_tables_that_fail() {
    let workspace = workspace()
        .file("good.csv", "n\n1\n")
        .file("bad.csv", "n\nnone\n");
    let add = "source add s --plugin delimited --input bad=bad.csv --input good=good.csv --input gone=gone.csv \
        --config tables.a.input=bad --config tables.a.header=true --config tables.a.columns=[{name=\"n\",type=\"int64\"}] \
        --config tables.b.input=good --config tables.c.input=gone --config tables.d.input=good";
    let added = sextant(&workspace, &add.split_whitespace().collect::<Vec<_>>());
    let checked = sextant(&workspace, &["source", "check", "s"]);
    for (output, is_added) in [(added, true), (checked, false)] {
        let shown = show(&output, workspace.workspace().root());
        assert_eq!(output.status.code(), Some(1), "{shown}");
        for table in ["a", "c"] {
            assert!(shown.contains(&format!("failed  s.{table}\n")), "{shown}");
        }
        for table in ["b", "d"] {
            assert!(
                shown.contains(&format!("ok      s.{table}: 1 columns\n")),
                "{shown}"
            );
            let rows = format!(
                "-- SELECT * FROM \"s\".\"{table}\" LIMIT 3\n\n+---+\n| n |\n+---+\n| 1 |\n+---+\n"
            );
            assert_eq!(shown.contains(&rows), is_added, "{shown}");
        }
        for expected in ["bad.csv", "gone.csv", "error: 1 of 1 sources failed"] {
            assert!(shown.contains(expected), "{expected}: {shown}");
        }
        let hint = "hint: the source stays in sextant.toml";
        assert_eq!(shown.contains(hint), is_added, "{shown}");
    }
}

/// What the host would refuse is refused before it is written, and what may be a password is not shown.
#[test]
fn a_source_that_would_be_refused_is_not_written() {
    let workspace = workspace();
    let config =
        || std::fs::read_to_string(workspace.workspace().config_path()).expect("it is there");
    let before = config();
    for (option, value, code, expected) in [
        (
            "--http",
            "http://reader:pa55word@example.org/",
            1,
            "[source.more] http: expected a URL without user name and password",
        ),
        (
            "--http",
            "https://example.org/?token=pa55word",
            1,
            "[source.more] http: expected a URL without a query",
        ),
        (
            "--store",
            "https://reader:pa55word@example.org/",
            1,
            "[source.more] stores: expected a URL without a password",
        ),
        (
            "--input",
            "files=https://reader:pa55word@example.org/a.csv",
            1,
            "input \"files\": expected a URL without a password",
        ),
        (
            "--input",
            "files=https://pa55word@example.org/*.csv",
            1,
            "input \"files\": expected a URL without user name and password",
        ),
        (
            "--tcp",
            "db=postgres://reader:pa55word@example.org/cases",
            1,
            "[source.more] tcp: \"db\": expected host:port",
        ),
        (
            "--tcp",
            "db=reader:pa55word@example.org:5432",
            1,
            "[source.more] tcp: \"db\": expected host:port",
        ),
        (
            "--tcp",
            "postgres://reader:pa55word@example.org/cases",
            2,
            "--tcp <NAME=HOST:PORT>: expected NAME=VALUE",
        ),
        (
            "--secret",
            "db=password:pa55word",
            2,
            "name where the password is, with password_env or password_file",
        ),
    ] {
        let add = [
            "source",
            "add",
            "more",
            "--plugin",
            "delimited",
            option,
            value,
        ];
        let output = sextant(&workspace, &add);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{value}: {error}");
        assert!(error.contains(expected), "{value}: {error}");
        assert!(!error.contains("pa55word"), "{value}: {error}");
        assert_eq!(config(), before, "{value}");
    }
}

/// What may be asked, and with which credential, is in the grant: a source works as it was added.
#[test]
fn a_source_is_added_with_its_methods_and_its_credential() {
    let far = FarSide::new(|_, _| {
        let found = r#"{"answers": [{"id": 1, "MKE": "ITR", "message_id": "1", "answered_at": "2031-02-03T04:05:06Z", "records": []}]}"#;
        answer(200, "content-type: application/json", found)
    });
    let url = far.url("/find/");
    let base = format!("base={url}");
    let workspace = TestWorkspace::new()
        .plugin("find")
        .file("credential", "pa55word\n");
    for (secret, within, key, sent) in [
        (
            "g=token_file:credential",
            "token_file = \"credential\"",
            "bearer",
            "Bearer pa55word",
        ),
        (
            "g=user:reader,password_file:credential",
            "user = \"reader\", password_file = \"credential\"",
            "basic",
            "Basic cmVhZGVyOnBhNTV3b3Jk",
        ),
    ] {
        let add = [
            "source",
            "add",
            "q",
            "--plugin",
            "find",
            "--http",
            &url,
            "--private",
            "--method",
            "POST",
            "--method",
            "GET",
            "--secret",
            secret,
            "-c",
            &base,
        ];
        let shown = show(&sextant(&workspace, &add), workspace.workspace().root());
        assert!(shown.starts_with("exit: 0\n"), "{shown}");
        assert!(
            shown.contains(" columns, asked by key\n") && !shown.contains("the secret"),
            "{shown}"
        );
        let written = config(&workspace);
        let expected = format!(
            "plugin = \"find\"\nhttp = [{{ url = {url:?}, private = true, methods = [\"POST\", \"GET\"], {key} = \"g\" }}]\n\
             secrets = {{ g = {{ {within} }} }}\n"
        );
        assert!(written.contains(&expected), "{written}");
        let sql = "SELECT entity_id FROM q.travel_documents WHERE number = 'AB1'";
        let asked = sextant(&workspace, &["query", "-c", sql]);
        assert!(asked.status.success(), "{asked:?}");
        let last = far.asked().pop().expect("it was asked");
        assert_eq!(last.line, "POST /find/query");
        assert_eq!(last.header("authorization"), Some(sent));
        let removed = sextant(&workspace, &["source", "remove", "q"]);
        assert!(removed.status.success(), "{removed:?}");
    }
}

/// A web server with inputs takes a token, and a plugin that asks for its secrets keeps them to itself.
#[test]
fn a_secret_is_named_where_it_goes() {
    let far = FarSide::new(|_, _| answer(200, "", "n\n1\n"));
    let workspace = workspace()
        .plugin("postgres")
        .file("credential", "pa55word\n");
    let url = far.url("/");
    let input = format!("files={}", far.url("/a.csv"));
    let (token, user) = (
        "g=token_file:credential",
        "g=user:reader,password_file:credential",
    );
    let web = format!("--input {input} -c tables.all.input=files --private --store {url}");
    let note = "note: no grant names the secret g, so it is never sent; name it in sextant.toml, in the grant of its place\n";
    for (plugin, options, secret, written, is_told) in [
        (
            "delimited",
            web.as_str(),
            token,
            format!("stores = [{{ url = {url:?}, private = true, bearer = \"g\" }}]"),
            false,
        ),
        (
            "delimited",
            web.as_str(),
            user,
            format!("stores = [{{ url = {url:?}, private = true }}]"),
            true,
        ),
        (
            "delimited",
            "--store s3://cases/",
            token,
            "stores = [{ url = \"s3://cases/\" }]".to_owned(),
            true,
        ),
        (
            "postgres",
            "--http https://example.org/ --tcp db=example.org:5432",
            user,
            "http = [{ url = \"https://example.org/\" }]\ntcp = { db = { address = \"example.org:5432\" } }".to_owned(),
            false,
        ),
    ] {
        let add = format!("source add s --plugin {plugin} {options} --secret {secret}");
        let output = sextant(&workspace, &add.split_whitespace().collect::<Vec<_>>());
        let shown = show(&output, workspace.workspace().root());
        assert_eq!(shown.contains(note), is_told, "{shown}");
        let grant = format!("\n{written}\nsecrets = ");
        assert!(config(&workspace).contains(&grant), "{shown}");
        let removed = sextant(&workspace, &["source", "remove", "s"]);
        assert!(removed.status.success(), "{removed:?}");
    }
    let sent: Vec<_> = far
        .asked()
        .iter()
        .map(|asked| asked.header("authorization").map(str::to_owned))
        .collect();
    assert_eq!(sent.first(), Some(&Some("Bearer pa55word".to_owned())));
    assert_eq!(sent.last(), Some(&None), "it was not granted");
}

/// A credential is not sent on a guess, and a method that there is not is not written.
#[test]
fn a_grant_that_would_be_a_guess_is_not_written() {
    let workspace = workspace().plugin("find");
    let before = config(&workspace);
    let several = "error: there are several secrets or places, and nothing says which secret goes where\n\
        hint: write the source into sextant.toml by hand";
    for (options, expected) in [
        (
            "--http https://example.org/ --secret a=token_env:A --secret b=token_env:B",
            several,
        ),
        (
            "--http https://example.org/ --http https://example.com/ --secret a=token_env:A",
            several,
        ),
        (
            "--http https://example.org/ --store https://example.com/ --secret a=token_env:A",
            several,
        ),
        (
            "--http http://example.org/ --secret a=token_env:A",
            "a credential would go over the public network unencrypted",
        ),
        (
            "--http https://example.org/ --method post",
            "methods: expected some of GET, HEAD, POST",
        ),
        (
            "--method POST",
            "methods are said of URLs that may be asked, and none is given\nhint: --http URL --method METHOD",
        ),
        (
            "--store https://example.org/ --method POST",
            "methods are said of URLs that may be asked",
        ),
    ] {
        let add = format!("source add q --plugin find {options}");
        let output = sextant(&workspace, &add.split_whitespace().collect::<Vec<_>>());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{options}: {error}");
        assert!(error.contains(expected), "{options}: {error}");
        assert_eq!(config(&workspace), before, "{options}");
    }
}

#[test]
fn misuse_is_exit_code_two() {
    let workspace = workspace();
    for arguments in [
        &["nonsense"][..],
        &["query", "--format", "xml"],
        &["plugin", "new", "a"],
    ] {
        assert_eq!(
            sextant(&workspace, arguments).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
    let nowhere = Command::new(sextant_command())
        .args(["query", "-c", "SELECT 1", "--workspace", "/nonexistent"])
        .output()
        .expect("it starts");
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&nowhere.stderr)
            .contains("hint: make one with `sextant init /nonexistent`")
    );
}

#[test]
fn a_broken_bundle_stops_nothing_else() {
    let workspace = workspace();
    workspace.put("broken", b"not a bundle");
    let output = sextant(
        &workspace,
        &[
            "query",
            "-c",
            "SELECT count(*) AS n FROM border.travellers",
            "--format",
            "csv",
        ],
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), "n\n4\n");
}

/// Demos take turns: they build two editions of a plugin, and cargo puts both into one file.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Works the demo's case in a folder: what it shows, and what it says besides.
fn demo(folder: &Path, options: &[&str]) -> (String, String) {
    sextant_tests::use_own_target_folder();
    let mut command = Command::new(sextant_command());
    command.arg("demo").args(options).current_dir(root());
    command.arg("--workspace").arg(folder);
    let turn = turn();
    let output = command.output().expect("it starts");
    drop(turn);
    assert!(output.status.success(), "{}", show(&output, folder));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// What the demo shows where a file stands in for the ministry's database, as if it did not.
fn with_the_database(shown: &str) -> String {
    let source = |plugin: &str| format!("| ministry           | {plugin:<16} |");
    assert_eq!(shown.matches(&source("delimited")).count(), 1, "{shown}");
    shown.replace(&source("delimited"), &source("postgres"))
}

/// Builds the plugins, finds what was planted, one part of it by a database, and replaces a plugin while a
/// query runs. Without the database it is the same case.
#[test]
#[expect(
    clippy::print_stderr,
    reason = "a test that is skipped says so out loud"
)]
fn the_demo_works_its_case() {
    let folder = tempfile::tempdir().expect("there is room");
    let (shown, said) = demo(folder.path(), &[]);
    match said.lines().find(|line| line.starts_with("SKIPPED: ")) {
        Some(skipped) => {
            let is_required = std::env::var_os("SEXTANT_REQUIRE_PEERS").is_some();
            assert!(!is_required, "{skipped}");
            eprintln!("{skipped}");
            assert_shown("demo", &with_the_database(&shown));
        }
        None => {
            assert_shown("demo", &shown);
            the_servers_of_the_demo_end_with_it(folder.path(), &said);
            // In the same folder, where the sources are replaced.
            let (without, _) = demo(folder.path(), &["--without-postgres"]);
            assert_shown("demo", &with_the_database(&without));
        }
    }
    let kept = sextant::Workspace::open(folder.path()).expect("it is kept");
    let host = sextant::Host::open(kept).expect("it opens");
    let rows = |sql| sextant_tests::rows(&host, sql);
    assert_eq!(
        rows("SELECT rule.edition(), count(*) FROM register.companies"),
        ["second\t2000"]
    );
    assert_eq!(rows("SELECT count(*) FROM ministry.crossings"), ["6000"]);
}

/// Nobody takes connections any more where the kept workspace says that the database was, and the demo says so.
fn the_servers_of_the_demo_end_with_it(workspace: &Path, said: &str) {
    let ending = "what the sources gateway and ministry of";
    assert!(said.contains(ending), "{said}");
    let read = |name: &str| std::fs::read_to_string(workspace.join(name)).expect("it is kept");
    let config = read("sextant.toml");
    let rest = config.split_once("tcp = { server = { address = \"");
    let (address, _) = rest
        .and_then(|(_, rest)| rest.split_once('"'))
        .unwrap_or_else(|| panic!("{config}"));
    let refused = std::net::TcpStream::connect(address).expect_err("it has ended");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    let password = workspace.join("case/ministry.password");
    let mode = std::fs::metadata(password).expect("it is kept").mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!config.contains(&read("case/ministry.password")));
}

#[test]
fn the_demo_works_the_real_lists() {
    let Some(data) = sextant_tests::real_data("") else {
        return;
    };
    sextant_tests::use_own_target_folder();
    let mut command = Command::new(sextant_command());
    command
        .arg("demo")
        .current_dir(root())
        .arg("--data")
        .arg(data);
    let _turn = turn();
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{}", show(&output, Path::new("-")));
    assert_shown("demo_data", &String::from_utf8_lossy(&output.stdout));
}

/// Whoever reads the answer has enough.
#[test]
fn a_reader_that_goes_away_ends_the_query() {
    let workspace = TestWorkspace::new()
        .plugin("hostile")
        .config("[source.h]\nplugin = \"hostile\"\n");
    let mut command = Command::new(sextant_command());
    command.args([
        "query",
        "-c",
        "SELECT n FROM h.slow",
        "--format",
        "csv",
        "--workspace",
    ]);
    command.arg(workspace.workspace().root());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut first = [0; 4];
    let mut out = child.stdout.take().expect("it is piped");
    std::io::Read::read_exact(&mut out, &mut first).expect("it writes");
    drop(out);
    assert_eq!(&first, b"n\n0\n");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success() && output.stderr.is_empty());
}

/// What stands where the output is to go is never replaced by something else.
#[test]
fn an_output_goes_through_links_and_into_pipes() {
    let workspace = workspace().file("target.csv", "old");
    let run = |name: &str| {
        let path = workspace.path(name).display().to_string();
        sextant(
            &workspace,
            &[
                "query",
                "-c",
                "SELECT 1 AS a",
                "--format",
                "csv",
                "-o",
                &path,
            ],
        )
    };
    std::os::unix::fs::symlink(workspace.path("target.csv"), workspace.path("link.csv"))
        .expect("it can be made");
    assert!(run("link.csv").status.success());
    let metadata = std::fs::symlink_metadata(workspace.path("link.csv")).expect("it is there");
    assert!(metadata.is_symlink());
    assert_eq!(
        std::fs::read(workspace.path("target.csv")).expect("it is there"),
        b"a\n1\n"
    );

    let pipe = workspace.path("pipe");
    let made = Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .expect("it starts");
    assert!(made.success());
    let reader = std::thread::spawn(move || std::fs::read(pipe).expect("it can be read"));
    assert!(run("pipe").status.success());
    assert_eq!(reader.join().expect("it ends"), b"a\n1\n");
}

/// A reader of these formats would see the first answer alone, or none.
#[test]
fn formats_of_one_answer_take_one() {
    let workspace = workspace();
    for format in ["json", "arrow", "parquet"] {
        let path = workspace.path("two").display().to_string();
        let two = "SELECT 1 AS a; SELECT 2 AS a";
        let output = sextant(
            &workspace,
            &["query", "-c", two, "--format", format, "-o", &path],
        );
        assert_eq!(output.status.code(), Some(1), "{format}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            errors.contains(&format!("{format} holds one answer")),
            "{errors}"
        );
        assert!(!workspace.path("two").exists(), "{format}");
    }
    let twice = "SELECT * FROM (SELECT 1 AS a) CROSS JOIN (SELECT 2 AS a)";
    let output = sextant(&workspace, &["query", "-c", twice, "--format", "ndjson"]);
    assert_eq!(output.status.code(), Some(1));
    let path = workspace.path("none").display().to_string();
    let setting = "SET datafusion.execution.batch_size = 100";
    let output = sextant(
        &workspace,
        &["query", "-c", setting, "--format", "parquet", "-o", &path],
    );
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("none of the statements has an answer")
    );
    assert!(!workspace.path("none").exists());
}

/// What CSV cannot hold is told before there is anything to read, and what is advised works.
#[test]
fn a_column_that_csv_cannot_hold_is_refused_before_the_header() {
    let workspace = workspace();
    let query = |sql: &str| sextant(&workspace, &["query", "-c", sql, "--format", "csv"]);
    for (value, shown) in [
        ("make_array(1, 2)", "List("),
        ("named_struct('a', 1)", "Struct("),
        ("map(['a'], [1])", "Map("),
    ] {
        for rows in ["", " WHERE false"] {
            let output = query(&format!("SELECT 1 AS n, {value} AS many{rows}"));
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{errors}");
            assert!(output.stdout.is_empty(), "{value}: {output:?}");
            let expected = format!("column \"many\" of the answer is a {shown}");
            assert!(errors.contains(&expected), "{errors}");
            assert!(errors.contains("--format json"), "{errors}");
        }
    }
    for (sql, expected) in [
        ("SELECT unnest(make_array(1, 2)) AS a", "a\n1\n2\n"),
        (
            "SELECT array_to_string(make_array(1, 2), ';') AS a",
            "a\n1;2\n",
        ),
        ("SELECT named_struct('f', 1)['f'] AS a", "a\n1\n"),
    ] {
        let output = query(sql);
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{sql}");
    }
}

/// Data must not move the cursor of whoever reads it.
#[test]
fn control_characters_are_shown_and_not_obeyed() {
    let workspace = workspace();
    let sql = "SELECT chr(27) || '[31mred' AS a, CAST(chr(27) || 'x' AS INT) AS b";
    for (sql, format) in [
        ("SELECT chr(27) || '[31mred' || chr(8238) AS a", "table"),
        ("SELECT chr(27) || '[31mred' || chr(8238) AS a", "markdown"),
        (sql, "csv"),
    ] {
        let output = sextant(&workspace, &["query", "-c", sql, "--format", format]);
        let shown = [output.stdout, output.stderr].concat();
        assert!(
            !shown.contains(&0x1b),
            "{}",
            String::from_utf8_lossy(&shown)
        );
        assert!(!String::from_utf8_lossy(&shown).contains('\u{202e}'));
    }
}

/// Ctrl-C is heard while every thread of the query is at work in native code.
#[test]
fn an_interrupt_ends_a_busy_query() {
    let workspace = workspace();
    let sql = "SELECT sum(a.value * b.value) FROM generate_series(1, 3000000) a, generate_series(1, 3000000) b";
    let mut command = Command::new(sextant_command());
    command.args([
        "query",
        "-c",
        "SELECT 'begun' AS a",
        "-c",
        sql,
        "--format",
        "csv",
        "--workspace",
    ]);
    command.arg(workspace.workspace().root());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut begun = [0; 8];
    let mut out = child.stdout.take().expect("it is piped");
    std::io::Read::read_exact(&mut out, &mut begun).expect("it writes");
    wait_until_busy(child.id());
    let interrupted = std::time::Instant::now();
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.expect("it starts").success());
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(1));
    let took = interrupted.elapsed();
    assert!(took < std::time::Duration::from_secs(10), "{took:?}");
    let mut errors = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().expect("it is piped"), &mut errors)
        .expect("it is text");
    assert!(errors.contains("the query was cancelled"), "{errors}");
}

/// Waits until a process has worked for a second more than it has now.
fn wait_until_busy(process: u32) {
    let ticks = || {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
        let fields: Vec<_> = stat
            .rsplit(')')
            .next()
            .expect("it has fields")
            .split(' ')
            .collect();
        fields[12].parse::<u64>().expect("user time in hundredths")
    };
    let before = ticks();
    while ticks() < before + 100 {
        std::thread::yield_now();
    }
}

#[test]
fn an_output_that_is_full_is_an_error() {
    let workspace = workspace();
    let mut command = Command::new(sextant_command());
    command.args(["query", "-c", "SELECT 1", "--format", "csv", "--workspace"]);
    command.arg(workspace.workspace().root());
    let full = std::fs::File::create("/dev/full").expect("Linux has one");
    let output = command.stdout(full).output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("No space left on device"), "{errors}");
}

/// Code that cannot be cached is compiled again at the next start; nothing else changes.
#[test]
fn a_cache_that_is_full_stops_nothing() {
    let workspace = workspace();
    let cache = workspace.path("cache");
    std::fs::create_dir(&cache).expect("it can be made");
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-ec"]);
    command.arg("mount -t tmpfs -o size=64k,mode=700 none \"$1\" || exit 99; exec \"$2\" query -c 'SELECT count(*) AS n FROM border.travellers' --format csv --workspace \"$3\"");
    command
        .arg("sh")
        .arg(&cache)
        .arg(sextant_command())
        .arg(workspace.workspace().root());
    let output = command.output();
    let Ok(output) = output
        .map_err(|_| ())
        .and_then(|output| match output.status.code() {
            Some(0..=2) if !output.stderr.starts_with(b"unshare") => Ok(output),
            _ => Err(()),
        })
    else {
        skipped(
            "a_cache_that_is_full_stops_nothing",
            "this machine gives no mount namespace",
        );
        return;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "n\n4\n",
        "{errors}"
    );
    assert!(errors.contains("was not cached"), "{errors}");
}

#[expect(
    clippy::print_stderr,
    reason = "a test that is skipped says so out loud"
)]
fn skipped(test: &str, why: &str) {
    eprintln!("SKIPPED: {test}: {why}");
}

/// A short run of what is run for hours elsewhere.
#[test]
fn reloads_cancels_and_crashes_at_random_do_no_harm() {
    sextant_tests::use_own_target_folder();
    let mut command = Command::new(sextant_command());
    command.args([
        "endurance",
        "--reloads",
        "100",
        "--watched",
        "5",
        "--threads",
        "4",
    ]);
    let output = command.current_dir(root()).output().expect("it starts");
    let shown = show(&output, Path::new("-"));
    assert!(output.status.success(), "{shown}");
    assert!(shown.contains("wrong                         0"), "{shown}");
    assert!(
        !shown.contains("answers of one edition        0"),
        "{shown}"
    );
}

/// The doctor names what is wrong, and what to do.
#[test]
fn the_doctor_says_what_is_wrong() {
    let workspace = workspace();
    let output = sextant(&workspace, &["doctor"]);
    let shown = show(&output, workspace.workspace().root());
    assert!(output.status.success(), "{shown}");
    for part in [
        "ok      cargo 1.",
        "ok      target wasm32-wasip2",
        "ok      plugin names 0.1.0",
        "ok      source border: 1 tables",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let workspace = workspace.config("[source.gone]\nplugin = \"delimited\"\ninputs = { files = \"nowhere/*.csv\" }\n[source.gone.config.tables.t]\ninput = \"files\"\n");
    workspace.put("broken", b"not a bundle");
    let workspace = workspace.config(
        "[plugin.nobody.limits]\n[plugin.names.limits]\nguest_memory_bytes_max = 1000000000\n",
    );
    let output = sextant(&workspace, &["doctor"]);
    let shown = show(&output, workspace.workspace().root());
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for part in [
        "failed  plugin broken: bundle",
        "failed  table gone.t: source \"gone\"",
        "note    [plugin.nobody] in sextant.toml is of no plugin that is there",
        "note    plugin names is granted guest_memory_bytes_max = 1000000000; it has",
        "error: 2 things are wrong",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let output = sextant(&workspace, &["query", "-c", "SELECT 1"]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    assert!(
        log.contains("[plugin.nobody] in sextant.toml is of no plugin that is there")
            && !log.contains("[plugin.names] in"),
        "{log}"
    );
}

/// Geometry of a plugin goes out as GeoParquet and comes back as the same, from a folder of several files too.
#[test]
fn geometry_goes_out_and_comes_back() {
    let feature = |name: &str, east: f64| {
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"name\":\"{name}\"}},\"geometry\":{{\"type\":\"Point\",\"coordinates\":[{east},50]}}}}"
        )
    };
    // A column with one value throughout is planned as a constant, of which DataFusion keeps no metadata.
    let layer =
        |name: &str, east: f64| format!("{}\n{}\n", feature(name, east), feature("other", 0.0));
    let source = "[source.map]\nplugin = \"geo\"\ninputs = { a = \"a.geojson\", b = \"b.geojson\" }\n\
        config = { layers = { a = { input = \"a\" }, b = { input = \"b\", crs = \"EPSG:3857\" } } }\n";
    let workspace = TestWorkspace::new()
        .plugin("geo")
        .config(source)
        .file("a.geojson", layer("one", 30.0))
        .file("b.geojson", layer("two", 31.0));
    std::fs::create_dir(workspace.path("out")).expect("there is room");
    let export = |sql: &str, file: &str| {
        let path = workspace.path(file).display().to_string();
        let output = sextant(
            &workspace,
            &["query", "-c", sql, "--format", "parquet", "-o", &path],
        );
        assert!(output.status.success(), "{output:?}");
    };
    export("SELECT name, geometry FROM map.a", "out/1.parquet");
    export("SELECT name, geometry FROM map.b", "out/2.parquet");
    export("SELECT name, geometry FROM map.a", "3.parquet");
    let host = workspace.host();
    let told = |place: &str| {
        let place = workspace.path(place);
        let place = place.display();
        sextant_tests::rows(
            &host,
            &format!(
                "SELECT name, st_astext(geometry), coalesce(arrow_metadata(geometry, 'ARROW:extension:metadata'), '-') FROM '{place}' WHERE name <> 'other' ORDER BY name"
            ),
        )
    };
    let code = "{\"crs\":\"OGC:CRS84\",\"crs_type\":\"authority_code\"}";
    assert_eq!(told("3.parquet"), [format!("one\tPOINT(30 50)\t{code}")]);
    // A reference system that GeoParquet has no words for is left undefined.
    assert_eq!(told("out/2.parquet"), ["two\tPOINT(31 50)\t{}"]);
    // Of files that differ nothing is said; they are a table all the same.
    assert_eq!(
        told("out/"),
        ["one\tPOINT(30 50)\t-", "two\tPOINT(31 50)\t-"]
    );
}
