//! Answers as text or files.

use crate::error::{Error, Result};
use crate::sql::geoparquet;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float16Type, Float32Type, Float64Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow::json::writer::{JsonArray, LineDelimited, WriterBuilder};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use std::io::Write;
use std::sync::Arc;

/// How to write answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A table for people.
    Table,
    /// Comma-separated, with a header.
    Csv,
    /// One JSON array of objects.
    Json,
    /// A JSON object a line.
    Ndjson,
    /// A Markdown table.
    Markdown,
    /// An Arrow IPC stream.
    Arrow,
    /// A Parquet file.
    Parquet,
}

impl Format {
    pub(super) fn is_binary(self) -> bool {
        matches!(self, Self::Arrow | Self::Parquet)
    }

    /// Whether a reader of the format would see the first of several answers, or none.
    pub(super) fn holds_one_answer(self) -> bool {
        matches!(self, Self::Arrow | Self::Parquet | Self::Json)
    }

    /// What of a batch is not written as it is, a text for each such column. It is the same for each batch.
    pub(super) fn losses(self, batch: &RecordBatch) -> Vec<String> {
        if !matches!(self, Self::Json | Self::Ndjson) {
            return Vec::new();
        }
        let columns = batch.schema_ref().fields().iter().zip(batch.columns());
        let lossy = columns.filter_map(|(field, column)| {
            let is_lossy = has(field.data_type(), DataType::is_floating) && is_beyond_json(column);
            is_lossy.then(|| {
                format!(
                    "column {:?} has NaN or infinite values, which JSON does not have and which are written as null (cast it to text, or choose --format csv, parquet or arrow)",
                    field.name()
                )
            })
        });
        lossy.collect()
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match clap::ValueEnum::to_possible_value(self) {
            Some(value) => f.write_str(value.get_name()),
            None => Ok(()),
        }
    }
}

/// Where answers go.
pub(super) type Out<'a> = &'a mut (dyn Write + Send);

