//! `emit-event`: events that leave if the invocation commits.
//!
//! Scope: the connection and plugin of the invocation. Grant: the kind is declared in the manifest. Limit: events, bytes of
//! one document, depth, bytes of the commit. Act: collected, in the order of the calls.

use hookyard_domain::commit::{MarkKey, Write};
use hookyard_domain::event::{Event, EventOrigin, EventTime};
use hookyard_domain::id::EventId;
use hookyard_domain::json;
use hookyard_domain::limit;
use hookyard_domain::schema::view;
use serde_json::value::RawValue;

use crate::budget::RECORD_BYTES;
use crate::effects::Effects;
use crate::event_rules::check_data;
use crate::refusal::Refusal;

/// An event as a guest proposes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewEvent {
    /// Declared in the manifest.
    pub kind: String,
    /// JSON, valid against the schema declared for the kind. Kept as it is: order of members, digits of numbers.
    pub data: String,
    /// What it is about.
    pub subject: Option<String>,
    /// The provider's id of this one fact.
    pub dedupe_key: Option<String>,
    /// RFC 3339; the time of receipt when absent.
    pub time: Option<String>,
}

impl Effects {
    /// Adds an event to the draft, or refuses it and changes nothing.
    pub fn emit(&mut self, event: NewEvent) -> Result<(), Refusal> {
        let schema = self.scope.event_rules.schema(&event.kind)?;
        if self.events.len() >= limit::EVENTS_MAX {
            return Err(Refusal::too_many(format!("an invocation may emit {} events", limit::EVENTS_MAX)));
        }
        check_subject(event.subject.as_deref())?;
        let time = event_time(event.time.as_deref())?.unwrap_or_else(|| self.scope.received_at.into());
        let dedupe = self.dedupe_mark(&event)?;
        let data = parse_data(&event.kind, event.data)?;
        if let Some(schema) = schema {
            let value = view::value_of(data.get()).map_err(|error| not_json(&event.kind, &error))?;
            check_data(schema, &event.kind, &value)?;
        }
        let subject_bytes = event.subject.as_ref().map_or(0, String::len);
        self.budget.take(RECORD_BYTES + data.get().len() + event.kind.len() + subject_bytes)?;
        let event = Event {
            id: EventId::new(self.services.clock.now(), self.services.entropy.as_ref()),
            origin: EventOrigin::Connection { id: self.scope.connection.clone(), plugin: self.scope.plugin.clone() },
            kind: event.kind,
            subject: event.subject,
            time,
            data,
            webhook: self.scope.webhook,
            traceparent: self.scope.traceparent.clone(),
            hops: self.scope.hops,
        };
        self.events.push(Write::Append { event: Box::new(event), dedupe });
        Ok(())
    }

    fn dedupe_mark(&self, event: &NewEvent) -> Result<Option<MarkKey>, Refusal> {
        match event.dedupe_key.as_deref() {
            None => Ok(None),
            Some("") => Err(Refusal::invalid("dedupe-key is empty; leave it out when the provider gives no id")),
            Some(key) => {
                let parts = ["event", self.scope.connection.as_str(), &event.kind, key];
                Ok(Some(MarkKey(self.scope.hash_key.hash16(&parts.map(str::as_bytes)))))
            }
        }
    }
}

fn check_subject(subject: Option<&str>) -> Result<(), Refusal> {
    match subject {
        Some("") => Err(Refusal::invalid("subject is empty; leave it out when there is none")),
        Some(text) if text.len() > limit::SUBJECT_BYTES_MAX => Err(Refusal::too_large(format!(
            "subject has {} bytes; at most {} are kept",
            text.len(),
            limit::SUBJECT_BYTES_MAX
        ))),
        Some(text) if text.chars().any(char::is_control) => Err(Refusal::invalid("subject holds a control character")),
        _ => Ok(()),
    }
}

fn event_time(time: Option<&str>) -> Result<Option<EventTime>, Refusal> {
    time.map(|text| text.parse().map_err(|error| Refusal::invalid(format!("time: {error}")))).transpose()
}

fn parse_data(kind: &str, data: String) -> Result<Box<RawValue>, Refusal> {
    if data.len() > limit::JSON_BYTES_MAX {
        return Err(Refusal::too_large(format!(
            "data of event {kind:?} has {} bytes; at most {} are taken",
            data.len(),
            limit::JSON_BYTES_MAX
        )));
    }
    if json::depth(&data) > limit::JSON_DEPTH_MAX {
        return Err(Refusal::invalid(format!(
            "data of event {kind:?} is nested deeper than {} levels",
            limit::JSON_DEPTH_MAX
        )));
    }
    RawValue::from_string(data).map_err(|error| not_json(kind, &error))
}

fn not_json(kind: &str, error: &serde_json::Error) -> Refusal {
    Refusal::invalid(format!("data of event {kind:?} is not JSON: {error}"))
}

#[cfg(test)]
mod tests;
