//! The files of the synthetic case, each in the true shape of its source. Everybody in them is made up.

use super::super::random::Random;
use super::gateway::{Kind, Planted};
use super::people::Person;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::fmt::Write as _;

/// What sources beside the border and the list know of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trace {
    /// The police look for the person.
    Wanted,
    /// There is a red notice.
    Notice,
    /// The person signs for a company.
    Signer,
    /// The person crossed the border in the district that is watched.
    District,
    /// The travel document is on file.
    Document,
    /// A report of partners names the person.
    Report,
}

impl Trace {
    pub(super) const ALL: [Self; 6] = [
        Self::Wanted,
        Self::Notice,
        Self::Signer,
        Self::District,
        Self::Document,
        Self::Report,
    ];
}

/// A listed traveller whom other sources know as well: all of them, or all but one.
#[derive(Clone, Debug)]
pub(super) struct Suspect {
    pub(super) traveller: usize,
    pub(super) person: Person,
    pub(super) document: String,
    pub(super) missing: Option<Trace>,
}

impl Suspect {
    pub(super) fn has(&self, trace: Trace) -> bool {
        self.missing != Some(trace)
    }
}

/// The suspects, and people whom no suspect can be taken for.
pub(super) struct Cast<'a> {
    pub(super) suspects: &'a [Suspect],
    names: HashSet<String>,
}

impl<'a> Cast<'a> {
    pub(super) fn new(suspects: &'a [Suspect]) -> Self {
        let names = suspects.iter().map(|suspect| suspect.person.ukrainian());
        Self {
            names: names.collect(),
            suspects,
        }
    }

    fn with(&self, trace: Trace) -> impl Iterator<Item = &'a Suspect> {
        let suspects = self.suspects.iter();
        suspects.filter(move |suspect| suspect.has(trace))
    }

    fn stranger(&self, random: &mut Random) -> Person {
        loop {
            let person = Person::new(random);
            if !self.names.contains(&person.ukrainian()) {
                return person;
            }
        }
    }

    /// The people of a source: those suspects whom it knows, among strangers.
    fn people(&self, trace: Trace, strangers: usize, random: &mut Random) -> Vec<Person> {
        let mut people: Vec<_> = (0..strangers).map(|_| self.stranger(random)).collect();
        for suspect in self.with(trace) {
            let place = random.below(people.len());
            people.insert(place, suspect.person.clone());
        }
        people
    }
}

/// Wanted persons, as the police publish them: a mark of byte order, and an array.
pub(super) fn wanted(cast: &Cast<'_>, random: &mut Random) -> String {
    const ARTICLES: [&str; 3] = ["СТ.185 Ч.3", "СТ.190 Ч.4", "СТ.332 Ч.3"];
    let people = cast.people(Trace::Wanted, 300, random);
    let records = people.iter().enumerate().map(|(at, person)| {
        json!({
            "ID": at + 1, "OVD": "ВП № 1", "CATEGORY": "ОСОБА, ЯКА ПЕРЕХОВУЄТЬСЯ ВІД ОРГАНІВ ДОСУДОВОГО РОЗСЛІДУВАННЯ",
            "LAST_NAME_U": person.surname().to_uppercase(), "FIRST_NAME_U": person.given().to_uppercase(), "MIDDLE_NAME_U": "",
            "BIRTH_DATE": format!("{}T00:00:00", person.born()), "LOST_DATE": "2025-03-02T00:00:00",
            "ARTICLE_CRIM": ARTICLES[at % ARTICLES.len()], "RESTRAINT": "тримання під вартою",
        })
    });
    format!("\u{feff}{}", Value::Array(records.collect()))
}

/// Red notices, as INTERPOL's list has them.
pub(super) fn notices(cast: &Cast<'_>, random: &mut Random) -> String {
    let people = cast.people(Trace::Notice, 150, random);
    let notices = people.iter().enumerate().map(|(at, person)| {
        json!({
            "entity_id": format!("2026/{}", 90_001 + at),
            "forename": person.given_latin().to_uppercase(), "name": person.surname_latin().to_uppercase(),
            "date_of_birth": person.born().replace('-', "/"), "nationalities": ["UA"],
            "_links": { "self": { "href": format!("https://ws-public.interpol.int/notices/v1/red/2026-{}", 90_001 + at) } },
        })
    });
    let notices: Vec<_> = notices.collect();
    json!({ "total": notices.len(), "_embedded": { "notices": notices } }).to_string()
}

