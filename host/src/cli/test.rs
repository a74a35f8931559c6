//! `sextant plugin test`: runs the examples of a bundle, and asks its functions and tables for what
//! all of them must bear: no rows, nulls, every type, pushed predicates, too little memory, being
//! cancelled and being replaced.
//!
//! What a bundle brings along is not trusted: its SQL reaches plugins and sources alone, and its
//! sources read its own files alone.

mod functions;
mod keys;
mod lifecycle;
mod tables;

use super::output::visible;
use super::random::Random;
use crate::bundle::{Bundle, build_crate};
use crate::error::{Context, Error, Result};
use crate::host::Host;
use crate::input::Paths;
use crate::limits::Limits;
use crate::net::NetworkConfig;
use crate::registry::BUNDLE_EXTENSION;
use crate::sql::{Reach, Session};
use crate::wasm::Plugin;
use crate::workspace::{CONFIG_FILE, Workspace};
use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Arguments of `plugin test`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A bundle, or the folder of a plugin's crate, which is built before.
    #[arg(value_name = "BUNDLE|DIR", default_value = ".")]
    path: PathBuf,
    /// How many random predicates each table is asked.
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    predicates: usize,
    /// What is random follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Rows that a test looks at.
const ROWS_MAX: usize = 1_000_000;
/// How long a query of a test may take.
const TIME_MAX: Duration = Duration::from_secs(120);

/// How many tests passed, and which did not.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    fn add(&mut self, what: &str, result: Result<()>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(error) => {
                self.failed += 1;
                println!("failed  {}", visible(what));
                println!("        {}", visible(&error.to_string()));
                if let Some(hint) = error.hint() {
                    println!("        {}", visible(hint));
                }
            }
        }
    }
}

/// A workspace with nothing but the bundle and its examples.
pub(super) struct Bench {
    bundle: Bundle,
    bytes: Vec<u8>,
    pub(super) host: Host,
    // Removed when the host is gone.
    _folder: TempDir,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let path = &arguments.path;
    let bytes = match path.is_dir() {
        true => build_crate(path, &[], &Limits::default())?.bytes,
        false => std::fs::read(path).context(|| path.display().to_string())?,
    };
    let bench = Bench::new(bytes)?;
    let plugin = bench.plugin()?;
    let mut tally = Tally::default();
    for function in plugin.functions() {
        functions::test(&bench, function, &mut tally)?;
    }
    tables::test(&bench, arguments, &mut tally)?;
    lifecycle::test(&bench, &mut tally)?;
    println!("{} passed, {} failed", tally.passed, tally.failed);
    match tally.failed {
        0 => Ok(()),
        count => Err(Error::plugin(format!("{count} tests failed"))),
    }
}

impl Bench {
    /// A host of its own for the bundle, which is granted what it declares.
    pub(super) fn new(bytes: Vec<u8>) -> Result<Self> {
        Self::within(bytes, None)
    }

    /// The same, within another limit, by its key.
    fn within(bytes: Vec<u8>, limit: Option<(&str, usize)>) -> Result<Self> {
        let bundle = Bundle::from_bytes(&bytes, &Limits::default())?;
        let folder = tempfile::tempdir()?;
        let workspace = Workspace::init(folder.path())?;
        for (name, content) in bundle.examples() {
            std::fs::write(folder.path().join(name), content).context(|| name.to_owned())?;
        }
        check_examples(&workspace, &bundle)?;
        let mut config = std::fs::read_to_string(workspace.config_path())?;
        if let Some((key, limit)) = limit {
            config += &format!("\n[limits]\n{key} = {limit}\n");
        }
        // More than the defaults is what the bundle declares, and what this test is about.
        let declared = bundle.manifest().limits.to_string();
        let granted = declared.split(", ");
        let granted: Vec<_> = granted
            .filter(|granted| limit.is_none_or(|(key, _)| !granted.starts_with(key)))
            .collect();
        let name = &bundle.manifest().name;
        config += &format!("\n[plugin.{name}.limits]\n{}\n", granted.join("\n"));
        std::fs::write(workspace.config_path(), config)?;
        std::fs::write(bundle_file(&workspace), &bytes)?;
        let host = Host::open(workspace)?;
        Ok(Self {
            bundle,
            bytes,
            host,
            _folder: folder,
        })
    }

