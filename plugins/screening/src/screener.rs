//! Asking an index: candidates by their words, then the names themselves.

use crate::evidence::{Evidence, Rule, Weakness};
use crate::index::{Index, WORDS_MAX, each_word, weight};
use crate::record::Record;
use serde_json::{Value, json};
use sextant_plugin_names::{Matcher, Prepared};

/// How many entries are looked at for the words after the rarest one, whose entries are all looked at.
const ENTRIES_LOOKED_AT: usize = 4_000;
/// How many candidates are compared, and all that have as much in common as the last of them.
const CANDIDATES: usize = 24;

/// What part of what the words of two names tell together both must have (Jaccard 1901, weighted) for an
/// entry to be a candidate. A frequent given name alone is less, and all who have it would be candidates.
const SHARED_MIN: f32 = 0.2;
/// What part of a word counts as shared where a letter is wrong.
const FUZZY: f32 = 0.8;

/// A hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The entry of the index.
    pub entry: u32,
    /// From 0 to 1.
    pub score: f64,
    /// What made it a hit.
    pub rule: Rule,
    /// What the two records say of each other.
    pub evidence: Evidence,
}

/// Asks an index, reusing its buffers.
#[derive(Debug)]
pub struct Screener {
    threshold: f64,
    matcher: Matcher,
    /// For each word of the index, which words of the name that is asked it stands for.
    noted: Vec<Note>,
    /// The same for each entry that has some of them.
    shared: Vec<Note>,
    /// The entries that do.
    sharing: Vec<u32>,
    turn: u32,
    groups: Vec<Group>,
    /// Words of the index that were found, group after group.
    found: Vec<u32>,
    candidates: Vec<(f32, u32)>,
}

/// Which words of a name something of the index has, or stands for.
#[derive(Clone, Copy, Debug, Default)]
struct Note {
    /// In which turn this was noted.
    turn: u32,
    /// A bit for each of the words that it is, or may be.
    words: u16,
    exact: u16,
}

impl Note {
    /// The note of this turn, empty if there was none.
    fn of(&mut self, turn: u32) -> &mut Self {
        if self.turn != turn {
            *self = Self {
                turn,
                ..Self::default()
            };
        }
        self
    }

    fn add(&mut self, other: Self) {
        self.words |= other.words;
        self.exact |= other.exact;
    }

    /// How much the words tell, by what each of them tells.
    fn weight(self, weights: &[f32; WORDS_MAX]) -> f32 {
        let (mut words, mut weight) = (self.words, 0.0);
        while words != 0 {
            let place = words.trailing_zeros();
            let is_exact = self.exact >> place & 1 == 1;
            weight += weights[place as usize] * if is_exact { 1.0 } else { FUZZY };
            words &= words - 1;
        }
        weight
    }
}

/// What was found for one word of the name that is asked, or for two neighbours.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// The words it is made of.
    words: u32,
    /// Where it stands in `found`.
    start: usize,
    end: usize,
    entries: usize,
}

impl Screener {
    /// A screener that gives hits of at least this score.
    pub fn new(threshold: f64) -> Self {
        Self {
            threshold,
            matcher: Matcher::new(),
            noted: Vec::new(),
            shared: Vec::new(),
            sharing: Vec::new(),
            turn: 0,
            groups: Vec::new(),
            found: Vec::new(),
            candidates: Vec::new(),
        }
    }

    /// The hits of a record: those by documents, then those by names, the best first.
    pub fn screen(&mut self, index: &Index, record: &Record) -> Vec<Hit> {
        let name = self.matcher.prepare(&record.name, index.kind());
        let mut hits = self.by_documents(index, record, &name);
        let named = hits.len();
        self.find_candidates(index, &name);
        for place in 0..self.candidates.len() {
            let entry = self.candidates[place].1;
            let evidence = self.evidence(index, record, &name, entry);
            let score = evidence.score();
            if score >= self.threshold {
                let rule = evidence.rule();
                hits.push(Hit {
                    entry,
                    score,
                    rule,
                    evidence,
                });
            }
        }
        let by_score = |a: &Hit, b: &Hit| b.score.total_cmp(&a.score).then(a.entry.cmp(&b.entry));
        hits[named..].sort_unstable_by(by_score);
        hits
    }

