//! Those who take events, as host/README.md shows them, with the packages that their authors would use in earnest.

#[allow(dead_code, unused_imports, reason = "its tests are left out where the packages are not installed")]
mod receivers;
#[allow(unused_imports, reason = "its test is left out where there is no curl")]
mod shell;

use hookyard_tests::consumers;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use http::Request;
use serde_json::{Value, json};

/// A host whose clock is this machine's, because a receiver refuses what was signed long ago.
async fn host(subscriptions: &str) -> TestHost {
    let config = format!(
        "[egress]\nprivate_addresses = [\"127.0.0.1/32\"]\n\
         [connections.bot]\nplugin = \"echo\"\nconfig = {{ secret = \"sesame\" }}\n{subscriptions}"
    );
    let builder = Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO).config(&config);
    builder.at_present().start().await
}

async fn emit(host: &TestHost, subject: &str, data: &Value) {
    let body = json!({ "do": [{ "emit": { "subject": subject, "data": data } }] }).to_string();
    let reply = host.send(Request::post("/webhooks/bot").header("x-echo-token", "sesame"), body).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
}

#[test]
fn the_readme_shows_them_word_for_word() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).expect("it is there");
    for (language, text) in [("python", consumers::PYTHON), ("js", consumers::JAVASCRIPT), ("sh", consumers::SHELL)] {
        assert!(readme.contains(&format!("```{language}\n{text}```\n")), "the example in {language} is another one");
    }
}
