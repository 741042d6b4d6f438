//! How well-known providers sign, written as data.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::signature::{Receipt, Verifier};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::json;

use crate::support::*;

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

fn fresh_at(verifier: &Verifier, webhook: hookyard_domain::webhook::UnverifiedWebhook, seconds: i64) -> bool {
    matches!(verifier.verify(webhook, Timestamp::from_millis(seconds * 1_000)), Ok(Receipt::Webhook(_)))
}

#[test]
fn github_publishes_this_vector() {
    let rule = json!({ "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "X-Hub-Signature-256",
        "prefix": "sha256=", "secret": "/secret" });
    let verifier = verifier(rule, json!({ "secret": "It's a Secret to Everybody" }));
    let digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let signed = |value: String| post("Hello, World!").header("x-hub-signature-256", value);
    assert!(passes(&verifier, signed(format!("sha256={digits}"))));
    assert!(passes(&verifier, signed(format!("sha256={}", digits.to_uppercase()))));
    for bad in [digits.to_owned(), format!("sha1={digits}"), format!("SHA256={digits}"), "sha256=".to_owned()] {
        assert!(unauthorized(&verifier, signed(bad.clone())), "{bad}");
    }
}

#[test]
fn slack_signs_version_time_and_body() {
    let rule = json!({ "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-slack-signature", "prefix": "v0=",
        "signed": "v0:{timestamp}:{body}", "timestamp": { "header": "x-slack-request-timestamp" }, "tolerance_seconds": 300,
        "secret": "/secret" });
    let verifier = verifier(rule, json!({ "secret": SECRET }));
    let body = "token=x&command=%2Fweather&text=94070";
    let signature = format!("v0={}", hex(&hmac_sha256(SECRET.as_bytes(), format!("v0:{NOW}:{body}"))));
    let request = |time: i64| {
        post(body).header("x-slack-signature", &signature).header("x-slack-request-timestamp", time.to_string())
    };
    assert!(fresh_at(&verifier, request(NOW), NOW));
    assert!(fresh_at(&verifier, request(NOW), NOW + 300));
    assert!(!fresh_at(&verifier, request(NOW), NOW + 301));
    assert!(!fresh_at(&verifier, request(NOW), NOW - 301));
    assert!(!fresh_at(&verifier, request(NOW + 1), NOW));
}

#[test]
fn stripe_puts_time_and_signatures_into_one_header() {
    let rule = json!({ "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "stripe-signature", "parts": ",",
        "signature_part": "v1", "signed": "{part:t}.{body}", "timestamp": { "part": "t" }, "tolerance_seconds": 300,
        "secret": "/secret" });
    let verifier = verifier(rule, json!({ "secret": SECRET }));
    let good = hex(&hmac_sha256(SECRET.as_bytes(), format!("{NOW}.{{}}")));
    let zeros = "00".repeat(32);
    for (header, passes) in [
        (format!("t={NOW},v1={good}"), true),
        (format!("t={NOW}, v1={good} ,v0=abc"), true),
        (format!("t={NOW},v1={zeros},v1={good}"), true),
        (format!("v1=zz,v1={good},t={NOW}"), true),
        (format!("t={NOW},v0={good}"), false),
        (format!("t={NOW}"), false),
        (format!("v1={good}"), false),
        (format!("t={NOW},t={NOW},v1={good}"), false),
        (format!("t={},v1={good}", NOW + 1), false),
        (format!("t={NOW},v1={}{good}", format!("{zeros},v1=").repeat(8)), false),
    ] {
        assert_eq!(fresh_at(&verifier, post("{}").header("stripe-signature", &header), NOW), passes, "{header}");
    }
    assert!(!fresh_at(&verifier, post("{}").header("stripe-signature", format!("t={NOW},v1={good}")), NOW + 301));
}

#[test]
fn shopify_signs_the_body_in_base64() {
    let rule = json!({ "scheme": "hmac", "hash": "sha256", "encoding": "base64", "header": "x-shopify-hmac-sha256",
        "secret": "/secret" });
    let verifier = verifier(rule, json!({ "secret": SECRET }));
    let body = "{\"id\":820982911946154508}";
    let signature = base64(&hmac_sha256(SECRET.as_bytes(), body));
    assert!(passes(&verifier, post(body).header("x-shopify-hmac-sha256", &signature)));
    assert!(unauthorized(&verifier, post("{}").header("x-shopify-hmac-sha256", signature)));
}

#[test]
fn twilio_signs_the_url_and_the_sorted_form() {
    let rule = json!({ "scheme": "hmac", "hash": "sha1", "encoding": "base64", "header": "x-twilio-signature",
        "signed": "{url}{form:sorted}", "secret": "/token" });
    let verifier = verifier(rule, json!({ "token": "12345" }));
    let url = "https://hooks.example.com/webhooks/shop/sms?foo=1&bar=2";
    let signed = format!("{url}CallSidCA1234567890ABCDECaller+14158675309Digits1234From+14158675309To+18005551212");
    let signature = base64(&hmac_sha1(b"12345", signed));
    let body = "To=%2B18005551212&From=%2B14158675309&Digits=1234&Caller=%2B14158675309&CallSid=CA1234567890ABCDE";
    let request =
        |body: &str, query: &str| post(body).path("/sms").query(query).header("x-twilio-signature", &signature);
    assert!(passes(&verifier, request(body, "foo=1&bar=2")));
    assert!(unauthorized(&verifier, request(body, "bar=2&foo=1")));
    assert!(unauthorized(&verifier, request(&body.replace("1234&", "1235&"), "foo=1&bar=2")));
    assert!(unauthorized(&verifier, request(&format!("{body}&Extra=1"), "foo=1&bar=2")));
}

