//! A signed AfterShip webhook becomes one durable event, whatever happens around it.

use std::sync::Arc;

use futures_util::future::join_all;
use hookyard_server::invocations::Occasion;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, SECRET, TestHost, post};
use hookyard_tests::sign::hmac_sha256_base64;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const TRACKING_UPDATE: &[u8] = include_bytes!("../vectors/a1_tracking_update.json");
const SIGNATURE_OF_TRACKING_UPDATE: &str = "du3lvrFSMtksXPisYGT9qfZFX/eXyQuSVcq7R/czLDA=";

async fn shop() -> TestHost {
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::AFTERSHIP).aftership("shop").start().await
}

#[tokio::test]
async fn a_signed_webhook_becomes_an_event() {
    let host = shop().await;
    let request = post("shop").header("aftership-hmac-sha256", SIGNATURE_OF_TRACKING_UPDATE);
    assert_eq!(host.send(request, TRACKING_UPDATE).await.status(), 200);

    let events = host.events().await;
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["type"], "aftership.shipment.updated");
    assert_eq!(event["source"], "/connections/shop");
    assert_eq!(event["subject"], "conv_01HTZQ8V3");
    assert_eq!(event["connection"], "shop");
    assert_eq!(event["plugin"], "aftership@1.0.0");
    assert_eq!(event["time"], "2026-03-04T09:41:12Z");
    assert!(event["id"].as_str().is_some_and(|id| id.starts_with("evt_")));
    assert!(event["webhook"].as_str().is_some_and(|id| id.starts_with("whk_")));
    assert_eq!(event["data"]["tag"], "InTransit");
    assert_eq!(event["data"]["event_id"], "3c1d7f52-6f0e-4a53-9d0b-0a6d1c7e2b41");
}

#[tokio::test]
async fn the_events_data_is_the_body_byte_for_byte() {
    let host = shop().await;
    assert_eq!(host.webhook("shop", TRACKING_UPDATE).await.status(), 200);
    let page = host.get("/v1/events").await.text();
    let body = std::str::from_utf8(TRACKING_UPDATE).expect("the vector is UTF-8");
    assert!(page.contains(body), "member order, digits and characters are as received: {page}");
}

#[tokio::test]
async fn a_changed_byte_a_missing_and_a_doubled_signature_are_refused_without_a_trace() {
    let host = shop().await;
    let mut changed = TRACKING_UPDATE.to_vec();
    changed[100] ^= 1;
    let signed = || post("shop").header("aftership-hmac-sha256", SIGNATURE_OF_TRACKING_UPDATE);
    for (what, request, body) in [
        ("one byte changed", signed(), changed),
        ("no signature", post("shop"), TRACKING_UPDATE.to_vec()),
        ("an empty one", post("shop").header("aftership-hmac-sha256", ""), TRACKING_UPDATE.to_vec()),
        (
            "two of them",
            signed().header("aftership-hmac-sha256", SIGNATURE_OF_TRACKING_UPDATE),
            TRACKING_UPDATE.to_vec(),
        ),
    ] {
        let reply = host.send(request, body).await;
        assert_eq!(reply.status(), 401, "{what}");
        assert!(!reply.text().contains(SIGNATURE_OF_TRACKING_UPDATE), "{what}");
        assert_eq!(reply.header("content-security-policy"), "sandbox; default-src 'none'");
    }
    assert!(host.events().await.is_empty());
    assert_eq!(handled(&host), 0, "the plugin was not touched");
}

/// Webhooks that the plugin was called for.
fn handled(host: &TestHost) -> usize {
    let recent = host.running().host.invocations.recent();
    recent.iter().filter(|record| matches!(record.occasion, Occasion::Webhook(_))).count()
}

