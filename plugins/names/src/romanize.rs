//! Romanisation: Cyrillic letters to Latin ones by a published table, everything else unchanged.
//!
//! A word is a run of letters. Its case decides the case of the result: a capital gives a capital
//! and small letters (`Щ` in `Щербак` is `Shch`), unless the word has two letters or more and no
//! small one, which then has none in the result either. An initial alone is a word of one letter:
//! `Ю.` is `Yu.`.
//!
//! A letter that is written as a base and a combining mark (NFD) counts as the letter it composes.
//! Nothing is guessed: a letter outside the table stays as it is.

use unicode_normalization::char::{compose, is_combining_mark};

/// Romanises Ukrainian by the table of the Cabinet of Ministers of Ukraine, resolution 55 of
/// 27 January 2010.
///
/// `є ї й ю я` differ at the start of a word, `зг` is `zgh`, and the soft sign is dropped. So is an
/// apostrophe between two Cyrillic letters, however it is typed; the one in `O'Brien` stays.
pub fn romanize_ukrainian(text: &str) -> String {
    let mut latin = String::with_capacity(text.len());
    romanize(&UKRAINIAN, text, &mut latin);
    latin
}

/// Romanises Russian by the table of ICAO Doc 9303, part 3, section 6, which Russian passports
/// have followed since 2013: `ё` and `э` are `e`, `й` is `i`, `ъ` is `ie`, `ь` is dropped.
pub fn romanize_russian(text: &str) -> String {
    let mut latin = String::with_capacity(text.len());
    romanize(&RUSSIAN, text, &mut latin);
    latin
}

/// Adds the romanised text to a buffer.
pub(crate) fn romanize(alphabet: &Alphabet, text: &str, latin: &mut String) {
    if text.is_ascii() {
        latin.push_str(text);
        return;
    }
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = match word_bytes(alphabet, rest) {
            0 => {
                latin.push(first);
                first.len_utf8()
            }
            bytes => {
                romanize_word(alphabet, &rest[..bytes], latin);
                bytes
            }
        };
        rest = &rest[word..];
    }
}

/// How many bytes the word has with which a text starts: none where it starts with anything else.
fn word_bytes(alphabet: &Alphabet, text: &str) -> usize {
    let mut previous = ' ';
    for (at, letter) in text.char_indices() {
        let belongs = if is_apostrophe(letter) {
            let next = text[at + letter.len_utf8()..].chars().next();
            alphabet.ukrainian && is_cyrillic(previous) && next.is_some_and(is_cyrillic)
        } else {
            letter.is_alphabetic() || (at > 0 && is_combining_mark(letter))
        };
        if !belongs {
            return at;
        }
        previous = letter;
    }
    text.len()
}

fn romanize_word(alphabet: &Alphabet, word: &str, latin: &mut String) {
    let capitals = !word.chars().any(char::is_lowercase)
        && word.chars().filter(|letter| letter.is_uppercase()).count() > 1;
    let mut previous = None;
    let mut letters = word.chars().peekable();
    while let Some(mut letter) = letters.next() {
        let composed = letters
            .peek()
            .and_then(|&mark| alphabet.compose(letter, mark));
        if let Some(composed) = composed {
            letter = composed;
            letters.next();
        }
        if is_apostrophe(letter) {
            continue;
        }
        let lower = lower_case(letter);
        match alphabet.latin(previous, lower) {
            Some(small) => push_in_case(small, letter != lower, capitals, latin),
            None => latin.push(letter),
        }
        previous = Some(lower);
    }
}

fn push_in_case(small: &str, capital: bool, capitals: bool, latin: &mut String) {
    let start = latin.len();
    latin.push_str(small);
    if capitals && capital {
        latin[start..].make_ascii_uppercase();
    } else if capital && !small.is_empty() {
        latin[start..=start].make_ascii_uppercase();
    }
}

/// The small letter; the letters of the tables are spared the search through Unicode's.
pub(crate) fn lower_case(letter: char) -> char {
    let offset = match letter {
        '\u{400}'..='\u{40f}' => 0x50,
        '\u{410}'..='\u{42f}' => 0x20,
        '\u{430}'..='\u{45f}' => 0,
        _ => return letter.to_lowercase().next().unwrap_or(letter),
    };
    char::from_u32(u32::from(letter) + offset).unwrap_or(letter)
}

fn is_cyrillic(letter: char) -> bool {
    matches!(letter, '\u{400}'..='\u{52f}')
}

