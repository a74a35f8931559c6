//! What both formats of the lists of the Office of Foreign Assets Control (OFAC) share: kinds,
//! programmes, words for documents, and dates of birth in English.
//!
//! The words are those that the list has used; what a word that is not here means is left open.

use crate::date::PartialDate;
use crate::entity::{
    Birth, BirthKind, EntityKind, Identifier, IdentifierKind, Joined, Measure, Relation, is_word,
};

/// What a word says of what stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Identifier(IdentifierKind),
    Gender,
    /// Something about the entity that identifies nobody.
    Attribute,
}

/// Words for passports.
const PASSPORTS: &[&str] = &[
    "Passport",
    "Diplomatic Passport",
    "Passport Booklet",
    "Passport Booklet:",
    "Stateless Person Passport",
];
/// Words for what a state gives a person.
const NATIONAL_IDS: &[&str] = &[
    "National ID No.",
    "National Foreign ID Number",
    "Tazkira National ID Card",
    "Cedula No.",
    "C.U.R.P.",
    "C.U.R.P. #",
    "D.N.I.",
    "SSN",
    "Personal ID Card",
    "Identification Number",
    "Citizen's Card Number",
    "Numero de Identidad",
    "Turkish Identificiation Number",
    "Turkish Identification Number",
    "Bosnian Personal ID No.",
    "Kenyan ID No.",
];
/// Words for numbers of taxpayers.
const TAX_IDS: &[&str] = &[
    "Tax ID No.",
    "NIT #",
    "R.F.C.",
    "R.F.C. #",
    "RFC",
    "RUC #",
    "RIF #",
    "RTN",
    "C.U.I.T.",
    "C.I.F.",
    "V.A.T. Number",
    "Italian Fiscal Code",
    "US FEIN",
];
/// Words for entries in registers of organizations.
const REGISTRATIONS: &[&str] = &[
    "Registration ID",
    "Registration Number",
    "Company Number",
    "UK Company Number",
    "Commercial Registry Number",
    "Business Registration Number",
    "Business Registration Document #",
    "Business Number",
    "Matricula Mercantil No",
    "Folio Mercantil No.",
    "Government Gazette Number",
    "Trade License No.",
    "Chamber of Commerce Number",
    "C.R. No.",
    "Public Registration Number",
    "Certificate of Incorporation Number",
    "Legal Entity Number",
    "Registered Charity No.",
    "Branch Unit Number",
    "Enterprise Number",
    "Unified Social Credit Code (USCC)",
];
/// Words for other documents and numbers.
const OTHERS: &[&str] = &[
    "LE Number",
    "Driver's License No.",
    "D-U-N-S Number",
    "SWIFT/BIC",
    "BIK (RU)",
    "MMSI",
    "Electoral Registry No.",
    "Credencial electoral",
    "I.F.E.",
    "Cartilla de Servicio Militar Nacional",
    "C.U.I.P.",
    "Birth Certificate Number",
    "Travel Document Number",
    "Residency Number",
    "Chinese Commercial Code",
    "Military Registration Number",
    "License",
    "Digital Currency Address -",
    "Aircraft Manufacturer's Serial Number (MSN)",
    "Aircraft Construction Number (also called L/N or S/N or F/N)",
    "Aircraft Mode S Transponder Code",
    "Aircraft Tail Number",
    "Previous Aircraft Tail Number",
    "Dubai Chamber of Commerce Membership No.",
];
/// Words for what identifies nobody.
const ATTRIBUTES: &[&str] = &[
    "Website",
    "Email Address",
    "Email",
    "Telephone",
    "Telephone No.",
    "Telephone:",
    "Phone Number",
    "Phone No.",
    "PHONE",
    "Fax",
    "Fax No.",
    "Fax:",
    "Aircraft Model",
    "Aircraft Manufacture Date",
    "Aircraft Operator",
    "Former Vessel Flag",
    "Former Vessel Type",
    "Other Vessel Flag",
    "Other Vessel Type",
    "Other Vessel Call Sign",
    "Vessel Call Sign",
    "Vessel Type",
    "Vessel Flag",
    "Vessel Owner",
    "Vessel Year of Build",
    "Nationality of Registration",
    "Additional Sanctions Information -",
    "Secondary sanctions risk:",
    "CAATSA Section 235 Information:",
    "IFCA Determination -",
    "Organization Established Date",
    "Organization Type:",
    "Target Type",
];