    /// Why a hit is one.
    pub fn explain(&mut self, index: &Index, record: &Record, hit: &Hit) -> Value {
        let listed = index.record(hit.entry);
        let mut reasons = json!({ "rule": hit.rule.name() });
        if hit.rule == Rule::Document {
            let shared = record
                .documents
                .iter()
                .filter(|number| listed.documents.contains(number));
            reasons["documents"] = shared.map(|number| Value::from(&**number)).collect();
        }
        if let Some(said) = hit.evidence.birth_in_words() {
            let shown = |record: &Record| record.birth.map(|birth| birth.to_string());
            reasons["birth"] = json!({ "a": shown(record), "b": shown(listed), "how": said });
        }
        if hit.evidence.country.is_some() {
            reasons["country"] = json!({ "a": record.country, "b": listed.country });
        }
        if let Some(weakness) = hit.evidence.weakness {
            reasons["weak"] = Value::from(weakness.in_words());
        }
        reasons["name"] = self
            .matcher
            .explain(&record.name, &listed.name, index.kind());
        reasons
    }

    fn by_documents(&mut self, index: &Index, record: &Record, name: &Prepared) -> Vec<Hit> {
        let holders = record
            .documents
            .iter()
            .flat_map(|number| index.holders(number));
        let mut holders: Vec<u32> = holders.copied().collect();
        holders.sort_unstable();
        holders.dedup();
        let hits = holders.into_iter().map(|entry| Hit {
            entry,
            score: 1.0,
            rule: Rule::Document,
            evidence: self.evidence(index, record, name, entry),
        });
        hits.collect()
    }

    fn evidence(
        &mut self,
        index: &Index,
        record: &Record,
        name: &Prepared,
        entry: u32,
    ) -> Evidence {
        let listed = index.record(entry);
        let births = record.birth.zip(listed.birth);
        let countries = record.country.as_ref().zip(listed.country.as_ref());
        let other = index.prepared(entry);
        let similarity = self.matcher.compare(name, other);
        let words = name.telling_words().max(other.telling_words());
        let without_vowels = name.lacks_vowels() != other.lacks_vowels();
        Evidence {
            name: similarity,
            weakness: Weakness::of(self.matcher.grounds(), words, without_vowels),
            birth: births.map(|(a, b)| a.agreement(b)),
            country: countries.map(|(a, b)| a == b),
        }
    }

    /// The entries that share most with a name, by the rarity of the words.
    fn find_candidates(&mut self, index: &Index, name: &Prepared) {
        self.candidates.clear();
        self.next_turn(index);
        self.find_words(index, name);
        let weights = self.weights(index);
        let total = weights.iter().sum();
        let left = self.find_sharing(index);
        for place in 0..self.sharing.len() {
            let entry = self.sharing[place];
            let mut note = self.shared[entry as usize];
            if left.words != 0 {
                let mut most = note;
                most.add(left);
                if is_too_little(most.weight(&weights), total) {
                    continue;
                }
                note = self.note_of(index, entry);
            }
            let shared = note.weight(&weights);
            if is_too_little(shared, total) {
                continue;
            }
            let all = total + index.total(entry);
            let likeness = shared / (all - shared).max(shared);
            if likeness >= SHARED_MIN {
                self.candidates.push((likeness, entry));
            }
        }
        self.keep_best();
    }

