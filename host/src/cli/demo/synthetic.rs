//! The synthetic case: travellers in either script, a list in the shape of the UN's, a register in
//! windows-1251, calls between phones, what a ministry, the police, INTERPOL, partners, a map, the news and
//! a gateway know, and what was planted among them.

use super::super::random::Random;
use super::Case;
use super::files::{self, Cast, Suspect, Trace};
use super::gateway::{Gateway, Options, Planted};
use super::ministry::Ministry;
use super::people::{Person, VARIANTS, vary};
use crate::error::{Context, Result};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

const PLUGINS: &[&str] = &[
    "names",
    "delimited",
    "sanctions",
    "registers",
    "police_open_data",
    "interpol",
    "europol",
    "geo",
    "feeds",
    "find",
    // Also where no database is asked, so that the bundles are the same.
    "postgres",
    "graph",
    "rule",
];

const SEED: u64 = 20_260_115;
const TRAVELLERS: usize = 6_000;
const LISTED: usize = 400;
const COMPANIES: usize = 2_000;
/// Every so manieth traveller is planted, in turn a listed person, a namesake, a lookalike.
const PLANTED_EVERY: usize = 25;
/// Of every so many planted travellers who are listed, two are known to every source, and two to all but
/// one. Their names are spelt as the first two of the ways say.
const KNOWN_EVERY: usize = 10;
/// Every so manieth two whom every source would know crossed the border outside of the district, as the
/// ministry's database alone can tell.
const ELSEWHERE_EVERY: usize = 4;
const CALLS: usize = 1_500;
/// Every so manieth planted traveller is in a network of calls, each linked to the next by somebody
/// else's phone.
const NETWORKED_EVERY: usize = 6;

const SOURCES: &str = r#"
[source.border]
plugin = "delimited"
inputs = { travellers = "case/travellers.csv" }
[source.border.config.tables.travellers]
input = "travellers"
header = true
columns = [
  { name = "id", type = "int64" }, { name = "name", type = "text" },
  { name = "birth_date", type = "date" }, { name = "document", type = "text" },
]

[source.list]
plugin = "sanctions"
inputs = { list = "case/list.xml" }
config = { lists = [{ name = "demo", input = "list", format = "un-xml" }] }

[source.register]
plugin = "registers"
inputs = { edr = "case/register.xml" }

[source.police]
plugin = "police_open_data"
inputs = { wanted = "case/wanted.json" }
config = { tables = { wanted_persons = { input = "wanted" } } }

[source.notices]
plugin = "interpol"
inputs = { red = "case/notices.json" }
config = { notices = { red = { input = "red" } } }

[source.reports]
plugin = "europol"
inputs = { reports = "case/reports.xml" }
config = { input = "reports" }

[source.map]
plugin = "geo"
inputs = { districts = "case/districts.geojson" }
config = { layers = { districts = { input = "districts" } } }

[source.news]
plugin = "feeds"
inputs = { news = "case/news.xml" }
config = { entries = { feeds = [{ input = "news" }] } }

# The gateway is the demo's own and ends with it: this source answers for as long as the demo runs.
[source.gateway]
plugin = "find"
http = [{ url = "GATEWAY", methods = ["POST"], private = true }]
config = { base = "GATEWAY" }

[source.phones]
plugin = "delimited"
inputs = { calls = "case/calls.csv", subscribers = "case/subscribers.csv" }
[source.phones.config.tables.calls]
input = "calls"
[source.phones.config.tables.subscribers]
input = "subscribers"
header = true
columns = [{ name = "phone", type = "text" }, { name = "traveller_id", type = "int64" }]

[source.truth]
plugin = "delimited"
inputs = { truth = "case/truth.csv" }
[source.truth.config.tables.planted]
input = "truth"
header = true
columns = [
  { name = "id", type = "int64" }, { name = "entity_id", type = "text" },
  { name = "listed", type = "boolean" }, { name = "everywhere", type = "boolean" }, { name = "how", type = "text" },
]
"#;

