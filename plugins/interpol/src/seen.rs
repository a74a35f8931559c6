//! Which notices a scan had already. A set of numbers that does not grow without bound: what comes
//! when it is full is taken for new, and a warning says so.
//!
//! Whether what comes again says the same is told by its bytes, mostly. Where these differ, both are read once
//! more: white space, escapes and the order of members do not count.

use sextant_plugin_sdk::Rows;
use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::hash::Hasher;

/// How many notices are remembered.
const NOTICES_MAX: usize = 200_000;

/// The notices that a scan had.
#[derive(Debug)]
pub(crate) struct Seen {
    /// A number for the bytes of each, by its own number.
    notices: HashMap<String, u64>,
    /// Those that came again in other bytes, and a number for what the first says, where that is known.
    unclear: HashMap<String, Option<u64>>,
    notices_max: usize,
    /// How many came again.
    again: u64,
    /// The first of them.
    first_again: Option<String>,
    /// How many of them said something else.
    differing: u64,
    /// How many could not be remembered.
    unknown: u64,
}

impl Default for Seen {
    fn default() -> Self {
        Self::with_room_for(NOTICES_MAX)
    }
}

impl Seen {
    /// A set that remembers so many.
    pub(crate) fn with_room_for(notices_max: usize) -> Self {
        Self {
            notices: HashMap::new(),
            unclear: HashMap::new(),
            notices_max,
            again: 0,
            first_again: None,
            differing: 0,
            unknown: 0,
        }
    }

    /// Whether it is new. Its bytes are those that it was read from.
    pub(crate) fn insert(&mut self, id: &str, bytes: &[u8]) -> bool {
        let is_full = self.notices.len() >= self.notices_max;
        if is_full && !self.notices.contains_key(id) {
            self.unknown += 1;
            return true;
        }
        let bytes = sum(bytes);
        match self.notices.entry(id.to_owned()) {
            Entry::Vacant(entry) => {
                entry.insert(bytes);
                true
            }
            Entry::Occupied(entry) => {
                if *entry.get() != bytes {
                    self.unclear.insert(id.to_owned(), None);
                }
                self.again += 1;
                self.first_again.get_or_insert_with(|| id.to_owned());
                false
            }
        }
    }

    /// Whether all are to be read once more, to [compare](Self::compare) them.
    pub(crate) fn is_unclear(&self) -> bool {
        !self.unclear.is_empty()
    }

    /// Compares what comes again with the first, in the order in which they were inserted. `says` is what one
    /// says, written in one way.
    pub(crate) fn compare(&mut self, id: &str, says: impl FnOnce() -> String) {
        let Some(first) = self.unclear.get_mut(id) else {
            return;
        };
        let mut hasher = DefaultHasher::new();
        hasher.write(says().as_bytes());
        let says = hasher.finish();
        self.differing += u64::from(*first.get_or_insert(says) != says);
    }

    /// Whether it was there before, without counting it.
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.notices.contains_key(id)
    }

    /// Tells how many came again.
    pub(crate) fn report_again(&self, rows: &Rows) {
        let (again, differing) = (self.again, self.differing);
        if let Some(first) = &self.first_again {
            rows.warn(&format!(
                "{again} notices came again and were left out, {differing} of them with other content, first {first:?}"
            ));
        }
    }

    /// Tells how many could not be compared.
    pub(crate) fn report_unknown(&self, rows: &Rows) {
        let (unknown, max) = (self.unknown, self.notices_max);
        if unknown > 0 {
            rows.warn(&format!(
                "{unknown} notices beyond the first {max} were not compared with others, and may be there twice"
            ));
        }
    }
}

/// A number for bytes: their words of eight, multiplied and rotated as in rustc's `FxHasher`, in four sums that
/// need not wait for each other. It is made for every notice, and nobody gains by a collision: a notice is left out by
/// its own number.
fn sum(bytes: &[u8]) -> u64 {
    let mix = |sum: u64, word: u64| (sum.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let (words, rest) = bytes.as_chunks::<8>();
    let (fours, words) = words.as_chunks::<4>();
    let sums = fours.iter().fold([0; 4], |sums: [u64; 4], four| {
        std::array::from_fn(|at| mix(sums[at], u64::from_le_bytes(four[at])))
    });
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let rest = rest.iter().map(|&byte| u64::from(byte));
    let all = sums.into_iter().chain(words).chain(rest);
    all.fold(bytes.len() as u64, mix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_is_counted() {
        let mut seen = Seen::with_room_for(2);
        assert!(seen.insert("2026/1", b"a") && seen.insert("2026/2", b"b"));
        assert!(!seen.insert("2026/2", b"b") && !seen.is_unclear());
        assert!(!seen.insert("2026/1", b"c") && seen.is_unclear());
        assert_eq!((seen.again, seen.unknown), (2, 0));
        assert_eq!(seen.first_again.as_deref(), Some("2026/2"));
        assert!(seen.contains("2026/1") && !seen.contains("2026/3"));
    }

    #[test]
    fn what_is_unclear_is_compared_by_what_it_says() {
        let mut seen = Seen::with_room_for(3);
        for (id, bytes) in [("1", "a"), ("2", "b"), ("1", " a"), ("1", "c"), ("2", "b")] {
            seen.insert(id, bytes.as_bytes());
        }
        for (id, says) in [("1", "a"), ("1", "a"), ("1", "c")] {
            seen.compare(id, || says.to_owned());
        }
        seen.compare("2", || unreachable!("its bytes were the same"));
        assert_eq!((seen.again, seen.differing), (3, 1));
    }

    #[test]
    fn each_byte_counts() {
        let texts = [
            "",
            "\0",
            "\0\0",
            "12345678",
            "123456789",
            "12345679",
            "0123456789abcdef!",
            "0123456789abcdef0123456789abcdef",
            "0123456789abcdef0123456789abcdeg",
            "0123456789abcdef0123456789abcdef0123456",
        ];
        let sums: std::collections::HashSet<_> = texts.map(|text| sum(text.as_bytes())).into();
        assert_eq!(sums.len(), texts.len());
    }

    #[test]
    fn a_full_set_takes_what_it_does_not_know_for_new() {
        let mut seen = Seen::with_room_for(1);
        assert!(seen.insert("2026/1", b"a"));
        assert!(seen.insert("2026/2", b"b") && seen.insert("2026/2", b"b"));
        assert!(!seen.insert("2026/1", b"a"), "what it knows it knows");
        assert_eq!((seen.again, seen.unknown), (1, 2));
    }
}
