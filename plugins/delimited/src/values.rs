//! One value: from the bytes of a field to a truth value, a date, a time. Numbers are the SDK's.
//!
//! Every parser takes the whole field or nothing; none of them guesses, rounds or wraps around. The
//! one exception is stated at [`timestamp`].

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, NaiveDate, NaiveTime};
use sextant_plugin_sdk::numbers::digit;
use sextant_plugin_sdk::{Error, Result};

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;

/// A truth value: true, t, yes, y, 1, or false, f, no, n, 0, in any case.
pub(crate) fn boolean(text: &[u8]) -> Option<bool> {
    let is_one_of = |words: [&str; 5]| {
        words
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
    };
    if is_one_of(["true", "t", "yes", "y", "1"]) {
        Some(true)
    } else {
        is_one_of(["false", "f", "no", "n", "0"]).then_some(false)
    }
}

/// A date, in days since 1970-01-01: `YYYY-MM-DD`, or as the format says.
#[inline]
pub(crate) fn date(text: &[u8], format: Option<&Format>) -> Option<i32> {
    match format {
        None => iso_date(text.try_into().ok()?),
        Some(format) => Some(format.parse(text)?.date?),
    }
}

/// A moment, in microseconds since 1970-01-01: `YYYY-MM-DD HH:MM:SS.ffffff+00:00`, or as the format
/// says.
///
/// In ISO 8601 the separator is a space or `T`, and the time, the seconds, their fraction and the
/// offset may each be missing. Digits after the sixth of a fraction are dropped. A moment with an
/// offset needs a column with a zone; in such a column a moment without one is local to the zone.
#[inline]
pub(crate) fn timestamp(text: &[u8], format: Option<&Format>, zone: Option<&Zone>) -> Option<i64> {
    let moment = match format {
        None => iso_moment(text)?,
        Some(format) => format.parse(text)?.moment()?,
    };
    match (zone, moment.offset_s) {
        (None, None) => Some(moment.local_us),
        (None, Some(_)) => None,
        (Some(zone), offset) => moment
            .local_us
            .checked_sub(i64::from(offset.unwrap_or(zone.offset_s)) * SECOND_US),
    }
}

/// Whether a text is a moment with an offset, one without, or none, in ISO 8601.
pub(crate) fn iso_has_offset(text: &[u8]) -> Option<bool> {
    Some(iso_moment(text)?.offset_s.is_some())
}

struct Moment {
    local_us: i64,
    offset_s: Option<i32>,
}

#[inline]
fn iso_moment(text: &[u8]) -> Option<Moment> {
    let (day, rest) = text.split_first_chunk()?;
    let midnight_us = i64::from(iso_date(day)?) * DAY_US;
    let [b' ' | b'T' | b't', rest @ ..] = rest else {
        return rest.is_empty().then_some(Moment {
            local_us: midnight_us,
            offset_s: None,
        });
    };
    let (time_us, rest) = iso_time(rest)?;
    let offset_s = if rest.is_empty() {
        None
    } else {
        Some(offset(rest)?)
    };
    Some(Moment {
        local_us: midnight_us + time_us,
        offset_s,
    })
}

#[inline]
fn iso_date(text: &[u8; 10]) -> Option<i32> {
    let [a, b, c, d, b'-', e, f, b'-', g, h] = *text else {
        return None;
    };
    days(two(a, b)? * 100 + two(c, d)?, two(e, f)?, two(g, h)?)
}

/// Microseconds since midnight, and what follows the time.
#[inline]
fn iso_time(text: &[u8]) -> Option<(i64, &[u8])> {
    let ([a, b, b':', c, d], rest) = text.split_first_chunk()? else {
        return None;
    };
    let (hour, minute) = (two(*a, *b)?, two(*c, *d)?);
    let (second, rest) = match rest {
        [b':', e, f, rest @ ..] => (two(*e, *f)?, rest),
        rest => return time_us(hour, minute, 0).map(|time| (time, rest)),
    };
    let time_us = time_us(hour, minute, second)?;
    let [b'.' | b',', rest @ ..] = rest else {
        return Some((time_us, rest));
    };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at(count);
    if !(1..=9).contains(&count) {
        return None;
    }
    let fraction = digits
        .iter()
        .take(6)
        .fold(0, |value, byte| value * 10 + i64::from(byte - b'0'));
    Some((
        time_us + fraction * 10i64.pow(6u32.saturating_sub(count as u32)),
        rest,
    ))
}

