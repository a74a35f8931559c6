//! CSV without a header, one record at a time, as RFC 4180 has it: a value with commas, quotes or line
//! breaks in it stands in quotes, and a quote within is doubled.
//!
//! A line may end in LF alone, an empty line is no record, and a line of 0x1A, the end of a file in
//! DOS, must be the last one. Text is UTF-8. A last record that is open, or has too few values, says
//! that the file is cut off; anywhere else such a record is a bad one and what follows can be read.
//!
//! A record that lies whole in the host's chunk is lent from there.

use crate::entity::shortened;
use memchr::memchr;
use sextant_plugin_sdk::marks::Marks;
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::io::BufRead;

/// Bytes of a record as it stands in the file, with its quotes.
pub(crate) const RECORD_BYTES_MAX: usize = 1 << 20;

/// The end of a file in DOS.
const END: u8 = 0x1A;

/// What ends a value, a line, or a text in quotes.
const MARKS: Marks<3> = Marks::new([b',', b'\n', b'"']);

const QUOTE_WITHIN: &str = "expected a value without quotes, found a quote within it";
const TEXT_BEHIND: &str = "expected a comma after a closing quote, found more text";

/// The records of a file.
pub(crate) struct CsvReader {
    input: InputReader,
    /// How many values a record has.
    fields: usize,
    /// Where the next byte stands in the file.
    byte: u64,
    number: u64,
    line: Line,
    /// A line that does not lie in one chunk.
    carry: Vec<u8>,
    /// How much of the chunk is a line that was lent out.
    lent: usize,
    /// The values of a line in which quotes are doubled, with single ones.
    unquoted: Vec<u8>,
}

/// A record: its values without their quotes and the white space around them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CsvRecord<'a> {
    text: &'a str,
    spans: &'a [Span],
    pub(crate) number: u64,
    pub(crate) byte: u64,
}

impl<'a> CsvRecord<'a> {
    /// One of its values.
    pub(crate) fn value(&self, field: usize) -> Option<&'a str> {
        let span = self.spans.get(field)?;
        Some(self.text[span.start..span.end].trim())
    }
}

impl CsvReader {
    /// Begins to read records of so many values.
    pub(crate) fn new(input: InputReader, fields: usize) -> Self {
        Self {
            input,
            fields,
            byte: 0,
            number: 0,
            line: Line::default(),
            carry: Vec::new(),
            lent: 0,
            unquoted: Vec::new(),
        }
    }

    /// Where in the file the reader stands.
    pub(crate) fn byte(&self) -> u64 {
        self.byte
    }

