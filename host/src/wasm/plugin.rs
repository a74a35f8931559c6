//! A plugin: the compiled component of a verified bundle, shared and immutable, from which
//! instances are made.

use super::api::v0_1::{functions, source};
use super::describe::{FunctionDescription, functions_from_guest};
use super::engine::Engine;
use super::linker;
use super::scope::Scope;
use super::state::{Role, State};
use crate::bundle::Digest;
use crate::bundle::{Bundle, Manifest};
use crate::error::{Error, Result};
use crate::limits::Limits;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::{Component, ComponentExportIndex, Func, InstancePre};
use wasmtime::{Store, Trap, UpdateDeadline};

/// A plugin, ready for use.
pub struct Plugin {
    bundle: Bundle,
    engine: Engine,
    name: Arc<str>,
    functions: Option<LinkedFunctions>,
    source: Option<(InstancePre<State>, source::GuestIndices)>,
    descriptions: Vec<FunctionDescription>,
}

/// A component linked for its functions.
struct LinkedFunctions {
    linked: InstancePre<State>,
    indices: functions::GuestIndices,
    invoke: ComponentExportIndex,
}

impl LinkedFunctions {
    fn new(engine: &Engine, component: &Component) -> Result<Self> {
        let linked = linker::for_functions(engine, component)?
            .instantiate_pre(component)
            .map_err(contract)?;
        let indices = functions::GuestIndices::new(&linked).map_err(contract)?;
        let interface = component.get_export_index(None, FUNCTIONS);
        let invoke =
            interface.and_then(|interface| component.get_export_index(Some(&interface), INVOKE));
        let invoke = invoke.ok_or_else(|| {
            Error::contract(format!(
                "the component does not export {FUNCTIONS} {INVOKE}"
            ))
        })?;
        Ok(Self {
            linked,
            indices,
            invoke,
        })
    }
}

const FUNCTIONS: &str = "sextant:plugin/functions@0.1.0";
const INVOKE: &str = "[method]bound-scalar.invoke";

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
            self.name,
            self.manifest().version,
            self.digest().short()
        )
    }
}

impl Plugin {
    /// Compiles, links and instantiates a bundle, and asks it for its functions. What comes back
    /// works; what does not leaves no trace.
    pub fn load(engine: &Engine, bundle: Bundle) -> Result<Self> {
        let component = engine.compile(&bundle)?;
        let exports = bundle.exports();
        let mut plugin = Self {
            name: bundle.manifest().name.as_str().into(),
            engine: engine.clone(),
            functions: None,
            source: None,
            descriptions: Vec::new(),
            bundle,
        };
        if exports.functions {
            plugin.functions = Some(LinkedFunctions::new(engine, &component)?);
            plugin.descriptions = plugin.describe_functions()?;
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

    /// The plugin's name.
    pub fn name(&self) -> &str {
        &self.name
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
        let (mut store, guest, _) = self.instantiate_functions(&scope)?;
        store
            .data_mut()
            .start_call(scope.limits().describe_call_ms_max);
        let described = guest.call_functions(&mut store);
        let described = described.map_err(|error| self.crash(&store, error))?;
        functions_from_guest(described, scope.limits())
    }

    /// A new instance for functions.
    pub(super) fn instantiate_functions(
        &self,
        scope: &Arc<Scope>,
    ) -> Result<(Store<State>, functions::Guest, Func)> {
        let functions = self
            .functions
            .as_ref()
            .ok_or_else(|| self.lacks("functions"))?;
        let mut store = self.store(Role::Functions, scope);
        store.epoch_deadline_callback(|call| {
            call.data().check().map_err(wasmtime::Error::new)?;
            Ok(UpdateDeadline::Continue(1))
        });
        let loaded = functions
            .linked
            .instantiate(&mut store)
            .and_then(|instance| {
                let guest = functions.indices.load(&mut store, &instance)?;
                let invoke = instance.get_func(&mut store, functions.invoke);
                Ok((
                    guest,
                    invoke.ok_or_else(|| wasmtime::format_err!("there is no {INVOKE}"))?,
                ))
            });
        let (guest, invoke) = loaded.map_err(|error| self.crash(&store, error))?;
        Ok((store, guest, invoke))
    }

    /// A new instance for a source.
    pub(super) async fn instantiate_source(
        &self,
        role: Role,
        scope: &Arc<Scope>,
    ) -> Result<(Store<State>, source::Guest)> {
        let (linked, indices) = self.source.as_ref().ok_or_else(|| self.lacks("source"))?;
        let mut store = self.store(role, scope);
        store.epoch_deadline_callback(|call| {
            call.data().check().map_err(wasmtime::Error::new)?;
            Ok(UpdateDeadline::Yield(1))
        });
        let loaded = match linked.instantiate_async(&mut store).await {
            Ok(instance) => indices.load(&mut store, &instance),
            Err(error) => Err(error),
        };
        let guest = loaded.map_err(|error| self.crash(&store, error))?;
        Ok((store, guest))
    }

    fn store(&self, role: Role, scope: &Arc<Scope>) -> Store<State> {
        let limits = scope.limits();
        let mut store = Store::new(self.engine.inner(), State::new(&self.name, role, scope));
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(limits.batch_bytes_max);
        store.set_max_component_handles(limits.guest_handles_max);
        store.set_epoch_deadline(1);
        // Start functions run within the time of a description.
        store.data_mut().start_call(limits.describe_call_ms_max);
        store
    }

    fn lacks(&self, interface: &str) -> Error {
        Error::config(format!("plugin {:?} offers no {interface}", &*self.name))
    }

    /// What ended a call: the host's own error where it was one, else what kind of trap.
    pub(super) fn crash(&self, store: &Store<State>, error: wasmtime::Error) -> Error {
        let context = format!("plugin {:?}", &*self.name);
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
    /// epoch looks after the guest's own code; this looks after host functions that wait.
    pub(super) async fn in_time<T>(
        scope: &Scope,
        limit_ms: u64,
        call: impl Future<Output = wasmtime::Result<T>>,
    ) -> wasmtime::Result<T> {
        let limit = Duration::from_millis(limit_ms);
        tokio::select! {
            biased;
            result = call => result,
            () = scope.cancelled() => Err(wasmtime::Error::new(Error::cancelled("the query was cancelled"))),
            () = tokio::time::sleep(limit) => Err(wasmtime::Error::new(State::out_of_time(limit))),
        }
    }
}
