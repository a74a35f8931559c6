//! `sextant demo`: builds the repository's plugins, works a case with planted truths (or the real
//! lists, with `--data`), and ends by replacing a plugin while a query runs.

mod files;
pub(super) mod gateway;
mod ministry;
mod people;
pub(super) mod postgres;
mod real;
mod swap;
mod synthetic;

use super::plugin::build;
use super::source::print;
use crate::error::{Context, Error, Result};
use crate::host::Host;
use crate::sql::Session;
use crate::workspace::Workspace;
use std::path::{Path, PathBuf};

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Work the real lists in this folder instead of the synthetic case.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Start no PostgreSQL server, also where it is installed: a file stands in for the database.
    #[arg(long, conflicts_with = "data")]
    without_postgres: bool,
}

/// What the demo works on.
struct Case {
    /// The plugins that it needs.
    plugins: &'static [&'static str],
    /// The gateway that the source `gateway` asks, where there is one.
    gateway: Option<gateway::Gateway>,
    /// The server of the database that the source `ministry` reads, where there is one.
    database: Option<postgres::Server>,
    /// The sources, as `sextant.toml` describes them.
    sources: String,
    /// Views, in the order in which they use each other.
    views: &'static [&'static str],
    /// Titles and queries.
    steps: &'static [(&'static str, &'static str)],
    /// A query over more pairs than are taken at once, with the edition of the rule that judged
    /// each, which is still running when the rule is replaced.
    pairs: &'static str,
    /// The step that is worked again with the second edition of the rule.
    last: (&'static str, &'static str),
}

impl Case {
    /// The sources that do not answer without the demo.
    fn ending(&self) -> Vec<&'static str> {
        let gateway = self.gateway.is_some().then_some("gateway");
        let database = self.database.is_some().then_some("ministry");
        gateway.into_iter().chain(database).collect()
    }
}

/// The file of a workspace that keeps what the demo wrote into `sextant.toml`.
const WRITTEN: &str = "case/sources.toml";

pub(super) fn run(workspace: Option<&Path>, arguments: &Arguments) -> Result<()> {
    let is_kept = workspace.is_some();
    let repository = repository()?;
    let temporary = tempfile::tempdir()?;
    let root = workspace.unwrap_or(temporary.path());
    let case = match &arguments.data {
        None => synthetic::case(root, !arguments.without_postgres)?,
        Some(data) => real::case(data)?,
    };
    let workspace = prepare(root, &case.sources)?;
    for plugin in case.plugins {
        let folder = repository.join("plugins").join(plugin);
        let (built, _) = build(&folder, &[], &workspace.bundles())?;
        let digest = built.bundle.digest();
        super::note(&format!("built {} {}", built.name, digest.short()));
    }
    let mut host = Host::open(workspace)?;
    host.watch()?;
    let session = host.session()?;
    show(
        &host,
        &session,
        "What is loaded",
        "SELECT name, version, substr(bundle_digest, 1, 12) AS digest FROM sextant.plugins ORDER BY name",
    )?;
    println!("\n-- How names are compared\n");
    for view in case.views {
        println!("{view};\n");
        host.block_on(async { session.query(view).await?.collect().await })?;
    }
    for (title, sql) in case.steps {
        show(&host, &session, title, sql)?;
    }
    swap::run(&host, &session, &repository, case.pairs)?;
    let (title, sql) = case.last;
    show(
        &host,
        &session,
        &format!("{title}, by the second edition"),
        sql,
    )?;
    let ending = case.ending();
    if is_kept && !ending.is_empty() {
        super::note(&format!(
            "what the sources {} of {workspace} ask ends with the demo; they answer again while `sextant demo --workspace {workspace}` runs",
            ending.join(" and "),
            workspace = root.display()
        ));
    }
    Ok(())
}

fn show(host: &Host, session: &Session, title: &str, sql: &str) -> Result<()> {
    println!("\n-- {title}\n\n{sql};\n");
    print(host, session, sql)
}

/// Makes a workspace with the sources in it. Those of an earlier demo are replaced: servers have other ports.
fn prepare(root: &Path, sources: &str) -> Result<Workspace> {
    let workspace = Workspace::init(root)?;
    let path = workspace.config_path();
    let config = std::fs::read_to_string(&path).context(|| path.display().to_string())?;
    let written = root.join(WRITTEN);
    let earlier = std::fs::read_to_string(&written).unwrap_or_default();
    let config = if !earlier.is_empty() && config.contains(&earlier) {
        config.replacen(&earlier, sources, 1)
    } else if workspace.config()?.sources.is_empty() {
        config + sources
    } else {
        return Err(
            Error::config(format!("{} has sources of its own", path.display()))
                .with_hint("name an empty folder with --workspace DIR"),
        );
    };
    std::fs::create_dir_all(root.join("case"))?;
    for (path, text) in [(&path, config.as_str()), (&written, sources)] {
        std::fs::write(path, text).context(|| path.display().to_string())?;
    }
    Ok(workspace)
}

/// The repository, whose plugins are built: upwards from here, or from the program.
pub(super) fn repository() -> Result<PathBuf> {
    let starts = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    let mut folders = starts.iter().flatten().flat_map(|start| start.ancestors());
    let found = folders.find(|folder| {
        folder.join("Cargo.toml").is_file() && folder.join("plugins/names").is_dir()
    });
    found.map(Path::to_owned).ok_or_else(|| {
        Error::not_found("the repository with the plugins is not here")
            .with_hint("run the demo from a clone of the repository: cargo run --release -- demo")
    })
}
