//! A scan of one part: the server's stream of rows becomes batches (PostgreSQL documentation, "COPY",
//! "Binary Format").
//!
//! A row lies whole in a message of the server, and each of its fields goes straight into the column it
//! belongs to. The stream has an end of its own: one that stops before it is an error, whatever was read.

use crate::catalog::Relation;
use crate::config::Infinity;
use crate::session::Session;
use crate::values::Values;
use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use sextant_plugin_sdk::{Error, Host, Request, Result};
use std::sync::Arc;

/// Bytes of a batch as the server sent them, about: long values make short batches.
const BATCH_BYTES: usize = 8 << 20;
/// Bytes that a field takes at the least, which is its length.
const FIELD_BYTES_MIN: usize = 4;
/// What a stream begins with.
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// Flags without which a stream cannot be read.
const CRITICAL_FLAGS: u32 = 0xffff_0000;
/// The number of fields of what is no row but the end.
const END: i16 = -1;

/// The batches of a part.
pub(crate) struct Scan {
    host: Host,
    /// None once it has ended.
    session: Option<Session>,
    /// Why it ended before the stream did: told after the rows that came before.
    failure: Option<Error>,
    rows: Rows,
    schema: SchemaRef,
    batch_rows: usize,
    /// How many rows a batch can have at all, for which room is made.
    room: usize,
    /// The relation's name, in warnings and as the place of errors.
    relation: String,
    has_warned: bool,
}

impl Scan {
    /// Starts the stream that a statement gives: the columns of a request.
    pub(crate) fn start(
        host: &Host,
        mut session: Session,
        relation: &Relation,
        request: &Request,
        infinity: Infinity,
        sql: &str,
    ) -> Result<Self> {
        session.start_copy(sql)?;
        let schema = request.project(&relation.schema());
        let batch_rows = request.batch_rows.max(1);
        let row_bytes_min = FIELD_BYTES_MIN * request.columns.len().max(1);
        let room = batch_rows.min(BATCH_BYTES / row_bytes_min);
        let columns = request.columns.iter().map(|&column| {
            let column = &relation.columns[column];
            Collected {
                name: column.field.name().clone(),
                values: Values::new(column.kind, column.is_list, infinity, room),
            }
        });
        Ok(Self {
            host: host.clone(),
            session: Some(session),
            failure: None,
            rows: Rows::new(columns.collect()),
            schema,
            batch_rows,
            room,
            relation: relation.full_name(),
            has_warned: false,
        })
    }

    /// Collects rows until a batch is full or the stream has ended, as it may with a failure.
    ///
    /// # Errors
    ///
    /// Where a row cannot be taken. It may then be in some columns and not in others.
    fn fill(&mut self) -> Result<()> {
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        while self.rows.count < self.batch_rows && self.rows.bytes < BATCH_BYTES {
            let bytes = match session.copied() {
                Ok(Some(bytes)) => bytes,
                Ok(None) => {
                    if let Some(session) = self.session.take() {
                        session.close();
                    }
                    self.failure = self.rows.check_end().err();
                    return Ok(());
                }
                Err(error) => {
                    self.failure = Some(error.at_record(self.rows.next_record()));
                    self.session = None;
                    return Ok(());
                }
            };
            self.rows.take(bytes).map_err(|error| {
                error
                    .in_input(self.relation.as_str())
                    .at_record(self.rows.next_record())
            })?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<RecordBatch> {
        self.warn();
        let (rows, first) = (self.rows.count, self.rows.done + 1);
        let arrays = self
            .rows
            .columns
            .iter_mut()
            .map(|Collected { name, values }| {
                let array = values.finish(Some(first), self.room);
                array.map_err(|error| {
                    error
                        .in_input(self.relation.as_str())
                        .in_field(name.as_str())
                })
            });
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        self.rows.begin_batch();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = Arc::clone(&self.schema);
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
    }

    /// Says once that infinite values became nulls.
    fn warn(&mut self) {
        let columns = self.rows.columns.iter();
        let infinite = columns.filter(|column| column.values.took_infinite());
        let names: Vec<_> = infinite.map(|column| column.name.as_str()).collect();
        if !names.is_empty() && !self.has_warned {
            self.host.warning(&format!(
                "{}: infinite values are given as nulls ({})",
                self.relation,
                names.join(", ")
            ));
            self.has_warned = true;
        }
    }
}

impl Iterator for Scan {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.fill() {
            self.session = None;
            self.rows.begin_batch();
            return Some(Err(error));
        }
        match self.rows.count {
            0 => self.failure.take().map(Err),
            _ => Some(self.finish()),
        }
    }
}

/// A column of the batches.
struct Collected {
    name: String,
    values: Values,
}

/// The rows of a batch.
struct Rows {
    columns: Vec<Collected>,
    count: usize,
    bytes: usize,
    /// Rows of batches before.
    done: u64,
    has_begun: bool,
    has_ended: bool,
}

impl Rows {
    fn new(columns: Vec<Collected>) -> Self {
        Self {
            columns,
            count: 0,
            bytes: 0,
            done: 0,
            has_begun: false,
            has_ended: false,
        }
    }

