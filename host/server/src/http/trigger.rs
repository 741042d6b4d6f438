//! `POST /v1/connections/{id}/webhooks`: a test webhook. It takes the way of a real one, but for verification.
//!
//! `{"sample": NAME}` sends a sample of the plugin's manifest, `{"body": …}` or `{"body_base64": "…"}` anything else; `method`,
//! `path`, `query` and `headers` may stand beside both. A webhook that was seen before (its dedupe key is known) is answered as
//! seen, unless `"fresh": true`: then it is handled in any case, and leaves no mark.

mod request;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_domain::id::{ConnectionId, WebhookId};
use hookyard_domain::webhook::UnverifiedWebhook;
use http::{Request, StatusCode};
use serde_json::{Map, Value, json};
use tracing::Instrument as _;

use super::app::App;
use super::connections;
use super::path_name::PathName;
use super::problem::Problem;
use super::webhook_response::Reply;
use super::webhooks;
use crate::connections::{Connection, Ready, WebhookEntry};
use crate::pipeline::Answer;
use crate::telemetry::traceparent;
use request::TriggerRequest;

/// Runs a test webhook. The answer's `status`, `response` and `problem` are what the provider would have been answered; `error` says
/// why one is kept that has failed.
pub(crate) async fn trigger(
    State(app): State<Arc<App>>,
    PathName(id): PathName<ConnectionId>,
    request: Request<Body>,
) -> Result<Json<Value>, Problem> {
    let connection = connections::find(&app.host, &id)?;
    let (ready, entry) = entry(&connection)?;
    let (parts, body) = request.into_parts();
    let caller = webhooks::headers(&parts);
    let asked: TriggerRequest = app.read_json(Request::from_parts(parts, body)).await?;
    let fresh = asked.fresh;
    let given = asked.resolve(&ready.plugin.manifest.samples, entry)?;

    let now = app.host.clock.now();
    let webhook = UnverifiedWebhook {
        id: WebhookId::new(now, &*app.host.entropy),
        connection: connection.id.clone(),
        received_at: now,
        remote_address: None,
        traceparent: Some(traceparent::of(&caller, &*app.host.entropy)),
        method: given.method,
        path: given.path,
        query: given.query,
        headers: given.headers,
        body: given.body,
    };
    let (id, span) = (webhook.id, webhooks::story(&webhook));
    let answer = app.host.pipeline.trigger(&connection, webhook, fresh).instrument(span.clone()).await;
    let outcome = answer.outcome();
    let error = match &answer {
        Answer::Kept(error) => error.clone(),
        _ => None,
    };
    let reply = Reply::from(answer);
    span.in_scope(|| tracing::info!(outcome, status = reply.status().as_u16(), fresh, "test webhook answered"));
    let mut report = report(id, outcome, reply);
    if let Some(error) = error {
        report["error"] = json!(error);
    }
    Ok(Json(report))
}

fn entry(connection: &Connection) -> Result<(&Ready, &WebhookEntry), Problem> {
    let Some(ready) = &connection.ready else {
        let health = connection.health();
        let (code, why) = match connection.enabled {
            true => ("connection-invalid", "its configuration cannot be used"),
            false => ("connection-disabled", "it is disabled"),
        };
        let why = health.message.as_deref().unwrap_or(why);
        return Err(Problem::new(StatusCode::CONFLICT, code).detail(format!("connection {}: {why}", connection.id)));
    };
    let entry = ready.webhook.as_ref();
    let entry = entry.ok_or_else(|| Problem::not_found(format!("connection {} takes no webhooks", connection.id)))?;
    Ok((ready, entry))
}

fn report(id: WebhookId, outcome: &str, reply: Reply) -> Value {
    let mut report = json!({ "webhook": id, "outcome": outcome, "status": reply.status().as_u16() });
    let (member, value) = match reply {
        Reply::Problem(problem) => ("problem", problem.document()),
        Reply::Response { headers, body, .. } => {
            let headers = headers.iter().map(|(name, value)| {
                (name.as_str().to_owned(), Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned()))
            });
            let headers: Map<String, Value> = headers.collect();
            let response = match std::str::from_utf8(&body) {
                Ok(text) => json!({ "headers": headers, "body": text }),
                Err(_) => json!({ "headers": headers, "body_base64": STANDARD.encode(&body) }),
            };
            ("response", response)
        }
    };
    report[member] = value;
    report
}
