//! Reads an answer, within bounds.

use std::sync::Arc;

use bytes::Bytes;
use hookyard_domain::limit;
use http::{HeaderMap, StatusCode};
use reqwest::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::egress::SendFailure;
use crate::outbound::Outbound;

use super::HttpResponse;
use super::check::is_hop_by_hop;
use super::failure::{Failure, HttpErrorCode};
use super::reflection::Watch;

/// Room for bodies: what one call may still read over all the answers that it waits for, and what its connection and the host
/// have left for answers in memory. One permit a byte.
pub(super) struct BodyAllowance([Arc<Semaphore>; 3]);

impl BodyAllowance {
    /// So many bytes for a call, within the room of its connection.
    pub(super) fn new(bytes: usize, outbound: &Outbound) -> Self {
        let of_call = Arc::new(Semaphore::new(bytes));
        Self([of_call, Arc::clone(&outbound.answers), Arc::clone(&outbound.egress.answers)])
    }
}

/// What one body has taken so far. It is given back with the body.
#[derive(Default)]
struct Taken([Option<OwnedSemaphorePermit>; 3]);

impl Taken {
    fn add(&mut self, bytes: usize, allowance: &BodyAllowance) -> Result<(), Failure> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        for (taken, room) in self.0.iter_mut().zip(&allowance.0) {
            let more = Arc::clone(room).try_acquire_many_owned(bytes);
            let more =
                more.map_err(|_| Failure::too_large("the answers have more bytes than the host takes at a time"))?;
            match taken {
                Some(taken) => taken.merge(more),
                None => *taken = Some(more),
            }
        }
        Ok(())
    }
}

/// A body with the room that it takes.
struct Body {
    bytes: Vec<u8>,
    _taken: Taken,
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads the body to its end or to `cut`, and checks that nothing of the answer is a secret.
pub(super) async fn read(
    mut response: Response,
    cut: Option<usize>,
    watch: &Watch,
    allowance: &BodyAllowance,
) -> Result<HttpResponse, Failure> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Failure::new(
            HttpErrorCode::Protocol,
            "the answer switches to another protocol, which nobody asked for",
        ));
    }
    let headers = headers(response.headers())?;
    let mut body = read_body(&mut response, cut, watch, allowance).await?;
    watch.check(response.headers(), &body.bytes)?;
    let truncated = cut.is_some_and(|cut| body.bytes.len() > cut);
    body.bytes.truncate(cut.unwrap_or(usize::MAX));
    Ok(HttpResponse { status: response.status().as_u16(), headers, body: Bytes::from_owner(body), truncated })
}

/// Reads one byte more than what the guest will see, to know whether there is more; and where secrets are looked for, as
/// much as is searched: a cut must not hide the end of one.
async fn read_body(
    response: &mut Response,
    cut: Option<usize>,
    watch: &Watch,
    allowance: &BodyAllowance,
) -> Result<Body, Failure> {
    let bound = limit::EGRESS_ANSWER_BYTES_MAX;
    let too_large = || Failure::too_large(format!("the answer's body has more than {bound} bytes"));
    let searched = if watch.looks { limit::EGRESS_SEARCHED_BYTES } else { 0 };
    let enough = cut.map_or(usize::MAX, |cut| cut.max(searched));
    if cut.is_none() && response.content_length().is_some_and(|length| length > bound as u64) {
        return Err(too_large());
    }
    let mut taken = Taken::default();
    let mut body = Vec::new();
    while body.len() <= enough {
        let chunk = response.chunk().await.map_err(|error| Failure::of(SendFailure::of(error)))?;
        let Some(chunk) = chunk else { break };
        if cut.is_none() && body.len() + chunk.len() > bound {
            return Err(too_large());
        }
        // What lies behind the cut is not kept.
        taken.add(chunk.len().min(cut.map_or(usize::MAX, |cut| cut.saturating_sub(body.len()))), allowance)?;
        let wanted = chunk.len().min((enough - body.len()).saturating_add(1));
        body.extend_from_slice(&chunk[..wanted]);
    }
    Ok(Body { bytes: body, _taken: taken })
}

/// Headers as guests see them.
fn headers(headers: &HeaderMap) -> Result<Vec<(String, String)>, Failure> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > limit::EGRESS_HEADERS_BYTES_MAX {
        let bound = limit::EGRESS_HEADERS_BYTES_MAX;
        return Err(Failure::too_large(format!("the answer's headers have {bytes} bytes; at most {bound} are taken")));
    }
    let shown = headers.iter().filter(|(name, _)| !is_hop_by_hop(name.as_str()));
    let text = |value: &[u8]| value.iter().copied().map(char::from).collect();
    Ok(shown.map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect())
}
