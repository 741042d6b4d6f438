//! What a customer wrote goes to the AI, in the shape that the config describes, at most once.

use hookyard_tests::selarti::{Auth, Fake, Fault, Names, TASK};
use serde_json::json;

use super::{Ai, connection, host, refusal};

#[tokio::test]
async fn a_message_goes_to_the_ai_with_its_conversation_and_its_task() {
    let ai = Ai::start().await;
    let reply = ai.say("527700113", "Какой размер? 🙂").await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    let expected = json!({
        "conversation_id": "527700113", "message_ids": [],
        "selarti": { "status_code": 200, "response": { "status": "success", "response": {} } },
    });
    assert_eq!(reply.json(), expected);
    let [sent] = ai.fake.sent().try_into().expect("one");
    assert_eq!(sent.body, json!({ "chat_id": "527700113", "task_id": TASK, "text": "Какой размер? 🙂" }));
    let request = ai.fake.requests().pop().expect("one");
    assert!(!request.headers.contains_key("authorization"));
    assert_eq!(request.method, "POST");
}

#[tokio::test]
async fn messengers_that_share_a_task_are_told_apart_by_their_prefixes() {
    let ai = Ai::start().await;
    for id in ["tg:527700113", "wa:527700113"] {
        assert_eq!(ai.say(id, id).await.status(), 200);
    }
    ai.fake.until_delivered().await;
    let events = ai.host.events().await;
    let mut told: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "selarti.message.generated")
        .map(|event| (event["subject"].as_str().expect("a subject"), event["data"]["text"].as_str().expect("a text")))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("tg:527700113", "AI: tg:527700113"), ("wa:527700113", "AI: wa:527700113")]);
}

#[tokio::test]
async fn the_fields_stand_where_the_config_says() {
    let ai = Ai::with(
        "send_fields = { chat_id = \"user[id]\", task = \"task\", text = \"messages[0][text]\" }\n\
         send_extra = { \"messages[0][kind]\" = \"plain\", \"opts\" = { retries = 3 }, \"source\" = \"web\" }",
    )
    .await;
    let [chat_id, task, text] = ["/user/id", "task", "/messages/0/text"].map(str::to_owned);
    ai.fake.reads(Names { chat_id, task, text });
    let input =
        json!({ "conversation_id": "c", "text": "x", "selarti": { "extra": { "source": "app", "user[age]": 41 } } });
    let reply = ai.host.call("ai", "send-message", &input).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    let expected = json!({
        "user": { "id": "c", "age": 41 }, "task": TASK, "messages": [{ "text": "x", "kind": "plain" }],
        "opts": { "retries": 3 }, "source": "app",
    });
    assert_eq!(ai.fake.sent()[0].body, expected);
}

#[tokio::test]
async fn a_message_may_be_a_form_and_be_put() {
    let ai = Ai::with("send_encoding = \"form\"\nsend_method = \"PUT\"\nsend_extra = { n = 5, no = false }").await;
    assert_eq!(ai.say("c", "a=b&c d ё").await.status(), 200);
    let request = ai.fake.requests().pop().expect("one");
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(request.method, "PUT");
    let body = json!({ "chat_id": "c", "task_id": TASK, "text": "a=b&c d ё", "n": "5", "no": "false" });
    assert_eq!(ai.fake.sent()[0].body, body);
}

#[tokio::test]
async fn a_message_may_carry_a_secret_in_a_header() {
    let fake = Fake::start().await;
    fake.wants(Auth::Header("x-api-key".to_owned(), "Key s3cret-0123456789".to_owned()));
    let auth = "auth = { mode = \"header\", name = \"X-Api-Key\", prefix = \"Key \", secret = \"s3cret-0123456789\" }";
    let host = host(&connection(&fake, "ai", auth)).await;
    let input = json!({ "conversation_id": "c", "text": "x" });
    let reply = host.call("ai", "send-message", &input).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    fake.fail(Fault::Echo, 1);
    let echoed = host.call("ai", "send-message", &input).await;
    assert!(!echoed.text().contains("s3cret-0123456789"), "{}", echoed.text());
}

#[tokio::test]
async fn a_message_that_cannot_be_one_is_refused_before_anything_is_sent() {
    let ai = Ai::start().await;
    let rows = [
        json!({ "conversation_id": "", "text": "x" }),
        json!({ "conversation_id": "a b", "text": "x" }),
        json!({ "conversation_id": "a\u{a0}b", "text": "x" }),
        json!({ "conversation_id": "a\tb", "text": "x" }),
        json!({ "conversation_id": "a\u{7}b", "text": "x" }),
        json!({ "conversation_id": "x".repeat(257), "text": "x" }),
        json!({ "conversation_id": "c" }),
        json!({ "conversation_id": "c", "text": "" }),
        json!({ "conversation_id": "c", "text": "x", "selarti": { "extra": { "a[": 1 } } }),
    ];
    for input in rows {
        let reply = ai.host.call("ai", "send-message", &input).await;
        assert_eq!(reply.status(), 422, "{input}: {}", reply.text());
    }
    let picture = json!({ "type": "image", "url": "https://cdn.example/a.png" });
    let picture = json!({ "conversation_id": "c", "text": "x", "attachments": [picture] });
    let refused = ai.host.call("ai", "send-message", &picture).await;
    assert_eq!(refusal(&refused), (422, "attachment-unsupported".to_owned()));
    assert_eq!((ai.fake.requests().len(), ai.say(&"я".repeat(256), "x").await.status()), (0, 200));
}

#[tokio::test]
async fn failures_are_answered_as_documented_and_a_message_is_sent_at_most_once() {
    let ai = Ai::start().await;
    let body = |status: u16, body: &str| Fault::Body(status, body.to_owned());
    let rows = [
        (body(200, r#"{"status":"error","message":"no such task"}"#), 502, "provider-refused"),
        (
            body(400, r#"{"statusCode":400,"body":{"status":"MISSING_DATA","message":"no text"}}"#),
            502,
            "provider-refused",
        ),
        (Fault::Page(200), 502, "provider-protocol"),
        (Fault::Page(404), 502, "provider-protocol"),
        (Fault::Page(502), 502, "outcome-unknown"),
        (Fault::Status(500), 502, "outcome-unknown"),
        (Fault::Empty(504), 502, "outcome-unknown"),
        (Fault::Broken, 502, "outcome-unknown"),
        (Fault::Status(429), 503, "rate-limited"),
        (Fault::Status(403), 502, "provider-unauthorized"),
    ];
    for (fault, status, word) in rows {
        let before = ai.fake.requests().len();
        ai.fake.fail(fault.clone(), 1);
        let reply = ai.say("c", "x").await;
        assert_eq!(refusal(&reply), (status, word.to_owned()), "{fault:?}: {}", reply.text());
        assert_eq!(ai.fake.requests().len(), before + 1, "{fault:?}");
    }
    ai.fake.fail(Fault::RateLimited(Some("9".to_owned())), 1);
    let limited = ai.say("c", "x").await;
    assert_eq!((limited.status(), limited.header("retry-after")), (503, "9"), "{}", limited.text());
    ai.fake.fail(Fault::Empty(204), 1);
    let empty = ai.say("c", "x").await;
    assert_eq!((empty.status(), &empty.json()["selarti"]), (200, &json!({ "status_code": 204 })), "{}", empty.text());
}
