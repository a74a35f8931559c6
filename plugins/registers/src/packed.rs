//! Strings in which the register packs several fields. What cannot be told apart stays with the first
//! of them, and the table keeps the string as it stands, so nothing is lost by a wrong guess.

use sextant_plugin_sdk::date;
use std::borrow::Cow;

/// `NAME, code, address, розмір внеску до статутного фонду - N грн.`
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Founder<'a> {
    pub(crate) name: &'a str,
    /// Eight digits of a legal entity, or ten of a person.
    pub(crate) code: &'a str,
    pub(crate) address: &'a str,
    /// In hryvnias.
    pub(crate) contribution: Option<f64>,
}

/// `name; country; address`
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Beneficiary<'a> {
    pub(crate) name: &'a str,
    pub(crate) country: &'a str,
    pub(crate) address: &'a str,
}

/// `NAME; DD.MM.YYYY - керівник`, or `NAME - керівник`
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Signer<'a> {
    pub(crate) name: &'a str,
    /// Days since 1970-01-01.
    pub(crate) since: Option<i32>,
    pub(crate) role: &'a str,
}

/// `date; date; number`
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Registration<'a> {
    /// Days since 1970-01-01.
    pub(crate) registered_on: Option<i32>,
    /// Days since 1970-01-01.
    pub(crate) recorded_on: Option<i32>,
    pub(crate) number: &'a str,
}

/// What stands before the sum that a founder has put in, in lower case.
const CONTRIBUTION: &str = "розмір внеску до статутного фонду";

/// What stands behind the sum, in lower case.
const HRYVNIAS: &str = "грн";

/// What stands before a role.
const DASH: &str = " - ";

pub(crate) fn founder(text: &str) -> Founder<'_> {
    let (rest, contribution) = contribution(text);
    let rest = rest.trim_end_matches([',', ' ']);
    // A code is what tells a name with commas from an address.
    let mut start = 0;
    for piece in rest.split(',') {
        let code = piece.trim();
        if start > 0 && is_code(code) {
            return Founder {
                name: rest[..start - 1].trim(),
                code,
                address: rest.get(start + piece.len() + 1..).unwrap_or("").trim(),
                contribution,
            };
        }
        start += piece.len() + 1;
    }
    let (name, address) = rest.split_once(',').unwrap_or((rest, ""));
    Founder {
        name: name.trim(),
        code: "",
        address: address.trim(),
        contribution,
    }
}

/// Takes the sum off the end; the text stays whole where there is none.
fn contribution(text: &str) -> (&str, Option<f64>) {
    // What is looked for stands near the end, and begins with this letter.
    let mut starts = text.rmatch_indices(['р', 'Р']).map(|(at, _)| at);
    let is_found = |at: &usize| {
        let found = text.get(*at..at + CONTRIBUTION.len());
        found.is_some_and(|found| is_in_any_case(found, CONTRIBUTION))
    };
    let Some(at) = starts.find(is_found) else {
        return (text, None);
    };
    let (before, said) = text.split_at(at);
    let said = &said[CONTRIBUTION.len()..];
    let said = said.trim_matches(|c: char| c.is_whitespace() || "-–—:.".contains(c));
    let end = said.len().saturating_sub(HRYVNIAS.len());
    let said = match said.split_at_checked(end) {
        Some((sum, unit)) if is_in_any_case(unit, HRYVNIAS) => sum,
        _ => said,
    };
    let amount = amount(said);
    // A sum may be left out. Where lower case has another length, nothing is cut.
    let is_told = amount.is_some() || said.trim().is_empty();
    match is_told && is_as_long_in_lower_case(before) {
        true => (before, amount),
        false => (text, None),
    }
}

/// Whether a text is another one but for its case; that one is in lower case.
fn is_in_any_case(text: &str, lower: &str) -> bool {
    text == lower || text.chars().flat_map(char::to_lowercase).eq(lower.chars())
}

fn is_as_long_in_lower_case(text: &str) -> bool {
    let len = |c: char| match c {
        // The letters of the register, which need not be looked up.
        '\0'..='\x7f' | '\u{400}'..='\u{4ff}' => c.len_utf8(),
        _ => c.to_lowercase().map(char::len_utf8).sum::<usize>(),
    };
    text.chars().map(len).sum::<usize>() == text.len()
}

/// A sum of money: `1000`, `1000.50`, `1 000,50`.
pub(crate) fn amount(text: &str) -> Option<f64> {
    let is_plain = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let text = text.trim();
    let plain = match is_plain(text) {
        true => Cow::Borrowed(text),
        false => {
            let kept = text.chars().filter(|c| !c.is_whitespace());
            Cow::Owned(kept.map(|c| if c == ',' { '.' } else { c }).collect())
        }
    };
    plain.parse().ok().filter(|_| is_plain(&plain))
}

/// Eight digits are the code of a legal entity, ten that of a person.
fn is_code(text: &str) -> bool {
    matches!(text.len(), 8 | 10) && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(crate) fn beneficiary(text: &str) -> Beneficiary<'_> {
    let mut parts = text.splitn(3, ';').map(str::trim);
    Beneficiary {
        name: parts.next().unwrap_or(""),
        country: parts.next().unwrap_or(""),
        address: parts.next().unwrap_or(""),
    }
}

