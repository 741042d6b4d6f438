//! Which tokens and ids a config may have, and what the manifest says of the actions.

use freshchat::Freshchat;
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

use crate::script::config;

#[test]
fn a_token_is_pasted_alone() {
    let fits = |token: &str| Host::<Freshchat>::config_problems(&config(&json!({ "access_token": token }))).is_empty();
    assert!(fits("eyJhbGciOi.eyJqdGki_-.sig=") && fits("x"));
    let wrong = [
        "Bearer eyJ0",
        "bearer eyJ0",
        "\"eyJ0\"",
        "'eyJ0'",
        "eyJ0\"",
        "eyJ0\r\nx-evil: 1",
        "eyJ0\n",
        "\neyJ0",
        " eyJ0",
        "eyJ0 ",
        "eyJ0\u{0}",
        "eyJ0é",
        "",
    ];
    for token in wrong {
        assert!(!fits(token), "{token:?}");
    }
    let said = &Host::<Freshchat>::manifest()["config"]["properties"]["access_token"]["x-error"];
    for word in ["Bearer", "quotes", "line breaks"] {
        assert!(said.as_str().is_some_and(|said| said.contains(word)), "{said}");
    }
}

#[test]
fn an_id_is_more_than_blanks_and_quotes() {
    for name in ["actor_id", "app_id"] {
        for id in ["", " ", "\"\"", " \" \" "] {
            assert!(!Host::<Freshchat>::config_problems(&config(&json!({ name: id }))).is_empty(), "{name} {id:?}");
        }
    }
}

#[test]
fn the_actions_are_those_of_the_documentation() {
    let manifest = Host::<Freshchat>::manifest();
    let actions = manifest["actions"].as_array().unwrap();
    let rows: Vec<(&str, bool, Option<&str>)> = actions
        .iter()
        .map(|action| (action["name"].as_str().unwrap(), action["idempotent"] == true, action["order"].as_str()))
        .collect();
    let order = Some("/conversation_id");
    let expected = [
        ("send-message", false, order),
        ("assign-to-group", true, order),
        ("raise-issue", false, order),
        ("mute", true, order),
        ("resolve", true, order),
        ("get-conversation", true, order),
        ("list-groups", true, None),
        ("list-channels", true, None),
        ("list-agents", true, None),
    ];
    assert_eq!(rows, expected);
    let short = ["resolve", "get-conversation"];
    for action in actions.iter().filter(|action| action["name"] != "mute") {
        let expected = if short.iter().any(|name| action["name"] == *name) { 20_000 } else { 120_000 };
        assert_eq!(action["timeout_ms"], expected, "{}", action["name"]);
    }
    assert_eq!(manifest["limits"], json!({ "deadline_ms": 30_000 }), "activation may have to look through 500 groups");
    for action in actions {
        assert!(action["title"].is_string() && action["description"].is_string());
        assert_eq!(action["input"]["additionalProperties"], json!(false), "{}", action["name"]);
        let required: Vec<&Value> = action["input"]["required"].as_array().into_iter().flatten().collect();
        assert_eq!(required.contains(&&json!("conversation_id")), action.get("order").is_some());
    }
}
