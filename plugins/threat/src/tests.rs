//! The functions through the SDK's calls. Expected numbers are worked out by hand from the formulas
//! in the documentation; the comments show how.

use crate::call::{Assess, Explain, profile};
use crate::profile::{BUILT_IN, Profile};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow_array::cast::AsArray;
use arrow_array::{
    ArrayRef, Date32Array, Int64Array, NullArray, RecordBatch, StringArray, StringViewArray,
};
use sextant_plugin_sdk::testing::call_table;
use sextant_plugin_sdk::{Arguments, Progress, Result, Scalar, Signature, TableFunction};
use std::sync::Arc;

const COLUMNS: [&str; 9] = [
    "subject",
    "subject_kind",
    "indicator",
    "rating",
    "source",
    "information",
    "handling",
    "at",
    "reference",
];

/// Two dimensions: of groups alone, with unequal weights, and of groups and crime areas.
const PROFILE: &str = r#"{
    "name": "two dimensions",
    "dimensions": [
        { "id": "group", "kinds": ["group"], "weight": 3,
          "indicators": [{ "id": "violence", "weight": 2 }, { "id": "corruption" }] },
        { "id": "effect", "kinds": ["group", "crime_area"],
          "indicators": [{ "id": "social" }] }
    ]
}"#;

