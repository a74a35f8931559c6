//! A table function: passes on the rows whose first column is not null.

use sextant_plugin_sdk::arrow_array::{Array, RecordBatch};
use sextant_plugin_sdk::arrow_schema::SchemaRef;
use sextant_plugin_sdk::{
    BoundTable, Description, Distribution, Error, Feed, Functions, Progress, Result, Signature,
    TableCall, TableFunction,
};
use std::collections::VecDeque;

/// The functions of this plugin.
pub fn functions() -> Functions {
    Functions::new().table(Present)
}

/// The table function `present`.
#[derive(Debug)]
pub struct Present;

impl TableFunction for Present {
    fn describe(&self) -> Description {
        Description::new("present", "The rows whose first column is not null.")
            .relation("rows", Feed::Stream, "Any columns, but at least one.")
            .example("SELECT * FROM table_function.present((SELECT * FROM (VALUES (1), (NULL)) AS t(v)))", "1")
    }

    fn bind(&self, relations: &[SchemaRef], _: &Signature) -> Result<Box<dyn BoundTable>> {
        match relations {
            [rows] if !rows.fields().is_empty() => {
                Ok(Box::new(BoundPresent(SchemaRef::clone(rows))))
            }
            _ => Err(Error::unsupported(
                "expected one relation with at least one column",
            )),
        }
    }
}

struct BoundPresent(SchemaRef);

impl BoundTable for BoundPresent {
    fn output(&self) -> SchemaRef {
        SchemaRef::clone(&self.0)
    }

    fn distributions(&self) -> Vec<Distribution> {
        vec![Distribution::Any]
    }

    fn call(&self, _: Option<&[usize]>) -> Result<Box<dyn TableCall>> {
        Ok(Box::new(Call {
            ready: VecDeque::new(),
            ended: false,
        }))
    }
}

struct Call {
    ready: VecDeque<RecordBatch>,
    ended: bool,
}

impl TableCall for Call {
    fn push(&mut self, _: usize, batch: RecordBatch) -> Result<()> {
        match batch.column(0).logical_nulls() {
            // Runs of rows; the SDK sends what a slice holds, not what it was cut from.
            Some(nulls) => self.ready.extend(
                nulls
                    .valid_slices()
                    .map(|(from, to)| batch.slice(from, to - from)),
            ),
            None => self.ready.push_back(batch),
        }
        Ok(())
    }

    fn finish(&mut self, _: usize) -> Result<()> {
        self.ended = true;
        Ok(())
    }

    fn next(&mut self) -> Result<Progress> {
        Ok(match self.ready.pop_front() {
            Some(rows) => Progress::Rows(rows),
            None if self.ended => Progress::Finished,
            None => Progress::WantingInput,
        })
    }
}

sextant_plugin_sdk::export!(functions: functions);
