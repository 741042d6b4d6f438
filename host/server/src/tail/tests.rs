use hookyard_domain::clock::{ManualClock, Timestamp};
use hookyard_domain::commit::{Commit, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::event::{Event, EventOrigin, LoggedEvent};
use hookyard_domain::id::EventId;
use hookyard_domain::limit;
use hookyard_domain::plugin::PluginVersion;
use hookyard_store::memory::MemoryStore;
use serde_json::value::RawValue;

use super::*;

fn event(subject: &str, data: &str) -> Event {
    let time = Timestamp::from_millis(1_772_617_272_000);
    Event {
        id: EventId::new(time, &SeededEntropy::new(5)),
        origin: EventOrigin::Connection {
            id: "shop".parse().unwrap(),
            plugin: PluginVersion { name: "aftership".parse().unwrap(), version: "1.0.0".to_owned() },
        },
        kind: "shipment.updated".to_owned(),
        subject: Some(subject.to_owned()),
        time: time.into(),
        data: RawValue::from_string(data.to_owned()).unwrap(),
        webhook: None,
        traceparent: None,
        hops: 0,
    }
}

fn logged(offset: u64, data: &str) -> Arc<TailEvent> {
    Arc::new(TailEvent::new(LoggedEvent { offset: Offset(offset), event: event("s", data) }))
}

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(Arc::new(ManualClock::at(Timestamp::from_millis(0)))))
}

async fn append(store: &MemoryStore, subject: &str) -> Offset {
    let writes = vec![Write::Append { event: Box::new(event(subject, "1")), dedupe: None }];
    let owner = Owner::Connection { id: "shop".parse().unwrap(), incarnation: Incarnation::default() };
    let commit = Commit { owner, at: Timestamp::from_millis(0), guards: Vec::new(), writes };
    store.commit(commit).await.unwrap().events[0].unwrap()
}

fn offsets(recent: &Recent) -> Option<(Vec<u64>, u64)> {
    match recent {
        Recent::Older => None,
        Recent::Events { events, through } => {
            Some((events.iter().map(|event| event.logged.offset.0).collect(), through.0))
        }
    }
}

async fn read_to(following: &mut Following, offset: Offset) {
    following.head().wait_for(|head| *head >= offset).await.expect("the tail reads");
}

#[test]
fn a_window_says_how_far_it_was_looked_at() {
    let mut window = Window::empty_at(Offset(4));
    window.extend([logged(5, "1"), logged(7, "1"), logged(8, "1")], Offset(9));
    let after = |after, max| offsets(&window.after(Offset(after), max));
    assert_eq!(after(3, 9), None, "what lies before it is not known");
    assert_eq!(after(4, 9), Some((vec![5, 7, 8], 9)), "9 is no event, and was looked at");
    assert_eq!(after(4, 2), Some((vec![5, 7], 7)), "8 was not looked at");
    assert_eq!(after(7, 1), Some((vec![8], 9)));
    assert_eq!(after(9, 9), Some((vec![], 9)));
    assert_eq!(after(12, 9), Some((vec![], 12)), "somebody who is ahead of it stays there");
    assert_eq!(after(4, 0), Some((vec![], 4)));
}

#[test]
fn a_window_keeps_so_many_events_and_so_many_bytes() {
    let mut window = Window::empty_at(Offset(0));
    let surplus = 10;
    let last = (limit::TAIL_EVENTS_MAX + surplus) as u64;
    window.extend((1..=last).map(|offset| logged(offset, "1")), Offset(last));
    assert_eq!(offsets(&window.after(Offset(surplus as u64 - 1), 1)), None);
    assert_eq!(offsets(&window.after(Offset(surplus as u64), 1)), Some((vec![surplus as u64 + 1], surplus as u64 + 1)));
    let large = format!("\"{}\"", "x".repeat(limit::TAIL_BYTES_MAX / 2));
    window.extend([logged(last + 1, &large), logged(last + 2, &large)], Offset(last + 2));
    assert_eq!(offsets(&window.after(Offset(last), 9)), None, "two of them are too much");
    assert_eq!(offsets(&window.after(Offset(last + 1), 9)), Some((vec![last + 2], last + 2)));
}