/// Names are compared in one script, in small letters, with their parts sorted; a birth date of the
/// list may be a year or a span of years.
const VIEWS: &[&str] = &[
    "CREATE VIEW travellers AS
SELECT id, name, birth_date,
       array_to_string(array_sort(string_to_array(names.normalize(name), ' ')), ' ') AS form
FROM border.travellers",
    "CREATE VIEW listed AS
SELECT n.entity_id, n.name, n.kind, unnest(generate_series(b.year_from, b.year_to)) AS birth_year,
       array_to_string(array_sort(string_to_array(names.normalize(n.name), ' ')), ' ') AS form
FROM list.names n JOIN list.births b USING (list, entity_id)",
    "CREATE VIEW hits AS
SELECT t.id, l.entity_id, first_value(t.name) AS traveller, max(names.jaro_winkler(t.form, l.form)) AS score
FROM travellers t JOIN listed l ON date_part('year', t.birth_date) = l.birth_year
WHERE rule.is_hit(names.jaro_winkler(t.form, l.form))
GROUP BY t.id, l.entity_id",
    "CREATE VIEW everywhere AS
SELECT h.id, h.entity_id, h.traveller, n.entity_id AS notice, w.article, c.short_name AS company, m.name AS district,
       x.crossed_at, d.status AS document, r.handling
FROM hits h
JOIN list.entities e USING (entity_id)
JOIN border.travellers t ON t.id = h.id
JOIN ministry.crossings x ON x.traveller_id = h.id
JOIN map.districts m ON m.watched AND st_contains(m.geometry, st_point(x.longitude, x.latitude))
JOIN police.wanted_persons w ON w.birth_date = t.birth_date
     AND names.normalize(w.last_name_uk || ' ' || w.first_name_uk) = names.normalize(e.name_original_script)
JOIN notices.red_notices n ON n.date_of_birth = t.birth_date AND n.forename || ' ' || n.name = upper(e.name)
JOIN reports.persons r ON r.birth_date = t.birth_date AND r.given_name || ' ' || r.family_name = e.name
JOIN register.signers s ON names.normalize(s.name) = names.normalize(e.name_original_script)
JOIN register.companies c ON c.edrpou = s.edrpou
JOIN gateway.travel_documents d ON d.number = t.document",
];

const FOUND: (&str, &str) = (
    "What was found, against what was planted",
    "SELECT count(*) FILTER (WHERE p.listed) AS listed, count(h.id) FILTER (WHERE p.listed) AS found,
       (SELECT count(*) FROM hits) - count(h.id) FILTER (WHERE p.listed) AS false_hits,
       round(count(h.id) FILTER (WHERE p.listed) / count(*) FILTER (WHERE p.listed)::double, 3) AS recall,
       round(count(h.id) FILTER (WHERE p.listed) / (SELECT count(*) FROM hits)::double, 3) AS precision
FROM truth.planted p LEFT JOIN hits h USING (id, entity_id)",
);

