//! Table functions that need all rows of a relation before they can give the first: the rows are
//! gathered, the answer is computed once, and given out in batches.

use crate::{Answer, BoundTable, Distribution, Error, Progress, Result, TableCall};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// Adds the rows of a batch to what was gathered.
type Push<G> = fn(&mut G, &RecordBatch) -> Result<()>;

/// How an answer is computed of what was gathered.
type Compute<G> = Rc<dyn Fn(G) -> Result<Answer>>;

/// A bound table function that gathers the rows of its one relation as a `G`, computes an [`Answer`]
/// once all of them have come, and gives it out in batches of at most 8,192 rows. One instance gets
/// all rows ([`Distribution::Single`]).
///
/// ```
/// use sextant_plugin_sdk::arrow_array::RecordBatch;
/// use sextant_plugin_sdk::arrow_schema::SchemaRef;
/// use sextant_plugin_sdk::{
///     Answer, AnswerColumns, BoundTable, Description, Error, Feed, Gathering, Result, Signature, Strings,
///     TableFunction,
/// };
/// use std::collections::BTreeMap;
///
/// /// How often each text of a relation stands in it.
/// struct Tally;
///
/// type Counts = BTreeMap<String, usize>;
///
/// impl TableFunction for Tally {
///     fn describe(&self) -> Description {
///         Description::new("tally", "How often each text stands in a relation, in their order.")
///             .relation("texts", Feed::Build, "One column of texts; nulls do not count.")
///     }
///
///     fn bind(&self, _: &[SchemaRef], _: &Signature) -> Result<Box<dyn BoundTable>> {
///         let compute = |counts: Counts| {
///             let rows: Vec<_> = counts.into_iter().collect();
///             columns(&rows).batch().map(Answer::from)
///         };
///         Ok(Box::new(Gathering::new(columns(&[]).schema(), Counts::new(), push, compute)))
///     }
/// }
///
/// fn push(counts: &mut Counts, batch: &RecordBatch) -> Result<()> {
///     let texts = Strings::new(batch.column(0)).ok_or_else(|| Error::unsupported("expected texts"))?;
///     for text in (0..batch.num_rows()).filter_map(|row| texts.get(row)) {
///         *counts.entry(text.to_owned()).or_default() += 1;
///     }
///     Ok(())
/// }
///
/// fn columns(rows: &[(String, usize)]) -> AnswerColumns<'_, (String, usize)> {
///     AnswerColumns::of(rows).text("text", |row| &row.0).count("count", |row| row.1)
/// }
///
/// use sextant_plugin_sdk::arrow_array::cast::AsArray;
/// use sextant_plugin_sdk::arrow_array::types::Int64Type;
/// use sextant_plugin_sdk::arrow_array::{ArrayRef, StringArray};
/// use sextant_plugin_sdk::testing::call_table;
/// use std::sync::Arc;
///
/// let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("b"), Some("a"), None, Some("b")]));
/// let texts = RecordBatch::try_from_iter([("texts", texts)])?;
/// let answer = call_table(&Tally, vec![texts], vec![])?;
/// assert_eq!(answer[0].column(0).as_string::<i32>().value(1), "b");
/// assert_eq!(answer[0].column(1).as_primitive::<Int64Type>().values(), &[1_i64, 2]);
/// # Ok::<(), Error>(())
/// ```
pub struct Gathering<G> {
    output: SchemaRef,
    empty: G,
    push: Push<G>,
    compute: Compute<G>,
}

impl<G> Gathering<G> {
    /// A function that gives the columns of `output`. Each call starts with a clone of `empty`, to
    /// which `push` adds every batch; at the end `compute` makes the answer of it.
    pub fn new(
        output: SchemaRef,
        empty: G,
        push: fn(&mut G, &RecordBatch) -> Result<()>,
        compute: impl Fn(G) -> Result<Answer> + 'static,
    ) -> Self {
        Self {
            output,
            empty,
            push,
            compute: Rc::new(compute),
        }
    }
}

impl<G> fmt::Debug for Gathering<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gathering")
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}

impl<G: Clone + 'static> BoundTable for Gathering<G> {
    fn output(&self) -> SchemaRef {
        Arc::clone(&self.output)
    }

    fn distributions(&self) -> Vec<Distribution> {
        vec![Distribution::Single]
    }

    fn call(&self, _: Option<&[usize]>) -> Result<Box<dyn TableCall>> {
        Ok(Box::new(Call {
            output: Arc::clone(&self.output),
            gathered: Some(self.empty.clone()),
            push: self.push,
            compute: Rc::clone(&self.compute),
            answer: None,
        }))
    }
}

struct Call<G> {
    output: SchemaRef,
    /// None once all rows have come.
    gathered: Option<G>,
    push: Push<G>,
    compute: Compute<G>,
    answer: Option<Answer>,
}

impl<G> TableCall for Call<G> {
    fn push(&mut self, _: usize, batch: RecordBatch) -> Result<()> {
        match &mut self.gathered {
            Some(gathered) => (self.push)(gathered, &batch),
            None => Err(Error::internal("a row after the last")),
        }
    }

    fn finish(&mut self, _: usize) -> Result<()> {
        let gathered = self.gathered.take();
        let gathered = gathered.ok_or_else(|| Error::internal("rows end twice"))?;
        self.answer = Some((self.compute)(gathered)?);
        Ok(())
    }

    fn next(&mut self) -> Result<Progress> {
        let Some(answer) = &mut self.answer else {
            return Ok(Progress::WantingInput);
        };
        let batch = answer.next_batch(&self.output)?;
        Ok(batch.map_or(Progress::Finished, Progress::Rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{ArrayRef, Int64Array};

    /// As many rows as came, numbered from 0.
    fn numbered() -> Gathering<usize> {
        Gathering::new(
            rows(0).schema(),
            0_usize,
            |count, batch| {
                *count += batch.num_rows();
                Ok(())
            },
            |count| Ok(rows(count).into()),
        )
    }

    fn rows(count: usize) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..count as i64));
        RecordBatch::try_from_iter([("number", numbers)]).unwrap()
    }

    #[test]
    fn rows_come_in_batches_once_all_have_been_gathered() {
        let table = numbered();
        let mut call = table.call(None).unwrap();
        for _ in 0..2 {
            call.push(0, rows(5_000)).unwrap();
            assert!(matches!(call.next().unwrap(), Progress::WantingInput));
        }
        call.finish(0).unwrap();
        let mut batches = Vec::new();
        while let Progress::Rows(batch) = call.next().unwrap() {
            assert_eq!(batch.schema(), table.output());
            batches.push(batch);
        }
        let sizes: Vec<_> = batches.iter().map(RecordBatch::num_rows).collect();
        assert_eq!(sizes, [8_192, 1_808]);
        let first = batches[1].column(0).as_primitive::<Int64Type>().value(0);
        assert_eq!(first, 8_192);
        assert!(matches!(call.next().unwrap(), Progress::Finished));
    }

    #[test]
    fn every_call_starts_with_nothing() {
        let table = numbered();
        let mut call = table.call(None).unwrap();
        call.push(0, rows(3)).unwrap();
        let mut other = table.call(None).unwrap();
        other.finish(0).unwrap();
        assert!(matches!(other.next().unwrap(), Progress::Finished));
    }

    #[test]
    fn nothing_comes_after_the_end() {
        let mut call = numbered().call(None).unwrap();
        call.finish(0).unwrap();
        let error = call.push(0, rows(1)).unwrap_err();
        assert_eq!(error.to_string(), "a row after the last");
        let error = call.finish(0).unwrap_err();
        assert_eq!(error.to_string(), "rows end twice");
    }
}
