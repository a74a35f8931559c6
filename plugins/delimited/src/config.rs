//! What an administrator writes under `[source.NAME.config]`, and the checked form of it.
//!
//! Everything that can be wrong without looking at data is refused here. What has been checked is a
//! [`Dialect`] and a list of [`Column`]s; no other module sees the texts they were made of.

use crate::values::{Format, Zone};
use arrow_schema::{DataType, Field, TimeUnit};
use encoding_rs::Encoding;
use serde::Deserialize;
use sextant_plugin_sdk::{Error, Result};
use std::collections::{BTreeMap, HashSet};

/// Columns of one table, at most; a record with more fields is refused.
pub(crate) const COLUMNS_MAX: usize = 16_384;

/// The configuration of the source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The tables by name; names are in lower case.
    pub tables: BTreeMap<String, TableConfig>,
}

/// The configuration of one table. Only `input` is required.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableConfig {
    /// The named input whose entries together are the table.
    pub input: String,
    /// What stands between two fields, one ASCII character; default `,`.
    #[serde(default = "default_delimiter")]
    pub delimiter: String,
    /// What encloses a value, one ASCII character, or empty for none; default `"`. Within a quoted
    /// value it is written twice.
    #[serde(default = "default_quote")]
    pub quote: String,
    /// What makes the next character of a quoted value an ordinary one; default none.
    #[serde(default)]
    pub escape: String,
    /// A line that starts with this character is not a record; default none.
    #[serde(default)]
    pub comment: String,
    /// The label of an encoding of the WHATWG Encoding Standard; default `utf-8`.
    #[serde(default = "default_encoding")]
    pub encoding: String,
    /// Whether the first record of every entry holds the column names; by default, when no
    /// `columns` are given.
    pub header: Option<bool>,
    /// The columns, in the order of the table.
    #[serde(default)]
    pub columns: Vec<ColumnConfig>,
    /// Whether columns without a type get the one that fits the first records.
    #[serde(default)]
    pub infer: bool,
    /// How many records are looked at to infer types; default 1000.
    #[serde(default = "default_infer_rows")]
    pub infer_rows: usize,
    /// The texts that mean null; default the empty text alone.
    #[serde(default = "default_nulls")]
    pub nulls: Vec<String>,
    /// Whether spaces and tabs around values are dropped; default false.
    #[serde(default)]
    pub trim: bool,
    /// Whether a quoted value may contain a newline; default false. Such entries are not split.
    #[serde(default)]
    pub newlines_in_values: bool,
    /// What happens to a record that cannot be read.
    #[serde(default)]
    pub on_error: OnError,
}

/// The configuration of one column.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnConfig {
    /// The name in SQL.
    pub name: String,
    /// The name in the header, where it is another one.
    pub from: Option<String>,
    /// The type: `text`, `boolean`, `int32`, `int64`, `float64`, `decimal(p,s)`, `date`,
    /// `timestamp`.
    pub r#type: Option<String>,
    /// The format of a date or timestamp, as in `strftime`; ISO 8601 without one.
    pub format: Option<String>,
    /// The zone of a timestamp: `UTC` or a fixed offset such as `+02:00`.
    pub zone: Option<String>,
    /// Whether the column may be null; default true.
    #[serde(default = "default_nullable")]
    pub nullable: bool,
}

/// What happens to a record that cannot be read.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// The query fails.
    #[default]
    Fail,
    /// The record is left out, counted, and reported to the analyst.
    Skip,
}

fn default_delimiter() -> String {
    ",".to_owned()
}

fn default_quote() -> String {
    "\"".to_owned()
}

fn default_encoding() -> String {
    "utf-8".to_owned()
}

fn default_infer_rows() -> usize {
    1000
}

fn default_nulls() -> Vec<String> {
    vec![String::new()]
}

fn default_nullable() -> bool {
    true
}

/// How bytes become records and fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) quote: Option<u8>,
    pub(crate) escape: Option<u8>,
    pub(crate) comment: Option<u8>,
    pub(crate) encoding: &'static Encoding,
    pub(crate) trim: bool,
    pub(crate) newlines_in_values: bool,
}

