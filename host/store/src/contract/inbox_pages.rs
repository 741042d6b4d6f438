use hookyard_domain::inbox::{
    InboxDepth, InboxEntry, Next, Place, Standing, WaitingWebhook, WebhookFilter, WebhookState,
};
use hookyard_domain::limit;
use hookyard_domain::webhook::KeptWebhook;

use super::kept::{at, failed, handled, keep, keep_at, pending, settle, standing, webhook, webhook_id};
use super::world::{World, id};

fn waits(connection: &str, place: u64, order_key: Option<&str>, next: Option<Next>) -> WaitingWebhook {
    let order_key = order_key.map(str::to_owned);
    WaitingWebhook { id: webhook_id(place), connection: id(connection), place: Place(place), order_key, next }
}

async fn waiting(world: &World, after: u64, limit: usize) -> Vec<WaitingWebhook> {
    world.store.waiting(Place(after), limit).await.expect("reads")
}

async fn places(world: &World, filter: &WebhookFilter, before: Option<u64>, limit: usize) -> (Vec<u64>, Option<u64>) {
    let page = world.store.webhooks(filter, before.map(Place), limit).await.expect("reads");
    let places = page.webhooks.iter().map(|entry| entry.webhook.place.0).collect();
    (places, page.next.map(|place| place.0))
}

pub(super) async fn what_waits_is_listed_by_place(world: World) {
    assert_eq!(waiting(&world, 0, 10).await, []);
    assert_eq!(waiting(&world, u64::MAX, 10).await, []);
    let ordered = |place| KeptWebhook { order_key: Some("c1".to_owned()), ..webhook("shop", place) };
    let blocking = Standing { blocks: true, ..failed() };
    let for_activation = Standing { next: Some(Next::Activation), ..pending() };
    world.write([keep(ordered(9), pending()), keep(ordered(3), blocking.clone()), keep_at(1)]).await;
    world
        .write([keep(ordered(2), failed()), keep_at(4), settle(4, handled()), keep(webhook("shop", 5), handled())])
        .await;
    world.write([keep(webhook("shop", 6), standing(WebhookState::Skipped)), keep(webhook("shop", 10), blocking)]).await;
    world.commit_to("shop2", [], [keep(webhook("shop2", 7), for_activation)]).await.expect("commits");
    let later = Standing { next: Some(Next::At(at(5))), ..pending() };
    world.write([settle(1, later)]).await;
    let all = [
        waits("shop", 1, None, Some(Next::At(at(5)))),
        waits("shop", 3, Some("c1"), None),
        waits("shop2", 7, None, Some(Next::Activation)),
        waits("shop", 9, Some("c1"), Some(Next::At(at(0)))),
        waits("shop", 10, None, None),
    ];
    assert_eq!(waiting(&world, 0, 10).await, all);
    assert_eq!(waiting(&world, 3, 10).await, all[2..]);
    assert_eq!(waiting(&world, 0, 3).await, all[..3]);
    world.write([settle(3, standing(WebhookState::Skipped))]).await;
    assert_eq!(waiting(&world, 1, 1).await, all[2..3], "what was skipped holds nothing up");
}

pub(super) async fn a_list_of_what_waits_goes_on_after_its_last_place(world: World) {
    let max = limit::WEBHOOKS_PAGE_MAX as u64;
    world.write((1..=max + 500).map(|n| keep_at(n * 3))).await;
    let first = waiting(&world, 0, usize::MAX).await;
    assert_eq!(first.len() as u64, max);
    let second = waiting(&world, first.last().expect("is full").place.0, usize::MAX).await;
    let all: Vec<_> = first.iter().chain(&second).map(|waiting| waiting.place.0).collect();
    assert_eq!(all, (1..=max + 500).map(|n| n * 3).collect::<Vec<_>>());
    assert_eq!(waiting(&world, 0, 0).await.len(), 1, "one at least");
}

