//! The document of a subscription, as the file and clients of the API write it.

mod address;
mod endpoint;
mod headers;
mod members;

use hookyard_domain::event::EventFilter;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::limit;
use hookyard_domain::secret::Secret;
use hookyard_domain::subscription::{Endpoint, Subscription};
use ipnet::IpNet;
use serde_json::{Map, Value, json};

use crate::connections::Origin;
use crate::http::problem::InputError;
use members::Members;

/// What a document says.
pub(super) struct Definition {
    pub(super) subscription: Subscription,
    /// The secrets that the file gives, newest first. Clients of the API cannot give any.
    pub(super) secrets: Option<Vec<Secret>>,
}

/// What is wrong with a document is judged by these.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    /// Who wrote it.
    pub(super) origin: Origin,
    /// `egress.private_addresses`.
    pub(super) private_addresses: &'a [IpNet],
}

/// The code of a member that a document may not have.
pub(super) const UNKNOWN_MEMBER: &str = "unknown-member";

const KNOWN: [&str; 7] = ["types", "connections", "subject", "when", "endpoint", "ordered", "enabled"];

/// Reads a document. Whether its templates can be compiled, and what they call exists, is not asked here.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn read(
    id: &SubscriptionId,
    document: &Map<String, Value>,
    rules: Rules<'_>,
) -> Result<Definition, Vec<InputError>> {
    let mut wrong = Vec::new();
    let mut members = Members::top(document, &mut wrong);
    members.refuse_unknown(&KNOWN);
    let filter = filter(&mut members);
    let when = members.text("when").map(str::to_owned);
    let ordered = members.boolean("ordered", false);
    let enabled = members.boolean("enabled", true);
    let endpoint = members.object("endpoint", "an object: { url } or { connection, action, input }");
    let endpoint = endpoint.and_then(|endpoint| endpoint::read(endpoint, rules));
    match endpoint.filter(|_| wrong.is_empty()) {
        Some((endpoint, secrets)) => {
            let subscription = Subscription { id: id.clone(), filter, when, endpoint, ordered, enabled };
            Ok(Definition { subscription, secrets })
        }
        None => Err(wrong),
    }
}

fn filter(members: &mut Members<'_>) -> EventFilter {
    let types = match members.has("types") {
        true => members.texts("types"),
        false => {
            members.wrong(
                "types",
                "required",
                "types is required: a list of event types, such as [\"aftership.*\"]; [\"*\"] for all",
            );
            Vec::new()
        }
    };
    for (index, pattern) in &types {
        let name = pattern.strip_suffix('*').unwrap_or(pattern);
        if pattern.is_empty() || name.contains('*') || name.contains(char::is_whitespace) {
            let detail = format!("{pattern:?} is not an event type, which may end in *");
            members.wrong(&format!("types/{index}"), "invalid", detail);
        }
    }
    let names = members.texts("connections");
    let mut connections = Vec::with_capacity(names.len());
    for (index, name) in &names {
        match name.parse() {
            Ok(id) => connections.push(id),
            Err(error) => members.wrong(&format!("connections/{index}"), "invalid", format!("{error}")),
        }
    }
    let types = types.into_iter().map(|(_, pattern)| pattern).collect();
    EventFilter { types, connections, subjects: members.text_or_texts("subject") }
}

/// How values of headers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderValues {
    /// As they are: to be sealed.
    Plain,
    /// `{"set": true}`: to be shown.
    Redacted,
}

/// The document that says this, with defaults filled in.
pub(super) fn write(subscription: &Subscription, values: HeaderValues) -> Map<String, Value> {
    let Subscription { id: _, filter, when, endpoint, ordered, enabled } = subscription;
    let mut document = Map::new();
    let mut add = |name: &str, value: Value| document.insert(name.to_owned(), value);
    add("types", json!(filter.types));
    add("connections", json!(filter.connections));
    match filter.subjects.as_slice() {
        [] => None,
        [one] => add("subject", json!(one)),
        many => add("subject", json!(many)),
    };
    if let Some(when) = when {
        add("when", json!(when));
    }
    add("endpoint", endpoint::write(endpoint, values));
    add("ordered", json!(ordered));
    add("enabled", json!(enabled));
    document
}

/// The document with a JSON merge patch (RFC 7396) applied. A header that the patch gives as `{"set": true}` stays. An endpoint of
/// the other kind takes the place of the one that there is.
pub(super) fn merge(document: &Map<String, Value>, patch: Map<String, Value>) -> Map<String, Value> {
    let mut document = document.clone();
    let mut patch = patch;
    if let (Some(Value::Object(before)), Some(Value::Object(after))) =
        (document.get("endpoint"), patch.get_mut("endpoint"))
    {
        let other_kind = (before.contains_key("url") && after.contains_key("connection"))
            || (before.contains_key("connection") && after.contains_key("url"));
        if other_kind {
            document.remove("endpoint");
        } else {
            // What one host was trusted with goes to another only if the client has it too.
            let before =
                if address::leads_elsewhere(before, after) { headers::withheld(before) } else { before.clone() };
            headers::keep(after, &before);
            document.insert("endpoint".to_owned(), Value::Object(before));
        }
    }
    for (name, value) in patch {
        let before = document.remove(&name);
        if let Some(merged) = merged(before, value) {
            document.insert(name, merged);
        }
    }
    document
}

fn merged(before: Option<Value>, patch: Value) -> Option<Value> {
    match patch {
        Value::Null => None,
        Value::Object(patch) => {
            let mut members = if let Some(Value::Object(members)) = before { members } else { Map::new() };
            for (name, value) in patch {
                let before = members.remove(&name);
                if let Some(merged) = merged(before, value) {
                    members.insert(name, merged);
                }
            }
            Some(Value::Object(members))
        }
        other => Some(other),
    }
}

/// Whether a text is more than itself once it is rendered.
pub(super) fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|opening| text.contains(opening))
}

/// Whether deliveries to it are signed.
pub(super) fn is_signed(subscription: &Subscription) -> bool {
    match &subscription.endpoint {
        Endpoint::Url(_) => true,
        Endpoint::Action(_) => false,
    }
}

/// Longest text of a filter: that of a subject that a plugin may give.
const FILTER_VALUE_BYTES_MAX: usize = limit::SUBJECT_BYTES_MAX;

#[cfg(test)]
mod tests;
