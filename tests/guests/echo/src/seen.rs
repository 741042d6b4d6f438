//! What the guest saw.

use std::collections::BTreeMap;

use hookyard_sdk::{RawValue, Webhook, connection, invocation};
use serde::Serialize;
use serde_json::Value;

/// The attributes that the contract names.
const ATTRIBUTES: [&str; 7] =
    ["webhook-id", "received-at", "remote-address", "traceparent", "verified-by", "event-id", "dry-run"];

/// What the guest saw of its call.
#[derive(Serialize)]
pub(crate) struct Seen<'a> {
    greeting: &'a str,
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: &'a [(String, String)],
    body_bytes: usize,
    /// The body, where it is text.
    body: Option<&'a str>,
    connection: String,
    webhook_url: String,
    config: Box<RawValue>,
    invocation: String,
    attempt: u32,
    attributes: BTreeMap<&'static str, String>,
    /// What each step of the script came to.
    answers: Vec<Value>,
}

impl<'a> Seen<'a> {
    pub(crate) fn of(greeting: &'a str, webhook: &'a Webhook, answers: Vec<Value>) -> Self {
        let attributes = ATTRIBUTES.into_iter().filter_map(|name| Some((name, invocation::attribute(name)?)));
        Self {
            greeting,
            method: &webhook.method,
            path: &webhook.path,
            query: &webhook.query,
            headers: &webhook.headers,
            body_bytes: webhook.body.len(),
            body: std::str::from_utf8(&webhook.body).ok(),
            connection: connection::id(),
            webhook_url: connection::webhook_url(),
            config: RawValue::from_string(connection::config()).expect("the host gives JSON"),
            invocation: invocation::id(),
            attempt: invocation::attempt(),
            attributes: attributes.collect(),
            answers,
        }
    }
}