pub(super) async fn the_newest_place_counts_whatever_became_of_its_webhook(world: World) {
    let newest = async || world.store.newest_place().await.expect("reads").0;
    assert_eq!(newest().await, 0);
    world.write([keep_at(7 << 20), keep_at(3)]).await;
    assert_eq!(newest().await, 7 << 20);
    world.commit_to("shop2", [], [keep(webhook("shop2", 8 << 20), handled())]).await.expect("commits");
    world.write([settle(7 << 20, handled())]).await;
    assert_eq!(newest().await, 8 << 20);
}

pub(super) async fn pages_go_back_from_the_newest_place(world: World) {
    let all = WebhookFilter::default();
    assert_eq!(places(&world, &all, None, 10).await, (vec![], None));
    world.write([2, 9, 4, 7].map(keep_at)).await;
    assert_eq!(places(&world, &all, None, 10).await, (vec![9, 7, 4, 2], None));
    assert_eq!(places(&world, &all, None, 4).await, (vec![9, 7, 4, 2], None));
    assert_eq!(places(&world, &all, None, 2).await, (vec![9, 7], Some(7)));
    let page = world.store.webhooks(&all, None, 1).await.expect("reads");
    assert_eq!(Some(page.webhooks[0].clone()), world.webhook(9).await);
}

pub(super) async fn a_page_begins_below_a_place_whether_it_is_there_or_not(world: World) {
    let all = WebhookFilter::default();
    world.write([2, 9, 4, 7].map(keep_at)).await;
    assert_eq!(places(&world, &all, Some(7), 2).await, (vec![4, 2], None));
    assert_eq!(places(&world, &all, Some(5), 1).await, (vec![4], Some(4)));
    assert_eq!(places(&world, &all, Some(2), 1).await, (vec![], None));
    assert_eq!(places(&world, &all, Some(u64::MAX), 0).await, (vec![9], Some(9)), "one at least");
}

/// Entries of three connections in all states, in no order in which anything could have been kept by chance.
async fn many(world: &World) -> Vec<InboxEntry> {
    let states = WebhookState::ALL.map(standing);
    let mut entries: Vec<InboxEntry> = (0..120_u64)
        .map(|n| {
            let connection = ["shop", "shop2", "shop3"][(n % 3) as usize];
            let webhook = KeptWebhook { received_at: at(n * 7 % 50), ..webhook(connection, 1 + n * 37 % 121) };
            InboxEntry { webhook, standing: states[(n / 5 % 4) as usize].clone(), version: 0 }
        })
        .collect();
    for InboxEntry { webhook, standing, .. } in &entries {
        let (connection, kept) = (webhook.connection.clone(), keep(webhook.clone(), standing.clone()));
        world.commit_to(connection.as_str(), [], [kept]).await.expect("commits");
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.webhook.place));
    entries
}

fn filters() -> Vec<WebhookFilter> {
    use WebhookState::{Failed, Handled, Pending, Skipped};
    let connections = [&[][..], &["shop"], &["shop", "shop3"], &["none"], &["none", "shop2"]];
    let states =
        [&[][..], &[Failed], &[Pending], &[Failed, Pending], &[Handled], &[Skipped, Failed], &[Failed, Failed]];
    let times = [(None, None), (Some(at(20)), None), (None, Some(at(20))), (Some(at(10)), Some(at(40)))];
    let mut filters = Vec::new();
    for connections in connections {
        for states in states {
            for (since, until) in times {
                let connections = connections.iter().map(|connection| id(connection)).collect();
                filters.push(WebhookFilter { connections, states: states.to_vec(), since, until });
            }
        }
    }
    filters
}

