//! Webhooks in which any one member is not as documented.

use hookyard_sdk::http::Response;
use serde_json::{Value, json};

use crate::given::*;

/// What every webhook here has for itself, so that none is about what another one was about.
const OWN: [&str; 8] = [
    "/data/message/id",
    "/data/message/conversation_id",
    "/data/assignment/interaction_id",
    "/data/assignment/conversation/conversation_id",
    "/data/resolve/interaction_id",
    "/data/resolve/conversation/conversation_id",
    "/data/reopen/interaction_id",
    "/data/reopen/conversation/conversation_id",
];

/// The pointers of everything within a document.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in below {
        let at = format!("{at}/{name}");
        pointers(value, &at, found);
        found.push(at);
    }
}

fn whole_message() -> Value {
    let mut body: Value = serde_json::from_slice(MESSAGE).expect("JSON");
    let message = &mut body["data"]["message"];
    message["site_id"] = json!("kitchen");
    message["message_parts"] = json!([
        { "text": { "content": "Hello" } },
        { "email": { "content": "Hello", "subject": "Hi" } },
        { "image": { "url": "https://cdn.example/a.png" } },
        { "file": { "url": "https://cdn.example/a", "name": "a", "file_size_in_bytes": 1, "content_type": "text/plain" } },
    ]);
    body
}

#[test]
fn whichever_member_is_missing_or_of_another_type_the_answer_is_200() {
    let odd = [
        Value::Null,
        json!(true),
        json!(-1.5e300),
        json!(""),
        json!(".."),
        json!("é".repeat(256)),
        json!("x".repeat(300_000)),
        json!([]),
        json!(["user", "agent"]),
        json!({ "id": { "id": 1 } }),
    ];
    let mut resolved = resolution(3);
    resolved["data"]["resolve"]["user"] = json!({ "id": USER, "properties": [] });
    let host = host_with(&json!({ "site_property": "site_id" }))
        .provider(|_| Ok(Response::new(200).with_json(&json!({ "properties": [] }))));
    let mut checked = 0;
    for body in [whole_message(), from_agent("m", 1), assignment(AGENT, "g", 2), resolved, reopening(4)] {
        let mut places = Vec::new();
        pointers(&body, "", &mut places);
        for (place, value) in places.iter().flat_map(|place| odd.iter().map(move |value| (place, value))) {
            let mut body = body.clone();
            body["number"] = json!(checked);
            for own in OWN {
                if let Some(id) = body.pointer_mut(own) {
                    *id = json!(format!("n{checked}"));
                }
            }
            *body.pointer_mut(place).expect("it is there") = value.clone();
            let answer = send(&host, &body);
            let shown: String = value.to_string().chars().take(40).collect();
            assert_eq!((answer.status, answer.error), (200, None), "{place}: {shown}");
            let is_silent = answer.events.is_empty() && answer.log.is_empty() && !answer.duplicate;
            assert!(!is_silent, "{place}: {shown} is ignored without a word");
            checked += 1;
        }
    }
    assert!(checked > 1_000, "{checked}");
}
