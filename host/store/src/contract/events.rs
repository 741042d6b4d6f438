use hookyard_domain::commit::Write;
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::event::{Event, EventFilter, EventOrigin, Offset};
use hookyard_domain::id::WebhookId;
use hookyard_domain::limit;
use serde_json::value::RawValue;

use super::world::{World, id, mark, noon, set};
use crate::EventPage;

async fn page(world: &World, after: u64, filter: &EventFilter, limit: usize) -> EventPage {
    world.store.events(Offset(after), filter, limit).await.expect("reads")
}

fn offsets(page: &EventPage) -> Vec<u64> {
    page.events.iter().map(|logged| logged.offset.0).collect()
}

fn of_type(pattern: &str) -> EventFilter {
    EventFilter { types: vec![pattern.to_owned()], ..EventFilter::default() }
}

fn of_connections(connections: &[&str]) -> EventFilter {
    EventFilter { connections: connections.iter().map(|name| id(name)).collect(), ..EventFilter::default() }
}

pub(super) async fn an_event_is_read_back_as_it_was_appended(world: World) {
    let bare = *world.event("shop", "shipment.updated", None);
    let full = Event {
        subject: Some("parcel \0 ü".into()),
        time: "2026-03-04T10:41:12.123456+01:00".parse().expect("valid"),
        data: RawValue::from_string(r#"{"z": 1.10, "a": [1e400, "ü"]}"#.into()).expect("valid"),
        webhook: Some(WebhookId::new(noon(), &SeededEntropy::new(9))),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        hops: 255,
        ..*world.event("shop", "shipment.updated", None)
    };
    let append = |event: &Event| Write::Append { event: Box::new(event.clone()), dedupe: None };
    world.write([append(&bare), append(&full)]).await;
    let read = page(&world, 0, &EventFilter::default(), 10).await;
    let read: Vec<_> = read.events.iter().map(|logged| format!("{:?}", logged.event)).collect();
    assert_eq!(read, [format!("{bare:?}"), format!("{full:?}")]);
}

pub(super) async fn what_the_host_says_in_the_commit_of_a_connection_is_of_no_connection(world: World) {
    let news = Write::Append { event: world.host_event("timer.failed"), dedupe: None };
    world.write([world.append("shop", "a.b"), news]).await;
    let all = page(&world, 0, &EventFilter::default(), 10).await;
    let types: Vec<_> = all.events.iter().map(|logged| logged.event.event_type()).collect();
    assert_eq!(
        (types.as_slice(), &all.events[1].event.origin),
        (&["aftership.a.b".to_owned(), "hookyard.timer.failed".to_owned()][..], &EventOrigin::Host)
    );
    assert_eq!(offsets(&page(&world, 0, &of_connections(&["shop"]), 10).await), [1]);
    assert_eq!(offsets(&page(&world, 0, &of_type("hookyard.*"), 10).await), [2]);
}

pub(super) async fn offsets_increase_in_the_order_of_commits(world: World) {
    let mut all = Vec::new();
    for connection in ["shop", "other", "shop"] {
        let writes = [world.append(connection, "a.one"), world.append(connection, "a.two")];
        all.extend(world.commit_to(connection, [], writes).await.expect("commits").events);
    }
    let all: Vec<u64> = all.into_iter().map(|offset| offset.expect("is appended").0).collect();
    assert!(all.is_sorted() && all.windows(2).all(|pair| pair[0] < pair[1]), "{all:?}");
    assert_eq!(offsets(&page(&world, 0, &EventFilter::default(), 10).await), all);
}

pub(super) async fn a_page_goes_on_where_the_last_one_ended(world: World) {
    world.write((0..5).map(|_| world.append("shop", "a.b"))).await;
    let any = EventFilter::default();
    let first = page(&world, 0, &any, 2).await;
    assert_eq!((offsets(&first), first.next), (vec![1, 2], Offset(2)));
    let second = page(&world, first.next.0, &any, 2).await;
    assert_eq!((offsets(&second), second.next), (vec![3, 4], Offset(4)));
    let third = page(&world, second.next.0, &any, 2).await;
    assert_eq!((offsets(&third), third.next), (vec![5], Offset(5)));
    let end = page(&world, third.next.0, &any, 2).await;
    assert_eq!((offsets(&end), end.next), (vec![], Offset(5)));
}

pub(super) async fn a_page_never_exceeds_its_limits(world: World) {
    for _ in 0..2 {
        world.write((0..600).map(|_| world.append("shop", "a.b"))).await;
    }
    let any = EventFilter::default();
    assert_eq!(page(&world, 0, &any, usize::MAX).await.events.len(), limit::EVENTS_PAGE_MAX);
    assert_eq!(page(&world, 0, &any, 0).await.events.len(), 1, "a page has at least one event");
}

pub(super) async fn a_filter_picks_events_and_the_page_still_moves_on(world: World) {
    for (connection, kind, subject) in [
        ("shop", "shipment.updated", Some("p1")),
        ("shop", "shipment.delivered", Some("p2")),
        ("other", "shipment.updated", Some("p1")),
        ("other", "dialog.closed", None),
        ("shop", "dialog.closed", None),
    ] {
        let append = Write::Append { event: world.event(connection, kind, subject), dedupe: None };
        world.commit_to(connection, [], [append]).await.expect("commits");
    }
    let subject = EventFilter { subjects: vec!["p1".into()], ..EventFilter::default() };
    let both = EventFilter { types: vec!["aftership.shipment.*".into()], ..of_connections(&["shop"]) };
    for (filter, expected) in [
        (EventFilter::default(), vec![1, 2, 3, 4, 5]),
        (of_type("aftership.shipment.*"), vec![1, 2, 3]),
        (of_type("aftership.dialog.closed"), vec![4, 5]),
        (of_type("freshchat.*"), vec![]),
        (of_connections(&["shop"]), vec![1, 2, 5]),
        (of_connections(&["other"]), vec![3, 4]),
        (of_connections(&["other", "shop"]), vec![1, 2, 3, 4, 5]),
        (subject, vec![1, 3]),
        (both, vec![1, 2]),
    ] {
        let found = page(&world, 0, &filter, 10).await;
        assert_eq!((offsets(&found), found.next), (expected.clone(), Offset(5)), "{filter:?}");
        let first = page(&world, 0, &filter, 1).await;
        assert_eq!(offsets(&first), expected[..expected.len().min(1)], "{filter:?}");
        assert_eq!(first.next, Offset(expected.first().copied().unwrap_or(5)), "{filter:?}");
    }
}

pub(super) async fn a_filter_for_an_unknown_connection_moves_on_to_the_end(world: World) {
    world.write([world.append("shop", "a.b")]).await;
    let found = page(&world, 0, &of_connections(&["unknown"]), 10).await;
    assert_eq!((found.events.len(), found.next), (0, Offset(1)));
}

pub(super) async fn a_page_looks_at_a_bounded_number_of_events(world: World) {
    for _ in 0..limit::EVENTS_SCANNED_MAX / 1_000 {
        world.write((0..1_000).map(|_| world.append("shop", "a.common"))).await;
    }
    world.write([world.append("shop", "a.rare")]).await;
    let rare = of_type("aftership.a.rare");
    for filter in [rare.clone(), EventFilter { connections: vec![id("shop")], ..rare }] {
        let first = page(&world, 0, &filter, 10).await;
        assert_eq!((first.events.len(), first.next), (0, Offset(limit::EVENTS_SCANNED_MAX as u64)));
        let second = page(&world, first.next.0, &filter, 10).await;
        assert_eq!((second.events.len(), second.next), (1, Offset(limit::EVENTS_SCANNED_MAX as u64 + 1)));
    }
}

pub(super) async fn a_page_ends_when_it_has_enough_bytes(world: World) {
    let half = limit::COMMIT_BYTES_MAX / 2;
    for _ in 0..limit::EVENTS_PAGE_BYTES_MAX / half + 2 {
        let mut event = world.event("shop", "a.b", None);
        event.data = RawValue::from_string(format!("\"{}\"", "x".repeat(half))).expect("valid");
        world.write([Write::Append { event, dedupe: None }]).await;
    }
    let first = page(&world, 0, &EventFilter::default(), 100).await;
    assert_eq!(first.events.len(), limit::EVENTS_PAGE_BYTES_MAX / half);
    assert_eq!(page(&world, first.next.0, &EventFilter::default(), 100).await.events.len(), 2);
}

pub(super) async fn reading_behind_the_end_stays_there(world: World) {
    world.write([world.append("shop", "a.b")]).await;
    for filter in [EventFilter::default(), of_connections(&["shop"])] {
        for after in [1, 7, u64::MAX] {
            let found = page(&world, after, &filter, 10).await;
            assert_eq!((found.events.len(), found.next), (0, Offset(after)));
        }
    }
}

pub(super) async fn the_newest_offset_moves_with_the_commit(world: World) {
    let mut newest = world.store.newest();
    assert_eq!(*newest.borrow_and_update(), Offset::START);
    world.write([world.append("shop", "a.b"), world.append("shop", "a.b")]).await;
    assert!(newest.has_changed().expect("the store is open"));
    assert_eq!(*newest.borrow_and_update(), Offset(2));
    assert_eq!(*world.store.newest().borrow(), Offset(2));
}

pub(super) async fn a_commit_without_events_does_not_move_it(world: World) {
    let newest = world.store.newest();
    world.write([set("key", "v")]).await;
    let refused = [world.append("shop", "a.b"), set("n", "x"), Write::Increment { key: "n".into(), by: 1 }];
    world.commit([], refused).await.expect_err("n is not a number");
    assert!(!newest.has_changed().expect("the store is open"));
}

pub(super) async fn an_event_of_the_host_stands_in_the_log_without_a_connection(world: World) {
    let newest = world.store.newest();
    world.write([world.append("shop", "plugin.rejected")]).await;
    let event = world.host_event("plugin.rejected");
    let append = || Write::Append { event: event.clone(), dedupe: Some(mark(1)) };
    let committed = world.commit_of_host([], [append()]).await.expect("commits");
    assert_eq!(committed.events, [Some(Offset(2))]);
    assert_eq!(*newest.borrow(), Offset(2));
    let again = world.commit_of_host([], [append()]).await.expect("commits");
    assert_eq!(again.events, [None], "it is told once");
    let read = page(&world, 0, &of_type("hookyard.*"), 10).await;
    assert_eq!((offsets(&read), read.next), (vec![2], Offset(2)));
    assert_eq!(read.events[0].event.event_type(), "hookyard.plugin.rejected");
    assert_eq!(format!("{:?}", read.events[0].event), format!("{event:?}"));
}

pub(super) async fn an_event_of_the_host_passes_no_filter_for_connections(world: World) {
    let append = Write::Append { event: world.host_event("plugin.rejected"), dedupe: None };
    world.commit_of_host([], [append]).await.expect("commits");
    world.write([world.append("shop", "a.b")]).await;
    for (filter, expected) in [
        (EventFilter::default(), vec![1, 2]),
        (of_connections(&["shop"]), vec![2]),
        (of_connections(&["shop", "other"]), vec![2]),
        (of_connections(&["hookyard"]), vec![]),
        (of_connections(&["hookyard", "host"]), vec![]),
        (of_type("aftership.*"), vec![2]),
        (EventFilter { subjects: vec!["aftership".into()], ..EventFilter::default() }, vec![1]),
    ] {
        let found = page(&world, 0, &filter, 10).await;
        assert_eq!((offsets(&found), found.next), (expected, Offset(2)), "{filter:?}");
    }
}
