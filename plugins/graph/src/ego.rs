//! The network around nodes: what a chart of links shows.

use crate::arguments::{Given, directed, node, whole};
use crate::call::{Function, Plan, column};
use crate::distances::hops;
use crate::graph::{Direction, Graph};
use crate::weights::Weights;
use arrow_array::{Float64Array, Int64Array};
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::Result;

/// An edge of the network around nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EgoEdge {
    /// The node that the edge leads from, and how many edges lead to that from the nearest centre.
    pub source: (u32, i64),
    /// The same for the node that it leads to.
    pub target: (u32, i64),
    /// The weight of the edge.
    pub weight: f64,
}

/// The edges between the nodes that at most so many edges lead to from the nearest of the centres
/// (the neighbourhood subgraph; Everett and Borgatti, "Ego Network Betweenness", Social Networks 27,
/// 2005, for one edge), by their ends and then by their weights. Each edge is as it was given: loops
/// and edges with the same ends are all there.
pub fn ego(graph: &Graph, centers: &[u32], most: i64, direction: Direction) -> Vec<EgoEdge> {
    let near = hops(&graph.neighbours(direction), centers.iter().copied(), most);
    let is_near = |node: u32| near[node as usize].is_some();
    let edges = graph.sorted_edges(|from, to| is_near(from) && is_near(to));
    let edges = edges.filter_map(|(from, to, weight)| {
        Some(EgoEdge {
            source: (from, near[from as usize]?),
            target: (to, near[to as usize]?),
            weight,
        })
    });
    edges.collect()
}

/// `ego((a, b, weight), center, hops)`.
pub(crate) fn function() -> Function {
    Function::new(
        "ego",
        "The edges between the nodes that lie within so many hops of a centre, or of the nearest of \
         several, with the hops of both ends (Everett and Borgatti 2005). Each edge is as it was given, \
         loops and repetitions too, so that the result is itself a relation of edges. No rows where no \
         centre is in an edge. Weights may be negative.",
        vec![
            node("center", "A node, or a list of nodes such as ['a', 'b']."),
            whole(
                "hops",
                Some(1),
                "How many edges may lead from the centre to a node, from 0 to 1000.",
            ),
            directed(),
        ],
        plan,
    )
    .example(
        "SELECT * FROM graph.ego((SELECT * FROM (VALUES ('a', 'b'), ('b', 'c'), ('c', 'a'), ('c', 'd')) AS t(a, b)), 'a', hops => 1, directed => false) ORDER BY source, target",
        "a,b,1.0,0,1\nb,c,1.0,1,1\nc,a,1.0,1,0",
    )
    .example(
        "SELECT source, target FROM graph.ego((SELECT * FROM (VALUES (1, 2), (2, 3), (4, 5), (6, 7)) AS t(a, b)), [1, 4]) ORDER BY source, target",
        "1,2\n4,5",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let centers = given.nodes("center")?;
    let most = given.whole("hops", 0..=1_000)? as i64;
    let direction = given.direction()?;
    let fields = vec![
        given.node_field("source"),
        given.node_field("target"),
        Field::new("weight", DataType::Float64, false),
        Field::new("source_hop", DataType::Int64, false),
        Field::new("target_hop", DataType::Int64, false),
    ];
    let compute = move |graph: &Graph| {
        let centers: Vec<u32> = graph
            .nodes()
            .find_all(&centers)
            .into_iter()
            .flatten()
            .collect();
        let edges = ego(graph, &centers, most, direction);
        let hop =
            |end: fn(&EgoEdge) -> i64| column(Int64Array::from_iter_values(edges.iter().map(end)));
        vec![
            graph.nodes().select(edges.iter().map(|edge| edge.source.0)),
            graph.nodes().select(edges.iter().map(|edge| edge.target.0)),
            column(Float64Array::from_iter_values(
                edges.iter().map(|edge| edge.weight),
            )),
            hop(|edge| edge.source.1),
            hop(|edge| edge.target.1),
        ]
    };
    Ok(Plan::rows(fields, compute).weighted(Weights::Finite))
}
