//! Bound scalar functions: an instance, a name, argument types and constants.

use super::{FunctionInstance, sent_constants};
use crate::error::{Error, Result};
use crate::wasm::arrow::{GuestBatch, fields_to_contract};
use crate::wasm::plugin::Plugin;
use crate::wasm::scope::Scope;
use arrow::array::ArrayRef;
use arrow::datatypes::{FieldRef, SchemaRef};
use std::fmt;
use std::sync::Arc;
use wasmtime::component::ResourceAny;

/// A scalar function, bound in an instance of its own. One owner at a time; dropped after an error.
pub struct BoundScalar {
    instance: FunctionInstance,
    bound: ResourceAny,
    output: SchemaRef,
}

impl fmt::Debug for BoundScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoundScalar({})", self.instance.name())
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
        let arguments = fields_to_contract(fields).map_err(Error::plugin)?;
        let constants = sent_constants(constants);
        let mut instance = FunctionInstance::new(plugin, scope, function, false)?;
        let bound = instance.describe(|guest, store| {
            guest.call_bind_scalar(store, function, &arguments, &constants)
        })?;
        let bound = instance.agree(bound)?;
        let output =
            instance.describe(|guest, store| guest.bound_scalar().call_output(store, bound))?;
        let output = instance.result_field(&output)?;
        Ok(Self {
            instance,
            bound,
            output,
        })
    }

    /// The result's field.
    pub fn output(&self) -> &FieldRef {
        &self.output.fields()[0]
    }

    /// Computes a value for each of `rows` rows from the arguments that are not constant.
    pub fn invoke(&mut self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let batch = GuestBatch::new(rows, arguments);
        let slices = batch.slices();
        self.instance.passes(rows, &slices);
        let (bound, invoke) = (self.bound, self.instance.calls.invoke);
        let result = self.instance.emitting(&self.output, |instance, sink| {
            instance.call(invoke, (bound, batch.borrowed(&slices), sink))
        })?;
        self.instance
            .only_batch(result, rows)
            .map(|batch| Arc::clone(batch.column(0)))
    }
}
