//! The chats that people have with the bot.

use std::collections::{BTreeMap, BTreeSet};

use hookyard_domain::clock::Timestamp;
use serde_json::{Value, json};

/// Where the ids of updates begin: "a certain positive number".
const FIRST_UPDATE: u64 = 730_418_001;
/// Characters of a text.
const TEXT_CHARS_MAX: usize = 4096;

/// All chats, by their ids.
#[derive(Debug, Default)]
pub(super) struct Chats {
    chats: BTreeMap<i64, Chat>,
    blocked: BTreeSet<i64>,
    updates: u64,
    series: u64,
}

#[derive(Debug, Default)]
struct Chat {
    /// Everything that was said, by whomever.
    messages: u64,
    said_by_bot: Vec<String>,
}

/// Why a message is not sent: the status, and the description as Telegram words it.
pub(super) type Refusal = (u16, &'static str);

impl Chats {
    /// A person writes: the `Update` that says so.
    pub(super) fn written(&mut self, id: i64, now: Timestamp, content: &[(&str, Value)]) -> Value {
        let chat = self.chats.entry(id).or_default();
        chat.messages += 1;
        let mut message = json!({
            "message_id": chat.messages,
            "from": { "id": id, "is_bot": false, "first_name": format!("Person {id}"), "language_code": "en" },
            "chat": { "id": id, "first_name": format!("Person {id}"), "type": "private" },
            "date": now.as_seconds(),
        });
        for (name, value) in content {
            message[*name] = value.clone();
        }
        let update = json!({ "update_id": FIRST_UPDATE + self.series + self.updates, "message": message });
        self.updates += 1;
        update
    }

    /// `sendMessage`: the `Message` that was sent. A bot cannot begin a chat.
    pub(super) fn send(&mut self, now: Timestamp, body: &Value) -> Result<Value, Refusal> {
        let id = match &body["chat_id"] {
            Value::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        let chat = id.and_then(|id| Some((id, self.chats.get_mut(&id)?)));
        let (id, chat) = chat.ok_or((400, "Bad Request: chat not found"))?;
        let text = body["text"].as_str().filter(|text| !text.trim().is_empty());
        let text = text.ok_or((400, "Bad Request: message text is empty"))?;
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err((400, "Bad Request: message is too long"));
        }
        if self.blocked.contains(&id) {
            return Err((403, "Forbidden: bot was blocked by the user"));
        }
        chat.messages += 1;
        chat.said_by_bot.push(text.to_owned());
        Ok(json!({
            "message_id": chat.messages,
            "from": { "id": 110_201_543, "is_bot": true, "first_name": "Shop", "username": "shop_bot" },
            "chat": { "id": id, "first_name": format!("Person {id}"), "type": "private" },
            "date": now.as_seconds(),
            "text": text,
        }))
    }

    /// An update has a number, which is to have room in 32 bits.
    pub(super) fn begin_series(&mut self, series: u64) {
        self.series = series / 100 % (1 << 30);
    }

    pub(super) fn block(&mut self, id: i64) {
        self.blocked.insert(id);
    }

    pub(super) fn said(&self, id: i64) -> Vec<String> {
        self.chats.get(&id).map(|chat| chat.said_by_bot.clone()).unwrap_or_default()
    }

    pub(super) fn all_said(&self) -> BTreeMap<i64, Vec<String>> {
        let said = self.chats.iter().filter(|(_, chat)| !chat.said_by_bot.is_empty());
        said.map(|(id, chat)| (*id, chat.said_by_bot.clone())).collect()
    }
}
