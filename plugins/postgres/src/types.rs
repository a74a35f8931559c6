//! How columns are read: which type of PostgreSQL becomes which of Arrow, what SELECT asks for, and
//! what conditions are made of.
//!
//! Every column is selected with a cast to the type that it is decoded as, so that a column whose type
//! changed meanwhile is converted, or refused by the server, and never misread. What has no type of its
//! own here is selected as text.

use crate::config::Infinity;
use crate::quoting::quoted;
use arrow_schema::{DataType, Field, FieldRef, IntervalUnit, TimeUnit};
use serde_json::{Map, Value};
use sextant_plugin_sdk::Operator;
use std::collections::HashMap;
use std::sync::Arc;

/// What a value is, and how it comes over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int16,
    Int32,
    Int64,
    /// Four bytes without sign.
    Oid,
    Float32,
    Float64,
    Decimal {
        precision: u8,
        scale: i8,
    },
    Text,
    Bytes,
    Date,
    Time,
    Timestamp,
    TimestampUtc,
    Interval,
    Uuid,
}

impl Kind {
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int16 => DataType::Int16,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::Oid => DataType::UInt32,
            Self::Float32 => DataType::Float32,
            Self::Float64 => DataType::Float64,
            Self::Decimal { precision, scale } => DataType::Decimal128(precision, scale),
            Self::Text | Self::Uuid => DataType::Utf8,
            Self::Bytes => DataType::Binary,
            Self::Date => DataType::Date32,
            Self::Time => DataType::Time64(TimeUnit::Microsecond),
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::TimestampUtc => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
        }
    }

    /// Whether a value may be infinite, which Arrow's are not.
    pub(crate) fn may_be_infinite(self) -> bool {
        matches!(
            self,
            Self::Date | Self::Timestamp | Self::TimestampUtc | Self::Interval
        )
    }
}

/// Which conditions on a column mean in the server's SQL what they mean in ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Only whether it is null.
    None,
    /// All, against literals of this type.
    Values(&'static str),
    /// All, against literals of this type, but for the order of zeros and NaN.
    Floats(&'static str),
    /// Those of text. Equality is one of `key` where there is an index to use.
    Texts {
        key: Key,
        /// Whether equal texts are equal bytes, so that an index serves.
        is_deterministic: bool,
        /// Whether the server's texts are in UTF-8, so that it can be asked for any, and its order of
        /// bytes is ours.
        is_utf8: bool,
    },
}

/// What equality of a text column is asked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// The text.
    Text,
    /// The column itself, which is padded with spaces that do not count.
    Padded,
    /// The column itself, whose text has one form.
    Uuid,
}

/// What says that a binary column is well-known binary, and more of it.
const EXTENSION_NAME: &str = "ARROW:extension:name";
const EXTENSION_METADATA: &str = "ARROW:extension:metadata";

/// A column of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) field: FieldRef,
    pub(crate) kind: Kind,
    pub(crate) is_list: bool,
    /// What SELECT asks for.
    pub(crate) selected: String,
    /// What conditions are on: the column as its base type, so that no operator that somebody made for
    /// another type is taken. An index on the column serves all the same.
    pub(crate) operand: String,
    /// What equality is asked of.
    pub(crate) key: String,
    pub(crate) comparison: Comparison,
}

/// A column as the catalog has it; a domain is its base type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Described<'a> {
    pub(crate) name: &'a str,
    pub(crate) is_not_null: bool,
    pub(crate) oid: u32,
    pub(crate) type_name: &'a str,
    pub(crate) type_schema: &'a str,
    pub(crate) modifier: i32,
    /// The type of an array's elements, else 0.
    pub(crate) element: u32,
    pub(crate) is_deterministic: bool,
    /// Whether it is of PostGIS.
    pub(crate) is_spatial: bool,
}

/// How a database is read, whatever the column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) infinity: Infinity,
    pub(crate) is_utf8: bool,
}

