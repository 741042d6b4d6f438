//! The action `send-messages`.

use serde_json::{Value, json};

use crate::script::{PHONE, SEND_URL, answered, body, header, host, many, one, queued, said, shown};

/// 2026-01-02T00:00:00Z, a day after the test's clock starts, in milliseconds.
const TOMORROW_MS: i64 = 1_767_312_000_000;

#[test]
fn messages_go_into_the_queue_with_one_call() {
    let host = host(&json!({}), vec![queued(&["wwFSlUQCEB6WQ8egk42n", "jks4Fjo2409i8dj13nff"])]);
    let input = json!({ "messages": [
        { "message": "שלום דנה, ההזמנה יצאה לדרך 📦\n\"Hi\"", "phone": "+972 50-000-0001",
          "expires_at": "2026-01-02T00:00:00Z", "image_url": "https://cdn.example/label.png" },
        { "message": "Hi", "phone": "972500000002" },
    ] });
    let output = host.action("send-messages", &input).expect("queued");
    let waiting = |id: &str, phone: &str| json!({ "id": id, "phone": phone, "state": "pending" });
    let expected = json!({
        "ids": ["wwFSlUQCEB6WQ8egk42n", "jks4Fjo2409i8dj13nff"],
        "messages": [waiting("wwFSlUQCEB6WQ8egk42n", "972500000001"), waiting("jks4Fjo2409i8dj13nff", "972500000002")],
        "warnings": [],
    });
    assert_eq!(output, expected);
    let [request] = host.requests().try_into().expect("one request");
    assert_eq!((request.method.as_str(), request.url.trim_end_matches('/')), ("POST", SEND_URL));
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    let sent = r#"{"messages":[{"message":"שלום דנה, ההזמנה יצאה לדרך 📦\n\"Hi\"","phone":"972500000001","invalidationTime":"1767312000000","imagePath":"https://cdn.example/label.png"},{"message":"Hi","phone":"972500000002"}]}"#;
    assert_eq!(body(&request), sent);
    assert!(request.timeout_ms.is_some_and(|timeout| timeout >= 30_000), "a cold start takes its time");
}

#[test]
fn a_text_arrives_as_it_was_written() {
    let texts = [
        "שלום Dana 😀 \u{202b}עברית\u{202c}",
        "a\nb\r\n\tc",
        "\"quoted\" \\ back",
        "{\"json\": [1,]}",
        "  blanks  ",
        "\u{1}",
    ];
    for text in texts {
        let host = host(&json!({}), vec![queued(&["m1"])]);
        host.action("send-messages", &json!({ "messages": [{ "message": text, "phone": PHONE }] })).expect("queued");
        let sent: Value = serde_json::from_str(body(&host.requests()[0])).expect("JSON");
        assert_eq!(sent["messages"][0]["message"], text);
    }
}

#[test]
fn a_time_goes_out_as_the_digits_of_its_milliseconds() {
    let rows = [
        (json!({}), json!("2026-01-02T01:00:00+01:00"), json!(TOMORROW_MS.to_string())),
        (json!({}), json!(TOMORROW_MS.to_string()), json!(TOMORROW_MS.to_string())),
        (json!({}), json!(TOMORROW_MS), json!(TOMORROW_MS.to_string())),
        (json!({ "default_ttl_seconds": 3600 }), json!(TOMORROW_MS), json!(TOMORROW_MS.to_string())),
        (json!({ "default_ttl_seconds": 3600 }), Value::Null, json!("1767229200000")),
        (json!({}), Value::Null, Value::Null),
        (json!({}), json!(1_772_703_672_000.0), json!("1772703672000")),
    ];
    for (config, expires_at, sent) in rows {
        let mut input = one();
        if !expires_at.is_null() {
            input["messages"][0]["expires_at"] = expires_at.clone();
        }
        let host = host(&config, vec![queued(&["m1"])]);
        host.action("send-messages", &input).expect("queued");
        let body: Value = serde_json::from_str(body(&host.requests()[0])).expect("JSON");
        assert_eq!(body["messages"][0]["invalidationTime"], sent, "{config} {expires_at}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_and_nothing_is_sent() {
    let longest = "é".repeat(4096);
    let input = json!({ "messages": [
        { "message": longest, "phone": PHONE },
        { "message": " \n", "phone": "0586666644", "expires_at": "1772703672", "image_url": "cdn.example/a.png" },
        { "message": format!("{longest}é"), "phone": "972-12-34x", "expires_at": "2025-12-31T23:59:59Z", "image_url": "ftp://a/b" },
        { "message": "Hi", "phone": PHONE, "expires_at": "soon", "image_url": "https://" },
        { "message": "Hi", "phone": PHONE, "expires_at": 1e30 },
    ] });
    let host = host(&json!({}), vec![]);
    let error = host.action("send-messages", &input).expect_err("refused");
    let (kind, code, details) = shown(&error);
    assert_eq!((kind.as_str(), code.as_str()), ("Invalid", "message-empty"));
    let errors = details["errors"].as_array().expect("a list");
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error["pointer"].as_str().expect("a text"), error["code"].as_str().expect("a text")))
        .collect();
    let expected = [
        ("/messages/1/message", "message-empty"),
        ("/messages/1/phone", "country-code-missing"),
        ("/messages/1/expires_at", "time-in-seconds"),
        ("/messages/1/image_url", "image-url-invalid"),
        ("/messages/2/message", "message-too-long"),
        ("/messages/2/phone", "phone-invalid"),
        ("/messages/2/expires_at", "expired"),
        ("/messages/2/image_url", "image-url-invalid"),
        ("/messages/3/expires_at", "time-invalid"),
        ("/messages/3/image_url", "image-url-invalid"),
        ("/messages/4/expires_at", "time-invalid"),
    ];
    assert_eq!(found, expected);
    assert!(errors.iter().all(|error| !error["detail"].as_str().expect("a text").is_empty()));
    assert_eq!((host.requests().len(), host.timers().len()), (0, 0));
}

