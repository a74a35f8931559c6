//! Scalar functions of plugins as DataFusion's.

use super::failure::to_datafusion;
use super::options::QueryOptions;
use crate::error::Error;
use crate::registry::Snapshot;
use crate::wasm::{
    BoundScalar, FunctionDescription, FunctionKind, ParameterDescription, Plugin, Scope, Volatility,
};
use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility as DataFusionVolatility,
};
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// How many answers to "what type is the result" are kept for a function.
const OUTPUTS_MAX: usize = 256;

/// The scalar functions of a snapshot: each by its full name, and by its bare one while that is
/// unambiguous and not a built-in's.
pub(super) fn functions(
    snapshot: &Snapshot,
    is_builtin: impl Fn(&str) -> bool,
) -> Vec<Arc<ScalarUDF>> {
    let plugins = snapshot
        .plugins()
        .values()
        .filter_map(|entry| entry.plugin.as_ref());
    let scalars: Vec<_> = plugins
        .flat_map(|plugin| {
            plugin
                .functions()
                .iter()
                .map(move |function| (plugin, function))
        })
        .filter(|(_, function)| function.kind == FunctionKind::Scalar)
        .collect();
    let count = |name: &str| {
        scalars
            .iter()
            .filter(|(_, function)| function.name == name)
            .count()
    };
    let functions = scalars.iter().map(|(plugin, function)| {
        let bare = (count(&function.name) == 1 && !is_builtin(&function.name))
            .then(|| function.name.clone());
        Arc::new(ScalarUDF::from(PluginFunction::new(plugin, function, bare)))
    });
    functions.collect()
}

/// A scalar function of a plugin. Only data and a handle: the plugin and a name.
struct PluginFunction {
    plugin: Arc<Plugin>,
    function: FunctionDescription,
    full_name: String,
    aliases: Vec<String>,
    signature: Signature,
    /// Result fields by argument fields and constants: planning asks many times.
    outputs: Mutex<HashMap<String, FieldRef>>,
}

impl PluginFunction {
    fn new(
        plugin: &Arc<Plugin>,
        function: &FunctionDescription,
        bare_name: Option<String>,
    ) -> Self {
        let volatility = match function.volatility {
            Volatility::Immutable => DataFusionVolatility::Immutable,
            Volatility::Stable => DataFusionVolatility::Stable,
            Volatility::Volatile => DataFusionVolatility::Volatile,
        };
        Self {
            full_name: format!("{}.{}", plugin.name(), function.name),
            plugin: Arc::clone(plugin),
            function: function.clone(),
            aliases: bare_name.into_iter().collect(),
            signature: Signature::user_defined(volatility),
            outputs: Mutex::default(),
        }
    }

    fn parameter(&self, argument: usize) -> Option<&ParameterDescription> {
        let parameters = &self.function.parameters;
        let last = parameters.last().filter(|_| self.function.variadic);
        parameters.get(argument).or(last)
    }

