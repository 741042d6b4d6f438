//! Finding secrets in texts that leave the host: logs, errors, answers.

mod spelling;
mod view;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::limit;
use crate::secret::Secret;
use view::View;

/// What stands in place of a secret.
pub const REDACTED: &str = "•••";

/// Knows some secrets in every usual spelling: as they are, in base64 (also as a part of what was encoded), in hex,
/// percent-encoded, and escaped for JSON. Of a secret of several lines, each longer line is known as well.
///
/// Secrets of less than [`limit::REDACTED_TEXT_BYTES_MIN`] bytes are not looked for, and those below
/// [`limit::REDACTED_SECRET_BYTES_MIN`] not in base64 and hex.
pub struct Redactor {
    /// `None` where there is nothing to look for.
    spellings: Option<AhoCorasick>,
    /// Whether some secret has a blank, which forms write as `+`.
    blanks: bool,
}

impl Redactor {
    /// For these secrets.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        let mut spellings = BTreeSet::new();
        for secret in secrets {
            let text = secret.expose();
            let lines = text.lines().filter(|line| line.len() >= limit::REDACTED_LINE_BYTES_MIN);
            for text in std::iter::once(text).chain(lines) {
                spelling::add(text.as_bytes(), &mut spellings);
            }
        }
        let blanks = spellings.iter().any(|spelling| spelling.contains(&b' '));
        let automaton = (!spellings.is_empty()).then(|| {
            let mut builder = AhoCorasick::builder();
            builder.match_kind(MatchKind::Standard).kind(Some(AhoCorasickKind::ContiguousNFA));
            builder.build(spellings).expect("a config, whose size is bounded, has few enough bytes of secrets")
        });
        Self { spellings: automaton, blanks }
    }

    /// The text with `•••` in place of every secret. What lies beyond its first [`limit::SEARCHED_TEXT_BYTES_MAX`] bytes is left out.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.redact_beginning(text, limit::SEARCHED_TEXT_BYTES_MAX)
    }

    /// The first `bytes_max` bytes of a text with `•••` in place of every secret, those included that only begin there: a text
    /// that is cut before it is redacted shows the beginning of a secret. It looks [`limit::REDACTION_SLACK_BYTES`] further.
    pub fn redact_beginning<'t>(&self, text: &'t str, bytes_max: usize) -> Cow<'t, str> {
        let beginning = &text[..text.floor_char_boundary(bytes_max)];
        let searched = &text[..text.floor_char_boundary(bytes_max.saturating_add(limit::REDACTION_SLACK_BYTES))];
        let mut redacted = String::new();
        let mut rest = 0;
        for Range { start, end } in self.spans(searched.as_bytes()) {
            let (start, end) = (text.floor_char_boundary(start), text.ceil_char_boundary(end));
            if start >= beginning.len() {
                break;
            }
            redacted.push_str(&text[rest..start.max(rest)]);
            redacted.push_str(REDACTED);
            rest = end;
        }
        if rest == 0 {
            return Cow::Borrowed(beginning);
        }
        redacted.push_str(beginning.get(rest..).unwrap_or_default());
        redacted.truncate(redacted.floor_char_boundary(bytes_max));
        Cow::Owned(redacted)
    }

    /// Whether any secret stands in the first [`limit::SEARCHED_TEXT_BYTES_MAX`] of these bytes.
    pub fn finds(&self, bytes: &[u8]) -> bool {
        let bytes = &bytes[..bytes.len().min(limit::SEARCHED_TEXT_BYTES_MAX)];
        let Some(spellings) = &self.spellings else { return false };
        spellings.is_match(bytes)
            || self.readings(bytes).any(|view| {
                spellings.is_match(&view.bytes)
                    || self.readings(&view.bytes).any(|inner| spellings.is_match(&inner.bytes))
            })
    }

    /// Where secrets stand, in order and apart: in the bytes themselves, and as others would read them who decode them, once or
    /// twice: a URL within JSON, a URL within a URL. One reading at a time is in memory.
    fn spans(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let Some(spellings) = &self.spellings else { return Vec::new() };
        let mut spans = merged(spellings.find_overlapping_iter(bytes).map(|found| found.range()).collect());
        let mut add = |view: &View| {
            spans.extend(spellings.find_overlapping_iter(&view.bytes).map(|found| view.origin(found.range())));
            spans = merged(std::mem::take(&mut spans));
        };
        for view in self.readings(bytes) {
            add(&view);
            self.readings(&view.bytes).for_each(|inner| add(&inner.through(&view)));
        }
        spans
    }

    fn readings<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = View> + use<'b> {
        let with_blanks = self.blanks && bytes.contains(&b'+');
        let unescaped = std::iter::once_with(|| View::unescaped(bytes));
        let decoded = unescaped.chain(std::iter::once_with(|| View::decoded(bytes, false)));
        decoded.chain(std::iter::once_with(move || with_blanks.then(|| View::decoded(bytes, true)).flatten())).flatten()
    }
}

/// The spans in order, those that overlap or touch as one.
fn merged(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_unstable_by_key(|span| span.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(•••)")
    }
}

#[cfg(test)]
mod tests;
