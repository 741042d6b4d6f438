//! Connections of the API in the store in memory: how they are kept, and how they end.

use hookyard_domain::connection::Incarnation;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;

use super::state::State;
use crate::purge_batch::PurgeBatch;
use crate::{ConnectionRecord, Life, SaveConnectionError};

impl State {
    pub(super) fn save_connection(&mut self, record: ConnectionRecord) -> Result<(), SaveConnectionError> {
        if self.lives.get(&record.id).is_some_and(|life| life.deleting) {
            return Err(SaveConnectionError::Deleting);
        }
        let max = limit::API_CONNECTIONS_MAX;
        if self.records.len() >= max && !self.records.contains_key(&record.id) {
            return Err(SaveConnectionError::TooMany { max });
        }
        self.records.insert(record.id.clone(), record);
        Ok(())
    }

    pub(super) fn begin_deletion(&mut self, id: &ConnectionId) -> bool {
        let known = self.records.contains_key(id);
        if known {
            let first = || Life { connection: id.clone(), incarnation: Incarnation::default(), deleting: false };
            self.lives.entry(id.clone()).or_insert_with(first).deleting = true;
        }
        known
    }

    /// One batch; whether there is more to do.
    pub(super) fn purge_connection(&mut self, id: &ConnectionId) -> bool {
        if !self.lives.get(id).is_some_and(|life| life.deleting) {
            return false;
        }
        let mut batch = PurgeBatch::default();
        let mut goes = |whose: &Option<ConnectionId>, bytes: usize| {
            let goes = whose.as_ref() == Some(id) && batch.has_room();
            if goes {
                batch.take(bytes);
            }
            goes
        };
        self.kv.retain(|(whose, _), entry| !goes(whose, entry.value.len()));
        self.idempotency
            .retain(|(whose, _), record| !goes(whose, record.answer.as_ref().map_or(0, |answer| answer.body.len())));
        self.purge_inbox(id, &mut batch);
        self.timers.retain(|(whose, _), timer| {
            let goes = whose == id && batch.has_room();
            if goes {
                batch.take(timer.payload.len());
            }
            !goes
        });
        if !batch.has_room() {
            return true;
        }
        self.records.remove(id);
        self.held.remove(id);
        self.consents.remove(id);
        self.fetched_tokens.retain(|(whose, _), _| whose != id);
        if let Some(life) = self.lives.get_mut(id) {
            *life = Life { incarnation: life.incarnation.next(), deleting: false, ..life.clone() };
        }
        false
    }

    fn purge_inbox(&mut self, id: &ConnectionId, batch: &mut PurgeBatch) {
        let mut room = self.room.for_commit(id);
        let Self { inbox, places, .. } = self;
        inbox.retain(|_, entry| {
            let goes = entry.webhook.connection == *id && batch.has_room();
            if goes {
                let bytes = entry.webhook.bytes();
                batch.take(bytes);
                places.remove(&entry.webhook.id);
                if entry.standing.is_unsettled() {
                    room.forget(bytes as u64);
                }
            }
            !goes
        });
        self.room.set(id.clone(), room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InboxSettings;
    use crate::contract::world::{id, record};

    #[test]
    fn there_are_only_so_many_connections() {
        let mut state = State::new(InboxSettings::default());
        let max = limit::API_CONNECTIONS_MAX;
        for n in 0..max {
            state.save_connection(record(&format!("shop-{n}"))).expect("keeps");
        }
        let error = state.save_connection(record("more")).expect_err("there are too many");
        assert!(matches!(error, SaveConnectionError::TooMany { max: said } if said == max), "{error:?}");
        state.save_connection(record("shop-1")).expect("is there already");
        assert!(state.begin_deletion(&id("shop-1")) && !state.purge_connection(&id("shop-1")));
        state.save_connection(record("more")).expect("there is room again");
    }
}
