//! Connections that change while the host runs: through the API, with their plugin, with the file.

mod deletion;
mod file;
mod secrecy;
mod versions;

use std::os::unix::fs::PermissionsExt as _;

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TOKEN, TestHost};
use hookyard_tests::http::Reply;
use http::Request;
use serde_json::{Value, json};

pub(crate) const PATH: &str = "/v1/connections/bot";

pub(crate) fn builder() -> Builder {
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO)
}

/// What a connection of the echo guest is made of.
pub(crate) fn echo(config: &Value) -> Value {
    json!({ "plugin": "echo", "config": config, "grants": { "private_addresses": ["127.0.0.1/32"] } })
}

/// The answer to a webhook with this secret, which holds what the plugin saw.
pub(crate) async fn webhook(host: &TestHost, connection: &str, secret: &str, body: &Value) -> Reply {
    let request = Request::post(format!("/webhooks/{connection}")).header("x-echo-token", secret);
    host.send(request, body.to_string()).await
}

async fn set_fields(host: &TestHost, query: &str) -> Reply {
    let request = Request::patch(format!("{PATH}?{query}")).header("authorization", format!("Bearer {TOKEN}"));
    host.send(request, "").await
}

fn pointers(reply: &Reply) -> Vec<String> {
    let errors = reply.json()["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().filter_map(|error| error["pointer"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_connection_that_is_put_works_at_once_and_after_a_restart() {
    let mut host = builder().start().await;
    let created = host.put(PATH, &echo(&json!({ "secret": "sesame", "greeting": "hi" }))).await;
    assert_eq!(created.status(), 201, "{}", created.text());
    let shown = created.json();
    assert_eq!((&shown["origin"], &shown["enabled"]), (&json!("api"), &json!(true)));
    assert_eq!(shown["config"], json!({ "secret": { "set": true }, "greeting": "hi" }));
    assert_eq!(shown["grants"]["private_addresses"], json!(["127.0.0.1/32"]));
    assert!(shown["may_reach"].to_string().contains("*.granted.example"), "{shown}");
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.json()["greeting"], "hi");
    assert_eq!(webhook(&host, "bot", "wrong", &json!({})).await.status(), 401);
    host.restart().await;
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.json()["greeting"], "hi");
    let again = host.get(PATH).await.json();
    for member in ["plugin", "config", "grants", "enabled", "origin", "may_reach"] {
        assert_eq!(again[member], shown[member], "{member}");
    }
}

#[tokio::test]
async fn what_is_read_can_be_sent_back_and_changes_nothing() {
    let host = builder().start().await;
    let config = json!({ "secret": ["sesame", "open"], "token": "t-1", "placed": { "one": "p-1" }, "greeting": "hi" });
    host.put(PATH, &echo(&config)).await;
    host.post(&format!("{PATH}/check"), &json!({})).await;
    let shown = host.get(PATH).await.json();
    let sent_back = host.put(PATH, &shown).await;
    assert_eq!((sent_back.status(), sent_back.json()), (200, shown.clone()));
    assert_eq!(host.patch(PATH, &shown).await.json(), shown);
    for secret in ["sesame", "open"] {
        assert_eq!(webhook(&host, "bot", secret, &json!({})).await.status(), 200, "{secret} is there still");
    }
    let activations = host.get("/v1/invocations?connection=bot").await.json()["invocations"]
        .as_array()
        .map_or(0, |all| all.iter().filter(|one| one["occasion"] == "activation").count());
    assert!(activations <= 2, "nothing was begun anew");
}

#[tokio::test]
async fn a_secret_stays_until_another_one_or_none_is_set() {
    let host = builder().start().await;
    host.put(PATH, &echo(&json!({ "secret": "sesame", "token": "t-1" }))).await;
    let passes = async |secret: &str| webhook(&host, "bot", secret, &json!({})).await.status();
    assert_eq!(host.put(PATH, &echo(&json!({ "greeting": "hi" }))).await.status(), 200);
    assert_eq!(passes("sesame").await, 200, "left out");
    assert_eq!(host.patch(PATH, &json!({ "config": { "secret": "open" } })).await.status(), 200);
    assert_eq!((passes("sesame").await, passes("open").await), (401, 200));
    let shown = host.patch(PATH, &json!({ "config": { "secret": null } })).await.json();
    assert_eq!(shown["config"], json!({ "greeting": "hi", "token": { "set": true } }));
    assert_eq!(passes("open").await, 503, "no secret, no webhooks");
}

