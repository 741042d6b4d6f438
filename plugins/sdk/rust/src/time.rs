//! The time, and times of providers.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::imports;

/// The last second of which the host takes a time of an event, a day before the years of four digits end: 9999-12-30T22:00:00Z.
const LAST_SECOND: i64 = 253_402_207_200;
/// Most digits of a fraction of a second that the host takes.
const FRACTION_DIGITS_MAX: usize = 9;

/// The host's time, since 1970. [`testing::Host`](crate::testing::Host) has a clock that stands still.
pub fn now() -> Duration {
    imports::now()
}

/// RFC 3339 in UTC of a count of seconds since 1970; `None` before 1970 and on the last day of the year 9999. It may be the time of
/// an [`Event`](crate::Event).
pub fn rfc3339(unix_seconds: i64) -> Option<String> {
    if !(0..=LAST_SECOND).contains(&unix_seconds) {
        return None;
    }
    let (days, second) = (unix_seconds / 86_400, unix_seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// Milliseconds from 1970 to a time of RFC 3339: `2026-03-04T10:41:12.123456+01:00`. Times with different offsets and fractions
/// compare as they followed each other; digits beyond milliseconds are dropped. `None` for any other text, such as a time
/// without an offset, and outside the times of [`rfc3339`].
///
/// What is a time here may be the time of an [`Event`](crate::Event): the host takes it.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    // RFC 3339, 5.6: letters may be small, and a blank may stand in the place of the `T`.
    let bytes = text.as_bytes();
    let (date, rest) = bytes.split_at_checked(10)?;
    let (separator, rest) = rest.split_first()?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else { return None };
    let [h1, h2, b':', min1, min2, b':', s1, s2] = clock else { return None };
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let (year, month, day) =
        (digits(&[*y1, *y2, *y3, *y4], 1970..=9999)?, digits(&[*m1, *m2], 1..=12)?, digits(&[*d1, *d2], 1..=31)?);
    // The 60th second is a leap second: the first of the next minute.
    let (hour, minute, second) =
        (digits(&[*h1, *h2], 0..=23)?, digits(&[*min1, *min2], 0..=59)?, digits(&[*s1, *s2], 0..=60)?);
    let (millisecond, offset) = fraction(rest)?;
    let offset = offset_minutes(offset)?;
    let day_of_1970 = day_number(year, month, day);
    let exists = civil(day_of_1970) == (year, month, day);
    let seconds = day_of_1970 * 86_400 + hour * 3_600 + (minute - offset) * 60 + second;
    (exists && (0..=LAST_SECOND).contains(&seconds)).then_some(seconds * 1_000 + millisecond)
}

/// The milliseconds of a fraction of a second, if there is one, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(fraction) = text.strip_prefix(b".") else { return Some((0, text)) };
    let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, rest) = fraction.split_at(length);
    let digit = |place: usize| fraction.get(place).map_or(0, |digit| i64::from(digit - b'0'));
    (1..=FRACTION_DIGITS_MAX).contains(&length).then(|| (digit(0) * 100 + digit(1) * 10 + digit(2), rest))
}

/// How far a clock is ahead of UTC.
fn offset_minutes(text: &[u8]) -> Option<i64> {
    match text {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let minutes = digits(&[*h1, *h2], 0..=23)? * 60 + digits(&[*m1, *m2], 0..=59)?;
            Some(if *sign == b'-' { -minutes } else { minutes })
        }
        _ => None,
    }
}

