//! Errors across the edge between Sextant and DataFusion, converted once in each direction.

use crate::error::Error;
use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::parser::ParserError;

/// One of ours, on its way through DataFusion.
pub(super) fn to_datafusion(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// What DataFusion says, as one of ours; an error that was ours comes back as it was. A statement
/// that is wrong is shown with a caret where that is known.
pub(super) fn from_datafusion(error: &DataFusionError, sql: &str) -> Error {
    if let Some(own) = find_own(error) {
        return own;
    }
    let place = error
        .diagnostic()
        .and_then(|diagnostic| diagnostic.span)
        .map(|span| span.start);
    let root = error.find_root();
    if let Some(error) = from_signatures(&root.to_string()) {
        return error;
    }
    let converted = match root {
        DataFusionError::SQL(parser, _) => return from_parser(parser, sql),
        DataFusionError::ResourcesExhausted(message) => Error::limit(message.clone()).with_hint(
            "raise limits.query_memory_bytes_max in sextant.toml if this is meant to be",
        ),
        DataFusionError::IoError(error) => Error::io(error.to_string()),
        DataFusionError::ObjectStore(error) => Error::io(error.to_string()),
        DataFusionError::Internal(message) => Error::internal(first_line(message)),
        DataFusionError::ArrowError(error, _) => Error::data(error.to_string()),
        DataFusionError::ParquetError(error) => Error::data(error.to_string()),
        DataFusionError::Plan(message)
        | DataFusionError::NotImplemented(message)
        | DataFusionError::Execution(message)
        | DataFusionError::Configuration(message) => Error::sql(first_line(message)),
        DataFusionError::SchemaError(schema, _) => from_schema(schema),
        other => Error::sql(first_line(&other.to_string())),
    };
    match place {
        Some(location) => converted.with_place(caret(sql, location.line, location.column)),
        None => converted,
    }
}

fn find_own(error: &DataFusionError) -> Option<Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(own) = error.downcast_ref::<Error>() {
            return Some(own.clone());
        }
        // DataFusion's sources skip the boxed error itself, Arrow's hold it.
        cause = match error.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
            Some(DataFusionError::Shared(inner)) => Some(inner.as_ref()),
            Some(DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner)) => {
                Some(inner.as_ref())
            }
            Some(DataFusionError::ArrowError(inner, _)) => Some(inner.as_ref()),
            Some(DataFusionError::Collection(all)) => return all.iter().find_map(find_own),
            _ => match error.downcast_ref::<arrow::error::ArrowError>() {
                Some(arrow::error::ArrowError::ExternalError(inner)) => Some(inner.as_ref()),
                _ => error.source(),
            },
        };
    }
    None
}

/// Of a function that takes several lists of types, DataFusion says why each does not fit, and that it is itself at fault.
fn from_signatures(message: &str) -> Option<Error> {
    let (_, rest) = message.split_once("Function '")?;
    let (name, rest) = rest.split_once("' failed to match any signature")?;
    // Behind the types it goes on about itself.
    let (_, given) = rest.lines().next()?.rsplit_once("(DataType: ")?;
    let given = given.get(..given.rfind(')')?)?;
    let error = Error::sql(format!("{name} takes no argument of type {given}"));
    Some(error.with_hint(format!("cast it, as in {name}(try_cast(... AS DOUBLE))")))
}

fn from_schema(error: &SchemaError) -> Error {
    match error {
        SchemaError::FieldNotFound {
            field,
            valid_fields,
        } => {
            let known: Vec<_> = valid_fields
                .iter()
                .map(|column| column.quoted_flat_name())
                .collect();
            let shown = known
                .iter()
                .take(20)
                .cloned()
                .collect::<Vec<_>>()
                .join(", ");
            let more = if known.len() > 20 { ", ..." } else { "" };
            let error = Error::sql(format!("there is no column {}", field.quoted_flat_name()));
            match known.is_empty() {
                true => error,
                false => error.with_hint(format!("there are: {shown}{more}")),
            }
        }
        other => Error::sql(other.to_string()),
    }
}

/// The parser gives the place of an error at the end of its message, and nowhere else.
fn from_parser(error: &ParserError, sql: &str) -> Error {
    let (ParserError::ParserError(message) | ParserError::TokenizerError(message)) = error else {
        return Error::sql("the statement is nested too deep")
            .with_hint("split it with WITH or a view");
    };
    let (text, place) = match message.rsplit_once(" at Line: ") {
        Some((text, place)) => (text, parse_location(place)),
        None => (message.as_str(), None),
    };
    let error = Error::sql(text.to_owned());
    match place {
        Some((line, column)) => error.with_place(caret(sql, line, column)),
        None => error,
    }
}

fn parse_location(text: &str) -> Option<(u64, u64)> {
    let (line, column) = text.split_once(", Column: ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// A line of a text with a caret under a column; both are counted from 1.
fn caret(sql: &str, line: u64, column: u64) -> String {
    let Some(text) = line
        .checked_sub(1)
        .and_then(|line| sql.lines().nth(line as usize))
    else {
        return format!("line {line}, column {column}");
    };
    // Long lines are cut around the place, and tabs would shift the caret.
    const WIDTH: usize = 100;
    let column = (column.max(1) - 1) as usize;
    let start = column.saturating_sub(WIDTH * 2 / 3);
    let shown: String = text
        .chars()
        .skip(start)
        .take(WIDTH)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let number = line.to_string();
    let (gutter, gap) = (" ".repeat(number.len()), " ".repeat(column - start));
    format!("{gutter} |\n{number} | {shown}\n{gutter} | {gap}^")
}

fn first_line(message: &str) -> String {
    message
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_owned()
}
