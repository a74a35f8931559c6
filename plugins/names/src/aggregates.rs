//! The aggregate functions as SQL calls them.

use arrow_array::builder::{
    Float64Builder, Int64Builder, ListBuilder, StringBuilder, StringViewBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::{DataType, Field, Fields};
use sextant_plugin_sdk::{
    Accumulator, Aggregate, Arguments, BoundAggregate, Description, Parameter, Result, Signature,
};
use std::collections::HashMap;
use std::sync::Arc;

fn list(name: &str, items: DataType) -> Field {
    Field::new(
        name,
        DataType::List(Arc::new(Field::new("item", items, true))),
        false,
    )
}

/// `most_common(text)`.
#[derive(Debug)]
pub struct MostCommon;

impl Aggregate for MostCommon {
    fn describe(&self) -> Description {
        Description::new(
            "most_common",
            "The text that occurs most often; of several, the first in the order of their bytes. Nulls \
             are left out, and null comes out where there is nothing else.",
        )
        .parameter(Parameter::text("text", "A text."))
        .example(
            "SELECT names.most_common(v) FROM (VALUES ('Olena'), ('Yurii'), ('Olena'), (NULL)) AS t(v)",
            "Olena",
        )
    }

    fn bind(&self, _: &Signature) -> Result<Box<dyn BoundAggregate>> {
        Ok(Box::new(Self))
    }
}

impl BoundAggregate for MostCommon {
    fn output(&self) -> Field {
        Field::new("most_common", DataType::Utf8View, true)
    }

    fn state(&self) -> Fields {
        Fields::from(vec![
            list("texts", DataType::Utf8),
            list("counts", DataType::Int64),
        ])
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Counts::default())
    }
}

/// How often each text occurs, for each group.
#[derive(Debug, Default)]
pub struct Counts(Vec<HashMap<Box<str>, i64>>);

impl Counts {
    fn add(&mut self, group: u32, text: &str, count: i64) {
        let counts = &mut self.0[group as usize];
        match counts.get_mut(text) {
            Some(known) => *known += count,
            None => {
                counts.insert(text.into(), count);
            }
        }
    }

    fn take(&mut self, first: Option<usize>) -> impl Iterator<Item = HashMap<Box<str>, i64>> {
        let first = first.unwrap_or(self.0.len()).min(self.0.len());
        self.0.drain(..first)
    }
}

