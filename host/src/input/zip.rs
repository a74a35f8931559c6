//! Zip archives (PKWARE's APPNOTE.TXT 6.3.10): which members there are, and the bytes of one.
//!
//! A member is a place in a file, a size and a method, so it is read where it lies, by the decoders
//! that all inputs have, and a name in an archive is a name and nothing else: no path is made of it.
//! Of the directory only the members that are wanted are kept, whatever it says of its own length.
//! The crates for zip keep all of it in memory without a bound that the caller sets, and lend members
//! of a borrowed archive; what is needed here of the format is three records.
//!
//! Refused: archives in several parts or with something before or after them, members that overlap
//! (the trick of zip bombs that need no nesting), encryption, and links.

use super::compression::Compression;
use super::{ByteStream, check_entries, shown_name};
use crate::error::{Error, Result};
use crate::limits::Limits;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// The record that ends an archive and says where its directory is.
const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;

/// What may stand behind that record.
const COMMENT_BYTES_MAX: usize = 65_535;

/// Before that record, where the record is that ends an archive with larger numbers.
const WIDE_LOCATOR: &[u8] = b"PK\x06\x07";
const WIDE_LOCATOR_BYTES: usize = 20;

/// The record that ends an archive with larger numbers.
const WIDE_END: &[u8] = b"PK\x06\x06";
const WIDE_END_BYTES: usize = 56;

/// A member in the directory.
const HEADER: &[u8] = b"PK\x01\x02";
const HEADER_BYTES: usize = 46;

/// What stands before the bytes of a member.
const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
const LOCAL_HEADER_BYTES: usize = 30;

/// The extra field with numbers of more than 32 bits.
const WIDE_NUMBERS: u64 = 1;

/// What a byte from 128 on means in a name that is not UTF-8 (APPNOTE.TXT, appendix D).
const CODE_PAGE_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// Whether bytes begin as an archive with members does.
pub(super) fn is_archive(mut bytes: impl Read) -> bool {
    array(&mut bytes).is_ok_and(|head: [u8; LOCAL_HEADER.len()]| head == LOCAL_HEADER)
}

/// A member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// The name in the archive, as it can be shown. Never a path.
    pub(super) name: String,
    /// Decompressed bytes, as the directory says; a stream that has others is an error.
    pub(super) bytes: u64,
    /// How many bytes it has in the archive.
    pub(super) packed_bytes: u64,
    /// Where it starts.
    pub(super) start: u64,
    checksum: u32,
    method: Method,
}

/// How the bytes of a member are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Method {
    Stored,
    Compressed(Compression),
    /// They are not, for this reason.
    Refused(String),
}

