//! What the command prints, and its exit codes.

use sextant_tests::{TestWorkspace, root, sextant_command};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

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
    let shown = show(&output, workspace.workspace().root());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"\b[0-9a-f]{64}\b", "DIGEST");
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
