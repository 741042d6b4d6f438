//! A timer that is due.

use serde::de::DeserializeOwned;

use crate::{Error, json};

/// A timer of this connection, set by an earlier invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// The name that it was started under.
    pub name: String,
    /// The JSON that it was started with.
    pub payload: String,
}

impl Timer {
    /// The payload as a value.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json::parse(self.payload.as_bytes())
    }
}
