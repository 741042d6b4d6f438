//! What Selarti tells. Nobody documents how it writes it, so that it is read leniently.

mod body;
mod contacts;
mod dialog;
mod events;
mod flag;
mod form;
mod members;
mod message_type;
mod seen;
mod text;
mod thread;

use hookyard_chat::{ConversationId, Message, Sender, SenderKind};
use hookyard_sdk::manifest::{EventKind, Manifest};
use hookyard_sdk::{Error, Event, Webhook, http, log};

use crate::config::{Author, Config};
use body::Body;
use dialog::Dialog;
use events::{ContactReceived, DialogClosed, DialogHandedOver, DialogUpdated, MessageGenerated};
use message_type::MessageType;
use seen::Seen;
use thread::Thread;

/// The events' part of the manifest.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    manifest
        .event(
            EventKind::new::<MessageGenerated>("message.generated")
                .title("The AI or an operator has written a message"),
        )
        .event(EventKind::new::<DialogClosed>("dialog.closed").title("A dialogue is closed"))
        .event(
            EventKind::new::<DialogHandedOver>("dialog.handed-over").title("A dialogue is handed over to an operator"),
        )
        .event(EventKind::new::<ContactReceived>("contact.received").title("The customer has left contact data"))
        .event(EventKind::new::<DialogUpdated>("dialog.updated").title("Marks of a dialogue have changed"))
}

/// Emits what the webhook calls for. What calls for nothing is no error: whether and how Selarti repeats what it gets one for is
/// not known.
///
/// `invalid` if the body is neither JSON nor a form.
pub(crate) fn handle(config: &Config, webhook: &Webhook) -> Result<(), Error> {
    let body = Body::of(webhook).inspect_err(|error| log::warn(format_args!("refused: {}", error.message)))?;
    let Some(fields) = body.fields()? else {
        log::warn("the body is no object with the fields of a webhook: ignored");
        return Ok(());
    };
    let dialog = Dialog::read(fields, config);
    if let Some(other) = dialog.task_id.as_deref().filter(|task| !config.accepts(task)) {
        log::info(format_args!("the task {} is none of this connection: ignored", http::excerpt(other)));
        return Ok(());
    }
    let Some(mut thread) = Thread::of(&dialog)? else {
        log::warn("neither a usable external_chat_id nor a thread that is known: ignored");
        return Ok(());
    };
    let seen = Seen::of(webhook)?;
    if seen.before()? {
        log::debug("this very webhook was handled before: ignored");
        return Ok(());
    }
    let key = dialog.message_id.as_deref().unwrap_or(seen.hash());
    tell_message(config, &dialog, &thread, key)?;
    tell_changes(&dialog, &mut thread)?;
    thread.keep()?;
    seen.mark()
}

/// What the AI or an operator wrote. What the customer wrote never becomes an event, nor what nobody knows who wrote: it came from
/// the conversation that it would be sent to, without end.
fn tell_message(config: &Config, dialog: &Dialog<'_>, thread: &Thread, key: &str) -> Result<(), Error> {
    let (author, kind) = match dialog.message_type {
        MessageType::Bot => (Author::Bot, SenderKind::Bot),
        MessageType::Operator => (Author::Operator, SenderKind::Agent),
        MessageType::User | MessageType::Unknown => return Ok(()),
    };
    let text = dialog.message_text.as_deref().filter(|text| !text.trim().is_empty());
    let Some(text) = text.filter(|_| config.forwards(author)) else { return Ok(()) };
    let message = Message {
        conversation_id: thread.conversation_id().clone(),
        message_id: key.to_owned(),
        text: text.to_owned(),
        attachments: Vec::new(),
        sender: Sender { kind, id: None, name: None },
        site: None,
        channel_id: dialog.channel_id.as_deref().map(str::to_owned),
        time: None,
    };
    let event = about(thread.conversation_id(), "message.generated").dedupe_key(key.to_owned());
    Ok(event.emit(&MessageGenerated { message, selarti: dialog })?)
}

/// What has become of the dialogue since the last webhook of its thread. These events need no key of their own: they are emitted in
/// one transaction with the marks that they are made of.
fn tell_changes(dialog: &Dialog<'_>, thread: &mut Thread) -> Result<(), Error> {
    let contact = contacts::read(dialog.contacts);
    let change = thread.advance(&dialog.flags(), contact.given);
    let conversation_id = thread.conversation_id();
    let panel_url = dialog.panel_url.as_deref();
    if change.closed {
        about(conversation_id, "dialog.closed").emit(&DialogClosed { conversation_id, selarti: dialog })?;
    }
    if change.handed_over {
        let data = DialogHandedOver { conversation_id, panel_url, selarti: dialog };
        about(conversation_id, "dialog.handed-over").emit(&data)?;
    }
    if change.contact {
        let data = ContactReceived { conversation_id, contact: contact.found, selarti: dialog };
        about(conversation_id, "contact.received").emit(&data)?;
    }
    if !change.changed.is_empty() {
        let data = DialogUpdated { conversation_id, changed: change.changed, selarti: dialog };
        about(conversation_id, "dialog.updated").emit(&data)?;
    }
    Ok(())
}

fn about(conversation_id: &ConversationId, kind: &str) -> Event {
    Event::new(kind).subject(conversation_id.as_str().to_owned())
}
