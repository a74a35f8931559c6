//! A slice: one query of the API, and how it is split where it has more notices than the API gives.

use std::collections::VecDeque;
use std::fmt::{self, Write};

/// How many notices the API gives to a query, and so a page's length.
pub(crate) const NOTICES_MAX: u64 = 160;

/// The highest age that is split at; whoever is older is in the slice of this age.
pub(crate) const AGE_MAX: u8 = 120;

/// The sexes that the API knows; `U` is unknown.
pub(crate) const SEXES: [char; 3] = ['M', 'F', 'U'];

/// What a slice is split by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    Sex,
    Age,
    Nationality,
}

impl Dimension {
    const ALL: [Self; 3] = [Self::Sex, Self::Age, Self::Nationality];

    /// All of them, this one first.
    pub(crate) fn and_others(self) -> VecDeque<Self> {
        let others = Self::ALL.into_iter().filter(|other| *other != self);
        std::iter::once(self).chain(others).collect()
    }
}

/// What is asked for: all notices that satisfy every part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) name: Option<String>,
    pub(crate) forename: Option<String>,
    pub(crate) nationality: Option<String>,
    /// From and to; 0 and [`AGE_MAX`] leave that side open, also to those whose age is not known.
    pub(crate) ages: (u8, u8),
    pub(crate) sex: Option<char>,
    pub(crate) warrant_country: Option<String>,
}

impl Slice {
    /// The query of its one page, with its question mark.
    pub(crate) fn query(&self) -> String {
        let mut query = String::new();
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                let separator = if query.is_empty() { '?' } else { '&' };
                query.push(separator);
                query.push_str(name);
                query.push('=');
                query.push_str(&encoded(&value));
            }
        };
        let (from, to) = self.ages;
        add("forename", self.forename.clone());
        add("name", self.name.clone());
        add("nationality", self.nationality.clone());
        add("ageMin", (from > 0).then(|| from.to_string()));
        add("ageMax", (to < AGE_MAX).then(|| to.to_string()));
        add("sexId", self.sex.map(String::from));
        add("arrestWarrantCountryId", self.warrant_country.clone());
        add("page", Some("1".to_owned()));
        add("resultPerPage", Some(NOTICES_MAX.to_string()));
        query
    }

    /// Slices that together have what this one has, but for notices that say nothing of the dimension.
    /// None where it is narrowed by it already.
    pub(crate) fn split(&self, by: Dimension) -> Vec<Self> {
        let (from, to) = self.ages;
        let whole = || self.clone();
        match by {
            Dimension::Sex if self.sex.is_none() => {
                let sexes = SEXES.map(|sex| Self {
                    sex: Some(sex),
                    ..whole()
                });
                sexes.to_vec()
            }
            Dimension::Age if from < to => {
                let middle = from + (to - from) / 2;
                let halves = [(from, middle), (middle + 1, to)];
                halves.map(|ages| Self { ages, ..whole() }).to_vec()
            }
            Dimension::Nationality if self.nationality.is_none() => {
                let nationalities = NATIONALITIES.split_ascii_whitespace().map(|code| Self {
                    nationality: Some(code.to_owned()),
                    ..whole()
                });
                nationalities.collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether nothing is left to split it by.
    pub(crate) fn is_smallest(&self) -> bool {
        let (from, to) = self.ages;
        self.sex.is_some() && from >= to && self.nationality.is_some()
    }
}

impl fmt::Display for Slice {
    /// As errors and warnings name it: who is asked about is not said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = self.ages;
        let ages = match (from, to) {
            (0, AGE_MAX) => None,
            (from, AGE_MAX) => Some(format!("age from {from}")),
            (from, to) if from == to => Some(format!("age {from}")),
            (from, to) => Some(format!("age {from} to {to}")),
        };
        let code =
            |name: &str, code: &Option<String>| code.as_ref().map(|code| format!("{name} {code}"));
        let named = self.name.is_some() || self.forename.is_some();
        let parts = [
            code("nationality", &self.nationality),
            self.sex.map(|sex| format!("sex {sex}")),
            ages,
            code("warrant of", &self.warrant_country),
            named.then(|| "of the name asked for".to_owned()),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        match parts.is_empty() {
            true => f.write_str("all"),
            false => f.write_str(&parts.join(", ")),
        }
    }
}

/// Whether a text is a country's code: of ISO 3166-1, or one of those in digits that INTERPOL has for
/// others.
pub(crate) fn is_code(text: &str) -> bool {
    let is_letters = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_letters || is_digits
}

/// A value as a URL's query has it (RFC 3986, section 2.1).
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            // Writing into a text does not fail.
            _ => {
                _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// The codes of ISO 3166-1 alpha-2, and Kosovo's.
const NATIONALITIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE \
    EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM \
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC \
    LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Slice {
        Slice {
            ages: (0, AGE_MAX),
            ..Slice::default()
        }
    }

    #[test]
    fn a_slice_is_a_query() {
        assert_eq!(whole().query(), "?page=1&resultPerPage=160");
        let narrow = Slice {
            name: Some("Д'Арк-1 &".to_owned()),
            forename: Some("Anna".to_owned()),
            nationality: Some("UA".to_owned()),
            ages: (18, 40),
            sex: Some('F'),
            warrant_country: Some("PL".to_owned()),
        };
        assert_eq!(
            narrow.query(),
            "?forename=Anna&name=%D0%94%27%D0%90%D1%80%D0%BA-1%20%26&nationality=UA&ageMin=18&ageMax=40&sexId=F\
             &arrestWarrantCountryId=PL&page=1&resultPerPage=160"
        );
        assert_eq!(
            narrow.to_string(),
            "nationality UA, sex F, age 18 to 40, warrant of PL, of the name asked for"
        );
        assert_eq!(whole().to_string(), "all");
    }

    #[test]
    fn one_dimension_comes_before_the_others() {
        use Dimension::{Age, Nationality, Sex};
        assert_eq!(Sex.and_others(), [Sex, Age, Nationality]);
        assert_eq!(Age.and_others(), [Age, Sex, Nationality]);
        assert_eq!(whole().split(Nationality)[0].sex, None);
    }

    #[test]
    fn splitting_ends_and_leaves_nothing_out() {
        let sexes = whole().split(Dimension::Sex);
        assert_eq!(
            sexes
                .iter()
                .filter_map(|slice| slice.sex)
                .collect::<String>(),
            "MFU"
        );
        let mut left = vec![sexes[0].clone()];
        let mut ages = Vec::new();
        while let Some(slice) = left.pop() {
            match slice.ages.0 == slice.ages.1 {
                true => ages.push(slice.ages.0),
                false => left.extend(slice.split(Dimension::Age)),
            }
        }
        ages.sort_unstable();
        assert_eq!(ages, (0..=AGE_MAX).collect::<Vec<_>>());
        let oldest = Slice {
            ages: (AGE_MAX, AGE_MAX),
            ..sexes[0].clone()
        };
        assert_eq!(
            oldest.query(),
            "?ageMin=120&sexId=M&page=1&resultPerPage=160"
        );
        assert!(oldest.split(Dimension::Age).is_empty() && !oldest.is_smallest());
        let nations = oldest.split(Dimension::Nationality);
        // 249 codes of ISO 3166-1, and one more.
        assert_eq!(nations.len(), 250);
        assert!(
            nations
                .iter()
                .all(|slice| slice.nationality.as_deref().is_some_and(is_code))
        );
        assert!(nations[0].is_smallest());
        for by in Dimension::ALL {
            assert!(nations[0].split(by).is_empty(), "{by:?}");
        }
    }
}
