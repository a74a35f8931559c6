//! The remarks of an entry in OFAC's CSV, where most of what is known of it stands as one text: `DOB 01
//! Jan 1960; POB Port, Atlantis; Passport A1 (Atlantis) expires 02 Feb 2020; Linked To: GULL LTD.`
//!
//! A clause is read only where all of it has a known shape. Nothing depends on that: the whole text is
//! kept as the entry's comments.

use crate::date::PartialDate;
use crate::entity::{Identifier, IdentifierKind, Joined, Name, NameKind, Quality};
use crate::ofac::{self, Document, Meaning};
use crate::rows::TableRows;
use crate::tables::ListTable;

/// How long the list lets a remark be; one that is as long goes on elsewhere.
const REMARK_CHARS_MAX: usize = 1_000;
/// How long the name of a country may be.
const COUNTRY_BYTES_MAX: usize = 60;
/// How long a number may be; what is longer is prose.
const NUMBER_BYTES_MAX: usize = 40;
/// The word for addresses of digital currencies, and how long one may be: those of Monero have 106.
const WALLET: &str = "Digital Currency Address -";
const WALLET_BYTES_MAX: usize = 128;
/// The tables that show what stands behind a word. The words are many, so for others none is looked for.
const WORDED: &[ListTable] = &[
    ListTable::Entities,
    ListTable::Identifiers,
    ListTable::Attributes,
];
/// Words for numbers that may be letters alone.
const LETTERS: [&str; 3] = [
    "SWIFT/BIC",
    "Aircraft Tail Number",
    "Previous Aircraft Tail Number",
];

/// Tells what a remark says of an entity, and gives its gender, which is part of what it is.
pub(crate) fn read<'a>(remark: &'a str, id: &str, rows: &mut TableRows) -> Option<&'a str> {
    let is_cut = remark.len() >= REMARK_CHARS_MAX && remark.chars().count() >= REMARK_CHARS_MAX;
    let (clauses, last) = match remark.rsplit_once(';') {
        Some((clauses, last)) => (Some(clauses), last.trim()),
        None => (None, remark.trim()),
    };
    let mut gender = None;
    for clause in clauses.into_iter().flat_map(|clauses| clauses.split(';')) {
        let clause = clause.trim();
        gender = read_clause(clause, clause, id, rows).or(gender);
    }
    if !is_cut {
        let clause = last.strip_suffix('.').unwrap_or(last);
        gender = read_clause(clause, last, id, rows).or(gender);
    }
    gender
}

/// Tells what a clause says, and gives the gender if it says that; `stopped` is the clause with the full
/// stop of the remark.
fn read_clause<'a>(
    clause: &'a str,
    stopped: &str,
    id: &str,
    rows: &mut TableRows,
) -> Option<&'a str> {
    let clause = clause.strip_prefix("alt. ").unwrap_or(clause);
    // Names are asked for most, and to compare with each word of the others takes time.
    if rows.wants(ListTable::Names) {
        if let Some(name) = weak_alias(clause) {
            rows.name(id, &name);
        }
    } else if let Some(text) = clause.strip_prefix("DOB ") {
        if rows.wants(ListTable::Births)
            && let Some(birth) = ofac::birth(text)
        {
            rows.birth(id, &birth);
        }
    } else if let Some(text) = clause.strip_prefix("POB ") {
        rows.birth(id, &ofac::birth_place(text));
    } else if let Some(country) = clause.strip_prefix("nationality ") {
        if is_country(country) {
            rows.nationality_once(id, country);
        }
    } else if let Some(country) = clause.strip_prefix("citizen ") {
        if is_country(country) {
            rows.nationality_once(id, country);
            rows.attribute(id, "citizen", country);
        }
    } else if let Some(name) = clause.strip_prefix("Linked To: ") {
        let stopped = stopped.strip_prefix("Linked To: ").unwrap_or(name);
        let name = if is_abbreviated(name) { stopped } else { name };
        rows.relation(id, &ofac::linked_to(name));
    } else if rows.wants_any(WORDED)
        && let Some((word, meaning, text)) = ofac::split_word(clause)
    {
        match meaning {
            Meaning::Identifier(kind) => add_document(word, kind, text, id, rows),
            Meaning::Attribute => rows.attribute(id, word, text),
            Meaning::Gender => return Some(text),
        }
    }
    None
}

/// Whether a text can be a country; `possibly Atlantis` is none.
fn is_country(text: &str) -> bool {
    text.len() <= COUNTRY_BYTES_MAX && !has_digit(text) && !text.starts_with(char::is_lowercase)
}

/// Whether a text behind a word can be the number of a document.
fn is_number(word: &str, text: &str) -> bool {
    let bytes_max = match word {
        WALLET => WALLET_BYTES_MAX,
        _ => NUMBER_BYTES_MAX,
    };
    let is_letters = LETTERS.contains(&word) && !text.is_empty() && !text.contains(' ');
    let is_sound = text.len() <= bytes_max && !text.contains(", ") && is_balanced(text);
    (has_digit(text) || is_letters) && is_sound
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether each bracket is closed, and none but those.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return false,
            b')' => depth -= 1,
            _ => {}
        }
    }
    depth == 0
}

/// Whether the full stop behind a name belongs to it: `S.A.`, `LTD.`
fn is_abbreviated(name: &str) -> bool {
    let last = name.rsplit(' ').next().unwrap_or(name);
    last.contains('.') || ["LTD", "LTDA", "CO", "INC", "CORP", "Jr", "Sr"].contains(&last)
}

