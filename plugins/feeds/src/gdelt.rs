//! Lines of GDELT 2.0 events: 61 fields with tabs between them, no header, no quotes. An empty field is
//! null.

use crate::tables::{GDELT, GDELT_FIELDS, Holds};
use crate::time::number;
use sextant_plugin_sdk::date::compact_day;
use sextant_plugin_sdk::{Cell, Error, InputReader, Result, RowReader, Rows};
use std::io::{BufRead, Read};

/// Bytes of a line.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Characters of a field that an error shows.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// Reads the events of a file.
#[derive(Debug)]
pub(crate) struct Reader {
    file: String,
    input: InputReader,
    /// The line at hand, with its end.
    line: Vec<u8>,
    /// Where it begins.
    byte: u64,
    number: u64,
}

impl Reader {
    pub(crate) fn new(file: String, input: InputReader) -> Self {
        Self {
            file,
            input,
            line: Vec::new(),
            byte: 0,
            number: 0,
        }
    }

    /// Reads the next line; false at the end.
    fn next_line(&mut self) -> Result<bool> {
        self.byte += self.line.len() as u64;
        self.number += 1;
        self.line.clear();
        let mut input = self.input.by_ref().take(LINE_BYTES_MAX as u64 + 1);
        input.read_until(b'\n', &mut self.line)?;
        if self.line.len() > LINE_BYTES_MAX && !self.line.ends_with(b"\n") {
            let message = format!("a line may have {LINE_BYTES_MAX} bytes, this one has more");
            let error = Error::invalid_data(message).at_record(self.number);
            return Err(error.at_byte(self.byte));
        }
        Ok(!self.line.is_empty())
    }
}

impl RowReader for Reader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        if !self.next_line()? {
            return match self.number {
                1 => Err(Error::invalid_data("expected events, found an empty file").at_byte(0)),
                _ => Ok(false),
            };
        }
        let (number, byte) = (self.number, self.byte);
        let here = |error: Error| error.at_record(number).at_byte(byte);
        let whole = self.line.strip_suffix(b"\n");
        let line = trimmed(whole.unwrap_or(&self.line), number == 1)?;
        let mut row = [Cell::Null; GDELT_FIELDS + 2];
        let filled = split(line).and_then(|fields| fill(&fields, rows, &mut row));
        if whole.is_none() {
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
                row[GDELT_FIELDS + 1] = Cell::Int(number as i64);
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
        Holds::Day => compact_day(str::from_utf8(field).ok()?).map(Cell::Date),
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

/// Microseconds since 1970-01-01 of `YYYYMMDDHHMMSS`, which is in UTC.
fn instant(field: &[u8]) -> Option<i64> {
    let (day, time) = field.split_at_checked(8)?;
    if time.len() != 6 {
        return None;
    }
    let day = compact_day(str::from_utf8(day).ok()?)?;
    let part = |at: usize, below: u32| number(&time[at..at + 2]).filter(|&part| part < below);
    let seconds = part(0, 24)? * 3_600 + part(2, 60)? * 60 + part(4, 60)?;
    Some((i64::from(day) * 86_400 + i64::from(seconds)) * 1_000_000)
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
