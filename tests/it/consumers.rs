//! Those who take events, as host/README.md shows them, with the packages that their authors would use in earnest.

use hookyard_tests::consumers::{self, Consumer};
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TOKEN, TestHost};
use hookyard_tests::http::send;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

/// `whsec_` and the base64 of 32 bytes.
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// Of another key.
const NEWER_SECRET: &str = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

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
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).expect("it is there");
    for (language, text) in [("python", consumers::PYTHON), ("js", consumers::JAVASCRIPT), ("sh", consumers::SHELL)] {
        assert!(readme.contains(&format!("```{language}\n{text}```\n")), "the example in {language} is another one");
    }
}

#[tokio::test]
async fn a_loop_in_a_shell_prints_every_event_and_remembers_where_it_was() {
    let host = host("").await;
    let mut shell = Consumer::shell(&format!("http://{}", host.address()), TOKEN);
    let mut subjects = Vec::new();
    for subject in ["a", "b"] {
        emit(&host, subject, &json!({ "subject of": subject })).await;
        while !subjects.iter().any(|seen| seen == subject) {
            let page: Value = serde_json::from_str(&shell.line().await).expect("a page is a line");
            let events = page["events"].as_array().expect("events is a list").iter();
            subjects.extend(events.filter_map(|event| event["subject"].as_str().map(str::to_owned)));
        }
    }
    subjects.retain(|subject| subject.len() == 1);
    assert_eq!(subjects, ["a", "b"], "each once");
}

/// Takes what its secret has signed, alone or beside another one, and nothing else.
async fn takes_what_is_signed((mut consumer, url): (Consumer, String)) {
    let with_secret = |secret: &str| {
        format!("[subscriptions.crm]\ntypes = [\"echo.*\"]\nendpoint = {{ url = \"{url}\", secret = {secret} }}\n")
    };
    let data =
        json!({ "text": "é \u{1f4e6} \" \\ \u{2028} </b>", "list": [1, 2.5, null, true], "nested": { "a": {} } });
    let signing = host(&with_secret(&format!("\"{SECRET}\""))).await;
    for (subject, data) in [("order-7", data), ("order-8", json!("text"))] {
        emit(&signing, subject, &data).await;
        assert_eq!(said(&mut consumer).await, ("echo.any.heard".to_owned(), subject.to_owned(), data));
    }
    let rotating = host(&with_secret(&format!("[\"{NEWER_SECRET}\", \"{SECRET}\"]"))).await;
    emit(&rotating, "order-9", &json!([])).await;
    assert_eq!(said(&mut consumer).await, ("echo.any.heard".to_owned(), "order-9".to_owned(), json!([])));
    let foreign = host(&with_secret(&format!("\"{NEWER_SECRET}\""))).await;
    emit(&foreign, "order-10", &json!(1)).await;
    let delivery = foreign.until_delivery("crm", |delivery| delivery.standing.attempts == 1).await;
    assert_eq!(delivery.standing.history[0].status, Some(401), "a secret that it does not have");
    refuses_what_was_changed(&url).await;
}

/// Type, subject and data of the next event that it has taken.
async fn said(consumer: &mut Consumer) -> (String, String, Value) {
    let line = consumer.line().await;
    let mut parts = line.splitn(3, ' ');
    let mut next = || parts.next().unwrap_or_else(|| panic!("it says {line:?}"));
    let (event_type, subject, data) = (next().to_owned(), next().to_owned(), next());
    (event_type, subject, serde_json::from_str(data).expect("data is JSON"))
}

/// A body that nobody signed, sent by somebody else.
async fn refuses_what_was_changed(url: &str) {
    let address = url.trim_start_matches("http://").trim_end_matches('/').parse().expect("an address");
    let request = Request::post("/")
        .header("host", "127.0.0.1")
        .header("content-type", "application/cloudevents+json")
        .header("webhook-id", "evt_1")
        .header("webhook-timestamp", "1")
        .header("webhook-signature", "v1,AAAA");
    let reply = send(address, request.body(Full::new("{}".into())).expect("a request")).await.expect("it answers");
    assert_eq!(reply.status(), 401);
}

hookyard_tests::with_python_consumer! {
    #[tokio::test]
    async fn a_receiver_in_python_verifies_and_parses_deliveries() {
        let python = consumers::PYTHON_WITH_PACKAGES.expect("it is there");
        takes_what_is_signed(Consumer::python(python, SECRET).await).await;
    }
}

hookyard_tests::with_javascript_consumer! {
    #[tokio::test]
    async fn a_receiver_in_javascript_verifies_and_parses_deliveries() {
        let node_modules = consumers::NODE_MODULES.expect("they are there");
        takes_what_is_signed(Consumer::javascript(node_modules, SECRET).await).await;
    }
}