const STEPS: &[(&str, &str)] = &[
    (
        "Travellers, in either script and order",
        "SELECT * FROM border.travellers WHERE id BETWEEN 100 AND 104 ORDER BY id",
    ),
    (
        "The list has days, years and spans of years",
        "SELECT e.entity_id, e.name, e.name_original_script, b.kind, b.date, b.year_from, b.year_to
FROM list.entities e JOIN list.births b USING (list, entity_id) ORDER BY e.entity_id LIMIT 4",
    ),
    (
        "Screening the travellers against the list",
        "SELECT h.id, h.traveller, e.name AS listed, round(h.score, 3) AS similarity
FROM hits h JOIN list.entities e USING (entity_id) ORDER BY h.score DESC, h.id, h.entity_id LIMIT 10",
    ),
    (
        "Hits who sign for a company of the register",
        "SELECT h.id, h.traveller, s.name AS signer, c.short_name AS company
FROM hits h JOIN list.entities e USING (entity_id)
     JOIN register.signers s ON names.normalize(s.name) = names.normalize(e.name_original_script)
     JOIN register.companies c USING (edrpou)
ORDER BY h.id, c.edrpou LIMIT 10",
    ),
    (
        "Hits whom every source knows: nine sources in one query",
        "SELECT * FROM everywhere ORDER BY id, company LIMIT 8",
    ),
    (
        "Those, against the ones that were planted; others were planted in all sources but one",
        "SELECT count(*) FILTER (WHERE p.everywhere) AS planted, count(e.id) FILTER (WHERE p.everywhere) AS found,
       count(e.id) FILTER (WHERE p.everywhere IS NOT TRUE) AS false_hits
FROM truth.planted p FULL JOIN (SELECT DISTINCT id, entity_id FROM everywhere) e USING (id, entity_id)",
    ),
    (
        "What the news have of their companies",
        "SELECT e.id, e.company, n.published_at, n.title
FROM everywhere e JOIN news.entries n ON strpos(n.title, e.company) > 0 ORDER BY n.published_at, e.id LIMIT 5",
    ),
    (
        "Who hangs together with whom by calls, where more than one was hit",
        "WITH network AS (SELECT * FROM graph.components((SELECT caller, callee FROM phones.calls)))
SELECT n.component, count(DISTINCT n.node) AS phones, count(DISTINCT s.traveller_id) AS subscribers, count(DISTINCT h.id) AS hits
FROM network n LEFT JOIN phones.subscribers s ON s.phone = n.node LEFT JOIN hits h ON h.id = s.traveller_id
GROUP BY n.component HAVING count(DISTINCT h.id) > 1 ORDER BY hits DESC, phones DESC, n.component LIMIT 5",
    ),
    (
        "Which plugin, and which bundle, each result came from",
        "SELECT u.name, u.plugin, substr(p.bundle_digest, 1, 12) AS digest
FROM (SELECT name, plugin FROM sextant.sources UNION ALL SELECT name, plugin FROM sextant.functions
      WHERE name IN ('names.normalize', 'names.jaro_winkler', 'rule.is_hit', 'graph.components')) u
     JOIN sextant.plugins p ON p.name = u.plugin ORDER BY u.name",
    ),
    FOUND,
    (
        "By how they were planted",
        "SELECT p.listed, p.how, count(*) AS planted, count(h.id) AS hits
FROM truth.planted p LEFT JOIN hits h USING (id, entity_id) GROUP BY 1, 2 ORDER BY 1 DESC, 2",
    ),
];

/// The case in a workspace, whose files are written into it, with a gateway and a database that run as long;
/// without the database, where it is not wanted or cannot be had.
pub(super) fn case(workspace: &Path, is_database_wanted: bool) -> Result<Case> {
    let planted = write(&workspace.join("case"))?;
    let ministry = Ministry::open(workspace, is_database_wanted)?;
    let gateway = Gateway::start(Options {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        records: 0,
        seed: SEED,
        planted,
        latency: Duration::ZERO,
        failures: Vec::new(),
    })?;
    Ok(Case {
        sources: SOURCES.replace("GATEWAY", &gateway.url()) + &ministry.source,
        plugins: PLUGINS,
        gateway: Some(gateway),
        database: ministry.server,
        views: VIEWS,
        steps: STEPS,
        pairs: "SELECT rule.edition() AS edition, rule.is_hit(names.jaro_winkler(t.form, l.form)) AS hit
FROM travellers t CROSS JOIN listed l WHERE l.kind = 'primary' AND t.id <= 1000",
        last: FOUND,
    })
}

