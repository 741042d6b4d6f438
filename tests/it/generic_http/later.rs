//! What is sent again at once, and what later.

use std::time::Duration;

use hookyard_tests::rest::{CPF, Fault};
use serde_json::{Value, json};

use super::Crm;

#[tokio::test]
async fn what_may_be_repeated_is_sent_at_most_twice_more() {
    let crm = Crm::start().await;
    for (method, attempts, status) in
        [("GET", 3, 200), ("PUT", 3, 200), ("DELETE", 3, 200), ("POST", 1, 503), ("PATCH", 1, 503)]
    {
        crm.rest.fail(&format!("{method} /echo"), Fault::Status(503), 2);
        let record = crm.tried(method, "/echo", &json!({})).await;
        assert_eq!(
            (&record["attempts"], &record["status_code"]),
            (&json!(attempts), &json!(status)),
            "{method}: {record}"
        );
        crm.rest.forgive();
    }
    for (path, attempts) in
        [("/status/502", 3), ("/status/504", 3), ("/429", 3), ("/429?after=1", 1), ("/status/500", 1)]
    {
        assert_eq!(crm.tried("GET", path, &json!({})).await["attempts"], attempts, "{path}");
    }
    assert_eq!(crm.tried("GET", "/429?after=1", &json!({})).await["headers"][0], json!(["retry-after", "1"]));
}

/// The request `boleto`, which may be tried again later.
async fn patient() -> Crm {
    let crm = Crm::start().await;
    let mut config = super::config(&crm.rest, &json!({}));
    config["requests"]["boleto"]["retry_later"] = json!(true);
    config["requests"]["boleto"]["method"] = json!("POST");
    config["requests"]["busy"] = json!({
        "method": "POST", "url": format!("{}/429?after=7", crm.rest.base()), "retry_later": true,
    });
    config["requests"]["boleto"]["url"] = json!(format!("{}/echo/boleto", crm.rest.base()));
    config["requests"]["boleto"]["reply"] = json!({ "template": "ok" });
    let grants = json!({ "hosts": [crm.rest.base()], "private_addresses": ["127.0.0.1/32"] });
    crm.connect("erp", &config, &grants).await;
    crm
}

#[tokio::test]
async fn with_retry_later_a_client_hears_when_to_come_again() {
    let crm = patient().await;
    for (status, code) in [
        (502, "provider-unavailable"),
        (503, "provider-unavailable"),
        (504, "provider-unavailable"),
        (429, "rate-limited"),
    ] {
        crm.rest.fail("POST /echo", Fault::Status(status), 1);
        let reply = crm.host.call("erp", "run", &json!({ "request": "boleto", "fields": { "cpf": CPF } })).await;
        assert_eq!((reply.status(), &reply.json()["code"]), (503, &json!(code)), "{}", reply.text());
    }
    let busy = crm.host.call("erp", "run", &json!({ "request": "busy" })).await;
    assert_eq!((busy.status(), busy.header("retry-after")), (503, "7"), "{}", busy.text());
    assert!(crm.host.events().await.is_empty(), "nothing has come of it so far");
    crm.rest.fail("POST /echo", Fault::Status(500), 1);
    let failed = crm.host.call("erp", "run", &json!({ "request": "boleto", "fields": { "cpf": CPF } })).await;
    assert_eq!((failed.status(), &failed.json()["branch"]), (200, &json!("error")), "{}", failed.text());
}

#[tokio::test]
async fn a_flow_tries_again_by_its_schedule_and_one_event_comes_of_it() {
    let crm = patient().await;
    crm.rest.fail("POST /echo", Fault::RateLimited(Some("20".to_owned())), 1);
    let subscription = json!({
        "types": ["generic-http.request.failed"],
        "endpoint": { "connection": "erp", "action": "run", "input": {
            "request": "boleto", "subject": "{{ event.subject }}", "fields": { "cpf": "{{ event.data.context }}" },
        } },
    });
    let added = crm.host.post("/v1/subscriptions", &subscription).await;
    assert_eq!(added.status(), 201, "{}", added.text());
    let failed =
        crm.ran(&json!({ "request": "boleto", "fields": { "cpf": "1" }, "subject": "c-1", "context": CPF })).await;
    assert_eq!(failed["branch"], "error");
    let times = || crm.rest.times_asked("/echo/boleto");
    crm.rest.asked(2).await;
    assert_eq!(times(), 1);
    // The first try of the schedule waits at least as long as the answer asked for.
    let done = |events: &[Value]| events.iter().any(|event| event["type"] == "generic-http.request.succeeded");
    while !done(&crm.host.events().await) {
        crm.host.advance(Duration::from_secs(5));
        tokio::task::yield_now().await;
    }
    assert_eq!(times(), 2, "once in vain, once for good");
    let succeeded: Vec<_> = crm.host.events().await;
    let succeeded = succeeded.iter().filter(|event| event["type"] == "generic-http.request.succeeded").count();
    assert_eq!(succeeded, 1);
}
