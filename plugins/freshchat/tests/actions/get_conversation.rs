//! The actions `get-conversation` and `resolve`.

use hookyard_sdk::http::Response;
use serde_json::{Value, json};

use crate::script::{CONVERSATION, asked, body, host, ok, shown, updated};

fn input() -> Value {
    json!({ "conversation_id": CONVERSATION })
}

#[test]
fn a_conversation_is_told_with_what_freshchat_says_of_it() {
    let whole = json!({
        "conversation_id": CONVERSATION, "app_id": "app-1", "user_id": "u-1", "status": "assigned", "channel_id": 551_021,
        "assigned_agent_id": "agent-2", "assigned_group_id": "g-1", "skill_id": 0, "properties": { "priority": "Low" },
        "conversation_internal_id": 812_345_678_901_234_u64,
    });
    let host = host(&json!({}), vec![ok(&whole)]);
    let output = host.action("get-conversation", &input()).expect("found");
    let expected = json!({
        "conversation_id": CONVERSATION, "status": "assigned", "channel_id": "551021", "user_id": "u-1",
        "assigned_agent_id": "agent-2", "assigned_group_id": "g-1", "muted": false, "freshchat": whole,
    });
    assert_eq!(output, expected);
    assert_eq!(asked(&host), ["GET /conversations/c-1"]);
}

#[test]
fn what_freshchat_leaves_out_or_empty_is_left_out() {
    let body = r#"{"status":"waiting on customer","assigned_agent_id":"","assigned_group_id":" ","user_id":null,"n":12345678901234567890123}"#;
    let host = host(&json!({}), vec![Ok(Response::new(200).with_body(body))]);
    let output = host.action_text("get-conversation", &input().to_string()).expect("found");
    let expected =
        format!(r#"{{"conversation_id":"c-1","status":"waiting on customer","muted":false,"freshchat":{body}}}"#);
    assert_eq!(output.get(), expected, "the conversation keeps its digits");
}

#[test]
fn it_says_whether_the_bot_is_silent() {
    let there = || ok(&json!({ "status": "new" }));
    let host = host(&json!({}), vec![there(), there()]);
    for muted in [true, false] {
        host.action("mute", &json!({ "conversation_id": CONVERSATION, "muted": muted })).expect("kept");
        assert_eq!(host.action("get-conversation", &input()).expect("found")["muted"], muted);
    }
}

#[test]
fn what_is_no_conversation_is_an_error() {
    for body in ["", "<html>", "[]", "{}", r#"["new"]"#, r#"{"status":null}"#, r#"{"status":""}"#] {
        let host = host(&json!({}), vec![Ok(Response::new(200).with_body(body))]);
        let error = host.action("get-conversation", &input()).expect_err("no conversation");
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Failed", "provider-protocol"), "{body}");
    }
}

#[test]
fn a_conversation_is_resolved() {
    let host = host(&json!({}), vec![updated()]);
    assert_eq!(host.action("resolve", &input()), Ok(json!({ "status": "resolved" })));
    assert_eq!(asked(&host), ["PUT /conversations/c-1"]);
    assert_eq!(body(&host.requests()[0]), json!({ "status": "resolved" }));
}
