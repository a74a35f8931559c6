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
    BoundTable, Description, Distribution, Error, Feed, Parameter, Progress, Result, Signature,
    TableCall, TableFunction, log,
};
use std::rc::Rc;
use std::sync::Arc;

/// Rows of a batch of results.
const BATCH_ROWS: usize = 8_192;

/// What is computed of a graph: the columns of the result.
type Compute = Rc<dyn Fn(&Graph) -> Vec<ArrayRef>>;

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
            compute: Rc::new(compute),
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
        Ok(Box::new(Bound {
            edges: edges.reading(weights, window),
            output: Arc::new(Schema::new(plan.fields)),
            compute: plan.compute,
        }))
    }
}

/// A bound function.
struct Bound {
    /// None yet.
    edges: Edges,
    output: SchemaRef,
    compute: Compute,
}

impl BoundTable for Bound {
    fn output(&self) -> SchemaRef {
        Arc::clone(&self.output)
    }

    fn distributions(&self) -> Vec<Distribution> {
        vec![Distribution::Single]
    }

    fn call(&self, _: Option<&[usize]>) -> Result<Box<dyn TableCall>> {
        Ok(Box::new(Call {
            edges: Some(self.edges.clone()),
            output: Arc::clone(&self.output),
            compute: Rc::clone(&self.compute),
            result: None,
            given: 0,
        }))
    }
}

struct Call {
    edges: Option<Edges>,
    output: SchemaRef,
    compute: Compute,
    result: Option<RecordBatch>,
    given: usize,
}

impl TableCall for Call {
    fn push(&mut self, _: usize, batch: RecordBatch) -> Result<()> {
        match &mut self.edges {
            Some(edges) => edges.push(&batch),
            None => Err(Error::internal("an edge after the last")),
        }
    }

    fn finish(&mut self, _: usize) -> Result<()> {
        let edges = self.edges.take();
        let edges = edges.ok_or_else(|| Error::internal("edges end twice"))?;
        if edges.undated() > 0 {
            log::warn!(
                "{} edges without a time lie in no window and were left out",
                edges.undated()
            );
        }
        let columns = (self.compute)(&edges.into_graph());
        self.result = Some(RecordBatch::try_new(Arc::clone(&self.output), columns)?);
        Ok(())
    }

    fn next(&mut self) -> Result<Progress> {
        let Some(result) = &self.result else {
            return Ok(Progress::WantingInput);
        };
        let rows = BATCH_ROWS.min(result.num_rows() - self.given);
        if rows == 0 {
            return Ok(Progress::Finished);
        }
        let batch = result.slice(self.given, rows);
        self.given += rows;
        Ok(Progress::Rows(batch))
    }
}
