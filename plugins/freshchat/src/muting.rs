//! Conversations in which the bot is silent, because a person has taken over.

use hookyard_sdk::kv::{self, Expected, Options};
use hookyard_sdk::{Error, json};
use serde::{Deserialize, Serialize};

/// What is kept of a conversation that was muted once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Muting {
    /// Whether the bot is silent.
    pub(crate) muted: bool,
    /// When the webhook was made (`action_time`) that said so last: an older one that comes late changes nothing. Absent where it
    /// was an action.
    pub(crate) since: Option<String>,
}

impl Muting {
    /// That of this conversation, by [`Ids::id`](crate::ids::Ids): not muted, if it never was.
    pub(crate) fn of(id: &str) -> Result<Self, Error> {
        match kv::get(&key(id))? {
            Some(entry) => entry.json(),
            None => Ok(Self::default()),
        }
    }

    /// What an action decided.
    pub(crate) fn set(id: &str, muted: bool) -> Result<(), Error> {
        Self { muted, since: None }.keep(id)
    }

    /// What stands there is replaced whatever it is, so that an action that has sent something need not run again.
    pub(crate) fn keep(&self, id: &str) -> Result<(), Error> {
        let options = Options { expected: Expected::Anything, ..Options::default() };
        Ok(kv::set_with(&key(id), json::to_vec(self)?, options)?)
    }
}

fn key(id: &str) -> String {
    format!("muted/{id}")
}
