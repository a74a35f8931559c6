//! Ships, vehicles and their plates.

use super::{Verdict, compact, digits_of_length, latin_look_alike, values};

/// Seven digits; the letters `IMO` before them are dropped.
pub(super) fn normalize_imo(text: &str) -> Option<String> {
    let compact = compact(text)?;
    digits_of_length(compact.strip_prefix("IMO").unwrap_or(&compact), 7)
}

/// The last digit is that of the sum of the first six, weighted 7 to 2 (IMO resolution A.1117(30)).
pub(super) fn check_imo(imo: &str) -> Verdict {
    let sum: u32 = values(imo)
        .zip((2..=7).rev())
        .map(|(digit, weight)| digit * weight)
        .sum();
    let found = values(imo).last().unwrap_or_default();
    Verdict::of_digit(found, sum % 10)
}

const VIN_LENGTH: usize = 17;
/// Where the check digit stands, counted from zero.
const VIN_CHECK: usize = 8;

/// Seventeen Latin capitals and digits. `I`, `O` and `Q` are not used (ISO 3779), so that they are read
/// as the digits they were mistaken for; Cyrillic look-alikes are read as Latin.
pub(super) fn normalize_vin(text: &str) -> Option<String> {
    let vin: String = compact(text)?
        .chars()
        .map(latin_look_alike)
        .map(|c| match c {
            'I' => '1',
            'O' | 'Q' => '0',
            other => other,
        })
        .collect();
    (vin.len() == VIN_LENGTH && vin.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(vin)
}

/// The check digit of 49 CFR 565.15. It is prescribed in North America and in China only; elsewhere
/// makers may put anything in its place, and a number does not fail for it.
pub(super) fn check_vin(vin: &str) -> Verdict {
    const WEIGHTS: [u32; VIN_LENGTH] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = vin
        .bytes()
        .zip(WEIGHTS)
        .map(|(byte, weight)| transliterated(byte) * weight)
        .sum();
    let expected = match sum % 11 {
        10 => b'X',
        digit => b"0123456789"[digit as usize],
    };
    let found = vin.as_bytes()[VIN_CHECK];
    if found == expected {
        return Verdict::valid("check digit fits");
    }
    let (found, expected) = (char::from(found), char::from(expected));
    if vin.starts_with(['1', '2', '3', '4', '5', 'L']) {
        Verdict::invalid(format!("check digit is {found}, expected {expected}"))
    } else {
        Verdict::valid("the form fits; there is no check digit, which its region does not ask for")
    }
}

/// The value of a character: digits their own, letters by their place, 9 columns of 49 CFR 565.15.
fn transliterated(byte: u8) -> u32 {
    let value = match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'H' => byte - b'A' + 1,
        b'J'..=b'N' => byte - b'J' + 1,
        b'P' => 7,
        b'R' => 9,
        b'S'..=b'Z' => byte - b'S' + 2,
        _ => 0,
    };
    u32::from(value)
}

/// Capitals and digits without separators, with look-alike Cyrillic letters in Latin.
pub(super) fn normalize_plate(text: &str) -> Option<String> {
    let plate: String = compact(text)?.chars().map(latin_look_alike).collect();
    let length = plate.chars().count();
    let mixed = plate.chars().any(|c| c.is_ascii_digit());
    ((3..=10).contains(&length) && mixed).then_some(plate)
}

/// The shapes of Ukrainian plates: `L` is a letter and `9` a digit.
const SHAPES: &[(&str, &str)] = &[
    ("LL9999LL", "series of 2004"),
    ("LL9999L", "series of 2004, motorcycle or trailer"),
    ("99999LL", "series of 1995"),
    ("9999LL", "series of 1995, motorcycle or trailer"),
    ("L9999LL", "Soviet series of 1977"),
    ("99LL9999", "transit"),
    ("LL99LLLL", "transit of 2015"),
    ("9999L9", "armed forces"),
];

