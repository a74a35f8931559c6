//! Connected components, whatever the direction of edges.

use crate::graph::Graph;

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
