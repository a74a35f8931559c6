//! The answer to a statement: a schema, batches as they are made, and what the sources reported.

use crate::error::{Error, Result};
use crate::wasm::Scope;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc;

/// A running answer. Dropping it cancels the query.
pub struct Answer {
    schema: SchemaRef,
    batches: mpsc::Receiver<Result<RecordBatch>>,
    scope: Arc<Scope>,
    generation: u64,
    finished: bool,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

impl Answer {
    pub(super) fn new(
        schema: SchemaRef,
        batches: mpsc::Receiver<Result<RecordBatch>>,
        scope: Arc<Scope>,
        generation: u64,
    ) -> Self {
        Self {
            schema,
            batches,
            scope,
            generation,
            finished: false,
        }
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The generation of the snapshot that it was planned on.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The query: to cancel it from elsewhere, and for what its sources reported.
    pub fn scope(&self) -> &Arc<Scope> {
        &self.scope
    }

    /// The next batch, or none at the end.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        if self.finished {
            return Ok(None);
        }
        let next = self.batches.recv().await;
        match next {
            Some(Ok(batch)) => Ok(Some(batch)),
            Some(Err(error)) => {
                self.finished = true;
                Err(error)
            }
            None => {
                self.finished = true;
                match self.scope.is_cancelled() {
                    true => Err(Error::cancelled("the query was cancelled")),
                    false => Ok(None),
                }
            }
        }
    }

    /// All batches.
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await? {
            batches.push(batch);
        }
        Ok(batches)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if !self.finished {
            self.scope.cancel();
        }
    }
}
