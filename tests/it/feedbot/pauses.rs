//! Questions come with pauses, and never many at once.

use std::collections::BTreeSet;
use std::time::Duration;

use hookyard_domain::clock::{Clock as _, Timestamp};
use hookyard_tests::feedbot::Fault;
use serde_json::{Value, json};

use super::Wa;

/// Messages of the largest call.
const MANY: usize = 500;
/// Messages that one timer asks for at a time, and timers of a connection that run at a time.
const QUESTIONS_AT_ONCE_MAX: usize = 8 * 8;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// When this timer fires.
fn due(timer: &Value) -> Timestamp {
    timer["due_at"].as_str().expect("a text").parse().expect("a time")
}

#[tokio::test]
async fn pauses_grow_to_their_longest_and_chance_only_shortens_them() {
    let wa = Wa::start().await;
    wa.queue(&json!({})).await;
    for (polls, longest) in (1..).zip([10, 20, 40, 80, 160, 320, 600, 600]) {
        let [timer] = wa.timers().await.try_into().expect("one timer");
        let now = wa.host.clock.now();
        let between = now.after(seconds(longest) * 4 / 5)..=now.after(seconds(longest));
        assert!(between.contains(&due(&timer)), "{longest}: {timer}");
        wa.pass(seconds(longest), polls).await;
    }
    assert_eq!(wa.questions(), 8);
}

#[tokio::test]
async fn a_pause_that_feedbot_asks_for_is_kept() {
    let wa = Wa::start().await;
    wa.queue(&json!({})).await;
    wa.fake.fail_questions(Fault::RateLimited(Some("300".to_owned())), 1);
    wa.pass(seconds(10), 1).await;
    let [timer] = wa.timers().await.try_into().expect("one timer");
    assert_eq!(due(&timer), wa.host.clock.now().after(seconds(300)));
}

#[tokio::test]
async fn five_hundred_messages_are_asked_for_without_a_storm() {
    let wa = Wa::with(&format!("max_batch = {MANY}")).await;
    let phones: BTreeSet<_> = (0..MANY).map(|number| format!("97250{number:07}")).collect();
    let messages: Vec<_> = phones.iter().map(|phone| json!({ "message": "Hi", "phone": phone })).collect();
    let reply = wa.send(&json!(messages)).await;
    let answer = reply.json();
    let lengths = ["ids", "messages", "warnings"].map(|member| answer[member].as_array().map(Vec::len));
    assert_eq!(lengths, [Some(MANY), Some(MANY), Some(0)], "{}", reply.text());
    assert_eq!(wa.fake.requests().len(), 1, "one call has put all of them into the queue");

    let timers = wa.timers().await;
    let times: BTreeSet<_> = timers.iter().map(due).collect();
    assert_eq!(timers.len(), MANY.div_ceil(32));
    assert!(times.len() > 1, "chance sets them apart, to the second: {times:?}");

    wa.fake.queued().iter().for_each(|message| wa.fake.sends(&message.id));
    wa.fake.hold_questions();
    wa.host.advance(seconds(10));
    wa.fake.asked(1 + 8).await;
    wa.fake.let_questions_go();
    let told = wa.told(MANY).await;
    assert!(told.iter().all(|event| event["type"] == "feedbot.message.sent"));
    let subjects: Vec<_> = told.iter().map(|event| event["subject"].as_str().expect("a text").to_owned()).collect();
    assert_eq!((subjects.len(), subjects.into_iter().collect()), (MANY, phones), "each is told once");
    assert_eq!((wa.questions(), wa.timers().await), (MANY, Vec::new()));
    let most = wa.fake.most_questions_at_once();
    assert!(most <= QUESTIONS_AT_ONCE_MAX, "{most} questions were under way at once");
}
