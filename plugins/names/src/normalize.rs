//! The canonical comparison form of a name: small letters and digits, words parted by one space.
//!
//! 1. Cyrillic letters are romanised. One of `ґ є і ї` anywhere in the text makes it Ukrainian
//!    (resolution 55), otherwise one of `ы э ё ъ` makes it Russian (ICAO Doc 9303), otherwise it is
//!    taken as Ukrainian. A letter that the chosen table lacks is taken from the other one.
//! 2. Compatibility decomposition (Unicode NFKD), and diacritics are dropped: Latin, Greek and
//!    Cyrillic ones, Hebrew points and Arabic vowel signs. Marks that are vowels of a script, as in
//!    Devanagari, stay.
//! 3. Small letters; Latin letters that do not decompose become plain ones (`ł` l, `ø` o, `ß` ss,
//!    `æ` ae, `þ` th).
//! 4. Apostrophes and invisible characters are dropped; whatever else is neither letter nor digit
//!    parts words.
//!
//! The form is for comparing, not for showing, and normalizing it again changes nothing. Other
//! scripts are kept, not romanised; the order of the words stays.

use crate::romanize::{
    ANY_AS_RUSSIAN, ANY_AS_UKRAINIAN, Alphabet, Place, Romanizer, is_apostrophe, is_ascii,
    latin_bytes_max,
};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The canonical comparison form of a text; see the functions' documentation for the rules.
pub fn normalize(text: &str) -> String {
    Normalizer::new().normalize(text).to_owned()
}

/// Computes canonical comparison forms, reusing its buffers.
#[derive(Debug, Default)]
pub struct Normalizer {
    romanizer: Romanizer,
    normal: String,
    /// Where a text is folded. What it holds is left over, which spares filling it each time.
    folded: Vec<u8>,
}

impl Normalizer {
    /// A normalizer.
    pub fn new() -> Self {
        Self::default()
    }

    /// The canonical comparison form of a text.
    pub fn normalize(&mut self, text: &str) -> &str {
        let is_ascii = is_ascii(text);
        let alphabet = if is_ascii { None } else { alphabet_of(text) };
        if let Some(alphabet) = alphabet
            && let Some(bytes) = self.fold_plain(alphabet, text)
        {
            let folded = str::from_utf8(&self.folded[..bytes]).expect("only ASCII was written");
            return without_last_space(folded);
        }
        self.normal.clear();
        match alphabet {
            Some(alphabet) => {
                let latin = self.romanizer.romanize(alphabet, text);
                fold(alphabet, latin, &mut self.normal);
            }
            None if is_ascii => fold_ascii(text, &mut self.normal),
            None => fold(&ANY_AS_UKRAINIAN, text, &mut self.normal),
        }
        without_last_space(&self.normal)
    }

    /// Romanises and folds a text in one pass and returns how many bytes that gave; none where it has a
    /// character for which that is not enough: one that decomposes, a combining mark, a letter of another
    /// script.
    fn fold_plain(&mut self, alphabet: &Alphabet, text: &str) -> Option<usize> {
        let bytes = latin_bytes_max(text);
        if self.folded.len() < bytes {
            self.folded.resize(bytes, 0);
        }
        let mut fold = Fold {
            place: Place::Start,
            written: 0,
        };
        let mut rest = text;
        loop {
            rest = &rest[fold.add_plain(alphabet, rest.as_bytes(), &mut self.folded)..];
            let mut letters = rest.chars();
            let Some(c) = letters.next() else { break };
            match c {
                // This one decomposes into a space and a mark.
                '´' => return None,
                _ if is_apostrophe(c) => {
                    let previous = text[..text.len() - rest.len()].chars().next_back();
                    if !alphabet.joins(previous, letters.clone().next()) {
                        fold.place = Place::Start;
                    }
                }
                '«' | '»' | '–' | '—' | '“' | '”' | '„' | '\u{a0}' => {
                    fold.part_words(&mut self.folded);
                }
                _ => return None,
            }
            rest = letters.as_str();
        }
        Some(fold.written)
    }
}

fn without_last_space(text: &str) -> &str {
    text.strip_suffix(' ').unwrap_or(text)
}

/// What is known of a text that is being folded.
struct Fold {
    place: Place,
    written: usize,
}

impl Fold {
    /// Adds what a text starts with as long as it is plain, and returns how many bytes that were:
    /// ASCII but apostrophes, and letters of the alphabet.
    ///
    /// Case makes no difference to the normal form. The loop is by itself for the same reason as
    /// `Word::add_plain` of [`crate::romanize`].
    #[inline(never)]
    fn add_plain(&mut self, alphabet: &Alphabet, text: &[u8], folded: &mut [u8]) -> usize {
        let (mut place, mut written) = (self.place, self.written);
        let mut read = 0;
        while let Some(&byte) = text.get(read) {
            match byte {
                0xd0..=0xd3 => {
                    let Some(&trail) = text.get(read + 1) else {
                        break;
                    };
                    let spelling = alphabet.spelling(place, byte, trail);
                    if !spelling.known() {
                        break;
                    }
                    read += 2;
                    spelling.small().write(folded, &mut written);
                    place = spelling.place;
                }
                ..0x80 => {
                    let small = FOLDED[usize::from(byte)];
                    if small == 0 {
                        break;
                    }
                    read += 1;
                    let parts = written > 0 && folded[written - 1] != b' ';
                    folded[written] = small;
                    written += usize::from(small != b' ' || parts);
                    place = if small < b'a' {
                        Place::Start
                    } else {
                        Place::Inside
                    };
                }
                _ => break,
            }
        }
        (self.place, self.written) = (place, written);
        read
    }

