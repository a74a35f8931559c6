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
    Romanizer::default().romanize(&UKRAINIAN, text).to_owned()
}

/// Romanises Russian by the table of ICAO Doc 9303, part 3, section 6, which Russian passports
/// have followed since 2013: `ё` and `э` are `e`, `й` is `i`, `ъ` is `ie`, `ь` is dropped.
pub fn romanize_russian(text: &str) -> String {
    Romanizer::default().romanize(&RUSSIAN, text).to_owned()
}

/// Romanises texts, reusing its buffer.
#[derive(Debug, Default)]
pub(crate) struct Romanizer {
    /// What it holds is left over, which spares filling it each time.
    bytes: Vec<u8>,
}

impl Romanizer {
    /// The romanised text.
    pub(crate) fn romanize<'t>(&'t mut self, alphabet: &Alphabet, text: &'t str) -> &'t str {
        if is_ascii(text) {
            return text;
        }
        let room = latin_bytes_max(text);
        if self.bytes.len() < room {
            self.bytes.resize(room, 0);
        }
        let bytes = &mut self.bytes[..];
        let written = romanize_into(alphabet, text, Buffer { bytes, written: 0 });
        str::from_utf8(&self.bytes[..written]).expect("whole characters were written")
    }
}

/// Romanises a text and returns how many bytes were written.
fn romanize_into(alphabet: &Alphabet, text: &str, mut buffer: Buffer<'_>) -> usize {
    let mut word = Word::NONE;
    let mut rest = text;
    loop {
        rest = &rest[word.add_plain(alphabet, rest.as_bytes(), &mut buffer)..];
        let mut letters = rest.chars();
        let Some(mut letter) = letters.next() else {
            break;
        };
        let class = class_of(letter);
        let next = letters.clone().next();
        let open = word.place != Place::Start;
        let belongs = match class {
            OTHER => false,
            MARK => open,
            APOSTROPHE => {
                let previous = text[..text.len() - rest.len()].chars().next_back();
                open && alphabet.joins(previous, next)
            }
            _ => true,
        };
        if !belongs {
            word.end(&mut buffer);
            buffer.push(letter);
        } else if class != APOSTROPHE {
            if let Some(mark) = next
                && let Some(composed) = alphabet.compose(letter, mark)
            {
                letter = composed;
                letters.next();
            }
            word.add(alphabet, letter, class, &mut buffer);
        }
        rest = letters.as_str();
    }
    word.end(&mut buffer);
    buffer.written
}

/// A text in the making. It has more bytes than are written, so that each letter is stored as four
/// at once, of which those beyond its length are written over by the next.
struct Buffer<'b> {
    bytes: &'b mut [u8],
    written: usize,
}

impl Buffer<'_> {
    fn push(&mut self, letter: char) {
        let mut bytes = [0; SPELLING_BYTES_MAX];
        let length = letter.encode_utf8(&mut bytes).len();
        self.bytes[self.written..][..SPELLING_BYTES_MAX].copy_from_slice(&bytes);
        self.written += length;
    }
}

/// Whether a text is all ASCII. The standard library looks at one or two words of the machine in each
/// turn of its loop, of four bytes each in the sandbox, where a turn costs more than what it looks at.
#[inline]
pub(crate) fn is_ascii(text: &str) -> bool {
    let is_ascii = |chunk: &[u8; 16]| u128::from_ne_bytes(*chunk) & BEYOND_ASCII == 0;
    let bytes = text.as_bytes();
    match bytes.last_chunk() {
        Some(last) => bytes.as_chunks().0.iter().all(is_ascii) && is_ascii(last),
        None => bytes.is_ascii(),
    }
}

const BEYOND_ASCII: u128 = u128::from_ne_bytes([0x80; 16]);

/// The room that the romanisation of a text needs: two bytes of Cyrillic become four at most,
/// whatever else stays, and the last letter is stored as four.
pub(crate) fn latin_bytes_max(text: &str) -> usize {
    2 * text.len() + SPELLING_BYTES_MAX
}

/// What is known of the word that is being romanised.
struct Word {
    /// Where its romanisation starts.
    start: usize,
    /// The place of the letter to come, the start where no word is open.
    place: Place,
    /// How many capitals it has, far below zero once it has a small letter.
    capitals: isize,
}

impl Word {
    const NONE: Self = Self {
        start: 0,
        place: Place::Start,
        capitals: 0,
    };

