//! Feeds over HTTP. What has not changed is not sent again: the host sees to that.

use crate::opened::Opened;
use sextant_plugin_sdk::{Error, Host, HttpRequest, Result};

/// What is asked for. Servers that have several formats choose by it.
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.9, */*;q=0.1";

/// Asks for a feed.
///
/// # Errors
///
/// Those of the host; and where the answer is another than 200 or 203, or was compressed on its way.
pub(crate) fn fetch(host: &Host, url: &str) -> Result<Opened> {
    let request = HttpRequest::get(url)
        .header("accept", ACCEPT)
        .header("accept-encoding", "identity");
    let response = host.http(&request)?.error_for_status()?;
    if let Some(coding) = response.header("content-encoding").and_then(compressed) {
        let message = format!(
            "the server sends it compressed ({coding:?}), though it was asked not to; save the feed and name the file as an input"
        );
        return Err(Error::invalid_data(message).in_input(response.body.name()));
    }
    match response.status {
        200 | 203 => Opened::new(response.body),
        status => {
            let message = format!("expected a feed, found the HTTP status {status}");
            Err(Error::invalid_data(message).in_input(response.body.name()))
        }
    }
}

/// The first way in which a body was compressed, of those that a server names.
fn compressed(codings: &str) -> Option<&str> {
    let mut codings = codings.split(',').map(str::trim);
    codings.find(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
}

#[cfg(test)]
mod tests {
    use super::compressed;

    #[test]
    fn codings_are_those_that_change_a_body() {
        for (codings, expected) in [
            ("gzip", Some("gzip")),
            ("identity, br", Some("br")),
            ("Identity", None),
            ("", None),
        ] {
            assert_eq!(compressed(codings), expected, "{codings}");
        }
    }
}
