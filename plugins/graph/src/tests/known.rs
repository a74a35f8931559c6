//! Known answers: networkx 3.6.1 and igraph 1.0.0 on Zachary's karate club ("An Information Flow Model
//! for Conflict and Fission in Small Groups", 1977) and on the directed example of LDBC Graphalytics,
//! and the example of Yen's algorithm in Wikipedia.

use super::{assert_close, rows, texts, weighted};
use crate::graph::{Direction, Graph};
use crate::{
    betweenness, closeness, communities, components, core_numbers, degree, ego, k_shortest_paths,
    local_clustering, paths_between, shortest_path,
};

/// `networkx.karate_club_graph()`: nodes 0 to 33, and how many activities two members share.
const KARATE: [(i64, i64, f64); 78] = [
    (0, 1, 4.0),
    (0, 2, 5.0),
    (0, 3, 3.0),
    (0, 4, 3.0),
    (0, 5, 3.0),
    (0, 6, 3.0),
    (0, 7, 2.0),
    (0, 8, 2.0),
    (0, 10, 2.0),
    (0, 11, 3.0),
    (0, 12, 1.0),
    (0, 13, 3.0),
    (0, 17, 2.0),
    (0, 19, 2.0),
    (0, 21, 2.0),
    (0, 31, 2.0),
    (1, 2, 6.0),
    (1, 3, 3.0),
    (1, 7, 4.0),
    (1, 13, 5.0),
    (1, 17, 1.0),
    (1, 19, 2.0),
    (1, 21, 2.0),
    (1, 30, 2.0),
    (2, 3, 3.0),
    (2, 7, 4.0),
    (2, 8, 5.0),
    (2, 9, 1.0),
    (2, 13, 3.0),
    (2, 27, 2.0),
    (2, 28, 2.0),
    (2, 32, 2.0),
    (3, 7, 3.0),
    (3, 12, 3.0),
    (3, 13, 3.0),
    (4, 6, 2.0),
    (4, 10, 3.0),
    (5, 6, 5.0),
    (5, 10, 3.0),
    (5, 16, 3.0),
    (6, 16, 3.0),
    (8, 30, 3.0),
    (8, 32, 3.0),
    (8, 33, 4.0),
    (9, 33, 2.0),
    (13, 33, 3.0),
    (14, 32, 3.0),
    (14, 33, 2.0),
    (15, 32, 3.0),
    (15, 33, 4.0),
    (18, 32, 1.0),
    (18, 33, 2.0),
    (19, 33, 1.0),
    (20, 32, 3.0),
    (20, 33, 1.0),
    (22, 32, 2.0),
    (22, 33, 3.0),
    (23, 25, 5.0),
    (23, 27, 4.0),
    (23, 29, 3.0),
    (23, 32, 5.0),
    (23, 33, 4.0),
    (24, 25, 2.0),
    (24, 27, 3.0),
    (24, 31, 2.0),
    (25, 31, 7.0),
    (26, 29, 4.0),
    (26, 33, 2.0),
    (27, 33, 4.0),
    (28, 31, 2.0),
    (28, 33, 2.0),
    (29, 32, 4.0),
    (29, 33, 2.0),
    (30, 32, 3.0),
    (30, 33, 3.0),
    (31, 32, 4.0),
    (31, 33, 4.0),
    (32, 33, 5.0),
];

/// `betweenness_centrality(G)`.
const BETWEENNESS: [f64; 34] = [
    0.437635281385,
    0.053936688312,
    0.143656806157,
    0.011909271284,
    0.000631313131,
    0.029987373737,
    0.029987373737,
    0.0,
    0.055926827802,
    0.000847763348,
    0.000631313131,
    0.0,
    0.0,
    0.045863395863,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0324750481,
    0.0,
    0.0,
    0.0,
    0.017613636364,
    0.00220959596,
    0.003840488215,
    0.0,
    0.022333453583,
    0.001794733045,
    0.002922077922,
    0.014411976912,
    0.138275613276,
    0.145247113997,
    0.30407497595,
];

