//! draft
use crate::{Error, Result};
/// Reads a source's configuration, a JSON object.
pub(crate) fn parse_config<T: serde::de::DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| Error::invalid_config(error.to_string()))
}
