//! From what happened to a conversation to its event.

use hookyard_sdk::manifest::Hash;
use hookyard_sdk::{Error, Event, Webhook, crypto, log};

use super::message::known_as;
use super::told::{Change, What, or_receipt};
use crate::config::Config;
use crate::events::ConversationChanged;
use crate::muting::{Heard, Mark, Muting, Said};
use crate::site::{Clues, Site};

/// Every assignment, resolution and reopening becomes an event, once; those that are older than what has become of the
/// conversation too, but they do not change who speaks.
pub(super) fn handle(config: &Config, change: &Change<'_>, webhook: &Webhook) -> Result<(), Error> {
    let id = known_as(&change.conversation_id, change.freshchat_conversation_id.as_deref())?;
    let key = dedupe_key(change, webhook)?;
    let time = or_receipt(change.made.as_deref());
    if let Some(said) = says(config, change) {
        let mark = Mark { time: time.clone(), key: key.clone() };
        if Muting::hear(id.as_str(), said, &mark)? == Heard::Late {
            log::info("older than what has become of the conversation: who speaks stays as it is");
        }
    }
    let [channel_id, freshchat_channel_id] = &change.channel_ids;
    let clues = Clues {
        site_id: None,
        channel_ids: [channel_id.as_deref(), freshchat_channel_id.as_deref()],
        conversation_id: id.as_str(),
        user_id: change.user_id.as_deref(),
    };
    let site = Site::find(config, &clues)?;
    let changed = ConversationChanged {
        conversation_id: id.clone(),
        status: change.status.as_deref(),
        assigned_agent_id: change.agent_id.as_deref(),
        assigned_group_id: change.group_id.as_deref(),
        by: change.by.clone(),
        site: &site.name,
        time: &time,
        freshchat: change.json,
    };
    Event::new(change.what.event())
        .subject(id.to_string())
        .dedupe_key(key)
        .time(change.made.as_deref().map(str::to_owned))
        .emit(&changed)?;
    Ok(())
}

/// What it says about who speaks: an assignment to a group alone says nothing.
fn says(config: &Config, change: &Change<'_>) -> Option<Said> {
    match (change.what, change.agent_id.as_deref()) {
        (What::Assigned, Some(agent_id)) if agent_id == config.actor_id => Some(Said::Unmuted),
        (What::Assigned, Some(_)) => Some(Said::Muted),
        (What::Resolved, _) => Some(Said::Unmuted),
        (What::Assigned, None) | (What::Reopened, _) => None,
    }
}

/// `action:conversation_id:interaction_id:action_time`. These webhooks have no id of their own. Where a part of that is missing,
/// only the same body is the same webhook.
fn dedupe_key(change: &Change<'_>, webhook: &Webhook) -> Result<String, Error> {
    let action = change.what.action();
    match &change.own_key {
        Some(own_key) => Ok(format!("{action}:{}:{own_key}", change.conversation_id)),
        None => {
            let hash = crypto::digest(Hash::Sha256, &webhook.body)?;
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(format!("{action}:{}:{hash}", change.conversation_id))
        }
    }
}
