//! Who may tell anything, and what becomes of it.

use hookyard_tests::selarti::{Fake, TASK};
use serde_json::{Value, json};

use super::{Ai, TOKEN, connection, host};

#[tokio::test]
async fn only_who_knows_the_token_is_heard() {
    let ai = Ai::start().await;
    let body = |id: &str| {
        let mut body = ai.fake.webhook("c", "bot", "x");
        body["message_id"] = json!(id);
        body.to_string()
    };
    let json = "application/json";
    let longer = format!("?token={TOKEN}x");
    for wrong in ["", "?token=", "?token=wrong", &longer, "?Token=x", "/wrong", "/x/y"] {
        let refused = ai.post(wrong, json, body("m")).await;
        assert_eq!(refused.status(), 401, "{wrong}");
        assert!(!refused.text().contains("detail") && !refused.text().contains(TOKEN), "{}", refused.text());
    }
    assert!(ai.kinds().await.is_empty());
    assert_eq!(ai.post(&format!("?token={TOKEN}"), json, body("m-1")).await.status(), 200);
    assert_eq!(ai.post(&format!("/{TOKEN}"), json, body("m-2")).await.status(), 200);
    let request = http::Request::post("/webhooks/ai").header("content-type", json).header("x-webhook-token", TOKEN);
    assert_eq!(ai.host.send(request, body("m-3")).await.status(), 200);
    assert_eq!(ai.kinds().await, ["message.generated"; 3]);
    let kept = ai.host.get("/v1/webhooks").await.text();
    assert!(!kept.contains(TOKEN), "{kept}");
}

#[tokio::test]
async fn the_token_may_change_and_without_one_nobody_is_heard() {
    let fake = Fake::start().await;
    let line = format!("webhook_token = \"{TOKEN}\"");
    let both = format!("webhook_token = [\"another-token-0123456789\", \"{TOKEN}\"]");
    let config =
        connection(&fake, "both", "").replace(&line, &both) + &connection(&fake, "none", "").replace(&line, "");
    let host = host(&config).await;
    let body = fake.webhook("c", "bot", "x").to_string();
    for (path, status) in [
        (format!("/webhooks/both?token={TOKEN}"), 200),
        ("/webhooks/both?token=another-token-0123456789".to_owned(), 200),
        (format!("/webhooks/none?token={TOKEN}"), 503),
        ("/webhooks/none".to_owned(), 503),
    ] {
        let request = http::Request::post(&path).header("content-type", "application/json");
        let reply = host.send(request, body.clone()).await;
        assert_eq!(reply.status(), status, "{path}: {}", reply.text());
        assert!(status == 200 || reply.header("retry-after") == "60");
    }
}

#[tokio::test]
async fn the_answer_becomes_an_event_and_the_echo_never_does() {
    let ai = Ai::start().await;
    assert_eq!(ai.say("tg:1", "Есть красные?").await.status(), 200);
    ai.fake.operator_says("tg:1", "Здесь оператор");
    ai.fake.until_delivered().await;
    assert!(ai.fake.attempts().iter().all(|attempt| attempt.status == Some(200)));
    assert_eq!(ai.fake.attempts().len(), 3, "the echo, the answer, the operator");
    let events = ai.host.events().await;
    let [answer, operator] = &events[..] else { panic!("two: {events:?}") };
    assert_eq!((&answer["type"], &answer["subject"]), (&json!("selarti.message.generated"), &json!("tg:1")));
    let data = &answer["data"];
    assert_eq!((&data["text"], &data["sender"]["type"]), (&json!("AI: Есть красные?"), &json!("bot")));
    assert_eq!((&data["conversation_id"], &data["attachments"]), (&json!("tg:1"), &json!([])));
    assert_eq!(data["message_id"], data["selarti"]["message_id"]);
    assert_eq!(
        (&operator["data"]["text"], &operator["data"]["sender"]["type"]),
        (&json!("Здесь оператор"), &json!("agent"))
    );
}

#[tokio::test]
async fn what_is_told_again_counts_once() {
    let ai = Ai::start().await;
    ai.fake.style(|style| style.extra_copies = 2);
    assert_eq!(ai.say("c", "x").await.status(), 200);
    ai.fake.flag("c", "close", true);
    ai.fake.until_delivered().await;
    assert_eq!(ai.fake.attempts().len(), 9);
    assert_eq!(ai.kinds().await, ["message.generated", "dialog.closed", "dialog.updated"]);
    let mut same_id = ai.fake.webhook("c", "bot", "another text");
    same_id["message_id"] = ai.host.events().await[0]["data"]["message_id"].clone();
    assert_eq!(ai.told(&same_id).await, 200);
    let mut without_id = ai.fake.webhook("c", "bot", "y");
    without_id["message_id"] = Value::Null;
    for _ in 0..2 {
        assert_eq!(ai.told(&without_id).await, 200);
    }
    let generated = ai.kinds().await.iter().filter(|kind| *kind == "message.generated").count();
    assert_eq!(generated, 2, "a body without an id is known by itself");
}

#[tokio::test]
async fn another_task_is_none_of_ours() {
    let ai = Ai::with("accept_task_ids = [\"t-1\", \"t-2\"]").await;
    for (task, events) in [("t-1", 1), ("t-2", 1), (TASK, 0), ("t-3", 0)] {
        let mut body = ai.fake.webhook("c", "bot", "x");
        body["task_id"] = json!(task);
        let before = ai.kinds().await.len();
        assert_eq!((ai.told(&body).await, ai.kinds().await.len() - before), (200, events), "{task}");
    }
    let lines = ai.host.get("/v1/invocations?connection=ai&limit=100").await.text();
    assert!(lines.contains("t-3"), "the operator is told: {lines}");
}

