//! The three of them, as the demo's hookyard.toml expects them.

use std::sync::Arc;

use hookyard_fakes::clock::SystemClock;
use hookyard_fakes::{aftership, freshchat, selarti};

/// What AfterShip signs with; it stands in hookyard.toml as well, and in README.md.
const AFTERSHIP_KEY: &str = "demo-key";
const AFTERSHIP_SECRET: &str = "demo-secret";
/// What makes Selarti's URL a secret one; it stands in hookyard.toml as well.
const SELARTI_TOKEN: &str = "demo-token-of-some-length";
/// The group in Freshchat that conversations are handed over to; its name stands in hookyard.toml as well.
pub(crate) const GROUP: &str = "Customer care";
/// Whoever writes this word gets a person.
const HAND_OVER: &str = "person";

/// The providers, each with one account.
pub(crate) struct Providers {
    pub(crate) aftership: Arc<aftership::Fake>,
    pub(crate) freshchat: Arc<freshchat::Fake>,
    selarti: selarti::Fake,
}

impl Providers {
    /// Starts them. Their webhooks go to `webhooks/demo`, `webhooks/chat` and `webhooks/ai`.
    pub(crate) async fn start(webhooks: &str) -> Self {
        let aftership = aftership::Fake::start(AFTERSHIP_KEY).await;
        let freshchat = freshchat::Fake::start().await;
        let selarti = selarti::Fake::start().await;
        aftership.use_clock(Arc::new(SystemClock));
        freshchat.use_clock(Arc::new(SystemClock));
        freshchat.add_group(GROUP);
        freshchat.deliver_to(&format!("{webhooks}/chat"));
        selarti.deliver_to(&format!("{webhooks}/ai?token={SELARTI_TOKEN}"));
        selarti.attempts_of_each(5);
        selarti.hands_over_at(HAND_OVER);
        selarti.answers(answer);
        Self { aftership: Arc::new(aftership), freshchat: Arc::new(freshchat), selarti }
    }

    /// What the host's config takes from its environment.
    pub(crate) fn environment(&self) -> [(&'static str, String); 7] {
        [
            ("DEMO_AFTERSHIP", self.aftership.base_url()),
            ("DEMO_FRESHCHAT", self.freshchat.base_url()),
            ("DEMO_FRESHCHAT_TOKEN", self.freshchat.token()),
            ("DEMO_FRESHCHAT_KEY", self.freshchat.public_key()),
            ("DEMO_SELARTI_SEND", self.selarti.send_url()),
            ("DEMO_SELARTI_AUTH", self.selarti.auth_url()),
            ("DEMO_SELARTI_KEY", self.selarti.key()),
        ]
    }

    /// Sends AfterShip's webhooks.
    pub(crate) fn shipments(webhooks: &str) -> aftership::Sender {
        aftership::Sender::new(&format!("{webhooks}/demo"), AFTERSHIP_SECRET)
    }
}

/// As much of an AI as a demo needs.
fn answer(text: &str) -> String {
    if text.contains(HAND_OVER) {
        "One moment, a colleague takes over.".to_owned()
    } else {
        format!("You wrote {} characters. Say \"{HAND_OVER}\" to be handed over to one.", text.chars().count())
    }
}
