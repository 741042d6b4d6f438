//! What was accepted is never lost: what fails is kept as it was received, runs again when it should, and is visible in the end.

mod life;
mod on_receipt;
mod refused;
mod room;

use std::time::Duration;

use hookyard_domain::clock::Clock as _;
use hookyard_domain::inbox::{InboxEntry, Next, Source, WebhookState};
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use hookyard_tests::provider::Provider;
use http::Request;
use serde_json::{Value, json};

/// The connection `bot` of the echo guest, which reaches this provider.
async fn host(provider: &Provider) -> TestHost {
    provider.answer("/activate", 200, "");
    let config = format!(
        "[connections.bot]\nplugin = \"echo\"\nconfig = {{ secret = \"sesame\", base = \"{}\" }}\n\
         grants = {{ private_addresses = [\"127.0.0.1/32\"] }}",
        provider.base()
    );
    let builder = Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO).config(&config).to_the_second();
    let host = builder.start().await;
    provider.asked("/activate", 1).await;
    check(&host).await;
    host
}

async fn check(host: &TestHost) -> Value {
    let reply = host.post("/v1/connections/bot/check", &json!({})).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()["health"].clone()
}

async fn send(host: &TestHost, body: &Value) -> Reply {
    host.send(Request::post("/webhooks/bot").header("x-echo-token", "sesame"), body.to_string()).await
}

/// Emits, and then asks the provider: what it answers decides.
fn asking(provider: &Provider, id: &str) -> Value {
    let url = format!("{}/x", provider.base());
    json!({ "id": id, "do": [{ "emit": { "data": id } }, { "ask": { "url": url } }] })
}

fn failing(kind: &str, retry_after_ms: Option<u32>) -> Value {
    let fail = json!({ "kind": kind, "code": "no-tea", "message": "there is none", "retry_after_ms": retry_after_ms });
    json!({ "do": [{ "emit": { "data": 1 } }, { "set": { "key": "k", "value": "v" } }, { "fail": fail }] })
}

/// Milliseconds until it runs again.
fn wait(host: &TestHost, entry: &InboxEntry) -> i64 {
    match entry.standing.next {
        Some(Next::At(at)) => at.as_millis() - host.clock.now().as_millis(),
        other => panic!("it waits for {other:?}"),
    }
}

fn code(entry: &InboxEntry) -> &str {
    &entry.standing.error.as_ref().expect("it has failed").code
}

#[tokio::test]
async fn each_kind_of_error_has_its_answer_and_its_fate() {
    let provider = Provider::start().await;
    for (what, body, status, stands) in [
        ("invalid", failing("invalid", None), 400, None),
        ("3xx", json!({ "do": [{ "respond": { "status": 302 } }] }), 302, None),
        ("4xx", json!({ "do": [{ "respond": { "status": 404 } }] }), 404, None),
        ("unavailable", failing("unavailable", None), 202, Some((WebhookState::Pending, "no-tea"))),
        ("unauthorized", failing("unauthorized", None), 202, Some((WebhookState::Pending, "no-tea"))),
        ("failed", failing("failed", None), 202, Some((WebhookState::Failed, "no-tea"))),
        ("trap", json!({ "do": [{ "panic": { "message": "x" } }] }), 202, Some((WebhookState::Pending, "plugin-trap"))),
        (
            "5xx",
            json!({ "do": [{ "respond": { "status": 500 } }] }),
            202,
            Some((WebhookState::Failed, "invalid-response")),
        ),
    ] {
        let host = host(&provider).await;
        let reply = send(&host, &body).await;
        assert_eq!(reply.status(), status, "{what}: {}", reply.text());
        match stands {
            None => assert!(host.inbox().await.is_empty(), "{what}"),
            Some((state, expected)) => {
                let entry = host.kept().await;
                assert_eq!(
                    (entry.standing.state, entry.standing.attempts, code(&entry)),
                    (state, 1, expected),
                    "{what}"
                );
                assert!(reply.text().is_empty(), "{what}: the provider is told nothing");
                assert_eq!(entry.standing.next == Some(Next::Activation), what == "unauthorized", "{what}");
                let failed = usize::from(state == WebhookState::Failed);
                assert_eq!(host.host_events("hookyard.webhook.failed").await.len(), failed, "{what}");
            }
        }
        assert!(host.events().await.is_empty(), "{what}: nothing of the run is kept");
    }
}

