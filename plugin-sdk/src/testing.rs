//! Native tests of a plugin's logic: `cargo test`, no WASM, no host.
//!
//! A [`TestHost`] stands in for the host: it serves inputs, answers and connections from memory, and
//! remembers what was sent and reported. [`open`] and [`scan`] use a source as the host does;
//! [`call`], [`call_aggregate`] and [`call_table`] use functions.

use crate::host::{Capabilities, ReadChunk};
use crate::http::without_query;
use crate::tcp::Transport;
use crate::{
    Aggregate, Arguments, Entry, Error, Feed, Host, HttpRequest, HttpResponse, InputReader,
    Operator, Predicate, Progress, Request, Result, Scalar, ScramProof, Signature, Source, Table,
    TableCall, TableFunction, TcpConnection,
};
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::{Field, FieldRef, Schema};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// A host that serves bytes from memory and remembers what it was told. Clones are the same host.
#[derive(Clone, Debug, Default)]
pub struct TestHost(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    entries: Vec<(Entry, Rc<[u8]>)>,
    chunk_bytes: Option<usize>,
    answers: BTreeMap<String, (u16, Rc<[u8]>)>,
    requests: Vec<HttpRequest>,
    places: BTreeMap<String, Place>,
    secrets: BTreeMap<String, (String, ScramProof)>,
    skipped: Vec<(u64, Error)>,
    warnings: Vec<String>,
}

/// A place that can be connected to.
#[derive(Debug)]
struct Place {
    to_read: Rc<[u8]>,
    written: Vec<u8>,
    tls_started_after: Option<usize>,
}

impl TestHost {
    /// A host without inputs and grants.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry to an input.
    #[must_use]
    pub fn entry(self, input: &str, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let bytes: Rc<[u8]> = bytes.as_ref().into();
        let entry = Entry {
            input: input.to_owned(),
            name: name.to_owned(),
            size: Some(bytes.len() as u64),
            seekable: true,
            version: "1".to_owned(),
        };
        self.0.borrow_mut().entries.push((entry, bytes));
        self
    }

    /// Answers every request for a URL, whatever its method, with a status and a body.
    #[must_use]
    pub fn http(self, url: &str, status: u16, body: impl AsRef<[u8]>) -> Self {
        self.0
            .borrow_mut()
            .answers
            .insert(url.to_owned(), (status, body.as_ref().into()));
        self
    }

    /// Grants a place by name. Every connection to it gives these bytes and then ends, whatever is
    /// written.
    #[must_use]
    pub fn tcp(self, grant: &str, bytes_to_read: impl AsRef<[u8]>) -> Self {
        let to_read = bytes_to_read.as_ref().into();
        let place = Place {
            to_read,
            written: Vec::new(),
            tls_started_after: None,
        };
        self.0.borrow_mut().places.insert(grant.to_owned(), place);
        self
    }

    /// Grants a secret by name: its user name, and the proof that answers every challenge.
    #[must_use]
    pub fn secret(self, name: &str, user: &str, proof: ScramProof) -> Self {
        self.0
            .borrow_mut()
            .secrets
            .insert(name.to_owned(), (user.to_owned(), proof));
        self
    }

    /// Gives out chunks of at most so many bytes, to try a parser on every split.
    #[must_use]
    pub fn chunk_bytes(self, bytes: usize) -> Self {
        self.0.borrow_mut().chunk_bytes = Some(bytes.max(1));
        self
    }

    /// The host as a source takes it.
    pub fn host(&self) -> Host {
        Host::new(self.clone())
    }

    /// The HTTP requests, in their order.
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.0.borrow().requests.clone()
    }

    /// What was written to a granted place, by all connections; nothing where there is no such
    /// place.
    pub fn written(&self, grant: &str) -> Vec<u8> {
        self.0
            .borrow()
            .places
            .get(grant)
            .map_or_else(Vec::new, |place| place.written.clone())
    }

    /// How many bytes had been written to a granted place when TLS was started; none where it was
    /// not.
    pub fn tls_started_after(&self, grant: &str) -> Option<usize> {
        self.0.borrow().places.get(grant)?.tls_started_after
    }

    /// What was reported as left out.
    pub fn skipped(&self) -> Vec<(u64, Error)> {
        self.0.borrow().skipped.clone()
    }

    /// What was warned of.
    pub fn warnings(&self) -> Vec<String> {
        self.0.borrow().warnings.clone()
    }
}

impl Capabilities for TestHost {
    fn entries(&self, input: &str) -> Result<Vec<Entry>> {
        let state = self.0.borrow();
        let entries = state
            .entries
            .iter()
            .filter(|(entry, _)| entry.input == input);
        let entries: Vec<_> = entries.map(|(entry, _)| entry.clone()).collect();
        if entries.is_empty() {
            return Err(Error::not_found(format!("no input {input:?}")));
        }
        Ok(entries)
    }

