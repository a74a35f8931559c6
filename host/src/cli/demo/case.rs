//! The synthetic case: travellers, a list in the shape of the UN's, a register, and what was
//! planted. Everything follows from one seed, and nobody in it exists.

use crate::error::{Context, Result};
use std::fmt::Write as _;
use std::path::Path;

const TRAVELLERS: usize = 5_000;
const LISTED: usize = 300;
const PLANTED: usize = 60;
const DECOYS: usize = 60;

/// Given names and surnames, in Ukrainian and as romanised in 2010.
const GIVEN: [(&str, &str); 16] = [
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
];
const SURNAMES: [(&str, &str); 20] = [
    ("Вигаданчук", "Vyhadanchuk"),
    ("Небувальський", "Nebuvalskyi"),
    ("Мареничко", "Marenychko"),
    ("Казкаренко", "Kazkarenko"),
    ("Примарук", "Prymaruk"),
    ("Щебетовець", "Shchebetovets"),
    ("Жайворонюк", "Zhaivoroniuk"),
    ("Химерняк", "Khymerniak"),
    ("Чарівненко", "Charivnenko"),
    ("Цвіркунець", "Tsvirkunets"),
    ("Єрмолинський", "Yermolynskyi"),
    ("Ґудзиковий", "Gudzykovyi"),
    ("Яблуневич", "Yablunevych"),
    ("Їжаченко", "Yizhachenko"),
    ("Хвилюк", "Khvyliuk"),
    ("Шелестенко", "Shelestenko"),
    ("Грайливець", "Hrailyvets"),
    ("Туманський", "Tumanskyi"),
    ("Згадченко", "Zghadchenko"),
    ("Брехуненко", "Brekhunenko"),
];
/// Syllables that make surnames many.
const ENDINGS: [(&str, &str); 10] = [
    ("", ""),
    ("-Гай", "-Hai"),
    ("-Бір", "-Bir"),
    ("-Лука", "-Luka"),
    ("-Яр", "-Yar"),
    ("-Став", "-Stav"),
    ("-Рів", "-Riv"),
    ("-Луг", "-Luh"),
    ("-Кут", "-Kut"),
    ("-Дуб", "-Dub"),
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

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    fn person(&mut self) -> Person {
        let (given, surname, ending) = (
            self.below(GIVEN.len()),
            self.below(SURNAMES.len()),
            self.below(ENDINGS.len()),
        );
        let born = format!(
            "{}-{:02}-{:02}",
            1950 + self.below(55),
            1 + self.below(12),
            1 + self.below(28)
        );
        let join = |part: fn(&(&'static str, &'static str)) -> &'static str| {
            (
                part(&GIVEN[given]).to_owned(),
                format!("{}{}", part(&SURNAMES[surname]), part(&ENDINGS[ending])),
            )
        };
        Person {
            ukrainian: join(|pair| pair.0),
            latin: join(|pair| pair.1),
            born,
        }
    }
}

/// Given name and surname in both scripts, and the day of birth.
struct Person {
    ukrainian: (String, String),
    latin: (String, String),
    born: String,
}

/// How a listed person travels.
fn vary(person: &Person, random: &mut Random) -> (String, &'static str) {
    let (given, surname) = &person.latin;
    match random.below(4) {
        0 => (
            format!("{} {}", person.ukrainian.1, person.ukrainian.0),
            "ukrainian script",
        ),
        1 => (format!("{surname} {given}"), "parts swapped"),
        2 => (
            other_romanisation(&format!("{given} {surname}")),
            "another romanisation",
        ),
        _ => (typo(&format!("{given} {surname}"), random), "a typo"),
    }
}

/// As a passport of another country or of another time would have it.
fn other_romanisation(name: &str) -> String {
    let pairs = [
        ("shch", "sc"),
        ("zh", "j"),
        ("kh", "h"),
        ("ii", "ij"),
        ("ia", "ja"),
        ("iu", "ju"),
        ("yi", "y"),
        ("h", "g"),
        ("y", "i"),
    ];
    let mut name = name.to_lowercase();
    for (from, to) in pairs {
        name = name.replacen(from, to, 1);
    }
    name
}

