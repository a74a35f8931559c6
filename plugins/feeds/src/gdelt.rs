//! Lines of GDELT 2.0 events: 61 fields with tabs between them, no header, no quotes. An empty field is
//! null.

use crate::tables::{GDELT, GDELT_FIELDS, Holds};
use chrono::NaiveDate;
use sextant_plugin_sdk::{Cell, Error, InputReader, Result, RowReader, Rows};
use std::io::BufRead;

/// Bytes of a line.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Characters of a field that an error shows.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// Reads the events of a file.
#[derive(Debug)]
pub(crate) struct Reader {
    file: String,
    lines: Lines,
}

impl Reader {
    pub(crate) fn new(file: String, input: InputReader) -> Self {
        Self {
            file,
            lines: Lines::new(input),
        }
    }
}

impl RowReader for Reader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        let Some(line) = self.lines.next()? else {
            return Ok(false);
        };
        let here = |error: Error| error.at_record(line.number).at_byte(line.byte);
        let mut row = [Cell::Null; GDELT_FIELDS + 2];
        let filled = split(line.bytes).and_then(|fields| fill(&fields, rows, &mut row));
        if !line.is_whole {
            match &filled {
                Err(error) => {
                    let message = format!(
                        "{}, and the file ends here: it is not complete",
                        error.message()
                    );
                    return Err(here(Error::invalid_data(message).at(error.place().clone())));
                }
                Ok(()) => rows.warn("the last line has no end, so the file may be cut off"),
            }
        }
        match filled {
            Ok(()) => {
                row[GDELT_FIELDS] = Cell::Text(&self.file);
                row[GDELT_FIELDS + 1] = Cell::Int(line.number as i64);
                rows.push(&row).map_err(here)?;
            }
            Err(error) => rows.bad(here(error))?,
        }
        Ok(true)
    }
}

/// The fields of a line.
fn split(line: &[u8]) -> Result<[&[u8]; GDELT_FIELDS]> {
    let mut fields = [&line[..0]; GDELT_FIELDS];
    let (mut start, mut count) = (0, 0);
    for end in memchr::memchr_iter(b'\t', line).chain([line.len()]) {
        if let Some(field) = fields.get_mut(count) {
            *field = &line[start..end];
        }
        (start, count) = (end + 1, count + 1);
    }
    match count {
        GDELT_FIELDS => Ok(fields),
        _ => {
            let message = format!("expected {GDELT_FIELDS} fields, found {count}");
            Err(Error::invalid_data(message))
        }
    }
}

/// Puts the fields that are wanted into the cells.
fn fill<'a>(fields: &[&'a [u8]; GDELT_FIELDS], rows: &Rows, row: &mut [Cell<'a>]) -> Result<()> {
    for (at, (&field, &(name, holds))) in fields.iter().zip(&GDELT).enumerate() {
        if field.is_empty() || !rows.wants(at) {
            continue;
        }
        row[at] = cell(field, holds).ok_or_else(|| wrong(field, holds).in_field(name))?;
    }
    Ok(())
}

fn cell(field: &[u8], holds: Holds) -> Option<Cell<'_>> {
    match holds {
        Holds::Text => str::from_utf8(field).ok().map(Cell::Text),
        Holds::Int => lexical_core::parse(field).ok().map(Cell::Int),
        Holds::Float => {
            let number: f64 = lexical_core::parse(field).ok()?;
            number.is_finite().then_some(Cell::Float(number))
        }
        Holds::Day => day(field).map(Cell::Date),
        Holds::Instant => instant(field).map(Cell::Timestamp),
    }
}

fn wrong(field: &[u8], holds: Holds) -> Error {
    let expected = match holds {
        Holds::Text => "text in UTF-8",
        Holds::Int => "a whole number",
        Holds::Float => "a number",
        Holds::Day => "a day as YYYYMMDD",
        Holds::Instant => "a time as YYYYMMDDHHMMSS",
    };
    let found = String::from_utf8_lossy(field);
    let found: String = found.chars().take(SHOWN_CHARACTERS_MAX).collect();
    Error::invalid_data(format!("expected {expected}, found {found:?}"))
}

