//! PageRank.

use crate::graph::{Direction, Graph};

/// The rank of each node after so many iterations (Page, Brin, Motwani and Winograd, "The PageRank
/// Citation Ranking", 1999), as LDBC Graphalytics defines it: ranks sum up to 1, and what nodes
/// without a way out have is shared by all.
pub fn pagerank(graph: &Graph, damping: f64, iterations: usize, direction: Direction) -> Vec<f64> {
    let nodes = graph.nodes().len();
    let count = nodes as f64;
    let sources = graph.sources(direction);
    let out = graph.degrees(direction);
    let mut ranks = vec![1.0 / count; nodes];
    let mut shares = vec![0.0; nodes];
    for _ in 0..iterations {
        let mut lost = 0.0;
        for ((share, &rank), &out) in shares.iter_mut().zip(&ranks).zip(&out) {
            if out == 0 {
                lost += rank;
            }
            *share = rank / f64::from(out.max(1));
        }
        let base = (1.0 - damping) / count + damping * lost / count;
        for (node, rank) in ranks.iter_mut().enumerate() {
            *rank = base + damping * sum(&shares, sources.of_node(node as u32));
        }
    }
    ranks
}

/// The sum of the values at some places, in their order; four in each turn of the loop, since in the
/// sandbox every turn looks at the clock.
#[inline]
fn sum(values: &[f64], places: &[u32]) -> f64 {
    let (fours, rest) = places.as_chunks::<4>();
    let mut sum = 0.0;
    for four in fours {
        for &place in four {
            sum += values[place as usize];
        }
    }
    for &place in rest {
        sum += values[place as usize];
    }
    sum
}
