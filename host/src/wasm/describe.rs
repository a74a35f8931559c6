//! What a plugin says of itself, checked: tables, functions, and errors.

use super::api::v0_1::{functions, source, types};
use super::arrow::{BatchLimits, batch_from_guest, fields_from_contract};
use super::state::printable;
use crate::bundle::is_identifier;
use crate::error::{Error, Result};
use crate::input::Inputs;
use crate::limits::Limits;
use arrow::array::ArrayRef;
use arrow::array::timezone::Tz;
use arrow::datatypes::{DataType, Fields, Schema, SchemaRef};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

macro_rules! operators {
    ($($(#[doc = $doc:literal])+ $name:ident,)*) => {
        /// How a predicate compares.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Operator {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Operator {
            fn from_guest(operator: types::Operator) -> Self {
                match operator {
                    $(types::Operator::$name => Self::$name,)*
                }
            }

            pub(super) fn to_guest(self) -> types::Operator {
                match self {
                    $(Self::$name => types::Operator::$name,)*
                }
            }
        }
    };
}

operators! {
    /// Equal to the one value.
    Eq,
    /// Not equal to the one value.
    NotEq,
    /// Less than the one value.
    Lt,
    /// Less than or equal to the one value.
    LtEq,
    /// Greater than the one value.
    Gt,
    /// Greater than or equal to the one value.
    GtEq,
    /// Equal to one of the values.
    InList,
    /// Equal to none of the values.
    NotInList,
    /// Matches an SQL LIKE pattern.
    Like,
    /// Is null.
    IsNull,
    /// Is not null.
    IsNotNull,
}

/// Which predicates on a column a source takes.
#[derive(Clone, Debug)]
pub struct Pushdown {
    /// The column.
    pub column: usize,
    /// The operators.
    pub operators: Vec<Operator>,
}

/// A table of a source.
#[derive(Clone, Debug)]
pub struct TableDescription {
    /// The name in SQL.
    pub name: String,
    /// What one row is.
    pub comment: String,
    /// The columns.
    pub columns: SchemaRef,
    /// Predicates that the source takes.
    pub pushdown: Vec<Pushdown>,
    /// Columns that must be given as keys.
    pub required_keys: Vec<usize>,
    /// About how many rows there are.
    pub rows: Option<u64>,
    /// Why the table cannot be used, though others of the source can.
    pub problem: Option<Error>,
}

/// What a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionKind {
    /// A value for each row.
    Scalar,
    /// A value for each group.
    Aggregate,
    /// A relation.
    Table,
}

/// Whether the same arguments give the same result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volatility {
    /// Always.
    Immutable,
    /// Within one query.
    Stable,
    /// Never assume so.
    Volatile,
}

/// A scalar parameter.
#[derive(Clone, Debug)]
pub struct ParameterDescription {
    /// The name.
    pub name: String,
    /// What it means.
    pub doc: String,
    /// The types it takes; any where there are none.
    pub types: Vec<DataType>,
    /// The value where none is given, an array of one row.
    pub default: Option<ArrayRef>,
    /// Whether it must be a constant.
    pub constant: bool,
}

/// A relation that a table function takes.
#[derive(Clone, Debug)]
pub struct RelationDescription {
    /// The name.
    pub name: String,
    /// What its columns mean.
    pub doc: String,
    /// Whether it is fed to its end before the others.
    pub is_build: bool,
}

/// A function of a plugin.
#[derive(Clone, Debug)]
pub struct FunctionDescription {
    /// The name in SQL, without the plugin's.
    pub name: String,
    /// What it is.
    pub kind: FunctionKind,
    /// What it computes.
    pub doc: String,
    /// Its parameters.
    pub parameters: Vec<ParameterDescription>,
    /// Whether the last parameter may be given any number of times.
    pub variadic: bool,
    /// The relations that a table function takes.
    pub relations: Vec<RelationDescription>,
    /// Whether a table function leaves out the columns that are not asked for.
    pub projects: bool,
    /// Whether the same arguments give the same result.
    pub volatility: Volatility,
    /// Examples: SQL and result.
    pub examples: Vec<(String, String)>,
}

