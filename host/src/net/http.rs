//! HTTP requests to the places of an allow-list.

use super::address::Allowed;
use super::client;
use super::credentials::Credentials;
use super::kept::{Answer, Asked, Keeping, Kept};
use super::pace::{Pace, Paced, last_of};
use super::place::{self, covers};
use super::secret::Secrets;
use super::tls;
use crate::error::{Error, Result};
use crate::limits::Limits;
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
use tokio_rustls::rustls::pki_types::CertificateDer;

/// How many redirects are followed.
const REDIRECTS_MAX: usize = 5;

/// Bytes of a body that is kept, in one piece.
const KEPT_CHUNK_BYTES: usize = 256 << 10;

/// The methods that can be granted: those of RFC 9110 that are about what lies at a URL, and PATCH.
/// CONNECT would be a tunnel, and TRACE has the far side send the host's credentials back.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Header fields that are the host's: credentials, and what the connection is made of.
const OWN_HEADERS: [&str; 17] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-for",
];

/// A place that requests may go to, as `sextant.toml` says it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { url = \"https://example.org/api/\" }"
)]
pub struct HttpGrant {
    /// Scheme, host and port, and the path below which everything is granted.
    pub url: String,
    /// The methods, in capitals: some of GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS.
    #[serde(default = "get")]
    pub methods: Vec<String>,
    /// Whether the address may be a private one.
    #[serde(default)]
    pub private: bool,
    /// A PEM file of the authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// The secret whose token goes along as `Authorization: Bearer`.
    #[serde(default, deserialize_with = "super::secret::text")]
    pub bearer: Option<String>,
    /// The secret whose user and password go along as `Authorization: Basic`.
    #[serde(default, deserialize_with = "super::secret::text")]
    pub basic: Option<String>,
    /// Header fields and the secrets whose tokens are their values.
    #[serde(default, deserialize_with = "super::secret::texts")]
    pub headers: BTreeMap<String, String>,
}

fn get() -> Vec<String> {
    vec!["GET".to_owned()]
}

/// A request of a plugin.
#[derive(Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: String,
    /// An absolute URL without user name and fragment.
    pub url: String,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long the whole exchange may take; the host's limit is an upper bound.
    pub timeout: Option<Duration>,
}

impl fmt::Debug for HttpRequest {
    /// The method alone: the rest may say who is asked about.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({})", self.method)
    }
}

/// The head of a response, and its body.
#[derive(Debug)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Header fields, names in lower case. What is not text is left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// The body of a response, as it comes.
#[derive(Debug)]
pub struct Body {
    chunks: Chunks,
    /// Keeps what is read.
    keeping: Option<Keeping>,
    place: String,
    read: u64,
    bytes_max: u64,
}

/// Where the bytes of a body come from.
#[derive(Debug)]
enum Chunks {
    Far(reqwest::Response),
    Kept(Bytes),
}

impl Chunks {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        match self {
            Self::Far(response) => response.chunk().await.map_err(|error| failed(&error)),
            Self::Kept(body) => {
                let chunk = body.split_to(body.len().min(KEPT_CHUNK_BYTES));
                Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
            }
        }
    }
}

impl Body {
    /// Where it comes from: the URL without its query.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    ///
    /// Unavailable, where it breaks off or is late, and limit. They do not name the place.
    pub async fn chunk(&mut self) -> Result<Vec<u8>> {
        loop {
            let Some(chunk) = self.chunks.next().await? else {
                if let Some(keeping) = self.keeping.take() {
                    keeping.done();
                }
                return Ok(Vec::new());
            };
            let keeping = self.keeping.take();
            self.keeping = keeping.and_then(|mut keeping| keeping.push(&chunk).then_some(keeping));
            self.read += chunk.len() as u64;
            if self.read > self.bytes_max {
                return Err(Error::over_limit(
                    "bytes of an HTTP response",
                    self.read,
                    self.bytes_max,
                    "http_response_bytes_max",
                ));
            }
            if !chunk.is_empty() {
                return Ok(chunk.into());
            }
        }
    }
}

/// The places of a source.
#[derive(Debug)]
pub(super) struct Http {
    places: Vec<Place>,
    bounds: Bounds,
    kept: Arc<Kept>,
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    wait: Duration,
    response_bytes_max: u64,
    request_bytes_max: usize,
}

