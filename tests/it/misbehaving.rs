//! A guest that traps, spins, allocates without end or floods costs its own caller an error, and nobody else anything.

use std::pin::pin;

use futures_util::future::join_all;
use hookyard_domain::inbox::{Standing, WebhookState};
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use http::Request;
use serde_json::Value;

const TRACKING_UPDATE: &[u8] = include_bytes!("../vectors/a1_tracking_update.json");

async fn host() -> TestHost {
    Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::MISBEHAVING)
        .plugin(guests::AFTERSHIP)
        .config("[connections.bad]\nplugin = \"misbehaving\"\nconfig = { secret = \"sesame\" }")
        .aftership("shop")
        .start()
        .await
}

async fn provoke(host: &TestHost, behaviour: &str) -> Reply {
    let request = Request::post(format!("/webhooks/bad/{behaviour}")).header("x-token", "sesame");
    host.send(request.header("x-id", behaviour), "").await
}

/// How the webhook stands that was kept last, and why.
async fn kept_for(host: &TestHost) -> (WebhookState, String) {
    let Standing { state, error, .. } = host.inbox().await.pop().expect("one is kept").standing;
    (state, error.expect("it has failed").code)
}

/// The newest invocation of the misbehaving connection.
async fn invocation(host: &TestHost) -> Value {
    host.get("/v1/invocations?connection=bad").await.json()["invocations"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_break_costs_its_own_webhook_and_leaves_nothing_of_the_run() {
    let host = host().await;
    for (behaviour, code, state) in [
        ("panic", "plugin-trap", "trap"),
        ("unreachable", "plugin-trap", "trap"),
        ("exit", "plugin-trap", "trap"),
        ("recurse", "plugin-trap", "trap"),
        ("allocate", "plugin-trap", "trap"),
        ("write-then-panic", "plugin-trap", "trap"),
        ("spin", "deadline", "deadline"),
        ("spin-and-call", "deadline", "deadline"),
        ("write-then-spin", "deadline", "deadline"),
        ("sleep", "deadline", "deadline"),
    ] {
        let reply = provoke(&host, behaviour).await;
        assert_eq!((reply.status(), reply.text()), (202, String::new()), "{behaviour}");
        assert_eq!(kept_for(&host).await, (WebhookState::Pending, code.to_owned()), "{behaviour}");
        assert_eq!(invocation(&host).await["state"], state, "{behaviour}");
        // The mark was not kept: the provider's repeat joins what waits.
        assert_eq!(provoke(&host, behaviour).await.status(), 202, "{behaviour}");
    }
    assert!(host.events().await.is_empty());
    assert_eq!(provoke(&host, "well").await.text(), "well", "the connection itself goes on working");
}

#[tokio::test]
async fn a_trap_tells_the_operator_where_and_the_provider_nothing() {
    let host = host().await;
    let reply = provoke(&host, "panic").await;
    assert!(!reply.text().contains("on purpose") && !reply.text().contains("misbehaving::"), "{}", reply.text());
    let invocation = invocation(&host).await;
    let error = invocation["error"].as_str().expect("a trap has an error");
    assert!(error.contains("handle"), "the guest's own stack: {error}");
    assert!(invocation["log"].to_string().contains("a panic on purpose"), "stderr is kept: {invocation}");
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_do_not_notice() {
    let host = host().await;
    let attack = |behaviour: &'static str| {
        let host = &host;
        async move { provoke(host, behaviour).await }
    };
    let attacks = join_all(
        ["spin", "spin-and-call", "write-then-spin", "allocate", "recurse", "flood-log", "flood-events", "sleep"]
            .map(attack),
    );
    let mut attacks = pin!(attacks);
    // A neighbour that was held up until the attackers' deadline (2 s) would not get far in the meantime.
    let mut handled = 0_u32;
    loop {
        let body = String::from_utf8_lossy(TRACKING_UPDATE).replace("3c1d7f52", &format!("{handled:08}"));
        tokio::select! {
            _ = &mut attacks => break,
            reply = host.webhook("shop", body) => assert_eq!(reply.status(), 200),
        }
        handled += 1;
    }
    assert!(handled >= 20, "the neighbour had {handled} webhooks handled while eight attacks went on");
}

#[tokio::test]
async fn answers_of_the_plugin_pass_and_5xx_is_no_answer() {
    let host = host().await;
    for (status, expected) in
        [(200, 200), (204, 204), (302, 302), (404, 404), (429, 429), (500, 202), (101, 202), (700, 202)]
    {
        let reply = provoke(&host, &format!("respond/{status}")).await;
        assert_eq!(reply.status(), expected, "{status}: {}", reply.text());
    }
    assert_eq!(provoke(&host, "garbage-response").await.status(), 202);
    let kept = host.inbox().await;
    assert_eq!(kept.len(), 4);
    assert_eq!(kept_for(&host).await, (WebhookState::Failed, "invalid-response".to_owned()));
    assert_eq!(provoke(&host, "write-then-refuse").await.status(), 400);
    assert!(host.events().await.is_empty(), "a plugin's 4xx keeps nothing");
}

#[tokio::test]
async fn each_kind_of_error_has_its_answer() {
    let host = host().await;
    let invalid = provoke(&host, "error/invalid").await;
    assert_eq!((invalid.status(), invalid.header("content-type")), (400, "application/problem+json"));
    assert_eq!(invalid.json()["code"], "on-purpose");
    assert_eq!(invalid.json()["errors"][0]["pointer"], "/a", "the error's details join the document");
    for (kind, state) in [
        ("failed", WebhookState::Failed),
        ("unavailable", WebhookState::Pending),
        ("unauthorized", WebhookState::Pending),
    ] {
        assert_eq!(provoke(&host, &format!("error/{kind}")).await.status(), 202, "{kind}");
        assert_eq!(kept_for(&host).await, (state, "on-purpose".to_owned()), "{kind}");
    }
    let shown = host.get("/v1/connections/bad").await.json();
    assert_eq!(shown["health"]["status"], "unhealthy", "the provider refused the credentials: {shown}");
    assert_eq!(provoke(&host, "well").await.status(), 200, "health never gates webhooks");
    assert_eq!(host.get("/v1/connections/bad").await.json()["health"]["status"], "healthy");
    assert_eq!(provoke(&host, "garbage-error").await.status(), 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_are_cut_at_the_hosts_bounds() {
    let host = host().await;
    for (behaviour, lines, dropped) in
        [("flood-log", 100, true), ("flood-stdout", 100, true), ("escaped-lines", 5, false), ("long-line", 0, false)]
    {
        let reply = provoke(&host, behaviour).await;
        let invocation = invocation(&host).await;
        let kept = invocation["log"].as_array().expect("the log is a list").len();
        assert_eq!(kept, lines, "{behaviour}: {}", reply.text());
        assert_eq!(invocation["log_dropped"] != 0, dropped, "{behaviour}: {}", reply.text());
    }
    for behaviour in ["undeclared-event", "garbage-event"] {
        let reply = provoke(&host, behaviour).await;
        assert!(reply.text().starts_with("invalid"), "{behaviour}: {}", reply.text());
    }
    for behaviour in ["long-value", "long-event"] {
        let reply = provoke(&host, behaviour).await;
        assert_eq!(reply.status(), 202, "{behaviour}: {}", reply.text());
        let trapped = (WebhookState::Pending, "plugin-trap".to_owned());
        assert_eq!(kept_for(&host).await, trapped, "more than one call may carry ends the guest: {behaviour}");
    }
    assert_eq!(provoke(&host, "flood-events").await.text(), hookyard_domain::limit::EVENTS_MAX.to_string());
    assert_eq!(host.events().await.len(), hookyard_domain::limit::EVENTS_MAX);
    assert_eq!(provoke(&host, "flood-keys").await.text(), hookyard_domain::limit::KV_KEYS_MAX.to_string());
    assert_eq!(provoke(&host, "long-response").await.status(), 202);
}

#[tokio::test]
async fn what_is_not_lent_is_not_there() {
    let host = host().await;
    assert!(provoke(&host, "http").await.text().starts_with("denied"));
    assert!(provoke(&host, "timer").await.text().starts_with("unsupported"));
    assert!(provoke(&host, "token").await.text().starts_with("invalid"));
    let found = provoke(&host, "environment").await.text();
    assert_eq!(found, "variables []; arguments 0; file false; folder false; name false; socket false");
}