    /// The plugin, or why it does not load.
    pub(super) fn plugin(&self) -> Result<Arc<Plugin>> {
        let snapshot = self.host.snapshot();
        let entry = snapshot.plugins().values().next();
        let entry = entry.ok_or_else(|| Error::internal("the bundle is not there"))?;
        match (&entry.error, &entry.plugin) {
            (Some(error), _) => Err(error.clone()),
            (None, Some(plugin)) => Ok(Arc::clone(plugin)),
            (None, None) => Err(Error::internal("the bundle was not loaded")),
        }
    }

    /// A session for SQL of this program, into which what the plugin says is written.
    pub(super) fn session(&self) -> Result<Session> {
        self.host.session_within(Reach::Session)
    }

    /// A session for SQL of the bundle.
    fn confined(&self) -> Result<Session> {
        self.host.session_within(Reach::Plugins)
    }

    /// The answer to a query, which may be of an untrusted bundle, within bounds.
    fn answer(&self, session: &Session, sql: &str) -> Result<Vec<RecordBatch>> {
        let collect = async {
            let mut answer = session.query(sql).await?;
            let (mut batches, mut rows) = (Vec::new(), 0);
            while let Some(batch) = answer.next().await? {
                rows += batch.num_rows();
                if rows > ROWS_MAX {
                    let message = format!("rows of an answer: more than {ROWS_MAX}");
                    return Err(Error::limit(message)
                        .with_hint("examples are small: a test looks at all of their rows"));
                }
                batches.push(batch);
            }
            Ok(batches)
        };
        let within = async { tokio::time::timeout(TIME_MAX, collect).await };
        self.host.block_on(within).unwrap_or_else(|_| {
            Err(Error::limit(format!(
                "a query took longer than {TIME_MAX:?}"
            )))
        })
    }

    /// The rows of an answer as lines.
    fn lines(&self, session: &Session, sql: &str) -> Result<Vec<String>> {
        self.answer(session, sql).map(|batches| lines(&batches))
    }
}

fn bundle_file(workspace: &Workspace) -> PathBuf {
    workspace
        .bundles()
        .join(format!("tested.{BUNDLE_EXTENSION}"))
}

/// The sources of a bundle's examples are its own, and read files of the bundle alone.
fn check_examples(workspace: &Workspace, bundle: &Bundle) -> Result<()> {
    let config = workspace.config().context(|| "examples".to_owned())?;
    let name = &bundle.manifest().name;
    let refused = |message: String| {
        Err(Error::bundle(format!("examples/{CONFIG_FILE}: {message}")).with_hint(format!(
            "examples are sources of plugin {name:?} whose inputs are files of the folder examples"
        )))
    };
    if config.limits != Limits::default() || !config.plugins.is_empty() || !config.accounting {
        return refused("it grants or limits something".to_owned());
    }
    for (source, config) in &config.sources {
        let config = config.clone()?;
        if config.plugin != *name {
            return refused(format!(
                "source {source:?} is of plugin {:?}",
                config.plugin
            ));
        }
        if config.network != NetworkConfig::default() {
            return refused(format!("source {source:?} reaches the network"));
        }
        for paths in config.inputs.values() {
            let paths = match paths {
                Paths::One(path) => std::slice::from_ref(path),
                Paths::Many(paths) => paths,
            };
            if let Some(path) = paths.iter().find(|path| path.contains(['/', '\\'])) {
                return refused(format!("source {source:?} reads {path:?}"));
            }
        }
    }
    Ok(())
}

/// Rows as CSV without a header; a cell with a comma, a quote or a newline is quoted.
fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::default();
    let mut lines = Vec::new();
    for batch in batches {
        let columns = batch.columns().iter();
        let columns: Vec<_> = columns
            .filter_map(|column| ArrayFormatter::try_new(column, &options).ok())
            .collect();
        for row in 0..batch.num_rows() {
            let cells = columns.iter().map(|column| {
                let cell = column.value(row).to_string();
                match cell.contains([',', '"', '\n']) {
                    true => format!("\"{}\"", cell.replace('"', "\"\"")),
                    false => cell,
                }
            });
            lines.push(cells.collect::<Vec<_>>().join(","));
        }
    }
    lines
}

/// That two answers have the same rows, whatever their order.
fn same_rows(what: &str, mut found: Vec<String>, mut due: Vec<String>) -> Result<()> {
    found.sort_unstable();
    due.sort_unstable();
    if found == due {
        return Ok(());
    }
    let differing = found.iter().zip(&due).find(|(found, due)| found != due);
    let first = match differing {
        Some((found, due)) => format!("{found:?} instead of {due:?}"),
        None => "some are missing".to_owned(),
    };
    let (found, due) = (found.len(), due.len());
    Err(Error::plugin(format!(
        "{found} rows instead of {due}, in order first {first}: {what}"
    )))
}
