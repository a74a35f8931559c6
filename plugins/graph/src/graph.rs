//! Edges as they come, and the graph that they make: nodes in their order, and neighbours side by
//! side (compressed sparse rows).

use crate::nodes::{Nodes, Texts, number};
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
        })
    }

    /// Adds the edges whose ends are the first two columns.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        self.push_columns(batch.column(0), batch.column(1))
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
        match self.ends {
            Ends::Numbers { from, to, alone } => {
                let (nodes, [from, to, _]) = number([from, to, alone]);
                Graph {
                    nodes: Nodes::numbers(nodes),
                    from,
                    to,
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

    /// The nodes.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The edges, by the numbers of their ends.
    pub fn edges(&self) -> impl Iterator<Item = (u32, u32)> {
        self.from.iter().copied().zip(self.to.iter().copied())
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

    /// The neighbours of a node.
    #[inline]
    pub fn of_node(&self, node: u32) -> &[u32] {
        let (start, end) = (self.starts[node as usize], self.starts[node as usize + 1]);
        &self.nodes[start as usize..end as usize]
    }
}

/// Where the items of each node start, and where the last ends.
fn counts(nodes: usize, items: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut starts = vec![0; nodes + 1];
    for node in items {
        starts[node as usize + 1] += 1;
    }
    for node in 0..nodes {
        starts[node + 1] += starts[node];
    }
    starts
}