fn typo(name: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let place = 2 + random.below(letters.len() - 4);
    letters.swap(place, place + 1);
    letters.into_iter().collect()
}

/// Writes the case into a folder.
pub(super) fn write(folder: &Path) -> Result<()> {
    let mut random = Random(20_260_115);
    let listed: Vec<_> = (0..LISTED).map(|_| random.person()).collect();
    let mut travellers = String::from("id,name,birth_date,document\n");
    let mut truth = String::from("traveller_id,entity_id,variant\n");
    let mut directors = Vec::new();
    for id in 1..=TRAVELLERS {
        let (name, born) = match id % (TRAVELLERS / (PLANTED + DECOYS)) {
            0 if id % 2 == 0 => {
                let position = random.below(LISTED);
                let (name, variant) = vary(&listed[position], &mut random);
                line(
                    &mut truth,
                    format_args!("{id},{},{variant}", 9_000_001 + position),
                );
                if directors.len() * 2 < id * PLANTED / TRAVELLERS {
                    directors.push(name.clone());
                }
                (name, listed[position].born.clone())
            }
            // Somebody else of the same name.
            0 => {
                let decoy = &listed[random.below(LISTED)];
                (
                    format!("{} {}", decoy.latin.0, decoy.latin.1),
                    random.person().born,
                )
            }
            _ => {
                let person = random.person();
                let parts = if random.below(2) == 0 {
                    &person.ukrainian
                } else {
                    &person.latin
                };
                (format!("{} {}", parts.1, parts.0), person.born)
            }
        };
        let document = random.below(1_000_000);
        line(
            &mut travellers,
            format_args!("{id},{name},{born},DEMO{document:06}"),
        );
    }
    let place = || folder.display().to_string();
    std::fs::create_dir_all(folder).context(place)?;
    std::fs::write(folder.join("travellers.csv"), travellers).context(place)?;
    std::fs::write(folder.join("truth.csv"), truth).context(place)?;
    std::fs::write(folder.join("list.xml"), list(&listed)).context(place)?;
    std::fs::write(
        folder.join("register.csv"),
        register(&directors, &mut random),
    )
    .context(place)
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a String takes everything");
}

fn list(listed: &[Person]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CONSOLIDATED_LIST dateGenerated=\"2026-01-15T10:00:00Z\">\n<INDIVIDUALS>\n",
    );
    for (position, person) in listed.iter().enumerate() {
        let ((given, surname), id) = (&person.latin, 9_000_001 + position);
        line(
            &mut xml,
            format_args!(
                "<INDIVIDUAL><DATAID>{id}</DATAID><VERSIONNUM>1</VERSIONNUM><FIRST_NAME>{given}</FIRST_NAME><SECOND_NAME>{surname}</SECOND_NAME><UN_LIST_TYPE>Demo</UN_LIST_TYPE><REFERENCE_NUMBER>DMi.{position:03}</REFERENCE_NUMBER><LISTED_ON>2020-01-01</LISTED_ON><NAME_ORIGINAL_SCRIPT>{} {}</NAME_ORIGINAL_SCRIPT><INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>{}</DATE></INDIVIDUAL_DATE_OF_BIRTH></INDIVIDUAL>",
                person.ukrainian.0, person.ukrainian.1, person.born
            ),
        );
    }
    xml.push_str("</INDIVIDUALS>\n<ENTITIES></ENTITIES>\n</CONSOLIDATED_LIST>\n");
    xml
}

fn register(directors: &[String], random: &mut Random) -> String {
    let mut csv = String::from("code;company;director\n");
    for code in 1..=1_000_usize {
        let director = match code % 30 {
            0 => directors.get(code / 30 - 1).cloned(),
            _ => None,
        };
        let director = director.unwrap_or_else(|| {
            let person = random.person();
            format!("{} {}", person.ukrainian.1, person.ukrainian.0)
        });
        line(
            &mut csv,
            format_args!("{code:08};ТОВ «Вигадка-{code}»;{director}"),
        );
    }
    csv
}
