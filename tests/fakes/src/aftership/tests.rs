//! The fake keeps AfterShip's promises.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::sender::waits;
use super::{Fake, Fault, Sender, Signature};
use crate::START;
use crate::http::{Reply, send};
use crate::provider::Provider;

const KEY: &str = "asat_test";

async fn ask(fake: &Fake, method: &str, path: &str, body: &Value) -> Reply {
    try_ask(fake, method, path, body).await.expect("an answer")
}

async fn try_ask(fake: &Fake, method: &str, path: &str, body: &Value) -> anyhow::Result<Reply> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder().method(method).uri(path).header("host", "fake").header("as-api-key", KEY);
    send(fake.address, request.body(Full::new(Bytes::from(body))).expect("well-formed")).await
}

fn code(reply: &Reply) -> (u16, u64) {
    (reply.status(), reply.json()["meta"]["code"].as_u64().expect("a code"))
}

#[tokio::test]
async fn the_key_stands_in_its_header() {
    let fake = Fake::start(KEY).await;
    let rows = [
        ("/v4/trackings", "as-api-key", KEY, 200),
        ("/v4/trackings", "aftership-api-key", KEY, 200),
        ("/tracking/2024-04/trackings", "as-api-key", KEY, 200),
        ("/tracking/2024-04/trackings", "aftership-api-key", KEY, 401),
        ("/tracking/2024-04/trackings", "as-api-key", "other", 401),
        ("/tracking/2024-05/trackings", "as-api-key", KEY, 404),
        ("/trackings", "as-api-key", KEY, 404),
    ];
    for (path, header, key, status) in rows {
        let request = Request::get(path).header("host", "fake").header(header, key);
        let reply = send(fake.address, request.body(Full::default()).expect("well-formed")).await.expect("an answer");
        assert_eq!(code(&reply), (status, u64::from(status)), "{path} {header}");
    }
    assert_eq!(fake.requests().len(), rows.len());
    assert_eq!(fake.requests()[4].headers["as-api-key"], "other");
}

#[tokio::test]
async fn the_version_decides_on_the_wrapper() {
    for (version, wrapped) in
        [("v4", true), ("tracking/2024-04", true), ("tracking/2024-07", false), ("tracking/2026-01", false)]
    {
        let fake = Fake::start(KEY).await;
        let path = format!("/{version}/trackings");
        let flat = json!({ "tracking_number": "LX4401927FR", "custom_fields": { "conversation_id": "c1" } });
        let with = json!({ "tracking": flat });
        let (right, wrong, refused) = if wrapped { (&with, &flat, 4006) } else { (&flat, &with, 4007) };
        assert_eq!(code(&ask(&fake, "POST", &path, wrong).await), (400, refused), "{version}");
        let created = ask(&fake, "POST", &path, right).await;
        assert_eq!(code(&created), (201, 201), "{version}");
        let data = created.json()["data"].clone();
        let tracking = if wrapped { &data["tracking"] } else { &data };
        assert_eq!((&tracking["slug"], &tracking["tag"]), (&json!("la-poste-colissimo"), &json!("Pending")));
        assert_eq!(fake.trackings(), std::slice::from_ref(tracking));
        let listed = ask(&fake, "GET", &path, &Value::Null).await.json()["data"].clone();
        assert_eq!((listed.get("pagination").is_none(), &listed["trackings"][0]), (wrapped, tracking));
    }
}

