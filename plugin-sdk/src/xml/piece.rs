//! Where the pieces of a text in XML begin and end: tags, texts, references, comments and the like. What
//! is in a tag is for others to read.
//!
//! A parser of events would do the same, but wants a text that is whole or a copy of every piece. Here
//! the text is a window on a file: a piece that goes on behind it is looked at again when there is more.

use super::{NAME_BYTES_MAX, is_same, not_well_formed};
use crate::{Error, Result};
use memchr::{memchr, memchr2, memchr3, memmem};
use quick_xml::errors::{IllFormedError, SyntaxError};
use std::ops::Range;
use wide::u8x16;

/// A piece of a text, with the places of its parts in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A tag that begins an element.
    Open {
        name: Range<usize>,
        /// Where what stands behind the name ends.
        inner_end: usize,
        /// Whether it ends the element too.
        is_empty: bool,
    },
    /// A tag that ends an element, with its name.
    Close(Range<usize>),
    /// Text as it stands there.
    Text(Range<usize>),
    /// What stands between `&` and `;`.
    Reference(Range<usize>),
    /// A comment, a declaration, an instruction for a program.
    Other,
    /// The end of the file.
    End,
}

/// What may stand behind a name.
const BEHIND: [u8; 5] = [b'>', b' ', b'\n', b'\t', b'\r'];
/// Bytes that are looked at together.
const LANES: usize = 16;
/// Bytes of a declaration of a document's type, with the declarations in it.
const DOCUMENT_TYPE_BYTES_MAX: usize = 64 << 10;

/// How far the end of a piece was looked for in vain. A long piece goes on behind many windows, in each of
/// which it is looked at again.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Bytes of the piece.
    searched: usize,
    /// The quote in which what was looked at ends, in a tag.
    quote: Option<u8>,
}

impl Look {
    /// Where something is in a piece, at a place or behind it.
    fn find(&mut self, rest: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
        // The end of what was looked at may have been the beginning of it.
        let from = from.max((self.searched + 1).saturating_sub(wanted.len()));
        let found = memmem::find(rest.get(from..)?, wanted);
        self.searched = rest.len();
        found.map(|found| from + found)
    }

    /// Where text ends.
    fn text_end(&mut self, rest: &[u8]) -> Option<usize> {
        let from = std::mem::replace(&mut self.searched, rest.len());
        memchr2(b'<', b'&', &rest[from..]).map(|found| from + found)
    }

    /// Where a tag ends, looked for from a place on: a `>` in quotes does not end it.
    fn tag_end(&mut self, rest: &[u8], from: usize) -> Option<usize> {
        let mut from = from.max(self.searched);
        loop {
            let found = match self.quote {
                None => memchr3(b'>', b'"', b'\'', &rest[from..]),
                Some(quote) => memchr(quote, &rest[from..]),
            };
            let Some(found) = found else {
                self.searched = rest.len();
                return None;
            };
            from += found;
            match (self.quote.take(), rest[from]) {
                (None, b'>') => return Some(from),
                (None, quote) => self.quote = Some(quote),
                (Some(_), _) => {}
            }
            from += 1;
        }
    }
}

/// The piece that begins at a place, and where it ends; none where more text might make another of it,
/// which is not so if the text is whole.
pub(super) fn piece(
    text: &str,
    at: usize,
    is_whole: bool,
    look: &mut Look,
) -> Result<Option<(Piece, usize)>> {
    let rest = &text.as_bytes()[at..];
    let found = match rest.first() {
        None => is_whole.then_some((Piece::End, at)),
        Some(b'<') => markup(rest, at, look)?,
        Some(b'&') => reference(rest, at)?,
        Some(_) => {
            let found = look.text_end(rest);
            let length = found.or(is_whole.then_some(rest.len()));
            length.map(|length| (Piece::Text(at..at + length), at + length))
        }
    };
    match found {
        None if is_whole => Err(unclosed(rest)),
        found => Ok(found),
    }
}

/// The text that an element of that name has in it behind its tag, and where the element ends; none where
/// there is something else in it, or too little is at hand.
pub(super) fn leaf(text: &str, at: usize, name: &str) -> Option<(Range<usize>, usize)> {
    let rest = &text.as_bytes()[at..];
    let length = memchr2(b'<', b'&', rest)?;
    let behind = at + length + 2 + name.len();
    let is_end = rest[length..].starts_with(b"</")
        && text.as_bytes().get(behind) == Some(&b'>')
        && is_same(text.get(at + length + 2..behind)?, name);
    is_end.then_some((at..at + length, behind + 1))
}

