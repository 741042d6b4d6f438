//! Accepting connections of one listener, as many at a time as it may have.

use std::io;
use std::sync::Arc;

use axum::Router;
use hookyard_domain::limit;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::connection::{self, Peers};
use super::drain::Drain;
use super::entrance::Entrance;
use super::limits::HttpLimits;
use crate::telemetry::metrics::Metrics;

/// A bound socket.
pub(super) trait Listener: Send + Sync + 'static {
    /// A client's connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next client. Giving up waiting loses none.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Io, Option<Peers>)>> + Send;
}

impl Listener for TcpListener {
    type Io = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Option<Peers>)> {
        let (stream, remote) = Self::accept(self).await?;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        Ok((stream, Some(Peers { remote, local })))
    }
}

impl Listener for UnixListener {
    type Io = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Option<Peers>)> {
        let (stream, _) = Self::accept(self).await?;
        Ok((stream, None))
    }
}

/// What one listener's connections have in common.
pub(super) struct Accepting {
    pub(super) entrance: Entrance,
    pub(super) router: Router,
    pub(super) metrics: Arc<Metrics>,
    pub(super) limits: HttpLimits,
    pub(super) drain: Drain,
    pub(super) connections_max: usize,
}

impl Accepting {
    /// Accepts until the host stops, then waits until every connection has ended.
    pub(super) async fn run(self, listener: impl Listener) {
        let places = Arc::new(Semaphore::new(self.connections_max));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = self.drain.begun() => break,
                Some(ended) = connections.join_next() => report(ended),
                (place, io, peers) = next(&listener, &places) => {
                    connections.spawn(self.connection(place, io, peers));
                }
            }
        }
        drop(listener);
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    }

    fn connection<Io>(
        &self,
        place: OwnedSemaphorePermit,
        io: Io,
        peers: Option<Peers>,
    ) -> impl Future<Output = ()> + use<Io>
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let open = self.metrics.http_connection(self.entrance.name);
        let (router, limits, drain) = (self.router.clone(), self.limits.clone(), self.drain.clone());
        async move {
            connection::serve(io, peers, router, &limits, &drain).await;
            drop(open);
            drop(place);
        }
    }
}

/// The next client, once there is a place for it.
async fn next<L: Listener>(listener: &L, places: &Arc<Semaphore>) -> (OwnedSemaphorePermit, L::Io, Option<Peers>) {
    let place = Arc::clone(places).acquire_owned().await.expect("nobody closes this semaphore");
    loop {
        match listener.accept().await {
            Ok((io, peers)) => return (place, io, peers),
            Err(error) if concerns_one_client(&error) => tracing::debug!(%error, "a client went away"),
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections; trying again");
                tokio::time::sleep(limit::HTTP_ACCEPT_PAUSE).await;
            }
        }
    }
}

fn concerns_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, InvalidInput, NotConnected,
    };
    // `InvalidInput` is what setting an option of a socket says whose client has gone (macOS).
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | ConnectionRefused | BrokenPipe | NotConnected | InvalidInput
    )
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "serving a connection panicked");
    }
}