impl Column {
    pub(crate) fn new(described: &Described<'_>, reading: Reading, as_text: bool) -> Self {
        match described {
            _ if as_text => Self::text(described, reading),
            _ if described.is_spatial => Self::spatial(described),
            Described { element: 0, .. } => Self::scalar(described, reading),
            _ => Self::list(described, reading),
        }
    }

    fn scalar(described: &Described<'_>, reading: Reading) -> Self {
        let Some((kind, cast)) = scalar(described.oid, described.modifier) else {
            return Self::text(described, reading);
        };
        let column = quoted(described.name);
        let comparison = comparison(kind, described, reading);
        let operand = match comparison {
            Comparison::Values(base) | Comparison::Floats(base) => format!("{column}::{base}"),
            Comparison::Texts { .. } => format!("{column}::pg_catalog.text"),
            Comparison::None => format!("{column}::{cast}"),
        };
        let key = match kind {
            Kind::Uuid => format!("{column}::{cast}"),
            _ => operand.clone(),
        };
        Self {
            field: field(described, kind.data_type(), kind, reading.infinity),
            kind,
            is_list: false,
            selected: format!("{column}::{cast}"),
            operand,
            key,
            comparison,
        }
    }

    /// As the text that the server shows.
    fn text(described: &Described<'_>, reading: Reading) -> Self {
        let column = quoted(described.name);
        let text = match described.oid {
            // A cast would show the mask of a single address.
            oid::INET => format!("pg_catalog.abbrev({column})"),
            _ => format!("{column}::pg_catalog.text"),
        };
        let (kind, key) = match described.oid {
            oid::BPCHAR => (Key::Padded, format!("{column}::pg_catalog.bpchar")),
            _ => (Key::Text, text.clone()),
        };
        Self {
            field: field(described, DataType::Utf8, Kind::Text, reading.infinity),
            kind: Kind::Text,
            is_list: false,
            selected: text.clone(),
            operand: text,
            key,
            comparison: Comparison::Texts {
                key: kind,
                is_deterministic: described.is_deterministic,
                is_utf8: reading.is_utf8,
            },
        }
    }

    /// A list of values; of texts where the elements have no type of their own here.
    fn list(described: &Described<'_>, reading: Reading) -> Self {
        let items = match described.element {
            // As an element it would show its mask.
            oid::INET => None,
            element => scalar(element, described.modifier)
                .or_else(|| Some((Kind::Text, "pg_catalog.text".to_owned()))),
        };
        let Some((kind, cast)) = items else {
            return Self::text(described, reading);
        };
        let column = quoted(described.name);
        let item = Field::new("item", kind.data_type(), true);
        Self {
            field: Arc::new(Field::new(
                described.name,
                DataType::List(Arc::new(item)),
                !described.is_not_null,
            )),
            kind,
            is_list: true,
            selected: format!("{column}::{cast}[]"),
            operand: column.clone(),
            key: column,
            comparison: Comparison::None,
        }
    }

    /// Well-known binary as ISO has it, which does not say of which reference system a value is. What lies
    /// between points of a geography is a part of a great circle.
    fn spatial(described: &Described<'_>) -> Self {
        let column = quoted(described.name);
        let schema = quoted(described.type_schema);
        let base = quoted(described.type_name);
        let field = Field::new(described.name, DataType::Binary, !described.is_not_null);
        let metadata = match described.type_name {
            "geography" => "{\"edges\":\"spherical\"}",
            _ => "{}",
        };
        let extension = [
            (EXTENSION_NAME, "geoarrow.wkb"),
            (EXTENSION_METADATA, metadata),
        ];
        Self {
            field: Arc::new(with_metadata(field, &extension)),
            kind: Kind::Bytes,
            is_list: false,
            selected: format!("{schema}.st_asbinary({column}::{schema}.{base})"),
            operand: column.clone(),
            key: column,
            comparison: Comparison::None,
        }
    }

