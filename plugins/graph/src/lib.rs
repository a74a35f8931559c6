//! Networks: what a relation of pairs says about its nodes.
//!
//! Each function takes a relation whose first two columns are the ends of edges, and gives a row for
//! each node, in the order of the nodes. Nodes are whole numbers (BIGINT) or texts. A row with one
//! null end names a node without an edge; an edge that is given twice counts twice where edges are
//! counted.
//!
//! | function | gives | after |
//! |---|---|---|
//! | `components((a, b))` | node, component | union-find, Tarjan and van Leeuwen 1984 |
//! | `distances((a, b), source)` | node, distance | breadth-first search, Moore 1959 |
//! | `pagerank((a, b))` | node, rank | Page, Brin, Motwani and Winograd 1999 |
//!
//! The same edges give the same result in any order and however they are spread: nodes are numbered
//! and neighbours are visited in the order of the nodes themselves. The computations are plain Rust
//! functions on a [`Graph`], so that native code and benchmarks can call them.
//!
//! ```
//! use sextant_plugin_graph::{Graph, components};
//!
//! let graph = Graph::from_pairs(&[(7, 3), (3, 9), (4, 5)]);
//! // Nodes 3, 4, 5, 7, 9, by their numbers.
//! assert_eq!(components(&graph), [0, 1, 1, 0, 0]);
//! ```

mod nodes;

mod graph;

mod components;

mod distances;

mod pagerank;

mod call;

pub use components::components;
pub use distances::distances;
pub use graph::{Direction, Edges, Graph, Neighbours};
pub use nodes::Nodes;
pub use pagerank::pagerank;

use sextant_plugin_sdk::Functions;

/// The functions of this plugin.
pub fn functions() -> Functions {
    Functions::new()
        .table(call::Components)
        .table(call::Distances)
        .table(call::PageRank)
}

sextant_plugin_sdk::export!(functions: functions);

#[cfg(test)]
mod tests;