#[tokio::test]
async fn everybody_gets_the_very_same_event() {
    let store = store();
    let tail = Tail::start(Arc::clone(&store) as Arc<dyn Ledger>);
    let mut followers: Vec<_> = (0..3).map(|_| tail.follow()).collect();
    let offset = append(&store, "a").await;
    let mut seen = Vec::new();
    for follower in &mut followers {
        read_to(follower, offset).await;
        let Recent::Events { mut events, .. } = follower.after(Offset::START, 9) else { panic!("it is there") };
        seen.push((events[0].json().as_ptr(), events[0].block().as_ptr()));
        assert_eq!(events.pop().unwrap().logged.offset, offset);
    }
    assert!(seen.iter().all(|place| *place == seen[0]), "made once");
}

#[tokio::test]
async fn nothing_is_read_while_nobody_follows_and_nothing_is_missed_then() {
    let store = store();
    let tail = Tail::start(Arc::clone(&store) as Arc<dyn Ledger>);
    append(&store, "a").await;
    tokio::task::yield_now().await;
    assert_eq!(*tail.shared.head.borrow(), Offset::START);
    let mut following = tail.follow();
    read_to(&mut following, Offset(1)).await;
    drop(following);
    let (_, last) = (append(&store, "b").await, append(&store, "c").await);
    let mut following = tail.follow();
    read_to(&mut following, last).await;
    assert_eq!(offsets(&following.after(Offset(1), 9)), Some((vec![2, 3], 3)));
}

#[tokio::test]
async fn what_lies_far_back_is_left_to_the_log() {
    let store = store();
    let tail = Tail::start(Arc::clone(&store) as Arc<dyn Ledger>);
    for _ in 0..=limit::TAIL_EVENTS_MAX {
        append(&store, "a").await;
    }
    let mut following = tail.follow();
    let newest = Offset(limit::TAIL_EVENTS_MAX as u64 + 1);
    read_to(&mut following, newest).await;
    assert_eq!(offsets(&following.after(Offset(newest.0 - 1), 9)), None);
    let next = append(&store, "b").await;
    read_to(&mut following, next).await;
    assert_eq!(offsets(&following.after(newest, 9)), Some((vec![next.0], next.0)));
}

#[tokio::test]
async fn who_follows_is_sent_to_the_log_when_the_tail_cannot_read_it() {
    let store = store();
    let tail = Tail::start(Arc::clone(&store) as Arc<dyn Ledger>);
    let first = append(&store, "a").await;
    store.set_broken(true);
    let mut following = tail.follow();
    read_to(&mut following, first).await;
    assert_eq!(offsets(&following.after(Offset::START, 9)), None);
    store.set_broken(false);
    let second = append(&store, "b").await;
    read_to(&mut following, second).await;
    assert_eq!(offsets(&following.after(first, 9)), Some((vec![second.0], second.0)), "and the tail goes on");
}

#[tokio::test]
async fn a_filter_says_which_event_it_looked_at_last() {
    let store = store();
    let tail = Tail::start(Arc::clone(&store) as Arc<dyn Ledger>);
    let mut following = tail.follow();
    for subject in ["a", "b", "a", "b"] {
        append(&store, subject).await;
    }
    read_to(&mut following, Offset(4)).await;
    let filter = EventFilter { subjects: vec!["a".to_owned()], ..EventFilter::default() };
    assert_eq!(offsets(&following.passing(Offset::START, &filter, 1)), Some((vec![1], 1)));
    assert_eq!(offsets(&following.passing(Offset(1), &filter, 1)), Some((vec![3], 4)));
    assert_eq!(offsets(&following.passing(Offset(3), &filter, 1)), Some((vec![], 4)));
}
