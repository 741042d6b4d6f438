//! A person takes a conversation over, and the bot is silent in it until it is given back.

use hookyard_tests::freshchat::{BOT, HUMAN};
use serde_json::json;

use super::Chat;

impl Chat {
    /// What becomes of a message that the customer writes now.
    async fn heard(&self, conversation: &str) -> String {
        let said = self.fake.customer_says(conversation, "¿hola?");
        assert_eq!(self.told(&said).await, 200);
        let kind = self.kinds().await.pop().expect("an event");
        let shown = self.called("get-conversation", &json!({ "conversation_id": conversation })).await;
        assert_eq!(shown["muted"], kind == "message.observed", "{shown}");
        kind
    }
}

#[tokio::test]
async fn a_person_who_writes_takes_over_once_until_the_conversation_is_resolved() {
    let chat = Chat::start().await;
    let [id, other] = [chat.fake.start_conversation(), chat.fake.start_conversation()];
    assert_eq!(chat.heard(&id).await, "message.received");
    for text in ["Soy Rosa", "¿sigue ahí?"] {
        assert_eq!(chat.told(&chat.fake.agent_says(&id, HUMAN, text)).await, 200);
    }
    let events = chat.host.events().await;
    let took_over: Vec<_> = events.iter().filter(|event| event["type"] == "freshchat.agent.took-over").collect();
    let [event] = took_over[..] else { panic!("once: {took_over:?}") };
    assert_eq!((&event["subject"], &event["data"]["agent_id"]), (&json!(id), &json!(HUMAN)));
    for member in ["conversation_id", "message_id", "site", "time"] {
        assert!(event["data"][member].is_string(), "{member}: {event}");
    }
    assert_eq!(chat.heard(&id).await, "message.observed");
    assert_eq!(chat.last().await["text"], "¿hola?", "with the same data");
    assert_eq!(chat.heard(&other).await, "message.received");
    assert_eq!(chat.told(&chat.fake.resolve(&id)).await, 200);
    assert_eq!(chat.heard(&id).await, "message.received");
    assert_eq!(chat.told(&chat.fake.agent_says(&id, HUMAN, "Otra vez yo")).await, 200);
    assert_eq!(chat.kinds().await.pop().as_deref(), Some("agent.took-over"), "it is a new take-over");
}

#[tokio::test]
async fn an_assignment_gives_the_conversation_to_a_person_or_back() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let rows = [
        (None, Some("g-1"), "message.received"),
        (Some(HUMAN), None, "message.observed"),
        (None, Some("g-1"), "message.observed"),
        (Some(BOT), Some("g-1"), "message.received"),
    ];
    for (agent, group, kind) in rows {
        assert_eq!(chat.told(&chat.fake.assign(&id, agent, group)).await, 200);
        assert_eq!(chat.heard(&id).await, kind, "{agent:?} {group:?}");
    }
    assert_eq!(chat.told(&chat.fake.assign(&id, Some(HUMAN), None)).await, 200);
    assert_eq!(chat.told(&chat.fake.reopen(&id)).await, 200);
    assert_eq!(chat.heard(&id).await, "message.observed", "a reopening alone gives nothing back");
}

#[tokio::test]
async fn an_action_takes_a_conversation_or_gives_it_back() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    for (muted, kind) in [(true, "message.observed"), (true, "message.observed"), (false, "message.received")] {
        let done = chat.called("mute", &json!({ "conversation_id": id, "muted": muted })).await;
        assert_eq!(done["muted"], muted, "{done}");
        assert_eq!(chat.heard(&id).await, kind);
    }
    chat.told(&chat.fake.agent_says(&id, HUMAN, "Soy Rosa")).await;
    chat.called("mute", &json!({ "conversation_id": id, "muted": false })).await;
    assert_eq!(chat.heard(&id).await, "message.received");
}

#[tokio::test]
async fn what_comes_late_does_not_undo_what_came_after_it() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let early = [chat.fake.assign(&id, Some(HUMAN), None), chat.fake.resolve(&id)];
    for reply in chat.sender().reordered(&early).await {
        assert_eq!(reply.status(), 200);
    }
    assert_eq!(chat.heard(&id).await, "message.received", "it was resolved after it was assigned");
}

#[tokio::test]
async fn a_conversation_is_one_by_either_of_its_ids() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    assert_eq!(chat.heard(&id).await, "message.received");
    let digits = chat.fake.digits_of(&id);
    chat.called("mute", &json!({ "conversation_id": digits, "muted": true })).await;
    assert_eq!(chat.heard(&id).await, "message.observed");
}
