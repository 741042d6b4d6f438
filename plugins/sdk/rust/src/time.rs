//! The time, and times of providers.

use std::time::Duration;

use crate::imports;

/// The last second that has four digits for its year.
const YEAR_9999_END: i64 = 253_402_300_799;

/// The host's time, since 1970. [`testing::Host`](crate::testing::Host) has a clock that stands still.
pub fn now() -> Duration {
    imports::now()
}

/// RFC 3339 in UTC of a count of seconds since 1970; `None` outside the years 1970 to 9999.
pub fn rfc3339(unix_seconds: i64) -> Option<String> {
    if !(0..=YEAR_9999_END).contains(&unix_seconds) {
        return None;
    }
    let (days, second) = (unix_seconds / 86_400, unix_seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// Time from 1970 to a date and time of RFC 3339: `2026-03-04T10:11:12.345Z`, with at most nine digits behind the point, in capitals
/// as RFC 3339 recommends. `None` for any other text and outside the years 1970 to 9998, so that what is read here is also a
/// time that the host takes for an event.
pub fn parse_rfc3339(text: &str) -> Option<Duration> {
    let (date, rest) = text.split_once('T')?;
    let (clock, offset) = rest.split_at(rest.find(['Z', '+', '-'])?);
    let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(clock, digits)| (clock, Some(digits)));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let day_of_1970 = day_number(year, month, day);
    let is_time =
        (1970..=9998).contains(&year) && (1..=12).contains(&month) && civil(day_of_1970) == (year, month, day);
    if !is_time || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = day_of_1970 * 86_400 + hour * 3_600 + minute * 60 + second - offset_seconds(offset)?;
    Some(Duration::new(u64::try_from(seconds).ok()?, fraction.map_or(Some(0), nanoseconds)?))
}

/// East of Greenwich: `Z`, `+02:00`.
fn offset_seconds(offset: &str) -> Option<i64> {
    let sign = match offset.chars().next()? {
        'Z' => return (offset == "Z").then_some(0),
        '+' => 1,
        _ => -1,
    };
    let [hours, minutes] = numbers(&offset[1..], ':', [2, 2])?;
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// The digits behind the point.
fn nanoseconds(digits: &str) -> Option<u32> {
    let is_fraction = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_fraction { format!("{digits:0<9}").parse().ok() } else { None }
}

/// So many numbers of so many digits each.
fn numbers<const COUNT: usize>(text: &str, separator: char, digits: [usize; COUNT]) -> Option<[i64; COUNT]> {
    let mut numbers = [0; COUNT];
    let mut parts = text.split(separator);
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part =
            parts.next().filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Seconds from 1970 to a date of an HTTP header, in the form that senders must use: `Sun, 06 Nov 1994 08:49:37 GMT`
/// (RFC 9110, 5.6.7). `None` for any other text.
pub fn parse_http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, date) = text.trim().split_once(", ")?;
    let [day, month, year, clock, "GMT"] = date.split(' ').collect::<Vec<_>>()[..] else { return None };
    let month = i64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()? + 1;
    let [hour, minute, second] = clock.split(':').collect::<Vec<_>>()[..] else { return None };
    let number = |text: &str, range: std::ops::RangeInclusive<i64>| {
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
            (YEAR_9999_END, "9999-12-31T23:59:59Z"),
        ];
        for (seconds, text) in times {
            assert_eq!(rfc3339(seconds).as_deref(), Some(text));
        }
        assert_eq!((rfc3339(-1), rfc3339(YEAR_9999_END + 1), rfc3339(i64::MAX)), (None, None, None));
    }

    #[test]
    fn times_of_rfc_3339_are_read_and_nothing_else_is() {
        let milliseconds = |text: &str| parse_rfc3339(text).map(|time| time.as_millis());
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-03-04T10:11:12.345Z", 1_772_619_072_345),
            ("2026-03-04T10:11:12Z", 1_772_619_072_000),
            ("2026-03-04T12:11:12.345+02:00", 1_772_619_072_345),
            ("2026-03-03T23:41:12.345-10:30", 1_772_619_072_345),
            ("2000-02-29T23:59:59.999999999Z", 951_868_799_999),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("9998-12-31T23:59:59Z", 253_370_764_799_000),
        ] {
            assert_eq!(milliseconds(text), Some(expected), "{text}");
        }
        assert_eq!(parse_rfc3339("1970-01-01T00:00:00.5Z"), Some(Duration::from_millis(500)));
        for other in [
            "",
            "2026-03-04",
            "2026-03-04T10:11Z",
            "2026-03-04T10:11:12",
            "2026-03-04 10:11:12Z",
            "2026-03-04T10:11:12z",
            "2026-02-29T10:11:12Z",
            "2026-13-01T10:11:12Z",
            "2026-00-01T10:11:12Z",
            "2026-03-04T24:00:00Z",
            "2026-03-04T10:60:12Z",
            "2026-03-04T10:11:61Z",
            "2026-03-04T10:11:12.Z",
            "2026-03-04T10:11:12.1234567890Z",
            "2026-03-04T10:11:12+0200",
            "2026-03-04T10:11:12+24:00",
            "2026-03-04T10:11:12Zulu",
            "2026-03-04T10:11:12+é",
            "+026-03-04T10:11:12Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01",
            "9999-01-01T00:00:00Z",
            "1772619072",
        ] {
            assert_eq!(parse_rfc3339(other), None, "{other}");
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
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(YEAR_9999_END)),
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
