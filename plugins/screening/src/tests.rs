//! Made-up people, and the real list beside the repository where it is there.

use super::*;
use crate::birth::Agreement;
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use sextant_plugin_names::MatchKind;
use sextant_plugin_sdk::testing::call_table;
use std::sync::Arc;

fn person(name: &str, birth: &str) -> Record {
    Record {
        name: name.to_owned(),
        birth: Birth::parse(birth),
        ..Record::default()
    }
}

fn list() -> Vec<Record> {
    [
        ("Тарас Вигаданенко", "1971-02-03"),
        ("Олена Мрійник", "1980"),
        ("Abdul Rahman al-Khayali", "1965-1967"),
        ("Jean-Pierre Imaginaire", ""),
        ("Mohammed Ali Hassan", "1990-01-01"),
    ]
    .map(|(name, birth)| person(name, birth))
    .into()
}

/// The names that a record hits, the best first.
fn hits(record: &Record) -> Vec<String> {
    let index = Index::new(list(), MatchKind::Person);
    let hits = Screener::new(0.85).screen(&index, record);
    let names = hits.iter().map(|hit| index.record(hit.entry).name.clone());
    names.collect()
}

#[test]
fn names_are_found_in_every_damage() {
    for (name, listed) in [
        ("VYHADANENKO TARAS", "Тарас Вигаданенко"),
        ("Vygadanenko Taras", "Тарас Вигаданенко"),
        ("Taras Vyhadanneko", "Тарас Вигаданенко"),
        ("Taras Ivanovych Vyhadanenko", "Тарас Вигаданенко"),
        ("Olena Mriinyk", "Олена Мрійник"),
        ("Abdulrahman Alkhayali", "Abdul Rahman al-Khayali"),
        ("Abdul Rahman Khayali", "Abdul Rahman al-Khayali"),
        ("Jeanpierre Imaginaire", "Jean-Pierre Imaginaire"),
        ("Muhammad Ali Hasan", "Mohammed Ali Hassan"),
    ] {
        assert_eq!(hits(&person(name, "")), [listed], "{name}");
    }
}

#[test]
fn others_are_not_found() {
    for name in [
        "Taras Inakshyi",
        "Olha Mriinyk-Inakova",
        "Peter Smith",
        "",
        "...",
        "Ali",
    ] {
        assert_eq!(hits(&person(name, "")), [""; 0], "{name}");
    }
}

#[test]
fn births_shift_the_score() {
    let index = Index::new(list(), MatchKind::Person);
    let score = |birth: &str| {
        let found = Screener::new(0.5).screen(&index, &person("Taras Vyhadanienko", birth));
        found.first().map_or(0.0, |hit| hit.score)
    };
    let (none, day, year) = (score(""), score("1971-02-03"), score("1971"));
    let (near, conflict) = (score("1972"), score("1950-05-05"));
    assert!(
        day >= year && year > none && none > near && near > conflict,
        "{day} {year} {none} {near} {conflict}"
    );
}

#[test]
fn births_are_read_and_compared() {
    let birth = |text: &str| Birth::parse(text);
    let shown = |text: &str| birth(text).map(|birth| birth.to_string());
    for (text, due) in [
        ("1965", Some("1965")),
        ("1965-1970", Some("1965-1970")),
        ("1965/03/02", Some("1965-03-02")),
        ("02.03.1965", Some("1965-03-02")),
        ("1965-03", Some("1965-03")),
        ("1965-00-00", Some("1965")),
        ("1965-03-00", Some("1965-03")),
        ("1965-03-02T00:00:00", Some("1965-03-02")),
        ("1965-13-02", None),
        ("circa 1965", None),
        ("65", None),
    ] {
        assert_eq!(shown(text).as_deref(), due, "{text}");
    }
    for (a, b, due) in [
        ("1965-03-02", "1965-03-02", Agreement::Day),
        ("1965-03-02", "1965-02-03", Agreement::Mistyped),
        ("1965-03-02", "1965-03-12", Agreement::Mistyped),
        ("1965-03-02", "1965-07-12", Agreement::Near),
        ("1965-03-02", "1965", Agreement::Year),
        ("1960-1970", "1965-03-02", Agreement::Year),
        ("1965-03-02", "1966", Agreement::Near),
        ("1965-03-02", "1975-03-02", Agreement::Near),
        ("1965-03-02", "1975-04-05", Agreement::Conflict),
    ] {
        let (a, b) = (birth(a).expect("it is one"), birth(b).expect("it is one"));
        assert_eq!(a.agreement(b), due, "{a} {b}");
        assert_eq!(b.agreement(a), due, "{b} {a}");
    }
    assert_eq!(Birth::from_days(0), Birth::day(1970, 1, 1));
    assert_eq!(Birth::from_days(-1), Birth::day(1969, 12, 31));
    // Day 19,782 is 29 February 2024, by GNU date.
    assert_eq!(Birth::from_days(19_782), Birth::day(2024, 2, 29));
}

