//! The AfterShip plugin against an AfterShip: from a shipment to the event of its conversation, and what goes wrong between.

use std::sync::Arc;
use std::time::Duration;

use hookyard_domain::clock::Clock;
use hookyard_tests::aftership::{Fake, Fault, Sender, Signature};
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, SECRET, TestHost};
use hookyard_tests::provider::Received;
use serde_json::{Value, json};

const KEY: &str = "asat_3f9c1d7e5b2a4860";

async fn host(fake: &Fake, more: &str) -> TestHost {
    start(fake, &format!(", webhook_secret = \"{SECRET}\" {more}")).await
}

async fn host_without_webhook_secret(fake: &Fake) -> TestHost {
    start(fake, "").await
}

async fn start(fake: &Fake, more: &str) -> TestHost {
    let config = format!(
        "[connections.shop]\nplugin = \"aftership\"\nconfig = {{ api_key = \"{KEY}\", api_base = \"{}\" {more} }}\n\
         grants = {{ private_addresses = [\"127.0.0.1/32\"] }}",
        fake.base_url()
    );
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::AFTERSHIP).config(&config).start().await;
    // The start activates in the background; the check waits for that, so that what is asked from here on is the test's own.
    fake.asked(1).await;
    check(&host).await;
    host
}

/// Has the connection activated, and returns it.
async fn check(host: &TestHost) -> Value {
    let reply = host.post("/v1/connections/shop/check", &json!({})).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()
}

async fn health(host: &TestHost) -> Value {
    host.get("/v1/connections/shop").await.json()["health"].clone()
}

fn sender(host: &TestHost) -> Sender {
    Sender::new(&format!("http://{}/webhooks/shop", host.address()), SECRET)
}

/// Methods and paths that the fake was asked for after the first `before` requests.
fn asked(fake: &Fake, before: usize) -> Vec<String> {
    let shown = |request: &Received| match request.query.as_str() {
        "" => format!("{} {}", request.method, request.path),
        query => format!("{} {}?{query}", request.method, request.path),
    };
    fake.requests().iter().skip(before).map(shown).collect()
}

async fn shipment_updates(host: &TestHost) -> Vec<Value> {
    let mut events = host.events().await;
    events.retain(|event| event["type"] == "aftership.shipment.updated");
    events
}

fn shipment() -> Value {
    json!({ "tracking_number": "LX4401927FR", "conversation_id": "c1" })
}

#[tokio::test]
async fn a_tracked_shipment_tells_its_conversation_when_it_moves() {
    let fake = Fake::start(KEY).await;
    let host = host(&fake, "").await;
    let tracked = host.call("shop", "track-shipment", &shipment()).await;
    assert_eq!(tracked.status(), 200, "{}", tracked.text());
    let tracked = tracked.json();
    assert_eq!((&tracked["already_existed"], &tracked["slug"]), (&json!(false), &json!("la-poste-colissimo")));
    assert_eq!(tracked["tracking"], fake.trackings()[0]);

    let id = tracked["tracking_id"].as_str().expect("an id");
    let sender = sender(&host);
    let delivered = fake.update(id, "Delivered", true);
    for not_right in [Signature::Hex, Signature::Wrong, Signature::None] {
        assert_eq!(sender.send(&delivered, not_right).await.status(), 401, "{not_right:?}");
    }
    assert!(shipment_updates(&host).await.is_empty());
    for reply in sender.repeat(&delivered, 3).await {
        assert_eq!(reply.status(), 200);
    }
    let events = host.events().await;
    let [event] = events.as_slice() else { panic!("one event: {events:?}") };
    assert_eq!((&event["type"], &event["subject"]), (&json!("aftership.shipment.updated"), &json!("c1")));
    assert_eq!((&event["data"]["tag"], &event["data"]["tracking_id"]), (&json!("Delivered"), &json!(id)));

    let found = host.call("shop", "get-tracking", &json!({ "tracking_number": "LX4401927FR" })).await.json();
    assert_eq!((&found["tracking_id"], &found["tag"]), (&json!(id), &json!("Delivered")));
}

