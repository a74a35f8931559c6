//! Days and times as files write them: `2017-05-12`, `2017/05/12`, `2017-05-12T10:30:00`, `12.05.2017`,
//! `12.05.2017 10:30`. Anything else is refused; a zone other than `Z` would have to be guessed at.

use chrono::NaiveDate;

const MICROSECONDS: i64 = 1_000_000;

/// Days since 1970-01-01; none where the text is no day, or says a time of day.
pub fn day(text: &str) -> Option<i32> {
    match parse(text)? {
        (days, 0) => Some(days),
        _ => None,
    }
}

/// Days since 1970-01-01 of a day without anything between its numbers, `20170512`.
pub fn compact_day(text: &str) -> Option<i32> {
    let text = text.trim();
    let number = digits(text).filter(|_| text.len() == 8)?;
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    Some(NaiveDate::from_ymd_opt(year as i32, month, day)?.to_epoch_days())
}

/// Microseconds since 1970-01-01, in the time of the place.
pub fn time(text: &str) -> Option<i64> {
    let (days, microseconds) = parse(text)?;
    Some(i64::from(days) * 86_400 * MICROSECONDS + microseconds)
}

/// The day, and the time of day in microseconds.
fn parse(text: &str) -> Option<(i32, i64)> {
    let text = text.trim();
    let (date, time) = text.split_at_checked(10)?;
    let numbers = |at: [usize; 3], ends: [usize; 3]| {
        let part = |i: usize| digits(date.get(at[i]..ends[i])?);
        Some((part(0)?, part(1)?, part(2)?))
    };
    let (year, month, day) = match date.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', ..] | [_, _, _, _, b'/', _, _, b'/', ..] => {
            numbers([0, 5, 8], [4, 7, 10])?
        }
        [_, _, b'.', _, _, b'.', ..] => numbers([6, 3, 0], [10, 5, 2])?,
        _ => return None,
    };
    let days = NaiveDate::from_ymd_opt(year as i32, month, day)?.to_epoch_days();
    let time = time.strip_suffix('Z').unwrap_or(time);
    let time = match time.as_bytes() {
        [] => 0,
        [b'T' | b' ', ..] => time_of_day(time[1..].trim_start())?,
        _ => return None,
    };
    Some((days, time))
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.ffffff`, in microseconds. An hour may have one digit.
fn time_of_day(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let mut part = |max: u32| {
        let part = parts.next()?;
        digits(part).filter(|&number| part.len() <= 2 && number < max)
    };
    let (hours, minutes) = (part(24)?, part(60)?);
    let seconds = match part(60) {
        Some(seconds) => seconds,
        None if clock.split(':').count() == 2 => 0,
        None => return None,
    };
    if clock.split(':').count() > 3 || fraction.len() > 9 {
        return None;
    }
    let micros = match fraction.len() {
        0 => 0,
        count => {
            let number = i64::from(digits(fraction)?);
            number * MICROSECONDS / 10_i64.pow(count as u32)
        }
    };
    let seconds = i64::from(hours * 3_600 + minutes * 60 + seconds);
    Some(seconds * MICROSECONDS + micros)
}

fn digits(text: &str) -> Option<u32> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_way_a_file_writes_a_day() {
        // `date -ud 2017-05-12 +%s` divided by 86,400.
        for text in [
            "2017-05-12",
            "2017/05/12",
            "2017-05-12T00:00:00",
            "12.05.2017",
            " 12.05.2017 0:00 ",
        ] {
            assert_eq!(day(text), Some(17_298), "{text}");
        }
        assert_eq!(compact_day("20170512"), Some(17_298));
        for text in ["2017051", "201705123", "20170532", "2017-5-1"] {
            assert_eq!(compact_day(text), None, "{text}");
        }
        assert_eq!(day("2017-05-12T10:30:00"), None);
        assert_eq!(day("1900-01-01"), Some(-25_567));
        assert_eq!(day("0001-01-01"), Some(-719_162));
        assert_eq!(day("9999-12-31"), Some(2_932_896));
    }

    #[test]
    fn reads_times() {
        // `date -ud '2017-05-12 10:30:05' +%s`.
        let due = 1_494_585_005 * MICROSECONDS;
        assert_eq!(time("2017-05-12T10:30:05"), Some(due));
        assert_eq!(time("2017-05-12T10:30:05Z"), Some(due));
        assert_eq!(time("2017-05-12 10:30:05.25"), Some(due + 250_000));
        assert_eq!(time("12.05.2017 10:30"), Some(due - 5 * MICROSECONDS));
        assert_eq!(time("1969-12-31T23:59:59.5"), Some(-500_000));
    }

    #[test]
    fn refuses_what_is_no_day() {
        for text in [
            "",
            "2017",
            "2017-13-01",
            "2017-02-29",
            "12/05/2017",
            "12.05.17",
            "2017-05-12T25:00",
            "2017-05-12X",
            "2017-05-12T10:30:00+03:00",
            "2017-05-12T10",
            "2017-05-12T10:30:00:00",
            "20170512..",
            "1２.05.2017",
            "дванадцяте",
            "2017-05-12T10:+3",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
