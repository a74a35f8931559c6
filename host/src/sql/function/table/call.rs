//! A call of a table function as a node of a logical plan.

use super::Callee;
use crate::wasm::{TableArguments, TableShape};
use datafusion::common::{DFSchema, DFSchemaRef, Result, internal_err};
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A call: only data and a handle.
#[derive(Clone, Debug)]
pub(super) struct TableCallNode {
    pub(super) callee: Arc<Callee>,
    pub(super) arguments: Arc<TableArguments>,
    pub(super) shape: Arc<TableShape>,
    key: String,
    inputs: Vec<LogicalPlan>,
    schema: DFSchemaRef,
}

impl TableCallNode {
    pub(super) fn new(
        callee: &Arc<Callee>,
        arguments: TableArguments,
        key: String,
        shape: TableShape,
        inputs: Vec<LogicalPlan>,
    ) -> Result<Self> {
        let schema = DFSchema::try_from(shape.columns.as_ref().clone())?;
        Ok(Self {
            callee: Arc::clone(callee),
            arguments: Arc::new(arguments),
            shape: Arc::new(shape),
            key,
            inputs,
            schema: Arc::new(schema),
        })
    }
}

impl PartialEq for TableCallNode {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.shape == other.shape && self.inputs == other.inputs
    }
}

impl Eq for TableCallNode {}

impl PartialOrd for TableCallNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.key.cmp(&other.key) {
            Ordering::Equal => self.inputs.partial_cmp(&other.inputs),
            unequal => Some(unequal),
        }
    }
}

impl Hash for TableCallNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
        self.inputs.hash(state);
    }
}

impl UserDefinedLogicalNodeCore for TableCallNode {
    fn name(&self) -> &'static str {
        "TableCall"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        self.inputs.iter().collect()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableCall: {:?}", self.callee)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        if inputs.len() != self.inputs.len() {
            return internal_err!("a call's relations do not come and go");
        }
        Ok(Self {
            inputs,
            ..self.clone()
        })
    }
}
