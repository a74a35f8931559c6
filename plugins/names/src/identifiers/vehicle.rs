//! Ships, vehicles and their plates.

use super::{Verdict, compact, digits_of_length, latin_look_alike, values};

/// Seven digits; the letters `IMO` before them are dropped.
pub(super) fn normalize_imo(text: &str) -> Option<String> {
    let compact = compact(text)?;
    digits_of_length(compact.strip_prefix("IMO").unwrap_or(&compact), 7)
}

/// The last digit of a ship's number is that of the sum of the first six, weighted 7 to 2 (IMO resolution
/// A.1117(30)). A company's number (resolution MSC.160(78)) has other weights and is taken modulo 11. The
/// number does not say which it is, so either digit passes.
pub(super) fn check_imo(imo: &str) -> Verdict {
    const SHIP: [u32; 6] = [7, 6, 5, 4, 3, 2];
    const COMPANY: [u32; 6] = [8, 6, 4, 2, 9, 7];
    let sum = |weights: [u32; 6]| -> u32 {
        let products = values(imo).zip(weights);
        products.map(|(digit, weight)| digit * weight).sum()
    };
    let found = values(imo).last().unwrap_or_default();
    let (ship, company) = (sum(SHIP) % 10, (11 - sum(COMPANY) % 11) % 10);
    if found == ship {
        Verdict::valid("check digit fits; a ship")
    } else if found == company {
        Verdict::valid("check digit fits; a company or an owner")
    } else {
        Verdict::invalid(format!(
            "check digit is {found}, expected {ship} for a ship, {company} for a company"
        ))
    }
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

/// What the plates of missions begin with: ambassadors, diplomats, consuls and staff. The digits are a
/// country and a number.
const MISSIONS: &[&str] = &["CDP", "DP", "CC", "D", "S"];

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

/// The regions of the series of 2004, under the letter pairs of 2004 and 2013 and the two that followed.
/// Since 2021 the pair says where a vehicle was registered, and plates ordered in the electronic cabinet or
/// in Diia have pairs of no region. Sorted by code.
#[rustfmt::skip]
const REGIONS: &[(&str, &str)] = &[
    ("AA", "Kyiv"), ("AB", "Vinnytsia region"), ("AC", "Volyn region"), ("AE", "Dnipropetrovsk region"),
    ("AH", "Donetsk region"), ("AI", "Kyiv region"), ("AK", "Crimea"), ("AM", "Zhytomyr region"),
    ("AO", "Zakarpattia region"), ("AP", "Zaporizhzhia region"), ("AT", "Ivano-Frankivsk region"),
    ("AX", "Kharkiv region"), ("BA", "Kirovohrad region"), ("BB", "Luhansk region"), ("BC", "Lviv region"),
    ("BE", "Mykolaiv region"), ("BH", "Odesa region"), ("BI", "Poltava region"), ("BK", "Rivne region"),
    ("BM", "Sumy region"), ("BO", "Ternopil region"), ("BT", "Kherson region"),
    ("BX", "Khmelnytskyi region"), ("CA", "Cherkasy region"), ("CB", "Chernihiv region"),
    ("CC", "Lviv region"), ("CE", "Chernivtsi region"), ("CH", "Sevastopol"), ("CM", "Volyn region"),
    ("DC", "nationwide"), ("DI", "nationwide"), ("EA", "Kirovohrad region"), ("EB", "Luhansk region"),
    ("EC", "Lviv region"), ("ED", "nationwide"), ("EE", "Luhansk region"), ("EH", "Odesa region"),
    ("EI", "Poltava region"), ("EK", "Rivne region"), ("EM", "Sumy region"), ("EO", "Ternopil region"),
    ("ET", "Kherson region"), ("EX", "Kharkiv region"), ("HA", "Kirovohrad region"),
    ("HB", "Luhansk region"), ("HC", "Lviv region"), ("HE", "Mykolaiv region"), ("HH", "Odesa region"),
    ("HI", "Poltava region"), ("HK", "Rivne region"), ("HM", "Sumy region"), ("HO", "Ternopil region"),
    ("HT", "Kherson region"), ("HX", "Khmelnytskyi region"), ("IA", "Cherkasy region"),
    ("IB", "Chernihiv region"), ("IE", "Chernivtsi region"), ("IH", "Sevastopol"), ("II", "nationwide"),
    ("KA", "Kyiv"), ("KB", "Vinnytsia region"), ("KC", "Volyn region"), ("KE", "Dnipropetrovsk region"),
    ("KH", "Donetsk region"), ("KI", "Kyiv region"), ("KK", "Crimea"), ("KM", "Zhytomyr region"),
    ("KO", "Zakarpattia region"), ("KP", "Zaporizhzhia region"), ("KT", "Ivano-Frankivsk region"),
    ("KX", "Kharkiv region"), ("MB", "Zhytomyr region"), ("ME", "Kyiv region"), ("MH", "Donetsk region"),
    ("MI", "Dnipropetrovsk region"), ("MK", "Crimea"), ("MM", "Vinnytsia region"),
    ("MO", "Zakarpattia region"), ("MP", "Zaporizhzhia region"), ("MT", "Zakarpattia region"),
    ("OA", "Cherkasy region"), ("OB", "Chernihiv region"), ("OE", "Chernivtsi region"),
    ("OH", "Sevastopol"), ("OK", "Vinnytsia region"), ("OO", "Odesa region"), ("OX", "Khmelnytskyi region"),
    ("PA", "Cherkasy region"), ("PB", "Chernihiv region"), ("PD", "nationwide"),
    ("PE", "Chernivtsi region"), ("PH", "Sevastopol"), ("PP", "Dnipropetrovsk region"),
    ("PX", "Khmelnytskyi region"), ("TA", "Kyiv"), ("TC", "Volyn region"), ("TH", "Donetsk region"),
    ("TI", "Kyiv region"), ("TK", "Crimea"), ("TM", "Zhytomyr region"), ("TO", "Ivano-Frankivsk region"),
    ("TP", "Zaporizhzhia region"), ("TT", "Kyiv"), ("XA", "Kirovohrad region"),
    ("XC", "Ivano-Frankivsk region"), ("XE", "Mykolaiv region"), ("XH", "Mykolaiv region"),
    ("XI", "Poltava region"), ("XK", "Rivne region"), ("XM", "Sumy region"), ("XO", "Ternopil region"),
    ("XT", "Kherson region"), ("XX", "Kharkiv region"),
];

/// The shape of a plate and the region of its letters. The last letters are a series, which for electric
/// vehicles has any Latin letter since 2020. Personal plates have no shape and are invalid here, as is
/// every foreign plate.
pub(super) fn check_plate(plate: &str) -> Verdict {
    let shape: String = plate
        .chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { 'L' })
        .collect();
    let Some((_, series)) = SHAPES.iter().find(|(known, _)| *known == shape) else {
        return if is_of_mission(plate) {
            Verdict::valid("diplomatic")
        } else {
            Verdict::invalid("no known shape of a Ukrainian plate")
        };
    };
    if !shape.starts_with("LL9999") {
        return Verdict::valid(*series);
    }
    if !plate.is_ascii() {
        return Verdict::invalid("a letter that plates of 2004 do not use");
    }
    let (code, _) = plate.split_at(2);
    match REGIONS.binary_search_by_key(&code, |(code, _)| *code) {
        Ok(place) => Verdict::valid(format!("{series}, {}", REGIONS[place].1)),
        Err(_) => Verdict::invalid(format!("no region has the letters {code}")),
    }
}

