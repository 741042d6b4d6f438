//! What becomes of a message is asked for until it is known, and told once.

use std::sync::Arc;
use std::time::Duration;

use hookyard_tests::feedbot::Fault;
use serde_json::{Value, json};

use super::{PHONE, Wa, connection};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_message_is_followed_until_it_was_sent() {
    let wa = Wa::start().await;
    let id = wa.queue(&json!({})).await;
    wa.pass(seconds(10), 1).await;
    wa.fake.sends(&id);
    wa.host.advance(seconds(20));
    let [event] = wa.told(1).await.try_into().expect("one event");
    assert_eq!((&event["type"], &event["subject"]), (&json!("feedbot.message.sent"), &json!(PHONE)));
    let data = &event["data"];
    assert_eq!(
        (&data["conversation_id"], &data["message_id"], &data["state"], &data["reason"]),
        (&json!(PHONE), &json!(id), &json!("sent"), &Value::Null)
    );
    assert!(data.get("text").is_none() && data.get("cause").is_none() && data["time"].is_string(), "{data}");
    assert_eq!(wa.questions(), 2);
    let asked = wa.fake.requests().pop().expect("one");
    assert_eq!((asked.headers["auth"].as_bytes(), asked.query), (wa.fake.token().as_bytes(), format!("id={id}")));
    assert!(wa.timers().await.is_empty());
}

#[tokio::test]
async fn a_message_that_could_not_be_sent_is_told_with_its_reason() {
    let wa = Wa::start().await;
    let ids = [wa.queue(&json!({})).await, wa.queue(&json!({ "phone": "972500000002" })).await];
    wa.fake.cannot_send(&ids[1], "המספר אינו בוואטסאפ");
    wa.host.advance(seconds(10));
    let [event] = wa.told(1).await.try_into().expect("one event");
    assert_eq!((&event["type"], &event["subject"]), (&json!("feedbot.message.failed"), &json!("972500000002")));
    assert_eq!((&event["data"]["state"], &event["data"]["reason"]), (&json!("failed"), &json!("המספר אינו בוואטסאפ")));
}

#[tokio::test]
async fn what_is_still_in_the_queue_an_hour_after_its_time_has_expired() {
    let wa = Wa::with("poll = { first_seconds = 5400, max_seconds = 5400 }").await;
    wa.queue(&json!({ "expires_at": "2026-03-04T10:30:00Z" })).await;
    wa.host.advance(HOUR * 3 / 2);
    let [event] = wa.told(1).await.try_into().expect("one event");
    assert_eq!(
        (&event["type"], &event["data"]["cause"], &event["data"]["state"]),
        (&json!("feedbot.message.expired"), &json!("expires-at"), &json!("unknown")),
        "{event}"
    );
}

#[tokio::test]
async fn nobody_asks_for_ever() {
    let wa = Wa::with("poll = { first_seconds = 60, factor = 1, max_seconds = 60, give_up_seconds = 180 }").await;
    let (first, second) = (wa.queue(&json!({})).await, wa.queue(&json!({})).await);
    wa.fake.forgets(&second);
    wa.fake.fail_questions(Fault::Status(503), 2);
    wa.host.advance(seconds(60));
    wa.fake.asked(4).await;
    let later = async |polls: u64| loop {
        let timers = wa.timers().await;
        if timers.len() == 2 && timers.iter().all(|timer| timer["payload"]["polls"] == polls) {
            return;
        }
    };
    later(1).await;
    wa.host.advance(seconds(60));
    later(2).await;
    wa.host.advance(seconds(60));
    let told = wa.told(2).await;
    let mut ids: Vec<_> = told.iter().map(|event| event["data"]["message_id"].as_str().expect("a text")).collect();
    ids.sort_unstable();
    assert_eq!(ids, [first, second]);
    assert!(told.iter().all(|event| event["type"] == "feedbot.message.expired" && event["data"]["cause"] == "give-up"));
    assert!(wa.timers().await.is_empty());
}

#[tokio::test]
async fn a_message_is_followed_across_a_restart() {
    let Wa { fake, mut host } = Wa::start().await;
    let input = json!({ "conversation_id": PHONE, "text": "Hi" });
    let id = host.call("wa", "send-message", &input).await.json()["message_ids"][0].as_str().expect("an id").to_owned();
    fake.sends(&id);
    let clock = Arc::clone(&host.clock);
    host.restart_after(|_| clock.advance(HOUR)).await;
    let wa = Wa { fake, host };
    let [event] = wa.told(1).await.try_into().expect("one event");
    assert_eq!((&event["type"], &event["data"]["message_id"]), (&json!("feedbot.message.sent"), &json!(id)));
}

#[tokio::test]
async fn what_waits_for_a_token_is_told_once_the_token_is_right() {
    let wa = Wa::start().await;
    let id = wa.queue(&json!({})).await;
    wa.fake.change_token("fb-new");
    wa.fake.sends(&id);
    wa.host.advance(seconds(10));
    while !wa.timers().await.iter().any(|timer| timer["awaits_activation"] == true) {}
    assert!(wa.host.events().await.is_empty());
    wa.host.reload(&connection(&wa.fake, "")).await.expect("it is right");
    let [event] = wa.told(1).await.try_into().expect("one event");
    assert_eq!(event["data"]["message_id"], json!(id));
}
