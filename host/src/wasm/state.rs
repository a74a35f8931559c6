//! What a store holds for its instance: a budget, a sink, a log, and whatever was granted. The
//! default grants nothing.

use super::api::v0_1::{arrow, log, report, types};
use super::arrow::{BatchLimits, batch_from_guest};
use super::limiter::Limiter;
use super::network::FarWait;
use super::scope::Scope;
use super::source::SourceSettings;
use super::usage::{Account, Stopwatch, Usage};
use crate::error::{Error, Result};
use crate::limits::{InstanceLimits, Limits};
use ::arrow::array::RecordBatch;
use ::arrow::datatypes::SchemaRef;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::component::{Resource, ResourceTable};

/// The host's side of the contract's `sink`.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Sink;

/// What an instance is for, which decides what it may do.
#[derive(Clone)]
pub(super) enum Role {
    /// A pure function, by its full name, and whether an operator of the plan charges its memory.
    Functions(Arc<str>, bool),
    /// A source, and what it was granted.
    Source(SourceSettings),
}

/// What an instance may take, and of which plugin it is.
#[derive(Clone)]
pub(super) struct Bounds {
    pub(super) plugin: Arc<str>,
    pub(super) limits: InstanceLimits,
}

impl Bounds {
    pub(super) fn over(
        &self,
        what: &str,
        actual: impl fmt::Display,
        limit: impl fmt::Display,
        key: &str,
    ) -> Error {
        self.limits.over(&self.plugin, what, actual, limit, key)
    }
}

/// What a call is for, which decides how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Describing, opening and binding.
    Describe,
    /// Working on rows.
    Work,
}

impl Purpose {
    pub(super) fn limit_ms(self, bounds: &Bounds, limits: &Limits) -> u64 {
        match self {
            Self::Describe => limits.describe_call_ms_max,
            Self::Work => bounds.limits.call_ms_max,
        }
    }

    /// The error of a call that took too long.
    pub(super) fn out_of_time(self, bounds: &Bounds, limits: &Limits) -> Error {
        let limit = self.limit_ms(bounds, limits);
        let actual = format!("a call took longer than {limit} ms");
        match self {
            Self::Describe => Error::limit(actual)
                .with_hint("raise limits.describe_call_ms_max in sextant.toml if describing and binding are meant to take so long"),
            Self::Work => Error::limit(actual)
                .with_hint(bounds.limits.hint(&bounds.plugin, "call_ms_max")),
        }
    }
}

/// The state of a store.
pub(super) struct State {
    pub(super) bounds: Bounds,
    pub(super) limiter: Limiter,
    pub(super) resources: ResourceTable,
    pub(super) scope: Arc<Scope>,
    pub(super) role: Role,
    pub(super) open_inputs: usize,
    pub(super) open_connections: usize,
    /// How long the call that runs has waited for the far side.
    pub(super) far: Arc<FarWait>,
    /// Whether a running guest makes way for others at each epoch tick, which asynchronous calls
    /// alone can do.
    pub(super) yields: bool,
    /// What the instance used so far for what it works for, and in the call that runs.
    pub(super) usage: Usage,
    pub(super) call: Usage,
    account: Option<Arc<Account>>,
    deadline: (Instant, Purpose),
    /// Bytes emitted so far.
    output_bytes: u64,
    /// The schema that is due, and what was emitted in this call.
    expected: Option<SchemaRef>,
    emitted: Vec<RecordBatch>,
    emitted_bytes: usize,
    empty_batches: usize,
    log_lines: usize,
    stderr: String,
}

impl State {
    pub(super) fn new(bounds: Bounds, role: Role, scope: &Arc<Scope>) -> Self {
        let (name, by_operator) = match &role {
            Role::Functions(function, by_operator) => (&**function, *by_operator),
            Role::Source(source) => (source.name.as_str(), false),
        };
        let account = scope.account(name);
        let first = Usage {
            instances: 1,
            ..Usage::default()
        };
        if let Some(account) = &account {
            account.add(&first);
        }
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(scope.limits().guest_handles_max);
        Self {
            limiter: Limiter::new(scope, &bounds, by_operator),
            bounds,
            resources,
            scope: Arc::clone(scope),
            role,
            open_inputs: 0,
            open_connections: 0,
            far: Arc::default(),
            yields: false,
            usage: first,
            call: Usage::default(),
            account,
            deadline: (Instant::now(), Purpose::Describe),
            output_bytes: 0,
            expected: None,
            emitted: Vec::new(),
            emitted_bytes: 0,
            empty_batches: 0,
            log_lines: 0,
            stderr: String::new(),
        }
    }

