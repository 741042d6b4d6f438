//! The action `get-status`.

use serde_json::{Value, json};

use crate::script::{STATUS_URL, answered, host, said, shown, status};

#[test]
fn a_status_is_a_word_and_its_number() {
    let rows = [
        (json!(0), Value::Null, "pending", json!(0), Value::Null),
        (json!(1), Value::Null, "sent", json!(1), Value::Null),
        (json!(-1), json!("no WhatsApp"), "failed", json!(-1), json!("no WhatsApp")),
        (json!("-1"), json!("מספר שגוי"), "failed", json!(-1), json!("מספר שגוי")),
        (json!(" 1 "), json!(""), "sent", json!(1), Value::Null),
        (json!("0"), json!(7), "pending", json!(0), json!("7")),
        (json!(2), Value::Null, "unknown", Value::Null, Value::Null),
        (json!(1.5), Value::Null, "unknown", Value::Null, Value::Null),
        (json!("sent"), Value::Null, "unknown", Value::Null, Value::Null),
        (json!({ "a": 1 }), json!([1]), "unknown", Value::Null, Value::Null),
        (Value::Null, Value::Null, "unknown", Value::Null, Value::Null),
    ];
    for (given, said, state, number, reason) in rows {
        let host = host(&json!({}), vec![status(&given, &said)]);
        let output = host.action("get-status", &json!({ "id": "m1" }));
        assert_eq!(
            output,
            Ok(json!({ "id": "m1", "state": state, "status": number, "reason": reason })),
            "{given} {said}"
        );
        assert_eq!(!host.log().is_empty(), state == "unknown");
    }
    let odd = host(&json!({}), vec![status(&json!("late"), &json!("972500000001 is busy"))]);
    odd.action("get-status", &json!({ "id": "m1" })).expect("read");
    let log = odd.log();
    assert!(log[0].1.contains("\"late\"") && !log[0].1.contains("972500000001"), "{log:?}");
    let printed = "{\n\"errorCode\":null,\"success\":true,\"status\":1,\"reason\":null,\n}";
    let host = host(&json!({}), vec![said(200, printed)]);
    assert_eq!(host.action("get-status", &json!({ "id": "m1" })).expect("read")["state"], "sent");
}

#[test]
fn an_id_stands_in_the_query_whatever_it_holds() {
    let rows = [
        ("wwFSlUQCEB6WQ8egk42n", "wwFSlUQCEB6WQ8egk42n"),
        ("a/b?c&d#e=f g%h+i", "a%2Fb%3Fc%26d%23e%3Df%20g%25h%2Bi"),
        ("מ\n", "%D7%9E%0A"),
    ];
    for (id, encoded) in rows {
        let host = host(&json!({}), vec![status(&json!(1), &Value::Null)]);
        let output = host.action("get-status", &json!({ "id": id })).expect("known");
        let [request] = host.requests().try_into().expect("one request");
        assert_eq!((request.method.as_str(), request.body.as_ref()), ("GET", None));
        let url = request.url.replace("app/?", "app?");
        assert_eq!((url, &output["id"]), (format!("{STATUS_URL}?id={encoded}"), &json!(id)));
    }
    let config = json!({ "status_url": "https://fb.example/status?v=2" });
    let host = host(&config, vec![status(&json!(1), &Value::Null)]);
    host.action("get-status", &json!({ "id": "m1" })).expect("known");
    assert_eq!(host.requests()[0].url, "https://fb.example/status?v=2&id=m1");
}

#[test]
fn an_id_that_feedbot_does_not_know_is_an_error_with_its_code() {
    let unknown = json!({ "errorCode": 2, "success": false, "status": null, "reason": null });
    for http_status in [200, 400] {
        let host = host(&json!({}), vec![answered(http_status, &unknown)]);
        let (kind, code, details) = shown(&host.action("get-status", &json!({ "id": "m1" })).expect_err("unknown"));
        assert_eq!((kind.as_str(), code.as_str()), ("Invalid", "missing-params"));
        assert_eq!(details, json!({ "http_status": http_status, "error_code": 2 }));
    }
    let error = host(&json!({}), vec![]).action("get-status", &json!({ "id": "" })).expect_err("refused");
    assert_eq!(shown(&error).1, "invalid-input");
}
