//! Standard Webhooks 1.0, with the vector of its reference libraries.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::signature::{Receipt, Verifier};
use hookyard_domain::webhook::UnverifiedWebhook;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::json;

use crate::support::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIMESTAMP: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn standard() -> Verifier {
    let rules = json!({
        "verify": { "scheme": "standard-webhooks", "secret": "/secret" },
        "dedupe": [{ "header": "Webhook-Id" }],
    });
    compile(&rules, json!({ "secret": SECRET }), false).expect("valid")
}

fn webhook(signature: &str) -> UnverifiedWebhook {
    post(BODY)
        .header("webhook-id", ID)
        .header("webhook-timestamp", TIMESTAMP.to_string())
        .header("webhook-signature", signature)
}

fn at(verifier: &Verifier, webhook: UnverifiedWebhook, seconds: i64) -> bool {
    matches!(verifier.verify(webhook, Timestamp::from_millis(seconds * 1_000)), Ok(Receipt::Webhook(_)))
}

#[test]
fn the_published_vector_passes_for_five_minutes_both_ways() {
    let verifier = standard();
    for (seconds, fresh) in [(0, true), (300, true), (301, false), (-300, true), (-301, false), (1_000_000, false)] {
        assert_eq!(at(&verifier, webhook(SIGNATURE), TIMESTAMP + seconds), fresh, "{seconds}");
    }
}

#[test]
fn the_id_is_signed_and_thus_a_dedupe_key() {
    let Ok(Receipt::Webhook(verified)) =
        standard().verify(webhook(SIGNATURE), Timestamp::from_millis(TIMESTAMP * 1_000))
    else {
        panic!("not accepted")
    };
    assert_eq!(verified.dedupe_key(), Some(&*format!("header:webhook-id\n{ID}")));
    assert_eq!(verified.verified_by(), "standard-webhooks");
}

#[test]
fn one_of_up_to_eight_signatures_must_fit() {
    let verifier = standard();
    let other = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let others = |count: usize| vec![other; count].join(" ");
    for (signatures, passes) in [
        (format!("{other} {SIGNATURE}"), true),
        (format!("v1a,xyz {SIGNATURE} v2,abc"), true),
        (format!("{} {SIGNATURE}", others(7)), true),
        (format!("{} {SIGNATURE}", others(8)), false),
        (format!("{SIGNATURE} {}", others(100)), true),
        (others(2), false),
        (SIGNATURE.replace("v1,", "v1a,"), false),
        (SIGNATURE.replace("v1,", ""), false),
        (SIGNATURE.replace("v1,", "v1,v1,"), false),
        ("v1,".to_owned(), false),
        (" ".to_owned(), false),
    ] {
        assert_eq!(at(&verifier, webhook(&signatures), TIMESTAMP), passes, "{signatures}");
    }
}

#[test]
fn each_part_of_what_is_signed_counts() {
    let verifier = standard();
    let with = |id: &str, timestamp: &str, body: &[u8]| {
        post(body)
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", SIGNATURE)
    };
    let timestamp = TIMESTAMP.to_string();
    assert!(at(&verifier, with(ID, &timestamp, BODY), TIMESTAMP));
    for webhook in [
        with("msg_other", &timestamp, BODY),
        with("", &timestamp, BODY),
        with(ID, &(TIMESTAMP + 1).to_string(), BODY),
        with(ID, &format!("0{timestamp}"), BODY),
        with(ID, "now", BODY),
        with(ID, &timestamp, b"{}"),
        with(ID, &timestamp, BODY).header("webhook-id", ID),
        post(BODY).header("webhook-signature", SIGNATURE),
    ] {
        assert!(!at(&verifier, webhook.clone(), TIMESTAMP), "{webhook:?}");
    }
}

#[test]
fn svix_names_its_headers_otherwise() {
    let rule = json!({ "scheme": "standard-webhooks", "secret": "/secret", "header": "Svix-Signature" });
    let verifier = verifier(rule, json!({ "secret": [SECRET, "whsec_AAAA"] }));
    let svix = post(BODY)
        .header("svix-id", ID)
        .header("svix-timestamp", TIMESTAMP.to_string())
        .header("svix-signature", SIGNATURE);
    assert!(at(&verifier, svix, TIMESTAMP));
    assert!(!at(&verifier, webhook(SIGNATURE), TIMESTAMP));
}

#[test]
fn asymmetric_signatures_are_checked_with_the_public_key() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).expect("32 bytes");
    let key = format!("whpk_{}", base64(pair.public_key().as_ref()));
    let verifier = verifier(json!({ "scheme": "standard-webhooks", "secret": "/secret" }), json!({ "secret": key }));
    let signed = [format!("{ID}.{TIMESTAMP}.").as_bytes(), BODY].concat();
    let signature = base64(pair.sign(&signed).as_ref());
    assert!(at(&verifier, webhook(&format!("v1a,{signature}")), TIMESTAMP));
    assert!(!at(&verifier, webhook(&format!("v1,{signature}")), TIMESTAMP));
}

#[test]
fn a_secret_that_is_not_base64_is_a_problem() {
    let rules = json!({ "verify": { "scheme": "standard-webhooks", "secret": "/secret" } });
    let problems = compile(&rules, json!({ "secret": "whsec_my secret!" }), false).expect_err("refused");
    assert_eq!(problems[0].pointer, "/secret");
    assert!(!problems[0].message.contains("my secret"));
}
