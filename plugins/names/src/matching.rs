//! Comparing names: how likely two spellings mean the same person, organisation or ship.
//!
//! A name goes through four steps, of which the first three make a [`Prepared`] and happen once:
//!
//! 1. **words**: letters of any script become small Latin ones, words part at everything else;
//! 2. **sounds**: spellings that only differ by the way of transliteration fall together;
//! 3. **tokens**: titles, legal forms, particles, initials, patronymics and numbers are told apart by
//!    the tables, which hold general knowledge only;
//! 4. **comparison**: words are aligned by their likeness, and what does not fit takes its share of the
//!    score: unlike spellings, words that contradict, words that one side lacks.
//!
//! The score is calibrated to one [`THRESHOLD`] for every kind of name. It measures likeness of names,
//! not the truth: many people share a name, and one person has several.
//!
//! ```
//! use sextant_plugin_names::{MatchKind, THRESHOLD, name_similarity};
//!
//! let similarity = |a, b| name_similarity(a, b, MatchKind::Person);
//! assert!(similarity("Коваленко Олександр Петрович", "Oleksandr Kovalenko") > 0.9);
//! assert!(similarity("Сашко Коваленко", "Aleksandr Kovalenko") >= THRESHOLD);
//! assert!(similarity("Oleksandr Kovalenko", "Dmytro Kovalenko") < THRESHOLD);
//! ```
//!
//! For many comparisons keep a [`Matcher`], which reuses its buffers, and [`Prepared`] names:
//!
//! ```
//! use sextant_plugin_names::{MatchKind, Matcher};
//!
//! let mut matcher = Matcher::new();
//! let list: Vec<_> = ["Lina Brandt", "Marta Novák"]
//!     .map(|name| matcher.prepare(name, MatchKind::Person))
//!     .into();
//! let traveller = matcher.prepare("NOVAK MARTA", MatchKind::Person);
//! let best = list.iter().map(|listed| matcher.compare(&traveller, listed));
//! assert_eq!(best.fold(0.0, f64::max), 1.0);
//! ```

mod letters;

mod words;

mod sound;

mod weights;

mod lanes;

mod distance;

mod tables;

mod tokens;

mod alignment;

mod evidence;

mod whole;

mod persons;

mod organisations;

mod explanation;

pub use evidence::Grounds;
pub use tokens::{Key, Prepared};
pub use weights::THRESHOLD;

use alignment::Alignment;
use evidence::Evidence;
use serde_json::Value;
use std::cell::RefCell;
use words::Words;

/// What a name names, which decides the rules it is compared by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MatchKind {
    /// A human being.
    Person,
    /// A company.
    Company,
    /// Any other organisation.
    Organization,
    /// A person or an organisation, of which a register does not say which. By the rules of companies.
    #[default]
    LegalEntity,
    /// A ship.
    Vessel,
}

impl MatchKind {
    /// The kind that a query calls by this name, in any case; none where there is no such kind.
    pub fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, MatchKind); 6] = [
            ("person", MatchKind::Person),
            ("company", MatchKind::Company),
            ("organization", MatchKind::Organization),
            ("organisation", MatchKind::Organization),
            ("legalentity", MatchKind::LegalEntity),
            ("vessel", MatchKind::Vessel),
        ];
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, kind)| *kind)
    }

    /// The name by which queries ask for the kind.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Company => "company",
            Self::Organization => "organization",
            Self::LegalEntity => "legalentity",
            Self::Vessel => "vessel",
        }
    }
}

/// Compares names, reusing its buffers: after a few names it does not allocate.
#[derive(Debug, Default)]
pub struct Matcher {
    words: Words,
    left: Prepared,
    right: Prepared,
    alignment: Alignment,
    evidence: Evidence,
}

