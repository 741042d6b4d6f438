//! Requests made to confuse.

use proptest::prelude::*;
use serde_json::json;

use crate::support::*;

const SECRET: &str = "s3cret";

fn signed_body() -> hookyard_domain::signature::Verifier {
    let rules = json!({
        "verify": [
            { "when": { "body": { "/kind": "x" } }, "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-signature", "secret": "/secret" },
            { "when": { "header": "x-plain" }, "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-signature", "secret": "/secret" },
        ],
        "dedupe": [{ "body": "/a/b/c" }, { "header": "x-id" }],
        "order": [{ "body": "/0/1" }],
    });
    compile(&rules, json!({ "secret": SECRET }), false).expect("valid")
}

#[test]
fn any_bytes_can_be_a_verified_body() {
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0; 10],
        vec![0xff; 10],
        b"{\"a\":\"\xc3\x28\"}".to_vec(),
        "\u{feff}".into(),
        b"[".repeat(500_000),
        b"{\"a\":".repeat(100_000),
        format!("{}1{}", "[".repeat(100), "]".repeat(100)).into_bytes(),
        b"{\"a\":{\"b\":{\"c\":1e999999}}}".to_vec(),
        b"{\"a\":{\"b\":{\"c\":\"\\ud800\"}}}".to_vec(),
        format!("{{\"a\":{}}}", "9".repeat(500_000)).into_bytes(),
    ];
    let verifier = signed_body();
    for body in bodies {
        let webhook =
            post(body.clone()).header("x-plain", "").header("x-signature", hex(&hmac_sha256(SECRET.as_bytes(), &body)));
        assert_eq!(accepted(&verifier, webhook).body(), &body[..]);
    }
}

#[test]
fn every_set_of_entries_whose_condition_holds_must_pass() {
    let rules = json!({
        "verify": [
            { "scheme": "token", "header": "x-token", "secret": "/token" },
            { "when": { "header": "x-signature" }, "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-signature", "secret": "/secret" },
            { "scheme": "token", "query": "token", "secret": "/token" },
        ],
    });
    let verifier = compile(&rules, json!({ "token": "t", "secret": SECRET }), false).expect("valid");
    let signature = hex(&hmac_sha256(SECRET.as_bytes(), "x"));
    assert!(passes(&verifier, post("x").header("x-token", "t")));
    assert!(passes(&verifier, post("x").query("token=t")), "the first and the third are alternatives");
    assert!(passes(&verifier, post("x").header("x-token", "t").header("x-signature", &signature)));
    assert!(unauthorized(&verifier, post("x").header("x-signature", &signature)), "a header does not choose the check");
    assert!(unauthorized(&verifier, post("x").header("x-token", "t").header("x-signature", "00")));
}

#[test]
fn a_request_that_no_entry_is_for_is_refused() {
    let verifier = signed_body();
    let signature = hex(&hmac_sha256(SECRET.as_bytes(), "{\"kind\":\"y\"}"));
    assert!(unauthorized(&verifier, post("{\"kind\":\"y\"}").header("x-signature", signature)));
    let granted = compile(
        &json!({ "verify": [{ "when": { "method": "POST", "query": "q" }, "scheme": "none" }] }),
        json!({}),
        true,
    );
    let granted = granted.expect("valid");
    assert!(unauthorized(&granted, post("x")), "not even where unsigned webhooks are granted");
    assert!(passes(&granted, post("x").query("q")));
}

proptest! {
    #[test]
    fn no_request_makes_verification_panic_or_pass(
        body in proptest::collection::vec(any::<u8>(), 0..100),
        value in proptest::collection::vec(any::<u8>(), 0..100),
        query in "[ -~]{0,40}",
        path in "(/[ -~é]{0,20})?",
    ) {
        let plain = signed_body();
        let webhook = post(body).path(&path).query(&query).header("x-plain", "").header("x-signature", &value);
        prop_assert!(unauthorized(&plain, webhook.clone()));
        let token = json!({ "scheme": "token", "secret": "/t", "query": "t", "path": true, "header": "x-signature", "signature": "form:t" });
        let token = verifier(token, json!({ "t": "a token that no generator finds \u{1f511}" }));
        prop_assert!(unauthorized(&token, webhook.clone()));
        let stripe = json!({ "scheme": "ed25519", "header": "x-signature", "public_key": "/k", "parts": ",", "signature_part": "v1",
            "signed": "{part:t}{url}{form:sorted}{body:/a}{query:b}{body}" });
        let stripe = verifier(stripe, json!({ "k": "11".repeat(32) }));
        prop_assert!(unauthorized(&stripe, webhook));
    }
}
