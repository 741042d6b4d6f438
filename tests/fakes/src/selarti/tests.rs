//! The fake keeps the promises that are known of Selarti, in every shape that is possible.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Auth, Booleans, Contacts, Encoding, Fake, Fault, Names, TASK, Types, Wrapper};
use crate::http::{Reply, send};
use crate::provider::Provider;

const HOOK: &str = "/webhooks/ai";
const JSON: &str = "application/json";

async fn post(fake: &Fake, url: &str, token: &str, content_type: &str, body: String) -> Reply {
    let path = url.strip_prefix(&fake.base_url()).expect("of this fake");
    let request = Request::post(path).header("host", "fake").header("content-type", content_type);
    let request = request.header("authorization", format!("Bearer {token}")).body(Full::new(Bytes::from(body)));
    send(fake.address, request.expect("well-formed")).await.expect("an answer")
}

async fn token(fake: &Fake) -> String {
    let body = json!({ "key": fake.key() }).to_string();
    let reply = post(fake, &fake.auth_url(), "", JSON, body).await;
    assert_eq!((reply.status(), &reply.json()["status"]), (200, &json!("success")));
    reply.json()["response"]["token"].as_str().expect("a token").to_owned()
}

async fn say(fake: &Fake, token: &str, text: &str) -> Reply {
    let body = json!({ "chat_id": "tg:1", "task_id": TASK, "text": text });
    post(fake, &fake.send_url(), token, JSON, body.to_string()).await
}

/// A fake without tokens whose webhooks arrive at a receiver that accepts them.
async fn told() -> (Fake, Provider) {
    let (fake, receiver) = (Fake::start().await, Provider::start().await);
    fake.wants(Auth::None);
    receiver.answer(HOOK, 200, "");
    fake.deliver_to(&format!("{}{HOOK}?token=secret", receiver.base()));
    (fake, receiver)
}

async fn bodies(fake: &Fake, receiver: &Provider) -> Vec<Value> {
    fake.until_delivered().await;
    receiver.requests().iter().map(|request| serde_json::from_slice(&request.body).expect("JSON")).collect()
}

#[tokio::test]
async fn a_key_becomes_a_token_and_the_token_is_accepted_until_it_expires() {
    let fake = Fake::start().await;
    let wrong = post(&fake, &fake.auth_url(), "", JSON, json!({ "key": "other" }).to_string()).await;
    assert_eq!((wrong.status(), &wrong.json()["statusCode"], fake.exchanges()), (401, &json!(401), 0));
    assert_eq!(say(&fake, "t-0", "Hi").await.status(), 401);
    let first = token(&fake).await;
    assert_eq!(say(&fake, &first, "Hi").await.json(), json!({ "status": "success", "response": {} }));
    fake.expire_tokens();
    assert_eq!(say(&fake, &first, "Hi").await.status(), 401);
    let second = token(&fake).await;
    assert_ne!(first, second);
    assert_eq!((say(&fake, &second, "Hi").await.status(), fake.exchanges()), (200, 2));
    assert_eq!(fake.sent().len(), 2);
}

#[tokio::test]
async fn a_message_may_need_a_header_or_nothing() {
    let fake = Fake::start().await;
    fake.wants(Auth::Header("authorization".to_owned(), "Bearer mine".to_owned()));
    assert_eq!((say(&fake, "yours", "Hi").await.status(), say(&fake, "mine", "Hi").await.status()), (401, 200));
    fake.wants(Auth::None);
    assert_eq!((say(&fake, "", "Hi").await.status(), fake.exchanges()), (200, 0));
}

