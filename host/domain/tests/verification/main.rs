//! Verification of webhooks, provider by provider, against published and recorded signatures where there are any.

#![expect(clippy::needless_pass_by_value, reason = "tests read better with json!(…) in place")]

mod aftership;
mod freshchat;
mod handshakes;
mod hostile;
mod keys;
mod providers;
mod rules;
mod secrecy;
mod standard_webhooks;
mod support;
mod tokens;
