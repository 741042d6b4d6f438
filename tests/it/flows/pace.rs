//! One conversation after the other's pace.

use std::time::Duration;

use hookyard_tests::host::START;

use super::*;

const SLOW: &str = r#"
[subscriptions.slow]
types = ["echo.any.heard"]
when = "event.data.said is defined"
endpoint = { connection = "bot", action = "do", max_per_minute_and_subject = 2, input = { do = [{ emit = { subject = "heard-{{ event.subject }}", data = "{{ event.data.said }}" } }] } }
"#;

#[tokio::test]
async fn a_subject_that_comes_too_often_is_slowed_down_and_others_are_not() {
    let provider = Provider::start().await;
    let host = builder(&provider, SLOW).start().await;
    for said in 1..=5 {
        emit(&host, "c1", &format!(r#"{{"said": {said}}}"#)).await;
    }
    emit(&host, "c2", r#"{"said": 1}"#).await;
    events_about(&host, "heard-c2", 1).await;
    events_about(&host, "heard-c1", 2).await;
    for (minutes, heard) in [(1, 4), (2, 5)] {
        let next = START.after(Duration::from_secs(60 * minutes));
        while !host.sleeping_until().contains(&next) {
            tokio::task::yield_now().await;
        }
        events_about(&host, "heard-c1", heard - if minutes == 1 { 2 } else { 1 }).await;
        host.advance(Duration::from_secs(60));
        events_about(&host, "heard-c1", heard).await;
    }
    let said: Vec<_> = events_about(&host, "heard-c1", 5).await.iter().map(|event| event["data"].clone()).collect();
    assert_eq!(said, [1, 2, 3, 4, 5].map(Value::from), "in their order");
}

/// Says each thing to the provider, under a path of its own.
fn saying(path: &str, ordered: bool, provider: &Provider) -> String {
    let url = format!("{}{path}/{{{{ event.subject }}}}-{{{{ event.data.n }}}}", provider.base());
    format!(
        "[subscriptions.say]\ntypes = [\"echo.any.heard\"]\nordered = {ordered}\n\
         endpoint = {{ connection = \"bot\", action = \"do\", input = {{ do = [{{ ask = {{ url = \"{url}\" }} }}] }} }}\n"
    )
}

#[tokio::test]
async fn a_conversation_goes_on_one_after_the_other_and_beside_the_others() {
    let provider = Provider::start().await;
    let host = builder(&provider, &saying("/gate", false, &provider)).start().await;
    for (subject, n) in [("c1", 1), ("c1", 2), ("c2", 1), ("c1", 3)] {
        emit(&host, subject, &format!(r#"{{"n": {n}}}"#)).await;
    }
    provider.asked("/gate/c1-1", 1).await;
    provider.asked("/gate/c2-1", 1).await;
    assert_eq!((provider.times_asked("/gate/c1-2"), provider.times_asked("/gate/c1-3")), (0, 0));
    provider.open();
    provider.asked("/gate/c1-3", 1).await;
    let asked: Vec<_> = provider.requests().into_iter().map(|request| request.path).collect();
    let of_first: Vec<_> = asked.iter().filter(|path| path.contains("/c1-")).collect();
    assert_eq!(of_first, ["/gate/c1-1", "/gate/c1-2", "/gate/c1-3"]);
}

#[tokio::test]
async fn an_ordered_flow_holds_up_its_subject_until_the_first_has_succeeded() {
    let provider = Provider::start().await;
    for path in ["/said/c1-2", "/said/c2-1"] {
        provider.answer(path, 200, "");
    }
    provider.answer("/said/c1-1", 503, "");
    let host = builder(&provider, &saying("/said", true, &provider)).start().await;
    for n in [1, 2] {
        emit(&host, "c1", &format!(r#"{{"n": {n}}}"#)).await;
    }
    let held = deliveries(&host, "pending", 2).await;
    assert!(held.iter().all(|delivery| delivery["subject"] == "c1"), "{held:?}");
    // What succeeds for somebody else has c1-1 tried again at once: it fails a second time.
    emit(&host, "c2", r#"{"n": 1}"#).await;
    provider.asked("/said/c2-1", 1).await;
    let due = loop {
        let held = deliveries(&host, "pending", 2).await;
        if let Some(again) = held.iter().find(|delivery| delivery["attempts"] == 2) {
            break again["next_attempt_at"].as_str().expect("it is tried again").to_owned();
        }
    };
    assert_eq!(provider.times_asked("/said/c1-2"), 0);
    provider.answer("/said/c1-1", 200, "");
    host.until_asleep(due.parse().expect("a time")).await;
    host.advance(Duration::from_secs(600));
    provider.asked("/said/c1-2", 1).await;
    let asked: Vec<_> = provider.requests().into_iter().map(|request| request.path).collect();
    let of_first: Vec<_> = asked.iter().map(String::as_str).filter(|path| path.contains("/c1-")).collect();
    assert_eq!(of_first, ["/said/c1-1", "/said/c1-1", "/said/c1-1", "/said/c1-2"]);
    deliveries(&host, "delivered", 2).await;
}

#[tokio::test]
async fn a_slow_flow_leaves_room_at_its_connection_to_those_who_call() {
    let provider = Provider::start().await;
    let host = builder(&provider, &saying("/gate", false, &provider)).start().await;
    let subjects: Vec<_> = (0..20).map(|number| format!("c{number}")).collect();
    for subject in &subjects {
        // This is such a call itself.
        emit(&host, subject, r#"{"n": 1}"#).await;
    }
    let asked = |subject: &String| provider.times_asked(&format!("/gate/{subject}-1"));
    let at_the_gate: usize = subjects.iter().map(asked).sum();
    assert!(at_the_gate < subjects.len(), "the others wait for room: {at_the_gate}");
    provider.open();
}
