//! What the operator sees of timers and does to them, and what becomes of them with their connection.

use std::process::Command;

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::process::HostProcess;
use http::Request;
use serde_json::{Value, json};

use super::{MINUTE, emit, heard, host, run, script, start, timer, timer_until};

const BINARY: &str = env!("CARGO_BIN_EXE_hookyard");
const BOT: &str = "/v1/connections/bot";

async fn names(host: &TestHost, query: &str) -> Vec<String> {
    let reply = host.get(&format!("/v1/timers{query}")).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    let timers = reply.json()["timers"].as_array().expect("timers is a list").clone();
    timers.iter().map(|timer| format!("{}/{}", timer["connection"], timer["name"]).replace('"', "")).collect()
}

/// Has an action of `bot` run these steps.
async fn bot(host: &TestHost, steps: &[Value]) -> Vec<Value> {
    let reply = host.call("bot", "do", &json!({ "do": steps })).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()["answers"].as_array().expect("answers is a list").clone()
}

#[tokio::test]
async fn timers_are_listed_by_connection_state_and_page() {
    let host = host().await;
    host.put(BOT, &json!({ "plugin": "echo", "config": {} })).await;
    run(&host, &[start("b", 60, &json!(1)), start("a/1", 90, &json!(2))]).await;
    let failing = script(&[json!({ "fail": { "kind": "failed", "code": "c", "message": "m" } })]);
    bot(&host, &[start("z", 60, &json!(3)), start("y", 0, &failing)]).await;
    heard(&host, 1).await;
    assert_eq!(names(&host, "").await, ["bot/y", "bot/z", "shop/a/1", "shop/b"]);
    assert_eq!(names(&host, "?connection=shop").await, ["shop/a/1", "shop/b"]);
    assert_eq!(names(&host, "?state=failed").await, ["bot/y"]);
    assert_eq!(names(&host, "?state=pending&connection=bot").await, ["bot/z"]);

    let mut listed = Vec::new();
    let mut query = "?limit=1".to_owned();
    loop {
        listed.extend(names(&host, &query).await);
        let page = host.get(&format!("/v1/timers{query}")).await.json();
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=1&after={next}");
    }
    assert_eq!(listed, ["bot/y", "bot/z", "shop/a/1", "shop/b"]);
    assert_eq!(host.get("/v1/timers?state=late").await.status(), 422);
    assert_eq!(timer(&host, "a%2F1").await["payload"], 2, "a name in the path is encoded");
}

#[tokio::test]
async fn an_operator_cancels_a_timer_or_has_it_fire_now() {
    let host = host().await;
    run(&host, &[start("never", 60, &json!("never")), start("now", 80_000, &json!("now"))]).await;
    let path = |name: &str| format!("/v1/connections/shop/timers/{name}");
    assert_eq!(host.delete(&path("never")).await.status(), 204);
    assert_eq!(host.delete(&path("never")).await.status(), 404);
    assert_eq!(host.post(&format!("{}/fire", path("now")), &json!({})).await.status(), 202);
    assert_eq!(heard(&host, 1).await, ["now"]);
    assert!(timer_until(&host, "now", Value::is_null).await.is_null());
    for path in [format!("{}/fire", path("now")), "/v1/connections/other/timers/now/fire".to_owned()] {
        let refused = host.post(&path, &json!({})).await;
        assert_eq!((refused.status(), &refused.json()["code"]), (404, &json!("not-found")), "{path}");
    }
    host.advance(MINUTE * 60 * 48);
    run(&host, &[start("last", 0, &json!("last"))]).await;
    assert_eq!(heard(&host, 2).await, ["now", "last"]);
}

#[tokio::test]
async fn the_timers_of_a_disabled_connection_wait_for_it() {
    let mut host = Builder::new(BINARY).plugin(guests::ECHO).start().await;
    host.put(BOT, &json!({ "plugin": "echo", "config": {} })).await;
    bot(&host, &[start("poll", 60, &json!("waited"))]).await;
    assert_eq!(host.patch(BOT, &json!({ "enabled": false })).await.status(), 200);
    host.advance(MINUTE);
    host.restart().await;
    let waiting = host.get("/v1/timers").await.json()["timers"][0].clone();
    assert_eq!((&waiting["state"], &waiting["attempts"]), (&json!("pending"), &json!(0)), "nothing is counted");
    assert_eq!(host.patch(BOT, &json!({ "enabled": true })).await.status(), 200);
    assert_eq!(heard(&host, 1).await, ["waited"]);
}

#[tokio::test]
async fn a_deleted_connection_takes_its_timers_along() {
    let host = Builder::new(BINARY).plugin(guests::ECHO).start().await;
    let connection = json!({ "plugin": "echo", "config": {} });
    host.put(BOT, &connection).await;
    bot(&host, &[start("poll", 60, &json!("of the first life")), start("other", 60, &json!("of the first life"))])
        .await;
    assert_eq!(host.delete(BOT).await.status(), 204);
    loop {
        if host.put(BOT, &connection).await.status() != 409 {
            break;
        }
    }
    assert!(names(&host, "").await.is_empty());
    bot(&host, &[start("poll", 60, &json!("of the second"))]).await;
    host.advance(MINUTE);
    assert_eq!(heard(&host, 1).await, ["of the second"]);
    bot(&host, &[emit(&json!("after"))]).await;
    assert_eq!(heard(&host, 2).await, ["of the second", "after"]);
}

/// What `hookyard` prints beside this host.
fn done(host: &HostProcess, arguments: &[&str]) -> String {
    let mut command = Command::new(BINARY);
    let output = command.args(arguments).current_dir(host.directory()).env_clear().output().expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn the_command_line_lists_shows_cancels_and_fires() {
    let host = HostProcess::start_with(BINARY, guests::ECHO, "[connections.shop]\nplugin = \"echo\"", "warn").await;
    let steps = json!({ "do": [start("poll all/1", 80_000, &json!({ "n": 1 })), start("never", 80_000, &json!(0))] });
    assert_eq!(host.call_as("k", "shop", "do", &steps).await.expect("answers").status(), 200);
    let listed = done(&host, &["timers"]);
    assert!(listed.contains("poll all/1") && listed.contains("never") && listed.contains("pending"), "{listed}");
    assert!(!done(&host, &["timers", "list", "--state", "failed"]).contains("never"));
    let shown = done(&host, &["timers", "show", "shop", "poll all/1"]);
    assert!(shown.contains(r#"{"n":1}"#), "{shown}");
    done(&host, &["timers", "cancel", "shop", "never"]);
    done(&host, &["timers", "fire", "shop", "poll all/1"]);
    host.send(Request::get("/v1/events?wait=60"), "").await.expect("the host answers");
    assert_eq!(host.events().await[0]["data"], json!({ "n": 1 }));
    let left: Value = serde_json::from_str(&done(&host, &["timers", "--json"])).expect("JSON");
    assert_eq!(left["timers"].as_array().map(Vec::len), Some(0));
}