/// The members of an archive that are wanted, in the order of its directory. Folders are none.
///
/// # Errors
///
/// Data where the archive is broken, limit where its directory is too long or too many are wanted.
pub(super) fn members(
    archive: &mut (impl Read + Seek),
    limits: &Limits,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Member>> {
    let directory = Directory::find(archive)?;
    let limit = limits.input_directory_bytes_max;
    if directory.bytes > limit {
        return Err(Error::over_limit(
            "bytes of the archive's directory",
            directory.bytes,
            limit,
            "input_directory_bytes_max",
        ));
    }
    archive.seek(SeekFrom::Start(directory.start))?;
    let mut headers = BufReader::new(archive.by_ref().take(directory.bytes));
    let (mut members, mut packed_bytes) = (Vec::new(), 0_u64);
    // The directory's own count is not needed, and cannot lie then.
    while !headers.fill_buf()?.is_empty() {
        let member = Member::read(&mut headers)?;
        packed_bytes = packed_bytes.saturating_add(member.packed_bytes);
        if packed_bytes > directory.start || member.end() > directory.start {
            return Err(broken("its members overlap, or lie outside of it"));
        }
        if !member.name.ends_with('/') && is_wanted(&member.name) {
            check_entries(members.len() + 1, limits)?;
            members.push(member);
        }
    }
    Ok(members)
}

/// Where the directory of an archive is.
struct Directory {
    start: u64,
    bytes: u64,
}

impl Directory {
    fn find(archive: &mut (impl Read + Seek)) -> Result<Self> {
        let length = archive.seek(SeekFrom::End(0))?;
        let tail_bytes = (WIDE_LOCATOR_BYTES + END_BYTES + COMMENT_BYTES_MAX) as u64;
        let tail_start = length.saturating_sub(tail_bytes);
        archive.seek(SeekFrom::Start(tail_start))?;
        let mut tail = Vec::new();
        archive.by_ref().take(tail_bytes).read_to_end(&mut tail)?;
        let places = 0..(tail.len() + 1).saturating_sub(END_BYTES);
        let is_end = |&at: &usize| {
            let comment_bytes = || number(&tail, at + 20, 2) as usize;
            tail[at..].starts_with(END) && at + END_BYTES + comment_bytes() == tail.len()
        };
        let end = places.rev().find(is_end).ok_or_else(|| {
            broken("it does not end with a directory").with_hint("it may be cut off")
        })?;
        let field = |at: usize, width: usize| number(&tail, end + at, width);
        if [field(4, 2), field(6, 2)]
            .iter()
            .any(|&part| part != 0 && part != 0xffff)
        {
            return Err(broken("it is one part of several"));
        }
        let locator = end.checked_sub(WIDE_LOCATOR_BYTES).map(|at| &tail[at..end]);
        let directory = match locator.filter(|locator| locator.starts_with(WIDE_LOCATOR)) {
            Some(locator) => Self::find_wide(archive, number(locator, 8, 8))?,
            None => Self {
                start: field(16, 4),
                bytes: field(12, 4),
            },
        };
        let directory_end = directory.start.checked_add(directory.bytes);
        match directory_end.is_some_and(|stop| stop <= tail_start + end as u64) {
            true => Ok(directory),
            false => Err(broken("its directory lies outside of it")),
        }
    }

    fn find_wide(archive: &mut (impl Read + Seek), at: u64) -> Result<Self> {
        archive.seek(SeekFrom::Start(at)).map_err(unreadable)?;
        let end: [u8; WIDE_END_BYTES] = array(archive)?;
        match end.starts_with(WIDE_END) {
            true => Ok(Self {
                start: number(&end, 48, 8),
                bytes: number(&end, 40, 8),
            }),
            false => Err(broken("its directory is not where it says")),
        }
    }
}

impl Member {
    /// Reads the next header of a directory.
    fn read(headers: &mut impl Read) -> Result<Self> {
        let header: [u8; HEADER_BYTES] = array(headers)?;
        if !header.starts_with(HEADER) {
            return Err(broken("its directory is garbled"));
        }
        let field = |at, width| number(&header, at, width);
        let name = bytes(headers, field(28, 2))?;
        let extra = bytes(headers, field(30, 2))?;
        let _comment = bytes(headers, field(32, 2))?;
        let narrow = [field(24, 4), field(20, 4), field(42, 4)];
        let [size, packed_bytes, start] = widen(narrow, &extra)?;
        let method = Method::new(field(10, 2), field(8, 2), field(4, 2), field(38, 4));
        if method == Method::Stored && size != packed_bytes {
            return Err(broken("a stored member has two sizes"));
        }
        Ok(Self {
            name: shown_name(&text(name)),
            bytes: size,
            packed_bytes,
            start,
            checksum: field(16, 4) as u32,
            method,
        })
    }

    /// Whether its bytes stand in the archive as they are.
    pub(super) fn is_stored(&self) -> bool {
        self.method == Method::Stored
    }

    /// Where it ends at the earliest.
    fn end(&self) -> u64 {
        self.start
            .saturating_add(LOCAL_HEADER_BYTES as u64)
            .saturating_add(self.packed_bytes)
    }

    /// Its bytes from `start` on, decompressed. `start` is 0 unless the member is stored.
    pub(super) fn read_from(
        &self,
        mut archive: impl Read + Seek + Send + 'static,
        start: u64,
        memory_bytes_max: u64,
    ) -> Result<ByteStream> {
        archive.seek(SeekFrom::Start(self.start))?;
        let header: [u8; LOCAL_HEADER_BYTES] = array(&mut archive)?;
        if !header.starts_with(LOCAL_HEADER) {
            return Err(broken("the member is not where its directory says"));
        }
        let name_and_extra = number(&header, 26, 2) + number(&header, 28, 2);
        let start = start.min(self.packed_bytes);
        let place = self.start + LOCAL_HEADER_BYTES as u64 + name_and_extra + start;
        archive.seek(SeekFrom::Start(place))?;
        let packed: ByteStream = Box::new(archive.take(self.packed_bytes - start));
        let reader = match &self.method {
            Method::Stored => packed,
            Method::Compressed(compression) => compression.decode(packed, memory_bytes_max)?,
            Method::Refused(reason) => {
                return Err(Error::data(format!("the member cannot be read: {reason}"))
                    .with_hint("pack it again, with deflate and without a password"));
            }
        };
        // What is left out at the start cannot be checked.
        Ok(match start {
            0 => Box::new(Checked {
                reader,
                bytes_left: self.bytes,
                checksum: self.checksum,
                seen: flate2::Crc::new(),
            }),
            _ => reader,
        })
    }
}

impl Method {
    /// From the fields of a header: method, flags, version made by, and external attributes.
    fn new(method: u64, flags: u64, made_by: u64, attributes: u64) -> Self {
        // The upper half of the attributes is a mode where Unix made them.
        let is_link = made_by >> 8 == 3 && (attributes >> 16) & 0o170000 == 0o120000;
        match method {
            _ if flags & 1 != 0 => Self::Refused("it is encrypted".to_owned()),
            _ if is_link => Self::Refused("it is a symbolic link".to_owned()),
            0 => Self::Stored,
            8 => Self::Compressed(Compression::Deflate),
            12 => Self::Compressed(Compression::Bzip2),
            93 => Self::Compressed(Compression::Zstd),
            95 => Self::Compressed(Compression::Xz),
            other => Self::Refused(format!("compression method {other} is not supported")),
        }
    }
}

/// A member that ends with an error where it is not what the directory says.
struct Checked {
    reader: ByteStream,
    bytes_left: u64,
    checksum: u32,
    seen: flate2::Crc,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.seen.update(&buffer[..count]);
        let left = self.bytes_left.checked_sub(count as u64);
        self.bytes_left = left.ok_or_else(|| {
            io::Error::other(broken("the member is longer than its directory says"))
        })?;
        let is_at_end = count == 0 && !buffer.is_empty();
        match (is_at_end, self.bytes_left) {
            (true, 0) if self.seen.sum() != self.checksum => Err(io::Error::other(broken(
                "the member's checksum does not fit its bytes",
            ))),
            (true, left @ 1..) => Err(io::Error::other(broken(format!(
                "the member ends {left} bytes before its directory says"
            )))),
            _ => Ok(count),
        }
    }
}

