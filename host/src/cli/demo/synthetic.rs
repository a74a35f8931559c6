//! The synthetic case: travellers in either script, a list in the shape of the UN's, a register in
//! windows-1251, calls between phones, and what was planted among them.

use super::super::random::Random;
use super::Case;
use super::people::{Person, VARIANTS, vary};
use crate::error::{Context, Result};
use std::fmt::Write as _;
use std::path::Path;

const SEED: u64 = 20_260_115;
const TRAVELLERS: usize = 6_000;
const LISTED: usize = 400;
const COMPANIES: usize = 2_000;
/// Every so manieth traveller is planted, in turn a listed person, a namesake, a lookalike.
const PLANTED_EVERY: usize = 25;
/// Every so manieth company has a planted traveller as its director.
const DIRECTED_EVERY: usize = 100;
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
plugin = "delimited"
inputs = { register = "case/register.csv" }
[source.register.config.tables.companies]
input = "register"
delimiter = ";"
encoding = "windows-1251"

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
  { name = "listed", type = "boolean" }, { name = "how", type = "text" },
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
        "Hits who direct a company of the register",
        "SELECT h.id, h.traveller, r.director, r.company
FROM hits h JOIN list.entities e USING (entity_id)
     JOIN register.companies r ON names.normalize(r.director) = names.normalize(e.name_original_script)
ORDER BY h.id, r.code LIMIT 10",
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
     JOIN sextant.plugins p ON p.name = u.plugin ORDER BY u.plugin, u.name",
    ),
    FOUND,
    (
        "By how they were planted",
        "SELECT p.listed, p.how, count(*) AS planted, count(h.id) AS hits
FROM truth.planted p LEFT JOIN hits h USING (id, entity_id) GROUP BY 1, 2 ORDER BY 1 DESC, 2",
    ),
];

/// The case in a workspace, whose files are written into it.
pub(super) fn case(workspace: &Path) -> Result<Case> {
    write(&workspace.join("case"))?;
    Ok(Case {
        sources: SOURCES.to_owned(),
        views: VIEWS,
        steps: STEPS,
        pairs: "SELECT rule.edition() AS edition, rule.is_hit(names.jaro_winkler(t.form, l.form)) AS hit
FROM travellers t CROSS JOIN listed l WHERE l.kind = 'primary' AND t.id <= 1000",
        last: FOUND,
    })
}

fn write(folder: &Path) -> Result<()> {
    let mut random = Random::new(SEED);
    let listed: Vec<_> = (0..LISTED).map(|_| Person::new(&mut random)).collect();
    let mut travellers = String::from("id,name,birth_date,document\n");
    let mut truth = String::from("id,entity_id,listed,how\n");
    let (mut planted, mut networked) = (Vec::new(), Vec::new());
    for id in 1..=TRAVELLERS {
        let (name, born) = if id % PLANTED_EVERY == 0 {
            let position = random.below(LISTED);
            let person = &listed[position];
            let (traveller, is_listed, variant, how) = match id / PLANTED_EVERY % 4 {
                0 => (
                    person.namesake(&mut random),
                    false,
                    1,
                    "a namesake, born in another year",
                ),
                1 => (
                    person.lookalike(&mut random),
                    false,
                    1,
                    "a similar name, born in the same year",
                ),
                _ => {
                    planted.push(person.clone());
                    if planted.len() % NETWORKED_EVERY == 0 {
                        networked.push(id);
                    }
                    let variant = planted.len() % VARIANTS.len();
                    (person.clone(), true, variant, VARIANTS[variant])
                }
            };
            line(
                &mut truth,
                format_args!("{id},{},{is_listed},\"{how}\"", entity_id(position)),
            );
            (vary(&traveller, variant, &mut random), traveller.born())
        } else {
            let person = Person::new(&mut random);
            let variant = random.below(2);
            (vary(&person, variant, &mut random), person.born())
        };
        let document = random.below(1_000_000);
        line(
            &mut travellers,
            format_args!("{id},{name},{born},DEMO{document:06}"),
        );
    }
    let (calls, subscribers) = phones(&networked, &mut random);
    let register = windows_1251(&register(&planted, &mut random));
    let place = || folder.display().to_string();
    std::fs::create_dir_all(folder).context(place)?;
    std::fs::write(folder.join("travellers.csv"), travellers).context(place)?;
    std::fs::write(folder.join("truth.csv"), truth).context(place)?;
    std::fs::write(folder.join("calls.csv"), calls).context(place)?;
    std::fs::write(folder.join("subscribers.csv"), subscribers).context(place)?;
    std::fs::write(folder.join("list.xml"), list(&listed)).context(place)?;
    std::fs::write(folder.join("register.csv"), register).context(place)
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

fn register(planted: &[Person], random: &mut Random) -> String {
    let mut csv = String::from("code;company;director\n");
    for code in 1..=COMPANIES {
        let director = match code % DIRECTED_EVERY {
            0 => planted[random.below(planted.len())].clone(),
            _ => Person::new(random),
        };
        line(
            &mut csv,
            format_args!("{code:08};ТОВ «Вигадка-{code}»;{}", director.ukrainian()),
        );
    }
    csv
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