#[tokio::test]
async fn the_host_adds_the_key_and_nobody_else_sees_it() {
    let fake = Fake::start(KEY).await;
    let host = host(&fake, "").await;
    let created = host.call("shop", "track-shipment", &shipment()).await;
    assert_eq!(created.status(), 200, "{}", created.text());
    for request in fake.requests() {
        assert_eq!(request.headers["as-api-key"], KEY, "{} {}", request.method, request.path);
        assert!(!String::from_utf8_lossy(&request.body).contains("hysec_"), "no placeholder goes out");
    }
    fake.fail(Fault::Echo, 1);
    let echoed = host.call("shop", "get-tracking", &json!({ "tracking_id": "t1" })).await;
    assert_eq!((echoed.status(), &echoed.json()["code"]), (502, &json!("provider-protocol")), "{}", echoed.text());
    let invocations = host.get("/v1/invocations?connection=shop").await.text();
    assert!(!echoed.text().contains(KEY) && !invocations.contains(KEY));
}

#[tokio::test]
async fn failures_of_aftership_are_answered_as_documented() {
    let fake = Fake::start(KEY).await;
    let host = host(&fake, ", on_existing = \"error\"").await;
    assert_eq!(host.call("shop", "track-shipment", &shipment()).await.status(), 200);
    let rows = [
        (None, 422, "tracking-exists"),
        (Some(Fault::Status(500)), 503, "provider-unavailable"),
        (Some(Fault::Page(502)), 503, "provider-unavailable"),
        (Some(Fault::Truncated), 502, "provider-protocol"),
        (Some(Fault::Status(403)), 502, "provider-unauthorized"),
    ];
    for (fault, status, code) in rows {
        if let Some(fault) = fault {
            fake.fail(fault, 1);
        }
        let reply = host.call("shop", "track-shipment", &shipment()).await;
        assert_eq!((reply.status(), &reply.json()["code"]), (status, &json!(code)), "{fault:?}: {}", reply.text());
    }
    fake.fail(Fault::RateLimited { reset_in: 7 }, 1);
    let limited = host.call("shop", "get-tracking", &json!({ "tracking_id": "t1" })).await;
    assert_eq!((limited.status(), limited.header("retry-after")), (503, "7"), "{}", limited.text());
    assert_eq!(limited.json()["http_status"], 429);
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_repeated_once_and_counts_as_created() {
    for on_existing in ["update", "keep", "error"] {
        let fake = Fake::start(KEY).await;
        let host = host(&fake, &format!(", on_existing = \"{on_existing}\"")).await;
        let before = fake.requests().len();
        fake.fail_on("POST", Fault::Broken, 1);
        let created = host.call("shop", "track-shipment", &shipment()).await;
        assert_eq!(created.status(), 200, "{}", created.text());
        let created = created.json();
        assert_eq!((&created["already_existed"], &created["updated"]), (&json!(false), &json!(false)), "{on_existing}");
        assert_eq!((&created["conversation_id"], fake.trackings().len()), (&json!("c1"), 1));
        let trackings = "/tracking/2024-04/trackings";
        let post = format!("POST {trackings}");
        let find = format!("GET {trackings}?tracking_numbers=LX4401927FR");
        assert_eq!(asked(&fake, before), [post.clone(), post, find], "no PUT, no third try");
    }
}

#[tokio::test]
async fn a_call_that_failed_may_be_repeated_with_its_key_and_recognises_what_it_has_created() {
    let fake = Fake::start(KEY).await;
    let host = host(&fake, ", on_existing = \"error\"").await;
    fake.fail_on("POST", Fault::Broken, 2);
    let first = host.call_as("k", "shop", "track-shipment", &shipment()).await;
    assert_eq!((first.status(), &first.json()["code"]), (503, &json!("provider-unavailable")), "{}", first.text());
    assert_eq!(fake.trackings().len(), 1, "it was created, and nobody heard of it");
    let second = host.call_as("k", "shop", "track-shipment", &shipment()).await;
    assert_eq!((second.status(), &second.json()["already_existed"]), (200, &json!(false)), "{}", second.text());
    let other = host.call_as("another", "shop", "track-shipment", &shipment()).await;
    assert_eq!((other.status(), &other.json()["code"]), (422, &json!("tracking-exists")), "{}", other.text());
}

#[tokio::test]
async fn a_shipment_that_is_there_gets_the_new_conversation_and_keeps_its_other_fields() {
    for (version, base) in [("2024-04", "/tracking/2024-04"), ("v4", "/v4"), ("2025-01", "/tracking/2025-01")] {
        let fake = Fake::start(KEY).await;
        let host = host(&fake, &format!(", api_version = \"{version}\"")).await;
        let mut first = shipment();
        first["custom_fields"] = json!({ "order": "7", "shop": "north" });
        let first = host.call("shop", "track-shipment", &first).await;
        assert_eq!(first.status(), 200, "{version}: {}", first.text());
        let first = first.json();
        assert_eq!((&first["already_existed"], &first["conversation_id"]), (&json!(false), &json!("c1")), "{version}");

        let before = fake.requests().len();
        let second = json!({
            "tracking_number": "LX4401927FR", "conversation_id": "c2", "custom_fields": { "order": "8" },
            "fields": { "custom_fields": { "order": "9", "gift": "yes" } },
        });
        let second = host.call("shop", "track-shipment", &second).await;
        assert_eq!(second.status(), 200, "{version}: {}", second.text());
        let second = second.json();
        assert_eq!((&second["already_existed"], &second["updated"]), (&json!(true), &json!(true)), "{version}");
        assert_eq!((&second["tracking_id"], &second["conversation_id"]), (&first["tracking_id"], &json!("c2")));
        let merged = json!({ "order": "8", "shop": "north", "gift": "yes", "conversation_id": "c2" });
        let [tracking] = fake.trackings().try_into().expect("one shipment");
        assert_eq!((&tracking["custom_fields"], &second["tracking"]), (&merged, &tracking), "{version}");
        let id = first["tracking_id"].as_str().expect("an id");
        let expected = [
            format!("POST {base}/trackings"),
            format!("GET {base}/trackings?tracking_numbers=LX4401927FR"),
            format!("PUT {base}/trackings/{id}"),
        ];
        assert_eq!(asked(&fake, before), expected);
        let found = host.call("shop", "get-tracking", &json!({ "tracking_id": id })).await;
        assert_eq!((found.status(), &found.json()["tracking"]), (200, &tracking), "{version}");
        let unknown = host.call("shop", "get-tracking", &json!({ "tracking_id": "none" })).await;
        assert_eq!((unknown.status(), &unknown.json()["code"]), (422, &json!("tracking-not-found")), "{version}");
    }
}

#[tokio::test]
async fn a_shipment_that_is_there_stays_as_it_is_where_that_is_configured() {
    let fake = Fake::start(KEY).await;
    let host = host(&fake, ", on_existing = \"keep\"").await;
    assert_eq!(host.call("shop", "track-shipment", &shipment()).await.status(), 200);
    let there = fake.trackings();
    let again = json!({ "tracking_number": "LX4401927FR", "conversation_id": "c2", "custom_fields": { "order": "8" } });
    let again = host.call("shop", "track-shipment", &again).await;
    assert_eq!(again.status(), 200, "{}", again.text());
    let again = again.json();
    assert_eq!((&again["already_existed"], &again["updated"]), (&json!(true), &json!(false)));
    assert_eq!((&again["conversation_id"], fake.trackings()), (&json!("c1"), there));
    assert!(fake.requests().iter().all(|request| request.method != "PUT"));
}

#[tokio::test]
async fn webhooks_in_another_order_are_all_told_and_their_times_say_which_is_newer() {
    let fake = Fake::start(KEY).await;
    let host = host(&fake, "").await;
    let tracked = host.call("shop", "track-shipment", &shipment()).await.json();
    let id = tracked["tracking_id"].as_str().expect("an id");
    fake.use_clock(Arc::clone(&host.clock) as Arc<dyn Clock>);
    let bodies = ["InTransit", "OutForDelivery", "Delivered"].map(|tag| {
        host.advance(Duration::from_secs(1));
        fake.update(id, tag, true)
    });
    for reply in sender(&host).reordered(&bodies).await {
        assert_eq!(reply.status(), 200, "{}", reply.text());
    }
    let events = shipment_updates(&host).await;
    let tags: Vec<_> = events.iter().map(|event| event["data"]["tag"].as_str().expect("a tag")).collect();
    assert_eq!(tags, ["Delivered", "OutForDelivery", "InTransit"], "in the order of their arrival");
    assert!(events.iter().all(|event| event["subject"] == "c1"));
    let times: Vec<_> = events.iter().map(|event| event["time"].as_str().expect("a time")).collect();
    assert!(times.is_sorted_by(|later, earlier| later > earlier), "{times:?}");
}

#[tokio::test]
async fn aftership_tries_again_while_there_is_no_secret_and_is_heard_once_there_is_one() {
    /// Divides AfterShip's waits to nothing.
    const AT_ONCE: u32 = u32::MAX;
    let fake = Fake::start(KEY).await;
    let mut host = host_without_webhook_secret(&fake).await;
    let tracked = host.call("shop", "track-shipment", &shipment()).await.json();
    let delivered = fake.update(tracked["tracking_id"].as_str().expect("an id"), "Delivered", true);
    assert_eq!(sender(&host).until_accepted(&delivered, AT_ONCE).await, [503; 14]);
    assert!(shipment_updates(&host).await.is_empty());

    let file = host.directory().join("hookyard.toml");
    let config = std::fs::read_to_string(&file).expect("the host has a file");
    let with_secret = config.replacen("config = {", &format!("config = {{ webhook_secret = \"{SECRET}\","), 1);
    std::fs::write(&file, with_secret).expect("the file can be written");
    host.restart().await;
    assert_eq!(sender(&host).until_accepted(&delivered, AT_ONCE).await, [200]);
    assert_eq!(shipment_updates(&host).await.len(), 1);
}

#[tokio::test]
async fn a_key_that_is_revoked_later_is_seen_and_a_check_heals_it() {
    for status in [401, 403] {
        let fake = Fake::start(KEY).await;
        let host = host(&fake, "").await;
        assert_eq!(health(&host).await["status"], "healthy");
        fake.fail(Fault::Status(status), 2);
        let refused = host.call("shop", "get-tracking", &json!({ "tracking_number": "LX4401927FR" })).await;
        assert_eq!((refused.status(), &refused.json()["code"]), (502, &json!("provider-unauthorized")), "{status}");
        let seen = health(&host).await;
        let unhealthy = (&json!("unhealthy"), &json!("provider-unauthorized"));
        assert_eq!((&seen["status"], &seen["code"]), unhealthy, "{status}: {seen}");
        let checked = check(&host).await;
        assert_eq!((&checked["health"]["status"], &checked["health"]["code"]), unhealthy, "still revoked: {checked}");

        let healed = check(&host).await;
        assert_eq!(healed["health"]["status"], "healthy", "{status}: {healed}");
        assert_eq!(host.call("shop", "track-shipment", &shipment()).await.status(), 200);
        assert_eq!(health(&host).await["status"], "healthy");
    }
}

#[tokio::test]
async fn a_key_that_is_not_accepted_is_seen_at_once_and_gates_no_webhook() {
    let fake = Fake::start("another key").await;
    let host = host(&fake, "").await;
    let checked = host.post("/v1/connections/shop/check", &json!({})).await.json();
    let health = &checked["health"];
    assert_eq!(
        (&health["status"], &health["code"]),
        (&json!("unhealthy"), &json!("provider-unauthorized")),
        "{checked}"
    );
    let setup = checked["setup"].to_string();
    assert!(
        setup.contains("Add Webhook") && setup.contains("/webhooks/shop"),
        "whoever has a wrong key needs it: {checked}"
    );
    let vector = include_bytes!("../vectors/a1_tracking_update.json");
    assert_eq!(host.webhook("shop", vector.as_slice()).await.status(), 200);
    assert_eq!(host.events().await.iter().filter(|event| event["type"] == "aftership.shipment.updated").count(), 1);
}
