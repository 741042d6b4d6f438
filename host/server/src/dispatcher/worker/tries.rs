//! Begins attempts.

use std::sync::Arc;
use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::{AttemptOutcome, Delivery, DeliveryStanding};
use hookyard_domain::event::{EventFilter, Offset};
use hookyard_domain::id::DeliveryId;
use hookyard_domain::inbox::Reason;
use hookyard_domain::limit;
use hookyard_store::StoreError;
use tokio::sync::OwnedSemaphorePermit;

use super::super::lanes::Begun;
use super::super::shared::Shared;
use super::Worker;
use crate::subscriptions::active::Active;
use crate::tail::TailEvent;

/// How a try ended.
pub(super) enum Tried {
    /// It was made.
    Made(Box<Made>),
    /// The host could not make it now, which counts as nothing.
    NotMade,
}

/// An attempt that was made.
pub(super) struct Made {
    /// How it stood before.
    pub(super) delivery: Delivery,
    /// `None`: the log does not have it.
    pub(super) event: Option<Arc<TailEvent>>,
    pub(super) outcome: AttemptOutcome,
    pub(super) began: Timestamp,
    /// Activations of the connection when it began.
    pub(super) activations: u64,
}

/// One try, with all that it needs.
struct Try {
    shared: Arc<Shared>,
    active: Arc<Active>,
    begun: Begun<TailEvent>,
    replay: u32,
    activations: u64,
}

impl Worker {
    /// Begins what is due, as far as there is room.
    pub(super) fn begin_due(&mut self) {
        let now = self.shared.now();
        self.paced_until = None;
        if self.held_until.is_some_and(|until| until <= now) {
            self.held_until = None;
        }
        if self.delivers() {
            self.lanes.look(now);
            while self.has_room() {
                let Some((offset, subject)) = self.lanes.next() else { break };
                let endpoint = &self.active.definition.endpoint;
                if let Some(until) = self.pace.wait_of(endpoint, subject, now) {
                    self.lanes.hold(offset, until);
                    continue;
                }
                self.paced_until = self.pace.wait(endpoint, now);
                if self.paced_until.is_some() {
                    break;
                }
                let Some(permit) = self.permit() else { return };
                self.begin(permit, now);
            }
        }
        // Whoever wants nothing leaves the room to others.
        (self.room, self.spare) = (None, None);
    }

    fn has_room(&self) -> bool {
        self.tries.len() < self.at_once()
            && self.held_until.is_none()
            && !self.awaits_activation
            && self.progress.rows() < limit::DELIVERY_WAITING_MAX
    }

    /// Room among all subscriptions; where there is none, it is waited for.
    fn permit(&mut self) -> Option<OwnedSemaphorePermit> {
        if let Some(permit) = self.spare.take() {
            return Some(permit);
        }
        let is_failing = self.is_failing();
        if self.room.as_ref().is_some_and(|(among_failing, _)| *among_failing == is_failing) {
            return None;
        }
        let room = self.shared.room(is_failing);
        match Arc::clone(room).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) => {
                let room = Arc::clone(room);
                // It is never closed.
                self.room = Some((is_failing, Box::pin(async move { room.acquire_owned().await.ok() })));
                None
            }
        }
    }

    fn begin(&mut self, permit: OwnedSemaphorePermit, now: Timestamp) {
        let Some(begun) = self.lanes.begin() else { return };
        self.pace.begin(&self.active.definition.endpoint, begun.subject.as_ref(), now);
        let offset = begun.offset;
        let made = Try {
            shared: Arc::clone(&self.shared),
            active: Arc::clone(&self.active),
            begun,
            replay: self.progress.position.replays,
            activations: *self.strings.activations.borrow(),
        };
        let counted = self.shared.parts.metrics.delivery_attempt_in_flight();
        let handle = self.tries.spawn(async move {
            let tried = made.make().await;
            drop((permit, counted));
            tried
        });
        self.running.insert(handle.id(), offset);
    }
}

impl Try {
    async fn make(self) -> Tried {
        let offset = self.begun.offset;
        let (delivery, event) = match self.read().await {
            Ok(read) => read,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                let subscription = &self.active.definition.id;
                tracing::warn!(error, %subscription, %offset, "a delivery cannot be read");
                return Tried::NotMade;
            }
        };
        let Some(delivery) = delivery.or_else(|| Some(self.delivery_of(event.as_ref()?))) else {
            tracing::error!(subscription = %self.active.definition.id, %offset, "neither an event nor a delivery is there");
            return Tried::NotMade;
        };
        let began = self.shared.now();
        let outcome = match &event {
            Some(event) => self.shared.parts.attempts.attempt(&self.active, event, &delivery).await,
            None => {
                let message = "the log does not have the event any more".to_owned();
                AttemptOutcome::Never { status: None, reason: Reason { code: "event-missing".into(), message } }
            }
        };
        let took = self.shared.now().as_millis().saturating_sub(began.as_millis());
        let took = Duration::from_millis(u64::try_from(took).unwrap_or(0));
        self.shared.parts.metrics.delivery(self.active.definition.id.as_str(), word(&outcome), took);
        Tried::Made(Box::new(Made { delivery, event, outcome, began, activations: self.activations }))
    }

    async fn read(&self) -> Result<(Option<Delivery>, Option<Arc<TailEvent>>), StoreError> {
        if let Some(event) = &self.begun.fresh {
            return Ok((None, Some(Arc::clone(event))));
        }
        let (store, offset) = (&self.shared.parts.store, self.begun.offset);
        let delivery = store.delivery_at(&self.active.definition.id, offset).await?;
        let before = Offset(offset.0.saturating_sub(1));
        let page = store.events(before, &EventFilter::default(), 1).await?;
        let found = page.events.into_iter().find(|logged| logged.offset == offset);
        Ok((delivery, found.map(|logged| Arc::new(TailEvent::new(logged)))))
    }

    fn delivery_of(&self, event: &Arc<TailEvent>) -> Delivery {
        delivery_of(&self.shared, &self.active, event, self.replay)
    }
}

/// The delivery of an event that was not tried yet.
pub(super) fn delivery_of(shared: &Shared, active: &Active, event: &TailEvent, replay: u32) -> Delivery {
    let (id, offset, logged) = (&active.definition.id, event.logged.offset, &event.logged.event);
    Delivery {
        id: DeliveryId::of(&shared.parts.hash_key, id, active.made_at, offset, logged.id),
        subscription: id.clone(),
        offset,
        event: logged.id,
        event_type: event.event_type.clone(),
        subject: logged.subject.clone(),
        standing: DeliveryStanding::new(shared.now(), replay),
    }
}

const fn word(outcome: &AttemptOutcome) -> &'static str {
    match outcome {
        AttemptOutcome::Delivered { .. } => "delivered",
        AttemptOutcome::Failed { .. } => "failed",
        AttemptOutcome::Unauthorized(_) => "unauthorized",
        AttemptOutcome::Gone(_) => "gone",
        AttemptOutcome::Never { .. } => "never",
    }
}
