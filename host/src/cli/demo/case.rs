//! The synthetic case: made-up people, put together from common names by a seeded generator, and
//! the truth about them. Nobody in it exists; whoever bears such a name does so by chance.

use crate::error::{Context, Result};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

const SEED: u64 = 20_100_127;
const TRAVELLERS: usize = 5_000;
const LISTED: usize = 300;
const PLANTED: usize = 60;
const DECOYS: usize = 60;
const OTHER_DIRECTORS: usize = 400;

/// A name in Ukrainian, and as resolution 55 of 2010 romanises it.
type Written = (&'static str, &'static str);

const MEN: [Written; 20] = [
    ("Андрій", "Andrii"),
    ("Богдан", "Bohdan"),
    ("Василь", "Vasyl"),
    ("Віталій", "Vitalii"),
    ("Володимир", "Volodymyr"),
    ("Геннадій", "Hennadii"),
    ("Григорій", "Hryhorii"),
    ("Дмитро", "Dmytro"),
    ("Євген", "Yevhen"),
    ("Ігор", "Ihor"),
    ("Кирило", "Kyrylo"),
    ("Микола", "Mykola"),
    ("Михайло", "Mykhailo"),
    ("Олег", "Oleh"),
    ("Олексій", "Oleksii"),
    ("Петро", "Petro"),
    ("Сергій", "Serhii"),
    ("Тарас", "Taras"),
    ("Юрій", "Yurii"),
    ("Ярослав", "Yaroslav"),
];
const WOMEN: [Written; 14] = [
    ("Ганна", "Hanna"),
    ("Валентина", "Valentyna"),
    ("Галина", "Halyna"),
    ("Дарина", "Daryna"),
    ("Ірина", "Iryna"),
    ("Катерина", "Kateryna"),
    ("Людмила", "Liudmyla"),
    ("Надія", "Nadiia"),
    ("Наталія", "Nataliia"),
    ("Оксана", "Oksana"),
    ("Олена", "Olena"),
    ("Світлана", "Svitlana"),
    ("Софія", "Sofiia"),
    ("Юлія", "Yuliia"),
];
/// Beginnings of patronymics; the endings make them a man's or a woman's.
const FATHERS: [&str; 12] = [
    "Іван",
    "Петр",
    "Степан",
    "Богдан",
    "Михайл",
    "Олександр",
    "Федор",
    "Роман",
    "Павл",
    "Антон",
    "Максим",
    "Тарас",
];
/// Surnames that are the same for men and women.
const SURNAMES: [Written; 36] = [
    ("Бондаренко", "Bondarenko"),
    ("Вакуленко", "Vakulenko"),
    ("Василенко", "Vasylenko"),
    ("Гаврилюк", "Havryliuk"),
    ("Герасименко", "Herasymenko"),
    ("Гончаренко", "Honcharenko"),
    ("Гриценко", "Hrytsenko"),
    ("Дорошенко", "Doroshenko"),
    ("Дяченко", "Diachenko"),
    ("Жук", "Zhuk"),
    ("Захарчук", "Zakharchuk"),
    ("Іваненко", "Ivanenko"),
    ("Іщенко", "Ishchenko"),
    ("Кириченко", "Kyrychenko"),
    ("Коваленко", "Kovalenko"),
    ("Ковальчук", "Kovalchuk"),
    ("Кравчук", "Kravchuk"),
    ("Кучеренко", "Kucherenko"),
    ("Левченко", "Levchenko"),
    ("Лисенко", "Lysenko"),
    ("Марченко", "Marchenko"),
    ("Мельник", "Melnyk"),
    ("Нестеренко", "Nesterenko"),
    ("Олійник", "Oliinyk"),
    ("Остапчук", "Ostapchuk"),
    ("Павлюк", "Pavliuk"),
    ("Панасюк", "Panasiuk"),
    ("Романюк", "Romaniuk"),
    ("Савченко", "Savchenko"),
    ("Семенюк", "Semeniuk"),
    ("Ткаченко", "Tkachenko"),
    ("Федорченко", "Fedorchenko"),
    ("Харченко", "Kharchenko"),
    ("Шевченко", "Shevchenko"),
    ("Щербак", "Shcherbak"),
    ("Яковенко", "Yakovenko"),
];
/// What other romanisations write, as far as they differ: of whole names, from left to right.
const OTHERWISE: [(&str, &str); 13] = [
    ("Shch", "Sch"),
    ("Ye", "E"),
    ("Yu", "Ju"),
    ("Ya", "Ja"),
    ("Kh", "H"),
    ("kh", "h"),
    ("Zh", "J"),
    ("Hr", "Gr"),
    ("iia", "ia"),
    ("ii", "iy"),
    ("iu", "yu"),
    ("yk", "ik"),
    ("ko", "co"),
];

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// A day as year, month and day.
type Day = (usize, usize, usize);

