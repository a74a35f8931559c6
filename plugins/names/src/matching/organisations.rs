//! Names of companies, other organisations and ships.
//!
//! Legal forms come off both ends of the name and are compared by their sort: another form of the same
//! sort says little, a foundation is no company. Frequent words weigh half. Different series numbers, a
//! country that only one side names, and different words in brackets are told apart. Ships have no
//! forms, but prefixes (`M/V`), which are dropped.

use super::MatchKind;
use super::alignment::{Alignment, left_over};
use super::evidence::{Evidence, Rule};
use super::tables::{Family, LEXICON, Roles};
use super::tokens::{Prepared, Token};
use super::weights::{
    ASIDE_WEIGHT, COUNTRY_ADDED, Doubt, FAMILY_DIFFERS, FAMILY_FAR, NUMBER_DIFFERS, ORGANISATION,
};
use super::whole;
use super::words::{Word, Words};

/// The longest form that is looked for, in words.
const FORM_WORDS_MAX: usize = 7;

/// Prepares a name whose words were read.
pub(super) fn prepare(words: &mut Words, prepared: &mut Prepared) {
    words.merge_initials();
    words.look_up();
    let is_prefix = |word: Word| word.roles().has(Roles::VESSEL);
    if prepared.kind == MatchKind::Vessel {
        if words.iter().any(|(_, read)| !is_prefix(read)) {
            words.retain(|word| !is_prefix(word));
        }
    } else {
        prepared.family = strip_forms(words);
    }
    let main = words.iter().filter(|(_, read)| !read.aside).count();
    for (place, (word, read)) in words.iter().enumerate() {
        let last = place + 1 == words.len();
        if read.aside && main > 0 {
            push_aside(word, read, prepared);
        } else {
            push_word(word, read, place > 0, last, words.len() > 1, prepared);
        }
    }
    prepared.finish();
}

/// Takes the forms of organisations off both ends, as long as a word is left; returns the sort that the
/// first of them tells.
fn strip_forms(words: &mut Words) -> Option<Family> {
    let mut family = None;
    while let Some((start, end, found)) = form_at_an_end(words) {
        if found != Family::Generic {
            family = family.or(Some(found));
        }
        words.narrow(start, end);
    }
    family
}

/// The longest form at the end or else at the start of a name, as the words that are left without it.
fn form_at_an_end(words: &Words) -> Option<(usize, usize, Family)> {
    let count = words.len();
    let longest = FORM_WORDS_MAX.min(count.checked_sub(1)?);
    let role = |place: usize| words.get(place).map(|(_, read)| read.roles());
    if role(count - 1)?.has(Roles::FORM_LAST) {
        for length in (1..=longest).rev() {
            let form = words.together(count - length, count);
            if let Some(family) = form.and_then(|form| LEXICON.form(form)) {
                return Some((0, count - length, family));
            }
        }
    }
    if role(0)?.has(Roles::FORM_FIRST) {
        for length in (1..=longest).rev() {
            let form = words.together(0, length);
            if let Some(family) = form.and_then(|form| LEXICON.form(form)) {
                return Some((length, count, family));
            }
        }
    }
    None
}

/// A word in brackets beside the name counts little, and its own forms and small words not at all.
fn push_aside(word: &str, read: Word, prepared: &mut Prepared) {
    let roles = read.roles();
    if LEXICON.form(word).is_some() || roles.has(Roles::STOP) || roles.has(Roles::TITLE) {
        return;
    }
    let token = prepared.push(word);
    token.aside = true;
    token.weight = ASIDE_WEIGHT;
    token.country = roles.has(Roles::COUNTRY);
}

fn push_word(
    word: &str,
    read: Word,
    later: bool,
    last: bool,
    several: bool,
    prepared: &mut Prepared,
) {
    let after_number = prepared
        .tokens
        .last()
        .is_some_and(|token| token.number.is_some());
    if after_number && ["st", "nd", "rd", "th"].contains(&word) {
        return;
    }
    let roles = read.roles();
    let numeral = read.entry.and_then(|entry| entry.number);
    if roles.has(Roles::STOP) && several && !(numeral.is_some() && last) {
        let token = prepared.push(word);
        token.particle = true;
        token.weight = 0.0;
        return;
    }
    let digits: Option<u64> = word.parse().ok();
    if let Some(number) = digits.or(numeral.filter(|_| later || word.len() > 2)) {
        prepared.push_number(number).weight = 0.5;
        return;
    }
    let other = read.entry.and_then(|entry| entry.usual.as_deref());
    let usual = other.unwrap_or(word);
    let token = prepared.push(usual);
    token.forget_given_names();
    token.lacks_vowels = read.lacks_vowels;
    token.country = roles.has(Roles::COUNTRY);
    let roles = other.map_or(roles, |other| LEXICON.roles(other));
    token.weight = match roles.has(Roles::COMMON) {
        true => 0.5,
        false if word.len() <= 2 => 0.7,
        false => 1.0,
    };
}

