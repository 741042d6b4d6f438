//! Events that the host emits by itself, in a commit of its own or of a connection.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::Write;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::event::{Event, EventOrigin};
use hookyard_domain::id::EventId;
use serde_json::Value;
use serde_json::value::RawValue;

/// An event of the host: `kind` without the `hookyard.` before it.
pub(crate) fn host_event(kind: &str, subject: String, data: &Value, now: Timestamp, entropy: &dyn Entropy) -> Event {
    Event {
        id: EventId::new(now, entropy),
        origin: EventOrigin::Host,
        kind: kind.to_owned(),
        subject: Some(subject),
        time: now.into(),
        data: RawValue::from_string(data.to_string()).expect("a JSON value is written as JSON"),
        webhook: None,
        traceparent: None,
        hops: 0,
    }
}

/// The same, to be appended. Without dedupe key: whoever commits it sees to that.
pub(crate) fn append(kind: &str, subject: String, data: &Value, now: Timestamp, entropy: &dyn Entropy) -> Write {
    Write::Append { event: Box::new(host_event(kind, subject, data, now, entropy)), dedupe: None }
}
