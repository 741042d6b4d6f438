//! What is read when somebody asks for metrics: how full the inbox is, how many timers there are, how busy the store is.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::DeliveryDepth;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::inbox::InboxDepth;
use hookyard_domain::timer::TimerDepth;
use hookyard_store::{GroupSizes, Store, StoreError, Workload};
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::deliveries::{self, Lag};

/// The state of a host at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    now: Timestamp,
    workload: Workload,
    /// `None`: the store did not answer.
    kept: Option<Kept>,
    lags: Vec<Lag>,
}

/// What a store keeps for later.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    webhooks: Vec<InboxDepth>,
    timers: Vec<TimerDepth>,
    deliveries: Vec<DeliveryDepth>,
}

impl Kept {
    /// Reads it, by going through indexes of webhooks and deliveries that are pending or were given up, and one of the timers: some
    /// milliseconds for a hundred thousand of them.
    pub(crate) async fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let (webhooks, timers) = (store.inbox_depths().await?, store.timer_depths().await?);
        Ok(Self { webhooks, timers, deliveries: store.delivery_depths().await? })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    connection: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConnectionLabel {
    connection: String,
}

impl Snapshot {
    /// What was read at `now`; `kept` is absent where the store did not answer.
    pub(crate) fn new(now: Timestamp, workload: Workload, kept: Option<Kept>) -> Self {
        Self { now, workload, kept, lags: Vec::new() }
    }

    /// The same, with how far subscriptions are behind.
    #[must_use]
    pub(crate) fn with_lags(self, lags: Vec<Lag>) -> Self {
        Self { lags, ..self }
    }

    /// The metrics, for one answer.
    pub(super) fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("hookyard");
        let help = "1: the store answered in time when it was read for this; 0: the inbox, the timers and the deliveries are missing here";
        registry.register("store_readable", help, set(self.kept.is_some().into()));
        if let Some(kept) = &self.kept {
            register_webhooks(&mut registry, &kept.webhooks, self.now);
            register_timers(&mut registry, &kept.timers);
            deliveries::register_depths(&mut registry, &kept.deliveries, self.now);
        }
        deliveries::register_lags(&mut registry, &self.lags);
        register_workload(&mut registry, &self.workload);
        registry
    }
}

fn register_webhooks(registry: &mut Registry, depths: &[InboxDepth], now: Timestamp) {
    let webhooks = Family::<StateLabels, Gauge>::default();
    let ages = Family::<ConnectionLabel, Gauge<f64, AtomicU64>>::default();
    for depth in depths {
        count(&webhooks, &depth.connection, depth.pending, depth.failed);
        if let Some(oldest) = depth.oldest_pending {
            // A clock that was set back makes nothing younger than nothing.
            let millis = now.as_millis().saturating_sub(oldest.as_millis()).max(0);
            let age = Duration::from_millis(millis.unsigned_abs()).as_secs_f64();
            ages.get_or_create(&ConnectionLabel { connection: depth.connection.to_string() }).set(age);
        }
    }
    registry.register("inbox_webhooks", "Webhooks in the inbox that are not settled, by state", webhooks);
    let help = "How long ago the oldest pending webhook of the inbox was received";
    registry.register_with_unit("inbox_oldest_pending_age", help, Unit::Seconds, ages);
}

fn register_timers(registry: &mut Registry, depths: &[TimerDepth]) {
    let timers = Family::<StateLabels, Gauge>::default();
    depths.iter().for_each(|depth| count(&timers, &depth.connection, depth.pending, depth.failed));
    registry.register("timers", "Timers that were started and have not fired with effect, by state", timers);
}

fn count(family: &Family<StateLabels, Gauge>, connection: &ConnectionId, pending: u64, failed: u64) {
    for (state, count) in [("pending", pending), ("failed", failed)] {
        family.get_or_create(&StateLabels { connection: connection.to_string(), state }).set(whole(count));
    }
}

