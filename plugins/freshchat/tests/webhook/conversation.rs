//! What happens to conversations.

use hookyard_sdk::Webhook;
use serde_json::{Value, json};

use crate::given::*;

#[test]
fn a_reopening_becomes_the_documented_event() {
    let answer = host().webhook(&Webhook::post(REOPENING));
    assert_eq!((answer.status, answer.response, answer.log), (200, None, vec![]));
    let [event] = answer.events.as_slice() else { panic!("one event") };
    assert_eq!((event.kind.as_str(), event.subject.as_deref()), ("conversation.reopened", Some(CONVERSATION)));
    assert_eq!(event.time.as_deref(), Some("2026-03-05T07:00:00.000Z"));
    let key = format!("conversation_reopen:{CONVERSATION}:812345678901234-1772694000000:2026-03-05T07:00:00.000Z");
    assert_eq!(event.dedupe_key, Some(key));
    let body: Value = serde_json::from_slice(REOPENING).expect("JSON");
    assert_eq!(
        event.json(),
        json!({
            "conversation_id": CONVERSATION,
            "status": "reopened",
            "by": { "type": "user", "id": USER },
            "site": "default",
            "time": "2026-03-05T07:00:00.000Z",
            "freshchat": body["data"]["reopen"],
        })
    );
}

#[test]
fn an_assignment_names_who_has_the_conversation_now() {
    let group = "0b6f4c1e-5a2d-4e77-9c31-2f8d6a10b4e5";
    let assigned = |agent, group| heard(&host(), &assignment(agent, group, 5)).remove(0);
    let body = assignment(AGENT, group, 5);
    assert_eq!(
        assigned(AGENT, group),
        (
            "conversation.assigned".to_owned(),
            json!({
                "conversation_id": CONVERSATION, "status": "assigned", "assigned_agent_id": AGENT, "assigned_group_id": group,
                "by": { "type": "system" }, "site": "default", "time": at(5), "freshchat": body["data"]["assignment"],
            })
        )
    );
    let (_, to_group) = assigned("", group);
    assert_eq!((to_group.get("assigned_agent_id"), &to_group["assigned_group_id"]), (None, &json!(group)));
    let (_, to_nobody) = assigned("", "");
    assert_eq!((to_nobody.get("assigned_agent_id"), to_nobody.get("assigned_group_id")), (None, None));
}

#[test]
fn a_resolution_names_who_had_the_conversation() {
    let mut body = resolution(5);
    body["data"]["resolve"]["conversation"]["assigned_agent_id"] = json!(AGENT);
    body["data"]["resolve"]["conversation"]["assigned_group_id"] = json!("");
    body["data"]["resolve"]["user"] = json!({ "properties": [], "id": USER, "login_status": true });
    let heard = heard(&host(), &body);
    assert_eq!(
        heard,
        [(
            "conversation.resolved".to_owned(),
            json!({
                "conversation_id": CONVERSATION, "status": "resolved", "assigned_agent_id": AGENT,
                "by": { "type": "agent", "id": AGENT }, "site": "default", "time": at(5), "freshchat": body["data"]["resolve"],
            })
        )]
    );
}

#[test]
fn who_did_it_is_unknown_where_freshchat_does_not_say_it() {
    for who in [Value::Null, json!(""), json!("rule"), json!(7)] {
        let mut body = resolution(5);
        body["data"]["resolve"]["resolver"] = who.clone();
        body["data"]["resolve"]["resolver_id"] = Value::Null;
        body["data"]["resolve"]["conversation"]["status"] = json!(7);
        let heard = heard(&host(), &body);
        assert_eq!((&heard[0].1["by"], heard[0].1.get("status")), (&json!({ "type": "unknown" }), None), "{who}");
    }
}

#[test]
fn the_change_is_passed_on_to_the_letter() {
    let written = r#"{ "reopener" : "bot", "z": 1.50,
        "conversation": {"skill_id": 12345678901234567890123, "conversation_id": "c1", "app_id": "APP"} }"#;
    let written = written.replace("APP", APP);
    let body = format!(r#"{{"action": "conversation_reopen", "data": {{"reopen": {written}}}}}"#);
    let answer = host().webhook(&Webhook::post(body));
    let data = answer.events[0].data.get();
    assert!(data.ends_with(&format!("\"freshchat\":{written}}}")), "{data}");
}

#[test]
fn the_same_change_becomes_one_event_however_often_it_is_told() {
    let host = host();
    for body in [assignment(AGENT, "", 1), resolution(2), reopening(3)] {
        assert_eq!(kinds(&host, &body).len(), 1);
        assert_eq!(kinds(&host, &body).len(), 0, "the same once more: {body}");
        let mut spaced = body.to_string();
        spaced.push('\n');
        assert_eq!(host.webhook(&Webhook::post(spaced)).events.len(), 0, "other bytes");
    }
    for body in [assignment(AGENT, "", 4), resolution(4), reopening(4)] {
        assert_eq!(kinds(&host, &body).len(), 1, "another time: {body}");
    }
}

#[test]
fn a_change_without_what_tells_it_from_others_is_the_same_only_if_its_body_is() {
    let host = host();
    let mut without_interaction = assignment(AGENT, "g1", 1);
    without_interaction["data"]["assignment"]["interaction_id"] = Value::Null;
    let mut another = without_interaction.clone();
    another["data"]["assignment"]["to_group_id"] = json!("g2");
    let mut without_time = assignment(AGENT, "g1", 1);
    without_time["action_time"] = Value::Null;
    for body in [without_interaction, another, without_time] {
        assert_eq!((kinds(&host, &body).len(), kinds(&host, &body).len()), (1, 0), "{body}");
    }
}

#[test]
fn a_time_that_is_none_is_that_of_receipt() {
    for time in [Value::Null, json!(""), json!("yesterday"), json!(1_772_694_000), json!("2026-03-05 07:00:00")] {
        let mut body = reopening(1);
        body["action_time"] = time.clone();
        let answer = send(&host(), &body);
        let [event] = answer.events.as_slice() else { panic!("one event: {time}") };
        assert_eq!((&event.time, &event.json()["time"]), (&None, &json!("2026-01-01T00:00:00Z")), "{time}");
    }
}

#[test]
fn a_conversation_that_is_named_by_its_other_id_is_the_same() {
    let host = host();
    assert_eq!(kinds(&host, &with(&json!({ "freshchat_conversation_id": "812345678901234" }))), ["message.received"]);
    let mut body = assignment(AGENT, "", 1);
    body["data"]["assignment"]["conversation"]["conversation_id"] = json!("812345678901234");
    let answer = send(&host, &body);
    assert_eq!(answer.events[0].subject.as_deref(), Some(CONVERSATION));
    assert_eq!(answer.events[0].json()["conversation_id"], json!(CONVERSATION));
    assert_eq!(kinds(&host, &from_user("n", 2)), ["message.observed"]);
    let swapped = with(&json!({
        "id": "o", "conversation_id": "812345678901234", "freshchat_conversation_id": CONVERSATION,
    }));
    let answer = send(&host, &swapped);
    assert_eq!(answer.events[0].kind, "message.observed");
    assert_eq!(answer.events[0].subject.as_deref(), Some(CONVERSATION), "the name stays");
}
