//! The identity of a mobile device: 3GPP TS 23.003, checked after Luhn (ISO/IEC 7812-1, annex B).

use super::{Verdict, compact, values};

/// Fourteen digits without a check digit, fifteen with it, or sixteen with a software version instead.
///
/// The first fourteen name the device; a version is cut off and the check digit computed, so that
/// every written form of one device is the same fifteen digits. A wrong check digit stays.
pub(super) fn normalize_imei(text: &str) -> Option<String> {
    let mut digits = compact(text)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match digits.len() {
        15 => Some(digits),
        14 | 16 => {
            digits.truncate(14);
            let digit = check_digit(&digits);
            Some(format!("{digits}{digit}"))
        }
        _ => None,
    }
}

pub(super) fn check_imei(imei: &str) -> Verdict {
    let (device, digit) = imei.split_at(14);
    let found = values(digit).next().unwrap_or_default();
    Verdict::of_digit(found, check_digit(device))
}

/// Luhn: every second digit from the right is doubled, and the digits of the results are added.
fn check_digit(digits: &str) -> u32 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .map(|digit| u32::from(digit.wrapping_sub(b'0')))
        .enumerate()
        .map(|(place, digit)| match place % 2 {
            0 if digit > 4 => digit * 2 - 9,
            0 => digit * 2,
            _ => digit,
        })
        .sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use crate::identifiers::{IdentifierKind, check_identifier, normalize_identifier};

    /// 49-015420-323751-8 is the example by which the GSM Association explains the check digit.
    #[test]
    fn the_known_example_passes_and_its_forms_meet() {
        let normal = |text| normalize_identifier(IdentifierKind::Imei, text);
        assert!(check_identifier(IdentifierKind::Imei, "49-015420-323751-8").valid);
        assert_eq!(normal("49015420323751"), Some("490154203237518".into()));
        assert_eq!(normal("4901542032375107"), normal("490154203237518"));
        let wrong = check_identifier(IdentifierKind::Imei, "490154203237517");
        assert_eq!(wrong.explanation, "check digit is 7, expected 8");
    }
}
