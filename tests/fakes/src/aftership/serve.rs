//! The API on the wire: key, rate limit, faults, and which path means what.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use serde_json::{Map, Value, json};

use super::account::Name;
use super::answer::Answer;
use super::fault::Fault;
use super::rate::Rate;
use super::version::Version;
use super::{Shared, locked};
use crate::provider::Received;

pub(super) fn router(state: Arc<Shared>) -> Router {
    Router::new().route("/__mock/fail", post(fail)).fallback(call).with_state(state)
}

/// `POST /__mock/fail?status=429&times=2&reset_in=1`; `method` makes it a fault of that method only.
async fn fail(State(state): State<Arc<Shared>>, Query(query): Query<BTreeMap<String, String>>) -> StatusCode {
    let times = query.get("times").map_or(Some(1), |times| times.parse().ok());
    let (Some(fault), Some(times)) = (Fault::named(&query), times) else { return StatusCode::BAD_REQUEST };
    locked(&state.faults).push(query.get("method").cloned(), fault, times);
    StatusCode::NO_CONTENT
}

/// Any request to the API.
async fn call(State(state): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return StatusCode::BAD_REQUEST.into_response() };
    let request = Received {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_bytes(),
    };
    locked(&state.requests).push(request.clone());
    state.arrived.send_modify(|arrived| *arrived += 1);
    let fault = locked(&state.faults).next(&request.method);
    let now = locked(&state.clock).now().as_seconds();
    let rate = locked(&state.bucket).take(now);
    let real = || respond(&state, &request, rate);
    match fault {
        None => onto_wire(real(), rate),
        Some(Fault::Status(status)) => onto_wire(Answer::error(u32::from(status)), rate),
        Some(Fault::RateLimited { reset_in }) => {
            onto_wire(Answer::error(429), Rate { remaining: 0, reset: now + reset_in, ..rate })
        }
        Some(Fault::Page(status)) => onto_wire(Answer::page(status), rate),
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::HangAfter) => {
            real();
            std::future::pending().await
        }
        Some(Fault::Slow(delay)) => {
            let answer = real();
            tokio::time::sleep(delay).await;
            onto_wire(answer, rate)
        }
        Some(Fault::Truncated) => {
            let answer = real();
            let half = answer.body.floor_char_boundary(answer.body.len() / 2);
            onto_wire(Answer { body: answer.body[..half].to_owned(), ..answer }, rate)
        }
        Some(Fault::Broken) => {
            let mut begun = Bytes::from(real().body);
            begun.truncate(begun.len() / 2);
            (StatusCode::OK, Body::new(Breaking(Some(begun)))).into_response()
        }
        Some(Fault::Echo) => echo(&request.headers, rate),
    }
}

/// The answer where nothing goes wrong.
fn respond(state: &Shared, request: &Received, rate: Rate) -> Answer {
    let segments: Vec<String> = request.path.split('/').skip(1).map(decoded).collect();
    let Some((version, path)) = Version::of(&segments) else { return Answer::error(404) };
    if !is_authorized(&request.headers, version, &state.api_key) {
        return Answer::error(401);
    }
    if rate.exceeded {
        return Answer::error(429);
    }
    let mut account = locked(&state.account);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (request.method.as_str(), &path[..]) {
        ("POST", ["trackings"]) => account.create(version, &request.body),
        ("GET", ["trackings"]) => account.list(version, &pairs(&request.query)),
        ("POST", ["trackings", name @ .., "retrack"]) => match named(version, name) {
            Some(name) => account.retrack(version, name),
            None => Answer::error(404),
        },
        (method, ["trackings", name @ ..]) => match (method, named(version, name)) {
            ("GET", Some(name)) => account.get(version, name),
            ("PUT", Some(name)) => account.update(version, name, &request.body),
            ("DELETE", Some(name)) => account.delete(version, name),
            _ => Answer::error(404),
        },
        _ => Answer::error(404),
    }
}

fn named<'a>(version: Version, name: &[&'a str]) -> Option<Name<'a>> {
    match name {
        [id] => Some(Name::Id(id)),
        [slug, number] if version.takes_slug_and_number() => Some(Name::SlugAndNumber(slug, number)),
        _ => None,
    }
}

/// The key stands in `as-api-key`; `v4` also takes the name that this header had before.
fn is_authorized(headers: &HeaderMap, version: Version, api_key: &str) -> bool {
    let given = |name: &str| headers.get(name).is_some_and(|value| value.as_bytes() == api_key.as_bytes());
    given("as-api-key") || version == Version::V4 && given("aftership-api-key")
}

fn onto_wire(answer: Answer, rate: Rate) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        ("content-type", answer.content_type.to_owned()),
        ("x-ratelimit-limit", rate.limit.to_string()),
        ("x-ratelimit-remaining", rate.remaining.to_string()),
        ("x-ratelimit-reset", rate.reset.to_string()),
    ];
    (status, headers, answer.body).into_response()
}

/// What a provider that shows its callers everything would answer.
fn echo(headers: &HeaderMap, rate: Rate) -> Response {
    let text = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let all: Map<String, Value> = headers.keys().map(|name| (name.to_string(), json!(text(name.as_str())))).collect();
    let answer = Answer::success(200, &json!({ "headers": all }));
    let mut response = onto_wire(answer, rate);
    if let Some(key) = headers.get("as-api-key") {
        response.headers_mut().insert("x-your-key", key.clone());
    }
    response
}

fn pairs(query: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// A segment of a path; a plus sign in it is one.
fn decoded(segment: &str) -> String {
    let form = format!("={}", segment.replace('+', "%2B"));
    url::form_urlencoded::parse(form.as_bytes()).map(|(_, text)| text.into_owned()).collect()
}

/// A body that begins and then fails.
struct Breaking(Option<Bytes>);

impl HttpBody for Breaking {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = self.0.take().map(Frame::data).ok_or_else(|| std::io::ErrorKind::ConnectionReset.into());
        Poll::Ready(Some(frame))
    }
}