    /// Sets how long the next call may take.
    pub(super) fn start_call(&mut self, purpose: Purpose) {
        let limit = Duration::from_millis(purpose.limit_ms(&self.bounds, self.scope.limits()));
        self.deadline = (Instant::now() + limit, purpose);
        self.far.reset();
    }

    /// A clock for a call that does not wait.
    pub(super) fn stopwatch(&self) -> Stopwatch {
        Stopwatch::start(self.account.is_some())
    }

    /// Accounts for a wait for the host.
    pub(super) fn waited(&mut self, stopwatch: Stopwatch) {
        self.call.host_ns += stopwatch.elapsed().as_nanos() as u64;
    }

    /// Accounts for a call that was at work for so long.
    pub(super) fn end_call(&mut self, spent: Duration) {
        let Some(account) = &self.account else {
            return;
        };
        self.call.calls += 1;
        self.call.guest_ns += spent.as_nanos() as u64;
        self.call.memory_bytes_peak = self.limiter.memory_bytes() as u64;
        account.add(&self.call);
        self.usage.add(&self.call);
        self.call = Usage::default();
    }

    /// From now on the instance works for a table of its source, and what it uses is the table's. Before, when it
    /// was opened and asked for parts, it was the source's.
    pub(super) fn work_for(&mut self, table: &str) {
        self.account = self
            .scope
            .account(&format!("{}.{table}", self.source_name()));
        self.usage = Usage {
            instances: 1,
            ..Usage::default()
        };
        if let Some(account) = &self.account {
            account.add(&self.usage);
        }
    }

    /// Whether the query goes on.
    pub(super) fn check_cancelled(&self) -> Result<()> {
        match self.scope.is_cancelled() {
            true => Err(Error::cancelled("the query was cancelled")),
            false => Ok(()),
        }
    }

    /// Called at each epoch tick of a running guest.
    pub(super) fn check(&self) -> Result<()> {
        self.check_cancelled()?;
        let (deadline, purpose) = self.deadline;
        match Instant::now() > deadline + self.far.total() {
            true => Err(purpose.out_of_time(&self.bounds, self.scope.limits())),
            false => Ok(()),
        }
    }

    /// Says what the sink is to take.
    pub(super) fn expect(&mut self, schema: &SchemaRef) {
        self.expected = Some(Arc::clone(schema));
        self.emitted.clear();
        self.emitted_bytes = 0;
    }

    /// What was emitted since [`expect`](Self::expect).
    pub(super) fn take_emitted(&mut self) -> Vec<RecordBatch> {
        self.expected = None;
        std::mem::take(&mut self.emitted)
    }

    fn take_batch(&mut self, batch: arrow::Batch) -> Result<()> {
        let limits = Arc::clone(self.scope.limits());
        let schema = self.expected.clone();
        let schema =
            schema.ok_or_else(|| Error::contract("a batch was emitted outside of a call"))?;
        if self.emitted.len() >= limits.step_batches_max {
            let count = self.emitted.len() + 1;
            return Err(Error::over_limit(
                "batches emitted in one step",
                count,
                limits.step_batches_max,
                "step_batches_max",
            ));
        }
        self.empty_batches = if batch.rows == 0 {
            self.empty_batches + 1
        } else {
            0
        };
        if self.empty_batches > limits.empty_batches_max {
            let count = self.empty_batches;
            return Err(Error::over_limit(
                "batches without rows, one after the other",
                count,
                limits.empty_batches_max,
                "empty_batches_max",
            ));
        }
        let bytes = batch.buffers.iter().map(Vec::len).sum::<usize>();
        self.call.rows_out += u64::from(batch.rows);
        self.call.bytes_out += bytes as u64;
        self.emitted_bytes += bytes;
        if self.emitted_bytes > limits.batch_bytes_max {
            let bytes = self.emitted_bytes;
            return Err(Error::over_limit(
                "bytes emitted in one step",
                bytes,
                limits.batch_bytes_max,
                "batch_bytes_max",
            ));
        }
        self.output_bytes += bytes as u64;
        let limit = self.bounds.limits.output_bytes_max;
        if self.output_bytes > limit {
            let bytes = self.output_bytes;
            return Err(self.bounds.over(
                "bytes emitted by the instance",
                bytes,
                limit,
                "output_bytes_max",
            ));
        }
        self.emitted.push(batch_from_guest(
            &schema,
            batch,
            &BatchLimits::new(&limits),
        )?);
        Ok(())
    }

