use std::time::Duration;

use hookyard_domain::clock::{ManualClock, Timestamp};
use hookyard_domain::commit::{Commit, Owner, Write};
use hookyard_domain::connection::Incarnation;
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::event::{Event, EventOrigin, LoggedEvent, Offset};
use hookyard_domain::id::{EventId, WebhookId};
use hookyard_domain::plugin::PluginVersion;
use hookyard_store::memory::MemoryStore;
use serde_json::value::RawValue;
use tokio::sync::watch;

use super::query::StreamQuery;
use super::stream::Follower;
use super::*;
use crate::cloud_event::CloudEvent;
use crate::tail::Tail;

const DATA: &str = "{\"z\": 1.10,\n \"a\": 12345678901234567890123}";

fn event(subject: &str) -> Event {
    let entropy = SeededEntropy::new(5);
    let time = Timestamp::from_millis(1_772_617_272_000);
    Event {
        id: EventId::new(time, &entropy),
        origin: EventOrigin::Connection {
            id: "shop-eu".parse().unwrap(),
            plugin: PluginVersion { name: "aftership".parse().unwrap(), version: "1.0.0".to_owned() },
        },
        kind: "shipment.updated".to_owned(),
        subject: Some(subject.to_owned()),
        time: "2026-03-04T10:41:12+01:00".parse().unwrap(),
        data: RawValue::from_string(DATA.to_owned()).unwrap(),
        webhook: Some(WebhookId::new(time, &entropy)),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        hops: 0,
    }
}

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(Arc::new(ManualClock::at(Timestamp::from_millis(0)))))
}

async fn append(store: &MemoryStore, subject: &str) -> Offset {
    let event = event(subject);
    let commit = Commit {
        owner: Owner::Connection { id: "shop-eu".parse().unwrap(), incarnation: Incarnation::default() },
        at: Timestamp::from_millis(0),
        guards: Vec::new(),
        writes: vec![Write::Append { event: Box::new(event), dedupe: None }],
    };
    store.commit(commit).await.unwrap().events[0].unwrap()
}

/// A host that goes on, and the way to stop it.
fn going_on() -> (watch::Sender<bool>, Drain) {
    let (stop, stopping) = watch::channel(false);
    (stop, Drain::new(stopping))
}

/// Somebody who follows this store alone.
fn following(store: &Arc<MemoryStore>) -> Following {
    Tail::start(Arc::clone(store) as Arc<dyn Ledger>).follow()
}

fn query(text: &str) -> PageQuery {
    PageQuery::parse(text).unwrap()
}

#[test]
fn an_event_on_the_wire_has_these_members_and_its_data_unchanged() {
    let logged = LoggedEvent { offset: Offset(17), event: event("c1") };
    let json = serde_json::to_string(&CloudEvent::from(&logged)).unwrap();
    let expected = [
        r#"{"specversion":"1.0","id":"evt_01kjw3j2p00dhzgdmqjd6k35y0","source":"/connections/shop-eu","#,
        r#""type":"aftership.shipment.updated","subject":"c1","time":"2026-03-04T10:41:12+01:00","#,
        r#""datacontenttype":"application/json","data":"#,
        DATA,
        r#","offset":"17","connection":"shop-eu","plugin":"aftership@1.0.0","#,
        r#""webhook":"whk_01kjw3j2p0j8xmbe85vb14wvgs","#,
        r#""traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#,
    ];
    assert_eq!(json, expected.concat());
    let mut bare = logged;
    (bare.event.subject, bare.event.webhook, bare.event.traceparent) = (None, None, None);
    let json = serde_json::to_value(CloudEvent::from(&bare)).unwrap();
    for absent in ["subject", "webhook", "traceparent"] {
        assert!(json.get(absent).is_none(), "{absent} is left out rather than null");
    }
}

