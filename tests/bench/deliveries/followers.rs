//! What a thousand streams take: memory of the host for each, and its time for each event.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use hookyard_tests::followers::room_for_sockets;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::super::load::drive;
use super::super::process::TOKEN;
use super::super::webhooks::webhooks;
use super::host;

/// Streams of the two hosts.
const FOLLOWERS: [usize; 2] = [0, 1_000];
/// Webhooks of the load, each of which is an event to every stream.
const WEBHOOKS: usize = 1_000;
/// Clients that send one webhook after the other.
const CLIENTS: usize = 8;
/// Longest wait for the last event to arrive everywhere.
const ARRIVED_WITHIN: Duration = Duration::from_secs(60);

/// Prints the table.
#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
pub(crate) async fn measure() -> anyhow::Result<()> {
    room_for_sockets();
    println!("followers: streams of all events, while {WEBHOOKS} webhooks come");
    println!(
        "{:>10} {:>18} {:>18} {:>20} {:>22}",
        "streams", "webhooks/s", "CPU us a webhook", "KiB a stream, idle", "KiB a stream, after"
    );
    for followers in FOLLOWERS {
        let directory = tempfile::tempdir()?;
        let host = host(&directory, "").await?;
        drive(&host, webhooks("warm-up", WEBHOOKS), CLIENTS).await?;
        let before = host.anonymous_mib()?;
        let (begun, mut beginnings) = mpsc::channel(followers.max(1));
        let mut streams = JoinSet::new();
        for _ in 0..followers {
            streams.spawn(stream(host.address, begun.clone()));
        }
        for _ in 0..followers {
            beginnings.recv().await.context("a stream has ended")?;
        }
        let idle = host.anonymous_mib()?;
        let cpu_before = host.cpu_seconds()?;
        let window = drive(&host, webhooks("load", WEBHOOKS), CLIENTS).await?;
        let complete = async {
            while let Some(stream) = streams.join_next().await {
                stream??;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(ARRIVED_WITHIN, complete).await.context("a stream has not got every event")??;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let cpu_us = (host.cpu_seconds()? - cpu_before) * 1e6 / WEBHOOKS as f64;
        let after = host.anonymous_mib()?;
        println!(
            "{followers:>10} {:>18.0} {cpu_us:>18.0} {:>20.1} {:>22.1}",
            window.per_second,
            kib_each(idle - before, followers),
            kib_each(after - before, followers)
        );
        host.end().await?;
    }
    println!("every stream got every event");
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn kib_each(mib: f64, followers: usize) -> f64 {
    mib * 1024.0 / followers.max(1) as f64
}

/// Follows until all events of the load are there.
async fn stream(address: SocketAddr, begun: mpsc::Sender<()>) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/v1/events/stream?type=aftership.*")
        .header("host", address.to_string())
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Full::new(Bytes::new()))?;
    let response = sender.send_request(request).await?;
    ensure!(response.status() == 200, "the host answered {}", response.status());
    let mut body = response.into_body();
    let (mut events, mut has_begun, mut before) = (0, false, 0);
    while events < WEBHOOKS {
        let Some(frame) = body.frame().await else { bail!("the stream ends after {events} events") };
        for byte in frame?.into_data().unwrap_or_default() {
            // An event is the only block that has a line of data; blocks end in an empty line.
            if byte == b'\n' && before == b'}' {
                events += 1;
            }
            before = byte;
        }
        if !has_begun {
            has_begun = true;
            begun.send(()).await.context("nobody counts")?;
        }
    }
    Ok(())
}
