//! Credentials by name. They are read when they are used, from the environment or a file, and leave
//! this module only within what is sent to a granted place, or as a proof.

use crate::error::{Context, Error, Result};
use hmac::{Hmac, Mac};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Bytes of a credential. A file that was named by mistake is not to be read whole.
const SECRET_BYTES_MAX: u64 = 64 << 10;
/// The fewest iterations of SCRAM. With fewer, a plugin could have a proof made that gives a weak
/// password away; RFC 7677 asks for 4,096.
const ITERATIONS_MIN: u32 = 4_096;
/// The most iterations of SCRAM, about a second of work.
const ITERATIONS_MAX: u32 = 2_000_000;

/// A credential, as `sextant.toml` names it: where it is, never what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretConfig {
    /// The user name, which is not secret.
    pub user: Option<String>,
    /// The environment variable with the password.
    pub password_env: Option<String>,
    /// The file with the password; a line break at its end is not part of it.
    pub password_file: Option<PathBuf>,
    /// The environment variable with a token or key.
    pub token_env: Option<String>,
    /// The file with a token or key; a line break at its end is not part of it.
    pub token_file: Option<PathBuf>,
}

/// What a key of a grant says where a credential may stand by mistake. What is no text is told as such, and not what it
/// is.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => Ok(Some(text)),
        _ => Err(D::Error::custom("expected a text in quotes")),
    }
}

/// The same of several, by name.
pub(super) fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let toml::Value::Table(named) = toml::Value::deserialize(deserializer)? else {
        return Err(D::Error::custom(
            "expected texts by name, such as { x-key = \"api\" }",
        ));
    };
    let texts = named.into_iter().map(|(name, value)| match value {
        toml::Value::String(text) => Ok((name, text)),
        _ => Err(D::Error::custom(format!(
            "{name}: expected a text in quotes"
        ))),
    });
    texts.collect()
}

/// Both proofs of a SCRAM exchange (RFC 5802, RFC 7677).
#[derive(Clone, PartialEq, Eq)]
pub struct ScramProof {
    /// To be sent.
    pub client_proof: Vec<u8>,
    /// To be expected.
    pub server_signature: Vec<u8>,
}

impl fmt::Debug for ScramProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScramProof")
    }
}

/// The credentials of a source.
#[derive(Debug)]
pub(super) struct Secrets {
    base: PathBuf,
    named: BTreeMap<String, SecretConfig>,
}

impl Secrets {
    pub(super) fn new(base: &Path, named: &BTreeMap<String, SecretConfig>) -> Self {
        Self {
            base: base.to_owned(),
            named: named.clone(),
        }
    }

    fn get(&self, name: &str) -> Result<&SecretConfig> {
        let secret = self.named.get(name);
        secret.ok_or_else(|| {
            Error::denied(format!(
                "no secret of that name is granted; {}",
                self.known()
            ))
        })
    }

    /// Checks that what a key of a grant names is a secret. What stands there may be the credential itself, so it
    /// is not told.
    ///
    /// # Errors
    ///
    /// Config, where it is none.
    pub(super) fn check(&self, key: &str, name: &str) -> Result<()> {
        match self.named.contains_key(name) {
            true => Ok(()),
            false => Err(Error::config(format!(
                "{key}: expected the name of a secret; {}",
                self.known()
            ))
            .with_hint("where the credential is stands under secrets, such as secrets = { api = { token_env = \"API_TOKEN\" } }, and grants name it: \"api\"")),
        }
    }

    fn known(&self) -> String {
        let names: Vec<_> = self.named.keys().map(|name| format!("{name:?}")).collect();
        match names.is_empty() {
            true => "there is none".to_owned(),
            false => format!("there is {}", names.join(", ")),
        }
    }

    /// The user name of a secret.
    pub(super) fn user(&self, name: &str) -> Result<String> {
        let user = self.get(name)?.user.clone();
        user.ok_or_else(|| Error::config(format!("secret {name:?} has no user")))
    }

    /// The password of a secret.
    pub(super) fn password(&self, name: &str) -> Result<String> {
        let secret = self.get(name)?;
        self.read(&secret.password_env, &secret.password_file, "password")
            .context(|| format!("secret {name:?}"))
    }

    /// The token of a secret.
    pub(super) fn token(&self, name: &str) -> Result<String> {
        let secret = self.get(name)?;
        self.read(&secret.token_env, &secret.token_file, "token")
            .context(|| format!("secret {name:?}"))
    }

    fn read(
        &self,
        variable: &Option<String>,
        file: &Option<PathBuf>,
        what: &str,
    ) -> Result<String> {
        let value = match (variable, file) {
            (Some(variable), None) => std::env::var(variable).map_err(|_| {
                Error::config(format!("the environment variable {variable} is not set")).with_hint(
                    format!("set it before Sextant starts, or write {what}_file = \"...\""),
                )
            })?,
            (None, Some(file)) => {
                let path = self.base.join(file);
                let shown = || file.display().to_string();
                let bytes = std::fs::metadata(&path).context(shown)?.len();
                if bytes > SECRET_BYTES_MAX {
                    return Err(Error::config(format!(
                        "{} has {bytes} bytes, and a secret may have {SECRET_BYTES_MAX}",
                        file.display()
                    )));
                }
                let text = std::fs::read_to_string(&path).context(shown)?;
                let line = text.strip_suffix('\n').unwrap_or(&text);
                line.strip_suffix('\r').unwrap_or(line).to_owned()
            }
            _ => {
                return Err(Error::config(format!(
                    "expected one of {what}_env and {what}_file"
                )));
            }
        };
        match value.is_empty() {
            true => Err(Error::config(format!("the {what} is empty"))),
            false => Ok(value),
        }
    }