#[inline]
fn time_us(hour: u32, minute: u32, second: u32) -> Option<i64> {
    let valid = hour < 24 && minute < 60 && second < 60;
    valid.then(|| i64::from(hour * 3600 + minute * 60 + second) * SECOND_US)
}

/// An offset from UTC in seconds: `Z`, `+HH`, `+HHMM`, `+HH:MM`.
fn offset(text: &[u8]) -> Option<i32> {
    let (negative, hours, minutes) = match *text {
        [b'Z' | b'z'] => return Some(0),
        [sign, a, b] => (sign, two(a, b)?, 0),
        [sign, a, b, c, d] | [sign, a, b, b':', c, d] => (sign, two(a, b)?, two(c, d)?),
        _ => return None,
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    match negative {
        _ if hours > 23 || minutes > 59 => None,
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u32> {
    Some(u32::from(digit(tens)?) * 10 + u32::from(digit(ones)?))
}

/// Days since 1970-01-01 of a date in the Gregorian calendar; the year is not negative.
///
/// `days_from_civil` of Hinnant, "chrono-Compatible Low-Level Date Algorithms".
#[inline]
fn days(year: u32, month: u32, day: u32) -> Option<i32> {
    const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = LENGTHS.get((month as usize).wrapping_sub(1))? + u32::from(leap && month == 2);
    if day == 0 || day > length {
        return None;
    }
    let (year, month, day) = (year.cast_signed(), month.cast_signed(), day.cast_signed());
    let year = year - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// A zone with a fixed offset.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    name: String,
    offset_s: i32,
}

impl Zone {
    /// Reads `UTC` or an offset such as `+02:00`.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let offset_s = match name {
            "UTC" => Some(0),
            name if name.len() == 6 => offset(name.as_bytes()),
            _ => None,
        };
        let offset_s = offset_s.ok_or_else(|| {
            Error::invalid_config(format!(
                "zone: expected \"UTC\" or an offset such as \"+02:00\", found {name:?}"
            ))
        })?;
        Ok(Self {
            // Arrow knows "UTC" only with a database of zones, and an offset without.
            name: if name == "UTC" { "+00:00" } else { name }.to_owned(),
            offset_s,
        })
    }

    /// The zone as Arrow names it: an offset.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// A format of dates and times in the notation of `strftime`.
///
/// Formats of fixed width, such as `%Y%m%d`, are read without chrono; chrono reads the others, and
/// what does not have the full width, such as `1.5.2024` for `%d.%m.%Y`.
#[derive(Clone, Debug)]
pub(crate) struct Format {
    text: String,
    items: Vec<Item<'static>>,
    fixed: Option<Vec<Part>>,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Byte(u8),
}

/// What a text said of a moment.
#[derive(Debug)]
struct Found {
    date: Option<i32>,
    time_us: Option<i64>,
    offset_s: Option<i32>,
}

impl Found {
    fn moment(self) -> Option<Moment> {
        let local_us = i64::from(self.date?) * DAY_US + self.time_us.unwrap_or(0);
        Some(Moment {
            local_us,
            offset_s: self.offset_s,
        })
    }
}

impl Format {
    /// Reads a format.
    pub(crate) fn new(text: &str) -> Result<Self> {
        let items = StrftimeItems::new(text).parse_to_owned();
        let items =
            items.map_err(|error| Error::invalid_config(format!("format {text:?}: {error}")))?;
        Ok(Self {
            text: text.to_owned(),
            items,
            fixed: fixed(text),
        })
    }

    /// The format as it was given.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    #[inline]
    fn parse(&self, text: &[u8]) -> Option<Found> {
        self.fixed
            .as_deref()
            .and_then(|parts| parse_fixed(parts, text))
            .or_else(|| self.parse_any(text))
    }

    fn parse_any(&self, text: &[u8]) -> Option<Found> {
        let mut parsed = Parsed::new();
        parse(&mut parsed, str::from_utf8(text).ok()?, self.items.iter()).ok()?;
        if let Some(seconds) = parsed.timestamp() {
            // `%s` counts from the epoch, in UTC.
            let moment = DateTime::from_timestamp(seconds, 0)?.naive_utc();
            let time_us = moment
                .time()
                .signed_duration_since(NaiveTime::MIN)
                .num_microseconds();
            return Some(Found {
                date: Some(epoch_days(moment.date())),
                time_us,
                offset_s: Some(0),
            });
        }
        let date = parsed.to_naive_date().ok().map(epoch_days);
        let time = parsed.to_naive_time().ok();
        let time_us = time.and_then(|time| {
            time.signed_duration_since(NaiveTime::MIN)
                .num_microseconds()
        });
        // A time that the text has but that makes no sense must not become midnight.
        if time.is_none() && (parsed.hour_mod_12().is_some() || parsed.minute().is_some()) {
            return None;
        }
        Some(Found {
            date,
            time_us,
            offset_s: parsed.offset(),
        })
    }
}

fn epoch_days(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

/// The parts of a format in which every part has one width.
fn fixed(format: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut bytes = format.bytes();
    while let Some(byte) = bytes.next() {
        parts.push(match (byte, byte == b'%') {
            (_, true) => match bytes.next()? {
                b'Y' => Part::Year,
                b'm' => Part::Month,
                b'd' => Part::Day,
                b'H' => Part::Hour,
                b'M' => Part::Minute,
                b'S' => Part::Second,
                _ => return None,
            },
            // White space in a format of chrono stands for any, even none.
            (b' ' | b'\t' | 0x80.., false) => return None,
            (byte, false) => Part::Byte(byte),
        });
    }
    let has = |wanted: fn(&Part) -> bool| parts.iter().filter(|part| wanted(part)).count() == 1;
    let whole = has(|part| matches!(part, Part::Year))
        && has(|part| matches!(part, Part::Month))
        && has(|part| matches!(part, Part::Day));
    whole.then_some(parts)
}

#[inline]
fn parse_fixed(parts: &[Part], mut text: &[u8]) -> Option<Found> {
    let [
        mut year,
        mut month,
        mut day,
        mut hour,
        mut minute,
        mut second,
    ] = [0; 6];
    for part in parts {
        let slot = match part {
            Part::Year => {
                let ([a, b, c, d], rest) = text.split_first_chunk()?;
                year = two(*a, *b)? * 100 + two(*c, *d)?;
                text = rest;
                continue;
            }
            Part::Byte(byte) => {
                text = text.strip_prefix(&[*byte])?;
                continue;
            }
            Part::Month => &mut month,
            Part::Day => &mut day,
            Part::Hour => &mut hour,
            Part::Minute => &mut minute,
            Part::Second => &mut second,
        };
        let ([a, b], rest) = text.split_first_chunk()?;
        *slot = two(*a, *b)?;
        text = rest;
    }
    let time_us = time_us(hour, minute, second)?;
    let date = text.is_empty().then(|| days(year, month, day))??;
    Some(Found {
        date: Some(date),
        time_us: Some(time_us),
        offset_s: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Datelike;

    #[test]
    fn days_are_those_of_chrono() {
        let mut day = NaiveDate::from_ymd_opt(1580, 1, 1).unwrap();
        while day.year() < 2420 {
            let text = day.format("%Y-%m-%d").to_string();
            assert_eq!(date(text.as_bytes(), None), Some(epoch_days(day)), "{text}");
            day = day.succ_opt().unwrap();
        }
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-01-00",
            "2024-04-31",
            "2024-1-1",
            "24-01-01",
        ] {
            assert_eq!(date(text.as_bytes(), None), None, "{text}");
        }
        assert_eq!(date(b"0000-01-01", None), Some(-719_528));
    }

    #[test]
    fn timestamps() {
        let noon = Some(1_704_110_400_000_000);
        let naive = |text: &str| timestamp(text.as_bytes(), None, None);
        assert_eq!(naive("2024-01-01 12:00:00"), noon);
        assert_eq!(naive("2024-01-01T12:00"), noon);
        assert_eq!(naive("2024-01-01"), Some(1_704_067_200_000_000));
        assert_eq!(naive("2024-01-01T12:00:00.5"), noon.map(|us| us + 500_000));
        assert_eq!(
            naive("2024-01-01T12:00:00.000001999"),
            noon.map(|us| us + 1)
        );
        for text in [
            "2024-01-01T12:00:00Z",
            "2024-01-01T24:00:00",
            "2024-01-01T12:60:00",
            "2024-01-01T12:00:60",
            "2024-01-01T12:00:00.",
            "2024-01-01x12:00:00",
            "2024-01-01 12",
        ] {
            assert_eq!(naive(text), None, "{text}");
        }
        let kyiv = Zone::new("+02:00").unwrap();
        let zoned = |text: &str| timestamp(text.as_bytes(), None, Some(&kyiv));
        assert_eq!(zoned("2024-01-01 14:00:00"), noon);
        for text in [
            "2024-01-01T12:00:00Z",
            "2024-01-01 12:00:00+00",
            "2024-01-01 07:30:00-0430",
            "2024-01-01 12:00:00.000+00:00",
        ] {
            assert_eq!(zoned(text), noon, "{text}");
        }
        assert!(Zone::new("Europe/Kyiv").is_err() && Zone::new("+2500").is_err());
    }

    #[test]
    fn formats() {
        let date_as =
            |text: &str, format: &str| date(text.as_bytes(), Some(&Format::new(format).unwrap()));
        assert_eq!(date_as("20240101", "%Y%m%d"), Some(19_723));
        assert_eq!(date_as("01.01.2024", "%d.%m.%Y"), Some(19_723));
        assert_eq!(date_as("1.1.2024", "%d.%m.%Y"), Some(19_723));
        assert_eq!(date_as("Jan 1, 2024", "%b %d, %Y"), Some(19_723));
        for text in ["20240230", "202401011", "2024010", ""] {
            assert_eq!(date_as(text, "%Y%m%d"), None, "{text}");
        }
        let moment_as = |text: &str, format: &str, zone: Option<&str>| {
            let zone = zone.map(|zone| Zone::new(zone).unwrap());
            timestamp(
                text.as_bytes(),
                Some(&Format::new(format).unwrap()),
                zone.as_ref(),
            )
        };
        let noon = Some(1_704_110_400_000_000);
        assert_eq!(moment_as("20240101120000", "%Y%m%d%H%M%S", None), noon);
        assert_eq!(
            moment_as("01/01/2024 12:00 PM", "%m/%d/%Y %I:%M %p", None),
            noon
        );
        assert_eq!(
            moment_as(
                "2024-01-01 13:00:00 +0100",
                "%Y-%m-%d %H:%M:%S %z",
                Some("UTC")
            ),
            noon
        );
        assert_eq!(
            moment_as("2024-01-01 13:00:00 +0100", "%Y-%m-%d %H:%M:%S %z", None),
            None
        );
        assert_eq!(moment_as("1704110400", "%s", Some("UTC")), noon);
        assert_eq!(moment_as("20240101250000", "%Y%m%d%H%M%S", None), None);
        assert!(Format::new("%Q").is_err());
    }

    #[test]
    fn booleans() {
        assert_eq!(
            [&b"TRUE"[..], b"n", b"1", b"maybe", b""].map(boolean),
            [Some(true), Some(false), Some(true), None, None]
        );
    }
}
