//! What a dispatcher works with in tests.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hookyard_capability::{ManualSleep, Sleep};
use hookyard_domain::clock::{Clock, ManualClock, Timestamp};
use hookyard_domain::commit::{Commit, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::delivery::{AttemptOutcome, Delivery, DeliveryState};
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::event::{Event, EventFilter, EventOrigin, Offset};
use hookyard_domain::flow::Flow;
use hookyard_domain::id::{EventId, SubscriptionId};
use hookyard_domain::inbox::Reason;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::plugin::PluginVersion;
use hookyard_domain::subscription::{ActionEndpoint, Endpoint, Position, Subscription, UrlEndpoint};
use hookyard_store::memory::MemoryStore;
use hookyard_store::{Deliveries as _, Ledger, Store, SubscriptionRecord, Subscriptions as _};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use super::super::attempt::Attempts;
use super::super::{Dispatcher, Parts};
use crate::subscriptions::active::Active;
use crate::tail::{Tail, TailEvent};

pub(super) const START: i64 = 1_772_617_272_000;
pub(super) const PAUSE_AFTER: Duration = Duration::from_secs(5 * 24 * 60 * 60);

/// Endpoints that answer as told, and note what they got.
#[derive(Default)]
pub(super) struct Endpoints {
    state: Mutex<Answers>,
}

#[derive(Default)]
struct Answers {
    /// By subscription: what it answers next, and in the end always.
    plans: HashMap<String, (VecDeque<AttemptOutcome>, Option<AttemptOutcome>)>,
    /// By the subject of the event, before all others.
    of_subjects: HashMap<String, AttemptOutcome>,
    /// Subscriptions that do not answer before they may.
    hanging: HashMap<String, Arc<Semaphore>>,
    /// Whether the mistake in judging events has happened.
    has_panicked: bool,
    made: Vec<Made>,
    in_flight: HashMap<String, usize>,
    most_in_flight: HashMap<String, usize>,
}

/// An attempt that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) subscription: String,
    pub(super) offset: u64,
    pub(super) subject: Option<String>,
    pub(super) key: String,
    pub(super) delivered: bool,
}

impl Endpoints {
    fn lock(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.state.lock().expect("no holder of this lock panics")
    }

    /// It answers so, one after another, and then well.
    pub(super) fn answers(&self, subscription: &str, outcomes: impl IntoIterator<Item = AttemptOutcome>) {
        self.lock().plans.insert(subscription.to_owned(), (outcomes.into_iter().collect(), None));
    }

    /// It always answers so.
    pub(super) fn always(&self, subscription: &str, outcome: AttemptOutcome) {
        self.lock().plans.insert(subscription.to_owned(), (VecDeque::new(), Some(outcome)));
    }

    /// What is about this subject is always answered so.
    pub(super) fn of_subject(&self, subject: &str, outcome: AttemptOutcome) {
        self.lock().of_subjects.insert(subject.to_owned(), outcome);
    }

    /// It answers when it is let.
    pub(super) fn hangs(&self, subscription: &str) -> Arc<Semaphore> {
        let semaphore = Arc::new(Semaphore::new(0));
        self.lock().hanging.insert(subscription.to_owned(), Arc::clone(&semaphore));
        semaphore
    }

    pub(super) fn made(&self) -> Vec<Made> {
        self.lock().made.clone()
    }

    /// The offsets of the attempts of a subscription, in their order.
    pub(super) fn tried(&self, subscription: &str) -> Vec<u64> {
        let made = self.made();
        made.into_iter().filter(|made| made.subscription == subscription).map(|made| made.offset).collect()
    }

    pub(super) fn most_in_flight(&self, subscription: &str) -> usize {
        self.lock().most_in_flight.get(subscription).copied().unwrap_or_default()
    }

    fn has_panicked(&self) -> bool {
        std::mem::replace(&mut self.lock().has_panicked, true)
    }

    fn begin(&self, subscription: &str, event: &TailEvent, delivery: &Delivery) -> (usize, Option<Arc<Semaphore>>) {
        let mut state = self.lock();
        let in_flight = state.in_flight.entry(subscription.to_owned()).or_default();
        *in_flight += 1;
        let in_flight = *in_flight;
        let most = state.most_in_flight.entry(subscription.to_owned()).or_default();
        *most = in_flight.max(*most);
        state.made.push(Made {
            subscription: subscription.to_owned(),
            offset: event.logged.offset.0,
            subject: event.logged.event.subject.clone(),
            key: delivery.idempotency_key(),
            delivered: false,
        });
        (state.made.len() - 1, state.hanging.get(subscription).cloned())
    }

