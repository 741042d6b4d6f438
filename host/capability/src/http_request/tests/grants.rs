use hookyard_domain::grant::Grant;
use serde_json::json;

use super::provider::{Provider, raw, reply};
use super::world::World;
use super::*;
use crate::effects::Effects;
use crate::test_host::TestConnection;

async fn send(effects: &Effects, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    effects.requests().send(request).await
}

#[tokio::test]
async fn a_granted_host_gets_the_request_as_the_guest_wrote_it() {
    let provider = Provider::start(|_| reply(201, &[("x-answer", "\u{e9}t\u{e9}")], "created")).await;
    let effects = World::new().calls(&["api.test"]);
    let mut request = post(provider.url("api.test", "/v1/things?a=b%20c"), "text/plain", "body");
    request.headers.push(("X-Mine".into(), "a \t b".into()));
    let answer = send(&effects, request).await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_ref(), answer.truncated), (201, b"created".as_ref(), false));
    // Two bytes of UTF-8 each, as the code points of their values.
    assert!(answer.headers.contains(&("x-answer".into(), "\u{c3}\u{a9}t\u{c3}\u{a9}".into())), "{:?}", answer.headers);
    let seen = provider.only();
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str(), seen.body.as_str()),
        ("POST", "/v1/things?a=b%20c", "body")
    );
    assert_eq!(seen.header("x-mine"), Some("a \t b"));
    assert_eq!(seen.header("user-agent"), Some(concat!("hookyard/", env!("CARGO_PKG_VERSION"))));
    assert_eq!((seen.header("referer"), seen.header("cookie"), seen.header("accept-encoding")), (None, None, None));
}

#[tokio::test]
async fn a_host_that_is_not_granted_is_refused_with_the_lines_that_would_grant_it() {
    let provider = Provider::at("127.0.0.1").await;
    let effects = World::new().calls(&["api.test", "*.example.com"]);
    let port = provider.address.port();
    let url = provider.url("other.test", "/secret-path");
    let message = refused(send(&effects, get(&url)).await, HttpErrorCode::Denied);
    assert!(message.starts_with(&format!("GET {url} was refused: ")), "{message}");
    assert!(
        message.contains(&format!("the connection shop is not granted requests to http://other.test:{port}")),
        "{message}"
    );
    let lines = format!("[connections.shop]\ngrants = {{ hosts = [\"http://other.test:{port}\"]");
    assert!(message.contains(&lines), "{message}");
    let log = effects.into_draft().log;
    assert_eq!((log.lines.len(), log.lines[0].level.as_str()), (1, "warn"));
    assert_eq!(log.lines[0].message, message);
    assert_eq!(provider.connections().await, 0);
}

#[tokio::test]
async fn a_pattern_for_what_is_below_a_name_grants_nothing_beside_it() {
    let effects = World::new().calls(&["*.example.com"]);
    for host in ["example.com", "evilexample.com", "example.com.evil.test", "a.example.comx"] {
        refused(send(&effects, get(format!("https://{host}/"))).await, HttpErrorCode::Denied);
    }
    // Granted, and unknown to the resolver.
    for host in ["a.example.com", "a.b.example.com", "A.EXAMPLE.com"] {
        refused(send(&effects, get(format!("https://{host}/"))).await, HttpErrorCode::Dns);
    }
}

#[tokio::test]
async fn plain_http_reaches_private_addresses_only_unless_it_is_granted() {
    let world = World::new();
    world.names.set("public.test", &[&["93.184.215.14"]]);
    let effects = world.calls(&["public.test"]);
    let message = refused(send(&effects, get("http://public.test/")).await, HttpErrorCode::Denied);
    assert!(message.contains("93.184.215.14 is a public address"), "{message}");
    assert!(message.contains("hosts = [\"http://public.test\"]"), "{message}");
}

#[tokio::test]
async fn a_long_url_is_cut_in_messages_and_control_characters_do_not_break_lines() {
    let effects = World::new().calls(&[]);
    let message =
        refused(send(&effects, get(format!("https://x.test/{}", "a".repeat(1_000)))).await, HttpErrorCode::Denied);
    assert!(message.lines().next().expect("a line").len() < 400, "{message}");
    let message = refused(send(&effects, get("https://x.test/\n[connections.evil]")).await, HttpErrorCode::Denied);
    assert!(message.starts_with("GET https://x.test/\u{fffd}[connections.evil] was refused"), "{message}");
}

#[tokio::test]
async fn requests_that_may_change_something_are_remembered_once_they_may_have_been_sent() {
    let provider = Provider::at("127.0.0.1").await;
    let world = World::new();
    let sent = |method: &str, url: String| {
        let (effects, request) = (world.calls(&["api.test", "nowhere.test"]), get(url));
        let request = HttpRequest { method: method.into(), ..request };
        async move {
            drop(send(&effects, request).await);
            effects.into_draft().sent_unsafe
        }
    };
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert!(!sent(method, provider.url("api.test", "/")).await, "{method}");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
        assert!(sent(method, provider.url("api.test", "/")).await, "{method}");
    }
    assert!(!sent("POST", "http://nowhere.test/".into()).await, "a name that leads nowhere");
    assert!(!sent("POST", provider.url("other.test", "/")).await, "a host that is not granted");
    assert!(!sent("POST", "http://api.test:1/".into()).await, "a port that nobody listens on");
    let closes = raw(b"", false).await;
    assert!(sent("POST", format!("http://api.test:{}/", closes.port())).await, "an answer that never came");
}

#[tokio::test]
async fn a_request_can_be_sent_from_a_task_of_its_own() {
    let provider = Provider::at("127.0.0.1").await;
    let effects = World::new().calls(&["api.test"]);
    let (requests, request) = (effects.requests(), get(provider.url("api.test", "/")));
    let answer = tokio::spawn(async move { requests.send(request).await }).await.expect("it ends");
    assert_eq!(answer.expect("an answer").status, 200);
}

#[tokio::test]
async fn a_refusal_is_in_the_log_whatever_the_guest_logged_before() {
    let hosts: Vec<_> = (0..400).map(|index| format!("host-{index}.example.com").parse().expect("a pattern")).collect();
    let grant = Grant { hosts, ..Grant::default() };
    let world = World::new();
    let connection = TestConnection::new("shop", &json!({}), &grant, json!({}), &world.egress);
    let effects = world.invocation(&connection);
    for _ in 0..=limit::LOG_LINES_MAX {
        effects.log().write(LogLevel::Info, "noise");
    }
    let message = refused(send(&effects, get("https://wanted.example/")).await, HttpErrorCode::Denied);
    let log = effects.into_draft().log;
    assert_eq!(log.lines.last().map(|line| line.message.as_str()), Some(message.as_str()));
    assert!(message.ends_with("\"wanted.example\"] }"), "with all of the lines: {message}");
}
