//! Tokens that a guest names by `secrets.token`.

use serde_json::{Value, json};

use super::token_world::TokenWorld;
use super::*;
use crate::refusal::RefusalCode;
use crate::test_host::TestConnection;

/// A world, and a connection whose `password` may go into forms and headers of the token endpoint, and nowhere else.
async fn world() -> (TokenWorld, TestConnection) {
    let world = TokenWorld::new().await;
    let credentials = json!([{"hosts": ["auth.test"], "place": ["form", "header"], "secret": "/password"}]);
    let connection = world.connection(&credentials);
    (world, connection)
}

fn document(world: &TokenWorld, connection: &TestConnection) -> Value {
    json!({"hosts": ["api.test"], "oauth2": {"grant": "client_credentials", "client_id": "me", "client_auth": "body",
        "token_url": world.provider.url("auth.test", "/token"), "client_secret": connection.placeholder("/password")}})
}

fn bearing(url: String, placeholder: &str) -> HttpRequest {
    HttpRequest { headers: vec![("authorization".into(), format!("Bearer {placeholder}"))], ..get(url) }
}

#[tokio::test]
async fn a_named_token_is_fetched_when_a_request_needs_it_and_shared() {
    let (world, connection) = world().await;
    let document = document(&world, &connection).to_string();
    for _ in 0..2 {
        let effects = world.invocation(&connection);
        let placeholder = effects.fetch_token(&document).expect("a placeholder");
        assert_eq!(effects.fetch_token(&document), Ok(placeholder.clone()), "the same gives the same");
        assert!(placeholder.starts_with("hysec_") && placeholder.len() == 38);
        let request = bearing(world.api(), &placeholder);
        assert_eq!(effects.requests().send(request.clone()).await.expect("an answer").status, 200);
        refused(world.invocation(&connection).requests().send(request).await, HttpErrorCode::Denied);
    }
    let asked = world.seen("/token");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].body, "grant_type=client_credentials&client_id=me&client_secret=hunter2-hunter2");
    assert!(world.seen("/api").iter().all(|seen| seen.header("authorization") == Some("Bearer token-1")));
    world.issuer.revoke(1);
    let effects = world.invocation(&connection);
    let placeholder = effects.fetch_token(&document).expect("a placeholder");
    assert_eq!(effects.requests().send(bearing(world.api(), &placeholder)).await.expect("an answer").status, 200);
    assert_eq!(world.issuer.issued(), 2, "one more after a 401");
}

#[tokio::test]
async fn a_document_alone_fetches_nothing() {
    let (world, connection) = world().await;
    world.invocation(&connection).fetch_token(&document(&world, &connection).to_string()).expect("a placeholder");
    assert!(world.provider.seen().is_empty());
}

#[tokio::test]
async fn a_named_token_stands_in_headers_to_its_hosts_only() {
    let (world, connection) = world().await;
    let effects = world.invocation(&connection);
    let placeholder = effects.fetch_token(&document(&world, &connection).to_string()).expect("a placeholder");
    let json = format!("{{\"token\": \"{placeholder}\"}}");
    let rows = [
        (bearing(world.provider.url("other.test", "/"), &placeholder), "does not name http://other.test"),
        (get(format!("{}?t={placeholder}", world.api())), "in values of headers only"),
        (post(world.api(), "application/json", json), "in values of headers only"),
        (get(format!("{}/{placeholder}", world.api())), "in values of headers only"),
    ];
    for (request, says) in rows {
        let message = refused(effects.requests().send(request).await, HttpErrorCode::Denied);
        assert!(message.contains(says), "{message}");
    }
    let derived = effects.derive_secret("base64", &placeholder).expect_err("it is no secret of the config");
    assert_eq!(derived.code, RefusalCode::Denied);
    assert!(world.provider.seen().is_empty());
}

#[tokio::test]
async fn secrets_go_to_the_token_endpoint_only_where_a_credential_lets_them() {
    let (world, connection) = world().await;
    let effects = world.invocation(&connection);
    let (password, key) = (connection.placeholder("/password"), connection.placeholder("/api_key"));
    let url = world.provider.url("auth.test", "/token");
    let exchange = |exchange: Value| {
        let mut exchange = exchange;
        exchange["pointer"] = json!("/access_token");
        exchange["url"] = exchange.get("url").cloned().unwrap_or_else(|| json!(url));
        effects.fetch_token(&json!({"hosts": ["api.test"], "exchange": exchange}).to_string())
    };
    exchange(json!({"form": {"p": password}, "headers": {"x-p": format!("Key {password}")}})).expect("as it may");
    let elsewhere = world.provider.url("api.test", "/token");
    for (refused, at, says) in [
        (json!({"json": {"p": password}}), "/exchange/json/p", "/password into the JSON body"),
        (json!({"form": {"p": key}}), "/exchange/form/p", "/api_key"),
        (json!({"form": {(password): "x"}}), "/exchange/form/", "no secret may go there"),
        (json!({"url": format!("{url}?p={password}")}), "/exchange/url", "no secret may go there"),
        (json!({"url": elsewhere, "form": {"p": password}}), "/exchange/form/p", "a request to http://api.test"),
        (
            json!({"form": {"p": "hysec_00000000000000000000000000000000"}}),
            "/exchange/form/p",
            "no secret of this invocation",
        ),
    ] {
        let refusal = exchange(refused.clone()).expect_err("denied");
        assert_eq!(refusal.code, RefusalCode::Denied, "{refusal}");
        assert!(refusal.message.starts_with(at) && refusal.message.contains(says), "{refused}: {refusal}");
    }
}

