//! When a message is not to be sent any more.

use std::borrow::Cow;

use hookyard_sdk::time;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// The last millisecond of which a time may be: the year 9999.
const LAST_MILLISECOND: i64 = 253_402_300_799_999;

/// A time of RFC 3339, or milliseconds since 1970 as a number or as its digits.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Expiry {
    /// Milliseconds.
    Number(i64),
    /// What JSON Schema takes for an integer as well: `1772703672000.0`, or one of more than 64 bits.
    Float(f64),
    /// Either.
    Text(String),
}

/// What is wrong with such a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is none.
    Invalid,
    /// It has as many digits as the seconds since 1970.
    InSeconds,
    /// It has come already.
    Expired,
}

impl Expiry {
    /// Milliseconds since 1970, of a time that is still to come.
    pub(crate) fn millis(&self, now_ms: i64) -> Result<i64, Wrong> {
        let text = match self {
            Self::Number(number) => Cow::Owned(number.to_string()),
            // A whole one is written without its point; no time is long enough for a float to have lost digits of it.
            Self::Float(number) => Cow::Owned(number.to_string()),
            Self::Text(text) => Cow::Borrowed(text.trim()),
        };
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let millis = match (is_number, text.len()) {
            (true, 9..=11) => return Err(Wrong::InSeconds),
            (true, 13..=15) => text.parse().ok().filter(|millis| *millis <= LAST_MILLISECOND),
            (true, _) => None,
            (false, _) => time::parse_rfc3339(&text),
        };
        match millis {
            None => Err(Wrong::Invalid),
            Some(millis) if millis <= now_ms => Err(Wrong::Expired),
            Some(millis) => Ok(millis),
        }
    }
}

impl JsonSchema for Expiry {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Expiry".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-04T10:00:00Z.
    const NOW: i64 = 1_772_618_400_000;

    fn text(text: &str) -> Result<i64, Wrong> {
        Expiry::Text(text.to_owned()).millis(NOW)
    }

    #[test]
    fn a_time_is_rfc_3339_or_milliseconds() {
        for written in ["2026-03-05T09:41:12Z", "2026-03-05T10:41:12+01:00", "1772703672000", " 1772703672000 "] {
            assert_eq!(text(written), Ok(1_772_703_672_000), "{written}");
        }
        assert_eq!(Expiry::Number(1_772_703_672_000).millis(NOW), Ok(1_772_703_672_000));
        assert_eq!(Expiry::Float(1_772_703_672_000.0).millis(NOW), Ok(1_772_703_672_000));
        assert_eq!(text("253402300799999"), Ok(LAST_MILLISECOND));
        assert_eq!(text("253402300800000"), Err(Wrong::Invalid));
    }

    #[test]
    fn seconds_the_past_and_what_is_no_time_are_told_apart() {
        assert_eq!(
            (text("1772703672"), Expiry::Number(1_772_703_672).millis(NOW)),
            (Err(Wrong::InSeconds), Err(Wrong::InSeconds))
        );
        for past in ["2026-03-04T10:00:00Z", "1772618400000", "2020-01-01T00:00:00Z"] {
            assert_eq!(text(past), Err(Wrong::Expired), "{past}");
        }
        for none in
            ["", "tomorrow", "2026-03-05", "2026-03-05T09:41:12", "177270367200", "-1772703672000", "1772703672000.5"]
        {
            assert_eq!(text(none), Err(Wrong::Invalid), "{none:?}");
        }
        assert_eq!(Expiry::Number(-1_772_703_672_000).millis(NOW), Err(Wrong::Invalid));
        for none in [1e30, -1_772_703_672_000.0, 1_772_703_672_000.5] {
            assert_eq!(Expiry::Float(none).millis(NOW), Err(Wrong::Invalid), "{none}");
        }
        assert_eq!(Expiry::Float(1_772_703_672.0).millis(NOW), Err(Wrong::InSeconds));
    }
}
