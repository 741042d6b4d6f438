//! Events that the host emits by itself, in a commit of its own or of a connection.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::Write;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::event::{Event, EventOrigin};
use hookyard_domain::id::EventId;
use serde_json::Value;
use serde_json::value::to_raw_value;

/// Appends an event of the host, of the type `hookyard.` and then `kind`. Without dedupe key: whoever commits it sees to that.
pub(crate) fn append(
    kind: &str,
    subject: String,
    data: &Value,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Option<Write> {
    let data = match to_raw_value(data) {
        Ok(data) => data,
        Err(error) => {
            tracing::error!(kind, %error, "an event of the host cannot be written as JSON");
            return None;
        }
    };
    let event = Event {
        id: EventId::new(now, entropy),
        origin: EventOrigin::Host,
        kind: kind.to_owned(),
        subject: Some(subject),
        time: now.into(),
        data,
        webhook: None,
        traceparent: None,
        hops: 0,
    };
    Some(Write::Append { event: Box::new(event), dedupe: None })
}