#[tokio::test]
async fn what_is_kept_is_what_was_received() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let body = br#"{"id": "7", "order": "o", "do": [{"fail": {"kind": "unavailable", "code": "c", "message": "m"}}], "x": 1.50}"#;
    let request =
        Request::put("/webhooks/bot/a%2Fb?x=%20&y").header("x-echo-token", "sesame").header("x-odd", "\u{e9}");
    assert_eq!(host.send(request, &body[..]).await.status(), 202);
    let webhook = host.kept().await.webhook;
    assert_eq!(
        (&webhook.body[..], &*webhook.method, &*webhook.path, &*webhook.query),
        (&body[..], "PUT", "/a%2Fb", "x=%20&y")
    );
    assert_eq!((webhook.source, webhook.order_key.as_deref()), (Source::Provider, Some("o")));
    assert!(webhook.dedupe.is_some_and(|(key, _)| key.ends_with("\n7")), "with the place where it stood");
    let header = |name: &str| webhook.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
    assert_eq!(header("x-odd"), Some("\u{e9}".into()));
    assert_eq!(header("x-echo-token"), Some("***".into()), "what verified it is not kept");
}

#[tokio::test]
async fn it_runs_again_by_the_schedule_to_the_second_and_is_given_up_visibly() {
    let provider = Provider::start().await;
    provider.answer("/x", 503, "down");
    let host = host(&provider).await;
    assert_eq!(send(&host, &asking(&provider, "a")).await.status(), 202);
    let mut entry = host.kept().await;
    for (attempt, seconds) in (1..).zip([5, 30, 120, 600, 3_600, 10_800, 21_600, 43_200]) {
        entry = host.until_attempts(entry.webhook.id, attempt).await;
        assert_eq!((entry.standing.state, wait(&host, &entry)), (WebhookState::Pending, seconds * 1_000));
        let asked = usize::try_from(attempt).expect("small");
        host.advance(Duration::from_secs(seconds.unsigned_abs()) - Duration::from_millis(1));
        tokio::task::yield_now().await;
        assert_eq!(provider.times_asked("/x"), asked, "not a moment too early");
        host.advance(Duration::from_millis(1));
        provider.asked("/x", asked + 1).await;
    }
    let entry = host.until_state(entry.webhook.id, WebhookState::Failed).await;
    assert_eq!((entry.standing.attempts, entry.standing.next, code(&entry)), (9, None, "provider-unavailable"));
    let told = host.host_events("hookyard.webhook.failed").await;
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["subject"], &told[0]["webhook"]), (&json!("bot"), &json!(entry.webhook.id)));
    let data = &told[0]["data"];
    assert_eq!((&data["webhook"], &data["connection"]), (&json!(entry.webhook.id), &json!("bot")));
    assert_eq!((&data["code"], &data["attempts"]), (&json!("provider-unavailable"), &json!(9)));
    assert!(host.events().await.is_empty() && host.sleeping_until().is_empty(), "and nothing happens by itself");
}

