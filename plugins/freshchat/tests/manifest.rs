//! What the manifest promises, and which configs fit it.

use freshchat::Freshchat;
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

#[test]
fn the_webhook_rules_are_those_of_the_documentation() {
    let manifest = Host::<Freshchat>::manifest();
    assert_eq!((&manifest["name"], &manifest["version"]), (&json!("freshchat"), &json!("1.0.0")));
    assert_eq!(
        manifest["webhook"],
        json!({
            "methods": ["POST"],
            "body_bytes_max": 1_048_576,
            "verify": [{ "scheme": "rsa-pkcs1-sha256", "header": "x-freshchat-signature", "public_key": "/webhook_public_key" }],
            "dedupe": [{ "body": "/data/message/id" }],
            "order": [
                { "body": "/data/message/conversation_id" },
                { "body": "/data/assignment/conversation/conversation_id" },
                { "body": "/data/resolve/conversation/conversation_id" },
                { "body": "/data/reopen/conversation/conversation_id" },
            ],
            "acknowledge": "after-handling",
            "answer_within_ms": 2_500,
        })
    );
}

#[test]
fn one_host_is_asked_for_and_only_it_gets_the_token() {
    let manifest = Host::<Freshchat>::manifest();
    assert_eq!(manifest["hosts"], json!(["{config:/api_base}"]));
    assert_eq!(
        manifest["credentials"],
        json!([{ "hosts": ["{config:/api_base}"], "header": "authorization", "value": "Bearer {secret:/access_token}" }])
    );
}

