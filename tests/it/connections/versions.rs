//! Connections and the versions of their plugin.

use std::fs;

use hookyard_tests::another_version::AnotherVersion;
use hookyard_tests::guests;
use hookyard_tests::host::TestHost;
use hookyard_tests::provider::Provider;
use serde_json::{Value, json};

use super::{builder, echo, webhook};

/// Puts another version of the plugin into its directory and waits until it serves.
async fn swap(host: &TestHost, component: Vec<u8>, version: &str) {
    let plugins = &host.running().host.plugins;
    let mut changes = plugins.changes();
    fs::write(host.directory().join("plugins/echo.wasm"), component).expect("can be written");
    plugins.rescan();
    let serves = |catalogue: &std::sync::Arc<hookyard_server::plugins::Catalogue>| {
        catalogue.serving().any(|plugin| plugin.manifest.version == version)
    };
    changes.wait_for(serves).await.expect("the plugins are followed");
}

/// The connection, once it shows this.
async fn shows(host: &TestHost, id: &str, member: &str, value: &Value) -> Value {
    loop {
        let shown = host.get(&format!("/v1/connections/{id}")).await.json();
        if shown[member] == *value {
            return shown;
        }
        tokio::task::yield_now().await;
    }
}

async fn put(host: &TestHost, id: &str, config: &Value) {
    let reply = host.put(&format!("/v1/connections/{id}"), &echo(config)).await;
    assert_eq!(reply.status(), 201, "{}", reply.text());
}

async fn consent(host: &TestHost, id: &str, body: &Value) -> hookyard_tests::http::Reply {
    host.post(&format!("/v1/connections/{id}/consent"), body).await
}

#[tokio::test]
async fn a_version_that_asks_for_more_and_comes_after_a_removal_leaves_connections_on_the_one_they_had() {
    for restarted in [false, true] {
        let mut host = builder().start().await;
        put(&host, "bot", &json!({ "secret": "sesame" })).await;
        fs::remove_file(host.directory().join("plugins/echo.wasm")).expect("can be removed");
        host.wait_for_plugin("echo", None).await;
        shows(&host, "bot", "plugin_version", &Value::Null).await;
        if restarted {
            host.restart().await;
        }
        let asks_more = AnotherVersion::of(guests::ECHO).version("0.2.0").text("granted.example", "grabbed.example");
        swap(&host, asks_more.bytes(), "0.2.0").await;
        let shown = shows(&host, "bot", "pending_version", &json!("0.2.0")).await;
        assert_eq!(shown["plugin_version"], "0.1.0", "{shown}");
        assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.status(), 200);
    }
}

#[tokio::test]
async fn a_version_that_asks_for_more_leaves_a_connection_on_the_one_it_has_until_the_operator_consents() {
    let host = builder().start().await;
    for id in ["bot", "other"] {
        put(&host, id, &json!({ "secret": "sesame" })).await;
    }
    let asks_more = AnotherVersion::of(guests::ECHO).version("0.2.0").text("granted.example", "grabbed.example");
    swap(&host, asks_more.bytes(), "0.2.0").await;
    for id in ["bot", "other"] {
        let shown = shows(&host, id, "pending_version", &json!("0.2.0")).await;
        assert_eq!(shown["plugin_version"], "0.1.0", "{shown}");
        assert!(shown["needs_consent"].as_str().is_some_and(|text| text.contains("*.grabbed.example")), "{shown}");
        assert!(shown["may_reach"].to_string().contains("*.granted.example"), "it works fully: {shown}");
        assert_eq!(webhook(&host, id, "sesame", &json!({})).await.status(), 200);
    }
    put(&host, "new", &json!({})).await;
    assert_eq!(shows(&host, "new", "plugin_version", &json!("0.2.0")).await.get("needs_consent"), None);

    let moved = consent(&host, "other", &json!({ "version": "0.1.0" })).await;
    assert_eq!((moved.status(), &moved.json()["code"]), (409, &json!("version-moved")), "{}", moved.text());
    let consented = consent(&host, "other", &json!({ "version": "0.2.0" })).await.json();
    assert_eq!((&consented["plugin_version"], consented.get("pending_version")), (&json!("0.2.0"), None));
    assert!(consented["may_reach"].to_string().contains("*.grabbed.example"), "{consented}");
    let checked = host.post("/v1/connections/bot/check", &json!({})).await.json();
    assert_eq!((&checked["plugin_version"], &checked["health"]["code"]), (&json!("0.1.0"), &json!("needs-consent")));
    // A change of the config consents to nothing.
    let changed = host.patch("/v1/connections/bot", &json!({ "config": { "greeting": "hi" } })).await.json();
    assert_eq!((&changed["plugin_version"], &changed["pending_version"]), (&json!("0.1.0"), &json!("0.2.0")));
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.json()["greeting"], "hi");
}

