//! The shortest paths between two nodes, one after the other.

use crate::arcs::{Arcs, Parallel};
use crate::arguments::{Given, directed, node, whole};
use crate::call::{Function, Plan};
use crate::graph::{Direction, Graph};
use crate::path::{self, Finder, Path};
use crate::weights::Weights;
use sextant_plugin_sdk::Result;
use std::collections::BTreeSet;

/// So many of the shortest paths between two nodes, the shortest first and of those that cost the same
/// the one whose nodes come first in their order; fewer where there are not so many (Yen, "Finding
/// the K Shortest Loopless Paths in a Network", Management Science 17, 1971). Weights are lengths: not
/// negative.
pub fn k_shortest_paths(
    graph: &Graph,
    source: u32,
    target: u32,
    count: usize,
    direction: Direction,
) -> Vec<Path> {
    let back = Arcs::back(graph, direction, Parallel::Least);
    let paths = loopless_paths(&back, (source, target), count, f64::INFINITY);
    let paths = paths.into_iter();
    paths.map(|nodes| Path::along(&back, nodes)).collect()
}

/// A path that may be the next.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// As bits, which are in the order of the numbers while those are not negative.
    cost: u64,
    nodes: Vec<u32>,
    /// Where it leaves the path that it was made from.
    spur: usize,
}

impl Candidate {
    fn new(back: &Arcs, nodes: Vec<u32>, spur: usize) -> Self {
        let path = Path::along(back, nodes);
        Self {
            cost: path.cost().to_bits(),
            nodes: path.nodes,
            spur,
        }
    }
}

/// The nodes of so many of the shortest paths, along arcs that are turned round; of those only that
/// cost no more than `cost_max`.
pub(crate) fn loopless_paths(
    back: &Arcs,
    (source, target): (u32, u32),
    count: usize,
    cost_max: f64,
) -> Vec<Vec<u32>> {
    let mut paths = LooplessPaths {
        back,
        finder: Finder::new(back),
        found: Vec::new(),
        candidates: BTreeSet::new(),
        count,
        cost_max,
    };
    if let Some(nodes) = paths.finder.find(source, target, &[]) {
        paths.offer(nodes, 0);
    }
    while let Some(Candidate { nodes, spur, .. }) = paths.candidates.pop_first() {
        paths.found.push(nodes.clone());
        if paths.found.len() == count {
            break;
        }
        paths.branch(&nodes, target, spur);
    }
    paths.found
}

/// The paths found so far, and those that may come next.
#[derive(Debug)]
struct LooplessPaths<'a> {
    back: &'a Arcs,
    finder: Finder<'a>,
    found: Vec<Vec<u32>>,
    candidates: BTreeSet<Candidate>,
    count: usize,
    cost_max: f64,
}

impl LooplessPaths<'_> {
    /// Takes the shortest path that leaves one that was found at each of its nodes, and goes on there
    /// like none that was found.
    ///
    /// Only from the place on where the path left the one that it was made from (Lawler, "A Procedure
    /// for Computing the K Best Solutions to Discrete Optimization Problems", 1972): those before came
    /// with that one.
    fn branch(&mut self, path: &[u32], target: u32, from: usize) {
        self.finder.block(&path[..from], true);
        for spur in from..path.len() - 1 {
            let root = &path[..=spur];
            let same_root = self.found.iter().filter(|other| other.starts_with(root));
            let closed: Vec<u32> = same_root.map(|other| other[spur + 1]).collect();
            if let Some(rest) = self.finder.find(path[spur], target, &closed) {
                self.offer([&path[..spur], &rest[..]].concat(), spur);
            }
            self.finder.block(&path[spur..=spur], true);
        }
        self.finder.block(path, false);
    }

    /// Takes a path that may be the next. No more are kept than are still wanted.
    fn offer(&mut self, nodes: Vec<u32>, spur: usize) {
        let candidate = Candidate::new(self.back, nodes, spur);
        if f64::from_bits(candidate.cost) <= self.cost_max {
            self.candidates.insert(candidate);
        }
        while self.candidates.len() > self.count - self.found.len() {
            self.candidates.pop_last();
        }
    }
}

/// `k_shortest_paths((a, b, weight), source, target, k)`.
pub(crate) fn function() -> Function {
    Function::new(
        "k_shortest_paths",
        "The k shortest paths between two nodes, none of which meets a node twice, the shortest first \
         (Yen 1971): a row for each node of each path with the number of the path from 1, the step from \
         0, the weight of the edge that leads to it, null at the source, and what it costs to reach it. \
         Of paths that cost the same the one comes first whose nodes do; fewer than k where there are no \
         more. A column `weight` gives lengths, otherwise each edge is 1 long: a negative one is an \
         error. Of edges with the same ends the shortest counts.",
        vec![
            node("source", "The node to start from."),
            node("target", "The node to end at."),
            whole("k", None, "How many paths, from 1 to 1000."),
            directed(),
        ],
        plan,
    )
    .example(
        "SELECT path, step, node, cost FROM graph.k_shortest_paths((SELECT * FROM (VALUES ('a', 'b', 1.0), ('b', 'c', 1.5), ('a', 'c', 4.0)) AS t(a, b, weight)), 'a', 'c', 2) ORDER BY path, step",
        "1,0,a,0.0\n1,1,b,1.0\n1,2,c,2.5\n2,0,a,0.0\n2,1,c,4.0",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let (source, target) = (given.node("source")?, given.node("target")?);
    let count = given.whole("k", 1..=1_000)?;
    let direction = given.direction()?;
    let compute = move |graph: &Graph| {
        let ends = graph.nodes().find(&source).zip(graph.nodes().find(&target));
        let paths = ends.map(|(from, to)| k_shortest_paths(graph, from, to, count, direction));
        path::columns(graph, &paths.unwrap_or_default())
    };
    Ok(Plan::rows(path::fields(given), compute).weighted(Weights::NotNegative))
}
