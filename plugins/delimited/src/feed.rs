//! The bytes of an entry, or of a part of it, as UTF-8: byte order marks and other encodings end
//! here.
//!
//! UTF-8 passes through unchecked, since only the values that a query wants are worth checking.
//! Malformed bytes of other encodings end the feed with an error; they are never replaced.

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::io::BufRead;

/// What a position in the decoded text says about the position in the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offsets {
    /// They are the same.
    Bytes,
    /// Every character was one byte.
    Characters,
    /// Nothing.
    Unknown,
}

/// A stream of UTF-8.
pub(crate) struct Feed {
    reader: InputReader,
    encoding: &'static Encoding,
    decoder: Option<Decoder>,
    start: u64,
    /// Where the next byte to be read stands in the entry.
    position: u64,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed")
            .field("reader", &self.reader)
            .field("position", &self.position)
            .finish()
    }
}

impl Feed {
    /// A feed of an entry from byte `start` on. At the very start a byte order mark is dropped, and
    /// it decides the encoding. `first` takes the bytes that came with it.
    pub(crate) fn new(
        mut reader: InputReader,
        encoding: &'static Encoding,
        start: u64,
        first: &mut Vec<u8>,
    ) -> Result<Self> {
        let mut head = Vec::new();
        while start == 0 && head.len() < 3 {
            let Some(&byte) = reader.fill_buf()?.first() else {
                break;
            };
            head.push(byte);
            reader.consume(1);
        }
        let (encoding, mark) = Encoding::for_bom(&head).unwrap_or((encoding, 0));
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        let start = start + mark as u64;
        let mut feed = Self {
            reader,
            encoding,
            decoder,
            start,
            position: start,
        };
        feed.take(&head[mark..], first)?;
        Ok(feed)
    }

    /// The entry, as errors name it.
    pub(crate) fn name(&self) -> &str {
        self.reader.name()
    }

    /// Where the text starts in the entry.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// What positions in the text are.
    pub(crate) fn offsets(&self) -> Offsets {
        offsets(self.encoding)
    }

    /// Appends the next piece of text; false at the end.
    pub(crate) fn fill(&mut self, text: &mut Vec<u8>) -> Result<bool> {
        // The chunk stays in the reader while it is decoded, so it is taken apart from `self`.
        let Self {
            reader,
            decoder,
            position,
            ..
        } = self;
        let chunk = reader.fill_buf()?;
        let (length, ended) = (chunk.len(), chunk.is_empty());
        match decoder {
            None => text.extend_from_slice(chunk),
            Some(decoder) => decode(decoder, chunk, ended, *position, self.encoding, text)?,
        }
        *position += length as u64;
        reader.consume(length);
        Ok(!ended)
    }

    fn take(&mut self, bytes: &[u8], text: &mut Vec<u8>) -> Result<()> {
        match &mut self.decoder {
            None => text.extend_from_slice(bytes),
            Some(decoder) => decode(decoder, bytes, false, self.position, self.encoding, text)?,
        }
        self.position += bytes.len() as u64;
        Ok(())
    }
}

/// What positions in text of an encoding are, once it is decoded.
pub(crate) fn offsets(encoding: &'static Encoding) -> Offsets {
    match encoding {
        encoding if encoding == UTF_8 => Offsets::Bytes,
        encoding if encoding.is_single_byte() => Offsets::Characters,
        _ => Offsets::Unknown,
    }
}

fn decode(
    decoder: &mut Decoder,
    bytes: &[u8],
    last: bool,
    position: u64,
    encoding: &'static Encoding,
    text: &mut Vec<u8>,
) -> Result<()> {
    let written = text.len();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
    text.resize(
        written + room.ok_or_else(|| Error::internal("a chunk too large to decode"))?,
        0,
    );
    let (result, read, count) =
        decoder.decode_to_utf8_without_replacement(bytes, &mut text[written..], last);
    text.truncate(written + count);
    match result {
        DecoderResult::InputEmpty => Ok(()),
        DecoderResult::OutputFull => {
            Err(Error::internal("the decoder needs more room than it said"))
        }
        DecoderResult::Malformed(length, after) => {
            let back = u64::from(length) + u64::from(after);
            let byte = (position + read as u64).saturating_sub(back);
            Err(Error::invalid_data(format!(
                "expected text in {}, found bytes that are none",
                encoding.name()
            ))
            .at_byte(byte))
        }
    }
}
