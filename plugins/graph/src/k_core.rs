//! Cores: how deep a node lies among nodes that are closely tied.

use crate::arcs::{Arcs, Parallel};
use crate::arguments::Given;
use crate::call::{Function, Plan, column};
use crate::graph::{Direction, Graph, counts};
use arrow_array::Int64Array;
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::Result;

/// The core number of each node: the greatest `k` such that it is among nodes that each have `k`
/// neighbours among them (Seidman, "Network Structure and Minimum Degree", 1983), in time for edges
/// (Batagelj and Zaversnik, "An O(m) Algorithm for Cores Decomposition of Networks", 2003).
pub fn core_numbers(graph: &Graph) -> Vec<u32> {
    let arcs = Arcs::of(graph, Direction::Undirected, Parallel::Least);
    let nodes = 0..arcs.nodes() as u32;
    let mut degrees: Vec<u32> = nodes.map(|node| arcs.heads(node).len() as u32).collect();
    let most = degrees.iter().max().map_or(0, |&most| most as usize);
    // Nodes by their degrees, where each is, and where those of each degree start.
    let mut starts = counts(most + 1, degrees.iter().copied());
    let mut next = starts.clone();
    let mut order = vec![0; degrees.len()];
    let mut places = vec![0; degrees.len()];
    for (node, &degree) in degrees.iter().enumerate() {
        let place = &mut next[degree as usize];
        (order[*place as usize], places[node]) = (node as u32, *place);
        *place += 1;
    }
    for turn in 0..order.len() {
        let node = order[turn];
        for &neighbour in arcs.heads(node) {
            let degree = degrees[neighbour as usize];
            if degree <= degrees[node as usize] {
                continue;
            }
            // The neighbour loses one: it moves to the first place of its degree, which then starts
            // after it.
            let (place, first) = (places[neighbour as usize], starts[degree as usize]);
            let other = order[first as usize];
            order.swap(place as usize, first as usize);
            (places[neighbour as usize], places[other as usize]) = (first, place);
            starts[degree as usize] += 1;
            degrees[neighbour as usize] -= 1;
        }
    }
    degrees
}

/// `k_core((a, b))`.
pub(crate) fn function() -> Function {
    Function::new(
        "k_core",
        "The core number of each node: the greatest k such that it is among nodes that each have k \
         neighbours among them (Seidman 1983; Batagelj and Zaversnik 2003). The direction and the \
         weights of edges are ignored, and so are loops; edges with the same ends count once.",
        vec![],
        plan,
    )
    .example(
        "SELECT * FROM graph.k_core((SELECT * FROM (VALUES ('a', 'b'), ('b', 'c'), ('c', 'a'), ('c', 'd')) AS t(a, b))) ORDER BY node",
        "a,2\nb,2\nc,2\nd,1",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let field = Field::new("core", DataType::Int64, false);
    Ok(Plan::per_node(given, vec![field], |graph| {
        let cores = core_numbers(graph).into_iter().map(i64::from);
        vec![column(Int64Array::from_iter_values(cores))]
    }))
}
