//! What every request handler works with.

use std::future::Future;
use std::sync::Arc;

use axum::extract::FromRef;
use tokio::sync::Semaphore;

use super::auth::TokenCheck;
use super::connections::change;
use super::drain::Drain;
use super::entrance::Entrance;
use super::health::Inquiries;
use super::limits::HttpLimits;
use super::listeners::Addresses;
use super::names::Names;
use super::problem::Problem;
use crate::host::Host;

/// The host and what all its listeners share.
pub(crate) struct App {
    pub(crate) host: Arc<Host>,
    pub(crate) limits: HttpLimits,
    pub(crate) drain: Drain,
    /// Room for request bodies, one permit a byte.
    pub(crate) bodies: Arc<Semaphore>,
    /// Room for those who follow the event log.
    pub(crate) followers: Arc<Semaphore>,
    /// The names that the API answers to.
    pub(crate) names: Names,
    pub(crate) tokens: TokenCheck,
    pub(crate) inquiries: Inquiries,
}

impl App {
    pub(crate) fn new(host: Arc<Host>, limits: HttpLimits, addresses: &Addresses, drain: Drain) -> Self {
        let names = Names::new(host.settings.public_url.clone(), addresses);
        let tokens = TokenCheck::new(host.settings.token.as_ref());
        let bodies = Arc::new(Semaphore::new(limits.bodies_bytes_max));
        let followers = Arc::new(Semaphore::new(limits.followers_max));
        Self { host, limits, drain, bodies, followers, names, tokens, inquiries: Inquiries::default() }
    }

    /// Does work that goes on when the client stops waiting for it.
    ///
    /// # Errors
    /// It has panicked.
    pub(crate) async fn in_work<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        self.host.in_work.spawn(work).await.map_err(|error| change::broken(&error))
    }
}

/// The app, seen through the door that a request came through.
#[derive(Clone)]
pub(crate) struct Entered {
    pub(crate) app: Arc<App>,
    pub(crate) entrance: Arc<Entrance>,
}

impl FromRef<Entered> for Arc<App> {
    fn from_ref(entered: &Entered) -> Self {
        Self::clone(&entered.app)
    }
}

impl FromRef<Entered> for Arc<Host> {
    fn from_ref(entered: &Entered) -> Self {
        Self::clone(&entered.app.host)
    }
}
