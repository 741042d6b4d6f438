//! What Freshchat tells becomes events, each once, and nothing that it tells is an error to it.

use std::time::Duration;

use hookyard_tests::freshchat::{BOT, CHANNEL, CHANNEL_DIGITS, Fault, HUMAN, Signature};
use serde_json::{Value, json};

use super::{Chat, hook};

#[tokio::test]
async fn what_happens_in_a_conversation_becomes_its_events() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let said = chat.fake.customer_says(&id, "Hola");
    assert_eq!(chat.told(&said).await, 200);
    let message = chat.last().await;
    assert_eq!((&message["text"], &message["sender"]["type"]), (&json!("Hola"), &json!("user")));
    assert_eq!(message["sender"]["id"], chat.fake.customer_of(&id));

    let assigned = chat.fake.assign(&id, None, Some("g-1"));
    assert_eq!(chat.told(&assigned).await, 200);
    let data = chat.last().await;
    let body: Value = serde_json::from_slice(&assigned).expect("JSON");
    assert_eq!((&data["assigned_group_id"], data.get("assigned_agent_id")), (&json!("g-1"), None), "{data}");
    assert_eq!(data["by"], json!({ "type": "agent", "id": HUMAN }));
    assert_eq!((&data["freshchat"], &data["time"]), (&body["data"]["assignment"], &body["action_time"]));
    assert_eq!((&data["status"], &data["site"]), (&json!("new"), &json!("default")));

    assert_eq!(chat.told(&chat.fake.resolve(&id)).await, 200);
    assert_eq!(chat.last().await["status"], "resolved");
    assert_eq!(chat.told(&chat.fake.reopen(&id)).await, 200);
    assert_eq!(chat.last().await["by"]["type"], "user");
    let kinds = ["message.received", "conversation.assigned", "conversation.resolved", "conversation.reopened"];
    assert_eq!(chat.kinds().await, kinds);
}

#[tokio::test]
async fn all_that_a_message_consists_of_is_told() {
    let chat = Chat::start().await;
    let parts = json!([
        { "text": { "content": "Mira: " } },
        { "image": { "url": "https://cdn.example/a.png" } },
        { "email": { "content": "y esto" } },
        { "file": { "url": "https://cdn.example/b.pdf", "name": "b.pdf", "file_size_in_bytes": 7, "content_type": "application/pdf" } },
        { "video": { "url": "https://cdn.example/c.mp4", "content_type": "video/mp4" } },
        { "hologram": { "depth": 12345678901234567890_u64 } },
    ]);
    let body = chat.fake.customer_sends(&chat.fake.start_conversation(), &parts);
    assert_eq!(chat.told(&body).await, 200);
    let data = chat.last().await;
    assert_eq!((&data["text"], &data["freshchat"]["message_parts"]), (&json!("Mira: y esto"), &parts));
    let attachments = json!([
        { "type": "image", "url": "https://cdn.example/a.png" },
        { "type": "file", "url": "https://cdn.example/b.pdf", "name": "b.pdf", "content_type": "application/pdf", "size_bytes": 7 },
        { "type": "video", "url": "https://cdn.example/c.mp4", "content_type": "video/mp4" },
    ]);
    assert_eq!(data["attachments"], attachments);
    assert!(chat.host.get("/v1/events?limit=10").await.text().contains("12345678901234567890"), "no digit is lost");
}

#[tokio::test]
async fn what_is_told_again_is_accepted_and_counts_once() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let told = [
        chat.fake.customer_says(&id, "Hola"),
        chat.fake.assign(&id, None, Some("g-1")),
        chat.fake.resolve(&id),
        chat.fake.reopen(&id),
    ];
    for body in &told {
        for reply in chat.sender().repeat(body, 6).await {
            assert_eq!(reply.status(), 200, "{}", reply.text());
        }
    }
    let kinds = chat.kinds().await;
    assert_eq!(kinds.len(), told.len(), "{kinds:?}");
    chat.fake.copies(3);
    chat.fake.deliver_to(&hook(&chat.host, "chat"));
    let conversations = [chat.fake.start_conversation(), chat.fake.start_conversation()];
    conversations.iter().for_each(|id| drop(chat.fake.customer_says(id, "Hola")));
    chat.fake.until_delivered().await;
    assert_eq!(chat.fake.attempts().len(), 6);
    assert!(chat.fake.attempts().iter().all(|attempt| attempt.status == Some(200)));
    assert_eq!(chat.kinds().await.len(), told.len() + 2);
}