#[tokio::test]
async fn a_version_that_refuses_the_config_leaves_a_connection_on_the_one_it_has_until_it_is_changed() {
    let host = builder().start().await;
    put(&host, "bot", &json!({ "secret": "sesame", "greeting": "hi" })).await;
    put(&host, "other", &json!({ "secret": "sesame" })).await;
    let refuses = AnotherVersion::of(guests::ECHO).version("0.2.0").text("greeting", "grooting");
    swap(&host, refuses.bytes(), "0.2.0").await;
    assert_eq!(shows(&host, "other", "plugin_version", &json!("0.2.0")).await.get("needs_config"), None);
    let shown = shows(&host, "bot", "pending_version", &json!("0.2.0")).await;
    assert_eq!((&shown["plugin_version"], shown.get("needs_consent")), (&json!("0.1.0"), None), "{shown}");
    assert!(shown["needs_config"].as_str().is_some_and(|text| text.contains("greeting")), "{shown}");
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.json()["greeting"], "hi");
    let checked = host.post("/v1/connections/bot/check", &json!({})).await.json();
    assert_eq!(checked["health"]["code"], "needs-config", "{checked}");

    let neither = host.patch("/v1/connections/bot", &json!({ "config": { "colour": "red" } })).await;
    assert_eq!(neither.status(), 422, "{}", neither.text());
    let changed = host.patch("/v1/connections/bot", &json!({ "config": { "greeting": null } })).await;
    assert_eq!(changed.status(), 200, "{}", changed.text());
    let changed = changed.json();
    assert_eq!((&changed["plugin_version"], changed.get("needs_config")), (&json!("0.2.0"), None), "{changed}");
    assert_eq!(changed["config"], json!({ "secret": { "set": true } }), "its secret is there still");
    // The code of this made-up version knows its own property by the old name, and gets no further than that.
    let answers = [webhook(&host, "bot", "sesame", &json!({})).await, webhook(&host, "bot", "wrong", &json!({})).await];
    assert_eq!(answers.map(|answer| answer.status()), [202, 401]);
}

#[tokio::test]
async fn a_connection_that_moves_on_keeps_its_health_until_it_is_activated() {
    let provider = Provider::start().await;
    provider.answer("/activate", 200, "");
    let host = builder().start().await;
    put(&host, "bot", &json!({ "base": provider.base(), "greeting": "hi" })).await;
    provider.asked("/activate", 1).await;
    let before = host.post("/v1/connections/bot/check", &json!({})).await.json();
    assert_eq!((&before["health"]["status"], &before["setup"]), (&json!("healthy"), &json!(["Say hi."])));
    host.advance(std::time::Duration::from_secs(60));
    let asked = provider.times_asked("/activate");
    swap(&host, AnotherVersion::of(guests::ECHO).version("0.2.0").bytes(), "0.2.0").await;
    let shown = shows(&host, "bot", "plugin_version", &json!("0.2.0")).await;
    assert_eq!((&shown["health"], &shown["setup"]), (&before["health"], &before["setup"]));
    provider.asked("/activate", asked + 1).await;
}

#[tokio::test]
async fn a_plugin_that_comes_later_makes_its_connections_work() {
    let host = hookyard_tests::host::Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .config("[connections.bot]\nplugin = \"echo\"\nconfig = { secret = \"sesame\" }")
        .start()
        .await;
    let shown = host.get("/v1/connections/bot").await.json();
    assert!(
        shown["health"]["message"].as_str().is_some_and(|text| text.contains("no plugin echo is loaded")),
        "{shown}"
    );
    swap(&host, AnotherVersion::of(guests::ECHO).bytes(), "0.1.0").await;
    shows(&host, "bot", "plugin_version", &json!("0.1.0")).await;
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.status(), 200);
}