#[tokio::test]
async fn a_message_has_the_fields_that_are_asked_for() {
    let fake = Fake::start().await;
    fake.wants(Auth::None);
    let form = "application/x-www-form-urlencoded";
    let flat = json!({ "chat_id": "c", "task_id": "t", "text": "ё" });
    let rows = [
        (JSON, flat.to_string(), 200),
        (form, "chat_id=c&task_id=t&text=%D1%91&more=1".to_owned(), 200),
        ("text/plain", flat.to_string(), 400),
        (JSON, json!({ "chat_id": "", "task_id": "t", "text": "x" }).to_string(), 400),
        (JSON, json!({ "chat_id": "c", "text": "x" }).to_string(), 400),
        (JSON, "{".to_owned(), 400),
    ];
    for (content_type, body, status) in rows {
        let reply = post(&fake, &fake.send_url(), "", content_type, body.clone()).await;
        assert_eq!(reply.status(), status, "{content_type} {body}");
    }
    let sent = fake.was_sent(2).await;
    assert!(sent.iter().all(|sent| (sent.chat_id.as_str(), sent.task.as_str(), sent.text.as_str()) == ("c", "t", "ё")));
    assert_eq!((&sent[0].body, &sent[1].body["more"]), (&flat, &json!("1")));

    let [chat_id, task, text] = ["/user/id", "task", "/message/0/text"].map(str::to_owned);
    fake.reads(Names { chat_id, task, text });
    fake.send_at("/v2/messages");
    let nested = json!({ "user": { "id": "c" }, "task": "t", "message": [{ "text": "x" }] });
    assert_eq!(post(&fake, &fake.send_url(), "", JSON, nested.to_string()).await.status(), 200);
    assert!(fake.send_url().ends_with("/v2/messages"));
}

#[tokio::test]
async fn what_is_said_comes_back_and_after_it_the_answer() {
    let (fake, receiver) = told().await;
    fake.answers(|text| text.to_uppercase());
    say(&fake, "", "hi").await;
    let told = bodies(&fake, &receiver).await;
    let shown =
        |told: &Value| [&told["message_type"], &told["message_text"], &told["external_chat_id"]].map(Value::to_string);
    assert_eq!(
        told.iter().map(shown).collect::<Vec<_>>(),
        [["\"user\"", "\"hi\"", "\"tg:1\""], ["\"bot\"", "\"HI\"", "\"tg:1\""]]
    );
    assert_eq!((told[0].as_object().map(serde_json::Map::len), &told[0]["task_id"]), (Some(20), &json!(TASK)));
    assert!(told[0]["message_id"] != told[1]["message_id"] && told[0]["thread_id"] == told[1]["thread_id"]);
    assert!(receiver.requests().iter().all(|request| request.query == "token=secret"));
}

#[tokio::test]
async fn a_dialogue_that_is_handed_over_is_not_the_ais_any_more() {
    let (fake, receiver) = told().await;
    fake.hands_over_at("person");
    for text in ["hi", "a person, please", "hello?"] {
        say(&fake, "", text).await;
    }
    fake.operator_says("tg:1", "Here I am");
    let told = bodies(&fake, &receiver).await;
    let shown = |told: &Value| format!("{} {}", told["message_type"], told["operator"]);
    let all: Vec<_> = told.iter().map(shown).collect();
    let expected =
        ["\"user\" false", "\"bot\" false", "\"user\" true", "\"bot\" true", "\"user\" true", "\"operator\" true"];
    assert_eq!(all, expected);
}

