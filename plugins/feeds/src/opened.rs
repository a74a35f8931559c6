//! A feed whose first bytes were looked at, so that its format is known, and that is read from its start
//! all the same.

use sextant_plugin_sdk::host::ReadChunk;
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::io::{BufRead, Read};

/// How many bytes are looked at. What a JSON Feed says of itself before its items is read from them.
const HEAD_BYTES: usize = 64 << 10;

/// A file or an answer.
#[derive(Debug)]
pub(crate) struct Opened {
    name: String,
    start: Vec<u8>,
    /// What comes behind the start.
    rest: InputReader,
}

/// In what a feed is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Xml,
    Json,
}

impl Opened {
    /// Begins to read.
    pub(crate) fn new(mut input: InputReader) -> Result<Self> {
        let mut start = Vec::new();
        input
            .by_ref()
            .take(HEAD_BYTES as u64)
            .read_to_end(&mut start)?;
        Ok(Self {
            name: input.name().to_owned(),
            start,
            rest: input,
        })
    }

    /// The first bytes, without a byte order mark.
    pub(crate) fn head(&self) -> &[u8] {
        self.start
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&self.start)
    }

    /// The format, by the first byte that is no white space. Whether it is a feed is for its reader to
    /// say.
    pub(crate) fn format(&self) -> Result<Format> {
        let found = match self.head().trim_ascii_start() {
            [b'<', ..] => return Ok(Format::Xml),
            [b'{', ..] => return Ok(Format::Json),
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "UTF-16; convert the file to UTF-8".to_owned(),
            [] => "nothing: it is empty".to_owned(),
            [byte, ..] if byte.is_ascii_graphic() => format!("{:?}", char::from(*byte)),
            [byte, ..] => format!("the byte {byte:#04x}"),
        };
        let error = Error::invalid_data(format!("expected a feed in XML or JSON, found {found}"));
        Err(error.at_byte(0))
    }

    /// The first bytes, and what comes behind them.
    pub(crate) fn into_parts(self) -> (Vec<u8>, InputReader) {
        (self.start, self.rest)
    }

    /// Reads it from its start.
    pub(crate) fn reader(self) -> InputReader {
        let chunks = Chunks {
            start: self.start,
            position: 0,
            rest: self.rest,
        };
        InputReader::new(self.name, chunks)
    }
}

/// The start, and then the rest.
struct Chunks {
    start: Vec<u8>,
    position: usize,
    rest: InputReader,
}

impl ReadChunk for Chunks {
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>> {
        let left = &self.start[self.position..];
        if !left.is_empty() {
            let chunk = left[..left.len().min(max as usize)].to_vec();
            self.position += chunk.len();
            return Ok(chunk);
        }
        chunk(&mut self.rest, max)
    }
}

/// The next bytes of an input; empty at the end.
fn chunk(input: &mut InputReader, max: u32) -> Result<Vec<u8>> {
    let available = input.fill_buf()?;
    let chunk = available[..available.len().min(max as usize)].to_vec();
    input.consume(chunk.len());
    Ok(chunk)
}
