//! CSV without a header, one record at a time, as RFC 4180 has it: a value with commas, quotes or line
//! breaks in it stands in quotes, and a quote within is doubled.
//!
//! A line may end in LF alone, an empty line is no record, and a line of 0x1A, the end of a file in
//! DOS, must be the last one. Text is UTF-8. A last record that is open, or has too few values, says
//! that the file is cut off; anywhere else such a record is a bad one and what follows can be read.

use crate::entity::shortened;
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::io::BufRead;

/// Bytes of a record.
pub(crate) const RECORD_BYTES_MAX: usize = 1 << 20;

/// The end of a file in DOS.
const END: u8 = 0x1A;

/// The records of a file.
pub(crate) struct CsvReader {
    input: InputReader,
    /// How many values a record has.
    fields: usize,
    /// Where the next byte stands in the file.
    byte: u64,
    number: u64,
    /// The values of the record, one behind the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
    /// What is wrong with the quotes of the record.
    broken: Option<&'static str>,
}

/// Where in a record the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before a value.
    Start,
    Plain,
    Quoted,
    /// Behind a quote within quotes: the end of the value, or the first of two.
    Quote,
    /// Behind a value in quotes.
    Behind,
}

/// A record: its values without their quotes and the white space around them.
#[derive(Debug)]
pub(crate) struct CsvRecord {
    pub(crate) values: Vec<String>,
    pub(crate) number: u64,
    pub(crate) byte: u64,
}

impl CsvReader {
    /// Begins to read records of so many values.
    pub(crate) fn new(input: InputReader, fields: usize) -> Self {
        Self {
            input,
            fields,
            byte: 0,
            number: 0,
            text: Vec::new(),
            ends: Vec::new(),
            broken: None,
        }
    }

    /// Where in the file the reader stands.
    pub(crate) fn byte(&self) -> u64 {
        self.byte
    }

    /// The next record; none at the end. The outer error says that the file is broken, the inner one
    /// that only this record is.
    pub(crate) fn next(&mut self) -> Result<Option<Result<CsvRecord>>> {
        if self.byte == 0 {
            self.byte_order_mark()?;
        }
        loop {
            let byte = self.byte;
            let is_whole_line = self.line()?;
            if self.ends.len() == 1 && self.text.trim_ascii() == [END] {
                self.expect_end()?;
                return Ok(None);
            }
            let is_empty = self.ends.len() == 1 && self.text.trim_ascii().is_empty();
            if is_empty && !is_whole_line {
                return Ok(None);
            }
            if !is_empty {
                return self.record(byte, is_whole_line).map(Some);
            }
        }
    }

    /// The record that was just read.
    fn record(&mut self, byte: u64, is_whole_line: bool) -> Result<Result<CsvRecord>> {
        self.number += 1;
        let number = self.number;
        let place = |error: Error| error.at_record(number).at_byte(byte);
        let found = self.ends.len();
        if found < self.fields && !is_whole_line {
            let message = format!(
                "expected {} values, found {found} and the end of the file: it is not complete",
                self.fields
            );
            return Err(place(Error::invalid_data(message)));
        }
        if let Some(broken) = self.broken {
            return Ok(Err(place(Error::invalid_data(broken))));
        }
        if found != self.fields {
            let message = format!("expected {} values, found {found}", self.fields);
            return Ok(Err(place(Error::invalid_data(message))));
        }
        let values = self.values().map_err(place);
        Ok(values.map(|values| CsvRecord {
            values,
            number,
            byte,
        }))
    }

    fn values(&self) -> Result<Vec<String>> {
        let mut start = 0;
        let values = self.ends.iter().map(|&end| {
            let value = &self.text[std::mem::replace(&mut start, end)..end];
            let text = std::str::from_utf8(value).map_err(|_| {
                let shown = String::from_utf8_lossy(value);
                let message = format!("expected UTF-8, found {:?}", shortened(&shown));
                Error::invalid_data(message)
            })?;
            Ok(text.trim().to_owned())
        });
        values.collect()
    }

    /// Reads a line into `text` and `ends`: whether its end was there, and not that of the file.
    fn line(&mut self) -> Result<bool> {
        let start = self.byte;
        self.text.clear();
        self.ends.clear();
        self.broken = None;
        let mut at = At::Start;
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            // The chunk is borrowed from the input, so what it is read into stands apart.
            let mut line = Line {
                text: &mut self.text,
                ends: &mut self.ends,
                broken: &mut self.broken,
            };
            let read = line.read(chunk, &mut at);
            let count = read.unwrap_or(chunk.len());
            self.input.consume(count);
            self.byte += count as u64;
            if self.text.len() + self.ends.len() > RECORD_BYTES_MAX {
                let message =
                    format!("a record may have {RECORD_BYTES_MAX} bytes, this one has more");
                return Err(Error::invalid_data(message).at_byte(start));
            }
            if read.is_some() {
                return Ok(true);
            }
        }
        if at == At::Quoted {
            let message = "expected a quote, found the end of the file: it is not complete";
            let error = Error::invalid_data(message).at_record(self.number + 1);
            return Err(error.at_byte(start));
        }
        self.ends.push(self.text.len());
        Ok(false)
    }

    /// Behind the line of 0x1A there is nothing.
    fn expect_end(&mut self) -> Result<()> {
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                return Ok(());
            }
            if !chunk
                .iter()
                .all(|byte| byte.is_ascii_whitespace() || *byte == END)
            {
                let message = "expected the end of the file after a line of 0x1A, found more";
                return Err(Error::invalid_data(message).at_byte(self.byte));
            }
            let count = chunk.len();
            self.input.consume(count);
            self.byte += count as u64;
        }
    }

    /// Passes over the mark of UTF-8, and refuses UTF-16.
    fn byte_order_mark(&mut self) -> Result<()> {
        const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
        let first = self.input.fill_buf()?.first().copied();
        if matches!(first, Some(0xFE | 0xFF)) {
            let message =
                "expected UTF-8, found UTF-16 or another encoding; convert the file to UTF-8";
            return Err(Error::invalid_data(message).at_byte(0));
        }
        if first == Some(MARK[0]) {
            for wanted in MARK {
                if self.input.fill_buf()?.first() != Some(&wanted) {
                    let message = "expected UTF-8, found bytes of another encoding";
                    return Err(Error::invalid_data(message).at_byte(self.byte));
                }
                self.input.consume(1);
                self.byte += 1;
            }
        }
        Ok(())
    }
}

