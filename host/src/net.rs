//! What a source reaches over the network: HTTP to the places of an allow-list, and connections to
//! places that are granted by name. Whoever asks is a plugin, so nothing it says is believed: the
//! host resolves names, checks every address it connects to, follows redirects itself, puts in
//! credentials, paces requests and bounds bytes and time. A plugin never sees a socket, an address
//! or a password.
//!
//! What stands in `sextant.toml` is the whole of it:
//!
//! ```toml
//! [source.notices]
//! plugin = "interpol"
//! http = [{ url = "https://api.example.org/notices/", methods = ["GET"], bearer = "notices" }]
//! tcp = { db = { address = "db.example.org:5432", tls = "require" } }
//! secrets = { notices = { token_env = "NOTICES_TOKEN" } }
//! requests = { per_second = 5, retries = 3 }
//! ```

mod address;
mod client;
mod credentials;
mod http;
mod kept;
mod pace;
mod place;
mod secret;
mod store;
mod tcp;
mod tls;
mod web;

pub use http::{Body, HttpGrant, HttpRequest, HttpResponse};
pub use pace::{Paced, Requests};
pub use secret::{ScramProof, SecretConfig};
pub use store::StoreGrant;
pub(crate) use store::{InStore, Stores};
pub use tcp::{TcpConnection, TcpGrant};
pub(crate) use web::{WebFile, WebPlace};

use crate::error::{Context, Result};
use crate::limits::Limits;
use http::Http;
use pace::Pace;
use secret::Secrets;
use std::collections::BTreeMap;
use std::path::Path;
use tcp::Tcp;

/// What a source is granted of the network, as `sextant.toml` says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkConfig {
    /// Where HTTP requests may go.
    pub http: Vec<HttpGrant>,
    /// Where connections may go, by the name that the plugin uses.
    pub tcp: BTreeMap<String, TcpGrant>,
    /// How inputs on web servers and in object stores are reached.
    pub stores: Vec<StoreGrant>,
    /// Credentials, by name.
    pub secrets: BTreeMap<String, SecretConfig>,
    /// How fast, and how often again.
    pub requests: Requests,
}

/// What a source reaches. One for all instances of the source, so that its pace is kept whoever asks.
#[derive(Debug)]
pub struct Network {
    source: String,
    http: Http,
    tcp: Tcp,
    secrets: Secrets,
    pace: Pace,
}

impl Network {
    /// The network of a source; relative paths start at `base`.
    ///
    /// # Errors
    ///
    /// Config, where a grant makes no sense or names what is not there.
    pub fn new(source: &str, base: &Path, config: &NetworkConfig, limits: &Limits) -> Result<Self> {
        let secrets = Secrets::new(base, &config.secrets);
        for grant in &config.stores {
            grant
                .check(&secrets)
                .context(|| format!("[source.{source}] stores"))?;
        }
        Ok(Self {
            source: source.to_owned(),
            http: Http::new(base, &config.http, &secrets, limits)
                .context(|| format!("[source.{source}] http"))?,
            tcp: Tcp::new(base, &config.tcp, limits)
                .context(|| format!("[source.{source}] tcp"))?,
            pace: Pace::new(&config.requests).context(|| format!("[source.{source}] requests"))?,
            secrets,
        })
    }

    /// A line for each grant, as an administrator reads it: what may be reached, and no credential.
    pub fn grants(&self) -> Vec<String> {
        let http = self.http.describe().map(|grant| format!("http: {grant}"));
        let tcp = self.tcp.describe().map(|grant| format!("tcp: {grant}"));
        http.chain(tcp).collect()
    }

    /// Sends a request when it is its turn, again where that may help, and waits for the head of the
    /// response. What that cost is added to `paced`.
    ///
    /// # Errors
    ///
    /// Denied where no grant covers it or an address is not allowed, unavailable where there is no
    /// answer, and limit.
    pub async fn send(&self, request: HttpRequest, paced: &mut Paced) -> Result<HttpResponse> {
        self.http
            .send(request, &self.secrets, &self.pace, paced)
            .await
            .map_err(|error| self.advise(error, "http"))
    }

    /// Connects to the place that a grant names.
    ///
    /// # Errors
    ///
    /// Denied where there is no such grant or its address is not allowed, unavailable where nobody
    /// answers.
    pub async fn connect(&self, grant: &str, paced: &mut Paced) -> Result<TcpConnection> {
        self.tcp
            .connect(grant, &self.pace, paced)
            .await
            .map_err(|error| self.advise(error, "tcp"))
    }

    /// The user name of a secret.
    ///
    /// # Errors
    ///
    /// Denied where it is not granted, config where it has none.
    pub fn secret_user(&self, name: &str) -> Result<String> {
        let user = self.secrets.user(name);
        user.map_err(|error| self.advise(error, "secrets"))
    }

    /// Both proofs of SCRAM-SHA-256. Takes its time on a processor: not to be called where that
    /// matters.
    ///
    /// # Errors
    ///
    /// Denied where the secret is not granted or too few iterations are asked for, config where it
    /// cannot be read, and limit.
    pub fn scram_sha256(
        &self,
        name: &str,
        salt: &[u8],
        iterations: u32,
        auth_message: &str,
    ) -> Result<ScramProof> {
        let proof = self
            .secrets
            .scram_sha256(name, salt, iterations, auth_message);
        proof.map_err(|error| self.advise(error, "secrets"))
    }

    fn advise(&self, error: crate::error::Error, key: &str) -> crate::error::Error {
        match error.is_denied() {
            true => error.with_hint(format!(
                "what this source may reach stands under [source.{}] {key} in sextant.toml",
                self.source
            )),
            false => error,
        }
    }
}
