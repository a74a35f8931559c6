//! What speaks for a hit and against it, and the score that comes of it.

use crate::birth::Agreement;
use sextant_plugin_names::THRESHOLD;

/// The score at which names alone are a match.
const MATCH: f64 = 0.85;

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
    /// What their births say, where both are known.
    pub(crate) birth: Option<Agreement>,
    /// Whether the countries are the same, where both are known.
    pub country: Option<bool>,
}

impl Evidence {
    /// From 0 to 1. Names alone that match, by the threshold of `names.name_similarity`, have 0.85; an
    /// equal birth makes less similar names enough, another one asks for more similar ones. What is
    /// not known shifts nothing.
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
        let likeness = (self.name + birth + country).clamp(0.0, 1.0);
        if likeness < THRESHOLD {
            likeness / THRESHOLD * MATCH
        } else {
            MATCH + (likeness - THRESHOLD) / (1.0 - THRESHOLD) * (1.0 - MATCH)
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
