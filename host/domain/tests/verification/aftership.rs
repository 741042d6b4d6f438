//! AfterShip: base64 of HMAC-SHA-256 over the body, keyed with the secret's characters.

use hookyard_domain::signature::{Refused, Verifier};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::*;

const A1: &[u8] = include_bytes!("../../../../tests/vectors/a1_tracking_update.json");
const A3: &[u8] = include_bytes!("../../../../tests/vectors/a3_pretty.json");
const A4: &[u8] = include_bytes!("../../../../tests/vectors/a4_empty_object.json");
const A1_SIGNATURE: &str = "du3lvrFSMtksXPisYGT9qfZFX/eXyQuSVcq7R/czLDA=";
const A3_SIGNATURE: &str = "ewR4jkll8KYLYkYYzgVUjJn4MnUILHJalwF8YeHGFdk=";
const A4_SIGNATURE: &str = "x81KpQIQRKdbH1vxRF+YI+alMZ50sRKRq6KfpIOAEAg=";
const SECRET: &str = "whs_test_9b1f6c2e";
const HEADER: &str = "aftership-hmac-sha256";

fn rules() -> Value {
    json!({
        "verify": { "scheme": "hmac", "hash": "sha256", "encoding": "base64", "header": HEADER, "secret": "/webhook_secret" },
        "dedupe": [{ "body": "/event_id" }],
        "order": [{ "body": "/msg/id" }],
    })
}

fn aftership(secret: Value) -> Verifier {
    compile(&rules(), json!({ "webhook_secret": secret }), false).expect("valid")
}

#[test]
fn recorded_signatures_pass() {
    let verifier = aftership(json!(SECRET));
    for (body, signature) in [(A1, A1_SIGNATURE), (A3, A3_SIGNATURE), (A4, A4_SIGNATURE)] {
        assert!(passes(&verifier, post(body).header(HEADER, signature)));
        assert!(passes(&verifier, post(body).header(HEADER, format!(" \t{signature} "))));
    }
}

#[test]
fn keys_come_from_the_body() {
    let verifier = aftership(json!(SECRET));
    let webhook = accepted(&verifier, post(A1).header(HEADER, A1_SIGNATURE));
    let body: Value = serde_json::from_slice(A1).expect("JSON");
    let event_id = body["event_id"].as_str().expect("text");
    assert!(webhook.dedupe_key().is_some_and(|key| key.ends_with(event_id)), "{:?}", webhook.dedupe_key());
    assert_eq!(webhook.order_key(), body["msg"]["id"].as_str());
    assert_eq!(webhook.verified_by(), "hmac");
    assert_eq!(webhook.body(), A1);
    let empty = accepted(&verifier, post(A4).header(HEADER, A4_SIGNATURE));
    assert_eq!((empty.dedupe_key(), empty.order_key()), (None, None));
}

#[test]
fn everything_else_fails() {
    let verifier = aftership(json!(SECRET));
    let minified: Value = serde_json::from_slice(A3).expect("JSON");
    let without_newline = A3.strip_suffix(b"\n").expect("ends in a newline");
    let hex_of_a1 = hex(&hmac_sha256(SECRET.as_bytes(), A1));
    assert!(hex_of_a1.starts_with("76ede5be"));
    let cases: Vec<(&str, Vec<u8>, Vec<String>)> = vec![
        ("no header", A1.to_vec(), vec![]),
        ("hex", A1.to_vec(), vec![hex_of_a1]),
        ("re-serialised", minified.to_string().into_bytes(), vec![A3_SIGNATURE.into()]),
        ("newline added", [A1, b"\n"].concat(), vec![A1_SIGNATURE.into()]),
        ("newline removed", without_newline.to_vec(), vec![A3_SIGNATURE.into()]),
        ("another secret", A1.to_vec(), vec![base64(&hmac_sha256(b"other", A1))]),
        ("another body", A3.to_vec(), vec![A1_SIGNATURE.into()]),
        ("empty header", A1.to_vec(), vec![String::new()]),
        ("blank header", A1.to_vec(), vec![" ".into()]),
        ("comma-joined", A1.to_vec(), vec![format!("{A1_SIGNATURE},{A1_SIGNATURE}")]),
        ("comma at the end", A1.to_vec(), vec![format!("{A1_SIGNATURE},")]),
        ("two headers", A1.to_vec(), vec![A1_SIGNATURE.into(), A1_SIGNATURE.into()]),
        ("an empty header beside the right one", A1.to_vec(), vec![A1_SIGNATURE.into(), String::new()]),
        ("padding missing", A1.to_vec(), vec![A1_SIGNATURE.trim_end_matches('=').into()]),
        ("cut short", A1.to_vec(), vec![A1_SIGNATURE[..40].into()]),
        ("URL-safe alphabet", A1.to_vec(), vec![A1_SIGNATURE.replace('/', "_")]),
        ("quoted", A1.to_vec(), vec![format!("\"{A1_SIGNATURE}\"")]),
    ];
    for (case, body, headers) in cases {
        let webhook = headers.iter().fold(post(body), |webhook, value| webhook.header(HEADER, value));
        assert!(unauthorized(&verifier, webhook), "{case}");
    }
}

