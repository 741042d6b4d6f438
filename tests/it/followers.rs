//! A thousand clients follow the event log at a time, by stream and by long poll, and each of them gets all of it.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TOKEN, TestHost};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Followers of each of the two kinds.
const OF_EACH_KIND: usize = 500;
/// Events that they get.
const EVENTS: usize = 30;

/// Both ends of each connection are open files of this process, and other tests run beside.
fn room_for_sockets() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("the soft bound may rise to the hard one");
}

async fn host() -> TestHost {
    let config = "[connections.bot]\nplugin = \"echo\"\nconfig = { secret = \"sesame\" }";
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO).config(config).start().await
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

/// The ids of the events that a stream brings, until they are enough. It has begun when the barrier is passed.
async fn stream(address: SocketAddr, begun: Arc<Barrier>) -> anyhow::Result<Vec<String>> {
    let mut client = Client::connect(address).await?;
    let mut body = client.get("/v1/events/stream?type=echo.*").await?;
    let (mut text, mut ids, mut waits) = (String::new(), Vec::new(), true);
    while ids.len() < EVENTS {
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

/// The ids of the events that long polls bring, until they are enough.
async fn poll(address: SocketAddr, mut after: String) -> anyhow::Result<Vec<String>> {
    let mut client = Client::connect(address).await?;
    let mut ids = Vec::new();
    while ids.len() < EVENTS {
        let body = client.get(&format!("/v1/events?wait=60&type=echo.*&after={after}")).await?;
        let page: Value = serde_json::from_slice(&body.collect().await?.to_bytes())?;
        for event in page["events"].as_array().context("events is a list")? {
            ids.push(event["id"].as_str().context("an event has an id")?.to_owned());
        }
        after = page["next"].as_str().context("next is a text")?.to_owned();
    }
    Ok(ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_followers_get_every_event_once_and_in_order() {
    room_for_sockets();
    let host = host().await;
    let newest = host.get("/v1/events?limit=1000").await.json()["next"].as_str().expect("a text").to_owned();
    let begun = Arc::new(Barrier::new(OF_EACH_KIND + 1));
    let mut followers = JoinSet::new();
    for _ in 0..OF_EACH_KIND {
        followers.spawn(stream(host.address(), Arc::clone(&begun)));
        followers.spawn(poll(host.address(), newest.clone()));
    }
    begun.wait().await;
    for number in 0..EVENTS {
        let body = json!({ "do": [{ "emit": { "subject": "s", "data": number } }] }).to_string();
        let request = Request::post("/webhooks/bot").header("x-echo-token", "sesame");
        assert_eq!(host.send(request, body).await.status(), 200);
    }
    let events = host.events().await;
    let expected: Vec<_> = events.iter().map(|event| event["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(expected.len(), EVENTS);
    let mut complete = 0;
    while let Some(ids) = followers.join_next().await {
        assert_eq!(ids.expect("no panic").expect("it follows"), expected);
        complete += 1;
    }
    assert_eq!(complete, 2 * OF_EACH_KIND);
}
