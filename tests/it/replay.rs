//! What the operator sees of the inbox, and decides about it: show, replay, skip, dry run.

mod at_once;
mod dry_run;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use hookyard_tests::provider::Provider;
use http::Request;
use serde_json::{Value, json};

/// The webhook secret of every connection here.
const SECRET: &str = "sesame-4711-open";

/// What the host itself puts into requests.
const TOKEN: &str = "tok-of-the-account-81";

async fn host() -> TestHost {
    Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::ECHO)
        .config(&format!("[connections.bot]\nplugin = \"echo\"\nconfig = {{ secret = \"{SECRET}\" }}"))
        .config(&format!("[connections.other]\nplugin = \"echo\"\nconfig = {{ secret = \"{SECRET}\" }}"))
        .start()
        .await
}

/// A host whose connection `bot` reaches the provider.
async fn host_with(provider: &Provider) -> TestHost {
    let config = format!("{{ secret = \"{SECRET}\", token = \"{TOKEN}\", base = \"{}\" }}", provider.base());
    Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::ECHO)
        .config(&format!(
            "[connections.bot]\nplugin = \"echo\"\nconfig = {config}\ngrants = {{ private_addresses = [\"127.0.0.1/32\"] }}"
        ))
        .start()
        .await
}

/// A webhook of the provider.
async fn receive(host: &TestHost, connection: &str, body: impl ToString) -> Reply {
    let request = Request::post(format!("/webhooks/{connection}?a=b")).header("x-echo-token", SECRET);
    host.send(request.header("authorization", "Bearer of-a-proxy"), body.to_string()).await
}

/// One that fails until [`mend`]: then it appends an event with this data, and counts.
async fn fails(host: &TestHost, connection: &str, id: &str, order: Option<&str>) -> Value {
    let mut body = json!({ "id": id, "do": [
        { "fail_without": { "key": "mended", "kind": "failed", "code": "not-mended" } },
        { "emit": { "data": { "of": id }, "dedupe_key": id } },
        { "increment": { "key": "runs", "by": 1 } },
    ] });
    if let Some(order) = order {
        body["order"] = order.into();
    }
    let reply = receive(host, connection, &body).await;
    assert_eq!((reply.status(), reply.text().as_str()), (202, ""), "kept, and the provider is told no more");
    newest(host, connection).await
}

async fn mend(host: &TestHost, connection: &str) {
    let reply = receive(host, connection, json!({ "do": [{ "set": { "key": "mended", "value": "yes" } }] })).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
}

async fn listed(host: &TestHost, query: &str) -> Vec<Value> {
    let reply = host.get(&format!("/v1/webhooks{query}")).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()["webhooks"].as_array().expect("a list").clone()
}

async fn newest(host: &TestHost, connection: &str) -> Value {
    listed(host, &format!("?connection={connection}&limit=1")).await.remove(0)
}

async fn shown(host: &TestHost, webhook: &Value) -> Value {
    let reply = host.get(&format!("/v1/webhooks/{}", id(webhook))).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()
}

/// How a webhook stands once it is not pending any more.
async fn settled(host: &TestHost, webhook: &Value) -> Value {
    loop {
        let webhook = shown(host, webhook).await;
        if webhook["state"] != "pending" {
            return webhook;
        }
    }
}

async fn decide(host: &TestHost, webhook: &Value, what: &str) -> Reply {
    host.post(&format!("/v1/webhooks/{}/{what}", id(webhook)), &json!({})).await
}

fn id(webhook: &Value) -> &str {
    webhook["id"].as_str().expect("a webhook has an id")
}

/// The values of a member, in order.
fn all<'a>(values: &'a [Value], pointer: &str) -> Vec<&'a str> {
    values.iter().map(|value| value.pointer(pointer).and_then(Value::as_str).expect("a text")).collect()
}