    /// Says of a spatial column which reference system it is in, as GeoArrow has it.
    pub(crate) fn set_reference_system(&mut self, crs: &str, kind: &str) {
        let known = self.field.metadata().get(EXTENSION_METADATA);
        let known = known.and_then(|known| serde_json::from_str(known).ok());
        let mut extension: Map<String, Value> = known.unwrap_or_default();
        extension.insert("crs".to_owned(), crs.into());
        extension.insert("crs_type".to_owned(), kind.into());
        let metadata = Value::Object(extension).to_string();
        let metadata = (EXTENSION_METADATA, metadata.as_str());
        self.field = Arc::new(with_metadata(self.field.as_ref().clone(), &[metadata]));
    }

    /// The operators that it takes, and whether exactly the rows that match come back.
    pub(crate) fn operators(&self) -> (&'static [Operator], bool) {
        use Operator::{Eq, Gt, GtEq, InList, IsNotNull, IsNull, Like, Lt, LtEq, NotEq, NotInList};
        match self.comparison {
            Comparison::None => (&[IsNull, IsNotNull], true),
            Comparison::Values(_) | Comparison::Floats(_) => (
                &[
                    Eq, NotEq, Lt, LtEq, Gt, GtEq, InList, NotInList, IsNull, IsNotNull,
                ],
                matches!(self.comparison, Comparison::Values(_)),
            ),
            Comparison::Texts { is_utf8: true, .. } => (
                &[
                    Eq, NotEq, Lt, LtEq, Gt, GtEq, InList, NotInList, IsNull, IsNotNull, Like,
                ],
                true,
            ),
            Comparison::Texts { is_utf8: false, .. } => {
                (&[Eq, NotEq, InList, NotInList, IsNull, IsNotNull], false)
            }
        }
    }
}

/// The spatial reference system that a column of PostGIS fixes. Its modifier has it in 21 bits above
/// the lowest eight (`TYPMOD_GET_SRID` in PostGIS' `liblwgeom.h`).
pub(crate) fn reference_system(described: &Described<'_>) -> Option<i32> {
    let system = match described.modifier {
        -1 if described.type_name == "geography" => 4326,
        -1 => 0,
        modifier => ((modifier & 0x0fff_ff00) - (modifier & 0x1000_0000)) >> 8,
    };
    (system > 0).then_some(system)
}

fn with_metadata(field: Field, more: &[(&str, &str)]) -> Field {
    let mut metadata: HashMap<String, String> = field.metadata().clone();
    for (key, value) in more {
        metadata.insert((*key).to_owned(), (*value).to_owned());
    }
    field.with_metadata(metadata)
}

fn field(
    described: &Described<'_>,
    data_type: DataType,
    kind: Kind,
    infinity: Infinity,
) -> FieldRef {
    let made_null = infinity == Infinity::Null && kind.may_be_infinite();
    let is_nullable = !described.is_not_null || made_null;
    Arc::new(Field::new(described.name, data_type, is_nullable))
}

fn comparison(kind: Kind, described: &Described<'_>, reading: Reading) -> Comparison {
    let texts = |key| Comparison::Texts {
        key,
        is_deterministic: described.is_deterministic,
        is_utf8: reading.is_utf8,
    };
    match kind {
        Kind::Bool => Comparison::Values("pg_catalog.bool"),
        Kind::Int16 => Comparison::Values("pg_catalog.int2"),
        Kind::Int32 => Comparison::Values("pg_catalog.int4"),
        Kind::Int64 => Comparison::Values("pg_catalog.int8"),
        Kind::Oid => Comparison::Values("pg_catalog.oid"),
        Kind::Float32 => Comparison::Floats("pg_catalog.float4"),
        Kind::Float64 => Comparison::Floats("pg_catalog.float8"),
        Kind::Decimal { .. } => Comparison::Values("pg_catalog.numeric"),
        Kind::Text => texts(Key::Text),
        Kind::Bytes => Comparison::Values("pg_catalog.bytea"),
        Kind::Date => Comparison::Values("pg_catalog.date"),
        Kind::Time => Comparison::Values("pg_catalog.time"),
        Kind::Timestamp => Comparison::Values("pg_catalog.timestamp"),
        Kind::TimestampUtc => Comparison::Values("pg_catalog.timestamptz"),
        // The server compares what a month has on average, Arrow months.
        Kind::Interval => Comparison::None,
        Kind::Uuid => texts(Key::Uuid),
    }
}