#[test]
fn the_events_and_their_members_are_those_of_the_documentation() {
    let manifest = Host::<Freshchat>::manifest();
    let events: Vec<_> = manifest["events"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| {
            assert!(event["title"].is_string());
            let members: Vec<_> = event["data"]["properties"].as_object().expect("an object").keys().cloned().collect();
            let mut required: Vec<_> =
                event["data"]["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            required.sort_unstable();
            (event["kind"].as_str().expect("a text"), members.join(" "), required.join(" "))
        })
        .collect();
    let message = "attachments channel_id conversation_id freshchat message_id sender site text time";
    let message_required = "attachments conversation_id freshchat message_id sender text";
    let change = "assigned_agent_id assigned_group_id by conversation_id freshchat site status time";
    let change_required = "by conversation_id freshchat site time";
    let took_over = "agent_id conversation_id message_id site time";
    let expected = [
        ("message.received", message, message_required),
        ("message.observed", message, message_required),
        ("agent.took-over", took_over, took_over),
        ("conversation.assigned", change, change_required),
        ("conversation.resolved", change, change_required),
        ("conversation.reopened", change, change_required),
    ];
    assert_eq!(events, expected.map(|(kind, members, required)| (kind, members.to_owned(), required.to_owned())));
    let freshchat = &manifest["events"][0]["data"]["properties"]["freshchat"];
    let members: Vec<_> = freshchat["properties"].as_object().expect("an object").keys().map(String::as_str).collect();
    let expected = "app_id freshchat_channel_id freshchat_conversation_id message_parts site_source user_id";
    assert_eq!(members.join(" "), expected);
    assert_eq!(freshchat["properties"]["site_source"]["enum"], json!(["message", "channel", "property", "default"]));
}

#[test]
fn the_samples_are_named_after_what_they_are() {
    let manifest = Host::<Freshchat>::manifest();
    let samples: Vec<_> =
        manifest["samples"].as_array().expect("a list").iter().filter_map(|sample| sample["name"].as_str()).collect();
    let expected = [
        "message",
        "picture",
        "agent-message",
        "next-message",
        "bot-message",
        "private-note",
        "assignment",
        "resolution",
        "reopening",
    ];
    assert_eq!(samples, expected);
}

#[test]
fn every_config_key_has_its_other_names_and_its_default() {
    let config = &Host::<Freshchat>::manifest()["config"];
    let rows: Vec<_> = [
        "actor_id",
        "access_token",
        "app_id",
        "group_name",
        "user_type",
        "name",
        "properties",
        "api_base",
        "webhook_public_key",
        "channel_map",
        "site_property",
        "default_site",
        "text_chars_max",
    ]
    .into_iter()
    .map(|key| {
        let property = &config["properties"][key];
        let names: Vec<_> = property["x-aliases"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        (key, names.join(" "), property["default"].clone())
    })
    .collect();
    let expected = [
        ("actor_id", "freshchat-actor-id", Value::Null),
        ("access_token", "freshchat-access-token", Value::Null),
        ("app_id", "freshchat-app-id", Value::Null),
        ("group_name", "freshchat-group-name group-name", Value::Null),
        ("user_type", "user-type", json!("machine")),
        ("name", "", Value::Null),
        ("properties", "", json!({})),
        ("api_base", "freshchat-api-base", json!("https://api.freshchat.com/v2")),
        ("webhook_public_key", "freshchat-webhook-public-key", Value::Null),
        ("channel_map", "freshchat-channel-map", json!({})),
        ("site_property", "freshchat-site-property", Value::Null),
        ("default_site", "", json!("default")),
        ("text_chars_max", "", json!(4_000)),
    ];
    assert_eq!(rows, expected.map(|(key, names, default)| (key, names.to_owned(), default)));
    assert_eq!(config["properties"].as_object().map(serde_json::Map::len), Some(13));
    assert_eq!(config["required"], json!(["actor_id", "access_token", "app_id"]));
    assert_eq!(config["additionalProperties"], json!(false));
}

#[test]
fn only_the_token_is_a_secret_and_its_error_says_what_to_do() {
    let config = &Host::<Freshchat>::manifest()["config"];
    let properties = config["properties"].as_object().expect("an object");
    let secret: Vec<_> =
        properties.iter().filter(|(_, property)| property["writeOnly"] == json!(true)).map(|(name, _)| name).collect();
    assert_eq!(secret, ["access_token"]);
    let error = config["properties"]["access_token"]["x-error"].as_str().expect("a text");
    assert!(error.contains("Bearer") && error.contains("quotes") && error.contains("line breaks"), "{error}");
}

#[test]
fn configs_are_checked() {
    let problems = |more: Value| {
        let mut config = json!({ "actor_id": "a", "access_token": "eyJhbGciOi.J-_~+/=", "app_id": "p" });
        for (key, value) in more.as_object().into_iter().flatten() {
            config[key] = value.clone();
        }
        Host::<Freshchat>::config_problems(&config)
    };
    let right = [
        json!({}),
        json!({ "group_name": "Équipe", "user_type": "machine", "name": "Mammut", "properties": { "x": [1, { "y": null }] } }),
        json!({ "api_base": "http://127.0.0.1:9/v2/", "channel_map": { "551021": "kitchen" }, "site_property": "site_id" }),
        json!({ "webhook_public_key": "-----BEGIN RSA PUBLIC KEY-----\\nMIIB", "default_site": "main", "text_chars_max": 20_000 }),
        json!({ "webhook_public_key": ["a", "b", "c", "d", "e"], "text_chars_max": 1 }),
    ];
    for more in right {
        assert_eq!(problems(more.clone()), Vec::<String>::new(), "{more}");
    }
    let wrong = [
        json!({ "actor_id": "" }),
        json!({ "app_id": "" }),
        json!({ "app_id": null }),
        json!({ "access_token": "" }),
        json!({ "access_token": "Bearer eyJ" }),
        json!({ "access_token": "\"eyJ\"" }),
        json!({ "access_token": "'eyJ'" }),
        json!({ "access_token": "eyJ\r\nx: y" }),
        json!({ "access_token": "eyJ\n" }),
        json!({ "access_token": ["eyJ"] }),
        json!({ "group_name": "" }),
        json!({ "group_name": null }),
        json!({ "user_type": "human" }),
        json!({ "user_type": null }),
        json!({ "properties": [] }),
        json!({ "api_base": "api.freshchat.com" }),
        json!({ "api_base": "https://api.freshchat.com/v2?x=1" }),
        json!({ "webhook_public_key": "" }),
        json!({ "webhook_public_key": [] }),
        json!({ "webhook_public_key": [""] }),
        json!({ "webhook_public_key": ["1", "2", "3", "4", "5", "6"] }),
        json!({ "channel_map": { "551021": 7 } }),
        json!({ "site_property": "" }),
        json!({ "text_chars_max": 0 }),
        json!({ "text_chars_max": 20_001 }),
        json!({ "webhook_secret": "s" }),
        json!({ "actorId": "a" }),
    ];
    for more in wrong {
        assert!(!problems(more.clone()).is_empty(), "{more}");
    }
    assert!(!Host::<Freshchat>::config_problems(&json!({})).is_empty());
}
