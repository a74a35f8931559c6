//! Values as they come in binary, collected into Arrow arrays (PostgreSQL documentation, "COPY", "Binary
//! Format"; the fields are what the types' send functions make, such as `numeric_send`).
//!
//! Each column has a collector of its own type, which appends straight to what will be the array. Bytes
//! of texts are checked once an array, not once a value.

use crate::config::Infinity;
use crate::literal::DAY_US;
use crate::types::Kind;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType,
    UInt32Type,
};
use arrow_array::{ArrayRef, BinaryArray, BooleanArray, ListArray, PrimitiveArray, StringArray};
use arrow_buffer::{
    BooleanBufferBuilder, Buffer, IntervalMonthDayNano, NullBuffer, NullBufferBuilder,
    OffsetBuffer, ScalarBuffer,
};
use arrow_schema::{DataType, Field};
use sextant_plugin_sdk::{Error, Result};
use std::sync::Arc;

/// Days and microseconds from 1970, where Arrow counts from, to 2000, where the server does.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_US: i64 = 946_684_800_000_000;

/// Bytes of texts that are made room for beforehand, at most.
const NEXT_BYTES_MAX: usize = 1 << 20;

/// The values of a column.
pub(crate) struct Values {
    kind: Kind,
    collector: Collector,
    infinity: Infinity,
    /// Whether an infinite value became a null.
    took_infinite: bool,
}

enum Collector {
    Bool(Bits),
    Int16(Numbers<Int16Type>),
    Int32(Numbers<Int32Type>),
    Int64(Numbers<Int64Type>),
    Oid(Numbers<UInt32Type>),
    Float32(Numbers<Float32Type>),
    Float64(Numbers<Float64Type>),
    Decimal(Numbers<Decimal128Type>, Digits),
    Text(Bytes),
    Bytes(Bytes),
    Uuid(Bytes),
    Date(Numbers<Date32Type>),
    Time(Numbers<Time64MicrosecondType>),
    Timestamp(Numbers<TimestampMicrosecondType>),
    Interval(Numbers<IntervalMonthDayNanoType>),
    List(Box<List>),
}

/// How many digits a decimal has, and how many of them after the point.
#[derive(Clone, Copy)]
struct Digits {
    precision: u8,
    scale: u8,
}

impl Values {
    /// Values of a kind, or lists of them, about so many of them an array.
    pub(crate) fn new(kind: Kind, is_list: bool, infinity: Infinity, rows: usize) -> Self {
        let collector = match is_list {
            true => {
                let items = Self::new(kind, false, infinity, rows);
                Collector::List(Box::new(List::new(items, rows)))
            }
            false => Collector::new(kind, rows),
        };
        Self {
            kind,
            collector,
            infinity,
            took_infinite: false,
        }
    }

    pub(crate) fn push_null(&mut self) {
        match &mut self.collector {
            Collector::Bool(bits) => bits.push_null(),
            Collector::Int16(numbers) => numbers.push_null(),
            Collector::Int32(numbers) => numbers.push_null(),
            Collector::Int64(numbers) => numbers.push_null(),
            Collector::Oid(numbers) => numbers.push_null(),
            Collector::Float32(numbers) => numbers.push_null(),
            Collector::Float64(numbers) => numbers.push_null(),
            Collector::Decimal(numbers, _) => numbers.push_null(),
            Collector::Text(bytes) | Collector::Bytes(bytes) | Collector::Uuid(bytes) => {
                bytes.push_null();
            }
            Collector::Date(numbers) => numbers.push_null(),
            Collector::Time(numbers) => numbers.push_null(),
            Collector::Timestamp(numbers) => numbers.push_null(),
            Collector::Interval(numbers) => numbers.push_null(),
            Collector::List(list) => list.push_null(),
        }
    }

