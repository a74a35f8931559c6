//! Screening: how many of those on a list are found after their names were damaged, how many of those who
//! are not on it are found too, and how fast.

use crate::names::count;
use crate::{Bound, Figure, random, timed};
use sextant::Host;
use sextant_tests::{TestWorkspace, lines, real_data, rows, try_query};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

/// The names of the list, with every birth that each may have.
const LIST: &str = "SELECT n.entity_id AS id, n.name, coalesce(CAST(b.date AS TEXT),
       CASE WHEN b.year_from IS NULL THEN NULL WHEN b.year_from = b.year_to THEN CAST(b.year_from AS TEXT) ELSE concat(b.year_from, '-', b.year_to) END) AS birth
  FROM un.names n LEFT JOIN un.births b USING (list, entity_id)";

/// What is done to a name: one of these, and every other birth is left out.
const DAMAGES: [(&str, Damage); 5] = [
    ("typos", mistype),
    ("other romanisations", respell),
    ("swapped parts", swap),
    ("dropped parts", leave_out),
    ("joined parts", join),
];

type Damage = fn(&str, &mut dyn FnMut() -> u64) -> String;

/// A person of a file.
type Person = (String, String);

pub(crate) fn screening(full: bool) -> Vec<Figure> {
    let mut figures = Vec::new();
    if let (Some(list), Some(positives), Some(negatives)) = (
        real_data("sanctions/un_consolidated.xml"),
        real_data("screening/positives_un.csv"),
        real_data("screening/negatives_us.csv"),
    ) {
        figures.extend(quality(&list, &positives, &negatives));
    }
    figures.push(throughput(full));
    if full {
        figures.push(list_memory());
    }
    figures
}

fn figure(name: &'static str, value: f64, unit: &'static str, bound: Bound, how: String) -> Figure {
    Figure {
        name,
        value,
        unit,
        bound,
        how,
    }
}

fn quality(list: &Path, positives: &Path, negatives: &Path) -> Vec<Figure> {
    let config = format!(
        "[source.un]\nplugin = \"sanctions\"\ninputs = {{ un = \"{}\" }}\nconfig = {{ lists = [{{ name = \"un\", input = \"un\", format = \"un-xml\" }}] }}\n",
        list.display()
    );
    let workspace = TestWorkspace::new()
        .plugin("sanctions")
        .plugin("screening")
        .config(&config);
    let host = workspace.host();
    let people = people(&host, positives);
    let found = |people: &str| {
        let hits = format!("screening.screen(({people}), ({LIST}))");
        count(&host, &format!("SELECT count(DISTINCT id) FROM {hits}"))
    };
    let file = workspace.path("undamaged.csv");
    std::fs::write(&file, csv(&people)).expect("it can be written");
    let asked = |file: &Path| {
        format!(
            "SELECT id, name, CAST(birth AS TEXT) AS birth FROM '{}'",
            file.display()
        )
    };
    let undamaged = found(&asked(&file)) / people.len() as f64;
    let mut figures = vec![figure(
        "screening_recall_undamaged",
        undamaged,
        "",
        Bound::AtLeast(0.995),
        format!(
            "of {} people on the UN's list, by names and births as given",
            people.len()
        ),
    )];
    let (mut all, mut hit, mut each) = (0.0, 0.0, String::new());
    for (what, damage) in DAMAGES {
        let damaged = damaged(&people, damage);
        let file = workspace.path("damaged.csv");
        std::fs::write(&file, csv(&damaged)).expect("it can be written");
        let found = found(&asked(&file));
        write!(each, ", {what} {:.3}", found / damaged.len() as f64).expect("a String");
        all += damaged.len() as f64;
        hit += found;
    }
    figures.push(figure(
        "screening_recall_damaged",
        hit / all,
        "",
        Bound::AtLeast(0.97),
        format!("the same people, each once for each damage, every other one without birth{each}"),
    ));
    let others = format!(
        "SELECT row_number() OVER () AS id, full_name AS name, CAST(date_of_birth AS TEXT) AS birth FROM '{}'",
        negatives.display()
    );
    let negative = count(
        &host,
        &format!("SELECT count(*) FROM '{}'", negatives.display()),
    );
    figures.push(figure(
        "screening_false_positives",
        found(&others) / negative * 100.0,
        "%",
        Bound::AtMost(0.3),
        format!("of {negative} synthetic people who are not on the list"),
    ));
    figures
}

