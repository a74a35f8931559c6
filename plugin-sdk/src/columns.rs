//! Arrow arrays as the contract's flattened columns.
//!
//! A sender makes a [`FlatBatch`]: nodes in pre-order, buffers in the order of the nodes, every
//! array moved to offset 0 and cut to what its rows use, so that a slice of a large array does not
//! send the large array. The types of the contract are made twice by two binding generators (for
//! guests and for hosts) with the same names, so their conversion to Arrow's types is a macro,
//! [`schema_conversions!`](crate::schema_conversions).
//!
//! The way back is not here: a guest believes its host (`wasm.rs`), a host believes nobody
//! (`wasm/arrow.rs` there).

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, make_array};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_data::ArrayData;
use arrow_schema::DataType;

/// One array of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlatNode {
    /// How many values.
    pub length: u32,
    /// How many of them are null.
    pub null_count: u32,
    /// How many of the buffers are its own.
    pub buffers: u32,
}

/// A batch in the contract's layout.
#[derive(Debug, Default)]
pub struct FlatBatch {
    /// Nodes in pre-order.
    pub nodes: Vec<FlatNode>,
    /// Their buffers. An absent validity bitmap is an empty buffer.
    pub buffers: Vec<Buffer>,
}

impl FlatBatch {
    /// Flattens the columns of a batch.
    pub fn from_batch(batch: &RecordBatch) -> Self {
        Self::from_arrays(batch.columns())
    }

    /// Flattens columns of equal length.
    pub fn from_arrays<'a>(arrays: impl IntoIterator<Item = &'a ArrayRef>) -> Self {
        let mut flat = Self::default();
        for array in arrays {
            flat.push(array);
        }
        flat
    }

    /// The buffers as byte slices.
    pub fn slices(&self) -> Vec<&[u8]> {
        self.buffers.iter().map(Buffer::as_slice).collect()
    }

    fn push(&mut self, array: &ArrayRef) {
        match array.data_type() {
            DataType::Utf8View => {
                let view = array.as_string_view();
                let compact = is_sparse(view.data_buffers(), view.total_buffer_bytes_used());
                self.push_data(&if compact {
                    view.gc().to_data()
                } else {
                    array.to_data()
                });
            }
            DataType::BinaryView => {
                let view = array.as_binary_view();
                let compact = is_sparse(view.data_buffers(), view.total_buffer_bytes_used());
                self.push_data(&if compact {
                    view.gc().to_data()
                } else {
                    array.to_data()
                });
            }
            _ => self.push_data(&array.to_data()),
        }
    }

    fn push_data(&mut self, data: &ArrayData) {
        let node = self.nodes.len();
        let first_buffer = self.buffers.len();
        let nulls = if *data.data_type() == DataType::Null {
            data.len()
        } else {
            data.null_count()
        };
        self.nodes.push(FlatNode {
            length: data.len() as u32,
            null_count: nulls as u32,
            buffers: 0,
        });
        if *data.data_type() != DataType::Null {
            self.buffers.push(validity(data.nulls()));
        }
        let children = self.push_values(data);
        self.nodes[node].buffers = (self.buffers.len() - first_buffer) as u32;
        for child in children {
            self.push(&child);
        }
    }

    /// Pushes the buffers after the validity bitmap, and gives the children.
    fn push_values(&mut self, data: &ArrayData) -> Vec<ArrayRef> {
        use DataType as T;
        let (offset, length) = (data.offset(), data.len());
        let slice = |position: usize, from: usize, to: usize| {
            data.buffers()[position].slice_with_length(from, to - from)
        };
        match data.data_type() {
            T::Null => vec![],
            T::Boolean => {
                let bits = BooleanBuffer::new(data.buffers()[0].clone(), offset, length);
                self.buffers.push(bits.sliced());
                vec![]
            }
            T::Utf8 | T::Binary => {
                let (from, to) = self.push_offsets::<i32>(data);
                self.buffers.push(slice(1, from, to));
                vec![]
            }
            T::LargeUtf8 | T::LargeBinary => {
                let (from, to) = self.push_offsets::<i64>(data);
                self.buffers.push(slice(1, from, to));
                vec![]
            }
            T::Utf8View | T::BinaryView => {
                self.buffers
                    .push(slice(0, offset * 16, (offset + length) * 16));
                self.buffers.extend_from_slice(&data.buffers()[1..]);
                vec![]
            }
            T::List(_) | T::Map(_, _) => {
                let (from, to) = self.push_offsets::<i32>(data);
                vec![child(data, 0, from, to)]
            }
            T::LargeList(_) => {
                let (from, to) = self.push_offsets::<i64>(data);
                vec![child(data, 0, from, to)]
            }
            T::FixedSizeList(_, size) => {
                let size = *size as usize;
                vec![child(data, 0, offset * size, (offset + length) * size)]
            }
            T::Struct(fields) => (0..fields.len())
                .map(|i| child(data, i, offset, offset + length))
                .collect(),
            T::Dictionary(key, _) => {
                let width = key.primitive_width().expect("dictionary keys are integers");
                self.buffers
                    .push(slice(0, offset * width, (offset + length) * width));
                vec![make_array(data.child_data()[0].clone())]
            }
            fixed => {
                let width = match fixed {
                    T::FixedSizeBinary(width) => *width as usize,
                    other => other
                        .primitive_width()
                        .expect("a schema was made of this type"),
                };
                self.buffers
                    .push(slice(0, offset * width, (offset + length) * width));
                vec![]
            }
        }
    }

    /// Pushes offsets that start at 0, and says which part of the values they span.
    fn push_offsets<O: ArrowNativeType + std::ops::Sub<Output = O>>(
        &mut self,
        data: &ArrayData,
    ) -> (usize, usize) {
        if data.is_empty() {
            self.buffers.push(Buffer::from_vec(vec![O::default()]));
            return (0, 0);
        }
        let offsets =
            ScalarBuffer::<O>::new(data.buffers()[0].clone(), data.offset(), data.len() + 1);
        let (first, last) = (offsets[0], offsets[data.len()]);
        self.buffers.push(if first == O::default() {
            offsets.into_inner()
        } else {
            Buffer::from_vec(
                offsets
                    .iter()
                    .map(|&offset| offset - first)
                    .collect::<Vec<O>>(),
            )
        });
        (first.as_usize(), last.as_usize())
    }
}

