//! Against the exact answers of LDBC Graphalytics, where its example graphs are there, and against
//! hand-made graphs.

use crate::graph::{Direction, Graph};
use crate::{call, components, distances, pagerank};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
};
use sextant_plugin_sdk::TableFunction;
use sextant_plugin_sdk::testing::call_table;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// An LDBC file of nodes and values; none, said out loud, where the files are not there.
fn ldbc(name: &str) -> Option<BTreeMap<i64, f64>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/graphs/example");
    let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
        #[expect(
            clippy::print_stderr,
            reason = "a test that is skipped says so out loud"
        )]
        {
            eprintln!("SKIPPED: {} is not there", folder.join(name).display());
        }
        return None;
    };
    let row = |line: &str| {
        let (node, value) = line.split_once(' ').expect("node and value");
        (
            node.parse().expect("a node"),
            value.parse().expect("a value"),
        )
    };
    Some(text.lines().map(row).collect())
}

fn edges(name: &str) -> Option<Vec<(i64, i64)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/graphs/example");
    let text = std::fs::read_to_string(folder.join(name)).ok()?;
    let edge = |line: &str| {
        let mut parts = line
            .split(' ')
            .map(|part| part.parse::<f64>().expect("a number") as i64);
        (
            parts.next().expect("an end"),
            parts.next().expect("another"),
        )
    };
    Some(text.lines().map(edge).collect())
}

#[test]
fn ldbc_examples_have_their_exact_answers() {
    for (name, direction, source) in [
        ("example-directed", Direction::Directed, 1),
        ("example-undirected", Direction::Undirected, 2),
    ] {
        let Some(ranks) = ldbc(&format!("{name}-PR")) else {
            return;
        };
        let edges = edges(&format!("{name}.e")).expect("it is beside the answers");
        let graph = Graph::from_pairs(&edges);
        let nodes: Vec<_> = ranks.keys().copied().collect();
        assert_eq!(
            graph.nodes().column().as_primitive::<Int64Type>().values(),
            &nodes[..]
        );

        // The example's parameters: damping 0.85, 2 iterations.
        let found = pagerank(&graph, 0.85, 2, direction);
        for (found, (node, rank)) in found.iter().zip(&ranks) {
            assert!(
                (found - rank).abs() < 1e-12,
                "{name}: node {node}: {found} and {rank}"
            );
        }

        let number = nodes
            .iter()
            .position(|node| *node == source)
            .expect("it is there");
        let found = distances(&graph, number as u32, direction);
        for (found, (node, distance)) in found
            .iter()
            .zip(ldbc(&format!("{name}-BFS")).expect("there"))
        {
            let due = (distance < 1e18).then_some(distance as i64);
            assert_eq!(*found, due, "{name}: node {node}");
        }

        let found = components(&graph);
        let due = ldbc(&format!("{name}-WCC")).expect("there");
        for (found, (node, component)) in found.iter().zip(due) {
            assert_eq!(
                nodes[*found as usize], component as i64,
                "{name}: node {node}"
            );
        }
    }
}

fn pairs(a: ArrayRef, b: ArrayRef) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([("a", a, true), ("b", b, true)])
        .expect("equal lengths")
}

fn run(function: &dyn TableFunction, batch: RecordBatch, constants: Vec<ArrayRef>) -> Vec<String> {
    let results = call_table(function, vec![batch], constants).expect("it runs");
    let mut rows = Vec::new();
    for batch in results {
        for row in 0..batch.num_rows() {
            let cells = batch
                .columns()
                .iter()
                .map(|column| match column.data_type() {
                    _ if column.is_null(row) => "null".to_owned(),
                    arrow_schema::DataType::Int64 => {
                        column.as_primitive::<Int64Type>().value(row).to_string()
                    }
                    arrow_schema::DataType::Float64 => {
                        column.as_primitive::<Float64Type>().value(row).to_string()
                    }
                    _ => column.as_string::<i32>().value(row).to_owned(),
                });
            rows.push(cells.collect::<Vec<_>>().join(" "));
        }
    }
    rows
}

#[test]
fn a_row_with_a_null_end_names_a_node_without_an_edge() {
    let a: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), None, Some("y")]));
    let b: ArrayRef = Arc::new(StringArray::from(vec![Some("z"), Some("x"), None]));
    assert_eq!(
        run(&call::Components, pairs(a, b), vec![]),
        ["x x", "y y", "z x"]
    );
    let none: ArrayRef = Arc::new(Int64Array::from(Vec::<i64>::new()));
    let empty = pairs(Arc::clone(&none), none);
    assert!(run(&call::Components, empty.clone(), vec![]).is_empty());
    let constants: Vec<ArrayRef> = vec![
        Arc::new(Float64Array::from(vec![0.85])),
        Arc::new(Int64Array::from(vec![20])),
        Arc::new(BooleanArray::from(vec![true])),
    ];
    assert!(run(&call::PageRank, empty, constants).is_empty());
}

#[test]
fn the_order_of_edges_changes_nothing() {
    let mut edges: Vec<(i64, i64)> = (0..500)
        .map(|i| (i * 7919 % 101, i * 104_729 % 97))
        .collect();
    let first = Graph::from_pairs(&edges);
    edges.reverse();
    edges.rotate_left(123);
    let second = Graph::from_pairs(&edges);
    for direction in [Direction::Directed, Direction::Undirected] {
        assert_eq!(
            pagerank(&first, 0.85, 30, direction),
            pagerank(&second, 0.85, 30, direction)
        );
        assert_eq!(
            distances(&first, 0, direction),
            distances(&second, 0, direction)
        );
    }
    assert_eq!(components(&first), components(&second));
    let sum: f64 = pagerank(&first, 0.85, 30, Direction::Directed).iter().sum();
    assert!((sum - 1.0).abs() < 1e-12);
}

/// Dense numbers are numbered by a table and others by a hash map; both find the same graph.
#[test]
fn numbers_far_apart_are_nodes_like_others() {
    let edges: Vec<(i64, i64)> = (0..500)
        .map(|i| (i * 7919 % 101, i * 104_729 % 97))
        .collect();
    let far: Vec<_> = edges.iter().map(|(a, b)| (a << 40, b << 40)).collect();
    let (near, far) = (Graph::from_pairs(&edges), Graph::from_pairs(&far));
    let direction = Direction::Directed;
    assert_eq!(
        pagerank(&near, 0.85, 9, direction),
        pagerank(&far, 0.85, 9, direction)
    );
    assert_eq!(components(&near), components(&far));
    let ends = Graph::from_pairs(&[(i64::MIN, i64::MAX), (i64::MAX, 0)]);
    let nodes = ends.nodes().column();
    assert_eq!(
        nodes.as_primitive::<Int64Type>().values(),
        &[i64::MIN, 0, i64::MAX]
    );
}
