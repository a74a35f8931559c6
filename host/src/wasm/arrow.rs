//! The trust boundary: what a guest says becomes Arrow here and nowhere else.
//!
//! The bytes are owned by the host before this begins. Shapes are checked first, by hand, because
//! Arrow's own constructors may panic on a wrong number of buffers; then `ArrayData::build`
//! validates every offset, view, key and UTF-8 sequence; and `RecordBatch::try_new` lengths, types
//! and nulls. A panic in between, which would be a bug, ends the query and not the host.

use super::api::v0_1::{BatchRef, arrow as contract};
use crate::error::{Error, Result};
use crate::limits::Limits;
use arrow::array::{ArrayData, AsArray, RecordBatch, RecordBatchOptions, make_array};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, FieldRef, SchemaRef};
use sextant_plugin_sdk::columns::{FlatBatch, children};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

sextant_plugin_sdk::schema_conversions!(contract);

/// The bounds of a batch.
pub(super) struct BatchLimits {
    rows_max: usize,
    bytes_max: usize,
}

impl BatchLimits {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            rows_max: limits.batch_rows_max,
            bytes_max: limits.batch_bytes_max,
        }
    }
}

/// A checked batch of exactly the given schema.
pub(super) fn batch_from_guest(
    schema: &SchemaRef,
    batch: contract::Batch,
    limits: &BatchLimits,
) -> Result<RecordBatch> {
    let rows = batch.rows as usize;
    if rows > limits.rows_max {
        return Err(Error::over_limit(
            "rows of a batch",
            rows,
            limits.rows_max,
            "batch_rows_max",
        ));
    }
    catch_unwind(AssertUnwindSafe(|| decode(schema, rows, batch, limits)))
        .unwrap_or_else(|_| Err(Error::contract("a batch could not be decoded")))
}

fn decode(
    schema: &SchemaRef,
    rows: usize,
    batch: contract::Batch,
    limits: &BatchLimits,
) -> Result<RecordBatch> {
    let mut decoder = Decoder {
        nodes: batch.nodes.into_iter(),
        buffers: batch.buffers.into_iter(),
        values_max: limits.bytes_max,
    };
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let data = decoder
            .array(field, Some(rows))
            .map_err(|error| error.context(format!("column {:?}", field.name())))?;
        columns.push(make_array(data));
    }
    let (nodes, buffers) = (decoder.nodes.len(), decoder.buffers.len());
    if nodes > 0 || buffers > 0 {
        return Err(Error::contract(format!(
            "a batch has {nodes} nodes and {buffers} buffers more than its schema"
        )));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|error| Error::contract(format!("a batch does not fit its schema: {error}")))
}

struct Decoder {
    nodes: std::vec::IntoIter<contract::Node>,
    buffers: std::vec::IntoIter<Vec<u8>>,
    /// Values without buffers (nulls, empty structs) cost a guest nothing to claim.
    values_max: usize,
}

impl Decoder {
    fn array(&mut self, field: &FieldRef, length_due: Option<usize>) -> Result<ArrayData> {
        let data_type = field.data_type();
        let node = self
            .nodes
            .next()
            .ok_or_else(|| Error::contract("a batch has fewer nodes than its schema"))?;
        let length = node.length as usize;
        if let Some(due) = length_due.filter(|&due| due != length) {
            return Err(Error::contract(format!(
                "{length} values where {due} are due"
            )));
        }
        if length > self.values_max {
            return Err(Error::over_limit(
                "values of an array",
                length,
                self.values_max,
                "batch_bytes_max",
            ));
        }
        let mut own = self.take_buffers(data_type, node.buffers as usize)?;
        let nulls = match data_type {
            DataType::Null => None,
            _ => validity(own.remove(0), length)?,
        };
        let null_count = match data_type {
            DataType::Null => length,
            _ => nulls.as_ref().map_or(0, NullBuffer::null_count),
        };
        if node.null_count as usize != null_count {
            return Err(Error::contract(format!(
                "{} nulls are claimed, {null_count} are there",
                node.null_count
            )));
        }
        check_sizes(data_type, length, &own)?;
        let children = self.children(data_type, length)?;
        let data = ArrayData::builder(data_type.clone())
            .len(length)
            .nulls(nulls)
            .buffers(own)
            .child_data(children)
            .align_buffers(true)
            .build()
            .map_err(|error| Error::contract(error.to_string()))?;
        check_values(&data)?;
        Ok(data)
    }

    fn take_buffers(&mut self, data_type: &DataType, count: usize) -> Result<Vec<Buffer>> {
        let (due, exact) = buffers_due(data_type);
        if count < due || (exact && count > due) {
            return Err(Error::contract(format!(
                "{count} buffers where {due} are due for {data_type}"
            )));
        }
        if count > self.buffers.len() {
            return Err(Error::contract(
                "a batch has fewer buffers than its nodes say",
            ));
        }
        Ok(self
            .buffers
            .by_ref()
            .take(count)
            .map(Buffer::from_vec)
            .collect())
    }

