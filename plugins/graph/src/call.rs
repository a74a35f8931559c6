//! The functions as SQL calls them: edges are gathered, and at their end a row for each node is
//! computed and given out.

use crate::graph::{Direction, Edges, Graph};
use crate::{components, distances, pagerank};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use sextant_plugin_sdk::{
    BoundTable, Description, Distribution, Error, Feed, Parameter, Progress, Result, Signature,
    TableCall, TableFunction,
};
use std::sync::Arc;

/// Rows of a batch of results.
const BATCH_ROWS: usize = 8_192;

const EDGES: &str = "The ends of edges in the first two columns, both BIGINT or both TEXT.";

/// What is computed of a graph: a value for each node.
type Compute = Arc<dyn Fn(&Graph) -> Result<ArrayRef>>;

/// `components((a, b))`.
#[derive(Debug)]
pub(crate) struct Components;

impl TableFunction for Components {
    fn describe(&self) -> Description {
        Description::new(
            "components",
            "The connected component of each node, named after its first node, whatever the direction \
             of edges (union-find, Tarjan and van Leeuwen 1984).",
        )
        .relation("edges", Feed::Build, EDGES)
        .example(
            "SELECT * FROM graph.components((SELECT * FROM (VALUES ('a', 'b'), ('c', 'b'), ('x', 'y')) AS t(a, b))) ORDER BY node",
            "a,a\nb,a\nc,a\nx,x\ny,x",
        )
    }

    fn bind(&self, relations: &[SchemaRef], _: &Signature) -> Result<Box<dyn BoundTable>> {
        let nodes = node_type(relations)?;
        let compute = |graph: &Graph| {
            let of = UInt32Array::from(components(graph));
            let names = graph.nodes().column();
            take(&names, &of)
        };
        Bound::boxed(
            nodes.clone(),
            Field::new("component", nodes, false),
            compute,
        )
    }
}

/// `distances((a, b), source)`.
#[derive(Debug)]
pub(crate) struct Distances;

impl TableFunction for Distances {
    fn describe(&self) -> Description {
        Description::new(
            "distances",
            "How many edges lead from the source to each node; null where no way does (breadth-first \
             search, Moore 1959).",
        )
        .relation("edges", Feed::Build, EDGES)
        .parameter(Parameter::new("source", &[], "The node to start from.").constant())
        .parameter(directed())
        .example(
            "SELECT * FROM graph.distances((SELECT * FROM (VALUES (1, 2), (2, 3), (4, 3)) AS t(a, b)), 1) ORDER BY node",
            "1,0\n2,1\n3,2\n4,",
        )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let nodes = node_type(relations)?;
        let source = constant(signature, 0)?;
        let direction = Direction::new(truth(signature, 1)?);
        let compute = move |graph: &Graph| {
            let found = graph.nodes().find(&source)?;
            let values = match found {
                Some(source) => distances(graph, source, direction),
                // Nothing can be reached from what is not there.
                None => vec![None; graph.nodes().len()],
            };
            Ok(Arc::new(Int64Array::from(values)) as ArrayRef)
        };
        Bound::boxed(
            nodes,
            Field::new("distance", DataType::Int64, true),
            compute,
        )
    }
}

/// `pagerank((a, b))`.
#[derive(Debug)]
pub(crate) struct PageRank;

