//! What travels with a plan to wherever it runs: the query's scope, and the function instances that
//! it leases. It rides in DataFusion's configuration, which reaches planning, constant folding and
//! every operator.

use crate::error::Error;
use crate::wasm::{BoundScalar, Scope};
use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::{Result, config_err};
use datafusion::config::ConfigOptions;
use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The query that a plan belongs to.
#[derive(Clone)]
pub(super) struct QueryOptions {
    pub(super) scope: Arc<Scope>,
    pub(super) leases: Arc<Leases>,
}

impl QueryOptions {
    pub(super) fn new(scope: &Arc<Scope>) -> Self {
        Self {
            scope: Arc::clone(scope),
            leases: Arc::default(),
        }
    }

    /// The query of a configuration.
    pub(super) fn of(options: &ConfigOptions) -> Option<&Self> {
        options.extensions.get::<Self>()
    }
}

impl fmt::Debug for QueryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scope.fmt(f)
    }
}

impl ConfigExtension for QueryOptions {
    const PREFIX: &'static str = "sextant_query";
}

/// It has nothing that a `SET` could change or a `SHOW` could show.
impl ExtensionOptions for QueryOptions {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, _: &str) -> Result<()> {
        config_err!("there is no setting {key:?}")
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}

/// Why a failure is not tolerated, though it is wanted.
const NO_HIT: &str = "this query also gives rows that have no hit, and a failed look-up is never taken for that, with sextant.on_source_error = 'warn' neither; an inner join goes without what failed";

/// What becomes of a query when one of its sources fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum OnSourceError {
    /// It fails. What is missing from an answer cannot be seen in it.
    #[default]
    Fail,
    /// It has the rows that could be read, and a warning for each source that failed.
    Warn,
}

impl OnSourceError {
    /// Whether an answer may go without what failed. A query that was cancelled, or that met one of
    /// its own bounds, has no answer.
    pub(super) fn tolerates(self, error: &Error) -> bool {
        self == Self::Warn && !error.is_cancelled() && !error.is_limit() && !error.is_internal()
    }

    /// An error that the query goes on without. `is_strict` is whether what is missing would look like no hit.
    ///
    /// # Errors
    ///
    /// The error, where the query does not go on.
    pub(super) fn bear(self, error: Error, is_strict: bool) -> Result<Error, Error> {
        match (self.tolerates(&error), is_strict) {
            (true, false) => Ok(error),
            (true, true) => Err(error.with_hint(NO_HIT)),
            (false, _) => Err(error),
        }
    }
}

/// The settings of a session that are Sextant's own: `SET sextant.NAME = ...`.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceErrors {
    on_source_error: OnSourceError,
}

impl SourceErrors {
    const ON_SOURCE_ERROR: &'static str = "on_source_error";
    /// What it is until it is set.
    pub(super) const INITIAL: &'static str = "fail";

    /// What a configuration says becomes of a query when one of its sources fails.
    pub(super) fn of(options: &ConfigOptions) -> OnSourceError {
        let own = options.extensions.get::<Self>();
        own.map_or_else(OnSourceError::default, |own| own.on_source_error)
    }
}

impl ConfigExtension for SourceErrors {
    const PREFIX: &'static str = "sextant";
}

impl ExtensionOptions for SourceErrors {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let key = key.strip_prefix("sextant.").unwrap_or(key);
        self.on_source_error = match (key, value) {
            (Self::ON_SOURCE_ERROR, "fail") => OnSourceError::Fail,
            (Self::ON_SOURCE_ERROR, "warn") => OnSourceError::Warn,
            (Self::ON_SOURCE_ERROR, _) => {
                return config_err!(
                    "sextant.on_source_error: expected 'fail' or 'warn', found {value:?}"
                );
            }
            _ => {
                return config_err!(
                    "there is no setting sextant.{key}; there is sextant.on_source_error"
                );
            }
        };
        Ok(())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        vec![ConfigEntry {
            key: format!("{}.{}", Self::PREFIX, Self::ON_SOURCE_ERROR),
            value: Some(
                match self.on_source_error {
                    OnSourceError::Fail => "fail",
                    OnSourceError::Warn => "warn",
                }
                .to_owned(),
            ),
            description: "What becomes of a query when one of its sources fails: 'fail', or 'warn' for the rows that could be read",
        }]
    }
}

/// Bound functions that are not in use at the moment. One is taken for a batch and put back, so
/// that a query makes as many instances as it has threads at work, and no state passes to another
/// query.
#[derive(Default)]
pub(super) struct Leases(Mutex<HashMap<String, Vec<BoundScalar>>>);

impl Leases {
    pub(super) fn take(&self, key: &str) -> Option<BoundScalar> {
        self.lock().get_mut(key)?.pop()
    }

    pub(super) fn give_back(&self, key: &str, bound: BoundScalar) {
        let mut leases = self.lock();
        match leases.get_mut(key) {
            Some(free) => free.push(bound),
            None => {
                leases.insert(key.to_owned(), vec![bound]);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<BoundScalar>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
