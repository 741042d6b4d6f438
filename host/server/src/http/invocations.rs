//! `GET /v1/invocations?connection=&state=`: the most recent calls of plugins, newest first. They are kept in memory only.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::{ConnectionId, InvocationId, WebhookId};
use hookyard_domain::invocation::LogLine;
use serde::Serialize;

use super::problem::{InputError, Problem};
use crate::host::Host;
use crate::invocations::{Occasion, Record};

/// The states that an invocation can end in.
const STATES: [&str; 9] =
    ["ok", "invalid", "unauthorized", "unavailable", "failed", "trap", "deadline", "host-failure", "busy"];

#[derive(Debug, Serialize)]
pub(crate) struct InvocationList {
    invocations: Vec<InvocationView>,
}

/// An invocation on the wire; times in microseconds.
#[derive(Debug, Serialize)]
struct InvocationView {
    id: InvocationId,
    at: Timestamp,
    connection: ConnectionId,
    plugin: String,
    /// `webhook`, `action`, `timer`, `activation` or `deactivation`.
    occasion: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<WebhookId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timer: Option<String>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    wall_us: u128,
    cpu_us: u128,
    log: Vec<LogLineView>,
    log_dropped: u64,
}

#[derive(Debug, Serialize)]
struct LogLineView {
    level: &'static str,
    message: String,
}

/// The invocations that pass the filters.
pub(crate) async fn list(
    State(host): State<Arc<Host>>,
    RawQuery(query): RawQuery,
) -> Result<Json<InvocationList>, Problem> {
    let filter = Filter::parse(query.as_deref().unwrap_or_default())?;
    let records = host.invocations.recent().into_iter().filter(|record| filter.lets_pass(record));
    Ok(Json(InvocationList { invocations: records.map(InvocationView::from).collect() }))
}

/// Which invocations a client wants. Empty lists mean any.
#[derive(Debug, Default, PartialEq, Eq)]
struct Filter {
    connections: Vec<String>,
    states: Vec<String>,
}

impl Filter {
    fn parse(query: &str) -> Result<Self, Problem> {
        let (mut filter, mut errors) = (Self::default(), Vec::new());
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
            match name.as_str() {
                "connection" => filter.connections.push(value),
                "state" if STATES.contains(&value.as_str()) => filter.states.push(value),
                "state" => {
                    let detail = format!("{value:?} is not a state; there are {}", STATES.join(", "));
                    errors.push(InputError::new("/state", "invalid", detail));
                }
                _ => {
                    let detail = format!("{name:?} is not a parameter here; there are connection, state");
                    errors.push(InputError::new(format!("/{name}"), "unknown", detail));
                }
            }
        }
        if errors.is_empty() { Ok(filter) } else { Err(Problem::invalid_input(errors)) }
    }

    fn lets_pass(&self, record: &Record) -> bool {
        let among = |wanted: &[String], value: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == value);
        among(&self.connections, record.connection.as_str()) && among(&self.states, record.outcome)
    }
}

impl From<Record> for InvocationView {
    fn from(record: Record) -> Self {
        let (occasion, webhook, action, timer) = match record.occasion {
            Occasion::Webhook(id) => ("webhook", Some(id), None, None),
            Occasion::Action(name) => ("action", None, Some(name), None),
            Occasion::Timer(name) => ("timer", None, None, Some(name)),
            Occasion::Activation => ("activation", None, None, None),
            Occasion::Deactivation => ("deactivation", None, None, None),
        };
        let line = |LogLine { level, message }| LogLineView { level: level.as_str(), message };
        Self {
            id: record.id,
            at: record.at,
            connection: record.connection,
            plugin: record.plugin.to_string(),
            occasion,
            webhook,
            action,
            timer,
            state: record.outcome,
            error: record.error,
            wall_us: record.wall.as_micros(),
            cpu_us: record.cpu.as_micros(),
            log: record.log.into_iter().map(line).collect(),
            log_dropped: record.log_dropped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_may_be_repeated_and_everything_wrong_is_named() {
        let filter = Filter::parse("connection=a&connection=b&state=trap").expect("right");
        assert_eq!((filter.connections.len(), filter.states.len()), (2, 1));
        assert_eq!(Filter::parse("").expect("right"), Filter::default());
        let problem = Filter::parse("state=broken&limit=3").expect_err("wrong").document();
        assert_eq!(problem["errors"].as_array().map(Vec::len), Some(2), "{problem}");
    }
}