/// Writes the files, and gives what the gateway has on file.
fn write(folder: &Path) -> Result<Vec<Planted>> {
    let mut random = Random::new(SEED);
    let listed: Vec<_> = (0..LISTED).map(|_| Person::new(&mut random)).collect();
    let mut border = Border::default();
    for id in 1..=TRAVELLERS {
        border.add(id, &listed, &mut random);
    }
    let (calls, subscribers) = phones(&border.networked, &mut random);
    let cast = Cast::new(&border.suspects);
    let (register, known) = files::register(&cast, COMPANIES, &mut random);
    let files: [(&str, Vec<u8>); 11] = [
        ("travellers.csv", border.travellers.into()),
        ("truth.csv", border.truth.into()),
        ("calls.csv", calls.into()),
        ("subscribers.csv", subscribers.into()),
        ("list.xml", list(&listed).into()),
        ("register.xml", windows_1251(&register)),
        ("wanted.json", files::wanted(&cast, &mut random).into()),
        ("notices.json", files::notices(&cast, &mut random).into()),
        ("reports.xml", files::reports(&cast, &mut random).into()),
        ("districts.geojson", files::districts().into()),
        (
            "crossings.csv",
            files::crossings(&cast, TRAVELLERS, &mut random).into(),
        ),
    ];
    let place = || folder.display().to_string();
    std::fs::create_dir_all(folder).context(place)?;
    let news = (
        "news.xml",
        files::news(COMPANIES, &known, &mut random).into(),
    );
    for (name, bytes) in files.into_iter().chain([news]) {
        std::fs::write(folder.join(name), bytes).context(place)?;
    }
    Ok(files::documents(&border.suspects))
}

/// The travellers, as they come.
struct Border {
    travellers: String,
    truth: String,
    /// How many who are listed were planted.
    planted: usize,
    networked: Vec<usize>,
    suspects: Vec<Suspect>,
}

impl Default for Border {
    fn default() -> Self {
        Self {
            travellers: String::from("id,name,birth_date,document\n"),
            truth: String::from("id,entity_id,listed,everywhere,how\n"),
            planted: 0,
            networked: Vec::new(),
            suspects: Vec::new(),
        }
    }
}

impl Border {
    fn add(&mut self, id: usize, listed: &[Person], random: &mut Random) {
        let (person, variant) = match id % PLANTED_EVERY {
            0 => self.plant(id, listed, random),
            _ => (Person::new(random), random.below(2)),
        };
        let name = vary(&person, variant, random);
        let document = format!("DEMO{:06}", random.below(1_000_000));
        if let Some(suspect) = self.suspects.last_mut().filter(|last| last.traveller == id) {
            suspect.document.clone_from(&document);
        }
        let born = person.born();
        line(
            &mut self.travellers,
            format_args!("{id},{name},{born},{document}"),
        );
    }