/// Rows of texts, of which an empty one is null.
fn evidence(rows: &[[&str; 9]]) -> RecordBatch {
    let columns = COLUMNS.iter().enumerate().map(|(i, name)| {
        let cells = rows
            .iter()
            .map(|row| Some(row[i]).filter(|cell| !cell.is_empty()));
        let values: ArrayRef = Arc::new(cells.collect::<StringArray>());
        (*name, values, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn run(function: &dyn TableFunction, rows: RecordBatch, profile: &str) -> Result<Vec<RecordBatch>> {
    let profile: ArrayRef = Arc::new(StringArray::from(vec![profile]));
    call_table(function, vec![rows], vec![profile])
}

/// Some columns of all rows, with a bar between and `null` for nulls.
fn lines(batches: &[RecordBatch], columns: &[&str]) -> Vec<String> {
    let options = FormatOptions::default().with_null("null");
    let mut lines = Vec::new();
    for batch in batches {
        let columns = columns.iter().map(|name| {
            let column = batch.column_by_name(name).unwrap();
            ArrayFormatter::try_new(column, &options).unwrap()
        });
        let columns: Vec<_> = columns.collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<_> = columns
                .iter()
                .map(|column| column.value(row).to_string())
                .collect();
            lines.push(cells.join("|"));
        }
    }
    lines
}

fn assess(rows: &[[&str; 9]], columns: &[&str]) -> Vec<String> {
    lines(&run(&Assess, evidence(rows), PROFILE).unwrap(), columns)
}

fn explain(rows: &[[&str; 9]], columns: &[&str]) -> Vec<String> {
    lines(&run(&Explain, evidence(rows), PROFILE).unwrap(), columns)
}

fn failure(rows: &[[&str; 9]]) -> String {
    run(&Assess, evidence(rows), PROFILE)
        .unwrap_err()
        .to_string()
}

#[test]
fn dimensions_and_their_total_are_weighted() {
    let rows = [
        ["North", "group", "violence", "high", "A", "1", "", "", ""],
        ["North", "group", "social", "medium", "B", "2", "", "", ""],
    ];
    let columns = [
        "subject",
        "dimension",
        "score_low",
        "score_high",
        "score_best",
        "level",
        "level_low",
        "level_high",
        "confidence",
        "indicators_known",
        "indicators",
        "evidence",
        "profile",
    ];
    // violence: A1 has the weight 1, so exactly 1. corruption: 0 to 1. Weights 2 and 1.
    // social: B2 has the weight 0.9 * 0.9 = 0.81, so 0.81 * 0.5 to 1 - 0.81 * 0.5.
    // total: 0.5 * 1 + 0.25 * 0 + 0.25 * 0.405 to 0.5 + 0.25 + 0.25 * 0.595; best (0.5 + 0.125) / 0.75.
    assert_eq!(
        assess(&rows, &columns),
        [
            "North|group|0.666667|1.0|1.0|high|high|high|0.666667|1|2|1|two dimensions",
            "North|effect|0.405|0.595|0.5|medium|medium|medium|0.81|1|1|1|two dimensions",
            "North|total|0.60125|0.89875|0.833333|unknown|medium|high|0.7025|2|3|2|two dimensions",
        ]
    );
}

#[test]
fn unknown_is_an_interval_and_never_a_zero() {
    let columns = [
        "dimension",
        "score_low",
        "score_high",
        "score_best",
        "level",
        "confidence",
        "indicators_known",
    ];
    for rating in ["unknown", "Unknown ", ""] {
        let rows = [[
            "North",
            "crime_area",
            "social",
            rating,
            "",
            "",
            "",
            "",
            "R-1",
        ]];
        assert_eq!(
            assess(&rows, &columns),
            [
                "effect|0.0|1.0|null|unknown|0.0|0",
                "total|0.0|1.0|null|unknown|0.0|0"
            ],
            "{rating:?}"
        );
        let columns = [
            "rating",
            "score_best",
            "evidence",
            "unknown_reports",
            "evidence_references",
            "reason",
        ];
        assert_eq!(
            explain(&rows, &columns),
            ["unknown|null|0|1|R-1|unknown: no report rates it; rated unknown by 1 report"]
        );
    }
    let known_to_be_low = [["North", "crime_area", "social", "low", "A", "1", "", "", ""]];
    assert_eq!(
        assess(&known_to_be_low, &columns)[0],
        "effect|0.0|0.0|0.0|low|1.0|1"
    );
}

#[test]
fn contradicting_reports_widen_the_interval_and_are_named() {
    let rows = [
        [
            "North",
            "crime_area",
            "social",
            "high",
            "A",
            "1",
            "",
            "",
            "R-1",
        ],
        [
            "North",
            "crime_area",
            "social",
            "low",
            "C",
            "3",
            "",
            "",
            "R-2",
        ],
    ];
    // Weights 1 and 0.4 * 0.8 = 0.32: value 1 / 1.32; contradiction 2 * 0.32 / 1.32^2 = 0.367309;
    // support 1; confidence 0.632691; low 0.632691 / 1.32; high 1 - 0.632691 * 0.32 / 1.32.
    let columns = [
        "score_low",
        "score_high",
        "score_best",
        "confidence",
        "contradictions",
    ];
    let sides = "high by 1 report (A1 R-1) against low by 1 report (C3 R-2)";
    assert_eq!(
        assess(&rows, &columns),
        vec![format!("0.479311|0.84662|0.757576|0.632691|social: {sides}"); 2]
    );
    let columns = ["rating", "best_evaluation", "contradiction", "reason"];
    assert_eq!(
        explain(&rows, &columns),
        [format!("high|A1|{sides}|{sides}")]
    );
}

#[test]
fn reports_that_agree_support_each_other() {
    let one = [
        "North",
        "crime_area",
        "social",
        "high",
        "B",
        "2",
        "",
        "",
        "R-1",
    ];
    let mut other = one;
    other[8] = "R-2";
    // 1 - (1 - 0.81)^2
    assert_eq!(
        assess(&[one, other], &["score_low", "confidence", "evidence"])[0],
        "0.9639|0.9639|2"
    );
    // The same row again is the same report, and so is the same reference evaluated anew: its best
    // evaluation counts.
    let again = [
        "North",
        "crime_area",
        "social",
        "high",
        "C",
        "4",
        "H2",
        "",
        "R-1",
    ];
    let columns = [
        "confidence",
        "evidence",
        "duplicates",
        "best_evaluation",
        "handling_codes",
    ];
    assert_eq!(
        explain(&[one, one, again], &columns),
        ["0.81|1|1|B2|H2, not given"]
    );
}

#[test]
fn evidence_weighs_by_its_evaluation() {
    let best = |source, information| {
        let rows = [[
            "North",
            "crime_area",
            "social",
            "high",
            source,
            information,
            "",
            "",
            "",
        ]];
        assess(&rows, &["score_low"])[0].clone()
    };
    // The built-in weights: A 1, B 0.9, C 0.4, X 0.3; 1 1, 2 0.9, 3 0.8, 4 0.4.
    assert_eq!(best("A", "1"), "1.0");
    assert_eq!(best("a", "2"), "0.9");
    assert_eq!(best("B", "3"), "0.72");
    assert_eq!(best("C", "3"), "0.32");
    assert_eq!(best("X", "4"), "0.12");
}

/// A shuffle without random numbers: every k-th row, k coprime to the count.
fn shuffled<T: Clone>(rows: &[T], step: usize) -> Vec<T> {
    (0..rows.len())
        .map(|i| rows[i * step % rows.len()].clone())
        .collect()
}

fn many() -> Vec<[&'static str; 9]> {
    const SUBJECTS: [&str; 4] = ["North", "South", "East", "West"];
    const INDICATORS: [&str; 3] = ["violence", "corruption", "social"];
    const RATINGS: [&str; 4] = ["low", "medium", "high", "unknown"];
    const SOURCES: [&str; 4] = ["A", "B", "C", "X"];
    const INFORMATION: [&str; 4] = ["1", "2", "3", "4"];
    const REFERENCES: [&str; 5] = ["", "R-1", "R-2", "R-3", "R-4"];
    let row = |i: usize| {
        [
            SUBJECTS[i % 4],
            "group",
            INDICATORS[i % 3],
            RATINGS[i * 7 % 11 % 4],
            SOURCES[i * 5 % 13 % 4],
            INFORMATION[i * 3 % 17 % 4],
            "H1",
            "2024-02-29",
            REFERENCES[i * 11 % 19 % 5],
        ]
    };
    (0..211).map(row).collect()
}

#[test]
fn neither_order_nor_batches_change_anything() {
    let rows = many();
    for function in [&Assess as &dyn TableFunction, &Explain] {
        let expected = run(function, evidence(&rows), PROFILE).unwrap();
        for step in [2, 17, 100, 210] {
            let shuffled = evidence(&shuffled(&rows, step));
            assert_eq!(run(function, shuffled.clone(), PROFILE).unwrap(), expected);
            assert_eq!(in_batches(function, &shuffled, 13), expected);
        }
    }
    // Every row twice says nothing new.
    let twice: Vec<_> = rows.iter().chain(&rows).copied().collect();
    let expected = run(&Assess, evidence(&rows), PROFILE).unwrap();
    assert_eq!(run(&Assess, evidence(&twice), PROFILE).unwrap(), expected);
}

/// Calls a function as the host does, with the relation in small batches.
fn in_batches(function: &dyn TableFunction, rows: &RecordBatch, size: usize) -> Vec<RecordBatch> {
    let constants: Vec<Option<ArrayRef>> = vec![Some(Arc::new(StringArray::from(vec![PROFILE])))];
    let signature = Signature {
        fields: Vec::new(),
        constants,
    };
    let bound = function.bind(&[rows.schema()], &signature).unwrap();
    let mut call = bound.call(None).unwrap();
    for start in (0..rows.num_rows()).step_by(size) {
        let length = size.min(rows.num_rows() - start);
        call.push(0, rows.slice(start, length)).unwrap();
        assert!(matches!(call.next().unwrap(), Progress::WantingInput));
    }
    call.finish(0).unwrap();
    let mut batches = Vec::new();
    while let Progress::Rows(batch) = call.next().unwrap() {
        batches.push(batch);
    }
    batches
}

#[test]
fn contributions_sum_up_to_the_total() {
    let rows = evidence(&many());
    let explained = run(&Explain, rows.clone(), PROFILE).unwrap();
    let assessed = run(&Assess, rows, PROFILE).unwrap();
    let totals = lines(
        &assessed,
        &["subject", "dimension", "score_low", "score_high"],
    );
    let totals: Vec<_> = totals
        .iter()
        .filter(|line| line.contains("|total|"))
        .collect();
    assert_eq!(totals.len(), 4);
    for total in totals {
        let [subject, _, low, high] = total.split('|').collect::<Vec<_>>()[..] else {
            panic!("{total}");
        };
        let sum = |column| {
            let parts = lines(&explained, &["subject", column]);
            let parts = parts
                .iter()
                .filter_map(|line| line.strip_prefix(subject)?.strip_prefix('|'));
            parts.map(|part| part.parse::<f64>().unwrap()).sum::<f64>()
        };
        assert!(
            (sum("contribution_low") - low.parse::<f64>().unwrap()).abs() < 1e-5,
            "{total}"
        );
        assert!(
            (sum("contribution_high") - high.parse::<f64>().unwrap()).abs() < 1e-5,
            "{total}"
        );
        assert!((sum("weight") - 1.0).abs() < 1e-5, "{total}");
    }
}

#[test]
fn handling_codes_are_never_dropped() {
    let rows = [
        ["North", "group", "violence", "high", "A", "1", "H0", "", ""],
        [
            "North", "group", "violence", "high", "A", "1", "h1; H3", "", "",
        ],
        [
            "North",
            "group",
            "corruption",
            "unknown",
            "",
            "",
            "H2",
            "",
            "",
        ],
        ["North", "group", "social", "low", "A", "1", "", "", ""],
    ];
    assert_eq!(
        assess(&rows, &["dimension", "handling", "handling_codes"]),
        [
            "group|H3|H3, H2, H1, H0",
            "effect|null|not given",
            "total|H3|H3, H2, H1, H0, not given",
        ]
    );
    assert_eq!(
        explain(&rows[..1], &["indicator", "handling", "handling_codes"]),
        ["violence|H0|H0", "corruption|null|null", "social|null|null"]
    );
}

#[test]
fn columns_come_in_any_order_and_type_that_will_do() {
    let view: ArrayRef = Arc::new(StringViewArray::from(vec!["B ", "C"]));
    let text = |cell: &str| Arc::new(StringArray::from(vec![cell, cell])) as ArrayRef;
    let columns: [(&str, ArrayRef); 8] = [
        ("information", Arc::new(Int64Array::from(vec![2, 3]))),
        ("source", view),
        ("rating", text("HIGH")),
        ("indicator", text("Social")),
        ("subject_kind", text("Crime_Area")),
        ("subject", text("Made-up Market")),
        ("handling", Arc::new(NullArray::new(2))),
        ("at", Arc::new(Date32Array::from(vec![Some(19_782), None]))),
    ];
    let columns = columns.map(|(name, values)| (name, values, true));
    let rows = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let batches = run(&Explain, rows, PROFILE).unwrap();
    let columns = [
        "subject",
        "subject_kind",
        "evidence",
        "latest",
        "handling_codes",
        "best_evaluation",
    ];
    // 2024-02-29 is 19 782 days after 1970-01-01.
    assert_eq!(
        lines(&batches, &columns),
        ["Made-up Market|crime_area|2|2024-02-29|not given|B2"]
    );
}

#[test]
fn days_come_as_text_too() {
    let day = |at| {
        let rows = [[
            "North",
            "crime_area",
            "social",
            "high",
            "A",
            "1",
            "",
            at,
            "",
        ]];
        run(&Explain, evidence(&rows), PROFILE).map(|rows| lines(&rows, &["latest"])[0].clone())
    };
    assert_eq!(day("2024-02-29").unwrap(), "2024-02-29");
    assert_eq!(day("2024-02-29T23:59:59Z").unwrap(), "2024-02-29");
    assert_eq!(day("").unwrap(), "null");
    assert_eq!(
        day("29.02.2024").unwrap_err().to_string(),
        "record 1, field \"at\": expected YYYY-MM-DD, found \"29.02.2024\""
    );
}

#[test]
fn without_evidence_there_are_no_rows() {
    for function in [&Assess as &dyn TableFunction, &Explain] {
        assert!(run(function, evidence(&[]), PROFILE).unwrap().is_empty());
        assert!(run(function, evidence(&[]), "").unwrap().is_empty());
    }
}

#[test]
fn bad_evidence_names_the_row_and_what_is_known() {
    let good = ["North", "group", "violence", "high", "A", "1", "", "", ""];
    let bad = |column: usize, cell: &'static str| {
        let mut row = good;
        row[column] = cell;
        failure(&[good, row])
    };
    assert_eq!(
        bad(0, ""),
        "record 2, field \"subject\": expected a text, found null"
    );
    assert_eq!(
        bad(1, "gang"),
        "record 2, field \"subject_kind\": expected a kind of subject (crime_area, group), found \"gang\""
    );
    assert_eq!(
        bad(2, "violense"),
        "record 2, field \"indicator\": expected an indicator of subjects of kind \"group\" (violence, corruption, social), found \"violense\""
    );
    assert_eq!(
        bad(3, "severe"),
        "record 2, field \"rating\": expected a rating (low, medium, high, unknown), found \"severe\""
    );
    assert_eq!(
        bad(4, "E"),
        "record 2, field \"source\": expected an evaluation of the source (A, B, C, X), found \"E\""
    );
    assert_eq!(
        bad(5, ""),
        "record 2, field \"information\": expected an evaluation of the information (1, 2, 3, 4), found null; hint: coalesce it to the code that is meant"
    );
    assert_eq!(
        bad(6, "H0, H4"),
        "record 2, field \"handling\": expected handling codes (H0, H1, H2, H3), found \"H4\""
    );
    let of_another_kind = [[
        "Market",
        "crime_area",
        "violence",
        "high",
        "A",
        "1",
        "",
        "",
        "",
    ]];
    assert!(
        failure(&of_another_kind)
            .contains("expected an indicator of subjects of kind \"crime_area\" (social)")
    );
}

#[test]
fn bad_columns_are_named_when_a_call_is_bound() {
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let failure = |names: &[&str]| {
        let columns = names.iter().map(|name| (*name, Arc::clone(&text)));
        let rows = RecordBatch::try_from_iter(columns).unwrap();
        run(&Assess, rows, PROFILE).unwrap_err().to_string()
    };
    assert_eq!(
        failure(&COLUMNS[1..]),
        "expected a column subject; hint: name it with AS"
    );
    let mut misspelt = COLUMNS;
    misspelt[6] = "handlng";
    assert_eq!(
        failure(&misspelt),
        "expected no columns but subject, subject_kind, indicator, rating, source, information, handling, at, reference, found \"handlng\"; hint: SELECT those that are meant"
    );
    let columns = COLUMNS.map(|name| match name {
        "subject" => (name, Arc::new(Date32Array::from(vec![1])) as ArrayRef),
        _ => (name, Arc::clone(&text)),
    });
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    assert_eq!(
        run(&Assess, rows, PROFILE).unwrap_err().to_string(),
        "expected subject as TEXT or BIGINT, found Date32; hint: CAST(subject AS TEXT)"
    );
}

fn profile_failure(json: &str) -> String {
    Profile::new(Some(json)).unwrap_err().to_string()
}

#[test]
fn bad_profiles_name_the_key() {
    let group = |rest: &str| {
        format!(r#"{{ "dimensions": [{{ "id": "g", "kinds": ["group"], {rest} }}] }}"#)
    };
    for (json, expected) in [
        ("{".to_owned(), "field \"profile\": EOF while parsing an object at line 1 column 1"),
        (
            r#"{ "level": {} }"#.to_owned(),
            "field \"profile\": unknown field `level`, expected one of `name`, `ratings`, `levels`, `source`, `information`, `dimensions` at line 1 column 9",
        ),
        (
            r#"{ "source": { "A": "much" } }"#.to_owned(),
            "field \"profile\": invalid type: string \"much\", expected f64 at line 1 column 25",
        ),
        (r#"{ "ratings": {} }"#.to_owned(), "field \"ratings\": expected at least one name"),
        (
            r#"{ "ratings": { "unknown": 0 } }"#.to_owned(),
            "field \"ratings.unknown\": expected a name other than \"unknown\"",
        ),
        (
            r#"{ "ratings": { "severe": 4 } }"#.to_owned(),
            "field \"ratings.severe\": expected a number from 0 to 1, found 4",
        ),
        (r#"{ "ratings": { "a": 0, "A": 1 } }"#.to_owned(), "field \"ratings.a\": expected it once"),
        (r#"{ "levels": { "high": 0.5 } }"#.to_owned(), "field \"levels\": expected a level that begins at 0"),
        (
            r#"{ "levels": { "low": 0, "high": 0 } }"#.to_owned(),
            "field \"levels\": expected levels that begin apart, found high and low at 0",
        ),
        (
            r#"{ "information": { "1": -0.1 } }"#.to_owned(),
            "field \"information.1\": expected a number from 0 to 1, found -0.1",
        ),
        (r#"{ "source": { "A": 0, "B": 0 } }"#.to_owned(), "field \"source\": expected a weight above 0"),
        (r#"{ "dimensions": [] }"#.to_owned(), "field \"dimensions\": expected at least one"),
        (
            group(r#""indicators": [{ "id": "i", "weight": -1 }]"#),
            "field \"dimensions.g.indicators.i.weight\": expected a weight from 0 to 1000000, found -1",
        ),
        (
            group(r#""indicators": [{ "id": "i", "weight": 0 }]"#),
            "field \"dimensions.g\": expected an indicator with a weight above 0",
        ),
        (
            group(r#""weight": 0, "indicators": [{ "id": "i" }]"#),
            "field \"dimensions\": expected a dimension of kind \"group\" with a weight above 0",
        ),
        (
            group(r#""indicators": [{ "id": "i" }, { "id": "I" }]"#),
            "field \"dimensions.g\": expected indicator \"i\" once for subjects of kind \"group\"",
        ),
        (
            r#"{ "dimensions": [{ "id": "Total", "kinds": ["k"], "indicators": [{ "id": "i" }] }] }"#.to_owned(),
            "field \"dimensions.total\": expected another id",
        ),
    ] {
        assert_eq!(profile_failure(&json), expected, "{json}");
    }
}

#[test]
fn a_profile_may_have_its_own_scales() {
    let profile = r#"{
        "ratings": { "1": 0, "2": 0.25, "3": 0.5, "4": 0.75, "5": 1 },
        "levels": { "green": 0, "red": 0.9 },
        "source": { "A": 1, "F": 0 },
        "dimensions": [{ "id": "d", "kinds": ["port"], "indicators": [{ "id": "i" }, { "id": "j", "weight": 0 }] }]
    }"#;
    let rows = [
        ["Made-up Port", "port", "i", "4", "A", "1", "", "", ""],
        ["Made-up Port", "port", "j", "5", "A", "1", "", "", ""],
        ["No-such Port", "port", "i", "4", "f", "1", "", "", ""],
    ];
    let columns = [
        "subject",
        "score_low",
        "score_high",
        "level",
        "level_low",
        "level_high",
        "profile",
    ];
    let found = lines(&run(&Assess, evidence(&rows), profile).unwrap(), &columns);
    assert_eq!(found[0], "Made-up Port|0.75|0.75|green|green|green|unnamed");
    // A source without a weight leaves everything open, and says so.
    assert_eq!(found[2], "No-such Port|0.0|1.0|unknown|green|red|unnamed");
    let reasons = lines(
        &run(&Explain, evidence(&rows), profile).unwrap(),
        &["rating", "reason"],
    );
    assert_eq!(reasons[0], "4|4 by 1 report (A1)");
    assert_eq!(
        reasons[2],
        "unknown|unknown: by its evaluation the evidence has no weight"
    );
}

#[test]
fn the_built_in_profile_is_shown_and_serves_where_none_is_given() {
    let empty = RecordBatch::try_new_with_options(
        Arc::new(arrow_schema::Schema::empty()),
        vec![],
        &arrow_array::RecordBatchOptions::new().with_row_count(Some(1)),
    );
    let empty = empty.unwrap();
    let signature = Signature {
        fields: Vec::new(),
        constants: Vec::new(),
    };
    let bound = profile().bind(&signature).unwrap();
    let shown = bound.invoke(&Arguments::new(&[], &empty)).unwrap();
    assert_eq!(shown.as_string::<i32>().value(0), BUILT_IN);
    for json in [None, Some(""), Some(" \n")] {
        let profile = Profile::new(json).unwrap();
        assert_eq!(profile.name, "EU SOCTA methodology, default weights");
        let kinds: Vec<_> = profile.kind_names().collect();
        assert_eq!(kinds, ["crime_area", "group"]);
    }
    assert_eq!(
        Profile::new(Some(BUILT_IN))
            .unwrap()
            .places("group")
            .unwrap()
            .len(),
        17
    );
}
