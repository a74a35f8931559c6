//! A plugin: the compiled component of a verified bundle, shared and immutable, from which
//! instances are made.

use super::api::v0_1::{functions, source};
use super::describe::{FunctionDescription, functions_from_guest};
use super::engine::Engine;
use super::linker;
use super::network::FarWait;
use super::scope::Scope;
use super::state::{Bounds, Purpose, Role, State};
use super::usage::timed;
use crate::bundle::Digest;
use crate::bundle::{Bundle, Manifest};
use crate::error::{Error, Result};
use crate::limits::{InstanceLimits, Limits, PluginLimits};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::component::{Component, ComponentExportIndex, Func, InstancePre};
use wasmtime::{Store, Trap, UpdateDeadline};

/// A plugin, ready for use. Cheap to clone: what was compiled is shared.
#[derive(Clone)]
pub struct Plugin {
    bundle: Bundle,
    engine: Engine,
    bounds: Bounds,
    granted: PluginLimits,
    functions: Option<LinkedFunctions>,
    source: Option<(InstancePre<State>, source::GuestIndices)>,
    descriptions: Arc<[FunctionDescription]>,
}

/// A component linked for its functions.
#[derive(Clone)]
struct LinkedFunctions {
    linked: InstancePre<State>,
    indices: functions::GuestIndices,
    hand_calls: HandCalls<ComponentExportIndex>,
}

/// The functions of the interface that are called by hand: those that take batches, which the
/// generated bindings would copy, and those of table functions, which are called asynchronously.
#[derive(Clone, Copy)]
pub(super) struct HandCalls<T> {
    pub(super) invoke: T,
    pub(super) update: T,
    pub(super) merge: T,
    pub(super) push: T,
    pub(super) finish: T,
    pub(super) next: T,
}

impl HandCalls<&'static str> {
    const NAMES: Self = Self {
        invoke: "[method]bound-scalar.invoke",
        update: "[method]accumulator.update",
        merge: "[method]accumulator.merge",
        push: "[method]table-call.push",
        finish: "[method]table-call.finish",
        next: "[method]table-call.next",
    };
}

impl<T> HandCalls<T> {
    fn try_map<U>(&self, mut map: impl FnMut(&T) -> Result<U>) -> Result<HandCalls<U>> {
        Ok(HandCalls {
            invoke: map(&self.invoke)?,
            update: map(&self.update)?,
            merge: map(&self.merge)?,
            push: map(&self.push)?,
            finish: map(&self.finish)?,
            next: map(&self.next)?,
        })
    }
}

impl LinkedFunctions {
    fn new(engine: &Engine, component: &Component) -> Result<Self> {
        let linked = linker::for_functions(engine, component)?
            .instantiate_pre(component)
            .map_err(contract)?;
        let indices = functions::GuestIndices::new(&linked).map_err(contract)?;
        let interface = component.get_export_index(None, FUNCTIONS);
        let hand_calls = HandCalls::NAMES.try_map(|name| {
            let call =
                interface.and_then(|interface| component.get_export_index(Some(&interface), name));
            call.ok_or_else(|| {
                Error::contract(format!("the component does not export {FUNCTIONS} {name}"))
            })
        })?;
        Ok(Self {
            linked,
            indices,
            hand_calls,
        })
    }
}

const FUNCTIONS: &str = "sextant:plugin/functions@0.1.0";

fn contract(error: wasmtime::Error) -> Error {
    Error::contract(format!(
        "the component does not keep the contract: {error:#}"
    ))
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Plugin({} {} {})",
            self.name(),
            self.manifest().version,
            self.digest().short()
        )
    }
}

