//! INTERPOL's red notices: their details, a JSON object a line, as the API gives each of them.

use super::{Page, Person, Random, TOWNS};
use std::io::{self, Write};

/// The details of red notices, in lines.
pub fn notices(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::new(out);
    for record in 0..records {
        let mut random = Random::of_record(seed, record);
        let person = Person::new(&mut random);
        let mut notice = Notice {
            page: &mut page,
            random,
        };
        notice.warrants();
        notice.person(&person, record);
        notice.birth(&person);
        notice.appearance();
        notice.links(record);
        page.turn()?;
    }
    page.finish()
}

const COUNTRIES: [&str; 8] = ["UA", "PL", "DE", "FR", "RO", "MD", "BR", "TR"];

/// What somebody never did, as an issuing country writes it and as it is translated.
const CHARGES: [(&str, &str); 4] = [
    (
        "Вигадане обвинувачення за статтею 0 Кримінального кодексу Утопії, вчинене в особливо уявних розмірах за попередньою змовою групою осіб",
        "Made-up charge under article 0 of the Criminal Code of Utopia, committed on an especially imaginary scale by a group of persons upon prior conspiracy",
    ),
    (
        "1) Крадіжка зразка; 2) підроблення \\\"макета\\\"",
        "1) Theft of a sample; 2) forgery of a \\\"model\\\"",
    ),
    ("Uprowadzenie przykładu", "Abduction of an example"),
    (
        "Participation in an association that there is not\\n(article 1 of the code of Nowhere)",
        "",
    ),
];

/// A line that is being written.
struct Notice<'n, 'a> {
    page: &'n mut Page<'a>,
    random: Random,
}

impl<'a> Notice<'_, 'a> {
    fn warrants(&mut self) {
        self.page.put("{\"arrest_warrants\":[");
        let count = self.random.one(&[1, 1, 1, 2, 3]);
        for at in 0..count {
            let (charge, translation) = self.random.one(&CHARGES);
            let country = self.random.one(&COUNTRIES);
            self.page.puts(&[
                if at == 0 { "{" } else { ",{" },
                "\"issuing_country_id\":\"",
                country,
                "\",\"charge\":\"",
                charge,
                "\"",
            ]);
            let translation = match self.random.percent(40) {
                true => "",
                false => translation,
            };
            self.text("charge_translation", translation);
            self.page.put("}");
        }
        self.page.put("]");
    }

    fn person(&mut self, person: &Person, record: usize) {
        self.page.put(",\"entity_id\":\"").number(2026 + record % 5);
        self.page.put("/").number(1_000 + record).put("\"");
        self.page.put(",\"name\":\"").capitals(&person.last_latin);
        self.page.put("\",\"forename\":");
        match self.random.below(20) {
            0 => self.page.put("null"),
            1 => self.page.put("\"-\""),
            _ => self.page.put("\"").capitals(person.first_latin).put("\""),
        };
        let sex = match self.random.percent(3) {
            true => "U",
            false if person.is_woman => "F",
            false => "M",
        };
        self.text("sex_id", sex);
        self.codes("nationalities", &COUNTRIES, 2);
    }

    /// Of some only the year is known.
    fn birth(&mut self, person: &Person) {
        let day = self.random.day(1935, 2007);
        let page = self.page.put(",\"date_of_birth\":\"").digits(day.0, 4);
        if !self.random.percent(10) {
            page.put("/").digits(day.1, 2).put("/").digits(day.2, 2);
        }
        page.put("\"");
        let (_, town) = self.random.one(&TOWNS);
        let is_known = self.random.percent(70);
        self.text("place_of_birth", if is_known { town } else { "" });
        let country = self.random.one(&COUNTRIES);
        self.text("country_of_birth_id", country);
        let mark = match (self.random.below(6), person.is_woman) {
            (0, false) => "Made-up scar on the left cheek, tattoo \\\"зразок\\\" on an arm",
            (0, true) => "Imaginary mole above the right eye",
            _ => "",
        };
        self.text("distinguishing_marks", mark);
    }

    fn appearance(&mut self) {
        self.codes("languages_spoken_ids", &["UKR", "POL", "GER", "ENG"], 25);
        self.codes("eyes_colors_id", &["BRO", "BLU", "GRN"], 20);
        self.codes("hairs_id", &["BRO", "BLA", "BLO", "GRY"], 20);
        let height = self.random.between(150, 199);
        self.page.put(",\"height\":");
        match self.random.percent(30) {
            true => self.page.put("0"),
            false => self.page.decimal(height as i64, 2),
        };
        let weight = self.random.between(45, 120);
        let is_known = self.random.percent(40);
        let weight = if is_known { weight } else { 0 };
        self.page.put(",\"weight\":").number(weight);
    }

    fn links(&mut self, record: usize) {
        self.page.put(",\"_embedded\":{\"links\":[]},\"_links\":{");
        self.link("self", record, "").put("\"}");
        self.page.put(",");
        self.link("images", record, "/images").put("\"}");
        if self.random.percent(70) {
            self.page.put(",");
            let picture = 60_000_000 + record;
            let page = self.link("thumbnail", record, "/images/");
            page.number(picture).put("\"}");
        }
        self.page.put("}}\n");
    }

    /// A link but for its end.
    fn link(&mut self, name: &str, record: usize, rest: &str) -> &mut Page<'a> {
        let start = "\":{\"href\":\"https://ws-public.interpol.int/notices/v1/red/";
        self.page.puts(&["\"", name, start]);
        self.page.number(2026 + record % 5).put("-");
        self.page.number(1_000 + record).put(rest)
    }

    /// A member with a text, or null for none.
    fn text(&mut self, name: &str, text: &str) {
        self.page.puts(&[",\"", name, "\":"]);
        match text {
            "" => self.page.put("null"),
            text => self.page.puts(&["\"", text, "\""]),
        };
    }

    /// A member with one or two codes, or null so many times in a hundred.
    fn codes(&mut self, name: &str, codes: &[&str], missing_percent: usize) {
        let (first, second) = (self.random.one(codes), self.random.one(codes));
        self.page.puts(&[",\"", name, "\":"]);
        match (
            self.random.percent(missing_percent),
            self.random.percent(25),
        ) {
            (true, _) => self.page.put("null"),
            (_, true) if first != second => self.page.puts(&["[\"", first, "\",\"", second, "\"]"]),
            _ => self.page.puts(&["[\"", first, "\"]"]),
        };
    }
}
