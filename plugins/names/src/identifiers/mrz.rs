//! The machine-readable zone of travel documents: ICAO Doc 9303, parts 3 (check digits), 4 (TD3), 5 (TD1),
//! 6 (TD2) and 7 (visas, whose zones have no composite digit). Zones that states make up for themselves,
//! as on driving licences, are not read.

use super::Verdict;

/// The format of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Cards: three lines of 30.
    Td1,
    /// Larger cards: two lines of 36.
    Td2,
    /// Passports: two lines of 44.
    Td3,
    /// Visas that fill a page: two lines of 44.
    MrvA,
    /// Smaller visas: two lines of 36.
    MrvB,
}

impl Format {
    /// How many characters a line has.
    const fn columns(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 | Self::MrvB => 36,
            Self::Td3 | Self::MrvA => 44,
        }
    }

    /// The format that the length tells, and among formats of one length the first letter.
    fn of_zone(zone: &str) -> Option<Self> {
        match (zone.len(), zone.starts_with('V')) {
            (90, false) => Some(Self::Td1),
            (72, false) => Some(Self::Td2),
            (72, true) => Some(Self::MrvB),
            (88, false) => Some(Self::Td3),
            (88, true) => Some(Self::MrvA),
            _ => None,
        }
    }

    /// Where the fields stand: line, first column and length.
    const fn layout(self) -> Layout {
        match self {
            Self::Td1 => Layout {
                names: (2, 0, 30),
                number: (0, 5, 9),
                birth: (1, 0, 6),
                sex: (1, 7, 1),
                expiry: (1, 8, 6),
                nationality: (1, 15, 3),
                optional: (0, 15, 15),
                composite: Some((&[(0, 5, 25), (1, 0, 7), (1, 8, 7), (1, 18, 11)], (1, 29, 1))),
            },
            Self::Td2 => Layout {
                composite: Some((&[(1, 0, 10), (1, 13, 7), (1, 21, 14)], (1, 35, 1))),
                ..Layout::of_two_lines(31, 7)
            },
            Self::Td3 => Layout {
                composite: Some((&[(1, 0, 10), (1, 13, 7), (1, 21, 22)], (1, 43, 1))),
                ..Layout::of_two_lines(39, 14)
            },
            Self::MrvA => Layout::of_two_lines(39, 16),
            Self::MrvB => Layout::of_two_lines(31, 8),
        }
    }
}

/// A field: its line, first column and length.
type Field = (usize, usize, usize);

struct Layout {
    names: Field,
    number: Field,
    birth: Field,
    sex: Field,
    expiry: Field,
    nationality: Field,
    optional: Field,
    /// What the composite digit is computed from, and where it stands.
    composite: Option<(&'static [Field], Field)>,
}

impl Layout {
    /// Two lines with so many characters of names and of optional data, without a composite digit.
    const fn of_two_lines(names: usize, optional: usize) -> Self {
        Self {
            names: (0, 5, names),
            number: (1, 0, 9),
            birth: (1, 13, 6),
            sex: (1, 20, 1),
            expiry: (1, 21, 6),
            nationality: (1, 10, 3),
            optional: (1, 28, optional),
            composite: None,
        }
    }
}

/// What a zone says, with fillers removed. Dates stay as two-digit years: the zone has no century.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mrz {
    /// The format that its length and first letter tell.
    pub format: Format,
    /// `P` for passports, `V` for visas, `I`, `A` or `C` for cards, with the issuer's second letter.
    pub document: String,
    /// The issuing state, three letters.
    pub issuer: String,
    /// The surname, words parted by spaces.
    pub surname: String,
    /// The given names, words parted by spaces.
    pub given_names: String,
    /// The number of the document; a long one of a card goes on in the optional data.
    pub number: String,
    /// The nationality, three letters.
    pub nationality: String,
    /// The date of birth, `YYMMDD`; unknown digits are `<`.
    pub birth: String,
    /// `M`, `F` or `<`.
    pub sex: char,
    /// The date of expiry, `YYMMDD`.
    pub expiry: String,
    /// The optional data.
    pub optional: String,
    /// The names of the check digits that do not fit.
    pub wrong: Vec<&'static str>,
}

/// Capitals, digits and fillers of 90, 72 or 88 characters, without line breaks; none otherwise.
pub(super) fn normalize(text: &str) -> Option<String> {
    let mut zone = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_whitespace() => {}
            '<' | '0'..='9' | 'A'..='Z' => zone.push(c),
            'a'..='z' => zone.push(c.to_ascii_uppercase()),
            '«' => zone.push_str("<<"),
            '‹' => zone.push('<'),
            _ => return None,
        }
    }
    Format::of_zone(&zone).map(|_| zone)
}

