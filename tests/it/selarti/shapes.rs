//! However Selarti writes it, it means the same.

use hookyard_tests::selarti::{Booleans, Contacts, Encoding, Style, Types, Wrapper};
use serde_json::{Value, json};

use super::Ai;

const FLAGS: [&str; 6] = ["close", "get_contact", "interest", "is_bot", "operator", "success"];

/// The data of the one event of a message that is told in this style, in a dialogue with a success.
async fn told(ai: &Ai, chat: &str, style: impl FnOnce(&mut Style)) -> Value {
    ai.fake.style(|now| {
        *now = Style::default();
        style(now);
    });
    let before = ai.host.events().await.len();
    ai.fake.flag(chat, "success", true);
    ai.fake.operator_says(chat, "Строка\n🙂 \u{200f}שלום");
    ai.fake.until_delivered().await;
    let mut events = ai.host.events().await.split_off(before);
    events.retain(|event| event["type"] == "selarti.message.generated");
    let [event] = events.try_into().unwrap_or_else(|events| panic!("one: {events:?}"));
    assert_eq!(
        (&event["subject"], &event["data"]["text"]),
        (&json!(chat), &json!("Строка\n🙂 \u{200f}שלום")),
        "{chat}"
    );
    assert_eq!(event["data"]["sender"]["type"], "agent");
    event["data"]["selarti"].clone()
}

#[tokio::test]
async fn a_message_is_the_same_in_every_shape() {
    type Change = fn(&mut Style);
    let ai = Ai::start().await;
    let shapes: [(&str, Change); 12] = [
        ("plain", |_| {}),
        ("data", |style| style.wrapper = Wrapper::Member("data")),
        ("body", |style| style.wrapper = Wrapper::Member("body")),
        ("response", |style| style.wrapper = Wrapper::Member("response")),
        ("list", |style| style.wrapper = Wrapper::List),
        ("form", |style| style.encoding = Encoding::Form),
        ("russian", |style| style.types = Types::Russian),
        ("other", |style| style.types = Types::Other),
        ("capitals", |style| style.capitals = true),
        ("yes", |style| style.booleans = Booleans::Yes),
        ("da", |style| (style.booleans, style.encoding) = (Booleans::Da, Encoding::Form)),
        ("digits", |style| (style.booleans, style.wrapper) = (Booleans::Digits, Wrapper::List)),
    ];
    for (name, style) in shapes {
        let selarti = told(&ai, name, style).await;
        let flags = FLAGS.map(|flag| selarti[flag].as_bool());
        assert_eq!(flags, [Some(false), Some(false), Some(false), Some(false), Some(false), Some(true)], "{name}");
        assert_eq!((&selarti["message_type"], &selarti["raw"]), (&json!("operator"), &json!({})), "{name}: {selarti}");
        assert_eq!(
            (&selarti["title"], &selarti["wh_type"]),
            (&json!("Анна Петрова"), &json!("all_messages")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_flag_that_is_not_understood_is_unknown_and_changes_nothing() {
    let ai = Ai::start().await;
    for booleans in [Booleans::Null, Booleans::Odd] {
        let chat = format!("{booleans:?}");
        let selarti = told(&ai, &chat, |style| style.booleans = booleans).await;
        assert!(FLAGS.iter().all(|flag| selarti[flag].is_null()), "{selarti}");
        let events = ai.host.events().await;
        let about_it = events.iter().filter(|event| event["subject"] == chat.as_str()).count();
        assert_eq!(about_it, 1, "no change was told: {events:?}");
    }
    let selarti = told(&ai, "text", |style| style.booleans = Booleans::Text).await;
    assert_eq!((&selarti["success"], &selarti["close"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn ids_keep_every_digit() {
    let ai = Ai::start().await;
    let selarti = told(&ai, "c", |style| style.ids_as_numbers = true).await;
    for name in ["message_id", "thread_id", "channel_id", "company_id", "manager_id"] {
        let id = selarti[name].as_str().unwrap_or_else(|| panic!("{name}: {selarti}"));
        // Each of them is odd, and beyond 2^53 a 64-bit float is even.
        assert!(id.parse::<u64>().is_ok_and(|id| id > 1 << 53 && id % 2 == 1), "{name}: {id}");
    }
    let mut body = ai.fake.webhook("c", "bot", "x");
    body["external_chat_id"] = json!(9_007_199_254_740_993_u64);
    assert_eq!(ai.told(&body).await, 200);
    assert_eq!(ai.last().await["subject"], "9007199254740993");
}

#[tokio::test]
async fn contact_data_are_told_once_as_far_as_they_are_understood() {
    let ai = Ai::start().await;
    let rows = [
        (Contacts::Empty, Value::Null),
        (Contacts::EmptyList, Value::Null),
        (Contacts::Null, Value::Null),
        (Contacts::Text, json!({ "phone": "+79990001122" })),
        (Contacts::List, json!({ "phone": "+79990001122" })),
        (Contacts::Object, json!({ "phone": "+79990001122", "username": "@anna_p" })),
    ];
    for (contacts, found) in rows {
        let chat = format!("{contacts:?}");
        let selarti = told(&ai, &chat, |style| style.contacts = contacts).await;
        assert_eq!(selarti["contacts"], ai.fake.webhook(&chat, "bot", "x")["contacts"], "as received");
        let events = ai.host.events().await;
        let received: Vec<_> = events
            .iter()
            .filter(|event| event["subject"] == chat.as_str() && event["type"] == "selarti.contact.received")
            .collect();
        assert_eq!(received.len(), usize::from(!found.is_null()), "{chat}: {received:?}");
        assert!(received.iter().all(|event| event["data"]["contact"] == found), "{chat}: {received:?}");
    }
}

#[tokio::test]
async fn fields_may_be_missing_and_more_may_come() {
    let ai = Ai::start().await;
    let selarti = told(&ai, "c", |style| {
        style.without = vec!["title", "panel_url", "share_url", "contacts", "wh_type", "manager_id", "close"];
        style.more = json!({ "mood": { "value": 12_345_678_901_234_567_890_u64 }, "new": null })
            .as_object()
            .cloned()
            .unwrap_or_default();
    })
    .await;
    assert_eq!(selarti["raw"]["mood"]["value"].to_string(), "12345678901234567890");
    assert_eq!((selarti.get("title"), &selarti["close"]), (None, &Value::Null), "{selarti}");
    let mut body = ai.fake.webhook("c", "bot", "x");
    body["panel_url"] = json!("javascript:alert(1)");
    body["share_url"] = json!("http://selarti.com/share/1");
    assert_eq!(ai.told(&body).await, 200);
    let selarti = ai.last().await["data"]["selarti"].clone();
    assert_eq!((selarti.get("panel_url"), selarti.get("share_url")), (None, None), "{selarti}");
    let long = "я".repeat(10_000);
    assert_eq!(ai.told(&ai.fake.webhook("c", "bot", &long)).await, 200);
    assert_eq!(ai.last().await["data"]["text"], long);
}
