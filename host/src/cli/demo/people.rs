//! People who do not exist: names in Ukrainian and as Ukraine romanises them, days of birth, and the
//! ways in which a name changes on its way to a border. Everything follows from one seed.

use super::super::random::Random;

/// Given names, in Ukrainian and romanised (resolution 55 of 2010).
const GIVEN: [(&str, &str); 24] = [
    ("Олена", "Olena"),
    ("Юрій", "Yurii"),
    ("Ганна", "Hanna"),
    ("Євген", "Yevhen"),
    ("Соломія", "Solomiia"),
    ("Андрій", "Andrii"),
    ("Зоряна", "Zoriana"),
    ("Григорій", "Hryhorii"),
    ("Ярослав", "Yaroslav"),
    ("Марія", "Mariia"),
    ("Сергій", "Serhii"),
    ("Тетяна", "Tetiana"),
    ("Богдан", "Bohdan"),
    ("Юлія", "Yuliia"),
    ("Олексій", "Oleksii"),
    ("Надія", "Nadiia"),
    ("Михайло", "Mykhailo"),
    ("Христина", "Khrystyna"),
    ("Василь", "Vasyl"),
    ("Жанна", "Zhanna"),
    ("Ігор", "Ihor"),
    ("Оксана", "Oksana"),
    ("Дмитро", "Dmytro"),
    ("Наталія", "Nataliia"),
];

/// Beginnings of surnames, all made up.
const STEMS: [(&str, &str); 24] = [
    ("Вигадан", "Vyhadan"),
    ("Небуваль", "Nebuval"),
    ("Маревич", "Marevych"),
    ("Казкар", "Kazkar"),
    ("Примар", "Prymar"),
    ("Щебет", "Shchebet"),
    ("Жайвор", "Zhaivor"),
    ("Химер", "Khymer"),
    ("Чарів", "Chariv"),
    ("Цвіркун", "Tsvirkun"),
    ("Єрмол", "Yermol"),
    ("Ґудзик", "Gudzyk"),
    ("Яблун", "Yablun"),
    ("Їжак", "Yizhak"),
    ("Хвильов", "Khvylov"),
    ("Шелест", "Shelest"),
    ("Грайлив", "Hrailyv"),
    ("Туман", "Tuman"),
    ("Мрійник", "Mriinyk"),
    ("Брехун", "Brekhun"),
    ("Дивогляд", "Dyvohliad"),
    ("Юрмис", "Yurmys"),
    ("Пустослов", "Pustoslov"),
    ("Снігур", "Snihur"),
];

/// Ends of surnames.
const ENDINGS: [(&str, &str); 8] = [
    ("енко", "enko"),
    ("чук", "chuk"),
    ("ський", "skyi"),
    ("юк", "iuk"),
    ("ець", "ets"),
    ("ович", "ovych"),
    ("ишин", "yshyn"),
    ("аш", "ash"),
];

/// Somebody.
#[derive(Clone, Debug)]
pub(super) struct Person {
    given: usize,
    stem: usize,
    ending: usize,
    pub(super) year: usize,
    month: usize,
    day: usize,
}

impl Person {
    pub(super) fn new(random: &mut Random) -> Self {
        Self {
            given: random.below(GIVEN.len()),
            stem: random.below(STEMS.len()),
            ending: random.below(ENDINGS.len()),
            year: 1950 + random.below(55),
            month: 1 + random.below(12),
            day: 1 + random.below(28),
        }
    }

    /// Somebody of the same name, born at least twelve years earlier or later.
    pub(super) fn namesake(&self, random: &mut Random) -> Self {
        let away = 12 + random.below(8);
        let year = if self.year < 1977 {
            self.year + away
        } else {
            self.year - away
        };
        Self {
            year,
            ..self.clone()
        }
    }

    /// Somebody of a similar name, born in the same year.
    pub(super) fn lookalike(&self, random: &mut Random) -> Self {
        Self {
            ending: (self.ending + 1 + random.below(ENDINGS.len() - 1)) % ENDINGS.len(),
            ..self.clone()
        }
    }

    pub(super) fn given(&self) -> &'static str {
        GIVEN[self.given].0
    }

    pub(super) fn surname(&self) -> String {
        format!("{}{}", STEMS[self.stem].0, ENDINGS[self.ending].0)
    }

    pub(super) fn given_latin(&self) -> &'static str {
        GIVEN[self.given].1
    }

    pub(super) fn surname_latin(&self) -> String {
        format!("{}{}", STEMS[self.stem].1, ENDINGS[self.ending].1)
    }

    /// Surname and given name, as a Ukrainian register has them.
    pub(super) fn ukrainian(&self) -> String {
        format!("{} {}", self.surname(), self.given())
    }

    /// Given name and surname, romanised.
    pub(super) fn latin(&self) -> String {
        format!("{} {}", self.given_latin(), self.surname_latin())
    }

    pub(super) fn born(&self) -> String {
        format!("{}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// How somebody's name can stand in a travel document.
pub(super) const VARIANTS: [&str; 5] = [
    "Ukrainian script",
    "surname first, in capitals",
    "romanised as if Russian",
    "romanised the French way",
    "a typing error",
];

/// A name in one of the [`VARIANTS`].
pub(super) fn vary(person: &Person, variant: usize, random: &mut Random) -> String {
    match variant {
        0 => person.ukrainian(),
        1 => format!("{} {}", person.surname_latin(), person.given_latin()).to_uppercase(),
        2 => respell(&person.ukrainian(), as_russian),
        3 => respell(&person.ukrainian(), as_french),
        _ => mistype(&person.latin(), random),
    }
}

fn respell(name: &str, letter: fn(char) -> &'static str) -> String {
    let latin: String = name.to_lowercase().chars().map(letter).collect();
    latin.to_uppercase()
}

/// ICAO Doc 9303, as passports of other countries apply it to Cyrillic whatever the language.
fn as_russian(letter: char) -> &'static str {
    match letter {
        'г' | 'ґ' => "g",
        'и' | 'і' | 'ї' | 'й' => "i",
        'є' => "e",
        'ж' => "zh",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ю' => "iu",
        'я' => "ia",
        _ => plain(letter),
    }
}

/// As Soviet passports, and the first Ukrainian ones, did.
fn as_french(letter: char) -> &'static str {
    match letter {
        'г' | 'ґ' => "g",
        'и' => "y",
        'і' | 'ї' | 'й' => "i",
        'є' => "ie",
        'ж' => "j",
        'у' => "ou",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "tch",
        'ш' => "ch",
        'щ' => "chtch",
        'ю' => "iou",
        'я' => "ia",
        _ => plain(letter),
    }
}

/// Letters that every table gives alike. The soft sign is left out.
fn plain(letter: char) -> &'static str {
    match letter {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'д' => "d",
        'е' => "e",
        'з' => "z",
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' => "u",
        'ф' => "f",
        ' ' => " ",
        _ => "",
    }
}

/// Two neighbouring letters change places, or one is missing.
fn mistype(name: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let place = 1 + random.below(letters.len() - 3);
    if random.below(2) == 0 {
        letters.swap(place, place + 1);
    } else {
        letters.remove(place);
    }
    letters.into_iter().collect()
}