/// Where the host says that a request is wrong.
fn wrong(reply: &Reply) -> Vec<String> {
    let problem = reply.json();
    assert_eq!((reply.status(), &problem["code"]), (422, &json!("invalid-input")), "{problem}");
    all(problem["errors"].as_array().expect("a list"), "/pointer").into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn what_failed_is_shown_as_received_but_for_its_credentials() {
    let host = host().await;
    let body =
        "{\"id\": \"1\", \"do\": [{\"fail\": {\"kind\": \"failed\", \"code\": \"broken\", \"message\": \"é\"}}]}  \n";
    assert_eq!(receive(&host, "bot", body).await.status(), 202);
    let listed = listed(&host, "?state=failed&connection=bot").await;
    assert_eq!(listed.len(), 1);
    let webhook = &listed[0];
    assert_eq!(STANDARD.decode(webhook["body_base64"].as_str().expect("a text")).expect("base64"), body.as_bytes());
    for (member, expected) in [
        ("/connection", json!("bot")),
        ("/method", json!("POST")),
        ("/path", json!("")),
        ("/query", json!("a=b")),
        ("/state", json!("failed")),
        ("/attempts", json!(1)),
        ("/error", json!({ "code": "broken", "message": "é" })),
        ("/source", json!("provider")),
        ("/dedupe_key", json!("1")),
        ("/verified_by", json!("token")),
        ("/received_at", webhook["since"].clone()),
    ] {
        assert_eq!(webhook.pointer(member), Some(&expected), "{member}");
    }
    assert!(webhook.get("next_attempt_at").is_none());
    let headers = webhook["headers"].as_array().expect("a list");
    for name in ["x-echo-token", "authorization"] {
        assert!(headers.contains(&json!([name, "•••"])), "{headers:?}");
    }
    assert_eq!(&shown(&host, webhook).await, webhook);
    let text = host.get("/v1/webhooks").await.text();
    assert!(!text.contains(SECRET) && !text.contains("of-a-proxy"));
}

#[tokio::test]
async fn the_list_is_filtered_and_read_page_by_page() {
    let host = host().await;
    for number in 0..5 {
        fails(&host, "bot", &number.to_string(), None).await;
        host.advance(Duration::from_secs(60));
    }
    fails(&host, "other", "5", None).await;
    assert_eq!(listed(&host, "").await.len(), 6);
    assert_eq!(listed(&host, "?state=pending&state=handled").await.len(), 0);
    let of_bot = listed(&host, "?connection=bot").await;
    assert_eq!(all(&of_bot, "/dedupe_key"), ["4", "3", "2", "1", "0"], "the newest first");
    let (since, until) = (&of_bot[3]["received_at"], &of_bot[1]["received_at"]);
    let query = format!("?since={}&until={}", since.as_str().expect("a time"), until.as_str().expect("a time"));
    assert_eq!(all(&listed(&host, &query).await, "/dedupe_key"), ["2", "1"], "since counts in, until does not");

    let (mut pages, mut next) = (Vec::new(), String::new());
    loop {
        let page = host.get(&format!("/v1/webhooks?connection=bot&limit=2{next}")).await.json();
        pages.push(page["webhooks"].as_array().expect("a list").clone());
        let Some(before) = page["next"].as_str() else { break };
        next = format!("&before={before}");
    }
    assert!(pages.iter().all(|page| page.len() <= 2), "{pages:?}");
    assert_eq!(pages.concat(), of_bot);

    let reply = host.get("/v1/webhooks?state=broken&since=yesterday&limit=0&before=x&colour=red&connection=A").await;
    let mut wrong = wrong(&reply);
    wrong.sort_unstable();
    assert_eq!(wrong, ["/before", "/colour", "/connection", "/limit", "/since", "/state"]);
    let unknown = host.get("/v1/webhooks/whk_01h2xcejqtf2nbrexx3vqjhp41").await;
    assert_eq!((unknown.status(), &unknown.json()["code"]), (404, &json!("not-found")));
    assert_eq!(host.get("/v1/webhooks/17").await.status(), 404);
}

#[tokio::test]
async fn a_replay_runs_what_failed_and_a_repeat_of_it_is_seen() {
    let host = host().await;
    let webhook = fails(&host, "bot", "1", None).await;
    let still = decide(&host, &webhook, "replay").await;
    assert_eq!(still.status(), 202, "{}", still.text());
    let failed = settled(&host, &webhook).await;
    assert_eq!((&failed["state"], &failed["attempts"]), (&json!("failed"), &json!(1)), "counted anew");
    assert!(host.events().await.iter().all(|event| event["type"] != "echo.any.heard"));

    mend(&host, "bot").await;
    let replayed = decide(&host, &webhook, "replay").await.json();
    assert_eq!((&replayed["state"], &replayed["attempts"]), (&json!("pending"), &json!(0)));
    let handled = settled(&host, &webhook).await;
    assert_eq!((&handled["state"], &handled["attempts"]), (&json!("handled"), &json!(1)));
    assert!(handled.get("next_attempt_at").is_none());
    let heard = heard(&host, "bot").await;
    assert_eq!(all(&heard, "/data/of"), ["1"]);
    assert_eq!(heard[0]["webhook"], webhook["id"]);

    let body = STANDARD.decode(webhook["body_base64"].as_str().expect("a text")).expect("base64");
    assert_eq!(receive(&host, "bot", String::from_utf8(body).expect("a text")).await.status(), 200);
    assert_eq!(self::heard(&host, "bot").await.len(), 1, "seen before");
}

/// The events of a connection's plugin.
async fn heard(host: &TestHost, connection: &str) -> Vec<Value> {
    let page = host.get(&format!("/v1/events?connection={connection}&type=echo.*&limit=1000")).await.json();
    page["events"].as_array().expect("a list").clone()
}

/// What a key holds.
async fn key(host: &TestHost, connection: &str, key: &str) -> Value {
    let reply = receive(host, connection, json!({ "do": [{ "get": { "key": key } }] })).await;
    reply.json()["answers"][0]["value"].clone()
}

#[tokio::test]
async fn a_handled_one_is_handled_again_without_doubling_an_event_that_has_a_key() {
    let host = host().await;
    mend(&host, "bot").await;
    let script = json!({ "id": "twice", "do": [
        { "emit": { "data": { "of": "keyed" }, "dedupe_key": "k" } },
        { "emit": { "data": { "of": "not keyed" } } },
        { "increment": { "key": "runs", "by": 1 } },
    ] });
    let sent = host.post("/v1/connections/bot/webhooks", &json!({ "body": script })).await.json();
    assert_eq!(sent["status"], 200, "{sent}");
    let webhook = newest(&host, "bot").await;
    assert_eq!((&webhook["id"], &webhook["source"]), (&sent["webhook"], &json!("trigger")), "tests are recorded");
    assert_eq!(webhook["state"], "handled");
    assert_eq!(decide(&host, &webhook, "replay").await.status(), 202);
    assert_eq!(settled(&host, &webhook).await["state"], "handled");
    assert_eq!(all(&heard(&host, "bot").await, "/data/of"), ["keyed", "not keyed", "not keyed"]);
    assert_eq!(key(&host, "bot", "runs").await, "2", "what else it does, it does again");
}

#[tokio::test]
async fn all_failed_of_a_connection_run_in_order_of_receipt() {
    let host = host().await;
    for number in 0..4 {
        fails(&host, "bot", &number.to_string(), Some("o")).await;
        host.advance(Duration::from_secs(60));
    }
    let other = fails(&host, "other", "x", None).await;
    mend(&host, "bot").await;
    mend(&host, "other").await;
    let of_bot = listed(&host, "?connection=bot&state=failed").await;

    let range = json!({ "connection": "bot", "state": "failed", "since": of_bot[1]["received_at"] });
    let replayed = host.post("/v1/webhooks/replay", &range).await;
    assert_eq!((replayed.status(), replayed.json()), (202, json!({ "replayed": 2 })));
    for webhook in &of_bot[..2] {
        assert_eq!(settled(&host, webhook).await["state"], "handled");
    }
    assert_eq!(all(&heard(&host, "bot").await, "/data/of"), ["2", "3"]);
    let all_failed = json!({ "connection": "bot", "state": "failed" });
    assert_eq!(host.post("/v1/webhooks/replay", &all_failed).await.json()["replayed"], 2);
    for webhook in &of_bot {
        assert_eq!(settled(&host, webhook).await["state"], "handled");
    }
    assert_eq!(all(&heard(&host, "bot").await, "/data/of"), ["2", "3", "0", "1"]);
    assert_eq!(host.post("/v1/webhooks/replay", &all_failed).await.json()["replayed"], 0);
    assert_eq!(shown(&host, &other).await["state"], "failed", "of another connection");
}

#[tokio::test]
async fn a_skipped_one_is_never_run_and_its_repeat_is_seen() {
    let host = host().await;
    let webhook = fails(&host, "bot", "1", None).await;
    mend(&host, "bot").await;
    let skipped = decide(&host, &webhook, "skip").await;
    assert_eq!((skipped.status(), &skipped.json()["state"]), (200, &json!("skipped")));
    assert_eq!(decide(&host, &webhook, "skip").await.json(), skipped.json(), "twice is once");
    let body = STANDARD.decode(webhook["body_base64"].as_str().expect("a text")).expect("base64");
    assert_eq!(receive(&host, "bot", String::from_utf8(body).expect("a text")).await.status(), 200);
    assert!(heard(&host, "bot").await.is_empty());
    assert_eq!(decide(&host, &webhook, "replay").await.status(), 202, "the operator may think again");
    assert_eq!(settled(&host, &webhook).await["state"], "handled");
    let refused = decide(&host, &webhook, "skip").await;
    assert_eq!((refused.status(), &refused.json()["code"]), (409, &json!("webhook-handled")));
}

#[tokio::test]
async fn skipping_what_is_in_the_way_lets_the_order_key_go_on() {
    let host = host().await;
    let busy =
        json!({ "order": "o", "do": [{ "fail": { "kind": "unavailable", "code": "busy", "message": "later" } }] });
    assert_eq!(receive(&host, "bot", &busy).await.status(), 202);
    let first = newest(&host, "bot").await;
    assert_eq!((&first["state"], &first["attempts"]), (&json!("pending"), &json!(1)));
    assert!(first["next_attempt_at"].as_str() > first["received_at"].as_str(), "{first}");
    let behind = json!({ "order": "o", "do": [{ "emit": { "data": { "of": "behind" } } }] });
    assert_eq!(receive(&host, "bot", &behind).await.status(), 202);
    let second = newest(&host, "bot").await;
    assert_eq!((&second["attempts"], &second["waits_for"]), (&json!(0), &first["id"]));
    assert!(first.get("waits_for").is_none());
    assert_eq!(decide(&host, &first, "skip").await.status(), 200);
    assert_eq!(settled(&host, &second).await["state"], "handled");
    assert_eq!(all(&heard(&host, "bot").await, "/data/of"), ["behind"]);
}

#[tokio::test]
async fn what_cannot_be_decided_is_refused_by_name() {
    let host = host().await;
    let unknown = json!({ "id": "whk_01h2xcejqtf2nbrexx3vqjhp41" });
    for what in ["replay", "skip"] {
        assert_eq!(decide(&host, &unknown, what).await.status(), 404);
    }
    let webhook = fails(&host, "bot", "1", None).await;
    let skip = format!("/v1/webhooks/{}/skip", id(&webhook));
    assert_eq!(host.post(&skip, &json!({ "dry_run": true })).await.json()["code"], "invalid-input");
    let path = format!("/v1/webhooks/{}/replay", id(&webhook));
    assert_eq!(wrong(&host.post(&path, &json!({ "dry_run": "yes", "all": 1 })).await), ["/dry_run", "/all"]);
    let bulk = json!({ "state": "everything", "since": 1, "until": "soon", "dry_run": 0, "limit": 2 });
    let wrong_bulk = wrong(&host.post("/v1/webhooks/replay", &bulk).await);
    assert_eq!(wrong_bulk, ["/connection", "/state", "/since", "/until", "/dry_run", "/limit"]);
    let nobody = host.post("/v1/webhooks/replay", &json!({ "connection": "nobody", "state": "failed" })).await;
    assert_eq!(nobody.status(), 404);
    assert_eq!(shown(&host, &webhook).await, webhook, "nothing has changed");
}

#[tokio::test]
async fn where_all_are_kept_what_was_handled_at_once_can_be_replayed_until_its_time_is_up() {
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::ECHO)
        .config("[inbox]\nkeep_all = true\nretention_days = 1")
        .config(&format!("[connections.bot]\nplugin = \"echo\"\nconfig = {{ secret = \"{SECRET}\" }}"))
        .start()
        .await;
    let failed = fails(&host, "bot", "failed", None).await;
    let body = json!({ "id": "1", "do": [{ "emit": { "data": { "of": "1" }, "dedupe_key": "1" } }] });
    for _ in 0..2 {
        assert_eq!(receive(&host, "bot", &body).await.status(), 200);
    }
    let handled = newest(&host, "bot").await;
    assert_eq!((&handled["state"], &handled["source"]), (&json!("handled"), &json!("provider")));
    assert_eq!(decide(&host, &handled, "replay").await.status(), 202);
    let again = settled(&host, &handled).await;
    assert_eq!((&again["state"], heard(&host, "bot").await.len()), (&json!("handled"), 1));

    host.advance(Duration::from_secs(25 * 60 * 60));
    mend(&host, "bot").await;
    while host.get(&format!("/v1/webhooks/{}", id(&handled))).await.status() != 404 {}
    assert_eq!(shown(&host, &failed).await["state"], "failed", "these are never dropped");
}
