//! When a request was signed, and whether that is recent enough.

use std::borrow::Cow;

use http::HeaderName;

use super::place::{header_name, json_pointer};
use super::request::{Reason, Request};
use super::template::{Piece, Template, part};
use crate::clock::Timestamp;
use crate::manifest::webhook::{TimestampSource, TimestampUnit};

/// Where the time of signing stands, and how far it may be away from now.
#[derive(Debug, Clone)]
pub(crate) struct Freshness {
    source: Source,
    unit: TimestampUnit,
    /// Milliseconds; without it the time is only part of what is signed.
    tolerance: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Header(HeaderName),
    Part(String),
    Body(String),
}

impl Freshness {
    /// Reads what the manifest says; the error is a sentence for the author.
    pub(crate) fn parse(source: &TimestampSource, tolerance_seconds: Option<u64>) -> Result<Self, String> {
        let place = match (&source.header, &source.part, &source.body) {
            (Some(name), None, None) => Source::Header(header_name(name)?),
            (None, Some(name), None) => Source::Part(name.clone()),
            (None, None, Some(pointer)) => Source::Body(json_pointer(pointer)?),
            _ => return Err("name exactly one of header, part and body".to_owned()),
        };
        Ok(Self { source: place, unit: source.unit, tolerance: tolerance_seconds.map(milliseconds) })
    }

    /// Whether whoever changes the time breaks the signature over this template.
    pub(crate) fn is_signed_by(&self, template: &Template) -> bool {
        template.pieces().iter().any(|piece| match (piece, &self.source) {
            (Piece::Timestamp, _) | (Piece::Body, Source::Body(_)) => true,
            (Piece::Header(signed), Source::Header(name)) => signed == name,
            (Piece::Part(signed), Source::Part(name)) => signed == name,
            (Piece::Pointer(signed), Source::Body(pointer)) => signed == pointer,
            _ => false,
        })
    }

    /// Whether the time stands in a part of the signature header.
    pub(crate) fn needs_parts(&self) -> bool {
        matches!(self.source, Source::Part(_))
    }

    /// The time of signing as written.
    pub(crate) fn read<'a>(
        &self,
        request: &'a Request<'_>,
        parts: &[(&'a [u8], &'a [u8])],
    ) -> Result<Cow<'a, [u8]>, Reason> {
        match &self.source {
            Source::Header(name) => request.header(name).map(Cow::Borrowed),
            Source::Part(name) => part(parts, name).map(Cow::Borrowed),
            Source::Body(pointer) => {
                let body = request.json().ok_or("the body is not JSON")?;
                Ok(Cow::Owned(body.scalar(pointer).ok_or("the time of signing is missing")?.into_bytes()))
            }
        }
    }

    /// Checks that the time of signing is near enough, before and after now.
    pub(crate) fn check(&self, text: &[u8], now: Timestamp) -> Result<(), Reason> {
        let Some(tolerance) = self.tolerance else { return Ok(()) };
        let signed = milliseconds_since_epoch(text, self.unit).ok_or("the time of signing is not a number")?;
        near(signed, now, tolerance)
    }
}

/// Checks a time in seconds against a tolerance in seconds, both ways.
pub(crate) fn check_seconds(text: &[u8], tolerance_seconds: u64, now: Timestamp) -> Result<(), Reason> {
    let signed = milliseconds_since_epoch(text, TimestampUnit::Seconds).ok_or("the time of signing is not a number")?;
    near(signed, now, milliseconds(tolerance_seconds))
}

fn near(signed: i64, now: Timestamp, tolerance: i64) -> Result<(), Reason> {
    let age = now.as_millis().saturating_sub(signed);
    if age > tolerance {
        Err("the time of signing is too long ago")
    } else if age < tolerance.saturating_neg() {
        Err("the time of signing is too far ahead")
    } else {
        Ok(())
    }
}

fn milliseconds_since_epoch(digits: &[u8], unit: TimestampUnit) -> Option<i64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: i64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    match unit {
        TimestampUnit::Seconds => number.checked_mul(1_000),
        TimestampUnit::Milliseconds => Some(number),
    }
}

fn milliseconds(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tolerance_holds_both_ways_to_the_second() {
        let now = Timestamp::from_millis(1_000_000_000);
        for (seconds, fresh) in [(999_700, true), (999_699, false), (1_000_300, true), (1_000_301, false)] {
            assert_eq!(check_seconds(seconds.to_string().as_bytes(), 300, now).is_ok(), fresh, "{seconds}");
        }
        for odd in ["", "-1", "+1000000", "1000000.0", "1e6", "99999999999999999999", "9223372036854775807", " 1000000"]
        {
            assert!(check_seconds(odd.as_bytes(), 300, now).is_err(), "{odd}");
        }
    }
}
