//! Edges as they come, and the graph that they make: nodes in their order, and neighbours side by
//! side (compressed sparse rows).

use crate::nodes::{Nodes, Texts, number};
use crate::weights::WeightColumn;
use crate::window::Window;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow_schema::DataType;
use sextant_plugin_sdk::{Error, Result, Strings};
use std::sync::Arc;

/// Nodes have 32 bits, and so have positions in the lists of neighbours.
const EDGES_MAX: usize = 1 << 31;

/// Edges as they come.
#[derive(Clone, Debug)]
pub struct Edges {
    data_type: DataType,
    ends: Ends,
    window: Option<Window>,
    weight_column: Option<WeightColumn>,
    /// As many as there are edges, where they are read.
    weights: Vec<f64>,
    rows: u64,
    undated: u64,
}

#[derive(Clone, Debug)]
enum Ends {
    Numbers {
        from: Vec<i64>,
        to: Vec<i64>,
        /// Nodes of rows with one end.
        alone: Vec<i64>,
    },
    Texts {
        texts: Texts,
        from: Vec<u32>,
        to: Vec<u32>,
    },
}

impl Edges {
    /// No edges yet, between nodes of a type: BIGINT or text.
    pub fn new(data_type: &DataType) -> Result<Self> {
        let ends = match data_type {
            DataType::Int64 => Ends::Numbers {
                from: Vec::new(),
                to: Vec::new(),
                alone: Vec::new(),
            },
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ends::Texts {
                texts: Texts::default(),
                from: Vec::new(),
                to: Vec::new(),
            },
            other => {
                return Err(Error::unsupported(format!(
                    "expected nodes that are BIGINT or TEXT, found {other}; hint: CAST(... AS TEXT)"
                )));
            }
        };
        Ok(Self {
            data_type: data_type.clone(),
            ends,
            window: None,
            weight_column: None,
            weights: Vec::new(),
            rows: 0,
            undated: 0,
        })
    }

    /// Reads weights too, and only what lies in a window.
    #[must_use]
    pub(crate) fn reading(mut self, weights: Option<WeightColumn>, window: Option<Window>) -> Self {
        self.weight_column = weights;
        self.window = window;
        self
    }

    /// How many edges were left out since they have no time.
    pub(crate) fn undated(&self) -> u64 {
        self.undated
    }

    /// Adds the edges whose ends are the first two columns. A row with one null end names a node
    /// without an edge.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let [mut from, mut to] = [0, 1].map(|end| Arc::clone(batch.column(end)));
        if let Some(window) = &self.window {
            let (inside, undated) = window.ends(batch)?;
            [from, to] = inside;
            self.undated += undated;
        }
        if let Some(column) = &self.weight_column {
            column.read(batch, [&from, &to], self.rows, &mut self.weights)?;
        }
        self.rows += batch.num_rows() as u64;
        self.push_columns(&from, &to)
    }

    fn push_columns(&mut self, a: &ArrayRef, b: &ArrayRef) -> Result<()> {
        let known = match &self.ends {
            Ends::Numbers { from, .. } => from.len(),
            Ends::Texts { from, .. } => from.len(),
        };
        if known + a.len() > EDGES_MAX {
            return Err(Error::unsupported("expected at most 2^31 edges"));
        }
        match &mut self.ends {
            Ends::Numbers { from, to, alone } => {
                let (a, b) = (a.as_primitive::<Int64Type>(), b.as_primitive::<Int64Type>());
                if a.null_count() + b.null_count() == 0 {
                    from.extend_from_slice(a.values());
                    to.extend_from_slice(b.values());
                    return Ok(());
                }
                for ends in a.iter().zip(b) {
                    match ends {
                        (Some(a), Some(b)) => {
                            from.push(a);
                            to.push(b);
                        }
                        (one, other) => alone.extend(one.or(other)),
                    }
                }
            }
            Ends::Texts { texts, from, to } => {
                let (Some(starts), Some(ends)) = (Strings::new(a), Strings::new(b)) else {
                    return Err(Error::internal("the ends of an edge are not text"));
                };
                for row in 0..a.len() {
                    let start = starts.get(row).map(|text| texts.number(text));
                    let end = ends.get(row).map(|text| texts.number(text));
                    if let (Some(start), Some(end)) = (start, end) {
                        from.push(start);
                        to.push(end);
                    }
                }
            }
        }
        Ok(())
    }

    /// The graph of these edges.
    pub fn into_graph(self) -> Graph {
        let weights = self.weight_column.map(|_| self.weights);
        match self.ends {
            Ends::Numbers { from, to, alone } => {
                let (nodes, [from, to, _]) = number([from, to, alone]);
                Graph {
                    nodes: Nodes::numbers(nodes),
                    from,
                    to,
                    weights,
                }
            }
            Ends::Texts {
                texts,
                mut from,
                mut to,
            } => {
                let (nodes, positions) = texts.sort();
                for node in from.iter_mut().chain(&mut to) {
                    *node = positions[*node as usize];
                }
                Graph {
                    nodes: Nodes::texts(&self.data_type, nodes),
                    from,
                    to,
                    weights,
                }
            }
        }
    }
}

/// Whether an edge can be followed from its second end to its first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It cannot.
    Directed,
    /// It can.
    Undirected,
}

impl Direction {
    /// From the argument that says whether edges are directed.
    pub(crate) fn new(directed: bool) -> Self {
        if directed {
            Self::Directed
        } else {
            Self::Undirected
        }
    }
}

/// A graph, whose nodes are numbered in their order.
#[derive(Clone, Debug)]
pub struct Graph {
    nodes: Nodes,
    from: Vec<u32>,
    to: Vec<u32>,
    weights: Option<Vec<f64>>,
}

