//! Copies of one webhook that arrive while it is being handled wait for that one run and get its answer.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// Runs in flight, by key. Cheap to clone.
#[derive(Debug)]
pub(crate) struct SingleFlight<K, V>(Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>);

/// What a caller has to do.
pub(crate) enum Role<K: Eq + Hash + Copy, V> {
    /// Run, and land with the result.
    Leader(Flight<K, V>),
    /// Wait for the leader.
    Follower(Wait<V>),
}

impl<K: Eq + Hash + Copy, V: Clone> SingleFlight<K, V> {
    /// No runs in flight.
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Joins the flight of `key`, or starts it. Takes no time: the first to call leads.
    pub(crate) fn join(&self, key: K) -> Role<K, V> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = flights.get(&key) {
            return Role::Follower(Wait(running.clone()));
        }
        let (sender, receiver) = watch::channel(None);
        flights.insert(key, receiver);
        Role::Leader(Flight { flights: Arc::clone(&self.0), key, sender })
    }
}

/// The leader's obligation: dropped without landing, it releases the followers empty-handed.
pub(crate) struct Flight<K: Eq + Hash + Copy, V> {
    flights: Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>,
    key: K,
    sender: watch::Sender<Option<V>>,
}

impl<K: Eq + Hash + Copy, V> Flight<K, V> {
    /// Hands the result to all followers and ends the flight.
    pub(crate) fn land(self, result: V) {
        self.sender.send_replace(Some(result));
    }
}

impl<K: Eq + Hash + Copy, V> Drop for Flight<K, V> {
    fn drop(&mut self) {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// A follower's place.
pub(crate) struct Wait<V>(watch::Receiver<Option<V>>);

impl<V: Clone> Wait<V> {
    /// The leader's result; `None` if the leader never landed.
    pub(crate) async fn result(mut self) -> Option<V> {
        self.0.wait_for(Option::is_some).await.ok().and_then(|result| result.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn followers_get_the_leaders_result_and_the_next_one_leads_again() {
        let flights = SingleFlight::new();
        let Role::Leader(flight) = flights.join(1) else { panic!("the first leads") };
        let Role::Follower(wait) = flights.join(1) else { panic!("the second follows") };
        assert!(matches!(flights.join(2), Role::Leader(_)), "another key has another flight");
        flight.land("done");
        assert_eq!(wait.result().await, Some("done"));
        assert!(matches!(flights.join(1), Role::Leader(_)));
    }

    #[tokio::test]
    async fn a_leader_that_vanishes_releases_its_followers() {
        let flights = SingleFlight::<u8, &str>::new();
        let Role::Leader(flight) = flights.join(1) else { panic!("the first leads") };
        let Role::Follower(wait) = flights.join(1) else { panic!("the second follows") };
        drop(flight);
        assert_eq!(wait.result().await, None);
        assert!(matches!(flights.join(1), Role::Leader(_)));
    }
}
