//! Times of providers.

/// The last second that has four digits for its year.
const YEAR_9999_END: i64 = 253_402_300_799;

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
}
