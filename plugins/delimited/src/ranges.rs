//! Parts of a table that are read independently: whole entries and ranges of entries.
//!
//! A range starts where a record starts, so that its reader needs nothing from before it. That place
//! is found by reading on to the next newline, which is right only where no value contains one:
//! entries whose values may are not split, and elsewhere a value that does is an error (see
//! [`records`](crate::records)).

use crate::config::{Dialect, Options};
use crate::feed::{Offsets, offsets};
use crate::records::RECORD_BYTES_MAX;
use encoding_rs::Encoding;
use memchr::memchr;
use serde::{Deserialize, Serialize};
use sextant_plugin_sdk::{Entry, Error, Host, InputReader, Partition, Result};
use std::io::BufRead;

/// Smaller ranges cost more to start than they gain.
pub(crate) const RANGE_BYTES_MIN: u64 = 1024 * 1024;

/// What an entry of unknown size is taken for when parts are made alike.
const UNKNOWN_BYTES: u64 = 8 * 1024 * 1024;

/// A range of an entry.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Range {
    /// The entry's name in its input.
    pub(crate) entry: String,
    /// The first byte.
    pub(crate) start: u64,
    /// How many bytes; to the end of the entry without it.
    pub(crate) length: Option<u64>,
    /// The encoding that a byte order mark at the start of the entry tells.
    pub(crate) encoding: Option<String>,
}

impl Range {
    fn bytes(&self, entry: &Entry) -> u64 {
        self.length
            .or(entry.size.map(|size| size - self.start))
            .unwrap_or(UNKNOWN_BYTES)
    }

    /// The dialect with the encoding of the entry.
    pub(crate) fn dialect(&self, mut dialect: Dialect) -> Result<Dialect> {
        if let Some(label) = &self.encoding {
            let encoding = Encoding::for_label(label.as_bytes());
            dialect.encoding =
                encoding.ok_or_else(|| Error::internal(format!("no encoding {label:?}")))?;
        }
        Ok(dialect)
    }
}

/// Splits a table into about so many parts.
pub(crate) fn split(
    host: &Host,
    options: &Options,
    parts: usize,
    range_bytes_min: u64,
) -> Result<Vec<Partition>> {
    let entries = host.entries(&options.input)?;
    let total: u64 = entries
        .iter()
        .map(|entry| entry.size.unwrap_or(UNKNOWN_BYTES))
        .sum();
    let target = total
        .div_ceil(parts.max(1) as u64)
        .max(range_bytes_min)
        .max(1);
    let (mut partitions, mut ranges, mut bytes) = (Vec::new(), Vec::new(), 0);
    for entry in &entries {
        for range in cut(host, &options.dialect, entry, target)? {
            let more = range.bytes(entry);
            // A part is full where the next range would carry it further past its target than it
            // falls short of it now.
            if !ranges.is_empty() && bytes + more / 2 > target {
                partitions.push(token(&std::mem::take(&mut ranges))?);
                bytes = 0;
            }
            bytes += more;
            ranges.push(range);
        }
    }
    if !ranges.is_empty() {
        partitions.push(token(&ranges)?);
    }
    Ok(partitions)
}

/// The ranges that a part stands for.
pub(crate) fn ranges(partition: &[u8]) -> Result<Vec<Range>> {
    serde_json::from_slice(partition)
        .map_err(|error| Error::internal(format!("a partition of another kind: {error}")))
}

fn token(ranges: &[Range]) -> Result<Partition> {
    serde_json::to_vec(ranges).map_err(|error| Error::internal(error.to_string()))
}

/// Cuts an entry into ranges of about so many bytes, where it can be cut.
fn cut(host: &Host, dialect: &Dialect, entry: &Entry, target: u64) -> Result<Vec<Range>> {
    let size = entry
        .size
        .filter(|_| entry.seekable && !dialect.newlines_in_values)
        .unwrap_or(0);
    let count = size.div_ceil(target);
    let whole = Range {
        entry: entry.name.clone(),
        start: 0,
        length: None,
        encoding: None,
    };
    if count < 2 {
        return Ok(vec![whole]);
    }
    let marked = marked_encoding(host.read_range(entry, 0, Some(3))?)?;
    if offsets(marked.unwrap_or(dialect.encoding)) == Offsets::Unknown {
        return Ok(vec![whole]);
    }
    let mut cuts = vec![0];
    for i in 1..count {
        // The product of two sizes may not fit into 64 bits.
        let wanted = (u128::from(size) * u128::from(i) / u128::from(count)) as u64;
        let last = cuts.last().copied().unwrap_or(0);
        if wanted > last
            && let Some(cut) = next_line(host, entry, wanted)?
            && cut > last
            && cut < size
        {
            cuts.push(cut);
        }
    }
    let encoding = marked.map(|encoding| encoding.name().to_owned());
    let ends = cuts.iter().skip(1).map(|&cut| Some(cut)).chain([None]);
    Ok(cuts
        .iter()
        .zip(ends)
        .map(|(&start, end)| Range {
            start,
            length: end.map(|end| end - start),
            encoding: encoding.clone(),
            ..whole.clone()
        })
        .collect())
}

fn marked_encoding(mut reader: InputReader) -> Result<Option<&'static Encoding>> {
    let mut head = Vec::new();
    while head.len() < 3 {
        let Some(&byte) = reader.fill_buf()?.first() else {
            break;
        };
        head.push(byte);
        reader.consume(1);
    }
    Ok(Encoding::for_bom(&head).map(|(encoding, _)| encoding))
}

/// Where the first line starts that starts at or after a byte; none where no line ends within the
/// length of the longest record.
fn next_line(host: &Host, entry: &Entry, byte: u64) -> Result<Option<u64>> {
    let mut reader = host.read_range(entry, byte - 1, None)?;
    let mut position = byte - 1;
    while position < byte + RECORD_BYTES_MAX as u64 {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            break;
        }
        if let Some(found) = memchr(b'\n', chunk) {
            return Ok(Some(position + found as u64 + 1));
        }
        let length = chunk.len();
        position += length as u64;
        reader.consume(length);
    }
    Ok(None)
}