#[tokio::test]
async fn creates_are_refused_as_documented() {
    let fake = Fake::start(KEY).await;
    let path = "/tracking/2024-07/trackings";
    let rows = [
        (json!({}), 4007),
        (json!({ "tracking_number": "" }), 4007),
        (json!({ "tracking_number": "LX1" }), 4005),
        (json!({ "tracking_number": "LX 1234" }), 4005),
        (json!({ "tracking_number": "x".repeat(101) }), 4005),
        (json!({ "tracking_number": 12345 }), 4005),
        (json!({ "tracking_number": "LX1234", "slug": "No Courier" }), 4010),
        (json!({ "tracking_number": "LX1234", "slug": "keyed-courier" }), 4011),
        (json!({ "tracking_number": "XX1234" }), 4012),
        (json!({ "tracking_number": "LX1234", "custom_fields": { "a": 1 } }), 4008),
        (json!([]), 4001),
    ];
    for (body, refused) in rows {
        assert_eq!(code(&ask(&fake, "POST", path, &body).await), (400, refused), "{body}");
    }
    let keyed = json!({ "tracking_number": "LX/1-2.3_4", "slug": "keyed-courier", "tracking_key": "k" });
    assert_eq!(code(&ask(&fake, "POST", path, &keyed).await), (201, 201));
    assert_eq!(code(&ask(&fake, "POST", path, &keyed).await), (400, 4003), "the same number and courier");
    let other = json!({ "tracking_number": "LX/1-2.3_4", "slug": "dhl" });
    assert_eq!(code(&ask(&fake, "POST", path, &other).await), (201, 201), "another courier");
}

#[tokio::test]
async fn trackings_are_listed_changed_and_deleted() {
    let fake = Fake::start(KEY).await;
    let path = "/tracking/2024-04/trackings";
    for number in ["LX/1/", "LX-2", "LX-3"] {
        let body = json!({ "tracking": { "tracking_number": number, "custom_fields": { "a": "1" } } });
        assert_eq!(ask(&fake, "POST", path, &body).await.status(), 201);
    }
    let listed = |query: &'static str| {
        let fake = &fake;
        async move {
            let data = ask(fake, "GET", &format!("{path}?{query}"), &Value::Null).await.json()["data"].clone();
            let all = data["trackings"].as_array().expect("a list").clone();
            all.iter()
                .map(|tracking| tracking["tracking_number"].as_str().expect("text").to_owned())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(listed("").await, ["LX/1/", "LX-2", "LX-3"]);
    assert_eq!(listed("limit=2&page=2").await, ["LX-3"]);
    assert_eq!(listed("tracking_numbers=LX%2F1%2F,LX-3").await, ["LX/1/", "LX-3"]);
    assert_eq!(listed("tracking_numbers=LX-2&slug=dhl").await, Vec::<String>::new());
    assert_eq!(code(&ask(&fake, "GET", &format!("{path}?limit=201"), &Value::Null).await), (400, 4008));

    let id = fake.trackings()[0]["id"].as_str().expect("an id").to_owned();
    let one = format!("{path}/{id}");
    let change = json!({ "tracking": { "custom_fields": { "b": "2" }, "title": "Shoes", "tracking_number": "other" } });
    let changed = ask(&fake, "PUT", &one, &change).await.json()["data"]["tracking"].clone();
    assert_eq!((&changed["custom_fields"], &changed["title"]), (&json!({ "b": "2" }), &json!("Shoes")));
    assert_eq!(changed["tracking_number"], "LX/1/");
    assert_eq!(ask(&fake, "GET", &one, &Value::Null).await.json()["data"]["tracking"], changed);
    let by_number = format!("{path}/la-poste-colissimo/LX%2F1%2F");
    assert_eq!(ask(&fake, "GET", &by_number, &Value::Null).await.json()["data"]["tracking"], changed);

    let retrack = format!("{one}/retrack");
    assert_eq!(code(&ask(&fake, "POST", &retrack, &Value::Null).await), (400, 4013));
    fake.expire(&id);
    assert_eq!(code(&ask(&fake, "POST", &retrack, &Value::Null).await), (200, 200));
    fake.expire(&id);
    assert_eq!(code(&ask(&fake, "POST", &retrack, &Value::Null).await), (400, 4016));

    assert_eq!(code(&ask(&fake, "DELETE", &one, &Value::Null).await), (200, 200));
    assert_eq!(code(&ask(&fake, "GET", &one, &Value::Null).await), (404, 4004));
    assert_eq!(code(&ask(&fake, "GET", &format!("{path}/a%20b"), &Value::Null).await), (400, 4015));
    assert_eq!(code(&ask(&fake, "PATCH", path, &Value::Null).await), (404, 404));
}

#[tokio::test]
async fn a_second_takes_so_many_requests_and_no_more() {
    let fake = Fake::start(KEY).await;
    let clock = std::sync::Arc::new(hookyard_domain::clock::ManualClock::at(START));
    fake.use_clock(clock.clone());
    fake.limit_rate(2);
    let reset = (START.as_seconds() + 1).to_string();
    for (status, remaining) in [(200, "1"), (200, "0"), (429, "0")] {
        let reply = ask(&fake, "GET", "/v4/trackings", &Value::Null).await;
        assert_eq!((reply.status(), reply.header("x-ratelimit-remaining")), (status, remaining));
        assert_eq!((reply.header("x-ratelimit-limit"), reply.header("x-ratelimit-reset")), ("2", reset.as_str()));
    }
    clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&fake, "GET", "/v4/trackings", &Value::Null).await.status(), 200);
}