    /// Adds what a text starts with as long as it is plain, and returns how many bytes that were:
    /// letters of ASCII and of the alphabet, without marks, and what parts words in ASCII.
    ///
    /// Nearly all of a text goes through here. It calls nothing and is not inlined, so that what the
    /// loop has at hand stays in registers. A word in capitals is left for the caller to close.
    #[inline(never)]
    fn add_plain(&mut self, alphabet: &Alphabet, text: &[u8], buffer: &mut Buffer<'_>) -> usize {
        let (mut place, mut capitals) = (self.place, self.capitals);
        let (bytes, mut written) = (&mut *buffer.bytes, buffer.written);
        if place == Place::Start {
            self.start = written;
        }
        let mut read = 0;
        while let Some(&byte) = text.get(read) {
            let spelling = match byte {
                0xd0..=0xd3 if !matches!(text.get(read + 2), Some(0xcc | 0xcd)) => {
                    let Some(&trail) = text.get(read + 1) else {
                        break;
                    };
                    let spelling = alphabet.spelling(place, byte, trail);
                    if !spelling.known() {
                        break;
                    }
                    read += 2;
                    spelling
                }
                b'a'..=b'z' | b'A'..=b'Z' => {
                    read += 1;
                    Spelling::ascii(byte)
                }
                b'\'' | b'`' | 0x80.. => break,
                _ => {
                    if capitals > 1 {
                        break;
                    }
                    bytes[written] = byte;
                    read += 1;
                    written += 1;
                    self.start = written;
                    (place, capitals) = (Place::Start, 0);
                    continue;
                }
            };
            spelling.write(bytes, &mut written);
            place = spelling.place;
            capitals = if spelling.capital {
                capitals + 1
            } else {
                isize::MIN
            };
        }
        (self.place, self.capitals) = (place, capitals);
        buffer.written = written;
        read
    }

    /// Adds a letter or mark of any script.
    fn add(&mut self, alphabet: &Alphabet, letter: char, class: u8, buffer: &mut Buffer<'_>) {
        if self.place == Place::Start {
            self.start = buffer.written;
        }
        match class {
            CAPITAL => self.capitals += 1,
            SMALL => self.capitals = isize::MIN,
            _ => {}
        }
        match alphabet.spelling_of(self.place, letter) {
            Some(spelling) => {
                spelling.write(buffer.bytes, &mut buffer.written);
                self.place = spelling.place;
            }
            None => {
                buffer.push(letter);
                self.place = Place::Inside;
            }
        }
    }

    /// Closes the word. Its letters were written as if it were not all in capitals, which is known
    /// only here.
    fn end(&mut self, buffer: &mut Buffer<'_>) {
        if self.capitals > 1 {
            buffer.bytes[self.start..buffer.written].make_ascii_uppercase();
        }
        *self = Self::NONE;
    }
}

/// What is no letter and parts words.
const OTHER: u8 = 0;
/// A letter that is neither small nor a capital.
const LETTER: u8 = 1;
const SMALL: u8 = 2;
const CAPITAL: u8 = 3;
/// A combining mark, which belongs to the word before it.
const MARK: u8 = 4;
const APOSTROPHE: u8 = 5;
/// Whatever the table of classes leaves to the tables of Unicode.
const UNKNOWN: u8 = 6;

/// The classes of what stands beside Cyrillic letters, mostly: to search the tables of Unicode for
/// one costs several times what else is done for it.
static CLASSES: [u8; 0x530] = {
    let mut classes = [UNKNOWN; 0x530];
    let mut code = 0;
    while code < classes.len() as u32 {
        if let Some(c) = char::from_u32(code) {
            classes[code as usize] = match c {
                _ if is_apostrophe(c) => APOSTROPHE,
                '×' | '÷' | '\u{482}' => OTHER,
                '\u{483}'..='\u{489}' => MARK,
                'a'..='z' | 'A'..='Z' | 'ª' | 'µ' | 'º' | 'À'..='\u{24f}' => case_of(c),
                '\u{400}'..='\u{52f}' => case_of(c),
                '\0'..='¿' => OTHER,
                _ => UNKNOWN,
            };
        }
        code += 1;
    }
    classes
};

const fn case_of(letter: char) -> u8 {
    if letter.is_lowercase() {
        SMALL
    } else if letter.is_uppercase() {
        CAPITAL
    } else {
        LETTER
    }
}