#[test]
fn the_config_says_what_stands_before_a_national_number() {
    let host = host(&json!({ "default_country_code": "972" }), vec![queued(&["m1"])]);
    let input = json!({ "messages": [{ "message": "Hi", "phone": "058-666 66 44" }] });
    let output = host.action("send-messages", &input).expect("queued");
    assert_eq!(output["messages"][0]["phone"], "972586666644");
}

#[test]
fn a_batch_has_its_bounds() {
    let none = host(&json!({}), vec![]).action("send-messages", &json!({ "messages": [] })).expect_err("refused");
    assert_eq!(shown(&none).1, "invalid-input");
    let host = host(&json!({ "max_batch": 2 }), vec![queued(&["a", "b"])]);
    assert!(host.action("send-messages", &many(2)).is_ok());
    let (kind, code, details) = shown(&host.action("send-messages", &many(3)).expect_err("refused"));
    assert_eq!((kind.as_str(), code.as_str()), ("Invalid", "batch-too-large"));
    assert_eq!((&details["errors"][0]["pointer"], host.requests().len()), (&json!("/messages"), 1));
}

#[test]
fn what_is_no_message_is_refused() {
    let message = |member: &str, value: Value| {
        let mut input = one();
        input["messages"][0][member] = value;
        input
    };
    for input in [
        json!({}),
        json!({ "messages": [{ "phone": PHONE }] }),
        json!({ "messages": [{ "message": "Hi" }] }),
        message("phone", json!(972_500_000_001_i64)),
        message("expires_at", json!(true)),
        message("to", json!("x")),
    ] {
        let error = host(&json!({}), vec![]).action("send-messages", &input).expect_err("refused");
        assert_eq!(shown(&error).1, "invalid-input", "{input}");
    }
}

#[test]
fn the_ids_are_found_however_they_are_called() {
    let printed = "{\n\"errorCode\":null,\n\"success\":true,\n\"ids:\" : [\n\"m1\",\n\"m2\",\n]\n}";
    for answer in [
        printed.to_owned(),
        printed.replace("ids:", "ids"),
        printed.replace("ids:", " ids :"),
        json!({ "success": true, "ids": ["m1", "m2"] }).to_string(),
        json!({ "errorCode": null, "ids": null, "ids:": ["m1", "m2"] }).to_string(),
        format!("\u{feff}{printed}"),
    ] {
        let host = host(&json!({}), vec![said(200, &answer)]);
        assert_eq!(host.action("send-messages", &many(2)).expect("queued")["ids"], json!(["m1", "m2"]), "{answer}");
    }
    let numbers = host(&json!({}), vec![said(200, r#"{"success": true, "ids": [12345678901234567890, "m2"]}"#)]);
    let output = numbers.action("send-messages", &many(2)).expect("queued");
    assert_eq!(output["ids"], json!(["12345678901234567890", "m2"]));
}

#[test]
fn ids_that_are_more_or_fewer_than_the_messages_are_not_paired() {
    for ids in [&["m1"][..], &["m1", "m2", "m3"]] {
        let host = host(&json!({}), vec![queued(ids)]);
        let output = host.action("send-messages", &many(2)).expect("queued");
        assert_eq!((&output["ids"], &output["messages"]), (&json!(ids), &json!([])));
        let [warning] = output["warnings"].as_array().expect("a list").as_slice() else { panic!("one warning") };
        assert!(warning.as_str().is_some_and(|warning| warning.contains(&format!("{} ids for 2 messages", ids.len()))));
        assert_eq!((host.timers().len(), host.log().len()), (0, 1));
    }
}

#[test]
fn a_success_without_ids_is_none() {
    for body in [
        json!({ "errorCode": null, "success": true }),
        json!({ "success": true, "ids": [] }),
        json!({ "success": true, "ids": "m1" }),
        json!({ "success": true, "ids": [null, {}, ""] }),
        json!({ "success": true, "id": ["m1"] }),
    ] {
        let host = host(&json!({}), vec![answered(200, &body)]);
        let (kind, code, details) = shown(&host.action("send-messages", &one()).expect_err("no ids"));
        assert_eq!((kind.as_str(), code.as_str()), ("Failed", "provider-protocol"), "{body}");
        assert_eq!(details, json!({ "http_status": 200 }));
    }
}

#[test]
fn neither_phones_nor_texts_are_logged() {
    let secret_text = "Your code is 4711";
    let input =
        json!({ "messages": [{ "message": secret_text, "phone": PHONE }, { "message": secret_text, "phone": PHONE }] });
    let host = host(&json!({}), vec![queued(&["m1"]), queued(&["m1", "m2"]), said(502, "<html>")]);
    for _ in 0..3 {
        let _answered = host.action("send-messages", &input);
    }
    let log = host.log();
    assert!(!log.is_empty(), "there is something to look at");
    assert!(log.iter().all(|(_, line)| !line.contains(PHONE) && !line.contains("4711")), "{log:?}");
}
