//! Proofs made from credentials that the plugin never sees.
//!
//! A secret is granted by name. Its user name may be read; its password stays with the host, which
//! answers a challenge with it. [`Host::scram_sha256`](crate::Host::scram_sha256) is one side of
//! SCRAM-SHA-256 (RFC 5802, RFC 7677): the plugin speaks the protocol, and asks for the two values
//! that depend on the password.
//!
//! ```
//! use sextant_plugin_sdk::ScramProof;
//! use sextant_plugin_sdk::testing::TestHost;
//!
//! let canned = ScramProof { client_proof: vec![1; 32], server_signature: vec![2; 32] };
//! let host = TestHost::new().secret("register", "reader", canned).host();
//! assert_eq!(host.secret_user("register")?, "reader");
//!
//! // client-first-message-bare, server-first-message, client-final-message-without-proof
//! let auth_message = "n=reader,r=abc,r=abcdef,s=c2FsdA==,i=4096,c=biws,r=abcdef";
//! let proof = host.scram_sha256("register", b"salt", 4096, auth_message)?;
//! // Send proof.client_proof; what the far side sends back must be the other one.
//! assert!(proof.check_server(&[2; 32]).is_ok());
//! assert!(proof.check_server(&[9; 32]).is_err());
//! # Ok::<(), sextant_plugin_sdk::Error>(())
//! ```

use crate::{Error, ErrorKind, Result};
use std::fmt;

/// Both proofs of a SCRAM exchange.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramProof {
    /// To be sent: `ClientProof` of RFC 5802, section 3, not yet in base64.
    pub client_proof: Vec<u8>,
    /// To be expected: `ServerSignature`.
    pub server_signature: Vec<u8>,
}

impl ScramProof {
    /// Checks the signature that the far side sent. Whoever does not know the password cannot make
    /// it, so send nothing more where this is an error.
    pub fn check_server(&self, signature: &[u8]) -> Result<()> {
        match self.server_signature == signature {
            true => Ok(()),
            false => Err(Error::new(
                ErrorKind::Unauthorized,
                "expected the far side to prove that it knows the password, found another signature",
            )),
        }
    }
}

impl fmt::Debug for ScramProof {
    /// Without the proofs: a log that has them and the exchange lets passwords be tried out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramProof").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHost;

    fn proof() -> ScramProof {
        ScramProof {
            client_proof: b"client".to_vec(),
            server_signature: b"server".to_vec(),
        }
    }

    #[test]
    fn only_the_expected_signature_passes() {
        assert_eq!(proof().check_server(b"server"), Ok(()));
        for wrong in [&b""[..], b"serve", b"serverr", b"client"] {
            assert_eq!(
                proof().check_server(wrong).unwrap_err().kind(),
                ErrorKind::Unauthorized
            );
        }
    }

    #[test]
    fn debug_output_has_no_proof() {
        assert_eq!(format!("{:?}", proof()), "ScramProof { .. }");
    }

    #[test]
    fn a_secret_that_was_not_granted_is_an_error() {
        let host = TestHost::new().secret("register", "reader", proof()).host();
        assert_eq!(host.secret_user("register").unwrap(), "reader");
        assert_eq!(
            host.secret_user("other").unwrap_err().kind(),
            ErrorKind::Unauthorized
        );
        assert_eq!(
            host.scram_sha256("other", b"", 1, "").unwrap_err().kind(),
            ErrorKind::Unauthorized
        );
    }
}