/// The marks that are typed for an apostrophe: the typewriter's, the quotation marks, the modifier
/// letters and primes, the grave and acute accents.
pub(crate) fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '´' | '‘' | '’' | '‛' | '′' | 'ʹ' | 'ʺ' | 'ʻ' | 'ʼ' | 'ʽ' | '＇'
    )
}

/// A small Cyrillic letter and its romanisation.
type Letter = (char, &'static str);

const BLOCK_START: u32 = 0x400;
const BLOCK_LETTERS: usize = 0x100;

/// A table of romanisation, looked up by code point in the Cyrillic block.
#[derive(Debug)]
pub(crate) struct Alphabet {
    initial: [Option<&'static str>; BLOCK_LETTERS],
    inside: [Option<&'static str>; BLOCK_LETTERS],
    /// Whether `зг` and the apostrophe are what they are in Ukrainian.
    ukrainian: bool,
}

impl Alphabet {
    /// An alphabet of several tables, of which the first with a letter counts.
    const fn new(ukrainian: bool, initial: &[Letter], inside: &[&[Letter]]) -> Self {
        let none = [None; BLOCK_LETTERS];
        let mut alphabet = Self {
            initial: none,
            inside: none,
            ukrainian,
        };
        let mut i = inside.len();
        while i > 0 {
            i -= 1;
            alphabet.inside = Self::with(alphabet.inside, inside[i]);
        }
        alphabet.initial = Self::with(alphabet.inside, initial);
        alphabet
    }

    const fn with(
        mut table: [Option<&'static str>; BLOCK_LETTERS],
        letters: &[Letter],
    ) -> [Option<&'static str>; BLOCK_LETTERS] {
        let mut i = 0;
        while i < letters.len() {
            table[(letters[i].0 as u32 - BLOCK_START) as usize] = Some(letters[i].1);
            i += 1;
        }
        table
    }

    /// The romanisation of a small letter after another, or at the start of a word.
    pub(crate) fn latin(&self, previous: Option<char>, letter: char) -> Option<&'static str> {
        let index = u32::from(letter).checked_sub(BLOCK_START)? as usize;
        match previous {
            None => *self.initial.get(index)?,
            Some('з') if letter == 'г' && self.ukrainian => Some("gh"),
            Some(_) => *self.inside.get(index)?,
        }
    }

    /// A letter and a combining mark as one letter of this alphabet.
    fn compose(&self, letter: char, mark: char) -> Option<char> {
        if !is_cyrillic(letter) || !matches!(mark, '\u{300}'..='\u{36f}') {
            return None;
        }
        let composed = compose(letter, mark)?;
        self.latin(None, lower_case(composed)).map(|_| composed)
    }
}

/// Resolution 55.
pub(crate) static UKRAINIAN: Alphabet =
    Alphabet::new(true, UKRAINIAN_INITIAL, &[UKRAINIAN_LETTERS]);

/// ICAO Doc 9303.
pub(crate) static RUSSIAN: Alphabet = Alphabet::new(false, &[], &[RUSSIAN_LETTERS]);

/// Any Cyrillic letter, preferably as in Ukrainian.
pub(crate) static ANY_AS_UKRAINIAN: Alphabet = Alphabet::new(
    true,
    UKRAINIAN_INITIAL,
    &[UKRAINIAN_LETTERS, RUSSIAN_LETTERS, OTHER_LETTERS],
);

/// Any Cyrillic letter, preferably as in Russian.
pub(crate) static ANY_AS_RUSSIAN: Alphabet = Alphabet::new(
    false,
    &[],
    &[RUSSIAN_LETTERS, UKRAINIAN_LETTERS, OTHER_LETTERS],
);

const UKRAINIAN_INITIAL: &[Letter] = &[
    ('є', "ye"),
    ('ї', "yi"),
    ('й', "y"),
    ('ю', "yu"),
    ('я', "ya"),
];

#[rustfmt::skip]
const UKRAINIAN_LETTERS: &[Letter] = &[
    ('а', "a"), ('б', "b"), ('в', "v"), ('г', "h"), ('ґ', "g"), ('д', "d"), ('е', "e"),
    ('є', "ie"), ('ж', "zh"), ('з', "z"), ('и', "y"), ('і', "i"), ('ї', "i"), ('й', "i"),
    ('к', "k"), ('л', "l"), ('м', "m"), ('н', "n"), ('о', "o"), ('п', "p"), ('р', "r"),
    ('с', "s"), ('т', "t"), ('у', "u"), ('ф', "f"), ('х', "kh"), ('ц', "ts"), ('ч', "ch"),
    ('ш', "sh"), ('щ', "shch"), ('ь', ""), ('ю', "iu"), ('я', "ia"),
];

#[rustfmt::skip]
const RUSSIAN_LETTERS: &[Letter] = &[
    ('а', "a"), ('б', "b"), ('в', "v"), ('г', "g"), ('д', "d"), ('е', "e"), ('ё', "e"),
    ('ж', "zh"), ('з', "z"), ('и', "i"), ('й', "i"), ('к', "k"), ('л', "l"), ('м', "m"),
    ('н', "n"), ('о', "o"), ('п', "p"), ('р', "r"), ('с', "s"), ('т', "t"), ('у', "u"),
    ('ф', "f"), ('х', "kh"), ('ц', "ts"), ('ч', "ch"), ('ш', "sh"), ('щ', "shch"), ('ъ', "ie"),
    ('ы', "y"), ('ь', ""), ('э', "e"), ('ю', "iu"), ('я', "ia"),
];

/// Letters of other languages for the comparison form: the nearest plain Latin letters, our choice
/// where standards differ.
#[rustfmt::skip]
const OTHER_LETTERS: &[Letter] = &[
    ('ў', "u"), ('ђ', "d"), ('ѓ', "g"), ('ѕ', "dz"), ('ј', "j"), ('љ', "lj"), ('њ', "nj"),
    ('ћ', "c"), ('ќ', "k"), ('џ', "dz"), ('ғ', "g"), ('җ', "j"), ('қ', "k"), ('ҡ', "k"),
    ('ң', "n"), ('ҥ', "n"), ('ө', "o"), ('ү', "u"), ('ұ', "u"), ('ҳ', "h"), ('һ', "h"),
    ('ҷ', "j"), ('ә', "a"), ('ҫ', "s"), ('ҙ', "z"), ('ѣ', "e"), ('ѳ', "f"), ('ѵ', "i"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples that the table of resolution 55 itself gives, with those of its notes.
    const RESOLUTION: &[(&str, &str)] = &[
        ("Алушта", "Alushta"),
        ("Андрій", "Andrii"),
        ("Борщагівка", "Borshchahivka"),
        ("Борисенко", "Borysenko"),
        ("Вінниця", "Vinnytsia"),
        ("Володимир", "Volodymyr"),
        ("Гадяч", "Hadiach"),
        ("Богдан", "Bohdan"),
        ("Згурський", "Zghurskyi"),
        ("Ґалаґан", "Galagan"),
        ("Ґорґани", "Gorgany"),
        ("Донецьк", "Donetsk"),
        ("Дмитро", "Dmytro"),
        ("Рівне", "Rivne"),
        ("Олег", "Oleh"),
        ("Есмань", "Esman"),
        ("Єнакієве", "Yenakiieve"),
        ("Гаєвич", "Haievych"),
        ("Короп'є", "Koropie"),
        ("Житомир", "Zhytomyr"),
        ("Жанна", "Zhanna"),
        ("Жежелів", "Zhezheliv"),
        ("Закарпаття", "Zakarpattia"),
        ("Казимирчук", "Kazymyrchuk"),
        ("Медвин", "Medvyn"),
        ("Михайленко", "Mykhailenko"),
        ("Іванків", "Ivankiv"),
        ("Іващенко", "Ivashchenko"),
        ("Їжакевич", "Yizhakevych"),
        ("Кадиївка", "Kadyivka"),
        ("Мар'їне", "Marine"),
        ("Йосипівка", "Yosypivka"),
        ("Стрий", "Stryi"),
        ("Олексій", "Oleksii"),
        ("Київ", "Kyiv"),
        ("Коваленко", "Kovalenko"),
        ("Лебедин", "Lebedyn"),
        ("Леонід", "Leonid"),
        ("Миколаїв", "Mykolaiv"),
        ("Маринич", "Marynych"),
        ("Ніжин", "Nizhyn"),
        ("Наталія", "Nataliia"),
        ("Одеса", "Odesa"),
        ("Онищенко", "Onyshchenko"),
        ("Полтава", "Poltava"),
        ("Петро", "Petro"),
        ("Решетилівка", "Reshetylivka"),
        ("Рибчинський", "Rybchynskyi"),
        ("Суми", "Sumy"),
        ("Соломія", "Solomiia"),
        ("Тернопіль", "Ternopil"),
        ("Троць", "Trots"),
        ("Ужгород", "Uzhhorod"),
        ("Уляна", "Uliana"),
        ("Фастів", "Fastiv"),
        ("Філіпчук", "Filipchuk"),
        ("Харків", "Kharkiv"),
        ("Христина", "Khrystyna"),
        ("Біла Церква", "Bila Tserkva"),
        ("Стеценко", "Stetsenko"),
        ("Чернівці", "Chernivtsi"),
        ("Шевченко", "Shevchenko"),
        ("Шостка", "Shostka"),
        ("Кишеньки", "Kyshenky"),
        ("Щербухи", "Shcherbukhy"),
        ("Гоща", "Hoshcha"),
        ("Гаращенко", "Harashchenko"),
        ("Юрій", "Yurii"),
        ("Корюківка", "Koriukivka"),
        ("Крюківка", "Kriukivka"),
        ("Яготин", "Yahotyn"),
        ("Ярошенко", "Yaroshenko"),
        ("Костянтин", "Kostiantyn"),
        ("Знам'янка", "Znamianka"),
        ("Феодосія", "Feodosiia"),
        ("Згорани", "Zghorany"),
        ("Розгон", "Rozghon"),
    ];

    #[test]
    fn ukrainian_follows_the_examples_of_the_resolution() {
        for (cyrillic, latin) in RESOLUTION {
            assert_eq!(romanize_ukrainian(cyrillic), *latin);
        }
    }

    #[test]
    fn ukrainian_in_capitals_stays_in_capitals() {
        for (cyrillic, latin) in RESOLUTION {
            assert_eq!(
                romanize_ukrainian(&cyrillic.to_uppercase()),
                latin.to_uppercase()
            );
            assert_eq!(
                romanize_ukrainian(&cyrillic.to_lowercase()),
                latin.to_lowercase()
            );
        }
    }

    #[test]
    fn letters_of_base_and_mark_are_the_same_letters() {
        use unicode_normalization::UnicodeNormalization;
        for (cyrillic, latin) in RESOLUTION {
            assert_eq!(
                romanize_ukrainian(&cyrillic.nfd().collect::<String>()),
                *latin
            );
        }
        assert_eq!(romanize_russian("Фе\u{308}дор Андрей"), "Fedor Andrei");
    }

    #[test]
    fn every_apostrophe_is_dropped_inside_a_cyrillic_word_only() {
        for apostrophe in ["'", "’", "ʼ", "`", "′"] {
            assert_eq!(
                romanize_ukrainian(&format!("Знам{apostrophe}янка")),
                "Znamianka"
            );
            assert_eq!(romanize_ukrainian(&format!("МАР{apostrophe}ЯН")), "MARIAN");
        }
        assert_eq!(romanize_ukrainian("O'Brien і 'Юрій'"), "O'Brien i 'Yurii'");
    }

    #[test]
    fn what_is_no_letter_of_the_table_stays() {
        assert_eq!(
            romanize_ukrainian("Юрій-Ярослав, №7 (Łódź) 基輔 ы"),
            "Yurii-Yaroslav, №7 (Łódź) 基輔 ы"
        );
        assert_eq!(
            romanize_ukrainian("Я. Щ. ЩУР; Щур; ЄС"),
            "Ya. Shch. SHCHUR; Shchur; YES"
        );
        assert_eq!(romanize_ukrainian("ЩУр"), "ShchUr");
        assert_eq!(romanize_ukrainian("ЗГ Зг зг зГ"), "ZGH Zgh zgh zGh");
        assert_eq!(romanize_ukrainian(""), "");
        assert_eq!(romanize_ukrainian("\u{301}я ьЬ"), "\u{301}ya ");
    }

    /// ICAO Doc 9303 part 3 section 6; names as in the tests of `nalgeon/iuliia` for that schema.
    #[test]
    fn russian_follows_icao_9303() {
        let names = [
            ("Юлия Щеглова", "Iuliia Shcheglova"),
            ("Гайа Васильева", "Gaia Vasileva"),
            ("Андрей Видный", "Andrei Vidnyi"),
            ("Артём Краевой", "Artem Kraevoi"),
            ("Мадыр Чёткий", "Madyr Chetkii"),
            ("Оксана Клеёнкина", "Oksana Kleenkina"),
            ("Игорь Ильин", "Igor Ilin"),
            ("Ян Разъездной", "Ian Razieezdnoi"),
        ];
        for (cyrillic, latin) in names {
            assert_eq!(romanize_russian(cyrillic), latin);
            assert_eq!(
                romanize_russian(&cyrillic.to_uppercase()),
                latin.to_uppercase()
            );
        }
        assert_eq!(
            romanize_russian("абвгдеёжзийклмнопрстуфхцчшщъыьэюя"),
            "abvgdeezhziiklmnoprstufkhtschshshchieyeiuia"
        );
        assert_eq!(romanize_russian("Мезга О'Генри"), "Mezga O'Genri");
    }
}
