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