    /// The next record; none at the end. The outer error says that the file is broken, the inner one
    /// that only this record is.
    pub(crate) fn next(&mut self) -> Result<Option<Result<CsvRecord<'_>>>> {
        self.give_back();
        if self.byte == 0 {
            self.byte_order_mark()?;
        }
        loop {
            let byte = self.byte;
            let is_whole_line = self.line()?;
            let only = self.only_value()?;
            if only == Some([END].as_slice()) {
                self.give_back();
                self.expect_end()?;
                return Ok(None);
            }
            let is_empty = only.is_some_and(<[u8]>::is_empty);
            if is_empty && !is_whole_line {
                return Ok(None);
            }
            if !is_empty {
                return self.record(byte, is_whole_line).map(Some);
            }
            self.give_back();
        }
    }

    /// The record that was just read.
    fn record(&mut self, byte: u64, is_whole_line: bool) -> Result<Result<CsvRecord<'_>>> {
        self.number += 1;
        let number = self.number;
        let place = |error: Error| error.at_record(number).at_byte(byte);
        let found = self.line.spans.len();
        if found < self.fields && !is_whole_line {
            let message = format!(
                "expected {} values, found {found} and the end of the file: it is not complete",
                self.fields
            );
            return Err(place(Error::invalid_data(message)));
        }
        if let Some(broken) = self.line.broken {
            return Ok(Err(place(Error::invalid_data(broken))));
        }
        if found != self.fields {
            let message = format!("expected {} values, found {found}", self.fields);
            return Ok(Err(place(Error::invalid_data(message))));
        }
        let mut bytes = line_bytes(&mut self.input, self.lent, &self.carry)?;
        if self.line.has_doubled {
            self.line.unquote(bytes, &mut self.unquoted);
            bytes = &self.unquoted;
        }
        let spans = self.line.spans.as_slice();
        Ok(match simdutf8::basic::from_utf8(bytes) {
            Ok(text) => Ok(CsvRecord {
                text,
                spans,
                number,
                byte,
            }),
            Err(_) => Err(place(no_text(bytes, spans))),
        })
    }

    /// Reads a line, which is in the chunk or in `carry` then: whether its end was there, and not that
    /// of the file.
    fn line(&mut self) -> Result<bool> {
        let start = self.byte;
        self.line.clear();
        self.carry.clear();
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            let end = self.line.read(chunk, self.carry.len());
            let count = end.unwrap_or(chunk.len());
            if self.carry.len() + count > RECORD_BYTES_MAX {
                let message =
                    format!("a record may have {RECORD_BYTES_MAX} bytes, this one has more");
                return Err(Error::invalid_data(message).at_byte(start));
            }
            self.byte += count as u64;
            if end.is_some() && self.carry.is_empty() {
                self.lent = count;
                return Ok(true);
            }
            self.carry.extend_from_slice(&chunk[..count]);
            self.input.consume(count);
            if end.is_some() {
                return Ok(true);
            }
        }
        if self.line.at == At::Quoted {
            let message = "expected a quote, found the end of the file: it is not complete";
            let error = Error::invalid_data(message).at_record(self.number + 1);
            return Err(error.at_byte(start));
        }
        self.line.end(self.carry.len());
        Ok(false)
    }

    /// The value of a sound line that has no more than one, without the white space around it.
    fn only_value(&mut self) -> Result<Option<&[u8]>> {
        let ([only], None) = (&self.line.spans[..], self.line.broken) else {
            return Ok(None);
        };
        let bytes = line_bytes(&mut self.input, self.lent, &self.carry)?;
        Ok(Some(bytes[only.start..only.end].trim_ascii()))
    }

    /// Consumes what was lent out.
    fn give_back(&mut self) {
        self.input.consume(std::mem::take(&mut self.lent));
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

/// The line that was read: in the chunk, where it was lent out from there.
fn line_bytes<'a>(input: &'a mut InputReader, lent: usize, carry: &'a [u8]) -> Result<&'a [u8]> {
    match lent {
        0 => Ok(carry),
        lent => Ok(&input.fill_buf()?[..lent]),
    }
}

/// The error of a record that is no UTF-8.
fn no_text(bytes: &[u8], spans: &[Span]) -> Error {
    let mut values = spans.iter().map(|span| &bytes[span.start..span.end]);
    let wrong = values.find(|value| std::str::from_utf8(value).is_err());
    let shown = String::from_utf8_lossy(wrong.unwrap_or(bytes));
    Error::invalid_data(format!("expected UTF-8, found {:?}", shortened(&shown)))
}

/// A line, as far as it was read.
#[derive(Debug, Default)]
struct Line {
    at: At,
    /// Where its values are, without their quotes.
    spans: Vec<Span>,
    /// Where the value at hand is.
    span: Span,
    /// Whether a quote is doubled in one of the values.
    has_doubled: bool,
    /// What is wrong with the quotes.
    broken: Option<&'static str>,
}

/// Where in a line a value is.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: usize,
    end: usize,
}

/// Where in a line the reader stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// At the start of a value, or in one without quotes.
    #[default]
    Plain,
    Quoted,
    /// Behind a quote within quotes: the end of the value, or the first of two.
    Closed,
}

impl Line {
    fn clear(&mut self) {
        self.spans.clear();
        (self.at, self.span) = (At::Plain, Span::default());
        (self.has_doubled, self.broken) = (false, None);
    }

    /// Goes on with the next bytes, before which the line has `before`: where in them it ends, if it
    /// does.
    fn read(&mut self, bytes: &[u8], before: usize) -> Option<usize> {
        for position in MARKS.places(bytes) {
            let at = before + position;
            if bytes[position] == b'"' {
                self.quote(at);
                continue;
            }
            match self.at {
                At::Plain => self.span.end = at,
                At::Quoted => continue,
                At::Closed => self.check_behind(&bytes[..position], before),
            }
            self.spans.push(self.span);
            self.at = At::Plain;
            self.span.start = at + 1;
            if bytes[position] == b'\n' {
                return Some(position + 1);
            }
        }
        if self.at == At::Closed {
            self.check_behind(bytes, before);
        }
        None
    }

    /// Goes on behind a quote.
    fn quote(&mut self, at: usize) {
        match self.at {
            At::Plain if at == self.span.start => {
                self.span.start = at + 1;
                self.at = At::Quoted;
            }
            At::Plain => self.broken = Some(QUOTE_WITHIN),
            At::Quoted => {
                self.span.end = at;
                self.at = At::Closed;
            }
            At::Closed if at == self.span.end + 1 => {
                self.has_doubled = true;
                self.at = At::Quoted;
            }
            At::Closed => self.broken = Some(TEXT_BEHIND),
        }
    }

    /// Looks for text behind a closing quote, up to the end of the bytes.
    fn check_behind(&mut self, bytes: &[u8], before: usize) {
        let mut behind = bytes
            .iter()
            .skip((self.span.end + 1).saturating_sub(before));
        if behind.any(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) {
            self.broken = Some(TEXT_BEHIND);
        }
    }

    /// Ends the line where the file ends, behind so many bytes of it.
    fn end(&mut self, bytes: usize) {
        if self.at == At::Plain {
            self.span.end = bytes;
        }
        self.spans.push(self.span);
    }

