//! What the API takes and refuses.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{APP, BOT, Fake, Fault, GROUP, HUMAN, KnownBy};
use super::{ask, get, text, try_ask};

fn says(content: &str) -> Value {
    json!({ "message_parts": [{ "text": { "content": content } }], "message_type": "normal", "actor_type": "agent", "actor_id": BOT })
}

#[tokio::test]
async fn nothing_is_answered_without_the_token() {
    let fake = Fake::start().await;
    assert_eq!(get(&fake, "/accounts/configuration").await["app_id"], APP);
    for wrong in ["", "another", "Bearer another"] {
        fake.change_token(wrong);
        let token = fake.token();
        fake.change_token("the right one");
        let request = http::Request::get("/v2/agents").header("host", "fake").header("authorization", token);
        let request = request.body(http_body_util::Full::default()).expect("well-formed");
        let refused = crate::http::send(fake.address, request).await.expect("an answer");
        assert_eq!((refused.status(), text(&refused, "status")), (401, "UNAUTHENTICATED".to_owned()), "{wrong}");
    }
    assert_eq!(get(&fake, "/agents").await["agents"][0]["id"], BOT);
    assert_eq!(fake.requests().len(), 5);
}

#[tokio::test]
async fn a_message_stands_in_its_conversation() {
    let fake = Fake::start().await;
    let (one, other) = (fake.start_conversation(), fake.start_conversation());
    let path = format!("/conversations/{one}/messages");
    let posted = ask(&fake, "POST", &path, &says("Hola 😀")).await;
    assert_eq!(posted.status(), 200, "{}", posted.text());
    fake.customer_says(&one, "¿y?");
    assert_eq!((fake.messages(&one), fake.texts(&one)), (vec![posted.json()], vec!["Hola 😀".to_owned()]));
    assert!(fake.messages(&other).is_empty());
    let listed = get(&fake, &path).await["messages"].clone();
    assert_eq!((&listed[0]["actor_type"], &listed[1]), (&json!("user"), &posted.json()), "the newest first");
    assert_ne!(listed[0]["id"], listed[1]["id"]);
}

#[tokio::test]
async fn a_message_that_is_none_is_refused() {
    let fake = Fake::start().await;
    let conversation = fake.start_conversation();
    let parts = |parts: Value| json!({ "message_parts": parts, "actor_type": "agent", "actor_id": BOT });
    let rows = [
        (json!([]), 400, "INVALID_VALUE"),
        (json!({ "messages": [says("x")] }), 400, "INVALID_VALUE"),
        (parts(json!([])), 400, "INVALID_VALUE"),
        (parts(json!([{ "text": { "content": "" } }])), 400, "INVALID_VALUE"),
        (parts(json!([{ "text": { "content": "a" }, "image": {} }])), 400, "INVALID_VALUE"),
        (parts(json!([{ "song": {} }])), 400, "INVALID_VALUE"),
        (parts(json!([{ "image": { "url": "http://x/a.png" } }])), 400, "INVALID_VALUE"),
        (json!({ "message_parts": [{ "text": { "content": "a" } }], "actor_type": "agent" }), 404, "AGENT_NOT_FOUND"),
        (json!({ "message_parts": [{ "text": { "content": "a" } }], "actor_type": "robot" }), 400, "INVALID_VALUE"),
    ];
    for (body, status, word) in rows {
        let refused = ask(&fake, "POST", &format!("/conversations/{conversation}/messages"), &body).await;
        assert_eq!((refused.status(), text(&refused, "status")), (status, word.to_owned()), "{body}");
    }
    assert!(fake.messages(&conversation).is_empty());
    let nowhere = ask(&fake, "POST", "/conversations/none/messages", &says("x")).await;
    assert_eq!(text(&nowhere, "status"), "CONVERSATION_NOT_FOUND");
}

#[tokio::test]
async fn a_conversation_is_assigned_and_resolved_by_its_rules() {
    let fake = Fake::start().await;
    let id = fake.start_conversation();
    let path = format!("/conversations/{id}");
    let group = fake.group(GROUP);
    let refused = [
        json!({ "status": "assigned" }),
        json!({ "status": "assigned", "assigned_agent_id": " " }),
        json!({ "status": "assigned", "assigned_agent_id": "nobody" }),
        json!({ "status": "new", "assigned_group_id": "none" }),
        json!({ "status": "closed" }),
        json!({ "properties": [] }),
    ];
    for body in refused {
        let reply = ask(&fake, "PUT", &path, &body).await;
        assert_eq!((reply.status(), text(&reply, "status")), (400, "INVALID_VALUE".to_owned()), "{body}");
    }
    let rows = [
        (json!({ "status": "new", "assigned_group_id": group }), "new", Value::Null, json!(group)),
        (json!({ "status": "assigned", "assigned_agent_id": HUMAN }), "assigned", json!(HUMAN), json!(group)),
        (json!({ "assigned_agent_id": "" }), "new", Value::Null, json!(group)),
        (json!({ "status": "resolved" }), "resolved", Value::Null, json!(group)),
    ];
    for (body, status, agent, group) in rows {
        let reply = ask(&fake, "PUT", &path, &body).await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
        let now = reply.json();
        assert_eq!(
            (&now["status"], &now["assigned_agent_id"], &now["assigned_group_id"]),
            (&json!(status), &agent, &group),
            "{body}"
        );
        assert_eq!(now, fake.conversation(&id));
        assert_eq!(now, get(&fake, &path).await);
    }
}