struct Person {
    given: Written,
    surname: Written,
    patronymic: String,
    born: Day,
}

impl Person {
    fn new(random: &mut Random) -> Self {
        let is_man = random.below(2) == 0;
        let given = if is_man {
            random.pick(&MEN)
        } else {
            random.pick(&WOMEN)
        };
        let ending = if is_man { "ович" } else { "івна" };
        Self {
            given,
            surname: random.pick(&SURNAMES),
            patronymic: format!("{}{ending}", random.pick(&FATHERS)),
            born: (
                1950 + random.below(55),
                1 + random.below(12),
                1 + random.below(28),
            ),
        }
    }

    fn latin(&self) -> String {
        format!("{} {}", self.given.1, self.surname.1)
    }

    /// As a register writes it.
    fn in_full(&self) -> String {
        format!("{} {} {}", self.surname.0, self.given.0, self.patronymic)
    }

    /// As a border guard may have typed it.
    fn as_travelled(&self, random: &mut Random) -> String {
        let (given, surname) = match random.below(2) {
            0 => (self.given.0, self.surname.0),
            _ => (self.given.1, self.surname.1),
        };
        match random.below(2) {
            0 => format!("{given} {surname}"),
            _ => format!("{surname} {given}"),
        }
    }

    /// A listed person's name as it is not on the list.
    fn variant(&self, kind: &str, random: &mut Random) -> String {
        match kind {
            "romanisation" => otherwise(&self.latin()),
            "swapped" => format!("{} {}", self.surname.1, self.given.1),
            _ => typo(&self.latin(), random),
        }
    }
}

fn otherwise(name: &str) -> String {
    OTHERWISE
        .iter()
        .fold(name.to_owned(), |name, (from, to)| name.replace(from, to))
}

/// Swaps two letters that stand beside each other, drops one, or doubles one.
fn typo(name: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let inner: Vec<usize> = (1..letters.len() - 1)
        .filter(|at| {
            letters[*at] != ' ' && letters[*at + 1] != ' ' && letters[*at] != letters[*at + 1]
        })
        .collect();
    let at = random.pick(&inner);
    match random.below(3) {
        0 => letters.swap(at, at + 1),
        1 => drop(letters.remove(at)),
        _ => letters.insert(at, letters[at]),
    }
    letters.into_iter().collect()
}

/// How many of each there are.
pub(super) struct Counts {
    pub(super) travellers: usize,
    pub(super) listed: usize,
    pub(super) planted: usize,
    pub(super) decoys: usize,
}

/// The files, as they grow.
struct Files {
    travellers: Vec<String>,
    register: Vec<String>,
    truth: String,
}

/// Writes the case into a folder.
pub(super) fn write(folder: &Path) -> Result<Counts> {
    let mut random = Random(SEED);
    let listed = listed(&mut random);
    let mut files = Files {
        travellers: Vec::new(),
        register: Vec::new(),
        truth: "traveller_id,entity_id,variant\n".to_owned(),
    };
    let rows = rows(&listed, &mut files, &mut random);
    for (position, (name, born, planted)) in rows.into_iter().enumerate() {
        let id = position + 1;
        let document = format!("XX{:06}", random.below(1_000_000));
        files
            .travellers
            .push(format!("{id},{name},{},{document}", iso(born)));
        if let Some((entity, variant)) = planted {
            let _ = writeln!(files.truth, "{id},{entity},{variant}");
        }
    }
    let travellers = format!(
        "id,name,birth_date,document\n{}\n",
        files.travellers.join("\n")
    );
    let register = format!("code;company;director\n{}\n", files.register.join("\n"));
    let put = |name: &str, bytes: &[u8]| super::super::plugin::put_file(&folder.join(name), bytes);
    put("travellers.csv", travellers.as_bytes())?;
    put("list.xml", list(&listed).as_bytes())?;
    put("register.csv", &windows_1251(&register))?;
    put("truth.csv", files.truth.as_bytes()).context(|| "the case".to_owned())?;
    Ok(Counts {
        travellers: TRAVELLERS,
        listed: LISTED,
        planted: PLANTED,
        decoys: DECOYS,
    })
}