    /// Copies the values, with a single quote for each two, and lets the spans be those of the copy.
    fn unquote(&mut self, line: &[u8], copy: &mut Vec<u8>) {
        copy.clear();
        for span in &mut self.spans {
            let mut value = &line[span.start..span.end];
            span.start = copy.len();
            while let Some(quote) = memchr(b'"', value) {
                copy.extend_from_slice(&value[..=quote]);
                value = value.get(quote + 2..).unwrap_or_default();
            }
            copy.extend_from_slice(value);
            span.end = copy.len();
            // Lest the end of one value and the start of the next make a character.
            copy.push(b',');
        }
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
                Ok(record) => {
                    let values = (0..3).filter_map(|field| record.value(field));
                    values.collect::<Vec<_>>().join("|")
                }
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
        // Text behind a value in quotes that is empty makes no empty line.
        let wrong = every("\"\"x\n1,2,3").unwrap();
        assert!(wrong[0].ends_with("expected a comma after a closing quote, found more text"));
        assert!(every("\"\"\x1A\n1,2,3").unwrap()[0].contains("found more text"));
        // No character is made of two values.
        let halves = every(b"\"\"\"\xC4\",\"\x81\",3\n4,5,6".as_slice()).unwrap();
        assert!(halves[0].starts_with("record 1, byte 0: expected UTF-8, found"));
        assert_eq!(halves[1], "4|5|6");
        let marked = [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat();
        assert_eq!(every(marked).unwrap(), expected);
        for nothing in ["", "\n", " \r\n"] {
            assert!(every(nothing).unwrap().is_empty());
        }
    }

    /// As [`read`], byte by byte: the plainest way to say it.
    fn plain(text: &[u8]) -> std::result::Result<Vec<String>, String> {
        let (mut records, mut number, mut rest) = (Vec::new(), 0, text.iter().peekable());
        while rest.peek().is_some() {
            let start = text.len() - rest.len();
            let (mut values, mut value, mut state) = (Vec::new(), Vec::new(), "start");
            let (mut broken, mut is_whole) = (None, false);
            while !is_whole && let Some(&byte) = rest.next() {
                state = match (state, byte) {
                    ("start", b'"') => "quoted",
                    ("start" | "plain" | "quote" | "behind", b',' | b'\n') => {
                        let value = String::from_utf8(std::mem::take(&mut value)).unwrap();
                        values.push(value.trim().to_owned());
                        is_whole = byte == b'\n';
                        "start"
                    }
                    ("quoted", b'"') => "quote",
                    ("quote", b'"') => {
                        value.push(byte);
                        "quoted"
                    }
                    ("quote" | "behind", b' ' | b'\t' | b'\r') => "behind",
                    ("quote" | "behind", _) => {
                        broken = Some(TEXT_BEHIND);
                        "behind"
                    }
                    ("plain", b'"') => {
                        broken = Some(QUOTE_WITHIN);
                        state
                    }
                    _ => {
                        value.push(byte);
                        if state == "quoted" { state } else { "plain" }
                    }
                };
            }
            if state == "quoted" {
                let place = format!("record {}, byte {start}", number + 1);
                return Err(format!(
                    "{place}: expected a quote, found the end of the file: it is not complete"
                ));
            }
            if !is_whole {
                values.push(String::from_utf8(value).unwrap().trim().to_owned());
            }
            if values == [""] && broken.is_none() {
                continue;
            }
            number += 1;
            let (place, found) = (format!("record {number}, byte {start}"), values.len());
            if found < 3 && !is_whole {
                return Err(format!(
                    "{place}: expected 3 values, found {found} and the end of the file: it is not complete"
                ));
            }
            records.push(match broken {
                Some(broken) => format!("{place}: {broken}"),
                None if found != 3 => format!("{place}: expected 3 values, found {found}"),
                None => values.join("|"),
            });
        }
        Ok(records)
    }

    #[test]
    fn records_are_the_same_byte_by_byte_and_however_they_come() {
        // SplitMix64 (Steele, Lea and Flood, 2014) over what has a meaning.
        let mut state = 7_u64;
        let mut random = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) as usize
        };
        let pieces = [
            ",",
            ",",
            "\",\"",
            "\"",
            "\"\"",
            "\n",
            "\r\n",
            " ",
            "a",
            "Київ",
            "-0- ,",
            "1,\"b, c\",\"\"\n",
            "x,y,z\n",
        ];
        let mut sound = 0;
        for _ in 0..3_000 {
            let count = random() % 40;
            let text: String = (0..count)
                .map(|_| pieces[random() % pieces.len()])
                .collect();
            let expected = plain(text.as_bytes());
            sound += usize::from(expected.is_ok());
            for chunk_bytes in [1, 1 + random() % 70, 1 << 20] {
                let found = read(&text, chunk_bytes).map_err(|error| error.to_string());
                assert_eq!(found, expected, "{text:?} by {chunk_bytes}");
            }
        }
        assert!(sound > 500, "files are sound: {sound}");
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
