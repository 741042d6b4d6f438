//! `[inbox]`: what is kept of webhooks that were handled.

use std::time::Duration;

use hookyard_domain::limit;

use super::entry::{Entry, Section};
use super::problem::Problem;

const KNOWN: [&str; 2] = ["keep_all", "retention_days"];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the inbox keeps beside what it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxSettings {
    /// Keep webhooks of providers also when they are handled at once, so that they can be looked at and replayed. It costs a row
    /// of the webhook's size each.
    pub keep_all: bool,
    /// How long handled and skipped webhooks are kept. Pending and failed ones stay until they are neither.
    pub settled_retention: Duration,
}

impl Default for InboxSettings {
    fn default() -> Self {
        Self { keep_all: false, settled_retention: limit::SETTLED_RETENTION_DEFAULT }
    }
}

/// Reads the table; what it leaves out, or has wrong, is as by default.
pub(super) fn read(table: &Section<'_>, problems: &mut Vec<Problem>) -> InboxSettings {
    table.refuse_unknown(&KNOWN, problems);
    let defaults = InboxSettings::default();
    InboxSettings {
        keep_all: table.get("keep_all").and_then(|entry| entry.boolean(problems)).unwrap_or(defaults.keep_all),
        settled_retention: table
            .get("retention_days")
            .and_then(|entry| days(&entry, problems))
            .unwrap_or(defaults.settled_retention),
    }
}

fn days(entry: &Entry<'_>, problems: &mut Vec<Problem>) -> Option<Duration> {
    let days = entry.number(limit::SETTLED_RETENTION_DAYS_MAX, problems)?;
    if days == 0 {
        let text = "0 is too few: what was handled is kept for a day at least, so that it can be replayed";
        problems.push(entry.problem(format!("{text}; use 1 to {}", limit::SETTLED_RETENTION_DAYS_MAX)));
        return None;
    }
    Some(DAY * days)
}