/// The words with what they mean.
const WORDS: [(&[&str], Meaning); 8] = [
    (PASSPORTS, Meaning::Identifier(IdentifierKind::Passport)),
    (
        NATIONAL_IDS,
        Meaning::Identifier(IdentifierKind::NationalId),
    ),
    (TAX_IDS, Meaning::Identifier(IdentifierKind::TaxId)),
    (
        REGISTRATIONS,
        Meaning::Identifier(IdentifierKind::Registration),
    ),
    (
        &["Vessel Registration Identification"],
        Meaning::Identifier(IdentifierKind::Imo),
    ),
    (OTHERS, Meaning::Identifier(IdentifierKind::Other)),
    (ATTRIBUTES, Meaning::Attribute),
    (&["Gender"], Meaning::Gender),
];

fn words() -> impl Iterator<Item = (&'static str, Meaning)> {
    let groups = WORDS.into_iter();
    groups.flat_map(|(words, meaning)| words.iter().map(move |&word| (word, meaning)))
}

/// What a word means, where it is a known one.
pub(crate) fn meaning(word: &str) -> Option<Meaning> {
    let mut known = words().filter(|(known, _)| *known == word);
    known.next().map(|(_, meaning)| meaning)
}

/// The longest word that a text begins with, what it means, and what stands behind it.
pub(crate) fn split_word(text: &str) -> Option<(&'static str, Meaning, &str)> {
    let found = words().filter_map(|(word, meaning)| {
        let behind = text.strip_prefix(word)?.strip_prefix(' ')?;
        Some((word, meaning, behind.trim()))
    });
    found.max_by_key(|(word, ..)| word.len())
}

/// What sort of thing an entry is; nothing stands there for organizations in one of the formats.
pub(crate) fn entity_kind(text: Option<&str>) -> EntityKind {
    const KINDS: [(&str, EntityKind); 4] = [
        ("entity", EntityKind::Organization),
        ("individual", EntityKind::Person),
        ("vessel", EntityKind::Vessel),
        ("aircraft", EntityKind::Aircraft),
    ];
    let Some(text) = text else {
        return EntityKind::Organization;
    };
    let known = KINDS.into_iter().find(|(word, _)| is_word(text, word));
    known.map_or(EntityKind::Other, |(_, kind)| kind)
}

/// The measure of a programme.
pub(crate) fn measure(programme: &str) -> Measure<'_> {
    Measure {
        programme: Some(programme),
        ..Measure::default()
    }
}

/// What a list says of a document, besides its kind.
#[derive(Debug, Default)]
pub(crate) struct Document<'a> {
    pub(crate) number: Option<&'a str>,
    pub(crate) country: Option<&'a str>,
    pub(crate) issued: Option<&'a str>,
    pub(crate) expires: Option<&'a str>,
}

/// A document of a kind. A date of which the day is not known is added to its note.
pub(crate) fn identifier<'a>(
    word: &'a str,
    kind: IdentifierKind,
    document: &Document<'a>,
    note: &mut Joined,
) -> Identifier<'a> {
    // Ships and their owners have a number of seven digits, under whatever word it stands.
    let imo = document
        .number
        .and_then(|number| number.strip_prefix("IMO "));
    let imo =
        imo.filter(|digits| digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    let mut day = |what: &str, text: Option<&str>| {
        let text = text?;
        let day = PartialDate::parse_english(text).and_then(PartialDate::days);
        if day.is_none() {
            note.add_field(what, text);
        }
        day
    };
    Identifier {
        kind: if imo.is_some() {
            IdentifierKind::Imo
        } else {
            kind
        },
        kind_raw: Some(word).filter(|word| !word.is_empty()),
        number: imo.or(document.number),
        country: document.country,
        issued_on: day("issued", document.issued),
        expires_on: day("expires", document.expires),
        ..Identifier::default()
    }
}

