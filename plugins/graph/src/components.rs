//! Connected components, whatever the direction of edges.

use crate::arguments::Given;
use crate::call::{Function, Plan};
use crate::graph::Graph;
use sextant_plugin_sdk::Result;

/// The component of each node, named after its first node: union-find with path halving (Tarjan and
/// van Leeuwen, "Worst-case Analysis of Set Union Algorithms", JACM 31, 1984).
pub fn components(graph: &Graph) -> Vec<u32> {
    let mut parents: Vec<u32> = (0..graph.nodes().len() as u32).collect();
    for (a, b) in graph.edges() {
        let (a, b) = (root(&mut parents, a), root(&mut parents, b));
        // The smaller root stays one, so that a component is named after its first node.
        parents[a.max(b) as usize] = a.min(b);
    }
    (0..parents.len() as u32)
        .map(|node| root(&mut parents, node))
        .collect()
}

fn root(parents: &mut [u32], mut node: u32) -> u32 {
    while parents[node as usize] != node {
        parents[node as usize] = parents[parents[node as usize] as usize];
        node = parents[node as usize];
    }
    node
}

/// `components((a, b))`.
pub(crate) fn function() -> Function {
    Function::new(
        "components",
        "The connected component of each node, named after its first node, whatever the direction \
         of edges (union-find, Tarjan and van Leeuwen 1984).",
        vec![],
        plan,
    )
    .example(
        "SELECT * FROM graph.components((SELECT * FROM (VALUES ('a', 'b'), ('c', 'b'), ('x', 'y')) AS t(a, b))) ORDER BY node",
        "a,a\nb,a\nc,a\nx,x\ny,x",
    )
    .example(
        "SELECT * FROM graph.components((SELECT a, b, CAST(d AS DATE) AS at FROM (VALUES ('a', 'b', '2024-01-31'), ('b', 'c', '2024-02-01')) AS t(a, b, d)), until => '2024-02-01') ORDER BY node",
        "a,a\nb,a",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let field = given.node_field("component");
    Ok(Plan::per_node(given, vec![field], |graph| {
        vec![graph.nodes().select(components(graph))]
    }))
}