impl Graph {
    /// The graph of pairs of numbers.
    pub fn from_pairs(pairs: &[(i64, i64)]) -> Self {
        let column = |end: fn(&(i64, i64)) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(pairs.iter().map(end)))
        };
        let mut edges = Edges::new(&DataType::Int64).expect("numbers are nodes");
        let pushed = edges.push_columns(&column(|pair| pair.0), &column(|pair| pair.1));
        pushed.expect("there are not so many");
        edges.into_graph()
    }

    /// The same graph with a weight for each edge, in the order in which the edges were given. Where
    /// weights are lengths, they are finite and not negative.
    ///
    /// # Panics
    ///
    /// Where there are not as many weights as edges.
    #[must_use]
    pub fn with_weights(mut self, weights: Vec<f64>) -> Self {
        assert_eq!(weights.len(), self.from.len(), "a weight for each edge");
        self.weights = Some(weights);
        self
    }

    /// The nodes.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The edges, by the numbers of their ends.
    pub fn edges(&self) -> impl Iterator<Item = (u32, u32)> {
        self.from.iter().copied().zip(self.to.iter().copied())
    }

    /// Whether edges have weights of their own; otherwise each weighs 1.
    pub fn is_weighted(&self) -> bool {
        self.weights.is_some()
    }

    /// An edge by its place among the edges: its ends and its weight.
    pub(crate) fn edge(&self, place: usize) -> (u32, u32, f64) {
        let weight = self.weights.as_ref().map_or(1.0, |weights| weights[place]);
        (self.from[place], self.to[place], weight)
    }

    /// The edges with their weights.
    pub(crate) fn weighted_edges(&self) -> impl Iterator<Item = (u32, u32, f64)> + Clone {
        (0..self.from.len()).map(move |place| self.edge(place))
    }

    /// The edges with their weights, by their ends and then by their weights: what is computed in
    /// this order does not depend on that in which edges came.
    pub(crate) fn sorted_edges(
        &self,
        keep: impl Fn(u32, u32) -> bool,
    ) -> impl Iterator<Item = (u32, u32, f64)> {
        let kept = self.edges().enumerate().filter(|&(_, (a, b))| keep(a, b));
        let mut places: Vec<u32> = kept.map(|(place, _)| place as u32).collect();
        let key = move |place: u32| self.edge(place as usize);
        places.sort_unstable_by(|&a, &b| {
            let ((from_a, to_a, a), (from_b, to_b, b)) = (key(a), key(b));
            (from_a, to_a).cmp(&(from_b, to_b)).then(a.total_cmp(&b))
        });
        places.into_iter().map(key)
    }

    /// How many edges lead from each node.
    pub fn degrees(&self, direction: Direction) -> Vec<u32> {
        let mut degrees = vec![0; self.nodes.len()];
        for (from, to) in self.edges() {
            degrees[from as usize] += 1;
            if direction == Direction::Undirected && from != to {
                degrees[to as usize] += 1;
            }
        }
        degrees
    }

    /// The nodes that edges lead to.
    pub fn neighbours(&self, direction: Direction) -> Neighbours {
        Neighbours::new(self.nodes.len(), &self.from, &self.to, direction)
    }

    /// The nodes that edges come from.
    pub fn sources(&self, direction: Direction) -> Neighbours {
        Neighbours::new(self.nodes.len(), &self.to, &self.from, direction)
    }
}

/// The neighbours of each node, in their order.
#[derive(Clone, Debug)]
pub struct Neighbours {
    starts: Vec<u32>,
    nodes: Vec<u32>,
}

impl Neighbours {
    fn new(nodes: usize, from: &[u32], to: &[u32], direction: Direction) -> Self {
        let forth = from.iter().copied().zip(to.iter().copied());
        match direction {
            Direction::Directed => Self::of(nodes, forth),
            Direction::Undirected => {
                let back = to.iter().copied().zip(from.iter().copied());
                Self::of(nodes, forth.chain(back.filter(|(a, b)| a != b)))
            }
        }
    }

    /// Two counting sorts, by the second end and then by the first, leave the neighbours of a node
    /// together and in their order.
    fn of(nodes: usize, edges: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = counts(nodes, edges.clone().map(|(_, to)| to));
        let mut by_end = vec![(0, 0); starts.last().map_or(0, |&count| count as usize)];
        for (from, to) in edges.clone() {
            let slot = &mut starts[to as usize];
            by_end[*slot as usize] = (from, to);
            *slot += 1;
        }
        let starts = counts(nodes, edges.map(|(from, _)| from));
        let mut next = starts.clone();
        let mut neighbours = vec![0; by_end.len()];
        for (from, to) in by_end {
            let slot = &mut next[from as usize];
            neighbours[*slot as usize] = to;
            *slot += 1;
        }
        Self {
            starts,
            nodes: neighbours,
        }
    }

    /// How many nodes there are.
    pub(crate) fn nodes(&self) -> usize {
        self.starts.len() - 1
    }

    /// The neighbours of a node.
    #[inline]
    pub fn of_node(&self, node: u32) -> &[u32] {
        let (start, end) = (self.starts[node as usize], self.starts[node as usize + 1]);
        &self.nodes[start as usize..end as usize]
    }
}

/// Where the items of each node start, and where the last ends.
pub(crate) fn counts(nodes: usize, items: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut starts = vec![0; nodes + 1];
    for node in items {
        starts[node as usize + 1] += 1;
    }
    for node in 0..nodes {
        starts[node + 1] += starts[node];
    }
    starts
}
