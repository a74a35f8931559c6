//! Distances in edges.

use crate::arguments::{Given, directed, node};
use crate::call::{Function, Plan, column};
use crate::graph::{Direction, Graph, Neighbours};
use arrow_array::Int64Array;
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::Result;

/// How many edges lead from a node to each other; none where no way does: breadth-first search
/// (Moore, "The Shortest Path through a Maze", 1959).
pub fn distances(graph: &Graph, source: u32, direction: Direction) -> Vec<Option<i64>> {
    hops(&graph.neighbours(direction), [source], i64::MAX)
}

/// How many edges lead to each node from the nearest of several; none where more than so many would.
pub(crate) fn hops(
    neighbours: &Neighbours,
    sources: impl IntoIterator<Item = u32>,
    most: i64,
) -> Vec<Option<i64>> {
    let mut distances = vec![None; neighbours.nodes()];
    let mut frontier: Vec<_> = sources.into_iter().collect();
    for &source in &frontier {
        distances[source as usize] = Some(0);
    }
    let mut distance = 0;
    while !frontier.is_empty() && distance < most {
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

/// `distances((a, b), source)`.
pub(crate) fn function() -> Function {
    Function::new(
        "distances",
        "How many edges lead from the source to each node; null where no way does, and everywhere \
         where the source is in no edge (breadth-first search, Moore 1959). Weights are ignored.",
        vec![node("source", "The node to start from."), directed()],
        plan,
    )
    .example(
        "SELECT * FROM graph.distances((SELECT * FROM (VALUES (1, 2), (2, 3), (4, 3)) AS t(a, b)), 1) ORDER BY node",
        "1,0\n2,1\n3,2\n4,",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let source = given.node("source")?;
    let direction = given.direction()?;
    let field = Field::new("distance", DataType::Int64, true);
    Ok(Plan::per_node(given, vec![field], move |graph| {
        let values = match graph.nodes().find(&source) {
            Some(source) => distances(graph, source, direction),
            // Nothing can be reached from what is not there.
            None => vec![None; graph.nodes().len()],
        };
        vec![column(Int64Array::from(values))]
    }))
}
