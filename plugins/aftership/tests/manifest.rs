//! What the manifest promises, and which configs fit it.

use aftership::AfterShip;
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

#[test]
fn the_webhook_rules_are_those_of_the_documentation() {
    let manifest = Host::<AfterShip>::manifest();
    assert_eq!(
        manifest["webhook"],
        json!({
            "methods": ["POST"],
            "body_bytes_max": 1_048_576,
            "verify": [{ "scheme": "hmac", "hash": "sha256", "encoding": "base64", "header": "aftership-hmac-sha256",
                         "secret": "/webhook_secret" }],
            "dedupe": [{ "body": "/event_id" }],
            "order": [{ "body": "/msg/id" }],
            "acknowledge": "after-handling",
        })
    );
    assert_eq!(manifest["name"], "aftership");
    let samples: Vec<&str> =
        manifest["samples"].as_array().unwrap().iter().filter_map(|sample| sample["name"].as_str()).collect();
    assert_eq!(samples, ["in-transit", "delivered", "not-first-tag", "no-conversation"]);
}

#[test]
fn what_is_not_there_yet_is_not_declared() {
    let manifest = Host::<AfterShip>::manifest();
    for member in ["actions", "hosts", "credentials"] {
        assert_eq!(manifest.get(member), None, "{member}");
    }
}

#[test]
fn secrets_are_marked_and_defaults_are_shown() {
    let config = &Host::<AfterShip>::manifest()["config"];
    let property = |name: &str, member: &str| config["properties"][name][member].clone();
    assert_eq!(property("api_key", "writeOnly"), json!(true));
    assert_eq!(property("webhook_secret", "writeOnly"), json!(true));
    assert_eq!(property("webhook_secret", "items")["writeOnly"], json!(true));
    assert_eq!(property("webhook_secret", "default"), Value::Null);
    assert_eq!(property("api_base", "default"), json!("https://api.aftership.com"));
    assert_eq!(property("api_version", "default"), json!("2024-04"));
    assert_eq!(
        (property("emit", "default"), property("emit", "enum")),
        (json!("first-tag"), json!(["first-tag", "all"]))
    );
    assert_eq!(property("on_existing", "default"), json!("update"));
    assert_eq!(property("on_existing", "enum"), json!(["update", "keep", "error"]));
    assert_eq!(property("without_conversation", "default"), json!("ignore"));
    assert_eq!(property("without_conversation", "enum"), json!(["ignore", "emit"]));
    assert_eq!(config["required"], json!(["api_key"]));
}

#[test]
fn configs_are_checked() {
    let fits = |config: Value| Host::<AfterShip>::config_problems(&config).is_empty();
    assert!(fits(json!({ "api_key": "k" })));
    assert!(fits(
        json!({ "api_key": "k", "webhook_secret": ["a", "b"], "api_version": "v4", "emit": "all", "on_existing": "keep" })
    ));
    assert!(fits(
        json!({ "api_key": "k", "webhook_secret": "a", "api_base": "http://127.0.0.1:9", "without_conversation": "emit" })
    ));
    let wrong = [
        json!({}),
        json!({ "api_key": "" }),
        json!({ "api_key": "k", "webhook_secret": "" }),
        json!({ "api_key": "k", "webhook_secret": [] }),
        json!({ "api_key": "k", "webhook_secret": [""] }),
        json!({ "api_key": "k", "webhook_secret": ["1", "2", "3", "4", "5", "6"] }),
        json!({ "api_key": "k", "webhook_secret": null }),
        json!({ "api_key": "k", "api_version": "2024-13" }),
        json!({ "api_key": "k", "api_version": "latest" }),
        json!({ "api_key": "k", "emit": "first_tag" }),
        json!({ "api_key": "k", "on_existing": "replace" }),
        json!({ "api_key": "k", "api_base": "api.aftership.com" }),
        json!({ "api_key": "k", "apikey": "k" }),
    ];
    for config in wrong {
        assert!(!fits(config.clone()), "{config}");
    }
}
