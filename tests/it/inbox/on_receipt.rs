//! Webhooks that are acknowledged on receipt run from the inbox, where nobody is there to be answered.

use hookyard_domain::inbox::WebhookState;
use hookyard_tests::another_version::AnotherVersion;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use http::Request;

async fn host() -> TestHost {
    let bytes = AnotherVersion::of(guests::MISBEHAVING).webhook_member(r#""acknowledge": "on-receipt""#).bytes();
    Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin_bytes("misbehaving.wasm", &bytes)
        .config("[connections.bad]\nplugin = \"misbehaving\"\nconfig = { secret = \"sesame\" }")
        .start()
        .await
}

async fn send(host: &TestHost, behaviour: &str) -> Reply {
    let request = Request::post(format!("/webhooks/bad/{behaviour}")).header("x-token", "sesame");
    host.send(request.header("x-id", behaviour), "").await
}

#[tokio::test]
async fn the_answer_does_not_wait_for_the_plugin_and_what_nobody_can_be_told_is_kept_as_failed() {
    let host = host().await;
    for (behaviour, state, code) in [
        ("well", WebhookState::Handled, None),
        ("error/invalid", WebhookState::Failed, Some("on-purpose")),
        ("error/failed", WebhookState::Failed, Some("on-purpose")),
        ("respond/302", WebhookState::Failed, Some("declined")),
        ("respond/404", WebhookState::Failed, Some("declined")),
        ("respond/500", WebhookState::Failed, Some("invalid-response")),
        ("error/unavailable", WebhookState::Pending, Some("on-purpose")),
        ("panic", WebhookState::Pending, Some("plugin-trap")),
    ] {
        let reply = send(&host, behaviour).await;
        assert_eq!((reply.status(), reply.text()), (202, String::new()), "{behaviour}");
        let id = host.inbox().await.last().expect("it is kept").webhook.id;
        let entry = host.until_attempts(id, 1).await;
        assert_eq!(entry.standing.state, state, "{behaviour}");
        assert_eq!(entry.standing.error.as_ref().map(|error| error.code.as_str()), code, "{behaviour}");
    }
    assert_eq!(host.host_events("hookyard.webhook.failed").await.len(), 5);
    assert!(host.events().await.is_empty());
}

#[tokio::test]
async fn a_repeat_of_a_handled_one_is_seen() {
    let host = host().await;
    assert_eq!(send(&host, "well").await.status(), 202);
    host.until_all(WebhookState::Handled).await;
    assert_eq!(send(&host, "well").await.status(), 200);
    assert_eq!(host.kept().await.standing.attempts, 1);
}
