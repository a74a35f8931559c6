//! A process of `sextant demo-postgres`, for tests and benchmarks of the plugin `postgres`: a server of their own,
//! listening on 127.0.0.1, gone when it is dropped.

pub mod samples;

use crate::{TestWorkspace, sextant_command};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

/// The role that owns the server.
const OWNER: &str = "postgres";

/// The password of those that sources log in with.
pub const PASSWORD: &str = "pencil and paper";

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
    /// The authority of its certificate, in PEM.
    ca: String,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The server ends with its input.
        drop(self.process.stdin.take());
        self.process.wait().ok();
    }
}

impl Postgres {
    /// The server of all that runs at the same time. It offers TLS as `localhost`, and has roles that log in. Where
    /// PostgreSQL is not installed it says so; where `SEXTANT_REQUIRE_PEERS` is set, that is a failure.
    pub fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    fn start() -> Option<Self> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let made = made.expect("it is made");
        let ca = made.cert.pem();
        let server = Self::run(ca, &made.signing_key.serialize_pem())?;
        let statements = format!(
            "CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}';
             SET password_encryption = 'md5';
             CREATE ROLE asked_for_md5 LOGIN PASSWORD '{PASSWORD}';
             RESET password_encryption;
             CREATE ROLE asked_for_password LOGIN PASSWORD '{PASSWORD}';
             CREATE ROLE asked_for_nothing LOGIN;"
        );
        server.sql(OWNER, &statements);
        Some(server)
    }

    fn run(ca: String, key: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let mut command = Command::new(sextant_command());
        command.arg("demo-postgres");
        for (option, pem) in [("--certificate", &*ca), ("--key", key)] {
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
            ca,
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

    /// Makes a database with what statements make; the role `reader` may read all of it unless they say otherwise.
    pub fn database(&self, name: &str, statements: &str) {
        let may_read = "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader;\n\
            ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO reader;\n";
        self.sql(OWNER, &format!("CREATE DATABASE {name}"));
        self.sql(name, &format!("{may_read}{statements}"));
    }

    /// A workspace with a source `db` of a database, and more configuration of it.
    pub fn workspace(&self, database: &str, more: &str) -> TestWorkspace {
        let grant = format!(
            "{{ address = {:?}, private = true, ca = \"ca.pem\" }}",
            self.address()
        );
        self.workspace_with(&grant, "reader", PASSWORD, database, more)
    }

    /// The same for another grant and login.
    pub fn workspace_with(
        &self,
        grant: &str,
        role: &str,
        password: &str,
        database: &str,
        more: &str,
    ) -> TestWorkspace {
        TestWorkspace::new()
            .plugin("postgres")
            .config(&format!(
                "[source.db]\nplugin = \"postgres\"\ntcp = {{ server = {grant} }}\nrequests = {{ retries = 0 }}\n\
                 secrets = {{ reader = {{ user = {role:?}, password_file = \"word\" }} }}\n\
                 [source.db.config]\nconnection = \"server\"\nsecret = \"reader\"\ndatabase = {database:?}\n{more}\n"
            ))
            .file("word", password)
            .file("ca.pem", &self.ca)
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
