//! A source's instance: open, describe, partition, scan.

use super::api::v0_1::{source, types};
use super::arrow::{GuestBatch, fields_to_contract};
use super::describe::{
    Operator, TableDescription, check_count, error_from_source, tables_from_guest,
};
use super::network::FarWait;
use super::plugin::Plugin;
use super::scope::Scope;
use super::state::{Purpose, Role, Sink, State};
use super::usage::Usage;
use crate::error::{Error, Result};
use crate::input::Inputs;
use crate::net::Network;
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::Store;
use wasmtime::component::{Resource, ResourceAny};

/// What a source is opened with.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// Its name in SQL.
    pub name: String,
    /// Its configuration, a JSON object.
    pub config: String,
    /// Its inputs.
    pub inputs: Arc<Inputs>,
    /// What it may reach over the network.
    pub network: Arc<Network>,
}

impl SourceSettings {
    /// The same for one scan, all of whose connections find the same files ([`Inputs::pinned`]).
    #[must_use]
    pub fn pinned(&self) -> Self {
        Self {
            inputs: Arc::new(self.inputs.pinned()),
            ..self.clone()
        }
    }
}

/// A condition on one column.
#[derive(Clone, Debug)]
pub struct Predicate {
    /// The column, among the columns of the table.
    pub column: usize,
    /// How to compare.
    pub operator: Operator,
    /// The values, in the column's type.
    pub values: ArrayRef,
}

impl Predicate {
    /// The predicate as EXPLAIN shows it, on a column of the given name.
    pub fn describe(&self, column: &str) -> String {
        let options = FormatOptions::default();
        let shown = ArrayFormatter::try_new(&self.values, &options).map(|values| {
            (0..self.values.len().min(8))
                .map(|i| values.value(i).to_string())
                .collect::<Vec<_>>()
                .join(", ")
        });
        let more = if self.values.len() > 8 { ", ..." } else { "" };
        format!(
            "{column} {:?}({}{more})",
            self.operator,
            shown.unwrap_or_default()
        )
    }
}

/// What a query wants of a table.
#[derive(Clone, Debug)]
pub struct Request {
    /// The table.
    pub table: String,
    /// The columns wanted.
    pub columns: Vec<usize>,
    /// Predicates, all of a kind that the table takes.
    pub predicates: Vec<Predicate>,
    /// More rows than this are not needed.
    pub limit: Option<usize>,
    /// How many rows a batch should have.
    pub batch_rows: usize,
    /// Into how many partitions the scan should be split.
    pub partitions: usize,
    /// All columns of the table, as they were described.
    pub described: SchemaRef,
}

/// What a call answered, and how long it was at work.
type Timed<T> = (wasmtime::Result<Result<T, types::Error>>, Duration);

/// An instance in which a source is open.
pub struct Connection {
    plugin: Arc<Plugin>,
    scope: Arc<Scope>,
    source: String,
    inputs: Arc<Inputs>,
    store: Store<State>,
    guest: source::Guest,
    connection: ResourceAny,
    far: Arc<FarWait>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({})", self.source)
    }
}

impl Connection {
    /// Opens a source in a new instance.
    pub async fn open(
        plugin: &Arc<Plugin>,
        scope: &Arc<Scope>,
        settings: &SourceSettings,
    ) -> Result<Self> {
        let role = Role::Source(settings.clone());
        let at_source = |error: Error| error.context(format!("source {:?}", settings.name));
        let (mut store, guest) = plugin
            .instantiate_source(role, scope)
            .await
            .map_err(at_source)?;
        let far = Arc::clone(&store.data().far);
        store.data_mut().start_call(Purpose::Describe);
        let opening = guest.call_open(&mut store, &settings.config);
        let (opened, spent) = plugin
            .in_time(scope, Purpose::Describe, &far, opening)
            .await;
        store.data_mut().end_call(spent);
        let opened = opened.map_err(|error| at_source(plugin.crash(&store, error)))?;
        let connection = opened.map_err(|error| {
            let error = error_from_source(error, &settings.inputs, scope.limits())
                .context(format!("plugin {:?}", plugin.name()));
            let hint = format!(
                "see [source.{}] in sextant.toml, and the plugin's README for its configuration",
                settings.name
            );
            at_source(if error.is_config() {
                error.with_hint(hint)
            } else {
                error
            })
        })?;
        Ok(Self {
            plugin: Arc::clone(plugin),
            scope: Arc::clone(scope),
            source: settings.name.clone(),
            inputs: Arc::clone(&settings.inputs),
            store,
            guest,
            connection,
            far,
        })
    }

    /// The tables.
    pub async fn tables(&mut self) -> Result<Vec<TableDescription>> {
        self.store.data_mut().start_call(Purpose::Describe);
        let connection = self.guest.connection();
        let call = connection.call_tables(&mut self.store, self.connection);
        let called = self
            .plugin
            .in_time(&self.scope, Purpose::Describe, &self.far, call);
        let called = called.await;
        let tables = self.answer(called)?;
        let mut tables = tables_from_guest(tables, &self.inputs, self.scope.limits())
            .map_err(|error| self.blame(error))?;
        for table in &mut tables {
            table.problem = table.problem.take().map(|problem| self.blame(problem));
        }
        Ok(tables)
    }

