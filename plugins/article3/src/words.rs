//! Texts as words: where each stands, and its letters in the form in which patterns are compared.
//!
//! Letters are made small; apostrophes within a word are dropped, whichever sign was typed; й, ё and ї
//! become и, е and і, so that composed and decomposed letters are the same; accents that are
//! characters of their own, soft hyphens and characters without a width are dropped; a word that is
//! hyphenated at the end of a line is one word; and in a word of two scripts letters that look alike
//! become those of the script that most of its letters have.

use std::ops::Range;

/// A longer word is none, and ends a sentence: it bounds what a pattern can span.
const WORD_CHARS_MAX: usize = 100;

/// So many characters without a letter or digit end a sentence.
const GAP_CHARS_MAX: usize = 100;

/// Latin letters and the Cyrillic ones that look like them, small or capital.
const LOOKALIKES: [(char, char); 13] = [
    ('a', 'а'),
    ('b', 'в'),
    ('c', 'с'),
    ('e', 'е'),
    ('h', 'н'),
    ('i', 'і'),
    ('k', 'к'),
    ('m', 'м'),
    ('o', 'о'),
    ('p', 'р'),
    ('t', 'т'),
    ('x', 'х'),
    ('y', 'у'),
];

/// A language of patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Language {
    Ukrainian,
    Russian,
    English,
}

impl Language {
    const ALL: [Self; 3] = [Self::Ukrainian, Self::Russian, Self::English];

    /// The code of ISO 639-1.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Ukrainian => "uk",
            Self::Russian => "ru",
            Self::English => "en",
        }
    }

    /// The language of a code.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|language| language.code().eq_ignore_ascii_case(code))
    }
}

/// A word of a text.
#[derive(Clone, Debug)]
struct Word {
    /// Its bytes in the text.
    bytes: Range<usize>,
    /// Its characters in the text.
    chars: Range<usize>,
    /// Its bytes in the folded letters.
    folded: Range<usize>,
    /// The sentence that it stands in.
    sentence: usize,
}

/// The words of a text.
#[derive(Clone, Debug)]
pub(crate) struct Words<'a> {
    text: &'a str,
    folded: String,
    all: Vec<Word>,
    /// How many letters only Ukrainian has: і ї є ґ.
    ukrainian: usize,
    /// How many letters only Russian has: ы э ё ъ.
    russian: usize,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span<'a> {
    /// The first character, counted from 1 as SQL does.
    pub(crate) start: usize,
    /// How many characters.
    pub(crate) length: usize,
    /// The characters themselves.
    pub(crate) text: &'a str,
}

impl<'a> Words<'a> {
    /// The words of a text, in one pass.
    pub(crate) fn new(text: &'a str) -> Self {
        let mut reader = Reader::new(text);
        while let Some(c) = reader.peek() {
            match is_letter(c) {
                true => reader.word(),
                false => reader.between(c),
            }
        }
        reader.words
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The letters of a word, folded.
    pub(crate) fn folded(&self, word: usize) -> &str {
        &self.folded[self.all[word].folded.clone()]
    }

    /// Whether there is such a word, in the same sentence as another.
    pub(crate) fn is_in_sentence_of(&self, other: usize, word: usize) -> bool {
        let word = self.all.get(word);
        word.is_some_and(|word| word.sentence == self.all[other].sentence)
    }

    /// The text from one word to another, both included.
    pub(crate) fn span(&self, first: usize, last: usize) -> Span<'a> {
        let (first, last) = (&self.all[first], &self.all[last]);
        Span {
            start: first.chars.start + 1,
            length: last.chars.end - first.chars.start,
            text: &self.text[first.bytes.start..last.bytes.end],
        }
    }

    /// The languages whose patterns are tried: the one that is wanted, or all, since a letter in
    /// Russian may quote a name in Ukrainian. Of words that mean the same in both, the first language
    /// has them: that with more letters of its own in the text, and Ukrainian where neither has more.
    pub(crate) fn languages(&self, wanted: Option<Language>) -> Vec<Language> {
        let [ukrainian, russian, english] = Language::ALL;
        match wanted {
            Some(wanted) => vec![wanted],
            None if self.russian > self.ukrainian => vec![russian, ukrainian, english],
            None => vec![ukrainian, russian, english],
        }
    }

    /// All words with single spaces between: by this, names and charges are compared.
    pub(crate) fn key(&self) -> String {
        let words: Vec<_> = (0..self.len()).map(|word| self.folded(word)).collect();
        words.join(" ")
    }
}

/// The letters of a word of a pattern, folded.
pub(crate) fn fold_word(word: &str) -> String {
    let letters = word.chars().filter(|c| !is_apostrophe(*c));
    letters.flat_map(char::to_lowercase).map(fold).collect()
}

fn fold(letter: char) -> char {
    match letter {
        'й' => 'и',
        'ё' => 'е',
        'ї' => 'і',
        other => other,
    }
}

