//! Numbers of Ukrainian registers: enterprises, taxpayers and passports.

use super::{Verdict, compact, cyrillic_look_alike, values};

/// Eight digits; the register keeps leading zeros, which spreadsheets drop, so they are restored.
pub(super) fn normalize_edrpou(text: &str) -> Option<String> {
    let digits = compact(text)?;
    let fits = (5..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| format!("{digits:0>8}"))
}

/// The check digit of a code of the register: weights from 1 (or, from 30 to 60 million, a 7 before
/// them), modulo 11; where that gives 10, the weights are 2 higher, and a second 10 counts as 0.
pub(super) fn check_edrpou(code: &str) -> Verdict {
    const OUTSIDE: [u32; 7] = [1, 2, 3, 4, 5, 6, 7];
    const INSIDE: [u32; 7] = [7, 1, 2, 3, 4, 5, 6];
    let number: u32 = values(code).fold(0, |number, digit| number * 10 + digit);
    let weights = if (30_000_000..=60_000_000).contains(&number) {
        INSIDE
    } else {
        OUTSIDE
    };
    let remainder = |raised: u32| {
        let products = values(code)
            .zip(weights)
            .map(|(digit, weight)| digit * (weight + raised));
        products.sum::<u32>() % 11
    };
    let expected = match remainder(0) {
        10 => remainder(2) % 10,
        digit => digit,
    };
    Verdict::of_digit(number % 10, expected)
}

/// The check digit of a taxpayer's number, and what its other digits say: the birthday as days since
/// 31 December 1899, and the sex by the ninth digit, odd for men.
pub(super) fn check_rntrc(number: &str) -> Verdict {
    const WEIGHTS: [i32; 9] = [-1, 5, 7, 9, 4, 6, 10, 5, 7];
    let digits: Vec<u32> = values(number).collect();
    let sum: i32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit.cast_signed() * weight)
        .sum();
    let expected = sum.rem_euclid(11).cast_unsigned() % 10;
    let digit = digits.last().copied().unwrap_or_default();
    if digit != expected {
        return Verdict::of_digit(digit, expected);
    }
    let days = digits
        .iter()
        .take(5)
        .fold(0, |days, digit| days * 10 + digit);
    let sex = if digits.get(8).is_some_and(|digit| digit % 2 == 1) {
        "male"
    } else {
        "female"
    };
    if days == 0 {
        return Verdict::valid(format!("check digit fits; {sex}, no birth date"));
    }
    let (year, month, day) = date_of(days);
    Verdict::valid(format!(
        "check digit fits; {sex}, born {year:04}-{month:02}-{day:02}"
    ))
}

/// The date so many days after 31 December 1899.
fn date_of(days: u32) -> (u32, u32, u32) {
    let (mut year, mut rest) = (1900, days);
    loop {
        let length = 365 + u32::from(is_leap(year));
        if rest <= length {
            break;
        }
        rest -= length;
        year += 1;
    }
    let mut month = 1;
    for length in [
        31,
        28 + u32::from(is_leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ] {
        if rest <= length {
            break;
        }
        rest -= length;
        month += 1;
    }
    (year, month, rest)
}

fn is_leap(year: u32) -> bool {
    (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400)
}

/// Two letters and six digits. The booklet's series is Cyrillic and the travel passport's Latin; a
/// series whose letters all exist in both is written in Cyrillic, so that both spellings meet.
pub(super) fn normalize_passport(text: &str) -> Option<String> {
    let compact = compact(text)?;
    let mut letters = compact.chars();
    let series = [letters.next()?, letters.next()?];
    let number = letters.as_str();
    let digits = number.len() == 6 && number.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !series.iter().all(|letter| letter.is_alphabetic()) {
        return None;
    }
    let cyrillic = series.map(cyrillic_look_alike);
    if cyrillic.iter().all(|letter| is_ukrainian_capital(*letter)) {
        Some(format!("{}{}{number}", cyrillic[0], cyrillic[1]))
    } else if series.iter().all(char::is_ascii_uppercase) {
        Some(format!("{}{}{number}", series[0], series[1]))
    } else {
        None
    }
}

fn is_ukrainian_capital(letter: char) -> bool {
    matches!(letter, 'А'..='Я' | 'Є' | 'І' | 'Ї' | 'Ґ') && !matches!(letter, 'Ъ' | 'Ы' | 'Э')
}

pub(super) fn check_passport(passport: &str) -> Verdict {
    if passport.is_ascii() {
        Verdict::valid("a series of the passport for travel; there is no check digit")
    } else {
        Verdict::valid("a series of two letters and a number; there is no check digit")
    }
}

#[cfg(test)]
mod tests {
    use crate::identifiers::{IdentifierKind, check_identifier, normalize_identifier};

    /// Codes that their holders publish (PrivatBank, Oschadbank, Ukrposhta, Naftogaz, Nova Poshta), and
    /// the example of python-stdnum.
    #[test]
    fn published_codes_of_enterprises_pass() {
        for code in [
            "14360570", "00032129", "32129", "21560045", "20077720", "31316718", "32855961",
        ] {
            assert!(
                check_identifier(IdentifierKind::Edrpou, code).valid,
                "{code}"
            );
        }
        let wrong = check_identifier(IdentifierKind::Edrpou, "32855968");
        assert_eq!(wrong.explanation, "check digit is 8, expected 1");
        assert_eq!(
            normalize_identifier(IdentifierKind::Edrpou, " 32129 "),
            Some("00032129".into())
        );
    }

    /// The example of python-stdnum, `stdnum.ua.rntrc`; 17,590 days after 31 December 1899.
    #[test]
    fn a_taxpayers_number_tells_birthday_and_sex() {
        let verdict = check_identifier(IdentifierKind::Rntrc, "1759013776");
        assert!(verdict.valid);
        assert_eq!(
            verdict.explanation,
            "check digit fits; male, born 1948-02-28"
        );
        assert!(!check_identifier(IdentifierKind::Rntrc, "1759013770").valid);
        assert!(!check_identifier(IdentifierKind::Rntrc, "175901377").valid);
    }

    #[test]
    fn a_passport_is_one_in_both_alphabets() {
        let normal = |text| normalize_identifier(IdentifierKind::UkrainianPassport, text);
        assert_eq!(normal("МЕ 123456"), Some("МЕ123456".into()));
        assert_eq!(normal("me123456"), normal("МЕ№123456"));
        assert_eq!(normal("FE-123456"), Some("FE123456".into()));
        assert_eq!(normal("ЮЩ123456"), Some("ЮЩ123456".into()));
        assert_eq!(normal("FЩ123456"), None);
        assert_eq!(normal("МЕ12345"), None);
    }
}