    /// Adds a value.
    ///
    /// # Errors
    ///
    /// Invalid data, where it is not one of its kind, or none that Arrow has.
    #[inline]
    pub(crate) fn push(&mut self, value: &[u8]) -> Result<()> {
        match &mut self.collector {
            Collector::Bool(bits) => bits.push(fixed::<1>(value)? != [0]),
            Collector::Int16(numbers) => numbers.push(i16::from_be_bytes(fixed(value)?)),
            Collector::Int32(numbers) => numbers.push(i32::from_be_bytes(fixed(value)?)),
            Collector::Int64(numbers) => numbers.push(i64::from_be_bytes(fixed(value)?)),
            Collector::Oid(numbers) => numbers.push(u32::from_be_bytes(fixed(value)?)),
            Collector::Float32(numbers) => {
                let float = f32::from_be_bytes(fixed(value)?);
                // The server has one NaN, and so do we: another would be less than all other floats.
                numbers.push(if float.is_nan() { f32::NAN } else { float });
            }
            Collector::Float64(numbers) => {
                let float = f64::from_be_bytes(fixed(value)?);
                numbers.push(if float.is_nan() { f64::NAN } else { float });
            }
            Collector::Decimal(numbers, digits) => numbers.push(decimal(value, *digits)?),
            Collector::Text(bytes) | Collector::Bytes(bytes) => bytes.push(value),
            Collector::Uuid(bytes) => bytes.push(&uuid(fixed(value)?)),
            Collector::Time(numbers) => numbers.push(time(fixed(value)?)?),
            Collector::List(list) => list.push(value)?,
            _ => return self.push_calendar(value),
        }
        Ok(())
    }

    /// Adds a value that may be infinite.
    fn push_calendar(&mut self, value: &[u8]) -> Result<()> {
        let found = match &mut self.collector {
            Collector::Date(days) => match date(fixed(value)?)? {
                Some(day) => return days.give(day),
                None => "date",
            },
            Collector::Timestamp(instants) => match timestamp(fixed(value)?)? {
                Some(instant) => return instants.give(instant),
                None => "timestamp",
            },
            Collector::Interval(intervals) => match interval(fixed(value)?)? {
                Some(interval) => return intervals.give(interval),
                None => "interval",
            },
            _ => return Err(Error::internal("a value of another kind")),
        };
        if self.infinity == Infinity::Error {
            return Err(Error::invalid_data(format!(
                "expected a {found} that Arrow has, found an infinite one (infinity = \"null\" gives a null for it, as_text the column as text)"
            )));
        }
        self.took_infinite = true;
        self.push_null();
        Ok(())
    }

    /// Whether an infinite value became a null.
    pub(crate) fn took_infinite(&self) -> bool {
        match &self.collector {
            Collector::List(list) => list.items.took_infinite,
            _ => self.took_infinite,
        }
    }

    /// The array of what was added, about so many values of which come next.
    ///
    /// # Errors
    ///
    /// Invalid data for a text that is none; its record, where the first one is counted.
    pub(crate) fn finish(&mut self, first_record: Option<u64>, rows: usize) -> Result<ArrayRef> {
        let data_type = self.kind.data_type();
        Ok(match &mut self.collector {
            Collector::Bool(bits) => Arc::new(bits.finish(rows)),
            Collector::Int16(numbers) => Arc::new(numbers.finish(rows)),
            Collector::Int32(numbers) => Arc::new(numbers.finish(rows)),
            Collector::Int64(numbers) => Arc::new(numbers.finish(rows)),
            Collector::Oid(numbers) => Arc::new(numbers.finish(rows)),
            Collector::Float32(numbers) => Arc::new(numbers.finish(rows)),
            Collector::Float64(numbers) => Arc::new(numbers.finish(rows)),
            Collector::Decimal(numbers, _) => {
                Arc::new(numbers.finish(rows).with_data_type(data_type))
            }
            Collector::Text(bytes) | Collector::Uuid(bytes) => {
                texts(bytes.finish(rows), first_record)?
            }
            Collector::Bytes(bytes) => Arc::new(bytes.finish(rows)),
            Collector::Date(numbers) => Arc::new(numbers.finish(rows)),
            Collector::Time(numbers) => Arc::new(numbers.finish(rows)),
            Collector::Timestamp(numbers) => {
                Arc::new(numbers.finish(rows).with_data_type(data_type))
            }
            Collector::Interval(numbers) => Arc::new(numbers.finish(rows)),
            Collector::List(list) => list.finish(data_type, rows)?,
        })
    }
}