#[derive(Debug)]
struct Place {
    url: Url,
    methods: Vec<Method>,
    allowed: Allowed,
    ca: Vec<CertificateDer<'static>>,
    client: OnceLock<Client>,
    credentials: Credentials,
}

impl Http {
    pub(super) fn new(
        base: &Path,
        grants: &[HttpGrant],
        secrets: &Secrets,
        limits: &Limits,
    ) -> Result<Self> {
        let places = grants.iter().map(|grant| {
            let place = Place::new(base, grant, secrets);
            place.map_err(|error| place::at(&grant.url, error))
        });
        Ok(Self {
            places: places.collect::<Result<_>>()?,
            bounds: Bounds {
                wait: Duration::from_millis(limits.network_wait_ms_max),
                response_bytes_max: limits.http_response_bytes_max,
                request_bytes_max: limits.http_request_bytes_max,
            },
            kept: Kept::new(limits.http_kept_bytes_max),
        })
    }

    pub(super) fn describe(&self) -> impl Iterator<Item = String> {
        self.places.iter().map(|place| {
            let methods: Vec<_> = place.methods.iter().map(Method::as_str).collect();
            let private = if place.allowed.private {
                ", private"
            } else {
                ""
            };
            let secret = match place.credentials.is_empty() {
                true => "",
                false => ", with a credential",
            };
            format!("{} {}{private}{secret}", methods.join(", "), place.url)
        })
    }

    pub(super) async fn send(
        &self,
        request: HttpRequest,
        secrets: &Secrets,
        pace: &Pace,
        paced: &mut Paced,
    ) -> Result<HttpResponse> {
        let bytes = request.url.len()
            + request.body.len()
            + request
                .headers
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum::<usize>();
        if bytes > self.bounds.request_bytes_max {
            return Err(Error::over_limit(
                "bytes of an HTTP request",
                bytes,
                self.bounds.request_bytes_max,
                "http_request_bytes_max",
            ));
        }
        let mut method: Method = request.method.parse().map_err(|_| {
            Error::plugin(format!(
                "expected an HTTP method, found {:?}",
                request.method
            ))
        })?;
        let mut url = parse(&request.url).map_err(Error::plugin)?;
        let headers = headers(&request.headers)?;
        let mut body = request.body;
        let wait = self
            .bounds
            .wait
            .min(request.timeout.unwrap_or(self.bounds.wait));
        for _ in 0..=REDIRECTS_MAX {
            let place = self.place(&url, &method)?;
            let credentials = place.credentials.read(secrets)?;
            let asked = Asked::new(&method, &url, &headers, &credentials, &body);
            let known = asked.as_ref().and_then(|asked| self.kept.known(asked));
            let exchange = Exchange {
                place,
                method: &method,
                url: &url,
                headers: &headers,
                credentials: &credentials,
                known: known.as_ref(),
                body: &body,
                wait,
            };
            let response = exchange
                .send(pace, paced)
                .await
                .map_err(|error| error.context(shown(&url)))?;
            let Some(to) = redirect(&response, &url).map_err(|error| error.context(shown(&url)))?
            else {
                return Ok(match known {
                    Some(known) if response.status().as_u16() == 304 => {
                        self.unchanged(known, &response, &url)
                    }
                    _ => self.response(response, asked, &url),
                });
            };
            // RFC 9110, section 15.4: after 303 the answer is fetched, and so it has long been done
            // after 301 and 302.
            let status = response.status().as_u16();
            if status == 303 || (matches!(status, 301 | 302) && method == Method::POST) {
                if method != Method::HEAD {
                    method = Method::GET;
                }
                body = Vec::new();
            }
            url = to;
        }
        Err(Error::unavailable(format!("more than {REDIRECTS_MAX} redirects")).context(shown(&url)))
    }

