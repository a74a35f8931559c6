//! Answers that are sent again only where they have changed: what a server marked with `ETag` or
//! `Last-Modified` is kept, and the next request for the same says what is known (RFC 9110, section 13). The
//! server is asked every time, so no answer is older than it says, and none is given out that the server
//! refuses by now. They are a source's own, since they are what its credentials brought, and belong to the
//! very credentials that were sent.

use bytes::{Bytes, BytesMut};
use reqwest::header::{
    CACHE_CONTROL, CONTENT_LENGTH, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, RANGE, TRANSFER_ENCODING,
};
use reqwest::{Method, Url};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Answers that are kept, whatever their size.
const ANSWERS_MAX: usize = 256;
/// Bytes that an answer counts for beside its own.
const ANSWER_BYTES: usize = 4 << 10;

/// What was asked for: answers may differ by all of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    url: Url,
    headers: HeaderMap,
    /// Of the credentials, so that they are kept nowhere.
    credentials: [u8; 32],
}

/// An answer that is kept.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    asked: Asked,
    /// The header fields that say what is known.
    pub(super) marks: HeaderMap,
    /// The header fields of the answer.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

/// The answers of a source, the one that was asked for longest ago first.
#[derive(Debug)]
pub(super) struct Kept {
    bytes_max: usize,
    /// Bytes of answers that are being read.
    under_way: AtomicUsize,
    answers: Mutex<VecDeque<Answer>>,
}

/// An answer that is being read, and kept when it was read to its end.
#[derive(Debug)]
pub(super) struct Keeping {
    kept: Arc<Kept>,
    answer: Answer,
    body: BytesMut,
}

impl Asked {
    /// None where answers are not kept: for what is more than a GET, and for whoever says himself what he
    /// knows, wants a part, or wants nothing kept.
    pub(super) fn new(
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        credentials: &HeaderMap,
        body: &[u8],
    ) -> Option<Self> {
        let is_own = |name: &HeaderName| *name == RANGE || name.as_str().starts_with("if-");
        let is_kept = *method == Method::GET
            && body.is_empty()
            && !headers.keys().any(is_own)
            && !forbids(headers);
        let mut hash = Sha256::new();
        for (name, value) in credentials {
            for part in [name.as_str().as_bytes(), value.as_bytes()] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
        }
        is_kept.then(|| Self {
            url: url.clone(),
            headers: headers.clone(),
            credentials: hash.finalize().into(),
        })
    }

    fn bytes(&self) -> usize {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| name.as_str().len() + value.len());
        self.url.as_str().len() + headers.sum::<usize>()
    }
}

/// Whether header fields say that an answer is not to be kept.
fn forbids(headers: &HeaderMap) -> bool {
    headers.get_all(CACHE_CONTROL).iter().any(|value| {
        let mut directives = value.as_bytes().split(|&byte| byte == b',');
        directives.any(|directive| directive.trim_ascii().eq_ignore_ascii_case(b"no-store"))
    })
}

/// Whether the end of an answer's body can be told from a connection that broke off.
pub(super) fn has_end(response: &reqwest::Response) -> bool {
    let headers = response.headers();
    let has_length = headers.contains_key(CONTENT_LENGTH);
    // What the body is transferred in overrides a length (RFC 9112, section 6.3).
    let codings = headers.get_all(TRANSFER_ENCODING).iter().next_back();
    codings.map_or(has_length, ends_in_chunks)
}

/// Whether the last of some codings is the one that has an end.
fn ends_in_chunks(codings: &HeaderValue) -> bool {
    let last = codings.as_bytes().rsplit(|&byte| byte == b',').next();
    last.is_some_and(|last| last.trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

/// What the next request for the same says, by what the server said of this one.
fn marks(received: &HeaderMap) -> HeaderMap {
    let pairs = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)];
    let marks = pairs.into_iter();
    let marks = marks.filter_map(|(from, to)| Some((to, received.get(from)?.clone())));
    marks.collect()
}

impl Answer {
    /// The same as the server described it last, which is to be believed but for what it says of the body
    /// that it did not send (RFC 9111, section 3.2).
    pub(super) fn described(
        mut self,
        received: &HeaderMap,
        headers: Vec<(String, String)>,
    ) -> Self {
        self.marks.extend(marks(received));
        let of_body = |name: &str| name.starts_with("content-") || name == "transfer-encoding";
        let newer: Vec<_> = headers
            .into_iter()
            .filter(|(name, _)| !of_body(name))
            .collect();
        self.headers
            .retain(|(name, _)| newer.iter().all(|(newer, _)| newer != name));
        self.headers.extend(newer);
        self
    }

    /// What it counts for.
    fn bytes(&self) -> usize {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| name.len() + value.len());
        ANSWER_BYTES + self.asked.bytes() + headers.sum::<usize>() + self.body.len()
    }
}

impl Kept {
    pub(super) fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self {
            bytes_max,
            under_way: AtomicUsize::new(0),
            answers: Mutex::default(),
        })
    }

    fn answers(&self) -> MutexGuard<'_, VecDeque<Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of the same.
    pub(super) fn known(&self, asked: &Asked) -> Option<Answer> {
        let answers = self.answers();
        answers
            .iter()
            .find(|answer| answer.asked == *asked)
            .cloned()
    }

    /// Forgets what is known of the same, which the server has no more or does not give out.
    pub(super) fn forget(&self, asked: &Asked) {
        self.answers().retain(|answer| answer.asked != *asked);
    }

    /// Begins to keep a whole answer; none where the server did not mark it or does not want it kept, or
    /// where a part of it could be taken for the whole.
    pub(super) fn begin(
        self: &Arc<Self>,
        asked: Asked,
        response: &reqwest::Response,
        headers: &[(String, String)],
    ) -> Option<Keeping> {
        if forbids(response.headers()) || !has_end(response) {
            return None;
        }
        let marks = marks(response.headers());
        (!marks.is_empty()).then(|| Keeping {
            kept: Arc::clone(self),
            answer: Answer {
                asked,
                marks,
                headers: headers.to_vec(),
                body: Bytes::new(),
            },
            body: BytesMut::new(),
        })
    }

    /// Keeps an answer as the one that was asked for last, in the place of older ones where there is no room.
    pub(super) fn keep(&self, answer: Answer) {
        let mut answers = self.answers();
        answers.retain(|known| known.asked != answer.asked);
        answers.push_back(answer);
        let mut bytes: usize = answers.iter().map(Answer::bytes).sum();
        while bytes > self.bytes_max || answers.len() > ANSWERS_MAX {
            bytes -= answers.pop_front().map_or(bytes, |oldest| oldest.bytes());
        }
    }
}

impl Keeping {
    /// Takes the next bytes; false where there is no room for them.
    pub(super) fn push(&mut self, chunk: &[u8]) -> bool {
        self.body.extend_from_slice(chunk);
        let before = self
            .kept
            .under_way
            .fetch_add(chunk.len(), Ordering::Relaxed);
        before + chunk.len() <= self.kept.bytes_max
    }

    /// The answer was read to its end.
    pub(super) fn done(mut self) {
        let mut answer = self.answer.clone();
        answer.body = self.body.split().freeze();
        self.kept
            .under_way
            .fetch_sub(answer.body.len(), Ordering::Relaxed);
        self.kept.keep(answer);
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.kept
            .under_way
            .fetch_sub(self.body.len(), Ordering::Relaxed);
    }
}
