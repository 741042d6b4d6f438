//! A webhook on its way in: unverified first, and a different type once it is verified.

use std::net::IpAddr;

use bytes::Bytes;

use crate::clock::Timestamp;
use crate::id::{ConnectionId, WebhookId};
use crate::signature::blank_query;

/// An inbound request as the wire had it.
#[derive(Debug, Clone)]
pub struct UnverifiedWebhook {
    /// Its id.
    pub id: WebhookId,
    /// Whom it is for.
    pub connection: ConnectionId,
    /// When its body had arrived.
    pub received_at: Timestamp,
    /// Address of the peer; absent for a test webhook of the operator.
    pub remote_address: Option<IpAddr>,
    /// W3C trace context: the provider's continued, or begun at receipt.
    pub traceparent: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// What follows `/webhooks/{connection}`, as received: empty or starting with `/`.
    pub path: String,
    /// The query as received, without the `?`.
    pub query: String,
    /// Headers in order of receipt: lower-case names, values as received.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Exactly the bytes received.
    pub body: Bytes,
}

/// A webhook whose origin is proven. Only [`crate::signature::Verifier`] makes one.
#[derive(Debug, Clone)]
pub struct VerifiedWebhook {
    webhook: UnverifiedWebhook,
    keys: Keys,
    sensitive_headers: Vec<String>,
}

/// What verification found out.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) dedupe: Option<String>,
    pub(crate) order: Option<String>,
    pub(crate) verified_by: &'static str,
}

/// Where verification tokens and signatures may stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Blanks {
    /// Query parameters that hold a token.
    pub(crate) query: Vec<String>,
    /// Headers that hold a token or a password, in lower case.
    pub(crate) headers: Vec<String>,
    /// Headers that hold a signature, in lower case.
    pub(crate) signature_headers: Vec<String>,
}

/// Stands where a token stood. Fit for a query, a path and a header.
const BLANK: &str = "***";

impl VerifiedWebhook {
    /// The webhook without its tokens: whoever handles, keeps or shows it has no use for them.
    pub(crate) fn new(mut webhook: UnverifiedWebhook, keys: Keys, blanks: &Blanks, path_is_token: bool) -> Self {
        webhook.query = blank_query(&webhook.query, &blanks.query);
        if path_is_token {
            let rest = webhook.path[1..].find('/').map_or("", |slash| &webhook.path[1 + slash..]);
            webhook.path = format!("/{BLANK}{rest}");
        }
        for (_, value) in webhook.headers.iter_mut().filter(|(name, _)| blanks.headers.contains(name)) {
            *value = BLANK.as_bytes().to_vec();
        }
        let mut sensitive_headers = [&*blanks.headers, &*blanks.signature_headers].concat();
        sensitive_headers.push("authorization".to_owned());
        Self { webhook, keys, sensitive_headers }
    }

    /// Its id.
    pub fn id(&self) -> WebhookId {
        self.webhook.id
    }

    /// Whom it is for.
    pub fn connection(&self) -> &ConnectionId {
        &self.webhook.connection
    }

    /// When its body had arrived.
    pub fn received_at(&self) -> Timestamp {
        self.webhook.received_at
    }

    /// Address of the peer; absent for a test webhook of the operator.
    pub fn remote_address(&self) -> Option<IpAddr> {
        self.webhook.remote_address
    }

    /// W3C trace context of the receipt.
    pub fn traceparent(&self) -> Option<&str> {
        self.webhook.traceparent.as_deref()
    }

    /// The HTTP method.
    pub fn method(&self) -> &str {
        &self.webhook.method
    }

    /// What follows `/webhooks/{connection}`, as received; a verification token in it is replaced by `***`.
    pub fn path(&self) -> &str {
        &self.webhook.path
    }

    /// The query as received; verification tokens in it are replaced by `***`.
    pub fn query(&self) -> &str {
        &self.webhook.query
    }

    /// Headers in order of receipt: lower-case names, values as received, but verification tokens and the credentials
    /// of Basic authentication replaced by `***`.
    pub fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.webhook.headers
    }

    /// Names of the headers that hold signatures or credentials: not to be shown to people.
    pub fn sensitive_headers(&self) -> &[String] {
        &self.sensitive_headers
    }

    /// Exactly the bytes received.
    pub fn body(&self) -> &Bytes {
        &self.webhook.body
    }

    /// What makes another webhook of the connection the same as this one. Without it, nothing is ever taken for a repeat.
    pub fn dedupe_key(&self) -> Option<&str> {
        self.keys.dedupe.as_deref()
    }

    /// Webhooks and actions of the connection with the same key run one after the other.
    pub fn order_key(&self) -> Option<&str> {
        self.keys.order.as_deref()
    }

    /// The scheme that passed, as manifests name it: `hmac`. `none` where unsigned webhooks are granted, `trigger` for a
    /// test of the operator.
    pub fn verified_by(&self) -> &'static str {
        self.keys.verified_by
    }
}