    /// Takes what a guest writes to standard output or error: usually a panic message.
    pub(super) fn write_stdio(&mut self, bytes: &[u8]) {
        let max = self.scope.limits().message_bytes_max;
        let room = max.saturating_sub(self.stderr.len());
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(room)]);
        self.stderr.push_str(&printable(&text, max));
    }

    /// What the guest wrote before it crashed.
    pub(super) fn last_words(&self) -> Option<&str> {
        Some(self.stderr.trim()).filter(|text| !text.is_empty())
    }

    /// Who speaks, in a log line.
    fn speaker(&self) -> String {
        match &self.role {
            Role::Functions(..) => self.bounds.plugin.to_string(),
            Role::Source(source) => format!("{} as {}", self.bounds.plugin, source.name),
        }
    }

    fn source_name(&self) -> &str {
        match &self.role {
            Role::Functions(..) => &self.bounds.plugin,
            Role::Source(source) => &source.name,
        }
    }
}

/// A guest's text without control characters (which would move a terminal's cursor or forge log
/// lines), cut to a length.
pub(super) fn printable(text: &str, bytes_max: usize) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    if text.len() <= bytes_max {
        return text.chars().map(clean).collect();
    }
    let cut = text.floor_char_boundary(bytes_max);
    let rest = text.len() - cut;
    let mut text: String = text[..cut].chars().map(clean).collect();
    text.push_str(&format!(" [and {rest} bytes more]"));
    text
}

impl arrow::Host for State {}

impl arrow::HostSink for State {
    fn emit(&mut self, _: Resource<Sink>, batch: arrow::Batch) -> wasmtime::Result<()> {
        self.take_batch(batch).map_err(wasmtime::Error::new)
    }

    fn drop(&mut self, _: Resource<Sink>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl types::Host for State {}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let limits = self.scope.limits();
        self.log_lines += 1;
        if self.log_lines > limits.log_lines_max {
            if self.log_lines == limits.log_lines_max + 1 {
                tracing::warn!(target: "plugin", "{}: more than {} log lines; the rest is dropped", self.speaker(), limits.log_lines_max);
            }
            return Ok(());
        }
        let line = printable(&message, limits.log_line_bytes_max);
        let speaker = self.speaker();
        match level {
            log::Level::Trace => tracing::trace!(target: "plugin", "{speaker}: {line}"),
            log::Level::Debug => tracing::debug!(target: "plugin", "{speaker}: {line}"),
            log::Level::Info => tracing::info!(target: "plugin", "{speaker}: {line}"),
            log::Level::Warn => tracing::warn!(target: "plugin", "{speaker}: {line}"),
            log::Level::Error => tracing::error!(target: "plugin", "{speaker}: {line}"),
        }
        Ok(())
    }
}

impl report::Host for State {
    fn skipped(
        &mut self,
        count: u64,
        reason: String,
        place: report::Place,
    ) -> wasmtime::Result<()> {
        let max = self.scope.limits().message_bytes_max;
        let place = super::describe::place_text(place, max);
        let reason = printable(&reason, max);
        let first = if place.is_empty() {
            reason
        } else {
            format!("{place}: {reason}")
        };
        self.scope.report_skipped(self.source_name(), count, first);
        Ok(())
    }

    fn warning(&mut self, message: String) -> wasmtime::Result<()> {
        let message = printable(&message, self.scope.limits().message_bytes_max);
        self.scope
            .warn(format!("{}: {message}", self.source_name()));
        Ok(())
    }
}