/// Whether less than half of a view array's buffers is in use.
fn is_sparse(buffers: &[Buffer], used: usize) -> bool {
    let held: usize = buffers.iter().map(Buffer::len).sum();
    held > 2 * used + 4096
}

fn child(data: &ArrayData, index: usize, from: usize, to: usize) -> ArrayRef {
    make_array(data.child_data()[index].clone()).slice(from, to - from)
}

fn validity(nulls: Option<&NullBuffer>) -> Buffer {
    match nulls {
        Some(nulls) if nulls.null_count() > 0 => nulls.inner().sliced(),
        _ => Buffer::default(),
    }
}

/// Defines `fields_to_contract` and `fields_from_contract` between Arrow's fields and the
/// `arrow` interface as a binding generator made it, in the module given.
///
/// `fields_from_contract(&[Field], limits)` refuses what Arrow does not allow (widths, precisions,
/// child counts, nesting), so it can be used on what a guest says.
#[macro_export]
macro_rules! schema_conversions {
    ($wit:ident) => {
        /// Arrow fields, flattened in pre-order.
        pub(crate) fn fields_to_contract<'a>(
            fields: impl IntoIterator<Item = &'a arrow_schema::FieldRef>,
        ) -> Result<Vec<$wit::Field>, String> {
            let mut flat = Vec::new();
            for field in fields {
                field_to_contract(field, &mut flat)?;
            }
            Ok(flat)
        }

        fn field_to_contract(
            field: &arrow_schema::Field,
            flat: &mut Vec<$wit::Field>,
        ) -> Result<(), String> {
            let children = $crate::columns::children(field.data_type());
            let mut metadata: Vec<_> = field
                .metadata()
                .iter()
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            metadata.sort_unstable();
            flat.push($wit::Field {
                name: field.name().clone(),
                data_type: type_to_contract(field.data_type())?,
                nullable: field.is_nullable(),
                children: children.len() as u32,
                metadata,
            });
            children
                .iter()
                .try_for_each(|child| field_to_contract(child, flat))
        }

        fn type_to_contract(data_type: &arrow_schema::DataType) -> Result<$wit::DataType, String> {
            use arrow_schema::{DataType as A, IntervalUnit as I};
            use $wit::DataType as W;
            Ok(match data_type {
                A::Null => W::Null,
                A::Boolean => W::Boolean,
                A::Int8 => W::Int8,
                A::Int16 => W::Int16,
                A::Int32 => W::Int32,
                A::Int64 => W::Int64,
                A::UInt8 => W::Uint8,
                A::UInt16 => W::Uint16,
                A::UInt32 => W::Uint32,
                A::UInt64 => W::Uint64,
                A::Float16 => W::Float16,
                A::Float32 => W::Float32,
                A::Float64 => W::Float64,
                A::Decimal128(precision, scale) => W::Decimal128($wit::Decimal {
                    precision: *precision,
                    scale: *scale,
                }),
                A::Decimal256(precision, scale) => W::Decimal256($wit::Decimal {
                    precision: *precision,
                    scale: *scale,
                }),
                A::Utf8 => W::Utf8,
                A::LargeUtf8 => W::LargeUtf8,
                A::Utf8View => W::Utf8View,
                A::Binary => W::Binary,
                A::LargeBinary => W::LargeBinary,
                A::BinaryView => W::BinaryView,
                A::FixedSizeBinary(width) => W::FixedSizeBinary(*width as u32),
                A::Date32 => W::Date32,
                A::Date64 => W::Date64,
                A::Time32(unit) => W::Time32(unit_to_contract(*unit)),
                A::Time64(unit) => W::Time64(unit_to_contract(*unit)),
                A::Timestamp(unit, zone) => W::Timestamp($wit::Timestamp {
                    unit: unit_to_contract(*unit),
                    zone: zone.as_ref().map(|zone| zone.to_string()),
                }),
                A::Duration(unit) => W::Duration(unit_to_contract(*unit)),
                A::Interval(I::YearMonth) => W::Interval($wit::IntervalUnit::YearMonth),
                A::Interval(I::DayTime) => W::Interval($wit::IntervalUnit::DayTime),
                A::Interval(I::MonthDayNano) => W::Interval($wit::IntervalUnit::MonthDayNano),
                A::List(_) => W::List,
                A::LargeList(_) => W::LargeList,
                A::FixedSizeList(_, size) => W::FixedSizeList(*size as u32),
                A::Struct(_) => W::Struct,
                A::Map(_, sorted) => W::Map(*sorted),
                A::Dictionary(keys, _) => W::Dictionary($wit::Dictionary {
                    keys: keys_to_contract(keys)?,
                    ordered: false,
                }),
                other => return Err(format!("the contract has no type {other}")),
            })
        }

        fn unit_to_contract(unit: arrow_schema::TimeUnit) -> $wit::TimeUnit {
            match unit {
                arrow_schema::TimeUnit::Second => $wit::TimeUnit::Second,
                arrow_schema::TimeUnit::Millisecond => $wit::TimeUnit::Millisecond,
                arrow_schema::TimeUnit::Microsecond => $wit::TimeUnit::Microsecond,
                arrow_schema::TimeUnit::Nanosecond => $wit::TimeUnit::Nanosecond,
            }
        }

        fn keys_to_contract(keys: &arrow_schema::DataType) -> Result<$wit::KeyType, String> {
            use arrow_schema::DataType as A;
            Ok(match keys {
                A::Int8 => $wit::KeyType::Int8,
                A::Int16 => $wit::KeyType::Int16,
                A::Int32 => $wit::KeyType::Int32,
                A::Int64 => $wit::KeyType::Int64,
                A::UInt8 => $wit::KeyType::Uint8,
                A::UInt16 => $wit::KeyType::Uint16,
                A::UInt32 => $wit::KeyType::Uint32,
                A::UInt64 => $wit::KeyType::Uint64,
                other => return Err(format!("{other} cannot be the key of a dictionary")),
            })
        }

        /// Arrow fields from their flattened form.
        pub(crate) fn fields_from_contract(
            flat: &[$wit::Field],
            depth_max: usize,
        ) -> Result<arrow_schema::Fields, String> {
            let mut rest = flat.iter();
            let mut fields = Vec::new();
            while !rest.as_slice().is_empty() {
                fields.push(field_from_contract(&mut rest, depth_max)?);
            }
            Ok(fields.into())
        }

        fn field_from_contract(
            rest: &mut std::slice::Iter<'_, $wit::Field>,
            depth_left: usize,
        ) -> Result<arrow_schema::Field, String> {
            let flat = rest
                .next()
                .ok_or("a field has fewer children than it says")?;
            if depth_left == 0 {
                return Err(format!("field {:?} is nested too deep", flat.name));
            }
            let mut children = Vec::new();
            for _ in 0..flat.children {
                children.push(std::sync::Arc::new(field_from_contract(
                    rest,
                    depth_left - 1,
                )?));
            }
            let data_type = type_from_contract(&flat.data_type, children)
                .map_err(|error| format!("field {:?}: {error}", flat.name))?;
            let metadata = flat.metadata.iter().cloned().collect();
            Ok(
                arrow_schema::Field::new(&flat.name, data_type, flat.nullable)
                    .with_metadata(metadata),
            )
        }

        fn type_from_contract(
            flat: &$wit::DataType,
            children: Vec<arrow_schema::FieldRef>,
        ) -> Result<arrow_schema::DataType, String> {
            use arrow_schema::{DataType as A, IntervalUnit as I};
            use $wit::DataType as W;
            let simple = match flat {
                W::Null => A::Null,
                W::Boolean => A::Boolean,
                W::Int8 => A::Int8,
                W::Int16 => A::Int16,
                W::Int32 => A::Int32,
                W::Int64 => A::Int64,
                W::Uint8 => A::UInt8,
                W::Uint16 => A::UInt16,
                W::Uint32 => A::UInt32,
                W::Uint64 => A::UInt64,
                W::Float16 => A::Float16,
                W::Float32 => A::Float32,
                W::Float64 => A::Float64,
                W::Decimal128(d) => $crate::columns::decimal(128, d.precision, d.scale)?,
                W::Decimal256(d) => $crate::columns::decimal(256, d.precision, d.scale)?,
                W::Utf8 => A::Utf8,
                W::LargeUtf8 => A::LargeUtf8,
                W::Utf8View => A::Utf8View,
                W::Binary => A::Binary,
                W::LargeBinary => A::LargeBinary,
                W::BinaryView => A::BinaryView,
                W::FixedSizeBinary(width) => A::FixedSizeBinary($crate::columns::width(*width)?),
                W::Date32 => A::Date32,
                W::Date64 => A::Date64,
                W::Time32(unit) => $crate::columns::time(32, unit_from_contract(*unit))?,
                W::Time64(unit) => $crate::columns::time(64, unit_from_contract(*unit))?,
                W::Timestamp(t) => A::Timestamp(
                    unit_from_contract(t.unit),
                    t.zone.as_deref().map(Into::into),
                ),
                W::Duration(unit) => A::Duration(unit_from_contract(*unit)),
                W::Interval($wit::IntervalUnit::YearMonth) => A::Interval(I::YearMonth),
                W::Interval($wit::IntervalUnit::DayTime) => A::Interval(I::DayTime),
                W::Interval($wit::IntervalUnit::MonthDayNano) => A::Interval(I::MonthDayNano),
                W::Struct => return Ok(A::Struct(children.into())),
                nested => {
                    let [child]: [arrow_schema::FieldRef; 1] =
                        children.try_into().map_err(|all: Vec<_>| {
                            format!("1 child is due, {} are there", all.len())
                        })?;
                    return Ok(match nested {
                        W::List => A::List(child),
                        W::LargeList => A::LargeList(child),
                        W::FixedSizeList(size) => {
                            A::FixedSizeList(child, $crate::columns::width(*size)?)
                        }
                        W::Map(sorted) => $crate::columns::map(child, *sorted)?,
                        W::Dictionary(d) => A::Dictionary(
                            Box::new(keys_from_contract(d.keys)),
                            Box::new(child.data_type().clone()),
                        ),
                        _ => unreachable!("every type without exactly one child was matched above"),
                    });
                }
            };
            match children.len() {
                0 => Ok(simple),
                count => Err(format!("no child is due, {count} are there")),
            }
        }

        fn unit_from_contract(unit: $wit::TimeUnit) -> arrow_schema::TimeUnit {
            match unit {
                $wit::TimeUnit::Second => arrow_schema::TimeUnit::Second,
                $wit::TimeUnit::Millisecond => arrow_schema::TimeUnit::Millisecond,
                $wit::TimeUnit::Microsecond => arrow_schema::TimeUnit::Microsecond,
                $wit::TimeUnit::Nanosecond => arrow_schema::TimeUnit::Nanosecond,
            }
        }

        fn keys_from_contract(keys: $wit::KeyType) -> arrow_schema::DataType {
            use arrow_schema::DataType as A;
            match keys {
                $wit::KeyType::Int8 => A::Int8,
                $wit::KeyType::Int16 => A::Int16,
                $wit::KeyType::Int32 => A::Int32,
                $wit::KeyType::Int64 => A::Int64,
                $wit::KeyType::Uint8 => A::UInt8,
                $wit::KeyType::Uint16 => A::UInt16,
                $wit::KeyType::Uint32 => A::UInt32,
                $wit::KeyType::Uint64 => A::UInt64,
            }
        }
    };
}

