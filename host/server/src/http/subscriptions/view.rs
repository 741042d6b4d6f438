//! A subscription on the wire.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::DeliveryDepth;
use hookyard_domain::event::Offset;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::inbox::Reason;
use hookyard_domain::subscription::{Paused, Position};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::connections::Origin;
use crate::dispatcher::Status;
use crate::subscriptions::Entry;

/// A subscription as clients see it. What its document says may be sent back as it is; the other members tell ([`TOLD`]).
#[derive(Debug, Serialize)]
pub(crate) struct SubscriptionView {
    id: SubscriptionId,
    /// `file` or `api`: who may change it.
    origin: &'static str,
    /// `types`, `connections`, `subject`, `when`, `endpoint`, `ordered`, `enabled`: all of them, unless it is invalid. Values of headers
    /// read `{"set": true}`.
    #[serde(flatten)]
    document: Map<String, Value>,
    /// `active`, `disabled`, `paused` or `invalid`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<PausedView>,
    /// Since when no attempt has succeeded, if the last one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<Timestamp>,
    /// Why it is invalid; or what it names that is not there now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
    /// The last event that was looked at.
    cursor: String,
    /// The newest event of the log.
    newest: String,
    pending: u64,
    exhausted: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_delivered_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<ErrorView>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct PausedView {
    since: Timestamp,
    code: String,
    message: String,
}

#[derive(Debug, Serialize)]
struct ErrorView {
    at: Timestamp,
    #[serde(flatten)]
    reason: Reason,
}

/// Members that only tell. Who sends them back changes nothing with them.
pub(super) const TOLD: [&str; 14] = [
    "id",
    "origin",
    "state",
    "paused",
    "failing_since",
    "problems",
    "cursor",
    "newest",
    "pending",
    "exhausted",
    "last_delivered_at",
    "last_error",
    "created_at",
    "updated_at",
];

/// How a subscription stands, as far as it is known.
pub(super) struct Stands {
    /// Of one that works.
    pub(super) status: Option<Status>,
    /// Of one that does not.
    pub(super) position: Option<Position>,
    pub(super) depth: Option<DeliveryDepth>,
    pub(super) newest: Offset,
}

impl SubscriptionView {
    /// An entry with how it stands; `problems` beside those that it has.
    pub(super) fn new(entry: &Entry, problems: Vec<String>, stands: Stands) -> Self {
        let Stands { status, position, depth, newest } = stands;
        let (last_delivered_at, last_error) = match &status {
            Some(status) => (status.last_delivered_at, status.last_error.clone()),
            None => (None, None),
        };
        let pending = status.as_ref().map(|status| u64::try_from(status.pending).unwrap_or(u64::MAX));
        let position = status.map(|status| status.position).or(position);
        let cursor = position.as_ref().map_or(Offset::START, |position| position.cursor);
        let failing_since = position.as_ref().and_then(|position| position.failing_since);
        let paused = position.and_then(|position| position.paused);
        Self {
            id: entry.id.clone(),
            origin: match entry.origin {
                Origin::File => "file",
                Origin::Api => "api",
            },
            document: entry.redacted(),
            state: state(entry, paused.as_ref()),
            paused: paused.map(|Paused { since, reason: Reason { code, message } }| PausedView {
                since,
                code,
                message,
            }),
            failing_since,
            problems,
            cursor: cursor.to_string(),
            newest: newest.to_string(),
            pending: pending.or(depth.as_ref().map(|depth| depth.pending)).unwrap_or(0),
            exhausted: depth.map_or(0, |depth| depth.exhausted),
            last_delivered_at,
            last_error: last_error.map(|(at, reason)| ErrorView { at, reason }),
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

fn state(entry: &Entry, paused: Option<&Paused>) -> &'static str {
    match (&entry.active, paused) {
        (None, _) => "invalid",
        (Some(active), _) if !active.definition.enabled => "disabled",
        (Some(_), Some(_)) => "paused",
        (Some(_), None) => "active",
    }
}