impl TableFunction for PageRank {
    fn describe(&self) -> Description {
        let default = |value: f64| Arc::new(Float64Array::from(vec![value])) as ArrayRef;
        let damping = Parameter::new(
            "damping",
            &[DataType::Float64],
            "The probability to follow an edge, from 0 to 1.",
        );
        let iterations = Parameter::new(
            "iterations",
            &[DataType::Int64],
            "How often ranks are handed on, at most 1000.",
        );
        Description::new(
            "pagerank",
            "The PageRank of each node (Page, Brin, Motwani and Winograd 1999, as LDBC Graphalytics \
             defines it): the ranks sum up to 1, and what nodes without a way out have is shared by all.",
        )
        .relation("edges", Feed::Build, EDGES)
        .parameter(damping.default(default(0.85)).constant())
        .parameter(iterations.default(Arc::new(Int64Array::from(vec![20]))).constant())
        .parameter(directed())
        .example(
            "SELECT node, round(rank, 4) FROM graph.pagerank((SELECT * FROM (VALUES (1, 2), (2, 1)) AS t(a, b))) ORDER BY node",
            "1,0.5\n2,0.5",
        )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let nodes = node_type(relations)?;
        let damping = constant(signature, 0)?
            .as_primitive::<Float64Type>()
            .value(0);
        let iterations = constant(signature, 1)?.as_primitive::<Int64Type>().value(0);
        let direction = Direction::new(truth(signature, 2)?);
        if !(0.0..=1.0).contains(&damping) {
            return Err(Error::invalid_config(format!(
                "expected a damping from 0 to 1, found {damping}"
            )));
        }
        let count = usize::try_from(iterations)
            .ok()
            .filter(|count| *count <= 1_000);
        let count = count.ok_or_else(|| {
            Error::invalid_config(format!("expected 0 to 1000 iterations, found {iterations}"))
        })?;
        let compute = move |graph: &Graph| {
            let ranks = pagerank(graph, damping, count, direction);
            Ok(Arc::new(Float64Array::from(ranks)) as ArrayRef)
        };
        Bound::boxed(nodes, Field::new("rank", DataType::Float64, false), compute)
    }
}

fn directed() -> Parameter {
    Parameter::new(
        "directed",
        &[DataType::Boolean],
        "Whether edges lead from the first column to the second only.",
    )
    .default(Arc::new(BooleanArray::from(vec![true])))
    .constant()
}

/// A constant argument that is not null.
fn constant(signature: &Signature, argument: usize) -> Result<ArrayRef> {
    let value = signature.constants.get(argument).cloned().flatten();
    let value = value.filter(|value| !value.is_empty() && value.is_valid(0));
    value.ok_or_else(|| {
        Error::invalid_config(format!(
            "expected a value for argument {}, found null",
            argument + 1
        ))
    })
}

fn truth(signature: &Signature, argument: usize) -> Result<bool> {
    constant(signature, argument).map(|value| value.as_boolean().value(0))
}

/// The type of the nodes of the one relation.
fn node_type(relations: &[SchemaRef]) -> Result<DataType> {
    let columns = relations.first().map_or(0, |edges| edges.fields().len());
    if columns < 2 {
        return Err(Error::unsupported(format!(
            "expected a relation of at least two columns, found {columns}"
        )));
    }
    let [from, to] = [0, 1].map(|column| relations[0].field(column).data_type().clone());
    if from != to {
        return Err(Error::unsupported(format!(
            "expected two columns of the same type, found {from} and {to}; hint: CAST(... AS TEXT)"
        )));
    }
    Edges::new(&from).map(|_| from)
}

/// The values at the given positions.
fn take(values: &ArrayRef, positions: &UInt32Array) -> Result<ArrayRef> {
    let data = values.to_data();
    let mut taken =
        arrow_data::transform::MutableArrayData::new(vec![&data], false, positions.len());
    for &position in positions.values() {
        taken.try_extend(0, position as usize, position as usize + 1)?;
    }
    Ok(arrow_array::make_array(taken.freeze()))
}

/// A bound function: nodes and a value for each.
struct Bound {
    nodes: DataType,
    output: SchemaRef,
    compute: Compute,
}

impl Bound {
    fn boxed(
        nodes: DataType,
        value: Field,
        compute: impl Fn(&Graph) -> Result<ArrayRef> + 'static,
    ) -> Result<Box<dyn BoundTable>> {
        let node = Field::new("node", nodes.clone(), false);
        Ok(Box::new(Self {
            nodes,
            output: Arc::new(Schema::new(vec![node, value])),
            compute: Arc::new(compute),
        }))
    }
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
            edges: Some(Edges::new(&self.nodes)?),
            output: Arc::clone(&self.output),
            compute: Arc::clone(&self.compute),
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
        let graph = edges
            .ok_or_else(|| Error::internal("edges end twice"))?
            .into_graph();
        let values = (self.compute)(&graph)?;
        let columns = vec![graph.nodes().column(), values];
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
