//! Freshchat's API, version 2, as far as it is used here (<https://developers.freshchat.com/api/>). The host adds the token to every
//! request.

mod base;
mod listing;
mod page;
mod problem;

pub(crate) use listing::{Item, Listed, Listing};
pub(crate) use problem::Problem;

use hookyard_sdk::Error;
use hookyard_sdk::http::{Request, Response, segment};
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::config::Config;

/// Milliseconds that Freshchat has for one answer: less than any action has, so that what was not answered is told from what ran
/// out of time.
const TIMEOUT_MS: u32 = 8_000;
/// The same for `activate`, which asks for several things.
const CHECK_TIMEOUT_MS: u32 = 4_000;
/// The same for the look-up of a user within a webhook: what it finds is not worth a late answer to Freshchat.
const USER_TIMEOUT_MS: u32 = 1_000;

/// The API of one account.
pub(crate) struct Api {
    base: String,
    timeout_ms: u32,
}

impl Api {
    pub(crate) fn new(config: &Config) -> Self {
        Self { base: base::normalised(&config.api_base), timeout_ms: TIMEOUT_MS }
    }

    /// With the shorter waits of `activate`.
    pub(crate) fn for_a_check(config: &Config) -> Self {
        Self { timeout_ms: CHECK_TIMEOUT_MS, ..Self::new(config) }
    }

    /// `POST /conversations/{id}/messages`. There is no key under which Freshchat would know a repeated one, so that nothing
    /// repeats it: without an answer it is `outcome-unknown`.
    pub(crate) fn message(&self, conversation: &str, message: &impl Serialize) -> Result<Response, Problem> {
        let url = format!("{}/messages", self.conversation_url(conversation)?);
        self.send(Request::post(url).json(message))
    }

    /// `GET /conversations/{id}`.
    pub(crate) fn conversation(&self, id: &str) -> Result<Response, Problem> {
        self.send(Request::get(self.conversation_url(id)?))
    }

    /// `PUT /conversations/{id}` with the fields that change. It says how things are to be, and may be repeated.
    pub(crate) fn update_conversation(&self, id: &str, fields: &impl Serialize) -> Result<Response, Problem> {
        let response = self.send(Request::put(self.conversation_url(id)?).repeatable().json(fields))?;
        // The page of a gateway is no update, whatever its status. An empty body is what 202 and 204 have.
        if !response.body.is_empty() {
            response.object::<IgnoredAny>()?;
        }
        Ok(response)
    }

    /// `GET /agents/{id}`.
    pub(crate) fn agent(&self, id: &str) -> Result<Response, Problem> {
        self.send(Request::get(format!("{}/agents/{}", self.base, segment(id)?)))
    }

    /// `GET /users/{id}`, with little time.
    pub(crate) fn user(&self, id: &str) -> Result<Response, Error> {
        let request = Request::get(format!("{}/users/{}", self.base, segment(id)?));
        Ok(answered(request.timeout_ms(USER_TIMEOUT_MS))?)
    }

    fn conversation_url(&self, id: &str) -> Result<String, Error> {
        // `.` and `..` would be another path.
        let id = segment(id)
            .map_err(|_| Error::invalid("conversation-unknown", format!("{id:?} is no id of a conversation")))?;
        Ok(format!("{}/conversations/{id}", self.base))
    }

    fn send(&self, request: Request) -> Result<Response, Problem> {
        answered(request.timeout_ms(self.timeout_ms))
    }
}

/// Gives only answers that say that they are a success.
fn answered(request: Request) -> Result<Response, Problem> {
    let response = request.header("accept", "application/json").send().map_err(Error::from)?;
    problem::check(&response)?;
    Ok(response)
}
