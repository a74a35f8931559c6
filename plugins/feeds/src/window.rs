//! The bytes of the record at hand, as they stand in the file. The SDK's XML gives texts apart from the
//! elements between them: enough for records, but not for entries, where XHTML is content. It is looked
//! up here. Where there is none, nothing is copied but what is wanted beyond the end of a chunk.

use crate::opened::Opened;
use encoding_rs::{Encoding, UTF_8};
use memchr::memmem;
use sextant_plugin_sdk::host::ReadChunk;
use sextant_plugin_sdk::{InputReader, Result};
use std::cell::RefCell;
use std::io::BufRead;
use std::mem;
use std::ops::Range;
use std::rc::Rc;

/// The latest bytes of a file; clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Window(Rc<RefCell<File>>);

/// A file, and what of it was seen.
#[derive(Debug)]
struct File {
    /// Holds the latest chunk until the next one is read, or something is asked of it.
    input: InputReader,
    /// Bytes of the latest chunk, while it is in the input alone.
    latest_bytes: usize,
    /// What comes before the latest chunk, or ends with it.
    seen: Seen,
}

#[derive(Debug)]
struct Seen {
    bytes: Vec<u8>,
    /// Where in the file they begin.
    start: u64,
    /// What comes before this byte of the file is of no use any more.
    wanted: u64,
    bytes_max: usize,
    encoding: &'static Encoding,
}

impl Window {
    /// A window onto what is read of a file of XML: the latest bytes, up to a maximum, and the reader that
    /// they are to be read from.
    pub(crate) fn over(opened: Opened, bytes_max: usize) -> (Self, InputReader) {
        let encoding = declared_encoding(opened.head()).unwrap_or(UTF_8);
        let (start, input) = opened.into_parts();
        let name = input.name().to_owned();
        let window = Self(Rc::new(RefCell::new(File {
            input,
            latest_bytes: 0,
            seen: Seen {
                bytes: start.clone(),
                start: 0,
                wanted: 0,
                bytes_max,
                encoding,
            },
        })));
        let tee = Tee {
            start,
            window: window.clone(),
        };
        (window, InputReader::new(name, tee))
    }

    /// Says that nothing will be asked that stands before a byte of the file.
    pub(crate) fn forget_before(&self, byte: u64) {
        self.0.borrow_mut().seen.wanted = byte;
    }

    /// What stands between the tags of the element that begins at a byte.
    pub(crate) fn inside(&self, byte: u64) -> Option<String> {
        let mut file = self.0.borrow_mut();
        file.take_latest().ok()?;
        let seen = &file.seen;
        let bytes = seen.since(byte);
        let inside = inside(bytes)?;
        let (text, _) = seen.encoding.decode_without_bom_handling(&bytes[inside]);
        Some(text.trim().to_owned())
    }
}

impl File {
    /// Reads the next chunk. It is empty at the end.
    fn next_chunk(&mut self, max: u32) -> Result<Vec<u8>> {
        self.take_latest()?;
        let available = self.input.fill_buf()?;
        let chunk = available[..available.len().min(max as usize)].to_vec();
        self.latest_bytes = chunk.len();
        Ok(chunk)
    }

    /// Takes what is wanted of the latest chunk out of the input.
    fn take_latest(&mut self) -> Result<()> {
        if self.latest_bytes > 0 {
            let available = self.input.fill_buf()?;
            self.seen.add_wanted(&available[..self.latest_bytes]);
            self.input.consume(self.latest_bytes);
            self.latest_bytes = 0;
        }
        Ok(())
    }
}

impl Seen {
    fn since(&self, byte: u64) -> &[u8] {
        let from = byte.checked_sub(self.start).map(usize::try_from);
        match from {
            Some(Ok(from)) => self.bytes.get(from..).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Adds what is wanted of a chunk.
    fn add_wanted(&mut self, chunk: &[u8]) {
        let end = self.start + self.bytes.len() as u64;
        let behind = usize::try_from(self.wanted.saturating_sub(end));
        let behind = behind.unwrap_or(usize::MAX).min(chunk.len());
        if behind > 0 {
            // Whatever comes before the chunk is not wanted either.
            self.bytes.clear();
            self.start = end + behind as u64;
        }
        self.add(&chunk[behind..]);
    }

    fn add(&mut self, chunk: &[u8]) {
        let behind = usize::try_from(self.wanted.saturating_sub(self.start));
        let beyond = (self.bytes.len() + chunk.len()).saturating_sub(self.bytes_max);
        let dropped = behind.unwrap_or(usize::MAX).max(beyond);
        let dropped = dropped.min(self.bytes.len());
        self.bytes.drain(..dropped);
        self.start += dropped as u64;
        self.bytes.extend_from_slice(chunk);
    }
}

/// Reads, and leaves what was read in the window.
struct Tee {
    /// What is left of the file's start, which is in the window already.
    start: Vec<u8>,
    window: Window,
}

impl ReadChunk for Tee {
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>> {
        if self.start.is_empty() {
            return self.window.0.borrow_mut().next_chunk(max);
        }
        let left = self.start.split_off(self.start.len().min(max as usize));
        Ok(mem::replace(&mut self.start, left))
    }
}

/// The encoding that a file's declaration names.
fn declared_encoding(head: &[u8]) -> Option<&'static Encoding> {
    let declaration = head.trim_ascii_start().strip_prefix(b"<?xml")?;
    let declaration = &declaration[..memmem::find(declaration, b"?>")?];
    let named = memmem::find(declaration, b"encoding")? + b"encoding".len();
    let label = declaration[named..].trim_ascii_start().strip_prefix(b"=")?;
    let (&quote, label) = label.trim_ascii_start().split_first()?;
    let end = memchr::memchr(quote, label)?;
    Encoding::for_label(&label[..end])
}

/// A piece of markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Open,
    Close,
    /// An element that its one tag opens and closes.
    Empty,
    /// A comment and the like.
    Aside,
}

