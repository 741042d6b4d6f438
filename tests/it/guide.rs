//! What `plugins/README.md` shows to whoever writes a plugin works as it stands there.

use std::fs;
use std::path::{Path, PathBuf};

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use hookyard_tests::provider::Provider;
use hookyard_tests::sign;
use http::Request;
use serde_json::{Value, json};

/// The guide calls a plugin of so many lines short.
const EXAMPLE_LINES_MAX: usize = 60;

/// Where the API of the doors is in the guide, and its secrets.
const DOORS: &str = "127.0.0.1:9000";
const BELL_SECRET: &str = "bell-secret";
const DOORS_KEY: &str = "doors-key";

const GARDEN: &str = "/doors/garden/open";

fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins")
}

/// The first block in this language of a section of the guide.
fn block(section: &str, language: &str) -> String {
    let guide = fs::read_to_string(plugins().join("README.md")).expect("the guide can be read");
    let (_, section) = guide.split_once(&format!("\n### {section}\n")).expect("the guide has this section");
    let section = section.split("\n## ").next().unwrap_or(section);
    let section = section.split("\n### ").next().unwrap_or(section);
    let (_, block) = section.split_once(&format!("```{language}\n")).expect("the section has such a block");
    block.split_once("```").expect("the block ends").0.to_owned()
}

/// The API of the doors, where only the one of the garden opens.
async fn doors() -> Provider {
    let doors = Provider::start().await;
    doors.answer(GARDEN, 200, r#"{"door": "garden", "state": "open"}"#);
    doors
}

/// A host with the connections of a section, for which these doors are those of the guide.
async fn host(component: &str, section: &str, doors: &Provider) -> TestHost {
    let config = block(section, "toml");
    for stands in [DOORS, "${BELL_SECRET}", "${DOORS_KEY}"] {
        assert!(config.contains(stands), "{stands} is missing in {config}");
    }
    let config = config.replace(DOORS, &format!("127.0.0.1:{}", doors.port()));
    let config = config.replace("${BELL_SECRET}", BELL_SECRET).replace("${DOORS_KEY}", DOORS_KEY);
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(component).config(&config).start().await
}

async fn ring(host: &TestHost, connection: &str, body: &str) -> Reply {
    let signature = sign::hmac_sha256_hex(BELL_SECRET, body.as_bytes());
    let webhook = Request::post(format!("/webhooks/{connection}")).header("x-bell-signature", signature);
    host.send(webhook, body.to_owned()).await
}

/// The first event of this type, once there is one.
async fn event(host: &TestHost, kind: &str) -> Value {
    loop {
        if let Some(event) = host.events().await.into_iter().find(|event| event["type"] == kind) {
            return event;
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn the_code_of_the_guide_is_the_example_itself_and_short() {
    let example = fs::read_to_string(plugins().join("example/src/lib.rs")).expect("the example can be read");
    assert!(block("In Rust", "rust") == example, "plugins/README.md does not show plugins/example/src/lib.rs as it is");
    let lines = example.lines().count();
    assert!(lines <= EXAMPLE_LINES_MAX, "the guide promises {EXAMPLE_LINES_MAX} lines at most, there are {lines}");
}

#[tokio::test]
async fn the_connection_without_code_opens_the_door_where_somebody_rings() {
    let doors = doors().await;
    let host = host(guests::GENERIC_HTTP, "Without code", &doors).await;
    let input = json!({ "request": "open-door", "fields": { "door": "garden" } });
    let preview = host.call("bell", "preview", &input).await.json();
    assert_eq!(preview["url"], format!("{}{GARDEN}", doors.base()), "{preview}");
    assert_eq!(doors.times_asked(GARDEN), 0, "a preview sends nothing");
    let tried = host.call("bell", "test", &input).await.json();
    assert_eq!(tried["message"]["text"], "The garden door is open.", "{tried}");

    let body = r#"{"id": "1", "door": "garden"}"#;
    assert_eq!(ring(&host, "bell", body).await.status(), 200);
    assert_eq!(ring(&host, "bell", body).await.status(), 200, "a repeat");
    let elsewhere = ring(&host, "bell", r#"{"id": "2", "door": "front"}"#).await;
    assert_eq!(elsewhere.status(), 200);
    let forged = Request::post("/webhooks/bell").header("x-bell-signature", "00");
    assert_eq!(host.send(forged, body).await.status(), 401);
    let opened = event(&host, "generic-http.request.succeeded").await;
    assert_eq!(
        (&opened["subject"], &opened["data"]["message"]),
        (&json!("garden"), &json!("The garden door is open."))
    );
    assert_eq!(doors.times_asked(GARDEN), 2, "once to try it, once because somebody rang");
    let requests = doors.requests();
    assert!(requests.iter().all(|request| request.headers["authorization"] == format!("Bearer {DOORS_KEY}").as_str()));
    assert!(requests.iter().all(|request| request.body.as_ref() == br#"{"opened":{"by":"hookyard"}}"#));
    let rings = host.events().await.iter().filter(|event| event["type"] == "generic-http.webhook.received").count();
    assert_eq!(rings, 2);
}

#[tokio::test]
async fn the_plugin_of_the_guide_counts_rings_and_opens_doors() {
    let doors = doors().await;
    let host = host(guests::DOORBELL, "In Rust", &doors).await;
    for (id, times) in [("1", 1), ("1", 1), ("2", 2)] {
        assert_eq!(ring(&host, "door", &format!(r#"{{"id": "{id}", "door": "garden"}}"#)).await.status(), 200);
        let rung = host.events().await.into_iter().rfind(|event| event["type"] == "doorbell.bell.rung");
        let rung = rung.expect("somebody has rung");
        assert_eq!((&rung["subject"], &rung["data"]["times"]), (&json!("garden"), &json!(times)), "{rung}");
    }
    let report = host.post("/v1/connections/door/webhooks", &json!({ "sample": "ring", "fresh": true })).await.json();
    assert_eq!(report["status"], 200, "{report}");

    let opened = host.call("door", "open-door", &json!({ "door": "garden" })).await;
    assert_eq!((opened.status(), opened.json()), (200, Value::Null));
    assert_eq!(doors.requests()[0].headers["authorization"], format!("Bearer {DOORS_KEY}").as_str());
    let closed = host.call("door", "open-door", &json!({ "door": "front" })).await;
    assert_eq!((closed.status(), closed.json()["code"].clone()), (502, json!("provider-protocol")));
}