#[tokio::test]
async fn query_parameters_set_fields_of_the_config() {
    let host = builder().start().await;
    host.put(PATH, &echo(&json!({ "secret": "sesame" }))).await;
    let set = set_fields(&host, "echo-greeting=%22good+day%22&secret='open'").await;
    assert_eq!((set.status(), &set.json()["config"]["greeting"]), (200, &json!("good day")), "{}", set.text());
    assert_eq!(webhook(&host, "bot", "open", &json!({})).await.json()["greeting"], "good day");
    let unknown = set_fields(&host, "colour=red-1f2e").await;
    assert_eq!((unknown.status(), pointers(&unknown)), (422, vec!["/config/colour".to_owned()]));
    assert!(!unknown.text().contains("red-1f2e"), "{}", unknown.text());
    assert_eq!(set_fields(&host, "greeting=a&greeting=b").await.status(), 422);
    let both = host.patch(&format!("{PATH}?greeting=a"), &json!({ "enabled": false })).await;
    assert_eq!(both.json()["errors"][0]["code"], "ambiguous");
    assert_eq!(set_fields(&host, "").await.status(), 400, "neither a body nor a query");
    assert_eq!(host.get(PATH).await.json()["config"]["greeting"], "good day");
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_place_and_changes_nothing() {
    let host = builder().start().await;
    host.put(PATH, &echo(&json!({ "secret": "sesame", "greeting": "hi" }))).await;
    host.post(&format!("{PATH}/check"), &json!({})).await;
    let before = host.get(PATH).await.json();
    for (sent, expected) in [
        (json!({}), vec!["/plugin"]),
        (
            json!({ "plugin": "echo", "config": { "greeting": 7, "colour": "red" } }),
            vec!["/config/colour", "/config/greeting"],
        ),
        (json!({ "plugin": "echo", "config": { "base": "no URL" } }), vec!["/config"]),
        (json!({ "plugin": "echo", "config": { "greeting": { "set": true } } }), vec!["/config/greeting"]),
        (json!({ "plugin": "echo", "grants": { "hosts": ["a b"], "x": 1 } }), vec!["/grants/hosts/0", "/grants/x"]),
        (json!({ "plugin": "echo", "enabled": 1, "colour": "red" }), vec!["/colour", "/enabled"]),
        (json!({ "plugin": "echo", "id": "other" }), vec!["/id"]),
    ] {
        let refused = host.put(PATH, &sent).await;
        assert_eq!((refused.status(), &refused.json()["code"]), (422, &json!("invalid-input")), "{sent}");
        let mut found = pointers(&refused);
        found.sort_unstable();
        assert_eq!(found, expected, "{}", refused.text());
        assert_eq!(host.get(PATH).await.json(), before, "{sent}");
    }
    let differs = host.put(PATH, &json!({ "plugin": "aftership" })).await;
    assert_eq!((differs.status(), &differs.json()["code"]), (409, &json!("plugin-differs")));
    let not_loaded = host.put("/v1/connections/new", &json!({ "plugin": "nothing" })).await;
    assert_eq!((not_loaded.status(), pointers(&not_loaded)), (422, vec!["/plugin".to_owned()]));
    assert_eq!(host.put(PATH, &json!([])).await.status(), 422);
    let text =
        Request::put(PATH).header("authorization", format!("Bearer {TOKEN}")).header("content-type", "text/plain");
    assert_eq!(host.send(text, "{}").await.status(), 415);
    for missing in ["new", "other"] {
        let path = format!("/v1/connections/{missing}");
        assert_eq!(host.patch(&path, &json!({ "enabled": false })).await.status(), 404);
        assert_eq!(host.delete(&path).await.status(), 404);
        assert_eq!(host.get(&path).await.status(), 404);
    }
    assert_eq!(host.get(PATH).await.json(), before);
}

#[tokio::test]
async fn what_the_file_defines_is_changed_there_only() {
    let host = builder().config("[connections.bot]\nplugin = \"echo\"\nconfig = { secret = \"sesame\" }").start().await;
    for refused in [
        host.put(PATH, &echo(&json!({}))).await,
        host.patch(PATH, &json!({ "enabled": false })).await,
        host.delete(PATH).await,
    ] {
        assert_eq!((refused.status(), &refused.json()["code"]), (409, &json!("file-defined")), "{}", refused.text());
    }
    assert_eq!(host.get(PATH).await.json()["origin"], "file");
    for call in ["check", "consent"] {
        assert_eq!(host.post(&format!("{PATH}/{call}"), &json!({})).await.status(), 200, "{call}");
    }
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.status(), 200);
}

#[tokio::test]
async fn a_record_that_cannot_be_opened_is_said_to_be_so_and_is_kept() {
    let mut host = builder().start().await;
    host.put(PATH, &echo(&json!({ "secret": "sesame", "greeting": "hi" }))).await;
    let (file, lent) = (host.directory().join("data/master.key"), host.directory().join("key"));
    std::fs::rename(&file, &lent).expect("the key is there");
    host.restart().await;
    let shown = host.get(PATH).await.json();
    let message = shown["health"]["message"].as_str().unwrap_or_default();
    assert_eq!(shown["health"]["status"], "invalid", "{shown}");
    assert!(message.contains("master.key") && message.contains("connection bot"), "{message}");
    assert_eq!((message.matches("master.key").count(), message.matches("connection bot").count()), (1, 1), "{message}");
    assert!(!file.exists(), "no other key takes its place");
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.status(), 503);
    let refused = host.put(PATH, &echo(&json!({ "secret": "open" }))).await;
    assert_eq!((refused.status(), &refused.json()["code"]), (409, &json!("connection-invalid")), "{}", refused.text());
    assert_eq!(host.put("/v1/connections/new", &echo(&json!({}))).await.status(), 503);
    std::fs::rename(&lent, &file).expect("it can be brought back");
    for (mode, way_out) in [(0o644, Some("chmod 600")), (0o600, None)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("it is ours");
        host.restart().await;
        let health = host.get(PATH).await.json()["health"].clone();
        assert_eq!(health["status"] == "invalid", way_out.is_some(), "{health}");
        assert!(health.to_string().contains(way_out.unwrap_or_default()), "{health}");
    }
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.json()["greeting"], "hi");
}
