//! The contract's `input`: the host's streams, read ahead by one chunk on a thread that may block,
//! so that a guest never waits for the disk and the disk never for a guest.

use super::api::v0_1::{input, types};
use super::describe::error_to_guest;
use super::state::{Role, State};
use crate::error::{Error, Result};
use crate::input::Inputs;
use std::io::Read;
use std::sync::Arc;
use tokio::task::{JoinHandle, spawn_blocking};
use wasmtime::component::Resource;

/// How many bytes are read at a time.
const CHUNK_BYTES: usize = 256 << 10;

type Stream = Box<dyn Read + Send>;

/// An open entry.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenReader {
    name: String,
    chunk: Vec<u8>,
    position: usize,
    ahead: Option<JoinHandle<(Stream, std::io::Result<Vec<u8>>)>>,
}

impl OpenReader {
    fn new(name: String, stream: Stream) -> Self {
        Self {
            name,
            chunk: Vec::new(),
            position: 0,
            ahead: Some(read_ahead(stream)),
        }
    }

    async fn read(&mut self, max: usize) -> Result<Vec<u8>> {
        if self.position == self.chunk.len() {
            self.position = 0;
            self.chunk = self.next_chunk().await?;
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
        let Some(ahead) = &mut self.ahead else {
            return Ok(Vec::new());
        };
        let (stream, chunk) = ahead
            .await
            .map_err(|error| Error::internal(format!("reading {}: {error}", self.name)))?;
        let chunk = chunk.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidInput
            | std::io::ErrorKind::InvalidData
            | std::io::ErrorKind::UnexpectedEof => {
                Error::data(error.to_string()).context(&self.name)
            }
            _ => Error::from(error).context(&self.name),
        })?;
        self.ahead = (!chunk.is_empty()).then(|| read_ahead(stream));
        Ok(chunk)
    }
}

fn read_ahead(mut stream: Stream) -> JoinHandle<(Stream, std::io::Result<Vec<u8>>)> {
    spawn_blocking(move || {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let read = stream
            .by_ref()
            .take(CHUNK_BYTES as u64)
            .read_to_end(&mut chunk);
        (stream, read.map(|_| chunk))
    })
}

impl State {
    fn inputs(&self) -> Result<Arc<Inputs>> {
        match &self.role {
            Role::Source(_, inputs) => Ok(Arc::clone(inputs)),
            Role::Functions(..) => Err(Error::denied("functions have no inputs")),
        }
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
        let inputs = self.inputs()?;
        let limit = self.scope.limits().input_streams_max;
        if self.open_inputs >= limit {
            return Err(Error::over_limit(
                "streams open at the same time",
                self.open_inputs + 1,
                limit,
                "input_streams_max",
            ));
        }
        let name = format!("{input}/{entry}");
        let stream = blocking(move || inputs.open(&input, &entry, start, length)).await?;
        self.open_inputs += 1;
        self.resources
            .push(OpenReader::new(name, stream))
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

impl input::Host for State {
    async fn entries(
        &mut self,
        input: String,
    ) -> wasmtime::Result<Result<Vec<input::Entry>, types::Error>> {
        let stopwatch = self.stopwatch();
        let entries = Self::list_entries(self.inputs(), input).await;
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
        let opened = self.open_entry(input, entry, start, length).await;
        self.waited(stopwatch);
        Ok(opened.map_err(error_to_guest))
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
        let reader = self.resources.get_mut(&reader)?;
        let read = reader.read(max).await.map_err(error_to_guest);
        self.waited(stopwatch);
        Ok(read)
    }

    async fn drop(&mut self, reader: Resource<OpenReader>) -> wasmtime::Result<()> {
        self.resources.delete(reader)?;
        self.open_inputs -= 1;
        Ok(())
    }
}
