//! The functions of plugins as native code: their crates, linked into the benchmark. A scalar function
//! is one of DataFusion's, under its name in Sextant, so that both sides run the same SQL; a table
//! function is called on batches.
//!
//! What a guest has to do is done here, too: a call is bound for its types and constants and then
//! invoked for each batch, on arrays of the same types. Nothing is copied on the way in or out.

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::{DataFusionError, Result, ScalarValue, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::prelude::SessionContext;
use sextant_plugin_sdk::{
    Arguments, BoundScalar, Error, Functions, Parameter, Progress, Signature as CallSignature,
};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

/// A crate: the name of its plugin, and what gives its functions.
type Crate = (&'static str, fn() -> Functions);

/// The crates whose functions are measured.
static CRATES: [Crate; 5] = [
    ("article3", sextant_plugin_article3::functions),
    ("hotspots", sextant_plugin_hotspots::functions),
    ("names", sextant_plugin_names::functions),
    ("rule", sextant_plugin_rule::functions),
    ("threat", sextant_plugin_threat::functions),
];

fn functions_of(plugin: &str) -> Functions {
    let known = CRATES.iter().find(|(name, _)| *name == plugin);
    let (_, functions) =
        known.unwrap_or_else(|| panic!("the benchmark does not link the crate of {plugin:?}"));
    functions()
}

/// DataFusion with every scalar function of the crates.
pub(crate) fn context() -> SessionContext {
    let context = SessionContext::new();
    for (plugin, functions) in CRATES {
        let functions = functions();
        for function in functions.scalars() {
            let description = function.describe();
            let types = description.parameters.into_iter();
            context.register_udf(ScalarUDF::from(NativeScalar {
                plugin,
                full_name: format!("{plugin}.{}", description.name),
                function: description.name,
                types: types.map(|parameter| parameter.types).collect(),
                signature: Signature::user_defined(Volatility::Immutable),
            }));
        }
    }
    context
}

/// A scalar function of a crate. Only what it is made of is kept: functions stay on their threads.
#[derive(Debug, PartialEq, Eq, Hash)]
struct NativeScalar {
    plugin: &'static str,
    function: String,
    full_name: String,
    /// The types that each parameter takes.
    types: Vec<Vec<DataType>>,
    signature: Signature,
}

/// A call, bound.
struct Call {
    bound: Box<dyn BoundScalar>,
    constants: Vec<Option<ArrayRef>>,
}

thread_local! {
    /// A thread binds a call once, as it does with a guest for each query.
    static CALLS: RefCell<HashMap<String, Rc<Call>>> = RefCell::default();
}

impl NativeScalar {
    fn bind(&self, fields: &[FieldRef], constants: Vec<Option<ArrayRef>>) -> Result<Call> {
        let functions = functions_of(self.plugin);
        let mut scalars = functions.scalars();
        let function = scalars.find(|function| function.describe().name == self.function);
        let function = function.expect("it was registered because it is there");
        let bound = function.bind(&CallSignature {
            fields: fields.to_vec(),
            constants: constants.clone(),
        });
        let bound = bound.map_err(failed)?;
        Ok(Call { bound, constants })
    }
}

fn failed(error: Error) -> DataFusionError {
    DataFusionError::Execution(error.to_string())
}

impl ScalarUDFImpl for NativeScalar {
    fn name(&self) -> &str {
        &self.full_name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// As the host does: what is of a type that is taken stays as it is.
    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let coerced =
            arguments
                .iter()
                .zip(&self.types)
                .map(|(actual, taken)| match taken.first() {
                    Some(first) if !taken.contains(actual) => first.clone(),
                    _ => actual.clone(),
                });
        Ok(coerced.collect())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the result's type depends on fields and constants")
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let constants = arguments
            .scalar_arguments
            .iter()
            .map(|constant| constant.map(ScalarValue::to_array).transpose());
        let call = self.bind(arguments.arg_fields, constants.collect::<Result<_>>()?)?;
        Ok(Arc::new(call.bound.output().with_name(&self.full_name)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut key = self.full_name.clone();
        let (mut constants, mut columns, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        for (argument, field) in arguments.args.iter().zip(&arguments.arg_fields) {
            match argument {
                ColumnarValue::Scalar(value) => {
                    write!(key, "|{value:?}").expect("a String takes everything");
                    constants.push(Some(value.to_array()?));
                }
                ColumnarValue::Array(column) => {
                    write!(key, "|{}", column.data_type()).expect("a String takes everything");
                    constants.push(None);
                    columns.push(Arc::clone(column));
                    fields.push(Arc::clone(field));
                }
            }
        }
        let call = CALLS.with_borrow_mut(|calls| -> Result<Rc<Call>> {
            if let Some(call) = calls.get(&key) {
                return Ok(Rc::clone(call));
            }
            let call = Rc::new(self.bind(&arguments.arg_fields, constants)?);
            calls.insert(key, Rc::clone(&call));
            Ok(call)
        })?;
        let options = RecordBatchOptions::new().with_row_count(Some(arguments.number_rows));
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new_with_options(schema, columns, &options)?;
        let result = call.bound.invoke(&Arguments::new(&call.constants, &batch));
        result.map(ColumnarValue::Array).map_err(failed)
    }
}

/// How many rows a table function gives for its one relation, and for these arguments by name; the
/// others have their defaults.
pub(crate) fn table_row_count(
    full_name: &str,
    relation: &[RecordBatch],
    arguments: &[(&str, f64)],
) -> usize {
    let (plugin, name) = full_name
        .split_once('.')
        .expect("a plugin and its function");
    let functions = functions_of(plugin);
    let mut tables = functions.tables();
    let function = tables.find(|function| function.describe().name == name);
    let function = function.unwrap_or_else(|| panic!("there is no table function {full_name}"));
    let schema = relation.first().expect("it has rows").schema();
    let signature = table_signature(&function.describe().parameters, arguments);
    let bound = function.bind(&[schema], &signature).expect("it is bound");
    let mut call = bound.call(None).expect("it starts");
    for batch in relation {
        call.push(0, batch.clone()).expect("it takes them");
    }
    call.finish(0).expect("it computes them");
    let mut rows = 0;
    while let Progress::Rows(batch) = call.next().expect("it gives them") {
        rows += batch.num_rows();
    }
    rows
}

fn table_signature(parameters: &[Parameter], arguments: &[(&str, f64)]) -> CallSignature {
    let value = |parameter: &Parameter| -> ArrayRef {
        let given = arguments.iter().find(|(name, _)| *name == parameter.name);
        match (given, parameter.types.first()) {
            (Some((_, value)), Some(DataType::Int64)) => {
                Arc::new(Int64Array::from(vec![*value as i64]))
            }
            (Some((_, value)), _) => Arc::new(Float64Array::from(vec![*value])),
            (None, _) => {
                let default = parameter.default.as_ref();
                Arc::clone(default.expect("it is given, or has a default"))
            }
        }
    };
    let (fields, constants): (Vec<FieldRef>, Vec<Option<ArrayRef>>) = parameters
        .iter()
        .map(|parameter| {
            let value = value(parameter);
            let field = Field::new(&parameter.name, value.data_type().clone(), true);
            (Arc::new(field), Some(value))
        })
        .unzip();
    CallSignature { fields, constants }
}