fn register_workload(registry: &mut Registry, workload: &Workload) {
    let help = "Writes that were handed to the store and are not answered yet";
    registry.register("store_writes_waiting", help, set(whole(workload.waiting)));
    let help = "Commits among them, in bytes";
    registry.register_with_unit("store_commits_waiting", help, Unit::Bytes, set(whole(workload.waiting_bytes)));
    let help = "Length of the write-ahead log after the last commits";
    registry.register_with_unit("store_wal", help, Unit::Bytes, set(whole(workload.log_bytes)));
    let reopened: Counter = Counter::default();
    reopened.inc_by(workload.reopened);
    registry.register("store_reopened", "How often the database was opened anew after an error", reopened);
    registry.register("store_group_commits", "Commits that became durable together", Groups(workload.groups));
}

fn set(value: i64) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(value);
    gauge
}

pub(super) fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A histogram that somebody else has counted.
#[derive(Debug)]
struct Groups(GroupSizes);

impl EncodeMetric for Groups {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let Self(sizes) = self;
        let mut buckets: Vec<_> =
            GroupSizes::BOUNDS.iter().zip(sizes.counts).map(|(bound, count)| (*bound as f64, count)).collect();
        buckets.push((f64::INFINITY, 0));
        encoder.encode_histogram::<NoLabelSet>(sizes.commits as f64, sizes.groups(), &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::Metrics;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn id(connection: &str) -> ConnectionId {
        connection.parse().expect("an id")
    }

    fn text(snapshot: &Snapshot) -> String {
        Metrics::default().to_openmetrics(snapshot).expect("can be written")
    }

    #[test]
    fn the_inbox_the_timers_and_the_store_can_be_read_in_openmetrics() {
        let depth = |connection, oldest_pending| InboxDepth {
            connection: id(connection),
            pending: 3,
            failed: 1,
            oldest_pending,
        };
        let kept = Kept {
            webhooks: vec![depth("shop", Some(at(40))), depth("set-back", Some(at(101))), depth("none", None)],
            timers: vec![TimerDepth { connection: id("shop"), pending: 5, failed: 0 }],
            deliveries: Vec::new(),
        };
        let mut groups = GroupSizes { commits: 70, ..GroupSizes::default() };
        (groups.counts[0], groups.counts[6]) = (6, 1);
        let workload = Workload { waiting: 7, waiting_bytes: 4_096, log_bytes: 1_000, groups, reopened: 2 };
        let text = text(&Snapshot::new(at(100), workload, Some(kept)));
        for line in [
            "hookyard_inbox_webhooks{connection=\"shop\",state=\"pending\"} 3",
            "hookyard_inbox_webhooks{connection=\"shop\",state=\"failed\"} 1",
            "hookyard_inbox_oldest_pending_age_seconds{connection=\"shop\"} 60.0",
            "hookyard_inbox_oldest_pending_age_seconds{connection=\"set-back\"} 0.0",
            "hookyard_timers{connection=\"shop\",state=\"pending\"} 5",
            "hookyard_timers{connection=\"shop\",state=\"failed\"} 0",
            "hookyard_store_readable 1",
            "hookyard_store_writes_waiting 7",
            "hookyard_store_commits_waiting_bytes 4096",
            "hookyard_store_wal_bytes 1000",
            "hookyard_store_reopened_total 2",
            "hookyard_store_group_commits_sum 70.0",
            "hookyard_store_group_commits_count 7",
            "hookyard_store_group_commits_bucket{le=\"1.0\"} 6",
            "hookyard_store_group_commits_bucket{le=\"64.0\"} 7",
            "hookyard_store_group_commits_bucket{le=\"+Inf\"} 7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("age_seconds{connection=\"none\"}"), "nothing is pending: {text}");
        assert_eq!(text.matches("# EOF").count(), 1);
    }

    #[test]
    fn a_store_that_does_not_answer_is_told_and_takes_nothing_else_away() {
        let text = text(&Snapshot::new(at(100), Workload { waiting: 4_096, ..Workload::default() }, None));
        assert!(text.contains("hookyard_store_readable 0\n") && text.contains("hookyard_store_writes_waiting 4096\n"));
        assert!(!text.contains("hookyard_inbox_webhooks"), "an inbox that cannot be read is not an empty one: {text}");
    }
}