    /// Both proofs of SCRAM-SHA-256 (RFC 5802, section 3).
    pub(super) fn scram_sha256(
        &self,
        name: &str,
        salt: &[u8],
        iterations: u32,
        auth_message: &str,
    ) -> Result<ScramProof> {
        let password = self.password(name)?;
        if iterations < ITERATIONS_MIN {
            return Err(Error::denied(format!(
                "{iterations} iterations of SCRAM are too few: at least {ITERATIONS_MIN} keep the password safe"
            )));
        }
        if iterations > ITERATIONS_MAX {
            return Err(Error::limit(format!(
                "iterations of SCRAM: {iterations}, and the limit is {ITERATIONS_MAX}"
            )));
        }
        // What is not a valid text for SASL goes as it is, as PostgreSQL does it.
        let password = match stringprep::saslprep(&password) {
            Ok(Cow::Owned(prepared)) => prepared,
            Ok(Cow::Borrowed(_)) | Err(_) => password,
        };
        let salted = salted_password(password.as_bytes(), salt, iterations)?;
        let client_key = hmac(&salted, b"Client Key")?;
        let stored_key = Sha256::digest(client_key);
        let signature = hmac(&stored_key, auth_message.as_bytes())?;
        let proof = client_key.iter().zip(signature);
        let server_key = hmac(&salted, b"Server Key")?;
        Ok(ScramProof {
            client_proof: proof.map(|(key, signature)| key ^ signature).collect(),
            server_signature: hmac(&server_key, auth_message.as_bytes())?.to_vec(),
        })
    }
}

type Sha256Bytes = [u8; 32];

fn hmac(key: &[u8], message: &[u8]) -> Result<Sha256Bytes> {
    let mut mac = keyed(key)?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().into())
}

fn keyed(key: &[u8]) -> Result<Hmac<Sha256>> {
    Hmac::new_from_slice(key).map_err(|error| Error::internal(error.to_string()))
}

/// `Hi` of RFC 5802, section 2.2: PBKDF2 with one block.
fn salted_password(password: &[u8], salt: &[u8], iterations: u32) -> Result<Sha256Bytes> {
    // Keyed once, since every round begins with the same key.
    let keyed = keyed(password)?;
    let mut round = keyed.clone();
    round.update(salt);
    round.update(&1_u32.to_be_bytes());
    let mut last: Sha256Bytes = round.finalize().into_bytes().into();
    let mut all = last;
    for _ in 1..iterations {
        let mut round = keyed.clone();
        round.update(&last);
        last = round.finalize().into_bytes().into();
        for (all, byte) in all.iter_mut().zip(last) {
            *all ^= byte;
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_password(content: &str) -> (tempfile::TempDir, Secrets) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), content).unwrap();
        let secret = SecretConfig {
            user: Some("user".to_owned()),
            password_file: Some("password".into()),
            ..SecretConfig::default()
        };
        let named = BTreeMap::from([("db".to_owned(), secret)]);
        let secrets = Secrets::new(folder.path(), &named);
        (folder, secrets)
    }

    /// The exchange of RFC 7677, section 3; its texts are base64 there.
    #[test]
    fn scram_is_the_one_of_the_rfc() {
        let (_folder, secrets) = with_password("pencil\n");
        let salt = [
            0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36,
            0xfa, 0x81,
        ];
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let proof = secrets.scram_sha256("db", &salt, 4_096, message).unwrap();
        let hex = |bytes: &[u8]| {
            bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        // dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=
        assert_eq!(
            hex(&proof.client_proof),
            "747cdb65aa56224e2352137e52d7bdcad6a0f738df30782caa69a2cfb0277554"
        );
        // 6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=
        assert_eq!(
            hex(&proof.server_signature),
            "eabae24d1062db75a9451ff0b6ea7e98c8546549ff741e672d3251b2397de46e"
        );
    }

    #[test]
    fn what_would_give_the_password_away_is_refused() {
        let (_folder, secrets) = with_password("pencil");
        let error = secrets.scram_sha256("db", b"salt", 1, "").unwrap_err();
        assert!(error.is_denied(), "{error}");
        assert!(
            secrets
                .scram_sha256("db", b"salt", u32::MAX, "")
                .unwrap_err()
                .is_limit()
        );
        assert!(
            secrets
                .scram_sha256("other", b"salt", 4_096, "")
                .unwrap_err()
                .is_denied()
        );
    }

    #[test]
    fn nothing_prints_a_secret() {
        let (_folder, secrets) = with_password("pencil");
        let proof = secrets.scram_sha256("db", b"salt", 4_096, "").unwrap();
        assert_eq!(format!("{proof:?}"), "ScramProof");
        assert!(!format!("{secrets:?}").contains("pencil"));
        assert_eq!(secrets.user("db").unwrap(), "user");
        let (_folder, empty) = with_password("\n");
        assert!(
            empty
                .password("db")
                .unwrap_err()
                .to_string()
                .contains("is empty")
        );
        assert!(
            empty
                .token("db")
                .unwrap_err()
                .to_string()
                .contains("expected one of token_env")
        );
    }
}
