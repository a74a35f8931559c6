//! Patterns found in the words of a text, in a time that grows with the length of the text alone:
//! a word is looked up by its beginnings, and a pattern looks only a few words ahead.

use crate::rules::Rule;
use crate::words::{Language, Words, fold_word};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// How many words may stand in the gap of a pattern.
const GAP_WORDS: usize = 3;

/// What a pattern of a rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// What the rule looks for, in a language.
    Found(Language),
    /// What it does not mean.
    Excepted,
}

#[derive(Debug)]
struct Pattern {
    rule: usize,
    meaning: Meaning,
    /// What follows the first word.
    rest: Vec<Slot>,
}

/// A place in a pattern.
#[derive(Debug)]
struct Slot {
    /// Whether words may stand before it.
    gap: bool,
    /// Which words it takes.
    forms: Vec<Form>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Form {
    letters: String,
    /// Whether longer words match too.
    stem: bool,
}

impl Form {
    fn new(written: &str) -> Self {
        let stem = written.strip_suffix('*');
        Self {
            letters: fold_word(stem.unwrap_or(written)),
            stem: stem.is_some(),
        }
    }

    fn accepts(&self, word: &str) -> bool {
        match self.stem {
            true => word.starts_with(&self.letters),
            false => word == self.letters,
        }
    }
}

/// The places of a pattern as it is written.
fn slots(pattern: &str) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut gap = false;
    for written in pattern.split_whitespace() {
        if written == ".." {
            gap = true;
            continue;
        }
        let forms = written.split('|').map(Form::new).collect();
        slots.push(Slot { gap, forms });
        gap = false;
    }
    slots
}

/// A match of a rule: from its first word to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// The number of the rule.
    pub(crate) rule: usize,
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) language: Language,
}

/// The patterns of rules, ready to be found.
#[derive(Debug)]
pub(crate) struct Matcher {
    patterns: Vec<Pattern>,
    /// Patterns by the first letters, or all, of their first word, and whether longer words match.
    starts: HashMap<String, Vec<(usize, bool)>>,
    /// Bytes of the longest of them.
    longest: usize,
}

impl Matcher {
    pub(crate) fn new(rules: &[Rule]) -> Self {
        let mut matcher = Self {
            patterns: Vec::new(),
            starts: HashMap::new(),
            longest: 0,
        };
        for (number, rule) in rules.iter().enumerate() {
            matcher.add(number, Meaning::Found(Language::English), rule.english);
            matcher.add(number, Meaning::Found(Language::Ukrainian), rule.ukrainian);
            matcher.add(number, Meaning::Found(Language::Russian), rule.russian);
            matcher.add(number, Meaning::Excepted, rule.except);
        }
        matcher
    }

    fn add(&mut self, rule: usize, meaning: Meaning, patterns: &[&str]) {
        for pattern in patterns {
            let mut rest = slots(pattern);
            if rest.is_empty() {
                continue;
            }
            for form in rest.remove(0).forms {
                self.longest = self.longest.max(form.letters.len());
                let start = (self.patterns.len(), form.stem);
                self.starts.entry(form.letters).or_default().push(start);
            }
            self.patterns.push(Pattern {
                rule,
                meaning,
                rest,
            });
        }
    }

    /// The matches in any of the languages, by place. Of matches of one rule that overlap, the first
    /// and longest stays; of languages that say the same, the first.
    pub(crate) fn find(&self, words: &Words<'_>, languages: &[Language]) -> Vec<Match> {
        let mut found = Vec::new();
        let mut excepted = HashSet::new();
        for first in 0..words.len() {
            self.find_at(words, first, |pattern, last| match pattern.meaning {
                Meaning::Excepted => {
                    excepted.extend((first..=last).map(|word| (pattern.rule, word)));
                }
                Meaning::Found(language) if languages.contains(&language) => found.push(Match {
                    rule: pattern.rule,
                    first,
                    last,
                    language,
                }),
                Meaning::Found(_) => {}
            });
        }
        found
            .retain(|one| !(one.first..=one.last).any(|word| excepted.contains(&(one.rule, word))));
        let rank = |language: Language| languages.iter().position(|known| *known == language);
        found.sort_by_key(|one| (one.rule, one.first, Reverse(one.last), rank(one.language)));
        let mut kept: Vec<Match> = Vec::new();
        for one in found {
            let overlaps = |last: &Match| last.rule == one.rule && one.first <= last.last;
            if !kept.last().is_some_and(overlaps) {
                kept.push(one);
            }
        }
        kept.sort_by_key(|one| (one.first, one.last, one.rule));
        kept
    }

    /// Finds the patterns that begin with a word, each with its last word.
    fn find_at(&self, words: &Words<'_>, first: usize, mut act: impl FnMut(&Pattern, usize)) {
        let word = words.folded(first);
        let ends = word.char_indices().map(|(start, c)| start + c.len_utf8());
        for end in ends.take_while(|end| *end <= self.longest) {
            let Some(starts) = self.starts.get(&word[..end]) else {
                continue;
            };
            for (number, stem) in starts {
                let pattern = &self.patterns[*number];
                if (*stem || end == word.len())
                    && let Some(last) = last_word(&pattern.rest, words, first)
                {
                    act(pattern, last);
                }
            }
        }
    }
}

/// The last word of a pattern whose places up to now end with a word; none where it does not go on.
fn last_word(rest: &[Slot], words: &Words<'_>, previous: usize) -> Option<usize> {
    let Some((slot, rest)) = rest.split_first() else {
        return Some(previous);
    };
    let furthest = previous + 1 + if slot.gap { GAP_WORDS } else { 0 };
    (previous + 1..=furthest)
        .take_while(|next| words.is_in_sentence_of(previous, *next))
        .filter(|next| {
            let word = words.folded(*next);
            slot.forms.iter().any(|form| form.accepts(word))
        })
        .find_map(|next| last_word(rest, words, next))
}