/// Tables as a guest describes them.
pub(super) fn tables_from_guest(
    tables: Vec<source::Table>,
    inputs: &Inputs,
    limits: &Limits,
) -> Result<Vec<TableDescription>> {
    check_count(
        "tables of the source",
        tables.len(),
        limits.source_tables_max,
        "source_tables_max",
    )?;
    let mut names = BTreeSet::new();
    let mut described = Vec::with_capacity(tables.len());
    for table in tables {
        let name = printable(&table.name, limits.name_bytes_max);
        if !names.insert(name.clone()) {
            return Err(Error::contract(format!("two tables are named {name:?}")));
        }
        described.push(
            table_from_guest(table, inputs, limits)
                .map_err(|error| error.context(format!("table {name:?}")))?,
        );
    }
    Ok(described)
}

fn table_from_guest(
    table: source::Table,
    inputs: &Inputs,
    limits: &Limits,
) -> Result<TableDescription> {
    check_name(&table.name, limits)?;
    let columns = columns_from_guest(&table.columns, limits)?;
    let in_range = |column: u32| match (column as usize) < columns.fields().len() {
        true => Ok(column as usize),
        false => Err(Error::contract(format!("there is no column {column}"))),
    };
    let mut pushdown = Vec::new();
    for taken in table.pushdown {
        let operators = taken
            .operators
            .into_iter()
            .map(Operator::from_guest)
            .collect();
        pushdown.push(Pushdown {
            column: in_range(taken.column)?,
            operators,
        });
    }
    let required = table.keys.iter().filter(|key| key.required);
    Ok(TableDescription {
        required_keys: required
            .map(|key| in_range(key.column))
            .collect::<Result<_>>()?,
        name: table.name,
        comment: printable(&table.comment, limits.text_bytes_max),
        columns,
        pushdown,
        rows: table.rows,
        problem: table
            .problem
            .map(|problem| error_from_source(problem, inputs, limits)),
    })
}

