//! The rule of the demo's case: how similar two names must be to be a hit. There are two editions,
//! so that one can replace the other while a query runs.

use sextant_plugin_sdk::arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, StringArray};
use sextant_plugin_sdk::arrow_schema::DataType;
use sextant_plugin_sdk::{
    Arguments, Description, Error, Functions, Parameter, Result, SimpleScalar, Volatility,
};
use std::sync::Arc;

/// The edition and its threshold.
#[cfg(not(feature = "second-edition"))]
const EDITION: (&str, f64) = ("first", 0.90);
/// The edition and its threshold.
#[cfg(feature = "second-edition")]
const EDITION: (&str, f64) = ("second", 0.97);

/// The functions of this plugin.
pub fn functions() -> Functions {
    let is_hit = Description::new(
        "is_hit",
        "Whether two names of this similarity are close enough for an analyst to look at.",
    )
    .parameter(Parameter::new(
        "similarity",
        &[DataType::Float64],
        "A similarity from 0 to 1.",
    ))
    .example("SELECT rule.is_hit(0.5)", "false");
    let edition = Description::new("edition", "Which edition of the rule this is.")
        .volatility(Volatility::Stable);
    Functions::new()
        .scalar(SimpleScalar::new(is_hit, DataType::Boolean, is_hit_all))
        .scalar(SimpleScalar::new(edition, DataType::Utf8, edition_all))
}

fn is_hit_all(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let column = arguments.column(0);
    let similarities = column.as_any().downcast_ref::<Float64Array>();
    let similarities = similarities.ok_or_else(|| Error::internal("similarity is no Float64"))?;
    let hits = similarities.iter().map(|similarity| similarity.map(is_hit));
    Ok(Arc::new(hits.collect::<BooleanArray>()))
}

fn edition_all(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let editions = (0..arguments.rows()).map(|_| Some(EDITION.0));
    Ok(Arc::new(editions.collect::<StringArray>()))
}

fn is_hit(similarity: f64) -> bool {
    similarity >= EDITION.1
}

sextant_plugin_sdk::export!(functions: functions);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_a_hit_itself() {
        assert!(is_hit(EDITION.1));
        assert!(!is_hit(EDITION.1 - 0.001));
    }
}