#[tokio::test]
async fn a_bad_document_is_refused_at_once_and_names_the_member() {
    let (world, connection) = world().await;
    let effects = world.invocation(&connection);
    let good = document(&world, &connection);
    let with = |pointer: &str, value: Value| {
        let mut document = good.clone();
        *document.pointer_mut(pointer).expect("a member") = value;
        document.to_string()
    };
    let rows = [
        ("{".to_owned(), "/: is not JSON"),
        ("{}".to_owned(), "/hosts: "),
        (with("/hosts", json!([])), "/hosts: "),
        (with("/hosts/0", json!("*.*.test")), "/hosts/0: "),
        (with("/hosts/0", json!(7)), "/hosts/0: "),
        (with("/oauth2/grant", json!("password")), "/oauth2/grant: "),
        (with("/oauth2/grant", json!("refresh_token")), "/oauth2/refresh_token: "),
        (with("/oauth2/token_url", json!("/token")), "/oauth2/token_url: "),
        (with("/oauth2/client_id", json!(null)), "/oauth2/client_id: "),
        (with("/oauth2", json!(null)), "/: has exactly one"),
        (with("/oauth2/client_auth", json!("mtls")), "/oauth2/client_auth: "),
        (json!({"hosts": ["a.test"], "exchange": {"url": "https://a.test", "pointer": "token"}}).to_string(), "/exchange/pointer: "),
        (json!({"hosts": ["a.test"], "exchange": {"url": "https://a.test", "pointer": "/t", "tokn": 1}}).to_string(), "/exchange/tokn: "),
        (json!({"hosts": ["a.test"], "exchange": {"url": "https://a.test", "pointer": "/t", "json": {}, "form": {}}}).to_string(), "/exchange/form: "),
        (json!({"hosts": ["a.test"], "exchange": {"url": "https://a.test", "pointer": "/t", "headers": {"host": "x"}}}).to_string(), "/exchange/headers/host: "),
    ];
    for (document, begins) in rows {
        let refusal = effects.fetch_token(&document).expect_err(&document);
        assert_eq!(refusal.code, RefusalCode::Invalid, "{refusal}");
        assert!(refusal.message.starts_with(begins), "{document}: {refusal}");
    }
}

#[tokio::test]
async fn an_invocation_names_so_many_tokens() {
    let (world, connection) = world().await;
    let effects = world.invocation(&connection);
    let numbered = |n: usize| {
        let mut document = document(&world, &connection);
        document["oauth2"]["scope"] = json!(n.to_string());
        effects.fetch_token(&document.to_string())
    };
    for n in 0..limit::TOKEN_DOCUMENTS_MAX {
        numbered(n).expect("a placeholder");
    }
    assert_eq!(numbered(limit::TOKEN_DOCUMENTS_MAX).expect_err("too many").code, RefusalCode::TooMany);
    numbered(0).expect("the same is no further one");
}

#[tokio::test]
async fn a_provider_that_repeats_a_secret_does_not_make_it_a_token() {
    let (world, connection) = world().await;
    world.issuer.say(200, r#"{"access_token": "hunter2-hunter2"}"#);
    let effects = world.invocation(&connection);
    let placeholder = effects.fetch_token(&document(&world, &connection).to_string()).expect("a placeholder");
    let message = refused(effects.requests().send(bearing(world.api(), &placeholder)).await, HttpErrorCode::Denied);
    assert!(message.contains("is a secret of the config"), "{message}");
    assert!(world.seen("/api").is_empty());
}

#[tokio::test]
async fn nothing_that_a_guest_has_derived_comes_back_by_way_of_a_token_endpoint() {
    let (world, connection) = world().await;
    let effects = world.invocation(&connection);
    let once = effects.derive_secret("hex", connection.placeholder("/password")).expect("a placeholder");
    let twice = effects.derive_secret("base64", &once).expect("a placeholder");
    let thrice = effects.derive_secret("hex", &twice).expect("a placeholder");
    let known = effects.known_secret(&thrice).expect("known").text.clone();
    let mut document = document(&world, &connection);
    document["oauth2"]["client_secret"] = json!(thrice);
    let placeholder = effects.fetch_token(&document.to_string()).expect("a placeholder");
    let send = || async { effects.requests().send(bearing(world.api(), &placeholder)).await };
    let said = json!({"error": "no", "error_description": format!("{} is no client", known.expose())});
    world.issuer.say(401, said.to_string());
    let message = refused(send().await, HttpErrorCode::TokenRefused);
    assert!(message.contains("no: ••• is no client"), "{message}");
    world.issuer.say(200, json!({"access_token": known.expose()}).to_string());
    refused(send().await, HttpErrorCode::Denied);
    assert!(world.seen("/api").is_empty());
}
