//! Receivers in other languages verify and parse deliveries.

use hookyard_tests::consumers::{self, Consumer};
use hookyard_tests::http::send;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use super::{emit, host};

/// `whsec_` and the base64 of 32 bytes.
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// Of another key.
const NEWER_SECRET: &str = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

/// Takes what its secret has signed, alone or beside another one, and nothing else.
async fn takes_what_is_signed((mut consumer, url): (Consumer, String)) {
    let with_secret = |secret: &str| {
        format!("[subscriptions.crm]\ntypes = [\"echo.*\"]\nendpoint = {{ url = \"{url}\", secret = {secret} }}\n")
    };
    let data =
        json!({ "text": "é \u{1f4e6} \" \\ \u{2028} </b>", "list": [1, 2.5, null, true], "nested": { "a": {} } });
    let signing = host(&with_secret(&format!("\"{SECRET}\""))).await;
    for (subject, data) in [("order-7", data), ("order-8", json!("text"))] {
        emit(&signing, subject, &data).await;
        assert_eq!(said(&mut consumer).await, ("echo.any.heard".to_owned(), subject.to_owned(), data));
    }
    let rotating = host(&with_secret(&format!("[\"{NEWER_SECRET}\", \"{SECRET}\"]"))).await;
    emit(&rotating, "order-9", &json!([])).await;
    assert_eq!(said(&mut consumer).await, ("echo.any.heard".to_owned(), "order-9".to_owned(), json!([])));
    let foreign = host(&with_secret(&format!("\"{NEWER_SECRET}\""))).await;
    emit(&foreign, "order-10", &json!(1)).await;
    let delivery = foreign.until_delivery("crm", |delivery| delivery.standing.attempts == 1).await;
    assert_eq!(delivery.standing.history[0].status, Some(401), "a secret that it does not have");
    refuses_what_was_changed(&url).await;
}

/// Type, subject and data of the next event that it has taken.
async fn said(consumer: &mut Consumer) -> (String, String, Value) {
    let line = consumer.line().await;
    let mut parts = line.splitn(3, ' ');
    let mut next = || parts.next().unwrap_or_else(|| panic!("it says {line:?}"));
    let (event_type, subject, data) = (next().to_owned(), next().to_owned(), next());
    (event_type, subject, serde_json::from_str(data).expect("data is JSON"))
}

/// A body that nobody signed, sent by somebody else.
async fn refuses_what_was_changed(url: &str) {
    let address = url.trim_start_matches("http://").trim_end_matches('/').parse().expect("an address");
    let request = Request::post("/")
        .header("host", "127.0.0.1")
        .header("content-type", "application/cloudevents+json")
        .header("webhook-id", "evt_1")
        .header("webhook-timestamp", "1")
        .header("webhook-signature", "v1,AAAA");
    let reply = send(address, request.body(Full::new("{}".into())).expect("a request")).await.expect("it answers");
    assert_eq!(reply.status(), 401);
}

hookyard_tests::with_python_consumer! {
    #[tokio::test]
    async fn a_receiver_in_python_verifies_and_parses_deliveries() {
        let python = consumers::PYTHON_WITH_PACKAGES.expect("it is there");
        takes_what_is_signed(Consumer::python(python, SECRET).await).await;
    }
}

hookyard_tests::with_javascript_consumer! {
    #[tokio::test]
    async fn a_receiver_in_javascript_verifies_and_parses_deliveries() {
        let node_modules = consumers::NODE_MODULES.expect("they are there");
        takes_what_is_signed(Consumer::javascript(node_modules, SECRET).await).await;
    }
}
