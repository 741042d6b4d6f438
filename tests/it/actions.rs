//! Actions: checked, run, committed and answered once.

use hookyard_domain::inbox::WebhookState;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use hookyard_tests::provider::Provider;
use serde_json::{Value, json};

/// A host whose connection `bot` may reach the provider.
async fn host(provider: &Provider) -> TestHost {
    builder(provider).start().await
}

fn builder(provider: &Provider) -> Builder {
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO).config(&format!(
        "[connections.bot]\nplugin = \"echo\"\nconfig = {{ base = \"{}\", secret = \"s\" }}\n\
         grants = {{ private_addresses = [\"127.0.0.1/32\"] }}",
        provider.base()
    ))
}

fn fail(kind: &str) -> Value {
    let details = json!({ "http_status": 418 });
    json!({ "do": [
        { "emit": { "data": 1 } },
        { "fail": { "kind": kind, "code": "no-tea", "message": "it is a pot", "retry_after_ms": 1500, "details": details } },
    ]})
}

fn code(reply: &Reply) -> String {
    reply.json()["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_output_is_what_the_plugin_wrote_and_its_effects_are_there() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let path = "/v1/connections/bot/actions/echo";
    let request = http::Request::post(path).header("authorization", "Bearer test-token-0123456789");
    let reply = host.send(request, r#"{ "b": 1.50, "a": 1e400 }"#).await;
    assert_eq!((reply.status(), reply.header("content-type")), (200, "application/json"), "{}", reply.text());
    assert_eq!(reply.text(), r#"{ "b": 1.50, "a": 1e400 }"#);

    let script = json!({ "do": [{ "emit": { "data": { "n": 1 } } }, { "increment": { "key": "n", "by": 1 } }] });
    let reply = host.call("bot", "do", &script).await;
    assert_eq!(reply.json()["answers"], json!(["emitted", 1]), "{}", reply.text());
    let events = host.events().await;
    assert_eq!((events.len(), &events[0]["data"]), (1, &json!({ "n": 1 })));
    assert!(events[0].get("webhook").is_none(), "no webhook was the cause: {}", events[0]);

    let invocations = host.get("/v1/invocations?connection=bot&state=ok").await.json();
    let newest = &invocations["invocations"][0];
    assert_eq!((&newest["occasion"], &newest["action"]), (&json!("action"), &json!("do")), "{newest}");
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_said_before_anything_runs() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let refused = async |connection: &str, action: &str, input: Value| {
        let reply = host.call(connection, action, &input).await;
        (reply.status(), code(&reply), reply.json()["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned())
    };
    let row = |status: u16, code: &str, pointer: &str| (status, code.to_owned(), pointer.to_owned());
    assert_eq!(refused("bot", "brew", json!({})).await, row(404, "not-found", ""));
    assert_eq!(refused("nobody", "echo", json!({})).await, row(404, "not-found", ""));
    assert_eq!(refused("bot", "typed", json!({})).await, row(422, "invalid-input", "/count"));
    assert_eq!(refused("bot", "typed", json!({ "count": 1, "x": 2 })).await, row(422, "invalid-input", "/x"));
    let unknown = host.call("bot", "brew", &json!({})).await.text();
    assert!(unknown.contains("do-again"), "the actions that there are: {unknown}");
    let authorized = || {
        http::Request::post("/v1/connections/bot/actions/echo").header("authorization", "Bearer test-token-0123456789")
    };
    assert_eq!(code(&host.send(authorized(), "{").await), "invalid-json");
    assert_eq!(host.send(authorized().header("content-type", "text/plain"), "{}").await.status(), 415);
    assert_eq!(host.send(authorized().header("idempotency-key", ""), "{}").await.status(), 422);
    assert_eq!(host.send(http::Request::post("/v1/connections/bot/actions/echo"), "{}").await.status(), 401);
    assert_eq!(host.get("/v1/connections/bot/actions/echo").await.status(), 405);
}

#[tokio::test]
async fn every_kind_of_error_has_its_answer_and_keeps_nothing() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    for (kind, status) in [("invalid", 422), ("unauthorized", 502), ("unavailable", 503), ("failed", 502)] {
        let reply = host.call("bot", "do", &fail(kind)).await;
        let problem = reply.json();
        assert_eq!(
            (reply.status(), &problem["code"], &problem["detail"]),
            (status, &json!("no-tea"), &json!("it is a pot"))
        );
        assert_eq!(problem["http_status"], 418, "details join the document");
        assert_eq!((reply.header("retry-after"), &problem["retry_after_ms"]), ("2", &json!(1500)), "rounded up");
    }
    let trap =
        host.call("bot", "do", &json!({ "do": [{ "emit": { "data": 1 } }, { "panic": { "message": "no" } }] })).await;
    assert_eq!((trap.status(), code(&trap)), (500, "plugin-trap".to_owned()));
    let url = format!("{}/gate", provider.base());
    let late = host
        .call("bot", "do-quickly", &json!({ "do": [{ "emit": { "data": 1 } }, { "fetch": { "url": url } }] }))
        .await;
    assert_eq!((late.status(), code(&late)), (504, "deadline".to_owned()));
    for output in ["{}", "7", r#"{"count": "x"}"#] {
        let reply = host.call("bot", "typed", &json!({ "count": 1, "note": output })).await;
        assert_eq!((reply.status(), code(&reply)), (502, "invalid-output".to_owned()), "{output}");
    }
    assert!(host.events().await.is_empty());
}

#[tokio::test]
async fn a_provider_that_refuses_the_credentials_makes_the_connection_unhealthy_until_it_takes_them_again() {
    let provider = Provider::start().await;
    provider.answer("/activate", 200, "");
    let host = host(&provider).await;
    provider.asked("/activate", 1).await;
    host.post("/v1/connections/bot/check", &json!({})).await;
    let health = async || host.get("/v1/connections/bot").await.json()["health"].clone();
    host.call("bot", "do", &fail("unauthorized")).await;
    let unhealthy = health().await;
    assert_eq!((&unhealthy["status"], &unhealthy["code"]), (&json!("unhealthy"), &json!("no-tea")), "{unhealthy}");
    assert_eq!(host.call("bot", "echo", &json!({})).await.status(), 200);
    assert_eq!(health().await["status"], "unhealthy", "the provider was not asked");
    let asks = |path: &str| json!({ "do": [{ "fetch": { "url": format!("{}{path}", provider.base()) } }] });
    host.call("bot", "do", &asks("/status/403")).await;
    assert_eq!(health().await["status"], "unhealthy", "the provider still refuses");
    host.call("bot", "do", &asks("/status/204")).await;
    assert_eq!(health().await["status"], "healthy");
}

#[tokio::test]
async fn a_repeated_key_gets_the_same_answer_and_no_second_run() {
    let provider = Provider::start().await;
    let mut host = host(&provider).await;
    let script = json!({ "do": [{ "emit": { "data": 1 } }, { "increment": { "key": "n", "by": 1 } }] });
    let first = host.call_as("order-7", "bot", "do", &script).await;
    assert_eq!((first.status(), first.header("idempotency-replayed")), (200, ""), "{}", first.text());
    host.restart().await;
    let second = host.call_as("order-7", "bot", "do", &script).await;
    assert_eq!((second.status(), second.header("idempotency-replayed")), (200, "true"));
    assert_eq!((second.text(), second.header("content-type")), (first.text(), "application/json"));
    assert_eq!(host.events().await.len(), 1);
    let other_body = host.call_as("order-7", "bot", "do", &json!({ "do": [] })).await;
    assert_eq!((other_body.status(), code(&other_body)), (422, "idempotency-key-reused".to_owned()));
    let other_action = host.call_as("order-7", "bot", "do-again", &script).await;
    assert_eq!(other_action.header("idempotency-replayed"), "", "a key counts for one action");
    let other_key = host.call_as("order-8", "bot", "do", &script).await;
    assert_eq!(other_key.json()["answers"][1], 3);
    host.advance(std::time::Duration::from_secs(24 * 60 * 60));
    let a_day_later = host.call_as("order-7", "bot", "do", &script).await;
    assert_eq!(a_day_later.json()["answers"][1], 4, "a key is kept for 24 hours");
}

#[tokio::test]
async fn errors_are_repeated_too_but_for_those_after_which_nothing_was_done() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let twice = async |key: &str, action: &str, input: Value| {
        let first = host.call_as(key, "bot", action, &input).await;
        let second = host.call_as(key, "bot", action, &input).await;
        (first.status(), second.status(), code(&second), second.header("idempotency-replayed") == "true")
    };
    let row = |first: u16, second: u16, code: &str, replayed: bool| (first, second, code.to_owned(), replayed);
    assert_eq!(twice("a", "do", fail("failed")).await, row(502, 502, "no-tea", true));
    let repeated = host.call_as("a", "bot", "do", &fail("failed")).await;
    assert_eq!(repeated.header("retry-after"), "2", "when to come back is repeated too");
    assert_eq!(twice("b", "do", fail("invalid")).await, row(422, 422, "no-tea", true));
    assert_eq!(twice("c", "do", fail("unavailable")).await, row(503, 503, "no-tea", false));
    let trap = json!({ "do": [{ "panic": { "message": "no" } }] });
    assert_eq!(twice("d", "do", trap.clone()).await, row(500, 502, "outcome-unknown", true));
    assert_eq!(twice("e", "do-again", trap).await, row(500, 500, "plugin-trap", false));
    assert_eq!(twice("f", "typed", json!({})).await, row(422, 422, "invalid-input", false));
    let late = json!({ "do": [{ "fetch": { "url": format!("{}/gate", provider.base()) } }] });
    assert_eq!(twice("g", "do-quickly", late).await, row(504, 502, "outcome-unknown", true));
    assert_eq!(provider.times_asked("/gate"), 1, "it ran once");
}

#[tokio::test]
async fn a_call_whose_key_is_in_work_is_told_so() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let script = json!({ "do": [{ "fetch": { "url": format!("{}/gate", provider.base()) } }] });
    let (first, second) = tokio::join!(host.call_as("k", "bot", "do", &script), async {
        provider.asked("/gate", 1).await;
        let second = host.call_as("k", "bot", "do", &script).await;
        provider.open();
        second
    });
    assert_eq!((second.status(), code(&second)), (409, "idempotency-key-in-flight".to_owned()));
    assert_eq!(first.status(), 200);
    assert_eq!(host.call_as("k", "bot", "do", &script).await.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn the_end_of_the_host_waits_for_an_action_whose_client_has_hung_up() {
    let provider = Provider::start().await;
    let mut host = host(&provider).await;
    let script = json!({ "do": [
        { "fetch": { "url": format!("{}/gate", provider.base()), "method": "POST" } }, { "emit": { "data": 1 } },
    ]});
    tokio::select! {
        reply = host.call_as("k", "bot", "do", &script) => panic!("answered: {reply:?}"),
        () = provider.asked("/gate", 1) => {}
    }
    tokio::join!(host.restart(), async {
        tokio::task::yield_now().await;
        provider.open();
    });
    let repeated = host.call_as("k", "bot", "do", &script).await;
    assert_eq!((repeated.status(), repeated.header("idempotency-replayed")), (200, "true"), "{}", repeated.text());
    assert_eq!((host.events().await.len(), provider.times_asked("/gate")), (1, 1));
}

#[tokio::test]
async fn actions_and_webhooks_of_one_order_key_run_one_after_the_other() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let slow = json!({ "order": "c1", "do": [{ "fetch": { "url": format!("{}/gate", provider.base()) } }, { "emit": { "data": "action" } }] });
    let webhook = json!({ "order": "c1", "do": [{ "emit": { "data": "webhook" } }] });
    let other = json!({ "order": "c2", "do": [{ "emit": { "data": "other" } }] });
    let (action, webhook, ()) = tokio::join!(
        host.call("bot", "do", &slow),
        async {
            provider.asked("/gate", 1).await;
            host.post("/v1/connections/bot/webhooks", &json!({ "body": webhook })).await
        },
        async {
            provider.asked("/gate", 1).await;
            assert_eq!(host.call("bot", "do", &other).await.status(), 200, "other keys flow on");
            provider.open();
        }
    );
    assert_eq!((action.status(), &webhook.json()["outcome"]), (200, &json!("kept")), "it does not wait for its turn");
    host.until_all(WebhookState::Handled).await;
    let said: Vec<_> = host.events().await.iter().map(|event| event["data"].clone()).collect();
    assert_eq!(said, [json!("other"), json!("action"), json!("webhook")]);
}

#[tokio::test]
async fn a_thousand_actions_that_wait_for_the_provider_all_succeed() {
    let provider = Provider::start().await;
    let host = builder(&provider).pool_slots(500).start().await;
    let script = json!({ "do": [{ "fetch": { "url": format!("{}/wait?ms=200", provider.base()) } }] });
    let calls = (0..1_000).map(|_| host.call("bot", "do", &script));
    let replies = futures_util::future::join_all(calls).await;
    let failed: Vec<_> = replies.iter().filter(|reply| reply.status() != 200).map(Reply::text).collect();
    assert!(failed.is_empty(), "{} failed: {:?}", failed.len(), failed.first());
    assert!(replies.iter().all(|reply| reply.json()["answers"][0]["status"] == 200));
}
