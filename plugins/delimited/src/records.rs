//! Records and fields: where they start and end in a buffer of text.
//!
//! A group of records is split in one pass over the marks (delimiters, newlines, quotes); their
//! fields are left in the buffer as [`Span`]s, for the columns to be made one after the other. The
//! format is RFC 4180 with three liberties: a line may end in LF alone, an empty line is no record,
//! and the last byte of an entry is dropped where it is 0x1A, the end of a file in DOS.
//!
//! A quote must enclose the whole value. One that does not, or text after a closing quote, makes the
//! record a broken one. That strictness is what makes splitting an entry at newlines safe: should a
//! value hold a newline against the configuration, the part that the record starts in meets a value
//! that is still open at the end of its line, and the scan fails.

use crate::config::Dialect;
use crate::feed::{Feed, Offsets};
use memchr::{memchr, memchr3};
use sextant_plugin_sdk::marks::{BLOCK_BYTES, Marks};
use sextant_plugin_sdk::{Error, InputReader, Result};

/// A record longer than this is refused, which bounds the memory of a scan.
pub(crate) const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How much text is gathered before it is split: enough to make a pass over a column worthwhile,
/// and little enough to stay in the cache of a core.
const FILL_BYTES: usize = 256 * 1024;

/// How many fields a group holds, at most, which bounds the memory for spans.
const SPANS_MAX: usize = 1 << 18;

/// How much of a value an error shows.
const SHOWN_CHARS: usize = 80;

/// Where a value starts and ends in the buffer, without its quotes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn new(start: usize, end: usize) -> Self {
        // The buffer is never much larger than a record, so positions have 32 bits.
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// The bytes of the value.
    #[inline]
    pub(crate) fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

/// A group of records that have the expected count of fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group<'a> {
    text: &'a [u8],
    spans: &'a [Span],
    fields: usize,
}

impl<'a> Group<'a> {
    /// How many records.
    pub(crate) fn rows(&self) -> usize {
        self.spans.len() / self.fields.max(1)
    }

    /// The values of one field, record by record.
    #[inline]
    pub(crate) fn values(self, field: usize) -> impl Iterator<Item = &'a [u8]> {
        self.spans
            .chunks_exact(self.fields.max(1))
            .map(move |record| record[field].of(self.text))
    }
}

/// What comes after the records of a group.
#[derive(Debug)]
pub(crate) enum After {
    /// More, perhaps.
    More,
    /// A record that cannot be read, and why; the one after it can.
    Broken(Error),
    /// Nothing.
    End,
}

/// A stream of records.
#[derive(Debug)]
pub(crate) struct Records {
    feed: Feed,
    dialect: Dialect,
    fields: usize,
    buffer: Vec<u8>,
    /// Where the group starts and ends in the buffer.
    group: std::ops::Range<usize>,
    rows: usize,
    spans: Vec<Span>,
    escaped: Vec<usize>,
    /// The position in the entry that the buffer starts at.
    base: u64,
    /// How many records came before the group, where that is known.
    before: Option<u64>,
    /// How many records the group and the broken one after it are.
    passed: u64,
    state: State,
    fill_bytes: usize,
}

#[derive(Debug)]
enum State {
    Reading,
    /// All text is in the buffer; the flag says that its last newline is not in the entry.
    Ended {
        newline_added: bool,
    },
    Failed(Error),
}

impl Records {
    /// The records of an entry from byte `start` on. The count of fields is that of the first
    /// record until [`Self::expect_fields`] is called.
    pub(crate) fn new(reader: InputReader, dialect: Dialect, start: u64) -> Result<Self> {
        let mut buffer = Vec::new();
        let feed = Feed::new(reader, dialect.encoding, start, &mut buffer)?;
        Ok(Self {
            base: feed.start(),
            feed,
            dialect,
            fields: 0,
            buffer,
            group: 0..0,
            rows: 0,
            spans: Vec::new(),
            escaped: Vec::new(),
            before: (start == 0).then_some(0),
            passed: 0,
            state: State::Reading,
            fill_bytes: FILL_BYTES,
        })
    }

    /// Splits after so many bytes, to try every position that a buffer may end at.
    #[cfg(test)]
    pub(crate) fn fill_bytes(mut self, bytes: usize) -> Self {
        self.fill_bytes = bytes;
        self
    }

    /// Says how many fields a record has.
    pub(crate) fn expect_fields(&mut self, fields: usize) {
        self.fields = fields;
    }

