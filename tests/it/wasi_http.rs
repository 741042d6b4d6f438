//! `wasi:http` is `http-request` by another name: the same grants, guard, credentials and bounds, and the operator reads the same.

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::provider::Provider;
use serde_json::{Value, json};

/// The credential of the connections that have one.
const KEY: &str = "ak_live_5f0d2c7b91e4a830";
/// The grant without which nothing on this machine can be reached.
const LOOPBACK: &str = "grants = { private_addresses = [\"127.0.0.1/32\"] }";
/// `limit::REQUESTS_MAX`, as the contract has it.
const REQUESTS_MAX: u32 = 1_000;
/// More than a body may have, a request's or an answer's: 4 MiB.
const BODY_TOO_LONG: usize = (4 << 20) + 1;

/// A host whose connection `open` may reach the provider, and whose connection `keyed` does so with a credential.
async fn host(provider: &Provider) -> TestHost {
    let base = provider.base();
    Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::WASI)
        .config(&format!("[connections.open]\nplugin = \"wasi\"\nconfig = {{ base = \"{base}\" }}\n{LOOPBACK}"))
        .config(&format!(
            "[connections.keyed]\nplugin = \"wasi\"\nconfig = {{ base = \"{base}\", api_key = \"{KEY}\" }}\n{LOOPBACK}"
        ))
        .config(&format!("[connections.public]\nplugin = \"wasi\"\nconfig = {{ base = \"{base}\" }}"))
        .start()
        .await
}

/// The output of an action.
async fn act(host: &TestHost, connection: &str, action: &str, input: &Value) -> Value {
    let reply = host.post(&format!("/v1/connections/{connection}/actions/{action}"), input).await;
    assert_eq!(reply.status(), 200, "{input}: {}", reply.text());
    reply.json()
}

/// What became of one request over the bare interface: `{"got": {status, headers, body}}` or `{"refused": "HttpRequestDenied"}`.
async fn send(host: &TestHost, connection: &str, request: &Value) -> Value {
    let mut input = request.clone();
    let way = input.as_object_mut().expect("a request is an object").entry("way").or_insert_with(|| json!("http"));
    assert!(way.is_string());
    act(host, connection, "try", &input).await
}

/// The error of a request that must not succeed.
async fn refusal(host: &TestHost, connection: &str, request: &Value) -> String {
    let answer = send(host, connection, request).await;
    answer["refused"].as_str().unwrap_or_else(|| panic!("{request} got through: {answer}")).to_owned()
}

/// The messages in the log of a connection's latest invocation.
async fn log(host: &TestHost, connection: &str) -> String {
    let listed = host.get(&format!("/v1/invocations?connection={connection}")).await.json();
    let lines = listed["invocations"][0]["log"].as_array().expect("an invocation has a log").clone();
    lines.iter().filter_map(|line| line["message"].as_str()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_request_reaches_a_granted_host_and_its_answer_comes_back_whole() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let request = json!({
        "method": "POST",
        "url": format!("{}/echo?a=b%20c", provider.base()),
        "headers": [["content-type", "text/plain"], ["x-twice", "1"], ["x-twice", "2"]],
        "body": ["one, ", "two, ", "three".repeat(10_000)],
    });
    let answer = send(&host, "open", &request).await;
    assert_eq!(answer["got"]["status"], 200, "{answer}");
    assert_eq!(answer["got"]["trailers"], Value::Null);
    let received = provider.requests().pop().expect("the provider was asked");
    assert_eq!(
        (received.method.as_str(), received.path.as_str(), received.query.as_str()),
        ("POST", "/echo", "a=b%20c")
    );
    assert_eq!(received.headers["content-type"], "text/plain");
    let twice: Vec<_> = received.headers.get_all("x-twice").iter().collect();
    assert_eq!(twice, ["1", "2"]);
    assert!(!received.headers.contains_key("x-api-key"), "a credential without a secret is left out");
    assert_eq!(received.body, format!("one, two, {}", "three".repeat(10_000)), "the pieces, in their order");
    let body = answer["got"]["body"].as_str().expect("a body is text");
    assert!(body.contains("three".repeat(10_000).as_str()), "the echo is longer than one piece, and whole");
}

#[tokio::test]
async fn the_credential_is_put_in_on_the_way_and_never_seen() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let seen = act(&host, "keyed", "try", &json!({ "way": "config" })).await;
    assert!(seen["got"]["api_key"].as_str().is_some_and(|word| word.starts_with("hysec_")), "{seen}");
    let answer = send(&host, "keyed", &json!({ "url": format!("{}/status/204", provider.base()) })).await;
    assert_eq!(answer["got"]["status"], 204, "{answer}");
    assert_eq!(provider.requests().pop().expect("the provider was asked").headers["x-api-key"], KEY);

    let echoed = send(&host, "keyed", &json!({ "url": format!("{}/echo", provider.base()) })).await;
    let refused = echoed["refused"].as_str().expect("an answer that holds the secret is withheld");
    assert!(refused.contains("secret-reflected"), "{refused}");
    assert_eq!(provider.requests().pop().expect("the provider was asked").path, "/echo");
    for shown in [seen, answer, echoed, host.get("/v1/invocations").await.json()] {
        assert!(!shown.to_string().contains(KEY), "{shown}");
    }
}

