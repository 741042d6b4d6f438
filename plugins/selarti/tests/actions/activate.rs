//! Activation: what can be checked is, and the rest is said.

use serde_json::{Value, json};

use crate::script::{host, shown};

fn steps() -> Vec<String> {
    host(&json!({}), vec![]).activate().expect("nothing is wrong").setup
}

#[test]
fn activation_makes_no_request_and_names_every_step() {
    let host = host(&json!({}), vec![]);
    let setup = host.activate().expect("nothing is wrong").setup.join("\n");
    assert_eq!(host.requests().len(), 0);
    let named = [
        "Page messenger",
        "an AI",
        "\"Another\"",
        "\"All messages\"",
        "\"Web\"",
        "Copy the id of the task into task_id",
        "https://hooks.example.com/webhooks/test?token=<webhook_token>",
        "weaker than a signature",
        "docs.selarti.com",
    ];
    for words in named {
        assert!(setup.contains(words), "{words}: {setup}");
    }
    assert!(
        !setup.contains("503") && !setup.contains("0123456789abcdef012345") && !setup.contains("hysec_"),
        "{setup}"
    );
}

#[test]
fn activation_says_that_webhooks_wait_for_the_token() {
    let setup = host(&json!({ "webhook_token": null }), vec![]).activate().expect("nothing is wrong").setup;
    assert!(setup.iter().any(|step| step.contains("503") && step.contains("22 characters")));
}

#[test]
fn activation_fails_while_nobody_knows_where_messages_go() {
    for url in [Value::Null, json!("")] {
        let error = host(&json!({ "send_url": url }), vec![]).activate().expect_err("there is no URL");
        let (kind, code, details) = shown(&error);
        assert_eq!((kind.as_str(), code.as_str()), ("Invalid", "send-url-missing"));
        assert!(
            error.message.contains("docs.selarti.com") && error.message.contains("`send_url`"),
            "{}",
            error.message
        );
        assert_eq!(details["setup"], json!(steps()));
    }
}

#[test]
fn fields_that_make_no_body_are_named() {
    let rows = [
        (json!({ "send_fields": { "text": "message[text" } }), "send_fields.text, column 8: "),
        (json!({ "send_fields": { "chat_id": "" } }), "send_fields.chat_id, column 1: "),
        (json!({ "send_fields": { "task": "chat_id" } }), "send_fields.task, column 1: "),
        (json!({ "send_extra": { "text[a]": 1 } }), "send_extra.text[a], column 5: "),
        (json!({ "send_encoding": "form", "send_extra": { "a": {} } }), "send_extra.a: "),
    ];
    for (config, named) in rows {
        let host = host(&config, vec![]);
        let error = host.activate().expect_err("no body");
        let (kind, code, details) = shown(&error);
        assert_eq!((kind.as_str(), code.as_str()), ("Invalid", "send-fields-invalid"), "{config}");
        assert!(error.message.starts_with(named), "{}", error.message);
        assert_eq!(details["setup"], json!(steps()));
        let error =
            host.action("send-message", &json!({ "conversation_id": "c1", "text": "Hi" })).expect_err("no body");
        assert_eq!((shown(&error).0.as_str(), shown(&error).1.as_str()), ("Failed", "send-fields-invalid"), "{config}");
    }
}
