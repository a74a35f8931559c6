//! A scalar function: the number of words in a text.

use sextant_plugin_sdk::arrow_array::{ArrayRef, Int64Array};
use sextant_plugin_sdk::arrow_schema::DataType;
use sextant_plugin_sdk::{Arguments, Description, Functions, Parameter, Result, SimpleScalar};
use std::sync::Arc;

/// The functions of this plugin.
pub fn functions() -> Functions {
    let words = Description::new(
        "words",
        "How many words a text has, where spaces part them.",
    )
    .parameter(Parameter::text("text", "Any text."))
    .example("SELECT scalar.words('to be or not')", "4");
    Functions::new().scalar(SimpleScalar::new(words, DataType::Int64, count_words))
}

fn count_words(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.strings(0)?;
    let counts = (0..arguments.rows()).map(|row| {
        texts
            .get(row)
            .map(|text| text.split_whitespace().count() as i64)
    });
    Ok(Arc::new(counts.collect::<Int64Array>()))
}

sextant_plugin_sdk::export!(functions: functions);
