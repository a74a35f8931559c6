//! What the instances of one query share: whether to go on, how much memory they hold together,
//! and what they report to the analyst.

use super::usage::{Account, Accounts, Usage};
use crate::error::{Error, Result};
use crate::limits::Limits;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};
use tokio::sync::Notify;

/// Records that a source left out because its configuration says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The source.
    pub source: String,
    /// How many records.
    pub count: u64,
    /// Where and why the first of them.
    pub first: String,
}

/// The memory that queries have together. Guest memory is charged to it beside the query's own bound.
pub trait MemoryBudget: Send + Sync {
    /// Takes so many bytes, or says why there are none.
    fn grow(&self, bytes: usize) -> Result<()>;

    /// Gives so many bytes back.
    fn shrink(&self, bytes: usize);
}

/// The scope of a query. Every store of the query looks at it at each epoch tick.
pub struct Scope {
    limits: Arc<Limits>,
    cancelled: AtomicBool,
    cancel: Notify,
    guest_bytes: AtomicUsize,
    guest_bytes_peak: AtomicUsize,
    started: (Instant, SystemTime),
    reports: Mutex<Reports>,
    accounts: Option<Accounts>,
    budget: Option<Box<dyn MemoryBudget>>,
}

#[derive(Default)]
struct Reports {
    skipped: Vec<Skipped>,
    warnings: Vec<Warning>,
    warnings_dropped: usize,
}

/// A warning, and how many failures it stands for.
struct Warning {
    text: String,
    failures: u64,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.failures {
            0 | 1 => f.write_str(&self.text),
            times => write!(f, "{} ({times} times)", self.text),
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

impl Scope {
    /// A scope of no query: for describing and checking. Nothing is accounted for.
    pub fn new(limits: &Arc<Limits>) -> Arc<Self> {
        Self::make(limits, None, None)
    }

    /// The scope of a new query, whose guest memory is charged to a budget, and whose use of plugins
    /// is accounted for if that is wanted.
    pub fn of_query(
        limits: &Arc<Limits>,
        budget: Box<dyn MemoryBudget>,
        is_accounted: bool,
    ) -> Arc<Self> {
        Self::make(limits, Some(budget), is_accounted.then(Accounts::default))
    }

    fn make(
        limits: &Arc<Limits>,
        budget: Option<Box<dyn MemoryBudget>>,
        accounts: Option<Accounts>,
    ) -> Arc<Self> {
        Arc::new(Self {
            limits: Arc::clone(limits),
            cancelled: AtomicBool::new(false),
            cancel: Notify::new(),
            guest_bytes: AtomicUsize::new(0),
            guest_bytes_peak: AtomicUsize::new(0),
            started: (Instant::now(), SystemTime::now()),
            reports: Mutex::default(),
            accounts,
            budget,
        })
    }

    /// The bounds.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// Stops every instance of the query at its next epoch tick.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.cancel.notify_waiters();
    }

    /// Whether the query was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Waits until the query is cancelled.
    pub async fn cancelled(&self) {
        let notified = self.cancel.notified();
        tokio::pin!(notified);
        // Registered before the flag is read, so that a cancel in between is not missed.
        notified.as_mut().enable();
        if !self.is_cancelled() {
            notified.await;
        }
    }

    /// When the query began: what a guest's wall clock says for its whole length.
    pub(super) fn started(&self) -> (Instant, SystemTime) {
        self.started
    }

    /// Records left out, by source, in the order of their first report.
    pub fn skipped(&self) -> Vec<Skipped> {
        self.reports().skipped.clone()
    }

    /// Warnings of sources, and how many more there were than are kept.
    pub fn warnings(&self) -> (Vec<String>, usize) {
        let reports = self.reports();
        let warnings = reports.warnings.iter().map(ToString::to_string);
        (warnings.collect(), reports.warnings_dropped)
    }

    /// The guest memory that the query holds now, in bytes.
    pub fn guest_bytes(&self) -> usize {
        self.guest_bytes.load(Ordering::Relaxed)
    }

    /// The most guest memory that the query held at one time, in bytes.
    pub fn guest_bytes_peak(&self) -> usize {
        self.guest_bytes_peak.load(Ordering::Relaxed)
    }

    /// What each function and each table of a source used, by its name.
    pub fn usage(&self) -> BTreeMap<String, Usage> {
        self.accounts
            .as_ref()
            .map_or_else(BTreeMap::new, Accounts::read)
    }

    /// Whether the use of plugins is accounted for.
    pub fn is_accounted(&self) -> bool {
        self.accounts.is_some()
    }

    /// The account of a function or table, where there is one.
    pub(super) fn account(&self, name: &str) -> Option<Arc<Account>> {
        self.accounts.as_ref().map(|accounts| accounts.of(name))
    }

    pub(super) fn report_skipped(&self, source: &str, count: u64, first: String) {
        let mut reports = self.reports();
        match reports
            .skipped
            .iter_mut()
            .find(|known| known.source == source)
        {
            Some(known) => known.count = known.count.saturating_add(count),
            None => reports.skipped.push(Skipped {
                source: source.to_owned(),
                count,
                first,
            }),
        }
    }

    /// Warns that rows of a source are missing, since it failed. Partitions and scans that fail alike are
    /// one warning, which says how many they were.
    pub fn report_failed(&self, source: &str, error: &Error) {
        let hint = error
            .hint()
            .map_or(String::new(), |hint| format!(" ({hint})"));
        let text = format!("{source}: rows are missing, since it failed: {error}{hint}");
        self.add_warning(Warning { text, failures: 1 });
    }

    /// Adds a warning for the analyst. The same one is kept once.
    pub fn warn(&self, text: String) {
        self.add_warning(Warning { text, failures: 0 });
    }

    fn add_warning(&self, warning: Warning) {
        let mut reports = self.reports();
        let mut known = reports.warnings.iter_mut();
        if let Some(known) = known.find(|known| known.text == warning.text) {
            known.failures = known.failures.saturating_add(warning.failures);
            return;
        }
        match reports.warnings.len() < self.limits.query_warnings_max {
            true => reports.warnings.push(warning),
            false => reports.warnings_dropped += 1,
        }
    }

    fn reports(&self) -> std::sync::MutexGuard<'_, Reports> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Charges guest memory to the query and, unless an operator of the plan does, to the budget of
    /// all queries.
    pub(super) fn grow(&self, bytes: usize, by_operator: bool) -> Result<()> {
        let held = self.guest_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let limit = self.limits.query_guest_memory_bytes_max;
        if held > limit {
            self.guest_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Error::over_limit(
                "bytes of memory of the query's plugins",
                held,
                limit,
                "query_guest_memory_bytes_max",
            ));
        }
        if let Some(budget) = self.budget.as_ref().filter(|_| !by_operator)
            && let Err(error) = budget.grow(bytes)
        {
            self.guest_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(error);
        }
        self.guest_bytes_peak.fetch_max(held, Ordering::Relaxed);
        Ok(())
    }

    pub(super) fn shrink(&self, bytes: usize, by_operator: bool) {
        self.guest_bytes.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(budget) = self.budget.as_ref().filter(|_| !by_operator) {
            budget.shrink(bytes);
        }
    }
}
