//! Names, texts and operators as the server's SQL has them.

/// An identifier.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text. The session takes backslashes as they are (`standard_conforming_strings`).
pub(crate) fn quoted_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// One of the server's own operators. By its sign alone it might be one that somebody made who may
/// make things in a schema of the session's path (CVE-2018-1058).
pub(crate) fn operator(sign: &str) -> String {
    format!("OPERATOR(pg_catalog.{sign})")
}
