//! `preview` shows what would be sent, and sends nothing.

use serde_json::{Value, json};

use crate::script::{parsed, request, silent, wrong};

fn preview(input: &Value) -> Value {
    silent().action("preview", input).expect("a preview")
}

#[test]
fn the_request_of_the_documentation_is_shown_as_documented() {
    let fields = json!({ "nome": "Maria Souza", "email": "maria@example.com" });
    let host = silent();
    let shown = host.action_text("preview", &json!({ "request": "create-deal", "fields": fields }).to_string());
    let expected = r#"{"method":"POST","url":"https://crm.rdstation.com/api/v1/deals?token=•••","headers":[["content-type","application/json"]],"body":"{\"deal\":{\"name\":\"Maria Souza\",\"rating\":1},\"contacts\":[{\"name\":\"Maria Souza\",\"emails\":[{\"email\":\"maria@example.com\"}]}]}","warnings":[]}"#;
    let shown = shown.expect("a preview");
    assert_eq!(parsed(&shown), serde_json::from_str::<Value>(expected).expect("JSON"));
    let without = preview(&json!({ "request": "create-deal", "fields": { "nome": "\"Ana\"\n{x}", "email": null } }));
    assert_eq!(without["body"], r#"{"deal":{"name":"\"Ana\"\n{x}","rating":1},"contacts":[{"name":"\"Ana\"\n{x}"}]}"#);
}

#[test]
fn fields_are_put_in_by_their_digits_and_only_where_they_belong() {
    let host = silent();
    let input = r#"{"request": {"method": "PUT", "url": "https://pay.example/c/:id?v=1", "path": {"id": {"field": "cpf"}},
        "query": [{"name": "n o", "value": {"field": "nome"}}, {"name": "e", "value": {"field": "email"}, "on_missing": "omit"},
                  {"name": "x", "value": {"field": "email"}, "on_missing": "empty"}],
        "headers": [{"name": "X-Id", "value": {"field": "cpf"}}, {"name": "X-E", "value": {"field": "email"}, "on_missing": "omit"}],
        "body": {"rows": [{"key": "n", "type": "number", "value": {"field": "cpf"}}, {"key": "t", "value": {"field": "cpf"}},
                          {"key": "b", "type": "boolean", "value": {"field": "nome"}}, {"key": "m", "value": {"field": "email"}},
                          {"key": "z", "type": "number", "value": {"field": "email"}}]}},
        "fields": {"cpf": 12345678901234567890.50, "nome": true}}"#;
    let shown = parsed(&host.action_text("preview", input).expect("a preview"));
    assert_eq!(shown["url"], "https://pay.example/c/12345678901234567890.50?v=1&n%20o=true&x=");
    assert_eq!(shown["headers"], json!([["x-id", "12345678901234567890.50"], ["content-type", "application/json"]]));
    assert_eq!(
        shown["body"],
        r#"{"n":12345678901234567890.50,"t":"12345678901234567890.50","b":true,"m":"","z":null}"#
    );
}

#[test]
fn a_field_cannot_change_where_the_request_goes() {
    let definition = json!({
        "method": "GET", "url": "https://pay.example/c/:id", "path": { "id": { "field": "cpf" } },
        "query": [{ "name": "q", "value": { "field": "nome" } }],
    });
    let shown = preview(&json!({ "request": definition, "fields": { "cpf": "../x/y?a#b@c", "nome": "1&admin=1#" } }));
    assert_eq!(shown["url"], "https://pay.example/c/..%2Fx%2Fy%3Fa%23b%40c?q=1%26admin%3D1%23");
    let error = silent().action("preview", &json!({ "request": definition, "fields": { "cpf": "..", "nome": "" } }));
    assert_eq!(wrong(&error.expect_err("another path")), [("/request/path/id".to_owned(), "bad_url".to_owned())]);
}

