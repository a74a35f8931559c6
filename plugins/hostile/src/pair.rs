//! A table function of two relations that keeps the rules: it joins them, however they are spread, and
//! gives only the columns that are wanted.

use sextant_plugin_sdk::arrow_array::cast::AsArray;
use sextant_plugin_sdk::arrow_array::types::Int64Type;
use sextant_plugin_sdk::arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use sextant_plugin_sdk::arrow_schema::{DataType, Field, Schema, SchemaRef};
use sextant_plugin_sdk::{
    BoundTable, Description, Distribution, Error, Feed, Parameter, Progress, Result, Signature,
    TableCall, TableFunction,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// `pair((key, value), (key, value), spread)`: a row for each two rows of equal keys.
pub(crate) struct Pair;

impl TableFunction for Pair {
    fn describe(&self) -> Description {
        let description = Description::new("pair", "joins its relations by their first columns")
            .relation("built", Feed::Build, "a key and a value, both BIGINT")
            .relation("streamed", Feed::Stream, "a key and a value, both BIGINT")
            .parameter(Parameter::text("spread", "how each is spread: a/b").constant());
        Description {
            projects: true,
            ..description
        }
    }

    fn bind(&self, _: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let spread = signature.text(0).unwrap_or_default();
        let spread = spread.split('/').map(|name| match name {
            "single" => Ok(Distribution::Single),
            "broadcast" => Ok(Distribution::Broadcast),
            "any" => Ok(Distribution::Any),
            "hash" => Ok(Distribution::Hash(vec![0])),
            other => Err(Error::unsupported(format!("there is no spread {other:?}"))),
        });
        Ok(Box::new(Bound(spread.collect::<Result<_>>()?)))
    }
}

struct Bound(Vec<Distribution>);

impl BoundTable for Bound {
    fn output(&self) -> SchemaRef {
        let number = |name| Field::new(name, DataType::Int64, false);
        Arc::new(Schema::new(vec![
            number("key"),
            number("built"),
            number("streamed"),
        ]))
    }

    fn distributions(&self) -> Vec<Distribution> {
        self.0.clone()
    }

    fn call(&self, columns: Option<&[usize]>) -> Result<Box<dyn TableCall>> {
        let columns = columns.map_or_else(|| vec![0, 1, 2], <[usize]>::to_vec);
        let output = self.output().project(&columns)?;
        Ok(Box::new(Call {
            built: BTreeMap::new(),
            columns,
            output: Arc::new(output),
            ready: VecDeque::new(),
            ended: false,
        }))
    }
}

struct Call {
    built: BTreeMap<i64, Vec<i64>>,
    columns: Vec<usize>,
    output: SchemaRef,
    ready: VecDeque<RecordBatch>,
    ended: bool,
}

impl TableCall for Call {
    fn push(&mut self, relation: usize, batch: RecordBatch) -> Result<()> {
        let [keys, values] = [0, 1].map(|i| batch.column(i).as_primitive::<Int64Type>());
        let rows = keys.values().iter().zip(values.values());
        if relation == 0 {
            for (key, value) in rows {
                self.built.entry(*key).or_default().push(*value);
            }
            return Ok(());
        }
        let found = rows.flat_map(|(&key, &streamed)| {
            let built = self.built.get(&key).into_iter().flatten();
            built.map(move |&built| [key, built, streamed])
        });
        let found: Vec<[i64; 3]> = found.collect();
        let columns = self.columns.iter().map(|&column| {
            let values = found.iter().map(|row| row[column]);
            Arc::new(Int64Array::from_iter_values(values)) as ArrayRef
        });
        let options = RecordBatchOptions::new().with_row_count(Some(found.len()));
        let output = Arc::clone(&self.output);
        self.ready.push_back(RecordBatch::try_new_with_options(
            output,
            columns.collect(),
            &options,
        )?);
        Ok(())
    }

    fn finish(&mut self, relation: usize) -> Result<()> {
        self.ended |= relation == 1;
        Ok(())
    }

    fn next(&mut self) -> Result<Progress> {
        Ok(match self.ready.pop_front() {
            Some(batch) => Progress::Rows(batch),
            None if self.ended => Progress::Finished,
            None => Progress::WantingInput,
        })
    }
}
