//! Nodes and their numbers: whole numbers or texts, numbered in their order.

use arrow_array::builder::{LargeStringBuilder, StringBuilder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_schema::DataType;
use hashbrown::HashMap;
use sextant_plugin_sdk::Strings;
use std::sync::Arc;

/// Numbers are dense where they span no more than so many times as many values as there are ends of
/// edges; then a table numbers them, which takes a fraction of the time of a hash map.
const DENSE_SPAN: u64 = 8;

/// The nodes of a graph, in their order.
#[derive(Clone, Debug)]
pub struct Nodes {
    data_type: DataType,
    keys: Keys,
}

#[derive(Clone, Debug)]
enum Keys {
    Numbers(Vec<i64>),
    Texts(Vec<Box<str>>),
}

impl Nodes {
    pub(crate) fn numbers(nodes: Vec<i64>) -> Self {
        Self {
            data_type: DataType::Int64,
            keys: Keys::Numbers(nodes),
        }
    }

    pub(crate) fn texts(data_type: &DataType, nodes: Vec<Box<str>>) -> Self {
        Self {
            data_type: data_type.clone(),
            keys: Keys::Texts(nodes),
        }
    }

    /// The type of the nodes.
    pub fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.keys {
            Keys::Numbers(numbers) => numbers.len(),
            Keys::Texts(texts) => texts.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the node in each row of a column of their type; none where there is no such
    /// node.
    pub(crate) fn find_all(&self, nodes: &ArrayRef) -> Vec<Option<u32>> {
        let find = |row: usize| match &self.keys {
            Keys::Numbers(numbers) => {
                let node = nodes.as_primitive_opt::<Int64Type>()?.value(row);
                numbers.binary_search(&node).ok()
            }
            Keys::Texts(texts) => {
                let node = Strings::new(nodes)?.get(row)?;
                texts.binary_search_by(|text| text.as_ref().cmp(node)).ok()
            }
        };
        let found = (0..nodes.len()).map(|row| find(row).map(|number| number as u32));
        found.collect()
    }

    /// The number of the node in a column of one row; none where there is no such node.
    pub(crate) fn find(&self, node: &ArrayRef) -> Option<u32> {
        self.find_all(node).first().copied().flatten()
    }

    /// The nodes as a column.
    pub fn column(&self) -> ArrayRef {
        match &self.keys {
            Keys::Numbers(numbers) => Arc::new(Int64Array::from(numbers.clone())),
            Keys::Texts(texts) => self.select(0..texts.len() as u32),
        }
    }

    /// The nodes with the given numbers as a column.
    pub(crate) fn select(&self, numbers: impl IntoIterator<Item = u32>) -> ArrayRef {
        let numbers = numbers.into_iter();
        let texts = match &self.keys {
            Keys::Numbers(nodes) => {
                let nodes = numbers.map(move |number| nodes[number as usize]);
                return Arc::new(Int64Array::from_iter_values(nodes));
            }
            Keys::Texts(nodes) => numbers.map(move |number| Some(&*nodes[number as usize])),
        };
        match self.data_type {
            DataType::Utf8View => {
                let mut column = StringViewBuilder::new();
                column.extend(texts);
                Arc::new(column.finish())
            }
            DataType::LargeUtf8 => {
                let mut column = LargeStringBuilder::new();
                column.extend(texts);
                Arc::new(column.finish())
            }
            _ => {
                let mut column = StringBuilder::new();
                column.extend(texts);
                Arc::new(column.finish())
            }
        }
    }
}

/// The different ones of several lists of numbers, in order, and the lists with the position of each
/// number among them.
pub(crate) fn number<const N: usize>(lists: [Vec<i64>; N]) -> (Vec<i64>, [Vec<u32>; N]) {
    let count: usize = lists.iter().map(Vec::len).sum();
    let all = || lists.iter().flatten().copied();
    let (Some(least), Some(most)) = (all().min(), all().max()) else {
        return (Vec::new(), lists.map(|_| Vec::new()));
    };
    let span = most.abs_diff(least);
    if span <= DENSE_SPAN * count as u64 {
        number_dense(lists, least, span as usize)
    } else {
        number_sparse(lists)
    }
}

fn number_dense<const N: usize>(
    lists: [Vec<i64>; N],
    least: i64,
    span: usize,
) -> (Vec<i64>, [Vec<u32>; N]) {
    let place = |value: i64| value.wrapping_sub(least) as u64 as usize;
    let mut table = vec![0_u32; span + 1];
    for &value in lists.iter().flatten() {
        table[place(value)] = 1;
    }
    let mut nodes = Vec::new();
    for (i, slot) in table.iter_mut().enumerate() {
        if *slot == 1 {
            *slot = nodes.len() as u32;
            nodes.push(least.wrapping_add(i as i64));
        }
    }
    let lists = lists.map(|list| list.into_iter().map(|value| table[place(value)]).collect());
    (nodes, lists)
}

fn number_sparse<const N: usize>(lists: [Vec<i64>; N]) -> (Vec<i64>, [Vec<u32>; N]) {
    let mut numbers = HashMap::new();
    for &value in lists.iter().flatten() {
        numbers.insert(value, 0_u32);
    }
    let mut nodes: Vec<_> = numbers.keys().copied().collect();
    nodes.sort_unstable();
    for (number, node) in nodes.iter().enumerate() {
        numbers.insert(*node, number as u32);
    }
    let lists = lists.map(|list| list.into_iter().map(|value| numbers[&value]).collect());
    (nodes, lists)
}

/// Texts, numbered as they come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts(HashMap<Box<str>, u32>);

impl Texts {
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry_ref(text).or_insert(next)
    }

    /// The texts in order, and for each number given so far its position among them.
    pub(crate) fn sort(self) -> (Vec<Box<str>>, Vec<u32>) {
        let mut texts: Vec<_> = self.0.into_iter().collect();
        texts.sort_unstable();
        let mut positions = vec![0; texts.len()];
        for (position, (_, number)) in texts.iter().enumerate() {
            positions[*number as usize] = position as u32;
        }
        let texts = texts.into_iter().map(|(text, _)| text);
        (texts.collect(), positions)
    }
}
