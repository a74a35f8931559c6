//! Table functions as SQL calls them: the rows of the one relation are gathered, and at their end
//! the answer is computed and given out in batches.

use crate::rows::{Layout, Rows};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use sextant_plugin_sdk::{BoundTable, Distribution, Error, Progress, Result, TableCall};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// Rows of a batch of an answer.
const BATCH_ROWS: usize = 8_192;

/// The answer to a call: how many rows, and the columns of any run of them. Columns are made when
/// they are asked for, since outlines take many times the memory of what they are made of.
pub(crate) struct Answer {
    rows: usize,
    columns: Box<dyn Fn(Range<usize>) -> Vec<ArrayRef>>,
}

impl Answer {
    pub(crate) fn new(
        rows: usize,
        columns: impl Fn(Range<usize>) -> Vec<ArrayRef> + 'static,
    ) -> Self {
        Self {
            rows,
            columns: Box::new(columns),
        }
    }

    /// One row, or none for a relation without rows.
    pub(crate) fn one(columns: Option<Vec<ArrayRef>>) -> Self {
        let columns = columns.unwrap_or_default();
        let rows = usize::from(!columns.is_empty());
        Self::new(rows, move |_| columns.clone())
    }
}

/// How an answer is computed of the rows of a relation.
type Compute = Rc<dyn Fn(Rows) -> Result<Answer>>;

/// A bound function.
pub(crate) struct Bound {
    layout: Rc<Layout>,
    output: SchemaRef,
    compute: Compute,
}

impl Bound {
    pub(crate) fn boxed(
        layout: Layout,
        fields: Vec<Field>,
        compute: impl Fn(Rows) -> Result<Answer> + 'static,
    ) -> Box<dyn BoundTable> {
        Box::new(Self {
            layout: Rc::new(layout),
            output: Arc::new(Schema::new(fields)),
            compute: Rc::new(compute),
        })
    }
}

impl BoundTable for Bound {
    fn output(&self) -> SchemaRef {
        Arc::clone(&self.output)
    }

    fn distributions(&self) -> Vec<Distribution> {
        vec![Distribution::Single]
    }

    fn call(&self, _: Option<&[usize]>) -> Result<Box<dyn TableCall>> {
        Ok(Box::new(Call {
            rows: Some(Rows::new(&self.layout)),
            layout: Rc::clone(&self.layout),
            output: Arc::clone(&self.output),
            compute: Rc::clone(&self.compute),
            answer: None,
            given: 0,
        }))
    }
}

struct Call {
    rows: Option<Rows>,
    layout: Rc<Layout>,
    output: SchemaRef,
    compute: Compute,
    answer: Option<Answer>,
    given: usize,
}

impl TableCall for Call {
    fn push(&mut self, _: usize, batch: RecordBatch) -> Result<()> {
        match &mut self.rows {
            Some(rows) => rows.push(&self.layout, &batch),
            None => Err(Error::internal("a row after the last")),
        }
    }

    fn finish(&mut self, _: usize) -> Result<()> {
        let rows = self.rows.take();
        let rows = rows.ok_or_else(|| Error::internal("rows end twice"))?;
        self.answer = Some((self.compute)(rows)?);
        Ok(())
    }

    fn next(&mut self) -> Result<Progress> {
        let Some(answer) = &self.answer else {
            return Ok(Progress::WantingInput);
        };
        let end = answer.rows.min(self.given + BATCH_ROWS);
        if end == self.given {
            return Ok(Progress::Finished);
        }
        let columns = (answer.columns)(self.given..end);
        self.given = end;
        Ok(Progress::Rows(RecordBatch::try_new(
            Arc::clone(&self.output),
            columns,
        )?))
    }
}

/// A field of numbers, which may be null.
pub(crate) fn float_field(name: &str) -> Field {
    Field::new(name, DataType::Float64, true)
}

/// A field of counts, which never is null.
pub(crate) fn count_field(name: &str) -> Field {
    Field::new(name, DataType::Int64, false)
}

/// A column of numbers, some of which may be null.
pub(crate) fn floats(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

/// A column of counts.
pub(crate) fn counts(values: impl Iterator<Item = usize>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(
        values.map(|value| value as i64),
    ))
}
