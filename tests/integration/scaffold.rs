//! A new plugin from the scaffold builds, is tested and loads as it is, anywhere.

use sextant_tests::{TestWorkspace, rows, sextant_command, use_own_target_folder};
use std::path::Path;
use std::process::Command;

fn run(command: &mut Command) {
    let output = command.output().expect("it starts");
    assert!(
        output.status.success(),
        "{command:?}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn make(folder: &Path, kind: &str, name: &str, workspace: &Path) {
    use_own_target_folder();
    let sextant = sextant_command();
    run(Command::new(&sextant)
        .args(["plugin", "new", name, kind])
        .current_dir(folder));
    let root = folder.join(name);
    run(Command::new("cargo")
        .args(["test", "--quiet"])
        .current_dir(&root));
    run(Command::new(&sextant)
        .args(["plugin", "build", "--workspace"])
        .arg(workspace)
        .arg(&root));
}

#[test]
fn new_plugins_work_as_they_are() {
    let folder = tempfile::tempdir().expect("there is room");
    let workspace = TestWorkspace::new().file("poem.txt", "one\ntwo\n");
    let workspace = workspace.config("[source.poem]\nplugin = \"my_lines\"\ninputs = { files = \"poem.txt\" }\nconfig = { input = \"files\" }\n");
    make(
        folder.path(),
        "--function",
        "my_greeter",
        workspace.workspace().root(),
    );
    make(
        folder.path(),
        "--source",
        "my_lines",
        workspace.workspace().root(),
    );
    let host = workspace.host();
    assert_eq!(
        rows(
            &host,
            "SELECT my_greeter.greet(text) FROM poem.lines ORDER BY number"
        ),
        ["Hello one", "Hello two"]
    );
}
