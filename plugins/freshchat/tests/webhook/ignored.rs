//! Webhooks that become no event: answered 200, and logged.

use hookyard_sdk::Webhook;
use hookyard_sdk::log::Level;
use hookyard_sdk::testing::Answer;
use serde_json::{Value, json};

use crate::given::*;

/// The one line, after it is clear that nothing else happened.
fn line(answer: &Answer, about: &Value) -> (Level, String) {
    assert_eq!((answer.status, &answer.error, answer.events.len()), (200, &None, 0), "{about}");
    let [line] = answer.log.as_slice() else { panic!("one line for {about}: {:?}", answer.log) };
    assert!(line.1.ends_with(": ignored"), "{line:?}");
    line.clone()
}

fn warned(body: &Value) -> String {
    let (level, line) = line(&send(&host(), body), body);
    assert_eq!(level, Level::Warn, "{body}");
    line
}

#[test]
fn the_bots_own_messages_come_back_and_are_ignored() {
    let mut by_message = message("m", ("agent", BOT), 0);
    by_message["actor"] = Value::Null;
    let mut by_actor = from_user("m", 0);
    by_actor["actor"] = json!({ "actor_type": "agent", "actor_id": BOT });
    for body in [message("m", ("agent", BOT), 0), message("m", ("user", BOT), 0), by_message, by_actor] {
        let host = host();
        let answer = send(&host, &body);
        assert_eq!(line(&answer, &body), (Level::Debug, "the bot's own message: ignored".to_owned()));
        assert_eq!(kinds(&host, &from_user("n", 1)), ["message.received"], "it does not mute: {body}");
    }
}

#[test]
fn messages_that_no_person_wrote_are_ignored() {
    let mut system = from_user("m", 0);
    system["actor"]["actor_type"] = json!("system");
    for (body, who) in [
        (message("m", ("bot", "b1"), 0), "bot"),
        (message("m", ("system", "s1"), 0), "system"),
        (message("m", ("robot", "r1"), 0), "robot"),
        (system, "user by way of system"),
        (with(&json!({ "actor_type": "agent" })), "agent by way of user"),
    ] {
        let expected = (Level::Debug, format!("a message of {who:?}: ignored"));
        assert_eq!(line(&send(&host(), &body), &body), expected);
    }
    let mut nobody = with(&json!({ "actor_type": null }));
    nobody["actor"] = json!(7);
    assert!(warned(&nobody).contains("actor_type"));
}

#[test]
fn an_agent_without_an_id_may_be_the_bot() {
    let mut body = from_agent("m", 0);
    body["actor"]["actor_id"] = json!("");
    body["data"]["message"]["actor_id"] = Value::Null;
    assert!(warned(&body).contains("actor_id"));
    body["data"]["message"]["actor_id"] = json!(AGENT);
    assert_eq!(kinds(&host(), &body), ["agent.took-over"], "one of the two is enough");
}

#[test]
fn private_notes_and_notes_of_bots_are_ignored_whoever_wrote_them() {
    for author in [("user", USER), ("agent", AGENT)] {
        for (name, value) in [("message_type", json!("private")), ("botsPrivateNote", json!(true))] {
            let mut body = message("m", author, 0);
            body["data"]["message"][name] = value;
            let host = host();
            assert_eq!(line(&send(&host, &body), &body), (Level::Debug, "a private note: ignored".to_owned()));
            assert_eq!(kinds(&host, &from_user("n", 1)), ["message.received"], "it does not mute");
        }
    }
    for flag in [json!(false), Value::Null, json!(0)] {
        assert_eq!(kinds(&host(), &with(&json!({ "botsPrivateNote": flag }))), ["message.received"], "{flag}");
    }
}

#[test]
fn a_message_without_parts_that_can_be_read_is_ignored() {
    let without = [
        Value::Null,
        json!([]),
        json!({}),
        json!("Hello"),
        json!({ "text": { "content": "Hello" } }),
        json!([null]),
        json!([{}]),
        json!([{ "text": {} }]),
        json!([{ "text": { "content": "" } }]),
        json!([{ "sticker": 1 }, "Hello", 7]),
    ];
    for parts in without {
        for author in [("user", USER), ("agent", AGENT)] {
            let mut body = message("m", author, 0);
            body["data"]["message"]["message_parts"] = parts.clone();
            assert_eq!(warned(&body), "the message has no part that can be read: ignored", "{parts}");
        }
    }
}

#[test]
fn a_message_without_one_of_its_ids_is_ignored() {
    let unusable = [Value::Null, json!(""), json!(true), json!({ "id": "x" }), json!("a\nb"), json!("x".repeat(257))];
    for name in ["id", "conversation_id"] {
        for odd in &unusable {
            let line = warned(&with(&json!({ name: odd })));
            assert_eq!(line, format!("data.message.{name} is missing or of another type than documented: ignored"));
        }
    }
}

