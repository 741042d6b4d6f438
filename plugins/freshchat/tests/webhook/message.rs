//! Messages of customers.

use hookyard_sdk::Webhook;
use hookyard_sdk::log::Level;
use serde_json::{Value, json};

use crate::given::*;

fn parts(parts: &Value) -> Value {
    with(&json!({ "message_parts": parts }))
}

#[test]
fn a_customers_message_becomes_the_documented_event() {
    let answer = host().webhook(&Webhook::post(MESSAGE));
    assert_eq!((answer.status, answer.response, answer.log), (200, None, vec![]));
    let [event] = answer.events.as_slice() else { panic!("one event") };
    assert_eq!(event.kind, "message.received");
    assert_eq!(event.subject.as_deref(), Some(CONVERSATION));
    assert_eq!(event.time.as_deref(), Some("2026-03-04T10:11:12.340Z"));
    assert_eq!(
        event.json(),
        json!({
            "conversation_id": CONVERSATION,
            "message_id": "e2a4c7c0-95a4-4f66-8c14-3a6b5a0f7d21",
            "text": "Hola, ¿mi pedido llegó? 😀",
            "attachments": [],
            "sender": { "type": "user", "id": USER },
            "site": "default",
            "channel_id": CHANNEL,
            "time": "2026-03-04T10:11:12.340Z",
            "freshchat": {
                "site_source": "default",
                "app_id": APP,
                "freshchat_conversation_id": "812345678901234",
                "freshchat_channel_id": "551021",
                "user_id": USER,
                "message_parts": [{ "text": { "content": "Hola, ¿mi pedido llegó? 😀" } }],
            },
        })
    );
}

