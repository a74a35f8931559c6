//! Romanisation by the tables that were in force before, or are elsewhere: what a document of its time
//! is expected to say.
//!
//! | scheme | language | after |
//! |---|---|---|
//! | `Ukrainian1996` | Ukrainian | Commission on legal terminology, decision 9 of 19 April 1996 |
//! | `UkrainianPassport2007` | Ukrainian | Cabinet of Ministers, resolution 858 of 26 June 2007 |
//! | `UkrainianBgn` | Ukrainian | BGN/PCGN 1965, in use to 2019 |
//! | `RussianPassport1997` | Russian | Interior, order 310 of 26 May 1997, annex 7: passports to 2010 |
//! | `RussianPassport1997French` | Russian | the same order, annex 6: passports on blanks of the USSR, in French |
//! | `RussianGost2006` | Russian | GOST R 52535.1-2006, annex A: passports from 2010 to 2013 |
//! | `RussianBgn` | Russian | BGN/PCGN 1947, without its diaereses and its optional dots |
//! | `Belarusian2007` | Belarusian | Land Resources, resolution 15 of 2000, as amended by resolution 38 of 2007 |
//! | `BelarusianIcao` | Belarusian | ICAO Doc 9303-3, section 6, table B |
//!
//! The current tables, of 2010 for Ukrainian and of ICAO for Russian, are those of [`crate::romanize`].
//! Soft signs are left out where a table would write an apostrophe, as machine-readable zones do; the
//! accents of `Belarusian2007` stay.
//!
//! The tables were compared with those of `nalgeon/iuliia` (Russian), of `interscript/maps` and of
//! `dchaplinsky/translit-ua` (Ukrainian and Belarusian). Where a table leaves a choice, the letters stand
//! one by one: order 310 also allows `y` for `ий` and `ый`.

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
    /// Russian passports from 1997 to 2010, after the English manner.
    RussianPassport1997,
    /// Passports of the USSR's kind, which Russia went on issuing, after the French manner.
    RussianPassport1997French,
    /// Russian passports from 2010 to 2013.
    RussianGost2006,
    /// The table of the American and British names boards.
    RussianBgn,
    /// Geographical names of Belarus from 2007 to 2023, with the letters of its Latin alphabet: the
    /// instruction of the committees on land resources (23 November 2000) and on property (11 June 2007).
    Belarusian2007,
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

/// How the French manner differs.
#[rustfmt::skip]
const FRENCH: Letters = &[
    ('ж', "j"), ('у', "ou"), ('ч', "tch"), ('ш', "ch"), ('щ', "chtch"), ('ю', "iou"),
];

/// How the Belarusian Latin alphabet differs: `е`, `ё`, `ю` and `я` here are those after a consonant.
#[rustfmt::skip]
const BELARUSIAN: Letters = &[
    ('г', "h"), ('е', "ie"), ('ё', "io"), ('ж', "ž"), ('й', "j"), ('ў', "ŭ"), ('х', "ch"), ('ц', "c"),
    ('ч', "č"), ('ш', "š"),
];