/// `betweenness_centrality(G, weight="weight", normalized=False)`.
const BETWEENNESS_WEIGHTED: [f64; 34] = [
    250.15,
    33.8,
    36.65,
    1.333333333333,
    0.5,
    15.5,
    15.5,
    0.0,
    13.1,
    7.283333333333,
    0.5,
    0.0,
    0.0,
    1.2,
    0.0,
    0.0,
    0.0,
    16.1,
    3.0,
    127.066666666667,
    0.0,
    0.0,
    0.0,
    1.0,
    33.833333333333,
    0.5,
    0.0,
    6.5,
    10.1,
    0.0,
    3.0,
    66.333333333333,
    38.133333333333,
    209.5,
];

/// `closeness_centrality(G)`.
const CLOSENESS: [f64; 34] = [
    0.568965517241,
    0.485294117647,
    0.559322033898,
    0.464788732394,
    0.379310344828,
    0.383720930233,
    0.383720930233,
    0.44,
    0.515625,
    0.434210526316,
    0.379310344828,
    0.366666666667,
    0.370786516854,
    0.515625,
    0.370786516854,
    0.370786516854,
    0.284482758621,
    0.375,
    0.370786516854,
    0.5,
    0.370786516854,
    0.375,
    0.370786516854,
    0.392857142857,
    0.375,
    0.375,
    0.362637362637,
    0.458333333333,
    0.452054794521,
    0.383720930233,
    0.458333333333,
    0.540983606557,
    0.515625,
    0.55,
];

/// `closeness_centrality(G, distance="weight")`.
const CLOSENESS_WEIGHTED: [f64; 34] = [
    0.253846153846,
    0.2,
    0.196428571429,
    0.176470588235,
    0.152777777778,
    0.152073732719,
    0.153488372093,
    0.182320441989,
    0.198795180723,
    0.190751445087,
    0.175531914894,
    0.146017699115,
    0.204968944099,
    0.190751445087,
    0.170984455959,
    0.1375,
    0.108552631579,
    0.19298245614,
    0.1875,
    0.248120300752,
    0.203703703704,
    0.176470588235,
    0.158653846154,
    0.138655462185,
    0.157894736842,
    0.123595505618,
    0.169230769231,
    0.156398104265,
    0.20245398773,
    0.174603174603,
    0.173684210526,
    0.208860759494,
    0.2,
    0.251908396947,
];

/// `core_number(G)`.
const CORES: [u32; 34] = [
    4, 4, 4, 4, 3, 3, 3, 4, 4, 2, 3, 1, 2, 4, 2, 2, 2, 2, 2, 3, 2, 2, 2, 3, 3, 3, 2, 3, 3, 3, 4, 3,
    4, 4,
];

/// `clustering(G)`.
const CLUSTERING: [f64; 34] = [
    0.15,
    0.333333333333,
    0.244444444444,
    0.666666666667,
    0.666666666667,
    0.5,
    0.5,
    1.0,
    0.5,
    0.0,
    0.666666666667,
    0.0,
    1.0,
    0.6,
    1.0,
    1.0,
    1.0,
    1.0,
    1.0,
    0.333333333333,
    1.0,
    1.0,
    1.0,
    0.4,
    0.333333333333,
    0.333333333333,
    1.0,
    0.166666666667,
    0.333333333333,
    0.666666666667,
    0.5,
    0.2,
    0.19696969697,
    0.110294117647,
];

/// `G.degree(weight="weight")`.
const STRENGTHS: [f64; 34] = [
    42.0, 29.0, 33.0, 18.0, 8.0, 14.0, 13.0, 13.0, 17.0, 3.0, 8.0, 3.0, 4.0, 17.0, 5.0, 7.0, 6.0,
    3.0, 3.0, 5.0, 4.0, 4.0, 5.0, 21.0, 7.0, 14.0, 6.0, 13.0, 6.0, 13.0, 11.0, 21.0, 38.0, 48.0,
];

