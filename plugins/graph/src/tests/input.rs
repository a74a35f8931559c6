//! What every input gives: edges in any order, windows of time, loops and repetitions, and what is
//! refused with which words.

use super::{array, floats, numbers, pairs, refused, relation, rows, run, texts, truth, weighted};
use crate::call::Function;
use crate::graph::{Direction, Graph};
use crate::{
    betweenness, closeness, communities, components, degree, distances, ego, k_core,
    k_shortest_paths, label_propagation, local_clustering, pagerank, paths_between, shortest_path,
    weighted_distances,
};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{
    Array, ArrayRef, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    LargeStringArray, ListArray, NullArray, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray,
};
use sextant_plugin_sdk::TableFunction;
use std::sync::Arc;

type Arguments = Vec<(&'static str, ArrayRef)>;

fn nothing() -> ArrayRef {
    array(Int64Array::from(vec![None::<i64>]))
}

/// Every function, with the arguments that it must have, on a graph of numbers.
fn every_function() -> Vec<(Function, Arguments)> {
    let source = || ("source", numbers([3]));
    let target = || ("target", numbers([40]));
    vec![
        (components::function(), vec![]),
        (distances::function(), vec![source()]),
        (weighted_distances::function(), vec![source()]),
        (shortest_path::function(), vec![source(), target()]),
        (
            k_shortest_paths::function(),
            vec![source(), target(), ("k", numbers([20]))],
        ),
        (
            paths_between::function(),
            vec![source(), target(), ("max_length", numbers([3]))],
        ),
        (
            ego::function(),
            vec![("center", numbers([3])), ("hops", numbers([2]))],
        ),
        (degree::function(), vec![]),
        (pagerank::function(), vec![]),
        (closeness::function(), vec![]),
        (betweenness::function(), vec![]),
        (k_core::function(), vec![]),
        (local_clustering::function(), vec![]),
        (label_propagation::function(), vec![]),
        (communities::function(), vec![]),
    ]
}

/// As many numbers as are asked for, always the same.
fn random(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

/// Edges with loops, repetitions, ways that cost the same, and weights that are no binary fractions.
fn random_edges(count: usize) -> Vec<(i64, i64, f64)> {
    let mut next = random(7);
    let edge = |_| {
        let (a, b) = (next(60) as i64, next(60) as i64);
        (a, b, (next(9) + 1) as f64 / 10.0)
    };
    (0..count).map(edge).collect()
}

fn shuffled(mut edges: Vec<(i64, i64, f64)>) -> Vec<(i64, i64, f64)> {
    let mut next = random(11);
    for last in (1..edges.len()).rev() {
        edges.swap(last, next(last as u64 + 1) as usize);
    }
    edges
}

#[test]
fn the_order_of_edges_and_how_they_are_spread_change_nothing() {
    let edges = random_edges(300);
    let whole = weighted(&edges);
    let mixed = weighted(&shuffled(edges));
    let parts = [
        mixed.slice(0, 1),
        mixed.slice(1, 199),
        mixed.slice(200, 100),
    ];
    for (function, mut arguments) in every_function() {
        let description = function.describe();
        let name = &description.name;
        let has_direction = description.parameters.iter().any(|p| p.name == "directed");
        for is_directed in [true, false] {
            arguments.retain(|(name, _)| *name != "directed");
            if has_direction {
                arguments.push(("directed", truth(is_directed)));
            }
            let due = rows(&function, whole.clone(), &arguments);
            assert!(!due.is_empty(), "{name} gives nothing");
            let found = run(&function, &parts, &arguments).expect("it runs");
            assert_eq!(found, due, "{name}");
        }
    }
}

#[test]
fn no_edges_give_no_rows() {
    let null = array(Int64Array::from(vec![None::<i64>; 3]));
    let nulls = relation(vec![
        ("a", Arc::clone(&null)),
        ("b", Arc::clone(&null)),
        ("weight", null),
    ]);
    for (function, arguments) in every_function() {
        let name = function.describe().name;
        let found = rows(&function, pairs(&[]), &arguments);
        assert!(found.is_empty(), "{name}: {found:?}");
        let found = rows(&function, nulls.clone(), &arguments);
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn a_row_with_a_null_end_names_a_node_without_an_edge() {
    let a = array(StringArray::from(vec![Some("x"), None, Some("y"), None]));
    let b = array(StringArray::from(vec![Some("z"), Some("x"), None, None]));
    // Only the first row is an edge, so only its weight is looked at.
    let weight = array(Float64Array::from(vec![Some(2.0), None, Some(-1.0), None]));
    let edges = relation(vec![("a", a), ("b", b), ("weight", weight)]);
    let found = rows(&components::function(), edges.clone(), &[]);
    assert_eq!(found, ["x x", "y y", "z x"]);
    let found = rows(
        &weighted_distances::function(),
        edges.clone(),
        &[("source", texts(&["x"]))],
    );
    assert_eq!(found, ["x 0", "y null", "z 2"]);
    let found = rows(&degree::function(), edges, &[]);
    assert_eq!(found, ["x 0 1 1 2", "y 0 0 0 0", "z 1 0 1 2"]);
}

#[test]
fn what_is_not_there_reaches_nothing() {
    let edges = || pairs(&[(1, 2), (2, 3), (7, 8)]);
    let node = |name: &'static str, node: i64| (name, numbers([node]));
    let far = [node("source", 1), node("target", 8)];
    let gone = [node("source", 1), node("target", 9)];
    let found = rows(&distances::function(), edges(), &[node("source", 9)]);
    assert_eq!(found, ["1 null", "2 null", "3 null", "7 null", "8 null"]);
    for ends in [&far, &gone] {
        let found = rows(&shortest_path::function(), edges(), ends);
        assert!(found.is_empty(), "{found:?}");
        let found = rows(&paths_between::function(), edges(), ends);
        assert!(found.is_empty(), "{found:?}");
    }
    let found = rows(&ego::function(), edges(), &[node("center", 9)]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_way_from_a_node_to_itself_has_no_edges() {
    let edges = || pairs(&[(1, 2), (2, 1)]);
    let mut ends = vec![("source", numbers([1])), ("target", numbers([1]))];
    let found = rows(&shortest_path::function(), edges(), &ends);
    assert_eq!(found, ["0 1 null 0"]);
    let found = rows(&paths_between::function(), edges(), &ends);
    assert!(found.is_empty(), "{found:?}");
    ends.push(("k", numbers([5])));
    let found = rows(&k_shortest_paths::function(), edges(), &ends);
    assert_eq!(found, ["1 0 1 null 0"]);
}

/// Loops change nothing but degrees, and repetitions nothing but where edges are counted.
#[test]
fn loops_and_repetitions() {
    let once: Vec<_> = shuffled(random_edges(300));
    let mut once: Vec<_> = once.into_iter().filter(|(a, b, _)| a != b).collect();
    once.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    once.dedup_by_key(|edge| (edge.0, edge.1));
    let mut loops = once.clone();
    loops.extend(once.iter().map(|&(a, _, weight)| (a, a, weight)));
    let mut twice = loops.clone();
    twice.extend(once.iter().map(|&(a, b, weight)| (a, b, weight + 1.0)));
    let counting = ["degree", "pagerank", "ego"];
    let adding = ["label_propagation", "communities"];
    for (function, arguments) in every_function() {
        let name = function.describe().name;
        if counting.contains(&&*name) {
            continue;
        }
        let due = rows(&function, weighted(&once), &arguments);
        let found = rows(&function, weighted(&loops), &arguments);
        assert_eq!(found, due, "{name}");
        if !adding.contains(&&*name) {
            let found = rows(&function, weighted(&twice), &arguments);
            assert_eq!(found, due, "{name}");
        }
    }
    let found = rows(&degree::function(), pairs(&[(1, 1), (1, 2), (1, 2)]), &[]);
    assert_eq!(found, ["1 1 3 4 4", "2 2 0 2 2"]);
    let center = [("center", numbers([1]))];
    let found = rows(&ego::function(), pairs(&[(1, 1), (1, 2), (1, 2)]), &center);
    assert_eq!(found, ["1 1 1 0 0", "1 2 1 0 1", "1 2 1 0 1"]);
}

#[test]
fn weights_that_are_not_as_asked_are_refused_with_their_rows() {
    let source = [("source", numbers([1]))];
    let distances = weighted_distances::function();
    let bad = |weight: f64| weighted(&[(1, 2, 1.0), (2, 3, weight)]);
    assert_eq!(
        refused(&distances, bad(-1.0), &source),
        "record 2, field \"weight\": expected a finite number of at least 0, found -1, for the edge from 2 to 3"
    );
    for (weight, found) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let error = refused(&degree::function(), bad(weight), &[]);
        let due = format!("expected a finite number, found {found}, for the edge from 2 to 3");
        assert!(error.ends_with(&due), "{error}");
    }
    let error = refused(&betweenness::function(), bad(0.0), &[]);
    assert!(
        error.contains("expected a finite number above 0, found 0"),
        "{error}"
    );
    let error = refused(&communities::function(), bad(-0.5), &[]);
    assert!(error.contains("of at least 0, found -0.5"), "{error}");
    // Rows are counted over batches.
    let parts = [bad(1.0), bad(-2.0)];
    let error = run(&distances, &parts, &source).expect_err("it is negative");
    assert_eq!(error.place().record, Some(4));
    let null = relation(vec![
        ("a", texts(&["x"])),
        ("b", texts(&["y"])),
        ("weight", array(Float64Array::from(vec![None::<f64>]))),
    ]);
    let error = refused(&closeness::function(), null, &[]);
    assert!(
        error.ends_with("found null, for the edge from \"x\" to \"y\""),
        "{error}"
    );
    // Those that do not count are not looked at, and a negative degree is one.
    assert_eq!(rows(&components::function(), bad(f64::NAN), &[]).len(), 3);
    let found = rows(&degree::function(), bad(-3.0), &[]);
    assert_eq!(found, ["1 0 1 1 1", "2 1 1 2 -2", "3 1 0 1 -3"]);
    // There is but one zero.
    let found = rows(&distances, bad(-0.0), &source);
    assert_eq!(found, ["1 0", "2 1", "3 1"]);
}

#[test]
fn weights_are_numbers_of_any_type() {
    let with = |weight: ArrayRef| {
        relation(vec![
            ("a", numbers([1])),
            ("b", numbers([2])),
            ("weight", weight),
        ])
    };
    let decimal = Decimal128Array::from(vec![150]).with_precision_and_scale(5, 2);
    let columns: [(ArrayRef, &str); 3] = [
        (array(Int32Array::from(vec![7])), "1 0 1 1 7"),
        (array(decimal.expect("it fits")), "1 0 1 1 1.5"),
        (numbers([3]), "1 0 1 1 3"),
    ];
    for (weight, due) in columns {
        assert_eq!(rows(&degree::function(), with(weight), &[])[0], due);
    }
    assert_eq!(
        refused(&degree::function(), with(texts(&["1"])), &[]),
        "expected a column \"weight\" of numbers, found Utf8; hint: CAST(... AS DOUBLE)"
    );
    // An end may have any name.
    let ends = relation(vec![("weight", texts(&["x"])), ("at", texts(&["y"]))]);
    assert_eq!(rows(&degree::function(), ends, &[]).len(), 2);
}

/// Which edges of a relation lie in a window, by their places in it.
fn inside(at: &ArrayRef, window: &[(&str, ArrayRef)]) -> Vec<i64> {
    let places = 0..at.len() as i64;
    let edges = relation(vec![
        ("a", numbers(places.clone())),
        ("b", numbers(places.map(|place| place + 100))),
        ("at", Arc::clone(at)),
    ]);
    let found = rows(&components::function(), edges, window);
    let nodes = found
        .iter()
        .map(|row| row.split(' ').next().expect("a node"));
    let nodes = nodes.map(|node| node.parse::<i64>().expect("a number"));
    nodes.filter(|&node| node < 100).collect()
}

#[test]
fn windows_take_what_is_not_before_and_not_after() {
    let since = |text: &str| ("since", texts(&[text]));
    let until = |text: &str| ("until", texts(&[text]));
    let days = array(Date32Array::from(vec![Some(0), Some(1), Some(2), None]));
    assert_eq!(inside(&days, &[]), [0, 1, 2, 3]);
    assert_eq!(inside(&days, &[since("1970-01-02")]), [1, 2]);
    assert_eq!(inside(&days, &[until("1970-01-02")]), [0]);
    let day = [since("1970-01-02"), until("1970-01-03")];
    assert_eq!(inside(&days, &day), [1]);
    // A date is its midnight.
    assert_eq!(inside(&days, &[since("1970-01-01T00:00:01")]), [1, 2]);
    assert_eq!(inside(&days, &[since("1969-12-31 23:59")]), [0, 1, 2]);

    let hour = 3_600;
    let hours = [Some(0), Some(hour), Some(2 * hour), None];
    let scaled = |unit: i64| hours.map(|hour| hour.map(|hour| hour * unit)).to_vec();
    let columns: [ArrayRef; 5] = [
        array(TimestampSecondArray::from(scaled(1))),
        array(TimestampMillisecondArray::from(scaled(1_000))),
        array(TimestampMicrosecondArray::from(scaled(1_000_000))),
        array(TimestampNanosecondArray::from(scaled(1_000_000_000))),
        array(TimestampSecondArray::from(scaled(1)).with_timezone("+02:00")),
    ];
    let date = array(Date32Array::from(vec![1]));
    let moment = array(TimestampNanosecondArray::from(vec![1_000_000_000 * hour]));
    for at in &columns {
        assert_eq!(inside(at, &[since("1970-01-01T01:00:00Z")]), [1, 2]);
        assert_eq!(inside(at, &[since("1970-01-01 02:00:00+01:00")]), [1, 2]);
        assert_eq!(inside(at, &[since("1970-01-01T00:59:59.5")]), [1, 2]);
        assert_eq!(
            inside(at, &[until("1970-01-01T01:00:00.000000001Z")]),
            [0, 1]
        );
        assert_eq!(inside(at, &[("until", Arc::clone(&date))]), [0, 1, 2]);
        assert_eq!(inside(at, &[("since", Arc::clone(&moment))]), [1, 2]);
    }
}

#[test]
fn what_lies_outside_a_window_is_not_looked_at() {
    let edges = relation(vec![
        ("a", numbers([1, 2, 3])),
        ("b", numbers([2, 3, 4])),
        ("weight", floats([1.0, -1.0, f64::NAN])),
        (
            "at",
            array(Date32Array::from(vec![Some(5), Some(20), None])),
        ),
    ]);
    let window = [("source", numbers([1])), ("until", texts(&["1970-01-10"]))];
    let found = rows(&weighted_distances::function(), edges.clone(), &window);
    assert_eq!(found, ["1 0", "2 1"]);
    let window = [("source", numbers([1])), ("since", texts(&["1970-01-10"]))];
    let error = refused(&weighted_distances::function(), edges, &window);
    assert!(error.starts_with("record 2, field \"weight\""), "{error}");
}

#[test]
fn windows_that_mean_nothing_are_refused() {
    let since = |text: &str| ("since", texts(&[text]));
    let function = components::function();
    assert_eq!(
        refused(&function, pairs(&[(1, 2)]), &[since("2024-01-31")]),
        "argument since: expected a column \"at\" that is a DATE or TIMESTAMP, found none"
    );
    let with = |at: ArrayRef| relation(vec![("a", numbers([1])), ("b", numbers([2])), ("at", at)]);
    let until = [("until", texts(&["2024-01-31"]))];
    assert_eq!(
        refused(&function, with(texts(&["2024-01-31"])), &until),
        "argument until: expected a column \"at\" that is a DATE or TIMESTAMP, found Utf8"
    );
    let dated = || with(array(Date32Array::from(vec![0])));
    assert_eq!(
        refused(&function, dated(), &[since("yesterday")]),
        "argument since: expected a time such as 2024-01-31 or 2024-01-31T12:00:00Z, found \"yesterday\""
    );
    let backwards = [since("2024-01-31"), ("until", texts(&["2024-01-31"]))];
    assert_eq!(
        refused(&function, dated(), &backwards),
        "argument until: expected a time after since, found one that is not"
    );
}

#[test]
fn arguments_out_of_their_range_are_refused() {
    let edges = || pairs(&[(1, 2)]);
    let ends = || vec![("source", numbers([1])), ("target", numbers([2]))];
    let with = |name: &'static str, value: ArrayRef| {
        let mut arguments = ends();
        arguments.push((name, value));
        arguments
    };
    let refuse = |function: Function, arguments: Arguments| refused(&function, edges(), &arguments);
    for (error, due) in [
        (
            refuse(k_shortest_paths::function(), with("k", numbers([0]))),
            "argument k: expected 1 to 1000, found 0",
        ),
        (
            refuse(paths_between::function(), with("limit", numbers([-1]))),
            "argument limit: expected 1 to 10000, found -1",
        ),
        (
            refuse(paths_between::function(), with("max_length", nothing())),
            "argument max_length: expected a value, found null",
        ),
        (
            refuse(pagerank::function(), vec![("damping", floats([f64::NAN]))]),
            "argument damping: expected 0 to 1, found NaN",
        ),
        (
            refuse(pagerank::function(), vec![("iterations", numbers([1_001]))]),
            "argument iterations: expected 0 to 1000, found 1001",
        ),
        (
            refuse(
                communities::function(),
                vec![("resolution", floats([-0.1]))],
            ),
            "argument resolution: expected 0 to 1000, found -0.1",
        ),
        (
            refuse(distances::function(), vec![("source", texts(&["1"]))]),
            "argument source: expected a node of type Int64, found Utf8",
        ),
        (
            refuse(distances::function(), vec![("source", nothing())]),
            "argument source: expected a value, found null",
        ),
        (
            refuse(
                distances::function(),
                vec![("source", array(NullArray::new(1)))],
            ),
            "argument source: expected a value, found null",
        ),
    ] {
        assert_eq!(error, due);
    }
}

#[test]
fn centers_are_a_node_or_a_list_of_nodes() {
    let edges = || pairs(&[(1, 2), (2, 3), (4, 5), (6, 7)]);
    let list = |nodes: Vec<Option<i64>>| -> Arguments {
        let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(nodes)]);
        vec![("center", array(list))]
    };
    let found = rows(
        &ego::function(),
        edges(),
        &list(vec![Some(1), Some(4), Some(9)]),
    );
    assert_eq!(found, ["1 2 1 0 1", "4 5 1 0 1"]);
    assert_eq!(
        refused(&ego::function(), edges(), &list(vec![Some(1), None])),
        "argument center: expected nodes, found null among them"
    );
    assert_eq!(
        refused(&ego::function(), edges(), &list(vec![])),
        "argument center: expected a node or more, found an empty list"
    );
}

#[test]
fn relations_that_are_no_edges_are_refused() {
    let refuse = |a: ArrayRef, b: ArrayRef| {
        refused(
            &components::function(),
            relation(vec![("a", a), ("b", b)]),
            &[],
        )
    };
    assert_eq!(
        refuse(floats([1.0]), floats([2.0])),
        "expected nodes that are BIGINT or TEXT, found Float64; hint: CAST(... AS TEXT)"
    );
    assert_eq!(
        refuse(numbers([1]), texts(&["2"])),
        "expected two columns of the same type, found Int64 and Utf8; hint: CAST(... AS TEXT)"
    );
    let nulls = array(NullArray::new(1));
    let error = refuse(Arc::clone(&nulls), nulls);
    assert!(error.contains("found Null"), "{error}");
    let one = relation(vec![("a", numbers([1]))]);
    assert_eq!(
        refused(&components::function(), one, &[]),
        "expected a relation of at least two columns, found 1"
    );
}

/// Nodes come out in the layout of text that they came in, and arguments may have another.
#[test]
fn texts_of_any_layout_are_nodes() {
    let layouts: [fn(Vec<&'static str>) -> ArrayRef; 3] = [
        |nodes| array(StringArray::from(nodes)),
        |nodes| array(LargeStringArray::from(nodes)),
        |nodes| array(StringViewArray::from(nodes)),
    ];
    for layout in layouts {
        let edges: RecordBatch = relation(vec![
            ("a", layout(vec!["Київ", "Львів"])),
            ("b", layout(vec!["Львів", "Одеса"])),
        ]);
        for argument in layouts {
            let ends = [
                ("source", argument(vec!["Київ"])),
                ("target", argument(vec!["Одеса"])),
            ];
            let found = rows(&shortest_path::function(), edges.clone(), &ends);
            assert_eq!(found, ["0 Київ null 0", "1 Львів 1 1", "2 Одеса 1 2"]);
        }
    }
}

/// Dense numbers are numbered by a table and others by a hash map; both find the same graph.
#[test]
fn numbers_far_apart_are_nodes_like_others() {
    let edges: Vec<(i64, i64)> = (0..500)
        .map(|i| (i * 7919 % 101, i * 104_729 % 97))
        .collect();
    let far: Vec<_> = edges.iter().map(|(a, b)| (a << 40, b << 40)).collect();
    let (near, far) = (Graph::from_pairs(&edges), Graph::from_pairs(&far));
    let direction = Direction::Directed;
    assert_eq!(
        pagerank(&near, 0.85, 9, direction),
        pagerank(&far, 0.85, 9, direction)
    );
    let sum: f64 = pagerank(&near, 0.85, 30, direction).iter().sum();
    assert!((sum - 1.0).abs() < 1e-12);
    assert_eq!(components(&near), components(&far));
    let ends = Graph::from_pairs(&[(i64::MIN, i64::MAX), (i64::MAX, 0)]);
    let nodes = ends.nodes().column();
    assert_eq!(
        nodes.as_primitive::<Int64Type>().values(),
        &[i64::MIN, 0, i64::MAX]
    );
}

/// As the paper guarantees: inside each community every node can be reached.
#[test]
fn communities_are_connected() {
    for count in [80, 150, 300] {
        let edges = random_edges(count);
        let pairs: Vec<_> = edges.iter().map(|&(a, b, _)| (a, b)).collect();
        let graph = Graph::from_pairs(&pairs).with_weights(edges.iter().map(|e| e.2).collect());
        for resolution in [0.3, 1.0, 2.5] {
            let found = communities(&graph, resolution);
            // With a loop for each node, so that none is lost with its edges.
            let own = (0..found.len() as i64).map(|node| (node, node));
            let inside = graph
                .edges()
                .filter(|(a, b)| found[*a as usize] == found[*b as usize]);
            let inside = inside.map(|(a, b)| (i64::from(a), i64::from(b)));
            let inside: Vec<_> = own.chain(inside).collect();
            assert_eq!(components(&Graph::from_pairs(&inside)), found);
        }
    }
}
