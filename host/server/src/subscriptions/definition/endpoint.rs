//! `endpoint`: a URL, or an action.

use hookyard_domain::limit;
use hookyard_domain::secret::Secret;
use hookyard_domain::subscription::{ActionEndpoint, Endpoint, UrlEndpoint};
use serde_json::{Map, Value, json};

use super::members::Members;
use super::{HeaderValues, Rules, UNKNOWN_MEMBER, address, headers};
use crate::connections::Origin;
use crate::subscriptions::secrets;

const OF_URL: [&str; 4] = ["url", "headers", "max_in_flight", "max_per_second"];
const OF_URL_IN_FILE: [&str; 5] = ["url", "headers", "max_in_flight", "max_per_second", "secret"];
const OF_ACTION: [&str; 5] = ["connection", "action", "input", "max_in_flight", "max_per_minute_and_subject"];

/// Reads it, and the secrets that the file gives.
pub(super) fn read(mut members: Members<'_>, rules: Rules<'_>) -> Option<(Endpoint, Option<Vec<Secret>>)> {
    let is_action = ["connection", "action", "input"].iter().any(|name| members.has(name));
    match (members.has("url"), is_action) {
        (true, false) => url(members, rules).map(|(url, secrets)| (Endpoint::Url(url), secrets)),
        (false, true) => action(members).map(|action| (Endpoint::Action(action), None)),
        (true, true) => {
            members.wrong_here("ambiguous", "endpoint has both a url and an action; it is one of them");
            None
        }
        (false, false) => {
            members.wrong_here(
                "required",
                "endpoint says nothing of where events go: { url } or { connection, action, input }",
            );
            None
        }
    }
}

fn url(mut members: Members<'_>, rules: Rules<'_>) -> Option<(UrlEndpoint, Option<Vec<Secret>>)> {
    let secret = match rules.origin {
        Origin::File => {
            members.refuse_unknown(&OF_URL_IN_FILE);
            secret(&mut members)
        }
        Origin::Api => {
            if members.has("secret") {
                let detail = "the host makes the secret and shows it once; rotate-secret makes another one";
                members.wrong("secret", UNKNOWN_MEMBER, detail);
            }
            members.refuse_unknown(&OF_URL);
            None
        }
    };
    let max_in_flight = max_in_flight(&mut members);
    let max_per_second = members.number("max_per_second", 1..=limit::ENDPOINT_PER_SECOND_MAX);
    let headers = match members.has("headers") {
        true => members.object("headers", "an object of names and values").map(headers::read).unwrap_or_default(),
        false => Vec::new(),
    };
    let text = members.text("url")?;
    match address::url(text, rules.private_addresses) {
        Ok(url) => Some((UrlEndpoint { url, headers, max_in_flight, max_per_second }, secret)),
        Err(why) => {
            members.wrong("url", "invalid", why);
            None
        }
    }
}

/// One secret, or several, all of which sign.
fn secret(members: &mut Members<'_>) -> Option<Vec<Secret>> {
    let (texts, is_list): (Vec<&Value>, bool) = match members.get("secret")? {
        Value::Array(items) => (items.iter().collect(), true),
        one => (vec![one], false),
    };
    let max = limit::ENDPOINT_SECRETS_MAX;
    if texts.is_empty() || texts.len() > max {
        members.wrong("secret", "invalid", format!("secret is one text, or a list of 1 to {max}"));
        return None;
    }
    let mut secrets = Vec::with_capacity(texts.len());
    for (index, text) in texts.into_iter().enumerate() {
        let place = if is_list { format!("secret/{index}") } else { "secret".to_owned() };
        match text.as_str().map(|text| secrets::checked(Secret::new(text))) {
            Some(Ok(secret)) => secrets.push(secret),
            Some(Err(why)) => members.wrong(&place, "invalid", why),
            None => members.wrong(&place, "type", "a secret is a text: whsec_ and Base64"),
        }
    }
    Some(secrets)
}

fn action(mut members: Members<'_>) -> Option<ActionEndpoint> {
    members.refuse_unknown(&OF_ACTION);
    for name in ["connection", "action"] {
        if !members.has(name) {
            members.wrong(name, "required", format!("{name} is required: an action of a connection"));
        }
    }
    let connection = members.parsed("connection");
    let action = members.text("action");
    let input = members.get("input").cloned().unwrap_or_else(|| Value::Object(Map::new()));
    let max_in_flight = max_in_flight(&mut members);
    let most = limit::FLOW_PER_MINUTE_AND_SUBJECT_MAX;
    let per_minute = members.number("max_per_minute_and_subject", 1..=most);
    let max_per_minute_and_subject = per_minute.unwrap_or(limit::FLOW_PER_MINUTE_AND_SUBJECT_DEFAULT);
    Some(ActionEndpoint {
        connection: connection?,
        action: action?.to_owned(),
        input,
        max_in_flight,
        max_per_minute_and_subject,
    })
}

fn max_in_flight(members: &mut Members<'_>) -> u32 {
    let given = members.number("max_in_flight", 1..=limit::ENDPOINT_IN_FLIGHT_MAX);
    given.unwrap_or(limit::ENDPOINT_IN_FLIGHT_DEFAULT)
}

/// The endpoint as a document has it.
pub(super) fn write(endpoint: &Endpoint, values: HeaderValues) -> Value {
    match endpoint {
        Endpoint::Url(UrlEndpoint { url, headers, max_in_flight, max_per_second }) => {
            let mut members = Map::new();
            members.insert("url".to_owned(), json!(url.as_str()));
            members.insert("headers".to_owned(), headers::write(headers, values));
            members.insert("max_in_flight".to_owned(), json!(max_in_flight));
            members.extend(max_per_second.map(|most| ("max_per_second".to_owned(), json!(most))));
            Value::Object(members)
        }
        Endpoint::Action(ActionEndpoint { connection, action, input, max_in_flight, max_per_minute_and_subject }) => {
            json!({
                "connection": connection,
                "action": action,
                "input": input,
                "max_in_flight": max_in_flight,
                "max_per_minute_and_subject": max_per_minute_and_subject,
            })
        }
    }
}
