//! An aggregate function that gives other results or states than it announces, or does something bad
//! when it is called.

use crate::functions::{allocate, endless};
use sextant_plugin_sdk::arrow_array::cast::AsArray;
use sextant_plugin_sdk::arrow_array::types::Int64Type;
use sextant_plugin_sdk::arrow_array::{
    Array, ArrayRef, Int64Array, RecordBatch, StringArray, UInt32Array,
};
use sextant_plugin_sdk::arrow_schema::{DataType, Field, Fields};
use sextant_plugin_sdk::{
    Accumulator, Aggregate, Arguments, BoundAggregate, Description, Error, Parameter, Result,
    Signature,
};
use std::sync::Arc;

/// `spoil(name, value)`: the sum of the values, unless the name says otherwise.
pub(crate) struct Spoil;

impl Aggregate for Spoil {
    fn describe(&self) -> Description {
        Description::new("spoil", "spoils a sum")
            .parameter(Parameter::text("name", "what to do").constant())
            .parameter(Parameter::new(
                "value",
                &[DataType::Int64],
                "what to sum up",
            ))
    }

    fn bind(&self, signature: &Signature) -> Result<Box<dyn BoundAggregate>> {
        match signature.text(0).as_deref() {
            Some("fail_in_bind") => Err(Error::unsupported("on purpose")),
            Some("loop_in_bind") => {
                endless();
                Err(Error::internal("it ended"))
            }
            name => Ok(Box::new(Bound(name.unwrap_or_default().to_owned()))),
        }
    }
}

struct Bound(String);

impl BoundAggregate for Bound {
    fn output(&self) -> Field {
        Field::new("sum", DataType::Int64, self.0 != "null")
    }

    fn state(&self) -> Fields {
        let sum = Field::new("sum", DataType::Int64, self.0 != "null_state");
        match self.0.as_str() {
            "no_state" => Fields::empty(),
            _ => Fields::from(vec![sum]),
        }
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Sums {
            name: self.0.clone(),
            sums: Vec::new(),
        })
    }
}

struct Sums {
    name: String,
    sums: Vec<i64>,
}

impl Sums {
    fn add(&mut self, values: &ArrayRef, groups: &UInt32Array, total: usize) {
        self.sums.resize(total, 0);
        let values = values.as_primitive::<Int64Type>();
        for (row, group) in groups.values().iter().enumerate() {
            if values.is_valid(row) {
                self.sums[*group as usize] += values.value(row);
            }
        }
    }

    fn take(&mut self, first: Option<usize>) -> Vec<i64> {
        let first = first.unwrap_or(self.sums.len());
        self.sums.drain(..first).collect()
    }
}

impl Accumulator for Sums {
    fn update(
        &mut self,
        arguments: &Arguments<'_>,
        groups: &UInt32Array,
        total: usize,
    ) -> Result<()> {
        match self.name.as_str() {
            "loop" => endless(),
            "allocate" => allocate(),
            "panic" => panic!("on purpose"),
            "error" => return Err(Error::invalid_data("on purpose")),
            _ => {}
        }
        self.add(&arguments.column(1), groups, total);
        Ok(())
    }

    fn merge(&mut self, states: &RecordBatch, groups: &UInt32Array, total: usize) -> Result<()> {
        match self.name.as_str() {
            "loop_in_merge" => endless(),
            "panic_in_merge" => panic!("on purpose"),
            _ => {}
        }
        self.add(states.column(0), groups, total);
        Ok(())
    }

    fn state(&mut self, first: Option<usize>) -> Result<Vec<ArrayRef>> {
        let sums = self.take(first);
        let count = sums.len();
        Ok(match self.name.as_str() {
            "state_type" => vec![Arc::new(StringArray::from(vec!["x"; count]))],
            "short_state" => vec![Arc::new(Int64Array::from(vec![0; count.saturating_sub(1)]))],
            "null_state" => vec![Arc::new(Int64Array::from(vec![None; count]))],
            "no_state" => vec![],
            _ => vec![Arc::new(Int64Array::from(sums))],
        })
    }

    fn finish(&mut self, first: Option<usize>) -> Result<ArrayRef> {
        let sums = self.take(first);
        let count = sums.len();
        Ok(match self.name.as_str() {
            "loop_in_finish" => {
                endless();
                Arc::new(Int64Array::from(sums))
            }
            "short" => Arc::new(Int64Array::from(vec![0; count.saturating_sub(1)])),
            "long" => Arc::new(Int64Array::from(vec![0; count + 1])),
            "type" => Arc::new(StringArray::from(vec!["x"; count])),
            "null" => Arc::new(Int64Array::from(vec![None; count])),
            _ => Arc::new(Int64Array::from(sums)),
        })
    }
}
