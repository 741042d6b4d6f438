//! What a bot can do in a conversation.

use hookyard_tests::freshchat::{BOT, Fault, KnownBy};
use serde_json::{Value, json};

use super::{Chat, hook};

#[tokio::test]
async fn a_message_stands_in_its_conversation_as_the_bots_agent_wrote_it() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let sent = chat.called("send-message", &json!({ "conversation_id": id, "text": "Hola, ¿qué tal? 😀" })).await;
    let [message] = chat.fake.messages(&id).try_into().expect("one");
    assert_eq!((&sent["conversation_id"], &sent["message_ids"]), (&json!(id), &json!([message["id"]])));
    assert_eq!(message["message_parts"], json!([{ "text": { "content": "Hola, ¿qué tal? 😀" } }]));
    let kind = ["message_type", "actor_type", "actor_id"].map(|name| &message[name]);
    assert_eq!(kind, [&json!("normal"), &json!("agent"), &json!(BOT)]);
    let request = chat.fake.requests().pop().expect("one");
    assert_eq!(request.headers["authorization"], format!("Bearer {}", chat.fake.token()));
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.headers["accept"], "application/json");
}

#[tokio::test]
async fn a_message_may_have_attachments_quick_replies_and_be_private() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let input = json!({
        "conversation_id": id, "text": "Elija",
        "attachments": [
            { "type": "image", "url": "https://cdn.example/a.png", "name": "a.png" },
            { "type": "video", "url": "https://cdn.example/c.mp4", "content_type": "video/mp4" },
            { "type": "file", "url": "https://cdn.example/b.pdf", "name": "b.pdf", "content_type": "application/pdf", "size_bytes": 7 },
        ],
        "freshchat": { "quick_replies": ["Sí", { "label": "No", "value": "no, gracias" }] },
    });
    chat.called("send-message", &input).await;
    let messages = chat.fake.messages(&id);
    let shown = json!(messages).to_string();
    for part in [
        json!({ "text": { "content": "Elija" } }),
        json!({ "image": { "url": "https://cdn.example/a.png" } }),
        json!({ "video": { "url": "https://cdn.example/c.mp4", "content_type": "video/mp4" } }),
        json!({ "file": {
            "url": "https://cdn.example/b.pdf", "name": "b.pdf", "file_size_in_bytes": 7, "content_type": "application/pdf",
        } }),
        json!({ "quick_reply_button": { "label": "Sí" } }),
        json!({ "quick_reply_button": { "label": "No", "custom_reply_text": "no, gracias" } }),
    ] {
        assert!(shown.contains(&part.to_string()), "{part} in {shown}");
    }
    assert!(messages.iter().any(|message| message["reply_parts"][0]["collection"]["sub_parts"].is_array()), "{shown}");
    let note = json!({ "conversation_id": id, "text": "para Rosa", "freshchat": { "private": true } });
    chat.called("send-message", &note).await;
    assert_eq!(chat.fake.messages(&id).pop().expect("one")["message_type"], "private");
}

#[tokio::test]
async fn a_message_that_is_none_is_refused_before_anything_is_sent() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let before = chat.fake.requests().len();
    let rows = [
        json!({ "conversation_id": id }),
        json!({ "conversation_id": id, "text": "" }),
        json!({ "conversation_id": "", "text": "x" }),
        json!({ "conversation_id": "a\nb", "text": "x" }),
        json!({ "conversation_id": "x".repeat(257), "text": "x" }),
        json!({ "conversation_id": 7, "text": "x" }),
        json!({ "conversation_id": id, "text": "x", "colour": "red" }),
        json!({ "conversation_id": id, "attachments": [{ "type": "image", "url": "http://cdn.example/a.png" }] }),
        json!({ "conversation_id": id, "attachments": [{ "type": "song", "url": "https://cdn.example/a" }] }),
        json!({ "text": "x" }),
    ];
    for input in rows {
        assert_eq!(chat.refused("send-message", &input).await.0, 422, "{input}");
    }
    assert_eq!(chat.fake.requests().len(), before);
}

#[tokio::test]
async fn a_long_text_becomes_several_messages_and_no_character_is_cut() {
    let chat = Chat::with("text_chars_max = 6").await;
    let id = chat.fake.start_conversation();
    let text = "uno dos\n\ntres 👨\u{200d}👩\u{200d}👧 e\u{301}e\u{301}e\u{301}e\u{301}";
    let sent = chat.called("send-message", &json!({ "conversation_id": id, "text": text })).await;
    let texts = chat.fake.texts(&id);
    assert_eq!(sent["message_ids"].as_array().map(Vec::len), Some(texts.len()));
    assert!(texts.iter().all(|text| text.chars().count() <= 6), "{texts:?}");
    let visible = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(visible(&texts.concat()), visible(text));
    assert!(texts.iter().any(|text| text.contains("👨\u{200d}👩\u{200d}👧")), "{texts:?}");
    assert!(!texts.iter().any(|text| text.starts_with('\u{301}')), "{texts:?}");

    let whole = json!({ "conversation_id": id, "text": "x".repeat(18) });
    chat.fake.fail_on("POST", Fault::Slow(std::time::Duration::ZERO), 1);
    chat.fake.fail_on("POST", Fault::Status(400), 1);
    let partly = chat.call("send-message", &whole).await;
    assert_eq!((partly.status(), &partly.json()["code"]), (502, &json!("partly-sent")), "{}", partly.text());
    let there: Vec<Value> = chat.fake.messages(&id).into_iter().skip(texts.len()).collect();
    assert_eq!(
        partly.json()["message_ids"],
        json!([there[0]["id"]]),
        "what was sent is named, and nothing came after it"
    );
    assert_eq!(there.len(), 1);
}

