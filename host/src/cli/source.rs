//! `sextant source`: lists, checks, adds and removes sources.

mod change;

use super::output::{Format, Writer};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::registry::Source;
use crate::sql::Session;
use crate::wasm::Scope;
use std::path::Path;
use std::sync::Arc;

/// Commands on sources.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show the sources of the workspace.
    List,
    /// Open sources, describe their tables and read a first row of each.
    Check {
        /// The source; all of them where none is named.
        name: Option<String>,
    },
    /// Write a source into sextant.toml, check it and show its first rows.
    Add(Box<change::Add>),
    /// Take a source out of sextant.toml.
    Remove {
        /// The source.
        name: String,
    },
}

pub(super) fn run(workspace: Option<&Path>, command: Command) -> Result<()> {
    match command {
        Command::List => {
            let host = super::open_host(workspace)?;
            let sql = "SELECT name, plugin, status, inputs, network, error FROM sextant.sources ORDER BY name";
            print(&host, &host.session()?, sql)
        }
        Command::Check { name } => check(&super::open_host(workspace)?, name.as_deref()),
        Command::Add(arguments) => change::add(workspace, *arguments),
        Command::Remove { name } => change::remove(workspace, &name),
    }
}

/// Runs a query and prints its answer as a table.
pub(super) fn print(host: &Host, session: &Session, sql: &str) -> Result<()> {
    host.block_on(async {
        let answer = session.query(sql).await?;
        let schema = Arc::clone(answer.schema());
        let mut out = std::io::stdout();
        let mut writer = Writer::new(Format::Table, &schema, &mut out, false)?;
        for batch in answer.collect().await? {
            writer.write(&batch)?;
        }
        writer.finish()
    })
}

fn check(host: &Host, name: Option<&str>) -> Result<()> {
    let snapshot = host.snapshot();
    let sources: Vec<_> = match name {
        None => snapshot.sources().values().cloned().collect(),
        Some(name) => vec![snapshot.sources().get(name).cloned().ok_or_else(|| {
            let known = snapshot
                .sources()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
                .join(", ");
            Error::not_found(format!("there is no source {name:?}"))
                .with_hint(format!("there are: {known}"))
        })?],
    };
    if sources.is_empty() {
        super::note("there are no sources; describe one in sextant.toml");
    }
    let failed = sources
        .iter()
        .filter(|source| !check_source(host, source))
        .count();
    match failed {
        0 => Ok(()),
        _ => Err(Error::config(format!(
            "{failed} of {} sources failed",
            sources.len()
        ))),
    }
}

fn check_source(host: &Host, source: &Arc<Source>) -> bool {
    let limits = Arc::clone(host.limits());
    let tables = host.block_on(async { source.tables(&Scope::new(&limits)).await });
    let tables = match tables {
        Ok(tables) => tables,
        Err(error) => {
            println!("failed  {}", source.name());
            super::print_error(&error);
            return false;
        }
    };
    let mut sound = true;
    for table in tables.iter() {
        let name = format!("{}.{}", source.name(), table.name);
        if let Some(problem) = &table.problem {
            println!("failed  {name}");
            super::print_error(problem);
            sound = false;
            continue;
        }
        let columns = table.columns.fields().len();
        if !table.required_keys.is_empty() {
            println!("ok      {name}: {columns} columns, asked by key");
            continue;
        }
        match host.block_on(first_row(host, source.name(), &table.name)) {
            Ok(0) => println!("ok      {name}: {columns} columns, no rows"),
            Ok(_) => println!("ok      {name}: {columns} columns"),
            Err(error) => {
                println!("failed  {name}");
                super::print_error(&error);
                sound = false;
            }
        }
    }
    sound
}

async fn first_row(host: &Host, source: &str, table: &str) -> Result<usize> {
    let sql = format!("SELECT * FROM \"{source}\".\"{table}\" LIMIT 1");
    let batches = host.session()?.query(&sql).await?.collect().await?;
    Ok(batches.iter().map(|batch| batch.num_rows()).sum())
}