impl Dialect {
    fn new(table: &TableConfig) -> Result<Self> {
        let delimiter = ascii("delimiter", &table.delimiter)?.ok_or_else(|| {
            Error::invalid_config("delimiter: expected one character, found none")
        })?;
        let quote = ascii("quote", &table.quote)?;
        let escape = ascii("escape", &table.escape)?.filter(|&escape| Some(escape) != quote);
        let comment = ascii("comment", &table.comment)?;
        if escape.is_some() && quote.is_none() {
            return Err(Error::invalid_config(
                "escape works in quoted values only, and quote is empty",
            ));
        }
        let mut seen = HashSet::from([delimiter]);
        if [quote, escape, comment]
            .into_iter()
            .flatten()
            .any(|byte| !seen.insert(byte))
        {
            return Err(Error::invalid_config(
                "delimiter, quote, escape and comment must differ",
            ));
        }
        let encoding = Encoding::for_label(table.encoding.as_bytes()).ok_or_else(|| {
            Error::invalid_config(format!(
                "encoding: expected a label of the WHATWG Encoding Standard such as \"utf-8\" or \
                 \"windows-1251\", found {:?}",
                table.encoding
            ))
        })?;
        let newlines_in_values = table.newlines_in_values && quote.is_some();
        Ok(Self {
            delimiter,
            quote,
            escape,
            comment,
            encoding,
            trim: table.trim,
            newlines_in_values,
        })
    }
}

/// One ASCII character that is no line end, or none.
fn ascii(option: &str, text: &str) -> Result<Option<u8>> {
    match text.as_bytes() {
        [] => Ok(None),
        [byte] if byte.is_ascii() && !b"\r\n".contains(byte) => Ok(Some(*byte)),
        _ => Err(Error::invalid_config(format!(
            "{option}: expected one ASCII character that is no line end, found {text:?}"
        ))),
    }
}

/// The type of a column, with all that is needed to read it.
#[derive(Clone, Debug)]
pub(crate) enum Type {
    Text,
    Boolean,
    Int32,
    Int64,
    Float64,
    Decimal { precision: u8, scale: u8 },
    Date(Option<Format>),
    Timestamp(Option<Format>, Option<Zone>),
}

impl Type {
    fn new(column: &ColumnConfig, name: &str) -> Result<Self> {
        let format = || column.format.as_deref().map(Format::new).transpose();
        let zone = || column.zone.as_deref().map(Zone::new).transpose();
        let kind = match name {
            "text" => Self::Text,
            "boolean" => Self::Boolean,
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "float64" => Self::Float64,
            "date" => Self::Date(format()?),
            "timestamp" => Self::Timestamp(format()?, zone()?),
            other => Self::decimal(other)?,
        };
        if column.format.is_some() && !matches!(kind, Self::Date(_) | Self::Timestamp(..)) {
            return Err(Error::invalid_config(
                "format is for date and timestamp columns",
            ));
        }
        if column.zone.is_some() && !matches!(kind, Self::Timestamp(..)) {
            return Err(Error::invalid_config("zone is for timestamp columns"));
        }
        Ok(kind)
    }

    fn decimal(name: &str) -> Result<Self> {
        let inner = name
            .strip_prefix("decimal(")
            .and_then(|rest| rest.strip_suffix(')'));
        let (precision, scale) = inner.and_then(|inner| inner.split_once(',')).ok_or_else(
            || {
                Error::invalid_config(format!(
                    "type: expected text, boolean, int32, int64, float64, decimal(p,s), date or \
                 timestamp, found {name:?}"
                ))
            },
        )?;
        match (precision.trim().parse(), scale.trim().parse()) {
            (Ok(precision @ 1..=38), Ok(scale)) if scale <= precision => {
                Ok(Self::Decimal { precision, scale })
            }
            _ => Err(Error::invalid_config(format!(
                "type: expected decimal(p,s) with p from 1 to 38 and s from 0 to p, found {name:?}"
            ))),
        }
    }

    /// The Arrow type of the column.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::Float64 => DataType::Float64,
            Self::Decimal { precision, scale } => {
                DataType::Decimal128(*precision, scale.cast_signed())
            }
            Self::Date(_) => DataType::Date32,
            Self::Timestamp(_, zone) => DataType::Timestamp(
                TimeUnit::Microsecond,
                zone.as_ref().map(|zone| zone.name().into()),
            ),
        }
    }

    /// What a value should have been, for an error.
    pub(crate) fn expectation(&self) -> String {
        match self {
            Self::Text => "UTF-8 text".to_owned(),
            Self::Boolean => "a boolean such as \"true\" or \"0\"".to_owned(),
            Self::Int32 => "a whole number of 32 bits".to_owned(),
            Self::Int64 => "a whole number of 64 bits".to_owned(),
            Self::Float64 => "a number".to_owned(),
            Self::Decimal { precision, scale } => {
                format!("a number with at most {} digits before and {scale} after the point", precision - scale)
            }
            Self::Date(None) => "a date as YYYY-MM-DD".to_owned(),
            Self::Timestamp(None, Some(_)) => "a timestamp as YYYY-MM-DD HH:MM:SS.ffffff+00:00".to_owned(),
            Self::Timestamp(None, None) => {
                "a timestamp as YYYY-MM-DD HH:MM:SS.ffffff without offset (or give the column a zone)".to_owned()
            }
            Self::Date(Some(format)) => format!("a date as {:?}", format.text()),
            Self::Timestamp(Some(format), _) => format!("a timestamp as {:?}", format.text()),
        }
    }
}