impl Accumulator for Counts {
    fn update(
        &mut self,
        arguments: &Arguments<'_>,
        groups: &UInt32Array,
        total: usize,
    ) -> Result<()> {
        self.0.resize_with(total, HashMap::new);
        let texts = arguments.strings(0)?;
        for (row, group) in groups.values().iter().enumerate() {
            if let Some(text) = texts.get(row) {
                self.add(*group, text, 1);
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &RecordBatch, groups: &UInt32Array, total: usize) -> Result<()> {
        self.0.resize_with(total, HashMap::new);
        let (texts, counts) = (
            states.column(0).as_list::<i32>(),
            states.column(1).as_list::<i32>(),
        );
        for (row, group) in groups.values().iter().enumerate() {
            let (texts, counts) = (texts.value(row), counts.value(row));
            let counts = counts.as_primitive::<Int64Type>();
            for (text, count) in texts.as_string::<i32>().iter().zip(counts.values()) {
                self.add(*group, text.unwrap_or_default(), *count);
            }
        }
        Ok(())
    }

    fn state(&mut self, first: Option<usize>) -> Result<Vec<ArrayRef>> {
        let mut texts = ListBuilder::new(StringBuilder::new());
        let mut counts = ListBuilder::new(Int64Builder::new());
        for group in self.take(first) {
            for (text, count) in group {
                texts.values().append_value(text);
                counts.values().append_value(count);
            }
            texts.append(true);
            counts.append(true);
        }
        Ok(vec![Arc::new(texts.finish()), Arc::new(counts.finish())])
    }

    fn finish(&mut self, first: Option<usize>) -> Result<ArrayRef> {
        let mut results = StringViewBuilder::new();
        for group in self.take(first) {
            let best = group
                .iter()
                .max_by(|(a, m), (b, n)| m.cmp(n).then(b.cmp(a)));
            results.append_option(best.map(|(text, _)| text));
        }
        Ok(Arc::new(results.finish()))
    }
}

/// `median_absolute_deviation(value)`.
#[derive(Debug)]
pub struct MedianAbsoluteDeviation;

impl Aggregate for MedianAbsoluteDeviation {
    fn describe(&self) -> Description {
        Description::new(
            "median_absolute_deviation",
            "The median of the distances from the median (Hampel 1974), without a factor: a measure of \
             spread that outliers do not move. Of an even number of values the median is the mean of \
             the middle two. Nulls are left out, and null comes out where there is nothing else.",
        )
        .parameter(Parameter::new("value", &[DataType::Float64], "A number."))
        .example(
            "SELECT names.median_absolute_deviation(v) FROM (VALUES (1.0), (1.0), (2.0), (2.0), (4.0), (6.0), (9.0)) AS t(v)",
            "1.0",
        )
    }

    fn bind(&self, _: &Signature) -> Result<Box<dyn BoundAggregate>> {
        Ok(Box::new(Self))
    }
}

impl BoundAggregate for MedianAbsoluteDeviation {
    fn output(&self) -> Field {
        Field::new("median_absolute_deviation", DataType::Float64, true)
    }

    fn state(&self) -> Fields {
        Fields::from(vec![list("values", DataType::Float64)])
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Samples::default())
    }
}

/// The values of each group.
#[derive(Debug, Default)]
pub struct Samples(Vec<Vec<f64>>);

impl Samples {
    fn take(&mut self, first: Option<usize>) -> impl Iterator<Item = Vec<f64>> {
        let first = first.unwrap_or(self.0.len()).min(self.0.len());
        self.0.drain(..first)
    }
}

impl Accumulator for Samples {
    fn update(
        &mut self,
        arguments: &Arguments<'_>,
        groups: &UInt32Array,
        total: usize,
    ) -> Result<()> {
        self.0.resize_with(total, Vec::new);
        let column = arguments.column(0);
        let values = column.as_primitive::<Float64Type>();
        for (row, group) in groups.values().iter().enumerate() {
            if values.is_valid(row) {
                self.0[*group as usize].push(values.value(row));
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &RecordBatch, groups: &UInt32Array, total: usize) -> Result<()> {
        self.0.resize_with(total, Vec::new);
        let states = states.column(0).as_list::<i32>();
        for (row, group) in groups.values().iter().enumerate() {
            let values = states.value(row);
            self.0[*group as usize].extend(values.as_primitive::<Float64Type>().values());
        }
        Ok(())
    }

    fn state(&mut self, first: Option<usize>) -> Result<Vec<ArrayRef>> {
        let mut states = ListBuilder::new(Float64Builder::new());
        for values in self.take(first) {
            states.values().append_slice(&values);
            states.append(true);
        }
        Ok(vec![Arc::new(states.finish())])
    }

    fn finish(&mut self, first: Option<usize>) -> Result<ArrayRef> {
        let mut results = Float64Builder::new();
        for values in self.take(first) {
            results.append_option(median_absolute_deviation(values));
        }
        Ok(Arc::new(results.finish()))
    }
}

/// The median of the distances of values from their median.
pub fn median_absolute_deviation(mut values: Vec<f64>) -> Option<f64> {
    let center = median(&mut values)?;
    for value in &mut values {
        *value = (*value - center).abs();
    }
    median(&mut values)
}

fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let is_even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    match is_even {
        false => Some(upper),
        true => {
            let lower = below.iter().copied().max_by(f64::total_cmp)?;
            Some(lower + (upper - lower) / 2.0)
        }
    }
}
