//! Subscriptions of the API and of the file: what they are, what changes them, and what nobody sees.

mod ending;
mod file;
mod secrecy;
mod wrong;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::receiver::{Delivered, Receiver};
use hookyard_tests::sign;
use http::Request;
use serde_json::{Value, json};

/// The connection `bot` of the echo guest; deliveries may go to this machine.
const GROUND: &str = "[egress]\nprivate_addresses = [\"127.0.0.1/32\"]\n\
                      [connections.bot]\nplugin = \"echo\"\nconfig = { secret = \"sesame\" }\n";

async fn host(toml: &str) -> TestHost {
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO).config(&format!("{GROUND}{toml}")).start().await
}

/// Has the bot emit an event about this.
async fn emit(host: &TestHost, subject: &str) {
    let body = json!({ "do": [{ "emit": { "subject": subject, "data": 1 } }] }).to_string();
    let reply = host.send(Request::post("/webhooks/bot").header("x-echo-token", "sesame"), body).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
}

/// Makes a subscription; the answer.
async fn create(host: &TestHost, document: &Value) -> Value {
    let reply = host.post("/v1/subscriptions", document).await;
    assert_eq!(reply.status(), 201, "{}", reply.text());
    reply.json()
}

fn document(receiver: &Receiver, path: &str) -> Value {
    json!({ "types": ["echo.*"], "endpoint": { "url": receiver.url(path) } })
}

fn path(subscription: &Value) -> String {
    format!("/v1/subscriptions/{}", subscription["id"].as_str().expect("an id"))
}

async fn get(host: &TestHost, path: &str) -> Value {
    let reply = host.get(path).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()
}

fn subjects(delivered: &[Delivered]) -> Vec<String> {
    let subject = |delivered: &Delivered| delivered.event()["subject"].as_str().expect("a subject").to_owned();
    delivered.iter().map(subject).collect()
}

/// Whether this secret has made one of the signatures.
fn is_signed_with(delivered: &Delivered, secret: &Value) -> bool {
    let text = secret.as_str().expect("a secret");
    let key = STANDARD.decode(text.strip_prefix("whsec_").expect("a secret begins so")).expect("Base64");
    let (id, timestamp) = (delivered.header("webhook-id"), delivered.header("webhook-timestamp"));
    let made = sign::standard_webhooks(&key, id, timestamp, &delivered.body);
    delivered.header("webhook-signature").split(' ').any(|signature| signature == made)
}

#[tokio::test]
async fn one_of_the_api_gets_what_is_appended_after_it_was_made() {
    let receiver = Receiver::start().await;
    let host = host("").await;
    emit(&host, "before").await;
    let made = create(&host, &document(&receiver, "/hook")).await;
    assert_eq!((&made["origin"], &made["state"]), (&json!("api"), &json!("active")));
    assert_eq!(made["cursor"], made["newest"]);
    emit(&host, "after").await;
    let delivered = receiver.until("/hook", 1).await;
    assert_eq!(subjects(&delivered), ["after"]);
    assert!(is_signed_with(&delivered[0], &made["secret"]));
    let shown = get(&host, &path(&made)).await;
    assert!(shown.get("secret").is_none(), "it is shown once");
    let list = get(&host, "/v1/subscriptions").await;
    assert_eq!(list["subscriptions"][0]["id"], made["id"]);
}

