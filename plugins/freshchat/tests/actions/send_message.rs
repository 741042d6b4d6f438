//! The action `send-message`.

use hookyard_sdk::http::{self, Response};
use serde_json::{Value, json};

use crate::script::{CONVERSATION, asked, body, host, refused, sent, shown, timeout};

/// The bodies of all requests for this input; every message is taken.
fn sent_for(members: &Value, mut input: Value) -> Vec<Value> {
    input["conversation_id"] = json!(CONVERSATION);
    let host = host(members, (0..60).map(|n| sent(&format!("m-{n}"))).collect());
    let output = host.action("send-message", &input).expect("sent");
    let bodies: Vec<Value> = host.requests().iter().map(body).collect();
    let ids: Vec<String> = (0..bodies.len()).map(|n| format!("m-{n}")).collect();
    let private = input["freshchat"]["private"] == true;
    let message_type = if private { "private" } else { "normal" };
    let freshchat = json!({ "message_type": message_type });
    assert_eq!(output, json!({ "conversation_id": CONVERSATION, "message_ids": ids, "freshchat": freshchat }));
    bodies
}

#[test]
fn a_text_goes_out_as_the_agent_of_the_config() {
    let host = host(&json!({}), vec![sent("m-1")]);
    let input = json!({ "conversation_id": CONVERSATION, "text": "Hola, ¿mi pedido? 😀" });
    let output = host.action("send-message", &input).expect("sent");
    let freshchat = json!({ "message_type": "normal" });
    assert_eq!(output, json!({ "conversation_id": "c-1", "message_ids": ["m-1"], "freshchat": freshchat }));
    assert_eq!(asked(&host), ["POST /conversations/c-1/messages"]);
    let request = &host.requests()[0];
    let expected = r#"{"message_parts":[{"text":{"content":"Hola, ¿mi pedido? 😀"}}],"message_type":"normal","actor_type":"agent","actor_id":"agent-1"}"#;
    assert_eq!(std::str::from_utf8(request.body.as_deref().expect("a body")), Ok(expected));
    for header in [("accept", "application/json"), ("content-type", "application/json")] {
        assert!(request.headers.contains(&(header.0.to_owned(), header.1.to_owned())), "{header:?}");
    }
    assert!(request.headers.iter().all(|(name, _)| name != "authorization"), "the host adds the token");
}

#[test]
fn attachments_go_by_reference_with_what_is_known_of_them() {
    let attachments = json!([
        { "type": "image", "url": "https://cdn.example/a.png", "name": "a.png", "content_type": "image/png" },
        { "type": "video", "url": "https://cdn.example/b.mp4", "content_type": "video/mp4" },
        { "type": "file", "url": "https://cdn.example/c.pdf", "name": "c.pdf", "content_type": "application/pdf", "size_bytes": 12 },
        { "type": "file", "url": "https://cdn.example/d" },
    ]);
    let parts = json!([
        { "image": { "url": "https://cdn.example/a.png" } },
        { "video": { "url": "https://cdn.example/b.mp4", "content_type": "video/mp4" } },
        { "file": { "url": "https://cdn.example/c.pdf", "name": "c.pdf", "file_size_in_bytes": 12, "content_type": "application/pdf" } },
        { "file": { "url": "https://cdn.example/d" } },
    ]);
    for text in [json!({}), json!({ "text": "" }), json!({ "text": " \n" })] {
        let mut input = text;
        input["attachments"] = attachments.clone();
        let bodies = sent_for(&json!({}), input);
        assert_eq!((bodies.len(), &bodies[0]["message_parts"]), (1, &parts));
    }
    let bodies = sent_for(&json!({}), json!({ "text": "See:", "attachments": [attachments[0]] }));
    assert_eq!(bodies[0]["message_parts"], json!([{ "text": { "content": "See:" } }, parts[0]]));
}

#[test]
fn answers_to_choose_from_stand_below_the_message() {
    let quick_replies = json!(["Sí", { "label": "No", "value": "no, thanks" }]);
    let bodies = sent_for(&json!({}), json!({ "text": "?", "freshchat": { "quick_replies": quick_replies } }));
    let buttons = json!([
        { "quick_reply_button": { "label": "Sí" } },
        { "quick_reply_button": { "label": "No", "custom_reply_text": "no, thanks" } },
    ]);
    assert_eq!(bodies[0]["reply_parts"], json!([{ "collection": { "sub_parts": buttons } }]));
    let none = sent_for(&json!({}), json!({ "text": "?", "freshchat": { "quick_replies": [] } }));
    assert_eq!(none[0].get("reply_parts"), None);
}

#[test]
fn a_note_is_private() {
    for (private, kind) in [(true, "private"), (false, "normal")] {
        let bodies = sent_for(&json!({}), json!({ "text": "for us", "freshchat": { "private": private } }));
        assert_eq!(bodies[0]["message_type"], kind);
    }
}