impl Plugin {
    /// Compiles, links and instantiates a bundle, and asks it for its functions. What comes back
    /// works, within what is granted; what does not leaves no trace.
    pub fn load(engine: &Engine, bundle: Bundle, granted: PluginLimits) -> Result<Self> {
        let component = engine.compile(&bundle)?;
        let exports = bundle.exports();
        let manifest = bundle.manifest();
        let bounds = Bounds {
            plugin: manifest.name.as_str().into(),
            limits: InstanceLimits::new(engine.limits(), manifest.limits, granted),
        };
        let mut plugin = Self {
            engine: engine.clone(),
            bounds,
            granted,
            functions: None,
            source: None,
            descriptions: Arc::default(),
            bundle,
        };
        if exports.functions {
            plugin.functions = Some(LinkedFunctions::new(engine, &component)?);
            plugin.descriptions = plugin.describe_functions()?.into();
        }
        if exports.source {
            let linked = linker::for_source(engine, &component)?
                .instantiate_pre(&component)
                .map_err(contract)?;
            let indices = source::GuestIndices::new(&linked).map_err(contract)?;
            plugin.source = Some((linked, indices));
        }
        Ok(plugin)
    }

    /// The same plugin, whose instances may take what is granted, as far as its bundle declares it.
    #[must_use]
    pub fn granted(&self, granted: PluginLimits) -> Self {
        let mut plugin = self.clone();
        let declared = self.manifest().limits;
        plugin.bounds.limits = InstanceLimits::new(self.engine.limits(), declared, granted);
        plugin.granted = granted;
        plugin
    }

    /// What it was granted.
    pub fn grant(&self) -> PluginLimits {
        self.granted
    }

    /// What its instances may take.
    pub fn instance_limits(&self) -> &InstanceLimits {
        &self.bounds.limits
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        &self.bounds.plugin
    }

    /// The bundle's identity.
    pub fn digest(&self) -> Digest {
        self.bundle.digest()
    }

    /// What the bundle says of itself.
    pub fn manifest(&self) -> &Manifest {
        self.bundle.manifest()
    }

    /// The bundle.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The bounds that its instances keep.
    pub fn limits(&self) -> &Arc<Limits> {
        self.engine.limits()
    }

    /// Whether it is a source.
    pub fn is_source(&self) -> bool {
        self.source.is_some()
    }

    /// Its functions.
    pub fn functions(&self) -> &[FunctionDescription] {
        &self.descriptions
    }

    /// One of its functions.
    pub fn function(&self, name: &str) -> Option<&FunctionDescription> {
        self.descriptions
            .iter()
            .find(|function| function.name == name)
    }

    fn describe_functions(&self) -> Result<Vec<FunctionDescription>> {
        let scope = Scope::new(self.engine.limits());
        let (mut store, guest, _) =
            self.instantiate_functions(&self.bounds.plugin, false, &scope)?;
        store.data_mut().start_call(Purpose::Describe);
        let described = guest.call_functions(&mut store);
        let described = described.map_err(|error| self.crash(&store, error))?;
        functions_from_guest(described, scope.limits())
    }

    /// A new instance for functions.
    pub(super) fn instantiate_functions(
        &self,
        function: &Arc<str>,
        by_operator: bool,
        scope: &Arc<Scope>,
    ) -> Result<(Store<State>, functions::Guest, HandCalls<Func>)> {
        let functions = self
            .functions
            .as_ref()
            .ok_or_else(|| self.lacks("functions"))?;
        let mut store = self.store(Role::Functions(Arc::clone(function), by_operator), scope);
        let instance = functions
            .linked
            .instantiate(&mut store)
            .map_err(|error| self.crash(&store, error))?;
        let guest = functions.indices.load(&mut store, &instance);
        let guest = guest.map_err(|error| self.crash(&store, error))?;
        let calls = functions.hand_calls.try_map(|&index| {
            instance
                .get_func(&mut store, index)
                .ok_or_else(|| Error::internal("a function that was exported is not"))
        })?;
        Ok((store, guest, calls))
    }

