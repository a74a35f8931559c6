//! The host as a source sees it: named inputs to read, and reports to the analyst.
//!
//! A [`Host`] is handed to [`Source::open`](crate::Source::open). In a component it is the real
//! one; in a native test it is a [`testing::TestHost`](crate::testing::TestHost) that serves bytes
//! from memory and remembers what was reported.

use crate::{Error, Result};
use std::fmt;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// One file, archive member or object of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The input that it belongs to.
    pub input: String,
    /// The name within the input.
    pub name: String,
    /// Decompressed bytes, where that is known without reading them.
    pub size: Option<u64>,
    /// Whether reading may start anywhere without reading what comes before.
    pub seekable: bool,
    /// Changes when the content may have changed.
    pub version: String,
}

impl fmt::Display for Entry {
    /// The input and the name in it, as errors show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.input, self.name)
    }
}

/// What a host does for a source. Implemented by the SDK; plugins use [`Host`].
pub trait Capabilities {
    /// The entries of an input.
    fn entries(&self, input: &str) -> Result<Vec<Entry>>;
    /// Opens an entry.
    fn open(&self, entry: &Entry, start: u64, length: Option<u64>) -> Result<Box<dyn ReadChunk>>;
    /// Records were left out.
    fn skipped(&self, count: u64, first: &Error);
    /// Something the analyst must hear.
    fn warning(&self, message: &str);
}

/// A stream of byte chunks, as the host gives them.
pub trait ReadChunk {
    /// Up to `max` bytes; empty at the end.
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>>;
}

/// The host, for a source. Cheap to clone.
#[derive(Clone)]
pub struct Host(Rc<dyn Capabilities>);

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

impl Host {
    /// A host with the given capabilities.
    pub fn new(capabilities: impl Capabilities + 'static) -> Self {
        Self(Rc::new(capabilities))
    }

    /// The entries of a named input, in a fixed order.
    pub fn entries(&self, input: &str) -> Result<Vec<Entry>> {
        self.0.entries(input)
    }

    /// Reads an entry from its start to its end.
    pub fn read(&self, entry: &Entry) -> Result<InputReader> {
        self.read_range(entry, 0, None)
    }

    /// Reads an entry from byte `start` on, for at most `length` bytes. Bytes are counted after
    /// decompression; on an entry that is not seekable what comes before is read and dropped.
    pub fn read_range(&self, entry: &Entry, start: u64, length: Option<u64>) -> Result<InputReader> {
        let chunks = self.0.open(entry, start, length)?;
        Ok(InputReader { chunks, name: entry.to_string(), buffer: Vec::new(), position: 0 })
    }

    /// Reports that records were left out because the configuration says so. `first` is the error
    /// of the first of them.
    pub fn skipped(&self, count: u64, first: &Error) {
        self.0.skipped(count, first);
    }

    /// Reports something that does not change the rows but matters to whoever reads them.
    pub fn warning(&self, message: &str) {
        self.0.warning(message);
    }
}

/// How many bytes are asked of the host at a time.
const CHUNK_BYTES: u32 = 256 * 1024;

/// A stream of bytes as [`Read`] and [`BufRead`]. `fill_buf` shows the host's own chunk, so a
/// parser that works on it copies nothing.
pub struct InputReader {
    chunks: Box<dyn ReadChunk>,
    name: String,
    buffer: Vec<u8>,
    position: usize,
}

impl fmt::Debug for InputReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputReader").field("name", &self.name).finish_non_exhaustive()
    }
}

impl InputReader {
    /// The input and entry, as errors show it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl BufRead for InputReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position == self.buffer.len() {
            self.buffer = self
                .chunks
                .read_chunk(CHUNK_BYTES)
                .map_err(|error| error.in_input(self.name.clone()))?;
            self.position = 0;
        }
        Ok(&self.buffer[self.position..])
    }

    fn consume(&mut self, amount: usize) {
        self.position = (self.position + amount).min(self.buffer.len());
    }
}

impl Read for InputReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        out[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}
