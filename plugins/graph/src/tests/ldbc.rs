//! The example graphs of LDBC Graphalytics with its exact answers to six algorithms. Its parameters:
//! the sources below, damping 0.85, and 2 iterations of PageRank and of CDLP.

use crate::graph::{Direction, Graph};
use crate::{
    components, distances, label_propagation, local_clustering, pagerank, weighted_distances,
};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const EXAMPLES: [(&str, Direction, i64); 2] = [
    ("example-directed", Direction::Directed, 1),
    ("example-undirected", Direction::Undirected, 2),
];

fn file(name: &str) -> PathBuf {
    let folder = "../../../shared/data/graphs/example";
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .join(name)
}

/// A graph and its nodes; none, said out loud, where the files are not there.
fn graph(name: &str) -> Option<(Graph, Vec<i64>)> {
    let path = file(&format!("{name}.e"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        #[expect(
            clippy::print_stderr,
            reason = "a test that is skipped says so out loud"
        )]
        {
            eprintln!("SKIPPED: {} is not there", path.display());
        }
        return None;
    };
    let (mut edges, mut weights) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let parts: Vec<_> = line.split(' ').collect();
        let end = |part: usize| parts[part].parse::<i64>().expect("a node");
        edges.push((end(0), end(1)));
        weights.push(parts[2].parse::<f64>().expect("a weight"));
    }
    let graph = Graph::from_pairs(&edges).with_weights(weights);
    let nodes = graph.nodes().column();
    let nodes = nodes.as_primitive::<Int64Type>().values().to_vec();
    Some((graph, nodes))
}

/// The answer for each node, in their order.
fn answers(name: &str, nodes: &[i64]) -> Vec<f64> {
    let text = std::fs::read_to_string(file(name)).expect("it is beside the graph");
    let row = |line: &str| -> (i64, f64) {
        let (node, value) = line.split_once(' ').expect("node and value");
        let node = node.parse().expect("a node");
        (node, value.parse().expect("a value"))
    };
    let answers: BTreeMap<_, _> = text.lines().map(row).collect();
    assert!(answers.keys().eq(nodes), "{name}: it has other nodes");
    answers.into_values().collect()
}

fn assert_exact(name: &str, nodes: &[i64], found: &[f64]) {
    for ((node, due), found) in nodes.iter().zip(answers(name, nodes)).zip(found) {
        let is_exact = *found == due || (found - due).abs() < 1e-12;
        assert!(is_exact, "{name}: node {node}: {found} and {due}");
    }
}

#[test]
fn breadth_first_search_and_shortest_paths() {
    for (name, direction, source) in EXAMPLES {
        let Some((graph, nodes)) = graph(name) else {
            return;
        };
        let source = nodes.binary_search(&source).expect("it is there") as u32;
        let found = distances(&graph, source, direction).into_iter();
        // What is not reached has the greatest number there is.
        let found: Vec<_> = found.map(|d| d.unwrap_or(i64::MAX) as f64).collect();
        assert_exact(&format!("{name}-BFS"), &nodes, &found);
        let found = weighted_distances(&graph, source, direction).into_iter();
        let found: Vec<_> = found.map(|d| d.unwrap_or(f64::INFINITY)).collect();
        assert_exact(&format!("{name}-SSSP"), &nodes, &found);
    }
}

#[test]
fn page_rank_and_local_clustering() {
    for (name, direction, _) in EXAMPLES {
        let Some((graph, nodes)) = graph(name) else {
            return;
        };
        let found = pagerank(&graph, 0.85, 2, direction);
        assert_exact(&format!("{name}-PR"), &nodes, &found);
        let found = local_clustering(&graph, direction);
        assert_exact(&format!("{name}-LCC"), &nodes, &found);
    }
}

#[test]
fn components_and_label_propagation() {
    for (name, _, _) in EXAMPLES {
        let Some((graph, nodes)) = graph(name) else {
            return;
        };
        let named = |groups: Vec<u32>| -> Vec<f64> {
            let names = groups.iter().map(|&group| nodes[group as usize] as f64);
            names.collect()
        };
        assert_exact(&format!("{name}-WCC"), &nodes, &named(components(&graph)));
        let found = named(label_propagation(&graph, 2));
        assert_exact(&format!("{name}-CDLP"), &nodes, &found);
    }
}
