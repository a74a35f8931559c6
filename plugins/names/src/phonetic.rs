//! The Daitch-Mokotoff Soundex: six digits for the sound of a Slavic, Yiddish or German name in
//! Latin letters, several where a spelling can be spoken in several ways.
//!
//! The chart is the published one: Gary Mokotoff, "Soundexing and Genealogy" (avotaynu.com), and
//! JewishGen's "Soundex Coding". Choices where sources differ, as PostgreSQL's `fuzzystrmatch`
//! makes them too:
//!
//! - `ue` is coded 0, 1 or not at all, which is not on the chart but in every known implementation;
//! - `j` is a vowel in one of its readings and a consonant in the other, for its neighbours as well;
//! - `y` is a vowel.
//!
//! The letters are those of the normalized text, so that Cyrillic names are coded as romanised. The
//! Polish `ą ę` and Romanian `ţ` are therefore coded as `a e t`, as their bearers are listed abroad.

use crate::normalize::Normalizer;
use std::fmt::Write;

/// The phonetic key of a name: its Daitch-Mokotoff codes, ascending, joined by `|`.
///
/// None where the text has no Latin or Cyrillic letter. As the system prescribes, several words are
/// coded as one, so give one name at a time. See the crate's `Phonetic` for computing many.
pub fn phonetic(text: &str) -> Option<String> {
    let mut key = String::new();
    Phonetic::new().key(text, &mut key).then_some(key)
}

/// Computes phonetic keys, reusing its buffers.
#[derive(Debug, Default)]
pub struct Phonetic {
    normalizer: Normalizer,
    letters: String,
    branches: Vec<Branch>,
    next_branches: Vec<Branch>,
    codes: Vec<u32>,
}

/// How many digits a code has.
const CODE_DIGITS: u32 = 6;

/// A code in the making, for one way to speak the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Branch {
    code: u32,
    digits: u32,
    /// The last digit of the sound before, none where that was not coded.
    last: Option<u8>,
    /// Whether the sound to come is read as a vowel, as the sound before was told.
    vowel: bool,
}

impl Branch {
    fn push(&mut self, digit: u8) {
        if self.digits < CODE_DIGITS {
            self.code = self.code * 10 + u32::from(digit - b'0');
            self.digits += 1;
        }
    }

    /// Adds the digits of a sound. The same digit for two sounds in a row is coded once.
    fn add(&mut self, sound: &str) {
        for (i, digit) in sound.bytes().enumerate() {
            if i > 0 || self.last != Some(digit) {
                self.push(digit);
            }
        }
        self.last = sound.bytes().last();
    }

    fn padded(&self) -> u32 {
        self.code * 10_u32.pow(CODE_DIGITS - self.digits)
    }
}

impl Phonetic {
    /// A coder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the content of `key` by the phonetic key of a text; false where it has none.
    pub fn key(&mut self, text: &str, key: &mut String) -> bool {
        key.clear();
        self.normalizer.normalize(text, &mut self.letters);
        self.letters.retain(|c| c.is_ascii_lowercase());
        if self.letters.is_empty() {
            return false;
        }
        self.code();
        self.codes.sort_unstable();
        self.codes.dedup();
        for (i, code) in self.codes.iter().enumerate() {
            let separator = if i == 0 { "" } else { "|" };
            write!(key, "{separator}{code:06}").expect("writing to a string does not fail");
        }
        true
    }

    /// Codes the letters sound by sound, following every reading at once.
    fn code(&mut self) {
        self.codes.clear();
        self.branches.clear();
        let mut rest = &self.letters[..];
        let mut sound = next_sound(&mut rest);
        for vowel in readings(sound) {
            self.branches.push(Branch {
                code: 0,
                digits: 0,
                last: None,
                vowel,
            });
        }
        let mut start = true;
        while let Some(codes) = sound {
            let next = next_sound(&mut rest);
            for branch in &self.branches {
                for code in codes.iter().filter(|code| is_vowel(code) == branch.vowel) {
                    for vowel in readings(next) {
                        let column = if start { 0 } else { usize::from(!vowel) + 1 };
                        let mut branch = Branch { vowel, ..*branch };
                        branch.add(code[column]);
                        if branch.digits == CODE_DIGITS {
                            self.codes.push(branch.padded());
                        } else {
                            self.next_branches.push(branch);
                        }
                    }
                }
            }
            // Readings meet again in equal branches; without this their number would double at
            // each ambiguous letter.
            self.next_branches.sort_unstable();
            self.next_branches.dedup();
            std::mem::swap(&mut self.branches, &mut self.next_branches);
            self.next_branches.clear();
            self.codes.sort_unstable();
            self.codes.dedup();
            if self.branches.is_empty() {
                break;
            }
            (sound, start) = (next, false);
        }
        self.codes.extend(self.branches.iter().map(Branch::padded));
    }
}

