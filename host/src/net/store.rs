//! Inputs on web servers and in object stores. An input's text names the place; what else it takes to
//! reach it stands under `stores`.

use super::address::Allowed;
use super::client;
use super::credentials::Credentials;
use super::http::{literal, parse};
use super::place::{self, covers, granted};
use super::secret::{SecretConfig, Secrets};
use super::tls;
use super::web::{RETRIES, WebPlace, WebServer};
use crate::error::{Context, Error, Result};
use crate::limits::Limits;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::client::{HttpClient, HttpConnector};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path as ObjectPath;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, ObjectStoreScheme, RetryConfig};
use reqwest::{Client, Url, redirect};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many redirects are followed, where no credential goes along.
const REDIRECTS_MAX: usize = 5;

/// A kind of object store, and the credentials that it takes: the options of each.
struct Kind {
    name: &'static str,
    credentials: &'static [&'static [&'static str]],
}

const S3: Kind = Kind {
    name: "S3",
    credentials: &[
        &["access_key_id", "secret_access_key"],
        &["access_key_id", "secret_access_key", "token"],
    ],
};

const AZURE: Kind = Kind {
    name: "Azure",
    credentials: &[
        &["account_key"],
        &["sas_token"],
        &["bearer_token"],
        &["client_id", "client_secret", "tenant_id"],
        &["client_id", "federated_token_file", "tenant_id"],
    ],
};

const GOOGLE: Kind = Kind {
    name: "Google",
    credentials: &[
        &["service_account_key"],
        &["service_account"],
        &["application_credentials"],
    ],
};

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
    #[serde(default, deserialize_with = "super::secret::texts")]
    pub options: BTreeMap<String, String>,
    /// Options whose values are tokens of secrets, such as `secret_access_key`. They are read when the store is
    /// first reached, and hold as long as `sextant.toml` says the same of the source.
    #[serde(default, deserialize_with = "super::secret::texts")]
    pub secrets: BTreeMap<String, String>,
    /// The secret whose token goes to a web server as `Authorization: Bearer`. It is read for each request.
    #[serde(default, deserialize_with = "super::secret::text")]
    pub bearer: Option<String>,
    /// Header fields for a web server and the secrets whose tokens are their values.
    #[serde(default, deserialize_with = "super::secret::texts")]
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

impl StoreGrant {
    /// Checks what can be checked before anything is asked.
    ///
    /// # Errors
    ///
    /// Config, where it makes no sense or names a secret that there is not.
    pub(super) fn check(&self, secrets: &Secrets) -> Result<()> {
        let place = Place::new(self, secrets);
        place.map(drop).map_err(|error| place::at(&self.url, error))
    }
}

/// A grant, and what it is for.
struct Place {
    url: Url,
    /// What goes along to a web server.
    credentials: Credentials,
    grant: StoreGrant,
}

impl Place {
    fn new(grant: &StoreGrant, secrets: &Secrets) -> Result<Self> {
        let url = granted(&grant.url)?;
        for (key, name) in &grant.secrets {
            secrets.check(&format!("secrets.{key}"), name)?;
        }
        let bearer = grant.bearer.as_deref();
        let credentials = Credentials::new(bearer, None, &grant.headers, secrets)?;
        credentials.check(&url, grant.private)?;
        Ok(Self {
            url,
            credentials,
            grant: grant.clone(),
        })
    }
}

/// The stores of a source's inputs.
pub(crate) struct Stores {
    base: PathBuf,
    places: Vec<Place>,
    secrets: Arc<Secrets>,
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
        let secrets = Secrets::new(base, secrets);
        // What makes no sense was refused with the source.
        let places = grants.iter().map(|grant| Place::new(grant, &secrets));
        Self {
            base: base.to_owned(),
            places: places.filter_map(Result::ok).collect(),
            secrets: Arc::new(secrets),
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
        // Stores differ by what comes before the path, and by what was granted.
        let key = format!(
            "{} {:?}",
            &url[..url::Position::BeforePath],
            place.map(|place| &place.grant.url)
        );
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match open.get(&key) {
            Some(store) => store.clone(),
            None => {
                let store = self.connect(&url, place);
                let store = store.map_err(|error| place::at(text, error))?;
                open.insert(key, store.clone());
                store
            }
        };
        store.place(url)
    }

