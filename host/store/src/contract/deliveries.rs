use std::time::Duration;

use hookyard_domain::commit::Write;
use hookyard_domain::delivery::{
    Attempt, AttemptOutcome, Delivery, DeliveryDepth, DeliveryStanding, DeliveryState, PendingDelivery,
};
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::event::Offset;
use hookyard_domain::id::{DeliveryId, EventId, SubscriptionId};
use hookyard_domain::inbox::{Next, Reason};
use hookyard_domain::limit;
use hookyard_domain::subscription::Position;

use super::host::assert_closed;
use super::kept::at;
use super::subscriptions::record;
use super::world::{DAY, World, increment, noon};
use crate::CommitError;

pub(crate) fn subscription_id(name: &str) -> SubscriptionId {
    name.parse().expect("valid")
}

/// Makes a subscription that stands before the first event.
pub(super) async fn subscribe(world: &World, name: &str) {
    world.store.save_subscription(record(name), Offset::START).await.expect("keeps");
}

/// A delivery that has failed once; its id is that of no other offset.
pub(crate) fn failed_once(subscription: &str, offset: u64) -> Delivery {
    let reason = Reason { code: "http-500".to_owned(), message: "it answered 500".to_owned() };
    let outcome = AttemptOutcome::Failed { status: Some(500), reason, retry_after: None };
    let salt = subscription.bytes().map(u64::from).sum::<u64>();
    let entropy = SeededEntropy::new(offset * 1_000 + salt);
    Delivery {
        id: DeliveryId::new(at(offset), &entropy),
        subscription: subscription_id(subscription),
        offset: Offset(offset),
        event: EventId::new(at(offset), &entropy),
        event_type: "shop.order.paid".to_owned(),
        subject: (!offset.is_multiple_of(2)).then(|| format!("o{offset}")),
        standing: DeliveryStanding::new(noon(), 1).after(&outcome, noon(), at(20), u32::MAX / 2),
    }
}

pub(crate) fn in_state(subscription: &str, offset: u64, state: DeliveryState, since: u64) -> Delivery {
    let delivery = failed_once(subscription, offset);
    let next = (state == DeliveryState::Pending).then_some(Next::At(at(70)));
    let standing = DeliveryStanding { state, next, since: at(since), ..delivery.standing };
    Delivery { standing, ..delivery }
}

pub(crate) fn deliver(delivery: Delivery) -> Write {
    Write::Deliver(Box::new(delivery))
}

pub(crate) fn delivery(subscription: &str, offset: u64) -> Write {
    deliver(failed_once(subscription, offset))
}

/// One that was given up.
pub(super) fn given_up_at(subscription: &str, offset: u64) -> Write {
    deliver(in_state(subscription, offset, DeliveryState::Exhausted, 0))
}

fn forget(subscription: &str, after: u64) -> Write {
    Write::ForgetDeliveries { subscription: subscription_id(subscription), after: Offset(after) }
}

async fn write(world: &World, writes: impl IntoIterator<Item = Write>) {
    world.commit_of_host([], writes).await.expect("commits");
}

pub(super) async fn there(world: &World, subscription: &str, offset: u64) -> Option<Delivery> {
    world.store.delivery_at(&subscription_id(subscription), Offset(offset)).await.expect("reads")
}

async fn kept(world: &World, subscription: &str, after: u64, limit: usize) -> Vec<u64> {
    let kept = world.store.kept_after(&subscription_id(subscription), Offset(after), limit).await.expect("reads");
    kept.into_iter().map(|offset| offset.0).collect()
}

