//! What an operator is told.

use hookyard_tests::feedbot::Fake;
use serde_json::{Value, json};

use super::{PHONE, Wa, host, refusal};

#[tokio::test]
async fn a_check_sends_nothing_and_says_what_is_left_to_do() {
    let wa = Wa::start().await;
    let reply = wa.host.post("/v1/connections/wa/check", &json!({})).await;
    let checked = reply.json();
    assert_eq!((reply.status(), &checked["health"]["status"]), (200, &json!("healthy")), "{checked}");
    assert_eq!(wa.fake.requests().len(), 0);
    let setup = checked["setup"].to_string();
    assert!(setup.contains("מצב שרת") && setup.contains("nothing is ever sent"), "{setup}");
    assert!(!checked.to_string().contains(&wa.fake.token()));
}

#[tokio::test]
async fn a_config_that_cannot_work_is_refused_with_a_reason() {
    let fake = Fake::start().await;
    let host = host("").await;
    let base = json!({ "auth_token": fake.token(), "send_url": fake.send_url(), "status_url": fake.status_url() });
    let put = async |config: &Value| {
        let grants = json!({ "private_addresses": ["127.0.0.1/32"] });
        host.put("/v1/connections/wa", &json!({ "plugin": "feedbot", "config": config, "grants": grants })).await
    };
    let rows = [
        ("auth_token", json!("a\r\nx-other: b")),
        ("auth_token", json!("")),
        ("send_url", json!("feedbot.co.il")),
        ("default_country_code", json!("+972")),
        ("default_ttl_seconds", json!(1)),
        ("max_batch", json!(0)),
        ("poll", json!({ "factor": 0 })),
        ("colour", json!("blue")),
    ];
    for (name, value) in rows {
        let mut config = base.clone();
        config[name] = value.clone();
        let reply = put(&config).await;
        assert_eq!(reply.status(), 422, "{name} = {value}: {}", reply.text());
        assert!(reply.text().contains(name), "{name}: {}", reply.text());
    }
    assert_eq!(put(&base).await.status(), 201);
}

#[tokio::test]
async fn the_config_bounds_a_batch_and_completes_numbers_and_times() {
    let wa = Wa::with("default_country_code = \"972\"\ndefault_ttl_seconds = 3600\nmax_batch = 1").await;
    wa.queue(&json!({ "phone": "050-000-0001" })).await;
    let body = wa.fake.queued()[0].body.clone();
    assert_eq!((&body["phone"], &body["invalidationTime"]), (&json!(PHONE), &json!("1772622000000")));
    let two = json!([{ "message": "a", "phone": PHONE }, { "message": "b", "phone": PHONE }]);
    assert_eq!(refusal(&wa.send(&two).await), (422, "batch-too-large".to_owned()));
}
