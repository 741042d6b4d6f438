//! Webhooks that concern nobody.

use hookyard_sdk::Webhook;
use hookyard_sdk::log::Level;
use serde_json::{Value, json};

use crate::script::{CHAT, TASK, host, host_with, kinds, logged, only, send, send_text, webhook};

#[test]
fn a_webhook_of_another_task_is_answered_200_and_logged() {
    let host = host();
    let answer = send(&host, &webhook(1, &json!({ "task_id": "other", "close": true })));
    assert_eq!(kinds(&answer), [""; 0]);
    assert_eq!(logged(&answer, Level::Info), ["the task other is none of this connection: ignored"]);
    assert_eq!(kinds(&send(&host, &webhook(1, &json!({ "close": true })))).len(), 3, "nothing of it was kept");
}

#[test]
fn the_config_says_which_tasks_count() {
    let host = host_with(&json!({ "accept_task_ids": ["1", " two "] }));
    let emitted = |n: u32, task: Value| kinds(&send(&host, &webhook(n, &json!({ "task_id": task })))).len();
    assert_eq!((emitted(1, json!(1)), emitted(2, json!("two")), emitted(3, json!(TASK))), (1, 1, 0));
    assert_eq!(emitted(4, Value::Null), 1, "a webhook that names no task");
}

#[test]
fn a_conversation_that_is_not_named_is_that_of_its_thread() {
    let host = host();
    assert_eq!(kinds(&send(&host, &webhook(1, &json!({ "external_chat_id": null })))), [""; 0], "not known yet");
    send(&host, &webhook(2, &json!({})));
    for (n, chat) in
        (3..).zip([Value::Null, json!(""), json!(" "), json!("x".repeat(257)), json!("a\u{7}b"), json!({})])
    {
        let answer = send(&host, &webhook(n, &json!({ "external_chat_id": chat })));
        let event = only(&answer);
        assert_eq!(event.subject.as_deref(), Some(CHAT), "{chat}");
        assert_eq!(event.json()["conversation_id"], CHAT);
    }
    send(&host, &webhook(20, &json!({ "external_chat_id": "c2" })));
    let answer = send(&host, &webhook(21, &json!({ "external_chat_id": null })));
    assert_eq!(only(&answer).subject.as_deref(), Some("c2"), "the last one that was named");
}

#[test]
fn without_any_conversation_there_is_no_event() {
    for body in [
        webhook(1, &json!({ "external_chat_id": null, "thread_id": null, "close": true })),
        webhook(1, &json!({ "external_chat_id": null, "thread_id": "unknown", "close": true })),
        json!({}),
        json!({ "data": 7 }),
    ] {
        let answer = send(&host(), &body);
        assert_eq!((kinds(&answer).len(), logged(&answer, Level::Warn).len()), (0, 1), "{body}");
    }
}

#[test]
fn what_is_no_json_is_refused_and_logged() {
    let bomb = "[".repeat(500_000);
    let bodies: [&[u8]; 7] = [
        b"",
        b"message_text=Hi&external_chat_id=c1",
        b"{\"close\":}",
        b"{",
        bomb.as_bytes(),
        b"{\"a\":\"\xE9\"}",
        b"{} {}",
    ];
    for body in bodies {
        let answer = host().webhook(&Webhook::post(body));
        let code = answer.error.as_ref().map(|error| error.code.as_str());
        assert_eq!((answer.status, code, answer.events.len()), (400, Some("invalid-json"), 0));
        assert_eq!(logged(&answer, Level::Warn).len(), 1);
    }
}

#[test]
fn json_that_is_no_webhook_is_answered_200() {
    for body in ["7", "null", "\"x\"", "[]", "[1]", "[{},{}]", "[[{\"external_chat_id\":\"c1\"}]]", "true"] {
        let answer = send_text(&host(), body);
        assert_eq!((kinds(&answer).len(), logged(&answer, Level::Warn).len()), (0, 1), "{body}");
    }
}

#[test]
fn the_prefix_of_a_messenger_comes_back_with_the_conversation() {
    let host = host();
    for (n, id) in (1..).zip(["tg:527700113", "wa:527700113"]) {
        let answer = send(&host, &webhook(n, &json!({ "external_chat_id": id, "thread_id": null })));
        assert_eq!(only(&answer).subject.as_deref(), Some(id));
    }
}

#[test]
fn every_sample_does_what_its_name_says() {
    let host = host();
    let rows = [
        ("answer", ["message.generated"].as_slice()),
        ("echo", &[]),
        ("contact", &["message.generated", "contact.received", "dialog.updated"]),
        ("handed-over", &["message.generated", "dialog.handed-over", "dialog.updated"]),
        ("closed", &["dialog.closed", "dialog.updated"]),
    ];
    for (sample, events) in rows {
        let answer = host.sample(sample);
        assert_eq!((answer.status, kinds(&answer)), (200, events.to_vec()), "{sample}");
        assert_eq!(answer.log, [], "{sample}");
    }
}