/// Types by the numbers that they have in every database (`pg_type.dat` in PostgreSQL).
mod oid {
    pub(super) const INET: u32 = 869;
    pub(super) const BPCHAR: u32 = 1042;
}

/// The types that have one in Arrow, and the cast to them.
fn scalar(oid: u32, modifier: i32) -> Option<(Kind, String)> {
    let (kind, name) = match oid {
        16 => (Kind::Bool, "bool"),
        17 => (Kind::Bytes, "bytea"),
        20 => (Kind::Int64, "int8"),
        21 => (Kind::Int16, "int2"),
        23 => (Kind::Int32, "int4"),
        // text, varchar
        25 | 1043 => (Kind::Text, "text"),
        26 => (Kind::Oid, "oid"),
        700 => (Kind::Float32, "float4"),
        701 => (Kind::Float64, "float8"),
        1082 => (Kind::Date, "date"),
        1083 => (Kind::Time, "time"),
        1114 => (Kind::Timestamp, "timestamp"),
        1184 => (Kind::TimestampUtc, "timestamptz"),
        1186 => (Kind::Interval, "interval"),
        1700 => return decimal(modifier),
        2950 => (Kind::Uuid, "uuid"),
        _ => return None,
    };
    Some((kind, format!("pg_catalog.{name}")))
}