#[tokio::test]
async fn two_changes_of_a_kind_are_two() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    for _ in 0..2 {
        assert_eq!(chat.told(&chat.fake.resolve(&id)).await, 200);
        assert_eq!(chat.told(&chat.fake.reopen(&id)).await, 200);
    }
    assert_eq!(chat.kinds().await.len(), 4);
}

#[tokio::test]
async fn what_nobody_is_to_answer_becomes_no_event() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let said = chat.fake.customer_says(&id, "Hola");
    let author = |kind: &'static str, id: &'static str| {
        move |body: &mut Value| {
            body["actor"] = json!({ "actor_type": kind, "actor_id": id });
            body["data"]["message"]["actor_type"] = json!(kind);
            body["data"]["message"]["actor_id"] = json!(id);
        }
    };
    assert_eq!(chat.told(&chat.fake.agent_says(&id, BOT, "Hola")).await, 200);
    assert_eq!(chat.told_with(&said, author("bot", BOT)).await, 200);
    assert_eq!(chat.told_with(&said, author("bot", "another")).await, 200);
    assert_eq!(chat.told_with(&said, author("system", "")).await, 200);
    assert_eq!(chat.told_with(&said, |body| body["data"]["message"]["message_type"] = json!("private")).await, 200);
    assert_eq!(chat.told_with(&said, |body| body["data"]["message"]["botsPrivateNote"] = json!(true)).await, 200);
    assert!(chat.kinds().await.is_empty(), "{:?}", chat.kinds().await);
    // A message of a type that is not said is an ordinary one.
    let without_type = |body: &mut Value| {
        drop(body["data"]["message"].as_object_mut().map(|message| message.remove("message_type")));
    };
    assert_eq!(chat.told_with(&said, without_type).await, 200);
    assert_eq!(chat.kinds().await, ["message.received"]);
}

#[tokio::test]
async fn what_is_not_understood_is_accepted_and_becomes_no_event() {
    let chat = Chat::start().await;
    let said = chat.fake.customer_says(&chat.fake.start_conversation(), "Hola");
    type Change = fn(&mut Value);
    let changes: [Change; 19] = [
        |body| body["action"] = json!("conversation_create"),
        |body| body["action"] = Value::Null,
        |body| body["data"] = Value::Null,
        |body| drop(body.as_object_mut().map(|body| body.remove("data"))),
        |body| body["data"]["message"] = json!("Hola"),
        |body| body["data"]["message"]["app_id"] = json!("another app"),
        |body| body["data"]["message"]["message_parts"] = Value::Null,
        |body| body["data"]["message"]["message_parts"] = json!([]),
        |body| body["data"]["message"]["message_parts"] = json!({ "text": { "content": "Hola" } }),
        |body| body["data"]["message"]["message_parts"] = json!([{ "hologram": {} }]),
        |body| body["data"]["message"]["message_parts"] = json!([{ "text": {} }, { "text": { "content": null } }]),
        |body| drop(body["data"]["message"].as_object_mut().map(|message| message.remove("message_parts"))),
        |body| body["data"]["message"]["conversation_id"] = Value::Null,
        |body| body["data"]["message"]["actor_type"] = json!("robot"),
        |body| body["actor"] = Value::Null,
        |body| body["action"] = json!("conversation_assignment"),
        |body| body["action"] = json!("conversation_resolution"),
        |body| *body = json!([]),
        |body| *body = json!({}),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        // `actor` tells the same as the message does.
        let expected = usize::from(at == 14);
        let before = chat.kinds().await.len();
        assert_eq!(chat.told_with(&said, change).await, 200, "{at}");
        assert_eq!(chat.kinds().await.len(), before + expected, "{at}");
    }
    let mut old: Value = serde_json::from_slice(&said).expect("JSON");
    old["data"]["message"]["id"] = json!("m-old");
    old["data"]["message"]["msg_parts"] = json!([{ "part_type": "text", "properties": { "text": "Hola" } }]);
    drop(old["data"]["message"].as_object_mut().map(|message| message.remove("message_parts")));
    assert_eq!(chat.told(old.to_string().as_bytes()).await, 200);
    let reopened = chat.fake.reopen(&chat.fake.start_conversation());
    let other_app = |body: &mut Value| body["data"]["reopen"]["conversation"]["app_id"] = json!("another app");
    assert_eq!(chat.told_with(&reopened, other_app).await, 200);
    assert_eq!(chat.kinds().await.len(), 1);
    let lines = chat.host.get("/v1/invocations?connection=chat&limit=100").await.text();
    assert!(lines.contains("another app"), "the operator is told: {lines}");
}