    /// The values of the first record, which stays the first; none in an entry without records.
    pub(crate) fn first(&mut self) -> Result<Option<Vec<String>>> {
        self.fields = crate::config::COLUMNS_MAX;
        loop {
            let stop = self.split(1, true);
            if self.rows == 1 {
                break;
            }
            self.proceed(stop)?;
            if self.is_at_end() {
                return Ok(None);
            }
        }
        let values = self.spans[..self.fields].iter().map(|span| {
            match str::from_utf8(span.of(&self.buffer)) {
                Ok(value) if self.dialect.trim => Ok(value.trim().to_owned()),
                Ok(value) => Ok(value.to_owned()),
                Err(_) => Err(self.error_at(*span, "expected UTF-8 text in the first record")),
            }
        });
        let values = values.collect::<Result<Vec<_>>>();
        self.rows = 0;
        values.map(Some)
    }

    /// Drops the first record, the header, which is not counted as one.
    pub(crate) fn skip_header(&mut self) {
        self.group.start = self.group.end;
    }

    /// Forgets that the first record was looked at.
    pub(crate) fn keep_first(&mut self) {
        self.group.end = self.group.start;
    }

    /// Where the records that have not been read start in the entry.
    pub(crate) fn position(&self) -> Option<u64> {
        self.place(self.group.end)
    }

    /// Reads the next group, of at most `rows_max` records, and says what comes after it.
    ///
    /// An error means that no further record can be found. [`Self::group`] has the records before
    /// it in any case.
    pub(crate) fn advance(&mut self, rows_max: usize) -> Result<After> {
        self.before = self.before.map(|before| before + self.passed);
        self.group.start = self.group.end;
        loop {
            let stop = self.split(rows_max, false);
            self.passed = self.rows as u64;
            if self.rows > 0 || matches!(stop, Stop::Broken { .. }) {
                return Ok(match stop {
                    Stop::Broken {
                        problem,
                        record,
                        at,
                        ..
                    } => {
                        let error = self.broken(problem, record, at);
                        self.passed += 1;
                        After::Broken(error)
                    }
                    _ => After::More,
                });
            }
            self.proceed(stop)?;
            if self.is_at_end() {
                return Ok(After::End);
            }
        }
    }

