//! The rows of a relation, gathered: which column means what, and what is refused.
//!
//! Columns have their meaning by position. Nothing is left out silently: a null or a number that is
//! no coordinate or value is an error that names the column and the row.

use crate::metric::Metric;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringViewArray};
use arrow_schema::{DataType, Field, FieldRef, SchemaRef, TimeUnit};
use sextant_plugin_sdk::{Error, Result, Strings};
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

/// Rows of a relation. Beyond, places that are equal are better counted in SQL first.
pub(crate) const ROWS_MAX: usize = 2_000_000;

/// Microseconds of a day.
pub(crate) const DAY_US: i64 = 86_400_000_000;

/// Coordinates of a plane; the square of a distance stays a number.
const PLANAR_MAX: f64 = 1e100;

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// What tells rows apart.
    Id,
    /// The longitude, or the first coordinate of a plane.
    X,
    /// The latitude, or the second coordinate.
    Y,
    /// A number, never null.
    Value,
    /// A number or null; the column may be left out.
    Measure,
    /// A number from 0; the column may be left out.
    Weight,
    /// A day, an instant, or a number of days.
    Time,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::X => "lon",
            Self::Y => "lat",
            Self::Value | Self::Measure => "value",
            Self::Weight => "weight",
            Self::Time => "at",
        }
    }

    fn is_optional(self) -> bool {
        matches!(self, Self::Measure | Self::Weight)
    }

    /// What is expected, and a hint, where a type is not taken.
    fn refusal(self, data_type: &DataType) -> Option<(&'static str, &'static str)> {
        let is_number = matches!(
            data_type,
            DataType::Float32 | DataType::Float64 | DataType::UInt64 | DataType::Null
        ) || is_whole(data_type);
        let is_text = matches!(
            data_type,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
        );
        let is_time = matches!(
            data_type,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _)
        );
        let (is_taken, expected, target) = match self {
            Self::Id => (
                is_whole(data_type) || is_text || *data_type == DataType::Null,
                "whole numbers or texts",
                "CAST(... AS TEXT)",
            ),
            Self::Time => (
                is_number || is_time,
                "dates, timestamps or numbers of days",
                "CAST(... AS TIMESTAMP)",
            ),
            _ => (is_number, "numbers", "CAST(... AS DOUBLE)"),
        };
        (!is_taken).then_some((expected, target))
    }
}

fn is_whole(data_type: &DataType) -> bool {
    data_type.is_integer() && *data_type != DataType::UInt64
}

/// Which columns a relation has.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    columns: Vec<(Role, String)>,
    metric: Metric,
    has_text_ids: bool,
}

impl Layout {
    /// The columns of the one relation, checked: as many as there are roles, or one fewer where the
    /// last is optional, each of a type that will do.
    pub(crate) fn new(relations: &[SchemaRef], roles: &[Role], metric: Metric) -> Result<Self> {
        let fields: &[FieldRef] = match relations.first() {
            Some(schema) => schema.fields(),
            None => &[],
        };
        let optional = usize::from(roles.last().is_some_and(|role| role.is_optional()));
        if fields.len() > roles.len() || fields.len() + optional < roles.len() {
            let names = roles.iter().map(|role| match role.is_optional() {
                true => format!("[{}]", role.name()),
                false => role.name().to_owned(),
            });
            return Err(Error::unsupported(format!(
                "expected the columns {}, found {} columns",
                names.collect::<Vec<_>>().join(", "),
                fields.len()
            )));
        }
        for (field, role) in fields.iter().zip(roles) {
            if let Some((expected, hint)) = role.refusal(field.data_type()) {
                let found = field.data_type();
                let message = format!("expected {expected}, found {found}; hint: {hint}");
                return Err(Error::unsupported(message).in_field(field.name()));
            }
        }
        let ids = roles.iter().position(|role| *role == Role::Id);
        let is_number = |t: &DataType| is_whole(t) || *t == DataType::Null;
        let columns = roles.iter().zip(fields);
        Ok(Self {
            columns: columns
                .map(|(role, field)| (*role, field.name().clone()))
                .collect(),
            metric,
            has_text_ids: ids.is_some_and(|column| !is_number(fields[column].data_type())),
        })
    }

