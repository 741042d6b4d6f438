//! What comes of a call that does not succeed.

use std::time::Duration;

use hookyard_tests::http::Reply;
use hookyard_tests::process::HostProcess;

use super::*;

/// Has the action do something at the provider that cannot be undone.
fn posting(action: &str, path: &str, provider: &Provider) -> String {
    let fetch = format!("{{ url = \"{}{path}\", method = \"POST\" }}", provider.base());
    format!(
        "[subscriptions.post]\ntypes = [\"echo.any.heard\"]\nwhen = \"event.subject == 'c1'\"\n\
         endpoint = {{ connection = \"bot\", action = \"{action}\", input = {{ do = [{{ fetch = {fetch} }}, \
         {{ emit = {{ subject = \"done\", data = 1 }} }}] }} }}\n"
    )
}

/// A host that was killed while the flow's action waited for the provider, and runs again.
async fn killed_in_the_middle(provider: &Provider, action: &str) -> HostProcess {
    provider.answer("/activate", 200, "");
    let config = format!("{}{}", connection(provider), posting(action, "/gate", provider));
    let mut host = HostProcess::start_with(env!("CARGO_BIN_EXE_hookyard"), guests::ECHO, &config, "warn").await;
    let script = json!({ "do": [{ "emit": { "subject": "c1", "data": 1 } }] });
    let reply = host.call_as("k1", "bot", "do", &script).await.expect("an answer");
    assert_eq!(reply.status(), 200, "{}", reply.text());
    provider.asked("/gate", 1).await;
    host.kill().await;
    host.start_again().await;
    host
}

/// A request to the API, without a body.
async fn ask(host: &HostProcess, method: http::Method, path: &str) -> Reply {
    let request = http::Request::builder().method(method).uri(path);
    host.send(request, "").await.expect("an answer")
}

#[tokio::test]
async fn an_action_that_is_not_idempotent_never_runs_again_by_itself_and_is_listed() {
    let provider = Provider::start().await;
    let host = killed_in_the_middle(&provider, "do").await;
    let exhausted = loop {
        let listed = ask(&host, http::Method::GET, "/v1/deliveries?state=exhausted").await.json()["deliveries"].clone();
        if listed[0].is_object() {
            break listed[0].clone();
        }
    };
    assert_eq!(error_code(&exhausted), "outcome-unknown", "{exhausted}");
    assert_eq!(provider.times_asked("/gate"), 1);
    provider.open();
    let id = exhausted["id"].as_str().expect("an id");
    let reply = ask(&host, http::Method::POST, &format!("/v1/deliveries/{id}/retry")).await;
    assert_eq!(reply.status(), 202, "{}", reply.text());
    provider.asked("/gate", 2).await;
    while !host.events().await.iter().any(|event| event["subject"] == "done") {}
    assert_eq!(provider.times_asked("/gate"), 2, "it runs again because the operator wants it, and once");
}

#[tokio::test]
async fn an_idempotent_action_runs_again() {
    let provider = Provider::start().await;
    let host = killed_in_the_middle(&provider, "do-again").await;
    provider.asked("/gate", 2).await;
    provider.open();
    while !host.events().await.iter().any(|event| event["subject"] == "done") {}
    let done = host.events().await.into_iter().filter(|event| event["subject"] == "done").count();
    assert_eq!(done, 1, "what the first run emitted was never there");
}

/// Asks the provider for a path.
fn asking(path: &str, provider: &Provider) -> String {
    let url = format!("{}{path}", provider.base());
    format!(
        "[subscriptions.ask]\ntypes = [\"echo.any.heard\"]\n\
         endpoint = {{ connection = \"bot\", action = \"do\", input = {{ do = [{{ ask = {{ url = \"{url}\" }} }}] }} }}\n"
    )
}

#[tokio::test]
async fn refused_credentials_wait_for_the_next_activation() {
    let provider = Provider::start().await;
    provider.answer("/limited", 401, "");
    let host = builder(&provider, &asking("/limited", &provider)).start().await;
    provider.asked("/activate", 1).await;
    emit(&host, "c1", "1").await;
    let pending = deliveries(&host, "pending", 1).await;
    assert_eq!((&pending[0]["awaits_activation"], &pending[0]["attempts"]), (&json!(true), &json!(1)), "{pending:?}");
    assert_eq!(host.get("/v1/connections/bot").await.json()["health"]["status"], "unhealthy");
    assert_eq!(provider.times_asked("/limited"), 1);
    provider.answer("/limited", 200, "");
    host.post("/v1/connections/bot/check", &json!({})).await;
    let delivered = deliveries(&host, "delivered", 1).await;
    assert_eq!((&delivered[0]["id"], provider.times_asked("/limited")), (&pending[0]["id"], 2));
}

#[tokio::test]
async fn a_connection_that_cannot_serve_is_tried_again() {
    let provider = Provider::start().await;
    provider.answer("/limited", 200, "");
    let flow = asking("/limited", &provider).replace("connection = \"bot\"", "connection = \"away\"");
    let away = connection(&provider).replace("connections.bot", "connections.away");
    let host = builder(&provider, &format!("{away}enabled = false\n{flow}")).start().await;
    emit(&host, "c1", "1").await;
    let pending = deliveries(&host, "pending", 1).await;
    assert_eq!(error_code(&pending[0]), "connection-disabled", "{pending:?}");
    host.reload(&format!("{}{away}{flow}", connection(&provider))).await.expect("it is right");
    host.advance(Duration::from_secs(60));
    let delivered = deliveries(&host, "delivered", 1).await;
    assert_eq!((&delivered[0]["id"], provider.times_asked("/limited")), (&pending[0]["id"], 1));
}

#[tokio::test]
async fn what_the_plugin_says_is_final_is_given_up_and_what_it_says_is_not_is_tried_again() {
    let provider = Provider::start().await;
    let toml = ["invalid", "failed", "unavailable"].map(|kind| {
        format!(
            "[subscriptions.{kind}]\ntypes = [\"echo.any.heard\"]\nendpoint = {{ connection = \"bot\", action = \"do\", \
             input = {{ do = [{{ fail = {{ kind = \"{kind}\", code = \"no-tea\", message = \"it is a pot\", retry_after_ms = 90000 }} }}] }} }}\n"
        )
    });
    let host = builder(&provider, &toml.concat()).start().await;
    emit(&host, "c1", "1").await;
    let mut given_up: Vec<_> = deliveries(&host, "exhausted", 2).await;
    given_up.sort_by_key(|delivery| delivery["subscription"].to_string());
    assert_eq!(given_up.iter().map(|delivery| &delivery["subscription"]).collect::<Vec<_>>(), ["failed", "invalid"]);
    assert!(given_up.iter().all(|delivery| error_code(delivery) == "no-tea"), "{given_up:?}");
    let again = deliveries(&host, "pending", 1).await;
    assert_eq!((&again[0]["subscription"], error_code(&again[0])), (&json!("unavailable"), "no-tea"));
    let next = hookyard_tests::host::START.after(Duration::from_secs(90)).to_string();
    assert_eq!(again[0]["next_attempt_at"], next, "not before the plugin wants it");
}