fn class_of(c: char) -> u8 {
    match CLASSES.get(c as usize) {
        None | Some(&UNKNOWN) => unicode_class(c),
        Some(&class) => class,
    }
}

#[cold]
fn unicode_class(c: char) -> u8 {
    if is_apostrophe(c) {
        APOSTROPHE
    } else if c.is_alphabetic() {
        case_of(c)
    } else if is_combining_mark(c) {
        MARK
    } else {
        OTHER
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
pub(crate) const fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '´' | '‘' | '’' | '‛' | '′' | 'ʹ' | 'ʺ' | 'ʻ' | 'ʼ' | 'ʽ' | '＇'
    )
}

/// A small Cyrillic letter and its romanisation.
type Letter = (char, &'static str);

/// The longest romanisation of a letter is `shch`.
const SPELLING_BYTES_MAX: usize = 4;

/// Where in a word a letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Start,
    Inside,
    /// After `з`, where `г` is another letter in Ukrainian.
    AfterZ,
}

/// The romanisation of a letter in its case, held by value: to copy so few bytes from elsewhere would
/// be a call. Aligned so that the place of one in a table is found by a shift.
#[derive(Clone, Copy, Debug)]
#[repr(align(8))]
pub(crate) struct Spelling {
    letters: [u8; SPELLING_BYTES_MAX],
    length: u8,
    capital: bool,
    /// The place of the letter to come, which is never the start of a word.
    pub(crate) place: Place,
}

impl Spelling {
    /// What stands for a letter outside the table.
    const UNKNOWN: Self = Self {
        letters: [0; SPELLING_BYTES_MAX],
        length: 0,
        capital: false,
        place: Place::Start,
    };

    const fn new(small: &str, capital: bool, place: Place) -> Self {
        let small = small.as_bytes();
        let mut letters = [0; SPELLING_BYTES_MAX];
        let mut i = 0;
        while i < small.len() {
            letters[i] = small[i];
            i += 1;
        }
        if capital {
            letters[0] = letters[0].to_ascii_uppercase();
        }
        Self {
            letters,
            length: small.len() as u8,
            capital,
            place,
        }
    }

    /// A letter of ASCII, which is its own.
    const fn ascii(letter: u8) -> Self {
        Self {
            letters: [letter, 0, 0, 0],
            length: 1,
            capital: letter.is_ascii_uppercase(),
            place: Place::Inside,
        }
    }

    pub(crate) fn known(self) -> bool {
        self.place != Place::Start
    }

    /// The same in small letters.
    pub(crate) fn small(self) -> Self {
        let letters = self.letters.map(|letter| letter | 0x20);
        Self { letters, ..self }
    }

    /// Writes the letters after what was written.
    pub(crate) fn write(self, bytes: &mut [u8], written: &mut usize) {
        bytes[*written..][..SPELLING_BYTES_MAX].copy_from_slice(&self.letters);
        *written += usize::from(self.length);
    }
}

const BLOCK_START: u32 = 0x400;
const BLOCK_LETTERS: usize = 0x100;

