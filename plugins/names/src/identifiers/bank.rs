//! The international bank account number: ISO 13616, with the check of ISO 7064 (modulo 97-10).

use super::{Verdict, compact};

/// How long an account number is in each country: the IBAN registry that SWIFT keeps for ISO 13616.
/// Sorted by country.
#[rustfmt::skip]
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24), ("AE", 23), ("AL", 28), ("AT", 20), ("AZ", 28), ("BA", 20), ("BE", 16), ("BG", 22),
    ("BH", 22), ("BI", 27), ("BR", 29), ("BY", 28), ("CH", 21), ("CR", 22), ("CY", 28), ("CZ", 24),
    ("DE", 22), ("DJ", 27), ("DK", 18), ("DO", 28), ("EE", 20), ("EG", 29), ("ES", 24), ("FI", 18),
    ("FK", 18), ("FO", 18), ("FR", 27), ("GB", 22), ("GE", 22), ("GI", 23), ("GL", 18), ("GR", 27),
    ("GT", 28), ("HN", 28), ("HR", 21), ("HU", 28), ("IE", 22), ("IL", 23), ("IQ", 23), ("IS", 26), ("IT", 27),
    ("JO", 30), ("KW", 30), ("KZ", 20), ("LB", 28), ("LC", 32), ("LI", 21), ("LT", 20), ("LU", 20),
    ("LV", 21), ("LY", 25), ("MC", 27), ("MD", 24), ("ME", 22), ("MK", 19), ("MN", 20), ("MR", 27),
    ("MT", 31), ("MU", 30), ("NI", 28), ("NL", 18), ("NO", 15), ("OM", 23), ("PK", 24), ("PL", 28),
    ("PS", 29), ("PT", 25), ("QA", 29), ("RO", 24), ("RS", 22), ("RU", 33), ("SA", 24), ("SC", 31),
    ("SD", 18), ("SE", 24), ("SI", 19), ("SK", 24), ("SM", 27), ("SO", 23), ("ST", 25), ("SV", 28),
    ("TL", 23), ("TN", 24), ("TR", 26), ("UA", 29), ("VA", 22), ("VG", 24), ("XK", 20), ("YE", 30),
];

/// The longest number that ISO 13616 allows.
const LENGTH_MAX: usize = 34;

/// Capitals and digits without spaces; the letters `IBAN` that are printed before it are dropped.
pub(super) fn normalize_iban(text: &str) -> Option<String> {
    let mut iban = compact(text)?;
    if iban.starts_with("IBAN") {
        iban.drain(..4);
    }
    let bytes = iban.as_bytes();
    let form = (15..=LENGTH_MAX).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && bytes.iter().take(2).all(u8::is_ascii_uppercase)
        && bytes.iter().skip(2).take(2).all(u8::is_ascii_digit);
    form.then_some(iban)
}

pub(super) fn check_iban(iban: &str) -> Verdict {
    let (country, _) = iban.split_at(2);
    let Ok(place) = LENGTHS.binary_search_by_key(&country, |(country, _)| *country) else {
        return Verdict::invalid(format!("no country {country} in the registry"));
    };
    let expected = LENGTHS[place].1;
    if iban.len() != expected {
        let length = iban.len();
        return Verdict::invalid(format!("{length} characters, {country} has {expected}"));
    }
    match remainder(iban) {
        1 => Verdict::valid(format!("check digits fit; {country}")),
        other => Verdict::invalid(format!("remainder modulo 97 is {other}, expected 1")),
    }
}

/// The remainder by 97 of the number that the account and then the first four characters are, with
/// letters from 10 for A.
fn remainder(iban: &str) -> u32 {
    let (front, account) = iban.split_at(4);
    account
        .bytes()
        .chain(front.bytes())
        .fold(0, |remainder, byte| match byte {
            b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
            _ => (remainder * 100 + u32::from(byte.wrapping_sub(b'A')) + 10) % 97,
        })
}

#[cfg(test)]
mod tests {
    use super::LENGTHS;
    use crate::identifiers::{IdentifierKind, check_identifier};

    #[test]
    fn the_registry_is_sorted() {
        assert!(LENGTHS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    /// The examples of the IBAN registry for these countries, as printed there.
    #[test]
    fn examples_of_the_registry_pass() {
        for iban in [
            "UA21 3223 1300 0002 6007 2335 6600 1",
            "GB29 NWBK 6016 1331 9268 19",
            "DE89 3704 0044 0532 0130 00",
            "FR14 2004 1010 0505 0001 3M02 606",
            "NO93 8601 1117 947",
            "PL61 1090 1014 0000 0712 1981 2874",
            "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
            "iban be68-5390-0754-7034",
        ] {
            assert!(check_identifier(IdentifierKind::Iban, iban).valid, "{iban}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let explain = |iban| check_identifier(IdentifierKind::Iban, iban).explanation;
        assert_eq!(
            explain("GB29NWBK60161331926818"),
            "remainder modulo 97 is 71, expected 1"
        );
        assert_eq!(explain("DE8937040044053201300"), "21 characters, DE has 22");
        assert_eq!(
            explain("ZZ8937040044053201300"),
            "no country ZZ in the registry"
        );
        assert_eq!(explain("89370400440532013000"), "not of this form");
    }
}