    /// The call as its reader knows it: `names.jaro_winkler(a, b)`.
    fn usage(&self) -> String {
        let mut usage = format!("{}(", self.full_name);
        for (i, parameter) in self.function.parameters.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            let optional = if parameter.default.is_some() { "?" } else { "" };
            write!(usage, "{comma}{}{optional}", parameter.name)
                .expect("a String takes everything");
        }
        usage
            + if self.function.variadic {
                ", ...)"
            } else {
                ")"
            }
    }

    /// The type that an argument is taken in, or none where it is of no type that will do.
    fn coerce(&self, argument: usize, actual: &DataType) -> Option<DataType> {
        let types = &self.parameter(argument)?.types;
        let Some(first) = types.first() else {
            return Some(actual.clone());
        };
        let value = match actual {
            DataType::Dictionary(_, value) => value,
            other => other,
        };
        if types.contains(actual) {
            return Some(actual.clone());
        }
        if types.contains(value) {
            return Some(value.clone());
        }
        is_same_family(first, value).then(|| first.clone())
    }

    /// Whether the arguments are as many as they must be, and of types that will do.
    fn check(&self, fields: &[FieldRef]) -> Result<(), Error> {
        let parameters = &self.function.parameters;
        let last_needed = parameters
            .iter()
            .rposition(|parameter| parameter.default.is_none());
        let needed = last_needed.map_or(0, |last| last + 1);
        let many = fields.len() > parameters.len() && !self.function.variadic;
        if fields.len() < needed || many {
            let due = match (needed, parameters.len()) {
                (needed, _) if self.function.variadic => format!("{needed} or more"),
                (needed, most) if needed < most => format!("{needed} to {most}"),
                (_, most) => most.to_string(),
            };
            let s = if due == "1" { "" } else { "s" };
            return Err(self.misused(format!("takes {due} argument{s}, not {}", fields.len())));
        }
        for (i, field) in fields.iter().enumerate() {
            if self.coerce(i, field.data_type()).is_some() {
                continue;
            }
            let parameter = self.parameter(i).expect("they are not too many");
            let accepted: Vec<_> = parameter.types.iter().map(ToString::to_string).collect();
            return Err(self.misused(format!(
                "argument {} ({}) is {}, and must be {}",
                i + 1,
                parameter.name,
                field.data_type(),
                accepted.join(" or ")
            )));
        }
        Ok(())
    }

    fn misused(&self, message: String) -> Error {
        Error::sql(message).context(self.usage()).with_hint(format!(
            "its documentation: SELECT * FROM sextant.functions WHERE name = '{}'",
            self.full_name
        ))
    }

    fn output(&self, call: &Call, scope: &Arc<Scope>) -> Result<FieldRef> {
        let known = self
            .outputs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&call.key)
            .cloned();
        if let Some(field) = known {
            return Ok(field);
        }
        let bound = self.bind(call, scope)?;
        let field = Arc::new(bound.output().as_ref().clone().with_name(&self.full_name));
        let mut outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        if outputs.len() >= OUTPUTS_MAX {
            outputs.clear();
        }
        outputs.insert(call.key.clone(), Arc::clone(&field));
        Ok(field)
    }

    fn bind(&self, call: &Call, scope: &Arc<Scope>) -> Result<BoundScalar> {
        BoundScalar::bind(
            &self.plugin,
            scope,
            &self.function.name,
            &call.fields,
            &call.constants,
        )
        .map_err(to_datafusion)
    }

    fn call(&self, fields: &[FieldRef], constants: Vec<Option<ArrayRef>>) -> Result<Call> {
        self.check(fields).map_err(to_datafusion)?;
        // A null literal keeps its own type when it is coerced.
        let constants = constants.into_iter().zip(fields).map(|(constant, field)| {
            constant
                .map(|constant| cast(&constant, field.data_type()))
                .transpose()
        });
        let constants = constants.collect::<Result<_, _>>()?;
        let mut call = Call {
            fields: fields.to_vec(),
            constants,
            key: String::new(),
        };
        for parameter in self.function.parameters.iter().skip(fields.len()) {
            let default = parameter.default.as_ref();
            let default = default.expect("arguments up to the last without a default are there");
            call.fields.push(Arc::new(Field::new(
                &parameter.name,
                default.data_type().clone(),
                true,
            )));
            call.constants.push(Some(Arc::clone(default)));
        }
        for (i, constant) in call.constants.iter().enumerate() {
            if constant.is_none()
                && self
                    .parameter(i)
                    .is_some_and(|parameter| parameter.constant)
            {
                let message = format!("argument {} must be a constant", i + 1);
                return Err(to_datafusion(self.misused(message)));
            }
        }
        call.key = call.make_key(&self.full_name, self.plugin.digest())?;
        Ok(call)
    }

    fn run(&self, arguments: &ScalarFunctionArgs) -> Result<ColumnarValue> {
        let query = QueryOptions::of(&arguments.config_options);
        let scope = query.map_or_else(
            || Scope::new(self.plugin_limits()),
            |query| Arc::clone(&query.scope),
        );
        let constants = arguments.args.iter().map(|argument| match argument {
            ColumnarValue::Scalar(value) => value.to_array().map(Some),
            ColumnarValue::Array(_) => Ok(None),
        });
        let call = self.call(&arguments.arg_fields, constants.collect::<Result<_>>()?)?;
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
                error.context(format!("function {:?}", self.full_name)),
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

    fn plugin_limits(&self) -> &Arc<crate::limits::Limits> {
        self.plugin.limits()
    }
}

/// Whether a value may be cast without being asked: within text, within numbers, within times. A
/// number that becomes text silently would be compared as text.
fn is_same_family(wanted: &DataType, actual: &DataType) -> bool {
    let is_text =
        |t: &DataType| matches!(t, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let is_number = |t: &DataType| t.is_numeric();
    let is_time = |t: &DataType| {
        matches!(
            t,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _)
        )
    };
    actual == &DataType::Null
        || (is_text(wanted) && is_text(actual))
        || (is_number(wanted) && is_number(actual))
        || (is_time(wanted) && is_time(actual))
}

/// The arguments of a call as they are bound.
struct Call {
    fields: Vec<FieldRef>,
    constants: Vec<Option<ArrayRef>>,
    key: String,
}

impl Call {
    /// What instances and result types are remembered under: everything that binding depends on.
    fn make_key(&self, name: &str, digest: crate::bundle::Digest) -> Result<String> {
        let mut key = format!("{name}@{digest}");
        for (field, constant) in self.fields.iter().zip(&self.constants) {
            write!(key, "|{}", field.data_type()).expect("a String takes everything");
            if !field.metadata().is_empty() {
                let mut metadata: Vec<_> = field.metadata().iter().collect();
                metadata.sort_unstable();
                write!(key, "{metadata:?}").expect("a String takes everything");
            }
            if let Some(constant) = constant {
                write!(key, "={:?}", ScalarValue::try_from_array(constant, 0)?)
                    .expect("a String takes everything");
            }
        }
        Ok(key)
    }
}

impl fmt::Debug for PluginFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PluginFunction({} {})",
            self.full_name,
            self.plugin.digest().short()
        )
    }
}

impl PartialEq for PluginFunction {
    fn eq(&self, other: &Self) -> bool {
        self.full_name == other.full_name && self.plugin.digest() == other.plugin.digest()
    }
}

impl Eq for PluginFunction {}

impl Hash for PluginFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.full_name.hash(state);
        self.plugin.digest().hash(state);
    }
}

impl ScalarUDFImpl for PluginFunction {
    fn name(&self) -> &str {
        &self.full_name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Arguments that will not do stay as they are and are refused when the call is made, since an
    /// error from here would be wrapped in DataFusion's words.
    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let coerced = arguments
            .iter()
            .enumerate()
            .map(|(i, actual)| self.coerce(i, actual).unwrap_or_else(|| actual.clone()));
        Ok(coerced.collect())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        plan_err!(
            "{}: the result's type depends on fields and constants",
            self.full_name
        )
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let constants = arguments
            .scalar_arguments
            .iter()
            .map(|constant| constant.map(ScalarValue::to_array).transpose());
        let call = self.call(arguments.arg_fields, constants.collect::<Result<_>>()?)?;
        self.output(&call, &Scope::new(self.plugin_limits()))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.run(&arguments)
    }
}
