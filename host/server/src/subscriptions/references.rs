//! What a subscription names: connections, and an action with its input.

use std::collections::BTreeMap;

use hookyard_domain::id::ConnectionId;
use hookyard_domain::schema::{Schema, Violation};
use hookyard_domain::subscription::{ActionEndpoint, Endpoint, Subscription};
use serde_json::Value;

use super::definition::is_template;
use crate::action_rules::ActionRules;
use crate::connections::Connection;
use crate::http::problem::InputError;

/// What is known of a connection.
pub(super) enum Named<'a> {
    /// There is none.
    Nothing,
    /// There is one, and what its plugin can do is not known.
    Unknown,
    /// There is one, and its plugin can do this.
    Can(&'a ActionRules),
}

/// Everything that the subscription names and that is not there, and everything in the input of its action that breaks the action's
/// schema where it stands in the input as it is. What comes of templates is seen with each event only.
pub(super) fn faults<'a>(subscription: &Subscription, named: impl Fn(&ConnectionId) -> Named<'a>) -> Vec<InputError> {
    let of_filter = subscription.filter.connections.iter().enumerate();
    let unknown = of_filter.filter(|(_, id)| matches!(named(id), Named::Nothing));
    let mut faults: Vec<_> = unknown.map(|(index, id)| no_connection(&format!("/connections/{index}"), id)).collect();
    if let Endpoint::Action(endpoint) = &subscription.endpoint {
        match named(&endpoint.connection) {
            Named::Nothing => faults.push(no_connection("/endpoint/connection", &endpoint.connection)),
            Named::Unknown => {}
            Named::Can(actions) => faults.extend(of_action(endpoint, actions)),
        }
    }
    faults
}

/// What there is at one moment.
pub(super) struct Present<'a>(BTreeMap<&'a ConnectionId, &'a Connection>);

impl<'a> Present<'a> {
    pub(super) fn of(connections: impl IntoIterator<Item = &'a Connection>) -> Self {
        Self(connections.into_iter().map(|connection| (&connection.id, connection)).collect())
    }

    pub(super) fn named(&self, id: &ConnectionId) -> Named<'a> {
        match self.0.get(id).map(|connection| connection.prepared.as_ref()) {
            None => Named::Nothing,
            Some(None) => Named::Unknown,
            Some(Some(ready)) => Named::Can(&ready.plugin.actions),
        }
    }
}

fn no_connection(pointer: &str, id: &ConnectionId) -> InputError {
    InputError::new(pointer, "unknown-connection", format!("there is no connection {id}"))
}

fn of_action(endpoint: &ActionEndpoint, actions: &ActionRules) -> Vec<InputError> {
    let ActionEndpoint { connection, action, input, .. } = endpoint;
    let Some(rule) = actions.get(action) else {
        let known: Vec<_> = actions.names().collect();
        let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        let detail = format!("connection {connection} has no action {action}; {known}");
        return vec![InputError::new("/endpoint/action", "unknown-action", detail)];
    };
    let violations = rule.input.as_ref().map(|schema| of_input(input, schema)).unwrap_or_default();
    let error = |violation: Violation| {
        let pointer = format!("/endpoint/input{}", violation.pointer);
        InputError::new(pointer, &violation.code, format!("input of {action}: {}", violation.detail))
    };
    violations.into_iter().map(error).collect()
}

fn of_input(input: &Value, schema: &Schema) -> Vec<Violation> {
    if input.as_str().is_some_and(is_template) {
        return Vec::new();
    }
    let resolved = match schema.resolve_aliases(input.clone()) {
        Ok(resolved) => resolved,
        Err(violations) => return violations,
    };
    let violations = schema.validate(&resolved).err().unwrap_or_default();
    violations.into_iter().filter(|violation| is_certain(violation, &resolved)).collect()
}

/// Whether it holds whatever the templates become: names of members are never templates.
fn is_certain(violation: &Violation, input: &Value) -> bool {
    let is_of_names =
        matches!(violation.code.as_str(), "required" | "additional-properties" | "unevaluated-properties");
    is_of_names || !input.pointer(&violation.pointer).is_some_and(has_template)
}

fn has_template(value: &Value) -> bool {
    match value {
        Value::String(text) => is_template(text),
        Value::Array(items) => items.iter().any(has_template),
        Value::Object(members) => members.values().any(has_template),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use hookyard_domain::event::EventFilter;
    use hookyard_domain::manifest::Manifest;
    use serde_json::json;

    use super::*;

    fn actions() -> ActionRules {
        let input = json!({
            "type": "object", "additionalProperties": false, "required": ["number"],
            "properties": { "number": { "type": "integer", "x-aliases": ["no"] }, "tags": { "type": "array", "maxItems": 1 } }
        });
        let manifest = json!({ "name": "x", "version": "1.0.0", "actions": [{ "name": "do", "input": input }] });
        let manifest = Manifest::parse(&manifest.to_string()).expect("a manifest").manifest;
        ActionRules::compile(&manifest).expect("usable schemas")
    }

    fn faults_of(connection: &str, action: &str, input: Value) -> Vec<(String, String)> {
        let subscription = Subscription {
            id: "s".parse().expect("a name"),
            filter: EventFilter { connections: vec!["shop".parse().expect("an id")], ..EventFilter::default() },
            when: None,
            endpoint: Endpoint::Action(ActionEndpoint {
                connection: connection.parse().expect("an id"),
                action: action.to_owned(),
                input,
                max_in_flight: 1,
                max_per_minute_and_subject: 1,
            }),
            ordered: false,
            enabled: true,
        };
        let actions = actions();
        let named = |id: &ConnectionId| match id.as_str() {
            "crm" => Named::Can(&actions),
            "broken" => Named::Unknown,
            _ => Named::Nothing,
        };
        faults(&subscription, named).into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    fn beside_the_filter(connection: &str, action: &str, input: Value) -> Vec<(String, String)> {
        let faults = faults_of(connection, action, input);
        assert_eq!(faults[0], ("/connections/0".to_owned(), "unknown-connection".to_owned()));
        faults[1..].to_vec()
    }

    fn one(pointer: &str, code: &str) -> Vec<(String, String)> {
        vec![(pointer.to_owned(), code.to_owned())]
    }

    #[test]
    fn what_is_not_there_is_named() {
        let unknown = beside_the_filter("nowhere", "do", json!({}));
        assert_eq!(unknown, one("/endpoint/connection", "unknown-connection"));
        assert_eq!(beside_the_filter("crm", "undo", json!({})), one("/endpoint/action", "unknown-action"));
        assert!(beside_the_filter("broken", "undo", json!({})).is_empty(), "its plugin may come back");
    }

    #[test]
    fn an_input_is_checked_as_far_as_no_template_stands_in_it() {
        let faults = |input| beside_the_filter("crm", "do", input);
        assert!(faults(json!({ "number": "{{ event.data.number }}" })).is_empty());
        assert!(faults(json!({ "no": 7 })).is_empty(), "another name of the member");
        assert!(faults(json!("{{ event.data }}")).is_empty());
        assert_eq!(faults(json!({ "number": "seven" })), one("/endpoint/input/number", "type"));
        assert_eq!(faults(json!({ "tags": ["{{ event.id }}"] })), one("/endpoint/input/number", "required"));
        assert_eq!(
            faults(json!({ "number": 1, "more": "{{ event.id }}" })),
            one("/endpoint/input/more", "additional-properties")
        );
        assert!(faults(json!({ "number": 1, "tags": ["{{ event.id }}", 2] })).is_empty(), "not certain");
    }
}
