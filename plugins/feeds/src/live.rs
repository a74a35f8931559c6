//! Feeds over HTTP. What has not changed is not sent again: the host sees to that.

use crate::opened::Opened;
use sextant_plugin_sdk::{Error, Host, HttpRequest, Result};

/// What is asked for. Servers that have several formats choose by it.
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.9, */*;q=0.1";

/// Asks for a feed.
///
/// # Errors
///
/// Those of the host; and where the answer is another than 200 or 203.
pub(crate) fn fetch(host: &Host, url: &str) -> Result<Opened> {
    let request = HttpRequest::get(url).header("accept", ACCEPT);
    let response = host.http(&request)?.error_for_status()?;
    match response.status {
        200 | 203 => Opened::new(response.body),
        status => {
            let message = format!("expected a feed, found the HTTP status {status}");
            Err(Error::invalid_data(message).in_input(response.body.name()))
        }
    }
}
