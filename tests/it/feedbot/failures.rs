//! Failures are answered as documented, and no message is sent twice because of one.

use hookyard_tests::feedbot::{Codes, Fake, Fault};
use serde_json::json;

use super::{PHONE, Wa, connection, host, refusal};

#[tokio::test]
async fn a_message_that_may_be_in_the_queue_is_not_sent_again() {
    let wa = Wa::start().await;
    let message = json!([{ "message": "Hi", "phone": PHONE }]);
    for fault in [Fault::Status(500), Fault::Page(503), Fault::Empty(504), Fault::Broken] {
        let before = wa.fake.requests().len();
        wa.fake.fail_sends(fault.clone(), 1);
        let reply = wa.send(&message).await;
        assert_eq!(refusal(&reply), (502, "outcome-unknown".to_owned()), "{fault:?}: {}", reply.text());
        assert_eq!(wa.fake.requests().len(), before + 1, "{fault:?}");
    }
    assert_eq!(wa.fake.queued().len(), 1, "the last one was taken before its answer broke off");
    assert!(wa.timers().await.is_empty());
}

#[tokio::test]
async fn every_error_has_its_word() {
    let wa = Wa::start().await;
    let body = |status: u16, body: &str| Fault::Body(status, body.to_owned());
    let rows = [
        (body(200, r#"{"errorCode":2,"success":false}"#), 422, "missing-params"),
        (body(400, r#"{"errorCode":"MISSING_PARAMS","success":false}"#), 422, "missing-params"),
        (body(200, r#"{"errorCode":12,"success":false}"#), 502, "feedbot-error"),
        (body(200, r#"{"errorCode":null,"success":true}"#), 502, "provider-protocol"),
        (Fault::Page(200), 502, "provider-protocol"),
        (Fault::Page(404), 502, "provider-protocol"),
        (Fault::Status(429), 503, "rate-limited"),
    ];
    for (fault, status, word) in rows {
        wa.fake.fail_sends(fault.clone(), 1);
        let reply = wa.send(&json!([{ "message": "Hi", "phone": PHONE }])).await;
        assert_eq!(refusal(&reply), (status, word.to_owned()), "{fault:?}: {}", reply.text());
    }
    wa.fake.fail_sends(Fault::RateLimited(Some("9".to_owned())), 1);
    let limited = wa.send(&json!([{ "message": "Hi", "phone": PHONE }])).await;
    assert_eq!((limited.status(), limited.header("retry-after")), (503, "9"), "{}", limited.text());
    wa.fake.fail_sends(Fault::Body(200, r#"{"errorCode":12,"success":false}"#.to_owned()), 1);
    let refused = wa.send(&json!([{ "message": "Hi", "phone": PHONE }])).await.json();
    assert_eq!((&refused["error_code"], &refused["http_status"]), (&json!(12), &json!(200)), "{refused}");
}

#[tokio::test]
async fn a_feedbot_that_cannot_be_reached_is_unavailable() {
    let fake = Fake::start().await;
    // Nobody listens there.
    let host = host(&connection(&fake, "").replace(&fake.send_url(), "http://127.0.0.1:1")).await;
    let input = json!({ "conversation_id": PHONE, "text": "Hi" });
    let reply = host.call("wa", "send-message", &input).await;
    assert_eq!(refusal(&reply), (503, "provider-unavailable".to_owned()), "{}", reply.text());
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_token_that_is_not_accepted_makes_the_connection_unhealthy() {
    for (codes, errors_are_200) in
        [(Codes::Numbers, true), (Codes::Texts, true), (Codes::Names, true), (Codes::Numbers, false)]
    {
        let wa = Wa::start().await;
        wa.fake.change_token("another");
        wa.fake.style(|style| (style.codes, style.errors_are_200) = (codes, errors_are_200));
        let reply = wa.send(&json!([{ "message": "Hi", "phone": PHONE }])).await;
        assert_eq!(refusal(&reply), (502, "provider-unauthorized".to_owned()), "{codes:?}: {}", reply.text());
        let shown = wa.host.get("/v1/connections/wa").await.json();
        assert_eq!(
            (&shown["health"]["status"], &shown["health"]["code"]),
            (&json!("unhealthy"), &json!("provider-unauthorized")),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn the_token_shows_nowhere_but_in_its_header() {
    let wa = Wa::start().await;
    let token = wa.fake.token();
    wa.fake.fail_sends(Fault::Echo, 1);
    let echoed = wa.send(&json!([{ "message": "Hi", "phone": PHONE }])).await;
    assert!(echoed.status() == 502 && !echoed.text().contains(&token), "{}", echoed.text());
    wa.queue(&json!({})).await;
    let places =
        ["/v1/connections/wa", "/v1/timers", "/v1/events", "/v1/invocations?connection=wa", "/v1/plugins/feedbot"];
    for place in places {
        let shown = wa.host.get(place).await;
        assert!(shown.status() == 200 && !shown.text().contains(&token), "{place}");
    }
    let log = wa.host.get("/v1/invocations?connection=wa").await.text();
    assert!(!log.contains(PHONE) && !log.contains("שלום"), "neither phones nor texts are logged: {log}");
}