#[tokio::test]
async fn it_goes_on_after_a_restart_with_its_secret_and_where_it_was() {
    let receiver = Receiver::start().await;
    let mut host = host("").await;
    let made = create(&host, &document(&receiver, "/hook")).await;
    emit(&host, "a").await;
    receiver.until("/hook", 1).await;
    host.restart().await;
    emit(&host, "b").await;
    let delivered = receiver.until("/hook", 2).await;
    assert_eq!(subjects(&delivered), ["a", "b"]);
    assert!(is_signed_with(&delivered[1], &made["secret"]));
    assert_eq!(get(&host, &path(&made)).await["created_at"], made["created_at"]);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_is_missed_meanwhile() {
    let (receiver, host) = (Receiver::start().await, host("").await);
    let mut wanted = document(&receiver, "/old");
    wanted["endpoint"]["headers"] = json!({ "x-key": "s3cret" });
    let made = create(&host, &wanted).await;
    let shown = get(&host, &path(&made)).await;
    assert_eq!(shown["endpoint"]["headers"], json!({ "x-key": { "set": true } }));
    assert_eq!(host.patch(&path(&made), &shown).await.status(), 200, "what is shown may be sent back");

    let patched =
        host.patch(&path(&made), &json!({ "endpoint": { "url": receiver.url("/new"), "max_in_flight": 1 } })).await;
    assert_eq!(patched.status(), 200, "{}", patched.text());
    assert_eq!(patched.json()["endpoint"]["max_in_flight"], 1);
    emit(&host, "a").await;
    let delivered = receiver.until("/new", 1).await;
    assert_eq!(delivered[0].header("x-key"), "s3cret", "what was not named stays");
    assert!(is_signed_with(&delivered[0], &made["secret"]));

    let off = host.patch(&path(&made), &json!({ "enabled": false })).await.json();
    assert_eq!(off["state"], "disabled");
    emit(&host, "b").await;
    let on = host.patch(&path(&made), &json!({ "enabled": true })).await.json();
    assert_eq!(on["state"], "active");
    assert_eq!(subjects(&receiver.until("/new", 2).await), ["a", "b"]);
}

#[tokio::test]
async fn a_deleted_one_gets_nothing_more_and_is_gone_after_a_restart() {
    let receiver = Receiver::start().await;
    let mut host = host("").await;
    let gone = create(&host, &document(&receiver, "/gone")).await;
    create(&host, &document(&receiver, "/stays")).await;
    assert_eq!(host.delete(&path(&gone)).await.status(), 204);
    assert_eq!(host.delete(&path(&gone)).await.status(), 404);
    emit(&host, "a").await;
    receiver.until("/stays", 1).await;
    assert!(receiver.delivered_to("/gone").is_empty());
    host.restart().await;
    assert_eq!(host.get(&path(&gone)).await.status(), 404);
    assert_eq!(get(&host, "/v1/subscriptions").await["subscriptions"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_rotated_secret_is_shown_once_and_the_former_one_signs_for_the_overlap() {
    let (receiver, host) = (Receiver::start().await, host("").await);
    let made = create(&host, &document(&receiver, "/hook")).await;
    let rotated = host.post(&format!("{}/rotate-secret", path(&made)), &json!({ "overlap_seconds": 60 })).await;
    assert_eq!((rotated.status(), rotated.header("cache-control")), (200, "no-store"), "{}", rotated.text());
    let rotated = rotated.json();
    assert!(rotated["former_until"].is_string() && rotated["secret"] != made["secret"]);
    emit(&host, "a").await;
    let first = receiver.until("/hook", 1).await.remove(0);
    assert!(is_signed_with(&first, &made["secret"]) && is_signed_with(&first, &rotated["secret"]));
    host.advance(std::time::Duration::from_secs(61));
    emit(&host, "b").await;
    let second = receiver.until("/hook", 2).await.remove(1);
    assert!(!is_signed_with(&second, &made["secret"]) && is_signed_with(&second, &rotated["secret"]));
}

#[tokio::test]
async fn an_action_has_no_secret_and_one_that_becomes_a_url_gets_one() {
    let (receiver, host) = (Receiver::start().await, host("").await);
    let action = json!({ "connection": "bot", "action": "echo", "input": {} });
    let made = create(&host, &json!({ "types": ["other.*"], "endpoint": action })).await;
    assert!(made.get("secret").is_none());
    let refused = host.post(&format!("{}/rotate-secret", path(&made)), &json!({})).await;
    assert_eq!((refused.status(), refused.json()["code"].clone()), (409, json!("not-signed")));
    let patch = json!({ "types": ["echo.*"], "endpoint": { "url": receiver.url("/hook") } });
    let patched = host.patch(&path(&made), &patch).await.json();
    emit(&host, "a").await;
    assert!(is_signed_with(&receiver.until("/hook", 1).await[0], &patched["secret"]));
}