/// A table of romanisation, looked up by code point in the Cyrillic block.
#[derive(Debug)]
pub(crate) struct Alphabet {
    initial: [Option<&'static str>; BLOCK_LETTERS],
    inside: [Option<&'static str>; BLOCK_LETTERS],
    /// The same for both cases, by [`Place`].
    spellings: [[Spelling; BLOCK_LETTERS]; 3],
    /// Whether `зг` and the apostrophe are what they are in Ukrainian.
    ukrainian: bool,
}

impl Alphabet {
    /// An alphabet of several tables, of which the first with a letter counts.
    const fn new(ukrainian: bool, initial: &[Letter], inside: &[&[Letter]]) -> Self {
        let mut letters = [None; BLOCK_LETTERS];
        let mut i = inside.len();
        while i > 0 {
            i -= 1;
            letters = Self::with(letters, inside[i]);
        }
        let initial = Self::with(letters, initial);
        let after_z: &[Letter] = if ukrainian { &[('г', "gh")] } else { &[] };
        Self {
            initial,
            inside: letters,
            spellings: [
                Self::spelled(&initial),
                Self::spelled(&letters),
                Self::spelled(&Self::with(letters, after_z)),
            ],
            ukrainian,
        }
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

    const fn spelled(table: &[Option<&'static str>; BLOCK_LETTERS]) -> [Spelling; BLOCK_LETTERS] {
        let mut spellings = [Spelling::UNKNOWN; BLOCK_LETTERS];
        let mut small = 0;
        while small < BLOCK_LETTERS {
            if let Some(latin) = table[small] {
                let capital = match small {
                    0x30..=0x4f => small - 0x20,
                    0x50..=0x5f => small - 0x50,
                    _ => small - 1,
                };
                let place = match char::from_u32(BLOCK_START + small as u32) {
                    Some('з') => Place::AfterZ,
                    _ => Place::Inside,
                };
                spellings[small] = Spelling::new(latin, false, place);
                spellings[capital] = Spelling::new(latin, true, place);
            }
            small += 1;
        }
        spellings
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

    /// The romanisation of a letter of the block, by the two bytes of its UTF-8: the lead bytes 0xd0
    /// to 0xd3 are those of the block.
    pub(crate) fn spelling(&self, place: Place, lead: u8, trail: u8) -> Spelling {
        self.spellings[place as usize][usize::from((lead << 6) | (trail & 0x3f))]
    }

    fn spelling_of(&self, place: Place, letter: char) -> Option<Spelling> {
        let index = u32::from(letter).checked_sub(BLOCK_START)? as usize;
        let spelling = *self.spellings[place as usize].get(index)?;
        spelling.known().then_some(spelling)
    }

    /// Whether an apostrophe between two characters is part of a word.
    pub(crate) fn joins(&self, previous: Option<char>, next: Option<char>) -> bool {
        self.ukrainian && previous.is_some_and(is_cyrillic) && next.is_some_and(is_cyrillic)
    }

    /// A letter and a combining mark as one letter of this alphabet.
    fn compose(&self, letter: char, mark: char) -> Option<char> {
        if !is_cyrillic(letter) || !matches!(mark, '\u{300}'..='\u{36f}') {
            return None;
        }
        let composed = compose(letter, mark)?;
        self.spelling_of(Place::Start, composed).map(|_| composed)
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

    #[test]
    fn words_end_where_their_letters_do() {
        let known = [
            ("з'г З’Г зґ з\u{308}г", "zgh ZGH zg z\u{308}h"),
            ("'я' О'я в''я яʼ", "'ya' Oia v''ya yaʼ"),
            ("Oя яO 1я я1я", "Oia yaO 1ya ya1ya"),
            ("и\u{306}'я Й'я", "y'ya Yia"),
            (
                "ЩЬ Ь ЬЩ ЩьЩ Щ.Щ. Щ\u{301}",
                "SHCH  SHCH ShchShch Shch.Shch. Shch\u{301}",
            ),
            (
                "ЩÉ ЩÉé É-Щ ЩЩÉ№ЩЩ",
                "SHCHÉ ShchÉé É-Shch SHCHSHCHÉ№SHCHSHCH",
            ),
        ];
        for (cyrillic, latin) in known {
            assert_eq!(romanize_ukrainian(cyrillic), latin);
        }
    }

    #[test]
    fn classes_are_those_of_unicode() {
        for (code, &class) in (0..).zip(&CLASSES) {
            let c = char::from_u32(code).expect("no surrogate comes before");
            assert!(class == UNKNOWN || class == unicode_class(c), "{c:?}");
        }
    }

    #[test]
    fn both_cases_are_spelled() {
        for alphabet in [&UKRAINIAN, &RUSSIAN, &ANY_AS_UKRAINIAN, &ANY_AS_RUSSIAN] {
            for letter in '\0'..=char::MAX {
                let small = letter.to_lowercase().next().expect("a letter");
                for (place, previous) in [
                    (Place::Start, None),
                    (Place::Inside, Some('а')),
                    (Place::AfterZ, Some('з')),
                ] {
                    let mut bytes = [0; SPELLING_BYTES_MAX];
                    let spelled = alphabet.spelling_of(place, letter).map(|spelling| {
                        let mut length = 0;
                        spelling.small().write(&mut bytes, &mut length);
                        assert_eq!(spelling.capital, letter != small);
                        str::from_utf8(&bytes[..length]).expect("ASCII")
                    });
                    assert_eq!(spelled, alphabet.latin(previous, small), "{letter:?}");
                }
            }
        }
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
