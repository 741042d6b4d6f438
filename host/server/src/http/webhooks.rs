//! `ANY /webhooks/{connection}[/{rest}]`: bytes in, an answer out. The way between is the pipeline's.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hookyard_domain::id::{ConnectionId, WebhookId};
use hookyard_domain::webhook::UnverifiedWebhook;
use http::header::HOST;
use http::request::Parts;
use http::{Method, Request};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::app::App;
use super::connection::Peers;
use super::problem::Problem;
use super::webhook_response::Reply;
use crate::connections::{Connection, WebhookEntry};
use crate::telemetry::traceparent;

/// Takes a webhook.
pub(crate) async fn receive(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match take(&app, request).await {
        Ok(reply) => reply.into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn take(app: &App, request: Request<Body>) -> Result<Reply, Problem> {
    let (parts, body) = request.into_parts();
    let (connection, rest) = find(app, parts.uri.path())?;
    let began = Instant::now();
    let _in_flight = app.host.metrics.webhook_in_flight();
    let refused = |outcome: &'static str| app.host.metrics.webhook(connection.id.as_str(), outcome, began.elapsed());
    let entry = entry(&connection).inspect_err(|problem| {
        tracing::info!(connection = %connection.id, code = problem.code(), "webhook refused");
        refused("refused");
    })?;
    let body = app.read_body(body, entry.body_bytes_max).await.inspect_err(|error| {
        tracing::info!(connection = %connection.id, %error, "webhook not received");
        refused("not-received");
    })?;
    let headers = headers(&parts);
    let now = app.host.clock.now();
    let webhook = UnverifiedWebhook {
        id: WebhookId::new(now, &*app.host.entropy),
        connection: connection.id.clone(),
        received_at: now,
        remote_address: parts.extensions.get::<Peers>().map(|peers| peers.remote.ip()),
        traceparent: Some(traceparent::of(&headers, &*app.host.entropy)),
        method: parts.method.as_str().to_owned(),
        path: rest.to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        body,
    };

    let span = story(&webhook);
    let answer = app.host.pipeline.receive(&connection, webhook).instrument(span.clone()).await;
    let (outcome, took) = (answer.outcome(), began.elapsed());
    let reply = Reply::from(answer);
    app.host.metrics.webhook(connection.id.as_str(), outcome, took);
    span.in_scope(|| {
        let (status, micros) = (reply.status().as_u16(), took.as_micros());
        tracing::info!(outcome, status, micros, code = reply.code(), "webhook answered");
    });
    Ok(reply)
}

/// The span that all lines about one webhook stand in.
pub(super) fn story(webhook: &UnverifiedWebhook) -> tracing::Span {
    let trace = traceparent::trace_id(webhook.traceparent.as_deref().unwrap_or_default());
    tracing::info_span!("webhook", connection = %webhook.connection, webhook = %webhook.id, trace)
}

/// The connection that a path names, and what follows it, as received. No connection, and one whose plugin takes no
/// webhooks, look the same.
fn find<'a>(app: &App, path: &'a str) -> Result<(Arc<Connection>, &'a str), Problem> {
    let (id, rest) = target(path).ok_or_else(nothing_here)?;
    let connection = app.host.connections.get(&id).ok_or_else(nothing_here)?;
    Ok((connection, rest))
}

/// What an id that has no connection is answered.
pub(super) fn nothing_here() -> Problem {
    Problem::not_found("no connection takes webhooks here")
}

fn target(path: &str) -> Option<(ConnectionId, &str)> {
    let path = path.strip_prefix("/webhooks/")?;
    let (id, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    Some((id.parse().ok()?, rest))
}

/// How the connection takes webhooks, or why it does not.
fn entry(connection: &Connection) -> Result<&WebhookEntry, Problem> {
    let ready = connection.ready.as_ref().ok_or_else(|| Problem::not_ready(connection))?;
    ready.webhook.as_ref().ok_or_else(nothing_here)
}

/// Names in lower case and values as received; HTTP/2's `:authority` as the `host` that it stands for (RFC 9113, 8.3.1).
pub(super) fn headers(parts: &Parts) -> Vec<(String, Vec<u8>)> {
    let authority =
        parts.uri.authority().filter(|_| !parts.headers.contains_key(HOST) && parts.method != Method::CONNECT);
    let host = authority.map(|authority| ("host".to_owned(), authority.as_str().as_bytes().to_vec()));
    let received = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    host.into_iter().chain(received).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_passed_on_as_it_was_received() {
        let found = |path| target(path).map(|(id, rest)| (id.to_string(), rest));
        assert_eq!(found("/webhooks/x"), Some(("x".into(), "")));
        assert_eq!(found("/webhooks/x/"), Some(("x".into(), "/")));
        assert_eq!(found("/webhooks/x/%2e%2e/a"), Some(("x".into(), "/%2e%2e/a")));
        assert_eq!(found("/webhooks/x//a/../b%2F"), Some(("x".into(), "//a/../b%2F")));
        for nowhere in ["/webhooks/", "/webhooks//x", "/webhooks/%78/a", "/webhooks/X", "/webhooks/x%2Fa"] {
            assert_eq!(found(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn headers_keep_their_order_their_repetitions_and_their_bytes() {
        let request = Request::builder()
            .uri("/webhooks/x")
            .header("X-B", "1")
            .header("X-A", http::HeaderValue::from_bytes(b"\xff two").unwrap())
            .header("X-B", "3");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let expected: Vec<(String, Vec<u8>)> =
            vec![("x-b".into(), b"1".to_vec()), ("x-b".into(), b"3".to_vec()), ("x-a".into(), b"\xff two".to_vec())];
        assert_eq!(headers(&parts), expected);
    }

    #[test]
    fn the_authority_of_http_2_is_its_host() {
        let (parts, ()) = Request::builder().uri("http://shop.example/webhooks/x").body(()).unwrap().into_parts();
        assert_eq!(headers(&parts), vec![("host".to_owned(), b"shop.example".to_vec())]);
    }
}
