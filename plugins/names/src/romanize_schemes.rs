//! Romanisation by the tables that were in force before, or are elsewhere: what a document of its time
//! is expected to say.
//!
//! | scheme | language | after |
//! |---|---|---|
//! | `Ukrainian1996` | Ukrainian | Commission on legal terminology, decision 9 of 19 April 1996 |
//! | `UkrainianPassport2007` | Ukrainian | Cabinet of Ministers, resolution 858 of 26 June 2007 |
//! | `UkrainianBgn` | Ukrainian | BGN/PCGN 1965 |
//! | `RussianGost2006` | Russian | GOST R 52535.1-2006, annex A: passports from 2010 to 2013 |
//! | `RussianBgn` | Russian | BGN/PCGN 1947, without its optional dots |
//! | `BelarusianIcao` | Belarusian | ICAO Doc 9303-3, section 6, table B |
//!
//! The current tables, of 2010 for Ukrainian and of ICAO for Russian, are those of [`crate::romanize`].
//! Soft signs are left out where a table would write an apostrophe, as machine-readable zones do.

use crate::romanize::is_apostrophe;

/// A table of romanisation and the places where it differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// The decision of 1996.
    Ukrainian1996,
    /// Passports from 2007 to 2010.
    UkrainianPassport2007,
    /// The table of the American and British names boards.
    UkrainianBgn,
    /// Russian passports from 2010 to 2013.
    RussianGost2006,
    /// The table of the American and British names boards.
    RussianBgn,
    /// Belarusian in machine-readable documents.
    BelarusianIcao,
}

/// A small letter and its form.
type Letters = &'static [(char, &'static str)];

/// What most of the tables have in common.
#[rustfmt::skip]
const COMMON: Letters = &[
    ('а', "a"), ('б', "b"), ('в', "v"), ('г', "g"), ('ґ', "g"), ('д', "d"), ('е', "e"), ('ё', "e"),
    ('є', "ie"), ('ж', "zh"), ('з', "z"), ('и', "i"), ('і', "i"), ('ї', "i"), ('й', "i"), ('к', "k"),
    ('л', "l"), ('м', "m"), ('н', "n"), ('о', "o"), ('п', "p"), ('р', "r"), ('с', "s"), ('т', "t"),
    ('у', "u"), ('ў', "u"), ('ф', "f"), ('х', "kh"), ('ц', "ts"), ('ч', "ch"), ('ш', "sh"),
    ('щ', "shch"), ('ъ', ""), ('ы', "y"), ('ь', ""), ('э', "e"), ('ю', "iu"), ('я', "ia"),
];

impl Scheme {
    /// Every scheme, with the name by which queries ask for it.
    pub const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Ukrainian1996, "ukrainian_1996"),
        (Self::UkrainianPassport2007, "ukrainian_passport_2007"),
        (Self::UkrainianBgn, "ukrainian_bgn"),
        (Self::RussianGost2006, "russian_gost_2006"),
        (Self::RussianBgn, "russian_bgn"),
        (Self::BelarusianIcao, "belarusian_icao"),
    ];

    /// Where the scheme differs from what is common: everywhere, and at the start of a word or, for
    /// Russian by BGN/PCGN, after a vowel or a sign as well.
    fn differences(self) -> (Letters, Letters) {
        match self {
            Self::Ukrainian1996 => (
                &[('г', "h"), ('и', "y"), ('щ', "sch")],
                &[
                    ('є', "ye"),
                    ('ї', "yi"),
                    ('й', "y"),
                    ('ю', "yu"),
                    ('я', "ya"),
                ],
            ),
            Self::UkrainianPassport2007 => (&[('и', "y")], &[]),
            Self::UkrainianBgn => (
                &[
                    ('г', "h"),
                    ('и', "y"),
                    ('є', "ye"),
                    ('ї', "yi"),
                    ('й', "y"),
                    ('ю', "yu"),
                    ('я', "ya"),
                ],
                &[],
            ),
            Self::RussianGost2006 => (&[('ц', "tc")], &[]),
            Self::RussianBgn => (
                &[('й', "y"), ('ю', "yu"), ('я', "ya")],
                &[('е', "ye"), ('ё', "ye")],
            ),
            Self::BelarusianIcao => (&[('г', "h"), ('ё', "io")], &[]),
        }
    }

    /// The form of a small letter after another, or at the start of a word.
    fn latin(self, previous: Option<char>, letter: char) -> Option<&'static str> {
        let (everywhere, first) = self.differences();
        let starts = previous
            .is_none_or(|previous| self == Self::RussianBgn && "аеёиоуыэюяйъь".contains(previous));
        let find = |letters: Letters| letters.iter().find(|(known, _)| *known == letter);
        let own = if starts { find(first) } else { None };
        own.or_else(|| find(everywhere))
            .or_else(|| find(COMMON))
            .map(|(_, latin)| *latin)
    }
}

