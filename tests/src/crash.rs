//! The crash test: providers send signed webhooks and repeat each until it is acknowledged, while the host is killed again and again,
//! at random moments and at every named point around what becomes durable. Subscriptions take its events to a receiver that refuses
//! some of them at first, and to an action that may not run twice. In the end, what is there is compared with what was acknowledged,
//! and what the receiver got with what is there.
//!
//! Two programs are killed: `hookyard serve`, as it is, and [`serve`], which is the same host with a clock that runs faster (so that
//! retries and timers come in time), with crash points, and, where it is told so, on a disk that forgets what was not synced.

mod deliveries;
mod drain;
mod grounds;
mod host;
mod orders;
mod providers;
mod random;
mod receiver;
mod report;
mod rounds;
mod verdict;
mod webhook;

use std::path::PathBuf;

use hookyard_store::CrashPoint;

pub use deliveries::DeliveryVerdict;
pub use host::serve;
pub use report::Report;
pub use verdict::Verdict;

/// Each crash point is hit at least so often, unless there is nothing but random kills.
const HITS_MIN: usize = 5;

/// What is to be done to a host.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The `hookyard` that is killed at random moments. `None`: that is done to `program` as well.
    pub hookyard: Option<PathBuf>,
    /// The program whose `serve` is [`serve`].
    pub program: PathBuf,
    /// How often the host is killed at random moments.
    pub at_random: usize,
    /// How often it is killed at each of the crash points.
    pub at_each_point: usize,
    /// Decides what is sent, and when the host is killed.
    pub seed: u64,
    /// What the database of `program` lies on.
    pub disk: DiskKind,
}

impl Plan {
    /// So many kills, or a few more: half of them at random moments, half at crash points, at each of these five at least.
    #[must_use]
    pub fn kills(self, kills: usize) -> Self {
        let at_each_point = (kills - kills / 2).div_ceil(CrashPoint::ALL.len()).max(HITS_MIN);
        Self { at_random: kills / 2, at_each_point, ..self }
    }
}

/// What a database lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskKind {
    /// The machine's own disk, which forgets nothing when a process is killed.
    Usual,
    /// One that forgets at a kill what was not synced.
    Forgetful,
    /// That one, and the store does not sync: whatever is acknowledged is lost.
    ForgetfulWithoutSyncs,
}

/// Kills a host as planned, has it finish in peace, and compares. What it finds is in the report, not an error.
///
/// # Errors
/// A host does not start, does something that is no answer to a webhook, or does not come to an end of its work.
pub async fn run(plan: &Plan) -> anyhow::Result<Report> {
    rounds::run(plan).await
}
