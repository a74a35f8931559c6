//! Synthetic files in the true shape of each format that the plugins read: a small one for a test, or one
//! of full size for a benchmark, written in pieces that are dropped at once.
//!
//! Nobody and nothing in them exists: the names are words for "example" and "made-up", put together. What
//! a file holds follows from its seed and its number of records alone, on every machine. Some optional fields
//! are missing, and some days are absurd but days.
//!
//! ```text
//! Random --> Person, Company, Date --> police, register, umf, lists, layers, news,
//!                                    notices --> Page --> a writer
//! ```

mod layers;
mod lists;
mod news;
mod notices;
mod police;
mod register;
mod umf;

pub use layers::{geojson, kml, shapefile};
pub use lists::{ftm, ofac_add, ofac_alt, ofac_sdn, ofac_xml, un_list};
pub use news::{atom, gdelt, json_feed, rss};
pub use notices::notices;
pub use police::{invalid_documents, phones, vehicles, wanted_persons, weapons};
pub use register::register;
pub use umf::umf;

use std::io::{self, Write};

/// Numbers that follow from a seed: SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom
/// Number Generators", 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The numbers of one record, whatever was written before it.
    pub fn of_record(seed: u64, record: usize) -> Self {
        let start = Self(seed).number();
        Self(start ^ Self(record as u64).number())
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `count`, which is not 0.
    pub fn below(&mut self, count: usize) -> usize {
        (self.number() % count as u64) as usize
    }

    /// A number from `min` to `max`.
    pub fn between(&mut self, min: usize, max: usize) -> usize {
        min + self.below(max - min + 1)
    }

    /// Whether something happens that happens so many times in a hundred.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of some things, of which there is at least one.
    pub fn one<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }

    /// A day in some years; once in two hundred times a day that nobody can have meant.
    fn day(&mut self, first_year: usize, last_year: usize) -> Date {
        match self.below(200) {
            0 => self.one(&ABSURD),
            _ => self.sane_day(first_year, last_year),
        }
    }

    fn sane_day(&mut self, first_year: usize, last_year: usize) -> Date {
        let year = self.between(first_year, last_year);
        Date(year, self.between(1, 12), self.between(1, 28))
    }
}

/// Days that stand in real files.
const ABSURD: [Date; 5] = [
    Date(1, 1, 1),
    Date(1753, 1, 1),
    Date(1900, 1, 1),
    Date(2099, 2, 28),
    Date(9999, 12, 31),
];

/// A year, a month and a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Date(usize, usize, usize);

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl Date {
    /// Three letters.
    fn month(self) -> &'static str {
        MONTHS[self.1 - 1]
    }

    /// Three letters, by Sakamoto's method (comp.lang.c, 1993).
    fn weekday(self) -> &'static str {
        let shifts = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
        let year = self.0 - usize::from(self.1 < 3);
        WEEKDAYS[(year + year / 4 - year / 100 + year / 400 + shifts[self.1 - 1] + self.2) % 7]
    }
}

/// Surnames but for their ends, in Ukrainian and Latin letters.
const STEMS: [(&str, &str); 28] = [
    ("ПРИКЛАД", "Pryklad"),
    ("ВИГАД", "Vyhad"),
    ("ЗРАЗК", "Zrazk"),
    ("УЯВ", "Uiav"),
    ("ПРОБ", "Prob"),
    ("ВИМИСЛ", "Vymysl"),
    ("НЕБУВАЛ", "Nebuval"),
    ("КАЗК", "Kazk"),
    ("МАКЕТ", "Maket"),
    ("ЕСКІЗ", "Eskiz"),
    ("ВЗІРЦ", "Vzirts"),
    ("МОДЕЛ", "Model"),
    ("ШАБЛОН", "Shablon"),
    ("ТЕСТ", "Test"),
    ("НІХТОШ", "Nikhtosh"),
    ("БАЙК", "Baik"),
    ("ДУБЛ", "Dubl"),
    ("МАРЕВ", "Marev"),
    ("ПРИМАР", "Prymar"),
    ("ГАДАН", "Hadan"),
    ("СНОВИД", "Snovyd"),
    ("ЛЯЛЬК", "Lialk"),
    ("МАНЕКЕН", "Maneken"),
    ("БЛАНК", "Blank"),
    ("ЧЕРНЕТ", "Chernet"),
    ("ВІДБИТ", "Vidbyt"),
    ("СИМВОЛ", "Symvol"),
    ("ЇЖАЧ", "Yizhach"),
];

