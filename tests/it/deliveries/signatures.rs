//! What is sent is the event, signed so that its receiver can prove where it comes from.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_domain::clock::Clock as _;
use hookyard_tests::receiver::{Answer, Delivered, Receiver};
use hookyard_tests::sign;
use serde_json::json;

use super::{KEY, OTHER_KEY, OTHER_SECRET, SECRET, builder, emit, tell, to, with};

/// The signature that this key makes of a delivery.
fn signature(key: &[u8], delivered: &Delivered) -> String {
    let (id, timestamp) = (delivered.header("webhook-id"), delivered.header("webhook-timestamp"));
    sign::standard_webhooks(key, id, timestamp, &delivered.body)
}

fn key_of(secret: &str) -> Vec<u8> {
    STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64")
}

#[tokio::test]
async fn a_delivery_is_the_event_as_the_log_has_it() {
    let receiver = Receiver::start().await;
    let host = builder(&to("crm", &receiver, "/hook")).start().await;
    emit(&host, "c1", &json!({ "text": "é\u{2028}\"", "n": 1 })).await;
    let delivered = receiver.until("/hook", 1).await.remove(0);
    let event = host.events().await.remove(0);
    assert_eq!(delivered.event(), event);
    assert_eq!((&*delivered.method, delivered.header("content-type")), ("POST", "application/cloudevents+json"));
    assert_eq!(delivered.header("webhook-id"), event["id"].as_str().expect("an id"));
    let now = host.clock.now().as_millis() / 1_000;
    assert_eq!(delivered.header("webhook-timestamp"), now.to_string());
    assert_eq!(delivered.header("webhook-signature"), signature(KEY, &delivered));
    assert!(host.deliveries("crm").await.is_empty(), "what succeeds at once leaves nothing behind");
}

#[tokio::test]
async fn digits_and_members_are_those_that_the_plugin_gave() {
    let receiver = Receiver::start().await;
    let host = builder(&to("crm", &receiver, "/hook")).start().await;
    let data = "{\"z\":1.10,\"a\":12345678901234567890123}";
    let script = format!("{{\"do\": [{{\"emit\": {{\"data\": {data}}}}}]}}");
    let request = http::Request::post("/webhooks/bot").header("x-echo-token", "sesame");
    assert_eq!(host.send(request, script).await.status(), 200);
    let delivered = receiver.until("/hook", 1).await.remove(0);
    let body = String::from_utf8(delivered.body.to_vec()).expect("UTF-8");
    assert!(body.contains(data), "{body}");
}

#[tokio::test]
async fn each_attempt_has_the_same_id_and_its_own_time_and_signature() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::Status(500));
    let host = builder(&to("crm", &receiver, "/hook")).start().await;
    emit(&host, "c1", &json!(1)).await;
    host.until_failed("crm", 1).await;
    host.advance(Duration::from_secs(5));
    let attempts = receiver.until("/hook", 2).await;
    let of = |header: &str| attempts.iter().map(|delivered| delivered.header(header).to_owned()).collect::<Vec<_>>();
    assert_eq!(of("webhook-id")[0], of("webhook-id")[1]);
    let times: Vec<i64> = of("webhook-timestamp").iter().map(|time| time.parse().expect("a number")).collect();
    assert_eq!(times[1] - times[0], 5);
    for delivered in &attempts {
        assert_eq!(delivered.header("webhook-signature"), signature(KEY, delivered));
    }
}

#[tokio::test]
async fn all_secrets_of_the_file_sign() {
    let receiver = Receiver::start().await;
    let url = receiver.url("/hook");
    let toml = format!(
        "[subscriptions.crm]\ntypes = [\"echo.*\"]\nendpoint = {{ url = \"{url}\", secret = [\"{OTHER_SECRET}\", \"{SECRET}\"] }}"
    );
    let host = builder(&toml).start().await;
    emit(&host, "c1", &json!(1)).await;
    let delivered = receiver.until("/hook", 1).await.remove(0);
    let both = format!("{} {}", signature(OTHER_KEY, &delivered), signature(KEY, &delivered));
    assert_eq!(delivered.header("webhook-signature"), both);
}

#[tokio::test]
async fn a_secret_that_was_replaced_signs_beside_the_new_one_for_a_while() {
    let receiver = Receiver::start().await;
    let host = builder("").start().await;
    let subscription = json!({ "types": ["echo.*"], "endpoint": { "url": receiver.url("/hook") } });
    let created = host.post("/v1/subscriptions", &subscription).await;
    assert_eq!(created.status(), 201, "{}", created.text());
    let created = created.json();
    let id = created["id"].as_str().expect("an id").to_owned();
    let first = key_of(created["secret"].as_str().expect("it is shown once"));
    let second = tell(&host, &id, "rotate-secret", &json!({ "overlap_seconds": 60 })).await;
    let second = key_of(second["secret"].as_str().expect("it is shown once"));
    emit(&host, "c1", &json!(1)).await;
    let delivered = receiver.until("/hook", 1).await.remove(0);
    let both = format!("{} {}", signature(&second, &delivered), signature(&first, &delivered));
    assert_eq!(delivered.header("webhook-signature"), both);
    host.advance(Duration::from_secs(61));
    emit(&host, "c2", &json!(2)).await;
    let delivered = receiver.until("/hook", 2).await.remove(1);
    assert_eq!(delivered.header("webhook-signature"), signature(&second, &delivered));
}

#[tokio::test]
async fn headers_of_the_operator_are_sent_beside_those_of_the_host() {
    let receiver = Receiver::start().await;
    let headers = ", headers = { authorization = \"Bearer of-the-operator\", x-team = \"parcels\" }";
    let host = builder(&with("crm", &receiver, "/hook", "", headers)).start().await;
    emit(&host, "c1", &json!(1)).await;
    let delivered = receiver.until("/hook", 1).await.remove(0);
    assert_eq!((delivered.header("authorization"), delivered.header("x-team")), ("Bearer of-the-operator", "parcels"));
    assert_eq!(delivered.header("webhook-signature"), signature(KEY, &delivered));
    assert!(!super::view(&host, "crm").await.to_string().contains("of-the-operator"), "it is not shown");
}
