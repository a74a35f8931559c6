//! Values of predicates as literals of the server's SQL.

use crate::types::Kind;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType, UInt32Type,
};
use arrow_array::{Array, ArrayRef};
use sextant_plugin_sdk::{Error, Result};
use std::fmt::Write as _;

/// Days from 1970-01-01 to the first day that the server has, which is that of Julian day 0, and to the
/// last one, 5874897-12-31.
const DAYS_MIN: i64 = -2_440_588;
const DAYS_MAX: i64 = 2_145_042_905;
pub(crate) const DAY_US: i64 = 86_400_000_000;

/// A value as the server's SQL says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Literal {
    /// The text between the quotes.
    Text(String),
    /// Less than any finite value that the server has.
    Below,
    /// More than any.
    Above,
}

/// A float of a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Float {
    /// Compared here as there.
    Plain,
    /// The server has one zero, Arrow two.
    Zero,
    /// The server has one NaN, Arrow many.
    Nan,
}

/// A value of a column that is no text.
pub(crate) fn literal(kind: Kind, values: &ArrayRef, row: usize) -> Result<Literal> {
    let values = checked(kind, values)?;
    let text = match kind {
        Kind::Bool => values.as_boolean().value(row).to_string(),
        Kind::Int16 => values.as_primitive::<Int16Type>().value(row).to_string(),
        Kind::Int32 => values.as_primitive::<Int32Type>().value(row).to_string(),
        Kind::Int64 => values.as_primitive::<Int64Type>().value(row).to_string(),
        Kind::Oid => values.as_primitive::<UInt32Type>().value(row).to_string(),
        // As few digits as make the same float again; `inf` and `NaN` are the server's, too.
        Kind::Float32 => format!("{:e}", values.as_primitive::<Float32Type>().value(row)),
        Kind::Float64 => format!("{:e}", values.as_primitive::<Float64Type>().value(row)),
        Kind::Decimal { scale, .. } => {
            decimal(values.as_primitive::<Decimal128Type>().value(row), scale)
        }
        Kind::Bytes => hexadecimal(values.as_binary::<i32>().value(row)),
        Kind::Date => return Ok(date(values.as_primitive::<Date32Type>().value(row))),
        Kind::Time => {
            return Ok(time(
                values.as_primitive::<Time64MicrosecondType>().value(row),
            ));
        }
        Kind::Timestamp => return Ok(timestamp(instant(values, row), "")),
        Kind::TimestampUtc => return Ok(timestamp(instant(values, row), "+00")),
        Kind::Text | Kind::Uuid | Kind::Interval => return Err(untaken(kind)),
    };
    Ok(Literal::Text(text))
}

/// What is special about a float.
pub(crate) fn float(kind: Kind, values: &ArrayRef, row: usize) -> Result<Float> {
    let values = checked(kind, values)?;
    let value = match kind {
        Kind::Float32 => f64::from(values.as_primitive::<Float32Type>().value(row)),
        Kind::Float64 => values.as_primitive::<Float64Type>().value(row),
        _ => return Err(untaken(kind)),
    };
    Ok(match value {
        _ if value.is_nan() => Float::Nan,
        _ if value == 0.0 => Float::Zero,
        _ => Float::Plain,
    })
}

/// A value of a text column.
pub(crate) fn text(values: &ArrayRef, row: usize) -> Result<&str> {
    Ok(checked(Kind::Text, values)?.as_string::<i32>().value(row))
}

/// Values of a kind: the array has its type.
fn checked(kind: Kind, values: &ArrayRef) -> Result<&ArrayRef> {
    match *values.data_type() == kind.data_type() {
        true => Ok(values),
        false => Err(untaken(kind)),
    }
}

fn untaken(kind: Kind) -> Error {
    Error::internal(format!("a predicate on {kind:?} was not taken"))
}

fn decimal(value: i128, scale: i8) -> String {
    let scale = usize::from(scale.unsigned_abs());
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    match fraction {
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("\\x");
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a String takes everything");
    }
    text
}

fn date(days: i32) -> Literal {
    match i64::from(days) {
        ..DAYS_MIN => Literal::Below,
        days if days > DAYS_MAX => Literal::Above,
        days => {
            let (date, era) = calendar(days);
            Literal::Text(format!("{date}{era}"))
        }
    }
}

fn time(us: i64) -> Literal {
    match us {
        ..0 => Literal::Below,
        // The server has 24:00:00.
        0..=DAY_US => Literal::Text(clock(us)),
        _ => Literal::Above,
    }
}

fn instant(values: &ArrayRef, row: usize) -> i64 {
    values.as_primitive::<TimestampMicrosecondType>().value(row)
}

fn timestamp(us: i64, zone: &str) -> Literal {
    let (days, within) = (us.div_euclid(DAY_US), us.rem_euclid(DAY_US));
    if days < DAYS_MIN {
        return Literal::Below;
    }
    let (date, era) = calendar(days);
    Literal::Text(format!("{date} {}{zone}{era}", clock(within)))
}

fn clock(us: i64) -> String {
    let seconds = us / 1_000_000;
    format!(
        "{:02}:{:02}:{:02}.{:06}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60,
        us % 1_000_000
    )
}

