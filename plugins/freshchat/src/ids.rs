//! The two ids of a conversation.
//!
//! Webhooks carry a `conversation_id` (a GUID) and often a `freshchat_conversation_id` (digits), and for some conversations the API
//! knows only one of them. What webhooks told is kept under each of the two.

use std::fmt::Write as _;

use hookyard_sdk::kv::{self, Expected, Options};
use hookyard_sdk::manifest::Hash;
use hookyard_sdk::{Error, crypto, json};
use serde::{Deserialize, Serialize};

/// What is known of the ids of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ids {
    /// The conversation's name in events and in what is kept: the GUID where it is known.
    pub(crate) id: String,
    /// The other one, if there is one.
    pub(crate) other: Option<String>,
    /// Which of the two the API answered to, if that was seen.
    pub(crate) works: Option<String>,
}

impl Ids {
    /// What is known of the conversation that somebody calls `id`: nothing more than that at first.
    pub(crate) fn of(id: &str) -> Result<Self, Error> {
        match kv::get(&key("ids", id)?)? {
            Some(entry) => entry.json(),
            None => Ok(Self { id: id.to_owned(), other: None, works: None }),
        }
    }

    /// The ids to try, in their order: the one that worked, or the GUID first.
    pub(crate) fn to_try(&self) -> impl Iterator<Item = &str> {
        let all = [self.works.as_deref(), Some(self.id.as_str()), self.other.as_deref()];
        let first = self.works.clone();
        all.into_iter()
            .enumerate()
            .filter_map(move |(place, id)| id.filter(|id| place == 0 || first.as_deref() != Some(*id)))
    }

    /// The API answered to this one.
    pub(crate) fn worked(&mut self, id: &str) -> Result<(), Error> {
        // Nothing is kept of a conversation that has one id only: there is nothing to choose.
        if self.other.is_none() || self.works.as_deref() == Some(id) {
            return Ok(());
        }
        self.works = Some(id.to_owned());
        self.keep()
    }

    /// A webhook named both.
    pub(crate) fn learn(id: &str, other: &str) -> Result<(), Error> {
        let known = Self::of(id)?;
        if id == other || known.other.as_deref() == Some(other) {
            return Ok(());
        }
        Self { id: id.to_owned(), other: Some(other.to_owned()), works: None }.keep()
    }

    fn keep(&self) -> Result<(), Error> {
        let value = json::to_vec(self)?;
        // Whoever keeps it last keeps the same: it is not worth another run of an invocation that has sent something.
        let options = || Options { expected: Expected::Anything, ..Options::default() };
        for id in [Some(&self.id), self.other.as_ref()].into_iter().flatten() {
            kv::set_with(&key("ids", id)?, &value, options())?;
        }
        Ok(())
    }
}

/// Longest id that stands in a key as it is, in bytes. Freshchat's have some forty.
const ID_BYTES_MAX: usize = 256;

/// The key for what is kept under `prefix` of something that has this id. Ids come from outside, and may be longer than a key: of
/// those it has the digest, under a prefix of its own.
pub(crate) fn key(prefix: &str, id: &str) -> Result<String, Error> {
    if id.len() <= ID_BYTES_MAX {
        return Ok(format!("{prefix}/{id}"));
    }
    let mut key = format!("{prefix}-sha256/");
    for byte in crypto::digest(Hash::Sha256, id)? {
        write!(key, "{byte:02x}").expect("a string takes any text");
    }
    Ok(key)
}
