//! The vectors of bodies and messages, byte for byte, through `preview`.

use serde_json::{Value, json};

use crate::script::{request, silent, wrong};

#[test]
fn rows_make_the_bodies_and_errors_of_the_vectors() {
    let vectors = include_str!("../../../../tests/vectors/keypath_vectors.json");
    let vectors: Vec<Value> = serde_json::from_str(vectors).expect("JSON");
    assert_eq!(vectors.len(), 39);
    let host = silent();
    for vector in vectors {
        let rows: Vec<Value> = vector["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| json!({ "key": row["key"], "type": row["type"], "value": { "text": row["value"] } }))
            .collect();
        let input = json!({ "request": request("POST", &json!({ "body": { "rows": rows } })) });
        match host.action("preview", &input) {
            // No rows, no body.
            Ok(preview) => {
                assert_eq!(preview["body"].as_str().unwrap_or_default(), vector["body"], "{}", vector["name"]);
            }
            Err(error) => {
                let codes: Vec<_> = wrong(&error).into_iter().map(|(_, code)| Value::from(code)).collect();
                assert_eq!(codes, [vector["error"].clone()], "{}", vector["name"]);
            }
        }
    }
}

#[test]
fn templates_make_the_messages_and_errors_of_the_vectors() {
    let vectors = include_str!("../../../../tests/vectors/template_vectors.json");
    let vectors: Vec<Value> = serde_json::from_str(vectors).expect("JSON");
    assert_eq!(vectors.len(), 20);
    let host = silent();
    for vector in vectors {
        let reply = json!({ "reply": { "template": vector["template"], "on_missing": "empty" } });
        let input =
            json!({ "request": request("GET", &reply), "sample_response": { "body": vector["response_body"] } });
        match host.action("preview", &input) {
            Ok(preview) => {
                let message = json!({ "text": vector["text"], "missing": vector["missing"], "truncated": false });
                assert_eq!(
                    (&preview["message"], &preview["branch"]),
                    (&message, &json!("success")),
                    "{}",
                    vector["name"]
                );
            }
            Err(error) => {
                let code = vector["error"].as_str().expect("an error").to_owned();
                assert_eq!(wrong(&error), [("/request/reply/template".to_owned(), code)], "{}", vector["name"]);
            }
        }
    }
}