    fn open(&self, entry: &Entry, start: u64, length: Option<u64>) -> Result<Box<dyn ReadChunk>> {
        let state = self.0.borrow();
        let found = state.entries.iter().find(|(known, _)| known == entry);
        let (_, bytes) = found.ok_or_else(|| Error::not_found(format!("no entry {entry}")))?;
        let start = (start as usize).min(bytes.len());
        let end = length.map_or(bytes.len(), |length| {
            bytes.len().min(start.saturating_add(length as usize))
        });
        Ok(Box::new(TestReader {
            start,
            end,
            ..state.reader(bytes)
        }))
    }

    fn skipped(&self, count: u64, first: &Error) {
        self.0.borrow_mut().skipped.push((count, first.clone()));
    }

    fn warning(&self, message: &str) {
        self.0.borrow_mut().warnings.push(message.to_owned());
    }

    fn http(&self, request: &HttpRequest) -> Result<HttpResponse> {
        let mut state = self.0.borrow_mut();
        state.requests.push(request.clone());
        let answer = state.answers.get(&request.url);
        let (status, body) = answer.ok_or_else(|| {
            Error::unauthorized(format!("the test host has no answer for {}", request.url))
        })?;
        let body = InputReader::new(without_query(&request.url), state.reader(body));
        Ok(HttpResponse {
            status: *status,
            headers: Vec::new(),
            body,
        })
    }

    fn tcp(&self, grant: &str) -> Result<TcpConnection> {
        let state = self.0.borrow();
        let place = state.places.get(grant);
        let place = place.ok_or_else(|| {
            Error::unauthorized(format!("the test host grants no place {grant:?}"))
        })?;
        let reader = state.reader(&place.to_read);
        Ok(TcpConnection::new(
            grant,
            TestTransport {
                reader,
                grant: grant.to_owned(),
                state: Rc::clone(&self.0),
            },
        ))
    }

    fn secret_user(&self, name: &str) -> Result<String> {
        self.0
            .borrow()
            .find_secret(name)
            .map(|(user, _)| user.clone())
    }

    fn scram_sha256(&self, name: &str, _: &[u8], _: u32, _: &str) -> Result<ScramProof> {
        self.0
            .borrow()
            .find_secret(name)
            .map(|(_, proof)| proof.clone())
    }
}

impl State {
    fn reader(&self, bytes: &Rc<[u8]>) -> TestReader {
        let chunk_bytes = self.chunk_bytes.unwrap_or(usize::MAX);
        TestReader {
            bytes: Rc::clone(bytes),
            start: 0,
            end: bytes.len(),
            chunk_bytes,
        }
    }

    fn find_secret(&self, name: &str) -> Result<&(String, ScramProof)> {
        let secret = self.secrets.get(name);
        secret
            .ok_or_else(|| Error::unauthorized(format!("the test host grants no secret {name:?}")))
    }
}

struct TestReader {
    bytes: Rc<[u8]>,
    start: usize,
    end: usize,
    chunk_bytes: usize,
}

impl ReadChunk for TestReader {
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>> {
        let count = (self.end - self.start)
            .min(self.chunk_bytes)
            .min(max as usize);
        let chunk = self.bytes[self.start..self.start + count].to_vec();
        self.start += count;
        Ok(chunk)
    }
}

struct TestTransport {
    reader: TestReader,
    grant: String,
    state: Rc<RefCell<State>>,
}

impl TestTransport {
    fn with_place(&self, act: impl FnOnce(&mut Place)) {
        if let Some(place) = self.state.borrow_mut().places.get_mut(&self.grant) {
            act(place);
        }
    }
}

impl ReadChunk for TestTransport {
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>> {
        self.reader.read_chunk(max)
    }
}

impl Transport for TestTransport {
    fn write_chunk(&mut self, bytes: &[u8]) -> Result<()> {
        self.with_place(|place| place.written.extend_from_slice(bytes));
        Ok(())
    }

    fn start_tls(&mut self) -> Result<()> {
        self.with_place(|place| place.tls_started_after = Some(place.written.len()));
        Ok(())
    }
}

/// Opens a source with its configuration as JSON.
pub fn open<S: Source>(config: &serde_json::Value, host: &TestHost) -> Result<S> {
    let config = S::Config::deserialize_value(config)?;
    S::open(config, host.host())
}

/// Reads whole columns of a table, by name; all of them where none are named.
pub fn scan<S: Source>(source: &S, table: &str, columns: &[&str]) -> Result<Vec<RecordBatch>> {
    let table = find(source, table)?;
    let columns = match columns {
        [] => (0..table.columns.fields().len()).collect(),
        names => names
            .iter()
            .map(|name| table.columns.index_of(name))
            .collect::<Result<_, _>>()?,
    };
    let request = Request {
        table: table.name,
        columns,
        predicates: Vec::new(),
        limit: None,
        batch_rows: 8_192,
        partitions: 1,
    };
    scan_request(source, &request)
}

/// Reads every partition of a request, one after the other.
pub fn scan_request<S: Source>(source: &S, request: &Request) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    for partition in source.partitions(request)? {
        for batch in source.scan(request, &partition)? {
            batches.push(batch?);
        }
    }
    Ok(batches)
}

/// A table of a source, by name.
pub fn find<S: Source>(source: &S, table: &str) -> Result<Table> {
    source
        .table(table)?
        .ok_or_else(|| Error::not_found(format!("there is no table {table:?}")))
}

