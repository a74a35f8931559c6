//! Letters of all scripts as Latin ones, for comparing and not for showing.
//!
//! Cyrillic goes through the tables of [`crate::romanize`]. The others are the plain forms of the usual
//! systems, without their diacritics: Greek ISO 843 (type 2), Georgian national 2002, Armenian BGN/PCGN
//! 1981, Arabic and Persian BGN/PCGN 1956/1958 without vowels, Hebrew 2006, kana Hepburn, Hangul by the
//! Revised Romanization of 2000 letter by letter, Devanagari Hunterian without its inherent vowel,
//! Ethiopic BGN/PCGN 1967, Chinese Pinyin for the characters of `tables/hanzi.txt`. Latin letters lose
//! their marks (Unicode NFKD). A letter of any other script stays what it is.

use crate::romanize::{ANY_AS_RUSSIAN, ANY_AS_UKRAINIAN};
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Adds the Latin letters of a small letter to a word; false where it is no letter and parts words.
///
/// `previous` is the letter before in the same word. A mark or a hard sign adds nothing and is true.
pub(super) fn push_latin(
    letter: char,
    previous: Option<char>,
    ukrainian: bool,
    word: &mut String,
) -> bool {
    if letter.is_ascii() {
        if letter.is_ascii_alphanumeric() {
            word.push(letter);
        }
        return letter.is_ascii_alphanumeric();
    }
    let latin = match letter {
        '\u{400}'..='\u{52f}' => {
            let alphabet = if ukrainian {
                &ANY_AS_UKRAINIAN
            } else {
                &ANY_AS_RUSSIAN
            };
            alphabet.latin(previous, letter)
        }
        '\u{ac00}'..='\u{d7a3}' => {
            push_hangul(letter, word);
            return true;
        }
        '\u{1200}'..='\u{137f}' => {
            push_ethiopic(letter, word);
            return true;
        }
        _ => LETTERS.get(&letter).copied(),
    };
    match latin {
        Some(latin) => {
            word.push_str(latin);
            true
        }
        None => push_decomposed(letter, previous, ukrainian, word),
    }
}

/// Adds a letter that no table has: by its parts, or as it is.
fn push_decomposed(
    letter: char,
    previous: Option<char>,
    ukrainian: bool,
    word: &mut String,
) -> bool {
    if is_combining_mark(letter) || is_ignored(letter) {
        return true;
    }
    let mut parts = [None; 4];
    let mut count = 0;
    decompose_compatible(letter, |part| {
        if !is_combining_mark(part) && count < parts.len() {
            parts[count] = Some(part);
            count += 1;
        }
    });
    if parts[0] == Some(letter) {
        if letter.is_alphanumeric() {
            word.push(letter);
        }
        return letter.is_alphanumeric();
    }
    let mut parts = parts.iter().flatten().peekable();
    parts.peek().is_some()
        && parts.all(|&part| {
            let part = part.to_lowercase().next().unwrap_or(part);
            push_latin(part, previous, ukrainian, word)
        })
}

