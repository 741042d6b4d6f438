//! The idempotency keys whose actions are in work.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_domain::idempotency::IdempotencyId;

/// A set of keys. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashSet<IdempotencyId>>>);

/// A key's place in the set; dropping it frees the key.
#[derive(Debug)]
pub(super) struct Place {
    keys: InFlight,
    id: IdempotencyId,
}

impl InFlight {
    /// Takes the key; `None` while somebody else has it.
    pub(super) fn take(&self, id: IdempotencyId) -> Option<Place> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        taken.then(|| Place { keys: self.clone(), id })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_free_again_when_its_place_is_given_up() {
        let (keys, id) = (InFlight::default(), IdempotencyId([1; 16]));
        let place = keys.take(id).expect("free");
        assert!(keys.take(id).is_none());
        assert!(keys.take(IdempotencyId([2; 16])).is_some());
        drop(place);
        assert!(keys.take(id).is_some());
    }
}
