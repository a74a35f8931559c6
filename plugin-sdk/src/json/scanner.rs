//! Where a value ends: by its brackets and quotes alone, sixteen bytes at a time. Whether what is between
//! them is JSON is left to whoever reads it.
//!
//! Quotes and brackets are found as masks with a bit for each byte, after Langdale and Lemire, "Parsing
//! Gigabytes of JSON per Second", 2019.

use memchr::memchr2;
use wide::u8x16;

/// How many bytes are looked at together.
const LANES: usize = 16;
/// A bit for each of them.
const ALL: u32 = (1 << LANES) - 1;

/// Finds the end of a value, whose bytes may come in pieces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scanner {
    kind: Option<Kind>,
    depth: u32,
    in_string: bool,
    /// Whether the last byte takes away what the next one means.
    escapes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An object or an array, with its brackets. Those of the other kind stand within, in pairs, so they
    /// need no counting; where they are none, whoever reads the value says so.
    Brackets {
        open: u8,
        close: u8,
    },
    Text,
    /// A number, `true`, `false` or `null`.
    Word,
}

impl Scanner {
    /// Whether it stands in a value that the end of a file ends.
    pub(super) fn is_in_word(self) -> bool {
        self.kind == Some(Kind::Word)
    }

    /// Goes on with the next bytes: where in them the value ends, if it does.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        if self.kind.is_none() {
            let first = *bytes.first()?;
            at = 1;
            self.kind = Some(match first {
                b'"' => Kind::Text,
                b'{' | b'[' => {
                    self.depth = 1;
                    let close = if first == b'{' { b'}' } else { b']' };
                    Kind::Brackets { open: first, close }
                }
                // It is no value, and is lent to whoever says so.
                byte if ends_word(byte) => return Some(at),
                _ => Kind::Word,
            });
        }
        let rest = &bytes[at..];
        let length = match self.kind? {
            Kind::Brackets { open, close } => self.brackets(rest, open, close),
            Kind::Text => self.text(rest),
            Kind::Word => {
                let begins = |byte| matches!(byte, b'"' | b'{' | b'[');
                rest.iter()
                    .position(|&byte| ends_word(byte) || begins(byte))
            }
        };
        length.map(|length| at + length)
    }

    /// How many bytes belong to a text, its last quote included.
    fn text(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = usize::from(std::mem::take(&mut self.escapes));
        while let Some(found) = memchr2(b'"', b'\\', bytes.get(at..)?) {
            at += found + 1;
            if bytes[at - 1] == b'"' {
                return Some(at);
            }
            self.escapes = at == bytes.len();
            at += 1;
        }
        None
    }

    /// How many bytes belong to an object or an array, its last bracket included.
    fn brackets(&mut self, bytes: &[u8], open: u8, close: u8) -> Option<usize> {
        let (blocks, rest) = bytes.as_chunks::<LANES>();
        for (i, block) in blocks.iter().enumerate() {
            if let Some(length) = self.block(block, open, close) {
                return Some(i * LANES + length);
            }
        }
        let length = self.bytes(rest, open, close);
        length.map(|length| blocks.len() * LANES + length)
    }

    /// As [`brackets`](Self::brackets), byte by byte.
    fn bytes(&mut self, bytes: &[u8], open: u8, close: u8) -> Option<usize> {
        for (i, &byte) in bytes.iter().enumerate() {
            match byte {
                _ if std::mem::take(&mut self.escapes) => {}
                b'\\' => self.escapes = self.in_string,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                byte if byte == open => self.depth += 1,
                byte if byte == close => self.depth -= 1,
                _ => {}
            }
            if self.depth == 0 {
                return Some(i + 1);
            }
        }
        None
    }

    /// As [`brackets`](Self::brackets), for bytes that are looked at together.
    fn block(&mut self, bytes: &[u8; LANES], open: u8, close: u8) -> Option<usize> {
        let before = *self;
        let block = u8x16::new(*bytes);
        let mask = |byte| block.simd_eq(u8x16::splat(byte)).to_bitmask();
        let backslashes = mask(b'\\');
        let quotes = mask(b'"') & !self.escaped(backslashes);
        // A byte is in a string if there is an odd number of quotes up to it.
        let mut strings = quotes;
        for distance in [1, 2, 4, 8] {
            strings ^= strings << distance;
        }
        if self.in_string {
            strings = !strings;
        }
        // Outside of texts it means nothing, and may not hide where a record ends that is broken.
        if backslashes & !strings != 0 {
            *self = before;
            return self.bytes(bytes, open, close);
        }
        let (opens, closes) = (mask(open) & !strings, mask(close) & !strings);
        self.in_string = strings & (1 << (LANES - 1)) != 0;
        if closes.count_ones() < self.depth {
            self.depth += opens.count_ones();
            self.depth -= closes.count_ones();
            return None;
        }
        let mut brackets = opens | closes;
        while brackets != 0 {
            let at = brackets.trailing_zeros();
            match closes & (1 << at) {
                0 => self.depth += 1,
                _ => self.depth -= 1,
            }
            if self.depth == 0 {
                return Some(at as usize + 1);
            }
            brackets &= brackets - 1;
        }
        None
    }

    /// Which bytes of a block stand behind a backslash that means something, by its backslashes.
    fn escaped(&mut self, backslashes: u32) -> u32 {
        const EVEN: u32 = 0x5555;
        let before = u32::from(self.escapes);
        if backslashes == 0 {
            self.escapes = false;
            return before;
        }
        // A backslash that is taken away begins no sequence of them.
        let backslashes = backslashes & !before;
        let follows = backslashes << 1 | before;
        // Of a sequence, each second byte is taken away; adding carries from its start to its end.
        let odd_starts = backslashes & !EVEN & !follows;
        let ends = odd_starts + backslashes;
        self.escapes = ends > ALL;
        (EVEN ^ (ends << 1)) & follows & ALL
    }
}

