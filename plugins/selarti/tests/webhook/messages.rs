//! Whose words become events, and whose never do.

use hookyard_sdk::log::Level;
use serde_json::{Value, json};

use crate::script::{CHAT, host, host_with, kinds, logged, only, send, send_text, webhook};

#[test]
fn what_the_ai_writes_is_a_message_of_the_conversation() {
    let answer =
        send(&host(), &webhook(1, &json!({ "channel_id": "ch1", "message_text": "Здравствуйте! 🙂\n\u{200F}שלום" })));
    let event = only(&answer);
    assert_eq!((event.kind.as_str(), event.subject.as_deref()), ("message.generated", Some(CHAT)));
    assert_eq!((event.dedupe_key.as_deref(), event.time.as_deref()), (Some("m1"), None));
    let mut data = event.json();
    let selarti = data.as_object_mut().expect("an object").remove("selarti");
    assert!(selarti.is_some_and(|selarti| selarti["message_type"] == "bot"));
    assert_eq!(
        data,
        json!({
            "conversation_id": CHAT, "message_id": "m1", "text": "Здравствуйте! 🙂\n\u{200F}שלום", "attachments": [],
            "sender": { "type": "bot" }, "channel_id": "ch1",
        })
    );
}

#[test]
fn who_wrote_it_is_read_in_every_spelling() {
    let further = json!({ "type_map": { "Робот": "bot", "staff": "operator", "гость": "user", "user": "bot" } });
    let rows = [
        (["bot", "ai", "assistant", "Бот", " BOT\n", "робот"].as_slice(), Some("bot")),
        (["operator", "manager", "ОПЕРАТОР", "Staff"].as_slice(), Some("agent")),
        (["user", "client", "пользователь", "User", "Гость"].as_slice(), None),
        (["system", "", "botnet", "bot operator"].as_slice(), None),
    ];
    for (spellings, sender) in rows {
        for spelling in spellings {
            let answer = send(&host_with(&further), &webhook(1, &json!({ "message_type": spelling })));
            match sender {
                Some(sender) => assert_eq!(only(&answer).json()["sender"], json!({ "type": sender }), "{spelling}"),
                None => assert_eq!(kinds(&answer), [""; 0], "{spelling}"),
            }
        }
    }
    let answer = send(&host(), &webhook(1, &json!({ "message_type": "робот" })));
    assert_eq!((kinds(&answer).len(), logged(&answer, Level::Warn).len()), (0, 1));
    assert!(logged(&answer, Level::Warn)[0].contains("type_map"));
    for other in [json!(1), json!(true), json!({}), Value::Null] {
        assert_eq!(kinds(&send(&host(), &webhook(1, &json!({ "message_type": other })))), [""; 0], "{other}");
    }
}

#[test]
fn the_echo_of_a_customer_is_never_forwarded_whatever_the_config_says() {
    let config = json!({ "forward": ["bot", "operator"], "type_map": { "user": "bot", "client": "operator", "пользователь": "bot" } });
    let host = host_with(&config);
    for (n, spelling) in (1..).zip(["user", "USER", "client", "пользователь"]) {
        assert_eq!(kinds(&send(&host, &webhook(n, &json!({ "message_type": spelling })))), [""; 0], "{spelling}");
    }
    let config = json!({ "task_id": "t", "forward": ["user"] });
    assert!(!hookyard_sdk::testing::Host::<selarti::Selarti>::config_problems(&config).is_empty());
}

#[test]
fn the_config_says_who_is_forwarded() {
    let rows = [
        (json!(["bot"]), ["message.generated"].as_slice(), [].as_slice()),
        (json!(["operator"]), [].as_slice(), ["message.generated"].as_slice()),
        (json!([]), [].as_slice(), [].as_slice()),
    ];
    for (forward, of_bot, of_operator) in rows {
        let host = host_with(&json!({ "forward": forward }));
        assert_eq!(kinds(&send(&host, &webhook(1, &json!({})))), of_bot, "{forward}");
        assert_eq!(kinds(&send(&host, &webhook(2, &json!({ "message_type": "operator" })))), of_operator, "{forward}");
    }
}

