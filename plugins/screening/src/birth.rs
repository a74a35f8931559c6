//! Days of birth as lists have them: a day, a month or a year, or a span of years.

use std::fmt;

/// When somebody was born, as exactly as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Birth {
    /// The first year it can have been.
    first: i16,
    /// The last.
    last: i16,
    /// Month and day, 0 where they are not known.
    month: u8,
    day: u8,
}

/// What two of them say of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// The same day.
    Day,
    /// The same year, and nothing that speaks against it.
    Year,
    /// In the same year: the day and the month have changed places, or one of them differs.
    Mistyped,
    /// A year apart, another day of the same year, or the same day of another year.
    Near,
    /// Further apart.
    Conflict,
}

impl Birth {
    /// A year.
    pub fn year(year: i16) -> Self {
        Self::span(year, year)
    }

    /// A span of years.
    pub fn span(first: i16, last: i16) -> Self {
        let (first, last) = (first.min(last), first.max(last));
        Self {
            first,
            last,
            month: 0,
            day: 0,
        }
    }

    /// A day, where there is such a month, and months have so many days at the most.
    pub fn day(year: i16, month: u8, day: u8) -> Option<Self> {
        let possible = (1..=12).contains(&month) && (1..=31).contains(&day);
        possible.then_some(Self {
            month,
            day,
            ..Self::year(year)
        })
    }

    /// The day that is so many days after 1 January 1970 (civil from days, Hinnant 2013).
    pub(crate) fn from_days(days: i32) -> Option<Self> {
        let z = i64::from(days) + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self::day(i16::try_from(year).ok()?, month as u8, day as u8)
    }

    /// Reads `1965`, `1965-1970`, `1965-03`, `1965-03-02` with `-`, `/` or `.`, and `02.03.1965`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split(['-', '/', '.']).map(str::trim);
        let number = |part: &str| -> Option<i16> {
            let is_number =
                !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| part.parse().ok())?
        };
        let first = parts.next()?;
        let (second, third) = (parts.next(), parts.next());
        if parts.next().is_some() {
            return None;
        }
        match (first.len(), second, third) {
            (4, None, None) => number(first).map(Self::year),
            (4, Some(last), None) if last.len() == 4 => {
                Some(Self::span(number(first)?, number(last)?))
            }
            (4, Some(month), None) => {
                let month = number(month).filter(|month| (0..=12).contains(month))?;
                Some(Self {
                    month: month as u8,
                    ..Self::year(number(first)?)
                })
            }
            (4, Some(month), Some(day)) => {
                let day = day.split(['T', ' ']).next()?;
                Self::numbered(number(first)?, number(month)?, number(day)?)
            }
            (1 | 2, Some(month), Some(year)) if year.len() == 4 => {
                Self::numbered(number(year)?, number(month)?, number(first)?)
            }
            _ => None,
        }
    }

    /// A month or a day that is 0 is not known.
    fn numbered(year: i16, month: i16, day: i16) -> Option<Self> {
        match (month, day) {
            (0, _) => Some(Self::year(year)),
            (1..=12, 0) => Some(Self {
                month: month as u8,
                ..Self::year(year)
            }),
            _ => Self::day(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?),
        }
    }

    fn is_day(self) -> bool {
        self.day > 0
    }

    /// What the two say of each other.
    pub(crate) fn agreement(self, other: Self) -> Agreement {
        let apart = (self.first - other.last).max(other.first - self.last);
        let months_differ = self.month > 0 && other.month > 0 && self.month != other.month;
        match apart {
            ..=0 if self.is_day() && other.is_day() => match self.differing(other) {
                0 => Agreement::Day,
                1 => Agreement::Mistyped,
                _ if self.month == other.day && self.day == other.month => Agreement::Mistyped,
                _ => Agreement::Near,
            },
            ..=0 if months_differ => Agreement::Near,
            ..=0 => Agreement::Year,
            1 => Agreement::Near,
            _ if self.is_day() && other.is_day() && self.differing(other) == 1 => Agreement::Near,
            _ => Agreement::Conflict,
        }
    }

    /// How many of year, month and day differ.
    fn differing(self, other: Self) -> u8 {
        u8::from(self.first != other.first)
            + u8::from(self.month != other.month)
            + u8::from(self.day != other.day)
    }
}

impl fmt::Display for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first == self.last, self.month, self.day) {
            (false, ..) => write!(f, "{}-{}", self.first, self.last),
            (true, 0, _) => write!(f, "{}", self.first),
            (true, month, 0) => write!(f, "{}-{month:02}", self.first),
            (true, month, day) => write!(f, "{}-{month:02}-{day:02}", self.first),
        }
    }
}
