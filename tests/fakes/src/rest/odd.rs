//! Answers that are odd.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};

use super::bomb::bomb;
use super::drip::Drip;
use super::serve::parameter;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::provider::Received;

const JSON: (HeaderName, &str) = (CONTENT_TYPE, "application/json");
/// Bytes that are made at most.
const BYTES_MAX: usize = 16 * 1024 * 1024;
const HTML: &str = "<!doctype html><title>Entrar</title><form action=\"/login\"><input name=\"senha\"></form>";

/// The answer to this path; nothing where there is no such path.
pub(super) async fn answer(request: &Received) -> Option<Response> {
    let steps: Vec<_> = request.path.split('/').skip(1).collect();
    let answer = match steps[..] {
        ["status", status] => StatusCode::from_u16(status.parse().ok()?).ok()?.into_response(),
        ["delay", milliseconds] => {
            tokio::time::sleep(Duration::from_millis(milliseconds.parse().ok()?)).await;
            ([JSON], "{}").into_response()
        }
        ["redirect", "0"] => ([JSON], r#"{"redirected":true}"#).into_response(),
        ["redirect", left] => {
            let left = left.parse::<u32>().ok()?.checked_sub(1)?;
            redirect(StatusCode::FOUND, &format!("/redirect/{left}"))?
        }
        ["redirect-to"] => redirect_to(&request.query)?,
        ["bytes", count] => vec![b'x'; count.parse::<usize>().ok()?.min(BYTES_MAX)].into_response(),
        ["html"] => ([(CONTENT_TYPE, "text/html; charset=utf-8")], HTML).into_response(),
        ["latin1"] => {
            ([(CONTENT_TYPE, "application/json; charset=iso-8859-1")], b"{\"nome\":\"Jo\xe3o\"}").into_response()
        }
        ["bom"] => ([JSON], "\u{feff}{\"nome\":\"João\"}").into_response(),
        ["gzip-bomb"] => ([JSON, (CONTENT_ENCODING, "gzip")], bomb()).into_response(),
        ["drip"] => ([JSON], Body::new(Drip::new())).into_response(),
        ["close"] => Fault::Broken.answer(&request.headers, || Answer::page(200), Answer::page).await,
        ["429"] => busy(&request.query)?,
        ["duplicate-headers"] => duplicate_headers(),
        ["deep-json", depth] => {
            let depth = depth.parse::<usize>().ok()?.min(BYTES_MAX / 2);
            ([JSON], "[".repeat(depth) + &"]".repeat(depth)).into_response()
        }
        _ => return None,
    };
    Some(answer)
}

fn redirect(status: StatusCode, to: &str) -> Option<Response> {
    Some((status, [(LOCATION, HeaderValue::from_str(to).ok()?)]).into_response())
}

fn redirect_to(query: &str) -> Option<Response> {
    let status = parameter(query.as_bytes(), "status").and_then(|status| status.parse().ok()).unwrap_or(302);
    redirect(StatusCode::from_u16(status).ok()?, &parameter(query.as_bytes(), "url")?)
}

fn busy(query: &str) -> Option<Response> {
    let status = StatusCode::TOO_MANY_REQUESTS;
    Some(match parameter(query.as_bytes(), "after") {
        Some(after) => (status, [(RETRY_AFTER, HeaderValue::from_str(&after).ok()?)]).into_response(),
        None => status.into_response(),
    })
}

fn duplicate_headers() -> Response {
    let many = HeaderName::from_static("x-many");
    let headers = [(SET_COOKIE, "a=1"), (SET_COOKIE, "b=2"), (many.clone(), "one"), (many, "two")];
    (AppendHeaders(headers), "{}").into_response()
}
