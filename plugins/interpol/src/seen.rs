//! Which notices a scan had already. A set of numbers that does not grow without bound: what comes
//! when it is full is taken for new, and a warning says so.

use sextant_plugin_sdk::Rows;
use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::hash::{Hash, Hasher};

/// How many notices are remembered.
const NOTICES_MAX: usize = 200_000;

/// The notices that a scan had.
#[derive(Debug)]
pub(crate) struct Seen {
    /// What each said, as a number, by its own number.
    notices: HashMap<String, u64>,
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
            notices_max,
            again: 0,
            first_again: None,
            differing: 0,
            unknown: 0,
        }
    }

    /// Whether it is new. `says` is what it says, to tell whether it says the same again.
    pub(crate) fn insert(&mut self, id: &str, says: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        says.hash(&mut hasher);
        let says = hasher.finish();
        let is_full = self.notices.len() >= self.notices_max;
        if is_full && !self.notices.contains_key(id) {
            self.unknown += 1;
            return true;
        }
        match self.notices.entry(id.to_owned()) {
            Entry::Vacant(entry) => {
                entry.insert(says);
                true
            }
            Entry::Occupied(entry) => {
                self.again += 1;
                self.differing += u64::from(*entry.get() != says);
                self.first_again.get_or_insert_with(|| id.to_owned());
                false
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_is_counted() {
        let mut seen = Seen::with_room_for(2);
        assert!(seen.insert("2026/1", "a") && seen.insert("2026/2", "b"));
        assert!(!seen.insert("2026/2", "b") && !seen.insert("2026/1", "c"));
        assert_eq!((seen.again, seen.differing, seen.unknown), (2, 1, 0));
        assert_eq!(seen.first_again.as_deref(), Some("2026/2"));
        assert!(seen.contains("2026/1") && !seen.contains("2026/3"));
    }

    #[test]
    fn a_full_set_takes_what_it_does_not_know_for_new() {
        let mut seen = Seen::with_room_for(1);
        assert!(seen.insert("2026/1", "a"));
        assert!(seen.insert("2026/2", "b") && seen.insert("2026/2", "b"));
        assert!(!seen.insert("2026/1", "a"), "what it knows it knows");
        assert_eq!((seen.again, seen.unknown), (1, 2));
    }
}
