//! Inputs on web servers and in object stores. An input's text names the place; what else it takes to
//! reach it stands under `stores`.

use super::address::Allowed;
use super::client;
use super::http::{literal, parse};
use super::place::{covers, granted};
use super::secret::{SecretConfig, Secrets};
use super::tls;
use super::web::{WebPlace, WebServer};
use crate::error::{Context, Error, Result};
use crate::limits::Limits;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::{HttpClient, HttpConnector};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as ObjectPath;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, ObjectStoreScheme, RetryConfig};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url, redirect};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a request that failed goes out again.
const RETRIES: u32 = 3;
/// How many redirects are followed, where no credential goes along.
const REDIRECTS_MAX: usize = 5;

/// How inputs below a URL are reached, as `sextant.toml` says it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreGrant {
    /// The URL at which inputs lie, or below it.
    pub url: String,
    /// Whether addresses may be private ones.
    #[serde(default)]
    pub private: bool,
    /// A PEM file of the authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// Options of an object store by the names that the `object_store` crate has for them, such as
    /// `region` and `endpoint`.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Options whose values are tokens of secrets, such as `secret_access_key`.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// The secret whose token goes to a web server as `Authorization: Bearer`.
    pub bearer: Option<String>,
    /// Header fields for a web server and the secrets whose tokens are their values.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// What a URL names.
pub(crate) enum InStore {
    /// A place in an object store.
    Object(Arc<dyn ObjectStore>, ObjectPath),
    /// A place on a web server.
    Web(WebPlace),
}

/// Whatever keeps files.
#[derive(Clone)]
enum Store {
    Objects(Arc<dyn ObjectStore>),
    Web(Arc<WebServer>),
}

impl Store {
    fn place(&self, url: Url) -> Result<InStore> {
        match self {
            Self::Objects(store) => {
                let path = ObjectStoreScheme::parse(&url);
                let (_, path) = path.map_err(|error| Error::config(error.to_string()))?;
                Ok(InStore::Object(Arc::clone(store), path))
            }
            Self::Web(server) => Ok(InStore::Web(WebPlace::new(server, url))),
        }
    }
}

/// A grant, and the place that it is for.
struct Place {
    url: Url,
    grant: StoreGrant,
}

/// The stores of a source's inputs.
pub(crate) struct Stores {
    base: PathBuf,
    places: Vec<Place>,
    secrets: Secrets,
    wait: Duration,
    /// Those that were reached already, by where their URLs differ.
    open: Mutex<HashMap<String, Store>>,
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grants = self.places.iter().map(|place| &place.grant);
        f.debug_list().entries(grants).finish()
    }
}

impl Stores {
    pub(crate) fn new(
        base: &Path,
        grants: &[StoreGrant],
        secrets: &BTreeMap<String, SecretConfig>,
        limits: &Limits,
    ) -> Self {
        // What is no URL was refused with the source.
        let places = grants.iter().filter_map(|grant| {
            Some(Place {
                url: granted(&grant.url).ok()?,
                grant: grant.clone(),
            })
        });
        Self {
            base: base.to_owned(),
            places: places.collect(),
            secrets: Secrets::new(base, secrets),
            wait: Duration::from_millis(limits.network_wait_ms_max),
            open: Mutex::default(),
        }
    }

    /// How long a server may let itself be waited for, each time.
    pub(crate) fn wait(&self) -> Duration {
        self.wait
    }

    /// The store of a URL, and the place in it. Nothing is asked of it yet.
    ///
    /// # Errors
    ///
    /// Config, where the URL or what is granted for it makes no sense; denied, where it names an address
    /// that is not allowed.
    pub(crate) fn of(&self, text: &str) -> Result<InStore> {
        let url = granted(text).map_err(|error| {
            error.with_hint("credentials stand under stores and secrets in sextant.toml")
        })?;
        let place = self.places.iter().find(|place| covers(&place.url, &url));
        let grant = place.map(|place| &place.grant);
        // Stores differ by what comes before the path, and by what was granted.
        let key = format!(
            "{} {:?}",
            &url[..url::Position::BeforePath],
            grant.map(|grant| &grant.url)
        );
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match open.get(&key) {
            Some(store) => store.clone(),
            None => {
                let store = self.connect(&url, grant).context(|| text.to_owned())?;
                open.insert(key, store.clone());
                store
            }
        };
        store.place(url)
    }

