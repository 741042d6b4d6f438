//! Dedupe and order keys.

use hookyard_domain::signature::Verifier;
use serde_json::{Value, json};

use crate::support::*;

const SECRET: &str = "k";

fn signed_by(rules: &mut Value) -> Verifier {
    rules["verify"] =
        json!({ "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-signature", "secret": "/secret" });
    compile(rules, json!({ "secret": SECRET }), false).expect("valid")
}

fn signed(body: &[u8]) -> hookyard_domain::webhook::UnverifiedWebhook {
    post(body).header("x-signature", hex(&hmac_sha256(SECRET.as_bytes(), body)))
}

#[test]
fn the_first_present_string_or_number_counts_as_written() {
    let verifier = signed_by(&mut json!({
        "dedupe": [{ "body": "/id" }, { "body": "/list/0/id" }],
        "order": [{ "body": "/id" }, { "body": "/list/0/id" }],
    }));
    let cases: &[(&[u8], Option<&str>, Option<&str>)] = &[
        (br#"{"id":"a\u00e9"}"#, Some("body:/id\naé"), Some("aé")),
        (
            br#"{"id":12345678901234567890123}"#,
            Some("body:/id\n12345678901234567890123"),
            Some("12345678901234567890123"),
        ),
        (br#"{"id":1.50e3}"#, Some("body:/id\n1.50e3"), Some("1.50e3")),
        (br#"{"id":null,"list":[{"id":7}]}"#, Some("body:/list/0/id\n7"), Some("7")),
        (br#"{"id":"","list":[{"id":"x"}]}"#, Some("body:/list/0/id\nx"), Some("x")),
        (br#"{"id":{"a":1},"list":[{"id":true}]}"#, None, None),
        (br#"{"id":1,"id":2}"#, None, None),
        (b"\xef\xbb\xbf{\"id\":\"bom\"}", Some("body:/id\nbom"), Some("bom")),
        (b"{\"id\":\"\xff\"}", None, None),
        (b"", None, None),
        (b"not json \0", None, None),
        (b"{\"id\":1} trailing", None, None),
    ];
    for (body, dedupe, order) in cases {
        let webhook = accepted(&verifier, signed(body));
        assert_eq!((webhook.dedupe_key(), webhook.order_key()), (*dedupe, *order), "{}", String::from_utf8_lossy(body));
        assert_eq!(webhook.body(), *body, "the body is not altered");
    }
}

#[test]
fn the_same_number_at_another_place_is_another_key() {
    let verifier = signed_by(&mut json!({ "dedupe": [{ "body": "/message/id" }, { "body": "/status/id" }] }));
    let key = |body: &str| accepted(&verifier, signed(body.as_bytes())).dedupe_key().map(str::to_owned);
    assert_ne!(key("{\"message\":{\"id\":1}}"), key("{\"status\":{\"id\":1}}"));
}

#[test]
fn an_over_long_value_counts_by_its_hash() {
    let verifier = signed_by(&mut json!({ "order": [{ "body": "/id" }] }));
    let key = |id: &str| {
        accepted(&verifier, signed(json!({ "id": id }).to_string().as_bytes())).order_key().map(str::to_owned)
    };
    let (long, longer) = ("x".repeat(1024), "x".repeat(1025));
    assert_eq!(key(&long), Some(long.clone()));
    let hashed = key(&longer).expect("a key");
    assert_eq!(hashed.len(), "sha256:".len() + 64);
    assert_ne!(key(&format!("{longer}y")), Some(hashed));
}

#[test]
fn a_header_outside_the_signature_counts_only_together_with_what_is_signed() {
    let mut rules = json!({ "dedupe": [{ "header": "X-Delivery" }] });
    let verifier = signed_by(&mut rules);
    let key = |id: &str, body: &str| {
        accepted(&verifier, signed(body.as_bytes()).header("x-delivery", id)).dedupe_key().map(str::to_owned)
    };
    assert_eq!(key("1", "a"), key("1", "a"));
    assert_ne!(key("1", "a"), key("1", "b"), "whoever captured `a` cannot make `b` look like a repeat");
    let twice = signed(b"a").header("x-delivery", "1").header("x-delivery", "2");
    assert_eq!(accepted(&verifier, twice).dedupe_key(), None);
    assert_eq!(accepted(&verifier, signed(b"a").header("x-delivery", b"\xff")).dedupe_key(), None);
    rules["verify"]["signed"] = json!("{header:x-delivery}.{body}");
    let covering = compile(&rules, json!({ "secret": SECRET }), false).expect("valid");
    let webhook =
        post("a").header("x-delivery", "1").header("x-signature", hex(&hmac_sha256(SECRET.as_bytes(), "1.a")));
    assert_eq!(accepted(&covering, webhook).dedupe_key(), Some("header:x-delivery\n1"));
}

#[test]
fn a_test_webhook_of_the_operator_has_the_keys_of_the_real_one() {
    let verifier = signed_by(&mut json!({ "dedupe": [{ "body": "/id" }], "order": [{ "body": "/id" }] }));
    let real = accepted(&verifier, signed(b"{\"id\":5}"));
    let test = verifier.trust(post("{\"id\":5}"));
    assert_eq!((test.dedupe_key(), test.order_key()), (real.dedupe_key(), real.order_key()));
    assert_eq!(test.verified_by(), "trigger");
}

#[test]
fn an_action_has_an_order_key_like_a_webhook() {
    let manifest = json!({ "name": "x", "version": "1.0.0", "actions": [
        { "name": "send", "order": "/conversation_id" }, { "name": "ping" }] });
    let manifest = hookyard_domain::manifest::Manifest::parse(&manifest.to_string()).expect("valid").manifest;
    let send = manifest.action("send").expect("declared");
    assert_eq!(send.order_key("{\"conversation_id\":\"c1\"}").as_deref(), Some("c1"));
    assert_eq!(send.order_key("{}"), None);
    assert_eq!(manifest.action("ping").expect("declared").order_key("{\"conversation_id\":\"c1\"}"), None);
}

#[test]
fn a_field_of_a_form_is_a_key_where_it_occurs_once() {
    let verifier = signed_by(&mut json!({
        "dedupe": [{ "form": "id" }],
        "order": [{ "body": "/chat" }, { "form": "chat id" }],
    }));
    let cases: &[(&[u8], Option<&str>, Option<&str>)] = &[
        (b"id=7&chat+id=a%26b", Some("form:id\n7"), Some("a&b")),
        (b"id=7&id=7&chat%20id=c", None, Some("c")),
        (b"id=&chat+id=%FF", None, None),
        (br#"{"chat":"x","id":1}"#, None, Some("x")),
        (b"", None, None),
    ];
    for (body, dedupe, order) in cases {
        let webhook = accepted(&verifier, signed(body));
        assert_eq!((webhook.dedupe_key(), webhook.order_key()), (*dedupe, *order), "{}", String::from_utf8_lossy(body));
    }
}
