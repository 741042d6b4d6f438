//! Who speaks: the bot, or a person.

use freshchat::Freshchat;
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

use crate::given::*;

#[test]
fn an_agent_who_writes_takes_over_once_and_the_bot_only_listens() {
    let host = host();
    assert_eq!(kinds(&host, &from_user("m1", 1)), ["message.received"]);
    let took_over = send(&host, &from_agent("m2", 2));
    let [event] = took_over.events.as_slice() else { panic!("one event") };
    assert_eq!((event.kind.as_str(), event.subject.as_deref()), ("agent.took-over", Some(CONVERSATION)));
    assert_eq!(event.time, Some(at(2)));
    assert_eq!(
        event.json(),
        json!({ "conversation_id": CONVERSATION, "agent_id": AGENT, "message_id": "m2", "site": "default", "time": at(2) })
    );
    assert!(kinds(&host, &from_agent("m3", 3)).is_empty(), "once");
    assert!(kinds(&host, &message("m4", ("agent", "another"), 4)).is_empty(), "once, whoever helps");
    let observed = heard(&host, &from_user("m5", 5));
    assert_eq!(observed[0].0, "message.observed");
    let received = heard(&self::host(), &from_user("m5", 5));
    assert_eq!(observed[0].1, received[0].1, "the same data");
}

#[test]
fn a_resolution_gives_the_conversation_back_to_the_bot() {
    let host = host();
    assert_eq!(kinds(&host, &from_agent("m1", 1)), ["agent.took-over"]);
    assert_eq!(kinds(&host, &resolution(2)), ["conversation.resolved"]);
    assert_eq!(kinds(&host, &from_user("m2", 3)), ["message.received"]);
    assert_eq!(kinds(&host, &reopening(4)), ["conversation.reopened"]);
    assert_eq!(kinds(&host, &from_user("m3", 5)), ["message.received"], "a reopening changes nothing");
    assert_eq!(kinds(&host, &from_agent("m4", 6)), ["agent.took-over"], "once more");
}

#[test]
fn an_assignment_says_who_speaks() {
    let host = host();
    assert_eq!(kinds(&host, &assignment("", "group", 1)), ["conversation.assigned"]);
    assert_eq!(kinds(&host, &from_user("m1", 2)), ["message.received"], "a group alone says nothing");
    assert_eq!(kinds(&host, &assignment(AGENT, "group", 3)), ["conversation.assigned"]);
    assert_eq!(kinds(&host, &from_user("m2", 4)), ["message.observed"]);
    assert_eq!(kinds(&host, &from_agent("m3", 5)), ["agent.took-over"], "the agent's first message");
    assert_eq!(kinds(&host, &assignment("", "", 6)), ["conversation.assigned"]);
    assert_eq!(kinds(&host, &from_user("m4", 7)), ["message.observed"], "nobody alone says nothing");
    assert_eq!(kinds(&host, &assignment(BOT, "", 8)), ["conversation.assigned"]);
    assert_eq!(kinds(&host, &from_user("m5", 9)), ["message.received"]);
}

#[test]
fn conversations_are_muted_one_by_one() {
    let host = host();
    assert_eq!(kinds(&host, &from_agent("m1", 1)), ["agent.took-over"]);
    let mut other = from_user("m2", 2);
    other["data"]["message"]["conversation_id"] = json!("another");
    assert_eq!(kinds(&host, &other), ["message.received"]);
}

#[test]
fn an_older_webhook_that_comes_late_changes_nothing() {
    let unmuted = host();
    assert_eq!(kinds(&unmuted, &resolution(9)), ["conversation.resolved"]);
    assert!(kinds(&unmuted, &from_agent("m1", 8)).is_empty(), "it was over by then");
    assert_eq!(kinds(&unmuted, &assignment(AGENT, "", 7)), ["conversation.assigned"], "it happened all the same");
    assert_eq!(kinds(&unmuted, &from_user("m2", 10)), ["message.received"]);

    let muted = host();
    assert_eq!(kinds(&muted, &from_agent("m1", 9)), ["agent.took-over"]);
    assert_eq!(kinds(&muted, &resolution(8)), ["conversation.resolved"]);
    assert_eq!(kinds(&muted, &assignment(BOT, "", 7)), ["conversation.assigned"]);
    assert_eq!(kinds(&muted, &from_user("m2", 10)), ["message.observed"]);
}

