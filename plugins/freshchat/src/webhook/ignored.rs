//! Why a webhook becomes no event.

use std::fmt;

use hookyard_sdk::http::excerpt;
use hookyard_sdk::log::{self, Level};

/// Why a webhook becomes no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ignored {
    /// A member that is read occurs twice: readers disagree about which of the two counts.
    MemberTwice,
    /// The plugin knows nothing of what happened.
    UnknownAction(String),
    /// It is about another account.
    UnknownApp(String),
    /// The payload of 2018, with `msg_parts`.
    OldPayload,
    /// What stands there, or should, is not what Freshchat documents.
    Malformed(&'static str),
    /// It holds no part that can be read.
    WithoutParts,
    /// The bot's own message comes back.
    OwnMessage,
    /// It is a note for agents, or for the bot.
    Private,
    /// Neither a customer nor an agent wrote it.
    NotByPerson(String),
}

impl Ignored {
    /// Writes the line for the operator. The version is that of the payload, where the webhook names one.
    pub(super) fn log(&self, payload_version: Option<&str>) {
        match payload_version.filter(|_| self.may_be_the_version()) {
            Some(version) => {
                let version = excerpt(version);
                log::write(self.level(), format_args!("{self} (payload version {version:?}): ignored"));
            }
            None => log::write(self.level(), format_args!("{self}: ignored")),
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::MemberTwice | Self::UnknownApp(_) | Self::OldPayload | Self::Malformed(_) | Self::WithoutParts => {
                Level::Warn
            }
            Self::UnknownAction(_) => Level::Info,
            Self::OwnMessage | Self::Private | Self::NotByPerson(_) => Level::Debug,
        }
    }

    fn may_be_the_version(&self) -> bool {
        matches!(self, Self::UnknownAction(_) | Self::OldPayload | Self::Malformed(_) | Self::WithoutParts)
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MemberTwice => f.write_str("a member occurs twice"),
            Self::UnknownAction(action) => write!(f, "the action {:?} is not known", excerpt(action)),
            Self::UnknownApp(app_id) => {
                write!(f, "the app_id {:?} is not the one of this connection's config", excerpt(app_id))
            }
            Self::OldPayload => f.write_str("the payload has msg_parts, as in 2018, and no message_parts"),
            Self::Malformed(what) => write!(f, "{what} is missing or of another type than documented"),
            Self::WithoutParts => f.write_str("the message has no part that can be read"),
            Self::OwnMessage => f.write_str("the bot's own message"),
            Self::Private => f.write_str("a private note"),
            Self::NotByPerson(author) => write!(f, "a message of {:?}", excerpt(author)),
        }
    }
}