/// A number of digits only, within `range`.
fn digits(digits: &[u8], range: RangeInclusive<i64>) -> Option<i64> {
    let number = digits
        .iter()
        .try_fold(0_i64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')));
    number.filter(|number| range.contains(number))
}

/// Seconds from 1970 to a date of an HTTP header, in the form that senders must use: `Sun, 06 Nov 1994 08:49:37 GMT`
/// (RFC 9110, 5.6.7). `None` for any other text.
pub fn parse_http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, date) = text.trim().split_once(", ")?;
    let [day, month, year, clock, "GMT"] = date.split(' ').collect::<Vec<_>>()[..] else { return None };
    let month = i64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()? + 1;
    let [hour, minute, second] = clock.split(':').collect::<Vec<_>>()[..] else { return None };
    let number = |text: &str, range: RangeInclusive<i64>| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| digits && range.contains(number))
    };
    let (year, day) = (number(year, 1970..=9999)?, number(day, 1..=31)?);
    let (hour, minute, second) = (number(hour, 0..=23)?, number(minute, 0..=59)?, number(second, 0..=60)?);
    let day_of_1970 = day_number(year, month, day);
    let exists = civil(day_of_1970) == (year, month, day);
    exists.then_some(day_of_1970 * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// The other way round: the day since 1970 of a Gregorian date. A day that the month does not have counts on into the next.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The Gregorian date of a day since 1970. Counts in years that begin in March, so that the leap day is the last of them, and
/// in eras of 400 years, which all have the same length.
fn civil(days_since_1970: i64) -> (i64, i64, i64) {
    let days = days_since_1970 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_dates_through_leap_years_and_centuries() {
        let times = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_772_617_272, "2026-03-04T09:41:12Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (LAST_SECOND, "9999-12-30T22:00:00Z"),
        ];
        for (seconds, text) in times {
            assert_eq!(rfc3339(seconds).as_deref(), Some(text));
        }
        assert_eq!((rfc3339(-1), rfc3339(LAST_SECOND + 1), rfc3339(i64::MAX)), (None, None, None));
    }

    #[test]
    fn times_of_rfc_3339_become_instants_that_compare() {
        let times = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-03-04T09:41:12Z", Some(1_772_617_272_000)),
            ("2026-03-04t10:41:12.5+01:00", Some(1_772_617_272_500)),
            ("2026-03-04 00:11:12.123456789-09:30", Some(1_772_617_272_123)),
            ("2026-03-04T09:41:12.02z", Some(1_772_617_272_020)),
            ("2026-03-04T09:41:12-00:00", Some(1_772_617_272_000)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_800_000)),
            ("2000-02-29T23:59:59.999Z", Some(951_868_799_999)),
            ("9999-12-31T21:00:00.999+23:59", Some((LAST_SECOND - 59 * 60) * 1_000 + 999)),
            ("9999-12-30T22:00:00Z", Some(LAST_SECOND * 1_000)),
        ];
        for (text, instant) in times {
            assert_eq!(parse_rfc3339(text), instant, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_of_rfc_3339_is_no_instant() {
        let others = [
            "",
            "2026-03-04",
            "2026-03-04T09:41:12",
            "2026-03-04T09:41Z",
            "2026-03-04T09:41:12.Z",
            "2026-03-04T09:41:12,5Z",
            "2026-03-04T09:41:12+0100",
            "2026-03-04T09:41:12+01",
            "2026-03-04T09:41:12+24:00",
            "2026-03-04T09:41:12Z ",
            " 2026-03-04T09:41:12Z",
            "2026-03-04_09:41:12Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-03-04T24:00:00Z",
            "2026-03-04T09:41:61Z",
            "2026-03-+4T09:41:12Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:59:59+01:00",
            "9999-12-30T22:00:01Z",
            "9999-12-31T23:59:59Z",
            "2026-03-04T09:41:12.1234567890Z",
            "1772617272000",
            "2026-03-04T09:41:1\u{e9}Z",
            "\u{661}026-03-04T09:41:12Z",
        ];
        for text in others {
            assert_eq!(parse_rfc3339(text), None, "{text:?}");
        }
    }

    #[test]
    fn http_dates_are_read_and_nothing_else_is() {
        let dates = [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Tue, 29 Feb 2000 23:59:59 GMT", Some(951_868_799)),
            ("Wed, 04 Mar 2026 09:41:12 GMT", Some(1_772_617_272)),
            ("Mon, 01 Mar 2100 00:00:00 GMT", Some(4_107_542_400)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
            ("Mon, 29 Feb 2100 00:00:00 GMT", None),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun Nov  6 08:49:37 1994", None),
            ("Sun, 06 Nov 1994 24:00:00 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 +0000", None),
            ("Sun, 06 Nov 1994 08:49:+7 GMT", None),
            ("", None),
        ];
        for (text, seconds) in dates {
            assert_eq!(parse_http_date(text), seconds, "{text}");
        }
    }
}