#[test]
fn a_change_that_is_told_again_later_changes_nothing() {
    let host = host();
    let to_agent = assignment(AGENT, "", 1);
    assert_eq!(kinds(&host, &to_agent), ["conversation.assigned"]);
    assert_eq!(kinds(&host, &resolution(2)), ["conversation.resolved"]);
    assert!(kinds(&host, &to_agent).is_empty());
    assert_eq!(kinds(&host, &from_user("m", 3)), ["message.received"]);
}

fn mute(host: &Host<Freshchat>, muted: bool) {
    let input = json!({ "conversation_id": CONVERSATION, "muted": muted });
    assert_eq!(host.action("mute", &input), Ok(json!({ "muted": muted })));
}

#[test]
fn what_an_action_decides_counts_until_a_newer_webhook_says_something_else() {
    let host = host();
    mute(&host, true);
    assert_eq!(kinds(&host, &from_user("m1", 1)), ["message.observed"]);
    assert_eq!(kinds(&host, &from_agent("m2", 2)), ["agent.took-over"], "the first message after a hand-over");
    mute(&host, false);
    assert_eq!(kinds(&host, &from_user("m3", 3)), ["message.received"]);
    assert_eq!(kinds(&host, &assignment(AGENT, "", 1)), ["conversation.assigned"]);
    assert_eq!(
        kinds(&host, &from_user("m4", 4)),
        ["message.received"],
        "the assignment is older than the agent's message"
    );
    assert_eq!(kinds(&host, &from_agent("m5", 5)), ["agent.took-over"]);
    assert_eq!(kinds(&host, &from_user("m6", 6)), ["message.observed"]);
}

#[test]
fn an_assignment_that_is_told_again_does_not_undo_what_an_action_decided() {
    let host = host();
    let mut to_agent = assignment(AGENT, "", 1);
    assert_eq!(kinds(&host, &to_agent), ["conversation.assigned"]);
    mute(&host, false);
    to_agent["retry"] = json!(1);
    assert!(kinds(&host, &to_agent).is_empty());
    assert_eq!(kinds(&host, &from_user("m", 2)), ["message.received"]);
}

#[test]
fn times_count_as_times_and_not_as_texts() {
    let host = host();
    let timed = |mut body: Value, time: &str| {
        body["action_time"] = json!(time);
        body
    };
    assert_eq!(kinds(&host, &timed(resolution(1), "2026-03-04T12:00:00+02:00")), ["conversation.resolved"]);
    let later = timed(from_agent("m1", 1), "2026-03-04T10:00:00.001Z");
    assert_eq!(kinds(&host, &later), ["agent.took-over"], "a millisecond later, in another spelling");
}

#[test]
fn a_message_without_a_time_counts_when_it_comes_in() {
    let host = host();
    let mut body = from_agent("m1", 1);
    body["action_time"] = Value::Null;
    body["data"]["message"]["created_time"] = json!("soon");
    let heard = heard(&host, &body);
    assert_eq!((heard[0].0.as_str(), &heard[0].1["time"]), ("agent.took-over", &json!("2026-01-01T00:00:00Z")));
    assert_eq!(kinds(&host, &from_user("m2", 2)), ["message.observed"]);
}

#[test]
fn that_a_conversation_is_muted_is_kept_and_that_it_no_longer_is_only_for_a_week() {
    let key = format!("muted/{CONVERSATION}");
    let host = host();
    assert_eq!(kinds(&host, &from_agent("m1", 1)), ["agent.took-over"]);
    host.advance(366 * 86_400);
    assert_eq!(kinds(&host, &from_user("m2", 2)), ["message.observed"]);
    assert_eq!(kinds(&host, &resolution(3)), ["conversation.resolved"]);
    host.advance(7 * 86_400 - 1);
    assert!(host.value(&key).is_some());
    host.advance(1);
    assert_eq!(host.value(&key), None);
}
