//! Which word of one name is which of the other.
//!
//! Every word is compared with every other, two neighbours also with one word that may be both of them,
//! and the best pairs are taken first. With at most a handful of words a name that is as good as an
//! optimal assignment and cheaper.

use super::distance::distance;
use super::evidence::Evidence;
use super::sound::{differ_by_gender, push_consonants};
use super::tables::GivenName;
use super::tokens::{Prepared, Token};
use super::weights::{CANDIDATE_MIN, EDIT, INITIAL_SIMILARITY, JOINED_MIN, SHORT_WORD_LETTERS};

/// One word of a name, or two neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    first: u8,
    second: Option<u8>,
}

impl Span {
    fn one(place: usize) -> Self {
        Self {
            first: place as u8,
            second: None,
        }
    }

    fn two(first: usize, second: usize) -> Self {
        Self {
            first: first as u8,
            second: Some(second as u8),
        }
    }

    pub(super) fn first(self) -> usize {
        usize::from(self.first)
    }

    /// The places of its words.
    pub(super) fn places(self) -> impl Iterator<Item = usize> {
        std::iter::once(self.first)
            .chain(self.second)
            .map(usize::from)
    }

    fn mask(self) -> u32 {
        self.places().fold(0, |mask, place| mask | (1_u32 << place))
    }

    fn weight(self, name: &Prepared) -> f64 {
        self.places().map(|place| name.tokens[place].weight).sum()
    }

    fn len(self) -> f64 {
        if self.second.is_some() { 2.0 } else { 1.0 }
    }
}

/// How two words are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    SameSound,
    SameNumber,
    Initial,
    Spelling,
    ShortForm,
    OtherLanguage,
    Gender,
    Consonants,
    Similar,
    Joined,
}

impl Reason {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SameSound => "same",
            Self::SameNumber => "same number",
            Self::Initial => "initial",
            Self::Spelling => "spelling of one given name",
            Self::ShortForm => "short form",
            Self::OtherLanguage => "given name in another language",
            Self::Gender => "feminine and masculine form",
            Self::Consonants => "same consonants, written without vowels",
            Self::Similar => "similar",
            Self::Joined => "two words written as one",
        }
    }
}

/// Words that were taken for each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) a: Span,
    pub(super) b: Span,
    pub(super) similarity: f64,
    pub(super) reason: Reason,
    known_apart: bool,
    /// What sorts the pairs: the likeness, raised a little where places or attributes agree.
    rank: f64,
}

impl Pair {
    pub(super) fn mean_weight(&self, a: &Prepared, b: &Prepared) -> f64 {
        (self.a.weight(a) + self.b.weight(b)) / (self.a.len() + self.b.len())
    }

    pub(super) fn greater_weight(&self, a: &Prepared, b: &Prepared) -> f64 {
        self.a.weight(a).max(self.b.weight(b))
    }
}

/// The words of a name whose bits are set.
pub(super) fn left_over(name: &Prepared, left: u32) -> impl Iterator<Item = &Token> + Clone {
    name.tokens
        .iter()
        .enumerate()
        .filter(move |&(place, _)| left & (1_u32 << place) != 0)
        .map(|(_, token)| token)
}

/// Aligns names, reusing its buffers.
#[derive(Debug, Default)]
pub(super) struct Alignment {
    candidates: Vec<Pair>,
    letters: Vec<u8>,
    other_letters: Vec<u8>,
}

impl Alignment {
    /// Leaves in `evidence` the pairs that are at least so much alike, and the words left over.
    pub(super) fn align(&mut self, a: &Prepared, b: &Prepared, min: f64, evidence: &mut Evidence) {
        self.candidates.clear();
        self.find_pairs(a, b);
        self.find_joined(a, b, false);
        self.find_joined(b, a, true);
        self.candidates.sort_unstable_by(|x, y| {
            let places = |pair: &Pair| (pair.a.first + pair.b.first, pair.a.first);
            y.rank.total_cmp(&x.rank).then(places(x).cmp(&places(y)))
        });
        (evidence.left_a, evidence.left_b) = (content(a), content(b));
        let (mut free_a, mut free_b) = (evidence.left_a, evidence.left_b);
        for pair in &self.candidates {
            let (mask_a, mask_b) = (pair.a.mask(), pair.b.mask());
            if free_a & mask_a != mask_a || free_b & mask_b != mask_b {
                continue;
            }
            free_a &= !mask_a;
            free_b &= !mask_b;
            evidence.known_apart |= pair.known_apart;
            if pair.similarity >= min {
                evidence.left_a &= !mask_a;
                evidence.left_b &= !mask_b;
                evidence.pairs.push(*pair);
            }
        }
    }

