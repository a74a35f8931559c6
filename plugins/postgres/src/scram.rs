//! Logging in. A password is proven by SCRAM-SHA-256 (RFC 5802 and RFC 7677; PostgreSQL documentation,
//! "SASL Authentication"), where the host makes the proof and nothing here ever has the password. Every
//! other way would have to send it, or a hash that is as good, and is refused.

use crate::protocol::{Wire, tag, unexpected};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sextant_plugin_sdk::{Error, Host, Result};
use std::time::{SystemTime, UNIX_EPOCH};

const MECHANISM: &str = "SCRAM-SHA-256";
/// No channel is bound: the certificate is the host's.
const NO_BINDING: &str = "n,,";

/// What the server wants to know, as the number that it sends.
mod wish {
    pub(super) const NOTHING: u32 = 0;
    pub(super) const PASSWORD: u32 = 3;
    pub(super) const MD5: u32 = 5;
    pub(super) const GSSAPI: u32 = 7;
    pub(super) const SSPI: u32 = 9;
    pub(super) const SASL: u32 = 10;
    pub(super) const SASL_CONTINUE: u32 = 11;
    pub(super) const SASL_FINAL: u32 = 12;
}

/// Proves to the server that the role may log in, and has the server prove that it knows the role.
pub(crate) fn log_in(wire: &mut Wire, host: &Host, secret: &str, in_tls: bool) -> Result<()> {
    let (wish, mechanisms) = receive_wish(wire)?;
    match wish {
        wish::SASL => {
            let offered = String::from_utf8_lossy(mechanisms).into_owned();
            if offered.split('\0').all(|offered| offered != MECHANISM) {
                let offered = offered.trim_end_matches('\0').replace('\0', ", ");
                return Err(refused(&format!("a proof by {offered}")));
            }
        }
        // TLS has shown that it is the right server.
        wish::NOTHING if in_tls => return Ok(()),
        wish::NOTHING => {
            return Err(Error::unauthorized(
                "the server asks for no proof, and without TLS there is none that it is the right one: have it ask by scram-sha-256",
            ));
        }
        wish::PASSWORD => return Err(refused("the password itself")),
        wish::MD5 => {
            let wish = "an MD5 hash of the password, which is as good as the password";
            return Err(refused(wish));
        }
        wish::GSSAPI => return Err(refused("a proof by GSSAPI")),
        wish::SSPI => return Err(refused("a proof by SSPI")),
        other => return Err(refused(&format!("a proof of number {other}"))),
    }
    exchange(wire, host, secret, &nonce())
}

fn refused(wish: &str) -> Error {
    Error::unauthorized(format!(
        "expected the server to ask for a proof by {MECHANISM}, found that it asks for {wish}: let pg_hba.conf say scram-sha-256 for this role, and have its password set again with password_encryption = 'scram-sha-256'"
    ))
}

/// Both proofs, with a nonce that was never used before.
fn exchange(wire: &mut Wire, host: &Host, secret: &str, nonce: &str) -> Result<()> {
    // The server takes the user's name from the start of the connection.
    let first = format!("n=,r={nonce}");
    wire.send_sasl_initial(MECHANISM, &format!("{NO_BINDING}{first}"))?;
    let challenge = Challenge::parse(expect_wish(wire, wish::SASL_CONTINUE)?, nonce)?;
    let last = format!("c={},r={}", STANDARD.encode(NO_BINDING), challenge.nonce);
    let exchanged = format!("{first},{},{last}", challenge.text);
    let proof = host.scram_sha256(secret, &challenge.salt, challenge.iterations, &exchanged)?;
    let proof_text = STANDARD.encode(&proof.client_proof);
    wire.send_sasl(format!("{last},p={proof_text}").as_bytes())?;
    let answer = String::from_utf8_lossy(expect_wish(wire, wish::SASL_FINAL)?).into_owned();
    let signature = answer
        .strip_prefix("v=")
        .and_then(|signature| STANDARD.decode(signature).ok());
    let signature = signature.ok_or_else(|| {
        Error::unauthorized(format!("expected the server's own proof, found {answer:?}"))
    })?;
    proof.check_server(&signature)?;
    expect_wish(wire, wish::NOTHING).map(|_| ())
}

/// The first message of the server, in the exchange.
struct Challenge {
    text: String,
    /// Ours, and then the server's.
    nonce: String,
    salt: Vec<u8>,
    iterations: u32,
}

impl Challenge {
    fn parse(message: &[u8], own_nonce: &str) -> Result<Self> {
        let text = String::from_utf8_lossy(message).into_owned();
        let broken = || {
            Error::invalid_data(format!(
                "expected nonce, salt and iterations for {MECHANISM}, found {text:?}"
            ))
        };
        let mut parts = text.split(',');
        let mut part = |name: &str| {
            let part = parts.next().and_then(|part| part.strip_prefix(name));
            part.ok_or_else(broken)
        };
        let nonce = part("r=")?.to_owned();
        let salt = part("s=")?;
        let salt = STANDARD.decode(salt).map_err(|_| broken())?;
        let iterations = part("i=")?.parse().map_err(|_| broken())?;
        if !nonce.starts_with(own_nonce) || nonce.len() == own_nonce.len() {
            return Err(broken());
        }
        Ok(Self {
            nonce,
            salt,
            iterations,
            text,
        })
    }
}

/// A text that comes once. A recorded answer of the server, played again, fits no other; that nobody can
/// guess it is not needed for that, and the random numbers of a plugin come from a fixed seed.
fn nonce() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_nanos();
    STANDARD_NO_PAD.encode(now.to_be_bytes())
}

fn receive_wish(wire: &mut Wire) -> Result<(u32, &[u8])> {
    match wire.receive()? {
        tag::AUTHENTICATION => {}
        other => return Err(unexpected(other, "a wish for a proof")),
    }
    let wish = wire.body().split_first_chunk::<4>();
    let (wish, rest) = wish.ok_or_else(|| {
        Error::invalid_data("expected a wish for a proof, found a message that ends too soon")
    })?;
    Ok((u32::from_be_bytes(*wish), rest))
}

/// What comes with a wish that is the only one to come now.
fn expect_wish(wire: &mut Wire, expected: u32) -> Result<&[u8]> {
    match receive_wish(wire)? {
        (wish, rest) if wish == expected => Ok(rest),
        (wish, _) => Err(Error::invalid_data(format!(
            "expected step {expected} of logging in, found {wish}"
        ))),
    }
}