impl Piece {
    /// The name in a tag that begins an element and has nothing but a name.
    pub(super) fn plain_name(&self) -> Option<Range<usize>> {
        match self {
            Self::Open {
                name,
                inner_end,
                is_empty: false,
            } if name.end == *inner_end => Some(name.clone()),
            _ => None,
        }
    }
}

fn reference(rest: &[u8], at: usize) -> Result<Option<(Piece, usize)>> {
    let near = &rest[1..rest.len().min(NAME_BYTES_MAX + 2)];
    match memchr3(b';', b'&', b'<', near) {
        None if near.len() <= NAME_BYTES_MAX => Ok(None),
        Some(length) if rest[1 + length] == b';' => {
            let name = at + 1..at + 1 + length;
            Ok(Some((Piece::Reference(name.clone()), name.end + 1)))
        }
        _ => Err(unclosed(rest)),
    }
}

fn markup(rest: &[u8], at: usize, look: &mut Look) -> Result<Option<(Piece, usize)>> {
    let other = |length: usize| (Piece::Other, at + length);
    Ok(match rest.get(1) {
        None => None,
        Some(b'/') => look.find(rest, 2, b">").map(|end| {
            let name = &rest[2..end];
            let name_end = name.iter().rposition(|byte| !BEHIND.contains(byte));
            let length = name_end.map_or(0, |last| last + 1);
            (Piece::Close(at + 2..at + 2 + length), at + end + 1)
        }),
        Some(b'?') => look.find(rest, 2, b"?>").map(|end| other(end + 2)),
        Some(b'!') if rest.starts_with(b"<!--") => {
            look.find(rest, 4, b"-->").map(|end| other(end + 3))
        }
        Some(b'!') if rest.starts_with(b"<![CDATA[") => {
            let end = look.find(rest, 9, b"]]>");
            end.map(|end| (Piece::Text(at + 9..at + end), at + end + 3))
        }
        Some(b'!') if begins_like(rest, b"<!DOCTYPE") => document_type(rest)?.map(other),
        Some(b'!') if begins_like(b"<!--", rest) || begins_like(b"<![CDATA[", rest) => None,
        Some(b'!') if begins_like(b"<!DOCTYPE", rest) => None,
        Some(b'!') => {
            let error = quick_xml::Error::from(SyntaxError::InvalidBangMarkup);
            return Err(not_well_formed(&error));
        }
        Some(_) => return tag(rest, at, look),
    })
}

/// A tag that begins an element.
fn tag(rest: &[u8], at: usize, look: &mut Look) -> Result<Option<(Piece, usize)>> {
    let near = &rest[..rest.len().min(NAME_BYTES_MAX + 3)];
    let Some(behind) = behind_name(near) else {
        return match near.len() > NAME_BYTES_MAX + 2 {
            true => Err(long_name()),
            false => Ok(None),
        };
    };
    let end = match rest[behind] {
        b'>' => Some(behind),
        _ if behind == 1 => return Err(no_name()),
        _ => look.tag_end(rest, behind),
    };
    let Some(end) = end else {
        return Ok(None);
    };
    let is_empty = rest[end - 1] == b'/';
    let inner = end - usize::from(is_empty);
    let name = behind.min(inner);
    if name == 1 {
        return Err(no_name());
    }
    let piece = Piece::Open {
        name: at + 1..at + name,
        inner_end: at + inner,
        is_empty,
    };
    Ok(Some((piece, at + end + 1)))
}

/// The first byte behind the name that a tag begins with. Names are short, so that they are looked at as a
/// whole takes less than a search.
fn behind_name(tag: &[u8]) -> Option<usize> {
    let (blocks, rest) = tag.as_chunks::<LANES>();
    for (i, block) in blocks.iter().enumerate() {
        let block = u8x16::new(*block);
        let found = BEHIND.map(|byte| block.simd_eq(u8x16::splat(byte)));
        let found = found.into_iter().fold(u8x16::ZERO, |all, one| all | one);
        match found.to_bitmask() {
            0 => {}
            found => return Some(i * LANES + found.trailing_zeros() as usize),
        }
    }
    let found = rest.iter().position(|byte| BEHIND.contains(byte));
    found.map(|found| blocks.len() * LANES + found)
}

