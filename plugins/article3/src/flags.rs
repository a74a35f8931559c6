//! Flags of a text: what a rule points at, where, and why.

use crate::matching::Matcher;
use crate::rules::{Rule, TEXT_RULES};
use crate::words::{Language, Words};
use serde::Serialize;
use sextant_plugin_sdk::{Error, Result};

/// Stands beside every flag.
pub(crate) const NOTE: &str = "for human review only, not a decision";

/// How many places a rule shows in one text; all are counted.
pub(crate) const PLACES_MAX: usize = 20;

/// A rule and a place in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Flag {
    /// The first character of the text that it points at, counted from 1.
    pub(crate) start: usize,
    /// How many characters.
    pub(crate) length: usize,
    /// The number of the rule.
    rule: usize,
    pub(crate) language: Language,
    /// The characters that it points at.
    pub(crate) matched: String,
    /// In how many places of the text the rule matches.
    pub(crate) occurrences: usize,
}

impl Flag {
    pub(crate) fn rule(&self) -> &'static Rule {
        &TEXT_RULES[self.rule]
    }
}

/// Finds flags in texts.
#[derive(Debug)]
pub(crate) struct Finder(Matcher);

impl Finder {
    pub(crate) fn new() -> Self {
        Self(Matcher::new(TEXT_RULES))
    }

    /// The flags of a text, by place; of each rule the first [`PLACES_MAX`]. In the language given, or
    /// in all.
    pub(crate) fn flags(&self, text: &str, language: Option<Language>) -> Vec<Flag> {
        let words = Words::new(text);
        let matches = self.0.find(&words, &words.languages(language));
        let mut occurrences = vec![0; TEXT_RULES.len()];
        for one in &matches {
            occurrences[one.rule] += 1;
        }
        let mut shown = vec![0; TEXT_RULES.len()];
        let mut flags = Vec::new();
        for one in matches {
            shown[one.rule] += 1;
            if shown[one.rule] > PLACES_MAX {
                continue;
            }
            let span = words.span(one.first, one.last);
            flags.push(Flag {
                start: span.start,
                length: span.length,
                rule: one.rule,
                language: one.language,
                matched: span.text.to_owned(),
                occurrences: occurrences[one.rule],
            });
        }
        flags
    }
}

/// A flag as JSON shows it, in the order of its keys.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    category: &'a str,
    rule: &'a str,
    bearing: &'a str,
    review: &'a str,
    reason_for_review: &'a str,
    language: &'a str,
    span_start: usize,
    span_length: usize,
    matched_text: &'a str,
    occurrences: usize,
    source: &'a str,
    note: &'a str,
}

/// Flags as a JSON array.
pub(crate) fn to_json(flags: &[Flag]) -> Result<String> {
    let shown = flags.iter().map(|flag| {
        let rule = flag.rule();
        Shown {
            category: rule.category,
            rule: rule.id,
            bearing: rule.bearing,
            review: rule.review,
            reason_for_review: rule.reason,
            language: flag.language.code(),
            span_start: flag.start,
            span_length: flag.length,
            matched_text: &flag.matched,
            occurrences: flag.occurrences,
            source: rule.source,
            note: NOTE,
        }
    });
    let shown: Vec<_> = shown.collect();
    serde_json::to_string(&shown).map_err(|error| Error::internal(error.to_string()))
}

/// The language of an argument; none where all are to be tried.
///
/// # Errors
/// A text that is neither `auto` nor the code of a language.
pub(crate) fn language(argument: Option<&str>) -> Result<Option<Language>> {
    let code = argument.unwrap_or("auto").trim();
    if code.eq_ignore_ascii_case("auto") {
        return Ok(None);
    }
    let language = Language::of_code(code).ok_or_else(|| {
        let message = format!("expected a language (auto, uk, ru, en), found {code:?}");
        Error::invalid_config(message).in_field("language")
    });
    language.map(Some)
}
