//! `sextant demo-postgres`: a PostgreSQL server of its own, for this machine alone, for the demo, tests and
//! benchmarks of the plugin `postgres`. It takes the programs that are installed (`programs`) and a temporary folder
//! (`home`), begins with an empty database, and ends with whoever started it.

mod home;
mod programs;

pub(in crate::cli) use programs::{INSTALL, Programs};

use crate::error::{Context, Error, Result};
use home::Home;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The role that owns the server, and the database that it begins with.
const OWNER: &str = "postgres";
/// Where the server listens.
const HOST: &str = "127.0.0.1";
/// The first port that is tried, and how many there are: below those that systems give to outgoing connections.
const PORTS: (u16, u16) = (20_000, 12_000);
/// How many ports are tried.
const TRIES_MAX: usize = 5;

/// How everybody logs in of whom nothing else is said.
const LOGIN: &str = "host all all 127.0.0.1/32 scram-sha-256";

/// The settings of every server.
const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    // It is reached through no file either.
    "unix_socket_directories=",
    // It does not outlive the machine, so nothing has to be safe on disk.
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
];

/// Runs a program in the place of the shell.
const RUN: &str = "exec \"$@\"";
/// Runs a server until standard input ends, which it does with whoever holds its other end, however that ends. The
/// shell gives up its own standard error, so that the server's ends with the server.
const RUN_UNTIL_INPUT_ENDS: &str = "\"$@\" & exec 2>/dev/null; read -r _; kill -INT $!; wait";

/// Arguments of `demo-postgres`; none for the demo's own server.
#[derive(Debug, Default, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Offer TLS with the certificate in this file, in PEM.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The certificate's key, in PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// A line of pg_hba.conf, above the one by which everybody logs in with SCRAM.
    #[arg(long, value_name = "LINE")]
    login: Vec<String>,
    /// A setting of the server.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
}

/// Starts a server, prints its address for its owner and the folder of PostgreSQL's programs, and serves until
/// standard input ends.
pub(in crate::cli) fn run(arguments: &Arguments) -> Result<()> {
    let programs = Programs::find();
    let programs = programs.ok_or_else(|| {
        Error::not_found("no PostgreSQL is installed")
            .with_hint(format!("install it, as with `{INSTALL}`"))
    })?;
    let server = Server::start(programs, arguments)?;
    println!("{}", server.url());
    println!("{}", server.programs.folder().display());
    // Whoever started it reads them through a pipe.
    std::io::stdout().flush()?;
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

/// A server that runs until it is dropped.
pub(in crate::cli) struct Server {
    process: Child,
    programs: Programs,
    port: u16,
    password: String,
    // Removed when the server is gone.
    _home: Home,
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

impl Server {
    /// Starts a server, and waits until it takes connections.
    ///
    /// # Errors
    ///
    /// Io, where the system refuses something or a program of PostgreSQL fails, with what it says, and not found,
    /// where root has no other user to run it as.
    pub(in crate::cli) fn start(programs: Programs, arguments: &Arguments) -> Result<Self> {
        let home = Home::new()?;
        let password = password()?;
        make_cluster(&programs, &home, &password)?;
        let settings = settings(&home, arguments)?;
        let (process, port) = serve(&programs, &home, &settings)?;
        Ok(Self {
            process,
            programs,
            port,
            password,
            _home: home,
        })
    }

    /// Its `host:port`.
    pub(in crate::cli) fn address(&self) -> String {
        format!("{HOST}:{}", self.port)
    }

    /// How its owner connects.
    fn url(&self) -> String {
        let (password, address) = (&self.password, self.address());
        format!("postgresql://{OWNER}:{password}@{address}/{OWNER}")
    }

    /// Runs a script of psql as the owner, up to the first statement that fails.
    ///
    /// # Errors
    ///
    /// Io, where it does not start or a statement fails, with what it says.
    pub(in crate::cli) fn run(&self, script: &str) -> Result<()> {
        let mut psql = Command::new(self.programs.program("psql"));
        home::clear_settings(&mut psql);
        psql.args(["--host", HOST, "--port", &self.port.to_string()]);
        psql.args(["--username", OWNER, "--dbname", OWNER]);
        psql.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"]);
        // Neither this nor the script is seen among the arguments of processes.
        psql.env("PGPASSWORD", &self.password);
        psql.env("PGCLIENTENCODING", "UTF8");
        psql.stdin(Stdio::piped());
        psql.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut running = psql.spawn().context(|| "psql".to_owned())?;
        if let Some(mut stdin) = running.stdin.take() {
            // Where it ends before it has read all, it says why.
            stdin.write_all(script.as_bytes()).ok();
        }
        let done = running.wait_with_output().context(|| "psql".to_owned())?;
        match done.status.success() {
            true => Ok(()),
            false => Err(failed("psql", &done.stderr)),
        }
    }
}

/// A password that nobody guesses, of digits and small letters.
///
/// # Errors
///
/// Internal, where the system has no random numbers.
pub(in crate::cli) fn password() -> Result<String> {
    Ok(format!("{:032x}", u128::from_be_bytes(random()?)))
}

/// Not those of a seed, which everybody knows.
fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal(format!("no random bytes: {error}")))?;
    Ok(bytes)
}

