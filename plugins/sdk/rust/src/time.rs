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
