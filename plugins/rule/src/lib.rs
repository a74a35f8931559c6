//! The screening rule of the demo's case, in two editions.

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, BooleanArray, StringArray};
use arrow_schema::DataType;
use sextant_plugin_sdk::{
    Arguments, Description, Functions, Parameter, Result, SimpleScalar, Volatility,
};
use std::sync::Arc;

/// The edition's name, and the similarity from which two names are a hit.
const EDITION: (&str, f64) = if cfg!(feature = "second-edition") {
    ("second", 0.95)
} else {
    ("first", 0.90)
};

/// The functions: `rule.is_hit(similarity)` and `rule.edition()`.
pub fn functions() -> Functions {
    let similarity = Parameter::new(
        "similarity",
        &[DataType::Float64],
        "0 to 1, as names.jaro_winkler gives it",
    );
    let is_hit = Description::new("is_hit", "Whether two names so similar are a hit")
        .parameter(similarity)
        .example("SELECT rule.is_hit(1.0), rule.is_hit(0.5)", "true,false");
    let edition =
        Description::new("edition", "The edition of the rule").volatility(Volatility::Stable);
    Functions::new()
        .scalar(SimpleScalar::new(is_hit, DataType::Boolean, is_hit_all))
        .scalar(SimpleScalar::new(edition, DataType::Utf8, |arguments| {
            Ok(Arc::new(StringArray::from(vec![
                EDITION.0;
                arguments.rows()
            ])))
        }))
}

fn is_hit_all(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let similarities = arguments.column(0);
    let similarities = similarities.as_primitive::<Float64Type>();
    let hits = similarities
        .iter()
        .map(|similarity| similarity.map(|similarity| similarity >= EDITION.1));
    Ok(Arc::new(hits.collect::<BooleanArray>()))
}

sextant_plugin_sdk::export!(functions: functions);

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Float64Array;

    #[test]
    fn equal_names_are_a_hit_and_nothing_is_neither() {
        let constants = [None];
        let column: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), Some(0.5), None]));
        let batch = arrow_array::RecordBatch::try_from_iter([("a", column)]).unwrap();
        let hits = is_hit_all(&Arguments::new(&constants, &batch)).unwrap();
        assert_eq!(
            hits.as_boolean(),
            &BooleanArray::from(vec![Some(true), Some(false), None])
        );
    }
}