impl Collector {
    fn new(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Bool => Self::Bool(Bits::new(rows)),
            Kind::Int16 => Self::Int16(Numbers::new(rows)),
            Kind::Int32 => Self::Int32(Numbers::new(rows)),
            Kind::Int64 => Self::Int64(Numbers::new(rows)),
            Kind::Oid => Self::Oid(Numbers::new(rows)),
            Kind::Float32 => Self::Float32(Numbers::new(rows)),
            Kind::Float64 => Self::Float64(Numbers::new(rows)),
            Kind::Decimal { precision, scale } => {
                let digits = Digits {
                    precision,
                    scale: scale.unsigned_abs(),
                };
                Self::Decimal(Numbers::new(rows), digits)
            }
            Kind::Text => Self::Text(Bytes::new(rows)),
            Kind::Bytes => Self::Bytes(Bytes::new(rows)),
            Kind::Uuid => Self::Uuid(Bytes::new(rows)),
            Kind::Date => Self::Date(Numbers::new(rows)),
            Kind::Time => Self::Time(Numbers::new(rows)),
            Kind::Timestamp | Kind::TimestampUtc => Self::Timestamp(Numbers::new(rows)),
            Kind::Interval => Self::Interval(Numbers::new(rows)),
        }
    }
}

/// Values of a fixed width.
struct Numbers<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    nulls: NullBufferBuilder,
}

impl<T: ArrowPrimitiveType> Numbers<T> {
    fn new(rows: usize) -> Self {
        Self {
            values: Vec::with_capacity(rows),
            nulls: NullBufferBuilder::new(rows),
        }
    }

    #[inline]
    fn push(&mut self, value: T::Native) {
        self.values.push(value);
        self.nulls.append_non_null();
    }

    fn give(&mut self, value: T::Native) -> Result<()> {
        self.push(value);
        Ok(())
    }

    #[inline]
    fn push_null(&mut self) {
        self.values.push(T::Native::default());
        self.nulls.append_null();
    }

    fn finish(&mut self, rows: usize) -> PrimitiveArray<T> {
        let values = std::mem::replace(&mut self.values, Vec::with_capacity(rows));
        PrimitiveArray::new(ScalarBuffer::from(values), self.nulls.finish())
    }
}

/// Values of one bit.
struct Bits {
    values: BooleanBufferBuilder,
    nulls: NullBufferBuilder,
}

impl Bits {
    fn new(rows: usize) -> Self {
        Self {
            values: BooleanBufferBuilder::new(rows),
            nulls: NullBufferBuilder::new(rows),
        }
    }

    fn push(&mut self, value: bool) {
        self.values.append(value);
        self.nulls.append_non_null();
    }

    fn push_null(&mut self) {
        self.values.append(false);
        self.nulls.append_null();
    }

    fn finish(&mut self, rows: usize) -> BooleanArray {
        let values = std::mem::replace(&mut self.values, BooleanBufferBuilder::new(rows));
        BooleanArray::new(values.build(), self.nulls.finish())
    }
}

/// Values of any length, one after the other.
struct Bytes {
    values: Vec<u8>,
    offsets: Offsets,
}

impl Bytes {
    fn new(rows: usize) -> Self {
        Self {
            values: Vec::new(),
            offsets: Offsets::new(rows),
        }
    }

    #[inline]
    fn push(&mut self, value: &[u8]) {
        self.values.extend_from_slice(value);
        self.offsets.push(self.values.len());
    }

    #[inline]
    fn push_null(&mut self) {
        self.offsets.push_null();
    }

    fn finish(&mut self, rows: usize) -> BinaryArray {
        // The next batch will have about as many.
        let next = Vec::with_capacity(self.values.len().min(NEXT_BYTES_MAX));
        let values = std::mem::replace(&mut self.values, next);
        let (offsets, nulls) = self.offsets.finish(rows);
        BinaryArray::new(offsets, Buffer::from_vec(values), nulls)
    }
}

