//! Phones that get WhatsApp messages from the Feedbot program, which is switched on here.

use std::convert::Infallible;
use std::sync::Arc;

use hookyard_fakes::demo::Providers;

use crate::conversations::say;

/// Sends and prints every message that is queued.
pub(crate) async fn show(providers: Arc<Providers>) -> Infallible {
    let mut seen = 0;
    loop {
        for message in providers.feedbot.was_queued(seen + 1).await.split_off(seen) {
            say(&format!("  WhatsApp to {}: {}", message.phone, message.message));
            providers.feedbot.sends(&message.id);
            seen += 1;
        }
    }
}
