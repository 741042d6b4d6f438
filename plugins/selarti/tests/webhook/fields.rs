//! What the events carry of a webhook.

use serde_json::{Value, json};

use crate::script::{TASK, host, kinds, only, send, send_text, webhook};

/// A webhook with all twenty fields.
fn whole() -> Value {
    json!({
        "wh_type": "all_messages", "message_type": "bot", "message_id": "1772617272123x111222333444555666",
        "message_text": "Здравствуйте, Анна! 🙂", "external_chat_id": "527700113",
        "thread_id": "1772617000000x222333444555666777", "task_id": TASK,
        "channel_id": "1732600000000x100000000000000001", "company_id": "1732600000000x100000000000000002",
        "manager_id": "1732600000000x100000000000000003", "title": "Анна Петрова",
        "contacts": { "phone": "+79990001122", "username": "@anna_p" }, "close": false, "success": false, "interest": true,
        "get_contact": true, "operator": false, "is_bot": false,
        "panel_url": "https://selarti.com/panel?menu=chats&chat=1772617000000x222333444555666777",
        "share_url": "https://selarti.com/share/1772617000000x222333444555666777",
    })
}

#[test]
fn all_twenty_fields_are_delivered_under_their_names_with_every_event() {
    let answer = send(&host(), &whole());
    assert_eq!(kinds(&answer), ["message.generated", "contact.received", "dialog.updated"]);
    let mut expected = whole();
    expected["raw"] = json!({});
    assert_eq!(expected.as_object().map(serde_json::Map::len), Some(21));
    for event in &answer.events {
        assert_eq!(event.json()["selarti"], expected, "{}", event.kind);
        assert_eq!(event.json()["conversation_id"], "527700113");
        assert_eq!(event.subject.as_deref(), Some("527700113"));
    }
}

#[test]
fn what_is_absent_is_left_out_and_an_unknown_mark_is_null() {
    let answer = send_text(
        &host(),
        r#"{"message_type":"bot","message_text":"Hi","external_chat_id":"c1","title":"","share_url":null}"#,
    );
    assert_eq!(
        only(&answer).json()["selarti"],
        json!({
            "message_type": "bot", "message_text": "Hi", "external_chat_id": "c1", "close": null, "success": null,
            "interest": null, "get_contact": null, "operator": null, "is_bot": null, "raw": {},
        })
    );
}

#[test]
fn ids_that_are_numbers_keep_every_digit() {
    let body = r#"{"message_type":"bot","message_text":"Hi","external_chat_id":52770011312345678901,"message_id":9007199254740993,
        "thread_id":12345678901234567890123,"channel_id":1.50,"manager_id":" m 1 "}"#;
    let event = only(&send_text(&host(), body)).clone();
    let data = event.json();
    assert_eq!(
        (event.subject.as_deref(), event.dedupe_key.as_deref()),
        (Some("52770011312345678901"), Some("9007199254740993"))
    );
    assert_eq!(data["selarti"]["thread_id"], "12345678901234567890123");
    assert_eq!((&data["channel_id"], &data["selarti"]["manager_id"]), (&json!("1.50"), &json!("m 1")));
}

#[test]
fn unknown_fields_and_contacts_are_passed_on_to_the_letter() {
    let body = r#"{"zeta":1.50,"message_type":"bot","message_text":"Hi","external_chat_id":"c1","alpha":{"b":1,"a":[12345678901234567890]},
        "contacts":[{"type":"phone",  "value":79990001122}],"Alpha":null}"#;
    let answer = send_text(&host(), body);
    let data = answer.events[0].data.get();
    assert!(data.contains(r#""raw":{"zeta":1.50,"alpha":{"b":1,"a":[12345678901234567890]},"Alpha":null}"#), "{data}");
    assert!(data.contains(r#""contacts":[{"type":"phone",  "value":79990001122}]"#), "{data}");
}

#[test]
fn only_https_links_are_passed_on() {
    for (n, link) in (1..).zip([
        "http://selarti.com/x",
        "javascript:alert(1)",
        "/panel",
        "https://",
        "https:///x",
        "https://a b",
        "https://a/\nb",
        "ftp://a",
        "HTTPS",
    ]) {
        let answer = send(&host(), &webhook(n, &json!({ "panel_url": link, "share_url": link, "operator": true })));
        for event in &answer.events {
            let data = event.json();
            assert_eq!((data.get("panel_url"), data["selarti"].get("panel_url")), (None, None), "{link}");
            assert_eq!(data["selarti"].get("share_url"), None, "{link}");
            assert!(!event.data.get().contains("javascript"), "{link}");
        }
        assert_eq!(answer.log.len(), 2, "{link}");
        assert!(answer.log.iter().all(|(_, line)| !line.contains(link)), "a link may be confidential: {link}");
    }
}

#[test]
fn a_link_that_is_spelled_twice_is_read_once() {
    let body = r#"{"message_type":"bot","message_text":"Hi","external_chat_id":"c1","Panel_URL":"javascript:x","panel_url":"https://a"}"#;
    let data = only(&send_text(&host(), body)).json();
    assert_eq!((&data["selarti"]["panel_url"], &data["selarti"]["raw"]), (&json!("https://a"), &json!({})));
}

#[test]
fn names_may_differ_in_case_and_blanks_and_the_exact_one_counts() {
    let body = r#"{"Message_Type":"bot","MESSAGE TEXT":"Hi"," external_chat_id ":"c1","Task_ID":"TASK","Close":"да"}"#;
    let answer = send_text(&host(), &body.replace("TASK", TASK));
    assert_eq!(kinds(&answer), ["message.generated", "dialog.closed", "dialog.updated"]);
    assert_eq!(answer.events[0].json()["selarti"]["task_id"], TASK);
    let body = r#"{"External_Chat_ID":"other","message_type":"bot","external_chat_id":"c1","message_text":"Hi","EXTERNAL_CHAT_ID":"third"}"#;
    let event = only(&send_text(&host(), body)).clone();
    assert_eq!(event.subject.as_deref(), Some("c1"));
    assert_eq!(event.json()["selarti"]["raw"], json!({ "External_Chat_ID": "other", "EXTERNAL_CHAT_ID": "third" }));
}
