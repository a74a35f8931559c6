//! Searches from one node: every node that can be reached, the nearest first.

use crate::arcs::Arcs;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A search that can be run from one node after another without making its arrays anew.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    arcs: &'a Arcs,
    is_weighted: bool,
    distances: Vec<f64>,
    /// The places of nodes in the order; 0 for those that were not reached.
    ranks: Vec<u32>,
    order: Vec<u32>,
    /// Distances as bits, which are in the order of the numbers while those are not negative.
    queue: BinaryHeap<Reverse<(u64, u32)>>,
}

impl<'a> Search<'a> {
    /// A search along arcs, whose weights are lengths where they count, and not negative.
    pub(crate) fn new(arcs: &'a Arcs, is_weighted: bool) -> Self {
        Self {
            arcs,
            is_weighted,
            distances: vec![f64::INFINITY; arcs.nodes()],
            ranks: vec![0; arcs.nodes()],
            order: Vec::new(),
            queue: BinaryHeap::new(),
        }
    }

    /// Searches from a node; what was found before is forgotten.
    pub(crate) fn run(&mut self, source: u32) {
        for node in self.order.drain(..) {
            self.distances[node as usize] = f64::INFINITY;
            self.ranks[node as usize] = 0;
        }
        self.distances[source as usize] = 0.0;
        if self.is_weighted {
            self.weighted(source);
        } else {
            self.breadth_first(source);
        }
        for (rank, &node) in self.order.iter().enumerate() {
            self.ranks[node as usize] = rank as u32;
        }
    }

    /// Moore, "The Shortest Path through a Maze", 1959.
    fn breadth_first(&mut self, source: u32) {
        self.order.push(source);
        let mut next = 0;
        while let Some(&node) = self.order.get(next) {
            next += 1;
            let distance = self.distances[node as usize] + 1.0;
            for &head in self.arcs.heads(node) {
                let known = &mut self.distances[head as usize];
                if *known == f64::INFINITY {
                    *known = distance;
                    self.order.push(head);
                }
            }
        }
    }

    /// Dijkstra, "A Note on Two Problems in Connexion with Graphs", 1959; of nodes at the same
    /// distance the first in their order comes first.
    fn weighted(&mut self, source: u32) {
        self.queue.push(Reverse((0, source)));
        while let Some(Reverse((bits, node))) = self.queue.pop() {
            let distance = self.distances[node as usize];
            // A shorter way was found after this one was queued.
            if bits != distance.to_bits() {
                continue;
            }
            self.order.push(node);
            for (head, weight) in self.arcs.of_node(node) {
                let known = &mut self.distances[head as usize];
                if distance + weight < *known {
                    *known = distance + weight;
                    self.queue.push(Reverse((known.to_bits(), head)));
                }
            }
        }
    }

    /// The nodes that were reached, the nearest first, which is the source.
    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }

    /// The distance of a node; infinite where it was not reached.
    #[inline]
    pub(crate) fn distance(&self, node: u32) -> f64 {
        self.distances[node as usize]
    }

    /// Whether a shortest way leads over an arc of a node that was reached.
    #[inline]
    pub(crate) fn leads(&self, from: u32, to: u32, weight: f64) -> bool {
        let weight = if self.is_weighted { weight } else { 1.0 };
        self.ranks[to as usize] > self.ranks[from as usize]
            && self.distance(from) + weight == self.distance(to)
    }
}