fn relation(rows: &[(i64, Option<&str>, &str, &str)]) -> RecordBatch {
    let text = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as ArrayRef;
    RecordBatch::try_from_iter_with_nullable([
        (
            "id",
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0))) as ArrayRef,
            false,
        ),
        ("name", text(rows.iter().map(|row| row.1).collect()), true),
        (
            "birth",
            text(rows.iter().map(|row| Some(row.2)).collect()),
            true,
        ),
        (
            "document",
            text(rows.iter().map(|row| Some(row.3)).collect()),
            true,
        ),
    ])
    .expect("equal lengths")
}

fn screen(people: RecordBatch, list: RecordBatch) -> sextant_plugin_sdk::Result<Vec<String>> {
    let constants: Vec<ArrayRef> = vec![
        Arc::new(Float64Array::from(vec![0.85])),
        Arc::new(StringArray::from(vec!["person"])),
    ];
    let rows = call_table(&call::Screen, vec![people, list], constants)?;
    let mut lines = Vec::new();
    for batch in rows {
        let ids = [0, 1].map(|i| {
            batch
                .column(i)
                .as_primitive::<arrow_array::types::Int64Type>()
                .clone()
        });
        let rules = batch.column(3).as_string::<i32>();
        for row in 0..batch.num_rows() {
            lines.push(format!(
                "{} {} {}",
                ids[0].value(row),
                ids[1].value(row),
                rules.value(row)
            ));
        }
    }
    Ok(lines)
}

#[test]
fn documents_and_names_are_hits_of_their_own_once_for_each_entity() {
    let list = relation(&[
        (7, Some("Тарас Вигаданенко"), "1971", "AA123456; 5555"),
        (7, Some("Taras Vyhadanenko"), "1971", "AA123456"),
        (8, Some("Olena Mriinyk"), "", ""),
        (9, None, "", "BB999999"),
    ]);
    let people = relation(&[
        (1, Some("Vyhadanenko Taras"), "1971-02-03", "aa-123456"),
        (2, Some("Somebody Else"), "", "aa 123456"),
        (3, None, "", "AA123456"),
        (4, Some("Mriinyk"), "", ""),
    ]);
    let found = screen(people, list).expect("it screens");
    assert_eq!(
        found,
        [
            "1 7 document",
            "1 7 name and birth",
            "2 7 document",
            "3 7 document"
        ]
    );
}

#[test]
fn bad_input_is_refused_by_its_place() {
    let list = relation(&[(1, Some("A B"), "", "")]);
    let people = relation(&[(1, Some("A B"), "1971", ""), (2, Some("A B"), "soon", "")]);
    let error = screen(people, list.clone())
        .expect_err("that is no birth")
        .to_string();
    assert!(
        error.contains("record 2") && error.contains("found \"soon\""),
        "{error}"
    );
    let misspelt = RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
        ("nane", Arc::new(StringArray::from(vec!["x"])) as ArrayRef),
    ]);
    let error = screen(misspelt.expect("one row"), list)
        .expect_err("that is no column")
        .to_string();
    assert!(error.contains("\"nane\""), "{error}");
}

#[test]
fn no_rows_and_an_empty_list_have_no_hits() {
    let none = relation(&[]);
    let some = relation(&[(1, Some("Taras Vyhadanenko"), "", "")]);
    assert_eq!(
        screen(none.clone(), some.clone()).expect("it screens"),
        [""; 0]
    );
    assert_eq!(screen(some, none).expect("it screens"), [""; 0]);
}

/// The order of the list does not matter.
#[test]
fn hits_do_not_depend_on_the_order() {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for i in 0..500 {
        let name = format!("Ali {}", ["Hassan", "Husain", "Karim", "Salim"][i % 4]);
        one.push(person(&name, &format!("{}", 1950 + i % 50)));
    }
    other.extend(one.iter().rev().cloned());
    let [one, other] = [one, other].map(|list| Index::new(list, MatchKind::Person));
    let asked = person("Ali Hasan", "1960");
    let names = |index: &Index| {
        let hits = Screener::new(0.85).screen(index, &asked);
        hits.iter()
            .map(|hit| (hit.entry, hit.score.to_bits()))
            .collect::<Vec<_>>()
    };
    assert!(names(&one).len() > 5);
    assert_eq!(names(&one), names(&other));
}
