//! The one error of the host: what failed, in which plugin or source, where in the data, and what
//! to do next. Kinds are private; callers ask with `is_*`. Conversion to other systems' errors
//! happens once, at the edge (`sql` for DataFusion, `cli` for exit codes).

use std::fmt;

/// A result with the host's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the host, its plugins or their data.
///
/// It prints as a chain, outermost first: `source "gdelt": plugin "delimited": events/a.csv,
/// record 3, field "day": expected a date, found "x"`. [`hint`](Self::hint) says what to do.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    message: String,
    context: Vec<String>,
    hint: Option<String>,
    place: Option<String>,
}

/// What a caller may have to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    BrokenPipe,
    Bundle,
    Cancelled,
    Config,
    Contract,
    Data,
    Denied,
    Internal,
    Io,
    Limit,
    NotFound,
    Plugin,
    Sql,
    Trap,
    Unavailable,
}

macro_rules! kinds {
    ($($new:ident $is:ident $kind:ident $doc:literal;)*) => {
        impl Error {
            $(
                #[doc = concat!("An error: ", $doc, ".")]
                pub fn $new(message: impl Into<String>) -> Self {
                    Self::new(Kind::$kind, message.into())
                }

                #[doc = concat!("Whether ", $doc, ".")]
                pub fn $is(&self) -> bool {
                    self.0.kind == Kind::$kind
                }
            )*
        }
    };
}

kinds! {
    bundle is_bundle Bundle "a bundle is broken or lies about itself";
    cancelled is_cancelled Cancelled "the query was cancelled";
    config is_config Config "the configuration is wrong";
    contract is_contract Contract "a component speaks another contract, or breaks this one";
    data is_data Data "the data of a source is not what its format says";
    denied is_denied Denied "a grant is missing or was refused";
    broken_pipe is_broken_pipe BrokenPipe "whoever read the output has gone away";
    internal is_internal Internal "Sextant itself is at fault";
    io is_io Io "the operating system refused something";
    limit is_limit Limit "a bound was reached";
    not_found is_not_found NotFound "something that was named does not exist";
    plugin is_plugin Plugin "a plugin says that it cannot do something, or is at fault";
    sql is_sql Sql "a statement is wrong";
    trap is_trap Trap "a plugin crashed";
    unavailable is_unavailable Unavailable "a source cannot answer now";
}

impl Error {
    fn new(kind: Kind, message: String) -> Self {
        Self(Box::new(Inner {
            kind,
            message,
            context: Vec::new(),
            hint: None,
            place: None,
        }))
    }

    /// A bound was reached: what was bounded, how much there was, how much may be.
    pub fn over_limit(
        what: &str,
        actual: impl fmt::Display,
        limit: impl fmt::Display,
        key: &str,
    ) -> Self {
        Self::limit(format!("{what}: {actual}, and the limit is {limit}")).with_hint(format!(
            "raise limits.{key} in sextant.toml if this is meant to be"
        ))
    }

    /// A file became another while it was used.
    pub fn file_changes() -> Self {
        Self::unavailable("the file changes").with_hint("try again")
    }

    /// The same error, seen from one level further out.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.0.context.push(context.to_string());
        self
    }

    /// The same error with advice; advice that is there already stays.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// The same error with the part of a text that it is about: a line and a caret under it.
    #[must_use]
    pub fn with_place(mut self, place: impl Into<String>) -> Self {
        self.0.place.get_or_insert_with(|| place.into());
        self
    }

    /// What to do next.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The part of a text that the error is about, as lines to print below it.
    pub fn place(&self) -> Option<&str> {
        self.0.place.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for context in self.0.context.iter().rev() {
            write!(f, "{context}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({self})", self.0.kind)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        // A reader of the host says what it means with an error of the host.
        let error = match error.downcast::<Self>() {
            Ok(own) => return own,
            Err(error) => error,
        };
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::not_found("no such file or folder"),
            std::io::ErrorKind::BrokenPipe => Self::broken_pipe("nobody reads the output"),
            std::io::ErrorKind::PermissionDenied => {
                Self::io("permission denied by the file system")
            }
            _ => Self::io(error.to_string()),
        }
    }
}

/// Adds context to the error of a result.
pub trait Context<T> {
    /// The same result, its error seen from one level further out.
    fn context(self, context: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for std::result::Result<T, E> {
    fn context(self, context: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| error.into().context(context()))
    }
}
