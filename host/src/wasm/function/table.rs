//! Bound table functions: what a call gives, and running calls.

use super::{FunctionInstance, sent_constants};
use crate::error::{Error, Result};
use crate::wasm::api::v0_1::functions;
use crate::wasm::arrow::{GuestBatch, fields_to_contract};
use crate::wasm::describe::columns_from_guest;
use crate::wasm::plugin::Plugin;
use crate::wasm::scope::Scope;
use crate::wasm::state::Sink;
use crate::wasm::usage::Usage;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{FieldRef, SchemaRef};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use wasmtime::component::{Resource, ResourceAny};

/// How the rows of a relation are spread over the instances of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// All rows to one instance, the only one.
    Single,
    /// All rows to every instance.
    Broadcast,
    /// Each row to any one instance.
    Any,
    /// Rows that are equal in these columns to the same instance.
    Hash(Vec<usize>),
}

/// What a call of a table function gives, and how its relations are spread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableShape {
    /// The columns of the result.
    pub columns: SchemaRef,
    /// How each relation is spread.
    pub distributions: Vec<Distribution>,
}

/// What a call of a table function says when it is asked for rows.
#[derive(Debug)]
pub enum Progress {
    /// Rows; there may be more.
    Rows(RecordBatch),
    /// Nothing until another batch is pushed or a relation is finished.
    WantingInput,
    /// No more rows will ever come.
    Finished,
}

/// A table function's arguments, as a call is bound with them.
#[derive(Clone, Debug)]
pub struct TableArguments {
    /// The columns of its relations.
    pub relations: Vec<SchemaRef>,
    /// A field for each of its other arguments.
    pub fields: Vec<FieldRef>,
    /// Their values, each an array of one row.
    pub constants: Vec<ArrayRef>,
}

fn bind(
    plugin: &Arc<Plugin>,
    scope: &Arc<Scope>,
    function: &str,
    arguments: &TableArguments,
) -> Result<(FunctionInstance, ResourceAny, TableShape)> {
    let relations = arguments
        .relations
        .iter()
        .map(|columns| fields_to_contract(columns.fields()));
    let relations = relations
        .collect::<Result<Vec<_>, _>>()
        .map_err(Error::plugin)?;
    let fields = fields_to_contract(&arguments.fields).map_err(Error::plugin)?;
    let constants: Vec<_> = arguments.constants.iter().cloned().map(Some).collect();
    let constants = sent_constants(&constants);
    let mut instance = FunctionInstance::new(plugin, scope, function, false)?;
    let bound = instance.describe(|guest, store| {
        guest.call_bind_table(store, function, &relations, &fields, &constants)
    })?;
    let bound = instance.agree(bound)?;
    let columns =
        instance.describe(|guest, store| guest.bound_table().call_output(store, bound))?;
    let columns = columns_from_guest(&columns, scope.limits());
    let columns = columns.map_err(|error| instance.blame(error))?;
    let spread =
        instance.describe(|guest, store| guest.bound_table().call_distributions(store, bound))?;
    let distributions = distributions(spread, arguments);
    let distributions = distributions.map_err(|error| instance.blame(error))?;
    let shape = TableShape {
        columns,
        distributions,
    };
    Ok((instance, bound, shape))
}

fn distributions(
    spread: Vec<functions::Distribution>,
    arguments: &TableArguments,
) -> Result<Vec<Distribution>> {
    if spread.len() != arguments.relations.len() {
        return Err(Error::contract(format!(
            "it spreads {} relations where {} are given",
            spread.len(),
            arguments.relations.len()
        )));
    }
    let spread = spread
        .into_iter()
        .zip(&arguments.relations)
        .map(|(distribution, columns)| {
            Ok(match distribution {
                functions::Distribution::Single => Distribution::Single,
                functions::Distribution::Broadcast => Distribution::Broadcast,
                functions::Distribution::Any => Distribution::Any,
                functions::Distribution::Hash(keys) => {
                    let keys: Vec<_> = keys.into_iter().map(|key| key as usize).collect();
                    match keys.iter().find(|&&key| key >= columns.fields().len()) {
                        Some(key) => {
                            return Err(Error::contract(format!(
                                "it spreads a relation by column {key} where there are {}",
                                columns.fields().len()
                            )));
                        }
                        None if keys.is_empty() => Distribution::Single,
                        None => Distribution::Hash(keys),
                    }
                }
            })
        });
    spread.collect()
}