/// The names and births of a file.
fn people(host: &Host, file: &Path) -> Vec<Person> {
    let sql = format!(
        "SELECT full_name, coalesce(CAST(date_of_birth AS TEXT), '') FROM '{}'",
        file.display()
    );
    let rows = rows(host, &sql);
    let people = rows.iter().filter_map(|row| row.split_once('\t'));
    people
        .map(|(name, birth)| (name.to_owned(), birth.to_owned()))
        .collect()
}

fn csv(people: &[Person]) -> String {
    let mut csv = String::from("id,name,birth\n");
    for (id, (name, birth)) in people.iter().enumerate() {
        writeln!(csv, "{id},\"{}\",{birth}", name.replace('"', "\"\"")).expect("a String");
    }
    csv
}

fn damaged(people: &[Person], damage: Damage) -> Vec<Person> {
    let mut next = random(20_260_101);
    let people = people.iter().enumerate();
    people
        .map(|(i, (name, birth))| {
            let birth = if i % 2 == 0 {
                birth.clone()
            } else {
                String::new()
            };
            (damage(name, &mut next), birth)
        })
        .collect()
}

/// A letter is left out, doubled, replaced, or has changed places, once in a name and twice in a long
/// one.
fn mistype(name: &str, next: &mut dyn FnMut() -> u64) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    for _ in 0..1 + letters.len() / 20 {
        let inner: Vec<usize> = (1..letters.len().saturating_sub(1))
            .filter(|&i| letters[i].is_alphabetic() && letters[i + 1].is_alphabetic())
            .collect();
        if inner.is_empty() {
            break;
        }
        let place = inner[next() as usize % inner.len()];
        match next() % 4 {
            0 => drop(letters.remove(place)),
            1 => letters.insert(place, letters[place]),
            2 => letters.swap(place, place + 1),
            _ => letters[place] = char::from(b'a' + (next() % 26) as u8),
        }
    }
    letters.into_iter().collect()
}

/// Spellings that other tables of romanisation have, each of those that occur in a name by chance.
fn respell(name: &str, next: &mut dyn FnMut() -> u64) -> String {
    const SPELLINGS: [(&str, &str); 14] = [
        ("kh", "h"),
        ("q", "k"),
        ("ou", "u"),
        ("oo", "u"),
        ("ee", "i"),
        ("sh", "ch"),
        ("dj", "j"),
        ("zh", "j"),
        ("y", "i"),
        ("ahm", "akhm"),
        ("w", "v"),
        ("gh", "g"),
        ("uh", "o"),
        ("iy", "y"),
    ];
    let mut name = name.to_lowercase();
    for (one, other) in SPELLINGS {
        if next().is_multiple_of(2) {
            name = name.replacen(one, other, 1);
        }
    }
    name
}

fn swap(name: &str, next: &mut dyn FnMut() -> u64) -> String {
    let mut parts: Vec<&str> = name.split_whitespace().collect();
    if parts.len() > 1 {
        let places = 1 + next() as usize % (parts.len() - 1);
        parts.rotate_left(places);
    }
    parts.join(" ")
}

/// Of three parts or more one is left out.
fn leave_out(name: &str, next: &mut dyn FnMut() -> u64) -> String {
    let mut parts: Vec<&str> = name.split_whitespace().collect();
    if parts.len() > 2 {
        parts.remove(next() as usize % parts.len());
    }
    parts.join(" ")
}

fn join(name: &str, next: &mut dyn FnMut() -> u64) -> String {
    let parts: Vec<&str> = name.split_whitespace().collect();
    if parts.len() < 2 {
        return name.to_owned();
    }
    let place = next() as usize % (parts.len() - 1);
    let mut joined = parts[..place].join(" ");
    if place > 0 {
        joined.push(' ');
    }
    joined.push_str(parts[place]);
    joined.push_str(&parts[place + 1..].join(" "));
    joined
}