    fn find_pairs(&mut self, a: &Prepared, b: &Prepared) {
        for (i, x) in a.tokens.iter().enumerate().filter(|(_, x)| !x.particle) {
            for (j, y) in b.tokens.iter().enumerate().filter(|(_, y)| !y.particle) {
                let likeness = self.likeness(a, x, b, y);
                if likeness.similarity < CANDIDATE_MIN {
                    continue;
                }
                let bonus = 0.001 * f64::from(u8::from(i == j))
                    + 0.01 * f64::from(u8::from(x.servant == y.servant));
                self.candidates.push(Pair {
                    a: Span::one(i),
                    b: Span::one(j),
                    similarity: likeness.similarity,
                    reason: likeness.reason,
                    known_apart: likeness.known_apart,
                    rank: likeness.similarity + bonus,
                });
            }
        }
    }

    /// Finds neighbours of one name that are one word of the other, in either order.
    fn find_joined(&mut self, of: &Prepared, other: &Prepared, swapped: bool) {
        let mut before = None;
        for (second, y) in of.tokens.iter().enumerate().filter(|(_, y)| !y.particle) {
            let Some((first, x)) = before.replace((second, y)) else {
                continue;
            };
            if x.number.is_some() || y.number.is_some() {
                continue;
            }
            let letters = of.sound(x).len() + of.sound(y).len();
            for (place, word) in other.tokens.iter().enumerate() {
                let fits = !word.particle && !word.initial && word.number.is_none();
                if !fits || other.sound(word).len().abs_diff(letters) > 1 {
                    continue;
                }
                let Some(similarity) = self.joined_similarity(of, x, y, other.sound(word)) else {
                    continue;
                };
                let (one, two) = (Span::one(place), Span::two(first, second));
                self.candidates.push(Pair {
                    a: if swapped { one } else { two },
                    b: if swapped { two } else { one },
                    similarity,
                    reason: Reason::Joined,
                    known_apart: false,
                    rank: similarity + 0.01,
                });
            }
        }
    }

    fn joined_similarity(
        &mut self,
        name: &Prepared,
        x: &Token,
        y: &Token,
        word: &[u8],
    ) -> Option<f64> {
        [(x, y), (y, x)].into_iter().find_map(|(first, second)| {
            self.letters.clear();
            self.letters.extend_from_slice(name.sound(first));
            self.letters.extend_from_slice(name.sound(second));
            let scale = f64::from(EDIT) * self.letters.len().max(1) as f64;
            let limit = ((1.0 - JOINED_MIN) * scale) as u16;
            distance(&self.letters, word, limit).map(|found| 1.0 - f64::from(found) / scale)
        })
    }

    /// How much two words are alike.
    fn likeness(&mut self, a: &Prepared, x: &Token, b: &Prepared, y: &Token) -> Likeness {
        if x.number.is_some() || y.number.is_some() {
            return Likeness::when(x.number == y.number, 1.0, Reason::SameNumber);
        }
        let (sound_x, sound_y) = (a.sound(x), b.sound(y));
        if x.initial || y.initial {
            let fits = match (x.initial, y.initial) {
                (true, true) => a.text(x) == b.text(y),
                (true, false) => begins(a, x, b, y),
                _ => begins(b, y, a, x),
            };
            let both = x.initial && y.initial;
            let similarity = if both { 1.0 } else { INITIAL_SIMILARITY };
            return Likeness::when(fits, similarity, Reason::Initial);
        }
        if sound_x == sound_y {
            return Likeness::when(true, 1.0, Reason::SameSound);
        }
        let (found, mut likeness) = self.spelling(x, sound_x, y, sound_y);
        if likeness.similarity < 0.95 && differ_by_gender(sound_x, sound_y) {
            likeness = Likeness::when(true, 0.95, Reason::Gender);
        }
        let (names_x, names_y) = (a.given_names(x), b.given_names(y));
        if let Some((similarity, reason)) = shared_given_name(names_x, names_y) {
            if similarity > likeness.similarity {
                likeness = Likeness::when(true, similarity, reason);
            }
        } else if !names_x.is_empty() && !names_y.is_empty() {
            let typed = found.is_some_and(|found| found <= EDIT);
            likeness.similarity *= if typed { 0.97 } else { 0.88 };
            likeness.known_apart = !typed;
        }
        likeness
    }

