//! A dry run shows what a webhook would bring about, and brings nothing about.

use super::*;

async fn dry_run(host: &TestHost, webhook: &Value) -> Value {
    let reply = host.post(&format!("/v1/webhooks/{}/replay", id(webhook)), &json!({ "dry_run": true })).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    assert!(!reply.text().contains(SECRET) && !reply.text().contains(TOKEN), "{}", reply.text());
    reply.json()
}

/// Keeps a webhook that fails until [`mend`], and then does these steps.
async fn kept(host: &TestHost, steps: &[Value]) -> Value {
    let fails = json!({ "fail_without": { "key": "mended", "kind": "failed", "code": "not-mended" } });
    let steps = [&[fails], steps].concat();
    let body = json!({ "id": "1", "do": steps });
    assert_eq!(receive(host, "bot", &body).await.status(), 202);
    let webhook = newest(host, "bot").await;
    mend(host, "bot").await;
    webhook
}

#[tokio::test]
async fn it_shows_everything_and_changes_nothing() {
    let provider = Provider::start().await;
    let host = host_with(&provider).await;
    let url = format!("{}/echo?a=1", provider.base());
    let webhook = kept(
        &host,
        &[
            json!({ "emit": { "data": { "n": 1.5, "known": SECRET }, "subject": "s", "dedupe_key": "new" } }),
            json!({ "set": { "key": "a", "value": "1", "ttl_seconds": 60 } }),
            json!({ "increment": { "key": "b", "by": -2 } }),
            json!({ "delete": { "key": "mended" } }),
            json!({ "start_timer": { "name": "t", "delay_seconds": 5, "payload": { "x": 1 } } }),
            json!({ "fetch": { "method": "POST", "url": url, "body": "hello", "headers": { "x-a": "b" } } }),
            json!({ "log": { "level": "warn", "message": "careful" } }),
        ],
    )
    .await;
    let (asked, events) = (provider.requests().len(), host.events().await.len());
    let run = dry_run(&host, &webhook).await;

    assert_eq!((&run["outcome"], &run["state"], &run["dry_run"]), (&json!("ok"), &json!("handled"), &json!(true)));
    assert_eq!((&run["webhook"], &run["plugin"]), (&webhook["id"], &json!("echo@0.1.0")));
    let event = &run["events"][0];
    assert_eq!((&event["type"], &event["subject"]), (&json!("echo.any.heard"), &json!("s")));
    assert_eq!(event["known"], false);
    assert!(event["data"].as_str().is_some_and(|data| data.contains("1.5") && data.contains("•••")), "{event}");
    let keys = run["keys"].as_array().expect("a list");
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert!(keys.contains(&json!({ "op": "increment", "key": "b", "by": -2 })), "{keys:?}");
    assert!(keys.contains(&json!({ "op": "delete", "key": "mended" })), "{keys:?}");
    let set = keys.iter().find(|key| key["op"] == "set").expect("one is set");
    assert_eq!((&set["key"], &set["value"]), (&json!("a"), &json!("1")));
    assert!(set["expires_at"].is_string());
    let timer = &run["timers"][0];
    assert_eq!((&timer["op"], &timer["name"], &timer["payload"]), (&json!("start"), &json!("t"), &json!({ "x": 1 })));
    let request = &run["requests"][0];
    assert_eq!((&request["method"], &request["url"], &request["body"]), (&json!("POST"), &json!(url), &json!("hello")));
    let headers = request["headers"].as_array().expect("a list");
    assert!(headers.contains(&json!(["x-a", "b"])) && headers.contains(&json!(["x-token", "•••"])), "{headers:?}");
    assert!(run["log"].as_array().expect("a list").contains(&json!({ "level": "warn", "message": "careful" })));

    let seen: Value = serde_json::from_str(run["response"]["body"].as_str().expect("a text")).expect("JSON");
    assert_eq!((&seen["attributes"]["dry-run"], &seen["attempt"]), (&json!("true"), &json!(2)));
    let fetched = &seen["answers"][6];
    assert_eq!(fetched["error"], "denied", "{fetched}");
    assert!(fetched["message"].as_str().is_some_and(|why| why.contains("a dry run sends nothing")), "{fetched}");

    assert_eq!(provider.requests().len(), asked, "nothing was sent");
    assert_eq!(host.events().await.len(), events, "nothing was appended");
    assert_eq!(shown(&host, &webhook).await, webhook, "the webhook stands as it did");
    assert_eq!(key(&host, "bot", "mended").await, "yes");
    assert_eq!((key(&host, "bot", "a").await, key(&host, "bot", "b").await), (Value::Null, Value::Null));
    assert_eq!(host.get("/v1/timers").await.json()["timers"], json!([]));
    let invocations = host.get("/v1/invocations?connection=bot").await.json();
    let occasions: Vec<_> = invocations["invocations"].as_array().expect("a list").iter().collect();
    let tried = occasions.iter().find(|invocation| invocation["occasion"] == "dry-run").expect("it is written down");
    assert_eq!(tried["webhook"], webhook["id"]);
    assert_eq!(dry_run(&host, &webhook).await["keys"], run["keys"], "and again");
}