impl Matcher {
    /// A matcher. The first one of a process reads the tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The similarity of two names, from 0 to 1: the same whichever comes first, and 0 where one of them
    /// has no letter or digit.
    pub fn similarity(&mut self, a: &str, b: &str, kind: MatchKind) -> f64 {
        prepare_into(&mut self.words, a, kind, &mut self.left);
        prepare_into(&mut self.words, b, kind, &mut self.right);
        let (left, right) = (&self.left, &self.right);
        compare(left, right, &mut self.alignment, &mut self.evidence)
    }

    /// Why two names have their similarity. See [`name_explain`] for the members of the object.
    pub fn explain(&mut self, a: &str, b: &str, kind: MatchKind) -> Value {
        let score = self.similarity(a, b, kind);
        let (left, right) = ordered(&self.left, &self.right);
        let swapped = is_swapped(&self.left, &self.right);
        explanation::explain(left, right, swapped, score, &self.evidence)
    }

    /// Prepares a name for many comparisons.
    pub fn prepare(&mut self, name: &str, kind: MatchKind) -> Prepared {
        prepare_into(&mut self.words, name, kind, &mut self.left);
        // A copy has no room to grow, of which a long list would have a lot.
        self.left.clone()
    }

    /// What the last comparison rests on.
    pub fn grounds(&self) -> Grounds {
        self.evidence.grounds()
    }

    /// The similarity of prepared names, as [`Self::similarity`] would give for their texts. Names of
    /// different kinds are compared by the rules of organisations.
    pub fn compare(&mut self, a: &Prepared, b: &Prepared) -> f64 {
        compare(a, b, &mut self.alignment, &mut self.evidence)
    }
}

fn prepare_into(words: &mut Words, name: &str, kind: MatchKind, prepared: &mut Prepared) {
    words.read(name);
    prepared.clear(kind);
    if kind == MatchKind::Person {
        persons::prepare(words, prepared);
    } else {
        organisations::prepare(words, prepared);
    }
}

/// Whether names are compared in the other order than given: it is fixed, so that the result does not
/// depend on it.
fn is_swapped(a: &Prepared, b: &Prepared) -> bool {
    (a.start, &a.joined, &a.text) > (b.start, &b.joined, &b.text)
}

fn ordered<'n>(a: &'n Prepared, b: &'n Prepared) -> (&'n Prepared, &'n Prepared) {
    if is_swapped(a, b) { (b, a) } else { (a, b) }
}

fn compare(a: &Prepared, b: &Prepared, alignment: &mut Alignment, evidence: &mut Evidence) -> f64 {
    evidence.clear();
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (a, b) = ordered(a, b);
    let score = if a.kind == MatchKind::Person && b.kind == MatchKind::Person {
        persons::compare(a, b, alignment, evidence)
    } else {
        organisations::compare(a, b, alignment, evidence)
    };
    score.clamp(0.0, 1.0)
}

thread_local! {
    static MATCHER: RefCell<Matcher> = RefCell::new(Matcher::new());
}

/// The similarity of two names of a kind, from 0 to 1; [`THRESHOLD`] or more is a match.
///
/// See [`Matcher`], which this keeps one of for each thread.
pub fn name_similarity(a: &str, b: &str, kind: MatchKind) -> f64 {
    MATCHER.with_borrow_mut(|matcher| matcher.similarity(a, b, kind))
}

