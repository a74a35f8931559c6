//! What tests and benchmarks share: bundles of the repository's plugins, built once, and workspaces
//! in temporary folders.

pub mod far;
pub mod gateway;
pub mod generate;
pub mod notices_api;
pub mod postgres;
pub mod predicates;

use arrow::array::RecordBatch;
use sextant::bundle::{Bundle, Content, build_crate, pack};
use sextant::limits::Limits;
use sextant::{Host, Session, Workspace};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The repository's root.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("tests/ is in the repository")
        .to_owned()
}

/// A file or folder of the real data beside the repository; without it a test says that it was
/// skipped, and why.
#[expect(
    clippy::print_stderr,
    reason = "a test that is skipped says so out loud"
)]
pub fn real_data(path: &str) -> Option<PathBuf> {
    let full = root().join("../shared/data").join(path);
    if full.exists() {
        return Some(full);
    }
    eprintln!("SKIPPED: {} is not there", full.display());
    None
}

/// A Python that has a module, among those of the system and of `.ci/run`; without it a test says that
/// it was skipped. Where `SEXTANT_REQUIRE_PEERS` is set, that is a failure.
#[expect(
    clippy::print_stderr,
    reason = "a test that is skipped says so out loud"
)]
pub fn python(module: &str) -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let own = home.map(|home| home.join(".cache/sextant/python/bin/python"));
    let candidates = own.into_iter().chain([PathBuf::from("python3")]);
    let mut able = candidates.filter(|python| {
        let asked = std::process::Command::new(python)
            .args(["-c", &format!("import {module}")])
            .stderr(std::process::Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    });
    let found = able.next();
    if found.is_none() {
        assert!(
            std::env::var_os("SEXTANT_REQUIRE_PEERS").is_none(),
            "no Python has {module}"
        );
        eprintln!("SKIPPED: no Python has {module}; .ci/run shows how it is installed");
    }
    found
}

/// The bundle of a plugin of this repository, compiled at most once a process.
pub fn bundle(plugin: &str) -> Vec<u8> {
    static BUILT: OnceLock<Mutex<HashMap<String, Vec<u8>>>> = OnceLock::new();
    let mut built = BUILT
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let build = || {
        use_own_target_folder();
        let built = build_crate(
            &root().join("plugins").join(plugin),
            &[],
            &Limits::default(),
        );
        built
            .unwrap_or_else(|error| panic!("plugin {plugin}: {error}"))
            .bytes
    };
    built.entry(plugin.to_owned()).or_insert_with(build).clone()
}

/// The bundle of a guest among the SDK's examples, which are compiled at most once a process.
pub fn example_bundle(example: &str, imports: &[&str]) -> Vec<u8> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        use_own_target_folder();
        let arguments = [
            "build",
            "--quiet",
            "--examples",
            "--package",
            "sextant-plugin-sdk",
            "--target",
            "wasm32-wasip2",
            "--profile",
            "plugin",
        ];
        cargo(&arguments).join("wasm32-wasip2/plugin/examples")
    });
    let component = std::fs::read(folder.join(format!("{example}.wasm"))).expect("it was built");
    let manifest = format!(
        "[plugin]\nname = \"{example}\"\nversion = \"0.1.0\"\n[capabilities]\nimports = {imports:?}\n"
    );
    let content = Content {
        manifest,
        component,
        ..Content::default()
    };
    let packed = pack(&content, &Limits::default());
    packed
        .unwrap_or_else(|error| panic!("{example}: {error}"))
        .0
}

/// Runs cargo in the repository, and gives the folder that it builds into.
fn cargo(arguments: &[&str]) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = std::process::Command::new(cargo);
    // What cargo tells this program of its package would make build scripts run again, and everything
    // that stands on them be built again.
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in variables {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    let built = cargo.args(arguments).current_dir(root()).status();
    assert!(built.expect("cargo starts").success(), "{arguments:?}");
    PathBuf::from(std::env::var_os("CARGO_TARGET_DIR").expect("it was set"))
}

/// Cargo inside of cargo builds into the folder that this program was built into.
pub fn use_own_target_folder() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let program = std::env::current_exe().expect("this program has a path");
        let marked = program
            .ancestors()
            .find(|folder| folder.join("CACHEDIR.TAG").is_file());
        // Cargo marks only a folder that it made: this is `TARGET/PROFILE/deps/PROGRAM`.
        let target = marked
            .or_else(|| program.ancestors().nth(3))
            .expect("this program is in a target folder")
            .to_owned();
        #[expect(
            unsafe_code,
            reason = "cargo and its children take the folder from the environment"
        )]
        // SAFETY: this runs once, before this process starts a child or a thread that reads the
        // environment: only the harness's own threads are there, and they do not.
        unsafe {
            std::env::set_var("CARGO_TARGET_DIR", target);
        }
    });
}