/// Where values of any length end.
struct Offsets {
    ends: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Offsets {
    fn new(rows: usize) -> Self {
        let mut ends = Vec::with_capacity(rows + 1);
        ends.push(0);
        Self {
            ends,
            nulls: NullBufferBuilder::new(rows),
        }
    }

    #[inline]
    fn push(&mut self, end: usize) {
        // A batch has far fewer bytes than that.
        self.ends.push(end as i32);
        self.nulls.append_non_null();
    }

    #[inline]
    fn push_null(&mut self) {
        self.ends.push(self.ends[self.ends.len() - 1]);
        self.nulls.append_null();
    }

    fn finish(&mut self, rows: usize) -> (OffsetBuffer<i32>, Option<NullBuffer>) {
        let done = std::mem::replace(self, Self::new(rows));
        let Self { ends, nulls } = done;
        (OffsetBuffer::new(ScalarBuffer::from(ends)), nulls.build())
    }
}

/// The array of texts, once their bytes were checked.
fn texts(bytes: BinaryArray, first_record: Option<u64>) -> Result<ArrayRef> {
    match StringArray::try_from_binary(bytes.clone()) {
        Ok(texts) => Ok(Arc::new(texts)),
        Err(_) => {
            let error = Error::invalid_data("expected text in UTF-8, found other bytes");
            let is_broken = |value: &[u8]| std::str::from_utf8(value).is_err();
            let row = bytes.iter().position(|value| value.is_some_and(is_broken));
            Err(match (first_record, row) {
                (Some(first), Some(row)) => error.at_record(first + row as u64),
                _ => error,
            })
        }
    }
}

/// Lists of values.
struct List {
    items: Values,
    /// Items of all lists so far.
    count: usize,
    offsets: Offsets,
}

impl List {
    fn new(items: Values, rows: usize) -> Self {
        Self {
            items,
            count: 0,
            offsets: Offsets::new(rows),
        }
    }

    fn push_null(&mut self) {
        self.offsets.push_null();
    }

    /// The number of dimensions, flags, the type of the items; for each dimension its length and its first
    /// index; and the items, each with its length, which is -1 for a null.
    fn push(&mut self, value: &[u8]) -> Result<()> {
        let broken = || Error::invalid_data("expected an array, found other bytes");
        let (head, mut rest) = value.split_first_chunk::<12>().ok_or_else(broken)?;
        let [d0, d1, d2, d3, ..] = *head;
        let length = match i32::from_be_bytes([d0, d1, d2, d3]) {
            0 => 0,
            1 => {
                let (dimension, after) = rest.split_first_chunk::<8>().ok_or_else(broken)?;
                rest = after;
                let [l0, l1, l2, l3, ..] = *dimension;
                i32::from_be_bytes([l0, l1, l2, l3])
            }
            dimensions => {
                return Err(Error::invalid_data(format!(
                    "expected an array of one dimension, found {dimensions} (as_text gives the column as text)"
                )));
            }
        };
        for _ in 0..length {
            let (length, after) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
            rest = after;
            match usize::try_from(i32::from_be_bytes(*length)) {
                Ok(length) => {
                    let (item, after) = rest.split_at_checked(length).ok_or_else(broken)?;
                    self.items.push(item)?;
                    rest = after;
                }
                Err(_) => self.items.push_null(),
            }
            self.count += 1;
        }
        if !rest.is_empty() {
            return Err(broken());
        }
        self.offsets.push(self.count);
        Ok(())
    }