/// Whether a plate is one of a mission: a prefix and three digits to six.
fn is_of_mission(plate: &str) -> bool {
    MISSIONS.iter().any(|prefix| {
        plate.strip_prefix(prefix).is_some_and(|digits| {
            (3..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::REGIONS;
    use crate::identifiers::{IdentifierKind, check_identifier, normalize_identifier};

    /// IMO 9074729 is the example that is computed in the literature: 63+0+35+16+21+4 = 139.
    #[test]
    fn a_ships_number_is_checked() {
        assert!(check_identifier(IdentifierKind::Imo, "IMO 9074729").valid);
        assert_eq!(
            check_identifier(IdentifierKind::Imo, "9074728").explanation,
            "check digit is 8, expected 9 for a ship, 2 for a company"
        );
        assert_eq!(normalize_identifier(IdentifierKind::Imo, "907472"), None);
    }

    /// The examples of python-stdnum, `stdnum.imo`, and the worked example of a company's number:
    /// 16+0+16+2+81+63 = 178, 11 - 178 mod 11 = 9.
    #[test]
    fn a_companys_number_has_its_own_digit() {
        let check = |imo| check_identifier(IdentifierKind::Imo, imo);
        assert_eq!(check("IMO 9319466").explanation, "check digit fits; a ship");
        assert!(check("8814275").valid);
        assert!(!check("8814274").valid);
        assert_eq!(
            check("IMO 2041999").explanation,
            "check digit fits; a company or an owner"
        );
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
        assert!(!check("ЯЯ1234AA").valid);
        assert!(!check("KYIV1").valid);
    }

    /// The pairs of `joke2k/faker`, provider `automotive/uk_UA`, read as the letters they look like.
    #[test]
    fn later_pairs_and_series_are_known() {
        let explain = |text| check_identifier(IdentifierKind::UkrainianPlate, text).explanation;
        assert_eq!(explain("ТА 0001 АА"), "series of 2004, Kyiv");
        assert_eq!(
            explain("РР 0001 АА"),
            "series of 2004, Dnipropetrovsk region"
        );
        assert_eq!(explain("XA 1234 AA"), "series of 2004, Kirovohrad region");
        assert_eq!(explain("DI 1234 AA"), "series of 2004, nationwide");
        assert_eq!(explain("KA 1234 ZA"), "series of 2004, Kyiv");
        assert_eq!(explain("KA 1234 YE"), "series of 2004, Kyiv");
    }

    /// The forms of `joke2k/faker`, and `D` of the plates of 2004.
    #[test]
    fn plates_of_missions_are_known() {
        let explain = |text| check_identifier(IdentifierKind::UkrainianPlate, text).explanation;
        for plate in ["CDP 001", "DP 001 123", "S 001 123", "D 001 123"] {
            assert_eq!(explain(plate), "diplomatic");
        }
        assert_eq!(explain("DX 001 123"), "no known shape of a Ukrainian plate");
    }
}
