//! What was released stays as it was, and guests that were built for it go on.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use hookyard_tests::guests::contract::RELEASED;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::wit_freeze::{Contract, changes, version};
use http::Request;
use serde_json::json;

use super::{released, wit};

/// What a directory holds of a contract: its `.wit` files and the schema of manifests.
fn files(directory: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(directory).expect("a contract can be listed");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let names = names.filter(|name| name.ends_with(".wit") || name == "manifest.schema.json");
    names.map(|name| (name.clone(), fs::read_to_string(directory.join(name)).expect("text"))).collect()
}

#[test]
fn while_its_version_is_a_released_one_the_contract_is_that_release_to_the_letter() {
    let version = version(&wit()).expect("the contract has a version");
    let Some((_, release)) = released().into_iter().find(|(released, _)| *released == version) else { return };
    let (frozen, now) = (files(&release), files(&wit()));
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&now), names(&frozen));
    for (name, text) in &frozen {
        assert!(now[name] == *text, "wit/{name} was released as {version}: a change of it needs a higher version");
    }
}

#[test]
fn the_contract_links_guests_of_every_release() {
    let now = Contract::read(&wit()).expect("the contract parses");
    for (version, path) in released() {
        let frozen = Contract::read(&path).expect("a released contract parses");
        assert_eq!(now.breaks(&frozen), Vec::<String>::new(), "guests of {version}");
    }
}

#[test]
fn whatever_a_change_takes_from_guests_of_a_release_is_noticed() {
    for (version, path) in released() {
        let frozen = Contract::read(&path).expect("a released contract parses");
        let changes = changes::breaking(&path).expect("a released contract parses");
        assert!(changes.len() > 100, "{version} has more than {} places to break", changes.len());
        for changed in changes {
            assert!(!changed.contract.breaks(&frozen).is_empty(), "{version}, unnoticed: {}", changed.what);
        }
    }
}

#[test]
fn what_a_release_may_grow_by_is_let_through() {
    for (version, path) in released() {
        let frozen = Contract::read(&path).expect("a released contract parses");
        let changes = changes::growing(&path).expect("a released contract parses");
        assert!(!changes.is_empty(), "{version} has imports");
        for changed in changes {
            assert_eq!(changed.contract.breaks(&frozen), Vec::<String>::new(), "{version}: {}", changed.what);
            assert_ne!(changed.contract, frozen, "{version}: {}", changed.what);
        }
    }
}

#[test]
fn every_release_has_a_guest_that_exports_and_calls_all_of_it() {
    let guests = RELEASED.map(|(version, _)| version.to_owned()).to_vec();
    assert_eq!(guests, released().into_iter().map(|(version, _)| version).collect::<Vec<_>>());
    for ((version, component), (_, path)) in RELEASED.into_iter().zip(released()) {
        let frozen = Contract::read(&path).expect("a released contract parses");
        let component = fs::read(component).expect("the guest was built");
        let guest = Contract::of_component(&component).expect("the guest is a component");
        assert_eq!(frozen.unused_by(&guest), Vec::<String>::new(), "the guest of {version}");
    }
}

async fn host_with(component: &str) -> TestHost {
    let connection = "[connections.old]\nplugin = \"released\"\nconfig = { secret = \"sesame\" }";
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(component).config(connection).start().await;
    assert!(host.running().host.plugins.catalogue().rejected().is_empty());
    host
}

#[tokio::test]
async fn guests_of_every_release_do_what_they_did() {
    for (version, component) in RELEASED {
        let host = host_with(component).await;
        let checked = host.post("/v1/connections/old/check", &json!({})).await.json();
        assert_eq!(checked["setup"], json!(["Say hello."]), "{version}");

        let reply = host.call("old", "call-everything", &json!({ "n": 1 })).await;
        assert_eq!(reply.status(), 200, "{version}: {}", reply.text());
        let seen = [
            "Some(1) 1",
            "counter 2",
            "a+counter",
            "true true true true 1",
            "denied",
            "denied",
            "invalid",
            "invalid",
            "32 20 invalid 7",
        ];
        assert_eq!(reply.json(), json!({ "name": "call-everything", "input": { "n": 1 }, "seen": seen }), "{version}");

        let webhook = Request::post("/webhooks/old").header("x-token", "sesame");
        let reply = host.send(webhook, "as it was").await;
        assert_eq!((reply.status(), reply.text().as_str()), (200, "as it was"), "{version}");
        host.advance(Duration::from_secs(60));
        let subjects = subjects(&host, 2).await;
        assert_eq!(subjects, ["webhook", "later 19"], "{version}");
    }
}

/// The subjects of the plugin's events, once there are so many.
async fn subjects(host: &TestHost, events: usize) -> Vec<String> {
    loop {
        let mut all = host.events().await;
        all.retain(|event| event["type"] == "released.thing.happened");
        if all.len() >= events {
            return all.iter().map(|event| event["subject"].as_str().unwrap_or_default().to_owned()).collect();
        }
        tokio::task::yield_now().await;
    }
}
