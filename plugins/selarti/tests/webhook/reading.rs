//! The many ways in which one webhook may be written.

use hookyard_sdk::Webhook;
use hookyard_sdk::http::query;
use hookyard_sdk::log::Level;
use serde_json::{Value, json};

use crate::script::{CHAT, TASK, host, kinds, logged, only, send, send_form, send_text, webhook};

#[test]
fn marks_are_read_in_every_spelling() {
    let yes = [
        json!(true),
        json!(1),
        json!("true"),
        json!("YES"),
        json!("y"),
        json!("1"),
        json!("да"),
        json!(" Да\n"),
        json!("On"),
    ];
    let no = [
        json!(false),
        json!(0),
        json!("False"),
        json!("no"),
        json!("N"),
        json!("0"),
        json!("нет"),
        json!("НЕТ "),
        json!("off"),
        json!(""),
    ];
    let unknown =
        [json!(2), json!(-1), json!(1.5), json!("maybe"), json!("truee"), json!([]), json!({ "value": true })];
    let rows = [(yes.as_slice(), json!(true), 0), (&no, json!(false), 0), (&unknown, Value::Null, 6)];
    for (spellings, expected, warnings) in rows {
        for spelling in spellings {
            let marks = json!({
                "close": spelling, "success": spelling, "interest": spelling, "get_contact": spelling, "operator": spelling,
                "is_bot": spelling,
            });
            let answer = send(&host(), &webhook(1, &marks));
            let data = answer.events[0].json();
            for mark in ["close", "success", "interest", "get_contact", "operator", "is_bot"] {
                assert_eq!(data["selarti"][mark], expected, "{mark}: {spelling}");
            }
            assert_eq!(logged(&answer, Level::Warn).len(), warnings, "{spelling}");
        }
    }
}

#[test]
fn the_object_may_be_wrapped_or_the_only_one_of_a_list() {
    let body = webhook(1, &json!({}));
    let wrapped = [
        json!([body]),
        json!({ "data": body }),
        json!({ "body": body, "event": "x" }),
        json!({ "response": body }),
        json!({ "Data": body }),
        json!({ "data": 7, "body": body }),
        json!([{ "body": body }]),
        json!({ "data": [body] }),
    ];
    for body in wrapped {
        assert_eq!(only(&send(&host(), &body)).subject.as_deref(), Some(CHAT), "{body}");
    }
    let beside = json!({ "event": "x", "data": body, "sent_at": 5 });
    let raw = only(&send(&host(), &beside)).json()["selarti"]["raw"].clone();
    assert_eq!(raw, json!({ "event": "x", "sent_at": 5 }));
    let enveloped = json!({
        "success": true, "close": 1, "wh_type": "outer", "message_id": "outer", "title": "outer",
        "data": webhook(1, &json!({ "wh_type": null, "success": null, "close": null })),
    });
    let data = only(&send(&host(), &enveloped)).json()["selarti"].clone();
    assert_eq!((&data["wh_type"], &data["message_id"]), (&json!("outer"), &json!("m1")), "the inner one counts");
    assert_eq!((&data["success"], &data["close"], data.get("title")), (&Value::Null, &Value::Null, None));
    let raw = json!({ "message_id": "outer", "success": true, "close": 1, "title": "outer" });
    assert_eq!(data["raw"], raw, "of the request, not of the dialogue");
    let mut flat = body.clone();
    flat["data"] = json!({ "external_chat_id": "other" });
    let event = only(&send(&host(), &flat)).clone();
    assert_eq!((event.subject.as_deref(), &event.json()["selarti"]["raw"]["data"]), (Some(CHAT), &flat["data"]));
}

#[test]
fn a_form_is_read_like_json() {
    let fields = [
        ("message_type", "Бот"),
        ("message_id", "m1"),
        ("message_text", "Привет 🙂\nкак дела? 50% & more+"),
        ("external_chat_id", "tg:5"),
        ("thread_id", "t1"),
        ("task_id", TASK),
        ("close", "нет"),
        ("interest", "да"),
        ("success", ""),
        ("operator", "off"),
        ("contacts", r#"{"phone":"+79990001122"}"#),
        ("panel_url", "https://selarti.com/panel?a=1&b=2"),
        ("later", "7"),
    ];
    let answer = send_form(&host(), &query(fields));
    assert_eq!(kinds(&answer), ["message.generated", "contact.received", "dialog.updated"]);
    let data = answer.events[0].json();
    assert_eq!(data["text"], "Привет 🙂\nкак дела? 50% & more+");
    assert_eq!(
        data["selarti"],
        json!({
            "message_type": "bot", "message_id": "m1", "message_text": "Привет 🙂\nкак дела? 50% & more+", "external_chat_id": "tg:5",
            "thread_id": "t1", "task_id": TASK, "close": false, "interest": true, "success": false, "operator": false,
            "get_contact": null, "is_bot": null, "contacts": r#"{"phone":"+79990001122"}"#,
            "panel_url": "https://selarti.com/panel?a=1&b=2", "raw": { "later": "7" },
        })
    );
    assert_eq!(answer.events[1].json()["contact"], json!({ "phone": "+79990001122" }));
    let spaced = send_form(&host(), "message_type=bot&message_text=a+b%20c&external_chat_id=c1");
    assert_eq!(only(&spaced).json()["text"], "a b c");
    assert_eq!(kinds(&send_form(&host(), "nothing")), [""; 0]);
}

#[test]
fn json_is_json_whatever_its_content_type_says() {
    let body = webhook(1, &json!({})).to_string();
    assert_eq!(kinds(&send_form(&host(), &format!(" {body}"))), ["message.generated"]);
    let answer = host().webhook(&Webhook::post(format!("\u{FEFF}{body}\r\n")));
    assert_eq!(kinds(&answer), ["message.generated"], "no content type, and a byte order mark");
}

#[test]
fn an_unknown_kind_of_webhook_is_read_like_any_other() {
    for kind in ["", "tags", "сообщение", "999"] {
        assert_eq!(kinds(&send(&host(), &webhook(1, &json!({ "wh_type": kind })))), ["message.generated"]);
    }
}

#[test]
fn contacts_are_understood_as_far_as_that_goes() {
    let rows = [
        (json!("+7 999 000-11-22"), json!({ "phone": "+7 999 000-11-22" })),
        (json!(79_990_001_122_i64), json!({ "phone": "79990001122" })),
        (
            json!([{ "type": "phone", "value": "+7999" }, { "type": "Email", "value": "a@example.com" }]),
            json!({ "phone": "+7999", "email": "a@example.com" }),
        ),
        (json!({ "username": "@anna_p", "Phone": "+7999" }), json!({ "phone": "+7999", "username": "@anna_p" })),
        (json!("evenings only"), json!({})),
    ];
    for (contacts, contact) in rows {
        let answer = send(&host(), &webhook(1, &json!({ "contacts": contacts })));
        assert_eq!(kinds(&answer), ["message.generated", "contact.received"], "{contacts}");
        let data = answer.events[1].json();
        assert_eq!((&data["contact"], &data["selarti"]["contacts"]), (&contact, &contacts));
    }
    for none in ["\"\"", "[]", "{}", "null", r#"{"phone":""}"#] {
        let body = format!(r#"{{"message_type":"bot","message_text":"Hi","external_chat_id":"c1","contacts":{none}}}"#);
        let answer = send_text(&host(), &body);
        let received: Value = serde_json::from_str(none).expect("JSON");
        assert_eq!(only(&answer).json()["selarti"]["contacts"], received, "as received");
    }
}