/// The ends of surnames: of a man's and of a woman's, each in Ukrainian and Latin letters.
const ENDS: [[(&str, &str); 2]; 7] = [
    [("ЕНКО", "enko"), ("ЕНКО", "enko")],
    [("ЧУК", "chuk"), ("ЧУК", "chuk")],
    [("ІВСЬКИЙ", "ivskyi"), ("ІВСЬКА", "ivska")],
    [("АНИЙ", "anyi"), ("АНА", "ana")],
    [("ОВИЧ", "ovych"), ("ОВИЧ", "ovych")],
    [("ЕЦЬ", "ets"), ("ЕЦЬ", "ets")],
    [("УН", "un"), ("УН", "un")],
];

/// Names of men: as they stand, as patronymics begin, and both in Latin letters.
const MEN: [(&str, &str, &str, &str); 10] = [
    ("ТЕСТ", "ТЕСТ", "Test", "Test"),
    ("ЗРАЗОК", "ЗРАЗК", "Zrazok", "Zrazk"),
    ("ВЗІРЕЦЬ", "ВЗІРЦ", "Vzirets", "Vzirts"),
    ("ПРИКЛАД", "ПРИКЛАД", "Pryklad", "Pryklad"),
    ("ЕСКІЗ", "ЕСКІЗ", "Eskiz", "Eskiz"),
    ("МАКЕТ", "МАКЕТ", "Maket", "Maket"),
    ("ШАБЛОН", "ШАБЛОН", "Shablon", "Shablon"),
    ("ВИМИСЕЛ", "ВИМИСЛ", "Vymysel", "Vymysl"),
    ("ДУБЛЕР", "ДУБЛЕР", "Dubler", "Dubler"),
    ("СИМВОЛ", "СИМВОЛ", "Symvol", "Symvol"),
];

/// Names of women.
const WOMEN: [(&str, &str); 10] = [
    ("ПРОБА", "Proba"),
    ("УЯВА", "Uiava"),
    ("ВИГАДКА", "Vyhadka"),
    ("МОДЕЛЬ", "Model"),
    ("КАЗКА", "Kazka"),
    ("ЛЯЛЬКА", "Lialka"),
    ("ПРИМАРА", "Prymara"),
    ("БАЙКА", "Baika"),
    ("КОПІЯ", "Kopiia"),
    ("ЄМНІСТЬ", "Yemnist"),
];

/// Places, in Ukrainian and Latin letters.
const TOWNS: [(&str, &str); 10] = [
    ("Зразків", "Zrazkiv"),
    ("Прикладне", "Prykladne"),
    ("Вигадівка", "Vyhadivka"),
    ("Уявне", "Uiavne"),
    ("Пробівка", "Probivka"),
    ("Небувале", "Nebuvale"),
    ("Новий Макет", "Novyi Maket"),
    ("Ескізне", "Eskizne"),
    ("Казкове", "Kazkove"),
    ("Їжачі Ґанки", "Yizhachi Ganky"),
];

const STREETS: [(&str, &str); 8] = [
    ("ВИГАДАНА", "Vyhadana"),
    ("ЗРАЗКОВА", "Zrazkova"),
    ("УЯВНА", "Uiavna"),
    ("ПРОБНА", "Probna"),
    ("МАКЕТНА", "Maketna"),
    ("КАЗКОВА", "Kazkova"),
    ("НІЧИЯ", "Nichyia"),
    ("БЕЗІМЕННА", "Bezimenna"),
];

/// Countries that only books have.
const COUNTRIES: [&str; 6] = [
    "Utopia",
    "Erewhon",
    "Nowhere",
    "Ruritania",
    "Lilliput",
    "Laputa",
];