    /// The grant that covers a request.
    fn place(&self, url: &Url, method: &Method) -> Result<&Place> {
        let covering: Vec<_> = self
            .places
            .iter()
            .filter(|place| covers(&place.url, url))
            .collect();
        let with_method = covering.iter().find(|place| place.methods.contains(method));
        with_method.copied().ok_or_else(|| {
            // No more of the URL than its origin: a redirect could carry what is not to be shown.
            Error::denied(match covering.is_empty() {
                true => format!(
                    "http to {} (that path) is not granted",
                    url.origin().ascii_serialization()
                ),
                false => format!(
                    "the method {method} is not granted for {}",
                    url.origin().ascii_serialization()
                ),
            })
        })
    }

    /// What is kept, as if it had been sent now.
    fn unchanged(&self, known: Answer, response: &reqwest::Response, url: &Url) -> HttpResponse {
        let known = known.described(response.headers(), fields(response));
        self.kept.keep(known.clone());
        HttpResponse {
            status: 200,
            headers: known.headers,
            body: self.body(Chunks::Kept(known.body), None, url),
        }
    }

    fn body(&self, chunks: Chunks, keeping: Option<Keeping>, url: &Url) -> Body {
        Body {
            chunks,
            keeping,
            place: shown(url),
            read: 0,
            bytes_max: self.bounds.response_bytes_max,
        }
    }

    fn response(
        &self,
        response: reqwest::Response,
        asked: Option<Asked>,
        url: &Url,
    ) -> HttpResponse {
        let headers = fields(&response);
        let keeping = match (response.status().as_u16(), asked) {
            (200, Some(asked)) => self.kept.begin(asked, &response, &headers),
            (401 | 403 | 404 | 410, Some(asked)) => {
                self.kept.forget(&asked);
                None
            }
            _ => None,
        };
        HttpResponse {
            status: response.status().as_u16(),
            headers,
            body: self.body(Chunks::Far(response), keeping, url),
        }
    }
}

/// The header fields of a response, as a plugin sees them.
fn fields(response: &reqwest::Response) -> Vec<(String, String)> {
    let fields = response.headers().iter().filter_map(|(name, value)| {
        // Cookies are the far side's credentials for whoever comes back.
        let is_cookie = name.as_str().starts_with("set-cookie");
        let value = value.to_str().ok().filter(|_| !is_cookie)?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    fields.collect()
}

impl Place {
    fn new(base: &Path, grant: &HttpGrant, secrets: &Secrets) -> Result<Self> {
        let url = parse(&grant.url).map_err(Error::config)?;
        if url.query().is_some() {
            return Err(Error::config("expected a URL without a query"));
        }
        let methods = grant.methods.iter().map(|method| {
            let known = METHODS.contains(&method.as_str());
            let parsed = method.parse::<Method>().ok().filter(|_| known);
            parsed.ok_or_else(|| {
                Error::config(format!(
                    "methods: expected some of {}, found {method:?}",
                    METHODS.join(", ")
                ))
            })
        });
        let allowed = Allowed {
            private: grant.private,
            literal: literal(&url).is_some(),
        };
        let credentials = Credentials::new(
            grant.bearer.as_deref(),
            grant.basic.as_deref(),
            &grant.headers,
            secrets,
        )?;
        credentials.check(&url, grant.private)?;
        let ca = grant
            .ca
            .as_ref()
            .map(|ca| tls::certificates(&base.join(ca)));
        Ok(Self {
            methods: methods.collect::<Result<_>>()?,
            ca: ca.transpose()?.unwrap_or_default(),
            client: OnceLock::new(),
            credentials,
            allowed,
            url,
        })
    }

    /// The client for this place. It is made when it is first used, since it reads the system's
    /// certificates.
    fn client(&self) -> Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let found = Allowed {
            literal: false,
            ..self.allowed
        };
        let client = client::builder(found, &self.ca)?.build();
        let client = client.map_err(|error| Error::config(error.to_string()))?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// One request to one place, as often as it takes.
struct Exchange<'a> {
    place: &'a Place,
    method: &'a Method,
    url: &'a Url,
    headers: &'a HeaderMap,
    credentials: &'a HeaderMap,
    known: Option<&'a Answer>,
    body: &'a [u8],
    wait: Duration,
}

impl Exchange<'_> {
    async fn send(&self, pace: &Pace, paced: &mut Paced) -> Result<reqwest::Response> {
        let may_repeat = pace.may_repeat(self.method);
        let mut again = 1;
        loop {
            let turn = pace.turn(paced).await?;
            let sent = self.once().await;
            drop(turn);
            let (is_passing, asked_for) = outlook(&sent);
            if !may_repeat || !is_passing || !pace.again(again, asked_for, paced).await {
                return sent.map_err(|error| last_of(again, error));
            }
            again += 1;
        }
    }

    async fn once(&self) -> Result<reqwest::Response> {
        // Where the URL has an address itself, no name is looked up that could be checked.
        if let Some(address) = literal(self.url) {
            self.place.allowed.check(address)?;
        }
        let mut request = self
            .place
            .client()?
            .request(self.method.clone(), self.url.clone())
            .headers(self.headers.clone())
            .headers(
                self.known
                    .map_or_else(HeaderMap::new, |known| known.marks.clone()),
            )
            .headers(self.credentials.clone())
            .timeout(self.wait);
        if !self.body.is_empty() || *self.method == Method::POST {
            request = request.body(self.body.to_vec());
        }
        request.send().await.map_err(|error| failed(&error))
    }
}

/// An absolute URL that a request can go to, or why it is none.
pub(super) fn parse(text: &str) -> std::result::Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("expected an absolute URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "expected a URL of http or https, found {:?}",
            url.scheme()
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("expected a URL without user name and password".to_owned());
    }
    if url.fragment().is_some() {
        return Err("expected a URL without a fragment".to_owned());
    }
    Ok(url)
}