    /// Finds the entries that have words of the rarest groups, until they are too many. Returns the words
    /// of the groups left out, which entries may have besides.
    fn find_sharing(&mut self, index: &Index) -> Note {
        let Self {
            groups,
            found,
            noted,
            shared,
            sharing,
            turn,
            ..
        } = self;
        sharing.clear();
        groups.sort_unstable_by_key(|group| (group.entries, group.words));
        let (mut looked_at, mut left) = (0, Note::default());
        for (place, group) in groups.iter().enumerate() {
            if looked_at > 0 && looked_at + group.entries > ENTRIES_LOOKED_AT {
                for group in &groups[place..] {
                    left.words |= group.words as u16;
                    left.exact |= group.words as u16;
                }
                break;
            }
            looked_at += group.entries;
            for &word in &found[group.start..group.end] {
                let note = noted[word as usize];
                for &entry in index.entries(word) {
                    let shared = &mut shared[entry as usize];
                    if shared.turn != *turn {
                        sharing.push(entry);
                    }
                    shared.of(*turn).add(note);
                }
            }
        }
        left
    }

    /// All words of a name that an entry has.
    fn note_of(&self, index: &Index, entry: u32) -> Note {
        let mut all = Note::default();
        for &word in index.words(entry) {
            let note = self.noted[word as usize];
            if note.turn == self.turn {
                all.add(note);
            }
        }
        all
    }

    fn next_turn(&mut self, index: &Index) {
        self.noted.resize(index.vocabulary.len(), Note::default());
        self.shared.resize(index.len(), Note::default());
        self.turn = self.turn.wrapping_add(1);
        if self.turn == 0 {
            self.noted.fill(Note::default());
            self.shared.fill(Note::default());
            self.turn = 1;
        }
    }

    /// Finds the words of the index that the words of a name may stand for.
    fn find_words(&mut self, index: &Index, name: &Prepared) {
        let Self {
            groups,
            found,
            noted,
            turn,
            ..
        } = self;
        groups.clear();
        found.clear();
        each_word(name, |word, words| {
            let (start, bits) = (found.len(), words as u16);
            index.vocabulary.find(word, |number, is_exact| {
                let note = noted[number as usize].of(*turn);
                // Found for this word before, by another of its deletions.
                if note.words & bits == bits && !is_exact {
                    return;
                }
                note.words |= bits;
                note.exact |= if is_exact { bits } else { 0 };
                found.push(number);
            });
            let entries = found[start..]
                .iter()
                .map(|&number| index.entries(number).len());
            groups.push(Group {
                words,
                start,
                end: found.len(),
                entries: entries.sum(),
            });
        });
    }

    /// How much each word of the name tells.
    fn weights(&self, index: &Index) -> [f32; WORDS_MAX] {
        let mut weights = [0.0; WORDS_MAX];
        // The first group of a word is the word itself.
        for group in self
            .groups
            .iter()
            .filter(|group| group.words.is_power_of_two())
        {
            let own = &mut weights[group.words.trailing_zeros() as usize];
            if *own == 0.0 {
                let words = self.found[group.start..group.end].iter();
                let exact = words
                    .copied()
                    .find(|&word| u32::from(self.noted[word as usize].exact) & group.words != 0);
                *own = exact.map_or_else(|| weight(0, index.len()), |word| index.weight(word));
            }
        }
        weights
    }

    /// Keeps the best candidates, and all that share as much as the last of them, so that the cut does
    /// not depend on the order of the list.
    fn keep_best(&mut self) {
        if self.candidates.len() <= CANDIDATES {
            return;
        }
        let by_shared = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0);
        let (_, last, _) = self
            .candidates
            .select_nth_unstable_by(CANDIDATES - 1, by_shared);
        let least = last.0;
        self.candidates.retain(|candidate| candidate.0 >= least);
    }
}

/// Whether what is shared of a name cannot be enough: what both tell is at least what the name tells
/// beside that.
fn is_too_little(shared: f32, total: f32) -> bool {
    shared < SHARED_MIN * (total - shared)
}