/// `igraph`'s `community_optimal_modularity()`, a proven optimum: communities by their first nodes.
const COMMUNITIES: [u32; 34] = [
    0, 0, 0, 0, 4, 4, 4, 0, 8, 8, 4, 0, 0, 0, 8, 8, 4, 0, 8, 0, 8, 0, 8, 23, 23, 23, 8, 23, 23, 8,
    8, 23, 8, 8,
];

/// `example-directed` of LDBC Graphalytics: nodes 1 to 10.
const DIRECTED: [(i64, i64, f64); 17] = [
    (1, 3, 0.5),
    (1, 5, 0.3),
    (2, 4, 0.1),
    (2, 5, 0.3),
    (2, 10, 0.12),
    (3, 1, 0.53),
    (3, 5, 0.62),
    (3, 8, 0.21),
    (3, 10, 0.52),
    (5, 3, 0.69),
    (5, 4, 0.53),
    (5, 8, 0.1),
    (6, 3, 0.23),
    (6, 4, 0.39),
    (7, 4, 0.83),
    (8, 1, 0.39),
    (9, 4, 0.69),
];

/// `betweenness_centrality(D)`.
const DIRECTED_BETWEENNESS: [f64; 10] = [
    0.055555555556,
    0.0,
    0.118055555556,
    0.0,
    0.090277777778,
    0.0,
    0.0,
    0.013888888889,
    0.0,
    0.0,
];

/// `betweenness_centrality(D, weight="weight", normalized=False)`.
const DIRECTED_BETWEENNESS_WEIGHTED: [f64; 10] = [4.0, 0.0, 7.0, 0.0, 7.0, 0.0, 0.0, 2.0, 0.0, 0.0];

/// `closeness_centrality(D)`.
const DIRECTED_CLOSENESS: [f64; 10] = [
    0.308641975309,
    0.0,
    0.396825396825,
    0.592592592593,
    0.396825396825,
    0.0,
    0.0,
    0.347222222222,
    0.0,
    0.363636363636,
];

/// `closeness_centrality(D, distance="weight")`.
const DIRECTED_CLOSENESS_WEIGHTED: [f64; 10] = [
    0.938438438438,
    0.0,
    0.841750841751,
    1.238869531552,
    1.006441223833,
    0.0,
    0.0,
    1.792114695341,
    0.0,
    0.795228628231,
];

fn graph(edges: &[(i64, i64, f64)]) -> Graph {
    let pairs: Vec<_> = edges.iter().map(|&(a, b, _)| (a, b)).collect();
    Graph::from_pairs(&pairs)
}

fn with_weights(edges: &[(i64, i64, f64)]) -> Graph {
    graph(edges).with_weights(edges.iter().map(|edge| edge.2).collect())
}

#[test]
fn betweenness_is_that_of_networkx() {
    let found = betweenness(&graph(&KARATE), Direction::Undirected, true);
    assert_close(&found, &BETWEENNESS, "undirected");
    let found = betweenness(&with_weights(&KARATE), Direction::Undirected, false);
    assert_close(&found, &BETWEENNESS_WEIGHTED, "undirected, weighted");
    let found = betweenness(&graph(&DIRECTED), Direction::Directed, true);
    assert_close(&found, &DIRECTED_BETWEENNESS, "directed");
    let found = betweenness(&with_weights(&DIRECTED), Direction::Directed, false);
    assert_close(&found, &DIRECTED_BETWEENNESS_WEIGHTED, "directed, weighted");
}

#[test]
fn closeness_is_that_of_networkx() {
    let found = closeness(&graph(&KARATE), Direction::Undirected);
    assert_close(&found, &CLOSENESS, "undirected");
    let found = closeness(&with_weights(&KARATE), Direction::Undirected);
    assert_close(&found, &CLOSENESS_WEIGHTED, "undirected, weighted");
    let found = closeness(&graph(&DIRECTED), Direction::Directed);
    assert_close(&found, &DIRECTED_CLOSENESS, "directed");
    let found = closeness(&with_weights(&DIRECTED), Direction::Directed);
    assert_close(&found, &DIRECTED_CLOSENESS_WEIGHTED, "directed, weighted");
}