#[tokio::test]
async fn faults_happen_in_their_order_and_as_often_as_asked() {
    let fake = Fake::start(KEY).await;
    let fail = |query: &str| format!("/__mock/fail?{query}");
    for query in ["status=429&times=2&reset_in=7", "status=500", "status=502&method=GET", "status=echo"] {
        assert_eq!(ask(&fake, "POST", &fail(query), &Value::Null).await.status(), 204, "{query}");
    }
    for query in ["status=200", "times=1", "status=500&times=x", "status=slow&ms=-1"] {
        assert_eq!(ask(&fake, "POST", &fail(query), &Value::Null).await.status(), 400, "{query}");
    }
    let reset = (START.as_seconds() + 7).to_string();
    for _ in 0..2 {
        let reply = ask(&fake, "GET", "/v4/trackings", &Value::Null).await;
        assert_eq!((code(&reply), reply.header("x-ratelimit-reset")), ((429, 429), reset.as_str()));
    }
    assert_eq!(code(&ask(&fake, "GET", "/v4/trackings", &Value::Null).await), (500, 500));
    let echoed = ask(&fake, "POST", "/v4/trackings", &Value::Null).await;
    assert_eq!((echoed.status(), &echoed.json()["data"]["headers"]["as-api-key"]), (200, &json!(KEY)));
    assert_eq!(echoed.header("x-your-key"), KEY);
    let page = ask(&fake, "GET", "/v4/trackings", &Value::Null).await;
    assert_eq!((page.status(), page.header("content-type")), (502, "text/html"));
    assert_eq!(ask(&fake, "GET", "/v4/trackings", &Value::Null).await.status(), 200);
}

#[tokio::test]
async fn some_faults_come_after_the_deed() {
    let fake = Fake::start(KEY).await;
    let create = |number: &str| json!({ "tracking": { "tracking_number": number } });
    fake.fail(Fault::Truncated, 1);
    let cut = ask(&fake, "POST", "/v4/trackings", &create("LX-1")).await;
    assert_eq!((cut.status(), serde_json::from_slice::<Value>(&cut.body).is_err()), (201, true));
    fake.fail(Fault::Broken, 1);
    assert!(try_ask(&fake, "POST", "/v4/trackings", &create("LX-2")).await.is_err());
    fake.fail(Fault::Slow(Duration::from_millis(1)), 1);
    assert_eq!(ask(&fake, "POST", "/v4/trackings", &create("LX-3")).await.status(), 201);
    for (fault, carried_out) in [(Fault::Hang, 3), (Fault::HangAfter, 4)] {
        fake.fail(fault, 1);
        let arrived = fake.requests().len() + 1;
        let body = create(&format!("LX-{fault:?}"));
        tokio::select! {
            reply = ask(&fake, "POST", "/v4/trackings", &body) => panic!("it answered {}", reply.status()),
            () = fake.asked(arrived) => {}
        }
        // The next request is served after the one before it has had its effect.
        ask(&fake, "GET", "/v4/trackings", &Value::Null).await;
        assert_eq!(fake.trackings().len(), carried_out, "{fault:?}");
    }
}

