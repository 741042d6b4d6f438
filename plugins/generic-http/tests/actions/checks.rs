//! What is wrong with a definition is reported at its place, all of it at once.

use hookyard_sdk::ErrorKind;
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

use crate::script::{config, request, silent, wrong};

fn errors(definition: &Value) -> Vec<(String, String)> {
    let host = silent();
    let preview = host.action("preview", &json!({ "request": definition })).expect_err("it is wrong");
    assert_eq!(preview.kind, ErrorKind::Invalid);
    wrong(&preview)
}

fn at(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

#[test]
fn every_row_reports_its_first_error() {
    let row = |key: &str, of_type: &str, value: Value| json!({ "key": key, "type": of_type, "value": value });
    let rows = [
        row("deal[name", "text", json!({ "text": "x" })),
        row("a", "text", json!({ "text": "x" })),
        row("a[b]", "number", json!({ "text": "10,50" })),
        row("n", "number", json!({ "text": "10,50" })),
        row("", "text", json!({ "field": "nope" })),
        row("f", "text", json!({ "field": "nope" })),
        row("s", "text", json!({ "secret": "nope" })),
        row("o", "json", json!({ "text": "{" })),
        row("z", "null", json!({ "text": "x" })),
        row("y", "boolean", json!({ "text": "sim" })),
        json!({ "key": "m", "value": { "field": "nome" }, "on_missing": "fail" }),
    ];
    let rows_at = |codes: &[(usize, &str, &str)]| -> Vec<_> {
        codes.iter().map(|(nth, member, code)| at(&format!("/request/body/rows/{nth}/{member}"), code)).collect()
    };
    assert_eq!(
        errors(&request("POST", &json!({ "body": { "rows": rows } }))),
        rows_at(&[
            (0, "key", "unclosed_bracket"),
            (2, "key", "conflict"),
            (3, "value", "bad_number"),
            (4, "key", "empty_key"),
            (5, "value", "unknown_field"),
            (6, "value", "unknown_secret"),
            (7, "value", "bad_json"),
            (8, "value", "null_with_value"),
            (9, "value", "bad_boolean"),
            (10, "value", "missing_field"),
        ])
    );
    let form = json!({ "body": { "encoding": "form", "rows": [
        row("a", "number", json!({ "text": "1" })), { "key": "b", "value": { "field": "nome" }, "on_missing": "null" },
    ] } });
    assert_eq!(
        errors(&request("POST", &form)),
        rows_at(&[(0, "type", "form_needs_text"), (1, "type", "form_needs_text")])
    );
}

#[test]
fn a_row_is_named_as_people_count() {
    let definition = request("POST", &json!({ "body": { "rows": [{ "key": "deal[name", "value": { "text": "" } }] } }));
    let error = silent().action("preview", &json!({ "request": definition })).expect_err("a bracket is missing");
    let details: Value = serde_json::from_str(error.details.as_deref().expect("details")).expect("JSON");
    assert_eq!(
        details["errors"],
        json!([{
            "pointer": "/request/body/rows/0/key", "code": "unclosed_bracket",
            "detail": "row 1, column 5: the bracket is not closed, in \"deal[name\"",
        }])
    );
}

#[test]
fn what_is_wrong_beside_the_body_is_reported_with_it() {
    let header = |name: &str, value: &str| json!({ "name": name, "value": { "text": value } });
    let definition = json!({
        "method": "POST", "url": "https://pay.example/:a/:b", "path": { "a": { "text": ".." }, "c": { "text": "x" } },
        "query": [{ "name": "q", "value": { "field": "cpf" } }],
        "headers": [header("Host", "x"), header("X y", "x"), header("X-Ok", "a\r\nb"), header("Proxy-Authorization", "x"),
                    header("Authorization", "x"), header("X-E", "é")],
        "auth": { "type": "basic", "username": { "text": "a:b" }, "password": { "field": "cpf" } },
        "fail_if_path": "errors[]",
        "reply": { "template": "{a", "on_error": "b}" },
    });
    let mut seen = errors(&definition);
    seen.sort();
    let mut expected = vec![
        at("/request/path/a", "bad_url"),
        at("/request/path/c", "bad_url"),
        at("/request/url", "bad_url"),
        at("/request/query/0/value", "missing_field"),
        at("/request/headers/0/name", "bad_header"),
        at("/request/headers/1/name", "bad_header"),
        at("/request/headers/2/value", "bad_header"),
        at("/request/headers/3/name", "bad_header"),
        at("/request/headers/4/name", "bad_header"),
        at("/request/headers/5/value", "bad_header"),
        at("/request/auth/password", "missing_field"),
        at("/request/auth/username", "bad_header"),
        at("/request/fail_if_path", "append_not_allowed"),
        at("/request/reply/template", "unclosed_brace"),
        at("/request/reply/on_error", "unmatched_brace"),
    ];
    expected.sort();
    assert_eq!(seen, expected);
}

#[test]
fn urls_and_bodies_that_cannot_be_are_refused() {
    for url in ["", "pay.example/x", "/x", "ftp://pay.example", "https://u:p@pay.example", "https://"] {
        let mut definition = request("GET", &json!({}));
        definition["url"] = json!(url);
        assert_eq!(errors(&definition), [at("/request/url", "bad_url")], "{url:?}");
    }
    let secret = request("GET", &json!({ "path": { "k": { "secret": "other" } }, "url": "https://pay.example/:k" }));
    assert_eq!(errors(&secret), [at("/request/path/k", "unknown_secret")]);
    for (body, pointer) in [
        (json!({ "encoding": "raw" }), "/request/body"),
        (json!({ "encoding": "raw", "raw": "x", "rows": [{ "key": "a", "value": { "text": "" } }] }), "/request/body"),
        (json!({ "raw": "x" }), "/request/body/raw"),
    ] {
        assert_eq!(errors(&request("POST", &json!({ "body": body }))), [at(pointer, "bad_body")]);
    }
    let large = json!({ "body": { "encoding": "raw", "raw": "x".repeat(256 * 1024 + 1) } });
    assert_eq!(errors(&request("POST", &large)), [at("/request/body", "body_too_large")]);
    let rows: Vec<Value> = (0..201).map(|nth| json!({ "key": format!("k{nth}"), "value": { "text": "" } })).collect();
    assert_eq!(
        errors(&request("POST", &json!({ "body": { "rows": rows } }))),
        [at("/request/body/rows", "too_many_rows")]
    );
}

#[test]
fn a_connection_with_a_wrong_request_is_unhealthy_and_says_where() {
    assert_eq!(silent().activate().expect("all is right").setup.len(), 1);
    let mut wrong_config = config();
    wrong_config["requests"]["a/b"] = request(
        "POST",
        &json!({ "body": { "rows": [
        { "key": "x[", "value": { "text": "" } }, { "key": "n", "type": "number", "value": { "field": "cpf" }, "on_missing": "fail" },
    ] } }),
    );
    wrong_config["requests"]["boleto"]["reply"]["template"] = json!("{");
    let host = Host::<generic_http::GenericHttp>::new(&wrong_config);
    let error = host.activate().expect_err("two are wrong");
    let expected = [
        at("/requests/a~1b/body/rows/0/key", "unclosed_bracket"),
        at("/requests/boleto/reply/template", "unclosed_brace"),
    ];
    assert_eq!(wrong(&error), expected);
    assert!(error.details.expect("details").contains("Grant the hosts"));
}
