//! `sextant source`: lists, checks, adds and removes sources.

mod change;

use super::output::{Format, Writer};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::registry::Source;
use crate::sql::Session;
use crate::wasm::{Scope, TableDescription};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
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
        Command::Check { name } => check(&super::open_host(workspace)?, name.as_deref(), None),
        Command::Add(arguments) => change::add(workspace, *arguments),
        Command::Remove { name } => change::remove(workspace, &name),
    }
}

/// Runs a query and prints its answer as a table.
pub(super) fn print(host: &Host, session: &Session, sql: &str) -> Result<()> {
    write(&host.block_on(read(session, sql))?)
}

type Rows = (SchemaRef, Vec<RecordBatch>);

async fn read(session: &Session, sql: &str) -> Result<Rows> {
    let answer = session.query(sql).await?;
    let schema = Arc::clone(answer.schema());
    Ok((schema, answer.collect().await?))
}

fn write((schema, batches): &Rows) -> Result<()> {
    let mut out = std::io::stdout();
    let mut writer = Writer::new(Format::Table, schema, &mut out, false)?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()
}

/// Checks a source, or all of them, and shows so many first rows of each table. One that fails keeps no other from
/// being looked at.
fn check(host: &Host, name: Option<&str>, rows_shown: Option<usize>) -> Result<()> {
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
        .filter(|source| !check_source(host, source, rows_shown))
        .count();
    match failed {
        0 => Ok(()),
        _ => Err(Error::config(format!(
            "{failed} of {} sources failed",
            sources.len()
        ))),
    }
}

fn check_source(host: &Host, source: &Arc<Source>, rows_shown: Option<usize>) -> bool {
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
        if let Err(error) = check_table(host, source.name(), table, rows_shown) {
            println!("failed  {}.{}", source.name(), table.name);
            super::print_error(&error);
            sound = false;
        }
    }
    sound
}

fn check_table(
    host: &Host,
    source: &str,
    table: &TableDescription,
    rows_shown: Option<usize>,
) -> Result<()> {
    if let Some(problem) = &table.problem {
        return Err(problem.clone());
    }
    let name = format!("{source}.{}", table.name);
    let columns = table.columns.fields().len();
    if !table.required_keys.is_empty() {
        println!("ok      {name}: {columns} columns, asked by key");
        return Ok(());
    }
    let sql = format!(
        "SELECT * FROM \"{source}\".\"{}\" LIMIT {}",
        table.name,
        rows_shown.unwrap_or(1)
    );
    let session = host.session()?;
    let rows = host.block_on(read(&session, &sql))?;
    match rows.1.iter().any(|batch| batch.num_rows() > 0) {
        true => println!("ok      {name}: {columns} columns"),
        false => println!("ok      {name}: {columns} columns, no rows"),
    }
    if rows_shown.is_some() {
        println!("\n-- {sql}\n");
        write(&rows)?;
    }
    Ok(())
}
