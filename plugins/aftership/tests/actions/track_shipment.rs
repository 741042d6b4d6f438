//! The action `track-shipment`.

use hookyard_sdk::http::{self, Response};
use serde_json::{Value, json};

use crate::script::{asked, body, created, exists, host, list, ok, refused, shown, timeout, tracking};

const TRACKINGS: &str = "https://api.aftership.com/tracking/2024-04/trackings";

fn shipment() -> Value {
    json!({ "tracking_number": "LX1", "conversation_id": "c1" })
}

#[test]
fn a_shipment_is_tracked_for_its_conversation() {
    let there = tracking("t1", "LX4401927FR", "la-poste-colissimo", &json!({ "conversation_id": "conv_01HTZQ8V3" }));
    let host = host(&json!({}), vec![created(&there)]);
    let input = json!({ "tracking_number": " LX4401927FR\n", "conversation_id": "conv_01HTZQ8V3", "slug": "la-poste-colissimo" });
    let output = host.action("track-shipment", &input).expect("created");
    let expected = json!({
        "tracking_id": "t1", "tracking_number": "LX4401927FR", "slug": "la-poste-colissimo", "tag": "Pending",
        "conversation_id": "conv_01HTZQ8V3", "already_existed": false, "updated": false, "tracking": there,
    });
    assert_eq!(output, expected);
    let request = &host.requests()[0];
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", TRACKINGS));
    assert!(request.headers.contains(&("content-type".to_owned(), "application/json".to_owned())));
    let sent = r#"{"tracking":{"tracking_number":"LX4401927FR","slug":"la-poste-colissimo","custom_fields":{"conversation_id":"conv_01HTZQ8V3"}}}"#;
    assert_eq!(std::str::from_utf8(request.body.as_deref().expect("a body")), Ok(sent));
}

#[test]
fn the_version_decides_on_the_wrapper() {
    let rows =
        [("v4", true), ("2023-10", true), ("2024-01", true), ("2024-04", true), ("2024-07", false), ("2026-01", false)];
    for (version, wrapped) in rows {
        let host = host(&json!({ "api_version": version }), vec![created(&tracking("t1", "LX1", "dhl", &Value::Null))]);
        host.action("track-shipment", &json!({ "tracking_number": "LX1" })).expect("created");
        let flat = json!({ "tracking_number": "LX1" });
        let expected = if wrapped { json!({ "tracking": flat }) } else { flat };
        assert_eq!(body(&host.requests()[0]), expected, "{version}");
    }
}

#[test]
fn what_is_absent_is_not_sent_and_the_named_inputs_count_most() {
    let rows = [
        (json!({ "slug": "", "title": "  " }), json!({})),
        (json!({ "title": "Shoes", "slug": " dhl " }), json!({ "title": "Shoes", "slug": "dhl" })),
        (json!({ "custom_fields": {} }), json!({})),
        (json!({ "custom_fields": { "order": "7" } }), json!({ "custom_fields": { "order": "7" } })),
        (
            json!({ "conversation_id": "ä\"1", "custom_fields": { "order": "7", "conversation_id": "other" } }),
            json!({ "custom_fields": { "order": "7", "conversation_id": "ä\"1" } }),
        ),
        (
            json!({ "fields": { "order_id": "A-1", "emails": ["a@example.com"], "tracking_number": "EVIL" } }),
            json!({ "order_id": "A-1", "emails": ["a@example.com"] }),
        ),
        (
            json!({ "slug": "dhl", "title": "t", "conversation_id": "c",
                    "fields": { "slug": "ups", "title": "x", "custom_fields": { "conversation_id": "d", "order": "7" } } }),
            json!({ "slug": "dhl", "title": "t", "custom_fields": { "conversation_id": "c", "order": "7" } }),
        ),
        (json!({ "fields": { "custom_fields": null } }), json!({})),
        (json!({ "fields": { "custom_fields": { "order": 7 } } }), json!({ "custom_fields": { "order": 7 } })),
    ];
    for (mut input, mut expected) in rows {
        input["tracking_number"] = json!("LX1");
        expected["tracking_number"] = json!("LX1");
        let host =
            host(&json!({ "api_version": "2025-07" }), vec![created(&tracking("t1", "LX1", "dhl", &Value::Null))]);
        host.action("track-shipment", &input).expect("created");
        assert_eq!(body(&host.requests()[0]), expected, "{input}");
    }
}

