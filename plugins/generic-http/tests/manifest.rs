//! What the manifest promises, and which configs fit it.

use generic_http::GenericHttp;
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

#[test]
fn the_plugin_asks_for_no_host_and_takes_the_operators_rules() {
    let manifest = Host::<GenericHttp>::manifest();
    assert_eq!((&manifest["name"], manifest.get("hosts")), (&json!("generic-http"), None));
    assert_eq!(manifest["webhook"], json!({ "config": "/incoming" }));
    assert_eq!(
        manifest["credentials"],
        json!([{ "hosts": ["{grant}"], "place": ["header", "path", "query", "form", "json"], "secret": "/secrets/*" }])
    );
    let named = |list: &str, name: &str| -> Vec<String> {
        let entries = manifest[list].as_array().expect("a list").iter();
        entries.map(|entry| entry[name].as_str().expect("a text").to_owned()).collect()
    };
    assert_eq!(named("actions", "name"), ["preview", "test", "run"]);
    assert_eq!(named("events", "kind"), ["request.succeeded", "request.failed", "webhook.received"]);
    let idempotent: Vec<_> =
        manifest["actions"].as_array().expect("a list").iter().map(|action| &action["idempotent"]).collect();
    assert_eq!(idempotent, [&json!(true), &json!(false), &json!(false)]);
    assert_eq!(manifest["config"]["properties"]["secrets"]["additionalProperties"]["writeOnly"], true);
}

#[test]
fn configs_are_checked_and_the_grammar_is_left_to_the_plugin() {
    let fits = |config: &Value| Host::<GenericHttp>::config_problems(config).is_empty();
    let with = |more: Value| {
        let mut request = json!({ "method": "GET", "url": "https://a.example" });
        for (name, value) in more.as_object().into_iter().flatten() {
            request[name] = value.clone();
        }
        json!({ "requests": { "r": request } })
    };
    let right = [
        json!({}),
        json!({ "secrets": { "a": "x" }, "fields": [], "requests": {} }),
        json!({ "incoming": { "verify": { "scheme": "hmac", "header": "x", "secret": "/secrets/a" }, "dedupe": [{ "body": "/id" }] } }),
        with(json!({ "url": "" })),
        with(json!({ "body": { "rows": [{ "key": "", "value": { "text": "" } }] } })),
        with(json!({ "timeout_ms": 60_000, "redirects_max": 5, "success_status": [200] })),
        with(json!({ "path": { "a": { "field": "x", "on_missing": "empty" } } })),
        with(json!({ "path": { "a": { "secret": "a", "prefix": "bot" }, "b": { "secret": "a" } } })),
        with(json!({ "headers": [{ "name": "", "value": { "secret": "a", "prefix": "p" }, "on_missing": "omit" }] })),
        with(json!({ "reply": { "template": "{", "on_missing": "text:" } })),
        with(json!({ "auth": { "type": "bearer", "token": { "secret": "a" } } })),
    ];
    for config in right {
        assert!(fits(&config), "{config}: {:?}", Host::<GenericHttp>::config_problems(&config));
    }
    let wrong = [
        json!({ "secrets": { "a": "" } }),
        json!({ "request": {} }),
        json!({ "incoming": { "dedupe": [] } }),
        json!({ "incoming": { "verify": {}, "dedup": [] } }),
        json!({ "incoming": { "verify": {}, "subject": "id" } }),
        json!({ "requests": { "r": { "method": "GET" } } }),
        with(json!({ "method": "HEAD" })),
        with(json!({ "timeout_ms": 99 })),
        with(json!({ "timeout_ms": 60_001 })),
        with(json!({ "redirects_max": 6 })),
        with(json!({ "success_status": [99] })),
        with(json!({ "query": [{ "name": "a", "value": {} }] })),
        with(json!({ "query": [{ "name": "a", "value": { "text": "a", "field": "b" } }] })),
        with(json!({ "query": [{ "name": "a", "value": { "text": "a", "prefix": "b" } }] })),
        with(json!({ "query": [{ "name": "a", "value": { "field": "a", "on_missing": "empty" } }] })),
        with(json!({ "query": [{ "name": "a", "value": { "secret": 1 } }] })),
        with(json!({ "query": [{ "name": "a", "value": "a" }] })),
        with(json!({ "path": { "a": { "text": "x", "on_missing": "empty" } } })),
        with(json!({ "path": { "a": { "secret": "a", "on_missing": "empty" } } })),
        with(json!({ "path": { "a": { "field": "x", "on_missing": "omit" } } })),
        with(json!({ "body": { "rows": [{ "key": "a", "type": "date", "value": { "text": "" } }] } })),
        with(json!({ "reply": { "on_missing": "ignore" } })),
        with(json!({ "auth": { "type": "digest" } })),
        with(json!({ "retry": true })),
    ];
    for config in wrong {
        assert!(!fits(&config), "{config}");
    }
}

#[test]
fn an_error_in_a_request_says_what_is_wrong_with_it() {
    let host = Host::<GenericHttp>::new(&json!({}));
    let problem = |value: Value| {
        let request =
            json!({ "method": "GET", "url": "https://a.example", "query": [{ "name": "a", "value": value }] });
        host.action("preview", &json!({ "request": request })).expect_err("it does not fit").message
    };
    assert!(problem(json!({ "txt": "a" })).contains("'txt'"), "{}", problem(json!({ "txt": "a" })));
    assert!(problem(json!({ "field": "a", "prefix": "b" })).contains("'prefix'"));
    assert!(problem(json!({})).contains("\"text\" is a required property"));
}
