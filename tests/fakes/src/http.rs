//! A small HTTP client: one connection for each request, over TCP.

use std::net::SocketAddr;

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its whole body.
    pub body: Bytes,
}

impl Reply {
    /// The status as a number.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is something else.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value, or the empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Sends a request and reads the answer.
///
/// # Errors
/// The connection fails, or what comes back is not HTTP.
pub async fn send(address: SocketAddr, request: Request<Full<Bytes>>) -> anyhow::Result<Reply> {
    send_over(TcpStream::connect(address).await.context("connecting")?, request).await
}

/// The same over a connection that is open, and is closed then.
///
/// # Errors
/// The connection fails, or what comes back is not HTTP.
pub async fn send_over(stream: TcpStream, request: Request<Full<Bytes>>) -> anyhow::Result<Reply> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await.context("sending")?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.context("reading the body")?.to_bytes();
    drop(sender);
    driver.await??;
    Ok(Reply { status: head.status, headers: head.headers, body })
}
