//! What comes in as a secret goes out to the provider only: not into logs, not into the data directory, not into answers.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_tests::guests;
use hookyard_tests::http::Reply;
use hookyard_tests::process::HostProcess;
use http::Request;
use serde_json::{Value, json};

use super::PATH;

const PUT: &str = "put-sesame-4f1a90";
const PATCHED: &str = "patched-sesame-77c2e1";
const IN_QUERY: &str = "queried-sesame-0b5d3c";
const REFUSED: &str = "refused-sesame-e8a644";

async fn change(host: &HostProcess, method: &str, path: &str, body: &str) -> Reply {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    host.send(request, body.to_owned()).await.expect("an answer")
}

fn files_below(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(directory).expect("it can be read").map(|entry| entry.expect("it can be read").path());
    let files = entries.flat_map(|path| match path.is_dir() {
        true => files_below(&path),
        // The socket of the API is no file to read.
        false => fs::read(&path).map(|bytes| vec![(path.display().to_string(), bytes)]).unwrap_or_default(),
    });
    files.collect()
}

#[tokio::test]
async fn no_secret_of_a_connection_that_is_changed_is_logged_kept_in_the_clear_or_answered() {
    let mut host = HostProcess::start_with(env!("CARGO_BIN_EXE_hookyard"), guests::ECHO, "", "trace").await;
    let mut said: Vec<(String, Vec<u8>)> = Vec::new();
    let whole = json!({ "plugin": "echo", "config": { "secret": PUT, "token": PUT, "placed": { "one": PUT } } });
    let refused =
        json!({ "plugin": "echo", "config": { "secret": { "deep": REFUSED }, "token": [REFUSED], "x": REFUSED } });
    let not_json = format!("{{\"plugin\": \"echo\", \"config\": {{\"secret\": \"{REFUSED}\" oops");
    for (method, path, body) in [
        ("PUT", PATH.to_owned(), whole.to_string()),
        ("PATCH", PATH.to_owned(), json!({ "config": { "token": PATCHED } }).to_string()),
        ("PATCH", format!("{PATH}?secret=%22{IN_QUERY}%22"), String::new()),
        ("PATCH", format!("{PATH}?base={REFUSED}&token={REFUSED}"), String::new()),
        ("PATCH", format!("{PATH}?nothing={REFUSED}"), String::new()),
        ("PATCH", format!("{PATH}?secret={REFUSED}&secret={REFUSED}"), String::new()),
        ("PUT", PATH.to_owned(), refused.to_string()),
        ("PUT", PATH.to_owned(), not_json),
        ("GET", PATH.to_owned(), String::new()),
    ] {
        let reply = change(&host, method, &path, &body).await;
        said.push((format!("{method} {path}: {}", reply.status()), reply.body.to_vec()));
    }
    let statuses: Vec<_> =
        said.iter().map(|(what, _)| what.rsplit(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(statuses, ["201", "200", "200", "422", "422", "422", "422", "400", "200"]);
    let webhook = Request::post("/webhooks/bot").header("x-echo-token", IN_QUERY);
    assert_eq!(host.send(webhook, "{}").await.expect("an answer").status(), 200, "it was set, without its quotes");
    host.kill().await;
    for log in ["stdout.log", "stderr.log"] {
        said.push((log.to_owned(), fs::read(host.directory().join(log)).unwrap_or_default()));
    }
    said.extend(files_below(&host.directory().join("data")));
    for secret in [PUT, PATCHED, IN_QUERY, REFUSED] {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        for spelling in [secret.to_owned(), hex, STANDARD.encode(secret).trim_end_matches('=').to_owned()] {
            for (what, bytes) in &said {
                let is_there = bytes.windows(spelling.len()).any(|window| window == spelling.as_bytes());
                let what = what.split('?').next().unwrap_or_default();
                assert!(!is_there, "{what} holds {spelling}");
            }
        }
    }
    let log = String::from_utf8_lossy(&said.iter().find(|(what, _)| what == "stderr.log").expect("it is there").1)
        .into_owned();
    assert!(log.contains("TRACE") && log.contains("/v1/connections/bot"), "there was something to look through");
    host.start_again().await;
    let shown: Value = change(&host, "GET", PATH, "").await.json();
    assert_eq!(shown["config"]["secret"], json!({ "set": true }), "{shown}");
}
