//! The functions as SQL calls them. All take one relation of edges and are bound in one way: edges
//! are gathered, and at their end a result is computed of their graph and given out.

use crate::arguments::Given;
use crate::graph::{Edges, Graph};
use crate::relation::{EDGES, node_type};
use crate::weights::{WeightColumn, Weights};
use crate::window::{self, Window};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema, SchemaRef};
use sextant_plugin_sdk::{
    Answer, BoundTable, Description, Error, Feed, Gathering, Parameter, Result, Signature,
    TableFunction, log,
};
use std::sync::Arc;

/// What is computed of a graph: the columns of the result.
type Compute = Box<dyn Fn(&Graph) -> Vec<ArrayRef>>;

/// A function on a graph: what it is, and how its arguments make a plan.
#[derive(Debug)]
pub(crate) struct Function {
    description: Description,
    plan: fn(&Given<'_>) -> Result<Plan>,
}

impl Function {
    /// A function of edges; the parameters that bound a window of time follow its own.
    pub(crate) fn new(
        name: &str,
        doc: &str,
        parameters: Vec<Parameter>,
        plan: fn(&Given<'_>) -> Result<Plan>,
    ) -> Self {
        let mut description = Description::new(name, doc).relation("edges", Feed::Build, EDGES);
        description.parameters = parameters;
        description.parameters.extend(window::parameters());
        Self { description, plan }
    }

    /// Adds an example.
    pub(crate) fn example(mut self, sql: &str, result: &str) -> Self {
        self.description = self.description.example(sql, result);
        self
    }
}

/// What a function gives for its arguments, of which weights, and how it computes that.
pub(crate) struct Plan {
    weights: Weights,
    fields: Vec<Field>,
    compute: Compute,
}

impl Plan {
    /// Rows with these columns.
    pub(crate) fn rows(
        fields: Vec<Field>,
        compute: impl Fn(&Graph) -> Vec<ArrayRef> + 'static,
    ) -> Self {
        Self {
            weights: Weights::Ignored,
            fields,
            compute: Box::new(compute),
        }
    }

    /// A row for each node, in the order of the nodes: the node, and columns of its own.
    pub(crate) fn per_node(
        given: &Given<'_>,
        mut fields: Vec<Field>,
        compute: impl Fn(&Graph) -> Vec<ArrayRef> + 'static,
    ) -> Self {
        fields.insert(0, given.node_field("node"));
        Self::rows(fields, move |graph| {
            let mut columns = compute(graph);
            columns.insert(0, graph.nodes().column());
            columns
        })
    }

    /// The same, with the weights of edges; they are ignored otherwise.
    pub(crate) fn weighted(mut self, weights: Weights) -> Self {
        self.weights = weights;
        self
    }
}

/// An array as a column of a result.
pub(crate) fn column(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

impl TableFunction for Function {
    fn describe(&self) -> Description {
        self.description.clone()
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let [relation] = relations else {
            return Err(Error::unsupported(format!(
                "expected one relation, found {}",
                relations.len()
            )));
        };
        let nodes = node_type(relation)?;
        let edges = Edges::new(&nodes)?;
        let given = Given::new(&self.description.parameters, signature, &nodes);
        let plan = (self.plan)(&given)?;
        let weights = WeightColumn::new(relation, plan.weights)?;
        let window = Window::new(relation, given.optional("since"), given.optional("until"))?;
        let output: SchemaRef = Arc::new(Schema::new(plan.fields));
        Ok(Box::new(Gathering::new(
            Arc::clone(&output),
            edges.reading(weights, window),
            Edges::push,
            move |edges| answer(edges, &plan.compute, &output),
        )))
    }
}

fn answer(edges: Edges, compute: &Compute, output: &SchemaRef) -> Result<Answer> {
    if edges.undated() > 0 {
        log::warn!(
            "{} edges without a time lie in no window and were left out",
            edges.undated()
        );
    }
    let columns = compute(&edges.into_graph());
    Ok(RecordBatch::try_new(Arc::clone(output), columns)?.into())
}
