//! Places: which URLs one that was granted covers. URLs are compared as they were parsed, never as texts:
//! `http://10.0.0.5` begins that of `http://10.0.0.50/` as well, and `s3://cases` that of another bucket.

use crate::error::{Error, Result};
use reqwest::Url;

/// The URL of a place of any scheme, as a grant or an input names it. The text is in no message: a credential may
/// stand in it.
///
/// # Errors
///
/// Config, where it is none, or says more than a place.
pub(super) fn granted(text: &str) -> Result<Url> {
    let url = Url::parse(text)
        .map_err(|error| Error::config(format!("expected an absolute URL: {error}")))?;
    match url.query().is_some() || url.fragment().is_some() || url.password().is_some() {
        true => Err(Error::config(
            "expected a URL without a password, a query and a fragment",
        )),
        false => Ok(url),
    }
}

/// An error of a place with its text, unless a credential may stand in that.
pub(super) fn at(text: &str, error: Error) -> Error {
    match granted(text) {
        Ok(url) if url.username().is_empty() => error.context(format!("{text:?}")),
        _ => error,
    }
}

/// Whether a URL is a granted one or lies below it: its scheme, host and port are the same, and its path goes on
/// where a name of the granted one ends.
pub(super) fn covers(granted: &Url, url: &Url) -> bool {
    // Not the origin: URLs of object stores have none that equals another. The user is a container in those of
    // Azure, and nobody elsewhere.
    let same_store = granted.scheme() == url.scheme()
        && granted.username() == url.username()
        && granted.host_str() == url.host_str()
        && granted.port_or_known_default() == url.port_or_known_default();
    let path = granted.path();
    let below = url.path().strip_prefix(path);
    same_store
        && below.is_some_and(|rest| path.ends_with('/') || rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_covered(granted: &str, url: &str) -> bool {
        covers(&super::granted(granted).unwrap(), &Url::parse(url).unwrap())
    }

    #[test]
    fn what_is_below_is_covered() {
        for (granted, url) in [
            ("http://10.0.0.5", "http://10.0.0.5/a/b.csv"),
            ("http://10.0.0.5/", "http://10.0.0.5:80/a.csv"),
            ("https://Example.org/a", "https://example.org/a/b"),
            ("https://example.org/a", "https://example.org/a"),
            ("https://example.org/a/", "https://example.org/b/../a/c"),
            ("s3://cases", "s3://cases/2024/"),
            ("s3://cases/", "s3://cases/2024/a.csv"),
            ("s3://cases/2024", "s3://cases/2024/a.csv"),
            (
                "abfss://one@account.dfs.core.windows.net/",
                "abfss://one@account.dfs.core.windows.net/a",
            ),
        ] {
            assert!(is_covered(granted, url), "{granted} {url}");
        }
    }

    #[test]
    fn what_only_begins_alike_is_not() {
        for (granted, url) in [
            ("http://10.0.0.5", "http://10.0.0.50/a.csv"),
            ("http://10.0.0.5", "http://10.0.0.5.evil.example/a.csv"),
            ("http://10.0.0.5", "http://10.0.0.5@evil.example/a.csv"),
            ("http://10.0.0.5", "http://10.0.0.5:8080/a.csv"),
            ("http://10.0.0.5:80", "http://10.0.0.5:8080/a.csv"),
            ("http://10.0.0.5", "https://10.0.0.5/a.csv"),
            ("https://example.org/a", "https://example.org/ab"),
            ("https://example.org/a/", "https://example.org/a"),
            ("https://example.org/a/", "https://example.org/a/../b"),
            ("https://example.org/a/", "https://example.org/a/%2e%2e/b"),
            ("s3://cases", "s3://cases-private/a.csv"),
            ("s3://cases/2024", "s3://cases/2024-sealed/a.csv"),
            ("s3://cases", "gs://cases/a.csv"),
            (
                "abfss://one@account.dfs.core.windows.net/",
                "abfss://two@account.dfs.core.windows.net/a",
            ),
        ] {
            assert!(!is_covered(granted, url), "{granted} {url}");
        }
    }

    #[test]
    fn what_is_no_place_is_not_granted() {
        for text in ["cases", "/a", "https://example.org/?a", "s3://cases/#a"] {
            assert!(granted(text).unwrap_err().is_config(), "{text}");
        }
    }
}