pub(super) fn check(zone: &str) -> Verdict {
    let Some(mrz) = parse(zone) else {
        return Verdict::invalid("not of this form");
    };
    if !mrz.wrong.is_empty() {
        return Verdict::invalid(format!("wrong check digit: {}", mrz.wrong.join(", ")));
    }
    let Mrz {
        document,
        number,
        issuer,
        surname,
        given_names,
        ..
    } = mrz;
    Verdict::valid(format!(
        "check digits fit; {document} {number} of {issuer}, {surname}, {given_names}"
    ))
}

/// Reads a zone in any written form; none where its length or characters are those of no format.
///
/// A zone with wrong check digits is read all the same: [`Mrz::wrong`] names them.
pub fn parse(text: &str) -> Option<Mrz> {
    let zone = normalize(text)?;
    let format = Format::of_zone(&zone)?;
    let layout = format.layout();
    let field = |(line, column, length): Field| {
        let start = line * format.columns() + column;
        &zone[start..start + length]
    };
    let after = |(line, column, length): Field| field((line, column + length, 1));
    let (surname, given_names) = field(layout.names)
        .split_once("<<")
        .unwrap_or((field(layout.names), ""));
    let mut wrong = Vec::new();
    let mut verify = |name, fits: bool| {
        if !fits {
            wrong.push(name);
        }
    };
    let number_digit = after(layout.number);
    let goes_on = matches!(format, Format::Td1 | Format::Td2) && number_digit == "<";
    let (number, optional) = document_number(goes_on, field(layout.number), field(layout.optional));
    verify(
        "number",
        number.is_some() || fits(field(layout.number), number_digit),
    );
    verify("birth", fits(field(layout.birth), after(layout.birth)));
    verify("expiry", fits(field(layout.expiry), after(layout.expiry)));
    if format == Format::Td3 {
        let personal = field(layout.optional);
        verify("personal number", fits(personal, after(layout.optional)));
    }
    if let Some((parts, digit)) = layout.composite {
        let composite: String = parts.iter().map(|&part| field(part)).collect();
        verify("composite", fits(&composite, field(digit)));
    }
    Some(Mrz {
        format,
        document: plain(field((0, 0, 2))),
        issuer: plain(field((0, 2, 3))),
        surname: plain(surname),
        given_names: plain(given_names),
        number: number.unwrap_or_else(|| plain(field(layout.number))),
        nationality: plain(field(layout.nationality)),
        birth: field(layout.birth).to_owned(),
        sex: field(layout.sex).chars().next().unwrap_or('<'),
        expiry: field(layout.expiry).to_owned(),
        optional,
        wrong,
    })
}

/// The whole number of a card whose number is longer than nine characters, and the optional data.
///
/// Such a card has a filler for the check digit; the number goes on in the optional data up to a
/// filler, and the last character there is the check digit (part 5, note j). The digit is that of the
/// number without the filler (part 11, appendix D.2); some cards, older Belgian ones among them, count
/// the filler, so that either is right. The number is none where it is not of that shape or where its
/// digit is wrong.
fn document_number(goes_on: bool, number: &str, optional: &str) -> (Option<String>, String) {
    let unchanged = (None, plain(optional));
    if !goes_on || number.ends_with('<') {
        return unchanged;
    }
    let (rest, after) = optional.split_once('<').unwrap_or((optional, ""));
    let Some((rest, digit)) = rest.split_at_checked(rest.len().saturating_sub(1)) else {
        return unchanged;
    };
    let whole = format!("{number}{rest}");
    let digits = [&whole, &format!("{number}<{rest}")].map(|number| check_digit(number));
    let digit = digit_value(digit);
    if rest.is_empty() || digit.is_none() || !digits.contains(&digit) {
        return unchanged;
    }
    (Some(whole), plain(after))
}

