//! Tells of a connection that its health has changed.

use std::sync::atomic::{AtomicBool, Ordering};

use hookyard_capability::Services;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::{Commit, Owner};
use hookyard_domain::connection::HealthStatus;
use hookyard_domain::limit;
use serde_json::json;
use tokio::sync::Mutex;

use super::Connection;
use super::condition::ACTIVATING;
use crate::host_event;

/// What was told of a connection's health.
#[derive(Debug)]
pub(super) struct Telling {
    told: Mutex<Told>,
    /// Whether it does not do as was told last.
    is_untold: AtomicBool,
}

#[derive(Debug)]
struct Told {
    is_well: bool,
    /// When its last changes were told.
    times: Vec<Timestamp>,
}

impl Default for Telling {
    /// Nothing, which says that all is well.
    fn default() -> Self {
        Self { told: Mutex::new(Told { is_well: true, times: Vec::new() }), is_untold: AtomicBool::default() }
    }
}

impl Told {
    /// Whether another change may be told now. A provider that refuses one kind of call and takes another changes with every call.
    fn has_room(&mut self, now: Timestamp) -> bool {
        self.times.retain(|at| *at <= now && at.after(limit::HEALTH_EVENTS_WITHIN) > now);
        self.times.len() < limit::HEALTH_EVENTS_MAX
    }
}

impl Connection {
    /// Whether its health is not what was told last: to be told when something ends.
    pub(crate) fn has_untold_health(&self) -> bool {
        self.condition.telling.is_untold.load(Ordering::SeqCst)
    }

    /// Appends `hookyard.connection.unhealthy` or `.recovered` if the connection does not do as was told last. What the store does
    /// not take now, and what would be too much, is told when a later call ends, if it is still so; the log has every change.
    pub(crate) async fn tell_health(&self, services: &Services) {
        let telling = &self.condition.telling;
        let mut told = telling.told.lock().await;
        let health = self.health();
        let is_well = match health.status {
            HealthStatus::Healthy => true,
            HealthStatus::Unhealthy if health.code.as_deref() != Some(ACTIVATING) => false,
            HealthStatus::Unhealthy | HealthStatus::Disabled | HealthStatus::Invalid => return,
        };
        if self.is_retired() {
            return;
        }
        let now = services.clock.now();
        telling.is_untold.store(is_well != told.is_well, Ordering::SeqCst);
        if is_well == told.is_well || !told.has_room(now) {
            return;
        }
        let (kind, mut data) = match is_well {
            true => ("connection.recovered", json!({ "connection": self.id })),
            false => ("connection.unhealthy", json!({ "connection": self.id })),
        };
        for (member, value) in [("code", &health.code), ("message", &health.message)] {
            if let Some(value) = value {
                data[member] = value.as_str().into();
            }
        }
        let writes = vec![host_event::append(kind, self.id.to_string(), &data, now, &*services.entropy)];
        let commit = Commit { owner: Owner::Host, at: now, guards: Vec::new(), writes };
        match services.ledger.commit(commit).await {
            Ok(_) => {
                told.is_well = is_well;
                told.times.push(now);
                telling.is_untold.store(false, Ordering::SeqCst);
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(connection = %self.id, kind, error, "an event of the host cannot be written");
            }
        }
    }
}
