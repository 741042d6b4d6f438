//! Rules that would verify less than they seem to are refused, by name.

use hookyard_domain::grant::Grant;
use hookyard_domain::manifest::Manifest;
use hookyard_domain::signature::Verifier;
use serde_json::{Value, json};

use crate::support::*;

fn problems(webhook: &Value) -> Vec<String> {
    let manifest = json!({ "name": "test", "version": "1.0.0", "webhook": webhook });
    let problems = Manifest::parse(&manifest.to_string()).expect_err("refused");
    problems.iter().map(|problem| problem.pointer.clone()).collect()
}

fn hmac(more: &Value) -> Value {
    let mut rule = json!({ "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-s", "secret": "/s" });
    for (name, value) in more.as_object().expect("an object") {
        match value {
            Value::Null => rule.as_object_mut().expect("an object").remove(name),
            value => rule.as_object_mut().expect("an object").insert(name.clone(), value.clone()),
        };
    }
    rule
}

#[test]
fn each_mistake_is_named_by_its_pointer() {
    for (rule, pointer) in [
        (hmac(&json!({ "hash": null })), "/hash"),
        (hmac(&json!({ "hash": "md5" })), "/hash"),
        (hmac(&json!({ "encoding": null })), "/encoding"),
        (hmac(&json!({ "secret": null })), "/secret"),
        (hmac(&json!({ "secret": "s" })), "/secret"),
        (hmac(&json!({ "secret": "" })), "/secret"),
        (hmac(&json!({ "header": null })), ""),
        (hmac(&json!({ "header": "a b" })), "/header"),
        (hmac(&json!({ "signature": "query:x" })), ""),
        (hmac(&json!({ "header": null, "signature": "cookie:x" })), "/signature"),
        (hmac(&json!({ "query": "x" })), "/query"),
        (hmac(&json!({ "path": true })), "/path"),
        (hmac(&json!({ "user": "/u" })), "/user"),
        (hmac(&json!({ "public_key": "/k" })), "/public_key"),
        (hmac(&json!({ "parts": "," })), "/parts"),
        (hmac(&json!({ "signature_part": "v1" })), "/parts"),
        (hmac(&json!({ "signed": "{part:t}{body}" })), "/parts"),
        (hmac(&json!({ "signed": "{bdy}" })), "/signed"),
        (hmac(&json!({ "signed": "v1:{method}" })), "/signed"),
        (hmac(&json!({ "signed": "{timestamp}{body}" })), "/timestamp"),
        (hmac(&json!({ "tolerance_seconds": 300 })), "/timestamp"),
        (hmac(&json!({ "tolerance_seconds": 300, "timestamp": { "header": "x-t" } })), "/signed"),
        (hmac(&json!({ "timestamp": {} })), "/timestamp"),
        (hmac(&json!({ "timestamp": { "header": "a", "body": "/b" } })), "/timestamp"),
        (hmac(&json!({ "timestamp": { "header": "a", "unit": "min" } })), "/timestamp/unit"),
        (hmac(&json!({ "tolerence_seconds": 1 })), "/tolerence_seconds"),
        (hmac(&json!({ "when": { "method": "GET" } })), "/when/method"),
        (hmac(&json!({ "when": { "body": { "type": "x" } } })), "/when/body"),
        (json!({ "scheme": "rsa-pkcs1-sha256", "header": "x" }), "/public_key"),
        (json!({ "scheme": "token", "secret": "/s" }), ""),
        (json!({ "scheme": "token", "query": "t" }), "/secret"),
        (json!({ "scheme": "standard-webhooks", "secret": "/s", "header": "x-sig" }), "/header"),
        (json!({ "scheme": "standard-webhooks", "secret": "/s", "signed": "{body}" }), "/signed"),
        (json!({ "scheme": "basic" }), "/secret"),
        (json!({ "scheme": "none", "secret": "/s" }), "/secret"),
        (json!({ "scheme": "hmca" }), "/scheme"),
        (json!({}), "/scheme"),
    ] {
        assert_eq!(problems(&json!({ "verify": rule })), [format!("/webhook/verify{pointer}")], "{rule}");
        let listed = problems(&json!({ "verify": [hmac(&json!({})), rule] }));
        assert_eq!(listed, [format!("/webhook/verify/1{pointer}")]);
    }
}

