//! What a plugin says when something is wrong: a kind that the host can act on, one sentence for
//! people, and the place in the data. The host adds the plugin, the source and the query.

use std::fmt;
use std::io;

/// A result with a plugin's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of error, so that the host can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The source's configuration is wrong; the administrator mends it.
    InvalidConfig,
    /// A table, input or object that was named does not exist.
    NotFound,
    /// A grant or credential is missing or was refused.
    Unauthorized,
    /// The far side cannot answer now.
    Unavailable {
        /// How many milliseconds to wait before another try, where it said so.
        retry_after_ms: Option<u64>,
    },
    /// The data is not what its format says.
    InvalidData,
    /// The request is understood, but this plugin does not do that.
    Unsupported,
    /// A fault of the plugin itself.
    Internal,
}

/// A place in the data. Give whatever is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The input and the entry in it.
    pub input: Option<String>,
    /// The record, counted from 1.
    pub record: Option<u64>,
    /// The byte from the start of the decompressed entry, counted from 0.
    pub byte: Option<u64>,
    /// The field of the record.
    pub field: Option<String>,
}

/// An error of a plugin.
///
/// The message is lower case, one sentence, without a final dot: what was expected and what was
/// found. It does not repeat the place.
///
/// ```
/// use sextant_plugin_sdk::Error;
/// let error = Error::invalid_data("expected a date as YYYY-MM-DD, found \"12.5.\"")
///     .in_input("events/2018.csv")
///     .at_record(17)
///     .in_field("day");
/// assert_eq!(
///     error.to_string(),
///     "events/2018.csv, record 17, field \"day\": expected a date as YYYY-MM-DD, found \"12.5.\""
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    place: Place,
}

impl Error {
    /// An error of a kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            place: Place::default(),
        }
    }

    /// The source's configuration is wrong.
    pub fn invalid_config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidConfig, message)
    }

    /// Something that was named does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// A grant or credential is missing or was refused.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unauthorized, message)
    }

    /// The far side cannot answer now; how many milliseconds to wait, where it said so.
    pub fn unavailable(message: impl Into<String>, retry_after_ms: Option<u64>) -> Self {
        Self::new(ErrorKind::Unavailable { retry_after_ms }, message)
    }

    /// The data is not what its format says.
    pub fn invalid_data(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidData, message)
    }

    /// The plugin does not do that.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// A fault of the plugin itself.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// The same error in the named input; a place that is known already stays.
    #[must_use]
    pub fn in_input(mut self, input: impl Into<String>) -> Self {
        self.place.input.get_or_insert_with(|| input.into());
        self
    }

    /// The same error at a record, counted from 1; a place that is known already stays.
    #[must_use]
    pub fn at_record(mut self, record: u64) -> Self {
        self.place.record.get_or_insert(record);
        self
    }

    /// The same error at a byte, counted from 0; a place that is known already stays.
    #[must_use]
    pub fn at_byte(mut self, byte: u64) -> Self {
        self.place.byte.get_or_insert(byte);
        self
    }

    /// The same error in a field; a place that is known already stays.
    #[must_use]
    pub fn in_field(mut self, field: impl Into<String>) -> Self {
        self.place.field.get_or_insert_with(|| field.into());
        self
    }

    /// The same error at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// What kind of error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The sentence, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where in the data.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.input.clone(),
            self.record.map(|n| format!("record {n}")),
            self.byte.map(|n| format!("byte {n}")),
            self.field.as_ref().map(|name| format!("field {name:?}")),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place != Place::default() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    /// Kept whole inside, so that it comes back as it was.
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}

impl From<io::Error> for Error {
    /// An error of an input comes back as it was; any other is [`ErrorKind::InvalidData`], since
    /// the only streams a plugin reads are data.
    fn from(error: io::Error) -> Self {
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Self>())
        {
            Some(inner) => inner.clone(),
            None => Self::invalid_data(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for Error {
    /// An error of the stream that was read comes back as it was; any other is
    /// [`ErrorKind::InvalidData`].
    fn from(error: serde_json::Error) -> Self {
        match error.is_io() {
            true => io::Error::from(error).into(),
            false => Self::invalid_data(error.to_string()),
        }
    }
}

impl From<arrow_schema::ArrowError> for Error {
    /// A plugin makes its own arrays, so an array that Arrow refuses is [`ErrorKind::Internal`].
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::internal(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::ArrowError;
    use std::io::Read;

    fn whole() -> Error {
        Error::unavailable("the far side is busy", Some(1_500))
            .in_input("files/a.csv")
            .at_record(3)
            .at_byte(40)
    }

    #[test]
    fn a_place_that_is_known_stays() {
        let error = whole()
            .in_input("other")
            .at_record(9)
            .at_byte(9)
            .in_field("day")
            .in_field("month");
        assert_eq!(
            error.to_string(),
            "files/a.csv, record 3, byte 40, field \"day\": the far side is busy"
        );
        let elsewhere = Place {
            record: Some(7),
            ..Place::default()
        };
        assert_eq!(
            error.at(elsewhere).to_string(),
            "record 7: the far side is busy"
        );
        assert_eq!(Error::internal("no place").to_string(), "no place");
    }

    #[test]
    fn through_io_and_back_nothing_is_lost() {
        assert_eq!(Error::from(io::Error::from(whole())), whole());
    }

    /// A stream that fails, as the host's does.
    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(whole().into())
        }
    }

    #[test]
    fn through_a_json_reader_nothing_is_lost() {
        let error = serde_json::from_reader::<_, serde_json::Value>(Failing).unwrap_err();
        assert_eq!(Error::from(error), whole());
    }

    #[test]
    fn other_errors_get_the_kind_that_fits() {
        let json = serde_json::from_str::<u8>("[").unwrap_err();
        assert_eq!(Error::from(json).kind(), ErrorKind::InvalidData);
        let end = Error::from(io::Error::from(io::ErrorKind::UnexpectedEof));
        assert_eq!(
            (end.kind(), end.message()),
            (ErrorKind::InvalidData, "unexpected end of file")
        );
        let arrow = Error::from(ArrowError::ComputeError("no".to_owned()));
        assert_eq!(arrow.kind(), ErrorKind::Internal);
    }
}
