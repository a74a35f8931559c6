//! A list, read once and asked many times.

use crate::record::Record;
use crate::vocabulary::Vocabulary;
use hashbrown::HashMap;
use sextant_plugin_names::{MatchKind, Matcher, Prepared};

/// The index of a list. Its entries are in the order of the records themselves, so that it does not
/// matter in which order they came.
#[derive(Debug)]
pub struct Index {
    kind: MatchKind,
    records: Vec<Record>,
    prepared: Vec<Prepared>,
    pub(crate) vocabulary: Vocabulary,
    /// The words of each entry, neighbours written together among them.
    words: Lists,
    /// The entries of each word.
    entries: Lists,
    /// How much each word tells: the rarer the more (inverse document frequency, Spärck Jones 1972).
    weights: Vec<f32>,
    /// The same for all words of an entry, without what repeats others of its words.
    totals: Vec<f32>,
    documents: HashMap<Box<str>, Vec<u32>>,
}

impl Index {
    /// The index of records, whose names are of a kind.
    pub fn new(mut records: Vec<Record>, kind: MatchKind) -> Self {
        records.sort_unstable();
        let (mut matcher, mut vocabulary) = (Matcher::new(), Vocabulary::default());
        let mut prepared = Vec::with_capacity(records.len());
        let (mut words, mut single) = (Vec::new(), Vec::new());
        let mut documents: HashMap<Box<str>, Vec<u32>> = HashMap::new();
        for (entry, record) in records.iter().enumerate() {
            let name = matcher.prepare(&record.name, kind);
            let mut seen = 0;
            each_word(&name, |word, of| {
                let number = vocabulary.add(word);
                words.push((entry as u32, number));
                // The first that is visited of a word is the word itself.
                if of.is_power_of_two() && seen & of == 0 {
                    single.push((entry as u32, number));
                    seen |= of;
                }
            });
            prepared.push(name);
            for number in &record.documents {
                documents
                    .entry_ref(&**number)
                    .or_default()
                    .push(entry as u32);
            }
        }
        vocabulary.finish();
        let by_word = words.iter().map(|&(entry, word)| (word, entry));
        let entries = Lists::new(vocabulary.len(), by_word);
        let words = Lists::new(records.len(), words.iter().copied());
        let weight = |word: usize| weight(entries.of(word as u32).len(), records.len());
        let weights: Vec<f32> = (0..vocabulary.len()).map(weight).collect();
        let mut totals = vec![0.0; records.len()];
        for (entry, word) in single {
            totals[entry as usize] += weights[word as usize];
        }
        Self {
            kind,
            records,
            prepared,
            vocabulary,
            words,
            entries,
            weights,
            totals,
            documents,
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// An entry's record.
    pub fn record(&self, entry: u32) -> &Record {
        &self.records[entry as usize]
    }

    /// The kind of its names.
    pub fn kind(&self) -> MatchKind {
        self.kind
    }

    /// How much a word tells.
    pub(crate) fn weight(&self, word: u32) -> f32 {
        self.weights[word as usize]
    }

    /// How much all words of an entry tell.
    pub(crate) fn total(&self, entry: u32) -> f32 {
        self.totals[entry as usize]
    }

    pub(crate) fn prepared(&self, entry: u32) -> &Prepared {
        &self.prepared[entry as usize]
    }

    /// The words of an entry.
    pub(crate) fn words(&self, entry: u32) -> &[u32] {
        self.words.of(entry)
    }

    /// The entries that have a word.
    pub(crate) fn entries(&self, word: u32) -> &[u32] {
        self.entries.of(word)
    }

    /// The entries that have a document.
    pub(crate) fn holders(&self, document: &str) -> &[u32] {
        self.documents.get(document).map_or(&[], Vec::as_slice)
    }
}

/// How much a word tells that so many entries of a list have.
pub(crate) fn weight(having: usize, entries: usize) -> f32 {
    (1.0 + entries as f32 / having.max(1) as f32).ln()
}

/// How many words of a name are asked for.
pub(crate) const WORDS_MAX: usize = 16;

/// What begins the number of a given name, which no sound begins with.
const GIVEN_NAME: u8 = 0xFF;

/// Visits the words of a name, the given names that they are forms of, and neighbours written together,
/// each with a bit for each of the words that it is made of.
pub(crate) fn each_word(name: &Prepared, mut visit: impl FnMut(&[u8], u32)) {
    let mut together = Vec::new();
    let mut joined = |first: &[u8], second: &[u8], bits: u32, visit: &mut dyn FnMut(&[u8], u32)| {
        together.clear();
        together.extend_from_slice(first);
        together.extend_from_slice(second);
        visit(&together, bits);
    };
    let (mut before, mut particle, mut place) = (None, None, 0);
    for key in name.keys() {
        if key.is_particle {
            particle = Some(key.sound);
            continue;
        }
        if place == WORDS_MAX {
            break;
        }
        visit(key.sound, 1 << place);
        for number in key.given_names() {
            let [low, high] = number.to_le_bytes();
            visit(&[GIVEN_NAME, low, high], 1 << place);
        }
        if let Some(particle) = particle.take() {
            joined(particle, key.sound, 1 << place, &mut visit);
        }
        if let Some(before) = before.replace(key.sound) {
            joined(before, key.sound, 0b11 << (place - 1), &mut visit);
        }
        place += 1;
    }
}

/// Lists of numbers that lie side by side, each in order.
#[derive(Debug)]
struct Lists {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    fn new(count: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0_u32; count + 1];
        for (list, _) in pairs.clone() {
            starts[list as usize + 1] += 1;
        }
        for list in 0..count {
            starts[list + 1] += starts[list];
        }
        let mut next = starts.clone();
        let mut items = vec![0; starts[count] as usize];
        for (list, item) in pairs {
            let slot = &mut next[list as usize];
            items[*slot as usize] = item;
            *slot += 1;
        }
        Self { starts, items }
    }

    fn of(&self, list: u32) -> &[u32] {
        let (start, end) = (self.starts[list as usize], self.starts[list as usize + 1]);
        &self.items[start as usize..end as usize]
    }
}
