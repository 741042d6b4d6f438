//! Where a fake listens.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Serves on a port that was free, until the task is aborted.
///
/// # Panics
/// There is no free port.
pub(crate) async fn serve(router: Router) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    (address, tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") }))
}
