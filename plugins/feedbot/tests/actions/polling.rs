//! What becomes of messages after they were queued.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use feedbot::Feedbot;
use hookyard_sdk::http::{self, Response};
use hookyard_sdk::testing::{Host, START};
use serde_json::{Value, json};

use crate::script::{Answer, PHONE, answered, host_with, many, queued, said, status};

/// What the provider says of each message by now; 0 of those that are not here.
type Statuses = Rc<RefCell<BTreeMap<String, Answer>>>;

/// A host whose provider gives ids `m0`, `m1` and so on, and the statuses that the test sets.
fn feedbot(config: &Value) -> (Host<Feedbot>, Statuses) {
    let statuses = Statuses::default();
    let known = Rc::clone(&statuses);
    let host = host_with(config, move |request| match request.url.split_once("?id=") {
        Some((_, id)) => known.borrow().get(id).cloned().unwrap_or_else(|| status(&json!(0), &Value::Null)),
        None => {
            let body: Value = serde_json::from_slice(request.body.as_deref().expect("a body")).expect("JSON");
            let messages = body["messages"].as_array().expect("a list").len();
            let ids: Vec<String> = (0..messages).map(|number| format!("m{number}")).collect();
            queued(&ids.iter().map(String::as_str).collect::<Vec<_>>())
        }
    });
    (host, statuses)
}

fn send_one(host: &Host<Feedbot>, more: &Value) {
    let mut message = json!({ "message": "Hi", "phone": PHONE });
    for (name, value) in more.as_object().into_iter().flatten() {
        message[name] = value.clone();
    }
    host.action("send-messages", &json!({ "messages": [message] })).expect("queued");
}

fn says(statuses: &Statuses, id: &str, answer: Answer) {
    statuses.borrow_mut().insert(id.to_owned(), answer);
}

/// Seconds until the only timer is due.
fn wait(host: &Host<Feedbot>, at: u64) -> u64 {
    let [timer] = host.timers().try_into().expect("one timer");
    timer.due_at - at
}

/// Lets so much time pass, and asks as often as it is time to.
fn pass(host: &Host<Feedbot>, seconds: u64) {
    host.advance(seconds);
    for (timer, fired) in host.fire_due() {
        assert_eq!(fired, Ok(()), "{timer}");
    }
}

fn told(host: &Host<Feedbot>) -> Vec<(String, Option<String>, Value)> {
    host.events().iter().map(|event| (event.kind.clone(), event.subject.clone(), event.json())).collect()
}

fn asked(host: &Host<Feedbot>) -> usize {
    host.requests().iter().filter(|request| request.method == "GET").count()
}

#[test]
fn a_message_that_was_sent_is_told_once() {
    let (host, statuses) = feedbot(&json!({}));
    send_one(&host, &json!({}));
    pass(&host, 10);
    assert_eq!((asked(&host), host.events().len()), (1, 0), "it is in the queue still");
    says(&statuses, "m0", status(&json!(1), &Value::Null));
    pass(&host, 20);
    let data = json!({ "conversation_id": PHONE, "message_id": "m0", "state": "sent", "reason": null, "time": "2026-01-01T00:00:30Z" });
    assert_eq!(told(&host), [("message.sent".to_owned(), Some(PHONE.to_owned()), data)]);
    assert_eq!(host.events()[0].dedupe_key.as_deref(), Some("m0"));
    assert!(host.timers().is_empty());
    pass(&host, 86_400);
    assert_eq!((asked(&host), host.events().len()), (2, 1));
}

#[test]
fn a_message_that_failed_is_told_with_its_reason() {
    let (host, statuses) = feedbot(&json!({}));
    send_one(&host, &json!({}));
    says(&statuses, "m0", status(&json!("-1"), &json!("המספר אינו בוואטסאפ")));
    pass(&host, 10);
    let [(kind, subject, data)] = told(&host).try_into().expect("one event");
    assert_eq!((kind.as_str(), subject.as_deref()), ("message.failed", Some(PHONE)));
    assert_eq!((&data["state"], &data["reason"]), (&json!("failed"), &json!("המספר אינו בוואטסאפ")));
    assert!(!data.to_string().contains("Hi"), "the text is not in events");
}

#[test]
fn pauses_grow_and_are_shortened_by_chance_only() {
    let (host, _) = feedbot(&json!({}));
    send_one(&host, &json!({}));
    let mut now = START;
    for longest in [10, 20, 40, 80, 160, 320, 600, 600] {
        let seconds = wait(&host, now);
        assert!(seconds <= longest && seconds * 10 >= longest * 8, "{seconds} of {longest}");
        now += longest;
        pass(&host, longest);
    }
    assert_eq!(asked(&host), 8);
}

#[test]
fn the_config_says_how_often_and_how_long() {
    let poll = json!({ "first_seconds": 1, "factor": 1, "max_seconds": 1, "give_up_seconds": 3 });
    let (host, _) = feedbot(&json!({ "poll": poll }));
    send_one(&host, &json!({}));
    for _ in 0..10 {
        pass(&host, 1);
    }
    assert_eq!(asked(&host), 3);
    let [(kind, _, data)] = told(&host).try_into().expect("one event");
    assert_eq!(
        (kind.as_str(), &data["cause"], &data["state"]),
        ("message.expired", &json!("give-up"), &json!("unknown"))
    );
    let (silent, _) = feedbot(&json!({ "poll": { "enabled": false } }));
    send_one(&silent, &json!({}));
    assert!(silent.timers().is_empty());
}

