//! What travels with a plan to wherever it runs: the query's scope, and the function instances that
//! it leases. It rides in DataFusion's configuration, which reaches planning, constant folding and
//! every operator.

use crate::wasm::{BoundScalar, Scope};
use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::{Result, exec_err};
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
        exec_err!("there is no setting {key:?}")
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
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
