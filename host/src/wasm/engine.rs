//! The one wasmtime engine of the process, its clock, and compiling.

use super::cache::CodeCache;
use crate::bundle::Bundle;
use crate::error::{Error, Result};
use crate::limits::Limits;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Weak, mpsc};
use std::time::Duration;
use wasmtime::component::Component;
use wasmtime::{Config, WasmBacktraceDetails};

/// Compiles plugins and keeps the epoch clock that interrupts them.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    cache: Option<Arc<CodeCache>>,
    limits: Arc<Limits>,
    /// The clock's thread ends when the last engine is gone.
    _clock: Arc<()>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine; compiled code is kept in the given private folder, if there is one that can be
    /// used.
    pub fn new(limits: &Arc<Limits>, cache: Option<&Path>) -> Result<Self> {
        let inner = wasmtime::Engine::new(&config(limits))
            .map_err(|error| Error::internal(format!("wasmtime: {error}")))?;
        let open = |folder| match CodeCache::open(folder, &inner) {
            Ok(cache) => Some(Arc::new(cache)),
            Err(error) => {
                tracing::warn!("{error}; compiled code is not kept, so every start compiles anew");
                None
            }
        };
        let cache = cache.and_then(open);
        let clock = Arc::new(());
        start_clock(&inner, &clock, Duration::from_millis(limits.epoch_tick_ms))?;
        Ok(Self {
            inner,
            cache,
            limits: Arc::clone(limits),
            _clock: clock,
        })
    }

    /// The bounds.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    pub(super) fn inner(&self) -> &wasmtime::Engine {
        &self.inner
    }

    /// Compiled code of a verified bundle, from the cache where it is there.
    pub(super) fn compile(&self, bundle: &Bundle) -> Result<Component> {
        let digest = bundle.component_digest();
        if let Some(component) = self
            .cache
            .as_ref()
            .and_then(|cache| cache.get(&self.inner, digest))
        {
            return Ok(component);
        }
        let component = self.compile_in_time(bundle)?;
        if let Some(cache) = &self.cache {
            let stored = component
                .serialize()
                .map_err(|error| Error::internal(error.to_string()));
            if let Err(error) = stored.and_then(|code| cache.put(digest, &code)) {
                // The plugin works without; the next start compiles again.
                tracing::warn!(
                    "compiled code of {} was not cached: {error}",
                    bundle.manifest().name
                );
            }
        }
        Ok(component)
    }

    /// Compiles on a thread of its own, which is given up after its time. It cannot be stopped, but
    /// its work is bounded by the size of the component.
    fn compile_in_time(&self, bundle: &Bundle) -> Result<Component> {
        let (send, receive) = mpsc::sync_channel(1);
        let (engine, bundle) = (self.inner.clone(), bundle.clone());
        let compile = move || {
            // The receiver may have given up.
            let _ = send.send(Component::new(&engine, bundle.component()));
        };
        std::thread::Builder::new()
            .name("sextant-compile".to_owned())
            .spawn(compile)?;
        let limit = self.limits.compile_ms_max;
        match receive.recv_timeout(Duration::from_millis(limit)) {
            Ok(component) => component
                .map_err(|error| Error::bundle(format!("plugin.wasm does not compile: {error:#}"))),
            Err(_) => Err(Error::over_limit(
                "milliseconds of compiling",
                format!("more than {limit}"),
                limit,
                "compile_ms_max",
            )),
        }
    }
}

fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .shared_memory(false)
        .epoch_interruption(true)
        .max_wasm_stack(limits.guest_stack_bytes_max)
        .async_stack_size(limits.fiber_stack_bytes)
        .async_stack_zeroing(true)
        .memory_init_cow(true)
        // Details would parse the guest's own debug information.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config
}

fn start_clock(engine: &wasmtime::Engine, clock: &Arc<()>, tick: Duration) -> Result<()> {
    let (engine, alive): (_, Weak<()>) = (engine.weak(), Arc::downgrade(clock));
    let run = move || {
        while alive.strong_count() > 0 {
            std::thread::sleep(tick);
            let Some(engine) = engine.upgrade() else {
                return;
            };
            engine.increment_epoch();
        }
    };
    std::thread::Builder::new()
        .name("sextant-epoch".to_owned())
        .spawn(run)?;
    Ok(())
}