/// Whether a sound that is coded so counts as a vowel for the one before it.
fn is_vowel(code: &Code) -> bool {
    matches!(code[0], "0" | "1")
}

/// Whether a sound can be read as a vowel, as a consonant, or both; the end of a name counts as a
/// consonant.
fn readings(sound: Option<&[Code]>) -> impl Iterator<Item = bool> {
    let codes = sound.unwrap_or_default();
    let vowel = codes.iter().any(is_vowel);
    let consonant = codes.is_empty() || !codes.iter().all(is_vowel);
    [(true, vowel), (false, consonant)]
        .into_iter()
        .filter_map(|(reading, has)| has.then_some(reading))
}

/// Takes the longest run of letters that the chart has from the start of a text of small letters.
fn next_sound(rest: &mut &str) -> Option<&'static [Code]> {
    let first = usize::from(rest.bytes().next()?.checked_sub(b'a')?);
    let rules = &CHART[*FIRST_RULE.get(first)?..*FIRST_RULE.get(first + 1)?];
    let (letters, codes) = rules
        .iter()
        .find(|(letters, _)| rest.starts_with(letters))?;
    *rest = &rest[letters.len()..];
    Some(codes)
}

/// The code of a sound at the start of a name, before a vowel, and otherwise.
type Code = [&'static str; 3];

/// Letters and their code, or two where they can be spoken in two ways.
type Rule = (&'static str, &'static [Code]);

/// Where the rules for each letter start in the chart, and where they end.
const FIRST_RULE: [usize; 27] = {
    let mut first = [CHART.len(); 27];
    let mut i = CHART.len();
    while i > 0 {
        i -= 1;
        first[(CHART[i].0.as_bytes()[0] - b'a') as usize] = i;
    }
    first
};

/// The coding chart, by first letter and the longest first.
#[rustfmt::skip]
const CHART: &[Rule] = &[
    ("ai", &[["0", "1", ""]]),
    ("aj", &[["0", "1", ""]]),
    ("au", &[["0", "7", ""]]),
    ("ay", &[["0", "1", ""]]),
    ("a", &[["0", "", ""]]),
    ("b", &[["7", "7", "7"]]),
    ("chs", &[["5", "54", "54"]]),
    ("csz", &[["4", "4", "4"]]),
    ("czs", &[["4", "4", "4"]]),
    ("ch", &[["5", "5", "5"], ["4", "4", "4"]]),
    ("ck", &[["5", "5", "5"], ["45", "45", "45"]]),
    ("cs", &[["4", "4", "4"]]),
    ("cz", &[["4", "4", "4"]]),
    ("c", &[["5", "5", "5"], ["4", "4", "4"]]),
    ("drs", &[["4", "4", "4"]]),
    ("drz", &[["4", "4", "4"]]),
    ("dsh", &[["4", "4", "4"]]),
    ("dsz", &[["4", "4", "4"]]),
    ("dzh", &[["4", "4", "4"]]),
    ("dzs", &[["4", "4", "4"]]),
    ("ds", &[["4", "4", "4"]]),
    ("dt", &[["3", "3", "3"]]),
    ("dz", &[["4", "4", "4"]]),
    ("d", &[["3", "3", "3"]]),
    ("ei", &[["0", "1", ""]]),
    ("ej", &[["0", "1", ""]]),
    ("eu", &[["1", "1", ""]]),
    ("ey", &[["0", "1", ""]]),
    ("e", &[["0", "", ""]]),
    ("fb", &[["7", "7", "7"]]),
    ("f", &[["7", "7", "7"]]),
    ("g", &[["5", "5", "5"]]),
    ("h", &[["5", "5", ""]]),
    ("ia", &[["1", "", ""]]),
    ("ie", &[["1", "", ""]]),
    ("io", &[["1", "", ""]]),
    ("iu", &[["1", "", ""]]),
    ("i", &[["0", "", ""]]),
    ("j", &[["1", "", ""], ["4", "4", "4"]]),
    ("kh", &[["5", "5", "5"]]),
    ("ks", &[["5", "54", "54"]]),
    ("k", &[["5", "5", "5"]]),
    ("l", &[["8", "8", "8"]]),
    ("mn", &[["66", "66", "66"]]),
    ("m", &[["6", "6", "6"]]),
    ("nm", &[["66", "66", "66"]]),
    ("n", &[["6", "6", "6"]]),
    ("oi", &[["0", "1", ""]]),
    ("oj", &[["0", "1", ""]]),
    ("oy", &[["0", "1", ""]]),
    ("o", &[["0", "", ""]]),
    ("pf", &[["7", "7", "7"]]),
    ("ph", &[["7", "7", "7"]]),
    ("p", &[["7", "7", "7"]]),
    ("q", &[["5", "5", "5"]]),
    ("rs", &[["94", "94", "94"], ["4", "4", "4"]]),
    ("rz", &[["94", "94", "94"], ["4", "4", "4"]]),
    ("r", &[["9", "9", "9"]]),
    ("schtsch", &[["2", "4", "4"]]),
    ("schtch", &[["2", "4", "4"]]),
    ("schtsh", &[["2", "4", "4"]]),
    ("shtch", &[["2", "4", "4"]]),
    ("shtsh", &[["2", "4", "4"]]),
    ("stsch", &[["2", "4", "4"]]),
    ("schd", &[["2", "43", "43"]]),
    ("scht", &[["2", "43", "43"]]),
    ("shch", &[["2", "4", "4"]]),
    ("stch", &[["2", "4", "4"]]),
    ("strs", &[["2", "4", "4"]]),
    ("strz", &[["2", "4", "4"]]),
    ("stsh", &[["2", "4", "4"]]),
    ("szcs", &[["2", "4", "4"]]),
    ("szcz", &[["2", "4", "4"]]),
    ("sch", &[["4", "4", "4"]]),
    ("shd", &[["2", "43", "43"]]),
    ("sht", &[["2", "43", "43"]]),
    ("szd", &[["2", "43", "43"]]),
    ("szt", &[["2", "43", "43"]]),
    ("sc", &[["2", "4", "4"]]),
    ("sd", &[["2", "43", "43"]]),
    ("sh", &[["4", "4", "4"]]),
    ("st", &[["2", "43", "43"]]),
    ("sz", &[["4", "4", "4"]]),
    ("s", &[["4", "4", "4"]]),
    ("ttsch", &[["4", "4", "4"]]),
    ("tsch", &[["4", "4", "4"]]),
    ("ttch", &[["4", "4", "4"]]),
    ("ttsz", &[["4", "4", "4"]]),
    ("tch", &[["4", "4", "4"]]),
    ("trs", &[["4", "4", "4"]]),
    ("trz", &[["4", "4", "4"]]),
    ("tsh", &[["4", "4", "4"]]),
    ("tsz", &[["4", "4", "4"]]),
    ("tts", &[["4", "4", "4"]]),
    ("ttz", &[["4", "4", "4"]]),
    ("tzs", &[["4", "4", "4"]]),
    ("tc", &[["4", "4", "4"]]),
    ("th", &[["3", "3", "3"]]),
    ("ts", &[["4", "4", "4"]]),
    ("tz", &[["4", "4", "4"]]),
    ("t", &[["3", "3", "3"]]),
    ("ue", &[["0", "1", ""]]),
    ("ui", &[["0", "1", ""]]),
    ("uj", &[["0", "1", ""]]),
    ("uy", &[["0", "1", ""]]),
    ("u", &[["0", "", ""]]),
    ("v", &[["7", "7", "7"]]),
    ("w", &[["7", "7", "7"]]),
    ("x", &[["5", "54", "54"]]),
    ("y", &[["1", "", ""]]),
    ("zhdzh", &[["2", "4", "4"]]),
    ("zdzh", &[["2", "4", "4"]]),
    ("zsch", &[["4", "4", "4"]]),
    ("zdz", &[["2", "4", "4"]]),
    ("zhd", &[["2", "43", "43"]]),
    ("zsh", &[["4", "4", "4"]]),
    ("zd", &[["2", "43", "43"]]),
    ("zh", &[["4", "4", "4"]]),
    ("zs", &[["4", "4", "4"]]),
    ("z", &[["4", "4", "4"]]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_keys(known: &[(&str, &str)]) {
        for (name, key) in known {
            assert_eq!(phonetic(name).as_deref(), Some(*key), "{name}");
        }
    }

    #[test]
    fn the_chart_is_in_order_and_has_every_letter() {
        let key = |rule: &Rule| (rule.0.as_bytes()[0], usize::MAX - rule.0.len());
        assert!(CHART.windows(2).all(|pair| key(&pair[0]) <= key(&pair[1])));
        for letter in 'a'..='z' {
            assert!(
                CHART
                    .iter()
                    .any(|(letters, _)| *letters == letter.to_string()),
                "{letter}"
            );
        }
    }

    /// JewishGen, "Soundex Coding", and Avotaynu, "Soundexing and Genealogy".
    #[test]
    fn the_published_examples() {
        assert_keys(&[
            ("Augsburg", "054795"),
            ("Breuer", "791900"),
            ("Freud", "793000"),
            ("Halberstadt", "587433|587943"),
            ("Mannheim", "665600"),
            ("Chernowitz", "496740|596740"),
            ("Cherkassy", "495400|595400"),
            ("Kleinman", "586660"),
            ("Nowy Targ", "673950"),
            ("Berlin", "798600"),
            ("Ceniow", "467000|567000"),
            ("Tsenyuv", "467000"),
            ("Holubica", "587400|587500"),
            ("Golubitsa", "587400"),
            ("Przemysl", "746480|794648"),
            ("Pshemeshil", "746480"),
            (
                "Rosochowaciec",
                "944744|944745|944754|944755|945744|945745|945754|945755",
            ),
            ("Rosokhovatsets", "945744"),
            ("Lewinsky", "876450"),
            ("Levinski", "876450"),
            ("Szlamawicz", "486740"),
            ("Shlamovitz", "486740"),
            ("Ben Aron", "769600"),
        ]);
    }

    /// Wikipedia, "Daitch-Mokotoff Soundex". Its eight codes for Jackson-Jackson do not follow from
    /// the chart; those of Apache Commons Codec, below, do.
    #[test]
    fn the_examples_of_the_encyclopedia() {
        assert_keys(&[
            ("Peters", "734000|739400"),
            ("Peterson", "734600|739460"),
            ("Moskowitz", "645740"),
            ("Moskovitz", "645740"),
            ("Auerbach", "097400|097500"),
            ("Uhrbach", "097400|097500"),
            ("Jackson", "145460|154600|445460|454600"),
        ]);
    }

    /// The tests of PostgreSQL's `fuzzystrmatch`, its difficult cases among them, and of Apache
    /// Commons Codec.
    #[test]
    fn the_answers_of_other_programs() {
        assert_keys(&[
            ("'OBrien", "079600"),
            ("O'Brien", "079600"),
            ("CJC", "400000|440000|450000|540000|545000|550000"),
            ("BESST", "743000"),
            ("BOUEY", "710000"),
            ("HANNMANN", "566600"),
            (
                "MCCOYJR",
                "641900|644900|645190|645490|651900|654190|654490|654900",
            ),
            (
                "ACCURSO",
                "044000|045400|045940|049400|054000|054400|054940|059400",
            ),
            (
                "BIERSCHBACH",
                "745740|745750|747400|747500|794574|794575|794740|794750",
            ),
            ("Müller", "689000"),
            ("Schäfer", "479000"),
            ("Straßburg", "294795"),
            ("Éregon", "095600"),
            (
                "Jackson-Jackson",
                "145464|145465|154644|154645|154654|445464|445465|454644|454645|454654",
            ),
            ("AKSSOL", "054800"),
            ("GERSCHFELD", "545783|547830|594578|594783"),
        ]);
    }

    #[test]
    fn spellings_of_one_name_meet() {
        for names in [
            &["Щербак", "Shcherbak", "Szczerbak", "ЩЕРБАК"][..],
            &["Московіц", "Moskowitz", "Moskovitz"],
            &["Левинський", "Lewinsky", "Levinski"],
        ] {
            let keys: Vec<_> = names.iter().map(|name| phonetic(name)).collect();
            assert!(
                keys.windows(2).all(|pair| pair[0] == pair[1]),
                "{names:?} {keys:?}"
            );
        }
    }

    #[test]
    fn a_text_without_letters_has_no_key() {
        for text in ["", " ", "123", "王小明", "--"] {
            assert_eq!(phonetic(text), None);
        }
    }

    #[test]
    fn ambiguous_letters_without_end_stay_cheap() {
        let mut coder = Phonetic::new();
        let mut key = String::new();
        for letters in ["cj", "ck", "rs", "j", "crsckj", "ajc", "a", "rzh"] {
            assert!(coder.key(&letters.repeat(2_000), &mut key));
            assert!(key.len() < 7 * 1_000, "{letters}: {} bytes", key.len());
        }
    }
}