#[tokio::test]
async fn a_repeat_is_answered_200_and_adds_nothing_also_after_a_restart() {
    let mut host = shop().await;
    assert_eq!(host.webhook("shop", TRACKING_UPDATE).await.status(), 200);
    assert_eq!(host.webhook("shop", TRACKING_UPDATE).await.status(), 200);
    assert_eq!(host.events().await.len(), 1);
    host.restart().await;
    assert_eq!(host.events().await.len(), 1);
    assert_eq!(host.webhook("shop", TRACKING_UPDATE).await.status(), 200);
    assert_eq!(host.events().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_concurrent_copies_make_one_event_and_one_handler_run() {
    let host = Arc::new(shop().await);
    let copies = (0..1_000).map(|_| {
        let host = Arc::clone(&host);
        tokio::spawn(async move { host.webhook("shop", TRACKING_UPDATE).await.status() })
    });
    for status in join_all(copies).await {
        assert_eq!(status.expect("a sender does not panic"), 200);
    }
    assert_eq!(host.events().await.len(), 1);
    assert_eq!(handled(&host), 1);
}

#[tokio::test]
async fn a_character_split_over_two_segments_and_a_byte_that_is_no_character_are_just_bytes() {
    let host = shop().await;
    let split = TRACKING_UPDATE.iter().position(|byte| *byte == 0xc3).expect("the vector has an accent") + 1;
    let mut stream = TcpStream::connect(host.address()).await.expect("the host accepts");
    stream.set_nodelay(true).expect("the option can be set");
    let head = format!(
        "POST /webhooks/shop HTTP/1.1\r\nhost: {}\r\naftership-hmac-sha256: {SIGNATURE_OF_TRACKING_UPDATE}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        host.address(),
        TRACKING_UPDATE.len()
    );
    stream.write_all(head.as_bytes()).await.expect("the head is sent");
    stream.write_all(&TRACKING_UPDATE[..split]).await.expect("the first part is sent");
    stream.flush().await.expect("the first part leaves");
    stream.write_all(&TRACKING_UPDATE[split..]).await.expect("the second part is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the host answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    assert_eq!(host.webhook("shop", &b"\xff\x00{}"[..]).await.status(), 400, "signed, but not JSON");
    assert_eq!(host.events().await.len(), 1);
}

#[tokio::test]
async fn methods_sizes_and_unknown_connections_have_their_answers() {
    let host = shop().await;
    let get = host.send(http::Request::get("/webhooks/shop"), "").await;
    assert_eq!((get.status(), get.header("allow")), (405, "POST"));
    assert_eq!(host.webhook("shop", vec![b' '; 1024 * 1024 + 1]).await.status(), 413);
    assert_eq!(host.webhook("nobody", TRACKING_UPDATE).await.status(), 404);
}

#[tokio::test]
async fn a_connection_without_a_secret_or_with_a_wrong_config_answers_503_and_says_when_to_come_back() {
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::AFTERSHIP)
        .config("[connections.no-secret]\nplugin = \"aftership\"\nconfig = { api_key = \"k\" }")
        .config("[connections.wrong]\nplugin = \"aftership\"\nconfig = { webhook_secret = 7 }")
        .config("[connections.off]\nplugin = \"aftership\"\nenabled = false\nconfig = { api_key = \"k\", webhook_secret = \"s\" }")
        .config("[connections.nowhere]\nplugin = \"nothing\"")
        .start()
        .await;
    for (connection, code) in [
        ("no-secret", "unsigned-not-allowed"),
        ("wrong", "connection-invalid"),
        ("off", "connection-disabled"),
        ("nowhere", "connection-invalid"),
    ] {
        let reply = host.webhook(connection, TRACKING_UPDATE).await;
        assert_eq!((reply.status(), reply.header("retry-after")), (503, "60"), "{connection}: {}", reply.text());
        assert_eq!(reply.json()["code"], code, "{connection}");
    }
    let listed = host.get("/v1/connections").await.json();
    assert!(listed.to_string().contains("hookyard.toml:"), "problems name file and line: {listed}");
    let health = host.get("/v1/connections/no-secret").await.json()["health"].clone();
    assert_ne!(health["status"], "invalid", "the rest of it works: {health}");
}

#[tokio::test]
async fn both_secrets_of_a_rotation_pass() {
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::AFTERSHIP)
        .config(&format!(
            "[connections.shop]\nplugin = \"aftership\"\nconfig = {{ api_key = \"k\", webhook_secret = [\"new\", \"{SECRET}\"] }}"
        ))
        .start()
        .await;
    assert_eq!(host.webhook("shop", TRACKING_UPDATE).await.status(), 200);
    let with_new = post("shop").header("aftership-hmac-sha256", hmac_sha256_base64("new", b"{}"));
    assert_eq!(host.send(with_new, "{}").await.status(), 200);
}

#[tokio::test]
async fn no_secret_shows_in_an_answer() {
    let host = shop().await;
    assert_eq!(host.webhook("shop", TRACKING_UPDATE).await.status(), 200);
    for path in ["/v1/connections", "/v1/connections/shop", "/v1/plugins", "/v1/invocations", "/v1/events"] {
        let reply = host.get(path).await;
        assert_eq!(reply.status(), 200, "{path}: {}", reply.text());
        assert!(!reply.text().contains(SECRET), "{path}");
    }
    let shown = host.get("/v1/connections/shop").await.json();
    assert_eq!(shown["config"]["webhook_secret"], json!({ "set": true }));
}
