//! A plugin as a component: the generated bindings on one side, the SDK's plain traits on the
//! other. Only compiled for wasm32; natively a plugin is just Rust.

use crate::bindings::imports::sextant::plugin as imports;
use crate::host::{Capabilities, ReadChunk};
use crate::http::without_query;
use crate::tcp::Transport;
use crate::{
    Entry, Error, ErrorKind, Host, HttpRequest, HttpResponse, InputReader, Place, Result,
    ScramProof, TcpConnection,
};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use imports::arrow as contract;
use imports::{http, input, report, secret, tcp, types};
use std::sync::Arc;

pub mod functions;
pub mod source;

crate::schema_conversions!(contract);

/// A guest's own types nest as deep as the host allows; the host is believed.
const DEPTH_MAX: usize = 64;

/// The host's capabilities, over the imports. Never made into a `dyn Capabilities`: see `Host`.
#[derive(Debug)]
pub(crate) struct Imports;

impl Capabilities for Imports {
    fn entries(&self, input: &str) -> Result<Vec<Entry>> {
        let entries = input::entries(input)?;
        let entries = entries.into_iter().map(|entry| Entry {
            input: input.to_owned(),
            name: entry.name,
            size: entry.size,
            seekable: entry.seekable,
            version: entry.version,
        });
        Ok(entries.collect())
    }

    fn open(&self, entry: &Entry, start: u64, length: Option<u64>) -> Result<Box<dyn ReadChunk>> {
        Ok(Box::new(Reader(input::open(
            &entry.input,
            &entry.name,
            start,
            length,
        )?)))
    }

    fn skipped(&self, count: u64, first: &Error) {
        let place = first.place();
        let place = types::PlaceParam {
            input: place.input.as_deref(),
            record: place.record,
            byte: place.byte,
            field: place.field.as_deref(),
        };
        report::skipped(count, first.message(), place);
    }

    fn warning(&self, message: &str) {
        report::warning(message);
    }

    fn http(&self, request: &HttpRequest) -> Result<HttpResponse> {
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let response = http::send(http::Request {
            method: &request.method,
            url: &request.url,
            headers: &headers,
            body: &request.body,
            timeout_ms: request.timeout_ms,
        })?;
        let body = InputReader::new(without_query(&request.url), Reader(response.body));
        Ok(HttpResponse {
            status: response.status,
            headers: response.headers,
            body,
        })
    }

    fn tcp(&self, grant: &str) -> Result<TcpConnection> {
        Ok(TcpConnection::new(grant, Connection(tcp::connect(grant)?)))
    }

    fn secret_user(&self, name: &str) -> Result<String> {
        Ok(secret::user(name)?)
    }

    fn scram_sha256(
        &self,
        name: &str,
        salt: &[u8],
        iterations: u32,
        auth_message: &str,
    ) -> Result<ScramProof> {
        let proof = secret::scram_sha256(name, salt, iterations, auth_message)?;
        Ok(ScramProof {
            client_proof: proof.client_proof,
            server_signature: proof.server_signature,
        })
    }
}

struct Reader(input::Reader);

impl ReadChunk for Reader {
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>> {
        Ok(self.0.read(max)?)
    }
}

struct Connection(tcp::Connection);

impl ReadChunk for Connection {
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>> {
        Ok(self.0.read(max)?)
    }
}

impl Transport for Connection {
    fn write_chunk(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.write(bytes)?)
    }

    fn start_tls(&mut self) -> Result<()> {
        Ok(self.0.start_tls()?)
    }
}

/// Sends `log` records to the host.
struct HostLog;

impl log::Log for HostLog {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let level = match record.level() {
            log::Level::Error => imports::log::Level::Error,
            log::Level::Warn => imports::log::Level::Warn,
            log::Level::Info => imports::log::Level::Info,
            log::Level::Debug => imports::log::Level::Debug,
            log::Level::Trace => imports::log::Level::Trace,
        };
        imports::log::write(level, &record.args().to_string());
    }

    fn flush(&self) {}
}

/// Called first by every export.
fn start() {
    if log::set_logger(&HostLog).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
}

