//! The deliveries of a test host that did not succeed at once.

use hookyard_domain::clock::{Clock as _, Timestamp};
use hookyard_domain::delivery::{Delivery, DeliveryFilter, DeliveryState};
use hookyard_domain::inbox::Next;
use hookyard_domain::limit;
use hookyard_domain::subscription::Position;

use crate::host::TestHost;

impl TestHost {
    /// The deliveries of a subscription that are kept, in the order of their events.
    ///
    /// # Panics
    /// There is more than one page of them, or the store cannot be read.
    pub async fn deliveries(&self, subscription: &str) -> Vec<Delivery> {
        let subscriptions = vec![subscription.parse().expect("a subscription's name")];
        let filter = DeliveryFilter { subscriptions, ..DeliveryFilter::default() };
        let store = &self.running().host.store;
        let page = store.deliveries(&filter, None, limit::DELIVERIES_PAGE_MAX).await.expect("deliveries can be read");
        assert!(page.next.is_none(), "more than one page");
        let mut deliveries = page.deliveries;
        deliveries.sort_by_key(|delivery| delivery.offset);
        deliveries
    }

    /// Waits until exactly one delivery of the subscription is kept and is like this.
    pub async fn until_delivery(&self, subscription: &str, is_so: impl Fn(&Delivery) -> bool) -> Delivery {
        loop {
            let mut all = self.deliveries(subscription).await;
            if all.len() == 1 && is_so(&all[0]) {
                return all.remove(0);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until so many attempts of the subscription's one delivery have failed, and whoever is to make the next one sleeps until
    /// then.
    ///
    /// # Panics
    /// It waits for something else than a time.
    pub async fn until_failed(&self, subscription: &str, attempts: u32) -> Delivery {
        let delivery = self.until_delivery(subscription, |delivery| delivery.standing.attempts == attempts).await;
        match delivery.standing.next {
            Some(Next::At(at)) => self.until_asleep(at).await,
            other => assert_eq!((other, delivery.standing.state), (None, DeliveryState::Exhausted)),
        }
        delivery
    }

    /// Waits until the subscription is paused.
    ///
    /// # Panics
    /// The store cannot be read.
    pub async fn until_paused(&self, subscription: &str) -> Position {
        loop {
            let positions = self.running().host.store.positions().await.expect("positions can be read");
            let mut positions = positions.into_iter().filter(|position| position.subscription.as_str() == subscription);
            match positions.next().filter(|position| position.paused.is_some()) {
                Some(position) => return position,
                None => tokio::task::yield_now().await,
            }
        }
    }

    /// Waits until something of the host sleeps until then, or as far towards it as it sleeps at a time.
    pub async fn until_asleep(&self, until: Timestamp) {
        let until = until.min(self.clock.now().after(limit::DUE_SLEEP_MAX));
        while !self.sleeping_until().contains(&until) {
            tokio::task::yield_now().await;
        }
    }
}
