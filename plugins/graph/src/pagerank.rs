//! PageRank.

use crate::arguments::{Given, directed, number, whole};
use crate::call::{Function, Plan, column};
use crate::graph::{Direction, Graph};
use arrow_array::Float64Array;
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::Result;

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

/// `pagerank((a, b))`.
pub(crate) fn function() -> Function {
    Function::new(
        "pagerank",
        "The PageRank of each node (Page, Brin, Motwani and Winograd 1999, as LDBC Graphalytics \
         defines it): the ranks sum up to 1, and what nodes without a way out have is shared by all. \
         An edge that is given twice counts twice; weights are ignored.",
        vec![
            number(
                "damping",
                0.85,
                "The probability to follow an edge, from 0 to 1.",
            ),
            whole(
                "iterations",
                Some(20),
                "How often ranks are handed on, from 0 to 1000.",
            ),
            directed(),
        ],
        plan,
    )
    .example(
        "SELECT node, round(rank, 4) FROM graph.pagerank((SELECT * FROM (VALUES (1, 2), (2, 1)) AS t(a, b))) ORDER BY node",
        "1,0.5\n2,0.5",
    )
}

fn plan(given: &Given<'_>) -> Result<Plan> {
    let damping = given.number("damping", 0.0..=1.0)?;
    let iterations = given.whole("iterations", 0..=1_000)?;
    let direction = given.direction()?;
    let field = Field::new("rank", DataType::Float64, false);
    Ok(Plan::per_node(given, vec![field], move |graph| {
        let ranks = pagerank(graph, damping, iterations, direction);
        vec![column(Float64Array::from(ranks))]
    }))
}
