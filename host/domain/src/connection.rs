//! A plugin set up for one account.

use std::fmt;

use serde::Serialize;

use crate::clock::Timestamp;

/// Which of the lives of a connection's id is meant: 0 until the id is deleted for the first time, one more after each
/// deletion. What one life has left behind (marks, keys that were derived) does not exist for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Incarnation(pub u64);

impl Incarnation {
    /// The life after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

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
