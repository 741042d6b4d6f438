//! Freshchat: base64 of an RSA signature over the body; the page shows the key under a wrong label.

use hookyard_domain::signature::{Refused, Verifier};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::*;

const F1: &[u8] = include_bytes!("../../../../tests/vectors/f1_message_create_user.json");
const F1_SIGNATURE: &str = include_str!("../../../../tests/vectors/f1_message_create_user.sig.b64");
const F3: &[u8] = include_bytes!("../../../../tests/vectors/f3_conversation_reopen.json");
const F3_SIGNATURE: &str = include_str!("../../../../tests/vectors/f3_conversation_reopen.sig.b64");
const BARE: &str = include_str!("../../../../tests/vectors/pub_bare_base64.txt");
const AS_SHOWN: &str = include_str!("../../../../tests/vectors/pub_freshchat_as_shown.pem");
const SPKI: &str = include_str!("../../../../tests/vectors/pub_spki.pem");
const PKCS1: &str = include_str!("../../../../tests/vectors/pub_true_pkcs1.pem");
const HEADER: &str = "x-freshchat-signature";

fn rules() -> Value {
    json!({
        "verify": { "scheme": "rsa-pkcs1-sha256", "header": "X-Freshchat-Signature", "public_key": "/webhook_public_key" },
        "dedupe": [{ "body": "/data/message/id" }],
        "order": [{ "body": "/data/message/conversation_id" }, { "body": "/data/reopen/conversation/conversation_id" }],
    })
}

fn freshchat(key: Value) -> Verifier {
    compile(&rules(), json!({ "webhook_public_key": key }), false).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn every_spelling_of_the_key_verifies_the_recorded_webhooks() {
    let spellings = [
        BARE.to_owned(),
        AS_SHOWN.to_owned(),
        SPKI.to_owned(),
        PKCS1.to_owned(),
        SPKI.replace('\n', " "),
        SPKI.replace('\n', ""),
        SPKI.replace('\n', "\\n"),
        SPKI.replace('\n', "\r\n"),
        SPKI.replace('\n', "\\r\\n"),
        format!("\n  {PKCS1}  \n"),
        BARE.trim_end_matches('=').to_owned(),
        format!("\u{feff}{SPKI}"),
    ];
    for spelling in spellings {
        let verifier = freshchat(json!(spelling));
        assert!(passes(&verifier, post(F1).header(HEADER, F1_SIGNATURE.trim())), "{spelling}");
        assert!(passes(&verifier, post(F3).header(HEADER, F3_SIGNATURE.trim())), "{spelling}");
    }
}

#[test]
fn bad_signatures_are_refused_without_a_panic() {
    let verifier = freshchat(json!(SPKI));
    let good = F1_SIGNATURE.trim();
    for (case, signature) in [
        ("of another body", F3_SIGNATURE.trim().to_owned()),
        ("not base64", format!("!{}", &good[1..])),
        ("cut short", good[..good.len() - 4].to_owned()),
        ("255 bytes", base64(&[7; 255])),
        ("257 bytes", base64(&[7; 257])),
        ("zeros", base64(&[0; 256])),
        ("one byte", base64(&[1])),
        ("empty", String::new()),
        ("of an HMAC", base64(&hmac_sha256(SPKI.as_bytes(), F1))),
        ("joined", format!("{good},{good}")),
    ] {
        assert!(unauthorized(&verifier, post(F1).header(HEADER, signature)), "{case}");
    }
    assert!(unauthorized(&verifier, post(F1).header(HEADER, good).header(HEADER, good)));
}

#[test]
fn keys_come_from_the_first_place_that_is_there() {
    let verifier = freshchat(json!([SPKI]));
    let message: Value = serde_json::from_slice(F1).expect("JSON");
    let webhook = accepted(&verifier, post(F1).header(HEADER, F1_SIGNATURE.trim()));
    let id = message["data"]["message"]["id"].as_str().expect("text");
    assert!(webhook.dedupe_key().is_some_and(|key| key.ends_with(id)));
    assert_eq!(webhook.order_key(), message["data"]["message"]["conversation_id"].as_str());
    let reopened: Value = serde_json::from_slice(F3).expect("JSON");
    let webhook = accepted(&verifier, post(F3).header(HEADER, F3_SIGNATURE.trim()));
    assert_eq!(webhook.dedupe_key(), None);
    assert_eq!(webhook.order_key(), reopened["data"]["reopen"]["conversation"]["conversation_id"].as_str());
}

#[test]
fn what_is_no_rsa_key_is_a_problem_at_the_config() {
    let ed25519 = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    for key in ["nonsense!", "AAAA", ed25519, &SPKI[..200], "-----BEGIN PUBLIC KEY-----"] {
        let problems = compile(&rules(), json!({ "webhook_public_key": key }), true).expect_err("refused");
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].pointer, "/webhook_public_key");
        assert!(!problems[0].to_string().contains(key));
    }
}

#[test]
fn without_a_key_nothing_is_accepted() {
    let verifier = compile(&rules(), json!({}), false).expect("valid");
    assert_eq!(verifier.verify(post(F1).header(HEADER, F1_SIGNATURE.trim()), now()).err(), Some(Refused::NoSecret));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_changed_byte_of_the_body_is_refused(at in 0..F1.len(), change in 1..=255_u8) {
        let mut body = F1.to_vec();
        body[at] ^= change;
        prop_assert!(unauthorized(&freshchat(json!(SPKI)), post(body).header(HEADER, F1_SIGNATURE.trim())));
    }
}
