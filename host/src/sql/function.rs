//! Functions of plugins as DataFusion's: what all kinds share. A [`Callee`] is only data and a
//! handle: the plugin and a description.

mod aggregate;
mod scalar;
mod table;

pub(super) use table::TableCalls;

use aggregate::{AggregateCalls, PluginAggregate};
use scalar::PluginScalar;
use table::{TableFunctionPlanner, TableFunctions};

use super::failure::to_datafusion;
use crate::error::Error;
use crate::registry::Snapshot;
use crate::wasm::{
    FunctionDescription, FunctionKind, ParameterDescription, Plugin, Scope, Volatility,
};
use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::{
    AggregateUDF, ScalarUDF, Signature, Volatility as DataFusionVolatility,
};
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// How many answers to "what comes out of this call" are kept for a function.
const KNOWN_MAX: usize = 256;

/// The functions of a snapshot, each with its full name, and with its bare one while that is
/// unambiguous and not a built-in's.
pub(super) struct Functions {
    scalars: Vec<Arc<ScalarUDF>>,
    aggregates: Vec<Arc<Callee>>,
    tables: Arc<TableFunctions>,
}

impl Functions {
    pub(super) fn new(snapshot: &Snapshot, builtin: &SessionState) -> Self {
        let callees = callees(snapshot, |name| {
            builtin.scalar_functions().contains_key(name)
                || builtin.aggregate_functions().contains_key(name)
                || builtin.window_functions().contains_key(name)
                || builtin.table_functions().contains_key(name)
        });
        let of = |kind| {
            callees
                .iter()
                .filter(move |callee| callee.function.kind == kind)
        };
        let scalar = |callee| Arc::new(ScalarUDF::from(PluginScalar::new(callee)));
        Self {
            scalars: of(FunctionKind::Scalar).map(scalar).collect(),
            aggregates: of(FunctionKind::Aggregate).cloned().collect(),
            tables: Arc::new(TableFunctions::new(of(FunctionKind::Table))),
        }
    }

    /// Registers the functions for the statement of a query.
    pub(super) fn register(&self, state: &mut SessionState, scope: &Arc<Scope>) -> Result<()> {
        for function in &self.scalars {
            state.register_udf(Arc::clone(function))?;
        }
        for callee in &self.aggregates {
            // An accumulator is made without a way to the query that it belongs to.
            let function = AggregateUDF::from(PluginAggregate::new(callee, scope));
            state.register_udaf(Arc::new(function))?;
        }
        state.register_expr_planner(Arc::new(AggregateCalls))?;
        state.register_relation_planner(Arc::new(TableFunctionPlanner(Arc::clone(&self.tables))))
    }
}

fn callees(snapshot: &Snapshot, is_builtin: impl Fn(&str) -> bool) -> Vec<Arc<Callee>> {
    let plugins = snapshot
        .plugins()
        .values()
        .filter_map(|entry| entry.plugin.as_ref());
    let all: Vec<_> = plugins
        .flat_map(|plugin| {
            plugin
                .functions()
                .iter()
                .map(move |function| (plugin, function))
        })
        .collect();
    let count = |name: &str| {
        all.iter()
            .filter(|(_, function)| function.name == name)
            .count()
    };
    let callees = all.iter().map(|(plugin, function)| {
        let bare = (count(&function.name) == 1 && !is_builtin(&function.name))
            .then(|| function.name.clone());
        Arc::new(Callee::new(plugin, function, bare))
    });
    callees.collect()
}

/// A function of a plugin.
pub(super) struct Callee {
    plugin: Arc<Plugin>,
    function: FunctionDescription,
    full_name: String,
    aliases: Vec<String>,
    signature: Signature,
}

impl Callee {
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
        }
    }

    /// A scope for a call outside of any query.
    fn own_scope(&self) -> Arc<Scope> {
        Scope::new(self.plugin.limits())
    }

    fn parameter(&self, argument: usize) -> Option<&ParameterDescription> {
        let parameters = &self.function.parameters;
        let last = parameters.last().filter(|_| self.function.variadic);
        parameters.get(argument).or(last)
    }

    /// The call as its reader knows it: `names.jaro_winkler(a, b)`.
    fn usage(&self) -> String {
        let relations = self.function.relations.iter();
        let relations = relations.map(|relation| format!("({})", relation.name));
        let parameters = self.function.parameters.iter().map(|parameter| {
            let optional = if parameter.default.is_some() { "?" } else { "" };
            format!("{}{optional}", parameter.name)
        });
        let rest = self.function.variadic.then(|| "...".to_owned());
        let all: Vec<_> = relations.chain(parameters).chain(rest).collect();
        format!("{}({})", self.full_name, all.join(", "))
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

    /// The types that arguments are taken in. Arguments that will not do stay as they are and are
    /// refused when the call is made, since an error from here would be wrapped in DataFusion's
    /// words.
    fn coerce_types(&self, arguments: &[DataType]) -> Vec<DataType> {
        let coerced = arguments
            .iter()
            .enumerate()
            .map(|(i, actual)| self.coerce(i, actual).unwrap_or_else(|| actual.clone()));
        coerced.collect()
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

    fn misused(&self, message: impl Into<String>) -> Error {
        Error::sql(message).context(self.usage()).with_hint(format!(
            "its documentation: SELECT * FROM sextant.functions WHERE name = '{}'",
            self.full_name
        ))
    }

    /// A call with arguments that are checked, and with the defaults of those that are missing.
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
#[derive(Clone)]
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
            let nullable = if field.is_nullable() { "?" } else { "" };
            write!(key, "|{}{nullable}", field.data_type()).expect("a String takes everything");
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

/// What calls were found to give, by their keys: planning asks many times.
struct Known<T>(Mutex<HashMap<String, T>>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Known<T> {
    fn get_or_find(&self, key: &str, find: impl FnOnce() -> Result<T>) -> Result<T> {
        // Not held while a guest is asked.
        if let Some(known) = self.lock().get(key) {
            return Ok(known.clone());
        }
        let found = find()?;
        let mut known = self.lock();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(key.to_owned(), found.clone());
        Ok(found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Callee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.full_name, self.plugin.digest().short())
    }
}

impl PartialEq for Callee {
    fn eq(&self, other: &Self) -> bool {
        self.full_name == other.full_name && self.plugin.digest() == other.plugin.digest()
    }
}

impl Eq for Callee {}

impl Hash for Callee {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.full_name.hash(state);
        self.plugin.digest().hash(state);
    }
}