#[test]
fn cores_clustering_and_strengths_are_those_of_networkx() {
    let karate = with_weights(&KARATE);
    assert_eq!(core_numbers(&karate), CORES);
    let found = local_clustering(&karate, Direction::Undirected);
    assert_close(&found, &CLUSTERING, "clustering");
    let found = degree(&karate);
    assert_close(&found.strengths, &STRENGTHS, "strengths");
    assert_eq!(found.incoming[33], 17);
    assert_eq!(found.outgoing[0], 16);
}

/// The greatest modularity there is, and communities in which every node can be reached.
#[test]
fn communities_of_the_karate_club_are_the_best_there_are() {
    let karate = graph(&KARATE);
    assert_eq!(communities(&karate, 1.0), COMMUNITIES);
    // Without a resolution, whatever is connected belongs together; with a high one nothing does.
    assert_eq!(communities(&karate, 0.0), components(&karate));
    let alone: Vec<u32> = (0..34).collect();
    assert_eq!(communities(&karate, 1_000.0), alone);
}

/// Ring of 20 cliques of 5: each is a community, as in Fortunato and Barthélemy, "Resolution Limit in
/// Community Detection", PNAS 104, 2007, for cliques that are not too many.
#[test]
fn cliques_in_a_ring_are_communities() {
    let mut edges = Vec::new();
    for clique in 0..20 {
        let members = clique * 5..clique * 5 + 5;
        for a in members.clone() {
            edges.extend((a + 1..members.end).map(|b| (a, b)));
        }
        edges.push((clique * 5 + 4, (clique * 5 + 5) % 100));
    }
    let found = communities(&Graph::from_pairs(&edges), 1.0);
    let due: Vec<u32> = (0..100).map(|node| node / 5 * 5).collect();
    assert_eq!(found, due);
}

/// Wikipedia, "Yen's algorithm": the three shortest paths from C to H cost 5, 7 and 8. networkx has
/// the others, in another order where they cost the same.
#[test]
fn k_shortest_paths_are_those_of_the_example() {
    let edges = [
        ("C", "D", 3.0),
        ("C", "E", 2.0),
        ("D", "F", 4.0),
        ("E", "D", 1.0),
        ("E", "F", 2.0),
        ("E", "G", 3.0),
        ("F", "G", 2.0),
        ("F", "H", 1.0),
        ("G", "H", 2.0),
    ];
    let relation = super::relation(vec![
        ("a", texts(&edges.map(|edge| edge.0))),
        ("b", texts(&edges.map(|edge| edge.1))),
        ("weight", super::floats(edges.map(|edge| edge.2))),
    ]);
    let ends = [("source", texts(&["C"])), ("target", texts(&["H"]))];
    let [source, target] = ends.clone();
    let arguments = [source, target, ("k", super::numbers([3]))];
    let due = [
        "1 0 C null 0",
        "1 1 E 2 2",
        "1 2 F 2 4",
        "1 3 H 1 5",
        "2 0 C null 0",
        "2 1 E 2 2",
        "2 2 G 3 5",
        "2 3 H 2 7",
        "3 0 C null 0",
        "3 1 D 3 3",
        "3 2 F 4 7",
        "3 3 H 1 8",
    ];
    let function = k_shortest_paths::function();
    assert_eq!(rows(&function, relation.clone(), &arguments), due);
    let due = ["0 C null 0", "1 E 2 2", "2 F 2 4", "3 H 1 5"];
    let function = shortest_path::function();
    assert_eq!(rows(&function, relation, &ends), due);

    let letter = |name: &str| i64::from(name.as_bytes()[0]);
    let edges = edges.map(|(a, b, weight)| (letter(a), letter(b), weight));
    let graph = with_weights(&edges);
    // C is the first of the six nodes and H the last.
    let found = k_shortest_paths(&graph, 0, 5, 1_000, Direction::Directed);
    let costs: Vec<_> = found.iter().map(crate::Path::cost).collect();
    assert_eq!(costs, [5.0, 7.0, 8.0, 8.0, 8.0, 11.0, 11.0]);
    let nodes: Vec<_> = found.iter().map(|path| &path.nodes[..]).collect();
    let due: [&[u32]; 7] = [
        &[0, 2, 3, 5],
        &[0, 2, 4, 5],
        &[0, 1, 3, 5],
        &[0, 2, 1, 3, 5],
        &[0, 2, 3, 4, 5],
        &[0, 1, 3, 4, 5],
        &[0, 2, 1, 3, 4, 5],
    ];
    assert_eq!(nodes, due);
    let first = shortest_path(&graph, 0, 5, Direction::Directed);
    assert_eq!(first.as_ref(), found.first());
}

