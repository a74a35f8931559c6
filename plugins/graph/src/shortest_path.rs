//! The shortest path between two nodes.

use crate::arcs::{Arcs, Parallel};
use crate::arguments::{Given, directed, node};
use crate::call::{Function, Plan};
use crate::graph::{Direction, Graph};
use crate::path::{self, Finder, Path};
use crate::weights::Weights;
use sextant_plugin_sdk::Result;

/// The shortest path between two nodes; of several, the one whose nodes come first in their order;
/// none where no way leads (Dijkstra, "A Note on Two Problems in Connexion with Graphs", 1959).
/// Weights are lengths: not negative.
pub fn shortest_path(
    graph: &Graph,
    source: u32,
    target: u32,
    direction: Direction,
) -> Option<Path> {
    let back = Arcs::back(graph, direction, Parallel::Least);
    let nodes = Finder::new(&back).find(source, target, &[])?;
    Some(Path::along(&back, nodes))
}

/// `shortest_path((a, b, weight), source, target)`.
pub(crate) fn function() -> Function {
    Function::new(
        "shortest_path",
        "The shortest path between two nodes (Dijkstra 1959): a row for each node with the step from 0, \
         the weight of the edge that leads to it, null at the source, and what it costs to reach it. Of \
         several shortest paths it is the one whose nodes come first; no rows where no way leads or an \
         end is in no edge. A column `weight` gives lengths, otherwise each edge is 1 long: a negative \
         one is an error. Of edges with the same ends the shortest counts.",
        vec![
            node("source", "The node to start from."),
            node("target", "The node to end at."),
            directed(),
        ],
        plan,
    )
    .example(
        "SELECT * FROM graph.shortest_path((SELECT * FROM (VALUES ('a', 'b', 1.0), ('b', 'c', 1.5), ('a', 'c', 4.0)) AS t(a, b, weight)), 'a', 'c') ORDER BY step",
        "0,a,,0.0\n1,b,1.0,1.0\n2,c,1.5,2.5",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let (source, target) = (given.node("source")?, given.node("target")?);
    let direction = given.direction()?;
    let compute = move |graph: &Graph| {
        let ends = graph.nodes().find(&source).zip(graph.nodes().find(&target));
        let path = ends.and_then(|(from, to)| shortest_path(graph, from, to, direction));
        // There is but one, which needs no number.
        path::columns(graph, path.as_slice()).split_off(1)
    };
    Ok(Plan::rows(path::fields(given).split_off(1), compute).weighted(Weights::NotNegative))
}
