//! A thousand clients follow the event log at a time, by stream and by long poll, and each of them gets all of it.

use std::sync::Arc;

use hookyard_tests::followers::{poll, room_for_sockets, stream};
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use http::Request;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Followers of each of the two kinds.
const OF_EACH_KIND: usize = 500;
/// Events that they get.
const EVENTS: usize = 30;

async fn host() -> TestHost {
    let config = "[connections.bot]\nplugin = \"echo\"\nconfig = { secret = \"sesame\" }";
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO).config(config).start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_followers_get_every_event_once_and_in_order() {
    room_for_sockets();
    let host = host().await;
    let newest = host.get("/v1/events?limit=1000").await.json()["next"].as_str().expect("a text").to_owned();
    let begun = Arc::new(Barrier::new(OF_EACH_KIND + 1));
    let mut followers = JoinSet::new();
    for _ in 0..OF_EACH_KIND {
        followers.spawn(stream(host.address(), EVENTS, Arc::clone(&begun)));
        followers.spawn(poll(host.address(), EVENTS, newest.clone()));
    }
    begun.wait().await;
    for number in 0..EVENTS {
        let body = json!({ "do": [{ "emit": { "subject": "s", "data": number } }] }).to_string();
        let request = Request::post("/webhooks/bot").header("x-echo-token", "sesame");
        assert_eq!(host.send(request, body).await.status(), 200);
    }
    let events = host.events().await;
    let expected: Vec<_> = events.iter().map(|event| event["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(expected.len(), EVENTS);
    let mut complete = 0;
    while let Some(ids) = followers.join_next().await {
        assert_eq!(ids.expect("no panic").expect("it follows"), expected);
        complete += 1;
    }
    assert_eq!(complete, 2 * OF_EACH_KIND);
}
