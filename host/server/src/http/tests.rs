//! A whole host without plugins, over its real sockets.

use std::path::Path;

use hookyard_capability::{EgressSettings, SystemSleep};
use hookyard_domain::clock::{ManualClock, Timestamp};
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::secret::Secret;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use super::*;
use crate::compose::{Running, Surroundings, start_in};
use crate::config::{self, Flags};

const TOKEN: &str = "a-token-of-the-environment";

const CONFIG: &str = r#"
    listen = "127.0.0.1:0"
    admin_listen = "127.0.0.1:0"
    public_url = "https://hooks.example.com"
    plugins = "plugins"
    data = "data"

    [connections.shop]
    plugin = "not-loaded"
"#;

async fn host(dir: &Path) -> Running {
    std::fs::write(dir.join("hookyard.toml"), CONFIG).unwrap();
    let mut settings = config::load(&Flags::default(), dir, &|_| None).unwrap();
    settings.pool_slots = 0;
    settings.token = Some(Secret::new(TOKEN));
    let surroundings = Surroundings {
        load_bounds: hookyard_sandbox::LoadBounds::default(),
        egress: EgressSettings::of_this_machine(),
        sleep: Arc::new(SystemSleep),
        clock: Arc::new(ManualClock::at(Timestamp::from_millis(1_772_617_272_000))),
        entropy: Arc::new(SeededEntropy::new(1)),
        compiler: dir.join("nothing-to-compile"),
        store: hookyard_store::sqlite::SqliteSettings::default(),
    };
    start_in(settings, surroundings).await.unwrap()
}

/// Sends a request as it stands here, but for the `Connection: close` that is added, and reads the whole answer.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
    let request = format!("{head}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

async fn public(host: &Running, request: &str) -> String {
    exchange(TcpStream::connect(host.addresses().public).await.unwrap(), request).await
}

async fn admin(host: &Running, request: &str) -> String {
    exchange(TcpStream::connect(host.addresses().admin.unwrap()).await.unwrap(), request).await
}

async fn local(host: &Running, request: &str) -> String {
    exchange(UnixStream::connect(&host.addresses().socket).await.unwrap(), request).await
}

/// A request to the API with the right name and the right token.
fn api(line: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}")
}

fn assert_problem(answer: &str, status: u16, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("content-type: application/problem+json"), "{answer}");
    assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{answer}");
}

#[tokio::test]
async fn webhooks_are_answered_without_a_token_and_sealed_off() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path()).await;
    let invalid = public(&host, "POST /webhooks/shop/a HTTP/1.1\r\nhost: any.name\r\ncontent-length: 0").await;
    assert_problem(&invalid, 503, "connection-invalid");
    assert!(invalid.contains("retry-after: 60"), "{invalid}");
    for path in ["/webhooks/unknown", "/webhooks/shop2/x", "/webhooks/", "/webhooks", "/webhooks/%73hop"] {
        let answer = public(&host, &format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0")).await;
        assert_problem(&answer, 404, "not-found");
        assert!(answer.contains("content-security-policy: sandbox; default-src 'none'"), "{answer}");
        assert!(answer.contains("x-content-type-options: nosniff"), "{answer}");
    }
    let elsewhere = admin(&host, "POST /webhooks/shop HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0").await;
    assert_problem(&elsewhere, 404, "not-found");
    host.stop().await;
}

#[tokio::test]
async fn the_api_wants_its_name_and_a_token() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path()).await;
    for path in ["/v1/events", "/v1/nothing", "/v1"] {
        let answer = admin(&host, &format!("GET {path} HTTP/1.1\r\nhost: localhost")).await;
        assert_problem(&answer, 401, "unauthorized");
        assert!(answer.contains("www-authenticate: Bearer"), "{answer}");
        assert!(!answer.contains("detail"), "{answer}");
    }
    let rebound = api("GET /v1/events").replace("localhost", "evil.example");
    assert_problem(&admin(&host, &rebound).await, 403, "host-not-allowed");
    let foreign = format!("{}\r\norigin: https://evil.example", api("GET /v1/events"));
    assert_problem(&admin(&host, &foreign).await, 403, "origin-not-allowed");
    assert!(admin(&host, &api("GET /v1/events")).await.starts_with("HTTP/1.1 200 "));
    for free in ["/healthz", "/readyz", "/metrics"] {
        let answer = admin(&host, &format!("GET {free} HTTP/1.1\r\nhost: localhost")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{free}: {answer}");
    }
    host.stop().await;
}

#[tokio::test]
async fn what_the_api_does_not_have_is_a_problem_document() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path()).await;
    assert_problem(&admin(&host, &api("GET /v1/nothing")).await, 404, "not-found");
    assert_problem(&admin(&host, &api("GET /v1/connections/unknown")).await, 404, "not-found");
    assert_problem(&admin(&host, &api("GET /v1/connections/%ff")).await, 404, "not-found");
    assert_problem(&admin(&host, &api("GET /v1/events?limit=0")).await, 422, "invalid-input");
    let put = admin(&host, &format!("{}\r\ncontent-length: 0", api("PUT /v1/connections"))).await;
    assert_problem(&put, 405, "method-not-allowed");
    assert!(put.contains("allow: GET,HEAD"), "{put}");
    let shown = admin(&host, &api("GET /v1/connections/shop")).await;
    assert!(shown.contains("\"status\":\"invalid\""), "{shown}");
    let trigger = format!("{}\r\ncontent-length: 2\r\n\r\n{{}}", api("POST /v1/connections/shop/webhooks"));
    assert_problem(&admin(&host, &trigger).await, 409, "connection-invalid");
    host.stop().await;
}

#[tokio::test]
async fn a_token_is_made_over_the_local_socket_alone() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path()).await;
    let body =
        |body: &str| format!("\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let create = "POST /v1/tokens HTTP/1.1\r\nhost: hookyard";
    let made = local(&host, &format!("{create}{}", body("{\"name\":\"ci\"}"))).await;
    assert!(made.starts_with("HTTP/1.1 201 "), "{made}");
    let token = made.split("\"token\":\"").nth(1).unwrap().split('"').next().unwrap();
    let list = api("GET /v1/plugins").replace(TOKEN, token);
    assert!(admin(&host, &list).await.starts_with("HTTP/1.1 200 "));

    let outside = format!("{}{}", api("POST /v1/tokens"), body("{\"name\":\"x\"}"));
    assert_problem(&admin(&host, &outside).await, 403, "local-only");
    assert_problem(&local(&host, &format!("{create}{}", body("{\"name\":"))).await, 400, "invalid-json");
    assert_problem(&local(&host, &format!("{create}{}", body("{\"nam\":1}"))).await, 422, "invalid-input");
    let form = format!("{create}{}", body("a=b")).replace("application/json", "application/x-www-form-urlencoded");
    assert_problem(&local(&host, &form).await, 415, "unsupported-media-type");
    let large = format!("{create}\r\ncontent-type: application/json\r\ncontent-length: 9999999");
    assert_problem(&local(&host, &large).await, 413, "too-large");
    host.stop().await;
}

#[tokio::test]
async fn a_stream_ends_when_the_host_stops_and_its_socket_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path()).await;
    let socket = host.addresses().socket.clone();
    let mut stream = UnixStream::connect(&socket).await.unwrap();
    stream.write_all(b"GET /v1/events/stream HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut seen = String::new();
    while !seen.contains("id: 0\n\n") {
        seen.push(char::from(stream.read_u8().await.unwrap()));
    }
    assert!(seen.contains("content-type: text/event-stream"), "{seen}");
    host.stop().await;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"), "the body ends as it should");
    assert!(!socket.exists());
}