/// A column of a table. The type is open where it is to be inferred.
#[derive(Clone, Debug)]
pub(crate) struct Column<T = Type> {
    pub(crate) name: String,
    /// The name in the header.
    pub(crate) from: String,
    pub(crate) kind: T,
    pub(crate) nullable: bool,
}

impl Column<Option<Type>> {
    fn new(column: &ColumnConfig, infer: bool) -> Result<Self> {
        let kind = match &column.r#type {
            Some(name) => Some(Type::new(column, name)?),
            None if column.format.is_some() || column.zone.is_some() => {
                return Err(Error::invalid_config("format and zone need a type"));
            }
            None => (!infer).then_some(Type::Text),
        };
        let from = column.from.clone().unwrap_or_else(|| column.name.clone());
        Ok(Self {
            name: column.name.clone(),
            from,
            kind,
            nullable: column.nullable,
        })
    }

    /// A column that only the data knows.
    pub(crate) fn found(name: String, infer: bool) -> Self {
        Self {
            from: name.clone(),
            name,
            kind: (!infer).then_some(Type::Text),
            nullable: true,
        }
    }
}

impl Column {
    /// The column as Arrow has it.
    pub(crate) fn field(&self) -> Field {
        Field::new(&self.name, self.kind.data_type(), self.nullable)
    }
}

/// The configuration of a table after all checks that need no data.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) input: String,
    pub(crate) dialect: Dialect,
    pub(crate) header: bool,
    /// The configured columns; none where the data names them.
    pub(crate) columns: Vec<Column<Option<Type>>>,
    pub(crate) infer: bool,
    pub(crate) infer_rows: usize,
    pub(crate) nulls: Vec<String>,
    pub(crate) on_error: OnError,
}

impl Options {
    /// Checks the configuration of a table.
    pub(crate) fn new(name: &str, table: &TableConfig) -> Result<Self> {
        Self::checked(name, table)
            .map_err(|error| Error::invalid_config(format!("table {name:?}: {}", error.message())))
    }

    fn checked(name: &str, table: &TableConfig) -> Result<Self> {
        if name.is_empty() || name != name.to_lowercase() {
            return Err(Error::invalid_config("expected a table name in lower case"));
        }
        if table.infer_rows == 0 {
            return Err(Error::invalid_config(
                "infer_rows: expected at least 1, found 0",
            ));
        }
        let header = table.header.unwrap_or(table.columns.is_empty());
        let columns = columns(table, header)?;
        let nulls = if table.trim {
            table
                .nulls
                .iter()
                .map(|null| null.trim().to_owned())
                .collect()
        } else {
            table.nulls.clone()
        };
        Ok(Self {
            input: table.input.clone(),
            dialect: Dialect::new(table)?,
            header,
            columns,
            infer: table.infer,
            infer_rows: table.infer_rows,
            nulls,
            on_error: table.on_error,
        })
    }
}

fn columns(table: &TableConfig, header: bool) -> Result<Vec<Column<Option<Type>>>> {
    if table.columns.len() > COLUMNS_MAX {
        return Err(Error::invalid_config(format!(
            "expected at most {COLUMNS_MAX} columns, found {}",
            table.columns.len()
        )));
    }
    let mut seen = HashSet::new();
    let mut columns = Vec::with_capacity(table.columns.len());
    for column in &table.columns {
        if column.name.is_empty() || !seen.insert(&column.name) {
            return Err(Error::invalid_config(format!(
                "column {:?} is empty or there twice",
                column.name
            )));
        }
        if column.from.is_some() && !header {
            return Err(Error::invalid_config(format!(
                "column {:?}: from needs header = true",
                column.name
            )));
        }
        columns.push(Column::new(column, table.infer).map_err(|error| {
            Error::invalid_config(format!("column {:?}: {}", column.name, error.message()))
        })?);
    }
    Ok(columns)
}
