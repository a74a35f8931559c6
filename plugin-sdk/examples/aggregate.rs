//! An aggregate function: the root of the mean of squares, whose state has two columns.

use sextant_plugin_sdk::arrow_array::cast::AsArray;
use sextant_plugin_sdk::arrow_array::types::{Float64Type, Int64Type};
use sextant_plugin_sdk::arrow_array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, UInt32Array,
};
use sextant_plugin_sdk::arrow_schema::{DataType, Field, Fields};
use sextant_plugin_sdk::{
    Accumulator, Aggregate, Arguments, BoundAggregate, Description, Functions, Parameter, Result,
    Signature,
};
use std::sync::Arc;

/// The functions of this plugin.
pub fn functions() -> Functions {
    Functions::new().aggregate(RootMeanSquare)
}

/// The aggregate function `rms`.
#[derive(Debug)]
pub struct RootMeanSquare;

impl Aggregate for RootMeanSquare {
    fn describe(&self) -> Description {
        Description::new(
            "rms",
            "The square root of the mean of the squares; null where there are no values.",
        )
        .parameter(Parameter::new("value", &[DataType::Float64], "A number."))
        .example(
            "SELECT aggregate.rms(v) FROM (VALUES (1.0), (7.0)) AS t(v)",
            "5.0",
        )
    }

    fn bind(&self, _: &Signature) -> Result<Box<dyn BoundAggregate>> {
        Ok(Box::new(Self))
    }
}

impl BoundAggregate for RootMeanSquare {
    fn output(&self) -> Field {
        Field::new("rms", DataType::Float64, true)
    }

    fn state(&self) -> Fields {
        let sum = Field::new("sum", DataType::Float64, false);
        Fields::from(vec![sum, Field::new("count", DataType::Int64, false)])
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Sums(Vec::new()))
    }
}

/// The sum of squares and the count of each group.
struct Sums(Vec<(f64, i64)>);

impl Sums {
    fn add(&mut self, group: u32, sum: f64, count: i64) {
        let group = &mut self.0[group as usize];
        *group = (group.0 + sum, group.1 + count);
    }

    fn take(&mut self, first: Option<usize>) -> impl Iterator<Item = (f64, i64)> {
        let first = first.unwrap_or(self.0.len());
        self.0.drain(..first)
    }
}

impl Accumulator for Sums {
    fn update(
        &mut self,
        arguments: &Arguments<'_>,
        groups: &UInt32Array,
        total: usize,
    ) -> Result<()> {
        self.0.resize(total, (0.0, 0));
        let column = arguments.column(0);
        for (value, group) in column
            .as_primitive::<Float64Type>()
            .iter()
            .zip(groups.values())
        {
            if let Some(value) = value {
                self.add(*group, value * value, 1);
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &RecordBatch, groups: &UInt32Array, total: usize) -> Result<()> {
        self.0.resize(total, (0.0, 0));
        let sums = states.column(0).as_primitive::<Float64Type>();
        let counts = states.column(1).as_primitive::<Int64Type>();
        for row in 0..groups.len() {
            self.add(groups.value(row), sums.value(row), counts.value(row));
        }
        Ok(())
    }

    fn state(&mut self, first: Option<usize>) -> Result<Vec<ArrayRef>> {
        let (sums, counts): (Vec<_>, Vec<_>) = self.take(first).unzip();
        Ok(vec![
            Arc::new(Float64Array::from(sums)),
            Arc::new(Int64Array::from(counts)),
        ])
    }

    fn finish(&mut self, first: Option<usize>) -> Result<ArrayRef> {
        let roots = self
            .take(first)
            .map(|(sum, count)| (count > 0).then(|| (sum / count as f64).sqrt()));
        Ok(Arc::new(roots.collect::<Float64Array>()))
    }
}

sextant_plugin_sdk::export!(functions: functions);
