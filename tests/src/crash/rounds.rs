//! Round after round: a host starts, is sent webhooks, and is killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use hookyard_store::CrashPoint;
use tokio::time::timeout;

use super::grounds::{Grounds, Target};
use super::orders::CrashOrder;
use super::providers::{Providers, Traffic};
use super::random::Random;
use super::{DiskKind, Plan, Report, drain};

/// A kill that fewer requests in flight meet does not count.
const IN_FLIGHT_MIN: usize = 8;
/// How fast the clock of a host with crash points runs.
const CLOCK_SPEED: u32 = 100;
/// How long a host may take until it is worth killing.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to a crash point.
const POINT_PATIENCE: Duration = Duration::from_secs(10);
/// Rounds in which a point was not reached after which the test gives up.
const MISSES_MAX: usize = 20;

/// Does everything that [`run`](super::run) promises.
pub(super) async fn run(plan: &Plan) -> anyhow::Result<Report> {
    let mut grounds = Grounds::prepare().await?;
    match kill_and_compare(plan, &grounds).await {
        Ok(report) if report.verdict.is_clean() || plan.disk == DiskKind::ForgetfulWithoutSyncs => Ok(report),
        Ok(report) => Ok(Report { kept: Some(grounds.keep()), ..report }),
        Err(error) => Err(error.context(grounds.keep())),
    }
}

async fn kill_and_compare(plan: &Plan, grounds: &Grounds) -> anyhow::Result<Report> {
    let began = Instant::now();
    let mut rounds = Rounds {
        plan,
        random: Random::new(plan.seed, u64::MAX),
        providers: Providers::start(plan.seed),
        kills: Kills::new(plan.at_random, plan.at_each_point),
    };
    while let Some(way) = rounds.kills.next() {
        rounds.run(grounds, way).await.with_context(|| format!("a round that was to end by {way:?}"))?;
    }
    let Rounds { providers, kills, .. } = rounds;
    let traffic = Arc::clone(providers.traffic());
    let verdict = drain::run(plan, grounds, providers).await.context("after the last kill")?;
    Ok(Report {
        seed: plan.seed,
        disk: plan.disk,
        program: name(plan.hookyard.as_ref().unwrap_or(&plan.program)),
        kills,
        answered: traffic.answered(),
        repeated: traffic.repeated(),
        took: began.elapsed(),
        kept: None,
        verdict,
    })
}

fn name(program: &Path) -> String {
    program.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// How a round ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    /// At a moment that has nothing to do with what the host does.
    AtRandom,
    /// At a crash point.
    At(CrashPoint),
}

/// The kills so far.
#[derive(Debug)]
pub(super) struct Kills {
    random_wanted: usize,
    hits_wanted: usize,
    pub(super) at_random: usize,
    pub(super) at_points: BTreeMap<CrashPoint, usize>,
    /// Requests in flight that each of them has cut off.
    pub(super) cut_off: Vec<usize>,
    /// Kills that met too few requests in flight, and do not count.
    pub(super) idle: usize,
    /// Rounds in which the crash point was not reached; they do not count either.
    pub(super) missed: usize,
}

impl Kills {
    fn new(random_wanted: usize, hits_wanted: usize) -> Self {
        Self {
            random_wanted,
            hits_wanted,
            at_random: 0,
            at_points: CrashPoint::ALL.into_iter().map(|point| (point, 0)).collect(),
            cut_off: Vec::new(),
            idle: 0,
            missed: 0,
        }
    }

    /// The two ways in turn, each as often as it is wanted; of the points, the one that was hit least.
    fn next(&self) -> Option<Way> {
        let (point, hits) = self.at_points.iter().min_by_key(|(_, hits)| **hits)?;
        let points_done = self.at_points.values().sum::<usize>();
        let points_wanted = self.hits_wanted * self.at_points.len();
        if *hits >= self.hits_wanted {
            return (self.at_random < self.random_wanted).then_some(Way::AtRandom);
        }
        let random_is_behind = self.at_random * points_wanted < points_done * self.random_wanted;
        Some(if random_is_behind { Way::AtRandom } else { Way::At(*point) })
    }

    fn count(&mut self, way: Way, cut_off: usize) {
        if cut_off < IN_FLIGHT_MIN {
            self.idle += 1;
            return;
        }
        self.cut_off.push(cut_off);
        match way {
            Way::AtRandom => self.at_random += 1,
            Way::At(point) => *self.at_points.entry(point).or_default() += 1,
        }
    }
}

