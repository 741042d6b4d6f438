//! A message before it is known whether it can be sent.

use std::time::Duration;

use hookyard_chat::MESSAGE_EMPTY;
use hookyard_sdk::time;

use crate::config::Config;
use crate::expiry::{self, Expiry};
use crate::phone;
use crate::problems::Problems;
use crate::queue::Queued;

/// Longest text, in characters. Feedbot names no limit; this is WhatsApp's. A text is never cut.
const TEXT_CHARS_MAX: usize = 4096;

/// A message as it was asked for.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) message: &'a str,
    pub(crate) phone: &'a str,
    pub(crate) expires_at: Option<&'a Expiry>,
    pub(crate) image_url: Option<&'a str>,
}

/// JSON pointers to where these stand in the input.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) message: String,
    pub(crate) phone: String,
    pub(crate) expires_at: String,
    pub(crate) image_url: String,
}

/// What the config says of every message, and the time.
#[derive(Debug)]
pub(crate) struct Rules<'a> {
    default_country_code: Option<&'a str>,
    default_ttl: Option<Duration>,
    now_ms: i64,
}

impl<'a> Rules<'a> {
    /// Of this config, now.
    pub(crate) fn of(config: &'a Config) -> Self {
        Self {
            default_country_code: config.default_country_code.as_deref(),
            default_ttl: config.default_ttl_seconds.map(|seconds| Duration::from_secs(seconds.into())),
            now_ms: now_ms(),
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    millis(time::now())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl<'a> Draft<'a> {
    /// The message as it goes into the queue. What is wrong with it is added to `problems`, all of it; the message is to be sent only if
    /// there is nothing.
    pub(crate) fn check(&self, places: &Places, rules: &Rules<'_>, problems: &mut Problems) -> Queued<'a> {
        check_text(self.message, &places.message, problems);
        let phone = check_phone(self.phone, rules, &places.phone, problems);
        let expires_at_ms = match self.expires_at {
            Some(expires_at) => check_expiry(expires_at, rules.now_ms, &places.expires_at, problems),
            None => rules.default_ttl.map(|ttl| rules.now_ms.saturating_add(millis(ttl))),
        };
        if self.image_url.is_some_and(|url| !is_web_url(url)) {
            problems.add(&places.image_url, "image-url-invalid", "an image is an absolute URL: https://…");
        }
        Queued { message: self.message, phone, expires_at_ms, image_url: self.image_url }
    }
}

fn check_text(text: &str, pointer: &str, problems: &mut Problems) {
    let chars = text.chars().count();
    if text.trim().is_empty() {
        problems.add(pointer, MESSAGE_EMPTY, "a message needs a text");
    } else if chars > TEXT_CHARS_MAX {
        problems.add(
            pointer,
            "message-too-long",
            format!("the text has {chars} characters; WhatsApp takes {TEXT_CHARS_MAX}"),
        );
    }
}

/// Empty if it is none.
fn check_phone(written: &str, rules: &Rules<'_>, pointer: &str, problems: &mut Problems) -> String {
    match phone::digits(written, rules.default_country_code) {
        Ok(digits) => return digits,
        Err(phone::Wrong::Invalid) => {
            problems.add(pointer, "phone-invalid", "a phone number has 8 to 15 digits, the country code first");
        }
        Err(phone::Wrong::CountryCodeMissing) => problems.add(
            pointer,
            "country-code-missing",
            "the phone number begins with 0: write the country code in its place, or set default_country_code",
        ),
    }
    String::new()
}

fn check_expiry(expires_at: &Expiry, now_ms: i64, pointer: &str, problems: &mut Problems) -> Option<i64> {
    let (code, detail) = match expires_at.millis(now_ms) {
        Ok(millis) => return Some(millis),
        Err(expiry::Wrong::InSeconds) => {
            ("time-in-seconds", "this looks like seconds since 1970; milliseconds have 13 digits")
        }
        Err(expiry::Wrong::Expired) => {
            ("expired", "this time has come already, so that the message would never be sent")
        }
        Err(expiry::Wrong::Invalid) => {
            ("time-invalid", "a time is RFC 3339, as 2026-03-05T09:41:12Z, or milliseconds since 1970")
        }
    };
    problems.add(pointer, code, detail);
    None
}

fn is_web_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    host.is_some_and(|host| !host.is_empty()) && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}
