//! The constant arguments of a call, checked: each error says what was expected and what was found.

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type};
use arrow_array::{Array, BooleanArray, Float64Array, Int64Array, StringViewArray};
use arrow_schema::DataType;
use sextant_plugin_sdk::{Error, Parameter, Result, Signature};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The constants of a call, by position and by the name that errors use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Constants<'a>(pub(crate) &'a Signature);

impl Constants<'_> {
    fn primitive<T: ArrowPrimitiveType>(&self, argument: usize) -> Result<Option<T::Native>> {
        let Some(array) = self.0.constant(argument) else {
            return Ok(None);
        };
        match array.as_primitive_opt::<T>() {
            Some(values) => Ok(Some(values.value(0))),
            None => Err(Error::internal(format!(
                "argument {argument} is {}",
                array.data_type()
            ))),
        }
    }

    /// A finite number above 0; none where it is null.
    pub(crate) fn positive(&self, argument: usize, name: &str) -> Result<Option<f64>> {
        let number = self.primitive::<Float64Type>(argument)?;
        match number {
            Some(number) if !(number > 0.0 && number.is_finite()) => Err(Error::invalid_config(
                format!("expected {name} above 0, found {number}"),
            )),
            number => Ok(number),
        }
    }

    /// A finite number from 0.
    pub(crate) fn not_negative(&self, argument: usize, name: &str) -> Result<f64> {
        let number = given(self.primitive::<Float64Type>(argument)?, name)?;
        match number >= 0.0 && number.is_finite() {
            true => Ok(number),
            false => Err(Error::invalid_config(format!(
                "expected {name} of at least 0, found {number}"
            ))),
        }
    }

    /// A whole number within a range; none where it is null.
    pub(crate) fn whole(
        &self,
        argument: usize,
        name: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>> {
        let number = self.primitive::<Int64Type>(argument)?;
        match number {
            Some(number) if !range.contains(&number) => Err(Error::invalid_config(format!(
                "expected {name} from {} to {}, found {number}",
                range.start(),
                range.end()
            ))),
            number => Ok(number),
        }
    }

    /// True or false.
    pub(crate) fn truth(&self, argument: usize, name: &str) -> Result<bool> {
        let array = self.0.constant(argument);
        let truth = array.and_then(|array| array.as_boolean_opt());
        given(truth.map(|truth| truth.value(0)), name)
    }

    /// One of some choices, by its name.
    pub(crate) fn choice<T: Copy>(
        &self,
        argument: usize,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<T> {
        let text = given(self.0.text(argument), name)?;
        let chosen = choices.iter().find(|(known, _)| *known == text);
        chosen.map(|(_, choice)| *choice).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(known, _)| *known).collect();
            Error::invalid_config(format!(
                "expected {name} of {}, found {text:?}",
                names.join(" or ")
            ))
        })
    }
}

/// A value that must be given.
pub(crate) fn given<T>(value: Option<T>, name: &str) -> Result<T> {
    value.ok_or_else(|| Error::invalid_config(format!("expected {name}, found null")))
}

/// A parameter that takes a number.
pub(crate) fn number(name: &str, doc: &str) -> Parameter {
    Parameter::new(name, &[DataType::Float64], doc).constant()
}

/// A parameter that takes a number, or nothing.
pub(crate) fn optional_number(name: &str, doc: &str) -> Parameter {
    number(name, doc).default(Arc::new(Float64Array::from(vec![None::<f64>])))
}

/// A parameter that takes a whole number.
pub(crate) fn whole_number(name: &str, doc: &str) -> Parameter {
    Parameter::new(name, &[DataType::Int64], doc).constant()
}

/// A parameter that takes a whole number, with the number where none is given.
pub(crate) fn whole_number_or(name: &str, default: Option<i64>, doc: &str) -> Parameter {
    whole_number(name, doc).default(Arc::new(Int64Array::from(vec![default])))
}

/// A parameter that takes true or false, with the value where none is given.
pub(crate) fn truth_or(name: &str, default: bool, doc: &str) -> Parameter {
    let parameter = Parameter::new(name, &[DataType::Boolean], doc);
    parameter
        .default(Arc::new(BooleanArray::from(vec![default])))
        .constant()
}

/// A parameter that takes one of some texts, with the text where none is given.
pub(crate) fn choice_or(name: &str, default: &str, doc: &str) -> Parameter {
    let parameter = Parameter::text(name, doc);
    parameter
        .default(Arc::new(StringViewArray::from(vec![default])))
        .constant()
}

/// `metric`, as all functions of places take it.
pub(crate) fn metric_parameter() -> Parameter {
    choice_or(
        "metric",
        "sphere",
        "sphere: coordinates are longitude and latitude in degrees, distances metres along great \
         circles. planar: coordinates and distances are of one plane, in one unit.",
    )
}

/// `permutations`, as all tests take it.
pub(crate) fn permutations_parameter() -> Parameter {
    whole_number_or(
        "permutations",
        Some(999),
        "How many random permutations p_permutation rests on, from 0 (then it is null) to 99,999.",
    )
}

/// `seed`, as all tests take it.
pub(crate) fn seed_parameter() -> Parameter {
    whole_number_or(
        "seed",
        Some(1),
        "Where the random numbers start: the same seed gives the same permutations.",
    )
}

/// How often to permute, and the seed: two arguments, one after the other.
pub(crate) fn permutations(constants: &Constants<'_>, argument: usize) -> Result<(u32, u64)> {
    let count = constants.whole(argument, "permutations", 0..=99_999)?;
    let seed = constants.whole(argument + 1, "a seed", i64::MIN..=i64::MAX)?;
    let count = given(count, "a number of permutations")?;
    Ok((count as u32, given(seed, "a seed")? as u64))
}
