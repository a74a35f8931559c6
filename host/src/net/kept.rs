//! Answers that are sent again only where they have changed: what a server marked with `ETag` or
//! `Last-Modified` is kept, and the next request for the same says what is known (RFC 9110, section 13). The
//! server is asked every time, so no answer is older than it says. They are a source's own, since they are
//! what its credentials brought.

use bytes::Bytes;
use reqwest::header::{
    CACHE_CONTROL, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    RANGE,
};
use reqwest::{Method, Url};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// What was asked for: answers may differ by all of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    url: Url,
    headers: HeaderMap,
}

/// An answer that is kept.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    asked: Asked,
    /// The header fields that say what is known.
    marks: HeaderMap,
    /// The header fields of the answer.
    pub(super) headers: Vec<(String, String)>,
    pub(super) chunks: VecDeque<Bytes>,
}

/// The answers of a source, the one that was asked for longest ago first.
#[derive(Debug)]
pub(super) struct Kept {
    bytes_max: usize,
    answers: Mutex<Vec<Answer>>,
}

/// An answer that is being read, and kept when it was read to its end.
#[derive(Debug)]
pub(super) struct Keeping {
    kept: Arc<Kept>,
    answer: Answer,
}

impl Asked {
    /// None where answers are not kept: for what is more than a GET, and for whoever says himself what he
    /// knows, or wants a part.
    pub(super) fn new(
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Option<Self> {
        let is_own = |name: &HeaderName| *name == RANGE || name.as_str().starts_with("if-");
        let is_kept = *method == Method::GET && body.is_empty() && !headers.keys().any(is_own);
        is_kept.then(|| Self {
            url: url.clone(),
            headers: headers.clone(),
        })
    }
}

impl Answer {
    /// The header fields of a request for the same.
    pub(super) fn marks(&self) -> &HeaderMap {
        &self.marks
    }

    fn bytes(&self) -> usize {
        self.chunks.iter().map(Bytes::len).sum()
    }
}

impl Kept {
    pub(super) fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self {
            bytes_max,
            answers: Mutex::default(),
        })
    }

    /// What is known of the same, and was asked for last now.
    pub(super) fn known(&self, asked: &Asked) -> Option<Answer> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let at = answers.iter().position(|answer| answer.asked == *asked)?;
        let answer = answers.remove(at);
        answers.push(answer.clone());
        Some(answer)
    }

    /// Begins to keep a whole answer; none where the server did not mark it, or does not want it kept.
    pub(super) fn begin(
        self: &Arc<Self>,
        asked: Asked,
        received: &HeaderMap,
        headers: &[(String, String)],
    ) -> Option<Keeping> {
        let control = received.get(CACHE_CONTROL).map(|value| value.to_str());
        if !matches!(control, None | Some(Ok(_)))
            || control.is_some_and(|value| value.is_ok_and(|value| value.contains("no-store")))
        {
            return None;
        }
        let mut marks = HeaderMap::new();
        for (from, to) in [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)] {
            if let Some(mark) = received.get(from) {
                marks.insert(to, mark.clone());
            }
        }
        (!marks.is_empty()).then(|| Keeping {
            kept: Arc::clone(self),
            answer: Answer {
                asked,
                marks,
                headers: headers.to_vec(),
                chunks: VecDeque::new(),
            },
        })
    }

    /// Keeps an answer, in the place of older ones where there is no room.
    fn keep(&self, answer: Answer) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|known| known.asked != answer.asked);
        answers.push(answer);
        let mut bytes: usize = answers.iter().map(Answer::bytes).sum();
        while bytes > self.bytes_max {
            bytes -= answers.remove(0).bytes();
        }
    }
}

impl Keeping {
    /// Takes the next bytes; false where the answer is too long to be kept.
    pub(super) fn push(&mut self, chunk: &Bytes) -> bool {
        self.answer.chunks.push_back(chunk.clone());
        self.answer.bytes() <= self.kept.bytes_max
    }

    /// The answer was read to its end.
    pub(super) fn done(self) {
        self.kept.keep(self.answer);
    }
}
