//! `test` really sends, and says what came of it.

use hookyard_sdk::http::{self, Response};
use hookyard_sdk::testing::Host;
use serde_json::{Value, json};

use crate::script::{Answer, answered, body, config, failed, header, host, host_with, parsed, request, wrong};

fn tried(definition: &Value, fields: &Value, answer: Answer) -> Value {
    let host = host(vec![answer]);
    let record = host.action("test", &json!({ "request": definition, "fields": fields })).expect("a record");
    assert!(host.events().is_empty(), "no event comes of a test");
    record
}

#[test]
fn the_record_is_the_one_of_the_documentation() {
    let answer = answered(200, r#"{"data":{"url":"https://pay.example/b/1","valor":10.50}}"#);
    let host = host(vec![answer]);
    let input = json!({ "request": "boleto", "fields": { "cpf": "00123456789" } }).to_string();
    let record = parsed(&host.action_text("test", &input).expect("a record"));
    assert_eq!(
        record,
        json!({
            "ok": true, "branch": "success", "status_code": 200, "headers": [["content-type", "application/json"]],
            "body": { "json": true, "text": "{\"data\":{\"url\":\"https://pay.example/b/1\",\"valor\":10.50}}", "truncated": false },
            "duration_ms": 0, "attempts": 1,
            "request_preview": { "method": "GET", "url": "https://pay.example/boleto?cpf=00123456789", "headers": [], "body": null },
            "message": { "text": "Segue o boleto: https://pay.example/b/1", "missing": [], "truncated": false }, "warnings": [],
        })
    );
    let sent = &host.requests()[0];
    assert_eq!((sent.timeout_ms, sent.max_redirects, sent.max_body_bytes), (Some(10_000), Some(0), Some(1024 * 1024)));
}

#[test]
fn a_secret_is_placed_and_never_shown() {
    let host = host(vec![answered(200, r#"{"id": 7}"#)]);
    let record = host.action("test", &json!({ "request": "create-deal", "fields": { "nome": "Ana" } })).expect("sent");
    let secret = host.placeholder("/secrets/rd");
    let sent = &host.requests()[0];
    assert_eq!(sent.url, format!("https://crm.rdstation.com/api/v1/deals?token={secret}"));
    assert_eq!(body(sent), r#"{"deal":{"name":"Ana","rating":1},"contacts":[{"name":"Ana"}]}"#);
    assert_eq!(header(sent, "content-type"), Some("application/json"));
    assert!(!record.to_string().contains(&secret));
    assert_eq!(record["request_preview"]["url"], "https://crm.rdstation.com/api/v1/deals?token=•••");
}

#[test]
fn a_secret_in_the_path_is_placed_within_its_segment_and_never_shown() {
    let definition = |path: Value| json!({ "method": "POST", "url": "https://pay.example/:bot/sendMessage", "path": { "bot": path } });
    let host = host(vec![answered(200, "{}")]);
    let request = definition(json!({ "secret": "rd", "prefix": "b/t" }));
    let shown = host.action("preview", &json!({ "request": request })).expect("a preview");
    assert_eq!(shown["url"], "https://pay.example/b%2Ft•••/sendMessage");
    let record = host.action("test", &json!({ "request": request })).expect("sent");
    let secret = host.placeholder("/secrets/rd");
    assert_eq!(host.requests()[0].url, format!("https://pay.example/b%2Ft{secret}/sendMessage"));
    assert!(!record.to_string().contains(&secret));
    assert_eq!(record["request_preview"]["url"], "https://pay.example/b%2Ft•••/sendMessage");

    let mut other = definition(json!({ "secret": "rd" }));
    other["url"] = json!("https://evil.example/:bot");
    let refused = host.action("test", &json!({ "request": other })).expect("a record");
    assert_eq!(refused["error"]["kind"], "forbidden_target");
    let mut dots = config();
    dots["secrets"]["rd"] = json!("..");
    let host = host_with(&dots, vec![]);
    let refused = host.action("test", &json!({ "request": definition(json!({ "secret": "rd" })) })).expect("a record");
    assert_eq!((&refused["error"]["kind"], &refused["attempts"]), (&json!("config"), &json!(1)));
    assert!(host.requests().is_empty());
}

#[test]
fn what_went_wrong_is_said_without_what_stands_for_a_secret() {
    let definition = |method: &str, url: &str, later: bool| {
        json!({
            "method": method, "url": url, "retry_later": later, "path": { "k": { "secret": "rd" } },
            "query": [{ "name": "t", "value": { "secret": "rd" } }],
        })
    };
    let mut config = config();
    config["requests"]["down"] = definition("GET", "https://pay.example/:k", false);
    let host = Host::<generic_http::GenericHttp>::new(&config).grant("pay.example");
    let host = host.provider(|request| Err(http::Error::new("connect", format!("GET {} failed", request.url))));
    let record = host.action("run", &json!({ "request": "down" })).expect("a record");
    assert_eq!(record["error"]["message"], "GET https://pay.example/•••?t=••• failed");
    assert_eq!(host.events()[0].json()["error"]["message"], record["error"]["message"]);
    let later = json!({ "request": definition("GET", "https://pay.example/:k", true) });
    let later = host.action("test", &later).expect_err("it is tried again by the flow");
    assert!(later.message.contains("https://pay.example/•••?t=•••"), "{later}");

    let plain = json!({
        "method": "POST", "url": "https://pay.example/", "headers": [{ "name": "content-type", "value": { "text": "text/plain" } }],
        "body": { "rows": [{ "key": "a", "value": { "secret": "rd" } }] },
    });
    for refused in [definition("POST", "https://evil.example/:k", false), plain] {
        let record = host.action("test", &json!({ "request": refused })).expect("a record");
        assert_eq!(record["error"]["kind"], "forbidden_target");
        assert!(!record.to_string().contains("hysec_"), "{record}");
    }
}

#[test]
fn an_answer_of_any_status_is_a_record() {
    for (status, branch) in
        [(200, "success"), (204, "success"), (302, "error"), (401, "error"), (404, "error"), (500, "error")]
    {
        let record = tried(&request("POST", &json!({})), &json!({}), Ok(Response::new(status)));
        assert_eq!(
            (&record["status_code"], &record["branch"], &record["body"], &record["message"]),
            (&json!(status), &json!(branch), &Value::Null, &Value::Null)
        );
        assert_eq!((&record["ok"], record.get("error")), (&json!(branch == "success"), None));
    }
    let listed = request("POST", &json!({ "success_status": [404, 302], "redirects_max": 2 }));
    for (status, ok) in [(404, true), (302, true), (200, false)] {
        assert_eq!(tried(&listed, &json!({}), Ok(Response::new(status)))["ok"], ok, "{status}");
    }
    let followed = request("GET", &json!({ "redirects_max": 2 }));
    let redirect = tried(&followed, &json!({}), Ok(Response::new(303).with_header("location", "/x")));
    assert_eq!((&redirect["status_code"], &redirect["error"]["kind"]), (&json!(303), &json!("redirect")));
    let nowhere = tried(&followed, &json!({}), Ok(Response::new(303)));
    assert_eq!((&nowhere["branch"], nowhere.get("error")), (&json!("error"), None), "none was followed");
}

#[test]
fn a_value_can_make_an_error_of_a_success() {
    let definition =
        request("POST", &json!({ "fail_if_path": "error[code]", "reply": { "on_error": "falhou: {error[code]}" } }));
    for (answer, branch, message) in [
        (r#"{"error": {"code": 7}}"#, "error", json!("falhou: 7")),
        (r#"{"error": {"code": null}}"#, "success", Value::Null),
        (r#"{"error": null}"#, "success", Value::Null),
        ("<html>", "success", Value::Null),
    ] {
        let record = tried(&definition, &json!({}), answered(200, answer));
        assert_eq!((&record["branch"], &record["message"]["text"]), (&json!(branch), &message), "{answer}");
    }
}

#[test]
fn what_is_missing_in_the_answer_is_an_error_empty_or_a_text() {
    let with = |on_missing: &str| {
        let reply = json!({ "reply": { "template": "[{a[b]}]", "on_missing": on_missing, "on_error": "no: {c}" } });
        let record = tried(&request("POST", &reply), &json!({}), answered(200, r#"{"a": {"b": null}, "c": 1}"#));
        (record["message"]["text"].clone(), record["error"]["kind"].clone())
    };
    assert_eq!(with("error"), (json!("no: 1"), json!("reply_missing")));
    assert_eq!(with("empty"), (json!("[]"), Value::Null));
    assert_eq!(with("text:-{c}-"), (json!("[-{c}-]"), Value::Null));
}

#[test]
fn no_answer_is_a_record_with_a_kind() {
    let kinds = [
        ("dns", "dns"),
        ("connect", "connect"),
        ("tls", "tls"),
        ("timeout", "timeout"),
        ("too-large", "too_large"),
        ("protocol", "protocol"),
        ("closed", "protocol"),
        ("secret-reflected", "protocol"),
        ("denied", "forbidden_target"),
        ("invalid", "config"),
    ];
    for (code, kind) in kinds {
        let definition = request("POST", &json!({ "reply": { "template": "{a}", "on_error": "Sem resposta{a}" } }));
        let record = tried(&definition, &json!({}), failed(code));
        assert_eq!((&record["status_code"], &record["error"]["kind"]), (&Value::Null, &json!(kind)), "{code}");
        assert_eq!((&record["message"]["text"], &record["attempts"]), (&json!("Sem resposta"), &json!(1)));
    }
}

#[test]
fn a_host_that_is_not_granted_is_forbidden_and_gets_no_secret() {
    let definition = json!({
        "method": "GET", "url": "https://evil.example/", "query": [{ "name": "t", "value": { "secret": "rd" } }],
    });
    let host = host(Vec::new());
    let record = host.action("test", &json!({ "request": definition })).expect("a record");
    assert_eq!((&record["error"]["kind"], &record["branch"]), (&json!("forbidden_target"), &json!("error")));
    assert!(host.requests().is_empty());
}

#[test]
fn the_value_of_a_field_that_does_not_fit_is_a_record_and_the_definition_is_no_request() {
    let rows = json!({ "rows": [{ "key": "valor", "type": "number", "value": { "field": "cpf" } }] });
    let definition = request("POST", &json!({ "body": rows, "reply": { "on_error": "Tente {x}mais tarde" } }));
    let host = host(Vec::new());
    let record =
        host.action("test", &json!({ "request": definition, "fields": { "cpf": "R$ 10" } })).expect("a record");
    assert_eq!((&record["error"]["kind"], &record["attempts"]), (&json!("build"), &json!(0)));
    assert_eq!(record["error"]["errors"][0]["pointer"], "/request/body/rows/0/value");
    assert_eq!(record["error"]["errors"][0]["code"], "bad_number");
    assert_eq!((&record["request_preview"], &record["message"]["text"]), (&Value::Null, &json!("Tente mais tarde")));
    let mut broken = definition;
    broken["body"]["rows"][0]["key"] = json!("valor]");
    let error =
        host.action("test", &json!({ "request": broken, "fields": { "cpf": "R$ 10" } })).expect_err("a bracket");
    assert_eq!(wrong(&error), [("/request/body/rows/0/key".to_owned(), "unexpected_bracket".to_owned())]);
}

#[test]
fn bodies_are_shown_as_what_they_are() {
    let shown = |content_type: &str, bytes: &[u8]| {
        let answer = Response::new(200).with_header("content-type", content_type).with_body(bytes);
        tried(&request("POST", &json!({})), &json!({}), Ok(answer))["body"].clone()
    };
    assert_eq!(
        shown("text/html; charset=ISO-8859-1", b"<p>ol\xe1</p>"),
        json!({ "json": false, "text": "<p>olá</p>", "truncated": false })
    );
    assert_eq!(
        shown("application/json", b"\xEF\xBB\xBF[1]"),
        json!({ "json": true, "text": "[1]", "truncated": false })
    );
    assert_eq!(shown("image/png", b"\x89PNG"), json!({ "json": false, "base64": "iVBORw==", "truncated": false }));
    let long = shown("text/plain", &[b'a'; 300 * 1024]);
    assert_eq!((long["text"].as_str().map(str::len), &long["truncated"]), (Some(256 * 1024), &json!(true)));
    let cut = shown("text/plain", &[b'a'; 1024 * 1024 + 1]);
    assert_eq!(cut["truncated"], true);
}

#[test]
fn a_record_comes_out_whatever_the_answer_is_made_of() {
    let raw = |byte: char, count: usize| json!({ "encoding": "raw", "raw": String::from(byte).repeat(count) });
    let of =
        |byte: u8| Ok(Response::new(200).with_header("content-type", "text/plain").with_body(vec![byte; 400 * 1024]));
    for (sent, answer) in [('x', 1), ('"', b'"'), ('"', 0xff)] {
        let sent = raw(sent, 256 * 1024 - 1);
        let record = tried(&request("POST", &json!({ "body": sent })), &json!({}), of(answer));
        assert!(record.to_string().len() <= 1024 * 1024, "{} bytes", record.to_string().len());
        let body = &record["body"];
        let shown = body["text"].as_str().or(body["base64"].as_str()).expect("a body").len();
        assert!(shown > 100 * 1024 && body["truncated"] == true, "{shown}");
    }
    let control_sent = json!({ "request": request("POST", &json!({ "body": raw('\u{1}', 100 * 1024) })) });
    let error = host(Vec::new()).action("preview", &control_sent).expect_err("it could not be shown");
    assert_eq!(wrong(&error), [("/request/body".to_owned(), "body_too_large".to_owned())]);
}

#[test]
fn an_empty_answer_and_one_that_is_no_json_have_nothing_for_a_template() {
    let definition = request("POST", &json!({ "success_status": [200, 204, 304], "reply": { "template": "{a}" } }));
    let answers = [
        Ok(Response::new(204)),
        Ok(Response::new(304)),
        Ok(Response::new(200).with_header("content-type", "text/html").with_body("<html>{\"a\": 1}</html>")),
        answered(200, "{\"a\": NaN}"),
        answered(200, "[{\"a\": Infinity}]"),
        answered(200, &"[".repeat(100_000)),
    ];
    for answer in answers {
        let record = tried(&definition, &json!({}), answer);
        assert_eq!((&record["error"]["kind"], &record["message"]), (&json!("reply_missing"), &Value::Null));
        assert!(record["body"].is_null() || record["body"]["json"] == false, "{}", record["body"]);
    }
}

#[test]
fn of_members_with_one_name_the_last_counts_and_a_long_message_is_cut() {
    let definition = request("POST", &json!({ "reply": { "template": "{a}" } }));
    let twice = tried(&definition, &json!({}), answered(200, r#"{"a": 1, "a": 2}"#));
    assert_eq!(twice["message"]["text"], "2");
    let long = tried(&definition, &json!({}), answered(200, &format!("{{\"a\": \"{}\"}}", "é".repeat(5_000))));
    assert_eq!(long["message"]["truncated"], true);
    assert_eq!(long["message"]["text"].as_str().map(|text| text.chars().count()), Some(4_096));
}

#[test]
fn a_request_for_patience_is_shown_as_it_is() {
    let answer =
        Response::new(429).with_header("retry-after", "30").with_header("x-limit", "a").with_header("x-limit", "b");
    let record = tried(&request("POST", &json!({})), &json!({}), Ok(answer));
    assert_eq!((&record["status_code"], &record["branch"]), (&json!(429), &json!("error")));
    assert_eq!(record["headers"], json!([["retry-after", "30"], ["x-limit", "a"], ["x-limit", "b"]]));
}
