//! What signs deliveries, and what the operator adds to them, lies on disk only under the key of the host.

use std::fs;
use std::path::Path;

use hookyard_tests::receiver::Receiver;
use serde_json::json;

use super::{create, document, get, host, path};

const HEADER: &str = "s3cret-header-value";

fn is_in_a_file(directory: &Path, text: &str) -> bool {
    let entries = fs::read_dir(directory).expect("readable").map(|entry| entry.expect("readable").path());
    let mut paths = entries.filter(|path| path.is_dir() || path.is_file());
    paths.any(|path| match path.is_dir() {
        true => is_in_a_file(&path, text),
        false => fs::read(&path).expect("readable").windows(text.len()).any(|window| window == text.as_bytes()),
    })
}

#[tokio::test]
async fn nothing_secret_of_a_subscription_lies_on_disk_or_in_an_answer() {
    let (receiver, host) = (Receiver::start().await, host("").await);
    let mut wanted = document(&receiver, "/a-path-of-the-definition");
    wanted["endpoint"]["headers"] = json!({ "authorization": HEADER });
    let made = create(&host, &wanted).await;
    let secret = made["secret"].as_str().expect("shown once").to_owned();
    let rotated = host.post(&format!("{}/rotate-secret", path(&made)), &json!({})).await.json();
    let other = rotated["secret"].as_str().expect("shown once").to_owned();
    for answer in [get(&host, &path(&made)).await, get(&host, "/v1/subscriptions").await] {
        let text = answer.to_string();
        assert!(!text.contains("whsec_") && !text.contains(HEADER), "{text}");
    }
    let directory = host.stop().await;
    let data = directory.path().join("data");
    for text in [secret.as_str(), other.as_str(), HEADER, "a-path-of-the-definition"] {
        assert!(!is_in_a_file(&data, text.strip_prefix("whsec_").unwrap_or(text)), "{text}");
    }
    assert!(is_in_a_file(&data, made["id"].as_str().expect("an id")), "the search finds what is there");
}

#[tokio::test]
async fn without_the_key_a_subscription_is_invalid_and_stays_as_it_is() {
    let (receiver, mut host) = (Receiver::start().await, host("").await);
    let made = create(&host, &document(&receiver, "/hook")).await;
    let kept = host.directory().join("master.key.kept");
    host.restart_after(|directory| fs::rename(directory.join("data/master.key"), &kept).expect("can be moved")).await;
    let shown = get(&host, &path(&made)).await;
    assert_eq!(shown["state"], "invalid");
    assert!(shown["problems"][0].as_str().is_some_and(|problem| problem.contains("master.key")), "{shown}");
    let refused = host.post("/v1/subscriptions", &document(&receiver, "/other")).await;
    assert_eq!((refused.status(), refused.json()["code"].clone()), (503, json!("unavailable")));
    let refused = host.patch(&path(&made), &json!({ "enabled": false })).await;
    assert_eq!((refused.status(), refused.json()["code"].clone()), (409, json!("subscription-invalid")));
    let kept = host.directory().join("master.key.kept");
    host.restart_after(|directory| fs::rename(&kept, directory.join("data/master.key")).expect("can be moved")).await;
    super::emit(&host, "a").await;
    assert!(super::is_signed_with(&receiver.until("/hook", 1).await[0], &made["secret"]));
}
