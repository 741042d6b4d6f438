//! Tells of a connection that its health has changed.

use hookyard_capability::Services;
use hookyard_domain::commit::{Commit, Owner};
use hookyard_domain::connection::HealthStatus;
use serde_json::json;

use super::Connection;
use super::condition::ACTIVATING;
use crate::host_event;

impl Connection {
    /// Appends `hookyard.connection.unhealthy` or `.recovered` if the connection does not do as was told last. What the store does
    /// not take now is told with the next change; the log has every one.
    pub(crate) async fn tell_health(&self, services: &Services) {
        let mut told = self.condition.told.lock().await;
        let health = self.health();
        let is_well = match health.status {
            HealthStatus::Healthy => true,
            HealthStatus::Unhealthy if health.code.as_deref() != Some(ACTIVATING) => false,
            HealthStatus::Unhealthy | HealthStatus::Disabled | HealthStatus::Invalid => return,
        };
        if is_well == *told || self.is_retired() {
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
        let now = services.clock.now();
        let writes = vec![host_event::append(kind, self.id.to_string(), &data, now, &*services.entropy)];
        let commit = Commit { owner: Owner::Host, at: now, guards: Vec::new(), writes };
        match services.ledger.commit(commit).await {
            Ok(_) => *told = is_well,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(connection = %self.id, kind, error, "an event of the host cannot be written");
            }
        }
    }
}
