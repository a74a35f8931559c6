//! The contract's `input`: the host's streams, read ahead by one chunk on a thread that may block,
//! so that a guest never waits for the disk and the disk never for a guest, and a stream that is
//! given up costs one chunk more. While a call waits for an input on a server its own time stands still, as
//! with whatever else it asks of the network.

use super::api::v0_1::{input, types};
use super::describe::error_to_guest;
use super::network::Waiting;
use super::state::{Role, State};
use crate::error::{Error, Result};
use crate::input::{Inputs, Opened};
use crate::net::Body;
use std::io::Read;
use std::sync::Arc;
use tokio::task::{JoinHandle, spawn_blocking};
use wasmtime::component::Resource;

/// How many bytes are read at a time.
const CHUNK_BYTES: usize = 256 << 10;

type Stream = Box<dyn Read + Send>;

/// The next chunk and where the one after it comes from.
type Ahead = JoinHandle<std::io::Result<(Stream, Vec<u8>)>>;

/// An open entry.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenReader {
    name: String,
    chunk: Vec<u8>,
    position: usize,
    /// How many bytes come before those that the guest asked for.
    skip: u64,
    ahead: Option<Ahead>,
    /// Where chunks come from, where that is no input.
    afar: Option<Body>,
    /// Whether it lies on a server, so that whoever reads waits for the far side.
    is_far: bool,
    /// What there is when nothing is read ahead any more: no bytes, or the error that ended it.
    end: Result<Vec<u8>>,
}

impl OpenReader {
    fn new(name: String, opened: Opened, is_far: bool) -> Self {
        Self {
            name,
            chunk: Vec::new(),
            position: 0,
            skip: opened.skip,
            ahead: Some(read_ahead(opened.reader)),
            afar: None,
            is_far,
            end: Ok(Vec::new()),
        }
    }

    /// The body of an HTTP response. It is not read ahead: the far side sends on as it is.
    pub(super) fn from_afar(body: Body) -> Self {
        Self {
            name: body.place().to_owned(),
            chunk: Vec::new(),
            position: 0,
            skip: 0,
            ahead: None,
            afar: Some(body),
            is_far: true,
            end: Ok(Vec::new()),
        }
    }

    async fn read(&mut self, max: usize) -> Result<Vec<u8>> {
        while self.position == self.chunk.len() {
            self.position = 0;
            self.chunk = self.next_chunk().await?;
            if self.chunk.is_empty() {
                break;
            }
            self.position = self.skip.min(self.chunk.len() as u64) as usize;
            self.skip -= self.position as u64;
        }
        let count = max.min(self.chunk.len() - self.position);
        if count == self.chunk.len() {
            return Ok(std::mem::take(&mut self.chunk));
        }
        let part = self.chunk[self.position..self.position + count].to_vec();
        self.position += count;
        Ok(part)
    }

    async fn next_chunk(&mut self) -> Result<Vec<u8>> {
        if let Some(body) = &mut self.afar {
            let chunk = body.chunk().await;
            if !chunk.as_ref().is_ok_and(|chunk| !chunk.is_empty()) {
                self.afar = None;
                self.end = chunk.clone();
            }
            return chunk;
        }
        let Some(ahead) = &mut self.ahead else {
            return self.end.clone();
        };
        let read = ahead.await;
        // It is over, whatever came of it: a guest that asks once more gets the same answer.
        self.ahead = None;
        let read = read.map_err(|error| Error::internal(error.to_string()));
        match read.and_then(|read| read.map_err(Error::from)) {
            Ok((stream, chunk)) => {
                self.ahead = (!chunk.is_empty()).then(|| read_ahead(stream));
                Ok(chunk)
            }
            Err(error) => {
                self.end = Err(error.clone());
                Err(error)
            }
        }
    }
}

fn read_ahead(mut stream: Stream) -> Ahead {
    spawn_blocking(move || -> std::io::Result<_> {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        stream
            .by_ref()
            .take(CHUNK_BYTES as u64)
            .read_to_end(&mut chunk)?;
        Ok((stream, chunk))
    })
}

impl State {
    fn inputs(&self) -> Result<Arc<Inputs>> {
        match &self.role {
            Role::Source(settings) => Ok(Arc::clone(&settings.inputs)),
            Role::Functions(..) => Err(Error::denied("functions have no inputs")),
        }
    }