#[test]
fn the_header_may_be_declared_in_any_case() {
    let mut rules = rules();
    rules["verify"]["header"] = json!("AfterShip-Hmac-SHA256");
    let verifier = compile(&rules, json!({ "webhook_secret": SECRET }), false).expect("valid");
    assert!(passes(&verifier, post(A1).header(HEADER, A1_SIGNATURE)));
}

#[test]
fn any_secret_of_a_rotating_list_passes() {
    for secrets in [json!(["new", SECRET]), json!([SECRET]), json!([SECRET, "old", "older"])] {
        assert!(passes(&aftership(secrets), post(A1).header(HEADER, A1_SIGNATURE)));
    }
    assert!(unauthorized(&aftership(json!(["new", "old"])), post(A1).header(HEADER, A1_SIGNATURE)));
    let six = compile(&rules(), json!({ "webhook_secret": ["1", "2", "3", "4", "5", SECRET] }), false);
    assert_eq!(six.expect_err("too many").len(), 1);
}

#[test]
fn without_a_secret_nothing_is_accepted_unless_granted() {
    let closed = compile(&rules(), json!({}), false).expect("valid");
    assert!(closed.lacks_secret());
    assert_eq!(closed.verify(post(A1).header(HEADER, A1_SIGNATURE), now()).err(), Some(Refused::NoSecret));
    let open = compile(&rules(), json!({}), true).expect("valid");
    assert_eq!(accepted(&open, post(A1)).verified_by(), "none");
    let with_secret = compile(&rules(), json!({ "webhook_secret": SECRET }), true).expect("valid");
    assert!(unauthorized(&with_secret, post(A1)), "a configured secret is always required");
}

#[test]
fn a_secret_that_is_there_but_empty_is_a_mistake_and_never_means_none() {
    for secret in [json!(""), json!([]), json!([""])] {
        for granted in [false, true] {
            let problems = compile(&rules(), json!({ "webhook_secret": secret }), granted).expect_err("a mistake");
            assert_eq!(problems[0].pointer, "/webhook_secret");
        }
    }
}

#[test]
fn other_methods_and_larger_bodies_are_refused_first() {
    let mut rules = rules();
    rules["methods"] = json!(["POST", "PUT"]);
    rules["body_bytes_max"] = json!(A1.len());
    let verifier = compile(&rules, json!({ "webhook_secret": SECRET }), false).expect("valid");
    let get = verifier.verify(post(A1).method("GET"), now()).err();
    assert_eq!(get, Some(Refused::MethodNotAllowed { allow: "POST, PUT".to_owned() }));
    assert!(passes(&verifier, post(A1).header(HEADER, A1_SIGNATURE)));
    assert_eq!(verifier.verify(post([A1, b" "].concat()), now()).err(), Some(Refused::TooLarge));
}

proptest! {
    #[test]
    fn any_changed_byte_of_the_body_is_refused(at in 0..A1.len(), change in 1..=255_u8) {
        let mut body = A1.to_vec();
        body[at] ^= change;
        prop_assert!(unauthorized(&aftership(json!(SECRET)), post(body).header(HEADER, A1_SIGNATURE)));
    }

    #[test]
    fn any_bytes_sign_and_verify(body in proptest::collection::vec(any::<u8>(), 0..200), secret in "[ -~]{1,80}") {
        let verifier = aftership(json!(secret));
        let signature = base64(&hmac_sha256(secret.as_bytes(), &body));
        prop_assert!(passes(&verifier, post(body.clone()).header(HEADER, &signature)));
        prop_assert!(unauthorized(&verifier, post([&body[..], &[0]].concat()).header(HEADER, signature)));
    }
}