/// The address that stands in a URL instead of a name.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.parse().ok()
}

/// A URL without what may say who was asked about.
fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

fn headers(given: &[(String, String)]) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let parsed = name.parse::<HeaderName>();
        let parsed = parsed.map_err(|_| {
            Error::plugin(format!(
                "expected the name of a header field, found {name:?}"
            ))
        })?;
        if OWN_HEADERS.contains(&parsed.as_str()) || parsed.as_str().starts_with("proxy-") {
            return Err(Error::denied(format!(
                "the header field {parsed} is the host's"
            )));
        }
        let value = HeaderValue::from_str(value).map_err(|_| {
            Error::plugin(format!(
                "the header field {parsed} has characters that it may not have"
            ))
        })?;
        headers.append(parsed, value);
    }
    Ok(headers)
}

/// Where a response sends its request to, if it does.
fn redirect(response: &reqwest::Response, from: &Url) -> Result<Option<Url>> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(reqwest::header::LOCATION) else {
        return Ok(None);
    };
    let wrong = || Error::unavailable("it redirects to what is no URL");
    let location = location.to_str().map_err(|_| wrong())?;
    let mut to = from.join(location).map_err(|_| wrong())?;
    to.set_fragment(None);
    parse(to.as_str()).map(Some).map_err(Error::denied)
}

/// Whether the same request may be answered better a little later, and how long the far side wants not to be
/// asked.
pub(super) fn outlook(sent: &Result<reqwest::Response>) -> (bool, Option<Duration>) {
    match sent {
        Ok(response) => (
            is_passing(response.status().as_u16()),
            retry_after(response),
        ),
        Err(error) => (error.is_unavailable(), None),
    }
}

fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// How long the far side wants not to be asked (RFC 9110, section 10.2.3).
fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let value = response
        .headers()
        .get(reqwest::header::RETRY_AFTER)?
        .to_str()
        .ok()?;
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = chrono::DateTime::parse_from_rfc2822(value.trim()).ok()?;
    SystemTime::from(at).duration_since(SystemTime::now()).ok()
}

/// An error of the client, without the URL that stands in it.
pub(super) fn failed(error: &reqwest::Error) -> Error {
    // The outermost message has the URL; the innermost says what happened.
    let mut innermost = None;
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        if let Some(own) = source.downcast_ref::<Error>() {
            return own.clone();
        }
        innermost = Some(source.to_string());
        cause = source.source();
    }
    if error.is_timeout() {
        return Error::unavailable("there was no whole answer in time").with_hint(
            "raise limits.network_wait_ms_max in sextant.toml if the far side is known to be slow",
        );
    }
    let what = match error.is_connect() {
        true => "cannot connect",
        false => "the answer broke off",
    };
    Error::unavailable(match innermost {
        Some(innermost) => format!("{what}: {innermost}"),
        None => what.to_owned(),
    })
}