/// Reads `01 Jan 1960`, `Jan 1960`, `1960`, each with `circa` before it, or two of them with `to`
/// between.
pub(crate) fn birth(text: &str) -> Option<Birth<'_>> {
    let (is_about, rest) = match text.strip_prefix("circa ") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (from, to) = rest.split_once(" to ").unwrap_or((rest, rest));
    let dates = [from, to].map(PartialDate::parse_english);
    let (from, to) = (dates[0]?, dates[1]?);
    if from.year() > to.year() {
        return None;
    }
    let is_range = rest.contains(" to ");
    let date = from.days().filter(|_| !is_range && !is_about);
    let only_years = [from, to]
        .iter()
        .all(|date| matches!(date, PartialDate::Year(_)));
    Some(Birth {
        kind: match (is_range, is_about) {
            (true, _) => Some(BirthKind::Between),
            (false, true) => Some(BirthKind::Approximate),
            (false, false) => None,
        },
        date,
        year_from: Some(from.year()),
        year_to: Some(to.year()),
        // What the years do not say.
        note: (date.is_none() && !only_years).then_some(text),
        ..Birth::default()
    })
}

/// A place of birth: the list does not say which part of it is the country.
pub(crate) fn birth_place(text: &str) -> Birth<'_> {
    Birth {
        note: Some(text),
        ..Birth::default()
    }
}

/// A tie to somebody of whom the list gives the name alone.
pub(crate) fn linked_to(name: &str) -> Relation<'_> {
    Relation {
        kind: "linked_to",
        note: Some(name),
        ..Relation::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn births_as_the_list_writes_them() {
        let read = |text| {
            let birth = birth(text)?;
            let kind = birth.kind.map(BirthKind::as_str);
            Some((
                kind,
                birth.date,
                birth.year_from?,
                birth.year_to?,
                birth.note.map(str::to_owned),
            ))
        };
        let note = |text: &str| Some(text.to_owned());
        // Python: (date(1960, 1, 2) - date(1970, 1, 1)).days.
        assert_eq!(
            read("02 Jan 1960"),
            Some((None, Some(-3_652), 1960, 1960, None))
        );
        assert_eq!(read("1960"), Some((None, None, 1960, 1960, None)));
        assert_eq!(
            read("Jan 1960"),
            Some((None, None, 1960, 1960, note("Jan 1960")))
        );
        assert_eq!(
            read("circa 1960"),
            Some((Some("approximate"), None, 1960, 1960, None))
        );
        assert_eq!(
            read("circa 07 Jul 1966"),
            Some((
                Some("approximate"),
                None,
                1966,
                1966,
                note("circa 07 Jul 1966")
            ))
        );
        assert_eq!(
            read("1960 to 1962"),
            Some((Some("between"), None, 1960, 1962, None))
        );
        let days = "01 Jan 1961 to 31 Dec 1962";
        assert_eq!(
            read(days),
            Some((Some("between"), None, 1961, 1962, note(days)))
        );
        for text in [
            "",
            "32 Jan 1960",
            "1962 to 1960",
            "1960 to",
            "about 1960",
            "0000",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_longest_word_counts() {
        let national = Meaning::Identifier(IdentifierKind::NationalId);
        assert_eq!(
            split_word("C.U.R.P. # AB12"),
            Some(("C.U.R.P. #", national, "AB12"))
        );
        assert_eq!(
            split_word("C.U.R.P. AB12"),
            Some(("C.U.R.P.", national, "AB12"))
        );
        assert_eq!(split_word("Passports were seen"), None);
        let words: Vec<_> = words().collect();
        for (word, found) in &words {
            assert_eq!(meaning(word), Some(*found));
            assert_eq!(
                words.iter().filter(|(other, _)| other == word).count(),
                1,
                "{word}"
            );
        }
    }
}
