//! Functions of plugins, bound: an instance, a name, argument types and constants. Scalar functions
//! and aggregates are called synchronously, as SQL calls them; table functions make way for others.

mod aggregate;
mod scalar;
mod table;

pub use aggregate::BoundGroups;
pub use scalar::BoundScalar;
pub use table::{Distribution, Progress, TableArguments, TableCall, TableShape};

use super::api::v0_1::{arrow as contract, functions, types};
use super::arrow::GuestBatch;
use super::describe::{checked_fields, error_from_guest};
use super::plugin::{HandCalls, Plugin};
use super::scope::Scope;
use super::state::{Purpose, Sink, State};
use super::usage::timed;
use crate::error::{Error, Result};
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Schema, SchemaRef};
use std::sync::Arc;
use wasmtime::Store;
use wasmtime::component::{ComponentNamedList, Func, Lift, Lower, Resource};

/// What a guest answers, or why it does not.
type Answered<T> = wasmtime::Result<Result<T, types::Error>>;

/// An instance in which one function is bound. One owner at a time; dropped after an error.
struct FunctionInstance {
    plugin: Arc<Plugin>,
    name: Arc<str>,
    store: Store<State>,
    guest: functions::Guest,
    calls: HandCalls<Func>,
}

impl FunctionInstance {
    fn new(
        plugin: &Arc<Plugin>,
        scope: &Arc<Scope>,
        function: &str,
        by_operator: bool,
    ) -> Result<Self> {
        let name: Arc<str> = format!("{}.{function}", plugin.name()).into();
        let (store, guest, calls) = plugin.instantiate_functions(&name, by_operator, scope)?;
        Ok(Self {
            plugin: Arc::clone(plugin),
            name,
            store,
            guest,
            calls,
        })
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn scope(&self) -> &Arc<Scope> {
        &self.store.data().scope
    }

    fn blame(&self, error: Error) -> Error {
        error.context(format!("function {:?}", &*self.name))
    }

    fn crash(&self, error: wasmtime::Error) -> Error {
        self.blame(self.plugin.crash(&self.store, error))
    }

    /// What a guest says to a call, or that it cannot.
    fn agree<T>(&self, answer: Result<T, types::Error>) -> Result<T> {
        answer.map_err(|error| {
            let error = error_from_guest(error, self.scope().limits());
            self.blame(error.context(format!("plugin {:?}", self.plugin.name())))
        })
    }

    /// A call that describes or binds.
    fn describe<T>(
        &mut self,
        call: impl FnOnce(&functions::Guest, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T> {
        self.store.data_mut().start_call(Purpose::Describe);
        let stopwatch = self.store.data().stopwatch();
        let called = call(&self.guest, &mut self.store);
        self.store.data_mut().end_call(stopwatch.elapsed());
        called.map_err(|error| self.crash(error))
    }

    /// Accounts for a batch that is passed.
    fn passes(&mut self, rows: usize, slices: &[&[u8]]) {
        let call = &mut self.store.data_mut().call;
        call.rows_in += rows as u64;
        call.bytes_in += slices.iter().map(|slice| slice.len() as u64).sum::<u64>();
    }

    /// The columns that a guest announces.
    fn columns(&self, flat: &[contract::Field]) -> Result<SchemaRef> {
        let fields = checked_fields(flat, self.scope().limits());
        Ok(Arc::new(Schema::new(
            fields.map_err(|error| self.blame(error))?,
        )))
    }

    /// The one field of a result.
    fn result_field(&self, flat: &[contract::Field]) -> Result<SchemaRef> {
        let output = self.columns(flat)?;
        match output.fields().len() {
            1 => Ok(output),
            count => Err(self.blame(Error::contract(format!(
                "the result has {count} fields instead of 1"
            )))),
        }
    }

    /// Begins a call that works on rows.
    fn start(&mut self) -> Result<()> {
        let state = self.store.data_mut();
        state.check_cancelled()?;
        state.start_call(Purpose::Work);
        Ok(())
    }

    /// Makes a call that passes a batch.
    fn call<P>(&mut self, function: Func, parameters: P) -> Answered<()>
    where
        P: ComponentNamedList + Lower,
    {
        let function = function.typed::<P, (Result<(), types::Error>,)>(&self.store)?;
        let (result,) = function.call(&mut self.store, parameters)?;
        Ok(result)
    }

    /// Makes a call that makes way for others.
    async fn call_async<P, R>(&mut self, function: Func, parameters: P) -> Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: Lift + Send + Sync + 'static,
    {
        self.start()?;
        let typed = function.typed::<P, (Result<R, types::Error>,)>(&self.store);
        let called = match typed {
            Ok(function) => {
                let is_accounted = self.scope().is_accounted();
                let call = function.call_async(&mut self.store, parameters);
                let (called, spent) = timed(is_accounted, call).await;
                self.store.data_mut().end_call(spent);
                called
            }
            Err(error) => Err(error),
        };
        let (answer,) = called.map_err(|error| self.crash(error))?;
        self.agree(answer)
    }

    /// Makes a call that emits nothing.
    fn taking(&mut self, call: impl FnOnce(&mut Self) -> Answered<()>) -> Result<()> {
        self.start()?;
        let stopwatch = self.store.data().stopwatch();
        let called = call(self);
        self.store.data_mut().end_call(stopwatch.elapsed());
        self.agree(called.map_err(|error| self.crash(error))?)
    }

    /// Makes a call that emits batches of the given columns.
    fn emitting(
        &mut self,
        columns: &SchemaRef,
        call: impl FnOnce(&mut Self, Resource<Sink>) -> Answered<()>,
    ) -> Result<Vec<RecordBatch>> {
        self.start()?;
        self.store.data_mut().expect(columns);
        let stopwatch = self.store.data().stopwatch();
        let called = call(self, Resource::new_borrow(0));
        self.store.data_mut().end_call(stopwatch.elapsed());
        self.agree(called.map_err(|error| self.crash(error))?)?;
        Ok(self.store.data_mut().take_emitted())
    }

    /// The one batch that is due, of so many rows.
    fn only_batch(&self, mut emitted: Vec<RecordBatch>, rows: usize) -> Result<RecordBatch> {
        let message = match (emitted.pop(), emitted.len()) {
            (Some(batch), 0) if batch.num_rows() == rows => return Ok(batch),
            (Some(batch), 0) => {
                format!("{} values came back for {rows} rows", batch.num_rows())
            }
            (None, _) => "no result was emitted".to_owned(),
            (Some(_), more) => format!("{} batches were emitted instead of 1", more + 1),
        };
        Err(self.blame(Error::contract(message)))
    }
}

/// Constants as they are given when a call is bound.
fn sent_constants(constants: &[Option<ArrayRef>]) -> Vec<Option<contract::Batch>> {
    let send =
        |constant: &ArrayRef| GuestBatch::new(1, std::slice::from_ref(constant)).into_owned();
    constants
        .iter()
        .map(|constant| constant.as_ref().map(send))
        .collect()
}
