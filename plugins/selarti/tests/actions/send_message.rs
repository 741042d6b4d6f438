//! The action `send-message`.

use hookyard_sdk::http::Response;
use serde_json::{Value, json};

use crate::script::{SEND_URL, answered, body, header, host, message, shown, success};

#[test]
fn a_message_goes_to_the_ai_once() {
    let host = host(&json!({}), vec![success()]);
    let output = host.action("send-message", &json!({ "conversation_id": "tg:527700113", "text": "Привет 🙂\n\"x\"" }));
    let response = json!({ "status": "success", "response": {} });
    let expected = json!({
        "conversation_id": "tg:527700113", "message_ids": [], "selarti": { "status_code": 200, "response": response },
    });
    assert_eq!(output, Ok(expected));
    let [request] = host.requests().try_into().expect("one request");
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", SEND_URL));
    assert_eq!(body(&request), r#"{"chat_id":"tg:527700113","task_id":"task-1","text":"Привет 🙂\n\"x\""}"#);
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert_eq!(header(&request, "authorization"), None);
}

#[test]
fn the_config_says_how_the_fields_are_called() {
    let fields = |chat: &str, task: &str, text: &str| json!({ "chat_id": chat, "task": task, "text": text });
    let rows = [
        (
            json!({ "send_fields": fields("user[id]", "task", "message[text]") }),
            r#"{"user":{"id":"c1"},"task":"task-1","message":{"text":"Привет"}}"#,
        ),
        (
            json!({ "send_fields": fields("[0][chat]", "[0][task]", "[1]") }),
            r#"[{"chat":"c1","task":"task-1"},"Привет"]"#,
        ),
        (json!({ "send_fields": { "task": "task" } }), r#"{"chat_id":"c1","task":"task-1","text":"Привет"}"#),
        (
            json!({ "send_fields": fields("chat_id", "task_id", "messages[0][text]"),
                    "send_extra": { "messages[0][type]": "text", "source": { "b": 1, "a": [true, null] }, "priority": 2 } }),
            r#"{"chat_id":"c1","task_id":"task-1","messages":[{"text":"Привет","type":"text"}],"priority":2,"source":{"a":[true,null],"b":1}}"#,
        ),
        (json!({ "send_method": "PUT", "send_extra": {} }), r#"{"chat_id":"c1","task_id":"task-1","text":"Привет"}"#),
    ];
    for (config, sent) in rows {
        let host = host(&config, vec![success()]);
        host.action("send-message", &message()).expect("sent");
        let request = &host.requests()[0];
        assert_eq!(
            (request.method.as_str(), body(request)),
            (config["send_method"].as_str().unwrap_or("POST"), sent),
            "{config}"
        );
    }
}

#[test]
fn a_form_has_one_pair_for_each_field() {
    let config = json!({
        "send_encoding": "form", "send_fields": { "text": "message[text]" },
        "send_extra": { "a": "x & y", "b": 1.5, "c": true, "d": null },
    });
    let host = host(&config, vec![success()]);
    host.action("send-message", &json!({ "conversation_id": "c1", "text": "да=+ 🙂" })).expect("sent");
    let request = &host.requests()[0];
    let sent =
        "chat_id=c1&task_id=task-1&message%5Btext%5D=%D0%B4%D0%B0%3D%2B%20%F0%9F%99%82&a=x%20%26%20y&b=1.5&c=true&d=";
    assert_eq!((body(request), header(request, "content-type")), (sent, Some("application/x-www-form-urlencoded")));
}

#[test]
fn a_call_may_send_further_fields_which_count_more() {
    let config = json!({ "send_extra": { "lang": "ru", "name": "shop" } });
    let host = host(&config, vec![success()]);
    let input =
        r#"{"conversation_id":"c1","text":"Hi","selarti":{"extra":{"lang":"es","user[age]":12345678901234567890}}}"#;
    host.action_text("send-message", input).expect("sent");
    let sent = r#"{"chat_id":"c1","task_id":"task-1","text":"Hi","name":"shop","lang":"es","user":{"age":12345678901234567890}}"#;
    assert_eq!(body(&host.requests()[0]), sent);
}

#[test]
fn further_fields_that_fit_nowhere_are_refused_with_their_place() {
    let rows = [
        (json!({}), json!({ "text": "other" }), "duplicate_key", "/selarti/extra/text"),
        (json!({}), json!({ "text[x]": 1 }), "conflict", "/selarti/extra/text[x]"),
        (json!({}), json!({ "a[b": 1 }), "unclosed_bracket", "/selarti/extra/a[b"),
        (json!({}), json!({ "a[~/": 1 }), "unclosed_bracket", "/selarti/extra/a[~0~1"),
        (json!({ "send_encoding": "form" }), json!({ "a": [1] }), "form_needs_text", "/selarti/extra/a"),
    ];
    for (config, extra, code, pointer) in rows {
        let mut input = message();
        input["selarti"] = json!({ "extra": extra });
        let host = host(&config, vec![]);
        let error = host.action("send-message", &input).expect_err("refused");
        let (kind, shown_code, details) = shown(&error);
        assert_eq!((kind.as_str(), shown_code.as_str()), ("Invalid", code), "{extra}");
        assert_eq!(
            (&details["errors"][0]["pointer"], &details["errors"][0]["code"]),
            (&json!(pointer), &json!(code)),
            "{extra}"
        );
        assert_eq!(host.requests().len(), 0);
    }
}

#[test]
fn a_conversation_id_that_is_none_is_refused_before_anything_is_sent() {
    let longest = "é".repeat(256);
    for id in [json!("1"), json!(longest), json!("tg:527700113"), json!("a/b?c#d")] {
        let host = host(&json!({}), vec![success()]);
        assert!(host.action("send-message", &json!({ "conversation_id": id, "text": "Hi" })).is_ok(), "{id}");
    }
    let longer = "é".repeat(257);
    let wrong = [
        json!(""),
        json!(longer),
        json!("a b"),
        json!(" a"),
        json!("a\n"),
        json!("a\u{a0}b"),
        json!("a\u{0}"),
        json!("a\u{85}"),
        json!(5),
        Value::Null,
    ];
    for id in wrong {
        let host = host(&json!({}), vec![]);
        let error = host.action("send-message", &json!({ "conversation_id": id, "text": "Hi" })).expect_err("refused");
        assert_eq!((shown(&error).1.as_str(), host.requests().len()), ("invalid-input", 0), "{id}");
    }
}

#[test]
fn the_prefix_of_a_messenger_goes_out_with_the_conversation() {
    let host = host(&json!({}), vec![success(), success()]);
    for id in ["tg:527700113", "wa:527700113"] {
        let output = host.action("send-message", &json!({ "conversation_id": id, "text": "Hi" })).expect("sent");
        assert_eq!(output["conversation_id"], id);
    }
    let sent: Vec<bool> =
        host.requests().iter().zip(["tg:", "wa:"]).map(|(request, prefix)| body(request).contains(prefix)).collect();
    assert_eq!(sent, [true, true]);
}

#[test]
fn a_message_is_a_text_and_nothing_else() {
    let image = json!([{ "type": "image", "url": "https://cdn.example/a.png" }]);
    let rows = [
        (json!({ "conversation_id": "c1" }), "message-empty", "/text"),
        (json!({ "conversation_id": "c1", "text": " \n" }), "message-empty", "/text"),
        (
            json!({ "conversation_id": "c1", "text": "Hi", "attachments": image }),
            "attachment-unsupported",
            "/attachments/0",
        ),
        (json!({ "conversation_id": "c1", "attachments": image }), "attachment-unsupported", "/attachments/0"),
    ];
    for (input, code, pointer) in rows {
        let error = host(&json!({}), vec![]).action("send-message", &input).expect_err("refused");
        let (kind, shown_code, details) = shown(&error);
        assert_eq!((kind.as_str(), shown_code.as_str()), ("Invalid", code), "{input}");
        assert_eq!(details["errors"][0]["pointer"], pointer);
    }
    let none = json!({ "conversation_id": "c1", "text": "Hi", "attachments": [] });
    assert!(host(&json!({}), vec![success()]).action("send-message", &none).is_ok());
    for unknown in [
        json!({ "conversation_id": "c1", "text": "Hi", "to": "x" }),
        json!({ "conversation_id": "c1", "text": "Hi", "selarti": { "x": 1 } }),
    ] {
        assert_eq!(
            shown(&host(&json!({}), vec![]).action("send-message", &unknown).expect_err("refused")).1,
            "invalid-input"
        );
    }
}

#[test]
fn every_success_is_one_and_its_body_is_shown() {
    let rows = [
        (Response::new(204), json!({ "status_code": 204 })),
        (Response::new(200).with_body(" \n"), json!({ "status_code": 200 })),
        (Response::new(202).with_body("queued"), json!({ "status_code": 202, "response": "queued" })),
        (
            Response::new(201).with_body("[1, {\"id\": \"x\"}]"),
            json!({ "status_code": 201, "response": [1, { "id": "x" }] }),
        ),
        (
            Response::new(200).with_body("{\"status\":\"queued\"}"),
            json!({ "status_code": 200, "response": { "status": "queued" } }),
        ),
        (
            Response::new(200).with_body("{\"status\":7,\"status\":8}"),
            json!({ "status_code": 200, "response": { "status": 8 } }),
        ),
        (Response::new(200).with_body(b"\xFF\xFE".as_slice()), json!({ "status_code": 200 })),
        (Response::new(200).with_body("x".repeat(70_000)), json!({ "status_code": 200 })),
    ];
    for (response, selarti) in rows {
        let host = host(&json!({}), vec![Ok(response)]);
        assert_eq!(host.action("send-message", &message()).expect("sent")["selarti"], selarti);
    }
    // What servers call whatever they answer.
    let html = |body: &str| Response::new(200).with_header("content-type", "text/html; charset=utf-8").with_body(body);
    for (body, shown) in
        [("", Value::Null), ("OK", json!("OK")), (r#"{"status":"success"}"#, json!({ "status": "success" }))]
    {
        let host = host(&json!({}), vec![Ok(html(body))]);
        assert_eq!(host.action("send-message", &message()).expect("sent")["selarti"]["response"], shown, "{body}");
    }
    let digits = Response::new(200).with_body(r#"{"id": 12345678901234567890, "b": 1.50}"#);
    let host = host(&json!({}), vec![Ok(digits)]);
    let output = host.action_text("send-message", &message().to_string()).expect("sent");
    assert!(output.get().contains(r#"{"id": 12345678901234567890, "b": 1.50}"#), "{}", output.get());
}

#[test]
fn a_secret_goes_into_the_header_that_the_config_names() {
    for (auth, name, prefix) in [
        (
            json!({ "mode": "header", "name": "Authorization", "prefix": "Bearer ", "secret": "s3cret" }),
            "authorization",
            "Bearer ",
        ),
        (json!({ "mode": "header", "name": "X-Api-Key", "secret": "s3cret" }), "x-api-key", ""),
    ] {
        let host = host(&json!({ "auth": auth }), vec![success()]);
        host.action("send-message", &message()).expect("sent");
        let value = format!("{prefix}{}", host.placeholder("/auth/secret"));
        assert_eq!(header(&host.requests()[0], name), Some(value.as_str()));
    }
    let host = host(&json!({ "auth": { "mode": "none" } }), vec![answered(200, &json!({}))]);
    host.action("send-message", &message()).expect("sent");
    assert!(host.requests()[0].headers.iter().all(|(_, value)| !value.contains("hysec_")));
}

#[test]
fn nothing_is_sent_where_no_url_is_set() {
    for url in [Value::Null, json!("")] {
        let host = host(&json!({ "send_url": url }), vec![]);
        let error = host.action("send-message", &message()).expect_err("there is no URL");
        assert_eq!((shown(&error).0.as_str(), shown(&error).1.as_str()), ("Failed", "send-url-missing"));
        assert!(error.message.contains("docs.selarti.com"), "{}", error.message);
    }
}
