//! Activation: the key is tried, and the rest is said.

use hookyard_sdk::http::{self, Response};
use serde_json::json;

use crate::script::{asked, host, list, ok, refused, shown, timeout};

/// What is said where the key is accepted.
fn steps() -> Vec<String> {
    host(&json!({}), vec![list(&[])]).activate().expect("the key is accepted").setup
}

#[test]
fn activation_asks_for_one_tracking_and_says_what_is_left_to_do() {
    let host = host(&json!({}), vec![list(&[])]);
    let setup = host.activate().expect("the key is accepted").setup.join("\n");
    assert_eq!(asked(&host), ["GET https://api.aftership.com/tracking/2024-04/trackings?limit=1"]);
    let named = [
        "https://hooks.example.com/webhooks/test",
        "Tracking → Notifications → Webhooks → Add Webhook",
        "Legacy",
        "copy the secret",
        "AfterShip sends tracking webhooks on the Pro plan and above",
        "AfterShip has no API to do this for you",
    ];
    for words in named {
        assert!(setup.contains(words), "{words}: {setup}");
    }
    assert!(!setup.contains("503") && !setup.contains("whs_test"), "{setup}");
}

#[test]
fn activation_says_that_webhooks_wait_for_the_secret() {
    let without_secret = json!({ "api_key": "k" });
    let host = hookyard_sdk::testing::Host::<aftership::AfterShip>::new(&without_secret).provider(|_| list(&[]));
    assert!(host.activate().expect("accepted").setup.iter().any(|step| step.contains("503")));
}

#[test]
fn a_key_that_is_not_accepted_makes_the_connection_unhealthy() {
    for (status, kind) in [(401, "Unauthorized"), (403, "Forbidden")] {
        let host = host(&json!({}), vec![refused(status, u32::from(status), kind, "The API key is invalid.")]);
        let error = host.activate().expect_err("not accepted");
        let (error_kind, code, mut details) = shown(&error);
        assert_eq!((error_kind.as_str(), code.as_str()), ("Unauthorized", "provider-unauthorized"));
        assert_eq!(details["setup"].take(), json!(steps()));
        let expected = json!({ "http_status": status, "meta_code": status, "meta_type": kind, "setup": null });
        assert_eq!(details, expected);
        assert_eq!(error.message, "the key is not accepted, or the plan has no tracking access");
    }
}

#[test]
fn a_provider_that_cannot_be_reached_is_tried_again() {
    let unreachable = ["dns", "connect", "tls", "timeout", "closed"];
    for code in unreachable {
        let answer = Err(http::Error::new(code, "no way"));
        let error = host(&json!({}), vec![answer]).activate().expect_err("unreachable");
        let details = json!({ "setup": steps() });
        assert_eq!(shown(&error), ("Unavailable".into(), "provider-unavailable".into(), details), "{code}");
    }
}

#[test]
fn every_failure_says_what_is_left_to_do() {
    let failures = [
        refused(401, 401, "Unauthorized", "The API key is invalid."),
        refused(429, 429, "TooManyRequests", "slow down"),
        refused(400, 4008, "BadRequest", "no such version"),
        Ok(Response::new(502).with_body("<html>")),
        Ok(Response::new(200).with_body("{")),
        Err(http::Error::new("denied", "not granted")),
        timeout(),
    ];
    for failure in failures {
        let what = format!("{failure:?}");
        let error = host(&json!({}), vec![failure]).activate().expect_err("it fails");
        assert_eq!(shown(&error).2["setup"], json!(steps()), "{what}");
    }
}

#[test]
fn base_and_version_say_where_the_api_is() {
    let rows = [
        (json!({ "api_version": "v4" }), "https://api.aftership.com/v4"),
        (json!({ "api_version": "2026-01" }), "https://api.aftership.com/tracking/2026-01"),
        (json!({ "api_base": "http://127.0.0.1:9/" }), "http://127.0.0.1:9/tracking/2024-04"),
        (json!({ "api_base": "https://gate.example/a", "api_version": "v4" }), "https://gate.example/a/v4"),
    ];
    for (config, base) in rows {
        let host = host(&config, vec![ok(&json!({ "pagination": {}, "trackings": [] }))]);
        host.activate().expect("accepted");
        assert_eq!(asked(&host), [format!("GET {base}/trackings?limit=1")]);
    }
}

#[test]
fn the_plugin_sends_no_key_by_itself() {
    let host = host(&json!({}), vec![list(&[])]);
    host.activate().expect("accepted");
    let request = &host.requests()[0];
    let placeholder = host.placeholder("/api_key");
    assert!(request.headers.iter().all(|(name, value)| name != "as-api-key" && !value.contains(&placeholder)));
    assert!(!request.url.contains(&placeholder));
}