pub(super) async fn a_delivery_is_read_back_as_it_was_kept(world: World) {
    subscribe(&world, "a").await;
    let plain = failed_once("a", 1);
    let attempts = (0..16).map(|number| Attempt {
        at: at(number),
        took_ms: number,
        status: None,
        error: Some(Reason { code: "dns".to_owned(), message: "\"no\"\n\u{1F980}".to_owned() }),
    });
    let standing = DeliveryStanding {
        attempts: 40,
        replay: 2,
        retries: 5,
        next: Some(Next::Activation),
        history: attempts.collect(),
        ..plain.standing.clone()
    };
    let full = Delivery { standing, ..failed_once("a", 2) };
    let given_up = in_state("a", 3, DeliveryState::Exhausted, 9);
    let untried = Delivery { standing: DeliveryStanding::new(at(3), 0), ..failed_once("a", 4) };
    let all = [plain, full, given_up, untried];
    write(&world, all.iter().cloned().map(deliver)).await;
    for delivery in all {
        assert_eq!(there(&world, "a", delivery.offset.0).await.as_ref(), Some(&delivery));
        assert_eq!(world.store.delivery(delivery.id).await.expect("reads"), Some(delivery));
    }
    assert_eq!(there(&world, "a", 5).await, None);
    assert_eq!(there(&world, "none", 1).await, None);
    assert_eq!(world.store.delivery(failed_once("b", 1).id).await.expect("reads"), None);
}

pub(super) async fn a_delivery_takes_the_place_of_the_one_of_its_event(world: World) {
    subscribe(&world, "a").await;
    write(&world, [delivery("a", 1), delivery("a", 2)]).await;
    for state in [DeliveryState::Exhausted, DeliveryState::Pending, DeliveryState::Delivered] {
        let changed = in_state("a", 1, state, 50);
        let again = changed.standing.retried(at(60));
        let again = Delivery { standing: DeliveryStanding { state, next: changed.standing.next, ..again }, ..changed };
        write(&world, [deliver(again.clone())]).await;
        assert_eq!(there(&world, "a", 1).await, Some(again));
    }
    let page = world.store.deliveries(&Default::default(), None, 10).await.expect("reads");
    let offsets: Vec<u64> = page.deliveries.iter().map(|delivery| delivery.offset.0).collect();
    assert_eq!(offsets, [2, 1], "each stands where it came into the list");
}

pub(super) async fn a_delivery_of_an_unknown_subscription_is_not_kept(world: World) {
    subscribe(&world, "a").await;
    write(&world, [delivery("none", 1), forget("none", 0), delivery("a", 1)]).await;
    assert_eq!(there(&world, "none", 1).await, None);
    assert!(there(&world, "a", 1).await.is_some());
    subscribe(&world, "none").await;
    assert_eq!(there(&world, "none", 1).await, None);
}

pub(super) async fn what_is_pending_is_listed_by_offset(world: World) {
    subscribe(&world, "a").await;
    subscribe(&world, "b").await;
    let waits = Delivery {
        standing: DeliveryStanding { next: Some(Next::Activation), ..failed_once("a", 4).standing },
        ..failed_once("a", 4)
    };
    write(&world, [delivery("a", 9), deliver(waits), delivery("a", 3), delivery("b", 1), given_up_at("a", 5)]).await;
    write(&world, [deliver(in_state("a", 6, DeliveryState::Delivered, 1))]).await;
    let pending = async |after, limit| {
        let pending = world.store.pending(&subscription_id("a"), Offset(after), limit).await;
        pending.expect("reads")
    };
    let of = |offset| {
        let delivery = failed_once("a", offset);
        let next = delivery.standing.next.expect("is pending");
        PendingDelivery { offset: delivery.offset, subject: delivery.subject, next }
    };
    let all = [of(3), PendingDelivery { next: Next::Activation, ..of(4) }, of(9)];
    assert_eq!(pending(0, 10).await, all);
    assert_eq!(pending(3, 1).await, all[1..2]);
    assert_eq!(pending(0, 0).await, all[..1], "one at least");
    assert_eq!(pending(9, 10).await, []);
    write(&world, [deliver(in_state("a", 5, DeliveryState::Pending, 7))]).await;
    assert_eq!(pending(4, 10).await.iter().map(|pending| pending.offset.0).collect::<Vec<_>>(), [5, 9]);
    assert_eq!(world.store.pending(&subscription_id("none"), Offset(0), 10).await.expect("reads"), []);
}

