//! Local clustering coefficients.

use crate::arcs::{Arcs, Parallel};
use crate::arguments::{Given, directed};
use crate::call::{Function, Plan, column};
use crate::graph::{Direction, Graph};
use arrow_array::Float64Array;
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::Result;

/// What share of the edges that could be between the neighbours of each node are there (Watts and
/// Strogatz, "Collective Dynamics of 'Small-World' Networks", Nature 393, 1998, as LCC of LDBC
/// Graphalytics): neighbours are those at either end of an edge, and between two of them there could
/// be an edge each way where edges are directed. It is 0 for nodes with fewer than two neighbours.
///
/// Triangles are listed from their node of the lowest degree (Chiba and Nishizeki, "Arboricity and
/// Subgraph Listing Algorithms", 1985), in time for edges to the power of 1.5.
pub fn local_clustering(graph: &Graph, direction: Direction) -> Vec<f64> {
    let pairs = pairs(graph, direction);
    let rank = |node: u32| (pairs.heads(node).len(), node);
    let upward = pairs.iter().filter(|&(a, b, _)| rank(a) < rank(b));
    let upward = Arcs::new(pairs.nodes(), upward, Direction::Directed, Parallel::Least);
    let mut edges = vec![0.0; pairs.nodes()];
    // How many edges lie between the node whose turn it is and each other.
    let mut near = vec![0.0; pairs.nodes()];
    for node in 0..pairs.nodes() as u32 {
        for (other, between) in upward.of_node(node) {
            near[other as usize] = between;
        }
        for (second, first_side) in upward.of_node(node) {
            for (third, second_side) in upward.of_node(second) {
                let third_side = near[third as usize];
                if third_side > 0.0 {
                    edges[node as usize] += second_side;
                    edges[second as usize] += third_side;
                    edges[third as usize] += first_side;
                }
            }
        }
        for &other in upward.heads(node) {
            near[other as usize] = 0.0;
        }
    }
    let nodes = 0..pairs.nodes() as u32;
    let share = |(node, edges): (u32, f64)| match pairs.heads(node).len() as f64 {
        neighbours if neighbours < 2.0 => 0.0,
        neighbours => edges / (neighbours * (neighbours - 1.0)),
    };
    nodes.zip(edges).map(share).collect()
}

/// Neighbours, and how many directed edges lie between two: one that has no direction is two.
fn pairs(graph: &Graph, direction: Direction) -> Arcs {
    let nodes = graph.nodes().len();
    let simple = Arcs::of(graph, direction, Parallel::Least);
    let once = simple.iter().map(|(from, to, _)| (from, to, 1.0));
    Arcs::new(nodes, once, Direction::Undirected, Parallel::Sum)
}

/// `local_clustering((a, b))`.
pub(crate) fn function() -> Function {
    Function::new(
        "local_clustering",
        "What share of the edges that could be between the neighbours of each node are there, from 0 to \
         1 (Watts and Strogatz 1998; LCC of LDBC Graphalytics): neighbours are those at either end of an \
         edge, and between two there could be an edge each way where edges are directed. 0 for nodes \
         with fewer than two neighbours. Weights and loops are ignored; edges with the same ends count \
         once.",
        vec![directed()],
        plan,
    )
    .example(
        "SELECT node, round(coefficient, 4) FROM graph.local_clustering((SELECT * FROM (VALUES ('a', 'b'), ('b', 'c'), ('c', 'a'), ('c', 'd')) AS t(a, b)), directed => false) ORDER BY node",
        "a,1.0\nb,1.0\nc,0.3333\nd,0.0",
    )
    .example(
        "SELECT node, round(coefficient, 4) FROM graph.local_clustering((SELECT * FROM (VALUES ('a', 'b'), ('b', 'c'), ('c', 'a'), ('c', 'd')) AS t(a, b))) ORDER BY node",
        "a,0.5\nb,0.5\nc,0.1667\nd,0.0",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let direction = given.direction()?;
    let field = Field::new("coefficient", DataType::Float64, false);
    Ok(Plan::per_node(given, vec![field], move |graph| {
        vec![column(Float64Array::from(local_clustering(
            graph, direction,
        )))]
    }))
}
