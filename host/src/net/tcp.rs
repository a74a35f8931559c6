//! Connections to places that are granted by name. A plugin gets bytes in both directions; it knows
//! neither the address nor the certificate.

use super::address::Allowed;
use super::pace::{Pace, Paced, last_of};
use super::tls;
use crate::error::{Context, Error, Result};
use crate::limits::Limits;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// Bytes that may be written to a place that requires TLS before it has begun: enough to ask for it.
const BYTES_BEFORE_TLS_MAX: usize = 64;

/// A place that may be connected to, as `sextant.toml` says it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { address = \"db.example.org:5432\" }"
)]
pub struct TcpGrant {
    /// `host:port`.
    pub address: String,
    /// Whether what is sent has to be encrypted.
    #[serde(default)]
    pub tls: Tls,
    /// Whether the address may be a private one.
    #[serde(default)]
    pub private: bool,
    /// A PEM file of the authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// The name in the certificate, where it is not the host of the address.
    pub server_name: Option<String>,
}

/// Whether a connection has to be encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Nothing but the wish for TLS is sent before it has begun.
    #[default]
    Require,
    /// The plugin may begin TLS, and may send without it.
    Optional,
}

/// The places of a source.
#[derive(Debug)]
pub(super) struct Tcp {
    places: BTreeMap<String, Place>,
    wait: Duration,
}

#[derive(Clone)]
struct Place {
    address: String,
    host: String,
    port: u16,
    allowed: Allowed,
    tls: Tls,
    server_name: ServerName<'static>,
    ca: Option<PathBuf>,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl Tcp {
    pub(super) fn new(
        base: &Path,
        grants: &BTreeMap<String, TcpGrant>,
        limits: &Limits,
    ) -> Result<Self> {
        let places = grants.iter().map(|(name, grant)| {
            let place = Place::new(base, grant).context(|| format!("{name:?}"))?;
            Ok((name.clone(), place))
        });
        Ok(Self {
            places: places.collect::<Result<_>>()?,
            wait: Duration::from_millis(limits.network_wait_ms_max),
        })
    }

    pub(super) fn describe(&self) -> impl Iterator<Item = String> {
        self.places.iter().map(|(name, place)| {
            let private = if place.allowed.private {
                ", private"
            } else {
                ""
            };
            let tls = match place.tls {
                Tls::Require => "TLS required",
                Tls::Optional => "TLS optional",
            };
            format!("{name} = {} ({tls}{private})", place.address)
        })
    }

    pub(super) async fn connect(
        &self,
        grant: &str,
        pace: &Pace,
        paced: &mut Paced,
    ) -> Result<TcpConnection> {
        let place = self.places.get(grant);
        let place = place.ok_or_else(|| Error::denied(format!("tcp {grant:?} is not granted")))?;
        let mut again = 1;
        loop {
            let turn = pace.turn(paced).await?;
            let connected = timeout(self.wait, place.connect()).await;
            drop(turn);
            match connected.unwrap_or_else(|_| Err(self.late("to connect"))) {
                Ok(stream) => {
                    return Ok(TcpConnection {
                        place: place.clone(),
                        stream: Stream::Plain(stream),
                        wait: self.wait,
                        written: 0,
                    });
                }
                Err(error) if error.is_unavailable() && pace.again(again, None, paced).await => {
                    again += 1;
                }
                Err(error) => return Err(last_of(again, error).context(&place.address)),
            }
        }
    }

    fn late(&self, what: &str) -> Error {
        late(self.wait, what)
    }
}

fn late(wait: Duration, what: &str) -> Error {
    Error::unavailable(format!(
        "it took longer than {} ms {what}",
        wait.as_millis()
    ))
    .with_hint(
        "raise limits.network_wait_ms_max in sextant.toml if the far side is known to be slow",
    )
}

impl Place {
    fn new(base: &Path, grant: &TcpGrant) -> Result<Self> {
        // What stands there is not told: it may be a URL with a password.
        let wrong = || Error::config("expected host:port, such as db.example.org:5432");
        let (host, port) = grant.address.rsplit_once(':').ok_or_else(wrong)?;
        let port = port
            .parse()
            .ok()
            .filter(|&port| port > 0)
            .ok_or_else(wrong)?;
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        if host.is_empty() {
            return Err(wrong());
        }
        let name = grant.server_name.as_deref().unwrap_or(host).to_owned();
        let server_name = ServerName::try_from(name).map_err(|error| match grant.server_name {
            Some(_) => Error::config(format!("server_name: {error}")),
            None => wrong(),
        })?;
        let ca = grant.ca.as_ref().map(|path| base.join(path));
        if let Some(ca) = &ca {
            tls::certificates(ca)?;
        }
        Ok(Self {
            address: grant.address.clone(),
            allowed: Allowed {
                private: grant.private,
                literal: host.parse::<IpAddr>().is_ok(),
            },
            host: host.to_owned(),
            port,
            tls: grant.tls,
            server_name,
            ca,
        })
    }