#[test]
fn further_fields_keep_their_digits() {
    let host = host(&json!({}), vec![created(&tracking("t1", "LX1", "dhl", &Value::Null))]);
    let input = r#"{"tracking_number":"LX1","fields":{"weight":1.50,"n":12345678901234567890123}}"#;
    host.action_text("track-shipment", input).expect("created");
    let sent = String::from_utf8(host.requests()[0].body.clone().expect("a body")).expect("UTF-8");
    assert_eq!(sent, r#"{"tracking":{"tracking_number":"LX1","n":12345678901234567890123,"weight":1.50}}"#);
}

#[test]
fn a_number_is_trimmed_and_the_rest_is_left_to_aftership() {
    let longest = "9".repeat(101);
    let rows = [
        ("LX1", "LX1", "LX1"),
        ("lx4401927fr", "lx4401927fr", "lx4401927fr"),
        ("\t LX44 01927 FR\r\n", "LX44 01927 FR", "LX44%2001927%20FR"),
        // The no-break space and the ideographic one are blanks, too.
        ("\u{a0}LX44\u{3000}", "LX44", "LX44"),
        // Full-width digits, and a mark that turns the direction of the text.
        ("１２３４", "１２３４", "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94"),
        ("\u{200f}LX44\u{200f}", "\u{200f}LX44\u{200f}", "%E2%80%8FLX44%E2%80%8F"),
        ("a/b.c_d-e", "a/b.c_d-e", "a%2Fb.c_d-e"),
        (
            "../v4?x=1&slug=ups#f,+%2F\"\\",
            "../v4?x=1&slug=ups#f,+%2F\"\\",
            "..%2Fv4%3Fx%3D1%26slug%3Dups%23f%2C%2B%252F%22%5C",
        ),
        (&longest, &longest, &longest),
    ];
    for (given, sent, in_query) in rows {
        let input = json!({ "tracking_number": given });
        let refusing = host(&json!({}), vec![refused(400, 4005, "BadRequest", "invalid")]);
        let error = refusing.action("track-shipment", &input).expect_err("AfterShip refuses it");
        assert_eq!(error.code, "tracking-number-invalid", "{given:?}");
        assert_eq!(body(&refusing.requests()[0]), json!({ "tracking": { "tracking_number": sent } }), "{given:?}");

        let knowing =
            host(&json!({ "on_existing": "keep" }), vec![exists(), list(&[tracking("t1", sent, "dhl", &Value::Null)])]);
        let output = knowing.action("track-shipment", &input).expect("it is there");
        assert_eq!(output["tracking_number"], sent, "{given:?}");
        assert_eq!(asked(&knowing)[1], format!("GET {TRACKINGS}?tracking_numbers={in_query}"), "{given:?}");
    }
    for blank in ["\u{a0}", "\u{3000}\u{2003}"] {
        let host = host(&json!({}), vec![]);
        let error = host.action("track-shipment", &json!({ "tracking_number": blank })).expect_err("nothing is left");
        assert_eq!(error.code, "invalid-input", "{blank:?}");
    }
}

#[test]
fn an_input_that_cannot_be_meant_is_not_sent() {
    let host = host(&json!({}), vec![]);
    let wrong = [
        json!({}),
        json!({ "tracking_number": "" }),
        json!({ "tracking_number": " \t\n" }),
        json!({ "tracking_number": 7 }),
        json!({ "tracking_number": null }),
        json!({ "tracking_number": "LX1", "conversation_id": "" }),
        json!({ "tracking_number": "LX1", "conversation_id": "c".repeat(257) }),
        json!({ "tracking_number": "LX1", "conversation_id": "a\nb" }),
        json!({ "tracking_number": "LX1", "conversation_id": 7 }),
        json!({ "tracking_number": "LX1", "custom_fields": { "n": 7 } }),
        json!({ "tracking_number": "LX1", "custom_fields": null }),
        json!({ "tracking_number": "LX1", "fields": [] }),
        json!({ "tracking_number": "LX1", "conversationId": "c" }),
    ];
    for input in wrong {
        assert_eq!(host.action("track-shipment", &input).expect_err("wrong").code, "invalid-input", "{input}");
    }
    assert!(host.requests().is_empty());
    let longest = json!({ "tracking_number": "LX1", "conversation_id": "é".repeat(256) });
    let host = crate::script::host(&json!({}), vec![created(&tracking("t1", "LX1", "dhl", &Value::Null))]);
    host.action("track-shipment", &longest).expect("256 characters");
}

#[test]
fn a_shipment_that_is_there_gets_the_new_conversation() {
    let before = tracking("t/1", "LX1", "dhl", &json!({ "order": "7", "conversation_id": "old" }));
    let after = tracking("t/1", "LX1", "dhl", &json!({ "order": "7", "conversation_id": "c1", "more": "x" }));
    let answers = vec![exists(), list(&[before]), ok(&json!({ "tracking": after }))];
    let host = host(&json!({}), answers);
    let mut input = shipment();
    input["custom_fields"] = json!({ "more": "x" });
    let output = host.action("track-shipment", &input).expect("updated");
    assert_eq!((&output["already_existed"], &output["updated"]), (&json!(true), &json!(true)));
    assert_eq!((&output["conversation_id"], &output["tracking"]), (&json!("c1"), &after));
    let expected = [
        format!("POST {TRACKINGS}"),
        format!("GET {TRACKINGS}?tracking_numbers=LX1"),
        format!("PUT {TRACKINGS}/t%2F1"),
    ];
    assert_eq!(asked(&host), expected);
    let merged = json!({ "tracking": { "custom_fields": { "order": "7", "conversation_id": "c1", "more": "x" } } });
    assert_eq!(body(&host.requests()[2]), merged);
}

#[test]
fn custom_fields_of_every_input_reach_a_shipment_that_is_there() {
    let rows = [
        (json!({ "fields": { "custom_fields": { "order": "8" } } }), json!({ "order": "8", "conversation_id": "old" })),
        (
            json!({ "conversation_id": "c1", "custom_fields": { "b": "named" },
                    "fields": { "custom_fields": { "a": "further", "b": "further", "conversation_id": "further" } } }),
            json!({ "order": "7", "a": "further", "b": "named", "conversation_id": "c1" }),
        ),
        (json!({ "fields": { "custom_fields": null } }), json!({ "order": "7", "conversation_id": "old" })),
    ];
    for (mut input, merged) in rows {
        input["tracking_number"] = json!("LX1");
        let before = tracking("t1", "LX1", "dhl", &json!({ "order": "7", "conversation_id": "old" }));
        let after = tracking("t1", "LX1", "dhl", &merged);
        let host = host(&json!({}), vec![exists(), list(&[before]), ok(&after)]);
        host.action("track-shipment", &input).expect("updated");
        assert_eq!(body(&host.requests()[2]), json!({ "tracking": { "custom_fields": merged } }), "{input}");
    }
}

#[test]
fn custom_fields_that_are_no_object_are_not_sent() {
    let host = host(&json!({}), vec![]);
    for custom_fields in [json!([]), json!("order"), json!(7), json!(false)] {
        let input = json!({ "tracking_number": "LX1", "fields": { "custom_fields": custom_fields } });
        let error = host.action("track-shipment", &input).expect_err("no object");
        assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Invalid", "request-refused"), "{input}");
    }
    assert!(host.requests().is_empty());
}

#[test]
fn a_conversation_within_the_further_fields_tells_whose_the_shipment_is() {
    let there = tracking("t1", "LX1", "dhl", &json!({ "conversation_id": "c1" }));
    for (conversation, code) in
        [(json!("c1"), None), (json!("c2"), Some("tracking-exists")), (json!(7), Some("tracking-exists"))]
    {
        let answers = vec![timeout(), exists(), list(std::slice::from_ref(&there))];
        let host = host(&json!({ "on_existing": "error" }), answers);
        let input =
            json!({ "tracking_number": "LX1", "fields": { "custom_fields": { "conversation_id": conversation } } });
        let error = host.action("track-shipment", &input).err().map(|error| error.code);
        assert_eq!(error.as_deref(), code, "{conversation}");
    }
}

#[test]
fn the_update_is_wrapped_like_the_create_and_finds_the_courier() {
    let all = [tracking("t1", "LX1", "dhl", &Value::Null), tracking("t2", "LX1", "ups", &Value::Null)];
    let after = tracking("t2", "LX1", "ups", &json!({ "conversation_id": "c1" }));
    let host = host(&json!({ "api_version": "2025-01" }), vec![exists(), list(&all), ok(&after)]);
    let mut input = shipment();
    input["slug"] = json!("ups");
    assert_eq!(host.action("track-shipment", &input).expect("updated")["tracking_id"], "t2");
    let base = "https://api.aftership.com/tracking/2025-01/trackings";
    assert_eq!(asked(&host)[1..], [format!("GET {base}?tracking_numbers=LX1&slug=ups"), format!("PUT {base}/t2")]);
    assert_eq!(body(&host.requests()[2]), json!({ "custom_fields": { "conversation_id": "c1" } }));
}

#[test]
fn an_update_with_nothing_new_keeps_what_is_there() {
    let there = tracking("t1", "LX1", "dhl", &json!({ "conversation_id": "old" }));
    let host = host(&json!({}), vec![exists(), list(std::slice::from_ref(&there)), ok(&json!({ "tracking": there }))]);
    let output = host.action("track-shipment", &json!({ "tracking_number": "LX1" })).expect("there");
    let fate = (&output["already_existed"], &output["updated"], &output["conversation_id"]);
    assert_eq!(fate, (&json!(true), &json!(true), &json!("old")));
    assert_eq!(body(&host.requests()[2]), json!({ "tracking": { "custom_fields": { "conversation_id": "old" } } }));
}

#[test]
fn an_existing_shipment_stays_as_it_is_or_is_an_error_where_that_is_configured() {
    let there = tracking("t1", "LX1", "dhl", &json!({ "conversation_id": "old" }));
    let kept = host(&json!({ "on_existing": "keep" }), vec![exists(), list(&[there])]);
    let output = kept.action("track-shipment", &shipment()).expect("kept");
    let fate = (&output["already_existed"], &output["updated"], &output["conversation_id"]);
    assert_eq!(fate, (&json!(true), &json!(false), &json!("old")));
    assert_eq!(kept.requests().len(), 2);

    let strict = host(&json!({ "on_existing": "error" }), vec![exists()]);
    let error = strict.action("track-shipment", &shipment()).expect_err("it exists");
    let details = json!({ "http_status": 400, "meta_code": 4003, "meta_type": "BadRequest" });
    assert_eq!(shown(&error), ("Invalid".into(), "tracking-exists".into(), details));
    assert_eq!(strict.requests().len(), 1);
}

#[test]
fn a_create_that_was_not_answered_is_repeated_once() {
    let there = tracking("t1", "LX1", "dhl", &json!({ "conversation_id": "c1" }));
    let new =
        |output: &Value| (output["already_existed"].clone(), output["updated"].clone()) == (json!(false), json!(false));
    for on_existing in ["update", "keep", "error"] {
        let config = json!({ "on_existing": on_existing });
        let second = host(&config, vec![timeout(), created(&there)]);
        assert!(new(&second.action("track-shipment", &shipment()).expect("created")), "{on_existing}");
        assert_eq!(second.requests()[0].body, second.requests()[1].body);

        let first = host(&config, vec![timeout(), exists(), list(std::slice::from_ref(&there))]);
        assert!(new(&first.action("track-shipment", &shipment()).expect("created")), "{on_existing}");
        assert_eq!(first.requests().len(), 3, "no PUT");
    }
    let cut = Err(http::Error::new("closed", "the connection ended"));
    let cut = host(&json!({}), vec![cut, created(&there)]);
    assert!(new(&cut.action("track-shipment", &shipment()).expect("created")));

    let never = host(&json!({}), vec![timeout(), timeout()]);
    let error = never.action("track-shipment", &shipment()).expect_err("no answer");
    assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Unavailable", "provider-unavailable"));
    assert_eq!(never.requests().len(), 2);
}

#[test]
fn a_shipment_of_another_conversation_was_there_before_the_lost_answer() {
    let before = tracking("t1", "LX1", "dhl", &json!({ "conversation_id": "old" }));
    let after = tracking("t1", "LX1", "dhl", &json!({ "conversation_id": "c1" }));
    let answers = || vec![timeout(), exists(), list(std::slice::from_ref(&before)), ok(&after)];
    let output = host(&json!({}), answers()).action("track-shipment", &shipment()).expect("updated");
    assert_eq!((&output["already_existed"], &output["updated"]), (&json!(true), &json!(true)));
    let error = host(&json!({ "on_existing": "error" }), answers()).action("track-shipment", &shipment());
    assert_eq!(error.expect_err("it exists").code, "tracking-exists");
}

#[test]
fn a_second_attempt_recognises_what_the_first_has_created() {
    let there = tracking("t1", "LX1", "dhl", &json!({ "conversation_id": "c1" }));
    let host = host(&json!({ "on_existing": "error" }), vec![exists(), list(&[there])]);
    host.set_attempt(2);
    let output = host.action("track-shipment", &shipment()).expect("created by the first attempt");
    assert_eq!((&output["tracking_id"], &output["already_existed"]), (&json!("t1"), &json!(false)));
}

#[test]
fn a_shipment_that_is_there_and_not_listed_is_tried_again_later() {
    let host = host(&json!({}), vec![exists(), list(&[])]);
    let error = host.action("track-shipment", &shipment()).expect_err("not listed");
    assert_eq!((shown(&error).0.as_str(), error.code.as_str()), ("Unavailable", "provider-unavailable"));
}

#[test]
fn a_failure_on_the_way_to_the_update_is_told() {
    let there = tracking("t1", "LX1", "dhl", &Value::Null);
    let rows = [
        (vec![exists(), timeout()], "provider-unavailable"),
        (vec![exists(), Ok(Response::new(500))], "provider-unavailable"),
        (
            vec![exists(), list(std::slice::from_ref(&there)), refused(404, 4004, "NotFound", "gone")],
            "tracking-not-found",
        ),
        (
            vec![exists(), list(std::slice::from_ref(&there)), refused(429, 429, "TooManyRequests", "slow down")],
            "rate-limited",
        ),
        (vec![exists(), list(&[there]), Ok(Response::new(200))], "provider-protocol"),
    ];
    for (answers, code) in rows {
        let error = host(&json!({}), answers).action("track-shipment", &shipment()).expect_err("it failed");
        assert_eq!(error.code, code);
    }
}

#[test]
fn the_shipment_is_passed_on_to_the_letter() {
    let text = r#"{"z": 1.50, "tracking_number":"LX1",  "id":"t1", "a": 12345678901234567890123}"#;
    let answer =
        Response::new(201).with_body(format!("{{\"meta\":{{\"code\":201}},\"data\":{{\"tracking\": {text}}}}}"));
    let host = host(&json!({}), vec![Ok(answer)]);
    let output = host.action_text("track-shipment", r#"{"tracking_number":"LX1"}"#).expect("created");
    assert!(output.get().ends_with(&format!("\"tracking\":{text}}}")), "{}", output.get());
}