pub(super) async fn a_list_of_what_is_pending_goes_on_after_its_last_offset(world: World) {
    let max = limit::DELIVERIES_PAGE_MAX as u64;
    subscribe(&world, "a").await;
    write(&world, (1..=max + 5).map(|offset| delivery("a", offset))).await;
    let a = subscription_id("a");
    let first = world.store.pending(&a, Offset(0), usize::MAX).await.expect("reads");
    assert_eq!(first.len() as u64, max);
    let rest = world.store.pending(&a, first.last().expect("is full").offset, usize::MAX).await.expect("reads");
    assert_eq!(
        rest.iter().map(|pending| pending.offset.0).collect::<Vec<_>>(),
        (max + 1..=max + 5).collect::<Vec<_>>()
    );
    assert_eq!(kept(&world, "a", 0, usize::MAX).await.len() as u64, max);
    assert_eq!(kept(&world, "a", max, usize::MAX).await, (max + 1..=max + 5).collect::<Vec<_>>());
}

pub(super) async fn what_is_kept_is_known_in_any_state(world: World) {
    subscribe(&world, "a").await;
    subscribe(&world, "b").await;
    let states = DeliveryState::ALL.into_iter().zip([8, 2, 5]);
    write(&world, states.map(|(state, offset)| deliver(in_state("a", offset, state, 0)))).await;
    write(&world, [delivery("b", 3)]).await;
    assert_eq!(kept(&world, "a", 0, 10).await, [2, 5, 8]);
    assert_eq!(kept(&world, "a", 2, 1).await, [5]);
    assert_eq!(kept(&world, "a", u64::MAX, 1).await, [0; 0]);
    assert_eq!(kept(&world, "none", 0, 10).await, [0; 0]);
}

pub(super) async fn what_is_to_be_read_again_is_forgotten(world: World) {
    subscribe(&world, "a").await;
    subscribe(&world, "b").await;
    write(&world, [3, 4, 5].map(|offset| delivery("a", offset))).await;
    write(&world, [given_up_at("a", 9), delivery("b", 9)]).await;
    let position = Position {
        subscription: subscription_id("a"),
        cursor: Offset(4),
        replays: 1,
        failing_since: None,
        paused: None,
    };
    write(&world, [Write::Advance(Box::new(position.clone())), forget("a", 4), delivery("a", 7)]).await;
    assert_eq!(kept(&world, "a", 0, 10).await, [3, 4, 7]);
    assert_eq!(kept(&world, "b", 0, 10).await, [9]);
    assert_eq!(world.store.positions().await.expect("reads")[0], position);
    assert_eq!(world.store.delivery(failed_once("a", 9).id).await.expect("reads"), None);
}

pub(super) async fn the_depth_counts_what_is_pending_and_exhausted(world: World) {
    use DeliveryState::{Delivered, Exhausted, Pending};
    for name in ["a", "b", "c", "d"] {
        subscribe(&world, name).await;
    }
    let depths = async || world.store.delivery_depths().await.expect("reads");
    assert_eq!(depths().await, []);
    let of = [("b", 1, Pending, 30), ("b", 2, Pending, 20), ("b", 3, Exhausted, 10), ("b", 4, Delivered, 5)];
    let others = [("a", 5, Exhausted, 1), ("c", 6, Delivered, 1)];
    let all = of.into_iter().chain(others);
    write(&world, all.map(|(of, offset, state, since)| deliver(in_state(of, offset, state, since)))).await;
    let of_b =
        DeliveryDepth { subscription: subscription_id("b"), pending: 2, exhausted: 1, oldest_pending: Some(at(20)) };
    let of_a = DeliveryDepth { subscription: subscription_id("a"), pending: 0, exhausted: 1, oldest_pending: None };
    assert_eq!(depths().await, [of_a.clone(), of_b.clone()]);
    write(&world, [deliver(in_state("b", 2, Delivered, 40)), deliver(in_state("b", 3, Pending, 40))]).await;
    let of_b = DeliveryDepth { exhausted: 0, oldest_pending: Some(at(30)), ..of_b };
    assert_eq!(depths().await, [of_a, of_b]);
}

pub(super) async fn a_hundred_deliveries_with_the_longest_histories_are_one_commit(world: World) {
    subscribe(&world, "a").await;
    let longest = |offset| {
        let message = "x".repeat(limit::ATTEMPT_MESSAGE_BYTES_MAX);
        let error = Some(Reason { code: "address-refused".to_owned(), message });
        let attempt = Attempt { at: at(0), took_ms: u64::MAX, status: Some(500), error };
        let delivery = failed_once("a", offset);
        let standing = DeliveryStanding { history: vec![attempt; limit::ATTEMPTS_KEPT_MAX], ..delivery.standing };
        deliver(Delivery { standing, ..delivery })
    };
    write(&world, (1..=100).map(longest)).await;
    assert_eq!(kept(&world, "a", 0, 1_000).await.len(), 100);
    let error = world.commit_of_host([], (1..=300).map(longest)).await.expect_err("there is a bound");
    assert!(matches!(error, CommitError::TooLarge { max: limit::DELIVERY_WRITES_BYTES_MAX, .. }), "{error:?}");
    write(&world, (1..=10_000).map(|offset| delivery("a", offset))).await;
}

