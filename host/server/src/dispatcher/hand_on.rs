//! Hands each new event to the subscriptions that want it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use hookyard_domain::limit;

use super::shared::Shared;
use crate::tail::{Following, Recent};

/// Goes on for ever, also after a mistake: what it concerns is left to the workers, which read the log.
pub(super) async fn hand_on(shared: Arc<Shared>, mut following: Following) {
    while AssertUnwindSafe(hand_on_new(&shared, &mut following)).catch_unwind().await.is_err() {
        tracing::error!("handing on events panicked; it goes on in a moment");
        shared.feeds.drop_all(*shared.parts.store.newest().borrow());
        shared.parts.sleep_until(Some(shared.later())).await;
    }
}

async fn hand_on_new(shared: &Shared, following: &mut Following) {
    loop {
        let head = *following.head().borrow_and_update();
        loop {
            let through = shared.feeds.through();
            match following.after(through, limit::DISPATCH_EVENTS) {
                Recent::Events { through: looked_at, .. } if looked_at <= through => break,
                Recent::Events { events, through } => shared.feeds.hand_on(&events, through),
                Recent::Older => {
                    shared.feeds.drop_all(head);
                    break;
                }
            }
            // With much to hand on, those who deliver it are to have their turn.
            tokio::task::yield_now().await;
        }
        if following.head().changed().await.is_err() {
            return;
        }
    }
}
