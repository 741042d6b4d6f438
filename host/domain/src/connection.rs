//! A plugin set up for one account.

use serde::Serialize;

use crate::clock::Timestamp;

/// How a connection is doing. It never gates webhooks: an unhealthy connection verifies and handles them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The state.
    pub status: HealthStatus,
    /// A stable word for the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// A sentence for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// The states of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// Nothing is known to be wrong.
    Healthy,
    /// The provider refuses or cannot be reached.
    Unhealthy,
    /// The operator switched it off.
    Disabled,
    /// The config, or the plugin that it names, cannot be used.
    Invalid,
}