/// A person, whose name is spelled in capital letters in Ukrainian and else in Latin ones, by the rules of
/// 2010.
#[derive(Clone, Debug)]
struct Person {
    is_woman: bool,
    last: String,
    first: &'static str,
    /// Empty where it is not known.
    middle: String,
    last_latin: String,
    first_latin: &'static str,
    middle_latin: String,
}

impl Person {
    fn new(random: &mut Random) -> Self {
        let is_woman = random.percent(30);
        let (last, last_latin) = Self::surname(random, is_woman);
        let (man, _, man_latin, _) = random.one(&MEN);
        let (woman, woman_latin) = random.one(&WOMEN);
        let (_, father, _, father_latin) = random.one(&MEN);
        let (end, end_latin) = match is_woman {
            true => ("ІВНА", "ivna"),
            false => ("ОВИЧ", "ovych"),
        };
        let has_middle = random.percent(85);
        let middle = |start: &str, end: &str| match has_middle {
            true => [start, end].concat(),
            false => String::new(),
        };
        Self {
            is_woman,
            last,
            first: if is_woman { woman } else { man },
            middle: middle(father, end),
            last_latin,
            first_latin: if is_woman { woman_latin } else { man_latin },
            middle_latin: middle(father_latin, end_latin),
        }
    }

    /// One in twelve has two.
    fn surname(random: &mut Random, is_woman: bool) -> (String, String) {
        let mut one = || {
            let ((stem, latin), ends) = (random.one(&STEMS), random.one(&ENDS));
            let (end, latin_end) = ends[usize::from(is_woman)];
            ([stem, end].concat(), [latin, latin_end].concat())
        };
        let (mut last, mut latin) = one();
        let second = one();
        if random.below(12) == 0 {
            last = [&last, "-", &second.0].concat();
            latin = [&latin, "-", &second.1].concat();
        }
        (last, latin)
    }
}

/// Companies' words, in Ukrainian and Latin letters.
const FIRMS: [(&str, &str); 8] = [
    ("ЗРАЗОК", "Zrazok"),
    ("ВИГАДКА-ТРЕЙД", "Vyhadka Trade"),
    ("УЯВНІ ТЕХНОЛОГІЇ", "Uiavni Tekhnolohii"),
    ("ПРОБА, МАКЕТ І КО", "Proba, Maket i Ko"),
    ("ПРИКЛАД-ІНВЕСТ", "Pryklad Invest"),
    ("НЕБУВАЛЬЩИНА", "Nebuvalshchyna"),
    ("КАЗКОВИЙ ҐАНОК", "Kazkovyi Ganok"),
    ("ЇЖА З ПАПЕРУ", "Yizha z Paperu"),
];

/// Legal forms: short, whole, and in Latin letters.
const FORMS: [(&str, &str, &str); 4] = [
    ("ТОВ", "ТОВАРИСТВО З ОБМЕЖЕНОЮ ВІДПОВІДАЛЬНІСТЮ", "LLC"),
    ("ПП", "ПРИВАТНЕ ПІДПРИЄМСТВО", "PE"),
    ("ФГ", "ФЕРМЕРСЬКЕ ГОСПОДАРСТВО", "FE"),
    ("АТ", "АКЦІОНЕРНЕ ТОВАРИСТВО", "JSC"),
];

/// A company.
#[derive(Clone, Copy, Debug)]
struct Company {
    form: (&'static str, &'static str, &'static str),
    firm: (&'static str, &'static str),
    /// Behind its name, so that there are many.
    number: usize,
    /// Eight digits.
    code: usize,
}

impl Company {
    fn new(random: &mut Random) -> Self {
        Self {
            form: random.one(&FORMS),
            firm: random.one(&FIRMS),
            number: random.between(1, 9999),
            code: random.between(90_000_000, 99_999_999),
        }
    }
}

/// A latitude and a longitude, in millionths of a degree.
fn place(random: &mut Random) -> (i64, i64) {
    let latitude = random.between(44_500_000, 52_000_000);
    (
        latitude as i64,
        random.between(22_500_000, 39_500_000) as i64,
    )
}

/// How many bytes go to the writer at once.
const PAGE_BYTES: usize = 64 << 10;

/// What is on its way to a writer: never more than a page and a record.
struct Page<'a> {
    out: &'a mut dyn Write,
    bytes: Vec<u8>,
    /// The bytes in windows-1251, where the file is in that.
    cyrillic: Option<Vec<u8>>,
}

