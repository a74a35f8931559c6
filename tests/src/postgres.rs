//! A PostgreSQL server of the tests' own: made in a temporary folder, listening on 127.0.0.1, gone when it
//! is dropped. It is Debian's package, or whatever `initdb` is on the path.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use tempfile::TempDir;

/// The role that owns the server, and its password.
const OWNER: &str = "postgres";
const OWNER_PASSWORD: &str = "the owner's own";

/// Who may log in how: roles that are asked for what no proof is, and all others.
const LOGINS: &str = "host all asked_for_md5 127.0.0.1/32 md5\n\
    host all asked_for_password 127.0.0.1/32 password\n\
    host all asked_for_nothing 127.0.0.1/32 trust\n\
    host all all 127.0.0.1/32 scram-sha-256\n";

/// How often another port is tried.
const TRIES: usize = 5;

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    server: Child,
    programs: PathBuf,
    port: u16,
    // Removed when the server is gone.
    _folder: TempDir,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It ends its own processes, which a kill would leave behind for a while.
        let pid = self.server.id().to_string();
        Command::new("kill").args(["-INT", &pid]).status().ok();
        self.server.wait().ok();
    }
}

impl Postgres {
    /// Starts a server that offers TLS with a certificate and its key, both in PEM. Where none is
    /// installed it says so; where `SEXTANT_REQUIRE_PEERS` is set, that is a failure.
    pub fn start(certificate: &str, key: &str) -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let user = server_user();
        let put = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).expect("it can be written");
            let only_owner = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&path, only_owner).expect("it is ours");
            if let Some((uid, gid)) = user {
                chown(&path, Some(uid), Some(gid)).expect("root may");
            }
            path
        };
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).expect("root may");
        }
        let password = put("password", OWNER_PASSWORD);
        let data = folder.path().join("data");
        let mut initdb = command(&programs.join("initdb"), user);
        initdb.args(["--username", OWNER, "--auth", "scram-sha-256"]);
        initdb.args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]);
        initdb.arg("--pgdata").arg(&data);
        initdb.arg("--pwfile").arg(&password);
        let made = initdb.output().expect("it starts");
        assert!(made.status.success(), "{made:?}");
        std::fs::write(data.join("pg_hba.conf"), LOGINS).expect("it can be written");
        let (certificate, key) = (put("server.crt", certificate), put("server.key", key));
        let start = |port: u16| {
            let mut server = command(&programs.join("postgres"), user);
            server.arg("-D").arg(&data).arg("-k").arg(folder.path());
            server.args(["-p", &port.to_string()]);
            for setting in [
                "listen_addresses=127.0.0.1",
                "fsync=off",
                "full_page_writes=off",
                "synchronous_commit=off",
                "max_wal_size=4GB",
                "max_connections=50",
                "ssl=on",
                &format!("ssl_cert_file={}", certificate.display()),
                &format!("ssl_key_file={}", key.display()),
            ] {
                server.args(["-c", setting]);
            }
            until_ready(server)
        };
        let (server, port) = (0..TRIES)
            .find_map(|_| {
                let port = free_port();
                Some((start(port)?, port))
            })
            .expect("a server starts");
        Some(Self {
            server,
            programs,
            port,
            _folder: folder,
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
        psql.env("PGPASSWORD", OWNER_PASSWORD)
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

/// The folder of the server's programs, the newest of those that Debian installs.
#[expect(
    clippy::print_stderr,
    reason = "a test that is skipped says so out loud"
)]
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut folders: Vec<_> = versions
        .flatten()
        .filter_map(|version| {
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin")))
        })
        .collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<_> = std::env::split_paths(&path).collect();
    let candidates = folders.into_iter().rev().map(|(_, folder)| folder);
    let is_whole = |folder: &PathBuf| {
        let needed = ["initdb", "postgres", "psql"];
        needed.iter().all(|program| folder.join(program).is_file())
    };
    let found = candidates.chain(on_path).find(is_whole);
    if found.is_none() {
        assert!(
            std::env::var_os("SEXTANT_REQUIRE_PEERS").is_none(),
            "no PostgreSQL is installed"
        );
        eprintln!("SKIPPED: no PostgreSQL is installed; .ci/run shows how it is");
    }
    found
}

/// The user and group to run the server as; root may not run it, and nobody else has a choice.
fn server_user() -> Option<(u32, u32)> {
    let own = std::fs::metadata("/proc/self").expect("Linux").uid();
    let number = |option: &str, user: &str| {
        let said = Command::new("id").args([option, user]).output().ok()?;
        String::from_utf8(said.stdout).ok()?.trim().parse().ok()
    };
    let of = |user: &str| Some((number("-u", user)?, number("-g", user)?));
    (own == 0).then(|| {
        of(OWNER)
            .or_else(|| of("nobody"))
            .expect("there is a user that is not root")
    })
}

fn command(program: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = match user {
        // It becomes the program, so that its process is the one that was started.
        Some((uid, gid)) => {
            let mut setpriv = Command::new("setpriv");
            setpriv.arg(format!("--reuid={uid}"));
            setpriv.arg(format!("--regid={gid}"));
            setpriv.arg("--clear-groups").arg(program);
            setpriv
        }
        None => Command::new(program),
    };
    command.env("LC_ALL", "C.UTF-8").current_dir("/");
    command
}

/// The server, once it says that it is ready; none where it ends before.
fn until_ready(mut server: Command) -> Option<Child> {
    server.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut server = server.spawn().expect("it starts");
    let said = BufReader::new(server.stderr.take().expect("it is piped"));
    let mut lines = said.lines().map_while(Result::ok);
    let is_ready = lines.any(|line| line.contains("ready to accept connections"));
    if !is_ready {
        server.wait().ok();
        return None;
    }
    // Whoever writes must be read.
    thread::spawn(move || lines.for_each(drop));
    Some(server)
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it listens").port()
}
