//! The tables that matching knows names by, read once from the texts in `tables/`.
//!
//! They hold general knowledge (roles of words, given names, forms of organisations, frequent names) and
//! no decision: a word that no table knows is compared like any other. The format of each file stands at
//! its head. Reading them takes about a millisecond, at the first use.

use super::sound::push_sound;
use super::words::Words;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::BitOr;
use std::sync::LazyLock;

/// What a word can be in a name, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles(u16);

impl Roles {
    /// A form of address, which is no part of the name.
    pub(super) const TITLE: Self = Self(1);
    /// A form of address that is also a name.
    pub(super) const HONORIFIC: Self = Self(1 << 1);
    /// A small word within a surname.
    pub(super) const PARTICLE: Self = Self(1 << 2);
    /// A particle before the name of the father.
    pub(super) const FATHER: Self = Self(1 << 3);
    /// `Abd` and its forms, which make one name with the next word.
    pub(super) const SERVANT: Self = Self(1 << 4);
    /// A word without weight in names of organisations.
    pub(super) const STOP: Self = Self(1 << 5);
    /// A frequent word in names of organisations.
    pub(super) const COMMON: Self = Self(1 << 6);
    /// A country.
    pub(super) const COUNTRY: Self = Self(1 << 7);
    /// A prefix of ships.
    pub(super) const VESSEL: Self = Self(1 << 8);
    /// The first word of a form of organisations.
    pub(super) const FORM_FIRST: Self = Self(1 << 9);
    /// The last word of a form of organisations.
    pub(super) const FORM_LAST: Self = Self(1 << 10);

    pub(super) fn has(self, role: Self) -> bool {
        self.0 & role.0 != 0
    }

    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "title" => Self::TITLE,
            "honorific" => Self::HONORIFIC,
            "particle" => Self::PARTICLE,
            "father" => Self::FATHER,
            "servant" => Self::SERVANT,
            "stop" => Self::STOP,
            "common" => Self::COMMON,
            "country" => Self::COUNTRY,
            "vessel" => Self::VESSEL,
            _ => return None,
        })
    }
}

impl BitOr for Roles {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The sort of organisation that a legal form makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Limited,
    Stock,
    Partnership,
    Sole,
    Cooperative,
    Nonprofit,
    State,
    /// Only says "company".
    Generic,
}

impl Family {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "limited" => Self::Limited,
            "stock" => Self::Stock,
            "partnership" => Self::Partnership,
            "sole" => Self::Sole,
            "cooperative" => Self::Cooperative,
            "nonprofit" => Self::Nonprofit,
            "state" => Self::State,
            "generic" => Self::Generic,
            _ => return None,
        })
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Limited => "limited",
            Self::Stock => "stock",
            Self::Partnership => "partnership",
            Self::Sole => "sole",
            Self::Cooperative => "cooperative",
            Self::Nonprofit => "nonprofit",
            Self::State => "state",
            Self::Generic => "generic",
        }
    }

    /// Whether two sorts are not confused: a foundation is no company, a state enterprise no private one.
    pub(super) fn is_far(self, other: Self) -> bool {
        let far = |a, b| match (a, b) {
            (Self::Nonprofit, b) => matches!(
                b,
                Self::Limited | Self::Stock | Self::Partnership | Self::State
            ),
            (Self::State, b) => matches!(b, Self::Limited | Self::Partnership),
            (Self::Sole, b) => matches!(b, Self::Stock | Self::Limited),
            _ => false,
        };
        far(self, other) || far(other, self)
    }
}

/// What is known of a word as it is written.
#[derive(Debug, Default)]
pub(super) struct WordEntry {
    pub(super) roles: Roles,
    /// The number that a numeral or a Roman number is.
    pub(super) number: Option<u64>,
    /// The usual word for an abbreviation, another spelling or a frequent word of another language.
    pub(super) usual: Option<Box<str>>,
}

/// A given name among its spellings (0), short forms (1) and forms in other languages (2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GivenName {
    pub(super) group: u16,
    pub(super) level: u8,
}

/// What is known of a name by its sound.
#[derive(Clone, Copy, Debug)]
pub(super) struct SoundEntry {
    pub(super) given_names: Range,
    /// The weight of the name as evidence; 1 for a rare one.
    pub(super) weight: f64,
}

/// Where the given names of a sound stand; the empty range for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    start: u32,
    end: u32,
}

type Map<K, V> = HashMap<K, V, BuildHasherDefault<Mixer>>;