    /// Splits a request into partitions.
    pub async fn partitions(&mut self, request: &Request) -> Result<Vec<Vec<u8>>> {
        self.store.data_mut().start_call(Purpose::Work);
        let param = to_guest(request);
        let connection = self.guest.connection();
        let call = connection.call_partitions(&mut self.store, self.connection, &param);
        let called = self
            .plugin
            .in_time(&self.scope, Purpose::Work, &self.far, call)
            .await;
        let partitions = self.answer(called)?;
        let limits = self.scope.limits();
        let check = || {
            check_count(
                "partitions of a scan",
                partitions.len(),
                limits.scan_partitions_max,
                "scan_partitions_max",
            )?;
            let longest = partitions.iter().map(Vec::len).max().unwrap_or_default();
            check_count(
                "bytes of a partition token",
                longest,
                limits.partition_token_bytes_max,
                "partition_token_bytes_max",
            )
        };
        check().map_err(|error| self.blame(error))?;
        Ok(partitions)
    }

    /// Starts reading a partition; the batches will have the given schema.
    pub async fn scan(
        mut self,
        request: &Request,
        partition: &[u8],
        schema: &SchemaRef,
    ) -> Result<Scan> {
        self.store.data_mut().work_for(&request.table);
        self.store.data_mut().start_call(Purpose::Work);
        let param = to_guest(request);
        let connection = self.guest.connection();
        let call = connection.call_scan(&mut self.store, self.connection, &param, partition);
        let called = self
            .plugin
            .in_time(&self.scope, Purpose::Work, &self.far, call)
            .await;
        let scan = self.answer(called)?;
        Ok(Scan {
            connection: self,
            scan,
            schema: Arc::clone(schema),
            ready: VecDeque::new(),
            finished: false,
        })
    }

    fn answer<T>(&mut self, (called, spent): Timed<T>) -> Result<T> {
        self.store.data_mut().end_call(spent);
        match called {
            Err(error) => Err(self
                .plugin
                .crash(&self.store, error)
                .context(format!("source {:?}", self.source))),
            Ok(Err(error)) => {
                let error = error_from_source(error, &self.inputs, self.scope.limits());
                Err(self.blame(error))
            }
            Ok(Ok(answer)) => Ok(answer),
        }
    }

    fn blame(&self, error: Error) -> Error {
        error
            .context(format!("plugin {:?}", self.plugin.name()))
            .context(format!("source {:?}", self.source))
    }
}

fn to_guest(request: &Request) -> source::Request {
    let predicates = request.predicates.iter().map(|predicate| types::Predicate {
        column: predicate.column as u32,
        operator: predicate.operator.to_guest(),
        values: GuestBatch::new(
            predicate.values.len(),
            std::slice::from_ref(&predicate.values),
        )
        .into_owned(),
    });
    source::Request {
        table: request.table.clone(),
        columns: request
            .columns
            .iter()
            .map(|&column| column as u32)
            .collect(),
        predicates: predicates.collect(),
        limit: request.limit.map(|limit| limit as u64),
        batch_rows: request.batch_rows as u32,
        partitions: request.partitions as u32,
        described: fields_to_contract(request.described.fields())
            .expect("it came over the contract"),
    }
}

/// A running read of one partition.
pub struct Scan {
    connection: Connection,
    scan: ResourceAny,
    schema: SchemaRef,
    ready: VecDeque<RecordBatch>,
    finished: bool,
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scan({})", self.connection.source)
    }
}

impl Scan {
    /// The next batch, or none at the end. The guest works only while it is asked. Not to be called
    /// again after an error.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            if self.finished {
                return Ok(None);
            }
            self.step().await?;
        }
    }

    /// What the instance used for the scan so far: not what opening it and asking for parts took.
    pub fn usage(&self) -> Usage {
        self.connection.store.data().usage
    }

    async fn step(&mut self) -> Result<()> {
        let own = &mut self.connection;
        let state = own.store.data_mut();
        state.start_call(Purpose::Work);
        state.expect(&self.schema);
        let sink = Resource::<Sink>::new_borrow(0);
        let scan = own.guest.scan();
        let call = scan.call_next(&mut own.store, self.scan, sink);
        let called = own
            .plugin
            .in_time(&own.scope, Purpose::Work, &own.far, call)
            .await;
        let more = own.answer(called)?;
        let emitted = own.store.data_mut().take_emitted();
        match (more, emitted.is_empty()) {
            (true, true) => {
                return Err(own.blame(Error::contract(
                    "a step of a scan says that there is more, but emitted nothing",
                )));
            }
            (false, false) => {
                return Err(own.blame(Error::contract(
                    "a step of a scan emitted rows after the end",
                )));
            }
            _ => {}
        }
        self.finished = !more;
        self.ready.extend(emitted);
        Ok(())
    }
}
