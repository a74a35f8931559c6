//! What a comparison found, kept so that it can be explained.

use super::alignment::{Pair, Reason};

/// What decided a score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Rule {
    /// One of the names has nothing to compare.
    #[default]
    Nothing,
    /// The same letters, perhaps with other word limits.
    SameLetters,
    /// Word by word.
    Words,
    /// The names written together are nearly the same.
    WrittenTogether,
    /// One name abbreviates the other.
    Acronym,
}

impl Rule {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing to compare",
            Self::SameLetters => "same letters",
            Self::Words => "words",
            Self::WrittenTogether => "written together",
            Self::Acronym => "acronym",
        }
    }
}

/// What the similarity of two names rests on: how much of it is words that are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grounds {
    /// The names as a whole, whatever their words.
    Whole,
    /// So many words, of which so many are the same or spellings of one name. Initials are no words.
    Words {
        /// Words that were taken for each other.
        matched: usize,
        /// Those of them that are the same.
        same: usize,
    },
}

/// The likeness from which two words are the same, in whatever spelling.
const SAME: f64 = 0.95;

/// What a comparison found; comparing again reuses the buffer.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) pairs: Vec<Pair>,
    /// The words of each name that no other matched, a bit for each.
    pub(super) left_a: u32,
    pub(super) left_b: u32,
    /// Whether two words that look alike are known to be different names.
    pub(super) known_apart: bool,
    pub(super) conflict: f64,
    pub(super) excess: f64,
    pub(super) rule: Rule,
    /// How far each rule for organisations reduced the score: 1 for not at all.
    pub(super) family: f64,
    pub(super) numbers: f64,
    pub(super) country: f64,
}

impl Evidence {
    pub(super) fn clear(&mut self) {
        let mut pairs = std::mem::take(&mut self.pairs);
        pairs.clear();
        *self = Self {
            pairs,
            family: 1.0,
            numbers: 1.0,
            country: 1.0,
            ..Self::default()
        };
    }

    pub(super) fn grounds(&self) -> Grounds {
        if matches!(self.rule, Rule::SameLetters | Rule::Acronym) {
            return Grounds::Whole;
        }
        let words = self
            .pairs
            .iter()
            .filter(|pair| pair.reason != Reason::Initial);
        let (mut matched, mut same) = (0, 0);
        for pair in words {
            let spanned = pair.a.places().count().max(pair.b.places().count());
            matched += spanned;
            same += if pair.similarity >= SAME { spanned } else { 0 };
        }
        match self.rule {
            Rule::WrittenTogether if matched == 0 => Grounds::Whole,
            _ => Grounds::Words { matched, same },
        }
    }

    /// The better of the scores word by word and written together.
    pub(super) fn better(&mut self, words: f64, together: f64) -> f64 {
        self.rule = if together > words {
            Rule::WrittenTogether
        } else {
            Rule::Words
        };
        words.max(together).clamp(0.0, 1.0)
    }
}
