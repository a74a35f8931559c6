//! Distances in edges.

use crate::graph::{Direction, Graph};

/// How many edges lead from a node to each other; none where no way does: breadth-first search
/// (Moore, "The Shortest Path through a Maze", 1959).
pub fn distances(graph: &Graph, source: u32, direction: Direction) -> Vec<Option<i64>> {
    let neighbours = graph.neighbours(direction);
    let mut distances = vec![None; graph.nodes().len()];
    distances[source as usize] = Some(0);
    let (mut frontier, mut distance) = (vec![source], 0);
    while !frontier.is_empty() {
        distance += 1;
        let mut next = Vec::new();
        for node in frontier {
            for &neighbour in neighbours.of_node(node) {
                let known = &mut distances[neighbour as usize];
                if known.is_none() {
                    *known = Some(distance);
                    next.push(neighbour);
                }
            }
        }
        frontier = next;
    }
    distances
}
