//! What the queries of all sessions share: their memory, and a record of the last ones.

use super::failure::from_datafusion;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::wasm::{MemoryBudget, Scope};
use datafusion::execution::memory_pool::{FairSpillPool, MemoryConsumer, MemoryReservation};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How much of a statement is kept.
const SQL_CHARS_MAX: usize = 1_000;

/// The queries of a host.
pub struct Queries {
    environment: Arc<RuntimeEnv>,
    limits: Arc<Limits>,
    is_accounted: bool,
    records: Mutex<(u64, VecDeque<Arc<QueryRecord>>)>,
}

impl fmt::Debug for Queries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Queries")
    }
}

impl Queries {
    /// No queries yet, whose use of plugins is accounted for or not.
    pub fn new(limits: &Arc<Limits>, is_accounted: bool) -> Result<Arc<Self>> {
        let pool = Arc::new(FairSpillPool::new(limits.query_memory_bytes_max));
        let environment = RuntimeEnvBuilder::new().with_memory_pool(pool).build_arc();
        Ok(Arc::new(Self {
            environment: environment.map_err(|error| from_datafusion(&error, ""))?,
            limits: Arc::clone(limits),
            is_accounted,
            records: Mutex::default(),
        }))
    }

    pub(super) fn environment(&self) -> &Arc<RuntimeEnv> {
        &self.environment
    }

    /// Begins a query.
    pub(super) fn begin(&self, sql: &str) -> (Arc<Scope>, Arc<QueryRecord>) {
        let consumer = MemoryConsumer::new("plugins");
        let budget = Budget {
            reservation: consumer.register(&self.environment.memory_pool),
            limit: self.limits.query_memory_bytes_max,
        };
        let scope = Scope::of_query(&self.limits, Box::new(budget), self.is_accounted);
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.0 += 1;
        let record = Arc::new(QueryRecord {
            id: records.0,
            sql: sql.chars().take(SQL_CHARS_MAX).collect(),
            started: (Instant::now(), SystemTime::now()),
            scope: Arc::clone(&scope),
            progress: Mutex::default(),
        });
        records.1.push_back(Arc::clone(&record));
        while records.1.len() > self.limits.query_records_max {
            records.1.pop_front();
        }
        (scope, record)
    }

    /// The last queries, the oldest first.
    pub(super) fn records(&self) -> Vec<Arc<QueryRecord>> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.1.iter().map(Arc::clone).collect()
    }
}

/// The guest memory of a query, among the memory of all queries.
struct Budget {
    reservation: MemoryReservation,
    limit: usize,
}

impl MemoryBudget for Budget {
    fn grow(&self, bytes: usize) -> Result<()> {
        self.reservation.try_grow(bytes).map_err(|_| {
            let held = self.reservation.size() + bytes;
            Error::over_limit(
                "bytes of memory of all queries, with those of this one's plugins",
                held,
                self.limit,
                "query_memory_bytes_max",
            )
        })
    }

    fn shrink(&self, bytes: usize) {
        self.reservation.shrink(bytes);
    }
}

/// A query that runs or has ended.
pub(super) struct QueryRecord {
    pub(super) id: u64,
    pub(super) sql: String,
    pub(super) started: (Instant, SystemTime),
    pub(super) scope: Arc<Scope>,
    progress: Mutex<Progress>,
}

/// How far a query has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) rows: u64,
    /// How long it took, and its error, once it has ended.
    pub(super) ended: Option<(Duration, Option<Error>)>,
}

impl QueryRecord {
    pub(super) fn progress(&self) -> Progress {
        self.lock().clone()
    }

    pub(super) fn add_rows(&self, rows: usize) {
        self.lock().rows += rows as u64;
    }

    /// Notes the end; the first one counts.
    pub(super) fn end(&self, error: Option<&Error>) {
        let elapsed = self.started.0.elapsed();
        self.lock()
            .ended
            .get_or_insert_with(|| (elapsed, error.cloned()));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the record of a query whose work was given up.
pub(super) struct EndOnDrop(pub(super) Arc<QueryRecord>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0
            .end(Some(&Error::cancelled("the query was cancelled")));
    }
}
