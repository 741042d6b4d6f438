//! When there is no room, the host says so: 503 with `Retry-After`, within bounds, and whoever has room goes on.

use std::time::Duration;

use futures_util::FutureExt as _;
use hookyard_domain::clock::Clock as _;
use hookyard_domain::commit::{Commit, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::limit;
use hookyard_store::sqlite::SqliteSettings;
use hookyard_store::{CommitError, InboxUse, Workload};
use hookyard_tests::gate::Gate;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use hookyard_tests::provider::Provider;
use hookyard_tests::{Reading, guests};
use http::Request;
use serde_json::{Value, json};

/// A host with the connections `slow` and `quick` of the echo guest.
async fn host(store: SqliteSettings) -> TestHost {
    let connection = |id: &str| {
        format!(
            "[connections.{id}]\nplugin = \"echo\"\nconfig = {{ secret = \"sesame\" }}\n\
             grants = {{ hosts = [\"http://127.0.0.1\"], private_addresses = [\"127.0.0.1/32\"] }}"
        )
    };
    let builder = Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO).store(store);
    builder.config(&connection("slow")).config(&connection("quick")).start().await
}

async fn send(host: &TestHost, connection: &str, body: &Value) -> Reply {
    let request = Request::post(format!("/webhooks/{connection}")).header("x-echo-token", "sesame");
    host.send(request, body.to_string()).await
}

fn emit(id: &str) -> Value {
    json!({ "id": id, "do": [{ "emit": { "data": id } }] })
}

fn set(id: &str, key: &str, value: &str) -> Value {
    json!({ "id": id, "do": [{ "set": { "key": key, "value": value, "expected": "*" } }] })
}

/// Fails until the key `open` is there.
fn closed(id: &str) -> Value {
    let unless = json!({ "key": "open", "kind": "unavailable", "code": "closed" });
    json!({ "id": id, "do": [{ "fail_without": unless }, { "emit": { "data": id } }] })
}

fn assert_refused(reply: &Reply, code: &str) {
    assert_eq!(reply.status(), 503, "{}", reply.text());
    assert_eq!((reply.json()["code"].as_str(), reply.header("retry-after")), (Some(code), "5"));
}

fn workload(host: &TestHost) -> Workload {
    host.running().host.store.workload()
}

/// Hands a commit to the store that adds 1 to `n` and writes so much; says whether the store takes it. The writer must stand still.
fn hand_over(host: &TestHost, bytes: usize) -> bool {
    let owner = Owner::Connection { id: "slow".parse().expect("an id"), incarnation: Incarnation::default() };
    let set = Write::Set { key: "large".to_owned(), value: vec![b'x'; bytes], expires_at: None };
    let writes = vec![Write::Increment { key: "n".to_owned(), by: 1 }, set];
    let commit = Commit { owner, at: host.clock.now(), guards: Vec::new(), writes };
    // What was handed over is not taken back by not waiting for it.
    match host.running().host.store.commit(commit).now_or_never() {
        None => true,
        Some(Err(CommitError::Overloaded)) => false,
        Some(other) => panic!("the writer stands still: {other:?}"),
    }
}

/// The same until the store takes no more; says how many it took.
fn fill(host: &TestHost, bytes: usize) -> usize {
    std::iter::repeat_with(|| hand_over(host, bytes)).take_while(|taken| *taken).count()
}

