//! Days as messages write them: `2017-05-12`, `20170512`, `12.05.2017`, each but the second also with a
//! time of day or a zone behind it, which do not change the day. What is less than a day, such as
//! `2017-05`, is none.

use chrono::NaiveDate;

/// Days since 1970-01-01; none where the text is no day.
pub(crate) fn day(text: &str) -> Option<i32> {
    let text = text.trim();
    if text.len() == 8 {
        return days(text.get(..4)?, text.get(4..6)?, text.get(6..)?);
    }
    let (date, rest) = text.split_at_checked(10)?;
    let days = match date.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', ..] => days(date.get(..4)?, date.get(5..7)?, date.get(8..)?),
        [_, _, b'.', _, _, b'.', ..] => days(date.get(6..)?, date.get(3..5)?, date.get(..2)?),
        _ => None,
    };
    days.filter(|_| is_time_and_zone(rest))
}

fn days(year: &str, month: &str, day: &str) -> Option<i32> {
    let (year, month, day) = (digits(year)?, digits(month)?, digits(day)?);
    let year = i32::try_from(year).ok().filter(|&year| year > 0)?;
    Some(NaiveDate::from_ymd_opt(year, month, day)?.to_epoch_days())
}

/// Whether a text is nothing, `THH:MM`, `THH:MM:SS` or `THH:MM:SS.ffffff`, and then nothing, `Z` or
/// `+HH:MM`.
fn is_time_and_zone(text: &str) -> bool {
    let Some(time) = text.strip_prefix(['T', ' ']) else {
        return is_zone(text);
    };
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    is_clock(clock, 2..=3) && is_fraction && is_zone(zone)
}

fn is_zone(text: &str) -> bool {
    let offset = text.strip_prefix(['+', '-']);
    text.is_empty() || text == "Z" || offset.is_some_and(|offset| is_clock(offset, 2..=2))
}

/// Whether a text is as many numbers of a clock as that.
fn is_clock(text: &str, count: std::ops::RangeInclusive<usize>) -> bool {
    let is_part = |(at, part): (usize, &str)| {
        let max = if at == 0 { 24 } else { 60 };
        part.len() == 2 && digits(part).is_some_and(|number| number < max)
    };
    count.contains(&text.split(':').count()) && text.split(':').enumerate().all(is_part)
}

fn digits(text: &str) -> Option<u32> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read() {
        // `date -ud 2017-05-12 +%s` divided by 86,400.
        for text in [
            "2017-05-12",
            " 2017-05-12Z ",
            "2017-05-12+02:00",
            "2017-05-12T23:30:00.5-11:00",
            "2017-05-12 10:30",
            "20170512",
            "12.05.2017",
        ] {
            assert_eq!(day(text), Some(17_298), "{text}");
        }
        assert_eq!(day("0001-01-01"), Some(-719_162));
        assert_eq!(day("9999-12-31"), Some(2_932_896));
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in [
            "",
            "2017",
            "2017-05",
            "2017-00-00",
            "0000-01-01",
            "2017-02-29",
            "20170229",
            "12/05/2017",
            "2017-05-12x",
            "2017-05-12T25:00",
            "2017-05-12T10:30:00.",
            "2017-05-12+2",
            "1２.05.2017",
            "about 1980",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
