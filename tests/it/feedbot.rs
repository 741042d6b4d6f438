//! The Feedbot plugin against a Feedbot: messages go into its queue, and what becomes of them comes as events.

mod failures;
mod following;
mod kills;
mod operator;
mod pauses;
mod sending;

use std::time::Duration;

use hookyard_tests::feedbot::Fake;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use serde_json::{Value, json};

/// Whom messages go to.
const PHONE: &str = "972500000001";

/// A Feedbot and a host with the connection `wa` to it.
struct Wa {
    fake: Fake,
    host: TestHost,
}

impl Wa {
    async fn start() -> Self {
        Self::with("").await
    }

    /// With these further lines of config.
    async fn with(more: &str) -> Self {
        let fake = Fake::start().await;
        let host = host(&connection(&fake, more)).await;
        // The start activates in the background, and would make the connection healthy in the middle of a test; the check waits for that.
        let checked = host.post("/v1/connections/wa/check", &json!({})).await;
        assert_eq!(checked.status(), 200, "{}", checked.text());
        Self { fake, host }
    }

    async fn send(&self, messages: &Value) -> Reply {
        self.host.call("wa", "send-messages", &json!({ "messages": messages })).await
    }

    /// Queues one message; its id.
    async fn queue(&self, more: &Value) -> String {
        let mut message = json!({ "message": "שלום דנה 📦", "phone": PHONE });
        for (name, value) in more.as_object().into_iter().flatten() {
            message[name] = value.clone();
        }
        let reply = self.send(&json!([message])).await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
        reply.json()["ids"][0].as_str().expect("an id").to_owned()
    }

    /// How often a message was asked for.
    fn questions(&self) -> usize {
        self.fake.requests().iter().filter(|request| request.method == "GET").count()
    }

    async fn timers(&self) -> Vec<Value> {
        self.host.get("/v1/timers?connection=wa").await.json()["timers"].as_array().expect("a list").clone()
    }

    /// Lets so much time pass, and waits until the only timer has been fired so often.
    async fn pass(&self, time: Duration, polls: u64) {
        self.host.advance(time);
        loop {
            if self.timers().await.first().is_some_and(|timer| timer["payload"]["polls"] == polls) {
                return;
            }
        }
    }

    /// Waits until there are so many events of the plugin.
    async fn told(&self, events: usize) -> Vec<Value> {
        loop {
            let all = self.host.all_events().await;
            let after = all.last().map(|event| format!("&after={}", event["offset"].as_str().expect("a text")));
            let told: Vec<_> = all.into_iter().filter(|event| event["source"] != "/host").collect();
            if told.len() >= events {
                return told;
            }
            self.host.get(&format!("/v1/events?wait=60{}", after.unwrap_or_default())).await;
        }
    }
}

async fn host(config: &str) -> TestHost {
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::FEEDBOT).config(config).start().await
}

/// A connection to the fake, in TOML.
fn connection(fake: &Fake, more: &str) -> String {
    format!(
        "[connections.wa]\nplugin = \"feedbot\"\ngrants = {{ private_addresses = [\"127.0.0.1/32\"] }}\n\
         [connections.wa.config]\nauth_token = \"{}\"\nsend_url = \"{}\"\nstatus_url = \"{}\"\n{more}\n",
        fake.token(),
        fake.send_url(),
        fake.status_url()
    )
}

fn refusal(reply: &Reply) -> (u16, String) {
    (reply.status(), reply.json()["code"].as_str().unwrap_or_default().to_owned())
}