/// How many bytes of a name in a text are its prefix with the colon.
pub(super) fn prefix_len(text: &str, name: &Range<usize>) -> usize {
    match text.as_bytes()[name.start..].first_chunk::<LANES>() {
        Some(block) if name.len() <= LANES => {
            let colons = u8x16::new(*block).simd_eq(u8x16::splat(b':'));
            match colons.to_bitmask() & ((1 << name.len()) - 1) {
                0 => 0,
                found => found.trailing_zeros() as usize + 1,
            }
        }
        _ => text[name.clone()].find(':').map_or(0, |colon| colon + 1),
    }
}

fn no_name() -> Error {
    Error::invalid_data("expected well-formed XML: expected the name of an element, found none")
}

pub(super) fn long_name() -> Error {
    let message = format!("a name may have {NAME_BYTES_MAX} bytes, this one has more");
    Error::invalid_data(message)
}

/// How long a declaration of a document's type is.
fn document_type(rest: &[u8]) -> Result<Option<usize>> {
    let near = &rest[..rest.len().min(DOCUMENT_TYPE_BYTES_MAX)];
    match document_type_end(near) {
        None if near.len() == DOCUMENT_TYPE_BYTES_MAX => Err(Error::invalid_data(format!(
            "the declaration of a document's type may have {DOCUMENT_TYPE_BYTES_MAX} bytes, this one has more"
        ))),
        end => Ok(end),
    }
}

