//! Native tests of a plugin's logic: `cargo test`, no WASM, no host.

use crate::host::{Capabilities, ReadChunk};
use crate::{Arguments, Entry, Error, Host, Operator, Predicate, Request, Result, Scalar, Signature, Source, Table};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// A host that serves bytes from memory and remembers what was reported.
#[derive(Clone, Debug, Default)]
pub struct TestHost(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    entries: Vec<(Entry, Rc<[u8]>)>,
    chunk_bytes: Option<usize>,
    skipped: Vec<(u64, Error)>,
    warnings: Vec<String>,
}

impl TestHost {
    /// A host without inputs.
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
        let entries = state.entries.iter().filter(|(entry, _)| entry.input == input);
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
        let end = length.map_or(bytes.len(), |length| bytes.len().min(start + length as usize));
        let chunk_bytes = state.chunk_bytes.unwrap_or(usize::MAX);
        Ok(Box::new(TestReader { bytes: Rc::clone(bytes), start, end, chunk_bytes }))
    }

    fn skipped(&self, count: u64, first: &Error) {
        self.0.borrow_mut().skipped.push((count, first.clone()));
    }

    fn warning(&self, message: &str) {
        self.0.borrow_mut().warnings.push(message.to_owned());
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
        let count = (self.end - self.start).min(self.chunk_bytes).min(max as usize);
        let chunk = self.bytes[self.start..self.start + count].to_vec();
        self.start += count;
        Ok(chunk)
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
        names => names.iter().map(|name| table.columns.index_of(name)).collect::<Result<_, _>>()?,
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
    let mut tables = source.tables()?.into_iter();
    tables.find(|known| known.name == table).ok_or_else(|| Error::not_found(format!("no table {table:?}")))
}

/// A predicate on a column of a table.
pub fn predicate(table: &Table, column: &str, operator: Operator, values: ArrayRef) -> Result<Predicate> {
    Ok(Predicate { column: table.columns.index_of(column)?, operator, values })
}

/// Calls a scalar function on columns, all of the same length.
pub fn call(function: &dyn Scalar, columns: Vec<ArrayRef>) -> Result<ArrayRef> {
    let fields: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(i, column)| Arc::new(Field::new(format!("a{i}"), column.data_type().clone(), true)))
        .collect();
    let signature = Signature { constants: vec![None; fields.len()], fields: fields.clone() };
    let rows = columns.first().map_or(0, |column| column.len());
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?;
    let bound = function.bind(&signature)?;
    bound.invoke(&Arguments::new(&signature.constants, &batch))
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
