//! Betweenness centrality.

use crate::arcs::{Arcs, Parallel};
use crate::arguments::{Given, directed, truth};
use crate::call::{Function, Plan, column};
use crate::graph::{Direction, Graph};
use crate::search::Search;
use crate::weights::Weights;
use arrow_array::Float64Array;
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::Result;

/// How many shortest paths between two others lead over each node, of several between the same two
/// each as its share; divided by the number of such pairs where normalized (Brandes, "A Faster
/// Algorithm for Betweenness Centrality", Journal of Mathematical Sociology 25, 2001).
///
/// Weights are lengths: above 0. A search for each node, so time grows with nodes times edges.
pub fn betweenness(graph: &Graph, direction: Direction, normalized: bool) -> Vec<f64> {
    let arcs = Arcs::of(graph, direction, Parallel::Least);
    let nodes = arcs.nodes();
    let mut search = Search::new(&arcs, graph.is_weighted());
    let mut sums = vec![0.0; nodes];
    // How many shortest paths lead to each node, and what depends on it of those that lead on.
    let (mut paths, mut dependencies) = (vec![0.0; nodes], vec![0.0; nodes]);
    for source in 0..nodes as u32 {
        search.run(source);
        paths[source as usize] = 1.0;
        for &node in search.order() {
            for (head, weight) in arcs.of_node(node) {
                if search.leads(node, head, weight) {
                    paths[head as usize] += paths[node as usize];
                }
            }
        }
        for &node in search.order().iter().rev() {
            let mut shares = 0.0;
            for (head, weight) in arcs.of_node(node) {
                if search.leads(node, head, weight) {
                    shares += (1.0 + dependencies[head as usize]) / paths[head as usize];
                }
            }
            dependencies[node as usize] = shares * paths[node as usize];
            if node != source {
                sums[node as usize] += dependencies[node as usize];
            }
        }
        for &node in search.order() {
            paths[node as usize] = 0.0;
        }
    }
    let scale = scale(nodes as f64, direction, normalized);
    sums.iter_mut().for_each(|sum| *sum *= scale);
    sums
}

fn scale(nodes: f64, direction: Direction, normalized: bool) -> f64 {
    match direction {
        _ if normalized && nodes > 2.0 => 1.0 / ((nodes - 1.0) * (nodes - 2.0)),
        Direction::Directed => 1.0,
        // Each pair was met from both of its ends.
        Direction::Undirected => 0.5,
    }
}

/// `betweenness((a, b, weight))`.
pub(crate) fn function() -> Function {
    Function::new(
        "betweenness",
        "How much each node lies between others: the shortest paths between two others that lead over \
         it, of several between the same two each as its share (Brandes 2001). A column `weight` gives \
         lengths: one that is not above 0 is an error. Of edges with the same ends the shortest counts; \
         loops do not. Takes time for nodes times edges.",
        vec![
            truth(
                "normalized",
                "Whether to divide by the number of pairs of other nodes, which gives 0 to 1.",
            ),
            directed(),
        ],
        plan,
    )
    .example(
        "SELECT * FROM graph.betweenness((SELECT * FROM (VALUES ('a', 'b'), ('b', 'c'), ('c', 'd')) AS t(a, b)), normalized => false, directed => false) ORDER BY node",
        "a,0.0\nb,2.0\nc,2.0\nd,0.0",
    )
    .example(
        "SELECT node, round(betweenness, 4) FROM graph.betweenness((SELECT * FROM (VALUES ('a', 'b'), ('b', 'c'), ('c', 'd')) AS t(a, b)), directed => false) ORDER BY node",
        "a,0.0\nb,0.6667\nc,0.6667\nd,0.0",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let normalized = given.truth("normalized")?;
    let direction = given.direction()?;
    let field = Field::new("betweenness", DataType::Float64, false);
    let compute = move |graph: &Graph| {
        let values = betweenness(graph, direction, normalized);
        vec![column(Float64Array::from(values))]
    };
    Ok(Plan::per_node(given, vec![field], compute).weighted(Weights::Positive))
}
