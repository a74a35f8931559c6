//! Words of a name: small Latin letters, with what their writing said about them.
//!
//! Everything that is neither letter nor digit parts words, and so does a change between letters and
//! digits (`Fund2` is two words). Apostrophes vanish, `&` and `+` are the word `and`. A text has at most
//! [`WORDS_MAX`] words of at most [`WORD_BYTES_MAX`] bytes; what follows is not read.

use super::letters::{is_kana, is_syllable, lacks_vowels, push_latin};
use super::tables::{LEXICON, Lexicon, Roles, WordEntry};
use crate::romanize::{is_apostrophe, is_ascii, lower_case};

/// How many words of a name are read.
pub(super) const WORDS_MAX: usize = 32;
/// How much of a word is read, in bytes of its Latin form.
pub(super) const WORD_BYTES_MAX: usize = 64;

/// A word, and what stood around it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Word {
    /// Where it stands in the text of its [`Words`].
    start: usize,
    end: usize,
    /// One or two letters with a full stop: an initial.
    pub(super) dotted: bool,
    /// Only a full stop stands between it and the word before.
    pub(super) glued: bool,
    /// It stands in brackets.
    pub(super) aside: bool,
    /// It is written in a script without vowels, or transcribed by syllables.
    pub(super) lacks_vowels: bool,
    /// It is written in Chinese characters or Hangul.
    pub(super) syllables: bool,
    /// Where the first syllable of such a word ends, which is the surname; 0 for other words.
    surname_end: usize,
    /// What the tables know of it, once it was looked up.
    pub(super) entry: Option<&'static WordEntry>,
}

impl Word {
    pub(super) fn roles(&self) -> Roles {
        self.entry.map(|entry| entry.roles).unwrap_or_default()
    }
}

/// The words of a text; reading another one reuses the buffers.
#[derive(Debug, Default)]
pub(super) struct Words {
    text: String,
    words: Vec<Word>,
}

impl Words {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Word)> + Clone {
        self.words.iter().map(|&word| (self.text_of(word), word))
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn get(&self, place: usize) -> Option<(&str, Word)> {
        self.words
            .get(place)
            .map(|&word| (self.text_of(word), word))
    }

    fn text_of(&self, word: Word) -> &str {
        &self.text[word.start..word.end]
    }

    /// Looks the words up in the tables.
    pub(super) fn look_up(&mut self) {
        let lexicon: &'static Lexicon = &LEXICON;
        for word in &mut self.words {
            word.entry = lexicon.word(&self.text[word.start..word.end]);
        }
    }

    /// Keeps the words for which `keep` is true.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(Word) -> bool) {
        self.words.retain(|word| keep(*word));
    }

    /// The words from one place to another, written together; none where they do not stand side by side.
    pub(super) fn together(&self, start: usize, end: usize) -> Option<&str> {
        let words = self.words.get(start..end)?;
        let side_by_side = words
            .windows(2)
            .all(|pair| pair[0].end == pair[1].start && pair[0].aside == pair[1].aside);
        let (first, last) = (words.first()?, words.last()?);
        side_by_side.then(|| &self.text[first.start..last.end])
    }

    /// Leaves the words from one place to another.
    pub(super) fn narrow(&mut self, start: usize, end: usize) {
        self.words.truncate(end);
        self.words.drain(..start);
    }

    /// Makes one word of single letters in a row, as abbreviations of organisations are written:
    /// `L.L.C.` and `C G`, but not `V L.P.`, where the first letter is a number.
    pub(super) fn merge_initials(&mut self) {
        let mut kept = 0;
        let mut last_single = None;
        for place in 0..self.words.len() {
            let word = self.words[place];
            let text = self.text_of(word).as_bytes();
            let single = text.len() == 1 && text[0].is_ascii_lowercase();
            let joins = single
                && last_single.is_some_and(|dotted| word.glued || dotted == word.dotted)
                && self.words[kept - 1].end == word.start
                && self.words[kept - 1].aside == word.aside;
            if joins {
                self.words[kept - 1].end = word.end;
            } else {
                self.words[kept] = word;
                kept += 1;
            }
            last_single = single.then_some(word.dotted);
        }
        self.words.truncate(kept);
    }

    /// Reads the words of a text.
    pub(super) fn read(&mut self, text: &str) {
        self.text.clear();
        self.words.clear();
        let mut open = Open::default();
        let ukrainian = !is_ascii(text) && is_ukrainian(text);
        let (mut aside, mut aside_start) = (false, 0);
        let mut rest = text;
        while self.words.len() < WORDS_MAX {
            let latin = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            self.read_latin(&rest[..latin], &mut open);
            if self.words.len() >= WORDS_MAX {
                break;
            }
            rest = &rest[latin..];
            let Some(c) = rest.chars().next() else { break };
            rest = &rest[c.len_utf8()..];
            match c {
                _ if is_apostrophe(c) => {}
                '(' | '[' | '{' | ')' | ']' | '}' => {
                    self.close(&mut open, false);
                    if aside {
                        self.words[aside_start..]
                            .iter_mut()
                            .for_each(|word| word.aside = true);
                    }
                    aside_start = self.words.len();
                    aside = matches!(c, '(' | '[' | '{');
                }
                '&' | '+' => {
                    self.close(&mut open, false);
                    self.text.push_str("and");
                    self.close(&mut open, false);
                }
                '\u{400}'..='\u{45f}' => self.read_letter(lower_case(c), ukrainian, &mut open),
                _ => c
                    .to_lowercase()
                    .for_each(|c| self.read_letter(c, ukrainian, &mut open)),
            }
        }
        self.close(&mut open, false);
        self.words.truncate(WORDS_MAX);
        self.split_syllables();
    }

    /// Reads Latin letters without marks, of which most names are made.
    fn read_latin(&mut self, letters: &str, open: &mut Open) {
        let Some(last) = letters.bytes().last() else {
            return;
        };
        if self.ends_with_digit(open) {
            self.close(open, false);
        }
        let room = WORD_BYTES_MAX.saturating_sub(self.text.len() - open.start);
        let start = self.text.len();
        self.text.push_str(&letters[..letters.len().min(room)]);
        self.text[start..].make_ascii_lowercase();
        if open.letters == 0 {
            open.first_end = start + 1;
        }
        open.letters += self.text.len() - start;
        open.previous = Some(char::from(last.to_ascii_lowercase()));
    }

    /// Whether the word that is being read ends with a digit, which no letter follows in a word.
    fn ends_with_digit(&self, open: &Open) -> bool {
        let read = &self.text.as_bytes()[open.start..];
        read.last().is_some_and(u8::is_ascii_digit)
    }

    fn read_letter(&mut self, c: char, ukrainian: bool, open: &mut Open) {
        if (c.is_alphabetic() || c.is_ascii_digit())
            && self.text.len() > open.start
            && self.ends_with_digit(open) != c.is_ascii_digit()
        {
            self.close(open, false);
        }
        if self.text.len() - open.start >= WORD_BYTES_MAX && c.is_alphanumeric() {
            return;
        }
        if !push_latin(c, open.previous, ukrainian, &mut self.text) {
            self.close(open, c == '.');
            return;
        }
        open.letters += 1;
        if !c.is_ascii() {
            open.lacks_vowels |= lacks_vowels(c);
            open.syllables |= is_syllable(c);
            open.kana |= is_kana(c);
        }
        if open.letters == 1 {
            open.first_end = self.text.len();
        }
        open.previous = Some(c);
    }

    /// Ends the word that is being read, if it has letters.
    fn close(&mut self, open: &mut Open, dot: bool) {
        let (start, end) = (open.start, self.text.len());
        if start < end {
            let surname = open.syllables && !open.kana && (2..=4).contains(&open.letters);
            self.words.push(Word {
                start,
                end,
                dotted: dot && open.letters <= 2,
                glued: open.glue,
                aside: false,
                lacks_vowels: open.lacks_vowels || (open.syllables && open.letters > 2),
                syllables: open.syllables,
                surname_end: if surname { open.first_end } else { 0 },
                entry: None,
            });
        }
        *open = Open {
            start: end,
            glue: dot,
            ..Open::default()
        };
    }

    /// A Chinese or Korean name that is one word is a surname of one syllable and a given name.
    fn split_syllables(&mut self) {
        let [word] = self.words[..] else { return };
        if word.surname_end == 0 {
            return;
        }
        let part = |start, end| Word {
            start,
            end,
            syllables: true,
            ..Word::default()
        };
        self.words.clear();
        self.words.push(part(word.start, word.surname_end));
        self.words.push(part(word.surname_end, word.end));
    }
}

