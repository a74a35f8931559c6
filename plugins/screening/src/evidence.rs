//! What speaks for a hit and against it, and the score that comes of it.

use crate::birth::Agreement;
use sextant_plugin_names::{Grounds, THRESHOLD};

/// The score of a hit by default.
const MATCH: f64 = 0.85;

/// The likeness that has this score: less than the [`THRESHOLD`] of a match, since weak grounds are told
/// apart here, and a person looks at every hit.
const MATCHING: f64 = THRESHOLD - 0.12;

/// What weak grounds take from the likeness of names.
const WEAK: f64 = 0.25;

/// Why the likeness of two names says little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weakness {
    /// One name is written without vowels, so that consonants alone could be compared.
    WithoutVowels,
    /// A single word is alike, and at least one name has more.
    OneWord,
    /// No word is the same.
    NoneSame,
}

impl Weakness {
    /// What is weak about the grounds of a comparison, of names of so many words, of which one alone
    /// may lack vowels.
    pub(crate) fn of(grounds: Grounds, words: usize, without_vowels: bool) -> Option<Self> {
        match grounds {
            _ if without_vowels => Some(Self::WithoutVowels),
            Grounds::Whole => None,
            Grounds::Words { matched: 0 | 1, .. } if words > 1 => Some(Self::OneWord),
            Grounds::Words { same: 0, .. } => Some(Self::NoneSame),
            Grounds::Words { .. } => None,
        }
    }

    /// The same in words.
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::WithoutVowels => "one of the names is written without vowels",
            Self::OneWord => "a single word is alike",
            Self::NoneSame => "no word is the same",
        }
    }
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// An equal number of a document.
    Document,
    /// Similar names, and nothing that speaks against birth.
    NameAndBirth,
    /// Similar names alone, or in spite of birth.
    Name,
}

impl Rule {
    /// The name of the rule in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::NameAndBirth => "name and birth",
            Self::Name => "name",
        }
    }
}

/// What two records say of each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The similarity of the names.
    pub name: f64,
    /// What that rests on, where it is weak.
    pub(crate) weakness: Option<Weakness>,
    /// What their births say, where both are known.
    pub(crate) birth: Option<Agreement>,
    /// Whether the countries are the same, where both are known.
    pub country: Option<bool>,
}

impl Evidence {
    /// From 0 to 1. An equal birth makes less similar names enough, another one asks for more similar
    /// ones. What is not known shifts nothing. Weak grounds need a birth beside them.
    pub fn score(&self) -> f64 {
        let birth = match self.birth {
            Some(Agreement::Day) => 0.15,
            Some(Agreement::Year) => 0.08,
            Some(Agreement::Mistyped) => 0.05,
            Some(Agreement::Near) => -0.05,
            Some(Agreement::Conflict) => -0.2,
            None => 0.0,
        };
        let country = match self.country {
            Some(true) => 0.02,
            Some(false) => -0.02,
            None => 0.0,
        };
        let weakness = if self.weakness.is_some() { WEAK } else { 0.0 };
        let likeness = (self.name + birth + country - weakness).clamp(0.0, 1.0);
        if likeness < MATCHING {
            likeness / MATCHING * MATCH
        } else {
            MATCH + (likeness - MATCHING) / (1.0 - MATCHING) * (1.0 - MATCH)
        }
    }

    /// The rule that makes a hit of it.
    pub fn rule(&self) -> Rule {
        match self.birth {
            Some(Agreement::Day | Agreement::Year | Agreement::Mistyped) => Rule::NameAndBirth,
            Some(Agreement::Near | Agreement::Conflict) | None => Rule::Name,
        }
    }

    /// What the births say, in words.
    pub(crate) fn birth_in_words(&self) -> Option<&'static str> {
        self.birth.map(|agreement| match agreement {
            Agreement::Day => "same day",
            Agreement::Year => "same year",
            Agreement::Mistyped => "same day but for one number",
            Agreement::Near => "near",
            Agreement::Conflict => "another",
        })
    }
}
