//! The types of columns, from the first records of a table.
//!
//! A type is chosen only where every value that was seen has it and nothing is lost by it: `007` and
//! `+380` are codes and stay text, and so do numbers that 64 bits do not hold.

use crate::columns::Nulls;
use crate::config::Type;
use crate::values::{Zone, boolean, date, iso_has_offset};
use sextant_plugin_sdk::Result;
use sextant_plugin_sdk::numbers::{float64, int64};

/// What the values of a column that were seen so far could all be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guess {
    seen: bool,
    int64: bool,
    float64: bool,
    date: bool,
    local: bool,
    zoned: bool,
    boolean: bool,
}

impl Guess {
    /// Before anything is seen, a column could be anything.
    pub(crate) fn new() -> Self {
        Self {
            seen: false,
            int64: true,
            float64: true,
            date: true,
            local: true,
            zoned: true,
            boolean: true,
        }
    }

    /// Takes a value into account.
    pub(crate) fn see(&mut self, field: &[u8], nulls: &Nulls) {
        let Some(value) = nulls.value(field) else {
            return;
        };
        let offset = iso_has_offset(value);
        let number = is_plain_number(value);
        self.seen = true;
        self.int64 &= number && int64(value).is_some();
        // A whole number that is too large is an identifier, which a float would round.
        self.float64 &=
            number && float64(value).is_some() && (value.contains(&b'.') || int64(value).is_some());
        self.date &= date(value, None).is_some();
        self.local &= offset == Some(false);
        self.zoned &= offset == Some(true);
        self.boolean &= boolean(value).is_some() && value.len() > 3;
    }

    /// The type.
    pub(crate) fn kind(self) -> Result<Type> {
        Ok(match self {
            Self { seen: false, .. } => Type::Text,
            Self { int64: true, .. } => Type::Int64,
            Self { float64: true, .. } => Type::Float64,
            Self { date: true, .. } => Type::Date(None),
            Self { local: true, .. } => Type::Timestamp(None, None),
            Self { zoned: true, .. } => Type::Timestamp(None, Some(Zone::new("UTC")?)),
            Self { boolean: true, .. } => Type::Boolean,
            _ => Type::Text,
        })
    }
}

/// Whether a text looks like a number and like nothing else: it starts with a digit, which is zero
/// only before a point, and has no letter but that of an exponent.
fn is_plain_number(text: &[u8]) -> bool {
    match text.strip_prefix(b"-").unwrap_or(text) {
        [b'0', b'0'..=b'9', ..] => false,
        [b'0'..=b'9', ..] => text.last().is_some_and(u8::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_fits_every_value_and_loses_nothing() {
        let nulls = Nulls::new(&[String::new(), "-".to_owned()], false);
        let guess = |values: &[&str]| {
            let mut guess = Guess::new();
            values
                .iter()
                .for_each(|value| guess.see(value.as_bytes(), &nulls));
            guess.kind().unwrap().data_type().to_string()
        };
        assert_eq!(guess(&["1", "-2", "", "0"]), "Int64");
        assert_eq!(guess(&["1", "2.5", "-", "-1.0e-3"]), "Float64");
        assert_eq!(guess(&["2024-01-01", "1999-12-31"]), "Date32");
        assert_eq!(
            guess(&["2024-01-01", "2024-01-01 12:00:00"]),
            "Timestamp(µs)"
        );
        assert_eq!(
            guess(&["2024-01-01T12:00:00Z", "2024-01-01T12:00:00+02:00"]),
            "Timestamp(µs, \"+00:00\")"
        );
        assert_eq!(guess(&["true", "FALSE"]), "Boolean");
        let texts: [&[&str]; 9] = [
            &[],
            &["", "-"],
            &["007"],
            &["+380"],
            &["12345678901234567890"],
            &["nan"],
            &["1", "x"],
            &["y", "n"],
            &["2024-01-01 12:00:00", "2024-01-01 12:00:00Z"],
        ];
        for values in texts {
            assert_eq!(guess(values), "Utf8", "{values:?}");
        }
    }
}