#[test]
fn the_parts_are_passed_on_to_the_letter() {
    let written =
        "[ {\"text\":{\"content\":\"a\\u00e9\"}, \"z\": 1.50, \"a\":12345678901234567890123 },\n {\"later\" : 2e-3} ]";
    let body = from_user("m", 0).to_string().replace(r#"[{"text":{"content":"Hello"}}]"#, written);
    let answer = host().webhook(&Webhook::post(body));
    assert_eq!(answer.events[0].json()["text"], json!("aé"));
    let data = answer.events[0].data.get();
    assert!(data.ends_with(&format!("\"message_parts\":{written}}}}}")), "{data}");
}

#[test]
fn the_text_is_that_of_all_texts_and_e_mails_in_their_order() {
    let heard = heard(
        &host(),
        &parts(&json!([
            { "text": { "content": "My parcel " } },
            { "image": { "url": "https://cdn.example/a.png" } },
            { "email": { "content": "has not\narrived", "subject": "Parcel" } },
            { "text": { "content": " 📦" } },
        ])),
    );
    assert_eq!(heard[0].1["text"], json!("My parcel has not\narrived 📦"));
}

#[test]
fn pictures_films_and_files_are_attachments() {
    let heard = heard(
        &host(),
        &parts(&json!([
            { "image": { "url": "https://cdn.example/a.png" } },
            { "video": { "url": "https://cdn.example/a.mp4", "content_type": "video/mp4" } },
            { "file": { "url": "https://cdn.example/a.pdf", "name": "a.pdf", "file_size_in_bytes": 1024, "content_type": "application/pdf" } },
            { "file": { "url": "https://cdn.example/b", "name": "", "file_size_in_bytes": "2048", "content_type": null } },
            { "file": { "url": "https://cdn.example/c", "name": 7, "file_size_in_bytes": -1.5 } },
        ])),
    );
    assert_eq!(heard[0].1["text"], json!(""));
    assert_eq!(
        heard[0].1["attachments"],
        json!([
            { "type": "image", "url": "https://cdn.example/a.png" },
            { "type": "video", "url": "https://cdn.example/a.mp4", "content_type": "video/mp4" },
            { "type": "file", "url": "https://cdn.example/a.pdf", "name": "a.pdf", "content_type": "application/pdf", "size_bytes": 1024 },
            { "type": "file", "url": "https://cdn.example/b", "size_bytes": 2048 },
            { "type": "file", "url": "https://cdn.example/c" },
        ])
    );
}

#[test]
fn an_attachment_that_nobody_could_fetch_over_https_is_left_out_and_logged() {
    let body = parts(&json!([
        { "image": { "url": "http://cdn.example/a.png" } },
        { "image": { "url": "/a.png" } },
        { "image": { "url": "https://cdn.example/b.png" } },
    ]));
    let answer = send(&host(), &body);
    let data = answer.events[0].json();
    assert_eq!(data["attachments"], json!([{ "type": "image", "url": "https://cdn.example/b.png" }]));
    assert_eq!(data["freshchat"]["message_parts"], body["data"]["message"]["message_parts"]);
    assert_eq!(answer.log, [(Level::Warn, "attachments without an https: URL, left out: 2".to_owned())]);
}

#[test]
fn no_address_that_freshchat_writes_keeps_a_message_from_being_told() {
    let rows = [
        ("https://cdn.example/año.png?é=ü#ß", Some("https://cdn.example/a%C3%B1o.png?%C3%A9=%C3%BC#%C3%9F")),
        ("https://cdn.example/{1}|\"<a>`^\\.png", Some("https://cdn.example/%7B1%7D%7C%22%3Ca%3E%60%5E%5C.png")),
        ("https://cdn.example/100%.png?a=%zz&b=%C3%A9", Some("https://cdn.example/100%25.png?a=%25zz&b=%C3%A9")),
        ("https://cdn.example/a[1].png#a#b", Some("https://cdn.example/a%5B1%5D.png#a%23b")),
        ("https://cdn.example/\u{feff}.png", Some("https://cdn.example/%EF%BB%BF.png")),
        ("https://cdn.example:8443?a", Some("https://cdn.example:8443?a")),
        ("https://cdn.example/año 1.png", Some("https://cdn.example/a%C3%B1o%201.png")),
        ("https://español.example/a.png", None),
        ("https://[cdn]/a.png", None),
        ("https://a@b@cdn.example/a.png", None),
        ("https://cdn.example:port/a.png", None),
    ];
    for (url, expected) in rows {
        let heard = heard(&host(), &parts(&json!([{ "text": { "content": "Look" } }, { "image": { "url": url } }])));
        assert_eq!((heard[0].0.as_str(), &heard[0].1["text"]), ("message.received", &json!("Look")), "{url}");
        let told = heard[0].1["attachments"].as_array().expect("a list").first().and_then(|one| one["url"].as_str());
        assert_eq!(told, expected, "{url}");
        assert_eq!(heard[0].1["freshchat"]["message_parts"][1]["image"]["url"], url, "as Freshchat wrote it");
    }
}

#[test]
fn a_part_that_cannot_be_read_does_not_take_the_others_with_it() {
    let odd = [
        json!({ "sticker": { "id": 7 } }),
        json!({ "text": {} }),
        json!({ "text": { "content": null } }),
        json!({ "text": { "content": 7 } }),
        json!({ "text": "Hello" }),
        json!({ "image": { "url": null } }),
        json!({}),
        json!(["text"]),
        json!("Hello"),
        json!(7),
        Value::Null,
    ];
    for odd in odd {
        let answer = send(&host(), &parts(&json!([odd, { "text": { "content": "Hello" } }])));
        assert_eq!((answer.status, answer.events[0].json()["text"].clone()), (200, json!("Hello")), "{odd}");
        assert_eq!(answer.log, [(Level::Warn, "parts of the message that cannot be read: 1".to_owned())], "{odd}");
    }
}

#[test]
fn what_is_neither_text_nor_attachment_is_a_message_with_its_parts() {
    for part in ["url_button", "quick_reply_button", "collection", "reference", "template_content", "callback"] {
        let list = json!([{ part: { "label": "Yes" } }]);
        let answer = send(&host(), &parts(&list));
        assert_eq!(answer.log, []);
        let data = answer.events[0].json();
        assert_eq!((&data["text"], &data["attachments"]), (&json!(""), &json!([])), "{part}");
        assert_eq!(data["freshchat"]["message_parts"], list);
    }
}

#[test]
fn what_freshchat_does_not_say_is_left_out() {
    let nothing = json!({
        "channel_id": null, "user_id": null, "created_time": null, "message_type": null, "actor_id": null, "actor_type": null,
    });
    let mut body = with(&nothing);
    body["actor"] = json!({ "actor_type": "user" });
    body["action_time"] = Value::Null;
    let answer = send(&host(), &body);
    assert_eq!(
        answer.events[0].json(),
        json!({
            "conversation_id": CONVERSATION, "message_id": "m", "text": "Hello", "attachments": [], "sender": { "type": "user" },
            "site": "default",
            "freshchat": { "site_source": "default", "app_id": APP, "message_parts": [{ "text": { "content": "Hello" } }] },
        })
    );
    assert_eq!(answer.events[0].time, None, "the time of receipt");
}

#[test]
fn members_of_another_type_are_as_good_as_missing() {
    for odd in [json!(true), json!({ "id": "x" }), json!(["x"]), json!("")] {
        let names =
            ["channel_id", "freshchat_channel_id", "freshchat_conversation_id", "user_id", "created_time", "site_id"];
        let body = with(&Value::Object(names.iter().map(|name| ((*name).to_owned(), odd.clone())).collect()));
        let heard = heard(&host(), &body);
        let (kind, data) = &heard[0];
        assert_eq!(
            (kind.as_str(), data.get("channel_id"), &data["site"]),
            ("message.received", None, &json!("default")),
            "{odd}"
        );
        assert_eq!(data["time"], json!(at(0)), "that of the webhook, {odd}");
        let mut named: Vec<_> = data["freshchat"].as_object().expect("an object").keys().map(String::as_str).collect();
        named.sort_unstable();
        assert_eq!(named, ["app_id", "message_parts", "site_source", "user_id"], "{odd}");
    }
}

#[test]
fn ids_that_are_numbers_keep_their_digits() {
    let body = from_user("m", 0).to_string().replace("\"m\"", "12345678901234567890123").replace(
        "\"message_type\":\"normal\"",
        "\"message_type\":\"normal\",\"freshchat_conversation_id\":812345678901234,\"freshchat_channel_id\":551021.50",
    );
    let data = host().webhook(&Webhook::post(body)).events[0].json();
    assert_eq!(data["message_id"], json!("12345678901234567890123"));
    assert_eq!(data["freshchat"]["freshchat_conversation_id"], json!("812345678901234"));
    assert_eq!(data["freshchat"]["freshchat_channel_id"], json!("551021.50"));
}

#[test]
fn a_message_without_a_type_is_a_normal_one() {
    for kind in [Value::Null, json!("normal"), json!(7), json!("")] {
        assert_eq!(kinds(&host(), &with(&json!({ "message_type": kind }))), ["message.received"], "{kind}");
    }
}

#[test]
fn a_text_that_fits_into_a_webhook_fits_into_its_event() {
    for (chars, with_parts) in [(500_000, true), (600_000, false), (1_000_000, false)] {
        let text = "x".repeat(chars);
        let answer = send(&host(), &parts(&json!([{ "text": { "content": text } }])));
        assert_eq!((answer.status, answer.error), (200, None), "{chars}");
        let data = answer.events[0].json();
        assert_eq!(data["text"].as_str().map(str::len), Some(chars));
        assert_eq!(data["freshchat"].get("message_parts").is_some(), with_parts, "{chars}");
        assert_eq!(answer.log.is_empty(), with_parts, "{chars}");
    }
}

#[test]
fn no_time_that_freshchat_writes_keeps_a_message_from_being_told() {
    for time in [
        "2026-03-04t10:00:00.5z",
        "2026-03-04 10:00:00Z",
        "2026-03-04T10:00:00.1234567891234Z",
        "2016-12-31T23:59:60Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59+00:00",
        "2026-03-04T10:00:00+23:59",
        "2026-03-04T10:00:00.000+0000",
        "1772617272000",
        "yesterday",
    ] {
        let mut message = with(&json!({ "created_time": time }));
        message["action_time"] = json!(time);
        assert_eq!(kinds(&host(), &message), ["message.received"], "{time}");
        let mut agents = from_agent("m", 0);
        agents["action_time"] = json!(time);
        agents["data"]["message"]["created_time"] = json!(time);
        assert_eq!(kinds(&host(), &agents), ["agent.took-over"], "{time}");
        let mut resolved = resolution(0);
        resolved["action_time"] = json!(time);
        assert_eq!(kinds(&host(), &resolved), ["conversation.resolved"], "{time}");
    }
}

#[test]
fn a_message_that_freshchat_repeats_becomes_no_second_event() {
    let host = host();
    let retry =
        |count: &str| Webhook { headers: vec![("x-retry-count".into(), count.into())], ..Webhook::post(MESSAGE) };
    assert!(!host.webhook(&retry("0")).duplicate);
    for count in ["1", "5"] {
        let again = host.webhook(&retry(count));
        assert_eq!((again.status, again.duplicate, host.events().len()), (200, true, 1));
    }
}

#[test]
fn the_other_id_of_the_conversation_is_remembered_wherever_it_stands() {
    let mut outside = from_user("m", 0);
    outside["data"]["freshchat_conversation_id"] = json!("812345678901234");
    for body in [outside, with(&json!({ "freshchat_conversation_id": "812345678901234" }))] {
        let host = host();
        let heard = heard(&host, &body);
        assert_eq!(heard[0].1["freshchat"]["freshchat_conversation_id"], json!("812345678901234"));
        let ids: Value = serde_json::from_slice(&host.value("ids/812345678901234").expect("kept")).expect("JSON");
        assert_eq!(ids["id"], json!(CONVERSATION));
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_body() {
    let answer = host().webhook(&Webhook::post([b"\xEF\xBB\xBF", MESSAGE].concat()));
    assert_eq!((answer.status, answer.events.len()), (200, 1));
}
