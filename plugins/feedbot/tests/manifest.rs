//! What the manifest promises, and which configs fit it.

use feedbot::Feedbot;
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

const SEND: &str = "https://addnewmessages-bmb77ejh3a-uc.a.run.app";
const STATUS: &str = "https://getmessagestatus-bmb77ejh3a-uc.a.run.app";

#[test]
fn the_token_goes_to_the_two_urls_of_the_config_and_nowhere_else() {
    let manifest = Host::<Feedbot>::manifest();
    assert_eq!(manifest["hosts"], json!(["{config:/send_url}", "{config:/status_url}"]));
    assert_eq!(
        manifest["credentials"],
        json!([{ "hosts": ["{config:/send_url}", "{config:/status_url}"], "header": "auth", "value": "{secret:/auth_token}" }])
    );
    assert_eq!((&manifest["name"], &manifest["version"]), (&json!("feedbot"), &json!("1.0.0")));
}

#[test]
fn nobody_calls_so_that_nothing_can_come_twice() {
    let manifest = Host::<Feedbot>::manifest();
    assert_eq!((manifest.get("webhook"), manifest["samples"].as_array().map_or(0, Vec::len)), (None, 0));
}

#[test]
fn only_the_question_may_be_repeated() {
    let manifest = Host::<Feedbot>::manifest();
    let actions = manifest["actions"].as_array().expect("a list");
    let found: Vec<_> =
        actions.iter().map(|action| (action["name"].as_str().expect("a text"), action["idempotent"] == true)).collect();
    assert_eq!(found, [("send-messages", false), ("send-message", false), ("get-status", true)]);
    let message = &actions[0]["input"]["properties"]["messages"]["items"];
    let aliases = |name: &str| message["properties"][name]["x-aliases"].clone();
    assert_eq!((aliases("expires_at"), aliases("image_url")), (json!(["invalidationTime"]), json!(["imagePath"])));
    assert_eq!((&message["required"], &message["additionalProperties"]), (&json!(["message", "phone"]), &json!(false)));
}

#[test]
fn the_events_are_those_of_the_documentation() {
    let manifest = Host::<Feedbot>::manifest();
    let events = manifest["events"].as_array().expect("a list");
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["kind"].as_str()).collect();
    assert_eq!(kinds, ["message.sent", "message.failed", "message.expired"]);
    for event in events {
        let properties = event["data"]["properties"].as_object().expect("an object");
        let names: Vec<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(names, ["cause", "conversation_id", "message_id", "reason", "state", "time"]);
        let mut required: Vec<&str> =
            event["data"]["required"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        required.sort_unstable();
        assert_eq!(required, ["conversation_id", "message_id", "reason", "state", "time"]);
    }
}

#[test]
fn secrets_are_marked_and_defaults_are_shown() {
    let config = &Host::<Feedbot>::manifest()["config"];
    let property = |name: &str, member: &str| config["properties"][name][member].clone();
    assert_eq!((property("auth_token", "writeOnly"), &config["required"]), (json!(true), &json!(["auth_token"])));
    assert_eq!((property("send_url", "default"), property("status_url", "default")), (json!(SEND), json!(STATUS)));
    assert_eq!(
        (property("max_batch", "default"), property("default_country_code", "default")),
        (json!(50), Value::Null)
    );
    let poll = property("poll", "default");
    let members =
        ["enabled", "first_seconds", "factor", "max_seconds", "give_up_seconds"].map(|name| poll[name].as_f64());
    assert_eq!((&poll["enabled"], members), (&json!(true), [None, Some(10.0), Some(2.0), Some(600.0), Some(86_400.0)]));
}

#[test]
fn configs_are_checked() {
    let fits = |more: &Value| {
        let mut config = json!({ "auth_token": "3f0c0c5e-EXAMPLE" });
        for (name, value) in more.as_object().into_iter().flatten() {
            config[name] = value.clone();
        }
        Host::<Feedbot>::config_problems(&config).is_empty()
    };
    let right = [
        json!({}),
        json!({ "send_url": "http://127.0.0.1:9/send?x=1", "status_url": "https://fb.example/s" }),
        json!({ "default_country_code": "972", "default_ttl_seconds": 60, "max_batch": 500 }),
        json!({ "default_country_code": "1", "default_ttl_seconds": 2_592_000, "max_batch": 1 }),
        json!({ "poll": {} }),
        json!({ "poll": { "enabled": false, "first_seconds": 1, "factor": 1.5, "max_seconds": 60, "give_up_seconds": 3600 } }),
    ];
    for config in right {
        assert!(fits(&config), "{config}");
    }
    let wrong = [
        json!({ "auth_token": "" }),
        json!({ "auth_token": "a\nb" }),
        json!({ "auth_token": "a\n" }),
        json!({ "auth_token": "a\r" }),
        json!({ "auth_token": "é" }),
        json!({ "auth_token": null }),
        json!({ "send_url": "addnewmessages.example" }),
        json!({ "status_url": "ftp://fb.example" }),
        json!({ "default_country_code": "0972" }),
        json!({ "default_country_code": "+972" }),
        json!({ "default_country_code": "9721" }),
        json!({ "default_country_code": 972 }),
        json!({ "default_ttl_seconds": 59 }),
        json!({ "default_ttl_seconds": 2_592_001 }),
        json!({ "max_batch": 0 }),
        json!({ "max_batch": 501 }),
        json!({ "poll": { "factor": 0.5 } }),
        json!({ "poll": { "first_seconds": 0 } }),
        json!({ "poll": { "every": 1 } }),
        json!({ "token": "x" }),
    ];
    for config in wrong {
        assert!(!fits(&config), "{config}");
    }
}
