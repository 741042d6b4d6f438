//! What Freshchat tells, whom, and how often.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use super::super::{BOT, Fake, GROUP, HUMAN, Signature, Spelling};
use super::ask;
use crate::provider::Provider;

const HOOK: &str = "/webhooks/chat";

fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("JSON")
}

/// A fake whose webhooks arrive at a receiver that accepts them.
async fn told() -> (Fake, Provider) {
    let (fake, receiver) = (Fake::start().await, Provider::start().await);
    receiver.answer(HOOK, 200, "");
    fake.deliver_to(&format!("{}{HOOK}", receiver.base()));
    (fake, receiver)
}

fn bodies(receiver: &Provider) -> Vec<Value> {
    receiver.requests().iter().map(|request| json_of(&request.body)).collect()
}

#[tokio::test]
async fn webhooks_are_signed_over_their_exact_bytes() {
    let (fake, receiver) = told().await;
    let sender = fake.sender(&format!("{}{HOOK}", receiver.base()));
    let body = include_bytes!("../../../../vectors/f1_message_create_user.json");
    let kinds =
        [Signature::Right, Signature::Wrong, Signature::Short, Signature::Hex, Signature::NotBase64, Signature::Empty];
    let pem = fake.public_key_as(Spelling::Pkcs1);
    let pkcs1: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, STANDARD.decode(pkcs1).expect("base64"));
    for kind in kinds {
        sender.send(body, kind).await;
        let request = receiver.requests().pop().expect("it arrived");
        assert_eq!(request.body.as_ref(), body);
        let signature = STANDARD.decode(&request.headers["x-freshchat-signature"]).unwrap_or_default();
        assert_eq!(key.verify(body, &signature).is_ok(), kind == Signature::Right, "{kind:?}");
    }
    sender.send(body, Signature::None).await;
    assert!(!receiver.requests().pop().expect("it arrived").headers.contains_key("x-freshchat-signature"));
}

#[test]
fn the_public_key_is_one_in_every_spelling() {
    let key = super::super::key::Key::of_tests();
    let spki = key.public(Spelling::Bare);
    assert!(spki.starts_with("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"));
    assert_eq!(
        key.public(Spelling::AsShown),
        format!("-----BEGIN RSA PUBLIC KEY-----\n{spki}\n-----END RSA PUBLIC KEY-----")
    );
    let unwrapped = |spelling: Spelling| -> String {
        key.public(spelling).lines().filter(|line| !line.starts_with("-----")).collect()
    };
    assert_eq!(unwrapped(Spelling::Spki), spki);
    assert!(unwrapped(Spelling::Pkcs1).starts_with("MIIBCgKCAQEA"));
    assert!(!key.public(Spelling::Escaped).contains('\n') && key.public(Spelling::Escaped).contains("\\n"));
    assert!(key.public(Spelling::Blanks).contains(&format!(" {spki} ")));
}

#[tokio::test]
async fn what_happens_in_a_conversation_is_told() {
    let (fake, receiver) = told().await;
    let id = fake.start_conversation();
    let written = [
        fake.customer_says(&id, "Hola"),
        fake.agent_says(&id, HUMAN, "Sí"),
        fake.assign(&id, Some(HUMAN), Some("g")),
        fake.resolve(&id),
        fake.reopen(&id),
    ];
    fake.until_delivered().await;
    let told = bodies(&receiver);
    assert_eq!(told, written.iter().map(|body| json_of(body)).collect::<Vec<_>>(), "in their order");
    let message = &told[0]["data"]["message"];
    assert_eq!(
        (&message["conversation_id"], &message["freshchat_conversation_id"], &message["actor_type"]),
        (&json!(id), &json!(fake.digits_of(&id)), &json!("user"))
    );
    assert_eq!(
        (&told[1]["actor"]["actor_id"], &told[1]["data"]["message"]["actor_type"]),
        (&json!(HUMAN), &json!("agent"))
    );
    let assignment = &told[2]["data"]["assignment"];
    assert_eq!((&assignment["to_agent_id"], &assignment["from_agent_id"]), (&json!(HUMAN), &json!("")));
    assert_eq!(assignment["conversation"]["status"], "assigned");
    assert_eq!(told[3]["data"]["resolve"]["conversation"]["status"], "resolved");
    assert_eq!(told[4]["data"]["reopen"]["reopener"], "user");
    let times: Vec<_> = told.iter().map(|told| told["action_time"].as_str().expect("a time")).collect();
    assert!(times.is_sorted_by(|earlier, later| earlier < later), "{times:?}");
}

