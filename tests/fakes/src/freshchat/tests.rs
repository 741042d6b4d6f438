//! The fake keeps Freshchat's promises.

mod api;
mod webhooks;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::Value;

use super::Fake;
use crate::http::{Reply, send};

async fn ask(fake: &Fake, method: &str, path: &str, body: &Value) -> Reply {
    try_ask(fake, method, path, body).await.expect("an answer")
}

async fn try_ask(fake: &Fake, method: &str, path: &str, body: &Value) -> anyhow::Result<Reply> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder()
        .method(method)
        .uri(format!("/v2{path}"))
        .header("host", "fake")
        .header("authorization", format!("Bearer {}", fake.token()));
    send(fake.address, request.body(Full::new(Bytes::from(body))).expect("well-formed")).await
}

async fn get(fake: &Fake, path: &str) -> Value {
    let reply = ask(fake, "GET", path, &Value::Null).await;
    assert_eq!(reply.status(), 200, "{path}: {}", reply.text());
    reply.json()
}

fn text(reply: &Reply, member: &str) -> String {
    reply.json()[member].as_str().expect("a text").to_owned()
}
