//! The client of whatever speaks HTTP: it connects to allowed addresses alone, trusts the system's certificate
//! authorities or those of a grant, and follows nothing by itself.

use super::address::Allowed;
use crate::error::{Error, Result};
use reqwest::{Certificate, Client, ClientBuilder, dns, redirect};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::CertificateDer;

/// A client of places whose names may lead to such addresses, and whose certificates are signed by one of these
/// authorities, or by one that the system trusts where there are none.
///
/// # Errors
///
/// Config, where an authority's certificate is none.
pub(super) fn builder(allowed: Allowed, ca: &[CertificateDer<'static>]) -> Result<ClientBuilder> {
    let client = Client::builder()
        // Not HTTP/2: a body that the far side resets in its middle without an error (RST_STREAM with NO_ERROR)
        // is given out there as if it had ended (hyper 1.12, `body/incoming.rs`), so that a part could be taken
        // for the whole.
        .http1_only()
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .use_rustls_tls()
        .tls_built_in_root_certs(ca.is_empty())
        .user_agent(concat!("sextant/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(CheckedNames(allowed)));
    ca.iter().try_fold(client, |client, authority| {
        let authority = Certificate::from_der(authority);
        let authority = authority.map_err(|error| Error::config(format!("ca: {error}")))?;
        Ok(client.add_root_certificate(authority))
    })
}

/// Looks names up and leaves out the addresses that are not allowed.
struct CheckedNames(Allowed);

impl dns::Resolve for CheckedNames {
    fn resolve(&self, name: dns::Name) -> dns::Resolving {
        let allowed = self.0;
        Box::pin(async move {
            let found = allowed.resolve(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Box<dyn Iterator<Item = SocketAddr> + Send>)
        })
    }
}