    fn end(&self, subscription: &str, event: &TailEvent, number: usize) -> AttemptOutcome {
        let mut state = self.lock();
        *state.in_flight.entry(subscription.to_owned()).or_default() -= 1;
        let of_subject =
            event.logged.event.subject.as_ref().and_then(|subject| state.of_subjects.get(subject)).cloned();
        let outcome = of_subject.or_else(|| {
            let (plan, always) = state.plans.get_mut(subscription)?;
            plan.pop_front().or_else(|| always.clone())
        });
        let outcome = outcome.unwrap_or(AttemptOutcome::Delivered { status: 200 });
        state.made[number].delivered = matches!(outcome, AttemptOutcome::Delivered { .. });
        outcome
    }
}

#[async_trait]
impl Attempts for Endpoints {
    fn wants(&self, subscription: &Active, event: &TailEvent) -> Result<bool, Reason> {
        match (subscription.definition.when.as_deref(), event.logged.event.subject.as_deref()) {
            (None, _) => Ok(true),
            (Some("mapping fails"), Some("bad")) => Err(reason("mapping-failed")),
            (Some("mapping fails"), _) => Ok(true),
            (Some("panics once"), Some("bad")) if !self.has_panicked() => panic!("the test wants it so"),
            (Some("panics once"), _) => Ok(true),
            (Some(when), subject) => Ok(Some(when) == subject),
        }
    }

    async fn attempt(&self, subscription: &Active, event: &TailEvent, delivery: &Delivery) -> AttemptOutcome {
        let id = subscription.definition.id.as_str();
        let (number, hanging) = self.begin(id, event, delivery);
        match hanging {
            Some(hanging) => hanging.acquire().await.expect("is never closed").forget(),
            None => tokio::task::yield_now().await,
        }
        self.end(id, event, number)
    }
}

/// A store, a clock and endpoints. They outlive dispatchers.
pub(super) struct World {
    pub(super) store: Arc<MemoryStore>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) sleep: Arc<ManualSleep>,
    pub(super) endpoints: Arc<Endpoints>,
    pub(super) entropy: Arc<SeededEntropy>,
}

