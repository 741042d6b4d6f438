//! A fake of the REST systems that people call without a plugin of their own: a CRM that takes deals, a shop that finds payment slips,
//! a token endpoint, and everything that can be odd about an answer.

mod bomb;
mod drip;
mod oauth;
mod odd;
mod products;
mod serve;

#[cfg(test)]
mod tests;

pub use crate::fault::Fault;
pub use oauth::{CLIENT_ID, CLIENT_SECRET};
pub use products::{CPF, DEALS_TOKEN};

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::locked;
use crate::provider::Received;
use crate::traffic::Traffic;
use oauth::Tokens;

/// A server on a port of its own; it is gone when this is dropped.
///
/// | path | answer |
/// |---|---|
/// | `/echo`, `/echo/…` | the request as JSON: `method`, `path`, `query`, `headers` as pairs, `body` |
/// | `POST /api/v1/deals?token=` | 200 `{"_id", "name"}`; 401 without [`DEALS_TOKEN`], 422 without `deal.name` (both statuses are assumed) |
/// | `GET /boleto?cpf=` | the payment slip of [`CPF`], whose digits count wherever they stand; 404 with JSON for any other |
/// | `POST /oauth/token` | an access token for [`CLIENT_ID`] and [`CLIENT_SECRET`] as RFC 6749, 4.4, has it |
/// | `/guarded` | what `/echo` answers, with a live access token; else 401 |
/// | `/status/{n}` | that status, with an empty body |
/// | `/delay/{ms}` | 200 after that time |
/// | `/redirect/{n}` | 302 to one less; 200 at 0 |
/// | `/redirect-to?url=&status=` | a redirect; 302 where no status is said |
/// | `/bytes/{n}` | that many bytes `x` |
/// | `/html`, `/latin1`, `/bom` | a page to log in; JSON in ISO-8859-1; JSON behind a byte order mark |
/// | `/gzip-bomb` | some 50 KB that become 8 MiB |
/// | `/drip` | a byte now and then, without end |
/// | `/close` | half an answer, and then nothing |
/// | `/429?after=` | 429, with that `Retry-After` |
/// | `/duplicate-headers` | `set-cookie` and `x-many` twice |
/// | `/deep-json/{n}` | so many lists, one within the other |
/// | anything else | 404 |
#[derive(Debug)]
pub struct Rest {
    base: String,
    state: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    traffic: Traffic,
    tokens: Mutex<Tokens>,
    deals: Mutex<u32>,
}

impl Rest {
    /// Starts one.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start() -> Self {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Starts one at this address.
    ///
    /// # Panics
    /// The address is taken.
    pub async fn start_at(address: SocketAddr) -> Self {
        let state = Arc::new(Shared::default());
        let listener = TcpListener::bind(address).await.expect("the address is free");
        let base = format!("http://{}", listener.local_addr().expect("it is bound"));
        let router = serve::router(Arc::clone(&state));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { base, state, serving }
    }

    /// Its URL, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Every request so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<Received> {
        self.state.traffic.requests()
    }

    /// How often it was asked for this path.
    pub fn times_asked(&self, path: &str) -> usize {
        self.requests().iter().filter(|request| request.path == path).count()
    }

    /// Returns once so many requests have arrived.
    pub async fn asked(&self, times: usize) {
        self.state.traffic.asked(times).await;
    }

    /// The next requests that begin so (`POST /api`), as many as `times`, meet this fault. Faults wait for each other in the order of
    /// these calls.
    pub fn fail(&self, only: &str, fault: Fault, times: u32) {
        self.state.traffic.fail(only, fault, times);
    }

    /// No fault that has not happened yet will.
    pub fn forgive(&self) {
        self.state.traffic.forgive();
    }

    /// No access token so far is good any more.
    pub fn expire_tokens(&self) {
        locked(&self.state.tokens).expire();
    }

    /// Access tokens from now on say that they live so many seconds; 3600 until then.
    pub fn tokens_live(&self, seconds: u32) {
        locked(&self.state.tokens).live(seconds);
    }

    /// The access tokens so far.
    pub fn tokens(&self) -> Vec<String> {
        locked(&self.state.tokens).all().to_vec()
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
