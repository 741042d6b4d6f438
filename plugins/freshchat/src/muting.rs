//! Conversations in which the bot is silent, because a person has taken over.
//!
//! What webhooks say counts in the order in which Freshchat made them, not in that in which they arrive: an older one that comes
//! late, and one that comes twice, change nothing.

use hookyard_sdk::kv::{self, Expected, Options};
use hookyard_sdk::{Error, json, time};
use serde::{Deserialize, Serialize};

/// How long it is remembered that a conversation is no longer muted, in seconds: longer than a webhook can be late.
const UNMUTED_SECONDS: u32 = 7 * 86_400;

/// What is kept of a conversation that was muted once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Muting {
    /// Whether the bot is silent.
    pub(crate) muted: bool,
    /// Whether an agent has written since it is: there is one take-over until the conversation is the bot's again.
    taken_over: bool,
    /// The newest webhook that counted. Absent where only actions have spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<Mark>,
}

/// One webhook among those of its conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// When Freshchat made it: RFC 3339.
    pub(crate) time: String,
    /// Tells it from others of the same time.
    pub(crate) key: String,
}

/// What a webhook says about who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// A person has the conversation.
    Muted,
    /// The conversation is the bot's.
    Unmuted,
    /// A person has written in it, so that they have it.
    AgentWrote,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It counts.
    Counted,
    /// It counts, and is the moment at which the agent took over.
    TookOver,
    /// A newer webhook has been heard before, or this one.
    Late,
}

impl Muting {
    /// That of this conversation, by [`Ids::id`](crate::ids::Ids): not muted, if it never was.
    pub(crate) fn of(id: &str) -> Result<Self, Error> {
        match kv::get(&kv::key("muted", id)?)? {
            Some(entry) => entry.json(),
            None => Ok(Self::default()),
        }
    }

    /// What an action decided. It counts whatever webhooks have said; which of them was the newest stays known.
    ///
    /// A webhook that is heard at the same time (an action may name the conversation by its other id, and does not wait for it then)
    /// makes the invocation run again.
    pub(crate) fn set(id: &str, muted: bool) -> Result<(), Error> {
        Self::of(id)?.decided(muted).keep(id, Expected::AsRead)
    }

    /// [`set`](Self::set) to muted for an action that has sent something, and must not run again: what stands there is replaced
    /// whatever it is.
    pub(crate) fn mute_after_sending(id: &str) -> Result<(), Error> {
        Self::of(id)?.decided(true).keep(id, Expected::Anything)
    }

    /// What a webhook said. If somebody else decides at the same time, the invocation runs again.
    pub(crate) fn hear(id: &str, said: Said, mark: &Mark) -> Result<Heard, Error> {
        let known = Self::of(id)?;
        let Some(now) = known.after(said, mark) else { return Ok(Heard::Late) };
        now.keep(id, Expected::AsRead)?;
        Ok(if now.taken_over && !known.taken_over { Heard::TookOver } else { Heard::Counted })
    }

    fn decided(self, muted: bool) -> Self {
        Self { muted, taken_over: muted && self.taken_over, webhook: self.webhook }
    }

    /// `None` if the webhook is older than the newest one, or is that one. One whose time is the same counts.
    fn after(&self, said: Said, mark: &Mark) -> Option<Self> {
        if let Some(newest) = &self.webhook {
            let is_older = time::parse_rfc3339(&mark.time) < time::parse_rfc3339(&newest.time);
            if is_older || mark == newest {
                return None;
            }
        }
        let (muted, taken_over) = match said {
            Said::Muted => (true, self.taken_over),
            Said::Unmuted => (false, false),
            Said::AgentWrote => (true, true),
        };
        Some(Self { muted, taken_over, webhook: Some(mark.clone()) })
    }

    fn keep(&self, id: &str, expected: Expected) -> Result<(), Error> {
        let ttl_seconds = (!self.muted).then_some(UNMUTED_SECONDS);
        Ok(kv::set_with(&kv::key("muted", id)?, json::to_vec(self)?, Options { ttl_seconds, expected })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(time: &str) -> Mark {
        Mark { time: time.to_owned(), key: format!("webhook of {time}") }
    }

    fn heard(all: &[(Said, &str)]) -> Muting {
        all.iter().fold(Muting::default(), |muting, (said, time)| muting.after(*said, &mark(time)).unwrap_or(muting))
    }

    #[test]
    fn the_newest_webhook_counts_in_whatever_order_they_arrive() {
        use Said::{AgentWrote, Muted, Unmuted};
        let (first, second, third) =
            ("2026-03-04T10:00:00Z", "2026-03-04T12:00:00.5+02:00", "2026-03-04T10:00:01.000Z");
        for (order, muted) in [
            ([(AgentWrote, first), (Unmuted, second), (Muted, third)], true),
            ([(Muted, third), (Unmuted, second), (AgentWrote, first)], true),
            ([(Unmuted, third), (AgentWrote, first), (Muted, second)], false),
            ([(AgentWrote, first), (Unmuted, third), (Muted, second)], false),
            ([(Muted, second), (AgentWrote, first), (Unmuted, third)], false),
        ] {
            assert_eq!(heard(&order).muted, muted, "{order:?}");
        }
    }

    #[test]
    fn a_webhook_that_comes_twice_counts_once_and_another_of_the_same_time_counts() {
        let time = "2026-03-04T10:00:00Z";
        let muted = heard(&[(Said::Muted, time)]);
        assert_eq!(muted.after(Said::Muted, &mark(time)), None);
        let other = Mark { key: "another".to_owned(), ..mark(time) };
        assert_eq!(muted.after(Said::Unmuted, &other).map(|muting| muting.muted), Some(false));
    }

    #[test]
    fn there_is_one_take_over_until_the_conversation_is_the_bots_again() {
        let taken = heard(&[(Said::Muted, "2026-03-04T10:00:00Z"), (Said::AgentWrote, "2026-03-04T10:00:01Z")]);
        assert!(taken.taken_over);
        assert!(taken.after(Said::AgentWrote, &mark("2026-03-04T10:00:02Z")).is_some_and(|muting| muting.taken_over));
        assert!(taken.after(Said::Unmuted, &mark("2026-03-04T10:00:03Z")).is_some_and(|muting| !muting.taken_over));
    }

    #[test]
    fn an_action_counts_and_webhooks_from_before_the_newest_one_do_not_undo_it() {
        let (earlier, newest, later) = ("2026-03-04T10:00:00Z", "2026-03-04T10:00:01Z", "2026-03-04T10:00:02Z");
        let given_back = heard(&[(Said::AgentWrote, newest)]).decided(false);
        assert!(!given_back.muted);
        assert_eq!(given_back.after(Said::Muted, &mark(earlier)), None);
        assert_eq!(given_back.after(Said::AgentWrote, &mark(newest)), None, "the same one again");
        let again = given_back.after(Said::AgentWrote, &mark(later)).expect("it is newer");
        assert!(again.muted && again.taken_over);
        let taken = Muting::default().decided(true);
        assert_eq!(taken.after(Said::Unmuted, &mark(earlier)).map(|muting| muting.muted), Some(false));
    }
}
