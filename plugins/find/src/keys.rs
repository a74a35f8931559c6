//! The keys of a request: which are asked for, what goes along with them, and how they are split. A
//! request without a key is refused here.

use crate::tables::{KEY, Lookup};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Date32Type;
use arrow_schema::{DataType, Schema};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use sextant_plugin_sdk::{Cell, Error, Filter, Operator, Predicate, Request, Result, Strings};
use std::collections::HashSet;

/// The keys that a request asks for: each once, in the order in which they were given.
///
/// # Errors
///
/// [`Unsupported`](sextant_plugin_sdk::ErrorKind::Unsupported) where it gives none.
pub(crate) fn asked(lookup: &Lookup, columns: &Schema, request: &Request) -> Result<Vec<String>> {
    let given = request
        .predicates
        .iter()
        .find(|predicate| predicate.column == KEY && is_equality(predicate))
        .ok_or_else(|| {
            let (table, column) = (lookup.table, lookup.key.column);
            Error::unsupported(format!(
                "the table {table} is asked by its column {column}, with = or IN, and never read as a whole"
            ))
        })?;
    let values = Strings::new(&given.values)
        .ok_or_else(|| Error::internal("expected keys that are texts"))?;
    // Further predicates on the key, another list of them say, leave fewer to be asked for.
    let filter = Filter::new(columns, &request.predicates)?;
    let mut seen = HashSet::new();
    let keys = (0..given.values.len())
        .filter_map(|row| values.get(row))
        .filter(|key| filter.takes_cell(KEY, Cell::Text(key)) && seen.insert(*key));
    Ok(keys.map(str::to_owned).collect())
}

/// The fields that go along with every key: columns for which the request gives one value.
pub(crate) fn narrowing(
    lookup: &Lookup,
    columns: &Schema,
    request: &Request,
) -> Vec<(&'static str, String)> {
    let fields = lookup.narrowing.iter().filter_map(|&(column, field)| {
        let position = columns.index_of(column).ok()?;
        let mut given = request.predicates.iter().filter(|predicate| {
            predicate.column == position && is_equality(predicate) && predicate.values.len() == 1
        });
        Some((field, as_field(given.next()?)?))
    });
    fields.collect()
}

fn is_equality(predicate: &Predicate) -> bool {
    matches!(predicate.operator, Operator::Eq | Operator::InList)
}

/// The first value of a predicate as a message writes it; none where it cannot.
fn as_field(predicate: &Predicate) -> Option<String> {
    if predicate.values.data_type() == &DataType::Date32 {
        let days = predicate.values.as_primitive::<Date32Type>().value(0);
        let day = NaiveDate::from_epoch_days(days)?;
        let has_four_digits = (0..=9_999).contains(&day.year());
        return has_four_digits
            .then(|| format!("{:04}{:02}{:02}", day.year(), day.month(), day.day()));
    }
    let values = Strings::new(&predicate.values)?;
    let text = values.get(0).filter(|text| !text.trim().is_empty())?;
    Some(text.to_owned())
}

/// Keys `from..to` of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Part {
    from: usize,
    to: usize,
}

impl Part {
    /// These keys among those of the request.
    pub(crate) fn of(self, mut keys: Vec<String>) -> Result<Vec<String>> {
        if self.from > self.to || self.to > keys.len() {
            return Err(Error::internal("not a partition of this request"));
        }
        keys.truncate(self.to);
        Ok(keys.split_off(self.from))
    }
}

/// Splits keys into at most so many parts, of whole requests; at least one, which may be empty.
pub(crate) fn parts(keys: usize, keys_per_request: usize, parts_max: usize) -> Vec<Part> {
    let requests = keys.div_ceil(keys_per_request);
    let parts = requests.clamp(1, parts_max.max(1));
    let start = |part: usize| (part * requests / parts * keys_per_request).min(keys);
    let part = |part: usize| Part {
        from: start(part),
        to: start(part + 1),
    };
    (0..parts).map(part).collect()
}

/// That a key fits into a message.
///
/// # Errors
///
/// [`InvalidData`](sextant_plugin_sdk::ErrorKind::InvalidData), which names the key and its column.
pub(crate) fn check(lookup: &Lookup, key: &str) -> Result<()> {
    let chars_max = lookup.key.chars_max;
    let chars = key.chars().count();
    let problem = if chars > chars_max {
        // What is too long for a message is too long to be repeated.
        let start: String = key.chars().take(chars_max).collect();
        format!("expected a key of 1 to {chars_max} characters, found {chars}: {start:?}...")
    } else if key.chars().any(char::is_control) {
        format!("expected a key without control characters, found {key:?}")
    } else {
        return Ok(());
    };
    Err(Error::invalid_data(problem).in_field(lookup.key.column))
}
