//! The rows that keys have, as far as they were asked for. It belongs to one partition of one look-up,
//! and every key of that partition comes to it alone, so a key is asked for once.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use std::collections::HashMap;
use std::mem::size_of;

/// Where a row is: the batch, and the row in it.
type Place = (usize, usize);

pub(super) struct Cache {
    schema: SchemaRef,
    converter: RowConverter,
    batches: Vec<RecordBatch>,
    places: HashMap<OwnedRow, Vec<Place>>,
    reservation: MemoryReservation,
}

/// The keys of a batch.
pub(super) struct Keys {
    rows: Rows,
    /// A row for each key that has no null, in the order of their first rows.
    first: Vec<usize>,
}

impl Cache {
    /// An empty one, for keys whose columns stand at the given places of a schema.
    pub(super) fn new(
        schema: &SchemaRef,
        columns: &[usize],
        reservation: MemoryReservation,
    ) -> Result<Self> {
        let fields = columns
            .iter()
            .map(|&column| SortField::new(schema.field(column).data_type().clone()));
        Ok(Self {
            converter: RowConverter::new(fields.collect())?,
            schema: std::sync::Arc::clone(schema),
            batches: Vec::new(),
            places: HashMap::new(),
            reservation,
        })
    }

    /// The keys in columns of a batch, each once. A key with a null equals nothing and is none.
    pub(super) fn keys(&self, columns: &[ArrayRef]) -> Result<Keys> {
        let rows = self.converter.convert_columns(columns)?;
        let mut seen = HashMap::new();
        let mut first = Vec::new();
        for at in 0..rows.num_rows() {
            let is_null = columns.iter().any(|column| column.is_null(at));
            if !is_null && seen.insert(rows.row(at), at).is_none() {
                first.push(at);
            }
        }
        drop(seen);
        Ok(Keys { rows, first })
    }

    /// The rows of those keys that were not asked for yet. From now on they count as asked for.
    pub(super) fn take_new(&mut self, keys: &Keys) -> Result<Vec<usize>> {
        let mut new = Vec::new();
        for &at in &keys.first {
            let key = keys.rows.row(at).owned();
            if self.places.contains_key(&key) {
                continue;
            }
            let bytes = key.row().as_ref().len() + size_of::<(OwnedRow, Vec<Place>)>();
            self.reservation.try_grow(bytes)?;
            self.places.insert(key, Vec::new());
            new.push(at);
        }
        Ok(new)
    }

    /// Keeps rows that came back, whose keys stand in columns of their own. Those of a key that was
    /// not asked for are left out. Gives how many keys got their first row.
    pub(super) fn add(&mut self, batch: RecordBatch, columns: &[ArrayRef]) -> Result<usize> {
        let rows = self.converter.convert_columns(columns)?;
        let mut found = 0;
        let mut kept = 0;
        for (at, row) in rows.iter().enumerate() {
            if let Some(places) = self.places.get_mut(&row.owned()) {
                found += usize::from(places.is_empty());
                places.push((self.batches.len(), at));
                kept += 1;
            }
        }
        if kept > 0 {
            let bytes = batch.get_array_memory_size() + kept * size_of::<Place>();
            self.reservation.try_grow(bytes)?;
            self.batches.push(batch);
        }
        Ok(found)
    }

    /// The rows of some keys.
    pub(super) fn rows_of(&self, keys: &Keys) -> Result<RecordBatch> {
        let mut places = Vec::new();
        for &at in &keys.first {
            if let Some(found) = self.places.get(&keys.rows.row(at).owned()) {
                places.extend_from_slice(found);
            }
        }
        if places.is_empty() {
            return Ok(RecordBatch::new_empty(std::sync::Arc::clone(&self.schema)));
        }
        let batches: Vec<_> = self.batches.iter().collect();
        Ok(interleave_record_batch(&batches, &places)?)
    }
}