    /// Whether there is a column of a role.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.columns.iter().any(|(known, _)| *known == role)
    }

    /// The field of ids in a result: BIGINT or text.
    pub(crate) fn id_field(&self) -> Field {
        let data_type = match self.has_text_ids {
            true => DataType::Utf8View,
            false => DataType::Int64,
        };
        Field::new("id", data_type, false)
    }
}

/// Rows, column by column. A column that the relation has not is empty.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) ids: Ids,
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    /// Values, measures or weights. A measure that is null is NaN, which no number of a relation is.
    pub(crate) values: Vec<f64>,
    /// Microseconds since 1970, or since day 0.
    pub(crate) times: Vec<i64>,
}

impl Rows {
    pub(crate) fn new(layout: &Layout) -> Self {
        let ids = match layout.has_text_ids {
            true => Ids::Texts(Vec::new()),
            false => Ids::Numbers(Vec::new()),
        };
        Self {
            ids,
            x: Vec::new(),
            y: Vec::new(),
            values: Vec::new(),
            times: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.x.len()
    }

    /// Adds the rows of a batch, checked.
    pub(crate) fn push(&mut self, layout: &Layout, batch: &RecordBatch) -> Result<()> {
        let first = self.len();
        if first + batch.num_rows() > ROWS_MAX {
            return Err(Error::unsupported(format!(
                "expected at most {ROWS_MAX} rows, found more; hint: count rows by place first, or \
                 select fewer"
            )));
        }
        for ((role, name), column) in layout.columns.iter().zip(batch.columns()) {
            let column = Column {
                column,
                name,
                first,
            };
            match role {
                Role::Id => column.read_ids(&mut self.ids)?,
                Role::X => column.read_coordinates(layout.metric, 180.0, &mut self.x)?,
                Role::Y => column.read_coordinates(layout.metric, 90.0, &mut self.y)?,
                Role::Value => column.read_values(f64::MIN, &mut self.values)?,
                Role::Weight => column.read_values(0.0, &mut self.values)?,
                Role::Measure => column.read_measures(&mut self.values)?,
                Role::Time => column.read_times(&mut self.times)?,
            }
        }
        Ok(())
    }

    /// The rows in the order of their ids, of which no two may be equal.
    pub(crate) fn by_id(self) -> Result<Self> {
        let order = self.order(|a, b| self.ids.compare(a, b));
        let equal = order.windows(2).find(|pair| {
            let [a, b] = [pair[0], pair[1]];
            self.ids.compare(a as usize, b as usize) == Ordering::Equal
        });
        if let Some(pair) = equal {
            return Err(Error::invalid_data(format!(
                "expected a different id in each row, found {} twice; hint: GROUP BY the id",
                self.ids.show(pair[0] as usize)
            )));
        }
        Ok(self.in_order(&order))
    }

    /// The rows in the order of their places, then of their values and times; rows that are equal in
    /// all of that are the same.
    pub(crate) fn by_place(self) -> Self {
        let of = |column: &[f64], a: usize, b: usize| match column.is_empty() {
            true => Ordering::Equal,
            false => column[a].total_cmp(&column[b]),
        };
        let order = self.order(|a, b| {
            of(&self.x, a, b)
                .then_with(|| of(&self.y, a, b))
                .then_with(|| of(&self.values, a, b))
                .then_with(|| self.times.get(a).cmp(&self.times.get(b)))
        });
        self.in_order(&order)
    }

    fn order(&self, compare: impl Fn(usize, usize) -> Ordering) -> Vec<u32> {
        let mut order: Vec<_> = (0..self.len() as u32).collect();
        order.sort_unstable_by(|a, b| compare(*a as usize, *b as usize));
        order
    }

    fn in_order(self, order: &[u32]) -> Self {
        Self {
            ids: self.ids.in_order(order),
            x: in_order(self.x, order),
            y: in_order(self.y, order),
            values: in_order(self.values, order),
            times: in_order(self.times, order),
        }
    }
}

/// Items in an order, where there are any.
fn in_order<T: Default>(mut items: Vec<T>, order: &[u32]) -> Vec<T> {
    if items.is_empty() {
        return items;
    }
    let order = order.iter();
    order
        .map(|row| std::mem::take(&mut items[*row as usize]))
        .collect()
}

/// What tells rows apart.
#[derive(Clone, Debug)]
pub(crate) enum Ids {
    Numbers(Vec<i64>),
    Texts(Vec<Box<str>>),
}

impl Ids {
    fn compare(&self, a: usize, b: usize) -> Ordering {
        match self {
            Self::Numbers(ids) => ids[a].cmp(&ids[b]),
            Self::Texts(ids) => ids[a].cmp(&ids[b]),
        }
    }

