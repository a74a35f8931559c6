//! All simple paths between two nodes up to a length: the links that connect them.

use crate::arcs::{Arcs, Parallel};
use crate::arguments::{Given, directed, node, whole};
use crate::call::{Function, Plan, column};
use crate::distances::hops;
use crate::graph::{Direction, Graph};
use crate::k_shortest_paths::loopless_paths;
use crate::path::Path;
use crate::weights::Weights;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array};
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::Result;

/// The paths between two nodes that meet no node twice and have at most so many edges, the shortest
/// first and of those of the same length the one whose nodes come first in their order; and whether
/// there are more than the limit. Their order is that of Yen's algorithm with every edge 1 long
/// ([`k_shortest_paths`](fn@crate::k_shortest_paths)), on the part of the graph that such paths can lead
/// through.
pub fn paths_between(
    graph: &Graph,
    source: u32,
    target: u32,
    most: usize,
    limit: usize,
    direction: Direction,
) -> (Vec<Path>, bool) {
    let back = Arcs::back(graph, direction, Parallel::Least);
    let from_source = hops(&graph.neighbours(direction), [source], most as i64);
    let to_target = hops(&graph.sources(direction), [target], most as i64);
    let is_between = |node: u32| {
        let ends = from_source[node as usize].zip(to_target[node as usize]);
        ends.is_some_and(|(before, after)| before + after <= most as i64)
    };
    let between = back
        .iter()
        .filter(|&(a, b, _)| is_between(a) && is_between(b));
    let between = between.map(|(a, b, _)| (a, b, 1.0));
    let between = Arcs::new(back.nodes(), between, Direction::Directed, Parallel::Least);
    // One more, to know whether there is one.
    let mut paths = loopless_paths(&between, (source, target), limit + 1, most as f64);
    let is_cut = paths.len() > limit;
    paths.truncate(limit);
    let paths = paths.into_iter();
    (
        paths.map(|nodes| Path::along(&back, nodes)).collect(),
        is_cut,
    )
}

/// `paths_between((a, b, weight), source, target)`.
pub(crate) fn function() -> Function {
    Function::new(
        "paths_between",
        "The paths between two nodes that meet no node twice and have at most so many edges, the fewest \
         edges first and then by their nodes (in the order of Yen 1971): a row for each edge with its ends \
         as the path meets them, the number of the path from 1 and the step from 1. Where `limit` \
         left paths out, `more` is true in every row. The weight is that of the lightest edge between \
         the two nodes, and decides nothing. No rows where no such path leads, an end is in no edge, or \
         both are the same.",
        vec![
            node("source", "The node to start from."),
            node("target", "The node to end at."),
            whole(
                "max_length",
                Some(4),
                "How many edges a path has at most, from 1 to 100.",
            ),
            whole("limit", Some(100), "How many paths at most, from 1 to 10000."),
            directed(),
        ],
        plan,
    )
    .example(
        "SELECT path, step, source, target, more FROM graph.paths_between((SELECT * FROM (VALUES ('a', 'b'), ('b', 'd'), ('a', 'c'), ('c', 'd'), ('a', 'd')) AS t(a, b)), 'a', 'd', limit => 2) ORDER BY path, step",
        "1,1,a,d,true\n2,1,a,b,true\n2,2,b,d,true",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let (source, target) = (given.node("source")?, given.node("target")?);
    let most = given.whole("max_length", 1..=100)?;
    let limit = given.whole("limit", 1..=10_000)?;
    let direction = given.direction()?;
    let fields = vec![
        given.node_field("source"),
        given.node_field("target"),
        Field::new("weight", DataType::Float64, false),
        Field::new("path", DataType::Int64, false),
        Field::new("step", DataType::Int64, false),
        Field::new("more", DataType::Boolean, false),
    ];
    let compute = move |graph: &Graph| {
        let ends = graph.nodes().find(&source).zip(graph.nodes().find(&target));
        let paths = ends.map(|(from, to)| paths_between(graph, from, to, most, limit, direction));
        let (paths, is_cut) = paths.unwrap_or_default();
        columns(graph, &paths, is_cut)
    };
    Ok(Plan::rows(fields, compute).weighted(Weights::Finite))
}

/// A row for each edge of each path.
fn columns(graph: &Graph, paths: &[Path], is_cut: bool) -> Vec<ArrayRef> {
    let numbers = (1_i64..)
        .zip(paths)
        .flat_map(|(number, path)| path.weights.iter().map(move |_| number));
    let steps = paths.iter().flat_map(|path| 1..=path.weights.len() as i64);
    let pairs = || paths.iter().flat_map(|path| path.nodes.windows(2));
    let weights: Vec<f64> = paths
        .iter()
        .flat_map(|path| path.weights.iter().copied())
        .collect();
    let more = BooleanArray::from(vec![is_cut; weights.len()]);
    vec![
        graph.nodes().select(pairs().map(|pair| pair[0])),
        graph.nodes().select(pairs().map(|pair| pair[1])),
        column(Float64Array::from(weights)),
        column(Int64Array::from_iter_values(numbers)),
        column(Int64Array::from_iter_values(steps)),
        column(more),
    ]
}