#[tokio::test]
async fn webhooks_come_in_every_shape() {
    let (fake, receiver) = told().await;
    fake.flag("c", "success", true);
    let flags = [
        (Booleans::Yes, json!("yes"), json!("no")),
        (Booleans::Da, json!("да"), json!("нет")),
        (Booleans::Digits, json!(1), json!(0)),
        (Booleans::Text, json!("TRUE "), json!("")),
        (Booleans::Null, Value::Null, Value::Null),
        (Booleans::Odd, json!("maybe"), json!("maybe")),
    ];
    for (booleans, yes, no) in flags {
        fake.style(|style| style.booleans = booleans);
        let fields = fake.webhook("c", "bot", "x");
        assert_eq!((&fields["success"], &fields["close"]), (&yes, &no), "{booleans:?}");
    }
    for (contacts, written) in [
        (Contacts::Text, json!("+79990001122")),
        (Contacts::EmptyList, json!([])),
        (Contacts::Null, Value::Null),
        (Contacts::List, json!([{ "type": "phone", "value": "+79990001122" }])),
        (Contacts::Object, json!({ "phone": "+79990001122", "username": "@anna_p" })),
    ] {
        fake.style(|style| style.contacts = contacts);
        assert_eq!(fake.webhook("c", "bot", "x")["contacts"], written);
    }
    for (types, written) in [(Types::Russian, "оператор"), (Types::Other, "manager")] {
        fake.style(|style| style.types = types);
        assert_eq!(fake.webhook("c", "operator", "x")["message_type"], written);
    }
    fake.style(|style| style.ids_as_numbers = true);
    assert!(fake.webhook("c", "bot", "x")["message_id"].as_u64().is_some_and(|id| id > 1 << 53));
    let before = bodies(&fake, &receiver).await;
    assert_eq!((before.len(), before[0].get("message_text")), (1, None), "a flag has no text");
    for wrapper in [Wrapper::Member("data"), Wrapper::List] {
        fake.style(|style| (style.wrapper, style.capitals, style.without) = (wrapper, true, vec!["title"]));
        fake.operator_says("c", "x");
        let last = bodies(&fake, &receiver).await.pop().expect("it arrived");
        let fields = if wrapper == Wrapper::List { &last[0] } else { &last["data"] };
        assert_eq!((&fields["Message_text"], fields.get("Title")), (&json!("x"), None));
    }
    fake.style(|style| {
        (style.encoding, style.more) = (Encoding::Form, [("new".to_owned(), json!({}))].into_iter().collect());
    });
    let body = fake.operator_says("c", "a b");
    let text = String::from_utf8_lossy(&body);
    assert!(text.contains("&Message_text=a+b&") && text.contains("&New=%7B%7D&"));
    fake.until_delivered().await;
    assert_eq!(receiver.requests()[3].headers["content-type"], "application/x-www-form-urlencoded");
}

#[tokio::test]
async fn webhooks_may_come_in_copies_and_in_another_order() {
    let (fake, receiver) = told().await;
    fake.style(|style| (style.extra_copies, style.answer_first) = (1, true));
    say(&fake, "", "hi").await;
    let told = bodies(&fake, &receiver).await;
    let types: Vec<_> = told.iter().map(|told| told["message_type"].as_str().expect("a type")).collect();
    assert_eq!(types, ["bot", "bot", "user", "user"]);
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn a_webhook_is_tried_again_only_if_that_is_asked_for() {
    let (fake, receiver) = told().await;
    receiver.answer(HOOK, 503, "");
    fake.operator_says("c", "x");
    fake.until_delivered().await;
    assert_eq!(fake.attempts().len(), 1);
    fake.attempts_of_each(3);
    fake.pause_between_attempts(Duration::ZERO);
    fake.operator_says("d", "y");
    fake.until_delivered().await;
    assert_eq!(fake.attempts().iter().map(|attempt| attempt.retry).collect::<Vec<_>>(), [0, 0, 1, 2]);
}

#[tokio::test]
async fn sends_and_exchanges_have_faults_of_their_own() {
    let fake = Fake::start().await;
    fake.fail_sends(Fault::Body(200, r#"{"status":"error"}"#.to_owned()), 1);
    fake.fail_exchanges(Fault::Body(200, r#"{"response":{"token":7}}"#.to_owned()), 1);
    fake.fail_exchanges(Fault::Status(500), 1);
    let (fake, url) = (&fake, fake.auth_url());
    let exchange = || post(fake, &url, "", JSON, String::new());
    assert_eq!(exchange().await.json()["response"]["token"], 7);
    assert_eq!((exchange().await.status(), exchange().await.status(), fake.exchanges()), (500, 401, 0));
    assert_eq!(say(fake, "", "hi").await.json()["status"], "error");
    fake.fail(Fault::Status(500), 9);
    fake.forgive();
    assert!(fake.sent().is_empty());
    assert_eq!(say(fake, &token(fake).await, "hi").await.status(), 200);
}