#[tokio::test]
async fn what_succeeds_in_the_end_has_its_effects_once_and_says_how_often_it_was_tried() {
    let provider = Provider::start().await;
    provider.answer("/x", 503, "down");
    let host = host(&provider).await;
    assert_eq!(send(&host, &asking(&provider, "a")).await.status(), 202);
    let id = host.kept().await.webhook.id;
    host.advance(Duration::from_secs(5));
    host.until_attempts(id, 2).await;
    provider.answer("/x", 200, "");
    host.advance(Duration::from_secs(30));
    let entry = host.until_state(id, WebhookState::Handled).await;
    assert_eq!((entry.standing.attempts, entry.standing.next), (3, None));
    let events = host.events().await;
    assert_eq!((events.len(), &events[0]["webhook"], &events[0]["data"]), (1, &json!(id), &json!("a")));
    assert_eq!(events[0]["time"], json!(entry.webhook.received_at), "it happened when it was received");
    assert_eq!(send(&host, &asking(&provider, "a")).await.status(), 200, "a repeat is seen");
    assert_eq!((host.events().await.len(), provider.times_asked("/x")), (1, 3));
}

#[tokio::test]
async fn a_provider_that_says_when_is_not_asked_before() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    assert_eq!(send(&host, &failing("unavailable", Some(60_000))).await.status(), 202);
    assert_eq!(wait(&host, &host.kept().await), 60_000);
}

#[tokio::test]
async fn refused_credentials_wait_for_the_activation_and_both_changes_are_told() {
    let provider = Provider::start().await;
    provider.answer("/x", 401, "who?");
    let host = host(&provider).await;
    provider.answer("/activate", 401, "who?");
    assert_eq!(send(&host, &asking(&provider, "a")).await.status(), 202);
    let entry = host.kept().await;
    assert_eq!((entry.standing.next, code(&entry)), (Some(Next::Activation), "provider-unauthorized"));
    assert_eq!(check(&host).await["status"], "unhealthy");
    host.advance(Duration::from_secs(24 * 60 * 60));
    tokio::task::yield_now().await;
    assert_eq!(provider.times_asked("/x"), 1, "time alone does not mend it");
    let unhealthy = host.host_events("hookyard.connection.unhealthy").await;
    assert_eq!(unhealthy.len(), 1, "once, although the activation failed as well");
    assert_eq!(
        (&unhealthy[0]["subject"], &unhealthy[0]["data"]["code"]),
        (&json!("bot"), &json!("provider-unauthorized"))
    );

    provider.answer("/x", 200, "");
    provider.answer("/activate", 200, "");
    assert_eq!(check(&host).await["status"], "healthy");
    host.until_state(entry.webhook.id, WebhookState::Handled).await;
    assert_eq!(host.events().await.len(), 1);
    let recovered = host.host_events("hookyard.connection.recovered").await;
    assert_eq!((recovered.len(), &recovered[0]["data"]["connection"]), (1, &json!("bot")));
}

#[tokio::test]
async fn a_repeat_joins_the_one_that_waits() {
    let provider = Provider::start().await;
    provider.answer("/x", 503, "down");
    let host = host(&provider).await;
    for _ in 0..3 {
        let reply = send(&host, &asking(&provider, "a")).await;
        assert_eq!((reply.status(), reply.text()), (202, String::new()));
    }
    assert_eq!((host.kept().await.standing.attempts, provider.times_asked("/x")), (1, 1));
}

#[tokio::test]
async fn a_repeat_of_one_that_failed_runs_it_again_once() {
    let provider = Provider::start().await;
    provider.answer("/x", 404, "");
    let host = host(&provider).await;
    let repeat = async || assert_eq!(send(&host, &asking(&provider, "a")).await.status(), 202);
    repeat().await;
    let id = host.kept().await.webhook.id;
    host.until_state(id, WebhookState::Failed).await;
    repeat().await;
    provider.asked("/x", 2).await;
    let entry = host.until_state(id, WebhookState::Failed).await;
    assert!(entry.standing.rearmed);
    repeat().await;
    repeat().await;
    assert_eq!((host.kept().await, provider.times_asked("/x")).1, 2, "once");
    assert_eq!(host.host_events("hookyard.webhook.failed").await.len(), 2, "it has failed twice");
}

