//! Every scalar function of every plugin in its guest, against the same Rust code natively, both in
//! the same SQL. The functions are those that the guests export: one that is called nowhere here is a
//! panic. Those without parameters are left out, since SQL asks them once, while it plans.

use crate::{Bound, Figure, assert_same, medians, native, native_rows, native_runtime};
use sextant_tests::{TestWorkspace, lines, root, try_query};

/// How a function is called, and what becomes of its results.
struct Case {
    figure: &'static str,
    table: &'static str,
    call: &'static str,
    /// `{}` stands for the call.
    summed: &'static str,
}

const fn case(
    figure: &'static str,
    table: &'static str,
    call: &'static str,
    summed: &'static str,
) -> Case {
    Case {
        figure,
        table,
        call,
        summed,
    }
}

const LENGTHS: &str = "sum(length({}))";
const SUM: &str = "sum({})";
const HITS: &str = "count(*) FILTER (WHERE {})";

static CASES: [Case; 16] = [
    case("scalar_normalize", "people", "names.normalize(a)", LENGTHS),
    case(
        "scalar_romanize_ukrainian",
        "people",
        "names.romanize_ukrainian(a)",
        LENGTHS,
    ),
    case(
        "scalar_romanize_russian",
        "people",
        "names.romanize_russian(a)",
        LENGTHS,
    ),
    case(
        "scalar_romanize_by",
        "people",
        "names.romanize_by(a, 'ukrainian_1996')",
        LENGTHS,
    ),
    case(
        "scalar_jaro_winkler",
        "people",
        "names.jaro_winkler(a, b)",
        SUM,
    ),
    case(
        "scalar_damerau_levenshtein",
        "people",
        "names.damerau_levenshtein(a, b)",
        SUM,
    ),
    case("scalar_phonetic", "people", "names.phonetic(a)", LENGTHS),
    case(
        "scalar_name_similarity",
        "people",
        "names.name_similarity(a, b, 'person')",
        SUM,
    ),
    case(
        "scalar_name_explain",
        "pairs",
        "names.name_explain(a, b, 'person')",
        LENGTHS,
    ),
    case(
        "scalar_normalize_identifier",
        "identifiers",
        "names.normalize_identifier(kind, identifier)",
        LENGTHS,
    ),
    case(
        "scalar_check_identifier",
        "identifiers",
        "names.check_identifier(kind, identifier)",
        HITS,
    ),
    case(
        "scalar_explain_identifier",
        "identifiers",
        "names.explain_identifier(kind, identifier)",
        LENGTHS,
    ),
    case(
        "scalar_h3_cell",
        "places",
        "hotspots.h3_cell(lon, lat, 9)",
        LENGTHS,
    ),
    case(
        "scalar_h3_boundary",
        "cells",
        "hotspots.h3_boundary(cell)",
        "count({})",
    ),
    case(
        "scalar_article3_flags",
        "texts",
        "article3.article3_flags(text, 'auto')",
        LENGTHS,
    ),
    case(
        "scalar_is_hit",
        "similarities",
        "rule.is_hit(similarity)",
        HITS,
    ),
];

/// Two spellings of made-up names.
const PAIR: &str = "
    concat(upper(substr(md5(CAST(value AS TEXT)), 1, 6)), ' ', translate(md5(CAST(value / 3 AS TEXT)), '0123456789abcdef', 'іванопетрськлмхю')) AS a,
    concat(translate(md5(CAST(value / 3 AS TEXT)), '0123456789abcdef', 'ivanopetrskylmhu'), ' ', substr(md5(CAST(value / 2 AS TEXT)), 1, 6)) AS b";

/// Made-up summaries of facts in three languages, with and without what is flagged.
pub(crate) const TEXT: &str = "concat(CASE value % 5
    WHEN 0 THEN 'Підозрюваний організував незаконне переправлення осіб через державний кордон'
    WHEN 1 THEN 'He is accused of high treason and of insulting the president in a speech'
    WHEN 2 THEN 'Дезертировал из воинской части и скрывается за границей'
    WHEN 3 THEN 'The suspect stole a vehicle and sold it abroad with forged documents'
    ELSE 'Учасник несанкціонованого мітингу, журналіст, звинувачується у шахрайстві'
    END, ', file ', md5(CAST(value AS TEXT)))";

