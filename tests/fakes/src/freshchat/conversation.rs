//! A conversation, as the API shows it and as webhooks do.

use hookyard_domain::clock::Timestamp;
use serde_json::{Map, Value, json};

/// By which of its ids the API finds a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownBy {
    /// Either.
    Both,
    /// The one that webhooks call `conversation_id`.
    Guid,
    /// The one that webhooks call `freshchat_conversation_id`.
    Digits,
}

/// A conversation with one customer.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) id: String,
    pub(super) digits: String,
    pub(super) user: String,
    pub(super) channel: String,
    pub(super) channel_digits: String,
    pub(super) known_by: KnownBy,
    pub(super) status: String,
    pub(super) agent: String,
    pub(super) group: String,
    app: String,
    properties: Value,
    created: Timestamp,
    /// All messages, and whether each came through the API.
    messages: Vec<(bool, Value)>,
}

impl Conversation {
    pub(super) fn new(id: &str, digits: &str, user: &str, channel: (&str, &str), app: &str, now: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            digits: digits.to_owned(),
            user: user.to_owned(),
            channel: channel.0.to_owned(),
            channel_digits: channel.1.to_owned(),
            known_by: KnownBy::Both,
            status: "new".to_owned(),
            agent: String::new(),
            group: String::new(),
            app: app.to_owned(),
            properties: json!({ "priority": "Low" }),
            created: now,
            messages: Vec::new(),
        }
    }

    pub(super) fn is_found_by(&self, id: &str) -> bool {
        match self.known_by {
            KnownBy::Both => self.id == id || self.digits == id,
            KnownBy::Guid => self.id == id,
            KnownBy::Digits => self.digits == id,
        }
    }

    pub(super) fn interaction(&self) -> String {
        format!("{}-{}", self.digits, self.created.as_millis())
    }

    pub(super) fn add(&mut self, through_the_api: bool, message: Value) {
        self.messages.push((through_the_api, message));
    }

    pub(super) fn posted(&self) -> Vec<Value> {
        self.messages.iter().filter(|(posted, _)| *posted).map(|(_, message)| message.clone()).collect()
    }

    /// All messages, the newest first.
    pub(super) fn all(&self) -> Vec<Value> {
        self.messages.iter().rev().map(|(_, message)| message.clone()).collect()
    }

    pub(super) fn merge_properties(&mut self, more: &Map<String, Value>) {
        for (name, value) in more {
            self.properties[name] = value.clone();
        }
    }

    /// As the API shows it.
    pub(super) fn shown(&self) -> Value {
        let mut shown = self.in_webhook();
        shown["user_id"] = json!(self.user);
        shown["properties"] = self.properties.clone();
        shown["created_time"] = json!(self.created.to_string());
        shown["conversation_internal_id"] = json!(self.digits.parse::<u64>().unwrap_or_default());
        shown
    }

    /// As webhooks show it: agents and groups only where there are some.
    pub(super) fn in_webhook(&self) -> Value {
        let mut shown = json!({
            "conversation_id": self.id, "app_id": self.app, "status": self.status, "channel_id": self.channel,
            "skill_id": 0, "sla_policy_id": 0, "sla_breached": false,
        });
        for (name, id) in [("assigned_agent_id", &self.agent), ("assigned_group_id", &self.group)] {
            if !id.is_empty() {
                shown[name] = json!(id);
            }
        }
        shown
    }
}
