//! Bound aggregate functions: the groups of one partition.

use super::{FunctionInstance, sent_constants};
use crate::error::{Error, Result};
use crate::wasm::arrow::{GuestBatch, fields_to_contract};
use crate::wasm::plugin::Plugin;
use crate::wasm::scope::Scope;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{FieldRef, SchemaRef};
use std::fmt;
use std::sync::Arc;
use wasmtime::component::ResourceAny;

/// How many groups are emitted at a time, which bounds a batch of results.
const EMITTED_GROUPS: usize = 1 << 16;

/// An aggregate function, bound in an instance of its own with an accumulator of groups. One owner
/// at a time; dropped after an error.
pub struct BoundGroups {
    instance: FunctionInstance,
    accumulator: ResourceAny,
    output: SchemaRef,
    state: SchemaRef,
    groups: usize,
}

impl fmt::Debug for BoundGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "BoundGroups({}, {} groups)",
            self.instance.name(),
            self.groups
        )
    }
}

impl BoundGroups {
    /// Binds a function in a new instance, without groups. `constants` has an array of one row for
    /// each argument that is constant; those are not given again with each call.
    pub fn bind(
        plugin: &Arc<Plugin>,
        scope: &Arc<Scope>,
        function: &str,
        fields: &[FieldRef],
        constants: &[Option<ArrayRef>],
    ) -> Result<Self> {
        let arguments = fields_to_contract(fields).map_err(Error::plugin)?;
        let constants = sent_constants(constants);
        let mut instance = FunctionInstance::new(plugin, scope, function, true)?;
        let bound = instance.describe(|guest, store| {
            guest.call_bind_aggregate(store, function, &arguments, &constants)
        })?;
        let bound = instance.agree(bound)?;
        let output =
            instance.describe(|guest, store| guest.bound_aggregate().call_output(store, bound))?;
        let output = instance.result_field(&output)?;
        let state =
            instance.describe(|guest, store| guest.bound_aggregate().call_state(store, bound))?;
        let state = instance.columns(&state)?;
        let accumulator = instance
            .describe(|guest, store| guest.bound_aggregate().call_accumulator(store, bound))?;
        Ok(Self {
            instance,
            accumulator,
            output,
            state,
            groups: 0,
        })
    }

    /// The result's field.
    pub fn output(&self) -> &FieldRef {
        &self.output.fields()[0]
    }

    /// The columns of the state.
    pub fn state_columns(&self) -> &SchemaRef {
        &self.state
    }

    /// How many groups there are.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The memory of the instance, in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.instance.store.data().limiter.memory_bytes()
    }

    /// Adds rows: row `i` belongs to group `indexes[i]` of `groups`. The arguments are those that
    /// are not constant.
    pub fn update(&mut self, arguments: &[ArrayRef], indexes: &[u32], groups: usize) -> Result<()> {
        let update = self.instance.calls.update;
        self.add(update, arguments, indexes, groups)
    }

    /// Adds states, in the same way.
    pub fn merge(&mut self, states: &[ArrayRef], indexes: &[u32], groups: usize) -> Result<()> {
        let merge = self.instance.calls.merge;
        self.add(merge, states, indexes, groups)
    }

    fn add(
        &mut self,
        call: wasmtime::component::Func,
        columns: &[ArrayRef],
        indexes: &[u32],
        groups: usize,
    ) -> Result<()> {
        let count = u32::try_from(groups).map_err(|_| {
            Error::limit(format!(
                "{groups} groups, and a plugin counts no further than {}",
                u32::MAX
            ))
        })?;
        let batch = GuestBatch::new(indexes.len(), columns);
        let slices = batch.slices();
        let accumulator = self.accumulator;
        self.instance.passes(indexes.len(), &slices);
        self.instance.taking(|instance| {
            instance.call(call, (accumulator, batch.borrowed(&slices), indexes, count))
        })?;
        self.groups = self.groups.max(groups);
        Ok(())
    }

    /// The states of the first groups, which are forgotten: later ones move down.
    pub fn take_states(&mut self, first: usize) -> Result<Vec<ArrayRef>> {
        let columns = Arc::clone(&self.state);
        let accumulator = self.accumulator;
        let states = self.take(first, &columns, |instance, count, sink| {
            let call = instance.guest.accumulator();
            call.call_state(&mut instance.store, accumulator, Some(count), sink)
        })?;
        Ok(states.columns().to_vec())
    }

    /// The results of the first groups, which are forgotten: later ones move down.
    pub fn take_results(&mut self, first: usize) -> Result<ArrayRef> {
        let columns = Arc::clone(&self.output);
        let accumulator = self.accumulator;
        let results = self.take(first, &columns, |instance, count, sink| {
            let call = instance.guest.accumulator();
            call.call_finish(&mut instance.store, accumulator, Some(count), sink)
        })?;
        Ok(Arc::clone(results.column(0)))
    }

    fn take(
        &mut self,
        first: usize,
        columns: &SchemaRef,
        mut call: impl FnMut(
            &mut FunctionInstance,
            u32,
            wasmtime::component::Resource<crate::wasm::state::Sink>,
        ) -> super::Answered<()>,
    ) -> Result<RecordBatch> {
        let mut batches = Vec::new();
        let mut left = first.min(self.groups);
        self.groups -= left;
        while left > 0 || batches.is_empty() {
            let count = left.min(EMITTED_GROUPS);
            let emitted = self
                .instance
                .emitting(columns, |instance, sink| call(instance, count as u32, sink))?;
            batches.push(self.instance.only_batch(emitted, count)?);
            left -= count;
        }
        match batches.len() {
            1 => Ok(batches.remove(0)),
            _ => concat_batches(columns, &batches).map_err(|error| Error::limit(error.to_string())),
        }
    }
}
