//! The key becomes a token, once for all that wait.

use hookyard_tests::selarti::{Auth, Fake, Fault};
use serde_json::json;

use super::{Ai, connection, host, refusal};

#[tokio::test]
async fn the_key_is_exchanged_when_a_message_needs_it_and_the_token_is_kept() {
    let mut ai = Ai::with_tokens().await;
    assert_eq!(ai.fake.exchanges(), 0, "nobody has needed one");
    for _ in 0..3 {
        let reply = ai.say("c", "x").await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
    }
    assert_eq!((ai.fake.exchanges(), ai.fake.sent().len()), (1, 3));
    let exchange = &ai.fake.requests()[0];
    assert_eq!(exchange.path, "/api/1.1/wf/auth");
    let body: serde_json::Value = serde_json::from_slice(&exchange.body).expect("JSON");
    assert_eq!(body, json!({ "key": ai.fake.key() }));
    ai.host.restart().await;
    assert_eq!(ai.say("c", "x").await.status(), 200);
    assert_eq!(ai.fake.exchanges(), 1, "it survives a restart");
    let sends: Vec<_> = ai.fake.requests().into_iter().filter(|request| request.path != exchange.path).collect();
    assert!(sends.iter().all(|send| !String::from_utf8_lossy(&send.body).contains(&ai.fake.key())));
    assert!(sends.iter().all(|send| send.headers["authorization"] != ai.fake.key().as_str()));
}

#[tokio::test]
async fn the_config_says_what_the_exchange_looks_like() {
    const OTHER: &str = "tok-71f0a3c5d2e9-of-another-shape";
    let fake = Fake::start().await;
    fake.wants(Auth::Header("authorization".to_owned(), format!("Bearer {OTHER}")));
    fake.fail_exchanges(Fault::Body(200, json!({ "data": [{ "access/token": OTHER }] }).to_string()), 1);
    let (url, key) = (fake.auth_url(), fake.key());
    let auth = format!(
        "auth = {{ mode = \"exchange\", url = \"{url}\", secret = \"{key}\", body_field = \"api {{key}}\", \
         token_pointer = \"/data/0/access~1token\" }}"
    );
    let host = host(&connection(&fake, "ai", &auth)).await;
    let reply = host.call("ai", "send-message", &json!({ "conversation_id": "c", "text": "x" })).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    let body: serde_json::Value = serde_json::from_slice(&fake.requests()[0].body).expect("JSON");
    assert_eq!((body, fake.sent().len()), (json!({ "api {key}": key }), 1));
}

#[tokio::test]
async fn a_token_that_has_expired_is_exchanged_anew_and_the_message_goes_out_once() {
    let ai = Ai::with_tokens().await;
    assert_eq!(ai.say("c", "1").await.status(), 200);
    ai.fake.expire_tokens();
    let before = ai.fake.requests().len();
    assert_eq!(ai.say("c", "2").await.status(), 200);
    assert_eq!((ai.fake.exchanges(), ai.fake.requests().len() - before), (2, 3), "refused, exchanged, sent");
    let texts: Vec<_> = ai.fake.sent().into_iter().map(|sent| sent.text).collect();
    assert_eq!(texts, ["1", "2"]);
    ai.fake.fail_sends(Fault::Status(401), 2);
    let refused = ai.say("c", "3").await;
    assert_eq!(refusal(&refused), (502, "provider-unauthorized".to_owned()), "then it fails: {}", refused.text());
    assert_eq!((ai.fake.exchanges(), ai.fake.sent().len()), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_messages_on_an_expired_token_make_one_exchange() {
    const MESSAGES: usize = 100;
    let ai = Ai::with_tokens().await;
    assert_eq!(ai.say("c", "first").await.status(), 200);
    ai.fake.expire_tokens();
    let sends = (0..MESSAGES).map(async |number| {
        // More at once than the host takes are told to come again.
        loop {
            let reply = ai.say(&format!("c-{number}"), &number.to_string()).await;
            match reply.status() {
                200 => return,
                503 => assert_eq!(reply.json()["code"], "overloaded", "{}", reply.text()),
                _ => panic!("{}", reply.text()),
            }
        }
    });
    futures_util::future::join_all(sends).await;
    assert_eq!(ai.fake.exchanges(), 2, "the first, and one for all");
    let mut texts: Vec<usize> = ai.fake.sent().iter().skip(1).filter_map(|sent| sent.text.parse().ok()).collect();
    texts.sort_unstable();
    assert_eq!(texts, (0..MESSAGES).collect::<Vec<_>>(), "each of them once");
}

#[tokio::test]
async fn an_exchange_without_a_token_is_an_error_of_its_own_and_nothing_is_sent() {
    let ai = Ai::with_tokens().await;
    let body = |text: &str| Fault::Body(200, text.to_owned());
    let rows = [
        (body(r#"{"status":"success","response":{}}"#), 502, "provider-protocol"),
        (body(r#"{"status":"success","response":{"token":7}}"#), 502, "provider-protocol"),
        (body(r#"{"status":"success","response":{"token":""}}"#), 502, "provider-protocol"),
        (body(r#"{"status":"error","message":"no"}"#), 502, "provider-protocol"),
        (Fault::Page(200), 502, "provider-protocol"),
        (Fault::Truncated, 502, "provider-protocol"),
        (Fault::Status(401), 502, "provider-unauthorized"),
        (Fault::Status(403), 502, "provider-unauthorized"),
        (Fault::Status(500), 503, "provider-unavailable"),
        (Fault::Page(502), 503, "provider-unavailable"),
        (Fault::Status(429), 503, "provider-unavailable"),
    ];
    for (fault, status, word) in rows {
        ai.fake.fail_exchanges(fault.clone(), 9);
        let reply = ai.say("c", "x").await;
        assert_eq!(refusal(&reply), (status, word.to_owned()), "{fault:?}: {}", reply.text());
        assert!(!reply.text().contains(&ai.fake.key()));
        ai.fake.forgive();
    }
    assert!(ai.fake.sent().is_empty());
    assert!(ai.fake.requests().iter().all(|request| request.path == "/api/1.1/wf/auth"));
    assert_eq!(ai.say("c", "x").await.status(), 200);
}

#[tokio::test]
async fn the_key_and_the_token_are_shown_to_nobody() {
    let ai = Ai::with_tokens().await;
    assert_eq!(ai.say("c", "x").await.status(), 200);
    let send = ai.fake.requests().pop().expect("one");
    let token = send.headers["authorization"].to_str().expect("ASCII").trim_start_matches("Bearer ").to_owned();
    ai.fake.fail_sends(Fault::Echo, 1);
    let echoed = ai.say("c", "x").await.text();
    let mut shown = vec![echoed];
    for path in ["/v1/invocations?connection=ai", "/v1/connections/ai", "/v1/events"] {
        shown.push(ai.host.get(path).await.text());
    }
    for text in shown {
        assert!(!text.contains(&token) && !text.contains(&ai.fake.key()), "{text}");
    }
}
