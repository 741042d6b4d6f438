//! `GET /v1/invocations?connection=&state=&limit=`: the most recent calls of plugins, newest first. They are kept in memory only.

use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::{ConnectionId, InvocationId, WebhookId};
use hookyard_domain::invocation::LogLine;
use hookyard_domain::limit;
use http::Uri;
use serde::Serialize;

use super::parameters::Parameters;
use super::problem::Problem;
use crate::host::Host;
use crate::invocations::{Occasion, Record};

/// The states that an invocation can end in.
const STATES: [&str; 9] =
    ["ok", "invalid", "unauthorized", "unavailable", "failed", "trap", "deadline", "host-failure", "busy"];

/// One of them.
#[derive(Debug, PartialEq, Eq)]
struct Ending(&'static str);

impl FromStr for Ending {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = STATES.into_iter().find(|state| *state == text);
        known.map(Self).ok_or_else(|| format!("{text:?} is not a state; there are {}", STATES.join(", ")))
    }
}

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
    /// `webhook`, `dry-run`, `action`, `timer`, `activation` or `deactivation`.
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
pub(super) struct LogLineView {
    level: &'static str,
    message: String,
}

/// The invocations that pass the filters.
pub(crate) async fn list(State(host): State<Arc<Host>>, uri: Uri) -> Result<Json<InvocationList>, Problem> {
    let query = ListQuery::parse(uri.query().unwrap_or_default())?;
    let records = host.invocations.recent().into_iter().filter(|record| query.lets_pass(record)).take(query.limit);
    Ok(Json(InvocationList { invocations: records.map(InvocationView::from).collect() }))
}

/// Which invocations a client wants. Empty lists mean any.
#[derive(Debug, PartialEq, Eq)]
struct ListQuery {
    connections: Vec<ConnectionId>,
    states: Vec<Ending>,
    limit: usize,
}

impl ListQuery {
    /// Reads a query string.
    ///
    /// # Errors
    /// 422 with every parameter that is unknown, given twice or wrong.
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut parameters = Parameters::read(query, &["limit"], &["connection", "state"]);
        let limits = 1..=limit::INVOCATIONS_KEPT_MAX;
        let parsed = Self {
            connections: parameters.values("connection"),
            states: parameters.values("state"),
            limit: parameters.number("limit", &limits).unwrap_or(limit::INVOCATIONS_KEPT_MAX),
        };
        parameters.verdict(parsed)
    }

    fn lets_pass(&self, record: &Record) -> bool {
        (self.connections.is_empty() || self.connections.contains(&record.connection))
            && (self.states.is_empty() || self.states.iter().any(|state| state.0 == record.outcome))
    }
}

impl From<Record> for InvocationView {
    fn from(record: Record) -> Self {
        let (occasion, webhook, action, timer) = match record.occasion {
            Occasion::Webhook(id) => ("webhook", Some(id), None, None),
            Occasion::DryRun(id) => ("dry-run", Some(id), None, None),
            Occasion::Action(name) => ("action", None, Some(name), None),
            Occasion::Timer(name) => ("timer", None, None, Some(name)),
            Occasion::Activation => ("activation", None, None, None),
            Occasion::Deactivation => ("deactivation", None, None, None),
        };
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
            log: record.log.into_iter().map(LogLineView::from).collect(),
            log_dropped: record.log_dropped,
        }
    }
}

impl From<LogLine> for LogLineView {
    fn from(LogLine { level, message }: LogLine) -> Self {
        Self { level: level.as_str(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_may_be_repeated_and_everything_wrong_is_named() {
        let query = ListQuery::parse("connection=a&connection=b&state=trap&limit=7").expect("right");
        assert_eq!((query.connections.len(), query.states.len(), query.limit), (2, 1, 7));
        let all = ListQuery::parse("").expect("right");
        assert_eq!(all.limit, limit::INVOCATIONS_KEPT_MAX, "there are no pages, so that nothing is left out unasked");
        let problem = ListQuery::parse("state=broken&limit=0&before=3&connection=A").expect_err("wrong").document();
        let wrong = problem["errors"].as_array().expect("a list").iter().map(|error| &error["pointer"]);
        assert_eq!(wrong.collect::<Vec<_>>(), ["/before", "/connection", "/state", "/limit"], "{problem}");
    }
}
