//! A living directory: what is put into it serves, what is broken changes nothing and says why, also across restarts.

use std::fs::{self, File};
use std::io::Write as _;

use hookyard_server::plugins::FileState;
use hookyard_tests::another_version::AnotherVersion;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::provider::Provider;
use http::Request;
use serde_json::{Value, json};

const BOT: &str = "[connections.bot]\nplugin = \"echo\"\nconfig = { secret = \"sesame\" }";

fn echo(version: &str) -> Vec<u8> {
    AnotherVersion::of(guests::ECHO).version(version).bytes()
}

/// Another build of the same version.
fn echo_built_again(version: &str) -> Vec<u8> {
    AnotherVersion::of(guests::ECHO).version(version).text("granted.example", "gr4nted.example").bytes()
}

fn empty() -> Builder {
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).config(BOT)
}

async fn with_echo() -> TestHost {
    empty().plugin_bytes("echo.wasm", &echo("0.1.0")).start().await
}

fn webhook() -> http::request::Builder {
    Request::post("/webhooks/bot").header("x-echo-token", "sesame")
}

async fn serves(host: &TestHost) -> bool {
    host.send(webhook(), "{}").await.status() == 200
}

async fn plugin(host: &TestHost) -> Value {
    let reply = host.get("/v1/plugins/echo").await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()
}

async fn events(host: &TestHost, kind: &str) -> Vec<Value> {
    host.host_events(&format!("hookyard.plugin.{kind}")).await
}

fn kept_components(host: &TestHost) -> usize {
    let kept = fs::read_dir(host.directory().join("data/components")).expect("components are kept");
    kept.count()
}

#[tokio::test]
async fn what_is_dropped_in_serves_without_a_restart() {
    let host = empty().start().await;
    assert_eq!(host.get("/v1/plugins").await.json(), json!({ "plugins": [] }));
    assert_eq!(host.send(webhook(), "{}").await.status(), 503);
    host.put_plugin("echo.wasm", &echo("0.1.0"));
    let file = host.wait_for_file("echo.wasm", FileState::Serving).await;
    assert_eq!(file.plugin.map(|plugin| plugin.to_string()).as_deref(), Some("echo@0.1.0"));
    let shown = plugin(&host).await;
    assert_eq!((&shown["state"], &shown["version"]), (&json!("serving"), &json!("0.1.0")), "{shown}");
    assert_eq!((&shown["pinned"], shown.get("previous")), (&json!(false), None), "{shown}");
}

#[tokio::test]
async fn a_directory_that_comes_into_being_later_is_found() {
    let host = empty().start().await;
    let directory = host.directory().join("plugins");
    fs::remove_dir_all(&directory).expect("can be removed");
    fs::create_dir(&directory).expect("can be made");
    host.put_plugin("echo.wasm", &echo("0.1.0"));
    host.wait_for_plugin("echo", Some("0.1.0")).await;
}

#[tokio::test]
async fn a_replaced_file_takes_over_and_the_version_before_stays_at_hand() {
    let host = with_echo().await;
    host.put_plugin("echo.wasm", &echo("0.1.1"));
    host.wait_for_plugin("echo", Some("0.1.1")).await;
    let shown = plugin(&host).await;
    assert_eq!(shown["previous"]["version"], "0.1.0", "{shown}");
    assert!(serves(&host).await);
    // A lower version at the same path is the operator's will; so is a new build of the same.
    host.put_plugin("echo.wasm", &echo("0.0.9"));
    host.wait_for_plugin("echo", Some("0.0.9")).await;
    host.put_plugin("echo.wasm", &echo_built_again("0.0.9"));
    let built_again = hookyard_domain::plugin::ContentHash::of(&echo_built_again("0.0.9"));
    let mut changes = host.running().host.plugins.changes();
    let name = "echo".parse().expect("a name");
    let is_it = |plugin: &std::sync::Arc<hookyard_server::plugins::Plugin>| plugin.content() == built_again;
    changes.wait_for(|catalogue| catalogue.get(&name).is_some_and(is_it)).await.expect("it is followed");
    assert!(serves(&host).await);
}

