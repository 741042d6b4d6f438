//! AfterShip's webhooks, as they leave AfterShip.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Full;

use crate::http::{Reply, send};
use crate::sign;

/// Attempts of one webhook, the first included.
const ATTEMPTS_MAX: u32 = 14;
/// What AfterShip waits before the second attempt; each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(30);

/// Sends webhooks to one URL.
#[derive(Debug, Clone)]
pub struct Sender {
    address: SocketAddr,
    path: String,
    secret: String,
}

/// What stands in `aftership-hmac-sha256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// As documented.
    Right,
    /// Made with another secret.
    Wrong,
    /// The right bytes, in hexadecimal digits.
    Hex,
    /// No such header.
    None,
}

impl Sender {
    /// To `http://ADDRESS:PORT/webhooks/CONNECTION`, signed with this secret.
    ///
    /// # Panics
    /// `url` is something else.
    pub fn new(url: &str, secret: &str) -> Self {
        let uri: Uri = url.parse().expect("a URL");
        let address =
            uri.authority().and_then(|authority| authority.as_str().parse().ok()).expect("an address and a port");
        Self { address, path: uri.path().to_owned(), secret: secret.to_owned() }
    }

    /// Sends it once.
    ///
    /// # Panics
    /// No HTTP answer comes back.
    pub async fn send(&self, body: &[u8], signature: Signature) -> Reply {
        let right = sign::hmac_sha256_base64(&self.secret, body);
        let value = match signature {
            Signature::Right => Some(right),
            Signature::Wrong => Some(sign::hmac_sha256_base64("another secret", body)),
            Signature::Hex => Some(hex(&right)),
            Signature::None => None,
        };
        let mut request = Request::post(&self.path)
            .header("host", self.address.to_string())
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("accept-encoding", "gzip")
            .header("user-agent", "AfterShipTrackingWebhook/4.0.0 (https://www.aftership.com)");
        if let Some(value) = value {
            request = request.header("aftership-hmac-sha256", value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).expect("the request is well-formed");
        send(self.address, request).await.expect("the host answers")
    }

    /// Sends the very same webhook several times, one after the other: somebody recorded it, or AfterShip did not hear the answer.
    pub async fn repeat(&self, body: &[u8], times: usize) -> Vec<Reply> {
        let mut replies = Vec::new();
        for _ in 0..times {
            replies.push(self.send(body, Signature::Right).await);
        }
        replies
    }

    /// Sends the last one first.
    pub async fn reordered(&self, bodies: &[Vec<u8>]) -> Vec<Reply> {
        let mut replies = Vec::new();
        for body in bodies.iter().rev() {
            replies.push(self.send(body, Signature::Right).await);
        }
        replies
    }

    /// Sends it until it is answered 2xx, by AfterShip's schedule with every wait divided by `faster`; the statuses in their order.
    pub async fn until_accepted(&self, body: &[u8], faster: u32) -> Vec<u16> {
        let mut statuses = Vec::new();
        for wait in std::iter::once(Duration::ZERO).chain(waits()) {
            tokio::time::sleep(wait / faster.max(1)).await;
            let status = self.send(body, Signature::Right).await.status();
            statuses.push(status);
            if (200..300).contains(&status) {
                break;
            }
        }
        statuses
    }
}

/// What AfterShip waits before each attempt after the first.
pub(super) fn waits() -> impl Iterator<Item = Duration> {
    (0..ATTEMPTS_MAX - 1).map(|attempt| FIRST_WAIT * 2_u32.pow(attempt))
}

fn hex(base64: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64).expect("it was encoded just now");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
