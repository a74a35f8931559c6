//! The public API: a page of a slice, and the detail of a notice. The pace and tries again are the
//! host's, by the source's `requests`.

use crate::notice::{Frame, Notice};
use crate::slice::{NOTICES_MAX, Slice};
use crate::tables::Kind;
use sextant_plugin_sdk::{Error, Host, HttpRequest, HttpResponse, Result};
use std::io::Read;

/// Bytes of a response, which is held as a whole.
const RESPONSE_BYTES_MAX: u64 = 4 << 20;

/// The notices of one kind.
#[derive(Debug)]
pub(crate) struct Api {
    host: Host,
    kind: Kind,
    /// The URL up to `notices/v1`, with a slash.
    base: String,
    /// The URL of the lists.
    place: String,
}

/// What a slice has.
pub(crate) struct Page {
    /// How many notices there are.
    pub(crate) total: u64,
    /// Those that the API gives, and why some of them cannot be read.
    pub(crate) notices: Vec<Result<Notice<'static>>>,
}

impl Api {
    pub(crate) fn new(host: &Host, url: &str, kind: Kind) -> Self {
        let base = format!("{}/notices/v1/", url.trim_end_matches('/'));
        Self {
            host: host.clone(),
            kind,
            place: format!("{base}{}", kind.name()),
            base,
        }
    }

    /// Where errors happen, and what the rows name as their source.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The first page of a slice: all of it, where it has no more than a page.
    ///
    /// # Errors
    ///
    /// Those of the request, and an answer that is no page, or less than one.
    pub(crate) fn page(&self, slice: &Slice) -> Result<Page> {
        let url = format!("{}{}", self.place, slice.query());
        let bytes = read_whole(self.get(url)?.error_for_status()?)?;
        let wrong = |message: String| Error::invalid_data(message).in_input(self.place.as_str());
        let frame: Frame<'_> = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(format!("this is no page of notices: {error}")))?;
        let Some(total) = frame.total else {
            let message = "expected a page of notices with their total, found none";
            return Err(wrong(message.to_owned()));
        };
        let notices = frame.page.unwrap_or_default();
        let (due, found) = (total.min(NOTICES_MAX), notices.len() as u64);
        if found < due {
            let message = format!("expected a page of {due} of {total} notices, found {found}");
            return Err(wrong(message));
        }
        let notices = notices.into_iter();
        let notices = notices.map(|raw| Notice::of_page(raw).map(Notice::into_owned));
        Ok(Page {
            total,
            notices: notices.collect(),
        })
    }

    /// A notice's detail; or why it cannot be used, which concerns this notice alone. The API answers
    /// 502 for a notice that it does not know.
    ///
    /// # Errors
    ///
    /// Those that concern every request.
    pub(crate) fn detail(&self, notice: &Notice<'_>) -> Result<Result<Notice<'static>>> {
        let path = match notice.detail_path(self.kind) {
            Ok(path) => path,
            Err(error) => return Ok(Err(error)),
        };
        let url = format!("{}{path}", self.base);
        let response = self.get(url.clone())?;
        let is_unknown = matches!(response.status, 404 | 410 | 502);
        let response = match response.error_for_status() {
            Ok(response) => response,
            Err(error) if is_unknown => return Ok(Err(error)),
            Err(error) => return Err(error),
        };
        let bytes = read_whole(response)?;
        let detail = serde_json::from_slice::<Notice<'_>>(&bytes)
            .map_err(|error| Error::invalid_data(format!("this is no notice: {error}")));
        let detail = detail.and_then(|detail| check(notice, detail));
        let detail = detail.map(Notice::into_owned);
        Ok(detail.map_err(|error| error.in_input(url)))
    }

    fn get(&self, url: String) -> Result<HttpResponse> {
        let request = HttpRequest::get(url).header("accept", "application/json");
        self.host.http(&request)
    }
}

/// That a detail is the one that was asked for.
fn check<'a>(notice: &Notice<'_>, detail: Notice<'a>) -> Result<Notice<'a>> {
    let (due, found) = (notice.entity_id()?, detail.entity_id()?);
    if due == found {
        return Ok(detail);
    }
    let message = format!("expected the detail of {due:?}, found that of {found:?}");
    Err(Error::invalid_data(message).in_field("entity_id"))
}

fn read_whole(response: HttpResponse) -> Result<Vec<u8>> {
    let name = response.body.name().to_owned();
    let mut bytes = Vec::new();
    let mut body = response.body.take(RESPONSE_BYTES_MAX + 1);
    body.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > RESPONSE_BYTES_MAX {
        let message =
            format!("expected a response of at most {RESPONSE_BYTES_MAX} bytes, found more");
        return Err(Error::invalid_data(message).in_input(name));
    }
    Ok(bytes)
}
