//! The fake keeps the promises of Telegram's documentation.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use super::Telegram;
use crate::fault::Fault;
use crate::http::{Reply, send};
use crate::receiver::{Answer, Receiver};

async fn post(fake: &Telegram, path: &str, body: &Value) -> Reply {
    let request = Request::post(path).header("host", "fake").header("content-type", "application/json");
    send(fake.address, request.body(Full::new(Bytes::from(body.to_string()))).expect("well-formed"))
        .await
        .expect("an answer")
}

async fn send_message(fake: &Telegram, body: &Value) -> Reply {
    post(fake, &format!("/bot{}/sendMessage", fake.token()), body).await
}

#[tokio::test]
async fn the_bot_answers_who_has_written_to_it() {
    let fake = Telegram::start().await;
    fake.person_says(501, "Hi");
    let reply = send_message(&fake, &json!({ "chat_id": 501, "text": "Hello" })).await;
    let message = reply.json();
    assert_eq!((reply.status(), &message["ok"], &message["result"]["message_id"]), (200, &json!(true), &json!(2)));
    assert_eq!((&message["result"]["text"], &message["result"]["chat"]["id"]), (&json!("Hello"), &json!(501)));
    send_message(&fake, &json!({ "chat_id": "501", "text": "again" })).await;
    fake.until(|fake| fake.texts(501).len() == 2).await;
    assert_eq!(fake.all_texts().into_iter().collect::<Vec<_>>(), [(501, vec!["Hello".to_owned(), "again".to_owned()])]);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_in_telegrams_words() {
    let fake = Telegram::start().await;
    fake.person_says(501, "Hi");
    fake.person_says(502, "Hi");
    fake.blocks(502);
    let rows = [
        (json!({ "chat_id": 999, "text": "Hi" }), 400, "Bad Request: chat not found"),
        (json!({ "text": "Hi" }), 400, "Bad Request: chat not found"),
        (json!({ "chat_id": 501, "text": " " }), 400, "Bad Request: message text is empty"),
        (json!({ "chat_id": 501, "text": "é".repeat(4097) }), 400, "Bad Request: message is too long"),
        (json!({ "chat_id": 502, "text": "Hi" }), 403, "Forbidden: bot was blocked by the user"),
    ];
    for (body, status, description) in rows {
        let reply = send_message(&fake, &body).await;
        let expected = json!({ "ok": false, "error_code": status, "description": description });
        assert_eq!((reply.status(), reply.json()), (status, expected));
    }
    let body = json!({ "chat_id": 501, "text": "Hi" });
    assert_eq!(post(&fake, "/bot110201543:other/sendMessage", &body).await.json()["description"], "Unauthorized");
    assert_eq!(post(&fake, &format!("/bot{}/sendPhoto", fake.token()), &body).await.status(), 404);
    assert_eq!(post(&fake, "/sendMessage", &body).await.status(), 404);
    fake.fail(Fault::RateLimited(Some("7".to_owned())), 1);
    let limited = send_message(&fake, &body).await;
    assert_eq!((limited.status(), limited.header("retry-after")), (429, "7"));
    assert_eq!(limited.json()["parameters"], json!({ "retry_after": 7 }));
    assert_eq!(fake.texts(501), [""; 0]);
}

#[tokio::test]
async fn an_update_comes_with_the_secret_until_it_is_accepted_and_before_the_next_of_its_chat() {
    let (fake, receiver) = (Telegram::start().await, Receiver::start().await);
    fake.pause_between_attempts(Duration::from_secs(3_600));
    receiver.answer("/hook", Answer::Status(503));
    fake.deliver_to(&receiver.url("/hook"));
    let first = fake.person_says(501, "one");
    fake.person_sends(501, &[("sticker", json!({ "emoji": "👍" }))]);
    receiver.until("/hook", 1).await;
    receiver.answer("/hook", Answer::Status(200));
    fake.deliver_to(&receiver.url("/hook"));
    fake.until_delivered().await;

    let delivered = receiver.delivered();
    assert!(delivered.iter().all(|one| one.header("x-telegram-bot-api-secret-token") == fake.secret()));
    assert_eq!([&delivered[0].body, &delivered[1].body], [&first, &first]);
    let (first, second) = (delivered[1].event(), delivered[2].event());
    assert_eq!((&first["message"]["text"], &first["message"]["chat"]["id"]), (&json!("one"), &json!(501)));
    assert_eq!(second["update_id"], json!(first["update_id"].as_u64().expect("a number") + 1));
    assert_eq!((&second["message"]["message_id"], second["message"].get("text")), (&json!(2), None));
    let statuses: Vec<_> = fake.attempts().iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(503), Some(200), Some(200)]);
}
