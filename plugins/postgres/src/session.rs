//! A session with the server: logged in, in one transaction that only reads and sees one state of the
//! data, with settings under which texts mean the same everywhere.

use crate::config::{Config, Tls};
use crate::protocol::{Wire, tag, texts, unexpected};
use crate::scram;
use sextant_plugin_sdk::{Error, Host, Result};

/// The oldest server that takes a proof by SCRAM-SHA-256 is 10.
const VERSION_MIN: u32 = 100_000;

/// How texts are written and read, whatever the server's configuration says.
const SETTINGS: [(&str, &str); 7] = [
    ("standard_conforming_strings", "on"),
    ("bytea_output", "hex"),
    ("datestyle", "ISO, YMD"),
    ("intervalstyle", "iso_8601"),
    ("timezone", "UTC"),
    ("extra_float_digits", "3"),
    ("xmloption", "content"),
];

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    wire: Wire,
    /// The name of the grant, as the place of errors.
    grant: String,
    /// Such as 150018.
    pub(crate) version: u32,
    /// Whether the database's texts are in UTF-8.
    pub(crate) is_utf8: bool,
}

impl Session {
    /// Connects, logs in and begins the transaction.
    pub(crate) fn open(config: &Config, host: &Host) -> Result<Self> {
        let grant = config.connection.clone();
        let wire = connect(config, host).map_err(|error| error.in_input(grant.as_str()))?;
        let mut session = Self {
            wire,
            grant,
            version: 0,
            is_utf8: false,
        };
        session.begin(config)?;
        Ok(session)
    }

    fn begin(&mut self, config: &Config) -> Result<()> {
        let mut sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned();
        for (name, value) in SETTINGS {
            sql += &format!("; SET LOCAL {name} = '{value}'");
        }
        if let Some(ms) = config.statement_timeout_ms {
            sql += &format!("; SET LOCAL statement_timeout = {ms}");
        }
        sql += "; SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.current_setting('server_encoding')";
        let mut found = (0_u32, false);
        self.rows(&sql, |row| {
            let [number, encoding] = fields(row)?;
            found = (
                number.and_then(|number| number.parse().ok()).unwrap_or(0),
                encoding == Some("UTF8"),
            );
            Ok(())
        })?;
        (self.version, self.is_utf8) = found;
        match self.version {
            VERSION_MIN.. => Ok(()),
            old => {
                let message =
                    format!("expected PostgreSQL 10 or later, found server_version_num = {old}");
                Err(Error::unsupported(message).in_input(self.grant.as_str()))
            }
        }
    }

    /// Gives each row of the results of statements, as texts.
    pub(crate) fn rows(
        &mut self,
        sql: &str,
        each: impl FnMut(&[Option<&str>]) -> Result<()>,
    ) -> Result<()> {
        read_rows(&mut self.wire, sql, each).map_err(|error| error.in_input(self.grant.as_str()))
    }

    /// The first field of the first row.
    pub(crate) fn value(&mut self, sql: &str) -> Result<Option<String>> {
        let mut value = None;
        self.rows(sql, |row| {
            let first = row.first().copied().flatten();
            value = value.take().or_else(|| first.map(str::to_owned));
            Ok(())
        })?;
        Ok(value)
    }

    /// Asks for rows as a stream.
    pub(crate) fn start_copy(&mut self, sql: &str) -> Result<()> {
        let started = self.wire.send_query(sql).and_then(|()| self.wire.receive());
        let started = started.and_then(|tag| match tag {
            tag::COPY_OUT => Ok(()),
            other => Err(unexpected(other, "a stream of rows")),
        });
        started.map_err(|error| error.in_input(self.grant.as_str()))
    }

    /// The next bytes of that stream; none at its end.
    #[inline]
    pub(crate) fn copied(&mut self) -> Result<Option<&[u8]>> {
        match receive_copied(&mut self.wire) {
            Ok(true) => Ok(Some(self.wire.body())),
            Ok(false) => Ok(None),
            Err(error) => Err(error.in_input(self.grant.as_str())),
        }
    }

    /// Takes leave, so that the server does not wonder where we are.
    pub(crate) fn close(mut self) {
        // Whoever does not listen any more has taken leave already.
        self.wire.send_terminate().ok();
    }
}

/// So many fields of a row, no more and no less.
pub(crate) fn fields<'a, const N: usize>(row: &[Option<&'a str>]) -> Result<[Option<&'a str>; N]> {
    row.try_into().map_err(|_| {
        Error::invalid_data(format!("expected a row of {N} fields, found {}", row.len()))
    })
}

fn connect(config: &Config, host: &Host) -> Result<Wire> {
    let in_tls = config.tls == Tls::Require;
    let user = host.secret_user(&config.secret)?;
    let mut wire = Wire::new(host.tcp(&config.connection)?, in_tls)?;
    wire.start(&[
        ("user", user.as_str()),
        ("database", config.database.as_str()),
        ("application_name", "sextant"),
        ("client_encoding", "UTF8"),
    ])?;
    scram::log_in(&mut wire, host, &config.secret, in_tls)?;
    wait_until_ready(&mut wire)?;
    Ok(wire)
}

/// Reads what the server says of itself, until it takes statements.
fn wait_until_ready(wire: &mut Wire) -> Result<()> {
    loop {
        match wire.receive()? {
            tag::BACKEND_KEY | tag::COMMAND_COMPLETE => {}
            tag::READY => return Ok(()),
            other => return Err(unexpected(other, "that it is ready")),
        }
    }
}

fn read_rows(
    wire: &mut Wire,
    sql: &str,
    mut each: impl FnMut(&[Option<&str>]) -> Result<()>,
) -> Result<()> {
    wire.send_query(sql)?;
    loop {
        match wire.receive()? {
            tag::DATA_ROW => {
                let row = texts(wire.body())?;
                each(&row)?;
            }
            tag::ROW_DESCRIPTION | tag::COMMAND_COMPLETE => {}
            tag::READY => return Ok(()),
            other => return Err(unexpected(other, "rows")),
        }
    }
}

/// Whether there are more bytes of a stream.
#[inline]
fn receive_copied(wire: &mut Wire) -> Result<bool> {
    match wire.receive()? {
        tag::COPY_DATA => Ok(true),
        tag::COPY_DONE => {
            wait_until_ready(wire)?;
            Ok(false)
        }
        other => Err(unexpected(other, "rows")),
    }
}