#[tokio::test]
async fn a_conversation_has_two_ids_and_the_api_may_know_one_of_them() {
    let fake = Fake::start().await;
    let id = fake.start_conversation();
    let digits = fake.digits_of(&id);
    for (known_by, guid, by_digits) in
        [(KnownBy::Both, 200, 200), (KnownBy::Guid, 200, 404), (KnownBy::Digits, 404, 200)]
    {
        fake.known_by(&id, known_by);
        for (id, status) in [(&id, guid), (&digits, by_digits)] {
            let reply = ask(&fake, "GET", &format!("/conversations/{id}"), &Value::Null).await;
            assert_eq!(reply.status(), status, "{known_by:?} {id}");
        }
    }
}

#[tokio::test]
async fn groups_come_in_pages_that_name_the_next() {
    let fake = Fake::start().await;
    for origin in ["", "http://127.0.0.1:1"] {
        fake.links_begin_with(origin);
        let (mut names, mut path, mut pages) = (Vec::new(), "/groups?page=1&items_per_page=50".to_owned(), 0);
        loop {
            let page = get(&fake, &path).await;
            let groups = page["groups"].as_array().expect("a list").clone();
            names.extend(groups.iter().map(|group| group["name"].as_str().expect("a name").to_owned()));
            pages += 1;
            assert_eq!(
                (&page["pagination"]["total_pages"], &page["pagination"]["current_page"]),
                (&json!(3), &json!(pages))
            );
            let Some(next) = page["links"]["next_page"]["href"].as_str() else { break };
            path = next.strip_prefix(origin).and_then(|path| path.strip_prefix("/v2")).expect("of this API").to_owned();
        }
        assert_eq!((names.len(), names.last().map(String::as_str)), (47, Some(GROUP)));
    }
    let id = fake.group(GROUP);
    fake.remove_group(&id);
    assert!(!get(&fake, "/groups?page=3&items_per_page=20").await.to_string().contains(&id));
}

#[tokio::test]
async fn agents_and_users_are_found_by_their_ids() {
    let fake = Fake::start().await;
    fake.change_agent(BOT, &json!({ "is_deactivated": true }));
    assert_eq!(get(&fake, &format!("/agents/{BOT}")).await["is_deactivated"], true);
    let unknown = ask(&fake, "GET", "/agents/none", &Value::Null).await;
    assert_eq!((unknown.status(), text(&unknown, "status")), (404, "AGENT_NOT_FOUND".to_owned()));
    let user = fake.customer_of(&fake.start_conversation());
    fake.set_property(&user, "site_id", "kitchen");
    let shown = get(&fake, &format!("/users/{user}")).await;
    assert_eq!(shown["properties"], json!([{ "name": "site_id", "value": "kitchen" }]));
    assert_eq!(get(&fake, "/channels").await["channels"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn faults_come_as_they_are_ordered_and_some_after_the_deed() {
    let fake = Fake::start().await;
    let conversation = fake.start_conversation();
    let path = format!("/conversations/{conversation}/messages");
    let post = || try_ask(&fake, "POST", &path, &Value::Null);
    fake.fail_on("GET /v2/agents", Fault::Status(500), 1);
    fake.fail_on("POST", Fault::RateLimited(Some("7".to_owned())), 1);
    fake.fail_on("POST", Fault::RateLimited(None), 1);
    fake.fail(Fault::Page(502), 1);
    fake.fail(Fault::Empty(503), 1);
    fake.fail(Fault::Body(400, r#"{"message":"not the latest conversation"}"#.to_owned()), 1);
    let limited = post().await.expect("an answer");
    assert_eq!((limited.status(), limited.header("retry-after")), (429, "7"));
    assert_eq!(post().await.expect("an answer").header("retry-after"), "");
    let page = post().await.expect("an answer");
    assert_eq!((page.status(), page.header("content-type")), (502, "text/html"));
    assert_eq!(post().await.expect("an answer").body.len(), 0);
    assert_eq!(text(&post().await.expect("an answer"), "message"), "not the latest conversation");
    assert_eq!(ask(&fake, "GET", "/agents", &Value::Null).await.status(), 500, "it waited for its own");

    for fault in [Fault::Truncated, Fault::Broken, Fault::Slow(Duration::from_millis(1))] {
        let before = fake.messages(&conversation).len();
        fake.fail(fault.clone(), 1);
        let reply = try_ask(&fake, "POST", &path, &says("x")).await;
        let is_whole = reply.as_ref().is_ok_and(|reply| serde_json::from_slice::<Value>(&reply.body).is_ok());
        assert_eq!((reply.is_ok(), is_whole), (fault != Fault::Broken, matches!(fault, Fault::Slow(_))), "{fault:?}");
        assert_eq!(fake.messages(&conversation).len(), before + 1, "{fault:?}");
    }
    for (fault, carried_out) in [(Fault::Hang, 3), (Fault::HangAfter, 4)] {
        let arrived = fake.requests().len() + 1;
        fake.fail(fault.clone(), 1);
        let body = says("x");
        tokio::select! {
            reply = ask(&fake, "POST", &path, &body) => panic!("it answered {}", reply.status()),
            () = fake.asked(arrived) => {}
        }
        // The next request is served after the one before it has had its effect.
        ask(&fake, "GET", "/agents", &Value::Null).await;
        assert_eq!(fake.messages(&conversation).len(), carried_out, "{fault:?}");
    }
    fake.fail(Fault::Echo, 1);
    let echoed = ask(&fake, "GET", "/agents", &Value::Null).await.json();
    assert_eq!(echoed["headers"]["authorization"], format!("Bearer {}", fake.token()));
}