/// A numeric of fixed digits, where there are at most 38 of them. Its modifier has the precision in the
/// upper half and the scale, with its sign, in the lowest 11 bits (`numeric_typmod_scale` in PostgreSQL).
fn decimal(modifier: i32) -> Option<(Kind, String)> {
    let packed = modifier.checked_sub(4).filter(|&packed| packed >= 0)?;
    let precision = packed >> 16;
    let scale = ((packed & 0x7ff) ^ 0x400) - 0x400;
    // Arrow's scale is neither negative here nor more than the precision.
    let (digits, fraction) = match scale {
        ..0 => (precision - scale, 0),
        _ => (precision.max(scale), scale),
    };
    let kind = Kind::Decimal {
        precision: u8::try_from(digits).ok().filter(|&digits| digits <= 38)?,
        scale: i8::try_from(fraction).ok()?,
    };
    Some((kind, format!("pg_catalog.numeric({precision},{scale})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const READING: Reading = Reading {
        infinity: Infinity::Error,
        is_utf8: true,
    };

    fn described(oid: u32, modifier: i32) -> Described<'static> {
        Described {
            name: "c",
            is_not_null: false,
            oid,
            type_name: "",
            type_schema: "public",
            modifier,
            element: 0,
            is_deterministic: true,
            is_spatial: false,
        }
    }

    fn column(oid: u32, modifier: i32) -> Column {
        Column::new(&described(oid, modifier), READING, false)
    }

    /// Modifiers from PostgreSQL 15: `SELECT atttypmod FROM pg_attribute`.
    #[test]
    fn numerics_are_decimals_where_their_digits_are_fixed() {
        for (modifier, expected, cast) in [
            (655_366, DataType::Decimal128(10, 2), "numeric(10,2)"),
            (2_490_382, DataType::Decimal128(38, 10), "numeric(38,10)"),
            (198_658, DataType::Decimal128(5, 0), "numeric(3,-2)"),
            (131_080, DataType::Decimal128(4, 4), "numeric(2,4)"),
        ] {
            let column = column(1700, modifier);
            assert_eq!(column.field.data_type(), &expected);
            assert_eq!(column.selected, format!("\"c\"::pg_catalog.{cast}"));
        }
        for modifier in [-1, 2_621_446] {
            let column = column(1700, modifier);
            assert_eq!(column.field.data_type(), &DataType::Utf8);
            assert_eq!(column.selected, "\"c\"::pg_catalog.text");
        }
    }

    #[test]
    fn what_is_unknown_is_text() {
        for oid in [19, 114, 650, 1042, 3802, 3904, 99_999] {
            let column = column(oid, -1);
            assert_eq!(column.kind, Kind::Text);
            assert_eq!(column.selected, "\"c\"::pg_catalog.text");
        }
        assert_eq!(column(869, -1).selected, "pg_catalog.abbrev(\"c\")");
        let column = Column::new(&described(23, -1), READING, true);
        assert_eq!(column.field.data_type(), &DataType::Utf8);
    }

    #[test]
    fn arrays_are_lists() {
        let list = |element, modifier| {
            let described = Described {
                element,
                ..described(1, modifier)
            };
            Column::new(&described, READING, false)
        };
        let cases = [
            (23, -1, DataType::Int32, "\"c\"::pg_catalog.int4[]"),
            (
                1700,
                655_366,
                DataType::Decimal128(10, 2),
                "\"c\"::pg_catalog.numeric(10,2)[]",
            ),
            (99_999, -1, DataType::Utf8, "\"c\"::pg_catalog.text[]"),
        ];
        for (element, modifier, item, selected) in cases {
            let column = list(element, modifier);
            let expected = DataType::List(Arc::new(Field::new("item", item, true)));
            assert_eq!(column.field.data_type(), &expected);
            assert_eq!(column.selected, selected);
        }
        assert_eq!(list(869, -1).selected, "\"c\"::pg_catalog.text");
    }

    /// Modifiers as `TYPMOD_SET_SRID` and its likes make them: `geometry(Point,4326)`, `geometry(PointZ,3857)`
    /// and `geometry(Point)`.
    #[test]
    fn spatial_columns_know_their_reference_system() {
        let spatial = |type_name, modifier| Described {
            type_name,
            is_spatial: true,
            ..described(70_000, modifier)
        };
        for (type_name, modifier, expected) in [
            ("geometry", 1_107_460, Some(4326)),
            ("geometry", 987_398, Some(3857)),
            ("geometry", 4, None),
            ("geometry", -1, None),
            ("geography", -1, Some(4326)),
        ] {
            let spatial = spatial(type_name, modifier);
            assert_eq!(reference_system(&spatial), expected, "{modifier}");
            let mut column = Column::new(&spatial, READING, false);
            let selected = format!("\"public\".st_asbinary(\"c\"::\"public\".\"{type_name}\")");
            assert_eq!(column.selected, selected);
            column.set_reference_system("EPSG:4326", "authority_code");
            let edges = match type_name {
                "geography" => ",\"edges\":\"spherical\"",
                _ => "",
            };
            assert_eq!(
                column.field.metadata()["ARROW:extension:metadata"],
                format!("{{\"crs\":\"EPSG:4326\",\"crs_type\":\"authority_code\"{edges}}}")
            );
            let name = &column.field.metadata()["ARROW:extension:name"];
            assert_eq!(name, "geoarrow.wkb");
        }
    }

    #[test]
    fn infinite_values_can_be_null_where_a_column_may_not_be() {
        let described = Described {
            is_not_null: true,
            ..described(1082, -1)
        };
        let nullable = |infinity| {
            let reading = Reading {
                infinity,
                ..READING
            };
            Column::new(&described, reading, false).field.is_nullable()
        };
        assert!(!nullable(Infinity::Error));
        assert!(nullable(Infinity::Null));
    }
}
