//! The vectors of bodies and messages, byte for byte, through the host.

use serde_json::{Value, json};

use super::Crm;

fn vectors(text: &str, count: usize) -> Vec<Value> {
    let vectors: Vec<Value> = serde_json::from_str(text).expect("JSON");
    assert_eq!(vectors.len(), count);
    vectors
}

/// The codes of everything that is wrong with a request.
fn codes(problem: &Value) -> Vec<Value> {
    let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("errors: {problem}"));
    errors.iter().map(|error| error["code"].clone()).collect()
}

#[tokio::test]
async fn rows_are_sent_as_the_bodies_of_the_vectors_or_refused_with_their_codes() {
    let crm = Crm::start().await;
    for vector in vectors(include_str!("../../vectors/keypath_vectors.json"), 39) {
        let rows: Vec<Value> = vector["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| json!({ "key": row["key"], "type": row["type"], "value": { "text": row["value"] } }))
            .collect();
        let url = format!("{}/echo", crm.rest.base());
        let request = json!({ "method": "POST", "url": url, "body": { "rows": rows } });
        let before = crm.rest.requests().len();
        let reply = crm.call("test", &json!({ "request": request })).await;
        let sent = crm.rest.requests().split_off(before);
        match vector["body"].as_str() {
            Some(body) => {
                assert_eq!(reply.status(), 200, "{}: {}", vector["name"], reply.text());
                assert_eq!(sent.len(), 1, "{}", vector["name"]);
                assert_eq!(String::from_utf8_lossy(&sent[0].body), body, "{}", vector["name"]);
            }
            None => {
                assert_eq!((reply.status(), sent.len()), (422, 0), "{}: {}", vector["name"], reply.text());
                assert_eq!(codes(&reply.json()), [vector["error"].clone()], "{}", vector["name"]);
            }
        }
    }
}

#[tokio::test]
async fn templates_make_the_messages_of_the_vectors_or_are_refused_with_their_codes() {
    let crm = Crm::start().await;
    for vector in vectors(include_str!("../../vectors/template_vectors.json"), 20) {
        let request = json!({
            "method": "GET", "url": "https://x.example/",
            "reply": { "template": vector["template"], "on_missing": "empty" },
        });
        let input = json!({ "request": request, "sample_response": { "body": vector["response_body"] } });
        let reply = crm.call("preview", &input).await;
        match vector["text"].as_str() {
            Some(text) => {
                let message = json!({ "text": text, "missing": vector["missing"], "truncated": false });
                assert_eq!(reply.json()["message"], message, "{}: {}", vector["name"], reply.text());
            }
            None => {
                assert_eq!(reply.status(), 422, "{}: {}", vector["name"], reply.text());
                assert_eq!(codes(&reply.json()), [vector["error"].clone()], "{}", vector["name"]);
            }
        }
    }
}