    /// The likeness of two different sounds, and how far they are apart where that is near enough.
    fn spelling(
        &mut self,
        x: &Token,
        sound_x: &[u8],
        y: &Token,
        sound_y: &[u8],
    ) -> (Option<u16>, Likeness) {
        let letters = sound_x.len().max(sound_y.len());
        let without_vowels = x.lacks_vowels != y.lacks_vowels;
        if sound_x.len().abs_diff(sound_y.len()) * 2 > letters && !without_vowels {
            return (None, Likeness::when(false, 0.0, Reason::Similar));
        }
        let scale = f64::from(EDIT) * letters.max(SHORT_WORD_LETTERS) as f64;
        let found = distance(sound_x, sound_y, ((1.0 - CANDIDATE_MIN) * scale) as u16);
        let similarity = found.map_or(0.0, |found| 1.0 - f64::from(found) / scale);
        let mut likeness = Likeness::when(true, similarity, Reason::Similar);
        if without_vowels {
            let similarity = 0.95 * self.consonant_similarity(sound_x, sound_y);
            if similarity > likeness.similarity {
                likeness = Likeness::when(true, similarity, Reason::Consonants);
            }
        }
        (found, likeness)
    }

    fn consonant_similarity(&mut self, x: &[u8], y: &[u8]) -> f64 {
        self.letters.clear();
        self.other_letters.clear();
        push_consonants(x, &mut self.letters);
        push_consonants(y, &mut self.other_letters);
        if self.letters.is_empty() || self.other_letters.is_empty() {
            return 0.0;
        }
        let letters = self.letters.len().max(self.other_letters.len());
        let scale = f64::from(EDIT) * letters as f64;
        distance(&self.letters, &self.other_letters, scale as u16)
            .map_or(0.0, |found| 1.0 - f64::from(found) / scale)
    }
}

/// How alike two words are.
#[derive(Clone, Copy, Debug)]
struct Likeness {
    similarity: f64,
    reason: Reason,
    /// Both are known given names, and not the same.
    known_apart: bool,
}

impl Likeness {
    fn when(alike: bool, similarity: f64, reason: Reason) -> Self {
        Self {
            similarity: if alike { similarity } else { 0.0 },
            reason,
            known_apart: false,
        }
    }
}

/// The words of a name that are compared, a bit for each.
fn content(name: &Prepared) -> u32 {
    let places = name
        .tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| !token.particle);
    places.fold(0, |mask, (place, _)| mask | (1_u32 << place))
}

/// Whether a word begins with an initial, as it is written or as it sounds.
fn begins(a: &Prepared, initial: &Token, b: &Prepared, word: &Token) -> bool {
    b.text(word).starts_with(a.text(initial)) || b.sound(word).starts_with(a.sound(initial))
}

/// How alike two given names are of which the tables say that they are one.
fn shared_given_name(x: &[GivenName], y: &[GivenName]) -> Option<(f64, Reason)> {
    let mut best: Option<(f64, Reason)> = None;
    for a in x {
        for b in y.iter().filter(|b| a.group == b.group) {
            let found = match (a.level.max(b.level), a.level.min(b.level)) {
                (0, _) => (0.98, Reason::Spelling),
                (1, _) => (0.92, Reason::ShortForm),
                (_, 1) => (0.8, Reason::OtherLanguage),
                _ => (0.84, Reason::OtherLanguage),
            };
            if best.is_none_or(|(similarity, _)| found.0 > similarity) {
                best = Some(found);
            }
        }
    }
    best
}
