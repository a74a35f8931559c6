//! Files of web servers, as inputs ask for them. What is to be known of a file is what HEAD says of it, and
//! where that is refused or leaves something open, what a GET of the first byte is answered with: how long
//! the file is, what marks its content, and whether the server gives parts of it. All of that may be unknown.
//! Such a file is then read by one plain GET.
//!
//! Refused: an answer that is marked otherwise or has another length than what was found; one that was
//! compressed on its way; and one whose end cannot be told from a connection that broke off.

use super::credentials::Credentials;
use super::http::{failed, outlook};
use super::kept::has_end;
use super::pace::{Backoff, last_of};
use super::secret::Secrets;
use crate::error::{Error, Result};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta};
use futures::stream::{BoxStream, StreamExt, try_unfold};
use reqwest::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, DATE, ETAG,
    HeaderMap, HeaderName, HeaderValue, IF_MATCH, LAST_MODIFIED, RANGE, TRANSFER_ENCODING,
};
use reqwest::{Client, Method, Response, Url};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a request that failed goes out again.
pub(super) const RETRIES: u32 = 3;

const BACKOFF: Backoff = Backoff {
    retries: RETRIES,
    wait_ms: 100,
    wait_ms_max: 15_000,
};

/// Characters of a header field that a message shows.
const SHOWN_CHARACTERS_MAX: usize = 40;

/// Compressions as servers call them, `x-` before them or not, and how the names of files tell them.
const COMPRESSIONS: [(&str, &str); 4] = [
    ("gzip", ".gz"),
    ("zstd", ".zst"),
    ("bzip2", ".bz2"),
    ("xz", ".xz"),
];

/// A web server.
pub(super) struct WebServer {
    client: Client,
    /// What goes along with each request, read for each.
    credentials: Credentials,
    secrets: Arc<Secrets>,
    /// For how long what failed for a moment is asked for again.
    wait: Duration,
}

impl WebServer {
    /// The server that a client reaches, and which knows by these credentials who asks. The client holds what else
    /// was granted: addresses and redirects.
    pub(super) fn new(
        client: Client,
        credentials: Credentials,
        secrets: &Arc<Secrets>,
        wait: Duration,
    ) -> Self {
        Self {
            client,
            credentials,
            secrets: Arc::clone(secrets),
            wait,
        }
    }
}

/// A place on a web server.
#[derive(Clone)]
pub(crate) struct WebPlace {
    server: Arc<WebServer>,
    url: Url,
}

/// What a server says of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct WebFile {
    /// How many bytes it has.
    pub(crate) bytes: Option<u64>,
    /// What changes with its content.
    pub(crate) mark: Option<String>,
    /// Whether parts of it are given.
    ranges: Option<bool>,
}

impl WebPlace {
    pub(super) fn new(server: &Arc<WebServer>, url: Url) -> Self {
        Self {
            server: Arc::clone(server),
            url,
        }
    }

    /// What the server says of the file; none where there is none.
    ///
    /// # Errors
    ///
    /// Denied, where the server or a check of an address refuses; data, where what it sends is compressed;
    /// unavailable, where there is no answer.
    pub(crate) async fn find(&self) -> Result<Option<WebFile>> {
        let head = self.ask(Method::HEAD, HeaderMap::new()).await?;
        let told = match head.status().as_u16() {
            200 | 203 => Some(self.told(&head)?),
            // Neither would GET be answered.
            status @ (408 | 429 | 502..=504) => return Err(refused(status)),
            // HEAD is refused in many ways, so what counts is how GET is answered.
            _ => None,
        };
        match told {
            Some(file) if !file.leaves_open() => Ok(Some(file)),
            told => self.first_byte(told.unwrap_or_default()).await,
        }
    }

    /// Asks for the first byte alone, which shows whether parts are given, and says what HEAD did not.
    async fn first_byte(&self, told: WebFile) -> Result<Option<WebFile>> {
        let range = Some("bytes=0-0".to_owned());
        let answer = self.ask(Method::GET, told.conditions(range)).await?;
        match answer.status().as_u16() {
            status @ (200 | 203 | 206) => {
                let now = self.told(&answer)?;
                told.check(&now)?;
                Ok(Some(WebFile {
                    bytes: now.bytes.or(told.bytes),
                    ranges: Some(status == 206 && now.bytes.is_some()),
                    mark: now.mark,
                }))
            }
            404 | 410 => Ok(None),
            412 => Err(Error::file_changes()),
            // An empty file has no first byte.
            416 => Ok(Some(WebFile {
                ranges: Some(false),
                ..told
            })),
            status => Err(refused(status)),
        }
    }

