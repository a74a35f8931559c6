//! TLS to a granted place: the system's certificate authorities, or those of a file that the grant
//! names instead.

use crate::error::{Context, Error, Result};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The certificates of a PEM file.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let shown = || format!("ca: {}", path.display());
    let text = std::fs::read(path).context(shown)?;
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Error::config("expected certificates in PEM").context(shown())),
    }
}

/// How a connection to a place whose certificate is signed by one of these, or by one that the system
/// trusts, is made.
pub(super) fn client(ca: Option<&[CertificateDer<'static>]>) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let known = match ca {
        Some(ca) => ca.to_vec(),
        None => rustls_native_certs::load_native_certs().certs,
    };
    roots.add_parsable_certificates(known);
    if roots.is_empty() {
        return Err(Error::config("there is no certificate authority to trust")
            .with_hint("install the system's certificates (ca-certificates), or write ca = \"file.pem\" into the grant"));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
