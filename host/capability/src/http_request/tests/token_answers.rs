//! What becomes of a request whose token cannot be had.

use serde_json::json;

use super::provider::{Provider, raw, reply};
use super::token_world::TokenWorld;
use super::*;

#[tokio::test]
async fn each_answer_of_a_token_endpoint_has_its_code() {
    use HttpErrorCode::{TokenInvalid, TokenRefused, TokenUnavailable};
    let rows = [
        (
            400,
            r#"{"error": "invalid_grant", "error_description": "it is used up"}"#,
            TokenRefused,
            "400: invalid_grant: it is used up",
        ),
        (401, "who are you?", TokenRefused, "answered 401"),
        (403, r#"{"error_description": "not you"}"#, TokenRefused, "answered 403: not you"),
        (429, "{}", TokenUnavailable, "429"),
        (408, "", TokenUnavailable, "408"),
        (500, "", TokenUnavailable, "500"),
        (503, r#"{"error": "busy"}"#, TokenUnavailable, "503: busy"),
        (302, "", TokenInvalid, "302"),
        (404, "", TokenInvalid, "404"),
        (200, "", TokenInvalid, "not JSON"),
        (200, "<html>", TokenInvalid, "not JSON"),
        (200, "{}", TokenInvalid, "holds no token"),
        (200, r#"{"access_token": null}"#, TokenInvalid, "holds no token"),
        (200, r#"{"access_token": 7}"#, TokenInvalid, "not a text"),
        (200, r#"{"access_token": ""}"#, TokenInvalid, "cannot be sent"),
        (200, r#"{"access_token": "a\r\nb: c"}"#, TokenInvalid, "cannot be sent"),
        (200, r#"{"error": "invalid_client"}"#, TokenInvalid, "invalid_client"),
        (200, r#"{"access_token": "t", "error": "no"}"#, TokenInvalid, ": no"),
    ];
    let world = TokenWorld::new().await;
    let connection = world.connection(&world.oauth2());
    for (status, body, code, says) in rows {
        world.issuer.say(status, body);
        let effects = world.invocation(&connection);
        let message = refused(effects.requests().send(post(world.api(), "text/plain", "x")).await, code);
        assert!(message.contains(says) && message.contains("has no token"), "{status} {body}: {message}");
        assert!(message.contains(&world.provider.url("auth.test", "/token")), "{message}");
        let draft = effects.into_draft();
        assert!(!draft.sent_unsafe && !draft.provider_accepted, "nothing was sent");
        assert_eq!(
            draft.log.lines.len(),
            usize::from(code != TokenUnavailable),
            "{status} {body}: the operator is told of what he can mend"
        );
    }
    let words = [TokenRefused, TokenUnavailable, TokenInvalid].map(HttpErrorCode::as_str);
    assert_eq!(words, ["token-refused", "token-unavailable", "token-invalid"]);
    assert!(world.seen("/api").is_empty() && world.seen("/elsewhere").is_empty());
}

#[tokio::test]
async fn what_a_token_endpoint_says_is_cut_and_shows_no_secret() {
    let world = TokenWorld::new().await;
    let connection = world.connection(&world.refreshing());
    let said = json!({"error": "no", "error_description": format!("hunter2-hunter2 {}refresh-0", "x".repeat(170))});
    world.issuer.say(401, said.to_string());
    let message =
        refused(world.invocation(&connection).requests().send(get(world.api())).await, HttpErrorCode::TokenRefused);
    assert!(
        message.contains("no: ••• xxx") && !message.contains("hunter2") && !message.contains("refresh"),
        "{message}"
    );
    let said = message.split("401: ").nth(1).expect("what it said");
    assert!(said.len() <= limit::TOKEN_ERROR_BYTES_MAX + "…".len(), "{message}");
}

#[tokio::test]
async fn a_token_endpoint_that_cannot_be_reached_may_be_tried_again() {
    let world = TokenWorld::new().await;
    let (garbled, silent) = (raw(b"what?", false).await.port(), raw(b"", false).await.port());
    let large = Provider::start(|_| reply(200, &[], "x".repeat(limit::TOKEN_ANSWER_BYTES_MAX + 1))).await;
    let rows = [
        ("http://gone.test/token".to_owned(), HttpErrorCode::TokenUnavailable),
        ("http://auth.test:1/token".to_owned(), HttpErrorCode::TokenUnavailable),
        (format!("https://auth.test:{garbled}/token"), HttpErrorCode::TokenUnavailable),
        (format!("http://auth.test:{garbled}/token"), HttpErrorCode::TokenUnavailable),
        (format!("http://auth.test:{silent}/token"), HttpErrorCode::TokenUnavailable),
        (large.url("auth.test", "/token"), HttpErrorCode::TokenInvalid),
    ];
    for (url, code) in rows {
        let mut credentials = world.oauth2();
        credentials[0]["oauth2"]["token_url"] = json!(url);
        let grants = json!({"hosts": ["api.test", "auth.test", "gone.test"], "credentials": credentials});
        let connection = world.world.connection(
            &["api.test", "auth.test", "gone.test"],
            &grants["credentials"],
            json!({"password": "p-p-p"}),
        );
        let message = refused(world.invocation(&connection).requests().send(get(world.api())).await, code);
        assert!(message.contains(&url), "{message}");
    }
    assert!(world.provider.seen().is_empty());
}

#[tokio::test]
async fn a_token_endpoint_needs_a_grant_and_an_address_that_may_be_dialled() {
    let world = TokenWorld::new().await;
    let connection = world.world.connection(&["api.test"], &world.oauth2(), json!({"password": "p-p-p"}));
    let effects = world.invocation(&connection);
    let message = refused(effects.requests().send(get(world.api())).await, HttpErrorCode::Denied);
    assert!(
        message.contains("is not granted requests to http://auth.test") && message.contains("grants = {"),
        "{message}"
    );
    assert_eq!(effects.into_draft().log.lines.len(), 1);
    world.world.names.set("auth.test", &[&["10.0.0.1"]]);
    let connection = world.world.connection(&["api.test", "auth.test"], &world.oauth2(), json!({"password": "p-p-p"}));
    let message = refused(world.invocation(&connection).requests().send(get(world.api())).await, HttpErrorCode::Denied);
    assert!(message.contains("10.0.0.1"), "{message}");
    assert!(world.provider.seen().is_empty());
}

#[tokio::test]
async fn a_refused_token_without_a_next_one_is_an_error_of_the_token() {
    let world = TokenWorld::new().await;
    let connection = world.connection(&world.oauth2());
    let send = || async { world.invocation(&connection).requests().send(get(world.api())).await };
    send().await.expect("an answer");
    world.issuer.revoke(1);
    world.issuer.say(503, "");
    refused(send().await, HttpErrorCode::TokenUnavailable);
    assert_eq!(world.seen("/api").len(), 2, "it was refused, and not sent again");
}

#[tokio::test]
async fn an_endpoint_that_always_refuses_is_left_alone_for_a_while() {
    let world = TokenWorld::new().await;
    let connection = world.connection(&world.oauth2());
    world.issuer.say(401, r#"{"error": "invalid_client"}"#);
    let send = || async { world.invocation(&connection).requests().send(get(world.api())).await };
    for _ in 0..2 * limit::TOKEN_REFUSALS_MAX {
        let message = refused(send().await, HttpErrorCode::TokenRefused);
        assert!(message.contains("invalid_client"), "{message}");
    }
    let asked = || u32::try_from(world.seen("/token").len()).expect("few");
    assert_eq!(asked(), limit::TOKEN_REFUSALS_MAX);
    world.world.host.clock.advance(limit::TOKEN_REFUSED_PAUSE);
    for _ in 0..2 {
        refused(send().await, HttpErrorCode::TokenRefused);
    }
    assert_eq!(asked(), limit::TOKEN_REFUSALS_MAX + 1);
    let other = world.life(0, &world.oauth2(), json!({"password": "another-password"}));
    refused(world.invocation(&other).requests().send(get(world.api())).await, HttpErrorCode::TokenRefused);
    assert_eq!(asked(), limit::TOKEN_REFUSALS_MAX + 2, "a changed config is asked with at once");
}