    /// The bytes of the file that was found, and no other, to its end. They are those from `start` on where
    /// the server gives parts, else all of them: where they start comes along.
    ///
    /// # Errors
    ///
    /// Those of [`find`](Self::find); not found, where the file is gone; unavailable, where it is another, or
    /// where nobody could say whether it came to its end. The bytes end with an error where they break off.
    /// What comes behind the length that an answer tells belongs to no answer (RFC 9112, section 6.3), and is
    /// never seen; whoever asks has to count where the length was told before.
    pub(crate) async fn open(
        &self,
        file: &WebFile,
        start: u64,
    ) -> Result<(u64, BoxStream<'static, Result<Bytes>>)> {
        let range = (start > 0).then(|| format!("bytes={start}-"));
        let answer = self.ask(Method::GET, file.conditions(range)).await?;
        let given = part(answer.headers());
        let starts_at = match answer.status().as_u16() {
            200 | 203 => 0,
            206 if start > 0 && given.is_some_and(|(at, _)| at == start) => start,
            206 => {
                return Err(Error::unavailable(
                    "the server gives another part of the file than it was asked for",
                ));
            }
            404 | 410 => return Err(Error::not_found("there is no such file any more")),
            // It is another, or too short by now.
            412 | 416 => return Err(Error::file_changes()),
            status => return Err(refused(status)),
        };
        file.check(&self.told(&answer)?)?;
        if file.bytes.is_none() && !has_end(&answer) {
            return Err(Error::unavailable(
                "the server says neither how long the file is nor where it ends: a part could be taken for the whole",
            )
            .with_hint("download the file and name it instead of its URL"));
        }
        let chunks = try_unfold(answer, |mut answer| async move {
            let chunk = answer.chunk().await.map_err(|error| failed(&error))?;
            Ok::<_, Error>(chunk.map(|chunk| (chunk, answer)))
        });
        Ok((starts_at, chunks.boxed()))
    }

    /// Sends a request, and again where that may help.
    async fn ask(&self, method: Method, headers: HeaderMap) -> Result<Response> {
        let WebServer {
            client,
            credentials,
            secrets,
            wait,
        } = &*self.server;
        let credentials = credentials.read(secrets)?;
        let began = Instant::now();
        let mut again = 1;
        loop {
            let request = client
                .request(method.clone(), self.url.clone())
                .header(ACCEPT_ENCODING, "identity")
                .headers(headers.clone())
                .headers(credentials.clone());
            let sent = request.send().await.map_err(|error| failed(&error));
            let (is_passing, asked_for) = outlook(&sent);
            if !is_passing
                || began.elapsed() > *wait
                || BACKOFF.wait(again, asked_for).await.is_none()
            {
                return sent.map_err(|error| last_of(again, error));
            }
            again += 1;
        }
    }

    /// What an answer says of the file.
    fn told(&self, answer: &Response) -> Result<WebFile> {
        let headers = answer.headers();
        if let Some(coding) = coding(headers, self.url.path()) {
            return Err(Error::data(format!(
                "the server sends it compressed ({coding:?}), though it was asked not to"
            ))
            .with_hint("download the file and name it instead of its URL"));
        }
        let bytes = match answer.status().as_u16() {
            206 => part(headers).and_then(|(_, bytes)| bytes),
            _ => length(headers),
        };
        let units = text(headers, ACCEPT_RANGES);
        Ok(WebFile {
            bytes,
            mark: mark(headers),
            ranges: units.map(|units| units.to_ascii_lowercase().contains("bytes")),
        })
    }
}

impl WebFile {
    /// Whether parts of it are given.
    pub(crate) fn has_ranges(&self) -> bool {
        self.ranges == Some(true)
    }

    /// Whether parts of it are given and seen to be of the same file. Else, two answers could be halves of two
    /// files; one answer is of one file.
    pub(crate) fn has_safe_ranges(&self) -> bool {
        self.has_ranges() && self.is_told_apart()
    }

    /// Whether its mark changes with every byte. A weak tag may stay the same where the server takes another
    /// content for as good, so that parts are not to be put together by it (RFC 9110, sections 8.8.1 and 15.3.7).
    pub(crate) fn is_told_apart(&self) -> bool {
        let mark = self.mark.as_deref();
        mark.is_some_and(|mark| !mark.starts_with("W/"))
    }