/// A day of the proleptic Gregorian calendar, and the era that stands behind it. By `civil_from_days` of
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"; its years begin in March.
fn calendar(days: i64) -> (String, &'static str) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + 400 * era + i64::from(month <= 2);
    // There is no year 0: it is 1 BC.
    match year {
        ..=0 => (format!("{:04}-{month:02}-{day:02}", 1 - year), " BC"),
        _ => (format!("{year:04}-{month:02}-{day:02}"), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{
        BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
        Int64Array, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
    };
    use std::sync::Arc;

    fn shown(kind: Kind, values: impl Array + 'static) -> Vec<Literal> {
        let values: ArrayRef = Arc::new(values);
        let literals = (0..values.len()).map(|row| literal(kind, &values, row));
        literals.map(Result::unwrap).collect()
    }

    fn texts(kind: Kind, values: impl Array + 'static) -> Vec<String> {
        let literals = shown(kind, values).into_iter();
        let texts = literals.map(|literal| match literal {
            Literal::Text(text) => text,
            other => panic!("{other:?}"),
        });
        texts.collect()
    }

    #[test]
    fn numbers() {
        let numbers = Int64Array::from(vec![0, i64::MIN, i64::MAX]);
        assert_eq!(
            texts(Kind::Int64, numbers),
            ["0", "-9223372036854775808", "9223372036854775807"]
        );
        let floats = Float64Array::from(vec![0.1, -0.0, 1e300, f64::NAN, f64::NEG_INFINITY]);
        assert_eq!(
            texts(Kind::Float64, floats),
            ["1e-1", "-0e0", "1e300", "NaN", "-inf"]
        );
        let float = Float32Array::from(vec![0.1]);
        assert_eq!(texts(Kind::Float32, float), ["1e-1"]);
        assert_eq!(
            texts(Kind::Bool, BooleanArray::from(vec![true, false])),
            ["true", "false"]
        );
        let bytes = BinaryArray::from_vec(vec![&b"\x00\xff"[..], b""]);
        assert_eq!(texts(Kind::Bytes, bytes), ["\\x00ff", "\\x"]);
    }

    #[test]
    fn decimals() {
        let decimals = |scale, values: Vec<i128>| {
            let array = Decimal128Array::from(values);
            let array = array.with_precision_and_scale(38, scale).unwrap();
            let kind = Kind::Decimal {
                precision: 38,
                scale,
            };
            texts(kind, array)
        };
        assert_eq!(
            decimals(2, vec![0, 5, -5, 150, -12_345]),
            ["0.00", "0.05", "-0.05", "1.50", "-123.45"]
        );
        let nines = 10_i128.pow(38) - 1;
        assert_eq!(decimals(0, vec![nines]), ["9".repeat(38)]);
        assert_eq!(
            decimals(38, vec![-nines]),
            [format!("-0.{}", "9".repeat(38))]
        );
    }

    /// Days from Python: `(date(..) - date(1970, 1, 1)).days`; the ends from PostgreSQL 15.
    #[test]
    fn days() {
        let days = Date32Array::from(vec![
            0, -1, 19_782, -719_162, -719_163, 2_932_896, 2_932_897,
        ]);
        assert_eq!(
            texts(Kind::Date, days),
            [
                "1970-01-01",
                "1969-12-31",
                "2024-02-29",
                "0001-01-01",
                "0001-12-31 BC",
                "9999-12-31",
                "10000-01-01"
            ]
        );
        let ends = [DAYS_MIN - 1, DAYS_MIN, DAYS_MAX, DAYS_MAX + 1].map(|day| day as i32);
        let text = |text: &str| Literal::Text(text.to_owned());
        assert_eq!(
            shown(Kind::Date, Date32Array::from(ends.to_vec())),
            [
                Literal::Below,
                text("4714-11-24 BC"),
                text("5874897-12-31"),
                Literal::Above
            ]
        );
    }

    #[test]
    fn instants() {
        let us = vec![0, -1, 1_709_202_896_789_000];
        assert_eq!(
            texts(Kind::Timestamp, TimestampMicrosecondArray::from(us.clone())),
            [
                "1970-01-01 00:00:00.000000",
                "1969-12-31 23:59:59.999999",
                "2024-02-29 10:34:56.789000"
            ]
        );
        let utc = TimestampMicrosecondArray::from(us).with_timezone("UTC");
        assert_eq!(
            texts(Kind::TimestampUtc, utc)[2],
            "2024-02-29 10:34:56.789000+00"
        );
        let ancient = vec![DAYS_MIN * DAY_US - 1, DAYS_MIN * DAY_US, i64::MAX];
        let text = |text: &str| Literal::Text(text.to_owned());
        assert_eq!(
            shown(Kind::Timestamp, TimestampMicrosecondArray::from(ancient)),
            [
                Literal::Below,
                text("4714-11-24 00:00:00.000000 BC"),
                text("294247-01-10 04:00:54.775807")
            ]
        );
        let times = Time64MicrosecondArray::from(vec![-1, 45_296_789_000, DAY_US, DAY_US + 1]);
        assert_eq!(
            shown(Kind::Time, times),
            [
                Literal::Below,
                text("12:34:56.789000"),
                text("24:00:00.000000"),
                Literal::Above
            ]
        );
    }

    #[test]
    fn floats_that_compare_in_another_way_are_known() {
        let floats = vec![-0.0, 0.0, f64::NAN, -f64::NAN, 1.0, f64::INFINITY];
        let floats: ArrayRef = Arc::new(Float64Array::from(floats));
        let special = (0..6).map(|row| float(Kind::Float64, &floats, row).unwrap());
        assert_eq!(
            special.collect::<Vec<_>>(),
            [
                Float::Zero,
                Float::Zero,
                Float::Nan,
                Float::Nan,
                Float::Plain,
                Float::Plain
            ]
        );
    }

    #[test]
    fn values_of_another_type_are_refused() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
        assert!(literal(Kind::Int64, &texts, 0).is_err());
        assert!(literal(Kind::Text, &texts, 0).is_err());
        assert_eq!(text(&texts, 0).unwrap(), "a");
    }
}
