//! What is tried again at once, and what later.

use hookyard_sdk::ErrorKind;
use hookyard_sdk::http::Response;
use serde_json::{Value, json};

use crate::script::{Answer, answered, config, failed, host, host_with, request};

fn attempts(method: &str, answers: Vec<Answer>) -> (Value, Value) {
    let record = host(answers).action("test", &json!({ "request": request(method, &json!({})) })).expect("a record");
    (record["attempts"].clone(), record["status_code"].clone())
}

#[test]
fn what_may_be_repeated_is_sent_at_most_twice_more() {
    for method in ["GET", "PUT", "DELETE"] {
        for busy in [429, 502, 503, 504] {
            let answers = || vec![answered(busy, ""), failed("connect"), answered(200, "{}")];
            assert_eq!(attempts(method, answers()), (json!(3), json!(200)), "{method} {busy}");
        }
        let four = vec![answered(503, ""), answered(503, ""), answered(503, "")];
        assert_eq!(attempts(method, four), (json!(3), json!(503)));
        for final_one in [answered(500, ""), answered(404, ""), failed("timeout"), failed("closed")] {
            assert_eq!(attempts(method, vec![final_one]).0, json!(1));
        }
    }
    for method in ["POST", "PATCH"] {
        for answer in [answered(503, ""), failed("connect")] {
            assert_eq!(attempts(method, vec![answer]).0, json!(1), "{method}");
        }
    }
}

#[test]
fn who_asks_for_a_pause_is_not_asked_again_at_once() {
    let asks = |pause: &str| Ok(Response::new(429).with_header("retry-after", pause));
    assert_eq!(attempts("GET", vec![asks("1")]), (json!(1), json!(429)));
    assert_eq!(attempts("GET", vec![asks("0"), answered(200, "{}")]), (json!(2), json!(200)));
}

#[test]
fn with_retry_later_what_passes_by_itself_is_unavailable() {
    let mut config = config();
    config["requests"]["boleto"]["retry_later"] = json!(true);
    config["requests"]["boleto"]["method"] = json!("POST");
    let run = |answer: Answer| {
        let host = host_with(&config, vec![answer]);
        let ran = host.action("run", &json!({ "request": "boleto", "fields": { "cpf": "1" } }));
        (ran, host.events().len())
    };
    let paused = Ok(Response::new(429).with_header("retry-after", "7"));
    for (answer, code, wait) in [
        (paused, "rate-limited", Some(7_000)),
        (answered(502, ""), "provider-unavailable", None),
        (answered(503, ""), "provider-unavailable", None),
        (answered(504, ""), "provider-unavailable", None),
        (failed("dns"), "provider-unavailable", None),
        (failed("connect"), "provider-unavailable", None),
        (failed("tls"), "provider-unavailable", None),
    ] {
        let (ran, events) = run(answer);
        let error = ran.expect_err("later");
        assert_eq!((error.kind, error.code.as_str(), error.retry_after_ms), (ErrorKind::Unavailable, code, wait));
        assert_eq!(events, 0);
    }
    for answer in [answered(500, ""), failed("timeout"), answered(400, "")] {
        let (ran, events) = run(answer);
        assert_eq!((ran.expect("a record")["ok"].clone(), events), (json!(false), 1));
    }
}