    /// Whether it is worth to ask for more. A server that says neither how long a file is nor anything of
    /// parts makes it up while it sends it, and would make it up once more for being asked.
    fn leaves_open(&self) -> bool {
        matches!(
            (self.bytes, self.ranges),
            (Some(_), None) | (None, Some(true))
        )
    }

    /// Whether an answer is about this file, as far as can be said.
    fn check(&self, now: &Self) -> Result<()> {
        let has_other_mark = self.mark.is_some() && self.mark != now.mark;
        let lengths = self.bytes.zip(now.bytes);
        match has_other_mark || lengths.is_some_and(|(then, now)| then != now) {
            true => Err(Error::file_changes()),
            false => Ok(()),
        }
    }

    /// The header fields that ask for a part of this file and no other. A weak tag matches nothing here (RFC
    /// 9110, section 13.1.1), nor are dates sent: those are looked at in the answer.
    fn conditions(&self, range: Option<String>) -> HeaderMap {
        let tag = self.mark.clone().filter(|mark| mark.starts_with('"'));
        let fields = [(RANGE, range), (IF_MATCH, tag)].into_iter();
        let fields =
            fields.filter_map(|(name, value)| Some((name, HeaderValue::try_from(value?).ok()?)));
        fields.collect()
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// The length of a whole file. Some servers say 0 to HEAD, whatever the file is, so that says nothing; and one
/// that is empty is read as well as one of any other unknown length.
fn length(headers: &HeaderMap) -> Option<u64> {
    // What the body is transferred in overrides a length (RFC 9112, section 6.3).
    if headers.contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let bytes: u64 = text(headers, CONTENT_LENGTH)?.trim().parse().ok()?;
    (bytes > 0).then_some(bytes)
}

/// Where the part of an answer starts, and how long the whole file is.
fn part(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let (range, bytes) = text(headers, CONTENT_RANGE)?
        .trim()
        .strip_prefix("bytes ")?
        .split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, bytes.trim().parse().ok()))
}

/// What changes with the content: the tag, or else the date of its last change.
fn mark(headers: &HeaderMap) -> Option<String> {
    let tag = text(headers, ETAG).filter(|tag| !tag.is_empty());
    let date = || text(headers, LAST_MODIFIED).filter(|date| !is_new(date, headers));
    tag.or_else(date).map(str::to_owned)
}

/// Whether the last change may be as old as the answer. What is made up whenever it is asked for often says so,
/// and such a date marks nothing (RFC 9110, section 8.8.2.2); nor does one of an answer that has none of its own.
fn is_new(changed: &str, headers: &HeaderMap) -> bool {
    let answered = text(headers, DATE).map(DateTime::parse_from_rfc2822);
    match (DateTime::parse_from_rfc2822(changed), answered) {
        (Ok(changed), Some(Ok(answered))) => answered - changed <= TimeDelta::seconds(1),
        _ => true,
    }
}

/// How a body was compressed on its way, if it was. What is compressed by itself, as its name says, some
/// servers say of its way.
fn coding(headers: &HeaderMap, path: &str) -> Option<String> {
    let path = path.to_ascii_lowercase();
    let is_of_file = |coding: &str| {
        let coding = coding.strip_prefix("x-").unwrap_or(coding);
        COMPRESSIONS
            .iter()
            .any(|&(name, extension)| name == coding && path.ends_with(extension))
    };
    let fields = [CONTENT_ENCODING, TRANSFER_ENCODING];
    let values = fields.iter().flat_map(|name| headers.get_all(name));
    let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
    let all = values.collect::<Vec<_>>().join(",");
    let mut codings = all.split(',').map(str::trim);
    let found = codings
        .find(|coding| !matches!(*coding, "" | "identity" | "chunked") && !is_of_file(coding))?;
    Some(found.chars().take(SHOWN_CHARACTERS_MAX).collect())
}

fn refused(status: u16) -> Error {
    match status {
        401 | 403 => Error::denied("the server does not allow it with these credentials")
            .with_hint("credentials stand under stores and secrets in sextant.toml"),
        300..=399 => Error::denied(format!(
            "it redirects (status {status}), which is followed only to a URL, and with a credential nowhere"
        ))
        .with_hint("name the URL that it redirects to"),
        _ => Error::unavailable(format!("the server answers with status {status}")),
    }
}
