//! Errors of the server as errors of the source: with SQLSTATE, detail and hint, in one sentence, and of a
//! kind that the host can act on (PostgreSQL documentation, "Error and Notice Message Fields" and
//! "PostgreSQL Error Codes").

use sextant_plugin_sdk::{Error, ErrorKind};

/// The error that a message says. It has no credential: the server never had one.
pub(crate) fn error(body: &[u8]) -> Error {
    let field = |wanted: u8| {
        let mut fields = body.split(|&byte| byte == 0);
        let text = fields.find_map(|field| field.strip_prefix(&[wanted]))?;
        let text = String::from_utf8_lossy(text);
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let code = field(b'C').unwrap_or_default();
    let mut message = field(b'M').unwrap_or_else(|| "the server failed".to_owned());
    message += &format!(" (SQLSTATE {code}");
    for (tag, name) in [(b'D', "detail"), (b'H', "hint")] {
        if let Some(text) = field(tag) {
            message += &format!("; {name}: {text}");
        }
    }
    message.push(')');
    Error::new(kind(&code), message)
}

/// What a notice says.
pub(crate) fn notice(body: &[u8]) -> String {
    error(body).message().to_owned()
}

fn kind(code: &str) -> ErrorKind {
    let unavailable = ErrorKind::Unavailable {
        retry_after_ms: None,
    };
    match (code, code.get(..2).unwrap_or_default()) {
        // insufficient_privilege; invalid_authorization_specification
        ("42501", _) | (_, "28") => ErrorKind::Unauthorized,
        // invalid_catalog_name: there is no such database
        (_, "3D") => ErrorKind::InvalidConfig,
        // undefined_table, undefined_column, invalid_schema_name
        ("42P01" | "42703", _) | (_, "3F") => ErrorKind::NotFound,
        // data_exception; data_corrupted, index_corrupted
        (_, "22") | ("XX001" | "XX002", _) => ErrorKind::InvalidData,
        // connection_exception, transaction_rollback, insufficient_resources,
        // object_not_in_prerequisite_state, operator_intervention, system_error
        (_, "08" | "40" | "53" | "55" | "57" | "58") => unavailable,
        (_, "0A" | "54") => ErrorKind::Unsupported,
        _ => ErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What PostgreSQL 15 sent.
    #[test]
    fn an_error_is_one_sentence_of_a_kind() {
        let body = b"SERROR\0VERROR\0C42703\0Mcolumn \"nope\" does not exist\0Hperhaps\n you meant\0P14\0Fparse_relation.c\0L3665\0RerrorMissingColumn\0\0";
        let error = error(body);
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(
            error.to_string(),
            "column \"nope\" does not exist (SQLSTATE 42703; hint: perhaps you meant)"
        );
    }

    #[test]
    fn codes_have_kinds() {
        let unavailable = ErrorKind::Unavailable {
            retry_after_ms: None,
        };
        for (code, expected) in [
            ("28P01", ErrorKind::Unauthorized),
            ("42501", ErrorKind::Unauthorized),
            ("3D000", ErrorKind::InvalidConfig),
            ("42P01", ErrorKind::NotFound),
            ("22P02", ErrorKind::InvalidData),
            ("57014", unavailable),
            ("57P01", unavailable),
            ("53300", unavailable),
            ("55000", unavailable),
            ("0A000", ErrorKind::Unsupported),
            ("42601", ErrorKind::Internal),
            ("", ErrorKind::Internal),
        ] {
            let body = format!("SFATAL\0C{code}\0Mm\0\0");
            assert_eq!(error(body.as_bytes()).kind(), expected, "{code}");
        }
        assert_eq!(error(b"").to_string(), "the server failed (SQLSTATE )");
    }
}
