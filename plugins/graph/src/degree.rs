//! Degrees: how many edges a node has, and what they weigh together.

use crate::arguments::Given;
use crate::call::{Function, Plan, column};
use crate::graph::Graph;
use crate::weights::Weights;
use arrow_array::{Float64Array, Int64Array};
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::Result;

/// What the edges of each node come to. A loop is an edge in and an edge out.
#[derive(Clone, Debug, PartialEq)]
pub struct Degrees {
    /// How many edges lead to each node.
    pub incoming: Vec<i64>,
    /// How many edges lead from each node.
    pub outgoing: Vec<i64>,
    /// The sum of the weights of the edges to and from each node (Barrat, Barthélemy, Pastor-Satorras
    /// and Vespignani, "The Architecture of Complex Weighted Networks", PNAS 101, 2004).
    pub strengths: Vec<f64>,
}

/// The degrees of each node. An edge that is given twice counts twice.
pub fn degree(graph: &Graph) -> Degrees {
    let nodes = graph.nodes().len();
    let mut degrees = Degrees {
        incoming: vec![0; nodes],
        outgoing: vec![0; nodes],
        strengths: vec![0.0; nodes],
    };
    for (from, to) in graph.edges() {
        degrees.outgoing[from as usize] += 1;
        degrees.incoming[to as usize] += 1;
    }
    if graph.is_weighted() {
        for (from, to, weight) in graph.sorted_edges(|_, _| true) {
            degrees.strengths[from as usize] += weight;
            degrees.strengths[to as usize] += weight;
        }
    } else {
        for (node, strength) in degrees.strengths.iter_mut().enumerate() {
            *strength = (degrees.incoming[node] + degrees.outgoing[node]) as f64;
        }
    }
    degrees
}

/// `degree((a, b, weight))`.
pub(crate) fn function() -> Function {
    Function::new(
        "degree",
        "How many edges lead to each node, from it, and both together, and the strength: what these \
         edges weigh together, or how many they are where there is no column `weight` (Barrat, \
         Barthélemy, Pastor-Satorras and Vespignani 2004). An edge that is given twice counts twice; a \
         loop is an edge in and an edge out. Weights may be negative.",
        vec![],
        plan,
    )
    .example(
        "SELECT * FROM graph.degree((SELECT * FROM (VALUES ('a', 'b', 0.5), ('a', 'c', 2.0), ('c', 'a', 1.0)) AS t(a, b, weight))) ORDER BY node",
        "a,1,2,3,3.5\nb,1,0,1,0.5\nc,1,1,2,3.0",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let count = |name: &str| Field::new(name, DataType::Int64, false);
    let fields = vec![
        count("in_degree"),
        count("out_degree"),
        count("degree"),
        Field::new("strength", DataType::Float64, false),
    ];
    let compute = |graph: &Graph| {
        let degrees = degree(graph);
        let both = degrees.incoming.iter().zip(&degrees.outgoing);
        let both =
            Int64Array::from_iter_values(both.map(|(incoming, outgoing)| incoming + outgoing));
        vec![
            column(Int64Array::from(degrees.incoming)),
            column(Int64Array::from(degrees.outgoing)),
            column(both),
            column(Float64Array::from(degrees.strengths)),
        ]
    };
    Ok(Plan::per_node(given, fields, compute).weighted(Weights::Finite))
}
