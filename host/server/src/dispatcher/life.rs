//! The life of a subscription's worker: after the one before it, and anew when it panics.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::shared::Shared;
use super::worker::{Stage, Strings, Worker};
use super::{Leaving, Start, end_of};

/// Works until it is to end. A mistake in a worker costs what it has not written down, which the next one does again, and not the
/// subscription.
pub(super) async fn live(shared: Arc<Shared>, mut strings: Strings, start: Start, before: Option<Leaving>) {
    let Start { position, mut is_old } = start;
    if let Some(before) = before {
        is_old = true;
        let has_ended = tokio::select! {
            () = end_of(before.ended.clone()) => true,
            _ = strings.stage.wait_for(|stage| *stage == Stage::Cut) => false,
        };
        if !has_ended {
            before.stage.send_replace(Stage::Cut);
            end_of(before.ended.clone()).await;
        }
    }
    loop {
        let mut worker = Worker::new(Arc::clone(&shared), strings, position.clone(), is_old);
        if AssertUnwindSafe(worker.run()).catch_unwind().await.is_ok() {
            return;
        }
        let id = &position.subscription;
        tracing::error!(subscription = %id, "delivering panicked; it begins anew in a moment");
        shared.feeds.leave(id);
        (strings, is_old) = (worker.abandon().await, true);
        let later = shared.parts.sleep_until(Some(shared.later()));
        tokio::select! {
            _ = strings.stage.wait_for(|stage| *stage > Stage::Working) => return,
            () = later => {}
        }
    }
}
