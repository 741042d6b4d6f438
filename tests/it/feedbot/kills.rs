//! `kill -9` at the worst moments: nobody gets a message twice, and what became of each is still told once.

use hookyard_tests::feedbot::{Fake, Fault};
use hookyard_tests::guests;
use hookyard_tests::process::HostProcess;
use http::Request;
use serde_json::{Value, json};

use super::{PHONE, connection, refusal};

/// The shortest pauses, for these hosts live by the machine's clock.
const SOON: &str = "poll = { first_seconds = 1, factor = 1, max_seconds = 1 }";

/// The real binary with the connection `wa` to this Feedbot, and these further lines in its file.
async fn process(fake: &Fake, more: &str) -> HostProcess {
    let config = format!("{}{more}", connection(fake, SOON));
    HostProcess::start_with(env!("CARGO_BIN_EXE_hookyard"), guests::FEEDBOT, &config, "warn").await
}

fn one() -> Value {
    json!({ "messages": [{ "message": "שלום דנה 📦", "phone": PHONE }] })
}

/// Queues one message; its id.
async fn queue(host: &HostProcess) -> String {
    let reply = host.call_as("first", "wa", "send-messages", &one()).await.expect("an answer");
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()["ids"][0].as_str().expect("an id").to_owned()
}

async fn kill(host: &mut HostProcess) {
    host.kill().await;
    host.start_again().await;
}

async fn get(host: &HostProcess, path: &str) -> Value {
    host.send(Request::get(path), "").await.expect("an answer").json()
}

/// Waits until something is told.
async fn told(host: &HostProcess) -> Vec<Value> {
    loop {
        let told = host.events().await;
        if !told.is_empty() {
            return told;
        }
    }
}

/// Waits until nothing is asked for any more.
async fn until_no_timers(host: &HostProcess) {
    while get(host, "/v1/timers").await["timers"] != json!([]) {}
}

fn sends(fake: &Fake) -> usize {
    fake.requests().iter().filter(|request| request.method == "POST").count()
}

#[tokio::test]
async fn a_call_that_was_cut_off_is_not_made_again_and_says_that_its_outcome_is_not_known() {
    let fake = Fake::start().await;
    let mut host = process(&fake, "").await;
    fake.fail_sends(Fault::HangAfter, 1);
    let input = one();
    tokio::select! {
        reply = host.call_as("order-7", "wa", "send-messages", &input) => panic!("answered before the kill: {reply:?}"),
        _ = fake.was_queued(1) => {}
    }
    kill(&mut host).await;
    for _ in 0..2 {
        let reply = host.call_as("order-7", "wa", "send-messages", &input).await.expect("an answer");
        assert_eq!(refusal(&reply), (502, "outcome-unknown".to_owned()), "{}", reply.text());
    }
    assert_eq!((sends(&fake), fake.queued().len()), (1, 1));
    until_no_timers(&host).await;
}

#[tokio::test]
async fn a_flow_that_was_cut_off_does_not_send_again_and_is_listed() {
    let fake = Fake::start().await;
    let again = "[subscriptions.again]\ntypes = [\"feedbot.message.failed\"]\n\
         endpoint = { connection = \"wa\", action = \"send-message\", \
         input = { conversation_id = \"{{ event.subject }}\", text = \"Once more\" } }\n";
    let mut host = process(&fake, again).await;
    let id = queue(&host).await;
    fake.fail_sends(Fault::HangAfter, 1);
    fake.cannot_send(&id, "no WhatsApp");
    fake.was_queued(2).await;
    kill(&mut host).await;
    let exhausted = loop {
        let listed = get(&host, "/v1/deliveries?state=exhausted").await["deliveries"].clone();
        if listed[0].is_object() {
            break listed;
        }
    };
    assert_eq!(exhausted[0]["error"]["code"], "outcome-unknown", "{exhausted}");
    assert_eq!((sends(&fake), fake.queued().len()), (2, 2), "the first message, and the flow's once");
}

#[tokio::test]
async fn a_message_is_followed_although_the_host_was_killed_after_it_was_sent() {
    let fake = Fake::start().await;
    let mut host = process(&fake, "").await;
    let id = queue(&host).await;
    host.kill().await;
    fake.sends(&id);
    host.start_again().await;
    told(&host).await;
    kill(&mut host).await;
    until_no_timers(&host).await;
    let [event] = told(&host).await.try_into().expect("it is told once");
    assert_eq!((&event["type"], &event["data"]["message_id"]), (&json!("feedbot.message.sent"), &json!(id)));
    assert_eq!(sends(&fake), 1);
}

#[tokio::test]
async fn a_host_that_was_killed_while_it_asked_asks_again_and_tells_once() {
    let fake = Fake::start().await;
    let mut host = process(&fake, "").await;
    fake.hold_questions();
    let id = queue(&host).await;
    fake.sends(&id);
    for kills in 1..=2 {
        fake.asked(1 + kills).await;
        kill(&mut host).await;
        assert!(host.events().await.is_empty(), "nothing is known yet");
    }
    fake.let_questions_go();
    told(&host).await;
    until_no_timers(&host).await;
    let [event] = told(&host).await.try_into().expect("it is told once");
    assert_eq!((&event["type"], &event["data"]["message_id"]), (&json!("feedbot.message.sent"), &json!(id)));
    assert_eq!(sends(&fake), 1);
}