/// Writes one answer.
pub(super) enum Writer<'a> {
    Table {
        out: Out<'a>,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
        decorated: bool,
    },
    Markdown {
        out: Out<'a>,
    },
    Csv(Box<arrow::csv::Writer<Out<'a>>>),
    Json(Box<arrow::json::Writer<Out<'a>, JsonArray>>),
    Ndjson(Box<arrow::json::Writer<Out<'a>, LineDelimited>>),
    Arrow(Box<StreamWriter<Out<'a>>>),
    Parquet(Box<ArrowWriter<Out<'a>>>),
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        format: Format,
        schema: &SchemaRef,
        out: Out<'a>,
        decorated: bool,
    ) -> Result<Self> {
        match format {
            Format::Json | Format::Ndjson => check_names(schema)?,
            Format::Csv => check_flat(schema)?,
            _ => {}
        }
        // A null that is left out could be taken for a column that is not there.
        let json = WriterBuilder::new().with_explicit_nulls(true);
        Ok(match format {
            Format::Table => Self::Table {
                out,
                schema: Arc::clone(schema),
                batches: Vec::new(),
                decorated,
            },
            Format::Markdown => {
                let names: Vec<_> = schema
                    .fields()
                    .iter()
                    .map(|field| escape(field.name()))
                    .collect();
                writeln!(out, "| {} |", names.join(" | "))?;
                writeln!(out, "|{}", " --- |".repeat(names.len()))?;
                Self::Markdown { out }
            }
            Format::Csv => {
                let mut writer = arrow::csv::WriterBuilder::new()
                    .with_header(true)
                    .build(out);
                // An answer without rows still has columns.
                writer
                    .write(&RecordBatch::new_empty(Arc::clone(schema)))
                    .map_err(failed)?;
                Self::Csv(Box::new(writer))
            }
            Format::Json => Self::Json(Box::new(json.build(out))),
            Format::Ndjson => Self::Ndjson(Box::new(json.build(out))),
            Format::Arrow => Self::Arrow(Box::new(
                StreamWriter::try_new(out, schema).map_err(failed)?,
            )),
            Format::Parquet => {
                let failed = |error: ParquetError| Error::io(error.to_string());
                let writer = ArrowWriter::try_new(out, Arc::clone(schema), None);
                let mut writer = writer.map_err(failed)?;
                if let Some((key, value)) = geoparquet(schema) {
                    writer.append_key_value_metadata(KeyValue::new(key, value));
                }
                Self::Parquet(Box::new(writer))
            }
        })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        // CSV refuses them itself, and what is binary takes them.
        if let Self::Table { .. } | Self::Markdown { .. } | Self::Json(_) | Self::Ndjson(_) = self {
            check_times(batch)?;
        }
        match self {
            Self::Table { batches, .. } => batches.push(batch.clone()),
            Self::Markdown { out } => write_markdown(out, batch)?,
            Self::Csv(writer) => writer.write(batch).map_err(failed)?,
            Self::Json(writer) => writer.write(batch).map_err(failed)?,
            Self::Ndjson(writer) => writer.write(batch).map_err(failed)?,
            Self::Arrow(writer) => writer.write(batch).map_err(failed)?,
            Self::Parquet(writer) => writer
                .write(batch)
                .map_err(|error| Error::io(error.to_string()))?,
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Table {
                out,
                schema,
                batches,
                decorated,
            } => {
                let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
                let batches = if batches.is_empty() {
                    vec![RecordBatch::new_empty(schema)]
                } else {
                    batches
                };
                let table = pretty_format_batches(&batches).map_err(failed)?;
                writeln!(out, "{}", visible(&table.to_string()))?;
                if decorated {
                    writeln!(out, "{rows} {}", if rows == 1 { "row" } else { "rows" })?;
                }
            }
            Self::Markdown { .. } | Self::Csv(_) => {}
            Self::Json(mut writer) => {
                writer.finish().map_err(failed)?;
                writeln!(writer.into_inner())?;
            }
            Self::Ndjson(mut writer) => writer.finish().map_err(failed)?,
            Self::Arrow(mut writer) => writer.finish().map_err(failed)?,
            Self::Parquet(writer) => {
                writer
                    .close()
                    .map_err(|error| Error::io(error.to_string()))?;
            }
        }
        Ok(())
    }
}

fn write_markdown(out: &mut Out<'_>, batch: &RecordBatch) -> Result<()> {
    let options = FormatOptions::default();
    let columns = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column, &options));
    let columns = columns.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    for row in 0..batch.num_rows() {
        let cells: Vec<_> = columns
            .iter()
            .map(|column| escape(&column.value(row).to_string()))
            .collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

/// Refuses days and times that cannot be written: Arrow would put the text of an error in their place, among
/// values.
fn check_times(batch: &RecordBatch) -> Result<()> {
    let options = FormatOptions::default().with_display_error(false);
    let mut text = String::new();
    for column in batch.columns() {
        if !has(column.data_type(), DataType::is_temporal) {
            continue;
        }
        let values = ArrayFormatter::try_new(column, &options).map_err(failed)?;
        for row in 0..column.len() {
            text.clear();
            values.value(row).write(&mut text).map_err(failed)?;
        }
    }
    Ok(())
}

/// Whether a type is such a one, or has one in it.
fn has(data_type: &DataType, is_such: fn(&DataType) -> bool) -> bool {
    match data_type {
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => has(field.data_type(), is_such),
        DataType::Struct(fields) => fields.iter().any(|field| has(field.data_type(), is_such)),
        DataType::Union(fields, _) => fields
            .iter()
            .any(|(_, field)| has(field.data_type(), is_such)),
        DataType::Dictionary(_, values) => has(values, is_such),
        DataType::RunEndEncoded(_, values) => has(values.data_type(), is_such),
        data_type => is_such(data_type),
    }
}

/// Whether there are numbers that JSON does not have. What stands below a null is none.
fn is_beyond_json(array: &dyn Array) -> bool {
    macro_rules! any {
        ($array:expr, $is_beyond:expr) => {
            $array.iter().flatten().any($is_beyond)
        };
    }
    match array.data_type() {
        DataType::Float16 => any!(array.as_primitive::<Float16Type>(), |it| !it.is_finite()),
        DataType::Float32 => any!(array.as_primitive::<Float32Type>(), |it| !it.is_finite()),
        DataType::Float64 => any!(array.as_primitive::<Float64Type>(), |it| !it.is_finite()),
        DataType::List(_) => any!(array.as_list::<i32>(), |it| is_beyond_json(&it)),
        DataType::LargeList(_) => any!(array.as_list::<i64>(), |it| is_beyond_json(&it)),
        DataType::FixedSizeList(..) => any!(array.as_fixed_size_list(), |it| is_beyond_json(&it)),
        DataType::Map(..) => any!(array.as_map(), |it| is_beyond_json(&it)),
        DataType::Struct(_) => {
            let (_, columns) = array.as_struct().flatten();
            columns.iter().any(|column| is_beyond_json(column))
        }
        _ => false,
    }
}

/// An object with two members of one name loses one of them to most readers.
fn check_names(schema: &SchemaRef) -> Result<()> {
    let mut names = std::collections::BTreeSet::new();
    match schema
        .fields()
        .iter()
        .find(|field| !names.insert(field.name()))
    {
        None => Ok(()),
        Some(field) => Err(Error::sql(format!(
            "two columns of the answer are named {:?}, which JSON objects cannot have",
            field.name()
        ))
        .with_hint("name one of them anew: SELECT a AS ...")),
    }
}

/// A cell of CSV holds one value. What it cannot hold is refused before there is a header of it.
fn check_flat(schema: &SchemaRef) -> Result<()> {
    let mut fields = schema.fields().iter();
    match fields.find(|field| field.data_type().is_nested()) {
        None => Ok(()),
        Some(field) => Err(Error::sql(format!(
            "column {:?} of the answer is a {}, and a cell of CSV holds one value",
            field.name(),
            field.data_type()
        ))
        .with_hint("of a list, unnest(...) makes rows and array_to_string(..., ';') a text; of a struct, ...['field'] is one value; --format json takes them as they are")),
    }
}

/// Text in which control characters and those that turn the direction of writing are seen instead of
/// obeyed: data must not move a reader's cursor, nor hide.
pub(super) fn visible(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' => '\n',
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{FFFD}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
        c => c,
    };
    text.chars().map(shown).collect()
}

fn escape(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    visible(&text)
        .replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('\n', "<br>")
}

fn failed(error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, error) => Error::from(error),
        other => Error::sql(format!("the answer cannot be written: {other}"))
            .with_hint("choose another --format, or cast the column"),
    }
}