/// Signs without a width, which are typed into names and seen by nobody.
fn is_ignored(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Whether the script of a letter is written without its vowels.
pub(super) fn lacks_vowels(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{77f}' | '\u{8a0}'..='\u{97f}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

/// Whether a letter is a syllable of Chinese, or a Korean one.
pub(super) fn is_syllable(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// Whether a letter is of the Japanese syllabaries.
pub(super) fn is_kana(letter: char) -> bool {
    matches!(letter, '\u{3041}'..='\u{30ff}')
}

#[rustfmt::skip]
const INITIALS: [&str; 19] = [
    "g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h",
];
#[rustfmt::skip]
const MEDIALS: [&str; 21] = [
    "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi",
    "yu", "eu", "ui", "i",
];
#[rustfmt::skip]
const FINALS: [&str; 28] = [
    "", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t",
    "ng", "t", "t", "k", "t", "p", "t",
];

/// A Korean syllable is composed by arithmetic (Unicode, section 3.12).
fn push_hangul(syllable: char, word: &mut String) {
    let index = (u32::from(syllable) - 0xac00) as usize;
    word.push_str(INITIALS[index / 588]);
    word.push_str(MEDIALS[index % 588 / 28]);
    word.push_str(FINALS[index % 28]);
}

/// The consonants of the Ethiopic rows of eight letters, from U+1200.
#[rustfmt::skip]
const ETHIOPIC: [&str; 43] = [
    "h", "l", "h", "m", "s", "r", "s", "sh", "q", "q", "q", "q", "b", "v", "t", "ch", "h", "h", "n", "ny",
    "", "k", "k", "h", "h", "w", "", "z", "zh", "y", "d", "d", "j", "g", "g", "g", "t", "ch", "p", "ts",
    "ts", "f", "p",
];
const ETHIOPIC_VOWELS: [&str; 8] = ["e", "u", "i", "a", "e", "", "o", "wa"];

fn push_ethiopic(letter: char, word: &mut String) {
    let index = (u32::from(letter) - 0x1200) as usize;
    match ETHIOPIC.get(index / 8) {
        Some(consonant) => {
            word.push_str(consonant);
            word.push_str(ETHIOPIC_VOWELS[index % 8]);
        }
        None => word.push(letter),
    }
}

/// Letters and what they are in Latin: runs of letters, and their forms parted by spaces, `-` for none.
const ALPHABETS: &[(&str, &str)] = &[
    // Latin letters that Unicode does not decompose.
    (
        "łøđðþßæœıħŋəɵĸŧƒɓɗƙɛɔ",
        "l o d d th ss ae oe i h n e o k t f b d k e o",
    ),
    // Greek.
    (
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        "a v g d e z i th i k l m n x o p r s s t y f ch ps o",
    ),
    // Georgian.
    (
        "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
        "a b g d e v z t i k l m n o p zh r s t u p k gh q sh ch ts dz ts ch kh j h",
    ),
    // Armenian.
    (
        "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև",
        "a b g d e z e e t zh i l kh ts k h dz gh ch m y n sh o ch p j r s v t r ts v p k o f ev",
    ),
    // Arabic, with the letters of Persian, Pashto and Urdu.
    (
        "اأإآٱءؤئبتثجحخدذرزسشصضطظعغفقكلمنهويىة",
        "a a i a a - u i b t th j h kh d z r z s sh s d t z - gh f q k l m n h w y a a",
    ),
    (
        "پچژگکیڤېۍټډړښګڼځڅږہھےںٹڈڑ",
        "p ch zh g k y v y y t d r sh g n dz ts zh h h e n t d r",
    ),
    // Hebrew.
    (
        "אבגדהוזחטיכךלמםנןסעפףצץקרשת",
        "a b g d h w z h t y k k l m m n n s - p p ts ts q r sh t",
    ),
    // Devanagari: letters, vowels and vowel signs.
    (
        "कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसह",
        "k kh g gh n ch ch j jh n t th d dh n t th d dh n p ph b bh m y r l v sh sh s h",
    ),
    (
        "अआइईउऊऋएऐओऔािीुूृेैोौंँः़्",
        "a a i i u u ri e ai o au a i i u u ri e ai o au n n h - -",
    ),
    // Katakana; Hiragana follows from it.
    (
        "アイウエオカキクケコガギグゲゴサシスセソザジズゼゾ",
        "a i u e o ka ki ku ke ko ga gi gu ge go sa shi su se so za ji zu ze zo",
    ),
    (
        "タチツテトダヂヅデドナニヌネノハヒフヘホバビブベボ",
        "ta chi tsu te to da ji zu de do na ni nu ne no ha hi fu he ho ba bi bu be bo",
    ),
    (
        "パピプペポマミムメモヤユヨラリルレロワヰヱヲンヴ",
        "pa pi pu pe po ma mi mu me mo ya yu yo ra ri ru re ro wa i e o n vu",
    ),
    ("ァィゥェォャュョヮッー", "a i u e o ya yu yo wa - -"),
];

/// The characters of Chinese names.
const HANZI: &str = include_str!("tables/hanzi.txt");

static LETTERS: LazyLock<HashMap<char, &'static str>> = LazyLock::new(|| {
    let mut letters = HashMap::new();
    for (alphabet, forms) in ALPHABETS {
        let forms = forms
            .split(' ')
            .map(|form| if form == "-" { "" } else { form });
        letters.extend(alphabet.chars().zip(forms));
    }
    let hiragana: Vec<(char, &str)> = letters
        .iter()
        .filter(|(letter, _)| matches!(letter, '\u{30a1}'..='\u{30f4}'))
        .filter_map(|(letter, form)| Some((char::from_u32(u32::from(*letter) - 0x60)?, *form)))
        .collect();
    letters.extend(hiragana);
    for line in HANZI.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let Some(pinyin) = words.next() else { continue };
        for character in words.flat_map(str::chars) {
            letters.entry(character).or_insert(pinyin);
        }
    }
    letters
});

#[cfg(test)]
mod tests {
    use super::*;

    fn latin(word: &str, ukrainian: bool) -> String {
        let (mut latin, mut previous) = (String::new(), None);
        for letter in word.chars() {
            assert!(push_latin(letter, previous, ukrainian, &mut latin));
            previous = Some(letter);
        }
        latin
    }

    #[test]
    fn alphabets_have_a_form_for_each_letter() {
        for (alphabet, forms) in ALPHABETS {
            assert_eq!(
                alphabet.chars().count(),
                forms.split(' ').count(),
                "{alphabet}"
            );
        }
    }

    #[test]
    fn every_script_is_read() {
        let known = [
            ("ярослав", "yaroslav"),
            ("łódź", "lodz"),
            ("παπας", "papas"),
            ("ნინო", "nino"),
            ("արամ", "aram"),
            ("سمير", "smyr"),
            ("דוד", "dwd"),
            ("サトウ", "satou"),
            ("さとう", "satou"),
            ("박", "bak"),
            ("ሰላም", "selam"),
            ("王", "wang"),
            ("राम", "ram"),
            ("ﬁ", "fi"),
            ("ไทย", "ไทย"),
        ];
        for (word, form) in known {
            assert_eq!(latin(word, true), form);
        }
        assert_eq!(latin("юрий", false), "iurii");
    }

    #[test]
    fn what_is_no_letter_parts_words() {
        let mut word = String::new();
        for sign in ['-', ' ', '«', '·', '。'] {
            assert!(!push_latin(sign, None, true, &mut word), "{sign}");
        }
        assert!(push_latin('\u{301}', None, true, &mut word));
        assert_eq!(word, "");
    }
}