/// Reads `a.k.a. 'NAME'`: the list has an alias among the remarks where it is a weak one.
fn weak_alias(clause: &str) -> Option<Name<'_>> {
    let (word, rest) = clause.split_at_checked("a.k.a.".len())?;
    let kind = match word {
        "a.k.a." | "n.k.a." => NameKind::Alias,
        "f.k.a." => NameKind::Former,
        _ => return None,
    };
    let name = rest.strip_prefix(" '")?.strip_suffix('\'')?;
    (!name.is_empty()).then(|| Name {
        quality: Some(Quality::Weak),
        quality_raw: Some(word),
        ..Name::new(kind, name)
    })
}

/// Reads `NUMBER (COUNTRY) issued DATE expires DATE`, of which all but the number may be missing.
fn add_document(word: &str, kind: IdentifierKind, text: &str, id: &str, rows: &mut TableRows) {
    let (text, expires) = split_end(text, " expires ");
    let (text, issued) = split_end(text, " issued ");
    let place = text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once(" ("));
    let (number, country) = place.map_or((text, None), |(text, country)| (text, Some(country)));
    let dates = [issued, expires];
    let are_dates = dates
        .iter()
        .flatten()
        .all(|text| PartialDate::parse_english(text).is_some());
    let is_place = country.is_none_or(|text| is_country(text) && !text.contains(['(', ')']));
    if !are_dates || !is_place || !is_number(word, number) {
        return;
    }
    let document = Document {
        number: Some(number),
        country,
        issued,
        expires,
    };
    let mut note = Joined::default();
    let identifier = ofac::identifier(word, kind, &document, &mut note);
    rows.identifier(
        id,
        &Identifier {
            note: note.text(),
            ..identifier
        },
    );
}

fn split_end<'a>(text: &'a str, word: &str) -> (&'a str, Option<&'a str>) {
    match text.rsplit_once(word) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Provenance;

    /// What a remark says of gender, and the rows that it gives a table, each joined by `|`.
    fn told(table: ListTable, remark: &str) -> (Option<&str>, Vec<String>) {
        let from = Provenance {
            list: String::new(),
            source: String::new(),
        };
        let mut rows = TableRows::new(table, from);
        let gender = read(remark, "1", &mut rows);
        (gender, rows.shown())
    }

    fn rows(table: ListTable, remark: &str) -> Vec<String> {
        told(table, remark).1
    }

    #[test]
    fn clauses_become_rows() {
        let remark = "DOB 1960; alt. DOB 1961; POB Port, Atlantis; nationality Atlantis; citizen Atlantis; \
             alt. citizen Mu; Gender Female; a.k.a. 'THE 'GULL''; \
             Passport A 1 (Mu, North) issued 01 Jan 2001 expires Feb 2011; \
             alt. Company Number IMO 5000001; SWIFT/BIC GULLATXX; Passport Booklet B2 (Mu); \
             Website www.example.org; Linked To: TERN S.A.; \
             Harbour master; Linked To: GULL CO., LTD.";
        assert_eq!(rows(ListTable::Births, remark).len(), 3);
        assert_eq!(
            rows(ListTable::Nationalities, remark),
            ["1|Atlantis", "1|Mu"]
        );
        assert_eq!(
            told(ListTable::Entities, remark),
            (Some("Female"), Vec::new())
        );
        assert_eq!(
            rows(ListTable::Names, remark),
            ["1|alias|THE 'GULL'|weak|a.k.a.|-|-|-|-|-|-|-|-|-"]
        );
        // Python: (date(2001, 1, 1) - date(1970, 1, 1)).days.
        let identifiers = [
            "1|passport|Passport|-|A 1|Mu, North|11323|-|-|-|expires: Feb 2011",
            "1|imo|Company Number|-|5000001|-|-|-|-|-|-",
            "1|other|SWIFT/BIC|-|GULLATXX|-|-|-|-|-|-",
            "1|passport|Passport Booklet|-|B2|Mu|-|-|-|-|-",
        ];
        assert_eq!(rows(ListTable::Identifiers, remark), identifiers);
        let attributes = [
            "1|citizen|Atlantis",
            "1|citizen|Mu",
            "1|Website|www.example.org",
        ];
        assert_eq!(rows(ListTable::Attributes, remark), attributes);
        let linked = [
            "1|-|linked_to|-|-|-|-|-|TERN S.A.",
            "1|-|linked_to|-|-|-|-|-|GULL CO., LTD.",
        ];
        assert_eq!(rows(ListTable::Relations, remark), linked);
    }

    #[test]
    fn what_has_no_known_shape_is_left_alone() {
        let remark = "DOB unknown; nationality of 3 states; Passport issued by the harbour; \
             Passport A1 (Mu (old)); Passport A1 expires soon; a.k.a. GULL; Passport; \
             nationality possibly Atlantis; Passport A1, Diplomatic (Mu); Passport A1, lost 2001); \
             Passport A1); NIT # Provisional (Mu); Passport A1 (possibly Mu); \
             SSN 12 which he was given in the harbour of Port Mu; NIT # 12 (Atlantis).";
        for table in [
            ListTable::Births,
            ListTable::Nationalities,
            ListTable::Names,
        ] {
            assert!(rows(table, remark).is_empty());
        }
        assert_eq!(
            rows(ListTable::Identifiers, remark),
            ["1|tax_id|NIT #|-|12|Atlantis|-|-|-|-|-"]
        );
    }

    #[test]
    fn a_remark_that_is_cut_loses_its_last_clause() {
        let long = format!("DOB 1960; {}; DOB 196", "x".repeat(REMARK_CHARS_MAX));
        assert_eq!(rows(ListTable::Births, &long).len(), 1);
        let stopped = format!("DOB 1960; {}; POB St.", "x".repeat(REMARK_CHARS_MAX));
        assert_eq!(rows(ListTable::Births, &stopped).len(), 1);
    }
}
