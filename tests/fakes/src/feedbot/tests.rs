//! The fake keeps the promises that are known of Feedbot, in every shape that is possible.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Codes, Fake, Fault};
use crate::http::{Reply, send};

async fn queue(fake: &Fake, token: &str, body: &Value) -> Reply {
    let request = Request::post("/").header("host", "fake").header("auth", token);
    send(fake.queue_address, request.body(Full::new(Bytes::from(body.to_string()))).expect("well-formed"))
        .await
        .expect("an answer")
}

async fn status(fake: &Fake, token: &str, id: &str) -> Value {
    let request = Request::get(format!("/?id={id}")).header("host", "fake").header("auth", token);
    send(fake.status_address, request.body(Full::default()).expect("well-formed")).await.expect("an answer").json()
}

fn two() -> Value {
    json!({ "messages": [{ "message": "שלום", "phone": "972500000001" }, { "message": "Hi", "phone": "972500000002" }] })
}

#[tokio::test]
async fn messages_are_queued_and_answered_as_the_documentation_prints_it() {
    let fake = Fake::start().await;
    let reply = queue(&fake, &fake.token(), &two()).await;
    assert_eq!(
        (reply.status(), reply.text()),
        (
            200,
            "{\n\"errorCode\":null,\n\"success\":true,\n\"ids:\" : [\n\"wwFSlUQCEB6WQ8eg0000\",\n\"wwFSlUQCEB6WQ8eg0001\",\n\n]\n}"
                .to_owned()
        )
    );
    let queued = fake.was_queued(2).await;
    assert_eq!((queued[1].message.as_str(), queued[1].phone.as_str(), queued[1].status), ("Hi", "972500000002", 0));
    fake.style(|style| (style.ids, style.trailing_comma, style.ids_missing) = ("ids", false, 1));
    assert_eq!(queue(&fake, &fake.token(), &two()).await.json()["ids"], json!(["wwFSlUQCEB6WQ8eg0002"]));
}

#[tokio::test]
async fn who_has_no_token_or_leaves_something_out_is_refused() {
    let fake = Fake::start().await;
    let rows = [
        (Codes::Numbers, true, 200, 200, json!(99), json!(2)),
        (Codes::Texts, false, 401, 400, json!("99"), json!("2")),
        (Codes::Names, false, 401, 400, json!("USER_NOT_AUTHORIZED"), json!("MISSING_PARAMS")),
    ];
    for (codes, errors_are_200, unauthorized_status, missing_status, unauthorized, missing) in rows {
        fake.style(|style| (style.codes, style.errors_are_200) = (codes, errors_are_200));
        let refused = queue(&fake, "other", &two()).await;
        assert_eq!((refused.status(), &refused.json()["errorCode"]), (unauthorized_status, &unauthorized));
        for body in [json!({}), json!({ "messages": [] }), json!({ "messages": [{ "message": "Hi" }] })] {
            let refused = queue(&fake, &fake.token(), &body).await;
            assert_eq!((refused.status(), &refused.json()["errorCode"]), (missing_status, &missing), "{body}");
        }
        assert_eq!(status(&fake, "other", "x").await["errorCode"], unauthorized);
        assert_eq!(status(&fake, &fake.token(), "x").await["errorCode"], missing);
    }
    assert!(fake.queued().is_empty());
}

#[tokio::test]
async fn a_message_waits_until_the_program_sends_it_or_cannot() {
    let fake = Fake::start().await;
    queue(&fake, &fake.token(), &two()).await;
    let [first, second] = fake.queued().try_into().expect("two");
    assert_eq!(status(&fake, &fake.token(), &first.id).await["status"], 0);
    fake.sends(&first.id);
    fake.cannot_send(&second.id, "no WhatsApp");
    assert_eq!(status(&fake, &fake.token(), &first.id).await["status"], 1);
    fake.style(|style| style.status_is_text = true);
    let failed = status(&fake, &fake.token(), &second.id).await;
    assert_eq!((&failed["status"], &failed["reason"]), (&json!("-1"), &json!("no WhatsApp")));
    fake.forgets(&first.id);
    assert_eq!(status(&fake, &fake.token(), &first.id).await["errorCode"], 2);
}

#[tokio::test]
async fn faults_meet_the_calls_that_they_are_for() {
    let fake = Fake::start().await;
    fake.fail_questions(Fault::Body(200, "{}".to_owned()), 1);
    fake.fail_sends(Fault::Status(503), 1);
    assert_eq!(queue(&fake, &fake.token(), &two()).await.status(), 503);
    assert!(fake.queued().is_empty());
    assert_eq!(status(&fake, &fake.token(), "x").await, json!({}));
    assert_eq!(fake.requests().len(), 2);
}

#[tokio::test]
async fn questions_that_are_held_are_answered_once_they_are_let_go() {
    let fake = Fake::start().await;
    queue(&fake, &fake.token(), &two()).await;
    let id = fake.queued()[0].id.clone();
    fake.hold_questions();
    let let_go = async {
        fake.asked(3).await;
        fake.let_questions_go();
    };
    let token = fake.token();
    let (first, second, ()) = tokio::join!(status(&fake, &token, &id), status(&fake, &token, &id), let_go);
    assert_eq!((&first["status"], &second["status"], fake.most_questions_at_once()), (&json!(0), &json!(0), 2));
    status(&fake, &token, &id).await;
    assert_eq!(fake.most_questions_at_once(), 2, "one after another");
}