impl<'a> Page<'a> {
    fn new(out: &'a mut dyn Write) -> Self {
        Self {
            out,
            bytes: Vec::with_capacity(2 * PAGE_BYTES),
            cyrillic: None,
        }
    }

    /// A page of a file in windows-1251.
    fn in_windows_1251(out: &'a mut dyn Write) -> Self {
        Self {
            cyrillic: Some(Vec::with_capacity(2 * PAGE_BYTES)),
            ..Self::new(out)
        }
    }

    fn put(&mut self, text: &str) -> &mut Self {
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn puts(&mut self, texts: &[&str]) -> &mut Self {
        for text in texts {
            self.bytes.extend_from_slice(text.as_bytes());
        }
        self
    }

    /// The start of an element of XML.
    fn open(&mut self, name: &str) -> &mut Self {
        self.puts(&["<", name, ">"])
    }

    /// The end of an element.
    fn close(&mut self, name: &str) -> &mut Self {
        self.puts(&["</", name, ">"])
    }

    /// An element with a text that needs no escapes.
    fn element(&mut self, name: &str, text: &str) -> &mut Self {
        self.puts(&["<", name, ">", text, "</", name, ">"])
    }

    /// A text with the escapes of XML.
    fn escaped(&mut self, text: &str) -> &mut Self {
        for (at, part) in text.split('&').enumerate() {
            self.puts(&[if at == 0 { "" } else { "&amp;" }, part]);
        }
        self
    }

    /// A text with its Latin letters as capitals.
    fn capitals(&mut self, text: &str) -> &mut Self {
        let start = self.bytes.len();
        self.put(text);
        self.bytes[start..].make_ascii_uppercase();
        self
    }

    /// A text as it was in Russian: near enough for a name that there is not.
    fn russian(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            let letter = match letter {
                'І' | 'Ї' => 'И',
                'Є' => 'Е',
                'Ґ' => 'Г',
                other => other,
            };
            self.put(letter.encode_utf8(&mut [0; 4]));
        }
        self
    }

    /// A number, with zeros before it until it has so many digits.
    fn digits(&mut self, number: usize, digits_min: usize) -> &mut Self {
        let mut digits = [b'0'; 20];
        let (mut left, mut start) = (number as u64, digits.len());
        while left > 0 || digits.len() - start < digits_min {
            start -= 1;
            digits[start] = b'0' + (left % 10) as u8;
            left /= 10;
        }
        self.bytes.extend_from_slice(&digits[start..]);
        self
    }

    fn number(&mut self, number: usize) -> &mut Self {
        self.digits(number, 1)
    }

    /// A number of parts, such as 1234 hundredths for 12.34; `decimals` is at least 1.
    fn decimal(&mut self, parts: i64, decimals: usize) -> &mut Self {
        if parts < 0 {
            self.put("-");
        }
        let (parts, one) = (parts.unsigned_abs() as usize, 10_usize.pow(decimals as u32));
        self.number(parts / one).put(".");
        self.digits(parts % one, decimals)
    }

    /// `2017-05-12`
    fn day(&mut self, Date(year, month, day): Date) -> &mut Self {
        self.digits(year, 4).put("-").digits(month, 2);
        self.put("-").digits(day, 2)
    }

    /// `12.05.2017`
    fn dotted(&mut self, Date(year, month, day): Date) -> &mut Self {
        self.digits(day, 2).put(".").digits(month, 2);
        self.put(".").digits(year, 4)
    }

    /// `20170512`
    fn compact(&mut self, Date(year, month, day): Date) -> &mut Self {
        self.digits(year, 4).digits(month, 2).digits(day, 2)
    }

    /// `10:30:00`
    fn clock(&mut self, random: &mut Random) -> &mut Self {
        self.digits(random.below(24), 2).put(":");
        self.digits(random.below(60), 2).put(":00")
    }

    /// A company's name in Ukrainian, with the quotes that the format has.
    fn company(&mut self, company: &Company, quote: &str) -> &mut Self {
        self.puts(&[company.form.1, " ", quote, company.firm.0, " "]);
        self.number(company.number).put(quote)
    }