    fn show(&self, row: usize) -> String {
        match self {
            Self::Numbers(ids) => ids[row].to_string(),
            Self::Texts(ids) => format!("{:?}", ids[row]),
        }
    }

    fn in_order(self, order: &[u32]) -> Self {
        match self {
            Self::Numbers(ids) => Self::Numbers(in_order(ids, order)),
            Self::Texts(ids) => Self::Texts(in_order(ids, order)),
        }
    }

    /// The ids of some rows as a column.
    pub(crate) fn column(&self, rows: Range<usize>) -> ArrayRef {
        match self {
            Self::Numbers(ids) => Arc::new(Int64Array::from(ids[rows].to_vec())),
            Self::Texts(ids) => {
                let texts = ids[rows].iter().map(|text| Some(&**text));
                Arc::new(texts.collect::<StringViewArray>())
            }
        }
    }
}

/// A column of a batch.
struct Column<'a> {
    column: &'a ArrayRef,
    name: &'a str,
    /// How many rows came before.
    first: usize,
}

impl Column<'_> {
    fn wrong(&self, row: usize, message: impl Into<String>) -> Error {
        Error::invalid_data(message)
            .at_record((self.first + row + 1) as u64)
            .in_field(self.name)
    }

    fn null(&self, row: usize) -> Error {
        let name = self.name;
        let message = format!("expected a value, found null; hint: WHERE {name} IS NOT NULL");
        self.wrong(row, message)
    }

    /// A type that binding has not seen.
    fn unknown(&self) -> Error {
        let data_type = self.column.data_type();
        Error::internal(format!("a column is {data_type}")).in_field(self.name)
    }

    fn read_ids(&self, ids: &mut Ids) -> Result<()> {
        match ids {
            Ids::Numbers(ids) => {
                let column = whole_numbers(self.column).ok_or_else(|| self.unknown())?;
                for (row, id) in column.into_iter().enumerate() {
                    ids.push(id.ok_or_else(|| self.null(row))?);
                }
            }
            Ids::Texts(ids) => {
                let column = Strings::new(self.column).ok_or_else(|| self.unknown())?;
                for row in 0..self.column.len() {
                    ids.push(column.get(row).ok_or_else(|| self.null(row))?.into());
                }
            }
        }
        Ok(())
    }

    fn read_coordinates(&self, metric: Metric, degrees: f64, into: &mut Vec<f64>) -> Result<()> {
        let most = match metric {
            Metric::Sphere => degrees,
            Metric::Planar => PLANAR_MAX,
        };
        let numbers = numbers(self.column).ok_or_else(|| self.unknown())?;
        for (row, number) in numbers.into_iter().enumerate() {
            let number = number.ok_or_else(|| self.null(row))?;
            // Also false for what is not a number.
            if !(-most..=most).contains(&number) {
                let expected = match metric {
                    Metric::Sphere => format!("degrees from -{degrees} to {degrees}"),
                    Metric::Planar => {
                        format!("a coordinate from -{PLANAR_MAX:e} to {PLANAR_MAX:e}")
                    }
                };
                return Err(self.wrong(row, format!("expected {expected}, found {number}")));
            }
            // Minus zero is zero, also to those who look at bits.
            into.push(number + 0.0);
        }
        Ok(())
    }

    fn read_values(&self, least: f64, into: &mut Vec<f64>) -> Result<()> {
        let numbers = numbers(self.column).ok_or_else(|| self.unknown())?;
        for (row, number) in numbers.into_iter().enumerate() {
            let number = number.ok_or_else(|| self.null(row))?;
            self.check_finite(row, number)?;
            if number < least {
                let message = format!("expected at least {least}, found {number}");
                return Err(self.wrong(row, message));
            }
            into.push(number + 0.0);
        }
        Ok(())
    }

    fn read_measures(&self, into: &mut Vec<f64>) -> Result<()> {
        let numbers = numbers(self.column).ok_or_else(|| self.unknown())?;
        for (row, number) in numbers.into_iter().enumerate() {
            if let Some(number) = number {
                self.check_finite(row, number)?;
            }
            into.push(number.map_or(f64::NAN, |number| number + 0.0));
        }
        Ok(())
    }

    fn read_times(&self, into: &mut Vec<i64>) -> Result<()> {
        let times = match microseconds(self.column) {
            Some(times) => times,
            None => self.days()?,
        };
        for (row, time) in times.into_iter().enumerate() {
            let time = time.ok_or_else(|| self.null(row))?;
            let time = i64::try_from(time).ok();
            into.push(
                time.ok_or_else(|| {
                    self.wrong(row, "expected a time within 292,000 years of 1970")
                })?,
            );
        }
        Ok(())
    }

    /// Numbers of days, in microseconds.
    fn days(&self) -> Result<Vec<Option<i128>>> {
        let numbers = numbers(self.column).ok_or_else(|| self.unknown())?;
        let days = numbers.into_iter().enumerate().map(|(row, number)| {
            if let Some(number) = number {
                self.check_finite(row, number)?;
            }
            Ok(number.map(|days| (days * DAY_US as f64).round() as i128))
        });
        days.collect()
    }

    fn check_finite(&self, row: usize, number: f64) -> Result<()> {
        match number.is_finite() {
            true => Ok(()),
            false => Err(self.wrong(row, format!("expected a finite number, found {number}"))),
        }
    }
}

