//! What becomes of a dialogue, told once for each change.

use serde_json::{Value, json};

use crate::script::{CHAT, host, kinds, send, send_text, webhook};

/// A webhook without a message: the customer's echo.
fn echo(n: u32, more: &Value) -> Value {
    let mut body = webhook(n, more);
    body["message_type"] = json!("user");
    body
}

fn changed(answer: &hookyard_sdk::testing::Answer) -> Value {
    let updated = answer.events.iter().find(|event| event.kind == "dialog.updated");
    updated.map_or(Value::Null, |event| event.json()["changed"].clone())
}

#[test]
fn a_dialogue_of_which_nothing_is_known_has_no_marks() {
    let host = host();
    assert_eq!(kinds(&send(&host, &echo(1, &json!({})))), [""; 0]);
    let answer = send(&host, &echo(2, &json!({ "interest": true, "is_bot": true })));
    assert_eq!((kinds(&answer), changed(&answer)), (vec!["dialog.updated"], json!(["interest", "is_bot"])));
    let answer = send(&host, &echo(3, &json!({ "interest": true, "is_bot": false })));
    assert_eq!((kinds(&answer), changed(&answer)), (vec!["dialog.updated"], json!(["is_bot"])));
    assert_eq!(kinds(&send(&host, &echo(4, &json!({ "interest": true })))), [""; 0]);
}

#[test]
fn all_six_marks_are_named_in_one_order() {
    let all = json!({ "close": 1, "success": "yes", "interest": "да", "get_contact": "y", "operator": "on", "is_bot": "true" });
    let answer = send(&host(), &echo(1, &all));
    assert_eq!(kinds(&answer), ["dialog.closed", "dialog.handed-over", "contact.received", "dialog.updated"]);
    assert_eq!(changed(&answer), json!(["close", "interest", "success", "get_contact", "operator", "is_bot"]));
}

#[test]
fn what_is_unknown_changes_nothing() {
    let host = host();
    send(&host, &echo(1, &json!({ "close": true, "interest": true })));
    for (n, other) in (2..).zip([Value::Null, json!("maybe"), json!(2), json!([]), json!({}), json!("не знаю")]) {
        assert_eq!(kinds(&send(&host, &echo(n, &json!({ "close": other, "interest": other })))), [""; 0], "{other}");
    }
    let answer =
        send_text(&host, r#"{"thread_id":"t1","message_id":"m99","close":null,"interest":null,"operator":null}"#);
    assert_eq!(kinds(&answer), [""; 0]);
}

#[test]
fn a_dialogue_is_closed_once_until_it_is_open_again() {
    let host = host();
    let closed = |n: u32, close: Value| {
        let answer = send(&host, &echo(n, &json!({ "close": close })));
        answer.events.iter().filter(|event| event.kind == "dialog.closed").count()
    };
    let rows = [(json!(true), 1), (json!("да"), 0), (json!(1), 0), (json!("нет"), 0), (json!("yes"), 1)];
    for (n, (close, events)) in (1..).zip(rows) {
        assert_eq!(closed(n, close.clone()), events, "{n}: {close}");
    }
}

#[test]
fn a_hand_over_says_where_the_operator_answers() {
    let host = host();
    let link = "https://selarti.com/panel?chat=1";
    let answer =
        send(&host, &echo(1, &json!({ "operator": true, "panel_url": link, "share_url": "https://selarti.com/s" })));
    assert_eq!(kinds(&answer), ["dialog.handed-over", "dialog.updated"]);
    let data = answer.events[0].json();
    assert_eq!((data["panel_url"].as_str(), data["conversation_id"].as_str()), (Some(link), Some(CHAT)));
    assert_eq!(data.get("share_url"), None);
    assert_eq!(
        kinds(&send(&host, &webhook(2, &json!({ "operator": true, "message_type": "operator" })))),
        ["message.generated"]
    );
}

#[test]
fn a_contact_is_told_once_until_there_is_none() {
    let host = host();
    let told = |n: u32, more: Value| {
        let answer = send(&host, &echo(n, &more));
        let contacts: Vec<Value> = answer
            .events
            .iter()
            .filter(|event| event.kind == "contact.received")
            .map(|event| event.json()["contact"].clone())
            .collect();
        contacts
    };
    let phone = json!({ "phone": "+79990001122" });
    assert_eq!(told(1, json!({ "contacts": "" })), [] as [Value; 0]);
    assert_eq!(told(2, json!({ "contacts": "+79990001122" })), std::slice::from_ref(&phone), "a value is enough");
    assert_eq!(told(3, json!({ "contacts": phone, "get_contact": true })), [] as [Value; 0], "it is the same contact");
    assert_eq!(told(4, json!({ "get_contact": false })), [] as [Value; 0], "the value is still there");
    assert_eq!(told(5, json!({ "contacts": [], "get_contact": false })), [] as [Value; 0]);
    assert_eq!(told(6, json!({ "get_contact": "да" })), [json!({})], "the mark is enough");
    assert_eq!(told(7, json!({ "contacts": { "email": "a@example.com" }, "get_contact": true })), [] as [Value; 0]);
}

#[test]
fn every_thread_has_its_own_marks() {
    let host = host();
    for thread in ["t1", "t2"] {
        let answer = send(&host, &echo(1, &json!({ "thread_id": thread, "close": true })));
        assert_eq!(kinds(&answer), ["dialog.closed", "dialog.updated"], "{thread}");
    }
    let answer = send(&host, &echo(2, &json!({ "thread_id": null, "close": true })));
    assert_eq!(kinds(&answer), ["dialog.closed", "dialog.updated"], "the conversation where no thread is named");
    assert_eq!(kinds(&send(&host, &echo(3, &json!({ "thread_id": null, "close": true })))), [""; 0]);
}

#[test]
fn ids_of_any_length_have_their_marks() {
    let host = host();
    let (long, longer) = ("п".repeat(256), "п".repeat(5_000));
    for (n, id) in (1..).zip([&long, &longer]) {
        let answer = send(&host, &echo(n, &json!({ "thread_id": id, "close": true })));
        assert_eq!(kinds(&answer), ["dialog.closed", "dialog.updated"]);
        assert_eq!(kinds(&send(&host, &echo(n + 10, &json!({ "thread_id": id, "close": true })))), [""; 0]);
    }
    let chat = json!({ "thread_id": null, "external_chat_id": "😀".repeat(256), "close": true });
    assert_eq!(kinds(&send(&host, &echo(21, &chat))), ["dialog.closed", "dialog.updated"]);
    assert_eq!(kinds(&send(&host, &echo(22, &chat))), [""; 0]);
}