/// What `fill` has counted, once all of it is durable.
async fn counted(host: &TestHost) -> usize {
    while workload(host).waiting > 0 {
        tokio::task::yield_now().await;
    }
    let (connection, key) = ("slow".parse().expect("an id"), ["n".to_owned()]);
    let found = host.running().host.store.get_many(&connection, &key, host.clock.now()).await.expect("reads");
    let value = found[0].as_ref().expect("it is there").value.clone();
    String::from_utf8(value).expect("digits").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_of_the_writer_refuses_what_comes_on_top_and_loses_nothing_that_it_took() {
    let gate = Gate::default();
    let host = host(gate.store()).await;
    // Whether the host is ready is asked in a write without bytes: where only they count, it stands in the queue and is given up.
    for (id, bytes, unready) in [("a", 1, "overloaded"), ("b", 700 * 1024, "unavailable")] {
        assert_eq!(send(&host, "slow", &set(&format!("reset-{id}"), "n", "0")).await.status(), 200);
        let closed = gate.close();
        assert!(hand_over(&host, 1));
        closed.writer_stands().await;
        let taken = 1 + fill(&host, bytes) + fill(&host, 4 * 1024) + fill(&host, 1);
        let Workload { waiting, waiting_bytes, .. } = workload(&host);
        let (most, most_bytes) =
            (limit::COMMITS_WAITING_MAX + limit::GROUP_COMMITS_MAX, limit::COMMITS_WAITING_BYTES_MAX);
        assert!(waiting <= most as u64 && waiting_bytes <= most_bytes as u64, "{waiting} with {waiting_bytes} bytes");
        if bytes > 1 {
            assert!(waiting < 1_000, "it is their bytes that count: {waiting}");
        }

        assert_refused(&send(&host, "quick", &emit(id)).await, "overloaded");
        assert_refused(&send(&host, "slow", &emit(id)).await, "overloaded");
        assert_refused(&host.get("/readyz").await, unready);
        assert_eq!(host.get("/healthz").await.status(), 200);
        let waiting = workload(&host).waiting;
        let metrics = host.get("/metrics").await.text();
        assert!(metrics.contains(&format!("hookyard_store_writes_waiting {waiting}\n")), "{metrics}");
        assert!(metrics.contains("hookyard_store_readable 1\n"), "reading goes on: {metrics}");

        drop(closed);
        assert_eq!(counted(&host).await, taken);
        assert_eq!(workload(&host).waiting_bytes, 0);
        assert_eq!(send(&host, "quick", &emit(id)).await.status(), 200, "it is new: nothing of it was kept");
        assert_eq!(host.get("/readyz").await.status(), 200);
    }
    assert_eq!(host.events().await.len(), 2);
}

#[tokio::test]
async fn a_log_that_a_reader_holds_at_its_bound_refuses_commits_until_it_lets_go() {
    const COPY_ABOVE: u64 = 64 * 1024;
    let log =
        SqliteSettings { copy_log_above: COPY_ABOVE, log_wait: Duration::from_millis(20), ..SqliteSettings::default() };
    let host = host(log).await;
    let reading = Reading::begin(&host.directory().join("data/hookyard.db")).expect("reads");
    let value = "x".repeat(16 * 1024);
    let mut written = 0;
    let refused = loop {
        let reply = send(&host, "quick", &set(&format!("w-{written}"), "large", &value)).await;
        if reply.status() != 200 {
            break reply;
        }
        written += 1;
        assert!(written < 1_000, "the log has no bound");
    };
    assert_refused(&refused, "overloaded");
    let log_bytes = workload(&host).log_bytes;
    // At most the last group goes beyond the bound: two values, and what is written beside them.
    assert!((COPY_ABOVE * 4..COPY_ABOVE * 4 + 128 * 1024).contains(&log_bytes), "{log_bytes}");
    assert_refused(&host.get("/readyz").await, "overloaded");
    assert_refused(&send(&host, "slow", &emit("a")).await, "overloaded");

    drop(reading);
    assert_eq!(host.get("/readyz").await.status(), 200);
    assert_eq!(send(&host, "slow", &emit("a")).await.status(), 200);
    assert_eq!(
        send(&host, "quick", &set(&format!("w-{written}"), "large", &value)).await.status(),
        200,
        "not kept before"
    );
    assert!(workload(&host).log_bytes < COPY_ABOVE * 4, "the log has started anew");
}

#[tokio::test]
async fn a_full_inbox_refuses_its_connection_and_no_other_and_takes_more_once_it_drains() {
    let mut store = SqliteSettings::default();
    store.inbox.bounds.of_connection.webhooks = 3;
    let host = host(store).await;
    for id in ["1", "2", "3"] {
        assert_eq!(send(&host, "slow", &closed(id)).await.status(), 202);
    }
    assert_refused(&send(&host, "slow", &closed("4")).await, "inbox-full");
    assert_eq!(send(&host, "slow", &closed("2")).await.status(), 202, "it is kept already");
    assert_eq!(send(&host, "slow", &set("open", "other", "1")).await.status(), 200, "what needs no room is handled");
    assert_eq!(send(&host, "quick", &emit("q")).await.status(), 200);
    assert_eq!(send(&host, "quick", &closed("q-1")).await.status(), 202, "another connection has room of its own");
    let metrics = host.get("/metrics").await.text();
    for line in [
        "hookyard_inbox_webhooks{connection=\"slow\",state=\"pending\"} 3\n",
        "hookyard_inbox_webhooks{connection=\"quick\",state=\"pending\"} 1\n",
        "hookyard_webhooks_kept_total{connection=\"slow\",reason=\"unavailable\"} 3\n",
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }

    assert_eq!(send(&host, "slow", &set("now", "open", "1")).await.status(), 200);
    drain(&host, "slow").await;
    assert_eq!(host.events().await.len(), 1 + 3, "each of them once");
    assert_eq!(
        send(&host, "slow", &closed("4")).await.status(),
        200,
        "nothing of it was kept, and now it can be handled"
    );
    let metrics = host.get("/metrics").await.text();
    assert!(metrics.contains("hookyard_inbox_runs_total{connection=\"slow\",outcome=\"handled\"} 3\n"), "{metrics}");
}

#[tokio::test]
async fn all_connections_together_have_a_bound_too() {
    let mut store = SqliteSettings::default();
    store.inbox.bounds.of_all = InboxUse { webhooks: 2, ..store.inbox.bounds.of_all };
    let host = host(store).await;
    assert_eq!(send(&host, "slow", &closed("1")).await.status(), 202);
    assert_eq!(send(&host, "quick", &closed("1")).await.status(), 202);
    assert_refused(&send(&host, "slow", &closed("2")).await, "inbox-full");
    assert_refused(&send(&host, "quick", &closed("2")).await, "inbox-full");
    assert_eq!(send(&host, "quick", &emit("q")).await.status(), 200, "what is handled at once needs no room");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_connection_with_a_backlog_holds_up_no_other() {
    const BACKLOG: usize = 30;
    let provider = Provider::start().await;
    let host = host(SqliteSettings::default()).await;
    let unless = json!({ "key": "open", "kind": "unavailable", "code": "closed" });
    for number in 0..BACKLOG {
        let fetch = json!({ "url": format!("{}/gate", provider.base()) });
        let steps = json!([{ "fail_without": unless }, { "fetch": fetch }, { "emit": { "data": number } }]);
        assert_eq!(send(&host, "slow", &json!({ "id": number.to_string(), "do": steps })).await.status(), 202);
    }
    assert_eq!(send(&host, "slow", &set("now", "open", "1")).await.status(), 200);
    host.advance(Duration::from_secs(10));
    // Three quarters of the eight slots are a connection's own.
    provider.asked("/gate", 6).await;
    for number in 0..20 {
        assert_eq!(send(&host, "quick", &emit(&number.to_string())).await.status(), 200);
    }
    assert_eq!(provider.times_asked("/gate"), 6, "it has no more than its share");
    let depths = host.running().host.store.inbox_depths().await.expect("reads");
    assert_eq!((depths.len(), depths[0].pending), (1, BACKLOG as u64), "meanwhile nothing of it is handled");
    provider.open();
    drain(&host, "slow").await;
    assert_eq!(host.events().await.len(), BACKLOG + 20);
}

/// Lets time pass until nothing of this connection is in the inbox.
async fn drain(host: &TestHost, connection: &str) {
    loop {
        let depths = host.running().host.store.inbox_depths().await.expect("reads");
        if depths.iter().all(|depth| depth.connection.as_str() != connection) {
            return;
        }
        host.advance(Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
}