mod checks {
    use arrow_schema::{DataType, Field, FieldRef, TimeUnit};
    use std::sync::Arc;

    /// The child fields of a type, as the contract lists them.
    pub fn children(data_type: &DataType) -> Vec<FieldRef> {
        match data_type {
            DataType::List(child)
            | DataType::LargeList(child)
            | DataType::FixedSizeList(child, _)
            | DataType::Map(child, _) => vec![Arc::clone(child)],
            DataType::Struct(fields) => fields.iter().cloned().collect(),
            DataType::Dictionary(_, values) => {
                vec![Arc::new(Field::new("values", (**values).clone(), true))]
            }
            _ => vec![],
        }
    }

    /// A decimal type of so many bits.
    pub fn decimal(bits: u32, precision: u8, scale: i8) -> Result<DataType, String> {
        let precision_max = if bits == 128 { 38 } else { 76 };
        if precision == 0
            || precision > precision_max
            || scale > precision as i8
            || scale < -(precision_max as i8)
        {
            return Err(format!(
                "decimal{bits}({precision}, {scale}) is out of range"
            ));
        }
        Ok(match bits {
            128 => DataType::Decimal128(precision, scale),
            _ => DataType::Decimal256(precision, scale),
        })
    }

    /// The width of fixed-size values or lists: 1 to 2^20.
    pub fn width(width: u32) -> Result<i32, String> {
        match width {
            1..=1_048_576 => Ok(width as i32),
            _ => Err(format!("a width of {width} is not between 1 and 1048576")),
        }
    }

