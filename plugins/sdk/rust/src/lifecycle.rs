//! What `activate` leaves to the operator.

use serde::Serialize;

/// What is left to do by hand at the provider, in order; shown with the connection. An error can carry it too:
/// [`Error::with_setup`](crate::Error::with_setup).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Setup {
    /// One sentence each.
    pub setup: Vec<String>,
}

impl Setup {
    /// One more step.
    #[must_use]
    pub fn step(mut self, step: impl Into<String>) -> Self {
        self.setup.push(step.into());
        self
    }
}
