//! The flow of a parcel: AfterShip says that it has arrived, and whoever waits for it hears so by WhatsApp. Also when the number is
//! none, when Feedbot refuses, and when the host is killed in the middle of it.

use std::collections::BTreeMap;

use bytes::Bytes;
use hookyard_tests::aftership::Signature;
use hookyard_tests::demo::Providers;
use hookyard_tests::feedbot::Fault;
use serde_json::json;

use crate::demo::Demo;

const CONNECTIONS: &[&str] = &["demo", "whatsapp"];
const DELIVERED: &str = "Delivered";

/// The host follows a parcel, and AfterShip knows this number of who waits for it; AfterShip's id of it.
async fn follow(demo: &Demo, number: &str, phone: Option<&str>) -> String {
    let fields = phone.map_or_else(|| json!({}), |phone| json!({ "smses": [phone] }));
    let output = demo.call("demo", "track-shipment", &json!({ "tracking_number": number, "fields": fields })).await;
    output["tracking_id"].as_str().expect("an id").to_owned()
}

/// The parcel moves, and AfterShip tells it once; the webhook's body.
async fn moves(demo: &Demo, id: &str, tag: &str) -> Bytes {
    let body = Bytes::from(demo.providers.aftership.update(id, tag, true));
    tell(demo, &body).await;
    body
}

async fn tell(demo: &Demo, body: &[u8]) {
    let reply = Providers::shipments(&demo.webhooks()).send(body, Signature::Right).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
}

/// What was queued for each number.
fn queued(demo: &Demo) -> BTreeMap<String, Vec<String>> {
    let mut queued: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in demo.providers.feedbot.queued() {
        queued.entry(message.phone).or_default().push(message.message);
    }
    queued
}

#[tokio::test]
async fn who_waits_for_a_parcel_hears_once_that_it_has_arrived() {
    let flow = Demo::start(CONNECTIONS).await;
    let id = follow(&flow, "LX4401927FR", Some("+972 50-000-0001")).await;
    let unknown = follow(&flow, "LX4401928FR", None).await;
    moves(&flow, &id, "InTransit").await;
    moves(&flow, &unknown, DELIVERED).await;
    let arrived = moves(&flow, &id, DELIVERED).await;
    // AfterShip did not hear the answer.
    tell(&flow, &arrived).await;
    flow.until_quiet().await;

    let told = vec!["Parcel LX4401927FR has arrived.".to_owned()];
    assert_eq!(queued(&flow), BTreeMap::from([("972500000001".to_owned(), told)]));
    assert_eq!(flow.events("aftership.shipment.updated").await.len(), 3);
    assert_eq!(flow.deliveries("exhausted").await, [json!(null); 0]);
}

#[tokio::test]
async fn a_number_that_is_none_is_listed_and_a_refused_token_waits_for_a_right_one() {
    let flow = Demo::start(CONNECTIONS).await;
    let nowhere = follow(&flow, "LX4401921FR", Some("12")).await;
    moves(&flow, &nowhere, DELIVERED).await;
    flow.until_quiet().await;
    let exhausted = flow.deliveries("exhausted").await;
    assert_eq!((exhausted.len(), &exhausted[0]["error"]["code"]), (1, &json!("phone-invalid")), "{exhausted:?}");

    let token = flow.providers.feedbot.token();
    flow.providers.feedbot.change_token("another licence");
    let id = follow(&flow, "LX4401922FR", Some("972500000002")).await;
    moves(&flow, &id, DELIVERED).await;
    let waiting = flow.until_tried_again("parcel-to-whatsapp").await;
    assert_eq!(waiting[0]["error"]["code"], "provider-unauthorized", "{waiting:?}");
    assert!(flow.providers.feedbot.queued().is_empty());
    flow.providers.feedbot.change_token(&token);
    flow.post("/v1/connections/whatsapp/check", &json!({})).await;
    flow.until_quiet().await;
    let told = vec!["Parcel LX4401922FR has arrived.".to_owned()];
    assert_eq!(queued(&flow), BTreeMap::from([("972500000002".to_owned(), told)]));
    assert_eq!(flow.deliveries("exhausted").await.len(), 1);
}

/// Parcels arrive while the host is killed twice, each time with a call to Feedbot that has no answer.
#[tokio::test(flavor = "multi_thread")]
async fn kills_while_parcels_arrive_lose_no_message_and_send_none_twice() {
    const PARCELS: usize = 6;
    let mut flow = Demo::start(CONNECTIONS).await;
    let mut expected = Vec::new();
    for (round, fault) in [Fault::Hang, Fault::HangAfter].into_iter().enumerate() {
        let sends =
            |demo: &Demo| demo.providers.feedbot.requests().iter().filter(|request| request.method == "POST").count();
        let before = sends(&flow);
        flow.providers.feedbot.fail_sends(fault, 1);
        for number in 0..PARCELS {
            let (parcel, phone) = (format!("LX{round}{number}"), format!("9725000000{round}{number}"));
            let id = follow(&flow, &parcel, Some(&phone)).await;
            moves(&flow, &id, DELIVERED).await;
            expected.push((phone, parcel));
        }
        while sends(&flow) == before {
            tokio::task::yield_now().await;
        }
        flow.kill().await;
    }
    flow.until_quiet().await;

    let queued = queued(&flow);
    let unknown: Vec<_> =
        flow.unknown_outcomes().await.into_iter().map(|(_, event)| event["data"]["tracking_number"].clone()).collect();
    for (phone, parcel) in &expected {
        let told = queued.get(phone).map_or(0, Vec::len);
        assert!(told <= 1, "{parcel} was told {told} times");
        assert!(told == 1 || unknown.contains(&json!(parcel)), "{parcel} is lost");
    }
    assert!(unknown.len() >= 2, "a call without an answer is listed: {unknown:?}");
}
