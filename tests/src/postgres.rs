//! A process of `sextant demo-postgres`, for tests and benchmarks of the plugin `postgres`: a server of their own,
//! listening on 127.0.0.1, gone when it is dropped.

use crate::sextant_command;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

/// The role that owns the server.
const OWNER: &str = "postgres";

/// Roles that are asked for what no proof is; all others log in with SCRAM.
const LOGINS: [&str; 3] = [
    "host all asked_for_md5 127.0.0.1/32 md5",
    "host all asked_for_password 127.0.0.1/32 password",
    "host all asked_for_nothing 127.0.0.1/32 trust",
];

/// Room for large tables, and for many tests at the same time.
const SETTINGS: [&str; 2] = ["max_wal_size=4GB", "max_connections=50"];

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    process: Child,
    programs: PathBuf,
    port: u16,
    password: String,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The server ends with its input.
        drop(self.process.stdin.take());
        self.process.wait().ok();
    }
}

impl Postgres {
    /// Starts a server that offers TLS with a certificate and its key, both in PEM. Where PostgreSQL is not
    /// installed it says so; where `SEXTANT_REQUIRE_PEERS` is set, that is a failure.
    pub fn start(certificate: &str, key: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let mut command = Command::new(sextant_command());
        command.arg("demo-postgres");
        for (option, pem) in [("--certificate", certificate), ("--key", key)] {
            let path = folder.path().join(option);
            std::fs::write(&path, pem).expect("it can be written");
            command.arg(option).arg(path);
        }
        for login in LOGINS {
            command.args(["--login", login]);
        }
        for setting in SETTINGS {
            command.args(["--set", setting]);
        }
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        let said = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut lines = said.lines().map_while(Result::ok);
        let (Some(url), Some(programs)) = (lines.next(), lines.next()) else {
            let output = process.wait_with_output().expect("it ends");
            skip(&String::from_utf8_lossy(&output.stderr));
            return None;
        };
        let (password, port) = parts(&url).unwrap_or_else(|| panic!("{url} is no address"));
        Some(Self {
            process,
            programs: programs.into(),
            port,
            password,
        })
    }

    /// Its `host:port`, by name, for which a certificate may be.
    pub fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// `psql` as the owner, with options for output that is nothing but rows.
    pub fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
        psql.args(["--username", OWNER, "--dbname", database]);
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"]);
        psql.args(["--field-separator", "\t", "--set", "ON_ERROR_STOP=1"]);
        psql.env("PGPASSWORD", &self.password)
            .env("PGTZ", "UTC")
            .env("PGCLIENTENCODING", "UTF8");
        psql
    }

    /// Runs statements as the owner, and gives their rows as lines, tabs between.
    pub fn sql(&self, database: &str, statements: &str) -> Vec<String> {
        let mut psql = self.psql(database);
        psql.stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut running = psql.spawn().expect("psql starts");
        let mut stdin = running.stdin.take().expect("it is piped");
        let text = statements.to_owned();
        let writing = thread::spawn(move || stdin.write_all(text.as_bytes()));
        let done = running.wait_with_output().expect("it ends");
        writing.join().expect("no panic").ok();
        let error = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{statements}: {error}");
        let lines = String::from_utf8(done.stdout).expect("it is UTF-8");
        lines.lines().map(str::to_owned).collect()
    }

    /// Makes a database, and in it what statements make.
    pub fn database(&self, name: &str, statements: &str) {
        self.sql(OWNER, &format!("CREATE DATABASE {name}"));
        self.sql(name, statements);
    }
}

/// The password and the port of `postgresql://OWNER:PASSWORD@HOST:PORT/DATABASE`.
fn parts(url: &str) -> Option<(String, u16)> {
    let (_, rest) = url.split_once(&format!("//{OWNER}:"))?;
    let (password, rest) = rest.split_once('@')?;
    let (address, _) = rest.split_once('/')?;
    let (_, port) = address.split_once(':')?;
    Some((password.to_owned(), port.parse().ok()?))
}

/// Says that tests are skipped, where all that is wrong is that no PostgreSQL is installed.
#[expect(
    clippy::print_stderr,
    reason = "a test that is skipped says so out loud"
)]
fn skip(said: &str) {
    let is_missing = said.starts_with("error: no PostgreSQL is installed");
    let is_required = std::env::var_os("SEXTANT_REQUIRE_PEERS").is_some();
    assert!(is_missing && !is_required, "{said}");
    eprintln!("SKIPPED: no PostgreSQL is installed; .ci/run shows how it is");
}
