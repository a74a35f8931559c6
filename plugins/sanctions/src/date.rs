//! Dates as the lists write them: ISO 8601 or English words, whole or only a year or a month, with or
//! without a time zone. It refuses everything else; what a text like "about 1960" means is not for a
//! parser to say.

use chrono::format::{Fixed, Item, Numeric, Pad, Parsed, parse};
use chrono::{Datelike, NaiveDate};

/// A date, as much of it as a list knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartialDate {
    /// Only the year.
    Year(i32),
    /// Only the year and the month; the month is in the text that this was read from.
    Month(i32),
    /// A day.
    Day {
        /// The year of that day.
        year: i32,
        /// Days since 1970-01-01.
        days: i32,
    },
}

impl PartialDate {
    /// Reads `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, with a time zone (`Z`, `-04:00`) or without; a day
    /// also with a time of day. A date is the one written: a time zone does not move it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = without_zone(text);
        let (date, time) = text
            .split_once('T')
            .map_or((text, None), |(date, time)| (date, Some(time)));
        if time.is_some_and(|time| !is_time(time)) {
            return None;
        }
        let mut parts = date.split('-');
        let year = year(parts.next()?)?;
        let month = parts.next();
        let day = parts.next();
        if parts.next().is_some() || (day.is_none() && time.is_some()) {
            return None;
        }
        let first = NaiveDate::from_ymd_opt(year, month.map_or(Some(1), two_digits)?, 1)?;
        match (month, day) {
            (None, _) => Some(Self::Year(year)),
            (Some(_), None) => Some(Self::Month(year)),
            (Some(_), Some(day)) => {
                let days = first.with_day(two_digits(day)?)?.to_epoch_days();
                Some(Self::Day { year, days })
            }
        }
    }

    /// Reads `YYYY`, `Mon YYYY` or `DD Mon YYYY`, as the lists of the United States have it.
    pub(crate) fn parse_english(text: &str) -> Option<Self> {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let mut parts = text.split(' ').rev();
        let year = year(parts.next()?)?;
        let Some(month) = parts.next() else {
            return Some(Self::Year(year));
        };
        let month = MONTHS.iter().position(|known| *known == month)? as u32 + 1;
        let day = parts.next();
        if parts.next().is_some() {
            return None;
        }
        match day {
            None => Some(Self::Month(year)),
            Some(day) => {
                let day = NaiveDate::from_ymd_opt(year, month, two_digits(day)?)?;
                let days = day.to_epoch_days();
                Some(Self::Day { year, days })
            }
        }
    }

    /// The year.
    pub(crate) fn year(self) -> i32 {
        match self {
            Self::Year(year) | Self::Month(year) | Self::Day { year, .. } => year,
        }
    }

    /// Days since 1970-01-01, where the day is known.
    pub(crate) fn days(self) -> Option<i32> {
        match self {
            Self::Day { days, .. } => Some(days),
            Self::Year(_) | Self::Month(_) => None,
        }
    }
}

/// Reads a year of four digits.
pub(crate) fn year(text: &str) -> Option<i32> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&year| digits && year > 0)
}

fn two_digits(text: &str) -> Option<u32> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// `%H:%M:%S%.f`, which would be taken apart for each text; hours and minutes are the first three.
static TIME: [Item<'static>; 6] = [
    Item::Numeric(Numeric::Hour, Pad::Zero),
    Item::Literal(":"),
    Item::Numeric(Numeric::Minute, Pad::Zero),
    Item::Literal(":"),
    Item::Numeric(Numeric::Second, Pad::Zero),
    Item::Fixed(Fixed::Nanosecond),
];

/// Whether a text is a time of day: `10`, `10:30` or `10:30:00`, also with a fraction.
fn is_time(text: &str) -> bool {
    let is = |text: &str, items: &[Item<'_>]| {
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, items.iter()).is_ok() && parsed.to_naive_time().is_ok()
    };
    match text.len() {
        2 => is(&format!("{text}:00"), &TIME[..3]),
        5 => is(text, &TIME[..3]),
        _ => is(text, &TIME),
    }
}

/// The text without a time zone at its end, `Z` or `+hh:mm`.
fn without_zone(text: &str) -> &str {
    if let Some(rest) = text.strip_suffix('Z') {
        return rest;
    }
    let zone_start = text.len().saturating_sub(6);
    match text.as_bytes()[zone_start..] {
        [b'+' | b'-', a, b, b':', c, d] if [a, b, c, d].iter().all(u8::is_ascii_digit) => {
            &text[..zone_start]
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_way_a_list_writes_a_date() {
        // 31 years, the leap days of 1972 to 2000, and 24 days of January; `date -ud 2001-01-25 +%s`
        // divided by 86,400 says the same.
        let day = Some(PartialDate::Day {
            year: 2001,
            days: 31 * 365 + 8 + 24,
        });
        for text in [
            "2001-01-25",
            "2001-01-25Z",
            "2001-01-25-04:00",
            "2001-01-25T00:00:09.554Z",
            "2001-01-25T10",
            "2001-01-25T10:30",
            "2001-01-25T10:30-04:00",
        ] {
            assert_eq!(PartialDate::parse(text), day, "{text}");
        }
        assert_eq!(PartialDate::parse("1955"), Some(PartialDate::Year(1955)));
        assert_eq!(
            PartialDate::parse("1955+02:00"),
            Some(PartialDate::Year(1955))
        );
        assert_eq!(
            PartialDate::parse("1955-12"),
            Some(PartialDate::Month(1955))
        );
    }

    #[test]
    fn reads_english_words() {
        let day = PartialDate::parse("1960-02-29");
        assert!(day.is_some());
        assert_eq!(PartialDate::parse_english("29 Feb 1960"), day);
        assert_eq!(
            PartialDate::parse_english("Feb 1960"),
            Some(PartialDate::Month(1960))
        );
        assert_eq!(
            PartialDate::parse_english("1960"),
            Some(PartialDate::Year(1960))
        );
        for text in [
            "",
            "60",
            "29 Feb 1961",
            "32 Jan 1960",
            "1 Jan 1960",
            "01 January 1960",
            "jan 1960",
            "circa 1960",
            "01  Jan 1960",
            "on 01 Jan 1960",
            "01 Jan 1960.",
        ] {
            assert_eq!(PartialDate::parse_english(text), None, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_date() {
        let texts = [
            "",
            "Z",
            "55",
            "0000",
            "1955-13",
            "1955-1",
            "2001-02-29",
            "2001-02-3",
            "25.01.2001",
            "about 1955",
            "2001-01-25-04",
            "2001-01-25T25:00:00",
            "2001-01-25T25",
            "2001-01-25T10:3",
            "2001T10:00:00",
            "+955",
            "é1955",
            "1955-01-é-04:00",
        ];
        for text in texts {
            assert_eq!(PartialDate::parse(text), None, "{text}");
        }
    }
}