#[tokio::test]
async fn a_host_that_was_not_granted_is_refused_and_the_log_has_the_lines_that_grant_it() {
    let (provider, stranger) = (Provider::start().await, Provider::start().await);
    let mut host = host(&provider).await;
    let request = json!({ "url": format!("{}/status/200", stranger.base()) });
    assert_eq!(refusal(&host, "open", &request).await, "HttpRequestDenied");
    assert!(stranger.requests().is_empty());
    let log = log(&host, "open").await;
    assert!(log.contains(&format!("GET {}/status/200", stranger.base())), "what was asked: {log}");

    let lines = &log[log.find("[connections.open]").expect("the log names the connection")..];
    let lines = lines.lines().take(2).collect::<Vec<_>>().join("\n");
    let named: toml::Table = lines.parse().unwrap_or_else(|error| panic!("{error}: {lines}"));
    let grants = named["connections"]["open"]["grants"].to_string();
    let file = host.directory().join("hookyard.toml");
    let before = std::fs::read_to_string(&file).expect("the host has a file");
    std::fs::write(&file, before.replacen(LOOPBACK, &format!("grants = {grants}"), 1))
        .expect("the file can be written");
    host.restart().await;
    let answer = send(&host, "open", &request).await;
    assert_eq!(answer["got"]["status"], 200, "the lines grant what they say they do: {grants}: {answer}");
    assert_eq!(refusal(&host, "keyed", &request).await, "HttpRequestDenied", "and to this connection only");
}

#[tokio::test]
async fn a_private_address_takes_a_grant_of_its_own() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let request = json!({ "url": format!("{}/status/200", provider.base()) });
    // Another connection has opened a way to this very address before.
    assert_eq!(send(&host, "open", &request).await["got"]["status"], 200);
    assert_eq!(refusal(&host, "public", &request).await, "HttpRequestDenied");
    assert_eq!(provider.requests().len(), 1);
    let log = log(&host, "public").await;
    assert!(log.contains("[connections.public]") && log.contains("127.0.0.1/32"), "{log}");
}