    fn begin_batch(&mut self) {
        self.done += self.count as u64;
        self.count = 0;
        self.bytes = 0;
    }

    fn next_record(&self) -> u64 {
        self.done + self.count as u64 + 1
    }

    /// Adds the rows of a message: one, as the server has it, with what begins a stream before the first.
    #[inline]
    fn take(&mut self, message: &[u8]) -> Result<()> {
        self.bytes += message.len();
        let mut rest = message;
        if !self.has_begun {
            rest = after_header(rest)?;
            self.has_begun = true;
        }
        while !rest.is_empty() {
            rest = self.row(rest)?;
        }
        Ok(())
    }

    /// Adds a row, and gives what comes after it.
    #[inline]
    fn row<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8]> {
        let (fields, mut rest) = bytes.split_first_chunk::<2>().ok_or_else(cut)?;
        let fields = i16::from_be_bytes(*fields);
        if self.has_ended || usize::try_from(fields) != Ok(self.columns.len()) {
            return self.end(fields, rest);
        }
        for Collected { name, values } in &mut self.columns {
            let (length, after) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
            rest = match i32::from_be_bytes(*length) {
                -1 => {
                    values.push_null();
                    after
                }
                length => {
                    let length = usize::try_from(length).map_err(|_| cut())?;
                    let (value, after) = after.split_at_checked(length).ok_or_else(cut)?;
                    let pushed = values.push(value);
                    pushed.map_err(|error| error.in_field(name.as_str()))?;
                    after
                }
            };
        }
        self.count += 1;
        Ok(rest)
    }

    /// Takes what has another number of fields than a row, which is the end.
    fn end<'a>(&mut self, fields: i16, rest: &'a [u8]) -> Result<&'a [u8]> {
        if fields != END || self.has_ended || !rest.is_empty() {
            let message = format!(
                "expected a row of {} fields, found one of {fields}",
                self.columns.len()
            );
            return Err(Error::invalid_data(message));
        }
        self.has_ended = true;
        Ok(rest)
    }

    fn check_end(&self) -> Result<()> {
        match self.has_ended {
            true => Ok(()),
            false => Err(Error::invalid_data(
                "expected the end of the rows, found that they just stop",
            )),
        }
    }
}

fn cut() -> Error {
    Error::invalid_data("expected a whole row, found one that ends too soon")
}

/// Checks what begins a stream: a signature, flags, and something of a given length that may be skipped.
fn after_header(bytes: &[u8]) -> Result<&[u8]> {
    let broken = || Error::invalid_data("expected rows in binary, found other bytes");
    let rest = bytes.strip_prefix(SIGNATURE).ok_or_else(broken)?;
    let (flags, rest) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
    if u32::from_be_bytes(*flags) & CRITICAL_FLAGS != 0 {
        return Err(broken());
    }
    let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| broken())?;
    rest.get(length..).ok_or_else(broken)
}

