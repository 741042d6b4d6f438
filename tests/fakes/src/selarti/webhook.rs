//! What Selarti tells.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::ai::FLAGS;
use super::{Shared, TASK};
use crate::courier::Parcel;
use crate::locked;

/// Ids as numbers begin here: no 64-bit float holds every number above 2^53.
const NUMBERS_BEGIN: u64 = (1 << 53) + 1;

impl Shared {
    /// Tells of a message, or, without one, of the dialogue's flags.
    pub(super) fn tell(&self, chat: &str, message: Option<(&str, &str)>) -> Bytes {
        let body = self.parcel(chat, message);
        self.deliver(chat, &body);
        body.body
    }

    /// The user said something, and perhaps the AI.
    pub(super) fn tell_both(&self, chat: &str, text: &str, answer: Option<&str>) {
        let echo = self.parcel(chat, Some(("user", text)));
        let answer = answer.map(|answer| self.parcel(chat, Some(("bot", answer))));
        let first = locked(&self.style).answer_first;
        let both = if first { [answer, Some(echo)] } else { [Some(echo), answer] };
        both.iter().flatten().for_each(|parcel| self.deliver(chat, parcel));
    }

    fn deliver(&self, chat: &str, parcel: &Parcel) {
        let extra = locked(&self.style).extra_copies;
        for _ in 0..=extra {
            self.courier.send(chat, parcel.clone());
        }
    }

    fn parcel(&self, chat: &str, message: Option<(&str, &str)>) -> Parcel {
        let fields = self.fields(chat, message);
        let (body, content_type) = locked(&self.style).write(&fields);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        Parcel { headers, body: body.into() }
    }

    /// All twenty fields.
    pub(super) fn fields(&self, chat: &str, message: Option<(&str, &str)>) -> Value {
        let style = locked(&self.style).clone();
        let mut ai = locked(&self.ai);
        let number = ai.next_message();
        let dialogue = ai.dialogue(chat).clone();
        let id = |kind: u64, number: u64| match style.ids_as_numbers {
            true => json!(NUMBERS_BEGIN + 2 * (1000 * kind + number)),
            false => json!(format!("177261{kind:01}272123x{number:018}")),
        };
        let thread = id(2, dialogue.number);
        let shown = thread.as_str().map_or_else(|| thread.to_string(), str::to_owned);
        let mut fields = json!({
            "wh_type": "all_messages",
            "message_id": id(1, number),
            "external_chat_id": chat,
            "thread_id": thread,
            "task_id": TASK,
            "channel_id": id(3, 1),
            "company_id": id(3, 2),
            "manager_id": id(3, 3),
            "title": "Анна Петрова",
            "contacts": style.contacts.write(),
            "panel_url": format!("https://selarti.com/panel?menu=chats&chat={shown}"),
            "share_url": format!("https://selarti.com/share/{shown}"),
        });
        if let Some((author, text)) = message {
            fields["message_type"] = json!(style.types.write(author));
            fields["message_text"] = json!(text);
        }
        for flag in FLAGS {
            fields[flag] = style.booleans.write(dialogue.is(flag));
        }
        fields
    }
}
