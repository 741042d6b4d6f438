//! The Freshchat plugin against a Freshchat: what customers write becomes events, what a bot says stands in its conversation, and
//! what goes wrong between.

mod actions;
mod failures;
mod groups;
mod keys;
mod muting;
mod operator;
mod webhooks;

use std::sync::atomic::{AtomicU32, Ordering};

use hookyard_tests::freshchat::{APP, BOT, Fake, Sender, Signature};
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use serde_json::{Value, json};

/// A Freshchat and a host with the connection `chat` to it.
struct Chat {
    fake: Fake,
    host: TestHost,
    /// How many webhooks were changed.
    changed: AtomicU32,
}

impl Chat {
    async fn start() -> Self {
        Self::with("").await
    }

    /// With these further lines of config.
    async fn with(more: &str) -> Self {
        let fake = Fake::start().await;
        let config = connection(&fake, "chat", &format!("{}{more}", webhook_key(&fake.public_key())));
        let host = host(&config).await;
        let chat = Self { fake, host, changed: AtomicU32::new(0) };
        // The start activates in the background; the check waits for that, so that what is asked from here on is the test's own.
        chat.fake.asked(1).await;
        chat.check().await;
        chat
    }

    /// Has the connection activated, and returns it.
    async fn check(&self) -> Value {
        check(&self.host, "chat").await
    }

    fn sender(&self) -> Sender {
        self.fake.sender(&hook(&self.host, "chat"))
    }

    /// Freshchat tells this, and hears this status.
    async fn told(&self, body: &[u8]) -> u16 {
        self.sender().send(body, Signature::Right).await.status()
    }

    /// The same of a new message, changed before it is signed: one that was told before would not count.
    async fn told_with(&self, body: &[u8], change: impl FnOnce(&mut Value)) -> u16 {
        let mut body: Value = serde_json::from_slice(body).expect("JSON");
        if let Some(message) = body.pointer_mut("/data/message") {
            message["id"] = json!(format!("m-{}", self.changed.fetch_add(1, Ordering::Relaxed)));
        }
        change(&mut body);
        self.told(body.to_string().as_bytes()).await
    }

    async fn call(&self, action: &str, input: &Value) -> Reply {
        self.host.call("chat", action, input).await
    }

    /// The same where it succeeds.
    async fn called(&self, action: &str, input: &Value) -> Value {
        let reply = self.call(action, input).await;
        assert_eq!(reply.status(), 200, "{action} {input}: {}", reply.text());
        reply.json()
    }

    /// The same where it is refused: status and code.
    async fn refused(&self, action: &str, input: &Value) -> (u16, String) {
        let reply = self.call(action, input).await;
        (reply.status(), code(&reply.json()))
    }

    /// Kinds and subjects of all events so far.
    async fn kinds(&self) -> Vec<String> {
        let kind = |event: &Value| event["type"].as_str().expect("a type").trim_start_matches("freshchat.").to_owned();
        self.host.events().await.iter().map(kind).collect()
    }

    /// The same once there are so many: what is told while an action holds its conversation waits for that.
    async fn until_told(&self, count: usize) -> Vec<String> {
        loop {
            let kinds = self.kinds().await;
            if kinds.len() >= count {
                return kinds;
            }
        }
    }

    /// The data of the newest event.
    async fn last(&self) -> Value {
        let event = self.host.events().await.pop().expect("an event");
        assert_eq!(event["subject"], event["data"]["conversation_id"]);
        event["data"].clone()
    }

    /// Methods and paths that Freshchat was asked for after the first `before` requests.
    fn asked(&self, before: usize) -> Vec<String> {
        let requests = self.fake.requests();
        requests.iter().skip(before).map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

async fn host(config: &str) -> TestHost {
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::FRESHCHAT).config(config).start().await
}

/// A connection to the fake, in TOML.
fn connection(fake: &Fake, id: &str, more: &str) -> String {
    format!(
        "[connections.{id}]\nplugin = \"freshchat\"\ngrants = {{ private_addresses = [\"127.0.0.1/32\"] }}\n\
         [connections.{id}.config]\nactor_id = \"{BOT}\"\napp_id = \"{APP}\"\naccess_token = \"{}\"\napi_base = \"{}\"\n{more}\n",
        fake.token(),
        fake.base_url()
    )
}

/// The line of config with this key; TOML writes texts as JSON does.
fn webhook_key(key: &str) -> String {
    format!("webhook_public_key = {}\n", json!(key))
}

fn hook(host: &TestHost, connection: &str) -> String {
    format!("http://{}/webhooks/{connection}", host.address())
}

async fn check(host: &TestHost, connection: &str) -> Value {
    let reply = host.post(&format!("/v1/connections/{connection}/check"), &json!({})).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()
}

fn code(problem: &Value) -> String {
    problem["code"].as_str().unwrap_or_default().to_owned()
}
