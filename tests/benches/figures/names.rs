//! Name matching: how well it agrees with labels, how long a pair takes, and the plugin's scalar
//! functions against the same code natively.

use crate::{Bound, Figure, assert_same, medians, native_rows, native_runtime, timed};
use arrow::array::builder::{Float64Builder, Int64Builder, StringViewBuilder};
use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::DataType;
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
use datafusion::prelude::SessionContext;
use sextant_plugin_names::{MatchKind, Matcher, Normalizer, Phonetic};
use sextant_tests::{TestWorkspace, lines, real_data, rows, try_query};
use std::sync::Arc;

/// The one threshold for all kinds of names.
const THRESHOLD: f64 = 0.7;

fn figure(name: &'static str, value: f64, unit: &'static str, bound: Bound, how: &str) -> Figure {
    let how = how.to_owned();
    Figure {
        name,
        value,
        unit,
        bound,
        how,
    }
}

/// F1 on the labelled pairs, and microseconds a pair on one core.
pub(crate) fn names(_: bool) -> Vec<Figure> {
    let Some(pairs) = real_data("names/name_pairs.csv") else {
        return Vec::new();
    };
    let workspace = TestWorkspace::new().plugin("names");
    let host = workspace.host();
    let session = host.session().expect("a session");
    let run = |sql: &str| lines(&try_query(&host, &session, sql).expect("it runs"));
    run("SET datafusion.execution.target_partitions = 1");
    run(&format!(
        "CREATE TABLE pairs AS SELECT name1 AS a, name2 AS b, lower(schema) AS kind, is_match FROM '{}' WHERE is_match IS NOT NULL",
        pairs.display()
    ));
    let judged =
        "SELECT names.name_similarity(a, b, kind) >= 0.7 AS found, is_match AS due FROM pairs";
    let counted = run(&format!(
        "SELECT 2.0 * count(*) FILTER (WHERE found AND due) / (count(*) FILTER (WHERE found) + count(*) FILTER (WHERE due)), count(*) FROM ({judged})"
    ));
    let (f1, count) = counted[0].split_once('\t').expect("two columns");
    run("CREATE TABLE many AS SELECT a, b, kind FROM pairs CROSS JOIN generate_series(1, 500)");
    let many: f64 = run("SELECT count(*) FROM many")[0]
        .parse()
        .expect("a number");
    let sql = "SELECT sum(names.name_similarity(a, b, kind)) FROM many";
    run(sql);
    let (_, seconds) = timed(|| run(sql));
    vec![
        figure(
            "names_f1",
            f1.parse().expect("a number"),
            "F1",
            Bound::AtLeast(0.88),
            &format!(
                "names.name_similarity at {THRESHOLD} for all kinds, on the {count} labelled pairs beside the repository, a part of which its rules were measured on while they were written"
            ),
        ),
        figure(
            "names_time",
            seconds * 1e6 / many,
            "us a pair",
            Bound::AtMost(5.0),
            "the same pairs 500 times, through SQL in the guest, on one core",
        ),
    ]
}

/// Each scalar function of texts against the same Rust code as a native function.
pub(crate) fn scalars(_: bool) -> Vec<Figure> {
    let workspace = TestWorkspace::new().plugin("names");
    let host = workspace.host();
    let session = host.session().expect("a session");
    let (runtime, context) = (native_runtime(), native_context());
    let make = "CREATE TABLE t AS SELECT
        concat(upper(substr(md5(CAST(value AS TEXT)), 1, 6)), ' ', translate(md5(CAST(value / 3 AS TEXT)), '0123456789abcdef', 'іванопетрськлмхю')) AS a,
        concat(translate(md5(CAST(value / 3 AS TEXT)), '0123456789abcdef', 'ivanopetrskylmhu'), ' ', substr(md5(CAST(value / 2 AS TEXT)), 1, 6)) AS b
        FROM generate_series(1, 200000)";
    try_query(&host, &session, make).expect("it is made");
    native_rows(&runtime, &context, make);
    let cases = [
        ("scalar_normalize", "sum(length({}normalize(a)))"),
        (
            "scalar_romanize_ukrainian",
            "sum(length({}romanize_ukrainian(a)))",
        ),
        (
            "scalar_romanize_russian",
            "sum(length({}romanize_russian(a)))",
        ),
        (
            "scalar_damerau_levenshtein",
            "sum({}damerau_levenshtein(a, b))",
        ),
        ("scalar_phonetic", "sum(length({}phonetic(a)))"),
        ("scalar_name_similarity", "sum({}name_similarity(a, b))"),
    ];
    let measure = |(name, expression): (&'static str, &str)| {
        let guest = format!("SELECT {} FROM t", expression.replace("{}", "names."));
        // A constant of the guest's call.
        let guest = guest.replace("name_similarity(a, b)", "name_similarity(a, b, 'person')");
        let native = format!("SELECT {} FROM t", expression.replace("{}", "native_"));
        let in_guest = || rows_of(&host, &session, &guest);
        let in_host = || native_rows(&runtime, &context, &native);
        assert_same(&in_guest(), &in_host());
        let (guest, native) = medians(5, || drop(in_guest()), || drop(in_host()));
        figure(
            name,
            guest / native,
            "x time",
            Bound::AtMost(1.6),
            "200,000 rows in memory, summed, in the guest, against the same Rust code as a native DataFusion function; median of 5",
        )
    };
    cases.into_iter().map(measure).collect()
}