#[tokio::test]
async fn a_broken_file_replaces_nothing_and_says_why_everywhere_across_restarts() {
    let mut host = with_echo().await;
    host.put_plugin("echo.wasm", b"hello");
    let file = host.wait_for_file("echo.wasm", FileState::Rejected).await;
    assert!(file.reason.expect("a reason").contains("WebAssembly"));
    for _ in 0..2 {
        assert!(serves(&host).await);
        let shown = plugin(&host).await;
        assert_eq!((&shown["version"], &shown["state"]), (&json!("0.1.0"), &json!("serving")));
        assert!(shown["last_error"].as_str().is_some_and(|error| error.contains("WebAssembly")), "{shown}");
        let list = host.get("/v1/plugins").await.json();
        assert_eq!(list["plugins"][1]["state"], "rejected", "{list}");
        assert!(list["plugins"][1]["last_error"].as_str().is_some_and(|error| error.contains("WebAssembly")), "{list}");
        host.restart().await;
    }
    let told = events(&host, "rejected").await;
    assert_eq!(told.len(), 1, "once for each content, restarts included: {told:?}");
    assert_eq!((&told[0]["source"], &told[0]["subject"]), (&json!("/host"), &json!("echo.wasm")));
    assert_eq!((told[0].get("connection"), told[0].get("plugin")), (None, None));
    let data = &told[0]["data"];
    assert_eq!((&data["file"], &data["serving"]), (&json!("echo.wasm"), &json!("echo@0.1.0")), "{data}");
    assert_eq!(data["sha256"].as_str().map(str::len), Some(64), "{data}");
    host.put_plugin("echo.wasm", &echo("0.1.1"));
    host.wait_for_plugin("echo", Some("0.1.1")).await;
    assert_eq!(plugin(&host).await.get("last_error"), None);
}

#[tokio::test]
async fn a_copy_in_pieces_takes_over_when_it_is_whole() {
    let host = with_echo().await;
    let bytes = echo("0.1.1");
    let (half, rest) = bytes.split_at(bytes.len() / 2);
    let mut file = File::create(host.directory().join("plugins/echo.wasm")).expect("can be made");
    file.write_all(half).expect("can be written");
    let rejected = host.wait_for_file("echo.wasm", FileState::Rejected).await;
    assert!(rejected.reason.is_some());
    assert!(serves(&host).await, "what served goes on");
    assert_eq!(plugin(&host).await["version"], "0.1.0");
    file.write_all(rest).expect("can be written");
    host.wait_for_plugin("echo", Some("0.1.1")).await;
    host.wait_for_file("echo.wasm", FileState::Serving).await;
}

#[tokio::test]
async fn of_two_files_the_higher_version_serves_and_the_same_version_is_refused() {
    let host = with_echo().await;
    host.put_plugin("second.wasm", &echo("0.1.1"));
    host.wait_for_plugin("echo", Some("0.1.1")).await;
    let first = host.wait_for_file("echo.wasm", FileState::Superseded).await;
    assert_eq!(first.reason.as_deref(), Some("echo@0.1.1 of second.wasm is newer and serves"));
    host.put_plugin("third.wasm", &echo_built_again("0.1.1"));
    let third = host.wait_for_file("third.wasm", FileState::Rejected).await;
    assert_eq!(third.reason.as_deref(), Some("echo@0.1.1: echo@0.1.1 of second.wasm serves already"));
    fs::remove_file(host.directory().join("plugins/third.wasm")).expect("can be removed");
    fs::remove_file(host.directory().join("plugins/second.wasm")).expect("can be removed");
    host.wait_for_plugin("echo", Some("0.1.0")).await;
    assert!(serves(&host).await);
}