#[test]
fn discord_signs_time_and_body_with_ed25519() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).expect("32 bytes");
    let public = pair.public_key().as_ref();
    let spki = base64(&[&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0][..], public].concat());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----\n");
    let body = b"{\"type\":1,\"x\":\"\xff\0\"}";
    let signature = pair.sign(&[NOW.to_string().as_bytes(), body].concat());
    for key in [hex(public), hex(public).to_uppercase(), base64(public), spki, pem] {
        for (encoding, text) in [
            (json!("hex"), hex(signature.as_ref())),
            (json!(null), hex(signature.as_ref())),
            (json!(null), base64(signature.as_ref())),
        ] {
            let rule = json!({ "scheme": "ed25519", "encoding": encoding, "header": "x-signature-ed25519", "public_key": "/key",
                "signed": "{timestamp}{body}", "timestamp": { "header": "x-signature-timestamp" }, "tolerance_seconds": 60 });
            let verifier = verifier(rule, json!({ "key": key }));
            let request = |time: i64| {
                post(*body).header("x-signature-ed25519", &text).header("x-signature-timestamp", time.to_string())
            };
            assert!(fresh_at(&verifier, request(NOW), NOW), "{key}");
            assert!(!fresh_at(&verifier, request(NOW + 1), NOW));
            assert!(!fresh_at(&verifier, request(NOW), NOW + 61));
        }
    }
}

#[test]
fn mailgun_signs_two_members_of_the_body_and_its_ids_count_only_with_them() {
    let rules = json!({
        "verify": { "scheme": "hmac", "hash": "sha256", "encoding": "hex", "signature": "body:/signature/signature",
            "signed": "{timestamp}{body:/signature/token}", "timestamp": { "body": "/signature/timestamp" },
            "tolerance_seconds": 600, "secret": "/key" },
        "dedupe": [{ "body": "/event-data/id" }],
    });
    let verifier = compile(&rules, json!({ "key": SECRET }), false).expect("valid");
    let body = |id: &str, token: &str| {
        let signature = hex(&hmac_sha256(SECRET.as_bytes(), format!("{NOW}{token}")));
        json!({ "signature": { "timestamp": NOW.to_string(), "token": token, "signature": signature },
            "event-data": { "id": id } })
        .to_string()
    };
    let key = |id: &str, token: &str| accepted(&verifier, post(body(id, token))).dedupe_key().map(str::to_owned);
    assert!(key("a", "t1").is_some());
    assert_eq!(key("a", "t1"), key("a", "t1"));
    assert_ne!(key("a", "t1"), key("a", "t2"), "another request must not pass for a repeat of this one");
    assert_ne!(key("a", "t1"), key("b", "t1"));
    assert!(unauthorized(&verifier, post(body("a", "t1").replace("t1", "t2"))));
    assert!(unauthorized(&verifier, post("not json")));
    assert!(unauthorized(&verifier, post("{\"signature\":{\"signature\":null}}")));
}

#[test]
fn a_signature_may_stand_in_the_query_or_in_a_form() {
    let verify = |place: &str, signed: &str| {
        let rule = json!({ "scheme": "hmac", "hash": "sha512", "encoding": "base64url", "signature": place, "signed": signed,
            "secret": "/secret" });
        verifier(rule, json!({ "secret": SECRET }))
    };
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA512, SECRET.as_bytes());
    let sign = |signed: &str| {
        let encoded = base64(ring::hmac::sign(&key, signed.as_bytes()).as_ref());
        encoded.replace('+', "-").replace('/', "_")
    };
    let path = verify("query:sig", "{method} {path} {query:id}\n{body}");
    let signature = sign("POST /webhooks/shop/a%20b x y\nBODY");
    let request = |sig: &str| post("BODY").path("/a%20b").query(&format!("id=x+y&sig={sig}"));
    assert!(passes(&path, request(&signature)));
    assert!(passes(&path, request(signature.trim_end_matches('='))));
    assert!(unauthorized(&path, request(&format!("{signature}&sig=1"))));
    let form = verify("form:sig", "{header:X-Account}:{query:id}");
    let signature = sign("acme:7");
    let body = format!("a=1&sig={}", signature.replace('=', "%3D"));
    assert!(passes(&form, post(body.clone()).query("id=7").header("x-account", " acme ")));
    assert!(unauthorized(&form, post(body).query("id=8").header("x-account", "acme")));
}

#[test]
fn times_in_milliseconds_are_understood() {
    let rule = json!({ "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-signature",
        "signed": "{header:x-time}.{body}", "timestamp": { "header": "x-time", "unit": "ms" }, "tolerance_seconds": 5,
        "secret": "/secret" });
    let verifier = verifier(rule, json!({ "secret": SECRET }));
    for (offset, fresh) in [(5_000, true), (5_001, false), (-5_000, true), (-5_001, false)] {
        let time = (NOW * 1_000 + offset).to_string();
        let signature = hex(&hmac_sha256(SECRET.as_bytes(), format!("{time}.x")));
        let request = post("x").header("x-signature", signature).header("x-time", time);
        assert_eq!(fresh_at(&verifier, request, NOW), fresh, "{offset}");
    }
}
