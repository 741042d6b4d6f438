//! `Retry-After`, as receivers send it (RFC 9110, section 10.2.3): seconds, or a date in one of the three forms of section 5.6.7.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::clock::Timestamp;

/// How the date forms are written: the one that senders must use, and the two that readers must still know.
const DATES: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// How long to wait from `now` on; nothing for a date that has passed. `None`: the value says nothing.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than a number can say are as many as can be said.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = DATES.iter().find_map(|form| date(form, value))?;
    let millis = at.saturating_sub(now.as_millis());
    Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

fn date(form: &str, value: &str) -> Option<i64> {
    let date: DateTime = strtime::parse(form, value).ok()?.to_datetime().ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_says_how_long_in_seconds_or_until_when() {
        // 1994-11-06T08:49:37Z, the example of RFC 9110.
        let now = Timestamp::from_millis(784_111_777_000 - 90_500);
        for (value, millis) in [
            ("0", Some(0)),
            (" 120 ", Some(120_000)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(90_500)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(90_500)),
            ("Sun Nov  6 08:49:37 1994", Some(90_500)),
            ("Sun, 06 Nov 1994 08:40:00 GMT", Some(0)),
            ("Mon, 06 Nov 1994 08:49:37 GMT", None),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ] {
            assert_eq!(retry_after(value, now), millis.map(Duration::from_millis), "{value:?}");
        }
    }

    #[test]
    fn more_seconds_than_fit_into_a_number_are_as_many_as_fit() {
        let now = Timestamp::from_millis(0);
        assert_eq!(retry_after("99999999999999999999999", now), Some(Duration::from_secs(u64::MAX)));
    }
}