/// The register of so many companies, as XML, and the numbers of those that suspects sign for.
pub(super) fn register(
    cast: &Cast<'_>,
    companies: usize,
    random: &mut Random,
) -> (String, Vec<usize>) {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"windows-1251\"?>\n<DATA FORMAT_VERSION=\"1.0\">\n",
    );
    let strangers = companies - cast.with(Trace::Signer).count();
    let signers = cast.people(Trace::Signer, strangers, random);
    let mut known = Vec::new();
    for (at, signer) in signers.iter().enumerate() {
        if cast.names.contains(&signer.ukrainian()) {
            known.push(at + 1);
        }
        let founder = cast.stranger(random).ukrainian().to_uppercase();
        let share = 1_000 * (1 + random.below(90));
        line(
            &mut xml,
            format_args!(
                "<SUBJECT><RECORD>{number}</RECORD><NAME>ТОВАРИСТВО «ВИГАДКА-{number}»</NAME><SHORT_NAME>ТОВ «ВИГАДКА-{number}»</SHORT_NAME><EDRPOU>{number:08}</EDRPOU><STAN>зареєстровано</STAN><FOUNDERS><FOUNDER>{founder}, Україна, розмір внеску до статутного фонду - {share}.00 грн.</FOUNDER></FOUNDERS><SIGNERS><SIGNER>{signer}; {day:02}.04.2019 - керівник</SIGNER></SIGNERS></SUBJECT>",
                number = at + 1,
                signer = signer.ukrainian().to_uppercase(),
                day = 1 + at % 28,
            ),
        );
    }
    xml.push_str("</DATA>\n");
    (xml, known)
}

/// Reports of partners in the Universal Message Format, with what may be done with them.
pub(super) fn reports(cast: &Cast<'_>, random: &mut Random) -> String {
    const HANDLING: [&str; 4] = ["H0", "H1", "H2", "H3"];
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Export>\n");
    for (at, person) in cast.people(Trace::Report, 80, random).iter().enumerate() {
        line(
            &mut xml,
            format_args!(
                "<Message id=\"M-{at}\"><Header><HandlingCode>{}</HandlingCode><EvaluationCode>B2</EvaluationCode></Header><Person id=\"P-{at}\"><PersonName><FamilyName>{}</FamilyName><GivenName>{}</GivenName></PersonName><DateOfBirth>{}</DateOfBirth></Person></Message>",
                HANDLING[at % HANDLING.len()],
                person.surname_latin(),
                person.given_latin(),
                person.born()
            ),
        );
    }
    xml.push_str("</Export>\n");
    xml
}

/// Districts of the border, from west to east: where each begins and ends, and its name. The first is the
/// one that is watched.
const DISTRICTS: [(f64, f64, &str); 4] = [
    (23.0, 25.0, "Прикладський"),
    (25.0, 28.0, "Зразківський"),
    (28.0, 31.0, "Пробний"),
    (31.0, 34.0, "Уявний"),
];

/// The districts, as a map has them.
pub(super) fn districts() -> String {
    let features = DISTRICTS.map(|(west, east, name)| {
        let (south, north) = (48.0, 52.0);
        let ring = json!([
            [west, south],
            [east, south],
            [east, north],
            [west, north],
            [west, south]
        ]);
        json!({
            "type": "Feature", "properties": { "name": name, "watched": name == DISTRICTS[0].2 },
            "geometry": { "type": "Polygon", "coordinates": [ring] },
        })
    });
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

/// Where and when each traveller crossed.
pub(super) fn crossings(cast: &Cast<'_>, travellers: usize, random: &mut Random) -> String {
    let mut csv = String::from("traveller_id,crossed_at,longitude,latitude\n");
    let mut suspects = cast.suspects.iter().peekable();
    for id in 1..=travellers {
        let suspect = suspects.next_if(|suspect| suspect.traveller == id);
        let district = match suspect.map(|suspect| suspect.has(Trace::District)) {
            Some(true) => 0,
            // Not drawn: where somebody is made to cross changes nothing about others.
            Some(false) => 1 + id % (DISTRICTS.len() - 1),
            None => random.below(DISTRICTS.len()),
        };
        let (west, east, _) = DISTRICTS[district];
        let along = (1 + random.below(98)) as f64 / 100.0;
        let latitude = 48.5 + random.below(300) as f64 / 100.0;
        line(
            &mut csv,
            format_args!(
                "{id},2026-01-{:02}T{:02}:{:02}:00,{:.3},{latitude:.2}",
                1 + random.below(14),
                random.below(24),
                random.below(60),
                west + (east - west) * along
            ),
        );
    }
    csv
}

/// What a gateway has on file of suspects' documents.
pub(super) fn documents(suspects: &[Suspect]) -> Vec<Planted> {
    let known = suspects
        .iter()
        .filter(|suspect| suspect.has(Trace::Document));
    let planted = known.map(|suspect| Planted {
        kind: Kind::TravelDocument,
        key: suspect.document.clone(),
        record: Map::from_iter([("status".to_owned(), "stolen".into())]),
    });
    planted.collect()
}

/// News of companies, of which there are so many, and every fourth of one that a suspect signs for.
pub(super) fn news(companies: usize, known: &[usize], random: &mut Random) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>Вигадані новини</title>\n",
    );
    for at in 0..40 {
        let company = match at % 4 {
            0 => known[random.below(known.len())],
            _ => 1 + random.below(companies),
        };
        line(
            &mut xml,
            format_args!(
                "<item><guid isPermaLink=\"false\">n-{at}</guid><title>ТОВ «ВИГАДКА-{company}»: що відомо про компанію</title><pubDate>{:02} Jan 2026 08:00:00 GMT</pubDate></item>",
                1 + at % 14
            ),
        );
    }
    xml.push_str("</channel></rss>\n");
    xml
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a String takes everything");
}