impl Scheme {
    /// Every scheme, with the name by which queries ask for it.
    pub const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Ukrainian1996, "ukrainian_1996"),
        (Self::UkrainianPassport2007, "ukrainian_passport_2007"),
        (Self::UkrainianBgn, "ukrainian_bgn"),
        (Self::RussianPassport1997, "russian_passport_1997"),
        (
            Self::RussianPassport1997French,
            "russian_passport_1997_french",
        ),
        (Self::RussianGost2006, "russian_gost_2006"),
        (Self::RussianBgn, "russian_bgn"),
        (Self::Belarusian2007, "belarusian_2007"),
        (Self::BelarusianIcao, "belarusian_icao"),
    ];

    /// Where the scheme differs from what is common: everywhere, and where a letter stands apart.
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
            Self::RussianPassport1997 | Self::RussianBgn => (
                &[('й', "y"), ('ю', "yu"), ('я', "ya")],
                &[('е', "ye"), ('ё', "ye")],
            ),
            Self::RussianPassport1997French => (FRENCH, &[('е', "ie")]),
            Self::RussianGost2006 => (&[('ц', "tc")], &[]),
            Self::Belarusian2007 => (
                BELARUSIAN,
                &[('е', "je"), ('ё', "jo"), ('ю', "ju"), ('я', "ja")],
            ),
            Self::BelarusianIcao => (&[('г', "h"), ('ё', "io")], &[]),
        }
    }

    /// Whether a letter after another stands apart: at the start of a word, where the table says so,
    /// and after what its own language parts it by.
    fn stands_apart(self, previous: Option<char>) -> bool {
        let (at_start, after) = match self {
            Self::RussianBgn => (true, "аеёиоуыэюяйъь"),
            Self::RussianPassport1997 => (false, "ъь"),
            Self::RussianPassport1997French => (false, "ь"),
            Self::Belarusian2007 => (true, "аеёіоуыэюяўъь"),
            _ => (true, ""),
        };
        previous.map_or(at_start, |previous| after.contains(previous))
    }

    /// The form of a small letter that its neighbours in the word change; none where they do not.
    fn joined(
        self,
        previous: Option<char>,
        letter: char,
        next: Option<char>,
    ) -> Option<&'static str> {
        let vowel = |letter: Option<char>| letter.is_some_and(|it| "аеёиоуыэюя".contains(it));
        match (self, letter) {
            (Self::Ukrainian1996, 'г') if previous == Some('з') => Some("gh"),
            (Self::RussianPassport1997French, 'г') if matches!(next, Some('е' | 'и' | 'ы')) => {
                Some("gu")
            }
            (Self::RussianPassport1997French, 'к') if next == Some('с') => Some("x"),
            (Self::RussianPassport1997French, 'с') if previous == Some('к') => Some(""),
            (Self::RussianPassport1997French, 'с') if vowel(previous) && vowel(next) => Some("ss"),
            (Self::RussianPassport1997French, 'н') if previous == Some('и') && next.is_none() => {
                Some("ne")
            }
            (Self::Belarusian2007, 'з') if next == Some('ь') => Some("ź"),
            (Self::Belarusian2007, 'л') if next == Some('ь') => Some("ĺ"),
            (Self::Belarusian2007, 'н') if next == Some('ь') => Some("ń"),
            (Self::Belarusian2007, 'с') if next == Some('ь') => Some("ś"),
            (Self::Belarusian2007, 'ц') if next == Some('ь') => Some("ć"),
            _ => None,
        }
    }

    /// The form of a small letter between two others; there is none before it at the start of a word
    /// and none after it at the end.
    fn latin(
        self,
        previous: Option<char>,
        letter: char,
        next: Option<char>,
    ) -> Option<&'static str> {
        let (everywhere, apart) = self.differences();
        let find = |letters: Letters| {
            let found = letters.iter().find(|(known, _)| *known == letter);
            found.map(|(_, latin)| *latin)
        };
        let own = if self.stands_apart(previous) {
            find(apart)
        } else {
            None
        };
        self.joined(previous, letter, next)
            .or(own)
            .or_else(|| find(everywhere))
            .or_else(|| find(COMMON))
    }
}

/// Romanises a text by a scheme. What is no Cyrillic letter stays as it is, an apostrophe after a
/// Cyrillic letter is left out and parts its neighbours as a hard sign would, and a word in capitals
/// stays in capitals.
pub fn romanize_by(scheme: Scheme, text: &str) -> String {
    let mut latin = String::with_capacity(text.len());
    let (mut previous, mut after_capital) = (None, false);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if matches!(previous, Some('\u{400}'..='\u{52f}')) && is_apostrophe(letter) {
            previous = Some('ъ');
            continue;
        }
        let small = lower_case(letter);
        // An apostrophe parts its neighbours as a hard sign would, and ends no word.
        let mut ahead = letters.clone();
        let after = ahead.next();
        let apart = after.is_some_and(is_apostrophe);
        let next = if apart { ahead.next() } else { after };
        let next = next.filter(|next| next.is_alphabetic());
        let within_capitals = next.map_or(after_capital, char::is_uppercase);
        let next = next.map(|next| if apart { 'ъ' } else { lower_case(next) });
        match scheme.latin(previous, small, next) {
            Some(form) if letter == small => latin.push_str(form),
            Some(form) if within_capitals => latin.push_str(&form.to_uppercase()),
            Some(form) => {
                let mut form = form.chars();
                latin.extend(form.next().into_iter().flat_map(char::to_uppercase));
                latin.extend(form);
            }
            None => latin.push(letter),
        }
        after_capital = letter.is_uppercase();
        previous = letter.is_alphabetic().then_some(small);
    }
    latin
}