/// All tables.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    words: Map<Box<str>, WordEntry>,
    forms: Map<Box<str>, Family>,
    sounds: Map<Box<[u8]>, SoundEntry>,
    given_names: Vec<GivenName>,
}

/// The tables of this crate.
pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    Loader::default().load(
        include_str!("tables/words.txt"),
        include_str!("tables/organisation_forms.txt"),
        include_str!("tables/given_names.txt"),
        include_str!("tables/surnames.txt"),
    )
});

impl Lexicon {
    pub(super) fn word(&self, word: &str) -> Option<&WordEntry> {
        self.words.get(word)
    }

    pub(super) fn roles(&self, word: &str) -> Roles {
        self.word(word)
            .map_or_else(Roles::default, |entry| entry.roles)
    }

    /// The sort of organisation of a form whose words are written together.
    pub(super) fn form(&self, words: &str) -> Option<Family> {
        self.forms.get(words).copied()
    }

    pub(super) fn sound(&self, sound: &[u8]) -> Option<SoundEntry> {
        self.sounds.get(sound).copied()
    }

    pub(super) fn given_names(&self, range: Range) -> &[GivenName] {
        &self.given_names[range.start as usize..range.end as usize]
    }
}

/// The tables in the making.
#[derive(Debug, Default)]
struct Loader {
    lexicon: Lexicon,
    names: HashMap<Box<[u8]>, (Vec<GivenName>, f64)>,
    reader: Words,
}

/// The lines of a table, without comments and empty ones.
fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

impl Loader {
    fn load(
        mut self,
        words: &'static str,
        forms: &'static str,
        given_names: &'static str,
        surnames: &'static str,
    ) -> Lexicon {
        self.words(words);
        self.forms(forms);
        self.given_names(given_names);
        self.surnames(surnames);
        for (sound, (names, weight)) in self.names {
            let start = self.lexicon.given_names.len();
            self.lexicon.given_names.extend(names);
            let end = self.lexicon.given_names.len();
            let given_names = Range {
                start: u32::try_from(start).unwrap_or_default(),
                end: u32::try_from(end).unwrap_or_default(),
            };
            let entry = SoundEntry {
                given_names,
                weight,
            };
            self.lexicon.sounds.insert(sound, entry);
        }
        self.lexicon
    }

    /// The first word of a text, folded as names are.
    fn folded(&mut self, text: &str) -> Option<String> {
        self.reader.read(text);
        self.reader.get(0).map(|(word, _)| word.to_owned())
    }

    fn entry(&mut self, word: String) -> &mut WordEntry {
        self.lexicon.words.entry(word.into()).or_default()
    }

    fn words(&mut self, table: &'static str) {
        for (role, items) in lines(table).filter_map(|line| line.split_once(':')) {
            let mut items = items.split_whitespace();
            match role {
                "number" => {
                    let (Some(word), Some(number)) = (items.next(), items.next()) else {
                        continue;
                    };
                    let Some(word) = self.folded(word) else {
                        continue;
                    };
                    self.entry(word).number = number.parse().ok();
                }
                "abbreviation" => {
                    let (Some(word), Some(usual)) = (items.next(), items.next()) else {
                        continue;
                    };
                    let (word, usual) = (self.folded(word), self.folded(usual));
                    if let Some((word, usual)) = word.zip(usual) {
                        self.entry(word).usual = Some(usual.into());
                    }
                }
                _ => {
                    let Some(role) = Roles::from_name(role) else {
                        continue;
                    };
                    for item in items {
                        let Some(word) = self.folded(item) else {
                            continue;
                        };
                        let entry = self.entry(word);
                        entry.roles = entry.roles | role;
                    }
                }
            }
        }
    }

    fn forms(&mut self, table: &'static str) {
        for (family, forms) in lines(table).filter_map(|line| line.split_once(':')) {
            let Some(family) = Family::from_name(family) else {
                continue;
            };
            for form in forms.split(',') {
                self.form(form, family);
            }
        }
    }

    /// A form is found by its words written together; its first and its last word lead to it.
    fn form(&mut self, form: &str, family: Family) {
        self.reader.read(form);
        self.reader.merge_initials();
        let words: Vec<String> = self
            .reader
            .iter()
            .map(|(word, _)| word.to_owned())
            .collect();
        let (Some(first), Some(last)) = (words.first(), words.last()) else {
            return;
        };
        let (first, last) = (first.clone(), last.clone());
        let entry = self.entry(first);
        entry.roles = entry.roles | Roles::FORM_FIRST;
        let entry = self.entry(last);
        entry.roles = entry.roles | Roles::FORM_LAST;
        self.lexicon
            .forms
            .entry(words.concat().into())
            .or_insert(family);
    }