    /// A time of day of so many bits.
    pub fn time(bits: u32, unit: TimeUnit) -> Result<DataType, String> {
        match (bits, unit) {
            (32, TimeUnit::Second | TimeUnit::Millisecond) => Ok(DataType::Time32(unit)),
            (64, TimeUnit::Microsecond | TimeUnit::Nanosecond) => Ok(DataType::Time64(unit)),
            _ => Err(format!("time{bits} has no unit {unit:?}")),
        }
    }

    /// A map of the given entries.
    pub fn map(entries: FieldRef, sorted: bool) -> Result<DataType, String> {
        match entries.data_type() {
            DataType::Struct(fields)
                if fields.len() == 2 && !entries.is_nullable() && !fields[0].is_nullable() =>
            {
                Ok(DataType::Map(entries, sorted))
            }
            _ => Err(
                "the entries of a map are a non-null struct of a non-null key and a value"
                    .to_owned(),
            ),
        }
    }
}

#[doc(hidden)]
pub use checks::*;

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::builder::{
        FixedSizeBinaryBuilder, FixedSizeListBuilder, Int32Builder, LargeListBuilder, ListBuilder,
        MapBuilder, StringBuilder, StringDictionaryBuilder, StringViewBuilder,
    };
    use arrow_array::types::{Float16Type, Int8Type, Int32Type};
    use arrow_array::{
        BinaryArray, BinaryViewArray, BooleanArray, Decimal128Array, Decimal256Array,
        DictionaryArray, Float64Array, Int8Array, Int32Array, IntervalMonthDayNanoArray,
        LargeBinaryArray, LargeStringArray, ListArray, NullArray, PrimitiveArray, StringArray,
        StringViewArray, StructArray, TimestampSecondArray, UInt16Array,
    };
    use arrow_buffer::{IntervalMonthDayNano, OffsetBuffer, i256};
    use arrow_data::transform::MutableArrayData;
    use arrow_schema::{Field, Fields};
    use std::sync::Arc;

    /// More than two bytes of bits, so that slices start and end within and between bytes.
    const ROWS: usize = 19;

    /// A value for each row; every third is null.
    fn some<T>(value: impl Fn(usize) -> T) -> impl Iterator<Item = Option<T>> {
        (0..ROWS).map(move |row| (row % 3 != 1).then(|| value(row)))
    }

    /// Text that is shorter than a view's 12 bytes in some rows and longer in others.
    fn text(row: usize) -> String {
        "x".repeat(row)
    }

    fn flat_types() -> Vec<ArrayRef> {
        let bytes: Vec<_> = some(|row| text(row).into_bytes()).collect();
        let bytes = || bytes.iter().map(Option::as_deref).collect::<Vec<_>>();
        let mut fixed = FixedSizeBinaryBuilder::new(3);
        some(|row| [row as u8; 3]).for_each(|value| match value {
            Some(value) => fixed.append_value(value).unwrap(),
            None => fixed.append_null(),
        });
        vec![
            Arc::new(NullArray::new(ROWS)),
            Arc::new(some(|row| row % 2 == 0).collect::<BooleanArray>()),
            Arc::new(
                (0..ROWS)
                    .map(|row| Some(row % 5 == 0))
                    .collect::<BooleanArray>(),
            ),
            Arc::new(some(|row| row as i8).collect::<Int8Array>()),
            Arc::new(some(|row| row as u16).collect::<UInt16Array>()),
            Arc::new(Int32Array::from_iter_values(0..ROWS as i32)),
            Arc::new(some(|_| Default::default()).collect::<PrimitiveArray<Float16Type>>()),
            Arc::new(some(|row| row as f64).collect::<Float64Array>()),
            Arc::new(some(|row| row as i128).collect::<Decimal128Array>()),
            Arc::new(some(|row| i256::from(row as i64)).collect::<Decimal256Array>()),
            Arc::new(
                some(|row| row as i64)
                    .collect::<TimestampSecondArray>()
                    .with_timezone("Europe/Kyiv"),
            ),
            Arc::new(
                some(|row| IntervalMonthDayNano::new(1, 2, row as i64))
                    .collect::<IntervalMonthDayNanoArray>(),
            ),
            Arc::new(some(text).collect::<StringArray>()),
            Arc::new(some(text).collect::<LargeStringArray>()),
            Arc::new(some(text).collect::<StringViewArray>()),
            Arc::new(BinaryArray::from(bytes())),
            Arc::new(LargeBinaryArray::from(bytes())),
            Arc::new(BinaryViewArray::from(bytes())),
            Arc::new(fixed.finish()),
        ]
    }

    fn nested_types() -> Vec<ArrayRef> {
        let mut list = ListBuilder::new(StringBuilder::new());
        let mut large = LargeListBuilder::new(StringViewBuilder::new());
        let mut fixed = FixedSizeListBuilder::new(Int32Builder::new(), 2);
        let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        let mut dictionary = StringDictionaryBuilder::<Int8Type>::new();
        for row in 0..ROWS {
            let valid = row % 3 != 1;
            for item in 0..row % 4 {
                list.values().append_option((item != 2).then(|| text(row)));
                large.values().append_value(text(row));
                map.keys().append_value(text(item));
                map.values()
                    .append_option((item != 1).then_some(row as i32));
            }
            fixed.values().append_value(row as i32);
            fixed.values().append_null();
            list.append(valid);
            large.append(valid);
            fixed.append(valid);
            map.append(valid).unwrap();
            dictionary.append_option(valid.then(|| text(row % 2)));
        }
        let list: ArrayRef = Arc::new(list.finish());
        let fields = vec![
            Field::new("bits", DataType::Boolean, true),
            Field::new("text", DataType::Utf8View, true),
            Field::new("list", list.data_type().clone(), true),
        ];
        let members: Vec<ArrayRef> = vec![
            Arc::new(some(|row| row % 2 == 0).collect::<BooleanArray>()),
            Arc::new(some(text).collect::<StringViewArray>()),
            Arc::clone(&list),
        ];
        let nulls = NullBuffer::from_iter((0..ROWS).map(|row| row % 4 != 2));
        let structs = StructArray::new(Fields::from(fields), members, Some(nulls));
        vec![
            list,
            Arc::new(large.finish()),
            Arc::new(fixed.finish()),
            Arc::new(map.finish()),
            Arc::new(dictionary.finish()),
            Arc::new(structs),
        ]
    }

    /// An array out of its flattened form, fully validated: what a receiver makes of it.
    fn unflatten(
        data_type: &DataType,
        nodes: &mut Vec<FlatNode>,
        buffers: &mut Vec<Buffer>,
    ) -> ArrayData {
        let node = nodes.remove(0);
        let mut own: Vec<_> = buffers.drain(..node.buffers as usize).collect();
        let mut builder = ArrayData::builder(data_type.clone()).len(node.length as usize);
        if *data_type != DataType::Null {
            let validity = own.remove(0);
            assert_eq!(
                validity.is_empty(),
                node.null_count == 0,
                "a bitmap where there are nulls, and only there"
            );
            if !validity.is_empty() {
                assert_eq!(validity.len(), (node.length as usize).div_ceil(8));
                let bits = BooleanBuffer::new(validity, 0, node.length as usize);
                let nulls = NullBuffer::new(bits);
                assert_eq!(nulls.null_count(), node.null_count as usize);
                builder = builder.nulls(Some(nulls));
            }
        }
        for child in children(data_type) {
            builder = builder.add_child_data(unflatten(child.data_type(), nodes, buffers));
        }
        let data = builder.buffers(own).align_buffers(true).build().unwrap();
        data.validate_full().unwrap();
        data
    }

    fn receive(data_type: &DataType, flat: &FlatBatch) -> ArrayRef {
        let (mut nodes, mut buffers) = (flat.nodes.clone(), flat.buffers.clone());
        let data = unflatten(data_type, &mut nodes, &mut buffers);
        assert!(
            nodes.is_empty() && buffers.is_empty(),
            "nothing is left over"
        );
        make_array(data)
    }

    /// A copy of an array that shares nothing with it and starts at offset 0.
    fn copy(array: &ArrayRef) -> ArrayRef {
        let data = array.to_data();
        let mut copy = MutableArrayData::new(vec![&data], false, array.len());
        copy.try_extend(0, 0, array.len()).unwrap();
        make_array(copy.freeze())
    }

    fn sizes(flat: &FlatBatch) -> Vec<usize> {
        flat.buffers.iter().map(Buffer::len).collect()
    }

    #[test]
    fn every_slice_of_every_type_arrives_whole_and_without_its_surroundings() {
        for array in flat_types().into_iter().chain(nested_types()) {
            for from in 0..=ROWS {
                for length in 0..=ROWS - from {
                    let slice = array.slice(from, length);
                    let flat = FlatBatch::from_arrays([&slice]);
                    let case = format!("{} from {from}, {length} rows", array.data_type());
                    assert_eq!(
                        receive(array.data_type(), &flat).as_ref(),
                        slice.as_ref(),
                        "{case}"
                    );
                    let compact = FlatBatch::from_arrays([&copy(&slice)]);
                    assert_eq!(flat.nodes, compact.nodes, "{case}");
                    assert_eq!(sizes(&flat), sizes(&compact), "{case}");
                }
            }
        }
    }

    #[test]
    fn a_batch_is_its_columns_one_after_the_other() {
        let columns = flat_types().into_iter().chain(nested_types()).enumerate();
        let batch =
            RecordBatch::try_from_iter(columns.map(|(i, column)| (i.to_string(), column))).unwrap();
        let flat = FlatBatch::from_batch(&batch);
        let (mut nodes, mut buffers) = (flat.nodes.clone(), flat.buffers.clone());
        for column in batch.columns() {
            let data = unflatten(column.data_type(), &mut nodes, &mut buffers);
            assert_eq!(make_array(data).as_ref(), column.as_ref());
        }
        assert!(nodes.is_empty() && buffers.is_empty());
        let slices = flat.slices();
        assert_eq!(
            slices.len(),
            flat.nodes
                .iter()
                .map(|node| node.buffers as usize)
                .sum::<usize>()
        );
        assert!(
            slices
                .iter()
                .zip(&flat.buffers)
                .all(|(slice, buffer)| *slice == buffer.as_slice())
        );
    }

    /// The example of a fixed-size primitive layout in the Arrow columnar format.
    #[test]
    fn a_primitive_has_the_layout_of_the_format() {
        let array: ArrayRef = Arc::new(Int32Array::from(vec![
            Some(1),
            None,
            Some(2),
            Some(4),
            Some(8),
        ]));
        let flat = FlatBatch::from_arrays([&array]);
        assert_eq!(
            flat.nodes,
            [FlatNode {
                length: 5,
                null_count: 1,
                buffers: 2
            }]
        );
        assert_eq!(flat.buffers[0].as_slice(), [0b0001_1101]);
        let values = flat.buffers[1].typed_data::<i32>();
        assert_eq!([values[0], values[2], values[3], values[4]], [1, 2, 4, 8]);
    }

    /// The example of a variable-size list layout in the Arrow columnar format, and a slice of it.
    #[test]
    fn a_list_has_the_layout_of_the_format() {
        let items = Int8Array::from(vec![12, -7, 25, 0, -127, 127, 50]);
        let offsets = OffsetBuffer::new(vec![0, 3, 3, 7, 7].into());
        let nulls = NullBuffer::from(vec![true, false, true, true]);
        let field = Arc::new(Field::new_list_field(DataType::Int8, true));
        let array: ArrayRef =
            Arc::new(ListArray::new(field, offsets, Arc::new(items), Some(nulls)));

        let flat = FlatBatch::from_arrays([&array]);
        let item = FlatNode {
            length: 7,
            null_count: 0,
            buffers: 2,
        };
        assert_eq!(
            flat.nodes,
            [
                FlatNode {
                    length: 4,
                    null_count: 1,
                    buffers: 2
                },
                item
            ]
        );
        assert_eq!(flat.buffers[0].as_slice(), [0b0000_1101]);
        assert_eq!(flat.buffers[1].typed_data::<i32>(), [0, 3, 3, 7, 7]);
        assert_eq!(flat.buffers[2].as_slice(), [0_u8; 0]);
        assert_eq!(
            flat.buffers[3].typed_data::<i8>(),
            [12, -7, 25, 0, -127, 127, 50]
        );

        let flat = FlatBatch::from_arrays([&array.slice(2, 2)]);
        let item = FlatNode {
            length: 4,
            null_count: 0,
            buffers: 2,
        };
        assert_eq!(
            flat.nodes,
            [
                FlatNode {
                    length: 2,
                    null_count: 0,
                    buffers: 2
                },
                item
            ]
        );
        assert_eq!(flat.buffers[0].as_slice(), [0_u8; 0]);
        assert_eq!(flat.buffers[1].typed_data::<i32>(), [0, 4, 4]);
        assert_eq!(flat.buffers[3].typed_data::<i8>(), [0, -127, 127, 50]);
    }

    #[test]
    fn booleans_of_a_slice_start_at_the_first_bit() {
        // Bits 3 to 12 are taken; the first row is in the lowest bit.
        let bits = BooleanBuffer::new(Buffer::from(vec![0b0110_0101_u8, 0b0000_1011]), 0, 16);
        let array: ArrayRef = Arc::new(BooleanArray::new(bits, None).slice(3, 10));
        let flat = FlatBatch::from_arrays([&array]);
        assert_eq!(flat.buffers[1].len(), 2);
        let value = u16::from(flat.buffers[1].as_slice()[0])
            | u16::from(flat.buffers[1].as_slice()[1]) << 8;
        assert_eq!(
            value & 0b11_1111_1111,
            (0b1011_0110_0101 >> 3) & 0b11_1111_1111
        );
    }

    /// 1,000 texts of 100 bytes in one buffer.
    fn large_views() -> StringViewArray {
        (0..1_000).map(|row| Some(format!("{row:0100}"))).collect()
    }

    fn assert_small(array: &ArrayRef) {
        let flat = FlatBatch::from_arrays([array]);
        let bytes: usize = sizes(&flat).into_iter().sum();
        assert!(bytes <= 1_000, "{}: {bytes} bytes", array.data_type());
        assert_eq!(receive(array.data_type(), &flat).as_ref(), array.as_ref());
    }

    #[test]
    fn a_few_views_do_not_take_their_large_buffer_along() {
        let views = large_views();
        assert!(views.total_buffer_bytes_used() == 100_000, "it is large");
        assert_small(&(Arc::new(views.slice(500, 3)) as ArrayRef));
        let binary = BinaryViewArray::from_iter((0..1_000).map(|row| Some(format!("{row:0100}"))));
        assert_small(&(Arc::new(binary.slice(500, 3)) as ArrayRef));

        let field = Field::new("text", DataType::Utf8View, false);
        let structs = StructArray::new(
            Fields::from(vec![field]),
            vec![Arc::new(views.clone())],
            None,
        );
        assert_small(&(Arc::new(structs.slice(500, 3)) as ArrayRef));
        let field = Arc::new(Field::new_list_field(DataType::Utf8View, false));
        let offsets = OffsetBuffer::from_lengths([500, 3, 497]);
        let lists = ListArray::new(field, offsets, Arc::new(views), None);
        assert_small(&(Arc::new(lists.slice(1, 1)) as ArrayRef));
    }

    #[test]
    fn views_that_use_most_of_their_buffers_are_not_copied() {
        let views = large_views();
        let address = views.data_buffers()[0].as_ptr();
        let flat = FlatBatch::from_arrays([&(Arc::new(views.slice(1, 900)) as ArrayRef)]);
        assert_eq!(flat.buffers[2].as_ptr(), address);
    }

    #[test]
    fn the_values_of_a_dictionary_are_sent_once_and_whole() {
        let values: ArrayRef = Arc::new(StringArray::from(vec!["a", "bb", "ccc"]));
        let keys = Int32Array::from(vec![Some(2), None, Some(0), Some(2)]);
        let array: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::new(keys, values));
        let flat = FlatBatch::from_arrays([&array.slice(2, 2)]);
        let values = FlatNode {
            length: 3,
            null_count: 0,
            buffers: 3,
        };
        assert_eq!(
            flat.nodes,
            [
                FlatNode {
                    length: 2,
                    null_count: 0,
                    buffers: 2
                },
                values
            ]
        );
        assert_eq!(flat.buffers[1].typed_data::<i32>(), [0, 2]);
        assert_eq!(flat.buffers[4].as_slice(), b"abbccc");
    }

    #[test]
    fn types_out_of_range_are_refused() {
        use arrow_schema::TimeUnit;
        assert_eq!(decimal(128, 38, 38), Ok(DataType::Decimal128(38, 38)));
        assert_eq!(decimal(256, 76, -76), Ok(DataType::Decimal256(76, -76)));
        for (bits, precision, scale) in [
            (128, 0, 0),
            (128, 39, 0),
            (128, 5, 6),
            (128, 5, -39),
            (256, 77, 0),
            (256, 255, 0),
            (128, 1, -128),
        ] {
            assert!(
                decimal(bits, precision, scale)
                    .unwrap_err()
                    .contains("out of range"),
                "{bits} {precision} {scale}"
            );
        }
        assert_eq!((width(1), width(1 << 20)), (Ok(1), Ok(1 << 20)));
        assert_eq!(
            width(0).unwrap_err(),
            "a width of 0 is not between 1 and 1048576"
        );
        assert_eq!(
            width(u32::MAX).unwrap_err(),
            "a width of 4294967295 is not between 1 and 1048576"
        );
        assert_eq!(
            time(32, TimeUnit::Second),
            Ok(DataType::Time32(TimeUnit::Second))
        );
        assert_eq!(
            time(32, TimeUnit::Nanosecond).unwrap_err(),
            "time32 has no unit Nanosecond"
        );
        assert_eq!(
            time(64, TimeUnit::Second).unwrap_err(),
            "time64 has no unit Second"
        );
    }

    #[test]
    fn the_entries_of_a_map_are_a_non_null_struct_of_a_non_null_key_and_a_value() {
        let entries = |key_nullable, members: usize, nullable| {
            let key = Field::new("key", DataType::Utf8, key_nullable);
            let members: Vec<_> = std::iter::repeat_n(key, members).collect();
            Arc::new(Field::new(
                "entries",
                DataType::Struct(Fields::from(members)),
                nullable,
            ))
        };
        assert_eq!(
            map(entries(false, 2, false), true),
            Ok(DataType::Map(entries(false, 2, false), true))
        );
        for wrong in [
            entries(true, 2, false),
            entries(false, 1, false),
            entries(false, 3, false),
            entries(false, 2, true),
        ] {
            assert!(
                map(wrong, false).is_err_and(|message| message.starts_with("the entries of a map"))
            );
        }
        let no_struct = Arc::new(Field::new("entries", DataType::Utf8, false));
        assert!(map(no_struct, false).is_err());
    }
}