#[test]
fn what_is_no_message_or_no_change_at_all_is_ignored() {
    for data in [Value::Null, json!({}), json!([]), json!("x"), json!({ "message": null }), json!({ "message": [1] })] {
        let mut body = from_user("m", 0);
        body["data"] = data;
        assert!(warned(&body).starts_with("data.message is missing"), "{body}");
    }
    for (body, member) in
        [(assignment(AGENT, "", 0), "assignment"), (resolution(0), "resolve"), (reopening(0), "reopen")]
    {
        for data in [Value::Null, json!({}), json!({ member: null }), json!({ member: "x" })] {
            let mut body = body.clone();
            body["data"] = data;
            assert!(warned(&body).starts_with(&format!("data.{member} is missing")), "{body}");
        }
        let conversations =
            [Value::Null, json!([]), json!({ "app_id": APP }), json!({ "app_id": APP, "conversation_id": {} })];
        for conversation in conversations {
            let mut body = body.clone();
            body["data"][member]["conversation"] = conversation;
            assert!(warned(&body).starts_with("conversation."), "{body}");
        }
    }
}

#[test]
fn an_action_that_is_not_known_is_ignored() {
    for action in ["conversation_create", "message_update", "MESSAGE_CREATE", ""] {
        let mut body = from_user("m", 0);
        body["action"] = json!(action);
        let (level, line) = line(&send(&host(), &body), &body);
        assert_eq!((level, line), (Level::Info, format!("the action {action:?} is not known: ignored")));
    }
    for action in [Value::Null, json!(7), json!(["message_create"])] {
        let mut body = from_user("m", 0);
        body["action"] = action;
        assert!(warned(&body).starts_with("action is missing"), "{body}");
    }
    for body in [json!([]), json!("message_create"), Value::Null, json!(7)] {
        assert!(warned(&body).starts_with("the object of the webhook is missing"), "{body}");
    }
}

#[test]
fn another_account_is_ignored() {
    let mut resolved = resolution(0);
    resolved["data"]["resolve"]["conversation"]["app_id"] = json!("another");
    for body in [with(&json!({ "app_id": "another" })), resolved] {
        let host = host();
        let (level, line) = line(&send(&host, &body), &body);
        let expected = "the app_id \"another\" is not the one of this connection's config: ignored";
        assert_eq!((level, line.as_str()), (Level::Warn, expected));
        assert_eq!(host.value(&format!("muted/{CONVERSATION}")), None);
    }
    let nameless = with(&json!({ "app_id": null }));
    assert_eq!(warned(&nameless), "data.message.app_id is missing or of another type than documented: ignored");
}

#[test]
fn a_payload_of_2018_is_ignored_and_its_version_logged() {
    let body = json!({
        "actor": { "actor_type": "user", "actor_id": USER },
        "action": "message_create",
        "action_time": at(0),
        "data": { "message": {
            "msg_parts": [{ "part_type": "text", "properties": { "text": "Hello" } }], "app_id": APP, "actor_id": USER, "id": "m",
            "channel_id": CHANNEL, "conversation_id": format!("{APP}_{USER}_feedback"), "actor_type": "user",
        } },
    });
    let what = "the payload has msg_parts, as in 2018, and no message_parts";
    assert_eq!(warned(&body), format!("{what}: ignored"));
    let header = ("x-freshchat-payload-version".to_owned(), "v\"1".to_owned());
    let answer = host().webhook(&Webhook { headers: vec![header], ..Webhook::post(body.to_string()) });
    assert_eq!(line(&answer, &body).1, format!("{what} (payload version \"v\\\"1\"): ignored"));
}

#[test]
fn a_version_that_is_not_known_counts_by_its_shape_and_is_logged_where_that_is_another() {
    let sent = |body: &Value| {
        let header = ("x-freshchat-payload-version".to_owned(), "99".to_owned());
        host().webhook(&Webhook { headers: vec![header], ..Webhook::post(body.to_string()) })
    };
    assert_eq!(sent(&from_user("m", 0)).events.len(), 1);
    let mut later = from_user("m", 0);
    later["data"] = json!({ "messages": [later["data"]["message"]] });
    let logged = line(&sent(&later), &later).1;
    assert_eq!(logged, "data.message is missing or of another type than documented (payload version \"99\"): ignored");
}

#[test]
fn a_body_that_holds_a_member_twice_is_ignored() {
    let once = from_user("m", 0).to_string();
    for (place, more) in [
        ("{\"action\":", "{\"action\":\"conversation_reopen\",\"action\":"),
        ("\"data\":{", "\"data\":{\"message\":{},"),
        ("\"message\":{", "\"message\":{\"actor_id\":\"x\","),
        ("\"actor\":{", "\"actor\":{\"actor_type\":\"agent\","),
    ] {
        let body = once.replacen(place, more, 1);
        assert_ne!(body, once, "{place}");
        let answer = host().webhook(&Webhook::post(body.as_str()));
        let expected = (Level::Warn, "a member occurs twice: ignored".to_owned());
        assert_eq!(line(&answer, &json!(body)), expected);
    }
    let unread = once.replacen('{', "{\"later\":1,\"later\":2,", 1);
    assert_eq!(host().webhook(&Webhook::post(unread)).events.len(), 1, "nobody reads it");
}

#[test]
fn what_is_no_json_is_refused_with_400() {
    let truncated = &MESSAGE[..MESSAGE.len() - 1];
    let bomb = "[".repeat(500_000);
    let bodies: [&[u8]; 5] = [b"", b"action=message_create", truncated, bomb.as_bytes(), b"{\"action\": \"\xE9\"}"];
    for body in bodies {
        let answer = host().webhook(&Webhook::post(body));
        let code = answer.error.map(|error| error.code);
        assert_eq!((answer.status, code.as_deref(), answer.events.len()), (400, Some("invalid-json"), 0));
    }
}