#[tokio::test]
async fn a_renamed_file_serves_on_and_is_refused_at_no_moment() {
    let host = with_echo().await;
    let plugins = host.directory().join("plugins");
    fs::rename(plugins.join("echo.wasm"), plugins.join("renamed.wasm")).expect("can be renamed");
    host.wait_for_file("renamed.wasm", FileState::Serving).await;
    let file = plugin(&host).await["file"].as_str().expect("a file").to_owned();
    assert!(file.ends_with("plugins/renamed.wasm"), "{file}");
    assert_eq!(events(&host, "rejected").await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_plugin_without_a_file_is_removed_and_comes_back_with_one() {
    let mut host = with_echo().await;
    fs::remove_file(host.directory().join("plugins/echo.wasm")).expect("can be removed");
    host.wait_for_plugin("echo", None).await;
    assert_eq!(host.get("/v1/plugins/echo").await.status(), 404);
    host.restart().await;
    assert_eq!(host.get("/v1/plugins/echo").await.status(), 404);
    host.put_plugin("echo.wasm", &echo("0.1.0"));
    host.wait_for_plugin("echo", Some("0.1.0")).await;
}

#[tokio::test]
async fn what_is_pinned_serves_whatever_the_files_say_until_it_is_released() {
    let mut host = with_echo().await;
    let pinned = host.post("/v1/plugins/echo/pin", &json!({})).await;
    assert_eq!((pinned.status(), &pinned.json()["pinned"]), (200, &json!(true)), "{}", pinned.text());
    host.put_plugin("echo.wasm", &echo("0.1.1"));
    let file = host.wait_for_file("echo.wasm", FileState::Superseded).await;
    assert_eq!(file.reason.as_deref(), Some("echo@0.1.0 is pinned and serves"));
    host.restart().await;
    assert_eq!(plugin(&host).await["version"], "0.1.0");
    let back = host.post("/v1/plugins/echo/rollback", &json!({})).await;
    assert_eq!((back.status(), &back.json()["code"]), (409, &json!("plugin-pinned")));
    let other = host.post("/v1/plugins/echo/pin", &json!({ "version": "0.1.1" })).await.json();
    assert_eq!((&other["version"], &other["pinned"]), (&json!("0.1.1"), &json!(true)), "{other}");
    let unknown = host.post("/v1/plugins/echo/pin", &json!({ "version": "9.0.0" })).await;
    assert_eq!(unknown.status(), 422, "{}", unknown.text());
    assert!(unknown.text().contains("there is 0.1.1, 0.1.0"), "{}", unknown.text());
    let again = host.post("/v1/plugins/echo/pin", &json!({ "version": "0.1.0" })).await.json();
    assert_eq!(again["version"], "0.1.0", "{again}");
    let released = host.post("/v1/plugins/echo/unpin", &json!({})).await.json();
    assert_eq!((&released["version"], &released["pinned"]), (&json!("0.1.1"), &json!(false)), "{released}");
    assert_eq!(host.post("/v1/plugins/nobody/pin", &json!({})).await.status(), 404);
}

#[tokio::test]
async fn a_rollback_holds_back_what_it_left_until_another_content_comes() {
    let mut host = with_echo().await;
    let none = host.post("/v1/plugins/echo/rollback", &json!({})).await;
    assert_eq!((none.status(), &none.json()["code"]), (409, &json!("no-previous-version")));
    host.put_plugin("echo.wasm", &echo("0.1.1"));
    host.wait_for_plugin("echo", Some("0.1.1")).await;
    let back = host.post("/v1/plugins/echo/rollback", &json!({})).await.json();
    assert_eq!((&back["version"], back.get("previous")), (&json!("0.1.0"), None), "{back}");
    assert_eq!(back["held_back"].as_array().map(Vec::len), Some(1), "{back}");
    let told = events(&host, "rolled-back").await;
    let data = &told[0]["data"];
    assert_eq!((&data["from"], &data["to"], &data["reason"]), (&json!("0.1.1"), &json!("0.1.0"), &json!("operator")));
    host.restart().await;
    assert_eq!(plugin(&host).await["version"], "0.1.0");
    assert!(serves(&host).await);
    host.wait_for_file("echo.wasm", FileState::Superseded).await;
    host.put_plugin("echo.wasm", &echo_built_again("0.1.1"));
    host.wait_for_plugin("echo", Some("0.1.1")).await;
}

#[tokio::test]
async fn a_version_that_fails_far_more_than_the_one_before_goes_back_by_itself() {
    let host = with_echo().await;
    for _ in 0..20 {
        assert!(serves(&host).await);
    }
    host.put_plugin("echo.wasm", &echo("0.1.1"));
    host.wait_for_plugin("echo", Some("0.1.1")).await;
    let mut catalogue = host.running().host.plugins.changes();
    let name = "echo".parse().expect("a name");
    while catalogue.borrow().get(&name).is_some_and(|plugin| plugin.manifest.version == "0.1.1") {
        host.send(webhook(), r#"{"do": [{"panic": {"message": "no"}}]}"#).await;
    }
    catalogue.borrow_and_update();
    let told = loop {
        match events(&host, "rolled-back").await.pop() {
            Some(told) => break told,
            None => tokio::task::yield_now().await,
        }
    };
    assert_eq!((&told["data"]["reason"], &told["data"]["to"]), (&json!("failures"), &json!("0.1.0")), "{told}");
    assert!(serves(&host).await);
}

#[tokio::test]
async fn a_request_in_flight_ends_on_the_version_that_it_began_with() {
    let provider = Provider::start().await;
    provider.answer("/activate", 200, "");
    let config = format!(
        "[connections.bot]\nplugin = \"echo\"\nconfig = {{ secret = \"sesame\", base = \"{}\" }}\n\
         grants = {{ private_addresses = [\"127.0.0.1/32\"] }}",
        provider.base()
    );
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO).config(&config).start().await;
    let script = json!({ "do": [
        { "fetch": { "url": format!("{}/gate", provider.base()) } }, { "emit": { "data": "slow" } },
    ]});
    let (slow, ()) = tokio::join!(host.send(webhook(), script.to_string()), async {
        provider.asked("/gate", 1).await;
        host.put_plugin("echo.wasm", &echo("0.1.1"));
        host.wait_for_plugin("echo", Some("0.1.1")).await;
        // The connection has moved on when a webhook is handled by the new version.
        let moved = || async {
            host.send(webhook(), r#"{"do": [{"emit": {"data": "quick"}}]}"#).await;
            host.events().await.iter().any(|event| event["plugin"] == "echo@0.1.1")
        };
        while !moved().await {}
        provider.open();
    });
    assert_eq!(slow.status(), 200, "{}", slow.text());
    let events = host.events().await;
    let of_slow = events.iter().find(|event| event["data"] == "slow").expect("it was handled");
    assert_eq!(of_slow["plugin"], "echo@0.1.0");
}

#[tokio::test]
async fn what_nobody_needs_any_more_is_not_kept() {
    let host = with_echo().await;
    for version in ["0.1.1", "0.1.2", "0.1.3", "0.1.4"] {
        host.put_plugin("echo.wasm", &echo(version));
        host.wait_for_plugin("echo", Some(version)).await;
        assert!(serves(&host).await);
    }
    while kept_components(&host) > 2 {
        tokio::task::yield_now().await;
    }
    let kept = plugin(&host).await["kept"].as_array().map(Vec::len);
    assert_eq!(kept, Some(1), "the one before, for a rollback");
}

#[tokio::test]
async fn versions_are_let_go_also_where_no_connection_works_with_them() {
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin_bytes("echo.wasm", &echo("0.1.0")).start().await;
    for version in ["0.1.1", "0.1.2", "0.1.3", "0.1.4"] {
        host.put_plugin("echo.wasm", &echo(version));
        host.wait_for_plugin("echo", Some(version)).await;
    }
    while kept_components(&host) > 2 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_read_at_a_start_changes_nothing() {
    let mut host = with_echo().await;
    host.post("/v1/plugins/echo/pin", &json!({})).await;
    host.restart_after(|directory| {
        fs::rename(directory.join("plugins"), directory.join("aside")).expect("can be renamed");
        fs::write(directory.join("plugins"), "no directory").expect("can be written");
    })
    .await;
    let shown = plugin(&host).await;
    assert_eq!((&shown["version"], &shown["pinned"]), (&json!("0.1.0"), &json!(true)), "{shown}");
    assert!(serves(&host).await);
    host.restart_after(|directory| {
        fs::remove_file(directory.join("plugins")).expect("can be removed");
        fs::rename(directory.join("aside"), directory.join("plugins")).expect("can be renamed");
    })
    .await;
    assert_eq!(plugin(&host).await["pinned"], true);
}

#[tokio::test]
async fn what_serves_and_was_lost_from_the_data_directory_is_kept_again() {
    let mut host = with_echo().await;
    let lose = |directory: &std::path::Path| {
        fs::remove_dir_all(directory.join("data/components")).expect("can be removed");
    };
    host.restart_after(lose).await;
    assert_eq!(kept_components(&host), 1);
    let break_it = |directory: &std::path::Path| {
        fs::write(directory.join("plugins/echo.wasm"), "hello").expect("can be written");
    };
    host.restart_after(break_it).await;
    assert!(serves(&host).await);
}

#[tokio::test]
async fn what_was_rolled_back_stays_so_although_nothing_else_can_serve_any_more() {
    let mut host = with_echo().await;
    host.put_plugin("echo.wasm", &echo("0.1.1"));
    host.wait_for_plugin("echo", Some("0.1.1")).await;
    host.post("/v1/plugins/echo/rollback", &json!({})).await;
    let lose = |directory: &std::path::Path| {
        fs::remove_dir_all(directory.join("data/components")).expect("can be removed");
        fs::write(directory.join("plugins/echo.wasm"), "hello").expect("can be written");
    };
    host.restart_after(lose).await;
    assert_eq!(host.get("/v1/plugins/echo").await.status(), 404);
    host.put_plugin("echo.wasm", &echo("0.1.1"));
    let file = host.wait_for_file("echo.wasm", FileState::Superseded).await;
    let reason = "echo@0.1.1 was rolled back, and no other version is here: add one, or unpin echo";
    assert_eq!(file.reason.as_deref(), Some(reason));
    assert_eq!(host.post("/v1/plugins/echo/unpin", &json!({})).await.status(), 200);
    assert_eq!(plugin(&host).await["version"], "0.1.1");
}

#[tokio::test]
async fn a_rollback_that_another_file_takes_over_from_says_which_version_serves() {
    let host = with_echo().await;
    host.put_plugin("echo.wasm", &echo("0.1.2"));
    host.wait_for_plugin("echo", Some("0.1.2")).await;
    host.put_plugin("second.wasm", &echo("0.1.1"));
    host.wait_for_file("second.wasm", FileState::Superseded).await;
    let back = host.post("/v1/plugins/echo/rollback", &json!({})).await.json();
    assert_eq!(back["version"], "0.1.1", "{back}");
    assert_eq!(events(&host, "rolled-back").await[0]["data"]["to"], "0.1.1");
}

#[tokio::test]
async fn a_swap_that_cannot_be_kept_does_not_happen_and_is_tried_again() {
    let host = with_echo().await;
    let components = host.directory().join("data/components");
    let aside = host.directory().join("data/aside");
    fs::rename(&components, &aside).expect("can be renamed");
    fs::write(&components, "in the way").expect("can be written");
    host.put_plugin("echo.wasm", &echo("0.1.1"));
    let file = host.wait_for_file("echo.wasm", FileState::Rejected).await;
    assert!(file.reason.as_deref().is_some_and(|reason| reason.starts_with("it cannot take over: ")), "{file:?}");
    assert!(serves(&host).await);
    assert_eq!(plugin(&host).await["version"], "0.1.0");
    fs::remove_file(&components).expect("can be removed");
    fs::rename(&aside, &components).expect("can be renamed");
    host.wait_for_plugin("echo", Some("0.1.1")).await;
    assert_eq!(events(&host, "rejected").await, [] as [Value; 0], "nothing is wrong with the file");
}