fn lower_case(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scheme: Scheme, names: &[(&str, &str)]) {
        for (name, form) in names {
            assert_eq!(romanize_by(scheme, name), *form);
            assert_eq!(
                romanize_by(scheme, &name.to_uppercase()),
                form.to_uppercase()
            );
        }
    }

    /// Forms by the tables themselves: each differs in the letters that its table is known by.
    #[test]
    fn each_scheme_writes_a_name_its_own_way() {
        for (scheme, name, form) in [
            (Scheme::Ukrainian1996, "Юрій Щербак", "Yurii Scherbak"),
            (Scheme::Ukrainian1996, "Ганна", "Hanna"),
            (Scheme::Ukrainian1996, "МІЖʼЯРУСНИЙ", "MIZHIARUSNYI"),
            (Scheme::RussianPassport1997French, "Марин’як", "Mariniak"),
            (Scheme::Ukrainian1996, "Згурський", "Zghurskyi"),
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
            check(scheme, &[(name, form)]);
        }
    }

    /// The tests of `interscript/maps` for `bgnpcgn-ukr-Cyrl-Latn-1965`, without their apostrophes.
    #[test]
    fn ukrainian_bgn_is_as_in_interscript() {
        check(
            Scheme::UkrainianBgn,
            &[
                ("Бабаї", "Babayi"),
                ("Гагарінський Район", "Haharinskyy Rayon"),
                ("Єфросинівка", "Yefrosynivka"),
                ("Загір’я", "Zahirya"),
                ("Їжаківка", "Yizhakivka"),
                ("Приґородний", "Prygorodnyy"),
                ("Щербинівка", "Shcherbynivka"),
                ("Ясениця", "Yasenytsya"),
            ],
        );
    }

    /// The samples of `nalgeon/iuliia` for `mvd_310`, without the apostrophes of signs.
    #[test]
    fn russian_passports_of_1997_are_as_in_iuliia() {
        check(
            Scheme::RussianPassport1997,
            &[
                ("Юлия Щеглова", "Yuliya Shcheglova"),
                ("Гайа Васильева", "Gaya Vasilyeva"),
                ("Андрей Видный", "Andrey Vidnyy"),
                ("съешь ещё", "syesh eshche"),
                ("из Йошкар-Олы", "iz Yoshkar-Oly"),
            ],
        );
    }

    /// The examples of order 310 itself, as `nalgeon/iuliia` prints them (`content/posts/mvd-310.md`),
    /// and its samples for `mvd_310_fr`, here with the double `s` which that library leaves out.
    #[test]
    fn the_french_manner_follows_the_examples_of_its_order() {
        check(
            Scheme::RussianPassport1997French,
            &[
                ("Гирев", "Guirev"),
                ("Васильева", "Vassilieva"),
                ("Оксана", "Oxana"),
                ("Максимов", "Maximov"),
                ("Гусев", "Goussev"),
                ("Васин", "Vassine"),
                ("Юлия Щеглова", "Iouliia Chtcheglova"),
                ("Андрей Видный", "Andrei Vidnyi"),
                ("Оксана Снегирёва", "Oxana Sneguireva"),
                ("Юрий Васин", "Iourii Vassine"),
                ("мягких французских булок", "miagkikh frantsouzskikh boulok"),
                ("Ксения", "Xeniia"),
            ],
        );
    }

    /// The tests of `nalgeon/iuliia` for `bgn_pcgn_alt`, without apostrophes and diaereses.
    #[test]
    fn russian_bgn_is_as_in_iuliia() {
        check(
            Scheme::RussianBgn,
            &[
                ("Елизово", "Yelizovo"),
                ("Чапаевск", "Chapayevsk"),
                ("Мейеровка", "Meyyerovka"),
                ("Юрьев объезд", "Yuryev obyezd"),
                ("Юрьев об’езд", "Yuryev obyezd"),
                ("Белкино", "Belkino"),
                ("Змииёвка", "Zmiiyevka"),
                ("Озёрный", "Ozernyy"),
                ("Вяртсиля", "Vyartsilya"),
            ],
        );
    }

    /// The tests of `interscript/maps` for `by-bel-Cyrl-Latn-2007`: the examples of the instruction.
    #[test]
    fn belarusian_follows_the_examples_of_the_instruction() {
        check(
            Scheme::Belarusian2007,
            &[
                ("Бешанковічы", "Biešankovičy"),
                ("Гомель", "Homieĺ"),
                ("Гаўя", "Haŭja"),
                ("Ельск", "Jeĺsk"),
                ("Бабаедава", "Babajedava"),
                ("Ёды", "Jody"),
                ("Вераб'ёвічы", "Vierabjovičy"),
                ("Мёры", "Miory"),
                ("Лагойск", "Lahojsk"),
                ("Любань", "Liubań"),
                ("Магілёў", "Mahilioŭ"),
                ("Нясвіж", "Niasviž"),
                ("Шаркаўшчына", "Šarkaŭščyna"),
                ("Хоцімск", "Chocimsk"),
                ("Цёмны Лес", "Ciomny Lies"),
                ("Чэрвень", "Červień"),
                ("Друць", "Druć"),
                ("Юхнаўка", "Juchnaŭka"),
                ("Гаюціна", "Hajucina"),
                ("Цюрлі", "Ciurli"),
                ("Ямнае", "Jamnaje"),
                ("Валяр'яны", "Valiarjany"),
                ("Вязынка", "Viazynka"),
                ("Беларусь", "Bielaruś"),
            ],
        );
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
