//! Several decide about one webhook at the same time, or while it runs: each decision is one that could have been made alone.

use futures_util::future::join_all;
use hookyard_tests::gate::Gate;

use super::*;

/// A webhook that is kept as failed, and from now on asks at the provider's gate before it is handled.
async fn asks_at_the_gate(host: &TestHost, provider: &Provider) -> Value {
    let body = json!({ "id": "1", "do": [
        { "fail_without": { "key": "mended", "kind": "failed", "code": "not-mended" } },
        { "ask": { "url": format!("{}/gate", provider.base()) } },
        { "emit": { "data": { "of": "1" } } },
        { "increment": { "key": "runs", "by": 1 } },
    ] });
    assert_eq!(receive(host, "bot", &body).await.status(), 202);
    let webhook = newest(host, "bot").await;
    mend(host, "bot").await;
    assert_eq!(decide(host, &webhook, "replay").await.status(), 202);
    provider.asked("/gate", 1).await;
    webhook
}

#[tokio::test]
async fn a_replay_of_one_that_runs_runs_it_again_and_keeps_nothing_of_the_run_before() {
    let provider = Provider::start().await;
    let host = host_with(&provider).await;
    let webhook = asks_at_the_gate(&host, &provider).await;
    let again = decide(&host, &webhook, "replay").await;
    assert_eq!((again.status(), &again.json()["state"]), (202, &json!("pending")));
    assert_eq!(provider.times_asked("/gate"), 1, "never twice at the same time");
    provider.open();
    let handled = settled(&host, &webhook).await;
    assert_eq!((&handled["state"], &handled["attempts"]), (&json!("handled"), &json!(1)));
    assert_eq!(provider.times_asked("/gate"), 2);
    assert_eq!(all(&heard(&host, "bot").await, "/data/of"), ["1"], "of the second run");
    assert_eq!(key(&host, "bot", "runs").await, "1");
    let metrics = host.get("/metrics").await.text();
    assert!(metrics.contains("hookyard_inbox_runs_total{connection=\"bot\",outcome=\"overtaken\"} 1\n"), "{metrics}");
}

#[tokio::test]
async fn one_that_is_skipped_while_it_runs_stays_skipped_and_leaves_nothing() {
    let provider = Provider::start().await;
    let host = host_with(&provider).await;
    let webhook = asks_at_the_gate(&host, &provider).await;
    assert_eq!(decide(&host, &webhook, "skip").await.status(), 200);
    provider.open();
    let overtaken = "hookyard_inbox_runs_total{connection=\"bot\",outcome=\"overtaken\"} 1\n";
    while !host.get("/metrics").await.text().contains(overtaken) {
        tokio::task::yield_now().await;
    }
    assert_eq!(shown(&host, &webhook).await["state"], "skipped");
    assert!(heard(&host, "bot").await.is_empty());
    assert_eq!(key(&host, "bot", "runs").await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_replays_of_one_at_once_are_all_taken_and_double_nothing() {
    let host = host().await;
    let webhook = fails(&host, "bot", "1", None).await;
    mend(&host, "bot").await;
    let replies = join_all((0..100).map(|_| decide(&host, &webhook, "replay"))).await;
    for reply in replies {
        assert_eq!(reply.status(), 202, "{}", reply.text());
    }
    assert_eq!(settled(&host, &webhook).await["state"], "handled");
    assert_eq!(all(&heard(&host, "bot").await, "/data/of"), ["1"], "its event has a dedupe key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_replay_passes_over_what_somebody_skips_at_the_same_time_and_replays_the_rest() {
    let gate = Gate::default();
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::ECHO)
        .config(&format!("[connections.bot]\nplugin = \"echo\"\nconfig = {{ secret = \"{SECRET}\" }}"))
        .store(gate.store())
        .start()
        .await;
    let (one, two, three) = (
        fails(&host, "bot", "1", None).await,
        fails(&host, "bot", "2", None).await,
        fails(&host, "bot", "3", None).await,
    );
    mend(&host, "bot").await;
    let closed = gate.close();
    let waiting = &async |count: u64| {
        while host.running().host.store.workload().waiting < count {
            tokio::task::yield_now().await;
        }
    };
    // The writer stands still with the first skip, so that the bulk replay reads all three as failed; its commit comes last.
    let body = json!({ "connection": "bot", "state": "failed" });
    let (first, second, replayed, ()) = tokio::join!(
        decide(&host, &one, "skip"),
        async {
            waiting(1).await;
            decide(&host, &two, "skip").await
        },
        async {
            waiting(2).await;
            host.post("/v1/webhooks/replay", &body).await
        },
        async move {
            closed.writer_stands().await;
            waiting(3).await;
            drop(closed);
        },
    );
    assert_eq!((first.status(), second.status()), (200, 200));
    assert_eq!((replayed.status(), replayed.json()), (202, json!({ "replayed": 1 })));
    assert_eq!(settled(&host, &three).await["state"], "handled");
    for skipped in [&one, &two] {
        assert_eq!(shown(&host, skipped).await["state"], "skipped");
    }
    assert_eq!(all(&heard(&host, "bot").await, "/data/of"), ["3"]);
}
