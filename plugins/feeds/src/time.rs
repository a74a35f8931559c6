//! Instants as feeds write them: RFC 822 with what RFC 2822 made of it, RFC 3339, and the shorter forms of
//! W3C's note on dates, which RDF uses. A time without a zone is refused: it would have to be guessed at.

use chrono::{DateTime, NaiveDate};
use sextant_plugin_sdk::numbers::int64;
use std::borrow::Cow;

const DAY_MICROSECONDS: i64 = 86_400 * 1_000_000;
/// The months, as RFC 822 has them.
const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// Microseconds since 1970-01-01 in UTC. A day, a month or a year alone is its beginning in UTC.
pub(crate) fn instant(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.as_bytes() {
        [a, b, c, d, rest @ ..]
            if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit())
                && matches!(rest.first(), None | Some(b'-')) =>
        {
            rfc_3339(text)
        }
        _ => rfc_822(text),
    }
}

/// The day of the week is not looked at: feeds write it wrong, and in many languages.
fn rfc_822(text: &str) -> Option<i64> {
    let date = text.split_once(',').map_or(text, |(_, date)| date).trim();
    if let Some(time) = by_places(date.as_bytes()) {
        return Some(time);
    }
    let date = match date.strip_suffix("UTC") {
        Some(before) => Cow::Owned(format!("{before}GMT")),
        None => Cow::Borrowed(date),
    };
    let time = DateTime::parse_from_rfc2822(&date).ok()?;
    Some(time.timestamp_micros())
}

/// The form that nearly every feed has, `07 Sep 2002 00:00:01 GMT`, by the places of its parts: there is one in
/// each record. Another form is none here, and no less an instant for it.
fn by_places(date: &[u8]) -> Option<i64> {
    let (date, zone) = date.split_at_checked(21)?;
    let [
        _,
        _,
        b' ',
        _,
        _,
        _,
        b' ',
        _,
        _,
        _,
        _,
        b' ',
        _,
        _,
        b':',
        _,
        _,
        b':',
        _,
        _,
        b' ',
    ] = date
    else {
        return None;
    };
    let part = |at: usize, below: u32| number(&date[at..at + 2]).filter(|&part| part < below);
    let month = MONTHS.iter().position(|&month| *month == date[3..6])?;
    let (year, month) = (number(&date[7..11])? as i32, month as u32 + 1);
    let day = NaiveDate::from_ymd_opt(year, month, part(0, 32)?)?;
    let seconds = part(12, 24)? * 3_600 + part(15, 60)? * 60 + part(18, 60)?;
    let seconds = i64::from(seconds) - east_seconds(zone)?;
    Some(i64::from(day.to_epoch_days()) * DAY_MICROSECONDS + seconds * 1_000_000)
}

/// How much later it is in a zone than in UTC.
fn east_seconds(zone: &[u8]) -> Option<i64> {
    let (sign, clock) = match zone {
        b"GMT" | b"UTC" => return Some(0),
        [b'+', clock @ ..] => (1, clock),
        [b'-', clock @ ..] => (-1, clock),
        _ => return None,
    };
    let (hours, minutes) = clock.split_at_checked(2)?;
    if minutes.len() != 2 {
        return None;
    }
    let hours = number(hours).filter(|&hours| hours < 24)?;
    let minutes = number(minutes).filter(|&minutes| minutes < 60)?;
    Some(sign * i64::from(hours * 3_600 + minutes * 60))
}

/// A number of digits alone.
pub(crate) fn number(digits: &[u8]) -> Option<u32> {
    let all = digits.iter().all(u8::is_ascii_digit);
    all.then(|| int64(digits)?.try_into().ok())?
}

fn rfc_3339(text: &str) -> Option<i64> {
    if let Some(day) = day(text) {
        return Some(i64::from(day.to_epoch_days()) * DAY_MICROSECONDS);
    }
    let mut whole = Cow::Borrowed(text);
    // Without seconds.
    if text.len() > 16 && text.as_bytes()[16] != b':' {
        let (minutes, zone) = text.split_at_checked(16)?;
        whole = Cow::Owned(format!("{minutes}:00{zone}"));
    }
    // A zone without a colon.
    let zone = whole.len().checked_sub(5)?;
    if let [b'+' | b'-', digits @ ..] = &whole.as_bytes()[zone..]
        && digits.iter().all(u8::is_ascii_digit)
    {
        whole.to_mut().insert(zone + 3, ':');
    }
    let time = DateTime::parse_from_rfc3339(&whole).ok()?;
    Some(time.timestamp_micros())
}