    /// A new instance for a source.
    pub(super) async fn instantiate_source(
        &self,
        role: Role,
        scope: &Arc<Scope>,
    ) -> Result<(Store<State>, source::Guest)> {
        let (linked, indices) = self.source.as_ref().ok_or_else(|| self.lacks("source"))?;
        let mut store = self.store(role, scope);
        store.data_mut().yields = true;
        let loaded = match linked.instantiate_async(&mut store).await {
            Ok(instance) => indices.load(&mut store, &instance),
            Err(error) => Err(error),
        };
        let guest = loaded.map_err(|error| self.crash(&store, error))?;
        Ok((store, guest))
    }

    fn store(&self, role: Role, scope: &Arc<Scope>) -> Store<State> {
        let limits = scope.limits();
        let mut store = Store::new(
            self.engine.inner(),
            State::new(self.bounds.clone(), role, scope),
        );
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(limits.batch_bytes_max);
        store.set_max_component_handles(limits.guest_handles_max);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|call| {
            let state = call.data();
            state.check().map_err(wasmtime::Error::new)?;
            Ok(match state.yields {
                true => UpdateDeadline::Yield(1),
                false => UpdateDeadline::Continue(1),
            })
        });
        // Start functions run within the time of a description.
        store.data_mut().start_call(Purpose::Describe);
        store
    }

    fn lacks(&self, interface: &str) -> Error {
        Error::config(format!("plugin {:?} offers no {interface}", self.name()))
    }

    /// What ended a call: the host's own error where it was one, else what kind of trap.
    pub(super) fn crash(&self, store: &Store<State>, error: wasmtime::Error) -> Error {
        let context = format!("plugin {:?}", self.name());
        let words = store.data().last_words().map(str::to_owned);
        let error = match error.downcast::<Error>() {
            Ok(own) => return own.context(context),
            Err(error) => error,
        };
        let crashed = match error.downcast_ref::<Trap>() {
            Some(Trap::StackOverflow) => {
                let limit = self.engine.limits().guest_stack_bytes_max;
                Error::over_limit(
                    "bytes of stack of the plugin",
                    "more",
                    limit,
                    "guest_stack_bytes_max",
                )
            }
            Some(trap) => Error::trap(match words {
                Some(words) => format!("crashed: {words}"),
                None => format!("crashed: {trap}"),
            }),
            None => Error::contract(format!("{error:#}")),
        };
        crashed.context(context)
    }

    /// Runs a call of a source to its end, its deadline or the query's, whichever is first. The
    /// epoch looks after the guest's own code; this looks after host functions that wait. Says how
    /// long it was at work.
    pub(super) async fn in_time<T>(
        &self,
        scope: &Scope,
        purpose: Purpose,
        far: &FarWait,
        call: impl Future<Output = wasmtime::Result<T>>,
    ) -> (wasmtime::Result<T>, Duration) {
        timed(scope.is_accounted(), self.until(scope, purpose, far, call)).await
    }

    async fn until<T>(
        &self,
        scope: &Scope,
        purpose: Purpose,
        far: &FarWait,
        call: impl Future<Output = wasmtime::Result<T>>,
    ) -> wasmtime::Result<T> {
        let limits = scope.limits();
        let limit = Duration::from_millis(purpose.limit_ms(&self.bounds, limits));
        let wait = Duration::from_millis(limits.call_wait_ms_max);
        let started = Instant::now();
        let mut call = pin!(call);
        loop {
            let due = started + limit + far.total();
            let error = tokio::select! {
                biased;
                result = &mut call => return result,
                () = scope.cancelled() => Error::cancelled("the query was cancelled"),
                () = tokio::time::sleep_until(due.into()) => match far.total() {
                    waited if waited > wait => Error::over_limit(
                        "milliseconds that a call waited for the far side",
                        waited.as_millis(),
                        limits.call_wait_ms_max,
                        "call_wait_ms_max",
                    ),
                    waited if started + limit + waited > Instant::now() => continue,
                    _ => purpose.out_of_time(&self.bounds, limits),
                },
            };
            return Err(wasmtime::Error::new(error));
        }
    }
}
