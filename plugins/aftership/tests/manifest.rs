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
fn one_host_is_asked_for_and_only_it_gets_the_key() {
    let manifest = Host::<AfterShip>::manifest();
    assert_eq!(manifest["version"], "1.0.0");
    assert_eq!(manifest["hosts"], json!(["{config:/api_base}"]));
    assert_eq!(
        manifest["credentials"],
        json!([{ "hosts": ["{config:/api_base}"], "header": "as-api-key", "value": "{secret:/api_key}" }])
    );
}

#[test]
fn the_actions_are_those_of_the_documentation() {
    let manifest = Host::<AfterShip>::manifest();
    let actions = manifest["actions"].as_array().unwrap();
    let names: Vec<_> =
        actions.iter().map(|action| (action["name"].as_str().unwrap(), &action["idempotent"])).collect();
    assert_eq!(names, [("track-shipment", &json!(true)), ("get-tracking", &json!(true))]);
    let members = |action: usize, schema: &str| {
        let schema = &actions[action][schema];
        let members: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        (members.join(" "), schema["required"].clone(), schema["additionalProperties"].clone())
    };
    let tracked = "already_existed conversation_id slug tag tracking tracking_id tracking_number updated";
    let found = "conversation_id slug tag tracking tracking_id tracking_number";
    let input = "conversation_id custom_fields fields slug title tracking_number";
    assert_eq!(members(0, "input"), (input.to_owned(), json!(["tracking_number"]), json!(false)));
    let required = json!(["tracking_id", "tracking_number", "already_existed", "updated", "tracking"]);
    assert_eq!(members(0, "output"), (tracked.to_owned(), required, Value::Null));
    assert_eq!(members(1, "input"), ("slug tracking_id tracking_number".to_owned(), Value::Null, json!(false)));
    let required = json!(["tracking_id", "tracking_number", "tracking"]);
    assert_eq!(members(1, "output"), (found.to_owned(), required, Value::Null));
    for action in actions {
        assert_eq!(action.get("order"), None);
        assert!(action["title"].is_string() && action["description"].is_string());
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