    /// A company's name in Latin letters.
    fn latin_company(&mut self, company: &Company) -> &mut Self {
        self.puts(&[company.form.2, " ", company.firm.1, " "]);
        self.number(company.number)
    }

    /// `ПРИКЛАДЕНКО ТЕСТ ЗРАЗКОВИЧ`
    fn person(&mut self, person: &Person) -> &mut Self {
        self.puts(&[&person.last, " ", person.first]);
        match person.middle.as_str() {
            "" => self,
            middle => self.puts(&[" ", middle]),
        }
    }

    /// `Test Prykladenko`
    fn latin_person(&mut self, person: &Person) -> &mut Self {
        self.puts(&[person.first_latin, " ", &person.last_latin])
    }

    /// Ends a record.
    fn turn(&mut self) -> io::Result<()> {
        match self.bytes.len() < PAGE_BYTES {
            true => Ok(()),
            false => self.write(),
        }
    }

    /// Ends the file.
    fn finish(&mut self) -> io::Result<()> {
        self.write()?;
        self.out.flush()
    }

    fn write(&mut self) -> io::Result<()> {
        match &mut self.cyrillic {
            None => self.out.write_all(&self.bytes)?,
            Some(cyrillic) => {
                cyrillic.clear();
                encode(&self.bytes, cyrillic);
                self.out.write_all(cyrillic)?;
            }
        }
        self.bytes.clear();
        Ok(())
    }
}

/// A letter of windows-1251 (<https://encoding.spec.whatwg.org/index-windows-1251.txt>), of those that are
/// written here.
fn windows_1251(letter: char) -> Option<u8> {
    match letter as u32 {
        code @ 0..0x80 => Some(code as u8),
        code @ 0x400..0x4c0 => Some(CYRILLIC[code as usize - 0x400]).filter(|&byte| byte > 0),
        0x2116 => Some(b'\xb9'),
        _ => None,
    }
}

/// Text in UTF-8 as windows-1251. Most of a file of the register is this loop, so it does not go by way of
/// `char`. A letter that windows-1251 lacks is in none of the word lists; it would show.
fn encode(mut text: &[u8], encoded: &mut Vec<u8>) {
    loop {
        let (byte, rest) = match text {
            [] => return,
            [byte @ 0..0x80, rest @ ..] => (*byte, rest),
            [lead @ 0xd0..=0xd2, next, rest @ ..] => {
                let code = usize::from(lead & 3) * 64 + usize::from(next & 63);
                (CYRILLIC[code].max(b'?'), rest)
            }
            [0xe2, 0x84, 0x96, rest @ ..] => (b'\xb9', rest),
            [_, rest @ ..] => (b'?', rest),
        };
        encoded.push(byte);
        text = rest;
    }
}

/// The bytes of the letters from U+0400 to U+04BF; 0 where windows-1251 has none.
const CYRILLIC: [u8; 0xc0] = {
    let mut bytes = [0; 0xc0];
    let mut letter = 0x10;
    while letter < 0x50 {
        bytes[letter] = 0xb0 + letter as u8;
        letter += 1;
    }
    bytes[0x04] = 0xaa;
    bytes[0x06] = 0xb2;
    bytes[0x07] = 0xaf;
    bytes[0x54] = 0xba;
    bytes[0x56] = 0xb3;
    bytes[0x57] = 0xbf;
    bytes[0x90] = 0xa5;
    bytes[0x91] = 0xb4;
    bytes
};

#[cfg(test)]
mod tests {
    use super::*;

    type Make = fn(&mut dyn Write, u64, usize) -> io::Result<()>;

    const ALL: [(&str, Make); 20] = [
        ("weapons", weapons),
        ("vehicles", vehicles),
        ("wanted_persons", wanted_persons),
        ("phones", phones),
        ("invalid_documents", invalid_documents),
        ("register", register),
        ("umf", umf),
        ("un_list", un_list),
        ("ofac_sdn", ofac_sdn),
        ("ofac_alt", ofac_alt),
        ("ofac_add", ofac_add),
        ("ofac_xml", ofac_xml),
        ("ftm", ftm),
        ("geojson", geojson),
        ("kml", kml),
        ("rss", rss),
        ("atom", atom),
        ("json_feed", json_feed),
        ("gdelt", gdelt),
        ("notices", notices),
    ];

