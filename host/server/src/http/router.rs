//! What stands where, and what a request must show before it gets there.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderValue, Request};

use super::app::{App, Entered};
use super::connections::change;
use super::entrance::{Entrance, Trust};
use super::problem::Problem;
use super::subscriptions::operations;
use super::{
    actions, connections, deliveries, events, health, inbox, invocations, plugins, subscriptions, timers, tokens,
    trigger, webhooks,
};

/// The routes of one listener.
pub(crate) fn router(app: &Arc<App>, entrance: Entrance) -> Router {
    let mut routes = Router::new().route("/healthz", get(health::live));
    if entrance.webhooks {
        routes = routes.route("/webhooks/{*target}", any(webhooks::receive));
    }
    if entrance.api {
        routes = routes.merge(api());
    }
    let entered = Entered { app: Arc::clone(app), entrance: Arc::new(entrance) };
    routes
        .fallback(|| async { Problem::not_found("there is nothing at this path") })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed(None) })
        .layer(from_fn_with_state(entered.clone(), enter))
        .with_state(entered)
}

fn api() -> Router<Entered> {
    Router::new()
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/v1/plugins", get(plugins::list))
        .route("/v1/plugins/{name}", get(plugins::show))
        .route("/v1/plugins/{name}/pin", post(plugins::pin))
        .route("/v1/plugins/{name}/unpin", post(plugins::unpin))
        .route("/v1/plugins/{name}/rollback", post(plugins::roll_back))
        .route("/v1/connections", get(connections::list))
        .route(
            "/v1/connections/{id}",
            get(connections::show).put(change::put).patch(change::patch).delete(change::delete),
        )
        .route("/v1/connections/{id}/check", post(connections::check))
        .route("/v1/connections/{id}/consent", post(connections::consent))
        .route("/v1/connections/{id}/actions/{action}", post(actions::run))
        .route("/v1/connections/{id}/webhooks", post(trigger::trigger))
        .route("/v1/connections/{id}/timers/{name}", get(timers::show).delete(timers::cancel))
        .route("/v1/connections/{id}/timers/{name}/fire", post(timers::fire))
        .route("/v1/timers", get(timers::list))
        .route("/v1/events", get(events::list))
        .route("/v1/events/stream", get(events::stream::follow))
        .route("/v1/webhooks", get(inbox::list))
        .route("/v1/webhooks/replay", post(inbox::replay_all))
        .route("/v1/webhooks/{id}", get(inbox::show))
        .route("/v1/webhooks/{id}/replay", post(inbox::replay))
        .route("/v1/webhooks/{id}/skip", post(inbox::skip))
        .route("/v1/subscriptions", get(subscriptions::list).post(subscriptions::create))
        .route(
            "/v1/subscriptions/{id}",
            get(subscriptions::show).patch(subscriptions::patch).delete(subscriptions::delete),
        )
        .route("/v1/subscriptions/{id}/rotate-secret", post(operations::rotate_secret))
        .route("/v1/subscriptions/{id}/pause", post(operations::pause))
        .route("/v1/subscriptions/{id}/resume", post(operations::resume))
        .route("/v1/subscriptions/{id}/replay", post(operations::replay))
        .route("/v1/deliveries", get(deliveries::list))
        .route("/v1/deliveries/retry", post(deliveries::retry_all))
        .route("/v1/deliveries/{id}", get(deliveries::show))
        .route("/v1/deliveries/{id}/retry", post(deliveries::retry))
        .route("/v1/invocations", get(invocations::list))
        .route("/v1/tokens", post(tokens::create))
}

/// Every request comes through here, and every answer leaves through here.
async fn enter(State(entered): State<Entered>, request: Request<Body>, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let webhook = is_under(parts.uri.path(), "/webhooks");
    let (method, path) = (parts.method.clone(), loggable(parts.uri.path()));
    let mut response = match admit(&entered, &parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if webhook {
        let nothing = HeaderValue::from_static("sandbox; default-src 'none'");
        headers.insert(CONTENT_SECURITY_POLICY, nothing);
    }
    let status = response.status().as_u16();
    tracing::debug!(listener = entered.entrance.name, %method, path, status, "request");
    response
}

/// Webhooks prove themselves, liveness is free, the API needs a name of this host and, under `/v1`, a token.
async fn admit(entered: &Entered, request: &Parts) -> Result<(), Problem> {
    let (path, trust) = (request.uri.path(), entered.entrance.trust);
    let is_open = is_under(path, "/webhooks") || path == "/healthz";
    if is_open || !entered.entrance.api || trust == Trust::Operator {
        return Ok(());
    }
    let app = &entered.app;
    app.names.check(request)?;
    let needs_token = is_under(path, "/v1") || (path == "/metrics" && trust == Trust::Network);
    if needs_token && !app.tokens.passes(&request.headers, &*app.host.store).await? {
        return Err(Problem::no_token());
    }
    Ok(())
}

fn is_under(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What follows the connection may be a token.
fn loggable(path: &str) -> String {
    if !is_under(path, "/webhooks") {
        return path.to_owned();
    }
    path.split('/').take(3).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_in_the_paths_of_webhooks_are_not_logged() {
        assert_eq!(loggable("/webhooks/shop/s3cret/x"), "/webhooks/shop");
        assert_eq!(loggable("/v1/connections/shop/webhooks"), "/v1/connections/shop/webhooks");
    }

    #[test]
    fn a_path_that_only_begins_alike_is_not_under_a_root() {
        assert!(is_under("/v1", "/v1") && is_under("/v1/", "/v1") && is_under("/v1/x", "/v1"));
        assert!(!is_under("/v10/x", "/v1") && !is_under("/V1", "/v1"));
    }
}
