//! Calls about a conversation, by whichever of its two ids the API knows.

use hookyard_sdk::Error;
use hookyard_sdk::http::Response;

use crate::api::{Api, Problem};
use crate::ids::Ids;

/// A conversation that the API is asked about.
pub(crate) struct Conversation<'a> {
    api: &'a Api,
    ids: Ids,
}

impl<'a> Conversation<'a> {
    /// The one that somebody calls `id`.
    pub(crate) fn of(api: &'a Api, id: &str) -> Result<Self, Error> {
        Ok(Self { api, ids: Ids::of(id)? })
    }

    /// Its name in events and in what is kept.
    pub(crate) fn id(&self) -> &str {
        &self.ids.id
    }

    pub(crate) fn api(&self) -> &'a Api {
        self.api
    }

    /// Makes the call with the id that worked before, or the GUID; after a 404 once more with the other one. What worked is
    /// remembered, beyond this invocation if it succeeds.
    ///
    /// [`unknown`] turns the last 404 into its error.
    pub(crate) fn ask(&mut self, call: impl Fn(&Api, &str) -> Result<Response, Problem>) -> Result<Response, Problem> {
        let ids: Vec<String> = self.ids.to_try().map(str::to_owned).collect();
        let mut not_found = None;
        for id in &ids {
            match call(self.api, id) {
                Ok(response) => {
                    self.ids.worked(id)?;
                    return Ok(response);
                }
                Err(problem) if problem.is_not_found() => not_found = Some(problem),
                Err(problem) => return Err(problem),
            }
        }
        Err(not_found.unwrap_or_else(|| Error::failed("no-id", "a conversation has an id").into()))
    }
}

/// What a problem with a conversation means: `invalid` `conversation-unknown` for a 404.
pub(crate) fn unknown(problem: Problem) -> Error {
    if problem.is_not_found() {
        return problem.meaning("conversation-unknown", "Freshchat knows no conversation of this id");
    }
    problem.into()
}
