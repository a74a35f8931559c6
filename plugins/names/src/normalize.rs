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

use crate::romanize::{ANY_AS_RUSSIAN, ANY_AS_UKRAINIAN, Alphabet, is_apostrophe, romanize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The canonical comparison form of a text; see the functions' documentation for the rules.
pub fn normalize(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    Normalizer::new().normalize(text, &mut normal);
    normal
}

/// Computes canonical comparison forms, reusing its buffer.
#[derive(Debug, Default)]
pub struct Normalizer {
    latin: String,
}

impl Normalizer {
    /// A normalizer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the content of `normal` by the canonical comparison form of the text.
    pub fn normalize(&mut self, text: &str, normal: &mut String) {
        normal.clear();
        if text.is_ascii() {
            fold_ascii(text, normal);
        } else if let Some(alphabet) = alphabet_of(text) {
            self.latin.clear();
            romanize(alphabet, text, &mut self.latin);
            fold(alphabet, &self.latin, normal);
        } else {
            fold(&ANY_AS_UKRAINIAN, text, normal);
        }
        if normal.ends_with(' ') {
            normal.pop();
        }
    }
}

/// The alphabet of a text with Cyrillic letters.
fn alphabet_of(text: &str) -> Option<&'static Alphabet> {
    let mut alphabet = None;
    let mut previous = ' ';
    for c in text.chars() {
        match c {
            'ґ' | 'є' | 'і' | 'ї' | 'Ґ' | 'Є' | 'І' | 'Ї' => {
                return Some(&ANY_AS_UKRAINIAN);
            }
            'ы' | 'э' | 'ё' | 'ъ' | 'Ы' | 'Э' | 'Ё' | 'Ъ' => {
                alphabet = Some(&ANY_AS_RUSSIAN)
            }
            '\u{308}' if matches!(previous, 'е' | 'Е') => alphabet = Some(&ANY_AS_RUSSIAN),
            '\u{400}'..='\u{52f}' if alphabet.is_none() => alphabet = Some(&ANY_AS_UKRAINIAN),
            _ => {}
        }
        previous = c;
    }
    alphabet
}

fn fold_ascii(text: &str, normal: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => normal.push(char::from(byte)),
            b'A'..=b'Z' => normal.push(char::from(byte.to_ascii_lowercase())),
            b'\'' | b'`' => {}
            _ => part_words(normal),
        }
    }
}

fn fold(alphabet: &Alphabet, text: &str, normal: &mut String) {
    if text.is_ascii() {
        return fold_ascii(text, normal);
    }
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
        let (mut once, mut twice) = (String::new(), String::new());
        let assigned = ('\0'..='\u{323af}').chain('\u{e0000}'..='\u{e01ef}');
        for c in assigned {
            normalizer.normalize(&format!("a{c}b {c}я"), &mut once);
            normalizer.normalize(&once, &mut twice);
            assert_eq!(once, twice, "{c:?} U+{:04X}", u32::from(c));
            assert!(!once.contains("  ") && once.trim() == once);
        }
    }
}
