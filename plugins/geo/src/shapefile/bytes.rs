//! Bytes of binary files: a stream of which the position is known, and numbers in a record.

use sextant_plugin_sdk::{Error, InputReader, Result};
use std::io::{BufRead, Read};

/// A file that is read from its start to its end.
#[derive(Debug)]
pub(crate) struct Bytes {
    input: InputReader,
    position: u64,
}

impl Bytes {
    pub(crate) fn new(input: InputReader) -> Self {
        Self { input, position: 0 }
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Reads so many bytes, which were held against a limit, into a buffer, and nothing else is in it then.
    pub(crate) fn read(&mut self, out: &mut Vec<u8>, count: u64) -> Result<()> {
        out.clear();
        self.append(out, count)
    }

    /// Reads so many bytes behind those that are in a buffer.
    pub(crate) fn append(&mut self, out: &mut Vec<u8>, count: u64) -> Result<()> {
        out.reserve_exact(count as usize);
        let read = self.input.by_ref().take(count).read_to_end(out)? as u64;
        self.position += read;
        self.all(read == count)
    }

    pub(crate) fn skip(&mut self, count: u64) -> Result<()> {
        let mut left = count;
        while left > 0 {
            let found = self.input.fill_buf()?.len() as u64;
            if found == 0 {
                break;
            }
            let some = found.min(left);
            self.input.consume(some as usize);
            self.position += some;
            left -= some;
        }
        self.all(left == 0)
    }

    pub(crate) fn is_at_end(&mut self) -> Result<bool> {
        Ok(self.input.fill_buf()?.is_empty())
    }

    fn all(&self, is_complete: bool) -> Result<()> {
        match is_complete {
            true => Ok(()),
            false => {
                let message = "expected more, found the end of the file: it is not complete";
                let error = Error::invalid_data(message).at_byte(self.position);
                Err(error.in_input(self.input.name()))
            }
        }
    }
}

/// Numbers, one behind the other.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Whether there are so many bytes yet.
    pub(crate) fn has(&self, count: u64) -> Result<()> {
        match count <= self.bytes.len() as u64 {
            true => Ok(()),
            false => Err(Error::invalid_data(format!(
                "expected {count} more bytes in the record, found {}",
                self.bytes.len()
            ))),
        }
    }

    pub(crate) fn skip(&mut self, count: u64) -> Result<()> {
        self.has(count)?;
        self.bytes = &self.bytes[count as usize..];
        Ok(())
    }

    pub(crate) fn u16_le(&mut self) -> Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32_le(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u32_be(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn f64(&mut self) -> Result<f64> {
        self.array().map(f64::from_le_bytes)
    }

    /// Two numbers: a place.
    pub(crate) fn pair(&mut self) -> Result<[f64; 2]> {
        Ok([self.f64()?, self.f64()?])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.bytes.split_first_chunk() {
            Some((array, rest)) => {
                self.bytes = rest;
                Ok(*array)
            }
            None => Err(Error::invalid_data(format!(
                "expected {N} more bytes in the record, found {}",
                self.bytes.len()
            ))),
        }
    }
}
