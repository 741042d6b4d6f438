//! Events: immutable facts that plugins emit, and the log that keeps them.

use std::fmt;
use std::str::FromStr;

use serde_json::value::RawValue;

use crate::clock::{InvalidTimestamp, Timestamp};
use crate::id::{ConnectionId, EventId, InvalidId, WebhookId};
use crate::plugin::PluginVersion;

/// A typed fact. On the wire it becomes a CloudEvent.
#[derive(Debug, Clone)]
pub struct Event {
    /// Stays the same for ever.
    pub id: EventId,
    /// Who says so.
    pub origin: EventOrigin,
    /// Past tense, dotted, without the first part of its type: `shipment.updated`.
    pub kind: String,
    /// What the event is about.
    pub subject: Option<String>,
    /// When it happened.
    pub time: EventTime,
    /// The data, with member order and digits as the plugin gave them.
    pub data: Box<RawValue>,
    /// The webhook that it was made from.
    pub webhook: Option<WebhookId>,
    /// W3C trace context of the cause.
    pub traceparent: Option<String>,
    /// How many actions run by deliveries lie between this event and the outside.
    pub hops: u8,
}

impl Event {
    /// The CloudEvents type: the plugin's name, or [`HOST_TYPES`], then a dot and the kind.
    pub fn event_type(&self) -> String {
        match &self.origin {
            EventOrigin::Connection { plugin, .. } => format!("{}.{}", plugin.name, self.kind),
            EventOrigin::Host => format!("{HOST_TYPES}.{}", self.kind),
        }
    }
}

/// First part of the types of the host's own events. No plugin may have this name.
pub const HOST_TYPES: &str = "hookyard";

/// Where an event comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventOrigin {
    /// A connection's plugin emitted it.
    Connection {
        /// The connection.
        id: ConnectionId,
        /// The plugin, at the version that emitted it.
        plugin: PluginVersion,
    },
    /// The host says it of itself.
    Host,
}

impl EventOrigin {
    /// The connection, unless it is the host's own.
    pub const fn connection(&self) -> Option<&ConnectionId> {
        match self {
            Self::Connection { id, .. } => Some(id),
            Self::Host => None,
        }
    }
}

/// An RFC 3339 time as its source wrote it, checked but not rounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTime(String);

impl EventTime {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EventTime {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        text.parse::<Timestamp>().map(|_| Self(text.to_owned()))
    }
}

impl From<Timestamp> for EventTime {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.to_string())
    }
}

/// A place in the event log. Opaque outside the host: clients hand back what they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Offset(pub u64);

impl Offset {
    /// Before the first event.
    pub const START: Self = Self(0);
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Offset {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.parse().map(Self).map_err(|_| InvalidId::new(text, "an offset that this host has given"))
    }
}

/// An event and its place.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    /// Where it stands.
    pub offset: Offset,
    /// The event.
    pub event: Event,
}

/// Which events a reader wants. Empty lists mean "any".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Event types; one may end in `*`, which stands for any rest.
    pub types: Vec<String>,
    /// Connections. The host's own events are of none, so that they pass an empty list only.
    pub connections: Vec<ConnectionId>,
    /// Subjects, compared whole.
    pub subjects: Vec<String>,
}

impl EventFilter {
    /// Whether an event with these properties passes. `connection`: `None` for one of the host's own.
    pub fn matches(&self, event_type: &str, connection: Option<&str>, subject: Option<&str>) -> bool {
        let any = |empty: bool, hit: bool| empty || hit;
        any(self.types.is_empty(), self.types.iter().any(|pattern| type_matches(pattern, event_type)))
            && any(self.connections.is_empty(), self.connections.iter().any(|id| Some(id.as_str()) == connection))
            && any(self.subjects.is_empty(), self.subjects.iter().any(|wanted| Some(wanted.as_str()) == subject))
    }
}

fn type_matches(pattern: &str, event_type: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => event_type.starts_with(start),
        None => event_type == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_lets_pass_what_matches_one_of_each_list() {
        let filter = EventFilter {
            types: vec!["aftership.*".into(), "selarti.dialog.closed".into()],
            connections: vec!["shop".parse().expect("valid")],
            subjects: vec!["c1".into()],
        };
        assert!(filter.matches("aftership.shipment.updated", Some("shop"), Some("c1")));
        assert!(filter.matches("selarti.dialog.closed", Some("shop"), Some("c1")));
        assert!(!filter.matches("selarti.dialog.closed.x", Some("shop"), Some("c1")));
        assert!(!filter.matches("aftership.shipment.updated", Some("shop2"), Some("c1")));
        assert!(!filter.matches("aftership.shipment.updated", Some("shop"), None));
        assert!(EventFilter::default().matches("x.y", Some("z"), None));
    }

    #[test]
    fn an_event_of_the_host_is_of_no_connection() {
        let of_shop = EventFilter { connections: vec!["shop".parse().expect("valid")], ..EventFilter::default() };
        assert!(!of_shop.matches("hookyard.plugin.rejected", None, None));
        let of_host = EventFilter { types: vec!["hookyard.*".into()], ..EventFilter::default() };
        assert!(of_host.matches("hookyard.plugin.rejected", None, None));
    }

    #[test]
    fn a_time_is_what_plugins_take_for_one() {
        // What `parse_rfc3339` of the SDK accepts: a plugin that has asked it emits the time as the provider wrote it.
        for text in [
            "1970-01-01T00:00:00Z",
            "2026-03-04t10:41:12.5+01:00",
            "2026-03-04 00:11:12.123456789-09:30",
            "2026-03-04T09:41:12.02z",
            "2026-03-04T09:41:12-00:00",
            "2016-12-31T23:59:60Z",
            "2026-03-04T10:11:60+23:59",
            "9999-12-31T21:00:00.999+23:59",
            "9999-12-30T22:00:00.999999999Z",
        ] {
            assert_eq!(text.parse::<EventTime>().as_ref().map(EventTime::as_str), Ok(text));
        }
    }
}