    async fn connect(&self) -> Result<TcpStream> {
        let addresses: Vec<SocketAddr> = self.allowed.resolve(&self.host, self.port).await?;
        let stream = TcpStream::connect(addresses.as_slice()).await;
        let stream =
            stream.map_err(|error| Error::unavailable(format!("cannot connect: {error}")))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn tls(&self) -> Result<Arc<ClientConfig>> {
        match &self.ca {
            Some(ca) => tls::client(Some(&tls::certificates(ca)?)),
            None => tls::client(None),
        }
    }
}

/// A connection; dropping it closes it.
#[derive(Debug)]
pub struct TcpConnection {
    place: Place,
    stream: Stream,
    wait: Duration,
    /// Bytes written before TLS.
    written: usize,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// TLS failed to begin.
    Closed,
}

impl TcpConnection {
    /// Up to `max` bytes, as soon as there are some; empty at the end.
    ///
    /// # Errors
    ///
    /// Unavailable, where the far side broke the connection or is silent for too long.
    pub async fn read(&mut self, max: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(max);
        let read = async {
            match &mut self.stream {
                Stream::Plain(stream) => stream.read_buf(&mut bytes).await,
                Stream::Tls(stream) => stream.read_buf(&mut bytes).await,
                Stream::Closed => Ok(0),
            }
        };
        let read = timeout(self.wait, read).await;
        let read = read.map_err(|_| late(self.wait, "for an answer"));
        read.and_then(|read| read.map(|_| ()).map_err(broken))
            .map_err(|error| error.context(&self.place.address))?;
        Ok(bytes)
    }

    /// Sends all bytes.
    ///
    /// # Errors
    ///
    /// Denied, where TLS is required and has not begun, and unavailable as for [`read`](Self::read).
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let is_plain = matches!(self.stream, Stream::Plain(_));
        if is_plain && self.place.tls == Tls::Require {
            self.written += bytes.len();
            if self.written > BYTES_BEFORE_TLS_MAX {
                let error = Error::denied("TLS is required and was not begun, so nothing is sent");
                return Err(error
                    .with_hint(
                        "let the far side offer TLS, or write tls = \"optional\" into the grant",
                    )
                    .context(&self.place.address));
            }
        }
        let write = async {
            match &mut self.stream {
                Stream::Plain(stream) => stream.write_all(bytes).await,
                Stream::Tls(stream) => {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                }
                Stream::Closed => Err(std::io::ErrorKind::NotConnected.into()),
            }
        };
        let written = timeout(self.wait, write).await;
        let written = written.map_err(|_| late(self.wait, "to send"));
        written
            .and_then(|written| written.map_err(broken))
            .map_err(|error| error.context(&self.place.address))
    }

    /// Continues in TLS, and checks the certificate against the name in the grant.
    ///
    /// # Errors
    ///
    /// Unavailable, where TLS does not come about; the connection is closed then.
    pub async fn start_tls(&mut self) -> Result<()> {
        let Stream::Plain(stream) = std::mem::replace(&mut self.stream, Stream::Closed) else {
            return Err(Error::plugin("TLS has begun already").context(&self.place.address));
        };
        let connector = TlsConnector::from(self.place.tls()?);
        let begun = timeout(
            self.wait,
            connector.connect(self.place.server_name.clone(), stream),
        );
        let begun = begun.await.map_err(|_| late(self.wait, "to begin TLS"));
        let begun = begun.and_then(|begun| {
            begun.map_err(|error| {
                Error::unavailable(format!("TLS did not come about: {error}")).with_hint(
                    "the certificate must be valid for the host of the grant (or its server_name) and signed by an authority that is trusted (or its ca)",
                )
            })
        });
        let stream = begun.map_err(|error| error.context(&self.place.address))?;
        self.stream = Stream::Tls(Box::new(stream));
        Ok(())
    }
}

fn broken(error: std::io::Error) -> Error {
    Error::unavailable(format!("the connection broke: {error}"))
}
