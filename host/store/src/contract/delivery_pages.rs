use hookyard_domain::delivery::{Attempt, Delivery, DeliveryFilter, DeliveryStanding, DeliveryState};
use hookyard_domain::inbox::Reason;
use hookyard_domain::limit;

use super::deliveries::{deliver, delivery, failed_once, in_state, subscribe, subscription_id};
use super::kept::at;
use super::world::World;
use crate::ListPlace;

async fn commit(world: &World, deliveries: impl IntoIterator<Item = Delivery>) {
    world.commit_of_host([], deliveries.into_iter().map(deliver)).await.expect("commits");
}

/// The offsets of a page, and where the next one goes on.
async fn page(
    world: &World,
    filter: &DeliveryFilter,
    before: Option<ListPlace>,
    limit: usize,
) -> (Vec<u64>, Option<ListPlace>) {
    let page = world.store.deliveries(filter, before, limit).await.expect("reads");
    (page.deliveries.iter().map(|delivery| delivery.offset.0).collect(), page.next)
}

pub(super) async fn the_list_goes_back_from_what_came_last(world: World) {
    let all = DeliveryFilter::default();
    assert_eq!(page(&world, &all, None, 10).await, (vec![], None));
    subscribe(&world, "a").await;
    subscribe(&world, "b").await;
    for (of, offset) in [("a", 5), ("b", 2), ("a", 3), ("b", 9)] {
        world.commit_of_host([], [delivery(of, offset)]).await.expect("commits");
    }
    assert_eq!(page(&world, &all, None, 10).await, (vec![9, 3, 2, 5], None));
    assert_eq!(page(&world, &all, None, 4).await, (vec![9, 3, 2, 5], None));
}

pub(super) async fn a_list_goes_on_where_its_page_ended(world: World) {
    let all = DeliveryFilter::default();
    subscribe(&world, "a").await;
    for offset in [5, 2, 3, 9] {
        commit(&world, [failed_once("a", offset)]).await;
    }
    let (first, next) = page(&world, &all, None, 3).await;
    assert_eq!(first, [9, 3, 2]);
    assert!(next.is_some());
    assert_eq!(page(&world, &all, next, 3).await, (vec![5], None));
    let (first, next) = page(&world, &all, None, 0).await;
    assert_eq!(first, [9], "one at least");
    commit(&world, [failed_once("a", 10)]).await;
    assert_eq!(page(&world, &all, next, 10).await, (vec![3, 2, 5], None), "what is new is not in the way");
    assert_eq!(page(&world, &all, Some(ListPlace(u64::MAX)), 1).await.0, [10]);
}

fn filters() -> Vec<DeliveryFilter> {
    use DeliveryState::{Delivered, Exhausted, Pending};
    let subscriptions = [&[][..], &["a"], &["a", "c"], &["none"], &["none", "b"], &["b", "b"]];
    let states = [&[][..], &[Exhausted], &[Pending], &[Exhausted, Pending], &[Delivered], &[Exhausted, Exhausted]];
    let times = [(None, None), (Some(at(20)), None), (None, Some(at(20))), (Some(at(10)), Some(at(40)))];
    let mut filters = Vec::new();
    for subscriptions in subscriptions {
        for states in states {
            for (since, until) in times {
                let subscriptions = subscriptions.iter().map(|name| subscription_id(name)).collect();
                filters.push(DeliveryFilter { subscriptions, states: states.to_vec(), since, until });
            }
        }
    }
    filters
}

pub(super) async fn every_filter_shows_exactly_what_passes_it(world: World) {
    for name in ["a", "b", "c"] {
        subscribe(&world, name).await;
    }
    let of = |n: u64| {
        let (name, state) = (["a", "b", "c"][(n % 3) as usize], DeliveryState::ALL[(n / 5 % 3) as usize]);
        in_state(name, 1 + n * 37 % 121, state, n * 7 % 50)
    };
    let mut all: Vec<Delivery> = (0..120).map(of).collect();
    for delivery in &all {
        commit(&world, [delivery.clone()]).await;
    }
    all.reverse();
    for filter in filters() {
        let expected: Vec<Delivery> = all.iter().filter(|delivery| filter.matches(delivery)).cloned().collect();
        for limit in [7, 1_000] {
            let (mut shown, mut before) = (Vec::new(), None);
            loop {
                let page = world.store.deliveries(&filter, before, limit).await.expect("reads");
                assert!(page.deliveries.len() <= limit, "{filter:?}");
                shown.extend(page.deliveries);
                if page.next.is_none() {
                    break;
                }
                assert!(before.is_none() || page.next < before, "{filter:?} moves on");
                before = page.next;
            }
            assert_eq!(shown, expected, "{filter:?}");
        }
    }
}

pub(super) async fn a_page_looks_at_a_bounded_number_of_deliveries(world: World) {
    let max = limit::DELIVERIES_SCANNED_MAX as u64;
    subscribe(&world, "a").await;
    subscribe(&world, "b").await;
    commit(&world, [in_state("a", 1, DeliveryState::Exhausted, 99), in_state("b", 1, DeliveryState::Pending, 99)])
        .await;
    for first in (0..max).step_by(5_000) {
        commit(&world, (first + 2..first + 5_002).map(|n| in_state("a", n, DeliveryState::Exhausted, 0))).await;
    }
    let recent = DeliveryFilter { since: Some(at(50)), ..DeliveryFilter::default() };
    let (shown, next) = page(&world, &recent, None, 10).await;
    assert!(shown.is_empty() && next.is_some(), "{shown:?} {next:?}");
    assert_eq!(page(&world, &recent, next, 10).await, (vec![1, 1], None));
    let pending = DeliveryFilter { states: vec![DeliveryState::Pending], ..recent.clone() };
    assert_eq!(page(&world, &pending, None, 10).await, (vec![1], None), "other states are not in the way");
}

pub(super) async fn a_page_ends_when_it_has_enough_bytes(world: World) {
    subscribe(&world, "a").await;
    let large = |offset| {
        let delivery = failed_once("a", offset);
        let error = Some(Reason { code: "dns".to_owned(), message: "x".repeat(limit::ATTEMPT_MESSAGE_BYTES_MAX) });
        let attempt = Attempt { at: at(0), took_ms: 1, status: None, error };
        let history = vec![attempt; limit::ATTEMPTS_KEPT_MAX];
        Delivery { standing: DeliveryStanding { history, ..delivery.standing }, ..delivery }
    };
    for first in (1..=600).step_by(100) {
        commit(&world, (first..first + 100).map(large)).await;
    }
    let (shown, next) = page(&world, &DeliveryFilter::default(), None, 1_000).await;
    assert!(shown.len() > 300 && shown.len() < 600, "{}", shown.len());
    let (rest, end) = page(&world, &DeliveryFilter::default(), next, 1_000).await;
    assert_eq!((shown.len() + rest.len(), end), (600, None));
}
