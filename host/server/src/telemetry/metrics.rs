//! Counters and histograms of what happens, in the text form of OpenMetrics. What is there at a moment is a [`Snapshot`].
//!
//! Labels come from the operator and from plugins that he installed (connections, plugins) or from fixed lists (outcomes,
//! listeners); never from a request, so that nobody outside can make their number grow.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::snapshot::Snapshot;

/// A host's metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    webhooks: Family<WebhookLabels, Counter>,
    webhook_seconds: Histogram,
    webhooks_in_flight: Gauge,
    webhooks_kept: Family<KeptLabels, Counter>,
    inbox_runs: Family<RunLabels, Counter>,
    timer_runs: Family<RunLabels, Counter>,
    actions: Family<ActionLabels, Counter>,
    action_seconds: Histogram,
    invocations: Family<InvocationLabels, Counter>,
    invocation_cpu_seconds: Histogram,
    commit_seconds: Histogram,
    events: Family<EventLabels, Counter>,
    http_connections: Family<ListenerLabels, Gauge>,
    delivery_attempts: Family<DeliveryLabels, Counter>,
    delivery_attempt_seconds: Histogram,
    delivery_attempts_in_flight: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookLabels {
    connection: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KeptLabels {
    connection: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    connection: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ActionLabels {
    connection: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InvocationLabels {
    plugin: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    connection: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListenerLabels {
    listener: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    subscription: String,
    outcome: &'static str,
}

/// Upper ends of the histograms' buckets, in seconds: what a webhook with a signature, an invocation and a commit take.
const SECONDS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("hookyard"),
            webhooks: Family::default(),
            webhook_seconds: Histogram::new(SECONDS),
            webhooks_in_flight: Gauge::default(),
            webhooks_kept: Family::default(),
            inbox_runs: Family::default(),
            timer_runs: Family::default(),
            actions: Family::default(),
            action_seconds: Histogram::new(SECONDS),
            invocations: Family::default(),
            invocation_cpu_seconds: Histogram::new(SECONDS),
            commit_seconds: Histogram::new(SECONDS),
            events: Family::default(),
            http_connections: Family::default(),
            delivery_attempts: Family::default(),
            delivery_attempt_seconds: Histogram::new(SECONDS),
            delivery_attempts_in_flight: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("webhooks", "Webhooks answered, by what became of them", self.webhooks.clone());
        let help = "From the head of a webhook to its answer";
        registry.register("webhook_duration_seconds", help, self.webhook_seconds.clone());
        registry.register("webhooks_in_flight", "Webhooks not yet answered", self.webhooks_in_flight.clone());
        let help = "Webhooks that were answered 202 because they were kept in the inbox, by why";
        registry.register("webhooks_kept", help, self.webhooks_kept.clone());
        registry.register("inbox_runs", "Runs of kept webhooks, by how they ended", self.inbox_runs.clone());
        registry.register("timer_runs", "Timers fired, by how it ended", self.timer_runs.clone());
        registry.register("actions", "Actions answered, by status", self.actions.clone());
        let help = "From the head of an action's request to its answer";
        registry.register("action_duration_seconds", help, self.action_seconds.clone());
        registry.register("invocations", "Calls into guests, by how they ended", self.invocations.clone());
        let help = "Time that guests burnt in one call";
        registry.register("invocation_cpu_seconds", help, self.invocation_cpu_seconds.clone());
        registry.register(
            "commit_duration_seconds",
            "From a commit's hand-over to its durability",
            self.commit_seconds.clone(),
        );
        registry.register("events", "Events appended to the log", self.events.clone());
        registry.register("http_connections", "Open connections of clients", self.http_connections.clone());
        let help = "Attempts to deliver an event to a subscription's endpoint, by how they ended";
        registry.register("delivery_attempts", help, self.delivery_attempts.clone());
        let help = "From the beginning of an attempt to deliver an event to its end";
        registry.register("delivery_attempt_duration_seconds", help, self.delivery_attempt_seconds.clone());
        let help = "Attempts to deliver an event that have not ended";
        registry.register("delivery_attempts_in_flight", help, self.delivery_attempts_in_flight.clone());
    }

    /// A webhook of a known connection was answered, this long after its head had arrived.
    pub fn webhook(&self, connection: &str, outcome: &'static str, took: Duration) {
        self.webhooks.get_or_create(&WebhookLabels { connection: connection.to_owned(), outcome }).inc();
        self.webhook_seconds.observe(took.as_secs_f64());
    }

    /// Counts a webhook as being handled until what is returned is dropped.
    pub fn webhook_in_flight(&self) -> Counted {
        Counted::new(self.webhooks_in_flight.clone())
    }

    /// A webhook was kept in the inbox and answered 202. `reason` is one of a fixed list of words.
    pub fn kept(&self, connection: &str, reason: &'static str) {
        self.webhooks_kept.get_or_create(&KeptLabels { connection: connection.to_owned(), reason }).inc();
    }

    /// A kept webhook was run. `outcome` is one of a fixed list of words.
    pub fn inbox_run(&self, connection: &str, outcome: &'static str) {
        self.inbox_runs.get_or_create(&RunLabels { connection: connection.to_owned(), outcome }).inc();
    }

    /// A timer was fired. `outcome` is one of a fixed list of words.
    pub fn timer_run(&self, connection: &str, outcome: &'static str) {
        self.timer_runs.get_or_create(&RunLabels { connection: connection.to_owned(), outcome }).inc();
    }

    /// A client was answered about an action of a known connection, this long after its request's head had arrived.
    pub fn action(&self, connection: &str, status: u16, took: Duration) {
        self.actions.get_or_create(&ActionLabels { connection: connection.to_owned(), status }).inc();
        self.action_seconds.observe(took.as_secs_f64());
    }

    /// A call into a guest ended. `outcome` is one of a fixed list of words.
    pub fn invocation(&self, plugin: &str, outcome: &'static str, cpu: Duration) {
        self.invocations.get_or_create(&InvocationLabels { plugin: plugin.to_owned(), outcome }).inc();
        self.invocation_cpu_seconds.observe(cpu.as_secs_f64());
    }

    /// A commit became durable, this long after it was handed over.
    pub fn commit(&self, took: Duration) {
        self.commit_seconds.observe(took.as_secs_f64());
    }

    /// So many events of this connection became durable.
    pub fn events(&self, connection: &str, count: usize) {
        if count > 0 {
            self.events.get_or_create(&EventLabels { connection: connection.to_owned() }).inc_by(count as u64);
        }
    }

    /// An attempt to deliver an event ended. `outcome` is one of a fixed list of words.
    pub fn delivery(&self, subscription: &str, outcome: &'static str, took: Duration) {
        self.delivery_attempts.get_or_create(&DeliveryLabels { subscription: subscription.to_owned(), outcome }).inc();
        self.delivery_attempt_seconds.observe(took.as_secs_f64());
    }

    /// Counts an attempt as going on until what is returned is dropped.
    pub fn delivery_attempt_in_flight(&self) -> Counted {
        Counted::new(self.delivery_attempts_in_flight.clone())
    }

    /// Counts a client's connection as open until what is returned is dropped.
    pub fn http_connection(&self, listener: &'static str) -> Counted {
        Counted::new(self.http_connections.get_or_create_owned(&ListenerLabels { listener }))
    }

    /// All of it, and what was read just now, as `application/openmetrics-text; version=1.0.0`.
    ///
    /// # Errors
    /// A metric cannot be written, which would be a mistake of this module.
    pub fn to_openmetrics(&self, snapshot: &Snapshot) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &snapshot.registry())?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

/// One more in a gauge, while it lives.
#[derive(Debug)]
pub struct Counted(Gauge);

impl Counted {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use hookyard_domain::clock::Timestamp;
    use hookyard_store::Workload;

    use super::*;

    fn text_of(metrics: &Metrics) -> String {
        let snapshot = Snapshot::new(Timestamp::from_millis(0), Workload::default(), None);
        metrics.to_openmetrics(&snapshot).expect("can be written")
    }

    #[test]
    fn what_happened_can_be_read_in_openmetrics() {
        let metrics = Metrics::default();
        metrics.webhook("shop", "handled", Duration::from_millis(2));
        metrics.webhook("shop", "seen", Duration::from_millis(1));
        metrics.invocation("aftership", "ok", Duration::from_micros(90));
        metrics.commit(Duration::from_micros(700));
        metrics.kept("shop", "order-key-busy");
        metrics.inbox_run("shop", "handled");
        metrics.events("shop", 2);
        let open = metrics.http_connection("public");
        let text = text_of(&metrics);
        for line in [
            "hookyard_webhooks_total{connection=\"shop\",outcome=\"handled\"} 1",
            "hookyard_webhook_duration_seconds_count 2",
            "hookyard_invocations_total{plugin=\"aftership\",outcome=\"ok\"} 1",
            "hookyard_invocation_cpu_seconds_bucket{le=\"0.0001\"} 1",
            "hookyard_commit_duration_seconds_bucket{le=\"0.0005\"} 0",
            "hookyard_webhooks_kept_total{connection=\"shop\",reason=\"order-key-busy\"} 1",
            "hookyard_inbox_runs_total{connection=\"shop\",outcome=\"handled\"} 1",
            "hookyard_events_total{connection=\"shop\"} 2",
            "hookyard_http_connections{listener=\"public\"} 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        drop(open);
        let text = text_of(&metrics);
        assert!(text.contains("hookyard_http_connections{listener=\"public\"} 0"));
    }

    #[test]
    fn a_webhook_is_in_flight_until_it_is_let_go() {
        let metrics = Metrics::default();
        let one = metrics.webhook_in_flight();
        assert!(text_of(&metrics).contains("hookyard_webhooks_in_flight 1"));
        drop(one);
        assert!(text_of(&metrics).contains("hookyard_webhooks_in_flight 0"));
    }
}