#[test]
fn an_event_of_the_host_names_no_connection_and_no_plugin() {
    let event = Event { origin: EventOrigin::Host, kind: "plugin.rejected".to_owned(), ..event("aftership") };
    let json = serde_json::to_value(CloudEvent::from(&LoggedEvent { offset: Offset(17), event })).unwrap();
    assert_eq!((json["source"].as_str(), json["type"].as_str()), (Some("/host"), Some("hookyard.plugin.rejected")));
    for absent in ["connection", "plugin"] {
        assert!(json.get(absent).is_none(), "{absent} is left out rather than null");
    }
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_repetition() {
    let store = store();
    for subject in ["a", "b", "a", "b", "a"] {
        append(&store, subject).await;
    }
    let mut subjects = Vec::new();
    let mut next = Offset::START;
    for _ in 0..4 {
        let page = at_once(&*store, &query(&format!("limit=2&after={next}"))).await.unwrap();
        subjects.extend(page.events.iter().map(|event| event.logged.event.subject.clone().unwrap()));
        next = page.next;
    }
    assert_eq!(subjects, ["a", "b", "a", "b", "a"]);
    let filtered = at_once(&*store, &query("subject=b")).await.unwrap();
    assert_eq!(filtered.events.len(), 2);
    assert_eq!(filtered.next, next, "the last offset looked at, also if it did not pass");
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_the_first_event_that_passes() {
    let store = store();
    let (_stop, drain) = going_on();
    let wait = query("wait=60&subject=wanted");
    let waiting = awaited(&*store, following(&store), &wait, &drain);
    let writing = async {
        append(&store, "other").await;
        tokio::task::yield_now().await;
        append(&store, "wanted").await
    };
    let (page, offset) = tokio::join!(waiting, writing);
    let page = page.unwrap();
    assert_eq!((page.events.len(), page.next), (1, offset));
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_empty_after_its_time_or_with_the_host() {
    let store = store();
    append(&store, "other").await;
    let (stop, drain) = going_on();
    let began = Instant::now();
    let empty = awaited(&*store, following(&store), &query("wait=7&subject=wanted"), &drain).await.unwrap();
    assert!(empty.events.is_empty());
    assert_eq!(began.elapsed().as_secs(), 7);
    stop.send_replace(true);
    let began = Instant::now();
    awaited(&*store, following(&store), &query("wait=60&subject=wanted"), &drain).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1), "the host's end cuts it short");
}

fn follower(store: &Arc<MemoryStore>, text: &str, drain: &Drain) -> Follower<MemoryStore> {
    Follower::new(Arc::clone(store), following(store), StreamQuery::parse(text, None).unwrap(), drain.clone())
}

async fn next(follower: &mut Follower<MemoryStore>) -> String {
    String::from_utf8(follower.next().await.expect("the stream goes on").to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_a_place_begins_now_and_tells_where_that_is() {
    let store = store();
    let (_stop, drain) = going_on();
    let old = append(&store, "old").await;
    let mut follower = follower(&store, "", &drain);
    assert_eq!(next(&mut follower).await, format!("retry: 1000\nid: {old}\n\n"));
    let offset = append(&store, "new").await;
    let block = next(&mut follower).await;
    let mut lines = block.lines();
    assert_eq!(lines.next(), Some(format!("id: {offset}").as_str()));
    assert_eq!(lines.next(), Some("event: aftership.shipment.updated"));
    let data: Vec<_> = lines.map_while(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(data.len(), 1, "an event is one line");
    assert!(data[0].contains(&DATA.replace('\n', " ")), "digits and order are kept: {data:?}");
    assert!(data[0].contains("\"subject\":\"new\""));
    assert!(block.ends_with("\n\n"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_behind_the_place_that_is_given() {
    let store = store();
    let (_stop, drain) = going_on();
    let first = append(&store, "first").await;
    let second = append(&store, "second").await;
    let mut follower = follower(&store, &format!("after={first}"), &drain);
    next(&mut follower).await;
    assert!(next(&mut follower).await.starts_with(&format!("id: {second}\n")));
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_a_comment_that_moves_the_place() {
    let store = store();
    let (stop, drain) = going_on();
    let mut follower = follower(&store, "subject=wanted", &drain);
    next(&mut follower).await;
    let other = append(&store, "other").await;
    let began = Instant::now();
    assert_eq!(next(&mut follower).await, format!(":\nid: {other}\n\n"));
    assert_eq!(began.elapsed().as_secs(), 15);
    stop.send_replace(true);
    assert!(follower.next().await.is_none(), "the stream ends with the host");
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_the_log_cannot_be_read() {
    let store = store();
    let (_stop, drain) = going_on();
    append(&store, "old").await;
    let mut follower = follower(&store, "after=0", &drain);
    next(&mut follower).await;
    store.set_broken(true);
    assert!(follower.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_page_is_the_same_out_of_the_tail_and_out_of_the_log() {
    let store = store();
    let mut following = following(&store);
    for subject in ["a", "b", "a"] {
        append(&store, subject).await;
    }
    let mut head = following.head().clone();
    head.wait_for(|head| *head == Offset(3)).await.unwrap();
    for text in ["after=0", "after=1&limit=1", "subject=a&limit=1", "subject=c", "after=9"] {
        let query = query(text);
        let of_log = Page::of_log(&*store, query.after, &query.filter, query.limit).await.unwrap();
        let of_tail = Page::of_tail(&following, query.after, &query.filter, query.limit).unwrap();
        assert_eq!(of_tail.json(), of_log.json(), "{text}");
        let json: serde_json::Value = serde_json::from_slice(&of_tail.json()).unwrap();
        assert_eq!(json["next"], of_log.next.to_string(), "{text}");
    }
}
