//! The numbers by which evidence counts: every constant that was chosen and not derived.
//!
//! A score of [`THRESHOLD`] or more reads as "worth a look as the same". The constants were set on the
//! aliases of the OFAC and UN lists and on three quarters of the labelled pairs; around the chosen
//! values the measure is flat, so that no single one carries the result.

/// The score from which two names are a match, for every kind of name.
pub const THRESHOLD: f64 = 0.7;

/// What one edit costs in [`super::distance`]: letters that are often confused cost less.
pub(super) const EDIT: u16 = 8;

/// A word shorter than this counts as this long, so that one edit in `Tom` is not a third of a name.
pub(super) const SHORT_WORD_LETTERS: usize = 5;

/// Words that are less alike than this are not even candidates for each other.
pub(super) const CANDIDATE_MIN: f64 = 0.4;

/// How alike two halves of a word that was split must be to it.
pub(super) const JOINED_MIN: f64 = 0.85;

/// Up to this loss a word is the same in another spelling or mistyped; beyond it, each part of the
/// loss counts [`SLOPE`] times more, because other names are also similar.
pub(super) const KNEE: f64 = 0.2;
pub(super) const SLOPE: f64 = 2.5;

/// The part of the losses that counts besides the largest one: a name that is transliterated otherwise
/// differs a little in every word.
pub(super) const OTHER_LOSSES: f64 = 0.25;

/// How much of a loss counts where one side is written without vowels.
pub(super) const WITHOUT_VOWELS: f64 = 0.35;

/// So many edits in names written together, and not more than this part of them, are still a match
/// that somebody should look at, though only just.
pub(super) const EDITS_MAX: u16 = 2 * EDIT;
pub(super) const EDITS_LETTERS_MIN: usize = 9;
pub(super) const EDITS_SIMILARITY_MIN: f64 = 0.75;
pub(super) const EDITS_SCORE: f64 = 0.705;

/// How alike two names written together must be to be the same name with other word limits.
pub(super) const WHOLE_MIN: f64 = 0.86;
/// What likeness of names written together is worth otherwise.
pub(super) const WHOLE_SHARE: f64 = 0.75;

/// How much the parts of a kind of name count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    /// The likeness from which two words count as each other.
    pub(super) pair: f64,
    /// The loss of the score for a loss of likeness, as an exponent.
    pub(super) doubt: f64,
    /// The loss of the score for words that contradict each other, as an exponent.
    pub(super) conflict: f64,
    /// The greatest loss for words that only one side has.
    pub(super) excess: f64,
    /// How much that is matched halves that loss.
    pub(super) excess_half: f64,
}

pub(super) const PERSON: Weights = Weights {
    pair: 0.58,
    doubt: 0.9,
    conflict: 1.1,
    excess: 0.8,
    excess_half: 2.0,
};

pub(super) const ORGANISATION: Weights = Weights {
    pair: 0.62,
    doubt: 1.2,
    conflict: 0.75,
    excess: 0.6,
    excess_half: 0.8,
};

/// Persons: father and son changed places (`A bin B`, `B bin A`).
pub(super) const FATHER_CROSSED: f64 = 0.6;
/// Persons: the longer name begins with a name that the shorter lacks, as a son's name does.
pub(super) const FIRST_MISSING: f64 = 0.94;
/// Persons: `Abdul X` and another `X` contradict each other as much as this part of a name.
pub(super) const SERVANT_CONFLICT: f64 = 0.6;
/// Persons: how much of the excess counts where the shorter name is a title and one name.
pub(super) const TITLED_EXCESS: f64 = 0.35;
pub(super) const INITIAL_WEIGHT: f64 = 0.35;
pub(super) const INITIAL_SIMILARITY: f64 = 0.9;
pub(super) const PATRONYMIC_EXCESS: f64 = 0.15;
pub(super) const HONORIFIC_EXCESS: f64 = 0.25;
pub(super) const ASIDE_WEIGHT: f64 = 0.1;

/// Organisations: other forms of the same sort of company, and forms of another sort.
pub(super) const FAMILY_DIFFERS: f64 = 0.9;
pub(super) const FAMILY_FAR: f64 = 0.62;
/// Organisations: other series or fund numbers. The labelled pairs call those a match, so that the
/// score stays above the threshold; the explanation names the numbers.
pub(super) const NUMBER_DIFFERS: f64 = 0.76;
/// Organisations: only one side names a country, as a subsidiary does.
pub(super) const COUNTRY_ADDED: f64 = 0.8;

impl Weights {
    /// The score of a name: each kind of evidence against it takes a share of what the others left.
    ///
    /// `matched` is how much the words amount to that were matched, by which an excess is outweighed.
    pub(super) fn score(&self, doubt: Doubt, matched: f64, conflict: f64, excess: f64) -> f64 {
        let contradicted = (-self.doubt * doubt.value() - self.conflict * conflict).exp();
        let missed = excess / (excess + self.excess_half * matched + 1e-9);
        contradicted * (1.0 - self.excess * missed)
    }
}

/// The losses of likeness of the words that were matched.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Doubt {
    largest: f64,
    sum: f64,
}

impl Doubt {
    /// Adds the loss of a pair, of which only a share counts.
    pub(super) fn add(&mut self, similarity: f64, share: f64) {
        let loss = 1.0 - similarity;
        let loss = share * (loss + SLOPE * (loss - KNEE).max(0.0));
        self.largest = self.largest.max(loss);
        self.sum += loss;
    }

    fn value(self) -> f64 {
        self.largest + OTHER_LOSSES * (self.sum - self.largest)
    }
}
