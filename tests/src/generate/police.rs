//! The open data of the Ukrainian police: arrays of JSON objects with a mark of byte order before them.

use super::{Date, Page, Person, Random, STREETS, TOWNS};
use std::io::{self, Write};

/// A file of records, each of which `put` writes from its number and its numbers.
fn array(
    out: &mut dyn Write,
    seed: u64,
    records: usize,
    put: fn(&mut Members<'_, '_>, &mut Random, usize),
) -> io::Result<()> {
    let mut page = Page::new(out);
    page.put("\u{feff}[");
    for record in 0..records {
        page.put(if record == 0 { "\n  {" } else { ",\n  {" });
        let mut random = Random::of_record(seed, record);
        let mut members = Members {
            page: &mut page,
            is_first: true,
        };
        put(&mut members, &mut random, record);
        page.put("\n  }");
        page.turn()?;
    }
    page.put("\n]\n");
    page.finish()
}

/// An object that is being written.
struct Members<'m, 'a> {
    page: &'m mut Page<'a>,
    is_first: bool,
}

impl<'a> Members<'_, 'a> {
    /// The name of a member, and what comes before its value.
    fn member(&mut self, name: &str) -> &mut Page<'a> {
        let comma = if self.is_first {
            "\n    \""
        } else {
            ",\n    \""
        };
        self.is_first = false;
        self.page.puts(&[comma, name, "\": "])
    }

    fn text(&mut self, name: &str, value: &str) {
        self.member(name).puts(&["\"", value, "\""]);
    }

    fn number(&mut self, name: &str, value: usize) {
        self.member(name).number(value);
    }

    fn null(&mut self, name: &str) {
        self.member(name).put("null");
    }

    /// A day as `2017-05-12T00:00:00`.
    fn day(&mut self, name: &str, day: Date) {
        self.member(name).put("\"").day(day).put("T00:00:00\"");
    }

    /// A day with a time of day.
    fn time(&mut self, name: &str, day: Date, random: &mut Random) {
        self.member(name).put("\"").day(day).put("T");
        self.page.clock(random).put("\"");
    }

    /// What is left out in one of three ways, so many times in a hundred.
    fn is_missing(&mut self, name: &str, percent: usize, random: &mut Random) -> bool {
        if !random.percent(percent) {
            return false;
        }
        match random.below(3) {
            0 => {}
            1 => self.null(name),
            _ => self.text(name, ""),
        }
        true
    }

    fn optional(&mut self, name: &str, value: &str, percent: usize, random: &mut Random) {
        if !self.is_missing(name, percent, random) {
            self.text(name, value);
        }
    }

    /// The department that has put it in.
    fn organ(&mut self, name: &str, random: &mut Random) {
        self.organ_of(name, "", random);
    }

    /// The department, and whose it is.
    fn organ_of(&mut self, name: &str, whose: &str, random: &mut Random) {
        let (number, (town, _)) = (random.between(1, 40), random.one(&TOWNS));
        self.member(name).put("\"ВІДДІЛ ПОЛІЦІЇ № ").number(number);
        self.page
            .puts(&[" (М. ", town, ") ЗРАЗКОВОГО РУП", whose, "\""]);
    }
}

/// `weaponswanted.json`: 1,100,000 records are about 714 MB, as the published file is.
pub fn weapons(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    array(out, seed, records, weapon)
}

const WEAPONS: [(&str, &str, &str, &str); 8] = [
    ("ПМ", "ПІСТОЛЕТ", "НАРІЗНА ВОГНЕПАЛЬНА ЗБРОЯ", "9"),
    ("ТТ", "ПІСТОЛЕТ", "НАРІЗНА ВОГНЕПАЛЬНА ЗБРОЯ", "7,62"),
    ("АКМ", "АВТОМАТ", "НАРІЗНА ВОГНЕПАЛЬНА ЗБРОЯ", "7,62"),
    ("АК-74", "АВТОМАТ", "НАРІЗНА ВОГНЕПАЛЬНА ЗБРОЯ", "5,45"),
    ("ІЖ-27", "РУШНИЦЯ", "ГЛАДКОСТВОЛЬНА ЗБРОЯ", "12"),
    ("ЗРАЗОК-1", "РУШНИЦЯ", "ГЛАДКОСТВОЛЬНА ЗБРОЯ", "16"),
    ("МАКЕТ 9Р", "РЕВОЛЬВЕР", "ПРИСТРІЙ ДЛЯ ВІДСТРІЛУ", "9"),
    ("ТОЗ-8", "КАРАБІН", "НАРІЗНА ВОГНЕПАЛЬНА ЗБРОЯ", "5,6"),
];

