//! When a new version of a plugin goes back to the one before it: what is counted, and the rule.
//!
//! After a swap the first invocations of the new version are on trial. Its share of failures is compared with that of the old
//! version's recent invocations, so that a provider that makes every version fail brings none of them down.

use crate::limit;

/// What the operator wants of going back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RollbackSettings {
    /// Whether a version goes back by itself at all.
    pub enabled: bool,
    /// So many of a new version's invocations are on trial. From [`limit::ROLLBACK_FAILURES_MIN`] to
    /// [`limit::ROLLBACK_INVOCATIONS_MAX`].
    pub invocations: u32,
    /// How far the new version's share of failures must lie above the old one's; above 0 and below 1.
    pub threshold: f64,
}

impl Default for RollbackSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            invocations: limit::ROLLBACK_INVOCATIONS_DEFAULT,
            threshold: limit::ROLLBACK_THRESHOLD_DEFAULT,
        }
    }
}

/// Invocations that say something about a version, and how many of them failed. What says nothing is not counted: the provider
/// was down or refused the credentials, the host failed, the plugin was not called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub invocations: u32,
    /// Those that trapped, ran out of time, or ended in an error of kind `failed` or in an unusable answer.
    pub failures: u32,
}

impl Tally {
    /// One invocation more.
    pub fn count(&mut self, failed: bool) {
        self.invocations = self.invocations.saturating_add(1);
        self.failures = self.failures.saturating_add(u32::from(failed));
    }

    /// The failures among the invocations, from 0 to 1; 0 where there were none.
    pub fn share(self) -> f64 {
        if self.invocations == 0 { 0.0 } else { f64::from(self.failures) / f64::from(self.invocations) }
    }
}

/// The last [`limit::ROLLBACK_RECENT_INVOCATIONS`] invocations of a version, one bit for each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Recent {
    /// Bit `n` of the ring: whether the invocation there failed.
    failed: [u64; RECENT.div_ceil(BITS)],
    /// Where the next one goes: over the oldest, once the ring is full.
    next: usize,
    tally: Tally,
}

const RECENT: usize = limit::ROLLBACK_RECENT_INVOCATIONS as usize;
const BITS: usize = u64::BITS as usize;

impl Recent {
    /// One invocation more; the oldest beyond the bound is forgotten.
    pub fn count(&mut self, failed: bool) {
        let (word, bit) = (self.next / BITS, 1 << (self.next % BITS));
        if self.tally.invocations == limit::ROLLBACK_RECENT_INVOCATIONS {
            self.tally.invocations -= 1;
            self.tally.failures -= u32::from(self.failed[word] & bit != 0);
        }
        self.failed[word] = if failed { self.failed[word] | bit } else { self.failed[word] & !bit };
        self.tally.count(failed);
        self.next = (self.next + 1) % RECENT;
    }

    /// What they come to.
    pub fn tally(&self) -> Tally {
        self.tally
    }
}

/// What a trial has shown so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Nothing yet.
    OnTrial,
    /// The new version stays.
    Passed,
    /// The new version fails far more than the old one did.
    GoBack,
}

/// Compares what the new version has done since the swap with the old version's recent invocations.
///
/// It goes back as soon as the rest of its trial cannot save it any more, or when it has never once succeeded; in either case
/// after [`limit::ROLLBACK_FAILURES_MIN`] failures at least. An old version of fewer than
/// [`limit::ROLLBACK_HISTORY_MIN`] invocations (it was swapped at once, or the host has just started) counts as one that
/// does not fail: what is known of it is only that the operator let it serve.
pub fn judge(settings: &RollbackSettings, before: Tally, trial: Tally) -> Finding {
    let before = if before.invocations < limit::ROLLBACK_HISTORY_MIN { 0.0 } else { before.share() };
    let tolerated = before + settings.threshold;
    let never_succeeded = trial.failures == trial.invocations && tolerated < 1.0;
    let cannot_be_saved = f64::from(trial.failures) > tolerated * f64::from(settings.invocations) + ROUNDING;
    if trial.failures >= limit::ROLLBACK_FAILURES_MIN && (never_succeeded || cannot_be_saved) {
        return Finding::GoBack;
    }
    if trial.invocations >= settings.invocations { Finding::Passed } else { Finding::OnTrial }
}

/// Keeps a share of failures that lies exactly on the threshold below it.
const ROUNDING: f64 = 1e-6;

#[cfg(test)]
mod tests;