#[tokio::test]
async fn a_conversation_is_found_by_its_other_id_and_then_by_that_first() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    chat.fake.known_by(&id, KnownBy::Digits);
    let input = json!({ "conversation_id": id, "text": "Hola" });
    assert_eq!(
        chat.refused("send-message", &input).await,
        (422, "conversation-unknown".to_owned()),
        "nothing is known yet"
    );
    assert_eq!(chat.told(&chat.fake.customer_says(&id, "Hola")).await, 200);
    let path = |id: &str| format!("POST /v2/conversations/{id}/messages");
    let digits = chat.fake.digits_of(&id);
    let before = chat.fake.requests().len();
    for _ in 0..2 {
        chat.called("send-message", &input).await;
    }
    assert_eq!(chat.asked(before), [path(&id), path(&digits), path(&digits)]);
    let found = chat.called("get-conversation", &json!({ "conversation_id": id })).await;
    assert_eq!((&found["status"], &found["user_id"]), (&json!("new"), &json!(chat.fake.customer_of(&id))));
    let nowhere = chat.fake.start_conversation();
    assert_eq!(chat.told(&chat.fake.customer_says(&nowhere, "Hola")).await, 200);
    let before = chat.fake.requests().len();
    chat.fake.fail_on("GET", Fault::Status(404), 2);
    let unknown = chat.refused("get-conversation", &json!({ "conversation_id": nowhere })).await;
    assert_eq!((unknown, chat.asked(before).len()), ((422, "conversation-unknown".to_owned()), 2), "tried once each");
}

#[tokio::test]
async fn an_id_reaches_no_other_path() {
    let chat = Chat::start().await;
    let before = chat.fake.requests().len();
    for id in ["../agents", "..", ".", "a/b", "a?b=c", "a#b", "a%2Fb", "a b", "é", "a;b", "a\\b"] {
        let refused = chat.refused("get-conversation", &json!({ "conversation_id": id })).await;
        assert_eq!(refused, (422, "conversation-unknown".to_owned()), "{id}");
    }
    for request in chat.fake.requests().iter().skip(before) {
        let (path, query) = (request.path.as_str(), request.query.as_str());
        let id = path.strip_prefix("/v2/conversations/").unwrap_or_else(|| panic!("{path}"));
        assert!(!id.is_empty() && !id.contains('/') && query.is_empty(), "{path}?{query}");
    }
}

#[tokio::test]
async fn a_conversation_is_looked_up_and_resolved() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let found = chat.called("get-conversation", &json!({ "conversation_id": id })).await;
    assert_eq!(found["freshchat"], chat.fake.conversation(&id));
    let shown = ["conversation_id", "status", "channel_id", "user_id"].map(|name| found[name].is_string());
    assert_eq!((shown, &found["muted"]), ([true; 4], &json!(false)), "{found}");
    assert_eq!(found.get("assigned_agent_id"), None);
    let resolved = chat.called("resolve", &json!({ "conversation_id": id })).await;
    assert_eq!((&resolved["status"], &chat.fake.conversation(&id)["status"]), (&json!("resolved"), &json!("resolved")));
}

#[tokio::test]
async fn a_bot_that_hears_itself_says_nothing_more() {
    let flow = "[subscriptions.parrot]\ntypes = [\"freshchat.message.*\"]\n\
         endpoint = { connection = \"chat\", action = \"send-message\", input = { conversation_id = \"{{ event.subject }}\", text = \"{{ event.data.text }}\" } }";
    let chat = Chat::with(flow).await;
    chat.fake.deliver_to(&hook(&chat.host, "chat"));
    let id = chat.fake.start_conversation();
    for (count, text) in ["Hola", "¿y?"].into_iter().enumerate() {
        chat.fake.customer_says(&id, text);
        chat.fake.until(|fake| fake.messages(&id).len() > count).await;
        chat.fake.until_delivered().await;
    }
    while chat.host.get("/v1/webhooks?state=pending").await.json()["webhooks"] != json!([]) {}
    assert_eq!(chat.fake.texts(&id), ["Hola", "¿y?"]);
    assert_eq!(chat.fake.attempts().len(), 4, "the bot's own messages came back");
    assert_eq!(chat.kinds().await, ["message.received", "message.received"]);
}

#[tokio::test]
async fn what_an_operator_needs_for_the_config_is_listed() {
    let chat = Chat::start().await;
    let groups = chat.called("list-groups", &json!({})).await;
    let names = |list: &Value| {
        list["items"].as_array().expect("a list").iter().map(|item| item["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((names(&groups).len(), &groups["complete"]), (47, &json!(true)), "over all pages");
    assert!(groups["items"].as_array().expect("a list").iter().all(|item| item["id"].is_string()));
    assert_eq!(names(&chat.called("list-channels", &json!({})).await), ["Inbox", "Kitchens"]);
    let agents = chat.called("list-agents", &json!({})).await;
    assert_eq!(agents["items"][0]["id"], BOT);
    for number in 0..500 {
        chat.fake.add_group(&format!("More {number}"));
    }
    let many = chat.called("list-groups", &json!({})).await;
    assert_eq!((names(&many).len(), &many["complete"]), (500, &json!(false)));
    let before = chat.fake.requests().len();
    chat.fake.links_begin_with(&chat.fake.base_url().replace("/v2", ""));
    assert_eq!(names(&chat.called("list-groups", &json!({})).await).len(), 500, "links may be absolute");
    assert!(chat.asked(before).len() >= 25);
    chat.fake.links_begin_with("http://127.0.0.1:1");
    let elsewhere = chat.refused("list-groups", &json!({})).await;
    assert_eq!(elsewhere, (502, "provider-protocol".to_owned()), "the token goes to no other host");
}
