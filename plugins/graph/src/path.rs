//! Paths between two nodes: what one is, how the shortest is found where some ways are closed, and how
//! it becomes rows.

use crate::arcs::Arcs;
use crate::arguments::Given;
use crate::call::column;
use crate::graph::Graph;
use arrow_array::{ArrayRef, Float64Array, Int64Array};
use arrow_schema::{DataType, Field};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A way from one node to another that meets no node twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The nodes, from the first to the last.
    pub nodes: Vec<u32>,
    /// The weights of the edges between them: one less.
    pub weights: Vec<f64>,
}

impl Path {
    /// The path over nodes, along arcs that are turned round.
    pub(crate) fn along(back: &Arcs, nodes: Vec<u32>) -> Self {
        let weights = nodes.windows(2).map(|pair| {
            let weight = back.weight(pair[1], pair[0]);
            weight.expect("a path follows arcs")
        });
        let weights = weights.collect();
        Self { nodes, weights }
    }

    /// What it costs to reach each node: the sum of the weights up to there.
    pub fn costs(&self) -> impl Iterator<Item = f64> {
        let sums = self.weights.iter().scan(0.0_f64, |sum, weight| {
            *sum += *weight;
            Some(*sum)
        });
        std::iter::once(0.0).chain(sums)
    }

    /// What it costs as a whole.
    pub fn cost(&self) -> f64 {
        self.weights.iter().fold(0.0, |sum, weight| sum + weight)
    }
}

/// The fields of what [`columns`] gives.
pub(crate) fn fields(given: &Given<'_>) -> Vec<Field> {
    vec![
        Field::new("path", DataType::Int64, false),
        Field::new("step", DataType::Int64, false),
        given.node_field("node"),
        Field::new("weight", DataType::Float64, true),
        Field::new("cost", DataType::Float64, false),
    ]
}

/// A row for each node of each path: the number of the path from 1, the step from 0, the node, the
/// weight of the edge that leads to it, and what it costs to reach it.
pub(crate) fn columns(graph: &Graph, paths: &[Path]) -> Vec<ArrayRef> {
    let numbers = (1_i64..)
        .zip(paths)
        .flat_map(|(number, path)| path.nodes.iter().map(move |_| number));
    let steps = paths.iter().flat_map(|path| 0..path.nodes.len() as i64);
    let nodes = paths.iter().flat_map(|path| path.nodes.iter().copied());
    let weights = paths.iter().flat_map(|path| {
        let weights = path.weights.iter().copied().map(Some);
        std::iter::once(None).chain(weights)
    });
    vec![
        column(Int64Array::from_iter_values(numbers)),
        column(Int64Array::from_iter_values(steps)),
        graph.nodes().select(nodes),
        column(weights.collect::<Float64Array>()),
        column(Float64Array::from_iter_values(
            paths.iter().flat_map(Path::costs),
        )),
    ]
}

/// Finds shortest paths (Dijkstra, "A Note on Two Problems in Connexion with Graphs", 1959), one after
/// the other, without making its arrays anew.
///
/// It searches from the end, so that of several shortest paths the one is found whose nodes come
/// first in their order, from the start on.
#[derive(Debug)]
pub(crate) struct Finder<'a> {
    /// The arcs, turned round; their weights are lengths, not negative.
    back: &'a Arcs,
    /// What it costs to get from each node to the end, as far as is known.
    costs: Vec<f64>,
    /// The node that is next on the way to the end.
    next: Vec<u32>,
    settled: Vec<bool>,
    blocked: Vec<bool>,
    /// The nodes that are to be forgotten after a search.
    touched: Vec<u32>,
    /// Costs as bits, which are in the order of the numbers while those are not negative.
    queue: BinaryHeap<Reverse<(u64, u32)>>,
}

impl<'a> Finder<'a> {
    /// A finder along arcs that are turned round.
    pub(crate) fn new(back: &'a Arcs) -> Self {
        let nodes = back.nodes();
        Self {
            back,
            costs: vec![f64::INFINITY; nodes],
            next: vec![u32::MAX; nodes],
            settled: vec![false; nodes],
            blocked: vec![false; nodes],
            touched: Vec::new(),
            queue: BinaryHeap::new(),
        }
    }

    /// Closes nodes to all paths, or opens them again.
    pub(crate) fn block(&mut self, nodes: &[u32], blocked: bool) {
        for &node in nodes {
            self.blocked[node as usize] = blocked;
        }
    }

    /// The nodes of the shortest path between two nodes that does not go from the source straight to
    /// one of those given; none where there is no such path.
    pub(crate) fn find(&mut self, source: u32, target: u32, closed: &[u32]) -> Option<Vec<u32>> {
        let back = self.back;
        self.reach(target, 0.0, target);
        while let Some(Reverse((_, node))) = self.queue.pop() {
            if std::mem::replace(&mut self.settled[node as usize], true) {
                continue;
            }
            if node == source {
                break;
            }
            let cost = self.costs[node as usize];
            for (before, weight) in back.of_node(node) {
                let is_open = !self.settled[before as usize] && !self.blocked[before as usize];
                if is_open && !(before == source && closed.contains(&node)) {
                    self.reach(before, cost + weight, node);
                }
            }
        }
        let found = self.settled[source as usize].then(|| self.walk(source, target));
        self.forget();
        found
    }

    /// Notes a way from a node to the end. Of two that cost the same, that over the first node counts.
    fn reach(&mut self, node: u32, cost: f64, next: u32) {
        let place = node as usize;
        let known = self.costs[place];
        if cost < known {
            if known == f64::INFINITY {
                self.touched.push(node);
            }
            self.costs[place] = cost;
            self.next[place] = next;
            self.queue.push(Reverse((cost.to_bits(), node)));
        } else if cost == known && next < self.next[place] {
            self.next[place] = next;
        }
    }

    fn walk(&self, source: u32, target: u32) -> Vec<u32> {
        let mut nodes = vec![source];
        let mut node = source;
        while node != target {
            node = self.next[node as usize];
            nodes.push(node);
        }
        nodes
    }

    fn forget(&mut self) {
        for node in self.touched.drain(..) {
            let place = node as usize;
            self.costs[place] = f64::INFINITY;
            self.next[place] = u32::MAX;
            self.settled[place] = false;
        }
        self.queue.clear();
    }
}
