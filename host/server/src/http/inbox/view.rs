//! A webhook of the inbox on the wire.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::{ConnectionId, WebhookId};
use hookyard_domain::inbox::{InboxEntry, Next, Reason, Source, WebhookState};
use hookyard_domain::redaction::REDACTED;
use hookyard_domain::webhook::KeptWebhook;
use serde::Serialize;

/// An entry as clients see it: how it stands, then what was received.
#[derive(Debug, Serialize)]
pub(crate) struct WebhookView {
    id: WebhookId,
    connection: ConnectionId,
    source: Source,
    state: WebhookState,
    /// Since when it is in this state.
    since: Timestamp,
    /// Runs that have ended since it was received, or replayed last.
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<Timestamp>,
    /// Whether it runs again when its connection was activated: the provider had refused the credentials.
    awaits_activation: bool,
    /// The webhook of its order key that must be over before this one runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<WebhookId>,
    /// Why its last run failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason>,
    /// Whether the provider has sent it again after it had failed, which runs it once more.
    rearmed: bool,
    /// Whether it failed and holds up its order key until it is replayed or skipped.
    blocks: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dedupe_key: Option<String>,
    verified_by: String,
    received_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_address: Option<IpAddr>,
    method: String,
    path: String,
    query: String,
    /// Names in lower case and values, in order of receipt; `•••` in place of signatures and credentials.
    headers: Vec<(String, String)>,
    /// Exactly the bytes received.
    body_base64: String,
}

/// Headers that carry credentials whatever the manifest says.
const CREDENTIALS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

impl WebhookView {
    /// An entry, and the one that stands in its way, if any.
    pub(super) fn new(entry: InboxEntry, waits_for: Option<WebhookId>) -> Self {
        let InboxEntry { webhook, standing, .. } = entry;
        let headers = headers(&webhook);
        let dedupe_key = webhook.dedupe_value().map(str::to_owned);
        let next_attempt_at = match standing.next {
            Some(Next::At(at)) => Some(at),
            Some(Next::Activation) | None => None,
        };
        Self {
            id: webhook.id,
            connection: webhook.connection,
            source: webhook.source,
            state: standing.state,
            since: standing.since,
            attempts: standing.attempts,
            next_attempt_at,
            awaits_activation: standing.next == Some(Next::Activation),
            waits_for,
            error: standing.error,
            rearmed: standing.rearmed,
            blocks: standing.blocks,
            order_key: webhook.order_key,
            dedupe_key,
            verified_by: webhook.verified_by,
            received_at: webhook.received_at,
            remote_address: webhook.remote_address,
            method: webhook.method,
            path: webhook.path,
            query: webhook.query,
            headers,
            body_base64: STANDARD.encode(&webhook.body),
        }
    }
}

/// Bytes of 0x80 and above as the code points U+0080 to U+00FF, as plugins see them.
fn headers(webhook: &KeptWebhook) -> Vec<(String, String)> {
    let is_sensitive =
        |name: &str| CREDENTIALS.contains(&name) || webhook.sensitive_headers.iter().any(|sensitive| sensitive == name);
    let shown = |(name, value): &(String, Vec<u8>)| {
        let value = match is_sensitive(name) {
            true => REDACTED.to_owned(),
            false => value.iter().copied().map(char::from).collect(),
        };
        (name.clone(), value)
    };
    webhook.headers.iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use hookyard_domain::commit::MarkKey;
    use hookyard_domain::inbox::{Place, Standing, Verdict};
    use hookyard_domain::invocation::{ErrorKind, PluginError};
    use serde_json::{Value, json};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000)
    }

    fn kept() -> KeptWebhook {
        let header = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
        KeptWebhook {
            id: WebhookId::from_bytes([1; 16]),
            connection: "shop".parse().expect("an id"),
            place: Place(7),
            source: Source::Provider,
            received_at: now(),
            remote_address: Some(IpAddr::from([192, 0, 2, 1])),
            traceparent: None,
            method: "POST".into(),
            path: String::new(),
            query: "a=1".into(),
            headers: vec![
                header("x-signature", b"s1gnature"),
                header("cookie", b"session"),
                header("x-name", b"Jos\xe9"),
                header("x-name", b"again"),
            ],
            sensitive_headers: vec!["x-signature".into()],
            body: "{}".into(),
            dedupe: Some(("body:/id\nd-1".into(), MarkKey([9; 16]))),
            fresh: false,
            order_key: Some("o-1".into()),
            verified_by: "hmac".into(),
        }
    }

    fn view(standing: Standing, waits_for: Option<WebhookId>) -> Value {
        serde_json::to_value(WebhookView::new(InboxEntry { webhook: kept(), standing, version: 3 }, waits_for))
            .expect("JSON")
    }

    #[test]
    fn signatures_and_credentials_are_not_shown_and_the_rest_is_as_received() {
        let view = view(Standing::fresh(now()), Some(WebhookId::from_bytes([2; 16])));
        let headers = json!([["x-signature", "•••"], ["cookie", "•••"], ["x-name", "José"], ["x-name", "again"]]);
        assert_eq!(view["headers"], headers);
        assert_eq!((&view["body_base64"], &view["query"]), (&json!("e30="), &json!("a=1")));
        assert_eq!((&view["dedupe_key"], &view["order_key"]), (&json!("d-1"), &json!("o-1")));
        assert_eq!((&view["state"], &view["attempts"]), (&json!("pending"), &json!(0)));
        assert_eq!(view["next_attempt_at"], json!(now()));
        assert_eq!(view["waits_for"], json!(WebhookId::from_bytes([2; 16])));
        assert!(view.get("error").is_none());
    }

    #[test]
    fn what_waits_for_credentials_has_no_time_but_says_so() {
        let refused = PluginError::new(ErrorKind::Unauthorized, "provider-unauthorized", "the key is not accepted");
        let again = Verdict::Again(Next::Activation);
        let waiting = view(Standing::fresh(now()).after_failure(&refused, again, false, now()), None);
        assert_eq!(waiting["awaits_activation"], true);
        assert!(waiting.get("next_attempt_at").is_none() && waiting.get("waits_for").is_none());
        assert_eq!(waiting["error"]["code"], "provider-unauthorized");
        let failed = view(Standing::fresh(now()).after_failure(&refused, Verdict::GiveUp, true, now()), None);
        assert_eq!((&failed["state"], &failed["blocks"]), (&json!("failed"), &json!(true)));
    }
}