fn weapon(members: &mut Members<'_, '_>, random: &mut Random, record: usize) {
    let (model, kind, class, caliber) = random.one(&WEAPONS);
    let series = random.one(&["АВ", "ЗР", "МК", "ПР", "Б/С"]);
    let (number, trunks) = (random.below(10_000_000), random.between(1, 2));
    let seized = random.day(1992, 2023);
    members.number("id", 3_000_000_000 + record);
    members.organ_of(
        "organunit",
        " ГУНП В ЗРАЗКОВІЙ ОБЛАСТІ ДЕРЖАВИ УТОПІЯ",
        random,
    );
    members
        .member("brandmodel")
        .puts(&["\"", model, " ЗРАЗКА 1947 РОКУ ВИПУСКУ\""]);
    members.text("weapontype", kind);
    members.text("weaponkind", class);
    members.optional("weaponseries", series, 20, random);
    if !members.is_missing("weaponnumber", 3, random) {
        let page = members.member("weaponnumber");
        page.put("\"").digits(number, 4).put("\"");
    }
    members.optional("weaponcaliber", caliber, 10, random);
    members.number("trunks", trunks);
    search(members, random);
    let inserted = random.sane_day(2001, 2024);
    members.time("insertdate", inserted, random);
    if !members.is_missing("theftdate", 8, random) {
        members.day("theftdate", seized);
    }
}

/// The year in which a weapon was made, and why it is looked for.
fn search(members: &mut Members<'_, '_>, random: &mut Random) {
    let year = random.between(1940, 2021);
    if !members.is_missing("graduationyear", 30, random) {
        let page = members.member("graduationyear");
        page.put("\"").number(year).put("\"");
    }
    let reason = random.one(&[
        "КРАДІЖКА У ВЛАСНИКА",
        "ВТРАТА ВЛАСНИКОМ",
        "НЕЗАКОННЕ ЗАВОЛОДІННЯ",
        "РОЗБІЙ",
    ]);
    members.text("reasonsearch", reason);
}

/// `carswanted.json`; some records have make and model in one, as older files have.
pub fn vehicles(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    array(out, seed, records, vehicle)
}

const VEHICLES: [(&str, &str, &str); 8] = [
    ("ВАЗ", "2107", "ЛЕГКОВИЙ"),
    ("ЗАЗ", "1102", "ЛЕГКОВИЙ"),
    ("ГАЗ", "3302", "ВАНТАЖНИЙ"),
    ("МАКЕТ", "A-4", "ЛЕГКОВИЙ"),
    ("ЗРАЗОК", "УНІВЕРСАЛ", "ЛЕГКОВИЙ"),
    ("ПРОБА", "350", "МОТОЦИКЛ"),
    ("ШАБЛОН", "LX - 9", "АВТОБУС"),
    ("ЕСКІЗ", "Ґ1", "ПРИЧІП"),
];

fn vehicle(members: &mut Members<'_, '_>, random: &mut Random, record: usize) {
    let (brand, model, kind) = random.one(&VEHICLES);
    members.number("id", 2_000_000_000 + record);
    match random.percent(10) {
        true => {
            let page = members.member("brandmodel");
            page.puts(&["\"", brand, " - ", model, "\""]);
        }
        false => {
            members.text("brand", brand);
            members.text("model", model);
        }
    }
    members.text("cartype", kind);
    let color = random.one(&["БІЛИЙ", "ЧОРНИЙ", "СІРИЙ", "ЗЕЛЕНИЙ", "СИНІЙ", "ЧЕРВОНИЙ"]);
    members.optional("color", color, 5, random);
    if !members.is_missing("vehiclenumber", 4, random) {
        let number = random.below(10_000);
        let page = members.member("vehiclenumber");
        page.put("\"ZZ").digits(number, 4).put("ZZ\"");
    }
    for (name, start, missing) in [
        ("bodynumber", "\"XXX000000", 10),
        ("chassisnumber", "\"XXC00", 70),
        ("enginenumber", "\"E", 60),
    ] {
        if !members.is_missing(name, missing, random) {
            let number = random.below(100_000_000);
            members.member(name).put(start).digits(number, 8).put("\"");
        }
    }
    members.day("illegalseizuredate", random.day(1990, 2023));
    members.organ("organunit", random);
    members.time("insertdate", random.sane_day(2001, 2024), random);
}

/// `mvswantedperson_1.json`.
pub fn wanted_persons(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    array(out, seed, records, wanted_person)
}

fn wanted_person(members: &mut Members<'_, '_>, random: &mut Random, record: usize) {
    let person = Person::new(random);
    members
        .member("ID")
        .put("\"")
        .number(1_000_000_000 + record)
        .put("\"");
    members.organ("OVD", random);
    members.text(
        "CATEGORY",
        random.one(&[
            "ОСОБА, ЯКА ПЕРЕХОВУЄТЬСЯ ВІД ОРГАНІВ ДОСУДОВОГО РОЗСЛІДУВАННЯ",
            "ОСОБА, ЯКА ПЕРЕХОВУЄТЬСЯ ВІД СУДУ",
            "ОСОБА, ЯКА УХИЛЯЄТЬСЯ ВІД ВІДБУВАННЯ ПОКАРАННЯ",
        ]),
    );
    names(members, &person);
    if !members.is_missing("BIRTH_DATE", 2, random) {
        members.day("BIRTH_DATE", random.day(1935, 2007));
    }
    members.text(
        "SEX",
        if person.is_woman {
            "ЖІНОЧА"
        } else {
            "ЧОЛОВІЧА"
        },
    );
    members.time("LOST_DATE", random.day(1993, 2024), random);
    deed(members, random, record);
}

