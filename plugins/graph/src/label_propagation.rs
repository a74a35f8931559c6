//! Communities by the labels that spread among neighbours.

use crate::arguments::{Given, whole};
use crate::call::{Function, Plan};
use crate::graph::{Direction, Graph};
use sextant_plugin_sdk::Result;
use std::cmp::Reverse;

/// The label of each node after so many iterations, in each of which every node takes the label that
/// most of its edges lead to, in whatever direction, and of several the first; at the start each node
/// is its own label (Raghavan, Albert and Kumara, "Near Linear Time Algorithm to Detect Community
/// Structures in Large-Scale Networks", 2007, made synchronous and deterministic as CDLP of LDBC
/// Graphalytics).
pub fn label_propagation(graph: &Graph, iterations: usize) -> Vec<u32> {
    let neighbours = graph.neighbours(Direction::Undirected);
    let mut labels: Vec<u32> = (0..graph.nodes().len() as u32).collect();
    let mut counts = vec![0_u32; labels.len()];
    for _ in 0..iterations {
        let next = (0..labels.len() as u32).map(|node| {
            let others = neighbours.of_node(node).iter();
            let others = others.filter(|&&other| other != node);
            let near = others.map(|&other| labels[other as usize]);
            for label in near.clone() {
                counts[label as usize] += 1;
            }
            let most = near
                .clone()
                .max_by_key(|&label| (counts[label as usize], Reverse(label)));
            for label in near {
                counts[label as usize] = 0;
            }
            most.unwrap_or(labels[node as usize])
        });
        let next: Vec<u32> = next.collect();
        // What has not changed never will.
        if next == labels {
            break;
        }
        labels = next;
    }
    labels
}

/// `label_propagation((a, b))`.
pub(crate) fn function() -> Function {
    Function::new(
        "label_propagation",
        "The label of each node, itself a node: in each iteration every node takes the label that most of \
         its edges lead to, in whatever direction, and of several the first (Raghavan, Albert and Kumara \
         2007; CDLP of LDBC Graphalytics). An edge that is given twice counts twice; weights and loops \
         are ignored.",
        vec![whole(
            "iterations",
            Some(10),
            "How often labels are handed on, from 0 to 1000.",
        )],
        plan,
    )
    .example(
        "SELECT * FROM graph.label_propagation((SELECT * FROM (VALUES ('a', 'b'), ('b', 'c'), ('c', 'a'), ('x', 'y'), ('y', 'z'), ('z', 'x'), ('c', 'x')) AS t(a, b))) ORDER BY node",
        "a,a\nb,a\nc,a\nx,c\ny,c\nz,c",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let iterations = given.whole("iterations", 0..=1_000)?;
    let field = given.node_field("label");
    Ok(Plan::per_node(given, vec![field], move |graph| {
        vec![graph.nodes().select(label_propagation(graph, iterations))]
    }))
}