/// Why two names have their similarity, as a JSON object.
///
/// - `kind`, `score`, `match` (whether the score reaches the threshold), `rule` (what decided);
/// - `matched`: objects with `a`, `b` (the words as compared), `similarity` and `how`;
/// - `only_a`, `only_b`: words that nothing matched;
/// - `conflict`, `excess`: what those amount to, for both sides and for one;
/// - for organisations `forms` (the sort of each legal form, or null) and, where they reduced the score,
///   the factors `form_factor`, `number_factor` and `country_factor`.
pub fn name_explain(a: &str, b: &str, kind: MatchKind) -> Value {
    MATCHER.with_borrow_mut(|matcher| matcher.explain(a, b, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(a: &str, b: &str) -> f64 {
        name_similarity(a, b, MatchKind::Person)
    }

    fn company(a: &str, b: &str) -> f64 {
        name_similarity(a, b, MatchKind::Company)
    }

    /// Made-up people, each pair one name.
    #[test]
    fn one_person_in_two_spellings_matches() {
        for (a, b) in [
            ("Тарас Гриценко", "Taras Hrytsenko"),
            ("Тарас Гриценко", "TARAS GRITSENKO"),
            ("Гриценко Тарас Іванович", "Taras Hrytsenko"),
            ("Т. Гриценко", "Тарас Гриценко"),
            ("Сергій Щербина", "Sergey Shcherbina"),
            ("Юлія Бойчук", "Iuliia Boichuk"),
            ("Олена Ясінська", "Yelena Yasinskaya"),
            ("Dr. Lena Vogt", "Vogt, Lena"),
            ("Bob Ashcombe", "Robert Ashcombe"),
            ("Pieter van der Meulen", "Pieter Vandermeulen"),
            ("Omar al-Farsi", "Umar Alfarsi"),
            ("Abdul Aziz Darwish", "Abdulaziz Darwish"),
            ("Marta Wisniewska", "Marta Wiśniewska"),
            ("Petrenkko Dmytro", "Dmytro Petrenko"),
        ] {
            let score = person(a, b);
            assert!(score >= THRESHOLD, "{a} and {b}: {score}");
        }
    }

    /// Made-up people, each pair two of them.
    #[test]
    fn two_people_do_not_match() {
        for (a, b) in [
            ("Тарас Гриценко", "Богдан Гриценко"),
            ("Taras Hrytsenko", "Taras Melnychuk"),
            ("Taras P. Hrytsenko", "Taras Viktorovych Hrytsenko"),
            ("Salim bin Tariq al-Farsi", "Tariq bin Salim al-Farsi"),
            ("Lena Vogt", "Lena Vogelsang"),
            ("Omar Jamil al-Farsi", "Omar Jamil al-Najdi"),
            ("Lena", "Marta Lena Vogt Brandt"),
        ] {
            let score = person(a, b);
            assert!(score < THRESHOLD, "{a} and {b}: {score}");
        }
    }

    #[test]
    fn a_missing_patronymic_costs_less_than_a_missing_name() {
        let patronymic = person("Тарас Іванович Гриценко", "Тарас Гриценко");
        let name = person("Taras Markian Hrytsenko", "Taras Hrytsenko");
        assert!(
            patronymic > name && name >= THRESHOLD,
            "{patronymic} {name}"
        );
        let other = person("Тарас Іванович Гриценко", "Тарас Петрович Гриценко");
        assert!(other < THRESHOLD, "{other}");
    }

    #[test]
    fn legal_forms_are_compared_by_their_sort() {
        for (a, b) in [
            ("ТОВ «Світанок Плюс»", "Svitanok Plus LLC"),
            (
                "Товариство з обмеженою відповідальністю Світанок",
                "ТОВ Світанок",
            ),
            (
                "Nordlicht GmbH",
                "Nordlicht Gesellschaft mit beschränkter Haftung",
            ),
            ("Harbour Lights Trading Co., Ltd.", "Harbour Lights Trading"),
            ("2nd Harbour Bank", "Second Harbour Bank"),
            ("N.L.T. Shipping", "NLT Shipping"),
        ] {
            let score = company(a, b);
            assert!(score >= THRESHOLD, "{a} and {b}: {score}");
        }
        let far = company("БФ Світанок", "ТОВ Світанок")
            .min(company("Fundacja Nordlicht", "Nordlicht Ltd"));
        assert!(far < company("Nordlicht AG", "Nordlicht Ltd"));
    }

    #[test]
    fn other_words_in_a_company_are_another_company() {
        for (a, b) in [
            ("Nordlicht Shipping GmbH", "Nordlicht Insurance GmbH"),
            ("Bank of Arvenia", "Bank of Torland"),
            ("Harbour Lights", "Harbour Lights Kenya"),
        ] {
            let score = company(a, b);
            assert!(score < 0.8, "{a} and {b}: {score}");
        }
        let same = company("Nordlicht Fund III", "Nordlicht Fund 3");
        assert_eq!(same, 1.0);
        for (a, b) in [
            ("III", "IV"),
            ("II", "III"),
            ("11", "111"),
            ("2004-1", "2004-2"),
        ] {
            let (a, b) = (format!("Nordlicht Fund {a}"), format!("Nordlicht Fund {b}"));
            assert!(company(&a, &b) < 0.8, "{a} and {b}");
        }
        assert!(person("Otto Vogt II", "Otto Vogt III") < 0.8);
    }

    #[test]
    fn prefixes_of_ships_are_dropped() {
        let ship = |a, b| name_similarity(a, b, MatchKind::Vessel);
        assert_eq!(ship("M/V Morning Tern", "Morning Tern"), 1.0);
        assert!(ship("Morning Tern", "Evening Heron") < THRESHOLD);
    }

    #[test]
    fn scores_are_between_0_and_1_symmetric_and_1_for_equals() {
        let names = [
            "Тарас Гриценко",
            "Hrytsenko T.",
            "Svitanok Plus LLC",
            "王小明",
            "Wang Xiaoming",
            "عمر الفارسي",
            "Umar al-Farsi",
            "a b c d e f g h",
            "III",
            "7",
            "()",
            "",
        ];
        let kinds = [MatchKind::Person, MatchKind::Company, MatchKind::Vessel];
        for kind in kinds {
            for a in names {
                for b in names {
                    let score = name_similarity(a, b, kind);
                    assert!((0.0..=1.0).contains(&score));
                    assert_eq!(score, name_similarity(b, a, kind), "{a} {b}");
                }
            }
        }
        assert_eq!(person("Тарас Гриценко", "Тарас Гриценко"), 1.0);
        assert_eq!(person("", ""), 0.0);
    }

    #[test]
    fn prepared_names_compare_as_their_texts() {
        let mut matcher = Matcher::new();
        let (a, b) = ("Тарас Гриценко", "Taras Hrycenko");
        let left = matcher.prepare(a, MatchKind::Person);
        let right = matcher.prepare(b, MatchKind::Person);
        let compared = matcher.compare(&left, &right);
        assert_eq!(compared, matcher.similarity(a, b, MatchKind::Person));
        assert_eq!(left.kind(), MatchKind::Person);
    }

    #[test]
    fn an_explanation_names_what_matched_and_what_did_not() {
        let explained = name_explain(
            "Сашко Гриценко",
            "Oleksandr Petrovych Hrytsenko",
            MatchKind::Person,
        );
        assert_eq!(explained["match"], true);
        assert_eq!(explained["rule"], "words");
        assert_eq!(explained["only_a"].as_array().map(Vec::len), Some(0));
        assert_eq!(explained["only_b"][0], "petrovych");
        let matched = explained["matched"].as_array().expect("pairs");
        let short = matched.iter().find(|pair| pair["how"] == "short form");
        assert_eq!(short.expect("a pair")["a"], "sashko");
        let forms = name_explain("Nordlicht GmbH", "Nordlicht AG", MatchKind::Company);
        assert_eq!(forms["forms"]["a"], "limited");
        assert_eq!(forms["forms"]["b"], "stock");
    }

    #[test]
    fn kinds_are_found_by_name() {
        assert_eq!(
            MatchKind::from_name("LegalEntity"),
            Some(MatchKind::LegalEntity)
        );
        assert_eq!(MatchKind::from_name("planet"), None);
    }

    #[test]
    fn endless_names_are_compared_in_bounds() {
        let long = "Hrytsenko Taras ".repeat(10_000);
        assert_eq!(person(&long, &long), 1.0);
        assert!(person(&long, "Taras Hrytsenko") <= 1.0);
    }
}
