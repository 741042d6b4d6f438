use hookyard_domain::connection::Incarnation;
use hookyard_store::Ledger;

use super::*;
use crate::refusal::RefusalCode;
use crate::test_host::TestHost;

fn event(kind: &str, data: &str) -> NewEvent {
    NewEvent { kind: kind.into(), data: data.into(), ..NewEvent::default() }
}

fn refused(event: NewEvent) -> Refusal {
    let mut effects = TestHost::new().effects();
    let refusal = effects.emit(event).expect_err("refused");
    assert!(effects.into_draft().writes.is_empty());
    refusal
}

fn appended(effects: Effects) -> Vec<(Event, Option<MarkKey>)> {
    let append = |write| match write {
        Write::Append { event, dedupe } => (*event, dedupe),
        other => panic!("not an event: {other:?}"),
    };
    effects.into_draft().writes.into_iter().map(append).collect()
}

#[test]
fn data_is_kept_byte_for_byte() {
    let mut effects = TestHost::new().effects();
    let data = r#"{"z": 1.10, "id": 12345678901234567890123, "a": "é\u00e9"}"#;
    effects.emit(event("thing.happened", data)).expect("not refused");
    let (event, dedupe) = appended(effects).pop().expect("one");
    assert_eq!((event.data.get(), dedupe), (data, None));
    assert_eq!((event.event_type(), event.hops), ("test.thing.happened".into(), 2));
    assert_eq!(event.time.as_str(), "2020-09-13T12:26:40.000Z");
}

#[test]
fn the_time_is_kept_as_the_provider_wrote_it() {
    let mut effects = TestHost::new().effects();
    let time = "2026-03-04T09:41:12.123456+01:00";
    effects.emit(NewEvent { time: Some(time.into()), ..event("thing.said", "null") }).expect("not refused");
    assert_eq!(appended(effects)[0].0.time.as_str(), time);
}

#[test]
fn events_keep_the_order_of_their_calls() {
    let mut effects = TestHost::new().effects();
    for number in 0..20 {
        effects.emit(event("thing.said", &number.to_string())).expect("not refused");
    }
    effects.kv_set("a", vec![], &crate::SetOptions::default()).expect("not refused");
    let draft = effects.into_draft();
    assert_eq!((draft.events, draft.writes.len()), (20, 21));
    let data = draft.writes.iter().filter_map(|write| match write {
        Write::Append { event, .. } => Some(event.data.get().to_owned()),
        _ => None,
    });
    assert!(data.eq((0..20).map(|number| number.to_string())));
}

#[test]
fn wrong_events_are_refused_with_what_is_wrong() {
    let deep = "[".repeat(limit::JSON_DEPTH_MAX + 1) + &"]".repeat(limit::JSON_DEPTH_MAX + 1);
    let cases = [
        (event("thing.unknown", "{}"), "thing.happened, thing.said"),
        (event("thing.happened", "{"), "not JSON"),
        (event("thing.happened", "{} {}"), "not JSON"),
        (event("thing.happened", "{}"), "breaks its schema"),
        (event("thing.said", &deep), "nested deeper"),
        (NewEvent { subject: Some(String::new()), ..event("thing.said", "1") }, "subject is empty"),
        (NewEvent { subject: Some("a\nb".into()), ..event("thing.said", "1") }, "control character"),
        (NewEvent { time: Some("yesterday".into()), ..event("thing.said", "1") }, "RFC 3339"),
        (NewEvent { dedupe_key: Some(String::new()), ..event("thing.said", "1") }, "dedupe-key is empty"),
    ];
    for (event, expected) in cases {
        let refusal = refused(event.clone());
        assert_eq!(refusal.code, RefusalCode::Invalid, "{event:?}");
        assert!(refusal.message.contains(expected), "{event:?}: {refusal}");
    }
}

#[test]
fn sizes_and_numbers_are_bounded() {
    let long = format!("\"{}\"", "x".repeat(limit::JSON_BYTES_MAX));
    assert_eq!(refused(event("thing.said", &long)).code, RefusalCode::TooLarge);
    let subject = Some("x".repeat(limit::SUBJECT_BYTES_MAX + 1));
    assert_eq!(refused(NewEvent { subject, ..event("thing.said", "1") }).code, RefusalCode::TooLarge);
    let mut effects = TestHost::new().effects();
    let half = format!("\"{}\"", "x".repeat(limit::COMMIT_BYTES_MAX / 2));
    effects.emit(event("thing.said", &half)).expect("not refused");
    assert_eq!(effects.emit(event("thing.said", &half)).expect_err("refused").code, RefusalCode::TooLarge);
    let mut effects = TestHost::new().effects();
    for _ in 0..limit::EVENTS_MAX {
        effects.emit(event("thing.said", "1")).expect("not refused");
    }
    assert_eq!(effects.emit(event("thing.said", "1")).expect_err("refused").code, RefusalCode::TooMany);
}

#[test]
fn a_dedupe_key_counts_for_its_connection_and_kind_only() {
    let host = TestHost::new();
    let mark = |connection: &str, kind: &str, key: &str| {
        let mut effects = host.effects_of(connection);
        let data = r#"{"id": 1}"#;
        effects.emit(NewEvent { dedupe_key: Some(key.into()), ..event(kind, data) }).expect("not refused");
        appended(effects).pop().and_then(|(_, mark)| mark).expect("marked")
    };
    let one = mark("shop", "thing.said", "x");
    assert_eq!(one, mark("shop", "thing.said", "x"));
    assert_ne!(one, mark("shop", "thing.said", "y"));
    assert_ne!(one, mark("shop", "thing.happened", "x"));
    assert_ne!(one, mark("other", "thing.said", "x"));
}

#[test]
fn a_dedupe_key_of_an_earlier_life_says_nothing_of_a_later_one() {
    let host = TestHost::new();
    let mark = |life: u64| {
        let mut effects = host.effects();
        let scope = &mut effects.scope;
        scope.hash_key = scope.hash_key.of_incarnation(&scope.connection, Incarnation(life));
        let once = NewEvent { dedupe_key: Some("x".into()), ..event("thing.said", "1") };
        effects.emit(once).expect("not refused");
        appended(effects).pop().and_then(|(_, mark)| mark).expect("marked")
    };
    assert_eq!(mark(1), mark(1));
    assert_ne!(mark(0), mark(1));
    assert_ne!(mark(1), mark(2));
}

#[tokio::test]
async fn an_event_with_a_known_dedupe_key_is_not_appended_again() {
    let host = TestHost::new();
    for _ in 0..2 {
        let mut effects = host.effects();
        for data in ["1", "2"] {
            let event = NewEvent { dedupe_key: Some("once".into()), ..event("thing.said", data) };
            effects.emit(event).expect("not refused");
        }
        host.commit(effects).await.expect("commits");
    }
    let start = hookyard_domain::event::Offset::START;
    let page = host.store.events(start, &hookyard_domain::event::EventFilter::default(), 10).await.expect("answers");
    let data: Vec<_> = page.events.iter().map(|logged| logged.event.data.get()).collect();
    assert_eq!(data, ["1"]);
}