    /// Begins a wait for the far side, where an input lies there.
    fn wait_for_input(&self, input: &str) -> Option<Waiting> {
        let is_far = self.inputs().is_ok_and(|inputs| inputs.is_far(input));
        is_far.then(|| self.far.begin())
    }

    async fn list_entries(inputs: Result<Arc<Inputs>>, input: String) -> Result<Vec<input::Entry>> {
        let inputs = inputs?;
        let entries = blocking(move || inputs.entries(&input)).await?;
        let entries = entries.into_iter().map(|entry| input::Entry {
            name: entry.name,
            size: entry.size,
            seekable: entry.seekable,
            version: entry.version,
        });
        Ok(entries.collect())
    }

    async fn open_entry(
        &mut self,
        input: String,
        entry: String,
        start: u64,
        length: Option<u64>,
    ) -> Result<Resource<OpenReader>> {
        self.check_streams()?;
        let inputs = self.inputs()?;
        let name = format!("{input}/{entry}");
        let is_far = inputs.is_far(&input);
        let opened = blocking(move || inputs.open(&input, &entry, start, length)).await?;
        self.push_reader(OpenReader::new(name, opened, is_far))
    }

    /// Whether one more stream may be opened.
    pub(super) fn check_streams(&self) -> Result<()> {
        let limit = self.scope.limits().input_streams_max;
        match self.open_inputs < limit {
            true => Ok(()),
            false => Err(Error::over_limit(
                "streams open at the same time",
                self.open_inputs + 1,
                limit,
                "input_streams_max",
            )),
        }
    }

    pub(super) fn push_reader(&mut self, reader: OpenReader) -> Result<Resource<OpenReader>> {
        self.open_inputs += 1;
        self.resources
            .push(reader)
            .map_err(|error| Error::limit(error.to_string()))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    spawn_blocking(work)
        .await
        .map_err(|error| Error::internal(error.to_string()))?
}

/// An error with an entry, for a guest. The entry is its place, so that it is named once, whether
/// the guest adds the place or not.
fn error_in_entry(error: Error, name: &str) -> types::Error {
    types::Error {
        where_: Some(types::Place {
            input: Some(name.to_owned()),
            record: None,
            byte: None,
            field: None,
        }),
        ..error_to_guest(error)
    }
}

impl input::Host for State {
    async fn entries(
        &mut self,
        input: String,
    ) -> wasmtime::Result<Result<Vec<input::Entry>, types::Error>> {
        let stopwatch = self.stopwatch();
        let waiting = self.wait_for_input(&input);
        let entries = Self::list_entries(self.inputs(), input).await;
        drop(waiting);
        self.waited(stopwatch);
        Ok(entries.map_err(error_to_guest))
    }

    async fn open(
        &mut self,
        input: String,
        entry: String,
        start: u64,
        length: Option<u64>,
    ) -> wasmtime::Result<Result<Resource<OpenReader>, types::Error>> {
        let stopwatch = self.stopwatch();
        let name = format!("{input}/{entry}");
        let waiting = self.wait_for_input(&input);
        let opened = self.open_entry(input, entry, start, length).await;
        drop(waiting);
        self.waited(stopwatch);
        Ok(opened.map_err(|error| error_in_entry(error, &name)))
    }
}

impl input::HostReader for State {
    async fn read(
        &mut self,
        reader: Resource<OpenReader>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, types::Error>> {
        let max = (max as usize).clamp(1, self.scope.limits().input_read_bytes_max);
        let stopwatch = self.stopwatch();
        let far = Arc::clone(&self.far);
        let open = self.resources.get_mut(&reader)?;
        let waiting = open.is_far.then(|| far.begin());
        let read = open.read(max).await;
        drop(waiting);
        let read = match read {
            // A source may leave out what it cannot read. What runs into a bound must not go on.
            Err(error) if error.is_limit() => Err(wasmtime::Error::new(error.context(&open.name))),
            read => Ok(read.map_err(|error| error_in_entry(error, &open.name))),
        };
        self.waited(stopwatch);
        read
    }

    async fn drop(&mut self, reader: Resource<OpenReader>) -> wasmtime::Result<()> {
        self.resources.delete(reader)?;
        self.open_inputs -= 1;
        Ok(())
    }
}