#[test]
fn a_wrong_word_is_answered_with_the_right_ones() {
    let manifest = json!({ "name": "test", "version": "1.0.0", "webhook": { "verify": { "scheme": "hmca" } } });
    let problems = Manifest::parse(&manifest.to_string()).expect_err("refused");
    assert!(problems[0].message.contains("\"standard-webhooks\""), "{}", problems[0]);
}

#[test]
fn the_rules_around_verify_are_checked_too() {
    let good = hmac(&json!({}));
    for (rules, pointer) in [
        (json!({}), "/verify"),
        (json!({ "verify": [] }), "/verify"),
        (json!({ "verify": good, "methods": [] }), "/methods"),
        (json!({ "verify": good, "methods": ["post"] }), "/methods/0"),
        (json!({ "verify": good, "body_bytes_max": 0 }), "/body_bytes_max"),
        (json!({ "verify": good, "dedupe": [{ "body": "id" }] }), "/dedupe/0/body"),
        (json!({ "verify": good, "dedupe": [{ "header": "" }] }), "/dedupe/0/header"),
        (json!({ "verify": good, "dedupe": [{ "query": "id" }] }), "/dedupe/0/query"),
        (json!({ "verify": good, "order": [{}] }), "/order/0"),
        (json!({ "verify": good, "order": [{ "body": "/a", "header": "b" }] }), "/order/0"),
        (json!({ "verify": good, "acknowledge": "later" }), "/acknowledge"),
        (json!({ "verify": good, "dedup": [] }), "/dedup"),
        (json!({ "verify": good, "config": "/incoming" }), "/verify"),
        (json!({ "config": "incoming" }), "/config"),
        (json!({ "verify": good, "handshake": [{ "when": {}, "respond": "ok" }] }), "/handshake/0/when"),
        (
            json!({ "verify": good, "handshake": [{ "when": { "query": "a" }, "respond": "{url}" }] }),
            "/handshake/0/respond",
        ),
        (json!({ "verify": vec![good.clone(); 17] }), "/verify"),
    ] {
        assert_eq!(problems(&rules), [format!("/webhook{pointer}")], "{rules}");
    }
}

#[test]
fn everything_wrong_is_reported_together() {
    let rule = json!({ "scheme": "hmac", "signed": "{x}", "user": "/u" });
    let found = problems(&json!({ "verify": rule, "methods": ["get"] }));
    assert!(found.len() >= 6, "{found:?}");
}

#[test]
fn a_signed_url_needs_the_public_url() {
    let manifest = manifest(&json!({ "verify": hmac(&json!({ "signed": "{url}{body}" })) }));
    let config = config(&manifest, json!({ "s": "x" }));
    let rules = manifest.webhook.as_ref().expect("declared").rules(&config).expect("valid").expect("there");
    let problems = Verifier::compile(&rules, &config, None, &Grant::default()).expect_err("refused");
    assert!(problems[0].message.contains("public_url"));
    assert!(Verifier::compile(&rules, &config, Some("https://a.example"), &Grant::default()).is_ok());
}

#[test]
fn rules_may_stand_in_the_config() {
    let manifest = manifest(&json!({ "config": "/incoming" }));
    let declared = manifest.webhook.as_ref().expect("declared");
    let rules = |values: Value| {
        let config = config(&manifest, values);
        declared.rules(&config).map(|rules| rules.map(|rules| rules.into_owned()))
    };
    assert!(rules(json!({})).expect("valid").is_none());
    assert!(rules(json!({ "incoming": null })).expect("valid").is_none());
    let incoming =
        json!({ "verify": hmac(&json!({ "secret": "/secrets/gh" })), "subject": "/id", "headers": ["x-event"] });
    let found = rules(json!({ "incoming": incoming })).expect("valid").expect("there");
    let config = config(&manifest, json!({ "incoming": incoming, "secrets": { "gh": "k" } }));
    let verifier = Verifier::compile(&found, &config, None, &Grant::default()).expect("valid");
    assert!(passes(&verifier, post("x").header("x-s", hex(&hmac_sha256(b"k", "x")))));
    for (incoming, pointer) in [
        (json!({ "verify": hmac(&json!({ "prefx": "a" })) }), "/incoming/verify/prefx"),
        (json!({ "verify": hmac(&json!({ "signed": "" })) }), "/incoming/verify/signed"),
        (json!({ "dedupe": [] }), "/incoming/verify"),
        (json!("x"), "/incoming"),
    ] {
        let found = rules(json!({ "incoming": incoming })).expect_err("refused");
        assert_eq!(found.iter().map(|problem| &*problem.pointer).collect::<Vec<_>>(), [pointer]);
    }
}