/// The regions of the series of 2004, under both letter pairs of each. Sorted by code.
#[rustfmt::skip]
const REGIONS: &[(&str, &str)] = &[
    ("AA", "Kyiv"), ("AB", "Vinnytsia region"), ("AC", "Volyn region"), ("AE", "Dnipropetrovsk region"),
    ("AH", "Donetsk region"), ("AI", "Kyiv region"), ("AK", "Crimea"), ("AM", "Zhytomyr region"),
    ("AO", "Zakarpattia region"), ("AP", "Zaporizhzhia region"), ("AT", "Ivano-Frankivsk region"),
    ("AX", "Kharkiv region"), ("BA", "Kirovohrad region"), ("BB", "Luhansk region"), ("BC", "Lviv region"),
    ("BE", "Mykolaiv region"), ("BH", "Odesa region"), ("BI", "Poltava region"), ("BK", "Rivne region"),
    ("BM", "Sumy region"), ("BO", "Ternopil region"), ("BT", "Kherson region"), ("BX", "Khmelnytskyi region"),
    ("CA", "Cherkasy region"), ("CB", "Chernihiv region"), ("CE", "Chernivtsi region"), ("CH", "Sevastopol"),
    ("HA", "Kirovohrad region"), ("HB", "Luhansk region"), ("HC", "Lviv region"), ("HE", "Mykolaiv region"),
    ("HH", "Odesa region"), ("HI", "Poltava region"), ("HK", "Rivne region"), ("HM", "Sumy region"),
    ("HO", "Ternopil region"), ("HT", "Kherson region"), ("HX", "Khmelnytskyi region"), ("IA", "Cherkasy region"),
    ("IB", "Chernihiv region"), ("IE", "Chernivtsi region"), ("IH", "Sevastopol"), ("II", "nationwide"),
    ("KA", "Kyiv"), ("KB", "Vinnytsia region"), ("KC", "Volyn region"), ("KE", "Dnipropetrovsk region"),
    ("KH", "Donetsk region"), ("KI", "Kyiv region"), ("KK", "Crimea"), ("KM", "Zhytomyr region"),
    ("KO", "Zakarpattia region"), ("KP", "Zaporizhzhia region"), ("KT", "Ivano-Frankivsk region"),
    ("KX", "Kharkiv region"),
];

/// The shape of a plate and the region of its letters. Personal plates have no shape and are invalid
/// here, as is every foreign plate.
pub(super) fn check_plate(plate: &str) -> Verdict {
    let shape: String = plate
        .chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { 'L' })
        .collect();
    let Some((_, series)) = SHAPES.iter().find(|(known, _)| *known == shape) else {
        return Verdict::invalid("no known shape of a Ukrainian plate");
    };
    if !shape.starts_with("LL9999") {
        return Verdict::valid(*series);
    }
    let letters = plate.chars().filter(|c| !c.is_ascii_digit());
    if letters.clone().any(|c| !"ABCEHIKMOPTX".contains(c)) {
        return Verdict::invalid("a letter that plates of 2004 do not use");
    }
    let code: String = letters.take(2).collect();
    match REGIONS.binary_search_by_key(&code.as_str(), |(code, _)| *code) {
        Ok(place) => Verdict::valid(format!("{series}, {}", REGIONS[place].1)),
        Err(_) => Verdict::invalid(format!("no region has the letters {code}")),
    }
}

#[cfg(test)]
mod tests {
    use super::REGIONS;
    use crate::identifiers::{IdentifierKind, check_identifier, normalize_identifier};

    /// IMO 9074729 is the example that is computed in the literature: 63+0+35+16+21+4 = 139.
    #[test]
    fn a_ships_number_is_checked() {
        assert!(check_identifier(IdentifierKind::Imo, "IMO 9074729").valid);
        assert!(!check_identifier(IdentifierKind::Imo, "9074728").valid);
        assert_eq!(normalize_identifier(IdentifierKind::Imo, "907472"), None);
    }

    /// Seventeen ones, and 1M8GDM9AXKP042788, the usual worked example of 49 CFR 565.
    #[test]
    fn a_vehicles_number_is_checked_where_that_is_prescribed() {
        let check = |vin| check_identifier(IdentifierKind::Vin, vin);
        assert_eq!(check("11111111111111111").explanation, "check digit fits");
        assert!(check("1M8GDM9A XKP042788").valid);
        assert_eq!(
            check("1M8GDM9A1KP042788").explanation,
            "check digit is 1, expected X"
        );
        assert!(check("WVWZZZ1JZ3W386752").valid);
        assert_eq!(
            normalize_identifier(IdentifierKind::Vin, "1М8GDМ9АХКР042788"),
            Some("1M8GDM9AXKP042788".into())
        );
        assert_eq!(
            normalize_identifier(IdentifierKind::Vin, "1M8GDM9AXKP04278"),
            None
        );
    }

    #[test]
    fn the_regions_are_sorted() {
        assert!(REGIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn plates_of_both_alphabets_meet() {
        let normal = |text| normalize_identifier(IdentifierKind::UkrainianPlate, text);
        assert_eq!(normal("АА 1234 ВС"), Some("AA1234BC".into()));
        assert_eq!(normal("aa-1234-bc"), normal("АА1234ВС"));
        let check = |text| check_identifier(IdentifierKind::UkrainianPlate, text);
        assert_eq!(
            check("КХ 0001 ОО").explanation,
            "series of 2004, Kharkiv region"
        );
        assert_eq!(check("123-45 КА").explanation, "series of 1995");
        assert!(!check("ZZ1234AA").valid);
        assert!(!check("AZ1234AA").valid);
        assert!(!check("XA1234AA").valid);
        assert!(!check("KYIV1").valid);
    }
}
