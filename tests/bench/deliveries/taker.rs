//! An endpoint that takes everything, as a process of its own, so that its time is not the host's.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context as _;
use bytes::Bytes;
use hookyard_tests::http::send;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::super::open_loop::now;
use super::super::process::Server;

/// What has arrived since the last look.
#[derive(Debug, Default)]
struct Taken {
    requests: u64,
    ids: HashSet<Bytes>,
    first: Option<Instant>,
    last: Option<Instant>,
}

/// What has arrived at a taker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count {
    pub(crate) requests: u64,
    /// Events, by their ids.
    pub(crate) distinct: u64,
    /// From the first to the last of them.
    pub(crate) seconds: f64,
}

/// Answers every POST with 200 once it is read; GET says what has arrived, and DELETE forgets it.
#[expect(clippy::print_stdout, reason = "the parent reads the address")]
pub(crate) async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("taker http://{}/", listener.local_addr()?);
    let taken = Arc::new(Mutex::new(Taken::default()));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let taken = Arc::clone(&taken);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&taken)));
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        });
    }
}

async fn answer(request: Request<Incoming>, taken: Arc<Mutex<Taken>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    // What ends within is not counted, and the sender sees it.
    let whole = body.collect().await.is_ok();
    let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
    match head.method {
        Method::GET => {
            let seconds = taken.first.zip(taken.last).map_or(0.0, |(first, last)| (last - first).as_secs_f64());
            let count = format!("{} {} {seconds}", taken.requests, taken.ids.len());
            return Ok(Response::new(Full::new(count.into())));
        }
        Method::DELETE => *taken = Taken::default(),
        _ if whole => {
            taken.requests += 1;
            if let Some(id) = head.headers.get("webhook-id") {
                taken.ids.insert(Bytes::copy_from_slice(id.as_bytes()));
            }
            let now = now();
            taken.first.get_or_insert(now);
            taken.last = Some(now);
        }
        _ => {}
    }
    Ok(Response::default())
}

/// What has arrived at this taker.
pub(crate) async fn count(taker: &Server) -> anyhow::Result<Count> {
    let reply = taker.get("/").await?.text();
    let mut figures = reply.split(' ');
    let mut next = || figures.next().context("three figures");
    Ok(Count { requests: next()?.parse()?, distinct: next()?.parse()?, seconds: next()?.parse()? })
}

/// Has it count anew.
pub(crate) async fn forget(taker: &Server) -> anyhow::Result<()> {
    let request = Request::delete("/").header("host", taker.address.to_string()).body(Full::new(Bytes::new()))?;
    send(taker.address, request).await?;
    Ok(())
}
