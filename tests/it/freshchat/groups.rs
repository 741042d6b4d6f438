//! People take over: a conversation goes to a group.

use hookyard_tests::freshchat::{Fault, GROUP};
use serde_json::{Value, json};

use super::{Chat, hook};

#[tokio::test]
async fn a_conversation_waits_in_the_queue_of_its_group() {
    let chat = Chat::with(&format!("group_name = \"{GROUP}\"")).await;
    let id = chat.fake.start_conversation();
    let assigned = chat.called("assign-to-group", &json!({ "conversation_id": id })).await;
    let group = chat.fake.group(GROUP);
    let expected = json!({ "conversation_id": id, "group_id": group, "group_name": GROUP, "status": "new" });
    assert_eq!(assigned, expected);
    let shown = chat.fake.conversation(&id);
    assert_eq!((&shown["status"], &shown["assigned_group_id"]), (&json!("new"), &json!(group)));
    let other = chat.called("assign-to-group", &json!({ "conversation_id": id, "group": "Financeiro" })).await;
    assert_eq!(
        (&other["group_name"], &chat.fake.conversation(&id)["assigned_group_id"]),
        (&json!("Financeiro"), &other["group_id"])
    );
}

#[tokio::test]
async fn a_group_is_found_by_its_name_however_that_is_written() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let assign =
        async |group: &str| chat.call("assign-to-group", &json!({ "conversation_id": id, "group": group })).await;
    for (name, found) in [
        ("\u{c9}quipe", "E\u{301}quipe"),
        ("  Financeiro ", "Financeiro"),
        ("FINANCEIRO", "Financeiro"),
        ("Support", "Support"),
        ("support", "support"),
    ] {
        let reply = assign(name).await;
        assert_eq!(
            (reply.status(), &reply.json()["group_id"]),
            (200, &json!(chat.fake.group(found))),
            "{name}: {}",
            reply.text()
        );
    }
    for (name, word) in [("Twins", "group-ambiguous"), ("SUPPORT", "group-ambiguous"), ("Nobody", "group-unknown")] {
        let reply = assign(name).await;
        assert_eq!((reply.status(), &reply.json()["code"]), (422, &json!(word)), "{name}: {}", reply.text());
    }
    let ambiguous = assign("Twins").await.text();
    assert!(ambiguous.contains(&chat.fake.group("Twins")), "the candidates are named: {ambiguous}");
    let missing = chat.refused("assign-to-group", &json!({ "conversation_id": id })).await;
    assert_eq!(missing, (422, "group-missing".to_owned()));
}

#[tokio::test]
async fn a_group_that_was_made_anew_is_found_again_and_one_that_is_gone_is_an_error() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let input = json!({ "conversation_id": id, "group": "Financeiro" });
    let first = chat.called("assign-to-group", &input).await;
    let before = chat.fake.requests().len();
    assert_eq!(chat.called("assign-to-group", &input).await, first);
    assert_eq!(chat.asked(before), [format!("PUT /v2/conversations/{id}")], "its id is remembered");
    chat.fake.remove_group(first["group_id"].as_str().expect("an id"));
    let anew = chat.fake.add_group("Financeiro");
    assert_eq!(chat.called("assign-to-group", &input).await["group_id"], anew);
    chat.fake.remove_group(&anew);
    assert_eq!(chat.refused("assign-to-group", &input).await, (422, "group-unknown".to_owned()));
}

#[tokio::test]
async fn an_issue_is_said_assigned_and_then_the_bot_is_silent() {
    let chat = Chat::with(&format!("group_name = \"{GROUP}\"")).await;
    chat.fake.deliver_to(&hook(&chat.host, "chat"));
    let id = chat.fake.start_conversation();
    let before = chat.fake.requests().len();
    let raised = chat.called("raise-issue", &json!({ "conversation_id": id, "text": "Le paso con Rosa" })).await;
    let group = chat.fake.group(GROUP);
    assert_eq!(
        [&raised["assigned"], &raised["muted"], &raised["group_id"]],
        [&json!(true), &json!(true), &json!(group)]
    );
    assert_eq!(raised["message_ids"], json!([chat.fake.messages(&id)[0]["id"]]));
    let asked = chat.asked(before);
    assert_eq!(asked.first(), Some(&format!("POST /v2/conversations/{id}/messages")), "first of all it is said");
    assert_eq!(asked.last(), Some(&format!("PUT /v2/conversations/{id}")));
    chat.until_told(1).await;
    chat.fake.customer_says(&id, "¿hola?");
    assert_eq!(
        chat.until_told(2).await,
        ["conversation.assigned", "message.observed"],
        "what it did itself gives nothing back"
    );
    let without_text = chat.called("raise-issue", &json!({ "conversation_id": chat.fake.start_conversation() })).await;
    assert_eq!([&without_text["message_ids"], &without_text["muted"]], [&json!([]), &json!(true)]);
}

#[tokio::test]
async fn without_a_group_the_bot_keeps_answering() {
    let chat = Chat::start().await;
    let id = chat.fake.start_conversation();
    let raised = chat.called("raise-issue", &json!({ "conversation_id": id, "text": "No lo sé" })).await;
    assert_eq!([&raised["assigned"], &raised["muted"]], [&json!(false), &json!(false)], "{raised}");
    assert_eq!((raised.get("group_id"), chat.fake.texts(&id)), (None, vec!["No lo sé".to_owned()]));
    let named = chat.called("raise-issue", &json!({ "conversation_id": id, "group": "Financeiro" })).await;
    assert_eq!((&named["assigned"], &named["muted"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn a_customer_whom_nobody_was_given_to_is_not_left_alone() {
    let chat = Chat::with(&format!("group_name = \"{GROUP}\"")).await;
    for fault in [Fault::Status(500), Fault::Status(400), Fault::Broken] {
        let id = chat.fake.start_conversation();
        chat.fake.fail_on("PUT", fault.clone(), 9);
        let reply = chat.call("raise-issue", &json!({ "conversation_id": id, "text": "Le paso" })).await;
        assert_ne!(reply.status(), 200, "{fault:?}: {}", reply.text());
        chat.fake.forgive();
        let found = chat.called("get-conversation", &json!({ "conversation_id": id })).await;
        assert_eq!((&found["muted"], chat.fake.messages(&id).len()), (&Value::Bool(false), 1), "{fault:?}");
    }
}
