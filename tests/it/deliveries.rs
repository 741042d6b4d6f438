//! Deliveries to URLs: signed, tried again as long as it takes, and never in the way of others.

mod endings;
mod life;
mod neighbours;
mod operator;
mod signatures;

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::receiver::Receiver;
use http::Request;
use serde_json::{Value, json};

/// `whsec_` and the base64 of [`KEY`].
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// What deliveries are signed with.
const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
/// The same for another secret.
const OTHER_SECRET: &str = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
/// What stands behind it.
const OTHER_KEY: &[u8] = b"fedcba9876543210fedcba9876543210";

/// The connection `bot` of the echo guest, and these lines of configuration.
fn builder(toml: &str) -> Builder {
    let config = format!(
        "[egress]\nprivate_addresses = [\"127.0.0.1/32\"]\n\
         [connections.bot]\nplugin = \"echo\"\nconfig = {{ secret = \"sesame\" }}\n{toml}"
    );
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO).config(&config).to_the_second()
}

/// A subscription to all that the bot emits, at this path of the receiver.
fn to(name: &str, receiver: &Receiver, path: &str) -> String {
    with(name, receiver, path, "", "")
}

/// The same with further members of the subscription, a line each, and of its endpoint, each with a comma before it.
fn with(name: &str, receiver: &Receiver, path: &str, members: &str, endpoint: &str) -> String {
    let url = receiver.url(path);
    format!(
        "[subscriptions.{name}]\ntypes = [\"echo.*\"]\n{members}\n\
         endpoint = {{ url = \"{url}\", secret = \"{SECRET}\"{endpoint} }}\n"
    )
}

/// Has the bot emit an event about this.
async fn emit(host: &TestHost, subject: &str, data: &Value) {
    let body = json!({ "do": [{ "emit": { "subject": subject, "data": data } }] }).to_string();
    let reply = host.send(Request::post("/webhooks/bot").header("x-echo-token", "sesame"), body).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
}

/// What the events that arrived at this path are about, in the order in which they arrived.
fn subjects(receiver: &Receiver, path: &str) -> Vec<String> {
    let subject = |event: Value| event["subject"].as_str().expect("a subject").to_owned();
    receiver.delivered_to(path).iter().map(|delivered| subject(delivered.event())).collect()
}

/// The subscription as the API shows it.
async fn view(host: &TestHost, subscription: &str) -> Value {
    let reply = host.get(&format!("/v1/subscriptions/{subscription}")).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()
}

/// The operator's word about a subscription.
async fn tell(host: &TestHost, subscription: &str, verb: &str, body: &Value) -> Value {
    let reply = host.post(&format!("/v1/subscriptions/{subscription}/{verb}"), body).await;
    assert!((200..300).contains(&reply.status()), "{verb}: {} {}", reply.status(), reply.text());
    if reply.body.is_empty() { Value::Null } else { reply.json() }
}
