//! Requests that the host answers by itself.

use hookyard_domain::signature::{Receipt, Refused, Verifier};
use hookyard_domain::webhook::UnverifiedWebhook;
use serde_json::json;

use crate::support::*;

const SECRET: &str = "app secret";

/// Meta: a GET with `hub.challenge` and a verify token; POSTs are signed.
fn meta() -> Verifier {
    let rules = json!({
        "methods": ["GET", "POST"],
        "verify": [
            { "when": { "method": "GET", "query": "hub.mode" }, "scheme": "token", "query": "hub.verify_token", "secret": "/verify_token" },
            { "when": { "method": "POST" }, "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-hub-signature-256",
              "prefix": "sha256=", "secret": "/secret" },
        ],
        "handshake": [{ "when": { "method": "GET", "query": "hub.challenge" }, "respond": "{query:hub.challenge}" }],
    });
    compile(&rules, json!({ "verify_token": "meatyhamhock", "secret": SECRET }), false).expect("valid")
}

fn answer(verifier: &Verifier, webhook: UnverifiedWebhook) -> Option<String> {
    match verifier.verify(webhook, now()) {
        Ok(Receipt::Handshake(answer)) => Some(answer),
        Ok(Receipt::Webhook(webhook)) => panic!("a webhook: {webhook:?}"),
        Err(Refused::Unauthorized { .. }) => None,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn meta_asks_for_its_challenge_with_the_verify_token() {
    let meta = meta();
    let get = |query: &str| post("").method("GET").query(query);
    let ask = |token: &str| get(&format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}"));
    assert_eq!(answer(&meta, ask("meatyhamhock")).as_deref(), Some("1158201444"));
    assert_eq!(answer(&meta, ask("other")), None);
    assert_eq!(answer(&meta, ask("")), None);
    assert_eq!(
        answer(&meta, get("hub.challenge=1&hub.verify_token=meatyhamhock")),
        None,
        "no entry of verify is for it"
    );
    let signature = format!("sha256={}", hex(&hmac_sha256(SECRET.as_bytes(), "{}")));
    assert!(passes(&meta, post("{}").header("x-hub-signature-256", &signature)));
    assert!(unauthorized(&meta, post("{}").query("hub.mode=x&hub.verify_token=meatyhamhock")));
    assert!(unauthorized(&meta, post("{}").method("GET").header("x-hub-signature-256", signature)));
}

fn slack(verified: bool) -> Verifier {
    let rules = json!({
        "verify": { "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-signature", "secret": "/secret" },
        "handshake": [{ "when": { "body": { "/type": "url_verification" } }, "respond": "{body:/challenge}", "verified": verified }],
    });
    compile(&rules, json!({ "secret": SECRET }), false).expect("valid")
}

#[test]
fn a_handshake_is_answered_after_verification_unless_said_otherwise() {
    let body = "{\"type\":\"url_verification\",\"challenge\":\"3eZbrw1aB._~+/=:-\"}";
    let signed = post(body).header("x-signature", hex(&hmac_sha256(SECRET.as_bytes(), body)));
    assert_eq!(answer(&slack(true), signed.clone()).as_deref(), Some("3eZbrw1aB._~+/=:-"));
    assert_eq!(answer(&slack(true), post(body)), None);
    assert_eq!(answer(&slack(false), post(body)).as_deref(), Some("3eZbrw1aB._~+/=:-"));
    let other = "{\"type\":\"event\"}";
    assert!(unauthorized(&slack(false), post(other)), "all else is verified");
}

#[test]
fn only_harmless_text_is_repeated() {
    let verifier = slack(false);
    let ask = |challenge: &str| post(json!({ "type": "url_verification", "challenge": challenge }).to_string());
    assert_eq!(answer(&verifier, ask(&"a".repeat(1024))).map(|answer| answer.len()), Some(1024));
    for bad in ["", "<script>", "a b", "a\n", "é", "\0", "a;b", "\"", &"a".repeat(1025)] {
        assert_eq!(answer(&verifier, ask(bad)), None, "{bad:?}");
    }
    for body in [
        "{\"type\":\"url_verification\"}",
        "{\"type\":\"url_verification\",\"challenge\":null,\"challenge\":\"a\"}",
        "{\"type\":\"url_verification\",\"challenge\":{\"a\":1}}",
    ] {
        assert_eq!(answer(&verifier, post(body)), None, "{body}");
    }
    let doubled = "{\"type\":\"url_verification\",\"type\":\"url_verification\",\"challenge\":\"a\"}";
    assert!(unauthorized(&verifier, post(doubled)));
}
