//! HTTP through the host: one request, one response, whose body is a stream.
//!
//! The host resolves the name, checks the address against what the source was granted, follows
//! redirects to granted places only, puts in credentials and keeps the limits. There is no
//! connection to hold here, no cookie and no `Authorization` header: a header that carries
//! credentials is refused.
//!
//! ```
//! use sextant_plugin_sdk::testing::TestHost;
//! use sextant_plugin_sdk::{ErrorKind, HttpRequest};
//! use std::io::Read;
//!
//! let host = TestHost::new().http("https://example.org/a.json", 200, "[1, 2]").host();
//! let request = HttpRequest::get("https://example.org/a.json")
//!     .header("accept", "application/json")
//!     .timeout_ms(5_000);
//! let mut body = String::new();
//! host.http(&request)?.error_for_status()?.body.read_to_string(&mut body)?;
//! assert_eq!(body, "[1, 2]");
//! # Ok::<(), sextant_plugin_sdk::Error>(())
//! ```

use crate::{Error, ErrorKind, InputReader, Result};
use std::fmt;

/// A request.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST` and so on, as granted.
    pub method: String,
    /// An absolute http or https URL without user name and fragment.
    pub url: String,
    /// Header fields. Those that carry credentials are refused: the host puts them in.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Milliseconds for the whole exchange; the host's own limit is an upper bound.
    pub timeout_ms: Option<u32>,
}

impl HttpRequest {
    /// A request without headers and body.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        let (method, url) = (method.into(), url.into());
        Self {
            method,
            url,
            headers: Vec::new(),
            body: Vec::new(),
            timeout_ms: None,
        }
    }

    /// A GET request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A POST request with a body. Say what it is with the header `content-type`.
    pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", url).body(body)
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Bounds the whole exchange, in milliseconds.
    #[must_use]
    pub fn timeout_ms(mut self, timeout_ms: u32) -> Self {
        self.timeout_ms = Some(timeout_ms);
        self
    }
}

impl fmt::Debug for HttpRequest {
    /// The method and the place alone: a query, a header or a body may say who is asked about.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &without_query(&self.url))
            .finish_non_exhaustive()
    }
}

/// The head of a response, and its body as a stream.
#[derive(Debug)]
pub struct HttpResponse {
    /// The status code. One of 400 or more is a response like any other; see
    /// [`error_for_status`](Self::error_for_status).
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body. Its errors name the URL, without the query.
    pub body: InputReader,
}

impl HttpResponse {
    /// The first value of a header field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The same response, or an error where its status is 400 or more:
    ///
    /// | status | kind |
    /// |---|---|
    /// | 401, 403, 407 | [`ErrorKind::Unauthorized`] |
    /// | 404, 410 | [`ErrorKind::NotFound`] |
    /// | 408, 429, 500 and more | [`ErrorKind::Unavailable`], with `retry-after` where it gives seconds |
    /// | other | [`ErrorKind::Unsupported`]: the far side does not take this request |
    ///
    /// A `retry-after` that gives a date (RFC 9110, section 10.2.3) is passed over: a plugin's
    /// clock stands still.
    pub fn error_for_status(self) -> Result<Self> {
        let kind = match self.status {
            ..=399 => return Ok(self),
            401 | 403 | 407 => ErrorKind::Unauthorized,
            404 | 410 => ErrorKind::NotFound,
            408 | 429 | 500.. => ErrorKind::Unavailable {
                retry_after_ms: self.retry_after_ms(),
            },
            _ => ErrorKind::Unsupported,
        };
        let message = format!(
            "expected a successful answer, found the HTTP status {}",
            self.status
        );
        Err(Error::new(kind, message).in_input(self.body.name()))
    }

    fn retry_after_ms(&self) -> Option<u64> {
        let seconds: u64 = self.header("retry-after")?.trim().parse().ok()?;
        seconds.checked_mul(1_000)
    }
}

/// A URL as errors and logs show it.
pub(crate) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHost;
    use std::io::Read;

    fn response(status: u16, headers: &[(&str, &str)]) -> HttpResponse {
        let host = TestHost::new().http("https://example.org/a?who=somebody", status, "");
        let mut response = host
            .host()
            .http(&HttpRequest::get("https://example.org/a?who=somebody"))
            .unwrap();
        response.headers = headers
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        response
    }

    #[test]
    fn a_request_is_sent_as_it_was_put_together() {
        let host = TestHost::new().http("https://example.org/a", 201, "made");
        let request = HttpRequest::post("https://example.org/a", "{}")
            .header("content-type", "application/json")
            .timeout_ms(250);
        let mut response = host.host().http(&request).unwrap();
        let mut body = String::new();
        response.body.read_to_string(&mut body).unwrap();
        assert_eq!((response.status, body.as_str()), (201, "made"));
        let expected = HttpRequest {
            method: "POST".to_owned(),
            url: "https://example.org/a".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: b"{}".to_vec(),
            timeout_ms: Some(250),
        };
        assert_eq!(host.requests(), [expected]);
    }

    #[test]
    fn a_status_becomes_a_kind() {
        let kind = |status| {
            response(status, &[])
                .error_for_status()
                .map_or_else(|error| Some(error.kind()), |_| None)
        };
        let unavailable = ErrorKind::Unavailable {
            retry_after_ms: None,
        };
        let cases = [
            (200, None),
            (304, None),
            (399, None),
            (400, Some(ErrorKind::Unsupported)),
            (401, Some(ErrorKind::Unauthorized)),
            (403, Some(ErrorKind::Unauthorized)),
            (404, Some(ErrorKind::NotFound)),
            (410, Some(ErrorKind::NotFound)),
            (422, Some(ErrorKind::Unsupported)),
            (429, Some(unavailable)),
            (500, Some(unavailable)),
            (503, Some(unavailable)),
        ];
        for (status, expected) in cases {
            assert_eq!(kind(status), expected, "{status}");
        }
    }

    #[test]
    fn seconds_to_wait_are_kept_and_a_date_is_not() {
        let wait = |value| {
            response(503, &[("retry-after", value)])
                .error_for_status()
                .unwrap_err()
                .kind()
        };
        assert_eq!(
            wait("120"),
            ErrorKind::Unavailable {
                retry_after_ms: Some(120_000)
            }
        );
        assert_eq!(
            wait("Wed, 21 Oct 2015 07:28:00 GMT"),
            ErrorKind::Unavailable {
                retry_after_ms: None
            }
        );
        assert_eq!(
            wait("18446744073709551615"),
            ErrorKind::Unavailable {
                retry_after_ms: None
            }
        );
    }

    #[test]
    fn errors_and_debug_output_do_not_show_the_query() {
        let error = response(404, &[]).error_for_status().unwrap_err();
        assert_eq!(
            error.to_string(),
            "https://example.org/a: expected a successful answer, found the HTTP status 404"
        );
        let request =
            HttpRequest::get("https://example.org/a?who=somebody").header("x-name", "somebody");
        assert!(!format!("{request:?}").contains("somebody"));
    }
}
