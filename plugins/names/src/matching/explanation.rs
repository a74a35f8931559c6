//! The explanation of a comparison as JSON.

use super::MatchKind;
use super::alignment::{Pair, Span, left_over};
use super::evidence::Evidence;
use super::tokens::Prepared;
use super::weights::THRESHOLD;
use serde_json::{Value, json};

/// The explanation of a score. `a` and `b` stand as they were compared; `swapped` says that the caller
/// gave them the other way round.
pub(super) fn explain(
    a: &Prepared,
    b: &Prepared,
    swapped: bool,
    score: f64,
    evidence: &Evidence,
) -> Value {
    let matched: Vec<Value> = evidence
        .pairs
        .iter()
        .map(|pair| explain_pair(a, b, swapped, pair))
        .collect();
    let (only_a, only_b) = in_order(
        (
            words_left(a, evidence.left_a),
            words_left(b, evidence.left_b),
        ),
        swapped,
    );
    let mut explained = json!({
        "kind": a.kind.name(),
        "score": rounded(score),
        "match": score >= THRESHOLD,
        "rule": evidence.rule.name(),
        "matched": matched,
        "only_a": only_a,
        "only_b": only_b,
        "conflict": rounded(evidence.conflict),
        "excess": rounded(evidence.excess),
    });
    if a.kind != MatchKind::Person {
        let form = |name: &Prepared| name.family.map(|family| family.name());
        let (form_a, form_b) = in_order((form(a), form(b)), swapped);
        explained["forms"] = json!({ "a": form_a, "b": form_b });
    }
    for (name, factor) in [
        ("form_factor", evidence.family),
        ("number_factor", evidence.numbers),
        ("country_factor", evidence.country),
    ] {
        if factor < 1.0 {
            explained[name] = json!(factor);
        }
    }
    explained
}

fn explain_pair(a: &Prepared, b: &Prepared, swapped: bool, pair: &Pair) -> Value {
    let (word_a, word_b) = in_order((words_of(a, pair.a), words_of(b, pair.b)), swapped);
    json!({
        "a": word_a,
        "b": word_b,
        "similarity": rounded(pair.similarity),
        "how": pair.reason.name(),
    })
}

fn words_of(name: &Prepared, span: Span) -> String {
    let words: Vec<&str> = span
        .places()
        .map(|place| name.text(&name.tokens[place]))
        .collect();
    words.join(" ")
}

fn words_left(name: &Prepared, left: u32) -> Vec<&str> {
    left_over(name, left)
        .map(|token| name.text(token))
        .collect()
}

fn in_order<T>((a, b): (T, T), swapped: bool) -> (T, T) {
    if swapped { (b, a) } else { (a, b) }
}

fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}
