//! Credentials that go along with requests, as a grant names them. They are read whenever a request goes out, so that
//! one that was replaced holds at once, and no message has them.

use super::secret::Secrets;
use crate::error::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use std::collections::BTreeMap;

/// Header fields and the secrets that stand in them.
#[derive(Clone, Debug, Default)]
pub(super) struct Credentials {
    bearer: Option<String>,
    basic: Option<String>,
    headers: Vec<(HeaderName, String)>,
}

impl Credentials {
    /// Those that a grant of a place names.
    ///
    /// # Errors
    ///
    /// Config, where what is named is no secret of the source, or no header field.
    pub(super) fn new(
        bearer: Option<&str>,
        basic: Option<&str>,
        headers: &BTreeMap<String, String>,
        secrets: &Secrets,
    ) -> Result<Self> {
        for (key, name) in [("bearer", bearer), ("basic", basic)] {
            if let Some(name) = name {
                secrets.check(key, name)?;
            }
        }
        let headers = headers.iter().map(|(header, name)| {
            let parsed = header.parse::<HeaderName>();
            let parsed = parsed.map_err(|error| Error::config(format!("headers: {error}")))?;
            secrets.check(&format!("headers.{header}"), name)?;
            Ok((parsed, name.clone()))
        });
        Ok(Self {
            bearer: bearer.map(str::to_owned),
            basic: basic.map(str::to_owned),
            headers: headers.collect::<Result<_>>()?,
        })
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.bearer.is_none() && self.basic.is_none() && self.headers.is_empty()
    }

    /// Checks that they may go to a place.
    ///
    /// # Errors
    ///
    /// Config, where they would go over the public network unencrypted.
    pub(super) fn check(&self, url: &Url, is_private: bool) -> Result<()> {
        match url.scheme() == "http" && !is_private && !self.is_empty() {
            true => Err(
                Error::config("a credential would go over the public network unencrypted")
                    .with_hint("write https:// into the grant"),
            ),
            false => Ok(()),
        }
    }

    /// The header fields that prove who asks.
    ///
    /// # Errors
    ///
    /// Config, where a secret cannot be read, or has characters that no header field may have.
    pub(super) fn read(&self, secrets: &Secrets) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        if let Some(name) = &self.bearer {
            let value = format!("Bearer {}", secrets.token(name)?);
            insert(&mut headers, &AUTHORIZATION, &value)?;
        }
        if let Some(name) = &self.basic {
            let pair = format!("{}:{}", secrets.user(name)?, secrets.password(name)?);
            let value = format!("Basic {}", BASE64.encode(pair));
            insert(&mut headers, &AUTHORIZATION, &value)?;
        }
        for (header, name) in &self.headers {
            insert(&mut headers, header, &secrets.token(name)?)?;
        }
        Ok(headers)
    }
}

fn insert(headers: &mut HeaderMap, name: &HeaderName, value: &str) -> Result<()> {
    // The value stays out of the message.
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Error::config(format!(
            "the credential for {name} has characters that no header field may have"
        ))
    })?;
    value.set_sensitive(true);
    headers.insert(name.clone(), value);
    Ok(())
}