    fn part_words(&mut self, folded: &mut [u8]) {
        self.place = Place::Start;
        if self.written > 0 && folded[self.written - 1] != b' ' {
            folded[self.written] = b' ';
            self.written += 1;
        }
    }
}

/// The alphabet of a text with Cyrillic letters.
fn alphabet_of(text: &str) -> Option<&'static Alphabet> {
    let mut seen = 0;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        seen |= match c {
            '\u{400}'..='\u{4ff}' => LANGUAGES[c as usize & 0xff],
            '\u{500}'..='\u{52f}' => CYRILLIC,
            '\u{308}' => {
                let read = text.len() - rest.as_str().len();
                match text[..read].chars().rev().nth(1) {
                    Some('е' | 'Е') => RUSSIAN,
                    _ => 0,
                }
            }
            _ => 0,
        };
        if seen >= UKRAINIAN {
            break;
        }
    }
    match seen {
        0 => None,
        RUSSIAN..UKRAINIAN => Some(&ANY_AS_RUSSIAN),
        _ => Some(&ANY_AS_UKRAINIAN),
    }
}

/// What letters tell of the language of a text: bits, of which the highest counts.
const CYRILLIC: u8 = 1;
const RUSSIAN: u8 = 2;
const UKRAINIAN: u8 = 4;

/// By code point in the Cyrillic block.
static LANGUAGES: [u8; 0x100] = {
    let mut languages = [CYRILLIC; 0x100];
    let mut i = 0;
    while i < languages.len() {
        match char::from_u32(0x400 + i as u32) {
            Some('ґ' | 'є' | 'і' | 'ї' | 'Ґ' | 'Є' | 'І' | 'Ї') => languages[i] = UKRAINIAN,
            Some('ы' | 'э' | 'ё' | 'ъ' | 'Ы' | 'Э' | 'Ё' | 'Ъ') => languages[i] = RUSSIAN,
            _ => {}
        }
        i += 1;
    }
    languages
};

/// What a character of ASCII becomes: a small letter, a digit, or a space; an apostrophe zero.
static FOLDED: [u8; 0x80] = {
    let mut folded = [b' '; 0x80];
    let mut byte = 0;
    while byte < 0x80 {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => folded[byte as usize] = byte,
            b'A'..=b'Z' => folded[byte as usize] = byte.to_ascii_lowercase(),
            b'\'' | b'`' => folded[byte as usize] = 0,
            _ => {}
        }
        byte += 1;
    }
    folded
};

fn fold_ascii(text: &str, normal: &mut String) {
    for byte in text.bytes() {
        match FOLDED.get(usize::from(byte)) {
            Some(&small @ b'0'..=b'z') => normal.push(char::from(small)),
            Some(b' ') => part_words(normal),
            _ => {}
        }
    }
}

/// No mark moves across a character of ASCII when a text is decomposed, so whatever stands between
/// two is decomposed by itself.
fn fold(alphabet: &Alphabet, text: &str, normal: &mut String) {
    let mut rest = text;
    while !rest.is_empty() {
        let ascii = rest.find(|c: char| !c.is_ascii()).unwrap_or(rest.len());
        fold_ascii(&rest[..ascii], normal);
        rest = &rest[ascii..];
        let other = rest.find(|c: char| c.is_ascii()).unwrap_or(rest.len());
        fold_decomposed(alphabet, &rest[..other], normal);
        rest = &rest[other..];
    }
}

fn fold_decomposed(alphabet: &Alphabet, text: &str, normal: &mut String) {
    for c in text.nfkd() {
        if is_diacritic(c) || is_apostrophe(c) || is_invisible(c) {
            continue;
        }
        for small in c.to_lowercase() {
            // A Cyrillic letter is left here where it was hidden in a compatibility character.
            let latin = plain_latin(small).or_else(|| alphabet.latin(Some(' '), small));
            match latin {
                Some(latin) => normal.push_str(latin),
                None if small.is_alphanumeric() || is_combining_mark(small) => normal.push(small),
                None => part_words(normal),
            }
        }
    }
}

fn part_words(normal: &mut String) {
    if !normal.is_empty() && !normal.ends_with(' ') {
        normal.push(' ');
    }
}