/// Made-up names: given names and surnames are as unevenly frequent as real ones, the n-th by 1 / (n + q)
/// (Mandelbrot 1953), where the most frequent given name is that of 1.5 %, and the surname of 0.3 %.
fn made_up(count: usize, seed: u64) -> Vec<Person> {
    const STARTS: [&str; 24] = [
        "b", "br", "ch", "d", "dr", "f", "g", "gr", "h", "k", "kr", "l", "m", "n", "p", "r", "s",
        "sh", "st", "t", "tr", "v", "y", "z",
    ];
    const ENDS: [&str; 10] = ["", "", "", "", "n", "r", "l", "s", "k", "m"];
    let mut next = random(seed);
    let mut word = move |ranks: f64, q: f64, salt: u64| {
        let share = (next() % 1_000_000) as f64 / 1e6;
        let rank = (q * ((ranks + q) / q).powf(share) - q) as u64;
        let mut letters = random(rank * 2 + salt);
        let syllables = 2 + letters() % 3;
        let made = (0..syllables).map(|_| {
            let start = STARTS[letters() as usize % STARTS.len()];
            let vowel = ["a", "e", "i", "o", "u"][letters() as usize % 5];
            format!("{start}{vowel}{}", ENDS[letters() as usize % ENDS.len()])
        });
        made.collect::<String>()
    };
    let mut years = random(seed + 1);
    (0..count)
        .map(|i| {
            let mut name = word(5_000.0, 12.0, 0);
            if i % 3 == 0 {
                write!(name, " {}", word(5_000.0, 12.0, 0)).expect("a String takes everything");
            }
            write!(name, " {}", word(80_000.0, 50.0, 1)).expect("a String takes everything");
            (name, (1940 + years() % 65).to_string())
        })
        .collect()
}

fn throughput(full: bool) -> Figure {
    let checks = if full { 400_000 } else { 100_000 };
    let workspace = TestWorkspace::new().plugin("screening");
    let host = workspace.host();
    let list = relation(&workspace, "list", &made_up(100_000, 5));
    let people = relation(&workspace, "people", &made_up(checks, 6));
    let few = relation(&workspace, "few", &made_up(100, 7));
    let hits = |people: &str| count(&host, &hits(people, &list));
    let (_, indexing) = timed(|| hits(&few));
    let (found, seconds) = timed(|| hits(&people));
    figure(
        "screening_throughput",
        checks as f64 / (seconds - indexing),
        "checks/s",
        Bound::AtLeast(20_000.0),
        format!(
            "{checks} made-up names against a list of 100,000 on all cores, {found} hits; without the {indexing:.1} s in which the list is read and indexed"
        ),
    )
}

/// People in a file of the workspace, as a relation.
fn relation(workspace: &TestWorkspace, name: &str, people: &[Person]) -> String {
    let file = workspace.path(&format!("{name}.csv"));
    std::fs::write(&file, csv(people)).expect("it can be written");
    format!(
        "(SELECT id, name, CAST(birth AS TEXT) AS birth FROM '{}')",
        file.display()
    )
}

fn hits(people: &str, list: &str) -> String {
    format!("SELECT count(*) FROM screening.screen({people}, {list})")
}

/// What a list of a million names takes in an instance, which is granted all that the bundle declares.
fn list_memory() -> Figure {
    const NAMES: usize = 1_000_000;
    let workspace = TestWorkspace::new().plugin("screening").config(
        "[plugin.screening.limits]\nguest_memory_bytes_max = 3221225472\ncall_ms_max = 600000\n",
    );
    let list = relation(&workspace, "list", &made_up(NAMES, 5));
    let few = relation(&workspace, "few", &made_up(100, 7));
    let host = workspace.host();
    let session = host.session().expect("a session");
    // Each instance has a list of its own, and one is enough.
    let one_core = "SET datafusion.execution.target_partitions = 1";
    try_query(&host, &session, one_core).expect("it is a setting");
    let screen = async {
        let answer = session.query(&hits(&few, &list)).await.expect("it plans");
        let scope = Arc::clone(answer.scope());
        let found = answer.collect().await.expect("the list fits");
        (lines(&found), scope.usage())
    };
    let ((found, usage), seconds) = timed(|| host.block_on(screen));
    let bytes = usage["screening.screen"].memory_bytes_peak;
    figure(
        "screening_list_memory",
        bytes as f64 / NAMES as f64,
        "bytes a name",
        Bound::Unbounded,
        format!(
            "{bytes} bytes of an instance at its peak, with a list of {NAMES} made-up names that is read, indexed and asked for 100 names in {seconds:.0} s, {} hits",
            found[0]
        ),
    )
}
