//! Names of people: reading them, and what their differences mean.
//!
//! A title says nothing, a patronymic, an initial or an honorific may be missing, further names may be
//! missing for less the more is left. What stands on both sides and does not fit contradicts. The order
//! of the words does not count, but a father is not his son: `A bin B` is not `B bin A`.

use super::alignment::{Alignment, Pair, left_over};
use super::evidence::{Evidence, Rule};
use super::tables::{Family, LEXICON, Roles};
use super::tokens::{Prepared, Token};
use super::weights::{
    ASIDE_WEIGHT, Doubt, FATHER_CROSSED, FIRST_MISSING, HONORIFIC_EXCESS, INITIAL_WEIGHT,
    PATRONYMIC_EXCESS, PERSON, SERVANT_CONFLICT, TITLED_EXCESS, WITHOUT_VOWELS,
};
use super::whole;
use super::words::{Word, Words};

/// Prepares a name whose words were read.
pub(super) fn prepare(words: &mut Words, prepared: &mut Prepared) {
    words.look_up();
    drop_company_form(words);
    let is_title = |word: Word| word.roles().has(Roles::TITLE);
    let titled = words.iter().any(|(_, read)| is_title(read));
    if titled && words.iter().any(|(_, read)| !is_title(read)) {
        words.retain(|word| !is_title(word));
    }
    let names = words.iter().filter(|(_, read)| is_name(*read)).count();
    let (mut servant, mut father) = (false, false);
    for (place, (word, read)) in words.iter().enumerate() {
        let roles = read.roles();
        let last = place + 1 == words.len();
        if roles.has(Roles::SERVANT) && !last {
            servant = true;
        } else if roles.has(Roles::PARTICLE)
            && (!last || names > 1)
            && !read.dotted
            && word.len() > 1
        {
            father |= roles.has(Roles::FATHER);
            if !servant {
                let token = prepared.push(word);
                token.particle = true;
                token.weight = 0.0;
            }
        } else {
            let token = match number(word, read, place > 0 && last) {
                Some(number) => push_number(number, prepared),
                None => push_name(word, read, words.len(), prepared),
            };
            token.servant |= servant;
            token.father = father;
            token.aside = read.aside;
            token.honorific = roles.has(Roles::HONORIFIC) && names > 1;
            (servant, father) = (false, false);
        }
    }
    let content = prepared.tokens.iter().filter(|token| !token.particle);
    prepared.titled = titled && content.count() == 1;
    prepared.finish();
}

/// A company's form behind a person's name is dropped, as lists have it now and then.
fn drop_company_form(words: &mut Words) {
    let count = words.len();
    let form = count.checked_sub(1).and_then(|last| words.get(last));
    let drop = count > 2
        && form.is_some_and(|(word, _)| {
            let family = LEXICON.form(word);
            word.len() > 2 && matches!(family, Some(Family::Limited | Family::Stock))
        });
    if drop {
        words.narrow(0, count - 1);
    }
}

fn is_name(word: Word) -> bool {
    let roles = word.roles();
    !roles.has(Roles::HONORIFIC) && !roles.has(Roles::PARTICLE)
}

/// The number that a word of a person's name is: digits, or a Roman number behind the name.
fn number(word: &str, read: Word, behind: bool) -> Option<u64> {
    let roman = behind && word.len() > 1 && word.bytes().all(|byte| b"ivx".contains(&byte));
    match read.entry {
        Some(entry) if roman => entry.number,
        _ => word.parse().ok(),
    }
}

fn push_number(number: u64, prepared: &mut Prepared) -> &mut Token {
    let token = prepared.push_number(number);
    token.weight = 0.3;
    token
}

fn push_name<'p>(
    word: &str,
    read: Word,
    words: usize,
    prepared: &'p mut Prepared,
) -> &'p mut Token {
    let article = word
        .strip_prefix("al")
        .filter(|rest| read.lacks_vowels && rest.len() > 2);
    let servant_of = if read.lacks_vowels {
        servant_name_without_vowels(word)
    } else {
        servant_name(word)
    };
    let token = prepared.push(article.or(servant_of).unwrap_or(word));
    token.servant = servant_of.is_some();
    token.lacks_vowels = read.lacks_vowels;
    let letter = word.len() == 1 && !read.lacks_vowels && !read.syllables;
    if letter || (read.dotted && word.len() <= 2) {
        token.initial = true;
        token.weight = INITIAL_WEIGHT;
    } else {
        token.patronymic = words > 2 && is_patronymic(word);
    }
    token
}

/// The name after `Abd` where both are one word: `Abdulaziz`, `Abdurrahim`, but not `Abdallah`.
fn servant_name(word: &str) -> Option<&str> {
    let rest = word.strip_prefix("abd")?;
    let rest = rest.strip_prefix(['a', 'e', 'o', 'u']).unwrap_or(rest);
    let name = rest.strip_prefix(['l', 'r', 's', 'n', 'z', 'd', 't'])?;
    let god = name.starts_with("lah") || name.starts_with("laa") || rest.starts_with("lah");
    (word.len() >= 7 && name.len() >= 3 && !god).then_some(name)
}

/// The same in Arabic letters, where both are one word as often as two.
fn servant_name_without_vowels(word: &str) -> Option<&str> {
    let name = word.strip_prefix("bdal")?;
    (name.len() >= 2 && name != "lh").then_some(name)
}

/// Whether a word ends like an East Slavic patronymic in any of the usual transliterations.
fn is_patronymic(word: &str) -> bool {
    const ENDINGS: [&str; 12] = [
        "ovich", "evich", "ovych", "evych", "avich", "ovna", "evna", "ivna", "yivna", "ichna",
        "auna", "awna",
    ];
    ENDINGS
        .iter()
        .any(|ending| word.len() > ending.len() + 1 && word.ends_with(ending))
}

