//! An event on the wire: CloudEvents 1.0 in JSON (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).

use hookyard_domain::event::{EventOrigin, LoggedEvent};
use hookyard_domain::id::{EventId, WebhookId};
use serde::Serialize;
use serde_json::value::RawValue;

/// The members in the order in which they are written; the last five are extensions.
#[derive(Debug, Serialize)]
pub(crate) struct CloudEvent<'a> {
    specversion: &'static str,
    id: EventId,
    source: String,
    #[serde(rename = "type")]
    event_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    time: &'a str,
    datacontenttype: &'static str,
    /// As the plugin gave it: member order, digits and blanks.
    data: &'a RawValue,
    offset: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<WebhookId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
}

impl<'a> From<&'a LoggedEvent> for CloudEvent<'a> {
    fn from(logged: &'a LoggedEvent) -> Self {
        let event = &logged.event;
        let (source, connection, plugin) = match &event.origin {
            EventOrigin::Connection { id, plugin } => {
                (format!("/connections/{id}"), Some(id.as_str()), Some(plugin.to_string()))
            }
            EventOrigin::Host => ("/host".to_owned(), None, None),
        };
        Self {
            specversion: "1.0",
            id: event.id,
            source,
            event_type: event.event_type(),
            subject: event.subject.as_deref(),
            time: event.time.as_str(),
            datacontenttype: "application/json",
            data: &event.data,
            offset: logged.offset.to_string(),
            connection,
            plugin,
            webhook: event.webhook,
            traceparent: event.traceparent.as_deref(),
        }
    }
}
