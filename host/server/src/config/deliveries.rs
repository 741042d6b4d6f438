//! `[deliveries]`: when a subscription is paused by itself, and what is kept of deliveries that are over.

use std::time::Duration;

use hookyard_domain::limit;

use super::entry::{Entry, Section};
use super::problem::Problem;

const KNOWN: [&str; 2] = ["pause_after_hours", "retention_days"];

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What holds for the deliveries of all subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliverySettings {
    /// After how long without any success a subscription is paused.
    pub pause_after: Duration,
    /// How long deliveries that were given up, or succeeded after all, are listed. Pending ones stay until they are neither.
    pub retention: Duration,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self { pause_after: limit::PAUSE_AFTER_DEFAULT, retention: limit::DELIVERY_RETENTION_DEFAULT }
    }
}

/// Reads the table; what it leaves out, or has wrong, is as by default.
pub(super) fn read(table: &Section<'_>, problems: &mut Vec<Problem>) -> DeliverySettings {
    table.refuse_unknown(&KNOWN, problems);
    let defaults = DeliverySettings::default();
    let hours =
        table.get("pause_after_hours").and_then(|entry| from_one(&entry, limit::PAUSE_AFTER_HOURS_MAX, problems));
    let days =
        table.get("retention_days").and_then(|entry| from_one(&entry, limit::DELIVERY_RETENTION_DAYS_MAX, problems));
    DeliverySettings {
        pause_after: hours.map_or(defaults.pause_after, |hours| HOUR * hours),
        retention: days.map_or(defaults.retention, |days| DAY * days),
    }
}

fn from_one(entry: &Entry<'_>, max: u32, problems: &mut Vec<Problem>) -> Option<u32> {
    let number = entry.number(max, problems)?;
    if number == 0 {
        problems.push(entry.problem(format!("0 is too few; use 1 to {max}")));
        return None;
    }
    Some(number)
}
