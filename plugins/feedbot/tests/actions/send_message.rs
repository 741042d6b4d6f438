//! The action `send-message`: the shape that all chat plugins share.

use serde_json::{Value, json};

use crate::script::{PHONE, body, host, queued, shown};

fn image(url: &str) -> Value {
    json!({ "type": "image", "url": url })
}

#[test]
fn a_message_goes_into_the_queue() {
    let host = host(&json!({}), vec![queued(&["m1"])]);
    let input = json!({
        "conversation_id": "+972 50 000 0001", "text": "שלום", "attachments": [image("https://cdn.example/a.png")],
        "feedbot": { "expires_at": "2026-01-02T00:00:00Z" },
    });
    let output = host.action("send-message", &input);
    let expected = json!({ "conversation_id": PHONE, "message_ids": ["m1"], "feedbot": { "state": "pending" } });
    assert_eq!(output, Ok(expected), "the id is the one that the events have");
    let sent = r#"{"messages":[{"message":"שלום","phone":"972500000001","invalidationTime":"1767312000000","imagePath":"https://cdn.example/a.png"}]}"#;
    assert_eq!(body(&host.requests()[0]), sent);
    assert_eq!(host.timers().len(), 1);
}

#[test]
fn what_is_wrong_is_told_by_its_place() {
    let text = |more: Value| {
        let mut input = json!({ "conversation_id": PHONE, "text": "Hi" });
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        input
    };
    let video = json!({ "type": "video", "url": "https://cdn.example/a.mp4" });
    let (first, second) = (image("https://cdn.example/a.png"), image("https://cdn.example/b.png"));
    let rows = [
        (json!({ "conversation_id": PHONE }), "message-empty", "/text"),
        (text(json!({ "text": " " })), "message-empty", "/text"),
        (json!({ "conversation_id": PHONE, "attachments": [first] }), "message-empty", "/text"),
        (text(json!({ "text": "x".repeat(4097) })), "message-too-long", "/text"),
        (text(json!({ "conversation_id": "0586666644" })), "country-code-missing", "/conversation_id"),
        (text(json!({ "conversation_id": "tg:527700113" })), "phone-invalid", "/conversation_id"),
        (text(json!({ "attachments": [video] })), "attachment-unsupported", "/attachments/0"),
        (text(json!({ "attachments": [first, second] })), "attachment-unsupported", "/attachments/1"),
        (text(json!({ "feedbot": { "expires_at": "1772703672" } })), "time-in-seconds", "/feedbot/expires_at"),
        (text(json!({ "feedbot": { "expires_at": 1_600_000_000_000_i64 } })), "expired", "/feedbot/expires_at"),
    ];
    for (input, code, pointer) in rows {
        let host = host(&json!({}), vec![]);
        let (kind, found, details) = shown(&host.action("send-message", &input).expect_err("refused"));
        assert_eq!((kind.as_str(), found.as_str()), ("Invalid", code), "{input}");
        assert_eq!((&details["errors"][0]["pointer"], host.requests().len()), (&json!(pointer), 0), "{input}");
    }
    for unknown in [
        json!({ "to": 1 }),
        json!({ "feedbot": { "ttl": 1 } }),
        json!({ "attachments": [image("http://a.example/b")] }),
    ] {
        let error = host(&json!({}), vec![]).action("send-message", &text(unknown)).expect_err("refused");
        assert_eq!(shown(&error).1, "invalid-input");
    }
}

#[test]
fn several_ids_for_one_message_are_all_shown_and_none_is_followed() {
    let host = host(&json!({}), vec![queued(&["m1", "m2"])]);
    let output = host.action("send-message", &json!({ "conversation_id": PHONE, "text": "Hi" })).expect("queued");
    assert_eq!((&output["message_ids"], host.timers().len()), (&json!(["m1", "m2"]), 0));
    assert_eq!(host.log().len(), 1);
}