#[test]
fn a_webhook_without_text_has_no_message() {
    let host = host();
    for (n, text) in (1..).zip([Value::Null, json!(""), json!(" \n\t"), json!({}), json!(["x"]), json!(true)]) {
        assert_eq!(kinds(&send(&host, &webhook(n, &json!({ "message_text": text })))), [""; 0], "{text}");
    }
    let answer = send(&host, &webhook(9, &json!({ "message_text": "", "interest": true })));
    assert_eq!(kinds(&answer), ["dialog.updated"]);
    assert_eq!(only(&send(&host, &webhook(10, &json!({ "message_text": 42, "interest": true })))).json()["text"], "42");
}

#[test]
fn a_long_text_is_passed_on_to_the_letter() {
    let long = "é".repeat(10_000);
    let answer = send(&host(), &webhook(1, &json!({ "message_text": format!(" {long} ") })));
    assert_eq!(only(&answer).json()["text"], json!(format!(" {long} ")));
}

#[test]
fn a_text_that_was_cut_within_an_emoji_is_passed_on() {
    let body = r#"{"message_type":"bot","message_id":"m1","external_chat_id":"c1","message_text":"Привет 🙂 \ud83d","title":"\ude00"}"#;
    let data = only(&send_text(&host(), body)).json();
    assert_eq!((&data["text"], &data["selarti"]["title"]), (&json!("Привет 🙂 \u{FFFD}"), &json!("\u{FFFD}")));
    let cut = send_text(&host(), &body.replace("\"c1\"", "\"c\\ud83d\""));
    assert_eq!(kinds(&cut), [""; 0], "two conversations must not become one");
}

#[test]
fn a_message_that_comes_twice_is_an_event_once() {
    let host = host();
    let body = webhook(1, &json!({ "interest": true }));
    assert_eq!(kinds(&send(&host, &body)), ["message.generated", "dialog.updated"]);
    assert_eq!(kinds(&send(&host, &body)), [""; 0], "the very same");
    send(&host, &webhook(1, &json!({ "interest": true, "wh_type": "again" })));
    let messages = host.events().iter().filter(|event| event.kind == "message.generated").count();
    assert_eq!(messages, 1, "another body with the same message");
    assert_eq!(kinds(&send(&host, &webhook(2, &json!({ "interest": true })))), ["message.generated"]);
}

#[test]
fn a_copy_that_comes_late_does_not_set_the_marks_back() {
    let host = host();
    let early = webhook(1, &json!({ "operator": true, "close": true }));
    send(&host, &early);
    send(&host, &webhook(2, &json!({ "operator": false, "close": true })));
    assert_eq!(kinds(&send(&host, &early)), [""; 0]);
    assert_eq!(kinds(&send(&host, &webhook(3, &json!({ "operator": false, "close": true })))), ["message.generated"]);
}

#[test]
fn a_message_without_an_id_goes_by_the_hash_of_its_webhook() {
    let host = host();
    let text = r#"{"message_type":"bot","message_text":"Hi","external_chat_id":"c1"}"#;
    let event = only(&send_text(&host, text)).clone();
    let hash = "f9b0bf10bb9e1447205f99dfa45c64dbcae18c06cdac8f23d089449fcd5d0955";
    assert_eq!((event.dedupe_key.as_deref(), event.json()["message_id"].as_str()), (Some(hash), Some(hash)));
    assert_eq!(event.json()["selarti"].get("message_id"), None);
    assert_eq!(kinds(&send_text(&host, text)), [""; 0]);
    assert_eq!(kinds(&send_text(&host, &text.replace("Hi", "Ho"))), ["message.generated"]);
}

#[test]
fn handling_a_webhook_waits_for_nobody() {
    // The test host ends the test at any request, since it has no provider.
    let host = host_with(&json!({ "send_url": "https://api.example/send" }));
    let answer = send(&host, &webhook(1, &json!({ "operator": true, "close": true, "get_contact": true })));
    assert_eq!((answer.events.len(), host.requests().len()), (5, 0));
}
