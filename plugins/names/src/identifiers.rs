//! Identifiers: one written form for each, and what its own check digits say.
//!
//! [`normalize_identifier`] brings a number to the form by which tables join: separators and look-alike
//! letters are settled, nothing is guessed, and a text that cannot be such an identifier has no form.
//! [`check_identifier`] then computes what the standard allows to compute without a register. A passed
//! check never says that the number was issued.
//!
//! | kind | form | check | after |
//! |---|---|---|---|
//! | `edrpou` | 8 digits | digit, modulo 11 | the Ukrainian register of enterprises |
//! | `rntrc` | 10 digits | digit, modulo 11; birth date and sex | the Ukrainian taxpayer number |
//! | `passport_ua` | 2 letters, 6 digits | form | booklet and passport for travel |
//! | `id_card_ua` | 9 digits | form | the card of 2016 |
//! | `iban` | country, 2 digits, account | modulo 97, length | ISO 13616, ISO 7064 |
//! | `imei` | 15 digits | Luhn | 3GPP TS 23.003, ISO/IEC 7812-1 |
//! | `imo` | 7 digits | digit of a ship or of a company | IMO resolutions A.1117(30), MSC.160(78) |
//! | `vin` | 17 characters | digit where it is prescribed | ISO 3779, 49 CFR 565 |
//! | `mrz` | lines of 30, 36 or 44 | all digits | ICAO Doc 9303 parts 3 to 7 |
//! | `plate_ua` | Latin capitals and digits | form and region | Ukrainian plates since 1977 |

mod ukraine;

mod bank;

mod device;

mod vehicle;

pub mod mrz;

use std::borrow::Cow;

/// What an identifier identifies, and by which rules it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentifierKind {
    /// A code of the Ukrainian register of enterprises and organisations.
    Edrpou,
    /// A registration number of a Ukrainian taxpayer.
    Rntrc,
    /// A Ukrainian passport: the booklet of 1994 or the passport for travel.
    UkrainianPassport,
    /// A Ukrainian identity card.
    UkrainianIdCard,
    /// An international bank account number.
    Iban,
    /// The identity of a mobile device.
    Imei,
    /// The number of a ship or of its company.
    Imo,
    /// A vehicle identification number.
    Vin,
    /// The machine-readable zone of a travel document.
    Mrz,
    /// A Ukrainian registration plate.
    UkrainianPlate,
}

impl IdentifierKind {
    /// Every kind, with the names by which queries ask for it; the first is the usual one.
    pub const NAMES: &'static [(Self, &'static [&'static str])] = &[
        (Self::Edrpou, &["edrpou", "usreou"]),
        (Self::Rntrc, &["rntrc", "rnokpp", "inn_ua"]),
        (Self::UkrainianPassport, &["passport_ua", "passport"]),
        (Self::UkrainianIdCard, &["id_card_ua", "id_card"]),
        (Self::Iban, &["iban"]),
        (Self::Imei, &["imei"]),
        (Self::Imo, &["imo"]),
        (Self::Vin, &["vin"]),
        (Self::Mrz, &["mrz"]),
        (Self::UkrainianPlate, &["plate_ua", "plate"]),
    ];

    /// The kind of a name, in any case; none where there is no such kind.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
            .map(|(kind, _)| *kind)
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether nothing speaks against the identifier.
    pub valid: bool,
    /// Why, in a few words: what was read from it, or what does not fit.
    pub explanation: Cow<'static, str>,
}

impl Verdict {
    fn valid(explanation: impl Into<Cow<'static, str>>) -> Self {
        Self {
            valid: true,
            explanation: explanation.into(),
        }
    }

    fn invalid(explanation: impl Into<Cow<'static, str>>) -> Self {
        Self {
            valid: false,
            explanation: explanation.into(),
        }
    }

    /// A verdict on one check digit.
    fn of_digit(found: u32, expected: u32) -> Self {
        if found == expected {
            Self::valid("check digit fits")
        } else {
            Self::invalid(format!("check digit is {found}, expected {expected}"))
        }
    }
}

/// The longest text that is read, in bytes; a longer one is no identifier.
const TEXT_BYTES_MAX: usize = 256;

/// The form of an identifier by which it is compared; none where the text cannot be one.
pub fn normalize_identifier(kind: IdentifierKind, text: &str) -> Option<String> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    match kind {
        IdentifierKind::Edrpou => ukraine::normalize_edrpou(text),
        IdentifierKind::Rntrc => digits_of_length(text, 10),
        IdentifierKind::UkrainianPassport => ukraine::normalize_passport(text),
        IdentifierKind::UkrainianIdCard => digits_of_length(text, 9),
        IdentifierKind::Iban => bank::normalize_iban(text),
        IdentifierKind::Imei => device::normalize_imei(text),
        IdentifierKind::Imo => vehicle::normalize_imo(text),
        IdentifierKind::Vin => vehicle::normalize_vin(text),
        IdentifierKind::Mrz => mrz::normalize(text),
        IdentifierKind::UkrainianPlate => vehicle::normalize_plate(text),
    }
}

