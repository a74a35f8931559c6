//! Days as messages write them: as the SDK reads them, also as `20170512` and with a zone. A time of day
//! or a zone behind a day does not change it. What is less than a day, such as `2017-05`, is none.

use sextant_plugin_sdk::date;

const DAY_MICROSECONDS: i64 = 86_400_000_000;
/// 0001-01-01. `0000-00-00` stands for what is not known, and so may `0000-01-01`.
const FIRST_DAY: i32 = -719_162;

/// Days since 1970-01-01; none where the text is no day.
pub(crate) fn day(text: &str) -> Option<i32> {
    let text = without_zone(text.trim());
    let time = match text.len() {
        8 => {
            let parts = (text.get(..4)?, text.get(4..6)?, text.get(6..)?);
            date::time(&format!("{}-{}-{}", parts.0, parts.1, parts.2))
        }
        _ => date::time(text),
    };
    let day = time?.div_euclid(DAY_MICROSECONDS) as i32;
    (day >= FIRST_DAY).then_some(day)
}

/// The text without `+HH:MM` at its end.
fn without_zone(text: &str) -> &str {
    let (before, zone) = text
        .split_at_checked(text.len().saturating_sub(6))
        .unwrap_or((text, ""));
    match zone.as_bytes() {
        [b'+' | b'-', a, b, b':', c, d] if [a, b, c, d].iter().all(|c| c.is_ascii_digit()) => {
            before
        }
        _ => text,
    }
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
            "2017/05/12",
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
            "2017-05-12+2",
            "1２.05.2017",
            "about 1980",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