impl World {
    pub(super) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(START)));
        Self {
            store: Arc::new(MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>)),
            sleep: Arc::new(ManualSleep::by(Arc::clone(&clock))),
            clock,
            endpoints: Arc::default(),
            entropy: Arc::new(SeededEntropy::new(6)),
        }
    }

    pub(super) fn dispatcher(&self) -> Arc<Dispatcher> {
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        Dispatcher::start(Parts {
            tail: Tail::start(Arc::clone(&self.store) as Arc<dyn Ledger>),
            store,
            attempts: Arc::clone(&self.endpoints) as Arc<dyn Attempts>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            entropy: self.entropy.clone(),
            sleep: Arc::clone(&self.sleep) as Arc<dyn Sleep>,
            metrics: Arc::default(),
            hash_key: HashKey::new(&[7; HashKey::BYTES]),
            pause_after: PAUSE_AFTER,
        })
    }

    /// Keeps a subscription that begins after the newest event, and has it worked with.
    pub(super) async fn subscribe(&self, dispatcher: &Dispatcher, definition: Subscription) {
        let now = self.clock.now();
        let record = SubscriptionRecord {
            id: definition.id.clone(),
            definition: None,
            secrets: None,
            created_at: now,
            updated_at: now,
        };
        self.store.save_subscription(record, *self.store.newest().borrow()).await.expect("the store works");
        self.go_on(dispatcher, definition).await;
    }

    /// Has a kept subscription worked with.
    pub(super) async fn go_on(&self, dispatcher: &Dispatcher, definition: Subscription) {
        let position = self.position(&definition.id).await;
        dispatcher.put(active(definition), position);
    }

    pub(super) async fn position(&self, id: &SubscriptionId) -> Position {
        let positions = self.store.positions().await.expect("the store works");
        positions.into_iter().find(|position| position.subscription == *id).expect("it is kept")
    }

    pub(super) async fn row(&self, id: &str, offset: u64) -> Option<Delivery> {
        self.store.delivery_at(&name(id), Offset(offset)).await.expect("the store works")
    }

    pub(super) async fn state(&self, id: &str, offset: u64) -> Option<DeliveryState> {
        self.row(id, offset).await.map(|row| row.standing.state)
    }

    pub(super) async fn append(&self, event: Event) -> u64 {
        let owner = Owner::Connection { id: "shop".parse().expect("valid"), incarnation: Incarnation::default() };
        let writes = vec![Write::Append { event: Box::new(event), dedupe: None }];
        let commit = Commit { owner, at: self.clock.now(), guards: Vec::new(), writes };
        self.store.commit(commit).await.expect("the store works").events[0].expect("is new").0
    }

    /// Appends an event about this and says where it stands.
    pub(super) async fn emit(&self, subject: &str) -> u64 {
        self.append(self.event("shipment.updated", Some(subject))).await
    }

    pub(super) fn event(&self, kind: &str, subject: Option<&str>) -> Event {
        let time = self.clock.now();
        Event {
            id: EventId::new(time, &*self.entropy),
            origin: EventOrigin::Connection {
                id: "shop".parse().expect("valid"),
                plugin: PluginVersion { name: "aftership".parse().expect("valid"), version: "1.0.0".to_owned() },
            },
            kind: kind.to_owned(),
            subject: subject.map(str::to_owned),
            time: time.into(),
            data: RawValue::from_string("{}".to_owned()).expect("valid"),
            webhook: None,
            traceparent: None,
            hops: 0,
        }
    }

    /// The events of the host with this kind.
    pub(super) async fn told(&self, kind: &str) -> Vec<Event> {
        let page = self.store.events(Offset::START, &EventFilter::default(), 1_000).await.expect("the store works");
        page.events.into_iter().map(|logged| logged.event).filter(|event| event.kind == kind).collect()
    }

    /// Lets time pass, and everybody who waited for it go on.
    pub(super) async fn pass(&self, time: Duration) {
        // Nobody sleeps longer than a minute at once.
        let (mut left, step) = (time, Duration::from_secs(60));
        while !left.is_zero() {
            let on = left.min(step);
            left -= on;
            self.clock.advance(on);
            self.sleep.wake();
            if left < step {
                settled().await;
            } else {
                tokio::task::yield_now().await;
            }
        }
        settled().await;
    }
}

/// All tasks have done what they can: none of them waits for anything but the store in memory, which takes no time.
pub(super) async fn settled() {
    for _ in 0..300 {
        tokio::task::yield_now().await;
    }
}

pub(super) fn active(definition: Subscription) -> Arc<Active> {
    Arc::new(Active {
        definition,
        flow: Flow::compile(None, None).expect("nothing to compile"),
        secrets: Vec::new(),
        made_at: Timestamp::from_millis(START),
    })
}

pub(super) fn name(id: &str) -> SubscriptionId {
    id.parse().expect("valid")
}

/// A subscription to everything.
pub(super) fn to_url(id: &str) -> Subscription {
    let url = "https://receiver.example/".parse().expect("valid");
    let endpoint = Endpoint::Url(UrlEndpoint { url, headers: Vec::new(), max_in_flight: 4, max_per_second: None });
    let filter = EventFilter { types: vec!["aftership.*".into()], ..EventFilter::default() };
    Subscription { id: name(id), filter, when: None, endpoint, ordered: false, enabled: true }
}

/// The same, where events become calls of an action.
pub(super) fn to_action(id: &str) -> Subscription {
    let endpoint = Endpoint::Action(ActionEndpoint {
        connection: "crm".parse().expect("valid"),
        action: "say".into(),
        input: json!({}),
        max_in_flight: 4,
        max_per_minute_and_subject: 60,
    });
    Subscription { endpoint, ..to_url(id) }
}

pub(super) fn ordered(id: &str) -> Subscription {
    Subscription { ordered: true, ..to_url(id) }
}

pub(super) fn reason(code: &str) -> Reason {
    Reason { code: code.into(), message: format!("it was {code}") }
}

pub(super) fn failed() -> AttemptOutcome {
    AttemptOutcome::Failed { status: Some(500), reason: reason("http-500"), retry_after: None }
}

pub(super) fn busy(seconds: u64) -> AttemptOutcome {
    let retry_after = Some(Duration::from_secs(seconds));
    AttemptOutcome::Failed { status: Some(429), reason: reason("http-429"), retry_after }
}