    fn connect(&self, url: &Url, place: Option<&Place>) -> Result<Store> {
        // Of the scheme and host alone: a path on a web server may be one that no object store has.
        let mut root = url.clone();
        root.set_path("/");
        let (scheme, _) = ObjectStoreScheme::parse(&root).map_err(|_| not_served(url))?;
        let client = self.client(url, place)?;
        let options = self.options(place)?;
        let credentials = place.map(|place| place.credentials.clone());
        let credentials = credentials.unwrap_or_default();
        if scheme == ObjectStoreScheme::Http {
            if let Some((key, _)) = options.first() {
                return Err(Error::config(format!("a web server has no option {key:?}")));
            }
            // Their credentials stand under secrets.
            parse(url.as_str()).map_err(Error::config)?;
            let server = WebServer::new(client, credentials, &self.secrets, self.wait);
            return Ok(Store::Web(Arc::new(server)));
        }
        if !credentials.is_empty() {
            return Err(Error::config("bearer and headers are for web servers")
                .with_hint("the credentials of an object store are options, and stand under secrets of its grant"));
        }
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: RETRIES as usize,
            retry_timeout: self.wait,
        };
        let has_secrets = place.is_some_and(|place| !place.grant.secrets.is_empty());
        macro_rules! store {
            ($builder:ty, $key:ty, $kind:expr) => {{
                let is_signed = $kind.is_signed::<$key>(&options, has_secrets)?;
                let mut builder = <$builder>::new()
                    .with_url(url.as_str())
                    .with_http_connector(Connector(client))
                    .with_retry(retry);
                for (key, value) in options {
                    let known = key.parse::<$key>();
                    let known =
                        known.map_err(|_| Error::config(format!("there is no option {key:?}")))?;
                    builder = builder.with_config(known, value);
                }
                // Without a credential the request goes out unsigned, whatever options say; these crates
                // would otherwise ask the machine's own surroundings for one.
                builder
                    .with_skip_signature(!is_signed)
                    .build()
                    .map(|store| Arc::new(store) as Arc<dyn ObjectStore>)
            }};
        }
        let store = match scheme {
            ObjectStoreScheme::AmazonS3 => store!(AmazonS3Builder, AmazonS3ConfigKey, S3),
            ObjectStoreScheme::GoogleCloudStorage => {
                store!(GoogleCloudStorageBuilder, GoogleConfigKey, GOOGLE)
            }
            ObjectStoreScheme::MicrosoftAzure => {
                store!(MicrosoftAzureBuilder, AzureConfigKey, AZURE)
            }
            _ => return Err(not_served(url)),
        };
        let store = store.map_err(|error| Error::config(error.to_string()))?;
        Ok(Store::Objects(store))
    }

    fn options(&self, place: Option<&Place>) -> Result<Vec<(String, String)>> {
        let Some(Place { grant, .. }) = place else {
            return Ok(Vec::new());
        };
        let mut options = Vec::new();
        for (key, value) in &grant.options {
            // Whatever is a URL is connected to, and an address in it is looked up by nobody.
            if let Ok(url) = Url::parse(value)
                && let Some(address) = literal(&url)
            {
                let allowed = Allowed {
                    private: grant.private,
                    literal: true,
                };
                allowed.check(address).context(|| key.clone())?;
            }
            options.push((key.clone(), value.clone()));
        }
        for (key, secret) in &grant.secrets {
            options.push((key.clone(), self.secrets.token(secret)?));
        }
        Ok(options)
    }

    /// A client that connects to allowed addresses alone.
    fn client(&self, url: &Url, place: Option<&Place>) -> Result<Client> {
        let is_web = matches!(url.scheme(), "http" | "https");
        // Names, and whatever is redirected to, are not what the administrator wrote.
        let found = Allowed {
            private: place.is_some_and(|place| place.grant.private),
            literal: false,
        };
        if let Some(address) = literal(url).filter(|_| is_web) {
            let written = Allowed {
                literal: true,
                ..found
            };
            written.check(address)?;
        }
        let is_open = place
            .is_none_or(|place| place.credentials.is_empty() && place.grant.secrets.is_empty());
        let ca = place.and_then(|place| place.grant.ca.as_ref());
        let ca = ca.map(|ca| tls::certificates(&self.base.join(ca)));
        let client = client::builder(found, &ca.transpose()?.unwrap_or_default())?
            .connect_timeout(self.wait)
            .read_timeout(self.wait)
            .redirect(redirects(found, is_open && is_web))
            .build();
        client.map_err(|error| Error::config(error.to_string()))
    }
}

/// The error of a URL that leads to no web server and no object store.
fn not_served(url: &Url) -> Error {
    let found = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
    Error::config(format!(
        "expected http://, https://, s3://, gs:// or az:// and a host or bucket, found {found:?}"
    ))
    .with_hint("a file of this machine is named by its path alone; what only another kind of server has is fetched beforehand")
}

impl Kind {
    /// Whether requests are signed. Where a part of a credential is missing, the store's crate would ask for all of it
    /// where clouds answer with that of the machine.
    ///
    /// # Errors
    ///
    /// Config, which says what is missing.
    fn is_signed<K: FromStr + PartialEq>(
        &self,
        options: &[(String, String)],
        has_secrets: bool,
    ) -> Result<bool> {
        let given = options.iter().filter_map(|(key, _)| key.parse().ok());
        let given: Vec<K> = given.collect();
        let is_given = |name: &str| name.parse::<K>().is_ok_and(|key| given.contains(&key));
        let count = |names: &[&str]| names.iter().filter(|name| is_given(name)).count();
        // One that is complete, else the one of which most is given; of several the first.
        let credentials = self.credentials.iter().rev();
        let nearest = credentials.max_by_key(|names| (count(names) == names.len(), count(names)));
        let nearest = nearest.copied().unwrap_or_default();
        if count(nearest) == 0 && !has_secrets {
            return Ok(false);
        }
        let Some(missing) = nearest.iter().find(|name| !is_given(name)) else {
            return Ok(true);
        };
        let credentials = self.credentials.iter().map(|names| names.join(" and "));
        let credentials: Vec<_> = credentials.collect();
        Err(Error::config(format!(
            "a credential of {} is {}, and {missing} is missing",
            self.name,
            credentials.join(", or ")
        ))
        .with_hint("all of it stands under secrets of the grant of the store"))
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