fn document_type_end(rest: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    while at < rest.len() {
        let find = |from: usize, wanted: &[u8]| {
            memmem::find(rest.get(from..)?, wanted).map(|found| from + found)
        };
        match rest[at] {
            b'<' if rest[at..].starts_with(b"<!--") => at = find(at + 4, b"-->")? + 2,
            b'<' if rest[at..].starts_with(b"<?") => at = find(at + 2, b"?>")? + 1,
            b'<' => depth += 1,
            b'>' if depth == 1 => return Some(at + 1),
            b'>' => depth -= 1,
            quote @ (b'"' | b'\'') => at = find(at + 1, &[quote])?,
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether a text begins with another one, in any case.
fn begins_like(text: &[u8], start: &[u8]) -> bool {
    text.len() >= start.len() && text[..start.len()].eq_ignore_ascii_case(start)
}

/// What begins here has no end.
fn unclosed(rest: &[u8]) -> Error {
    let syntax = match rest {
        [b'&', ..] => {
            return not_well_formed(&quick_xml::Error::from(IllFormedError::UnclosedReference));
        }
        [b'<', b'?', ..] => SyntaxError::UnclosedPIOrXmlDecl,
        [b'<', b'!', b'-', ..] => SyntaxError::UnclosedComment,
        [b'<', b'!', b'[', ..] => SyntaxError::UnclosedCData,
        [b'<', b'!', _, ..] => SyntaxError::UnclosedDoctype,
        [b'<', b'!'] => SyntaxError::InvalidBangMarkup,
        _ => SyntaxError::UnclosedTag,
    };
    not_well_formed(&quick_xml::Error::from(syntax))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quick_xml::Reader;
    use quick_xml::events::Event;

    /// The pieces of a text, each as a kind and what it holds.
    fn pieces(text: &str) -> Result<Vec<(&'static str, String)>> {
        let (mut at, mut found) = (0, Vec::new());
        loop {
            let whole = piece(text, at, true, &mut Look::default())?;
            let (whole, end) = whole.expect("the text is whole");
            // However little there is at a time, it is not found before its end and is the same then.
            let mut look = Look::default();
            for cut in at..text.len() {
                if !text.is_char_boundary(cut) {
                    continue;
                }
                match piece(&text[..cut], at, false, &mut look) {
                    Ok(None) => {}
                    Ok(Some(found)) => {
                        assert!(cut >= end, "{text:?} up to {cut}");
                        assert_eq!(found, (whole.clone(), end), "{text:?} up to {cut}");
                        break;
                    }
                    Err(error) => panic!("{text:?} up to {cut}: {error}"),
                }
            }
            at = end;
            found.push(match whole {
                Piece::Open {
                    name,
                    inner_end,
                    is_empty,
                } => {
                    let kind = if is_empty { "empty" } else { "open" };
                    (kind, text[name.start..inner_end].to_owned())
                }
                Piece::Close(name) => ("close", text[name].to_owned()),
                Piece::Text(range) => ("text", text[range].to_owned()),
                Piece::Reference(name) => ("reference", text[name].to_owned()),
                Piece::Other => ("other", String::new()),
                Piece::End => return Ok(found),
            });
        }
    }

    /// The same as quick-xml sees them.
    fn events(text: &str) -> std::result::Result<Vec<(&'static str, String)>, quick_xml::Error> {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        (config.check_end_names, config.allow_unmatched_ends) = (false, true);
        let mut found = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        loop {
            found.push(match reader.read_event()? {
                Event::Start(start) => ("open", text(&start)),
                Event::Empty(start) => ("empty", text(&start)),
                Event::End(end) => ("close", text(&end)),
                Event::Text(piece) => ("text", text(&piece)),
                Event::CData(piece) => ("text", text(&piece)),
                Event::GeneralRef(name) => ("reference", text(&name)),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => {
                    ("other", String::new())
                }
                Event::Eof => return Ok(found),
            });
        }
    }

    #[test]
    fn pieces_are_those_that_a_parser_of_events_finds() {
        let parts = [
            "<a>",
            "</a>",
            "</a\u{c}>",
            "<b/>",
            "<c d='>' e=\"'/>\"/>",
            "<c  d='1' >",
            "</a >",
            "x > y",
            " \n ",
            "&amp;",
            "&#x20;",
            "<!-- > -- -->",
            "<!---->",
            "<![CDATA[<&]]]>",
            "<![CDATA[]]>",
            "<?xml version='1.0'?>",
            "<?p > ?>",
            "<!DOCTYPE a>",
            "\u{457}",
            "]]>",
            "<n:x/y z=''/>",
            "<!DOCTYPE a [<!ELEMENT b (c)><!ENTITY d \"e\">]>",
        ];
        // Every three parts, one behind the other.
        let count = parts.len();
        for at in 0..count.pow(3) {
            let chosen = [at % count, at / count % count, at / count / count];
            let text: String = chosen.iter().map(|&part| parts[part]).collect();
            assert_eq!(pieces(&text).unwrap(), events(&text).unwrap(), "{text}");
        }
    }

    #[test]
    fn what_is_in_a_type_of_documents_does_not_end_it() {
        let text = "<!doctype a [<!-- ' > --><!ENTITY d \"<e>\"><?p don't?><!ELEMENT b (c)>]>";
        assert_eq!(pieces(text).unwrap(), [("other", String::new())]);
    }

    #[test]
    fn what_has_no_end_is_refused_as_a_parser_of_events_does() {
        for text in [
            "<",
            "<a",
            "<a b='",
            "<a b='>",
            "</a",
            "<!",
            "<!-",
            "<!--",
            "<!-- -",
            "<![CDATA[ ]]",
            "<?",
            "<?a",
            "<!DOCTYPE a [",
            "&",
            "&amp",
            "&a&b;",
            "&a<b/>",
            "<!a>",
        ] {
            let expected = events(text).unwrap_err();
            let said = pieces(text).unwrap_err();
            assert_eq!(
                said.message(),
                format!("expected well-formed XML: {expected}"),
                "{text}"
            );
        }
        for text in ["<>", "< a>", "</>"] {
            // That an end has no name is seen when it is compared with the beginning.
            assert_eq!(pieces(text).is_err(), text != "</>", "{text}");
        }
        let long = "n".repeat(NAME_BYTES_MAX + 2);
        assert_eq!(pieces(&format!("<{long}")).unwrap_err(), long_name());
        let error = pieces(&format!("&{long};")).unwrap_err();
        assert!(
            error
                .message()
                .contains("entity or character reference not closed"),
            "{error}"
        );
        let long = " ".repeat(DOCUMENT_TYPE_BYTES_MAX);
        let error = pieces(&format!("<!DOCTYPE a [{long}]>")).unwrap_err();
        assert!(error.message().contains("may have 65536 bytes"), "{error}");
    }
}
