//! Tokens that the host fetches, through a real component and a store on disk.

use std::fs;
use std::path::Path;

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::provider::Provider;
use serde_json::{Value, json};

const SECRET: &str = "cs_live_41d7a9e06f52";
const TOKEN: &str = "tok_live_9b03c7d1e8f4";
const OTHER: &str = "tok_live_next_5c02ae91";

/// A connection whose requests to the provider take a token, which is given at `/auth` of another one.
async fn host(provider: &Provider, auth: &Provider) -> TestHost {
    let config = format!(
        "[connections.bot]\nplugin = \"wasi\"\nconfig = {{ base = \"{}\", auth = \"{}/auth\", client_secret = \"{SECRET}\" }}\n\
         grants = {{ private_addresses = [\"127.0.0.1/32\"] }}",
        provider.base(),
        auth.base()
    );
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::WASI).config(&config).start().await
}

async fn act(host: &TestHost, input: &Value) -> Value {
    let reply = host.call("bot", "try", input).await;
    assert_eq!(reply.status(), 200, "{input}: {}", reply.text());
    reply.json()
}

fn status(provider: &Provider, status: u16) -> Value {
    json!({ "way": "http", "url": format!("{}/status/{status}", provider.base()) })
}

fn gives(auth: &Provider, token: &str) {
    auth.answer("/auth", 200, &json!({ "status": "success", "response": { "token": token } }).to_string());
}

/// Every file below the directory that holds one of the texts.
fn holding(directory: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            found.extend(holding(&path, texts));
        } else if let Ok(bytes) = fs::read(&path) {
            let holds = |text: &&str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            found.extend(texts.iter().filter(|text| holds(text)).map(|text| format!("{}: {text}", path.display())));
        }
    }
    found
}

#[tokio::test]
async fn a_token_of_the_manifest_is_fetched_once_kept_sealed_and_renewed_after_a_401() {
    let (provider, auth) = (Provider::start().await, Provider::start().await);
    gives(&auth, TOKEN);
    let mut host = host(&provider, &auth).await;
    for _ in 0..2 {
        assert_eq!(act(&host, &status(&provider, 204)).await["got"]["status"], 204);
    }
    host.restart().await;
    assert_eq!(act(&host, &status(&provider, 204)).await["got"]["status"], 204);
    let asked = auth.requests();
    assert_eq!(asked.len(), 1, "also after a restart");
    assert_eq!(serde_json::from_slice::<Value>(&asked[0].body).expect("JSON"), json!({ "key": SECRET }));
    for request in provider.requests() {
        assert_eq!(request.headers["authorization"], format!("Bearer {TOKEN}"));
        assert!(!String::from_utf8_lossy(&request.body).contains(SECRET));
    }
    assert_eq!(holding(&host.directory().join("data"), &[TOKEN, SECRET]), [""; 0], "on disk it is sealed");

    gives(&auth, OTHER);
    assert_eq!(act(&host, &status(&provider, 401)).await["got"]["status"], 401, "the second 401 is the answer");
    assert_eq!(auth.requests().len(), 2);
    let authorized = provider.requests().split_off(3);
    let authorized: Vec<_> =
        authorized.iter().map(|request| request.headers["authorization"].to_str().expect("text")).collect();
    assert_eq!(authorized, [format!("Bearer {TOKEN}"), format!("Bearer {OTHER}")]);

    let echoed = act(&host, &json!({ "way": "http", "url": format!("{}/echo", provider.base()) })).await;
    assert!(echoed["refused"].as_str().is_some_and(|why| why.contains("secret-reflected")), "{echoed}");
    let invocations = host.get("/v1/invocations?connection=bot").await.text();
    assert!(!invocations.contains(OTHER) && !invocations.contains(SECRET), "{invocations}");
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_is_told_to_the_plugin_and_the_operator() {
    let (provider, auth) = (Provider::start().await, Provider::start().await);
    auth.answer(
        "/auth",
        401,
        &json!({ "error": "invalid_client", "error_description": format!("not {SECRET}") }).to_string(),
    );
    let host = host(&provider, &auth).await;
    let answer = act(&host, &status(&provider, 204)).await;
    let why = answer["refused"].as_str().expect("refused");
    assert!(why.contains("token-refused") && why.contains("invalid_client: not •••"), "{why}");
    assert!(provider.requests().is_empty(), "the request itself was not sent");
    let log = host.get("/v1/invocations?connection=bot").await.text();
    assert!(log.contains("answered 401: invalid_client") && !log.contains(SECRET), "{log}");
}

#[tokio::test]
async fn a_plugin_names_a_token_and_its_requests_carry_it() {
    let (provider, auth) = (Provider::start().await, Provider::start().await);
    gives(&auth, OTHER);
    auth.answer(
        "/oauth",
        200,
        &json!({ "access_token": TOKEN, "token_type": "bearer", "expires_in": "3600" }).to_string(),
    );
    let host = host(&provider, &auth).await;
    let config = act(&host, &json!({ "way": "config" })).await;
    let placeholder = config["got"]["client_secret"].as_str().expect("a placeholder").to_owned();
    let document = json!({ "hosts": [provider.base()], "oauth2": {
        "grant": "client_credentials", "token_url": format!("{}/oauth", auth.base()), "client_id": "shop",
        "client_secret": placeholder, "client_auth": "body" } });
    let request = json!({ "url": format!("{}/status/204", provider.base()) });
    for _ in 0..2 {
        let answer = act(&host, &json!({ "way": "token", "document": document, "request": request })).await;
        assert_eq!(answer["got"]["status"], 204, "{answer}");
    }
    let asked: Vec<_> = auth.requests().into_iter().filter(|request| request.path == "/oauth").collect();
    assert_eq!(asked.len(), 1, "one for both invocations");
    let expected = format!("grant_type=client_credentials&client_id=shop&client_secret={SECRET}");
    assert_eq!(asked[0].body, expected);
    assert!(provider.requests().iter().all(|request| request.headers["x-fetched"] == format!("Bearer {TOKEN}")));
    let bad = json!({ "way": "token", "document": { "hosts": [] }, "request": request });
    assert_eq!(act(&host, &bad).await["refused"], "invalid");
}
