//! Distances in the lengths of edges.

use crate::arcs::{Arcs, Parallel};
use crate::arguments::{Given, directed, node};
use crate::call::{Function, Plan, column};
use crate::graph::{Direction, Graph};
use crate::search::Search;
use crate::weights::Weights;
use arrow_array::Float64Array;
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::Result;

/// How long the shortest way from a node to each other is; none where there is no way (Dijkstra, "A
/// Note on Two Problems in Connexion with Graphs", 1959). Weights are lengths: not negative.
pub fn weighted_distances(graph: &Graph, source: u32, direction: Direction) -> Vec<Option<f64>> {
    let arcs = Arcs::of(graph, direction, Parallel::Least);
    let mut search = Search::new(&arcs, graph.is_weighted());
    search.run(source);
    let distances = (0..arcs.nodes() as u32).map(|node| search.distance(node));
    distances
        .map(|distance| distance.is_finite().then_some(distance))
        .collect()
}

/// `weighted_distances((a, b, weight), source)`.
pub(crate) fn function() -> Function {
    Function::new(
        "weighted_distances",
        "How long the shortest way from the source to each node is, in the unit of the column \
         `weight`, or in edges where there is none; null where no way leads, and everywhere where the \
         source is in no edge (Dijkstra 1959; SSSP of LDBC Graphalytics). Weights are lengths: a \
         negative one is an error. Of edges with the same ends the shortest counts; loops do not.",
        vec![node("source", "The node to start from."), directed()],
        plan,
    )
    .example(
        "SELECT * FROM graph.weighted_distances((SELECT * FROM (VALUES (1, 2, 0.5), (2, 3, 0.5), (1, 3, 4.0), (4, 3, 1.0)) AS t(a, b, weight)), 1) ORDER BY node",
        "1,0.0\n2,0.5\n3,1.0\n4,",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let source = given.node("source")?;
    let direction = given.direction()?;
    let field = Field::new("distance", DataType::Float64, true);
    let compute = move |graph: &Graph| {
        let values = match graph.nodes().find(&source) {
            Some(source) => weighted_distances(graph, source, direction),
            // Nothing can be reached from what is not there.
            None => vec![None; graph.nodes().len()],
        };
        vec![column(Float64Array::from(values))]
    };
    Ok(Plan::per_node(given, vec![field], compute).weighted(Weights::NotNegative))
}
