//! Webhooks of one dialogue.

use hookyard_sdk::Webhook;
use hookyard_sdk::log::Level;
use hookyard_sdk::testing::{Answer, Emitted, Host};
use selarti::Selarti;
use serde_json::{Value, json};

/// The task of the connection.
pub(crate) const TASK: &str = "1732603656932x383344135484473340";
/// The conversation of [`webhook`].
pub(crate) const CHAT: &str = "527700113";

/// A connection that can receive.
pub(crate) fn host() -> Host<Selarti> {
    host_with(&json!({}))
}

/// A connection with more in its config.
pub(crate) fn host_with(more: &Value) -> Host<Selarti> {
    let mut config = json!({ "task_id": TASK, "webhook_token": "0123456789abcdef012345" });
    join(&mut config, more);
    Host::new(&config)
}

/// A webhook of the AI's message number `n`, and over it `more`; what is `null` there is left out.
pub(crate) fn webhook(n: u32, more: &Value) -> Value {
    let mut body = json!({
        "wh_type": "all_messages", "message_type": "bot", "message_id": format!("m{n}"), "message_text": format!("Text {n}"),
        "external_chat_id": CHAT, "thread_id": "t1", "task_id": TASK, "close": false, "success": false, "interest": false,
        "get_contact": false, "operator": false, "is_bot": false,
    });
    join(&mut body, more);
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    body
}

fn join(body: &mut Value, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
}

/// Sends it as JSON.
pub(crate) fn send(host: &Host<Selarti>, body: &Value) -> Answer {
    send_text(host, &body.to_string())
}

/// Sends this text as JSON.
pub(crate) fn send_text(host: &Host<Selarti>, body: &str) -> Answer {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let answer = host.webhook(&Webhook { headers, ..Webhook::post(body) });
    assert_eq!((answer.status, &answer.response, &answer.error), (200, &None, &None), "{body}");
    answer
}

/// Sends it as a form.
pub(crate) fn send_form(host: &Host<Selarti>, body: &str) -> Answer {
    let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded; charset=UTF-8".to_owned())];
    let answer = host.webhook(&Webhook { headers, ..Webhook::post(body) });
    assert_eq!((answer.status, &answer.error), (200, &None), "{body}");
    answer
}

/// The kinds of what was emitted.
pub(crate) fn kinds(answer: &Answer) -> Vec<&str> {
    answer.events.iter().map(|event| event.kind.as_str()).collect()
}

/// The only event.
pub(crate) fn only(answer: &Answer) -> &Emitted {
    let [event] = answer.events.as_slice() else { panic!("one event, and not {:?}", kinds(answer)) };
    event
}

/// What was logged at this level.
pub(crate) fn logged(answer: &Answer, level: Level) -> Vec<&str> {
    answer.log.iter().filter(|(at, _)| *at == level).map(|(_, line)| line.as_str()).collect()
}
