//! The remarks of an entry in OFAC's CSV, where most of what is known of it stands as one text: `DOB 01
//! Jan 1960; POB Port, Atlantis; Passport A1 (Atlantis) expires 02 Feb 2020; Linked To: GULL LTD.`
//!
//! A clause is read only where all of it has a known shape. Nothing depends on that: the whole text is
//! kept as the entry's comments.

use crate::date::PartialDate;
use crate::entity::{Entity, IdentifierKind, Name, NameKind, Quality};
use crate::ofac::{self, Document, Meaning};

/// How long the list lets a remark be; one that is as long goes on elsewhere.
const REMARK_CHARS_MAX: usize = 1_000;
/// How long the name of a country may be.
const COUNTRY_BYTES_MAX: usize = 60;
/// How long a number may be; what is longer is prose.
const NUMBER_BYTES_MAX: usize = 40;
/// The word for addresses of digital currencies, and how long one may be: those of Monero have 106.
const WALLET: &str = "Digital Currency Address -";
const WALLET_BYTES_MAX: usize = 128;
/// Words for numbers that may be letters alone.
const LETTERS: [&str; 3] = [
    "SWIFT/BIC",
    "Aircraft Tail Number",
    "Previous Aircraft Tail Number",
];

/// Adds what a remark says of an entity.
pub(crate) fn read(remark: &str, entity: &mut Entity) {
    let is_cut = remark.chars().count() >= REMARK_CHARS_MAX;
    let mut clauses: Vec<_> = remark.split(';').map(str::trim).collect();
    let last = match is_cut {
        true => clauses.pop().and(None),
        false => clauses.pop(),
    };
    for clause in clauses {
        read_clause(clause, clause, entity);
    }
    if let Some(last) = last {
        read_clause(last.strip_suffix('.').unwrap_or(last), last, entity);
    }
}