    /// What is kept for the sound of a name.
    fn name(&mut self, name: &str) -> &mut (Vec<GivenName>, f64) {
        self.reader.read(name);
        let word: String = self.reader.iter().map(|(word, _)| word).collect();
        let mut sound = Vec::new();
        push_sound(&word, &mut sound);
        self.names.entry(sound.into()).or_insert((Vec::new(), 1.0))
    }

    fn given_names(&mut self, table: &'static str) {
        for (group, line) in (0..).zip(lines(table)) {
            for (level, names) in (0..).zip(line.split('|')) {
                for name in names.split_whitespace() {
                    let (known, _) = self.name(name);
                    if known.iter().all(|name| name.group != group) {
                        known.push(GivenName { group, level });
                    }
                }
            }
        }
    }

    fn surnames(&mut self, table: &'static str) {
        for (weight, names) in lines(table).filter_map(|line| line.split_once(':')) {
            let Ok(weight) = weight.parse::<f64>() else {
                continue;
            };
            for name in names.split_whitespace() {
                let (_, known) = self.name(name);
                if *known == 1.0 {
                    *known = weight;
                }
            }
        }
    }
}

/// A hasher for short keys of our own tables, which nobody can choose to collide: multiply and rotate,
/// as in rustc's `FxHasher`.
#[derive(Clone, Copy, Debug, Default)]
struct Mixer(u64);

impl Mixer {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last));
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }

    fn write_usize(&mut self, length: usize) {
        self.mix(length as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound_of(name: &str) -> Vec<u8> {
        let (mut words, mut sound) = (Words::default(), Vec::new());
        words.read(name);
        let word: String = words.iter().map(|(word, _)| word).collect();
        push_sound(&word, &mut sound);
        sound
    }

    fn groups(name: &str) -> Vec<GivenName> {
        let entry = LEXICON.sound(&sound_of(name)).expect("a known name");
        LEXICON.given_names(entry.given_names).to_vec()
    }

    #[test]
    fn every_line_of_the_tables_is_read() {
        for line in lines(include_str!("tables/words.txt")) {
            let (role, _) = line.split_once(':').expect("a role");
            let known =
                Roles::from_name(role).is_some() || ["number", "abbreviation"].contains(&role);
            assert!(known, "{line}");
        }
        for line in lines(include_str!("tables/organisation_forms.txt")) {
            let (family, _) = line.split_once(':').expect("a family");
            assert!(Family::from_name(family).is_some(), "{line}");
        }
        for line in lines(include_str!("tables/surnames.txt")) {
            let (weight, _) = line.split_once(':').expect("a weight");
            assert!(
                weight.parse::<f64>().is_ok_and(|weight| weight < 1.0),
                "{line}"
            );
        }
    }

    #[test]
    fn short_forms_and_spellings_share_a_group() {
        let shared = |a: &str, b: &str| {
            let b = groups(b);
            groups(a)
                .into_iter()
                .any(|a| b.iter().any(|b| a.group == b.group))
        };
        assert!(shared("Сашко", "Олександр"));
        assert!(shared("Олександр", "Aleksandr"));
        assert!(shared("Bill", "William"));
        assert!(shared("Наталка", "Наталія"));
        assert!(!shared("Марія", "Дмитро"));
    }

    #[test]
    fn forms_are_found_in_their_own_script() {
        for (form, family) in [
            ("tov", Family::Limited),
            ("gmbh", Family::Limited),
            ("limitedliabilitycompany", Family::Limited),
            ("prat", Family::Stock),
            ("fop", Family::Sole),
        ] {
            assert_eq!(LEXICON.form(form), Some(family), "{form}");
        }
        assert_eq!(LEXICON.form("kovalenko"), None);
        assert!(LEXICON.roles("company").has(Roles::FORM_LAST));
    }

    #[test]
    fn roles_numbers_and_usual_words_are_known() {
        assert!(LEXICON.roles("bin").has(Roles::FATHER));
        assert!(LEXICON.roles("dr").has(Roles::TITLE));
        assert!(!LEXICON.roles("novak").has(Roles::TITLE));
        assert_eq!(LEXICON.word("xiv").and_then(|entry| entry.number), Some(14));
        let usual = LEXICON
            .word("intl")
            .and_then(|entry| entry.usual.as_deref());
        assert_eq!(usual, Some("international"));
    }
}
