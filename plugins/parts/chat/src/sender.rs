//! Who wrote a message.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sender {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: SenderKind,
    /// The provider's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What somebody who writes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SenderKind {
    /// A customer.
    User,
    /// A person of the operator's.
    Agent,
    /// A program.
    Bot,
    /// The provider itself.
    System,
    /// The provider does not say, or says something that is not known.
    Unknown,
}