fn is_letter(c: char) -> bool {
    // Some of the apostrophes are letters to Unicode.
    c.is_alphanumeric() && !is_apostrophe(c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`'
            | '\u{b4}'
            | '\u{2b9}'
            | '\u{2bb}'
            | '\u{2bc}'
            | '\u{2018}'
            | '\u{2019}'
            | '\u{201b}'
            | '\u{2032}'
            | '\u{ff07}'
    )
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{ad}' | '\u{2010}' | '\u{2011}')
}

/// Combining marks, the soft hyphen, and what has no width.
fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
    )
}

fn starts_with_letter(text: &str) -> bool {
    text.chars().next().is_some_and(is_letter)
}

/// How many bytes join what follows to the word before; 0 where the word ends.
fn joint_bytes(rest: &str) -> usize {
    let mut chars = rest.chars();
    let Some(first) = chars.next() else {
        return 0;
    };
    let after = chars.as_str();
    let next_line = after
        .strip_prefix("\r\n")
        .or_else(|| after.strip_prefix('\n'));
    if is_hyphen(first)
        && let Some(line) = next_line
    {
        // Only what a reader would take for an indentation.
        let indented = line.len() - line.trim_start_matches([' ', '\t']).len();
        let line = &line[indented..];
        if indented <= GAP_CHARS_MAX && starts_with_letter(line) {
            return rest.len() - line.len();
        }
    }
    let joins = is_ignorable(first) || (is_apostrophe(first) && starts_with_letter(after));
    if joins { first.len_utf8() } else { 0 }
}

/// Reads words one after the other.
struct Reader<'a> {
    words: Words<'a>,
    byte: usize,
    char: usize,
    sentence: usize,
    /// Ends of lines since the last character that is no white space.
    newlines: usize,
    /// Characters since the last word.
    gap: usize,
    /// The letters of the word that is read.
    letters: Vec<char>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let words = Words {
            text,
            folded: String::new(),
            all: Vec::new(),
            ukrainian: 0,
            russian: 0,
        };
        Self {
            words,
            byte: 0,
            char: 0,
            sentence: 0,
            newlines: 0,
            gap: 0,
            letters: Vec::new(),
        }
    }

    fn rest(&self) -> &'a str {
        &self.words.text[self.byte..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn step(&mut self, c: char) {
        self.byte += c.len_utf8();
        self.char += 1;
    }

    /// Reads a character that is of no word.
    fn between(&mut self, c: char) {
        self.step(c);
        self.gap += 1;
        match c {
            '.' | '!' | '?' | ';' | '…' => self.sentence += 1,
            '\n' => {
                self.newlines += 1;
                // An empty line ends a paragraph.
                if self.newlines == 2 {
                    self.sentence += 1;
                }
            }
            other if !other.is_whitespace() => self.newlines = 0,
            _ => {}
        }
        if self.gap == GAP_CHARS_MAX {
            self.sentence += 1;
        }
    }

    /// Reads a word to its end.
    fn word(&mut self) {
        (self.newlines, self.gap) = (0, 0);
        self.letters.clear();
        let (first_byte, first_char) = (self.byte, self.char);
        let (mut end_byte, mut end_char) = (self.byte, self.char);
        loop {
            while let Some(c) = self.peek().filter(|c| is_letter(*c)) {
                self.step(c);
                self.letter(c);
                (end_byte, end_char) = (self.byte, self.char);
            }
            let joint = joint_bytes(self.rest());
            if joint == 0 {
                break;
            }
            self.char += self.rest()[..joint].chars().count();
            self.byte += joint;
        }
        if end_char - first_char > WORD_CHARS_MAX {
            self.sentence += 1;
            return;
        }
        let first_folded = self.words.folded.len();
        self.fold_letters();
        self.words.all.push(Word {
            bytes: first_byte..end_byte,
            chars: first_char..end_char,
            folded: first_folded..self.words.folded.len(),
            sentence: self.sentence,
        });
    }

    fn letter(&mut self, c: char) {
        for small in c.to_lowercase() {
            match small {
                'і' | 'ї' | 'є' | 'ґ' => self.words.ukrainian += 1,
                'ы' | 'э' | 'ё' | 'ъ' => self.words.russian += 1,
                _ => {}
            }
            // A word that is too long is not kept.
            if self.letters.len() <= WORD_CHARS_MAX {
                self.letters.push(small);
            }
        }
    }

    /// Appends the letters of the word, those of another script replaced by what they look like.
    fn fold_letters(&mut self) {
        let is_cyrillic = |c: &&char| matches!(**c, '\u{400}'..='\u{52f}');
        let cyrillic = self.letters.iter().filter(is_cyrillic).count();
        let latin = self
            .letters
            .iter()
            .filter(|c| c.is_ascii_alphabetic())
            .count();
        let script = match (cyrillic, latin) {
            (0, _) | (_, 0) => None,
            (cyrillic, latin) => Some(cyrillic >= latin),
        };
        let in_script = |c: char| match script {
            Some(to_cyrillic) => lookalike(c, to_cyrillic),
            None => c,
        };
        let letters = self.letters.iter().map(|c| fold(in_script(*c)));
        self.words.folded.extend(letters);
    }
}

fn lookalike(c: char, to_cyrillic: bool) -> char {
    let pair = |(latin, cyrillic): &(char, char)| match to_cyrillic {
        true => (*latin == c).then_some(*cyrillic),
        false => (*cyrillic == c).then_some(*latin),
    };
    LOOKALIKES.iter().find_map(pair).unwrap_or(c)
}
