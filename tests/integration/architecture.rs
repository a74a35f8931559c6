//! The code itself, read as text: fences between rooms and the direction of imports.

use sextant_tests::root;
use std::path::{Path, PathBuf};

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.expect("an entry").path();
        if path.is_dir()
            && path
                .file_name()
                .is_some_and(|name| name != "target" && name != "vendor")
        {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rooms of the host, in the order in which `lib.rs` names them, which is that of the data.
fn rooms() -> Vec<String> {
    let lib = read(&root().join("host/src/lib.rs"));
    let rooms = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    rooms.map(str::to_owned).collect()
}

/// The room of a file of `host/src`.
fn room(path: &Path) -> String {
    let relative = path
        .strip_prefix(root().join("host/src"))
        .expect("it is in there");
    let first = relative
        .components()
        .next()
        .expect("it has a name")
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn imports_point_one_way() {
    let rooms = rooms();
    assert_eq!(rooms.first().map(String::as_str), Some("error"));
    assert_eq!(rooms.last().map(String::as_str), Some("cli"));
    let position = |name: &str| rooms.iter().position(|room| room == name);
    for file in rust_files(&root().join("host/src")) {
        let own = room(&file);
        let Some(own_position) = position(&own) else {
            continue;
        };
        for (number, line) in read(&file).lines().enumerate() {
            for used in line.split("crate::").skip(1) {
                let name: String = used
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                if let Some(other) = position(&name) {
                    assert!(
                        other <= own_position,
                        "{}:{}: {own} imports {name}, which is below it",
                        file.display(),
                        number + 1
                    );
                }
            }
        }
    }
}

#[test]
fn fences() {
    let fences = [
        ("wasmtime", vec!["wasm"]),
        ("datafusion", vec!["sql"]),
        ("notify", vec!["watch"]),
        ("clap", vec!["cli"]),
        ("TcpListener", vec![]),
        ("println!", vec!["cli"]),
    ];
    for file in rust_files(&root().join("host/src")) {
        let own = room(&file);
        for (number, line) in read(&file).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for (word, allowed) in &fences {
                let used = code.contains(&format!("{word}::"))
                    || (word.ends_with(['!', 'r']) && code.contains(word));
                assert!(
                    !used || allowed.contains(&own.as_str()),
                    "{}:{}: {word} in {own}",
                    file.display(),
                    number + 1
                );
            }
        }
    }
}

#[test]
fn guest_bytes_become_arrow_in_one_place_and_are_always_checked() {
    for file in rust_files(&root().join("host/src")) {
        let text = read(&file);
        for word in [
            "build_unchecked",
            "with_skip_validation",
            "skip_validation",
            "new_unchecked",
            "from_ffi",
        ] {
            assert!(!text.contains(word), "{}: {word}", file.display());
        }
        let is_boundary = file.ends_with("wasm/arrow.rs");
        assert!(
            is_boundary || !text.contains("ArrayData::builder"),
            "{}",
            file.display()
        );
    }
}

#[test]
fn every_module_says_what_it_is() {
    for folder in ["host/src", "plugin-sdk/src", "plugins", "tests"] {
        for file in rust_files(&root().join(folder)) {
            let text = read(&file);
            assert!(
                text.starts_with("//! "),
                "{} does not open with //!",
                file.display()
            );
            assert!(
                !text.starts_with("//! draft"),
                "{} is a draft",
                file.display()
            );
        }
    }
}

#[test]
fn the_top_level_is_as_designed() {
    let known = [
        ".cargo",
        ".ci",
        ".git",
        ".gitignore",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "docs",
        "host",
        "plugin-sdk",
        "plugins",
        "rust-toolchain.toml",
        "target",
        "tests",
        "wit",
    ];
    for entry in std::fs::read_dir(root()).expect("it is there") {
        let name = entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned();
        assert!(
            known.contains(&name.as_str()),
            "{name} does not belong there"
        );
    }
}

/// Guests that compile against every interface keep the parts of the contract honest that the host
/// does not run yet.
#[test]
fn a_guest_for_every_interface() {
    let examples: [(&str, &[&str]); 6] = [
        ("source", &["input"]),
        ("scalar", &[]),
        ("aggregate", &[]),
        ("table_function", &[]),
        ("http", &["http"]),
        ("tcp_and_secret", &["tcp", "secret"]),
    ];
    for (example, imports) in examples {
        let workspace = sextant_tests::TestWorkspace::new();
        let bytes = sextant_tests::example_bundle(example, imports);
        workspace.put(example, &bytes);
        let host = workspace.host();
        assert_eq!(
            sextant_tests::rows(&host, "SELECT name, status, error FROM sextant.plugins"),
            [format!("{example}\tactive\tNULL")]
        );
    }
}
