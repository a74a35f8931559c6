//! Scalar functions.

use super::{Call, Callee, Known};
use crate::error::Error;
use crate::sql::failure::to_datafusion;
use crate::sql::options::QueryOptions;
use crate::wasm::{BoundScalar, Scope};
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A scalar function of a plugin.
pub(super) struct PluginScalar {
    callee: Arc<Callee>,
    outputs: Known<FieldRef>,
}

impl PluginScalar {
    pub(super) fn new(callee: &Arc<Callee>) -> Self {
        Self {
            callee: Arc::clone(callee),
            outputs: Known::default(),
        }
    }

    fn bind(&self, call: &Call, scope: &Arc<Scope>) -> Result<BoundScalar> {
        let callee = &self.callee;
        BoundScalar::bind(
            &callee.plugin,
            scope,
            &callee.function.name,
            &call.fields,
            &call.constants,
        )
        .map_err(to_datafusion)
    }

    fn run(&self, arguments: &ScalarFunctionArgs) -> Result<ColumnarValue> {
        let query = QueryOptions::of(&arguments.config_options);
        let scope = query.map_or_else(|| self.callee.own_scope(), |query| Arc::clone(&query.scope));
        let constants = arguments.args.iter().map(|argument| match argument {
            ColumnarValue::Scalar(value) => value.to_array().map(Some),
            ColumnarValue::Array(_) => Ok(None),
        });
        let constants: Vec<Option<ArrayRef>> = constants.collect::<Result<_>>()?;
        let call = self.callee.call(&arguments.arg_fields, constants)?;
        let columns: Vec<_> = arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                ColumnarValue::Array(array) => Some(Arc::clone(array)),
                ColumnarValue::Scalar(_) => None,
            })
            .collect();
        // With constants alone there is one value to compute, however many rows there are.
        let rows = if columns.is_empty() {
            1
        } else {
            arguments.number_rows
        };
        let leased = query.and_then(|query| query.leases.take(&call.key));
        let mut bound = leased.map_or_else(|| self.bind(&call, &scope), Ok)?;
        // After an error the instance is dropped here, with the query's.
        let result = bound.invoke(&columns, rows).map_err(to_datafusion)?;
        if result.data_type() != arguments.return_field.data_type() {
            let error = Error::contract(format!(
                "a value of type {} came back, {} was announced",
                result.data_type(),
                arguments.return_field.data_type()
            ));
            return Err(to_datafusion(
                error.context(format!("function {:?}", self.callee.full_name)),
            ));
        }
        if let Some(query) = query {
            query.leases.give_back(&call.key, bound);
        }
        match columns.is_empty() {
            true => ScalarValue::try_from_array(&result, 0).map(ColumnarValue::Scalar),
            false => Ok(ColumnarValue::Array(result)),
        }
    }
}

impl fmt::Debug for PluginScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.callee.fmt(f)
    }
}

impl PartialEq for PluginScalar {
    fn eq(&self, other: &Self) -> bool {
        self.callee == other.callee
    }
}

impl Eq for PluginScalar {}

impl Hash for PluginScalar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.callee.hash(state);
    }
}

impl ScalarUDFImpl for PluginScalar {
    fn name(&self) -> &str {
        &self.callee.full_name
    }

    fn aliases(&self) -> &[String] {
        &self.callee.aliases
    }

    fn signature(&self) -> &Signature {
        &self.callee.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        Ok(self.callee.coerce_types(arguments))
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the result's type depends on fields and constants")
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let constants = arguments
            .scalar_arguments
            .iter()
            .map(|constant| constant.map(ScalarValue::to_array).transpose());
        let constants = constants.collect::<Result<_>>()?;
        let call = self.callee.call(arguments.arg_fields, constants)?;
        self.outputs.get_or_find(&call.key, || {
            let bound = self.bind(&call, &self.callee.own_scope())?;
            let output = bound.output().as_ref().clone();
            Ok(Arc::new(output.with_name(&self.callee.full_name)))
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.run(&arguments)
    }
}
