//! The action `get-tracking`.

use hookyard_sdk::http::Response;
use serde_json::{Value, json};

use crate::script::{asked, host, list, ok, refused, shown, tracking};

#[test]
fn a_tracking_is_found_by_its_id() {
    let there = tracking("wj5k2lq8", "LX4401927FR", "la-poste-colissimo", &json!({ "conversation_id": "c1" }));
    let host = host(&json!({}), vec![ok(&json!({ "tracking": there }))]);
    let output = host.action("get-tracking", &json!({ "tracking_id": "wj5k2lq8" })).expect("found");
    let expected = json!({
        "tracking_id": "wj5k2lq8", "tracking_number": "LX4401927FR", "slug": "la-poste-colissimo", "tag": "Pending",
        "conversation_id": "c1", "tracking": there,
    });
    assert_eq!(output, expected);
    assert_eq!(asked(&host), ["GET https://api.aftership.com/tracking/2024-04/trackings/wj5k2lq8"]);
}

#[test]
fn the_newer_shape_is_read_as_well_whatever_the_version_says() {
    let there = tracking("t1", "LX1", "dhl", &Value::Null);
    for version in ["v4", "2024-04", "2024-07"] {
        for data in [json!({ "tracking": there }), there.clone()] {
            let host = host(&json!({ "api_version": version }), vec![ok(&data)]);
            let output = host.action("get-tracking", &json!({ "tracking_id": "t1" })).expect("found");
            assert_eq!((output["tracking_id"].as_str(), &output["tracking"]), (Some("t1"), &there), "{version}");
        }
    }
}

#[test]
fn a_tracking_is_found_by_its_number_and_courier() {
    let all = [
        tracking("t1", "LX1", "dhl", &json!({})),
        tracking("t2", "LX1", "ups", &json!({})),
        tracking("t3", "lx1", "fedex", &json!({})),
    ];
    let rows = [
        (json!({ "tracking_number": " LX1 " }), Some("t1"), "tracking_numbers=LX1"),
        (json!({ "tracking_number": "LX1", "slug": "ups" }), Some("t2"), "tracking_numbers=LX1&slug=ups"),
        (json!({ "tracking_number": "LX1", "slug": "fedex" }), Some("t3"), "tracking_numbers=LX1&slug=fedex"),
        (json!({ "tracking_number": "LX1", "slug": "" }), Some("t1"), "tracking_numbers=LX1"),
        (json!({ "tracking_number": "LX1", "slug": "gls" }), None, "tracking_numbers=LX1&slug=gls"),
        (json!({ "tracking_number": "a/b c,é" }), None, "tracking_numbers=a%2Fb%20c%2C%C3%A9"),
    ];
    for (input, id, query) in rows {
        let host = host(&json!({}), vec![list(&all)]);
        let answer = host.action("get-tracking", &input);
        assert_eq!(asked(&host), [format!("GET https://api.aftership.com/tracking/2024-04/trackings?{query}")]);
        match (id, answer) {
            (Some(id), Ok(output)) => assert_eq!(output["tracking_id"], id),
            (None, Err(error)) => {
                let details = json!({ "http_status": 200 });
                assert_eq!(shown(&error), ("Invalid".into(), "tracking-not-found".into(), details));
            }
            (_, other) => panic!("{input}: {other:?}"),
        }
    }
}

#[test]
fn a_number_that_is_the_same_counts_more_than_one_that_differs_in_case() {
    let all = [tracking("t1", "lx1", "dhl", &json!({})), tracking("t2", "LX1", "dhl", &json!({}))];
    for (number, id, warned) in [("LX1", "t2", false), ("lx1", "t1", false), ("Lx1", "t1", true)] {
        let host = host(&json!({}), vec![list(&all)]);
        let output = host.action("get-tracking", &json!({ "tracking_number": number })).expect("found");
        assert_eq!((&output["tracking_id"], host.log().is_empty()), (&json!(id), !warned), "{number}");
    }
}

#[test]
fn an_unknown_id_is_told() {
    let host = host(&json!({}), vec![refused(404, 4004, "NotFound", "Tracking does not exist.")]);
    let error = host.action("get-tracking", &json!({ "tracking_id": "nope" })).expect_err("unknown");
    let details = json!({ "http_status": 404, "meta_code": 4004, "meta_type": "NotFound" });
    assert_eq!(shown(&error), ("Invalid".into(), "tracking-not-found".into(), details));
}

#[test]
fn an_id_stays_within_its_segment_of_the_path() {
    let there = tracking("a/b?c", "LX1", "dhl", &Value::Null);
    let host = host(&json!({}), vec![ok(&there)]);
    host.action("get-tracking", &json!({ "tracking_id": "a/b?c" })).expect("found");
    assert_eq!(asked(&host), ["GET https://api.aftership.com/tracking/2024-04/trackings/a%2Fb%3Fc"]);
    for id in [".", ".."] {
        assert_eq!(
            host.action("get-tracking", &json!({ "tracking_id": id })).expect_err("no id").code,
            "request-refused"
        );
    }
}

#[test]
fn exactly_one_of_id_and_number_is_given() {
    let host = host(&json!({}), vec![]);
    let wrong = [
        json!({}),
        json!({ "slug": "dhl" }),
        json!({ "tracking_id": "t1", "tracking_number": "LX1" }),
        json!({ "tracking_id": "" }),
        json!({ "tracking_number": "  " }),
        json!({ "tracking_id": 7 }),
        json!({ "tracking_id": "t1", "more": 1 }),
        json!([]),
    ];
    for input in wrong {
        assert_eq!(host.action("get-tracking", &input).expect_err("wrong").code, "invalid-input", "{input}");
    }
    assert!(host.requests().is_empty());
}

#[test]
fn what_aftership_does_not_say_is_left_out() {
    let sparse = json!({ "id": 12_345, "tracking_number": "LX1", "slug": null, "tag": "", "custom_fields": { "conversation_id": 42 } });
    let host = host(&json!({}), vec![ok(&sparse)]);
    let output = host.action("get-tracking", &json!({ "tracking_id": "12345" })).expect("found");
    let expected =
        json!({ "tracking_id": "12345", "tracking_number": "LX1", "conversation_id": "42", "tracking": sparse });
    assert_eq!(output, expected);
    for custom_fields in [Value::Null, json!({}), json!([]), json!("c"), json!({ "conversation_id": { "id": 1 } })] {
        let there = tracking("t1", "LX1", "dhl", &custom_fields);
        let host = crate::script::host(&json!({}), vec![ok(&there)]);
        let output = host.action("get-tracking", &json!({ "tracking_id": "t1" })).expect("found");
        assert_eq!(output.get("conversation_id"), None, "{custom_fields}");
    }
}

#[test]
fn the_tracking_is_passed_on_to_the_letter() {
    let text = r#"{"tracking_number":"LX1",  "weight": 1.50, "id":"t1", "big": 12345678901234567890123, "a":"\u00e9"}"#;
    let answer = Response::new(200).with_body(format!(r#"{{"data": {text}, "meta":{{"code":200}}}}"#));
    let host = host(&json!({}), vec![Ok(answer)]);
    let output = host.action_text("get-tracking", r#"{"tracking_id": "t1"}"#).expect("found");
    assert!(output.get().ends_with(&format!("\"tracking\":{text}}}")), "{}", output.get());
}