/// Adds what a clause says; `stopped` is the clause with the full stop of the remark.
fn read_clause(clause: &str, stopped: &str, entity: &mut Entity) {
    let clause = clause.strip_prefix("alt. ").unwrap_or(clause);
    if let Some(text) = clause.strip_prefix("DOB ") {
        entity.births.extend(ofac::birth(text));
    } else if let Some(text) = clause.strip_prefix("POB ") {
        entity.births.push(ofac::birth_place(text));
    } else if let Some(country) = clause.strip_prefix("nationality ") {
        if is_country(country) {
            entity.nationality(country);
        }
    } else if let Some(country) = clause.strip_prefix("citizen ") {
        if is_country(country) {
            entity.nationality(country);
            entity.attribute("citizen", country);
        }
    } else if let Some(name) = clause.strip_prefix("Linked To: ") {
        let stopped = stopped.strip_prefix("Linked To: ").unwrap_or(name);
        let name = if is_abbreviated(name) { stopped } else { name };
        entity.relations.push(ofac::linked_to(name));
    } else if let Some(name) = weak_alias(clause) {
        entity.names.push(name);
    } else if let Some((word, meaning, text)) = ofac::split_word(clause) {
        match meaning {
            Meaning::Identifier(kind) => add_document(word, kind, text, entity),
            Meaning::Attribute => entity.attribute(word, text),
            Meaning::Gender => {
                if let Some(description) = &mut entity.description {
                    description.gender = Some(text.to_lowercase());
                }
            }
        }
    }
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
fn weak_alias(clause: &str) -> Option<Name> {
    let (word, rest) = clause.split_once(" '")?;
    let kind = match word {
        "a.k.a." | "n.k.a." => NameKind::Alias,
        "f.k.a." => NameKind::Former,
        _ => return None,
    };
    let name = rest.strip_suffix('\'').filter(|name| !name.is_empty())?;
    Some(Name {
        quality: Some(Quality::Weak),
        quality_raw: Some(word.to_owned()),
        ..Name::new(kind, name)
    })
}

/// Reads `NUMBER (COUNTRY) issued DATE expires DATE`, of which all but the number may be missing.
fn add_document(word: &str, kind: IdentifierKind, text: &str, entity: &mut Entity) {
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
    entity
        .identifiers
        .push(ofac::identifier(word, kind, &document));
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
    use crate::entity::Description;

    fn entity(remark: &str) -> Entity {
        let mut entity = Entity {
            description: Some(Description::default()),
            ..Entity::new("1")
        };
        read(remark, &mut entity);
        entity
    }

    #[test]
    fn clauses_become_rows() {
        let entity = entity(
            "DOB 1960; alt. DOB 1961; POB Port, Atlantis; nationality Atlantis; citizen Atlantis; \
             alt. citizen Mu; Gender Female; a.k.a. 'THE 'GULL''; \
             Passport A 1 (Mu, North) issued 01 Jan 2001 expires Feb 2011; \
             alt. Company Number IMO 5000001; SWIFT/BIC GULLATXX; Passport Booklet B2 (Mu); \
             Website www.example.org; Linked To: TERN S.A.; \
             Harbour master; Linked To: GULL CO., LTD.",
        );
        assert_eq!(entity.births.len(), 3);
        assert_eq!(entity.nationalities, ["Atlantis", "Mu"]);
        let gender = entity
            .description
            .and_then(|description| description.gender);
        assert_eq!(gender.as_deref(), Some("female"));
        assert_eq!(entity.names[0].name, "THE 'GULL'");
        let passport = &entity.identifiers[0];
        assert_eq!(passport.number.as_deref(), Some("A 1"));
        assert_eq!(passport.country.as_deref(), Some("Mu, North"));
        // Python: (date(2001, 1, 1) - date(1970, 1, 1)).days.
        assert_eq!(
            (passport.issued_on, passport.expires_on),
            (Some(11_323), None)
        );
        assert_eq!(passport.note.as_deref(), Some("expires: Feb 2011"));
        let company = &entity.identifiers[1];
        assert_eq!(company.kind, IdentifierKind::Imo);
        assert_eq!(company.number.as_deref(), Some("5000001"));
        assert_eq!(entity.identifiers[2].number.as_deref(), Some("GULLATXX"));
        assert_eq!(entity.identifiers[3].kind, IdentifierKind::Passport);
        assert_eq!(entity.identifiers[3].number.as_deref(), Some("B2"));
        let fields: Vec<_> = entity
            .attributes
            .iter()
            .map(|it| it.field.as_str())
            .collect();
        assert_eq!(fields, ["citizen", "citizen", "Website"]);
        let linked: Vec<_> = entity
            .relations
            .iter()
            .filter_map(|it| it.note.as_deref())
            .collect();
        assert_eq!(linked, ["TERN S.A.", "GULL CO., LTD."]);
    }

    #[test]
    fn what_has_no_known_shape_is_left_alone() {
        let entity = entity(
            "DOB unknown; nationality of 3 states; Passport issued by the harbour; \
             Passport A1 (Mu (old)); Passport A1 expires soon; a.k.a. GULL; Passport; \
             nationality possibly Atlantis; Passport A1, Diplomatic (Mu); Passport A1, lost 2001); \
             Passport A1); NIT # Provisional (Mu); Passport A1 (possibly Mu); \
             SSN 12 which he was given in the harbour of Port Mu; NIT # 12 (Atlantis).",
        );
        assert!(entity.births.is_empty() && entity.nationalities.is_empty());
        assert!(entity.names.is_empty());
        assert_eq!(entity.identifiers.len(), 1);
        assert_eq!(entity.identifiers[0].number.as_deref(), Some("12"));
    }

    #[test]
    fn a_remark_that_is_cut_loses_its_last_clause() {
        let long = format!("DOB 1960; {}; DOB 196", "x".repeat(REMARK_CHARS_MAX));
        assert_eq!(entity(&long).births.len(), 1);
        let stopped = format!("DOB 1960; {}; POB St.", "x".repeat(REMARK_CHARS_MAX));
        assert_eq!(entity(&stopped).births.len(), 1);
    }
}
