//! What the manifest promises, and which configs fit it.

use hookyard_sdk::testing::Host;
use selarti::Selarti;
use serde_json::{Value, json};

#[test]
fn the_webhook_rules_are_those_of_the_documentation() {
    let manifest = Host::<Selarti>::manifest();
    assert_eq!(
        manifest["webhook"],
        json!({
            "methods": ["POST"],
            "body_bytes_max": 1_048_576,
            "verify": [
                { "scheme": "token", "query": "token", "secret": "/webhook_token" },
                { "scheme": "token", "header": "x-webhook-token", "secret": "/webhook_token" },
                { "scheme": "token", "path": true, "secret": "/webhook_token" },
            ],
            "order": [
                { "body": "/external_chat_id" }, { "body": "/data/external_chat_id" }, { "body": "/body/external_chat_id" },
                { "body": "/response/external_chat_id" }, { "body": "/0/external_chat_id" },
                { "form": "external_chat_id" },
            ],
            "acknowledge": "after-handling",
        })
    );
    assert_eq!((&manifest["name"], &manifest["version"]), (&json!("selarti"), &json!("1.0.0")));
    let samples: Vec<&str> =
        manifest["samples"].as_array().expect("a list").iter().filter_map(|sample| sample["name"].as_str()).collect();
    assert_eq!(samples, ["answer", "echo", "contact", "handed-over", "closed"]);
}

#[test]
fn the_secret_goes_to_the_two_urls_of_the_config_and_nowhere_else() {
    let manifest = Host::<Selarti>::manifest();
    assert_eq!(manifest["hosts"], json!(["{config:/send_url}", "{config:/auth/url}"]));
    let exchange = json!({
        "url": "{config:/auth/url}", "json": { "{config:/auth/body_field}": "{secret:/auth/secret}" },
        "pointer": "{config:/auth/token_pointer}",
    });
    assert_eq!(
        manifest["credentials"],
        json!([
            { "hosts": ["{config:/send_url}"], "place": ["header"], "secret": "/auth/secret" },
            { "hosts": ["{config:/send_url}"], "header": "authorization", "value": "Bearer {token}", "token": { "exchange": exchange } },
        ])
    );
}

#[test]
fn the_events_are_those_of_the_documentation() {
    let manifest = Host::<Selarti>::manifest();
    let events = manifest["events"].as_array().expect("a list");
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["kind"].as_str()).collect();
    assert_eq!(
        kinds,
        ["message.generated", "dialog.closed", "dialog.handed-over", "contact.received", "dialog.updated"]
    );
    let fields = "channel_id close company_id contacts external_chat_id get_contact interest is_bot manager_id message_id message_text \
                  message_type operator panel_url raw share_url success task_id thread_id title wh_type";
    for event in events {
        assert!(event["title"].is_string());
        let own = event["data"]["properties"]["selarti"]["properties"].as_object().expect("an object");
        assert_eq!(own.keys().map(String::as_str).collect::<Vec<_>>().join(" "), fields);
        let required: Vec<&str> = event["data"]["properties"]["selarti"]["required"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(
            required,
            ["close", "get_contact", "interest", "is_bot", "message_type", "operator", "success", "raw"]
        );
    }
}

#[test]
fn there_is_one_action_and_nobody_repeats_it() {
    let manifest = Host::<Selarti>::manifest();
    let [action] = manifest["actions"].as_array().expect("a list").as_slice() else { panic!("one action") };
    assert_eq!(
        (&action["name"], &action["idempotent"], action.get("order")),
        (&json!("send-message"), &json!(false), None)
    );
    let members = |schema: &str| {
        let members: Vec<&str> =
            action[schema]["properties"].as_object().expect("members").keys().map(String::as_str).collect();
        (members.join(" "), action[schema]["required"].clone())
    };
    assert_eq!(members("input"), ("attachments conversation_id selarti text".to_owned(), json!(["conversation_id"])));
    assert_eq!(
        members("output"),
        ("conversation_id message_ids selarti".to_owned(), json!(["conversation_id", "message_ids", "selarti"]))
    );
    assert_eq!(action["input"]["additionalProperties"], json!(false));
}