    /// Somebody who is listed, or looks as if, and how the name is spelt.
    fn plant(&mut self, id: usize, listed: &[Person], random: &mut Random) -> (Person, usize) {
        let position = random.below(LISTED);
        let person = &listed[position];
        let (traveller, is_listed, variant, how) = match id / PLANTED_EVERY % 4 {
            0 => (
                person.namesake(random),
                false,
                1,
                "a namesake, born in another year",
            ),
            1 => (
                person.lookalike(random),
                false,
                1,
                "a similar name, born in the same year",
            ),
            _ => {
                self.planted += 1;
                if self.planted.is_multiple_of(NETWORKED_EVERY) {
                    self.networked.push(id);
                }
                let variant = self.planted % VARIANTS.len();
                (person.clone(), true, variant, VARIANTS[variant])
            }
        };
        let missing = match self.planted % KNOWN_EVERY {
            5 | 6 if self.planted / KNOWN_EVERY % ELSEWHERE_EVERY == 1 => {
                Some(Some(Trace::District))
            }
            5 | 6 => Some(None),
            0 | 1 => Some(Some(Trace::ALL[self.planted / 5 % Trace::ALL.len()])),
            _ => None,
        };
        // Nobody is known in two ways.
        let mut names = self
            .suspects
            .iter()
            .map(|suspect| suspect.person.ukrainian());
        let is_known = names.any(|name| name == traveller.ukrainian());
        let missing = missing.filter(|_| is_listed && !is_known);
        if let Some(missing) = missing {
            self.suspects.push(Suspect {
                traveller: id,
                person: traveller.clone(),
                document: String::new(),
                missing,
            });
        }
        let everywhere = missing == Some(None);
        line(
            &mut self.truth,
            format_args!(
                "{id},{},{is_listed},{everywhere},\"{how}\"",
                entity_id(position)
            ),
        );
        (traveller, variant)
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a String takes everything");
}

fn entity_id(position: usize) -> usize {
    9_000_001 + position
}

fn list(listed: &[Person]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CONSOLIDATED_LIST dateGenerated=\"2026-01-15T10:00:00Z\">\n<INDIVIDUALS>\n",
    );
    for (position, person) in listed.iter().enumerate() {
        let birth = match position % 4 {
            0 => format!(
                "<TYPE_OF_DATE>EXACT</TYPE_OF_DATE><YEAR>{}</YEAR>",
                person.year
            ),
            1 => format!(
                "<TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>{}</FROM_YEAR><TO_YEAR>{}</TO_YEAR>",
                person.year - 1,
                person.year + 1
            ),
            _ => format!(
                "<TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>{}</DATE>",
                person.born()
            ),
        };
        line(
            &mut xml,
            format_args!(
                "<INDIVIDUAL><DATAID>{}</DATAID><VERSIONNUM>1</VERSIONNUM><FIRST_NAME>{}</FIRST_NAME><SECOND_NAME>{}</SECOND_NAME><UN_LIST_TYPE>Demo</UN_LIST_TYPE><REFERENCE_NUMBER>DMi.{position:03}</REFERENCE_NUMBER><LISTED_ON>2020-01-01</LISTED_ON><NAME_ORIGINAL_SCRIPT>{}</NAME_ORIGINAL_SCRIPT><INDIVIDUAL_DATE_OF_BIRTH>{birth}</INDIVIDUAL_DATE_OF_BIRTH></INDIVIDUAL>",
                entity_id(position),
                person.given_latin(),
                person.surname_latin(),
                person.ukrainian()
            ),
        );
    }
    xml.push_str("</INDIVIDUALS>\n<ENTITIES></ENTITIES>\n</CONSOLIDATED_LIST>\n");
    xml
}

/// Calls, and whose phones they are. Nobody has a number that begins with 00 after the country's.
fn phones(networked: &[usize], random: &mut Random) -> (String, String) {
    let phone = |owner: usize| format!("+38000{owner:07}");
    let mut calls = String::from("caller,callee\n");
    let mut subscribers = String::from("phone,traveller_id\n");
    for id in 1..=TRAVELLERS {
        line(&mut subscribers, format_args!("{},{id}", phone(id)));
    }
    for (i, pair) in networked.windows(2).enumerate() {
        let between = phone(TRAVELLERS + 1 + i);
        line(&mut calls, format_args!("{},{between}", phone(pair[0])));
        line(&mut calls, format_args!("{between},{}", phone(pair[1])));
    }
    for _ in 0..CALLS {
        let (caller, callee) = (1 + random.below(TRAVELLERS), 1 + random.below(TRAVELLERS));
        line(
            &mut calls,
            format_args!("{},{}", phone(caller), phone(callee)),
        );
    }
    (calls, subscribers)
}

/// The encoding of Ukrainian registers, for the letters that names of this case have.
fn windows_1251(text: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        'А'..='я' => (u32::from(c) - u32::from('А')) as u8 + 0xC0,
        'Ґ' => 0xA5,
        'Є' => 0xAA,
        '«' => 0xAB,
        'Ї' => 0xAF,
        'І' => 0xB2,
        'і' => 0xB3,
        'ґ' => 0xB4,
        'є' => 0xBA,
        '»' => 0xBB,
        'ї' => 0xBF,
        c if c.is_ascii() => c as u8,
        _ => b'?',
    };
    text.chars().map(byte).collect()
}