/// What lies between the tags of the element that the bytes begin with. They were found to be
/// well-formed before.
fn inside(bytes: &[u8]) -> Option<Range<usize>> {
    let (mut at, mut depth, mut start) = (0, 0_usize, 0);
    loop {
        let found = at + memchr::memchr(b'<', &bytes[at..])?;
        let (piece, length) = piece(&bytes[found..])?;
        at = found + length;
        match piece {
            Piece::Open if depth == 0 => (depth, start) = (1, at),
            Piece::Open => depth += 1,
            Piece::Close if depth == 1 => return Some(start..found),
            Piece::Close => depth = depth.checked_sub(1)?,
            Piece::Empty if depth == 0 => return Some(at..at),
            Piece::Empty | Piece::Aside => {}
        }
    }
}

/// The piece of markup that the bytes begin with, and its length.
fn piece(bytes: &[u8]) -> Option<(Piece, usize)> {
    let until = |end: &[u8]| Some(memmem::find(bytes, end)? + end.len());
    if bytes.starts_with(b"<!--") {
        return Some((Piece::Aside, until(b"-->")?));
    }
    if bytes.starts_with(b"<![CDATA[") {
        return Some((Piece::Aside, until(b"]]>")?));
    }
    if bytes.starts_with(b"<?") {
        return Some((Piece::Aside, until(b"?>")?));
    }
    let length = tag_length(bytes)?;
    let piece = match (&bytes[..2], bytes[length - 2]) {
        (b"</", _) => Piece::Close,
        (_, b'/') => Piece::Empty,
        _ => Piece::Open,
    };
    Some((piece, length))
}

/// How long a tag is. A value of an attribute may have the tag's end in it.
fn tag_length(bytes: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, &byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') if at > 1 => return Some(at + 1),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(text: &str) -> Option<&str> {
        text.get(inside(text.as_bytes())?)
    }

    #[test]
    fn finds_what_is_between_the_tags_of_an_element() {
        for (text, expected) in [
            ("<a>b</a>c</a>", "b"),
            ("<a x='>' y=\"/>'\">b<a/>c<a>d</a></a >e", "b<a/>c<a>d</a>"),
            ("<a/><b>c</b>", ""),
            (
                "<a ><!-- </a> --><![CDATA[</a>]]><?p </a>?></a>",
                "<!-- </a> --><![CDATA[</a>]]><?p </a>?>",
            ),
            ("<x:a><b>one</b> <i>two</i></x:a>", "<b>one</b> <i>two</i>"),
        ] {
            assert_eq!(between(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "a",
            "<",
            "<a",
            "<a>",
            "<a><b></b>",
            "</a>",
            "<a><!-- </a>",
        ] {
            assert_eq!(between(text), None, "{text}");
        }
    }

    #[test]
    fn a_declaration_says_the_encoding() {
        let name = |head: &str| declared_encoding(head.as_bytes()).map(Encoding::name);
        let cyrillic = Some("windows-1251");
        assert_eq!(
            name("<?xml version=\"1.0\" encoding=\"windows-1251\"?>"),
            cyrillic
        );
        assert_eq!(
            name("<?xml version='1.0' encoding = 'cp1251' ?><a/>"),
            cyrillic
        );
        assert_eq!(name("<?xml version='1.0'?><a encoding='cp1251'/>"), None);
        assert_eq!(name("<rss/>"), None);
    }

    #[test]
    fn what_is_not_wanted_is_dropped_and_the_rest_stays_bounded() {
        let mut seen = Seen {
            bytes: Vec::new(),
            start: 0,
            wanted: 0,
            bytes_max: 10,
            encoding: UTF_8,
        };
        seen.add(b"0123456");
        assert_eq!(seen.since(3), b"3456");
        seen.wanted = 5;
        seen.add(b"789");
        assert_eq!((seen.start, seen.since(5)), (5, b"56789".as_slice()));
        assert_eq!(seen.since(2), b"");
        assert_eq!(seen.since(99), b"");
        seen.add(b"abcdefgh");
        assert_eq!((seen.start, seen.bytes.len()), (8, 10));
        seen.wanted = u64::MAX;
        seen.add(b"ij");
        assert_eq!((seen.start, seen.bytes.as_slice()), (18, b"ij".as_slice()));
    }

    #[test]
    fn what_is_not_wanted_of_a_chunk_is_not_taken() {
        let mut seen = Seen {
            bytes: Vec::new(),
            start: 0,
            wanted: 4,
            bytes_max: 10,
            encoding: UTF_8,
        };
        seen.add_wanted(b"0123456");
        assert_eq!((seen.start, seen.since(4)), (4, b"456".as_slice()));
        seen.wanted = 6;
        seen.add_wanted(b"789");
        assert_eq!((seen.start, seen.since(6)), (6, b"6789".as_slice()));
        seen.wanted = u64::MAX;
        seen.add_wanted(b"ab");
        assert_eq!((seen.start, seen.bytes.len()), (12, 0));
        seen.wanted = 12;
        seen.add_wanted(b"cd");
        assert_eq!((seen.start, seen.since(12)), (12, b"cd".as_slice()));
    }
}
