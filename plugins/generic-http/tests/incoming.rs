//! Webhooks become events as they came in.

use generic_http::GenericHttp;
use hookyard_sdk::Webhook;
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

fn host(more: &Value) -> Host<GenericHttp> {
    let mut incoming = json!({ "verify": { "scheme": "none" } });
    for (name, value) in more.as_object().into_iter().flatten() {
        incoming[name] = value.clone();
    }
    Host::new(&json!({ "incoming": incoming }))
}

fn webhook(content_type: &str, body: &[u8]) -> Webhook {
    Webhook { headers: vec![("content-type".to_owned(), content_type.to_owned())], ..Webhook::post(body) }
}

#[test]
fn a_webhook_is_passed_on_to_the_letter() {
    let host = host(&json!({ "subject": "/data/0/a~1b", "headers": ["X-Event", "x-none"] }));
    let body = r#"{"z": 1.50, "data": [{"a/b": 12345678901234567890}]}"#;
    let mut webhook = webhook("application/json", body.as_bytes());
    webhook.headers.extend(
        [("x-event", "one"), ("authorization", "secret"), ("x-event", "two")]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    (webhook.path, webhook.query) = ("/a/b".to_owned(), "x=1".to_owned());
    let answer = host.webhook(&webhook);
    assert_eq!((answer.status, answer.events.len()), (200, 1));
    let event = &answer.events[0];
    assert_eq!((event.kind.as_str(), event.subject.as_deref()), ("webhook.received", Some("12345678901234567890")));
    assert_eq!(
        event.data.get(),
        format!(
            r#"{{"method":"POST","path":"/a/b","query":"x=1","headers":{{"x-event":["one","two"]}},"content_type":"application/json","json":{body}}}"#
        )
    );
}

#[test]
fn what_is_no_json_is_text_or_base64() {
    let received = |content_type: &str, body: &[u8]| {
        let event = host(&json!({})).webhook(&webhook(content_type, body)).events.remove(0);
        let data = event.json();
        ["json", "text", "base64"].map(|member| data.get(member).cloned()).into_iter().flatten().collect::<Vec<_>>()
    };
    assert_eq!(received("application/x-www-form-urlencoded", b"a=1&b=2"), [json!("a=1&b=2")]);
    assert_eq!(received("text/plain", b"7"), [json!("7")]);
    assert_eq!(received("application/vnd.x+json; charset=utf-8", b"7"), [json!(7)]);
    assert_eq!(received("text/plain", b" {\"a\": 1}"), [json!({ "a": 1 })]);
    assert_eq!(received("application/json", b"{\"a\": "), [json!("{\"a\": ")]);
    assert_eq!(received("application/json", b""), [json!("")]);
    assert_eq!(received("application/octet-stream", b"\xff\x00"), [json!("/wA=")]);
    assert_eq!(received("text/plain; charset=latin1", b"\xe7"), [json!("ç")]);
}

#[test]
fn what_cannot_be_a_subject_is_none() {
    for body in [r#"{"id": null}"#, r#"{"id": [1]}"#, "{}", "[1]", r#"{"id": ""}"#, r#"{"id": "a\nb"}"#] {
        let answer = host(&json!({ "subject": "/id" })).webhook(&webhook("application/json", body.as_bytes()));
        assert_eq!((answer.status, answer.events[0].subject.as_deref()), (200, None), "{body}");
    }
}

#[test]
fn a_webhook_that_comes_again_is_handled_once_by_the_rules_of_the_config() {
    let host = host(&json!({ "dedupe": [{ "header": "x-delivery" }, { "body": "/id" }] }));
    let events = |header: &str, body: &str| {
        let mut webhook = webhook("application/json", body.as_bytes());
        webhook.headers.extend((!header.is_empty()).then(|| ("x-delivery".to_owned(), header.to_owned())));
        host.webhook(&webhook).events.len()
    };
    assert_eq!([events("a", "{}"), events("a", "{}"), events("b", "{}")], [1, 0, 1]);
    assert_eq!([events("", r#"{"id": 7}"#), events("", r#"{"id": 7, "x": 1}"#), events("", "{}")], [1, 0, 1]);
    assert_eq!(events("", "{}"), 1, "without a key nothing is the same");
}
