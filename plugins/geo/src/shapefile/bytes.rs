//! Bytes of binary files: a stream of which the position is known, and numbers in a record.

use sextant_plugin_sdk::{Error, InputReader, Result};
use std::io::BufRead;

/// A file that is read from its start to its end.
#[derive(Debug)]
pub(crate) struct Bytes {
    input: InputReader,
    position: u64,
    /// Bytes from here on that do not lie in one chunk of the input.
    carry: Vec<u8>,
}

impl Bytes {
    pub(crate) fn new(input: InputReader) -> Self {
        Self {
            input,
            position: 0,
            carry: Vec::new(),
        }
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The next so many bytes, which were held against a limit. They are copied where they do not lie in
    /// one piece, and they stay the next ones.
    pub(crate) fn peek(&mut self, count: u64) -> Result<&[u8]> {
        let count = count as usize;
        if self.carry.is_empty() && self.input.fill_buf()?.len() >= count {
            return Ok(&self.input.fill_buf()?[..count]);
        }
        self.carry.reserve(count.saturating_sub(self.carry.len()));
        while self.carry.len() < count {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                return Err(self.truncated());
            }
            let some = chunk.len().min(count - self.carry.len());
            self.carry.extend_from_slice(&chunk[..some]);
            self.input.consume(some);
        }
        Ok(&self.carry[..count])
    }

    /// Goes on behind so many bytes.
    pub(crate) fn skip(&mut self, count: u64) -> Result<()> {
        let carried = count.min(self.carry.len() as u64);
        self.carry.drain(..carried as usize);
        self.position += carried;
        let mut left = count - carried;
        while left > 0 {
            let found = self.input.fill_buf()?.len() as u64;
            if found == 0 {
                return Err(self.truncated());
            }
            let some = found.min(left);
            self.input.consume(some as usize);
            self.position += some;
            left -= some;
        }
        Ok(())
    }

    pub(crate) fn is_at_end(&mut self) -> Result<bool> {
        Ok(self.carry.is_empty() && self.input.fill_buf()?.is_empty())
    }

    /// The error at the end of the file, up to which everything was read.
    fn truncated(&self) -> Error {
        let message = "expected more, found the end of the file: it is not complete";
        let end = self.position + self.carry.len() as u64;
        let error = Error::invalid_data(message).at_byte(end);
        error.in_input(self.input.name())
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
        self.take(count).map(|_| ())
    }

    /// The next so many bytes.
    pub(crate) fn take(&mut self, count: u64) -> Result<&'a [u8]> {
        self.has(count)?;
        let (taken, rest) = self.bytes.split_at(count as usize);
        self.bytes = rest;
        Ok(taken)
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