#[test]
fn a_long_text_becomes_several_messages_in_its_order() {
    let members = json!({ "text_chars_max": 20 });
    let input = json!({
        "text": "First paragraph.\n\nThe second one is longer.",
        "attachments": [{ "type": "image", "url": "https://cdn.example/a.png" }],
        "freshchat": { "quick_replies": ["Ok"] },
    });
    let bodies = sent_for(&members, input);
    let texts: Vec<&Value> = bodies.iter().map(|body| &body["message_parts"][0]["text"]["content"]).collect();
    assert_eq!(texts, ["First paragraph.\n\n", "The second one is ", "longer."]);
    let lengths: Vec<usize> = bodies.iter().map(|body| body["message_parts"].as_array().unwrap().len()).collect();
    assert_eq!(lengths, [1, 1, 2], "what goes along goes with the last one");
    assert!(bodies[0].get("reply_parts").is_none() && bodies[2].get("reply_parts").is_some());
}

#[test]
fn a_text_of_exactly_the_limit_is_one_message() {
    assert_eq!(sent_for(&json!({}), json!({ "text": "é".repeat(4_000) })).len(), 1);
    assert_eq!(sent_for(&json!({}), json!({ "text": "é".repeat(4_001) })).len(), 2);
}

#[test]
fn a_text_that_would_be_too_many_messages_is_refused_before_anything_is_sent() {
    assert_eq!(sent_for(&json!({ "text_chars_max": 1 }), json!({ "text": "x".repeat(50) })).len(), 50);
    let host = host(&json!({ "text_chars_max": 1 }), vec![]);
    let input = json!({ "conversation_id": CONVERSATION, "text": "x".repeat(51) });
    let error = host.action("send-message", &input).expect_err("too long");
    let (kind, code, details) = shown(&error);
    assert_eq!((kind.as_str(), code.as_str()), ("Invalid", "text-too-long"));
    assert_eq!(details["errors"][0]["pointer"], "/text");
}

#[test]
fn a_message_without_text_and_attachment_is_refused() {
    let replies = json!({ "quick_replies": ["Ok"] });
    for input in [json!({}), json!({ "text": "" }), json!({ "text": " \u{a0}\n" }), json!({ "freshchat": replies })] {
        let mut input = input;
        input["conversation_id"] = json!(CONVERSATION);
        let error = host(&json!({}), vec![]).action("send-message", &input).expect_err("nothing to send");
        assert_eq!(shown(&error).0, "Invalid");
        assert_eq!(error.code, "message-empty");
    }
}

#[test]
fn inputs_are_checked() {
    let wrong = [
        json!({ "text": "x" }),
        json!({ "conversation_id": "", "text": "x" }),
        json!({ "conversation_id": "a\nb", "text": "x" }),
        json!({ "conversation_id": "x".repeat(257), "text": "x" }),
        json!({ "conversation_id": 7, "text": "x" }),
        json!({ "conversation_id": "c", "text": null }),
        json!({ "conversation_id": "c", "text": "x", "txt": "y" }),
        json!({ "conversation_id": "c", "text": "x", "freshchat": { "quick_reply": [] } }),
        json!({ "conversation_id": "c", "text": "x", "freshchat": { "quick_replies": [7] } }),
        json!({ "conversation_id": "c", "text": "x", "freshchat": { "quick_replies": [" "] } }),
        json!({ "conversation_id": "c", "text": "x", "freshchat": { "quick_replies": [{ "value": "v" }] } }),
        json!({ "conversation_id": "c", "attachments": [{ "type": "image", "url": "http://cdn.example/a.png" }] }),
        json!({ "conversation_id": "c", "attachments": [{ "type": "audio", "url": "https://cdn.example/a.mp3" }] }),
    ];
    for input in wrong {
        let error = host(&json!({}), vec![]).action("send-message", &input).expect_err("it does not fit");
        assert_eq!(error.code, "invalid-input", "{input}");
    }
}

#[test]
fn an_id_stays_one_segment_of_the_path() {
    let rows = [
        ("../agents?x=1#f", "..%2Fagents%3Fx%3D1%23f"),
        ("a/b", "a%2Fb"),
        ("%2e%2e", "%252e%252e"),
        ("con 1é", "con%201%C3%A9"),
    ];
    for (id, encoded) in rows {
        let host = host(&json!({}), vec![sent("m")]);
        host.action("send-message", &json!({ "conversation_id": id, "text": "x" })).expect("sent");
        assert_eq!(asked(&host), [format!("POST /conversations/{encoded}/messages")]);
    }
    for id in [".", ".."] {
        let error = host(&json!({}), vec![]).action("send-message", &json!({ "conversation_id": id, "text": "x" }));
        assert_eq!(error.expect_err("another path").code, "conversation-unknown");
    }
}