#[tokio::test]
async fn it_says_which_events_are_known_already() {
    let provider = Provider::start().await;
    let host = host_with(&provider).await;
    let emit = |key: &str| json!({ "emit": { "data": {}, "dedupe_key": key } });
    let webhook = kept(&host, &[emit("old"), emit("new")]).await;
    assert_eq!(receive(&host, "bot", json!({ "do": [emit("old")] })).await.status(), 200);
    let run = dry_run(&host, &webhook).await;
    assert_eq!((&run["events"][0]["known"], &run["events"][1]["known"]), (&json!(true), &json!(false)), "{run}");
}

#[tokio::test]
async fn a_failure_in_it_concerns_nobody() {
    let provider = Provider::start().await;
    let host = host_with(&provider).await;
    let health = |host: &Value| host["health"]["status"].clone();
    for (kind, state) in [("unauthorized", "pending"), ("unavailable", "pending"), ("invalid", "failed")] {
        let fails = json!({ "fail": { "kind": kind, "code": "refused", "message": format!("not with {TOKEN}") } });
        let body = json!({ "do": [
            { "fail_without": { "key": "mended", "kind": "failed", "code": "not-mended" } },
            { "set": { "key": "a", "value": "1" } },
            fails,
        ] });
        receive(&host, "bot", json!({ "do": [{ "delete": { "key": "mended" } }] })).await;
        assert_eq!(receive(&host, "bot", &body).await.status(), 202);
        let webhook = newest(&host, "bot").await;
        mend(&host, "bot").await;
        let before = health(&host.get("/v1/connections/bot").await.json());
        let run = dry_run(&host, &webhook).await;
        assert_eq!((&run["outcome"], &run["state"]), (&json!(kind), &json!(state)), "{run}");
        assert_eq!((&run["error"]["code"], &run["error"]["message"]), (&json!("refused"), &json!("not with •••")));
        assert_eq!(shown(&host, &webhook).await, webhook);
        assert_eq!(health(&host.get("/v1/connections/bot").await.json()), before);
    }
    let trap = kept(&host, &[json!({ "panic": { "message": "on purpose" } })]).await;
    let run = dry_run(&host, &trap).await;
    assert_eq!((&run["outcome"], &run["error"]["code"]), (&json!("trap"), &json!("plugin-trap")));
    assert_eq!(shown(&host, &trap).await, trap);
}

