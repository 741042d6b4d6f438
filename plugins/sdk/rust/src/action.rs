//! A request from a client, and what it gets back.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, json};

/// A call of one of the manifest's actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Which one.
    pub name: String,
    /// JSON; valid against the action's schema.
    pub input: String,
}

impl Action {
    /// The input as a value of the type that the manifest's schema was made from.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json::parse(self.input.as_bytes())
    }

    /// What to return for a name that the plugin does not handle.
    pub fn unknown(&self) -> Error {
        Error::invalid("unknown-action", format!("there is no action `{}`", self.name))
    }
}

/// What an action returns: JSON that is valid against the action's schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output(pub(crate) String);

impl Output {
    /// `output` as JSON.
    pub fn new(output: &impl Serialize) -> Result<Self, Error> {
        serde_json::to_string(output).map(Self).map_err(|error| Error::failed("invalid-output", error.to_string()))
    }
}
