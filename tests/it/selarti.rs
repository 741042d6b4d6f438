//! The Selarti plugin against a Selarti: what customers write goes to the AI, and what it answers becomes events, in whatever shape
//! Selarti writes it.

mod exchange;
mod operator;
mod sending;
mod shapes;
mod webhooks;

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use hookyard_tests::selarti::{Auth, Fake, TASK};
use serde_json::{Value, json};

/// What Selarti shows in the webhook URL.
const TOKEN: &str = "whk_2f6d1e5a90c0a80f112b5e";

/// A Selarti and a host with the connection `ai` to it.
struct Ai {
    fake: Fake,
    host: TestHost,
}

impl Ai {
    /// With messages that need nothing.
    async fn start() -> Self {
        Self::with("").await
    }

    /// The same with these further lines of config.
    async fn with(more: &str) -> Self {
        let fake = Fake::start().await;
        fake.wants(Auth::None);
        let host = host(&connection(&fake, "ai", more)).await;
        let ai = Self { fake, host };
        ai.fake.deliver_to(&ai.hook(&format!("?token={TOKEN}")));
        ai
    }

    /// With messages that need a token that the key is exchanged for.
    async fn with_tokens() -> Self {
        let fake = Fake::start().await;
        let host = host(&connection(&fake, "ai", &exchange(&fake))).await;
        Self { fake, host }
    }

    fn hook(&self, rest: &str) -> String {
        format!("http://{}/webhooks/ai{rest}", self.host.address())
    }

    /// Selarti tells this, and hears this status.
    async fn told(&self, body: &Value) -> u16 {
        self.post(&format!("?token={TOKEN}"), "application/json", body.to_string()).await.status()
    }

    async fn post(&self, rest: &str, content_type: &str, body: String) -> Reply {
        let request = http::Request::post(format!("/webhooks/ai{rest}")).header("content-type", content_type);
        self.host.send(request, body).await
    }

    async fn say(&self, conversation: &str, text: &str) -> Reply {
        self.host.call("ai", "send-message", &json!({ "conversation_id": conversation, "text": text })).await
    }

    /// The kinds of all events so far.
    async fn kinds(&self) -> Vec<String> {
        let kind = |event: &Value| event["type"].as_str().expect("a type").trim_start_matches("selarti.").to_owned();
        self.host.events().await.iter().map(kind).collect()
    }

    /// The newest event.
    async fn last(&self) -> Value {
        let event = self.host.events().await.pop().expect("an event");
        assert_eq!(event["subject"], event["data"]["conversation_id"]);
        event
    }
}

async fn host(config: &str) -> TestHost {
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::SELARTI).config(config).start().await
}

/// A connection to the fake, in TOML.
fn connection(fake: &Fake, id: &str, more: &str) -> String {
    format!(
        "[connections.{id}]\nplugin = \"selarti\"\ngrants = {{ private_addresses = [\"127.0.0.1/32\"] }}\n\
         [connections.{id}.config]\ntask_id = \"{TASK}\"\nsend_url = \"{}\"\nwebhook_token = \"{TOKEN}\"\n{more}\n",
        fake.send_url()
    )
}

/// The line of config with which the key is exchanged for a token.
fn exchange(fake: &Fake) -> String {
    format!("auth = {{ mode = \"exchange\", url = \"{}\", secret = \"{}\" }}", fake.auth_url(), fake.key())
}

fn refusal(reply: &Reply) -> (u16, String) {
    (reply.status(), reply.json()["code"].as_str().unwrap_or_default().to_owned())
}
