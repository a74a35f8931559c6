//! Nodes and their numbers: whole numbers or texts, numbered as they come and then in their order.

use arrow_array::builder::{LargeStringBuilder, StringBuilder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_schema::DataType;
use hashbrown::HashMap;
use sextant_plugin_sdk::{Error, Result, Strings};
use std::sync::Arc;

/// The nodes of a graph, each with a number.
#[derive(Clone, Debug)]
pub struct Nodes {
    data_type: DataType,
    keys: Keys,
}

#[derive(Clone, Debug)]
enum Keys {
    Numbers(HashMap<i64, u32>),
    Texts(HashMap<Box<str>, u32>),
}

impl Nodes {
    /// No nodes yet, of a type: BIGINT or text.
    pub fn new(data_type: &DataType) -> Result<Self> {
        let keys = match data_type {
            DataType::Int64 => Keys::Numbers(HashMap::new()),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                Keys::Texts(HashMap::new())
            }
            other => {
                return Err(Error::unsupported(format!(
                    "expected nodes that are BIGINT or TEXT, found {other}; hint: CAST(... AS TEXT)"
                )));
            }
        };
        Ok(Self {
            data_type: data_type.clone(),
            keys,
        })
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

    /// The numbers of the nodes in a column, new ones where they are new; none for a null.
    pub(crate) fn number(&mut self, column: &ArrayRef, mut each: impl FnMut(usize, Option<u32>)) {
        match &mut self.keys {
            Keys::Numbers(numbers) => {
                for (row, key) in column.as_primitive::<Int64Type>().iter().enumerate() {
                    let next = numbers.len() as u32;
                    each(row, key.map(|key| *numbers.entry(key).or_insert(next)));
                }
            }
            Keys::Texts(texts) => {
                let Some(names) = Strings::new(column) else {
                    return;
                };
                for row in 0..column.len() {
                    let next = texts.len() as u32;
                    let number = names
                        .get(row)
                        .map(|key| *texts.entry_ref(key).or_insert(next));
                    each(row, number);
                }
            }
        }
    }

    /// The number of the node in a column of one row; none where there is no such node.
    pub(crate) fn find(&self, node: &ArrayRef) -> Result<Option<u32>> {
        match &self.keys {
            Keys::Numbers(numbers) => match node.as_primitive_opt::<Int64Type>() {
                Some(node) => Ok(node
                    .iter()
                    .next()
                    .flatten()
                    .and_then(|node| numbers.get(&node).copied())),
                None => Err(mismatch(&self.data_type, node)),
            },
            Keys::Texts(texts) => match Strings::new(node) {
                Some(node) => Ok(node.get(0).and_then(|node| texts.get(node).copied())),
                None => Err(mismatch(&self.data_type, node)),
            },
        }
    }

    /// Numbers the nodes in their order, and says which number each has now.
    pub(crate) fn sort(&mut self) -> Vec<u32> {
        match &mut self.keys {
            Keys::Numbers(numbers) => renumber(numbers),
            Keys::Texts(texts) => renumber(texts),
        }
    }

    /// The nodes as a column, in their order once they are sorted.
    pub fn column(&self) -> ArrayRef {
        match &self.keys {
            Keys::Numbers(numbers) => {
                let nodes = by_number(numbers).into_iter().map(|node| node.copied());
                Arc::new(nodes.collect::<Int64Array>())
            }
            Keys::Texts(texts) => {
                let nodes = by_number(texts).into_iter().flatten();
                let nodes = nodes.map(|text| Some(text.as_ref()));
                match self.data_type {
                    DataType::Utf8View => {
                        let mut column = StringViewBuilder::new();
                        column.extend(nodes);
                        Arc::new(column.finish())
                    }
                    DataType::LargeUtf8 => {
                        let mut column = LargeStringBuilder::new();
                        column.extend(nodes);
                        Arc::new(column.finish())
                    }
                    _ => {
                        let mut column = StringBuilder::new();
                        column.extend(nodes);
                        Arc::new(column.finish())
                    }
                }
            }
        }
    }
}

fn mismatch(due: &DataType, node: &ArrayRef) -> Error {
    Error::invalid_config(format!(
        "expected a node of type {due}, found {}",
        node.data_type()
    ))
}

fn renumber<K: Ord>(numbers: &mut HashMap<K, u32>) -> Vec<u32> {
    let mut old: Vec<_> = numbers.iter_mut().collect();
    old.sort_unstable_by_key(|(key, _)| *key);
    let mut new = vec![0; old.len()];
    for (number, (_, slot)) in old.into_iter().enumerate() {
        new[*slot as usize] = number as u32;
        *slot = number as u32;
    }
    new
}

fn by_number<K>(numbers: &HashMap<K, u32>) -> Vec<Option<&K>> {
    let mut nodes = vec![None; numbers.len()];
    for (key, number) in numbers {
        nodes[*number as usize] = Some(key);
    }
    nodes
}