#[tokio::test]
async fn webhooks_are_signed_over_their_exact_bytes() {
    let receiver = Provider::start().await;
    receiver.answer("/webhooks/shop", 200, "");
    let sender = Sender::new(&format!("{}/webhooks/shop", receiver.base()), "whs_test_9b1f6c2e");
    let vector = include_bytes!("../../../vectors/a1_tracking_update.json");
    for signature in [Signature::Right, Signature::Wrong, Signature::Hex, Signature::None] {
        sender.send(vector, signature).await;
    }
    let signatures: Vec<_> = receiver
        .requests()
        .iter()
        .map(|request| {
            request.headers.get("aftership-hmac-sha256").map(|value| value.to_str().expect("ASCII").to_owned())
        })
        .collect();
    let right = "du3lvrFSMtksXPisYGT9qfZFX/eXyQuSVcq7R/czLDA=";
    assert_eq!(signatures[0].as_deref(), Some(right));
    assert_ne!(signatures[1].as_deref(), Some(right));
    assert!(signatures[2].as_deref().is_some_and(|hex| hex.starts_with("76ede5be")));
    assert_eq!(signatures[3], None);
    assert_eq!(receiver.requests()[0].body.as_ref(), vector.as_slice());
    assert_eq!(sender.repeat(b"{}", 3).await.len(), 3);
    sender.reordered(&[b"first".to_vec(), b"second".to_vec()]).await;
    let bodies: Vec<_> = receiver.requests().iter().rev().take(2).map(|request| request.body.clone()).collect();
    assert_eq!(bodies, ["first", "second"], "the last one came first");
}

#[tokio::test]
async fn a_webhook_is_repeated_until_it_is_accepted() {
    const FASTER: u32 = 100_000_000;
    let receiver = Provider::start().await;
    let sender = Sender::new(&format!("{}/webhooks/shop", receiver.base()), "s");
    assert_eq!(sender.until_accepted(b"{}", FASTER).await, [404; 14]);
    receiver.answer("/webhooks/shop", 202, "");
    assert_eq!(sender.until_accepted(b"{}", FASTER).await, [202]);
    let all: Vec<u64> = waits().map(|wait| wait.as_secs()).collect();
    assert_eq!((all.len(), all[0], all[12], all.iter().sum::<u64>()), (13, 30, 122_880, 245_730));
}

#[tokio::test]
async fn an_update_says_what_became_of_the_tracking() {
    let fake = Fake::start(KEY).await;
    let body = json!({ "tracking": { "tracking_number": "LX-1", "custom_fields": { "conversation_id": "c1" } } });
    ask(&fake, "POST", "/v4/trackings", &body).await;
    let id = fake.trackings()[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(fake.created(0).await, id);
    let webhooks = [fake.update(&id, "InTransit", true), fake.update(&id, "Delivered", true)];
    let [first, second] = webhooks.map(|body| serde_json::from_slice::<Value>(&body).expect("JSON"));
    assert_eq!((&first["event"], &first["msg"]["tag"]), (&json!("tracking_update"), &json!("InTransit")));
    assert_eq!(first["msg"]["custom_fields"]["conversation_id"], "c1");
    assert_eq!(first["ts"], START.as_seconds());
    assert_ne!(first["event_id"], second["event_id"]);
    assert_eq!(fake.trackings(), [second["msg"].clone()]);
}

#[tokio::test]
async fn a_fake_is_gone_when_it_is_dropped() {
    let fake = Fake::start(KEY).await;
    let address = fake.address;
    drop(fake);
    // The runtime drops the listener when it comes to it.
    let refused = tokio::time::timeout(Duration::from_secs(10), async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    refused.await.expect("nobody listens");
}