impl TableShape {
    /// Binds a call for what it gives.
    pub fn bind(
        plugin: &Arc<Plugin>,
        scope: &Arc<Scope>,
        function: &str,
        arguments: &TableArguments,
    ) -> Result<Self> {
        bind(plugin, scope, function, arguments).map(|(_, _, shape)| shape)
    }
}

/// A running call of a table function, in an instance of its own. Not to be used after an error.
pub struct TableCall {
    instance: FunctionInstance,
    call: ResourceAny,
    columns: SchemaRef,
    ready: VecDeque<RecordBatch>,
    /// What it said after the rows that are ready.
    then: Option<functions::Progress>,
}

impl fmt::Debug for TableCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableCall({})", self.instance.name())
    }
}

impl TableCall {
    /// Starts a call that must be of the shape that was planned; of a function that projects, only
    /// the given columns are wanted.
    pub fn start(
        plugin: &Arc<Plugin>,
        scope: &Arc<Scope>,
        function: &str,
        arguments: &TableArguments,
        planned: &TableShape,
        projection: Option<&[usize]>,
    ) -> Result<Self> {
        let (mut instance, bound, shape) = bind(plugin, scope, function, arguments)?;
        if shape != *planned {
            return Err(instance.blame(Error::contract(
                "it gives other columns, or spreads its relations in another way, than when it was planned",
            )));
        }
        let columns = match projection {
            Some(wanted) => {
                let projected = shape.columns.project(wanted);
                Arc::new(projected.map_err(|error| Error::internal(error.to_string()))?)
            }
            None => shape.columns,
        };
        let wanted =
            projection.map(|all| all.iter().map(|&column| column as u32).collect::<Vec<_>>());
        let call = instance.describe(|guest, store| {
            guest
                .bound_table()
                .call_call(store, bound, wanted.as_deref())
        })?;
        let call = instance.agree(call)?;
        instance.store.data_mut().yields = true;
        Ok(Self {
            instance,
            call,
            columns,
            ready: VecDeque::new(),
            then: None,
        })
    }

    /// What the instance used so far.
    pub fn usage(&self) -> Usage {
        self.instance.store.data().usage
    }

    /// The columns of its rows.
    pub fn columns(&self) -> &SchemaRef {
        &self.columns
    }

    /// The error of a call that wants input after the end of every relation.
    pub fn wants_too_much(&self) -> Error {
        self.instance.blame(Error::contract(
            "it wants more input, and every relation has come to its end",
        ))
    }

    /// Feeds a batch of a relation.
    pub async fn push(&mut self, relation: usize, batch: &RecordBatch) -> Result<()> {
        let sent = GuestBatch::new(batch.num_rows(), batch.columns());
        let slices = sent.slices();
        self.instance.passes(batch.num_rows(), &slices);
        let push = self.instance.calls.push;
        let parameters = (self.call, relation as u32, sent.borrowed(&slices));
        self.instance.call_async(push, parameters).await
    }

    /// Says that a relation has no more rows.
    pub async fn finish(&mut self, relation: usize) -> Result<()> {
        let finish = self.instance.calls.finish;
        let parameters = (self.call, relation as u32);
        self.instance.call_async(finish, parameters).await
    }

    /// The next rows that are ready.
    pub async fn next(&mut self) -> Result<Progress> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Progress::Rows(batch));
            }
            match self.then {
                Some(functions::Progress::WantingInput) => {
                    self.then = None;
                    return Ok(Progress::WantingInput);
                }
                Some(functions::Progress::Finished) => return Ok(Progress::Finished),
                Some(functions::Progress::More) | None => self.step().await?,
            }
        }
    }

    async fn step(&mut self) -> Result<()> {
        let next = self.instance.calls.next;
        self.instance.store.data_mut().expect(&self.columns);
        let parameters = (self.call, Resource::<Sink>::new_borrow(0));
        let progress = self.instance.call_async(next, parameters).await?;
        let emitted = self.instance.store.data_mut().take_emitted();
        if emitted.is_empty() && progress == functions::Progress::More {
            return Err(self.instance.blame(Error::contract(
                "it says that there is more, but emitted nothing",
            )));
        }
        self.ready.extend(emitted);
        self.then = Some(progress);
        Ok(())
    }
}