    fn connect(&self, url: &Url, grant: Option<&StoreGrant>) -> Result<Store> {
        // Of the scheme and host alone: a path on a web server may be one that no object store has.
        let mut root = url.clone();
        root.set_path("/");
        let scheme = ObjectStoreScheme::parse(&root);
        let (scheme, _) = scheme.map_err(|error| Error::config(error.to_string()))?;
        let connector = self.connector(url, grant)?;
        let options = self.options(grant)?;
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: RETRIES as usize,
            retry_timeout: self.wait,
        };
        // Without a credential the request goes out unsigned; these crates would otherwise ask the
        // machine's own surroundings for one.
        let is_signed = grant.is_some_and(|grant| !grant.secrets.is_empty());
        macro_rules! store {
            ($builder:ty) => {{
                let mut builder = <$builder>::new()
                    .with_url(url.as_str())
                    .with_http_connector(connector)
                    .with_retry(retry)
                    .with_skip_signature(!is_signed);
                for (key, value) in options {
                    let known = key.parse();
                    let known =
                        known.map_err(|_| Error::config(format!("there is no option {key:?}")))?;
                    builder = builder.with_config(known, value);
                }
                builder
                    .build()
                    .map(|store| Arc::new(store) as Arc<dyn ObjectStore>)
            }};
        }
        let store = match scheme {
            ObjectStoreScheme::AmazonS3 => store!(AmazonS3Builder),
            ObjectStoreScheme::GoogleCloudStorage => store!(GoogleCloudStorageBuilder),
            ObjectStoreScheme::MicrosoftAzure => store!(MicrosoftAzureBuilder),
            ObjectStoreScheme::Http => {
                if let Some((key, _)) = options.first() {
                    return Err(Error::config(format!("a web server has no option {key:?}")));
                }
                // Their credentials stand under secrets.
                parse(url.as_str()).map_err(Error::config)?;
                let Connector(client) = connector;
                let server = WebServer::new(client, RETRIES, self.wait)?;
                return Ok(Store::Web(Arc::new(server)));
            }
            _ => {
                return Err(Error::config(format!(
                    "expected http, https, s3, gs or az, found {:?}",
                    url.scheme()
                )));
            }
        };
        let store = store.map_err(|error| Error::config(error.to_string()))?;
        Ok(Store::Objects(store))
    }

    fn options(&self, grant: Option<&StoreGrant>) -> Result<Vec<(String, String)>> {
        let Some(grant) = grant else {
            return Ok(Vec::new());
        };
        let mut options = Vec::new();
        for (key, value) in &grant.options {
            // Whatever is a URL is connected to, and an address in it is looked up by nobody.
            if let Ok(url) = Url::parse(value)
                && let Some(address) = literal(&url)
            {
                allowed(grant, true)
                    .check(address)
                    .context(|| key.clone())?;
            }
            options.push((key.clone(), value.clone()));
        }
        for (key, secret) in &grant.secrets {
            options.push((key.clone(), self.secrets.token(secret)?));
        }
        Ok(options)
    }

    /// A client that connects to allowed addresses alone.
    fn connector(&self, url: &Url, grant: Option<&StoreGrant>) -> Result<Connector> {
        let is_web = matches!(url.scheme(), "http" | "https");
        let is_private = grant.is_some_and(|grant| grant.private);
        let address = literal(url).filter(|_| is_web);
        let allowed = Allowed {
            private: is_private,
            literal: address.is_some(),
        };
        if let Some(address) = address {
            allowed.check(address)?;
        }
        // Names, and whatever is redirected to, are not what the administrator wrote.
        let found = Allowed {
            literal: false,
            ..allowed
        };
        let mut headers = HeaderMap::new();
        if let Some(grant) = grant {
            let bearer = grant
                .bearer
                .as_ref()
                .map(|secret| (AUTHORIZATION, secret, "Bearer "));
            let named = grant.headers.iter().map(|(name, secret)| {
                let name = name.parse::<HeaderName>();
                let name = name.map_err(|error| Error::config(format!("headers: {error}")))?;
                Ok::<_, Error>((name, secret, ""))
            });
            for header in bearer.map(Ok).into_iter().chain(named) {
                let (name, secret, before) = header?;
                let value = format!("{before}{}", self.secrets.token(secret)?);
                // The value stays out of the message.
                let mut value = HeaderValue::from_str(&value).map_err(|_| {
                    Error::config(format!(
                        "the credential for {name} has characters that no header field may have"
                    ))
                })?;
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        if !headers.is_empty() && url.scheme() == "http" && !is_private {
            return Err(
                Error::config("a credential would go over the public network unencrypted")
                    .with_hint("write https://"),
            );
        }
        let is_open = headers.is_empty() && grant.is_none_or(|grant| grant.secrets.is_empty());
        let ca = grant.and_then(|grant| grant.ca.as_ref());
        let ca = ca.map(|ca| tls::certificates(&self.base.join(ca)));
        let client = client::builder(found, &ca.transpose()?.unwrap_or_default())?
            .default_headers(headers)
            .connect_timeout(self.wait)
            .read_timeout(self.wait)
            .redirect(redirects(found, is_open && is_web))
            .build();
        Ok(Connector(
            client.map_err(|error| Error::config(error.to_string()))?,
        ))
    }
}

fn allowed(grant: &StoreGrant, literal: bool) -> Allowed {
    Allowed {
        private: grant.private,
        literal,
    }
}

/// Files on the web often lie where their address redirects to. A credential must not go there, and
/// nothing that was encrypted may go on without that. A server on a private network leads nowhere but to
/// itself: where else it might is not what the administrator wrote.
fn redirects(allowed: Allowed, are_followed: bool) -> redirect::Policy {
    if !are_followed {
        return redirect::Policy::none();
    }
    redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() > REDIRECTS_MAX {
            return attempt.error(Error::unavailable(format!(
                "more than {REDIRECTS_MAX} redirects"
            )));
        }
        let was_encrypted = attempt
            .previous()
            .last()
            .is_some_and(|url| url.scheme() == "https");
        let checked = parse(attempt.url().as_str())
            .map_err(Error::denied)
            .and_then(|url| {
                if was_encrypted && url.scheme() == "http" {
                    return Err(Error::denied("it redirects to where nothing is encrypted"));
                }
                literal(&url).map_or(Ok(()), |address| allowed.check(address))?;
                let first = attempt.previous().first();
                let leaves = first.is_some_and(|first| first.origin() != attempt.url().origin());
                if allowed.private && leaves {
                    let to = attempt.url().origin().ascii_serialization();
                    return Err(Error::denied(format!(
                        "it redirects to {to}, and private = true holds for the granted place alone"
                    )));
                }
                Ok(())
            });
        match checked {
            Ok(()) => attempt.follow(),
            Err(error) => attempt.error(error),
        }
    })
}

/// Gives the client that was made to whatever store asks for one.
#[derive(Debug)]
struct Connector(Client);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}
