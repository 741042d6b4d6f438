//! `[rollback]`: when a new version of a plugin goes back to the one before it.

use hookyard_domain::limit;
use hookyard_domain::rollback::RollbackSettings;

use super::entry::{Entry, Section};
use super::problem::Problem;

const KNOWN: [&str; 3] = ["enabled", "invocations", "threshold"];

/// Reads the table; what it leaves out, or has wrong, is as by default.
pub(super) fn read(table: &Section<'_>, problems: &mut Vec<Problem>) -> RollbackSettings {
    table.refuse_unknown(&KNOWN, problems);
    let defaults = RollbackSettings::default();
    RollbackSettings {
        enabled: table.get("enabled").and_then(|entry| entry.boolean(problems)).unwrap_or(defaults.enabled),
        invocations: table
            .get("invocations")
            .and_then(|entry| invocations(&entry, problems))
            .unwrap_or(defaults.invocations),
        threshold: table.get("threshold").and_then(|entry| threshold(&entry, problems)).unwrap_or(defaults.threshold),
    }
}

fn invocations(entry: &Entry<'_>, problems: &mut Vec<Problem>) -> Option<u32> {
    let (min, max) = (limit::ROLLBACK_FAILURES_MIN, limit::ROLLBACK_INVOCATIONS_MAX);
    let number = entry.number(max, problems)?;
    if number < min {
        let text =
            format!("{number} is too few: a version goes back after {min} failures at least; use {min} to {max}");
        problems.push(entry.problem(text));
        return None;
    }
    Some(number)
}

fn threshold(entry: &Entry<'_>, problems: &mut Vec<Problem>) -> Option<f64> {
    let share = entry.fraction(problems)?;
    if share > 0.0 && share < 1.0 {
        return Some(share);
    }
    let text = format!("{share} is not a share above 0 and below 1, such as 0.25; enabled = false switches it off");
    problems.push(entry.problem(text));
    None
}