/// What the standard of its kind says about an identifier, in any written form.
pub fn check_identifier(kind: IdentifierKind, text: &str) -> Verdict {
    let Some(normal) = normalize_identifier(kind, text) else {
        return Verdict::invalid("not of this form");
    };
    match kind {
        IdentifierKind::Edrpou => ukraine::check_edrpou(&normal),
        IdentifierKind::Rntrc => ukraine::check_rntrc(&normal),
        IdentifierKind::UkrainianPassport => ukraine::check_passport(&normal),
        IdentifierKind::UkrainianIdCard => Verdict::valid("nine digits; there is no check digit"),
        IdentifierKind::Iban => bank::check_iban(&normal),
        IdentifierKind::Imei => device::check_imei(&normal),
        IdentifierKind::Imo => vehicle::check_imo(&normal),
        IdentifierKind::Vin => vehicle::check_vin(&normal),
        IdentifierKind::Mrz => mrz::check(&normal),
        IdentifierKind::UkrainianPlate => vehicle::check_plate(&normal),
    }
}

/// The letters and digits of a text, in capitals, without separators; none where it has anything else.
fn compact(text: &str) -> Option<String> {
    let mut compact = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if c.is_ascii_alphanumeric() => compact.push(c.to_ascii_uppercase()),
            _ if is_separator(c) => {}
            _ if c.is_alphanumeric() => compact.extend(c.to_uppercase()),
            _ => return None,
        }
    }
    Some(compact)
}

/// Spaces, hyphens, dots and slashes, which are written into numbers for the eye.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '.' | '/' | '_' | '№' | '\u{2010}'..='\u{2015}' | '\u{200b}'..='\u{200f}' | '\u{feff}'
        )
}

/// Exactly so many digits, with separators taken out.
fn digits_of_length(text: &str, length: usize) -> Option<String> {
    let digits = compact(text)?;
    (digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// The values of digits that were checked before to be digits.
fn values(digits: &str) -> impl Iterator<Item = u32> + '_ {
    digits
        .bytes()
        .map(|digit| u32::from(digit.wrapping_sub(b'0')))
}

/// The Cyrillic capitals that look like Latin ones, as plates and passports use them.
const LOOK_ALIKES: &[(char, char)] = &[
    ('А', 'A'),
    ('В', 'B'),
    ('С', 'C'),
    ('Е', 'E'),
    ('Н', 'H'),
    ('І', 'I'),
    ('К', 'K'),
    ('М', 'M'),
    ('О', 'O'),
    ('Р', 'P'),
    ('Т', 'T'),
    ('Х', 'X'),
];

/// The Latin letter that looks like a Cyrillic one, or the letter itself.
fn latin_look_alike(letter: char) -> char {
    LOOK_ALIKES
        .iter()
        .find(|(cyrillic, _)| *cyrillic == letter)
        .map_or(letter, |(_, latin)| *latin)
}

/// The Cyrillic letter that looks like a Latin one, or the letter itself.
fn cyrillic_look_alike(letter: char) -> char {
    LOOK_ALIKES
        .iter()
        .find(|(_, latin)| *latin == letter)
        .map_or(letter, |(cyrillic, _)| *cyrillic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_every_name_in_any_case() {
        for (kind, names) in IdentifierKind::NAMES {
            for name in *names {
                assert_eq!(IdentifierKind::from_name(name), Some(*kind));
                assert_eq!(IdentifierKind::from_name(&name.to_uppercase()), Some(*kind));
            }
        }
        assert_eq!(IdentifierKind::from_name("shoe size"), None);
    }

    #[test]
    fn no_kind_accepts_nothing_noise_or_an_endless_text() {
        for (kind, _) in IdentifierKind::NAMES {
            let endless = "1".repeat(10_000);
            for text in ["", " ", "?", "😀😀😀", endless.as_str()] {
                assert_eq!(normalize_identifier(*kind, text), None, "{kind:?} {text}");
                assert!(!check_identifier(*kind, text).valid);
            }
        }
    }

    #[test]
    fn normalizing_twice_changes_nothing() {
        let texts = [
            (IdentifierKind::Edrpou, "32129"),
            (IdentifierKind::UkrainianPassport, "me 123456"),
            (IdentifierKind::Iban, "gb82 west 1234 5698 7654 32"),
            (IdentifierKind::Imo, "IMO 9074729"),
            (IdentifierKind::Vin, "1m8gdm9a xkp042788"),
            (IdentifierKind::UkrainianPlate, "аа 1234 вс"),
        ];
        for (kind, text) in texts {
            let once = normalize_identifier(kind, text).expect("a form");
            assert_eq!(normalize_identifier(kind, &once), Some(once.clone()));
        }
    }
}