/// The columns of a table, each with a name of its own.
pub(super) fn columns_from_guest(
    columns: &[super::api::v0_1::arrow::Field],
    limits: &Limits,
) -> Result<SchemaRef> {
    let fields = checked_fields(columns, limits)?;
    let mut names = BTreeSet::new();
    for field in &fields {
        check_text_name(field.name(), limits)?;
        if !names.insert(field.name()) {
            return Err(Error::contract(format!(
                "two columns are named {:?}",
                field.name()
            )));
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// Fields that a guest gives, within the bounds.
pub(super) fn checked_fields(
    flat: &[super::api::v0_1::arrow::Field],
    limits: &Limits,
) -> Result<Fields> {
    check_count(
        "fields",
        flat.len(),
        limits.table_columns_max,
        "table_columns_max",
    )?;
    let fields = fields_from_contract(flat, limits.type_depth_max).map_err(Error::contract)?;
    for field in flat {
        let metadata: usize = field
            .metadata
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();
        check_count(
            "bytes of a field's metadata",
            metadata,
            limits.text_bytes_max,
            "text_bytes_max",
        )?;
        check_zone(&field.data_type)?;
    }
    Ok(fields)
}

/// A zone that nobody knows would only come out when a value is cast or shown.
fn check_zone(data_type: &super::api::v0_1::arrow::DataType) -> Result<()> {
    use super::api::v0_1::arrow::DataType;
    if let DataType::Timestamp(timestamp) = data_type
        && let Some(zone) = &timestamp.zone
        && zone.parse::<Tz>().is_err()
    {
        return Err(Error::contract(format!(
            "a timestamp has the time zone {:?}, which is neither an IANA name nor an offset",
            printable(zone, 64)
        )));
    }
    Ok(())
}

/// Functions as a guest describes them.
pub(super) fn functions_from_guest(
    all: Vec<functions::Function>,
    limits: &Limits,
) -> Result<Vec<FunctionDescription>> {
    check_count(
        "functions of the plugin",
        all.len(),
        limits.plugin_functions_max,
        "plugin_functions_max",
    )?;
    let mut names = BTreeSet::new();
    let mut described = Vec::with_capacity(all.len());
    for function in all {
        let name = printable(&function.name, limits.name_bytes_max);
        if !names.insert(name.clone()) {
            return Err(Error::contract(format!("two functions are named {name:?}")));
        }
        described.push(
            function_from_guest(function, limits)
                .map_err(|error| error.context(format!("function {name:?}")))?,
        );
    }
    Ok(described)
}

fn function_from_guest(
    function: functions::Function,
    limits: &Limits,
) -> Result<FunctionDescription> {
    check_name(&function.name, limits)?;
    check_count(
        "parameters",
        function.parameters.len(),
        limits.function_parameters_max,
        "function_parameters_max",
    )?;
    check_count(
        "examples",
        function.examples.len(),
        limits.function_parameters_max,
        "function_parameters_max",
    )?;
    check_count(
        "relations",
        function.relations.len(),
        limits.function_parameters_max,
        "function_parameters_max",
    )?;
    let text = |text: &str| printable(text, limits.text_bytes_max);
    let lines = |all: &str| all.lines().map(text).collect::<Vec<_>>().join("\n");
    let relations = function.relations.into_iter().map(|relation| {
        check_name(&relation.name, limits)?;
        Ok(RelationDescription {
            doc: text(&relation.doc),
            is_build: relation.feed == functions::Feed::Build,
            name: relation.name,
        })
    });
    let relations = relations.collect::<Result<Vec<_>>>()?;
    if function.kind != functions::FunctionKind::Table && !relations.is_empty() {
        return Err(Error::contract(
            "a function that is no table function takes relations",
        ));
    }
    let parameters = function.parameters.into_iter();
    let parameters = parameters
        .map(|parameter| parameter_from_guest(parameter, limits))
        .collect::<Result<Vec<_>>>()?;
    let first_default = parameters
        .iter()
        .position(|parameter| parameter.default.is_some());
    if first_default.is_some_and(|first| {
        parameters[first..]
            .iter()
            .any(|parameter| parameter.default.is_none())
    }) {
        return Err(Error::contract(
            "a parameter without default stands after one with a default",
        ));
    }
    Ok(FunctionDescription {
        kind: match function.kind {
            functions::FunctionKind::Scalar => FunctionKind::Scalar,
            functions::FunctionKind::Aggregate => FunctionKind::Aggregate,
            functions::FunctionKind::Table => FunctionKind::Table,
        },
        doc: text(&function.doc),
        parameters,
        variadic: function.variadic,
        relations,
        projects: function.projects,
        volatility: match function.volatility {
            functions::Volatility::Immutable => Volatility::Immutable,
            functions::Volatility::Stable => Volatility::Stable,
            functions::Volatility::Volatile => Volatility::Volatile,
        },
        examples: function
            .examples
            .iter()
            .map(|example| (lines(&example.sql), lines(&example.result)))
            .collect(),
        name: function.name,
    })
}

fn parameter_from_guest(
    parameter: functions::Parameter,
    limits: &Limits,
) -> Result<ParameterDescription> {
    check_name(&parameter.name, limits)?;
    check_count(
        "types of a parameter",
        parameter.types.len(),
        limits.function_parameters_max,
        "function_parameters_max",
    )?;
    let mut types = Vec::new();
    let mut first: Option<SchemaRef> = None;
    for flat in &parameter.types {
        let fields = checked_fields(flat, limits)?;
        let [field] = fields.as_ref() else {
            return Err(Error::contract("a parameter's type is not one field"));
        };
        types.push(field.data_type().clone());
        first.get_or_insert_with(|| Arc::new(Schema::new(fields.clone())));
    }
    let default = match (parameter.default, first) {
        (None, _) => None,
        (Some(_), None) => return Err(Error::contract("a parameter of any type has a default")),
        (Some(batch), Some(schema)) => {
            let batch = batch_from_guest(&schema, batch, &BatchLimits::new(limits))?;
            if batch.num_rows() != 1 {
                return Err(Error::contract(format!(
                    "a default has {} rows",
                    batch.num_rows()
                )));
            }
            Some(Arc::clone(batch.column(0)))
        }
    };
    Ok(ParameterDescription {
        doc: printable(&parameter.doc, limits.text_bytes_max),
        name: parameter.name,
        types,
        default,
        constant: parameter.constant,
    })
}

fn check_name(name: &str, limits: &Limits) -> Result<()> {
    match is_identifier(name) {
        true => Ok(()),
        false => Err(Error::contract(format!(
            "the name {:?} is not a lower-case letter and up to 62 lower-case letters, digits and underscores",
            printable(name, limits.name_bytes_max)
        ))),
    }
}

/// A column's name comes from data: any printable text will do.
fn check_text_name(name: &str, limits: &Limits) -> Result<()> {
    check_count(
        "bytes of a column's name",
        name.len(),
        limits.name_bytes_max,
        "name_bytes_max",
    )?;
    match name.is_empty() || name.chars().any(char::is_control) {
        true => Err(Error::contract(format!("a column is named {name:?}"))),
        false => Ok(()),
    }
}

/// Checks a count against its bound.
pub(super) fn check_count(what: &str, count: usize, limit: usize, key: &str) -> Result<()> {
    match count > limit {
        true => Err(Error::over_limit(what, count, limit, key)),
        false => Ok(()),
    }
}

/// A place in the data, as text.
pub(super) fn place_text(place: types::Place, bytes_max: usize) -> String {
    let parts = [
        place.input.map(|input| printable(&input, bytes_max)),
        place.record.map(|record| format!("record {record}")),
        place.byte.map(|byte| format!("byte {byte}")),
        place
            .field
            .map(|field| format!("field {:?}", printable(&field, bytes_max))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// An error that a guest returned.
pub(super) fn error_from_guest(error: types::Error, limits: &Limits) -> Error {
    let message = printable(&error.message, limits.message_bytes_max);
    let place = error
        .where_
        .map(|place| place_text(place, limits.message_bytes_max))
        .unwrap_or_default();
    let error = match error.kind {
        types::ErrorKind::InvalidConfig => Error::config(message),
        types::ErrorKind::NotFound => Error::not_found(message),
        types::ErrorKind::Unauthorized => Error::denied(message),
        types::ErrorKind::Unavailable(after) => match after {
            Some(ms) => Error::unavailable(message).with_hint(format!("try again in {ms} ms")),
            None => Error::unavailable(message),
        },
        types::ErrorKind::InvalidData => Error::data(message),
        types::ErrorKind::Unsupported | types::ErrorKind::Internal => Error::plugin(message),
    };
    if place.is_empty() {
        error
    } else {
        error.context(place)
    }
}

/// An error that a source returned, with what the host knows of the input that it is about.
pub(super) fn error_from_source(error: types::Error, inputs: &Inputs, limits: &Limits) -> Error {
    let place = error.where_.as_ref().and_then(|place| place.input.as_ref());
    let advice = match error.kind {
        types::ErrorKind::InvalidData => place.and_then(|place| inputs.archive_advice(place)),
        _ => None,
    };
    let error = error_from_guest(error, limits);
    match advice {
        Some(advice) => error.with_hint(advice),
        None => error,
    }
}

/// An error of the host, for a guest that asked for something. The hint is for the administrator,
/// but only the guest's own error comes back, so it goes along in the message.
pub(super) fn error_to_guest(error: Error) -> types::Error {
    let kind = if error.is_denied() {
        types::ErrorKind::Unauthorized
    } else if error.is_not_found() {
        types::ErrorKind::NotFound
    } else if error.is_data() {
        types::ErrorKind::InvalidData
    } else if error.is_config() {
        types::ErrorKind::InvalidConfig
    } else if error.is_unavailable() {
        types::ErrorKind::Unavailable(None)
    } else {
        types::ErrorKind::Internal
    };
    let message = match error.hint() {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    };
    types::Error {
        kind,
        message,
        where_: None,
    }
}
