//! Prepared names: the words of a name as the comparison needs them, computed once.
//!
//! A [`Prepared`] owns its letters and does not refer to the text it came from, so that a list of a
//! million names is prepared once and compared with many: about 250 bytes for a usual name.

use super::MatchKind;
use super::sound::push_sound;
use super::tables::{Family, GivenName, LEXICON, Lexicon, Range};

/// How many letters of a name written together are kept.
const JOINED_LETTERS_MAX: usize = 128;

/// A word of a prepared name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Token {
    text: (u16, u16),
    sound: (u16, u16),
    given_names: Range,
    /// Its weight as evidence: 1 for a rare word, 0 for a particle.
    pub(super) weight: f64,
    pub(super) number: Option<u64>,
    pub(super) initial: bool,
    pub(super) particle: bool,
    /// The name of a father, after `bin` and the like.
    pub(super) father: bool,
    /// After `Abd`.
    pub(super) servant: bool,
    pub(super) patronymic: bool,
    pub(super) honorific: bool,
    /// In brackets.
    pub(super) aside: bool,
    pub(super) country: bool,
    pub(super) lacks_vowels: bool,
}

impl Token {
    /// Makes it a word that is no given name, as in names of organisations.
    pub(super) fn forget_given_names(&mut self) {
        self.given_names = Range::default();
    }
}

/// A word by which a list can be searched.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// What it sounds like.
    pub sound: &'a [u8],
    /// Whether it is a small word that is often left out, or written together with the next.
    pub is_particle: bool,
    given_names: &'static [GivenName],
}

impl Key<'_> {
    /// The numbers of the given names that it may be a form of.
    pub fn given_names(&self) -> impl Iterator<Item = u16> {
        self.given_names.iter().map(|name| name.group)
    }
}

/// A name prepared for comparison; it stays valid for as long as it is kept.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    pub(super) kind: MatchKind,
    pub(super) text: String,
    sounds: Vec<u8>,
    pub(super) tokens: Vec<Token>,
    /// The sounds of all words written together, without those in brackets.
    pub(super) joined: Vec<u8>,
    /// Its first letters, which decide most comparisons of whole names.
    pub(super) start: u64,
    /// The sort of organisation that its legal form tells.
    pub(super) family: Option<Family>,
    /// Whether some word is the name of a father.
    pub(super) fathers: bool,
    /// Whether it is a title and one name.
    pub(super) titled: bool,
    pub(super) asides: bool,
}

impl Prepared {
    /// The kind of name it was prepared as.
    pub fn kind(&self) -> MatchKind {
        self.kind
    }

    /// Whether nothing was left to compare: no text matches such a name.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The words by which a list can be searched, in their order, without initials.
    pub fn keys(&self) -> impl Iterator<Item = Key<'_>> {
        let words = self.tokens.iter().filter(|token| !token.initial);
        words.map(|token| Key {
            sound: self.sound(token),
            is_particle: token.particle,
            given_names: self.given_names(token),
        })
    }

    /// How many words it has that tell names apart: without particles, initials, titles and honorifics.
    pub fn telling_words(&self) -> usize {
        let telling = self.tokens.iter();
        telling
            .filter(|token| !token.particle && !token.initial && !token.honorific)
            .count()
    }

    /// Whether it is written in a script without vowels, or by syllables, so that its consonants are
    /// all that can be compared with other scripts.
    pub fn lacks_vowels(&self) -> bool {
        self.tokens.iter().any(|token| token.lacks_vowels)
    }

    pub(super) fn clear(&mut self, kind: MatchKind) {
        self.kind = kind;
        self.text.clear();
        self.sounds.clear();
        self.tokens.clear();
        self.joined.clear();
        self.start = 0;
        self.family = None;
        self.fathers = false;
        self.titled = false;
        self.asides = false;
    }

    /// Adds a word with what the tables know of its sound.
    pub(super) fn push(&mut self, word: &str) -> &mut Token {
        let (text, sound) = (self.text.len(), self.sounds.len());
        self.text.push_str(word);
        push_sound(word, &mut self.sounds);
        let known = LEXICON.sound(&self.sounds[sound..]);
        self.tokens.push(Token {
            text: range(text, self.text.len()),
            sound: range(sound, self.sounds.len()),
            given_names: known.map(|known| known.given_names).unwrap_or_default(),
            weight: known.map_or(1.0, |known| known.weight),
            ..Token::default()
        });
        let last = self.tokens.len() - 1;
        &mut self.tokens[last]
    }

    /// Adds a number, which sounds as its digits however it was written: letters count once in a row,
    /// so that `II` and `III` would sound alike.
    pub(super) fn push_number(&mut self, number: u64) -> &mut Token {
        let token = self.push(&number.to_string());
        token.number = Some(number);
        token.forget_given_names();
        token
    }

    /// Writes the sounds together, once all words are added.
    pub(super) fn finish(&mut self) {
        let Self {
            tokens,
            sounds,
            joined,
            ..
        } = self;
        for token in tokens.iter().filter(|token| !token.aside) {
            if token.servant {
                joined.extend_from_slice(b"abd");
            }
            joined.extend_from_slice(slice(sounds, token.sound));
        }
        joined.truncate(JOINED_LETTERS_MAX);
        let mut first = [0; 8];
        for (first, letter) in first.iter_mut().zip(&*joined) {
            *first = *letter;
        }
        self.start = u64::from_be_bytes(first);
        self.fathers = tokens.iter().any(|token| token.father);
        self.asides = tokens.iter().any(|token| token.aside);
    }

    pub(super) fn text(&self, token: &Token) -> &str {
        &self.text[usize::from(token.text.0)..usize::from(token.text.1)]
    }

    pub(super) fn sound(&self, token: &Token) -> &[u8] {
        slice(&self.sounds, token.sound)
    }

    pub(super) fn given_names(&self, token: &Token) -> &'static [GivenName] {
        let lexicon: &'static Lexicon = &LEXICON;
        lexicon.given_names(token.given_names)
    }
}

/// A range of a buffer; a name has at most 32 words of at most some 70 bytes, so that it fits.
fn range(start: usize, end: usize) -> (u16, u16) {
    let fit = |place| u16::try_from(place).unwrap_or(u16::MAX);
    (fit(start), fit(end))
}

fn slice(letters: &[u8], (start, end): (u16, u16)) -> &[u8] {
    &letters[usize::from(start)..usize::from(end)]
}