/// Lets the store clear away what it will, by way of commits: whether these deliveries have gone.
async fn have_gone(world: &World, subscription: &str, offsets: &[u64]) -> bool {
    for _ in 0..1_000 {
        world.write([increment("count", 1)]).await;
        let kept = kept(world, subscription, 0, 1_000).await;
        if offsets.iter().all(|offset| !kept.contains(offset)) {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

pub(super) async fn what_is_at_rest_goes_after_its_time_and_nothing_else_does(world: World) {
    use DeliveryState::{Delivered, Exhausted, Pending};
    subscribe(&world, "a").await;
    let states = [(1, Exhausted), (2, Delivered), (3, Pending), (8, Exhausted)];
    write(&world, states.map(|(offset, state)| deliver(in_state("a", offset, state, 0)))).await;
    let position = Position {
        subscription: subscription_id("a"),
        cursor: Offset(5),
        replays: 0,
        failing_since: None,
        paused: None,
    };
    write(&world, [Write::Advance(Box::new(position.clone()))]).await;
    let old = in_state("a", 4, Exhausted, 0);
    let long_ago = DeliveryStanding { since: noon().before(DAY), ..old.standing };
    write(&world, [deliver(Delivery { standing: long_ago, ..old })]).await;
    world.clock.advance(limit::DELIVERY_RETENTION_DEFAULT - Duration::from_secs(1));
    assert!(have_gone(&world, "a", &[4]).await, "this one's time has come");
    assert_eq!(kept(&world, "a", 0, 10).await, [1, 2, 3, 8], "their time has not");
    world.clock.advance(DAY);
    assert!(have_gone(&world, "a", &[1, 2]).await, "their time has come");
    assert_eq!(kept(&world, "a", 0, 10).await, [3, 8], "nor does what is pending go, or what lies beyond the cursor");
    write(&world, [Write::Advance(Box::new(Position { cursor: Offset(9), ..position }))]).await;
    world.clock.advance(DAY);
    assert!(have_gone(&world, "a", &[8]).await, "reading on does not come by it any more");
    assert_eq!(kept(&world, "a", 0, 10).await, [3]);
}

pub(super) async fn the_log_is_searched_by_time(world: World) {
    let before = async |millis| world.store.offset_before(at(millis)).await.expect("reads").0;
    assert_eq!(before(5).await, 0);
    let entropy = SeededEntropy::new(9);
    for millis in [10, 10, 20, 30, 30, 30, 40] {
        let event = world.event("shop", "a.b", None);
        let event = hookyard_domain::event::Event { id: EventId::new(at(millis), &entropy), ..*event };
        world.write([Write::Append { event: Box::new(event), dedupe: None }]).await;
    }
    let offsets = [(0, 0), (10, 0), (11, 2), (20, 2), (21, 3), (30, 3), (31, 6), (40, 6), (41, 7), (9_999, 7)];
    for (millis, offset) in offsets {
        assert_eq!(before(millis).await, offset, "{millis} ms");
    }
}

pub(super) async fn a_closed_store_shows_no_delivery(world: World) {
    subscribe(&world, "a").await;
    write(&world, [delivery("a", 1)]).await;
    world.store.close().await;
    let (a, start) = (subscription_id("a"), Offset::START);
    assert_closed(world.store.delivery(failed_once("a", 1).id).await);
    assert_closed(world.store.delivery_at(&a, Offset(1)).await);
    assert_closed(world.store.pending(&a, start, 1).await);
    assert_closed(world.store.kept_after(&a, start, 1).await);
    assert_closed(world.store.deliveries(&Default::default(), None, 1).await);
    assert_closed(world.store.delivery_depths().await);
    assert_closed(world.store.offset_before(noon()).await);
}