    /// The group that was read last.
    pub(crate) fn group(&self) -> Group<'_> {
        Group {
            text: &self.buffer,
            spans: &self.spans[..self.rows * self.fields],
            fields: self.fields,
        }
    }

    /// Takes records, in rising order, out of the group.
    pub(crate) fn remove(&mut self, rows: &[usize]) {
        let mut kept = 0;
        for row in 0..self.rows {
            if rows.binary_search(&row).is_err() {
                self.spans.copy_within(
                    row * self.fields..(row + 1) * self.fields,
                    kept * self.fields,
                );
                kept += 1;
            }
        }
        self.rows = kept;
    }

    /// An error about a value of the group.
    pub(crate) fn value_error(&self, row: usize, field: usize, expected: &str) -> Error {
        let span = self.spans[row * self.fields + field];
        let found = show(span.of(&self.buffer));
        let error = self.error_at(span, &format!("expected {expected}, found {found}"));
        self.at_record(error, row as u64)
    }

    fn error_at(&self, span: Span, message: &str) -> Error {
        self.with_place(Error::invalid_data(message), span.start as usize)
    }

    fn at_record(&self, error: Error, row: u64) -> Error {
        match self.before {
            Some(before) => error.at_record(before + row + 1),
            None => error,
        }
    }

    fn with_place(&self, error: Error, at: usize) -> Error {
        let error = error.in_input(self.feed.name());
        match self.place(at) {
            Some(byte) => error.at_byte(byte),
            None => error,
        }
    }

    /// The position in the entry of a position in the buffer.
    fn place(&self, at: usize) -> Option<u64> {
        let before = &self.buffer[..at];
        match self.feed.offsets() {
            Offsets::Bytes => Some(self.base + before.len() as u64),
            Offsets::Characters => Some(self.base + characters(before)),
            Offsets::Unknown => None,
        }
    }

    fn is_at_end(&self) -> bool {
        matches!(self.state, State::Ended { .. }) && self.group.end == self.buffer.len()
    }

    /// Goes on where splitting has found no record: reads more, or says why there are none.
    fn proceed(&mut self, stop: Stop) -> Result<()> {
        match stop {
            Stop::More => self.refill(),
            Stop::Broken {
                problem,
                record,
                at,
                ..
            }
            | Stop::Lost {
                problem,
                record,
                at,
            } => Err(self.broken(problem, record, at)),
            Stop::Full => Ok(()),
        }
    }

    fn refill(&mut self) -> Result<()> {
        let open = self.group.end;
        match &self.state {
            State::Failed(error) => return Err(error.clone()),
            State::Ended { .. } if open == self.buffer.len() => return Ok(()),
            State::Ended { .. } => return Err(self.broken(Problem::OpenQuote, open, open)),
            State::Reading if self.buffer.len() - open > RECORD_BYTES_MAX => {
                return Err(self.broken(Problem::TooLong, open, open));
            }
            State::Reading => {}
        }
        self.base = self.place(open).unwrap_or(self.base);
        self.buffer.drain(..open);
        self.group = 0..0;
        // Doubling keeps the work linear for a record that is much longer than a fill.
        let wanted = self.fill_bytes.max(self.buffer.len() * 2);
        while self.buffer.len() < wanted {
            match self.feed.fill(&mut self.buffer) {
                Ok(true) => {}
                Ok(false) => {
                    self.end();
                    break;
                }
                Err(error) => {
                    self.state = State::Failed(error.in_input(self.feed.name()));
                    break;
                }
            }
        }
        Ok(())
    }

    /// Ends the text in a newline, so that nothing else has to look for the end.
    fn end(&mut self) {
        const DOS_END: u8 = 0x1A;
        self.buffer.pop_if(|last| *last == DOS_END);
        let newline_added = self.buffer.last().is_some_and(|&last| last != b'\n');
        if newline_added {
            self.buffer.push(b'\n');
        }
        self.state = State::Ended { newline_added };
    }

    /// Splits what is in the buffer after the group into the next one.
    fn split(&mut self, rows_max: usize, any_count: bool) -> Stop {
        let rows_max = rows_max.clamp(1, (SPANS_MAX / self.fields.max(1)).max(1));
        let spans = rows_max * self.fields;
        if self.spans.len() < spans {
            self.spans.resize(spans, Span::default());
        }
        self.escaped.clear();
        let mut cursor = Cursor {
            bytes: &self.buffer,
            spans: &mut self.spans[..spans],
            escaped: &mut self.escaped,
            dialect: self.dialect,
            fields: self.fields,
            any_count,
            record: self.group.end,
            start: self.group.end,
            slot: 0,
            field: 0,
        };
        let stop = cursor.run();
        self.group.end = if let Stop::Broken { next, .. } = stop {
            next
        } else {
            cursor.record
        };
        let filled = cursor.slot;
        if any_count && filled > 0 {
            self.fields = filled;
        }
        self.rows = filled / self.fields.max(1);
        self.unescape();
        stop
    }

    /// Drops the escapes of the values that have some, within the buffer.
    fn unescape(&mut self) {
        let (quote, escape) = (self.dialect.quote, self.dialect.escape);
        for &slot in self
            .escaped
            .iter()
            .take_while(|&&slot| slot < self.rows * self.fields)
        {
            let span = &mut self.spans[slot];
            let (mut read, mut write) = (span.start as usize, span.start as usize);
            while read < span.end as usize {
                let byte = self.buffer[read];
                // In a value, every quote and every escape is followed by what it escapes.
                read += usize::from(Some(byte) == quote || Some(byte) == escape);
                self.buffer[write] = self.buffer[read];
                (read, write) = (read + 1, write + 1);
            }
            // What is left over keeps its count of characters, on which positions rest.
            self.buffer[write..span.end as usize].fill(b' ');
            span.end = write as u32;
        }
    }

    fn broken(&self, problem: Problem, record: usize, at: usize) -> Error {
        let added = matches!(
            self.state,
            State::Ended {
                newline_added: true
            }
        );
        let problem = match problem {
            Problem::Newline if added && at + 1 == self.buffer.len() => Problem::OpenQuote,
            problem => problem,
        };
        let line = &self.buffer[record..];
        let line = &line[..memchr(b'\n', line).unwrap_or(line.len())];
        let message = problem.message(self.fields, &show(line));
        let error = self.with_place(Error::invalid_data(message), record);
        self.at_record(error, self.rows as u64)
    }
}

