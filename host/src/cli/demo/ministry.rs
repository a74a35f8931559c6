//! The register of crossings, which a ministry keeps in a database: in a PostgreSQL server of the demo's own, where
//! PostgreSQL is installed. Elsewhere a file stands in for the database. The source and its table have the same names
//! and the same rows either way, so the case is one, and so are its queries.

use super::postgres::{self, Arguments, INSTALL, Programs, Server};
use crate::error::{Context, Result};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The rows of the register, in a file of the workspace.
const ROWS: &str = "case/crossings.csv";
/// The password of the role that the source has, in a file of the workspace.
const PASSWORD: &str = "case/ministry.password";

const IN_A_DATABASE: &str = r#"
# The server is the demo's own and ends with it: this source answers for as long as the demo runs. (With
# --without-postgres it reads the same rows from a file.) TLS is off, since nothing leaves this machine and no
# authority has signed a certificate for the server.
[source.ministry]
plugin = "postgres"
tcp = { server = { address = "ADDRESS", private = true, tls = "optional" } }
secrets = { reader = { user = "sextant_reader", password_file = "PASSWORD" } }
config = { connection = "server", secret = "reader", database = "ministry", tls = "off" }
"#;

const IN_A_FILE: &str = r#"
# A file stands in for the ministry's database, whose server the demo starts where PostgreSQL is installed.
[source.ministry]
plugin = "delimited"
inputs = { crossings = "ROWS" }
[source.ministry.config.tables.crossings]
input = "crossings"
header = true
columns = [
  { name = "traveller_id", type = "int64" }, { name = "crossed_at", type = "timestamp" },
  { name = "longitude", type = "float64" }, { name = "latitude", type = "float64" },
]
"#;

/// What makes the database, and a role that may read the register and nothing else.
const DATABASE: &str = r"
CREATE DATABASE ministry;
\connect ministry
CREATE TABLE crossings (
  traveller_id bigint NOT NULL, crossed_at timestamp NOT NULL,
  longitude double precision NOT NULL, latitude double precision NOT NULL
);
COPY crossings FROM STDIN (FORMAT csv, HEADER);
ROWS\.
CREATE INDEX ON crossings (traveller_id);
ANALYZE crossings;
REVOKE ALL ON DATABASE ministry FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE ROLE sextant_reader LOGIN PASSWORD 'PASSWORD';
GRANT CONNECT ON DATABASE ministry TO sextant_reader;
GRANT USAGE ON SCHEMA public TO sextant_reader;
GRANT SELECT ON crossings TO sextant_reader;
";

/// The register.
pub(super) struct Ministry {
    /// Its source, as `sextant.toml` describes it.
    pub(super) source: String,
    /// Its server, where it has one.
    pub(super) server: Option<Server>,
}

impl Ministry {
    /// The register of a workspace, which has its rows in a file. Where there is no database although it is wanted,
    /// it says so.
    ///
    /// # Errors
    ///
    /// Those of [`Server::start`] and [`Server::run`], and io.
    pub(super) fn open(workspace: &Path, is_database_wanted: bool) -> Result<Self> {
        if !is_database_wanted {
            return Ok(Self::in_a_file());
        }
        let Some(programs) = Programs::find() else {
            super::super::note(&format!(
                "SKIPPED: the ministry's database, for which a file stands in: PostgreSQL (initdb, postgres, psql) is not installed; install it with `{INSTALL}`"
            ));
            return Ok(Self::in_a_file());
        };
        let opened = Self::in_a_database(workspace, programs);
        let opened = opened.context(|| "the ministry's database".to_owned());
        opened.map_err(|error| error.with_hint("`sextant demo --without-postgres` does without it"))
    }

    fn in_a_file() -> Self {
        Self {
            source: IN_A_FILE.replace("ROWS", ROWS),
            server: None,
        }
    }

    fn in_a_database(workspace: &Path, programs: Programs) -> Result<Self> {
        let rows = std::fs::read_to_string(workspace.join(ROWS)).context(|| ROWS.to_owned())?;
        let password = postgres::password()?;
        keep(&workspace.join(PASSWORD), &password)?;
        let server = Server::start(programs, &Arguments::default())?;
        let script = DATABASE.replace("PASSWORD 'PASSWORD'", &format!("PASSWORD '{password}'"));
        server.run(&script.replace("ROWS", &rows))?;
        let source = IN_A_DATABASE.replace("ADDRESS", &server.address());
        Ok(Self {
            source: source.replace("PASSWORD", PASSWORD),
            server: Some(server),
        })
    }
}

/// Writes a password into a file that nobody else may read, and that was nobody else's before.
fn keep(path: &Path, password: &str) -> Result<()> {
    let keep = || -> std::io::Result<()> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options.open(path)?.write_all(password.as_bytes())
    };
    keep().context(|| path.display().to_string())
}
