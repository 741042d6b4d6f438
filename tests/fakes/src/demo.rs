//! The providers of the demo, as `tests/demo/hookyard.toml` expects them: `cargo demo` runs them, and so do the tests of its flows.

use crate::{Rest, Telegram, aftership, feedbot, freshchat, selarti};

/// What AfterShip signs with; it stands in hookyard.toml as well, and in README.md.
const AFTERSHIP_KEY: &str = "demo-key";
const AFTERSHIP_SECRET: &str = "demo-secret";
/// What makes Selarti's URLs secret ones; it stands in hookyard.toml as well.
const SELARTI_TOKEN: &str = "demo-token-of-some-length";
/// The group in Freshchat that the AI hands conversations over to; its name stands in hookyard.toml as well.
pub const CARE: &str = "Customer care";
/// The group that gets who asks for a payment slip and has none; it is there already, and its name stands in hookyard.toml as well.
pub const FINANCE: &str = "Financeiro";
/// Whoever writes this gets a person.
const HAND_OVER: &str = "person";

/// The providers, each with one account.
#[derive(Debug)]
pub struct Providers {
    /// Of the connection `demo`.
    pub aftership: aftership::Fake,
    /// Of `chat`.
    pub freshchat: freshchat::Fake,
    /// Of `ai`.
    pub selarti: selarti::Fake,
    /// Of `whatsapp`.
    pub feedbot: feedbot::Fake,
    /// The shop's own system, of `erp`.
    pub erp: Rest,
    /// Of `telegram`.
    pub telegram: Telegram,
    /// Of `telegram-ai`.
    pub telegram_selarti: selarti::Fake,
}

impl Providers {
    /// Starts them. They tell nobody anything yet.
    pub async fn start() -> Self {
        let providers = Self {
            aftership: aftership::Fake::start(AFTERSHIP_KEY).await,
            freshchat: freshchat::Fake::start().await,
            selarti: selarti::Fake::start().await,
            feedbot: feedbot::Fake::start().await,
            erp: Rest::start().await,
            telegram: Telegram::start().await,
            telegram_selarti: selarti::Fake::start().await,
        };
        providers.freshchat.add_group(CARE);
        for selarti in [&providers.selarti, &providers.telegram_selarti] {
            selarti.attempts_of_each(6);
            selarti.hands_over_at(HAND_OVER);
        }
        providers
    }

    /// From now on their webhooks go below this URL, to the connections of hookyard.toml: `http://127.0.0.1:8080/webhooks`. AfterShip's
    /// are sent by hand, see [`shipments`](Self::shipments).
    pub fn deliver_to(&self, webhooks: &str) {
        self.freshchat.deliver_to(&format!("{webhooks}/chat"));
        self.selarti.deliver_to(&format!("{webhooks}/ai?token={SELARTI_TOKEN}"));
        self.telegram.deliver_to(&format!("{webhooks}/telegram"));
        self.telegram_selarti.deliver_to(&format!("{webhooks}/telegram-ai?token={SELARTI_TOKEN}"));
    }

    /// What they name from now on has other names than in any other series, so that a host that was stopped and started again does not
    /// take new messages for repeats.
    pub fn begin_series(&self, series: u64) {
        self.freshchat.begin_series(series);
        self.selarti.begin_series(series);
        self.feedbot.begin_series(series);
        self.telegram.begin_series(series);
        self.telegram_selarti.begin_series(series);
    }

    /// Sends AfterShip's webhooks to the same place.
    pub fn shipments(webhooks: &str) -> aftership::Sender {
        aftership::Sender::new(&format!("{webhooks}/demo"), AFTERSHIP_SECRET)
    }

    /// What hookyard.toml takes from its environment.
    pub fn environment(&self) -> [(&'static str, String); 16] {
        [
            ("DEMO_AFTERSHIP", self.aftership.base_url()),
            ("DEMO_FRESHCHAT", self.freshchat.base_url()),
            ("DEMO_FRESHCHAT_TOKEN", self.freshchat.token()),
            ("DEMO_FRESHCHAT_KEY", self.freshchat.public_key()),
            ("DEMO_SELARTI_SEND", self.selarti.send_url()),
            ("DEMO_SELARTI_AUTH", self.selarti.auth_url()),
            ("DEMO_SELARTI_KEY", self.selarti.key()),
            ("DEMO_FEEDBOT_SEND", self.feedbot.send_url()),
            ("DEMO_FEEDBOT_STATUS", self.feedbot.status_url()),
            ("DEMO_FEEDBOT_TOKEN", self.feedbot.token()),
            ("DEMO_ERP", self.erp.base().to_owned()),
            ("DEMO_TELEGRAM", self.telegram.base_url()),
            ("DEMO_TELEGRAM_TOKEN", self.telegram.token()),
            ("DEMO_TELEGRAM_SECRET", self.telegram.secret()),
            ("DEMO_TELEGRAM_SELARTI_SEND", self.telegram_selarti.send_url()),
            ("DEMO_TELEGRAM_SELARTI_AUTH", self.telegram_selarti.auth_url()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;

    /// Whatever tells a host that it has seen something: the ids of what each provider tells.
    async fn ids_of_series(series: u64) -> Vec<String> {
        let providers = Providers::start().await;
        providers.begin_series(series);
        let update: Value = serde_json::from_slice(&providers.telegram.person_says(501, "Hi")).expect("JSON");
        let queue = json!({ "messages": [{ "message": "Hi", "phone": "972500000001" }] }).to_string();
        let queue =
            http::Request::post("/").header("host", "fake").header("auth", providers.feedbot.token()).body(queue);
        let address = providers.feedbot.send_url().trim_start_matches("http://").parse().expect("an address");
        let queue = queue.expect("well-formed").map(|body| http_body_util::Full::new(bytes::Bytes::from(body)));
        crate::http::send(address, queue).await.expect("an answer");
        let mut ids = vec![
            providers.freshchat.start_conversation(),
            update["update_id"].to_string(),
            providers.feedbot.was_queued(1).await[0].id.clone(),
        ];
        for selarti in [&providers.selarti, &providers.telegram_selarti] {
            let told = selarti.webhook("501", "bot", "Hello");
            ids.extend(["message_id", "thread_id"].map(|name| told[name].as_str().expect("a text").to_owned()));
        }
        ids
    }

    #[tokio::test]
    async fn providers_that_are_started_again_for_the_same_host_give_no_id_a_second_time() {
        let (first, second) = (ids_of_series(1_795_372_800_000).await, ids_of_series(1_795_372_803_000).await);
        let first: BTreeSet<_> = first.iter().collect();
        assert!(second.iter().all(|id| !first.contains(id)), "{first:?} and {second:?}");
        assert_eq!(second[2].len(), 20, "an id of Feedbot's: {second:?}");
    }
}
