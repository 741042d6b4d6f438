//! `POST /v1/connections/{id}/actions/{action}`: runs an action. The body is its input, a 200 has its output.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use http::{HeaderMap, HeaderName, Request};
use tracing::Instrument as _;

use super::api_body;
use super::app::App;
use super::connections;
use super::path_name::PathNames;
use super::problem::Problem;
use super::webhooks;
use crate::actions::{ActionCall, Answer, Caller};
use crate::telemetry::traceparent;

/// The client's own name for a call, as the IETF's draft "The Idempotency-Key HTTP Header Field" has it, without quotes.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Runs an action.
pub(crate) async fn run(
    State(app): State<Arc<App>>,
    PathNames(id, name): PathNames<ConnectionId>,
    request: Request<Body>,
) -> Result<Answer, Problem> {
    let connection = connections::find(&app.host, &id)?;
    let (parts, body) = request.into_parts();
    api_body::check_is_json(&parts.headers)?;
    let idempotency_key = idempotency_key(&parts.headers)?;
    let input = app.read_body(body, limit::API_BODY_BYTES_MAX).await?;
    let traceparent = traceparent::of(&webhooks::headers(&parts), &*app.host.entropy);
    let trace = traceparent::trace_id(&traceparent).to_owned();
    let span = tracing::info_span!("action", connection = %connection.id, action = loggable(&name), trace);

    let call = ActionCall { name, input, caller: Caller::Client { idempotency_key }, traceparent };
    app.host.actions.run(&connection, call).instrument(span).await
}

/// 1 to 255 of visible ASCII, once.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.as_bytes();
    let is_key = (1..=limit::IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    if values.next().is_none() && is_key {
        return Ok(Some(String::from_utf8_lossy(key).into_owned()));
    }
    let max = limit::IDEMPOTENCY_KEY_BYTES_MAX;
    let detail = format!("Idempotency-Key is one header of 1 to {max} visible ASCII characters");
    Err(Problem::invalid("", "invalid-idempotency-key", detail))
}

/// What a client put in a path, short enough for a log line.
fn loggable(name: &str) -> &str {
    &name[..name.floor_char_boundary(limit::ACTION_NAME_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_ascii_and_occurs_once() {
        let key = |values: &[&str]| {
            let headers = values.iter().map(|value| (IDEMPOTENCY_KEY, value.parse().expect("a header's value")));
            let mut map = HeaderMap::new();
            headers.for_each(|(name, value)| {
                map.append(name, value);
            });
            idempotency_key(&map)
        };
        assert_eq!(key(&[]).expect("none"), None);
        assert_eq!(key(&["order-7/a"]).expect("one").as_deref(), Some("order-7/a"));
        assert!(key(&[&"x".repeat(255)]).is_ok());
        for wrong in [vec![""], vec!["a b"], vec!["a", "a"], vec![&*"x".repeat(256)]] {
            assert_eq!(key(&wrong).expect_err("wrong").status(), 422, "{wrong:?}");
        }
    }
}
