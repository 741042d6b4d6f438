//! `run` sends a request of the config, and what came of it becomes an event.

use serde_json::{Value, json};

use crate::script::{answered, config, failed, host, host_with};

#[test]
fn a_success_and_its_message_are_an_event_for_the_next_step() {
    let host = host(vec![answered(200, r#"{"data": {"url": "https://pay.example/b/1", "valor": 10.50}}"#)]);
    let input =
        r#"{"request": "boleto", "subject": "c1", "fields": {"cpf": "1"}, "context": {"n": 12345678901234567890}}"#;
    host.action_text("run", input).expect("a record");
    let [event] = &host.events()[..] else { panic!("one event") };
    assert_eq!((event.kind.as_str(), event.subject.as_deref()), ("request.succeeded", Some("c1")));
    assert_eq!(
        event.data.get(),
        r#"{"request":"boleto","status_code":200,"branch":"success","message":"Segue o boleto: https://pay.example/b/1","response":{"data": {"url": "https://pay.example/b/1", "valor": 10.50}},"context":{"n": 12345678901234567890}}"#
    );
}

#[test]
fn whatever_went_wrong_is_the_other_event() {
    let rows = [
        (vec![answered(404, "{}")], json!({ "cpf": "1" }), json!(404), Value::Null, json!("Sem boleto ")),
        (vec![answered(200, "{}")], json!({ "cpf": "1" }), json!(200), json!("reply_missing"), json!("Sem boleto ")),
        (vec![failed("timeout")], json!({ "cpf": "1" }), Value::Null, json!("timeout"), json!("Sem boleto ")),
        (Vec::new(), json!({}), Value::Null, json!("build"), json!("Sem boleto ")),
    ];
    for (answers, fields, status, kind, message) in rows {
        let host = host(answers);
        let record = host.action("run", &json!({ "request": "boleto", "fields": fields })).expect("a record");
        let [event] = &host.events()[..] else { panic!("one event") };
        let data = event.json();
        assert_eq!((event.kind.as_str(), event.subject.as_deref()), ("request.failed", None));
        assert_eq!((&data["status_code"], &data["error"]["kind"], &data["message"]), (&status, &kind, &message));
        assert_eq!((&record["branch"], &data["branch"], data.get("context")), (&json!("error"), &json!("error"), None));
    }
}

#[test]
fn an_answer_that_is_large_or_no_json_stays_out_of_the_event() {
    for answer in ["<html>".to_owned(), format!("[\"{}\"]", "x".repeat(64 * 1024)), "[".repeat(100)] {
        let host = host(vec![answered(500, &answer)]);
        host.action("run", &json!({ "request": "boleto", "fields": { "cpf": "1" } })).expect("a record");
        assert_eq!(host.events()[0].json().get("response"), None);
    }
}

#[test]
fn only_requests_of_the_config_are_run_and_the_context_is_bounded() {
    let inline = json!({ "request": { "method": "GET", "url": "https://pay.example/" } });
    assert_eq!(host(Vec::new()).action("run", &inline).expect_err("no name").code, "invalid-input");
    let context = json!({ "request": "boleto", "fields": { "cpf": "1" }, "context": "x".repeat(16 * 1024) });
    assert_eq!(host(Vec::new()).action("run", &context).expect_err("too large").code, "context-too-large");
}

#[test]
fn a_subject_that_no_event_can_have_is_refused_before_anything_is_sent() {
    for subject in ["a\nb", "\u{7f}", "\u{85}"] {
        let host = host(Vec::new());
        let input = json!({ "request": "boleto", "fields": { "cpf": "1" }, "subject": subject });
        assert_eq!(host.action("run", &input).expect_err("a control character").code, "subject-invalid");
    }
}

#[test]
fn a_wrong_definition_runs_nothing_and_tells_nobody() {
    let mut config = config();
    config["requests"]["boleto"]["url"] = json!("pay.example");
    let host = host_with(&config, Vec::new());
    let error = host.action("run", &json!({ "request": "boleto", "fields": {} })).expect_err("no URL");
    assert_eq!((error.code.as_str(), host.events().len()), ("request-invalid", 0));
}