/// Whether a number or word ends before a byte.
fn ends_word(byte: u8) -> bool {
    matches!(
        byte,
        b'}' | b']' | b',' | b':' | b' ' | b'\t' | b'\n' | b'\r'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a value ends: the plainest way to say it.
    fn end(text: &[u8]) -> Option<usize> {
        let (mut depth, mut in_string, mut escapes) = (0, false, false);
        let close = match text[0] {
            b'{' => b'}',
            b'[' => b']',
            quote => quote,
        };
        for (at, &byte) in text.iter().enumerate() {
            if escapes {
                escapes = false;
            } else if in_string {
                escapes = byte == b'\\';
                in_string = byte != b'"';
            } else if byte == b'"' {
                in_string = true;
            } else if byte == text[0] {
                depth += 1;
            } else if byte == close {
                depth -= 1;
            }
            if depth == 0 && !in_string {
                return Some(at + 1);
            }
        }
        None
    }

    #[test]
    fn an_end_is_the_same_however_the_bytes_come() {
        // SplitMix64 (Steele, Lea and Flood, 2014) over what has a meaning.
        let mut state = 7_u64;
        let mut random = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) as usize
        };
        let mut found = 0;
        for round in 0..20_000 {
            let kinds: &[u8] = match round % 4 {
                0 => b"{}\"\\a",
                1 => b"{}[]\"\\\\\\",
                2 => b"{}\"aaaaaaaaaa",
                _ => b"{\"aaaaaaaaaaaaaaaa\\\\",
            };
            let mut text = vec![[b'{', b'[', b'"'][random() % 3]];
            let length = random() % 80;
            text.extend((0..length).map(|_| kinds[random() % kinds.len()]));
            let expected = end(&text);
            found += usize::from(expected.is_some());
            assert_eq!(Scanner::default().scan(&text), expected, "{text:?}");
            let mut scanner = Scanner::default();
            let mut each = text.iter().enumerate();
            let each = each.find_map(|(at, &byte)| Some(at + scanner.scan(&[byte])?));
            assert_eq!(each, expected, "{text:?} byte by byte");
            let cut = 1 + random() % text.len();
            let mut scanner = Scanner::default();
            let first = scanner.scan(&text[..cut]);
            let whole = first.or_else(|| scanner.scan(&text[cut..]).map(|length| cut + length));
            assert_eq!(whole, expected, "{text:?} cut at {cut}");
        }
        assert!(found > 5_000, "values end: {found}");
    }
}