#[test]
fn secrets_are_marked_and_defaults_are_shown() {
    let config = &Host::<Selarti>::manifest()["config"];
    let property = |name: &str, member: &str| config["properties"][name][member].clone();
    assert_eq!(
        (property("webhook_token", "writeOnly"), property("webhook_token", "minLength")),
        (json!(true), json!(22))
    );
    assert_eq!(property("webhook_token", "items")["writeOnly"], json!(true));
    assert_eq!((property("webhook_token", "default"), property("send_url", "default")), (Value::Null, Value::Null));
    assert_eq!(
        (property("send_method", "enum"), property("send_method", "default")),
        (json!(["POST", "PUT"]), json!("POST"))
    );
    assert_eq!(
        (property("send_encoding", "enum"), property("send_encoding", "default")),
        (json!(["json", "form"]), json!("json"))
    );
    assert_eq!(property("send_fields", "default"), json!({ "chat_id": "chat_id", "task": "task_id", "text": "text" }));
    assert_eq!((property("send_extra", "default"), property("type_map", "default")), (json!({}), json!({})));
    assert_eq!(property("forward", "default"), json!(["bot", "operator"]));
    assert_eq!(
        (property("auth", "default"), property("accept_task_ids", "default")),
        (json!({ "mode": "none" }), Value::Null)
    );
    assert_eq!(config["required"], json!(["task_id"]));
    let [_, header, exchange] =
        property("auth", "oneOf").as_array().expect("three modes").clone().try_into().expect("three modes");
    for mode in [&header, &exchange] {
        assert_eq!(mode["properties"]["secret"]["writeOnly"], json!(true));
    }
    let default = |name: &str| exchange["properties"][name]["default"].clone();
    assert_eq!(default("url"), json!("https://selarti.com/api/1.1/wf/auth"));
    assert_eq!((default("body_field"), default("token_pointer")), (json!("key"), json!("/response/token")));
}

#[test]
fn configs_are_checked() {
    let fits = |more: Value| {
        let mut config = json!({ "task_id": "1732603656932x383344135484473340" });
        for (name, value) in more.as_object().into_iter().flatten() {
            config[name] = value.clone();
        }
        Host::<Selarti>::config_problems(&config).is_empty()
    };
    let token = "0123456789abcdef012345";
    let right = [
        json!({}),
        json!({ "send_url": "", "webhook_token": token }),
        json!({ "send_url": "http://127.0.0.1:9/send?x=1", "send_method": "PUT", "send_encoding": "form" }),
        json!({ "send_fields": { "text": "a[b]" }, "send_extra": { "a": { "b": [1] } }, "webhook_token": [token, token] }),
        json!({ "auth": { "mode": "none" } }),
        json!({ "auth": { "mode": "header", "name": "X-Key", "secret": "s" } }),
        json!({ "auth": { "mode": "header", "name": "Authorization", "prefix": "Bearer ", "secret": "s" } }),
        json!({ "auth": { "mode": "exchange", "secret": "s" } }),
        json!({ "auth": { "mode": "exchange", "secret": "s", "url": "https://a.example/x", "body_field": "k", "token_pointer": "/a~1b/0" } }),
        json!({ "forward": [], "accept_task_ids": [], "type_map": { "робот": "bot", "x": "user" } }),
    ];
    for config in right {
        assert!(fits(config.clone()), "{config}");
    }
    let wrong = [
        json!({ "task_id": " " }),
        json!({ "webhook_token": "0123456789abcdef01234" }),
        json!({ "webhook_token": [token, "short"] }),
        json!({ "webhook_token": [] }),
        json!({ "webhook_token": null }),
        json!({ "webhook_token": vec![token; 6] }),
        json!({ "send_url": "api.selarti.com/send" }),
        json!({ "send_url": "ftp://selarti.com" }),
        json!({ "send_method": "GET" }),
        json!({ "send_encoding": "xml" }),
        json!({ "send_fields": { "chat": "x" } }),
        json!({ "send_extra": [] }),
        json!({ "auth": {} }),
        json!({ "auth": { "mode": "bearer_exchange", "secret": "s" } }),
        json!({ "auth": { "mode": "none", "secret": "s" } }),
        json!({ "auth": { "mode": "header", "secret": "s" } }),
        json!({ "auth": { "mode": "header", "name": "X Key", "secret": "s" } }),
        json!({ "auth": { "mode": "header", "name": "X-Key", "secret": "a\nb" } }),
        json!({ "auth": { "mode": "header", "name": "X-Key", "secret": "s", "prefix": "é" } }),
        json!({ "auth": { "mode": "exchange" } }),
        json!({ "auth": { "mode": "exchange", "secret": "s", "token_pointer": "response.token" } }),
        json!({ "auth": { "mode": "exchange", "secret": "s", "body_field": "" } }),
        json!({ "forward": ["user"] }),
        json!({ "type_map": { "x": "robot" } }),
        json!({ "send": {} }),
    ];
    for config in wrong {
        assert!(!fits(config.clone()), "{config}");
    }
}