pub(crate) fn signer(text: &str) -> Signer<'_> {
    let (head, rest) = text.split_once(';').unwrap_or((text, ""));
    // Without a day, the role may have a semicolon in it.
    if let Some((name, _)) = head.rsplit_once(DASH) {
        return Signer {
            name: name.trim(),
            since: None,
            role: text[name.len() + DASH.len()..].trim(),
        };
    }
    let rest = rest.trim();
    let (day, role) = rest.split_once(DASH).unwrap_or((rest, ""));
    let since = date::day(day.trim());
    Signer {
        name: head.trim(),
        since,
        role: if since.is_some() { role.trim() } else { rest },
    }
}

pub(crate) fn registration(text: &str) -> Registration<'_> {
    let mut parts = text.splitn(3, ';').map(str::trim);
    let mut day = || date::day(parts.next().unwrap_or(""));
    Registration {
        registered_on: day(),
        recorded_on: day(),
        number: parts.next().unwrap_or(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn founders() {
        let address = "Україна, 01001, місто Зразків, ВУЛИЦЯ ВИГАДАНА, будинок 1";
        let sum = "розмір внеску до статутного фонду - 1500.50 грн.";
        for (text, name, code, place, contribution) in [
            (
                format!("ПРИКЛАДЕНКО ТЕСТ ЗРАЗКОВИЧ, {address}, {sum}"),
                "ПРИКЛАДЕНКО ТЕСТ ЗРАЗКОВИЧ",
                "",
                address,
                Some(1500.5),
            ),
            (
                format!(
                    "ТОВ \"ЗРАЗОК, ПРОБА І КО\", 12345678, {address}, Розмір внеску до статутного фонду - 1 000,00 грн."
                ),
                "ТОВ \"ЗРАЗОК, ПРОБА І КО\"",
                "12345678",
                address,
                Some(1000.0),
            ),
            (
                format!("ТОВ \"ЗРАЗОК\",12345678,{address}"),
                "ТОВ \"ЗРАЗОК\"",
                "12345678",
                address,
                None,
            ),
            (
                format!("ЗРАЗОК, {address}, РОЗМІР ВНЕСКУ ДО СТАТУТНОГО ФОНДУ: 1 500,5 ГРН"),
                "ЗРАЗОК",
                "",
                address,
                Some(1500.5),
            ),
            // The letter in lower case is a byte shorter.
            (
                format!("GROẞ, {sum}"),
                "GROẞ",
                "",
                "розмір внеску до статутного фонду - 1500.50 грн.",
                None,
            ),
            ("12345678".into(), "12345678", "", "", None),
            ("ЗРАЗОК, 12345678".into(), "ЗРАЗОК", "12345678", "", None),
            (
                format!("ЗРАЗОК, {address}, розмір внеску до статутного фонду - багато грн."),
                "ЗРАЗОК",
                "",
                "Україна, 01001, місто Зразків, ВУЛИЦЯ ВИГАДАНА, будинок 1, розмір внеску до статутного фонду - багато грн.",
                None,
            ),
            (
                format!("ЗРАЗОК, {address}, розмір внеску до статутного фонду -  грн."),
                "ЗРАЗОК",
                "",
                address,
                None,
            ),
            (
                "ЗРАЗОК, 12345678, розмір внеску до статутного фонду -".into(),
                "ЗРАЗОК",
                "12345678",
                "",
                None,
            ),
            (String::new(), "", "", "", None),
        ] {
            let expected = Founder {
                name,
                code,
                address: place,
                contribution,
            };
            assert_eq!(founder(&text), expected, "{text}");
        }
    }

    #[test]
    fn beneficiaries_signers_and_registrations() {
        assert_eq!(
            beneficiary("ПРИКЛАДЕНКО ТЕСТ; Україна; Україна, місто Зразків; кв. 1"),
            Beneficiary {
                name: "ПРИКЛАДЕНКО ТЕСТ",
                country: "Україна",
                address: "Україна, місто Зразків; кв. 1"
            }
        );
        assert_eq!(beneficiary("БЕЗ БЕНЕФІЦІАРА").name, "БЕЗ БЕНЕФІЦІАРА");
        // `date -ud 2010-01-15 +%s` divided by 86,400.
        let since = Some(14_624);
        assert_eq!(
            signer("А Б; 15.01.2010 - керівник"),
            Signer {
                name: "А Б",
                since,
                role: "керівник"
            }
        );
        assert_eq!(
            signer("А Б - керівник"),
            Signer {
                name: "А Б",
                since: None,
                role: "керівник"
            }
        );
        assert_eq!(
            signer("А Б; підписант"),
            Signer {
                name: "А Б",
                since: None,
                role: "підписант"
            }
        );
        assert_eq!(
            signer("А Б - керівник; підписант"),
            Signer {
                name: "А Б",
                since: None,
                role: "керівник; підписант"
            }
        );
        assert_eq!(
            signer("А Б; 15.01.2010"),
            Signer {
                name: "А Б",
                since,
                role: ""
            }
        );
        assert_eq!(signer("А Б").name, "А Б");
        assert_eq!(
            signer("А Б; 31.02.2010 - керівник").role,
            "31.02.2010 - керівник"
        );
        assert_eq!(
            registration("15.01.2010; 16.01.2010; 10741050002030405"),
            Registration {
                registered_on: since,
                recorded_on: Some(14_625),
                number: "10741050002030405"
            }
        );
        assert_eq!(registration("").number, "");
    }
}
