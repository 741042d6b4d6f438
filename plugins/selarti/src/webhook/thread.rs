//! What is known of a dialogue from its earlier webhooks.

use hookyard_chat::ConversationId;
use hookyard_sdk::{Error, json, kv};
use serde::{Deserialize, Serialize};

use super::dialog::Dialog;

/// The six marks of a dialogue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flags<T> {
    pub(super) close: T,
    pub(super) interest: T,
    pub(super) success: T,
    pub(super) get_contact: T,
    pub(super) operator: T,
    pub(super) is_bot: T,
}

/// A thread, or where Selarti does not name it, a conversation.
pub(super) struct Thread {
    key: String,
    stored: Option<Known>,
    now: Known,
}

/// What is kept. Nothing was true of a dialogue of which nothing is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    conversation_id: ConversationId,
    flags: Flags<bool>,
    /// Whether `contacts` held something.
    contacts: bool,
}

/// What a webhook changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// The names of the marks that differ.
    pub(super) changed: Vec<&'static str>,
    /// The dialogue was not closed and is.
    pub(super) closed: bool,
    /// It was not handed over and is.
    pub(super) handed_over: bool,
    /// There was no contact and is.
    pub(super) contact: bool,
}

impl Thread {
    /// The one of a webhook. `None` if its conversation is not known: it names none that can be one, and its thread was never
    /// seen with one.
    pub(super) fn of(dialog: &Dialog<'_>) -> Result<Option<Self>, Error> {
        let named = dialog.external_chat_id.as_deref().and_then(ConversationId::from_provider);
        let key = match (dialog.thread_id.as_deref(), &named) {
            (Some(thread), _) => kv::key("thread", thread)?,
            (None, Some(conversation)) => kv::key("chat", conversation.as_str())?,
            (None, None) => return Ok(None),
        };
        let stored: Option<Known> = kv::get(&key)?.map(|entry| entry.json()).transpose()?;
        let Some(conversation_id) = named.or_else(|| stored.as_ref().map(|known| known.conversation_id.clone())) else {
            return Ok(None);
        };
        let (flags, contacts) = stored.as_ref().map(|known| (known.flags, known.contacts)).unwrap_or_default();
        Ok(Some(Self { key, stored, now: Known { conversation_id, flags, contacts } }))
    }

    /// Its conversation in the operator's messenger.
    pub(super) fn conversation_id(&self) -> &ConversationId {
        &self.now.conversation_id
    }

    /// Takes over what a webhook says, of which what is unknown changes nothing. `contacts`: whether it holds something.
    pub(super) fn advance(&mut self, said: &Flags<Option<bool>>, contacts: Option<bool>) -> Change {
        let Known { flags: before, contacts: had_contacts, .. } = self.now;
        let now = Flags {
            close: said.close.unwrap_or(before.close),
            interest: said.interest.unwrap_or(before.interest),
            success: said.success.unwrap_or(before.success),
            get_contact: said.get_contact.unwrap_or(before.get_contact),
            operator: said.operator.unwrap_or(before.operator),
            is_bot: said.is_bot.unwrap_or(before.is_bot),
        };
        let has_contacts = contacts.unwrap_or(had_contacts);
        self.now.flags = now;
        self.now.contacts = has_contacts;
        let marks = [
            ("close", before.close, now.close),
            ("interest", before.interest, now.interest),
            ("success", before.success, now.success),
            ("get_contact", before.get_contact, now.get_contact),
            ("operator", before.operator, now.operator),
            ("is_bot", before.is_bot, now.is_bot),
        ];
        Change {
            changed: marks.into_iter().filter(|(_, before, now)| before != now).map(|(name, ..)| name).collect(),
            closed: !before.close && now.close,
            handed_over: !before.operator && now.operator,
            contact: !(before.get_contact || had_contacts) && (now.get_contact || has_contacts),
        }
    }

    /// Keeps it, if anything is new.
    pub(super) fn keep(&self) -> Result<(), Error> {
        if self.stored.as_ref() == Some(&self.now) {
            return Ok(());
        }
        Ok(kv::set(&self.key, json::to_vec(&self.now)?)?)
    }
}
