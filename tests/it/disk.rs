//! A host whose disk fails: nothing that was acknowledged is lost, and it goes on by itself once the disk does.

use std::time::Duration;

use hookyard_domain::clock::Clock as _;
use hookyard_domain::commit::{Commit, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::id::WebhookId;
use hookyard_domain::inbox::{Place, Source, Standing, WebhookState};
use hookyard_domain::webhook::KeptWebhook;
use hookyard_tests::faults::Disk;
use hookyard_tests::host::{Builder, TestHost};

const BINARY: &str = env!("CARGO_BIN_EXE_hookyard");
const TRACKING_UPDATE: &str = include_str!("../vectors/a1_tracking_update.json");

async fn host(disk: &Disk) -> TestHost {
    let settings = hookyard_tests::host::SqliteSettings { vfs: Some(disk.name().to_owned()), ..Default::default() };
    Builder::new(BINARY).plugin(hookyard_tests::guests::AFTERSHIP).aftership("shop").store(settings).start().await
}

/// Sends the webhook with this id, as often as the provider would until it is acknowledged or the disk fails for good.
async fn status(host: &TestHost, id: &str) -> u16 {
    let reply = host.webhook("shop", TRACKING_UPDATE.replace("3c1d7f52-6f0e-4a53-9d0b-0a6d1c7e2b41", id)).await;
    if reply.status() == 503 {
        assert!(!reply.header("retry-after").is_empty(), "the provider is told when to send it again");
    }
    reply.status()
}

async fn ids(host: &TestHost) -> Vec<String> {
    let events = host.events().await;
    let of_shop = events.iter().filter(|event| event["connection"] == "shop");
    of_shop.map(|event| event["data"]["event_id"].as_str().expect("an id").to_owned()).collect()
}

/// The power goes while the host runs, and comes back before the next one starts.
async fn after_power_cut(host: &mut TestHost, disk: &Disk) -> Vec<String> {
    disk.cut_power();
    host.restart_after(|_| disk.restore_power()).await;
    ids(host).await
}

#[tokio::test]
async fn a_full_disk_keeps_what_was_acknowledged_and_takes_more_when_there_is_room() {
    let disk = Disk::register("host-full").expect("registers");
    let mut host = host(&disk).await;
    assert_eq!(status(&host, "a").await, 200);
    disk.set_room(Some(0));
    assert_eq!(status(&host, "b").await, 503);
    assert_eq!(host.get("/v1/connections/shop").await.status(), 200, "the rest of the host works");
    disk.set_room(None);
    assert_eq!(status(&host, "b").await, 200);
    assert_eq!(ids(&host).await, ["a", "b"]);
    assert_eq!(after_power_cut(&mut host, &disk).await, ["a", "b"]);
}

#[tokio::test]
async fn what_cannot_be_written_or_synced_is_not_acknowledged() {
    let disk = Disk::register("host-failing").expect("registers");
    let mut host = host(&disk).await;
    assert_eq!(status(&host, "a").await, 200);
    disk.fail_writes(true);
    assert_eq!(status(&host, "b").await, 503);
    disk.fail_writes(false);
    disk.fail_syncs(true);
    assert_eq!(status(&host, "c").await, 503);
    disk.fail_syncs(false);
    for id in ["b", "c", "a"] {
        assert_eq!(status(&host, id).await, 200, "{id} is sent again");
    }
    assert_eq!(after_power_cut(&mut host, &disk).await, ["a", "b", "c"]);
}

/// A webhook of `shop`, received now.
fn webhook(host: &TestHost, id: &str) -> KeptWebhook {
    let now = host.clock.now();
    KeptWebhook {
        id: WebhookId::new(now, &SeededEntropy::new(7)),
        connection: "shop".parse().expect("an id"),
        place: Place::after(Place::default(), now),
        source: Source::Provider,
        received_at: now,
        remote_address: None,
        traceparent: None,
        method: "POST".to_owned(),
        path: String::new(),
        query: String::new(),
        headers: Vec::new(),
        sensitive_headers: Vec::new(),
        body: TRACKING_UPDATE.replace("3c1d7f52-6f0e-4a53-9d0b-0a6d1c7e2b41", id).into(),
        dedupe: None,
        fresh: false,
        order_key: None,
        verified_by: "hmac".to_owned(),
    }
}

#[tokio::test]
async fn what_comes_to_light_when_the_store_was_opened_anew_is_run() {
    let disk = Disk::register("host-reopened").expect("registers");
    let host = host(&disk).await;
    // As a commit that the host had given up for lost would: nothing but the store knows of it.
    let (webhook, at) = (webhook(&host, "a"), host.clock.now());
    let (id, standing) = (webhook.id, Box::new(Standing::fresh(at)));
    let owner = Owner::Connection { id: webhook.connection.clone(), incarnation: Incarnation::default() };
    let writes = vec![Write::Keep { webhook: Box::new(webhook), standing }];
    let store = &host.running().host.store;
    store.commit(Commit { owner, at, guards: Vec::new(), writes }).await.expect("commits");
    assert_eq!(store.workload().reopened, 0);
    disk.fail_syncs(true);
    assert_eq!(status(&host, "b").await, 503);
    disk.fail_syncs(false);
    assert_eq!(status(&host, "c").await, 200);
    assert_ne!(store.workload().reopened, 0);
    while store.webhook(id).await.expect("reads").expect("is there").standing.state == WebhookState::Pending {
        host.advance(Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
    // Which of the two was first is no promise: the store may have been opened anew before the second one came.
    let mut run = ids(&host).await;
    run.sort_unstable();
    assert_eq!(run, ["a", "c"]);
}
