//! A table function that breaks the rules of a call.

use crate::functions::{allocate, endless};
use sextant_plugin_sdk::arrow_array::{Int64Array, RecordBatch};
use sextant_plugin_sdk::arrow_schema::{DataType, Field, Schema, SchemaRef};
use sextant_plugin_sdk::{
    BoundTable, Description, Distribution, Error, Feed, Functions, Parameter, Progress, Result,
    Signature, TableCall, TableFunction,
};
use std::collections::VecDeque;
use std::sync::Arc;

/// Adds `churn((rows), name)`, `pass((rows))` and `pair((left), (right), spread)`.
pub(crate) fn add(functions: Functions) -> Functions {
    functions
        .table(Churn { name: "churn" })
        .table(Churn { name: "pass" })
        .table(crate::pair::Pair)
}

/// Hands on its rows, unless the name says otherwise.
struct Churn {
    name: &'static str,
}

impl TableFunction for Churn {
    fn describe(&self) -> Description {
        let description = Description::new(self.name, "hands on rows, or does not").relation(
            "rows",
            Feed::Stream,
            "any columns",
        );
        match self.name {
            "churn" => {
                description.parameter(Parameter::text("name", "what to do instead").constant())
            }
            _ => description,
        }
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let name = signature.text(0).unwrap_or_default();
        match name.as_str() {
            "fail_in_bind" => return Err(Error::unsupported("on purpose")),
            "loop_in_bind" => endless(),
            _ => {}
        }
        Ok(Box::new(Bound {
            name,
            rows: Arc::clone(&relations[0]),
        }))
    }
}

struct Bound {
    name: String,
    rows: SchemaRef,
}

impl BoundTable for Bound {
    fn output(&self) -> SchemaRef {
        let number = || Field::new("n", DataType::Int64, false);
        match self.name.as_str() {
            "duplicate_columns" => Arc::new(Schema::new(vec![number(), number()])),
            "nameless_column" => Arc::new(Schema::new(vec![number().with_name("")])),
            _ => Arc::clone(&self.rows),
        }
    }

    fn distributions(&self) -> Vec<Distribution> {
        match self.name.as_str() {
            "too_many_distributions" => vec![Distribution::Any; 3],
            "hash_of_no_column" => vec![Distribution::Hash(vec![77])],
            "hash" => vec![Distribution::Hash(vec![0])],
            "broadcast" => vec![Distribution::Broadcast],
            "single" => vec![Distribution::Single],
            _ => vec![Distribution::Any],
        }
    }

    fn call(&self, _: Option<&[usize]>) -> Result<Box<dyn TableCall>> {
        match self.name.as_str() {
            "fail_in_call" => Err(Error::unavailable("on purpose", None)),
            name => Ok(Box::new(Call {
                name: name.to_owned(),
                ready: VecDeque::new(),
                ended: false,
            })),
        }
    }
}

struct Call {
    name: String,
    ready: VecDeque<RecordBatch>,
    ended: bool,
}

impl TableCall for Call {
    fn push(&mut self, _: usize, batch: RecordBatch) -> Result<()> {
        match self.name.as_str() {
            "loop" => endless(),
            "allocate" => allocate(),
            "panic" => panic!("on purpose"),
            "error" => return Err(Error::invalid_data("on purpose")),
            _ => {}
        }
        self.ready.push_back(batch);
        Ok(())
    }

    fn finish(&mut self, _: usize) -> Result<()> {
        if self.name == "panic_in_finish" {
            panic!("on purpose");
        }
        self.ended = true;
        Ok(())
    }

    fn next(&mut self) -> Result<Progress> {
        match self.name.as_str() {
            "loop_in_next" => endless(),
            "endless_rows" => return Ok(Progress::Rows(numbers(vec![1])?)),
            "other_columns" => {
                let numbers = numbers(vec![1, 2, 3])?;
                let column = Arc::clone(numbers.column(0));
                let twice = [("n", Arc::clone(&column)), ("m", column)];
                return Ok(Progress::Rows(RecordBatch::try_from_iter(twice)?));
            }
            "empty_rows" => return Ok(Progress::Rows(numbers(vec![])?)),
            "never_enough" => return Ok(Progress::WantingInput),
            "enough" => return Ok(Progress::Finished),
            _ => {}
        }
        Ok(match self.ready.pop_front() {
            Some(batch) => Progress::Rows(batch),
            None if self.ended => Progress::Finished,
            None => Progress::WantingInput,
        })
    }
}

fn numbers(values: Vec<i64>) -> Result<RecordBatch> {
    let column = Arc::new(Int64Array::from(values)) as _;
    Ok(RecordBatch::try_from_iter_with_nullable([(
        "n", column, true,
    )])?)
}