/// Numbers that do not fit into 32 bits stand in an extra field: those alone, one after the other.
fn widen<const N: usize>(mut numbers: [u64; N], extra: &[u8]) -> Result<[u64; N]> {
    let mut wide = extra_field(extra, WIDE_NUMBERS).chunks_exact(8);
    for value in &mut numbers {
        if *value == u64::from(u32::MAX) {
            let found = wide.next().map(|bytes| number(bytes, 0, 8));
            *value = found.ok_or_else(|| broken("its directory leaves out a large number"))?;
        }
    }
    Ok(numbers)
}

fn extra_field(mut extra: &[u8], wanted: u64) -> &[u8] {
    while let Some((head, rest)) = extra.split_first_chunk::<4>() {
        let length = (number(head, 2, 2) as usize).min(rest.len());
        let (field, next) = rest.split_at(length);
        if number(head, 0, 2) == wanted {
            return field;
        }
        extra = next;
    }
    &[]
}

/// A name as text: UTF-8, which most programs write whether they say so or not, else code page 437.
fn text(name: Vec<u8>) -> String {
    String::from_utf8(name).unwrap_or_else(|error| {
        let upper: Vec<_> = CODE_PAGE_437.chars().collect();
        let character = |&byte: &u8| match byte.checked_sub(128) {
            Some(place) => upper[usize::from(place)],
            None => char::from(byte),
        };
        error.as_bytes().iter().map(character).collect()
    })
}

/// A little-endian number of so many bytes.
fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    let bytes = bytes[at..at + width].iter().rev();
    bytes.fold(0, |value, &byte| (value << 8) | u64::from(byte))
}

fn array<const N: usize>(reader: &mut impl Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn bytes(reader: &mut impl Read, count: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![0; count as usize];
    reader.read_exact(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn unreadable(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => broken("it ends too soon"),
        io::ErrorKind::InvalidInput => broken("it has a place that no file has"),
        _ => Error::from(error),
    }
}

fn broken(why: impl fmt::Display) -> Error {
    Error::data(format!("broken zip: {why}"))
}