/// Days since 1970-01-01 of `YYYYMMDD`.
fn day(field: &[u8]) -> Option<i32> {
    if field.len() != 8 {
        return None;
    }
    let (year, month, day) = (
        number(&field[..4])?,
        number(&field[4..6])?,
        number(&field[6..])?,
    );
    Some(NaiveDate::from_ymd_opt(year as i32, month, day)?.to_epoch_days())
}

/// Microseconds since 1970-01-01 of `YYYYMMDDHHMMSS`, which is in UTC.
fn instant(field: &[u8]) -> Option<i64> {
    if field.len() != 14 {
        return None;
    }
    let (day, time) = (day(&field[..8])?, &field[8..]);
    let part = |at: usize, below: u32| number(&time[at..at + 2]).filter(|&part| part < below);
    let seconds = part(0, 24)? * 3_600 + part(2, 60)? * 60 + part(4, 60)?;
    Some((i64::from(day) * 86_400 + i64::from(seconds)) * 1_000_000)
}

fn number(digits: &[u8]) -> Option<u32> {
    let all = digits.iter().all(u8::is_ascii_digit);
    all.then(|| lexical_core::parse(digits).ok())?
}

/// A file, line by line. A line is lent out where it stands, and copied only where it lies in two
/// chunks.
#[derive(Debug)]
struct Lines {
    input: InputReader,
    /// A line that does not lie in one chunk.
    carry: Vec<u8>,
    /// How much of the chunk was lent out.
    lent: usize,
    /// Where the next line begins.
    byte: u64,
    number: u64,
}

/// A line without its end.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    bytes: &'a [u8],
    /// Whether it has an end.
    is_whole: bool,
    number: u64,
    byte: u64,
}

impl Lines {
    fn new(input: InputReader) -> Self {
        Self {
            input,
            carry: Vec::new(),
            lent: 0,
            byte: 0,
            number: 0,
        }
    }

    /// The next line; none at the end.
    fn next(&mut self) -> Result<Option<Line<'_>>> {
        self.input.consume(std::mem::take(&mut self.lent));
        self.carry.clear();
        let end = self.end()?;
        if end.is_none() && self.carry.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let byte = self.byte;
        let bytes = match end {
            Some(end) if self.carry.is_empty() => {
                self.lent = end + 1;
                &self.input.fill_buf()?[..end]
            }
            Some(end) => {
                self.carry.extend_from_slice(&self.input.fill_buf()?[..end]);
                self.lent = end + 1;
                self.carry.as_slice()
            }
            None => self.carry.as_slice(),
        };
        self.byte += bytes.len() as u64 + u64::from(end.is_some());
        let is_first = self.number == 1;
        Ok(Some(Line {
            bytes: trimmed(bytes, is_first)?,
            is_whole: end.is_some(),
            number: self.number,
            byte,
        }))
    }

    /// Where in the chunk the line ends; none where the file does. What lies in chunks before is in
    /// `carry` then.
    fn end(&mut self) -> Result<Option<usize>> {
        loop {
            let chunk = self.input.fill_buf()?;
            let count = chunk.len();
            if let Some(end) = memchr::memchr(b'\n', chunk) {
                return Ok(Some(end));
            }
            if count == 0 {
                return Ok(None);
            }
            if self.carry.len() + count > LINE_BYTES_MAX {
                let message = format!("a line may have {LINE_BYTES_MAX} bytes, this one has more");
                let error = Error::invalid_data(message).at_record(self.number + 1);
                return Err(error.at_byte(self.byte));
            }
            self.carry.extend_from_slice(chunk);
            self.input.consume(count);
        }
    }
}

/// A line without a carriage return, and the first one without a byte order mark.
fn trimmed(line: &[u8], is_first: bool) -> Result<&[u8]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] if is_first => {
            let message = "expected UTF-8, found UTF-16; convert the file to UTF-8";
            Err(Error::invalid_data(message).at_byte(0))
        }
        [0xEF, 0xBB, 0xBF, rest @ ..] if is_first => Ok(rest),
        _ => Ok(line),
    }
}