/// Batches of so many rows without columns.
pub(crate) fn counted(
    schema: &SchemaRef,
    rows: u64,
    batch_rows: usize,
) -> impl Iterator<Item = Result<RecordBatch>> + use<> {
    let schema = Arc::clone(schema);
    let mut left = rows;
    let batch_rows = batch_rows.max(1);
    std::iter::from_fn(move || {
        let rows = usize::try_from(left).unwrap_or(usize::MAX).min(batch_rows);
        left -= rows as u64;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), Vec::new(), &options);
        (rows > 0).then(|| batch.map_err(Error::from))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Kind;
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int32Type;
    use arrow_schema::Schema;

    /// A header, and then an extension of two bytes.
    const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\x01\0\0\0\x02xx";

    fn rows() -> Rows {
        let column = |name: &str, kind| Collected {
            name: name.to_owned(),
            values: Values::new(kind, false, Infinity::Error, 8),
        };
        Rows::new(vec![column("n", Kind::Int32), column("t", Kind::Text)])
    }

    fn row(number: i32, text: Option<&str>) -> Vec<u8> {
        let mut row = vec![0, 2, 0, 0, 0, 4];
        row.extend(number.to_be_bytes());
        match text {
            Some(text) => {
                row.extend((text.len() as i32).to_be_bytes());
                row.extend(text.as_bytes());
            }
            None => row.extend((-1_i32).to_be_bytes()),
        }
        row
    }

    fn failure(messages: &[&[u8]]) -> String {
        let mut rows = rows();
        let taken = messages.iter().try_for_each(|message| rows.take(message));
        taken.unwrap_err().to_string()
    }

    #[test]
    fn a_stream_has_a_header_rows_and_an_end() {
        let (one, two) = (row(1, Some("a")), row(2, None));
        // A message for each, as the server does it; all in one; and the header alone.
        let whole = [HEADER, &one, &two, &[0xff, 0xff]];
        let first = [HEADER, &one].concat();
        let all = whole.concat();
        for messages in [
            vec![&first[..], &two, &[0xff, 0xff]],
            vec![&all[..]],
            whole.to_vec(),
        ] {
            let mut rows = rows();
            for message in messages {
                assert!(!rows.has_ended);
                rows.take(message).unwrap();
            }
            rows.check_end().unwrap();
            assert_eq!(rows.count, 2);
            let numbers = rows.columns[0].values.finish(None, 8).unwrap();
            assert_eq!(numbers.as_primitive::<Int32Type>().values(), &[1, 2]);
            let texts = rows.columns[1].values.finish(None, 8).unwrap();
            assert_eq!(texts.as_string::<i32>().value(0), "a");
            assert!(texts.is_null(1));
        }
    }

    #[test]
    fn a_broken_stream_is_an_error() {
        let one = row(1, Some("abc"));
        for length in 2..one.len() {
            assert_eq!(
                failure(&[HEADER, &one[..length]]),
                "expected a whole row, found one that ends too soon"
            );
        }
        let end = [0xff, 0xff];
        for (messages, expected) in [
            (vec![&b"COPY"[..]], "expected rows in binary"),
            (vec![&HEADER[..20]], "expected rows in binary"),
            (
                vec![HEADER, &[0, 3]],
                "expected a row of 2 fields, found one of 3",
            ),
            (
                vec![HEADER, &end, &one],
                "expected a row of 2 fields, found one of 2",
            ),
            (
                vec![HEADER, &end, &end],
                "expected a row of 2 fields, found one of -1",
            ),
        ] {
            let error = failure(&messages);
            assert!(error.contains(expected), "{error}");
        }
        let mut long = one.clone();
        long[5] = 5;
        let error = failure(&[HEADER, &long]);
        assert_eq!(error, "field \"n\": expected a value of 4 bytes, found 5");
        let mut critical = HEADER.to_vec();
        critical[11] = 1;
        assert!(failure(&[critical.as_slice()]).contains("expected rows in binary"));
        let mut rows = rows();
        rows.take(&[HEADER, &one].concat()).unwrap();
        let error = rows.check_end().unwrap_err().to_string();
        assert!(error.contains("they just stop"), "{error}");
    }

    #[test]
    fn counted_rows_have_no_columns() {
        let schema: SchemaRef = Arc::new(Schema::empty());
        let count = |rows| {
            let batches = counted(&schema, rows, 4);
            let sizes = batches.map(|batch| batch.unwrap().num_rows());
            sizes.collect::<Vec<_>>()
        };
        assert_eq!(count(9), [4, 4, 1]);
        assert_eq!(count(0), Vec::<usize>::new());
    }
}
