//! Clients that follow the event log, each over a connection of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Barrier;

use crate::host::TOKEN;

/// Lets this process have as many open files as it may: both ends of each connection are some, and other tests run beside.
///
/// # Panics
/// The bound cannot be raised.
pub fn room_for_sockets() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("the soft bound may rise to the hard one");
}

/// A client with one connection.
struct Client {
    address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
}

impl Client {
    async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("connecting")?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { address, sender })
    }

    async fn get(&mut self, path: &str) -> anyhow::Result<Incoming> {
        let request = Request::get(path)
            .header("host", self.address.to_string())
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Full::new(Bytes::new()))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        ensure!(response.status() == 200, "{path} is answered {}", response.status());
        Ok(response.into_body())
    }
}

/// The ids of so many events as a stream brings them. It passes the barrier once it has begun.
///
/// # Errors
/// The host does not answer as documented.
pub async fn stream(address: SocketAddr, events: usize, begun: Arc<Barrier>) -> anyhow::Result<Vec<String>> {
    let mut client = Client::connect(address).await?;
    let mut body = client.get("/v1/events/stream?type=echo.*").await?;
    let (mut text, mut ids, mut waits) = (String::new(), Vec::new(), true);
    while ids.len() < events {
        let Some(frame) = body.frame().await else { bail!("the stream ends after {} events", ids.len()) };
        text.push_str(std::str::from_utf8(frame?.data_ref().context("data")?)?);
        while let Some((block, rest)) = text.split_once("\n\n") {
            if waits {
                begun.wait().await;
                waits = false;
            }
            if let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) {
                let event: Value = serde_json::from_str(data)?;
                ids.push(event["id"].as_str().context("an event has an id")?.to_owned());
            }
            text = rest.to_owned();
        }
    }
    Ok(ids)
}

/// The ids of so many events behind this offset as long polls bring them.
///
/// # Errors
/// The host does not answer as documented.
pub async fn poll(address: SocketAddr, events: usize, mut after: String) -> anyhow::Result<Vec<String>> {
    let mut client = Client::connect(address).await?;
    let mut ids = Vec::new();
    while ids.len() < events {
        let body = client.get(&format!("/v1/events?wait=60&type=echo.*&after={after}")).await?;
        let page: Value = serde_json::from_slice(&body.collect().await?.to_bytes())?;
        for event in page["events"].as_array().context("events is a list")? {
            ids.push(event["id"].as_str().context("an event has an id")?.to_owned());
        }
        after = page["next"].as_str().context("next is a text")?.to_owned();
    }
    Ok(ids)
}
