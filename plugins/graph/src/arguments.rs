//! Parameters that several functions have, and the arguments that are given for them. A value out of
//! its range is an error that names the argument, what is expected and what was found.

use crate::graph::Direction;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array};
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::{Error, Parameter, Result, Signature};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A node, or whatever the function makes of one.
pub(crate) fn node(name: &str, doc: &str) -> Parameter {
    Parameter::new(name, &[], doc).constant()
}

/// A whole number; `None` where it must be given.
pub(crate) fn whole(name: &str, default: Option<i64>, doc: &str) -> Parameter {
    let parameter = Parameter::new(name, &[DataType::Int64], doc).constant();
    match default {
        Some(value) => parameter.default(Arc::new(Int64Array::from(vec![value]))),
        None => parameter,
    }
}

/// A number that has a default.
pub(crate) fn number(name: &str, default: f64, doc: &str) -> Parameter {
    Parameter::new(name, &[DataType::Float64], doc)
        .default(Arc::new(Float64Array::from(vec![default])))
        .constant()
}

/// Something that is so unless it is said not to be.
pub(crate) fn truth(name: &str, doc: &str) -> Parameter {
    Parameter::new(name, &[DataType::Boolean], doc)
        .default(Arc::new(BooleanArray::from(vec![true])))
        .constant()
}

/// Whether edges have a direction.
pub(crate) fn directed() -> Parameter {
    truth(
        "directed",
        "Whether edges lead from the first column to the second only.",
    )
}

/// The arguments of a call, by the names of their parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'a> {
    parameters: &'a [Parameter],
    signature: &'a Signature,
    nodes: &'a DataType,
}

impl<'a> Given<'a> {
    /// What was given for parameters, of a call on a graph with nodes of a type.
    pub(crate) fn new(
        parameters: &'a [Parameter],
        signature: &'a Signature,
        nodes: &'a DataType,
    ) -> Self {
        Self {
            parameters,
            signature,
            nodes,
        }
    }

    /// A column of nodes in a result.
    pub(crate) fn node_field(&self, name: &str) -> Field {
        Field::new(name, self.nodes.clone(), false)
    }

    /// An argument as an array of one row; none where it is null.
    pub(crate) fn optional(&self, name: &str) -> Option<&'a ArrayRef> {
        let known = |parameter: &Parameter| parameter.name == name;
        let place = self.parameters.iter().position(known)?;
        self.signature.constant(place)
    }

    fn value(&self, name: &str) -> Result<&'a ArrayRef> {
        self.optional(name)
            .ok_or_else(|| refused(name, "a value", "null"))
    }

    /// Whether edges have a direction, by the argument `directed`.
    pub(crate) fn direction(&self) -> Result<Direction> {
        self.truth("directed").map(Direction::new)
    }

    /// Whether something is so.
    pub(crate) fn truth(&self, name: &str) -> Result<bool> {
        let value = self.value(name)?;
        let truth = value.as_boolean_opt().map(|values| values.value(0));
        truth.ok_or_else(|| refused(name, "true or false", value.data_type()))
    }

    /// A whole number in a range.
    pub(crate) fn whole(&self, name: &str, range: RangeInclusive<i64>) -> Result<usize> {
        let value = self.value(name)?;
        let numbers = value.as_primitive_opt::<Int64Type>();
        let number = numbers
            .map(|numbers| numbers.value(0))
            .ok_or_else(|| refused(name, "a whole number", value.data_type()))?;
        let within = Some(number).filter(|number| range.contains(number));
        within
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| refused(name, span(&range), number))
    }

    /// A number in a range.
    pub(crate) fn number(&self, name: &str, range: RangeInclusive<f64>) -> Result<f64> {
        let value = self.value(name)?;
        let numbers = value.as_primitive_opt::<Float64Type>();
        let number = numbers
            .map(|numbers| numbers.value(0))
            .ok_or_else(|| refused(name, "a number", value.data_type()))?;
        match range.contains(&number) {
            true => Ok(number),
            false => Err(refused(name, span(&range), number)),
        }
    }

    /// A node, as an array of one row of the type of the nodes.
    pub(crate) fn node(&self, name: &str) -> Result<ArrayRef> {
        let value = self.value(name)?;
        self.checked(name, value)?;
        Ok(Arc::clone(value))
    }

    /// A node or a list of nodes, as an array of a row for each.
    pub(crate) fn nodes(&self, name: &str) -> Result<ArrayRef> {
        let value = self.value(name)?;
        let nodes = match value.data_type() {
            DataType::List(_) => value.as_list::<i32>().value(0),
            DataType::LargeList(_) => value.as_list::<i64>().value(0),
            _ => Arc::clone(value),
        };
        if nodes.is_empty() {
            return Err(refused(name, "a node or more", "an empty list"));
        }
        self.checked(name, &nodes)?;
        if nodes.null_count() > 0 {
            return Err(refused(name, "nodes", "null among them"));
        }
        Ok(nodes)
    }

    /// Refuses nodes of another type than those of the graph. Any layout of text will do.
    fn checked(&self, name: &str, nodes: &ArrayRef) -> Result<()> {
        let is_text = |data_type: &DataType| {
            matches!(
                data_type,
                DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
            )
        };
        let found = nodes.data_type();
        if found == self.nodes || (is_text(found) && is_text(self.nodes)) {
            return Ok(());
        }
        let expected = format!("a node of type {}", self.nodes);
        Err(refused(name, expected, found))
    }
}

fn span<T: Display>(range: &RangeInclusive<T>) -> String {
    format!("{} to {}", range.start(), range.end())
}

fn refused(name: &str, expected: impl Display, found: impl Display) -> Error {
    Error::invalid_config(format!(
        "argument {name}: expected {expected}, found {found}"
    ))
}