/// Makes the files of a server, whose owner has a password.
fn make_cluster(programs: &Programs, home: &Home, password: &str) -> Result<()> {
    let password = home.put("password", password.as_bytes())?;
    let mut initdb = home.command(RUN, &programs.program("initdb"));
    initdb.args(["--username", OWNER, "--auth", "scram-sha-256"]);
    initdb.args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]);
    initdb.arg("--pgdata").arg(home.data());
    initdb.arg("--pwfile").arg(password);
    let made = initdb.output().context(|| "initdb".to_owned())?;
    match made.status.success() {
        true => Ok(()),
        false => Err(failed("initdb", &made.stderr)),
    }
}

/// What the server is told at its start. The files that it names are written, apart from the server's own, where
/// nobody else can have put a link.
fn settings(home: &Home, arguments: &Arguments) -> Result<Vec<String>> {
    let mut settings = Vec::from(SETTINGS.map(str::to_owned));
    let logins = arguments.login.iter().map(String::as_str).chain([LOGIN]);
    let lines: String = logins.map(|login| format!("{login}\n")).collect();
    let logins = home.put("pg_hba.conf", lines.as_bytes())?;
    settings.push(format!("hba_file={}", logins.display()));
    if let (Some(certificate), Some(key)) = (&arguments.certificate, &arguments.key) {
        settings.push("ssl=on".to_owned());
        for (setting, file) in [("ssl_cert_file", certificate), ("ssl_key_file", key)] {
            let pem = std::fs::read(file).context(|| file.display().to_string())?;
            // The server takes a key only from a file that is its user's alone.
            let own = home.put(setting, &pem)?;
            settings.push(format!("{setting}={}", own.display()));
        }
    }
    settings.extend_from_slice(&arguments.set);
    Ok(settings)
}

/// A server that takes connections, and its port.
fn serve(programs: &Programs, home: &Home, settings: &[String]) -> Result<(Child, u16)> {
    let mut tries = 1;
    loop {
        let (first, count) = PORTS;
        let port = first + u16::from_be_bytes(random()?) % count;
        let mut server = home.command(RUN_UNTIL_INPUT_ENDS, &programs.program("postgres"));
        server.arg("-D").arg(home.data());
        server.args(["-p", &port.to_string()]);
        for setting in settings {
            server.args(["-c", setting]);
        }
        match until_ready(server) {
            Ok(process) => return Ok((process, port)),
            // Somebody else may have the port, which nobody knows better than the server.
            Err(_) if tries < TRIES_MAX => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

/// The server, once it says that it is ready.
fn until_ready(mut server: Command) -> Result<Child> {
    server.stdin(Stdio::piped());
    server.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut process = server.spawn().context(|| "sh".to_owned())?;
    let said = BufReader::new(process.stderr.take().expect("it is piped"));
    let mut lines = said.lines().map_while(std::result::Result::ok);
    let mut why = String::new();
    let is_ready = lines.any(|line| {
        let is_ready = line.contains("ready to accept connections");
        // What comes after it is about the end.
        if !why.contains("FATAL") {
            why = line;
        }
        is_ready
    });
    if !is_ready {
        end(&mut process);
        return Err(failed("postgres", why.as_bytes()));
    }
    // Whoever writes must be read.
    std::thread::spawn(move || lines.for_each(drop));
    Ok(process)
}

/// Ends a server, and waits until it is gone.
fn end(process: &mut Child) {
    drop(process.stdin.take());
    process.wait().ok();
}

fn failed(program: &str, said: &[u8]) -> Error {
    let said = String::from_utf8_lossy(said);
    let said: Vec<_> = said.trim().lines().collect();
    Error::io(format!("{program} failed: {}", said.join("; ")))
}
