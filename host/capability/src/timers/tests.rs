use std::time::Duration;

use hookyard_domain::clock::Clock as _;
use hookyard_domain::commit::Write;
use hookyard_domain::limit;

use crate::effects::Effects;
use crate::refusal::{Refusal, RefusalCode};
use crate::test_host::TestHost;

async fn start(effects: &mut Effects, name: &str, delay_seconds: u32, payload: &str) -> Result<(), Refusal> {
    effects.start_timer(name.to_owned(), delay_seconds, payload.to_owned()).await.expect("the store answers")
}

async fn code(effects: &mut Effects, name: &str, delay_seconds: u32, payload: &str) -> RefusalCode {
    start(effects, name, delay_seconds, payload).await.expect_err("refused").code
}

#[tokio::test]
async fn a_timer_is_due_so_long_after_the_call_and_the_last_call_for_a_name_wins() {
    let host = TestHost::new();
    let mut effects = host.effects();
    start(&mut effects, "poll", 60, "1").await.expect("started");
    effects.cancel_timer("other".to_owned()).expect("cancelled");
    start(&mut effects, "gone", 1, "2").await.expect("started");
    effects.cancel_timer("gone".to_owned()).expect("cancelled");
    start(&mut effects, "poll", 90, r#"{"round": 1.50}"#).await.expect("started");
    let due_at = host.clock.now().after(Duration::from_secs(90));
    let writes = effects.into_draft().writes;
    let [Write::CancelTimer { name: gone }, Write::CancelTimer { name: other }, start] = &writes[..] else {
        panic!("{writes:?}")
    };
    assert_eq!((gone.as_str(), other.as_str()), ("gone", "other"));
    assert!(
        matches!(start, Write::StartTimer { name, due_at: due, payload }
            if name == "poll" && *due == due_at && payload == r#"{"round": 1.50}"#),
        "{start:?}"
    );
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_and_changes_nothing() {
    let host = TestHost::new();
    let mut effects = host.effects();
    for name in ["", "a\nb", &"n".repeat(limit::TIMER_NAME_BYTES_MAX + 1)] {
        assert_eq!(code(&mut effects, name, 1, "1").await, RefusalCode::Invalid, "{name:?}");
        assert_eq!(effects.cancel_timer(name.to_owned()).expect_err("refused").code, RefusalCode::Invalid, "{name:?}");
    }
    for payload in ["", "{", "1 2", &"[".repeat(1_000), &format!("{}1{}", "[".repeat(65), "]".repeat(65))] {
        assert_eq!(code(&mut effects, "a", 1, payload).await, RefusalCode::Invalid, "{payload}");
    }
    let large = format!("\"{}\"", "x".repeat(limit::TIMER_PAYLOAD_BYTES_MAX - 1));
    assert_eq!(code(&mut effects, "a", 1, &large).await, RefusalCode::TooLarge);
    let year = u32::try_from(limit::TIMER_DELAY_MAX.as_secs()).expect("fits");
    assert_eq!(code(&mut effects, "a", year + 1, "1").await, RefusalCode::Invalid);
    assert!(effects.into_draft().writes.is_empty());
}

#[tokio::test]
async fn what_is_just_within_its_bound_is_taken() {
    let host = TestHost::new();
    let mut effects = host.effects();
    let year = u32::try_from(limit::TIMER_DELAY_MAX.as_secs()).expect("fits");
    let payload = format!("\"{}\"", "x".repeat(limit::TIMER_PAYLOAD_BYTES_MAX - 2));
    start(&mut effects, &"n".repeat(limit::TIMER_NAME_BYTES_MAX), year, &payload).await.expect("started");
    start(&mut effects, "at once", 0, "null").await.expect("started");
    assert_eq!(effects.into_draft().writes.len(), 2);
}

#[tokio::test]
async fn a_plugin_that_handles_no_timers_may_start_none() {
    let host = TestHost::new();
    let mut effects = host.effects_without_timer_handler();
    let refusal = start(&mut effects, "poll", 1, "1").await.expect_err("refused");
    assert_eq!(refusal.code, RefusalCode::Unsupported);
    assert!(refusal.message.contains("timer-handler"), "{}", refusal.message);
    effects.cancel_timer("poll".to_owned()).expect("an older version may have started it");
}

#[tokio::test]
async fn an_invocation_touches_so_many_timers_and_no_more() {
    let host = TestHost::new();
    let mut effects = host.effects();
    for number in 0..limit::TIMERS_TOUCHED_MAX {
        start(&mut effects, &number.to_string(), 1, "1").await.expect("started");
    }
    assert_eq!(code(&mut effects, "more", 1, "1").await, RefusalCode::TooMany);
    assert_eq!(effects.cancel_timer("more".to_owned()).expect_err("refused").code, RefusalCode::TooMany);
    start(&mut effects, "0", 2, "1").await.expect("it is touched already");
    assert_eq!(effects.into_draft().writes.len(), limit::TIMERS_TOUCHED_MAX);
}

#[tokio::test]
async fn a_connection_has_so_many_timers_and_no_more() {
    let host = TestHost::new();
    for hundred in 0..limit::TIMERS_MAX / limit::TIMERS_TOUCHED_MAX {
        let mut effects = host.effects();
        for number in 0..limit::TIMERS_TOUCHED_MAX {
            start(&mut effects, &format!("{hundred}-{number}"), 1, "1").await.expect("started");
        }
        host.commit(effects).await.expect("commits");
    }
    let mut effects = host.effects();
    assert_eq!(code(&mut effects, "more", 1, "1").await, RefusalCode::TooMany);
    start(&mut effects, "0-0", 5, "2").await.expect("it is there already");
    effects.cancel_timer("0-1".to_owned()).expect("cancelled");
    start(&mut effects, "more", 1, "1").await.expect("there is room for one");
    assert_eq!(code(&mut effects, "0-1", 1, "1").await, RefusalCode::TooMany, "the room is taken");
    host.commit(effects).await.expect("commits");

    let mut firing = host.effects_firing("0-2");
    start(&mut firing, "next", 1, "1").await.expect("the one that fires makes room");
    assert_eq!(code(&mut firing, "0-2", 1, "1").await, RefusalCode::TooMany, "which is taken");
    assert!(host.effects_of("other").start_timer("a".into(), 1, "1".into()).await.expect("answers").is_ok());
}

#[tokio::test]
async fn timers_count_among_the_bytes_of_the_commit() {
    let host = TestHost::new();
    let mut effects = host.effects();
    let payload = format!("\"{}\"", "x".repeat(limit::TIMER_PAYLOAD_BYTES_MAX - 2));
    let mut started = 0;
    let refused = loop {
        match start(&mut effects, &started.to_string(), 1, &payload).await {
            Ok(()) => started += 1,
            Err(refusal) => break refusal,
        }
    };
    assert_eq!((refused.code, started), (RefusalCode::TooLarge, 15));
    host.commit(effects).await.expect("what was taken fits into a commit");
}

#[tokio::test]
async fn a_store_that_does_not_answer_ends_the_invocation() {
    let host = TestHost::new();
    host.store.set_broken(true);
    let mut effects = host.effects();
    assert!(effects.start_timer("a".to_owned(), 1, "1".to_owned()).await.is_err());
}