/// Letters that Unicode does not decompose.
fn plain_latin(small: char) -> Option<&'static str> {
    Some(match small {
        'ł' | 'ƚ' | 'ɫ' => "l",
        'ø' | 'ɵ' => "o",
        'ß' => "ss",
        'ı' | 'ɨ' => "i",
        'đ' | 'ð' | 'ɖ' => "d",
        'þ' => "th",
        'æ' => "ae",
        'œ' => "oe",
        'ħ' => "h",
        'ŧ' => "t",
        'ŋ' => "n",
        'ĸ' => "k",
        'ƀ' => "b",
        'ǥ' => "g",
        'ƶ' => "z",
        'ʉ' => "u",
        'ə' | 'ǝ' => "e",
        // The form of sigma at the end of a word.
        'ς' => "σ",
        _ => return None,
    })
}

/// Marks that a name is commonly written without.
fn is_diacritic(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}' | '\u{483}'..='\u{489}')
        || (matches!(c, '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}')
            && is_combining_mark(c))
}

/// Characters without a width: soft hyphen, joiners, directions, variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{e0000}'..='\u{e01ef}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cyrillic_is_romanised_by_the_alphabet_that_its_letters_show() {
        let known = [
            ("Юрій ЩЕРБАК", "yurii shcherbak"),
            ("Григорій", "hryhorii"),
            ("Подъячий Григорий", "podieiachii grigorii"),
            ("Фёдор Кузьмич", "fedor kuzmich"),
            ("Богдан", "bohdan"),
            ("Знам’янка", "znamianka"),
            ("Івашкевіч Быкаў", "ivashkevich bykau"),
            ("Нұрсұлтан Қасым", "nursultan kasym"),
            ("Ђорђе Јовановић", "dorde jovanovyc"),
        ];
        for (text, normal) in known {
            assert_eq!(normalize(text), normal);
            assert_eq!(normalize(&text.to_uppercase()), normal);
            assert_eq!(normalize(&text.nfd().collect::<String>()), normal);
        }
    }

    #[test]
    fn latin_letters_become_plain() {
        let known = [
            ("Łukasz Żółć", "lukasz zolc"),
            ("Søren Ångström", "soren angstrom"),
            ("Groß GROẞ", "gross gross"),
            ("Işık İnönü", "isik inonu"),
            ("Đorđe Þór Æsir Œuvre", "dorde thor aesir oeuvre"),
            ("Nguyễn Đình", "nguyen dinh"),
            ("Əliyev", "eliyev"),
            ("ﬁnch Ｆｕｌｌ", "finch full"),
        ];
        for (text, normal) in known {
            assert_eq!(normalize(text), normal);
        }
    }

    #[test]
    fn punctuation_parts_words_and_spaces_collapse() {
        assert_eq!(
            normalize("  Nechui--Levytskyi,\tIvan S. "),
            "nechui levytskyi ivan s"
        );
        assert_eq!(normalize("Ю.В. Шевченко (мол.)"), "yu v shevchenko mol");
        assert_eq!(normalize("O'Brien O’Brien OʼBrien"), "obrien obrien obrien");
        assert_eq!(normalize("Smi\u{200b}th\u{ad}son"), "smithson");
        for empty in ["", " ", "--", "\u{301}", "\u{200b}", "«»"] {
            assert_eq!(normalize(empty), "");
        }
    }

    #[test]
    fn one_pass_gives_the_same_as_two() {
        let mut normalizer = Normalizer::new();
        let (mut romanizer, mut normal) = (Romanizer::default(), String::new());
        let mut plain = 0;
        for c in '\0'..='\u{ffff}' {
            let text = format!("{c}я З{c}г О{c}Є--{c}Щ1{c}{c}ьa{c}");
            for alphabet in [&ANY_AS_UKRAINIAN, &ANY_AS_RUSSIAN] {
                normal.clear();
                fold(alphabet, romanizer.romanize(alphabet, &text), &mut normal);
                if let Some(bytes) = normalizer.fold_plain(alphabet, &text) {
                    let folded = str::from_utf8(&normalizer.folded[..bytes]).unwrap();
                    assert_eq!(folded, normal, "{text}");
                    plain += 1;
                }
            }
        }
        assert!(plain > 500, "{plain}");
    }

    #[test]
    fn other_scripts_stay() {
        assert_eq!(
            normalize("ΠΑΠΑΔΌΠΟΥΛΟΣ Παπαδόπουλος"),
            "παπαδοπουλοσ παπαδοπουλοσ"
        );
        assert_eq!(normalize("مُحَمَّد"), "محمد");
        assert_eq!(normalize("कुमार"), "कुमार");
        assert_eq!(normalize("王 小明"), "王 小明");
    }

    #[test]
    fn normalizing_twice_changes_nothing_for_any_assigned_character() {
        let mut normalizer = Normalizer::new();
        let assigned = ('\0'..='\u{323af}').chain('\u{e0000}'..='\u{e01ef}');
        for c in assigned {
            let once = normalizer.normalize(&format!("a{c}b {c}я")).to_owned();
            let twice = normalizer.normalize(&once);
            assert_eq!(once, twice, "{c:?} U+{:04X}", u32::from(c));
            assert!(!once.contains("  ") && once.trim() == once);
        }
    }
}
