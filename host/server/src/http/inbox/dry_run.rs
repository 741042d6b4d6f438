//! What came of a dry run, on the wire. Secrets of the connection are `•••` wherever they stand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_capability::UnsentRequest;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::Write;
use hookyard_domain::id::{ConnectionId, EventId, WebhookId};
use hookyard_domain::inbox::{Reason, WebhookState};
use hookyard_domain::limit;
use hookyard_domain::redaction::{REDACTED, Redactor};
use hookyard_sandbox::WebhookResponse;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::http::invocations::LogLineView;
use crate::inbox::DryRun;

/// A dry run as clients see it.
#[derive(Debug, Serialize)]
pub(crate) struct DryRunView {
    dry_run: bool,
    webhook: WebhookId,
    connection: ConnectionId,
    plugin: String,
    /// How the invocation ended: `ok`, `failed`, `trap`, ….
    outcome: &'static str,
    /// What the webhook would be afterwards. Nothing below would be committed unless that is `handled`.
    state: WebhookState,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<ResponseView>,
    events: Vec<EventView>,
    keys: Vec<KeyView>,
    timers: Vec<TimerView>,
    /// What it would have sent. What the plugin does after a request depends on the answer, which nobody gave.
    requests: Vec<RequestView>,
    requests_dropped: u64,
    log: Vec<LogLineView>,
    log_dropped: u64,
}

#[derive(Debug, Serialize)]
struct ResponseView {
    status: u16,
    /// The beginning of the body, where it is a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    body_bytes: usize,
}

#[derive(Debug, Serialize)]
struct EventView {
    #[serde(rename = "type")]
    event_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: String,
    data: Box<RawValue>,
    /// Its dedupe key is known: it would not be appended again.
    known: bool,
}

#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum KeyView {
    Set {
        key: String,
        #[serde(flatten)]
        value: ValueView,
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    Delete {
        key: String,
    },
    Increment {
        key: String,
        by: i64,
    },
}

#[derive(Debug, Serialize)]
enum ValueView {
    #[serde(rename = "value")]
    Text(String),
    #[serde(rename = "value_base64")]
    Bytes(String),
}

#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum TimerView {
    Start { name: String, due_at: Timestamp, payload: Box<RawValue> },
    Cancel { name: String },
}

#[derive(Debug, Serialize)]
struct RequestView {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    /// The beginning of the body, where it is a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    body_bytes: usize,
}

impl From<DryRun> for DryRunView {
    fn from(run: DryRun) -> Self {
        let mut view = Self {
            dry_run: true,
            webhook: run.webhook,
            connection: run.connection,
            plugin: run.plugin.to_string(),
            outcome: run.outcome,
            state: run.state,
            error: run.error,
            response: run.response.map(|response| ResponseView::of(&response, &run.redactor)),
            events: Vec::new(),
            keys: Vec::new(),
            timers: Vec::new(),
            requests: run.unsent.requests.into_iter().map(RequestView::from).collect(),
            requests_dropped: run.unsent.dropped,
            log: run.log.lines.into_iter().map(LogLineView::from).collect(),
            log_dropped: run.log.dropped,
        };
        for write in run.writes {
            view.add(write, &run.known_events, &run.redactor);
        }
        view
    }
}

impl DryRunView {
    fn add(&mut self, write: Write, known: &[EventId], redactor: &Redactor) {
        let shown = |text: &str| redactor.redact(text).into_owned();
        match write {
            Write::Append { event, .. } => self.events.push(EventView {
                event_type: event.event_type(),
                subject: event.subject.as_deref().map(shown),
                time: event.time.as_str().to_owned(),
                known: known.contains(&event.id),
                data: json(event.data, redactor),
            }),
            Write::Set { key, value, expires_at } => {
                self.keys.push(KeyView::Set { key: shown(&key), value: ValueView::of(&value, redactor), expires_at });
            }
            Write::Delete { key } => self.keys.push(KeyView::Delete { key: shown(&key) }),
            Write::Increment { key, by } => self.keys.push(KeyView::Increment { key: shown(&key), by }),
            Write::StartTimer { name, due_at, payload } => {
                let payload = RawValue::from_string(payload).map_or_else(|_| null(), |payload| json(payload, redactor));
                self.timers.push(TimerView::Start { name: shown(&name), due_at, payload });
            }
            Write::CancelTimer { name } => self.timers.push(TimerView::Cancel { name: shown(&name) }),
            // These are the host's own, and no guest asks for them.
            Write::Mark(_)
            | Write::Idempotency { .. }
            | Write::ForgetIdempotency { .. }
            | Write::Keep { .. }
            | Write::Settle { .. }
            | Write::SettleTimer { .. }
            | Write::Advance(_)
            | Write::Deliver(_)
            | Write::ForgetDeliveries { .. } => {}
        }
    }
}

impl ResponseView {
    fn of(response: &WebhookResponse, redactor: &Redactor) -> Self {
        let text = std::str::from_utf8(&response.body).ok().filter(|text| !text.is_empty());
        let shown = |text| redactor.redact_beginning(text, limit::DRY_RUN_BODY_BYTES_MAX).into_owned();
        Self { status: response.status, body: text.map(shown), body_bytes: response.body.len() }
    }
}

impl ValueView {
    fn of(value: &[u8], redactor: &Redactor) -> Self {
        match std::str::from_utf8(value) {
            Ok(text) => Self::Text(redactor.redact(text).into_owned()),
            Err(_) if redactor.finds(value) => Self::Text(REDACTED.to_owned()),
            Err(_) => Self::Bytes(STANDARD.encode(value)),
        }
    }
}

/// JSON as the guest gave it: member order, digits and blanks. Where a secret stands in it, or it is too long to be searched, it is
/// shown as a text.
fn json(data: Box<RawValue>, redactor: &Redactor) -> Box<RawValue> {
    let shown = redactor.redact(data.get());
    if shown == data.get() && data.get().len() <= limit::SEARCHED_TEXT_BYTES_MAX {
        return data;
    }
    to_raw_value(shown.as_ref()).unwrap_or_else(|_| null())
}

fn null() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

impl From<UnsentRequest> for RequestView {
    fn from(request: UnsentRequest) -> Self {
        let UnsentRequest { method, url, headers, body, body_bytes } = request;
        Self { method, url, headers, body, body_bytes }
    }
}