#[test]
fn what_is_odd_is_a_warning() {
    let rows = json!({ "rows": [{ "key": "a", "value": { "text": "1" } }] });
    let get = preview(&json!({ "request": request("GET", &json!({ "body": rows })) }));
    assert_eq!(
        (&get["body"], &get["headers"], &get["warnings"]),
        (&Value::Null, &json!([]), &json!(["body-not-sent"]))
    );
    let mut insecure = request("POST", &json!({ "body": { "rows": [] } }));
    insecure["url"] = json!("http://pay.example/x");
    let insecure = preview(&json!({ "request": insecure }));
    assert_eq!(
        (&insecure["body"], &insecure["headers"]),
        (&Value::Null, &json!([])),
        "no rows, no body, no content type"
    );
    assert_eq!(insecure["warnings"], json!(["insecure-url"]));
    let headers = json!([{ "name": "content-type", "value": { "text": "application/x-www-form-urlencoded" } }]);
    let odd = preview(&json!({ "request": request("POST", &json!({ "body": rows, "headers": headers })) }));
    assert_eq!(odd["warnings"], json!(["content-type-mismatch"]));
}

#[test]
fn forms_and_texts_are_sent_as_they_are_written() {
    let rows = json!([
        { "key": "c[0][n]", "value": { "text": "a&b=ç" } }, { "key": "t[]", "value": { "field": "nome" } },
        { "key": "t[]", "value": { "secret": "rd", "prefix": "k:" } }, { "key": "o", "value": { "field": "email" }, "on_missing": "omit" },
    ]);
    let form = json!({ "body": { "encoding": "form", "rows": rows } });
    let form = preview(&json!({ "request": request("PATCH", &form), "fields": { "nome": "x y" } }));
    assert_eq!(form["body"], "c%5B0%5D%5Bn%5D=a%26b%3D%C3%A7&t%5B%5D=x%20y&t%5B%5D=k%3A•••");
    assert_eq!(form["headers"], json!([["content-type", "application/x-www-form-urlencoded"]]));
    let raw = preview(
        &json!({ "request": request("DELETE", &json!({ "body": { "encoding": "raw", "raw": "<a>{x}</a>" } })) }),
    );
    assert_eq!((&raw["body"], &raw["headers"]), (&json!("<a>{x}</a>"), &json!([])));
}

#[test]
fn the_body_is_compared_with_the_targets_own_by_members_and_types() {
    let compared = |target: &str| {
        preview(&json!({ "request": "create-deal", "fields": { "nome": "Ana" }, "compare_with": target }))
    };
    let same = compared(r#"{"contacts": [{"name": ""}], "deal": {"name": "x", "rating": 5e400}}"#);
    assert_eq!((&same["matches"], &same["differences"]), (&json!(true), &json!([])));
    let other =
        compared(r#"{"deal": {"name": 1, "a/b": null}, "contacts": [{"name": "x"}, {}], "campaign": {"_id": "1"}}"#);
    assert_eq!(other["matches"], false);
    assert_eq!(
        other["differences"],
        json!([
            { "pointer": "/campaign", "problem": "missing" }, { "pointer": "/contacts/1", "problem": "missing" },
            { "pointer": "/deal/a~1b", "problem": "missing" }, { "pointer": "/deal/name", "problem": "type" },
            { "pointer": "/deal/rating", "problem": "extra" },
        ])
    );
    let error =
        silent().action("preview", &json!({ "request": "boleto", "fields": { "cpf": 1 }, "compare_with": "{" }));
    assert_eq!(wrong(&error.expect_err("no JSON")), [("/compare_with".to_owned(), "bad_json".to_owned())]);
}

#[test]
fn a_sample_of_an_answer_shows_branch_and_message() {
    let judged = |sample: Value| {
        let shown =
            preview(&json!({ "request": "create-deal", "fields": { "nome": "Ana" }, "sample_response": sample }));
        (shown["branch"].clone(), shown["message"]["text"].clone())
    };
    assert_eq!(
        judged(json!({ "body": "{\"id\": 12345678901234567890}" })),
        (json!("success"), json!("Negócio 12345678901234567890 criado"))
    );
    let late = (json!("error"), json!("Tente mais tarde"));
    assert_eq!(judged(json!({ "body": "{\"id\": null}" })), late);
    assert_eq!(judged(json!({ "status_code": 422, "headers": [["a", "b"]], "body": "{\"id\": 1}" })), late);
    assert_eq!(judged(json!({ "body": "<html>" })), late);
}

#[test]
fn an_unknown_request_is_none() {
    for (action, input) in [
        ("preview", json!({ "request": "nope" })),
        ("test", json!({ "request": "nope" })),
        ("run", json!({ "request": "nope" })),
    ] {
        let error = silent().action(action, &input).expect_err("unknown");
        assert_eq!((error.code.as_str(), error.kind), ("request-unknown", hookyard_sdk::ErrorKind::Invalid));
    }
}