/// Compares two names of people.
pub(super) fn compare(
    a: &Prepared,
    b: &Prepared,
    alignment: &mut Alignment,
    evidence: &mut Evidence,
) -> f64 {
    if a.start == b.start && a.joined == b.joined {
        evidence.rule = Rule::SameLetters;
        return 1.0;
    }
    alignment.align(a, b, PERSON.pair, evidence);
    let edits = !evidence.known_apart;
    if evidence.pairs.is_empty() {
        evidence.rule = Rule::WrittenTogether;
        return whole::similarity(a, b, edits, 0.0);
    }
    let mut sum = Sum::default();
    for pair in &evidence.pairs {
        sum.add(a, b, pair);
    }
    let conflicts =
        |name: &Prepared, left: u32| left_over(name, left).map(conflict_weight).sum::<f64>();
    let conflict_a = conflicts(a, evidence.left_a) + SERVANT_CONFLICT * sum.servants.0;
    let conflict_b = conflicts(b, evidence.left_b) + SERVANT_CONFLICT * sum.servants.1;
    let conflict = conflict_a.min(conflict_b);
    let mut excess = if conflict > 0.0 {
        (conflict_a - conflict_b).abs()
    } else {
        let (over_a, over_b) = (left_over(a, evidence.left_a), left_over(b, evidence.left_b));
        over_a.chain(over_b).map(excess_weight).sum()
    };
    if a.titled != b.titled {
        excess *= TITLED_EXCESS;
    }
    evidence.conflict = conflict;
    evidence.excess = excess;
    let mut score = PERSON.score(sum.doubt, sum.matched * sum.matched, conflict, excess);
    if conflict == 0.0 && is_first_missing(a, b, evidence) {
        score *= FIRST_MISSING;
    }
    evidence.better(score, whole::similarity(a, b, edits, score))
}

/// What the pairs of two names amount to.
#[derive(Debug, Default)]
struct Sum {
    doubt: Doubt,
    matched: f64,
    /// How many matched words only one side has after `Abd`.
    servants: (f64, f64),
}

impl Sum {
    fn add(&mut self, a: &Prepared, b: &Prepared, pair: &Pair) {
        let (x, y) = (&a.tokens[pair.a.first()], &b.tokens[pair.b.first()]);
        let weight = pair.mean_weight(a, b);
        let crossed = a.fathers && b.fathers && x.father != y.father;
        let similarity = pair.similarity * if crossed { FATHER_CROSSED } else { 1.0 };
        let mut share = if weight > 0.4 { 1.0 } else { 0.5 };
        if x.lacks_vowels != y.lacks_vowels {
            share *= WITHOUT_VOWELS;
        }
        self.doubt.add(similarity, share);
        self.servants.0 += f64::from(u8::from(x.servant && !y.servant));
        self.servants.1 += f64::from(u8::from(y.servant && !x.servant));
        let both_honorific = x.honorific && y.honorific;
        self.matched += if both_honorific { 0.3 } else { weight };
    }
}

/// How much a word that stays over contradicts one that stays over on the other side.
fn conflict_weight(token: &Token) -> f64 {
    if token.aside {
        ASIDE_WEIGHT
    } else if token.initial {
        0.5
    } else if token.honorific || token.number.is_some() {
        0.3
    } else {
        token.weight.clamp(0.6, 1.0)
    }
}

/// How much a word is missed on the other side.
fn excess_weight(token: &Token) -> f64 {
    if token.aside {
        ASIDE_WEIGHT
    } else if token.honorific {
        HONORIFIC_EXCESS
    } else if token.patronymic {
        PATRONYMIC_EXCESS
    } else if token.initial {
        0.2
    } else {
        token.weight.max(0.5)
    }
}

/// Whether one name begins with a name that the other lacks, and the rest follows in the same order.
fn is_first_missing(a: &Prepared, b: &Prepared, evidence: &Evidence) -> bool {
    if evidence.left_a | evidence.left_b == 0 {
        return false;
    }
    let mut links: Vec<(usize, usize)> = evidence
        .pairs
        .iter()
        .map(|pair| (pair.a.first(), pair.b.first()))
        .collect();
    links.sort_unstable();
    let in_order = links.windows(2).all(|pair| pair[0].1 <= pair[1].1);
    let (Some(&(first_a, first_b)), true) = (links.first(), in_order) else {
        return false;
    };
    let leads = |name: &Prepared, left: u32, first: usize| {
        let lead = name.tokens.iter().enumerate().take(first);
        lead.filter(|&(place, _)| left & (1_u32 << place) != 0)
            .any(|(_, token)| !token.honorific && !token.initial && !token.aside)
    };
    leads(a, evidence.left_a, first_a) || leads(b, evidence.left_b, first_b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_after_abd_is_found_within_a_word() {
        for (word, name) in [
            ("abdulaziz", Some("aziz")),
            ("abdurrahim", Some("rahim")),
            ("abdelkader", Some("kader")),
            ("abdullah", None),
            ("abdallah", None),
            ("abdullatif", Some("latif")),
            ("abdi", None),
            ("aziz", None),
        ] {
            assert_eq!(servant_name(word), name, "{word}");
        }
    }

    #[test]
    fn patronymics_are_known_in_every_transliteration() {
        for word in [
            "petrovych",
            "petrovich",
            "ivanivna",
            "ivanovna",
            "illichna",
            "iosifavich",
        ] {
            assert!(is_patronymic(word), "{word}");
        }
        for word in ["petrenko", "ovich", "kovalchuk"] {
            assert!(!is_patronymic(word), "{word}");
        }
    }
}