    fn finish(&mut self, item: DataType, rows: usize) -> Result<ArrayRef> {
        let count = std::mem::take(&mut self.count);
        let items = self.items.finish(None, count)?;
        let (offsets, nulls) = self.offsets.finish(rows);
        let field = Arc::new(Field::new("item", item, true));
        Ok(Arc::new(ListArray::try_new(field, offsets, items, nulls)?))
    }
}

fn fixed<const N: usize>(value: &[u8]) -> Result<[u8; N]> {
    value.try_into().map_err(|_| {
        let found = value.len();
        Error::invalid_data(format!("expected a value of {N} bytes, found {found}"))
    })
}

/// Days from 2000-01-01; none where it is infinite.
fn date(bytes: [u8; 4]) -> Result<Option<i32>> {
    match i32::from_be_bytes(bytes) {
        i32::MIN | i32::MAX => Ok(None),
        days => days
            .checked_add(EPOCH_DAYS)
            .map(Some)
            .ok_or_else(|| too_late("date")),
    }
}

/// Microseconds from midnight. Days of the server have a 24:00:00, which those of Arrow do not.
fn time(bytes: [u8; 8]) -> Result<i64> {
    match i64::from_be_bytes(bytes) {
        us @ 0..DAY_US => Ok(us),
        us => Err(Error::invalid_data(format!(
            "expected a time before 24:00:00, which Arrow does not have, found {us} microseconds (as_text gives the column as text)"
        ))),
    }
}

/// Microseconds from 2000-01-01; none where it is infinite.
fn timestamp(bytes: [u8; 8]) -> Result<Option<i64>> {
    match i64::from_be_bytes(bytes) {
        i64::MIN | i64::MAX => Ok(None),
        us => us
            .checked_add(EPOCH_US)
            .map(Some)
            .ok_or_else(|| too_late("timestamp")),
    }
}

/// Microseconds, days and months; none where it is infinite.
fn interval(bytes: [u8; 16]) -> Result<Option<IntervalMonthDayNano>> {
    let [us @ .., d0, d1, d2, d3, m0, m1, m2, m3] = bytes;
    let us = i64::from_be_bytes(us);
    let days = i32::from_be_bytes([d0, d1, d2, d3]);
    let months = i32::from_be_bytes([m0, m1, m2, m3]);
    if matches!(
        (months, days, us),
        (i32::MIN, i32::MIN, i64::MIN) | (i32::MAX, i32::MAX, i64::MAX)
    ) {
        return Ok(None);
    }
    let ns = us
        .checked_mul(1_000)
        .ok_or_else(|| Error::invalid_data(format!("expected an interval whose time fits into 292 years of nanoseconds, found {us} microseconds")))?;
    Ok(Some(IntervalMonthDayNano::new(months, days, ns)))
}

fn too_late(what: &str) -> Error {
    Error::invalid_data(format!(
        "expected a {what} that Arrow has, found one that is too late"
    ))
}

/// 32 digits in five groups.
fn uuid(bytes: [u8; 16]) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (i, byte) in bytes.into_iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at] = DIGITS[usize::from(byte >> 4)];
        text[at + 1] = DIGITS[usize::from(byte & 15)];
        at += 2;
    }
    text
}

/// The sign of a numeric that is negative. A number that is none has one with one of the bits above it.
const NEGATIVE: u16 = 0x4000;

/// A numeric: how many digits there are to base 10,000, the power of the first of them, a sign, how many
/// decimal digits are shown after the point, and the digits. Zeros at both ends are left out.
fn decimal(value: &[u8], digits: Digits) -> Result<i128> {
    let broken = || Error::invalid_data("expected a numeric, found other bytes");
    let (head, rest) = value.split_first_chunk::<8>().ok_or_else(broken)?;
    let [n0, n1, w0, w1, s0, s1, _, _] = *head;
    let (count, weight) = (u16::from_be_bytes([n0, n1]), i16::from_be_bytes([w0, w1]));
    let sign = u16::from_be_bytes([s0, s1]);
    if sign & !NEGATIVE != 0 {
        return Err(Error::invalid_data(
            "expected a number, found NaN or infinity, which no decimal is (as_text gives the column as text)",
        ));
    }
    if rest.len() != 2 * usize::from(count) {
        return Err(broken());
    }
    let magnitude = magnitude(rest, weight, digits).ok_or_else(|| {
        let Digits { precision, scale } = digits;
        Error::invalid_data(format!(
            "expected a numeric of at most {precision} digits, {scale} of them after the point, found one that has more"
        ))
    })?;
    Ok(match sign {
        0 => magnitude,
        _ => -magnitude,
    })
}

