//! Gets one token: what was kept of it, or what the provider answers.

use std::sync::Arc;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::fetched_token::{TokenAnswer, TokenFetch, TokenRequest, margin};
use hookyard_domain::limit;
use hookyard_domain::redaction::Redactor;
use hookyard_domain::secret::Secret;
use hookyard_store::KeepTokenError;
use http::StatusCode;
use reqwest::{Body, Request};
use tokio::time::timeout;

use crate::egress::SendFailure;
use crate::http_request::failure::{Failure, shown};
use crate::http_request::{HttpErrorCode, address_refused, not_granted};
use crate::outbound::Outbound;

use super::kept::{KeepError, Kept, KeptError};
use super::slot::{Held, Memory, Slot};

/// The token that was kept before the host started, if it is still good; else a new one. On return, what it came with is durable.
pub(super) async fn obtain(outbound: &Arc<Outbound>, fetch: &TokenFetch, slot: &Slot) -> Result<Held, Failure> {
    let tokens = &outbound.tokens;
    let now = || tokens.registry.clock.now();
    let mut memory = slot.memory();
    let at_hand = if let Some(unkept) = memory.unkept.take() {
        // The provider may have forgotten every refresh token but this one.
        tokens.keep(slot.key, &unkept).await.map_err(|error| not_kept(outbound, fetch, &error))?;
        Some(unkept)
    } else if memory.asked_store {
        None
    } else {
        let unreadable = |error| match error {
            KeptError::Store(_) => unavailable(fetch, format!("what was kept of it cannot be read: {error}")),
            KeptError::Sealed(_) => unavailable(fetch, error).noted(),
        };
        tokens.kept(slot.key).await.map_err(unreadable)?
    };
    memory.asked_store = true;
    if let Some(kept) = at_hand {
        memory.refresh_token.clone_from(&kept.refresh_token);
        slot.remember(memory.clone());
        if is_good(&kept, now()) {
            return Ok(slot.install(kept.token, kept.until));
        }
    }
    let answer = ask(outbound, fetch, memory.refresh_token.as_ref()).await?;
    let used = memory.refresh_token.as_ref().or(fetch.refresh_token());
    let new = answer.refresh_token.filter(|token| used.is_some_and(|used| used != token));
    let rotated = new.is_some();
    let until = answer.expires_in.map(|lifetime| now().after(lifetime - margin(lifetime)));
    let kept = Kept { token: answer.token, until, refresh_token: new.or_else(|| memory.refresh_token.clone()) };
    match tokens.keep(slot.key, &kept).await {
        Ok(()) => {}
        Err(KeepError::Store(error @ KeepTokenError::Gone)) => {
            return Err(Failure::new(HttpErrorCode::TokenUnavailable, error.to_string()));
        }
        Err(error) if rotated => {
            slot.remember(Memory { unkept: Some(kept), ..memory });
            return Err(not_kept(outbound, fetch, &error));
        }
        Err(error) => {
            let connection = &outbound.connection;
            tracing::warn!(%connection, "a fetched token is used without being kept: {error}");
        }
    }
    memory.refresh_token.clone_from(&kept.refresh_token);
    slot.remember(memory);
    Ok(slot.install(kept.token, kept.until))
}

fn is_good(kept: &Kept, now: Timestamp) -> bool {
    kept.until.is_none_or(|until| now < until)
}

fn not_kept(outbound: &Outbound, fetch: &TokenFetch, error: &KeepError) -> Failure {
    let connection = &outbound.connection;
    tracing::error!(%connection, "a fetched token cannot be kept, and is not used before it is: {error}");
    unavailable(fetch, format!("it came with a new refresh token, which could not be kept: {error}"))
}

/// Asks the provider.
async fn ask(outbound: &Arc<Outbound>, fetch: &TokenFetch, refresh: Option<&Secret>) -> Result<TokenAnswer, Failure> {
    let asked = timeout(limit::TOKEN_FETCH_TIMEOUT, send(outbound, fetch, refresh)).await;
    let (status, body) = asked.unwrap_or_else(|_| {
        let seconds = limit::TOKEN_FETCH_TIMEOUT.as_secs();
        Err(unavailable(fetch, format!("there was no whole answer within {seconds} s")))
    })?;
    let said = TokenAnswer::error_of(&body).map(|said| {
        let said = outbound.vault().redactor().redact(&said).into_owned();
        let said = Redactor::new(fetch.secrets().iter().chain(refresh))
            .redact_beginning(&said, limit::TOKEN_ERROR_BYTES_MAX)
            .into_owned();
        format!(": {}", shown(&said))
    });
    let said = said.unwrap_or_default();
    match status.as_u16() {
        200..=299 => fetch.read(&body).map_err(|why| invalid(fetch, format!("{why}{said}"))),
        400 | 401 | 403 => {
            let why = format!("{} answered {}{said}", fetch.shown_url(), status.as_u16());
            Err(Failure::new(HttpErrorCode::TokenRefused, why).noted())
        }
        408 | 429 | 500..=599 => Err(unavailable(fetch, format!("the answer was {}{said}", status.as_u16()))),
        other => Err(invalid(fetch, format!("the answer was {other}{said}"))),
    }
}

/// Sends the request for a token, and reads its answer up to [`limit::TOKEN_ANSWER_BYTES_MAX`]. Follows no redirect.
async fn send(
    outbound: &Arc<Outbound>,
    fetch: &TokenFetch,
    refresh: Option<&Secret>,
) -> Result<(StatusCode, Vec<u8>), Failure> {
    let origin = fetch.origin();
    let policy = outbound.grant.check(origin).map_err(|_| not_granted(outbound, origin))?;
    let client = outbound.client(&policy).map_err(|error| unavailable(fetch, error.to_string()))?;
    let _room = (outbound.share.acquire().await, outbound.egress.in_flight.acquire().await);
    let failed = |failure| match failure {
        SendFailure::Refused(refused) => address_refused(outbound, origin, &policy, &refused),
        failure => unavailable(fetch, Failure::of(failure).why),
    };
    let mut response = client.send(to_wire(fetch.request(refresh))).await.map_err(failed)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(SendFailure::of(error)))? {
        body.extend_from_slice(&chunk);
        if body.len() > limit::TOKEN_ANSWER_BYTES_MAX {
            let max = limit::TOKEN_ANSWER_BYTES_MAX;
            return Err(invalid(fetch, format!("the answer has more than {max} bytes")));
        }
    }
    Ok((status, body))
}

fn to_wire(request: TokenRequest) -> Request {
    let TokenRequest { method, url, headers, body } = request;
    let mut wire = Request::new(method, url);
    for (name, value) in headers {
        wire.headers_mut().append(name, value);
    }
    *wire.body_mut() = body.map(|body| Body::from(body.expose().to_owned()));
    wire
}

fn unavailable(fetch: &TokenFetch, why: impl std::fmt::Display) -> Failure {
    Failure::new(HttpErrorCode::TokenUnavailable, format!("{} gave none: {why}", fetch.shown_url()))
}

fn invalid(fetch: &TokenFetch, why: impl std::fmt::Display) -> Failure {
    Failure::new(HttpErrorCode::TokenInvalid, format!("{} gave none: {why}", fetch.shown_url())).noted()
}
