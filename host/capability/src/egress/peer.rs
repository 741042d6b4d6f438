//! The last look at where a new connection really leads.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use hookyard_domain::address::AddressPolicy;
use http::Extensions;
use hyper_util::client::legacy::connect::{Connection, HttpInfo};
use tower::{BoxError, Layer, Service};

use super::failure::AddressesRefused;

/// Refuses connections whose peer the policy does not permit. Names and addresses have been checked before they were dialled;
/// this holds also if some way around those checks should ever open.
#[derive(Clone)]
pub(super) struct PeerLayer {
    policy: Arc<AddressPolicy>,
    opened: Arc<AtomicUsize>,
}

impl PeerLayer {
    /// `opened` counts the connections that are opened.
    pub(super) fn new(policy: AddressPolicy, opened: Arc<AtomicUsize>) -> Self {
        Self { policy: Arc::new(policy), opened }
    }
}

impl<S> Layer<S> for PeerLayer {
    type Service = PeerCheck<S>;

    fn layer(&self, connector: S) -> PeerCheck<S> {
        PeerCheck { connector, policy: Arc::clone(&self.policy), opened: Arc::clone(&self.opened) }
    }
}

/// A connector with that look.
#[derive(Clone)]
pub(super) struct PeerCheck<S> {
    connector: S,
    policy: Arc<AddressPolicy>,
    opened: Arc<AtomicUsize>,
}

impl<S, R> Service<R> for PeerCheck<S>
where
    S: Service<R, Error = BoxError>,
    S::Response: Connection,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, destination: R) -> Self::Future {
        let (connecting, policy) = (self.connector.call(destination), Arc::clone(&self.policy));
        self.opened.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let connection = connecting.await?;
            check(&connection, &policy)?;
            Ok(connection)
        })
    }
}

fn check(connection: &impl Connection, policy: &AddressPolicy) -> Result<(), BoxError> {
    let mut extras = Extensions::new();
    connection.connected().get_extras(&mut extras);
    let info = extras.get::<HttpInfo>().ok_or("the new connection does not say where it leads")?;
    policy.check(info.remote_addr().ip()).map_err(|refusal| AddressesRefused(vec![refusal]).into())
}

#[cfg(test)]
mod tests {
    use hyper_util::client::legacy::connect::HttpConnector;
    use tokio::net::TcpListener;
    use tower::ServiceExt as _;

    use super::*;

    /// The connector here checks nothing by itself: it is the way around that must not exist.
    #[tokio::test]
    async fn a_peer_that_is_not_permitted_is_refused_even_once_it_is_connected() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let uri: http::Uri = format!("http://{address}").parse().expect("a URI");
        let loopback = AddressPolicy::new([std::net::IpAddr::from([127, 0, 0, 1]).into()]);
        for (policy, permitted) in [(AddressPolicy::new([]), false), (loopback, true)] {
            let connector = HttpConnector::new().map_err(BoxError::from);
            let outcome = PeerLayer::new(policy, Arc::default()).layer(connector).oneshot(uri.clone()).await;
            listener.accept().await.expect("the connection was opened");
            match outcome {
                Ok(_) => assert!(permitted),
                Err(error) => assert!(!permitted && error.is::<AddressesRefused>(), "{error}"),
            }
        }
    }
}