/// The same plugin in another edition: a bundle that differs, and answers differently.
pub fn hostile_edition(edition: u64) -> Vec<u8> {
    let bundle =
        Bundle::from_bytes(&bundle("hostile"), &Limits::default()).expect("it is a bundle");
    let mut component = bundle.component().to_vec();
    let marker = b"EDITION-00000000";
    let places: Vec<_> = component
        .windows(marker.len())
        .enumerate()
        .filter(|(_, bytes)| bytes == marker)
        .map(|(i, _)| i)
        .collect();
    assert!(!places.is_empty(), "the component has the marker");
    for place in places {
        component[place..place + marker.len()].copy_from_slice(edition_text(edition).as_bytes());
    }
    repack(&bundle, component)
}

/// The text by which an edition is known.
pub fn edition_text(edition: u64) -> String {
    format!("EDITION-{edition:08}")
}

/// A bundle with another component, and the rest as it was.
pub fn repack(bundle: &Bundle, component: Vec<u8>) -> Vec<u8> {
    let text = |name| {
        bundle
            .entry(name)
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let content = Content {
        manifest: text("manifest.toml").expect("a bundle has one"),
        component,
        ..Content::default()
    };
    pack(&content, &Limits::default()).expect("it packs").0
}

/// A workspace in a temporary folder.
#[derive(Debug)]
pub struct TestWorkspace {
    folder: tempfile::TempDir,
    workspace: Workspace,
}

impl Default for TestWorkspace {
    fn default() -> Self {
        Self::new()
    }
}

impl TestWorkspace {
    /// An empty workspace.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let workspace = Workspace::init(folder.path()).expect("it can be made");
        Self { folder, workspace }
    }

    /// Adds the bundle of a plugin of this repository.
    #[must_use]
    pub fn plugin(self, name: &str) -> Self {
        self.put(name, &bundle(name));
        self
    }

    /// Adds to `sextant.toml`.
    #[must_use]
    pub fn config(self, text: &str) -> Self {
        let path = self.workspace.config_path();
        let old = std::fs::read_to_string(&path).expect("it was made");
        std::fs::write(path, old + text).expect("it can be written");
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path(name), bytes).expect("it can be written");
        self
    }

    /// Puts a bundle into the watched folder, at once.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let folder = self.workspace.bundles();
        let temporary = folder.join(format!(".{name}.new"));
        std::fs::write(&temporary, bytes).expect("it can be written");
        std::fs::rename(temporary, folder.join(format!("{name}.bundle")))
            .expect("it can be renamed");
    }

    /// Where a file of the workspace is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Opens it.
    pub fn host(&self) -> Host {
        Host::open(self.workspace.clone()).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Runs a query to its end.
pub fn try_query(host: &Host, session: &Session, sql: &str) -> sextant::Result<Vec<RecordBatch>> {
    host.block_on(async { session.query(sql).await?.collect().await })
}

/// Runs a query in a session of its own and gives its rows as lines of texts, tabs between.
pub fn rows(host: &Host, sql: &str) -> Vec<String> {
    let session = host.session().expect("a session");
    let batches = try_query(host, &session, sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    lines(&batches)
}

/// Runs a query that fails, and gives its error.
pub fn failure(host: &Host, sql: &str) -> sextant::Error {
    let session = host.session().expect("a session");
    match try_query(host, &session, sql) {
        Ok(batches) => panic!("{sql} succeeded: {:?}", lines(&batches)),
        Err(error) => error,
    }
}

/// The rows of batches as lines of texts, tabs between.
pub fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let options = arrow::util::display::FormatOptions::default().with_null("NULL");
    let mut lines = Vec::new();
    for batch in batches {
        let columns = batch
            .columns()
            .iter()
            .map(|column| arrow::util::display::ArrayFormatter::try_new(column, &options));
        let columns: Vec<_> = columns
            .collect::<Result<_, _>>()
            .expect("every column can be shown");
        for row in 0..batch.num_rows() {
            let cells: Vec<_> = columns
                .iter()
                .map(|column| column.value(row).to_string())
                .collect();
            lines.push(cells.join("\t"));
        }
    }
    lines
}

/// The `sextant` command, built like this program.
pub fn sextant_command() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        use_own_target_folder();
        let release = !cfg!(debug_assertions);
        // Together with the program that asks, and as a part of what `cargo bench` or `cargo test --workspace`
        // builds, so that all want the same features of what they depend on: nothing is compiled again,
        // and no library is put in the place of one that the caller goes on to link.
        let command = match release {
            true => "build --quiet --release --bin sextant --bench figures",
            false => "build --quiet --workspace --bin sextant --test integration",
        };
        let command = command.split(' ');
        cargo(&command.collect::<Vec<_>>())
            .join(if release { "release" } else { "debug" })
            .join("sextant")
    };
    PATH.get_or_init(build).clone()
}