/// `all_simple_paths(G, 16, 26, cutoff=5)`, sorted by length and nodes, and how many others there are.
#[test]
fn paths_between_members_are_those_of_networkx() {
    let karate = graph(&KARATE);
    let direction = Direction::Undirected;
    let (found, is_cut) = paths_between(&karate, 16, 26, 5, 100, direction);
    let nodes: Vec<_> = found.into_iter().map(|path| path.nodes).collect();
    let due = [
        [16, 5, 0, 8, 33, 26],
        [16, 5, 0, 13, 33, 26],
        [16, 5, 0, 19, 33, 26],
        [16, 5, 0, 31, 33, 26],
        [16, 6, 0, 8, 33, 26],
        [16, 6, 0, 13, 33, 26],
        [16, 6, 0, 19, 33, 26],
        [16, 6, 0, 31, 33, 26],
    ];
    assert_eq!(nodes, due);
    assert!(!is_cut);
    for (source, target, most, count) in [
        (16, 26, 4, 0),
        (16, 26, 6, 66),
        (0, 33, 3, 18),
        (0, 33, 4, 106),
    ] {
        let (found, is_cut) = paths_between(&karate, source, target, most, 1_000, direction);
        assert_eq!(
            (found.len(), is_cut),
            (count, false),
            "{source} to {target}"
        );
    }
    let (all, _) = paths_between(&karate, 0, 33, 4, 106, direction);
    let (some, is_cut) = paths_between(&karate, 0, 33, 4, 105, direction);
    assert!(is_cut);
    assert_eq!(some, &all[..105]);
}

/// `ego_graph(G, 16, radius=2)`.
#[test]
fn the_network_around_a_member_is_that_of_networkx() {
    let found = ego(&graph(&KARATE), &[16], 2, Direction::Undirected);
    let pairs: Vec<_> = found
        .iter()
        .map(|edge| (edge.source.0, edge.target.0))
        .collect();
    let due = [
        (0, 4),
        (0, 5),
        (0, 6),
        (0, 10),
        (4, 6),
        (4, 10),
        (5, 6),
        (5, 10),
        (5, 16),
        (6, 16),
    ];
    assert_eq!(pairs, due);
    let hops: Vec<_> = found
        .iter()
        .map(|edge| (edge.source.1, edge.target.1))
        .collect();
    assert_eq!(hops[0], (2, 2));
    assert_eq!(hops[due.len() - 1], (1, 0));
}

/// Through SQL's eyes nothing else comes out than natively.
#[test]
fn a_function_gives_what_its_computation_does() {
    let undirected = [("directed", super::truth(false))];
    let found = rows(&closeness::function(), weighted(&KARATE), &undirected);
    let due = closeness(&with_weights(&KARATE), Direction::Undirected);
    let due: Vec<_> = due
        .iter()
        .enumerate()
        .map(|(node, value)| format!("{node} {value}"))
        .collect();
    assert_eq!(found, due);
}
