//! What becomes of an action when Freshchat does not do what it is asked for.

use std::time::Duration;

use hookyard_tests::freshchat::Fault;
use serde_json::json;

use super::{Chat, code};

/// A bot that says what it hears, one message of a conversation after the other.
const PARROT: &str = r#"
[subscriptions.parrot]
types = ["freshchat.message.received"]
ordered = true
endpoint = { connection = "chat", action = "send-message", input = { conversation_id = "{{ event.subject }}", text = "{{ event.data.text }}" } }
"#;

#[tokio::test]
async fn failures_are_answered_as_documented_and_a_message_is_sent_at_most_once() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let words =
        |text: &str| Fault::Body(400, json!({ "code": 400, "status": "INVALID_VALUE", "message": text }).to_string());
    let rows = [
        (Fault::Status(400), 422, "request-refused"),
        (words("This is not the latest conversation"), 422, "conversation-closed"),
        (Fault::Status(404), 422, "conversation-unknown"),
        (Fault::Status(429), 503, "rate-limited"),
        (Fault::Status(500), 502, "outcome-unknown"),
        (Fault::Page(502), 502, "outcome-unknown"),
        (Fault::Empty(503), 502, "outcome-unknown"),
        (Fault::Broken, 502, "outcome-unknown"),
        (Fault::Status(403), 502, "provider-unauthorized"),
        (Fault::Status(401), 502, "provider-unauthorized"),
    ];
    for (fault, status, word) in rows {
        let before = chat.fake.requests().len();
        chat.fake.fail_on("POST", fault.clone(), 1);
        let reply = chat.call("send-message", &json!({ "conversation_id": id, "text": "Hola" })).await;
        assert_eq!((reply.status(), code(&reply.json())), (status, word.to_owned()), "{fault:?}: {}", reply.text());
        assert_eq!(chat.asked(before).len(), 1, "{fault:?}");
        assert!(!reply.text().contains(&chat.fake.token()));
    }
    let there = chat.fake.messages(&id).len();
    chat.fake.fail_on("POST", Fault::RateLimited(Some("7".to_owned())), 1);
    let limited = chat.call("send-message", &json!({ "conversation_id": id, "text": "Hola" })).await;
    assert_eq!((limited.status(), limited.header("retry-after")), (503, "7"), "{}", limited.text());
    assert_eq!((limited.json()["http_status"].clone(), chat.fake.messages(&id).len()), (json!(429), there));
}

#[tokio::test]
async fn an_answer_that_shows_the_token_is_withheld() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    chat.fake.fail_on("GET /v2/conversations", Fault::Echo, 1);
    let echoed = chat.call("get-conversation", &json!({ "conversation_id": id })).await;
    assert_eq!(echoed.status(), 502, "{}", echoed.text());
    let invocations = chat.host.get("/v1/invocations?connection=chat").await.text();
    assert!(!echoed.text().contains(&chat.fake.token()) && !invocations.contains(&chat.fake.token()));
    assert!(chat.fake.requests().iter().all(|request| !String::from_utf8_lossy(&request.body).contains("hysec_")));
}

#[tokio::test]
async fn a_token_that_is_revoked_is_seen_at_once_and_what_was_to_be_said_waits_for_a_new_one() {
    let chat = Chat::with(PARROT).await;
    let id = chat.fake.start_conversation();
    let token = chat.fake.token();
    chat.fake.change_token("another");
    let before = chat.fake.requests().len();
    assert_eq!(chat.told(&chat.fake.customer_says(&id, "Hola")).await, 200);
    chat.fake.asked(before + 1).await;
    loop {
        let health = chat.host.get("/v1/connections/chat").await.json()["health"].clone();
        if health["status"] == "unhealthy" {
            assert_eq!(health["code"], "provider-unauthorized", "{health}");
            break;
        }
    }
    // It is kept as one that waits once its attempt has ended.
    while chat.host.get("/v1/deliveries?state=pending").await.json()["deliveries"] == json!([]) {}
    assert!(chat.fake.messages(&id).is_empty());
    while chat.host.host_events("hookyard.connection.unhealthy").await.is_empty() {}
    chat.fake.change_token(&token);
    assert_eq!(chat.check().await["health"]["status"], "healthy");
    chat.fake.until(|fake| !fake.messages(&id).is_empty()).await;
    assert_eq!(chat.fake.texts(&id), ["Hola"]);
}

#[tokio::test]
async fn a_pause_that_freshchat_asks_for_is_kept_and_so_is_the_order() {
    let chat = Chat::with(PARROT).await;
    let id = chat.fake.start_conversation();
    chat.fake.fail_on("POST", Fault::RateLimited(Some("90".to_owned())), 1);
    for text in ["1", "2", "3"] {
        // 202 while an action has the conversation.
        assert!(matches!(chat.told(&chat.fake.customer_says(&id, text)).await, 200 | 202));
    }
    let paused = loop {
        let pending = chat.host.get("/v1/deliveries?state=pending").await.json()["deliveries"].clone();
        if let Some(first) = pending.as_array().and_then(|pending| pending.iter().find(|one| one["attempts"] == 1)) {
            break first.clone();
        }
    };
    assert_eq!(paused["error"]["code"], "rate-limited", "{paused}");
    assert!(paused["next_attempt_at"].as_str() >= Some("2026-03-04T10:01:30"), "{paused}");
    assert!(chat.fake.messages(&id).is_empty(), "the others wait behind it");
    chat.host.advance(Duration::from_secs(120));
    chat.fake.until(|fake| fake.messages(&id).len() == 3).await;
    assert_eq!(chat.fake.texts(&id), ["1", "2", "3"]);
}

#[tokio::test]
async fn what_may_be_done_twice_is_tried_again_by_whoever_asked() {
    let chat = Chat::with("group_name = \"Financeiro\"").await;
    let id = chat.fake.start_conversation();
    let input = json!({ "conversation_id": id });
    for (action, only) in [("get-conversation", "GET"), ("resolve", "PUT"), ("assign-to-group", "PUT")] {
        for fault in [Fault::Status(500), Fault::Page(502), Fault::Broken] {
            // The host itself may repeat what is safe to be repeated.
            chat.fake.fail_on(only, fault.clone(), 9);
            let failed = chat.refused(action, &input).await;
            assert_eq!(failed, (503, "provider-unavailable".to_owned()), "{action} {fault:?}");
            chat.fake.forgive();
        }
        chat.called(action, &input).await;
    }
}