#[tokio::test]
async fn a_whole_range_is_tried_and_none_of_it_runs() {
    let host = host().await;
    for number in 0..3 {
        fails(&host, "bot", &number.to_string(), None).await;
    }
    mend(&host, "bot").await;
    let before = listed(&host, "?connection=bot").await;
    let body = json!({ "connection": "bot", "state": "failed", "dry_run": true });
    let reply = host.post("/v1/webhooks/replay", &body).await;
    let answer = reply.json();
    assert_eq!((reply.status(), &answer["matched"]), (200, &json!(3)), "{answer}");
    let runs = answer["webhooks"].as_array().expect("a list");
    assert_eq!(runs.iter().map(|run| &run["events"][0]["data"]["of"]).collect::<Vec<_>>(), ["0", "1", "2"]);
    assert_eq!(listed(&host, "?connection=bot").await, before);
    assert!(heard(&host, "bot").await.is_empty());
}

#[tokio::test]
async fn a_connection_that_does_not_work_cannot_be_tried() {
    let host = host().await;
    let webhook = fails(&host, "bot", "1", None).await;
    host.reload(&format!(
        "[connections.bot]\nplugin = \"echo\"\nenabled = false\nconfig = {{ secret = \"{SECRET}\" }}"
    ))
    .await
    .expect("the file is right");
    let path = format!("/v1/webhooks/{}/replay", id(&webhook));
    let refused = host.post(&path, &json!({ "dry_run": true })).await;
    assert_eq!((refused.status(), &refused.json()["code"]), (409, &json!("connection-disabled")));
    assert_eq!(shown(&host, &webhook).await, webhook);
}

#[tokio::test]
async fn one_that_never_ends_is_stopped_and_changes_nothing() {
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::MISBEHAVING)
        .config(&format!("[connections.bad]\nplugin = \"misbehaving\"\nconfig = {{ secret = \"{SECRET}\" }}"))
        .start()
        .await;
    let request = Request::post("/webhooks/bad/write-then-spin").header("x-token", SECRET);
    assert_eq!(host.send(request, "").await.status(), 202);
    let webhook = newest(&host, "bad").await;
    let run = dry_run(&host, &webhook).await;
    assert_eq!((&run["outcome"], &run["state"]), (&json!("deadline"), &json!("pending")), "{run}");
    assert_eq!(
        (&run["error"]["code"], &run["keys"][0]["op"]),
        (&json!("deadline"), &json!("set")),
        "what it had wanted"
    );
    assert_eq!(shown(&host, &webhook).await, webhook);
    assert!(host.events().await.is_empty());
}

#[tokio::test]
async fn a_request_over_wasi_http_is_not_sent_either() {
    let provider = Provider::start().await;
    let config = format!("{{ secret = \"{SECRET}\", api_key = \"{TOKEN}\", base = \"{}\" }}", provider.base());
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::WASI)
        .config(&format!(
            "[connections.bot]\nplugin = \"wasi\"\nconfig = {config}\ngrants = {{ private_addresses = [\"127.0.0.1/32\"] }}"
        ))
        .start()
        .await;
    let url = format!("{}/status/204?a=b", provider.base());
    let body = json!({ "way": "http", "method": "POST", "url": url, "body": ["one, ", "two"] });
    let sent = host.post("/v1/connections/bot/webhooks", &json!({ "body": body })).await.json();
    assert_eq!((sent["status"].as_u64(), provider.times_asked("/status/204")), (Some(200), 1), "{sent}");

    let run = dry_run(&host, &newest(&host, "bot").await).await;
    assert_eq!(provider.times_asked("/status/204"), 1, "nothing was sent");
    let answer: Value = serde_json::from_str(run["response"]["body"].as_str().expect("a text")).expect("JSON");
    assert!(answer["refused"].as_str().is_some_and(|why| why.contains("HttpRequestDenied")), "{answer}");
    let request = &run["requests"][0];
    assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &json!(url)));
    assert_eq!((&request["body"], &request["body_bytes"]), (&json!("one, two"), &json!(8)));
    let headers = request["headers"].as_array().expect("a list");
    assert!(headers.contains(&json!(["x-api-key", "•••"])), "{headers:?}");
}
