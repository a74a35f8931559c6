//! `sextant query`: runs SQL and writes the answers.

use super::output::{Format, Out, Writer};
use crate::error::{Context, Error, Result};
use crate::host::Host;
use crate::sql::{Answer, Session};
use crate::wasm::Scope;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;

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
    // Not before: until there is a query to cancel, Ctrl-C just ends the process.
    let interrupt = Interrupt::listen()?;
    let session = host.session()?;
    let run = |out: Out<'_>, decorated| {
        let mut out = Pipe::new(out);
        let work = Work {
            host: &host,
            session: &session,
            interrupt: &interrupt,
            format: arguments.format,
            decorated,
        };
        work.run(&texts, &mut out)
    };
    match &arguments.output {
        None => {
            let out = std::io::stdout();
            let decorated = out.is_terminal();
            if decorated && arguments.format.is_binary() {
                return Err(Error::config("that format is not for a terminal")
                    .with_hint("write it into a file with --output FILE"));
            }
            run(&mut std::io::BufWriter::new(out), decorated).map(|_| ())
        }
        Some(path) => write_file(path, |out| match run(out, false)? {
            0 => Err(
                Error::config("none of the statements has an answer to write").with_hint(format!(
                    "{} is left as it was; leave out --output for statements without one",
                    path.display()
                )),
            ),
            _ => Ok(()),
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

/// Writes a file that appears when it is whole. What is no regular file (a pipe, a device) is written
/// to as it is, and a link leads to what is written.
fn write_file(path: &Path, write: impl FnOnce(Out<'_>) -> Result<()>) -> Result<()> {
    let place = || path.display().to_string();
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if std::fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file()) {
        let file = std::fs::OpenOptions::new().write(true).open(&target);
        let mut out = std::io::BufWriter::new(file.context(place)?);
        write(&mut out)?;
        return out.flush().context(place);
    }
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
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
    file.persist(&target)
        .map_err(|error| Error::from(error.error))
        .context(place)?;
    Ok(())
}

/// Ctrl-C, heard on a thread of its own: those of queries may all be busy.
struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    fn listen() -> Result<Self> {
        let (send, receive) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listen = async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                send.send_replace(true);
            }
            // Whoever asks twice does not want to wait, for a pipe without a reader for instance.
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
            // The sender stays: without it, whoever waits would take that for an interrupt.
            std::future::pending::<()>().await;
        };
        std::thread::Builder::new()
            .name("sextant-interrupt".to_owned())
            .spawn(move || runtime.block_on(listen))?;
        Ok(Self(receive))
    }

    /// Does work until it ends or is interrupted. Dropping the work cancels the query.
    async fn or<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut interrupted = self.0.clone();
        tokio::select! {
            result = work => result,
            _ = interrupted.wait_for(|interrupted| *interrupted) => {
                Err(Error::cancelled("the query was cancelled"))
            }
        }
    }
}

/// What the statements of a command are run with.
struct Work<'a> {
    host: &'a Host,
    session: &'a Session,
    interrupt: &'a Interrupt,
    format: Format,
    decorated: bool,
}

impl Work<'_> {
    /// Runs all statements, and says how many answers were written.
    fn run(&self, texts: &[String], out: &mut Pipe<'_>) -> Result<usize> {
        let mut answers = 0;
        for text in texts {
            for statement in self.session.statements(text)? {
                let running = self.interrupt.or(self.session.run(statement));
                let answer = self.host.block_on(running)?;
                if !answer.schema().fields().is_empty() {
                    answers += 1;
                    self.check_answers(answers)?;
                }
                let scope = Arc::clone(answer.scope());
                let written = self.host.block_on(self.write(answer, out));
                let written = written.and_then(|()| Ok(out.flush()?));
                print_reports(&scope);
                match written {
                    // Whoever read this has enough.
                    Err(_) if out.is_broken() => return Ok(answers),
                    written => written?,
                }
            }
        }
        Ok(answers)
    }

    fn check_answers(&self, answers: usize) -> Result<()> {
        match answers > 1 && self.format.holds_one_answer() {
            true => Err(Error::config(format!(
                "{} holds one answer, and there is a second",
                self.format
            ))
            .with_hint(
                "give one statement with an answer, or choose table, csv, ndjson or markdown",
            )),
            false => Ok(()),
        }
    }

    async fn write(&self, mut answer: Answer, out: &mut Pipe<'_>) -> Result<()> {
        if answer.schema().fields().is_empty() {
            return self.interrupt.or(answer.next()).await.map(|_| ());
        }
        let mut writer = Writer::new(self.format, answer.schema(), out, self.decorated)?;
        while let Some(batch) = self.interrupt.or(answer.next()).await? {
            writer.write(&batch)?;
            for loss in self.format.losses(&batch) {
                answer.scope().warn(loss);
            }
        }
        writer.finish()
    }
}

/// An output that knows whether its reader has gone away, which writers of formats do not tell.
struct Pipe<'a> {
    out: Out<'a>,
    broken: bool,
}

impl<'a> Pipe<'a> {
    fn new(out: Out<'a>) -> Self {
        Self { out, broken: false }
    }

    fn is_broken(&self) -> bool {
        self.broken
    }

    fn watch<T>(&mut self, result: std::io::Result<T>) -> std::io::Result<T> {
        if let Err(error) = &result {
            self.broken |= error.kind() == std::io::ErrorKind::BrokenPipe;
        }
        result
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes);
        self.watch(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = self.out.flush();
        self.watch(flushed)
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