/// A day, or the first one of a month or year.
fn day(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let mut part = |digits: usize| -> Option<Option<u32>> {
        match parts.next() {
            None => Some(None),
            Some(part) if part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()) => {
                Some(Some(part.parse().ok()?))
            }
            Some(_) => None,
        }
    };
    let (year, month, day) = (part(4)??, part(2)?, part(2)?);
    if parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(year as i32, month.unwrap_or(1), day.unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn reads_each_way_a_feed_writes_an_instant() {
        // `date -ud '2002-09-07 00:00:01' +%s`.
        let due = 1_031_356_801 * SECOND;
        for text in [
            "Sat, 07 Sep 2002 00:00:01 GMT",
            "Sat, 07 Sep 2002 00:00:01 +0000",
            "Sat, 7 Sep 02 00:00:01 Z",
            " 07 Sep 2002 00:00:01 UT ",
            "Fri, 06 Sep 2002 20:00:01 EDT",
            "Sat, 07 Sep 2002 03:00:01 +0300",
            "Mon, 07 Sep 2002 00:00:01 GMT",
            "Сб, 07 Sep 2002 00:00:01 UTC",
            "2002-09-07T00:00:01Z",
            "2002-09-07t03:00:01+03:00",
            "2002-09-07T03:00:01+0300",
            "2002-09-06T20:00:01.000-04:00",
        ] {
            assert_eq!(instant(text), Some(due), "{text}");
        }
        assert_eq!(instant("Sat, 07 Sep 2002 00:00 GMT"), Some(due - SECOND));
        assert_eq!(instant("2002-09-07T00:00Z"), Some(due - SECOND));
        assert_eq!(instant("2002-09-07T03:00+03:00"), Some(due - SECOND));
        assert_eq!(instant("2002-09-07"), Some(due - SECOND));
        assert_eq!(instant("2002-09-07T00:00:01.25Z"), Some(due + 250_000));
    }

    #[test]
    fn the_form_of_nearly_every_feed_is_read_as_any_other() {
        for text in [
            "07 Sep 2002 00:00:01 GMT",
            "29 Feb 2024 23:59:59 -0930",
            "01 Jan 0001 00:00:00 +2359",
            "31 Dec 9999 23:59:59 +0000",
            "31 Dec 1969 23:59:59 -0000",
        ] {
            let expected = DateTime::parse_from_rfc2822(text).unwrap();
            let expected = Some(expected.timestamp_micros());
            assert_eq!(by_places(text.as_bytes()), expected, "{text}");
        }
        for text in [
            "",
            "07 Sep 2002 00:00:01 ",
            "07 Sep 2002 00:00:01 EST",
            "07 Sep 2002 00:00:01 GMT ",
            "07 Sep 2002 00:00:01 +000",
            "07 Sep 2002 00:00:01 +00000",
            "07 Sep 2002 00:00:01 +2400",
            "07 Sep 2002 00:00:01 +0060",
            "07 Sep 2002 00:00:60 GMT",
            "07 Sep 2002 00:60:00 GMT",
            "07 Sep 2002 24:00:00 GMT",
            "07 sep 2002 00:00:01 GMT",
            "29 Feb 2023 00:00:00 GMT",
            "07-Sep-2002 00:00:01 GMT",
            "+7 Sep 2002 00:00:01 GMT",
        ] {
            assert_eq!(by_places(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn reads_far_days() {
        // `date -ud 2002-09-01 +%s`, `date -ud 2002-01-01 +%s`, `date -ud 0001-01-01 +%s`.
        assert_eq!(instant("2002-09"), Some(1_030_838_400 * SECOND));
        assert_eq!(instant("2002"), Some(1_009_843_200 * SECOND));
        let first = Some(-62_135_596_800 * SECOND);
        assert_eq!(instant("0001-01-01T00:00:00Z"), first);
        assert_eq!(instant("Mon, 01 Jan 0001 00:00:00 +0000"), first);
        // `date -ud '9999-12-31 23:59:59' +%s`.
        let last = Some(253_402_300_799 * SECOND);
        assert_eq!(instant("9999-12-31T23:59:59Z"), last);
    }

    #[test]
    fn refuses_what_is_no_instant() {
        for text in [
            "",
            "yesterday",
            "2002-09-07T00:00:01",
            "2002-09-07 00:00:01",
            "2002-13-01",
            "2002-02-30T00:00:00Z",
            "2002-09-07T25:00:00Z",
            "2002-09-07-01",
            "02-09-07",
            "20020907",
            "Sat, 07 Sep 2002",
            "Sat, 07 Sep 2002 00:00:01",
            "Sat, 31 Sep 2002 00:00:01 GMT",
            "Сб, 07 вер 2002 00:00:01 +0300",
            "1031356801",
            "2002-09-07T00:0５:01Z",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
