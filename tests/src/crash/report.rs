//! What is printed in the end.

use std::fmt;
use std::time::Duration;

use super::rounds::Kills;
use super::{DiskKind, Verdict};

/// What was done to a host, and what came of it.
#[derive(Debug)]
pub struct Report {
    pub(super) seed: u64,
    pub(super) disk: DiskKind,
    /// The program that was killed at random moments.
    pub(super) program: String,
    pub(super) kills: Kills,
    pub(super) answered: usize,
    pub(super) repeated: usize,
    pub(super) took: Duration,
    /// What is there to look at, where something is wrong.
    pub(super) kept: Option<String>,
    /// How what is there compares with what was acknowledged.
    pub verdict: Verdict,
}

impl Report {
    /// Kills that count: each met so many requests in flight as [`in_flight_min`](Self::in_flight_min) says, or more.
    pub fn kills(&self) -> usize {
        self.kills.cut_off.len()
    }

    /// The fewest requests in flight that one of them met.
    pub fn in_flight_min(&self) -> usize {
        self.kills.cut_off.iter().copied().min().unwrap_or(0)
    }

    /// How often the crash point was hit that was hit least.
    pub fn hits_min(&self) -> usize {
        self.kills.at_points.values().copied().min().unwrap_or(0)
    }

    fn in_flight_median(&self) -> usize {
        let mut sorted = self.kills.cut_off.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or(0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let disk = match self.disk {
            DiskKind::Usual => "the machine's disk",
            DiskKind::Forgetful => "a disk that forgets what was not synced",
            DiskKind::ForgetfulWithoutSyncs => {
                "a disk that forgets what was not synced, and a store that does not sync"
            }
        };
        writeln!(f, "crash test, seed {}, on {disk}: {:.0} s", self.seed, self.took.as_secs_f64())?;
        let Verdict { acknowledged, timers, .. } = &self.verdict;
        writeln!(
            f,
            "{} kills: {} of {} at random moments, {} at crash points; in flight at each: {} requests at least, {} in the middle",
            self.kills(),
            self.kills.at_random,
            self.program,
            self.kills.at_points.values().sum::<usize>(),
            self.in_flight_min(),
            self.in_flight_median(),
        )?;
        for (point, hits) in &self.kills.at_points {
            writeln!(f, "  {:<18} {hits:>4}", point.as_str())?;
        }
        writeln!(
            f,
            "not counted: {} kills that met less, {} rounds that did not reach their point",
            self.kills.idle, self.kills.missed
        )?;
        writeln!(
            f,
            "{acknowledged} webhooks acknowledged ({} answers, {} repeats of what was acknowledged), {timers} timers",
            self.answered, self.repeated
        )?;
        write!(f, "{}", self.verdict)?;
        self.kept.iter().try_for_each(|kept| writeln!(f, "{kept}"))
    }
}
