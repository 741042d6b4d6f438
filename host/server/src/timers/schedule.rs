//! Keeps the agenda at what the store has of timers.

use std::fmt;
use std::sync::Arc;

use hookyard_domain::clock::Clock;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::inbox::Next;
use hookyard_domain::limit;
use hookyard_domain::timer::Timer;
use hookyard_store::{Store, StoreError};
use tokio::sync::Mutex;

use crate::agenda::{Activation, Agenda, Item};

/// When timers are due, as the agenda has it.
pub struct Schedule {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    agenda: Agenda,
    /// Held from reading the store to telling the agenda. Of several who have changed one timer, the last one to get here reads what
    /// all of them have left, so that nothing older is told after it.
    telling: Mutex<()>,
}

impl Schedule {
    /// Tells this agenda what this store has.
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, agenda: Agenda) -> Self {
        Self { store, clock, agenda, telling: Mutex::default() }
    }

    /// Puts every timer of the store on the agenda.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn restore(&self) -> Result<usize, StoreError> {
        let _alone = self.telling.lock().await;
        let (mut after, mut pending) = (None, 0);
        loop {
            let page = self.store.timers(None, after.as_ref(), limit::TIMERS_PAGE_MAX).await?;
            let Some(last) = page.last() else { return Ok(pending) };
            after = Some((last.connection.clone(), last.name.clone()));
            for timer in &page {
                pending += usize::from(timer.standing.next.is_some());
                self.tell(&timer.connection, &timer.name, Some(timer), Activation::default());
            }
        }
    }

    /// These timers were changed by a commit that is durable: the agenda has them as they are now.
    pub(crate) async fn follow(&self, connection: &ConnectionId, names: impl IntoIterator<Item = &str>) {
        for name in names {
            let _alone = self.telling.lock().await;
            let seen = self.agenda.activation(connection);
            match self.store.timer(connection, name).await {
                Ok(timer) => self.tell(connection, name, timer.as_ref(), seen),
                Err(error) => {
                    // Whoever fires it looks again.
                    tracing::warn!(%connection, timer = name, error = &error as &dyn std::error::Error, "reading a timer");
                    let at = Next::At(self.clock.now().after(limit::TRY_AGAIN_AFTER));
                    self.agenda.put(connection, item(name), None, Some(at));
                }
            }
        }
    }

    fn tell(&self, connection: &ConnectionId, name: &str, timer: Option<&Timer>, seen: Activation) {
        match timer.and_then(|timer| timer.standing.next) {
            Some(next) => self.agenda.put_since(connection, item(name), None, Some(next), seen),
            None => self.agenda.remove(connection, &item(name)),
        }
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule").finish_non_exhaustive()
    }
}

fn item(name: &str) -> Item {
    Item::Timer { name: name.to_owned() }
}