#[test]
fn an_id_of_any_length_has_its_place_in_what_is_kept() {
    let id = "😀".repeat(256);
    let host = host(&json!({}), vec![sent("m")]);
    host.action("send-message", &json!({ "conversation_id": id, "text": "x" })).expect("sent");
    host.action("mute", &json!({ "conversation_id": "é".repeat(200), "muted": true })).expect("kept");
}

#[test]
fn what_was_only_accepted_has_no_id_yet() {
    let accepted = json!({ "code": 202, "status": "ACCEPTED", "message": "accepted" });
    let answers = [
        (Response::new(202).with_json(&accepted), json!([])),
        (Response::new(202), json!([])),
        (Response::new(202).with_json(&json!({ "id": "m-9" })), json!(["m-9"])),
        (
            Response::new(201).with_json(&json!({ "id": 12_345_678_901_234_567_890_u64 })),
            json!(["12345678901234567890"]),
        ),
    ];
    for (answer, ids) in answers {
        let host = host(&json!({}), vec![Ok(answer)]);
        let input = json!({ "conversation_id": CONVERSATION, "text": "x" });
        assert_eq!(host.action("send-message", &input).expect("accepted")["message_ids"], ids);
    }
}

#[test]
fn an_answer_that_is_no_message_is_an_error() {
    for body in ["", "<html>", "[]", r#"["m-1"]"#, "{}", r#"{"id":null}"#, r#"{"id":""}"#, r#"{"messages":[]}"#] {
        let host = host(&json!({}), vec![Ok(Response::new(200).with_body(body))]);
        let input = json!({ "conversation_id": CONVERSATION, "text": "x" });
        let error = host.action("send-message", &input).expect_err("no message");
        let expected = ("Failed".into(), "provider-protocol".into(), json!({ "http_status": 200 }));
        assert_eq!(shown(&error), expected, "{body}");
    }
}

#[test]
fn a_message_whose_fate_is_unknown_is_never_repeated() {
    let open = [
        timeout(),
        Err(http::Error::new("closed", "the connection ended")),
        Ok(Response::new(500)),
        refused(503, "SERVICE_UNAVAILABLE", "later"),
    ];
    for answer in open {
        let what = format!("{answer:?}");
        let host = host(&json!({}), vec![answer]);
        let input = json!({ "conversation_id": CONVERSATION, "text": "x" });
        let error = host.action("send-message", &input).expect_err("nobody knows");
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Failed", "outcome-unknown"), "{what}");
        assert_eq!(host.requests().len(), 1, "{what}");
    }
}

#[test]
fn a_message_that_never_left_may_be_sent_again() {
    for code in ["dns", "connect", "tls"] {
        let host = host(&json!({}), vec![Err(http::Error::new(code, "no way"))]);
        let input = json!({ "conversation_id": CONVERSATION, "text": "x" });
        let error = host.action("send-message", &input).expect_err("unreachable");
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Unavailable", "provider-unavailable"));
    }
}

#[test]
fn what_was_sent_before_a_failure_is_named_and_never_sent_again() {
    let limited = || Ok(Response::new(429).with_header("retry-after", "7"));
    let rows = [
        (timeout(), "outcome-unknown"),
        (limited(), "rate-limited"),
        (refused(401, "UNAUTHENTICATED", "no"), "provider-unauthorized"),
        (refused(400, "INVALID_VALUE", "no"), "request-refused"),
        (Err(http::Error::new("connect", "no way")), "provider-unavailable"),
        (Ok(Response::new(200).with_body("<html>")), "provider-protocol"),
    ];
    for (failure, cause) in rows {
        let host = host(&json!({ "text_chars_max": 2 }), vec![sent("m-1"), sent("m-2"), failure]);
        let input = json!({ "conversation_id": CONVERSATION, "text": "abcdefgh" });
        let error = host.action("send-message", &input).expect_err("the third fails");
        let (kind, code, details) = shown(&error);
        assert_eq!((kind.as_str(), code.as_str()), ("Failed", "partly-sent"), "{cause}");
        assert_eq!((&details["message_ids"], &details["cause"]), (&json!(["m-1", "m-2"]), &json!(cause)));
        assert!(error.message.starts_with("2 of 4 messages were sent: "), "{}", error.message);
        assert_eq!(host.requests().len(), 3, "{cause}");
    }
    let host = host(&json!({ "text_chars_max": 2 }), vec![limited()]);
    let error = host.action("send-message", &json!({ "conversation_id": CONVERSATION, "text": "abcd" }));
    assert_eq!(error.expect_err("nothing was sent").code, "rate-limited");
}