fn host() -> Host {
    Host::imports()
}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        let kind = match error.kind {
            types::ErrorKind::InvalidConfig => ErrorKind::InvalidConfig,
            types::ErrorKind::NotFound => ErrorKind::NotFound,
            types::ErrorKind::Unauthorized => ErrorKind::Unauthorized,
            types::ErrorKind::Unavailable(retry_after_ms) => {
                ErrorKind::Unavailable { retry_after_ms }
            }
            types::ErrorKind::InvalidData => ErrorKind::InvalidData,
            types::ErrorKind::Unsupported => ErrorKind::Unsupported,
            types::ErrorKind::Internal => ErrorKind::Internal,
        };
        let place = error.where_.map_or_else(Place::default, |place| Place {
            input: place.input,
            record: place.record,
            byte: place.byte,
            field: place.field,
        });
        Self::new(kind, error.message).at(place)
    }
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::InvalidConfig => types::ErrorKind::InvalidConfig,
            ErrorKind::NotFound => types::ErrorKind::NotFound,
            ErrorKind::Unauthorized => types::ErrorKind::Unauthorized,
            ErrorKind::Unavailable { retry_after_ms } => {
                types::ErrorKind::Unavailable(retry_after_ms)
            }
            ErrorKind::InvalidData => types::ErrorKind::InvalidData,
            ErrorKind::Unsupported => types::ErrorKind::Unsupported,
            ErrorKind::Internal => types::ErrorKind::Internal,
        };
        let place = error.place().clone();
        let place = (place != Place::default()).then_some(types::PlaceResult {
            input: place.input,
            record: place.record,
            byte: place.byte,
            field: place.field,
        });
        Self {
            kind,
            message: error.message().to_owned(),
            where_: place,
        }
    }
}

fn send_schema<'a>(fields: impl IntoIterator<Item = &'a FieldRef>) -> Result<contract::Schema> {
    fields_to_contract(fields).map_err(Error::internal)
}

fn send_field(field: Field) -> contract::Schema {
    match send_schema([&Arc::new(field)]) {
        Ok(schema) => schema,
        Err(error) => panic!("{error}"),
    }
}

fn receive_schema(schema: &contract::Schema) -> Result<SchemaRef> {
    let fields = fields_from_contract(schema, DEPTH_MAX).map_err(Error::internal)?;
    Ok(Arc::new(Schema::new(fields)))
}

/// Emits a batch: the host copies straight from its buffers.
fn emit(out: &contract::Sink, batch: &RecordBatch) {
    emit_flat(
        out,
        batch.num_rows(),
        &crate::columns::FlatBatch::from_batch(batch),
    );
}

fn emit_columns(out: &contract::Sink, rows: usize, columns: &[ArrayRef]) {
    emit_flat(out, rows, &crate::columns::FlatBatch::from_arrays(columns));
}

fn emit_flat(out: &contract::Sink, rows: usize, flat: &crate::columns::FlatBatch) {
    let nodes: Vec<_> = flat.nodes.iter().map(to_node).collect();
    out.emit(contract::BatchParam {
        rows: rows as u32,
        nodes: &nodes,
        buffers: &flat.slices(),
    });
}

fn to_node(node: &crate::columns::FlatNode) -> contract::Node {
    contract::Node {
        length: node.length,
        null_count: node.null_count,
        buffers: node.buffers,
    }
}

/// An owned batch, for the few that are returned and not emitted.
fn send_array(array: &ArrayRef) -> contract::BatchResult {
    let flat = crate::columns::FlatBatch::from_arrays([array]);
    contract::BatchResult {
        rows: array.len() as u32,
        nodes: flat.nodes.iter().map(to_node).collect(),
        buffers: flat.buffers.iter().map(|buffer| buffer.to_vec()).collect(),
    }
}

/// A batch from the host, whose buffers become Arrow's without a copy.
fn receive_batch(schema: &SchemaRef, batch: contract::BatchResult) -> Result<RecordBatch> {
    let rows = batch.rows as usize;
    let mut nodes = batch.nodes.into_iter();
    let mut buffers = batch.buffers.into_iter();
    let columns = schema
        .fields()
        .iter()
        .map(|field| receive_data(field.data_type(), &mut nodes, &mut buffers).map(make_array));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}

fn receive_data(
    data_type: &DataType,
    nodes: &mut impl Iterator<Item = contract::Node>,
    buffers: &mut impl Iterator<Item = Vec<u8>>,
) -> Result<ArrayData> {
    let node = nodes
        .next()
        .ok_or_else(|| Error::internal("the host sent too few nodes"))?;
    let length = node.length as usize;
    let mut own: Vec<_> = buffers
        .by_ref()
        .take(node.buffers as usize)
        .map(Buffer::from_vec)
        .collect();
    let mut builder = ArrayData::builder(data_type.clone()).len(length);
    if *data_type != DataType::Null && !own.is_empty() {
        let validity = own.remove(0);
        if node.null_count > 0 {
            builder = builder.nulls(Some(NullBuffer::new(BooleanBuffer::new(
                validity, 0, length,
            ))));
        }
    }
    for child in crate::columns::children(data_type) {
        builder = builder.add_child_data(receive_data(child.data_type(), nodes, buffers)?);
    }
    let builder = builder.buffers(own).align_buffers(true);
    #[expect(
        unsafe_code,
        reason = "the host flattened valid arrays; it can read all of a guest's memory, so checking it would protect nothing"
    )]
    // SAFETY: the host, which every byte of this instance is at the mercy of anyway, made these
    // buffers from valid arrays.
    let data = unsafe { builder.skip_validation(true) }.build()?;
    Ok(data)
}
