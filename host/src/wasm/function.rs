//! Bound scalar functions: an instance, a name, argument types and constants.

use super::api::v0_1::{BatchRef, types};
use super::arrow::{GuestBatch, fields_to_contract};
use super::describe::{checked_fields, error_from_guest};
use super::plugin::Plugin;
use super::scope::Scope;
use super::state::{Sink, State};
use crate::error::{Error, Result};
use arrow::array::ArrayRef;
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use std::fmt;
use std::sync::Arc;
use wasmtime::Store;
use wasmtime::component::{Func, Resource, ResourceAny};

/// A scalar function, bound in an instance of its own. One owner at a time; dropped after an error.
pub struct BoundScalar {
    plugin: Arc<Plugin>,
    function: Arc<str>,
    store: Store<State>,
    invoke: Func,
    bound: ResourceAny,
    output: SchemaRef,
}

impl fmt::Debug for BoundScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoundScalar({})", self.function)
    }
}

impl BoundScalar {
    /// Binds a function in a new instance. `constants` has an array of one row for each argument
    /// that is constant; those are not given again with each call.
    pub fn bind(
        plugin: &Arc<Plugin>,
        scope: &Arc<Scope>,
        function: &str,
        fields: &[FieldRef],
        constants: &[Option<ArrayRef>],
    ) -> Result<Self> {
        let (mut store, guest, invoke) = plugin.instantiate_functions(scope)?;
        let limits = scope.limits();
        let arguments = fields_to_contract(fields).map_err(Error::plugin)?;
        let constants = constants.iter().map(|constant| {
            constant
                .as_ref()
                .map(|array| GuestBatch::new(1, std::slice::from_ref(array)).into_owned())
        });
        let constants: Vec<_> = constants.collect();

        store.data_mut().start_call(limits.describe_call_ms_max);
        let bound = guest.call_bind_scalar(&mut store, function, &arguments, &constants);
        let context = |error: Error| {
            error.context(format!(
                "function {:?}",
                format!("{}.{function}", plugin.name())
            ))
        };
        let bound = bound.map_err(|error| context(plugin.crash(&store, error)))?;
        let bound = bound.map_err(|error| context(error_from_guest(error, limits)))?;
        let output = guest.bound_scalar().call_output(&mut store, bound);
        let output = output.map_err(|error| context(plugin.crash(&store, error)))?;
        let output = checked_fields(&output, limits).map_err(context)?;
        if output.len() != 1 {
            return Err(context(Error::contract(format!(
                "the result has {} fields instead of 1",
                output.len()
            ))));
        }
        let function = format!("{}.{function}", plugin.name()).into();
        Ok(Self {
            plugin: Arc::clone(plugin),
            function,
            store,
            invoke,
            bound,
            output: Arc::new(Schema::new(output)),
        })
    }

    /// The result's field.
    pub fn output(&self) -> &FieldRef {
        &self.output.fields()[0]
    }

    /// Computes a value for each of `rows` rows from the arguments that are not constant.
    pub fn invoke(&mut self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        self.try_invoke(arguments, rows)
            .map_err(|error| error.context(format!("function {:?}", &*self.function)))
    }

    fn try_invoke(&mut self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let scope = Arc::clone(&self.store.data().scope);
        self.store.data().check_cancelled()?;
        let batch = GuestBatch::new(rows, arguments);
        let slices = batch.slices();
        let state = self.store.data_mut();
        state.expect(&self.output);
        state.start_call(scope.limits().call_ms_max);
        let sink = Resource::<Sink>::new_borrow(0);
        let called = call_invoke(
            &self.invoke,
            &mut self.store,
            (self.bound, batch.borrowed(&slices), sink),
        );
        let called = called.map_err(|error| self.plugin.crash(&self.store, error))?;
        called.map_err(|error| {
            error_from_guest(error, scope.limits())
                .context(format!("plugin {:?}", self.plugin.name()))
        })?;
        let mut emitted = self.store.data_mut().take_emitted();
        match (emitted.pop(), emitted.len()) {
            (Some(batch), 0) if batch.num_rows() == rows => Ok(Arc::clone(batch.column(0))),
            (Some(batch), 0) => Err(Error::contract(format!(
                "{} values came back for {rows} rows",
                batch.num_rows()
            ))),
            (None, _) => Err(Error::contract("no result was emitted")),
            (Some(_), more) => Err(Error::contract(format!(
                "{} batches were emitted instead of 1",
                more + 1
            ))),
        }
    }
}

/// The generated binding would take an owned batch, which costs a copy of every argument.
fn call_invoke(
    invoke: &Func,
    store: &mut Store<State>,
    parameters: (ResourceAny, BatchRef<'_>, Resource<Sink>),
) -> wasmtime::Result<Result<(), types::Error>> {
    let invoke = invoke
        .typed::<(ResourceAny, BatchRef<'_>, Resource<Sink>), (Result<(), types::Error>,)>(
            &*store,
        )?;
    let (result,) = invoke.call(store, parameters)?;
    Ok(result)
}
