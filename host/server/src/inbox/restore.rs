//! What waits in the store is put on the agenda: after a start, and when the agenda may have missed something.

use hookyard_domain::inbox::{Place, WaitingWebhook};
use hookyard_domain::limit;
use hookyard_store::StoreError;

use super::Inbox;
use crate::agenda::Item;

impl Inbox {
    /// Puts everything that waits on the agenda, unless it is on, and has it stand in its line again: to be called before anything
    /// is received. Says how many there are.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn restore(&self) -> Result<usize, StoreError> {
        let (mut after, mut restored) = (Place::default(), 0);
        loop {
            let page = self.store.waiting(after, limit::WEBHOOKS_PAGE_MAX).await?;
            let is_last = page.len() < limit::WEBHOOKS_PAGE_MAX;
            restored += page.len();
            for WaitingWebhook { id, connection, place, order_key, next } in page {
                after = place;
                self.agenda.put_missing(&connection, Item::Webhook { place, id }, order_key.as_deref(), next);
            }
            if is_last {
                return Ok(restored);
            }
        }
    }
}
