//! Closeness centrality.

use crate::arcs::{Arcs, Parallel};
use crate::arguments::{Given, directed};
use crate::call::{Function, Plan, column};
use crate::graph::{Direction, Graph};
use crate::search::Search;
use crate::weights::Weights;
use arrow_array::Float64Array;
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::Result;

/// How close each node is to those that reach it (Freeman, "Centrality in Social Networks: Conceptual
/// Clarification", 1978): where `r` of the `n - 1` others reach it over a distance of `d` in all, it is
/// `r / d`, times `r / (n - 1)` so that a node in a small component does not look central (Wasserman
/// and Faust, "Social Network Analysis", 1994, section 5.2.2). It is 0 where nothing reaches it.
///
/// Weights are lengths: not negative. A search for each node, so time grows with nodes times edges.
pub fn closeness(graph: &Graph, direction: Direction) -> Vec<f64> {
    let arcs = Arcs::back(graph, direction, Parallel::Least);
    let mut search = Search::new(&arcs, graph.is_weighted());
    let others = arcs.nodes() as f64 - 1.0;
    let mut values = Vec::with_capacity(arcs.nodes());
    for node in 0..arcs.nodes() as u32 {
        search.run(node);
        let distances = search.order().iter().map(|&other| search.distance(other));
        let distance: f64 = distances.fold(0.0, |sum, distance| sum + distance);
        let reached = search.order().len() as f64 - 1.0;
        values.push(match distance > 0.0 {
            true => reached / distance * (reached / others),
            false => 0.0,
        });
    }
    values
}

/// `closeness((a, b, weight))`.
pub(crate) fn function() -> Function {
    Function::new(
        "closeness",
        "How close each node is to the nodes that reach it, from 0 to 1 where edges weigh 1: the \
         inverse of the mean distance (Freeman 1978), times the share of the others that reach it at \
         all (Wasserman and Faust 1994). A column `weight` gives lengths: a negative one is an error. \
         Of edges with the same ends the shortest counts; loops do not. Takes time for nodes times \
         edges.",
        vec![directed()],
        plan,
    )
    .example(
        "SELECT node, round(closeness, 4) FROM graph.closeness((SELECT * FROM (VALUES ('a', 'b'), ('b', 'c'), ('x', 'y')) AS t(a, b)), directed => false) ORDER BY node",
        "a,0.3333\nb,0.5\nc,0.3333\nx,0.25\ny,0.25",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let direction = given.direction()?;
    let field = Field::new("closeness", DataType::Float64, false);
    let compute =
        move |graph: &Graph| vec![column(Float64Array::from(closeness(graph, direction)))];
    Ok(Plan::per_node(given, vec![field], compute).weighted(Weights::NotNegative))
}