/// How many characters UTF-8 has.
fn characters(text: &[u8]) -> u64 {
    text.iter()
        .filter(|&&byte| byte.cast_signed() >= -0x40)
        .count() as u64
}

/// A text for an error: quoted, and cut where it is long.
fn show(text: &[u8]) -> String {
    let head = String::from_utf8_lossy(&text[..text.len().min(SHOWN_CHARS * 4)]);
    let shown: String = head.chars().take(SHOWN_CHARS).collect();
    let dots = if shown.len() < head.len() || text.len() > SHOWN_CHARS * 4 {
        "…"
    } else {
        ""
    };
    format!("{shown:?}{dots}")
}

/// Why splitting stopped.
#[derive(Clone, Copy, Debug)]
enum Stop {
    /// The last record goes on after the buffer, or there is none.
    More,
    /// There are as many records as asked for.
    Full,
    /// A record is broken; the next one starts at `next`.
    Broken {
        problem: Problem,
        record: usize,
        at: usize,
        next: usize,
    },
    /// A record is broken, and where the next one starts is not known.
    Lost {
        problem: Problem,
        record: usize,
        at: usize,
    },
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug)]
enum Problem {
    Fields(usize),
    StrayQuote,
    AfterQuote,
    Newline,
    OpenQuote,
    TooLong,
}

impl Problem {
    fn message(self, fields: usize, line: &str) -> String {
        match self {
            Self::Fields(found) if found > fields => {
                format!("expected {fields} fields, found more in {line}")
            }
            Self::Fields(found) => format!("expected {fields} fields, found {found} in {line}"),
            Self::StrayQuote => format!(
                "expected quotes around whole values, found one inside a value in {line}; hint: quote = \"\" makes \
                 quotes ordinary characters"
            ),
            Self::AfterQuote => {
                format!(
                    "expected a delimiter or the end of the line after a closing quote, found other text in {line}"
                )
            }
            Self::Newline => format!(
                "expected a closing quote on the same line, found none in {line}; hint: set newlines_in_values = true \
                 if values contain newlines, or quote = \"\" if quotes are ordinary characters"
            ),
            Self::OpenQuote => {
                format!("expected a closing quote, found the end of the input in {line}")
            }
            Self::TooLong => format!(
                "expected a record of at most {RECORD_BYTES_MAX} bytes, found a longer one that starts with {line}"
            ),
        }
    }
}

/// What to do after a mark.
enum Flow {
    Next,
    Jump(usize),
    Stop(Stop),
}

/// A pass over the marks of a buffer.
struct Cursor<'a> {
    bytes: &'a [u8],
    spans: &'a mut [Span],
    /// The slots of values with escapes in them.
    escaped: &'a mut Vec<usize>,
    dialect: Dialect,
    fields: usize,
    /// Whether one record with any count of fields is looked for.
    any_count: bool,
    /// Where the record starts.
    record: usize,
    /// Where the field starts.
    start: usize,
    /// The slot of the record's first field.
    slot: usize,
    /// The number of the field in its record.
    field: usize,
}