/// Listed people, of whom no two have the same name.
fn listed(random: &mut Random) -> Vec<Person> {
    let mut names = BTreeSet::new();
    let mut listed = Vec::new();
    while listed.len() < LISTED {
        let person = Person::new(random);
        if names.insert(person.latin()) {
            listed.push(person);
        }
    }
    listed
}

type Row = (String, Day, Option<(usize, &'static str)>);

/// Travellers in a random order: the planted, the decoys, and everybody else.
fn rows(listed: &[Person], files: &mut Files, random: &mut Random) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (position, person) in listed.iter().take(PLANTED).enumerate() {
        let kind = ["romanisation", "swapped", "typo"][position % 3];
        let planted = Some((entity_id(position), kind));
        rows.push((person.variant(kind, random), person.born, planted));
        if position % 2 == 0 {
            direct(person, files);
        }
    }
    for person in listed.iter().skip(PLANTED).take(DECOYS) {
        let (year, month, day) = person.born;
        let name = match random.below(2) {
            0 => person.as_travelled(random),
            _ => typo(&person.latin(), random),
        };
        rows.push((name, (year + 2 + random.below(5), month, day), None));
    }
    while rows.len() < TRAVELLERS {
        let person = Person::new(random);
        if rows.len() % (TRAVELLERS / OTHER_DIRECTORS) == 0 {
            direct(&person, files);
        }
        rows.push((person.as_travelled(random), person.born, None));
    }
    for last in (1..rows.len()).rev() {
        rows.swap(last, random.below(last + 1));
    }
    rows
}

fn direct(person: &Person, files: &mut Files) {
    let number = files.register.len() + 1;
    let line = format!(
        "{};ТОВ «Вигадка-{number}»;{}",
        90_000_000 + number,
        person.in_full()
    );
    files.register.push(line);
}

fn entity_id(position: usize) -> usize {
    9_000_001 + position
}

fn iso((year, month, day): Day) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

/// The list, in the shape of the consolidated list of the United Nations Security Council.
fn list(listed: &[Person]) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <CONSOLIDATED_LIST dateGenerated=\"2026-01-15T10:00:00.000Z\">\n<INDIVIDUALS>\n"
        .to_owned();
    for (position, person) in listed.iter().enumerate() {
        let _ = writeln!(
            xml,
            "<INDIVIDUAL><DATAID>{id}</DATAID><VERSIONNUM>1</VERSIONNUM>\
             <FIRST_NAME>{given}</FIRST_NAME><SECOND_NAME>{surname}</SECOND_NAME>\
             <UN_LIST_TYPE>Example</UN_LIST_TYPE><REFERENCE_NUMBER>EXi.{number:03}</REFERENCE_NUMBER>\
             <LISTED_ON>2020-02-03</LISTED_ON><NAME_ORIGINAL_SCRIPT>{full}</NAME_ORIGINAL_SCRIPT>\
             <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>{surname} {given}</ALIAS_NAME></INDIVIDUAL_ALIAS>\
             <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>{born}</DATE></INDIVIDUAL_DATE_OF_BIRTH>\
             </INDIVIDUAL>",
            id = entity_id(position),
            given = person.given.1,
            surname = person.surname.1,
            number = position + 1,
            full = person.in_full(),
            born = iso(person.born),
        );
    }
    xml.push_str("</INDIVIDUALS>\n<ENTITIES></ENTITIES>\n</CONSOLIDATED_LIST>\n");
    xml
}

/// Ukrainian text in the encoding in which registers still come.
fn windows_1251(text: &str) -> Vec<u8> {
    let byte = |letter: char| match letter {
        '\0'..='\x7f' => letter as u8,
        'А'..='я' => (letter as u32 - 'А' as u32) as u8 + 0xc0,
        'Є' => 0xaa,
        'є' => 0xba,
        'І' => 0xb2,
        'і' => 0xb3,
        'Ї' => 0xaf,
        'ї' => 0xbf,
        'Ґ' => 0xa5,
        'ґ' => 0xb4,
        '«' => 0xab,
        '»' => 0xbb,
        _ => b'?',
    };
    text.chars().map(byte).collect()
}