/// The digits as a whole number of the last place that a decimal has; none where they do not fit.
fn magnitude(bytes: &[u8], weight: i16, digits: Digits) -> Option<i128> {
    let mut magnitude = 0_i128;
    // Decimal places that the digit before ended at, beyond those of the decimal.
    let mut places = i32::from(digits.scale) + 4 * (i32::from(weight) + 1);
    for digit in bytes.chunks_exact(2) {
        let digit = i128::from(u16::from_be_bytes([digit[0], digit[1]]));
        places -= 4;
        magnitude = match places {
            0.. => magnitude.checked_mul(10_000)?.checked_add(digit)?,
            // Only the first of its four decimal digits have a place.
            -3..0 => {
                let beyond = 10_i128.pow(places.unsigned_abs());
                if digit % beyond != 0 {
                    return None;
                }
                let shift = 10_000 / beyond;
                magnitude.checked_mul(shift)?.checked_add(digit / beyond)?
            }
            _ if digit == 0 => magnitude,
            _ => return None,
        };
    }
    if magnitude != 0 && places > 0 {
        let shift = 10_i128.checked_pow(places.unsigned_abs())?;
        magnitude = magnitude.checked_mul(shift)?;
    }
    (magnitude < 10_i128.pow(u32::from(digits.precision))).then_some(magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Array;
    use arrow_array::cast::AsArray;

    /// The bytes that two hexadecimal digits each say.
    fn hex(digits: &str) -> Vec<u8> {
        let pairs = digits.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        pairs.map(|pair| byte(pair).unwrap()).collect()
    }

    fn try_collect(kind: Kind, is_list: bool, values: &[&str]) -> Result<ArrayRef> {
        let mut collected = Values::new(kind, is_list, Infinity::Error, 8);
        for value in values {
            match *value {
                "null" => collected.push_null(),
                digits => collected.push(&hex(digits))?,
            }
        }
        collected.finish(Some(100), 8)
    }

    fn collect(kind: Kind, values: &[&str]) -> ArrayRef {
        try_collect(kind, false, values).unwrap()
    }

    fn failure(kind: Kind, is_list: bool, values: &[&str]) -> String {
        try_collect(kind, is_list, values).unwrap_err().to_string()
    }

    fn numbers<T: ArrowPrimitiveType>(array: &ArrayRef) -> Vec<Option<T::Native>> {
        array.as_primitive::<T>().iter().collect()
    }

    fn words(array: &ArrayRef) -> Vec<Option<&str>> {
        array.as_string::<i32>().iter().collect()
    }

    /// PostgreSQL 15: `SELECT encode(int4send(..), 'hex')` and its likes.
    #[test]
    fn numbers_of_a_fixed_width() {
        let array = collect(Kind::Int16, &["0001", "null", "8000"]);
        assert_eq!(
            numbers::<Int16Type>(&array),
            [Some(1), None, Some(i16::MIN)]
        );
        let array = collect(Kind::Int32, &["ffffffff"]);
        assert_eq!(numbers::<Int32Type>(&array), [Some(-1)]);
        let array = collect(Kind::Int64, &["7fffffffffffffff"]);
        assert_eq!(numbers::<Int64Type>(&array), [Some(i64::MAX)]);
        let array = collect(Kind::Oid, &["ffffffff"]);
        assert_eq!(numbers::<UInt32Type>(&array), [Some(u32::MAX)]);
        let array = collect(Kind::Float32, &["3fc00000", "null"]);
        assert_eq!(numbers::<Float32Type>(&array), [Some(1.5), None]);
        let array = collect(Kind::Float64, &["4004000000000000", "8000000000000000"]);
        let floats = array.as_primitive::<Float64Type>();
        assert_eq!(floats.value(0), 2.5);
        assert_eq!(floats.value(1).to_bits(), (-0.0_f64).to_bits());
        let array = collect(Kind::Bool, &["01", "null", "00"]);
        let bits: Vec<_> = array.as_boolean().iter().collect();
        assert_eq!(bits, [Some(true), None, Some(false)]);
        assert_eq!(
            failure(Kind::Int64, false, &["00000001"]),
            "expected a value of 8 bytes, found 4"
        );
    }

    /// The second one is what PostgreSQL 15 has for `'inf'::float8 - 'inf'::float8`.
    #[test]
    fn there_is_one_nan() {
        let array = collect(Kind::Float64, &["7ff8000000000000", "fff8000000000000"]);
        let floats = array.as_primitive::<Float64Type>().values();
        assert!(
            floats
                .iter()
                .all(|float| float.to_bits() == f64::NAN.to_bits())
        );
        assert!(floats[1].total_cmp(&f64::INFINITY).is_gt());
        let array = collect(Kind::Float32, &["ffc00000"]);
        let float = array.as_primitive::<Float32Type>().value(0);
        assert_eq!(float.to_bits(), f32::NAN.to_bits());
    }

    /// PostgreSQL 15: `SELECT encode(numeric_send(..), 'hex')`.
    #[test]
    fn numerics_are_exact() {
        let decimal = |precision, scale, value| {
            let kind = Kind::Decimal { precision, scale };
            let array = collect(kind, &[value]);
            assert_eq!(array.data_type(), &DataType::Decimal128(precision, scale));
            array.as_primitive::<Decimal128Type>().value(0)
        };
        let nines = 10_i128.pow(38) - 1;
        for (precision, scale, bytes, expected) in [
            (10, 2, "0000000000000000", 0),
            (10, 2, "0000000000000002", 0),
            (10, 2, "00010000000000000001", 100),
            (10, 0, "00010000400000000001", -1),
            (10, 2, "000200000000000200011388", 150),
            (10, 2, "0003000100000002000109291a2c", 1_234_567),
            (10, 4, "0001ffff400000040001", -1),
            (4, 4, "0001ffff00000004000c", 12),
            (5, 0, "0002000100000000000108fc", 12_300),
            (5, 0, "00010001000000000001", 10_000),
            (10, 2, "0003000100000002270f270f26ac", 9_999_999_999),
            (
                38,
                10,
                "000a00060000000a04d2162e23340d801ed204d2162e007b11d722c4",
                12_345_678_901_234_567_890_123_456_780_123_456_789,
            ),
            (
                38,
                4,
                "000a0008000000040063270f270f270f270f270f270f270f270f270f",
                nines,
            ),
            (
                38,
                0,
                "000a0009000000000063270f270f270f270f270f270f270f270f270f",
                nines,
            ),
            (38, 38, "0001fff6000000260064", 1),
        ] {
            assert_eq!(decimal(precision, scale, bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn numerics_that_are_no_decimals_are_errors() {
        let kind = Kind::Decimal {
            precision: 4,
            scale: 2,
        };
        for special in ["00000000c0000000", "00000000d0000020", "00000000f0000020"] {
            let error = failure(kind, false, &[special]);
            assert!(error.contains("found NaN or infinity"), "{error}");
        }
        // 10,000; 1.5555; and 100.
        for too_long in [
            "00010001000000000001",
            "0002000000000004000115b3",
            "00010000000000000064",
        ] {
            let error = failure(kind, false, &[too_long]);
            assert!(error.contains("at most 4 digits, 2 of them"), "{error}");
        }
        for broken in ["0001", "0001000000000000", "000100000000000000010001"] {
            let error = failure(kind, false, &[broken]);
            assert_eq!(error, "expected a numeric, found other bytes");
        }
    }

    /// PostgreSQL 15: `date_send`, `time_send`, `timestamp_send`, `interval_send`. Days and microseconds
    /// after 1970 from Python's `datetime`.
    #[test]
    fn days_and_instants() {
        let array = collect(Kind::Date, &["00002279", "ffff7153", "fff4dbf9", "null"]);
        assert_eq!(
            numbers::<Date32Type>(&array),
            [Some(19_782), Some(-25_568), Some(-719_162), None]
        );
        let array = collect(Kind::Timestamp, &["0002b58341728608"]);
        assert_eq!(
            numbers::<TimestampMicrosecondType>(&array),
            [Some(1_709_210_096_789_000)]
        );
        let array = collect(Kind::TimestampUtc, &["0002b581944b3e08"]);
        assert_eq!(array.data_type(), &Kind::TimestampUtc.data_type());
        assert_eq!(
            numbers::<TimestampMicrosecondType>(&array),
            [Some(1_709_202_896_789_000)]
        );
        let array = collect(
            Kind::Time,
            &["0000000000000000", "0000000a8be62608", "000000141dd75fff"],
        );
        assert_eq!(
            numbers::<Time64MicrosecondType>(&array),
            [Some(0), Some(45_296_789_000), Some(86_399_999_999)]
        );
        let array = collect(
            Kind::Interval,
            &[
                "000000036c966ee0000000030000000e",
                "000000000000000000000000ffffffff",
            ],
        );
        assert_eq!(
            numbers::<IntervalMonthDayNanoType>(&array),
            [
                Some(IntervalMonthDayNano::new(14, 3, 14_706_700_000_000)),
                Some(IntervalMonthDayNano::new(-1, 0, 0))
            ]
        );
        let error = failure(Kind::Timestamp, false, &["7fffff5bb3b29fff"]);
        assert!(error.contains("found one that is too late"), "{error}");
        let error = failure(Kind::Time, false, &["000000141dd76000"]);
        assert!(error.contains("found 86400000000 microseconds"), "{error}");
        let error = failure(Kind::Interval, false, &["7ffffffffffffffe0000000000000000"]);
        assert!(error.contains("292 years of nanoseconds"), "{error}");
    }

    #[test]
    fn infinite_values_are_errors_or_nulls() {
        for (kind, bytes) in [
            (Kind::Date, "7fffffff"),
            (Kind::Date, "80000000"),
            (Kind::Timestamp, "7fffffffffffffff"),
            (Kind::TimestampUtc, "8000000000000000"),
            // As PostgreSQL 17 has it.
            (Kind::Interval, "7fffffffffffffff7fffffff7fffffff"),
        ] {
            let error = failure(kind, false, &[bytes]);
            assert!(error.contains("found an infinite one"), "{error}");
            let mut values = Values::new(kind, false, Infinity::Null, 8);
            assert!(!values.took_infinite());
            values.push(&hex(bytes)).unwrap();
            assert!(values.took_infinite());
            assert!(values.finish(None, 8).unwrap().is_null(0));
        }
    }

    #[test]
    fn texts_and_bytes() {
        let array = collect(Kind::Text, &["d09ad0b8d197d0b2", "", "null", "61"]);
        assert_eq!(words(&array), [Some("Київ"), Some(""), None, Some("a")]);
        let array = collect(Kind::Bytes, &["deadbeef", "null"]);
        let bytes: Vec<_> = array.as_binary::<i32>().iter().collect();
        assert_eq!(bytes, [Some(&hex("deadbeef")[..]), None]);
        let array = collect(Kind::Uuid, &["a0eebc999c0b4ef8bb6d6bb9bd380a11", "null"]);
        assert_eq!(
            words(&array),
            [Some("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), None]
        );
        // A letter of windows-1251; and one of UTF-8 that two values share.
        for broken in [["61", "ca"], ["d0", "9a"]] {
            let error = try_collect(Kind::Text, false, &broken).unwrap_err();
            assert!(
                error.message().contains("expected text in UTF-8"),
                "{error}"
            );
            let record = if broken[0] == "61" { 101 } else { 100 };
            assert_eq!(error.place().record, Some(record));
        }
    }

    /// PostgreSQL 15: `array_send`.
    #[test]
    fn arrays_of_one_dimension_are_lists() {
        let lists = [
            // {1,NULL,3}
            "00000001000000010000001700000003000000010000000400000001ffffffff0000000400000003",
            "null",
            // {}
            "000000000000000000000017",
            // [5:6]={1,NULL}
            "00000001000000010000001700000002000000050000000400000001ffffffff",
        ];
        let array = try_collect(Kind::Int32, true, &lists);
        let array = array.unwrap();
        let lists = array.as_list::<i32>();
        assert_eq!(lists.offsets().to_vec(), [0, 3, 3, 3, 5]);
        assert!(lists.is_null(1) && lists.is_valid(2));
        let items = lists.values().as_primitive::<Int32Type>();
        assert_eq!(
            items.iter().collect::<Vec<_>>(),
            [Some(1), None, Some(3), Some(1), None]
        );
    }

    #[test]
    fn other_arrays_are_errors() {
        let square = "000000020000000000000017000000020000000100000002000000010000000400000001000000040000000200000004000000030000000400000004";
        let error = failure(Kind::Int32, true, &[square]);
        assert!(error.contains("one dimension, found 2"), "{error}");
        for broken in [
            "",
            "0000000100000001000000170000000300000001",
            "000000000000000000000017ff",
            "000000010000000000000017000000010000000100000009ff",
        ] {
            let error = failure(Kind::Int32, true, &[broken]);
            assert_eq!(error, "expected an array, found other bytes");
        }
    }

    #[test]
    fn an_array_begins_anew_after_the_last() {
        let mut values = Values::new(Kind::Text, true, Infinity::Error, 8);
        let word = "000000010000000000000019000000010000000100000001";
        for letter in ["61", "62"] {
            values.push(&hex(&format!("{word}{letter}"))).unwrap();
            values.push_null();
            let array = values.finish(Some(1), 8).unwrap();
            let lists = array.as_list::<i32>();
            assert_eq!(lists.offsets().to_vec(), [0, 1, 1]);
            let letter = if letter == "61" { "a" } else { "b" };
            assert_eq!(words(lists.values()), [Some(letter)]);
        }
    }
}
