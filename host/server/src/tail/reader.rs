//! The one who reads the log for all.

use std::sync::Arc;

use hookyard_domain::event::{EventFilter, Offset};
use hookyard_domain::limit;
use tokio::sync::watch;

use super::window::Window;
use super::{Shared, TailEvent};

/// Reads on while anybody follows. Ends with the store.
pub(super) async fn read(shared: Arc<Shared>, mut newest: watch::Receiver<Offset>) {
    let mut followers = shared.followers.subscribe();
    loop {
        if followers.wait_for(|followers| *followers > 0).await.is_err() {
            return;
        }
        let until = *newest.borrow_and_update();
        catch_up(&shared, until).await;
        tokio::select! {
            changed = newest.changed() => if changed.is_err() { return },
            // Whoever comes finds the window as far as it was read, and whoever goes may have been the last.
            left = followers.wait_for(|followers| *followers == 0) => if left.is_err() { return },
        }
    }
}

/// Reads up to this offset at least.
async fn catch_up(shared: &Shared, until: Offset) {
    let mut from = shared.lock().through();
    // Nobody followed for long: what would be dropped again is not read.
    if until.0.saturating_sub(from.0) > limit::TAIL_EVENTS_MAX as u64 {
        return begin_anew(shared, until);
    }
    while from < until {
        match shared.ledger.events(from, &EventFilter::default(), limit::EVENTS_PAGE_MAX).await {
            Ok(page) if page.next > from => {
                let events = page.events.into_iter().map(|logged| Arc::new(TailEvent::new(logged)));
                from = page.next;
                shared.lock().extend(events, from);
                shared.head.send_replace(from);
            }
            Ok(_) => {
                tracing::warn!(%until, "the log does not reach as far as it says");
                return begin_anew(shared, until);
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "new events cannot be read; whoever follows them reads the log for itself");
                return begin_anew(shared, until);
            }
        }
    }
}

/// What lies up to this offset is left to those who want it.
fn begin_anew(shared: &Shared, offset: Offset) {
    *shared.lock() = Window::empty_at(offset);
    shared.head.send_replace(offset);
}
