//! Feedbot calls nobody back, so that the status of what was queued is asked for, by timers.
//!
//! The messages of one call share timers, up to [`MESSAGES_MAX`] of them one: a connection has at most 1,000. A message is in one timer, and
//! in no timer once it is known what became of it, or nobody asks any more.

mod fate;
mod pace;

use hookyard_sdk::{Error, Timer, crypto, http, invocation, log, timers};
use serde::{Deserialize, Serialize};

use crate::api;
use crate::config::Config;
use crate::draft::now_ms;
use crate::events;
use fate::Fate;

/// Messages of one timer. They are asked for 8 at a time, which takes four times a call's time at worst.
const MESSAGES_MAX: usize = 32;
/// Milliseconds for that.
pub(crate) const DEADLINE_MS: u64 = 150_000;

/// Messages that were queued together.
#[derive(Debug, Serialize, Deserialize)]
struct Batch {
    /// When they were queued: milliseconds since 1970.
    queued_at_ms: i64,
    /// How often they were asked for.
    polls: u32,
    messages: Vec<Followed>,
}

/// A message of which it is not known what became of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Followed {
    /// Feedbot's id.
    pub(crate) id: String,
    /// The phone number: digits with the country code.
    pub(crate) phone: String,
    /// When it is not to be sent any more: milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at_ms: Option<i64>,
}

/// Has the status of these messages asked for from now on; what does not happen, in sentences. The messages are queued whatever comes of
/// this, so that it does not fail.
pub(crate) fn follow(config: &Config, messages: Vec<Followed>) -> Vec<String> {
    if !config.poll.enabled {
        return Vec::new();
    }
    let queued_at_ms = now_ms();
    let mut messages = messages.into_iter().peekable();
    let mut warnings = Vec::new();
    for number in 0.. {
        if messages.peek().is_none() {
            break;
        }
        let batch = Batch { queued_at_ms, polls: 0, messages: messages.by_ref().take(MESSAGES_MAX).collect() };
        if let Err(refusal) = batch.start(config, &format!("poll {} {number}", invocation::id()), None) {
            let warning =
                format!("the status of {} messages is not followed: {}", batch.messages.len(), refusal.message);
            log::warn(&warning);
            warnings.push(warning);
        }
    }
    warnings
}

/// Asks once for every message of the timer, tells what is known now, and asks for the others again later. A token that is not accepted
/// leaves everything as it was.
pub(crate) fn fire(config: &Config, timer: &Timer) -> Result<(), Error> {
    let mut batch: Batch = timer.payload()?;
    if !config.poll.enabled {
        log::info(format_args!("polling is off: {} messages are not followed any more", batch.messages.len()));
        return Ok(());
    }
    let answers = api::statuses(config, batch.messages.iter().map(|message| message.id.as_str()));
    let now_ms = now_ms();
    let gives_up = now_ms >= batch.give_up_at_ms(config);
    let mut open = Vec::new();
    let mut pause_ms: Option<u32> = None;
    let mut unanswered = Vec::new();
    for (message, answer) in batch.messages.drain(..).zip(answers) {
        let status = match answer {
            Ok(status) => Some(status),
            Err(error) if is_for_the_operator(&error) => return Err(error),
            Err(error) => {
                pause_ms = pause_ms.max(error.retry_after_ms);
                unanswered.push(error);
                None
            }
        };
        match fate::of(status, &message, now_ms, gives_up) {
            Fate::Over(ending) => events::tell(&message, &ending, now_ms)?,
            Fate::Open => open.push(message),
        }
    }
    if let Some(first) = unanswered.first() {
        log::warn(format_args!("{} messages without a status, the first because of {first}", unanswered.len()));
    }
    if open.is_empty() {
        return Ok(());
    }
    let again = Batch { polls: batch.polls.saturating_add(1), messages: open, ..batch };
    Ok(again.start(config, &timer.name, pause_ms)?)
}

/// What does not pass by itself: the token, or a grant that is missing.
fn is_for_the_operator(error: &Error) -> bool {
    matches!(error.code.as_str(), http::UNAUTHORIZED | http::EGRESS_DENIED)
}

impl Batch {
    /// Has them asked for after the next pause, which is as long as Feedbot wants at least.
    fn start(&self, config: &Config, name: &str, pause_ms: Option<u32>) -> Result<(), hookyard_sdk::Refusal> {
        let now_ms = now_ms();
        let chance = crypto::random(1).first().copied().unwrap_or_default();
        let pause = pace::pause(&config.poll, self.polls, chance);
        let pause = pause.max(std::time::Duration::from_millis(pause_ms.unwrap_or_default().into()));
        let deadlines = self.messages.iter().filter_map(fate::hopeless_at_ms).chain([self.give_up_at_ms(config)]);
        timers::start(name, pace::until_a_deadline(pause, now_ms, deadlines), self)
    }

    fn give_up_at_ms(&self, config: &Config) -> i64 {
        self.queued_at_ms.saturating_add(i64::from(config.poll.give_up_seconds) * 1_000)
    }
}