/// Compares two names of organisations or ships.
pub(super) fn compare(
    a: &Prepared,
    b: &Prepared,
    alignment: &mut Alignment,
    evidence: &mut Evidence,
) -> f64 {
    evidence.family = family_factor(a.family, b.family);
    if a.start == b.start && a.joined == b.joined && !(a.asides && b.asides) {
        evidence.rule = Rule::SameLetters;
        let one_form = a.family == b.family || evidence.family < 1.0;
        return evidence.family * if one_form { 1.0 } else { 0.98 };
    }
    alignment.align(a, b, ORGANISATION.pair, evidence);
    let acronym = acronym_of(a, b).max(acronym_of(b, a));
    if evidence.pairs.is_empty() {
        return or_acronym(0.0, whole::similarity(a, b, true, 0.0), acronym, evidence);
    }
    let (mut doubt, mut matched) = (Doubt::default(), 0.0);
    for pair in &evidence.pairs {
        doubt.add(pair.similarity, 1.0);
        matched += pair.greater_weight(a, b);
    }
    let (over_a, over_b) = without_numbers(a, b, evidence);
    let both = over_a != 0 && over_b != 0;
    let weigh = |name: &Prepared, over: u32| -> f64 {
        left_over(name, over)
            .map(|token| over_weight(token, both))
            .sum()
    };
    let (weight_a, weight_b) = (weigh(a, over_a), weigh(b, over_b));
    let aside = |name: &Prepared, over: u32| left_over(name, over).any(|token| token.aside);
    let asides_differ = aside(a, over_a) && aside(b, over_b);
    evidence.conflict = weight_a.min(weight_b) + f64::from(u8::from(asides_differ));
    evidence.excess = (weight_a - weight_b).abs();
    if !both
        && left_over(a, over_a)
            .chain(left_over(b, over_b))
            .any(|token| token.country)
    {
        evidence.country = COUNTRY_ADDED;
    }
    let score = ORGANISATION.score(doubt, matched, evidence.conflict, evidence.excess);
    let score = score * evidence.numbers * evidence.country;
    let together = whole::similarity(a, b, !both, score) * evidence.numbers;
    or_acronym(score, together, acronym, evidence)
}

/// The best of the three ways to compare, less what the forms tell.
fn or_acronym(words: f64, together: f64, acronym: f64, evidence: &mut Evidence) -> f64 {
    let score = evidence.better(words, together);
    if acronym > score {
        evidence.rule = Rule::Acronym;
    }
    score.max(acronym) * evidence.family
}

fn family_factor(a: Option<Family>, b: Option<Family>) -> f64 {
    match (a, b) {
        (Some(a), Some(b)) if a.is_far(b) => FAMILY_FAR,
        (Some(a), Some(b)) if a != b => FAMILY_DIFFERS,
        _ => 1.0,
    }
}

/// The words left over, without numbers where both sides have one; those are counted apart.
fn without_numbers(a: &Prepared, b: &Prepared, evidence: &mut Evidence) -> (u32, u32) {
    let numbers = |name: &Prepared, left: u32| -> u32 {
        let places = name.tokens.iter().enumerate();
        places
            .filter(|(_, token)| token.number.is_some())
            .fold(0, |mask, (place, _)| mask | (left & (1 << place)))
    };
    let numbers_a = numbers(a, evidence.left_a);
    let numbers_b = numbers(b, evidence.left_b);
    if numbers_a == 0 || numbers_b == 0 {
        return (evidence.left_a, evidence.left_b);
    }
    let differing = numbers_a.count_ones().min(numbers_b.count_ones());
    evidence.numbers = NUMBER_DIFFERS.powi(differing.cast_signed());
    (evidence.left_a & !numbers_a, evidence.left_b & !numbers_b)
}

/// How much a word that stays over counts: more where the other side has one too.
fn over_weight(token: &Token, both: bool) -> f64 {
    if token.aside {
        ASIDE_WEIGHT
    } else if both {
        token.weight.max(0.7)
    } else {
        token.weight
    }
}

/// The score of `short` having a word of the first letters of the words of `long`.
fn acronym_of(short: &Prepared, long: &Prepared) -> f64 {
    const LETTERS: std::ops::RangeInclusive<usize> = 2..=6;
    let first = |token: &Token| long.text(token).bytes().next();
    let content = long
        .tokens
        .iter()
        .filter(|token| !token.particle && !token.aside);
    if content.clone().count() < 2 {
        return 0.0;
    }
    let mut best: f64 = 0.0;
    for (place, token) in short.tokens.iter().enumerate() {
        let letters = short.text(token);
        if !LETTERS.contains(&letters.len()) {
            continue;
        }
        let abbreviates = letters.bytes().eq(content.clone().filter_map(first))
            || letters.bytes().eq(long.tokens.iter().filter_map(first));
        if abbreviates {
            let others = short
                .tokens
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != place);
            let rest: f64 = others.map(|(_, token)| token.weight).sum();
            let base = if letters.len() > 2 { 0.8 } else { 0.72 };
            best = best.max(base - 0.04 * rest);
        }
    }
    best
}
