//! Lines of GDELT 2.0 events: 61 fields with tabs between them, no header, no quotes. An empty field is
//! null.

use crate::tables::{GDELT, GDELT_FIELDS, Holds};
use crate::time::number;
use memchr::memchr;
use sextant_plugin_sdk::date::compact_day;
use sextant_plugin_sdk::marks::Marks;
use sextant_plugin_sdk::numbers::{float64, int64};
use sextant_plugin_sdk::{Cell, Error, InputReader, Result, RowReader, Rows};
use std::io::{BufRead, Read};
use std::mem;

/// Bytes of a line.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Characters of a field that an error shows.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// Reads the events of a file.
#[derive(Debug)]
pub(crate) struct Reader {
    file: String,
    input: InputReader,
    /// How many bytes of the host's chunk are the line at hand, with its end.
    lent: usize,
    /// The line, where it does not lie in one chunk.
    carry: Vec<u8>,
    /// Where it begins.
    byte: u64,
    number: u64,
}

impl Reader {
    pub(crate) fn new(file: String, input: InputReader) -> Self {
        Self {
            file,
            input,
            lent: 0,
            carry: Vec::new(),
            byte: 0,
            number: 0,
        }
    }

    /// Goes on to the next line; false at the end.
    fn next_line(&mut self) -> Result<bool> {
        self.byte += (self.lent + self.carry.len()) as u64;
        self.number += 1;
        self.input.consume(mem::take(&mut self.lent));
        self.carry.clear();
        if let Some(end) = memchr(b'\n', self.input.fill_buf()?)
            && end <= LINE_BYTES_MAX
        {
            self.lent = end + 1;
            return Ok(true);
        }
        let mut input = self.input.by_ref().take(LINE_BYTES_MAX as u64 + 1);
        input.read_until(b'\n', &mut self.carry)?;
        if self.carry.len() > LINE_BYTES_MAX && !self.carry.ends_with(b"\n") {
            let message = format!("a line may have {LINE_BYTES_MAX} bytes, this one has more");
            let error = Error::invalid_data(message).at_record(self.number);
            return Err(error.at_byte(self.byte));
        }
        Ok(!self.carry.is_empty())
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
        let line = match self.lent {
            0 => self.carry.as_slice(),
            lent => &self.input.fill_buf()?[..lent],
        };
        let whole = line.strip_suffix(b"\n");
        let line = trimmed(whole.unwrap_or(line), number == 1)?;
        let mut row = [Cell::Null; GDELT_FIELDS + 2];
        let filled = ends(line).and_then(|ends| fill(line, &ends, rows, &mut row));
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

/// Where the fields of a line end.
fn ends(line: &[u8]) -> Result<[usize; GDELT_FIELDS]> {
    const TABS: Marks<1> = Marks::new([b'\t']);
    // The last field ends with the line.
    let mut ends = [line.len(); GDELT_FIELDS];
    let mut count = 1;
    for tab in TABS.places(line) {
        if let Some(end) = ends.get_mut(count - 1) {
            *end = tab;
        }
        count += 1;
    }
    if count != GDELT_FIELDS {
        let message = format!("expected {GDELT_FIELDS} fields, found {count}");
        return Err(Error::invalid_data(message));
    }
    Ok(ends)
}

/// Puts the fields that are wanted into the cells.
fn fill<'a>(
    line: &'a [u8],
    ends: &[usize; GDELT_FIELDS],
    rows: &Rows,
    row: &mut [Cell<'a>],
) -> Result<()> {
    // A line that is text is looked at once; where it is none, a field that is wanted may still be.
    let text = simdutf8::basic::from_utf8(line).ok();
    let mut start = 0;
    for (at, (&end, &(name, holds))) in ends.iter().zip(&GDELT).enumerate() {
        let place = mem::replace(&mut start, end + 1)..end;
        if place.is_empty() || !rows.wants(at) {
            continue;
        }
        let field = &line[place.clone()];
        let value = match (holds, text) {
            (Holds::Text, Some(text)) => text.get(place).map(Cell::Text),
            _ => cell(field, holds),
        };
        row[at] = value.ok_or_else(|| wrong(field, holds).in_field(name))?;
    }
    Ok(())
}

fn cell(field: &[u8], holds: Holds) -> Option<Cell<'_>> {
    match holds {
        Holds::Text => str::from_utf8(field).ok().map(Cell::Text),
        Holds::Int => int64(field).map(Cell::Int),
        Holds::Float => float64(field)
            .filter(|number| number.is_finite())
            .map(Cell::Float),
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
    compact_day(str::from_utf8(field).ok()?)
}

/// Microseconds since 1970-01-01 of `YYYYMMDDHHMMSS`, which is in UTC.
fn instant(field: &[u8]) -> Option<i64> {
    let (date, time) = field.split_at_checked(8)?;
    let time = number(time).filter(|_| time.len() == 6)?;
    let (hour, minute, second) = (time / 10_000, time / 100 % 100, time % 100);
    if hour >= 24 || minute >= 60 || second >= 60 {
        return None;
    }
    let seconds = i64::from(hour * 3_600 + minute * 60 + second);
    Some((i64::from(day(date)?) * 86_400 + seconds) * 1_000_000)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_end_where_a_plain_split_ends_them() {
        for longest in [0, 1, 2, 5, 17, 64, 200] {
            for shift in 0..66 {
                let fields =
                    (0..GDELT_FIELDS).map(|at| "x".repeat((at * 7 + shift) % (longest + 1)));
                let line = fields.collect::<Vec<_>>().join("\t");
                let ends = ends(line.as_bytes()).unwrap();
                let mut start = 0;
                for (end, expected) in ends.into_iter().zip(line.split('\t')) {
                    assert_eq!(&line[start..end], expected, "{line:?}");
                    start = end + 1;
                }
                assert_eq!(start, line.len() + 1);
            }
        }
        for (line, count) in [
            (String::new(), 1),
            ("\t".repeat(59), 60),
            ("\t".repeat(70), 71),
        ] {
            let error = ends(line.as_bytes()).unwrap_err();
            assert_eq!(
                error.message(),
                format!("expected 61 fields, found {count}")
            );
        }
    }

    #[test]
    fn instants_have_fourteen_digits() {
        // `date -ud '2015-02-28 23:59:59' +%s`.
        assert_eq!(instant(b"20150228235959"), Some(1_425_167_999_000_000));
        for text in [
            "",
            "20150228",
            "2015022823595",
            "201502282359590",
            "20150228240000",
            "20150228236000",
            "20150228235960",
            "20150229000000",
            "20150228+15959",
            "2015022823595a",
            "201502\u{660}000000",
        ] {
            assert_eq!(instant(text.as_bytes()), None, "{text}");
        }
    }
}
