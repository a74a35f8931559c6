//! Networks: what a relation of pairs says about its nodes, and about the ways between them.
//!
//! Each function takes a relation whose first two columns are the ends of edges. Nodes are whole
//! numbers (BIGINT) or texts. A row with one null end names a node without an edge; a row without ends
//! says nothing. Of the other columns two are known by their names: `weight`, a number, and `at`, a
//! DATE or TIMESTAMP.
//!
//! | function | gives | after |
//! |---|---|---|
//! | `components(edges)` | node, component | union-find, Tarjan and van Leeuwen 1984 |
//! | `distances(edges, source)` | node, distance | breadth-first search, Moore 1959 |
//! | `weighted_distances(edges, source)` | node, distance | Dijkstra 1959 |
//! | `shortest_path(edges, source, target)` | step, node, weight, cost | Dijkstra 1959 |
//! | `k_shortest_paths(edges, source, target, k)` | path, step, node, weight, cost | Yen 1971 |
//! | `paths_between(edges, source, target)` | source, target, weight, path, step, more | Yen 1971 |
//! | `ego(edges, center)` | source, target, weight, source_hop, target_hop | Everett and Borgatti 2005 |
//! | `degree(edges)` | node, in_degree, out_degree, degree, strength | Barrat and others 2004 |
//! | `pagerank(edges)` | node, rank | Page, Brin, Motwani and Winograd 1999 |
//! | `closeness(edges)` | node, closeness | Freeman 1978, Wasserman and Faust 1994 |
//! | `betweenness(edges)` | node, betweenness | Brandes 2001 |
//! | `k_core(edges)` | node, core | Batagelj and Zaversnik 2003 |
//! | `local_clustering(edges)` | node, coefficient | Watts and Strogatz 1998 |
//! | `label_propagation(edges)` | node, label | Raghavan, Albert and Kumara 2007 |
//! | `communities(edges)` | node, community | Leiden, Traag, Waltman and van Eck 2019 |
//!
//! The same edges give the same result in any order and however they are spread: nodes are numbered,
//! neighbours are visited and sums are made in the order of the nodes themselves, and so are ties
//! broken. The computations are plain Rust functions on a [`Graph`], so that native code and benchmarks
//! can call them. Each function is a module: its computation, and what SQL sees of it.
//!
//! ```
//! use sextant_plugin_graph::{Graph, components};
//!
//! let graph = Graph::from_pairs(&[(7, 3), (3, 9), (4, 5)]);
//! // Nodes 3, 4, 5, 7, 9, by their numbers.
//! assert_eq!(components(&graph), [0, 1, 1, 0, 0]);
//! ```

// What comes in.
mod nodes;

mod relation;

mod window;

mod weights;

// The graph, and a way to walk it.
mod graph;

mod arcs;

mod search;

// How SQL calls a function.
mod arguments;

mod call;

// Ways.
mod distances;

mod weighted_distances;

mod path;

mod shortest_path;

mod k_shortest_paths;

mod paths_between;

mod ego;

// What a node is among others.
mod degree;

mod pagerank;

mod closeness;

mod betweenness;

mod k_core;

mod local_clustering;

// What belongs together.
mod components;

mod label_propagation;

mod communities;

pub use betweenness::betweenness;
pub use closeness::closeness;
pub use communities::communities;
pub use components::components;
pub use degree::{Degrees, degree};
pub use distances::distances;
pub use ego::{EgoEdge, ego};
pub use graph::{Direction, Edges, Graph, Neighbours};
pub use k_core::core_numbers;
pub use k_shortest_paths::k_shortest_paths;
pub use label_propagation::label_propagation;
pub use local_clustering::local_clustering;
pub use nodes::Nodes;
pub use pagerank::pagerank;
pub use path::Path;
pub use paths_between::paths_between;
pub use shortest_path::shortest_path;
pub use weighted_distances::weighted_distances;

use sextant_plugin_sdk::Functions;

/// The functions of this plugin.
pub fn functions() -> Functions {
    Functions::new()
        .table(components::function())
        .table(distances::function())
        .table(weighted_distances::function())
        .table(shortest_path::function())
        .table(k_shortest_paths::function())
        .table(paths_between::function())
        .table(ego::function())
        .table(degree::function())
        .table(pagerank::function())
        .table(closeness::function())
        .table(betweenness::function())
        .table(k_core::function())
        .table(local_clustering::function())
        .table(label_propagation::function())
        .table(communities::function())
}

sextant_plugin_sdk::export!(functions: functions);

#[cfg(test)]
mod tests;
