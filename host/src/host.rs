//! The host: wires the stages, from a workspace on disk to sessions that run SQL. The command line,
//! servers and tests all begin here.

use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::registry::{Registry, Snapshot};
use crate::sql::{Queries, Reach, Session};
use crate::wasm::Engine;
use crate::watch::Watcher;
use crate::workspace::Workspace;
use std::fmt;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Bytes of stack of a thread that plans and runs queries. Planning recurses on what the analyst
/// wrote; the memory is only reserved until it is used.
const QUERY_STACK_BYTES: usize = 64 << 20;

/// A running host.
pub struct Host {
    // Dropped in this order: nothing is loaded any more, then nothing runs any more.
    watcher: Option<Watcher>,
    registry: Arc<Registry>,
    queries: Arc<Queries>,
    runtime: Option<Runtime>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

impl Host {
    /// Opens a workspace: reads its configuration and loads its bundles.
    pub fn open(workspace: Workspace) -> Result<Self> {
        let config = workspace.config()?;
        let limits = Arc::new(config.limits);
        let engine = Engine::new(&limits, Some(&workspace.code_cache()))?;
        let registry = Arc::new(Registry::open(workspace, engine)?);
        let snapshot = registry.snapshot();
        let is_there = |name: &&String| snapshot.plugins().contains_key(*name);
        // No error: the bundle may come later.
        for name in config.plugins.keys().filter(|name| !is_there(name)) {
            tracing::warn!(
                "[plugin.{name}] in sextant.toml is of no plugin that is there; put its bundle into bundles/, or remove the section"
            );
        }
        let queries = Queries::new(&limits, config.accounting)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads((cores * 4).max(limits.query_threads_min))
            .thread_name("sextant-query")
            .thread_stack_size(QUERY_STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|error| Error::internal(format!("no threads for queries: {error}")))?;
        Ok(Self {
            watcher: None,
            registry,
            queries,
            runtime: Some(runtime),
        })
    }

    /// Watches the workspace from now on, and loads what changes.
    pub fn watch(&mut self) -> Result<()> {
        self.watcher = Some(Watcher::start(&self.registry)?);
        Ok(())
    }

    /// Looks at the workspace once, now.
    pub fn rescan(&self) -> Result<()> {
        self.registry.rescan().map(|_| ())
    }

    /// The current snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.registry.snapshot()
    }

    /// A new session.
    pub fn session(&self) -> Result<Session> {
        self.session_within(Reach::Files)
    }

    /// A new session whose statements reach no further than given.
    pub fn session_within(&self, reach: Reach) -> Result<Session> {
        Ok(Session::new(
            &self.registry,
            &self.queries,
            self.runtime().handle(),
            reach,
        ))
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        self.registry.workspace()
    }

    /// The bounds.
    pub fn limits(&self) -> &Arc<Limits> {
        self.registry.engine().limits()
    }

    /// Runs a future to its end on the host's own threads.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime().block_on(future)
    }

    fn runtime(&self) -> &Runtime {
        self.runtime
            .as_ref()
            .expect("the runtime is there until the host is dropped")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A guest in the middle of a call is not waited for; its next epoch tick finds nobody.
            runtime.shutdown_background();
        }
    }
}
