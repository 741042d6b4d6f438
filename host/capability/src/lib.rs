//! What a guest may ask of its host.
//!
//! The guest proposes, the host commits: [`Effects`] collects what one invocation wants, checks each wish as it arrives, and
//! becomes a [`Draft`] of one commit. Nothing in it is visible to anybody else before that commit. Every capability is one
//! file with the same four steps: scope (whose it is), grant (whether it may), limit (how much), act.

mod budget;
mod crypto;
mod effects;
mod egress;
mod emit_event;
mod endpoint;
mod event_rules;
mod http_request;
mod kv_store;
mod log;
mod outbound;
mod placeholder;
mod refusal;
pub mod sealing;
mod secrets;
mod sleep;
#[cfg(test)]
mod test_host;
mod timers;
mod tokens;
mod vault;

pub use effects::{Draft, Effects, Scope, Services};
pub use egress::{Egress, EgressError, EgressSettings, Resolve, SystemResolver};
pub use emit_event::NewEvent;
pub use endpoint::{EndpointAnswer, EndpointClient, EndpointError, EndpointErrorCode, EndpointRequest};
pub use event_rules::{EventRules, EventRulesError};
pub use http_request::{HttpError, HttpErrorCode, HttpRequest, HttpResponse, Requests, Unsent, UnsentRequest};
pub use kv_store::{Entry, KeyPage, SetOptions};
pub use log::{Log, SharedLog};
pub use outbound::Outbound;
pub use refusal::{HostFailure, Refusal, RefusalCode};
pub use sleep::{ManualSleep, Sleep, SystemSleep};
pub use tokens::{ConnectionTokens, TokenRegistry};
pub use vault::Vault;
