//! The fetched tokens of one request.

use std::sync::Arc;

use hookyard_domain::fetched_token::TokenFetch;
use tokio::time::{Instant, timeout_at};

use crate::outbound::Outbound;
use crate::tokens::{self, Taken};

use super::failure::{Failure, HttpErrorCode};

/// A token that a request needs.
pub(super) struct Supplied {
    pub(super) fetch: Arc<TokenFetch>,
    pub(super) taken: Taken,
}

/// Those that a request needs, each fetched if it is not at hand, by the deadline of the request.
pub(super) async fn supply(
    outbound: &Arc<Outbound>,
    needed: Vec<Arc<TokenFetch>>,
    deadline: Instant,
) -> Result<Vec<Supplied>, Failure> {
    let mut supplied = Vec::with_capacity(needed.len());
    for fetch in needed {
        let got = timeout_at(deadline, tokens::get(outbound, &fetch)).await;
        let taken = got.unwrap_or_else(|_| {
            let why = format!("{} gave none in the time of this request", fetch.shown_url());
            Err(Failure::new(HttpErrorCode::TokenUnavailable, why))
        })?;
        supplied.push(Supplied { fetch, taken });
    }
    Ok(supplied)
}