#[test]
fn a_message_in_the_queue_an_hour_after_its_time_has_expired() {
    let (host, _) = feedbot(&json!({ "poll": { "max_seconds": 7_000, "factor": 10 } }));
    send_one(&host, &json!({ "expires_at": "2026-01-01T00:30:00Z" }));
    for _ in 0..90 {
        pass(&host, 60);
        if !host.events().is_empty() {
            break;
        }
    }
    let [(kind, _, data)] = told(&host).try_into().expect("one event");
    assert_eq!((kind.as_str(), &data["cause"]), ("message.expired", &json!("expires-at")));
    assert_eq!((&data["time"], &data["reason"]), (&json!("2026-01-01T01:30:00Z"), &Value::Null));
    assert!(host.timers().is_empty());
}

#[test]
fn whatever_is_answered_nobody_asks_for_ever() {
    let answers: [Answer; 7] = [
        answered(200, &json!({ "errorCode": 2, "success": false, "status": null, "reason": null })),
        answered(200, &json!({ "errorCode": 55, "success": false })),
        status(&json!("late"), &Value::Null),
        said(503, "<html>"),
        said(404, "<html>"),
        Err(http::Error::new("timeout", "no answer")),
        Ok(Response::new(429).with_header("retry-after", "999999")),
    ];
    for answer in answers {
        let what = format!("{answer:?}");
        let (host, statuses) = feedbot(&json!({ "poll": { "give_up_seconds": 3_600 } }));
        send_one(&host, &json!({}));
        says(&statuses, "m0", answer);
        for _ in 0..60 {
            pass(&host, 60);
        }
        let [(kind, _, data)] = told(&host).try_into().expect("one event");
        assert_eq!((kind.as_str(), &data["cause"]), ("message.expired", &json!("give-up")), "{what}");
        assert!(host.timers().is_empty() && !host.log().is_empty(), "{what}");
        assert!(host.log().iter().all(|(_, line)| !line.contains(PHONE)), "{:?}", host.log());
    }
}

#[test]
fn a_pause_that_feedbot_asks_for_is_kept() {
    let (host, statuses) = feedbot(&json!({}));
    send_one(&host, &json!({}));
    says(&statuses, "m0", Ok(Response::new(429).with_header("retry-after", "300")));
    pass(&host, 10);
    assert_eq!(wait(&host, START + 10), 300);
}

#[test]
fn a_token_that_is_not_accepted_leaves_everything_for_later() {
    let (host, statuses) = feedbot(&json!({}));
    host.action("send-messages", &many(2)).expect("queued");
    says(&statuses, "m0", status(&json!(1), &Value::Null));
    says(&statuses, "m1", answered(200, &json!({ "errorCode": 99, "success": false })));
    host.advance(10);
    let [(_, fired)] = host.fire_due().try_into().expect("one timer");
    assert_eq!(fired.expect_err("not accepted").code, "provider-unauthorized");
    assert_eq!((host.events().len(), host.timers().len()), (0, 1));
    says(&statuses, "m1", status(&json!(1), &Value::Null));
    pass(&host, 0);
    assert_eq!((host.events().len(), host.timers().len()), (2, 0));
}

#[test]
fn a_grant_that_is_missing_is_the_operators_business() {
    let (host, statuses) = feedbot(&json!({}));
    send_one(&host, &json!({}));
    says(&statuses, "m0", Err(http::Error::new("denied", "not granted")));
    host.advance(10);
    let [(_, fired)] = host.fire_due().try_into().expect("one timer");
    assert_eq!(fired.expect_err("not granted").code, "egress-denied");
    assert!(host.timers()[0].failed, "it is fired again by hand");
}

#[test]
fn messages_of_one_call_share_timers_and_each_is_asked_for_once_at_a_time() {
    let (host, statuses) = feedbot(&json!({ "max_batch": 500 }));
    let output = host.action("send-messages", &many(500)).expect("queued");
    assert_eq!(output["warnings"], json!([]));
    assert_eq!(host.timers().len(), 16, "32 messages each at most");
    for id in ["m3", "m499"] {
        says(&statuses, id, status(&json!(1), &Value::Null));
    }
    pass(&host, 10);
    assert_eq!((asked(&host), host.timers().len()), (500, 16));
    let mut phones: Vec<_> = told(&host).into_iter().filter_map(|(_, subject, _)| subject).collect();
    phones.sort();
    assert_eq!(phones, ["972500000003", "972500000499"]);
    pass(&host, 20);
    assert_eq!(asked(&host), 998, "not those two");
}

#[test]
fn what_is_queued_stays_a_success_although_it_cannot_be_followed() {
    let (host, _) = feedbot(&json!({ "max_batch": 500 }));
    let mut warnings = Vec::new();
    for _ in 0..63 {
        let output = host.action("send-messages", &many(500)).expect("queued");
        assert_eq!(output["ids"].as_array().map(Vec::len), Some(500));
        warnings.extend(output["warnings"].as_array().expect("a list").clone());
    }
    assert_eq!((host.timers().len(), warnings.len()), (1_000, 63 * 16 - 1_000));
    assert!(
        warnings[0].as_str().is_some_and(|warning| warning.contains("32 messages is not followed")),
        "{warnings:?}"
    );
}

#[test]
fn polling_that_was_switched_off_ends() {
    let payload = json!({ "queued_at_ms": 0, "polls": 0, "messages": [{ "id": "m0", "phone": PHONE }] });
    let (host, _) = feedbot(&json!({ "poll": { "enabled": false } }));
    assert_eq!(host.fire("poll inv_1 0", &payload), Ok(()));
    assert_eq!((asked(&host), host.timers().len(), host.log().len()), (0, 0, 1));
}
