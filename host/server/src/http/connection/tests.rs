//! Whole connections over a pipe in memory, with tokio's paused time: what waits here waits no longer than the machine needs.

use std::time::Duration;

use axum::routing::{get, post};
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::*;

/// Bytes that fit into the pipe before the other end must read.
const PIPE_BYTES: usize = 1024 * 1024;

struct Client {
    stream: DuplexStream,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Client {
    fn connect(pipe_bytes: usize, limits: HttpLimits) -> Self {
        let router = Router::new()
            .route("/", get(|| async { "hello" }))
            .route("/slow", get(|| async { tokio::time::sleep(Duration::from_secs(20)).await }))
            .route("/large", get(|| async { vec![b'x'; 100_000] }))
            .route("/echo", post(|body: Bytes| async { body }));
        let (stream, io) = duplex(pipe_bytes);
        let (stop, stopping) = watch::channel(false);
        let drain = Drain::new(stopping);
        let serving = tokio::spawn(async move { serve(io, None, router, &limits, &drain).await });
        Self { stream, stop, serving }
    }

    fn new() -> Self {
        Self::connect(PIPE_BYTES, HttpLimits::default())
    }

    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Everything up to the end of the connection.
    async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// What has come so far, up to and with `end`.
    async fn until(&mut self, end: &str) -> String {
        let mut text = String::new();
        while !text.ends_with(end) {
            text.push(char::from(self.stream.read_u8().await.unwrap()));
        }
        text
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_cut_off() {
    let began = Instant::now();
    let mut client = Client::new();
    assert_eq!(client.rest().await, "");
    assert!(began.elapsed() >= limit::HTTP_HEAD_READ_MAX);
    assert!(began.elapsed() < limit::HTTP_HEAD_READ_MAX * 2);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_its_head_byte_by_byte_is_cut_off() {
    for preface in ["GET / HTTP/1.1\r\nhost: x\r\n", "PRI * HTTP/2.0"] {
        let began = Instant::now();
        let mut client = Client::new();
        client.send(preface).await;
        while began.elapsed() < limit::HTTP_HEAD_READ_MAX * 3 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if client.stream.write_all(b"x").await.is_err() {
                break;
            }
        }
        assert!(began.elapsed() < limit::HTTP_HEAD_READ_MAX * 2, "{preface:?} lasted {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept_for_a_while_and_a_slow_second_head_is_not() {
    let mut client = Client::new();
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    client.until("hello").await;
    let began = Instant::now();
    tokio::time::sleep(limit::HTTP_IDLE_MAX - Duration::from_secs(5)).await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    client.until("hello").await;
    client.send("GET / HT").await;
    assert_eq!(client.rest().await, "");
    let lasted = began.elapsed() - (limit::HTTP_IDLE_MAX - Duration::from_secs(5));
    assert!(lasted >= limit::HTTP_HEAD_READ_MAX && lasted < limit::HTTP_HEAD_READ_MAX * 2, "{lasted:?}");

    let mut client = Client::new();
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    client.until("hello").await;
    let began = Instant::now();
    assert_eq!(client.rest().await, "");
    assert!(began.elapsed() >= limit::HTTP_IDLE_MAX && began.elapsed() < limit::HTTP_IDLE_MAX * 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_in_flight_may_take_longer_than_a_head() {
    let mut client = Client::new();
    client.send("GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(client.rest().await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_headers_is_431() {
    let many = "a: b\r\n".repeat(limit::HTTP_HEADERS_MAX + 1);
    let long = format!("a: {}\r\n", "b".repeat(limit::HTTP_HEAD_BYTES_MAX));
    for headers in [many, long] {
        let mut client = Client::new();
        client.send(&format!("GET / HTTP/1.1\r\n{headers}\r\n")).await;
        let answer = client.rest().await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_of_its_answer_is_cut_off() {
    let began = Instant::now();
    let mut client = Client::connect(1_000, HttpLimits::default());
    client.send("GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await;
    (&mut client.serving).await.unwrap();
    let lasted = began.elapsed();
    assert!(lasted >= limit::HTTP_WRITE_STALL_MAX && lasted < limit::HTTP_WRITE_STALL_MAX * 2, "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_expects_it_is_told_to_continue() {
    let mut client = Client::new();
    client.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n").await;
    client.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    client.send("body").await;
    assert!(client.until("body").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test(start_paused = true)]
async fn when_the_host_stops_idle_connections_end_and_requests_are_finished() {
    let began = Instant::now();
    let mut idle = Client::new();
    idle.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    idle.until("hello").await;
    idle.stop.send_replace(true);
    assert_eq!(idle.rest().await, "");
    assert!(began.elapsed() < Duration::from_secs(1));

    let mut busy = Client::new();
    busy.send("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    busy.stop.send_replace(true);
    let answer = busy.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

/// Frames of HTTP/2 (RFC 9113): the preface, SETTINGS with a window of 0 for answers, and one GET of `/`.
const NOTHING_IS_TAKEN: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
    \x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\
    \x00\x00\x03\x01\x05\x00\x00\x00\x01\x82\x84\x86";

#[tokio::test(start_paused = true)]
async fn a_client_of_http_2_that_takes_nothing_of_its_answer_is_cut_off() {
    let mut client = Client::new();
    client.stream.write_all(NOTHING_IS_TAKEN).await.unwrap();
    let began = Instant::now();
    let mut answer = Vec::new();
    client.stream.read_to_end(&mut answer).await.unwrap();
    let limits = HttpLimits::default();
    assert!(began.elapsed() >= limits.write_stall && began.elapsed() < limits.write_stall + limits.head_read);
    client.serving.await.unwrap();
}