pub(super) async fn every_filter_shows_exactly_what_passes_it(world: World) {
    let entries = many(&world).await;
    for filter in filters() {
        let passing = entries.iter().filter(|entry| filter.matches(&entry.webhook, &entry.standing)).cloned();
        let expected: Vec<InboxEntry> = passing.collect();
        for limit in [7, 1_000] {
            let (mut shown, mut before) = (Vec::new(), None);
            loop {
                let page = world.store.webhooks(&filter, before, limit).await.expect("reads");
                assert!(page.webhooks.len() <= limit, "{filter:?}");
                shown.extend(page.webhooks);
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

pub(super) async fn a_page_ends_when_it_has_enough_bytes(world: World) {
    let large = |place| KeptWebhook { body: vec![7; 1 << 20].into(), ..webhook("shop", place) };
    for place in 1..=6 {
        world.write([keep(large(place), pending())]).await;
    }
    let all = WebhookFilter::default();
    let fit = limit::WEBHOOKS_PAGE_BYTES_MAX >> 20;
    assert_eq!(fit, 4);
    assert_eq!(places(&world, &all, None, 100).await, (vec![6, 5, 4, 3], Some(3)));
    assert_eq!(places(&world, &all, Some(3), 100).await, (vec![2, 1], None));
}

pub(super) async fn a_page_looks_at_a_bounded_number_of_webhooks(world: World) {
    let max = limit::WEBHOOKS_SCANNED_MAX as u64;
    world.write([keep(webhook("shop", 1), failed())]).await;
    for first in (0..max).step_by(5_000) {
        world.write((first..first + 5_000).map(|n| keep(webhook("shop", n + 2), handled()))).await;
    }
    let skipped = WebhookFilter { states: vec![WebhookState::Skipped, WebhookState::Failed], ..Default::default() };
    assert_eq!(places(&world, &skipped, None, 10).await, (vec![], Some(2)));
    assert_eq!(places(&world, &skipped, Some(2), 10).await, (vec![1], None));
}

pub(super) async fn what_has_settled_is_not_in_the_way_of_what_has_not(world: World) {
    let max = limit::WEBHOOKS_SCANNED_MAX as u64;
    world.write([keep_at(1), keep(webhook("shop", 2), failed()), keep_at(3)]).await;
    for first in (0..=max).step_by(5_000) {
        world.write((first..first + 5_000).map(|n| keep(webhook("shop", n + 4), handled()))).await;
    }
    let of = |states: &[WebhookState], connections: &[&str]| WebhookFilter {
        connections: connections.iter().map(|connection| id(connection)).collect(),
        states: states.to_vec(),
        ..Default::default()
    };
    for connections in [&[][..], &["shop"], &["shop", "shop2"]] {
        let failed = of(&[WebhookState::Failed], connections);
        assert_eq!(places(&world, &failed, None, 10).await, (vec![2], None));
        let both = of(&[WebhookState::Failed, WebhookState::Pending], connections);
        assert_eq!(places(&world, &both, None, 10).await, (vec![3, 2, 1], None));
    }
}

pub(super) async fn the_depth_counts_what_is_pending_and_failed(world: World) {
    let depths = async || world.store.inbox_depths().await.expect("reads");
    assert_eq!(depths().await, []);
    let received = |place, millis| KeptWebhook { received_at: at(millis), ..webhook("shop", place) };
    world.write([keep(received(1, 30), pending()), keep(received(2, 20), pending())]).await;
    world.write([keep(received(3, 10), failed()), keep(received(4, 0), handled())]).await;
    world.commit_to("a", [], [keep(webhook("a", 5), failed())]).await.expect("commits");
    world.commit_to("b", [], [keep(webhook("b", 6), handled())]).await.expect("commits");
    let of_shop = InboxDepth { connection: id("shop"), pending: 2, failed: 1, oldest_pending: Some(at(20)) };
    let of_a = InboxDepth { connection: id("a"), pending: 0, failed: 1, oldest_pending: None };
    assert_eq!(depths().await, [of_a.clone(), of_shop.clone()]);
    world.write([settle(2, handled()), settle(3, pending())]).await;
    let of_shop = InboxDepth { failed: 0, oldest_pending: Some(at(10)), ..of_shop };
    assert_eq!(depths().await, [of_a.clone(), of_shop]);
    world.write([settle(1, handled()), settle(3, standing(WebhookState::Skipped))]).await;
    assert_eq!(depths().await, [of_a]);
}