fn rows_of(host: &sextant::Host, session: &sextant::Session, sql: &str) -> Vec<String> {
    lines(&try_query(host, session, sql).expect("it runs"))
}

/// DataFusion with the plugin's own code as native functions.
fn native_context() -> SessionContext {
    let context = SessionContext::new();
    let texts = |name: &str, compute: fn(&str, &mut String)| {
        let whole = move |arguments: &[ColumnarValue]| {
            let columns = ColumnarValue::values_to_arrays(arguments)?;
            let mut results = StringViewBuilder::new();
            let mut result = String::new();
            for text in columns[0].as_string_view() {
                result.clear();
                match text {
                    Some(text) => {
                        compute(text, &mut result);
                        results.append_value(&result);
                    }
                    None => results.append_null(),
                }
            }
            Ok(ColumnarValue::Array(Arc::new(results.finish()) as ArrayRef))
        };
        context.register_udf(create_udf(
            name,
            vec![DataType::Utf8View],
            DataType::Utf8View,
            Volatility::Immutable,
            Arc::new(whole),
        ));
    };
    texts("native_normalize", |text, result| {
        thread_local! {
            static NORMALIZER: std::cell::RefCell<Normalizer> = Normalizer::new().into();
        }
        NORMALIZER.with_borrow_mut(|normalizer| normalizer.normalize(text, result));
    });
    texts("native_romanize_ukrainian", |text, result| {
        result.push_str(&sextant_plugin_names::romanize_ukrainian(text));
    });
    texts("native_romanize_russian", |text, result| {
        result.push_str(&sextant_plugin_names::romanize_russian(text));
    });
    texts("native_phonetic", |text, result| {
        thread_local! {
            static PHONETIC: std::cell::RefCell<Phonetic> = Phonetic::new().into();
        }
        PHONETIC.with_borrow_mut(|phonetic| phonetic.key(text, result));
    });
    let pair = vec![DataType::Utf8View, DataType::Utf8View];
    let distance = |arguments: &[ColumnarValue]| {
        let columns = ColumnarValue::values_to_arrays(arguments)?;
        let mut results = Int64Builder::new();
        for (a, b) in columns[0]
            .as_string_view()
            .iter()
            .zip(columns[1].as_string_view())
        {
            let found = a
                .zip(b)
                .map(|(a, b)| sextant_plugin_names::damerau_levenshtein(a, b));
            results.append_option(found.map(|found| found as i64));
        }
        Ok(ColumnarValue::Array(Arc::new(results.finish()) as ArrayRef))
    };
    context.register_udf(create_udf(
        "native_damerau_levenshtein",
        pair.clone(),
        DataType::Int64,
        Volatility::Immutable,
        Arc::new(distance),
    ));
    let similarity = |arguments: &[ColumnarValue]| {
        let columns = ColumnarValue::values_to_arrays(arguments)?;
        let mut matcher = Matcher::new();
        let mut results = Float64Builder::new();
        for (a, b) in columns[0]
            .as_string_view()
            .iter()
            .zip(columns[1].as_string_view())
        {
            let found = a
                .zip(b)
                .map(|(a, b)| matcher.similarity(a, b, MatchKind::Person));
            results.append_option(found);
        }
        Ok(ColumnarValue::Array(Arc::new(results.finish()) as ArrayRef))
    };
    context.register_udf(create_udf(
        "native_name_similarity",
        pair,
        DataType::Float64,
        Volatility::Immutable,
        Arc::new(similarity),
    ));
    context
}

/// Used by the screening figures too: the labelled lists as a host sees them.
pub(crate) fn count(host: &sextant::Host, sql: &str) -> f64 {
    rows(host, sql)[0].parse().expect("a number")
}
