//! Flows: what an event becomes on its way to an action. `when` and the strings of an `input` are MiniJinja over `event`.

use serde_json::Value;

use crate::inbox::Reason;

/// The expressions of a subscription, compiled.
pub struct Flow {}

/// A text that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowProblem {
    /// JSON pointer: `/when`, or below `/endpoint/input`.
    pub pointer: String,
    /// What is wrong, and where in the text.
    pub detail: String,
}

impl Flow {
    /// Compiles the `when` and the `input` of a subscription; each may be absent.
    ///
    /// # Errors
    /// Every text that cannot be compiled.
    pub fn compile(_when: Option<&str>, _input: Option<&Value>) -> Result<Self, Vec<FlowProblem>> {
        unimplemented!("W")
    }

    /// Whether `when` holds for this event (a CloudEvent as JSON); it does where there is none.
    ///
    /// # Errors
    /// The code is `mapping-failed`.
    pub fn wants(&self, _event: &str) -> Result<bool, Reason> {
        unimplemented!("W")
    }

    /// The input for the action, as JSON.
    ///
    /// # Errors
    /// The code is `mapping-failed`.
    pub fn input(&self, _event: &str) -> Result<String, Reason> {
        unimplemented!("W")
    }
}
