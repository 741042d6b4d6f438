//! A connection, and webhooks for it.

use freshchat::Freshchat;
use hookyard_sdk::Webhook;
use hookyard_sdk::testing::{Answer, Host};
use serde_json::{Value, json};

/// A message and a reopening as Freshchat sends them.
pub(crate) const MESSAGE: &[u8] = include_bytes!("../../../../tests/vectors/f1_message_create_user.json");
pub(crate) const REOPENING: &[u8] = include_bytes!("../../../../tests/vectors/f3_conversation_reopen.json");

/// The ids in them.
pub(crate) const APP: &str = "1d0c3f6a-7a51-4c57-8a7e-1f6b0d9a2c33";
pub(crate) const CONVERSATION: &str = "77d1e6b2-0c93-4f0e-8f6c-5a1e9b3c2d10";
pub(crate) const CHANNEL: &str = "c0a80f11-2b5e-4f9c-b6a1-2f2f6d1e5a90";
pub(crate) const USER: &str = "5b0f5a52-1d3e-4d0a-9c3a-7a3c1b1f0e11";
/// The agent that the bot speaks as, and another one.
pub(crate) const BOT: &str = "a9e1c1de-0000-4d3e-9a11-31b7e5a1b0c2";
pub(crate) const AGENT: &str = "c6a1f0d8-3b74-4e29-8f5d-2e90b7c4a613";

/// A connection whose config has no more than it must.
pub(crate) fn host() -> Host<Freshchat> {
    host_with(&json!({}))
}

/// A connection with more in its config.
pub(crate) fn host_with(more: &Value) -> Host<Freshchat> {
    let mut config = json!({ "actor_id": BOT, "access_token": "token", "app_id": APP });
    for (key, value) in more.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    Host::new(&config)
}

pub(crate) fn send(host: &Host<Freshchat>, body: &Value) -> Answer {
    host.webhook(&Webhook::post(body.to_string()))
}

/// What the bot hears of a webhook: kind and data of its events.
pub(crate) fn heard(host: &Host<Freshchat>, body: &Value) -> Vec<(String, Value)> {
    let answer = send(host, body);
    assert_eq!((answer.status, &answer.error), (200, &None), "{body}");
    answer.events.iter().map(|event| (event.kind.clone(), event.json())).collect()
}

/// The kinds of [`heard`].
pub(crate) fn kinds(host: &Host<Freshchat>, body: &Value) -> Vec<String> {
    heard(host, body).into_iter().map(|(kind, _)| kind).collect()
}

/// A time on the fourth of March 2026, so many seconds after ten.
pub(crate) fn at(second: u32) -> String {
    format!("2026-03-04T10:{:02}:{:02}.000Z", second / 60, second % 60)
}

/// A message of this id, written so many seconds after ten by a `user` or an `agent`.
pub(crate) fn message(id: &str, author: (&str, &str), second: u32) -> Value {
    let (actor_type, actor_id) = author;
    json!({
        "actor": { "actor_type": actor_type, "actor_id": actor_id },
        "action": "message_create",
        "action_time": at(second),
        "data": { "message": {
            "message_parts": [{ "text": { "content": "Hello" } }], "app_id": APP, "actor_id": actor_id, "id": id,
            "channel_id": CHANNEL, "conversation_id": CONVERSATION, "message_type": "normal", "actor_type": actor_type,
            "created_time": at(second), "user_id": USER,
        } },
    })
}

/// A customer's message.
pub(crate) fn from_user(id: &str, second: u32) -> Value {
    message(id, ("user", USER), second)
}

/// A message of an agent who is not the bot.
pub(crate) fn from_agent(id: &str, second: u32) -> Value {
    message(id, ("agent", AGENT), second)
}

/// A customer's message with these members in `data.message`; those that are null are left out.
pub(crate) fn with(members: &Value) -> Value {
    let mut body = from_user("m", 0);
    for (name, value) in members.as_object().into_iter().flatten() {
        body["data"]["message"][name] = value.clone();
    }
    let message = body["data"]["message"].as_object_mut().expect("an object");
    message.retain(|_, value| !value.is_null());
    body
}

/// An assignment, to nobody where an id is empty.
pub(crate) fn assignment(to_agent_id: &str, to_group_id: &str, second: u32) -> Value {
    let assignment = json!({
        "assignor": "system", "assignor_id": "", "to_agent_id": to_agent_id, "to_group_id": to_group_id,
        "from_agent_id": "", "from_group_id": "", "interaction_id": format!("i{second}"), "conversation": conversation("assigned"),
    });
    change("conversation_assignment", "assignment", &assignment, second)
}

pub(crate) fn resolution(second: u32) -> Value {
    let resolve = json!({
        "resolver": "agent", "resolver_id": AGENT, "interaction_id": format!("i{second}"),
        "conversation": conversation("resolved"),
    });
    change("conversation_resolution", "resolve", &resolve, second)
}

pub(crate) fn reopening(second: u32) -> Value {
    let reopen = json!({
        "reopener": "user", "reopener_id": USER, "interaction_id": format!("i{second}"),
        "conversation": conversation("reopened"),
    });
    change("conversation_reopen", "reopen", &reopen, second)
}

fn conversation(status: &str) -> Value {
    json!({ "conversation_id": CONVERSATION, "app_id": APP, "status": status, "channel_id": CHANNEL, "skill_id": 0 })
}

fn change(action: &str, member: &str, change: &Value, second: u32) -> Value {
    json!({
        "actor": { "actor_type": "agent", "actor_id": AGENT },
        "action": action, "action_time": at(second), "data": { member: change },
    })
}