#[tokio::test]
async fn without_a_dedupe_key_equal_bodies_are_both_handled() {
    let provider = Provider::start().await;
    provider.answer("/x", 503, "down");
    let host = host(&provider).await;
    let mut body = asking(&provider, "a");
    body.as_object_mut().expect("an object").remove("id");
    for _ in 0..2 {
        assert_eq!(send(&host, &body).await.status(), 202);
    }
    assert_eq!(host.inbox().await.len(), 2);
    provider.answer("/x", 200, "");
    host.advance(Duration::from_secs(6));
    host.until_all(WebhookState::Handled).await;
    assert_eq!(host.events().await.len(), 2);
}

#[tokio::test]
async fn when_the_host_cannot_keep_it_the_provider_is_told_to_come_back() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    host.running().host.store.close().await;
    for body in [asking(&provider, "a"), failing("unavailable", None), failing("failed", None)] {
        let reply = send(&host, &body).await;
        assert_eq!((reply.status(), &reply.json()["code"]), (503, &json!("unavailable")), "{}", reply.text());
        assert_eq!(reply.header("retry-after"), "5");
    }
}

#[tokio::test]
async fn a_test_webhook_is_recorded_whatever_becomes_of_it() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let trigger = async |body: Value| {
        host.post("/v1/connections/bot/webhooks", &json!({ "body": body, "fresh": true })).await.json()
    };
    let well = trigger(json!({ "id": "1", "do": [{ "emit": { "data": 1 } }] })).await;
    assert_eq!((&well["outcome"], &well["status"]), (&json!("handled"), &json!(200)));
    let entry = host.kept().await;
    assert_eq!((entry.standing.state, entry.standing.attempts), (WebhookState::Handled, 1));
    assert_eq!((entry.webhook.source, json!(entry.webhook.id)), (Source::Trigger, well["webhook"].clone()));
    assert!(entry.webhook.dedupe.is_none(), "a fresh one has no key");

    let failed = trigger(failing("failed", None)).await;
    assert_eq!((&failed["outcome"], &failed["status"]), (&json!("kept"), &json!(202)));
    assert_eq!(failed["error"]["code"], "no-tea", "the operator is told why: {failed}");
    assert_eq!(host.inbox().await.len(), 2);
}

#[tokio::test]
async fn a_fresh_test_webhook_stays_fresh_in_the_inbox() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let emit = json!({ "emit": { "data": 1, "dedupe_key": "fact" } });
    let said = json!({ "id": "1", "do": [emit] });
    assert_eq!(send(&host, &said).await.status(), 200);
    // The same fact again: known, unless somebody wants it all the same.
    let closed = json!({ "fail_without": { "key": "open", "kind": "unavailable", "code": "closed" } });
    for (fresh, events, id) in [(false, 1, "2"), (true, 2, "3")] {
        let body = json!({ "id": id, "do": [closed, emit] });
        let request = json!({ "body": body, "fresh": fresh });
        let kept = host.post("/v1/connections/bot/webhooks", &request).await.json();
        assert_eq!(kept["outcome"], "kept", "{kept}");
        let entry = host.inbox().await.pop().expect("it is kept");
        assert_eq!(entry.webhook.fresh, fresh);
        let open = json!({ "do": [{ "set": { "key": "open", "value": "1", "expected": "*" } }] });
        assert_eq!(send(&host, &open).await.status(), 200);
        let path = format!("/v1/webhooks/{}/replay", entry.webhook.id);
        let tried = host.post(&path, &json!({ "dry_run": true })).await.json();
        assert_eq!(tried["events"][0]["known"], json!(!fresh), "{tried}");
        host.advance(Duration::from_secs(10));
        host.until_state(entry.webhook.id, WebhookState::Handled).await;
        assert_eq!(host.events().await.len(), events, "fresh: {fresh}");
        let close = json!({ "do": [{ "delete": { "key": "open" } }] });
        assert_eq!(send(&host, &close).await.status(), 200);
    }
    assert_eq!(host.post("/v1/connections/bot/webhooks", &json!({ "body": said })).await.json()["outcome"], "seen");
}
