//! The simple graph: no loops, and at most one arc from a node to another, with a weight.

use crate::graph::{Direction, Graph, counts};

/// What an arc weighs that several edges make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parallel {
    /// As much as the lightest: weights are lengths.
    Least,
    /// As much as all together: weights are strengths.
    Sum,
}

/// Arcs by the node that they lead from, in the order of the nodes that they lead to.
#[derive(Clone, Debug)]
pub(crate) struct Arcs {
    starts: Vec<u32>,
    heads: Vec<u32>,
    weights: Vec<f64>,
}

impl Arcs {
    /// The arcs of a graph.
    pub(crate) fn of(graph: &Graph, direction: Direction, parallel: Parallel) -> Self {
        let nodes = graph.nodes().len();
        Self::new(nodes, graph.weighted_edges(), direction, parallel)
    }

    /// The arcs of a graph, turned round.
    pub(crate) fn back(graph: &Graph, direction: Direction, parallel: Parallel) -> Self {
        let edges = graph.weighted_edges();
        let turned = edges.map(|(from, to, weight)| (to, from, weight));
        Self::new(graph.nodes().len(), turned, direction, parallel)
    }

    /// The arcs that edges between so many nodes make.
    pub(crate) fn new(
        nodes: usize,
        edges: impl Iterator<Item = (u32, u32, f64)> + Clone,
        direction: Direction,
        parallel: Parallel,
    ) -> Self {
        let both = direction == Direction::Undirected;
        let edges = edges.filter(|(from, to, _)| from != to);
        let arcs = edges.flat_map(move |(from, to, weight)| {
            let back = both.then_some((to, from, weight));
            std::iter::once((from, to, weight)).chain(back)
        });
        let starts = counts(nodes, arcs.clone().map(|(from, _, _)| from));
        let mut next = starts.clone();
        let mut own = vec![(0, 0.0); starts[nodes] as usize];
        for (from, to, weight) in arcs {
            let slot = &mut next[from as usize];
            own[*slot as usize] = (to, weight);
            *slot += 1;
        }
        Self::merge(&starts, own, parallel)
    }

    /// One arc of those that lead to the same node.
    fn merge(starts: &[u32], mut own: Vec<(u32, f64)>, parallel: Parallel) -> Self {
        let mut arcs = Self {
            starts: Vec::with_capacity(starts.len()),
            heads: Vec::with_capacity(own.len()),
            weights: Vec::with_capacity(own.len()),
        };
        arcs.starts.push(0);
        for bounds in starts.windows(2) {
            let own = &mut own[bounds[0] as usize..bounds[1] as usize];
            // By their weights too, so that a sum is the same whatever order edges came in.
            own.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            for same in own.chunk_by(|a, b| a.0 == b.0) {
                arcs.heads.push(same[0].0);
                arcs.weights.push(match parallel {
                    Parallel::Least => same[0].1,
                    Parallel::Sum => same.iter().fold(0.0, |sum, arc| sum + arc.1),
                });
            }
            arcs.starts.push(arcs.heads.len() as u32);
        }
        arcs
    }

    /// How many nodes there are.
    pub(crate) fn nodes(&self) -> usize {
        self.starts.len() - 1
    }

    fn range(&self, node: u32) -> std::ops::Range<usize> {
        self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize
    }

    /// The nodes that arcs of a node lead to.
    #[inline]
    pub(crate) fn heads(&self, node: u32) -> &[u32] {
        &self.heads[self.range(node)]
    }

    /// The arcs of a node: where they lead and what they weigh.
    #[inline]
    pub(crate) fn of_node(&self, node: u32) -> impl Iterator<Item = (u32, f64)> + Clone {
        let weights = &self.weights[self.range(node)];
        self.heads(node)
            .iter()
            .copied()
            .zip(weights.iter().copied())
    }

    /// The weight of an arc; none where there is none.
    pub(crate) fn weight(&self, from: u32, to: u32) -> Option<f64> {
        let place = self.heads(from).binary_search(&to).ok()?;
        Some(self.weights[self.range(from)][place])
    }

    /// Every arc.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u32, f64)> + Clone {
        (0..self.nodes() as u32).flat_map(move |from| {
            let arcs = self.of_node(from);
            arcs.map(move |(to, weight)| (from, to, weight))
        })
    }
}
