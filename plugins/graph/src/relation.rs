//! A relation of edges: two columns of ends, and columns that are known by their names.

use arrow_schema::{DataType, Schema};
use sextant_plugin_sdk::{Error, Result};

/// What `sextant.functions` says of the relation.
pub(crate) const EDGES: &str = "The ends of edges in the first two columns, both BIGINT or both TEXT. Of the others, `weight` (a \
     number) is read where weights count, and `at` (a DATE or TIMESTAMP) where a window is given.";

/// The type of the nodes: that of the first two columns.
pub(crate) fn node_type(relation: &Schema) -> Result<DataType> {
    let [from, to, ..] = &relation.fields()[..] else {
        return Err(Error::unsupported(format!(
            "expected a relation of at least two columns, found {}",
            relation.fields().len()
        )));
    };
    if from.data_type() != to.data_type() {
        return Err(Error::unsupported(format!(
            "expected two columns of the same type, found {} and {}; hint: CAST(... AS TEXT)",
            from.data_type(),
            to.data_type()
        )));
    }
    Ok(from.data_type().clone())
}

/// Where a column with a name is, besides the ends, which may have any names.
pub(crate) fn column(relation: &Schema, name: &str) -> Option<usize> {
    let mut others = relation.fields().iter().enumerate().skip(2);
    let found = others.find(|(_, field)| field.name() == name);
    found.map(|(place, _)| place)
}