#[tokio::test]
async fn what_is_no_plain_request_is_refused_before_anything_is_sent() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let (base, url) = (provider.base(), format!("{}/echo", provider.base()));
    let authority = base.trim_start_matches("http://");
    for request in [
        json!({ "url": format!("ftp://{authority}/echo") }),
        json!({ "url": format!("http://user:password@{authority}/echo") }),
        json!({ "url": "http:///echo" }),
        json!({ "url": url, "method": "CONNECT" }),
        json!({ "url": url, "method": "TRACE" }),
        json!({ "url": url, "method": "GET\r\nx: y" }),
        json!({ "url": url, "headers": [["host", "elsewhere.example"]] }),
        json!({ "url": url, "headers": [["transfer-encoding", "chunked"]] }),
        json!({ "url": url, "headers": [["connection", "x-api-key"]] }),
        json!({ "url": url, "headers": [["x-a", "b\r\nx-c: d"]] }),
        json!({ "url": url, "method": "POST", "headers": [["content-length", "3"]], "body": ["four"] }),
        json!({ "url": url, "method": "POST", "headers": [["content-length", "5"]], "body": ["four"] }),
        json!({ "url": url, "method": "POST", "body": ["a"], "trailers": [["x-trailer", "1"]] }),
        json!({ "url": url, "method": "POST", "body": ["a", "b"], "way": "http-unfinished" }),
        json!({ "url": url, "method": "POST", "more_bytes": BODY_TOO_LONG }),
    ] {
        let refused = refusal(&host, "open", &request).await;
        assert!(!refused.is_empty());
        assert!(provider.requests().is_empty(), "{refused}, and yet something was sent");
    }
    let empty_trailers = json!({ "url": url, "method": "POST", "body": ["a"], "trailers": [] });
    assert_eq!(send(&host, "open", &empty_trailers).await["got"]["status"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_not_finished_when_its_guest_trapped_is_never_sent() {
    const TRAPS: usize = 20;
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let url = format!("{}/echo", provider.base());
    let begun = json!({ "way": "http-trap", "url": url, "method": "POST", "body": ["transfer ", "1", "00"] });
    for _ in 0..TRAPS {
        let reply = host.post("/v1/connections/open/actions/try", &begun).await;
        assert_eq!((reply.status(), &reply.json()["code"]), (500, &json!("plugin-trap")), "{}", reply.text());
    }
    assert!(provider.requests().is_empty());
}

#[tokio::test]
async fn an_answer_is_given_up_and_nobody_minds() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let url = format!("{}/gate", provider.base());
    let dropped = send(&host, "open", &json!({ "url": url, "way": "http-dropped" })).await;
    assert_eq!(dropped, json!({ "got": null }));
    let late = refusal(&host, "open", &json!({ "url": url, "first_byte_ms": 50 })).await;
    assert!(late.contains("Timeout"), "{late}");
    let next = send(&host, "open", &json!({ "url": format!("{}/status/200", provider.base()) })).await;
    assert_eq!(next["got"]["status"], 200, "{next}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_that_waits_for_its_provider_ends_at_its_deadline() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let waiting = json!({ "way": "http", "url": format!("{}/gate", provider.base()) });
    let reply = host.post("/v1/connections/open/actions/try", &waiting).await;
    assert_eq!((reply.status(), &reply.json()["code"]), (504, &json!("deadline")), "{}", reply.text());
}

#[tokio::test]
async fn several_requests_are_under_way_together() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let get = |path: &str| json!({ "url": format!("{}{path}", provider.base()) });
    let requests = [get("/status/201"), json!({ "url": "http://127.0.0.2/" }), get("/status/404"), get("/status/503")];
    let answers = act(&host, "open", "try", &json!({ "way": "http-many", "requests": requests })).await;
    let answers = answers["got"].as_array().expect("there is an answer for each").clone();
    assert_eq!(answers[1]["refused"], "HttpRequestDenied");
    let statuses: Vec<_> = [0, 2, 3].map(|place| answers[place]["got"]["status"].clone()).into();
    assert_eq!(statuses, [201, 404, 503], "in the order of the requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_has_so_many_requests_and_no_more() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let denied = json!({ "url": "https://not-granted.example/" });
    let repeated = |times| json!({ "way": "http-repeated", "times": times, "request": denied });
    let last = act(&host, "open", "try", &repeated(REQUESTS_MAX)).await;
    assert_eq!(last["refused"], "HttpRequestDenied");
    let last = act(&host, "open", "try", &repeated(REQUESTS_MAX + 1)).await;
    assert_eq!(last["refused"], "ConnectionLimitReached");
}

#[tokio::test]
async fn an_answer_is_read_up_to_the_hosts_bound() {
    let provider = Provider::start().await;
    let host = host(&provider).await;
    let bytes = |n: usize| json!({ "url": format!("{}/bytes?n={n}", provider.base()) });
    let long = send(&host, "open", &bytes(300_000)).await;
    assert_eq!(long["got"]["body"].as_str().map(str::len), Some(300_000));
    let too_long = refusal(&host, "open", &bytes(BODY_TOO_LONG)).await;
    assert!(too_long.starts_with("HttpResponseBodySize"), "{too_long}");
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let (provider, stranger) = (Provider::start().await, Provider::start().await);
    let host = host(&provider).await;
    let to = format!("{}/status/200", stranger.base());
    let answer = send(&host, "open", &json!({ "url": provider.redirect_to(&to) })).await;
    assert_eq!(answer["got"]["status"], 302, "{answer}");
    assert!(stranger.requests().is_empty());
}

hookyard_tests::with_fetch_guest! {
    /// One test, since the component takes its time to compile.
    #[tokio::test(flavor = "multi_thread")]
    async fn fetch_of_a_javascript_guest_obeys_the_same_grants() {
        let (provider, stranger) = (Provider::start().await, Provider::start().await);
        let host = host_with_fetch(&provider).await;
        fetch_reaches_a_granted_host(&host, &provider).await;
        fetch_carries_a_credential_that_it_never_sees(&host, &provider).await;
        fetch_is_refused_where_it_was_not_granted(&host, &provider, &stranger).await;
        fetches_go_on_together(&host, &provider, &stranger).await;
        assert!(stranger.requests().is_empty());
    }

    async fn host_with_fetch(provider: &Provider) -> TestHost {
        let config = |id: &str, more: &str, grants: &str| {
            let base = provider.base();
            format!("[connections.{id}]\nplugin = \"fetch\"\nconfig = {{ base = \"{base}\"{more} }}\n{grants}")
        };
        Builder::new(env!("CARGO_BIN_EXE_hookyard"))
            .plugin(guests::FETCH.expect("the guest was built"))
            .config(&config("open", "", LOOPBACK))
            .config(&config("keyed", &format!(", api_key = \"{KEY}\""), LOOPBACK))
            .config(&config("public", "", ""))
            .start()
            .await
    }

    async fn fetch_reaches_a_granted_host(host: &TestHost, provider: &Provider) {
        let url = format!("{}/echo?a=b", provider.base());
        let headers = json!({ "content-type": "application/json" });
        let post = json!({ "url": url, "method": "POST", "headers": headers, "body": "{\"text\": \"é\"}" });
        let answer = act(host, "open", "fetch", &post).await;
        assert_eq!(answer["status"], 200, "{answer}");
        let received = provider.requests().pop().expect("the provider was asked");
        assert_eq!((received.method.as_str(), received.query.as_str()), ("POST", "a=b"));
        assert_eq!(received.headers["content-type"], "application/json");
        assert_eq!(received.body, "{\"text\": \"é\"}");
        for status in [201, 404, 500] {
            let answer = act(host, "open", "fetch", &json!({ "url": format!("{}/status/{status}", provider.base()) })).await;
            assert_eq!(answer["status"], status, "{answer}");
        }
    }

    async fn fetch_carries_a_credential_that_it_never_sees(host: &TestHost, provider: &Provider) {
        let config = act(host, "keyed", "see-config", &json!({})).await;
        assert!(config["api_key"].as_str().is_some_and(|word| word.starts_with("hysec_")), "{config}");
        let answer = act(host, "keyed", "fetch", &json!({ "url": format!("{}/status/200", provider.base()) })).await;
        assert_eq!(answer["status"], 200, "{answer}");
        assert_eq!(provider.requests().pop().expect("the provider was asked").headers["x-api-key"], KEY);
        let echoed = act(host, "keyed", "fetch", &json!({ "url": format!("{}/echo", provider.base()) })).await;
        assert!(echoed["error"].is_string(), "an answer that holds the secret is withheld: {echoed}");
        let log = log(host, "keyed").await;
        assert!(!log.is_empty() && !log.contains(KEY), "the log says why: {log}");
    }

    async fn fetch_is_refused_where_it_was_not_granted(host: &TestHost, provider: &Provider, stranger: &Provider) {
        let asked = format!("{}/status/200", stranger.base());
        let answer = act(host, "open", "fetch", &json!({ "url": asked })).await;
        assert!(answer["error"].is_string(), "{answer}");
        let written = log(host, "open").await;
        let host_line = format!("\"{}\"", stranger.base());
        assert!(written.contains(&asked) && written.contains("[connections.open]") && written.contains(&host_line), "{written}");

        let before = provider.requests().len();
        let private = json!({ "url": format!("{}/status/200", provider.base()) });
        assert!(act(host, "public", "fetch", &private).await["error"].is_string());
        let written = log(host, "public").await;
        assert!(written.contains("[connections.public]") && written.contains("127.0.0.1/32"), "{written}");
        assert_eq!(provider.requests().len(), before);

        let moved = provider.redirect_to(&asked);
        let answer = act(host, "open", "fetch", &json!({ "url": moved })).await;
        assert_eq!(answer["status"], 302, "a redirect is an answer: {answer}");
    }

    async fn fetches_go_on_together(host: &TestHost, provider: &Provider, stranger: &Provider) {
        let urls = [format!("{}/status/201", provider.base()), stranger.base(), format!("{}/status/202", provider.base())];
        let requests: Vec<_> = urls.iter().map(|url| json!({ "url": url })).collect();
        let answers = act(host, "open", "fetch-all", &json!({ "requests": requests })).await;
        let answers = &answers["answers"];
        assert_eq!((&answers[0]["status"], &answers[2]["status"]), (&json!(201), &json!(202)), "{answers}");
        assert!(answers[1]["error"].is_string(), "{answers}");
    }
}
