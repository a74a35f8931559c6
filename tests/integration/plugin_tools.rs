//! `sextant plugin test` and `plugin bench`: what they find, and that they trust no bundle.

use sextant::bundle::{Bundle, Content, pack};
use sextant::limits::Limits;
use sextant_tests::{bundle, root, sextant_command, use_own_target_folder};
use std::collections::BTreeMap;
use std::process::{Command, Output};

fn plugin(command: &str, arguments: &[&str]) -> Output {
    use_own_target_folder();
    let mut sextant = Command::new(sextant_command());
    sextant.args(["plugin", command]).args(arguments);
    sextant.output().expect("it starts")
}

fn text(output: &Output) -> String {
    let all = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&all).into_owned()
}

/// Tests a bundle: the plugin of this repository with other examples.
fn test_with_examples(plugin_name: &str, examples: &[(&str, &str)]) -> (bool, String) {
    let bundle = Bundle::from_bytes(&bundle(plugin_name), &Limits::default()).expect("it is one");
    let others: BTreeMap<_, _> = examples
        .iter()
        .map(|(name, content)| (format!("examples/{name}"), content.as_bytes().to_vec()))
        .collect();
    let manifest = bundle.entry("manifest.toml").expect("it has one");
    let content = Content {
        manifest: String::from_utf8_lossy(manifest).into_owned(),
        component: bundle.component().to_vec(),
        others,
    };
    let (bytes, _) = pack(&content, &Limits::default()).expect("it packs");
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("tested.bundle");
    std::fs::write(&path, bytes).expect("it can be written");
    let output = plugin("test", &[&path.display().to_string()]);
    (output.status.success(), text(&output))
}

/// How many random predicates each table of a source is asked with, pushed down and not.
const PREDICATES: &str = "200";

/// A plugin of the repository bears everything that is asked of it.
fn passes_its_tests(name: &str) {
    let folder = root().join("plugins").join(name);
    let folder = folder.display().to_string();
    let output = plugin("test", &[&folder, "--predicates", PREDICATES]);
    let shown = text(&output);
    assert!(output.status.success(), "{name}: {shown}");
    assert!(
        shown.contains(" passed, 0 failed") && !shown.contains("\n0 passed"),
        "{name}: {shown}"
    );
}

/// A test for each plugin, so that they run side by side.
macro_rules! plugins_pass_their_tests {
    ($($name:ident),* $(,)?) => {
        mod passes_its_tests {
            $(
                #[test]
                fn $name() {
                    super::passes_its_tests(stringify!($name));
                }
            )*
        }
    };
}

plugins_pass_their_tests!(
    names,
    graph,
    rule,
    delimited,
    sanctions,
    police_open_data,
    find,
    interpol,
    registers,
    europol,
    feeds,
    geo,
);

/// A source that loses rows when a predicate is pushed down to it is found out.
#[test]
fn lost_rows_are_found() {
    let config = "[source.liar]\nplugin = \"hostile\"\nconfig = { attack = \"loses_matches\" }\n";
    let (passed, shown) = test_with_examples("hostile", &[("sextant.toml", config)]);
    assert!(!passed, "{shown}");
    assert!(
        shown.contains("failed  \"liar\".\"t\": WHERE \"n\""),
        "{shown}"
    );
    assert!(shown.contains("rows instead of"), "{shown}");
}

/// The examples of a bundle read its own files, and nothing else of whoever tests it.
#[test]
fn examples_reach_nothing_else() {
    let secret = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(secret.path(), "a\n1\n").expect("it can be written");
    let path = secret.path().display();
    let cases = [
        "[source.s]\nplugin = \"delimited\"\nhttp = [{ url = \"http://127.0.0.1/\", private = true }]\n".to_owned(),
        "[source.s]\nplugin = \"delimited\"\nsecrets = { x = { token_env = \"HOME\" } }\n".to_owned(),
        format!("[source.s]\nplugin = \"delimited\"\ninputs = {{ f = \"{path}\" }}\n[source.s.config.tables.t]\ninput = \"f\"\n"),
        "[source.s]\nplugin = \"delimited\"\ninputs = { f = [\"../*\"] }\n[source.s.config.tables.t]\ninput = \"f\"\n".to_owned(),
        "[source.s]\nplugin = \"names\"\n".to_owned(),
        "[limits]\nguest_memory_bytes_max = 8000000000\n".to_owned(),
        "[plugin.delimited.limits]\ncall_ms_max = 1\n".to_owned(),
    ];
    for config in cases {
        let (passed, shown) = test_with_examples("delimited", &[("sextant.toml", &config)]);
        assert!(!passed, "{config}: {shown}");
        assert!(
            shown.contains("error: examples/sextant.toml: "),
            "{config}: {shown}"
        );
    }
}

/// SQL that a bundle brings along asks plugins and sources, and neither reads nor writes files.
#[test]
fn sql_of_bundles_is_confined() {
    let workspace = sextant_tests::TestWorkspace::new().file("secret.csv", "a\n1\n");
    let host = workspace.host();
    let session = host
        .session_within(sextant::sql::Reach::Plugins)
        .expect("a session");
    let path = workspace.path("secret.csv");
    let stolen = workspace.path("stolen.csv");
    for sql in [
        format!("SELECT * FROM '{}'", path.display()),
        format!(
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{}'",
            path.display()
        ),
        format!("COPY (SELECT 1) TO '{}'", stolen.display()),
        format!("EXPLAIN ANALYZE COPY (SELECT 1) TO '{}'", stolen.display()),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "CREATE TABLE t AS SELECT 1".to_owned(),
    ] {
        let refused = sextant_tests::try_query(&host, &session, &sql);
        assert!(refused.is_err(), "{sql}");
    }
    assert!(!stolen.exists());
    let asked = sextant_tests::try_query(&host, &session, "SELECT 1");
    assert!(asked.is_ok());
}

/// Both builds give the same results, and a figure for each function.
#[test]
fn a_plugin_is_measured_against_its_native_build() {
    let folder = root().join("plugins/rule").display().to_string();
    let output = plugin("bench", &[&folder, "--rows", "1000"]);
    let shown = text(&output);
    assert!(output.status.success(), "{shown}");
    let line = shown.lines().find(|line| line.starts_with("is_hit"));
    let figures: Vec<f64> = line
        .unwrap_or_else(|| panic!("{shown}"))
        .split_whitespace()
        .skip(1)
        .map(|figure| figure.parse().expect("a number"))
        .collect();
    assert!(
        figures.len() == 3 && figures.iter().all(|figure| *figure > 0.0),
        "{shown}"
    );
}