#[tokio::test]
async fn what_cannot_be_read_or_is_too_long_is_refused() {
    let ai = Ai::start().await;
    let (url, json) = (format!("?token={TOKEN}"), "application/json");
    for body in ["", "{", "Привет", "{\"message_type\":\"bot\"}}"] {
        assert_eq!(ai.post(&url, json, body.to_owned()).await.status(), 400, "{body}");
    }
    let long = ai.fake.webhook("c", "bot", &"x".repeat(1024 * 1024)).to_string();
    assert_eq!(ai.post(&url, json, long).await.status(), 413);
    for nothing in ["[]", "{}", "7", "null", "\"x\"", "[[]]"] {
        assert_eq!(ai.post(&url, json, nothing.to_owned()).await.status(), 200, "{nothing}");
    }
    assert!(ai.kinds().await.is_empty());
    let lines = ai.host.get("/v1/invocations?connection=ai&limit=100").await.text();
    assert!(!lines.contains(TOKEN));
}

#[tokio::test]
async fn whose_messages_become_events_is_the_operators_choice() {
    let ai = Ai::with("forward = [\"operator\"]\ntype_map = { \"робот\" = \"bot\", \"менеджер\" = \"operator\", \"гость\" = \"user\" }").await;
    let rows = [("bot", 0), ("operator", 1), ("user", 0), ("робот", 0), ("менеджер", 1), ("гость", 0), ("someone", 0)];
    for (author, events) in rows {
        let mut body = ai.fake.webhook("c", "bot", "x");
        body["message_type"] = json!(author);
        let before = ai.kinds().await.len();
        assert_eq!((ai.told(&body).await, ai.kinds().await.len() - before), (200, events), "{author}");
    }
}

#[tokio::test]
async fn what_becomes_of_a_dialogue_is_told_once_until_it_turns_back() {
    let ai = Ai::start().await;
    let changes = async |flag: &'static str, value: bool| {
        let before = ai.kinds().await.len();
        ai.fake.flag("c", flag, value);
        ai.fake.until_delivered().await;
        ai.kinds().await[before..].to_vec()
    };
    let no: [&str; 0] = [];
    assert_eq!(changes("close", false).await, no, "all is false at first");
    assert_eq!(changes("close", true).await, ["dialog.closed", "dialog.updated"]);
    assert_eq!(ai.last().await["data"]["changed"], json!(["close"]));
    assert_eq!(changes("close", true).await, no);
    assert_eq!(changes("close", false).await, ["dialog.updated"]);
    assert_eq!(changes("close", true).await, ["dialog.closed", "dialog.updated"]);
    assert_eq!(changes("operator", true).await, ["dialog.handed-over", "dialog.updated"]);
    let events = ai.host.events().await;
    let handed_over = events.iter().find(|event| event["type"] == "selarti.dialog.handed-over").expect("it was told");
    assert!(handed_over["data"]["panel_url"].as_str().is_some_and(|url| url.starts_with("https://selarti.com/panel")));
    assert_eq!(changes("get_contact", true).await, ["contact.received", "dialog.updated"]);
    for flag in ["interest", "success", "is_bot"] {
        assert_eq!(changes(flag, true).await, ["dialog.updated"], "{flag}");
        assert_eq!(ai.last().await["data"]["changed"], json!([flag]));
        assert_eq!(ai.last().await["data"]["selarti"][flag], true);
    }
}

#[tokio::test]
async fn a_thread_that_is_known_needs_no_chat() {
    let ai = Ai::start().await;
    let mut body = ai.fake.webhook("tg:1", "bot", "x");
    let chat = body.as_object_mut().and_then(|body| body.remove("external_chat_id"));
    assert_eq!((ai.told(&body).await, ai.kinds().await.len()), (200, 0), "nobody knows whose it is");
    body["external_chat_id"] = chat.expect("it had one");
    body["message_id"] = json!("m-2");
    assert_eq!(ai.told(&body).await, 200);
    let mut later = ai.fake.webhook("tg:1", "bot", "y");
    drop(later.as_object_mut().and_then(|body| body.remove("external_chat_id")));
    assert_eq!(ai.told(&later).await, 200);
    let last = ai.last().await;
    assert_eq!((&last["subject"], &last["data"]["text"]), (&json!("tg:1"), &json!("y")));
}

#[tokio::test]
async fn a_webhook_of_many_fields_is_handled_in_its_time() {
    const FIELDS: usize = 80_000;
    let ai = Ai::start().await;
    let many: String = (0..FIELDS).map(|number| format!("\"a{number}\":1,")).collect();
    let body = format!("{{{many}\"external_chat_id\":\"c\",\"message_type\":\"bot\",\"message_text\":\"x\"}}");
    let url = format!("?token={TOKEN}");
    assert_eq!(ai.post(&url, "application/json", body).await.status(), 200);
    let raw = ai.last().await["data"]["selarti"]["raw"].as_object().map(serde_json::Map::len);
    assert_eq!(raw, Some(FIELDS));
    let wrapped = format!("{{\"data\":{{{many}\"message_type\":\"bot\",\"message_text\":\"x\"}}}}");
    assert_eq!(
        ai.post(&url, "application/json", wrapped).await.status(),
        200,
        "of no conversation, and read all the same"
    );
}