/// Where and for what a person is looked for.
fn deed(members: &mut Members<'_, '_>, random: &mut Random, record: usize) {
    let ((town, _), (street, _)) = (random.one(&TOWNS), random.one(&STREETS));
    let house = random.between(1, 200);
    if !members.is_missing("LOST_PLACE", 5, random) {
        let page = members.member("LOST_PLACE");
        page.puts(&["\"М. ", town, ", ВУЛ. \\\"", street, "\\\", ", "БУД. "]);
        page.number(house).put("\"");
    }
    let (article, part) = (random.between(109, 447), random.between(1, 5));
    let page = members.member("ARTICLE_CRIM");
    page.put("\"СТ.")
        .number(article)
        .put(" Ч.")
        .number(part)
        .put("\"");
    let restraint = random.one(&["ТРИМАННЯ ПІД ВАРТОЮ", "НЕ ЗАСТОСОВУВАВСЯ", "ДОМАШНІЙ АРЕШТ"]);
    members.optional("RESTRAINT", restraint, 15, random);
    members.optional("CONTACT", "(000) 000-00-00", 30, random);
    match random.percent(40) {
        true => members.null("PHOTOID"),
        false => members.number("PHOTOID", record),
    }
}

/// A name in Ukrainian, Russian and Latin letters.
fn names(members: &mut Members<'_, '_>, person: &Person) {
    let uk = [&person.last, person.first, &person.middle];
    let parts = ["LAST_NAME_", "FIRST_NAME_", "MIDDLE_NAME_"];
    let latin = [&person.last_latin, person.first_latin, &person.middle_latin];
    for (part, text) in parts.iter().zip(uk) {
        members.text(&[part, "U"].concat(), text);
    }
    for (part, text) in parts.iter().zip(uk) {
        members
            .member(&[part, "R"].concat())
            .put("\"")
            .russian(text)
            .put("\"");
    }
    for (part, text) in parts.iter().zip(latin) {
        members
            .member(&[part, "E"].concat())
            .put("\"")
            .capitals(text)
            .put("\"");
    }
}

/// `wantedmt.json`: phones.
pub fn phones(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    array(out, seed, records, phone)
}

fn phone(members: &mut Members<'_, '_>, random: &mut Random, record: usize) {
    members.number("id", 4_000_000_000 + record);
    members.organ("ovd", random);
    let inserted = random.day(2003, 2024);
    members.time("insert_date", inserted, random);
    members
        .member("nz")
        .put("\"")
        .number(random.between(1, 99_999))
        .put("\"");
    if !members.is_missing("imei", 2, random) {
        let imei = 35_000_000_000_000 + random.below(1_000_000);
        let page = members.member("imei").put("\"").number(imei);
        page.number(luhn(imei)).put("\"");
    }
    let number = random.between(1, 9_999_999);
    if !members.is_missing("nk", 40, random) {
        members
            .member("nk")
            .put("\"1202")
            .digits(number, 13)
            .put("\"");
    }
    if !members.is_missing("dk", 40, random) {
        members.day("dk", random.day(2003, 2024));
    }
}

/// The check digit behind a number (ISO/IEC 7812-1, annex B).
fn luhn(number: usize) -> usize {
    let (mut left, mut sum, mut is_doubled) = (number, 0, true);
    while left > 0 {
        let digit = left % 10 * (1 + usize::from(is_doubled));
        sum += digit / 10 + digit % 10;
        (left, is_doubled) = (left / 10, !is_doubled);
    }
    (10 - sum % 10) % 10
}

/// Passports and other documents that are no longer valid.
pub fn invalid_documents(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    array(out, seed, records, document)
}

fn document(members: &mut Members<'_, '_>, random: &mut Random, record: usize) {
    let is_card = random.percent(30);
    let kinds = [
        "ПАСПОРТ ГРОМАДЯНИНА УКРАЇНИ",
        "ПАСПОРТ ГРОМАДЯНИНА УКРАЇНИ (ID-КАРТКА)",
    ];
    members.number("ID", 5_000_000_000 + record);
    members.text("D_TYPE", kinds[usize::from(is_card)]);
    // A card has no series, and nine digits.
    match is_card {
        true => members.null("D_SERIES"),
        false => members.text("D_SERIES", random.one(&["ЯЯ", "ЇЇ", "ЄЄ", "ҐҐ"])),
    }
    let number = random.below(1_000_000);
    let digits = if is_card { 9 } else { 6 };
    members
        .member("D_NUMBER")
        .put("\"")
        .digits(number, digits)
        .put("\"");
    members.text(
        "D_STATUS",
        random.one(&["ВКРАДЕНИЙ", "ВТРАЧЕНИЙ", "НЕДІЙСНИЙ"]),
    );
    if !members.is_missing("THEFT_DATA", 10, random) {
        members.day("THEFT_DATA", random.day(1994, 2024));
    }
    let inserted = random.day(1998, 2024);
    members.time("INSERT_DATE", inserted, random);
    members.organ("OVD", random);
}
