//! A webhook on its way in: unverified first, and a different type once it is verified.

use std::borrow::Cow;
use std::net::IpAddr;

use bytes::Bytes;

use crate::clock::Timestamp;
use crate::commit::MarkKey;
use crate::id::{ConnectionId, WebhookId};
use crate::inbox::{Place, Source};
use crate::signature::blank_query;
use crate::signature::keys::dedupe_value;

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
    pub(crate) verified_by: Cow<'static, str>,
}

/// A verified webhook as the inbox keeps it: the exact bytes, except for what verification has blanked. Made of a
/// [`VerifiedWebhook`] only, and becomes one again.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptWebhook {
    /// Its id.
    pub id: WebhookId,
    /// Whom it is for.
    pub connection: ConnectionId,
    /// Its place in the order of receipt.
    pub place: Place,
    /// Who sent it.
    pub source: Source,
    /// When its body had arrived.
    pub received_at: Timestamp,
    /// Address of the peer.
    pub remote_address: Option<IpAddr>,
    /// W3C trace context of the receipt.
    pub traceparent: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// What follows `/webhooks/{connection}`.
    pub path: String,
    /// The query, without the `?`.
    pub query: String,
    /// Headers in order of receipt: lower-case names.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Names of the headers that are not to be shown to people.
    pub sensitive_headers: Vec<String>,
    /// Exactly the bytes received.
    pub body: Bytes,
    /// The dedupe key, and the mark that stands for it. Absent for one that dedupe keys do not count for.
    pub dedupe: Option<(String, MarkKey)>,
    /// Dedupe keys do not count for its events either, whenever it runs: a test webhook of the operator who wanted it so.
    pub fresh: bool,
    /// The order key.
    pub order_key: Option<String>,
    /// The scheme that passed.
    pub verified_by: String,
}

impl KeptWebhook {
    /// The provider's own id of it, for people: its dedupe key without the place that it was found at.
    pub fn dedupe_value(&self) -> Option<&str> {
        self.dedupe.as_ref().map(|(key, _)| dedupe_value(key))
    }

    /// What it counts in the inbox: body, headers, path, query and keys.
    pub fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let dedupe = self.dedupe.as_ref().map_or(0, |(key, _)| key.len());
        let order = self.order_key.as_ref().map_or(0, String::len);
        self.body.len() + headers + self.path.len() + self.query.len() + dedupe + order
    }
}

impl std::fmt::Debug for KeptWebhook {
    /// Without headers and body, which belong to the provider's customers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptWebhook")
            .field("id", &self.id)
            .field("connection", &self.connection)
            .field("place", &self.place)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
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

    /// The same as the inbox keeps it. `mark` stands for the dedupe key; without one, the webhook is kept as if it had none. A
    /// `fresh` one should have none.
    pub fn to_kept(&self, place: Place, source: Source, mark: Option<MarkKey>, fresh: bool) -> KeptWebhook {
        let Self { webhook, keys, sensitive_headers } = self.clone();
        KeptWebhook {
            id: webhook.id,
            connection: webhook.connection,
            place,
            source,
            received_at: webhook.received_at,
            remote_address: webhook.remote_address,
            traceparent: webhook.traceparent,
            method: webhook.method,
            path: webhook.path,
            query: webhook.query,
            headers: webhook.headers,
            sensitive_headers,
            body: webhook.body,
            dedupe: keys.dedupe.zip(mark),
            fresh,
            order_key: keys.order,
            verified_by: keys.verified_by.into_owned(),
        }
    }

    /// What was verified before it was kept.
    pub fn from_kept(kept: KeptWebhook) -> Self {
        let webhook = UnverifiedWebhook {
            id: kept.id,
            connection: kept.connection,
            received_at: kept.received_at,
            remote_address: kept.remote_address,
            traceparent: kept.traceparent,
            method: kept.method,
            path: kept.path,
            query: kept.query,
            headers: kept.headers,
            body: kept.body,
        };
        let dedupe = kept.dedupe.map(|(key, _)| key);
        let keys = Keys { dedupe, order: kept.order_key, verified_by: kept.verified_by.into() };
        Self { webhook, keys, sensitive_headers: kept.sensitive_headers }
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
    pub fn verified_by(&self) -> &str {
        &self.keys.verified_by
    }
}