/// The word that is being read.
#[derive(Debug, Default)]
struct Open {
    start: usize,
    previous: Option<char>,
    letters: usize,
    first_end: usize,
    glue: bool,
    lacks_vowels: bool,
    syllables: bool,
    kana: bool,
}

/// Whether Cyrillic letters are read as Ukrainian: where one of its own letters stands, or none of the
/// Russian ones. The choice is that of the crate's normalized form.
fn is_ukrainian(text: &str) -> bool {
    let mut russian = false;
    for c in text.chars() {
        match c {
            'ґ' | 'є' | 'і' | 'ї' | 'Ґ' | 'Є' | 'І' | 'Ї' => return true,
            'ы' | 'э' | 'ё' | 'ъ' | 'Ы' | 'Э' | 'Ё' | 'Ъ' => russian = true,
            _ => {}
        }
    }
    !russian
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Words::default();
        words.read(text);
        words.iter().map(|(word, _)| word.to_owned()).collect()
    }

    #[test]
    fn words_are_parted_folded_and_romanised() {
        assert_eq!(words("  O’Neil-Żak,\tA.B. "), ["oneil", "zak", "a", "b"]);
        assert_eq!(words("Fund2 & Söhne"), ["fund", "2", "and", "sohne"]);
        assert_eq!(words("Щербак Юрій"), ["shcherbak", "yurii"]);
        assert_eq!(words("Кузьмин Юрий (ёж)"), ["kuzmin", "iurii", "ezh"]);
        assert_eq!(words("2Фонд Фонд2"), ["2", "fond", "fond", "2"]);
        assert_eq!(words("王小明"), ["wang", "xiaoming"]);
        assert_eq!(words("王·小明"), ["wang", "xiaoming"]);
        assert!(words(" -- ").is_empty());
    }

    #[test]
    fn what_stood_around_a_word_is_kept() {
        let mut words = Words::default();
        words.read("A. Novak (Lviv) L.L.C");
        let said: Vec<_> = words
            .iter()
            .map(|(text, word)| (text, word.dotted, word.glued, word.aside))
            .collect();
        assert_eq!(
            said,
            [
                ("a", true, false, false),
                ("novak", false, false, false),
                ("lviv", false, false, true),
                ("l", true, false, false),
                ("l", true, true, false),
                ("c", false, true, false),
            ]
        );
    }

    #[test]
    fn endless_texts_are_cut() {
        assert_eq!(words(&"a ".repeat(1000)).len(), WORDS_MAX);
        assert!(words(&"щ".repeat(1000))[0].len() <= WORD_BYTES_MAX + 4);
    }
}