impl Cursor<'_> {
    fn run(&mut self) -> Stop {
        let Dialect {
            delimiter, quote, ..
        } = self.dialect;
        let marks = Marks::new([delimiter, b'\n', quote.unwrap_or(delimiter)]);
        let mut position = self.record;
        match self.comment() {
            Flow::Next => {}
            Flow::Jump(next) => position = next,
            Flow::Stop(stop) => return stop,
        }
        'blocks: while position < self.bytes.len() {
            let mut mask = marks.find(self.bytes, position);
            while mask != 0 {
                let at = position + mask.trailing_zeros() as usize;
                mask &= mask - 1;
                let byte = self.bytes[at];
                if byte == self.dialect.delimiter {
                    self.end_field(Span::new(self.start, at), at + 1);
                    continue;
                }
                let flow = if byte == b'\n' {
                    self.end_line(at)
                } else {
                    self.quoted(at)
                };
                match flow {
                    Flow::Next => {}
                    Flow::Jump(next) => {
                        position = next;
                        continue 'blocks;
                    }
                    Flow::Stop(stop) => return stop,
                }
            }
            position += BLOCK_BYTES;
        }
        Stop::More
    }

    #[inline]
    fn end_field(&mut self, span: Span, next: usize) {
        // A record with too many fields must not run into the next one; it is refused at its end.
        if self.field < self.fields
            && let Some(slot) = self.spans.get_mut(self.slot + self.field)
        {
            *slot = span;
        }
        self.field += 1;
        self.start = next;
    }

    /// Ends a line whose last value is not quoted.
    #[inline]
    fn end_line(&mut self, at: usize) -> Flow {
        let end = at - usize::from(at > self.start && self.bytes[at - 1] == b'\r');
        if self.field == 0 && end == self.record {
            return self.next_record(at + 1);
        }
        self.end_record(Span::new(self.start, end), at)
    }

    #[inline]
    fn end_record(&mut self, span: Span, at: usize) -> Flow {
        self.end_field(span, at + 1);
        let record = self.record;
        if at - record > RECORD_BYTES_MAX {
            return Flow::Stop(Stop::Lost {
                problem: Problem::TooLong,
                record,
                at,
            });
        }
        if self.field == self.fields || self.any_count && self.field < self.fields {
            self.slot += self.field;
            return match self.next_record(at + 1) {
                _ if self.any_count || self.slot == self.spans.len() => Flow::Stop(Stop::Full),
                flow => flow,
            };
        }
        Flow::Stop(Stop::Broken {
            problem: Problem::Fields(self.field),
            record,
            at,
            next: at + 1,
        })
    }

    #[inline]
    fn next_record(&mut self, at: usize) -> Flow {
        self.record = at;
        self.start = at;
        self.field = 0;
        self.comment()
    }

    /// Jumps over comments at the start of a record.
    #[inline]
    fn comment(&mut self) -> Flow {
        if self.dialect.comment.is_none() {
            Flow::Next
        } else {
            self.comments()
        }
    }

    fn comments(&mut self) -> Flow {
        let first = self.record;
        while self.bytes.get(self.record).copied() == self.dialect.comment
            && self.record < self.bytes.len()
        {
            match memchr(b'\n', &self.bytes[self.record..]) {
                Some(length) => self.record += length + 1,
                None => return Flow::Stop(Stop::More),
            }
        }
        self.start = self.record;
        if self.record == first {
            Flow::Next
        } else {
            Flow::Jump(self.record)
        }
    }

    /// Reads the value that a quote opens.
    fn quoted(&mut self, at: usize) -> Flow {
        let blank = self.dialect.trim
            && self.bytes[self.start..at]
                .iter()
                .all(|&byte| self.is_blank(byte));
        if at != self.start && !blank {
            return self.broken(Problem::StrayQuote, at);
        }
        let (close, escaped) = match self.closing_quote(at + 1) {
            Ok(found) => found,
            Err(stop) => return Flow::Stop(stop),
        };
        let mut next = close + 1;
        while self.dialect.trim
            && self
                .bytes
                .get(next)
                .is_some_and(|&byte| self.is_blank(byte))
        {
            next += 1;
        }
        if escaped {
            self.escaped.push(self.slot + self.field);
        }
        let span = Span::new(at + 1, close);
        match &self.bytes[next.min(self.bytes.len())..] {
            [] | [b'\r'] => Flow::Stop(Stop::More),
            [byte, ..] if *byte == self.dialect.delimiter => {
                self.end_field(span, next + 1);
                Flow::Jump(next + 1)
            }
            [b'\n', ..] => self.end_quoted(span, next),
            [b'\r', b'\n', ..] => self.end_quoted(span, next + 1),
            _ => self.broken(Problem::AfterQuote, next),
        }
    }

    fn end_quoted(&mut self, span: Span, newline: usize) -> Flow {
        match self.end_record(span, newline) {
            Flow::Next => Flow::Jump(newline + 1),
            flow => flow,
        }
    }

    /// The quote that closes a value, and whether there are escapes before it.
    fn closing_quote(&self, mut at: usize) -> Result<(usize, bool), Stop> {
        let Dialect {
            escape,
            newlines_in_values,
            ..
        } = self.dialect;
        let quote = self.dialect.quote.unwrap_or(b'"');
        let newline = if newlines_in_values { quote } else { b'\n' };
        let lost = |at| Stop::Lost {
            problem: Problem::Newline,
            record: self.record,
            at,
        };
        let mut escaped = false;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            at += memchr3(quote, escape.unwrap_or(quote), newline, rest).ok_or(Stop::More)?;
            let following = self.bytes.get(at + 1).copied();
            match self.bytes[at] {
                b'\n' => return Err(lost(at)),
                byte if byte == quote && following.is_none() => return Err(Stop::More),
                byte if byte == quote && following != Some(quote) => return Ok((at, escaped)),
                _ if following == Some(b'\n') && !newlines_in_values => return Err(lost(at + 1)),
                _ => escaped = true,
            }
            at += 2;
        }
    }

    fn broken(&self, problem: Problem, at: usize) -> Flow {
        let record = self.record;
        Flow::Stop(match memchr(b'\n', &self.bytes[at..]) {
            Some(length) => Stop::Broken {
                problem,
                record,
                at,
                next: at + length + 1,
            },
            None => Stop::More,
        })
    }

    fn is_blank(&self, byte: u8) -> bool {
        (byte == b' ' || byte == b'\t') && byte != self.dialect.delimiter
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Options;
    use serde_json::json;
    use sextant_plugin_sdk::testing::TestHost;

    /// The values of all records, and what was wrong with the others.
    fn read(
        text: &[u8],
        options: serde_json::Value,
        fields: usize,
        fill_bytes: usize,
    ) -> Vec<String> {
        let options = Options::new("t", &serde_json::from_value(options).unwrap()).unwrap();
        let host = TestHost::new()
            .entry("i", "e", text)
            .chunk_bytes(fill_bytes)
            .host();
        let entry = host.entries("i").unwrap().remove(0);
        let records = Records::new(host.read(&entry).unwrap(), options.dialect, 0).unwrap();
        let mut records = records.fill_bytes(fill_bytes);
        records.expect_fields(fields);
        let mut seen = Vec::new();
        loop {
            let after = records.advance(3);
            let group = records.group();
            for row in 0..if after.is_ok() { group.rows() } else { 0 } {
                let values = (0..fields).filter_map(|field| group.values(field).nth(row));
                let place = records.place(group.spans[row * fields].start as usize);
                let values: Vec<_> = values.map(String::from_utf8_lossy).collect();
                seen.push(format!("{place:?} {values:?}"));
            }
            match after {
                Ok(After::More) => {}
                Ok(After::Broken(error)) => seen.push(error.to_string()),
                Ok(After::End) => return seen,
                Err(error) => {
                    seen.push(error.to_string());
                    return seen;
                }
            }
        }
    }

    #[test]
    fn the_end_of_a_buffer_changes_nothing() {
        let text = "a,b\r\n\"c \"\"ж\"\",\",\"\\\"d\"\n\n#x\n#\"\n1\n2,3,4\n\"e\"f,\n\"\",g\"\r\n \"h\" ,\ti\n\r\nj,\"k\nl\"\nm,n\r\n\"o,";
        let bases = [
            json!({ "input": "i" }),
            json!({ "input": "i", "comment": "#", "escape": "\\", "trim": true }),
        ];
        for mut options in bases {
            for (quote, newlines) in [("\"", false), ("\"", true), ("", false)] {
                for encoding in ["utf-8", "windows-1251", "shift_jis"] {
                    options["quote"] = json!(quote);
                    options["newlines_in_values"] = json!(newlines);
                    options["encoding"] = json!(encoding);
                    if quote.is_empty() {
                        options["escape"] = json!("");
                    }
                    let (bytes, _, _) =
                        Options::new("t", &serde_json::from_value(options.clone()).unwrap())
                            .unwrap()
                            .dialect
                            .encoding
                            .encode(text);
                    let whole = read(&bytes, options.clone(), 2, 1000);
                    assert!(whole.len() > 6, "{whole:#?}");
                    for fill_bytes in 1..bytes.len() {
                        assert_eq!(
                            read(&bytes, options.clone(), 2, fill_bytes),
                            whole,
                            "{options} by {fill_bytes}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn records_and_places() {
        let text = "a,b\n\"c\"\"ж\",d\n1\n\"e\nf\",g\nh,i";
        let options =
            json!({ "input": "i", "encoding": "windows-1251", "newlines_in_values": true });
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(text);
        assert_eq!(
            read(&bytes, options, 2, 1000),
            [
                "Some(0) [\"a\", \"b\"]",
                "Some(5) [\"c\\\"ж\", \"d\"]",
                "i/e, record 3, byte 13: expected 2 fields, found 1 in \"1\"",
                "Some(16) [\"e\\nf\", \"g\"]",
                "Some(23) [\"h\", \"i\"]",
            ]
        );
    }
}