/// The tables: their names, their rows, and their columns over `value`, which counts rows.
const TABLES: [(&str, usize, &str); 6] = [
    ("people", 200_000, PAIR),
    ("pairs", 50_000, PAIR),
    (
        "identifiers",
        200_000,
        "CASE value % 4 WHEN 0 THEN 'edrpou' WHEN 1 THEN 'rntrc' WHEN 2 THEN 'iban' ELSE 'plate_ua' END AS kind,
         CASE value % 4
             WHEN 0 THEN lpad(CAST(value AS TEXT), 8, '0')
             WHEN 1 THEN lpad(CAST(value * 7919 AS TEXT), 10, '0')
             WHEN 2 THEN concat('UA', lpad(CAST(value * 7919 AS TEXT), 27, '0'))
             ELSE concat('аа ', lpad(CAST(value % 10000 AS TEXT), 4, '0'), ' вс')
         END AS identifier",
    ),
    (
        "places",
        200_000,
        "22 + value * value % 100003 / 5556.0 AS lon, 44 + value * value * value % 99991 / 12500.0 AS lat",
    ),
    ("texts", 20_000, TEXT),
    (
        "similarities",
        5_000_000,
        "value % 1009 / 1009.0 AS similarity",
    ),
];

/// What makes the tables, on either side.
fn statements() -> Vec<String> {
    let tables = TABLES.iter().map(|(name, rows, columns)| {
        let named = if *name == "texts" { " AS text" } else { "" };
        format!(
            "CREATE TABLE {name} AS SELECT value AS n, {columns}{named} FROM generate_series(1, {rows})"
        )
    });
    let cells = "CREATE TABLE cells AS SELECT n, hotspots.h3_cell(lon, lat, 9) AS cell FROM places";
    tables.chain([cells.to_owned()]).collect()
}

/// A workspace with every plugin of the repository but the attacker.
fn workspace() -> TestWorkspace {
    let folders = std::fs::read_dir(root().join("plugins")).expect("it is there");
    let names = folders.map(|folder| folder.expect("an entry").file_name());
    let names = names.filter(|name| name != "hostile");
    names.fold(TestWorkspace::new(), |workspace, name| {
        workspace.plugin(&name.to_string_lossy())
    })
}

pub(crate) fn scalars(_: bool) -> Vec<Figure> {
    let workspace = workspace();
    let host = workspace.host();
    let session = host.session().expect("a session");
    let (runtime, context) = (native_runtime(), native::context());
    let in_guest = |sql: &str| lines(&try_query(&host, &session, sql).expect("it runs"));
    let in_host = |sql: &str| native_rows(&runtime, &context, sql);
    for statement in statements() {
        in_guest(&statement);
        in_host(&statement);
    }
    let exported = in_guest(
        "SELECT name FROM sextant.functions WHERE kind = 'scalar' AND arguments <> '' ORDER BY name",
    );
    let measure = |function: &String| {
        let case = case_of(function);
        let Case { table, call, .. } = case;
        let some = format!("SELECT {call} FROM {table} WHERE n <= 1000 ORDER BY n");
        assert_same(&in_guest(&some), &in_host(&some));
        let summed = case.summed.replace("{}", call);
        let sql = format!("SELECT {summed} FROM {table}");
        assert_same(&in_guest(&sql), &in_host(&sql));
        let (guest, native) = medians(5, || drop(in_guest(&sql)), || drop(in_host(&sql)));
        Figure {
            name: case.figure,
            value: guest / native,
            unit: "x time",
            bound: Bound::AtMost(1.6),
            how: format!(
                "{summed} over {} rows in memory, in the guest, against the same Rust code as a native DataFusion function in the same SQL; median of 5",
                in_guest(&format!("SELECT count(*) FROM {table}"))[0]
            ),
        }
    };
    exported.iter().map(measure).collect()
}

fn case_of(function: &str) -> &'static Case {
    let call = format!("{function}(");
    let case = CASES.iter().find(|case| case.call.starts_with(&call));
    case.unwrap_or_else(|| panic!("figures/scalars.rs does not call {function}"))
}
