//! The command line: one file a command. Answers go to standard output, everything else to
//! standard error; colour only where a person looks. Exit codes: 0 done, 1 failed, 2 misused.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the room that prints"
)]

mod bench;
mod demo;
mod doctor;
mod endurance;
mod init;
mod output;
mod plugin;
mod query;
mod random;
mod scaffold;
mod source;
mod test;

use crate::error::{Error, Result};
use crate::host::Host;
use crate::workspace::Workspace;
use clap::{Parser, Subcommand};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// One SQL space over sandboxed plugins.
#[derive(Debug, Parser)]
#[command(name = "sextant", version, about, disable_help_subcommand = true)]
struct Arguments {
    /// The workspace; else the nearest folder upwards with a sextant.toml, else the user's own.
    #[arg(long, global = true, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Show what plugins log; twice for everything.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a workspace.
    Init(init::Arguments),
    /// Run SQL.
    Query(query::Arguments),
    /// List, check, add and remove sources.
    #[command(subcommand)]
    Source(source::Command),
    /// Make, build and list plugins.
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Look at everything that the workspace needs, and say what is wrong and how to mend it.
    Doctor,
    /// Replace, crash and cancel plugins at random under querying threads, and report what went wrong.
    Endurance(endurance::Arguments),
    /// Work a case, from building the plugins to replacing one while a query runs.
    Demo(demo::Arguments),
    /// Answer look-ups by key with made-up records, on this machine alone.
    DemoGateway(demo::gateway::Arguments),
    /// Run a PostgreSQL server with nothing in it, on this machine alone, until standard input ends.
    DemoPostgres(demo::postgres::Arguments),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_log(arguments.verbose);
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let workspace = arguments.workspace.as_deref();
    match arguments.command {
        Command::Init(own) => init::run(&own),
        Command::Query(own) => query::run(workspace, own),
        Command::Source(command) => source::run(workspace, command),
        Command::Plugin(command) => plugin::run(workspace, command),
        Command::Endurance(own) => endurance::run(&own),
        Command::Doctor => doctor::run(workspace),
        Command::Demo(own) => demo::run(workspace, &own),
        Command::DemoGateway(own) => demo::gateway::run(own),
        Command::DemoPostgres(own) => demo::postgres::run(&own),
    }
}

/// Opens the host of a workspace, and says what is wrong in it: one broken bundle or source stops
/// nothing else.
fn open_host(workspace: Option<&std::path::Path>) -> Result<Host> {
    Host::open(Workspace::find(workspace)?)
}

fn start_log(verbose: u8) {
    let default = match verbose {
        0 => "off,sextant=warn,plugin=error",
        1 => "warn,sextant=info,plugin=info",
        _ => "info,sextant=trace,plugin=trace",
    };
    let filter = EnvFilter::try_from_env("SEXTANT_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time()
        .with_target(false)
        .init();
}

/// Prints a line to standard error: progress, notes.
fn note(text: &str) {
    eprintln!("{}", output::visible(text));
}

fn print_error(error: &Error) {
    let (red, bold, plain) = match std::io::stderr().is_terminal() {
        true => ("\x1b[1;31m", "\x1b[1m", "\x1b[0m"),
        false => ("", "", ""),
    };
    let visible = output::visible;
    eprintln!("{red}error{plain}: {}", visible(&error.to_string()));
    if let Some(place) = error.place() {
        eprintln!("{}", visible(place.trim_end()));
    }
    if let Some(hint) = error.hint() {
        eprintln!("{bold}hint{plain}: {}", visible(hint));
    }
}