/// A predicate on a column of a table.
pub fn predicate(
    table: &Table,
    column: &str,
    operator: Operator,
    values: ArrayRef,
) -> Result<Predicate> {
    Ok(Predicate {
        column: table.columns.index_of(column)?,
        operator,
        values,
    })
}

/// Calls a scalar function on columns, all of the same length.
pub fn call(function: &dyn Scalar, columns: Vec<ArrayRef>) -> Result<ArrayRef> {
    let (signature, batch) = arguments_of(columns)?;
    let bound = function.bind(&signature)?;
    bound.invoke(&Arguments::new(&signature.constants, &batch))
}

/// Calls an aggregate function on columns, all of the same length, whose row `i` belongs to group
/// `groups[i]`. Gives a value for each group up to the highest.
///
/// As in a partial aggregation, two accumulators take half of the rows each, and a third one merges
/// their states; so [`merge`](crate::Accumulator::merge) and [`state`](crate::Accumulator::state)
/// are tried as well.
pub fn call_aggregate(
    function: &dyn Aggregate,
    columns: Vec<ArrayRef>,
    groups: &[u32],
) -> Result<ArrayRef> {
    let (signature, batch) = arguments_of(columns)?;
    let bound = function.bind(&signature)?;
    let total = groups
        .iter()
        .max()
        .map_or(0, |&highest| highest as usize + 1);
    let every_group = UInt32Array::from_iter_values(0..total as u32);
    let states = Arc::new(Schema::new(bound.state()));
    let mut merged = bound.accumulator();
    let half = batch.num_rows() / 2;
    for (from, rows) in [(0, half), (half, batch.num_rows() - half)] {
        let part = batch.slice(from, rows);
        let part_groups = UInt32Array::from(groups[from..from + rows].to_vec());
        let mut accumulator = bound.accumulator();
        accumulator.update(
            &Arguments::new(&signature.constants, &part),
            &part_groups,
            total,
        )?;
        let options = RecordBatchOptions::new().with_row_count(Some(total));
        let state = RecordBatch::try_new_with_options(
            Arc::clone(&states),
            accumulator.state(None)?,
            &options,
        )?;
        merged.merge(&state, &every_group, total)?;
    }
    merged.finish(None)
}

/// Calls a table function on one batch for each of its relations, and on scalar arguments of one
/// row each. As the host does, it feeds the relations to be built before those to be streamed, and
/// asks for rows after each.
pub fn call_table(
    function: &dyn TableFunction,
    relations: Vec<RecordBatch>,
    constants: Vec<ArrayRef>,
) -> Result<Vec<RecordBatch>> {
    let schemas: Vec<_> = relations.iter().map(RecordBatch::schema).collect();
    let signature = Signature {
        fields: fields_of(&constants),
        constants: constants.into_iter().map(Some).collect(),
    };
    let mut call = function.bind(&schemas, &signature)?.call(None)?;
    let feeds: Vec<_> = function
        .describe()
        .relations
        .iter()
        .map(|relation| relation.feed)
        .collect();
    let mut rows = Vec::new();
    for feed in [Feed::Build, Feed::Stream] {
        for (position, batch) in relations
            .iter()
            .enumerate()
            .filter(|&(position, _)| feeds[position] == feed)
        {
            call.push(position, batch.clone())?;
            let finished = take_rows(&mut *call, &mut rows)?;
            if finished {
                return Ok(rows);
            }
            call.finish(position)?;
        }
    }
    match take_rows(&mut *call, &mut rows)? {
        true => Ok(rows),
        false => Err(Error::internal(
            "it wants more input after its relations have ended",
        )),
    }
}

/// Takes what is ready, and says whether that was all.
fn take_rows(call: &mut dyn TableCall, rows: &mut Vec<RecordBatch>) -> Result<bool> {
    loop {
        match call.next()? {
            Progress::Rows(batch) => rows.push(batch),
            Progress::WantingInput => return Ok(false),
            Progress::Finished => return Ok(true),
        }
    }
}

fn arguments_of(columns: Vec<ArrayRef>) -> Result<(Signature, RecordBatch)> {
    let fields = fields_of(&columns);
    let signature = Signature {
        constants: vec![None; fields.len()],
        fields: fields.clone(),
    };
    let rows = columns.first().map_or(0, |column| column.len());
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch =
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?;
    Ok((signature, batch))
}

fn fields_of(columns: &[ArrayRef]) -> Vec<FieldRef> {
    let columns = columns.iter().enumerate();
    columns
        .map(|(i, column)| {
            Arc::new(Field::new(
                format!("a{i}"),
                column.data_type().clone(),
                true,
            ))
        })
        .collect()
}

/// Deserializes a configuration in the way the host's is.
trait DeserializeValue: Sized {
    fn deserialize_value(value: &serde_json::Value) -> Result<Self>;
}

impl<T: serde::de::DeserializeOwned> DeserializeValue for T {
    fn deserialize_value(value: &serde_json::Value) -> Result<Self> {
        crate::export::parse_config(&value.to_string())
    }
}