#[tokio::test]
async fn what_is_no_json_or_too_long_is_refused() {
    let chat = Chat::start().await;
    for body in ["", "{", "Hola", "{\"action\":\"message_create\"}}"] {
        assert_eq!(chat.told(body.as_bytes()).await, 400, "{body}");
    }
    let said = chat.fake.customer_says(&chat.fake.start_conversation(), &"x".repeat(1024 * 1024));
    assert_eq!(chat.told(&said).await, 413);
    assert!(chat.kinds().await.is_empty());
    let long = chat.fake.customer_says(&chat.fake.start_conversation(), &"ñ".repeat(100_000));
    assert_eq!(chat.told(&long).await, 200);
    assert_eq!(chat.last().await["text"].as_str().map(|text| text.chars().count()), Some(100_000));
}

#[tokio::test]
async fn messages_of_a_conversation_are_told_in_their_order() {
    const MESSAGES: usize = 12;
    let chat = Chat::start().await;
    chat.fake.deliver_to(&hook(&chat.host, "chat"));
    let conversations: Vec<_> = (0..4).map(|_| chat.fake.start_conversation()).collect();
    for number in 0..MESSAGES {
        conversations.iter().for_each(|id| drop(chat.fake.customer_says(id, &number.to_string())));
    }
    chat.fake.until_delivered().await;
    let events = chat.host.events().await;
    for id in &conversations {
        let of_it = events.iter().filter(|event| event["subject"] == *id);
        let texts: Vec<_> = of_it.map(|event| event["data"]["text"].as_str().expect("a text").to_owned()).collect();
        assert_eq!(texts, (0..MESSAGES).map(|number| number.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn the_site_comes_from_the_first_that_names_it() {
    let more = "default_site = \"main\"\nsite_property = \"site_id\"\n\
         channel_map = { \"c-guid\" = \"kitchens\", \"77\" = \"baths\" }";
    let chat = Chat::with(more).await;
    let site = async |channel: (&str, &str), property: Option<&str>, member: Option<&str>| {
        let id = chat.fake.start_conversation_in(channel.0, channel.1);
        if let Some(site) = property {
            chat.fake.set_property(&chat.fake.customer_of(&id), "site_id", site);
        }
        let said = chat.fake.customer_says(&id, "Hola");
        let named = |body: &mut Value| {
            if let Some(member) = member {
                body["data"]["message"][member] = json!("garden");
            }
        };
        assert_eq!(chat.told_with(&said, named).await, 200);
        let data = chat.last().await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        [text(&data["site"]), text(&data["freshchat"]["site_source"])]
    };
    let plain = (CHANNEL, CHANNEL_DIGITS);
    let before = chat.fake.requests().len();
    assert_eq!(site(("c-guid", "1"), Some("hall"), Some("site_id")).await, ["garden", "message"]);
    assert_eq!(site(("c-guid", "1"), Some("hall"), Some("siteId")).await, ["garden", "message"]);
    assert_eq!(site(("c-guid", "1"), Some("hall"), None).await, ["kitchens", "channel"]);
    assert_eq!(site(("other", "77"), Some("hall"), None).await, ["baths", "channel"]);
    assert_eq!(chat.asked(before).len(), 0, "nobody has to be asked");
    assert_eq!(site(plain, Some("hall"), None).await, ["hall", "property"]);
    assert_eq!(site(plain, None, None).await, ["main", "default"]);
    assert_eq!(chat.asked(before).len(), 2);
    for fault in [Fault::Status(404), Fault::Status(500), Fault::Page(502), Fault::Truncated, Fault::Broken] {
        chat.fake.fail_on("GET /v2/users", fault.clone(), 1);
        assert_eq!(site(plain, Some("hall"), None).await, ["main", "default"], "{fault:?}");
    }
}

#[tokio::test]
async fn a_user_is_looked_up_once_an_hour() {
    let chat = Chat::with("site_property = \"site_id\"").await;
    let id = chat.fake.start_conversation();
    chat.fake.set_property(&chat.fake.customer_of(&id), "site_id", "hall");
    let before = chat.fake.requests().len();
    for _ in 0..3 {
        assert_eq!(chat.told(&chat.fake.customer_says(&id, "Hola")).await, 200);
        assert_eq!(chat.last().await["site"], "hall");
    }
    assert_eq!(chat.asked(before), [format!("GET /v2/users/{}", chat.fake.customer_of(&id))]);
    chat.host.advance(Duration::from_secs(3_601));
    assert_eq!(chat.told(&chat.fake.customer_says(&id, "Hola")).await, 200);
    assert_eq!(chat.asked(before).len(), 2);
}

#[tokio::test]
async fn what_takes_longer_than_freshchat_waits_is_accepted_and_finished_from_the_inbox() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let before = chat.fake.requests().len();
    // Longer than the plugin may have for an answer to Freshchat, and shorter than Freshchat has for one to the plugin.
    chat.fake.fail_on("POST", Fault::Slow(Duration::from_secs(5)), 1);
    let input = json!({ "conversation_id": id, "text": "Un momento" });
    let told = async {
        chat.fake.asked(before + 1).await;
        chat.told(&chat.fake.customer_says(&id, "Hola")).await
    };
    let (sent, status) = tokio::join!(chat.called("send-message", &input), told);
    assert_eq!((status, sent["message_ids"].as_array().map(Vec::len)), (202, Some(1)));
    assert_eq!(chat.until_told(1).await, ["message.received"]);
}

#[tokio::test]
async fn no_address_and_no_length_keeps_a_message_from_being_told() {
    let chat = Chat::start().await;
    let picture = json!([{ "text": { "content": "Mira" } }, { "image": { "url": "https://cdn.example/año|1.png" } }]);
    assert_eq!(chat.told(&chat.fake.customer_sends(&chat.fake.start_conversation(), &picture)).await, 200);
    let data = chat.last().await;
    assert_eq!(data["attachments"], json!([{ "type": "image", "url": "https://cdn.example/a%C3%B1o%7C1.png" }]));
    assert_eq!(data["freshchat"]["message_parts"], picture);
    let said = chat.fake.customer_says(&chat.fake.start_conversation(), &"x".repeat(1_000_000));
    assert_eq!(chat.told(&said).await, 200);
    let data = chat.last().await;
    assert_eq!(data["text"].as_str().map(str::len), Some(1_000_000));
    assert_eq!(data["freshchat"].get("message_parts"), None, "there is no room for the text twice");
    let said = chat.fake.customer_says(&chat.fake.start_conversation(), "Hola");
    for time in ["9999-12-31T23:59:59Z", "2026-03-04t10:00:00.1234567890z", "2026-03-04 10:00:60Z"] {
        let at = |body: &mut Value| body["data"]["message"]["created_time"] = json!(time);
        assert_eq!(chat.told_with(&said, at).await, 200, "{time}");
        assert_eq!(chat.last().await["text"], "Hola", "{time}");
    }
}

#[tokio::test]
async fn an_unhealthy_connection_still_hears_what_is_told() {
    let chat = Chat::start().await;
    let token = chat.fake.token();
    chat.fake.change_token("another");
    assert_eq!(chat.check().await["health"]["code"], "provider-unauthorized");
    let said = chat.fake.customer_says(&chat.fake.start_conversation(), "Hola");
    assert_eq!(chat.sender().send(&said, Signature::Wrong).await.status(), 401);
    assert_eq!(chat.told(&said).await, 200);
    assert_eq!(chat.kinds().await, ["message.received"]);
    chat.fake.change_token(&token);
    assert_eq!(chat.check().await["health"]["status"], "healthy");
}
