//! Tokens and Basic authentication.

use hookyard_domain::signature::{Refused, Verifier};
use serde_json::json;

use crate::support::*;

const TOKEN: &str = "Zk3_22-characters-or-more";

fn anywhere() -> Verifier {
    let rule =
        json!({ "scheme": "token", "secret": "/token", "query": "token", "header": "X-Webhook-Token", "path": true });
    let rules = json!({ "verify": rule, "dedupe": [{ "body": "/id" }], "order": [{ "body": "/chat" }] });
    compile(&rules, json!({ "token": [TOKEN, "the other one"] }), false).expect("valid")
}

#[test]
fn a_token_passes_in_each_declared_place_and_goes_no_further() {
    let verifier = anywhere();
    let body = "{\"id\":1,\"chat\":\"c\"}";
    let webhook = accepted(&verifier, post(body).query(&format!("a=1&token={TOKEN}&b=%20")).path("/x"));
    assert_eq!((webhook.query(), webhook.path()), ("a=1&token=***&b=%20", "/x"));
    let webhook = accepted(&verifier, post(body).path(&format!("/{TOKEN}/sms")).query("a=1"));
    assert_eq!((webhook.query(), webhook.path()), ("a=1", "/***/sms"));
    let webhook = accepted(&verifier, post(body).path(&format!("/{TOKEN}")));
    assert_eq!(webhook.path(), "/***");
    let webhook = accepted(&verifier, post(body).header("x-webhook-token", TOKEN).header("x-other", "1"));
    assert_eq!(webhook.headers()[0].1, b"***");
    assert_eq!(webhook.headers()[1].1, b"1");
    assert!(webhook.sensitive_headers().contains(&"x-webhook-token".to_owned()));
    assert_eq!(webhook.dedupe_key(), Some("body:/id\n1"));
    assert_eq!(webhook.order_key(), Some("c"));
    assert_eq!(webhook.verified_by(), "token");
    let both = accepted(&verifier, post(body).query("token=wrong").path(&format!("/{TOKEN}")));
    assert_eq!((both.query(), both.path()), ("token=***", "/***"));
    assert!(passes(&verifier, post(body).query("token=the%20other+one")));
    for shown in [format!("{webhook:?}"), format!("{both:?}"), format!("{verifier:?}")] {
        assert!(!shown.contains(TOKEN), "{shown}");
    }
}

#[test]
fn a_wrong_missing_or_repeated_token_is_refused() {
    let verifier = anywhere();
    for query in ["", "token=", "token=x", "Token=Zk3_22-characters-or-more", &format!("token={TOKEN}&token={TOKEN}")] {
        assert!(unauthorized(&verifier, post("{}").query(query)), "{query}");
    }
    for path in ["", "/", "//", "/x", &format!("/x/{TOKEN}"), &format!("//{TOKEN}"), &format!("/{TOKEN}x")] {
        assert!(unauthorized(&verifier, post("{}").path(path)), "{path}");
    }
    let twice = post("{}").header("x-webhook-token", TOKEN).header("x-webhook-token", TOKEN);
    assert!(unauthorized(&verifier, twice));
    assert!(unauthorized(&verifier, post("{}").header("x-webhook-token", TOKEN.to_lowercase())));
}

#[test]
fn a_token_may_have_a_prefix_and_stand_in_the_body() {
    let bearer = json!({ "scheme": "token", "secret": "/token", "header": "authorization", "prefix": "Bearer " });
    let bearer = verifier(bearer, json!({ "token": TOKEN }));
    assert!(passes(&bearer, post("").header("authorization", format!("Bearer {TOKEN}"))));
    assert!(unauthorized(&bearer, post("").header("authorization", TOKEN)));
    let body = verifier(
        json!({ "scheme": "token", "secret": "/token", "signature": "body:/auth/token" }),
        json!({ "token": TOKEN }),
    );
    assert!(passes(&body, post(json!({ "auth": { "token": TOKEN } }).to_string())));
    assert!(unauthorized(&body, post(format!("{{\"auth\":{{\"token\":\"x\",\"token\":\"{TOKEN}\"}}}}"))));
}

#[test]
fn basic_authentication_compares_user_and_password() {
    let rule = json!({ "scheme": "basic", "user": "/user", "secret": "/password" });
    let basic = verifier(rule.clone(), json!({ "user": "hooks", "password": ["päss:word", "next"] }));
    let with = |scheme: &str, credentials: &str| {
        post("{}").header("authorization", format!("{scheme} {}", base64(credentials.as_bytes())))
    };
    let webhook = accepted(&basic, with("Basic", "hooks:päss:word"));
    assert_eq!((webhook.verified_by(), &*webhook.headers()[0].1), ("basic", &b"***"[..]));
    assert!(passes(&basic, with("bASIC", "hooks:next")));
    for webhook in [
        with("Basic", "hooks:other"),
        with("Basic", "Hooks:next"),
        with("Basic", ":next"),
        with("Basic", "next"),
        with("Bearer", "hooks:next"),
        post("{}").header("authorization", "Basic hooks:next"),
        post("{}").header("authorization", "Basic"),
        post("{}"),
        with("Basic", "hooks:next").header("authorization", "Basic x"),
    ] {
        assert!(unauthorized(&basic, webhook.clone()), "{webhook:?}");
    }
    let no_user = verifier(rule, json!({ "password": "next" }));
    assert_eq!(no_user.verify(with("Basic", ":next"), now()).err(), Some(Refused::NoSecret));
    let whole =
        verifier(json!({ "scheme": "basic", "secret": "/credentials" }), json!({ "credentials": "hooks:next" }));
    assert!(passes(&whole, with("Basic", "hooks:next")));
    assert!(unauthorized(&whole, with("Basic", "x:next")));
}

#[test]
fn the_scheme_none_needs_the_operators_grant() {
    let rules = json!({ "verify": { "scheme": "none" }, "dedupe": [{ "body": "/id" }] });
    let closed = compile(&rules, json!({}), false).expect("valid");
    assert_eq!(closed.verify(post("{}"), now()).err(), Some(Refused::NoSecret));
    let open = compile(&rules, json!({}), true).expect("valid");
    let key = |body: &str| accepted(&open, post(body)).dedupe_key().map(str::to_owned);
    assert_eq!(key("{\"id\":1}"), key("{\"id\":1}"));
    assert_ne!(
        key("{\"id\":1}"),
        key("{\"id\":1 }"),
        "nobody vouches for the id, so that only equal bodies are repeats"
    );
}
