//! Where requests do not go.

use serde_json::{Value, json};

use super::Crm;

#[tokio::test]
async fn no_spelling_of_a_private_address_is_called() {
    let crm = Crm::start().await;
    let port = crm.rest.base().rsplit(':').next().expect("a port").to_owned();
    let grants = json!({ "hosts": [
        format!("http://127.0.0.1:{port}"), format!("http://[::1]:{port}"), format!("http://localhost:{port}"),
        "http://169.254.169.254", "http://10.0.0.1", "http://100.64.0.1", "http://0.0.0.0", "http://224.0.0.1",
        "http://[fc00::1]", "http://[fe80::1]", format!("http://[::ffff:127.0.0.1]:{port}"),
        "http://inside.example", "http://metadata.example",
    ] });
    crm.connect("bare", &json!({}), &grants).await;
    let spellings = [
        format!("http://127.0.0.1:{port}/echo"),
        format!("http://2130706433:{port}/echo"),
        format!("http://0x7f.1:{port}/echo"),
        format!("http://0177.0.0.1:{port}/echo"),
        format!("http://127.1:{port}/echo"),
        format!("http://[::1]:{port}/echo"),
        format!("http://[::ffff:127.0.0.1]:{port}/echo"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "http://100.64.0.1/".to_owned(),
        "http://0.0.0.0/".to_owned(),
        "http://224.0.0.1/".to_owned(),
        "http://[fc00::1]/".to_owned(),
        "http://[fe80::1]/".to_owned(),
        "http://inside.example/".to_owned(),
        "http://metadata.example/".to_owned(),
    ];
    for url in spellings {
        let input = json!({ "request": { "method": "GET", "url": url } });
        let reply = crm.host.call("bare", "test", &input).await;
        let record = reply.json();
        assert_eq!(
            (&record["error"]["kind"], &record["status_code"], &record["attempts"]),
            (&json!("forbidden_target"), &Value::Null, &json!(1)),
            "{url}: {record}"
        );
    }
    assert!(crm.rest.requests().is_empty());
    let granted = crm.tried("GET", "/echo", &json!({})).await;
    assert_eq!(granted["ok"], true, "only the operator's word opens one: {granted}");
}

#[tokio::test]
async fn a_host_that_is_not_granted_gets_no_request_and_no_secret() {
    let crm = Crm::start().await;
    let secret = json!({ "headers": [{ "name": "x-key", "value": { "secret": "rd" } }] });
    let record = crm.tried_at("GET", "https://evil.example/", &secret).await;
    assert_eq!((&record["error"]["kind"], &record["branch"]), (&json!("forbidden_target"), &json!("error")));
    assert!(record["error"]["message"].to_string().contains("evil.example"), "{record}");
}

#[tokio::test]
async fn redirects_are_followed_as_far_as_the_request_says() {
    let crm = Crm::start().await;
    for (max, status, kind) in [(0, 302, Value::Null), (1, 302, json!("redirect")), (2, 200, Value::Null)] {
        let before = crm.rest.requests().len();
        let record = crm.tried("GET", "/redirect/2", &json!({ "redirects_max": max })).await;
        assert_eq!((&record["status_code"], &record["error"]["kind"]), (&json!(status), &kind), "{max}: {record}");
        assert_eq!(crm.rest.requests().len() - before, max + 1);
    }
}

#[tokio::test]
async fn no_redirect_leads_to_where_nothing_is_sent() {
    let crm = Crm::start().await;
    for (target, said) in [
        ("http://169.254.169.254/", "169.254.169.254"),
        ("http://2130706433:1/", "127.0.0.1"),
        ("https://evil.example/", "evil.example"),
        ("http://inside.example/", "inside.example"),
        ("file:///etc/passwd", "file"),
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        let path = format!("/redirect-to?url={encoded}");
        let record = crm.tried("POST", &path, &json!({ "redirects_max": 5 })).await;
        // The first hop was sent, so that nobody knows what it did.
        assert_eq!((&record["error"]["kind"], &record["status_code"]), (&json!("protocol"), &Value::Null), "{record}");
        assert!(record["error"]["message"].to_string().contains(said), "{target}: {record}");
        let shown = crm.tried("POST", &path, &json!({})).await;
        assert_eq!(shown["status_code"], 302, "without redirects it is an answer");
    }
}

#[tokio::test]
async fn a_redirect_takes_no_secret_along_to_another_origin() {
    let crm = Crm::start().await;
    let other = hookyard_tests::rest::Rest::start().await;
    let grants = json!({ "hosts": [crm.rest.base(), other.base()], "private_addresses": ["127.0.0.1/32"] });
    let config = super::config(&crm.rest, &json!({}));
    crm.connect("two", &config, &grants).await;
    let to: String = url::form_urlencoded::byte_serialize(format!("{}/echo", other.base()).as_bytes()).collect();
    let request = json!({
        "method": "GET", "url": format!("{}/redirect-to?url={to}", crm.rest.base()), "redirects_max": 1,
        "auth": { "type": "bearer", "token": { "secret": "rd" } },
        "headers": [{ "name": "x-key", "value": { "secret": "client" } }, { "name": "x-plain", "value": { "text": "1" } }],
    });
    let record = crm.host.call("two", "test", &json!({ "request": request })).await.json();
    assert_eq!(record["ok"], true, "{record}");
    let first = crm.rest.requests().pop().expect("one");
    assert!(first.headers.contains_key("authorization") && first.headers.contains_key("x-key"));
    let second = other.requests().pop().expect("one");
    let kept = ["authorization", "x-key", "x-plain"].map(|name| second.headers.contains_key(name));
    assert_eq!(kept, [false, false, true]);
}