struct Rounds<'a> {
    plan: &'a Plan,
    random: Random,
    providers: Providers,
    kills: Kills,
}

impl Rounds<'_> {
    async fn run(&mut self, grounds: &Grounds, way: Way) -> anyhow::Result<()> {
        let mut target = match (way, &self.plan.hookyard) {
            (Way::AtRandom, Some(hookyard)) => grounds.real(hookyard).await?,
            _ => grounds.faulty(self.plan, CLOCK_SPEED).await?,
        };
        let traffic = Arc::clone(self.providers.traffic());
        let (answered, cut_off) = (traffic.answered() + 1 + self.random.below(60), traffic.cut_off());
        self.providers.host_is_at(Some(target.address));
        let busy = |traffic: &Traffic| traffic.answered() >= answered && traffic.in_flight() >= IN_FLIGHT_MIN;
        if timeout(PATIENCE, traffic.until(busy)).await.is_err() {
            self.providers.failed().await?;
            anyhow::bail!("a host answered too little: {traffic:?}");
        }
        let was_hit = self.kill(&mut target, way).await?;
        self.providers.host_is_at(None);
        // Each request in flight ends now, because whoever had it is gone.
        timeout(PATIENCE, traffic.until(|traffic| traffic.in_flight() == 0))
            .await
            .context("requests outlive their host")?;
        self.providers.failed().await?;
        if was_hit {
            self.kills.count(way, traffic.cut_off() - cut_off);
        } else {
            self.kills.missed += 1;
            anyhow::ensure!(self.kills.missed <= MISSES_MAX, "the host does not get to {way:?} under load");
        }
        Ok(())
    }

    /// Whether the host ended as it was to.
    async fn kill(&self, target: &mut Target, way: Way) -> anyhow::Result<bool> {
        let Way::At(point) = way else {
            // Within a few of the steps that a webhook takes.
            tokio::time::sleep(Duration::from_micros(self.random.below(5_000) as u64)).await;
            target.kill().await?;
            return Ok(true);
        };
        let hit = 1 + u32::try_from(self.random.below(hits_max(point)))?;
        target.order(CrashOrder { point, hit }).await?;
        match timeout(POINT_PATIENCE, target.killed_itself()).await {
            Ok(killed) => killed.map(|()| true),
            Err(_) => {
                target.kill().await?;
                Ok(false)
            }
        }
    }
}

/// The more often a point comes, the more hits of it may go by.
fn hits_max(point: CrashPoint) -> usize {
    match point {
        CrashPoint::GroupBegins
        | CrashPoint::GroupApplied
        | CrashPoint::GroupDurable
        | CrashPoint::BetweenAnswers
        | CrashPoint::WebhookDurable
        | CrashPoint::ProgressBegins
        | CrashPoint::ProgressDurable => 12,
        CrashPoint::KeepBegins | CrashPoint::KeepDurable | CrashPoint::InboxRunBegins | CrashPoint::InboxRunDurable => {
            5
        }
        CrashPoint::CheckpointBegins
        | CrashPoint::CheckpointEnds
        | CrashPoint::RetentionApplied
        | CrashPoint::RetentionDurable
        | CrashPoint::TimerBegins
        | CrashPoint::TimerDurable
        | CrashPoint::CallStarted
        | CrashPoint::CallEnds
        | CrashPoint::CallDurable => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_are_taken_in_turn_until_there_are_enough_of_each() {
        let mut kills = Kills::new(100, 7);
        let mut ways = Vec::new();
        while let Some(way) = kills.next() {
            ways.push(matches!(way, Way::AtRandom));
            kills.count(way, IN_FLIGHT_MIN);
        }
        assert_eq!((kills.at_random, kills.at_points.values().min()), (100, Some(&7)));
        assert_eq!(kills.cut_off.len(), 100 + 7 * CrashPoint::ALL.len());
        let first_half = ways[..ways.len() / 2].iter().filter(|at_random| **at_random).count();
        assert!((45..=55).contains(&first_half), "{first_half}");
    }

    #[test]
    fn a_kill_that_meets_too_little_does_not_count() {
        let mut kills = Kills::new(100, 7);
        kills.count(Way::AtRandom, IN_FLIGHT_MIN - 1);
        assert_eq!((kills.at_random, kills.idle, kills.cut_off.len()), (0, 1, 0));
    }
}