/// Fillers as single spaces, none at the ends.
fn plain(field: &str) -> String {
    let words: Vec<&str> = field.split('<').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Whether a check digit fits; a filler is right for a field of fillers only.
fn fits(field: &str, digit: &str) -> bool {
    match digit_value(digit) {
        Some(value) => check_digit(field) == Some(value),
        None => digit == "<" && field.bytes().all(|byte| byte == b'<'),
    }
}

fn digit_value(digit: &str) -> Option<u32> {
    digit.parse().ok()
}

/// The check digit of part 3, section 4.9: weights 7, 3 and 1 in turn, modulo 10, with letters from 10
/// for A and 0 for a filler.
fn check_digit(field: &str) -> Option<u32> {
    let mut sum = 0;
    for (byte, weight) in field.bytes().zip([7, 3, 1].into_iter().cycle()) {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'<' => 0,
            _ => return None,
        };
        sum += u32::from(value) * weight;
    }
    Some(sum % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifiers::{IdentifierKind, check_identifier};

    /// The specimens of Doc 9303: part 5 appendix B, part 6 appendix B, part 4 appendix B.
    const TD1: &str = "I<UTOD231458907<<<<<<<<<<<<<<<\n\
                       7408122F1204159UTO<<<<<<<<<<<6\n\
                       ERIKSSON<<ANNA<MARIA<<<<<<<<<<";
    const TD2: &str = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\n\
                       D231458907UTO7408122F1204159<<<<<<<6";
    const TD3: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                       L898902C36UTO7408122F1204159ZE184226B<<<<<10";

    #[test]
    fn the_specimens_of_the_standard_are_read() {
        for (zone, format, number) in [
            (TD1, Format::Td1, "D23145890"),
            (TD2, Format::Td2, "D23145890"),
            (TD3, Format::Td3, "L898902C3"),
        ] {
            let mrz = parse(zone).expect("a zone");
            assert_eq!(mrz.format, format);
            assert_eq!(mrz.wrong, Vec::<&str>::new());
            assert_eq!(mrz.number, number);
            assert_eq!(
                (mrz.surname.as_str(), mrz.given_names.as_str()),
                ("ERIKSSON", "ANNA MARIA")
            );
            assert_eq!(
                (mrz.issuer.as_str(), mrz.nationality.as_str()),
                ("UTO", "UTO")
            );
            assert_eq!(
                (mrz.birth.as_str(), mrz.expiry.as_str()),
                ("740812", "120415")
            );
            assert_eq!(mrz.sex, 'F');
            assert!(check_identifier(IdentifierKind::Mrz, zone).valid);
        }
        assert_eq!(parse(TD3).expect("a zone").optional, "ZE184226B");
    }

    #[test]
    fn a_changed_character_is_found_and_named() {
        let changed = TD3.replace("7408122", "7408132");
        let mrz = parse(&changed).expect("a zone");
        assert_eq!(mrz.wrong, ["birth", "composite"]);
        let verdict = check_identifier(IdentifierKind::Mrz, &changed);
        assert_eq!(verdict.explanation, "wrong check digit: birth, composite");
    }

    /// The long number of part 11, appendix D.2, `D23145890734` with the check digit 9, on both cards.
    /// The Belgian specimen is PRADO's BEL-BO-11005, as in the tests of `cheminfo/mrz`.
    #[test]
    fn a_long_number_of_a_card_goes_on_in_the_optional_data() {
        for (zone, number) in [
            (
                "I<UTOD23145890<7349<<<<<<<<<<<\
                 3407127M9507122UTO<<<<<<<<<<<2\
                 STEVENSON<<PETER<JOHN<<<<<<<<<",
                "D23145890734",
            ),
            (
                "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\
                 D23145890<UTO3407127M95071227349<<<8",
                "D23145890734",
            ),
            (
                "IDBEL600001795<0152<<<<<<<<<<<\
                 1301014F2311207BEL130101987398\
                 SPECIMEN<<SPECIMEN<<<<<<<<<<<<",
                "600001795015",
            ),
        ] {
            let mrz = parse(zone).expect("a zone");
            assert_eq!(mrz.number, number);
            assert_eq!(mrz.optional, "");
            assert_eq!(mrz.wrong, Vec::<&str>::new());
        }
    }

    /// The older Belgian numbers count the filler: PRADO's BEL-BO-03003, as in `cheminfo/mrz`.
    #[test]
    fn the_digit_of_a_long_number_may_count_the_filler() {
        let (number, optional) = document_number(true, "000590240", "6013<<<<<<<<<<<");
        assert_eq!(number.as_deref(), Some("000590240601"));
        assert_eq!(optional, "");
    }

    /// Optional data that happens to end in a fitting digit is no part of a number that has its own.
    #[test]
    fn optional_data_after_a_check_digit_stays_optional() {
        let zone = TD1.replace("D231458907<<<<", "D2314589077349");
        let mrz = parse(&zone).expect("a zone");
        assert_eq!(
            (mrz.number.as_str(), mrz.optional.as_str()),
            ("D23145890", "7349")
        );
        assert_eq!(mrz.wrong, ["composite"]);
    }

    /// The specimens of part 7, appendices: they have no composite digit.
    #[test]
    fn visas_are_read() {
        for (zone, format, optional) in [
            (
                "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                 L8988901C4XXX4009078F96121096ZE184226B<<<<<<",
                Format::MrvA,
                "6ZE184226B",
            ),
            (
                "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\n\
                 L8988901C4XXX4009078F9612109<<<<<<<<",
                Format::MrvB,
                "",
            ),
        ] {
            let mrz = parse(zone).expect("a zone");
            assert_eq!((mrz.format, mrz.optional.as_str()), (format, optional));
            assert_eq!(
                (mrz.number.as_str(), mrz.document.as_str()),
                ("L8988901C", "V")
            );
            assert_eq!(mrz.wrong, Vec::<&str>::new());
            assert!(check_identifier(IdentifierKind::Mrz, zone).valid);
        }
    }

    #[test]
    fn other_lengths_and_characters_are_no_zone() {
        assert_eq!(parse(&TD3[1..]), None);
        assert_eq!(parse(&TD3.replace('<', "*")), None);
    }
}