    fn children(&mut self, data_type: &DataType, length: usize) -> Result<Vec<ArrayData>> {
        let length_due = match data_type {
            DataType::Struct(_) => Some(length),
            DataType::FixedSizeList(_, size) => Some(length.saturating_mul(*size as usize)),
            _ => None,
        };
        let decode = |child: &FieldRef| {
            self.array(child, length_due)
                .map_err(|error| error.context(format!("child {:?}", child.name())))
        };
        children(data_type).iter().map(decode).collect()
    }
}

/// How many buffers a node has, its validity bitmap included, and whether exactly so many.
fn buffers_due(data_type: &DataType) -> (usize, bool) {
    use DataType as T;
    match data_type {
        T::Null => (0, true),
        T::Struct(_) | T::FixedSizeList(_, _) => (1, true),
        T::Utf8 | T::LargeUtf8 | T::Binary | T::LargeBinary => (3, true),
        T::Utf8View | T::BinaryView => (2, false),
        _ => (2, true),
    }
}

fn validity(bitmap: Buffer, length: usize) -> Result<Option<NullBuffer>> {
    if bitmap.is_empty() {
        return Ok(None);
    }
    let due = length.div_ceil(8);
    if bitmap.len() < due {
        return Err(Error::contract(format!(
            "a validity bitmap of {} bytes where {due} are due",
            bitmap.len()
        )));
    }
    Ok(Some(NullBuffer::new(BooleanBuffer::new(bitmap, 0, length))))
}

/// Checks that the first buffer after the validity bitmap is long enough, in arithmetic that
/// cannot overflow: a length is below 2^32 and a width at most 2^20.
fn check_sizes(data_type: &DataType, length: usize, own: &[Buffer]) -> Result<()> {
    use DataType as T;
    let due = match data_type {
        T::Null | T::Struct(_) | T::FixedSizeList(_, _) => return Ok(()),
        T::Boolean => length.div_ceil(8),
        T::Utf8 | T::Binary | T::List(_) | T::Map(_, _) => (length + 1) * 4,
        T::LargeUtf8 | T::LargeBinary | T::LargeList(_) => (length + 1) * 8,
        T::Utf8View | T::BinaryView => length * 16,
        T::FixedSizeBinary(width) => length * *width as usize,
        T::Dictionary(key, _) => length * key.primitive_width().unwrap_or(8),
        other => length * other.primitive_width().unwrap_or(32),
    };
    match own.first().map_or(0, Buffer::len) {
        actual if actual < due => Err(Error::contract(format!(
            "a buffer of {actual} bytes where {due} are due for {length} values"
        ))),
        _ => Ok(()),
    }
}

/// What `ArrayData` does not look at: digits beyond a decimal's precision.
fn check_values(data: &ArrayData) -> Result<()> {
    let checked = match data.data_type() {
        DataType::Decimal128(precision, _) => make_array(data.clone())
            .as_primitive::<Decimal128Type>()
            .validate_decimal_precision(*precision),
        DataType::Decimal256(precision, _) => make_array(data.clone())
            .as_primitive::<Decimal256Type>()
            .validate_decimal_precision(*precision),
        _ => Ok(()),
    };
    checked.map_err(|error| Error::contract(error.to_string()))
}

/// A batch on its way to a guest: flattened, and borrowed by the call.
pub(super) struct GuestBatch {
    rows: u32,
    nodes: Vec<contract::Node>,
    flat: FlatBatch,
}

impl GuestBatch {
    pub(super) fn new(rows: usize, columns: &[arrow::array::ArrayRef]) -> Self {
        let flat = FlatBatch::from_arrays(columns);
        let nodes = flat.nodes.iter().map(|node| contract::Node {
            length: node.length,
            null_count: node.null_count,
            buffers: node.buffers,
        });
        Self {
            rows: rows as u32,
            nodes: nodes.collect(),
            flat,
        }
    }

    pub(super) fn slices(&self) -> Vec<&[u8]> {
        self.flat.slices()
    }

    /// The batch as a call borrows it.
    pub(super) fn borrowed<'a>(&'a self, slices: &'a [&'a [u8]]) -> BatchRef<'a> {
        BatchRef {
            rows: self.rows,
            nodes: &self.nodes,
            buffers: slices,
        }
    }

    /// The batch as part of something larger: constants and predicates, which are small.
    pub(super) fn into_owned(self) -> contract::Batch {
        let buffers = self.slices().into_iter().map(<[u8]>::to_vec).collect();
        contract::Batch {
            rows: self.rows,
            nodes: self.nodes,
            buffers,
        }
    }
}