/// The values of a column whose type widens to another without loss.
fn widened<T: ArrowPrimitiveType, W>(column: &ArrayRef) -> Vec<Option<W>>
where
    T::Native: Into<W>,
{
    let values = column.as_primitive::<T>().iter();
    values.map(|value| value.map(Into::into)).collect()
}

fn numbers(column: &ArrayRef) -> Option<Vec<Option<f64>>> {
    Some(match column.data_type() {
        DataType::Float64 => column.as_primitive::<Float64Type>().iter().collect(),
        DataType::Float32 => widened::<Float32Type, f64>(column),
        DataType::UInt64 => {
            let values = column.as_primitive::<UInt64Type>().iter();
            values
                .map(|value| value.map(|value| value as f64))
                .collect()
        }
        _ => {
            let values = whole_numbers(column)?.into_iter();
            values
                .map(|value| value.map(|value| value as f64))
                .collect()
        }
    })
}

fn whole_numbers(column: &ArrayRef) -> Option<Vec<Option<i64>>> {
    Some(match column.data_type() {
        DataType::Int64 => column.as_primitive::<Int64Type>().iter().collect(),
        DataType::Int32 => widened::<Int32Type, i64>(column),
        DataType::Int16 => widened::<Int16Type, i64>(column),
        DataType::Int8 => widened::<Int8Type, i64>(column),
        DataType::UInt32 => widened::<UInt32Type, i64>(column),
        DataType::UInt16 => widened::<UInt16Type, i64>(column),
        DataType::UInt8 => widened::<UInt8Type, i64>(column),
        DataType::Null => vec![None; column.len()],
        _ => return None,
    })
}

/// Days and instants in microseconds since 1970, wide enough for any; none where the column has
/// neither.
fn microseconds(column: &ArrayRef) -> Option<Vec<Option<i128>>> {
    let (ticks, numerator, denominator) = match column.data_type() {
        DataType::Date32 => (widened::<Date32Type, i128>(column), i128::from(DAY_US), 1),
        DataType::Date64 => (widened::<Date64Type, i128>(column), 1_000, 1),
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => (widened::<TimestampSecondType, i128>(column), 1_000_000, 1),
            TimeUnit::Millisecond => (widened::<TimestampMillisecondType, i128>(column), 1_000, 1),
            TimeUnit::Microsecond => (widened::<TimestampMicrosecondType, i128>(column), 1, 1),
            TimeUnit::Nanosecond => (widened::<TimestampNanosecondType, i128>(column), 1, 1_000),
        },
        _ => return None,
    };
    let convert = |tick: i128| (tick * numerator).div_euclid(denominator);
    Some(ticks.into_iter().map(|tick| tick.map(convert)).collect())
}