/// Romanises a text by a scheme. What is no Cyrillic letter stays as it is, an apostrophe after a
/// Cyrillic letter is left out, and a word in capitals stays in capitals.
pub fn romanize_by(scheme: Scheme, text: &str) -> String {
    let mut latin = String::with_capacity(text.len());
    let (mut previous, mut after_capital) = (None, false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if matches!(previous, Some('\u{400}'..='\u{52f}')) && is_apostrophe(letter) {
            continue;
        }
        let small = letter.to_lowercase().next().unwrap_or(letter);
        let within_capitals = match letters.peek() {
            Some(next) if next.is_alphabetic() => next.is_uppercase(),
            _ => after_capital,
        };
        match scheme.latin(previous, small) {
            Some(form) if letter == small => latin.push_str(form),
            Some(form) if within_capitals => latin.push_str(&form.to_uppercase()),
            Some(form) => {
                let mut form = form.chars();
                latin.extend(form.next().map(|first| first.to_ascii_uppercase()));
                latin.extend(form);
            }
            None => latin.push(letter),
        }
        after_capital = letter.is_uppercase();
        previous = letter.is_alphabetic().then_some(small);
    }
    latin
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forms by the tables themselves: each differs in the letters that its table is known by.
    #[test]
    fn each_scheme_writes_a_name_its_own_way() {
        for (scheme, name, form) in [
            (Scheme::Ukrainian1996, "Юрій Щербак", "Yurii Scherbak"),
            (Scheme::Ukrainian1996, "Ганна", "Hanna"),
            (
                Scheme::UkrainianPassport2007,
                "Ганна Гриценко",
                "Ganna Grytsenko",
            ),
            (Scheme::UkrainianPassport2007, "Юрій", "Iurii"),
            (Scheme::UkrainianBgn, "Юрій Зінов’єв", "Yuriy Zinovyev"),
            (Scheme::RussianGost2006, "Цветков Юрий", "Tcvetkov Iurii"),
            (Scheme::RussianBgn, "Егор Сергеев", "Yegor Sergeyev"),
            (Scheme::RussianBgn, "Юрий Воробьев", "Yuriy Vorobyev"),
            (Scheme::BelarusianIcao, "Ігар Галёнка", "Ihar Halionka"),
        ] {
            assert_eq!(romanize_by(scheme, name), form);
            assert_eq!(
                romanize_by(scheme, &name.to_uppercase()),
                form.to_uppercase()
            );
        }
    }

    #[test]
    fn what_is_not_cyrillic_stays() {
        assert_eq!(
            romanize_by(Scheme::UkrainianBgn, "O'Brien, 7"),
            "O'Brien, 7"
        );
        assert_eq!(romanize_by(Scheme::RussianBgn, ""), "");
        assert_eq!(
            romanize_by(Scheme::UkrainianBgn, "Щур ЩУР Щ."),
            "Shchur SHCHUR Shch."
        );
    }
}