    fn made(make: Make, seed: u64, records: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        make(&mut bytes, seed, records).unwrap();
        bytes
    }

    fn text(make: Make, records: usize) -> String {
        String::from_utf8(made(make, 7, records)).unwrap()
    }

    fn shapes(seed: u64, records: usize) -> (Vec<u8>, Vec<u8>) {
        let (mut shp, mut dbf) = (Vec::new(), Vec::new());
        shapefile(&mut shp, &mut dbf, seed, records).unwrap();
        (shp, dbf)
    }

    #[test]
    fn numbers_are_those_of_splitmix64() {
        // The first outputs for the seed 1234567 in Vigna's reference implementation
        // (<https://prng.di.unimi.it/splitmix64.c>), as Rosetta Code lists them.
        let mut random = Random::new(1_234_567);
        let due = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973];
        assert_eq!([random.number(), random.number()], due);
    }

    #[test]
    fn a_seed_gives_the_same_bytes_again_and_another_seed_others() {
        for (name, make) in ALL {
            assert!(made(make, 1, 300) == made(make, 1, 300), "{name}");
            assert!(made(make, 1, 300) != made(make, 2, 300), "{name}");
        }
        assert!(shapes(1, 300) == shapes(1, 300));
        assert!(shapes(1, 300).0 != shapes(2, 300).0);
    }

    #[test]
    fn weapons_have_the_size_of_the_real_file() {
        // 714 MB for about 1,100,000 records.
        let bytes = made(weapons, 1, 1000).len();
        assert!(
            (649_000 * 95 / 100..649_000 * 105 / 100).contains(&bytes),
            "{bytes}"
        );
    }

    #[test]
    fn records_of_the_register_have_one_and_a_half_to_three_kilobytes() {
        let bytes = made(register, 1, 1000).len();
        assert!((1_500_000..3_000_000).contains(&bytes), "{bytes}");
    }

    #[test]
    fn every_letter_of_the_register_is_in_its_encoding() {
        let bytes = made(register, 1, 1000);
        let marks = bytes.iter().filter(|&&byte| byte == b'?').count();
        assert_eq!(marks, 2, "those of the declaration");
        // ДУБЛЮН, ґ, є, і, ї in windows-1251, by Python's codec.
        let letters: Vec<_> = "ДУБЛЮНґєіїҐЄІЇ№".chars().map(windows_1251).collect();
        let due = b"\xc4\xd3\xc1\xcb\xde\xcd\xb4\xba\xb3\xbf\xa5\xaa\xb2\xaf\xb9";
        assert_eq!(letters, due.map(Some));
        let mut encoded = Vec::new();
        encode("ДУБЛЮНґєіїҐЄІЇ№".as_bytes(), &mut encoded);
        assert_eq!(encoded, due);
        assert_eq!(windows_1251('ў'), None);
    }

    #[test]
    fn days_of_the_week_are_right() {
        // `LC_ALL=C date -ud 2024-03-01 +%a`, and so on.
        for (day, due) in [
            (Date(2024, 3, 1), "Fri"),
            (Date(1900, 1, 1), "Mon"),
            (Date(1, 1, 1), "Mon"),
            (Date(9999, 12, 31), "Fri"),
        ] {
            assert_eq!(day.weekday(), due, "{day:?}");
        }
    }

    #[test]
    fn elements_are_closed_in_their_order() {
        for (name, make) in ALL {
            let bytes = made(make, 7, 1000);
            if !bytes.starts_with(b"<?xml") {
                continue;
            }
            assert_eq!(
                unclosed(&String::from_utf8_lossy(&bytes)),
                Vec::<&str>::new(),
                "{name}"
            );
        }
    }

    /// The elements that are open at the end of a file.
    fn unclosed(xml: &str) -> Vec<&str> {
        let mut open = Vec::new();
        let mut rest = xml;
        while let Some((_, after)) = rest.split_once('<') {
            let end = if after.starts_with("![CDATA[") {
                "]]>"
            } else {
                ">"
            };
            let (tag, behind) = after.split_once(end).unwrap();
            rest = behind;
            let name = tag.split(' ').next().unwrap();
            match tag.as_bytes()[0] {
                b'?' | b'!' => {}
                b'/' => assert_eq!(open.pop(), Some(&name[1..])),
                _ if tag.ends_with('/') => {}
                _ => open.push(name),
            }
        }
        open
    }

    #[test]
    fn braces_of_json_are_closed_outside_of_strings() {
        for make in [weapons, vehicles, wanted_persons, phones, invalid_documents] {
            let json = text(make, 1000);
            assert_eq!(objects(json.strip_prefix('\u{feff}').unwrap()), 1000);
        }
        for make in [ftm, notices] {
            assert!(text(make, 1000).lines().all(|line| objects(line) > 0));
        }
        assert!(objects(&text(geojson, 1000)) > 1000);
        assert!(objects(&text(json_feed, 1000)) > 1000);
    }

    /// How many objects there are, all of them closed.
    fn objects(json: &str) -> usize {
        let (mut open, mut count, mut in_string, mut is_escaped) = (Vec::new(), 0, false, false);
        for byte in json.bytes() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'{' | b'[' => open.push(byte),
                b'}' => {
                    assert_eq!(open.pop(), Some(b'{'));
                    count += 1;
                }
                b']' => assert_eq!(open.pop(), Some(b'[')),
                _ => {}
            }
        }
        assert!(open.is_empty() && !in_string);
        count
    }

    #[test]
    fn files_of_ofac_belong_together() {
        let numbers = |make: Make| -> Vec<String> {
            let first = |line: &str| line.split(',').next().unwrap().to_owned();
            text(make, 500).lines().map(first).collect()
        };
        let listed = numbers(ofac_sdn);
        assert_eq!(listed.len(), 500);
        assert!(
            numbers(ofac_alt)
                .iter()
                .all(|number| listed.contains(number))
        );
        let mut addressed = numbers(ofac_add);
        addressed.dedup();
        assert_eq!(
            addressed, listed,
            "each has an address, or a line that says none"
        );
        let xml = text(ofac_xml, 500);
        for number in listed {
            assert!(
                xml.contains(&format!("<sdnEntry>\n    <uid>{number}</uid>")),
                "{number}"
            );
        }
    }

    #[test]
    fn edges_name_what_came_before() {
        let mut known = std::collections::HashSet::new();
        for line in text(ftm, 1000).lines() {
            let mut ids = line.split('"').filter(|part| part.starts_with("sx-"));
            let own = ids.next().unwrap();
            assert!(ids.all(|id| known.contains(id)), "{line}");
            assert!(known.insert(own.to_owned()), "{line}");
        }
    }

    #[test]
    fn events_have_sixty_one_fields() {
        let lines = text(gdelt, 1000);
        assert!(lines.lines().all(|line| line.split('\t').count() == 61));
        assert_eq!(lines.lines().count(), 1000);
    }

    #[test]
    fn a_shapefile_has_the_lengths_that_it_says() {
        for records in [0, 1, 1000] {
            let (shp, dbf) = shapes(7, records);
            let word = |at: usize| i32::from_be_bytes(shp[at..at + 4].try_into().unwrap()) as usize;
            assert_eq!((word(0), 2 * word(24)), (9994, shp.len()));
            let (mut at, mut number) = (100, 0);
            while at < shp.len() {
                number += 1;
                assert_eq!(word(at), number);
                at += 8 + 2 * word(at + 4);
            }
            assert_eq!((at, number), (shp.len(), records));
            assert_eq!(dbf.len(), 193 + 71 * records + 1);
            assert!(dbf[193..dbf.len() - 1].chunks(71).all(|row| row[0] == b' '));
        }
    }

    #[test]
    fn files_without_records_are_files() {
        for (name, make) in ALL {
            let bytes = made(make, 1, 0);
            let is_bare = [
                "ofac_sdn", "ofac_alt", "ofac_add", "ftm", "gdelt", "notices",
            ];
            assert_eq!(bytes.is_empty(), is_bare.contains(&name), "{name}");
        }
    }
}
