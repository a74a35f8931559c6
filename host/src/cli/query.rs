//! `sextant query`: runs SQL and writes the answers.

use super::output::{Format, Out, Writer};
use crate::error::{Context, Error, Result};
use crate::host::Host;
use crate::sql::{Answer, Session};
use crate::wasm::Scope;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of `query`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The statements, separated by semicolons; may be given several times.
    #[arg(
        short = 'c',
        long = "command",
        value_name = "SQL",
        conflicts_with = "file"
    )]
    commands: Vec<String>,
    /// A file with the statements; without -c and -f they are read from standard input.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// How to write answers. Tables and markdown are held in memory until they end, the others
    /// are written as they come. `arrow` is an IPC stream.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Where to write them, instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(workspace: Option<&Path>, arguments: Arguments) -> Result<()> {
    let texts = texts(&arguments)?;
    let host = super::open_host(workspace)?;
    let session = host.session()?;
    match &arguments.output {
        None => {
            let out = std::io::stdout();
            let decorated = out.is_terminal();
            if decorated && arguments.format.is_binary() {
                return Err(Error::config("that format is not for a terminal")
                    .with_hint("write it into a file with --output FILE"));
            }
            run_texts(
                &host,
                &session,
                &texts,
                arguments.format,
                &mut std::io::BufWriter::new(out),
                decorated,
            )
        }
        Some(path) => write_file(path, |out| {
            run_texts(&host, &session, &texts, arguments.format, out, false)
        }),
    }
}

fn texts(arguments: &Arguments) -> Result<Vec<String>> {
    if !arguments.commands.is_empty() {
        return Ok(arguments.commands.clone());
    }
    if let Some(path) = &arguments.file {
        return Ok(vec![
            std::fs::read_to_string(path).context(|| path.display().to_string())?,
        ]);
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context(|| "standard input".to_owned())?;
    Ok(vec![text])
}

/// Writes a file that appears when it is whole.
fn write_file(path: &Path, write: impl FnOnce(Out<'_>) -> Result<()>) -> Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let place = || path.display().to_string();
    let file = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .context(place)?;
    let mut out = std::io::BufWriter::new(file);
    write(&mut out)?;
    let file = out
        .into_inner()
        .map_err(|error| Error::from(error.into_error()))
        .context(place)?;
    file.persist(path)
        .map_err(|error| Error::from(error.error))
        .context(place)?;
    Ok(())
}

fn run_texts(
    host: &Host,
    session: &Session,
    texts: &[String],
    format: Format,
    out: Out<'_>,
    decorated: bool,
) -> Result<()> {
    for text in texts {
        for statement in session.statements(text)? {
            let answer = host.block_on(cancellable(session.run(statement)))?;
            let scope = Arc::clone(answer.scope());
            let written = host.block_on(write_answer(answer, format, &mut *out, decorated));
            print_reports(&scope);
            written?;
        }
    }
    match out.flush() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::from(error)),
        _ => Ok(()),
    }
}

/// Ctrl-C while planning drops the future, and that cancels the query.
async fn cancellable<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(Error::cancelled("the query was cancelled")),
    }
}

async fn write_answer(
    mut answer: Answer,
    format: Format,
    out: Out<'_>,
    decorated: bool,
) -> Result<()> {
    if answer.schema().fields().is_empty() {
        return answer.next().await.map(|_| ());
    }
    let mut writer = Writer::new(format, answer.schema(), out, decorated)?;
    loop {
        let batch = cancellable(answer.next()).await?;
        let Some(batch) = batch else { break };
        match writer.write(&batch) {
            // Whoever read this has enough.
            Err(error) if error.is_broken_pipe() => return Ok(()),
            written => written?,
        }
    }
    match writer.finish() {
        Err(error) if error.is_broken_pipe() => Ok(()),
        finished => finished,
    }
}

/// What the sources reported: it is part of the answer, but not of the rows.
fn print_reports(scope: &Scope) {
    for skipped in scope.skipped() {
        super::note(&format!(
            "note: source {:?} left out {} records; the first: {}",
            skipped.source, skipped.count, skipped.first
        ));
    }
    let (warnings, more) = scope.warnings();
    for warning in warnings {
        super::note(&format!("warning: {warning}"));
    }
    if more > 0 {
        super::note(&format!("warning: and {more} warnings more"));
    }
}