#[tokio::test]
async fn what_the_bot_does_comes_back_unless_that_is_switched_off() {
    let (fake, receiver) = told().await;
    let id = fake.start_conversation();
    let message =
        json!({ "message_parts": [{ "text": { "content": "Hola" } }], "actor_type": "agent", "actor_id": BOT });
    let path = format!("/conversations/{id}");
    for echo in [true, false] {
        fake.echo_own_messages(echo);
        assert_eq!(ask(&fake, "POST", &format!("{path}/messages"), &message).await.status(), 200);
        let assign = json!({ "status": "new", "assigned_group_id": fake.group(GROUP) });
        assert_eq!(ask(&fake, "PUT", &path, &assign).await.status(), 200);
        fake.until_delivered().await;
        let told = bodies(&receiver);
        let actions: Vec<_> = told.iter().map(|told| told["action"].as_str().expect("an action")).collect();
        assert_eq!(actions, ["message_create", "conversation_assignment"], "{echo}");
        assert_eq!(told[0]["data"]["message"], fake.messages(&id)[0]);
        assert_eq!((&told[0]["actor"]["actor_id"], &told[1]["actor"]["actor_type"]), (&json!(BOT), &json!("system")));
    }
}

#[tokio::test]
async fn a_webhook_is_repeated_five_times_and_given_up() {
    let (fake, receiver) = told().await;
    fake.pause_between_attempts(Duration::ZERO);
    receiver.answer(HOOK, 503, "");
    let body = fake.customer_says(&fake.start_conversation(), "Hola");
    fake.until_delivered().await;
    let counts: Vec<_> = receiver.requests().iter().map(|request| request.headers["x-retry-count"].clone()).collect();
    assert_eq!(counts, ["0", "1", "2", "3", "4", "5"]);
    assert!(fake.attempts().iter().all(|attempt| attempt.status == Some(503) && attempt.body == body));
}

#[tokio::test]
async fn what_is_on_its_way_follows_to_another_url() {
    let (fake, receiver) = told().await;
    fake.pause_between_attempts(Duration::from_secs(3600));
    fake.answer_within(Duration::from_millis(1));
    fake.deliver_to(&format!("{}/gate", receiver.base()));
    let conversation = fake.start_conversation();
    fake.customer_says(&conversation, "1");
    fake.customer_says(&conversation, "2");
    receiver.asked("/gate", 1).await;
    fake.answer_within(Duration::from_secs(3));
    fake.deliver_to(&format!("{}{HOOK}", receiver.base()));
    fake.until_delivered().await;
    let statuses: Vec<_> = fake.attempts().iter().map(|attempt| (attempt.retry, attempt.status)).collect();
    assert_eq!(statuses, [(0, None), (1, Some(200)), (0, Some(200))], "the second waits behind the first");
}

#[tokio::test]
async fn webhooks_may_come_in_copies_and_in_another_order() {
    let (fake, receiver) = told().await;
    fake.copies(3);
    let id = fake.start_conversation();
    let first = fake.customer_says(&id, "1");
    fake.until_delivered().await;
    assert_eq!(bodies(&receiver), [json_of(&first), json_of(&first), json_of(&first)]);
    let sender = fake.sender(&format!("{}{HOOK}", receiver.base()));
    assert_eq!(sender.repeat(&first, 2).await.len(), 2);
    fake.copies(0);
    let second = fake.customer_says(&id, "2");
    sender.reordered(&[first.clone(), second.clone()]).await;
    assert_eq!(bodies(&receiver)[5..], [json_of(&second), json_of(&first)]);
}