/// What a line is read into.
struct Line<'a> {
    text: &'a mut Vec<u8>,
    ends: &'a mut Vec<usize>,
    broken: &'a mut Option<&'static str>,
}

impl Line<'_> {
    /// Goes on with the next bytes: where in them the line ends, if it does.
    fn read(&mut self, bytes: &[u8], at: &mut At) -> Option<usize> {
        for (position, &byte) in bytes.iter().enumerate() {
            *at = match (*at, byte) {
                (At::Quoted, b'"') => At::Quote,
                (At::Quoted, _) => self.keep(byte, At::Quoted),
                (At::Quote, b'"') => self.keep(byte, At::Quoted),
                (_, b'\n') => {
                    self.ends.push(self.text.len());
                    return Some(position + 1);
                }
                (_, b',') => {
                    self.ends.push(self.text.len());
                    At::Start
                }
                (At::Start, b'"') => At::Quoted,
                (At::Quote | At::Behind, b' ' | b'\t' | b'\r') => At::Behind,
                (At::Quote | At::Behind, _) => {
                    *self.broken = Some("expected a comma after a closing quote, found more text");
                    self.keep(byte, At::Behind)
                }
                (At::Start | At::Plain, _) => {
                    if byte == b'"' {
                        *self.broken =
                            Some("expected a value without quotes, found a quote within it");
                    }
                    self.keep(byte, At::Plain)
                }
            };
        }
        None
    }

    fn keep(&mut self, byte: u8, at: At) -> At {
        self.text.push(byte);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sextant_plugin_sdk::testing::TestHost;

    /// The records of a file, each joined by `|`; a bad one is its error.
    fn read(text: impl AsRef<[u8]>, chunk_bytes: usize) -> Result<Vec<String>> {
        let host = TestHost::new()
            .entry("files", "a.csv", text)
            .chunk_bytes(chunk_bytes)
            .host();
        let mut reader = CsvReader::new(host.read(&host.entries("files")?[0])?, 3);
        let mut records = Vec::new();
        while let Some(record) = reader.next()? {
            records.push(match record {
                Ok(record) => record.values.join("|"),
                Err(error) => error.to_string(),
            });
        }
        assert!(reader.next()?.is_none(), "the end stays the end");
        Ok(records)
    }

    fn every(text: impl AsRef<[u8]>) -> Result<Vec<String>> {
        let whole = read(text.as_ref(), 1 << 20);
        for chunk_bytes in 1..=text.as_ref().len().clamp(1, 40) {
            assert_eq!(read(text.as_ref(), chunk_bytes), whole, "{chunk_bytes}");
        }
        whole
    }

    #[test]
    fn values_are_what_stands_in_them() {
        let text = "1,\"a, \"\"b\"\"\n c\" ,-0- \r\n\n\r\n2,,\"\"\n3,\"\",Київ";
        let expected = ["1|a, \"b\"\n c|-0-", "2||", "3||Київ"];
        for end in ["", "\n", "\n\x1A", "\r\n\x1A\r\n"] {
            assert_eq!(every(format!("{text}{end}")).unwrap(), expected);
        }
        let marked = [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat();
        assert_eq!(every(marked).unwrap(), expected);
        for nothing in ["", "\n", " \r\n"] {
            assert!(every(nothing).unwrap().is_empty());
        }
    }

    #[test]
    fn a_bad_record_leaves_the_next_ones_alone() {
        let text = b"1,2\n1,2,3,4\n\"a\"b,2,3\na\"b,2,3\n\xC4,2,3\n5,6,7\n";
        let lossy = format!("record 5, byte 29: expected UTF-8, found {:?}", "\u{fffd}");
        let expected = [
            "record 1, byte 0: expected 3 values, found 2",
            "record 2, byte 4: expected 3 values, found 4",
            "record 3, byte 12: expected a comma after a closing quote, found more text",
            "record 4, byte 21: expected a value without quotes, found a quote within it",
            &lossy,
            "5|6|7",
        ];
        assert_eq!(every(text).unwrap(), expected);
    }

    #[test]
    fn a_file_that_is_cut_off_is_an_error() {
        let failure = |text: &[u8]| every(text).unwrap_err().to_string();
        assert_eq!(
            failure(b"1,2,3\n4,5"),
            "record 2, byte 6: expected 3 values, found 2 and the end of the file: it is not complete"
        );
        assert_eq!(
            failure(b"1,2,3\n4,5,\"six"),
            "record 2, byte 6: expected a quote, found the end of the file: it is not complete"
        );
        assert!(failure(b"1,2,3\n\x1A\n4,5,6").ends_with("after a line of 0x1A, found more"));
        assert!(failure(&[0xFF, 0xFE, b'1', 0]).contains("found UTF-16"));
        assert!(failure(&[0xEF, 0xBB, b'1']).contains("bytes of another encoding"));
        let long = format!("1,2,\"{}\"", "x".repeat(RECORD_BYTES_MAX));
        let error = read(long, 1 << 16).unwrap_err();
        assert!(error.message().contains("a record may have 1048576 bytes"));
    }
}
